"""Games too large to be solved completely in the time given: what the answer holds, and what it claims."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.equilibrium.incomplete import incomplete_set


def cells(found: dt.EquilibriumSet) -> set[Any]:
    return {tuple(s[0] for s in e.support) for e in found if e.is_pure}


def best_cells(A: Any, B: Any) -> set[Any]:
    return {tuple(c) for c in np.argwhere((A.max(0) == A) & (B.max(1, keepdims=True) == B)).tolist()}


@pytest.mark.parametrize("shape", [(40, 40), (28, 30), (3, 300)])
@pytest.mark.parametrize("top", [3, 1000, 0])
def test_pure_equilibria_and_one_more_within_the_budget(shape: tuple[int, int], top: int) -> None:
    rng = np.random.default_rng(1)
    A, B = rng.integers(0, top, (2, *shape)) if top else rng.random((2, *shape))
    dt.solve_one(dt.Game(rng.random((2, 20, 20))))  # loads the compiled kernel
    start = time.process_time()
    found = dt.nash_equilibria(dt.Game([A, B]), budget=1)
    assert time.process_time() - start < 2
    assert not found.complete
    assert len(found) >= 1
    assert cells(found) == best_cells(A, B)
    assert len({e.strategies for e in found}) == len(found)
    assert [e.strategies for e in found] == sorted((e.strategies for e in found), reverse=True)
    assert all(e.regret <= (0 if top else 1e-12) for e in found)
    if len(found) < 50:
        found.verify()


def test_only_strict_equilibria_are_known_to_be_components() -> None:
    A = np.array([[3, 0, 1], [0, 2, 1], [1, 1, 1]])
    game = dt.Game([A, A])
    found, everything = incomplete_set(game, True, (), 1.0), dt.nash_equilibria(game)
    assert {e.strategies for e in found} <= {e.strategies for e in everything}
    known = {c.subsets for c in found.components}
    assert {(c.subsets, c.index) for c in found.components} <= {(c.subsets, c.index) for c in everything.components}
    assert len(known) == sum(e.is_strict for e in everything) == 2
    for component in found.components:
        ((position),) = component.extreme
        assert found[position].is_strict


def test_what_was_found_before_is_kept_once() -> None:
    pennies = dt.Game.bimatrix([[1, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    everything = dt.nash_equilibria(pennies)
    found = incomplete_set(pennies, True, everything.extreme, 1.0)
    assert [e.strategies for e in found] == [e.strategies for e in everything]
    assert not found.complete


def test_floats_and_fractions() -> None:
    A = np.random.default_rng(4).integers(0, 9, (2, 12, 15))
    exact, floats = (incomplete_set(dt.Game(A), fractions, (), 1.0) for fractions in (True, False))
    assert [e.support for e in exact] == [e.support for e in floats]
    assert not floats.game.is_exact
    assert all(isinstance(e.payoffs[0], float) for e in floats)
    tenths = incomplete_set(dt.Game(A / 10), True, (), 1.0)
    assert [e.strategies for e in tenths] == [e.strategies for e in exact]
    assert [10 * e.payoffs[0] for e in tenths] == [e.payoffs[0] for e in exact]


def test_a_very_large_game_is_not_read_in_vain() -> None:
    game = dt.Game(np.random.default_rng(0).integers(0, 10**6, (2, 700, 700)))
    dt.solve_one(dt.Game(np.random.default_rng(1).random((2, 20, 20))))  # loads the compiled kernel
    start = time.process_time()
    found = dt.nash_equilibria(game, budget=2)
    assert time.process_time() - start < 3
    assert len(found) >= 1
