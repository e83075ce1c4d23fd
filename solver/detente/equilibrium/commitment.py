"""Commitment: what a leader earns who moves first and is believed.

The follower sees the leader's action, or mixture, and best-responds; where several replies are best, the one that the
leader prefers (the strong Stackelberg equilibrium; von Stackelberg 1934; von Stengel and Zamir 2010, *Games and
Economic Behavior* 69). The best mixture is found by one linear programme for each reply of the follower (Conitzer and
Sandholm 2006, *EC'06*, section 3), here in exact arithmetic; a mixture never earns less than the best pure commitment
or the leader's best equilibrium.

With payoffs a (leader) and b (follower), reply k is a best one to the mixture p iff Σ_r p_r (b_rj − b_rk) ≤ 0 for every
other reply j. Prices λ ≥ 0 on these constraints prove that no mixture with reply k earns more than v if
a_rk − Σ_j λ_j (b_rj − b_rk) ≤ v in every row r. Such prices for every reply are the certificate of optimality: the dual
solutions, and for replies that are never best, those of Farkas' lemma.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.large_programme import optimum, sparse
from detente.exact.matrix_game import solve_matrix_game
from detente.game.game import Game, Number, Strategy

FLOAT_TOLERANCE = 1e-9  # relative to the payoff range
# A payoff as a float differs from the exact one by this share of its size at most.
ROUNDING = Fraction(1, 1 << 50)

Prices = tuple[Fraction, ...]


@dataclass(frozen=True)
class Commitment:
    """The ``leader``'s optimal commitment, the follower's ``reply`` (an action's name), and both payoffs.

    ``prices`` prove that no mixture earns more: for each reply of the follower one price for each other. They are empty
    for a pure commitment, whose proof is to try all actions.
    """

    game: Game
    leader: Any
    strategy: Strategy
    reply: Any
    payoffs: tuple[Number, ...]
    mixed: bool
    prices: tuple[Prices, ...] = field(repr=False)

    def verify(self) -> None:
        """Check the reply, the payoffs and that nothing earns more; a :class:`CertificateError` if one fails."""
        i = self.game.player_index(self.leader)
        own, other = (v.tolist() for v in _leaders_view(self.game, i))
        p = [Fraction(x) for x in self.strategy]
        reply = self.game.action_index(1 - i, self.reply)
        exact = self.game.is_exact
        tolerance, rounding = (Fraction(0), Fraction(0)) if exact else (Fraction(FLOAT_TOLERANCE), ROUNDING)
        slack = tolerance * (self.game.exact_payoffs.max() - self.game.exact_payoffs.min())
        total = sum(p, Fraction(0))
        if min(p) < 0 or abs(total - 1) > tolerance:
            raise CertificateError("commitment", self.strategy, "probabilities")
        p = [x / total for x in p]
        earned = [sum((x * row[k] for x, row in zip(p, other, strict=True)), Fraction(0)) for k in range(len(other[0]))]
        if max(earned) - earned[reply] > slack:
            raise CertificateError("commitment", self.reply, "a best reply to the commitment")
        value = sum((x * row[reply] for x, row in zip(p, own, strict=True)), Fraction(0))
        for claimed, paid in ((self.payoffs[i], value), (self.payoffs[1 - i], earned[reply])):
            if abs(Fraction(claimed) - paid) > slack + rounding * abs(paid):
                raise CertificateError("commitment", self.payoffs, "the payoffs of the commitment and its reply")
        limit = self._limit(own, other)
        if value < limit - slack:
            raise CertificateError("commitment", value, f"the best commitment; up to {limit} is possible")

    def _limit(self, own: list[list[Fraction]], other: list[list[Fraction]]) -> Fraction:
        """The most that any commitment can earn, by trying all actions or by the prices."""
        if not self.mixed:
            ties = [[y == max(rival) for y in rival] for rival in other]
            return max(x for row, tie in zip(own, ties, strict=True) for x, t in zip(row, tie, strict=True) if t)
        replies = range(len(own[0]))
        if len(self.prices) != len(replies) or any(price < 0 for prices in self.prices for price in prices):
            raise CertificateError("commitment", self.prices, "a non-negative price for every pair of replies")
        return max(
            row[k] - sum((price * (rival[j] - rival[k]) for j, price in enumerate(prices) if price), Fraction(0))
            for k, prices in enumerate(self.prices)
            for row, rival in zip(own, other, strict=True)
        )


def commitment(game: Game, leader: Any, mixed: bool = False) -> Commitment:
    """The leader's best commitment in a two-player game, pure or mixed; exact in an exact game.

    Parameters
    ----------
    leader
        Who commits: a player's name or index. The follower's ties are broken in the leader's favour.
    mixed
        Whether the leader can commit to a mixture.

    Raises
    ------
    UnsupportedError, LabelError, ParameterError
        If there are not two players, for an unknown leader, and ``mixed`` that is neither True nor False.

    Examples
    --------
    >>> chicken = Game.symmetric([[6, 2], [7, 0]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> first = commitment(chicken, "US")
    >>> first.strategy, first.reply, first.payoffs
    ((Fraction(0, 1), Fraction(1, 1)), 'Relax', (Fraction(7, 1), Fraction(2, 1)))
    >>> inspection = Game.bimatrix([[2, 4], [1, 3]], [[1, 0], [0, 1]])
    >>> commitment(inspection, 0).payoffs[0], commitment(inspection, 0, mixed=True).payoffs[0]
    (Fraction(3, 1), Fraction(7, 2))
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "two players: a leader and a follower")
    if not isinstance(mixed, bool):
        raise ParameterError("mixed", mixed, "True or False")
    i = game.player_index(leader)
    own, other = _leaders_view(game, i)
    strategy, reply, prices = _best_mixture(own, other) if mixed else (*_best_action(own, other), ())
    label = game.actions[1 - i][reply]
    earned = [sum((p * v[r, reply] for r, p in enumerate(strategy)), Fraction(0)) for v in (own, other)]
    both = (earned[i], earned[1 - i])
    name = game.players[i]
    if not game.is_exact:
        return Commitment(game, name, tuple(map(float, strategy)), label, tuple(map(float, both)), mixed, prices)
    return Commitment(game, name, strategy, label, both, mixed, prices)


def _leaders_view(game: Game, leader: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Exact payoffs of leader and follower; rows: the leader's actions."""
    u = game.exact_payoffs if leader == 0 else game.exact_payoffs.transpose(0, 2, 1)
    return u[leader], u[1 - leader]


def _best_action(own: NDArray[Any], other: NDArray[Any]) -> tuple[tuple[Fraction, ...], int]:
    """The leader's best action, as a strategy, and the reply."""
    ties = np.equal(other, other.max(axis=1, keepdims=True)).astype(bool)
    best = max(own[ties])
    row, reply = np.argwhere(ties & np.equal(own, best).astype(bool))[0].tolist()
    return tuple(Fraction(int(r == row)) for r in range(len(own))), reply


def _best_mixture(own: NDArray[Any], other: NDArray[Any]) -> tuple[tuple[Fraction, ...], int, tuple[Prices, ...]]:
    """The best mixture, the reply, and the prices for every reply."""
    m, n = own.shape
    # The best action is a start: a reply under which no action earns more needs no programme, and prices of zero.
    strategy, reply = _best_action(own, other)
    value = own[strategy.index(1), reply]
    prices: list[Prices | None] = [None] * n
    for k in sorted(range(n), key=lambda k: (-max(own[:, k]), k)):
        rivals = [j for j in range(n) if j != k]
        if max(own[:, k]) <= value:
            prices[k] = (Fraction(0),) * n
            continue
        leads = [sparse(other[:, j] - other[:, k]) for j in rivals]
        everything = dict.fromkeys(range(m), Fraction(1))
        found = optimum(own[:, k].tolist(), leads, [Fraction(0)] * len(leads), [everything], [Fraction(1)])
        if found.status == "optimal":
            prices[k] = _around(found.dual[: len(leads)], k)
            if found.value > value:
                strategy, reply, value = found.x, k, found.value
    for k, known in enumerate(prices):
        if known is None:  # reply k is never best: some mixture of the others always does better
            advantage = [(other[:, j] - other[:, k]).tolist() for j in range(n) if j != k]
            game = solve_matrix_game(advantage)
            factor = max(Fraction(0), max(own[:, k]) - value) / game.value
            prices[k] = _around([factor * x for x in game.row], k)
    return strategy, reply, tuple(known for known in prices if known is not None)


def _around(prices: Any, k: int) -> Prices:
    """With a zero put in at position k."""
    return (*prices[:k], Fraction(0), *prices[k:])
