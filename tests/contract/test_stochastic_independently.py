"""Stochastic games against values and deviations of our own: Markov equilibria by exhaustion, regions by points."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import pytest

import detente as dt
from tests.contract.independent import policy_value

NEAR = F(1, 10**9)


class World:
    """A random stochastic game with up to three states, and an automaton on it."""

    def __init__(self, rng: random.Random) -> None:
        self.states = range(rng.randint(1, 3))
        self.shape = rng.choice(((2, 2), (2, 3), (2, 2, 2))) if len(self.states) < 3 else (2, 2)
        self.players, self.profiles = range(len(self.shape)), list(product(*map(range, self.shape)))
        self.u = [{p: [F(rng.randint(-6, 6)) for _ in self.shape] for p in self.profiles} for _ in self.states]
        self.odds = [{p: self._shares(rng) for p in self.profiles} for _ in self.states]
        self.discount, self.hazard = F(rng.randint(0, 19), 20), rng.choice((F(0), F(1, 4)))
        names = [f"x{s}" for s in self.states]
        self.game = dt.StochasticGame(
            {
                x: dt.Game.from_profiles({self.labels(p): u for p, u in self.u[s].items()})  # type: ignore[arg-type]
                for s, x in enumerate(names)
            },
            {
                x: {self.labels(p): dict(zip(names, row, strict=True)) for p, row in self.odds[s].items()}
                for s, x in enumerate(names)
            },
            discount=self.discount,
            breakdown=self.hazard,
        )
        size = rng.randint(1, 3)
        self.play = [[rng.choice(self.profiles) for _ in self.states] for _ in range(size)]
        self.move = [{(s, p): rng.randrange(size) for s in self.states for p in self.profiles} for _ in range(size)]
        self.agreement = dt.StochasticAgreement(
            {f"w{w}": {names[s]: self.labels(p) for s, p in enumerate(row)} for w, row in enumerate(self.play)},
            {
                f"w{w}": {(names[s], self.labels(p)): f"w{t}" for (s, p), t in row.items()}
                for w, row in enumerate(self.move)
            },
        )

    def _shares(self, rng: random.Random) -> list[F]:
        parts = [rng.randint(0, 3) for _ in self.states]
        parts[0] += not any(parts)
        return [F(part, sum(parts)) for part in parts]

    def labels(self, profile: tuple[int, ...]) -> tuple[str, ...]:
        return tuple("abc"[a] for a in profile)

    def holds(self, play: list[list[tuple[int, ...]]], move: list[dict[object, int]], delta: F) -> bool:
        """Whether no one-shot deviation pays in any state reachable from the first automaton state and any world."""
        nodes = [(0, s) for s in self.states]
        for w, s in nodes:  # grows
            for p in self.profiles:
                nodes += [n for t in self.states if self.odds[s][p][t] and (n := (move[w][s, p], t)) not in nodes]
        where = {node: k for k, node in enumerate(nodes)}

        def ahead(w: int, s: int, p: tuple[int, ...]) -> list[tuple[F, int]]:
            return [(q, where[move[w][s, p], t]) for t, q in enumerate(self.odds[s][p]) if q]

        for i in self.players:
            rewards = [self.u[s][play[w][s]][i] for w, s in nodes]
            values = policy_value(rewards, [ahead(w, s, play[w][s]) for w, s in nodes], delta)
            for (w, s), value in zip(nodes, values, strict=True):
                for a in range(self.shape[i]):
                    p = (*play[w][s][:i], a, *play[w][s][i + 1 :])
                    if (1 - delta) * self.u[s][p][i] + delta * sum(q * values[k] for q, k in ahead(w, s, p)) > value:
                        return False
        return True


@pytest.mark.parametrize("seed", range(4))
def test_stochastic_games(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        world = World(rng)
        delta, survival = world.discount * (1 - world.hazard), 1 - world.hazard
        assert dt.incentives(world.game, world.agreement).holds == world.holds(world.play, world.move, delta)
        where = dt.holds_where(world.game, world.agreement, over="discount")
        points = [F(0), F(rng.randint(1, 19), 20)]
        for interval in where.intervals:
            points += [F(float(e)) + d for e in (interval.lo, interval.hi) for d in (-NEAR, NEAR)]
            points += [e for e in (interval.lo, interval.hi) if isinstance(e, F)]
        for x in points:
            if 0 <= x < 1:
                assert (x in where) == world.holds(world.play, world.move, x * survival), (world.game, x)
        if len(world.profiles) ** len(world.states) <= 300:
            still = [{(s, p): 0 for s in world.states for p in world.profiles}]
            every = product(world.profiles, repeat=len(world.states))
            expected = {tuple(map(world.labels, play)) for play in every if world.holds([list(play)], still, delta)}
            found = dt.markov_equilibria(world.game)
            assert {tuple(map(tuple, e.play.values())) for e in found} == expected
            assert len(found) == len(expected)
            found.verify()
