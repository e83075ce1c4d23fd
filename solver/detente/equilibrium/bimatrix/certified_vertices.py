"""All vertices of a best-response polytope, degenerate or not, enumerated in floating point and proven exactly.

The right-hand sides of {z ≥ 0, M z ≤ 1} are perturbed to 1 + εᵢ, with small generic εᵢ that are exact in floating
point. The search of :mod:`detente.equilibrium.bimatrix.basis_search` finds all bases of the perturbed polytope, with
proof. At every one of them the unperturbed solution must be non-negative. Where the error bound leaves in doubt
whether an entry is zero, integrality often decides: with integer payoffs an entry that is not zero is at least 1/D for
a determinant D, which Hadamard's inequality bounds. What is left is decided in integers. Feasibility is linear in the
right-hand side, so such a basis is feasible for every smaller perturbation as well: the bases found are those of the
infinitesimally perturbed polytope, and every vertex of the polytope itself has one of them. If a certificate fails,
the answer is withdrawn as a whole, and the caller turns to enumeration in integers.

The floats are the integers under a positive affine map: which actions are unplayed and which are best replies at a
vertex, and the sign of every slack there, do not depend on it.

The bound. Let p be integers from 0 to U, a power of two, and the floats M = p/U + 1/8, the 1/8 being ``LEAST``. With q
basic coordinates, Cramer's rule makes a slack det[[8p_B + U, 1], [8p_r + U, 1]] / det(8p_B + U), where p_r is its row.
The multiples of the last column can be taken off the others, so the numerator is 8^q times an integer; a coordinate's
is more than that. The denominator is 4^q U^q det(E + t) with |E| ≤ 1 and t = 5/4, and det(E + t) is the determinant of
E bordered by a row (1, −t, …, −t) and a column of ones: at most √(1 + q t²) (q + 1)^(q/2).
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.basis_search import (
    DOUBTFUL,
    DOUBTS,
    KEY,
    MAX_VARIABLES,
    PROVEN,
    ZEROS,
    compiled,
    find_slot,
    longer,
    new_space,
    normalise,
    search_bases,
)
from detente.equilibrium.bimatrix.components import Pairs
from detente.equilibrium.bimatrix.vertices import IntegerMatrix, solve_basis

# Large against rounding errors, small against most values at vertices; 2⁻¹⁶ times it is still exact beside 1.
PERTURBATION = 2.0**-30
# Integers whose range is below this are mapped to floats without rounding.
EXACT_RANGE = 2**49
# Pessimistic speed of the search in units of k (k + d), to keep within a budget of seconds
OPERATIONS_PER_SECOND = 1.5e8
# A basis: the mask of its nonbasic variables, and that of all zero variables, which is its vertex's.
VERTEX = 1


@compiled
def _all_bases(
    payoffs: NDArray[np.float64], exact: bool, right: NDArray[np.float64], least: NDArray[np.float64], most: int
) -> Any:
    """(status, bases with the zeros known there, masks of what else may be zero, whether there is any such).

    ``exact`` says that normalising rounds nothing.
    """
    k, d = payoffs.shape
    M = np.empty((k, d))
    inexact = normalise(payoffs, np.arange(k), np.arange(d), M)
    if exact:
        inexact = 0.0
    if inexact < 1e-6:
        status, count, space = search_bases(M, right, inexact, least, most, new_space(d, k, 2))
    else:
        status, count, space = DOUBTFUL, 0, new_space(d, k, 2)
    bases = space.bases
    found, doubts, doubtful = np.empty((count, 2), dtype=np.uint64), np.empty(count, dtype=np.uint64), False
    for position in range(count):
        found[position, KEY] = bases[position, KEY]
        found[position, VERTEX] = bases[position, KEY] | bases[position, ZEROS]
        doubts[position] = bases[position, DOUBTS]
        doubtful |= doubts[position] > 0
    return status, found, doubts, doubtful


def certified_bases(matrix: IntegerMatrix, seconds: float = inf) -> NDArray[np.uint64] | None:
    """All bases of {z ≥ 0, ``matrix`` z ≤ 1} under the perturbation, one a row, the origin first, and their vertices.

    A basis is the mask of its nonbasic variables, a vertex that of its zero variables. None if floating point cannot
    prove them, or not in about ``seconds``.

    >>> certified_bases([[2, 1], [1, 2]]).tolist()
    [[3, 3], [6, 6], [9, 9], [12, 12]]
    """
    k, d = len(matrix), len(matrix[0])
    if k + d > MAX_VARIABLES:
        return None
    low, high = min(map(min, matrix)), max(map(max, matrix))
    try:
        payoffs = np.array([[float(x - low) for x in row] for row in matrix])
    except OverflowError:
        return None
    exact = high - low < EXACT_RANGE
    most = int(min(2**62, seconds * OPERATIONS_PER_SECOND / (k * (k + d))))
    constants = _constants(k, d, (high - low).bit_length() if exact else 0)
    status, found, doubts, doubtful = _all_bases(payoffs, exact, *constants, most)
    if status != PROVEN:
        return None
    for position in np.flatnonzero(doubts).tolist() if doubtful else ():
        zeros = _exact_zeros(matrix, int(found[position, KEY]), int(doubts[position]))
        if zeros is None:
            return None
        found[position, VERTEX] |= np.uint64(zeros)
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=1024)
def _constants(k: int, d: int, bits: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The right-hand sides 1 + εᵢ, generic but always the same, and 1; the least number that is not zero, for each q.

    ``bits`` is the binary length of the integers' range, or 0 if they are rounded.
    """
    draw = Random(1).random
    parts = np.array([round((0.5 + draw()) * 2**16) * 2.0**-16 for _ in range(k)])
    q = np.arange(min(k, d) + 1)
    determinant = 2.0 ** ((bits - 1) * q) * np.sqrt(1 + 1.5625 * q) * (q + 1.0) ** (q / 2)
    return np.array([1.0 + PERTURBATION * parts, np.ones(k)]), 0.99 / determinant if bits else np.zeros(len(q))


