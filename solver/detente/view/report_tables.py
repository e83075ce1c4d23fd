"""Rows of the report's tables: plain cells, or numbers and sets that the page rounds and shows exactly on hover."""

from __future__ import annotations

from typing import Any, NamedTuple

from detente.scenario.analysis import Analysis
from detente.scenario.proposal import Way
from detente.trust.noise.bounds import TrustBounds
from detente.view.automata import rules, short_names
from detente.view.prose_proposal import SETTINGS
from detente.view.prose_small import spoken_of
from detente.view.wording import hover


class Table(NamedTuple):
    """A table: headings, and rows of cells that are escaped or marked up already. The first column names the row."""

    head: list[str]
    rows: list[list[Any]]


def candidates(analysis: Analysis) -> Table:
    """The agreements that hold, in the order of the rule."""
    rows = [
        [c.name, hover("none" if c.trust is None else c.trust), hover(c.value)] for c in analysis.proposal.candidates
    ]
    return Table(["agreement", "trust the needier side needs", f"worth to both ({analysis.scenario.unit})"], rows)


def ways(analysis: Analysis) -> Table:
    """Every parameter that could let an agreement hold by itself."""
    rows = [[_parameter(analysis, w), hover(w.here), hover(w.there), w.agreement] for w in analysis.proposal.ways]
    return Table(["what would move", "here", "to (or beyond)", "then this holds"], rows)


def small(analysis: Analysis) -> Table:
    """The agreements of up to three states that cannot be improved on, and what they are with noise."""
    names = short_names(spoken_of(analysis.small))
    head = ["agreement", "trust the needier side needs", "patience δ", "noise stood", "holds with noise"]
    head += ["then worth to both", "trust then needed"]
    rows: list[list[Any]] = []
    for row in analysis.small.unbeaten:
        point = [hover(x) for x in (row.point.trust, row.point.discount, row.point.noise)]
        then = "none suffices" if row.most_needed is None else row.most_needed
        rows.append([names[row.agreement.name], *point, row.here.holds, hover(row.value), hover(then)])
    return Table(head, rows)


def automata(analysis: Analysis) -> Table:
    """The agreements that the sentences on all small agreements speak of, state by state."""
    game, found = analysis.scenario.game, spoken_of(analysis.small)
    names = short_names(found)
    head = ["agreement", "state", "to do", "next if kept", *(f"if {p} departs" for p in game.players), "if both depart"]
    rows: list[list[Any]] = []
    for ag in found:
        for k, rule in enumerate(rules(ag, game)):
            rows.append(["" if k else names[ag.name], rule.state, rule.play, *rule.after])
    return Table(head, rows)


def noise(analysis: Analysis) -> Table:
    """What every agreement is worth with noise, what noise takes, and what half the noise would give."""
    players, found = analysis.scenario.players, analysis.noise
    head = ["agreement", "holds", *(f"worth to {p}" for p in players), *(f"noise takes from {p}" for p in players)]
    head += ["holds at half the noise", *(f"then worth to {p}" for p in players)]
    rows = []
    for name, inc in found.here.items():
        values, price = found.values(name), found.price(name)
        better = found.better[name]
        rows.append(
            [
                name,
                inc.holds,
                *(hover(values[p]) for p in players),
                *(hover(price[p]) for p in players),
                better.holds,
                *(hover(better.values[inc.agreement.start][p]) for p in players),
            ]
        )
    return Table(head, rows)


def trust(analysis: Analysis, player: str) -> Table:
    """One side: the trust that every agreement needs, what the record suggests, and the bond that would do."""
    head = ["agreement", "acts seen", "enough", "with noise", "enough", "half the noise", "after the record"]
    head += ["bond, acts seen", "bond, with noise"]
    rows = []
    for name, trusts in analysis.trust_answers.items():
        side = trusts[player]
        relaxes = analysis.agreements[name].relaxes
        bonds = (side.least("bond"), side.least_here("bond")) if relaxes else (None, None)
        rows.append(
            [
                name,
                hover("none suffices" if side.need.least is None else side.need.least),
                side.enough_if_seen,
                _bounds(side.here),
                side.enough,
                _bounds(side.better),
                "" if side.record is None else hover(side.record.trust),
                *("" if bond is None else hover(bond) for bond in bonds),
            ]
        )
    return Table(head, rows)


def renewals(analysis: Analysis) -> Table:
    """The critical lapse rate and the worth of a truce at several renewal rates."""
    players = analysis.scenario.players
    rows = [
        [hover(r.rate), hover(r.lapse.set), r.holds, *(hover(r.values[p]) for p in players)]
        for r in analysis.truce.renewals
    ]
    return Table(["renewal", "lapse rates at which it holds", "holds here", *(f"worth to {p}" for p in players)], rows)


def deadlines(analysis: Analysis) -> Table:
    """The chance of an extension that truces of several lengths need."""
    period = analysis.scenario.setting.period
    rows = [
        [f"{d.periods} {period}{'s' * (d.periods > 1)}", hover(d.bare.set), hover(d.exposed.set)]
        for d in analysis.truce.deadlines
    ]
    return Table(["length", "chance of an extension", "exposed to breakdown at this hazard as well"], rows)


def linkages(analysis: Analysis) -> Table:
    """Patience needed for each issue on its own, and linked."""
    rows = []
    for found in analysis.linkages:
        alarms = found.alarms
        for k, issue in enumerate(found.linkage.issues):
            noisy = alarms.separate[k]
            rows.append(
                [
                    f"{issue.name} alone",
                    hover(found.linkage.separate[k].set),
                    hover("never" if noisy is None else noisy),
                ]
            )
        noisy = alarms.linked
        rows.append(["both, linked", hover(found.linkage.pooled.set), hover("never" if noisy is None else noisy)])
    split = analysis.split.linkage
    if split is not None and min(analysis.split.cost.values()) > 0:
        rows += [[f"{x.name} alone", hover(r.set), ""] for x, r in zip(split.issues, split.separate, strict=True)]
        rows.append(["both sides' controls, linked", hover(split.pooled.set), ""])
    return Table(["agreement", "patience δ, acts seen", "least patience with false alarms"], rows)


def _bounds(found: TrustBounds) -> Any:
    """The least trust, or the bounds on it where the answer is not exact."""
    if found.lower is None:
        return "none suffices"
    if found.exact or found.lower == found.upper:
        return hover(found.lower)
    return hover(found.possible)


def _parameter(analysis: Analysis, way: Way) -> str:
    if way.parameter in SETTINGS:
        return SETTINGS[way.parameter]
    player, _, symbol = way.parameter.partition(".")
    row = analysis.scenario.components.get(player, {})
    return f"{way.parameter}: {row[symbol].label}" if symbol in row else way.parameter
