"""Priors at which keeping is optimal, exactly, along a parameter: the finitely many plans that matter, and the proof.

A deviation followed by a finite plan is worth a linear function of the belief, with coefficients that are rational
functions of the parameter. Each gives constraints that are necessary for keeping to be optimal, wherever they were
found. They are found at samples, by policy iteration (:mod:`detente.trust.noise.envelope`), and their envelope bounds
the priors from outside.

That the bound is sharp along a curve of priors is proven like this. At a sample, take for every node that any acts can
lead to the beliefs that they can lead to, an interval, and the plans that are best somewhere on it. If no act followed
by these plans does better than these, at the ends of the intervals and wherever a best plan changes, they are worth the
best value there (Blackwell 1965), because no acts lead out of the intervals. All this is a finite list of inequalities
between polynomials, and it stays proven where all of them hold: a set with exact ends. What is left of the curve is
sampled again, until all is proven; or some sample shows that its best value is not made of finitely many plans, or of
too many.

If deviations leave no mark, keeping is the only plan that need follow one, and nothing is left to prove (the
one-shot-deviation principle).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from time import monotonic

from detente.exact.intervals import Interval, IntervalSet, between
from detente.trust.cover import curves
from detente.trust.noise.along import Cell, NoisyAlong, Odds, constraints_of
from detente.trust.noise.constraints import LinearConstraint, LinearFamily
from detente.trust.noise.envelope import best_plans, pieces
from detente.trust.noise.proof import Found, where_proven

PLANNING_TIME = 1.0  # seconds for the plans at one sample
MOST_PLANS = 24  # beyond these the polynomials become too large to prove anything soon
MOST_SAMPLES = 12


def exact_family(along: NoisyAlong, cell: Cell, deadline: float) -> LinearFamily | None:
    """The constraints that describe exactly where keeping is optimal on a cell; None if they are not proven."""
    if along.deviations_leave_no_mark():
        return LinearFamily(cell.interval, tuple(_after_deviations(along, cell)))
    samples = _Samples(along, cell)
    x: Fraction | None = _middle(cell.interval)
    while x is not None:
        if x in samples.found or len(samples.found) == MOST_SAMPLES or monotonic() > deadline:
            return None
        samples.add(x)
        x = samples.unproven(deadline)
    return samples.family


def _after_deviations(along: NoisyAlong, cell: Cell) -> Iterator[LinearConstraint]:
    """The constraints of deviations after which the agreement is kept."""
    lines = along.worth(along.keeping())
    for n, a in along.deviations():
        then = [o.target for o in along.options[n][a].outcomes]
        yield from constraints_of(cell, n, a, along.loss(lines[n], lines, n, a, then))


class _Samples:
    """Plans found at samples of the parameter, and what they prove."""

    def __init__(self, along: NoisyAlong, cell: Cell) -> None:
        self.along, self.cell = along, cell
        self.kept = along.worth(along.keeping())
        self.found: dict[Fraction, Found] = {}
        self.rows: list[LinearConstraint] = []

    @property
    def family(self) -> LinearFamily:
        plans = tuple(self.along.written(found.steps) for found in self.found.values())
        return LinearFamily(self.cell.interval, tuple(self.rows), plans)

    def add(self, x: Fraction) -> None:
        """Find plans at a sample, and the constraints that they make."""
        plans = self.found[x] = self._plans(x)
        for n, a in self.along.deviations():
            for then in self._continuations(plans, n, a):
                loss = self.along.loss(self.kept[n], plans.lines, n, a, then)
                self.rows += [row for row in constraints_of(self.cell, n, a, loss) if row not in self.rows]

    def _plans(self, x: Fraction) -> Found:
        meeting = self.along.encounter(x)
        best = best_plans(meeting, monotonic() + PLANNING_TIME, MOST_PLANS)
        return Found(meeting, self.kept[0], best.steps, self.along.worth(best.steps), best.envelopes)

    def _continuations(self, plans: Found, node: int, action: int) -> set[tuple[int, ...]]:
        """The plans that are best after an act, at every belief at which they may be."""
        marks = pieces(plans.meeting, plans.envelopes, node, action)
        outcomes = plans.meeting.options[node][action].outcomes
        return {
            tuple(plans.envelopes[o.target].label(o.keeper * x, o.other * (1 - x)) for o in outcomes)
            for x in ((marks[k] + marks[k + 1]) / 2 for k in range(len(marks) - 1))
        }

    def unproven(self, deadline: float) -> Fraction | None:
        """A value of the parameter at which an end of the priors is not proven sharp, or None."""
        family = self.family
        for upper in (False, True):
            for where, top, bottom in curves(family, upper=upper):
                prior = (bottom - top, top) if upper else (top, bottom - top)
                for interval in where:
                    open_question = self._unproven_along(interval, prior, deadline)
                    if open_question is not None:
                        return open_question
        return None

    def _unproven_along(self, interval: Interval, prior: Odds, deadline: float) -> Fraction | None:
        remaining = IntervalSet((interval,))
        while remaining:
            gap = remaining.intervals[0]
            if gap.is_point and not interval.is_point:  # proven beside it, and the best value is continuous
                remaining = remaining - IntervalSet((gap,))
                continue
            x = _middle(gap)
            plans = self.found.get(x) or self._plans(x)
            proven = where_proven(self.along, plans, x, gap, prior)
            if proven is None or monotonic() > deadline:
                return x
            remaining = remaining - proven
        return None


def _middle(interval: Interval) -> Fraction:
    return Fraction(interval.lo) if interval.is_point else between(interval.lo, interval.hi)  # type: ignore[arg-type]
