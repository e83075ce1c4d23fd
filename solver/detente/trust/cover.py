"""The least and the greatest prior at which keeping an agreement is optimal: at a point, and along one parameter.

A plan is worth (1 − μ) b + μ a more than keeping, with a and b its gains against the keeper and the opportunist. So
each plan rules out the priors on one side of μ = b/(b − a). At a point Newton's method on the convex piecewise-linear
function "best value minus value of keeping" climbs from μ = 0 to the least prior in finitely many steps, or shows two
plans (or one) that leave no prior at all: :func:`climb`.

Along a parameter the gains are rational functions with one positive denominator, each plan gives a *curve*, and the
least prior follows one curve after another. The pieces are found by covering the parameter's domain: at a sample point
:func:`climb` finds the curve, or the plans that leave no prior, and then the exact set on which that answer stays valid
is computed: for a curve, where keeping is optimal along it; for emptiness, where the plans' gains keep their signs.
What is covered is removed, and the next sample is taken from the rest.

The greatest prior is the same with the two types in each other's place: all is written for ν, which is μ or 1 − μ.
Which plans there are is a family's business: under perfect monitoring all strategies
(:class:`Family`; the best is found by policy iteration, and where keeping is optimal along a curve by
:meth:`~detente.repeated.decision.DecisionProblem.attained_set`), under noise finitely many constraints
(:class:`~detente.trust.noise.constraints.LinearFamily`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from detente.exact.intervals import Interval, IntervalSet, between
from detente.exact.polynomial import ONE, ZERO, Poly, Polynomial, X, integer_ratio, polynomial_text, to_fmpq
from detente.exact.sign_sets import where_nonnegative, where_positive
from detente.repeated.decision import DecisionProblem, Policy, PolicyValue
from detente.trust.belief import Trust

# The player's problem with a level of trust that is a rational function of the parameter, on an interval of it.
ProblemAlong = Callable[[Trust, Interval], DecisionProblem]
# The player's problem with the parameter fixed, as a function of trust alone; trust is given as a polynomial.
ProblemAt = Callable[[Fraction, Trust], DecisionProblem]


@dataclass(frozen=True)
class Piece:
    """On ``interval`` the prior is ``numerator(x) / denominator(x)``, in lowest terms; ``variable`` names x."""

    interval: Interval
    numerator: Polynomial
    denominator: Polynomial
    variable: str = "δ"

    def __call__(self, x: Fraction) -> Fraction:
        return Fraction(self.numerator(x)) / Fraction(self.denominator(x))

    def slope(self, x: Fraction) -> Fraction:
        """The exact derivative at a rational point."""
        n, d = self.numerator, self.denominator
        rise = _derivative(n)(x) * d(x) - n(x) * _derivative(d)(x)
        return Fraction(rise) / Fraction(d(x)) ** 2

    def __repr__(self) -> str:
        top, bottom = polynomial_text(self.numerator, self.variable), polynomial_text(self.denominator, self.variable)
        if self.denominator == (1,):
            formula = top
        else:
            first, second = (
                t if len(p) == 1 else f"({t})" for t, p in ((top, self.numerator), (bottom, self.denominator))
            )
            formula = f"{first} / {second}"
        return f"{formula} on {self.interval!r}"


class Rival(NamedTuple):
    """A plan, and what it gains over keeping at ν = 1 and at ν = 0, up to one positive factor."""

    plan: Any
    at_one: Any
    at_zero: Any

    def gain(self, nu: Any) -> Any:
        return nu * self.at_one + (1 - nu) * self.at_zero

    def turned(self) -> Rival:
        """The same with the two types in each other's place."""
        return Rival(self.plan, self.at_zero, self.at_one)


# The plan that gains (most) over keeping at a prior; None if none gains.
BestRival = Callable[[Any], Rival | None]


def climb(best_rival: BestRival) -> tuple[Any, list[Rival]]:
    """The least ν in [0, 1] at which no plan gains, None if there is none; and the plans met on the way, in order.

    The last one's gain is zero at that ν. If there is none, the last two (or the only one) leave no ν.
    """
    met: list[Rival] = []
    nu = Fraction(0)
    while (rival := best_rival(nu)) is not None:
        met.append(rival)
        _, a, b = rival
        if a > 0:  # ahead at ν and at 1: no crossing between
            return None, met
        nu = b / (b - a)
    return nu, met


def turned(best_rival: BestRival) -> BestRival:
    """The same with the two types in each other's place, as a function of 1 − ν."""

    def rival(nu: Any) -> Rival | None:
        found = best_rival(1 - nu)
        return None if found is None else found.turned()

    return rival


