"""Closed forms of the literature on random payoffs: what the solver, which knows none of them, has to agree with.

T, R, P, S: restrict alone, both relax, both restrict, relax alone.
"""

from __future__ import annotations

import random
from fractions import Fraction as F
from typing import Any

import pytest

import detente as dt

ACTS = ["Relax", "Restrict"]
RELAX, RESTRICT = ("Relax", "Relax"), ("Restrict", "Restrict")


def game(T: Any, R: Any, P: Any, S: Any) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=ACTS)


def dilemma(rng: random.Random) -> tuple[F, F, F, F]:
    T, R, P, S = sorted(rng.sample([F(k, d) for k in range(-20, 40) for d in (2, 3, 7)], 4), reverse=True)
    return T, R, P, S


def ends(region: dt.Region) -> list[tuple[Any, bool, Any, bool]]:
    return [(i.lo, i.lo_closed, i.hi, i.hi_closed) for i in region.intervals]


def from_on(threshold: F) -> list[tuple[Any, bool, Any, bool]]:
    """[threshold, 1), or nothing."""
    return [(threshold, True, 1, False)] if threshold < 1 else []


@pytest.mark.parametrize("seed", range(30))
def test_agreements_under_perfect_monitoring(seed: int) -> None:
    rng = random.Random(seed)
    T, R, P, S = dilemma(rng)
    pd = game(T, R, P, S)
    rg = dt.RepeatedGame(pd, 0)
    make = dt.agreements
    grim, pavlov = (T - R) / (T - P), (T - R) / (R - P)
    assert ends(dt.holds_where(rg, make.grim_trigger(pd, path=RELAX, punishment=RESTRICT))) == from_on(grim)
    for agreement in (make.win_stay_lose_shift(pd), make.carrot_and_stick(pd), make.limited_punishment(pd, 1)):
        assert ends(dt.holds_where(rg, agreement)) == from_on(pavlov)
    contrite = max((T - R) / (R - S), (P - S) / (R - S))
    assert ends(dt.holds_where(rg, make.contrite_tit_for_tat(pd))) == from_on(contrite)
    mutual = make.tit_for_tat(pd)
    assert ends(dt.holds_where(rg, mutual, concept="nash")) == from_on(max(grim, (T - R) / (R - S)))
    assert dt.holds_where(rg, mutual).is_empty == ((T - R) * (T - P) != (P - S) * (R - S) or T - R >= R - S)
    hazard, delta = F(rng.randint(0, 9), 10), F(rng.randint(1, 99), 100)
    grim_trigger = make.grim_trigger(pd)
    assert ends(dt.holds_where(dt.RepeatedGame(pd, 0, breakdown=hazard), grim_trigger)) == from_on(grim / (1 - hazard))
    most = ends(dt.holds_where(dt.RepeatedGame(pd, delta), grim_trigger, over="breakdown"))
    assert most == ([(0, True, 1 - grim / delta, True)] if delta >= grim else [])
    for length in (2, 4):
        where = dt.holds_where(rg, make.limited_punishment(pd, length))
        if length * (R - P) <= T - R:
            assert where.is_empty
        else:
            x = float(where.least)  # type: ignore[arg-type]
            assert sum(x**k for k in range(1, length + 1)) * float(R - P) == pytest.approx(float(T - R), rel=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_trust_against_always_restrict(seed: int) -> None:
    rng = random.Random(seed)
    T, R, P, S = dilemma(rng)
    pd, grim, delta = game(T, R, P, S), (T - R) / (T - P), F(rng.randint(0, 99), 100)
    if seed % 5 == 0:
        delta = grim
    rg, agreement = dt.RepeatedGame(pd, delta), dt.agreements.grim_trigger(pd)
    least = (1 - delta) * (P - S) / (R - P - (1 - delta) * (T + S - 2 * P)) if delta >= grim else None
    assert ends(dt.trust_region(rg, agreement, player="US")) == ([] if least is None else [(least, True, 1, True)])
    frontier = dt.trust_frontier(rg, agreement, player="China")
    assert frontier(delta) == least
    assert (frontier.at_least_patience, frontier.limit) == ((grim, 1), 0)
    risk_dominant = (T - R + P - S) / (T - S)  # Blonski, Ockenfels and Spagnolo (2011)
    assert ends(dt.risk_dominance_region(rg)) == [(risk_dominant, False, 1, False)]
    assert frontier(risk_dominant) == F(1, 2)
    if least is not None:
        assert dt.basin_of_distrust(rg, "US") == least
    other = dt.RepeatedGame(pd, [delta, 0])  # only the player's own patience counts
    assert dt.trust_region(other, agreement, player="US").least == least


@pytest.mark.parametrize("seed", range(30))
def test_late_shipments(seed: int) -> None:
    rng = random.Random(seed)
    T, R, P, S = dilemma(rng)
    noise = F(rng.randint(0, 8), 20)
    detection = noise + F(rng.randint(1, 19 - int(20 * noise)), 20)
    odds = {
        RELAX: [1 - noise, noise],
        ("Relax", "Restrict"): [1 - detection, detection],
        ("Restrict", "Relax"): [1 - detection, detection],
        RESTRICT: [0, 1],
    }
    delta = F(rng.randint(1, 99), 100)
    rg = dt.RepeatedGame(game(T, R, P, S), delta, monitoring=dt.public_signals(["on time", "late"], odds))
    trigger = dt.Agreement(
        play={"truce": RELAX, "dispute": RESTRICT},
        move={"truce": {"on time": "truce", "late": "dispute"}, "dispute": {...: "dispute"}},
    )
    least = (T - R) / ((detection - noise) * (R - P) + (1 - noise) * (T - R))
    assert ends(dt.holds_where(rg, trigger)) == from_on(least)
    assert dt.incentives(rg, trigger).values["truce"][0] == P + (1 - delta) * (R - P) / (1 - delta * (1 - noise))
    best = R - (T - R) * noise / (detection - noise)  # Abreu, Milgrom and Pearce (1991)
    found = dt.best_public_value(rg)
    assert found.value == (best if delta >= least and best > P else P)
    found.verify()


@pytest.mark.parametrize("seed", range(40))
def test_truce_with_lapse_and_renewal(seed: int) -> None:
    rng = random.Random(seed)
    T, R, P, S = dilemma(rng)
    pd = game(T, R, P, S)
    lapse, renewal = F(rng.randint(0, 5), 10), F(rng.randint(0, 5), 10)
    delta = F(rng.randint(1, 99), 100)
    for at_once in (False, True):
        sg = dt.truce_game(pd, lapse, renewal, discount=delta, renewal_at_once=at_once)
        terms = dt.truce_terms(sg)
        ahead = 1 - lapse - (renewal if at_once else 0)
        holds = delta * ahead * (R - P) / (1 - delta * (1 - lapse - renewal)) >= T - R
        assert dt.incentives(sg, terms).holds == holds
        for over, x in (("lapse", lapse), ("renewal", renewal), ("discount", delta)):
            assert (x in dt.holds_where(sg, terms, over=over)) == holds
    sg = dt.truce_game(pd, lapse, renewal, discount=delta)
    most = 1 - (T - R) / (T - P) * (1 + delta * renewal) / delta
    critical = [(0, True, most, True)] if most >= 0 else []
    assert ends(dt.holds_where(sg, dt.truce_terms(sg), over="lapse")) == critical


@pytest.mark.parametrize("seed", range(30))
def test_linked_issues(seed: int) -> None:
    """Bernheim and Whinston (1990): δ* = G/(G + L), gains and losses summed over issues."""
    rng = random.Random(seed)
    issues = []
    while len(issues) < rng.randint(1, 4):
        T, R, P, S = (F(rng.randint(-10, 15)) for _ in range(4))
        if R > P >= S:
            issues.append((T, R, P, S))
    gains, losses = [max(T - R, F(0)) for T, R, _, _ in issues], [R - P for _, R, P, _ in issues]
    linked = dt.linkage([game(*issue) for issue in issues])
    assert ends(linked.pooled) == from_on(sum(gains, F(0)) / (sum(gains) + sum(losses)))
    alone = [gain / (gain + loss) for gain, loss in zip(gains, losses, strict=True)]
    assert [region.least for region in linked.separate] == alone
    linked.verify()


@pytest.mark.parametrize("seed", range(60))
def test_payments(seed: int) -> None:
    """Levin (2003), Goldlücke and Kranz (2012): the best level of liquidity that patience affords, by enumeration."""
    rng = random.Random(seed)
    m, n = rng.randint(1, 3), rng.randint(1, 3)
    u = {(i, j): (F(rng.randint(-7, 9)), F(rng.randint(-7, 9))) for i in range(m) for j in range(n)}
    best = {
        (i, j): (max(u[k, j][0] for k in range(m)), max(u[i, k][1] for k in range(n)))
        for i in range(m)
        for j in range(n)
    }
    liquidity = {a: sum(best[a]) - sum(u[a]) for a in u}
    delta, answer = F(rng.randint(0, 19), 20), None
    for level in sorted(set(liquidity.values())):
        within = [a for a in u if liquidity[a] <= level]
        joint, worst = max(sum(u[a]) for a in within), [min(best[a][i] for a in within) for i in (0, 1)]
        if (1 - delta) * level <= delta * (joint - sum(worst)):
            answer = (joint, tuple(worst))
    bimatrix = dt.Game.bimatrix(*([[u[i, j][k] for j in range(n)] for i in range(m)] for k in (0, 1)))
    if answer is None:
        assert dt.payoff_set(bimatrix, delta, transfers=True).is_empty
    else:
        found = dt.payoff_set_with_transfers(bimatrix, delta)
        assert (found.U, tuple(found.v)) == answer
        found.verify()
