"""Regions: the exact set of values of one parameter at which something holds, and what ends it.

A region is the intersection of the sets on which single constraints hold. Its ends are exact; at each end that is not
an end of the parameter's own domain, some constraint binds, and the region names it. ``verify`` asks an independent
check at sample points: inside every interval, inside every gap, at every rational end, and close to both sides of
every end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from detente.errors import CertificateError
from detente.exact.algebraic import Algebraic
from detente.exact.intervals import End, Interval, IntervalSet, between, combine, end_text, is_infinite

# Points this close to an end (relative to the cell beside it) are checked on both sides.
NEAR = Fraction(1, 10**6)


class Constraint(NamedTuple):
    """One incentive constraint: in ``state`` (None in a one-shot game), ``player`` must not gain by ``deviation``."""

    player: Any
    state: Any
    deviation: Any

    def __str__(self) -> str:
        where = "" if self.state is None else f" in state '{self.state}'"
        return f"{self.player} would gain by {self.deviation}{where}"


@dataclass(frozen=True)
class Region:
    """The exact set of values of ``parameter`` within ``domain`` at which ``claim`` holds.

    Attributes
    ----------
    intervals
        Disjoint intervals in increasing order; ends are Fractions or :class:`~detente.exact.algebraic.Algebraic`.
    binding
        For every end that a constraint makes, the constraints that bind there.
    """

    parameter: str
    claim: str
    domain: Interval
    set: IntervalSet
    binding: Mapping[End, tuple[Constraint, ...]] = field(default_factory=dict)
    failing: tuple[Constraint, ...] = ()
    holds_at: Callable[[Fraction], bool] | None = field(default=None, repr=False, compare=False)

    @property
    def intervals(self) -> tuple[Interval, ...]:
        return self.set.intervals

    @property
    def is_empty(self) -> bool:
        return not self.set

    @property
    def least(self) -> End | None:
        """The least value in the set; None if it is empty or has no least element."""
        if not self.intervals or not self.intervals[0].lo_closed:
            return None
        return self.intervals[0].lo

    def __contains__(self, x: Any) -> bool:
        return x in self.set

    def __and__(self, other: Region) -> Region:
        """Both claims at once; the parameter must be the same."""
        ends = {**other.binding, **self.binding}
        both = self.set & other.set
        kept = {end: ends[end] for i in both for end in (i.lo, i.hi) if end in ends}
        first, second = self.holds_at, other.holds_at
        check = (lambda x: first(x) and second(x)) if first and second else None
        claim = f"{self.claim} and {other.claim}"
        return Region(self.parameter, claim, self.domain, both, kept, self.failing + other.failing, check)

    def explain(self) -> str:
        """One sentence: what holds where, who would break it, how and why."""
        name = PARAMETER_NAMES.get(self.parameter, self.parameter)
        if self.is_empty:
            why = f": {self.failing[0]} at every value" if self.failing else ": no value meets all constraints at once"
            return f"{self.claim} at no {name} in {self.domain!r}{why}."
        if self.set == IntervalSet((self.domain,)):
            return f"{self.claim} at every {name} in {self.domain!r}."
        reasons = []
        for interval in self.intervals:
            for end, side in ((interval.lo, "below"), (interval.hi, "above")):
                if end in self.binding and not (side == "below" and end == self.domain.lo):
                    reasons.append(f"{side} {end_text(end)}, {self.binding[end][0]}")
        because = "; " + "; ".join(dict.fromkeys(reasons)) if reasons else ""
        return f"{self.claim} iff the {name} is in {self.set!r}{because}."

    def verify(self) -> None:
        """Check the set by an independent test at sample points; raise :class:`CertificateError` on a mismatch."""
        if self.holds_at is None:
            raise CertificateError("region", self.claim, "a region that carries an independent check")
        for x in self.sample_points():
            if self.holds_at(x) != (x in self.set):
                said = "inside" if x in self.set else "outside"
                raise CertificateError(self.parameter, x, f"the independent check to agree that it is {said}")

    def sample_points(self) -> list[Fraction]:
        """Rational points in and beside every cell of the region, within the domain."""
        ends = [e for i in self.intervals for e in (i.lo, i.hi) if not is_infinite(e)]
        marks: list[Any] = sorted({*ends, *(e for e in (self.domain.lo, self.domain.hi) if not is_infinite(e))})
        points = [m for m in marks if isinstance(m, Fraction)]
        bounds: list[Any] = [self.domain.lo, *marks, self.domain.hi]
        for lo, hi in pairwise(bounds):
            if lo == hi:
                continue
            middle = between(lo, hi)
            points.append(middle)
            points += [_near(end, middle) for end in (lo, hi) if not is_infinite(end)]
        return sorted({p for p in points if p in self.domain})

    def __repr__(self) -> str:
        return f"<Region {self.parameter} ∈ {self.set!r}: {self.claim}>"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self.set))}</b><br>{escape(self.explain())}</p>"


PARAMETER_NAMES = {
    "discount": "discount factor",
    "breakdown": "breakdown hazard",
    "noise": "noise level",
    "trust": "trust",
    "belief": "belief",
}


def region_of(
    parameter: str,
    claim: str,
    domain: Interval,
    constraints: Sequence[tuple[Constraint, IntervalSet]],
    holds_at: Callable[[Fraction], bool] | None = None,
) -> Region:
    """The region on which all constraints hold, given the set of each."""
    everything = IntervalSet((domain,))
    whole = [(c, s) for c, s in constraints if s != everything]
    found = combine([everything, *(s for _, s in whole)], all)
    binding: dict[End, tuple[Constraint, ...]] = {}
    for interval in found:
        for end, limit in ((interval.lo, domain.lo), (interval.hi, domain.hi)):
            if end != limit:
                binding[end] = tuple(c for c, s in whole if end in _ends(s))
    failing = tuple(c for c, s in whole if not s)
    return Region(parameter, claim, domain, found, binding, failing, holds_at)


def _ends(s: Iterable[Interval]) -> set[End]:
    return {end for i in s for end in (i.lo, i.hi)}


def _near(end: End, middle: Fraction) -> Fraction:
    if isinstance(end, Algebraic):
        lo, hi = end.refine(abs(middle - Fraction(float(end))) * NEAR)
        return hi if middle > hi else lo
    point = Fraction(end)
    return point + (middle - point) * NEAR
