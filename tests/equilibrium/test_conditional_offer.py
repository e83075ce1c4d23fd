"""Conditional offers: closed forms in the dilemma, and the sequential game solved by trying all plans elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt

RELAX, RESTRICT = 0, 1
numbers = st.lists(st.integers(0, 9), min_size=4, max_size=4)


def game_of(first: Any, second: Any, **names: Any) -> dt.Game:
    """From both players' (T, R, P, S)."""
    (T, R, P, S), (t, r, p, s) = first, second
    return dt.Game.bimatrix([[R, S], [T, P]], [[r, t], [s, p]], **names)


def outcomes(first: Any, second: Any, i: int, bond: F = F(0), payment: F = F(0)) -> set[tuple[int, int]]:
    """(partner's act, proposer's act) of all subgame-perfect equilibria, mixed ones left out, by definition.

    The whole game as a table over plans: an equilibrium of the game and of both subgames.
    """
    (T, R, P, S), (t, r, p, s) = (first, second) if i == 0 else (second, first)
    own = {(0, 0): R, (0, 1): T - bond, (1, 0): S, (1, 1): P}  # by (partner's act, proposer's act)
    own[0, 0] += payment
    other = {(0, 0): r - payment, (0, 1): s, (1, 0): t, (1, 1): p}
    found = set()
    for act in (RELAX, RESTRICT):
        for plan in product((RELAX, RESTRICT), repeat=2):
            subgames = all(own[a, plan[a]] == max(own[a, 0], own[a, 1]) for a in (RELAX, RESTRICT))
            if subgames and other[act, plan[act]] == max(other[a, plan[a]] for a in (RELAX, RESTRICT)):
                found.add((act, plan[act]))
    return found


def every_class() -> Iterator[tuple[int, ...]]:
    """(T, R, P, S) in every order, with all ties."""
    seen = set()
    for values in product(range(4), repeat=4):
        ranks = {v: k for k, v in enumerate(sorted(set(values)))}
        key = tuple(ranks[v] for v in values)
        if key not in seen:
            seen.add(key)
            yield key


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True), st.fractions(F(1, 9), 1, max_denominator=9))
def test_the_dilemma_in_closed_form(values: list[int], q: F) -> None:
    """Unbound: restriction. Bound: relaxation. Bond T − R; sanction (T − R)/q; payment from T − R to R − P."""
    T, R, P, S = map(F, sorted(values, reverse=True))
    game = dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=["Relax", "Restrict"])
    offer = dt.conditional_offer(game, "US", q)
    offer.verify()
    assert offer.unbound == (("Restrict", "Restrict"),)
    assert offer.bound == (("Relax", "Relax"),)
    [only] = offer.equilibria
    assert only.replies == {"Relax": "Restrict", "Restrict": "Restrict"}
    assert (only.partner_plays, only.payoffs) == ("Restrict", (P, P))
    assert offer.bond.least == T - R
    assert offer.sanction.least == (T - R) / q
    assert offer.dominant_bond.least == max(T - R, P - S)
    assert offer.dominant_sanction.least == max(T - R, P - S) / q
    assert offer.side_payment.is_empty == (T - R > R - P)
    if not offer.side_payment.is_empty:
        assert (offer.side_payment.intervals[0].lo, offer.side_payment.intervals[0].hi) == (T - R, R - P)


def test_every_class_against_every_class() -> None:
    """All orders with all ties (75 a player): outcomes and regions, against the table of plans."""
    classes = list(every_class())
    assert len(classes) == 75
    rng = np.random.default_rng(0)
    pairs = [(c, classes[k]) for c in classes for k in rng.choice(len(classes), 4)]
    q = F(2, 3)
    sizes = [F(k, 4) for k in range(17)]
    for n, (first, second) in enumerate(pairs):
        i = n % 2
        offer = dt.conditional_offer(game_of(first, second), i, q)
        for unit, region, payment in ((1, offer.bond, 0), (q, offer.sanction, 0), (0, offer.side_payment, 1)):
            for x in sizes:
                reached = outcomes(first, second, i, unit * x, payment * x)
                assert ((RELAX, RELAX) in reached) == (x in region)
        expected = {(b, a) if i == 0 else (a, b) for a, b in outcomes(first, second, i)}
        assert set(offer.unbound) == expected
        T, R, P, S = (first, second)[i]
        for x in sizes:
            assert (x in offer.dominant_bond) == (max(T - R, P - S) <= x)
            assert (x in offer.dominant_sanction) == (max(T - R, P - S) <= q * x)


