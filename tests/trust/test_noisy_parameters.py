"""Trust under noise as another parameter varies: against the exact answer at each value of it, and by hand."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import ONE
from detente.game.monitoring import late_shipments
from detente.repeated.parameters import resolve_over, with_parameter
from detente.trust.noise import along
from tests.trust.test_noisy import random_signals
from tests.trust.test_trust import C, D, pd, random_case

DILEMMA = pd(5, 3, 1, 0)
GRIM = dt.agreements.grim_trigger(DILEMMA)
# Cases in which infinitely many plans matter, so that there is no exact answer
INFINITE = {(seed, ("signal", (C, D), "good")) for seed in (5,)}


def agree(
    rg: dt.RepeatedGame,
    ag: dt.Agreement,
    machine: dt.Machine,
    player: int,
    over: Any,
    trust: F,
    may_be_inexact: bool = False,
) -> None:
    """At sample points the region says what the exact interval of priors at that value of the parameter says."""
    region = dt.trust_region(rg, ag, player=player, opportunist=machine, over=over, trust=trust)
    region.verify()
    choice = resolve_over(over, rg)
    for x in {*region.sample_points()[:: 6 if may_be_inexact else 3], F(7, 41)}:
        there = dt.trust_bounds(with_parameter(rg, choice, x), ag, player=player, opportunist=machine, budget=0.5)
        assert there.exact or may_be_inexact
        if trust in there.inside or trust not in there.possible:
            assert (x in region) == (trust in there.inside)


@pytest.mark.parametrize("seed", range(14))
def test_random_agreements(seed: int) -> None:
    rng = random.Random(4000 + seed)
    rg, ag, machine = random_case(rng)
    player, trust = rng.randint(0, 1), F(rng.choice([0, 1, 2, 3, 4, 5, 6]), 6)
    noisy = rg.replace(monitoring=dt.trembles(rng.choice(["1/50", "1/5", "1/2", "3/4"])))
    agree(rg, ag, machine, player, "noise", trust)
    for over in ("discount", "breakdown", ("payoff", player, (C, D))):
        agree(noisy, ag, machine, player, over, trust)


@pytest.mark.parametrize("seed", range(8))
def test_other_numbers_of_actions(seed: int) -> None:
    rng = random.Random(4100 + seed)
    shape = [(2, 3), (3, 2), (3, 3), (1, 2), (2, 1)][seed % 5]
    game = dt.Game([[[rng.randint(0, 9) for _ in range(shape[1])] for _ in range(shape[0])] for _ in range(2)])
    states = ["s", "t"]
    acts = list(product(range(shape[0]), range(shape[1])))
    ag = dt.Agreement({s: rng.choice(acts) for s in states}, {s: {a: rng.choice(states) for a in acts} for s in states})
    rg = dt.RepeatedGame(game, F(rng.randint(1, 9), 10), monitoring=dt.trembles("3/5"))
    machine = dt.machines.always(rng.randrange(shape[1]))
    for over in ("noise", "discount"):
        agree(rg, ag, machine, 0, over, F(1, 3))


def test_one_round_by_hand() -> None:
    """Stag hunt without a future: relaxing is best iff the partner is seen to relax with a chance of two thirds.

    Trust μ gives the chance μ(1 − ε) + (1 − μ)ε, and one's own slips cost the same whatever one means to do, up to the
    factor 1 − 2ε, which turns round at one half.
    """
    stag = dt.Game.symmetric([[4, 0], [3, 2]], actions=[C, D])
    relax = dt.agreements.unconditional((C, C))
    rg = dt.RepeatedGame(stag, 0)
    for trust, least in ((F(1), F(1, 3)), (F(3, 4), F(1, 6)), (F(2, 3), F(0))):
        region = dt.trust_region(rg, relax, player=0, over="noise", trust=trust)
        assert region.set == IntervalSet((Interval(F(0), least), Interval(F(1, 2), F(1))))
        region.verify()


def test_the_worked_case_is_on_the_boundary() -> None:
    """μ* = 2997241/20105760 at δ = 9/10 and ε = 1/20, seen from each of the two other parameters."""
    trust = F(2997241, 20105760)
    over_noise = dt.trust_region(dt.RepeatedGame(DILEMMA, "9/10"), GRIM, player="US", over="noise", trust=trust)
    assert over_noise.intervals[0] == Interval(F(0), F(1, 20))
    assert over_noise.binding[F(1, 20)][0].deviation == D
    noisy = dt.RepeatedGame(DILEMMA, "1/2", monitoring=dt.trembles("1/20"))
    assert dt.trust_region(noisy, GRIM, player="US", over="discount", trust=trust).least == F(9, 10)
    # No trust suffices at δ = 11/20, though without noise trust suffices from 1/2 on
    assert dt.trust_region(noisy, GRIM, player="US", over="discount", trust=1).least > F(11, 20)


def test_noise_vanishing() -> None:
    for trust in (F(1, 20), F(1, 17), F(1, 10)):
        region = dt.trust_region(dt.RepeatedGame(DILEMMA, "9/10"), GRIM, player="US", over="noise", trust=trust)
        assert (F(0) in region) == (trust >= F(1, 17))
        assert (F(1, 10**9) in region) == (trust > F(1, 17))


def test_units_and_names_do_not_matter() -> None:
    plain = dt.trust_region(dt.RepeatedGame(DILEMMA, "9/10"), GRIM, player="US", over="noise", trust="1/2").set
    for changed in (DILEMMA.affine(0, F(10) ** 9, -7), DILEMMA.affine(0, F(1, 10**9), 3)):
        assert dt.trust_region(dt.RepeatedGame(changed, "9/10"), GRIM, player=0, over="noise", trust="1/2").set == plain
    assert dt.trust_region(dt.RepeatedGame(DILEMMA, "9/10"), GRIM, player=1, over="noise", trust="1/2").set == plain


def test_verification_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    find = along.least_factors

    def no_drift(*given: Any) -> Any:
        found = find(*given)
        return found._replace(factors=dict.fromkeys(found.factors, (ONE, ONE)))

    monkeypatch.setattr(along, "least_factors", no_drift)
    noisy = dt.RepeatedGame(DILEMMA, "9/10", monitoring=dt.trembles("1/20"))
    forgiving = dt.agreements.limited_punishment(DILEMMA, 2)  # where trust can be lost for good
    with pytest.raises(dt.CertificateError):
        dt.trust_region(noisy, forgiving, player="US", over="discount", trust="9/10").verify()


TRIGGER = dt.Agreement(
    {"open": (C, C), "closed": (D, D)}, {"open": {"on time": "open", ...: "closed"}, "closed": {...: "closed"}}
)


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 6, 7])
def test_random_signals(seed: int) -> None:
    """Deviations teach the player something; finitely many plans are enough all the same."""
    rng = random.Random(4200 + seed)
    rg, _, _ = random_case(rng)
    monitoring, ag = random_signals(rng)
    rg, machine, player = rg.replace(monitoring=monitoring), dt.machines.always(rng.choice((C, D))), rng.randint(0, 1)
    for over in ("discount", "breakdown", ("payoff", player, (C, D)), ("signal", (C, D), "good")):
        try:
            agree(rg, ag, machine, player, over, F(rng.choice([0, 1, 2, 3, 4, 5, 6]), 6), may_be_inexact=True)
        except dt.UnsupportedError:
            assert (seed, over) in INFINITE


def test_a_trigger_on_late_shipments_over_what_is_seen() -> None:
    """Dilemma (5, 3, 1, 0), δ = 9/10: late with probability ε if both relax, 1/2 otherwise; restricting is the rival.

    Against a keeper the trigger gives 3 − 2·9ε/(1 + 9ε) and restricting for ever 4·(1/10)/(11/20) + 1; against an
    opportunist one is exploited for 20/11 periods on average, at 1 a period.
    """
    rg = dt.RepeatedGame(DILEMMA, "9/10", monitoring=late_shipments(DILEMMA, "1/20", "1/2"))
    for trust in (F(1, 4), F(1, 2), F(1)):
        # μ (9ε + 1)/(8 − 27ε) as the boundary: ε = (8μ − 1)/(9 + 27μ)
        region = dt.trust_region(rg, TRIGGER, player="US", over="noise", trust=trust)
        assert region.set == IntervalSet((Interval(F(0), (8 * trust - 1) / (9 + 27 * trust)),))
        region.verify()
    # μ = 29/(360 d − 47)
    region = dt.trust_region(rg, TRIGGER, player="US", over=("signal", "detection"), trust="1/2")
    assert region.set == IntervalSet((Interval(F(7, 24), F(1)),))
    region.verify()


def test_what_is_seen_says_the_same_whatever_oneself_does() -> None:
    """Two signals, one of each player's act: no deviation leaves a mark, and beliefs drift for ever."""
    rng = random.Random(1)
    for _ in range(10):
        rg, _, _ = random_case(rng)
        hit = {C: F(rng.randint(5, 9), 10), D: F(rng.randint(1, 5), 10)}
        labels = ["++", "+-", "-+", "--"]
        prob = {
            (a, b): [hit[a] * hit[b], hit[a] * (1 - hit[b]), (1 - hit[a]) * hit[b], (1 - hit[a]) * (1 - hit[b])]
            for a in (C, D)
            for b in (C, D)
        }
        states = ["s", "t", "u"]
        ag = dt.Agreement(
            {s: (rng.choice((C, D)), rng.choice((C, D))) for s in states},
            {s: {label: rng.choice(states) for label in labels} for s in states},
        )
        rg = rg.replace(monitoring=dt.public_signals(labels, prob))
        for over in ("discount", ("payoff", 0, (D, C))):
            agree(rg, ag, dt.machines.always(D), 0, over, F(1, 2))


