"""What each side's trust has to do with an agreement: how much is needed, what the record suggests, what else would do.

For one agreement and one side:

* the trust that it needs when acts are seen, and why (:mod:`detente.trust.needs`);
* the trust that it needs at the scenario's noise and at half of it (:mod:`detente.trust.noise.bounds`);
* what the dated record suggests: the scenario's prior, updated quarter by quarter as if the record had been play under
  this agreement (:mod:`detente.trust.learning`). It describes what a Bayesian with these two types would conclude; it
  estimates nobody's beliefs, and different agreements read the same record differently;
* what would stand in for trust: the bond with which the prior is enough, when acts are seen, with exchange rates
  (:mod:`detente.trust.substitutes`), and at the scenario's noise (:mod:`~detente.scenario.noisy_bond`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from detente.errors import CertificateError, ProfileError
from detente.exact.intervals import End
from detente.exact.region import Region
from detente.game.agreement import Agreement
from detente.game.labels import ByLabel
from detente.game.monitoring import perfect, trembles
from detente.game.repeated import RepeatedGame
from detente.scenario.noisy_bond import Instrument, NoisyBond, bond_under_noise
from detente.scenario.record import recorded_quarters
from detente.scenario.scenario import Scenario
from detente.trust.frontier import Frontier, trust_frontier
from detente.trust.learning import TrustPath, update_trust
from detente.trust.needs import TrustNeed, TrustNeeds, trust_needs
from detente.trust.noise.bounds import TrustBounds, trust_bounds
from detente.trust.region import trust_region
from detente.trust.substitutes import Substitutes, substitutes

BETTER = Fraction(1, 2)  # better monitoring: this share of the noise
BUDGET = 2.0  # seconds for bounds that are not exact


@dataclass(frozen=True)
class SideTrust:
    """One side's trust and one agreement.

    Attributes
    ----------
    prior
        The scenario's trust of this side.
    need
        What it needs when acts are seen, and why.
    here, better
        What it needs at the scenario's noise, and at half of it.
    record
        The prior updated along the dated record; None if there is none, or neither type could have produced it.
    """

    rg: RepeatedGame
    agreement: Agreement
    player: Any
    prior: Fraction
    need: TrustNeed
    here: TrustBounds
    better: TrustBounds
    record: TrustPath | None

    @property
    def enough_if_seen(self) -> bool:
        """Whether the prior is enough when acts are seen."""
        return self.need.least is not None and self.prior in self.seen.inside

    @property
    def enough(self) -> bool:
        """Whether the prior is proven to be enough at the scenario's noise."""
        return self.prior in self.here.inside

    @cached_property
    def seen(self) -> TrustBounds:
        """The priors that are enough when acts are seen."""
        return self.bounds_at(Fraction(0))

    @cached_property
    def substitutes(self) -> Substitutes:
        """What can stand in for trust when acts are seen, as exact functions of its size."""
        return substitutes(self.rg.replace(monitoring=perfect()), self.agreement, player=self.player)

    def least(self, instrument: str) -> Fraction | None:
        """The least bond (``"bond"``, ``"own bond"``) at which the prior is enough; None if no size will do."""
        first = next(iter(self.substitutes[instrument].needed(self.prior)), None)
        return first.lo if first is not None and isinstance(first.lo, Fraction) and first.lo_closed else None

    @cached_property
    def bonds_here(self) -> Mapping[str, NoisyBond]:
        """The bonds with which the prior is enough at the scenario's noise; empty without noise."""
        if not _noise(self.rg):
            return {}
        kinds: tuple[Instrument, ...] = ("bond", "own bond")
        return {
            kind: bond_under_noise(self.rg, self.agreement, player=self.player, trust=self.prior, instrument=kind)
            for kind in kinds
        }

    def least_here(self, instrument: str) -> Fraction | None:
        """The least bond at which the prior is enough at the scenario's noise; None if no size will do."""
        return self.bonds_here[instrument].least if self.bonds_here else self.least(instrument)

    def bounds_at(self, noise: Fraction) -> TrustBounds:
        """What the agreement needs at another level of noise."""
        return _bounds(self.rg, self.agreement, self.player, noise)

    @cached_property
    def enough_noise(self) -> Region:
        """The levels of noise at which the prior is enough, exactly."""
        return trust_region(self.rg, self.agreement, player=self.player, over="noise", trust=self.prior)

    @property
    def enough_up_to(self) -> End | None:
        """The noise up to which, from none on, the prior is enough; None if it is not even when acts are seen."""
        first = next(iter(self.enough_noise.set), None)
        return first.hi if first is not None and first.lo == 0 else None

    @cached_property
    def noise_frontier(self) -> Frontier:
        """The least trust as an exact function of the noise."""
        return trust_frontier(self.rg, self.agreement, player=self.player, over="noise")

    def verify(self) -> None:
        """Check bounds, record and substitutes by their own certificates."""
        self.here.verify()
        self.better.verify()
        if self.record is not None:
            self.record.verify()
        for name in ("enough_noise", "noise_frontier"):
            if name in vars(self):
                vars(self)[name].verify()
        if "substitutes" in vars(self):  # they are computed when first asked for
            self.substitutes.verify()
        if "bonds_here" in vars(self):
            for bond in self.bonds_here.values():
                bond.verify()


