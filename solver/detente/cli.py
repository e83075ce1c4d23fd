"""The ``detente`` command.

Exit codes: 0 done; 1 the answer is "no" or incomplete where ``--assert`` asked for "yes"; 2 bad input, in one line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from detente.errors import AgreementError, DetenteError, LabelError, UnsupportedError
from detente.game.agreement import Agreement
from detente.game.game import Game

app = typer.Typer(
    name="detente",
    help="Exact thresholds of patience, monitoring and trust at which agreements between rivals hold.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print plain data instead of tables.")]
Assert = Annotated[bool, typer.Option("--assert", help="Exit with 1 if the answer is no, or not proven complete.")]
CONSTRUCTORS = (
    "grim_trigger",
    "limited_punishment",
    "carrot_and_stick",
    "nash_reversion",
    "tit_for_tat",
    "contrite_tit_for_tat",
    "win_stay_lose_shift",
)


@app.command()
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

    subject = _read(name)
    if isinstance(subject, Game):
        found = nash_equilibria(subject, budget=budget)
        _show(as_json, lambda: equilibria_document(found), lambda: equilibria_view(subject, found))
        _exit_unless(found.complete or not must_hold)
        return
    solution = solve_scenario(subject)
    _show(as_json, solution.as_dict, lambda: solution_view(solution))
    holds = any(a.relaxes and a.seen.holds and a.noisy.holds for a in solution.agreements.values())
    _exit_unless(holds or not must_hold)


@app.command()
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

    subject = _read(name)
    rg = _repeated(subject, discount, breakdown, noise)
    chosen = _agreements(subject, rg.game, agreement, length)
    parameter = _over(over)
    rows = {key: holds_where(rg, ag, parameter, concept) for key, ag in chosen.items()}  # type: ignore[arg-type]
    _show(as_json, lambda: {k: region_document(r) for k, r in rows.items()}, lambda: regions_view(rows))
    if must_hold:
        point = None if at is None else to_fraction(at, "at")
        _exit_unless(all(not r.is_empty if point is None else point in r for r in rows.values()))


@app.command()
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

    subject = _read(name)
    if isinstance(subject, Game):
        if noise is not None:
            raise UnsupportedError("noise", noise, "a scenario, or no noise")
        rg = _repeated(subject, discount, breakdown, None)
        rows = {
            key: (trust_needs(rg, ag), [trust_frontier(rg, ag, player=p) for p in rg.game.players])
            for key, ag in _agreements(subject, subject, agreement, length).items()
        }
        _show(as_json, lambda: needs_document(rows), lambda: needs_view(rows))
        return
    solution = solve_scenario(_moved(subject, discount, breakdown, noise))
    chosen = list(solution.agreements) if agreement is None else agreement
    for key in chosen:
        if key not in solution.agreements:
            raise LabelError("agreement", key, solution.agreements)
    trusts = solution.trust_answers
    _show(as_json, lambda: {k: trust_document(trusts[k]) for k in chosen}, lambda: trust_view(solution, chosen))


@app.command()
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

    subject = _read(name)
    rg = _repeated(subject, discount, None, None)
    delta: Any = rg.discount[0] if isinstance(subject, Game) or discount is not None else rg.effective_discount[0]
    found = payoff_set(rg.game, delta, transfers=transfers, budget=budget)
    _show(as_json, lambda: payoffs_document(found), lambda: payoffs_view(found))


@app.command()
def search(
    name: Annotated[str, typer.Argument(help="A game or scenario: a shipped name, a path, or - for standard input.")],
    max_states: Annotated[int, typer.Option(help="The largest agreements looked at, in states.")] = 2,
    criterion: Annotated[str, typer.Option(help="trust, discount or noise.")] = "trust",
    player: Annotated[str | None, typer.Option(help="Whose trust; by default that of whoever needs more.")] = None,
    discount: Annotated[str | None, typer.Option(help="Discount factor; the scenario's, or 1/2.")] = None,
    breakdown: Annotated[str | None, typer.Option(help="Breakdown hazard.")] = None,
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

    rg = _repeated(_read(name), discount, breakdown, None)
    found = least_demanding(rg, max_states, criterion, player=player, budget=budget)  # type: ignore[arg-type]
    _show(as_json, lambda: search_document(found), lambda: search_view(found))
    _exit_unless((found.complete and found.value is not None) or not must_hold)


@app.command()
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

    subject = _read(name)
    if isinstance(subject, Game):
        raise LabelError("scenario", name, _scenario_names())
    solution = solve_scenario(subject)
    page = solution.report(out)
    console(sys.stdout).print(solution_view(solution))
    print(f"Report: {page}")


@app.command()
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
        titles = tuple((n, load_scenario(n).title) for n in _scenario_names()) if tag is None else ()
        document = {
            "games": [{"name": e.name, "title": e.title, "tags": list(e.tags)} for e in catalogue],
            "scenarios": [{"name": n, "title": t} for n, t in titles],
        }
        _show(as_json, lambda: document, lambda: catalogue_view(catalogue, titles))
    elif name in _scenario_names():
        scenario = load_scenario(name)
        _show(as_json, lambda: _game_document(scenario.game), lambda: game_table(scenario.game))
    elif name in textbook().names:
        known = textbook(name)
        _show(as_json, lambda: _game_document(known.game) | {"source": known.source}, lambda: textbook_view(known))
    else:
        raise LabelError("game", name, (*_scenario_names(), *textbook().names))


def main() -> None:
    """Run the command; bad input is one line on standard error and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except DetenteError as error:
        code = _complain(str(error))
    except typer.Exit as stop:
        code = stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("detente: interrupted", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:
        # Usage errors: their class is click's or, from typer 0.20 on, typer's own copy of it.
        if not hasattr(error, "format_message"):
            raise
        code = _complain(error.format_message())
    raise SystemExit(code or 0)


def _complain(message: str) -> int:
    print("detente: " + " ".join(message.split()), file=sys.stderr)
    return 2


def _read(name: str) -> Any:
    """A scenario or a game, by shipped name, path or standard input."""
    from detente.game.data import parse_toml, read_toml
    from detente.game.formats.read_write import parse_game, read_game
    from detente.game.textbook import textbook
    from detente.scenario.load import build_scenario, load_scenario

    if name == "-":
        text = sys.stdin.read()
        looks_like_toml = not text.lstrip("\ufeff \t\r\n").startswith(("NFG", "{")) and not text.lstrip()[:1].isdigit()
        if looks_like_toml:
            data = parse_toml(text, "<stdin>")
            if "extends" in data or "formulas" in data:
                return build_scenario(data, Path("<stdin>"))
        return parse_game(text, None, "<stdin>")
    if name in _scenario_names():
        return load_scenario(name)
    if name in textbook().names:
        return textbook(name).game
    path = Path(name)
    if not path.suffix and not path.exists():
        raise LabelError("game or scenario", name, (*_scenario_names(), *textbook().names))
    if path.suffix == ".toml":
        data = read_toml(path)
        if "extends" in data or "formulas" in data:
            return load_scenario(path)
    return read_game(path)


def _scenario_names() -> tuple[str, ...]:
    from detente.scenario.load import scenarios

    return scenarios()


def _repeated(subject: Any, discount: str | None, breakdown: str | None, noise: str | None) -> Any:
    from detente.game.monitoring import perfect, trembles
    from detente.game.repeated import RepeatedGame

    if isinstance(subject, Game):
        rg = RepeatedGame(subject, discount="1/2")
    else:
        rg = subject.repeated.replace(monitoring=perfect())
    changes: dict[str, Any] = {}
    if discount is not None:
        changes["discount"] = discount
    if breakdown is not None:
        changes["breakdown"] = breakdown
    if noise is not None:
        changes["monitoring"] = trembles(noise)
    return rg.replace(**changes)


def _moved(scenario: Any, discount: str | None, breakdown: str | None, noise: str | None) -> Any:
    """A scenario with other settings, set by hand."""
    from dataclasses import replace

    from detente.exact.rational import to_probability

    changes = {}
    for key, value in (("discount", discount), ("breakdown", breakdown), ("noise", noise)):
        if value is not None:
            number = to_probability(value, key, below_one=key == "discount")
            changes[key] = getattr(scenario.setting, key).moved_to(number)
    return replace(scenario, setting=replace(scenario.setting, **changes))


def _agreements(subject: Any, game: Game, names: list[str] | None, length: int) -> dict[str, Agreement]:
    from detente.game import agreements as named

    own = {} if isinstance(subject, Game) else dict(subject.agreements)
    if names is None and own:
        return own
    chosen: dict[str, Agreement] = {}
    for name in names or CONSTRUCTORS:
        if name in own:
            chosen[name] = own[name]
        elif name == "limited_punishment":
            chosen[name] = named.limited_punishment(game, length)
        elif name in CONSTRUCTORS:
            try:
                chosen[name] = getattr(named, name)(game)
            except DetenteError as error:
                # Asked for all, those that do not apply to this game are left out.
                if names is not None or not isinstance(error, UnsupportedError | AgreementError):
                    raise
        else:
            raise LabelError("agreement", name, (*own, *CONSTRUCTORS))
    return chosen


def _over(text: str) -> Any:
    kind, *rest = text.split(":")
    if kind == "payoff" and len(rest) == 2:
        return (kind, rest[0], tuple(rest[1].split(",")))
    return (kind, *rest) if rest else kind


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
