"""A player's problem under noise: the partner keeps the agreement or is an opportunist, and no act tells for sure.

A *node* is the agreement's state with the opportunist's state; both are public. An *option* at a node is an act that
the player means to do: what it pays, and which public outcomes follow with which probability, if the partner is the
keeper and if the partner is the opportunist. The belief μ of facing the keeper is updated by the ratio of these two
probabilities. Outcomes with the same next node and the same ratio are one outcome.

What is public: under trembles the acts carried out, with both players or only the partner liable to err; under a public
signal its label, while the player remembers what they did themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flint import fmpq, fmpq_mat

from detente.errors import LabelError, UnsupportedError
from detente.exact.polynomial import to_fmpq
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.machine import BoundMachine, Machine, bind_machine
from detente.game.monitoring import PublicSignals, Trembles
from detente.game.repeated import RepeatedGame
from detente.trust.belief import opportunist_or_default
from detente.trust.types.partner_types import bound_agreement, require_two_players

Trembling = Literal["both", "partner"]
Line = tuple[Any, Any]  # worth against the keeper and against the opportunist, as flint rationals


@dataclass(frozen=True)
class Outcome:
    """What may become public: the next node, and its probability if the partner is the keeper, or the other."""

    target: int
    keeper: Any
    other: Any


@dataclass(frozen=True)
class Option:
    """One act that the player may mean to do at a node: its expected payoff against each type, and what may follow."""

    reward: Line
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class NoisyEncounter:
    """The player's problem; node 0 is the start, ``keep[n]`` what the agreement prescribes at a node."""

    rg: RepeatedGame
    agreement: Agreement
    bound: BoundAgreement
    player: int
    opportunist: Machine
    trembling: Trembling
    nodes: tuple[tuple[int, int], ...]
    options: tuple[tuple[Option, ...], ...]
    keep: tuple[int, ...]
    beta: Any

    def state(self, node: int) -> str:
        """The agreement's state at a node, by name."""
        return self.bound.states[self.nodes[node][0]]

    def deviations_leave_no_mark(self) -> bool:
        """Whether all that can follow a deviation can also follow keeping, with the same belief."""
        return all(
            {(o.target, *_ratio(o)) for option in row for o in option.outcomes}
            == {(o.target, *_ratio(o)) for o in row[kept].outcomes}
            for row, kept in zip(self.options, self.keep, strict=True)
        )


def noisy_encounter(
    rg: RepeatedGame, ag: Agreement, player: Any, opportunist: Machine | None, trembling: Trembling
) -> NoisyEncounter:
    """Resolve an agreement, a player and the partner's other type on a repeated game with noise."""
    require_two_players(rg)
    if not isinstance(trembling, str) or trembling not in ("both", "partner"):
        raise LabelError("trembling", trembling, ["both", "partner"])
    i = rg.game.player_index(player)
    bound = bound_agreement(ag, rg, rg.monitoring)
    machine = opportunist_or_default(rg, i, opportunist)
    other = bind_machine(machine, rg.game, 1 - i)
    if isinstance(rg.monitoring, PublicSignals) and len(other.states) > 1:
        raise UnsupportedError("opportunist", machine, "one state: under a public signal no act of the player is seen")
    nodes = [(0, 0)]
    options: list[tuple[Option, ...]] = []
    for s, m in nodes:  # grows as nodes are reached
        row = []
        for action in range(rg.game.shape[i]):
            kept = _outcomes(rg, bound, other, i, trembling, (s, m), action, bound.play[s][1 - i])
            strayed = _outcomes(rg, bound, other, i, trembling, (s, m), action, other.play[m])
            for target, _ in (*kept[1], *strayed[1]):
                if target not in nodes:
                    nodes.append(target)
            row.append(Option((kept[0], strayed[0]), _merged(kept[1], strayed[1], nodes)))
        options.append(tuple(row))
    keep = tuple(bound.play[s][i] for s, _ in nodes)
    beta = to_fmpq(rg.effective_discount[i])
    return NoisyEncounter(rg, ag, bound, i, machine, trembling, tuple(nodes), tuple(options), keep, beta)


