"""Bonds under noise: a closed form for grim trigger, Bayes' rule on random agreements, and the limit without noise."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product

import pytest

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.scenario.noisy_bond import bond_under_noise
from detente.trust.noise.bounds import trust_bounds

LONDON = dt.load_scenario("london-2025")


def grim_need(player: str, bond: F, eps: F) -> F:
    """The belief at which keeping grim trigger and restricting once tie, both trembling, with a bond of that size."""
    T, R, P, S = LONDON.outcomes(player).values()
    beta = LONDON.repeated.effective_discount[0]

    def now(mine: F, theirs: F, agreed: str) -> F:
        """What is expected if these are the chances of restricting; the bond is paid when only the partner departs."""
        pay = (1 - mine) * (1 - theirs) * R + (1 - mine) * theirs * S + mine * (1 - theirs) * T + mine * theirs * P
        lapse = (1 - mine) * theirs if agreed == "relax" else mine * (1 - theirs)
        return pay + bond * lapse

    after = now(1 - eps, 1 - eps, "restrict")
    gain = {}
    for kind, theirs in (("keeper", eps), ("opportunist", 1 - eps)):
        stays = (1 - eps) * (1 - theirs)
        kept = ((1 - beta) * now(eps, theirs, "relax") + beta * (1 - stays) * after) / (1 - beta * stays)
        slips = eps * (1 - theirs)
        broken = (1 - beta) * now(1 - eps, theirs, "relax") + beta * (slips * kept + (1 - slips) * after)
        gain[kind] = broken - kept
    return gain["opportunist"] / (gain["opportunist"] - gain["keeper"])


@pytest.mark.parametrize("player", LONDON.players)
@pytest.mark.parametrize("eps", [F(1, 20), F(1, 10), F(3, 20)])
def test_grim_trigger_in_closed_form(player: str, eps: F) -> None:
    rg = LONDON.repeated.replace(monitoring=dt.trembles(eps))
    grim = LONDON.agreements["grim trigger"]
    assert grim_need(player, F(0), eps) == trust_bounds(rg, grim, player=player).lower
    found = bond_under_noise(rg, grim, player=player, trust="1/2")
    assert found.least is not None
    assert found.least > 0
    assert grim_need(player, found.least, eps) == F(1, 2)
    found.verify()
    # Where the prior is enough as it is, nothing need be posted.
    assert bond_under_noise(rg, grim, player=player, trust="99/100").least == 0


def test_the_limit_without_noise() -> None:
    grim = LONDON.agreements["grim trigger"]
    rg = LONDON.repeated.replace(monitoring=dt.perfect())
    still = LONDON.repeated.replace(monitoring=dt.trembles(F(1, 10**7)))
    for player in LONDON.players:
        for kind in ("bond", "own bond"):
            quiet = dt.substitutes(rg, grim, player=player)[kind].needed("3/10").intervals[0].lo
            noisy = bond_under_noise(still, grim, player=player, trust="3/10", instrument=kind).least
            assert float(noisy) == pytest.approx(float(quiet), rel=1e-5)  # type: ignore[arg-type]


def random_agreement(rng: random.Random) -> dt.Agreement:
    states = ["a", "b", "c"][: rng.choice((2, 3))]
    acts = ("Relax", "Restrict")
    play = {s: ("Relax", "Relax") if s == "a" else (rng.choice(acts), rng.choice(acts)) for s in states}
    move = {s: {p: rng.choice(states) for p in product(acts, repeat=2)} for s in states}
    return dt.Agreement(play, move)


def test_random_agreements_by_bayes_rule() -> None:
    """The check follows beliefs as numbers; all sizes, some and none occur."""
    rng = random.Random(5)
    kinds = set()
    for _ in range(40):
        T, R, P, S = (rng.randint(-3, 9) for _ in range(4))
        game = dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=["Relax", "Restrict"])
        eps, delta = F(rng.randint(1, 9), 20), F(rng.randint(1, 8), 10)
        rg = dt.RepeatedGame(game, delta, monitoring=dt.trembles(eps))
        kind = rng.choice(("bond", "own bond"))
        trust = F(rng.randint(1, 9), 10)
        found = bond_under_noise(rg, random_agreement(rng), player=rng.choice((0, 1)), trust=trust, instrument=kind)
        found.verify()
        if not found.sizes:
            kinds.add("none")
        else:
            kinds.add("all" if found.least == 0 else "some")
        plain = trust_bounds(rg, found.agreement, player=found.player)
        assert (F(0) in found.sizes) == (trust in plain.inside)
    assert kinds == {"none", "all", "some"}


def test_a_bond_can_be_too_large() -> None:
    """Under tit for tat a partner's departures, paid for, become worth provoking."""
    found = bond_under_noise(LONDON.repeated, LONDON.agreements["tit for tat"], player="US", trust="1/2")
    assert 0 < found.least < found.sizes.intervals[0].hi < 47  # type: ignore[operator]
    found.verify()


def test_a_wrong_size_is_found_out() -> None:
    found = bond_under_noise(LONDON.repeated, LONDON.agreements["grim trigger"], player="US", trust="1/2")
    assert found.least is not None
    for lo in (found.least * F(9, 10), found.least * F(11, 10)):
        wrong = replace(found, sizes=IntervalSet((Interval(lo, float("inf"), True, False),)))
        with pytest.raises(dt.CertificateError):
            wrong.verify()
    with pytest.raises(dt.CertificateError):
        replace(found, trust=F(99, 100), sizes=IntervalSet()).verify()


def test_bad_input() -> None:
    rg, grim = LONDON.repeated, LONDON.agreements["grim trigger"]
    with pytest.raises(dt.UnsupportedError, match="monitoring"):
        bond_under_noise(rg.replace(monitoring=dt.perfect()), grim, player="US", trust="1/2")
    with pytest.raises(dt.LabelError, match="instrument"):
        bond_under_noise(rg, grim, player="US", trust="1/2", instrument="pledge")  # type: ignore[arg-type]
    with pytest.raises(dt.ParameterError, match="trust"):
        bond_under_noise(rg, grim, player="US", trust=2)
    with pytest.raises(dt.LabelError):
        bond_under_noise(rg, grim, player="Mars", trust="1/2")


def test_the_bonds_of_a_scenario() -> None:
    side = dt.solve(LONDON).trust_answers["grim trigger"]["US"]
    assert side.least("bond") == 0  # with acts seen today's trust is enough
    assert grim_need("US", side.least_here("bond"), F(1, 10)) == F(1, 2)  # type: ignore[arg-type]
    side.verify()
