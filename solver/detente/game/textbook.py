"""The catalogue of published games, each with its known answers and where they were published.

The files are in ``games/textbook/``; their format is described in the README there. Nothing in them was computed by
this package's solvers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, overload

from detente.errors import DetenteError, FormatError, LabelError
from detente.exact.rational import to_fraction
from detente.game.data import games_folder, read_toml
from detente.game.formats.structured import game_from
from detente.game.game import Game

KEYS = {"title", "tags", "source", "note", "players", "actions", "payoffs", "ordinal_class", "equilibria", "thresholds"}


@dataclass(frozen=True)
class KnownEquilibria:
    """Published equilibria: one probability vector a player each. ``complete`` if they are all extreme equilibria.

    ``components`` lists the continua: each a list of maximal Nash subsets, given by the players' vertex lists.
    """

    extreme: tuple[tuple[tuple[Fraction, ...], ...], ...]
    complete: bool
    components: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.extreme)

    def __iter__(self) -> Iterator[tuple[tuple[Fraction, ...], ...]]:
        return iter(self.extreme)


@dataclass(frozen=True)
class KnownThreshold:
    """A published or derived set of parameter values.

    ``kind`` is ``"agreement"`` (where the named agreement or automaton is an equilibrium), ``"size_bad"``,
    ``"risk_dominance"`` or ``"belief"``; ``data`` holds the entry as it stands in the file.
    """

    kind: str
    source: str
    data: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class TextbookGame:
    """A published game with what is known about it."""

    name: str
    title: str
    tags: tuple[str, ...]
    source: str
    note: str
    game: Game
    known_equilibria: KnownEquilibria
    known_thresholds: tuple[KnownThreshold, ...]
    ordinal_class: str | None

    def __repr__(self) -> str:
        return f"<TextbookGame {self.name!r}: {self.title}; {self.source}>"

    def _repr_html_(self) -> str:
        return f"<h4>{escape(self.title)}</h4><p>{escape(self.source)}</p>{self.game._repr_html_()}"


@dataclass(frozen=True)
class Entry:
    """A line of the catalogue."""

    name: str
    title: str
    tags: tuple[str, ...]


class Catalogue(Sequence[Entry]):
    """The catalogue: a sequence of entries; ``tagged`` filters it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)

    @overload
    def __getitem__(self, key: int) -> Entry: ...
    @overload
    def __getitem__(self, key: slice) -> Catalogue: ...
    def __getitem__(self, key: int | slice) -> Entry | Catalogue:
        return Catalogue(self._entries[key]) if isinstance(key, slice) else self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, item: object) -> bool:
        return item in self._entries or any(e.name == item for e in self._entries)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(e.name for e in self._entries)

    def tagged(self, tag: str) -> Catalogue:
        """The entries with a tag."""
        known = sorted({t for e in self._entries for t in e.tags})
        if tag not in known:
            raise LabelError("tag", tag, known)
        return Catalogue([e for e in self._entries if tag in e.tags])

    def __repr__(self) -> str:
        width = max((len(e.name) for e in self._entries), default=0)
        return "\n".join(f"{e.name:<{width}}  {e.title} [{', '.join(e.tags)}]" for e in self._entries)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(e.name)}</td><td>{escape(e.title)}</td><td>{escape(', '.join(e.tags))}</td></tr>"
            for e in self._entries
        )
        return f"<table><tr><th>name</th><th>title</th><th>tags</th></tr>{rows}</table>"


@overload
def textbook() -> Catalogue: ...
@overload
def textbook(name: str) -> TextbookGame: ...
def textbook(name: str | None = None) -> Catalogue | TextbookGame:
    """The catalogue of published games, or one of them by name.

    Raises :class:`~detente.errors.LabelError` for an unknown name, with the closest known one.

    >>> textbook("stag-hunt").game.ordinal_class()
    'stag_hunt'
    """
    if name is None:
        return _catalogue()
    if not isinstance(name, str):
        raise LabelError("textbook game", name, _catalogue().names)
    return _load(name)


@lru_cache(maxsize=1)
def _catalogue() -> Catalogue:
    entries = []
    for path in sorted((games_folder() / "textbook").glob("*.toml")):
        data = read_toml(path)
        entries.append(Entry(path.stem, str(data.get("title", path.stem)), tuple(map(str, data.get("tags", ())))))
    return Catalogue(entries)


@lru_cache(maxsize=64)
def _load(name: str) -> TextbookGame:
    path = games_folder() / "textbook" / f"{name}.toml"
    names = [p.stem for p in path.parent.glob("*.toml")]
    if name not in names:
        raise LabelError("textbook game", name, sorted(names))
    return read_textbook(path)


def read_textbook(path: Path) -> TextbookGame:
    """A catalogue file; :class:`~detente.errors.FormatError` names the file and the key at fault."""
    data = read_toml(path)
    for key in data:
        if key not in KEYS:
            raise FormatError(path, f"unknown key {key!r}", f"keys among {sorted(KEYS)}", key=key)
    for key in ("title", "tags", "source", "payoffs"):
        if key not in data:
            raise FormatError(path, f"no {key!r}", "a catalogue file", key=key)
    game = game_from(data, str(path))
    return TextbookGame(
        name=path.stem,
        title=str(data["title"]),
        tags=tuple(map(str, data["tags"])),
        source=str(data["source"]),
        note=str(data.get("note", "")),
        game=game,
        known_equilibria=_equilibria(data.get("equilibria", {}), game, path),
        known_thresholds=tuple(_threshold(t, path) for t in data.get("thresholds", [])),
        ordinal_class=data.get("ordinal_class"),
    )


def _equilibria(data: dict[str, Any], game: Game, path: Path) -> KnownEquilibria:
    extreme = tuple(_profile(p, game, path) for p in data.get("extreme", []))
    components = tuple(
        tuple(tuple(tuple(_vector(v, path) for v in vertices) for vertices in subset) for subset in component)
        for component in data.get("components", [])
    )
    return KnownEquilibria(extreme, bool(data.get("complete", False)), components)


def _profile(profile: Any, game: Game, path: Path) -> tuple[tuple[Fraction, ...], ...]:
    vectors = tuple(_vector(v, path) for v in profile)
    try:
        game.resolve(vectors)
    except DetenteError as error:
        raise FormatError(path, str(error), "one probability vector a player", key="equilibria.extreme") from error
    return vectors


def _vector(entries: Any, path: Path) -> tuple[Fraction, ...]:
    try:
        return tuple(to_fraction(e, "probability") for e in entries)
    except (DetenteError, TypeError) as error:
        raise FormatError(path, str(error), "a list of probabilities", key="equilibria") from error


def _threshold(data: Any, path: Path) -> KnownThreshold:
    if not isinstance(data, dict) or "kind" not in data or "source" not in data:
        raise FormatError(path, repr(data)[:60], "a table with kind and source", key="thresholds")
    return KnownThreshold(str(data["kind"]), str(data["source"]), data)
