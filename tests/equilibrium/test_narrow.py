"""Two actions against many: the same answers as the general engine's, and wide games at once."""

from __future__ import annotations

import time
from fractions import Fraction as F
from math import inf
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.equilibrium import narrow
from detente.equilibrium.narrow import narrow_set
from detente.equilibrium.vertex_enumeration import exactly
from tests.catalogue.exact_checker import extreme_equilibria


def everything(found: dt.EquilibriumSet) -> Any:
    """All that a set says, up to the order within Nash subsets."""
    components = [
        ({(frozenset(s.x_vertices), frozenset(s.y_vertices)) for s in c.subsets}, c.index, c.extreme)
        for c in found.components
    ]
    return [(e.strategies, e.payoffs, e.regret, e.is_strict) for e in found], components


def random_game(rng: np.random.Generator) -> tuple[Any, Any]:
    """One or two actions against up to eight, with ties, duplicated actions and parallel lines."""
    few, many, top = int(rng.integers(1, 3)), int(rng.integers(1, 9)), int(rng.choice([1, 2, 3, 5, 50]))
    A, B = rng.integers(0, top + 1, (2, few, many))
    if rng.random() < 0.3:
        B[:, rng.integers(0, many)] = B[:, rng.integers(0, many)]
    if rng.random() < 0.3:
        B[:, rng.integers(0, many)] = B[:, rng.integers(0, many)] + 1
    if rng.random() < 0.2:
        A[-1] = A[0]
    return (A.T, B.T) if rng.random() < 0.5 else (A, B)


@pytest.mark.parametrize("seed", range(20))
def test_the_general_engine_says_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(40):
        game = dt.Game(random_game(rng))
        found = narrow_set(game, True)
        assert found is not None
        assert len(found) == len(found.extreme)
        assert everything(found) == everything(exactly(game, True, lambda: False, inf))


@pytest.mark.parametrize("seed", range(10))
def test_by_the_definition(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    for _ in range(3):
        A, B = random_game(rng)
        found = narrow_set(dt.Game([A, B]), True)
        assert found is not None
        exact = [[[F(int(u)) for u in row] for row in table] for table in (A, B)]
        assert {e.strategies for e in found} == extreme_equilibria(*exact)
        found.verify()


def test_components_by_hand() -> None:
    """The wide player's second action is best from 1/4 to 3/4 and leaves the narrow player indifferent."""
    game = dt.Game.bimatrix([[0, 1, 1], [1, 1, 0]], [[4, 3, 0], [0, 3, 4]])
    middle = (F(0), F(1), F(0))
    found = narrow_set(game, True)
    assert found is not None
    ((component),) = found.components
    assert component.index == 1
    ((subset),) = component.subsets
    assert set(subset.x_vertices) == {(F(3, 4), F(1, 4)), (F(1, 4), F(3, 4))}
    assert subset.y_vertices == (middle,)


def test_equal_lines_all_along() -> None:
    """All actions of both are alike: everything is an equilibrium."""
    found = narrow_set(dt.Game([np.zeros((2, 4), int), np.ones((2, 4), int)]), True)
    assert found is not None
    assert len(found) == 8
    assert [(c.index, len(c.subsets), len(c.extreme)) for c in found.components] == [(1, 1, 8)]


def test_rational_and_float_payoffs() -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        A, B = rng.integers(1, 9, (2, 2, 6))
        third = dt.Game([[[F(int(u), 3) for u in row] for row in table] for table in (A, B)])
        tenth = dt.Game([A / 10, B / 10])
        whole = narrow_set(dt.Game([A, B]), True)
        assert whole is not None
        for game in (third, tenth):
            found = narrow_set(game, True)
            assert found is not None
            assert [e.strategies for e in found] == [e.strategies for e in whole]
        floats = narrow_set(tenth, False)
        assert floats is not None
        for rounded, exact in zip(floats, whole, strict=True):
            assert rounded.strategies == tuple(tuple(map(float, s)) for s in exact.strategies)
            assert rounded.regret <= 1e-15
        floats.verify()


@pytest.mark.parametrize("unit", [1e9, 1e-9, 1e-300])
def test_scale_changes_nothing(unit: float) -> None:
    rng = np.random.default_rng(6)
    A, B = rng.integers(0, 99, (2, 200, 2)).astype(float)
    expected, found = dt.nash_equilibria(dt.Game([A, B])), dt.nash_equilibria(dt.Game([A * unit, B * unit]), exact=True)
    assert [e.support for e in found] == [e.support for e in expected]
    assert [c.index for c in found.components] == [c.index for c in expected.components]


@pytest.mark.parametrize("shape", [(2, 5000), (5000, 2), (1, 5000)])
@pytest.mark.parametrize("top", [0, 10**6])
def test_thousands_of_actions(shape: tuple[int, int], top: int) -> None:
    rng = np.random.default_rng(7)
    game = dt.Game(rng.integers(0, top, (2, *shape)) if top else rng.random((2, *shape)))
    start = time.process_time()
    found = dt.nash_equilibria(game)
    assert found.complete
    assert sum(c.index or 0 for c in found.components) == 1
    assert time.process_time() - start < 2
    found.verify()


def test_thousands_of_actions_with_ties() -> None:
    game = dt.Game(np.random.default_rng(0).integers(0, 100, (2, 2, 3000)))
    found = dt.nash_equilibria(game)
    assert found.complete
    assert len(found) > 100
    assert sum(c.index or 0 for c in found.components) == 1
    assert all(e.regret == 0 for e in found)
    for k in (0, len(found) // 2, len(found) - 1):
        assert game.regret(found[k].strategies) == 0


def test_too_many_to_write_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrow, "MOST_NUMBERS", 1000)
    found = dt.nash_equilibria(dt.Game(np.random.default_rng(0).integers(0, 2, (2, 2, 40))))
    assert not found.complete
    assert sum(e.is_pure for e in found) > 10
    found.verify()
