"""Trust when acts misfire or only a signal is public: worked cases, value iteration on beliefs, and limits."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.game.monitoring import PublicSignals
from tests.trust.test_trust import C, D, pd, random_case

DILEMMA = pd(5, 3, 1, 0)
GRIM = dt.agreements.grim_trigger(DILEMMA)


def noisy(delta: object, eps: object, game: dt.Game = DILEMMA) -> dt.RepeatedGame:
    return dt.RepeatedGame(game, delta, monitoring=dt.trembles(eps))


def random_signals(rng: random.Random) -> tuple[PublicSignals, dt.Agreement]:
    labels = ["good", "middling", "bad"][: rng.randint(2, 3)]
    prob = {}
    for a in (C, D):
        for b in (C, D):
            weights = [rng.randint(int(rng.random() > 0.3), 6) for _ in labels]
            weights[0] += not any(weights)
            prob[a, b] = [F(w, sum(weights)) for w in weights]
    states = [f"s{k}" for k in range(rng.randint(1, 3))]
    ag = dt.Agreement(
        {s: (rng.choice((C, D)), rng.choice((C, D))) for s in states},
        {s: {label: rng.choice(states) for label in labels} for s in states},
    )
    return dt.public_signals(labels, prob), ag


def value_iteration(
    rg: dt.RepeatedGame, ag: dt.Agreement, player: int, machine: dt.Machine, trembling: str, size: int = 601
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """On a fine grid of beliefs, in floating point: the grid, the best value and that of keeping, at the start."""
    game, beta = rg.game, float(rg.effective_discount[player])
    grid = np.linspace(0, 1, size)
    signal = not hasattr(rg.monitoring, "eps")
    eps = 0.0 if signal else float(rg.monitoring.eps)

    def misfires(j: int, meant: object) -> list[tuple[object, float]]:
        e = eps if trembling == "both" or j != player else 0.0
        return [(done, 1 - e if done == meant else e) for done in game.actions[j]]

    def moves(table: dict, outcome: object) -> str:
        def wild(key: object) -> int:
            return 9 if key is ... else sum(k is ... for k in key) if isinstance(key, tuple) else 0

        def fits(key: object) -> bool:
            if not isinstance(key, tuple):
                return key is ... or key == outcome
            return all(k is ... or k == o for k, o in zip(key, outcome, strict=True))

        return table[min((key for key in table if fits(key)), key=wild)]

    def outcomes(s: str, m: str, mine: object, theirs: object) -> tuple[float, dict]:
        meant = (mine, theirs) if player == 0 else (theirs, mine)
        if signal:
            chances = rg.monitoring.prob[meant]
            return float(game.payoff(meant)[player]), {
                (label, (ag.move[s].get(label, ag.move[s].get(...)), m)): float(q)
                for label, q in zip(rg.monitoring.labels, chances, strict=True)
            }
        pay, seen = 0.0, {}
        for a, p in misfires(0, meant[0]):
            for b, q in misfires(1, meant[1]):
                pay += p * q * float(game.payoff((a, b))[player])
                own = (a, b)[player]
                seen[(a, b), (moves(ag.move[s], (a, b)), moves(machine.move[m], own))] = p * q
        return pay, seen

    states = [(s, m) for s in ag.states for m in machine.states]
    own = game.actions[player]
    table = {}
    for s, m in states:
        for a in own:
            kept = outcomes(s, m, a, ag.play[s][1 - player])
            strayed = outcomes(s, m, a, machine.play[m])
            ahead = []
            for key in kept[1]:
                x, y = kept[1][key] * grid, strayed[1][key] * (1 - grid)
                total = x + y
                ahead.append((key[1], total, np.divide(x, total, out=np.zeros(size), where=total > 0)))
            table[s, m, a] = (grid * kept[0] + (1 - grid) * strayed[0], ahead)
    best = {st: np.zeros(size) for st in states}
    keep = {st: np.zeros(size) for st in states}
    for _ in range(int(np.ceil(np.log(1e-7) / np.log(max(beta, 0.01))))):
        old_best, old_keep = best, keep

        def step(values: dict, s: str, m: str, a: object) -> np.ndarray:
            pay, ahead = table[s, m, a]
            later = sum(p * np.interp(b, grid, values[t]) for t, p, b in ahead)
            return (1 - beta) * pay + beta * later

        best = {(s, m): np.max([step(old_best, s, m, a) for a in own], axis=0) for s, m in states}
        keep = {(s, m): step(old_keep, s, m, ag.play[s][player]) for s, m in states}
    start = (ag.start, machine.start)
    return grid, best[start], keep[start]


def check_against_value_iteration(found: dt.TrustBounds, grid: np.ndarray, best: np.ndarray, keep: np.ndarray) -> None:
    gain = best - keep
    for k, mu in enumerate(grid):
        if F(float(mu)) in found.inside:
            assert gain[k] < 2e-3
        if gain[k] > 2e-3:
            assert F(float(mu)) not in found.inside
    for mu in (F(1, 10), F(1, 2), F(9, 10)):
        values = found.values(mu, width="1/1000")
        assert values.keeping <= values.lower <= values.upper
        assert float(values.keeping) == pytest.approx(np.interp(float(mu), grid, keep), abs=1e-4)
        assert float(values.lower) - 1e-4 < np.interp(float(mu), grid, best) < float(values.upper) + 1e-2
        assert values.upper > values.keeping or mu in found.possible


def test_worked_cases() -> None:
    """(5, 3, 1, 0), δ = 9/10, ε = 1/20, against an opportunist who always restricts."""
    both = dt.trust_bounds(noisy("9/10", "1/20"), GRIM, player="US")
    assert both.exact
    assert both.lower == both.upper == F(2997241, 20105760)
    assert both.region.intervals == (Interval(F(2997241, 20105760), F(1)),)
    partner = dt.trust_bounds(noisy("9/10", "1/20"), GRIM, player="US", trembling="partner")
    assert partner.exact
    assert partner.lower == F(5075, 40983)
    assert dt.trust_bounds(dt.RepeatedGame(DILEMMA, "9/10"), GRIM, player=0).lower == F(1, 17)
    none = dt.trust_bounds(noisy("11/20", "1/20"), GRIM, player=0)
    assert none.exact
    assert (none.lower, none.upper) == (None, None)
    assert none.region.is_empty
    for found in (both, partner, none):
        assert found.complete
        found.verify()
        found.region.verify()


def test_the_region_under_trembles() -> None:
    region = dt.trust_region(noisy("9/10", "1/20"), GRIM, player="US")
    assert region.least == F(2997241, 20105760)
    assert "US would gain by Restrict in state 'path'" in region.explain()


@pytest.mark.parametrize("seed", range(120))
def test_without_noise_it_is_the_trust_region(seed: int) -> None:
    rng = random.Random(seed)
    rg, ag, machine = random_case(rng)
    player = rng.randint(0, 1)
    found = dt.trust_bounds(rg, ag, player=player, opportunist=machine)
    assert found.exact
    assert found.inside == found.possible == dt.trust_region(rg, ag, player=player, opportunist=machine).set


@pytest.mark.parametrize("trembling", ["both", "partner"])
@pytest.mark.parametrize("seed", range(12))
def test_random_trembles(seed: int, trembling: str) -> None:
    rng = random.Random(100 + seed)
    rg, ag, machine = random_case(rng)
    rg = rg.replace(monitoring=dt.trembles(F(rng.randint(1, 9), 20)))
    player = rng.randint(0, 1)
    found = dt.trust_bounds(rg, ag, player=player, opportunist=machine, trembling=trembling, width="1/500", budget=5)
    assert found.complete
    if trembling == "both":
        assert found.exact
    found.verify()
    check_against_value_iteration(found, *value_iteration(rg, ag, player, machine, trembling))


@pytest.mark.parametrize("seed", range(20))
def test_random_signals(seed: int) -> None:
    rng = random.Random(300 + seed)
    rg, _, _ = random_case(rng)
    monitoring, ag = random_signals(rng)
    rg, machine, player = rg.replace(monitoring=monitoring), dt.machines.always(rng.choice((C, D))), rng.randint(0, 1)
    found = dt.trust_bounds(rg, ag, player=player, opportunist=machine, width="1/500", budget=5)
    assert found.complete
    check_against_value_iteration(found, *value_iteration(rg, ag, player, machine, "both"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150))
def test_many_random_cases(seed: int) -> None:
    rng = random.Random(5000 + seed)
    rg, ag, machine = random_case(rng)
    trembling, player = rng.choice(("both", "partner")), rng.randint(0, 1)
    rg = rg.replace(monitoring=dt.trembles(F(rng.randint(1, 9), 20)))
    found = dt.trust_bounds(rg, ag, player=player, opportunist=machine, trembling=trembling)
    assert found.complete
    found.verify()
    check_against_value_iteration(found, *value_iteration(rg, ag, player, machine, trembling))


@pytest.mark.parametrize("seed", [514, 532, 593])
def test_bounds_where_the_answer_is_not_found_exactly(seed: int) -> None:
    """Cases picked for that: the best value seems to have infinitely many pieces where it matters."""
    rng = random.Random(seed)
    rg, ag, machine = random_case(rng)
    player, trembling = rng.randint(0, 1), "partner"
    monitoring = dt.trembles(F(rng.randint(1, 9), 20)) if seed % 2 == 0 else None
    if monitoring is None:
        monitoring, ag = random_signals(rng)
        machine, trembling = dt.machines.always(rng.choice((C, D))), "both"
    rg = rg.replace(monitoring=monitoring)
    found = dt.trust_bounds(rg, ag, player=player, opportunist=machine, trembling=trembling, width="1/1000")
    assert found.complete
    assert not found.exact
    (inner,), (outer,) = found.inside, found.possible
    assert 0 < inner.lo - outer.lo + outer.hi - inner.hi <= F(1, 1000)
    found.verify()
    check_against_value_iteration(found, *value_iteration(rg, ag, player, machine, trembling))
    with pytest.raises(dt.UnsupportedError, match="region"):
        assert found.region
    if trembling == "both":
        with pytest.raises(dt.UnsupportedError, match="trust_bounds"):
            dt.trust_region(rg, ag, player=player, opportunist=machine)


@pytest.mark.parametrize(
    ("delta", "on_time", "one", "mine"), [("9/10", "9/10", "1/2", "2/5"), ("3/4", "19/20", "3/10", "1/4")]
)
def test_a_trigger_on_late_shipments_in_closed_form(delta: str, on_time: str, one: str, mine: str) -> None:
    """Close for ever at the first late shipment; the binding plan restricts once and goes on if that was not seen.

    Shipments are on time with probability ``on_time`` if both relax, ``one`` if only the partner restricts, ``mine`` if
    only the player does, 1/10 if both do.
    """
    d, good, worse, hidden, last = F(delta), F(on_time), F(one), F(mine), F(1, 10)
    T, R, P, S = 5, 3, 1, 0
    prob = {
        (C, C): [good, 1 - good],
        (C, D): [worse, 1 - worse],
        (D, C): [hidden, 1 - hidden],
        (D, D): [last, 1 - last],
    }
    trigger = dt.Agreement(
        {"open": (C, C), "closed": (D, D)}, {"open": {"on time": "open", ...: "closed"}, "closed": {...: "closed"}}
    )
    rg = dt.RepeatedGame(DILEMMA, d, monitoring=dt.public_signals(["on time", "late"], prob))
    found = dt.trust_bounds(rg, trigger, player=0)
    kept = ((1 - d) * R + d * (1 - good) * P) / (1 - d * good), ((1 - d) * S + d * (1 - worse) * P) / (1 - d * worse)
    once = (
        (1 - d) * T + d * (hidden * kept[0] + (1 - hidden) * P),
        (1 - d) * P + d * (last * kept[1] + (1 - last) * P),
    )
    loss, gain = kept[0] - once[0], once[1] - kept[1]
    assert loss > 0
    assert found.exact
    assert found.lower == gain / (gain + loss)
    found.verify()


def test_a_signal_that_reveals_all_is_perfect_monitoring() -> None:
    clear = dt.public_signals(["ok", "breach"], {(C, C): [1, 0], (C, D): [0, 1], (D, C): [0, 1], (D, D): [0, 1]})
    trigger = dt.Agreement({"path": (C, C), "end": (D, D)}, {"path": {"ok": "path", ...: "end"}, "end": {...: "end"}})
    found = dt.trust_bounds(dt.RepeatedGame(DILEMMA, "9/10", monitoring=clear), trigger, player=0)
    assert found.exact
    assert found.lower == F(1, 17)


@pytest.mark.parametrize("trembling", ["both", "partner"])
def test_without_a_future_only_the_first_act_counts(trembling: str) -> None:
    """Stag hunt, one round: relax iff the partner is seen to with a chance μ(1 − ε) + (1 − μ)ε of two thirds."""
    stag = dt.Game.symmetric([[4, 0], [3, 2]], actions=[C, D])
    relax = dt.agreements.unconditional((C, C))
    for rg in (noisy(0, "1/10", stag), noisy("1/2", "1/10", stag).replace(breakdown=1)):
        found = dt.trust_bounds(rg, relax, player=0, trembling=trembling)  # type: ignore[arg-type]
        assert found.exact
        assert found.inside == IntervalSet((Interval(F(17, 24), F(1)),))
        found.verify()


def test_noise_vanishing_and_growing() -> None:
    """Grim trigger needs more trust the more acts misfire, and at vanishing noise what it needs without."""
    for trembling in ("both", "partner"):
        needs = [
            dt.trust_bounds(noisy("9/10", eps), GRIM, player=0, trembling=trembling).lower
            for eps in ("1/1000000", "1/1000", "1/100", "1/50", "1/20")
        ]
        assert needs == sorted(needs)
        assert 0 < needs[0] - F(1, 17) < F(1, 10**4)


def test_forgiving_agreements_need_certainty_under_noise() -> None:
    """Enough bad luck lowers any trust below what the agreement's path needs; a sure belief alone does not move."""
    for ag in (dt.agreements.limited_punishment(DILEMMA, 2), dt.agreements.contrite_tit_for_tat(DILEMMA)):
        for trembling in ("both", "partner"):
            found = dt.trust_bounds(noisy("9/10", "1/50"), ag, player=0, trembling=trembling)
            assert found.exact
            assert found.inside == IntervalSet((Interval(F(1), F(1)),))
            found.verify()


