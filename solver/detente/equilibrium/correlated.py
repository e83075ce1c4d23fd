"""Correlated and coarse correlated equilibria, for any linear objective.

A distribution over action profiles is a *correlated equilibrium* (Aumann 1974, *Journal of Mathematical Economics* 1)
if no player who is told their action gains by playing another, and a *coarse* one (Moulin and Vial 1978, *International
Journal of Game Theory* 7) if no player gains by committing to one action beforehand. Both sets are polytopes, so a
linear objective is maximised by a linear programme: in exact arithmetic, with its dual checked, for exact games of
moderate size; by HiGHS for float games and large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import CertificateError, LabelError, ParameterError
from detente.exact.linear_programme import maximise
from detente.exact.rational import to_fraction
from detente.game.game import Game, Number

# Exact pivoting grows with the cube of the number of profiles.
MAX_EXACT_PROFILES = 144
MAX_PROFILES = 20_000
FLOAT_TOLERANCE = 1e-7  # relative to the payoff range: what HiGHS promises


@dataclass(frozen=True, eq=False)
class CorrelatedEquilibrium:
    """A distribution over profiles that nobody disobeys, with expected payoffs and the objective's value.

    ``probabilities`` has the game's shape; Fractions if the game is exact and of moderate size, floats otherwise.
    ``regret`` is the most that any player gains by disobeying.
    """

    game: Game
    probabilities: NDArray[Any]
    payoffs: tuple[Number, ...]
    value: Number
    regret: Number
    coarse: bool

    def verify(self) -> None:
        """Check the distribution and its incentives from the payoffs; a :class:`CertificateError` if they fail."""
        exact = self.probabilities.dtype == object
        u = self.game.exact_payoffs if exact else self.game.payoffs
        spread = float(self.game.payoffs.max() - self.game.payoffs.min())
        tolerance = 0 if exact else FLOAT_TOLERANCE
        p = self.probabilities
        gain = disobedience(u, p, self.coarse)
        if p.min() < -tolerance or abs(p.sum() - 1) > tolerance or gain > tolerance * spread:
            raise CertificateError("correlated equilibrium", gain, "a distribution that nobody gains by disobeying")

    def __repr__(self) -> str:
        kind = "coarse correlated" if self.coarse else "correlated"
        payoffs = ", ".join(map(str, self.payoffs))
        return f"<{kind} equilibrium: payoffs ({payoffs}), objective {self.value}>"


def correlated_equilibrium(game: Game, objective: Any = "welfare", coarse: bool = False) -> CorrelatedEquilibrium:
    """The correlated (or coarse correlated) equilibrium that maximises a linear objective.

    Parameters
    ----------
    objective
        ``"welfare"``: the sum of payoffs. A player (name or index): that player's payoff. An array of the game's shape:
        one weight a profile.

    Raises
    ------
    LabelError, ParameterError
        For an objective that is none of these, and for games of more than 20,000 profiles.

    Examples
    --------
    >>> best = correlated_equilibrium(Game.symmetric([[6, 2], [7, 0]]))
    >>> best.value, [[str(p) for p in row] for row in best.probabilities]
    (Fraction(21, 2), [['1/2', '1/4'], ['1/4', '0']])
    """
    size = int(np.prod(game.shape))
    if size > MAX_PROFILES:
        raise ParameterError("game", f"{size} profiles", f"at most {MAX_PROFILES}")
    exact = game.is_exact and size <= MAX_EXACT_PROFILES
    u = game.exact_payoffs if exact else game.payoffs
    weights = _weights(game, objective, u)
    constraints = [row.ravel() for row in _incentives(u, coarse)]
    if exact:
        zero, one = Fraction(0), Fraction(1)
        rows = [[-x for x in row] for row in constraints]
        found = maximise(list(weights.ravel()), rows, [zero] * len(rows), [[one] * size], [one])
        flat = np.empty(size, dtype=object)
        flat[:] = found.x
    else:
        flat = _by_highs(weights.ravel(), constraints, size)
    p = flat.reshape(game.shape)
    payoffs = tuple((p * u[i]).sum() for i in range(game.n_players))
    value = (p * weights).sum()
    return CorrelatedEquilibrium(game, p, payoffs, value, disobedience(u, p, coarse), coarse)


def disobedience(u: NDArray[Any], p: NDArray[Any], coarse: bool) -> Number:
    """The most that any player gains by disobeying the distribution ``p``; 0 if nobody does."""
    gains = [-(row * p).sum() for row in _incentives(u, coarse)]
    return max([0 * p.ravel()[0], *gains])  # type: ignore[no-any-return]


def _incentives(u: NDArray[Any], coarse: bool) -> list[NDArray[Any]]:
    """One array a constraint: its product with the distribution must be non-negative."""
    rows = []
    for i in range(u.shape[0]):
        for other in range(u.shape[i + 1]):
            gain = u[i] - np.take(u[i], [other], axis=i)
            if coarse:
                rows.append(gain)
                continue
            for told in range(u.shape[i + 1]):
                if told != other:
                    only = 0 * gain
                    index = [slice(None)] * gain.ndim
                    index[i] = told  # type: ignore[call-overload]
                    only[tuple(index)] = gain[tuple(index)]
                    rows.append(only)
    return rows


def _weights(game: Game, objective: Any, u: NDArray[Any]) -> NDArray[Any]:
    if isinstance(objective, str) and objective == "welfare" and "welfare" not in game.players:
        return np.asarray(u.sum(axis=0))
    if isinstance(objective, str | int) and not isinstance(objective, bool):
        if isinstance(objective, str) and objective not in game.players:
            raise LabelError("objective", objective, ["welfare", *game.players])
        return np.asarray(u[game.player_index(objective)])
    given: NDArray[Any] = np.asarray(objective, dtype=object)
    if given.shape != game.shape:
        raise ParameterError(
            "objective", f"shape {given.shape}", f"'welfare', a player, or weights of shape {game.shape}"
        )
    exact: NDArray[Any] = np.empty(game.shape, dtype=object)
    for index in np.ndindex(*game.shape):
        exact[index] = to_fraction(given[index], "objective")
    return exact if u.dtype == object else exact.astype(np.float64)


def _by_highs(weights: NDArray[Any], rows: list[NDArray[Any]], size: int) -> NDArray[Any]:
    from scipy.optimize import linprog

    # Scaled to the payoff range, so that the solver's absolute tolerances are relative ones.
    scale = max((float(np.abs(row).max()) for row in rows), default=0.0) or 1.0
    top = float(np.abs(weights).max()) or 1.0
    found = linprog(
        -weights / top,
        A_ub=np.array([-row / scale for row in rows]) if rows else None,
        b_ub=np.zeros(len(rows)) if rows else None,
        A_eq=np.ones((1, size)),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    if found.status != 0:
        raise CertificateError("correlated equilibrium", found.message, "an optimum; every finite game has one")
    return np.asarray(np.maximum(found.x, 0.0) / np.maximum(found.x, 0.0).sum())
