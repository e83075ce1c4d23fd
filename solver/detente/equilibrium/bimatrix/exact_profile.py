"""From the bases of an equilibrium to its strategies, exactly, and the exact proof that they are one.

Bases name the actions in use and as many actions of the opponent between which these keep it indifferent. That is a
linear system for each player, which is solved in integers (p-adic lifting, Dixon 1982, in FLINT). The profile is an
equilibrium iff no deviation gains. What an action earns is computed in floating point first: one whose value falls
short of the best by more than the error bound (Higham 2002, *Accuracy and Stability of Numerical Algorithms*, section
3.1) is no best reply, and only the payoffs of the others are read exactly. So the cost depends on the supports more
than on the size of the game.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from detente.equilibrium.result import Equilibrium
from detente.errors import PayoffError
from detente.game.game import Game, Strategy

# Integers up to this are floats, and print as such.
EXACT_INTEGERS = 2.0**53
UNIT = 2.0**-53


def exact_weights(game: Game, bases: Any) -> tuple[list[int], list[int]] | None:
    """Both strategies that the bases determine, in integers up to a factor; None if there are no such strategies.

    >>> pennies = Game.bimatrix([[3, 0], [0, 1]], [[0, 1], [1, 0]])
    >>> exact_weights(pennies, (([0, 1], [0, 1]), ([0, 1], [0, 1])))
    ([1, 1], [1, 3])
    """
    weights = []
    for player, (coordinates, binding) in enumerate(bases):
        if len(coordinates) != len(binding) or not coordinates:
            return None
        # The opponent is indifferent between the binding actions. Any positive shift of the payoffs will do.
        where = (coordinates, binding) if player == 0 else (binding, coordinates)
        block, _ = exact_block(game, 1 - player, *where)
        low = min(map(min, block)) - 1
        system = fmpz_mat([[u - low for u in row] for row in block])
        system = system.transpose() if player == 0 else system
        try:
            solution: Any = system.solve(fmpz_mat([[1]] * len(binding)))
        except ZeroDivisionError:
            return None
        numerators, _ = solution.numer_denom()
        entries = [int(p) for p in numerators.entries()]
        if min(entries) < 0:
            return None
        full = [0] * game.shape[player]
        for k, p in zip(coordinates, entries, strict=True):
            full[k] = p
        weights.append(full)
    return weights[0], weights[1]


def certified_weights(game: Game, x: Sequence[int], y: Sequence[int], as_fractions: bool) -> Equilibrium | None:
    """The profile with these weights and its certificate; None unless it is an equilibrium, exactly.

    >>> certified_weights(Game.bimatrix([[1, 0]], [[0, 1]]), [1], [0, 1], True).regret
    Fraction(0, 1)
    >>> certified_weights(Game.bimatrix([[1, 0]], [[0, 1]]), [1], [1, 0], True) is None
    True
    """
    payoffs = []
    strict = True
    for player, (own, other) in enumerate(((x, y), (y, x))):
        used, total = [k for k, w in enumerate(other) if w], sum(other)
        rivals = _possible_best_replies(game, player, used, [other[k] / total for k in used])
        if not {k for k, w in enumerate(own) if w} <= set(rivals):
            return None
        block, scale = exact_block(game, player, *((rivals, used) if player == 0 else (used, rivals)))
        weights = [other[k] for k in used]
        table, column = fmpz_mat(block), fmpz_mat([[w] for w in weights])
        product: Any = table * column if player == 0 else column.transpose() * table
        earned = list(map(int, product.entries()))
        best = max(earned)
        if any(own[k] and e != best for k, e in zip(rivals, earned, strict=True)):
            return None
        payoffs.append(Fraction(best, scale * total))
        strict = strict and earned.count(best) == 1
    totals = sum(x), sum(y)
    if as_fractions:
        zero = Fraction(0)
        exact = tuple(tuple([Fraction(w, t) if w else zero for w in s]) for s, t in zip((x, y), totals, strict=True))
        return Equilibrium(exact, tuple(payoffs), zero, strict, game.actions)
    strategies = tuple(tuple([w / t if w else 0.0 for w in s]) for s, t in zip((x, y), totals, strict=True))
    return Equilibrium(strategies, tuple(map(float, payoffs)), float_regret(game, strategies), strict, game.actions)


def _possible_best_replies(game: Game, player: int, used: list[int], probabilities: list[float]) -> list[int]:
    """All actions that are best replies to the opponent's strategy on ``used``, and perhaps a few more."""
    try:
        payoffs = game.payoffs[player] if player == 0 else game.payoffs[player].T
    except PayoffError:  # beyond the range of floats
        return list(range(game.shape[player]))
    part = payoffs[:, used]
    earned = part @ np.array(probabilities)
    # Payoffs, probabilities and every operation are rounded once; the last term is for numbers below the normal range.
    error = 2.0 * (len(used) + 4) * UNIT * float(np.abs(part).max()) + float(np.finfo(float).tiny)
    if not error < np.inf:
        return list(range(game.shape[player]))
    return np.flatnonzero(earned >= earned.max() - 2.0 * error).tolist()


def exact_block(game: Game, player: int, rows: Sequence[int], columns: Sequence[int]) -> tuple[list[list[int]], int]:
    """A player's payoffs in some rows and columns, as integers over one denominator.

    >>> exact_block(Game.bimatrix([[0.5, 1, 0.25]], [[1, 2, 3]]), 0, [0], [0, 2])
    ([[50, 25]], 100)
    """
    # The game's own table: the payoffs of a large exact game are not all made into Fractions.
    part: Any = game._raw[player][np.ix_(rows, columns)].ravel()
    if part.dtype == np.float64:
        flat, scale = _decimals(part)
    else:
        entries = part.tolist()
        scale = lcm(*{q.denominator for q in entries})
        flat = [q.numerator * (scale // q.denominator) for q in entries]
    width = len(columns)
    return [flat[k : k + width] for k in range(0, len(flat), width)], scale


def _decimals(payoffs: NDArray[np.float64]) -> tuple[list[int], int]:
    """The decimals that floats print as, as integers over one power of ten."""
    if np.abs(payoffs).max() < EXACT_INTEGERS and np.array_equal(payoffs, np.rint(payoffs)):
        return payoffs.astype(np.int64).tolist(), 1
    texts = list(map(repr, payoffs.tolist()))
    parts = [text.partition(".") for text in texts]
    if any("e" in text for text in texts):
        decimals = [Decimal(text) for text in texts]
        most = max(0, -min(int(d.as_tuple().exponent) for d in decimals))
        return [int(d.scaleb(most)) for d in decimals], 10**most
    most = max(len(digits) for _, _, digits in parts)
    return [int(whole + digits.ljust(most, "0")) for whole, _, digits in parts], 10**most


def float_regret(game: Game, strategies: tuple[Strategy, ...]) -> float:
    """What the best deviation from strategies in floats would gain, in floats.

    >>> float_regret(Game.bimatrix([[1.0, 0], [0, 1]], [[1.0, 0], [0, 1]]), ((1.0, 0.0), (0.5, 0.5)))
    0.5
    """
    A, B = game.payoffs
    x, y = (np.array(s, dtype=np.float64) for s in strategies)
    rows, columns = A @ y, x @ B
    return max(float(rows.max() - x @ rows), float(columns.max() - columns @ y), 0.0)
