"""The exact proof that a profile is an equilibrium, against the definition; decimals read from floats."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.equilibrium.bimatrix.exact_profile import certified_weights, exact_block, exact_weights, float_regret


def by_definition(game: dt.Game, x: list[int], y: list[int]) -> bool:
    profile = [[F(w, sum(s)) for w in s] for s in (x, y)]
    A, B = game.exact_payoffs
    gains = max(A @ profile[1]) - profile[0] @ A @ profile[1], max(profile[0] @ B) - profile[0] @ B @ profile[1]
    return bool(max(gains) == 0)


@pytest.mark.parametrize("seed", range(30))
def test_accepted_iff_an_equilibrium(seed: int) -> None:
    rng = np.random.default_rng(seed)
    accepted = 0
    for _ in range(20):
        m, n = rng.integers(1, 5, 2)
        A, B = rng.integers(0, 3, (2, m, n)).astype(object)
        # Near ties that floats do not see
        shift, unit = (
            int(rng.choice([0, 10**17, -(10**30)])),
            F(int(rng.choice([1, 10**9])), int(rng.choice([1, 10**9]))),
        )
        game = dt.Game([A * unit + shift, B * unit - shift])
        x, y = ([int(w) for w in rng.integers(0, 3, k)] for k in (m, n))
        x[0], y[0] = x[0] + (sum(x) == 0), y[0] + (sum(y) == 0)
        found = certified_weights(game, x, y, True)
        assert (found is not None) == by_definition(game, x, y)
        if found is not None:
            accepted += 1
            assert found.payoffs == game.payoff(found.strategies)
            assert found.regret == 0
            best = [game.best_responses(p, found.strategies[1 - p]) for p in range(2)]
            assert found.is_strict == all(len(b) == 1 for b in best)
    assert accepted > 0


def test_ties_of_decimals_that_floats_break() -> None:
    """0.1/3 + 0.4·2/3 is 0.3, but not in floats."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        A, B = rng.integers(0, 9, (2, 3, 4))
        tenths = dt.Game([A / 10, B / 10])
        for equilibrium in dt.nash_equilibria(dt.Game([A, B])):
            x, y = ([int(p * 720720) for p in s] for s in equilibrium.strategies)
            if F(sum(x)) == F(sum(y)) == 720720:
                found = certified_weights(tenths, x, y, True)
                assert found is not None
                assert (found.strategies, found.is_strict) == (equilibrium.strategies, equilibrium.is_strict)


def test_payoffs_beyond_floats() -> None:
    game = dt.Game.bimatrix([[10**400, 0], [0, 10**400 + 1]], [[0, 1], [1, 0]])
    assert certified_weights(game, [1, 1], [10**400 + 1, 10**400], True) is not None
    assert certified_weights(game, [1, 1], [10**400, 10**400], True) is None


@pytest.mark.parametrize(
    "payoffs",
    [
        [[0.1, 0.25, 1e-7], [123456.789, -0.0, -2.5]],
        [[1e300, 1e-300, 5e-324], [1.7976931348623157e308, 0.3, 3.0]],
        [[3.0, -4.0, 9007199254740992.0], [0.0, 1e15, 1e16]],
        [[1e22, 1e23, 2.0**70], [1.0, 1.5, 1e-5]],
    ],
)
def test_floats_are_read_as_the_decimals_they_print_as(payoffs: Any) -> None:
    game = dt.Game.bimatrix(payoffs, payoffs)
    for rows, columns in (([0, 1], [0, 1, 2]), ([1], [2, 0]), ([0], [1])):
        block, scale = exact_block(game, 0, rows, columns)
        assert [[F(w, scale) for w in row] for row in block] == [[F(str(payoffs[i][j])) for j in columns] for i in rows]


def test_bases_without_strategies() -> None:
    game = dt.Game.bimatrix([[1, 1], [1, 1]], [[1, 2], [3, 4]])
    assert exact_weights(game, (([0, 1], [0, 1]), ([0, 1], [0, 1]))) is None  # singular
    assert exact_weights(game, (([0, 1], [0]), ([0], [0]))) is None
    assert exact_weights(game, (([], []), ([0], [0]))) is None
    dominated = dt.Game.bimatrix([[0, 0], [1, 2]], [[0, 0], [1, 2]])
    assert exact_weights(dominated, (([0, 1], [0, 1]), ([0, 1], [0, 1]))) is None  # a negative weight


def test_regret_in_floats() -> None:
    rng = np.random.default_rng(0)
    game = dt.Game(rng.random((2, 4, 6)))
    x, y = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(6))
    profile = tuple(x.tolist()), tuple(y.tolist())
    assert float_regret(game, profile) == pytest.approx(float(game.regret(profile)), abs=1e-15)
