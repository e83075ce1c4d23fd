"""Minmax payoffs: how low the others can hold a player who sees it coming.

``min`` over the others' strategies of ``max`` over the player's own. In pure strategies this is a finite search; with
mixing by a single opponent it is the value of a zero-sum game (von Neumann 1928). With several opponents who mix
independently it is a non-convex problem; if they may correlate, it is again a zero-sum game, and its value is a lower
bound for the independent one. Mailath and Samuelson (2006), *Repeated Games and Reputations*, section 2.1.3 and
footnote 16 there on correlated punishments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import UnsupportedError
from detente.exact.matrix_game import solve_matrix_game

if TYPE_CHECKING:
    from detente.game.game import Game, Number


class Minmax(NamedTuple):
    """The ``value``, and the others' ``punishment`` that attains it.

    The punishment is a pure profile of the others (tuple of indices), or probabilities over their joint actions.
    """

    value: Number
    punishment: tuple[Any, ...]


def minmax(game: Game, player: Any, *, pure: bool = False, correlated: bool = False) -> Minmax:
    """The minmax payoff of ``player`` with the punishment that attains it; exact in an exact game."""
    i = game.player_index(player)
    own_first: NDArray[Any] = np.moveaxis(game.exact_payoffs[i], i, 0)
    joint = own_first.reshape(own_first.shape[0], -1)
    if pure:
        best_replies = joint.max(axis=0)
        column = int(np.argmin(best_replies))
        others = tuple(int(a) for a in np.unravel_index(column, own_first.shape[1:] or (1,)))
        return Minmax(_as_given(game, best_replies[column]), others)
    if game.n_players > 2 and not correlated:
        raise UnsupportedError("pure", pure, "pure=True or correlated=True with three or more players")
    solution = solve_matrix_game(joint.tolist())
    return Minmax(_as_given(game, solution.value), solution.column)


def _as_given(game: Game, value: Any) -> Number:
    return value if game.is_exact else float(value)
