"""Independent checks of what is optimal against a partner of unknown type.

Beliefs are numbers, updated by Bayes' rule after every observed act; the reachable situations (who the partner may be,
with which probability, in which state) are found by search, and the decision problem on them is solved by policy
improvement with elimination in Fractions. Nothing here is shared with the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.exact.region import Constraint
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.check import Lottery, attains_best_value, best_values, next_state, policy_value
from detente.repeated.parameters import Over, with_parameter

Situation = tuple[bool, Fraction, str, str]  # whether it is the first period; belief; states of agreement and machine
Belief = tuple[tuple[str, Fraction, str], ...]  # who the partner may be: name, probability, state


def keeping_is_optimal(
    rg: RepeatedGame,
    ag: Agreement,
    player: int,
    other: Machine,
    trust: Fraction,
    payment: Callable[[bool, bool], Fraction] = lambda own, their: Fraction(0),
    first_step: Fraction = Fraction(1),
) -> bool:
    """Whether keeping ``ag`` from the first period is a best reply of ``player`` at prior ``trust``.

    ``payment(own, their)`` is added in a period in which the player, the partner, or both depart from the agreement;
    the first period's payoffs are multiplied by ``first_step``.
    """
    lotteries, keep, start = _situations(rg, ag, player, other, trust, payment, first_step)
    return attains_best_value(rg, player, lotteries, keep, start)


def keeping_slack(
    rg: RepeatedGame, ag: Agreement, player: int, other: Machine, trust: Fraction, state: Any, action: Any
) -> Fraction | None:
    """What keeping is worth more than the best strategy that takes ``action`` at some moment in ``state``.

    The least such number over the moments to which keeping can lead; None if there are none, or it is prescribed there.
    """
    lotteries, keep, start = _situations(rg, ag, player, other, trust, lambda own, their: Fraction(0), Fraction(1))
    kept, found = policy_value(rg, player, lotteries, keep), []
    reached = [start]
    for at in reached:  # grows as situations are reached
        reached += [t for _, _, t in lotteries[at][keep[at]] if t not in reached]  # type: ignore[misc]
    labels = rg.game.actions[player]
    for at in reached:
        if at[2] == state and action in labels and labels[keep[at]] != action:
            bound = {**lotteries, at: [lotteries[at][labels.index(action)]]}  # the only thing to do at that moment
            found.append(kept[start] - best_values(rg, player, bound, {**keep, at: 0})[start])
    return min(found, default=None)


@dataclass(frozen=True)
class KeepingCheck:
    """The certificate of a trust region: over the prior, or over another parameter at the prior ``trust``."""

    rg: RepeatedGame
    agreement: Agreement
    player: int
    opportunist: Machine
    trust: Fraction | None = None
    over: Over | None = None

    def _at(self, x: Fraction) -> tuple[RepeatedGame, Fraction]:
        if self.over is None or self.trust is None:
            return self.rg, x
        return with_parameter(self.rg, self.over, x), self.trust

    def holds(self, x: Fraction) -> bool:
        """Whether keeping is optimal at ``x``."""
        rg, trust = self._at(x)
        return keeping_is_optimal(rg, self.agreement, self.player, self.opportunist, trust)

    def slack(self, constraint: Constraint, x: Fraction) -> Fraction | None:
        """What the best strategy that departs as the constraint says loses at ``x``."""
        rg, trust = self._at(x)
        if constraint.player != rg.game.players[self.player]:
            return None
        departure = constraint.state, constraint.deviation
        return keeping_slack(rg, self.agreement, self.player, self.opportunist, trust, *departure)


def _situations(
    rg: RepeatedGame,
    ag: Agreement,
    player: int,
    other: Machine,
    trust: Fraction,
    payment: Callable[[bool, bool], Fraction],
    first_step: Fraction,
) -> tuple[dict[Situation, list[Lottery]], dict[Situation, int], Situation]:
    """What every action leads to in every situation that can arise, what is prescribed, and the first situation."""
    game, partner = rg.game, 1 - player

    def lottery(at: Situation, action: int) -> Lottery:
        first, belief, s, m = at
        prescribed = [game.action_index(j, a) for j, a in enumerate(ag.play[s])]
        kept, rival = prescribed[partner], game.action_index(partner, other.play[m])
        out: Lottery = []
        for act in sorted({kept, rival}):
            from_keeper = belief if act == kept else Fraction(0)
            from_other = 1 - belief if act == rival else Fraction(0)
            chance = from_keeper + from_other
            if chance:
                profile = (action, act) if player == 0 else (act, action)
                pay = game.exact_payoffs[(player, *profile)]
                pay += payment(action != prescribed[player], act != kept)
                machine_state = machine_next(game, other, m, player, action)
                after = (False, from_keeper / chance, next_state(rg, ag, s, profile), machine_state)
                out.append((chance, pay * first_step if first else pay, after))
        return out

    start: Situation = (True, trust, ag.start, other.start)
    situations = [start]
    lotteries: dict[Situation, list[Lottery]] = {}
    for at in situations:  # grows as situations are reached
        lotteries[at] = [lottery(at, a) for a in range(game.shape[player])]
        for row in lotteries[at]:
            situations += [t for _, _, t in row if t not in situations]  # type: ignore[misc]
    keep = {at: game.action_index(player, ag.play[at[2]][player]) for at in situations}
    return lotteries, keep, start


def best_against_types(
    rg: RepeatedGame,
    player: int,
    types: Mapping[str, Machine],
    prior: Mapping[str, Fraction],
    ag: Agreement | None = None,
) -> tuple[Fraction, tuple[int, ...]]:
    """The best value against a prior over types, and every first action that attains it.

    With ``ag``, the name in ``prior`` that is not in ``types`` is a partner who keeps that agreement.
    """
    start: Belief = tuple((name, p, _start(types, ag, name)) for name, p in prior.items() if p)
    situations = {start: 0}
    options: dict[Belief, list[list[tuple[Fraction, Fraction, Belief]]]] = {}
    queue = [start]
    for at in queue:  # grows as situations are reached
        options[at] = [_observed(rg, player, types, ag, at, a) for a in range(rg.game.shape[player])]
        for lottery in options[at]:
            for _, _, target in lottery:
                if target not in situations:
                    situations[target] = len(queue)
                    queue.append(target)
    beta = rg.discount[player] * (1 - rg.breakdown)
    policy = dict.fromkeys(queue, 0)
    while True:
        values = chain_values(beta, {at: options[at][policy[at]] for at in queue})
        worth = {at: [_expected(beta, lottery, values) for lottery in options[at]] for at in queue}
        better = {at: w.index(max(w)) for at, w in worth.items() if max(w) > values[at]}
        if not better:
            return values[start], tuple(a for a, w in enumerate(worth[start]) if w == values[start])
        policy.update(better)


def keeping_payoff(
    rg: RepeatedGame, ag: Agreement, player: int, types: Mapping[str, Machine], prior: Mapping[str, Fraction]
) -> Fraction:
    """What keeping the agreement is worth at a prior over the keeper and ``types``."""
    total = Fraction(0)
    for name, p in prior.items():
        chain = {}
        start = at = (ag.start, _start(types, ag, name))
        while at not in chain:
            action = rg.game.action_index(player, ag.play[at[0]][player])
            act = _partners_act(rg, player, types, ag, name, at[1])
            profile = (action, act) if player == 0 else (act, action)
            s = next_state(rg, ag, at[0], profile)
            after = (s, machine_next(rg.game, types[name], at[1], player, action) if name in types else s)
            chain[at] = [(Fraction(1), rg.game.exact_payoffs[(player, *profile)], after)]
            at = after
        total += p * chain_values(rg.discount[player] * (1 - rg.breakdown), chain)[start]
    return total


def follow_plan(
    rg: RepeatedGame, player: int, types: Mapping[str, Machine], prior: Mapping[str, Fraction], plan: Any
) -> Fraction:
    """What a plan (nodes with ``action`` and ``next``) is worth at a prior over ``types``."""
    total = Fraction(0)
    for name, p in prior.items():
        chain = {}
        start = at = (0, types[name].start)
        while at not in chain:
            node = plan.nodes[at[0]]
            action = rg.game.action_index(player, node.action)
            act = _partners_act(rg, player, types, None, name, at[1])
            profile = (action, act) if player == 0 else (act, action)
            after = (
                node.next[rg.game.actions[1 - player][act]],
                machine_next(rg.game, types[name], at[1], player, action),
            )
            chain[at] = [(Fraction(1), rg.game.exact_payoffs[(player, *profile)], after)]
            at = after
        total += p * chain_values(rg.discount[player] * (1 - rg.breakdown), chain)[start]
    return total


def _observed(
    rg: RepeatedGame, player: int, types: Mapping[str, Machine], ag: Agreement | None, at: Belief, action: int
) -> list[tuple[Fraction, Fraction, Belief]]:
    """Chance, payoff and the next belief, for each act of the partner that may be seen."""
    out = []
    for act in range(rg.game.shape[1 - player]):
        consistent = [entry for entry in at if _partners_act(rg, player, types, ag, entry[0], entry[2]) == act]
        chance = sum((p for _, p, _ in consistent), Fraction(0))
        if not chance:
            continue
        profile = (action, act) if player == 0 else (act, action)
        after = []
        for name, p, state in consistent:
            if name in types:
                target = machine_next(rg.game, types[name], state, player, action)
            else:
                assert ag is not None
                target = next_state(rg, ag, state, profile)
            after.append((name, p / chance, target))
        out.append((chance, rg.game.exact_payoffs[(player, *profile)], tuple(after)))
    return out


def _start(types: Mapping[str, Machine], ag: Agreement | None, name: str) -> str:
    if name in types:
        return types[name].start
    assert ag is not None
    return ag.start


def _partners_act(
    rg: RepeatedGame, player: int, types: Mapping[str, Machine], ag: Agreement | None, name: str, state: str
) -> int:
    if name in types:
        return rg.game.action_index(1 - player, types[name].play[state])
    assert ag is not None
    return rg.game.action_index(1 - player, ag.play[state][1 - player])


def _expected(
    beta: Fraction, lottery: list[tuple[Fraction, Fraction, Any]], values: Mapping[Any, Fraction]
) -> Fraction:
    return sum((q * ((1 - beta) * pay + beta * values[t]) for q, pay, t in lottery), Fraction(0))


def chain_values(beta: Fraction, chain: dict[Any, list[tuple[Fraction, Fraction, Any]]]) -> dict[Any, Fraction]:
    """Values of a Markov chain: each state's equation is solved for it and put into all others, the last ones first."""
    constants: dict[Any, Fraction] = {}
    terms: dict[Any, dict[Any, Fraction]] = {}
    users: dict[Any, set[Any]] = {s: set() for s in chain}  # the states whose equations contain a state
    for s, lottery in chain.items():
        constants[s] = sum(((1 - beta) * q * pay for q, pay, _ in lottery), Fraction(0))
        terms[s] = {}
        for q, _, t in lottery:
            terms[s][t] = terms[s].get(t, Fraction(0)) + beta * q
            users[t].add(s)
    solved: dict[Any, None] = {}
    for s in reversed(chain):
        loop = 1 - terms[s].pop(s, Fraction(0))
        constants[s] /= loop
        terms[s] = {t: c / loop for t, c in terms[s].items()}
        solved[s] = None
        for other in users[s]:
            if other not in solved:
                factor = terms[other].pop(s)
                constants[other] += factor * constants[s]
                for t, c in terms[s].items():
                    terms[other][t] = terms[other].get(t, Fraction(0)) + factor * c
                    users[t].add(other)
    values: dict[Any, Fraction] = {}
    for s in reversed(solved):  # now each equation has only states solved after it
        values[s] = constants[s] + sum((c * values[t] for t, c in terms[s].items()), Fraction(0))
    return values


def machine_next(game: Game, machine: Machine, state: str, watched: int, action: int) -> str:
    for key, target in machine.move[state].items():
        acts = key if isinstance(key, tuple) else (key,)
        if key is not ... and acts[0] is not ... and game.action_index(watched, acts[0]) == action:
            return target
    return machine.move[state][...]
