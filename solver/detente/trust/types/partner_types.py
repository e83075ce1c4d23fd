"""Who the partner may be: any finite set of types, each an automaton, and what their acts reveal.

Under perfect monitoring a type is ruled out by the first act it would not have done, and the types that survive keep
their relative odds. So what the player knows after any history is the set of surviving types with the state that each
is in: finitely many *nodes*, whatever the prior. At a node the survivors' acts are given; if they differ, the act
observed splits the node, whatever the player does, and only the player's own act decides where the survivors' states
go from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import AgreementError, ParameterError, UnsupportedError
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.machine import Machine, bind_machine
from detente.game.monitoring import Monitoring, Perfect, Trembles
from detente.game.repeated import RepeatedGame

KEEPER = "keeps the agreement"
# Nodes multiply with the number of types: survivors and their joint states.
MAX_NODES = 20_000

Node = tuple[tuple[int, int], ...]  # surviving types in order, each with its state


@dataclass(frozen=True)
class PartnerType:
    """A type by index: ``play[state]``, and ``move[state][player's act][partner's act]``; it starts in state 0."""

    name: str
    states: tuple[str, ...]
    play: tuple[int, ...]
    move: tuple[tuple[tuple[int, ...], ...], ...]


@dataclass(frozen=True)
class TypeGraph:
    """All nodes that any acts of the player can lead to; node 0 is the start.

    ``after[node][action]`` maps each act that may then be observed to the next node.
    """

    rg: RepeatedGame
    player: int
    types: tuple[PartnerType, ...]
    nodes: tuple[Node, ...]
    after: tuple[tuple[dict[int, int], ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(t.name for t in self.types)

    @property
    def beta(self) -> Fraction:
        return self.rg.effective_discount[self.player]

    def payoff(self, action: int, act: int) -> Fraction:
        """The player's stage payoff from their own ``action`` and the partner's ``act``."""
        profile = (action, act) if self.player == 0 else (act, action)
        return Fraction(self.rg.game.exact_payoffs[(self.player, *profile)])

    def act(self, member: tuple[int, int]) -> int:
        """What a surviving type does in its state."""
        return self.types[member[0]].play[member[1]]


def machine_type(name: str, machine: Machine, rg: RepeatedGame, partner: int) -> PartnerType:
    """A partner who follows a machine of their own."""
    bound = bind_machine(machine, rg.game, partner)
    acts = rg.game.shape[partner]
    move = tuple(tuple((target,) * acts for target in row) for row in bound.move)
    return PartnerType(name, bound.states, bound.play, move)


def keeper_type(bound: BoundAgreement, rg: RepeatedGame, player: int) -> PartnerType:
    """A partner who keeps the agreement: its states are the agreement's."""
    own, others = rg.game.shape[player], rg.game.shape[1 - player]

    def profile(action: int, act: int) -> tuple[int, int]:
        return (action, act) if player == 0 else (act, action)

    move = tuple(tuple(tuple(table[profile(a, b)] for b in range(others)) for a in range(own)) for table in bound.move)
    return PartnerType(KEEPER, bound.states, tuple(play[1 - player] for play in bound.play), move)


def named_machines(types: Any, rg: RepeatedGame, player: int) -> tuple[PartnerType, ...]:
    """The user's types: a non-empty mapping from names to machines of the partner."""
    if not isinstance(types, Mapping) or not types:
        raise ParameterError("types", types, "a non-empty mapping from names to Machines of the partner")
    for name in types:
        if not isinstance(name, str) or not name:
            raise ParameterError("types", name, "names that are non-empty strings")
    return tuple(machine_type(name, machine, rg, 1 - player) for name, machine in types.items())


def require_visible_acts(rg: RepeatedGame) -> None:
    """Two players, and every act seen as it was meant."""
    require_two_players(rg)
    if is_noisy(rg):
        raise UnsupportedError(
            "monitoring", rg.monitoring, "perfect(): under noise no act reveals the type (see trust_bounds)"
        )


def is_noisy(rg: RepeatedGame) -> bool:
    """Whether what is seen of an act may differ from what was meant."""
    return not (isinstance(rg.monitoring, Perfect) or (isinstance(rg.monitoring, Trembles) and rg.monitoring.eps == 0))


def require_two_players(rg: RepeatedGame) -> None:
    """A repeated game, and one partner to trust in."""
    if not isinstance(rg, RepeatedGame):
        raise ParameterError("rg", rg, "a RepeatedGame")
    if rg.game.n_players != 2:
        raise UnsupportedError("game", f"{rg.game.n_players} players", "a two-player game: trust in one partner")


def bound_agreement(ag: Agreement, rg: RepeatedGame, monitoring: Monitoring) -> BoundAgreement:
    """The agreement on the game, by index."""
    if not isinstance(ag, Agreement):
        raise AgreementError("ag", ag, "an Agreement")
    return ag.bind(rg.game, monitoring)


def type_graph(rg: RepeatedGame, player: int, types: tuple[PartnerType, ...]) -> TypeGraph:
    """Search all nodes from the start; refuse beyond ``MAX_NODES``."""
    start: Node = tuple((k, 0) for k in range(len(types)))
    position = {start: 0}
    nodes = [start]
    after: list[tuple[dict[int, int], ...]] = []
    for node in nodes:  # grows as nodes are reached
        row = []
        for action in range(rg.game.shape[player]):
            groups: dict[int, list[tuple[int, int]]] = {}
            for k, state in node:
                act = types[k].play[state]
                groups.setdefault(act, []).append((k, types[k].move[state][action][act]))
            row.append({act: _index(tuple(group), nodes, position) for act, group in groups.items()})
        after.append(tuple(row))
        if len(nodes) > MAX_NODES:
            raise UnsupportedError(
                "types", f"more than {MAX_NODES} sets of survivors and states", "fewer types or states"
            )
    return TypeGraph(rg, player, types, tuple(nodes), tuple(after))


def _index(node: Node, nodes: list[Node], position: dict[Node, int]) -> int:
    if node not in position:
        position[node] = len(nodes)
        nodes.append(node)
    return position[node]
