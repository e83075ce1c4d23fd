"""Correlated and coarse correlated equilibria, for any linear objective.

A distribution over action profiles is a *correlated equilibrium* (Aumann 1974, *Journal of Mathematical Economics* 1)
if no player who is told their action gains by playing another, and a *coarse* one (Moulin and Vial 1978, *International
Journal of Game Theory* 7) if no player gains by committing to one action beforehand. Both sets are polytopes, never
empty (Hart and Schmeidler 1989, *Mathematics of Operations Research* 14), so a linear objective w is maximised by a
linear programme: HiGHS proposes a vertex, and for an exact game it is solved again and proven in rational numbers
(:mod:`detente.exact.large_programme`).

The certificate of optimality is a price y ≥ 0 for every incentive constraint g·p ≥ 0. Whatever the prices, no
equilibrium is worth more than the largest entry of w + Σ y g; at the optimum it is worth exactly that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import CertificateError, LabelError, ParameterError, PayoffError, UnsupportedError
from detente.exact.large_programme import optimum, proposed_and_proven
from detente.exact.rational import to_fraction
from detente.game.game import Game, Number

# Up to this many profiles, the simplex method in Fractions may have the last word.
MAX_SIMPLEX_PROFILES = 144
# An exact game with more coefficients in its constraints is answered in floats.
MAX_EXACT_COEFFICIENTS = 60_000
MAX_PROFILES = 20_000
MAX_COEFFICIENTS = 10**7
LARGEST = 1e300  # of payoffs in floats: their sums are floats too
FLOAT_TOLERANCE = 1e-7  # relative to the payoff range: what HiGHS promises


@dataclass(frozen=True, eq=False)
class CorrelatedEquilibrium:
    """A distribution over profiles that nobody disobeys, with expected payoffs and the objective's value.

    Attributes
    ----------
    probabilities
        An array of the game's shape; Fractions if the game is exact and of moderate size, floats otherwise.
    value
        The objective at this distribution.
    regret
        The most that any player gains by disobeying: 0 in exact arithmetic.
    bound
        What no equilibrium's value exceeds, by ``prices``: equal to ``value`` in exact arithmetic.
    prices
        For each player an array (action told, other action) of prices of the incentive constraints; in the coarse case
        (other action).
    """

    game: Game
    probabilities: NDArray[Any]
    payoffs: tuple[Number, ...]
    value: Number
    regret: Number
    bound: Number
    coarse: bool
    weights: NDArray[Any] = field(repr=False)
    prices: tuple[NDArray[Any], ...] = field(repr=False)

    def __post_init__(self) -> None:
        for values in (self.probabilities, self.weights, *self.prices):
            values.flags.writeable = False

    def verify(self) -> None:
        """Check the distribution, its incentives and its optimality; a :class:`CertificateError` if they fail."""
        exact = self.probabilities.dtype == object
        u = self.game.exact_payoffs if exact else _floats(self.game)
        leads = u if exact else _leads(self.game)
        tolerance = 0 if exact else FLOAT_TOLERANCE
        p = self.probabilities
        gain = disobedience(leads, p, self.coarse)
        spread = u.max() - u.min()
        if p.min() < -tolerance or abs(p.sum() - 1) > tolerance or gain > tolerance * spread:
            raise CertificateError("correlated equilibrium", gain, "a distribution that nobody gains by disobeying")
        top, lost = _below_the_best(self.weights, exact)
        size = -lost.min()
        value, bound = (p * lost).sum(), price_bound(leads, lost, self.prices)
        if min(y.min() for y in self.prices) < 0 or bound - value > 10 * tolerance * size:
            raise CertificateError("correlated equilibrium", top + value, f"an optimum; prices allow for {top + bound}")
        claims = [(self.value, top + value), (self.bound, top + bound), (self.regret, gain)]
        claims += [(claimed, (p * v).sum()) for claimed, v in zip(self.payoffs, u, strict=True)]
        if any(abs(claimed - found) > tolerance * (size + spread + abs(found)) for claimed, found in claims):
            raise CertificateError("correlated equilibrium", self.payoffs, "the payoffs of its distribution")

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
        For an objective that is none of these, or ``coarse`` that is neither True nor False.
    UnsupportedError
        For games of more than 20,000 profiles, or with more than ten million coefficients in their constraints.
    PayoffError
        For payoffs beyond 1e300 in a game that is not exact.

    Examples
    --------
    >>> best = correlated_equilibrium(Game.symmetric([[6, 2], [7, 0]]))
    >>> best.value, [[str(p) for p in row] for row in best.probabilities]
    (Fraction(21, 2), [['1/2', '1/4'], ['1/4', '0']])
    >>> best.bound, best.prices[0].tolist()
    (Fraction(21, 2), [[Fraction(0, 1), Fraction(3, 4)], [Fraction(0, 1), Fraction(0, 1)]])
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if not isinstance(coarse, bool):
        raise ParameterError("coarse", coarse, "True or False")
    size = int(np.prod(game.shape))
    coefficients = size * sum(m - 1 for m in game.shape)
    if size > MAX_PROFILES or coefficients > MAX_COEFFICIENTS:
        raise UnsupportedError("game", f"shape {game.shape}", f"at most {MAX_PROFILES} profiles, and fewer actions")
    weights = _weights(game, objective)
    found = _exactly(game, weights, coarse) if game.is_exact and coefficients <= MAX_EXACT_COEFFICIENTS else None
    exact = found is not None
    u = game.exact_payoffs if exact else _floats(game)
    top, lost = _below_the_best(weights, exact)
    flat, y = found or _by_highs(game, lost, coarse)
    p = flat.reshape(game.shape)
    payoffs = tuple((p * v).sum() for v in u)
    prices = _by_player(game, y, coarse)
    leads = u if exact else _leads(game)
    value, bound, regret = (p * lost).sum(), price_bound(leads, lost, prices), disobedience(leads, p, coarse)
    return CorrelatedEquilibrium(game, p, payoffs, top + value, regret, top + bound, coarse, weights, prices)


def disobedience(u: NDArray[Any], p: NDArray[Any], coarse: bool) -> Number:
    """The most that any player gains by disobeying the distribution ``p``; 0 if nobody does."""
    worst = 0 * p.ravel()[0]
    for i, v in enumerate(u):
        earned, weight = (np.moveaxis(x, i, 0).reshape(x.shape[i], -1) for x in (v, p))
        table = earned @ weight.T  # rows: the action played, columns: the action told
        if coarse:
            table = table.sum(axis=1) - np.trace(table)
        else:
            table = table - np.diag(table)
        worst = max(worst, table.max())
    return worst  # type: ignore[no-any-return]


def price_bound(u: NDArray[Any], weights: NDArray[Any], prices: tuple[NDArray[Any], ...]) -> Number:
    """What the objective is worth at most, given the prices of the incentive constraints: the dual value."""
    total = weights
    for i, (v, y) in enumerate(zip(u, prices, strict=True)):
        earned = np.moveaxis(v, i, 0)
        if y.ndim == 1:
            part = y.sum() * earned - np.tensordot(y, earned, axes=1)[None]
        else:
            part = y.sum(axis=1).reshape(-1, *(1,) * (earned.ndim - 1)) * earned - np.tensordot(y, earned, axes=1)
        total = total + np.moveaxis(part, 0, i)
    return total.max()  # type: ignore[no-any-return]


# --- the programme ----------------------------------------------------------------------------------------------------


def _constraints(game: Game, coarse: bool) -> Iterator[tuple[int, int, int]]:
    """(player, action told, other action) in order; −1 is told where a coarse constraint tells nothing."""
    for i, m in enumerate(game.shape):
        yield from ((i, told, other) for told in ((-1,) if coarse else range(m)) for other in range(m) if told != other)


def _rows(game: Game, u: NDArray[Any], coarse: bool) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
    """For each constraint the profiles concerned and what obeying gains there, times a factor for each player."""
    places = np.arange(int(np.prod(game.shape))).reshape(game.shape)
    moved = [
        (np.moveaxis(places, i, 0).reshape(m, -1), np.moveaxis(u[i], i, 0).reshape(m, -1))
        for i, m in enumerate(game.shape)
    ]
    for i, told, other in _constraints(game, coarse):
        where, earned = moved[i]
        rows: Any = slice(None) if told < 0 else told
        yield where[rows].ravel(), (earned[rows] - earned[other]).ravel()


def _exactly(game: Game, weights: NDArray[Any], coarse: bool) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Distribution and prices in Fractions; None if that is too much work."""
    size = weights.size
    # Incentives as integers, a scale for each player: the programme's coefficients stay short.
    scales = [lcm(*(x.denominator for x in v.ravel())) for v in game.exact_payoffs]
    u = np.array([v * s for v, s in zip(game.exact_payoffs, scales, strict=True)], dtype=object)
    zero, one = Fraction(0), Fraction(1)
    rows = [{int(k): -x for k, x in zip(at, gain, strict=True) if x} for at, gain in _rows(game, u, coarse)]
    solve = optimum if size <= MAX_SIMPLEX_PROFILES else proposed_and_proven
    found = solve(weights.ravel().tolist(), rows, [zero] * len(rows), [dict.fromkeys(range(size), one)], [one])
    if found is None:
        return None
    owners = [i for i, _, _ in _constraints(game, coarse)]
    y = [price * scales[i] for price, i in zip(found.dual, owners, strict=False)]
    return np.array([*found.x, zero], dtype=object)[:-1], np.array([*y, zero], dtype=object)[:-1]