class AgreementTrust(ByLabel[Any, SideTrust]):
    """One agreement and the trust of both sides, by side."""

    needs: TrustNeeds

    def __init__(self, needs: TrustNeeds, sides: Mapping[Any, SideTrust]) -> None:
        super().__init__(sides, "player")
        vars(self).update(needs=needs)

    @property
    def most_needed(self) -> Fraction | None:
        """The trust that is proven to be enough for both sides at the scenario's noise; None if none is."""
        needed = [side.here.upper for side in self.values()]
        return None if None in needed else max(x for x in needed if x is not None)

    def verify(self) -> None:
        """Check what each side needs, and that the least trust when acts are seen is the same found in two ways."""
        self.needs.verify()
        for player, side in self.items():
            side.verify()
            if side.seen.exact and side.seen.lower != self.needs[player].least:
                raise CertificateError("trust", side.seen.lower, f"{self.needs[player].least}, as without noise")


def agreement_trust(scenario: Scenario, agreement: Agreement, history: Sequence[Any] | None = None) -> AgreementTrust:
    """How much trust one of a scenario's agreements needs of both sides, and what stands in for it.

    ``history`` is what each side did in every period on record; by default the scenario's own record.

    >>> from detente.scenario.load import load_scenario
    >>> london = load_scenario("london-2025")
    >>> found = agreement_trust(london, london.agreements["contrite tit for tat"])
    >>> found["US"].need.least, found["US"].least("bond"), found["US"].here.lower
    (Fraction(2125, 3721), Fraction(1128357, 781250), Fraction(1, 1))
    """
    rg = scenario.repeated
    needs = trust_needs(rg.replace(monitoring=perfect()), agreement)
    acts = [quarter.acts for quarter in recorded_quarters(scenario)] if history is None else history
    noise = _noise(rg)
    sides = {}
    for player in scenario.players:
        sides[player] = SideTrust(
            rg,
            agreement,
            player,
            scenario.trust[player],
            needs[player],
            _bounds(rg, agreement, player, noise),
            _bounds(rg, agreement, player, noise * BETTER),
            _read(rg, agreement, scenario.trust[player], acts, player),
        )
    return AgreementTrust(needs, sides)


def _noise(rg: RepeatedGame) -> Fraction:
    return Fraction(getattr(rg.monitoring, "eps", 0))


def _bounds(rg: RepeatedGame, agreement: Agreement, player: Any, noise: Fraction) -> TrustBounds:
    monitoring = trembles(noise) if noise else perfect()
    return trust_bounds(rg.replace(monitoring=monitoring), agreement, player=player, budget=BUDGET)


def _read(
    rg: RepeatedGame, agreement: Agreement, prior: Fraction, history: Sequence[Any], player: Any
) -> TrustPath | None:
    if not history:
        return None
    try:
        return update_trust(rg, agreement, prior, history, player=player)
    except ProfileError:  # without noise, neither type may be able to produce the record
        return None
