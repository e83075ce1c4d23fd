"""Components and maximal Nash subsets of random degenerate games by brute force, and of games of known structure."""

from __future__ import annotations

import random
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt
from tests.catalogue.exact_checker import extreme_equilibria
from tests.equilibrium.test_published_games import Profile, maximal_products

SHAPES = [(1, 1), (1, 4), (4, 1), (2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 3), (2, 5), (5, 2), (4, 4)]


def drawn(rng: random.Random) -> tuple[Any, Any]:
    """Payoffs of small games, most of them degenerate, some zero-sum, symmetric, indifferent or of unequal sizes."""
    m, n = rng.choice(SHAPES)
    top = rng.choice([1, 1, 2, 3, 9])
    A, B = ([[F(rng.randint(-top, top)) for _ in range(n)] for _ in range(m)] for _ in range(2))
    kind = rng.randrange(9)
    if kind == 0:  # a duplicated action
        A[-1], B[-1] = A[0], B[0]
    elif kind == 1:
        B = [[-x for x in row] for row in A]
    elif kind == 2 and m == n:
        B = [list(column) for column in zip(*A, strict=True)]
    elif kind == 3:
        A, B = [[x * 10**9 for x in row] for row in A], [[x / 10**9 for x in row] for row in B]
    elif kind == 4:
        A = [[x + 10**6 for x in row] for row in A]
    elif kind == 5:
        A = [[x / F(10**30 + 57) for x in row] for row in A]
    elif kind == 6:
        B = [[F(5)] * n for _ in range(m)]
    return A, B


def connected(everything: set[Profile]) -> set[frozenset[Profile]]:
    """Groups of extreme equilibria, joined where they share a strategy."""
    left, groups = set(everything), set()
    while left:
        group = {left.pop()}
        while more := {f for f in left if any(e[0] == f[0] or e[1] == f[1] for e in group)}:
            group |= more
            left -= more
        groups.add(frozenset(group))
    return groups


@pytest.mark.parametrize("seed", range(40))
def test_random_games(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        A, B = drawn(rng)
        found = dt.nash_equilibria(dt.Game.bimatrix(A, B))
        everything = extreme_equilibria(A, B)
        assert {e.strategies for e in found} == everything
        assert len(found) == len(everything)
        groups = connected(everything)
        assert {frozenset(found[k].strategies for k in c.extreme) for c in found.components} == groups
        for c in found.components:
            subsets = [(frozenset(s.x_vertices), frozenset(s.y_vertices)) for s in c.subsets]
            assert set(subsets) == maximal_products({found[k].strategies for k in c.extreme})
            assert len(set(subsets)) == len(subsets)
        assert sum(c.index or 0 for c in found.components) == 1
        found.verify()


@pytest.mark.parametrize("n", range(3, 10))
def test_anticoordination(n: int) -> None:
    """Each wants another action than the opponent's: pairs of sets of actions without a common one, and even mixing.

    A maximal Nash subset is a non-trivial set of actions against all others. Even mixing has the index (−1)^(n+1), so
    that the rest has 2 or 0.
    """
    A = 1 - np.eye(n, dtype=int)
    found = dt.nash_equilibria(dt.Game.bimatrix(A, A))
    assert len(found) == n * (n - 1) + 1
    continuum, point = sorted(found.components, key=lambda c: c.is_isolated)
    assert point.is_isolated
    assert {found[k].strategies for k in point.extreme} == {((F(1, n),) * n,) * 2}
    assert point.index == (-1) ** (n + 1)
    assert continuum.index == 1 - (-1) ** (n + 1)
    assert len(continuum.subsets) == 2**n - 2
    for subset in continuum.subsets:
        (rows, columns) = ({s.index(1) for s in side} for side in subset.vertices)
        assert rows | columns == set(range(n))
        assert not rows & columns
    if n < 7:
        found.verify()


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (1, 7), (12, 9)])
def test_indifference_everywhere(shape: tuple[int, int]) -> None:
    """Where no payoff differs, all strategies form one maximal Nash subset."""
    (component,) = dt.nash_equilibria(dt.Game(np.full((2, *shape), 7))).components
    (subset,) = component.subsets
    assert (len(subset.x_vertices), len(subset.y_vertices)) == shape
    assert component.index == 1
