"""Reading scenario files: a shipped name or a path of the user's own.

A file may say ``extends = "london-2025"`` and list under ``[changes]`` only what differs, with the reason. A change
that gives a central value alone moves the component's range in proportion. Settings of the environment are replaced
one by one, each whole, so that no number is left with the reason given for another. Other issues are inherited unless
the players change, whose payoffs they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from detente.errors import DetenteError, FormatError, LabelError
from detente.game import agreements as named
from detente.game.agreement import Agreement
from detente.game.data import games_folder, read_toml
from detente.game.game import Game
from detente.game.monitoring import Perfect
from detente.scenario.expression import Formula
from detente.scenario.facts import Fact, find_facts, read_facts, shipped_facts
from detente.scenario.scenario import OUTCOMES, OtherIssue, Quantity, Scenario, Setting

NOT_SCENARIOS = {"facts", "moves"}


def scenarios() -> tuple[str, ...]:
    """The names of the shipped scenarios."""
    files = (games_folder() / "us-china").glob("*.toml")
    return tuple(sorted(f.stem for f in files if f.stem not in NOT_SCENARIOS))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A shipped scenario by name, or a scenario file by path.

    A file of the user's own may rest on the shipped facts and on those of a ``facts.toml`` beside it.

    Raises
    ------
    LabelError
        For a name that does not ship.
    FormatError
        For a file that is missing, malformed, or does not follow the schema; names the file and the key.

    Examples
    --------
    >>> load_scenario("london-2025")
    <Scenario 'london-2025': London, June 2025; prisoners_dilemma>
    """
    path = _find(name_or_path)
    return build_scenario(read_toml(path), path)


def build_scenario(data: dict[str, Any], path: Path) -> Scenario:
    """The scenario in a parsed file; ``path`` names it in errors and is where ``extends`` looks first."""
    resolved, changes = _resolved(data, path, ())
    return _build(path, resolved, changes)


def _find(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, str) and name_or_path in scenarios():
        return games_folder() / "us-china" / f"{name_or_path}.toml"
    if not isinstance(name_or_path, str | Path) or not str(name_or_path):
        raise LabelError("scenario", name_or_path, scenarios())
    path = Path(name_or_path)
    looks_like_path = isinstance(name_or_path, Path) or path.suffix or len(path.parts) > 1
    if not looks_like_path and not path.exists():
        raise LabelError("scenario", name_or_path, scenarios())
    return path


def _resolved(
    given: dict[str, Any], path: Path, seen: tuple[Path, ...]
) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """The base file's data with scalar overrides applied, and the component changes in order."""
    if path.resolve() in seen:
        raise FormatError(path, "a scenario that extends itself", "a chain of files that ends", key="extends")
    data = dict(given)
    if "extends" not in data:
        if "changes" in data:
            raise FormatError(path, "'changes' without 'extends'", "both or neither", key="changes")
        return data, []
    parent = data.pop("extends")
    if not isinstance(parent, str):
        raise FormatError(path, f"extends = {parent!r}", "a scenario's name or path", key="extends")
    beside = path.parent / parent
    source = beside if beside.is_file() else _find(parent)
    base, changes = _resolved(read_toml(source), source, (*seen, path.resolve()))
    own = data.pop("changes", {})
    if not isinstance(own, dict):
        raise FormatError(path, f"changes = {own!r}", "a table of 'player.symbol' = {central, why}", key="changes")
    allowed = {"title", "question", "as_of", "stylised", "players", "environment", "agreements", "issues"}
    for key in data:
        if key not in allowed:
            raise FormatError(path, f"unknown key {key!r}", f"one of {sorted(allowed)} or changes", key=key)
    if "players" in data and "players" in base and isinstance(data["players"], list):
        base = _renamed_players(base, data["players"], path)
    environment = _merged(base.get("environment", {}), data.pop("environment", {}), path)
    return {**base, **data, "environment": environment}, changes + list(own.items())


def _merged(base: Any, own: Any, path: Path) -> dict[str, Any]:
    """The base's environment with the settings that the extending file replaces."""
    trust = [table.get("trust", {}) if isinstance(table, dict) else table for table in (base, own)]
    for key, table in (("environment", base), ("environment", own), *(("environment.trust", t) for t in trust)):
        if not isinstance(table, dict):
            raise FormatError(path, f"{key} = {table!r}", "a table", key=key)
    return {**base, **own, "trust": {**trust[0], **trust[1]}}


def _renamed_players(base: dict[str, Any], players: list[Any], path: Path) -> dict[str, Any]:
    """The base file with its players' tables under the extending file's names, in order.

    Other issues are left out: their payoffs were judged for the base's players.
    """
    from detente.scenario.schema import ScenarioModel, validated

    validated(ScenarioModel, base, path, "extends")
    old = base["players"]
    if len(players) != len(old) or not all(isinstance(p, str) for p in players):
        raise FormatError(path, f"players = {players}", f"{len(old)} names", key="players")
    names = dict(zip(old, players, strict=True))
    components = {names[p]: row for p, row in base["components"].items()}
    environment = dict(base["environment"])
    environment["trust"] = {names[p]: row for p, row in environment["trust"].items()}
    kept = {key: value for key, value in base.items() if key != "issues" or players == old}
    return {**kept, "players": players, "components": components, "environment": environment}