def best_reply_rival(problem: DecisionProblem, keep: Policy) -> BestRival:
    """The best plan at a prior, in a problem whose one parameter is trust."""
    kept = problem.value(keep)

    def rival(mu: Fraction) -> Rival | None:
        plan = problem.best_policy(mu, keep)
        value = problem.value(plan)
        at_one, at_zero = (value.at(0, x) - kept.at(0, x) for x in (Fraction(1), Fraction(0)))
        found = Rival(plan, at_one, at_zero)
        return found if found.gain(mu) > 0 else None

    return rival


class PlansAlong(Protocol):
    """A player's rival plans along one parameter: what the search for pieces needs to know of them."""

    @property
    def domain(self) -> Interval: ...

    def best_rival(self, x: Fraction) -> BestRival:
        """At one value of the parameter."""

    def gains(self, plan: Any) -> Rival:
        """A plan's gains at trust 1 and 0, as polynomials times one positive function of the parameter."""

    def kept_along(self, trust: Trust, interval: Interval) -> IntervalSet:
        """Where in ``interval`` keeping is optimal at a level of trust that varies with the parameter."""


class Parts(Protocol):
    """A domain cut into parts, on each of which the rival plans depend on the parameter in one way."""

    @property
    def domain(self) -> Interval: ...

    @property
    def variable(self) -> str: ...

    @property
    def parts(self) -> Sequence[PlansAlong]: ...


@dataclass(frozen=True)
class Family:
    """All plans of a player who sees every act, along one parameter."""

    keep: Policy
    domain: Interval
    along: ProblemAlong
    at: ProblemAt
    variable: str = "δ"

    @property
    def parts(self) -> Sequence[PlansAlong]:
        return (self,)

    def best_rival(self, x: Fraction) -> BestRival:
        return best_reply_rival(self.at(x, Trust(X, ONE)), self.keep)

    def gains(self, plan: Policy) -> Rival:
        sides = []
        for problem, kept in self._certain:
            value = problem.value(plan)
            sides.append(value.numerators[0] * kept.denominator - kept.numerators[0] * value.denominator)
        # The nodes' graph with trust in it is block triangular, so both sides have the same positive denominator.
        return Rival(plan, *sides)

    def kept_along(self, trust: Trust, interval: Interval) -> IntervalSet:
        return self.along(trust, interval).attained_set(self.keep, 0).set

    @cached_property
    def _certain(self) -> list[tuple[DecisionProblem, PolicyValue]]:
        """The problem at trust 1 and 0, and what keeping is worth."""
        problems = [self.along(Trust(level, ONE), self.domain) for level in (ONE, ZERO)]
        return [(problem, problem.value(self.keep)) for problem in problems]


def least_prior(family: Parts) -> tuple[Piece, ...]:
    """The least prior at which keeping is optimal, in pieces of increasing parameter."""
    return _pieces(family, upper=False)


def greatest_prior(family: Parts) -> tuple[Piece, ...]:
    """The greatest prior at which keeping is optimal, in pieces of increasing parameter."""
    return tuple(
        Piece(p.interval, *_lowest_terms(p.denominator, p.numerator), p.variable) for p in _pieces(family, upper=True)
    )


def curves(plans: PlansAlong, *, upper: bool) -> list[tuple[IntervalSet, Poly, Poly]]:
    """Where the least prior at which keeping is optimal (or 1 minus the greatest, if ``upper``) is top/bottom: sets of
    the parameter, with both polynomials."""
    return _Cover(plans, upper=upper).curves()


def _pieces(family: Parts, *, upper: bool) -> tuple[Piece, ...]:
    found = [
        Piece(interval, *integer_ratio(top, bottom), family.variable)
        for part in family.parts
        for where, top, bottom in curves(part, upper=upper)
        for interval in where
    ]
    return _merged(sorted(found, key=lambda piece: (piece.interval.lo, not piece.interval.lo_closed)))


