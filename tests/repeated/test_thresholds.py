"""Thresholds: known answers, an independent checker on random automata, closed forms, and cross-checks."""

from __future__ import annotations

import json
import random
from fractions import Fraction as F
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flint import fmpz_poly
from hypothesis import assume, given
from hypothesis import strategies as st

import detente as dt
from detente.exact.algebraic import real_roots
from detente.exact.intervals import Interval, IntervalSet
from detente.repeated.check import is_nash, is_subgame_perfect
from tests.catalogue.exact_checker import Automaton

KNOWN = json.loads((Path(__file__).parents[1] / "data" / "known_automata.json").read_text())["automata"]


def pd(T: Any, R: Any, P: Any, S: Any) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=["Relax", "Restrict"])


def discounts(game: dt.Game, ag: dt.Agreement, **options: Any) -> IntervalSet:
    return dt.holds_where(dt.RepeatedGame(game, "1/2"), ag, **options).set


def from_on(end: Any) -> IntervalSet:
    return IntervalSet((Interval(end, F(1), True, False),))


def known_end(value: Any) -> Any:
    if isinstance(value, dict):
        return real_roots(fmpz_poly(value["polynomial"]))[value["root"]]
    return F(value)


@pytest.mark.parametrize("case", KNOWN)
def test_known_automata(case: dict[str, Any]) -> None:
    game = dt.Game.from_profiles({tuple(k): v for k, v in case["payoffs"].items()})
    ag = dt.Agreement(
        {str(k): tuple(p) for k, p in enumerate(case["play"])},
        {str(k): {tuple(p): str(t) for p, t in m.items()} for k, m in enumerate(case["move"])},
        start=str(case["start"]),
    )
    expected = tuple(Interval(known_end(lo), known_end(hi), lc, hc) for lo, lc, hi, hc in case["set"])
    region = dt.holds_where(dt.RepeatedGame(game, "1/2"), ag)
    assert region.intervals == expected
    region.verify()


# --- closed forms (Friedman 1971; Abreu 1986, 1988; Nowak and Sigmund 1993; Boerlijst et al. 1997) -----------

dilemmas = st.lists(st.integers(0, 30), min_size=4, max_size=4, unique=True).map(lambda v: sorted(v, reverse=True))


@given(dilemmas)
def test_closed_forms_in_a_dilemma(trps: list[int]) -> None:
    T, R, P, S = map(F, trps)
    game = pd(T, R, P, S)
    rule = dt.agreements
    assert discounts(game, rule.grim_trigger(game)) == from_on((T - R) / (T - P))
    pavlov = (T - R) / (R - P)
    expected = from_on(pavlov) if pavlov < 1 else IntervalSet()
    assert discounts(game, rule.win_stay_lose_shift(game)) == expected
    assert discounts(game, rule.carrot_and_stick(game)) == expected
    assert discounts(game, rule.limited_punishment(game, 1)) == expected
    contrite = max((T - R) / (R - S), (P - S) / (R - S))
    assert discounts(game, rule.contrite_tit_for_tat(game)) == (from_on(contrite) if contrite < 1 else IntervalSet())
    tft_nash = max((T - R) / (T - P), (T - R) / (R - S))
    found = discounts(game, rule.tit_for_tat(game), concept="nash")
    assert found == (from_on(tft_nash) if tft_nash < 1 else IntervalSet())
    both = (T - R) / (R - S)
    at_one_point = both < 1 and both == (P - S) / (T - P)
    spe = discounts(game, rule.tit_for_tat(game))
    assert spe == (IntervalSet((Interval(both, both),)) if at_one_point else IntervalSet())


@given(dilemmas, st.integers(1, 4))
def test_limited_punishment_solves_its_equation(trps: list[int], k: int) -> None:
    T, R, P, S = map(F, trps)
    game = pd(T, R, P, S)
    found = discounts(game, dt.agreements.limited_punishment(game, k))
    if k * (R - P) <= T - R:
        assert not found
        return
    least = found.intervals[0].lo
    slack = lambda d: (R - P) * sum(d**j for j in range(1, k + 1)) - (T - R)  # noqa: E731
    if isinstance(least, F):
        assert slack(least) == 0
    else:
        lo, hi = least.refine(F(1, 10**12))
        assert slack(lo) < 0 < slack(hi)
    grim = discounts(game, dt.agreements.grim_trigger(game)).intervals[0].lo
    assert not least < grim


