"""Minmax payoffs: how low the others can hold a player who sees it coming.

``min`` over the others' strategies of ``max`` over the player's own. In pure strategies this is a finite search; with
mixing by a single opponent it is the value of a zero-sum game (von Neumann 1928). With several opponents who mix
independently it is a non-convex problem; if they may correlate, it is again a zero-sum game, and its value is a lower
bound for the independent one. Mailath and Samuelson (2006), *Repeated Games and Reputations*, section 2.1.3 and
footnote 16 there on correlated punishments.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import UnsupportedError
from detente.exact.matrix_game import solve_matrix_game


class Minmax(NamedTuple):
    """The ``value``, and the others' ``punishment`` that attains it.

    The punishment is a pure profile of the others (tuple of indices), or probabilities over their joint actions.
    """

    value: Fraction
    punishment: tuple[Any, ...]


def minmax(payoffs: NDArray[np.object_], player: int, *, pure: bool = False, correlated: bool = False) -> Minmax:
    """The minmax payoff of ``player`` from that player's exact payoffs, an array with one axis per player.

    >>> minmax(np.array([[Fraction(3), Fraction(0)], [Fraction(5), Fraction(1)]]), 0)
    Minmax(value=Fraction(1, 1), punishment=(Fraction(0, 1), Fraction(1, 1)))
    """
    own_first = np.moveaxis(payoffs, player, 0)
    joint = own_first.reshape(own_first.shape[0], -1)
    if pure:
        best_replies = joint.max(axis=0)
        column = int(np.argmin(best_replies))
        others = tuple(int(a) for a in np.unravel_index(column, own_first.shape[1:] or (1,)))
        return Minmax(best_replies[column], others)
    if payoffs.ndim > 2 and not correlated:
        raise UnsupportedError("pure", pure, "pure=True or correlated=True with three or more players")
    solution = solve_matrix_game(joint.tolist())
    return Minmax(solution.value, solution.column)
