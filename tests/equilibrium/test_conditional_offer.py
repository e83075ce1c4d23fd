"""Conditional offers: closed forms in the dilemma, and backward induction by hand elsewhere."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt

numbers = st.lists(st.integers(0, 9), min_size=4, max_size=4)


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True), st.fractions(F(1, 9), 1, max_denominator=9))
def test_the_dilemma_in_closed_form(values: list[int], q: F) -> None:
    """Unbound: restriction. Bound: relaxation. Bond T − R; sanction (T − R)/q; payment from T − R to R − P."""
    T, R, P, S = map(F, sorted(values, reverse=True))
    game = dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=["Relax", "Restrict"])
    offer = dt.conditional_offer(game, "US", q)
    offer.verify()
    assert offer.unbound == (("Restrict", "Restrict"),)
    assert offer.bound == (("Relax", "Relax"),)
    assert offer.bond.least == T - R
    assert offer.sanction.least == (T - R) / q
    assert offer.side_payment.is_empty == (T - R > R - P)
    if not offer.side_payment.is_empty:
        assert (offer.side_payment.intervals[0].lo, offer.side_payment.intervals[0].hi) == (T - R, R - P)


@given(numbers, numbers, st.integers(0, 1))
def test_any_game_by_backward_induction(first: list[int], second: list[int], i: int) -> None:
    """The unbound outcomes are those of the game in which the partner leads and the proposer replies."""
    (T, R, P, S), (t, r, p, s) = first, second
    game = dt.Game.bimatrix([[R, S], [T, P]], [[r, t], [s, p]])
    offer = dt.conditional_offer(game, i)
    offer.verify()
    led = set()
    replies = [game.best_responses(i, a) for a in (0, 1)]
    for kind in replies[0]:
        for hostile in replies[1]:
            plans = [(0, kind), (1, hostile)]

            def profile(plan: tuple[int, int]) -> tuple[int, int]:
                return (plan[1], plan[0]) if i == 0 else plan

            values = [game.payoff(profile(plan))[1 - i] for plan in plans]
            led |= {profile(plan) for plan, v in zip(plans, values, strict=True) if v == max(values)}
    assert set(offer.unbound) == led
    assert F(10**6) in offer.bond or offer.bond.is_empty


def test_refusals() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]])
    with pytest.raises(dt.UnsupportedError):
        dt.conditional_offer(dt.Game.bimatrix([[1, 2, 3]], [[1, 2, 3]]), 0)
    for bad in (0, 2, "x"):
        with pytest.raises(dt.ParameterError):
            dt.conditional_offer(game, 0, bad)
    assert "below 2" in dt.conditional_offer(game, 0).bond.explain()
