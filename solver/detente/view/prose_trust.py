"""Trust, in sentences: how much each side needs and why, what the record suggests, what stands in, what to propose."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from detente.scenario.analysis import Analysis
from detente.scenario.proposal import BOTH_DIALS, Way
from detente.scenario.trust_answers import AgreementTrust, SideTrust
from detente.trust.needs import TrustNeed
from detente.view.wording import Exact, Sentence, listed, say

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
            _level(first.trust),
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
                *(part for side in lacking for part in (side.player, _level(side.here.upper), side.prior)),
            )
        )
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
                "certainty that the other side keeps it" if best.trust == 1 else _level(best.trust),
            )
        )
    return said


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


def trust(analysis: Analysis) -> list[Sentence]:
    """How much trust each side needs for the agreement discussed, with and without noise; who needs more, and why."""
    name = discussed(analysis)
    if name is None:
        return [say("There is no agreement to trust in: none holds at any patience.")]
    trusts, setting = analysis.trust_answers[name], analysis.scenario.setting
    said = [_need(trusts.needs[player], side, name) for player, side in trusts.items()]
    said += _more(trusts)
    under_noise = [part for side in trusts.values() for part in (side.player, _level(side.here.upper))]
    said.append(
        say("With noise {}, {} needs {} and {} needs {}.", setting.noise.central, *under_noise)
        if any(side.here.upper is not None for side in trusts.values())
        else say("With noise {}, no trust is enough for either side.", setting.noise.central)
    )
    return said


def _no_threat(analysis: Analysis) -> Sentence:
    """Where relaxing together is an equilibrium of the stage game: the beliefs at which relaxing is best as it is."""
    beliefs = {player: region.least for player, region in analysis.beliefs.items() if region.least is not None}
    return say(
        "No threat is needed: relaxing together is an equilibrium of the game played once, if "
        + " and ".join(["{} believes that the other side relaxes with probability {}"] * len(beliefs))
        + " or more.",
        *(part for player, least in beliefs.items() for part in (player, Exact(least))),
    )


def _need(need: TrustNeed, side: SideTrust, name: str) -> Sentence:
    if need.temptation is None:
        return say("{} keeps {} whoever the other side may be.", need.player, name)
    _, act = need.temptation
    if need.least is None:
        return say(
            "{} would not keep {} at any trust: {} pays even against a side that keeps it.", need.player, name, act
        )
    return say(
        "Under {}, with acts seen, {} needs to trust the other side with {} (it has {}): keeping it rather than "
        "choosing {} risks {} a year against a side that restricts for ever, for {} with one that keeps it.",
        name,
        need.player,
        Exact(need.least),
        side.prior,
        act,
        need.risk,
        need.stake,
    )


def _more(trusts: AgreementTrust) -> list[Sentence]:
    needs = trusts.needs
    if needs.more is None or any(not row.least or row.stake <= 0 for row in needs.values()):
        return []
    more = needs[needs.more]
    less = next(row for row in needs.values() if row is not more)
    return [
        say(
            "{} needs more, because it risks {} for each unit at stake, {} only {}.",
            more.player,
            more.risk / more.stake,
            less.player,
            less.risk / less.stake,
        )
    ]


def _level(level: Fraction | None) -> Any:
    if level is None:
        return "more trust than there is"
    return "certainty" if level == 1 else Exact(level)


def record(analysis: Analysis) -> list[Sentence]:
    """What the dated record suggests, read as play under an agreement; descriptive."""
    name = discussed(analysis)
    paths = {k: t for k, t in analysis.trust_answers.items() if all(s.record is not None for s in t.values())}
    if name is None or name not in paths:
        return [say("There is no record of moves between these two sides, or none that either type could have made.")]
    sides = list(paths[name].values())
    periods = len(sides[0].record or ())
    said = [
        say(
            "Read as play under {}, the {} quarters on record by this date take {}'s trust from {} to {} and {}'s from "
            "{} to {}.",
            name,
            periods,
            *(part for s in sides if s.record is not None for part in (s.player, s.prior, s.record.trust)),
        )
    ]
    said.append(_decisive(analysis, sides))
    for k, player in enumerate(analysis.scenario.players):
        seen = [(t[player].record.trust, n) for n, t in paths.items() if t[player].record is not None]  # type: ignore[union-attr]
        low, high = min(seen), max(seen)
        said.append(
            say(
                "Other agreements read the same record otherwise: for {} it leaves between {} ({}) and {} ({})."
                if k == 0
                else "For {} it leaves between {} ({}) and {} ({}).",
                player,
                low[0],
                low[1],
                high[0],
                high[1],
            )
        )
    said.append(
        say("This describes what a Bayesian with these two types would conclude; it estimates nobody's beliefs.")
    )
    return said


def _decisive(analysis: Analysis, sides: list[SideTrust]) -> Sentence:
    """How many quarters tell the types apart, and which one most."""
    steps = {side.player: side.record.decisive for side in sides if side.record is not None}
    telling = {player: len(row) for player, row in steps.items()}
    if not any(telling.values()):
        return say("No quarter tells the two types apart.")
    first = {player: analysis.quarters[row[0].period - 1].name for player, row in steps.items() if row}
    names = list(dict.fromkeys(first.values()))
    most = names[0] if len(names) == 1 else listed([f"{name} for {player}" for player, name in first.items()])
    counts = listed([f"{count} for {player}" for player, count in telling.items()])
    return say("Quarters that tell the two types apart: {}; {} most of all.", counts, most)


def bond_and_monitoring(analysis: Analysis) -> list[Sentence]:
    """The bond with which today's trust is enough, exchange rates, and what half the noise does to the trust needed."""
    name = discussed(analysis)
    if name is None:
        return [say("Nothing that would make an agreement hold.")]
    said = []
    trusts, setting = analysis.trust_answers[name], analysis.scenario.setting
    for side in trusts.values():
        said.append(_bond(analysis, side, name))
    said += _other_bonds(analysis, name)
    if setting.noise.central:
        said += [_half_the_noise(side, name) for side in trusts.values()]
    return said


