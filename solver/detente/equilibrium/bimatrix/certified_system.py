"""Small systems A_SJ y = 1 with positive matrices, in floating point: solutions, and signs, that are proven.

- *No y ≥ 0 solves it*, or none with A_iJ y ≤ 1 for an action i outside S: by Farkas's lemma it is enough to show c with
  cᵀA_SJ ≥ 0 and cᵀ1 < 0, or with cᵀA_SJ + A_iJ ≥ 0 and cᵀ1 + 1 < 0. A row of the inverse, or minus A_iJ times the
  inverse, is such a c but for rounding; adding a small positive multiple of 1 makes up for that, since A > 0.
- *The solution* differs from the computed one ỹ by at most |X| |1 − A ỹ| / (1 − ‖I − X A‖) in norm, where X is the
  computed inverse.
- *The sign of the determinant* is that of the computed pivots' product, if ‖I − X A‖ < 1 with room for their backward
  error: then no matrix between A and what they factorise exactly is singular.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.basis_search import LEAST, counting_nothing

# Stands in for a pivot that is zero, so that a singular matrix still yields a c for Farkas's lemma.
TINY = 1e-13


@counting_nothing
def invert(matrix: NDArray[np.float64], order: NDArray[np.int64], s: int) -> tuple[float, float]:
    """Invert the leading s×s block by Gauss and Jordan with partial pivoting; the determinant's sign, the largest pivot
    row's entry.

    The sign is 0 if a pivot had to be replaced: the result is then far from the inverse. The pivots are those of an LU
    decomposition; so is the bound on its backward error, by the largest entry.
    """
    sign, largest = 1.0, 0.0
    for a in range(s):
        best = a
        for b in range(a + 1, s):
            if abs(matrix[b, a]) > abs(matrix[best, a]):
                best = b
        order[a] = best
        if best != a:
            sign = -sign
            for c in range(s):
                matrix[a, c], matrix[best, c] = matrix[best, c], matrix[a, c]
        pivot = matrix[a, a]
        if abs(pivot) < TINY:
            pivot, sign = TINY, 0.0
        if pivot < 0.0:
            sign = -sign
        for c in range(a, s):
            largest = max(largest, abs(matrix[a, c]))
        reciprocal = 1.0 / pivot
        matrix[a, a] = 1.0
        for c in range(s):
            matrix[a, c] *= reciprocal
        for b in range(s):
            if b != a:
                factor = matrix[b, a]
                matrix[b, a] = 0.0
                for c in range(s):
                    matrix[b, c] -= factor * matrix[a, c]
    for back in range(s):
        a = s - 1 - back
        best = order[a]
        if best != a:
            for b in range(s):
                matrix[b, a], matrix[b, best] = matrix[b, best], matrix[b, a]
    return sign, largest


@counting_nothing
def no_solution(
    block: NDArray[np.float64],
    s: int,
    c: NDArray[np.float64],
    extra: NDArray[np.float64],
    weight: float,
    rounding: float,
    values: NDArray[np.float64],
) -> bool:
    """Whether c proves that no y ≥ 0 has A_SJ y = 1, where A_SJ is the leading s×s block of ``block``.

    If ``weight`` is 1, c may count on A_iJ y ≤ 1 as well, with A_iJ in ``extra``; otherwise it is 0.
    """
    total, size = weight, weight
    for b in range(s):
        values[b] = weight * extra[b]
    for a in range(s):
        total += c[a]
        size += abs(c[a])
        for b in range(s):
            values[b] += c[a] * block[a, b]
    least = 0.0
    for b in range(s):
        least = min(least, values[b])
    shortfall = rounding * size * (1.0 + LEAST) - least
    # Adding shortfall / (s LEAST) to every entry of c lifts all s-entry columns enough, were A exact: it is to 1e-6.
    return total + shortfall / LEAST * (1.0 + 1e-5) + rounding * size < 0.0


@counting_nothing
def certified_system(
    matrix: NDArray[np.float64],
    s: int,
    rounding: float,
    inverse: NDArray[np.float64],
    defect: NDArray[np.float64],
    order: NDArray[np.int64],
    y: NDArray[np.float64],
) -> tuple[float, float]:
    """(sign of the determinant, error bound) for the leading s×s block of ``matrix`` and the solution ``y`` of M y = 1.

    The bound is infinite if nothing is proven; ``inverse``, ``defect`` and ``order`` are memory to work in.
    """
    if s == 1:
        y[0] = 1.0 / matrix[0, 0]
        return 1.0, 2.0 * rounding * y[0]
    for a in range(s):
        for b in range(s):
            inverse[a, b] = matrix[a, b]
    sign, largest = invert(inverse, order, s)
    if sign == 0.0:
        return 0.0, np.inf
    for a in range(s):
        y[a] = 0.0
        for b in range(s):
            y[a] += inverse[a, b]
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
    alpha += 4.0 * rounding * s * s * norm * max(1.0 + LEAST, largest)
    if not (alpha < 0.5 and everything < np.inf):  # a maximum may miss a NaN, a sum does not
        return 0.0, np.inf
    return sign, bound * (1.0 + 1e-8) / (1.0 - alpha)
