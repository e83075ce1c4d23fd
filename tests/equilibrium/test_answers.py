"""Answers made when looked at: those of the engine for integers, in the same order, and however they are asked for."""

from __future__ import annotations

import pickle
import random
from fractions import Fraction as F
from math import inf
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.equilibrium.bimatrix.integer_payoffs import integer_payoffs, positive
from detente.equilibrium.vertex_enumeration import exactly


def structure(found: dt.EquilibriumSet) -> Any:
    return [
        ({(frozenset(s.x_vertices), frozenset(s.y_vertices)) for s in c.subsets}, c.index, c.extreme)
        for c in found.components
    ]


def certificates(found: dt.EquilibriumSet) -> Any:
    return [(e.strategies, e.payoffs, e.regret, e.is_strict) for e in found]


def tied(rng: random.Random) -> tuple[list[list[int]], list[list[int]]]:
    """A game with many ties: few values, duplicated rows."""
    m, n = rng.randint(2, 6), rng.randint(2, 6)
    top = rng.choice([1, 2, 9, 99])
    A, B = ([[rng.randint(0, top) for _ in range(n)] for _ in range(m)] for _ in range(2))
    for matrix in (A, B):
        if rng.random() < 0.3:
            matrix[-1] = matrix[0]
    return A, B


@pytest.mark.parametrize("seed", range(10))
def test_the_same_as_in_integers(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(15):
        A, B = tied(rng)
        game = dt.Game.bimatrix(A, B)
        found, expected = dt.nash_equilibria(game), exactly(game, True, lambda: False, inf)
        assert len(found) == len(expected)
        assert certificates(found) == certificates(expected)
        assert structure(found) == structure(expected)
        scale = rng.choice([1, 8, 100])
        floats = dt.Game.bimatrix(*([[x / scale for x in row] for row in u] for u in (A, B)))
        shown, model = dt.nash_equilibria(floats), dt.nash_equilibria(floats, exact=True)
        assert certificates(model) == certificates(exactly(floats, True, lambda: False, inf))
        assert [e.support for e in shown] == [e.support for e in model]
        assert [(c.index, c.extreme) for c in shown.components] == [(c.index, c.extreme) for c in model.components]
        for equilibrium, exact in zip(shown, model, strict=True):
            for strategy, fractions in zip(equilibrium.strategies, exact.strategies, strict=True):
                assert strategy == pytest.approx(list(map(float, fractions)), rel=1e-13, abs=0)
            assert equilibrium.is_strict == exact.is_strict
        shown.verify()


@pytest.mark.slow
def test_thousands_of_games_with_ties() -> None:
    rng = random.Random(99)
    for _ in range(2000):
        A, B = tied(rng)
        game = dt.Game.bimatrix(A, B)
        found, expected = dt.nash_equilibria(game), exactly(game, True, lambda: False, inf)
        assert certificates(found) == certificates(expected)
        assert structure(found) == structure(expected)


@pytest.mark.parametrize("payoffs", [[[1, 2, 0], [1, 0, 3], [0, 1, 1]], [[1.0, 2, 0], [1, 0, 3], [0, 1, 1]]])
def test_looking_at_one_thing_first_changes_nothing(payoffs: Any) -> None:
    """Length, components and equilibria may be asked for in any order, and survive pickling unasked."""
    game = dt.Game.symmetric(payoffs)
    first, second, third = (dt.nash_equilibria(game) for _ in range(3))
    components = first.components
    assert len(second) == len(first.extreme) == len(list(second))
    assert second.components == components
    copied = pickle.loads(pickle.dumps(third))
    assert (len(copied), copied.extreme, copied.components) == (len(first), first.extreme, components)
    assert (copied.complete, copied.method, copied.game) == (True, first.method, game)


def test_integers_over_a_scale_are_the_exact_payoffs() -> None:
    rng = np.random.default_rng(0)
    for decimals in range(10):
        for unit in (1.0, 1e-12, 1e18):
            payoffs = rng.integers(-(10**7), 10**7, (2, 2, 3)) / 10**decimals * unit
            payoffs[0, 0, 0] = rng.choice([0.0, rng.random(), 1e300, 5e-324])
            game = dt.Game(payoffs)
            for player in range(2):
                integers, scale = integer_payoffs(game, player)
                assert [[F(x, scale) for x in row] for row in integers] == game.exact_payoffs[player].tolist()


def test_integers_of_exact_games() -> None:
    game = dt.Game.bimatrix([["1/2", "1/3"], [2**70, -1]], [[2**62, 0], [1, 2]])
    assert integer_payoffs(game, 0) == ([[3, 2], [6 * 2**70, -6]], 6)
    assert integer_payoffs(game, 1) == ([[2**62, 0], [1, 2]], 1)
    assert positive([[0, -3], [5, 1]]) == [[4, 1], [9, 5]]


@pytest.mark.parametrize("size", [2, 3, 5])
def test_payoffs_beyond_floats_are_refused_at_once(size: int) -> None:
    game = dt.Game.symmetric([[10**400 * (i == j) for j in range(size)] for i in range(size)])
    assert len(dt.nash_equilibria(game)) == 2**size - 1
    with pytest.raises(dt.PayoffError, match="float"):
        dt.nash_equilibria(game, exact=False)
