"""Noise: closed forms, set iteration, garblings, and independent checks of the best public equilibria."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from math import inf
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.game.monitoring import PublicSignals, late_shipments
from detente.repeated.check import is_subgame_perfect
from detente.repeated.public.best_value import (
    PublicValue,
    best_public_value,
    price_of_noise,
    sustainable_where,
    value_of_monitoring,
)
from detente.repeated.public.punishment_length import best_punishment_length


def pd(T: Any, R: Any, P: Any, S: Any) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=["Relax", "Restrict"])


def binary(p: Any, q: Any, r: Any) -> Any:
    """Good news with probability p, q, r after none, one, two restrictions."""
    good = {(0, 0): F(p), (0, 1): F(q), (1, 0): F(q), (1, 1): F(r)}
    return dt.public_signals(["good", "bad"], {a: [g, 1 - g] for a, g in good.items()})


def random_dilemma(rng: random.Random) -> list[F]:
    return [F(x) for x in sorted(rng.sample(range(20), 4), reverse=True)]


# --- the binary signal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_binary_signal_has_its_closed_form(seed: int) -> None:
    """Abreu, Milgrom and Pearce (1991): V = R − (T − R)(1 − p)/(p − q), from a threshold of patience on."""
    rng = random.Random(seed)
    T, R, P, S = random_dilemma(rng)
    r, q, p = sorted(F(x, 20) for x in rng.sample(range(1, 20), 3))
    d = F(rng.randint(0, 19), 20)
    rg = dt.RepeatedGame(pd(T, R, P, S), d, monitoring=binary(p, q, r))
    V, threshold = R - (T - R) * (1 - p) / (p - q), (T - R) / ((T - R) * p + (p - q) * (R - P))
    found = best_public_value(rg)
    assert found.value == (V if V > P and d >= threshold else P)
    assert found.worst == P
    found.verify()
    if found.value > P:
        assert found.trigger["bad"] == (1 - d) * (T - R) / (d * (p - q) * (V - P))
        assert found.trigger["good"] == 0
    region = sustainable_where(rg, over="discount")
    expected = IntervalSet((Interval(threshold, F(1), True, False),)) if threshold < 1 else IntervalSet()
    assert region.set == expected
    region.verify()


def test_the_published_example() -> None:
    rg = dt.RepeatedGame(pd(3, 2, 0, -1), "3/4", monitoring=binary("9/10", "1/2", "1/4"))
    assert best_public_value(rg).value == F(7, 4)
    assert sustainable_where(rg, over="discount").least == F(10, 17)


def test_the_equilibrium_is_an_agreement_that_incentives_confirm() -> None:
    rng = random.Random(7)
    seen = 0
    for _ in range(40):
        T, R, P, S = random_dilemma(rng)
        r, q, p = sorted(F(x, 20) for x in rng.sample(range(1, 20), 3))
        found = best_public_value(dt.RepeatedGame(pd(T, R, P, S), F(19, 20), monitoring=binary(p, q, r)))
        inc = dt.incentives(found.repeated, found.agreement)
        assert inc.holds
        assert inc.values["path"] == (found.value, found.value)
        if "punishment" in list(inc.values):
            seen += 1
            assert inc.values["punishment"] == (found.worst, found.worst)
    assert seen > 3


def test_late_shipments_in_words_of_noise_and_detection() -> None:
    game = pd(5, 3, 1, 0)
    rg = dt.RepeatedGame(game, "9/10", monitoring=late_shipments(game, "1/10", "1/2"))
    T, R = F(5), F(3)
    assert best_public_value(rg).value == R - (T - R) * F(1, 10) / (F(1, 2) - F(1, 10))
    assert price_of_noise(rg) == F(1, 2)
    region = sustainable_where(rg)
    # (T−R)/[(d−ε)(R−P)+(1−ε)(T−R)] = 9/10 at ε = 7/36; above 1/2 a late shipment is good news.
    assert region.set == IntervalSet((Interval(F(0), F(7, 36)), Interval(F(29, 36), F(1))))
    region.verify()
    assert sustainable_where(rg, over=("signal", "detection")).least == F(14, 45)
    half = sustainable_where(rg, at_least="5/2")
    half.verify()
    assert half.intervals[0] == Interval(F(0), F(1, 10))
    assert sustainable_where(rg, ("Restrict", "Restrict")).intervals == (Interval(F(0), F(1)),)


# --- any signal --------------------------------------------------------------------------------------------------


def random_game(rng: random.Random) -> dt.RepeatedGame:
    m = rng.choice([2, 2, 3])
    game = dt.Game.symmetric([[rng.randint(0, 9) for _ in range(m)] for _ in range(m)])
    kind = rng.randrange(4)
    monitoring: Any = dt.perfect()
    if kind == 1:
        monitoring = dt.trembles(F(rng.randint(1, 6), 20))
    elif kind > 1:
        labels = [f"y{k}" for k in range(rng.choice([2, 3]))]
        prob = {}
        for a, b in product(range(m), repeat=2):
            weights = [rng.randint(0, 4) for _ in labels]
            weights[0] += 1
            prob[a, b] = [F(w, sum(weights)) for w in weights]
            if kind == 2 and (b, a) in prob:
                prob[a, b] = prob[b, a]
        monitoring = dt.public_signals(labels, prob)
    return dt.RepeatedGame(game, F(rng.randint(0, 19), 20), F(rng.randint(0, 2), 10), monitoring)


@pytest.mark.parametrize("seed", range(40))
def test_random_signals_are_proven_and_played(seed: int) -> None:
    rg = random_game(random.Random(seed))
    found = best_public_value(rg)
    found.verify()
    if found.value is None:
        return
    inc = dt.incentives(found.repeated, found.agreement)
    assert inc.holds
    assert set(inc.values["path"]) == {found.value}
    region = sustainable_where(rg, found.path, "discount", at_least=found.value)
    assert rg.discount[0] in region
    higher = sustainable_where(rg, found.path, "discount", at_least=found.value + F(1, 1000))
    assert rg.discount[0] not in higher
    if seed % 3 == 0:
        region.verify()
        higher.verify()


@pytest.mark.parametrize("seed", range(16))
def test_random_regions_are_proven_point_by_point(seed: int) -> None:
    rng = random.Random(9000 + seed)
    rg = random_game(rng)
    a = rng.randrange(rg.game.shape[0])
    payoff = rg.game.exact_payoffs[0, a, a]
    over: list[Any] = ["discount", "breakdown"]
    if hasattr(rg.monitoring, "labels"):
        over += [("signal", (0, 0), "y0"), ("signal", (1, 0), "y1")]
    for parameter in over:
        floor = rng.choice([None, payoff - F(1, 2)])
        sustainable_where(rg, (a, a), parameter, at_least=floor).verify()


def iterated_interval(rg: dt.RepeatedGame, rounds: int = 400) -> tuple[float, float] | None:
    """Abreu, Pearce and Stacchetti (1990): outer iteration on intervals of symmetric values, by HiGHS in floats."""
    from scipy.optimize import linprog

    game, beta = rg.game, float(rg.effective_discount[0])
    m = game.shape[0]
    labels = range(len(rg.monitoring.labels))  # type: ignore[union-attr]

    def odds(profile: tuple[int, int]) -> np.ndarray:
        return np.array([float(p) for p in rg.monitoring.distribution(game, profile)])  # type: ignore[union-attr]

    u = game.payoffs
    lo, hi = float(u.min()), float(u.max())
    for _ in range(rounds):
        ends = []
        for a in range(m):
            kept = odds((a, a))
            rows, right = [], []
            for d in range(m):
                for i, profile in ((0, (d, a)), (1, (a, d))):
                    rows.append(beta * (odds(profile) - kept))
                    right.append((1 - beta) * (u[0, a, a] - u[(i, *profile)]) + 1e-11)
            for sign in (1, -1):
                best = linprog(sign * beta * kept, A_ub=rows, b_ub=right, bounds=[(lo, hi)] * len(labels))
                if best.status == 0:
                    ends.append((1 - beta) * u[0, a, a] + sign * best.fun)
        if not ends:
            return None
        lo, hi = max(lo, min(ends)), min(hi, max(ends))
        if lo > hi + 1e-9:
            return None
        lo, hi = min(lo, hi), max(lo, hi)
    return lo, hi


@pytest.mark.parametrize("seed", range(12))
def test_against_set_iteration(seed: int) -> None:
    rng = random.Random(400 + seed)
    while True:
        rg = random_game(rng)
        if hasattr(rg.monitoring, "labels") and 0 < rg.effective_discount[0] < F(4, 5):
            break
    found, outer = best_public_value(rg), iterated_interval(rg, 80)
    assert (outer is None) == (found.value is None)
    if outer is not None and found.value is not None:
        assert float(found.value) == pytest.approx(outer[1], abs=1e-5)
        assert float(found.worst) == pytest.approx(outer[0], abs=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(15))
def test_garbling_never_helps(seed: int) -> None:
    """Kandori (1992): a garbled signal sustains no more."""
    rng = random.Random(800 + seed)
    T, R, P, S = random_dilemma(rng)
    r, q, p = sorted(F(x, 20) for x in rng.sample(range(1, 20), 3))
    keep, flip = F(rng.randint(5, 10), 10), F(rng.randint(0, 5), 10)
    garbled = binary(*(keep * x + flip * (1 - x) for x in (p, q, r)))
    rg = dt.RepeatedGame(pd(T, R, P, S), F(9, 10), monitoring=garbled)
    assert value_of_monitoring(rg, binary(p, q, r)) >= 0
    assert price_of_noise(rg) >= 0


def test_no_equilibrium_in_pure_symmetric_actions() -> None:
    pennies = dt.Game([[[0, 1], [1, 0]], [[0, 1], [1, 0]]])  # anti-coordination: symmetric profiles are no equilibrium
    rg = dt.RepeatedGame(pennies, "1/10")
    found = best_public_value(rg)
    assert found.value is None
    found.verify()
    assert "no symmetric" in repr(found)
    with pytest.raises(dt.UnsupportedError):
        found.agreement  # noqa: B018
    with pytest.raises(dt.UnsupportedError):
        price_of_noise(rg)
    assert sustainable_where(rg, over="discount").is_empty


def asymmetric(rng: random.Random) -> dt.Game:
    """Two dilemmas of different sizes, one for each player."""
    A, B = (random_dilemma(rng) for _ in range(2))
    (T, R, P, S), (t, r, p, s) = A, B
    return dt.Game.bimatrix([[R, S], [T, P]], [[r, t], [s, p]], players=["US", "China"], actions=["Relax", "Restrict"])


@pytest.mark.parametrize("seed", range(15))
def test_players_with_unequal_payoffs(seed: int) -> None:
    """What is found is an equilibrium of the game as it stands, worth what is said to each; units do not matter."""
    rng = random.Random(700 + seed)
    game = asymmetric(rng)
    monitoring = rng.choice([dt.perfect(), dt.trembles(F(rng.randint(1, 9), 40)), late_shipments(game, "1/10", "1/2")])
    rg = dt.RepeatedGame(game, F(rng.randint(12, 19), 20), monitoring=monitoring)
    found = best_public_value(rg)
    found.verify()
    assert found.value is not None
    assert found.values is not None
    inc = dt.incentives(found.repeated, found.agreement)
    assert inc.holds
    assert inc.values["path"] == found.values
    assert found.values["US"] == found.value
    over = "discount" if rng.random() < 0.5 or monitoring == dt.perfect() else "noise"
    region = sustainable_where(rg, over=over)
    region.verify()
    moved = rg.replace(game=game.affine("China", 10**9, -3))
    assert best_public_value(moved).value == found.value
    assert sustainable_where(moved, over=over).set == region.set
    swapped = rg.replace(game=dt.Game.bimatrix(*game.exact_payoffs.transpose(0, 2, 1)[::-1]))
    if not isinstance(monitoring, PublicSignals):
        back = best_public_value(swapped).values
        assert back is not None
        assert tuple(back)[::-1] == tuple(found.values)


def test_units_of_three_players_with_three_actions() -> None:
    """A public good with three players, one of them paid in another currency."""
    rng = random.Random(5)
    u = np.empty((3, 3, 3, 3), dtype=object)
    worth = [0, 3, 4]
    for p in product(range(3), repeat=3):
        for i in range(3):
            u[(i, *p)] = F(sum(worth[a] for a in p)) - 2 * worth[p[i]]
    game = dt.Game(u)
    rg = dt.RepeatedGame(game, F(rng.randint(14, 19), 20), monitoring=dt.trembles("1/30"))
    other = rg.replace(game=game.affine(1, F(7, 3), -11).affine(2, F(1, 10**9), 4))
    plain, found = best_public_value(rg), best_public_value(other)
    found.verify()
    assert plain.values is not None
    assert found.values is not None
    assert found.value == plain.value > 0
    assert found.values == (plain.value, plain.value * F(7, 3) - 11, plain.value * F(1, 10**9) + 4)
    assert plain.values == (plain.value,) * 3


def test_no_positive_scaling_no_certificate() -> None:
    """A claim about a game whose payoffs cannot be put in common units fails its own check."""
    found = best_public_value(dt.RepeatedGame(pd(5, 3, 1, 0), "9/10"))
    with pytest.raises(dt.CertificateError, match="common units"):
        replace(found, rg=found.rg.replace(game=dt.Game.bimatrix([[3, 0], [5, 1]], [[1, 5], [0, 3]]))).verify()


def test_what_ends_cooperation() -> None:
    """Beyond the most noise the temptation to restrict on the path is what cannot be deterred, for either player."""
    game = pd(5, 3, 1, 0)
    rg = dt.RepeatedGame(game, "9/10", monitoring=late_shipments(game, "1/10", "1/2"))
    region = sustainable_where(rg)
    end = F(7, 36)
    assert [tuple(c) for c in region.beyond[end, "above"]] == [(p, "path", "Restrict") for p in ("US", "China")]
    assert region.binding[end] == region.beyond[end, "above"]
    assert "above 7/36, US would gain by Restrict in state 'path'" in region.explain()
    assert all(region.binding[e] for i in region.intervals for e in (i.lo, i.hi) if 0 < e < 1)
    # Abreu's (1988) Cournot game, section 5 there: at 3/5 it is the stick that is no longer taken, for low output.
    stick = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
    patience = sustainable_where(dt.RepeatedGame(stick, 0), (0, 0), "discount")
    assert {(c.state, c.deviation) for c in patience.beyond[F(3, 5), "below"]} == {("punishment", 0)}


def test_perfect_monitoring_is_a_signal_that_never_errs() -> None:
    game = pd(5, 3, 1, 0)
    for d in (F(1, 4), F(1, 2), F(9, 10)):
        seen = best_public_value(dt.RepeatedGame(game, d))
        told = best_public_value(dt.RepeatedGame(game, d, monitoring=binary(1, 0, 0)))
        assert seen.value == told.value == (3 if d >= F(1, 2) else 1)
    stick = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])  # Abreu's (1988) Cournot game
    region = sustainable_where(dt.RepeatedGame(stick, 0), (0, 0), "discount")
    assert region.set == IntervalSet((Interval(F(3, 5), F(1), True, False),))  # stick and carrot, section 5 there
    region.verify()


def test_players_who_do_not_care_for_the_future() -> None:
    """At β = 0 the equilibria are those of the stage game, of which the best and the worst come out."""
    two = dt.Game.symmetric([[3, 0], [2, 1]])
    found = best_public_value(dt.RepeatedGame(two, 0, monitoring=binary("9/10", "1/2", "1/4")))
    assert (found.value, found.worst) == (3, 1)
    found.verify()
    assert dt.incentives(found.repeated, found.agreement).holds


def test_larger_games_and_a_budget() -> None:
    m = 10
    circle = dt.Game.symmetric([[int((i + 1) % m == j) for j in range(m)] for i in range(m)])
    none = best_public_value(dt.RepeatedGame(circle, "9/10"))
    assert none.value is None
    none.verify()
    rng = random.Random(2)
    game = dt.Game.symmetric([[rng.randint(0, 9) for _ in range(m)] for _ in range(m)])
    part = best_public_value(dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/10")), budget=1e-9)
    assert not part.complete
    part.verify()
    with pytest.raises(dt.ParameterError, match="budget"):
        best_public_value(dt.RepeatedGame(game, "9/10"), budget=0)
    with pytest.raises(dt.UnsupportedError):
        best_public_value(dt.RepeatedGame(dt.Game.symmetric(np.arange(2500).reshape(50, 50)), "9/10"))


def test_three_players() -> None:
    u = [[[[1 - (a, b, c)[i] + F(a + b + c, 2) for c in (1, 0)] for b in (1, 0)] for a in (1, 0)] for i in range(3)]
    game = dt.Game(u, actions=["Give", "Keep"])
    rg = dt.RepeatedGame(game, "9/10", monitoring=late_shipments(game, "1/10", "3/5"))
    found = best_public_value(rg)
    found.verify()
    assert found.value == F(3, 2) - F(1, 2) * F(1, 10) / F(1, 2)


def test_false_values_fail_verification() -> None:
    game = pd(5, 3, 1, 0)
    found = best_public_value(dt.RepeatedGame(game, "9/10", monitoring=late_shipments(game, "1/10", "1/2")))
    assert found.value is not None
    for change in (
        {"value": found.value + F(1, 10)},
        {"value": F(2)},
        {"value": F(1), "worst": F(1), "path": found.punishment, "trigger": {}, "release": {}},
        {"trigger": {}},
        {"multipliers": {}},
        {"value": None},
    ):
        fields = {k: getattr(found, k) for k in found.__dataclass_fields__}
        with pytest.raises(dt.CertificateError):
            PublicValue(**{**fields, **change}).verify()


@pytest.mark.parametrize("scale", [10**9, F(1, 10**9), 3])
def test_scale_and_shift_change_values_and_nothing_else(scale: Any) -> None:
    game = pd(5, 3, 1, 0)
    moved = game.affine(0, scale, 7).affine(1, scale, 7)
    here, there = (
        best_public_value(dt.RepeatedGame(g, "9/10", monitoring=late_shipments(g, "1/10", "1/2")))
        for g in (game, moved)
    )
    assert here.value is not None
    assert there.value == here.value * scale + 7
    assert there.trigger == here.trigger
    there.verify()


# --- the length of punishment ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_shortest_length_by_trying_all(seed: int) -> None:
    rng = random.Random(seed)
    T, R, P, S = random_dilemma(rng)
    game = pd(T, R, P, S)
    d = [F(rng.randint(8, 19), 20)] * 2 if seed % 3 else [F(rng.randint(8, 19), 20) for _ in range(2)]
    r, q, p = sorted(F(x, 20) for x in rng.sample(range(1, 20), 3))
    monitoring = [binary(p, q, r), dt.trembles(F(1, rng.randint(10, 60))), dt.perfect()][seed % 4 % 3]
    rg = dt.RepeatedGame(game, d, F(rng.randint(0, 1), 20), monitoring)
    found = best_punishment_length(rg)
    found.verify()
    tried = [k for k in range(1, 9) if is_subgame_perfect(rg, found.with_length(k))]
    grim = is_subgame_perfect(rg, found.with_length(inf))
    assert (found.length is not None) == grim
    if tried:
        assert found.length == tried[0]
        assert tried == list(range(tried[0], 9))
    else:
        assert found.length is None or found.length > 8
    if found.length is not None and found.length < 20:
        assert tuple(dt.incentives(rg, found.agreement).values["path"]) == found.values
        assert found.values >= found.grim_values
    assert tuple(dt.incentives(rg, found.with_length(inf)).values["path"]) == found.grim_values


def test_public_lots_do_away_with_whole_numbers() -> None:
    rng = random.Random(3)
    for _ in range(20):
        T, R, P, S = random_dilemma(rng)
        r, q, p = sorted(F(x, 20) for x in rng.sample(range(1, 20), 3))
        rg = dt.RepeatedGame(pd(T, R, P, S), F(19, 20), monitoring=binary(p, q, r))
        whole, best = best_punishment_length(rg), best_public_value(rg).value
        assert best is not None
        assert (whole.length is not None) == (best > P)
        if whole.values is not None:
            assert whole.grim_values[0] <= whole.values[0] <= best


def test_a_long_punishment_and_one_for_ever() -> None:
    game = pd(5, 3, 1, 0)
    patient = dt.RepeatedGame(game, "999/1000", monitoring=late_shipments(game, "1/5", "41/100"))
    found = best_punishment_length(patient)
    assert isinstance(found.length, int)
    assert found.length > 100
    found.verify()
    exact = best_punishment_length(dt.RepeatedGame(game, "1/2"))
    assert exact.length == inf
    exact.verify()
    assert "for ever" in repr(exact)
    assert exact.values == (3, 3)
    never = best_punishment_length(dt.RepeatedGame(game, "2/5"))
    assert never.length is None
    never.verify()
    with pytest.raises(dt.UnsupportedError):
        never.agreement  # noqa: B018
    # Punishing with a profile that is no equilibrium deters no one, whatever its length.
    cournot = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
    assert best_punishment_length(dt.RepeatedGame(cournot, "9/10")).length is None
    assert best_punishment_length(dt.RepeatedGame(cournot, "9/10"), punishment=(1, 1)).length == 2


# --- given agreements, and input ---------------------------------------------------------------------------------


def test_trigger_forgiving_and_contrite_agreements_under_noise() -> None:
    game = pd(5, 3, 1, 0)
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/50"))
    values = {}
    for rule in (dt.agreements.grim_trigger, dt.agreements.contrite_tit_for_tat, dt.agreements.win_stay_lose_shift):
        ag = rule(game)
        for over in ("noise", "discount"):
            region = dt.holds_where(rg, ag, over)
            region.verify()
        values[ag.name] = dt.incentives(rg, ag).values[ag.start][0]
    assert values["contrite tit for tat"] > values["grim trigger"]
    best = best_public_value(rg).value
    assert best is not None
    assert best >= values["grim trigger"]


def test_bad_input() -> None:
    game = pd(5, 3, 1, 0)
    signal = late_shipments(game, "1/10", "1/2")
    rg = dt.RepeatedGame(game, "9/10", monitoring=signal)
    with pytest.raises(dt.ParameterError):
        best_public_value(game)  # type: ignore[arg-type]
    with pytest.raises(dt.UnsupportedError, match="discount"):
        best_public_value(rg.replace(discount=["9/10", "1/2"]))
    with pytest.raises(dt.UnsupportedError, match="shape"):
        best_public_value(dt.RepeatedGame(dt.Game.bimatrix([[1, 2]], [[3, 4]]), "1/2"))
    deadlock = dt.Game.bimatrix([[3, 0], [5, 1]], [[1, 5], [0, 3]])  # the second player prefers both to restrict
    for unequal in (deadlock, dt.Game.bimatrix([[3, 0], [5, 3]], [[3, 5], [0, 1]])):
        with pytest.raises(dt.UnsupportedError, match="affine"):
            best_public_value(dt.RepeatedGame(unequal, "1/2"))
        with pytest.raises(dt.UnsupportedError, match="affine"):
            sustainable_where(dt.RepeatedGame(unequal, "1/2"))
    for budget in (0, -1, "x", float("nan")):
        with pytest.raises(dt.ParameterError, match="budget"):
            sustainable_where(rg, budget=budget)  # type: ignore[arg-type]
        with pytest.raises(dt.ParameterError, match="budget"):
            best_punishment_length(rg, budget=budget)  # type: ignore[arg-type]
    for spent in (lambda: sustainable_where(rg, budget=1e-9), lambda: best_punishment_length(rg, budget=1e-9)):
        with pytest.raises(dt.UnsupportedError, match="more seconds"):
            spent()
    with pytest.raises(dt.UnsupportedError, match="same action"):
        sustainable_where(rg, ("Relax", "Restrict"))
    with pytest.raises(dt.DetenteError):
        sustainable_where(rg, over="weather")
    with pytest.raises(dt.DetenteError):
        sustainable_where(rg, at_least="nan")
    with pytest.raises(dt.ParameterError):
        value_of_monitoring(rg, "perfect")  # type: ignore[arg-type]
    with pytest.raises(dt.LabelError):
        best_punishment_length(rg, bad=["lost"])
    with pytest.raises(dt.ParameterError, match="bad"):
        best_punishment_length(dt.RepeatedGame(game, "1/2"), bad=["late"])
    with pytest.raises(dt.UnsupportedError, match="worse"):
        best_punishment_length(rg, punishment=("Relax", "Relax"))
    with pytest.raises(dt.ParameterError):
        best_punishment_length(game)  # type: ignore[arg-type]
    with pytest.raises(dt.ParameterError, match="length"):
        best_punishment_length(rg).with_length(0)
