"""What it takes to keep an agreement, in sentences: patience, breakdown, noise, linked issues, deadlines."""

from __future__ import annotations

from fractions import Fraction
from math import inf

from detente.exact.intervals import IntervalSet
from detente.scenario.analysis import Analysis
from detente.scenario.linked_issues import IssueLinkage
from detente.view.wording import Exact, Sentence, listed, say


def patience(analysis: Analysis) -> list[Sentence]:
    """Which agreement needs the least patience, what the best possible one gains on it, and what side payments do."""
    found, setting = analysis.patience, analysis.scenario.setting
    said: list[Sentence] = []
    if found.needed == 0:
        return [say("None is needed: relaxing together is an equilibrium of the game played once.")]
    if analysis.best is not None:
        least = analysis.agreements[analysis.best].discount
        said.append(
            say(
                "Of those examined, {}: it needs a discount factor of at least {} a {} (here {}).{}",
                analysis.best,
                Exact(least.least),
                setting.period,
                setting.discount.central,
                _who(analysis),
            )
        )
    if found.needed is None:
        if found.best.grim is None:
            said.append(say("No agreement in pure strategies sustains it at any patience, with or without breakdown."))
        else:
            said.append(
                say(
                    "No agreement in pure strategies sustains it at this hazard: without breakdown a discount factor "
                    "of {} would do, but a hazard of {} leaves less than {} of any.",
                    Exact(found.best.discount),
                    setting.breakdown.central,
                    found.survival,
                )
            )
    elif found.needed == found.needed_by_reversion:
        said.append(
            say(
                "No agreement in pure strategies, however clever its threats, needs less: grim trigger{}."
                if found.best.exact
                else "No agreement was found that needs less than grim trigger{}.",
                " is already the best possible" if found.best.exact else "",
            )
        )
    else:
        said.append(
            say(
                "The best possible agreement needs {}, grim trigger {}.",
                Exact(found.needed),
                "never holds" if found.needed_by_reversion is None else Exact(found.needed_by_reversion),
            )
        )
    paid, bare = found.needed_with_payments, found.payments.critical_discount(found.best.profile)
    if bare is None:
        said.append(say("Side payments would not help at any patience."))
    elif paid is None:
        said.append(
            say("Side payments would not be enough at this hazard: without breakdown, {} would do.", Exact(bare))
        )
    elif found.needed is None or paid < found.needed:
        said.append(say("With side payments {} would do.", Exact(paid)))
    else:
        said.append(say("Side payments would not lower that."))
    return said


def _who(analysis: Analysis) -> str:
    assert analysis.best is not None
    region = analysis.agreements[analysis.best].discount
    if region.least is None or region.least not in region.binding:
        return ""
    constraint = region.binding[region.least][0]
    return f" {constraint.player} is the side that would break it first, by {constraint.deviation}."


def breakdown(analysis: Analysis) -> list[Sentence]:
    """What the hazard of breakdown takes from mutual relaxation, and which hazards agreements survive."""
    scenario, truce = analysis.scenario, analysis.truce
    hazard, period = scenario.setting.breakdown.central, scenario.setting.period
    final = truce.renewals[0].values
    said = []
    if hazard:
        said.append(
            say(
                "An accord that breaks down with probability {} a {}, whatever is done, lasts {} {}s on average; if a "
                "breakdown is final and both then restrict, relaxing together is worth {} to {} and {} to {} ({}), "
                "instead of {} and {}.",
                hazard,
                period,
                1 / hazard,
                period,
                *(part for player in scenario.players for part in (final[player], player)),
                scenario.unit,
                *(scenario.outcomes(player)["R"] for player in scenario.players),
            )
        )
    holding = {name: a.breakdown for name, a in analysis.agreements.items() if a.relaxes and a.breakdown.set}
    if not holding:
        said.append(say("No agreement examined holds at any hazard."))
        return said
    top = max((region.intervals[-1].hi, name) for name, region in holding.items())[0]
    sturdy = [name for name, region in holding.items() if region.intervals[-1].hi == top]
    verb = "stands" if len(sturdy) == 1 else "stand"
    if top == 1:
        said.append(say("With acts seen, {} {} any hazard.", listed(sturdy), verb))
    else:
        said.append(
            say("With acts seen, {} {} the highest hazard: up to {} a {}.", listed(sturdy), verb, Exact(top), period)
        )
    return said


