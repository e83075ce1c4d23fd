"""Phase diagrams: rasters and boundaries against one exact question a point."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.trust.frontier import Frontier
from tests.trust.test_frontier import random_case

C, D = "Relax", "Restrict"


def dilemma() -> dt.Game:
    return dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=[C, D])


@pytest.mark.parametrize("seed", range(12))
def test_trust_raster_point_by_point(seed: int) -> None:
    rg, ag, machine, player = random_case(seed)
    diagram = dt.phase_diagram(rg, ag, player=player, opportunist=machine)
    xs, ys = diagram.grid(7, 6)
    raster = diagram.raster(7, 6)
    for j, x in enumerate(xs):
        discount = [x if i == player else d for i, d in enumerate(rg.discount)]
        region = dt.trust_region(rg.replace(discount=discount), ag, player=player, opportunist=machine)
        assert [bool(v) for v in raster[:, j]] == [y in region for y in ys]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("axes", [("discount", "noise"), ("noise", "breakdown"), ("breakdown", "discount")])
def test_threshold_raster_point_by_point(seed: int, axes: tuple[str, str]) -> None:
    rg, ag, _, _ = random_case(100 + seed)
    diagram = dt.phase_diagram(rg, ag, x=axes[0], y=axes[1])
    xs, ys = diagram.grid(4, 5)
    raster = diagram.raster(4, 5)
    for j, x in enumerate(xs):
        for i, y in enumerate(ys):
            changes: dict[str, Any] = {}
            for name, value in zip(axes, (x, y), strict=True):
                changes |= {"monitoring": dt.trembles(value)} if name == "noise" else {name: value}
            assert bool(raster[i, j]) == dt.incentives(rg.replace(**changes), ag).holds


def test_both_players_at_once() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], players=["US", "China"], actions=[C, D])
    diagram = dt.phase_diagram(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game))
    assert set(diagram.frontiers) == {"US", "China"}
    raster = diagram.raster(40, 41)
    alone = [dt.phase_diagram(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game), player=p) for p in (0, 1)]
    assert np.array_equal(raster, alone[0].raster(40, 41) | alone[1].raster(40, 41) << 1)
    diagram.verify()
    data = diagram.to_dataset(10, 11)
    assert dict(data.sizes) == {"claim": 2, "y": 11, "x": 10}
    assert bool(data.holds.isel(claim=0, y=10, x=9)) is True


def test_the_boundary_is_the_frontier() -> None:
    game = dilemma()
    grim = dt.agreements.grim_trigger(game)
    diagram = dt.phase_diagram(dt.RepeatedGame(game, 0), grim, player="US")
    (boundary,) = [b for b in diagram.boundaries(50) if b.side == "least"]
    inside = boundary.x[boundary.x < 1]
    assert np.allclose(boundary.y[: inside.size], (1 - inside) / (3 * inside - 1))
    assert boundary.x[0] == 0.5  # the breakpoint itself, not the nearest column
    assert boundary.closed


def test_changes_between_slices_are_bracketed() -> None:
    """Two periods of punishment hold from the golden section on: the boundary over noise starts there."""
    game = dilemma()
    diagram = dt.phase_diagram(
        dt.RepeatedGame(game, 0), dt.agreements.limited_punishment(game, 2), x="discount", y="noise"
    )
    greatest = [b for b in diagram.boundaries(11) if b.side == "greatest" and b.y[0] < 0.4]
    assert min(b.x[0] for b in greatest) == pytest.approx((5**0.5 - 1) / 2, abs=2e-6)
    diagram.verify(columns=3)


def test_ranges_and_open_ends() -> None:
    game = dilemma()
    rg, grim = dt.RepeatedGame(game, "3/4"), dt.agreements.grim_trigger(game)
    temptation = ("payoff", "US", (D, C))
    diagram = dt.phase_diagram(rg, grim, x=temptation, y="discount", x_range=(4, 8))
    assert diagram.slice(5) == dict(diagram.slice("5"))
    assert diagram.holds(5, "1/2")
    assert not diagram.holds(6, "1/2")  # (T − R)/(T − P) = 3/5
    assert diagram.grid(3, 3)[0] == [4, 6, 8]
    assert dt.phase_diagram(rg, grim, y="noise").grid(4, 2)[0] == [0, F(1, 4), F(1, 2), F(3, 4)]


def test_refusals() -> None:
    game = dilemma()
    rg, grim = dt.RepeatedGame(game, "3/4"), dt.agreements.grim_trigger(game)
    with pytest.raises(dt.UnsupportedError):
        dt.phase_diagram(rg, grim, x="trust", y="discount")
    with pytest.raises(dt.ParameterError):
        dt.phase_diagram(rg, grim, x="discount", y="discount")
    with pytest.raises(dt.ParameterError):
        dt.phase_diagram(rg, grim, x=("payoff", 0, (C, C)), y="discount")
    for bad in [(1, 0), (0, 2), (0,), "ab", (0, float("nan"))]:
        with pytest.raises(dt.ParameterError):
            dt.phase_diagram(rg, grim, x="discount", y="noise", y_range=bad)  # type: ignore[arg-type]
    diagram = dt.phase_diagram(rg, grim)
    for action in (lambda: diagram.raster(1, 5), lambda: diagram.raster(10**6, 10**6), lambda: diagram.slice(1)):
        with pytest.raises(dt.ParameterError):
            action()


def test_verify_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    game = dilemma()
    diagram = dt.phase_diagram(dt.RepeatedGame(game, "3/4"), dt.agreements.grim_trigger(game), player=0)
    monkeypatch.setattr(Frontier, "__call__", lambda self, x: F(0))
    with pytest.raises(dt.CertificateError):
        diagram.verify()
