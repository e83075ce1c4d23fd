"""One 2×2 game at a time: every pattern of ties, floats next to ties, and the answers of the engine for integers."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from math import inf
from typing import Any

import pytest

import detente as dt
from detente.equilibrium.single_two_by_two import pattern_of
from detente.equilibrium.vertex_enumeration import exactly
from tests.catalogue.exact_checker import extreme_equilibria


def structure(found: dt.EquilibriumSet) -> Any:
    return [
        ({(frozenset(s.x_vertices), frozenset(s.y_vertices)) for s in c.subsets}, c.index, c.extreme)
        for c in found.components
    ]


def drawn(rng: random.Random) -> list[list[F]]:
    """A matrix with many ties and near ties."""
    return [[F(rng.choice([0, 1, 1, 2, 10**9, 10**9 + 1]), rng.choice([1, 1, 3])) for _ in range(2)] for _ in range(2)]


@pytest.mark.parametrize("signs", list(product((-1, 0, 1), repeat=4)))
def test_patterns_by_brute_force(signs: tuple[int, int, int, int]) -> None:
    a, b, e, h = map(F, signs)
    A, B = [[2 * a, 3 * b], [F(0), F(0)]], [[5 * e, F(0)], [7 * h, F(0)]]
    found = dt.nash_equilibria(dt.Game.bimatrix(A, B))
    assert {e.strategies for e in found} == extreme_equilibria(A, B)
    assert len(found) == len(found.extreme) == len(pattern_of(signs).extreme)
    assert sum(c.index or 0 for c in found.components) == 1
    found.verify()


def test_the_same_as_in_integers() -> None:
    rng = random.Random(0)
    for _ in range(300):
        game = dt.Game.bimatrix(drawn(rng), drawn(rng))
        found, expected = dt.nash_equilibria(game), exactly(game, True, lambda: False, inf)
        assert [(e.strategies, e.payoffs, e.regret, e.is_strict) for e in found] == [
            (e.strategies, e.payoffs, e.regret, e.is_strict) for e in expected
        ]
        assert structure(found) == structure(expected)
        assert found.complete


@pytest.mark.parametrize("unit", [1.0, 0.1, 1e-9, 1e12, 1e-300, 5e307])
def test_floats_are_the_exact_answers_rounded(unit: float) -> None:
    rng = random.Random(1)
    for _ in range(100):
        payoffs = [[[rng.choice([0, 1, 2, 3, 3 + 2.0**-40]) * unit for _ in range(2)] for _ in range(2)] for _ in "AB"]
        game = dt.Game(payoffs)
        found, exact = dt.nash_equilibria(game), dt.nash_equilibria(game, exact=True)
        assert len(found) == len(exact)
        assert [c.index for c in found.components] == [c.index for c in exact.components]
        for equilibrium, model in zip(found, exact, strict=True):
            for strategy, fractions in zip(equilibrium.strategies, model.strategies, strict=True):
                assert strategy == pytest.approx(list(map(float, fractions)), rel=1e-12, abs=0)
            assert equilibrium.is_strict == model.is_strict
            assert 0 <= equilibrium.regret <= 1e-12 * max(abs(x) for u in payoffs for row in u for x in row)
            assert equilibrium.payoffs == pytest.approx(list(map(float, model.payoffs)), rel=1e-12, abs=1e-15 * unit)


def test_decimals_that_floats_blur() -> None:
    """0.30000000000000004 − 0.3 is 4e-17; the floats differ by 5.6e-17."""
    A, B = [[0.1 + 0.2, 0.0], [0.3, 1e-17]], [[1.0, 0.0], [0.0, 1.0]]
    mixed = dt.nash_equilibria(dt.Game.bimatrix(A, B))[1]
    assert mixed.strategies[1] == pytest.approx((1 / 5, 4 / 5), rel=1e-12)


def test_payoffs_beyond_floats() -> None:
    huge = dt.Game.bimatrix([[10**400, 0], [0, 10**400]], [[1, 0], [0, 1]])
    assert [e.strategies[0][0] for e in dt.nash_equilibria(huge)] == [1, F(1, 2), 0]


def test_swapping_the_players_swaps_the_strategies() -> None:
    rng = random.Random(3)
    for _ in range(100):
        A, B = drawn(rng), drawn(rng)
        turned = dt.nash_equilibria(dt.Game.bimatrix(list(zip(*B, strict=True)), list(zip(*A, strict=True))))
        here = dt.nash_equilibria(dt.Game.bimatrix(A, B))
        assert {e.strategies for e in here} == {e.strategies[::-1] for e in turned}
        assert sorted(c.index or 0 for c in here.components) == sorted(c.index or 0 for c in turned.components)
