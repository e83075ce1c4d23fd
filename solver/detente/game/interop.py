"""Games to and from nashpy, pygambit and QuantEcon. Each is imported only when its function is called."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np

from detente.errors import ParameterError, UnsupportedError
from detente.game.game import Game, as_game


def to_nashpy(game: Game) -> Any:
    """The two-player game as a ``nashpy.Game`` with float payoffs; names are not kept.

    >>> to_nashpy(Game.bimatrix([[1, 0]], [[0, 1]])).payoff_matrices[0].tolist()
    [[1.0, 0.0]]
    """
    if as_game(game).n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "two players, as nashpy has")
    return _peer("nashpy", "detente").Game(game.payoffs[0].copy(), game.payoffs[1].copy())


def from_nashpy(game: Any) -> Game:
    """A game from a ``nashpy.Game``: exact if both its matrices hold integers, a float game otherwise."""
    _require(game, "payoff_matrices", "a nashpy.Game")
    return Game([np.asarray(matrix) for matrix in game.payoff_matrices])


def to_pygambit(game: Game) -> Any:
    """The game as a ``pygambit.Game`` with exact rational payoffs, names and title."""
    gambit = _peer("pygambit", "detente[interop]")
    out = gambit.Game.new_table(list(as_game(game).shape))
    out.title = game.name
    for player, label in zip(out.players, game.players, strict=True):
        player.label = str(label)
    for player, names in zip(out.players, game.actions, strict=True):
        for strategy, label in zip(player.strategies, names, strict=True):
            strategy.label = str(label)
    exact = game.exact_payoffs
    for profile in product(*map(range, game.shape)):
        for i, player in enumerate(out.players):
            value = exact[(i, *profile)]
            out[profile][player] = gambit.Rational(value.numerator, value.denominator)
    return out


def from_pygambit(game: Any) -> Game:
    """A game from a ``pygambit.Game`` in strategic form; rational payoffs stay exact."""
    _require(game, "players", "a pygambit.Game")
    shape = [len(player.strategies) for player in game.players]
    payoffs = np.empty((len(shape), *shape), dtype=object)
    for profile in product(*map(range, shape)):
        for i, player in enumerate(game.players):
            payoffs[(i, *profile)] = _rational(game[profile][player])
    players = [player.label or f"Player {k + 1}" for k, player in enumerate(game.players)]
    actions = [[s.label or str(k + 1) for k, s in enumerate(player.strategies)] for player in game.players]
    return Game(payoffs, players=players, actions=actions, name=str(game.title))


def to_quantecon(game: Game) -> Any:
    """The game as a ``quantecon.game_theory.NormalFormGame`` with float payoffs; names are not kept."""
    theory = _peer("quantecon.game_theory", "detente[interop]")
    n = as_game(game).n_players
    # QuantEcon gives each player's payoffs with the own action first and the others' after it in cyclic order.
    arrays = [np.moveaxis(game.payoffs[i], range(i), range(n - i, n)).copy(order="C") for i in range(n)]
    return theory.NormalFormGame([theory.Player(array) for array in arrays])


def from_quantecon(game: Any) -> Game:
    """A game from a ``quantecon.game_theory.NormalFormGame``: exact if its payoffs are integers."""
    _require(game, "N", "a quantecon NormalFormGame")
    n = game.N
    payoffs = [np.moveaxis(np.asarray(game.players[i].payoff_array), range(n - i, n), range(i)) for i in range(n)]
    return Game(payoffs)


def _rational(value: Any) -> Fraction | float:
    if hasattr(value, "numerator") and hasattr(value, "denominator"):
        return Fraction(int(value.numerator), int(value.denominator))
    return Fraction(str(value))


def _require(game: Any, attribute: str, kind: str) -> None:
    if not hasattr(game, attribute):
        raise ParameterError("game", game, kind)


def _peer(module: str, install: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise UnsupportedError("package", name, f"{name} installed: pip install '{install}'") from error