def test_an_interval_bounded_above_names_what_binds_there() -> None:
    seen = 0
    for seed in range(90, 110):
        rng = random.Random(seed)
        rg, ag, machine = random_case(rng)
        region = dt.trust_bounds(rg, ag, player=rng.randint(0, 1), opportunist=machine).region
        for interval in region.intervals:
            if 0 < interval.hi < 1 and not interval.is_point:
                seen += 1
                assert interval.hi in region.binding
                region.verify()
    assert seen


def test_scale_shift_hazard_and_swapped_players() -> None:
    rng = random.Random(4)
    for _ in range(10):
        rg, ag, machine = random_case(rng)
        rg = rg.replace(monitoring=dt.trembles("1/10"))
        found = dt.trust_bounds(rg, ag, player=0, opportunist=machine)
        for scale, shift in ((10**9, -7), (F(1, 10**9), 10**6)):
            other = rg.replace(game=rg.game.affine(0, scale, shift))
            assert dt.trust_bounds(other, ag, player=0, opportunist=machine).inside == found.inside
        patience = rg.replace(discount=list(rg.effective_discount), breakdown=0)
        assert dt.trust_bounds(patience, ag, player=0, opportunist=machine).inside == found.inside
        u = rg.game.exact_payoffs
        mirrored = rg.replace(game=dt.Game([u[1].T, u[0].T], actions=[C, D]), discount=tuple(reversed(rg.discount)))
        turned = dt.Agreement(
            {s: tuple(reversed(p)) for s, p in ag.play.items()},
            {s: {k if k is ... else tuple(reversed(k)): t for k, t in m.items()} for s, m in ag.move.items()},
            ag.start,
        )
        assert dt.trust_bounds(mirrored, turned, player=1, opportunist=machine).inside == found.inside


