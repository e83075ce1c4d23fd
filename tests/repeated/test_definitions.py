"""Incentives and regions against the definitions alone.

Random tables are drawn first, and games and agreements written from them. Values solve the recursion, one-shot
deviations are tried one by one, and for the Nash concept every stationary policy of a player is. Nothing here reads an
agreement, a monitoring structure or the package's own checkers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction as F
from itertools import pairwise, product
from typing import Any

import pytest

import detente as dt
from detente.exact.algebraic import Algebraic

Profile = tuple[int, ...]
NEAR = F(1, 10**9)


@dataclass(frozen=True)
class Tables:
    """A game and an automaton by index. ``chances[profile]`` is a distribution over labels; None if acts are seen."""

    shape: Profile
    u: list[dict[Profile, F]]
    plan: list[list[dict[int, F]]]  # by state and player
    move: list[dict[Profile, int]]  # by state and public outcome
    discount: list[F]
    breakdown: F
    eps: F | None  # None: perfect monitoring
    chances: dict[Profile, list[F]] | None = field(default=None)

    @property
    def profiles(self) -> list[Profile]:
        return list(product(*map(range, self.shape)))

    def public(self, meant: Profile) -> Iterator[tuple[Profile, F, Profile]]:
        """Public outcome, its probability, and the acts that payoffs accrue on."""
        if self.chances is not None:
            for k, p in enumerate(self.chances[meant]):
                yield (k,), p, meant
            return
        eps = self.eps or F(0)
        for done in self.profiles:
            p = F(1)
            for want, got, m in zip(meant, done, self.shape, strict=True):
                if m > 1:
                    p *= 1 - eps if want == got else eps / (m - 1)
            yield done, p, done

    def consequences(self, s: int, i: int, a: int) -> tuple[F, dict[int, F]]:
        """Player i's payoff now from action a in state s, and the odds of the next state."""
        now, ahead = F(0), dict.fromkeys(range(len(self.plan)), F(0))
        drawn = [{a: F(1)} if j == i else lot for j, lot in enumerate(self.plan[s])]
        for terms in product(*(lot.items() for lot in drawn)):
            weight = F(1)
            for _, q in terms:
                weight *= q
            for outcome, p, done in self.public(tuple(b for b, _ in terms)):
                now += weight * p * self.u[i][done]
                ahead[self.move[s][outcome]] += weight * p
        return now, ahead

    def reachable(self) -> list[int]:
        found = [0]
        for s in found:
            found += [t for t in dict.fromkeys(self.move[s].values()) if t not in found]
        return found


def worth(tables: Tables, i: int, policy: Mapping[int, Mapping[int, F]]) -> dict[int, F]:
    """v = (1 − β) r + β P v, by elimination; I − βP needs no exchange of rows."""
    beta, states = tables.discount[i] * (1 - tables.breakdown), list(policy)
    rows = []
    for s in states:
        row = [F(int(s == t)) for t in states] + [F(0)]
        for a, q in policy[s].items():
            now, ahead = tables.consequences(s, i, a)
            row = [x - beta * q * ahead[t] for x, t in zip(row, states, strict=False)] + [
                row[-1] + (1 - beta) * q * now
            ]
        rows.append(row)
    for k in range(len(rows)):
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for j, row in enumerate(rows):
            if j != k and row[k]:
                rows[j] = [x - row[k] * y for x, y in zip(row, rows[k], strict=True)]
    return {s: row[-1] for s, row in zip(states, rows, strict=True)}


def slacks(tables: Tables, i: int) -> dict[tuple[int, int], F]:
    beta, states = tables.discount[i] * (1 - tables.breakdown), tables.reachable()
    v = worth(tables, i, {s: tables.plan[s][i] for s in states})
    found = {}
    for s in states:
        for a in range(tables.shape[i]):
            now, ahead = tables.consequences(s, i, a)
            found[s, a] = v[s] - (1 - beta) * now - beta * sum(p * v[t] for t, p in ahead.items() if p)
    return found


def is_nash_for(tables: Tables, i: int) -> bool:
    states = tables.reachable()
    kept = worth(tables, i, {s: tables.plan[s][i] for s in states})[0]
    plans = product(range(tables.shape[i]), repeat=len(states))
    return all(worth(tables, i, {s: {a: F(1)} for s, a in zip(states, p, strict=True)})[0] <= kept for p in plans)


def drawn(rng: random.Random) -> Tables:
    n = rng.choice([2, 2, 2, 3])
    shape = tuple(rng.choice([1, 2, 2, 3] if n == 2 else [1, 2, 2]) for _ in range(n))
    profiles = list(product(*map(range, shape)))
    count = rng.randint(1, 3 if n == 2 else 2)
    u = [{p: F(rng.randint(-5, 5), rng.choice([1, 1, 2])) for p in profiles} for _ in range(n)]
    plan = []
    for _ in range(count):
        plan.append([{rng.randrange(m): F(1)} for m in shape])
        if rng.random() < 0.2:
            k = rng.randrange(n)
            weights = [rng.randint(1, 3) for _ in range(shape[k])]
            plan[-1][k] = {a: F(w, sum(weights)) for a, w in enumerate(weights)}
    kind = rng.choice(["perfect", "trembles", "signals"])
    chances = None
    if kind == "signals":
        chances = {}
        for p in profiles:
            weights = [rng.randint(0, 3) for _ in range(2)]
            weights[rng.randrange(2)] += 1
            chances[p] = [F(w, sum(weights)) for w in weights]
    outcomes: list[Profile] = [(0,), (1,)] if chances else profiles
    move = [{o: rng.randrange(count) for o in outcomes} for _ in range(count)]
    patience = [F(rng.randint(0, 19), 20) for _ in range(n)]
    if rng.random() < 0.6:
        patience = patience[:1] * n
    eps = F(rng.randint(0, 6), 20) if kind == "trembles" else None
    return Tables(shape, u, plan, move, patience, F(rng.randint(0, 2), 10), eps, chances)


