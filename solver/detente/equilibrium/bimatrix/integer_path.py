"""Lemke and Howson's path to one equilibrium, in integers: sure to end at one, and slow in large games.

The path is that of :mod:`detente.equilibrium.bimatrix.lemke_howson`, ties broken in the same way, on fraction-free
tableaus (Edmonds 1967; von Stengel 2002, *Computing equilibria for two-person games*, section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from detente.equilibrium.bimatrix.vertices import IntegerMatrix, _leaving_row, _pivot

# For P and Q: indices of the basic coordinates, and as many binding constraints.
Bases = tuple[tuple[list[int], list[int]], tuple[list[int], list[int]]]


class Tracked(NamedTuple):
    """Where a path led: ``bases`` if it ``arrived``, and the number of ``pivots`` made."""

    bases: Bases | None
    pivots: int


def integer_path(A: IntegerMatrix, B: IntegerMatrix, missing: int, stop: Callable[[], bool]) -> Tracked:
    """Bases at the end of the path of label ``missing``; payoffs are positive integers. None only if told to ``stop``.

    >>> integer_path([[2, 1], [1, 2]], [[2, 1], [1, 2]], 2, lambda: False)
    Tracked(bases=(([0], [0]), ([0], [0])), pivots=2)
    """
    m, n = len(A), len(A[0])
    dims = (m, n)
    tableaus = [_tableau([list(column) for column in zip(*B, strict=True)]), _tableau(A)]
    bases = [list(range(m, m + n)), list(range(n, n + m))]
    denominators = [1, 1]
    p, entering = (0, missing) if missing < m else (1, missing - m)
    for pivots in count(1):
        if stop():
            return Tracked(None, pivots - 1)
        d, k = dims[p], dims[1 - p]
        row = _leaving_row(tableaus[p], entering, d)
        left = bases[p][row]
        tableaus[p], denominators[p] = _pivot(tableaus[p], denominators[p], row, entering)
        bases[p][row] = entering
        twin = left + k if left < d else left - d
        if (left if p == 0 else twin) == missing:
            break
        p, entering = 1 - p, twin
    first, second = (
        (
            [v for v in basis if v < d],
            sorted(set(range(k)) - {v - d for v in basis}),
        )
        for basis, d, k in zip(bases, dims, (n, m), strict=True)
    )
    return Tracked((first, second), pivots)


def _tableau(matrix: IntegerMatrix) -> IntegerMatrix:
    """Columns: coordinates, slacks, right-hand side."""
    return [[*row, *(int(i == j) for j in range(len(matrix))), 1] for i, row in enumerate(matrix)]