def noise(analysis: Analysis) -> list[Sentence]:
    """What noise takes from each side, how long to punish, when cooperation is lost, and the worth of monitoring."""
    found, scenario = analysis.noise, analysis.scenario
    players, unit, period = scenario.players, scenario.unit, scenario.setting.period
    said = []
    if found.best is None:
        said.append(say("With noise {}, none of the agreements examined that relax at once holds.", found.noise))
    else:
        values, price = found.values(found.best), found.price(found.best)
        said.append(
            say(
                "With noise {}, the agreement that holds and is worth most is {}: {} to {} and {} to {} ({}). Noise "
                "takes {} and {} from what relaxing together would be worth.",
                found.noise,
                found.best,
                *(part for player in players for part in (values[player], player)),
                unit,
                *(price[player] for player in players),
            )
        )
    if found.length is None:
        said.append(say("Mutual restriction is no punishment: a side prefers it to relaxing together."))
    elif found.length.length is None:
        said.append(say("No length of mutual restriction deters a breach at this noise, not even for ever."))
    elif found.length.length == inf:
        said.append(say("Only mutual restriction for ever deters a breach at this noise."))
    else:
        said.append(
            say(
                "After what looks like a breach, the best length of mutual restriction is {} {}{}.",
                found.length.length,
                period,
                "" if found.length.length == 1 else "s",
            )
        )
    most = found.most
    if most is None:
        said.append(say("No agreement examined holds even if acts are seen, nor any in which both always do the same."))
    else:
        said.append(
            say(
                "Cooperation is lost beyond a noise of {}: there no agreement examined holds, nor any other under "
                "which both sides always do the same.",
                Exact(most),
            )
            if most < Fraction(1, 2)
            else say("Cooperation survives any noise below one half.")
        )
    better = found.worth_of_better_monitoring
    if better is not None and found.noise:
        said.append(
            say(
                "Half the noise would add {} for {} and {} for {}{}.",
                *(part for player in players for part in (better[player], player)),
                "" if found.best == found.best_if_better else f", under {found.best_if_better}",
            )
        )
    elif found.noise:
        said.append(say("Half the noise would not be enough for any of them."))
    return said


def linkage(analysis: Analysis) -> list[Sentence]:
    """Whether linking with another issue helps, and whether each side's controls can be relaxed on their own."""
    said: list[Sentence] = []
    for found in analysis.linkages:
        said += _issue(analysis, found)
    if not analysis.linkages:
        said.append(say("No other issue between the two is on file for this scenario."))
    split = analysis.split
    players = analysis.scenario.players
    if split.linkage is None:
        said.append(
            say(
                "Each side's controls cannot be treated as issues of their own: what restricting is worth depends on "
                "what the other side does, and the closest split would miss payoffs by up to {} of their range.",
                max(split.misfit.values()),
            )
        )
        return said
    free = [player for player in players if split.cost[player] <= 0]
    if free:
        said.append(say("Relaxing its own controls costs {} nothing, so they need no link.", listed(free)))
        return said
    how = "Exactly" if split.exact else "Approximately"
    costs = [part for p in players for part in (p, split.cost[p], split.gain[players[1 - players.index(p)]])]
    said.append(
        say(
            "{} split into each side's own controls, relaxing costs {} {} and brings the other side {}; it costs {} {} "
            "and brings the other {}.",
            how,
            *costs,
        )
    )
    separate, linked = split.linkage.least_separate, split.linkage.least_linked
    if separate is None and linked is not None:
        said.append(
            say(
                "On its own neither side's restraint can be sustained at any patience, for there is nothing in return; "
                "linked, both can from a discount factor of {} on.",
                Exact(linked),
            )
        )
    elif linked is None:
        said.append(say("At this hazard the two cannot be sustained, linked or not."))
    else:
        said.append(say("Each can be sustained on its own from {} on, linked from {}.", Exact(separate), Exact(linked)))
    return said


