"""Where keeping the agreement is optimal against several types: explicit beliefs, the two-type region, closed forms."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import pytest

import detente as dt
from detente.trust.types.partner_types import KEEPER
from tests.trust.test_best_reply import NAMED, C, dilemma, random_prior, random_repeated, random_types
from tests.trust.test_trust import random_case


@pytest.mark.parametrize("seed", range(150))
def test_one_other_type_is_the_trust_region(seed: int) -> None:
    rng = random.Random(seed)
    rg, ag, machine = random_case(rng)
    player = rng.randint(0, 1)
    polytope = dt.prior_region(rg, ag, player=player, types={"other": machine})
    interval = dt.trust_region(rg, ag, player=player, opportunist=machine).intervals
    assert polytope.range(KEEPER) == ((interval[0].lo, interval[0].hi) if interval else None)


@pytest.mark.parametrize("seed", range(60))
def test_random_types_against_explicit_beliefs(seed: int) -> None:
    """verify() solves the belief-state problem at every vertex and beyond every facet; here at random priors too."""
    rng = random.Random(2000 + seed)
    _, ag, _ = random_case(rng)
    rg, types, player = random_repeated(rng), random_types(rng), rng.randint(0, 1)
    region = dt.prior_region(rg, ag, player=player, types=types)
    region.verify()
    for _ in range(6):
        prior = random_prior(rng, [KEEPER, *types])
        assert region.holds_at is not None
        assert (prior in region) == region.holds_at(prior)


def keeping_by_hand(rg: dt.RepeatedGame, ag: dt.Agreement, machine: dt.Machine, periods: int = 400) -> float:
    """Play it out: what keeping is worth to player 0, up to the discounted tail."""
    s, m, total, beta = ag.start, machine.start, 0.0, float(rg.effective_discount[0])
    for t in range(periods):
        profile = (ag.play[s][0], machine.play[m])
        total += (1 - beta) * beta**t * float(rg.game.payoff(profile)[0])
        moves = ag.move[s]
        s = moves[profile] if profile in moves else moves[...]
        m = machine.move[m].get(profile[0], machine.move[m].get(...))  # type: ignore[assignment]
    return total


def test_each_inequality_carries_a_plan_that_does_better_beyond_it() -> None:
    rg = dt.RepeatedGame(dilemma(), "4/5")
    ag = dt.agreements.grim_trigger(rg.game)
    types = {"tft": NAMED[0], "hawk": NAMED[4], "dove": NAMED[3]}
    region = dt.prior_region(rg, ag, player="US", types=types)
    assert region.dimension == 3
    for half in region.inequalities:
        plan = half.reason
        for name, machine in types.items():
            k = region.names.index(name)
            lead = keeping_by_hand(rg, ag, machine) - float(plan.payoffs[name])
            assert lead == pytest.approx(float(half.coefficients[k]), abs=1e-9)


def test_hawks_and_doves_against_grim_trigger_in_closed_form() -> None:
    """Keeper k, dove d, hawk w. Restricting for ever gains (1−β)(P−S) from a hawk, T−R from a dove, and from the keeper
    (1−β)T + βP − R; with grim trigger no plan that relaxes for a while first is needed once these are known apart."""
    T, R, P, S = 5, 3, 1, 0
    for k in range(11, 20):
        beta = F(k, 20)
        rg = dt.RepeatedGame(dilemma(T, R, P, S), beta)
        region = dt.prior_region(
            rg, dt.agreements.grim_trigger(rg.game), player=0, types={"dove": NAMED[3], "hawk": NAMED[4]}
        )
        ((lo, _),) = (region.range(KEEPER),)
        assert lo == min(
            (1 - beta) * (P - S) / (R - P - (1 - beta) * (T + S - 2 * P)),
            (T - R) / (T - R + R - (1 - beta) * T - beta * P),
        )
        for i, j in product(range(9), repeat=2):
            if i + j <= 8:
                keeper, dove, hawk = F(i, 8), F(j, 8), F(8 - i - j, 8)
                gain = keeper * ((1 - beta) * T + beta * P - R) + dove * (T - R) + hawk * (1 - beta) * (P - S)
                if gain > 0:
                    assert [keeper, dove, hawk] not in region


def test_a_lower_dimensional_and_an_empty_region() -> None:
    grim = dt.agreements.grim_trigger(dilemma())
    at_threshold = dt.prior_region(
        dt.RepeatedGame(dilemma(), "1/2"), grim, player=0, types={"hawk": NAMED[4], "d": NAMED[3]}
    )
    assert at_threshold.vertices == ((F(1), F(0), F(0)),)
    assert at_threshold.dimension == 0
    at_threshold.verify()
    below = dt.prior_region(dt.RepeatedGame(dilemma(), "2/5"), grim, player=0, types={"hawk": NAMED[4], "d": NAMED[3]})
    assert below.is_empty
    below.verify()


def test_types_that_behave_like_the_keeper_cost_nothing() -> None:
    """The public grim trigger and the machine differ only after the player's own breach, so keeping needs no keeper."""
    rg = dt.RepeatedGame(dilemma(), "9/10")
    region = dt.prior_region(
        rg, dt.agreements.grim_trigger(rg.game), player=0, types={"grim": NAMED[1], "hawk": NAMED[4]}
    )
    assert region.range("grim") == (0, 1)
    assert region.range("hawk") == (0, F(16, 17))


def test_affine_payoffs_and_the_order_of_types() -> None:
    rng = random.Random(8)
    for _ in range(15):
        _, ag, _ = random_case(rng)
        rg, types = random_repeated(rng), random_types(rng)
        region = dt.prior_region(rg, ag, player=0, types=types)
        scaled = rg.replace(game=rg.game.affine(0, "7/3", -5))
        assert dt.prior_region(scaled, ag, player=0, types=types).vertices == region.vertices
        turned = dt.prior_region(rg, ag, player=0, types=dict(reversed(types.items())))
        back = {tuple(v[turned.names.index(n)] for n in region.names) for v in turned.vertices}
        assert back == set(region.vertices)


def test_bad_input() -> None:
    rg = dt.RepeatedGame(dilemma(), "9/10")
    grim = dt.agreements.grim_trigger(rg.game)
    with pytest.raises(dt.ParameterError, match="types"):
        dt.prior_region(rg, grim, player=0, types={})
    with pytest.raises(dt.ParameterError, match="keeper"):
        dt.prior_region(rg, grim, player=0, types={KEEPER: NAMED[4]})
    with pytest.raises(dt.UnsupportedError, match="trust_bounds"):
        dt.prior_region(rg.replace(monitoring=dt.trembles("1/9")), grim, player=0, types={"hawk": NAMED[4]})
    with pytest.raises(dt.ParameterError, match="add up"):
        assert {KEEPER: "1/2"} in dt.prior_region(rg, grim, player=0, types={"hawk": NAMED[4]})
    assert {KEEPER: 1} in dt.prior_region(rg, grim, player=0, types={"hawk": NAMED[4]})
    mixed = dt.Agreement({"s": (C, ["1/2", "1/2"])}, {"s": {...: "s"}})
    with pytest.raises(dt.UnsupportedError, match="mixed"):
        dt.prior_region(rg, mixed, player=0, types={"hawk": NAMED[4]})
