"""The least demanding agreements against an enumeration of all public automata with one and two states, our own.

Slacks are found for all automata at once in floating point; trust by the exact belief-state solver.
"""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

import detente as dt
from tests.contract.independent import KEEPER, Machine, Meeting

PROFILES = list(product((0, 1), repeat=2))  # numbered 2·row + column
ACTS = ["Relax", "Restrict"]
ALWAYS_RESTRICT: Machine = ([1], [[0, 0]])
SAFE = 1e-9


def automata(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Prescriptions and moves of all automata of a size that keep to (Relax, Relax), every state being reachable."""
    found = []
    for play in product(range(4), repeat=size):
        for move in product(range(size), repeat=4 * size):
            reached, path, state = [0], set(), 0
            for s in reached:
                reached += [t for t in dict.fromkeys(move[4 * s : 4 * s + 4]) if t not in reached]
            while state not in path:
                path.add(state)
                state = move[4 * state + play[state]]
            if len(reached) == size and all(play[s] == 0 for s in path):
                found.append((play, move))
    return np.array([p for p, _ in found]), np.array([m for _, m in found]).reshape(-1, size, 4)


ALL = [automata(1), automata(2)]


def slacks(A: NDArray[np.float64], B: NDArray[np.float64], delta: float, eps: float, size: int) -> NDArray[np.float64]:
    """The least slack of every automaton of a size: what its worst one-shot deviation loses, under trembles."""
    play, move = ALL[size - 1]
    hit = np.array([1 - eps, eps])

    def chances(meant: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.stack([hit[(meant // 2) ^ a] * hit[(meant % 2) ^ b] for a, b in PROFILES], -1)

    odds = chances(play)
    chain = np.zeros((len(play), size, size))
    each = np.arange(len(play))[:, None], np.arange(size)[None, :]
    for k in range(4):
        np.add.at(chain, (*each, move[:, :, k]), odds[:, :, k])
    least = np.full(len(play), np.inf)
    for payoffs, deviate in ((A, 2), (B, 1)):
        u = payoffs.reshape(4)
        values = np.linalg.solve(np.eye(size) - delta * chain, (1 - delta) * (odds @ u)[..., None])[..., 0]
        onward = np.stack([values[each[0], move[:, :, k]] for k in range(4)], -1)
        other = chances(play ^ deviate)
        least = np.minimum(least, (values - (1 - delta) * (other @ u) - delta * (other * onward).sum(-1)).min(1))
    return least


def most(A: NDArray[np.float64], B: NDArray[np.float64], delta: float, eps: float = 0.0) -> float:
    return max(slacks(A, B, delta, eps, size).max() for size in (1, 2))


def random_game(rng: random.Random) -> tuple[dt.Game, NDArray[np.float64], NDArray[np.float64]]:
    def four() -> tuple[int, ...]:
        a, b, c, d = sorted(rng.sample(range(-5, 13), 4), reverse=True)
        return rng.choice(((a, b, c, d), (a, b, c, d), (b, a, c, d), (a, b, d, c)))  # dilemma, stag hunt, chicken

    T, R, P, S = four()
    t, r, p, s = (T, R, P, S) if rng.random() < 0.5 else four()
    A, B = np.array([[R, S], [T, P]]), np.array([[r, t], [s, p]])
    return dt.Game.bimatrix(A, B, players=["US", "China"], actions=ACTS), A.astype(float), B.astype(float)


@pytest.mark.parametrize("seed", range(8))
def test_no_automaton_needs_less(seed: int) -> None:
    rng = random.Random(seed)
    game, A, B = random_game(rng)
    delta = F(rng.randint(5, 29), 30)
    rg = dt.RepeatedGame(game, delta)

    patience = dt.least_demanding(rg, 2, "discount").value
    upto = 1.0 if patience is None else float(patience)
    assert not any(most(A, B, x) > SAFE for x in np.linspace(0, upto, 25)[:-1])
    assert patience is None or most(A, B, upto) > -SAFE

    noise = dt.least_demanding(rg, 2, "noise").value
    stands = [np.ones(len(ALL[size - 1][0]), bool) for size in (1, 2)]
    for x in np.linspace(0, 0.0 if noise is None else float(noise), 30):
        stands = [ok & (slacks(A, B, float(delta), x, size) > -SAFE) for size, ok in enumerate(stands, 1)]
    assert any(ok.any() for ok in stands) == (noise is not None)
    if noise is not None and float(noise) < 0.5:
        x = float(noise) + 1e-6
        assert not any((ok & (slacks(A, B, float(delta), x, size) > SAFE)).any() for size, ok in enumerate(stands, 1))

    trust = dt.least_demanding(rg, 2, "trust").value
    kept = [
        (play.tolist(), move.tolist())
        for size in (1, 2)
        for play, move, slack in zip(*ALL[size - 1], slacks(A, B, float(delta), 0.0, size), strict=True)
        if slack > -SAFE
    ]

    def keeps(play: list[int], move: list[list[int]], mu: F, player: int) -> bool:
        u = [[F(int(x)) for x in row] for row in (A if player == 0 else B.T)]
        side = (lambda p: p) if player == 0 else (lambda p: (p[1], p[0]))
        acts = [side(PROFILES[k]) for k in play]
        moves = [{side(p): row[k] for k, p in enumerate(PROFILES)} for row in move]
        return Meeting(u, delta, (acts, moves), [KEEPER, ALWAYS_RESTRICT], [mu, 1 - mu]).keeping_is_best()

    def enough(mu: F) -> bool:
        return any(all(keeps(play, move, mu, player) for player in (0, 1)) for play, move in kept)

    if trust is None:
        assert not any(enough(mu) for mu in (F(0), F(1, 2), F(1)))
    else:
        assert isinstance(trust, F)
        assert enough(trust)
        assert trust == 0 or not any(enough(mu) for mu in (F(0), trust / 2, trust * (1 - F(1, 10**9))))
