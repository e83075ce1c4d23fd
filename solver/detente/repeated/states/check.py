"""An independent check of one agreement on one stochastic game at one set of parameters.

This module shares no code with the solver. It reads the game's transitions and the agreement's own tables as the user
wrote them, weighs outcomes itself, and compares one-shot deviations or, for the Nash concept, improves policies, by
elimination in Fractions. ``verify()`` and the tests rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from detente.exact.rational import to_fraction
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import StochasticAgreement
from detente.repeated.check import OneShot

Node = tuple[str, str]  # automaton state, state of the world
Option = tuple[Fraction, dict[Node, Fraction]]  # payoff now, and the odds of the next node
Options = dict[Node, list[Option]]


def is_subgame_perfect_stochastic(
    sg: StochasticGame, ag: StochasticAgreement, players: Iterable[int] | None = None
) -> bool:
    """No one-shot deviation gains at any node that acts can reach; ``players`` are those who count, by default all."""
    return all(
        not _improvements(options, worth, sg.discount[i] * (1 - sg.breakdown))
        for i in (range(sg.n_players) if players is None else players)
        for options, keep in [_options(sg, ag, i)]
        for worth in [_worth(options, keep, sg.discount[i] * (1 - sg.breakdown))]
    )


def is_nash_stochastic(sg: StochasticGame, ag: StochasticAgreement, players: Iterable[int] | None = None) -> bool:
    """Keeping the agreement from the start is a best reply among all strategies."""
    first = sg.states if sg.start is None else (sg.start,)
    for i in range(sg.n_players) if players is None else players:
        beta = sg.discount[i] * (1 - sg.breakdown)
        options, keep = _options(sg, ag, i)
        kept, worth = _worth(options, keep, beta), _best_worth(options, keep, beta)
        if any(worth[ag.start, state] != kept[ag.start, state] for state in first):
            return False
    return True


def stochastic_slacks(
    sg: StochasticGame, ag: StochasticAgreement, players: Iterable[int] | None = None
) -> dict[tuple[str, Any, Any], OneShot]:
    """By node's name, player and action: keeping the agreement, and taking that action once."""
    found = {}
    for i in range(sg.n_players) if players is None else players:
        beta = sg.discount[i] * (1 - sg.breakdown)
        options, keep = _options(sg, ag, i)
        worth = _worth(options, keep, beta)
        for node, choices in options.items():
            value, actions = worth[node], sg.games[node[1]].actions[i]
            for a, (now, ahead) in enumerate(choices):
                once = (1 - beta) * now + beta * sum((p * worth[n] for n, p in ahead.items()), Fraction(0))
                key = _name(sg, ag, node), sg.players[i], actions[a]
                found[key] = OneShot(value, value - once, keep[node] == a)
    return found


def stochastic_departure_slack(
    sg: StochasticGame, ag: StochasticAgreement, i: int, name: Any, action: Any
) -> Fraction | None:
    """What keeping the agreement is worth to ``i`` more than the best strategy that takes ``action`` at a node.

    The least such number over the states in which play may begin; None if keeping the agreement never leads to the
    node, or prescribes that action there.
    """
    beta = sg.discount[i] * (1 - sg.breakdown)
    options, keep = _options(sg, ag, i)
    kept = _worth(options, keep, beta)
    found = []
    for start in sg.states if sg.start is None else (sg.start,):
        reached = [(ag.start, start)]
        for node in reached:  # grows as nodes are reached
            _, ahead = options[node][keep[node]]
            reached += [n for n, p in ahead.items() if p and n not in reached]
        for node in reached:
            actions = sg.games[node[1]].actions[i]
            if _name(sg, ag, node) == name and action in actions and actions[keep[node]] != action:
                # The only thing to do at that node
                bound = {**options, node: [options[node][actions.index(action)]]}
                departing = _best_worth(bound, {**keep, node: 0}, beta)
                found.append(kept[reached[0]] - departing[reached[0]])
    return min(found, default=None)


def _name(sg: StochasticGame, ag: StochasticAgreement, node: Node) -> str:
    w, state = node
    return state if len(ag.play) == 1 else w if len(sg.games) == 1 else f"{w} | {state}"


def odds(sg: StochasticGame, state: str, profile: tuple[int, ...]) -> dict[str, Fraction]:
    """The next state's distribution, zero chances that a parameter could make positive included."""
    given = sg.transitions[state]
    game = sg.games[state]
    if isinstance(given, Mapping) and any(not isinstance(key, str) for key in given):
        given = given[_closest(given, profile, game)]
    elif not isinstance(given, str | Mapping):
        for a in profile:
            given = given[a]
        given = dict(zip(sg.states, given, strict=True))
    if isinstance(given, str):
        return {given: Fraction(1)}
    found: dict[str, Fraction] = {}
    for target, p in given.items():
        if p is not ...:
            number = sg.parameters[p] if isinstance(p, str) and p in sg.parameters else to_fraction(p)
            if number or (isinstance(p, str) and p in sg.parameters):
                found[target] = number
    for target, p in given.items():
        if p is ...:
            found[target] = 1 - sum(found.values(), Fraction(0))
            fixed = all(q is ... or not (isinstance(q, str) and q in sg.parameters) for q in given.values())
            if fixed and not found[target]:
                del found[target]
    total = sum(found.values(), Fraction(0))  # floats may miss one by rounding
    return {target: p / total for target, p in found.items()}


