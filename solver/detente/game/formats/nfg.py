"""Gambit's strategic-form format (.nfg), in its payoff and its outcome version.

Header: ``NFG 1 R "title" { "player" … }`` and then either the numbers of strategies ``{ 2 3 }`` or their names
``{ { "a" "b" } … }``, an optional comment in quotes, and the body. In the payoff version the body lists for every
profile, the first player's strategy varying fastest, one payoff a player; in the outcome version it lists outcomes in
braces (a name, then payoffs) and for every profile the number of its outcome, 0 for all-zero payoffs.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np

from detente.errors import FormatError
from detente.game.formats.tokens import Reader
from detente.game.game import Game


def parse_nfg(text: str, path: str = "<text>") -> Game:
    """The game in an .nfg text; raises :class:`~detente.errors.FormatError` with the line at fault."""
    reader = Reader(text, path)
    for word in ("NFG", "1"):
        token = reader.take("word", f"{word!r}")
        if token.text != word:
            raise reader.error(token, f"{word!r}")
    kind = reader.take("word", "'R' or 'D'")
    if kind.text not in ("R", "D"):
        raise reader.error(kind, "'R' or 'D'")
    title = reader.take("string", "the title in quotes").text
    players = reader.strings()
    shape, actions = _strategies(reader)
    if len(shape) != len(players):
        raise FormatError(path, f"{len(players)} players, {len(shape)} strategy counts", "one each", line=1)
    reader.check_size(shape, len(players))
    if reader.peek().kind == "string":
        reader.position += 1  # a comment
    cells = _outcomes(reader, shape) if reader.at_mark("{") else _payoffs(reader, shape)
    reader.finish()
    payoffs = np.empty((len(shape), *shape), dtype=object)
    for profile, values in cells:
        for player, value in enumerate(values):
            payoffs[(player, *profile)] = value
    return Game(payoffs, players=_distinct(players), actions=actions, name=title)


def format_nfg(game: Game) -> str:
    """The game as an .nfg text in the payoff version; exact payoffs as integers or p/q, floats as decimals."""
    players = " ".join(_quoted(str(p)) for p in game.players)
    strategies = "\n".join("{ " + " ".join(_quoted(str(a)) for a in names) + " }" for names in game.actions)
    exact = game.exact_payoffs
    body = []
    for profile in _profiles(list(game.shape)):
        body.append(" ".join(str(exact[(i, *profile)]) for i in range(game.n_players)))
    return f"NFG 1 R {_quoted(game.name)}\n{{ {players} }}\n{{\n{strategies}\n}}\n\n" + "\n".join(body) + "\n"


def _strategies(reader: Reader) -> tuple[list[int], list[list[str]] | None]:
    reader.mark("{")
    if reader.at_mark("{"):
        names = []
        while not reader.at_mark("}"):
            names.append(_distinct(reader.strings()))
        reader.mark("}")
        return [len(n) for n in names], names
    shape = []
    while not reader.at_mark("}"):
        shape.append(reader.whole("a number of strategies or '}'"))
    reader.mark("}")
    return shape, None


def _payoffs(reader: Reader, shape: list[int]) -> list[tuple[tuple[int, ...], list[Fraction]]]:
    cells = []
    for profile in _profiles(shape):
        values = []
        for _ in shape:
            values.append(reader.number())
            reader.skip_commas()
        cells.append((profile, values))
    return cells


def _outcomes(reader: Reader, shape: list[int]) -> list[tuple[tuple[int, ...], list[Fraction]]]:
    outcomes = [[Fraction(0)] * len(shape)]
    reader.mark("{")
    while not reader.at_mark("}"):
        reader.mark("{")
        reader.take("string", "the outcome's name in quotes")
        values = []
        while not reader.at_mark("}"):
            values.append(reader.number())
            reader.skip_commas()
        if len(values) != len(shape):
            raise reader.error(reader.peek(), f"{len(shape)} payoffs, one a player")
        reader.mark("}")
        outcomes.append(values)
    reader.mark("}")
    cells = []
    for profile in _profiles(shape):
        number = reader.whole(f"an outcome's number from 0 to {len(outcomes) - 1}")
        if number >= len(outcomes):
            reader.position -= 1
            raise reader.error(reader.peek(), f"an outcome's number from 0 to {len(outcomes) - 1}")
        cells.append((profile, outcomes[number]))
    return cells


def _profiles(shape: list[int]) -> list[tuple[int, ...]]:
    """All profiles with the first player's strategy varying fastest."""
    return [tuple(reversed(p)) for p in product(*(range(m) for m in reversed(shape)))]


def _distinct(names: list[str]) -> list[str]:
    """Names made distinct and non-empty, as Gambit allows neither to be assumed."""
    seen: list[str] = []
    for k, name in enumerate(names):
        candidate = name or str(k + 1)
        while candidate in seen:
            candidate += "'"
        seen.append(candidate)
    return seen


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
