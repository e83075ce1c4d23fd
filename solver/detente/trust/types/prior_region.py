"""The priors at which one plan is a best reply: an exact polytope, found by cutting planes.

Against a prior p over types a plan is worth α·p, with α_k what it is worth against type k for sure. So the priors at
which a given plan does at least as well as every other are an intersection of half-spaces, one for each rival plan; of
the many plans few matter. Starting from all priors, a vertex of the current polytope is put to the test: if some plan
does better there, its half-space cuts the vertex away. Every cut belongs to a new plan, so the search ends; and since
the best worth is convex in p and that of the given plan linear, a polytope whose vertices all pass is the answer.
(Kelley's cutting planes, 1960, *Journal of SIAM* 8, on a piecewise linear function, where they are finite and exact.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from detente.errors import ParameterError
from detente.exact.polytope import Polytope
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.monitoring import Perfect
from detente.game.repeated import RepeatedGame
from detente.trust.check import best_against_types, keeping_payoff
from detente.trust.types.partner_types import (
    KEEPER,
    TypeGraph,
    bound_agreement,
    keeper_type,
    named_machines,
    require_visible_acts,
    type_graph,
)
from detente.trust.types.plan import plan_graph
from detente.trust.types.solver import keeping_payoffs, plan_payoffs, solve


def prior_region(rg: RepeatedGame, ag: Agreement, *, player: Any, types: Mapping[str, Machine]) -> Polytope:
    """The priors at which keeping the agreement from the first period on is optimal, for any number of types.

    The partner keeps the agreement (the type named ``"keeps the agreement"``, the first coordinate of a prior) or
    follows one of the machines in ``types``. Each inequality of the answer carries, as its ``reason``, the plan that
    does better than keeping on the other side of it; ``verify()`` asks an independent solver of the belief-state
    problem at every vertex and beyond every facet.

    Parameters
    ----------
    player
        Whose beliefs about the partner these are.
    types
        Names and machines of the partner's other types, at least one. With exactly one the answer says the same as
        :func:`detente.trust_region`.

    Raises
    ------
    UnsupportedError
        For more than two players, noisy monitoring, and more types or states than can be enumerated.

    Examples
    --------
    >>> from detente.game import agreements, machines
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> rivals = {"hawk": machines.always("Restrict"), "dove": machines.always("Relax")}
    >>> region = prior_region(RepeatedGame(pd, "9/10"), agreements.grim_trigger(pd), player="US", types=rivals)
    >>> for vertex in region.vertices:
    ...     print(*vertex)
    1 0 0
    5/9 0 4/9
    1/17 16/17 0
    """
    require_visible_acts(rg)
    i = rg.game.player_index(player)
    bound = bound_agreement(ag, rg, Perfect())
    keeper = keeper_type(bound, rg, i)
    others = named_machines(types, rg, i)
    if any(other.name == KEEPER for other in others):
        raise ParameterError("types", KEEPER, "names other than the keeper's, which is added by itself")
    graph = type_graph(rg, i, (keeper, *others))
    kept = keeping_payoffs(graph, keeper, [play[i] for play in bound.play])

    def holds_at(prior: Mapping[str, Fraction]) -> bool:
        best, _ = best_against_types(rg, i, types, prior, ag)
        return best == keeping_payoff(rg, ag, i, types, prior)

    return priors_where_optimal(graph, kept, holds_at)


def priors_where_optimal(
    graph: TypeGraph, payoffs: Sequence[Fraction], holds_at: Callable[[Mapping[str, Fraction]], bool]
) -> Polytope:
    """The priors at which a plan worth ``payoffs`` against each type is a best reply."""
    found = Polytope.simplex(graph.names)
    passed: set[tuple[Fraction, ...]] = set()
    while (vertex := next((v for v in found.vertices if v not in passed), None)) is not None:
        rival = solve(graph, vertex).policy
        theirs = plan_payoffs(graph, rival)
        lead = [mine - other for mine, other in zip(payoffs, theirs, strict=True)]
        if sum((d * p for d, p in zip(lead, vertex, strict=True)), Fraction(0)) < 0:
            found = found.cut(lead, plan_graph(graph, rival, theirs))
        else:
            passed.add(vertex)
    return found.checked_by(holds_at)
