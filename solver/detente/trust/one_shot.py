"""Trust in a single round, and the basin of distrust of the repeated game."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import ParameterError, UnsupportedError
from detente.exact.intervals import IntervalSet
from detente.exact.polynomial import polynomial
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_nonnegative
from detente.game.game import Game
from detente.game.ordinal import trps
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import UNIT_INTERVAL
from detente.trust.types.partner_types import is_noisy, require_two_players


def belief_threshold(game: Game, player: Any, action: Any = 0) -> Region:
    """The beliefs at which ``action`` (by default the first: relaxing) is a best reply in the one-shot game.

    The belief is the probability that the partner plays their first of two actions. In a stag hunt the set is
    [p*, 1] with p* = (P−S)/((P−S)+(R−T)), in chicken [0, p*], in a prisoner's dilemma empty (Harsanyi and Selten
    1988, section 3.9; Kydd 2005, chapter 2).

    Raises
    ------
    UnsupportedError
        If there are not two players, or the partner does not have two actions.

    Examples
    --------
    >>> stag = Game.symmetric([[4, 0], [3, 2]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> belief_threshold(stag, "US").intervals
    ([2/3, 1],)
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    i = game.player_index(player)
    if game.n_players != 2 or game.shape[1 - i] != 2:
        raise UnsupportedError("game", f"shape {game.shape}", "two players, and a partner with two actions")
    chosen = game.action_index(i, action)
    u = game.exact_payoffs[i]
    if i == 1:
        u = u.T
    constraints: list[tuple[Constraint, IntervalSet]] = []
    for other in range(game.shape[i]):
        if other != chosen:
            against_first, against_second = u[chosen, 0] - u[other, 0], u[chosen, 1] - u[other, 1]
            slack = polynomial([against_second, against_first - against_second])
            named = Constraint(game.players[i], None, game.actions[i][other])
            constraints.append((named, where_nonnegative(slack, UNIT_INTERVAL)))
    check = _BestReply(game, i, chosen)
    claim = f"Playing {game.actions[i][chosen]} is a best reply for {game.players[i]}"
    return region_of("belief", claim, UNIT_INTERVAL, constraints, check.holds, check.slack)


@dataclass(frozen=True)
class _BestReply:
    """Whether an action is a best reply at a belief, and what each other one loses, from the definition."""

    game: Game
    player: int
    action: int

    def holds(self, p: Fraction) -> bool:
        earned = self._earned(p)
        return earned[self.action] == max(earned)

    def slack(self, constraint: Constraint, p: Fraction) -> Fraction | None:
        labels = self.game.actions[self.player]
        if constraint.player != self.game.players[self.player] or constraint.deviation not in labels:
            return None
        earned = self._earned(p)
        return earned[self.action] - earned[labels.index(constraint.deviation)]

    def _earned(self, p: Fraction) -> list[Fraction]:
        u = self.game.exact_payoffs[self.player]
        return [p * row[0] + (1 - p) * row[1] for row in (u.T if self.player == 1 else u).tolist()]


def basin_of_distrust(rg: RepeatedGame, player: Any) -> Fraction:
    """SizeBAD: the size of the basin of attraction of always-restrict against grim trigger.

    In the reduced game between the two strategies: the share of beliefs (probabilities of meeting grim trigger) at
    which always-restrict is a best reply for ``player``. Grim is risk dominant iff it is below 1/2. Where grim trigger
    is an equilibrium it equals the least trust that grim needs, ``trust_region(rg, grim, player=…).least``. Dal Bó and
    Fréchette (2011), *American Economic Review* 101, 411–429; Blonski, Ockenfels and Spagnolo (2011), *American
    Economic Journal: Microeconomics* 3.

    Raises
    ------
    UnsupportedError
        For games other than 2×2, and under noise: the reduced game takes acts to be seen.

    Examples
    --------
    >>> pd = Game.symmetric([[40, 12], [50, 25]])
    >>> basin_of_distrust(RepeatedGame(pd, "3/4"), 0)
    Fraction(13, 48)
    """
    require_two_players(rg)
    if is_noisy(rg):
        raise UnsupportedError("monitoring", rg.monitoring, "perfect(): SizeBAD takes acts to be seen")
    i = rg.game.player_index(player)
    T, R, P, S = trps(rg.game.exact_payoffs, i)
    beta = rg.effective_discount[i]
    # What always-restrict gains over grim against always-restrict, and loses against grim
    gain = P - ((1 - beta) * S + beta * P)
    loss = R - ((1 - beta) * T + beta * P)
    distrustful = where_nonnegative(polynomial([gain, -(gain + loss)]), UNIT_INTERVAL)
    return sum((Fraction(b.hi) - Fraction(b.lo) for b in distrustful), Fraction(0))  # type: ignore[arg-type]
