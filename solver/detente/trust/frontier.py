"""The trust frontier: the least trust that an agreement needs, as a function of patience or another parameter.

At a given value of the parameter the priors at which keeping is optimal form an interval (see
:mod:`detente.trust.region`). Both its ends are piecewise rational in the parameter; :mod:`detente.trust.cover` finds
the pieces. Against an opportunist who always restricts, with grim trigger and over patience, the frontier is the basin
of attraction of always-restrict of Dal Bó and Fréchette (2011), *American Economic Review* 101.

Under noise it is exact, too, where finitely many plans are proven to be all that matter
(:mod:`detente.trust.noise.planned`): always if both players' acts misfire, nearly always under a public signal.
Otherwise it lies between two certified frontiers, as close as asked for (:mod:`detente.trust.noise.band`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from detente.errors import CertificateError, DetenteError, ParameterError
from detente.exact.algebraic import Algebraic, real_roots
from detente.exact.intervals import End, Interval, IntervalSet, between, is_infinite
from detente.exact.polynomial import polynomial
from detente.exact.rational import to_fraction, to_probability
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import UNIT_INTERVAL, Over, resolve_over, with_parameter
from detente.trust.belief import Encounter, Trust, encounter, opportunist_or_default
from detente.trust.check import keeping_is_optimal
from detente.trust.cover import Family, Parts, Piece, greatest_prior, least_prior
from detente.trust.noise.along import VARIABLES, NoisyAlong
from detente.trust.noise.bounds import to_positive
from detente.trust.noise.one_parameter import check_at, priors_along
from detente.trust.types.partner_types import is_noisy, require_two_players

# How far below the frontier the independent check must find keeping not to be optimal.
BELOW = Fraction(1, 10**9)
BESIDE = Fraction(1, 10**6)  # how far inside the end of a piece or gap, relative to its length, the check looks
WELL_BELOW = Fraction(1, 10)  # the same where there are only bounds, since the check looks but a few periods ahead

Check = Callable[[Fraction, Fraction], bool]  # parameter, trust ↦ keeping is optimal


@dataclass(frozen=True)
class Frontier:
    """The least trust at which keeping the agreement is optimal for ``player``, as a function of one parameter.

    Call it with a value of the parameter for the exact least trust (None where no trust suffices). Under some kinds of
    noise only bounds are known: then ``exact`` is false, and what is named here is proven to suffice, while
    :attr:`lower` and :meth:`possible` tell what is proven to be necessary.

    Attributes
    ----------
    parameter
        What varies; the player's own discount factor unless asked otherwise.
    pieces
        Rational functions on disjoint intervals of the parameter, in increasing order.
    greatest
        The same for the greatest trust at which keeping is optimal, which is below 1 where a sure keeper would be
        exploited.
    domain
        The values of the parameter at which some trust suffices.
    complete
        Whether the frontier is exact, or the bounds are as close as was asked for wherever they can be.
    """

    player: Any
    agreement: str
    parameter: str
    pieces: tuple[Piece, ...]
    _family: Parts = field(repr=False, compare=False)
    _check: Check = field(repr=False, compare=False)
    _outer: Parts | None = field(default=None, repr=False, compare=False)
    complete: bool = True

    def __call__(self, value: Any) -> Fraction | None:
        return _value(self.pieces, self._point(value))

    @property
    def exact(self) -> bool:
        """Whether this is the least trust, and not only enough trust."""
        return self._outer is None

    @cached_property
    def lower(self) -> tuple[Piece, ...]:
        """The pieces of a frontier below which keeping is proven not to be optimal; the same if ``exact``."""
        return self.pieces if self._outer is None else least_prior(self._outer)

    def interval(self, value: Any) -> Interval | None:
        """All priors at which keeping is optimal at a value of the parameter; None if there are none."""
        return _interval(self.pieces, self.greatest, self._point(value))

    def possible(self, value: Any) -> Interval | None:
        """Priors outside which keeping is proven not to be optimal; None if there are none."""
        return _interval(self.lower, self._greatest_possible, self._point(value))

    def slope(self, value: Any) -> Fraction | None:
        """The exact derivative of the least trust: how much trust one more unit of the parameter costs or saves.

        Where two formulas meet it is that of the one to the left; None where no trust suffices, and at a value where
        the least trust differs from that on both sides.
        """
        x = self._point(value)
        return next((p.slope(x) for p in self.pieces if x in p.interval and not p.interval.is_point), None)

    @cached_property
    def greatest(self) -> tuple[Piece, ...]:
        return greatest_prior(self._family)

    @cached_property
    def _greatest_possible(self) -> tuple[Piece, ...]:
        return self.greatest if self._outer is None else greatest_prior(self._outer)

    @property
    def domain(self) -> IntervalSet:
        return IntervalSet.of(*(piece.interval for piece in self.pieces))

    @property
    def breakpoints(self) -> tuple[Any, ...]:
        """Where one formula gives way to another, or to none."""
        ends = {end for piece in self.pieces for end in (piece.interval.lo, piece.interval.hi)}
        return tuple(sorted(end for end in ends if end not in (self._family.domain.lo, self._family.domain.hi)))

    @property
    def limit(self) -> Fraction | None:
        """The least trust as the parameter goes to the upper end of its range (patience: δ → 1).

        None if no trust suffices close to that end, it is infinite, or there only are bounds.
        """
        top = self._family.domain.hi
        if not isinstance(top, Fraction) or not self.exact:
            return None
        return next((p(top) for p in self.pieces if p.interval.hi == top and not p.interval.is_point), None)

    @property
    def at_least_patience(self) -> tuple[Any, Fraction | float] | None:
        """The least sustainable value of the parameter, and the least trust there (a float at an irrational value).

        None if there is no least one.
        """
        if not self.pieces or not self.pieces[0].interval.lo_closed:
            return None
        lo = self.pieces[0].interval.lo
        if isinstance(lo, Algebraic):
            top, bottom = self.pieces[0].numerator(float(lo)), self.pieces[0].denominator(float(lo))
            return lo, float(top) / float(bottom)
        return lo, self.pieces[0](Fraction(lo))

    def meets(self, other: Frontier) -> tuple[End, ...]:
        """The values of the parameter at which both frontiers ask for the same trust, where they are isolated."""
        if not isinstance(other, Frontier):
            raise ParameterError("other", other, "a Frontier")
        found: set[End] = set()
        for mine in self.pieces:
            for theirs in other.pieces:
                both = IntervalSet((mine.interval,)) & IntervalSet((theirs.interval,))
                gap = polynomial(mine.numerator) * polynomial(theirs.denominator)
                gap -= polynomial(theirs.numerator) * polynomial(mine.denominator)
                if both and gap:
                    found |= {root for root in real_roots(gap.numer()) if root in both}
        return tuple(sorted(found))

    def verify(self) -> None:
        """In the middle and at the ends of every piece and gap: keeping is optimal on the frontier, not just below it.

        Where there are only bounds: in the middle, and not well below :attr:`lower`.
        """
        gaps = IntervalSet((self._family.domain,)) - self.domain
        for interval in (*(p.interval for p in self.pieces), *gaps):
            for x in _samples(interval, ends=self.exact):
                lo, hi = self(x), _value(self.greatest, x)
                inside = None if lo is None or hi is None else Interval(lo, hi)
                possible = inside if self.exact else self.possible(x)
                for mu, expected in _probes(inside, possible, BELOW if self.exact else WELL_BELOW):
                    if self._check(x, mu) != expected:
                        raise CertificateError(self.parameter, x, f"the independent check to agree at trust {mu}")

    def _point(self, value: Any) -> Fraction:
        if self._family.domain == Interval(Fraction(0), Fraction(1), True, False):
            return to_probability(value, "discount", below_one=True)
        if self._family.domain == UNIT_INTERVAL:
            return to_probability(value, self.parameter)
        x = to_fraction(value, self.parameter)
        if x not in self._family.domain:
            raise ParameterError(self.parameter, value, f"a number in {self._family.domain!r}")
        return x

    def __repr__(self) -> str:
        name = self._family.variable
        if self.exact:
            body = "; ".join(map(repr, self.pieces)) or f"no trust suffices at any {name}"
        else:
            body = f"between bounds; some trust suffices at {name} in {self.domain!r}"
        return f"<Frontier of {self.player} for {self.agreement}: {body}>"


def trust_frontier(
    rg: RepeatedGame,
    ag: Agreement,
    *,
    player: Any,
    opportunist: Machine | None = None,
    over: Any = "discount",
    within: tuple[Any, Any] | None = None,
    width: Any = "1/1000",
    budget: float = 30.0,
) -> Frontier:
    """The frontier of ``player``'s trust, over the player's own discount factor δ in [0, 1) or another parameter.

    All other parameters are the repeated game's; types and default as in :func:`trust_region`. Exact, except under
    noise where infinitely many plans matter: then two frontiers bound it, and ``exact`` is false.

    Parameters
    ----------
    over
        ``"discount"`` (the player's own), or as in :func:`detente.holds_where`: ``"breakdown"``, ``"noise"``,
        ``("signal", level)``, ``("payoff", player, profile)``, or a component of a scenario, such as the weight on
        security.
    within
        The ends of the parameter's range that matters; by default all that it may be.
    width
        How close the bounds must be, where there are only bounds.
    budget
        Seconds after which bounds are returned as they are, with ``complete=False``.

    Raises
    ------
    UnsupportedError
        For more than two players; for an opportunist of several states under a public signal; and, where there are
        only bounds, for a parameter without natural bounds and without ``within``, or on which payoffs and
        probabilities do not depend linearly.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> grim = agreements.grim_trigger(pd)
    >>> frontier = trust_frontier(RepeatedGame(pd, "9/10"), grim, player="US")
    >>> frontier
    <Frontier of US for grim trigger: (−δ + 1) / (3δ − 1) on [1/2, 1)>
    >>> frontier("9/10"), frontier.at_least_patience, frontier.limit
    (Fraction(1, 17), (Fraction(1, 2), Fraction(1, 1)), Fraction(0, 1))
    >>> trust_frontier(RepeatedGame(pd, "9/10"), grim, player="US", over="breakdown")
    <Frontier of US for grim trigger: (9h + 1) / (−27h + 17) on [0, 4/9]>
    >>> from detente.game.monitoring import trembles
    >>> noisy = RepeatedGame(pd, "9/10", monitoring=trembles("1/20"))
    >>> trust_frontier(noisy, grim, player="US")("9/10"), trust_frontier(noisy, grim, player="US", over="noise").exact
    (Fraction(2997241, 20105760), True)
    """
    require_two_players(rg)
    i = rg.game.player_index(player)
    choice = Over("discount", i) if isinstance(over, str) and over == "discount" else resolve_over(over, rg)
    domain = choice.domain if within is None else range_within("within", within, choice.domain)
    goal, limit = to_positive(width, "width"), to_positive(budget, "budget")
    if choice.kind == "noise" or is_noisy(rg):
        return _under_noise(NoisyAlong(rg, ag, i, opportunist, choice, domain), goal, float(limit))
    meeting = encounter(rg, ag, player, opportunist)
    name = rg.game.players[i]
    machine = opportunist_or_default(rg, meeting.player, opportunist)

    def check(x: Fraction, mu: Fraction) -> bool:
        return keeping_is_optimal(with_parameter(rg, choice, x), ag, meeting.player, machine, mu)

    family = family_over(meeting, choice, domain)
    return Frontier(name, ag.name or "the agreement", choice.label(rg.game), least_prior(family), family, check)


def _under_noise(along: NoisyAlong, width: Fraction, budget: float) -> Frontier:
    priors = priors_along(along, width, budget)
    name, title = along.rg.game.players[along.player], along.agreement.name or "the agreement"

    def check(x: Fraction, mu: Fraction) -> bool:
        return check_at(along, x, mu, priors.outer.plans_at(x))

    outer = None if priors.exact else priors.outer
    least = least_prior(priors.inner)
    return Frontier(name, title, along.parameter, least, priors.inner, check, outer, priors.complete)


def family_over(meeting: Encounter, choice: Over, domain: Interval | None = None) -> Family:
    """An encounter as a function of one parameter of its repeated game."""

    def at(x: Fraction, trust: Trust) -> Any:
        fixed = with_parameter(meeting.rg, choice, x)
        here = Encounter(fixed, meeting.agreement, meeting.bound, meeting.player, meeting.opportunist, meeting.nodes)
        return here.problem(trust, None, UNIT_INTERVAL)

    return Family(
        keep=meeting.keep,
        domain=domain or choice.domain,
        along=lambda trust, interval: meeting.problem(trust, choice, interval),
        at=at,
        variable=VARIABLES.get(choice.kind, "x"),
    )


def _value(pieces: tuple[Piece, ...], x: Fraction) -> Fraction | None:
    return next((piece(x) for piece in pieces if x in piece.interval), None)


def _interval(least: tuple[Piece, ...], greatest: tuple[Piece, ...], x: Fraction) -> Interval | None:
    lo, hi = _value(least, x), _value(greatest, x)
    return None if lo is None or hi is None else Interval(lo, hi)


def _samples(interval: Interval, *, ends: bool) -> list[Fraction]:
    """Rational points of an interval: its middle, and with ``ends`` close to its ends; none at an irrational point."""
    if interval.is_point:
        return [interval.lo] if isinstance(interval.lo, Fraction) else []
    middle = between(interval.lo, interval.hi)
    finite = [end for end in (interval.lo, interval.hi) if ends and not is_infinite(end)]
    return [middle, *(_beside(end, middle) for end in finite)]


def _beside(end: End, middle: Fraction) -> Fraction:
    """A rational point between an end and the middle, close to the end."""
    if isinstance(end, Algebraic):
        lo, hi = end.refine(abs(middle - Fraction(float(end))) * BESIDE)
        return hi if middle > hi else lo
    return Fraction(end) + (middle - Fraction(end)) * BESIDE


def _probes(inside: Interval | None, possible: Interval | None, near: Fraction) -> list[tuple[Fraction, bool]]:
    if possible is None:
        return [(Fraction(k, 4), False) for k in range(5)]
    probes = [] if inside is None else [(Fraction(inside.lo), True), (Fraction(inside.hi), True)]  # type: ignore[arg-type]
    lo, hi = Fraction(possible.lo), Fraction(possible.hi)  # type: ignore[arg-type]
    if lo > 0:
        probes.append((lo * (1 - near), False))
    if hi < 1:
        probes.append((hi + (1 - hi) * near, False))
    return probes


def range_within(argument: str, given: Any, domain: Interval) -> Interval:
    """An interval as a user gives it, by its two ends, within the domain of a parameter."""
    expected = f"two numbers within {domain!r}, the lower one first"
    try:
        lo, hi = (to_fraction(end, argument) for end in given)
    except DetenteError:
        raise
    except (TypeError, ValueError) as error:
        raise ParameterError(argument, given, expected) from error
    if not lo < hi:
        raise ParameterError(argument, given, expected)
    kept = IntervalSet((Interval(lo, hi),)) & IntervalSet((domain,))
    if not kept or (kept.intervals[0].lo, kept.intervals[0].hi) != (lo, hi):
        raise ParameterError(argument, given, expected)
    return kept.intervals[0]
