"""Regions: the exact set of values of one parameter at which something holds, and what ends it.

A region is the intersection of the sets on which single constraints hold. Its ends are exact; at each end that is not
an end of the parameter's own domain, some constraint binds, and the region names it. ``verify`` asks an independent
check at sample points: inside every interval, inside every gap, at every rational end, and close to both sides of
every end. Where that check can also tell a single constraint's slack, every constraint that is named must have none at
the end, and fail just beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from html import escape
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from detente.errors import CertificateError
from detente.exact.algebraic import Algebraic
from detente.exact.intervals import End, Interval, IntervalSet, between, combine, end_text, is_infinite

Side = Literal["below", "above"]

# Points this close to an end (relative to the cell beside it) are checked on both sides.
NEAR = Fraction(1, 10**6)
# A constraint is said to stop at an end if it fails this close beyond.
JUST_BEYOND = Fraction(1, 10**12)


class Constraint(NamedTuple):
    """One incentive constraint: in ``state`` (None in a one-shot game), ``player`` must not gain by ``deviation``."""

    player: Any
    state: Any
    deviation: Any

    def __str__(self) -> str:
        where = "" if self.state is None else f" in state '{self.state}'"
        return f"{self.player} would gain by {self.deviation}{where}"


SlackAt = Callable[[Constraint, Fraction], Fraction | None]


@dataclass(frozen=True)
class Region:
    """The exact set of values of ``parameter`` within ``domain`` at which ``claim`` holds.

    Attributes
    ----------
    intervals
        Disjoint intervals in increasing order; ends are Fractions or :class:`~detente.exact.algebraic.Algebraic`.
    binding
        For every end that a constraint makes, the constraints that bind there.
    beyond
        For every such end and side of it, ``(end, "below")`` or ``(end, "above")``, the constraints that fail on that
        side, as near to the end as one likes. At an isolated point different constraints may fail on the two sides.
    failing
        Constraints that fail at every value of the domain.
    holds_at, slack_at
        The certificate: whether the claim holds at a value, and the slack of one constraint at a value (None if there
        is no such constraint), by code that shares nothing with what found the set. Both can be pickled if they are
        methods of an object that can. Without ``slack_at`` the constraints' names are not checked.
    """

    parameter: str
    claim: str
    domain: Interval
    set: IntervalSet
    binding: Mapping[End, tuple[Constraint, ...]] = field(default_factory=dict)
    failing: tuple[Constraint, ...] = ()
    holds_at: Callable[[Fraction], bool] | None = field(default=None, repr=False, compare=False)
    beyond: Mapping[tuple[End, Side], tuple[Constraint, ...]] = field(default_factory=dict, repr=False)
    slack_at: SlackAt | None = field(default=None, repr=False, compare=False)

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
        both = self.set & other.set
        kept = _joined(self.binding, other.binding, {end for i in both for end in (i.lo, i.hi)})
        sides = {(end, side) for i in both for end, side in _sides(i)}
        beyond = _joined(self.beyond, other.beyond, sides)
        check = partial(_both_hold, self.holds_at, other.holds_at) if self.holds_at and other.holds_at else None
        slack = partial(_either_slack, self.slack_at, other.slack_at) if self.slack_at and other.slack_at else None
        claim, failing = f"{self.claim} and {other.claim}", self.failing + other.failing
        return Region(self.parameter, claim, self.domain, both, kept, failing, check, beyond, slack)

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
            for end, side in _sides(interval):
                if end != (self.domain.lo if side == "below" else self.domain.hi):
                    failing = self.beyond.get((end, side)) or self.binding.get(end)
                    reasons += [f"{side} {end_text(end)}, {failing[0]}"] if failing else []
        because = "; " + "; ".join(dict.fromkeys(reasons)) if reasons else ""
        return f"{self.claim} iff the {name} is in {self.set!r}{because}."

    def verify(self) -> None:
        """Check the set, and what ends it, by an independent test; raise :class:`CertificateError` on a mismatch."""
        if self.holds_at is None:
            raise CertificateError("region", self.claim, "a region that carries an independent check")
        for x in self.sample_points():
            if self.holds_at(x) != (x in self.set):
                said = "inside" if x in self.set else "outside"
                raise CertificateError(self.parameter, x, f"the independent check to agree that it is {said}")
        if self.slack_at is not None:
            self._check_names(self.slack_at)

    def _check_names(self, slack_at: SlackAt) -> None:
        """Every constraint named at an end has no slack there and fails just beyond; each such end has a name.

        Single constraints are asked about inside the domain: at its ends some chances are zero, and what a constraint
        is about may never happen.
        """
        inside = replace(self.domain, lo_closed=False, hi_closed=False)
        ends: dict[End, set[Constraint]] = {}
        for end, side, x in self._beyond_ends():
            named = self.beyond.get((end, side), ())
            ends.setdefault(end, set()).update(named)
            at_end = [slack_at(c, end) for c in named if isinstance(end, Fraction) and end in inside]
            past = [slack_at(c, x) for c in named]
            if not named or any(at_end) or any(slack is None or slack >= 0 for slack in past):
                raise CertificateError("beyond", (end_text(end), side, named), "the constraints that end the set there")
        if {end: set(named) for end, named in self.binding.items()} != ends:
            raise CertificateError("binding", dict(self.binding), "the constraints that end the set, at every end")
        for constraint in self.failing:
            slacks = [slack_at(constraint, x) for x in self.sample_points() if x in inside]
            if any(slack is None or slack >= 0 for slack in slacks):
                raise CertificateError("failing", constraint, "constraints that fail at every value")

    def _beyond_ends(self) -> Iterator[tuple[End, Side, Fraction]]:
        """Every end that is not the domain's own, the side on which the set stops there, and a point just beyond."""
        ends = [self.domain.lo, *(end for i in self.intervals for end in (i.lo, i.hi)), self.domain.hi]
        for k in range(1, len(ends) - 1, 2):
            before, lo, hi, after = ends[k - 1 : k + 3]
            if lo != self.domain.lo:
                yield lo, "below", _near(lo, between(before, lo), JUST_BEYOND)
            if hi != self.domain.hi:
                yield hi, "above", _near(hi, between(hi, after), JUST_BEYOND)

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
    slack_at: SlackAt | None = None,
) -> Region:
    """The region on which all constraints hold, given the set of each; its certificate, if there is one."""
    everything = IntervalSet((domain,))
    whole = [(c, s) for c, s in constraints if s != everything]
    found = combine([everything, *(s for _, s in whole)], all)
    beyond: dict[tuple[End, Side], tuple[Constraint, ...]] = {}
    binding: dict[End, tuple[Constraint, ...]] = {}
    for interval in found:
        for end, side in _sides(interval):
            if end != (domain.lo if side == "below" else domain.hi):
                stops = dict.fromkeys(c for c, s in whole if any((end, side) in _sides(i) for i in s))
                beyond[end, side] = tuple(stops)
                binding[end] = tuple(dict.fromkeys([*binding.get(end, ()), *stops]))
    failing = tuple(dict.fromkeys(c for c, s in whole if not s))
    return Region(parameter, claim, domain, found, binding, failing, holds_at, beyond, slack_at)


