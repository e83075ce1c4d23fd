"""Trust regions and frontiers: closed forms, an independent checker with explicit beliefs, and cross-checks."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.trust.check import keeping_is_optimal

C, D = "Relax", "Restrict"


def pd(T: object, R: object, P: object, S: object) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=[C, D])


dilemmas = st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True).map(lambda v: sorted(v, reverse=True))


@given(dilemmas, st.fractions(F(1, 50), F(49, 50), max_denominator=50))
def test_grim_trigger_against_always_restrict(trps: list[int], delta: F) -> None:
    """μ* = (1−δ)(P−S) / (R−P − (1−δ)(T+S−2P)) from the grim threshold on, nothing below it."""
    T, R, P, S = map(F, trps)
    game = pd(T, R, P, S)
    grim = dt.agreements.grim_trigger(game)
    region = dt.trust_region(dt.RepeatedGame(game, delta), grim, player="US")
    if delta < (T - R) / (T - P):
        assert region.is_empty
    else:
        least = (1 - delta) * (P - S) / (R - P - (1 - delta) * (T + S - 2 * P))
        assert region.intervals == (Interval(least, F(1)),)
        assert dt.basin_of_distrust(dt.RepeatedGame(game, delta), "US") == least


@given(dilemmas)
def test_the_frontier_of_grim_trigger_in_closed_form(trps: list[int]) -> None:
    T, R, P, S = map(F, trps)
    game = pd(T, R, P, S)
    frontier = dt.trust_frontier(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game), player="China")
    need = (T - R) / (T - P)
    assert frontier.domain == IntervalSet((Interval(need, F(1), True, False),))
    assert frontier.at_least_patience == (need, 1)
    assert frontier.limit == 0
    for k in range(1, 20):
        delta = F(k, 20)
        expected = None if delta < need else (1 - delta) * (P - S) / (R - P - (1 - delta) * (T + S - 2 * P))
        assert frontier(delta) == expected
    # Risk dominance: where the frontier crosses one half
    half = (T - R + P - S) / (T - S)
    if need <= half < 1:
        assert frontier(half) == F(1, 2)


def test_published_basins() -> None:
    """Dal Bó and Fréchette (2011): T = 50, S = 12, P = 25."""
    table = {32: ("18/25", None, "13/16"), 40: ("2/5", "13/18", "13/48"), 48: ("2/25", "13/34", "13/80")}
    for R, (grim, half, three_quarters) in table.items():
        game = pd(50, R, 25, 12)
        frontier = dt.trust_frontier(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game), player=0)
        assert frontier.domain.intervals[0].lo == F(grim)
        assert frontier("1/2") == (None if half is None else F(half))
        assert frontier("3/4") == F(three_quarters)


@given(dilemmas, st.fractions(0, F(4, 5), max_denominator=10))
def test_hazard_and_patience_enter_as_a_product(trps: list[int], h: F) -> None:
    game = pd(*trps)
    grim = dt.agreements.grim_trigger(game)
    with_hazard = dt.trust_region(dt.RepeatedGame(game, F(9, 10), breakdown=h), grim, player=0)
    without = dt.trust_region(dt.RepeatedGame(game, F(9, 10) * (1 - h)), grim, player=0)
    assert with_hazard.set == without.set


def test_each_players_own_payoffs_and_patience_count() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], players=["A", "B"])
    rg = dt.RepeatedGame(game, ["9/10", "4/5"])
    grim = dt.agreements.grim_trigger(game)
    for player, (T, R, P, S), delta in (("A", (5, 3, 1, 0), F(9, 10)), ("B", (7, 4, 2, 0), F(4, 5))):
        least = (1 - delta) * (P - S) / (R - P - (1 - delta) * (T + S - 2 * P))
        assert dt.trust_region(rg, grim, player=player).least == least


def random_case(rng: random.Random) -> tuple[dt.RepeatedGame, dt.Agreement, dt.Machine]:
    if rng.random() < 0.6:
        game = pd(*sorted(rng.sample(range(13), 4), reverse=True))
    else:
        cells = [[(rng.randint(0, 9), rng.randint(0, 9)) for _ in range(2)] for _ in range(2)]
        game = dt.Game.bimatrix(*([[c[i] for c in row] for row in cells] for i in (0, 1)), actions=[C, D])
    states = [f"s{k}" for k in range(rng.randint(1, 4))]
    ag = dt.Agreement(
        {s: (rng.choice((C, D)), rng.choice((C, D))) for s in states},
        {s: {p: rng.choice(states) for p in product((C, D), repeat=2)} for s in states},
    )
    if rng.random() < 0.4:
        ag = rng.choice([dt.agreements.grim_trigger, dt.agreements.contrite_tit_for_tat, dt.agreements.tit_for_tat])(
            game
        )
    names = [f"m{k}" for k in range(rng.randint(1, 3))]
    machine = dt.Machine(
        {m: rng.choice((C, D)) for m in names}, {m: {C: rng.choice(names), D: rng.choice(names)} for m in names}
    )
    return dt.RepeatedGame(game, [F(rng.randint(1, 19), 20) for _ in range(2)], F(rng.randint(0, 3), 10)), ag, machine


@pytest.mark.parametrize("seed", range(40))
def test_random_agreements_against_explicit_beliefs(seed: int) -> None:
    rng = random.Random(seed)
    rg, ag, machine = random_case(rng)
    player = rng.randint(0, 1)
    region = dt.trust_region(rg, ag, player=player, opportunist=machine)
    region.verify()
    assert len(region.intervals) <= 1  # the best value is convex in the prior, that of keeping linear
    for k in range(9):
        assert (F(k, 8) in region) == keeping_is_optimal(rg, ag, player, machine, F(k, 8))
    for over in ("discount", ("discount", player), "breakdown", ("payoff", player, (C, D))):
        dt.trust_region(rg, ag, player=player, opportunist=machine, over=over, trust=F(rng.randint(0, 8), 8)).verify()


@pytest.mark.parametrize("seed", range(40))
def test_random_frontiers_agree_with_the_regions(seed: int) -> None:
    rng = random.Random(500 + seed)
    rg, ag, machine = random_case(rng)
    player = rng.randint(0, 1)
    frontier = dt.trust_frontier(rg, ag, player=player, opportunist=machine)
    frontier.verify()
    ends = [e for e in frontier.breakpoints if isinstance(e, F)]
    for delta in [F(k, 12) for k in range(12)] + ends:
        here = rg.replace(discount=[delta if i == player else d for i, d in enumerate(rg.discount)])
        assert frontier(delta) == dt.trust_region(here, ag, player=player, opportunist=machine).least


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300))
def test_many_random_frontiers(seed: int) -> None:
    rng = random.Random(9000 + seed)
    rg, ag, machine = random_case(rng)
    dt.trust_frontier(rg, ag, player=0, opportunist=machine).verify()
    dt.trust_region(rg, ag, player=0, opportunist=machine).verify()


def test_more_patience_can_need_more_trust() -> None:
    """Monotonicity does not hold in general: the invitation needs no trust, and cannot stand too much of it."""
    game = pd(10, 9, 3, 1)
    invitation = dt.Agreement(
        {"wait": (D, D), "relaxed": (C, C)},
        {"wait": {(D, D): "wait", ...: "relaxed"}, "relaxed": {(C, C): "relaxed", ...: "wait"}},
    )
    region = dt.trust_region(dt.RepeatedGame(game, "1/5"), invitation, player=0)
    region.verify()
    assert F(0) in region
    assert dt.trust_region(dt.RepeatedGame(game, "1/2"), invitation, player=0).set != region.set


def test_each_end_names_the_deviation_that_binds_there() -> None:
    """A middle course is best at middling trust: at high trust one act does better, at low trust another."""
    game = dt.Game.bimatrix(
        [[5, 0], [3, 3], [0, 5]], [[0, 0]] * 3, players=["A", "B"], actions=[["up", "mid", "low"], [C, D]]
    )
    middle = dt.agreements.unconditional(("mid", C))
    region = dt.trust_region(dt.RepeatedGame(game, 0), middle, player="A", opportunist=dt.machines.always(D))
    assert region.intervals == (Interval(F(2, 5), F(3, 5)),)
    assert {end: [c.deviation for c in found] for end, found in region.binding.items()} == {
        F(2, 5): ["low"],
        F(3, 5): ["up"],
    }
    assert "below 2/5, A would gain by low" in region.explain()
    assert "above 3/5, A would gain by up" in region.explain()


def test_one_shot_beliefs() -> None:
    stag = dt.Game.symmetric([[4, 0], [3, 2]], players=["US", "China"], actions=[C, D])
    region = dt.belief_threshold(stag, "US")
    assert region.intervals == (Interval(F(2, 3), F(1)),)
    region.verify()
    chicken = dt.Game.symmetric([[6, 2], [7, 0]])
    assert dt.belief_threshold(chicken, 1).intervals == (Interval(F(0), F(2, 3)),)
    assert dt.belief_threshold(pd(5, 3, 1, 0), 0).is_empty
    assert dt.belief_threshold(dt.Game.symmetric([[4, 2], [3, 1]]), 0).intervals == (Interval(F(0), F(1)),)
    assert dt.belief_threshold(stag, "US", action=D).intervals == (Interval(F(0), F(2, 3)),)
    with pytest.raises(dt.UnsupportedError):
        dt.belief_threshold(dt.Game.bimatrix([[1, 2, 3]], [[1, 2, 3]]), 0)


def test_basin_outside_the_dilemma() -> None:
    assert dt.basin_of_distrust(dt.RepeatedGame(pd(5, 3, 1, 0), "1/4"), 0) == 1  # grim trigger is no equilibrium
    assert dt.basin_of_distrust(dt.RepeatedGame(dt.Game.symmetric([[4, 2], [3, 1]]), "1/2"), 0) == 0


def test_what_trust_does_not_answer_yet() -> None:
    game = pd(5, 3, 1, 0)
    grim = dt.agreements.grim_trigger(game)
    noisy = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/20"))
    with pytest.raises(dt.UnsupportedError, match="monitoring"):
        dt.trust_needs(noisy, grim)
    with pytest.raises(dt.UnsupportedError, match="monitoring"):
        dt.substitutes(noisy, grim, player=0)
    rg = dt.RepeatedGame(game, "9/10")
    with pytest.raises(dt.ParameterError, match="trust"):
        dt.trust_region(rg, grim, player=0, over="discount")
    with pytest.raises(dt.ParameterError, match="trust"):
        dt.trust_region(rg, grim, player=0, over="discount", trust=2)
    with pytest.raises(dt.ParameterError, match="trust"):
        dt.trust_region(rg, grim, player=0, trust="1/2")
    with pytest.raises(dt.LabelError):
        dt.trust_region(rg, grim, player="Japan")
