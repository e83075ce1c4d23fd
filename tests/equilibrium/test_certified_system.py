"""Small systems in floating point: whatever is claimed of them holds exactly, near singular ones included."""

from __future__ import annotations

import random

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from detente.equilibrium.bimatrix.certified_system import certified_system, invert, no_solution

UNIT = 1.2e-16


def drawn(rng: random.Random) -> np.ndarray:
    """A matrix with entries in [1/8, 9/8], many of them dependent but for a little."""
    s = rng.randint(2, 6)
    matrix = np.array([[0.125 + rng.random() for _ in range(s)] for _ in range(s)])
    if rng.random() < 0.6:
        weight, gap = rng.random(), rng.choice([0.0, 1e-16, 1e-12, 1e-9, 1e-6])
        matrix[-1] = np.clip(weight * matrix[0] + (1 - weight) * matrix[rng.randrange(s - 1)], 0.125, 1.125)
        matrix[-1, 0] += gap
    return matrix


def exact(matrix: np.ndarray) -> fmpq_mat:
    rows = [[fmpq(*float(x).as_integer_ratio()) for x in row] for row in matrix]
    return fmpq_mat(rows)


@pytest.mark.parametrize("seed", range(20))
def test_bounds_and_signs_hold(seed: int) -> None:
    rng = random.Random(seed)
    proven = 0
    for _ in range(30):
        matrix = drawn(rng)
        s = len(matrix)
        y, defect, order = np.empty(s), np.empty(s), np.empty(s, dtype=np.int64)
        sign, error = certified_system(matrix, s, (s + 6) * UNIT, np.empty((s, s)), defect, order, y)
        if not error < np.inf:
            continue
        proven += 1
        determinant = exact(matrix).det()
        assert sign == (determinant > 0) - (determinant < 0)
        solution = exact(matrix).solve(fmpq_mat(s, 1, [1] * s))
        for k in range(s):
            assert abs(fmpq(*float(y[k]).as_integer_ratio()) - solution[k, 0]) <= fmpq(*float(error).as_integer_ratio())
    assert proven >= 10


@pytest.mark.parametrize("seed", range(20))
def test_no_solution_is_claimed_only_where_there_is_none(seed: int) -> None:
    """Farkas's lemma with the rows of a computed inverse, and with an action outside the support."""
    rng = random.Random(seed)
    claims = 0
    for _ in range(30):
        matrix = drawn(rng)
        s = len(matrix)
        outer = np.array([0.125 + rng.random() for _ in range(s)])
        inverse, values = matrix.copy(), np.empty(s)
        invert(inverse, np.empty(s, dtype=np.int64), s)
        if exact(matrix).det() == 0:
            continue
        solution = exact(matrix).solve(fmpq_mat(s, 1, [1] * s))
        y = [solution[k, 0] for k in range(s)]
        earned = sum((fmpq(*float(a).as_integer_ratio()) * b for a, b in zip(outer, y, strict=True)), fmpq(0))
        for row in inverse:
            if no_solution(matrix, s, row, outer, 0.0, (s + 6) * UNIT, values):
                assert min(y) < 0
                claims += 1
        if no_solution(matrix, s, -outer @ inverse, outer, 1.0, (s + 6) * UNIT, values):
            assert min(y) < 0 or earned > 1
            claims += 1
    assert claims >= 10
