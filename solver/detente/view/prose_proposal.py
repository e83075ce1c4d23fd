"""Which agreement to propose, in sentences: whether trust is enough for it, what would make it so, what must move."""

from __future__ import annotations

from detente.scenario.analysis import Analysis
from detente.scenario.proposal import BOTH_DIALS, Way
from detente.scenario.trust_answers import SideTrust
from detente.view.wording import Exact, Sentence, say, trust_level

SETTINGS = {"noise": "the noise", "breakdown": "the breakdown hazard", "discount": "the discount factor"}
WAYS = 4  # so many ways out are said, the rest are in the table


def discussed(analysis: Analysis) -> str | None:
    """The agreement that trust is discussed for.

    The one proposed, or else the one that needs the least patience, or else the one that the least change would let
    hold, or else the first that starts by relaxing.
    """
    closest = [way.agreement for way in sorted(analysis.proposal.ways, key=_effort)]
    relaxing = [name for name, a in analysis.agreements.items() if a.relaxes]
    return next((name for name in (analysis.proposal.name, analysis.best, *closest, *relaxing) if name), None)


def proposal(analysis: Analysis) -> list[Sentence]:
    """What to propose, whether today's trust is enough for it, and what would be if it is not."""
    found = analysis.proposal
    if found.name is None:
        return _nothing_holds(analysis)
    setting, trusts = analysis.scenario.setting, analysis.trust_answers[found.name]
    first = found.candidates[0]
    others = found.candidates[1:]
    said = [
        say(
            "Propose {}: of the {} that hold at this patience, hazard and noise, it needs the least trust of the side "
            "that needs more: {}.",
            found.name,
            f"{len(found.candidates)} agreements" if others else "agreements examined, the only one",
            trust_level(first.trust),
        )
    ]
    if analysis.patience.needed == 0:
        said = [_no_threat(analysis), *said]
    lacking = [side for side in trusts.values() if not side.enough]
    if lacking:
        said.append(
            say(
                "Today's trust is not enough for it at a noise of {}: "
                + " and ".join(["{} needs {} and has {}"] * len(lacking))
                + ".",
                setting.noise.central,
                *(part for side in lacking for part in (side.player, trust_level(side.here.upper), side.prior)),
            )
        )
        said += _remedies(analysis, lacking)
    else:
        said.append(say("Today's trust is enough for it on both sides, also at a noise of {}.", setting.noise.central))
    dearer = [c for c in others if c.value > first.value]
    if dearer:
        best = max(dearer, key=lambda c: c.value)
        said.append(
            say(
                "{} would be worth more to both together ({} a year instead of {}) but needs {}.",
                best.name[0].upper() + best.name[1:],
                best.value,
                first.value,
                "certainty that the other side keeps it" if best.trust == 1 else trust_level(best.trust),
            )
        )
    return said


def _remedies(analysis: Analysis, lacking: list[SideTrust]) -> list[Sentence]:
    """What would make trust enough for those who lack it: bonds, less noise."""
    bonds = [(side.player, side.least_here("bond")) for side in lacking]
    levels = [side.enough_up_to for side in lacking]
    words, parts = [], []
    if all(size is not None for _, size in bonds):
        words.append(
            "if the other side posted a bond, "
            + " and ".join(["{} to {}"] * len(bonds))
            + f" ({analysis.scenario.unit}), forfeited whenever it is seen to depart alone"
        )
        parts += [part for player, size in bonds for part in (Exact(size), player)]
    if all(levels):
        words.append("if the noise were {} at the most")
        parts.append(Exact(min(most for most in levels if most is not None)))
    return [say("It would be enough " + ", or ".join(words) + ".", *parts)] if words else []


def _nothing_holds(analysis: Analysis) -> list[Sentence]:
    setting = analysis.scenario.setting
    said = [
        say(
            "Nothing: no agreement examined that starts by relaxing holds at a patience of {}, a hazard of {} and a "
            "noise of {} a {}.",
            setting.discount.central,
            setting.breakdown.central,
            setting.noise.central,
            setting.period,
        )
    ]
    ways = analysis.proposal.ways
    if not ways:
        said.append(say("No single number within its range would change that, nor the weights on security together."))
        return said
    told = [way_out(analysis, way) for way in sorted(ways, key=_effort)[:WAYS]]
    said.append(
        Sentence(
            "It would take one of these, all else as it is: " + "; ".join(way.words for way in told) + ".",
            tuple(part for way in told for part in way.parts),
        )
    )
    return said


def _effort(way: Way) -> float:
    """How far the number has to move, relative to where it is: for the order of presentation only."""
    return abs(float(way.there) - float(way.here)) / (abs(float(way.here)) or 1)


def way_out(analysis: Analysis, way: Way) -> Sentence:
    """A move that would let an agreement hold, without a full stop."""
    limit = "to" if way.reached else "beyond"
    if way.parameter == BOTH_DIALS:
        return say(
            "both weights on security fall {} {} of what they are, for {}", limit, Exact(way.there), way.agreement
        )
    name = SETTINGS.get(way.parameter) or _component(analysis, way.parameter)
    verb = "falls" if way.there < way.here else "rises"
    return say("{} {} {} {} (from {}), for {}", name, verb, limit, Exact(way.there), way.here, way.agreement)


def _component(analysis: Analysis, name: str) -> str:
    """A component in words: "China's weight on security"."""
    player, _, symbol = name.partition(".")
    label = analysis.scenario.components[player][symbol].label
    return f"{player}'s {label}" if label else name


def _no_threat(analysis: Analysis) -> Sentence:
    """Where relaxing together is an equilibrium of the stage game: the beliefs at which relaxing is best as it is."""
    beliefs = {player: region.least for player, region in analysis.beliefs.items() if region.least is not None}
    return say(
        "No threat is needed: relaxing together is an equilibrium of the game played once, if "
        + " and ".join(["{} believes that the other side relaxes with probability {}"] * len(beliefs))
        + " or more.",
        *(part for player, least in beliefs.items() for part in (player, Exact(least))),
    )
