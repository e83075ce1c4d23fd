"""The commands. What takes long to load is imported by the command that needs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from detente.cli.arguments import (
    CONSTRUCTORS,
    chosen_agreements,
    moved,
    parameter,
    read,
    repeated_game,
    scenario_names,
)
from detente.errors import LabelError, UnsupportedError
from detente.game.game import Game

Json = Annotated[bool, typer.Option("--json", help="Print plain data instead of tables.")]
Assert = Annotated[bool, typer.Option("--assert", help="Exit with 1 if the answer is no, or not proven complete.")]


def solve(
    name: Annotated[str, typer.Argument(help="A scenario or a game: a shipped name, a path, or - for standard input.")],
    as_json: Json = False,
    must_hold: Assert = False,
    budget: Annotated[float | None, typer.Option(help="Seconds for the enumeration of a game's equilibria.")] = None,
) -> None:
    """Equilibria, thresholds and what binds.

    Example: detente solve london-2025
    """
    from detente.equilibrium.nash import nash_equilibria
    from detente.view.documents import equilibria_document
    from detente.view.solution import solve as solve_scenario
    from detente.view.terminal import equilibria_view, solution_view

    subject = read(name)
    if isinstance(subject, Game):
        found = nash_equilibria(subject, budget=budget)
        _show(as_json, lambda: equilibria_document(found), lambda: equilibria_view(subject, found))
        _exit_unless(found.complete or not must_hold)
        return
    solution = solve_scenario(subject)
    _show(as_json, solution.as_dict, lambda: solution_view(solution))
    holds = any(a.relaxes and a.seen.holds and a.noisy.holds for a in solution.agreements.values())
    _exit_unless(holds or not must_hold)


def thresholds(
    name: Annotated[str, typer.Argument(help="A game or scenario: a shipped name, a path, or - for standard input.")],
    over: Annotated[
        str, typer.Option(help="discount, breakdown, noise, discount:PLAYER or payoff:PLAYER:ACTION,ACTION.")
    ] = "discount",
    agreement: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join(CONSTRUCTORS)}, or a scenario's own; repeatable. All, if not given."),
    ] = None,
    length: Annotated[int, typer.Option(help="Periods of a limited punishment.")] = 1,
    concept: Annotated[str, typer.Option(help="subgame-perfect or nash.")] = "subgame-perfect",
    discount: Annotated[str | None, typer.Option(help="Discount factor, where it does not vary.")] = None,
    breakdown: Annotated[str | None, typer.Option(help="Breakdown hazard.")] = None,
    noise: Annotated[str | None, typer.Option(help="Probability that an act miscarries.")] = None,
    at: Annotated[str | None, typer.Option(help="With --assert: the value at which all must hold.")] = None,
    must_hold: Assert = False,
    as_json: Json = False,
) -> None:
    """Where agreements hold, exactly.

    The set of a parameter's values.

    Example: detente thresholds prisoners-dilemma --over discount --agreement grim_trigger
    """
    from detente.exact.rational import to_fraction
    from detente.repeated.thresholds import holds_where
    from detente.view.documents import region_document
    from detente.view.terminal import regions_view

    subject = read(name)
    rg = repeated_game(subject, discount, breakdown, noise)
    chosen = chosen_agreements(subject, rg.game, agreement, length)
    rows = {key: holds_where(rg, ag, parameter(over), concept) for key, ag in chosen.items()}  # type: ignore[arg-type]
    _show(as_json, lambda: {k: region_document(r) for k, r in rows.items()}, lambda: regions_view(rows))
    if must_hold:
        point = None if at is None else to_fraction(at, "at")
        _exit_unless(all(not r.is_empty if point is None else point in r for r in rows.values()))


def trust(
    name: Annotated[str, typer.Argument(help="A game or scenario: a shipped name, a path, or - for standard input.")],
    agreement: Annotated[
        list[str] | None,
        typer.Option(help="One of the scenario's agreements, or as for thresholds; repeatable. All, if not given."),
    ] = None,
    length: Annotated[int, typer.Option(help="Periods of a limited punishment.")] = 1,
    discount: Annotated[str | None, typer.Option(help="Discount factor; the scenario's, or 1/2.")] = None,
    breakdown: Annotated[str | None, typer.Option(help="Breakdown hazard.")] = None,
    noise: Annotated[str | None, typer.Option(help="Probability that an act miscarries; scenarios only.")] = None,
    as_json: Json = False,
) -> None:
    """How much trust each side needs, and why.

    For a scenario also with noise, and what the record suggests and a bond would buy.

    Example: detente trust london-2025 --agreement "grim trigger"
    """
    from detente.trust.frontier import trust_frontier
    from detente.trust.needs import trust_needs
    from detente.view.scenario_documents import needs_document, trust_document
    from detente.view.solution import solve as solve_scenario
    from detente.view.terminal import needs_view, trust_view

    subject = read(name)
    if isinstance(subject, Game):
        if noise is not None:
            raise UnsupportedError("noise", noise, "a scenario, or no noise")
        rg = repeated_game(subject, discount, breakdown, None)
        rows, unfit = {}, None
        for key, ag in chosen_agreements(subject, subject, agreement, length).items():
            try:
                rows[key] = trust_needs(rg, ag), [trust_frontier(rg, ag, player=p) for p in rg.game.players]
            except UnsupportedError as error:  # asked for all, those that do not apply are left out
                unfit = error
        if unfit is not None and (agreement is not None or not rows):
            raise unfit
        _show(as_json, lambda: needs_document(rows), lambda: needs_view(rows))
        return
    solution = solve_scenario(moved(subject, discount, breakdown, noise))
    chosen = list(solution.agreements) if agreement is None else agreement
    for key in chosen:
        if key not in solution.agreements:
            raise LabelError("agreement", key, solution.agreements)
    trusts = solution.trust_answers
    _show(as_json, lambda: {k: trust_document(trusts[k]) for k in chosen}, lambda: trust_view(solution, chosen))


def payoffs(
    name: Annotated[str, typer.Argument(help="A game or scenario: a shipped name, a path, or - for standard input.")],
    discount: Annotated[
        str | None, typer.Option(help="Discount factor; by default the scenario's, less its hazard, or 1/2.")
    ] = None,
    transfers: Annotated[bool, typer.Option("--transfers", help="With side payments.")] = False,
    budget: Annotated[float, typer.Option(help="Seconds for the search, and again for the proof.")] = 10.0,
    as_json: Json = False,
) -> None:
    """All equilibrium payoffs of the repeated game.

    Pure strategies, public randomisation, acts seen, two players.

    Example: detente payoffs prisoners-dilemma --discount 3/5
    """
    from detente.repeated.payoff_sets.payoff_set import payoff_set
    from detente.view.documents import payoffs_document
    from detente.view.terminal import payoffs_view

    subject = read(name)
    rg = repeated_game(subject, discount, None, None)
    delta: Any = rg.discount[0] if isinstance(subject, Game) or discount is not None else rg.effective_discount[0]
    found = payoff_set(rg.game, delta, transfers=transfers, budget=budget)
    _show(as_json, lambda: payoffs_document(found), lambda: payoffs_view(found))


def search(
    name: Annotated[str, typer.Argument(help="A game or scenario: a shipped name, a path, or - for standard input.")],
    max_states: Annotated[int, typer.Option(help="The largest agreements looked at, in states.")] = 2,
    criterion: Annotated[str, typer.Option(help="trust, discount or noise.")] = "trust",
    player: Annotated[str | None, typer.Option(help="Whose trust; by default that of whoever needs more.")] = None,
    discount: Annotated[str | None, typer.Option(help="Discount factor; the scenario's, or 1/2.")] = None,
    breakdown: Annotated[str | None, typer.Option(help="Breakdown hazard.")] = None,
    pareto: Annotated[bool, typer.Option("--pareto", help="Also the Pareto set of the three criteria.")] = False,
    budget: Annotated[float, typer.Option(help="Seconds.")] = 120.0,
    must_hold: Assert = False,
    as_json: Json = False,
) -> None:
    """The least demanding of all small agreements.

    Those that need the least trust, the least patience, or stand the most noise; complete.

    Example: detente search london-2025 --max-states 2 --criterion discount
    """
    from detente.trust.search.least_demanding import least_demanding
    from detente.view.documents import search_document
    from detente.view.terminal import search_view

    rg = repeated_game(read(name), discount, breakdown, None)
    found = least_demanding(rg, max_states, criterion, player=player, budget=budget)  # type: ignore[arg-type]
    _show(as_json, lambda: search_document(found, pareto), lambda: search_view(found, pareto))
    _exit_unless((found.complete and found.value is not None) or not must_hold)


def report(
    name: Annotated[str, typer.Argument(help="A scenario: a shipped name, a path, or - for standard input.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the page.")] = Path("out"),
) -> None:
    """The answer, and a self-contained HTML page.

    With figures and every number's source.

    Example: detente report london-2025 -o out/
    """
    from detente.view.solution import solve as solve_scenario
    from detente.view.terminal import console, solution_view

    subject = read(name)
    if isinstance(subject, Game):
        raise LabelError("scenario", name, scenario_names())
    solution = solve_scenario(subject)
    page = solution.report(out)
    console(sys.stdout).print(solution_view(solution))
    print(f"Report: {page}")


def games(
    name: Annotated[str | None, typer.Argument(help="A game or scenario to show; all are listed if not given.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only games with this tag.")] = None,
    as_json: Json = False,
) -> None:
    """The games and scenarios that ship.

    Example: detente games stag-hunt
    """
    from detente.game.textbook import textbook
    from detente.scenario.load import load_scenario
    from detente.view.terminal import catalogue_view, game_table, textbook_view

    catalogue = textbook() if tag is None else textbook().tagged(tag)
    if name is None:
        titles = tuple((n, load_scenario(n).title) for n in scenario_names()) if tag is None else ()
        document = {
            "games": [{"name": e.name, "title": e.title, "tags": list(e.tags)} for e in catalogue],
            "scenarios": [{"name": n, "title": t} for n, t in titles],
        }
        _show(as_json, lambda: document, lambda: catalogue_view(catalogue, titles))
    elif name in scenario_names():
        scenario = load_scenario(name)
        _show(as_json, lambda: _game_document(scenario.game), lambda: game_table(scenario.game))
    elif name in textbook().names:
        known = textbook(name)
        _show(as_json, lambda: _game_document(known.game) | {"source": known.source}, lambda: textbook_view(known))
    else:
        raise LabelError("game", name, (*scenario_names(), *textbook().names))


COMMANDS = (solve, thresholds, trust, payoffs, search, report, games)


def _show(as_json: bool, document: Any, view: Any) -> None:
    from detente.view.terminal import console

    if as_json:
        print(json.dumps(document(), ensure_ascii=False, indent=2))
    else:
        console(sys.stdout).print(view())


def _game_document(game: Game) -> dict[str, Any]:
    from detente.game.formats.structured import format_json_game

    document: dict[str, Any] = json.loads(format_json_game(game))
    return document


def _exit_unless(fine: bool) -> None:
    if not fine:
        raise typer.Exit(1)
