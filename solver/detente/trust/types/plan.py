"""A plan against types, as a decision graph for a reader: who it may still be, what to do, and what each act shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from detente.exact.rational import fraction_text
from detente.game.display import table_html
from detente.trust.types.partner_types import TypeGraph
from detente.trust.types.solver import Policy, Solved


@dataclass(frozen=True)
class PlanNode:
    """One node of a plan.

    Attributes
    ----------
    survivors
        The types not ruled out yet, each with the state it is in.
    posterior
        Their probabilities; None if the plan has no prior, or gave them none.
    action, optimal
        What the plan does here, and every act that is optimal here (just the former, if the plan has no prior).
    next
        The number of the next node after each act that the partner may be seen to do.
    """

    survivors: Mapping[str, str]
    posterior: Mapping[str, Fraction] | None
    action: Any
    optimal: tuple[Any, ...]
    next: Mapping[Any, int]

    def who(self) -> str:
        """The survivors in one line."""
        chances = self.posterior
        return ", ".join(
            name + (f" {fraction_text(chances[name])}" if chances and len(chances) > 1 else "")
            for name in self.survivors
        )

    def what(self) -> str:
        """The act, and the others that are as good."""
        others = [str(a) for a in self.optimal if a != self.action]
        return str(self.action) + (f" (or {', '.join(others)})" if others else "")

    def then(self) -> str:
        """Where each act leads."""
        if len(self.next) == 1:
            return f"to {next(iter(self.next.values()))}"
        return ", ".join(f"{act}: to {node}" for act, node in self.next.items())


@dataclass(frozen=True)
class Plan:
    """A plan of ``player``: it starts at node 0 and moves on what the partner is seen to do.

    ``payoffs`` is what it is worth against each type for sure; its worth at a prior is their mean.
    """

    player: Any
    nodes: tuple[PlanNode, ...]
    payoffs: Mapping[str, Fraction]

    def __repr__(self) -> str:
        lines = [f"{k}: {node.who()} → {node.what()}; then {node.then()}" for k, node in enumerate(self.nodes)]
        return f"<Plan of {self.player}: " + " | ".join(lines) + ">"

    def __str__(self) -> str:
        rows = [(str(k), node.who(), node.what(), node.then()) for k, node in enumerate(self.nodes)]
        head = ("node", "who it may be", "do", "then")
        widths = [max(len(row[c]) for row in (head, *rows)) for c in range(4)]
        lines = (
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [(k, [node.who(), node.what(), node.then()]) for k, node in enumerate(self.nodes)]
        return table_html(f"plan of {self.player}", ["node", "who it may be", "do", "then"], rows)


def plan_graph(
    graph: TypeGraph,
    policy: Policy,
    payoffs: Sequence[Fraction],
    solved: Solved | None = None,
    prior: Sequence[Fraction] | None = None,
) -> Plan:
    """The part of a policy that is reached when it is followed; with ``prior``, what is believed along it."""
    game = graph.rg.game
    own, others = game.actions[graph.player], game.actions[1 - graph.player]
    order = [0]
    for i in order:  # grows as nodes are reached
        order += [t for t in graph.after[i][policy[i]].values() if t not in order]
    number = {i: k for k, i in enumerate(order)}
    nodes = []
    for i in order:
        members = graph.nodes[i]
        total = sum((prior[k] for k, _ in members), Fraction(0)) if prior is not None else Fraction(0)
        posterior = {graph.names[k]: prior[k] / total for k, _ in members} if prior is not None and total else None
        nodes.append(
            PlanNode(
                MappingProxyType({graph.names[k]: graph.types[k].states[state] for k, state in members}),
                None if posterior is None else MappingProxyType(posterior),
                own[policy[i]],
                tuple(own[a] for a in (solved.optimal[i] if solved else (policy[i],))),
                MappingProxyType({others[act]: number[t] for act, t in graph.after[i][policy[i]].items()}),
            )
        )
    named = MappingProxyType(dict(zip(graph.names, payoffs, strict=True)))
    return Plan(game.players[graph.player], tuple(nodes), named)
