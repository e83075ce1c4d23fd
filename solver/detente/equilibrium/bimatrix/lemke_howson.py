"""Lemke and Howson's (1964) path from a missing label to one equilibrium of a two-player game.

With all payoffs positive, strategies are points of the best-response polytopes P = {x ≥ 0, Bᵀx ≤ 1} and
Q = {y ≥ 0, A y ≤ 1}. A vertex has the labels of its zero variables: coordinate or slack of an action. A pair of
vertices that together have all labels is an equilibrium, or the origin. Dropping one label at the origin and then, in
turn, the label that the last pivot picked up twice traces a path whose other end is an equilibrium (von Stengel 2002,
*Computing equilibria for two-person games*, section 2). Ties in the ratio test are broken as if the right-hand sides
were perturbed by powers of an infinitesimal (Dantzig, Orden and Wolfe 1955; Eaves 1971): the path then exists, never
meets itself and ends, in degenerate games too.

In floating point only the inverse of a basis is kept, restricted to rows of coordinates and columns of binding
constraints; its size is that of the supports, so a pivot costs (size of support) · (number of actions) operations. It
is computed anew now and then. Payoffs are first mapped to [1, 2], so tolerances are relative to their range.
Rounding can still lead astray: a caller must check the bases at the end exactly. A path that returns to a pair of bases
is recognised (Brent 1980) and given up. In integers nothing can go wrong but time
(:mod:`detente.equilibrium.bimatrix.integer_path`).

Paths vary wildly in length between labels, in random games by orders of magnitude, so if any equilibrium will do, all
labels are tried in turn with a growing limit on pivots (Codenotti, De Rossi and Pagan 2008, arXiv:0811.3247).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.integer_path import Bases, Tracked

GOING, ARRIVED, LOST = 0, 1, 2
# Values this close to the least ratio's count as tied. Payoffs are in [1, 2], the unknowns at most 1. In very
# degenerate games errors can exceed the first tolerance; the second is for another try.
TIES = 1e-11, 1e-9
# Where too many ties lead astray, right-hand sides are perturbed by so much in earnest. The path is another one then.
PERTURBATIONS = 1e-7, 1e-5
# A fresh basic solution may be negative by this much before the path is given up.
INFEASIBLE = 1e-9
# Pivots in one polytope between two fresh inverses of its basis, or as many as its basis has rows.
REFRESH = 25
# Pivots between two looks at the clock.
CHUNK = 500
# Trying all labels in turn: pivots on each of the first paths, and how many paths before that doubles.
FIRST_LIMIT = 32
LABELS_A_ROUND = 4


@numba.njit(cache=True, nogil=True)
def _direction(
    columns: NDArray[np.float64],
    coordinates: NDArray[np.int64],
    binding: NDArray[np.int64],
    inverse: NDArray[np.float64],
    size: int,
    entering: int,
    down: NDArray[np.float64],
    slack_down: NDArray[np.float64],
) -> None:
    """How fast basic coordinates and all slacks fall as ``entering`` rises."""
    d, k = columns.shape
    if entering < d:
        for q in range(size):
            total = 0.0
            for r in range(size):
                total += inverse[q, r] * columns[entering, binding[r]]
            down[q] = total
        for i in range(k):
            slack_down[i] = columns[entering, i]
    else:
        position = 0
        while binding[position] != entering - d:
            position += 1
        for q in range(size):
            down[q] = inverse[q, position]
        for i in range(k):
            slack_down[i] = 0.0
    for q in range(size):
        factor, column = down[q], columns[coordinates[q]]
        for i in range(k):
            slack_down[i] -= factor * column[i]


@numba.njit(cache=True, nogil=True)
def _inverse_entry(
    columns: NDArray[np.float64],
    coordinates: NDArray[np.int64],
    inverse: NDArray[np.float64],
    size: int,
    row: int,
    constraint: int,
    position: int,
) -> float:
    """Entry of the full inverse: in the row of coordinate ``row`` < size or slack ``row`` − size, under a constraint.

    ``position`` is that of the constraint among the binding ones, or −1.
    """
    if row < size:
        return inverse[row, position] if position >= 0 else 0.0
    if position < 0:
        return 1.0 if row - size == constraint else 0.0
    total = 0.0
    for q in range(size):
        total -= columns[coordinates[q], row - size] * inverse[q, position]
    return total


@numba.njit(cache=True, nogil=True)
def _leaving(
    columns: NDArray[np.float64],
    coordinates: NDArray[np.int64],
    binding_at: NDArray[np.int64],
    inverse: NDArray[np.float64],
    size: int,
    value: NDArray[np.float64],
    slack: NDArray[np.float64],
    down: NDArray[np.float64],
    slack_down: NDArray[np.float64],
    tie: float,
) -> int:
    """The row of the lexicographically least ratio: a coordinate's position, or size + constraint; −1 if none."""
    k = slack.size
    largest = 1.0
    for q in range(size):
        largest = max(largest, abs(down[q]))
    least = tie * largest
    step, first = np.inf, -1
    for q in range(size):
        if down[q] > least and value[q] < step * down[q]:
            step, first = value[q] / down[q], q
    for i in range(k):
        if binding_at[i] < 0 and slack_down[i] > least and slack[i] < step * slack_down[i]:
            step, first = slack[i] / slack_down[i], size + i
    if first < 0:
        return -1
    step = max(step, 0.0)
    tied = np.empty(size + k, dtype=np.int64)
    ties = 0
    for q in range(size):
        if down[q] > least and value[q] - step * down[q] <= tie:
            tied[ties] = q
            ties += 1
    for i in range(k):
        if binding_at[i] < 0 and slack_down[i] > least and slack[i] - step * slack_down[i] <= tie:
            tied[ties] = size + i
            ties += 1
    ratio = np.empty(ties)
    constraint = 0
    while ties > 1 and constraint < k:
        position = binding_at[constraint]
        smallest = np.inf
        for t in range(ties):
            row = tied[t]
            fall = down[row] if row < size else slack_down[row - size]
            ratio[t] = _inverse_entry(columns, coordinates, inverse, size, row, constraint, position) / fall
            smallest = min(smallest, ratio[t])
        kept = 0
        for t in range(ties):
            if ratio[t] - smallest <= 1e-9 * max(1.0, abs(smallest)):
                tied[kept] = tied[t]
                kept += 1
        ties = kept
        constraint += 1
    return tied[0] if ties > 0 else first


