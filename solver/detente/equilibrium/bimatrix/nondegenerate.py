"""All equilibria of a nondegenerate bimatrix game, from the bases of one best-response polytope.

In a nondegenerate game every vertex x of the row player's polytope {x ≥ 0, Bᵀx ≤ 1} has as many best replies J as it
has actions S in its support, and the column player's strategy in an equilibrium with x can only be the solution of
A_SJ y = 1 (von Stengel 2002, section 2). So one polytope is searched
(:mod:`detente.equilibrium.bimatrix.basis_search`) and one small linear system solved for each of its vertices. Every
decision is proven in floating point:

- *x* is a vertex, with exactly these labels: the search certifies it, and that no vertex is missing.
- *There is no such y*: an action in S does worse on all of J than some other action (the conditional dominance of
  Porter, Nudelman and Shoham 2008), or a multiplier from Farkas's lemma excludes it.
- *y is an equilibrium strategy*, alone and strictly inside its bounds, by a bound on its error.
- *The index* is (−1)^(s+1) sgn(det A_SJ · det B_SJ) (Shapley 1974).

The last three rest on :mod:`detente.equilibrium.bimatrix.certified_system`.

What cannot be proven is not answered: the game is then degenerate, or so near to it that integers must decide.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.basis_search import (
    AT,
    COUNT,
    DOUBTFUL,
    KEY,
    LEAST,
    MORE_SPACE,
    PROVEN,
    UNIT,
    Space,
    compiled,
    counting_nothing,
    longer,
    new_space,
    normalise,
    search_bases,
)
from detente.equilibrium.bimatrix.certified_system import certified_system, invert, no_solution

# Pessimistic speed of the search in units of m n, to keep within a budget of seconds
OPERATIONS_PER_SECOND = 8e7
# Probabilities that differ by less are put in order by the next ones.
SAME = 1e-12


@counting_nothing
def _dominated_on(A: NDArray[np.float64], shift: int, masks: NDArray[np.uint64]) -> None:
    """For actions i and h the mask of columns where i earns less than h, into ``masks``; column j is bit ``shift`` + j.

    Mapping payoffs to an interval is monotone even in floating point, so what is less here is less in the game.
    """
    m, n = A.shape
    for i in range(m):
        for h in range(m):
            masks[i, h] = np.uint64(0)
            for j in range(n):
                if A[i, j] < A[h, j]:
                    masks[i, h] |= np.uint64(1) << np.uint64(shift + j)


@counting_nothing
def _has_dominated(masks: NDArray[np.uint64], key: np.uint64, m: int) -> bool:
    """Whether an action in the support does worse than another on all best replies."""
    replies = key >> np.uint64(m) << np.uint64(m)
    for i in range(m):
        if not key >> np.uint64(i) & np.uint64(1):
            for h in range(m):
                if replies & ~masks[i, h] == 0:
                    return True
    return False


class Workspace(NamedTuple):
    """Memory for a game, to be used again by the next of the same size."""

    payoffs: NDArray[np.float64]
    squares: NDArray[np.float64]
    vectors: NDArray[np.float64]
    integers: NDArray[np.int64]
    masks: NDArray[np.uint64]


@compiled
def new_workspace(m: int, n: int) -> Workspace:
    """Memory for m×n games."""
    least, most = min(m, n), max(m, n)
    return Workspace(
        np.empty(2 * m * n),
        np.empty((3, least, least)),
        np.empty((5, most)),
        np.empty((7, most + 1), dtype=np.int64),
        np.empty((most, most), dtype=np.uint64),
    )


@counting_nothing
def _pair_up(
    row_payoffs: Any,
    column_payoffs: Any,
    own: NDArray[np.int64],
    others: NDArray[np.int64],
    turned: bool,
    A: NDArray[np.float64],
    M: NDArray[np.float64],
    inexact_A: float,
    inexact_B: float,
    bases: NDArray[np.uint64],
    vertices: int,
    masks: NDArray[np.uint64],
    squares: NDArray[np.float64],
    vectors: NDArray[np.float64],
    integers: NDArray[np.int64],
    found: NDArray[np.float64],
    progress: NDArray[np.int64],
) -> int:
    """Find the equilibrium at each vertex, or prove that there is none; stop where ``found`` has no room for one."""
    m, n = A.shape
    one = np.uint64(1)
    inverse, block, other = squares[0], squares[1], squares[2]
    y, c, outer, values, x_block = vectors[0], vectors[1], vectors[2], vectors[3], vectors[4]
    order, rows, columns, outside = integers[0], integers[1], integers[2], integers[3]
    position, count, status = progress[AT], progress[COUNT], PROVEN
    while position < vertices:
        key = bases[position, KEY]
        position += 1
        if _has_dominated(masks, key, m):
            continue
        s, t, u = 0, 0, 0
        for i in range(m):  # without a branch, which would be hard to predict
            bit = int(key >> np.uint64(i) & one)
            outside[u], rows[s] = i, i
            u += bit
            s += 1 - bit
        for j in range(n):
            columns[t] = j
            t += int(key >> np.uint64(m + j) & one)
        rounding = (s + 6) * UNIT + inexact_A
        for a in range(s):
            for b in range(s):
                block[a, b] = A[rows[a], columns[b]]
                inverse[a, b] = block[a, b]
        invert(inverse, order, s)
        worst = 0
        for a in range(s):
            y[a] = 0.0
            for b in range(s):
                y[a] += inverse[a, b]
            if y[a] < y[worst]:
                worst = a
        if y[worst] < 0.0 and no_solution(block, s, inverse[worst], outer, 0.0, rounding, values):
            continue
        extra, highest = -1, -np.inf
        for a in range(u):
            earned = 0.0
            for b in range(s):
                earned += A[outside[a], columns[b]] * y[b]
            if earned > highest:
                extra, highest = outside[a], earned
        if highest > 1.0:
            c[:s] = 0.0
            for b in range(s):
                outer[b] = A[extra, columns[b]]
                for a in range(s):
                    c[a] -= outer[b] * inverse[b, a]
            if no_solution(block, s, c, outer, 1.0, rounding, values):
                continue
        if count == found.shape[0]:
            position -= 1
            status = MORE_SPACE
            break
        for a in range(s):
            for b in range(s):
                other[b, a] = M[columns[b], rows[a]]
        sign_B, error_x = certified_system(other, s, rounding + inexact_B, inverse, values, order, x_block)
        sign_A, error_y = certified_system(block, s, rounding, inverse, values, order, y)
        total_x, total_y, clear = 0.0, 0.0, True
        for a in range(s):
            total_x += x_block[a]
            total_y += y[a]
            clear = clear and x_block[a] > error_x and y[a] > error_y
        # y errs by no more than error_y in any entry, so a payoff by no more than (1 + LEAST) s times that.
        margin = (error_y + rounding * total_y) * s * (1.0 + LEAST) * 2.0
        if not (clear and highest < 1.0 - margin):
            status = DOUBTFUL
            break
        all_rows, all_columns = row_payoffs.shape
        at_x, at_y = (all_columns, 0) if turned else (0, all_rows)
        result = found[count]
        result[: all_rows + all_columns] = 0.0
        for a in range(s):
            result[at_x + own[rows[a]]] = x_block[a] / total_x
            result[at_y + others[columns[a]]] = y[a] / total_y
        x_all, y_all, numbers = result[at_x : at_x + all_rows], result[at_y : at_y + all_columns], result[-4:]
        gain, earned = _gain(row_payoffs, x_all, y_all)
        other_gain, other_earned = _gain(column_payoffs.T, y_all, x_all)
        numbers[0], numbers[1] = (other_earned, earned) if turned else (earned, other_earned)
        numbers[2], numbers[3] = max(gain, other_gain), sign_A * sign_B if s % 2 else -sign_A * sign_B
        count += 1
    progress[AT], progress[COUNT] = position, count
    return status


@counting_nothing
def _put_in_order(found: NDArray[np.float64], first: int, count: int, width: int) -> None:
    """Rows ``first`` to ``count`` by decreasing lexicographic order of their first ``width`` entries (Shell 1959)."""
    gap = 1
    while 3 * gap + 1 < count - first:
        gap = 3 * gap + 1
    while gap > 0:
        for row in range(first + gap, count):
            at = row
            while at - gap >= first and _precedes(found, at, at - gap, width):
                for c in range(found.shape[1]):
                    found[at, c], found[at - gap, c] = found[at - gap, c], found[at, c]
                at -= gap
        gap //= 3


@counting_nothing
def _precedes(found: NDArray[np.float64], a: int, b: int, width: int) -> bool:
    """Whether row a comes before row b; what rounding may have set apart counts as equal, to keep the order stable."""
    for c in range(width):
        if abs(found[a, c] - found[b, c]) > SAME:
            return bool(found[a, c] > found[b, c])
    return False


@counting_nothing
def _gain(payoffs: Any, own: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """What the best deviation gains, and what the profile earns."""
    total, best = 0.0, -np.inf
    for i in range(own.size):
        value = 0.0
        for j in range(other.size):
            value += payoffs[i, j] * other[j]
        total += own[i] * value
        best = max(best, value)
    return max(best - total, 0.0), total


@compiled
def solve_in(
    A: Any, B: Any, most: int, space: Space, workspace: Workspace, found: NDArray[np.float64], first: int
) -> Any:
    """(status, count, equilibria, space): if the status is PROVEN, rows ``first`` to ``count`` are all equilibria.

    Each has a row: the row player's strategy, the column player's, their payoffs, the regret and the index; the rows
    are in decreasing lexicographic order. They are put into ``found``, or into a longer copy of it. ``space`` is for
    the smaller of the two polytopes, of which at most ``most`` bases are visited.
    """
    m, n = A.shape
    payoffs, squares, vectors, integers, masks = workspace
    progress = integers[6]
    # Slices of a general layout and single calls below, so that one compiled version serves both directions
    U, V = A[:, :n], B[:, :n]
    rows, columns = integers[4, :m], integers[5, :n]
    kept_rows, kept_columns = _undominated(U, V, rows, columns)
    turned, attempts = kept_rows > kept_columns, 0
    status = DOUBTFUL
    while status == DOUBTFUL and attempts < 2:
        # A game may be degenerate in one player's payoffs only, at a strategy that is in no equilibrium.
        if attempts == 1 and kept_rows != kept_columns:
            space = new_space(max(m, n), min(m, n), 1)
        if turned:  # the players change places, and answers must be turned back
            P, Q, own, others = V.T, U.T, columns[:kept_columns], rows[:kept_rows]
        else:
            P, Q, own, others = U, V, rows[:kept_rows], columns[:kept_columns]
        k, size = others.size, own.size * others.size
        W, M = payoffs[:size].reshape((own.size, k)), payoffs[size : 2 * size].reshape((k, own.size))
        inexact_W, inexact_M = normalise(P, own, others, W), normalise(Q.T, others, own, M)
        if max(inexact_W, inexact_M) < 1e-6:
            status, vertices, space = search_bases(M, np.ones((1, k)), inexact_M, vectors[0], most, space)
            if status == PROVEN:
                _dominated_on(W, own.size, masks)
                progress[AT], progress[COUNT] = 1, first
                status = MORE_SPACE
            while status == MORE_SPACE:
                if progress[COUNT] == found.shape[0]:
                    found = longer(found)
                status = _pair_up(
                    P, Q, own, others, turned, W, M, inexact_W, inexact_M,
                    space.bases, vertices, masks, squares, vectors, integers, found, progress,
                )  # fmt: skip
        turned, attempts = not turned, attempts + 1
    if attempts == 2 and kept_rows != kept_columns:
        space = new_space(min(m, n), max(m, n), 1)
    if status == PROVEN:
        _put_in_order(found, first, progress[COUNT], m + n)
    return status, progress[COUNT], found, space


@counting_nothing
def _undominated(A: Any, B: Any, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[int, int]:
    """How many rows and columns survive iterated elimination by strict dominance of pure actions; they come first.

    What is less in floats is less in the game whose payoffs they round. Dominated actions are in no equilibrium.
    """
    m, n = rows.size, columns.size
    for i in range(m):
        rows[i] = i
    for j in range(n):
        columns[j] = j
    before = m + n + 1
    while m + n < before:
        before = m + n
        m = _without_dominated(A, rows, m, columns, n)
        n = _without_dominated(B.T, columns, n, rows, m)
    return m, n


@counting_nothing
def _without_dominated(payoffs: Any, own: NDArray[np.int64], m: int, others: NDArray[np.int64], n: int) -> int:
    """``own[:m]`` without its dominated actions; how many are left. A dominated one may stand in for its dominator."""
    kept = 0
    for a in range(m):
        dominated = False
        for b in range(m):
            worse = 0
            while worse < n and payoffs[own[a], others[worse]] < payoffs[own[b], others[worse]]:
                worse += 1
            dominated = dominated or worse == n
        if not dominated:
            own[kept], own[a] = own[a], own[kept]
            kept += 1
    return kept


@compiled
def solve_range(A: NDArray[np.float64], B: NDArray[np.float64], most: int) -> Any:
    """(equilibria of all games A[g], B[g] one after the other, statuses, how many equilibria each game has)."""
    number, m, n = A.shape
    space, workspace = new_space(min(m, n), max(m, n), 1), new_workspace(m, n)
    statuses, counts = np.empty(number, dtype=np.int64), np.zeros(number, dtype=np.int64)
    found = np.empty((4 + 2 * number, m + n + 4))
    total: Any = np.int64(0)  # for numba, a literal is a type of its own
    for g in range(number):
        status, count, found, space = solve_in(A[g], B[g], most, space, workspace, found, total)
        statuses[g] = status
        if status == PROVEN:
            counts[g] = count - total
            total = count
    return found[:total], statuses, counts


def prove_all(payoffs: NDArray[np.float64], seconds: float = inf) -> NDArray[np.float64] | None:
    """All equilibria of a game, one a row as in :func:`solve_in`; None if nothing is proven.

    >>> prove_all(np.array([[[3.0, 0], [0, 2]], [[2.0, 0], [0, 3]]])).tolist()[0]
    [1.0, 0.0, 1.0, 0.0, 3.0, 2.0, 0.0, 1.0]
    """
    both = read_only(payoffs)
    found, statuses, _ = solve_range(both[:1], both[1:], most_bases(both.shape[1:], seconds))
    return found if statuses[0] == PROVEN else None


def most_bases(shape: tuple[int, ...], seconds: float) -> int:
    """How many bases may be visited in about so many seconds."""
    return 2**62 if seconds == inf else int(min(2**62, seconds * OPERATIONS_PER_SECOND / (shape[0] * shape[1])))


def read_only(payoffs: NDArray[Any]) -> NDArray[np.float64]:
    """Contiguous floats that may not be written to: any other array would have a compiled version of its own."""
    flags = payoffs.flags
    if flags.c_contiguous and not flags.writeable and payoffs.dtype == np.float64:
        return payoffs
    result = np.ascontiguousarray(payoffs, dtype=np.float64).view()
    result.flags.writeable = False
    return result
