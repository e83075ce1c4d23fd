"""One equilibrium of a game, exactly.

Floating point proposes and exact arithmetic disposes. Lemke and Howson's path
(:mod:`detente.equilibrium.bimatrix.lemke_howson`) or a linear programme (:mod:`detente.equilibrium.bimatrix.zero_sum`)
ends at two bases: for each player the actions in use and as many actions of the opponent that are best replies. These
determine both strategies by linear systems, which are solved in integers (p-adic lifting, Dixon 1982, in FLINT); the
answer is kept iff no deviation gains anything, exactly. Only the payoffs in the rows and columns in use are read
exactly, so this is cheap in large games with small supports. If the check fails, the same path is followed in
integers, where it always ends at an equilibrium.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import inf, lcm
from numbers import Integral
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from detente.equilibrium.nash import deadline, positive_integers
from detente.equilibrium.pure import pure_equilibria
from detente.equilibrium.result import FLOAT_REGRET, Equilibrium
from detente.errors import CertificateError, LabelError, ParameterError, PayoffError, UnsupportedError
from detente.exact.rational import to_fraction
from detente.game.game import Game, Strategy

METHODS = ("auto", "lemke-howson", "zero-sum", "pure", "logit")
# Up to this many actions in all, exact pivoting takes less than loading SciPy or the compiled kernel would.
SMALL = 24
# A float game whose equilibrium uses more actions than this gets it in floats, its regret checked, unless exact=True.
LARGE_SUPPORT = 300
# A zero-sum game with at most so many payoffs has the simplex method in Fractions to fall back on.
FRACTIONS_SIMPLEX = 1600
# Below this share of the payoffs' size their range is computed exactly, lest rounding errors matter.
NARROW = 1e-3

Arrays = tuple[NDArray[np.float64], NDArray[np.float64]]


def solve_one(
    game: Game,
    method: str = "auto",
    *,
    initial_label: int | tuple[Any, Any] | None = None,
    exact: bool | None = None,
    budget: float | None = None,
) -> Equilibrium:
    """One Nash equilibrium, also of games much too large to find all.

    Parameters
    ----------
    method
        ``"lemke-howson"``: two players. ``"zero-sum"``: two players whose payoffs add up to a constant, or would after
        changes that affect no best reply. ``"pure"``: the first pure equilibrium. ``"logit"``: any number of players,
        by the logit quantal response. ``"auto"``: for two players ``"zero-sum"`` if it applies and no label is given,
        else ``"lemke-howson"``; ``"pure"`` for one player and ``"logit"`` for more than two.
    initial_label
        For Lemke–Howson, the label dropped first: an index, the row player's actions first, or a pair (player,
        action). Different labels may lead to different equilibria, some on very long paths. None: labels are tried in
        turn, so that a short path is found. The other methods ignore it.
    exact
        None: strategies in the game's own arithmetic, a float game's computed exactly or, where that costs too much,
        with a regret of at most 1e-9 of the payoff range. True: Fractions. False: floats.
    budget
        Seconds after which the search is given up. An exact solution of a linear system is not interrupted.

    Raises
    ------
    LabelError
        For an unknown method, player or action.
    ParameterError
        For a label that the game has not, a budget that is not a positive number, or ``exact`` other than None, True,
        False.
    UnsupportedError
        For a method that does not apply to the game (such as "pure" if there is no pure equilibrium), and if the budget
        is used up.

    Examples
    --------
    >>> chicken = Game.symmetric([[3, 1], [4, 0]], actions=["Swerve", "Straight"])
    >>> solve_one(chicken)
    (Swerve, Straight)
    >>> solve_one(chicken, initial_label=("Player 2", "Swerve"))
    (Straight, Swerve)
    >>> solve_one(Game.bimatrix([[2, -1], [-1, 1]], [[-2, 1], [1, -1]])).strategies[0]
    (Fraction(2, 5), Fraction(3, 5))
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if method not in METHODS:
        raise LabelError("method", method, METHODS)
    if exact is not None and not isinstance(exact, bool):
        raise ParameterError("exact", exact, "None, True or False")
    stop = deadline(budget)
    label = None if initial_label is None else _label(game, initial_label)
    if method == "auto" and game.n_players != 2:
        method = "pure" if game.n_players == 1 else "logit"
    if method == "logit":  # hook: the module of the logit correspondence
        from detente.equilibrium.quantal.limit import logit_equilibrium

        return logit_equilibrium(game, exact=exact, budget=budget)
    as_fractions = game.is_exact if exact is None else exact
    if method == "pure":
        return _pure(game, as_fractions)
    if game.n_players != 2:
        raise UnsupportedError("method", method, "a two-player game, or method='pure' or 'logit'")
    search = _Search(game, as_fractions, exact is None and not game.is_exact, budget, stop)
    if method == "zero-sum" or (method == "auto" and label is None):
        from detente.equilibrium.bimatrix.zero_sum import zero_sum_ratio

        ratio = zero_sum_ratio(game)
        if ratio is not None:
            return search.zero_sum(ratio)
        if method == "zero-sum":
            raise UnsupportedError("method", method, "a constant-sum game, or one strategically equivalent to such")
    return search.lemke_howson(label)


