"""The value of a zero-sum matrix game in exact arithmetic.

With all entries shifted to be positive, the column player's programme is: maximise Σy subject to A y ≤ 1, y ≥ 0. The
game's value is 1/Σy; y and the dual solution, scaled to add up to one, are optimal strategies (von Neumann; Dantzig
1951; Chvátal 1983, chapter 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from detente.exact.large_programme import optimum, sparse


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
    shift = 1 - min(map(min, matrix))
    positive = [[x + shift for x in row] for row in matrix]
    rows = [sparse(row) for row in positive]
    found = optimum([Fraction(1)] * len(matrix[0]), rows, [Fraction(1)] * len(matrix))
    total = found.value
    row, column = (tuple(x / total for x in side) for side in (found.dual, found.x))
    return MatrixGameSolution(1 / total - shift, row, column)
