"""Many parameter values at once: agreement with exact answers, honesty about doubtful signs, shapes, bad input."""

from __future__ import annotations

import random
import time
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import xarray as xr

import detente as dt
from detente.game.monitoring import late_shipments
from tests.repeated.cases import random_agreement, random_game, random_monitoring

PD = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
GRIM = dt.agreements.grim_trigger(PD)
LATE = dt.Agreement({"on": (0, 0), "off": (1, 1)}, {"on": {"on time": "on", "late": "off"}, "off": {...: "off"}})


@pytest.mark.parametrize("kind", ["perfect", "trembles", "signals"])
@pytest.mark.parametrize("seed", range(15))
def test_agrees_with_exact_answers(kind: str, seed: int) -> None:
    rng = random.Random(f"{kind}{seed}")
    game = random_game(rng)
    monitoring = random_monitoring(rng, game, kind)
    ag = random_agreement(rng, game, monitoring, rng.randint(1, 4), mixed=rng.choice([0, 0, 0.4]))
    rg = dt.RepeatedGame(game, "1/2", monitoring=monitoring)
    deltas = [F(rng.randint(0, 99), 100) for _ in range(6)]
    hazards = [F(rng.randint(0, 9), 10) for _ in range(6)]
    noises = [F(rng.randint(0, 10), 20) for _ in range(6)]
    noisy = {} if kind == "signals" else {"noise": list(map(float, noises))}
    found = dt.incentives_batch(
        rg, ag, discount=list(map(float, deltas)), breakdown=list(map(float, hazards)), full=True, settle=0, **noisy
    )
    settled = dt.incentives_batch(
        rg, ag, discount=list(map(float, deltas)), breakdown=list(map(float, hazards)), **noisy
    )
    assert not settled.undecided.any()
    for k, (d, h, e) in enumerate(zip(deltas, hazards, noises, strict=True)):
        there = dt.RepeatedGame(game, d, h, monitoring if kind == "signals" else dt.trembles(e))
        exact = dt.incentives(there, ag)
        here = found.isel(dim_0=k) if "dim_0" in found.dims else found.isel(discount=k)
        if not here.undecided:
            assert bool(here.holds) == exact.holds
        else:
            assert not here.holds
        assert bool(settled.holds.values.ravel()[k]) == exact.holds
        if exact.worst is not None:
            assert abs(float(here.least_slack) - float(exact.worst.slack)) <= float(here.error)
        for row in exact.table:
            i = game.player_index(row.player)
            a = game.action_index(i, row.deviation)
            slack = float(here.slack.sel(state=row.state, player=row.player, action=a))
            assert slack == pytest.approx(float(row.slack), abs=1e-12 * 20)
        for state, values in exact.values.items():
            assert here.state_value.sel(state=state).values == pytest.approx([float(v) for v in values], abs=1e-11)
        assert here.value.values == pytest.approx([float(v) for v in exact.values[ag.start]], abs=1e-11)


def test_points_on_a_threshold_are_settled_exactly_or_reported() -> None:
    rg = dt.RepeatedGame(PD, 0)
    close = [0.5 - 1e-16, 0.5, 0.5 + 2e-16, 0.5 - 1e-9, 0.5 + 1e-9]
    bare = dt.incentives_batch(rg, GRIM, discount=close, settle=0)
    assert bare.undecided.values.tolist() == [True, True, True, False, False]
    assert bare.holds.values.tolist() == [False, False, False, False, True]
    exact = dt.incentives_batch(rg, GRIM, discount=close)
    assert not exact.undecided.any()
    assert exact.holds.values.tolist() == [False, True, True, False, True]
    two = dt.incentives_batch(rg, GRIM, discount=close, settle=2)
    assert int(two.undecided.sum()) == 1


def test_no_player_is_tempted_where_payoffs_never_differ() -> None:
    flat = dt.Game.bimatrix([[1, 1], [1, 1]], [[2, 2], [2, 2]])
    found = dt.incentives_batch(dt.RepeatedGame(flat, "1/2"), dt.agreements.unconditional((0, 1)), settle=0)
    assert bool(found.holds)
    assert not bool(found.undecided)


def test_nothing_is_claimed_too_close_to_perfect_patience() -> None:
    nearly = np.nextafter(1, 0)
    found = dt.incentives_batch(dt.RepeatedGame(PD, 0), dt.agreements.tit_for_tat(PD), discount=[nearly], settle=0)
    assert bool(found.undecided.all())
    assert not dt.incentives_batch(dt.RepeatedGame(PD, 0), dt.agreements.tit_for_tat(PD), discount=[nearly]).holds.any()


@pytest.mark.parametrize("scale", [F(10) ** 9, F(1, 10**9), F(10) ** 200, F(1, 10**300)])
def test_scale_and_origin_of_payoffs_change_no_verdict(scale: F) -> None:
    grid = np.linspace(0, 0.99, 34)
    game = PD.affine(0, scale, 10**6).affine(1, scale)
    one = dt.incentives_batch(dt.RepeatedGame(PD, 0), GRIM, discount=grid, noise=0.01, settle=0)
    other = dt.incentives_batch(dt.RepeatedGame(game, 0), GRIM, discount=grid, noise=0.01, settle=0)
    assert one.holds.equals(other.holds)
    assert one.undecided.equals(other.undecided)