class _Search:
    """The search for one equilibrium of a two-player game."""

    def __init__(
        self, game: Game, as_fractions: bool, may_round: bool, budget: float | None, stop: Callable[[], bool]
    ) -> None:
        self.game, self.as_fractions, self.may_round = game, as_fractions, may_round
        self.budget, self.stop = budget, stop

    def lemke_howson(self, label: int | None) -> Equilibrium:
        from detente.equilibrium.bimatrix.lemke_howson import float_path, integer_path, shortest_float_path

        if sum(self.game.shape) > SMALL:
            A, B = unit_payoffs(self.game)
            if label is None:
                tracked = shortest_float_path(A, B, self.stop)
            else:
                tracked = float_path(A, B, label, self.stop)
            found = None if tracked.bases is None else self.from_bases((A, B), tracked.bases)
            if found is not None:
                return found
            self._within_budget(f"{tracked.pivots} pivots in floating point reached no equilibrium")
        rows, columns = (positive_integers(u.tolist()) for u in self.game.exact_payoffs)
        tracked = integer_path(rows, columns, label or 0, self.stop)
        if tracked.bases is None:
            self._within_budget(f"{tracked.pivots} pivots in integers from label {label or 0} reached no equilibrium")
        return _proven(self.exactly(tracked.bases), tracked.bases)

    def zero_sum(self, ratio: Fraction) -> Equilibrium:
        from detente.equilibrium.bimatrix.zero_sum import zero_sum_bases, zero_sum_strategies

        m, n = self.game.shape
        if m + n > SMALL:
            payoffs = unit_payoffs(self.game)
            bases = zero_sum_bases(*payoffs, inf if self.budget is None else self.budget)
            found = None if bases is None else self.from_bases(payoffs, bases)
            if found is not None:
                return found
            self._within_budget("the linear programme was not solved exactly")
            if m * n > FRACTIONS_SIMPLEX:
                return self.lemke_howson(None)
        x, y = (_integers(s) for s in zero_sum_strategies(self.game, ratio))
        return _proven(certified_weights(self.game, x, y, self.as_fractions), (x, y))

    def from_bases(self, payoffs: Arrays, bases: Any) -> Equilibrium | None:
        """The equilibrium that the bases determine: exactly, or with a checked regret where that will do."""
        large = max(len(coordinates) for coordinates, _ in bases) > LARGE_SUPPORT
        found = None if self.may_round and large else self.exactly(bases)
        return rounded(self.game, payoffs, bases) if found is None and self.may_round else found

    def exactly(self, bases: Any) -> Equilibrium | None:
        solved = exact_weights(self.game, bases)
        return None if solved is None else certified_weights(self.game, *solved, self.as_fractions)

    def _within_budget(self, done: str) -> None:
        if self.stop():
            raise UnsupportedError("budget", self.budget, f"more seconds: {done}")


def unit_payoffs(game: Game) -> Arrays:
    """Both players' payoffs mapped to [1, 2] by positive affine maps.

    >>> unit_payoffs(Game.bimatrix([[7, 5]], [[4, 4]]))
    (array([[2., 1.]]), array([[1., 1.]]))
    """
    first, second = (_unit(game, player) for player in range(2))
    return first, second


def _unit(game: Game, player: int) -> NDArray[np.float64]:
    try:
        u = game.payoffs[player]
        size = float(np.abs(u).max())
        if size == 0:
            return np.ones(game.shape)
        u = u / size
        if np.ptp(u) > NARROW:
            return np.asarray((u - u.min()) / np.ptp(u) + 1.0)
    except PayoffError:  # beyond the range of floats
        pass
    exact: Any = game.exact_payoffs[player]
    spread = exact.max() - exact.min()
    return np.asarray((exact - exact.min()) / (spread or 1), dtype=np.float64) + 1.0


