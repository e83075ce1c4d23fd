"""SizeBAD, risk dominance and the threshold of Blonski, Ockenfels and Spagnolo as special cases."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.exact.intervals import Interval, IntervalSet

payoffs = st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True).map(lambda v: sorted(v, reverse=True))
deltas = st.fractions(0, F(19, 20), max_denominator=20)


@given(payoffs, deltas)
def test_basin_is_the_belief_threshold_of_the_reduced_game(trps: list[int], delta: F) -> None:
    T, R, P, S = trps
    rg = dt.RepeatedGame(dt.Game.symmetric([[R, S], [T, P]]), delta)
    trusting = dt.belief_threshold(dt.reduced_game(rg), 0)
    share = sum((F(i.hi) - F(i.lo) for i in trusting.intervals), F(0))  # type: ignore[arg-type]
    assert 1 - share == dt.basin_of_distrust(rg, 0)


@given(payoffs, deltas)
def test_three_ways_to_one_threshold(trps: list[int], delta: F) -> None:
    """Risk dominance, SizeBAD below one half and δ above δ_RD are the same in a symmetric dilemma."""
    T, R, P, S = trps
    game = dt.Game.symmetric([[R, S], [T, P]])
    rg = dt.RepeatedGame(game, delta)
    threshold = F(T - R + P - S, T - S)
    region = dt.risk_dominance_region(rg)
    assert region.set == IntervalSet((Interval(threshold, F(1), False, False),) if threshold < 1 else ())
    assert (delta in region) == (dt.basin_of_distrust(rg, 0) < F(1, 2))
    region.verify()
    frontier = dt.trust_frontier(rg, dt.agreements.grim_trigger(game), player=0)
    half = dt.trust_region(rg, dt.agreements.grim_trigger(game), player=0, over="discount", trust="1/2")
    assert half.least == (threshold if threshold < 1 else None)
    if F(T - R, T - P) <= threshold < 1:
        assert frontier(threshold) == F(1, 2)


@pytest.mark.parametrize(("R", "threshold"), [(32, "31/38"), (40, "23/38"), (48, "15/38")])
def test_dal_bo_and_frechette(R: int, threshold: str) -> None:
    rg = dt.RepeatedGame(dt.Game.symmetric([[R, 12], [50, 25]]), 0)
    assert dt.risk_dominance_region(rg).intervals[0].lo == F(threshold)


def test_unequal_players_and_hazard() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]])
    rg = dt.RepeatedGame(game, 0, breakdown="1/10")
    region = dt.risk_dominance_region(rg)
    region.verify()
    assert not region.is_empty
    plain = dt.risk_dominance_region(dt.RepeatedGame(game, 0))
    lo = plain.intervals[0].lo
    assert float(region.intervals[0].lo) == pytest.approx(float(lo) / 0.9)


def test_refusals() -> None:
    chicken = dt.Game.symmetric([[6, 2], [7, 0]])
    with pytest.raises(dt.UnsupportedError):
        dt.risk_dominance_region(dt.RepeatedGame(chicken, 0))
    with pytest.raises(dt.UnsupportedError):
        dt.reduced_game(dt.RepeatedGame(dt.Game.symmetric([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), 0))
