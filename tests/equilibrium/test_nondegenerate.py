"""The proven floating-point solver: right whenever it answers, silent whenever the game is or may be degenerate."""

from __future__ import annotations

import random
from fractions import Fraction as F

import numpy as np
import pytest

import detente as dt
from detente.equilibrium.bimatrix.basis_search import DOUBTFUL, PROVEN, new_space, search_bases
from detente.equilibrium.bimatrix.nondegenerate import prove_all
from detente.equilibrium.bimatrix.vertices import enumerate_vertices
from tests.catalogue.exact_checker import extreme_equilibria

Matrix = list[list[int]]


def random_game(rng: random.Random, top: int, largest: int = 4) -> tuple[Matrix, Matrix]:
    m, n = rng.randint(1, largest), rng.randint(1, largest)
    return [[rng.randint(0, top) for _ in range(n)] for _ in range(m)], [
        [rng.randint(0, top) for _ in range(n)] for _ in range(m)
    ]


def exact(matrix: Matrix) -> list[list[F]]:
    return [[F(x) for x in row] for row in matrix]


def proven(A: Matrix, B: Matrix) -> np.ndarray | None:
    return prove_all(np.array([A, B], dtype=float))


@pytest.mark.parametrize("top", [2, 7, 1000, 10**6])
@pytest.mark.parametrize("seed", range(15))
def test_right_or_silent(seed: int, top: int) -> None:
    A, B = random_game(random.Random(seed), top)
    found = proven(A, B)
    expected = extreme_equilibria(exact(A), exact(B))
    if found is None:
        return
    m, n = len(A), len(A[0])
    assert len(found) == len(expected)
    for row in found:
        x, y = row[:m], row[m : m + n]
        near = [e for e in expected if np.allclose([*map(float, e[0]), *map(float, e[1])], [*x, *y], rtol=0, atol=1e-9)]
        assert len(near) == 1
    assert found[:, -1].sum() == 1


def test_most_random_games_are_proven() -> None:
    rng = np.random.default_rng(0)
    for shape in ((3, 3), (2, 7), (8, 3), (8, 8)):
        assert all(prove_all(rng.random((2, *shape))) is not None for _ in range(20))


@pytest.mark.parametrize(
    ("A", "B"),
    [
        ([[1, 1], [1, 1]], [[1, 1], [1, 1]]),
        ([[2, 2], [2, 0]], [[1, 1], [1, 0]]),  # tied at an equilibrium
        ([[3, 0], [3, 0]], [[1, 2], [1, 2]]),  # duplicated action
        ([[1], [1]], [[0], [0]]),
        ([[10**9, 10**9], [10**9, 0]], [[0, 0], [0, 1]]),
    ],
)
def test_degenerate_games_are_left_alone(A: Matrix, B: Matrix) -> None:
    assert proven(A, B) is None


def test_what_strict_dominance_removes_may_be_degenerate() -> None:
    """Row 2 is dominated; but for it the game is a stag hunt. The ties in it do no harm."""
    found = proven([[4, 0], [3, 3], [2, -1]], [[4, 3], [0, 3], [7, 7]])
    assert found is not None
    assert found[:, -1].tolist() == [1, -1, 1]
    assert found[:, 2].tolist() == [0, 0, 0]


@pytest.mark.parametrize("exponent", range(1, 17))
def test_ever_closer_to_a_tie(exponent: int) -> None:
    """A tie broken by ever less must be broken the right way or not at all."""
    for sign in (-1, 1):
        entry = 1 + sign * F(1, 10**exponent)
        A, B = [[1, F(1, 2)], [entry, F(1, 4)]], [[1, F(1, 3)], [1, F(1, 3)]]
        game = dt.Game.bimatrix(A, B)
        found = prove_all(game.payoffs)
        if found is not None:
            assert found[:, :2].tolist() == ([[1, 0]] if sign < 0 else [[0, 1]])
        assert [e.support[0] for e in dt.nash_equilibria(game)] == [(0,) if sign < 0 else (1,)]


@pytest.mark.parametrize("gap", [F(0), F(1, 10**16), F(-1, 10**16), F(1, 10**12), F(-1, 10**12)])
def test_nearly_singular_supports(gap: F) -> None:
    """A 3×3 game whose rows are dependent but for ``gap``."""
    A = [[F(1), F(2), F(3)], [F(3), F(1), F(2)], [F(2) + gap, F(3, 2), F(5, 2)]]
    B = [[F(2), F(1), F(3)], [F(1), F(3), F(2)], [F(3), F(2), F(1)]]
    found = prove_all(dt.Game.bimatrix(A, B).payoffs)
    expected = extreme_equilibria(A, B)
    assert found is None or len(found) == len(expected)
    assert {e.strategies for e in dt.nash_equilibria(dt.Game.bimatrix(A, B))} == expected


@pytest.mark.parametrize("scale", [1e-280, 1e-9, 1.0, 1e12, 1e280])
def test_scale_changes_nothing(scale: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        A, B = rng.integers(0, 50, (2, 4, 5)).astype(float)
        here, there = prove_all(np.stack([A, B])), prove_all(np.stack([scale * A, B]))
        assert (here is None) == (there is None)
        if here is not None and there is not None:
            assert here[:, :9] == pytest.approx(there[:, :9], abs=1e-12)


def test_a_large_constant_hides_payoffs_from_floating_point_but_not_from_the_answer() -> None:
    A, B = [[3, 0], [0, 2]], [[2, 0], [0, 3]]
    for constant in (10**6, 10**12, 10**15, 10**18):
        moved = dt.Game.bimatrix([[a + constant for a in row] for row in A], B)
        assert {e.strategies for e in dt.nash_equilibria(moved)} == extreme_equilibria(exact(A), exact(B))


def test_the_search_finds_all_bases_or_doubts() -> None:
    rng = random.Random(2)
    doubted = 0
    for _ in range(150):
        k, d, top = rng.randint(1, 6), rng.randint(1, 6), rng.choice([2, 20, 2000])
        matrix = [[rng.randint(1, top) for _ in range(d)] for _ in range(k)]
        bases = enumerate_vertices(matrix, lambda: False).bases
        status, count, space = search_bases(
            np.array(matrix) / top, np.ones((1, k)), 2.0**-52, np.zeros(1), 10**6, new_space(d, k, 1)
        )
        is_simple = all(vertex == basis for basis, vertex in bases.items())
        assert status in (PROVEN, DOUBTFUL)
        if status == PROVEN:
            assert is_simple
            assert set(space.bases[:count, 0].tolist()) == set(bases)
        doubted += status == DOUBTFUL and is_simple
    assert doubted == 0


def test_many_equilibria_keep_their_order() -> None:
    found = proven(np.eye(8, dtype=int).tolist(), np.eye(8, dtype=int).tolist())
    assert found is not None
    assert len(found) == 2**8 - 1
    rows = found[:, :16].tolist()
    assert rows == sorted(rows, reverse=True)
    assert len(set(map(tuple, rows))) == len(rows)
