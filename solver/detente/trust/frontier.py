"""The trust frontier: the least trust that an agreement needs, as an exact function of patience or another parameter.

At a given value of the parameter the priors at which keeping is optimal form an interval (see
:mod:`detente.trust.region`). Both its ends are piecewise rational in the parameter; :mod:`detente.trust.cover` finds
the pieces. Against an opportunist who always restricts, with grim trigger and over patience, the frontier is the basin
of attraction of always-restrict of Dal Bó and Fréchette (2011), *American Economic Review* 101.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.algebraic import Algebraic, real_roots
from detente.exact.intervals import End, Interval, IntervalSet, between
from detente.exact.polynomial import polynomial
from detente.exact.rational import to_fraction, to_probability
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import UNIT_INTERVAL, Over, resolve_over, with_parameter
from detente.trust.belief import Encounter, Trust, encounter, opportunist_or_default
from detente.trust.check import keeping_is_optimal
from detente.trust.cover import Family, Piece, greatest_prior, least_prior

# How far below the frontier the independent check must find keeping not to be optimal.
BELOW = Fraction(1, 10**9)
VARIABLES = {"discount": "δ", "breakdown": "h"}

Check = Callable[[Fraction, Fraction], bool]  # parameter, trust ↦ keeping is optimal


@dataclass(frozen=True)
class Frontier:
    """The least trust at which keeping the agreement is optimal for ``player``, as a function of one parameter.

    Call it with a value of the parameter for the exact least trust (None where no trust suffices).

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
    """

    player: Any
    agreement: str
    parameter: str
    pieces: tuple[Piece, ...]
    _family: Family = field(repr=False, compare=False)
    _check: Check = field(repr=False, compare=False)

    def __call__(self, value: Any) -> Fraction | None:
        return _value(self.pieces, self._point(value))

    def interval(self, value: Any) -> Interval | None:
        """All priors at which keeping is optimal at a value of the parameter; None if there are none."""
        x = self._point(value)
        lo, hi = _value(self.pieces, x), _value(self.greatest, x)
        return None if lo is None or hi is None else Interval(lo, hi)

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

        None if no trust suffices close to that end, or it is infinite.
        """
        top = self._family.domain.hi
        if not isinstance(top, Fraction) or not self.pieces:
            return None
        last = self.pieces[-1]
        return last(top) if last.interval.hi == top and not last.interval.is_point else None

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
        """At sample points of every piece and gap: keeping is optimal on the frontier and not just below it."""
        gaps = IntervalSet((self._family.domain,)) - self.domain
        for interval in (*(p.interval for p in self.pieces), *gaps):
            x = interval.lo if interval.is_point else between(interval.lo, interval.hi)
            if not isinstance(x, Fraction):
                continue  # an isolated irrational point has no rational neighbour on the frontier
            for mu, expected in _probes(self(x), _value(self.greatest, x)):
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
        body = "; ".join(map(repr, self.pieces)) or f"no trust suffices at any {self._family.variable}"
        return f"<Frontier of {self.player} for {self.agreement}: {body}>"


def trust_frontier(
    rg: RepeatedGame, ag: Agreement, *, player: Any, opportunist: Machine | None = None, over: Any = "discount"
) -> Frontier:
    """The exact frontier of ``player``'s trust, over the player's own discount factor δ in [0, 1) or another parameter.

    All other parameters are the repeated game's; types and default as in :func:`trust_region`.

    Parameters
    ----------
    over
        ``"discount"`` (the player's own), or as in :func:`detente.holds_where`: ``"breakdown"``,
        ``("payoff", player, profile)``, or a component of a scenario, such as the weight on security.

    Raises
    ------
    UnsupportedError
        Over noise, and under noisy monitoring: no act then reveals the partner's type.

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
    """
    meeting = encounter(rg, ag, player, opportunist)
    name = rg.game.players[meeting.player]
    choice = Over("discount", meeting.player) if over == "discount" else resolve_over(over, rg)
    if choice.kind == "noise":
        raise UnsupportedError("over", over, "a parameter other than noise")
    machine = opportunist_or_default(rg, meeting.player, opportunist)

    def check(x: Fraction, mu: Fraction) -> bool:
        return keeping_is_optimal(with_parameter(rg, choice, x), ag, meeting.player, machine, mu)

    family = family_over(meeting, choice)
    return Frontier(name, ag.name or "the agreement", choice.label(rg.game), least_prior(family), family, check)


def family_over(meeting: Encounter, choice: Over) -> Family:
    """An encounter as a function of one parameter of its repeated game."""

    def at(x: Fraction, trust: Trust) -> Any:
        fixed = with_parameter(meeting.rg, choice, x)
        here = Encounter(fixed, meeting.agreement, meeting.bound, meeting.player, meeting.opportunist, meeting.nodes)
        return here.problem(trust, None, UNIT_INTERVAL)

    return Family(
        keep=meeting.keep,
        domain=choice.domain,
        along=lambda trust, interval: meeting.problem(trust, choice, interval),
        at=at,
        variable=VARIABLES.get(choice.kind, "x"),
    )


def _value(pieces: tuple[Piece, ...], x: Fraction) -> Fraction | None:
    return next((piece(x) for piece in pieces if x in piece.interval), None)


def _probes(least: Fraction | None, greatest: Fraction | None) -> list[tuple[Fraction, bool]]:
    if least is None or greatest is None:
        return [(Fraction(k, 4), False) for k in range(5)]
    probes = [(least, True), (greatest, True)]
    if least > 0:
        probes.append((least * (1 - BELOW), False))
    if greatest < 1:
        probes.append((greatest + (1 - greatest) * BELOW, False))
    return probes