def test_values_of_keeping_and_of_the_best_plan() -> None:
    found = dt.trust_bounds(noisy("9/10", "1/20"), GRIM, player=0, trembling="partner")
    above = found.values("1/2")
    assert above.keeping == above.lower == above.upper
    below = found.values("1/10")
    assert below.keeping < below.lower == below.upper
    with pytest.raises(dt.ParameterError, match="trust"):
        found.values(2)
    with pytest.raises(dt.ParameterError, match="width"):
        found.values("1/2", width=0)


def test_verification_notices_wrong_bounds() -> None:
    found = dt.trust_bounds(noisy("9/10", "1/20"), GRIM, player=0)
    low, high = IntervalSet((Interval(F(1, 8), F(1)),)), IntervalSet((Interval(F(1, 5), F(1)),))
    for wrong in (replace(found, inside=low, possible=low), replace(found, inside=high, possible=high)):
        with pytest.raises(dt.CertificateError, match="trust"):
            wrong.verify()


def test_little_time_leaves_valid_bounds() -> None:
    rng = random.Random(113)
    rg, ag, machine = random_case(rng)
    rg = rg.replace(monitoring=dt.trembles("1/5"))
    found = dt.trust_bounds(
        rg, ag, player=0, opportunist=machine, trembling="partner", budget="1/1000", width="1/10000000"
    )
    for interval in found.inside:
        assert interval.lo in found.possible
        assert interval.hi in found.possible


