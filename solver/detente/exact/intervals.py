"""Intervals with exact ends, and finite unions of them.

Ends are Fractions, :class:`~detente.exact.algebraic.Algebraic` numbers, or ±∞. Set operations work on *cells*: the
ends of all operands, in order, cut the line into points and open gaps on each of which membership is constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from detente.exact.algebraic import Algebraic, Exact
from detente.exact.rational import to_fraction

End = Fraction | Algebraic | float  # a float only for ±∞


@dataclass(frozen=True)
class Interval:
    """The numbers between ``lo`` and ``hi``, each end included iff closed; a single point if they are equal.

    >>> Interval(Fraction(1, 2), Fraction(1), True, False)
    [1/2, 1)
    """

    lo: End
    hi: End
    lo_closed: bool = True
    hi_closed: bool = True

    def __contains__(self, x: Any) -> bool:
        point = x if isinstance(x, Algebraic) else to_fraction(x, "x")
        above = self.lo < point or (self.lo_closed and self.lo == point)
        below = point < self.hi or (self.hi_closed and self.hi == point)
        return above and below

    @property
    def is_point(self) -> bool:
        return self.lo == self.hi

    def __repr__(self) -> str:
        if self.is_point:
            return f"{{{end_text(self.lo)}}}"
        left, right = "[" if self.lo_closed else "(", "]" if self.hi_closed else ")"
        return f"{left}{end_text(self.lo)}, {end_text(self.hi)}{right}"


@dataclass(frozen=True)
class IntervalSet:
    """A finite union of disjoint, non-adjacent intervals in increasing order; possibly empty."""

    intervals: tuple[Interval, ...] = ()

    @classmethod
    def of(cls, *intervals: Interval) -> IntervalSet:
        """The union of any intervals, in any order and overlapping at will."""
        return combine([cls((i,)) for i in intervals], any)

    def __contains__(self, x: Any) -> bool:
        return any(x in interval for interval in self.intervals)

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __iter__(self) -> Iterator[Interval]:
        return iter(self.intervals)

    def __and__(self, other: IntervalSet) -> IntervalSet:
        return combine([self, other], all)

    def __or__(self, other: IntervalSet) -> IntervalSet:
        return combine([self, other], any)

    def __sub__(self, other: IntervalSet) -> IntervalSet:
        return combine([self, other], lambda inside: inside[0] and not inside[1])

    def __repr__(self) -> str:
        return " ∪ ".join(map(repr, self.intervals)) or "∅"


def combine(sets: Sequence[IntervalSet], rule: Callable[[Sequence[bool]], bool]) -> IntervalSet:
    """The points whose memberships in the ``sets`` satisfy ``rule`` (``all``: intersection, ``any``: union, …)."""
    ends = sorted_distinct(end for s in sets for i in s for end in (i.lo, i.hi) if not is_infinite(end))
    position = {end: k for k, end in enumerate(ends)}
    # Cell 2k + 1 is the k-th end itself; even cells are the open gaps between, before and after the ends.
    cells = 2 * len(ends) + 1
    members = [[False] * cells for _ in sets]
    for row, s in zip(members, sets, strict=True):
        for i in s:
            first = 0 if is_infinite(i.lo) else 2 * position[i.lo] + (1 if i.lo_closed else 2)
            last = cells - 1 if is_infinite(i.hi) else 2 * position[i.hi] + (1 if i.hi_closed else 0)
            for cell in range(first, last + 1):
                row[cell] = True
    return from_cells(ends, [rule(column) for column in zip(*members, strict=True)] if sets else [])


def from_cells(ends: Sequence[Exact], inside: Sequence[bool]) -> IntervalSet:
    """The set made of the marked cells; ``inside`` alternates gap, end, gap, …, gap."""
    found: list[Interval] = []
    cell = 0
    while cell < len(inside):
        if not inside[cell]:
            cell += 1
            continue
        first = cell
        while cell + 1 < len(inside) and inside[cell + 1]:
            cell += 1
        lo, lo_closed = _left(ends, first)
        hi, hi_closed = _right(ends, cell)
        found.append(Interval(lo, hi, lo_closed, hi_closed))
        cell += 1
    return IntervalSet(tuple(found))


def sorted_distinct(numbers: Iterable[End]) -> list[Any]:
    """The numbers in increasing order, each once."""
    return sorted(set(numbers))


def is_infinite(end: End) -> bool:
    return isinstance(end, float) and end in (inf, -inf)


def between(lo: End, hi: End) -> Fraction:
    """A simple rational strictly between two different ends, close to the middle where both are finite."""
    if is_infinite(lo) and is_infinite(hi):
        return Fraction(0)
    if is_infinite(lo):
        return _below(hi) - 1
    if is_infinite(hi):
        return -_below_negated(lo) + 1
    width = Fraction(1, 2)
    while True:
        left, right = _above(lo, width), _below(hi, width)
        if left < right:
            return _simplest((3 * left + right) / 4, (left + 3 * right) / 4)
        width /= 16


def end_text(end: End) -> str:
    """An end as a person reads it: exact, with its decimal where it is irrational."""
    if isinstance(end, Algebraic):
        text = str(end)
        return text if "near" in text else f"{text} ≈ {float(end):.6g}"
    return str(end).replace("inf", "∞").replace("-", "−")


def _left(ends: Sequence[Exact], cell: int) -> tuple[End, bool]:
    if cell % 2:
        return ends[cell // 2], True
    return (-inf, False) if cell == 0 else (ends[cell // 2 - 1], False)


def _right(ends: Sequence[Exact], cell: int) -> tuple[End, bool]:
    if cell % 2:
        return ends[cell // 2], True
    return (inf, False) if cell == 2 * len(ends) else (ends[cell // 2], False)


def _above(end: Any, width: Fraction) -> Fraction:
    return end.refine(width)[1] if isinstance(end, Algebraic) else Fraction(end)


def _below(end: Any, width: Fraction = Fraction(1, 2)) -> Fraction:
    return end.refine(width)[0] if isinstance(end, Algebraic) else Fraction(end)


def _below_negated(end: Any) -> Fraction:
    return -_above(end, Fraction(1, 2))


def _simplest(lo: Fraction, hi: Fraction) -> Fraction:
    """The fraction of least denominator in [lo, hi] (Stern–Brocot), so that samples stay small."""
    floor = lo.numerator // lo.denominator
    if floor == lo:
        return lo
    if floor + 1 <= hi:
        return Fraction(floor + 1)
    return floor + 1 / _simplest(1 / (hi - floor), 1 / (lo - floor))
