"""One Nash equilibrium of a game with any number of players: the limit of its logit branch.

Every limit point of logit quantal response equilibria, as precision grows, is a Nash equilibrium, and in almost every
game the principal branch has a single one (McKelvey and Palfrey 1995, theorems 2 and 3). So following the branch
(:mod:`detente.equilibrium.quantal.branch`) finds an equilibrium, and always the same one: a selection from all
equilibria that does not depend on the order of players or actions.

The limit is not approached, it is solved for. Far along the branch the probability of an action in the limit's support
stands still, d log p / d log λ → 0, while that of another falls at least like a power of λ. With the support, an
equilibrium is a solution of polynomial equations: all actions in a player's support earn the same, and probabilities
add up to one. Newton's method solves them from the branch's last point; the solution is taken if it is an equilibrium
of the whole game, so close to the branch that the remaining steps cannot lead elsewhere. If at most two players mix the
equations are linear and are solved in rational numbers; with more, a rational solution is recognised by its continued
fraction and checked exactly, and an irrational one stays in floating point.

Degenerate games need no special care. Where the limit lies in a continuum of equilibria, Newton's method with least
squares goes to the nearest one, a distance of the order of 1/λ. Where even that fails, a point of the branch itself is
an approximate equilibrium with a regret of at most (number of actions)/(e λ), and far enough out that is rounding.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import fmpq_mat
from numpy.typing import NDArray

from detente.budget import deadline
from detente.equilibrium.quantal.branch import BranchPoint, LogitCurve, Vector
from detente.equilibrium.result import Equilibrium, certified
from detente.errors import ParameterError, UnsupportedError
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.game.game import Game, Strategy

# The largest gain from a deviation, as a share of the player's range of payoffs, in an equilibrium found in floats.
REGRET = 1e-12
# Steps of the branch after which it is given up; random games take some dozens.
MAX_STEPS = 50_000
# An action is leaving the support if its probability falls faster than the first of these powers of λ; if it falls
# slower than the second, so not exponentially, it earns as much as the support in the limit.
LEAVING, TIED = -0.1, -3.0
# λ times the range of payoffs from which on slowly vanishing probabilities are taken for zeros, and from which on the
# branch itself is an equilibrium to within rounding.
FAR, FARTHEST = 1e9, 1e13
# In degenerate games rounding can grow with λ until steps get nowhere: beyond the first of these, that many steps
# without doubling λ are the end.
CLOUDED, STALLED = 1e6, 500


class Limit(NamedTuple):
    """The limit of the branch: probabilities of all actions one after the other, as Fractions too if they are known."""

    p: Vector
    exact: tuple[Strategy, ...] | None


def logit_equilibrium(game: Game, *, exact: bool | None = None, budget: float | None = None) -> Equilibrium:
    """The Nash equilibrium at the end of the logit branch that starts where everyone mixes evenly.

    Works for any number of players. Payoffs are taken as they are: multiplying only one player's by a constant changes
    the branch, and can change which equilibrium it leads to.

    Parameters
    ----------
    exact
        None: an exact game's equilibrium in Fractions with zero regret whenever its probabilities are known to be
        rational (always if at most two players mix), in floats otherwise; a float game's in floats. True: Fractions or
        an error. False: floats. In floats nobody gains more than 1e-12 of their range of payoffs by deviating.
    budget
        Seconds after which to give up.

    Raises
    ------
    ParameterError
        For a budget that is not a positive number, ``exact`` other than None, True, False, or what is not a Game.
    UnsupportedError
        If the budget is used up before the limit is reached, or ``exact=True`` and no rational equilibrium was found.

    Examples
    --------
    >>> print(logit_equilibrium(Game.symmetric([[9, 0], [8, 7]], actions=["Relax", "Restrict"])))
    (Restrict, Restrict)
    >>> three = Game([[[[0, 0], [1, 0]], [[0, 1], [0, 0]]]] * 3)
    >>> equilibrium = logit_equilibrium(three)
    >>> equilibrium.regret <= 1e-12
    True
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if exact is not None and not isinstance(exact, bool):
        raise ParameterError("exact", exact, "None, True or False")
    stop = deadline(budget)
    curve = LogitCurve(game)
    search = LimitSearch(game, curve)
    point = curve.start()
    for steps, point in enumerate(curve.follow()):
        limit = search.attempt(point)
        if limit is not None:
            return limit_equilibrium(game, curve, limit, exact)
        if stop() or steps >= MAX_STEPS:
            break
    else:  # rounding hides the rest of the branch, as it can in a degenerate game
        limit = search.attempt(point, last=True)
        if limit is not None:
            return limit_equilibrium(game, curve, limit, exact)
    raise unfinished(curve, point.t, budget, "its limit")


