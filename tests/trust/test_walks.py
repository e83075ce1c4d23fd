"""Extreme walks along a parameter: against shortest walks at single values of it, and by hand."""

from __future__ import annotations

import random
from fractions import Fraction as F

import pytest

from detente.exact.intervals import Interval
from detente.exact.polynomial import ONE, ZERO, Poly, X, evaluate, polynomial
from detente.trust.noise.walks import Observation, least_factors

UNIT = Interval(F(0), F(1), False, False)


def by_rounds(observations: list[Observation], nodes: int, x: F) -> dict[int, F]:
    """Least products at one value: after as many rounds as there are nodes, what still falls is lost for good."""
    least = {0: F(1)}
    for rounds in range(2 * nodes + 1):
        for o in observations:
            if o.source in least:
                through = least[o.source] * evaluate(o.of, x) / evaluate(o.against, x)
                if o.target not in least or through < least[o.target]:
                    least[o.target] = through if rounds <= nodes else F(0)
    return least


@pytest.mark.parametrize("seed", range(60))
def test_random_walks(seed: int) -> None:
    rng = random.Random(seed)
    nodes = rng.randint(1, 5)
    likelihoods: list[Poly] = [X, ONE - X, (ONE - X) * X, polynomial([F(1, 3)]), polynomial([F(1, 4), F(1, 2)]), ONE]
    pool = [*likelihoods, ZERO] if rng.random() < 0.3 else likelihoods
    observations = [
        Observation(s, rng.randrange(nodes), rng.choice(pool), against)
        for s in range(nodes)
        for against in rng.sample(likelihoods, rng.randint(1, 2))
    ]
    x = F(rng.randint(1, 29), 30)
    drift = least_factors(observations, nodes, x, UNIT)
    assert x in drift.valid
    for y in {x, *(F(k, 17) for k in range(1, 17))}:
        if y in drift.valid:
            there = by_rounds(observations, nodes, y)
            assert set(there) == set(drift.factors)
            for n, factor in drift.factors.items():
                expected = F(0) if factor is None else evaluate(factor[0], y) / evaluate(factor[1], y)
                assert there[n] == expected


def test_odds_that_fall_for_ever_on_one_side_of_even() -> None:
    """A loop that multiplies the odds by x/(1 − x), or by its inverse: they fall for ever except at one half."""
    loop = [Observation(0, 0, X, ONE - X)]
    assert least_factors(loop, 1, F(1, 4), UNIT).factors == {0: None}
    assert least_factors(loop, 1, F(1, 4), UNIT).valid.intervals == (Interval(F(0), F(1, 2), False, False),)
    rising = least_factors(loop, 1, F(3, 4), UNIT)
    assert rising.factors == {0: (ONE, ONE)}
    assert rising.valid.intervals == (Interval(F(1, 2), F(1), True, False),)


def test_what_only_one_type_does_makes_certain() -> None:
    found = least_factors([Observation(0, 1, ZERO, ONE), Observation(1, 2, X, ONE)], 3, F(1, 2), UNIT)
    assert found.factors == {0: (ONE, ONE), 1: None, 2: None}
    assert found.valid.intervals == (UNIT,)
