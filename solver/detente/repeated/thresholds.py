"""Where an agreement holds: the exact set of values of one parameter.

Every incentive constraint is a polynomial inequality in the parameter once its positive denominator is cleared (see
:mod:`detente.repeated.decision`), so the set is a finite union of intervals with rational or algebraic ends. It may be
empty, a single point, bounded above, or have a gap.

Two concepts. *Subgame perfect* (public perfect, under imperfect monitoring): no one-shot deviation gains in any state
that any acts or signals can reach. *Nash*: keeping the agreement from the start is a best reply among all strategies;
what would happen in states that no unilateral deviation reaches, and whether a deviator would then carry on as
prescribed, does not matter. The others' play depends on the public history only, so among a player's best replies is
one that depends on the public state only. Mailath and Samuelson (2006), sections 2.2 and 7.1.

Where a player is to draw an action from a lottery, every action in its support must be a best reply. The player's value
is the average over the support, so if no action does better, none in the support does worse: the same inequalities, one
for each action, now hold where all those in the support are zero, on isolated points or throughout.
"""

from __future__ import annotations

from typing import Any

from detente.budget import ticking
from detente.errors import LabelError
from detente.exact.intervals import IntervalSet
from detente.exact.region import Constraint, Region, region_of
from detente.game.repeated import RepeatedGame
from detente.game.stochastic import StochasticGame
from detente.repeated.certificate import Concept as Concept
from detente.repeated.setting import setting_of

CONCEPTS = {"subgame-perfect": "is subgame perfect", "nash": "is a Nash equilibrium"}


def holds_where(
    rg: RepeatedGame | StochasticGame,
    ag: Any,
    over: Any = "discount",
    concept: Concept = "subgame-perfect",
    *,
    player: Any = None,
    budget: float | None = 300,
) -> Region:
    """The exact set of values of one parameter at which an agreement holds; the others keep ``rg``'s values.

    Parameters
    ----------
    rg, ag
        A game and an agreement on it, as for :func:`detente.incentives`.
    over
        ``"discount"`` (common to all), ``("discount", player)``, ``"breakdown"``, ``"noise"`` (trembles, or a public
        signal's level of that name), ``("signal", level)``, ``("signal", profile, label)``, ``("payoff", player,
        profile)``, or a :class:`~detente.repeated.parameters.Component`. In a stochastic game ``"discount"``,
        ``("discount", player)``, ``"breakdown"``, ``("payoff", state, player, profile)``, or the name of a transition
        parameter.
    concept
        ``"subgame-perfect"`` or ``"nash"``. In a stochastic game without a ``start``, from whichever state is the
        first; for a Markov profile the former is then Markov perfection.
    player
        Count this player's incentives only. Each constraint involves one player's discount factor, so the set of
        vectors (δ₁, …, δₙ) at which an agreement holds is the product of the sets over ``("discount", i)`` with
        ``player=i``.
    budget
        Seconds to spend; None for no limit. Work grows fast with the number of states: two dozen take a fraction of a
        second, hundreds of densely connected ones may take hours.

    Raises
    ------
    LabelError
        For an unknown parameter, concept, player or action.
    ParameterError
        For what is no game, and for a budget that is no positive number.
    AgreementError
        For what is no agreement, or one that does not fit the game.
    UnsupportedError
        When the budget is used up, and for a parameter that the monitoring does not have.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> rg = RepeatedGame(pd, "1/2")
    >>> holds_where(rg, agreements.limited_punishment(pd, 2)).intervals
    ([(√5 − 1)/2 ≈ 0.618034, 1),)
    >>> print(holds_where(rg, agreements.grim_trigger(pd)).explain())
    Grim trigger is subgame perfect iff the discount factor is in [1/2, 1); below 1/2, US would gain by Restrict in
    state 'path'.
    >>> holds_where(rg, agreements.tit_for_tat(pd)).is_empty
    True
    >>> holds_where(rg, agreements.tit_for_tat(pd), concept="nash").intervals
    ([2/3, 1),)

    A mixed equilibrium of the stage game, drawn anew every period, needs no patience:

    >>> pennies = Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    >>> half = ["1/2", "1/2"]
    >>> holds_where(RepeatedGame(pennies, 0), agreements.unconditional((half, half))).intervals
    ([0, 1),)

    A truce that lapses at random, and is sometimes renewed:

    >>> from detente.game.truce import truce_game
    >>> sg = truce_game(pd, lapse="1/10", renewal="1/5", discount="9/10")
    >>> holds_where(sg, {"truce": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")}, "lapse").intervals
    ([0, 31/90],)
    """
    if not isinstance(concept, str) or concept not in CONCEPTS:
        raise LabelError("concept", concept, CONCEPTS)
    tick = ticking(budget, "an agreement of this size, or fewer states")
    setting = setting_of(rg, ag, over)
    whose = setting.whose(player)
    constraints: list[tuple[Constraint, IntervalSet]] = []
    for i in whose:
        keeper = setting.keeper(i, tick)
        if concept == "nash":
            for start in setting.starts:
                constraints += keeper.best_reply_constraints(start)
        else:
            constraints += keeper.one_shot_constraints()
    claim = claim_text(setting.agreement, concept, None if player is None else setting.players[whose[0]])
    check = setting.check(concept, whose)
    return region_of(setting.parameter, claim, setting.domain, constraints, check.holds, check.slack)


def claim_text(ag: Any, concept: str, player: Any = None) -> str:
    """What a region says of an agreement: "Grim trigger is subgame perfect", perhaps for one player."""
    title = ag.name or "the agreement"
    claim = f"{title[0].upper()}{title[1:]} {CONCEPTS[concept]}"
    return claim if player is None else f"{claim} for {player}"
