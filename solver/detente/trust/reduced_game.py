"""The repeated game reduced to two strategies, keeping grim trigger or always restricting, and what it measures.

Three numbers from the experimental literature are read off the 2×2 game of normalised average values between these
strategies. All are special cases of what the package computes for any agreement and any opportunist:

* *SizeBAD*, the share of beliefs at which always-restrict is a best reply (Dal Bó and Fréchette 2011, *American
  Economic Review* 101; 2018, *Journal of Economic Literature* 56), is the belief threshold of the reduced game and,
  where grim trigger is an equilibrium, the least trust that it needs.
* Grim trigger *risk-dominates* always-restrict (Harsanyi and Selten 1988) where the product of what the players lose
  by leaving it alone is larger than the product of what they lose by leaving always-restrict alone.
* In a symmetric dilemma that is so above the discount factor of Blonski, Ockenfels and Spagnolo (2011, *American
  Economic Journal: Microeconomics* 3), (T − R + P − S)/(T − S): where SizeBAD falls below one half.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from detente.errors import UnsupportedError
from detente.exact.intervals import IntervalSet
from detente.exact.polynomial import ONE, Poly, X, constant
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_positive
from detente.game.game import Game
from detente.game.ordinal import trps
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import HALF_OPEN
from detente.trust.types.partner_types import is_noisy, require_two_players

STRATEGIES = ("grim trigger", "always restrict")


def reduced_game(rg: RepeatedGame) -> Game:
    """The 2×2 game between grim trigger and always-restrict, in normalised average values; exact.

    Raises
    ------
    UnsupportedError
        For stage games other than 2×2, and under noise.

    Examples
    --------
    >>> pd = Game.symmetric([[40, 12], [50, 25]])
    >>> reduced = reduced_game(RepeatedGame(pd, "3/4"))
    >>> reduced.payoff(("grim trigger", "always restrict"))
    (Fraction(87, 4), Fraction(125, 4))
    """
    rows = []
    for i in range(2):
        T, R, P, S = _outcomes(rg, i)
        beta = rg.effective_discount[i]
        first, second = (1 - beta) * S + beta * P, (1 - beta) * T + beta * P
        rows.append([[R, first], [second, P]] if i == 0 else [[R, second], [first, P]])
    name = f"{rg.game.name}, reduced" if rg.game.name else "reduced game"
    return Game.bimatrix(*rows, players=rg.game.players, actions=STRATEGIES, name=name)


def risk_dominance_region(rg: RepeatedGame) -> Region:
    """The common discount factors at which grim trigger risk-dominates always-restrict, exactly.

    The breakdown hazard is the repeated game's. At the lower end the two tie, so it is not included.

    Raises
    ------
    UnsupportedError
        For stage games other than 2×2, under noise, and where mutual restriction is no strict equilibrium (P ≤ S for a
        player): then there are no two strict equilibria to compare.

    Examples
    --------
    >>> pd = Game.symmetric([[40, 12], [50, 25]])
    >>> risk_dominance_region(RepeatedGame(pd, 0)).intervals
    ((23/38, 1),)
    """
    require_two_players(rg)
    survival = constant(1 - rg.breakdown)
    beta = X * survival
    keeping, leaving = ONE, ONE
    constraints: list[tuple[Constraint, IntervalSet]] = []
    for i, player in enumerate(rg.game.players):
        T, R, P, S = _outcomes(rg, i)
        if P <= S:
            raise UnsupportedError("game", f"P = {P}, S = {S} for {player}", "P > S: mutual restriction strict")
        lost: Poly = constant(R - T) + beta * constant(T - P)  # by leaving grim trigger alone
        keeping, leaving = keeping * lost, leaving * (ONE - beta) * constant(P - S)
        constraints.append((Constraint(player, None, "always restrict"), where_positive(lost, HALF_OPEN)))
    both = where_positive(keeping - leaving, HALF_OPEN)
    constraints += [(Constraint(player, None, "the lower risk of always restrict"), both) for player in rg.game.players]
    check = partial(_is_risk_dominant, rg)
    return region_of("discount", "Grim trigger is risk dominant", HALF_OPEN, constraints, check)


def _is_risk_dominant(rg: RepeatedGame, delta: Fraction) -> bool:
    """Whether grim trigger risk-dominates always-restrict, from the definition in the reduced game."""
    from detente.equilibrium.selection import risk_dominant

    here = reduced_game(rg.replace(discount=delta))
    strict = all(here.payoff((0, 0))[i] > here.payoff((1, 0) if i == 0 else (0, 1))[i] for i in range(2))
    return strict and risk_dominant(here) == (here.actions[0][0], here.actions[1][0])


def _outcomes(rg: RepeatedGame, player: int) -> tuple[Any, Any, Any, Any]:
    require_two_players(rg)
    if rg.game.shape != (2, 2):
        raise UnsupportedError("game", f"shape {rg.game.shape}", "a 2×2 game")
    if is_noisy(rg):
        raise UnsupportedError("monitoring", rg.monitoring, "perfect(): the reduced game takes acts to be seen")
    return trps(rg.game.exact_payoffs, player)
