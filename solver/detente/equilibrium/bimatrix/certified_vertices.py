"""All vertices of a best-response polytope, degenerate or not, enumerated in floating point and proven exactly.

The right-hand sides of {z ≥ 0, M z ≤ 1} are perturbed to 1 + εᵢ, with small generic εᵢ that are exact in floating
point. The search of :mod:`detente.equilibrium.bimatrix.basis_search` finds all bases of the perturbed polytope, with
proof. At every one of them the unperturbed solution must be non-negative. Where the error bound leaves in doubt
whether an entry is zero, integrality often decides: with integer payoffs an entry that is not zero is at least 1/D for
a determinant D, which Hadamard's inequality bounds. What is left is decided in integers. Feasibility is linear in the
right-hand side, so such a basis is feasible for every smaller perturbation as well: the bases found are those of the
infinitesimally perturbed polytope, and every vertex of the polytope itself has one of them. If a certificate fails,
the answer is withdrawn as a whole, and the caller turns to enumeration in integers.

The floats and the integers may differ by a positive affine map of the payoffs: which actions are unplayed and which are
best replies at a vertex, and the sign of every slack there, do not depend on it.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from random import Random
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.basis_search import (
    DOUBTS,
    KEY,
    MAX_VARIABLES,
    PROVEN,
    ZEROS,
    compiled,
    new_space,
    normalise,
    search_bases,
)
from detente.equilibrium.bimatrix.vertices import IntegerMatrix, Polytope

# Large against rounding errors, small against most values at vertices; 2⁻¹⁶ times it is still exact beside 1.
PERTURBATION = 2.0**-30
# Integers up to this need no normalising: the numbers at vertices differ little enough in size.
SMALL_PAYOFF = 1000
# Pessimistic speed of the search in units of k (k + d), to keep within a budget of seconds
OPERATIONS_PER_SECOND = 5e7


@compiled
def _all_bases(payoffs: NDArray[np.float64], right: NDArray[np.float64], scale: float, least: float, most: int) -> Any:
    """``scale`` is a power of two by which payoffs are divided, or 0 to have them normalised."""
    M: Any = np.empty(payoffs.shape)
    k, d = M.shape
    if scale > 0.0:
        M[:] = payoffs / scale
        inexact = 0.0
    else:
        inexact = normalise(payoffs, np.arange(k), np.arange(d), M)
    status, count, space = search_bases(M, right, inexact, least, most, new_space(d, k, 2))
    return status, space.bases[:count]


@compiled
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
    if k + d > MAX_VARIABLES:
        return None
    try:
        payoffs = np.array([[float(x) for x in row] for row in matrix])
    except OverflowError:
        return None
    most = int(min(2**62, seconds * OPERATIONS_PER_SECOND / (k * (k + d))))
    top = int(payoffs.max())
    scale = 2.0 ** top.bit_length() if top <= SMALL_PAYOFF else 0.0
    # 1 over Hadamard's bound; coordinates are larger by the factor of the scale.
    q = min(k, d)
    least = 0.99 / (float(top) ** q * float(q) ** (q / 2)) if scale else 0.0
    status, found = _all_bases(payoffs, _right_hand_sides(k), scale, least, most)
    if status != PROVEN:
        return None
    bases = dict(zip(found[:, KEY].tolist(), (found[:, KEY] | found[:, ZEROS]).tolist(), strict=True))
    for key, doubtful in found[found[:, DOUBTS] > 0][:, [KEY, DOUBTS]].tolist():
        zeros = _exact_zeros(matrix, key, doubtful)
        if zeros is None:
            return None
        bases[key] |= zeros
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
    """The mask of those doubtful basic variables that are exactly zero; None if one is negative.

    All coordinates are looked at: if z ≥ 0 exactly, a positive affine map of the payoffs scales z by a positive factor.
    """
    d = len(matrix[0])
    basic, numerators, denominator = _solve(matrix, nonbasic)
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
    """1 + εᵢ, generic but always the same, and 1."""
    draw = Random(1).random
    parts = np.array([round((0.5 + draw()) * 2**16) * 2.0**-16 for _ in range(k)])
    return np.array([1.0 + PERTURBATION * parts, np.ones(k)])