class _Cover:
    """Covers the domain with sets on which one formula for the least ν, or its absence, is proven."""

    def __init__(self, plans: PlansAlong, *, upper: bool) -> None:
        self.plans, self.upper = plans, upper
        self.domain = plans.domain
        self.found: list[tuple[IntervalSet, Poly, Poly]] = []
        self.remaining = IntervalSet((self.domain,))

    def curves(self) -> list[tuple[IntervalSet, Poly, Poly]]:
        """Where ν is top/bottom: sets with both polynomials."""
        self._add_curve(ZERO, ONE, IntervalSet((self.domain,)))
        while self.remaining:
            gap = self.remaining.intervals[0]
            sample = gap.lo if gap.is_point else between(gap.lo, gap.hi)
            if not isinstance(sample, Fraction):
                # An isolated irrational point: the plans on both sides have been tried there, and none leaves a prior.
                self.remaining = self.remaining - IntervalSet((gap,))
                continue
            self._cover_at(sample)
        return self.found

    def _cover_at(self, x: Fraction) -> None:
        best_rival = self.plans.best_rival(x)
        nu, met = climb(turned(best_rival) if self.upper else best_rival)
        last = [self._gains(rival.plan) for rival in met[-2:]]
        if nu is not None:
            self._follow(last[-1])
        else:
            self._rule_out(last)

    def _gains(self, plan: Any) -> Rival:
        gains = self.plans.gains(plan)
        return gains.turned() if self.upper else gains

    def _follow(self, rival: Rival) -> None:
        _, a, b = rival
        meaningful = where_positive(b, self.domain) & where_nonnegative(-a, self.domain)  # hence 0 < ν ≤ 1
        self._add_curve(b, b - a, meaningful)

    def _rule_out(self, rivals: Sequence[Rival]) -> None:
        """Remove the x at which the gains of one or two plans, with the signs they have now, leave no prior."""
        _, a, b = rivals[-1]
        if len(rivals) == 1:
            empty = where_positive(a, self.domain) & where_positive(b, self.domain)
        else:
            # The first plan leaves at most the priors from its crossing on, the second is ahead there and at 1.
            _, first_a, first_b = rivals[0]
            ahead = a * first_b - first_a * b
            beyond = where_nonnegative(first_a, self.domain) | where_positive(ahead, self.domain)
            empty = where_positive(first_b, self.domain) & where_positive(a, self.domain) & beyond
        for rival in rivals:  # at a boundary of emptiness a single prior may be left, on one of the curves
            self._follow(rival)
        self.remaining = self.remaining - empty

    def _add_curve(self, top: Poly, bottom: Poly, where: IntervalSet) -> None:
        common = top.gcd(bottom)
        top, bottom = top // common, bottom // common
        for interval in where & self.remaining:
            middle = interval.lo if interval.is_point else between(interval.lo, interval.hi)
            if not isinstance(middle, Fraction):
                continue
            if bottom(to_fmpq(middle)) < 0:
                top, bottom = -top, -bottom
            trust = Trust(bottom - top, bottom) if self.upper else Trust(top, bottom)
            valid = self.plans.kept_along(trust, interval) & self.remaining
            if valid:
                self.found.append((valid, top, bottom))
                self.remaining = self.remaining - valid


def _derivative(p: Polynomial) -> Polynomial:
    return Polynomial(k * c for k, c in enumerate(p) if k) or Polynomial((0,))


def _lowest_terms(denominator: Polynomial, numerator: Polynomial) -> tuple[Polynomial, Polynomial]:
    """1 − numerator/denominator, which is in lowest terms if the fraction is."""
    width = max(len(numerator), len(denominator))
    pad = [(p + (0,) * (width - len(p))) for p in (tuple(denominator), tuple(numerator))]
    difference = [d - n for d, n in zip(*pad, strict=True)]
    while len(difference) > 1 and difference[-1] == 0:
        difference.pop()
    return Polynomial(difference), denominator


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbouring pieces with one formula as one piece; a point takes its neighbour's formula where that agrees."""
    out: list[Piece] = []
    for piece in pieces:
        if out and _touch(out[-1].interval, piece.interval):
            last = out[-1]
            if _same(last, piece):
                joined = IntervalSet.of(last.interval, piece.interval).intervals[0]
                source = piece if last.interval.is_point else last
                out[-1] = Piece(joined, source.numerator, source.denominator, source.variable)
                continue
        out.append(piece)
    return tuple(out)


def _touch(left: Interval, right: Interval) -> bool:
    return left.hi == right.lo and (left.hi_closed or right.lo_closed)


def _same(left: Piece, right: Piece) -> bool:
    if (left.numerator, left.denominator) == (right.numerator, right.denominator):
        return True
    point, other = (left, right) if left.interval.is_point else (right, left)
    if not point.interval.is_point or not isinstance(point.interval.lo, Fraction):
        return False
    x = point.interval.lo
    return bool(other.denominator(x)) and point(x) == other(x)
