"""All equilibria of many games of one size, in parallel.

Every game goes through the compiled solver of :mod:`detente.equilibrium.bimatrix.nondegenerate`, which answers with
proof or not at all; threads take the games in chunks, without the interpreter's lock. Games that floating point cannot
prove, degenerate ones above all, are then solved in exact arithmetic one by one, and are marked. Nothing is made into
Python objects until somebody looks at a game.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf, prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from detente.budget import deadline
from detente.equilibrium.answers import proven_set, solved_again
from detente.equilibrium.bimatrix.basis_search import PROVEN
from detente.equilibrium.bimatrix.digits import imprecise
from detente.equilibrium.bimatrix.nondegenerate import most_bases, read_only, solve_range
from detente.equilibrium.nash import MAX_LABELS, in_integers
from detente.equilibrium.result import FLOAT_REGRET, EquilibriumSet
from detente.errors import CertificateError, ParameterError, PayoffError
from detente.game.game import Game

Result = TypeVar("Result")
# Games that a thread takes at a time, over 4ⁿ for n×n games: some milliseconds of work
CHUNK = 1 << 17


class EquilibriumBatch:
    """Equilibria of many games, flat and by game.

    Indexing by a position in the batch (an integer, or one a leading axis) gives that game's
    :class:`~detente.equilibrium.result.EquilibriumSet`, with its components and certificates. All arrays are read-only.

    Attributes
    ----------
    shape
        The leading axes of the payoff arrays.
    count
        The number of extreme equilibria of each game, which is that of all equilibria if none is in a continuum.
    complete
        For each game, whether every equilibrium is represented.
    by_exact
        For each game, whether exact arithmetic decided it: it is degenerate, or too near to it for floating point.
    offsets
        Equilibria ``offsets[g]`` to ``offsets[g + 1]`` (exclusive) of the arrays below belong to game g, in C order.
    x, y
        The row and the column player's strategies, one equilibrium a row. Where a support's system is ill-conditioned
        it has been solved again exactly.
    payoffs, regret
        What each player earns, and what the best deviation would gain.
    index
        The index of the component that the equilibrium is in; 0 where it is unknown, in an incomplete answer.
    """

    def __init__(
        self,
        A: NDArray[Any],
        B: NDArray[Any],
        shape: tuple[int, ...],
        found: NDArray[np.float64],
        offsets: NDArray[np.int64],
        exact_sets: dict[int, EquilibriumSet],
        complete: NDArray[np.bool_],
        as_fractions: bool,
    ) -> None:
        m, n = A.shape[1:]
        self._A, self._B, self._sets, self._as_fractions = A, B, exact_sets, as_fractions
        self._found, self._complete = found, complete
        self.shape = shape
        self.offsets = offsets
        self.count = np.diff(offsets).reshape(shape)
        self.complete = complete.reshape(shape)
        self.by_exact = np.zeros(len(A), dtype=bool)
        self.by_exact[list(exact_sets)] = True
        self.by_exact = self.by_exact.reshape(shape)
        self.x, self.y = found[:, :m], found[:, m : m + n]
        self.payoffs, self.regret, self.index = found[:, m + n : m + n + 2], found[:, -2], found[:, -1].astype(np.int64)
        for values in (found, offsets, self.count, self.complete, self.by_exact, self.x, self.y, self.index):
            values.flags.writeable = False
        for values in (self.payoffs, self.regret):
            values.flags.writeable = False

    @property
    def size(self) -> int:
        """The number of games."""
        return prod(self.shape)

    def game(self, position: Any) -> Game:
        """The game at a position."""
        return self._game(self._flat(position))

    def __getitem__(self, position: Any) -> EquilibriumSet:
        return self._set(self._flat(position))

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[EquilibriumSet]:
        """The answers to all games, in C order."""
        return map(self._set, range(self.size))

    def verify(self) -> None:
        """Check all equilibria against the payoffs; raise :class:`CertificateError` if one fails.

        Strategies must be probabilities, no deviation may gain more than 1e-9 of the payoff range of its game, and the
        indices of the components of a completely solved game must add up to 1. Games decided in exact arithmetic are
        verified exactly as well.
        """
        games = np.repeat(np.arange(self.size), np.diff(self.offsets))
        A, B = (np.asarray(u, dtype=np.float64) for u in (self._A, self._B))
        for lo in range(0, len(games), 1 << 14):
            part = slice(lo, lo + (1 << 14))
            x, y, u, v = self.x[part], self.y[part], A[games[part]], B[games[part]]
            spread = np.maximum(u.max((1, 2)), v.max((1, 2))) - np.minimum(u.min((1, 2)), v.min((1, 2)))
            rows, columns = np.einsum("gij,gj->gi", u, y), np.einsum("gij,gi->gj", v, x)
            gains = np.maximum(
                rows.max(1) - np.einsum("gi,gi->g", rows, x), columns.max(1) - np.einsum("gj,gj->g", columns, y)
            )
            size = np.maximum(np.abs(u).max((1, 2)), np.abs(v).max((1, 2)))
            # Beside payoffs that are large against their range, regret itself is subject to rounding.
            wrong = gains > FLOAT_REGRET * spread + 1e-14 * size
            wrong |= (
                (np.minimum(x.min(1), y.min(1)) < 0) | (np.abs(x.sum(1) - 1) > 1e-9) | (np.abs(y.sum(1) - 1) > 1e-9)
            )
            if wrong.any():
                k = lo + int(np.argmax(wrong))
                raise CertificateError(
                    f"equilibrium {k}, of game {games[k]}", (self.x[k], self.y[k]), "no gain from deviating"
                )
        proven = self._complete.copy()
        proven[list(self._sets)] = False
        totals = np.zeros(self.size, dtype=np.int64)
        np.add.at(totals, games, self.index)
        if (totals[proven] != 1).any():
            g = int(np.flatnonzero(proven & (totals != 1))[0])
            raise CertificateError(f"game {g}", int(totals[g]), "indices that add up to +1")
        for answer in self._sets.values():
            answer.verify()

    def _flat(self, position: Any) -> int:
        given = position if isinstance(position, tuple) else (position,)
        inside = len(given) == len(self.shape) and all(
            isinstance(k, int | np.integer) and -size <= k < size for k, size in zip(given, self.shape, strict=True)
        )
        if not inside:
            raise IndexError(f"position {position!r} in a batch of shape {self.shape}")
        return int(np.ravel_multi_index(tuple(int(k) % s for k, s in zip(given, self.shape, strict=True)), self.shape))

    def _game(self, g: int) -> Game:
        return Game([self._A[g], self._B[g]])

    def _set(self, g: int) -> EquilibriumSet:
        if g in self._sets:
            return self._sets[g]
        game = self._game(g)
        if not self._complete[g]:
            return EquilibriumSet(game, (), (), False, "vertex-enumeration")
        return proven_set(game, self._found[self.offsets[g] : self.offsets[g + 1]], self._as_fractions)

    def __repr__(self) -> str:
        m, n = self._A.shape[1:]
        return (
            f"<EquilibriumBatch of {self.size} {m}×{n} games: {int(self.offsets[-1])} extreme equilibria, "
            f"{int(self.by_exact.sum())} games decided in exact arithmetic, {int((~self._complete).sum())} incomplete>"
        )


def nash_equilibria_batch(A: Any, B: Any, *, exact: bool = False, budget: float | None = None) -> EquilibriumBatch:
    """All Nash equilibria of many two-player games of one size, in parallel.

    Parameters
    ----------
    A, B
        Payoffs of the row and the column player, shape ``(…, m, n)``, indexed [row action, column action]; the leading
        axes are broadcast against each other. Floats are read as the decimals that they print as.
    exact
        Whether ``batch[position]`` gives Fractions. The flat arrays are floats in any case.
    budget
        Seconds after which no further game is begun; games not solved by then have ``complete`` False.

    Raises
    ------
    PayoffError
        For payoffs that are not finite real numbers, or shapes that do not fit together.
    ParameterError
        For ``exact`` that is not a bool, or a budget that is not a positive number.

    Examples
    --------
    >>> stag_hunt, tied = [[4, 0], [3, 3]], [[3, 0], [3, 3]]
    >>> found = nash_equilibria_batch([stag_hunt, tied], [[[4, 3], [0, 3]]])
    >>> found
    <EquilibriumBatch of 2 2×2 games: 6 extreme equilibria, 1 games decided in exact arithmetic, 0 incomplete>
    >>> found.count.tolist(), found.by_exact.tolist()
    ([3, 3], [False, True])
    >>> found.x[:3, 0].tolist(), found[1].complete
    ([1.0, 0.75, 0.0], True)
    """
    if not isinstance(exact, bool):
        raise ParameterError("exact", exact, "True or False")
    stop = deadline(budget)
    start = time.monotonic()
    first, second, shape, _, _ = read_batch(A, B)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise PayoffError("A, B", "NaN or infinity", "finite payoffs")
    number, m, n = first.shape
    statuses = np.full(number, -1, dtype=np.int64)
    counts = np.zeros(number, dtype=np.int64)
    chunks: dict[int, NDArray[np.float64]] = {}
    flags: dict[int, NDArray[np.bool_]] = {}
    if m + n <= MAX_LABELS:
        most = most_bases((m, n), inf if budget is None else float(budget))
        rows, columns = read_only(first), read_only(second)

        def solve(lo: int, hi: int) -> None:
            if not stop():
                chunks[lo], statuses[lo:hi], counts[lo:hi] = solve_range(rows[lo:hi], columns[lo:hi], most)
                games = np.repeat(np.arange(hi - lo), counts[lo:hi])
                flags[lo] = imprecise(rows[lo:hi], columns[lo:hi], games, chunks[lo])

        in_threads(solve, number, max(1, CHUNK >> 2 * min(m, n)))
    exact_sets: dict[int, EquilibriumSet] = {}
    for g in np.flatnonzero(statuses != PROVEN).tolist():
        if stop():
            break
        left = inf if budget is None else max(start + budget - time.monotonic(), 1e-3)
        exact_sets[g] = in_integers(Game([first[g], second[g]]), exact, stop, left)
        counts[g] = len(exact_sets[g])
    complete = statuses == PROVEN
    for g, answer in exact_sets.items():
        complete[g] = answer.complete
    offsets = np.concatenate(([0], np.cumsum(counts)))
    found = np.empty((offsets[-1], m + n + 4))
    by_float = np.ones(len(found), dtype=bool)
    for g, answer in exact_sets.items():
        by_float[offsets[g] : offsets[g + 1]] = False
        found[offsets[g] : offsets[g + 1]] = _rows(answer, m + n + 4)
    if chunks:
        found[by_float] = np.concatenate([chunks[lo] for lo in sorted(chunks)])
        off = np.flatnonzero(by_float)[np.concatenate([flags[lo] for lo in sorted(flags)])]
        owners = np.searchsorted(offsets, off, side="right") - 1
        for g in np.unique(owners).tolist():
            rows_off = off[owners == g]
            again = solved_again(Game([first[g], second[g]]), found[rows_off], False)
            found[rows_off, :-1] = [[*e.strategies[0], *e.strategies[1], *e.payoffs, e.regret] for e in again]
    return EquilibriumBatch(first, second, shape, found, offsets, exact_sets, complete, exact)


def _rows(answer: EquilibriumSet, width: int) -> NDArray[np.float64]:
    """The extreme equilibria in the form of the flat arrays."""
    index = {k: component.index or 0 for component in answer.components for k in component.extreme}
    return np.array(
        [[*e.strategies[0], *e.strategies[1], *e.payoffs, e.regret, index[k]] for k, e in enumerate(answer)],
        dtype=float,
    ).reshape(len(answer), width)


def in_threads(work: Callable[[int, int], Result], number: int, chunk: int) -> list[Result]:
    """``work(lo, hi)`` on all of 0 … ``number`` in chunks, by as many threads as there are processors."""
    starts = range(0, number, chunk)
    threads = min(
        len(starts), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if threads <= 1:
        return [work(lo, min(lo + chunk, number)) for lo in starts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda lo: work(lo, min(lo + chunk, number)), starts))


def read_batch(A: Any, B: Any) -> tuple[NDArray[Any], NDArray[Any], tuple[int, ...], tuple[str, ...], dict[Any, Any]]:
    """Payoffs as (game, m, n), the leading shape, the names of its axes and the coordinates that xarray knows for them.

    Floats are float64, integers int64; nothing is said about NaN.
    """
    arrays: list[NDArray[Any]] = []
    names: tuple[str, ...] = ()
    coordinates: dict[Any, Any] = {}
    for argument, given in (("A", A), ("B", B)):
        if (
            hasattr(given, "dims")
            and hasattr(given, "coords")
            and given.ndim >= 2
            and len(given.dims) - 2 >= len(names)
        ):
            names = tuple(map(str, given.dims[:-2]))
            coordinates = {k: v for k, v in given.coords.items() if set(map(str, v.dims)) <= set(names)}
        try:
            array = np.asarray(given)
        except ValueError as error:  # ragged
            raise PayoffError(argument, given, "an array of shape (…, m, n)") from error
        if array.dtype.kind not in "fiu":
            raise PayoffError(argument, f"dtype {array.dtype}", "real numbers")
        if array.ndim < 2 or 0 in array.shape[-2:]:
            raise PayoffError(argument, f"shape {array.shape}", "shape (…, m, n), with at least one action a player")
        if array.dtype.kind == "u" and array.dtype.itemsize == 8 and array.size and int(array.max()) >= 2**63:
            raise PayoffError(argument, int(array.max()), "integers below 2⁶³")
        arrays.append(array)
    if arrays[0].shape[-2:] != arrays[1].shape[-2:]:
        raise PayoffError("A, B", f"shapes {arrays[0].shape} and {arrays[1].shape}", "the same last two axes")
    try:
        shape = np.broadcast_shapes(*(u.shape for u in arrays))
    except ValueError as error:
        raise PayoffError("A, B", f"shapes {arrays[0].shape} and {arrays[1].shape}", "leading axes that fit") from error
    flat = []
    for array in arrays:
        wide = array.astype(np.float64 if array.dtype.kind == "f" else np.int64, copy=False)
        flat.append(np.ascontiguousarray(np.broadcast_to(wide, shape)).reshape(-1, *shape[-2:]))
    if len(names) != len(shape) - 2:
        names, coordinates = tuple(f"game_{k}" for k in range(len(shape) - 2)), {}
    return flat[0], flat[1], shape[:-2], names, coordinates
