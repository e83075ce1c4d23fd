"""Several games played at once by the same players, as one game."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from detente.errors import ParameterError, UnsupportedError
from detente.game.game import Game

MAX_PROFILES = 100_000


def product_game(games: Sequence[Game]) -> Game:
    """The game in which the same players play all ``games`` at once: actions are combinations, payoffs add up.

    >>> both = product_game([Game.symmetric([[3, 0], [5, 1]], actions=["C", "D"])] * 2)
    >>> both.actions[0], both.payoff(("C & D", "C & C"))
    (('C & C', 'C & D', 'D & C', 'D & D'), (Fraction(8, 1), Fraction(3, 1)))
    """
    if not isinstance(games, Sequence) or not games or not all(isinstance(g, Game) for g in games):
        raise ParameterError("games", games, "one or more detente Games")
    players = games[0].players
    if any(g.players != players for g in games):
        raise ParameterError("games", [g.players for g in games], "games of the same players, in the same order")
    n, count = len(players), len(games)
    size = prod(prod(g.shape) for g in games)
    if size > MAX_PROFILES:
        raise UnsupportedError("games", f"{size} joint profiles", f"at most {MAX_PROFILES}")
    total: Any = np.zeros((n, *[1] * (n * count)), dtype=object)
    for k, g in enumerate(games):
        axes = [1] * (n * count)
        axes[k * n : (k + 1) * n] = g.shape
        total = total + g.exact_payoffs.reshape((n, *axes))
    # from issue by issue to player by player
    order = [1 + k * n + i for i in range(n) for k in range(count)]
    sizes = [prod(g.shape[i] for g in games) for i in range(n)]
    actions = [_joint_actions([g.actions[i] for g in games]) for i in range(n)]
    return Game(total.transpose(0, *order).reshape((n, *sizes)), players=players, actions=actions)  # type: ignore[arg-type]


def _joint_actions(labels: Sequence[Sequence[Any]]) -> list[str]:
    joint: list[list[Any]] = [[]]
    for names in labels:
        joint = [[*head, name] for head in joint for name in names]
    return [joint_label(combination) for combination in joint]


def joint_label(labels: Sequence[Any]) -> str:
    """The name of a combination of actions."""
    return " & ".join(map(str, labels))