def test_bad_input() -> None:
    rg = noisy("9/10", "1/20")
    with pytest.raises(dt.LabelError, match="trembling"):
        dt.trust_bounds(rg, GRIM, player=0, trembling="none")  # type: ignore[arg-type]
    for wrong in (0, -1, "x", float("nan")):
        with pytest.raises(dt.ParameterError, match="width"):
            dt.trust_bounds(rg, GRIM, player=0, width=wrong)
        with pytest.raises(dt.ParameterError, match="budget"):
            dt.trust_bounds(rg, GRIM, player=0, budget=wrong)  # type: ignore[arg-type]
    with pytest.raises(dt.LabelError):
        dt.trust_bounds(rg, GRIM, player="Japan")
    signal = dt.public_signals(["y"], {(a, b): [1] for a in (C, D) for b in (C, D)})
    flat = dt.Agreement({"s": (C, C)}, {"s": {"y": "s"}})
    machine = dt.machines.tit_for_tat(C, D)
    with pytest.raises(dt.UnsupportedError, match="opportunist"):
        dt.trust_bounds(rg.replace(monitoring=signal), flat, player=0, opportunist=machine)
    with pytest.raises(dt.ParameterError, match="trust"):
        dt.trust_region(rg, GRIM, player=0, over="discount")
    mixed = dt.Agreement({"s": (C, ["1/2", "1/2"])}, {"s": {...: "s"}})
    with pytest.raises(dt.UnsupportedError, match="mixed"):
        dt.trust_bounds(rg, mixed, player=0)
    with pytest.raises(dt.UnsupportedError, match="two-player"):
        dt.trust_bounds(dt.RepeatedGame(dt.Game([[[[0, 1]] * 2] * 2] * 3), "1/2"), GRIM, player=0)