@numba.njit(cache=True, nogil=True)
def _refreshed(
    columns: NDArray[np.float64],
    coordinates: NDArray[np.int64],
    binding: NDArray[np.int64],
    inverse: NDArray[np.float64],
    size: int,
    value: NDArray[np.float64],
    slack: NDArray[np.float64],
    anew: bool,
) -> bool:
    """Basic solution from the inverse, itself computed ``anew`` if asked; whether it is feasible."""
    if anew and size > 0:
        matrix = np.empty((size, size))
        for r in range(size):
            for q in range(size):
                matrix[r, q] = columns[coordinates[q], binding[r]]
        inverse[:size, :size] = np.linalg.inv(matrix)
    slack[:] = 1.0
    lowest = 0.0
    for q in range(size):
        value[q] = inverse[q, :size].sum()
        lowest = min(lowest, value[q])
        column = columns[coordinates[q]]
        for i in range(slack.size):
            slack[i] -= value[q] * column[i]
    return bool(min(lowest, slack.min()) >= -INFEASIBLE)


@numba.njit(cache=True, nogil=True)
def _exchange(
    columns: NDArray[np.float64],
    coordinates: NDArray[np.int64],
    binding: NDArray[np.int64],
    binding_at: NDArray[np.int64],
    inverse: NDArray[np.float64],
    size: int,
    entering: int,
    leaving: int,
    down: NDArray[np.float64],
    slack_down: NDArray[np.float64],
) -> int:
    """Update the basis and its inverse; the new size."""
    d = columns.shape[0]
    row = np.zeros(size + 1)  # the leaving variable's row of the inverse, divided by the pivot
    if leaving < size:
        pivot = down[leaving]
        row[:size] = inverse[leaving, :size]
    else:
        pivot = slack_down[leaving - size]
        for q in range(size):
            factor = columns[coordinates[q], leaving - size]
            for r in range(size):
                row[r] -= factor * inverse[q, r]
        row[size] = 1.0
    row /= pivot
    if entering < d and leaving < size:  # one coordinate for another
        for q in range(size):
            if q != leaving:
                inverse[q, :size] -= down[q] * row[:size]
        inverse[leaving, :size] = row[:size]
        coordinates[leaving] = entering
        return size
    if entering < d:  # one more coordinate and binding constraint
        inverse[:size, size] = 0.0
        for q in range(size):
            inverse[q, : size + 1] -= down[q] * row
        inverse[size, : size + 1] = row
        coordinates[size] = entering
        binding[size] = leaving - size
        binding_at[leaving - size] = size
        return size + 1
    position = binding_at[entering - d]
    binding_at[entering - d] = -1
    if leaving >= size:  # one binding constraint for another
        for q in range(size):
            inverse[q, :size] -= down[q] * row[:size]
            inverse[q, position] = -down[q] * row[size]
        binding[position] = leaving - size
        binding_at[leaving - size] = position
        return size
    last = size - 1  # one coordinate and binding constraint fewer; the last ones take their places
    for q in range(size):
        if q != leaving:
            inverse[q, :size] -= down[q] * row[:size]
    inverse[leaving, :size] = inverse[last, :size]
    coordinates[leaving] = coordinates[last]
    inverse[:last, position] = inverse[:last, last]
    if position != last:
        binding[position] = binding[last]
        binding_at[binding[last]] = position
    return last


