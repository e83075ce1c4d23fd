"""Exact polygons against brute force on small grids, and arithmetic in number fields against floats."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import pytest
from flint import fmpq_poly, fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from detente.exact.algebraic import real_roots
from detente.exact.number_field import FieldElement, NumberField, to_float
from detente.exact.polygon import (
    area,
    clipped,
    contains,
    convex_hull,
    lottery,
    section,
    squared_distance,
    support,
    turn,
)

points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)
GRID = list(product(range(-1, 8), repeat=2))


def fractions(polygon: object) -> tuple[tuple[F, F], ...]:
    return tuple((F(x), F(y)) for x, y in polygon)  # type: ignore[attr-defined]


@given(points)
def test_hull_is_the_least_convex_set(given_points: list[tuple[int, int]]) -> None:
    hull = fractions(convex_hull(given_points))
    assert set(hull) <= set(fractions(given_points))
    assert hull[0] == min(hull)
    assert all(contains(hull, p) for p in fractions(given_points))
    assert all(turn(hull[k - 2], hull[k - 1], hull[k]) > 0 for k in range(len(hull)) if len(hull) > 2)
    for p in fractions(GRID):
        # p is outside iff adding it to the points makes a new corner
        assert contains(hull, p) == (p not in fractions(convex_hull([*hull, p])) or p in hull)


@given(points, st.tuples(st.integers(-3, 3), st.integers(-3, 3)).filter(any), st.integers(-12, 12))
def test_clipping_keeps_what_satisfies_the_inequality(
    given_points: list[tuple[int, int]], normal: tuple[int, int], bound: int
) -> None:
    hull = fractions(convex_hull(given_points))
    part = clipped(hull, normal, F(bound))
    for p in fractions(GRID):
        assert contains(part, p) == (contains(hull, p) and normal[0] * p[0] + normal[1] * p[1] <= bound)
    assert area(part) <= area(hull)
    if part:
        assert support(part, normal) == min(F(bound), support(hull, normal))


@given(points, st.integers(0, 1), st.fractions(0, 6, max_denominator=4))
def test_sections(given_points: list[tuple[int, int]], axis: int, at: F) -> None:
    hull = fractions(convex_hull(given_points))
    span = section(hull, axis, at)
    for other in [F(k, 8) for k in range(49)]:
        p = (at, other) if axis == 0 else (other, at)
        assert contains(hull, p) == (span is not None and span[0] <= other <= span[1])


@given(points)
def test_lotteries_and_distances(given_points: list[tuple[int, int]]) -> None:
    hull = fractions(convex_hull(given_points))
    for p in fractions(GRID):
        weights = lottery(hull, p)
        assert (weights is None) == (squared_distance(hull, p) > 0)
        if weights is not None:
            assert sum(w for _, w in weights) == 1
            assert min(w for _, w in weights) > 0
            assert p == tuple(sum(w * hull[k][i] for k, w in weights) for i in (0, 1))


@pytest.mark.parametrize("coefficients", [[-5, 0, 1], [-130490, 201281, -79764, 3495], [-1, -1, 0, 0, 0, 1]])
def test_field_arithmetic(coefficients: list[int]) -> None:
    rng = random.Random(1)
    alpha = real_roots(fmpz_poly(coefficients))[-1]
    field = NumberField(alpha)
    near = float(alpha)
    for _ in range(60):
        first, second = ([rng.randint(-9, 9) for _ in range(field.degree)] for _ in range(2))
        x, y = field.element(fmpq_poly(first)), field.element(fmpq_poly(second))
        if not (isinstance(x, FieldElement) and isinstance(y, FieldElement)):
            continue
        bx, by = (sum(c * near**k for k, c in enumerate(p)) for p in (first, second))
        scale = 1 + abs(bx) + abs(by)
        for exact, value in ((x + y, bx + by), (x - y, bx - by), (x * y, bx * by), (1 - x, 1 - bx), (x / y, bx / by)):
            assert to_float(exact) == pytest.approx(value, rel=1e-6, abs=1e-9 * scale)
        assert (x * y) / y == x
        assert (1 / x) * x == 1
        assert (x < y) == (bx < by)
        assert abs(x).sign == 1
        assert x.algebraic.polynomial(x) == 0
        assert real_roots(fmpz_poly(list(x.algebraic.polynomial)))[x.algebraic.index] == x.algebraic
