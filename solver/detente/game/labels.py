"""Addressing players and actions: an ``int`` is always an index, a ``str`` is always a label."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, TypeVar

from detente.errors import LabelError, ProfileError
from detente.game.immutable import Immutable

Label = str | int
K = TypeVar("K")
V = TypeVar("V")


def make_labels(names: Any, count: int, argument: str, default: Sequence[Label]) -> tuple[Label, ...]:
    """``count`` distinct labels: the given names as strings, or the default."""
    if names is None:
        return tuple(default)
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        raise ProfileError(argument, names, f"a sequence of {count} names")
    given = list(names)
    # The default labels of an unlabelled game are the integers 0 … m − 1 and survive a round trip as such.
    if given == list(range(count)):
        return tuple(range(count))
    labels = tuple(str(name) for name in given)
    if len(labels) != count:
        raise ProfileError(argument, labels, f"{count} names, one each")
    if len(set(labels)) != count or "" in labels:
        raise ProfileError(argument, labels, "distinct, non-empty names")
    return labels


def index_of(name: Any, labels: Sequence[Label], argument: str) -> int:
    """The position of ``name`` (an index, or a label) among ``labels``."""
    if isinstance(name, Integral) and not isinstance(name, bool):
        if not 0 <= int(name) < len(labels):
            raise LabelError(argument, name, labels)
        return int(name)
    if isinstance(name, str) and name in labels:
        return labels.index(name)
    raise LabelError(argument, name, labels)


def is_action(value: Any) -> bool:
    """Whether ``value`` can name an action: a label, or an index."""
    return isinstance(value, str | Integral) and not isinstance(value, bool)


def is_among(name: Any, known: Collection[Any]) -> bool:
    """Whether ``name`` is one of the ``known``; False for what cannot be compared with or looked up among them."""
    try:
        return bool(name in known)
    except (TypeError, ValueError):  # unhashable, or an array without a truth value
        return False


class ByLabel(Immutable, Mapping[K, V]):
    """Values by label; an unknown label raises :class:`~detente.errors.LabelError`, which says what ``kind`` it is."""

    _rows: dict[K, V]
    _kind: str

    def __init__(self, rows: Mapping[K, V], kind: str) -> None:
        vars(self).update(_rows=dict(rows), _kind=kind)

    def __getitem__(self, label: Any) -> V:
        if not is_among(label, self._rows):
            raise LabelError(self._kind, label, self._rows)
        return self._rows[label]

    def get(self, label: Any, default: Any = None) -> Any:
        return self._rows.get(label, default)

    def __contains__(self, label: object) -> bool:
        return label in self._rows

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{label!r}: {value!r}" for label, value in self._rows.items()) + "}"
