"""The public names of repeated games and agreements, called as the design writes them, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import pytest

import detente as dt

ACTIONS = ["Relax", "Restrict"]
PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=ACTIONS)
RG = dt.RepeatedGame(PD, discount="9/10")
GRIM = dt.agreements.grim_trigger(PD)
SIGNALS = dt.public_signals(
    ["good", "bad"],
    {
        (a, b): {"good": "9/10" if a == b == "Relax" else "1/2", "bad": "1/10" if a == b == "Relax" else "1/2"}
        for a in ACTIONS
        for b in ACTIONS
    },
)
WATCH = dt.Agreement(
    play={"truce": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")},
    move={"truce": {"good": "truce", "bad": "dispute"}, "dispute": {...: "dispute"}},
    start="truce",
    name="watch",
)  # fmt: skip


def test_repeated_game() -> None:
    rg = dt.RepeatedGame(PD, discount=["1/2", F(3, 4)], breakdown="1/3", monitoring=dt.perfect())
    assert rg.game is PD
    assert rg.discount == (F(1, 2), F(3, 4))
    assert rg.breakdown == F(1, 3)
    assert rg.effective_discount == (F(1, 3), F(1, 2))
    assert repr(rg)
    for monitoring in (dt.perfect(), dt.trembles("1/20"), SIGNALS):
        assert dt.RepeatedGame(PD, discount=0, monitoring=monitoring).monitoring == monitoring


def test_agreement() -> None:
    ag = dt.Agreement(
        play={"on": ("Relax", "Relax"), "off": ("Restrict", "Restrict")},
        move={"on": {("Relax", "Relax"): "on", ...: "off"}, "off": {(..., "Restrict"): "off", ...: "on"}},
        start="on",
        name="own",
    )
    assert ag.states == ("on", "off")
    assert (ag.start, ag.name) == ("on", "own")
    assert dt.incentives(RG, ag).values["on"]["US"] == 3
    assert "<table" in ag._repr_html_()


@pytest.mark.parametrize(
    "agreement",
    [
        dt.agreements.grim_trigger(PD, path=("Relax", "Relax"), punishment=("Restrict", "Restrict")),
        dt.agreements.limited_punishment(PD, 2),
        dt.agreements.limited_punishment(PD, length=3),
        dt.agreements.tit_for_tat(PD),
        dt.agreements.contrite_tit_for_tat(PD),
        dt.agreements.win_stay_lose_shift(PD),
        dt.agreements.carrot_and_stick(PD),
        dt.agreements.nash_reversion(PD),
        dt.agreements.unconditional(("Restrict", "Restrict")),
        dt.agreements.unconditional((["1/2", "1/2"], {"Relax": "1/3", "Restrict": "2/3"})),
        dt.agreements.from_machines(
            dt.machines.grim_trigger("Relax", "Restrict"), dt.machines.tit_for_tat("Relax", "Restrict")
        ),
    ],
    ids=lambda a: a.name,
)
def test_every_named_agreement_over_every_parameter(agreement: dt.Agreement) -> None:
    """Regions are unions of exact intervals in order, and agree with ``incentives`` inside and outside them."""
    overs: list[Any] = ["discount", ("discount", "US"), "breakdown", "noise", ("payoff", "US", ("Relax", "Relax"))]
    for over in overs:
        for concept in ("subgame-perfect", "nash"):
            region = dt.holds_where(RG, agreement, over=over, concept=concept)  # type: ignore[arg-type]
            assert isinstance(region, dt.Region)
            assert isinstance(region.intervals, tuple)
            for interval in region.intervals:
                assert isinstance(interval, dt.Interval)
                for end in (interval.lo, interval.hi):
                    assert isinstance(end, F | dt.Algebraic) or over[0] == "payoff"
                assert isinstance(interval.lo_closed, bool)
                assert isinstance(interval.hi_closed, bool)
            assert region.least is None or region.least in region
            assert region.explain().endswith(".")
            region.verify()
        at: dict[Any, F] = {"discount": F(9, 10), ("discount", "US"): F(9, 10), "breakdown": F(0), "noise": F(0)}
        here = at.get(over, F(3))
        spe = dt.holds_where(RG, agreement, over=over)
        assert (here in spe) == dt.incentives(RG, agreement).holds


def test_incentives() -> None:
    inc = dt.incentives(RG, GRIM)
    assert isinstance(inc, dt.Incentives)
    assert inc.values["path"] == (3, 3)
    assert inc.values["punishment"]["China"] == 1
    assert inc.holds is True
    state, player, deviation, slack = inc.worst  # type: ignore[misc]
    assert (state, player, deviation) in {(s, p, a) for s, p, a, _ in inc.table}
    assert slack == min(row.slack for row in inc.table)
    assert all(type(row.slack) is F for row in inc.table)
    assert "<table" in inc._repr_html_()
    inc.verify()


def test_region() -> None:
    region = dt.holds_where(RG, dt.agreements.limited_punishment(PD, 2), over="discount", concept="subgame-perfect")
    (interval,) = region.intervals
    assert isinstance(interval.lo, dt.Algebraic)
    assert float(interval.lo) == pytest.approx((5**0.5 - 1) / 2, abs=1e-15)
    assert (interval.hi, interval.lo_closed, interval.hi_closed) == (1, True, False)
    assert interval.lo.polynomial
    assert region.least == interval.lo
    assert interval.lo in region
    assert "2/3" in region
    assert 0.618 not in region
    assert F(1) not in region
    assert [c.state for c in region.binding[interval.lo]] == ["path", "path"]
    assert "US would gain by Restrict" in region.explain()
    assert dt.holds_where(RG, dt.agreements.unconditional(("Relax", "Relax"))).least is None


def test_signals_and_trembles() -> None:
    """Trigger after a late shipment, ε = 1/10, d = 1/2: from (T−R) / ((d−ε)(R−P) + (1−ε)(T−R)) on."""
    rg = dt.RepeatedGame(PD, discount=0, monitoring=SIGNALS)
    assert dt.holds_where(rg, WATCH).least == F(2) / (F(2, 5) * 2 + F(9, 10) * 2)
    noisy = dt.holds_where(dt.RepeatedGame(PD, "9/10", monitoring=dt.trembles("1/20")), GRIM, over="noise")
    assert 0 in noisy
    assert noisy.binding


def test_payoff_set() -> None:
    ps = dt.payoff_set(PD, "3/5")
    assert isinstance(ps, dt.PayoffSet)
    assert {(1, 1), (3, 3), (F(13, 3), 1), (1, F(13, 3))} == set(ps.vertices)
    assert ps.contains((2, 2))
    assert not ps.contains((4, 4))
    assert ps.area == F(20, 3)
    ps.verify()
    with_money = dt.payoff_set(PD, discount="3/5", transfers=True, randomization=True)
    assert max(x + y for x, y in with_money.vertices) == 6
    with_money.verify()


def test_least_discount() -> None:
    best = dt.least_discount(PD, ("Relax", "Relax"))
    assert best.discount == F(1, 2)
    assert best.exact
    assert isinstance(best.agreement, dt.Agreement)
    assert dt.incentives(dt.RepeatedGame(PD, "1/2"), best.agreement).holds
    best.verify()
    assert dt.least_discount(PD, ("Relax", "Restrict")).discount is None


BAD: dict[str, Callable[[], object]] = {
    "RepeatedGame: game": lambda: dt.RepeatedGame([[1]], discount=0),  # type: ignore[arg-type]
    "RepeatedGame: discount 1": lambda: dt.RepeatedGame(PD, discount=1),
    "RepeatedGame: discount NaN": lambda: dt.RepeatedGame(PD, discount=float("nan")),
    "RepeatedGame: discount word": lambda: dt.RepeatedGame(PD, discount="much"),
    "RepeatedGame: three discounts": lambda: dt.RepeatedGame(PD, discount=[0, 0, 0]),
    "RepeatedGame: breakdown": lambda: dt.RepeatedGame(PD, discount=0, breakdown="3/2"),
    "RepeatedGame: monitoring": lambda: dt.RepeatedGame(PD, discount=0, monitoring="perfect"),  # type: ignore[arg-type]
    "trembles": lambda: dt.trembles(-0.1),
    "public_signals: total": lambda: dt.public_signals(["a", "b"], {("x", "y"): ["1/2", "1/3"]}),
    "public_signals: label": lambda: dt.public_signals(["a", "b"], {("x", "y"): {"c": 1}}),
    "public_signals: labels": lambda: dt.public_signals([], {("x", "y"): []}),
    "public_signals: missing profile": lambda: dt.incentives(
        dt.RepeatedGame(PD, 0, monitoring=dt.public_signals(["good", "bad"], {("Relax", "Relax"): [1, 0]})), WATCH
    ),
    "Agreement: no states": lambda: dt.Agreement({}, {}),
    "Agreement: no moves": lambda: dt.Agreement({"a": (0, 0)}, {}),
    "Agreement: unknown state": lambda: dt.Agreement({"a": (0, 0)}, {"a": {...: "b"}}),
    "Agreement: start": lambda: dt.Agreement({"a": (0, 0)}, {"a": {...: "a"}}, start="b"),
    "Agreement: missing outcome": lambda: dt.incentives(RG, dt.Agreement({"a": (0, 0)}, {"a": {(0, 0): "a"}})),
    "Agreement: unknown act": lambda: dt.incentives(RG, dt.agreements.unconditional(("Relaxx", "Relax"))),
    "Agreement: too few acts": lambda: dt.incentives(RG, dt.agreements.unconditional(("Relax",))),
    "Agreement: probabilities": lambda: dt.agreements.unconditional((["1/2", "1/3"], 0)),
    "grim_trigger": lambda: dt.agreements.grim_trigger(PD, path=("Relax", "Relaxx")),
    "limited_punishment": lambda: dt.agreements.limited_punishment(PD, 0),
    "nash_reversion": lambda: dt.agreements.nash_reversion(PD, equilibrium=("Relax", "Relax")),
    "tit_for_tat": lambda: dt.agreements.tit_for_tat(dt.Game.symmetric([[1, 2, 3]] * 3)),
    "from_machines": lambda: dt.agreements.from_machines(dt.machines.always("Relax")),
    "holds_where: over": lambda: dt.holds_where(RG, GRIM, over="patience"),
    "holds_where: player": lambda: dt.holds_where(RG, GRIM, over=("discount", "USA")),
    "holds_where: profile": lambda: dt.holds_where(RG, GRIM, over=("payoff", "US", ("Relax", "Relaxx"))),
    "holds_where: concept": lambda: dt.holds_where(RG, GRIM, concept="perfect"),  # type: ignore[arg-type]
    "holds_where: budget": lambda: dt.holds_where(RG, GRIM, budget=0),
    "holds_where: point": lambda: "half" in dt.holds_where(RG, GRIM),
    "payoff_set: game": lambda: dt.payoff_set("PD", "1/2"),  # type: ignore[arg-type]
    "payoff_set: discount": lambda: dt.payoff_set(PD, 1),
    "payoff_set: players": lambda: dt.payoff_set(dt.Game([[1, 2]]), "1/2"),
    "payoff_set: point": lambda: dt.payoff_set(PD, "1/2").contains((1, 2, 3)),
    "payoff_set: randomization": lambda: dt.payoff_set(PD, "1/2", randomization=False),
    "least_discount: game": lambda: dt.least_discount("PD", (0, 0)),  # type: ignore[call-overload]
    "least_discount: label": lambda: dt.least_discount(PD, ("Relax", "Relaxx")),
    "least_discount: profile": lambda: dt.least_discount(PD, ("Relax",)),
    "least_discount: nothing": lambda: dt.least_discount(PD),  # type: ignore[call-overload]
    "linkage": lambda: dt.linkage([]),
    "transfer_levels": lambda: dt.transfer_levels("PD"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case: str) -> None:
    with pytest.raises(dt.DetenteError) as caught:
        BAD[case]()
    assert caught.value.argument
    assert caught.value.argument in str(caught.value)
