"""Payoff sets against an operator of our own, and every vertex's strategy against one-shot deviations, exactly."""

from __future__ import annotations

import random
from fractions import Fraction as F

import pytest

import detente as dt
from tests.contract.independent import distance, equilibrium_payoffs, is_supported

SHAPES = [(2, 2), (2, 2), (3, 3), (2, 3), (3, 2), (1, 3)]


def random_bimatrix(rng: random.Random) -> tuple[list[list[F]], list[list[F]]]:
    m, n = rng.choice(SHAPES)
    span = rng.choice((3, 9, 30))
    A, B = ([[F(rng.randint(-span, span)) for _ in range(n)] for _ in range(m)] for _ in range(2))
    return A, [list(column) for column in zip(*A, strict=True)] if m == n and rng.random() < 0.4 else B


@pytest.mark.parametrize("seed", range(6))
def test_sets_and_strategies(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(25):
        A, B = random_bimatrix(rng)
        delta = F(rng.randint(1, 9), 10)
        game = dt.Game.bimatrix(A, B, actions=[list(range(len(A))), list(range(len(A[0])))])
        found = dt.payoff_set(game, delta)
        case = (A, B, delta)
        assert found.is_exact, case
        assert len(found.generators) == len(found.vertices)
        for k, generation in enumerate(found.generators):
            assert generation.value == found.vertices[k]
            assert is_supported(A, B, delta, found.vertices, k, generation), case
        found.verify()
        own = equilibrium_payoffs(A, B, float(delta))
        scaled = [_scaled(A, B, p) for p in found.vertices]
        assert bool(own) == bool(scaled), case
        assert max((distance(p, own) for p in scaled), default=0) < 1e-7, case
        assert max((distance(p, scaled) for p in own), default=0) < 1e-6, case


def _scaled(A: list[list[F]], B: list[list[F]], point: tuple[F, F]) -> tuple[float, float]:
    low = [min(map(min, m)) for m in (A, B)]
    width = [max(map(max, m)) - x or F(1) for m, x in zip((A, B), low, strict=True)]
    x, y = ((p - x) / w for p, x, w in zip(point, low, width, strict=True))
    return float(x), float(y)


def stahl(g: F, losses: F, delta: F) -> set[tuple[float, float]]:
    """The prisoner's dilemma, R = 1, P = 0, T = 1 + g, S = −l: corners in closed form (in the spirit of Stahl 1991)."""
    s, x = 1 + g - losses, (1 + g + losses) / (1 + losses)
    nothing, triangle = {(0.0, 0.0)}, {(0.0, 0.0), (float(s), 0.0), (0.0, float(s))}
    if g >= 1 + losses:
        return triangle if delta >= losses / (1 + g) else nothing
    if delta >= max(g / (1 + g), losses / (1 + losses)):
        return {(0.0, 0.0), (float(x), 0.0), (1.0, 1.0), (0.0, float(x))}
    if losses < g:
        return triangle if losses / (1 + g) <= delta < g / (1 + g) else nothing
    if delta < g / (1 + g):
        return nothing
    c = (1 - delta) * losses / delta
    square = ((1 - delta) * g) ** 2 - 4 * delta * (c - 1)
    if square < 0 or (float((1 - delta) * g) + float(square) ** 0.5) / 2 < c - 1:
        return {(0.0, 0.0), (1.0, 1.0)}
    z = (float((1 - delta) * g) + float(square) ** 0.5) / 2
    return {(0.0, 0.0), (1 + z, 0.0), (1.0, 1.0), (0.0, 1 + z)}


def test_prisoners_dilemma_at_and_around_its_thresholds() -> None:
    rng = random.Random(0)
    for _ in range(120):
        g, losses = (F(rng.randint(1, 40), rng.choice((4, 8, 10))) for _ in range(2))
        threshold = rng.choice((g / (1 + g), losses / (1 + losses), losses / (1 + g)))
        delta = threshold + rng.choice((-1, 0, 1)) * F(1, 10**6)
        if not 0 <= delta < 1:
            continue
        expected = stahl(g, losses, delta)
        game = dt.Game.symmetric([[1, -losses], [1 + g, 0]])
        found = {(float(x), float(y)) for x, y in dt.payoff_set(game, delta).vertices}
        assert len(found) == len(expected), (g, losses, delta)
        assert all(min(abs(x - p) + abs(y - q) for p, q in found) < 1e-8 for x, y in expected), (g, losses, delta)