def _closest(table: Mapping[Any, Any], profile: tuple[int, ...], game: Any) -> Any:
    """The key with the fewest ``...`` that fits a profile."""
    best, chosen = 10**9, None
    for key in table:
        wild = 10**8
        if key is not ...:
            if not all(k is ... or game.action_index(j, k) == profile[j] for j, k in enumerate(key)):
                continue
            wild = sum(k is ... for k in key)
        if wild < best:
            best, chosen = wild, key
    return chosen


def _after(sg: StochasticGame, ag: StochasticAgreement, w: str, state: str, profile: tuple[int, ...]) -> str:
    named, general = {}, {}
    for key, target in ag.move[w].items():
        where, pattern = key if isinstance(key, tuple) else (key, ...)
        if where == state:
            named[pattern] = target
        elif where is ...:
            general[pattern] = target
    for table in (named, general):
        fits = [
            key
            for key in table
            if key is ...
            or all(k is ... or sg.games[state].action_index(j, k) == profile[j] for j, k in enumerate(key))
        ]
        if fits:
            return table[_closest(dict.fromkeys(fits), profile, sg.games[state])]
    raise AssertionError(f"no move from {w} at {state}, {profile}")


def _plan(sg: StochasticGame, ag: StochasticAgreement, node: Node) -> tuple[int, ...]:
    w, state = node
    given = ag.play[w].get(state, ag.play[w].get(...))
    assert given is not None
    return tuple(sg.games[state].action_index(j, a) for j, a in enumerate(given))


def _options(sg: StochasticGame, ag: StochasticAgreement, i: int) -> tuple[Options, dict[Node, int]]:
    first: Sequence[str] = sg.states if sg.start is None else (sg.start,)
    nodes: list[Node] = [(ag.start, state) for state in first]
    options: Options = {}
    keep: dict[Node, int] = {}
    for node in nodes:  # grows as nodes are reached
        w, state = node
        game = sg.games[state]
        for profile in product(*map(range, game.shape)):
            target = _after(sg, ag, w, state, profile)
            nodes += [n for t in odds(sg, state, profile) if (n := (target, t)) not in nodes]
        plan = _plan(sg, ag, node)
        keep[node] = plan[i]
        options[node] = []
        for a in range(game.shape[i]):
            done = tuple(a if j == i else b for j, b in enumerate(plan))
            target = _after(sg, ag, w, state, done)
            ahead = {(target, t): p for t, p in odds(sg, state, done).items()}
            options[node].append((game.exact_payoffs[(i, *done)], ahead))
    return options, keep


def _best_worth(options: Options, policy: Mapping[Node, int], beta: Fraction) -> dict[Node, Fraction]:
    """What the best policy is worth at every node, found by improving on ``policy``."""
    now = dict(policy)
    worth = _worth(options, now, beta)
    while better := _improvements(options, worth, beta):
        now.update(better)
        worth = _worth(options, now, beta)
    return worth


def _improvements(options: Options, worth: Mapping[Node, Fraction], beta: Fraction) -> dict[Node, int]:
    found = {}
    for node, choices in options.items():
        for a, (now, ahead) in enumerate(choices):
            if (1 - beta) * now + beta * sum((p * worth[n] for n, p in ahead.items()), Fraction(0)) > worth[node]:
                found[node] = a
    return found


def _worth(options: Options, policy: Mapping[Node, int], beta: Fraction) -> dict[Node, Fraction]:
    nodes = list(options)
    column = {node: k for k, node in enumerate(nodes)}
    system = []
    for k, node in enumerate(nodes):
        now, ahead = options[node][policy[node]]
        row = [Fraction(0)] * len(nodes) + [(1 - beta) * now]
        row[k] += 1
        for after, p in ahead.items():
            row[column[after]] -= beta * p
        system.append(row)
    for k in range(len(nodes)):  # Gauss–Jordan; I − βP needs no pivoting
        pivot = system[k][k]
        system[k] = [x / pivot for x in system[k]]
        for other, row in enumerate(system):
            if other != k and row[k]:
                factor = row[k]
                system[other] = [x - factor * y for x, y in zip(row, system[k], strict=True)]
    return {node: system[k][-1] for node, k in column.items()}
