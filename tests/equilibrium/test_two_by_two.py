"""2×2 games in bulk against the general solver, on every tie pattern and at every scale."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
import xarray as xr

import detente as dt

PATTERNS = np.array(list(product(range(3), repeat=4))).reshape(81, 2, 2)


def extreme_of(found: xr.Dataset) -> set[tuple[tuple[float, ...], tuple[float, ...]]]:
    """All extreme equilibria of one game, read off its entry."""
    x, y = float(found.x), float(found.y)
    rows, columns = [(1.0, 0.0), (0.0, 1.0), (x, 1 - x)], [(1.0, 0.0), (0.0, 1.0), (y, 1 - y)]
    bits = int(found.extreme)
    return {(rows[a], columns[b]) for a, b in product(range(3), repeat=2) if bits >> (3 * a + b) & 1}


def rounded(profiles: Any) -> set[Any]:
    return {tuple(tuple(round(float(p), 12) for p in s) for s in profile) for profile in profiles}


@pytest.mark.parametrize("first", range(81))
def test_every_game_with_payoffs_0_1_2(first: int) -> None:
    A = PATTERNS[first]
    found = dt.solve_2x2_batch(A, PATTERNS)
    classes = found.attrs["classes"]
    for g, B in enumerate(PATTERNS):
        game = dt.Game([A, B])
        one, expected = found.isel(game_0=g), dt.nash_equilibria(game)
        assert rounded(extreme_of(one)) == rounded(e.strategies for e in expected)
        assert int(one.components) == len(expected.components)
        assert bool(one.continuum) == any(not c.is_isolated for c in expected.components)
        pure = {(e.support[0][0], e.support[1][0]) for e in expected if e.is_pure}
        assert {(i, j) for i, j in product(range(2), repeat=2) if int(one.pure) >> (2 * i + j) & 1} == pure
        ties = [A[0, 0] == A[1, 0], A[0, 1] == A[1, 1], B[0, 0] == B[0, 1], B[1, 0] == B[1, 1]]
        assert int(one.ties) == sum(tie << k for k, tie in enumerate(ties))
        players = game.ordinal_class().players
        assert (classes[int(one.row_class)], classes[int(one.column_class)]) == players
        mixes = [any(len(e.support[p]) == 2 for e in expected) for p in range(2)]
        assert [not np.isnan(one.x), not np.isnan(one.y)] == mixes


def test_strict_classes_come_first() -> None:
    classes = dt.solve_2x2_batch(np.zeros((2, 2)), np.zeros((2, 2))).attrs["classes"]
    assert classes[:5] == ("prisoners_dilemma", "stag_hunt", "chicken", "deadlock", "harmony")
    assert len(set(classes)) == len(classes)


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-9, 1.0, 1e12, 1e300, 8e307])
def test_mixtures_at_every_scale(scale: float) -> None:
    A = np.array([[-1.0, 1.0], [1.0, -1.0]]) * scale
    found = dt.solve_2x2_batch(A, -A)
    assert (float(found.x), float(found.y)) == (0.5, 0.5)
    assert (int(found.pure), int(found.extreme)) == (0, 1 << 8)


def test_mixtures_are_accurate() -> None:
    A, B = np.random.default_rng(0).normal(size=(2, 500, 2, 2)) * 10.0 ** np.random.default_rng(1).integers(
        -5, 6, (500, 1, 1)
    )
    found = dt.solve_2x2_batch(A, B)
    mixing = np.flatnonzero(~np.isnan(found.x))
    assert len(mixing) > 50
    for g in mixing:
        b = [F(v) for v in B[g].ravel().tolist()]
        assert float(found.x[g]) == pytest.approx(float((b[3] - b[2]) / (b[0] - b[1] + b[3] - b[2])), rel=1e-14)


def test_payoffs_of_every_size_side_by_side() -> None:
    """Where differences overflow in one game of a block, they are formed anew in all, and none loses a digit."""
    rng = np.random.default_rng(3)
    sizes = np.array([5e-324 * 2**8, 1e-300, 1e-9, 1.0, 1e12, 1.7e308])
    A, B = rng.choice([-1.0, -0.75, 0.25, 0.5, 1.0], (2, 1000, 2, 2)) * rng.choice(sizes, (2, 1000, 1, 1))
    found = dt.solve_2x2_batch(A, B)
    for weight, u in ((found.x, B), (found.y, A.swapaxes(1, 2))):
        mixing = np.flatnonzero(~np.isnan(weight))
        assert len(mixing) > 100
        for g in mixing:
            a, b, c, d = (F(v) for v in u[g].ravel().tolist())
            assert float(weight[g]) == pytest.approx(float((d - c) / (a - b + d - c)), rel=1e-15)


def test_one_unit_in_the_last_place_is_no_tie() -> None:
    above = np.nextafter(1.0, 2.0)
    found = dt.solve_2x2_batch([[above, 0], [1, 0]], [[1, above], [0, 0]])
    assert int(found.ties) == 0b1010
    assert int(found.pure) == 0b1110 & int(found.pure)
    assert int(dt.solve_2x2_batch([[1.0, 0], [1, 0]], [[1, above], [0, 0]]).ties) == 0b1011


def test_order_of_games_and_axes() -> None:
    rng = np.random.default_rng(2)
    A, B = rng.integers(0, 4, (2, 300, 7, 2, 2)).astype(float)
    found = dt.solve_2x2_batch(A, B)
    assert found.sizes == {"game_0": 300, "game_1": 7}
    for i, j in ((0, 0), (17, 3), (299, 6)):
        xr.testing.assert_equal(found.isel(game_0=i, game_1=j), dt.solve_2x2_batch(A[i, j], B[i, j]))
    many = dt.solve_2x2_batch(np.tile(A.reshape(-1, 2, 2), (100, 1, 1)), np.tile(B.reshape(-1, 2, 2), (100, 1, 1)))
    for name in found.data_vars:
        assert np.array_equal(many[name].values, np.tile(found[name].values.ravel(), 100), equal_nan=name in "xy")


def test_labelled_axes_are_kept() -> None:
    A = xr.DataArray(np.zeros((3, 2, 2)), dims=("stakes", "own", "other"), coords={"stakes": [1, 2, 3]})
    found = dt.solve_2x2_batch(A, np.ones((2, 2)))
    assert found.x.dims == ("stakes",)
    assert found.stakes.values.tolist() == [1, 2, 3]
    with pytest.raises(dt.PayoffError):
        dt.solve_2x2_batch(A.isel(stakes=slice(0, 2)), np.ones((3, 2, 2)))


def test_empty_and_integer_input() -> None:
    assert dt.solve_2x2_batch(np.zeros((0, 2, 2)), np.zeros((0, 2, 2))).sizes == {"game_0": 0}
    xr.testing.assert_equal(
        dt.solve_2x2_batch(np.array([[200, 0], [255, 1]], dtype=np.uint8), [[3, 5], [0, 1]]),
        dt.solve_2x2_batch([[200.0, 0], [255, 1]], [[3.0, 5], [0, 1]]),
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", range(8))
def test_what_is_not_finite_is_refused(bad: float, place: int) -> None:
    both = np.random.default_rng(0).random((2, 100, 2, 2))
    both[place // 4, 99, place // 2 % 2, place % 2] = bad
    with pytest.raises(dt.PayoffError, match="finite"):
        dt.solve_2x2_batch(*both)


@pytest.mark.parametrize(
    ("A", "B"),
    [
        (np.zeros((2, 3)), np.zeros((2, 3))),
        (np.zeros(4), np.zeros(4)),
        ([["1", "2"], ["3", "4"]], np.zeros((2, 2))),
        ([[2**53 + 1, 0], [0, 0]], np.zeros((2, 2))),
        ([[True, False], [False, True]], np.zeros((2, 2))),
    ],
)
def test_bad_input(A: Any, B: Any) -> None:
    with pytest.raises(dt.PayoffError):
        dt.solve_2x2_batch(A, B)
