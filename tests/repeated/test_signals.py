"""Public signals: textbook profiles with closed forms, every probability as a parameter, random cases."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import ONE, X, constant, polynomial
from detente.game.monitoring import PublicSignals, late_shipments
from detente.repeated.check import is_nash, is_subgame_perfect
from detente.repeated.parameters import Component
from tests.repeated.cases import random_agreement, random_game, random_monitoring, summed_values

# Mailath and Samuelson (2006), figure 7.2.1: effort or shirking
EFFORT = dt.Game.symmetric([[2, -1], [3, 0]], actions=["E", "S"])
GRIM = dt.Agreement({"on": ("E", "E"), "off": ("S", "S")}, {"on": {"high": "on", "low": "off"}, "off": {...: "off"}})
# One period's memory: effort after a high signal, shirking after a low one
BACK = {"high": "on", "low": "off"}
RECALL = dt.Agreement({"on": ("E", "E"), "off": ("S", "S")}, {"on": BACK, "off": BACK})

orders = st.lists(st.fractions(0, 1, max_denominator=12), min_size=3, max_size=3, unique=True).map(sorted)


def by_effort(p: F, q: F, r: F) -> PublicSignals:
    """High with probability p after two efforts, q after one, r after none."""
    chance = {("E", "E"): p, ("E", "S"): q, ("S", "E"): q, ("S", "S"): r}
    return dt.public_signals(["high", "low"], {a: [x, 1 - x] for a, x in chance.items()})


def holds(rg: dt.RepeatedGame, ag: dt.Agreement, over: Any = "discount", **options: Any) -> IntervalSet:
    region = dt.holds_where(rg, ag, over, **options)
    region.verify()
    return region.set


def between(lo: F, hi: F) -> IntervalSet:
    """[lo, hi] within [0, 1)."""
    if lo > hi or lo >= 1:
        return IntervalSet()
    return IntervalSet((Interval(lo, min(hi, F(1)), True, hi < 1),))


@settings(max_examples=40)
@given(orders)
def test_grim_trigger_on_effort(chances: list[F]) -> None:
    """Mailath and Samuelson (2006), section 7.2.1: an equilibrium iff δ(3p − 2q) ≥ 1."""
    r, q, p = chances
    need = 3 * p - 2 * q
    rg = dt.RepeatedGame(EFFORT, 0, monitoring=by_effort(p, q, r))
    assert holds(rg, GRIM) == (between(1 / need, F(1)) if need > 0 else IntervalSet())
    assert holds(rg, GRIM, concept="nash") == holds(rg, GRIM)


@settings(max_examples=40)
@given(orders)
def test_one_periods_memory(chances: list[F]) -> None:
    """Mailath and Samuelson (2006), section 7.2.2: effort needs δ(3p − 2q − r) ≥ 1 and shirking δ(p + 2q − 3r) ≤ 1."""
    r, q, p = chances
    need, most = 3 * p - 2 * q - r, p + 2 * q - 3 * r
    rg = dt.RepeatedGame(EFFORT, 0, monitoring=by_effort(p, q, r))
    expected = between(1 / need, 1 / most if most > 0 else F(2)) if need > 0 else IntervalSet()
    assert holds(rg, RECALL) == expected
    region = dt.holds_where(rg, RECALL)
    for interval in region.intervals:
        if not interval.is_point:
            assert {(c.state, c.deviation) for c in region.binding[interval.lo]} == {("on", "S")}
            if interval.hi < 1:
                assert {(c.state, c.deviation) for c in region.binding[interval.hi]} == {("off", "E")}


def test_product_choice_with_a_noisy_signal_of_quality() -> None:
    """The game of Mailath and Samuelson (2006), section 7.6: reversion to low quality holds iff δ(2p − q) ≥ 1."""
    game = dt.Game.bimatrix([[2, 0], [3, 1]], [[3, 2], [0, 1]], players=["firm", "customer"], actions=["H", "L"])
    p, q = F(9, 10), F(1, 5)
    signal = dt.public_signals(["good", "bad"], {(a, b): [(p, q)[a], 1 - (p, q)[a]] for a in (0, 1) for b in (0, 1)})
    trigger = dt.Agreement({"on": (0, 0), "off": (1, 1)}, {"on": {"good": "on", "bad": "off"}, "off": {...: "off"}})
    rg = dt.RepeatedGame(game, [F(1, 2), 0], monitoring=signal)
    assert holds(rg, trigger, ("discount", "firm")) == between(1 / (2 * p - q), F(1))


# --- late shipments: the chance of a false alarm, and of detection ----------------------------------------------------

dilemmas = st.lists(st.integers(0, 20), min_size=4, max_size=4, unique=True).map(lambda v: sorted(v, reverse=True))


@settings(max_examples=40)
@given(dilemmas, st.fractions(F(1, 10), F(9, 10), max_denominator=10), st.data())
def test_late_shipments_solve_their_inequality(trps: list[int], delta: F, data: Any) -> None:
    """Holds iff δ[(d − ε)(R − P) + (1 − ε)(T − R)] ≥ T − R: linear in ε, in d, and in δ."""
    T, R, P, S = map(F, trps)
    eps = data.draw(st.fractions(0, F(1, 2), max_denominator=9))
    d = data.draw(st.fractions(0, 1, max_denominator=9))
    game = dt.Game.symmetric([[R, S], [T, P]])
    trigger = dt.Agreement({"on": (0, 0), "off": (1, 1)}, {"on": {"on time": "on", "late": "off"}, "off": {...: "off"}})
    rg = dt.RepeatedGame(game, delta, monitoring=late_shipments(game, eps, d))

    def unit(lo: F, hi: F) -> IntervalSet:
        lo, hi = max(lo, F(0)), min(hi, F(1))
        return IntervalSet((Interval(lo, hi),)) if lo <= hi else IntervalSet()

    most = (d * (R - P) + (T - R) - (T - R) / delta) / (T - P)
    assert holds(rg, trigger, "noise") == unit(F(0), most)
    least = eps + ((T - R) / delta - (1 - eps) * (T - R)) / (R - P)
    assert holds(rg, trigger, ("signal", "detection")) == unit(least, F(1))
    gain = (d - eps) * (R - P) + (1 - eps) * (T - R)
    assert holds(rg, trigger) == (between((T - R) / gain, F(1)) if gain > 0 else IntervalSet())
    one = holds(rg, trigger, ("signal", (0, 0), "late"))
    assert one == unit(F(0), most)
    assert holds(rg, trigger, ("signal", (1, 1), "late")) in (unit(F(0), F(1)), IntervalSet())


def test_levels_and_single_probabilities_are_named() -> None:
    signals = late_shipments(EFFORT, "1/10", "1/2")
    assert signals.with_levels(noise="1/5") == late_shipments(EFFORT, "1/5", "1/2")
    rg = dt.RepeatedGame(EFFORT, "9/10", monitoring=signals)
    trigger = dt.Agreement({"on": (0, 0), "off": (1, 1)}, {"on": {"on time": "on", "late": "off"}, "off": {...: "off"}})
    assert dt.holds_where(rg, trigger, "noise").parameter == "noise"
    assert "'detection'" in dt.holds_where(rg, trigger, ("signal", "detection")).parameter
    assert "'late' at (E, E)" in dt.holds_where(rg, trigger, ("signal", ("E", "E"), "late")).parameter
    for over, error, word in [
        (("signal", "noize"), dt.LabelError, "noise"),
        (("signal",), dt.ParameterError, "signal"),
        (("signal", (0, 0), "lost"), dt.LabelError, "late"),
        (("signal", (0, 2), "late"), dt.LabelError, "action"),
    ]:
        with pytest.raises(error, match=word):
            dt.holds_where(rg, trigger, over)
    with pytest.raises(dt.UnsupportedError, match="public signals"):
        dt.holds_where(dt.RepeatedGame(EFFORT, 0), dt.agreements.grim_trigger(EFFORT), ("signal", "noise"))
    with pytest.raises(dt.LabelError, match="noise"):
        signals.with_levels(haste="1/2")


def test_the_other_labels_keep_their_proportions() -> None:
    game = EFFORT
    prob: dict[Any, Any] = {p: ["1/2", "1/4", "1/4"] for p in product("ES", repeat=2)}
    prob["E", "E"] = ["7/10", "1/10", "2/10"]
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.public_signals(["high", "middle", "low"], prob))
    ag = dt.Agreement(
        {"on": ("E", "E"), "off": ("S", "S"), "watch": ("E", "E")},
        {
            "on": {"high": "on", "middle": "watch", "low": "off"},
            "watch": {"high": "on", ...: "off"},
            "off": {...: "off"},
        },
    )
    over = ("signal", ("E", "E"), "high")
    region = dt.holds_where(rg, ag, over)
    region.verify()
    assert (F(7, 10) in region) == dt.incentives(rg, ag).holds
    for x in (F(0), F(1, 2), F(9, 10), F(1)):
        prob["E", "E"] = [x, (1 - x) / 3, 2 * (1 - x) / 3]
        there = rg.replace(monitoring=dt.public_signals(["high", "middle", "low"], prob))
        assert (x in region) == is_subgame_perfect(there, ag)


def test_a_levels_domain_is_where_all_probabilities_are() -> None:
    prob = {p: {"a": "x", "b": "1/4", "c": ...} for p in product((0, 1), repeat=2)}
    signals = dt.public_signals(["a", "b", "c"], prob, {"x": "1/2"})
    rg = dt.RepeatedGame(EFFORT, "1/2", monitoring=signals)
    region = dt.holds_where(rg, dt.agreements.unconditional((1, 1)), ("signal", "x"))
    assert region.domain == Interval(F(0), F(3, 4))
    assert region.set == IntervalSet((region.domain,))


@pytest.mark.parametrize(
    ("prob", "levels", "word"),
    [
        ({(0, 0): {"a": "x", "b": "1/2"}}, {"x": "1/2"}, "rest|leave"),
        ({(0, 0): {"a": ..., "b": ...}}, {}, "leave"),
        ({(0, 0): {"a": "x", "b": ...}}, {"x": 2}, "levels"),
        ({(0, 0): {"a": 1, "b": 0}}, {"x": "1/2"}, "uses"),
        ({(0, 0): {"a": "y", "b": ...}}, {"x": "1/2"}, "prob"),
        ({(0, 0): "ab"}, {}, "prob"),
        ({(0, 0): [float("nan"), 1]}, {}, "prob"),
        ({(0, 0): 1}, {}, "prob"),
    ],
)
def test_malformed_signals(prob: Any, levels: Any, word: str) -> None:
    with pytest.raises(dt.DetenteError, match=word):
        dt.public_signals(["a", "b"], prob, levels)


def test_a_component_that_moves_payoffs_and_signals_together() -> None:
    """One number x, say the effort put into inspection: it costs (x²) each relaxing side and detects (x) breaches."""
    game = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    rg = dt.RepeatedGame(game, "9/10", monitoring=late_shipments(game, "1/20", "1/2"))
    cost = polynomial([3, 0, -1])
    late = dict.fromkeys(((0, 1), (1, 0), (1, 1)), (ONE - X, X))
    inspection = Component("inspection", {(0, (0, 0)): cost, (1, (0, 0)): cost}, Interval(F(0), F(1)), late)
    trigger = dt.Agreement({"on": (0, 0), "off": (1, 1)}, {"on": {"on time": "on", "late": "off"}, "off": {...: "off"}})
    region = dt.holds_where(rg, trigger, inspection)
    region.verify()
    (found,) = region.intervals
    assert 0 < found.lo < found.hi <= 1
    # At a level x the game and the signal are what they would be if written down with it.
    x = F(2, 3)
    payoffs = game.exact_payoffs.copy()
    payoffs[0, 0, 0] = payoffs[1, 0, 0] = 3 - x * x
    there = dt.RepeatedGame(dt.Game(payoffs), "9/10", monitoring=late_shipments(game, "1/20", x))
    assert (x in region) == is_subgame_perfect(there, trigger)
    too_much = Component("bad", {}, Interval(F(0), F(2)), {(0, 0): (ONE - X, X)})
    not_one = Component("bad", {}, Interval(F(0), F(1)), {(0, 0): (constant(F(1, 2)), X)})
    for bad in (too_much, not_one):
        with pytest.raises(dt.ParameterError, match="add up to 1"):
            dt.holds_where(rg, trigger, bad)
    with pytest.raises(dt.UnsupportedError, match="public signals"):
        dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game), inspection)


# --- random cases ---------------------------------------------------------------------------------------------------


def best_public_plan(rg: dt.RepeatedGame, ag: dt.Agreement, player: int) -> float:
    """The best value of any plan on the agreement's states, by trying them all and adding up periods."""
    bound = ag.bind(rg.game, rg.monitoring)
    best = -float("inf")
    for plan in product(range(rg.game.shape[player]), repeat=len(bound.states)):
        acts = dict(zip(bound.states, plan, strict=True))
        play = {s: tuple(acts[s] if j == player else a for j, a in enumerate(ag.play[s])) for s in bound.states}
        other = dt.Agreement(play, {s: ag.move[s] for s in bound.states}, ag.start)
        best = max(best, summed_values(rg, other, 60)[player])
    return best


@pytest.mark.parametrize("seed", range(30))
def test_random_signals(seed: int) -> None:
    rng = random.Random(seed)
    game = random_game(rng)
    monitoring = random_monitoring(rng, game, "signals")
    ag = random_agreement(rng, game, monitoring, rng.randint(1, 3))
    rg = dt.RepeatedGame(game, [F(rng.randint(0, 7), 10) for _ in game.shape], monitoring=monitoring)
    profile = tuple(rng.randrange(m) for m in game.shape)
    for over in ("discount", ("discount", 1), "breakdown", ("signal", profile, "x"), ("payoff", 0, profile)):
        for concept in ("subgame-perfect", "nash"):
            dt.holds_where(rg, ag, over, concept).verify()  # type: ignore[arg-type]
    assert dt.incentives(rg, ag).holds == is_subgame_perfect(rg, ag)
    kept = summed_values(rg, ag, 60)
    gains = [best_public_plan(rg, ag, i) - kept[i] for i in range(game.n_players)]
    assert is_nash(rg, ag) == all(gain < 1e-6 for gain in gains)
