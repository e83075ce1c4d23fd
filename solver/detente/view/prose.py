"""The answers in sentences. Every sentence is made from the solved sets; none is written for one scenario."""

from __future__ import annotations

from typing import NamedTuple

from detente.scenario.agreement_analysis import AgreementAnalysis
from detente.scenario.analysis import Analysis
from detente.view.prose_agreements import breakdown, deadline, linkage, noise, patience
from detente.view.prose_proposal import proposal
from detente.view.prose_small import small
from detente.view.prose_trust import bond_and_monitoring, record, trust
from detente.view.wording import Exact, Sentence, approximate, class_name, decimal, least_text, listed, say


class Answer(NamedTuple):
    """A question that every scenario is asked, and its answer."""

    question: str
    sentences: list[Sentence]


def answers(analysis: Analysis) -> list[Answer]:
    """Every question with its answer, the most important first."""
    return [
        Answer("Can mutual relaxation be sustained?", [_one_shot(analysis), *_repeated(analysis)]),
        Answer("Which agreement should be proposed?", proposal(analysis)),
        Answer("Which agreement needs the least patience?", patience(analysis)),
        Answer("Would any other agreement demand less?", small(analysis)),
        Answer("How much trust does each side need?", trust(analysis)),
        Answer("What does the record suggest?", record(analysis)),
        Answer("What would a bond or better monitoring buy?", bond_and_monitoring(analysis)),
        Answer("What does noise cost?", noise(analysis)),
        Answer("What does breakdown cost?", breakdown(analysis)),
        Answer("Does it help to link issues?", linkage(analysis)),
        Answer("What does a deadline do?", deadline(analysis)),
    ]


def answer(analysis: Analysis) -> list[str]:
    """The answer in a few sentences, a sentence a string."""
    short = [_one_shot(analysis), *_repeated(analysis), *_least(analysis), *_trust(analysis), *proposal(analysis)[:1]]
    return [sentence.text for sentence in short]


def _one_shot(analysis: Analysis) -> Sentence:
    players = analysis.scenario.players
    classes = analysis.ordinal_class.players
    if classes[0] == classes[1]:
        face = f"Both sides face {class_name(classes[0])}"
    else:
        face = f"{players[0]} faces {class_name(classes[0])}, {players[1]} {class_name(classes[1])}"
    found = [str(e) for e in analysis.equilibria]
    if len(found) == 1:
        return say("{}; played once, its only equilibrium is {}.", face, found[0])
    kind = "equilibria are" if analysis.equilibria.complete else "equilibria found are"
    return say("{}; played once, its {} {}.", face, kind, "; ".join(found))


def _repeated(analysis: Analysis) -> list[Sentence]:
    setting = analysis.scenario.setting
    relaxing = {name: a for name, a in analysis.agreements.items() if a.relaxes}
    if analysis.best is None:
        return [
            say(
                "None of the {} agreements examined that relax at once is subgame perfect at any discount factor, "
                "given a breakdown hazard of {} a {}.",
                len(relaxing),
                setting.breakdown.central,
                setting.period,
            )
        ]
    holding = [name for name, a in relaxing.items() if a.seen.holds]
    noisy = [name for name, a in relaxing.items() if a.noisy.holds]
    return [
        say(
            "Repeated every {} (patience {}, breakdown hazard {}), mutual relaxation is sustained by {} if acts are "
            "seen, and by {} if each act miscarries with probability {}{}.",
            setting.period,
            setting.discount.central,
            setting.breakdown.central,
            _count(holding, relaxing),
            f"{len(noisy)} of them" if noisy else "none of them",
            setting.noise.central,
            f": {listed(noisy)}" if noisy else "",
        )
    ]


def _least(analysis: Analysis) -> list[Sentence]:
    if analysis.best is None:
        return []
    best = analysis.agreements[analysis.best]
    return [
        say(
            "The least demanding is {}: it needs a discount factor of at least {}, and holds for hazards in {} and "
            "noise in {}.",
            analysis.best,
            least_text(best.discount),
            approximate(best.breakdown.set),
            approximate(best.noise.set),
        )
    ]


def _trust(analysis: Analysis) -> list[Sentence]:
    if analysis.best is None:
        return []
    parts = []
    for player, region in analysis.agreements[analysis.best].trust.items():
        prior = analysis.scenario.trust[player]
        if region.least is None:
            parts.append(f"no trust suffices for {player}")
        else:
            verdict = "is enough" if prior in region else "is not enough"
            least = Exact(region.least)
            parts.append(f"{player} must trust the other side with at least {least} ({decimal(prior)} {verdict})")
    return [
        say(
            "Under {}, against a partner who may instead restrict for ever, {} if acts are seen.",
            analysis.best,
            " and ".join(parts),
        )
    ]


def _count(some: list[str], all_of: dict[str, AgreementAnalysis]) -> str:
    if len(some) == len(all_of):
        return f"all {len(all_of)} agreements examined that relax at once"
    if not some:
        return f"none of the {len(all_of)} agreements examined that relax at once"
    return f"{len(some)} of the {len(all_of)} agreements examined that relax at once"
