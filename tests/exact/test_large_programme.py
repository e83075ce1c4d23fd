"""Linear programmes: two exact solvers and HiGHS agree, degenerate and large ones, infeasibility proven, scale."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from detente.exact import large_programme
from detente.exact.large_programme import optimum, proposed_and_proven, sparse
from detente.exact.linear_programme import maximise
from detente.exact.matrix_game import solve_matrix_game


@pytest.fixture
def no_simplex(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small programmes go to HiGHS too, and nothing comes to the rescue."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("no proof from floating point")

    monkeypatch.setattr(large_programme, "SMALL", 0)
    monkeypatch.setattr(large_programme, "maximise", refuse)


def fractions(rows: Any) -> list[list[F]]:
    return [[F(int(x)) for x in row] for row in rows]


programmes = st.tuples(
    st.lists(st.integers(-5, 5), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(-4, 4), min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.integers(-3, 6), min_size=4, max_size=4),
    st.booleans(),
)


@settings(max_examples=150)
@given(programmes)
def test_both_solvers_against_highs(programme: Any) -> None:
    c, A, b, with_equality = programme
    b = b[: len(A)]
    E, f = ([[1, 1, 1]], [2]) if with_equality else ([], [])
    exact = ([F(x) for x in c], fractions(A), [F(x) for x in b], fractions(E), [F(x) for x in f])
    ours = maximise(*exact)
    # HiGHS may say "infeasible" for either: whether there is a solution is asked without an objective.
    equal = {"A_eq": E or None, "b_eq": f or None}
    feasible = linprog([0, 0, 0], A_ub=A, b_ub=b, **equal).status == 0
    theirs = linprog([-x for x in c], A_ub=A, b_ub=b, **equal)
    assert ours.status == ("infeasible" if not feasible else "optimal" if theirs.status == 0 else "unbounded")
    if ours.status == "optimal":
        assert float(ours.value) == pytest.approx(-theirs.fun, abs=1e-7)
    proven = proposed_and_proven(
        exact[0], [sparse(r) for r in exact[1]], exact[2], [sparse(r) for r in exact[3]], exact[4]
    )
    if ours.status == "optimal":
        assert proven is None or proven.value == ours.value
    else:
        assert proven is None


def test_random_programmes_are_proven_from_floats(no_simplex: None) -> None:
    rng = np.random.default_rng(0)
    infeasible = 0
    for _ in range(60):
        m, n = rng.integers(2, 12, 2)
        A, b = rng.integers(-3, 9, (m, n)), rng.integers(-2, 9, m)
        box = {j: F(1) for j in range(n)}
        c = [F(int(x)) for x in rng.integers(-5, 9, n)]
        found = optimum(c, [*map(sparse, fractions(A)), box], [*map(F, b.tolist()), F(7, 3)])
        expected = linprog(-np.array(c, float), A_ub=np.vstack([A, np.ones(n)]), b_ub=[*b, 7 / 3])
        assert found.status == {0: "optimal", 2: "infeasible"}[expected.status]
        infeasible += found.status == "infeasible"
        if found.status == "optimal":
            assert float(found.value) == pytest.approx(-expected.fun, abs=1e-7)
    assert infeasible > 3


def test_assignments_are_very_degenerate(no_simplex: None) -> None:
    """At every vertex of the assignment polytope n − 1 unknowns in the basis are zero."""
    rng = np.random.default_rng(1)
    for n in (4, 12):
        worth = rng.integers(0, 5, (n, n))
        rows = [{i * n + j: F(1) for j in range(n)} for i in range(n)]
        columns = [{i * n + j: F(1) for i in range(n)} for j in range(n)]
        found = optimum([F(int(x)) for x in worth.ravel()], [], [], rows + columns, [F(1)] * (2 * n))
        assert found.value == worth[linear_sum_assignment(worth, maximize=True)].sum()


@pytest.mark.parametrize("unit", [F(10**12), F(1, 10**12), F(10**60)])
def test_scale(unit: F, no_simplex: None) -> None:
    rng = np.random.default_rng(2)
    A, b, c = rng.integers(1, 9, (6, 9)), rng.integers(1, 9, 6), rng.integers(1, 9, 9)
    plain = optimum([F(int(x)) for x in c], [sparse(r) for r in fractions(A)], [F(int(x)) for x in b])
    moved = optimum([x * unit for x in map(F, c.tolist())], [sparse(r) for r in fractions(A)], [F(int(x)) for x in b])
    assert moved.x == plain.x
    assert moved.value == plain.value * unit
    wide = optimum([F(int(x)) for x in c], [sparse(r) for r in fractions(A)], [F(int(x)) * unit for x in b])
    assert wide.value == plain.value * unit


def test_numbers_beyond_floats_go_to_the_simplex_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_programme, "SMALL", 0)
    huge = F(10) ** 400
    found = optimum([F(1), F(1)], [{0: F(1), 1: huge}, {0: huge, 1: F(1)}], [huge, huge])
    assert found.value == 2 * huge / (huge + 1)


def test_a_matrix_game_of_moderate_size() -> None:
    matrix = fractions(np.random.default_rng(3).integers(0, 1000, (40, 50)))
    value, x, y = solve_matrix_game(matrix)
    assert (
        min(sum((p * u for p, u in zip(x, column, strict=True)), F(0)) for column in zip(*matrix, strict=True)) == value
    )
    assert max(sum((p * u for p, u in zip(y, row, strict=True)), F(0)) for row in matrix) == value
