"""What a deadline does to the accord: a truce that lapses and is renewed, and one that expires unless extended.

*Lapse and renewal.* The scenario's breakdown hazard is the chance that the truce lapses within a period although both
keep it. Elsewhere a breakdown is final; here a dispute is settled into a new truce with some probability a period.
Renewal makes the truce worth more, and harder to hold, for it is the length of the dispute that deters.

*A deadline.* The truce runs for a number of periods and is then extended for as many with some probability, or over.
The last period before the deadline is the one in which it would be broken.

See :mod:`detente.game.truce` for the games. Acts are seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError
from detente.exact.region import Region
from detente.game.repeated import RepeatedGame
from detente.game.truce import deadline_game, truce_game, truce_terms
from detente.repeated.incentives import StochasticIncentives, incentives
from detente.repeated.thresholds import holds_where

RENEWALS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1))
LENGTHS = (1, 2, 4)


@dataclass(frozen=True)
class Renewal:
    """A truce that lapses at the scenario's hazard and is renewed at a given rate.

    Attributes
    ----------
    lapse
        The lapse rates at which the truce holds, at this renewal rate.
    incentives
        Values and slacks at the scenario's own lapse rate.
    """

    rate: Fraction
    lapse: Region
    incentives: StochasticIncentives

    @property
    def holds(self) -> bool:
        return self.incentives.holds

    @property
    def values(self) -> Mapping[Any, Fraction]:
        """What a truce is worth to each player, disputes and renewals counted in."""
        return {player: self.incentives.values["truce"][player] for player in self.incentives.rg.players}


@dataclass(frozen=True)
class Deadline:
    """A truce of so many periods: the chances of an extension at which it holds.

    ``bare`` if nothing but a breach or the deadline ends it, ``exposed`` if it may also break down at the scenario's
    hazard.
    """

    periods: int
    bare: Region
    exposed: Region


@dataclass(frozen=True)
class TruceAnswer:
    """What lapse, renewal and deadlines do to the scenario's accord.

    Attributes
    ----------
    rate
        The scenario's hazard, taken as the lapse rate.
    renewals
        For a few renewal rates, the critical lapse rate and the worth of a truce.
    renewal
        The renewal rates at which a truce with the scenario's lapse rate holds.
    deadlines
        For truces of a few lengths, the chance of an extension that they need.
    """

    rg: RepeatedGame
    rate: Fraction
    renewals: tuple[Renewal, ...]
    renewal: Region
    deadlines: tuple[Deadline, ...]

    @property
    def cost_of_breakdown(self) -> Mapping[Any, Fraction]:
        """What the hazard takes from mutual relaxation if a breakdown is final and both restrict ever after."""
        u, final = self.rg.game.exact_payoffs, self.renewals[0].values
        return {player: u[i, 0, 0] - final[player] for i, player in enumerate(self.rg.game.players)}

    def verify(self) -> None:
        """Check all regions and slacks by independent code, and the worth of a truce by its closed form."""
        self.renewal.verify()
        for row in self.renewals:
            row.lapse.verify()
            row.incentives.verify()
            for i, player in enumerate(self.rg.game.players):
                R, P = (Fraction(self.rg.game.exact_payoffs[(i, *p)]) for p in ((0, 0), (1, 1)))
                delta = self.rg.discount[i]
                above = (1 - delta) * (R - P) / (1 - delta * (1 - self.rate - row.rate))  # of a truce over a dispute
                value = R - delta * self.rate * above / (1 - delta)
                if row.values[player] != value:
                    raise CertificateError("values", row.values[player], f"{value}, the closed form")
        for deadline in self.deadlines:
            deadline.bare.verify()
            deadline.exposed.verify()


def truce_answer(rg: RepeatedGame) -> TruceAnswer:
    """Critical lapse and renewal rates, and the extension that a truce with a deadline needs; see the module.

    >>> from detente.scenario.load import load_scenario
    >>> found = truce_answer(load_scenario("london-2025").repeated)
    >>> found.renewals[0].lapse.set, found.deadlines[0].bare.least
    ([0, 1193/1568], Fraction(375, 1568))
    """
    game, rate = rg.game, rg.breakdown
    renewals = []
    for often in RENEWALS:
        truce = truce_game(game, rate, often, discount=rg.discount)
        terms = truce_terms(truce)
        lapse = holds_where(truce, terms, "lapse")
        renewals.append(Renewal(often, lapse, incentives(truce, terms)))
    truce = truce_game(game, rate, 0, discount=rg.discount)
    deadlines = []
    for periods in LENGTHS:
        regions = []
        for hazard in (Fraction(0), rate):
            sg = deadline_game(game, periods, 0, discount=rg.discount, breakdown=hazard)
            regions.append(holds_where(sg, truce_terms(sg), "extension"))
        deadlines.append(Deadline(periods, *regions))
    renewal = holds_where(truce, truce_terms(truce), "renewal")
    return TruceAnswer(rg, rate, tuple(renewals), renewal, tuple(deadlines))
