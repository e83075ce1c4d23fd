"""All equilibria of a nondegenerate bimatrix game, from the bases of one best-response polytope.

In a nondegenerate game every vertex x of the row player's polytope {x ≥ 0, Bᵀx ≤ 1} has as many best replies J as it
has actions S in its support, and the column player's strategy in an equilibrium with x can only be the solution of
A_SJ y = 1 (von Stengel 2002, section 2). So one polytope is searched
(:mod:`detente.equilibrium.bimatrix.basis_search`) and one small linear system solved for each of its vertices. Every
decision is proven in floating point:

- *x* is a vertex, with exactly these labels: the search certifies it, and that no vertex is missing.
- *There is no such y*: an action in S does worse on all of J than some other action (the conditional dominance of
  Porter, Nudelman and Shoham 2008). Where none does: by Farkas's lemma it is enough to show c with cᵀA_SJ ≥ 0 and
  cᵀ1 < 0, or, with an action i outside the support, cᵀA_SJ + A_iJ ≥ 0 and cᵀ1 + 1 < 0. A row of the inverse, or minus
  A_iJ times the inverse, is such a c but for rounding; adding a small positive multiple of 1 makes up for that, since
  A > 0.
- *y is an equilibrium strategy*, alone and strictly inside its bounds: the error bound of the search's step 1.
- *The index* is (−1)^(s+1) sgn(det A_SJ · det B_SJ) (Shapley 1974). A determinant has the sign of its computed LU
  factors' if the inverse X computed from them has ‖I − X A‖ < 1 with room for the factors' backward error.

What cannot be proven is not answered: the game is then degenerate, or so near to it that integers must decide.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.basis_search import (
    DOUBTFUL,
    KEY,
    LEAST,
    PROVEN,
    UNIT,
    Space,
    compiled,
    longer,
    new_space,
    normalise,
    search_bases,
)

# Pessimistic speed of the search in units of m n, to keep within a budget of seconds
OPERATIONS_PER_SECOND = 2e7
# Stands in for a pivot that is zero, so that a singular matrix still yields a c for Farkas's lemma.
TINY = 1e-13


@compiled
def _factorise(matrix: NDArray[np.float64], order: NDArray[np.int64], s: int) -> float:
    """LU factors with partial pivoting in place of the leading s×s block; the sign of their determinant.

    The sign is 0 if a pivot had to be replaced: the product of the factors is then not close to the matrix.
    """
    sign = 1.0
    for a in range(s):
        order[a] = a
    for a in range(s):
        best = a
        for b in range(a + 1, s):
            if abs(matrix[b, a]) > abs(matrix[best, a]):
                best = b
        if best != a:
            sign = -sign
            order[a], order[best] = order[best], order[a]
            for c in range(s):
                matrix[a, c], matrix[best, c] = matrix[best, c], matrix[a, c]
        if abs(matrix[a, a]) < TINY:
            matrix[a, a] = TINY
            sign = 0.0
        if matrix[a, a] < 0.0:
            sign = -sign
        reciprocal = 1.0 / matrix[a, a]
        for b in range(a + 1, s):
            factor = matrix[b, a] * reciprocal
            matrix[b, a] = factor
            for c in range(a + 1, s):
                matrix[b, c] -= factor * matrix[a, c]
    return sign


@compiled
def _solve(
    factors: NDArray[np.float64], order: NDArray[np.int64], s: int, right: Any, out: NDArray[np.float64]
) -> None:
    for a in range(s):
        total = right[order[a]]
        for b in range(a):
            total -= factors[a, b] * out[b]
        out[a] = total
    for a in range(s - 1, -1, -1):
        total = out[a]
        for b in range(a + 1, s):
            total -= factors[a, b] * out[b]
        out[a] = total / factors[a, a]


@compiled
def _solve_transposed(
    factors: NDArray[np.float64],
    order: NDArray[np.int64],
    s: int,
    right: NDArray[np.float64],
    out: NDArray[np.float64],
    work: NDArray[np.float64],
) -> None:
    for a in range(s):
        total = right[a]
        for b in range(a):
            total -= factors[b, a] * work[b]
        work[a] = total / factors[a, a]
    for a in range(s - 1, -1, -1):
        total = work[a]
        for b in range(a + 1, s):
            total -= factors[b, a] * work[b]
        work[a] = total
    for a in range(s):
        out[order[a]] = work[a]


@compiled
def _no_solution(
    A: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    s: int,
    extra: int,
    c: NDArray[np.float64],
    rounding: float,
) -> bool:
    """Whether c proves that no y ≥ 0 has A_SJ y = 1 (and A_iJ y ≤ 1 for i = ``extra`` ≥ 0)."""
    total = 0.0 if extra < 0 else 1.0
    size = total
    for a in range(s):
        total += c[a]
        size += abs(c[a])
    least = 0.0
    for b in range(s):
        value = 0.0 if extra < 0 else A[extra, columns[b]]
        for a in range(s):
            value += c[a] * A[rows[a], columns[b]]
        least = min(least, value)
    shortfall = rounding * size * (1.0 + LEAST) - least
    # Adding shortfall / (s LEAST) to every entry of c lifts all s-entry columns enough, were A exact: it is to 1e-6.
    return total + shortfall / LEAST * (1.0 + 1e-5) + rounding * size < 0.0


@compiled
def _certified_system(
    matrix: NDArray[np.float64],
    s: int,
    rounding: float,
    squares: NDArray[np.float64],
    rows: NDArray[np.float64],
    order: NDArray[np.int64],
    y: NDArray[np.float64],
) -> tuple[float, float]:
    """(sign of the determinant, error bound) for the leading s×s block of ``matrix`` and the solution ``y`` of M y = 1.

    The bound is infinite if nothing is proven; ``squares``, ``rows`` and ``order`` are memory to work in.
    """
    if s == 1:
        y[0] = 1.0 / matrix[0, 0]
        return 1.0, 2.0 * rounding * y[0]
    factors, inverse = squares[0], squares[1]
    unit, column = rows[0], rows[1]
    for a in range(s):
        unit[a] = 1.0
        for b in range(s):
            factors[a, b] = matrix[a, b]
    sign = _factorise(factors, order, s)
    if sign == 0.0:
        return 0.0, np.inf
    _solve(factors, order, s, unit, y)
    unit[:s] = 0.0
    largest = 1.0 + LEAST
    for b in range(s):
        unit[b] = 1.0
        _solve(factors, order, s, unit, column)
        unit[b] = 0.0
        for a in range(s):
            inverse[a, b] = column[a]
            largest = max(largest, abs(factors[a, b]))
    defect = unit
    for a in range(s):
        total, absolute = 1.0, 1.0
        for b in range(s):
            total -= matrix[a, b] * y[b]
            absolute += matrix[a, b] * abs(y[b])
        defect[a] = abs(total) + rounding * absolute
    norm, alpha, bound, everything = 0.0, 0.0, 0.0, 0.0
    for a in range(s):
        row, departure, error = 0.0, 0.0, 0.0
        for b in range(s):
            row += abs(inverse[a, b])
            error += abs(inverse[a, b]) * defect[b]
            product = -1.0 if a == b else 0.0
            for c in range(s):
                product += inverse[a, c] * matrix[c, b]
            departure += abs(product)
        norm, alpha, bound = max(norm, row), max(alpha, departure), max(bound, error)
        everything += row + departure + error
    # The backward error of the factors (Higham 2002, theorem 9.3) and the rounding of the products just formed
    alpha += 4.0 * rounding * s * s * norm * largest
    if not (alpha < 0.5 and everything < np.inf):  # a maximum may miss a NaN, a sum does not
        return 0.0, np.inf
    return sign, bound * (1.0 + 1e-8) / (1.0 - alpha)


@compiled
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


@compiled
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
        np.empty((4, least, least)),
        np.empty((6, least)),
        np.empty((6, most + 1), dtype=np.int64),
        np.empty((most, most), dtype=np.uint64),
    )


@compiled
def _solve_game(
    row_payoffs: Any,
    column_payoffs: Any,
    own: NDArray[np.int64],
    others: NDArray[np.int64],
    turned: bool,
    most_bases: int,
    space: Space,
    workspace: Workspace,
    found: NDArray[np.float64],
    first: int,
) -> Any:
    """As :func:`solve_in`, by the row player's polytope, for the game with actions ``own`` and ``others`` only.

    ``turned`` says that the players have changed places, so that answers must be turned back.
    """
    m, n = own.size, others.size
    all_rows, all_columns = row_payoffs.shape
    one = np.uint64(1)
    payoffs, squares, vectors, integers, masks = workspace
    A, M = payoffs[: m * n].reshape((m, n)), payoffs[m * n : 2 * m * n].reshape((n, m))
    factors, block, other = squares[0], squares[2], squares[3]
    ones, y, c, work, target, x_block = vectors[0], vectors[1], vectors[2], vectors[3], vectors[4], vectors[5]
    order, rows, columns, outside = integers[0], integers[1], integers[2], integers[3]
    at_x, at_y = (all_columns, 0) if turned else (0, all_rows)
    ones[:] = 1.0
    inexact_A, inexact_B = normalise(row_payoffs, own, others, A), normalise(column_payoffs.T, others, own, M)
    if not max(inexact_A, inexact_B) < 1e-6:
        return DOUBTFUL, first, found, space
    status, vertices, space = search_bases(M, np.ones((1, n)), inexact_B, 0.0, most_bases, space)
    if status != PROVEN:
        return status, first, found, space
    bases = space.bases
    _dominated_on(A, m, masks)
    count = first
    for position in range(1, vertices):
        key = bases[position, KEY]
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
                factors[a, b] = A[rows[a], columns[b]]
        _factorise(factors, order, s)
        _solve(factors, order, s, ones, y)
        worst = 0
        for b in range(s):
            if y[b] < y[worst]:
                worst = b
        if y[worst] < 0.0:
            for b in range(s):
                target[b] = 0.0
            target[worst] = 1.0
            _solve_transposed(factors, order, s, target, c, work)
            if _no_solution(A, rows, columns, s, -1, c, rounding):
                continue
        extra, highest = -1, -np.inf
        for a in range(u):
            earned = 0.0
            for b in range(s):
                earned += A[outside[a], columns[b]] * y[b]
            if earned > highest:
                extra, highest = outside[a], earned
        if highest > 1.0:
            for b in range(s):
                target[b] = -A[extra, columns[b]]
            _solve_transposed(factors, order, s, target, c, work)
            if _no_solution(A, rows, columns, s, extra, c, rounding):
                continue
        for a in range(s):
            for b in range(s):
                block[a, b] = A[rows[a], columns[b]]
                other[b, a] = M[columns[b], rows[a]]
        sign_B, error_x = _certified_system(other, s, rounding + inexact_B, squares, vectors[2:4], order, x_block)
        sign_A, error_y = _certified_system(block, s, rounding, squares, vectors[2:4], order, y)
        total_x, total_y, clear = 0.0, 0.0, True
        for a in range(s):
            total_x += x_block[a]
            total_y += y[a]
            clear = clear and x_block[a] > error_x and y[a] > error_y
        # y errs by no more than error_y in any entry, so a payoff by no more than (1 + LEAST) s times that.
        margin = (error_y + rounding * total_y) * s * (1.0 + LEAST) * 2.0
        if not (clear and highest < 1.0 - margin):
            return DOUBTFUL, first, found, space
        if count == found.shape[0]:
            found = longer(found)
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
    _put_in_order(found, first, count, all_rows + all_columns)
    return PROVEN, count, found, space


@compiled
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


@compiled
def _precedes(found: NDArray[np.float64], a: int, b: int, width: int) -> bool:
    for c in range(width):
        if found[a, c] != found[b, c]:
            return bool(found[a, c] > found[b, c])
    return False


@compiled
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
    # Slices of a general layout and a single call below, so that one compiled version serves both directions
    U, V = A[:, :n], B[:, :n]
    rows, columns = workspace.integers[4, :m], workspace.integers[5, :n]
    kept_rows, kept_columns = _undominated(U, V, rows, columns)
    rows, columns = rows[:kept_rows], columns[:kept_columns]
    turned, attempts = kept_rows > kept_columns, 0
    status, count = DOUBTFUL, first
    while status == DOUBTFUL and attempts < 2:
        # A game may be degenerate in one player's payoffs only, at a strategy that is in no equilibrium.
        if attempts == 1 and kept_rows != kept_columns:
            space = new_space(max(m, n), min(m, n), 1)
        if turned:
            P, Q, own, others = V.T, U.T, columns, rows
        else:
            P, Q, own, others = U, V, rows, columns
        status, count, found, space = _solve_game(P, Q, own, others, turned, most, space, workspace, found, first)
        turned, attempts = not turned, attempts + 1
    if attempts == 2 and kept_rows != kept_columns:
        space = new_space(min(m, n), max(m, n), 1)
    return status, count, found, space


@compiled
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


@compiled
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
def solve_range(
    A: NDArray[np.float64], B: NDArray[np.float64], most: int, statuses: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The equilibria of all games A[g], B[g], one after the other; their statuses and how many each has."""
    number, m, n = A.shape
    space, workspace = new_space(min(m, n), max(m, n), 1), new_workspace(m, n)
    found, total = np.empty((2 * number, m + n + 4)), 0
    for g in range(number):
        status, count, found, space = solve_in(A[g], B[g], most, space, workspace, found, total)
        statuses[g] = status
        counts[g] = count - total if status == PROVEN else 0
        total += counts[g]
    return found[:total]


def prove_all(A: NDArray[np.float64], B: NDArray[np.float64], seconds: float = inf) -> NDArray[np.float64] | None:
    """All equilibria, one a row as in :func:`solve_in`; None if nothing is proven.

    >>> prove_all(np.array([[3.0, 0], [0, 2]]), np.array([[2.0, 0], [0, 3]])).tolist()[0]
    [1.0, 0.0, 1.0, 0.0, 3.0, 2.0, 0.0, 1.0]
    """
    status, count = np.empty(1, dtype=np.int64), np.empty(1, dtype=np.int64)
    found = solve_range(read_only(A[None]), read_only(B[None]), most_bases(A.shape, seconds), status, count)
    return found if status[0] == PROVEN else None


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
