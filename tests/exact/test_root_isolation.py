"""Roots in an interval by Descartes' rule, against all roots by ball arithmetic; numbers isolated in different ways."""

from __future__ import annotations

import pickle
import random
from fractions import Fraction as F

import pytest
from flint import fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from detente.exact.algebraic import Algebraic, real_roots, real_roots_with_multiplicity, roots_between

ends = st.fractions(-4, 4, max_denominator=6)
factors = st.lists(st.integers(-5, 5), min_size=2, max_size=5).filter(any)


def product_of(lists: list[list[int]]) -> fmpz_poly:
    p = fmpz_poly([1])
    for coefficients in lists:
        p *= fmpz_poly(coefficients)
    return p


@given(st.lists(factors, min_size=1, max_size=4), ends, ends)
def test_agrees_with_all_real_roots(lists: list[list[int]], a: F, b: F) -> None:
    lo, hi = min(a, b), max(a, b)
    if lo == hi:
        hi += 1
    p = product_of(lists)
    expected = sorted((pair for pair in real_roots_with_multiplicity(p) if lo < pair[0] < hi), key=lambda pair: pair[0])
    found = roots_between(p, lo, hi)
    assert found == expected
    for (root, _), (other, _) in zip(found, expected, strict=True):
        if isinstance(root, Algebraic):
            assert isinstance(other, Algebraic)
            assert root.index == other.index
            assert hash(root) == hash(other)
            assert float(root) == float(other)
            assert lo < root < hi


@pytest.mark.parametrize("n", [5, 9, 15])
def test_close_roots_are_told_apart(n: int) -> None:
    """Mignotte's polynomial xⁿ − 2(10x − 1)² has two roots within 10^−(n + 2)/2 of each other near 1/10."""
    p = fmpz_poly([-2, 40, -200] + [0] * (n - 3) + [1])
    near = roots_between(p, F(0), F(1, 5))
    assert len(near) == 2
    (first, _), (second, _) = near
    assert first < F(1, 10) < second
    assert first != second
    assert [first, second] == [r for r in real_roots(p) if 0 < r < F(1, 5)]


def test_ends_do_not_count() -> None:
    p = fmpz_poly([0, -1, 1])  # x (x − 1)
    assert roots_between(p, F(0), F(1)) == []
    assert roots_between(p, F(-1), F(2)) == [(F(0), 1), (F(1), 1)]
    square = fmpz_poly([1, -4, 4])  # (2x − 1)²
    assert roots_between(square, F(0), F(1)) == [(F(1, 2), 2)]


def test_a_number_is_the_same_however_it_was_isolated() -> None:
    rng = random.Random(1)
    for _ in range(50):
        p = fmpz_poly([rng.randint(-9, 9) for _ in range(6)] + [1])
        for root in real_roots(p):
            if not isinstance(root, Algebraic):
                continue
            lo, hi = root.refine(F(1, 1000))
            alone = [r for r, _ in roots_between(p, lo - F(1, 3), hi + F(1, 7)) if r == root]
            assert len(alone) == 1
            assert len({root, *alone}) == 1
            assert sum(r == root for r in real_roots(p)) == 1
            copy = pickle.loads(pickle.dumps(alone[0]))
            assert copy == root
            assert copy.polynomial == root.polynomial
            assert copy.index == root.index