def _sides(interval: Interval) -> tuple[tuple[End, Side], tuple[End, Side]]:
    """Both ends, each with the side on which the interval stops there."""
    return (interval.lo, "below"), (interval.hi, "above")


def _joined(
    first: Mapping[Any, tuple[Constraint, ...]], second: Mapping[Any, tuple[Constraint, ...]], keys: Iterable[Any]
) -> dict[Any, tuple[Constraint, ...]]:
    """The constraints of both under each of the keys that either has."""
    found = {key: tuple(dict.fromkeys([*first.get(key, ()), *second.get(key, ())])) for key in keys}
    return {key: constraints for key, constraints in found.items() if constraints}


def _both_hold(first: Callable[[Fraction], bool], second: Callable[[Fraction], bool], x: Fraction) -> bool:
    return first(x) and second(x)


def _either_slack(first: SlackAt, second: SlackAt, constraint: Constraint, x: Fraction) -> Fraction | None:
    """A constraint's slack in whichever of two claims has it; the smaller one, if both do."""
    known = [slack for slack in (first(constraint, x), second(constraint, x)) if slack is not None]
    return min(known, default=None)


def _near(end: End, middle: Fraction, distance: Fraction = NEAR) -> Fraction:
    """A point between an end and a point beside it, at that distance from the end relative to theirs."""
    if isinstance(end, Algebraic):
        lo, hi = end.refine(abs(middle - Fraction(float(end))) * distance)
        return hi if middle > hi else lo
    point = Fraction(end)
    return point + (middle - point) * distance