def _build(path: Path, data: dict[str, Any], changes: list[tuple[str, Any]]) -> Scenario:
    from detente.scenario.schema import ChangeModel, ScenarioModel, validated

    model = validated(ScenarioModel, data, path)
    facts: Mapping[str, Fact] = shipped_facts()
    beside = path.parent / "facts.toml"
    if beside.is_file() and beside.resolve() != (games_folder() / "us-china" / "facts.toml").resolve():
        facts = {**facts, **read_facts(beside)}
    components = {
        player: {symbol: _quantity(q, facts, path, f"components.{player}.{symbol}") for symbol, q in row.items()}
        for player, row in model.components.items()
    }
    for key, raw in changes:
        player, _, symbol = key.partition(".")
        if player not in components or symbol not in components[player]:
            known = [f"{p}.{s}" for p, row in components.items() for s in row]
            raise FormatError(path, f"unknown component {key!r}", f"one of {', '.join(known)}", key=f"changes.{key}")
        change = validated(ChangeModel, raw, path, f"changes.{key}")
        components[player][symbol] = _changed(components[player][symbol], change, facts, path, f"changes.{key}")
    env = model.environment
    setting = Setting(
        env.period,
        _quantity(env.discount, facts, path, "environment.discount"),
        _quantity(env.breakdown, facts, path, "environment.breakdown"),
        _quantity(env.noise, facts, path, "environment.noise"),
        trust={p: _quantity(q, facts, path, f"environment.trust.{p}") for p, q in env.trust.items()},
    )
    formulas = {outcome: _formula(getattr(model.formulas, outcome), components, path, outcome) for outcome in OUTCOMES}
    bare = Scenario(
        name=path.stem,
        title=model.title,
        question=model.question,
        as_of=model.as_of,
        stylised=model.stylised,
        unit=model.unit,
        players=(model.players[0], model.players[1]),
        actions=(model.actions[0], model.actions[1]),
        formulas=formulas,
        components=components,
        setting=setting,
        agreements={},
        issues=tuple(
            OtherIssue(
                issue.name,
                {player: {o: getattr(row, o) for o in OUTCOMES} for player, row in issue.outcomes.items()},
                issue.judgement,
                issue.confidence,
            )
            for issue in model.issues
        ),
    )
    try:
        game = bare.game
    except DetenteError as error:
        raise FormatError(path, str(error), "formulas with finite values at the centre", key="formulas") from error
    return replace(bare, agreements=_agreements(model.agreements, game, path))


def _quantity(q: Any, facts: Mapping[str, Fact], path: Path, key: str) -> Quantity:
    try:
        found = find_facts(q.facts, facts)
    except LabelError as error:
        raise FormatError(path, str(error), "facts that exist", key=key) from error
    return Quantity(q.central, q.low, q.high, q.label, q.unit, found, q.judgement)


def _changed(base: Quantity, change: Any, facts: Mapping[str, Fact], path: Path, key: str) -> Quantity:
    if base.central:
        ends = sorted(end * change.central / base.central for end in (base.low, base.high))
    else:
        ends = [min(base.low, change.central), max(base.high, change.central)]
    low = ends[0] if change.low is None else change.low
    high = ends[1] if change.high is None else change.high
    if not low <= change.central <= high:
        raise FormatError(path, f"low {low}, central {change.central}, high {high}", "them in order", key=key)
    try:
        found = find_facts(change.facts, facts)
    except LabelError as error:
        raise FormatError(path, str(error), "facts that exist", key=key) from error
    judgement = "" if found else f"this scenario's assumption: {change.why}"
    was = base.central if base.was is None else base.was
    return Quantity(change.central, low, high, base.label, base.unit, found, judgement, change.why, was)


def _formula(text: str, components: Mapping[str, Mapping[str, Any]], path: Path, outcome: str) -> Formula:
    try:
        formula = Formula.parse(text)
        for player, row in components.items():
            missing = sorted(formula.names - set(row))
            if missing:
                raise LabelError(f"name in the formula, for {player}", missing[0], row)
        return formula
    except DetenteError as error:
        raise FormatError(path, str(error), "a formula in the components", key=f"formulas.{outcome}") from error


def _agreements(models: Any, game: Game, path: Path) -> dict[str, Agreement]:
    found: dict[str, Agreement] = {}
    for k, model in enumerate(models):
        try:
            agreement = _agreement(model, game)
            agreement.bind(game, Perfect())
        except DetenteError as error:
            raise FormatError(path, str(error), "an agreement for this game", key=f"agreements.{k}") from error
        if agreement.name in found:
            raise FormatError(path, f"two agreements {agreement.name!r}", "one each", key=f"agreements.{k}.name")
        found[agreement.name] = agreement
    return found


def _agreement(model: Any, game: Game) -> Agreement:
    if model.kind == "automaton":
        move = {
            state: {_outcome_key(key): target for key, target in moves.items()} for state, moves in model.move.items()
        }
        return Agreement(model.play, move, model.start, model.name or "automaton")
    if model.kind == "limited_punishment":
        agreement = named.limited_punishment(game, model.length)
    elif model.kind == "unconditional":
        agreement = named.unconditional(model.profile)
    else:
        agreement = getattr(named, model.kind)(game)
    return agreement.renamed(model.name) if model.name else agreement


def _outcome_key(text: str) -> Any:
    """ "default", or one action a player separated by commas, "any" standing for all of a player's actions."""
    if text == "default":
        return ...
    return tuple(... if part.strip() == "any" else part.strip() for part in text.split(","))
