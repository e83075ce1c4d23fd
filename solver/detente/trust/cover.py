"""The least and the greatest prior at which keeping an agreement is optimal, as exact functions of one parameter.

A plan is worth (1 − μ) b + μ a more than keeping, with a and b its gains against the keeper and the opportunist:
rational functions of the parameter with one positive denominator. So each plan gives a *curve* μ = b/(b − a), and the
least prior follows one curve after another.

The pieces are found by covering the parameter's domain. At a sample point Newton's method on the convex
piecewise-linear function "best value minus value of keeping" climbs from μ = 0 to the least prior in finitely many
steps, or shows two plans (or one) that leave no prior at all. Then the exact set on which that answer stays valid is
computed: for a curve, where keeping is optimal along it
(:meth:`~detente.repeated.decision.DecisionProblem.attained_set`); for emptiness, where the plans' gains keep their
signs. What is covered is removed, and the next sample is taken from the rest.

The greatest prior is the same with the two types in each other's place: all is written for ν, which is μ or 1 − μ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from detente.exact.intervals import Interval, IntervalSet, between
from detente.exact.polynomial import ONE, ZERO, Poly, Polynomial, X, evaluate, integer_ratio, polynomial_text, to_fmpq
from detente.exact.sign_sets import where_nonnegative, where_positive
from detente.repeated.decision import DecisionProblem, Policy
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


@dataclass(frozen=True)
class Family:
    """A player's problem along one parameter: what the search for pieces needs to know of it."""

    keep: Policy
    domain: Interval
    along: ProblemAlong
    at: ProblemAt
    variable: str = "δ"


def least_prior(family: Family) -> tuple[Piece, ...]:
    """The least prior at which keeping is optimal, in pieces of increasing parameter."""
    return _Cover(family, upper=False).pieces()


def greatest_prior(family: Family) -> tuple[Piece, ...]:
    """The greatest prior at which keeping is optimal, in pieces of increasing parameter."""
    return tuple(
        Piece(p.interval, *_lowest_terms(p.denominator, p.numerator), p.variable)
        for p in _Cover(family, upper=True).pieces()
    )


@dataclass(frozen=True)
class _Gain:
    """What a plan gains over keeping at ν = 1 and at ν = 0, times a positive polynomial."""

    at_one: Poly
    at_zero: Poly


class _Cover:
    """Covers the domain with sets on which one formula for the least ν, or its absence, is proven."""

    def __init__(self, family: Family, *, upper: bool) -> None:
        self.family, self.upper = family, upper
        self.domain = family.domain
        self.one, self.zero = (family.along(self._trust(level, ONE), self.domain) for level in (ONE, ZERO))
        self.kept = (self.one.value(family.keep), self.zero.value(family.keep))
        self.found: list[tuple[IntervalSet, Poly, Poly]] = []
        self.remaining = IntervalSet((self.domain,))

    def _trust(self, top: Poly, bottom: Poly) -> Trust:
        """ν = top/bottom as trust."""
        return Trust(bottom - top, bottom) if self.upper else Trust(top, bottom)

    def pieces(self) -> tuple[Piece, ...]:
        self._add_curve(ZERO, ONE, IntervalSet((self.domain,)))
        while self.remaining:
            gap = self.remaining.intervals[0]
            sample = gap.lo if gap.is_point else between(gap.lo, gap.hi)
            if not isinstance(sample, Fraction):
                # An isolated irrational point: the plans on both sides have been tried there, and none leaves a prior.
                self.remaining = self.remaining - IntervalSet((gap,))
                continue
            self._cover_at(sample)
        ordered = sorted(
            (
                Piece(interval, *integer_ratio(top, bottom), self.family.variable)
                for part, top, bottom in self.found
                for interval in part
            ),
            key=lambda piece: (piece.interval.lo, not piece.interval.lo_closed),
        )
        return _merged(ordered)

    def _cover_at(self, x: Fraction) -> None:
        last: _Gain | None = None
        nu = Fraction(0)
        along_trust = self.family.at(x, self._trust(X, ONE))
        while True:
            plan = along_trust.best_policy(nu, self.family.keep)
            gain = self._gain(plan)
            a, b = evaluate(gain.at_one, x), evaluate(gain.at_zero, x)
            if (1 - nu) * b + nu * a <= 0:  # keeping is optimal at ν: the frontier is the last plan's curve
                if last is not None:
                    self._follow(last)
                break
            if a > 0 or b - a <= 0:  # no crossing at or above ν
                self._rule_out(last, gain)
                break
            nu = b / (b - a)
            last = gain

    def _gain(self, plan: Policy) -> _Gain:
        sides = []
        for problem, kept in zip((self.one, self.zero), self.kept, strict=True):
            value = problem.value(plan)
            sides.append(value.numerators[0] * kept.denominator - kept.numerators[0] * value.denominator)
        # The nodes' graph with trust in it is block triangular, so both sides have the same positive denominator.
        return _Gain(*sides)

    def _follow(self, gain: _Gain) -> None:
        a, b = gain.at_one, gain.at_zero
        meaningful = where_positive(b, self.domain) & where_nonnegative(-a, self.domain)  # hence 0 < ν ≤ 1
        self._add_curve(b, b - a, meaningful)

    def _rule_out(self, last: _Gain | None, gain: _Gain) -> None:
        """Remove the x at which the gains of one or two plans, with the signs they have now, leave no prior."""
        a2, b2 = gain.at_one, gain.at_zero
        if last is None:
            empty = where_positive(a2, self.domain) & where_positive(b2, self.domain)
        else:
            # The first plan leaves at most the priors from its crossing on, the second is ahead there and at 1.
            a1, b1 = last.at_one, last.at_zero
            beyond = where_nonnegative(a1, self.domain) | where_positive(a2 * b1 - a1 * b2, self.domain)
            empty = where_positive(b1, self.domain) & where_positive(a2, self.domain) & beyond
            self._follow(last)
        self._follow(gain)  # at a boundary of emptiness a single prior may be left, on one of the curves
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
            problem = self.family.along(self._trust(top, bottom), interval)
            valid = problem.attained_set(self.family.keep, 0).set & self.remaining
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
