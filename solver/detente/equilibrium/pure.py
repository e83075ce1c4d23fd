"""Pure equilibria of games with any number of players, by comparing every payoff with the best reply's."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from detente.equilibrium.result import Equilibrium, certified
from detente.game.game import Game, Strategy, as_game


def pure_equilibria(game: Game) -> tuple[Equilibrium, ...]:
    """All pure Nash equilibria, in lexicographic order of profiles; exact (a float is read as its decimal).

    >>> [str(e) for e in pure_equilibria(Game.symmetric([[2, 0], [0, 1]], actions=["L", "R"]))]
    ['(L, L)', '(R, R)']
    """
    u = as_game(game).exact_payoffs
    best = np.ones(game.shape, dtype=bool)
    for i in range(game.n_players):
        best &= np.equal(u[i], u[i].max(axis=i, keepdims=True)).astype(bool)
    return tuple(certified(game, pure_strategies(game, profile)) for profile in np.argwhere(best).tolist())


def pure_strategies(game: Game, profile: list[int]) -> tuple[Strategy, ...]:
    """A pure profile of indices as one probability vector a player, in the game's own arithmetic."""
    number = Fraction if game.is_exact else float
    return tuple(tuple(number(int(k == a)) for k in range(m)) for a, m in zip(profile, game.shape, strict=True))
