"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from detente.equilibrium.result import EquilibriumSet
from detente.exact.region import Region
from detente.game.display import number_text
from detente.game.game import Game
from detente.game.textbook import Catalogue, TextbookGame
from detente.scenario.analysis import Analysis
from detente.view.automata import outlined, short_names
from detente.view.prose import Answer, answers
from detente.view.prose_small import spoken_of
from detente.view.wording import approximate, class_name, decimal, rounded

if TYPE_CHECKING:
    from detente.repeated.payoff_sets.payoff_set import PayoffSet
    from detente.trust.frontier import Frontier
    from detente.trust.needs import TrustNeeds
    from detente.trust.search.least_demanding import LeastDemanding


def solution_view(analysis: Analysis) -> Group:
    """A solved scenario: the question, the answer, the game, the agreements, the trust they need."""
    scenario = analysis.scenario
    return Group(
        Text(scenario.title, style="bold"),
        Text(scenario.question + "\n"),
        *(line for one in answers(analysis) for line in _said(one)),
        game_table(scenario.game, analysis.equilibria),
        _classes(analysis),
        agreements_table(analysis),
        trust_table(analysis),
        noise_table(analysis),
        *small_view(analysis),
        Text(scenario.stylised, style="italic"),
    )


def game_table(game: Game, equilibria: EquilibriumSet | None = None) -> Table:
    """A two-player payoff table; pure equilibria are marked with a star, best replies with ']'-free underlines."""
    pure = {tuple(s[0] for s in e.support) for e in equilibria or () if e.is_pure}
    marked = "; * marks an equilibrium" if pure else ""
    table = Table(title=f"Payoffs ({game.players[0]}, {game.players[1]}){marked}", title_justify="left")
    table.add_column(str(game.players[0]))
    for b in game.actions[1]:
        table.add_column(escape(f"{game.players[1]}: {b}"), justify="right")
    for a, action in enumerate(game.actions[0]):
        cells = []
        for b in range(game.shape[1]):
            star = "* " if (a, b) in pure else ""
            cells.append(star + ", ".join(number_text(u) if u == round(u) else decimal(u) for u in game.payoff((a, b))))
        table.add_row(escape(str(action)), *cells)
    return table


def equilibria_view(game: Game, equilibria: EquilibriumSet) -> Group:
    """A game with its equilibria."""
    state = "all of them, proven" if equilibria.complete else "not proven complete"
    table = Table(title=f"Equilibria ({state})", title_justify="left")
    table.add_column("strategies")
    table.add_column("payoffs", justify="right")
    table.add_column("component")
    component_of = {k: (n, c) for n, c in enumerate(equilibria.components, 1) for k in c.extreme}
    for k, e in enumerate(equilibria):
        note = ""
        if k in component_of:
            n, c = component_of[k]
            kind = "isolated" if c.is_isolated else f"continuum {n}"
            note = kind if c.index is None else f"{kind}, index {c.index:+d}"
        strict = ", strict" if e.is_strict else ""
        table.add_row(escape(str(e)), ", ".join(number_text(u) for u in e.payoffs), note + strict)
    parts: list[Any] = [Text(game.name, style="bold")] if game.name else []
    if game.n_players == 2 and max(game.shape) <= 8:
        parts.append(game_table(game, equilibria))
    if game.shape == (2, 2):
        classes = game.ordinal_class().players
        named = "; ".join(f"{p}: {class_name(c)}" for p, c in zip(game.players, classes, strict=True))
        parts.append(Text(named + "."))
    return Group(*parts, table)


def agreements_table(analysis: Analysis) -> Table:
    """Every agreement with its exact sets, as decimals, and whether it holds in the scenario."""
    setting = analysis.scenario.setting
    title = (
        f"Agreements at patience {decimal(setting.discount.central)}, hazard {decimal(setting.breakdown.central)}, "
        f"noise {decimal(setting.noise.central)} a {setting.period} (SPE: subgame perfect; acts seen but for noise)"
    )
    table = Table(title=title, title_justify="left")
    for heading in ("agreement", "patience, SPE", "patience, Nash", "hazard, SPE", "noise, SPE", "holds", "with noise"):
        table.add_column(heading)
    for name, a in analysis.agreements.items():
        sets = (approximate(r.set) for r in (a.discount, a.discount_nash, a.breakdown, a.noise))
        table.add_row(escape(name), *(escape(s) for s in sets), _mark(a.seen.holds), _mark(a.noisy.holds))
    return table


