"""Indices of components against their definition: what remains of a component when payoffs are disturbed a little.

The index of a component is the sum of the indices of the equilibria near it of any nondegenerate nearby game
(Ritzberger 1994, *International Journal of Game Theory* 23), and does not depend on which.
"""

from __future__ import annotations

import random
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt

Matrix = list[list[F]]


def drawn(rng: random.Random) -> tuple[Matrix, Matrix]:
    """A game of up to 4×4 with payoffs 0, 1 and perhaps 2: most are degenerate."""
    m, n, top = rng.randint(1, 4), rng.randint(1, 4), rng.choice([1, 1, 2])
    A, B = ([[F(rng.randint(0, top)) for _ in range(n)] for _ in range(m)] for _ in range(2))
    return A, B


def disturbed(rng: random.Random, matrix: Matrix) -> Matrix:
    return [[x + F(rng.randint(-1000, 1000), 10**10) for x in row] for row in matrix]


def distance(profile: Any, component: dt.Component) -> float:
    """From the nearest point of the component's nearest subset, up to a small factor."""
    from scipy.optimize import nnls

    least = np.inf
    for subset in component.subsets:
        gaps = []
        for vertices, strategy in zip(subset.vertices, profile, strict=True):
            corners = np.array(vertices, dtype=float).T
            total = np.full(corners.shape[1], 1e3)  # weights that add up to 1, almost
            gaps.append(nnls(np.vstack([corners, total]), np.array([*map(float, strategy), 1e3]))[1])
        least = min(least, max(gaps))
    return float(least)


@pytest.mark.parametrize("seed", range(10))
def test_nearby_equilibria_add_up_to_the_index(seed: int) -> None:
    rng = random.Random(seed)
    checked = 0
    for _ in range(30):
        A, B = drawn(rng)
        components = dt.nash_equilibria(dt.Game.bimatrix(A, B)).components
        nearby = dt.nash_equilibria(dt.Game.bimatrix(disturbed(rng, A), disturbed(rng, B)))
        if all(c.is_isolated for c in components) or not all(c.is_isolated for c in nearby.components):
            continue
        totals = [0] * len(components)
        for point in nearby.components:
            assert point.index in (-1, 1)
            gaps = [distance(nearby[point.extreme[0]].strategies, c) for c in components]
            assert min(gaps) < 1e-5
            totals[int(np.argmin(gaps))] += point.index
        assert totals == [c.index for c in components]
        checked += 1
    assert checked > 5