def test_arrays_broadcast_by_position_or_by_name() -> None:
    rg = dt.RepeatedGame(PD, "9/10", "1/10", dt.trembles("1/20"))
    alone = dt.incentives_batch(rg, GRIM, discount=[0.2, 0.8])
    assert alone.holds.dims == ("discount",)
    assert alone.discount.values.tolist() == [0.2, 0.8]
    assert alone.value.dims == ("discount", "player")
    assert alone.value.sel(player="US").shape == (2,)
    crossed = dt.incentives_batch(rg, GRIM, discount=np.array([[0.2], [0.8]]), noise=[0, 0.1, 0.2])
    assert crossed.holds.dims == ("dim_0", "dim_1")
    assert crossed.holds.shape == (2, 3)
    named = dt.incentives_batch(
        rg,
        GRIM,
        discount=xr.DataArray([0.2, 0.8], dims="patience", coords={"patience": [0.2, 0.8]}),
        noise=xr.DataArray([0, 0.1, 0.2], dims="slips"),
        breakdown=0.0,
    )
    assert named.holds.dims == ("patience", "slips")
    assert named.patience.values.tolist() == [0.2, 0.8]
    assert named.noise.dims == ("slips",)
    one = dt.incentives_batch(rg, GRIM)
    assert one.holds.dims == ()
    assert bool(one.holds) == dt.incentives(rg, GRIM).holds
    assert dt.incentives_batch(rg, GRIM, discount=[]).holds.shape == (0,)
    each = dt.incentives_batch(rg, GRIM, discount={"US": [0.2, 0.9], 1: 0.9}, breakdown=0, noise=0)
    assert each.holds.values.tolist() == [False, True]
    assert each.attrs["constraints"][int(each.worst[0])] == ["US", "path", "Restrict"]


def test_levels_of_a_signal_and_payoffs_as_arrays() -> None:
    rg = dt.RepeatedGame(PD, "9/10", monitoring=late_shipments(PD, "1/10", "1/2"))
    levels = {"detection": xr.DataArray([0.2, 14 / 45 + 0.01, 0.9], dims="d")}
    found = dt.incentives_batch(rg, LATE, noise=xr.DataArray([0.1, 0.2], dims="e"), levels=levels)
    assert found.holds.transpose("e", "d").values.tolist() == [[False, True, True], [False, False, True]]
    payoffs = np.stack([PD.payoffs, PD.payoffs + np.array([0, 0, 3.0, 0]).reshape(2, 2)])
    swept = dt.incentives_batch(dt.RepeatedGame(PD, "3/5"), GRIM, payoffs=payoffs)
    for k in (0, 1):
        assert bool(swept.holds[k]) == dt.incentives(dt.RepeatedGame(dt.Game(payoffs[k]), "3/5"), GRIM_BY_INDEX).holds
    many = dt.incentives_batch(
        dt.RepeatedGame(PD, 0), GRIM, payoffs=xr.DataArray(payoffs, dims=("draw", "i", "a", "b")), discount=[0.4, 0.6]
    )
    assert set(many.holds.dims) == {"draw", "discount"}


GRIM_BY_INDEX = dt.Agreement({"path": (0, 0), "p": (1, 1)}, {"path": {(0, 0): "path", ...: "p"}, "p": {...: "p"}})


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"discount": [0.5, 1.0]}, "discount"),
        ({"discount": [float("nan")]}, "discount"),
        ({"discount": ["x"]}, "discount"),
        ({"discount": {"Japan": 0.5}}, "player"),
        ({"breakdown": -0.1}, "breakdown"),
        ({"noise": 2}, "noise"),
        ({"levels": {"noise": 0.1}}, "levels"),
        ({"discount": [0.1, 0.2], "noise": [0.1, 0.2, 0.3]}, "broadcast"),
        ({"payoffs": np.zeros((2, 2))}, "payoffs"),
        ({"payoffs": np.full((2, 2, 2), np.inf)}, "payoffs"),
        ({"settle": -1}, "settle"),
        (
            {"discount": xr.DataArray([0.1], dims="k"), "noise": xr.DataArray([0.1, 0.2], dims="k")},
            "dimensions that they share",
        ),
    ],
)
def test_bad_input(options: dict[str, Any], word: str) -> None:
    with pytest.raises(dt.DetenteError, match=word):
        dt.incentives_batch(dt.RepeatedGame(PD, "1/2"), GRIM, **options)
    with pytest.raises(dt.UnsupportedError, match="noise"):
        dt.incentives_batch(
            dt.RepeatedGame(PD, "1/2", monitoring=dt.public_signals(["x"], {p: [1] for p in np.ndindex(2, 2)})),
            dt.Agreement({"s": (1, 1)}, {"s": {...: "s"}}),
            noise=0.1,
        )


def test_a_level_that_leaves_no_probability_is_refused() -> None:
    prob = {p: {"a": "x", "b": "1/2", "c": ...} for p in np.ndindex(2, 2)}
    rg = dt.RepeatedGame(PD, "1/2", monitoring=dt.public_signals(["a", "b", "c"], prob, {"x": "1/4"}))
    with pytest.raises(dt.ParameterError, match="levels"):
        dt.incentives_batch(rg, dt.Agreement({"s": (1, 1)}, {"s": {...: "s"}}), levels={"x": 0.6})


def test_faster_than_points_one_by_one() -> None:
    ag = dt.agreements.limited_punishment(PD, 5)
    rg = dt.RepeatedGame(PD, "9/10", monitoring=dt.trembles("1/20"))
    grid = np.linspace(0.01, 0.99, 2000)
    dt.incentives_batch(rg, ag, discount=grid)
    start = time.perf_counter()
    dt.incentives_batch(rg, ag, discount=grid)
    batch = (time.perf_counter() - start) / len(grid)
    start = time.perf_counter()
    for d in grid[:40]:
        dt.incentives(rg.replace(discount=float(d)), ag)
    assert batch < (time.perf_counter() - start) / 40 / 10