def test_golden_section_and_its_cubic() -> None:
    game = pd(5, 3, 1, 0)
    two = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.limited_punishment(game, 2)).least
    assert two is not None
    assert two.polynomial == (-1, 1, 1)
    assert str(two) == "(√5 − 1)/2"
    three = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.limited_punishment(game, 3)).least
    assert three.polynomial == (-1, 1, 1, 1)
    assert float(three) == pytest.approx(0.543689012692076)


def test_separate_grim_machines_are_nash_but_not_subgame_perfect() -> None:
    game = pd(5, 3, 1, 0)
    machine = dt.machines.grim_trigger("Relax", "Restrict")
    separate = dt.agreements.from_machines(machine, machine)
    assert discounts(game, separate, concept="nash") == from_on(F(1, 2))
    assert not discounts(game, separate)


def test_one_players_patience_and_the_product() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], players=["A", "B"])
    rg = dt.RepeatedGame(game, "9/10")
    grim = dt.agreements.grim_trigger(game)
    assert dt.holds_where(rg, grim, ("discount", "A")).set == from_on(F(1, 2))
    assert dt.holds_where(rg, grim, ("discount", 1)).set == from_on(F(3, 5))
    assert dt.holds_where(rg, grim).set == from_on(F(3, 5))
    impatient = rg.replace(discount=["9/10", "1/10"])
    assert dt.holds_where(impatient, grim, ("discount", "A")).is_empty


@given(dilemmas, st.fractions(0, F(9, 10), max_denominator=20))
def test_hazard_and_patience_enter_only_as_a_product(trps: list[int], h: F) -> None:
    T, R, P, S = map(F, trps)
    game = pd(T, R, P, S)
    grim = dt.agreements.grim_trigger(game)
    need = (T - R) / (T - P)
    found = dt.holds_where(dt.RepeatedGame(game, 0, breakdown=h), grim).set
    assert found == (from_on(need / (1 - h)) if need < 1 - h else IntervalSet())
    patient = dt.RepeatedGame(game, F(19, 20))
    tolerated = dt.holds_where(patient, grim, "breakdown").set
    limit = 1 - need / F(19, 20)
    assert tolerated == (IntervalSet((Interval(F(0), limit),)) if limit >= 0 else IntervalSet())


def test_a_stage_payoff_as_the_parameter() -> None:
    game = pd(5, 3, 1, 0)
    region = dt.holds_where(
        dt.RepeatedGame(game, "1/2"), dt.agreements.grim_trigger(game), ("payoff", "US", ("Restrict", "Relax"))
    )
    assert repr(region.set) == "(−∞, 5]"
    region.verify()


# --- noise -------------------------------------------------------------------------------------------------


def test_binary_public_signal_has_its_closed_form() -> None:
    """Late shipments: bad with probability e if both relax, d if one restricts; trigger to restriction for ever."""
    T, R, P, S, e, d = F(5), F(3), F(1), F(0), F(1, 10), F(1, 2)
    game = pd(T, R, P, S)
    bad = {("Relax", "Relax"): e, ("Restrict", "Restrict"): F(9, 10)}
    bad |= {("Relax", "Restrict"): d, ("Restrict", "Relax"): d}
    signal = dt.public_signals(["good", "bad"], {p: [1 - b, b] for p, b in bad.items()})
    trigger = dt.Agreement(
        {"on": ("Relax", "Relax"), "off": ("Restrict", "Restrict")},
        {"on": {"good": "on", "bad": "off"}, "off": {...: "off"}},
    )
    rg = dt.RepeatedGame(game, F(9, 10), monitoring=signal)
    region = dt.holds_where(rg, trigger)
    assert region.set == from_on((T - R) / ((d - e) * (R - P) + (1 - e) * (T - R)))
    region.verify()
    delta = F(9, 10)
    expected = P + (1 - delta) * (R - P) / (1 - delta * (1 - e))
    assert dt.incentives(rg, trigger).values["on"]["US"] == expected


def test_a_signal_that_never_errs_is_perfect_monitoring() -> None:
    game = pd(5, 3, 1, 0)
    clean = dt.public_signals(
        ["good", "bad"], {p: {"good": int(p == (0, 0)), "bad": int(p != (0, 0))} for p in product((0, 1), repeat=2)}
    )
    trigger = dt.Agreement({"on": (0, 0), "off": (1, 1)}, {"on": {"good": "on", "bad": "off"}, "off": {...: "off"}})
    rg = dt.RepeatedGame(game, 0, monitoring=clean)
    assert dt.holds_where(rg, trigger).set == from_on(F(1, 2))
    with pytest.raises(dt.UnsupportedError, match="noise"):
        dt.holds_where(rg, trigger, "noise")