@numba.njit(cache=True, nogil=True)
def _follow(
    columns: tuple[NDArray[np.float64], NDArray[np.float64]],
    coordinates: NDArray[np.int64],
    binding: NDArray[np.int64],
    binding_at: tuple[NDArray[np.int64], NDArray[np.int64]],
    inverse: NDArray[np.float64],
    value: NDArray[np.float64],
    slack: tuple[NDArray[np.float64], NDArray[np.float64]],
    state: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    missing: int,
    pivots: int,
    tie: float,
) -> int:
    """At most ``pivots`` more pivots on the path of label ``missing``; GOING, ARRIVED or LOST.

    ``state``: sizes of the bases, polytope and variable of the next pivot, pivots made, pivot at which the path is
    next remembered, pivots in either polytope since its inverse was fresh. ``hashes``: of the pair of bases, of the
    remembered pair, then one key a variable.
    """
    down = np.empty(value.shape[1])
    for _ in range(pivots):
        p, entering, size = state[2], state[3], state[state[2]]
        table, at = columns[p], binding_at[p]
        d, k = table.shape
        slack_down = np.empty(k)
        _direction(table, coordinates[p], binding[p], inverse[p], size, entering, down, slack_down)
        leaving = _leaving(table, coordinates[p], at, inverse[p], size, value[p], slack[p], down, slack_down, tie)
        if leaving < 0:
            return LOST
        left = coordinates[p, leaving] if leaving < size else d + leaving - size
        new = _exchange(table, coordinates[p], binding[p], at, inverse[p], size, entering, leaving, down, slack_down)
        state[p] = new
        state[4] += 1
        state[6 + p] += 1
        anew = state[6 + p] >= max(REFRESH, new)
        if anew:
            state[6 + p] = 0
        if not _refreshed(table, coordinates[p], binding[p], inverse[p], new, value[p], slack[p], anew):
            return LOST
        shift = 2 + p * (d + k)
        hashes[0] ^= hashes[shift + entering] ^ hashes[shift + left]
        if hashes[0] == hashes[1]:
            return LOST
        if state[4] == state[5]:
            hashes[1] = hashes[0]
            state[5] *= 2
        # Variables of Q are numbered from the other player's first action: a label's twin is as far round.
        twin = left + k if left < d else left - d
        label = left if p == 0 else twin
        if label == missing:
            return ARRIVED
        state[2], state[3] = 1 - p, twin
    return GOING


