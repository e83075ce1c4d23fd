"""What can stand in for trust, and at which rate: bonds and sanctions, a smaller first step, patience, a lower hazard.

Keeping an agreement with a partner who may be an opportunist needs a prior of at least μ* (see
:mod:`detente.trust.frontier`). An instrument of size x changes what breaches cost, or what is at stake, so μ* becomes
an exact function of x, piecewise rational, and its slope is an exchange rate: how much trust one more unit replaces.

* A *bond* of size x posted by the partner is paid to the player whenever the partner departs from what the agreement
  prescribes while the player does not: exploitation hurts less. (Raub and Keren 1993, *Journal of Economic Behavior and
  Organization* 21, 43–67, on hostages; Williamson 1983, *American Economic Review* 73.)
* The player's *own bond* is forfeited whenever the player departs alone: temptation shrinks.
* A *sanction* f that follows a breach with probability q is worth q·f to players who maximise expectations: the same
  functions with x = q·f.
* A *first step* of size x scales all payoffs of the first period by x ∈ [0, 1] (Watson 1999, *Journal of Economic
  Theory* 85; 2002, *Games and Economic Behavior* 38): what is risked before the partner's type shows is smaller, what
  is to be gained later is not.
* *Patience* and a lower *breakdown hazard* are the frontiers over these parameters.

A breach is judged by the agreement: restricting where it prescribes restriction forfeits nothing. Bonds and sanctions
apply to every breach, not only to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import ZERO, Poly, X, constant, polynomial, to_fmpq
from detente.exact.rational import to_probability
from detente.exact.sign_sets import where_nonnegative
from detente.game.agreement import Agreement
from detente.game.labels import ByLabel
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.decision import Choice, DecisionProblem
from detente.repeated.parameters import UNIT_INTERVAL
from detente.trust.belief import (
    KEEPER,
    OPPORTUNIST,
    UNKNOWN,
    Encounter,
    Trust,
    encounter,
    opportunist_or_default,
    successors,
)
from detente.trust.check import keeping_is_optimal
from detente.trust.cover import Family, least_prior
from detente.trust.frontier import Frontier, trust_frontier

SIZES = Interval(Fraction(0), inf, True, False)
INSTRUMENTS = ("bond", "own bond", "first step", "patience", "hazard")

# Who departs from the agreement in a node's period, given the player's and the partner's acts ↦ payment to the player.
Payment = Callable[[bool, bool], int]


@dataclass(frozen=True)
class Substitute:
    """One instrument for one player: the least trust as an exact function of its size.

    Attributes
    ----------
    name
        One of ``"bond"``, ``"own bond"``, ``"first step"``, ``"patience"``, ``"hazard"``.
    frontier
        The least trust as a function of the size.
    today
        The size at present: 0 for bonds, 1 for the first step, the repeated game's own for patience and hazard.
    """

    name: str
    frontier: Frontier
    today: Fraction

    @property
    def rate(self) -> Fraction | None:
        """The trust that one more unit replaces at today's size, exactly: minus the slope of the frontier there.

        Where two formulas meet it is that of the one to the left; None where no trust suffices today, and where the
        least trust jumps at today's size.
        """
        slope = self.frontier.slope(self.today)
        return None if slope is None else -slope

    def needed(self, trust: Any) -> IntervalSet:
        """The sizes at which a prior of ``trust`` is enough (not less than the least trust), exactly."""
        mu = to_fmpq(to_probability(trust, "trust"))
        found: list[Interval] = []
        for piece in self.frontier.pieces:
            bottom = polynomial(piece.denominator)
            enough = mu * bottom - polynomial(piece.numerator)
            everywhere = where_nonnegative(enough, self.frontier._family.domain)
            # On the piece the denominator is positive.
            found += IntervalSet((piece.interval,)) & everywhere
        return IntervalSet.of(*found)

    def __repr__(self) -> str:
        return f"<Substitute {self.name} for {self.frontier.player}: {self.frontier!r}>"


class Substitutes(ByLabel[str, Substitute]):
    """Every instrument for one player and agreement, by name."""

    def __init__(self, rows: Mapping[str, Substitute]) -> None:
        super().__init__(rows, "instrument")

    def exchange_rate(self, one: str, other: str) -> Fraction | None:
        """How many units of ``other`` replace one unit of ``one`` at today's sizes; None if that is not defined."""
        first, second = self[one].rate, self[other].rate
        return None if first is None or not second else first / second

    def verify(self) -> None:
        """Check every frontier by the independent test; :class:`~detente.errors.CertificateError` where one fails."""
        for row in self._rows.values():
            row.frontier.verify()


