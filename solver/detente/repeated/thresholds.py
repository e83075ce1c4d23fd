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

from collections.abc import Callable
from fractions import Fraction
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from detente.errors import LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import IntervalSet
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_nonnegative
from detente.game.agreement import BoundAgreement
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_nash, is_subgame_perfect
from detente.repeated.decision import DecisionProblem, Plan
from detente.repeated.kernel import player_problem, strategy
from detente.repeated.parameters import Environment, resolve_over, with_parameter

if TYPE_CHECKING:
    from detente.game.stochastic import StochasticGame

Concept = Literal["subgame-perfect", "nash"]
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
    over
        ``"discount"`` (common to all), ``("discount", player)``, ``"breakdown"``, ``"noise"`` (trembles, or a public
        signal's level of that name), ``("signal", level)``, ``("signal", profile, label)``, ``("payoff", player,
        profile)``, or a :class:`~detente.repeated.parameters.Component`.
    concept
        ``"subgame-perfect"`` or ``"nash"``.
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
    AgreementError
        For an agreement that does not fit the game.
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
    """
    if not isinstance(rg, RepeatedGame):
        from detente.repeated.states.thresholds import stochastic_holds_where  # it builds on this module

        return stochastic_holds_where(rg, ag, over, concept, player=player)
    if concept not in CONCEPTS:
        raise LabelError("concept", concept, CONCEPTS)
    choice = resolve_over(over, rg)
    tick = _clock(budget)
    bound = ag.bind(rg.game, rg.monitoring)
    env = Environment(rg, choice)
    constraints: list[tuple[Constraint, IntervalSet]] = []
    whose = range(rg.game.n_players) if player is None else [rg.game.player_index(player)]
    constraint = _nash_constraints if concept == "nash" else _one_shot_constraints
    for i in whose:
        problem = player_problem(env, bound, i, tick)
        constraints += constraint(problem, strategy(bound, i), bound, rg.game.players[i], rg.game.actions[i])
    check = is_nash if concept == "nash" else is_subgame_perfect

    def holds_at(x: Fraction) -> bool:
        return check(with_parameter(rg, choice, x), ag, whose)

    who = None if player is None else rg.game.players[whose[0]]
    return region_of(choice.label(rg.game), claim_text(ag, concept, who), env.domain, constraints, holds_at)


def claim_text(ag: Any, concept: str, player: Any = None) -> str:
    """What a region says of an agreement: "Grim trigger is subgame perfect", perhaps for one player."""
    title = ag.name or "the agreement"
    claim = f"{title[0].upper()}{title[1:]} {CONCEPTS[concept]}"
    return claim if player is None else f"{claim} for {player}"


def _clock(budget: float | None) -> Callable[[], None]:
    """A function that raises once the budget of seconds is used up."""
    if budget is None:
        return lambda: None
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < inf:
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    end = monotonic() + budget

    def tick() -> None:
        if monotonic() > end:
            raise UnsupportedError("budget", budget, "more seconds for an agreement of this size, or fewer states")

    return tick


def _one_shot_constraints(
    problem: DecisionProblem, plan: Plan, bound: BoundAgreement, player: Any, labels: tuple[Any, ...]
) -> list[tuple[Constraint, IntervalSet]]:
    value = problem.value(plan)
    return [
        (
            Constraint(player, state, labels[action]),
            where_nonnegative(problem.slack(value, s, action), problem.domain),
        )
        for s, state in enumerate(bound.states)
        for action in range(len(labels))
        if action != plan[s]
    ]


def _nash_constraints(
    problem: DecisionProblem, plan: Plan, bound: BoundAgreement, player: Any, labels: tuple[Any, ...]
) -> list[tuple[Constraint, IntervalSet]]:
    """One constraint for each plan that is optimal somewhere, named by the first state in which it departs."""
    found = []
    for rival, kept in problem.attained_set(plan, 0).rivals:
        departure = problem.first_departure(plan, rival, 0)
        if departure is not None:
            state, action = departure
            found.append((Constraint(player, bound.states[state], labels[action]), kept))
    return found
