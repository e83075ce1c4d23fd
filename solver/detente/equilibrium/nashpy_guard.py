"""nashpy's support enumeration, behind a guard.

nashpy decides in floats whether a support carries an equilibrium, so it can miss equilibria and return false ones. It
is given payoffs shifted and scaled to [1, 2]; of each answer only the supports are believed: the strategies are solved
again exactly from the indifference conditions and kept iff their regret is exactly zero. Nothing is ever claimed
complete.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat

from detente.equilibrium.result import Equilibrium, EquilibriumSet, certified
from detente.errors import UnsupportedError
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.game.game import Game, Strategy

# Support enumeration tries every pair of equally large supports and can only be stopped between answers.
MAX_ACTIONS = 8


def guarded_support_enumeration(game: Game, stop: Callable[[], bool]) -> EquilibriumSet:
    """The equilibria among nashpy's answers, each solved exactly; ``complete`` is always False."""
    if game.n_players != 2 or max(game.shape) > MAX_ACTIONS:
        raise UnsupportedError("game", f"shape {game.shape}", f"two players with at most {MAX_ACTIONS} actions each")
    import nashpy

    found: dict[tuple[Strategy, ...], Equilibrium] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        answers = nashpy.Game(*(_scaled(u) for u in game.exact_payoffs)).support_enumeration()
        for x, y in answers:
            profile = _exact(game, np.flatnonzero(x), np.flatnonzero(y))
            if profile is not None and game.regret(profile) <= _tolerance(game):
                found.setdefault(profile, certified(game, profile))
            if stop():
                break
    return EquilibriumSet(game, tuple(found.values()), (), False, "nashpy")


def _scaled(u: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    low, high = u.min(), u.max()
    spread = high - low or Fraction(1)
    return ((u - low) / spread + 1).astype(np.float64)  # type: ignore[no-any-return]


def _tolerance(game: Game) -> Fraction | float:
    return Fraction(0) if game.is_exact else 1e-12 * float(game.payoffs.max() - game.payoffs.min())


def _exact(game: Game, support_x: Any, support_y: Any) -> tuple[Strategy, ...] | None:
    if len(support_x) != len(support_y) or len(support_x) == 0:
        return None
    A, B = game.exact_payoffs
    y = _indifferent(A[np.ix_(support_x, support_y)])
    x = _indifferent(B[np.ix_(support_x, support_y)].T)
    if x is None or y is None:
        return None
    number = (lambda p: p) if game.is_exact else float
    return tuple(
        tuple(number(values[list(support).index(k)]) if k in support else number(Fraction(0)) for k in range(m))
        for values, support, m in ((x, support_x, game.shape[0]), (y, support_y, game.shape[1]))
    )


def _indifferent(payoffs: Any) -> list[Fraction] | None:
    """The mixture of columns that makes all rows equally good, if it is unique and non-negative."""
    k = payoffs.shape[0]
    entries = []
    for row in payoffs.tolist():
        entries += [to_fmpq(u) for u in row] + [to_fmpq(-1)]
    entries += [to_fmpq(1)] * k + [to_fmpq(0)]
    try:
        solution = fmpq_mat(k + 1, k + 1, entries).solve(fmpq_mat(k + 1, 1, [to_fmpq(0)] * k + [to_fmpq(1)]))
    except ZeroDivisionError:
        return None
    mixture = [from_fmpq(solution[i, 0]) for i in range(k)]
    return mixture if min(mixture) >= 0 else None
