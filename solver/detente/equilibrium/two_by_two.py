"""All equilibria of many 2×2 games at once, at the speed of memory.

Who wants what in a 2×2 game rests on four comparisons: the row player's first action against the second, at each column
(A₁₁ with A₂₁, A₁₂ with A₂₂), and the column player's at each row (B₁₁ with B₁₂, B₂₁ with B₂₂). A player can be held
indifferent by a strictly mixed strategy only if that player's two comparisons are strict and opposite, and then by
exactly one: the row player mixes with

    x = (B₂₂ − B₂₁) / ((B₁₁ − B₁₂) + (B₂₂ − B₂₁))

on the first action, the column player with the like of A. So a vertex of a best-response polytope is one of three:
first action, second action, this mixture; and every extreme equilibrium is one of nine pairs of them. Which pairs are,
and how they connect, the 3⁴ patterns of the four comparisons decide. They are tabulated once from the definition (every
action used must be a best reply), and a game costs four comparisons a player, two divisions and one look-up.

Nothing is decided by arithmetic: comparisons of floats are exact, so a tie is a tie and all degenerate cases come out
right. Only the mixtures are rounded, to a few units in the last place, at any scale of payoffs.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.batch import in_threads, read_batch
from detente.equilibrium.bimatrix.basis_search import compiled
from detente.equilibrium.bimatrix.components import connected_components
from detente.equilibrium.bimatrix.nondegenerate import read_only
from detente.errors import PayoffError
from detente.game.ordinal import CLASSES, player_class

if TYPE_CHECKING:
    import xarray

# Each player's strategy in an extreme equilibrium: the first action, the second, or the mixture.
FIRST, SECOND, MIXED = 0, 1, 2
# Payoffs beyond this are scaled down before they are subtracted, lest the sum overflow.
HUGE = 1e300
# Games a chunk: small enough to balance the load, large enough not to notice
CHUNK = 1 << 16
# Games a block: their numbers stay in the fastest cache from one loop to the next
BLOCK = 128
# Bytes of a line of the cache
LINE = 64
COLUMNS: dict[str, Any] = {
    "pure": np.uint8,
    "extreme": np.uint16,
    "x": np.float64,
    "y": np.float64,
    "ties": np.uint8,
    "components": np.uint8,
    "continuum": np.bool_,
    "row_class": np.uint8,
    "column_class": np.uint8,
}
# Integers up to this are floats.
EXACT_INTEGERS = 2**53


def solve_2x2_batch(A: Any, B: Any) -> xarray.Dataset:
    """Every equilibrium and every degenerate case of 2×2 games in bulk, with their ordinal classes.

    Parameters
    ----------
    A, B
        Payoffs of the row and the column player, shape ``(…, 2, 2)``, indexed [row action, column action]; the leading
        axes are broadcast against each other. An ``xarray.DataArray`` gives its leading dimensions and coordinates to
        the result. Integers must be ones that floats hold exactly.

    Returns
    -------
    xarray.Dataset
        Over the leading axes:

        ``pure`` (uint8): bit 2i + j is set if (action i, action j) is an equilibrium.

        ``extreme`` (uint16): bit 3a + b is set if (a, b) is an extreme equilibrium, where 0 stands for a player's first
        action, 1 for the second, and 2 for the mixture ``x`` or ``y``. Without a continuum these are all equilibria.

        ``x``, ``y`` (float64): the row and the column player's probability of the first action where they mix in an
        extreme equilibrium; NaN if they never do.

        ``ties`` (uint8): bits 0 and 1, the row player is indifferent at the first and at the second column; bits 2 and
        3, the column player at the first and at the second row. 0 in a nondegenerate game.

        ``components`` (uint8): the number of connected components of the set of equilibria; ``continuum`` (bool):
        whether one of them is more than a point.

        ``row_class``, ``column_class`` (uint8): positions in ``attrs["classes"]`` of the classes that
        :meth:`Game.ordinal_class` gives to the players, those on a tie included.

    Raises
    ------
    PayoffError
        For payoffs that are not finite real numbers, shapes that do not end in (2, 2) or do not fit together, and
        integers beyond 2⁵³.

    Examples
    --------
    >>> found = solve_2x2_batch([[3, 0], [5, 1]], [[[3, 5], [0, 1]], [[3, 3], [0, 1]]])
    >>> [found.attrs["classes"][c] for c in found.column_class.values]
    ['prisoners_dilemma', 'tied: prisoners_dilemma|stag_hunt']
    >>> found.pure.values.tolist(), found.ties.values.tolist()
    ([8, 8], [0, 4])
    >>> float(solve_2x2_batch([[3, 0], [0, 2]], [[2, 0], [0, 3]]).x)
    0.6
    """
    import xarray

    first, second, leading, names, coordinates = read_batch(A, B)
    if first.shape[1:] != (2, 2):
        raise PayoffError("A, B", f"shape (…, {first.shape[1]}, {first.shape[2]})", "shape (…, 2, 2)")
    for name, values in (("A", first), ("B", second)):
        if values.dtype != np.float64 and values.size and max(-int(values.min()), int(values.max())) > EXACT_INTEGERS:
            raise PayoffError(name, "an integer beyond 2⁵³", "payoffs that floats hold exactly")
    number = first.shape[0]
    columns = _empty_columns(number)
    table, classes = _table()
    rows, others = read_only(first.reshape(-1)), read_only(second.reshape(-1))
    solve: Any = partial(_solve_range, rows, others, table, *columns.values())  # type: ignore[arg-type]
    if not all(in_threads(solve, number, CHUNK)):
        raise PayoffError("A, B", "NaN or infinity", "finite payoffs")
    return xarray.Dataset(
        {name: (names, values.reshape(leading)) for name, values in columns.items()},
        coords=coordinates,
        attrs={"classes": classes},
    )


def _empty_columns(number: int) -> dict[str, NDArray[Any]]:
    """The columns in one piece of memory: a large piece is had in larger pages, and so for less."""
    starts, size = {}, 0
    for name, dtype in COLUMNS.items():
        starts[name] = size
        size += -(-number * np.dtype(dtype).itemsize // LINE) * LINE
    memory = np.empty(size, dtype=np.uint8)
    return {
        name: memory[start : start + number * np.dtype(COLUMNS[name]).itemsize].view(COLUMNS[name])
        for name, start in starts.items()
    }


@compiled
def _solve_range(
    A: NDArray[np.float64],
    B: NDArray[np.float64],
    table: NDArray[np.uint32],
    pure: NDArray[np.uint8],
    extreme: NDArray[np.uint16],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    ties: NDArray[np.uint8],
    components: NDArray[np.uint8],
    continuum: NDArray[np.bool_],
    row_class: NDArray[np.uint8],
    column_class: NDArray[np.uint8],
    lo: int,
    hi: int,
) -> bool:
    """Games ``lo`` to ``hi``; whether all their payoffs are finite."""
    entries = np.empty(hi - lo, dtype=np.uint32)
    patterns = np.empty(BLOCK, dtype=np.int32)
    for start in range(lo, hi, BLOCK):
        end = min(start + BLOCK, hi)
        pattern, entry = patterns[: end - start], entries[start - lo : end - lo]
        pattern[:] = 0
        rows, columns = A[4 * start : 4 * end], B[4 * start : 4 * end]
        regular = _compare(rows, False, 27, pattern, y[start:end])
        regular &= _compare(columns, True, 1, pattern, x[start:end])
        if not regular:
            if not _mix_safely(rows, False, y[start:end]):
                return False
            if not _mix_safely(columns, True, x[start:end]):
                return False
        for g in range(entry.size):
            entry[g] = table[pattern[g]]
        _blank(entry, 20, x[start:end])
        _blank(entry, 21, y[start:end])
    # Only now, because many short runs of writes would wait for memory
    _unpack(entries, 0, 511, extreme[lo:hi])
    _unpack(entries, 9, 15, pure[lo:hi])
    _unpack(entries, 13, 15, ties[lo:hi])
    _unpack(entries, 17, 3, components[lo:hi])
    _unpack(entries, 19, 1, continuum[lo:hi])
    _unpack(entries, 22, 31, row_class[lo:hi])
    _unpack(entries, 27, 31, column_class[lo:hi])
    return True


# Loops so simple that the compiler turns them into vector instructions. Payoffs come in one row, four a game, because
# only of numbers that lie a known distance apart does it know how to sort them into vectors.


@compiled
def _compare(
    payoffs: NDArray[np.float64], turned: bool, unit: int, pattern: NDArray[np.int32], weight: NDArray[np.float64]
) -> bool:
    """Add a player's three comparisons to the patterns, as digits 0, 1, 2 for less, equal, greater to the base 3.

    The first two are those of the player's first action with the second, against the opponent's first action and
    against the second; ``turned`` says that they are in columns of the table. ``weight`` becomes the opponent's
    probability of the first action that makes the two equally good. Whether no sum overflowed: else it is to be
    computed anew.
    """
    regular = True
    for g in range(pattern.size):
        a, d = payoffs[4 * g], payoffs[4 * g + 3]
        b, c = (payoffs[4 * g + 2], payoffs[4 * g + 1]) if turned else (payoffs[4 * g + 1], payoffs[4 * g + 2])
        part = abs(d - b)
        total = part + abs(a - c)
        weight[g] = part / total
        regular &= total < np.inf
        pattern[g] += unit * (
            (9 if a > c else 0)
            + (9 if a >= c else 0)
            + (3 if b > d else 0)
            + (3 if b >= d else 0)
            + (1 if a > d else 0)
            + (1 if a >= d else 0)
        )
    return regular


@compiled
def _mix_safely(payoffs: NDArray[np.float64], turned: bool, weight: NDArray[np.float64]) -> bool:
    """The weights of :func:`_compare`, without overflow; whether all payoffs are finite."""
    for g in range(weight.size):
        a, d = payoffs[4 * g], payoffs[4 * g + 3]
        b, c = (payoffs[4 * g + 2], payoffs[4 * g + 1]) if turned else (payoffs[4 * g + 1], payoffs[4 * g + 2])
        if not (abs(a) < np.inf and abs(b) < np.inf and abs(c) < np.inf and abs(d) < np.inf):
            return False
        scale = 0.25 if max(abs(a), abs(b), abs(c), abs(d)) > HUGE else 1.0
        part = abs(d * scale - b * scale)
        weight[g] = part / (part + abs(a * scale - c * scale))
    return True


@compiled
def _unpack(entry: NDArray[np.uint32], shift: int, mask: int, out: Any) -> None:
    for g in range(entry.size):
        out[g] = entry[g] >> np.uint32(shift) & np.uint32(mask)


@compiled
def _blank(entry: NDArray[np.uint32], bit: int, weight: NDArray[np.float64]) -> None:
    """NaN for the probability of a mixture that is in no equilibrium."""
    for g in range(entry.size):
        weight[g] = weight[g] if entry[g] >> np.uint32(bit) & np.uint32(1) else np.nan


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.uint32], tuple[str, ...]]:
    """What the kernel unpacks for each pattern of comparisons, and what class codes mean: strict classes first."""
    signs = (-1, 0, 1)
    names = {side: _class(*side) for side in product(signs, repeat=3)}
    meanings = (*CLASSES, *sorted(set(names.values()) - set(CLASSES)))
    structures = {pattern: _structure(*pattern) for pattern in product(signs, repeat=4)}
    entries = []
    for row, column in product(names, repeat=2):
        codes = meanings.index(names[row]) << 22 | meanings.index(names[column]) << 27
        entries.append(structures[*row[:2], *column[:2]] | codes)
    return np.array(entries, dtype=np.uint32), meanings


def _class(at_first: int, at_second: int, relax_better: int) -> str:
    """A player's class by the signs of R − T, S − P and R − P."""
    R, P = Fraction(2 * relax_better), Fraction(0)
    return player_class(R - at_first, R, P, P + at_second)