# --- exact solution and certificate -----------------------------------------------------------------------------------


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
        used = [k for k, w in enumerate(other) if w]
        everything = list(range(game.shape[player]))
        block, scale = exact_block(game, player, *((everything, used) if player == 0 else (used, everything)))
        table = fmpz_mat(block) if player == 0 else fmpz_mat(block).transpose()
        earned = [int(e) for e in (table * fmpz_mat([[other[k]] for k in used])).entries()]
        best = max(earned)
        if any(w and e != best for w, e in zip(own, earned, strict=True)):
            return None
        payoffs.append(Fraction(best, scale * sum(other)))
        strict = strict and earned.count(best) == 1
    totals = sum(x), sum(y)
    if as_fractions:
        exact = tuple(tuple(Fraction(w, t) for w in s) for s, t in zip((x, y), totals, strict=True))
        return Equilibrium(exact, tuple(payoffs), Fraction(0), strict, game.actions)
    strategies = tuple(tuple(w / t for w in s) for s, t in zip((x, y), totals, strict=True))
    return Equilibrium(strategies, tuple(map(float, payoffs)), game.regret(strategies), strict, game.actions)


def exact_block(game: Game, player: int, rows: Sequence[int], columns: Sequence[int]) -> tuple[list[list[int]], int]:
    """A player's payoffs in some rows and columns, as integers over one denominator.

    >>> exact_block(Game.bimatrix([[0.5, 1, 0.25]], [[1, 2, 3]]), 0, [0], [0, 2])
    ([[50, 25]], 100)
    """
    if game.is_exact:
        entries = game.restrict({0: rows, 1: columns}).exact_payoffs[player].ravel().tolist()
        scale = lcm(*{q.denominator for q in entries})
        flat = [q.numerator * (scale // q.denominator) for q in entries]
    else:
        decimals = [Decimal(repr(u)) for u in game.payoffs[player][np.ix_(rows, columns)].ravel().tolist()]
        digits = max(0, -min(int(d.as_tuple().exponent) for d in decimals))
        scale = 10**digits
        flat = [int(d.scaleb(digits)) for d in decimals]
    width = len(columns)
    return [flat[k : k + width] for k in range(0, len(flat), width)], scale


def rounded(game: Game, payoffs: Arrays, bases: Any) -> Equilibrium | None:
    """The profile that the bases determine, in floats; None if a deviation gains more than 1e-9 of a payoff range.

    >>> game = Game.bimatrix([[3.0, 0], [0, 1]], [[0.0, 1], [1, 0]])
    >>> rounded(game, unit_payoffs(game), (([0, 1], [0, 1]), ([0, 1], [0, 1]))).regret <= 1e-15
    True
    """
    profile = []
    for player, (coordinates, binding) in enumerate(bases):
        table = payoffs[1].T if player == 0 else payoffs[0]
        try:
            solution = np.linalg.solve(table[np.ix_(binding, coordinates)], np.ones(len(binding)))
        except np.linalg.LinAlgError:
            return None
        s = np.zeros(game.shape[player])
        s[coordinates] = np.maximum(solution, 0.0)
        if not s.sum() > 0:
            return None
        profile.append(s / s.sum())
    x, y = profile
    gaps = [
        (table @ other).max() - own @ table @ other for table, own, other in ((payoffs[0], x, y), (payoffs[1].T, y, x))
    ]
    if not max(gaps) <= FLOAT_REGRET:
        return None
    strategies: tuple[Strategy, ...] = tuple(tuple(s.tolist()) for s in profile)
    return Equilibrium(strategies, game.payoff(strategies), game.regret(strategies), False, game.actions)


# --- small things -----------------------------------------------------------------------------------------------------


def _label(game: Game, label: Any) -> int:
    """A label as an index: the row player's actions first, then the column player's."""
    if isinstance(label, tuple) and len(label) == 2:
        player = game.player_index(label[0])
        return sum(game.shape[:player]) + game.action_index(player, label[1])
    total = sum(game.shape)
    if isinstance(label, bool) or not isinstance(label, Integral) or not 0 <= int(label) < total:
        raise ParameterError("initial_label", label, f"an index from 0 to {total - 1}, or a pair (player, action)")
    return int(label)


def _pure(game: Game, as_fractions: bool) -> Equilibrium:
    found = pure_equilibria(game)
    if not found:
        raise UnsupportedError("method", "pure", "a game with a pure equilibrium; this one has none")
    number: Callable[[Any], Any] = to_fraction if as_fractions else float
    return replace(
        found[0],
        strategies=tuple(tuple(number(p) for p in s) for s in found[0].strategies),
        payoffs=tuple(number(u) for u in found[0].payoffs),
        regret=number(found[0].regret),
    )


def _proven(found: Equilibrium | None, claim: Any) -> Equilibrium:
    if found is None:
        raise CertificateError("equilibrium", claim, "no gain from deviating; this is a fault of the solver")
    return found


def _integers(strategy: Sequence[Fraction]) -> list[int]:
    scale = lcm(*(p.denominator for p in strategy))
    return [int(p * scale) for p in strategy]
