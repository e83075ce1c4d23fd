"""How patient the two sides must be at the very least: any agreement whatever, and any agreement with side payments.

Grim trigger is one agreement among infinitely many. The least discount factor at which *some* subgame-perfect
agreement has both relax for ever is found with optimal penal codes (:mod:`detente.repeated.patience.least_discount`),
and with side payments in closed form (:mod:`detente.repeated.transfers`). Both know no breakdown: a hazard h leaves
δ(1 − h) of the discount factor, so their thresholds are divided by 1 − h here. Acts are seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from detente.errors import CertificateError
from detente.exact.intervals import End
from detente.exact.region import Region
from detente.game.monitoring import perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_subgame_perfect
from detente.repeated.patience.least_discount import LeastDiscount, least_discount
from detente.repeated.thresholds import holds_where
from detente.repeated.transfers import TransferLevels, transfer_levels


@dataclass(frozen=True)
class LeastPatience:
    """The least discount factors that sustain mutual relaxation, at the game's hazard and with acts seen.

    Attributes
    ----------
    best
        The answer without breakdown, with its proof from below and the agreement that attains it.
    region
        Where that agreement is subgame perfect, at the hazard; None if no agreement was found.
    payments
        What side payments can enforce at each patience, without breakdown.
    """

    rg: RepeatedGame
    best: LeastDiscount
    region: Region | None
    payments: TransferLevels

    @property
    def survival(self) -> Fraction:
        """The share of the discount factor that the hazard leaves."""
        return 1 - self.rg.breakdown

    @property
    def needed(self) -> End | None:
        """The least discount factor at which the best agreement holds; None if none does at this hazard."""
        return None if self.region is None else self.region.least

    @property
    def needed_by_reversion(self) -> Fraction | None:
        """The same for grim trigger; None if it never holds."""
        return self._at_hazard(self.best.grim)

    @property
    def needed_with_payments(self) -> Fraction | None:
        """The same with side payments; None if they do not help at any patience."""
        return self._at_hazard(self.payments.critical_discount(self.best.profile))

    def _at_hazard(self, effective: Fraction | None) -> Fraction | None:
        """A discount factor that counts the hazard, from one that does not; None if there is none below 1."""
        if effective is None or effective >= self.survival:
            return None
        return effective / self.survival

    def verify(self) -> None:
        """Check both answers by their own certificates, and the hazard by asking at both sides of the threshold."""
        self.best.verify()
        self.payments.verify()
        if self.region is not None and self.best.agreement is not None:
            self.region.verify()
            bare = self.rg.replace(breakdown=0)
            for x in self.region.sample_points():
                if is_subgame_perfect(bare.replace(discount=x * self.survival), self.best.agreement) != (
                    x in self.region
                ):
                    raise CertificateError("discount", x, "the same answer as at δ(1 − h) without a hazard")


def least_patience(rg: RepeatedGame) -> LeastPatience:
    """The least patience at which any agreement sustains mutual relaxation in a two-by-two game; see the module.

    >>> from detente.scenario.load import load_scenario
    >>> found = least_patience(load_scenario("london-2025").repeated)
    >>> found.needed, found.needed_by_reversion, found.needed_with_payments
    (Fraction(375, 704), Fraction(375, 704), Fraction(1625, 3102))
    """
    seen = rg.replace(monitoring=perfect())
    path = tuple(labels[0] for labels in rg.game.actions)
    best = least_discount(rg.game, path)
    region = None if best.agreement is None else holds_where(seen, best.agreement, "discount")
    return LeastPatience(seen, best, region, transfer_levels(rg.game))
