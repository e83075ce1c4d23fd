"""A search over all bases of a best-response polytope, in floating point, every basis proven.

The polytope is {z ≥ 0, M z ≤ b} with positive M and b of order 1, d coordinates and k constraints; it is bounded, and
its graph is connected. A breadth-first search from the origin pivots full tableaus (so paths are short and errors
small). What it visits is believed only with a proof:

1. At every basis the basic solution is certified to be strictly positive. With C ≈ B⁻¹ from the tableau and
   α = ‖I − C B‖∞ < 1, the computed x̃ errs in no entry by more than ‖C‖∞ (‖b − B x̃‖∞ + rounding) / (1 − α) (Rump
   2010, *Acta Numerica* 19, section 10; Higham 2002, *Accuracy and Stability of Numerical Algorithms*, chapter 3).
2. α is carried along. A pivot multiplies C by an elementary matrix E, whose column comes from the tableau's entering
   column t, so α' ≤ ‖E‖ (α + ‖t − C a‖) + ‖rounding of E C‖ ‖B'‖, where a is the entering column of M. Where that bound
   has grown too large, I − C B itself is formed and bounded.
3. A certified basis that a pivot leads to is *the* neighbour across that edge, for a positive one is unique. So once
   the search closes, its bases are closed under adjacency in a connected graph: they are all bases.

``right`` may carry further right-hand sides. Basic solutions for those must only be non-negative; which entries the
bound leaves in doubt is reported. Entries of M may be rounded: their relative error is part of every bound.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

PROVEN, DOUBTFUL, TOO_MANY = 0, 1, 2
# Unit roundoff with room for the handful of operations that a bound does not count one by one
UNIT = 1.2e-16
# Payoffs are mapped to [LEAST, 1 + LEAST]; any positive number would do.
LEAST = 0.125
# Bit masks of variables are 64-bit.
MAX_VARIABLES = 62
# A bound on ‖I − C B‖ above this is formed anew.
TRUSTED = 2.0**-7
# Basic solutions of further right-hand sides that are more negative than this are not worth a bound.
NEGLIGIBLE = 2.0**-20
# No coordinate and no slack is as large as this.
LARGE = 1e9
# Tableaus that wait for their turn may take so many bytes.
MEMORY = 1_000_000_000

# A division by zero gives an infinity or NaN, which no comparison below mistakes for a proof.
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


# What is known of a basis, in the order of discovery: the mask of its nonbasic variables, that of basic variables which
# further right-hand sides may make zero, that of nonbasic variables whose edges have been followed from the other end,
# and the place of its tableau. A basis that has been visited gives up its place.
KEY, DOUBTS, KNOWN, PLACE = 0, 1, 2, 3


class Space(NamedTuple):
    """Memory for a search, to be used again by the next. Variable v < d is coordinate v, variable d + j slack j."""

    bases: NDArray[np.uint64]  # (basis, KEY … PLACE)
    table: NDArray[np.int64]  # open addressing: key → basis
    tableaus: NDArray[np.float64]  # (place, column, row); the columns after the first d are the basic solutions
    variables: NDArray[np.int64]  # (place, the d nonbasic ones by column, then the k basic ones by row)
    alphas: NDArray[np.float64]  # (place,)


@compiled
def new_space(d: int, k: int, sides: int) -> Space:
    """Memory for a search among few bases; it grows as needed."""
    return Space(
        np.empty((32, 4), dtype=np.uint64),
        np.empty(128, dtype=np.int64),
        np.empty((32, d + sides, k)),
        np.empty((32, d + k), dtype=np.int64),
        np.empty(32),
    )


@compiled
def longer(values: Any) -> Any:
    """An array with twice as many rows, the first half filled."""
    result = np.empty((2 * values.shape[0], values.shape[1]), dtype=values.dtype)
    result[: values.shape[0]] = values
    return result


@compiled
def _with_more_places(space: Space) -> Space:
    old, width, k = space.tableaus.shape
    tableaus, alphas = np.empty((2 * old, width, k)), np.empty(2 * old)
    tableaus[:old], alphas[:old] = space.tableaus, space.alphas
    return Space(space.bases, space.table, tableaus, longer(space.variables), alphas)


@compiled
def _rehashed(table: NDArray[np.int64], bases: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    bigger = np.full(4 * table.size, -1, dtype=np.int64)
    for basis in range(count):
        bigger[_find(bigger, bases, bases[basis, KEY])] = basis
    return bigger


@compiled
def _find(table: NDArray[np.int64], bases: NDArray[np.uint64], key: np.uint64) -> int:
    """The slot of ``key`` in the table, or the empty slot where it belongs."""
    h = key * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64((h ^ (h >> np.uint64(29))) & np.uint64(table.size - 1))
    while table[slot] >= 0 and bases[table[slot], KEY] != key:
        slot = (slot + 1) & (table.size - 1)
    return int(slot)


@compiled
def normalise(payoffs: Any, out: NDArray[np.float64]) -> float:
    """Payoffs mapped to [LEAST, 1 + LEAST] (or all to 1), into ``out``; a bound on their relative errors."""
    low, high = np.inf, -np.inf
    for i in range(payoffs.shape[0]):
        for j in range(payoffs.shape[1]):
            low, high = min(low, payoffs[i, j]), max(high, payoffs[i, j])
    spread = high - low
    if spread == 0.0:
        out[:] = 1.0
        return 4.0 * UNIT
    # A subnormal number has lost digits; a spread that overflows is no number.
    if not 1e-290 < spread < 1e300:
        return np.inf
    for i in range(payoffs.shape[0]):
        for j in range(payoffs.shape[1]):
            out[i, j] = (payoffs[i, j] - low) / spread + LEAST
    return 4.0 * UNIT * (1.0 + max(abs(low), abs(high)) / spread) / LEAST


# Below, ``tableaus[p]`` and ``variables[p]`` are spelt out in every loop: a view costs two reference counts.


@compiled
def _norm_of_inverse(tableaus: NDArray[np.float64], variables: NDArray[np.int64], p: int, d: int, sums: Any) -> float:
    """‖C‖∞. Columns of nonbasic slacks are columns of C; the column of a basic slack is a unit vector."""
    k = tableaus.shape[2]
    for i in range(k):
        sums[i] = 1.0 if variables[p, d + i] >= d else 0.0
    for c in range(d):
        if variables[p, c] >= d:
            for i in range(k):
                sums[i] += abs(tableaus[p, c, i])
    norm, total = 0.0, 0.0
    for i in range(k):
        norm = max(norm, sums[i])
        total += sums[i]
    return norm if total < np.inf else np.inf  # a maximum may miss a NaN, a sum does not


@compiled
def _residual(
    columns: NDArray[np.float64],
    right: NDArray[np.float64],
    s: int,
    rounding: float,
    tableaus: NDArray[np.float64],
    variables: NDArray[np.int64],
    p: int,
    defect: NDArray[np.float64],
) -> float:
    """‖b − B x̃‖∞ and its rounding error, for right-hand side s.

    The solution must be non-negative but for NEGLIGIBLE: then an entry's sum of absolute values is at most
    3 b + |residual|.
    """
    d, k = columns.shape
    for i in range(k):
        defect[i] = right[s, i]
    for row in range(k):
        v, x = variables[p, d + row], tableaus[p, d + s, row]
        if v >= d:
            defect[v - d] -= x
        else:
            for i in range(k):
                defect[i] -= columns[v, i] * x
    worst = 0.0
    for i in range(k):
        worst = max(worst, abs(defect[i]) * (1.0 + 1e-8) + 3.0 * rounding * right[s, i])
    return worst


@compiled
def _product(
    columns: NDArray[np.float64],
    v: int,
    tableaus: NDArray[np.float64],
    variables: NDArray[np.int64],
    p: int,
    out: NDArray[np.float64],
) -> None:
    """C a, for column a = ``columns[v]`` of M."""
    d, k = columns.shape
    for i in range(k):
        slack = variables[p, d + i] - d
        out[i] = columns[v, slack] if slack >= 0 else 0.0
    for c in range(d):
        slack = variables[p, c] - d
        if slack >= 0:
            entry = columns[v, slack]
            for i in range(k):
                out[i] += tableaus[p, c, i] * entry


@compiled
def _departure_from_inverse(
    columns: NDArray[np.float64], tableaus: NDArray[np.float64], variables: NDArray[np.int64], p: int, work: Any
) -> float:
    """‖I − C B‖∞ but for rounding; the column of a basic slack in C B is a unit vector exactly."""
    d, k = columns.shape
    sums, product = work[0], work[1]
    sums[:] = 0.0
    for row in range(k):
        if variables[p, d + row] < d:
            _product(columns, variables[p, d + row], tableaus, variables, p, product)
            product[row] -= 1.0
            for i in range(k):
                sums[i] += abs(product[i])
    return float(np.max(sums))


@compiled
def _pivot(tableaus: NDArray[np.float64], p: int, entering: int, leaving: int, q: int) -> float:
    """The tableau at place p after one exchange, put at place q; the norm ‖E‖∞ of the elementary matrix."""
    _, width, k = tableaus.shape
    reciprocal = 1.0 / tableaus[p, entering, leaving]
    for c in range(width):
        ratio = tableaus[p, c, leaving] * reciprocal
        for i in range(k):
            tableaus[q, c, i] = tableaus[p, c, i] - tableaus[p, entering, i] * ratio
        tableaus[q, c, leaving] = ratio
    steepest = 0.0
    for i in range(k):
        factor = -tableaus[p, entering, i] * reciprocal
        tableaus[q, entering, i] = factor
        steepest = max(steepest, abs(factor))
    tableaus[q, entering, leaving] = reciprocal
    return max(1.0 + steepest, reciprocal)


@compiled
def search_bases(M: NDArray[np.float64], right: NDArray[np.float64], inexact: float, most: int, space: Space) -> Any:
    """(status, number of bases, space with them, the origin first).

    ``right`` has one right-hand side a row; ``inexact`` bounds the relative error of the entries of ``M``. Unless the
    status is PROVEN, the rest is of no use.
    """
    k, d = M.shape
    sides = right.shape[0]
    one = np.uint64(1)
    rounding = (k + 4) * UNIT + inexact
    memory = np.empty((d + 4, k))
    columns, work, vector, reciprocal = memory[:d], memory[d : d + 2], memory[d + 2], memory[d + 3]
    errors = np.empty(sides)
    largest = 0.0
    for v in range(d):
        for i in range(k):
            columns[v, i] = M[i, v]
            largest = max(largest, M[i, v])
    largest *= min(k, d)  # bounds the row sums of the columns of M in a basis
    # Local names, because an attribute of a tuple costs two reference counts as well
    bases, table, tableaus, variables, alphas = space
    # Places after ``used`` are free, and so are those on a list: each names the next in its first variable.
    used, free = 0, -1
    table[:] = -1
    for v in range(d + k):
        variables[0, v] = v
    tableaus[0, :d] = columns
    tableaus[0, d:] = right
    bases[0, KEY], bases[0, KNOWN], bases[0, PLACE] = (one << np.uint64(d)) - one, 0, 0
    alphas[0] = 0.0
    table[_find(table, bases, bases[0, KEY])] = 0
    status, count, at = PROVEN, 1, 0
    while at < count and status == PROVEN:
        here = int(np.int64(bases[at, PLACE]))
        for i in range(k):
            reciprocal[i] = 1.0 / tableaus[here, d, i]
            for s in range(sides):
                x = tableaus[here, d + s, i]
                if not (x > (0.0 if s == 0 else -NEGLIGIBLE / (1.0 + largest)) and x < LARGE):
                    status = DOUBTFUL
        norm = _norm_of_inverse(tableaus, variables, here, d, vector)
        alpha = alphas[here]
        if alpha > TRUSTED:
            alpha = _departure_from_inverse(columns, tableaus, variables, here, work)
            alpha += rounding * (1.0 + largest * norm)
        safety = alpha + inexact * largest * norm
        if not safety < 0.5:
            status = DOUBTFUL
        safety = norm * (1.0 + 1e-8) / (1.0 - safety)
        for s in range(sides):
            errors[s] = safety * _residual(columns, right, s, rounding, tableaus, variables, here, vector)
        doubtful = np.uint64(0)
        for i in range(k):
            if not tableaus[here, d, i] > errors[0]:
                status = DOUBTFUL
            for s in range(1, sides):
                if tableaus[here, d + s, i] < -errors[s]:
                    status = DOUBTFUL
                if not tableaus[here, d + s, i] > errors[s]:
                    doubtful |= one << np.uint64(variables[here, d + i])
        bases[at, DOUBTS] = doubtful
        if status != PROVEN:
            break
        for c in range(d):
            enters = variables[here, c]
            if bases[at, KNOWN] >> np.uint64(enters) & one:
                continue
            leaving, best = -1, 0.0
            for i in range(k):
                ratio = tableaus[here, c, i] * reciprocal[i]
                if ratio > best:
                    leaving, best = i, ratio
            if leaving < 0:
                status = DOUBTFUL
                break
            leaves = variables[here, d + leaving]
            key = bases[at, KEY] ^ one << np.uint64(enters) ^ one << np.uint64(leaves)
            slot = _find(table, bases, key)
            if table[slot] >= 0:
                bases[table[slot], KNOWN] |= one << np.uint64(leaves)
                continue
            if count == most:
                status = TOO_MANY
                break
            if count == bases.shape[0]:
                bases = longer(bases)
            if free >= 0:
                there = free
                free = int(variables[there, 0])
            else:
                used += 1
                there = used
                if used == alphas.size and tableaus.size * 16 > MEMORY:
                    status = TOO_MANY
                    break
                if used == alphas.size:
                    _, _, tableaus, variables, alphas = _with_more_places(
                        Space(bases, table, tableaus, variables, alphas)
                    )
            bases[count, KEY], bases[count, KNOWN], bases[count, PLACE] = key, one << np.uint64(leaves), there
            table[slot] = count
            count += 1
            growth = _pivot(tableaus, here, c, leaving, there)
            gap = 8.0 * UNIT * norm * (1.0 + largest)
            if enters < d:
                _product(columns, enters, tableaus, variables, here, vector)
                difference = 0.0
                for i in range(k):
                    difference = max(difference, abs(vector[i] - tableaus[here, c, i]))
                gap += difference + rounding * (1.0 + largest) * norm
            alphas[there] = growth * (alpha + gap) * (1.0 + 1e-8)
            for v in range(d + k):
                variables[there, v] = variables[here, v]
            variables[there, d + leaving], variables[there, c] = enters, leaves
            if 2 * count > table.size:
                table = _rehashed(table, bases, count)
        variables[here, 0] = free
        free = here
        at += 1
    return status, count, Space(bases, table, tableaus, variables, alphas)
