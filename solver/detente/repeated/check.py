"""An independent check of one agreement at one set of parameters.

This module shares no code with the solver: it walks the agreement's own tables, weighs outcomes itself, and solves
linear systems by elimination in Fractions. ``verify()`` and the tests rest on it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from detente.game.agreement import Agreement
from detente.game.monitoring import PublicSignals, Trembles
from detente.game.repeated import RepeatedGame

Lottery = list[tuple[Fraction, Fraction, Hashable]]  # probability, payoff, next state
Lotteries = Mapping[Any, list[Lottery]]  # for every state, one lottery an action
Chosen = int | list[tuple[Fraction, int]]  # an action, or actions with their probabilities


def is_subgame_perfect(rg: RepeatedGame, ag: Agreement, players: Iterable[int] | None = None) -> bool:
    """No one-shot deviation gains in any state reachable from the start under any acts or signals.

    ``players`` are those whose incentives count; by default all. A prescribed lottery is worth the average over its
    support, so that if no action gains, all in the support are worth the same.
    """
    return all(
        not improvements(rg, i, lotteries, policy_value(rg, i, lotteries, keep))
        for i in (range(rg.game.n_players) if players is None else players)
        for lotteries, keep in [_problem(rg, ag, i)]
    )


def is_nash(rg: RepeatedGame, ag: Agreement, players: Iterable[int] | None = None) -> bool:
    """Keeping the agreement from the start is a best reply among all strategies."""
    return all(
        attains_best_value(rg, i, lotteries, keep, ag.start)
        for i in (range(rg.game.n_players) if players is None else players)
        for lotteries, keep in [_problem(rg, ag, i)]
    )


class OneShot(NamedTuple):
    """The value of keeping an agreement, what one other act would lose, and whether that act is what is prescribed."""

    value: Fraction
    slack: Fraction
    certain: bool


def slacks(
    rg: RepeatedGame, ag: Agreement, players: Iterable[int] | None = None
) -> dict[tuple[str, Any, Any], OneShot]:
    """By state, player and action: keeping the agreement, and taking that action once."""
    found = {}
    for i in range(rg.game.n_players) if players is None else players:
        lotteries, keep = _problem(rg, ag, i)
        values, beta = policy_value(rg, i, lotteries, keep), _beta(rg, i)
        for s, options in lotteries.items():
            for a, lottery in enumerate(options):
                once = sum((q * ((1 - beta) * pay + beta * values[t]) for q, pay, t in lottery), Fraction(0))
                certain = {action for _, action in _drawn(rg, i, ag.play[s][i])} == {a}
                found[s, rg.game.players[i], rg.game.actions[i][a]] = OneShot(values[s], values[s] - once, certain)
    return found


def departure_slack(rg: RepeatedGame, ag: Agreement, i: int, state: Any, action: Any) -> Fraction | None:
    """What keeping the agreement is worth to ``i`` more than the best strategy that takes ``action`` in ``state``.

    None if keeping it never leads to that state, or prescribes that action there for certain.
    """
    lotteries, keep = _problem(rg, ag, i)
    reached: list[Any] = [ag.start]
    for s in reached:  # grows as states are reached
        for _, a in _drawn(rg, i, ag.play[s][i]):
            reached += [t for _, _, t in lotteries[s][a] if t not in reached]
    if state not in reached or action not in rg.game.actions[i]:
        return None
    taken = rg.game.actions[i].index(action)
    if [a for _, a in _drawn(rg, i, ag.play[state][i])] == [taken]:
        return None
    # The only thing to do in that state
    bound = {s: [options[taken]] if s == state else options for s, options in lotteries.items()}
    departing = best_values(rg, i, bound, {**keep, state: 0})
    return policy_value(rg, i, lotteries, keep)[ag.start] - departing[ag.start]


def attains_best_value(rg: RepeatedGame, i: int, lotteries: Lotteries, keep: Mapping[Any, Chosen], start: Any) -> bool:
    """Whether the policy ``keep``, from ``start`` on, is worth as much to ``i`` as the best policy."""
    return policy_value(rg, i, lotteries, keep)[start] == best_values(rg, i, lotteries, keep)[start]


def best_values(rg: RepeatedGame, i: int, lotteries: Lotteries, policy: Mapping[Any, Chosen]) -> dict[Any, Fraction]:
    """What the best policy is worth to ``i`` in every state, found by improving on ``policy``."""
    now: dict[Any, Chosen] = dict(policy)
    while True:  # strictly better every round, over finitely many policies
        values = policy_value(rg, i, lotteries, now)
        better = improvements(rg, i, lotteries, values)
        if not better:
            return values
        now.update(better)


def improvements(rg: RepeatedGame, i: int, lotteries: Lotteries, values: Mapping[Any, Fraction]) -> dict[Any, int]:
    """An action for every state in which one deviation gains."""
    beta = _beta(rg, i)
    return {
        s: a
        for s, options in lotteries.items()
        for a, lottery in enumerate(options)
        if sum((q * ((1 - beta) * pay + beta * values[t]) for q, pay, t in lottery), Fraction(0)) > values[s]
    }


def policy_value(rg: RepeatedGame, i: int, lotteries: Lotteries, policy: Mapping[Any, Chosen]) -> dict[Any, Fraction]:
    """The normalised average value of a policy, pure or mixed, in every state."""
    beta = _beta(rg, i)
    row_of = {s: k for k, s in enumerate(lotteries)}
    n = len(row_of)
    system = []
    for s, k in row_of.items():
        row = [Fraction(0)] * (n + 1)
        row[k] += 1
        chosen = policy[s]
        for share, a in [(Fraction(1), chosen)] if isinstance(chosen, int) else chosen:
            for q, pay, t in lotteries[s][a]:
                row[row_of[t]] -= beta * share * q
                row[n] += (1 - beta) * share * q * pay
        system.append(row)
    for k in range(n):  # Gauss–Jordan; I − βP needs no pivoting
        system[k] = [x / system[k][k] for x in system[k]]
        for other in range(n):
            factor = system[other][k]
            if other != k and factor:
                system[other] = [x - factor * y for x, y in zip(system[other], system[k], strict=True)]
    return {s: system[k][n] for s, k in row_of.items()}


def next_state(rg: RepeatedGame, ag: Agreement, state: str, outcome: Any) -> str:
    """Where an outcome (a profile of indices, or a label) leads: the key with the fewest wildcards decides."""
    best, chosen = 10**9, None
    for key, target in ag.move[state].items():
        if key is ...:
            wild = 10**8
        elif isinstance(outcome, str):
            wild = 0 if outcome == key or key == (outcome,) else -1
        else:
            entries = key if isinstance(key, tuple) else (key,)
            fits = all(k is ... or rg.game.action_index(j, k) == outcome[j] for j, k in enumerate(entries))
            wild = sum(k is ... for k in entries) if fits else -1
        if 0 <= wild < best:
            best, chosen = wild, target
    assert chosen is not None
    return chosen


def _beta(rg: RepeatedGame, i: int) -> Fraction:
    return rg.discount[i] * (1 - rg.breakdown)


def _problem(rg: RepeatedGame, ag: Agreement, i: int) -> tuple[dict[Any, list[Lottery]], dict[Any, Chosen]]:
    game = rg.game
    states = [ag.start]
    lotteries: dict[Any, list[Lottery]] = {}
    keep: dict[Any, Chosen] = {}
    for s in states:  # grows as states are reached
        drawn = [_drawn(rg, j, entry) for j, entry in enumerate(ag.play[s])]
        keep[s] = drawn[i]
        states += [t for t in dict.fromkeys(_targets(rg, ag, s)) if t not in states]
        lotteries[s] = []
        for a in range(game.shape[i]):
            faced: Lottery = []
            for terms in product(*([(Fraction(1), a)] if j == i else d for j, d in enumerate(drawn))):
                weight = Fraction(1)
                for share, _ in terms:
                    weight *= share
                intended = tuple(action for _, action in terms)
                faced += [(weight * q, pay, t) for q, pay, t in _lottery(rg, ag, s, intended, i)]
            lotteries[s].append(faced)
    return lotteries, keep


def _drawn(rg: RepeatedGame, j: int, entry: Any) -> list[tuple[Fraction, int]]:
    """What player ``j`` is to draw from, as (probability, action); an action as written is drawn for sure."""
    if isinstance(entry, Mapping):
        return [(p, rg.game.action_index(j, a)) for a, p in entry.items() if p]
    if isinstance(entry, tuple):
        return [(p, a) for a, p in enumerate(entry) if p]
    return [(Fraction(1), rg.game.action_index(j, entry))]


def _targets(rg: RepeatedGame, ag: Agreement, state: str) -> list[str]:
    if isinstance(rg.monitoring, PublicSignals):
        return [next_state(rg, ag, state, label) for label in rg.monitoring.labels]
    return [next_state(rg, ag, state, p) for p in product(*(range(m) for m in rg.game.shape))]


def _lottery(rg: RepeatedGame, ag: Agreement, state: str, intended: tuple[int, ...], i: int) -> Lottery:
    u = rg.game.exact_payoffs[i]
    if isinstance(rg.monitoring, PublicSignals):
        chances = rg.monitoring.distribution(rg.game, intended)
        labels = rg.monitoring.labels
        return [(q, u[intended], next_state(rg, ag, state, lab)) for q, lab in zip(chances, labels, strict=True) if q]
    eps = rg.monitoring.eps if isinstance(rg.monitoring, Trembles) else Fraction(0)
    out: Lottery = []
    for done in product(*(range(m) for m in rg.game.shape)):
        q = Fraction(1)
        for j, m in enumerate(rg.game.shape):
            if m > 1:
                q *= 1 - eps if done[j] == intended[j] else eps / (m - 1)
        if q:
            out.append((q, u[done], next_state(rg, ag, state, done)))
    return out
