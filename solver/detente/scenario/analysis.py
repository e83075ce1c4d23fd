"""Everything that is asked of a scenario, solved.

Thresholds in patience, hazard and trust assume that acts are seen; the threshold in noise, and the verdict at the
scenario's own noise, let acts miscarry. In every one of them all other parameters are the scenario's.

What takes longer, or is not asked for every time, is computed when first asked for: the least patience of any agreement
(:mod:`~detente.scenario.patience`), the cost of noise (:mod:`~detente.scenario.noise_cost`), linked issues
(:mod:`~detente.scenario.linked_issues`), truces and deadlines (:mod:`~detente.scenario.truce`), each side's trust
(:mod:`~detente.scenario.trust_answers`), which agreement to propose (:mod:`~detente.scenario.proposal`), and what the
least demanding of all small agreements need (:mod:`~detente.scenario.small_agreements`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from detente.equilibrium.nash import nash_equilibria
from detente.equilibrium.result import EquilibriumSet
from detente.errors import UnsupportedError
from detente.exact.region import Region
from detente.game.monitoring import perfect
from detente.game.ordinal import OrdinalClass
from detente.repeated.thresholds import holds_where
from detente.scenario.agreement_analysis import AgreementAnalysis, analyse_agreement
from detente.scenario.linked_issues import ControlSplit, IssueLinkage, control_split, issue_linkage
from detente.scenario.noise_cost import NoiseCost, noise_cost
from detente.scenario.patience import LeastPatience, least_patience
from detente.scenario.proposal import DIAL, Proposal, propose
from detente.scenario.record import Quarter, recorded_quarters
from detente.scenario.scenario import Scenario
from detente.scenario.small_agreements import SmallAgreements, small_agreements
from detente.scenario.truce import TruceAnswer, truce_answer
from detente.scenario.trust_answers import AgreementTrust, agreement_trust
from detente.scenario.uncertainty import Flip, class_flips, varying_components
from detente.trust.one_shot import basin_of_distrust, belief_threshold


@dataclass(frozen=True)
class Analysis:
    """A scenario with every answer to it.

    Attributes
    ----------
    equilibria
        Of the one-shot game, complete.
    agreements
        By name; see :class:`AgreementAnalysis`.
    beliefs
        For each player the one-shot beliefs at which relaxing is a best reply.
    basin
        SizeBAD: the share of beliefs at which always-restrict beats grim trigger, for each player.
    flips
        For each player the class of the game as the weight on security moves through its range.
    sensitivity
        For the best agreement, the values of each component at which it is subgame perfect (acts seen). Left out, as
        from ``flips``, are components of which a payoff is no polynomial (they divide, or decide a ``min``).
    """

    scenario: Scenario
    equilibria: EquilibriumSet
    ordinal_class: OrdinalClass
    beliefs: Mapping[str, Region]
    basin: Mapping[str, Fraction]
    agreements: Mapping[str, AgreementAnalysis]
    flips: Mapping[str, tuple[Flip, ...]]
    sensitivity: Mapping[str, Region]
    best: str | None

    @property
    def regions(self) -> Mapping[str, Mapping[str, Region]]:
        """``regions[agreement][over]``: where it is subgame perfect over discount, breakdown and noise."""
        return {
            name: {
                "discount": a.discount,
                "discount (nash)": a.discount_nash,
                "breakdown": a.breakdown,
                "noise": a.noise,
            }
            for name, a in self.agreements.items()
        }

    @property
    def trust(self) -> Mapping[str, Mapping[str, Region]]:
        """``trust[agreement][player]``: the priors at which keeping it is optimal for the player."""
        return {name: a.trust for name, a in self.agreements.items()}

    @cached_property
    def patience(self) -> LeastPatience:
        """The least patience at which any agreement sustains mutual relaxation, and with side payments."""
        return least_patience(self.scenario.repeated)

    @cached_property
    def noise(self) -> NoiseCost:
        """What noise costs, how long to punish, and the noise at which cooperation is lost."""
        return noise_cost(self.scenario.repeated, self.agreements)

    @cached_property
    def linkages(self) -> tuple[IssueLinkage, ...]:
        """The scenario's game linked with each of its other issues."""
        return tuple(issue_linkage(self.scenario, issue) for issue in self.scenario.issues)

    @cached_property
    def split(self) -> ControlSplit:
        """Each side's controls as an issue of its own, separately and linked."""
        return control_split(self.scenario)

    @cached_property
    def truce(self) -> TruceAnswer:
        """What lapse, renewal and deadlines do."""
        return truce_answer(self.scenario.repeated)

    @cached_property
    def quarters(self) -> tuple[Quarter, ...]:
        """The dated record up to the scenario's date, quarter by quarter."""
        return recorded_quarters(self.scenario)

    @cached_property
    def trust_answers(self) -> Mapping[str, AgreementTrust]:
        """By agreement and side: the trust needed, what the record suggests, what a bond or better monitoring buys."""
        acts = [quarter.acts for quarter in self.quarters]
        return {name: agreement_trust(self.scenario, a.agreement, acts) for name, a in self.agreements.items()}

    @cached_property
    def proposal(self) -> Proposal:
        """Which agreement to propose; if none, what would have to move."""
        return propose(self.scenario, self.agreements, self.trust_answers)

    @cached_property
    def small(self) -> SmallAgreements:
        """What the least demanding of all agreements of up to three states need."""
        return small_agreements(self.scenario.repeated)

    def verify(self) -> None:
        """Check every certificate, computing what has not been asked for yet.

        Raises :class:`~detente.errors.CertificateError` if one fails.
        """
        self.patience.verify()
        self.noise.verify()
        self.split.verify()
        self.truce.verify()
        for linked in self.linkages:
            linked.verify()
        for trust in self.trust_answers.values():
            trust.verify()
        self.proposal.verify()
        self.small.verify()
        self.equilibria.verify()
        for region in (*self.beliefs.values(), *self.sensitivity.values()):
            region.verify()
        for a in self.agreements.values():
            a.verify()


