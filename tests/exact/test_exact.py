"""Rationals, algebraic numbers, sets, and linear systems with a parameter."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as F
from math import inf, nan

import numpy as np
import pytest
from flint import fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import DetenteError
from detente.exact.algebraic import Algebraic, real_roots
from detente.exact.intervals import Interval, IntervalSet, between
from detente.exact.linear import solve_m_matrix
from detente.exact.matrix_game import solve_matrix_game
from detente.exact.polynomial import Polynomial, constant, evaluate, polynomial
from detente.exact.rational import to_fraction, to_probability
from detente.exact.sign_sets import where_nonnegative, where_positive

UNIT = Interval(F(0), F(1), True, False)
coefficients = st.lists(st.integers(-6, 6), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (3, F(3)),
        ("3/4", F(3, 4)),
        (" 0.25 ", F(1, 4)),
        (0.1, F(1, 10)),
        (np.float32(0.1), F(1, 10)),
        (Decimal("1e-3"), F(1, 1000)),
        (np.uint8(255), F(255)),
        (1e300, F(10) ** 300),
        ("-1/2", F(-1, 2)),
    ],
)
def test_numbers_are_read_at_their_value(given_: object, expected: F) -> None:
    assert to_fraction(given_) == expected


@pytest.mark.parametrize(
    "bad", [nan, inf, -inf, "x", "1/0", "", None, 1j, True, np.True_, [1], "1e999999999", Decimal("NaN"), "1/2/3"]
)
def test_other_things_are_refused_by_name(bad: object) -> None:
    with pytest.raises(DetenteError, match="payoff"):
        to_fraction(bad, "payoff")


def test_probabilities_have_a_range() -> None:
    assert to_probability("1", "p") == 1
    for bad in (-1, "3/2"):
        with pytest.raises(DetenteError, match=r"p: got .* \[0, 1\]"):
            to_probability(bad, "p")
    with pytest.raises(DetenteError, match=r"\[0, 1\)"):
        to_probability(1, "p", below_one=True)


@given(coefficients)
def test_roots_are_roots_and_in_order(cs: list[int]) -> None:
    p = fmpz_poly(cs)
    if p.degree() < 1:
        return
    roots = real_roots(p)
    assert roots == sorted(roots)
    # Sturm-free count: numpy's real roots, well apart from each other, are all found.
    for root in roots:
        value = float(Polynomial(int(c) for c in p.coeffs())(float(root)))
        assert abs(value) < 1e-6 * max(1, *map(abs, cs)) * (1 + abs(float(root))) ** p.degree()


def test_algebraic_numbers_compare_exactly() -> None:
    low, high = real_roots(fmpz_poly([-2, 0, 1]))
    assert isinstance(high, Algebraic)
    assert low < 0 < high
    assert high > F(141421356237309504880, 10**20)
    assert high < F(141421356237309504881, 10**20)
    assert high != F(3, 2)
    assert high == real_roots(fmpz_poly([-4, 0, 2]))[1]
    assert hash(high) == hash(real_roots(fmpz_poly([-4, 0, 2]))[1])
    near = real_roots(fmpz_poly([-(2 * 10**40 + 1), 0, 10**40]))[1]
    assert near > high
    assert high < inf
    assert high > 1.4
    assert str(high) == "√2"
    assert str(real_roots(fmpz_poly([1, -5, 5]))[1]) == "(5 + √5)/10"
    assert float(high) == 2**0.5


@given(coefficients, st.lists(st.fractions(0, 1, max_denominator=50), min_size=1, max_size=20))
def test_sign_sets_agree_with_evaluation(cs: list[int], points: list[F]) -> None:
    p = polynomial(cs)
    rational_roots = [r for r in (real_roots(p.numer()) if p.degree() > 0 else []) if isinstance(r, F)]
    closed = Interval(F(0), F(1))
    for x in [*points, *rational_roots, F(0), F(1)]:
        for domain in (UNIT, closed):
            if x in domain:
                assert (x in where_nonnegative(p, domain)) == (evaluate(p, x) >= 0)
                assert (x in where_positive(p, domain)) == (evaluate(p, x) > 0)


def test_sets_can_be_points_unions_and_empty() -> None:
    assert where_nonnegative(-polynomial([1, -4, 4]), UNIT) == IntervalSet((Interval(F(1, 2), F(1, 2)),))
    assert repr(where_positive(polynomial([1, -4, 4]), UNIT)) == "[0, 1/2) ∪ (1/2, 1)"
    assert not where_nonnegative(polynomial([-1]), UNIT)
    line = Interval(-inf, inf, False, False)
    assert repr(where_nonnegative(polynomial([-1, 0, 1]), line)) == "(−∞, −1] ∪ [1, ∞)"
    assert where_positive(polynomial([0, 1]), UNIT) == IntervalSet((Interval(F(0), F(1), False, False),))


intervals = st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans(), st.booleans()).map(
    lambda t: Interval(F(min(t[:2]), 8), F(max(t[:2]), 8), t[2] or t[0] == t[1], t[3] or t[0] == t[1])
)


@given(st.lists(intervals, max_size=4), st.lists(intervals, max_size=4))
def test_set_algebra_is_pointwise(a: list[Interval], b: list[Interval]) -> None:
    left, right = IntervalSet.of(*a), IntervalSet.of(*b)
    for k in range(33):
        x = F(k, 32)
        assert (x in left) == any(x in i for i in a)
        assert (x in (left & right)) == (x in left and x in right)
        assert (x in (left | right)) == (x in left or x in right)
        assert (x in (left - right)) == (x in left and x not in right)


@given(st.fractions(-5, 5), st.fractions(-5, 5))
def test_between_is_strictly_between(a: F, b: F) -> None:
    if a != b:
        assert min(a, b) < between(min(a, b), max(a, b)) < max(a, b)


@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=3, max_size=3))
def test_parametric_systems_solve_the_system(weights: list[list[int]]) -> None:
    """M = I − xP/4 with P a random stochastic matrix (rows padded): M · N must be det M · right, as polynomials."""
    total = [max(sum(row), 1) for row in weights]
    rows = [
        [
            constant(int(i == j)) - polynomial([0, F(weights[i][j], total[i])])
            if sum(weights[i])
            else constant(int(i == j))
            for j in range(3)
        ]
        for i in range(3)
    ]
    right = [[polynomial([i + 1, -1])] for i in range(3)]
    det, solution = solve_m_matrix([list(r) for r in rows], [list(r) for r in right])
    for i in range(3):
        assert sum((rows[i][j] * solution[j][0] for j in range(3)), constant(0)) == det * right[i][0]
    assert evaluate(det, F(0)) == 1


@given(st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=2, max_size=4))
def test_matrix_games_have_a_saddle_point(rows: list[list[int]]) -> None:
    matrix = [[F(x) for x in row] for row in rows]
    value, x, y = solve_matrix_game(matrix)
    assert sum(x) == sum(y) == 1
    assert min(x) >= 0
    assert min(y) >= 0
    assert all(sum(a * q for a, q in zip(row, y, strict=True)) <= value for row in matrix)
    assert all(sum(p * row[j] for p, row in zip(x, matrix, strict=True)) >= value for j in range(3))
