"""Sourced facts and the dated record of moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from detente.errors import FormatError, LabelError
from detente.game.data import games_folder, read_toml

ACTORS = ("US", "China", "both")
MOVES = ("restrict", "license", "relax")


@dataclass(frozen=True)
class Fact:
    """A number with its unit, range, date and source. ``basis`` is ``"sourced"`` or ``"unverified"``."""

    id: str
    value: Fraction
    unit: str
    low: Fraction
    high: Fraction
    as_of: str
    source: str
    confidence: str
    basis: str
    note: str = ""


@dataclass(frozen=True)
class Move:
    """A dated act of restricting, licensing or relaxing."""

    date: str
    actor: str
    move: str
    direction: str
    level: int
    instrument: str
    issue: str
    source: str
    confidence: str
    basis: str


def read_facts(path: Path) -> Mapping[str, Fact]:
    """The facts of a file by id; a :class:`~detente.errors.FormatError` names the key at fault."""
    from detente.scenario.schema import FactModel, validated

    facts: dict[str, Fact] = {}
    for k, row in enumerate(_rows(path, "fact")):
        fact = Fact(**dict(validated(FactModel, row, path, f"fact.{k}")))
        if fact.id in facts:
            raise FormatError(path, f"fact {fact.id!r} twice", "one entry an id", key=f"fact.{k}.id")
        facts[fact.id] = fact
    return facts


def read_moves(path: Path) -> tuple[Move, ...]:
    """The moves of a file in order of date."""
    from detente.scenario.schema import MoveModel, validated

    moves = [Move(**dict(validated(MoveModel, row, path, f"move.{k}"))) for k, row in enumerate(_rows(path, "move"))]
    return tuple(sorted(moves, key=lambda m: m.date))


def select_moves(
    moves: Iterable[Move],
    *,
    actor: str | None = None,
    move: str | None = None,
    issue: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> tuple[Move, ...]:
    """The moves that match everything given; dates written out as ``"2025-06-10"``, both included.

    A joint move counts as each side's, and ``issue`` finds moves on several issues too. An unknown actor or kind of
    move raises :class:`~detente.errors.LabelError`.

    >>> moves = shipped_moves()
    >>> [m.date for m in select_moves(moves, actor="China", move="relax", since="2025-06-01", until="2025-12-31")]
    ['2025-06-10', '2025-06-27', '2025-08-11', '2025-10-30', '2025-11-07']
    """
    for argument, value, known in (("actor", actor, ACTORS), ("move", move, MOVES)):
        if value is not None and value not in known:
            raise LabelError(argument, value, known)
    return tuple(
        m
        for m in moves
        if (actor is None or m.actor in (actor, "both"))
        and (move is None or m.move == move)
        and (issue is None or issue in m.issue or m.issue == "all")
        and (since is None or m.date >= since)
        and (until is None or m.date <= until)
    )


@lru_cache(maxsize=1)
def shipped_facts() -> Mapping[str, Fact]:
    """The facts of the US–China case."""
    return read_facts(games_folder() / "us-china" / "facts.toml")


@lru_cache(maxsize=1)
def shipped_moves() -> tuple[Move, ...]:
    """The dated record of US and Chinese moves, 2018 to December 2025; descriptive."""
    return read_moves(games_folder() / "us-china" / "moves.toml")


def find_facts(ids: tuple[str, ...], facts: Mapping[str, Fact]) -> tuple[Fact, ...]:
    """The facts with the given ids; unknown ones raise :class:`~detente.errors.LabelError`."""
    for name in ids:
        if name not in facts:
            raise LabelError("fact", name, facts)
    return tuple(facts[name] for name in ids)


def _rows(path: Path, key: str) -> list[Any]:
    data = read_toml(path)
    if set(data) != {key} or not isinstance(data[key], list):
        raise FormatError(path, f"keys {sorted(data)}", f"[[{key}]] tables and nothing else")
    return list(data[key])
