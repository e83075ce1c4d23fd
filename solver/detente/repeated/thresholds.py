"""Where an agreement holds: the exact set of values of one parameter.

Every incentive constraint is a polynomial inequality in the parameter once its positive denominator is cleared (see
:mod:`detente.repeated.decision`), so the set is a finite union of intervals with rational or algebraic ends. It may be
empty, a single point, bounded above, or have a gap.

Two concepts. *Subgame perfect*: no one-shot deviation gains in any state that any acts or signals can reach. *Nash*:
keeping the agreement from the start is a best reply; what would happen in states that no unilateral deviation reaches,
and whether a deviator would then carry on as prescribed, does not matter.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from detente.errors import LabelError
from detente.exact.intervals import IntervalSet
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_nonnegative
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_nash, is_subgame_perfect
from detente.repeated.decision import DecisionProblem, Policy
from detente.repeated.kernel import player_problem, prescribed
from detente.repeated.parameters import Environment, resolve_over, with_parameter

Concept = Literal["subgame-perfect", "nash"]
CONCEPTS = {"subgame-perfect": "is subgame perfect", "nash": "is a Nash equilibrium"}


def holds_where(
    rg: RepeatedGame, ag: Agreement, over: Any = "discount", concept: Concept = "subgame-perfect"
) -> Region:
    """The exact set of values of one parameter at which an agreement holds; the others keep ``rg``'s values.

    Parameters
    ----------
    over
        ``"discount"`` (common to all), ``("discount", player)``, ``"breakdown"``, ``"noise"`` (trembles), or
        ``("payoff", player, profile)``.
    concept
        ``"subgame-perfect"`` or ``"nash"``.

    Raises
    ------
    LabelError
        For an unknown parameter, concept, player or action.
    AgreementError
        For an agreement that does not fit the game.

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
    """
    if concept not in CONCEPTS:
        raise LabelError("concept", concept, CONCEPTS)
    choice = resolve_over(over, rg)
    bound = ag.bind(rg.game, rg.monitoring)
    env = Environment(rg, choice)
    constraints: list[tuple[Constraint, IntervalSet]] = []
    for player, name in enumerate(rg.game.players):
        problem = player_problem(env, bound, player)
        policy = prescribed(bound, player)
        labels = rg.game.actions[player]
        if concept == "nash":
            constraints += _nash_constraints(problem, policy, bound, name, labels)
        else:
            constraints += _one_shot_constraints(problem, policy, bound, name, labels)
    check = is_nash if concept == "nash" else is_subgame_perfect

    def holds_at(x: Fraction) -> bool:
        return check(with_parameter(rg, choice, x), ag)

    title = ag.name or "the agreement"
    claim = f"{title[0].upper()}{title[1:]} {CONCEPTS[concept]}"
    return region_of(choice.label(rg.game), claim, env.domain, constraints, holds_at)


def _one_shot_constraints(
    problem: DecisionProblem, policy: Policy, bound: BoundAgreement, player: Any, labels: tuple[Any, ...]
) -> list[tuple[Constraint, IntervalSet]]:
    value = problem.value(policy)
    return [
        (
            Constraint(player, state, labels[action]),
            where_nonnegative(problem.slack(value, s, action), problem.domain),
        )
        for s, state in enumerate(bound.states)
        for action in range(len(labels))
        if action != policy[s]
    ]


def _nash_constraints(
    problem: DecisionProblem, policy: Policy, bound: BoundAgreement, player: Any, labels: tuple[Any, ...]
) -> list[tuple[Constraint, IntervalSet]]:
    """One constraint a player: the whole plan. It is named by the first state in which a better plan departs."""
    attained = problem.attained_set(policy, 0)
    for rival, _ in attained.rivals:
        departure = problem.first_departure(policy, rival, 0)
        if departure is not None:
            state, action = departure
            return [(Constraint(player, bound.states[state], labels[action]), attained.set)]
    return [(Constraint(player, bound.states[0], labels[policy[0]]), attained.set)]
