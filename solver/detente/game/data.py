"""Where the shipped games are: in the package of an installed wheel, in ``games/`` of a source checkout."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from detente.errors import DetenteError, FormatError

MAX_FILE_BYTES = 20_000_000


def games_folder() -> Path:
    """The folder with ``textbook/`` and ``us-china/``."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_games", package.parents[1] / "games"):
        if folder.is_dir():
            return folder
    raise DetenteError("games", str(package), "an installation with its games, or a source checkout")


def read_text(path: Path) -> str:
    """A file's text in UTF-8; a :class:`~detente.errors.FormatError` that names the file otherwise."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise FormatError(path, "a file of more than 20 MB", "a smaller file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(path, f"byte {error.start} is not UTF-8", "a text file in UTF-8") from error
    except OSError as error:
        raise FormatError(path, error.strerror or str(error), "a readable file") from error


def parse_toml(text: str, path: Path | str) -> dict[str, Any]:
    """A TOML document with its floats as exact decimals; malformed ones name the file and the line."""
    from decimal import Decimal

    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = str(error)
        line = message.rpartition("at line ")[2].split(",")[0]
        problem = message.partition(" (at ")[0]
        raise FormatError(path, problem, "valid TOML", line=int(line) if line.isdigit() else None) from error


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML file at ``path``."""
    return parse_toml(read_text(path), path)
