"""An independent check of one agreement at one set of parameters.

This module shares no code with the solver: it walks the agreement's own tables, weighs outcomes itself, and solves
linear systems by elimination in Fractions. ``verify()`` and the tests rest on it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from detente.game.agreement import Agreement
from detente.game.monitoring import PublicSignals, Trembles
from detente.game.repeated import RepeatedGame

Lottery = list[tuple[Fraction, Fraction, Any]]  # probability, payoff, next state


def is_subgame_perfect(rg: RepeatedGame, ag: Agreement) -> bool:
    """No one-shot deviation gains in any state reachable from the start under any acts or signals."""
    for i in range(rg.game.n_players):
        states, lotteries, keep = _problem(rg, ag, i)
        values = _policy_value(rg, i, states, lotteries, keep)
        for s in states:
            here = values[s]
            if any(_worth(rg, i, lottery, values) > here for lottery in lotteries[s]):
                return False
    return True


def is_nash(rg: RepeatedGame, ag: Agreement) -> bool:
    """Keeping the agreement from the start is a best reply among all strategies."""
    for i in range(rg.game.n_players):
        states, lotteries, keep = _problem(rg, ag, i)
        kept = _policy_value(rg, i, states, lotteries, keep)[states[0]]
        policy = dict(keep)
        while True:  # policy improvement: strictly better every round, over finitely many policies
            values = _policy_value(rg, i, states, lotteries, policy)
            better = {
                s: a
                for s in states
                for a, lottery in enumerate(lotteries[s])
                if _worth(rg, i, lottery, values) > values[s]
            }
            if not better:
                break
            policy.update(better)
        if values[states[0]] > kept:
            return False
    return True


def _problem(rg: RepeatedGame, ag: Agreement, i: int) -> tuple[list[Any], dict[Any, list[Lottery]], dict[Any, int]]:
    game = rg.game
    states = [ag.start]
    lotteries: dict[Any, list[Lottery]] = {}
    keep: dict[Any, int] = {}
    for s in states:
        profile = [game.action_index(j, a) for j, a in enumerate(ag.play[s])]
        keep[s] = profile[i]
        for target in _targets(rg, ag, s):
            if target not in states:
                states.append(target)
        lotteries[s] = []
        for a in range(game.shape[i]):
            intended = tuple(a if j == i else b for j, b in enumerate(profile))
            lotteries[s].append(_lottery(rg, ag, s, intended, i))
    return states, lotteries, keep


def _targets(rg: RepeatedGame, ag: Agreement, state: str) -> list[str]:
    if isinstance(rg.monitoring, PublicSignals):
        return [_after(rg, ag, state, label) for label in rg.monitoring.labels]
    return [_after(rg, ag, state, p) for p in product(*(range(m) for m in rg.game.shape))]


def _after(rg: RepeatedGame, ag: Agreement, state: str, outcome: Any) -> str:
    """The next state, by the rule that the key with the fewest wildcards decides."""
    best, chosen = 10**9, None
    for key, target in ag.move[state].items():
        if key is ...:
            wild = 10**8
        elif isinstance(outcome, str):
            wild = 0 if outcome in (key, *(key if isinstance(key, tuple) else ())) else -1
        else:
            entries = key if isinstance(key, tuple) else (key,)
            fits = all(k is ... or rg.game.action_index(j, k) == outcome[j] for j, k in enumerate(entries))
            wild = sum(k is ... for k in entries) if fits else -1
        if 0 <= wild < best:
            best, chosen = wild, target
    assert chosen is not None
    return chosen


def _lottery(rg: RepeatedGame, ag: Agreement, state: str, intended: tuple[int, ...], i: int) -> Lottery:
    u = rg.game.exact_payoffs[i]
    if isinstance(rg.monitoring, PublicSignals):
        chances = rg.monitoring.distribution(rg.game, intended)
        labels = rg.monitoring.labels
        return [(q, u[intended], _after(rg, ag, state, lab)) for q, lab in zip(chances, labels, strict=True) if q]
    eps = rg.monitoring.eps if isinstance(rg.monitoring, Trembles) else Fraction(0)
    out: Lottery = []
    for done in product(*(range(m) for m in rg.game.shape)):
        q = Fraction(1)
        for j, m in enumerate(rg.game.shape):
            if m > 1:
                q *= 1 - eps if done[j] == intended[j] else eps / (m - 1)
        if q:
            out.append((q, u[done], _after(rg, ag, state, done)))
    return out


def _beta(rg: RepeatedGame, i: int) -> Fraction:
    return rg.discount[i] * (1 - rg.breakdown)


def _worth(rg: RepeatedGame, i: int, lottery: Lottery, values: dict[Any, Fraction]) -> Fraction:
    beta = _beta(rg, i)
    return sum((q * ((1 - beta) * pay + beta * values[t]) for q, pay, t in lottery), Fraction(0))


def _policy_value(
    rg: RepeatedGame, i: int, states: list[Any], lotteries: dict[Any, list[Lottery]], policy: dict[Any, int]
) -> dict[Any, Fraction]:
    beta = _beta(rg, i)
    row_of = {s: k for k, s in enumerate(states)}
    system = []
    for s in states:
        row = [Fraction(0)] * (len(states) + 1)
        row[row_of[s]] += 1
        for q, pay, t in lotteries[s][policy[s]]:
            row[row_of[t]] -= beta * q
            row[-1] += (1 - beta) * q * pay
        system.append(row)
    for k in range(len(states)):  # Gauss–Jordan; I − βP needs no pivoting
        system[k] = [x / system[k][k] for x in system[k]]
        for other in range(len(states)):
            factor = system[other][k]
            if other != k and factor:
                system[other] = [x - factor * y for x, y in zip(system[other], system[k], strict=True)]
    return {s: system[row_of[s]][-1] for s in states}
