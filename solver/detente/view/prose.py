"""The answer in sentences. Every sentence is made from the solved sets; none is written for one scenario."""

from __future__ import annotations

from detente.scenario.analysis import AgreementAnalysis, Analysis
from detente.view.wording import approximate, class_name, decimal, least_text


def answer(analysis: Analysis) -> list[str]:
    """The answer to a scenario's question, a sentence a string."""
    return [_one_shot(analysis), *_repeated(analysis), *_trust(analysis)]


def _one_shot(analysis: Analysis) -> str:
    players = analysis.scenario.players
    classes = analysis.ordinal_class.players
    if classes[0] == classes[1]:
        face = f"Both sides face {class_name(classes[0])}"
    else:
        face = f"{players[0]} faces {class_name(classes[0])}, {players[1]} {class_name(classes[1])}"
    found = [str(e) for e in analysis.equilibria]
    if len(found) == 1:
        return f"{face}; played once, its only equilibrium is {found[0]}."
    kind = "equilibria are" if analysis.equilibria.complete else "equilibria found are"
    return f"{face}; played once, its {kind} {'; '.join(found)}."


def _repeated(analysis: Analysis) -> list[str]:
    scenario = analysis.scenario
    relaxing = {name: a for name, a in analysis.agreements.items() if a.relaxes}
    if analysis.best is None:
        return [
            f"None of the {len(relaxing)} agreements examined that relax at once is subgame perfect at any discount "
            f"factor, given a breakdown hazard of {decimal(scenario.setting.breakdown.central)} a "
            f"{scenario.setting.period}."
        ]
    best = analysis.agreements[analysis.best]
    holding = [name for name, a in relaxing.items() if a.seen.holds]
    noisy = [name for name, a in relaxing.items() if a.noisy.holds]
    setting = scenario.setting
    return [
        f"Repeated every {setting.period} (patience {decimal(setting.discount.central)}, breakdown hazard "
        f"{decimal(setting.breakdown.central)}), mutual relaxation is sustained by {_count(holding, relaxing)} "
        f"if acts are seen, and by {len(noisy) or 'none'} of them if each act miscarries with probability "
        f"{decimal(setting.noise.central)}.",
        f"The least demanding is {analysis.best}: it needs a discount factor of at least {least_text(best.discount)}, "
        f"and holds for hazards in {approximate(best.breakdown.set)} and noise in {approximate(best.noise.set)}."
        + _who(best),
    ]


def _who(best: AgreementAnalysis) -> str:
    interval = best.discount.intervals[0]
    if interval.lo not in best.discount.binding:
        return ""
    constraint = best.discount.binding[interval.lo][0]
    return f" {constraint.player} is the side that would break it first, by {constraint.deviation}."


def _trust(analysis: Analysis) -> list[str]:
    if analysis.best is None:
        return []
    needs = analysis.agreements[analysis.best].trust
    parts = []
    for player, region in needs.items():
        prior = analysis.scenario.trust[player]
        if region.least is None:
            parts.append(f"no trust suffices for {player}")
        else:
            verdict = "is enough" if prior in region else "is not enough"
            parts.append(
                f"{player} must trust the other side with at least {least_text(region)} ({decimal(prior)} {verdict})"
            )
    return [f"Under {analysis.best}, against a partner who may instead restrict for ever, {' and '.join(parts)}."]


def _count(some: list[str], all_of: dict[str, AgreementAnalysis]) -> str:
    if len(some) == len(all_of):
        return f"all {len(all_of)} agreements examined that relax at once"
    if not some:
        return f"none of the {len(all_of)} agreements examined that relax at once"
    return f"{len(some)} of the {len(all_of)} agreements examined that relax at once"