def test_noise_vanishes_continuously() -> None:
    game = pd(5, 3, 1, 0)
    for rule in (dt.agreements.grim_trigger(game), dt.agreements.contrite_tit_for_tat(game)):
        exact = float(discounts(game, rule).intervals[0].lo)
        gaps = []
        for k in (10, 100, 1000):
            noisy = dt.holds_where(dt.RepeatedGame(game, 0, monitoring=dt.trembles(F(1, k))), rule).least
            gaps.append(abs(float(noisy) - exact))
        assert gaps[0] > gaps[1] > gaps[2]
        assert gaps[2] < 0.01


def test_noise_region_starts_where_the_noiseless_agreement_holds() -> None:
    game = pd(5, 3, 1, 0)
    region = dt.holds_where(dt.RepeatedGame(game, F(9, 10)), dt.agreements.grim_trigger(game), "noise")
    assert F(0) in region
    assert F(1, 4) not in region
    assert region.intervals[-1] == Interval(F(1, 2), F(1, 2))  # at one half acts say nothing and nothing matters
    region.verify()


# --- random automata -----------------------------------------------------------------------------------------


def random_case(rng: random.Random) -> tuple[dt.Game, dt.Agreement]:
    if rng.random() < 0.5:
        T, R, P, S = sorted(rng.sample(range(13), 4), reverse=True)
        A, B = [[R, S], [T, P]], [[R, T], [S, P]]
    else:
        A, B = ([[rng.randint(0, 9) for _ in range(2)] for _ in range(2)] for _ in range(2))
    game = dt.Game.bimatrix(A, B, actions=["C", "D"])
    states = [f"s{k}" for k in range(rng.randint(1, 6))]
    ag = dt.Agreement(
        {s: (rng.choice("CD"), rng.choice("CD")) for s in states},
        {s: {p: rng.choice(states) for p in product("CD", repeat=2)} for s in states},
    )
    return game, ag


def grid(region: dt.Region) -> list[F]:
    return sorted({F(k, 23) for k in range(23)} | {x for x in region.sample_points() if x < 1})


@pytest.mark.parametrize("seed", range(60))
def test_random_automata_against_a_checker_that_sums_cycles(seed: int) -> None:
    game, ag = random_case(random.Random(seed))
    tables = {(s, p): t for s, moves in ag.move.items() for p, t in moves.items()}
    other = Automaton(dict(ag.play), lambda s, p: tables[s, tuple(p)], ag.start)  # type: ignore[arg-type]
    payoffs = [lambda p, i=i: game.payoff(p)[i] for i in (0, 1)]
    actions = [["C", "D"], ["C", "D"]]
    region = dt.holds_where(dt.RepeatedGame(game, "1/2"), ag)
    for x in grid(region):
        assert (x in region) == other.is_subgame_perfect(payoffs, actions, x)
    if len(ag.states) <= 4:
        nash = dt.holds_where(dt.RepeatedGame(game, "1/2"), ag, concept="nash")
        for x in grid(nash)[::3]:
            assert (x in nash) == other.is_nash(payoffs, actions, x)


@pytest.mark.parametrize("seed", range(25))
def test_random_automata_with_noise_hazard_and_unequal_patience(seed: int) -> None:
    rng = random.Random(1000 + seed)
    game, ag = random_case(rng)
    rg = dt.RepeatedGame(
        game,
        [F(rng.randint(0, 19), 20) for _ in range(2)],
        F(rng.randint(0, 4), 10),
        dt.trembles(F(rng.randint(0, 3), 20)),
    )
    for over in ("discount", ("discount", 0), "breakdown", "noise", ("payoff", 1, ("C", "D"))):
        for concept in ("subgame-perfect", "nash"):
            dt.holds_where(rg, ag, over, concept).verify()  # type: ignore[arg-type]
    inc = dt.incentives(rg, ag)
    inc.verify()
    assert inc.holds == is_subgame_perfect(rg, ag)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300))
def test_many_random_automata(seed: int) -> None:
    rng = random.Random(5000 + seed)
    game, ag = random_case(rng)
    rg = dt.RepeatedGame(game, "7/10", "1/10", dt.trembles(F(rng.randint(0, 3), 20)))
    for over in ("discount", ("discount", 1), "breakdown", "noise"):
        spe = dt.holds_where(rg, ag, over)
        nash = dt.holds_where(rg, ag, over, "nash")
        spe.verify()
        nash.verify()
        assert (spe.set - nash.set) == IntervalSet()


