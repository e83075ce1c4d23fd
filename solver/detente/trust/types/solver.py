"""The best plan against a prior over types, exactly.

A node's worth, multiplied by the prior probability of its survivors, is W(node) = max over own acts a of
Σ over observed acts b of (1 − β) q_b u(a, b) + β W(next node), with q_b the prior probability of the survivors who do
b: no division by probabilities, and linear in the prior for a given plan. Sets of survivors only shrink, so they are
solved from the smallest up. Among nodes with the same survivors nothing is random: each act leads to one next node,
and policy improvement (Howard 1960) follows each plan along its path into its cycle, in exact arithmetic.

Where no survivor has positive prior probability, the plan is the best one against equally likely survivors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq

from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.trust.types.partner_types import PartnerType, TypeGraph

Policy = tuple[int, ...]


@dataclass(frozen=True)
class Solved:
    """The best plan at a prior: at each node every optimal act, and the worth of the node given its survivors."""

    optimal: tuple[tuple[int, ...], ...]
    values: tuple[Fraction, ...]

    @property
    def policy(self) -> Policy:
        """The first optimal act at each node."""
        return tuple(actions[0] for actions in self.optimal)


def solve(graph: TypeGraph, prior: Sequence[Fraction]) -> Solved:
    """The best plan against ``prior``, at every node."""
    return _Solver(graph, prior).solved()


class _Solver:
    def __init__(self, graph: TypeGraph, prior: Sequence[Fraction]) -> None:
        self.graph = graph
        self.beta = to_fmpq(graph.beta)
        weights = [to_fmpq(p) for p in prior]
        n_own, n_other = (graph.rg.game.shape[i] for i in (graph.player, 1 - graph.player))
        self.pay = [[(1 - self.beta) * to_fmpq(graph.payoff(a, b)) for b in range(n_other)] for a in range(n_own)]
        self.weight = [sum((weights[k] for k, _ in node), fmpq(0)) for node in graph.nodes]
        self.worth: list[Any] = [fmpq(0)] * len(graph.nodes)
        self.choice = [0] * len(graph.nodes)

    def solved(self) -> Solved:
        groups: dict[tuple[int, ...], list[int]] = {}
        for i, node in enumerate(self.graph.nodes):
            groups.setdefault(tuple(k for k, _ in node), []).append(i)
        for survivors in sorted(groups, key=len):
            self._solve_group(groups[survivors])
        optimal, values = [], []
        for i in range(len(self.graph.nodes)):
            worths = [self._worth(i, a) for a in range(len(self.pay))]
            optimal.append(tuple(a for a, w in enumerate(worths) if w == self.worth[i]))
            values.append(from_fmpq(self.worth[i] / self._scale(i)))
        return Solved(tuple(optimal), tuple(values))

    def _scale(self, i: int) -> Any:
        """The prior weight of the survivors, or their number if that is zero."""
        return self.weight[i] or fmpq(len(self.graph.nodes[i]))

    def _worth(self, i: int, action: int) -> Any:
        total = fmpq(0)
        seen = bool(self.weight[i])
        for act, target in self.graph.after[i][action].items():
            share = self.weight[target] if seen else fmpq(len(self.graph.nodes[target]))
            if share:
                total += share * self.pay[action][act] + self.beta * self.worth[target]
        return total

    def _solve_group(self, group: list[int]) -> None:
        """Nodes with the same survivors, those with fewer survivors being solved."""
        moving = [i for i in group if len(self.graph.after[i][0]) == 1]
        for i in set(group) - set(moving):
            self.worth[i] = max(self._worth(i, a) for a in range(len(self.pay)))
        while True:
            self._follow(moving)
            improved = False
            for i in moving:
                best = self.worth[i]
                for a in range(len(self.pay)):
                    worth = self._worth(i, a)
                    if worth > best:
                        best, self.choice[i], improved = worth, a, True
            if not improved:
                return

    def _follow(self, moving: list[int]) -> None:
        """The worth of the current choices at nodes where the act observed is certain: along paths into cycles."""
        unknown = set(moving)
        for start in moving:
            path: list[int] = []
            place: dict[int, int] = {}
            i = start
            while i in unknown and i not in place:
                place[i] = len(path)
                path.append(i)
                i = self._next(i)[1]
            if i in place:  # a new cycle: its worth is a geometric sum
                cycle = path[place[i] :]
                total, power = fmpq(0), fmpq(1)
                for j in cycle:
                    total += power * self._next(j)[0]
                    power *= self.beta
                self.worth[i] = total / (1 - power)
                unknown.discard(i)
            for j in reversed(path):
                if j in unknown:
                    reward, target = self._next(j)
                    self.worth[j] = reward + self.beta * self.worth[target]
                    unknown.discard(j)

    def _next(self, i: int) -> tuple[Any, int]:
        ((act, target),) = self.graph.after[i][self.choice[i]].items()
        return self._scale(i) * self.pay[self.choice[i]][act], target


def plan_payoffs(graph: TypeGraph, policy: Policy) -> tuple[Fraction, ...]:
    """What a plan is worth against each type for sure: its payoff at a prior is the mean of these."""

    def against(k: int) -> Fraction:
        rewards: list[Fraction] = []
        place: dict[int, int] = {}
        node = 0
        while node not in place:
            place[node] = len(rewards)
            act = graph.act(next(member for member in graph.nodes[node] if member[0] == k))
            rewards.append(graph.payoff(policy[node], act))
            node = graph.after[node][policy[node]][act]
        return eventually_periodic(rewards, place[node], graph.beta)

    return tuple(against(k) for k in range(len(graph.types)))


def keeping_payoffs(graph: TypeGraph, keeper: PartnerType, prescribed: Sequence[int]) -> tuple[Fraction, ...]:
    """What keeping the agreement from the first period on is worth against each type.

    ``keeper`` walks the agreement's states, in each of which the player does what is ``prescribed``.
    """

    def against(partner: PartnerType) -> Fraction:
        rewards: list[Fraction] = []
        place: dict[tuple[int, int], int] = {}
        at = (0, 0)  # the agreement's state, the partner's
        while at not in place:
            place[at] = len(rewards)
            action, act = prescribed[at[0]], partner.play[at[1]]
            rewards.append(graph.payoff(action, act))
            at = (keeper.move[at[0]][action][act], partner.move[at[1]][action][act])
        return eventually_periodic(rewards, place[at], graph.beta)

    return tuple(against(partner) for partner in graph.types)


def eventually_periodic(rewards: Sequence[Fraction], start: int, beta: Fraction) -> Fraction:
    """The normalised average of rewards that repeat for ever from position ``start`` on."""
    before = sum((beta**k * r for k, r in enumerate(rewards[:start])), Fraction(0))
    cycle = sum((beta**k * r for k, r in enumerate(rewards[start:])), Fraction(0))
    return (1 - beta) * (before + beta**start * cycle / (1 - beta ** (len(rewards) - start)))
