"""One agreement in one scenario: where it holds, and how much trust it needs of each side.

Thresholds in patience, hazard and trust assume that acts are seen; the threshold in noise, and the verdict at the
game's own noise, let acts miscarry. In every one of them all other parameters are the game's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from detente.exact.region import Region
from detente.game.agreement import Agreement
from detente.game.monitoring import perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.incentives import Incentives, incentives
from detente.repeated.thresholds import holds_where
from detente.trust.frontier import Frontier, trust_frontier
from detente.trust.region import trust_region


@dataclass(frozen=True)
class AgreementAnalysis:
    """One agreement in one scenario.

    ``discount``, ``breakdown`` and ``noise`` are the sets on which it is subgame perfect, ``discount_nash`` that on
    which it is a Nash equilibrium. ``trust`` and ``frontier`` are per player.
    """

    agreement: Agreement
    discount: Region
    discount_nash: Region
    breakdown: Region
    noise: Region
    seen: Incentives
    noisy: Incentives
    trust: Mapping[str, Region]
    frontier: Mapping[str, Frontier]

    @property
    def relaxes(self) -> bool:
        """Whether the agreement starts with mutual relaxation."""
        first = self.agreement.play[self.agreement.start]
        game = self.seen.rg.game
        return game.pure_profile(first) == (0, 0)

    def verify(self) -> None:
        """Check every region, frontier and slack; :class:`~detente.errors.CertificateError` if one fails."""
        for region in (self.discount, self.discount_nash, self.breakdown, self.noise, *self.trust.values()):
            region.verify()
        for frontier in self.frontier.values():
            frontier.verify()
        self.seen.verify()
        self.noisy.verify()


def analyse_agreement(rg: RepeatedGame, ag: Agreement) -> AgreementAnalysis:
    """Every threshold of one agreement; see the module.

    >>> from detente.scenario.load import load_scenario
    >>> london = load_scenario("london-2025")
    >>> analyse_agreement(london.repeated, london.agreements["grim trigger"]).discount.least
    Fraction(375, 704)
    """
    seen, players = rg.replace(monitoring=perfect()), rg.game.players
    return AgreementAnalysis(
        agreement=ag,
        discount=holds_where(seen, ag, "discount"),
        discount_nash=holds_where(seen, ag, "discount", concept="nash"),
        breakdown=holds_where(seen, ag, "breakdown"),
        noise=holds_where(rg, ag, "noise"),
        seen=incentives(seen, ag),
        noisy=incentives(rg, ag),
        trust={str(player): trust_region(seen, ag, player=player) for player in players},
        frontier={str(player): trust_frontier(seen, ag, player=player) for player in players},
    )
