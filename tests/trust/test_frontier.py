"""Frontiers over parameters other than patience, greatest priors, crossings: against regions found point by point."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest

import detente as dt
from detente.exact.intervals import Interval
from detente.repeated.parameters import resolve_over, with_parameter

C, D = "Relax", "Restrict"
GRID = [F(k, 11) for k in range(11)]


def random_case(seed: int) -> tuple[dt.RepeatedGame, dt.Agreement, dt.Machine, int]:
    rng = random.Random(seed)
    game = dt.Game.bimatrix(
        *([[rng.randint(0, 9) for _ in range(2)] for _ in range(2)] for _ in range(2)),
        players=["US", "China"],
        actions=[C, D],
    )
    states = [f"s{k}" for k in range(rng.randint(1, 3))]
    acts = list(product((C, D), repeat=2))
    ag = dt.Agreement({s: rng.choice(acts) for s in states}, {s: {a: rng.choice(states) for a in acts} for s in states})
    modes = [f"m{k}" for k in range(rng.randint(1, 2))]
    machine = dt.Machine(
        {m: rng.choice((C, D)) for m in modes}, {m: {a: rng.choice(modes) for a in (C, D)} for m in modes}
    )
    rg = dt.RepeatedGame(game, F(rng.randint(1, 19), 20), breakdown=F(rng.randint(0, 3), 10))
    return rg, ag, machine, rng.randint(0, 1)


def over_choices(player: int) -> list[Any]:
    return ["discount", "breakdown", ("payoff", player, (C, C)), ("payoff", player, (D, D))]


@pytest.mark.parametrize("seed", range(40))
def test_both_ends_agree_with_the_region_at_every_point(seed: int) -> None:
    rg, ag, machine, player = random_case(seed)
    for over in over_choices(player):
        frontier = dt.trust_frontier(rg, ag, player=player, opportunist=machine, over=over)
        choice = resolve_over(("discount", player) if over == "discount" else over, rg)
        points = GRID if over in ("discount", "breakdown") else [F(k, 2) for k in range(-6, 26, 3)]
        for x in points:
            region = dt.trust_region(with_parameter(rg, choice, x), ag, player=player, opportunist=machine)
            assert len(region.intervals) <= 1
            assert frontier.interval(x) == (region.intervals[0] if region.intervals else None)
            assert frontier(x) == (region.intervals[0].lo if region.intervals else None)
        frontier.verify()


def test_a_sure_keeper_may_be_exploited() -> None:
    """Chicken, impatient: at high trust restricting pays, at low trust relaxing does, so priors are bounded above."""
    chicken = dt.Game.symmetric([[6, 2], [7, 0]], actions=[C, D])
    frontier = dt.trust_frontier(
        dt.RepeatedGame(chicken, 0), dt.agreements.unconditional((C, C)), player=0, opportunist=dt.machines.always(D)
    )
    assert frontier.interval(0) == Interval(F(0), F(2, 3))
    # With a future, a partner known to relax whatever happens is exploited for ever: no doubt must be left.
    assert frontier.interval("1/2") == Interval(F(0), F(0))
    frontier.verify()


def test_a_jump_at_an_end_of_the_domain() -> None:
    """Stag hunt: for a single round some trust is enough; with a future, an opportunist found out would be left."""
    stag = dt.Game.symmetric([[4, 0], [3, 2]], actions=[C, D])
    rg = dt.RepeatedGame(stag, 0)
    relax = dt.agreements.unconditional((C, C))
    frontier = dt.trust_frontier(rg, relax, player=0, opportunist=dt.machines.always(D))
    assert [p.interval for p in frontier.pieces] == [Interval(F(0), F(0)), Interval(F(0), F(1), False, False)]
    assert (frontier(0), frontier("1/2"), frontier.limit) == (F(2, 3), 1, 1)
    assert frontier.at_least_patience == (0, F(2, 3))
    assert frontier.slope(0) is None  # it jumps there
    assert frontier.slope("1/2") == 0
    found = dt.substitutes(rg, relax, player=0, opportunist=dt.machines.always(D))
    assert found["patience"].rate is None


def test_slope_is_the_derivative() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], actions=[C, D])
    frontier = dt.trust_frontier(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game), player=0)
    # μ* = (1 − δ)/(3δ − 1), so dμ*/dδ = −2/(3δ − 1)²
    for delta in (F(3, 5), F(9, 10)):
        assert frontier.slope(delta) == -2 / (3 * delta - 1) ** 2
    assert frontier.slope(F(1, 4)) is None


def test_who_needs_more_trust_changes_where_the_frontiers_meet() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], actions=[C, D])
    grim = dt.agreements.grim_trigger(game)
    first, second = (dt.trust_frontier(dt.RepeatedGame(game, 0), grim, player=p) for p in (0, 1))
    meeting = first.meets(second)
    for lo, hi in zip((F(3, 5), *meeting), (*meeting, F(1)), strict=True):
        inside = [lo + (hi - lo) * F(k, 5) for k in range(1, 5)]
        signs = {first(x) > second(x) for x in map(F, inside)}  # type: ignore[operator]
        assert len(signs) == 1
    assert first.meets(first) == ()


def test_over_the_weight_on_security() -> None:
    from detente.scenario.uncertainty import as_component

    london = dt.load_scenario("london-2025")
    grim = london.agreements["grim trigger"]
    rg = london.repeated.replace(monitoring=dt.perfect())
    frontier = dt.trust_frontier(rg, grim, player="US", over=as_component(london, "US", "w"))
    assert frontier(1) == dt.trust_region(rg, grim, player="US").least
    for w in (F(8, 10), F(3, 2), F(19, 10)):
        here = london.with_values({"US.w": w}).repeated.replace(monitoring=dt.perfect())
        assert frontier(w) == dt.trust_region(here, grim, player="US").least


def test_refusals() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], actions=[C, D])
    grim = dt.agreements.grim_trigger(game)
    with pytest.raises(dt.LabelError):
        dt.trust_frontier(dt.RepeatedGame(game, 0), grim, player=0, over="patience")
    with pytest.raises(dt.ParameterError):
        dt.trust_frontier(dt.RepeatedGame(game, 0), grim, player=0)(1)
    bond = dt.substitutes(dt.RepeatedGame(game, "3/4"), grim, player=0)["bond"].frontier
    for call in (bond, bond.interval, bond.slope):
        with pytest.raises(dt.ParameterError, match="bond"):
            call(-1)
