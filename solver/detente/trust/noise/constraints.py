"""Constraints that are linear in trust, with coefficients that are polynomials in one parameter.

Keeping an agreement is optimal at trust μ and parameter x iff μ A(x) + (1 − μ) B(x) ≥ 0 for each of finitely many
pairs of polynomials: what a deviation loses against the keeper and against the opportunist, weighted by how likely a
walk of observations makes the one and the other. A constraint with A = 0 stands for certainty of facing the opportunist
in the limit, one with B = 0 for certainty of the keeper: they leave only μ = 1 or μ = 0 if they fail. So at any x the
priors form one closed interval, and over x its ends follow the curves −B/(A − B), as :mod:`detente.trust.cover` finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import Poly, constant, evaluate
from detente.exact.sign_sets import where_nonnegative
from detente.trust.belief import Trust
from detente.trust.cover import BestRival, PlansAlong, Rival
from detente.trust.noise.check import Plan


class LinearConstraint(NamedTuple):
    """What ``action`` at a node loses against the keeper and against the opportunist, up to one positive factor."""

    node: int
    action: int
    keeper: Poly
    other: Poly


@dataclass(frozen=True)
class LinearFamily:
    """Finitely many constraints on one interval of the parameter, and the plans behind them, for a check."""

    domain: Interval
    constraints: tuple[LinearConstraint, ...]
    plans: tuple[Plan, ...] = ()

    def best_rival(self, x: Fraction) -> BestRival:
        """At one value of the parameter: the constraint that fails most at a prior."""
        rivals = [Rival(k, -evaluate(c.keeper, x), -evaluate(c.other, x)) for k, c in enumerate(self.constraints)]

        def rival(mu: Fraction) -> Rival | None:
            worst = max(rivals, key=lambda r: r.gain(mu), default=None)
            return worst if worst is not None and worst.gain(mu) > 0 else None

        return rival

    def gains(self, plan: int) -> Rival:
        """The gains of the plan behind a constraint, at trust 1 and 0."""
        return Rival(plan, -self.constraints[plan].keeper, -self.constraints[plan].other)

    def kept_along(self, trust: Trust, interval: Interval) -> IntervalSet:
        """Where in ``interval`` all constraints hold at a level of trust that varies with the parameter."""
        found = IntervalSet((interval,))
        for c in self.constraints:
            if found:
                loss = trust.numerator * c.keeper + (trust.denominator - trust.numerator) * c.other
                found = found & where_nonnegative(loss, interval)
        return found

    def holds_where(self, node: int, action: int, trust: Fraction) -> IntervalSet:
        """Where the constraints of one deviation hold at a given prior."""
        found = IntervalSet((self.domain,))
        for c in self.constraints:
            if (c.node, c.action) == (node, action) and found:
                loss = constant(trust) * c.keeper + constant(1 - trust) * c.other
                found = found & where_nonnegative(loss, self.domain)
        return found


def at_a_point(x: Fraction, priors: IntervalSet) -> LinearFamily:
    """The family on the single point ``x`` whose priors are a known interval, or none."""
    if not priors:
        sides = [(Fraction(-1), Fraction(-1))]
    else:
        (interval,) = priors
        lo, hi = Fraction(interval.lo), Fraction(interval.hi)  # type: ignore[arg-type]
        sides = [(1 - lo, -lo), (hi - 1, hi)]  # μ − lo ≥ 0 and hi − μ ≥ 0
    rows = tuple(LinearConstraint(0, 0, constant(a), constant(b)) for a, b in sides)
    return LinearFamily(Interval(x, x), rows)


@dataclass(frozen=True)
class LinearParts:
    """The whole domain of a parameter: families on disjoint intervals."""

    domain: Interval
    variable: str
    families: tuple[LinearFamily, ...]

    @property
    def parts(self) -> Sequence[PlansAlong]:
        return self.families

    def plans_at(self, x: Fraction) -> tuple[Plan, ...]:
        """The plans behind the constraints at a value of the parameter."""
        return next((family.plans for family in self.families if x in family.domain), ())
