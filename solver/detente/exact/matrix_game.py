"""The value of a zero-sum matrix game in exact arithmetic.

With all entries shifted to be positive, the column player's programme is: maximise Σy subject to A y ≤ 1, y ≥ 0; the
value is 1/Σy and both optimal strategies can be read off the final tableau (von Neumann; Dantzig 1951; Chvátal 1983,
chapter 15). The tableau is rational and pivots follow Bland's rule (Bland 1977), which never cycles.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


class MatrixGameSolution(NamedTuple):
    """``value`` with optimal strategies of the maximising ``row`` and the minimising ``column`` player."""

    value: Fraction
    row: tuple[Fraction, ...]
    column: tuple[Fraction, ...]


def solve_matrix_game(matrix: Sequence[Sequence[Fraction]]) -> MatrixGameSolution:
    """Value and optimal strategies when the row player receives ``matrix[i][j]`` from the column player.

    >>> solve_matrix_game([[Fraction(1), Fraction(-1)], [Fraction(-1), Fraction(1)]]).value
    Fraction(0, 1)
    """
    shift = 1 - min(min(row) for row in matrix)
    m, n = len(matrix), len(matrix[0])
    # Rows of [A | I | 1], objective row [−1 | 0 | 0]; slack variables n … n + m − 1 are basic at the start.
    tableau = [
        [x + shift for x in row] + [Fraction(int(i == k)) for k in range(m)] + [Fraction(1)]
        for i, row in enumerate(matrix)
    ]
    cost = [Fraction(-1)] * n + [Fraction(0)] * (m + 1)
    basis = list(range(n, n + m))
    while (entering := next((j for j in range(n + m) if cost[j] < 0), None)) is not None:
        leaving = min(
            (i for i in range(m) if tableau[i][entering] > 0),
            key=lambda i: (tableau[i][-1] / tableau[i][entering], basis[i]),
        )
        _pivot(tableau, cost, leaving, entering)
        basis[leaving] = entering
    total = cost[-1]
    column = [Fraction(0)] * n
    for i, variable in enumerate(basis):
        if variable < n:
            column[variable] = tableau[i][-1] / total
    row = [cost[n + i] / total for i in range(m)]
    return MatrixGameSolution(1 / total - shift, tuple(row), tuple(column))


def _pivot(tableau: list[list[Fraction]], cost: list[Fraction], row: int, column: int) -> None:
    pivot = tableau[row][column]
    tableau[row] = source = [x / pivot for x in tableau[row]]
    for target in (*(r for i, r in enumerate(tableau) if i != row), cost):
        factor = target[column]
        if factor:
            target[:] = [x - factor * y for x, y in zip(target, source, strict=True)]
