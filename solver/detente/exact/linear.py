"""Linear systems whose coefficients are polynomials in one parameter.

Fraction-free elimination (Bareiss 1968, *Mathematics of Computation* 22, 565–578) over ℤ[x] solves ``M y = b`` as
``y = numerators / det M`` with polynomial numerators, so the solution is known as a rational function of the parameter
at once. Rows are first multiplied by the common denominators of their coefficients, which are positive; after that
every division is exact and there are no fractions to reduce.

The matrices here are I − βP with P stochastic and 0 ≤ β < 1, or the like after scaling rows by positive polynomials.
All leading principal minors of such an M-matrix are positive on the parameter's domain, so none is the zero polynomial
and elimination needs no exchange of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from math import lcm, prod
from typing import Any

from flint import fmpz_poly

from detente.exact.polynomial import Poly

ZERO = fmpz_poly([])


def solve_m_matrix(
    matrix: list[list[Poly]], right: list[list[Poly]], tick: Callable[[], None] | None = None
) -> tuple[Poly, list[list[Poly]]]:
    """``(det M, N)`` with ``M · N = det M · right``; ``right`` has any number of columns.

    ``matrix`` is square with leading principal minors that are not the zero polynomial. ``tick`` is called once for
    each column eliminated and may raise to give up.
    """
    n = len(matrix)
    scales = [lcm(*(int(p.denom()) for p in (*matrix[i], *right[i]))) for i in range(n)]
    rows = [[(p * scale).numer() for p in (*matrix[i], *right[i])] for i, scale in enumerate(scales)]
    width = n + len(right[0]) if n else 0
    previous = fmpz_poly([1])
    for k in range(n):
        if tick is not None:
            tick()
        pivot_row, pivot = rows[k], rows[k][k]
        for i in range(k + 1, n):
            row = rows[i]
            factor = row[k]
            for j in range(k + 1, width):
                row[j] = _cross(pivot, row[j], factor, pivot_row[j], previous)
            row[k] = ZERO
        previous = pivot
    determinant = rows[n - 1][n - 1] if n else previous
    solution = [[ZERO] * (width - n) for _ in range(n)]
    for i in reversed(range(n)):
        for c in range(width - n):
            total = rows[i][n + c] * determinant
            for j in range(i + 1, n):
                if rows[i][j]:
                    total -= rows[i][j] * solution[j][c]
            solution[i][c] = total // rows[i][i]
    scale = prod(scales)
    return Poly(determinant) / scale, [[Poly(entry) / scale for entry in row] for row in solution]


def _cross(pivot: Any, entry: Any, factor: Any, above: Any, previous: Any) -> Any:
    if not factor or not above:
        return pivot * entry // previous if entry else ZERO
    return (pivot * entry - factor * above) // previous
