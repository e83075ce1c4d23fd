"""Trust against a belief-state solver of our own, in exact arithmetic: regions, frontiers, plans, priors, substitutes.

Answers are asked at their own ends and 10⁻⁹ to either side, where an error of sign or of an open end would show.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest

import detente as dt
from tests.contract.independent import KEEPER, Automaton, Machine, Meeting

NEAR = F(1, 10**9)
LABELS = ["Relax", "Restrict", "Delay"]
PLAYERS = ["US", "China"]


class Case:
    """A random game, agreement, player and opportunist: for the package, and from the player's own side."""

    def __init__(self, rng: random.Random) -> None:
        shape = rng.choice(((2, 2), (2, 2), (2, 3), (3, 2)))
        A, B = ([[F(rng.randint(-9, 9)) for _ in range(shape[1])] for _ in range(shape[0])] for _ in range(2))
        dilemma = shape == (2, 2) and rng.random() < 0.6
        if dilemma:
            T, R, P, S = (F(x) for x in sorted(rng.sample(range(-9, 12), 4), reverse=True))
            A, B = [[R, S], [T, P]], [[R, T], [S, P]]
        self.acts = [LABELS[:count] for count in shape]
        self.game = dt.Game.bimatrix(A, B, players=PLAYERS, actions=self.acts)
        self.rg = dt.RepeatedGame(self.game, F(rng.randint(0, 29), 30), breakdown=rng.choice((F(0), F(0), F(1, 5))))
        self.delta = self.rg.discount[0] * (1 - self.rg.breakdown)
        profiles = list(product(*map(range, shape)))
        if dilemma and rng.random() < 0.7:  # an agreement with a chance of being kept
            length, forgiving = rng.randint(1, 3), rng.random() < 0.5
            play = [(0, 0)] + [(1, 1)] * length
            move = [{p: 0 if p == (0, 0) else 1 for p in profiles}]
            move += [
                dict.fromkeys(profiles, k + 1 if k < length else 0 if forgiving else k) for k in range(1, length + 1)
            ]
        else:
            size = rng.randint(1, 3)
            play = [rng.choice(profiles) for _ in range(size)]
            move = [{p: rng.randrange(size) for p in profiles} for _ in range(size)]
        names = [f"s{k}" for k in range(len(play))]
        self.agreement = dt.Agreement(
            {s: self.labels(p) for s, p in zip(names, play, strict=True)},
            {s: {self.labels(p): names[t] for p, t in row.items()} for s, row in zip(names, move, strict=True)},
        )
        self.player = i = rng.randrange(2)
        own_side = (lambda p: p) if i == 0 else (lambda p: (p[1], p[0]))
        self.u = A if i == 0 else [list(column) for column in zip(*B, strict=True)]
        self.automaton: Automaton = (
            [own_side(p) for p in play],
            [{own_side(p): t for p, t in row.items()} for row in move],
        )
        self.opportunist = self.machine(rng)

    def labels(self, profile: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(acts[a] for acts, a in zip(self.acts, profile, strict=True))

    def machine(self, rng: random.Random) -> Machine:
        size, own, other = rng.randint(1, 3), len(self.acts[1 - self.player]), len(self.acts[self.player])
        return (
            [rng.randrange(own) for _ in range(size)],
            [[rng.randrange(size) for _ in range(other)] for _ in range(size)],
        )

    def as_machine(self, machine: Machine) -> dt.Machine:
        own, other = self.acts[1 - self.player], self.acts[self.player]
        return dt.Machine(
            {f"q{k}": own[a] for k, a in enumerate(machine[0])},
            {f"q{k}": {other[b]: f"q{t}" for b, t in enumerate(row)} for k, row in enumerate(machine[1])},
        )

    def keeps(self, trust: F, delta: F | None = None, **changes: Any) -> bool:
        """Whether keeping the agreement is optimal at a prior, by the independent solver."""
        types = [KEEPER, self.opportunist]
        at = self.delta if delta is None else delta
        return Meeting(self.u, at, self.automaton, types, [trust, 1 - trust], **changes).keeping_is_best()

    @property
    def who(self) -> dict[str, Any]:
        return {"player": PLAYERS[self.player], "opportunist": self.as_machine(self.opportunist)}


def around(region: dt.Region, lo: F, hi: F, *more: F) -> Iterator[F]:
    """Points to ask at: the region's ends, just beside them, and others."""
    for interval in region.intervals:
        for end in (interval.lo, interval.hi):
            exact = isinstance(end, F)
            centre = end if isinstance(end, F) else F(float(end))
            yield from (x for x in (centre - NEAR, centre, centre + NEAR) if lo <= x <= hi and (exact or x != centre))
    yield from more


@pytest.mark.parametrize("seed", range(8))
def test_regions(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        case = Case(rng)
        where = dt.trust_region(case.rg, case.agreement, **case.who)
        for x in around(where, F(0), F(1), F(0), F(1), F(rng.randint(1, 59), 60)):
            assert (x in where) == case.keeps(x), (case.game, case.agreement.move, x, where)
        mu, survival = F(rng.randint(0, 20), 20), 1 - case.rg.breakdown
        where = dt.trust_region(case.rg, case.agreement, over="discount", trust=mu, **case.who)
        for x in around(where, F(0), F(59, 60), F(0), F(rng.randint(1, 59), 60)):
            assert (x in where) == case.keeps(mu, x * survival), (case.game, case.agreement.move, mu, x, where)
        where = dt.trust_region(case.rg, case.agreement, over="breakdown", trust=mu, **case.who)
        for x in around(where, F(0), F(1), F(0), F(1), F(1, 3)):
            assert (x in where) == case.keeps(mu, case.rg.discount[0] * (1 - x)), (case.game, mu, x, where)


@pytest.mark.parametrize("seed", range(4))
def test_frontier(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        case = Case(rng)
        frontier = dt.trust_frontier(case.rg, case.agreement, **case.who)
        marks = [b for b in frontier.breakpoints if isinstance(b, F) and b < 1]
        for x in [F(rng.randint(0, 59), 60), *marks]:
            least, delta = frontier(x), x * (1 - case.rg.breakdown)
            if least is None:
                assert not any(case.keeps(mu, delta) for mu in (F(0), F(1, 3), F(1))), (case.game, x)
            elif isinstance(least, F):
                assert case.keeps(least, delta), (case.game, x, least)
                assert least == 0 or not case.keeps(least - NEAR * least, delta), (case.game, x, least)


@pytest.mark.parametrize("seed", range(4))
def test_best_replies_and_priors(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(15):
        case = Case(rng)
        machines = [case.machine(rng) for _ in range(rng.randint(1, 4))]
        types = {f"t{k}": case.as_machine(machine) for k, machine in enumerate(machines)}
        prior = shares(rng, len(machines))
        reply = dt.best_reply(case.rg, PLAYERS[case.player], types, dict(zip(types, prior, strict=True)))
        value, first = Meeting(case.u, case.delta, None, machines, prior).best()
        assert reply.value == value
        assert set(reply.first_actions) == {case.acts[case.player][a] for a in first}
        assert dict(zip(types, prior, strict=True)) in reply.region
        two = dict(list(types.items())[:2])
        polytope = dt.prior_region(case.rg, case.agreement, player=case.player, types=two)
        points = [tuple(shares(rng, 1 + len(two))) for _ in range(4)] + list(polytope.vertices)
        for point in points:
            meeting = Meeting(case.u, case.delta, case.automaton, [KEEPER, *machines[:2]], point)
            assert (point in polytope) == meeting.keeping_is_best(), (case.game, point, polytope)


def shares(rng: random.Random, count: int) -> list[F]:
    parts = [rng.randint(0, 5) for _ in range(count)]
    parts = parts if any(parts) else [1] * count
    return [F(part, sum(parts)) for part in parts]


@pytest.mark.parametrize("seed", range(3))
def test_substitutes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        case = Case(rng)
        found = dt.substitutes(case.rg, case.agreement, **case.who)
        change = {
            "bond": lambda x: {"pays": lambda own, their: x * (their and not own)},
            "own bond": lambda x: {"pays": lambda own, their: -x * (own and not their)},
            "first step": lambda x: {"first": x},
        }
        for name, at in change.items():
            for x in (F(rng.randint(0, 10), 10), F(rng.randint(0, 1 if name == "first step" else 30))):
                least = found[name].frontier(x)
                if least is None:
                    assert not any(case.keeps(mu, **at(x)) for mu in (F(0), F(1, 3), F(1))), (case.game, name, x)
                elif isinstance(least, F):
                    assert case.keeps(least, **at(x)), (case.game, name, x, least)
                    assert least == 0 or not case.keeps(least - NEAR * least, **at(x)), (case.game, name, x, least)