@settings(max_examples=60)
@given(numbers, numbers, st.integers(0, 1), st.fractions(F(1, 9), 1, max_denominator=9))
def test_any_game_verifies(first: list[int], second: list[int], i: int, q: F) -> None:
    offer = dt.conditional_offer(game_of(first, second), i, q)
    offer.verify()
    assert {e.outcome for e in offer.equilibria} == set(offer.unbound)
    assert F(10**6) in offer.bond or offer.bond.is_empty
    for region in (offer.sanction, offer.dominant_sanction):
        twin = offer.bond if region is offer.sanction else offer.dominant_bond
        assert region.is_empty == twin.is_empty
        if not twin.is_empty:
            assert region.least == twin.least / q


@given(numbers, numbers, st.sampled_from([F(1, 7), F(10**9), F(1, 10**9)]), st.integers(-99, 99))
def test_sizes_scale_with_the_proposers_payoffs(first: list[int], second: list[int], scale: F, shift: int) -> None:
    plain = dt.conditional_offer(game_of(first, second), 0)
    moved = dt.conditional_offer(game_of(first, second).affine(0, scale, shift).affine(1, 3, shift), 0)
    assert moved.unbound == plain.unbound
    assert moved.bond.least == (None if plain.bond.least is None else plain.bond.least * scale)
    assert moved.dominant_bond.least == plain.dominant_bond.least * scale


def test_between_different_players() -> None:
    """A dilemma player offers; the partner has stag-hunt payoffs, or is in deadlock and refuses any offer."""
    names = {"players": ["US", "China"], "actions": ["Relax", "Restrict"]}
    offer = dt.conditional_offer(game_of((5, 3, 1, 0), (3, 4, 2, 0), **names), "US", "1/2")
    assert (offer.bond.least, offer.sanction.least) == (2, 4)
    assert [(i.lo, i.hi) for i in offer.side_payment.intervals] == [(2, 2)]
    deadlock = dt.conditional_offer(game_of((5, 3, 1, 0), (4, 1, 2, 0), **names), "US")
    assert deadlock.bond.is_empty
    assert "China" in deadlock.bond.explain()
    assert deadlock.bound == (("Restrict", "Restrict"),)
    # In chicken the proposer gives way to restriction, so the partner restricts, whatever the bond.
    chicken = dt.conditional_offer(game_of((7, 6, 0, 2), (7, 6, 0, 2), **names), "US")
    assert chicken.unbound == (("Relax", "Restrict"),)
    assert chicken.bond.is_empty
    assert chicken.bound == (("Relax", "Relax"),)
    floats = dt.conditional_offer(dt.Game.symmetric([[0.3, 0.0], [0.5, 0.1]]), 0)
    assert floats.bond.least == F(1, 5)
    floats.verify()


def test_certificates_can_fail() -> None:
    offer = dt.conditional_offer(dt.Game.symmetric([[3, 0], [5, 1]]), 0, "1/2")
    other = dt.conditional_offer(dt.Game.symmetric([[3, 0], [6, 1]]), 0, "1/2")
    wrong: list[dict[str, Any]] = [
        {"bond": other.bond},
        {"sanction": other.sanction},
        {"side_payment": offer.bond},
        {"dominant_bond": other.dominant_bond},
        {"dominant_sanction": offer.dominant_bond},
        {"unbound": ((0, 0),)},
        {"bound": ((1, 1),)},
        {"equilibria": ()},
        {"equilibria": (offer.equilibria[0]._replace(payoffs=(F(2), F(2))),)},
    ]
    for change in wrong:
        with pytest.raises(dt.CertificateError):
            replace(offer, **change).verify()


def test_refusals() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]])
    with pytest.raises(dt.UnsupportedError):
        dt.conditional_offer(dt.Game.bimatrix([[1, 2, 3]], [[1, 2, 3]]), 0)
    with pytest.raises(dt.UnsupportedError):
        dt.conditional_offer(dt.textbook("public-goods").game, 0)
    for bad in (0, 2, "x", -1, float("nan")):
        with pytest.raises(dt.ParameterError):
            dt.conditional_offer(game, 0, bad)
    with pytest.raises(dt.LabelError):
        dt.conditional_offer(game, "nobody")
    assert "below 2" in dt.conditional_offer(game, 0).bond.explain()
