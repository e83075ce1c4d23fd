"""Three and more players and more than two actions: closed forms, and random automata against the independent check."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.repeated.check import is_nash, is_subgame_perfect
from tests.repeated.cases import random_agreement, random_game, random_monitoring, summed_values


def from_on(end: Any) -> IntervalSet:
    return IntervalSet((Interval(end, F(1), True, False),)) if end < 1 else IntervalSet()


def public_good(n: int, share: F) -> dt.Game:
    """Each may keep 1 or give it; every gift returns ``share`` to everyone."""
    u = [
        {p: 1 - (p[i] == "Give") + share * p.count("Give") for p in product(("Give", "Keep"), repeat=n)}
        for i in range(n)
    ]
    return dt.Game.from_profiles({p: [u[i][p] for i in range(n)] for p in u[0]})


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_a_public_good_among_many(n: int) -> None:
    """With 1/n < share < 1 giving is a dilemma; grim trigger needs δ ≥ (T − R)/(T − P) = (1 − m)/(m(n − 1))."""
    m = F(3, n + 2)
    game = public_good(n, m)
    region = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game))
    assert region.set == from_on((1 - m) / (m * (n - 1)))
    region.verify()
    assert len(region.binding[region.least]) == n  # type: ignore[index]
    limited = dt.holds_where(dt.RepeatedGame(game, 0), dt.agreements.limited_punishment(game, 1))
    assert limited.set == from_on((1 - m) / (m * n - 1))


def test_cournot_with_three_outputs() -> None:
    """Abreu (1988), *Econometrica* 56: low output by grim trigger from 5/8, by stick and carrot from 3/5."""
    game = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]], actions=["low", "middle", "high"])
    rg = dt.RepeatedGame(game, 0)
    middle, high = ("middle", "middle"), ("high", "high")
    assert dt.holds_where(rg, dt.agreements.nash_reversion(game)).set == from_on(F(5, 8))
    assert dt.agreements.nash_reversion(game).play["punishment"] == middle
    assert dt.holds_where(rg, dt.agreements.grim_trigger(game, punishment=high)).is_empty
    stick = dt.holds_where(rg, dt.agreements.carrot_and_stick(game, stick=high))
    stick.verify()
    # Keeping to low needs 5 ≤ 25δ; serving the stick, against low output that earns 0 instead of −15, 15 ≤ 25δ.
    assert stick.set == from_on(F(3, 5))
    assert [tuple(c)[1:] for c in stick.binding[F(3, 5)]] == [("stick", "low"), ("stick", "low")]


def test_patience_of_each_is_a_factor_of_a_product() -> None:
    """Where an agreement holds in (δ₁, δ₂, δ₃) is a box product of sets, one for each player."""
    rng = random.Random(7)
    for _ in range(12):
        game = random_game(rng, (2, 2, 2))
        ag = random_agreement(rng, game, dt.perfect(), 2)
        rg = dt.RepeatedGame(game, "1/2")
        factors = [dt.holds_where(rg, ag, ("discount", i), player=i) for i in range(3)]
        for factor in factors:
            factor.verify()
        common = dt.holds_where(rg, ag)
        assert (factors[0].set & factors[1].set & factors[2].set) == common.set
        for _ in range(10):
            deltas = [F(rng.randint(0, 19), 20) for _ in range(3)]
            inside = all(d in factor for d, factor in zip(deltas, factors, strict=True))
            assert inside == is_subgame_perfect(rg.replace(discount=deltas), ag)


@given(st.integers(0, 10**6), st.fractions(0, F(4, 5), max_denominator=10))
def test_hazard_enters_only_with_patience(seed: int, h: F) -> None:
    rng = random.Random(seed)
    game = random_game(rng, rng.choice([(2, 2, 2), (2, 3)]))
    monitoring = random_monitoring(rng, game, rng.choice(["perfect", "trembles", "signals"]))
    ag = random_agreement(rng, game, monitoring, 2, mixed=0.2)
    delta = F(rng.randint(1, 9), 10)
    with_hazard = dt.incentives(dt.RepeatedGame(game, delta, h, monitoring), ag)
    without = dt.incentives(dt.RepeatedGame(game, delta * (1 - h), 0, monitoring), ag)
    assert with_hazard.table == without.table
    assert dict(with_hazard.values) == dict(without.values)


@pytest.mark.parametrize("seed", range(15))
def test_names_and_order_of_players_do_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    game = random_game(rng, (2, 3, 2))
    monitoring = random_monitoring(rng, game, "trembles")
    ag = random_agreement(rng, game, monitoring, 3, mixed=0.2)
    rg = dt.RepeatedGame(game, "3/4", monitoring=monitoring)
    turn = [2, 0, 1]
    payoffs = [game.exact_payoffs[j].transpose(turn) for j in turn]
    turned = dt.Game(payoffs, players=["x", "y", "z"], actions=[game.actions[j] for j in turn])
    other = dt.Agreement(
        {s: tuple(profile[j] for j in turn) for s, profile in ag.play.items()},
        {s: {tuple(o[j] for j in turn): t for o, t in moves.items()} for s, moves in ag.move.items()},
    )
    there = rg.replace(game=turned)
    for over in ("discount", "noise"):
        for concept in ("subgame-perfect", "nash"):
            assert dt.holds_where(rg, ag, over, concept).set == dt.holds_where(there, other, over, concept).set  # type: ignore[arg-type]
    assert sorted(r.slack for r in dt.incentives(rg, ag).table) == sorted(
        r.slack for r in dt.incentives(there, other).table
    )


def check(rng: random.Random, kind: str, states: int) -> None:
    game = random_game(rng, rng.choice([(2, 2, 2), (3, 2, 2), (3, 3), (2, 3)]))
    monitoring = random_monitoring(rng, game, kind)
    ag = random_agreement(rng, game, monitoring, states)
    rg = dt.RepeatedGame(game, F(rng.randint(1, 9), 10), F(rng.randint(0, 3), 10), monitoring)
    inc = dt.incentives(rg, ag)
    inc.verify()
    assert [float(v) for v in inc.values[ag.start]] == pytest.approx(summed_values(rg, ag, 150), abs=1e-4)
    for over in ("discount", "breakdown", *([] if kind == "signals" else ["noise"])):
        spe, nash = (dt.holds_where(rg, ag, over, c) for c in ("subgame-perfect", "nash"))  # type: ignore[arg-type]
        spe.verify()
        nash.verify()
        assert not (spe.set - nash.set)
    assert is_nash(rg, ag) or not is_subgame_perfect(rg, ag)


@pytest.mark.parametrize("kind", ["perfect", "trembles", "signals"])
@pytest.mark.parametrize("seed", range(12))
def test_random_games_of_more_players_and_actions(kind: str, seed: int) -> None:
    rng = random.Random(f"{kind}-{seed}")
    check(rng, kind, rng.randint(1, 2))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["perfect", "trembles", "signals"])
@pytest.mark.parametrize("seed", range(60))
def test_many_random_games_of_more_players_and_actions(kind: str, seed: int) -> None:
    rng = random.Random(f"many-{kind}-{seed}")
    check(rng, kind, rng.randint(1, 4))
