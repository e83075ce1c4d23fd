"""All vertices of a best-response polytope, exactly, by lexicographic pivoting.

For a positive integer matrix M with k rows (the opponent's actions) and d columns (own actions) the polytope is
{z ∈ ℝᵈ : z ≥ 0, M z ≤ 1}. Its variables are the d coordinates z and the k slacks 1 − M z; a vertex is known by the set
of variables that are zero there, written as a bit mask. In a degenerate game a vertex has several bases. Perturbing
the right-hand sides by powers of an infinitesimal (the lexicographic rule of Dantzig, Orden and Wolfe 1955) makes the
polytope simple: each lexicographically feasible basis then has exactly one neighbour for every nonbasic variable, all
of them are connected by pivots, and every vertex has at least one. So a search over bases meets every vertex. Pivots
are fraction-free: all entries stay integers over one common denominator (Edmonds 1967; von Stengel 2002, *Computing
equilibria for two-person games*, section 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpz_mat

IntegerMatrix = list[list[int]]
# Every basis waits with its tableau for its turn: beyond this many the search stops, incomplete, to spare memory.
MOST_BASES = 200_000


@dataclass(frozen=True)
class Polytope:
    """The outcome of an enumeration.

    Attributes
    ----------
    vertices
        For every vertex but the origin, the mask of its zero variables. Variable v < d is coordinate v, variable d + j
        is slack j.
    bases
        For every lexicographically feasible basis: the mask of its nonbasic variables → the mask of its vertex.
    coordinates
        A vertex's coordinates in integers, up to a positive factor.
    complete
        Whether the search ended by itself, before ``stop`` asked it to or memory ran short.
    """

    vertices: Sequence[int]
    bases: Mapping[int, int]
    coordinates: Callable[[int], tuple[int, ...]]
    complete: bool


def enumerate_vertices(matrix: IntegerMatrix, stop: Callable[[], bool]) -> Polytope:
    """All vertices of {z ≥ 0, ``matrix`` z ≤ 1}; ``matrix`` has positive integer entries.

    >>> found = enumerate_vertices([[2, 1], [1, 2]], lambda: False)
    >>> sorted(found.coordinates(mask) for mask in found.vertices)
    [(0, 1), (1, 0), (1, 1)]
    """
    k, d = len(matrix), len(matrix[0])
    # Columns: coordinates, slacks, right-hand side. Row i belongs to basic variable basis[i]; denominator one.
    tableau = [[*row, *(int(i == j) for j in range(k)), 1] for i, row in enumerate(matrix)]
    start = tuple(range(d, d + k))
    vertices: dict[int, tuple[int, ...]] = {}
    bases: dict[int, int] = {}
    seen = {_mask(start)}
    stack = [(start, tableau, 1)]
    while stack:
        if stop() or len(seen) > MOST_BASES:
            return Polytope(list(vertices), bases, vertices.__getitem__, False)
        basis, rows, denominator = stack.pop()
        zero = (1 << (d + k)) - 1
        point = [0] * d
        for variable, row in zip(basis, rows, strict=True):
            if row[-1]:
                zero ^= 1 << variable
                if variable < d:
                    point[variable] = row[-1]
        nonbasic = ((1 << (d + k)) - 1) ^ _mask(basis)
        bases[nonbasic] = zero
        if any(point):
            vertices.setdefault(zero, tuple(point))
        for entering in range(d + k):
            if not nonbasic >> entering & 1:
                continue
            leaving = _leaving_row(rows, entering, d)
            target = _mask(basis) ^ (1 << entering) ^ (1 << basis[leaving])
            if target not in seen:
                seen.add(target)
                changed = (*basis[:leaving], entering, *basis[leaving + 1 :])
                stack.append((changed, *_pivot(rows, denominator, leaving, entering)))
    return Polytope(list(vertices), bases, vertices.__getitem__, True)


def exact_coordinates(matrix: Sequence[Sequence[int]], nonbasic: int) -> tuple[int, ...]:
    """The coordinates of a basis, up to a positive factor, in integers."""
    point = [0] * len(matrix[0])
    basic, numerators, _ = solve_basis(matrix, nonbasic)
    for v, x in zip(basic, numerators, strict=True):
        point[v] = x
    return tuple(point)


def solve_basis(matrix: Sequence[Sequence[int]], nonbasic: int) -> tuple[list[int], list[int], int]:
    """The basic coordinates and their exact values, numerators over one positive denominator."""
    k, d = len(matrix), len(matrix[0])
    basic = [v for v in range(d) if not nonbasic >> v & 1]
    rows = [matrix[j] for j in range(k) if nonbasic >> (d + j) & 1]
    return basic, *solve_for_ones([[row[v] for v in basic] for row in rows])


def solve_for_ones(system: IntegerMatrix) -> tuple[list[int], int]:
    """The solution of a regular system with right-hand sides 1, numerators over one positive denominator.

    >>> solve_for_ones([[3, 1], [1, 2]])
    ([1, 2], 5)
    """
    if len(system) == 0:
        return [], 1
    if len(system) == 1:
        return [1], system[0][0]
    if len(system) == 2:
        (a, b), (c, e) = system
        determinant = a * e - b * c
        sign = 1 if determinant > 0 else -1
        return [sign * (e - b), sign * (a - c)], sign * determinant
    solution: Any = fmpz_mat(system).solve(fmpz_mat([[1]] * len(system)))
    numerators, denominator = solution.numer_denom()
    return list(map(int, numerators.entries())), int(denominator)


def _mask(variables: tuple[int, ...]) -> int:
    return sum(1 << v for v in variables)


def _leaving_row(rows: IntegerMatrix, entering: int, d: int) -> int:
    """The lexicographically least ratio of (right-hand side, slack columns) to the entering column; never tied."""
    candidates = [i for i, row in enumerate(rows) if row[entering] > 0]
    # The right-hand side first, then the columns of the initial slacks, which hold the inverse of the basis
    for column in (-1, *range(d, len(rows[0]) - 1)):
        if len(candidates) == 1:
            break
        best = candidates[0]
        ties = [best]
        for i in candidates[1:]:
            difference = rows[i][column] * rows[best][entering] - rows[best][column] * rows[i][entering]
            if difference < 0:
                best, ties = i, [i]
            elif difference == 0:
                ties.append(i)
        candidates = ties
    return candidates[0]


def _pivot(rows: IntegerMatrix, denominator: int, leaving: int, entering: int) -> tuple[IntegerMatrix, int]:
    pivot_row = rows[leaving]
    pivot = pivot_row[entering]
    changed = []
    for i, row in enumerate(rows):
        if i == leaving:
            changed.append(pivot_row)
            continue
        factor = row[entering]
        if factor:
            changed.append([(pivot * x - factor * y) // denominator for x, y in zip(row, pivot_row, strict=True)])
        elif pivot == denominator:
            changed.append(row)
        else:
            changed.append([pivot * x // denominator for x in row])
    return changed, pivot