def indifferent(rng: random.Random) -> Tables:
    """The mixed equilibrium of a coordination game, drawn in every state: no action is ever worth more."""
    a, b, c, d = (rng.randint(1, 6) for _ in range(4))
    u = [
        {p: F(x if p == (0, 0) else y if p == (1, 1) else 0) for p in product((0, 1), repeat=2)}
        for x, y in ((a, b), (c, d))
    ]
    lots = [{0: F(d, c + d), 1: F(c, c + d)}, {0: F(b, a + b), 1: F(a, a + b)}]
    move = [{p: rng.randrange(2) for p in u[0]} for _ in range(2)]
    return Tables((2, 2), u, [lots, rng.choice([lots, [{0: F(1)}, {0: F(1)}]])], move, [F(1, 2)] * 2, F(0), None)


def written(tables: Tables) -> tuple[dt.RepeatedGame, dt.Agreement]:
    n = len(tables.shape)

    def nested(values: Mapping[Profile, F], head: Profile = ()) -> Any:
        return values[head] if len(head) == n else [nested(values, (*head, a)) for a in range(tables.shape[len(head)])]

    monitoring: Any = dt.perfect() if tables.eps is None else dt.trembles(tables.eps)
    if tables.chances is not None:
        monitoring = dt.public_signals(["a", "b"], tables.chances)
    rg = dt.RepeatedGame(dt.Game([nested(u) for u in tables.u]), tables.discount, tables.breakdown, monitoring)
    play = {
        f"s{s}": tuple(next(iter(lot)) if len(lot) == 1 else dict(lot) for lot in lots)
        for s, lots in enumerate(tables.plan)
    }
    move = {
        f"s{s}": {("ab"[o[0]] if tables.chances else o): f"s{t}" for o, t in moves.items()}
        for s, moves in enumerate(tables.move)
    }
    return rg, dt.Agreement(play, move)


def at(tables: Tables, over: Any, x: F) -> Tables:
    if over == "discount":
        return replace(tables, discount=[x] * len(tables.shape))
    if over == "breakdown":
        return replace(tables, breakdown=x)
    if over == "noise":
        return replace(tables, eps=x)
    if over[0] == "discount":
        return replace(tables, discount=[x if i == over[1] else d for i, d in enumerate(tables.discount)])
    if over[0] == "payoff":
        return replace(tables, u=[{**u, over[2]: x} if i == over[1] else u for i, u in enumerate(tables.u)])
    assert tables.chances is not None
    return replace(tables, chances={**tables.chances, over[1]: [x, 1 - x]})


def points(region: dt.Region, rng: random.Random) -> list[F]:
    """Within every cell, at every rational end, and 1e-9 to both sides of every end."""
    marks, found = [], []
    for end in {e for i in region.intervals for e in (i.lo, i.hi) if not isinstance(e, float)}:
        lo, hi = end.refine(NEAR / 1000) if isinstance(end, Algebraic) else (F(end), F(end))
        found += [lo - NEAR, lo, hi, hi + NEAR]
        marks += [lo, hi]
    low, high = (b if isinstance(b, F) else F(far) for b, far in ((region.domain.lo, -20), (region.domain.hi, 20)))
    cells = sorted({low, *marks, high})
    found += [a + (b - a) * F(rng.randint(1, 99), 100) for a, b in pairwise(cells)]
    return [x for x in found if x in region.domain]


@pytest.mark.parametrize("seed", range(120))
def test_from_the_definitions(seed: int) -> None:
    rng = random.Random(seed)
    tables = indifferent(rng) if seed % 12 == 0 else drawn(rng)
    rg, ag = written(tables)
    players = range(len(tables.shape))
    inc = dt.incentives(rg, ag)
    expected = {(s, i, a): x for i in players for (s, a), x in slacks(tables, i).items()}
    table = {(int(r.state[1:]), rg.game.player_index(r.player), r.deviation): r.slack for r in inc.table}
    assert all(expected[key] == x for key, x in table.items())
    assert all(tables.plan[s][i] == {a: 1} for s, i, a in set(expected) - set(table))
    assert inc.holds == all(x >= 0 for x in expected.values())
    profile = rng.choice(tables.profiles)
    overs: list[Any] = ["discount", "breakdown", ("discount", 1), ("payoff", 0, profile)]
    overs.append(("signal", profile, "a") if tables.chances else "noise")
    for over in rng.sample(overs, 2):
        perfect, nash = (dt.holds_where(rg, ag, over, concept) for concept in ("subgame-perfect", "nash"))
        for x in {*points(perfect, rng), *points(nash, rng)}:
            there = at(tables, over, x)
            assert (x in perfect) == all(y >= 0 for i in players for y in slacks(there, i).values()), (over, x)
            assert (x in nash) == all(is_nash_for(there, i) for i in players), (over, x)
