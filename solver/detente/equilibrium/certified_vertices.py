"""All vertices of a best-response polytope, enumerated in floating point and proven exactly.

The polytope {z ≥ 0, M z ≤ 1} has positive integer M, exact in floating point. The right-hand sides are perturbed to
1 + εᵢ, with small generic εᵢ that are exact in floating point too. A breadth-first search from the origin over the
bases of the perturbed polytope pivots in floats; its paths are short, so errors stay small. Nothing it finds is
believed until proven:

1. At every basis the perturbed basic solution is certified to be strictly positive. With C ≈ B⁻¹ from the tableau and
   α = ‖I − C B‖ < 1, the computed x̃ errs by at most ‖|C| (|b − B x̃| + rounding)‖ / (1 − α) in every entry (Rump
   2010, *Acta Numerica* 19, section 10; Higham 2002, *Accuracy and Stability of Numerical Algorithms*, chapter 3).
2. A certified basis that a pivot leads to is *the* neighbour, for a positive one is unique. So once the search closes,
   its bases are closed under adjacency in a connected graph: they are all bases of the perturbed polytope.
3. At every basis the unperturbed solution must be non-negative. Entries whose sign the same bound leaves in doubt are
   decided in integers; exact zeros are recorded. Feasibility is linear in the right-hand side, so such a basis is
   feasible for every smaller perturbation as well: the bases found are those of the infinitesimally perturbed polytope,
   and every vertex of the polytope itself has one of them.

If a certificate fails, the answer is withdrawn as a whole, and the caller turns to enumeration in integers.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from typing import Any

import numba
import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from detente.equilibrium.vertices import IntegerMatrix, Polytope

PROVEN, DOUBTFUL, TOO_MANY = 0, 1, 2
# Large against rounding errors, small against most values at vertices; 2⁻¹⁶ times it is still exact beside 1.
PERTURBATION = 2.0**-30
# Unit roundoff with room for the handful of operations that a bound does not count one by one
UNIT = 1.2e-16
# Bit masks of labels are 64-bit.
MAX_LABELS = 62
# Integers below this are exact in floating point, as are their products with the perturbations' few digits.
LARGEST_EXACT = 2**45
# A basis keeps its tableau until the end: this many bytes of them, at the most.
MEMORY = 1_000_000_000
# Pessimistic speed of the search, to keep within a budget of seconds.
OPERATIONS_PER_SECOND = 2e8


@numba.njit(cache=True, nogil=True)
def _find(table: NDArray[np.int64], keys: NDArray[np.uint64], key: np.uint64) -> int:
    """The slot of ``key`` in an open-addressing table of positions, or the empty slot where it belongs."""
    size = np.uint64(table.size - 1)
    h = key * np.uint64(0x9E3779B97F4A7C15)
    slot = (h ^ (h >> np.uint64(29))) & size
    while table[np.int64(slot)] >= 0 and keys[table[np.int64(slot)]] != key:
        slot = (slot + np.uint64(1)) & size
    return int(slot)


@numba.njit(cache=True, nogil=True)
def _grown(table: NDArray[np.int64], keys: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    bigger = np.full(table.size * 2, -1, dtype=np.int64)
    for position in range(count):
        bigger[_find(bigger, keys, keys[position])] = position
    return bigger


@numba.njit(cache=True, nogil=True)
def _errors(
    M: NDArray[np.float64],
    right: NDArray[np.float64],
    rows: NDArray[np.float64],
    basic: NDArray[np.int64],
    nonbasic: NDArray[np.int64],
) -> tuple[float, float]:
    """Bounds on the errors of the perturbed and of the unperturbed basic solution; infinite if nothing is proven.

    Variable v < d is coordinate v, variable d + j is slack j. The last two columns of ``rows`` are the two solutions.
    """
    k, d = M.shape
    inverse = np.zeros((k, k))
    for j in range(d):
        if nonbasic[j] >= d:
            inverse[:, nonbasic[j] - d] = rows[:, j]
    for i in range(k):
        if basic[i] >= d:
            inverse[i, basic[i] - d] = 1.0
    gamma = (k + 4) * UNIT
    defect = np.empty((k, 2))
    for i in range(k):
        for c in range(2):
            total = right[i] if c == 0 else 1.0
            absolute = abs(total)
            for b in range(k):
                v = basic[b]
                entry = M[i, v] if v < d else (1.0 if v - d == i else 0.0)
                total -= entry * rows[b, d + c]
                absolute += entry * abs(rows[b, d + c])
            defect[i, c] = abs(total) + gamma * absolute
    alpha, first, second = 0.0, 0.0, 0.0
    for i in range(k):
        row_sum, bound, other = 0.0, 0.0, 0.0
        for j in range(k):
            c = abs(inverse[i, j])
            bound += c * defect[j, 0]
            other += c * defect[j, 1]
        for b in range(k):
            v = basic[b]
            if v >= d:
                continue  # the column of a basic slack in the inverse is a unit vector exactly
            product, absolute = (-1.0 if b == i else 0.0), (1.0 if b == i else 0.0)
            for j in range(k):
                product += inverse[i, j] * M[j, v]
                absolute += abs(inverse[i, j]) * M[j, v]
            row_sum += abs(product) + gamma * absolute
        alpha, first, second = max(alpha, row_sum), max(first, bound), max(second, other)
    if not alpha < 0.5:
        return np.inf, np.inf
    room = (1.0 + 1e-8) / (1.0 - alpha)
    return first * room, second * room


@numba.njit(cache=True, nogil=True)
def _enumerate(M: NDArray[np.float64], right: NDArray[np.float64], most: int) -> Any:
    """(status, nonbasic masks, masks of basic variables whose unperturbed sign is in doubt), the origin first."""
    k, d = M.shape
    width = d + 2
    capacity = 64
    keys = np.empty(capacity, dtype=np.uint64)
    doubts = np.zeros(capacity, dtype=np.uint64)
    tableaus = np.empty((capacity, k, width))
    basics = np.empty((capacity, k), dtype=np.int64)
    nonbasics = np.empty((capacity, d), dtype=np.int64)
    table = np.full(256, -1, dtype=np.int64)
    one = np.uint64(1)
    start = np.uint64(0)
    for j in range(d):
        nonbasics[0, j] = j
        start |= one << np.uint64(j)
    for i in range(k):
        basics[0, i] = d + i
        tableaus[0, i, :d] = M[i]
        tableaus[0, i, d] = right[i]
        tableaus[0, i, d + 1] = 1.0
    keys[0] = start
    table[_find(table, keys, start)] = 0
    count, at = 1, 0
    while at < count:
        rows, basic, nonbasic = tableaus[at], basics[at], nonbasics[at]
        first, second = _errors(M, right, rows, basic, nonbasic)
        for i in range(k):
            if not rows[i, d] > first or rows[i, d + 1] < -second:
                return DOUBTFUL, keys[:0], doubts[:0]
            if not rows[i, d + 1] > second:
                doubts[at] |= one << np.uint64(basic[i])
        for column in range(d):
            leaving, best = -1, np.inf
            for i in range(k):
                if rows[i, column] > 0.0:
                    ratio = rows[i, d] / rows[i, column]
                    if ratio < best:
                        leaving, best = i, ratio
            if leaving < 0:
                return DOUBTFUL, keys[:0], doubts[:0]
            key = keys[at] ^ (one << np.uint64(nonbasic[column])) ^ (one << np.uint64(basic[leaving]))
            slot = _find(table, keys, key)
            if table[slot] >= 0:
                continue
            if count >= most:
                return TOO_MANY, keys[:0], doubts[:0]
            if count == capacity:
                capacity *= 2
                keys = np.concatenate((keys, np.empty_like(keys)))
                doubts = np.concatenate((doubts, np.zeros_like(doubts)))
                tableaus = np.concatenate((tableaus, np.empty_like(tableaus)))
                basics = np.concatenate((basics, np.empty_like(basics)))
                nonbasics = np.concatenate((nonbasics, np.empty_like(nonbasics)))
                rows, basic, nonbasic = tableaus[at], basics[at], nonbasics[at]
            keys[count] = key
            table[slot] = count
            target = tableaus[count]
            pivot = rows[leaving, column]
            for j in range(width):
                target[leaving, j] = rows[leaving, j] / pivot
            target[leaving, column] = 1.0 / pivot
            for i in range(k):
                if i != leaving:
                    factor = rows[i, column]
                    for j in range(width):
                        target[i, j] = rows[i, j] - factor * target[leaving, j]
                    target[i, column] = -factor / pivot
            basics[count], nonbasics[count] = basic, nonbasic
            basics[count, leaving], nonbasics[count, column] = nonbasic[column], basic[leaving]
            count += 1
            if 2 * count > table.size:
                table = _grown(table, keys, count)
        at += 1
    return PROVEN, keys[:count], doubts[:count]


@numba.njit(cache=True, nogil=True)
def _covering(rows: NDArray[np.uint64], columns: NDArray[np.uint64], everything: np.uint64) -> NDArray[np.int64]:
    """Positions (in both lists) of all pairs of vertex masks that cover all labels."""
    found = np.empty((64, 2), dtype=np.int64)
    count = 0
    for i in range(rows.size):
        missing = everything & ~rows[i]
        for j in range(columns.size):
            if columns[j] & missing == missing:
                if count == found.shape[0]:
                    found = np.concatenate((found, np.empty_like(found)))
                found[count, 0], found[count, 1] = i, j
                count += 1
    return found[:count]


def covering_pairs(rows: list[int], columns: list[int], everything: int) -> list[tuple[int, int]]:
    """All pairs (row mask, column mask), in one numbering of the labels, that cover all labels."""
    left, right = np.array(rows, dtype=np.uint64), np.array(columns, dtype=np.uint64)
    return [(rows[i], columns[j]) for i, j in _covering(left, right, np.uint64(everything)).tolist()]


def enumerate_certified(matrix: IntegerMatrix, seconds: float = inf) -> Polytope | None:
    """All vertices of {z ≥ 0, ``matrix`` z ≤ 1}; None if floating point cannot prove them, or not in about ``seconds``.

    >>> found = enumerate_certified([[2, 1], [1, 2]])
    >>> sorted(found.coordinates(mask) for mask in found.vertices)
    [(0, 1), (1, 0), (1, 1)]
    """
    k, d = len(matrix), len(matrix[0])
    if k + d > MAX_LABELS or max(map(max, matrix)) >= LARGEST_EXACT:
        return None
    most = int(min(MEMORY / (8 * k * (d + 2)), seconds * OPERATIONS_PER_SECOND / (k * (k + d) * (d + 2))))
    status, keys, doubts = _enumerate(np.array(matrix, dtype=np.float64), _right_hand_sides(k), most)
    if status != PROVEN:
        return None
    bases = dict(zip(keys.tolist(), keys.tolist(), strict=True))
    for position in np.flatnonzero(doubts).tolist():
        zeros = _exact_zeros(matrix, int(keys[position]), int(doubts[position]))
        if zeros is None:
            return None
        bases[int(keys[position])] |= zeros
    basis_of = {vertex: basis for basis, vertex in bases.items()}
    return Polytope(
        vertices=[mask for mask in basis_of if mask & ((1 << d) - 1) != (1 << d) - 1],
        bases=bases,
        coordinates=lru_cache(maxsize=None)(lambda mask: exact_coordinates(matrix, basis_of[mask])),
        complete=True,
    )


def exact_coordinates(matrix: IntegerMatrix, nonbasic: int) -> tuple[int, ...]:
    """The coordinates of a basis, up to a positive factor, in integers."""
    d = len(matrix[0])
    basic, numerators, _ = _solve(matrix, nonbasic)
    point = [0] * d
    for v, x in zip(basic, numerators, strict=True):
        point[v] = x
    return tuple(point)


def _exact_zeros(matrix: IntegerMatrix, nonbasic: int, doubtful: int) -> int | None:
    """The mask of those doubtful basic variables that are exactly zero; None if one is negative."""
    d = len(matrix[0])
    basic, numerators, denominator = _solve(matrix, nonbasic)
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


def _solve(matrix: IntegerMatrix, nonbasic: int) -> tuple[list[int], list[int], int]:
    """The basic coordinates and their exact values, numerators over one positive denominator."""
    k, d = len(matrix), len(matrix[0])
    basic = [v for v in range(d) if not nonbasic >> v & 1]
    tight = [j for j in range(k) if nonbasic >> (d + j) & 1]
    if not basic:
        return [], [], 1
    system = fmpz_mat([[matrix[j][v] for v in basic] for j in tight])
    solution: Any = system.solve(fmpz_mat([[1]] * len(tight)))
    numerators, denominator = solution.numer_denom()
    return basic, [int(numerators[i, 0]) for i in range(len(basic))], int(denominator)


def _right_hand_sides(k: int) -> NDArray[np.float64]:
    """1 + εᵢ, generic but always the same: fractional parts of multiples of the golden section."""
    parts = np.round((0.5 + np.modf(0.6180339887498949 * np.arange(1, k + 1))[0]) * 2.0**16) * 2.0**-16
    return np.asarray(1.0 + PERTURBATION * parts)
