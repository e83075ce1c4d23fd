"""The public names of trust, called as the design writes them, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from math import nan
from typing import Any

import pytest

import detente as dt

ACTIONS = ["Relax", "Restrict"]
PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=ACTIONS)
RG = dt.RepeatedGame(PD, discount="9/10")
GRIM = dt.agreements.grim_trigger(PD)
HAWK = dt.Machine(play={"on": "Restrict"}, move={"on": {...: "on"}}, start="on", name="hawk")
TYPES = {"reciprocator": dt.machines.grim_trigger("Relax", "Restrict"), "hawk": HAWK}


def test_machine() -> None:
    patient = dt.Machine(
        play={"nice": "Relax", "angry": "Restrict"},
        move={"nice": {"Relax": "nice", ...: "angry"}, "angry": {...: "nice"}},
        start="nice",
        name="patient",
    )
    assert (patient.states, patient.start, patient.name) == (("nice", "angry"), "nice", "patient")
    assert patient.play["angry"] == "Restrict"
    assert patient.move["nice"]["Relax"] == "nice"
    with pytest.raises(TypeError):
        patient.play["nice"] = "Restrict"  # type: ignore[index]


@pytest.mark.parametrize(
    "machine",
    [
        dt.machines.always("Restrict"),
        dt.machines.tit_for_tat("Relax", "Restrict"),
        dt.machines.grim_trigger("Relax", "Restrict"),
        dt.machines.win_stay_lose_shift("Relax", "Restrict"),
        dt.machines.tit_for_tat(),
    ],
)
def test_machines_are_types_and_opportunists(machine: dt.Machine) -> None:
    assert isinstance(machine, dt.Machine)
    dt.best_reply(RG, "US", {"it": machine}, {"it": 1}).verify()
    dt.trust_region(RG, GRIM, player="China", opportunist=machine).verify()


@pytest.mark.parametrize(
    ("over", "parameter", "expected"),
    [
        ("discount", "discount", "[3/5, 1)"),  # (1 − δ)/(3δ − 1) ≤ 1/2
        (("discount", "US"), "discount factor of US", "[3/5, 1)"),
        ("breakdown", "breakdown", "[0, 1/3]"),
        (("payoff", "US", ("Relax", "Relax")), "payoff of US at (Relax, Relax)", "[3/2, ∞)"),
    ],
)
def test_trust_region_over_other_parameters(over: Any, parameter: str, expected: str) -> None:
    region = dt.trust_region(RG, GRIM, player="US", over=over, trust="1/2")
    assert (region.parameter, repr(region.set)) == (parameter, expected)
    region.verify()


def test_trust_region() -> None:
    region = dt.trust_region(RG, GRIM, player="US", opportunist=None, over="trust")
    assert isinstance(region, dt.Region)
    assert region.least == F(1, 17)
    assert "1/17" in region
    assert "1/18" not in region
    assert region.binding[F(1, 17)][0].player == "US"
    assert "1/17" in region.explain()
    assert dt.trust_region(RG, GRIM, player=0, opportunist=HAWK).set == region.set
    region.verify()


def test_trust_frontier() -> None:
    frontier = dt.trust_frontier(RG, GRIM, player="US")
    assert isinstance(frontier, dt.Frontier)
    for delta in ("1/2", F(9, 10), 0.9, "0.99"):
        here = dt.trust_region(RG.replace(discount=delta), GRIM, player="US")
        assert frontier(delta) == here.least
    assert frontier("1/3") is None
    assert len(frontier.pieces) == 1
    assert frontier.breakpoints == (F(1, 2),)
    assert (frontier.limit, frontier.at_least_patience) == (0, (F(1, 2), 1))
    frontier.verify()


def test_the_published_thresholds() -> None:
    """Dal Bó and Fréchette (2011), table 1: T = 50, S = 12, P = 25; R = 32, 40, 48."""
    published = {
        32: ("18/25", "31/38", None, "13/16"),
        40: ("2/5", "23/38", "13/18", "13/48"),
        48: ("2/25", "15/38", "13/34", "13/80"),
    }
    for R, (grim, risk_dominant, half, three_quarters) in published.items():
        game = dt.Game.symmetric([[R, 12], [50, 25]])
        agreement = dt.agreements.grim_trigger(game)
        for delta, expected in (("1/2", half), ("3/4", three_quarters)):
            rg = dt.RepeatedGame(game, delta)
            least = None if expected is None else F(expected)
            assert dt.trust_region(rg, agreement, player=0).least == least
            assert dt.trust_frontier(rg, agreement, player=1)(delta) == least
            assert dt.basin_of_distrust(rg, 0) == (1 if least is None else least)
        assert dt.holds_where(rg, agreement).least == F(grim)
        assert dt.risk_dominance_region(rg).intervals[0].lo == F(risk_dominant)


def test_best_reply() -> None:
    reply = dt.best_reply(RG, "US", TYPES, {"reciprocator": "1/4", "hawk": "3/4"})
    assert isinstance(reply, dt.BestReply)
    assert reply.value == F(57, 40)
    assert reply.first_actions == ("Relax",)
    assert len(reply.plan.nodes) == 3
    assert reply.plan.nodes[0].next == {"Relax": 1, "Restrict": 2}
    assert {"reciprocator": F(1, 4), "hawk": F(3, 4)} in reply.region
    assert reply.region.range("reciprocator") == (F(1, 17), 1)
    tied = dt.best_reply(RG, "US", TYPES, {"reciprocator": "1/17", "hawk": "16/17"})
    assert tied.first_actions == ("Relax", "Restrict")
    for found in (reply, tied):
        found.verify()
        found.region.verify()


def test_prior_region() -> None:
    region = dt.prior_region(RG, GRIM, player="US", types={"hawk": HAWK, "dove": dt.machines.always("Relax")})
    assert isinstance(region, dt.Polytope)
    assert region.vertices == ((1, 0, 0), (F(5, 9), 0, F(4, 9)), (F(1, 17), F(16, 17), 0))
    assert (F(1, 2), F(1, 2), 0) in region
    assert (F(1, 2), 0, F(1, 2)) not in region
    region.verify()


def test_one_shot_and_basin() -> None:
    stag = dt.Game.symmetric([[4, 0], [3, 2]], players=["US", "China"], actions=ACTIONS)
    region = dt.belief_threshold(stag, "US")
    assert isinstance(region, dt.Region)
    assert region.least == F(2, 3)
    assert dt.basin_of_distrust(RG, "US") == F(1, 17)


@pytest.mark.parametrize(("criterion", "value"), [("trust", F(1, 17)), ("discount", F(1, 2))])
def test_least_demanding(criterion: str, value: F) -> None:
    found = dt.least_demanding(RG, max_states=2, criterion=criterion)
    assert found.value == value
    assert isinstance(found, dt.LeastDemanding)
    assert found.best
    assert all(isinstance(ag, dt.Agreement) for ag in found.best)
    assert found.complete


def test_least_demanding_of_noise() -> None:
    found = dt.least_demanding(RG, max_states=2, criterion="noise")
    assert 0 < float(found.value) < 1
    assert found.complete


def test_update_trust() -> None:
    rg = RG.replace(monitoring=dt.trembles("1/10"))
    path = dt.update_trust(rg, GRIM, "1/2", [("Relax", "Relax"), ("Relax", "Restrict")])
    assert isinstance(path, dt.TrustPath)
    assert path.levels == (F(1, 2), F(9, 10), F(1, 2))
    assert (path.trust, path.state, len(path)) == (F(1, 2), "punishment", 2)
    path.verify()
    assert dt.update_trust(RG, GRIM, 0.5, []).levels == (F(1, 2),)
    assert dt.update_trust(RG, GRIM, "1/2", [("Relax", "Restrict")]).trust == 0


def test_trust_region_over_noise() -> None:
    region = dt.trust_region(RG, GRIM, player="US", over="noise", trust="2997241/20105760")
    assert (region.parameter, region.intervals[0].hi) == ("noise", F(1, 20))
    noisy = RG.replace(monitoring=dt.trembles("1/20"))
    assert dt.trust_region(noisy, GRIM, player="US", over="discount", trust="2997241/20105760").least == F(9, 10)


def test_trust_under_noise() -> None:
    rg = RG.replace(monitoring=dt.trembles("1/20"))
    bounds = dt.trust_bounds(rg, GRIM, player="US")
    assert bounds.lower == bounds.upper == F(2997241, 20105760)
    assert dt.trust_region(rg, GRIM, player="US").least == bounds.lower
    assert dt.trust_bounds(rg, GRIM, player="US", trembling="partner").lower == F(5075, 40983)
    assert dt.trust_bounds(rg.replace(discount="11/20"), GRIM, player="US").lower is None


def test_what_else_trust_offers() -> None:
    needs = dt.trust_needs(RG, GRIM)
    assert {player: need.least for player, need in needs.items()} == {"US": F(1, 17), "China": F(1, 17)}
    assert set(dt.substitutes(RG, GRIM, player="US")) == {"bond", "own bond", "first step", "patience", "hazard"}
    diagram = dt.phase_diagram(RG, GRIM, x="discount", y="trust", player="US")
    assert diagram.raster(4, 5).shape == (5, 4)
    reduced = dt.reduced_game(RG)
    assert dt.belief_threshold(reduced, 0).least == F(1, 17)


@pytest.mark.parametrize("power", [-9, 9])
@pytest.mark.parametrize("kind", [F, float])
def test_units_do_not_matter(power: int, kind: Callable[[Any], Any]) -> None:
    scaled = dt.Game.symmetric(
        [[kind(F(v) * F(10) ** power) for v in row] for row in ([3, 0], [5, 1])],
        players=["US", "China"],
        actions=ACTIONS,
    )
    rg = RG.replace(game=scaled)
    assert dt.trust_region(rg, GRIM, player="US").least == F(1, 17)
    assert dt.trust_frontier(rg, GRIM, player="US").pieces == dt.trust_frontier(RG, GRIM, player="US").pieces
    assert dt.basin_of_distrust(rg, "US") == F(1, 17)


THREE = dt.RepeatedGame(dt.Game([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]] * 3), "1/2")
FRONTIER = dt.trust_frontier(RG, GRIM, player="US")
BOND = dt.substitutes(RG, GRIM, player="US")["bond"].frontier


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: dt.Machine({}, {}), "play"),
        (lambda: dt.Machine({"on": 0}, {"on": {...: "off"}}), "move"),
        (lambda: dt.Machine({"on": 0}, {"on": {...: "on"}}, start="off"), "start"),
        (lambda: dt.trust_region(PD, GRIM, player="US"), "rg"),  # type: ignore[arg-type]
        (lambda: dt.trust_region(RG, HAWK, player="US"), "ag"),  # type: ignore[arg-type]
        (lambda: dt.trust_region(RG, GRIM, player="USA"), "player"),
        (lambda: dt.trust_region(RG, GRIM, player="US", opportunist="hawk"), "machine"),  # type: ignore[arg-type]
        (lambda: dt.trust_region(RG, GRIM, player="US", opportunist=dt.machines.always("Rest")), "Rest"),
        (lambda: dt.trust_region(RG, GRIM, player="US", over="patience", trust=1), "over"),
        (lambda: dt.trust_region(RG, GRIM, player="US", over="discount"), "trust"),
        (lambda: dt.trust_region(RG, GRIM, player="US", over="discount", trust=nan), "trust"),
        (lambda: dt.trust_region(THREE, GRIM, player=0), "game"),
        (lambda: dt.trust_frontier(RG, None, player="US"), "ag"),  # type: ignore[arg-type]
        (lambda: FRONTIER(1), "discount"),
        (lambda: FRONTIER.slope(nan), "discount"),
        (lambda: BOND(-1), "size of the bond"),
        (lambda: FRONTIER.meets(None), "other"),  # type: ignore[arg-type]
        (lambda: dt.best_reply(RG, "US", [HAWK], [1]), "types"),  # type: ignore[arg-type]
        (lambda: dt.best_reply(RG, "US", {}, {}), "types"),
        (lambda: dt.best_reply(RG, "US", TYPES, {"hawk": "1/2"}), "prior"),
        (lambda: dt.best_reply(RG, "US", TYPES, {"hawks": 1}), "prior"),
        (lambda: dt.best_reply(None, "US", TYPES, [1, 0]), "rg"),  # type: ignore[arg-type]
        (lambda: dt.prior_region(RG, GRIM, player="US", types={}), "types"),
        (lambda: dt.prior_region(RG, None, player="US", types=TYPES), "ag"),  # type: ignore[arg-type]
        (lambda: dt.belief_threshold(RG, "US"), "game"),  # type: ignore[arg-type]
        (lambda: dt.belief_threshold(PD, "US", action="Relx"), "action"),
        (lambda: dt.basin_of_distrust(PD, "US"), "rg"),  # type: ignore[arg-type]
        (lambda: dt.basin_of_distrust(THREE, 0), "game"),
        (lambda: dt.least_demanding(RG, max_states=0), "max_states"),
        (lambda: dt.least_demanding(RG, max_states=1, criterion="hope"), "criterion"),
        (lambda: dt.least_demanding(PD, max_states=1), "rg"),  # type: ignore[arg-type]
        (lambda: dt.update_trust(RG, GRIM, 2, []), "prior"),
        (lambda: dt.update_trust(RG, GRIM, "1/2", 5), "history"),  # type: ignore[arg-type]
        (lambda: dt.update_trust(RG, GRIM, 1, [("Relax", "Restrict")]), "history"),
        (lambda: dt.update_trust(RG, "grim", 1, []), "ag"),  # type: ignore[arg-type]
        (lambda: dt.trust_bounds(RG, GRIM, player="US", width=0), "width"),
        (lambda: dt.trust_bounds(RG, GRIM, player="US", trembling="me"), "trembling"),  # type: ignore[arg-type]
        (lambda: dt.phase_diagram(None, GRIM), "rg"),  # type: ignore[arg-type]
        (lambda: dt.phase_diagram(RG, GRIM).raster("a", 3), "nx"),  # type: ignore[arg-type]
        (lambda: dt.reduced_game(PD), "rg"),  # type: ignore[arg-type]
        (lambda: dt.risk_dominance_region(PD), "rg"),  # type: ignore[arg-type]
        (lambda: dt.trust_needs(RG, None), "ag"),  # type: ignore[arg-type]
        (lambda: dt.substitutes(None, GRIM, player="US"), "rg"),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(dt.DetenteError, match=named):
        call()