def _by_highs(game: Game, weights: NDArray[np.float64], coarse: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """Distribution and prices in floats; no weight is positive."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    # Each player's payoffs are scaled to their range, so that the solver's absolute tolerances are relative ones.
    u = _leads(game)
    scales = [float(-v.min()) or 1.0 for v in u]
    size = float(-weights.min()) or 1.0
    scaled = np.array([v / s for v, s in zip(u, scales, strict=True)])
    parts = list(_rows(game, scaled, coarse))
    owners = [i for i, _, _ in _constraints(game, coarse)]
    matrix = None
    if parts:
        ends = np.cumsum([0, *(len(at) for at, _ in parts)])
        values = -np.concatenate([gain for _, gain in parts])
        matrix = csr_array((values, np.concatenate([at for at, _ in parts]), ends), shape=(len(parts), weights.size))
    found = linprog(
        -weights.ravel() / size,
        A_ub=matrix,
        b_ub=None if matrix is None else np.zeros(len(parts)),
        A_eq=np.ones((1, weights.size)),
        b_eq=[1.0],
        method="highs",
    )
    if found.status != 0:
        raise CertificateError("correlated equilibrium", found.message, "an optimum; every finite game has one")
    p = np.maximum(found.x, 0.0)
    y = np.maximum(-found.ineqlin.marginals, 0.0) * size if parts else np.zeros(0)
    return p / p.sum(), y / np.array([scales[i] for i in owners])


def _by_player(game: Game, y: NDArray[Any], coarse: bool) -> tuple[NDArray[Any], ...]:
    """Prices as an array for each player."""
    zero = Fraction(0) if y.dtype == object else 0.0
    prices = tuple(np.full((m,) if coarse else (m, m), zero, dtype=y.dtype) for m in game.shape)
    for price, (i, told, other) in zip(y, _constraints(game, coarse), strict=True):
        prices[i][(other,) if coarse else (told, other)] = price
    return prices


def _floats(game: Game) -> NDArray[np.float64]:
    u = game.payoffs
    if not float(np.abs(u).max()) < LARGEST:
        raise PayoffError("payoffs", float(np.abs(u).max()), f"payoffs below {LARGEST:.0e}, or an exact game")
    return u


def _leads(game: Game) -> NDArray[np.float64]:
    """Payoffs less the best reply's, as floats: a constant in the payoffs does not round them off."""
    leads = [v - v.max(axis=i, keepdims=True) for i, v in enumerate(game.exact_payoffs)]
    return np.array(leads).astype(np.float64)


def _below_the_best(weights: NDArray[Any], exact: bool) -> tuple[Number, NDArray[Any]]:
    """The largest weight, and by how much the others fall short of it, negative: a constant decides nothing."""
    top = weights.max()
    lost = weights - top
    if exact:
        return top, lost
    try:
        return float(top), lost.astype(np.float64)
    except OverflowError as error:
        raise ParameterError("objective", "a weight beyond 1.8e308", "weights a float can hold") from error


def _weights(game: Game, objective: Any) -> NDArray[Any]:
    u = game.exact_payoffs
    if isinstance(objective, str) and objective == "welfare" and "welfare" not in game.players:
        return np.asarray(u.sum(axis=0))
    if isinstance(objective, str | int) and not isinstance(objective, bool):
        if isinstance(objective, str) and objective not in game.players:
            raise LabelError("objective", objective, ["welfare", *game.players])
        return np.asarray(u[game.player_index(objective)])
    expected = f"'welfare', a player, or weights of shape {game.shape}"
    try:
        given: NDArray[Any] = np.asarray(objective, dtype=object)
    except ValueError as error:  # ragged
        raise ParameterError("objective", objective, expected) from error
    if given.shape != game.shape:
        raise ParameterError("objective", f"shape {given.shape}", expected)
    exact: NDArray[Any] = np.empty(game.shape, dtype=object)
    for index in np.ndindex(*game.shape):
        exact[index] = to_fraction(given[index], "objective")
    return exact
