"""Polytopes of probability vectors against brute force over all sets of inequalities."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import CertificateError, LabelError, ParameterError
from detente.exact.linear_programme import maximise
from detente.exact.polytope import Polytope

NAMES = ["a", "b", "c", "d", "e"]


def cut_all(n: int, cuts: list[list[int]]) -> Polytope:
    found = Polytope.simplex(NAMES[:n])
    for cut in cuts:
        found = found.cut(cut)
    return found


@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), max_size=6)))
def test_random_cuts(cuts: list[list[int]]) -> None:
    """Small coefficients make degenerate and lower-dimensional polytopes common."""
    n = len(cuts[0]) if cuts else 3
    found = cut_all(n, cuts)
    found.verify()
    for vertex in found.vertices:
        assert vertex in found
        assert all(sum(c * x for c, x in zip(cut, vertex, strict=True)) >= 0 for cut in cuts)
    needed = [half.coefficients for half in found.inequalities]
    for left_out in needed:
        fewer = cut_all(n, [list(c) for c in needed if c is not left_out])
        assert fewer.vertices != found.vertices


@pytest.mark.parametrize("seed", range(30))
def test_the_ends_of_every_direction_against_linear_programmes(seed: int) -> None:
    rng = random.Random(seed)
    n = rng.randint(3, 5)
    cuts = [[rng.randint(-5, 5) for _ in range(n)] for _ in range(rng.randint(1, 7))]
    found = cut_all(n, cuts)
    for _ in range(5):
        c = [F(rng.randint(-4, 4)) for _ in range(n)]
        rows = [[F(-x) for x in cut] for cut in cuts]
        best = maximise(c, rows, [F(0)] * len(cuts), [[F(1)] * n], [F(1)])
        assert (best.status == "infeasible") == found.is_empty
        if not found.is_empty:
            assert best.value == max(sum(x * y for x, y in zip(c, v, strict=True)) for v in found.vertices)


def test_the_order_of_cuts_does_not_matter() -> None:
    rng = random.Random(3)
    for _ in range(20):
        cuts = [[rng.randint(-3, 4) for _ in range(4)] for _ in range(5)]
        first = cut_all(4, cuts)
        rng.shuffle(cuts)
        assert cut_all(4, cuts).vertices == first.vertices


def test_dimensions() -> None:
    whole = Polytope.simplex(NAMES[:3])
    assert (whole.dimension, whole.is_empty, whole.inequalities) == (2, False, ())
    edge = whole.cut([1, -1, 0]).cut([-1, 1, 0])
    assert edge.dimension == 1
    assert edge.vertices == ((F(1, 2), F(1, 2), F(0)), (F(0), F(0), F(1)))
    point = edge.cut([1, 1, -1]).cut([-1, -1, 1])
    assert point.vertices == ((F(1, 4), F(1, 4), F(1, 2)),)
    assert point.dimension == 0
    empty = point.cut([-1, 0, 0])
    assert empty.is_empty
    assert empty.dimension == -1
    assert empty.range("a") is None
    for polytope in (whole, edge, point, empty):
        polytope.verify()
    assert Polytope.simplex(["only"]).vertices == ((F(1),),)


def test_cuts_far_from_the_integers_are_exact() -> None:
    tiny = Polytope.simplex(NAMES[:3]).cut(["1/1000000007", F(-1, 10**18), 0])
    assert tiny.range("b") == (0, F(10**18, 10**18 + 1000000007))
    assert len(list(combinations(tiny.vertices, 2))) == 3


def test_what_is_asked_of_it() -> None:
    whole = Polytope.simplex(NAMES[:3])
    assert {"a": 1} in whole
    assert ["1/2", "1/2", 0] in whole
    with pytest.raises(ParameterError, match="add up"):
        assert ["1/2", "1/4", 0] in whole
    with pytest.raises(LabelError):
        assert {"z": 1} in whole
    with pytest.raises(LabelError):
        whole.range("z")
    with pytest.raises(ParameterError):
        whole.cut([1, 2])
    with pytest.raises(ParameterError):
        Polytope.simplex(["a", "a"])
    assert "[a] ≥ 2·[b]" in repr(whole.cut([1, -2, 0]))


def test_verification_notices_what_is_wrong() -> None:
    half = Polytope.simplex(NAMES[:3]).cut([1, -1, 0])
    with pytest.raises(CertificateError, match="vertices"):
        Polytope(half.names, half.vertices[:-1], half._cuts, half._rays).verify()
    with pytest.raises(CertificateError, match="prior"):
        half.checked_by(lambda p: p["a"] >= 2 * p["b"]).verify()
    with pytest.raises(CertificateError, match="prior"):
        half.checked_by(lambda p: p["a"] >= p["b"] - F(1, 2)).verify()
    half.checked_by(lambda p: p["a"] >= p["b"]).verify()