def test_three_players() -> None:
    """A linear public good with return 1/2: grim trigger needs (1 − 1/2) ≤ δ · (3/2 − 1), in units of the gain 1/2."""
    u = [[[[1 - (a, b, c)[i] + F(a + b + c, 2) for c in (1, 0)] for b in (1, 0)] for a in (1, 0)] for i in range(3)]
    game = dt.Game(u, actions=["Give", "Keep"])
    grim = dt.agreements.grim_trigger(game)
    region = dt.holds_where(dt.RepeatedGame(game, 0), grim)
    T, R, P = F(2), F(3, 2), F(1)
    assert region.set == from_on((T - R) / (T - P))
    region.verify()
    noisy = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/50"))
    for over in ("discount", "noise", "breakdown"):
        dt.holds_where(noisy, grim, over).verify()


@given(dilemmas, st.fractions(F(1, 9), 9), st.fractions(-9, 9))
def test_thresholds_survive_positive_affine_maps(trps: list[int], scale: F, shift: F) -> None:
    game = pd(*trps)
    moved = game.affine("US", scale, shift)
    for rule in (dt.agreements.grim_trigger, dt.agreements.contrite_tit_for_tat):
        assert discounts(game, rule(game)) == discounts(moved, rule(moved))


@given(dilemmas, st.sampled_from([10**9, F(1, 10**9)]))
def test_thresholds_do_not_depend_on_scale(trps: list[int], scale: Any) -> None:
    assume(len(set(trps)) == 4)
    game = pd(*trps)
    scaled = game.affine(0, scale).affine(1, scale)
    assert discounts(game, dt.agreements.grim_trigger(game)) == discounts(scaled, dt.agreements.grim_trigger(scaled))


# --- what a region says --------------------------------------------------------------------------------------


def test_binding_and_explanation() -> None:
    game = pd(5, 3, 1, 0)
    region = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game))
    assert region.least == F(1, 2)
    assert [tuple(c) for c in region.binding[F(1, 2)]] == [
        ("US", "path", "Restrict"),
        ("China", "path", "Restrict"),
    ]
    assert "below 1/2, US would gain by Restrict in state 'path'" in region.explain()
    assert "[0, 1)" in dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.unconditional((1, 1))).explain()
    empty = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.unconditional((0, 0)))
    assert empty.is_empty
    assert empty.least is None
    assert "at no discount factor" in empty.explain()
    assert F(1, 2) in region
    assert "1/3" not in region


def test_a_wrong_region_fails_its_verification() -> None:
    game = pd(5, 3, 1, 0)
    region = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game))
    wrong = dt.Region(
        region.parameter, region.claim, region.domain, from_on(F(2, 5)), region.binding, (), region.holds_at
    )
    with pytest.raises(dt.CertificateError):
        wrong.verify()


def test_wrong_slacks_fail_their_verification() -> None:
    inc = dt.incentives(dt.RepeatedGame(pd(5, 3, 1, 0), "3/5"), dt.agreements.grim_trigger(pd(5, 3, 1, 0)))
    inc.verify()
    wrong = tuple(row._replace(slack=row.slack + 1) for row in inc.table)
    with pytest.raises(dt.CertificateError):
        dt.Incentives(inc.rg, inc.agreement, inc.values, wrong).verify()


def test_unknown_parameters_and_concepts() -> None:
    game = pd(5, 3, 1, 0)
    rg, grim = dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game)
    for over in ("patience", ("discount", "Japan"), ("payoff", "US"), ("breakdown", 1), (), None, 3):
        with pytest.raises(dt.DetenteError):
            dt.holds_where(rg, grim, over)
    with pytest.raises(dt.LabelError, match="concept"):
        dt.holds_where(rg, grim, concept="perfect")  # type: ignore[arg-type]


def test_incentives_in_every_state() -> None:
    game = pd(5, 3, 1, 0)
    rg = dt.RepeatedGame(game, "3/5")
    inc = dt.incentives(rg, dt.agreements.grim_trigger(game))
    assert inc.values["path"] == (3, 3)
    assert inc.values["punishment", "US"] == 1
    assert {(r.state, r.player): r.slack for r in inc.table}["path", "US"] == F(3) - (F(2, 5) * 5 + F(3, 5) * 1)
    assert inc.worst is not None
    assert inc.worst.slack == min(r.slack for r in inc.table)
    assert "holds" in repr(inc)
    assert "<table>" in inc._repr_html_()
    with pytest.raises(dt.LabelError):
        inc.values["nowhere"]
    assert is_nash(rg, dt.agreements.grim_trigger(game))


