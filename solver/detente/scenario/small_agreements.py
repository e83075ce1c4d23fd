"""Beyond the agreements examined: what the least demanding of *all* small agreements need.

The agreements of a scenario are those that negotiators or textbooks have a name for. Here every public automaton with
up to three states that keeps both sides relaxed counts (:mod:`detente.trust.search.least_demanding`): who needs the
least trust, the least patience, who stands the most noise, and which cannot be improved on in the three at once. Those
last are also looked at with the scenario's own noise: whether they hold, what they are worth, and the trust they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError
from detente.game.agreement import Agreement
from detente.game.monitoring import perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.incentives import Incentives, incentives
from detente.trust.noise.bounds import TrustBounds, trust_bounds
from detente.trust.search.least_demanding import LeastDemanding, ParetoPoint, least_demanding

STATES = 3
BUDGET = 30.0  # seconds a search; a shipped scenario takes less than three
TRUST_BUDGET = 2.0  # seconds for bounds that are not exact


@dataclass(frozen=True)
class Unbeaten:
    """An agreement on the Pareto set in trust, patience and noise, and what it is with the scenario's own noise.

    Attributes
    ----------
    point
        Its three demands.
    here
        Values and slacks at the scenario's noise.
    trust
        The trust that each side needs at that noise.
    """

    agreement: Agreement
    point: ParetoPoint
    here: Incentives
    trust: Mapping[Any, TrustBounds]

    @property
    def value(self) -> Fraction:
        """What it is worth to both together at the scenario's noise."""
        return sum(self.here.values[self.agreement.start], Fraction(0))

    @property
    def most_needed(self) -> Fraction | None:
        """The trust that is proven to be enough for both sides at the scenario's noise; None if none is."""
        needed = [bounds.upper for bounds in self.trust.values()]
        return None if None in needed else max(x for x in needed if x is not None)


@dataclass(frozen=True)
class SmallAgreements:
    """What the least demanding of all agreements of up to ``states`` states need.

    ``trust``, ``discount`` and ``noise`` are the answers by the three criteria, ``unbeaten`` one agreement for every
    point of the Pareto set, those that need the least trust first.
    """

    states: int
    trust: LeastDemanding
    discount: LeastDemanding
    noise: LeastDemanding
    unbeaten: tuple[Unbeaten, ...]

    @property
    def by_criterion(self) -> Mapping[str, LeastDemanding]:
        return {"trust": self.trust, "discount": self.discount, "noise": self.noise}

    @property
    def complete(self) -> bool:
        """Whether all searches, and that for the Pareto set, were finished."""
        return self.trust.pareto_complete and all(found.complete for found in self.by_criterion.values())

    def verify(self) -> None:
        """Check every search by its own certificate, the Pareto set against it, and the slacks and bounds at noise."""
        for found in self.by_criterion.values():
            found.verify()
        points = [row.point for row in self.unbeaten]
        for a in points:
            if any(b is not a and _no_worse(b, a) for b in points):
                raise CertificateError("unbeaten", a, "an agreement that no other improves on")
        if points and self.complete:
            ends = {"trust": min(p.trust for p in points), "noise": max(p.noise for p in points)}
            for criterion, end in ends.items():
                if self.by_criterion[criterion].value != end:
                    raise CertificateError(criterion, end, f"{self.by_criterion[criterion].value}, as in the search")
        for row in self.unbeaten:
            row.here.verify()
            for bounds in row.trust.values():
                bounds.verify()


def small_agreements(rg: RepeatedGame, states: int = STATES) -> SmallAgreements:
    """The least demanding of all agreements of up to ``states`` states that keep both sides relaxed; see the module.

    >>> from detente.scenario.load import load_scenario
    >>> found = small_agreements(load_scenario("london-2025").repeated, 2)
    >>> found.trust.best[0].name, found.discount.value, len(found.unbeaten)
    ('grim trigger', Fraction(375, 704), 1)
    """
    seen = rg.replace(monitoring=perfect())
    trust, discount, noise = (least_demanding(seen, states, c, budget=BUDGET) for c in ("trust", "discount", "noise"))
    unbeaten = []
    for point in sorted(trust.pareto, key=lambda p: p.trust):
        ag = point.agreements[0]
        bounds = {p: trust_bounds(rg, ag, player=p, budget=TRUST_BUDGET) for p in rg.game.players}
        unbeaten.append(Unbeaten(ag, point, incentives(rg, ag), bounds))
    return SmallAgreements(states, trust, discount, noise, tuple(unbeaten))


def _no_worse(a: ParetoPoint, b: ParetoPoint) -> bool:
    return a.trust <= b.trust and a.discount <= b.discount and a.noise >= b.noise
