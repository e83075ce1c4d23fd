"""Trust, in sentences: how much each side needs and why, what the record suggests, what stands in for it."""

from __future__ import annotations

from fractions import Fraction

from detente.scenario.analysis import Analysis
from detente.scenario.trust_answers import AgreementTrust, SideTrust
from detente.trust.needs import TrustNeed
from detente.view.prose_proposal import discussed
from detente.view.wording import Exact, Sentence, listed, rounded, say, trust_level


def trust(analysis: Analysis) -> list[Sentence]:
    """How much trust each side needs for the agreement discussed, with and without noise; who needs more, and why."""
    name = discussed(analysis)
    if name is None:
        return [say("There is no agreement to trust in: none holds at any patience.")]
    trusts, setting = analysis.trust_answers[name], analysis.scenario.setting
    said = [_need(trusts.needs[player], side, name) for player, side in trusts.items()]
    said += _more(trusts)
    under_noise = [part for side in trusts.values() for part in (side.player, trust_level(side.here.upper))]
    said.append(
        say("With noise {}, {} needs {} and {} needs {}.", setting.noise.central, *under_noise)
        if any(side.here.upper is not None for side in trusts.values())
        else say("With noise {}, no trust is enough for either side.", setting.noise.central)
    )
    return said


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
    trusts, noise = analysis.trust_answers[name], analysis.scenario.setting.noise.central
    for side in trusts.values():
        said.append(_bond(analysis, side, name))
    if noise:
        said.append(_noisy_bonds(analysis, list(trusts.values()), name))
    said += _other_bonds(analysis, name)
    if noise:
        said += [_half_the_noise(side, name) for side in trusts.values()]
    return said


def _half_the_noise(side: SideTrust, name: str) -> Sentence:
    """What half the noise does to the trust needed, and the noise at which the prior is enough."""
    here, better, most = side.here.upper, side.better.upper, side.enough_up_to
    if here == better:
        change = say("Half the noise changes nothing in what {} needs under {}", side.player, name)
    elif here is None:
        change = say("With half the noise {} would need {} under {}", side.player, trust_level(better), name)
    else:
        change = say(
            "Half the noise changes what {} needs under {} from {} to {}",
            side.player,
            name,
            trust_level(here),
            trust_level(better),
        )
    if side.enough:
        end = say("; its trust is enough as it is.")
    elif most is None:
        end = say("; no monitoring, however good, would make its trust enough.")
    elif most == 0:
        end = say("; its trust is enough only if every act is seen as it was meant.")
    else:
        end = say("; its trust is enough once the noise is down to {}.", Exact(most))
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


def _noisy_bonds(analysis: Analysis, sides: list[SideTrust], name: str) -> Sentence:
    """The bonds that make each side's trust enough at the scenario's noise, mistakes paid for as well."""
    said = []
    for side in sides:
        size = side.least_here("bond")
        if size is None:
            said.append(say("no bond would make {}'s trust enough", side.player))
        elif size:
            said.append(
                say("a bond of {} ({}) would make {}'s trust enough", Exact(size), analysis.scenario.unit, side.player)
            )
        else:
            said.append(say("{} needs none", side.player))
    return Sentence(
        "With noise {}, under {}, the bond paid out after the other side's mistakes as well: "
        + " and ".join(part.words for part in said)
        + ".",
        (analysis.scenario.setting.noise.central, name, *(x for part in said for x in part.parts)),
    )


def _other_bonds(analysis: Analysis, name: str) -> list[Sentence]:
    """The smallest bond among other agreements that hold but need more trust than there is."""
    found: list[tuple[Fraction, str]] = []
    for other, trusts in analysis.trust_answers.items():
        a = analysis.agreements[other]
        sizes = [side.least_here("bond") for side in trusts.values()]
        if other != name and a.relaxes and a.noisy.holds and None not in sizes and any(sizes):
            found.append((max(x for x in sizes if x is not None), other))
    if not found:
        return []
    _, other = min(found)
    trusts, noise = analysis.trust_answers[other], analysis.scenario.setting.noise.central
    here = [part for side in trusts.values() for part in (side.least_here("bond"), side.player)]
    if not noise:
        return [say("For {} the bonds needed are {} for {} and {} for {}.", other, *here)]
    quiet = [side.least("bond") for side in trusts.values()]
    return [
        say(
            "For {} the bonds needed are {} for {} and {} for {} with noise{}.",
            other,
            *here,
            "" if None in quiet else " (" + " and ".join(rounded(x) for x in quiet) + " with acts seen)",
        )
    ]
