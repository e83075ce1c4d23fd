"""Reading and writing game files by their suffix."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from detente.errors import LabelError, ParameterError
from detente.game.data import read_text
from detente.game.formats.atomic import write_atomically
from detente.game.formats.gametracer import format_gam, parse_gam
from detente.game.formats.nfg import format_nfg, parse_nfg
from detente.game.formats.structured import format_json_game, format_toml_game, parse_json_game, parse_toml_game
from detente.game.game import Game, as_game
from detente.game.labels import is_among

PARSERS = {"nfg": parse_nfg, "gam": parse_gam, "toml": parse_toml_game, "json": parse_json_game}
WRITERS = {"nfg": format_nfg, "gam": format_gam, "toml": format_toml_game, "json": format_json_game}


def read_game(path: str | Path) -> Game:
    """The game in a file: .nfg (Gambit, payoff or outcome version), .gam (GameTracer), .toml or .json.

    Numbers in files are exact: 0.1 is 1/10.

    Raises
    ------
    LabelError
        For an unknown suffix.
    FormatError
        For a missing or malformed file; names the file and the line or key.
    """
    source = _path(path)
    parser = PARSERS[_suffix(source)]
    return parser(read_text(source), str(source))


def parse_game(text: str, format: str | None = None, path: str = "<text>") -> Game:
    """The game in a text; the format is guessed from its first character if not given.

    >>> parse_game('NFG 1 R "pd" { "A" "B" } { 2 2 } 3 3 5 0 0 5 1 1').payoff((1, 0))
    (Fraction(5, 1), Fraction(0, 1))
    """
    if not isinstance(text, str):
        raise ParameterError("text", text, "a text")
    if format is None:
        start = text.lstrip("\ufeff \t\r\n")
        format = "nfg" if start.startswith("NFG") else "json" if start.startswith("{") else "toml"
        if start[:1].isdigit():
            format = "gam"
    if not is_among(format, PARSERS):
        raise LabelError("format", format, PARSERS)
    return PARSERS[format](text, path)


def write_game(game: Game, path: str | Path) -> Path:
    """Write a game to a file, in the format of its suffix; the file is replaced whole or not at all."""
    target = _path(path)
    return write_atomically(target, WRITERS[_suffix(target)](as_game(game)))


def _path(path: Any) -> Path:
    if not isinstance(path, str | PathLike):
        raise ParameterError("path", path, "the path of a file")
    return Path(path)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in PARSERS:
        raise LabelError("path's suffix", path.suffix, [f".{s}" for s in PARSERS])
    return suffix