def _structure(*signs: int) -> int:
    """All but the classes, packed, for the signs of A₁₁ − A₂₁, A₁₂ − A₂₂, B₁₁ − B₁₂ and B₂₁ − B₂₂."""
    row, column = signs[:2], signs[2:]
    found = [
        (x, y)
        for x, y in product((FIRST, SECOND, MIXED), repeat=2)
        if _replies(x, y, row, column) and _replies(y, x, column, row)
    ]
    groups = connected_components(found)
    entry = sum(1 << (3 * x + y) for x, y in found)
    entry |= sum(1 << (2 * x + y) for x, y in found if MIXED not in (x, y)) << 9
    entry |= sum((sign == 0) << k for k, sign in enumerate(signs)) << 13
    entry |= len(groups) << 17 | any(len(group) > 1 for group in groups) << 19
    return entry | any(x == MIXED for x, _ in found) << 20 | any(y == MIXED for _, y in found) << 21


def _replies(own: int, other: int, signs: tuple[int, ...], others_signs: tuple[int, ...]) -> bool:
    """Whether ``own`` exists and is a best reply to ``other``.

    Signs are those of the first action's advantage over the second, against the opponent's first and second action. A
    mixture exists if the opponent's signs are opposite, and holds the opponent indifferent.
    """
    if own == MIXED and others_signs[0] * others_signs[1] >= 0:
        return False
    if other == MIXED:
        return True
    sign = signs[other]
    return sign == 0 or (own == FIRST and sign > 0) or (own == SECOND and sign < 0)