class _Path:
    """The path of one missing label, in floating point."""

    def __init__(
        self, columns: tuple[NDArray[np.float64], NDArray[np.float64]], missing: int, tie: float = TIES[0]
    ) -> None:
        m, n = columns[0].shape
        most = min(m, n) + 1
        self.columns, self.missing, self.tie = columns, missing, tie
        self.coordinates = np.zeros((2, most), dtype=np.int64)
        self.binding = np.zeros((2, most), dtype=np.int64)
        self.binding_at = np.full(n, -1, dtype=np.int64), np.full(m, -1, dtype=np.int64)
        self.inverse = np.empty((2, most, most))
        self.value = np.zeros((2, most))
        self.slack = np.ones(n), np.ones(m)
        first = (0, missing) if missing < m else (1, missing - m)
        self.state = np.array([0, 0, *first, 0, 1, 0, 0], dtype=np.int64)
        self.hashes = _keys(m + n).copy()

    def follow(self, pivots: int) -> int:
        """Go on for at most so many pivots; GOING, ARRIVED or LOST."""
        try:
            return int(
                _follow(
                    self.columns,
                    self.coordinates,
                    self.binding,
                    self.binding_at,
                    self.inverse,
                    self.value,
                    self.slack,
                    self.state,
                    self.hashes,
                    self.missing,
                    pivots,
                    self.tie,
                )
            )
        except np.linalg.LinAlgError:  # a basis that rounding took for regular
            return LOST

    @property
    def pivots(self) -> int:
        return int(self.state[4])

    @property
    def bases(self) -> Bases:
        first, second = (
            (self.coordinates[p, :size].tolist(), self.binding[p, :size].tolist())
            for p, size in enumerate(self.state[:2].tolist())
        )
        return first, second


@lru_cache(maxsize=1)
def _keys(labels: int) -> NDArray[np.uint64]:
    """Two hashes to begin with, and keys of all variables of both polytopes."""
    keys = np.random.default_rng(0).integers(1, 2**63, 2 + 2 * labels, dtype=np.uint64)
    keys[:2] = 0, 1
    return keys


def float_path(A: NDArray[np.float64], B: NDArray[np.float64], missing: int, stop: Callable[[], bool]) -> Tracked:
    """Bases at the end of the path of label ``missing``, in floating point: to be checked. Payoffs lie in [1, 2].

    >>> matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> float_path(matrix, matrix, 0, lambda: False)
    Tracked(bases=(([0], [0]), ([0], [0])), pivots=2)
    """
    pivots = 0
    for columns, tie in _attempts(A, B):
        path = _Path(columns, missing, tie)
        status = GOING
        while status == GOING and not stop():
            status = path.follow(CHUNK)
        pivots += path.pivots
        if status == ARRIVED:
            return Tracked(path.bases, pivots)
    return Tracked(None, pivots)


def shortest_float_path(A: NDArray[np.float64], B: NDArray[np.float64], stop: Callable[[], bool]) -> Tracked:
    """As :func:`float_path`, from a label that leads to an equilibrium soon; ``pivots`` counts those of all paths."""
    m, n = A.shape
    # The players take turns, so that the labels tried first are of both.
    both = min(m, n)
    order = [label for k in range(both) for label in (k, m + k)] + list(range(both, m)) + list(range(m + both, m + n))
    pivots = 0
    for columns, tie in _attempts(A, B):
        labels, limit, tried = list(order), FIRST_LIMIT, 0
        # The first few short paths are followed in any case: they take less time than loading the compiled code.
        while labels and (pivots < FIRST_LIMIT * LABELS_A_ROUND or not stop()):
            missing = labels[tried % len(labels)]
            path = _Path(columns, missing, tie)
            status = GOING
            while status == GOING and path.pivots < limit:
                status = path.follow(min(CHUNK, limit - path.pivots))
                if stop():
                    break
            pivots += path.pivots
            if status == ARRIVED:
                return Tracked(path.bases, pivots)
            if status == LOST:
                labels.remove(missing)
            tried += 1
            if tried % LABELS_A_ROUND == 0:
                limit *= 2
    return Tracked(None, pivots)


Columns = tuple[NDArray[np.float64], NDArray[np.float64]]


def _attempts(A: NDArray[np.float64], B: NDArray[np.float64]) -> Iterator[tuple[Columns, float]]:
    """Columns and tolerances to try one after the other, while paths get lost."""
    for tie in TIES:
        yield _columns(A, B), tie
    draw = np.random.default_rng(0).random
    for size in PERTURBATIONS:
        yield _columns(A / (1.0 + size * draw((A.shape[0], 1))), B / (1.0 + size * draw((1, B.shape[1])))), TIES[0]


def _columns(A: NDArray[np.float64], B: NDArray[np.float64]) -> Columns:
    """For either polytope, the coefficients of each coordinate in one row."""
    return np.ascontiguousarray(B), np.ascontiguousarray(A.T)