def _half_the_noise(side: SideTrust, name: str) -> Sentence:
    """What half the noise does to the trust needed, and the noise at which the prior is enough."""
    here, better, ends = side.here.upper, side.better.upper, side.enough_up_to
    if here == better:
        change = say("Half the noise changes nothing in what {} needs under {}", side.player, name)
    elif here is None:
        change = say("With half the noise {} would need {} under {}", side.player, _level(better), name)
    else:
        change = say(
            "Half the noise changes what {} needs under {} from {} to {}",
            side.player,
            name,
            _level(here),
            _level(better),
        )
    if side.enough:
        end = say("; its trust is enough as it is.")
    elif ends is None:
        end = say("; no monitoring, however good, would make its trust enough.")
    else:
        end = say("; its trust is enough once the noise is down to {} (not at {}).", *ends)
    return Sentence(change.words + end.words, (*change.parts, *end.parts))


def _bond(analysis: Analysis, side: SideTrust, name: str) -> Sentence:
    bond = side.substitutes["bond"]
    size, unit = side.least("bond"), analysis.scenario.unit
    rate, hazard = bond.rate, side.substitutes["hazard"].rate
    if side.enough_if_seen and (not rate or hazard is None):
        return say("With acts seen {} needs no bond under {}: its trust is enough.", side.player, name)
    if side.enough_if_seen:
        return say(
            "With acts seen {} needs no bond under {}: its trust is enough. A bond of 1 ({}) posted by the other side "
            "would replace {} of trust, as much as a hazard lower by {}.",
            side.player,
            name,
            unit,
            rate,
            abs(rate / hazard) if hazard and rate else "any amount",
        )
    if size is None:
        return say("With acts seen no bond would make {}'s trust enough under {}.", side.player, name)
    return say(
        "With acts seen a bond of {} ({}), posted by the other side and paid out after each of its breaches, would "
        "make {}'s trust enough under {}.",
        Exact(size),
        unit,
        side.player,
        name,
    )


def _other_bonds(analysis: Analysis, name: str) -> list[Sentence]:
    """The smallest bond among agreements that hold but need more trust than there is."""
    found: list[tuple[Fraction, str, str]] = []
    for other, trusts in analysis.trust_answers.items():
        a = analysis.agreements[other]
        if other == name or not (a.relaxes and a.noisy.holds):
            continue
        sizes = {side.player: side.least("bond") for side in trusts.values() if not side.enough_if_seen}
        if sizes and None not in sizes.values():
            text = listed([f"{float(x):.3g} for {p}" for p, x in sizes.items() if x is not None])
            found.append((max(x for x in sizes.values() if x is not None), other, text))
    if not found:
        return []
    _, other, text = min(found)
    return [say("For {} the bonds needed are {}.", other, text)]
