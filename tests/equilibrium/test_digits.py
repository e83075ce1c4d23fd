"""Float strategies are the exact ones rounded, also where differences of payoffs are tiny beside their range."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.equilibrium.bimatrix.digits import imprecise


def largest_error(game: dt.Game) -> float:
    floats, exact = ({e.support: e.strategies for e in dt.nash_equilibria(game, exact=x)} for x in (None, True))
    assert floats.keys() == exact.keys()
    return max(
        float(abs(F(p) - q))
        for support, strategies in floats.items()
        for s, t in zip(strategies, exact[support], strict=True)
        for p, q in zip(s, t, strict=True)
    )


def test_a_half_is_a_half() -> None:
    """Between rows 1 and 3 the column player's payoffs differ by 2 in 2·10⁹; the residual shows nothing."""
    A = [[-1000000001.0, 1000000001.0], [-1.0, -999999999.0], [-999999999.0, 999999999.0]]
    B = [[0.0, 1e12], [1e12, -1e12], [1e12, 0.0]]
    mixed = [e for e in dt.nash_equilibria(dt.Game.bimatrix(A, B)) if not e.is_pure]
    assert [e.strategies for e in mixed] == [((0.5, 0.0, 0.5), (0.5, 0.5))]


def nearly_equal_rows(rng: np.random.Generator, n: int, size: float) -> Any:
    """Coordination: all rows of A and all columns of B alike but for something small."""
    A, B = rng.normal(size=(1, n)) + size * np.eye(n), rng.normal(size=(n, 1)) + size * np.eye(n)
    return A, B


@pytest.mark.parametrize("n", [3, 4, 5])
@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9, 1e-12])
def test_small_differences(n: int, size: float) -> None:
    rng = np.random.default_rng(n)
    for _ in range(3):
        assert largest_error(dt.Game(nearly_equal_rows(rng, n, size))) <= 1e-12


@pytest.mark.parametrize("loss", [1e2, 1e4, 1e5, 1e8])
def test_small_stakes_beside_a_large_loss(loss: float) -> None:
    """Two good ways to coordinate, and a third action that is a disaster unless both take it."""
    rng = np.random.default_rng(8)
    for _ in range(5):
        (a, b), (c, d) = rng.integers(1, 100, (2, 2)) / 10
        A = [[a, 0.0, 0.0], [0.0, b, 0.0], [-loss, -loss, 1.0]]
        B = [[c, 0.0, -loss], [0.0, d, -loss], [0.0, 0.0, 1.0]]
        assert largest_error(dt.Game.bimatrix(A, B)) <= 1e-13


@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_shift_and_scale(shift: float, unit: float) -> None:
    rng = np.random.default_rng(7)
    for shape in ((3, 3), (4, 3), (4, 5)):
        for payoffs in (rng.random((2, *shape)), rng.integers(0, 100, (2, *shape)).astype(float)):
            assert largest_error(dt.Game((payoffs + shift) * unit)) <= 1e-12


def test_ordinary_games_are_not_solved_again() -> None:
    games = np.random.default_rng(0).random((2, 200, 4, 4))
    games.flags.writeable = False
    batch = dt.nash_equilibria_batch(*games)
    owner = np.repeat(np.arange(200), batch.count)
    rows = np.hstack([batch.x, batch.y])
    assert imprecise(*games, owner, rows).mean() < 0.01
    A, B = (games - 0.5) * 1e-10 + 1.0
    A.flags.writeable = B.flags.writeable = False
    mixed = (batch.x > 0).sum(1) > 1
    assert imprecise(A, B, owner, rows)[mixed].all()
    assert not imprecise(A, B, owner, rows)[~mixed].any()