def trust_table(analysis: Analysis) -> Table:
    """The priors that each agreement needs of each side."""
    players = analysis.scenario.players
    table = Table(
        title="Trust needed: priors at which keeping the agreement is optimal (acts seen)", title_justify="left"
    )
    table.add_column("agreement")
    for player in players:
        table.add_column(f"{player} (here {decimal(analysis.scenario.trust[player])})")
    for name, a in analysis.agreements.items():
        table.add_row(escape(name), *(escape(approximate(a.trust[p].set)) for p in players))
    return table


def noise_table(analysis: Analysis) -> Table:
    """What each agreement is worth with noise, and the trust that it then needs of each side."""
    players, found = analysis.scenario.players, analysis.noise
    title = f"With noise {decimal(found.noise)}: worth in {analysis.scenario.unit}, and trust needed"
    table = Table(title=title, title_justify="left")
    for heading in ("agreement", "holds", *(f"worth to {p}" for p in players), *(f"trust of {p}" for p in players)):
        table.add_column(heading)
    for name, inc in found.here.items():
        values, trusts = found.values(name), analysis.trust_answers[name]
        needed = ("none suffices" if s.here.lower is None else decimal(s.here.lower) for s in trusts.values())
        table.add_row(escape(name), _mark(inc.holds), *(decimal(values[p], 2) for p in players), *needed)
    return table


def small_view(analysis: Analysis) -> list[Any]:
    """The small agreements that cannot be improved on, and every one spoken of written out."""
    found = analysis.small
    names = short_names(spoken_of(found))
    parts: list[Any] = []
    if found.unbeaten:
        title = f"Unbeaten among all agreements of up to {found.states} states: what they need, and with the noise here"
        table = Table(title=title, title_justify="left")
        for heading in ("agreement", "trust", "patience", "noise stood", "holds", "worth to both", "trust then"):
            table.add_column(heading)
        for row in found.unbeaten:
            point = (decimal(x) for x in (row.point.trust, row.point.discount, row.point.noise))
            then = "none suffices" if row.most_needed is None else decimal(row.most_needed)
            table.add_row(escape(names[row.agreement.name]), *point, _mark(row.here.holds), decimal(row.value, 2), then)
        parts.append(table)
    for ag in spoken_of(found):
        parts.append(Text(f"{names[ag.name]}: {outlined(ag, analysis.scenario.game)}"))
    return parts


def trust_view(analysis: Analysis, names: Iterable[str]) -> Group:
    """Trust, agreement by agreement: needs and why, noise, the record, bonds, exchange rates, the frontier."""
    parts: list[Any] = []
    for name in names:
        parts.append(Text(name, style="bold"))
        trusts = analysis.trust_answers[name]
        parts += [Text(f"  {row.explain()}") for row in trusts.needs.values()]
        table = Table()
        for heading in ("side", "has", "needs", "with noise", "half of it", "after the record", "bond", "own bond"):
            table.add_column(heading)
        table.add_column("bond with noise")
        table.add_column("one unit of bond replaces")
        for player, side in trusts.items():
            sizes = (*(side.least(kind) for kind in ("bond", "own bond")), side.least_here("bond"))
            rate = side.substitutes["bond"].rate
            table.add_row(
                escape(str(player)),
                decimal(side.prior),
                *(
                    "none suffices" if x is None else decimal(x)
                    for x in (side.need.least, side.here.lower, side.better.lower)
                ),
                "" if side.record is None else rounded(side.record.trust),
                *("none" if x is None else decimal(x) for x in sizes),
                "" if rate is None else f"{decimal(rate, 4)} of trust",
            )
        parts.append(table)
        parts += [Text(f"  {frontier!r}") for frontier in analysis.agreements[name].frontier.values()]
    return Group(*parts)


