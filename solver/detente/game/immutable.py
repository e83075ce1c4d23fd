"""Objects that stay as they were built, so that an answer can keep the game it is about without copying it."""

from __future__ import annotations

from typing import Any, NoReturn


class Immutable:
    """No attribute can be set or deleted.

    A constructor fills ``vars(self)`` once and for all; a :func:`functools.cached_property` keeps its value there too,
    so neither comes by here, and building an object costs what it did.

    >>> from detente.game.game import Game
    >>> Game([[1]]).name = "another"
    Traceback (most recent call last):
    ...
    AttributeError: a Game is immutable: its 'name' cannot be set; build a new one
    """

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} is immutable: its {name!r} cannot be set; build a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} is immutable: its {name!r} cannot be deleted")
