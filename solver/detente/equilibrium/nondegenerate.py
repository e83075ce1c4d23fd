"""All equilibria of a nondegenerate bimatrix game, from the bases of one best-response polytope.

In a nondegenerate game every vertex x of the row player's polytope {x ≥ 0, Bᵀx ≤ 1} has as many best replies J as it
has actions S in its support, and the column player's strategy in an equilibrium with x can only be the solution of
A_SJ y = 1 (von Stengel 2002, section 2). So one polytope is searched (:mod:`detente.equilibrium.basis_search`) and one
small linear system solved for each of its vertices. Every decision is proven in floating point:

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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.basis_search import (
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
    """LU factors with partial pivoting in place of the leading s×s block; the sign of their determinant."""
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
    return total + shortfall / LEAST * (1.0 + 1e-8) + rounding * size < 0.0


@compiled
def _certified_system(
    matrix: NDArray[np.float64],
    s: int,
    rounding: float,
    squares: NDArray[np.float64],
    rows: NDArray[np.float64],
    y: Any,
) -> tuple[float, float]:
    """(sign of the determinant, error bound) for the leading s×s block of ``matrix`` and the solution ``y`` of M y = 1.

    The bound is infinite if nothing is proven; ``squares`` and ``rows`` are memory to work in.
    """
    factors, inverse, order = squares[0], squares[1], np.empty(s, dtype=np.int64)
    unit, column = rows[0], rows[1]
    for a in range(s):
        unit[a] = 1.0
        for b in range(s):
            factors[a, b] = matrix[a, b]
    sign = _factorise(factors, order, s)
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
    norm, alpha, bound = 0.0, 0.0, 0.0
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
    # The backward error of the factors (Higham 2002, theorem 9.3) and the rounding of the products just formed
    alpha += 4.0 * rounding * s * s * norm * largest
    if not alpha < 0.5:
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


@compiled
def _solve_game(row_payoffs: Any, column_payoffs: Any, turned: bool, most_bases: int, space: Space) -> Any:
    """(status, equilibria as in :func:`solve_in`, space), by the row player's polytope.

    ``turned`` says that the players have changed places, so that answers must be turned back.
    """
    m, n = row_payoffs.shape
    one = np.uint64(1)
    most = min(m, n)
    payoffs = np.empty((m + n + 1, max(m, n)))
    A, M, sides = payoffs[:m, :n], payoffs[m : m + n, :m], payoffs[m + n :, :n]
    squares, vectors = np.empty((4, most, most)), np.empty((6, most))
    factors, block, other = squares[0], squares[2], squares[3]
    ones, y, c, work, target, x_block = vectors[0], vectors[1], vectors[2], vectors[3], vectors[4], vectors[5]
    integers = np.empty((4, max(m, n)), dtype=np.int64)
    order, rows, columns, outside = integers[0], integers[1], integers[2], integers[3]
    found = np.empty((2, m + n + 4))
    at_x, at_y = (n, 0) if turned else (0, m)
    masks = np.empty((m, m), dtype=np.uint64)
    sides[:] = 1.0
    ones[:] = 1.0
    inexact_A, inexact_B = normalise(row_payoffs, A), normalise(column_payoffs.T, M)
    if not max(inexact_A, inexact_B) < 1e-6:
        return DOUBTFUL, found[:0], space
    status, vertices, space = search_bases(M, sides, inexact_B, most_bases, space)
    if status != PROVEN:
        return status, found[:0], space
    bases = space.bases
    _dominated_on(A, m, masks)
    count = 0
    for position in range(1, vertices):
        key = bases[position, KEY]
        if _has_dominated(masks, key, m):
            continue
        s, t, u = 0, 0, 0
        for i in range(m):
            if key >> np.uint64(i) & one:
                outside[u] = i
                u += 1
            else:
                rows[s] = i
                s += 1
        for j in range(n):
            if key >> np.uint64(m + j) & one:
                columns[t] = j
                t += 1
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
        sign_B, error_x = _certified_system(other, s, rounding + inexact_B, squares, vectors[2:4], x_block)
        sign_A, error_y = _certified_system(block, s, rounding, squares, vectors[2:4], y)
        total_x, total_y, clear = 0.0, 0.0, True
        for a in range(s):
            total_x += x_block[a]
            total_y += y[a]
            clear = clear and x_block[a] > error_x and y[a] > error_y
        # y errs by no more than error_y in any entry, so a payoff by no more than (1 + LEAST) s times that.
        margin = (error_y + rounding * total_y) * s * (1.0 + LEAST) * 2.0
        if not (clear and highest < 1.0 - margin):
            return DOUBTFUL, found[:0], space
        if count == found.shape[0]:
            found = longer(found)
        found[count, : m + n] = 0.0
        for a in range(s):
            found[count, at_x + rows[a]] = x_block[a] / total_x
            found[count, at_y + columns[a]] = y[a] / total_y
        gain, earned = _gain(row_payoffs, found[count, at_x : at_x + m], found[count, at_y : at_y + n])
        other_gain, other_earned = _gain(column_payoffs.T, found[count, at_y : at_y + n], found[count, at_x : at_x + m])
        found[count, m + n], found[count, m + n + 1] = (other_earned, earned) if turned else (earned, other_earned)
        found[count, m + n + 2] = max(gain, other_gain)
        found[count, m + n + 3] = sign_A * sign_B if s % 2 else -sign_A * sign_B
        count += 1
    return PROVEN, found[:count], space


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
def solve_in(A: Any, B: Any, most: int, space: Space) -> Any:
    """(status, equilibria, space): all equilibria of the game, if the status is PROVEN.

    Each has a row: the row player's strategy, the column player's, their payoffs, the regret and the index. ``space``
    is for the smaller of the two polytopes, of which at most ``most`` bases are visited.
    """
    turned = A.shape[0] > A.shape[1]
    if turned:
        status, found, space = _solve_game(B.T, A.T, True, most, space)
    else:
        status, found, space = _solve_game(A, B, False, most, space)
    if status == DOUBTFUL:
        # A game may be degenerate in one player's payoffs only, at a strategy that is in no equilibrium.
        other = space if A.shape[0] == A.shape[1] else new_space(max(A.shape), min(A.shape), 1)
        if turned:
            status, found, other = _solve_game(A, B, False, most, other)
        else:
            status, found, other = _solve_game(B.T, A.T, True, most, other)
    return status, found, space


@compiled
def _solve_alone(A: NDArray[np.float64], B: NDArray[np.float64], most: int) -> Any:
    status, found, _ = solve_in(A, B, most, new_space(min(A.shape), max(A.shape), 1))
    return status, found


def prove_all(A: NDArray[np.float64], B: NDArray[np.float64], seconds: float = inf) -> NDArray[np.float64] | None:
    """All equilibria, one a row as in :func:`solve_in`; None if nothing is proven.

    >>> prove_all(np.array([[3.0, 0], [0, 2]]), np.array([[2.0, 0], [0, 3]])).tolist()[0]
    [1.0, 0.0, 1.0, 0.0, 3.0, 2.0, 0.0, 1.0]
    """
    m, n = A.shape
    most = 2**62 if seconds == inf else int(min(2**62, seconds * OPERATIONS_PER_SECOND / (m * n)))
    # Copies, because read-only arrays would have a compiled version of their own
    status, found = _solve_alone(A.copy(), B.copy(), most)
    return found if status == PROVEN else None