@compiled
def _swapped(mask: np.uint64, low: int, high: int) -> np.uint64:
    """A mask of ``low`` + ``high`` bits with the first ``low`` put behind the others."""
    first = (np.uint64(1) << np.uint64(low)) - np.uint64(1)
    return mask >> np.uint64(low) | (mask & first) << np.uint64(high)


@compiled
def _distinct(bases: NDArray[np.uint64], column: int, ample: bool) -> Any:
    """(hash table of the distinct masks in a column, those masks, where each stands first).

    ``ample`` leaves out bases of simple vertices.
    """
    size = 64
    while size < 2 * bases.shape[0]:
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    masks, first = np.empty((bases.shape[0], 1), dtype=np.uint64), np.empty(bases.shape[0], dtype=np.int64)
    count = 0
    for position in range(bases.shape[0]):
        if ample and bases[position, VERTEX] == bases[position, KEY]:
            continue
        slot = find_slot(table, masks, bases[position, column])
        if table[slot] < 0:
            masks[count, KEY], first[count] = bases[position, column], position
            table[slot] = count
            count += 1
    return table, masks[:count], first[:count]


@compiled
def _with_pair(pairs: NDArray[np.int64], count: int, x: int, y: int) -> NDArray[np.int64]:
    if count == pairs.shape[0]:
        pairs = longer(pairs)
    pairs[count, 0], pairs[count, 1] = x, y
    return pairs


