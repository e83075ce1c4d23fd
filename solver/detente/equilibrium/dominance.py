"""Dominated actions, iterated elimination, rationalizability.

An action is *strictly dominated* if some mixture of the player's other actions earns more against every profile of the
others: if the zero-sum game of the advantages u(a', ·) − u(a, ·) has a positive value for the mixing player. It is
*weakly dominated* if some mixture never earns less and somewhere more. Both are decided exactly.

Either way there is a proof (Pearce 1984, *Econometrica* 52, lemmas 3 and 4): a dominating mixture, or a belief about
the others' joint actions to which the action is a best reply, in the weak case one that rules nothing out. The beliefs
come from the dual solutions. The actions that survive iterated strict elimination are the rationalizable ones, if
opponents' actions may be believed to be correlated (Bernheim 1984; Osborne and Rubinstein 1994, proposition 61.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import CertificateError, ParameterError
from detente.exact.large_programme import optimum, sparse
from detente.exact.matrix_game import solve_matrix_game
from detente.game.game import Game

Belief = tuple[Fraction, ...]


@dataclass(frozen=True)
class Domination:
    """``action`` of ``player`` is dominated by the mixture ``by`` (one weight an action, zero on its own)."""

    player: Any
    action: Any
    by: tuple[Fraction, ...]
    strict: bool
    game: Game = field(repr=False, compare=False)

    def verify(self) -> None:
        """Compare the mixture with the action at every profile of the others.

        Raises :class:`CertificateError` if it does not dominate.
        """
        i = self.game.player_index(self.player)
        a = self.game.action_index(i, self.action)
        u = self.game.exact_payoffs[i]
        leads = np.tensordot(np.array(self.by, dtype=object), u, axes=([0], [i])) - np.take(u, a, axis=i)
        leads = np.atleast_1d(leads).ravel().tolist()
        fine = min(leads) > 0 if self.strict else min(leads) >= 0 and max(leads) > 0
        if not fine or min(self.by) < 0 or sum(self.by) != 1 or self.by[a] != 0:
            raise CertificateError("domination", self.by, f"a mixture that dominates {self.action}")


@dataclass(frozen=True)
class Elimination:
    """The record of an iterated elimination of actions from ``original``.

    Attributes
    ----------
    game
        What is left.
    rounds
        The dominations of each round; each holds in the game that the rounds before have left.
    beliefs
        For each player and action left, a belief to which it is a best reply (weights of the others' joint actions, the
        last player's changing first), none of them zero in weak elimination. Empty if only single actions were asked
        to dominate.
    """

    game: Game
    rounds: tuple[tuple[Domination, ...], ...]
    original: Game = field(repr=False)
    strict: bool
    beliefs: tuple[tuple[Belief, ...], ...] = field(repr=False)

    @property
    def is_solved(self) -> bool:
        """Whether one profile is left."""
        return all(m == 1 for m in self.game.shape)

    def verify(self) -> None:
        """Replay the record, and check that nothing more is dominated; a :class:`CertificateError` if it fails."""
        left = [list(names) for names in self.original.actions]
        for eliminated in (*self.rounds, ()):
            now = eliminated[0].game if eliminated else self.game
            kept = self.original.restrict(dict(zip(self.original.players, left, strict=True)))
            if not np.array_equal(now.exact_payoffs, kept.exact_payoffs):
                raise CertificateError("elimination", now.actions, f"what is left: {left}")
            for domination in eliminated:
                domination.verify()
                left[now.player_index(domination.player)].remove(domination.action)
        for i, player in enumerate(self.game.players):
            own = _own_rows(self.game, i)
            for a, action in enumerate(self.game.actions[i]):
                if not (_is_justified(own, a, self.beliefs[i][a], self.strict) if self.beliefs else True):
                    raise CertificateError("beliefs", self.beliefs[i][a], f"a belief that makes {action} a best reply")
                if not self.beliefs and any(_beats(row - own[a], self.strict) for row in own):
                    raise CertificateError("elimination", action, f"no action of {player} that another dominates")


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
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    for argument, value in (("strict", strict), ("mixed", mixed)):
        if not isinstance(value, bool):
            raise ParameterError(argument, value, "True or False")
    found = []
    for i, player in enumerate(game.players):
        own = _own_rows(game, i)
        for a, action in enumerate(game.actions[i]):
            by = _decided(own, a, strict, mixed).by
            if by is not None:
                found.append(Domination(player, action, by, strict, game))
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
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    game = original = _named(game)
    rounds = []
    while found := dominated(game, strict=strict, mixed=mixed):
        rounds.append(found)
        gone = {(d.player, d.action) for d in found}
        kept = {
            p: [a for a in names if (p, a) not in gone] for p, names in zip(game.players, game.actions, strict=True)
        }
        game = game.restrict(kept)
    beliefs: list[tuple[Belief, ...]] = []
    for i, m in enumerate(game.shape):
        own = _own_rows(game, i)
        beliefs.append(tuple(_decided(own, a, strict, mixed).belief for a in range(m)))
    return Elimination(game, tuple(rounds), original, strict, tuple(beliefs) if mixed else ())


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


class _Decided(NamedTuple):
    """A mixture that dominates an action; or, if none does, a belief to which the action is a best reply."""

    by: tuple[Fraction, ...] | None
    belief: Belief = ()


def _decided(own: NDArray[Any], a: int, strict: bool, mixed: bool) -> _Decided:
    """Whether row ``a`` is dominated, with the proof; no belief is looked for if only single rows may dominate."""
    n, width = own.shape
    others = [k for k in range(n) if k != a]
    advantage = own[others] - own[a]
    single = next((k for k, row in zip(others, advantage, strict=True) if _beats(row, strict)), None)
    if single is not None:
        return _Decided(tuple(Fraction(int(k == single)) for k in range(n)))
    if not mixed:
        return _Decided(None)
    ahead = [-max(column, default=Fraction(-1)) for column in advantage.T]  # of the best other row
    best = max(range(width), key=ahead.__getitem__)
    if ahead[best] > 0 or (strict and ahead[best] == 0):
        belief = [Fraction(int(c == best)) for c in range(width)]
        return _Decided(None, tuple(belief) if strict else _cautious(belief, advantage, ahead[best]))
    value, row, column = solve_matrix_game(advantage.tolist())
    if value > 0:
        return _Decided(_around(row, a))
    if strict or value < 0:  # no other row gains at the minimising player's strategy
        return _Decided(None, column if strict else _cautious(list(column), advantage, -value))
    never_worse = [sparse(-gains) for gains in advantage.T]
    one = dict.fromkeys(range(n - 1), Fraction(1))
    most = optimum(advantage.sum(axis=1), never_worse, [Fraction(0)] * width, [one], [Fraction(1)])
    if most.value > 0:
        return _Decided(_around(most.x, a))
    prices = [1 + price for price in most.dual[:width]]  # weak duality: no other row gains at these weights
    return _Decided(None, tuple(price / sum(prices) for price in prices))


def _cautious(belief: list[Fraction], advantage: NDArray[Any], margin: Fraction) -> Belief:
    """A belief near one at which all rows lose at least the margin that rules nothing out, and at which none gains."""
    width = len(belief)
    gain = max((sum(row, Fraction(0)) / width for row in advantage), default=Fraction(0))
    share = margin / (margin + max(gain, Fraction(0))) / 2
    return tuple((1 - share) * p + share / width for p in belief)


def _beats(lead: NDArray[Any], strict: bool) -> bool:
    return bool(min(lead) > 0 if strict else min(lead) >= 0 and max(lead) > 0)


def _is_justified(own: NDArray[Any], a: int, belief: Belief, strict: bool) -> bool:
    """Whether row ``a`` is a best reply to the belief, and the belief one that proves it not dominated."""
    if len(belief) != own.shape[1] or sum(belief) != 1 or min(belief) < 0 or (not strict and min(belief) == 0):
        return False
    earned = own @ np.array(belief, dtype=object)
    return bool(earned[a] == max(earned))


def _own_rows(game: Game, player: int) -> NDArray[Any]:
    """A player's exact payoffs; a row for each action, a column for each profile of the others."""
    rows: NDArray[Any] = np.moveaxis(game.exact_payoffs[player], player, 0).reshape(game.shape[player], -1)
    return rows


def _around(weights: tuple[Fraction, ...], a: int) -> tuple[Fraction, ...]:
    """With a zero put in at position a."""
    return (*weights[:a], Fraction(0), *weights[a:])


def _named(game: Game) -> Game:
    """The game with every action named."""
    return game.relabel(actions={i: [str(a) for a in names] for i, names in enumerate(game.actions)})
