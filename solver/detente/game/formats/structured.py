"""This project's own form of a game, in TOML or JSON.

Keys: ``players`` (names), ``actions`` (one list of names a player), ``payoffs`` (a table from player to nested lists
indexed by profile, or a list of such lists in the players' order), and optionally ``name``, ``title``, ``source``. A
payoff is an integer, a ``"p/q"`` string, or a decimal; decimals are exact in TOML and JSON alike. A game with float
payoffs is written with ``float = true`` and read back as one.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np

from detente.errors import DetenteError, FormatError
from detente.game.data import parse_toml
from detente.game.game import Game


def parse_toml_game(text: str, path: str = "<text>") -> Game:
    """The game in a TOML text."""
    return game_from(parse_toml(text, path), path)


def parse_json_game(text: str, path: str = "<text>") -> Game:
    """The game in a JSON text."""
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise FormatError(path, error.msg, "valid JSON", line=error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(path, str(error), "valid JSON with finite numbers") from error
    return game_from(data, path)


def game_from(data: Any, path: str) -> Game:
    """The game in a parsed document; keys other than the format's own are left to whoever knows them."""
    if not isinstance(data, dict):
        raise FormatError(path, type(data).__name__, "a table with players, actions and payoffs")
    if "payoffs" not in data:
        raise FormatError(path, "no payoffs", "a table with payoffs", key="payoffs")
    players = data.get("players")
    if players is not None and not (isinstance(players, list) and all(isinstance(p, str) for p in players)):
        raise FormatError(path, repr(players)[:60], "a list of names", key="players")
    payoffs = data["payoffs"]
    if isinstance(payoffs, dict):
        if players is None or set(payoffs) != set(players):
            raise FormatError(path, f"payoffs of {sorted(payoffs)}", f"one table for each of {players}", key="payoffs")
        payoffs = [payoffs[p] for p in players]
    try:
        game = Game(
            payoffs,
            players=players,
            actions=data.get("actions"),
            name=str(data.get("title", data.get("name", ""))),
            source=str(data.get("source", "")),
        )
    except DetenteError as error:
        raise FormatError(path, str(error), "a game", key=error.argument.split("[")[0]) from error
    if data.get("float") is True:
        game = Game(game.payoffs, players=game.players, actions=game.actions, name=game.name, source=game.source)  # type: ignore[arg-type]
    return game


def format_json_game(game: Game) -> str:
    """The game as JSON."""
    return json.dumps(_document(game), ensure_ascii=False, indent=2) + "\n"


def format_toml_game(game: Game) -> str:
    """The game as TOML."""
    document = _document(game)
    payoffs = document.pop("payoffs")
    lines = [f"{key} = {_toml(value)}" for key, value in document.items()]
    lines += ["", "[payoffs]"] + [f"{_toml(player)} = {_toml(rows)}" for player, rows in payoffs.items()]
    return "\n".join(lines) + "\n"


def _document(game: Game) -> dict[str, Any]:
    document: dict[str, Any] = {"name": game.name, "source": game.source}
    if not game.is_exact:
        document["float"] = True
    document["players"] = [str(p) for p in game.players]
    document["actions"] = [list(names) for names in game.actions]
    document["payoffs"] = {
        str(p): np.vectorize(_entry, otypes=[object])(game.exact_payoffs[i]).tolist()
        for i, p in enumerate(game.players)
    }
    return document


def _entry(value: Any) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON's string escapes are TOML's basic-string escapes, but for the delete character
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a finite number")
