"""What the least demanding of all small agreements need, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from detente.game.agreement import Agreement
from detente.scenario.analysis import Analysis
from detente.scenario.small_agreements import SmallAgreements
from detente.trust.search.least_demanding import LeastDemanding
from detente.view.automata import short_names
from detente.view.wording import Exact, Sentence, listed, say, trust_level

CLAIMS = {
    "trust": "needs the least trust ({} of the side that needs more)",
    "discount": "needs the least patience ({})",
    "noise": "stands the most noise (up to {})",
}


def spoken_of(found: SmallAgreements) -> list[Agreement]:
    """Those unbeaten, then the best by each criterion."""
    best = [answer.best[0] for answer in found.by_criterion.values() if answer.best]
    every = {ag.name: ag for ag in [*(row.agreement for row in found.unbeaten), *best]}
    return list(every.values())


def small(analysis: Analysis) -> list[Sentence]:
    """Who is best by each criterion, which agreements are unbeaten, and what they are with the scenario's noise."""
    found = analysis.small
    able = {criterion: answer for criterion, answer in found.by_criterion.items() if answer.value is not None}
    size = f"{found.trust.searched['automata'] / 1e6:.0f} million public automata with up to {found.states} states"
    if not able:
        return [
            say(
                "No: of all {} none that keeps both sides relaxed is subgame perfect at any patience, at this hazard "
                "and with acts seen{}.",
                size,
                _proviso(found),
            )
        ]
    names = short_names(spoken_of(found))
    said = [_best(found, able, names, size)]
    if not found.unbeaten:
        return [*said, say("None of them is subgame perfect at this scenario's own patience.")]
    rows = [names[row.agreement.name] for row in found.unbeaten]
    if len(rows) == 1:
        said.append(say("No other improves on {} in one of the three without losing in another.", rows[0]))
    else:
        said.append(
            say("{} of them cannot be improved on in one without losing in another: {}.", len(rows), listed(rows))
        )
    return [*said, *_with_noise(analysis, names)]


def _best(found: SmallAgreements, able: dict[str, LeastDemanding], names: dict[str, str], size: str) -> Sentence:
    """The best by each criterion, those that are the same agreement together."""
    by_name: dict[str, list[str]] = {}
    for criterion, answer in able.items():
        by_name.setdefault(names[answer.best[0].name], []).append(criterion)
    words = "; ".join("{} " + listed([CLAIMS[c] for c in criteria]) for criteria in by_name.values())
    parts: list[Any] = []
    for name, criteria in by_name.items():
        parts += [name, *(Exact(able[c].value) for c in criteria)]
    return say(
        "Of all {} those count that keep both sides relaxed{}. With acts seen, " + words + ".",
        size,
        _proviso(found),
        *parts,
    )


def _with_noise(analysis: Analysis, names: dict[str, str]) -> Iterator[Sentence]:
    """Whether those unbeaten do better than what was examined at the scenario's noise."""
    found, noise = analysis.small, analysis.scenario.setting.noise.central
    holding = [row for row in found.unbeaten if row.here.holds]
    if not holding:
        yield say("With noise {} {} holds.", noise, "it no longer" if len(found.unbeaten) == 1 else "none of these")
        return
    worth = max(holding, key=lambda row: row.value)
    yield say(
        "With noise {}, {} of these {}; worth most to both together is {}: {} a year, and the side that needs more "
        "trust needs {}.",
        noise,
        len(holding),
        "holds" if len(holding) == 1 else "hold",
        names[worth.agreement.name],
        worth.value,
        trust_level(worth.most_needed),
    )
    if not analysis.proposal.candidates:
        return
    first = analysis.proposal.candidates[0]
    needs = {names[row.agreement.name]: row.most_needed for row in holding}
    least = min(needs, key=lambda name: _or_none(needs[name]))
    if _or_none(needs[least]) < _or_none(first.trust):
        yield say("With that noise {} needs less trust than what is proposed: {}.", least, trust_level(needs[least]))
    else:
        yield say("With that noise none of these needs less trust than what is proposed, {}.", first.name)


def _proviso(found: SmallAgreements) -> str:
    return "" if found.complete else ", as far as the time allowed went"


def _or_none(trust: Any) -> Any:
    """For comparison: where no trust is enough, more than certainty."""
    return 2 if trust is None else trust