def unfinished(curve: LogitCurve, reached: float, budget: float | None, goal: str) -> UnsupportedError:
    """The error of a branch that was not followed far enough."""
    end = f"the branch was followed to precision {float(Fraction(reached) / curve.unit):.6g}, and not to {goal}"
    if budget is None:
        return UnsupportedError("game", "payoffs of very unequal size", f"a branch that floats can follow: {end}")
    return UnsupportedError("budget", budget, f"more time: {end}")


def limit_equilibrium(game: Game, curve: LogitCurve, limit: Limit, exact: bool | None) -> Equilibrium:
    """A limit as an equilibrium in the arithmetic asked for, with its certificate."""
    as_fractions = game.is_exact if exact is None else bool(exact)
    if as_fractions and limit.exact is not None:
        return certified(exact_version(game), limit.exact)
    if exact:
        raise UnsupportedError("exact", exact, "exact=None or False: the limit is not known to be rational")
    p = limit.p if limit.exact is None else np.array([float(q) for s in limit.exact for q in s])
    floats = tuple(tuple(p[s].tolist()) for s in curve.slices)
    # Regret on the reduced payoffs, which a large constant in the game's payoffs does not round off.
    return replace(certified(game, floats), regret=float(Fraction(float(regrets(curve, p).max())) * curve.unit))


def exact_version(game: Game) -> Game:
    """The game with payoffs as Fractions."""
    return game if game.is_exact else Game(game.exact_payoffs, players=game.players, actions=game.actions)  # type: ignore[arg-type]


def regrets(curve: LogitCurve, p: Vector) -> Vector:
    """What each player could gain by deviating from p, in the curve's units."""
    u = curve.payoffs(p)[0]
    return np.array([max(0.0, float(u[s].max() - p[s] @ u[s])) for s in curve.slices])


class LimitSearch:
    """Tells from points of the branch, in the order in which they come, when its limit is known."""

    def __init__(self, game: Game, curve: LogitCurve) -> None:
        self.game, self.curve = game, curve
        self._exact_game: Game | None = None
        self.ranges = curve.ranges
        self.least = float(min((r for r in self.ranges if r > 0), default=1.0))
        self._next_try = 10.0
        self._reached, self._steps = 0.0, 0

    def attempt(self, point: BranchPoint, last: bool = False) -> Limit | None:
        """The limit, if it can be told from this point; ``last``: there is no further one."""
        t, x, tangent = point.t, point.w[:-1], point.tangent
        if t == 0 and not self.ranges.any():
            everything = np.ones(len(x), dtype=bool)
            return self._solved(np.exp(x), everything, everything, last=True)
        self._steps += 1
        if t > 2 * self._reached:
            self._reached, self._steps = t, 0
        if self._steps == STALLED and t * self.least >= CLOUDED:
            last = True
        if not last and (t < self._next_try or tangent[-1] <= 0):
            return None
        self._next_try = 2 * t
        p = np.exp(x)
        support = t * tangent[:-1] >= LEAVING * abs(tangent[-1])
        tied = t * tangent[:-1] >= TIED * abs(tangent[-1])
        last = last or t * self.least >= FARTHEST
        far = last or t * self.least >= FAR
        # With λ p → 0 the actions outside the support no longer matter to anyone: near a limit like that there is no
        # other curve and no turning back. Where they die out more slowly, only λ itself can say how far we are.
        if not far and t * p[~support].sum() > 1e-3:
            return None
        polished, isolated = self._polished(p, support, tied)
        if polished is not None:
            moved = np.abs(polished - p)
            if moved.max() < (0.05 if last else 1e-3) and (
                far or (isolated and moved.max() < 1e-5 and (moved[support] < 1e-2 * p[support]).all())
            ):
                limit = self._solved(polished, support, tied, last)
                if limit is not None:
                    return limit
        return self._solved(p, support, tied, last) if last else None

    def _polished(self, p: Vector, support: NDArray[np.bool_], tied: NDArray[np.bool_]) -> tuple[Vector | None, bool]:
        """The nearest profile with this support in which tied actions earn the same, and whether it is isolated.

        None if it is no equilibrium.
        """
        curve, used, rows = self.curve, np.flatnonzero(support), np.flatnonzero(tied)
        n, k = len(curve.shape), len(used)
        owner = np.repeat(np.arange(n), curve.shape)
        member = (owner[:, None] == np.arange(n)).astype(np.float64)
        if (support @ member == 0).any():
            return None, False
        q = np.where(support, p, 0.0)
        value = (curve.payoffs(q)[0] * support) @ member / (support @ member)
        matrix = np.zeros((len(rows) + n, k + n))
        matrix[: len(rows), k:], matrix[len(rows) :, :k] = -member[rows], member[used].T
        for _ in range(30):
            u, derivative = curve.payoffs(q)
            matrix[: len(rows), :k] = derivative[np.ix_(rows, used)]
            gap = np.concatenate([u[rows] - value[owner[rows]], q @ member - 1.0])
            change, _, rank, _ = np.linalg.lstsq(matrix, -gap, rcond=1e-11)
            q[used] += change[:k]
            value += change[k:]
            if np.abs(change[:k]).max() < 1e-15:
                break
        if not (q[used] > 0).all():
            return None, False
        for s in curve.slices:
            q[s] /= q[s].sum()
        return (q if self._is_equilibrium(q) else None), bool(rank == k + n)

    def _is_equilibrium(self, p: Vector) -> bool:
        return bool((regrets(self.curve, p) <= REGRET * self.ranges).all())

    def _solved(self, p: Vector, support: NDArray[np.bool_], tied: NDArray[np.bool_], last: bool) -> Limit | None:
        """The limit near p, exact if possible; floats are not settled for as long as an exact one must turn up."""
        supports = [np.flatnonzero(support[s]).tolist() for s in self.curve.slices]
        few = sum(len(s) > 1 for s in supports) <= 2
        parts = [p[s].tolist() for s in self.curve.slices]
        if self._exact_game is None:
            self._exact_game = exact_version(self.game)
        ties = [np.flatnonzero(tied[s]).tolist() for s in self.curve.slices]
        found = [_linear(self._exact_game, parts, supports, ties)] if few else []
        for profile in [*found, [_recognised(q) for q in parts]]:
            if profile is None or any(min(s) < 0 for s in profile):
                continue
            distance = max(
                abs(float(q) - r) for s, part in zip(profile, parts, strict=True) for q, r in zip(s, part, strict=True)
            )
            if distance < 1e-6 and self._exact_game.regret(profile) == 0:
                return Limit(p, tuple(tuple(s) for s in profile))
        if last or not (few and self.game.is_exact):
            return Limit(p, None) if self._is_equilibrium(p) else None
        return None


