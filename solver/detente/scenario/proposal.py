"""Which agreement to propose, by a stated rule, and if none will do, which number must move to which value.

**The rule.** Among the agreements examined that start by relaxing and are public perfect at the scenario's patience,
hazard and noise, propose the one for which the side that needs more trust needs the least; of several, the one worth
most to both together. Trust is what keeping the agreement needs at that noise, against a partner who may restrict for
ever.

**If none holds**, each parameter is moved alone, all else as in the scenario: for every agreement the exact set of
values at which it holds is found, and the value closest to the scenario's is named. Components move within their
ranges. If no component can do it alone, the weights on security of both sides are scaled down together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError, UnsupportedError
from detente.exact.intervals import End, Interval
from detente.exact.polynomial import X, constant
from detente.exact.region import Region
from detente.repeated.check import is_subgame_perfect
from detente.repeated.parameters import Component
from detente.repeated.thresholds import holds_where
from detente.scenario.agreement_analysis import AgreementAnalysis
from detente.scenario.scenario import Scenario
from detente.scenario.trust_answers import AgreementTrust
from detente.scenario.uncertainty import AT, varying_components

DIAL = "w"  # the weight on security
BOTH_DIALS = "both weights on security, as a multiple of today's"
RULE = (
    "Among the agreements that start by relaxing and hold at this patience, hazard and noise, propose the one for "
    "which the side that needs more trust needs the least; of several, the one worth most to both together."
)


@dataclass(frozen=True)
class Candidate:
    """An agreement that holds: the trust that the needier side needs (None: none is enough), and its joint value."""

    name: str
    trust: Fraction | None
    value: Fraction


@dataclass(frozen=True)
class Way:
    """A parameter that, moved alone from ``here`` to ``there``, lets ``agreement`` hold.

    ``reached`` says whether it already holds at ``there``, or only beyond.
    """

    parameter: str
    agreement: str
    here: Fraction
    there: End
    reached: bool
    region: Region


@dataclass(frozen=True)
class Proposal:
    """What to propose.

    Attributes
    ----------
    name
        The agreement proposed; None if none holds.
    candidates
        All that hold, best first.
    ways
        If none holds: what would have to move, for each parameter that can do it alone.
    """

    scenario: Scenario
    name: str | None
    candidates: tuple[Candidate, ...]
    ways: tuple[Way, ...]

    def verify(self) -> None:
        """Check by independent code who holds, and by the rule who comes first."""
        rg = self.scenario.repeated
        able = {name: ag for name, ag in self.scenario.agreements.items() if _relaxes(self.scenario, ag)}
        holding = {name for name, ag in able.items() if is_subgame_perfect(rg, ag)}
        if holding != {c.name for c in self.candidates}:
            raise CertificateError("candidates", self.candidates, f"the agreements that hold: {sorted(holding)}")
        if self.candidates and min(self.candidates, key=_rank).name != self.name:
            raise CertificateError("proposal", self.name, "the first by the rule")
        for way in self.ways:
            way.region.verify()
            if way.here in way.region:
                raise CertificateError("way", way.parameter, "a parameter that has to move")


def propose(
    scenario: Scenario, agreements: Mapping[str, AgreementAnalysis], trusts: Mapping[str, AgreementTrust]
) -> Proposal:
    """The agreement to propose, given the scenario's agreements analysed and the trust they need; see the module."""
    relaxing = {name: a for name, a in agreements.items() if a.relaxes}
    candidates = [
        Candidate(name, trusts[name].most_needed, sum(a.noisy.values[a.agreement.start], Fraction(0)))
        for name, a in relaxing.items()
        if a.noisy.holds
    ]
    candidates.sort(key=_rank)
    if candidates:
        return Proposal(scenario, candidates[0].name, tuple(candidates), ())
    return Proposal(scenario, None, (), tuple(_ways(scenario, relaxing)))


def _rank(candidate: Candidate) -> tuple[Fraction, Fraction]:
    return Fraction(2) if candidate.trust is None else candidate.trust, -candidate.value


def _relaxes(scenario: Scenario, agreement: Any) -> bool:
    return scenario.game.pure_profile(agreement.play[agreement.start]) == (0, 0)


def _ways(scenario: Scenario, relaxing: Mapping[str, AgreementAnalysis]) -> list[Way]:
    rg, setting = scenario.repeated, scenario.setting
    found: list[Way] = []
    for label, quantity in (("noise", setting.noise), ("breakdown", setting.breakdown), ("discount", setting.discount)):
        regions = {
            name: a.noise if label == "noise" else holds_where(rg, a.agreement, label) for name, a in relaxing.items()
        }
        # Patience has to rise; noise and hazard have to fall: noise beyond one half turns acts into their opposite.
        found += _closest(label, quantity.central, regions, up=label == "discount", down=label != "discount")
    for quantity, over in varying_components(scenario):
        regions = {name: holds_where(rg, a.agreement, over) for name, a in relaxing.items()}
        found += _closest(over.name, quantity.central, regions)
    if not any("." in way.parameter for way in found):
        dials = _both_dials(scenario)
        if dials is not None:
            regions = {name: holds_where(rg, a.agreement, dials) for name, a in relaxing.items()}
            found += _closest(BOTH_DIALS, Fraction(1), regions)
    return found


def _both_dials(scenario: Scenario) -> Component | None:
    """A factor on both sides' weights on security; None where a payoff is no polynomial in it."""
    payoffs: dict[tuple[int, tuple[int, ...]], Any] = {}
    for i, player in enumerate(scenario.players):
        if DIAL not in scenario.components[player]:
            return None
        try:
            outcomes = scenario.outcome_polynomials(player, DIAL)
        except UnsupportedError:
            return None
        scaled = X * constant(scenario.components[player][DIAL].central)
        for outcome, (own, other) in AT.items():
            payoffs[i, (own, other) if i == 0 else (other, own)] = outcomes[outcome](scaled)
    return Component(BOTH_DIALS, payoffs, Interval(Fraction(0), Fraction(1)))


def _closest(
    label: str, here: Fraction, regions: Mapping[str, Region], up: bool = True, down: bool = True
) -> list[Way]:
    """The closest values above and below at which some agreement holds."""
    above: Way | None = None
    below: Way | None = None
    for name, region in regions.items():
        for interval in region.intervals:
            if interval.lo > here and (above is None or interval.lo < above.there):
                above = Way(label, name, here, interval.lo, interval.lo_closed, region)
            if interval.hi < here and (below is None or interval.hi > below.there):
                below = Way(label, name, here, interval.hi, interval.hi_closed, region)
    return [way for way, wanted in ((below, down), (above, up)) if way is not None and wanted]
