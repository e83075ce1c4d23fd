"""Batches: game by game the answers of :func:`dt.nash_equilibria`, flat arrays that agree, and honest flags."""

from __future__ import annotations

import time
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 4), (1, 3), (3, 1), (2, 5), (6, 3)])
@pytest.mark.parametrize("top", [2, 1000])
def test_the_same_as_one_by_one(shape: tuple[int, int], top: int) -> None:
    A, B = np.random.default_rng(top).integers(0, top + 1, (2, 40, *shape))
    batch = dt.nash_equilibria_batch(A, B, exact=True)
    assert batch.complete.all()
    batch.verify()
    for g in range(40):
        alone = dt.nash_equilibria(dt.Game([A[g], B[g]]))
        answer = batch[g]
        assert {e.strategies for e in answer} == {e.strategies for e in alone}
        assert [c.index for c in answer.components] == [c.index for c in alone.components]
        assert batch.count[g] == len(alone)
        rows = slice(batch.offsets[g], batch.offsets[g + 1])
        assert batch.x[rows].tolist() == pytest.approx(np.array([e.strategies[0] for e in answer], dtype=float))
        assert batch.y[rows].tolist() == pytest.approx(np.array([e.strategies[1] for e in answer], dtype=float))
        assert batch.payoffs[rows].tolist() == pytest.approx(np.array([e.payoffs for e in answer], dtype=float))
        index = {k: c.index for c in answer.components for k in c.extreme}
        assert batch.index[rows].tolist() == [index[k] for k in range(len(answer))]


def test_shapes_and_positions() -> None:
    rng = np.random.default_rng(0)
    A, B = rng.random((2, 5, 3, 3)), rng.random((5, 1, 3, 3)).reshape(5, 3, 3)
    batch = dt.nash_equilibria_batch(A, B)  # leading axes (2, 5) and (5,)
    assert batch.shape == batch.count.shape == batch.complete.shape == batch.by_exact.shape == (2, 5)
    assert len(batch) == len(list(batch)) == 10
    assert batch.offsets[-1] == batch.count.sum() == len(batch.x)
    assert batch[1, 3].game == dt.Game([A[1, 3], B[3]]) == batch.game((-1, -2))
    for bad in (3, (2, 0), (0, 0, 0), "a", slice(2)):
        with pytest.raises(IndexError, match="position"):
            batch[bad]
    single = dt.nash_equilibria_batch(A[0, 0], B[0])
    assert single.shape == ()
    assert len(single[()]) == int(single.count)
    empty = dt.nash_equilibria_batch(A[:0], B)
    assert len(empty) == 0
    assert empty.x.shape == (0, 3)
    empty.verify()


def test_arithmetic() -> None:
    A, B = [[[3, 0], [0, 2]]], [[[2, 0], [0, 3]]]
    assert dt.nash_equilibria_batch(A, B)[0][1].strategies[0] == pytest.approx((0.6, 0.4))
    assert dt.nash_equilibria_batch(A, B, exact=True)[0][1].strategies[0] == (F(3, 5), F(2, 5))
    # Integers are taken at their value, also where floats would tie them.
    large = [[[2**60 + 1, 0], [2**60, 1]]]
    assert [e.support for e in dt.nash_equilibria_batch(large, [[[1, 0], [1, 0]]])[0]] == [((0,), (0,))]


def test_games_in_doubt_are_marked_and_right() -> None:
    rng = np.random.default_rng(1)
    A, B = rng.random((2, 300, 3, 3))
    A[::3] = np.round(2 * A[::3])
    B[::3] = np.round(2 * B[::3])
    batch = dt.nash_equilibria_batch(A, B)
    assert batch.complete.all()
    assert batch.by_exact[::3].sum() > 20
    assert batch.by_exact.sum() == batch.by_exact[::3].sum()
    batch.verify()
    for g in np.flatnonzero(batch.by_exact)[:20]:
        alone = dt.nash_equilibria(dt.Game([A[g], B[g]]))
        assert [e.strategies for e in batch[g]] == [e.strategies for e in alone]


def test_a_budget_leaves_games_unsolved_and_says_so() -> None:
    rng = np.random.default_rng(0)
    A, B = rng.random((2, 40, 14, 14))
    dt.nash_equilibria_batch(A[:1, :2, :2], B[:1, :2, :2])  # load the kernel
    start = time.monotonic()
    batch = dt.nash_equilibria_batch(A, B, budget=0.05)
    assert time.monotonic() - start < 5
    assert not batch.complete.all()
    assert "incomplete" in repr(batch)
    left = int(np.flatnonzero(~batch.complete)[-1])
    assert batch.count[left] == 0
    assert not batch[left].complete
    batch.verify()


def test_verification_can_fail() -> None:
    A, B = np.random.default_rng(3).random((2, 10, 3, 3))
    batch = dt.nash_equilibria_batch(A, B)
    batch.x = np.roll(batch.x, 1, axis=1)
    with pytest.raises(dt.CertificateError, match="deviating"):
        batch.verify()
    batch = dt.nash_equilibria_batch(A, B)
    batch.index = -batch.index
    with pytest.raises(dt.CertificateError, match=r"\+1"):
        batch.verify()


def test_arrays_are_read_only() -> None:
    batch = dt.nash_equilibria_batch(*np.random.default_rng(3).random((2, 10, 3, 3)))
    for name in ("count", "complete", "by_exact", "offsets", "x", "y", "payoffs", "regret", "index"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(batch, name)[...] = 0


@pytest.mark.parametrize(
    ("A", "B", "options"),
    [
        ([[1.0, np.nan]], [[1.0, 2.0]], {}),
        ([[1.0, 2.0]], [[1.0, np.inf]], {}),
        ([[1, 2]], [[1, 2, 3]], {}),
        ([1, 2], [1, 2], {}),
        ([["a", "b"]], [["c", "d"]], {}),
        ([[1, 2], [3]], [[1, 2], [3, 4]], {}),
        ([[1j, 2]], [[1, 2]], {}),
        (np.zeros((2, 0, 3)), np.zeros((2, 0, 3)), {}),
        (np.zeros((2, 1, 3)), np.zeros((3, 1, 3)), {}),
        (np.array([[2**64 - 1]], dtype=np.uint64), [[0]], {}),
        ([[1]], [[1]], {"budget": -1}),
        ([[1]], [[1]], {"exact": None}),
    ],
)
def test_bad_input(A: Any, B: Any, options: dict[str, Any]) -> None:
    with pytest.raises(dt.DetenteError):
        dt.nash_equilibria_batch(A, B, **options)
