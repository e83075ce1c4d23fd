"""One equilibrium of a game, exactly.

Floating point proposes and exact arithmetic disposes. Lemke and Howson's path
(:mod:`detente.equilibrium.bimatrix.lemke_howson`) or a linear programme (:mod:`detente.equilibrium.bimatrix.zero_sum`)
ends at two bases: for each player the actions in use and as many actions of the opponent that are best replies. These
determine both strategies by linear systems, which are solved in integers; the answer is kept iff no deviation gains
anything, exactly (:mod:`detente.equilibrium.bimatrix.exact_profile`). This is cheap in large games with small supports.
If the check fails, the same path is followed in integers, where it always ends at an equilibrium.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import inf, lcm
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.budget import deadline
from detente.equilibrium.bimatrix.exact_profile import certified_weights, exact_block, exact_weights, float_regret
from detente.equilibrium.bimatrix.integer_path import integer_path
from detente.equilibrium.bimatrix.integer_payoffs import integer_payoffs, positive
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
    if not isinstance(method, str) or method not in METHODS:
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
        if sum(self.game.shape) > SMALL:
            from detente.equilibrium.bimatrix.lemke_howson import float_path, shortest_float_path

            A, B = unit_payoffs(self.game)
            if label is None:
                tracked = shortest_float_path(A, B, self.stop)
            else:
                tracked = float_path(A, B, label, self.stop)
            found = None if tracked.bases is None else self.from_bases((A, B), tracked.bases)
            if found is not None:
                return found
            self._within_budget(f"{tracked.pivots} pivots in floating point reached no equilibrium")
        rows, columns = (positive(integer_payoffs(self.game, player)[0]) for player in range(2))
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
    integers, _ = exact_block(game, player, *map(range, game.shape))
    low, high = min(map(min, integers)), max(map(max, integers))
    spread = high - low or 1
    return np.array([[(w - low) / spread for w in row] for row in integers]) + 1.0


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
    earned = tuple(float(x @ u @ y) for u in game.payoffs)
    return Equilibrium(strategies, earned, float_regret(game, strategies), False, game.actions)


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
