"""The best reply to a partner who may be any of several types.

Each type is a machine; acts are seen. The player's problem is a decision problem on the surviving types and their
states (:mod:`detente.trust.types.partner_types`), solved exactly, so the answer is a plan that is optimal among all
strategies, whatever use they make of the history: Kalai and Lehrer (1993), *Econometrica* 61, for beliefs over a
partner's repeated-game strategies; Gilboa (1988), *Journal of Economic Theory* 45, for best replies to automata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from html import escape
from types import MappingProxyType
from typing import Any

from detente.errors import CertificateError
from detente.exact.polytope import Polytope, as_distribution
from detente.exact.rational import fraction_text
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.trust.check import best_against_types, follow_plan
from detente.trust.types.partner_types import TypeGraph, named_machines, require_visible_acts, type_graph
from detente.trust.types.plan import Plan, plan_graph
from detente.trust.types.prior_region import priors_where_optimal
from detente.trust.types.solver import plan_payoffs, solve


@dataclass(frozen=True)
class BestReply:
    """A best reply to a prior over the partner's types.

    Attributes
    ----------
    value
        The best normalised average payoff at the prior, exactly.
    first_actions
        Every optimal first act.
    plan
        A best reply as a decision graph over the surviving types; where several acts are optimal it takes the first.
    prior
        The probability of each type.
    """

    player: Any
    prior: Mapping[str, Fraction]
    value: Fraction
    first_actions: tuple[Any, ...]
    plan: Plan
    _graph: TypeGraph = field(repr=False, compare=False)
    _types: Mapping[str, Machine] = field(repr=False, compare=False)

    @cached_property
    def region(self) -> Polytope:
        """The priors at which this plan is a best reply: an exact polytope that contains the prior."""
        graph = self._graph

        def holds_at(prior: Mapping[str, Fraction]) -> bool:
            best, _ = best_against_types(graph.rg, graph.player, self._types, prior)
            return best == follow_plan(graph.rg, graph.player, self._types, prior, self.plan)

        return priors_where_optimal(graph, tuple(self.plan.payoffs.values()), holds_at)

    def verify(self) -> None:
        """Solve the problem anew with beliefs as numbers and by another method; compare value, first acts and plan."""
        rg, player = self._graph.rg, self._graph.player
        best, first = best_against_types(rg, player, self._types, self.prior)
        if best != self.value:
            raise CertificateError("value", self.value, f"the independent solver's value, {best}")
        labels = tuple(rg.game.actions[player][a] for a in first)
        if labels != self.first_actions:
            raise CertificateError("first_actions", self.first_actions, f"the independent solver's, {labels}")
        earned = follow_plan(rg, player, self._types, self.prior, self.plan)
        if earned != self.value:
            raise CertificateError("plan", earned, f"a plan worth {self.value}")

    def __repr__(self) -> str:
        acts = " or ".join(map(str, self.first_actions))
        return f"<BestReply of {self.player}: {acts} first, worth {self.value}>"

    def _repr_html_(self) -> str:
        who = ", ".join(f"{name} {fraction_text(p)}" for name, p in self.prior.items())
        return f"<p>{escape(repr(self)[1:-1])}; prior: {escape(who)}</p>{self.plan._repr_html_()}"


def best_reply(rg: RepeatedGame, player: Any, types: Mapping[str, Machine], prior: Any) -> BestReply:
    """The best reply of ``player`` to a partner who is one of ``types``, against every full-history strategy.

    Parameters
    ----------
    types
        A mapping from names to machines of the partner, one or more.
    prior
        The probability of each type: a mapping by name (those left out have none), or a sequence in the order of
        ``types``. The sum must be exactly one.

    Raises
    ------
    ParameterError, LabelError
        For types that are no such mapping and priors that are no probabilities over them.
    UnsupportedError
        For more than two players, noisy monitoring, and more types or states than can be enumerated.

    Examples
    --------
    >>> from detente.game import machines
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> types = {"reciprocator": machines.grim_trigger("Relax", "Restrict"), "hawk": machines.always("Restrict")}
    >>> reply = best_reply(RepeatedGame(pd, "9/10"), "US", types, {"reciprocator": "1/4", "hawk": "3/4"})
    >>> reply
    <BestReply of US: Relax first, worth 57/40>
    >>> print(reply.plan)
    node  who it may be               do        then
    0     reciprocator 1/4, hawk 3/4  Relax     Relax: to 1, Restrict: to 2
    1     reciprocator                Relax     to 1
    2     hawk                        Restrict  to 2
    >>> reply.region.range("reciprocator")
    (Fraction(1, 17), Fraction(1, 1))
    """
    require_visible_acts(rg)
    i = rg.game.player_index(player)
    partners = named_machines(types, rg, i)
    names = [t.name for t in partners]
    weights = as_distribution(prior, names, "prior")
    graph = type_graph(rg, i, partners)
    solved = solve(graph, weights)
    labels = rg.game.actions[i]
    plan = plan_graph(graph, solved.policy, plan_payoffs(graph, solved.policy), solved, weights)
    return BestReply(
        rg.game.players[i],
        MappingProxyType(dict(zip(names, weights, strict=True))),
        solved.values[0],
        tuple(labels[a] for a in solved.optimal[0]),
        plan,
        graph,
        MappingProxyType(dict(types)),
    )