def test_refusals() -> None:
    signals = late_shipments(DILEMMA, "1/20", "1/2")
    several = dt.machines.tit_for_tat(C, D)
    rg = dt.RepeatedGame(DILEMMA, "1/2", monitoring=signals)
    with pytest.raises(dt.UnsupportedError, match="opportunist"):
        dt.trust_region(rg, TRIGGER, player=0, opportunist=several, over="discount", trust="1/2")
    with pytest.raises(dt.UnsupportedError, match="exactly"):
        region_not_found_exactly()
    with pytest.raises(dt.UnsupportedError, match="over"):
        dt.trust_region(
            rg.replace(monitoring=dt.public_signals(signals.labels, signals.prob)),
            TRIGGER,
            player=0,
            over="noise",
            trust="1/2",
        )
    quiet = dt.RepeatedGame(DILEMMA, "1/2", monitoring=dt.trembles(0))
    assert not dt.trust_region(quiet, GRIM, player=0, over="discount", trust="1/2").is_empty


def region_not_found_exactly() -> dt.Region:
    rng = random.Random(329)
    rg, _, _ = random_case(rng)
    monitoring, ag = random_signals(rng)
    rg, machine, player = rg.replace(monitoring=monitoring), dt.machines.always(rng.choice((C, D))), rng.randint(0, 1)
    over = ("signal", (C, C), "good")
    return dt.trust_region(rg, ag, player=player, opportunist=machine, over=over, trust="1/2")


def test_acts_that_always_misfire() -> None:
    """With two acts that is perfect monitoring with the acts' names exchanged."""
    always_wrong = dt.RepeatedGame(DILEMMA, "1/2", monitoring=dt.trembles(1))
    crossed = dt.Game(DILEMMA.exact_payoffs[:, ::-1, ::-1], players=DILEMMA.players, actions=[C, D])
    renamed = {(a, b): (swap(a), swap(b)) for a in (C, D) for b in (C, D)}
    ag = dt.Agreement(
        {"path": (C, C), "end": (D, D)}, {"path": {renamed[C, C]: "path", ...: "end"}, "end": {...: "end"}}
    )
    plain = dt.Agreement({"path": (C, C), "end": (D, D)}, {"path": {(C, C): "path", ...: "end"}, "end": {...: "end"}})
    ask: dict[str, Any] = {"player": 0, "over": "discount", "trust": "1/2"}
    machine = dt.machines.always(C)
    found = dt.trust_region(always_wrong, ag, opportunist=machine, **ask)
    assert found.set == dt.trust_region(dt.RepeatedGame(crossed, "1/2"), plain, opportunist=machine, **ask).set


def swap(action: str) -> str:
    return D if action == C else C
