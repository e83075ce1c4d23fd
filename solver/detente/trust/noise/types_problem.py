"""A player's problem against a partner of any of several types, under any monitoring.

A *node* holds the state of every type: of the agreement, if the partner may be keeping one, and of every machine. What
becomes public moves them all, whoever the partner is. An act pays something against each type, and each observation has
a probability if the partner is of each type: by these the belief over the types is updated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from flint import fmpq, fmpq_mat

from detente.errors import ParameterError, UnsupportedError
from detente.exact.polynomial import to_fmpq
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.machine import BoundMachine, bind_machine
from detente.game.monitoring import PublicSignals, Trembles
from detente.game.repeated import RepeatedGame
from detente.trust.types.partner_types import KEEPER, MAX_NODES, bound_agreement

Node = tuple[int, ...]  # the state of every type


class Seen(NamedTuple):
    """What may become public: the next node, and its probability if the partner is of each type."""

    public: Any
    target: int
    chances: tuple[Any, ...]


class Act(NamedTuple):
    """One act at a node: its expected payoff against each type, and what may follow."""

    reward: tuple[Any, ...]
    seen: tuple[Seen, ...]


class TypesProblem:
    """Nodes, acts and observations."""

    def __init__(self, rg: RepeatedGame, player: int, types: Any, agreement: Agreement | None) -> None:
        if not isinstance(types, Mapping) or not (types or agreement):
            raise ParameterError("types", types, "a mapping from names to Machines of the partner, not empty")
        self.rg, self.player, self.machines, self.agreement = rg, player, dict(types), agreement
        self.bound: BoundAgreement | None = None if agreement is None else bound_agreement(agreement, rg, rg.monitoring)
        self.partners: list[BoundMachine] = [bind_machine(m, rg.game, 1 - player) for m in types.values()]
        self.names = (*([] if agreement is None else [KEEPER]), *types)
        hidden = isinstance(rg.monitoring, PublicSignals)
        if hidden and any(len(machine.states) > 1 for machine in self.partners):
            raise UnsupportedError("types", types, "machines of one state: under a public signal no act is seen")
        self.beta = to_fmpq(rg.effective_discount[player])
        self.nodes: list[Node] = [(0,) * len(self.names)]
        self.acts: list[tuple[Act, ...]] = []
        for node in self.nodes:  # grows as nodes are reached
            self.acts.append(tuple(self._act(node, a) for a in range(rg.game.shape[player])))
            if len(self.nodes) > MAX_NODES:
                raise UnsupportedError("types", f"more than {MAX_NODES} joint states", "fewer types or states")

    def situation(self, node: int) -> tuple[str, ...]:
        """A node by the names of states."""
        states = [] if self.bound is None else [self.bound.states]
        states += [machine.states for machine in self.partners]
        return tuple(names[s] for names, s in zip(states, self.nodes[node], strict=True))

    def keeping(self, prior: Sequence[Any]) -> Any:
        """What keeping the agreement is worth at a prior."""
        assert self.bound is not None
        drawn = [self.bound.strategies[node[0]][self.player] for node in self.nodes]
        worths = [self.worth([{a: to_fmpq(p) for a, p in d.items()} for d in drawn], k) for k in range(len(self.names))]
        return sum((p * w[0] for p, w in zip(prior, worths, strict=True)), fmpq(0))

    def worth(self, policy: Sequence[Mapping[int, Any]], k: int) -> list[Any]:
        """What a policy by nodes, pure or not, is worth against type ``k``."""
        n = len(self.nodes)
        matrix = [[fmpq(int(s == t)) for t in range(n)] for s in range(n)]
        right = [fmpq(0)] * n
        for s, drawn in enumerate(policy):
            for a, share in drawn.items():
                act = self.acts[s][a]
                right[s] += share * (1 - self.beta) * act.reward[k]
                for o in act.seen:
                    matrix[s][o.target] -= share * self.beta * o.chances[k]
        solution = fmpq_mat(n, n, [v for row in matrix for v in row]).solve(fmpq_mat(n, 1, right))
        return [solution[s, 0] for s in range(n)]

    def best_against(self, k: int) -> list[Any]:
        """The best value at every node if the partner is of type ``k`` for certain (Howard 1960)."""
        policy = [0] * len(self.nodes)
        while True:
            values = self.worth([{a: fmpq(1)} for a in policy], k)
            better = False
            for s, row in enumerate(self.acts):
                for a, act in enumerate(row):
                    ahead = sum((o.chances[k] * values[o.target] for o in act.seen), fmpq(0))
                    if (1 - self.beta) * act.reward[k] + self.beta * ahead > values[s]:
                        policy[s], better = a, True
            if not better:
                return values

    def _act(self, node: Node, action: int) -> Act:
        rewards, chances = [], []
        for k in range(len(self.names)):
            reward = fmpq(0)
            table: dict[tuple[int, ...], Any] = {}
            for act, share in self._drawn(node, k).items():
                pay, found = self._outcomes(action, act)
                reward += to_fmpq(share) * pay
                for public, q in found.items():
                    table[public] = table.get(public, fmpq(0)) + to_fmpq(share) * q
            rewards.append(reward)
            chances.append(table)
        seen = []
        for public in dict.fromkeys(key for table in chances for key in table):
            target = self._target(node, public)
            if target not in self.nodes:
                self.nodes.append(target)
            seen.append(Seen(public, self.nodes.index(target), tuple(t.get(public, fmpq(0)) for t in chances)))
        return Act(tuple(rewards), tuple(seen))

    def _drawn(self, node: Node, k: int) -> Mapping[int, Fraction]:
        """What type ``k`` means to do, as a lottery."""
        if self.bound is not None and k == 0:
            return self.bound.strategies[node[0]][1 - self.player]
        return {self.partners[k - (self.bound is not None)].play[node[k]]: Fraction(1)}

    def _target(self, node: Node, public: tuple[int, ...]) -> Node:
        hidden, after = len(public) == 1, list(node)
        if self.bound is not None:
            after[0] = self.bound.move[node[0]][public]
        for j, machine in enumerate(self.partners):
            k = j + (self.bound is not None)
            after[k] = node[k] if hidden else machine.move[node[k]][public[self.player]]
        return tuple(after)

    def _outcomes(self, mine: int, theirs: int) -> tuple[Any, dict[tuple[int, ...], Any]]:
        """Expected payoff, and what may become public, when two acts are meant."""
        game, monitoring = self.rg.game, self.rg.monitoring
        u = game.exact_payoffs[self.player]
        meant = (mine, theirs) if self.player == 0 else (theirs, mine)
        if isinstance(monitoring, PublicSignals):
            chances = monitoring.distribution(game, meant)
            return to_fmpq(u[meant]), {(k,): to_fmpq(q) for k, q in enumerate(chances) if q}
        eps = monitoring.eps if isinstance(monitoring, Trembles) else Fraction(0)
        first, second = (_errs(act, actions, eps) for act, actions in zip(meant, game.shape, strict=True))
        found = {(a, b): p * q for a, p in first for b, q in second if p * q}
        reward = sum((q * u[done] for done, q in found.items()), Fraction(0))
        return to_fmpq(reward), {done: to_fmpq(q) for done, q in found.items()}


def _errs(meant: int, actions: int, eps: Fraction) -> list[tuple[int, Fraction]]:
    """Every act that may be carried out, with its probability; a player with one action cannot err."""
    if actions == 1:
        return [(0, Fraction(1))]
    return [(done, 1 - eps if done == meant else eps / (actions - 1)) for done in range(actions)]