def _issue(analysis: Analysis, found: IssueLinkage) -> list[Sentence]:
    name, scenario = found.issue.name, analysis.scenario
    if scenario.game.regret((1, 1)) != 0:
        return [say("Linking with {} cannot be used as a threat: mutual restriction is no equilibrium here.", name)]
    apart, together = found.greatest_hazard(False), found.greatest_hazard(True)
    kept = [issue for issue, holds in found.separate.items() if holds]
    lost = [issue for issue, holds in found.separate.items() if not holds]
    verdict = {
        "not needed": f"Linking the controls with {name} is not needed here: each holds on its own if acts are seen",
        "helps": f"Linking the controls with {name} helps: {listed(lost)} would not hold alone, and linked both hold",
        "hurts": f"Linking the controls with {name} would hurt: {listed(kept)} would be lost with {listed(lost)}",
        "not enough": f"Linking the controls with {name} is not enough: neither holds, alone or linked",
    }[found.verdict]
    said = []
    if together is not None and (apart is None or together > apart):
        said.append(
            say(
                "{}. Linked they stand a hazard of up to {}, each on its own {}.",
                verdict,
                Exact(together),
                "none" if apart is None else Exact(apart),
            )
        )
    else:
        said.append(say("{}.", verdict))
    said.append(_alarms(analysis, found))
    return said


def _alarms(analysis: Analysis, found: IssueLinkage) -> Sentence:
    alarms, players = found.alarms, analysis.scenario.players
    here = found.rg.discount[0]
    linked = alarms.linked is not None and here >= alarms.linked
    cost = [
        part
        for player, c in zip(players, alarms.cost, strict=True)
        for part in ("costs" if c >= 0 else "saves", player, abs(c))
    ]
    return say(
        "If what looks like a breach of one also ends the other, false alarms at the scenario's noise spread the "
        "damage: the linked agreement {}, and linking {} {} {} and {} {} {} a year. The payoffs of {} are a judgement "
        "of {} confidence.",
        "holds" if linked else "does not hold",
        *cost,
        found.issue.name,
        found.issue.confidence,
    )


def deadline(analysis: Analysis) -> list[Sentence]:
    """What lapse, renewal and a deadline do to a truce."""
    truce, scenario = analysis.truce, analysis.scenario
    setting = scenario.setting
    if scenario.game.regret((1, 1)) != 0:
        return [say("A truce cannot be held by the threat of a dispute: mutual restriction is no equilibrium here.")]
    everything = IntervalSet((truce.renewal.domain,))
    if truce.renewals[0].lapse.set == everything:
        return [
            say("Nothing: relaxing together needs no threat, so a truce holds whatever its lapse and its deadline.")
        ]
    said = []
    never, often = truce.renewals[0], truce.renewals[1]
    if never.lapse.is_empty:
        return [say("A truce holds at no lapse rate, and with no chance of extension.")]
    said.append(
        say(
            "A truce that lapses with probability {} a {} {} if a lapse is final (critical rate {}); renewed within a "
            "year on average it is worth more ({} to {}, {} to {}) and harder to hold: the critical rate falls to {}.",
            truce.rate,
            setting.period,
            "holds" if never.holds else "does not hold",
            Exact(never.lapse.intervals[-1].hi),
            *(part for player in scenario.players for part in (often.values[player], player)),
            Exact(often.lapse.intervals[-1].hi) if often.lapse.set else "none",
        )
    )
    if truce.renewal.set and truce.renewal.set != everything:
        said.append(
            say(
                "At this lapse rate it holds while disputes are settled with probability {} a {} at the most.",
                Exact(truce.renewal.intervals[-1].hi),
                setting.period,
            )
        )
    said += _deadlines(analysis)
    return said


def _deadlines(analysis: Analysis) -> list[Sentence]:
    """The chance of an extension that a short and a long truce need."""
    period = analysis.scenario.setting.period
    first, last = analysis.truce.deadlines[0], analysis.truce.deadlines[-1]
    if first.bare.least is None or last.bare.least is None:
        return [say("With a deadline it does not hold, whatever the chance of an extension.")]
    said = [
        say(
            "A deadline concentrates the risk on the last {}, when the truce would be broken: a truce of one {} needs "
            "an extension with probability {} at least, one of {} {}s with {}.",
            period,
            period,
            Exact(first.bare.least),
            last.periods,
            period,
            Exact(last.bare.least),
        )
    ]
    exposed = [row.exposed.least for row in (first, last)]
    if None in exposed:
        said.append(say("Exposed to breakdown at the scenario's hazard as well, not even certain extension would do."))
    else:
        said.append(
            say(
                "Exposed to breakdown at the scenario's hazard as well, it takes {} and {}.",
                *(Exact(least) for least in exposed),
            )
        )
    return said
