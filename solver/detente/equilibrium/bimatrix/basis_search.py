"""A search over all bases of a best-response polytope, in floating point, every basis proven.

The polytope is {z ≥ 0, M z ≤ b} with positive M and b of order 1, d coordinates and k constraints; it is bounded, and
its graph is connected. A breadth-first search from the origin pivots full tableaus (so paths are short and errors
small). What it visits is believed only with a proof:

1. Let C be the matrix that the tableau's slack columns make up, an approximate inverse of the basis B. One number ω
   bounds how far the rest of the tableau is from C times what it stands for: ‖t − C a‖∞ ≤ ω for every coordinate's
   column t of the tableau (a unit vector, if basic) and its column a of M, and for the computed solution x̃ and b. An
   exact pivot multiplies C and all of these columns by one elementary matrix E, so ω grows by no more than the factor
   ‖E‖∞, but for rounding, which is bounded as usual (Higham 2002, *Accuracy and Stability of Numerical Algorithms*,
   chapter 3).
2. If q coordinates are basic, and none is beyond X in x̃, the exact solution x differs from x̃ in no entry by more than
   (q ω X + ω) / (1 − q ω): from C B x = C b follows x − x̃ = (I − C B) x + (C b − x̃), and I − C B has q columns that are
   not zero. By this bound, x must be strictly positive. Where ω has grown too large for that, all t − C a are formed
   and ω is set anew.
3. A certified basis that a pivot leads to is *the* neighbour across that edge, for a positive one is unique. So once
   the search closes, its bases are closed under adjacency in a connected graph: they are all bases.

``right`` may carry further right-hand sides. Basic solutions for those must only be non-negative; which entries the
bound leaves in doubt is reported. Entries of M may be rounded: their relative error is part of every bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numba.core.options import DefaultOptions
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

PROVEN, DOUBTFUL, TOO_MANY, MORE_SPACE = 0, 1, 2, 3
# Unit roundoff with room for the handful of operations that a bound does not count one by one
UNIT = 1.2e-16
# Payoffs are mapped to [LEAST, 1 + LEAST]; any positive number would do.
LEAST = 0.125
# Bit masks of variables are 64-bit.
MAX_VARIABLES = 62
# A bound q ω above this is formed anew.
TRUSTED = 2.0**-20
# No coordinate, no slack and no norm of an inverse is as large as this.
LARGE = 1e9
# Tableaus that wait for their turn may take so many bytes.
MEMORY = 1_000_000_000

# A division by zero gives an infinity or NaN, which no comparison below mistakes for a proof. A function's cache is
# renewed when its own file changes, not when one does that it calls: that is what `make clean-kernels` is for.
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


def counting_nothing(function: Function) -> Function:
    """Compile a function that makes no arrays: without reference counts, which cost more than its arithmetic.

    The option is numba's own for functions that run without its runtime; where it is unknown, they are only slower.
    """
    options: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
    made: Function = numba.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    return made


# What is known of a basis, in the order of discovery: the mask of its nonbasic variables, that of basic variables which
# further right-hand sides may make zero, that of those which they do make zero, that of nonbasic variables whose edges
# have been followed from the other end, and the place of its tableau. A basis that has been visited gives up its place.
KEY, DOUBTS, ZEROS, KNOWN, PLACE = 0, 1, 2, 3, 4
# What is known of a tableau: ω, and a bound on ‖C‖∞ that is at least 1.
OMEGA, NORM = 0, 1
# How far a search is: the next basis to visit, the number of bases, the last place used, the first that is free again
AT, COUNT, USED, FREE = 0, 1, 2, 3


class Space(NamedTuple):
    """Memory for a search, to be used again by the next, among no larger tableaus.

    Variable v < d is coordinate v, variable d + j slack j.
    """

    bases: NDArray[np.uint64]  # (basis, KEY … PLACE)
    table: NDArray[np.int64]  # open addressing: key → basis
    tableaus: NDArray[np.float64]  # (place, column, row); the columns after the first d are the basic solutions
    variables: NDArray[np.int64]  # (place, the d nonbasic ones by column, then the k basic ones by row)
    bounds: NDArray[np.float64]  # (place, OMEGA, NORM)


@compiled
def new_space(d: int, k: int, sides: int) -> Space:
    """Memory for a search among as many bases as random polytopes tend to have; it grows as needed."""
    places = 1 << max(5, min(min(d, k), 13) - 1)
    return Space(
        np.empty((2 * places, 5), dtype=np.uint64),
        np.empty(8 * places, dtype=np.int64),
        np.empty((places, d + sides, k)),
        np.empty((places, d + k), dtype=np.int64),
        np.empty((places, 2)),
    )


@compiled
def longer(values: Any) -> Any:
    """An array with twice as many rows, the first half filled."""
    rows, width = values.shape
    result = np.empty((2 * rows, width), dtype=values.dtype)
    for row in range(rows):  # assigning a slice would take numba a second longer to compile
        for c in range(width):
            result[row, c] = values[row, c]
    return result


@compiled
def _with_more_places(tableaus: NDArray[np.float64]) -> NDArray[np.float64]:
    old, width, k = tableaus.shape
    result = np.empty((2 * old, width, k))
    for p in range(old):
        for c in range(width):
            for i in range(k):
                result[p, c, i] = tableaus[p, c, i]
    return result


@compiled
def _rehashed(table: NDArray[np.int64], bases: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    bigger = np.full(4 * table.size, -1, dtype=np.int64)
    for basis in range(count):
        bigger[find_slot(bigger, bases, bases[basis, KEY])] = basis
    return bigger


@counting_nothing
def find_slot(table: NDArray[np.int64], bases: NDArray[np.uint64], key: np.uint64) -> int:
    """The slot of ``key`` in the table, or the empty slot where it belongs."""
    h = key * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64((h ^ (h >> np.uint64(29))) & np.uint64(table.size - 1))
    while table[slot] >= 0 and bases[table[slot], KEY] != key:
        slot = (slot + 1) & (table.size - 1)
    return int(slot)


@counting_nothing
def normalise(payoffs: Any, rows: NDArray[np.int64], columns: NDArray[np.int64], out: NDArray[np.float64]) -> float:
    """These payoffs mapped into [LEAST, 1 + LEAST] (or all to 1), into ``out``; a bound on their relative errors.

    Integers whose range is below 2⁴⁹ are not rounded at all.
    """
    low, high = np.inf, -np.inf
    for i in rows:
        for j in columns:
            low, high = min(low, payoffs[i, j]), max(high, payoffs[i, j])
    spread = high - low
    if spread == 0.0:
        out[:] = 1.0
        return 4.0 * UNIT
    # A subnormal number has lost digits; a spread that overflows is no number.
    if not 1e-290 < spread < 1e300:
        return np.inf
    # By a power of two, which rounds nothing
    unit = math.ldexp(1.0, -math.frexp(spread)[1])
    for i in range(rows.size):
        for j in range(columns.size):
            out[i, j] = (payoffs[rows[i], columns[j]] - low) * unit + LEAST
    return 4.0 * UNIT * (1.0 + max(abs(low), abs(high)) / spread) / LEAST


@counting_nothing
def _norm_of_inverse(tableaus: NDArray[np.float64], variables: NDArray[np.int64], p: int, d: int, sums: Any) -> float:
    """‖C‖∞. Columns of nonbasic slacks are columns of C; the column of a basic slack is a unit vector."""
    k = sums.size
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


@counting_nothing
def _largest_error(
    columns: NDArray[np.float64],
    right: NDArray[np.float64],
    rounding: float,
    tableaus: NDArray[np.float64],
    variables: NDArray[np.int64],
    p: int,
    product: NDArray[np.float64],
) -> float:
    """max ‖t − C a‖∞ over all coordinates and right-hand sides, but for rounding of at most ``rounding`` ‖C‖ ‖a‖."""
    d, k = columns.shape
    worst, total = 0.0, 0.0
    for position in range(d + k):
        v = variables[p, position]
        if v < d:
            _multiply(columns, v, tableaus, variables, p, d, product)
            for i in range(k):
                entry = tableaus[p, position, i] if position < d else (1.0 if position == d + i else 0.0)
                worst = max(worst, abs(entry - product[i]))
                total += abs(entry - product[i])
    for s in range(right.shape[0]):
        _multiply(right, s, tableaus, variables, p, d, product)
        for i in range(k):
            worst = max(worst, abs(tableaus[p, d + s, i] - product[i]))
            total += abs(tableaus[p, d + s, i] - product[i])
    return worst if total < np.inf else np.inf  # a maximum may miss a NaN, a sum does not


@counting_nothing
def _multiply(
    vectors: NDArray[np.float64],
    v: int,
    tableaus: NDArray[np.float64],
    variables: NDArray[np.int64],
    p: int,
    d: int,
    out: NDArray[np.float64],
) -> None:
    """C times ``vectors[v]``."""
    k = out.size
    for i in range(k):
        slack = variables[p, d + i] - d
        out[i] = vectors[v, slack] if slack >= 0 else 0.0
    for c in range(d):
        slack = variables[p, c] - d
        if slack >= 0:
            entry = vectors[v, slack]
            for i in range(k):
                out[i] += tableaus[p, c, i] * entry


@counting_nothing
def _pivot(tableaus: NDArray[np.float64], p: int, width: int, k: int, entering: int, leaving: int, q: int) -> float:
    """The tableau at place p after one exchange, put at place q; the norm ‖E‖∞ of the elementary matrix."""
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
    return float(max(1.0 + steepest, reciprocal))


@compiled
def search_bases(
    M: NDArray[np.float64],
    right: NDArray[np.float64],
    inexact: float,
    least: NDArray[np.float64],
    most: int,
    space: Space,
) -> Any:
    """(status, number of bases, space with them, the origin first).

    ``right`` has one right-hand side a row; ``inexact`` bounds the relative error of the entries of ``M``. A basic
    variable that is below ``least[q]`` for a further right-hand side, where q coordinates are basic, is known to be
    zero. Unless the status is PROVEN, the rest is of no use.
    """
    k, d = M.shape
    sides = right.shape[0]
    one = np.uint64(1)
    memory = np.empty((d + 2, k))
    columns = memory[:d]
    bases, table, tableaus, variables, bounds = space
    table[:] = -1
    for v in range(d + k):
        variables[0, v] = v
    for i in range(k):
        for v in range(d):
            columns[v, i] = tableaus[0, v, i] = M[i, v]
        for side in range(sides):
            tableaus[0, d + side, i] = right[side, i]
    bases[0, KEY], bases[0, KNOWN], bases[0, PLACE] = (one << np.uint64(d)) - one, 0, 0
    bounds[0, OMEGA], bounds[0, NORM] = 0.0, 1.0
    table[find_slot(table, bases, bases[0, KEY])] = 0
    progress = np.zeros(4, dtype=np.int64)
    progress[COUNT], progress[FREE] = 1, -1
    status = MORE_SPACE
    while status == MORE_SPACE:
        if progress[COUNT] + d > bases.shape[0]:
            bases = longer(bases)
        if progress[USED] + d >= bounds.shape[0]:
            if tableaus.size * 16 > MEMORY:
                status = TOO_MANY
                break
            tableaus, variables, bounds = _with_more_places(tableaus), longer(variables), longer(bounds)
        if 2 * (progress[COUNT] + d) > table.size:
            table = _rehashed(table, bases, progress[COUNT])
        status = _search_on(
            columns, right, inexact, least, most, bases, table, tableaus, variables, bounds, memory[d:], progress
        )
    return status, progress[COUNT], Space(bases, table, tableaus, variables, bounds)


@counting_nothing
def _search_on(
    columns: NDArray[np.float64],
    right: NDArray[np.float64],
    inexact: float,
    least: NDArray[np.float64],
    most: int,
    bases: NDArray[np.uint64],
    table: NDArray[np.int64],
    tableaus: NDArray[np.float64],
    variables: NDArray[np.int64],
    bounds: NDArray[np.float64],
    memory: NDArray[np.float64],
    progress: NDArray[np.int64],
) -> int:
    """Visit bases, until all are visited, or the search fails, or there is no room for all neighbours of one.

    Arrays are replaced by longer ones outside: what makes arrays has to count references to them, at every use.
    """
    d, k = columns.shape
    sides = right.shape[0]
    one = np.uint64(1)
    vector, reciprocal = memory[0], memory[1]
    size = 0.0  # of all numbers in M and b
    for v in range(d):
        for i in range(k):
            size = max(size, columns[v, i])
    for s in range(sides):
        for i in range(k):
            size = max(size, right[s, i])
    # The relative rounding error of a product of a row of C with a column; that of pivots is in ``8 UNIT`` below.
    rounding = (k + 4) * UNIT
    # Places after ``used`` are free, and so are those on a list: each names the next in its first variable.
    at, count, used, free = progress[AT], progress[COUNT], progress[USED], progress[FREE]
    status = PROVEN
    while at < count:
        if count + d > bases.shape[0] or used + d >= bounds.shape[0] or 2 * (count + d) > table.size:
            status = MORE_SPACE
            break
        here = int(np.int64(bases[at, PLACE]))
        omega, norm = bounds[here, OMEGA], bounds[here, NORM]
        q, highest, lowest = 0, 0.0, LARGE
        for i in range(k):
            x = tableaus[here, d, i]
            reciprocal[i] = 1.0 / x
            lowest = min(lowest, x)
            if variables[here, d + i] < d:
                q += 1
                highest = max(highest, x)
        for s in range(1, sides):
            for i in range(k):
                lowest = min(lowest, tableaus[here, d + s, i])
                highest = max(highest, tableaus[here, d + s, i])
        # The origin is exact.
        error = _error(omega, inexact * size * norm, q, highest)
        if not (lowest > error and q * omega < TRUSTED) and at > 0:
            norm = max(1.0, _norm_of_inverse(tableaus, variables, here, d, vector) * (1.0 + 1e-8))
            omega = _largest_error(columns, right, rounding, tableaus, variables, here, vector)
            omega = (omega + rounding * norm * size) * (1.0 + 1e-8)
            error = _error(omega, inexact * size * norm, q, highest)
        if not (highest < LARGE and norm < LARGE and error < LARGE):
            status = DOUBTFUL
        doubtful, zeros = np.uint64(0), np.uint64(0)
        for i in range(k):
            if not tableaus[here, d, i] > error:
                status = DOUBTFUL
            for s in range(1, sides):
                if not tableaus[here, d + s, i] >= -error:
                    status = DOUBTFUL
                if not tableaus[here, d + s, i] > error:
                    bit = one << np.uint64(variables[here, d + i])
                    if abs(tableaus[here, d + s, i]) + error < least[q]:
                        zeros |= bit
                    else:
                        doubtful |= bit
        bases[at, DOUBTS], bases[at, ZEROS] = doubtful, zeros
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
            slot = find_slot(table, bases, key)
            if table[slot] >= 0:
                bases[table[slot], KNOWN] |= one << np.uint64(leaves)
                continue
            if count == most:
                status = TOO_MANY
                break
            if free >= 0:
                there = free
                free = variables[there, 0]
            else:
                used += 1
                there = used
            bases[count, KEY], bases[count, KNOWN], bases[count, PLACE] = key, one << np.uint64(leaves), there
            table[slot] = count
            count += 1
            growth = _pivot(tableaus, here, d + sides, k, c, leaving, there) * (1.0 + 1e-8)
            # A column of at most ‖C‖ size + ω and the rows of C, rounded four times each
            bounds[there, OMEGA] = growth * (omega * (1.0 + 1e-8) + 10.0 * UNIT * norm * size)
            bounds[there, NORM] = growth * norm
            for v in range(d + k):
                variables[there, v] = variables[here, v]
            variables[there, d + leaving], variables[there, c] = enters, leaves
        if status != PROVEN:
            break
        variables[here, 0] = free
        free = here
        at += 1
    progress[AT], progress[COUNT], progress[USED], progress[FREE] = at, count, used, free
    return status


@counting_nothing
def _error(omega: float, inexact: float, q: int, highest: float) -> float:
    """The bound of step 2, infinite if there is none; ``inexact`` bounds what rounded entries of M add to C a."""
    alpha = q * (omega + inexact) * (1.0 + 1e-8)
    return (alpha * highest + omega) / (1.0 - alpha) * (1.0 + 1e-8) if alpha < 0.5 else np.inf