def test_constraints_on_each_side_of_an_end() -> None:
    """An interval's two ends, and an isolated point, each with what fails beyond it."""
    game = pd(4, 3, 1, 0)
    tft = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.tit_for_tat(game))
    third = F(1, 3)
    assert tft.set == IntervalSet((Interval(third, third),))
    below, above = tft.beyond[third, "below"], tft.beyond[third, "above"]
    assert ("US", "relax, relax", "Restrict") in [tuple(c) for c in below]
    assert ("US", "relax, restrict", "Restrict") in [tuple(c) for c in below]
    assert ("US", "restrict, restrict", "Relax") in [tuple(c) for c in above]
    assert set(tft.binding[third]) == set(below) | set(above)
    assert not set(below) & set(above)
    said = tft.explain()
    assert f"below 1/3, {below[0]}" in said
    assert f"above 1/3, {above[0]}" in said
    invitation = dt.Agreement(
        {"wait": ("Restrict", "Restrict"), "go": ("Relax", "Relax")},
        {
            "wait": {("Relax", "Restrict"): "go", ("Restrict", "Relax"): "go", ...: "wait"},
            "go": {("Relax", "Relax"): "go", ...: "wait"},
        },
    )
    both = dt.holds_where(dt.RepeatedGame(pd(10, 9, 3, 1), 0), invitation)
    assert both.set == IntervalSet((Interval(F(1, 7), F(1, 4)),))
    assert {(c.state, c.deviation) for c in both.binding[F(1, 7)]} == {("go", "Restrict")}
    assert {(c.state, c.deviation) for c in both.binding[F(1, 4)]} == {("wait", "Relax")}
    assert {c.player for c in both.binding[F(1, 4)]} == {"US", "China"}
    open_end = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game))
    assert set(open_end.binding) == {F(1, 3)}  # the end at 1 is the domain's own
    joint = both & both
    assert joint.binding == both.binding
    assert joint.beyond == both.beyond


@pytest.mark.parametrize("seed", range(40))
def test_what_binds_at_an_end_is_zero_there_and_fails_beyond(seed: int) -> None:
    rng = random.Random(seed)
    game, ag = random_case(rng)
    rg = dt.RepeatedGame(game, "1/2", "1/10", dt.trembles(F(rng.randint(0, 2), 20)))
    for over, change in (("discount", lambda x: {"discount": x}), ("breakdown", lambda x: {"breakdown": x})):
        region = dt.holds_where(rg, ag, over)
        for (end, side), constraints in region.beyond.items():
            assert constraints
            assert set(constraints) <= set(region.binding[end])
            near = F(1, 10**9) * (-1 if side == "below" else 1)
            at = end if isinstance(end, F) else end.refine(F(1, 10**12))[0]
            inc = dt.incentives(rg.replace(**change(at + near)), ag)
            slack = {(r.player, r.state, r.deviation): r.slack for r in inc.table}
            assert all(slack[tuple(c)] < 0 for c in constraints)
            if isinstance(end, F):
                here = {
                    (r.player, r.state, r.deviation): r.slack
                    for r in dt.incentives(rg.replace(**change(end)), ag).table
                }
                assert all(here[tuple(c)] == 0 for c in constraints)


def test_nash_names_the_better_plan_at_each_end() -> None:
    game = pd(5, 4, 1, 0)
    region = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.tit_for_tat(game), concept="nash")
    assert region.set == from_on(F(1, 4))
    assert {(c.player, c.deviation) for c in region.binding[F(1, 4)]} == {("US", "Restrict"), ("China", "Restrict")}


def test_the_budget_is_kept() -> None:
    rng = random.Random(0)
    game = pd(5, 3, 1, 0)
    names = [f"s{k}" for k in range(200)]
    actions = ("Relax", "Restrict")
    ag = dt.Agreement(
        {s: (rng.choice(actions), rng.choice(actions)) for s in names},
        {s: {p: rng.choice(names) for p in product(actions, repeat=2)} for s in names},
    )
    rg = dt.RepeatedGame(game, "1/2", monitoring=dt.trembles("1/10"))
    with pytest.raises(dt.UnsupportedError, match="budget"):
        dt.holds_where(rg, ag, budget=0.5)
    for bad in (0, -1, True, "1", float("inf")):
        with pytest.raises(dt.ParameterError, match="budget"):
            dt.holds_where(rg, ag, budget=bad)  # type: ignore[arg-type]