@compiled
def _pairs(rows: NDArray[np.uint64], columns: NDArray[np.uint64], m: int, n: int) -> Any:
    """(pairs of vertices that cover all labels, pairs of bases that do), as positions in ``rows`` and ``columns``.

    Column masks come in their own numbering. The first basis is the origin, which is no strategy.

    A vertex is simple if it has as few zero variables as it can. A simple vertex has no label to spare: it goes with
    the one that has exactly the missing labels, if that is simple too, and else with vertices that have surplus labels,
    of which there are few unless the game is very degenerate.
    """
    everything = (np.uint64(1) << np.uint64(m + n)) - np.uint64(1)
    turned = np.empty_like(columns)
    for y in range(columns.shape[0]):
        turned[y, KEY] = _swapped(columns[y, KEY], n, m)
        turned[y, VERTEX] = _swapped(columns[y, VERTEX], n, m)
    table, keys, _ = _distinct(turned, KEY, False)
    _, masks_x, first_x = _distinct(rows, VERTEX, True)
    _, masks_y, first_y = _distinct(turned, VERTEX, True)
    pairs, splits = np.empty((16, 2), dtype=np.int64), np.empty((16, 2), dtype=np.int64)
    count, parts = 0, 0
    for x in range(1, rows.shape[0]):
        missing, is_simple = everything & ~rows[x, KEY], rows[x, VERTEX] == rows[x, KEY]
        y = table[find_slot(table, keys, missing)]
        if y > 0:
            splits = _with_pair(splits, parts, x, y)
            parts += 1
            if is_simple and turned[y, VERTEX] == turned[y, KEY]:
                pairs = _with_pair(pairs, count, x, y)
                count += 1
        if is_simple:
            for k in range(first_y.size):
                if missing & ~masks_y[k, 0] == 0:
                    pairs = _with_pair(pairs, count, x, first_y[k])
                    count += 1
    for h in range(first_x.size):
        missing = everything & ~masks_x[h, 0]
        for y in range(1, turned.shape[0]):
            if missing & ~turned[y, KEY] == 0 and turned[y, VERTEX] == turned[y, KEY]:
                pairs = _with_pair(pairs, count, first_x[h], y)
                count += 1
        for k in range(first_y.size):
            if missing & ~masks_y[k, 0] == 0:
                pairs = _with_pair(pairs, count, first_x[h], first_y[k])
                count += 1
    return pairs[:count], splits[:parts]


def certified_pairs(
    A: IntegerMatrix, B: IntegerMatrix, seconds: float = inf
) -> tuple[Pairs, tuple[dict[int, int], dict[int, int]]] | None:
    """The equilibria of a game in positive integers, and for each player a basis of every vertex in extreme ones.

    None if floating point cannot prove them, or not in about ``seconds``.

    >>> pairs, bases = certified_pairs([[3, 1], [1, 2]], [[2, 1], [1, 3]])
    >>> pairs.extreme
    [(6, 6), (9, 9), (12, 12)]
    """
    rows = certified_bases([list(column) for column in zip(*B, strict=True)], seconds / 2)
    columns = None if rows is None else certified_bases(A, seconds / 2)
    if rows is None or columns is None:
        return None
    pairs, splits = _pairs(rows, columns, len(A), len(A[0]))
    x, y = rows[pairs[:, 0]].tolist(), columns[pairs[:, 1]].tolist()
    split_x, split_y = rows[splits[:, 0]].tolist(), columns[splits[:, 1]].tolist()
    return Pairs(
        [(a[VERTEX], b[VERTEX]) for a, b in zip(x, y, strict=True)],
        [((a[KEY], b[KEY]), (a[VERTEX], b[VERTEX])) for a, b in zip(split_x, split_y, strict=True)],
    ), ({a[VERTEX]: a[KEY] for a in x}, {b[VERTEX]: b[KEY] for b in y})


def _exact_zeros(matrix: IntegerMatrix, nonbasic: int, doubtful: int) -> int | None:
    """The mask of those doubtful basic variables that are exactly zero; None if one is negative.

    All coordinates are looked at: if z ≥ 0 exactly, a positive affine map of the payoffs scales z by a positive factor.
    """
    d = len(matrix[0])
    basic, numerators, denominator = solve_basis(matrix, nonbasic)
    if any(x < 0 for x in numerators):
        return None
    zeros = 0
    for v in range(d + len(matrix)):
        if not doubtful >> v & 1:
            continue
        if v < d:
            value = numerators[basic.index(v)]
        else:
            row = matrix[v - d]
            value = denominator - sum(row[b] * x for b, x in zip(basic, numerators, strict=True))
        if value < 0:
            return None
        if value == 0:
            zeros |= 1 << v
    return zeros