def analyse(scenario: Scenario) -> Analysis:
    """Solve a scenario: equilibria, agreements, thresholds, trust, and what would change the answer."""
    game = scenario.game
    seen = scenario.repeated.replace(monitoring=perfect())
    agreements = {name: analyse_agreement(scenario.repeated, ag) for name, ag in scenario.agreements.items()}
    best = _least_demanding(agreements)
    sensitivity = {}
    if best is not None:
        for _, over in varying_components(scenario):
            sensitivity[over.name] = holds_where(seen, scenario.agreements[best], over)
    return Analysis(
        scenario=scenario,
        equilibria=nash_equilibria(game),
        ordinal_class=game.ordinal_class(),
        beliefs={player: belief_threshold(game, player) for player in scenario.players},
        basin={player: basin_of_distrust(seen, player) for player in scenario.players},
        agreements=agreements,
        flips=_dial_flips(scenario),
        sensitivity=sensitivity,
        best=best,
    )


def _dial_flips(scenario: Scenario) -> dict[str, tuple[Flip, ...]]:
    found = {}
    for player in scenario.players:
        if DIAL in scenario.components[player]:
            with suppress(UnsupportedError):
                found[player] = class_flips(scenario, player, DIAL)
    return {player: flips for player, flips in found.items() if flips}


def _least_demanding(agreements: Mapping[str, AgreementAnalysis]) -> str | None:
    """The relaxing agreement that is subgame perfect from the least discount factor on; None if there is none."""
    able = [(a.discount.least, name) for name, a in agreements.items() if a.relaxes and a.discount.least is not None]
    if not able:
        return None
    least = min(value for value, _ in able)
    return next(name for value, name in able if value == least)