def needs_view(rows: Mapping[str, tuple[TrustNeeds, list[Frontier]]]) -> Group:
    """What agreements need of each side of a game, and why, with the frontiers over patience."""
    parts: list[Any] = []
    for name, (needs, frontiers) in rows.items():
        parts += [Text(name, style="bold"), Text(f"  {needs.explain()}")]
        parts += [Text(f"  {frontier!r}") for frontier in frontiers]
    return Group(*parts)


def payoffs_view(found: PayoffSet) -> Group:
    """The equilibrium payoffs of a repeated game: the vertices, as decimals."""
    table = Table(title="Vertices", title_justify="left")
    for player in found.game.players:
        table.add_column(escape(str(player)), justify="right")
    for vertex in found.vertices:
        table.add_row(*(decimal(x, 6) for x in vertex))
    return Group(Text(repr(found)), table)


def search_view(found: LeastDemanding, pareto: bool = False) -> Group:
    """The agreements that demand least, with their automata; with ``pareto`` also those that are unbeaten."""
    parts: list[Any] = [Text(found.explain())]
    for ag in found.best[:3]:
        parts.append(Text(repr(ag)))
    if pareto:
        proviso = "" if found.pareto_complete else " (as far as the budget went)"
        none = "" if found.pareto else " none, for none is subgame perfect at this patience"
        parts.append(Text(f"Unbeaten in trust, patience and noise together{proviso}:{none}"))
        parts += [Text(f"  {point!r}") for point in found.pareto]
    counts = "; ".join(f"{what}: {count:,}" for what, count in found.searched.items())
    return Group(*parts, Text(f"Searched: {counts}.", style="italic"))


def regions_view(rows: Mapping[str, Region]) -> Group:
    """Exact sets with their explanations."""
    return Group(*(Text(f"{region.set!r}\n  {region.explain()}") for region in rows.values()))


def catalogue_view(catalogue: Catalogue, scenarios: tuple[tuple[str, str], ...]) -> Group:
    """What ships: textbook games and scenarios."""
    games = Table(title="Textbook games", title_justify="left")
    for heading in ("name", "title", "tags"):
        games.add_column(heading)
    for entry in catalogue:
        games.add_row(entry.name, escape(entry.title), escape(", ".join(entry.tags)))
    cases = Table(title="Scenarios", title_justify="left")
    cases.add_column("name")
    cases.add_column("title")
    for name, title in scenarios:
        cases.add_row(name, escape(title))
    return Group(games, cases)


def textbook_view(known: TextbookGame) -> Group:
    """A catalogue game with what is known about it."""
    lines: list[Any] = [Text(known.title, style="bold"), Text(known.source)]
    if known.note:
        lines.append(Text(known.note))
    if known.game.n_players == 2 and max(known.game.shape) <= 8:
        lines.append(game_table(known.game))
    state = "all extreme equilibria" if known.known_equilibria.complete else "some equilibria"
    lines.append(Text(f"Known: {state}"))
    for profile in known.known_equilibria:
        lines.append(Text("  " + "; ".join("(" + ", ".join(map(str, s)) + ")" for s in profile)))
    for threshold in known.known_thresholds:
        lines.append(Text(f"  {threshold.kind}: {_entry(threshold.data)}"))
    return Group(*lines)


def console(stream: Any) -> Console:
    """A console on a stream; 120 columns where the stream is no terminal, so that tables can be piped."""
    return Console(file=stream, width=None if stream.isatty() else 120, highlight=False, soft_wrap=False)


def _classes(analysis: Analysis) -> Text:
    named = zip(analysis.scenario.players, analysis.ordinal_class.players, strict=True)
    return Text("; ".join(f"{player} faces {class_name(name)}" for player, name in named) + ".\n")


def _said(answer: Answer) -> list[Text]:
    return [Text(answer.question, style="bold"), Text(" ".join(s.text for s in answer.sentences) + "\n")]


def _mark(holds: bool) -> str:
    return "[green]yes[/green]" if holds else "[red]no[/red]"


def _entry(data: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in data.items() if key not in ("kind", "source", "play", "move"))
