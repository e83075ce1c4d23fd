"""A player's problem when the partner may be one of two types: one who keeps the agreement, or an opportunist.

The partner keeps the agreement with probability μ (*trust*) and otherwise follows a machine of their own. Acts are
seen, so a belief can only be the prior μ, while both types have acted alike, or certainty, once they have not. Beliefs,
the agreement's state and the opportunist's state together are finitely many nodes; the player's problem on them is a
decision problem whose transition probabilities are linear in μ. A *plan* is any strategy, with any use of the history;
by Bayesian updating (Kalai and Lehrer 1993 give the general setting) a stationary policy on the nodes is enough.

Along a curve μ = N(x)/D(x) all rewards and probabilities are multiplied by D, which changes no sign while D > 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detente.errors import UnsupportedError
from detente.exact.intervals import Interval
from detente.exact.polynomial import ONE, ZERO, Poly
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.machine import BoundMachine, Machine, bind_machine
from detente.game.machines import always
from detente.game.monitoring import Perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.decision import Choice, DecisionProblem, Policy
from detente.repeated.parameters import Environment, Over
from detente.trust.types.partner_types import bound_agreement, is_noisy, require_two_players

# What the player believes at a node: nothing new, or which type the partner is.
UNKNOWN, KEEPER, OPPORTUNIST = "unknown", "keeper", "opportunist"
Node = tuple[str, int, int]  # belief, agreement's state, opportunist's state


@dataclass(frozen=True)
class Trust:
    """A level of trust as a rational function ``numerator / denominator`` of the varying parameter."""

    numerator: Poly
    denominator: Poly


@dataclass(frozen=True)
class Encounter:
    """A player, an agreement, and who the partner may be, resolved on a repeated game."""

    rg: RepeatedGame
    agreement: Agreement
    bound: BoundAgreement
    player: int
    opportunist: BoundMachine
    nodes: tuple[Node, ...]

    @property
    def partner(self) -> int:
        return 1 - self.player

    @property
    def keep(self) -> Policy:
        """The policy of keeping the agreement at every node."""
        return tuple(self.bound.play[s][self.player] for _, s, _ in self.nodes)

    def problem(self, trust: Trust, over: Over | None = None, domain: Interval | None = None) -> DecisionProblem:
        """The player's decision problem with ``trust``, as a function of the parameter ``over`` (or of trust alone)."""
        env = Environment(self.rg, over)
        position = {node: k for k, node in enumerate(self.nodes)}
        choices = tuple(
            tuple(self._choice(env, trust, node, action, position) for action in range(self.rg.game.shape[self.player]))
            for node in self.nodes
        )
        return DecisionProblem(choices, env.beta[self.player], domain or env.domain, trust.denominator)

    def _choice(self, env: Environment, trust: Trust, node: Node, action: int, position: dict[Node, int]) -> Choice:
        reward: Poly = ZERO
        ahead: dict[int, Poly] = {}
        for weight, reply, target in successors(self.bound, self.opportunist, self.player, node, action):
            probability = {
                UNKNOWN: trust.denominator,
                KEEPER: trust.numerator,
                OPPORTUNIST: trust.denominator - trust.numerator,
            }[weight]
            profile = (action, reply) if self.player == 0 else (reply, action)
            reward = reward + probability * env.payoff(self.player, profile)
            k = position[target]
            ahead[k] = ahead.get(k, ZERO) + probability
        return Choice(reward, ahead)


def successors(
    agreement: BoundAgreement, opportunist: BoundMachine, player: int, node: Node, action: int
) -> list[tuple[str, int, Node]]:
    """What may follow ``action`` at a node: whose probability it has, the partner's act, and the next node.

    The first entry is KEEPER or OPPORTUNIST where the partner's act tells the types apart (probability μ or 1 − μ),
    and UNKNOWN where the act is certain.
    """
    belief, s, m = node
    kept, other = agreement.play[s][1 - player], opportunist.play[m]

    def after(reply: int, learned: str) -> Node:
        profile = (action, reply) if player == 0 else (reply, action)
        next_m = 0 if learned == KEEPER else opportunist.move[m][action]
        return learned, agreement.move[s][profile], next_m

    if belief == KEEPER:
        return [(UNKNOWN, kept, after(kept, KEEPER))]
    if belief == OPPORTUNIST:
        return [(UNKNOWN, other, after(other, OPPORTUNIST))]
    if kept == other:
        return [(UNKNOWN, kept, after(kept, UNKNOWN))]
    return [(KEEPER, kept, after(kept, KEEPER)), (OPPORTUNIST, other, after(other, OPPORTUNIST))]


def encounter(rg: RepeatedGame, ag: Agreement, player: Any, opportunist: Machine | None = None) -> Encounter:
    """Resolve an agreement, a player and the partner's other type on a repeated game.

    The default opportunist always plays the action that is worst for ``player``: the partner's action against which
    the player's best payoff is lowest (ties: against which the player's worst payoff is lowest).
    """
    require_two_players(rg)
    if is_noisy(rg):
        raise UnsupportedError("monitoring", rg.monitoring, "perfect(); under noise see trust_bounds")
    i = rg.game.player_index(player)
    bound = bound_agreement(ag, rg, Perfect())
    machine = opportunist_or_default(rg, i, opportunist)
    other = bind_machine(machine, rg.game, 1 - i)
    nodes: list[Node] = [(UNKNOWN, 0, 0)]
    known = set(nodes)
    for node in nodes:  # grows as nodes are reached
        for action in range(rg.game.shape[i]):
            for _, _, target in successors(bound, other, i, node, action):
                if target not in known:
                    known.add(target)
                    nodes.append(target)
    return Encounter(rg, ag, bound, i, other, tuple(nodes))


def opportunist_or_default(rg: RepeatedGame, player: int, opportunist: Machine | None) -> Machine:
    """The partner's other type: as given, or one who always plays the action that is worst for ``player``."""
    return always(worst_action(rg, player)) if opportunist is None else opportunist


def worst_action(rg: RepeatedGame, player: int) -> int:
    """The partner's stage action that is worst for ``player``, by index.

    That against which the player's best payoff is lowest; of several, that against which the player's worst payoff is;
    of several still, the last, since actions run from relaxing to restricting.
    """
    u = rg.game.exact_payoffs[player]
    if player == 1:
        u = u.T
    columns = [(max(u[:, b]), min(u[:, b])) for b in range(u.shape[1])]
    return max(b for b, column in enumerate(columns) if column == min(columns))


def constant_trust(level: Poly) -> Trust:
    """A level of trust given as a polynomial."""
    return Trust(level, ONE)
