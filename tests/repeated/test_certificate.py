"""Certificates of regions and of punishment lengths, on random cases: the truth passes, small untruths do not."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from math import inf
from typing import Any

import pytest

import detente as dt
from detente.exact.region import Constraint
from detente.repeated.check import is_subgame_perfect
from tests.repeated.cases import random_agreement, random_game, random_monitoring

PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])


@pytest.mark.parametrize("concept", ["subgame-perfect", "nash"])
@pytest.mark.parametrize("kind", ["perfect", "trembles", "signals"])
def test_what_ends_a_region(kind: str, concept: Any) -> None:
    """Every name is confirmed by the separate check, and no name of another constraint is."""
    rng = random.Random(f"{kind}, {concept}")
    ends = refused = 0
    while ends < 5:
        game = random_game(rng)
        monitoring = random_monitoring(rng, game, kind)
        ag = random_agreement(rng, game, monitoring, rng.randint(1, 3))
        rg = dt.RepeatedGame(game, [F(rng.randint(0, 9), 10) for _ in game.shape], monitoring=monitoring)
        region = dt.holds_where(
            rg, ag, rng.choice(["discount", "breakdown", ("payoff", 0, (0,) * game.n_players)]), concept
        )
        region.verify()
        assert region.slack_at is not None
        for (end, side), named in region.beyond.items():
            ends += 1
            others = {Constraint(p, s, a) for p in game.players for s in ag.states for a in game.actions[0]}
            for other in others - {*named}:
                slack = region.slack_at(other, F(float(end)))
                if slack is None or slack > F(1, 10**6):  # it does not bind there as well
                    with pytest.raises(dt.CertificateError):
                        replace(region, beyond={**region.beyond, (end, side): (other,)}).verify()
                    refused += 1
    assert refused > 5


def test_what_ends_two_regions_at_once() -> None:
    rg = dt.RepeatedGame(PD, 0)
    early, late = (dt.holds_where(rg, dt.agreements.limited_punishment(PD, k)) for k in (3, 2))
    both = early & late
    both.verify()
    assert both.binding[late.least] == late.binding[late.least]  # type: ignore[index]
    with pytest.raises(dt.CertificateError, match="beyond"):
        replace(both, beyond=dict.fromkeys(both.beyond, (Constraint("US", "punishment 1", "Relax"),))).verify()


def test_a_player_who_does_not_count_is_not_named() -> None:
    region = dt.holds_where(dt.RepeatedGame(PD, 0), dt.agreements.grim_trigger(PD), player="US")
    region.verify()
    wrong = (Constraint("China", "path", "Restrict"),)
    with pytest.raises(dt.CertificateError):
        replace(region, binding={F(1, 2): wrong}, beyond={(F(1, 2), "below"): wrong}).verify()


def random_length(rng: random.Random) -> dt.PunishmentLength:
    """A game in which the punishment may fail to be a best reply, be too weak, or be too harsh for long."""
    R, P = sorted(rng.sample(range(2, 9), 2), reverse=True)
    A = [[R, rng.randint(-2, P)], [rng.randint(R - 2, R + 6), P]]
    B = [[R + rng.randint(0, 1), rng.randint(R - 2, R + 6)], [rng.randint(-2, P + 1), P]]
    game = dt.Game.bimatrix(A, B, actions=["Relax", "Restrict"])
    noise, alarm, both = (F(rng.randint(0, 9), 10) for _ in range(3))
    prob = {(0, 0): noise, (0, 1): alarm, (1, 0): F(rng.randint(0, 9), 10), (1, 1): both}
    signals = dt.public_signals(["good", "bad"], {profile: (1 - p, p) for profile, p in prob.items()})
    discount = [F(rng.randint(1, 19), 20) for _ in range(2)]
    return dt.best_punishment_length(dt.RepeatedGame(game, discount, monitoring=signals))


def test_punishment_lengths() -> None:
    """Right answers pass; every other length, "none", and other values do not."""
    rng = random.Random(7)
    seen = {"none": 0, "finite": 0, "for ever": 0}
    for _ in range(120):
        found = random_length(rng)
        found.verify()
        kind = "none" if found.length is None else "for ever" if found.length == inf else "finite"
        seen[kind] += 1
        lengths: list[Any] = [1, 2, 3, 5, 9, inf]
        holding = [k for k in lengths if is_subgame_perfect(found.rg, found.with_length(k))]
        if kind == "none":
            assert not holding
            wrong = [replace(found, length=k, values=found.grim_values) for k in lengths]
        else:
            assert all(k >= found.length for k in holding)
            wrong = [replace(found, length=k) for k in lengths if k != found.length]
            wrong += [
                replace(found, length=None),
                replace(found, length=None, values=None),
                replace(found, values=None),
            ]
            assert found.values is not None
            wrong.append(replace(found, values=(found.values[0] + F(1, 10**9), *found.values[1:])))
        wrong.append(replace(found, grim_values=(*found.grim_values[:-1], found.grim_values[-1] - F(1, 10**9))))
        for claim in wrong:
            with pytest.raises(dt.CertificateError):
                claim.verify()
    assert min(seen["none"], seen["finite"]) > 5, seen


@pytest.mark.parametrize(("temptation", "length"), [(5, None), ("16/5", 1)])
def test_a_conflict_between_two_players(temptation: Any, length: int | None) -> None:
    """With β = 9/10 the first player is deterred from six periods on, the second one bears a single one.

    First: a gain of 2, an alarm of 3/4 instead of 1/4 and L = 2 ask for x ≥ (1/10)·2 / (9/10)(1/2·2 − 1/4·2) = 4/9.
    Second: giving up 1/2 to be beyond suspicion asks for x ≤ (1/10)(1/2) / (9/10)(1/4·2 − 1/4·1/2) = 4/27.
    """
    game = dt.Game.bimatrix([[3, 0], [temptation, 1]], [[3, "5/2"], [0, 1]])
    alarms = {(0, 0): F(1, 4), (1, 0): F(3, 4), (0, 1): F(0), (1, 1): F(1, 2)}
    signals = dt.public_signals(["good", "bad"], {profile: (1 - p, p) for profile, p in alarms.items()})
    found = dt.best_punishment_length(dt.RepeatedGame(game, "9/10", monitoring=signals))
    assert found.length == length
    found.verify()
    for k in (1, 2, 5, 6, inf):
        assert is_subgame_perfect(found.rg, found.with_length(k)) == (length == k)
        if k != length:
            with pytest.raises(dt.CertificateError):
                replace(found, length=k).verify()
    if length:
        with pytest.raises(dt.CertificateError):
            replace(found, length=None, values=None).verify()


def test_punishment_for_ever_and_nothing_less() -> None:
    """Grim trigger at its least discount factor: (5 − 3)/(5 − 1)."""
    found = dt.best_punishment_length(dt.RepeatedGame(PD, "1/2"))
    assert found.length == inf
    found.verify()
    for k in (1, 20, 500, None):
        with pytest.raises(dt.CertificateError):
            replace(found, length=k).verify()
    patient = dt.best_punishment_length(dt.RepeatedGame(PD, "51/100"))
    patient.verify()
    with pytest.raises(dt.CertificateError):
        replace(patient, length=inf, values=patient.grim_values).verify()
