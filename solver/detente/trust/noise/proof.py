"""Proof that finite plans are the best along a curve of priors, on as large a part of a parameter's domain as it holds.

See :mod:`detente.trust.noise.planned` for the argument. Beliefs are odds, pairs of polynomials that are not negative;
plans are worth linear functions of them. Every inequality becomes a polynomial that must not be negative.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import ONE, ZERO, Poly, to_fmpq
from detente.exact.sign_sets import where_nonnegative
from detente.trust.noise.along import Line, NoisyAlong, Odds
from detente.trust.noise.envelope import Envelope, is_best_between
from detente.trust.noise.model import NoisyEncounter, Outcome, Step
from detente.trust.noise.ratio import Ratio, total


class Found(NamedTuple):
    """What is known at a sample: plans, with their worth along the parameter, and the best of them at each node."""

    meeting: NoisyEncounter
    own: Line  # what keeping is worth from the start
    steps: Sequence[Step]
    lines: Sequence[Line]
    envelopes: Sequence[Envelope]  # their labels are numbers of lines


class _Local(NamedTuple):
    """At one node: the odds that can be reached, the best plans between them from left to right, and the odds and
    beliefs (at the sample) at which each gives way to the next."""

    low: Odds
    high: Odds
    plans: Sequence[int]
    turns: Sequence[Odds]
    beliefs: Sequence[Any]


def where_proven(along: NoisyAlong, found: Found, x: Fraction, interval: Interval, prior: Odds) -> IntervalSet | None:
    """The part of ``interval`` on which keeping is proven to be optimal at ``prior``; None if it is not so at ``x``."""
    drifts = along.drift(x, interval, free=True)
    proof = _Proof(along, found, x)
    hull = proof.hull(prior, drifts.lows.factors, drifts.highs.factors, drifts)
    if hull is None:
        return None
    between = {n: (proof.belief(low), proof.belief(high)) for n, (low, high) in hull.items()}
    if not is_best_between(found.meeting, found.envelopes, between):
        return None
    valid = drifts.lows.valid & drifts.highs.valid
    seen: set[tuple[Any, ...]] = set()
    for condition in proof.conditions(prior, hull):
        if condition is None or condition(proof.point) < 0:
            return None
        key = tuple(condition.coeffs())
        if key not in seen:
            seen.add(key)
            valid = valid & where_nonnegative(condition, interval)
    return valid


class _Proof:
    """The inequalities, with signs and order as they are at the sample."""

    def __init__(self, along: NoisyAlong, found: Found, x: Fraction) -> None:
        self.along, self.found, self.x = along, found, x
        self.point = to_fmpq(x)

    def belief(self, odds: Odds) -> Any:
        """At the sample; None if the odds are 0 : 0 there."""
        mine, theirs = odds[0](self.point), odds[1](self.point)
        return mine / (mine + theirs) if mine + theirs else None

    def hull(self, prior: Odds, down: Any, up: Any, drifts: Any) -> dict[int, tuple[Odds, Odds]] | None:
        """For every node that any acts can lead to from ``prior`` the least and the greatest odds there."""
        if not prior[0]:  # certain of the opportunist, and so for ever
            return dict.fromkeys(down, ((ZERO, ONE), (ZERO, ONE)))
        if not prior[1]:
            return dict.fromkeys(up, ((ONE, ZERO), (ONE, ZERO)))
        found = {}
        for n in sorted({*down, *up}):
            low, high = drifts.low_odds(n, prior), drifts.high_odds(n, prior)
            low, high = low or (ONE, ZERO), high or (ZERO, ONE)
            if n not in down:
                high = (ONE, ZERO)  # only the keeper leads there
            elif n not in up:
                low = (ZERO, ONE)
            if self.belief(low) is None or self.belief(high) is None:
                return None
            found[n] = (low, high)
        return found

    def conditions(self, prior: Odds, hull: dict[int, tuple[Odds, Odds]]) -> Iterator[Poly | None]:
        """Everything that must not be negative; None for what cannot be told at the sample."""
        local = {}
        for n, (low, high) in hull.items():
            local[n] = yield from self._local(n, low, high)
        for k in local[0].plans:
            yield self._above(prior, self.found.own, self.found.lines[k])
        for n in hull:
            for option in self.along.options[n]:
                points = [local[n].low, local[n].high, *local[n].turns]
                points += yield from self._turns_ahead(local, n, option.outcomes)
                for odds in points:
                    yield from self._no_better(local, n, option, odds)

    def _local(self, n: int, low: Odds, high: Odds) -> Generator[Poly | None, None, _Local]:
        envelope = self.found.envelopes[n]
        first, last = (bisect_right(envelope.ends, self.belief(odds)) for odds in (low, high))
        plans = envelope.labels[first : last + 1]
        turns = []
        for left, right in pairwise(plans):
            (k, o), (k_next, o_next) = self.found.lines[left], self.found.lines[right]
            falls = total([(ONE, o), (-ONE, o_next)], self.x)
            rises = total([(ONE, k_next), (-ONE, k)], self.x)
            yield falls.top
            yield rises.top
            odds = _reduced((falls.top * rises.bottom, rises.top * falls.bottom), self.point)
            yield from odds
            turns.append(odds)
        for before, after in pairwise(turns):
            yield _rise(before, after)
        return _Local(low, high, plans, turns, envelope.ends[first:last])

    def _turns_ahead(
        self, local: dict[int, _Local], n: int, outcomes: Sequence[Outcome]
    ) -> Generator[Poly | None, None, list[Odds]]:
        """The odds between which all that may follow is linear; those outside what can be reached must stay there."""
        low, high = self.belief(local[n].low), self.belief(local[n].high)
        inside = []
        for o in outcomes:
            if not (o.keeper and o.other and o.target in local):
                continue
            for mine, theirs in local[o.target].turns:
                odds = _reduced((mine * o.other, theirs * o.keeper), self.point)
                yield from odds
                belief = self.belief(odds)
                if belief is None:
                    yield None
                elif low < belief < high:
                    inside.append(odds)
                else:
                    yield _rise(odds, local[n].low) if belief <= low else _rise(local[n].high, odds)
        return inside

    def _no_better(self, local: dict[int, _Local], n: int, option: Any, odds: Odds) -> Iterator[Poly | None]:
        """One act, followed by the best plans, must not do better than these at given odds."""
        mine, theirs = odds
        terms = []
        for o in option.outcomes:
            ahead = mine * o.keeper, theirs * o.other
            if not (ahead[0] or ahead[1]):
                continue
            there, belief = local[o.target], self.belief(ahead)
            if belief is None:
                yield None
                return
            j = bisect_right(there.beliefs, belief)
            if j > 0:
                yield _rise(there.turns[j - 1], ahead)
            if j < len(there.turns):
                yield _rise(ahead, there.turns[j])
            k, other = self.found.lines[there.plans[j]]
            terms += [(-self.along.beta * ahead[0], k), (-self.along.beta * ahead[1], other)]
        here = local[n]
        k, other = self.found.lines[here.plans[bisect_right(here.beliefs, self.belief(odds))]]
        now = (ONE - self.along.beta) * (mine * option.reward[0] + theirs * option.reward[1])
        yield total([(mine, k), (theirs, other), (-now, Ratio(ONE, ONE)), *terms], self.x).top

    def _above(self, odds: Odds, one: Line, other: Line) -> Poly:
        mine, theirs = odds
        terms = [(mine, one[0]), (theirs, one[1]), (-mine, other[0]), (-theirs, other[1])]
        return total(terms, self.x).top


def _rise(lower: Odds, higher: Odds) -> Poly:
    """Not negative iff the first odds are at most the second."""
    return higher[0] * lower[1] - lower[0] * higher[1]


def _reduced(odds: Odds, point: Any) -> Odds:
    common = odds[0].gcd(odds[1])
    if not common:
        return odds
    mine, theirs = odds[0] // common, odds[1] // common
    return (-mine, -theirs) if common(point) < 0 else (mine, theirs)
