"""Trust under trembles as another parameter varies: against the exact answer at each value of it, and by hand."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.repeated.parameters import resolve_over, with_parameter
from detente.trust.noise import one_parameter
from tests.trust.test_trust import C, D, pd, random_case

DILEMMA = pd(5, 3, 1, 0)
GRIM = dt.agreements.grim_trigger(DILEMMA)


def agree(rg: dt.RepeatedGame, ag: dt.Agreement, machine: dt.Machine, player: int, over: Any, trust: F) -> None:
    """At sample points the region says what the exact interval of priors at that value of the parameter says."""
    region = dt.trust_region(rg, ag, player=player, opportunist=machine, over=over, trust=trust)
    region.verify()
    choice = resolve_over(over, rg)
    for x in {*region.sample_points()[::3], F(7, 41)}:
        there = dt.trust_bounds(with_parameter(rg, choice, x), ag, player=player, opportunist=machine)
        assert there.exact
        assert (x in region) == (trust in there.inside)


@pytest.mark.parametrize("seed", range(25))
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
    monkeypatch.setattr(one_parameter._Model, "_exponents", lambda self, sign: [0.0] * len(self.nodes))
    noisy = dt.RepeatedGame(DILEMMA, "9/10", monitoring=dt.trembles("1/20"))
    forgiving = dt.agreements.limited_punishment(DILEMMA, 2)  # where trust can be lost for good
    with pytest.raises(dt.CertificateError):
        dt.trust_region(noisy, forgiving, player="US", over="discount", trust="9/10").verify()


def test_refusals() -> None:
    labels = ["good", "bad"]
    signals = dt.public_signals(labels, {(a, b): ["1/2", "1/2"] for a in (C, D) for b in (C, D)})
    watch = dt.Agreement({"on": (C, C)}, {"on": {...: "on"}})
    with pytest.raises(dt.UnsupportedError, match="over"):
        dt.trust_region(
            dt.RepeatedGame(DILEMMA, "1/2", monitoring=signals), watch, player=0, over="discount", trust="1/2"
        )
    for eps in (0, 1):
        rg = dt.RepeatedGame(DILEMMA, "1/2", monitoring=dt.trembles(eps))
        if eps:
            with pytest.raises(dt.UnsupportedError, match="monitoring"):
                dt.trust_region(rg, GRIM, player=0, over="discount", trust="1/2")
        else:
            assert not dt.trust_region(rg, GRIM, player=0, over="discount", trust="1/2").is_empty
