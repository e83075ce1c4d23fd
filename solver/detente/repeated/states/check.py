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
        kept = _worth(options, keep, beta)
        policy, worth = dict(keep), kept
        while better := _improvements(options, worth, beta):
            policy.update(better)
            worth = _worth(options, policy, beta)
        if any(worth[ag.start, state] != kept[ag.start, state] for state in first):
            return False
    return True


def stochastic_slacks(
    sg: StochasticGame, ag: StochasticAgreement
) -> dict[tuple[str, Any, Any], tuple[Fraction, Fraction]]:
    """By node's name, player and action: the value of keeping the agreement, and what one deviation would lose."""
    found = {}
    for i, player in enumerate(sg.players):
        beta = sg.discount[i] * (1 - sg.breakdown)
        options, keep = _options(sg, ag, i)
        worth = _worth(options, keep, beta)
        for (w, state), choices in options.items():
            name = state if len(ag.play) == 1 else w if len(sg.games) == 1 else f"{w} | {state}"
            for a, (now, ahead) in enumerate(choices):
                once = (1 - beta) * now + beta * sum((p * worth[n] for n, p in ahead.items()), Fraction(0))
                found[name, player, sg.games[state].actions[i][a]] = worth[w, state], worth[w, state] - once
    return found


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
    return found


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