def _outcomes(
    rg: RepeatedGame,
    bound: BoundAgreement,
    other: BoundMachine,
    player: int,
    trembling: Trembling,
    node: tuple[int, int],
    action: int,
    act: int,
) -> tuple[Any, list[tuple[tuple[int, int], Any]]]:
    """Expected payoff, and every public outcome in a fixed order: the next node and the outcome's probability."""
    s, m = node
    game, u = rg.game, rg.game.exact_payoffs[player]

    def profile(mine: int, theirs: int) -> tuple[int, int]:
        return (mine, theirs) if player == 0 else (theirs, mine)

    if isinstance(rg.monitoring, PublicSignals):
        meant = profile(action, act)
        chances = rg.monitoring.distribution(game, meant)
        targets = [(bound.move[s][(label,)], m) for label in range(len(chances))]
        return to_fmpq(u[meant]), [(t, to_fmpq(q)) for t, q in zip(targets, chances, strict=True)]
    eps = rg.monitoring.eps if isinstance(rg.monitoring, Trembles) else 0
    own = _errs(action, game.shape[player], to_fmpq(eps) if trembling == "both" else fmpq(0))
    reward, found = fmpq(0), []
    for mine, p in own:
        for theirs, q in _errs(act, game.shape[1 - player], to_fmpq(eps)):
            done = profile(mine, theirs)
            reward += p * q * to_fmpq(u[done])
            found.append(((bound.move[s][done], other.move[m][mine]), p * q))
    return reward, found


def _errs(meant: int, actions: int, eps: Any) -> list[tuple[int, Any]]:
    """Every act that may be carried out, with its probability; a player with one action cannot err."""
    if actions == 1:
        return [(0, fmpq(1))]
    return [(done, 1 - eps if done == meant else eps / (actions - 1)) for done in range(actions)]


def _merged(
    kept: list[tuple[tuple[int, int], Any]], strayed: list[tuple[tuple[int, int], Any]], nodes: list[tuple[int, int]]
) -> tuple[Outcome, ...]:
    merged: dict[Any, Outcome] = {}
    for (target, p), (_, q) in zip(kept, strayed, strict=True):
        if p or q:
            outcome = Outcome(nodes.index(target), p, q)
            key = (outcome.target, *_ratio(outcome))
            if key in merged:
                outcome = Outcome(outcome.target, p + merged[key].keeper, q + merged[key].other)
            merged[key] = outcome
    return tuple(merged.values())


def _ratio(outcome: Outcome) -> tuple[Any, Any]:
    total = outcome.keeper + outcome.other
    return outcome.keeper / total, outcome.other / total


@dataclass(frozen=True)
class Step:
    """One state of a plan: the node it is for, the act, and the plan's next state after each outcome."""

    node: int
    action: int
    then: tuple[int, ...]


def worth(meeting: NoisyEncounter, steps: Sequence[Step]) -> list[Line]:
    """What a finite plan is worth from each of its states, against the keeper and against the opportunist."""
    n = len(steps)
    sides = []
    for side in (0, 1):
        matrix = [[fmpq(int(i == j)) for j in range(n)] for i in range(n)]
        right = []
        for i, step in enumerate(steps):
            option = meeting.options[step.node][step.action]
            right.append((1 - meeting.beta) * option.reward[side])
            for outcome, j in zip(option.outcomes, step.then, strict=True):
                matrix[i][j] -= meeting.beta * (outcome.other if side else outcome.keeper)
        solution = fmpq_mat(n, n, [x for row in matrix for x in row]).solve(fmpq_mat(n, 1, right))
        sides.append([solution[i, 0] for i in range(n)])
    return list(zip(*sides, strict=True))


def keeping(meeting: NoisyEncounter) -> list[Step]:
    """Keeping the agreement, as a plan with one state a node."""
    return [Step(n, a, tuple(o.target for o in meeting.options[n][a].outcomes)) for n, a in enumerate(meeting.keep)]