def substitutes(rg: RepeatedGame, ag: Agreement, *, player: Any, opportunist: Machine | None = None) -> Substitutes:
    """What replaces how much of ``player``'s trust in an agreement: exact frontiers and exchange rates.

    Types and default as in :func:`detente.trust_region`.

    Raises
    ------
    UnsupportedError
        For more than two players and for noisy monitoring.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> found = substitutes(RepeatedGame(pd, "3/4"), agreements.grim_trigger(pd), player="US")
    >>> found["bond"].frontier
    <Frontier of US for grim trigger: (−x + 1) / (−x + 5) on [0, 1); 0 on [1, ∞)>
    >>> found["bond"].needed("1/10"), found["bond"].rate
    ([5/9, ∞), Fraction(4, 25))
    >>> found["first step"].frontier(Fraction(1, 2))
    Fraction(1, 11)
    >>> found.exchange_rate("patience", "bond")
    Fraction(8, 1)
    """
    meeting = encounter(rg, ag, player, opportunist)
    machine = opportunist_or_default(rg, meeting.player, opportunist)
    i = meeting.player

    def frontier(size: str, domain: Interval, build: Callable[[Trust, Poly], DecisionProblem], check: Any) -> Frontier:
        first_step = size == "first step"
        family = Family(
            keep=(meeting.keep[0], *meeting.keep) if first_step else meeting.keep,
            domain=domain,
            along=lambda trust, interval: _on(build(trust, X), interval),
            at=lambda x, trust: _on(build(trust, constant(x)), UNIT_INTERVAL),
            variable="x",
        )
        name = ag.name or "the agreement"
        return Frontier(rg.game.players[i], name, f"size of the {size}", least_prior(family), family, check)

    def payments(size: str, pays: Payment) -> Frontier:
        def check(x: Fraction, mu: Fraction) -> bool:
            return keeping_is_optimal(rg, ag, i, machine, mu, lambda own, their: x * pays(own, their))

        return frontier(size, SIZES, lambda trust, x: _with_payments(meeting, trust, x, pays), check)

    def check_step(x: Fraction, mu: Fraction) -> bool:
        return keeping_is_optimal(rg, ag, i, machine, mu, first_step=x)

    steps = frontier("first step", UNIT_INTERVAL, lambda trust, x: _with_first_step(meeting, trust, x), check_step)
    own, hazard = rg.discount[i], rg.breakdown
    rows = {
        "bond": Substitute("bond", payments("bond", lambda own, their: their and not own), Fraction(0)),
        "own bond": Substitute("own bond", payments("own bond", lambda own, their: -(own and not their)), Fraction(0)),
        "first step": Substitute("first step", steps, Fraction(1)),
        "patience": Substitute("patience", trust_frontier(rg, ag, player=player, opportunist=opportunist), own),
        "hazard": Substitute(
            "hazard", trust_frontier(rg, ag, player=player, opportunist=opportunist, over="breakdown"), hazard
        ),
    }
    return Substitutes(rows)


def _on(problem: DecisionProblem, domain: Interval) -> DecisionProblem:
    return DecisionProblem(problem.choices, problem.beta, domain, problem.unit)


def _with_payments(meeting: Encounter, trust: Trust, size: Poly, pays: Payment) -> DecisionProblem:
    """The player's problem when departures from the agreement are followed by payments."""
    plain = meeting.problem(trust)
    weights = {UNKNOWN: trust.denominator, KEEPER: trust.numerator, OPPORTUNIST: trust.denominator - trust.numerator}
    i, bound = meeting.player, meeting.bound
    rows = []
    for node, choices in zip(meeting.nodes, plain.choices, strict=True):
        prescribed = bound.play[node[1]]
        row = []
        for action, choice in enumerate(choices):
            extra = ZERO
            for weight, reply, _ in successors(bound, meeting.opportunist, i, node, action):
                paid = pays(action != prescribed[i], reply != prescribed[1 - i])
                extra = extra + weights[weight] * int(paid) * size
            row.append(Choice(choice.reward + extra, choice.next))
        rows.append(tuple(row))
    return DecisionProblem(tuple(rows), plain.beta, plain.domain, plain.unit)


def _with_first_step(meeting: Encounter, trust: Trust, size: Poly) -> DecisionProblem:
    """The player's problem when the first period's payoffs are scaled: a new first node that nothing leads back to."""
    plain = meeting.problem(trust)
    shifted = [
        tuple(Choice(c.reward, {t + 1: p for t, p in c.next.items()}) for c in choices) for choices in plain.choices
    ]
    first = tuple(Choice(size * c.reward, c.next) for c in shifted[0])
    return DecisionProblem((first, *shifted), plain.beta, plain.domain, plain.unit)
