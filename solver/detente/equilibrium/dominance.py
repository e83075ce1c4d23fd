"""Dominated actions, iterated elimination, rationalizability.

An action is *strictly dominated* if some mixture of the player's other actions earns more against every profile of the
others: if the zero-sum game of the advantages u(a', ·) − u(a, ·) has a positive value for the mixing player (Pearce
1984, *Econometrica* 52, lemma 3). It is *weakly dominated* if some mixture never earns less and somewhere more. Both
are decided exactly. The actions that survive iterated strict elimination are the rationalizable ones, if opponents'
actions may be believed to be correlated (Bernheim 1984; Osborne and Rubinstein 1994, proposition 61.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import ParameterError
from detente.exact.linear_programme import maximise
from detente.exact.matrix_game import solve_matrix_game
from detente.game.game import Game


@dataclass(frozen=True)
class Domination:
    """``action`` of ``player`` is dominated by the mixture ``by`` (one weight an action, zero on its own)."""

    player: Any
    action: Any
    by: tuple[Fraction, ...]
    strict: bool


@dataclass(frozen=True)
class Elimination:
    """The record of an iterated elimination: the dominations of each round, and the game that is left."""

    game: Game
    rounds: tuple[tuple[Domination, ...], ...]

    @property
    def is_solved(self) -> bool:
        """Whether one profile is left."""
        return all(m == 1 for m in self.game.shape)


def dominated(game: Game, *, strict: bool = True, mixed: bool = True) -> tuple[Domination, ...]:
    """All dominated actions, each with a mixture that dominates it.

    Parameters
    ----------
    strict
        Strict domination, or weak.
    mixed
        Whether mixtures may dominate, or only single actions.

    Examples
    --------
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> [(d.player, d.action) for d in dominated(pd)]
    [('Player 1', 'Relax'), ('Player 2', 'Relax')]
    """
    for argument, value in (("strict", strict), ("mixed", mixed)):
        if not isinstance(value, bool):
            raise ParameterError(argument, value, "True or False")
    found = []
    for i, player in enumerate(game.players):
        own = np.moveaxis(game.exact_payoffs[i], i, 0).reshape(game.shape[i], -1)
        for a, action in enumerate(game.actions[i]):
            by = _dominating(own, a, strict, mixed)
            if by is not None:
                found.append(Domination(player, action, by, strict))
    return tuple(found)


def iterated_elimination(game: Game, strict: bool = True, mixed: bool = True) -> Elimination:
    """Eliminate all dominated actions at once, again and again.

    Strict elimination ends in the same game in any order (Gilboa, Kalai and Zemel 1990); weak elimination may not, and
    this order is the simultaneous one. Unnamed actions are named by their numbers, so that names stay what they are.

    >>> travellers = Game.symmetric([[2, 4, 4], [0, 3, 5], [0, 1, 4]], actions=["2", "3", "4"])
    >>> record = iterated_elimination(travellers, strict=False)
    >>> len(record.rounds), record.game.actions[0]
    (2, ('2',))
    """
    game = _named(game)
    rounds = []
    while found := dominated(game, strict=strict, mixed=mixed):
        rounds.append(found)
        gone = {(d.player, d.action) for d in found}
        kept = {
            p: [a for a in names if (p, a) not in gone] for p, names in zip(game.players, game.actions, strict=True)
        }
        game = game.restrict(kept)
    return Elimination(game, tuple(rounds))


def rationalizable(game: Game) -> dict[Any, tuple[Any, ...]]:
    """For each player the actions that survive iterated elimination of strictly dominated actions.

    >>> rationalizable(Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"]))
    {'Player 1': ('Restrict',), 'Player 2': ('Restrict',)}
    """
    left = iterated_elimination(game).game
    return {
        player: tuple(a for a in names if str(a) in left.actions[i])
        for i, (player, names) in enumerate(zip(game.players, game.actions, strict=True))
    }


def _dominating(own: NDArray[Any], a: int, strict: bool, mixed: bool) -> tuple[Fraction, ...] | None:
    """Weights of a mixture of the other rows that dominates row ``a``, or None."""
    others = [k for k in range(own.shape[0]) if k != a]
    if not others:
        return None
    advantage = [[x - y for x, y in zip(own[k], own[a], strict=True)] for k in others]
    weights: tuple[Fraction, ...] | None = None
    for k, row in enumerate(advantage):
        if min(row) > 0 or (not strict and min(row) >= 0 and max(row) > 0):
            weights = tuple(Fraction(int(k == j)) for j in range(len(others)))
            break
    if weights is None and mixed and len(others) > 1:
        if strict:
            solution = solve_matrix_game(advantage)
            weights = solution.row if solution.value > 0 else None
        else:
            total = [sum(row, Fraction(0)) for row in advantage]
            never_worse = [[-row[c] for row in advantage] for c in range(len(advantage[0]))]
            one = [[Fraction(1)] * len(others)]
            best = maximise(total, never_worse, [Fraction(0)] * len(never_worse), one, [Fraction(1)])
            weights = best.x if best.status == "optimal" and best.value > 0 else None
    if weights is None:
        return None
    by = dict(zip(others, weights, strict=True))
    return tuple(by.get(k, Fraction(0)) for k in range(own.shape[0]))


def _named(game: Game) -> Game:
    """The game with every action named."""
    return game.relabel(actions={i: [str(a) for a in names] for i, names in enumerate(game.actions)})
