"""The trust frontier μ*(δ): the least trust that an agreement needs, as an exact function of patience.

At a given δ the priors at which keeping is optimal form an interval. Its lower end is 0, or the prior at which some
rival plan does as well as keeping. A plan is worth (1 − μ) b + μ a more than keeping, with a and b its gains against
the keeper and against the opportunist: rational functions of δ with one positive denominator. So each plan gives a
*curve* μ = b/(b − a), and the frontier follows one curve after another.

The pieces are found by covering the domain. At a sample δ, Newton's method on the convex piecewise-linear function
"best value minus value of keeping" climbs from μ = 0 to the lower end in finitely many steps, or shows two plans (or
one) that leave no prior at all. Then the exact set of δ on which that answer stays valid is computed: for a curve,
where keeping is optimal along it (a decision problem in δ, :meth:`DecisionProblem.attained_set`); for emptiness, where
the plans' gains keep their signs. What is covered is removed, and the next sample is taken from the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError
from detente.exact.algebraic import Algebraic
from detente.exact.intervals import Interval, IntervalSet, between
from detente.exact.polynomial import ONE, ZERO, Poly, Polynomial, X, evaluate, polynomial_text, to_fmpq
from detente.exact.rational import to_probability
from detente.exact.sign_sets import where_nonnegative, where_positive
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.machines import always
from detente.game.repeated import RepeatedGame
from detente.repeated.decision import Policy
from detente.repeated.parameters import HALF_OPEN, UNIT_INTERVAL, Over, with_parameter
from detente.trust.belief import Encounter, Trust, constant_trust, encounter, worst_action
from detente.trust.check import keeping_is_optimal

# How far below the frontier the independent check must find keeping not to be optimal.
BELOW = Fraction(1, 10**9)


@dataclass(frozen=True)
class Piece:
    """On ``interval`` the frontier is ``numerator(δ) / denominator(δ)``, in lowest terms."""

    interval: Interval
    numerator: Polynomial
    denominator: Polynomial

    def __call__(self, discount: Fraction) -> Fraction:
        return Fraction(self.numerator(discount)) / Fraction(self.denominator(discount))

    def __repr__(self) -> str:
        top, bottom = polynomial_text(self.numerator, "δ"), polynomial_text(self.denominator, "δ")
        formula = top if self.denominator == (1,) else f"({top}) / ({bottom})"
        return f"{formula} on {self.interval!r}"


@dataclass(frozen=True)
class Frontier:
    """The least trust at which keeping the agreement is optimal for ``player``, as a function of their patience.

    Call it with a discount factor for the exact value (None where no trust suffices).

    Attributes
    ----------
    pieces
        Rational functions on disjoint intervals of δ, in increasing order.
    domain
        The discount factors at which some trust suffices.
    """

    player: Any
    agreement: str
    pieces: tuple[Piece, ...]
    _rg: RepeatedGame
    _ag: Agreement
    _player: int
    _opportunist: Machine

    def __call__(self, discount: Any) -> Fraction | None:
        delta = to_probability(discount, "discount", below_one=True)
        for piece in self.pieces:
            if delta in piece.interval:
                return piece(delta)
        return None

    @property
    def domain(self) -> IntervalSet:
        return IntervalSet.of(*(piece.interval for piece in self.pieces))

    @property
    def breakpoints(self) -> tuple[Any, ...]:
        """Where one formula gives way to another, or to none."""
        ends = {end for piece in self.pieces for end in (piece.interval.lo, piece.interval.hi)}
        return tuple(sorted(end for end in ends if end not in (0, 1)))

    @property
    def limit(self) -> Fraction | None:
        """μ* as δ → 1; None if the agreement holds at no δ close to 1."""
        if not self.pieces or self.pieces[-1].interval.hi != 1 or self.pieces[-1].interval.is_point:
            return None
        return self.pieces[-1](Fraction(1))

    @property
    def at_least_patience(self) -> tuple[Any, Fraction | float] | None:
        """The least sustainable δ and μ* there (a float at an irrational δ); None if there is no least one."""
        if not self.pieces or not self.pieces[0].interval.lo_closed:
            return None
        lo = self.pieces[0].interval.lo
        if isinstance(lo, Algebraic):
            top, bottom = self.pieces[0].numerator(float(lo)), self.pieces[0].denominator(float(lo))
            return lo, float(top) / float(bottom)
        return lo, self.pieces[0](Fraction(lo))

    def verify(self) -> None:
        """At sample points of every piece and gap: keeping is optimal on the frontier and not just below it."""
        choice = Over("discount", self._player)
        gaps = IntervalSet((HALF_OPEN,)) - self.domain
        for interval in (*(p.interval for p in self.pieces), *gaps):
            x = interval.lo if interval.is_point else between(interval.lo, interval.hi)
            if not isinstance(x, Fraction):
                continue  # an isolated irrational point has no rational neighbour on the frontier
            level = self(x)
            here = with_parameter(self._rg, choice, x)
            for mu, expected in _probes(level):
                if keeping_is_optimal(here, self._ag, self._player, self._opportunist, mu) != expected:
                    raise CertificateError("discount", x, f"the independent check to agree at trust {mu}")

    def __repr__(self) -> str:
        body = "; ".join(map(repr, self.pieces)) or "no trust suffices at any δ"
        return f"<Frontier of {self.player} for {self.agreement}: {body}>"


def _probes(level: Fraction | None) -> list[tuple[Fraction, bool]]:
    if level is None:
        return [(Fraction(k, 4), False) for k in range(5)]
    return [(level, True)] + ([(level * (1 - BELOW), False)] if level > 0 else [])


def trust_frontier(rg: RepeatedGame, ag: Agreement, *, player: Any, opportunist: Machine | None = None) -> Frontier:
    """The exact frontier μ*(δ) of ``player``'s trust, over the player's own discount factor δ in [0, 1).

    The breakdown hazard is the repeated game's; types and default as in :func:`trust_region`.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> frontier = trust_frontier(RepeatedGame(pd, "9/10"), agreements.grim_trigger(pd), player="US")
    >>> frontier
    <Frontier of US for grim trigger: (−δ + 1) / (3δ − 1) on [1/2, 1)>
    >>> frontier("9/10"), frontier.at_least_patience, frontier.limit
    (Fraction(1, 17), (Fraction(1, 2), Fraction(1, 1)), Fraction(0, 1))
    """
    meeting = encounter(rg, ag, player, opportunist)
    pieces = _Cover(meeting).pieces()
    machine = always(worst_action(rg, meeting.player)) if opportunist is None else opportunist
    name = rg.game.players[meeting.player]
    return Frontier(name, ag.name or "the agreement", pieces, rg, ag, meeting.player, machine)


@dataclass(frozen=True)
class _Gain:
    """What a plan gains over keeping, against the keeper and against the opportunist, times a positive polynomial."""

    against_keeper: Poly
    against_opportunist: Poly


class _Cover:
    """Covers [0, 1) with sets of δ on which one formula for the frontier, or its absence, is proven."""

    def __init__(self, meeting: Encounter) -> None:
        self.meeting = meeting
        self.over = Over("discount", meeting.player)
        self.keeper = meeting.problem(constant_trust(ONE), self.over)
        self.opportunist = meeting.problem(constant_trust(ZERO), self.over)
        keep = meeting.keep
        self.kept = (self.keeper.value(keep), self.opportunist.value(keep))
        self.found: list[tuple[IntervalSet, Poly, Poly]] = []
        self.remaining = IntervalSet((HALF_OPEN,))

    def pieces(self) -> tuple[Piece, ...]:
        self._add_curve(ZERO, ONE, IntervalSet((HALF_OPEN,)))
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
                Piece(interval, _integers(top, bottom)[0], _integers(top, bottom)[1])
                for part, top, bottom in self.found
                for interval in part
            ),
            key=lambda piece: piece.interval.lo,
        )
        return _merged(ordered)

    def _cover_at(self, delta: Fraction) -> None:
        last: _Gain | None = None
        mu = Fraction(0)
        along_trust = self._at(delta)
        while True:
            plan = along_trust.best_policy(mu, self.meeting.keep)
            gain = self._gain(plan)
            a, b = evaluate(gain.against_keeper, delta), evaluate(gain.against_opportunist, delta)
            if (1 - mu) * b + mu * a <= 0:  # keeping is optimal at mu: the frontier is the last plan's curve
                if last is not None:
                    self._follow(last)
                break
            if a > 0 or b - a <= 0:  # no crossing at or above mu
                self._rule_out(last, gain)
                break
            mu = b / (b - a)
            last = gain

    def _at(self, delta: Fraction) -> Any:
        fixed = with_parameter(self.meeting.rg, self.over, delta)
        here = encounter_like(self.meeting, fixed)
        return here.problem(constant_trust(X), None, UNIT_INTERVAL)

    def _gain(self, plan: Policy) -> _Gain:
        sides = []
        for problem, kept in zip((self.keeper, self.opportunist), self.kept, strict=True):
            value = problem.value(plan)
            sides.append(value.numerators[0] * kept.denominator - kept.numerators[0] * value.denominator)
        # The nodes' graph with μ in it is block triangular, so both sides have the same positive denominator.
        return _Gain(*sides)

    def _follow(self, gain: _Gain) -> None:
        a, b = gain.against_keeper, gain.against_opportunist
        meaningful = where_positive(b, HALF_OPEN) & where_nonnegative(-a, HALF_OPEN)  # hence 0 < μ ≤ 1
        self._add_curve(b, b - a, meaningful)

    def _rule_out(self, last: _Gain | None, gain: _Gain) -> None:
        """Remove the δ at which the gains of one or two plans, with the signs they have now, leave no prior."""
        a2, b2 = gain.against_keeper, gain.against_opportunist
        if last is None:
            empty = where_positive(a2, HALF_OPEN) & where_positive(b2, HALF_OPEN)
        else:
            # The first plan leaves at most the priors from its crossing on, the second is ahead there and at 1.
            a1, b1 = last.against_keeper, last.against_opportunist
            beyond = where_nonnegative(a1, HALF_OPEN) | where_positive(a2 * b1 - a1 * b2, HALF_OPEN)
            empty = where_positive(b1, HALF_OPEN) & where_positive(a2, HALF_OPEN) & beyond
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
            problem = self.meeting.problem(Trust(top, bottom), self.over, interval)
            valid = problem.attained_set(self.meeting.keep, 0).set & self.remaining
            if valid:
                self.found.append((valid, top, bottom))
                self.remaining = self.remaining - valid


def encounter_like(meeting: Encounter, rg: RepeatedGame) -> Encounter:
    """The same encounter on a repeated game with other parameters."""
    return Encounter(rg, meeting.agreement, meeting.bound, meeting.player, meeting.opportunist, meeting.nodes)


def _integers(top: Poly, bottom: Poly) -> tuple[Polynomial, Polynomial]:
    """Both polynomials with coprime integer coefficients in all."""
    if not top:
        return Polynomial((0,)), Polynomial((1,))
    ratio = (top.numer() * bottom.denom(), bottom.numer() * top.denom())
    content = ratio[0].content().gcd(ratio[1].content())
    return tuple(Polynomial(int(c) // int(content) for c in p.coeffs()) for p in ratio)  # type: ignore[return-value]


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbouring pieces with one formula as one piece; a point takes its neighbour's formula where that agrees."""
    out: list[Piece] = []
    for piece in pieces:
        if out and _touch(out[-1].interval, piece.interval):
            last = out[-1]
            if _same(last, piece):
                joined = IntervalSet.of(last.interval, piece.interval).intervals[0]
                source = piece if last.interval.is_point else last
                out[-1] = Piece(joined, source.numerator, source.denominator)
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