def _recognised(p: list[float]) -> list[Fraction]:
    """The simplest fractions that a float can stand for, the likeliest action's made to complete the sum."""
    q = [Fraction(x).limit_denominator(1000) for x in p]
    if max(abs(float(a) - x) for a, x in zip(q, p, strict=True)) > 1e-9:
        q = [Fraction(x).limit_denominator(1_000_000) for x in p]
    top = p.index(max(p))
    q[top] += 1 - sum(q, Fraction(0))
    return q


def _linear(
    game: Game, p: list[list[float]], supports: list[list[int]], ties: list[list[int]]
) -> list[list[Fraction]] | None:
    """The rational solution nearest to p of the equations of equilibrium, if at most two players mix."""
    mixing = [i for i, s in enumerate(supports) if len(s) > 1]
    profile = [[Fraction(int(a in s)) for a in range(m)] for s, m in zip(supports, game.shape, strict=True)]
    solved: dict[int, list[Fraction]] = {}
    for j in mixing:
        rows: list[list[Fraction]] = []
        for i in range(game.n_players):
            if i != j and {i, j}.issuperset(mixing):  # player j's mixture makes player i indifferent
                at = [s[:1] for s in supports]
                at[i], at[j] = [supports[i][0], *ties[i]], supports[j]
                u = np.moveaxis(game.exact_payoffs[i][np.ix_(*at)], (i, j), (0, 1)).reshape(len(at[i]), len(at[j]))
                rows += [[*(row - u[0]), Fraction(0)] for row in u[1:]]
        rows.append([Fraction(1)] * (len(supports[j]) + 1))
        solution = _nearest_solution(rows, [p[j][b] for b in supports[j]])
        if solution is None:
            return None
        solved[j] = solution
    for j, solution in solved.items():
        for b, q in zip(supports[j], solution, strict=True):
            profile[j][b] = q
    return profile


def _nearest_solution(rows: list[list[Fraction]], near: list[float]) -> list[Fraction] | None:
    """A solution of linear equations (last column: the right side), its free variables taken from ``near``."""
    width = len(near)
    reduced, rank = fmpq_mat(len(rows), width + 1, [to_fmpq(x) for row in rows for x in row]).rref()
    echelon = [[from_fmpq(reduced[r, c]) for c in range(width + 1)] for r in range(rank)]
    pivots = [next(c for c, x in enumerate(row) if x) for row in echelon]
    if width in pivots:
        return None
    x = _recognised_each(near)
    for row, pivot in zip(echelon, pivots, strict=True):
        x[pivot] = row[width] - sum((row[c] * x[c] for c in range(width) if c not in pivots), Fraction(0))
    return x


def _recognised_each(near: list[float]) -> list[Fraction]:
    simple = [Fraction(x).limit_denominator(1000) for x in near]
    return [s if abs(float(s) - x) < 1e-7 else Fraction(x) for s, x in zip(simple, near, strict=True)]
