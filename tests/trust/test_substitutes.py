"""Bonds, sanctions, smaller first steps, patience and hazard in place of trust: closed forms and random cases."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.exact.intervals import IntervalSet
from detente.trust.check import keeping_is_optimal
from tests.trust.test_frontier import random_case

C, D = "Relax", "Restrict"
dilemmas = st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True).map(lambda v: sorted(v, reverse=True))
shares = st.fractions(0, 1, max_denominator=20)


def pd(T: int, R: int, P: int, S: int) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=[C, D])


@given(dilemmas, st.fractions(F(1, 20), F(19, 20), max_denominator=20), shares)
def test_grim_trigger_in_closed_form(trps: list[int], delta: F, size: F) -> None:
    T, R, P, S = map(F, trps)
    game = pd(*trps)
    if delta < (T - R) / (T - P):
        return
    found = dt.substitutes(dt.RepeatedGame(game, delta), dt.agreements.grim_trigger(game), player="US")
    x = size * (P - S)
    # The partner's bond replaces S by S + x, the player's own bond T by T − x and, against a breach of both, nothing.
    for name, t, s in (("bond", T, S + x), ("own bond", T - x, S)):
        risk, stake = (1 - delta) * (P - s), R - (1 - delta) * t - delta * P
        assert found[name].frontier(x) == (risk / (risk + stake) if risk else 0)
    # With a first step of x only that share of the first period's loss and of its temptation counts.
    lost, kept = size * (1 - delta) * (P - S), delta * (R - P) - size * (1 - delta) * (T - R)
    assert found["first step"].frontier(size) == (lost / (lost + kept) if lost else 0)


@pytest.mark.parametrize("seed", range(25))
def test_every_frontier_passes_its_independent_check(seed: int) -> None:
    rg, ag, machine, player = random_case(200 + seed)
    found = dt.substitutes(rg, ag, player=player, opportunist=machine)
    found.verify()
    plain = dt.trust_region(rg, ag, player=player, opportunist=machine)
    least = plain.intervals[0].lo if plain.intervals else None
    for row in found.values():
        assert row.frontier(row.today) == least  # today's size changes nothing


@pytest.mark.parametrize("seed", range(10))
def test_enough_and_not_enough(seed: int) -> None:
    rg, ag, machine, player = random_case(300 + seed)
    bond = dt.substitutes(rg, ag, player=player, opportunist=machine)["bond"]
    for trust in (F(0), F(1, 5), F(1)):
        enough = bond.needed(trust)
        for x in map(F, range(0, 12, 2)):
            least = bond.frontier(x)
            assert (x in enough) == (least is not None and least <= trust)


def test_exchange_rates_are_ratios_of_slopes() -> None:
    game = pd(5, 3, 1, 0)
    found = dt.substitutes(dt.RepeatedGame(game, "3/4"), dt.agreements.grim_trigger(game), player="US")
    step = F(1, 10**6)
    for name in ("bond", "own bond", "patience"):
        row = found[name]
        rise = row.frontier(row.today + step) - row.frontier(row.today)  # type: ignore[operator]
        assert float(-rise / step) == pytest.approx(float(row.rate), rel=1e-4)  # type: ignore[arg-type]
    assert found.exchange_rate("bond", "patience") == 1 / found.exchange_rate("patience", "bond")  # type: ignore[operator]
    assert found["hazard"].rate < 0 < found["patience"].rate  # type: ignore[operator]


def test_a_justified_restriction_forfeits_nothing() -> None:
    """While the partner owes, restricting is prescribed: an own bond of any size does not deter it."""
    game = pd(5, 3, 1, 0)
    contrite = dt.agreements.contrite_tit_for_tat(game)
    huge = F(10**6)
    assert keeping_is_optimal(
        dt.RepeatedGame(game, "9/10"), contrite, 0, dt.machines.always(C), F(1), lambda own, their: -huge * (own)
    )
    found = dt.substitutes(dt.RepeatedGame(game, "9/10"), contrite, player=0, opportunist=dt.machines.always(C))
    assert found["own bond"].needed(1) == IntervalSet((found["own bond"].frontier.domain.intervals[0],))


def test_refusals() -> None:
    game = pd(5, 3, 1, 0)
    grim = dt.agreements.grim_trigger(game)
    found = dt.substitutes(dt.RepeatedGame(game, "3/4"), grim, player="US")
    with pytest.raises(dt.LabelError):
        found["bnd"]
    with pytest.raises(dt.ParameterError):
        found["bond"].needed("3/2")
    with pytest.raises(dt.ParameterError):
        found["first step"].frontier("3/2")


def test_enough_patience_where_the_frontier_starts_at_an_irrational_point() -> None:
    london = dt.load_scenario("london-2025")
    rg = london.repeated.replace(monitoring=dt.perfect())
    two = london.agreements["two quarters of restriction"]
    patience = dt.substitutes(rg, two, player="US")["patience"]
    assert not patience.needed("1/2")  # only certainty is enough for it
    assert patience.needed(1) == patience.frontier.domain
