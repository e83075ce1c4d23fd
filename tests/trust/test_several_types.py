"""Bounds on the best reply to several types under noise: exact special cases, a solver of its own, certificates."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from functools import cache
from itertools import product
from typing import Any

import pytest

import detente as dt
from detente.repeated.check import next_state
from detente.trust.check import machine_next
from detente.trust.noise.several_types import BestReplyBounds, best_reply_bounds
from detente.trust.types.partner_types import KEEPER
from tests.trust.test_noisy import random_signals
from tests.trust.test_trust import C, D, pd, random_case

DILEMMA = pd(5, 3, 1, 0)
GRIM = dt.agreements.grim_trigger(DILEMMA)
TYPES = {"hawk": dt.machines.always(D), "tit for tat": dt.machines.tit_for_tat(C, D)}
THREE = [F(1, 2), F(1, 4), F(1, 4)]


def random_machine(rng: random.Random) -> dt.Machine:
    modes = [f"m{k}" for k in range(rng.randint(1, 2))]
    return dt.Machine(
        {m: rng.choice((C, D)) for m in modes}, {m: {a: rng.choice(modes) for a in (C, D)} for m in modes}
    )


def random_prior(rng: random.Random, size: int) -> list[F]:
    weights = [rng.randint(0, 5) for _ in range(size - 1)] + [rng.randint(1, 5)]
    return [F(w, sum(weights)) for w in weights]


@pytest.mark.parametrize("seed", range(25))
def test_if_acts_are_seen_the_exact_best_reply_lies_between(seed: int) -> None:
    rng = random.Random(seed)
    rg, _, _ = random_case(rng)
    types = {name: random_machine(rng) for name in "abc"[: rng.randint(1, 3)]}
    prior, player = random_prior(rng, len(types)), rng.randint(0, 1)
    exact = dt.best_reply(rg, player, types, prior)
    found = best_reply_bounds(rg, player, types, prior, width="1/10000")
    assert found.complete
    assert found.lower <= exact.value <= found.upper
    assert set(exact.first_actions) <= set(found.first_actions)
    found.verify()


@pytest.mark.parametrize("seed", range(20))
def test_two_types_are_trust(seed: int) -> None:
    """The same question as that of trust under noise."""
    rng = random.Random(100 + seed)
    rg, ag, machine = random_case(rng)
    player, mu = rng.randint(0, 1), F(rng.randint(0, 6), 6)
    monitoring: Any = dt.trembles(F(rng.randint(1, 9), 20))
    if seed % 2:
        monitoring, ag = random_signals(rng)
        machine = dt.machines.always(rng.choice((C, D)))
    rg = rg.replace(monitoring=monitoring)
    found = best_reply_bounds(rg, player, {"other": machine}, [mu, 1 - mu], agreement=ag)
    values = dt.trust_bounds(rg, ag, player=player, opportunist=machine, budget=2).values(mu)
    assert found.keeping == values.keeping
    assert found.lower <= values.upper
    assert values.lower <= found.upper
    assert found.gain is not None
    low, high = found.gain
    assert 0 <= low <= high
    found.verify()


def tree(
    rg: dt.RepeatedGame, i: int, types: list[dt.Machine], ag: dt.Agreement | None, prior: list[F], depth: int
) -> Any:
    """Bounds from a tree of acts: after ``depth`` periods all is lost, or all is won."""
    game, beta = rg.game, rg.effective_discount[i]
    eps = getattr(rg.monitoring, "eps", F(0))
    shift = ag is not None
    ends = [f(game.payoff(p)[i] for p in product(*game.actions)) for f in (min, max)]

    def drawn(at: tuple[str, ...], k: int) -> list[tuple[int, F]]:
        if ag is not None and k == 0:
            entry = ag.play[at[0]][1 - i]
            if isinstance(entry, str):
                return [(game.action_index(1 - i, entry), F(1))]
            return [(game.action_index(1 - i, a), p) for a, p in entry.items()]
        return [(game.action_index(1 - i, types[k - shift].play[at[k]]), F(1))]

    @cache
    def best(at: tuple[str, ...], weights: tuple[F, ...], left: int, end: int) -> F:
        if not left:
            return sum(weights) * ends[end]
        found = []
        for mine in range(2):
            value, ahead = F(0), {}
            for k, w in enumerate(weights):
                for theirs, share in drawn(at, k):
                    meant = (mine, theirs) if i == 0 else (theirs, mine)
                    for done in product(range(2), repeat=2):
                        q = w * share
                        for a, b in zip(done, meant, strict=True):
                            q *= 1 - eps if a == b else eps
                        value += (1 - beta) * q * game.exact_payoffs[(i, *done)]
                        ahead.setdefault(done, [F(0)] * len(weights))[k] += q
            for done, row in ahead.items():
                states = [next_state(rg, ag, at[0], done)] if ag is not None else []
                states += [machine_next(game, m, at[k + shift], i, done[i]) for k, m in enumerate(types)]
                if any(row):
                    value += beta * best(tuple(states), tuple(row), left - 1, end)
            found.append(value)
        return max(found)

    start = (*([ag.start] if ag is not None else []), *(m.start for m in types))
    return [best(start, tuple(prior), depth, end) for end in (0, 1)]


@pytest.mark.parametrize("seed", range(30))
def test_against_trees_of_acts(seed: int) -> None:
    rng = random.Random(200 + seed)
    rg, ag, _ = random_case(rng)
    machines = [random_machine(rng) for _ in range(rng.randint(1, 3))]
    if seed % 3 == 0:  # the keeper draws by lot
        lots = {s: tuple({C: F(1, 3), D: F(2, 3)} if rng.random() < 0.5 else a for a in p) for s, p in ag.play.items()}
        ag = dt.Agreement(lots, ag.move, ag.start)
    agreement = ag if seed % 3 < 2 else None
    rg = rg.replace(discount=[min(d, F(3, 5)) for d in rg.discount], monitoring=dt.trembles(F(rng.randint(0, 9), 20)))
    player, prior = rng.randint(0, 1), random_prior(rng, len(machines) + (agreement is not None))
    types = {str(k): m for k, m in enumerate(machines)}
    found = best_reply_bounds(rg, player, types, prior, agreement=agreement)
    assert found.complete
    low, high = tree(rg, player, machines, agreement, prior, 3)
    assert low <= found.upper
    assert found.lower <= high
    assert found.keeping is None or found.keeping <= found.upper
    found.verify()


def test_three_types_of_partner() -> None:
    rg = dt.RepeatedGame(DILEMMA, "9/10", monitoring=dt.trembles("1/20"))
    found = best_reply_bounds(rg, "US", TYPES, THREE, agreement=GRIM, width="1/2000")
    assert found.complete
    assert found.upper - found.lower <= F(5, 2000)
    assert found.first_actions == (C,)  # to find out whether the other side is a hawk
    assert found.gain is not None
    assert found.gain[0] > F(1, 10)  # to restrict for ever after one restriction wastes a reciprocator
    alone = best_reply_bounds(rg, "US", {}, [1], agreement=GRIM)
    assert alone.keeping is not None
    assert alone.lower <= alone.keeping <= alone.upper
    assert alone.gain is not None
    assert alone.gain[0] == 0
    hawks = best_reply_bounds(rg, "US", TYPES, {"hawk": 1}, agreement=GRIM)
    assert hawks.first_actions == (D,)


def test_a_lottery_that_is_certain() -> None:
    rg = dt.RepeatedGame(DILEMMA, "3/4", monitoring=dt.trembles("1/10"))
    drawn = dt.Agreement({s: ({a: 1}, {b: 1}) for s, (a, b) in GRIM.play.items()}, GRIM.move, GRIM.start)
    plain, lots = (best_reply_bounds(rg, "US", TYPES, THREE, agreement=ag) for ag in (GRIM, drawn))
    assert (plain.lower, plain.upper, plain.keeping) == (lots.lower, lots.upper, lots.keeping)


def test_units_and_swapped_players() -> None:
    rg = dt.RepeatedGame(DILEMMA, "3/4", monitoring=dt.trembles("1/10"))
    plain = best_reply_bounds(rg, "US", TYPES, THREE, agreement=GRIM)
    other = best_reply_bounds(rg, "China", TYPES, THREE, agreement=GRIM)
    assert (plain.lower, plain.upper) == (other.lower, other.upper)
    scaled = best_reply_bounds(rg.replace(game=DILEMMA.affine(0, 10**9, 0)), "US", TYPES, THREE, agreement=GRIM)
    assert abs(scaled.lower / 10**9 - plain.lower) <= F(5, 1000)
    assert scaled.complete


def test_verify_can_fail() -> None:
    rg = dt.RepeatedGame(DILEMMA, "3/4", monitoring=dt.trembles("1/10"))
    found = best_reply_bounds(rg, "US", TYPES, THREE, agreement=GRIM)
    found.verify()
    certificate = found._certificate
    at, action, then, worth = certificate.below[-1]
    lofty = certificate._replace(below=[*certificate.below[:-1], (at, action, then, tuple(w + 1 for w in worth))])
    start = certificate.start
    points = {**certificate.above, start: [(b, v - F(1, 2)) for b, v in certificate.above[start]]}
    corners = {**certificate.corners, start: tuple(v - 1 for v in certificate.corners[start])}
    for wrong in (lofty, certificate._replace(above=points), certificate._replace(corners=corners)):
        with pytest.raises(dt.CertificateError):
            replace(found, _certificate=wrong).verify()
    with pytest.raises(dt.CertificateError):
        replace(found, lower=found.lower + F(1, 10)).verify()
    with pytest.raises(dt.CertificateError):
        replace(found, upper=found.lower).verify()


def test_refusals_and_haste() -> None:
    rg = dt.RepeatedGame(DILEMMA, "9/10", monitoring=dt.trembles("1/20"))
    ask: dict[str, Any] = {"rg": rg, "player": "US", "types": TYPES, "prior": ["1/2", "1/2"]}
    for bad in (
        {"prior": [1]},
        {"prior": {"dove": 1}},
        {"prior": ["1/2", "1/3"]},
        {"types": {}},
        {"types": {"hawk": D}},
        {"player": "EU"},
        {"width": 0},
        {"budget": 0},
        {"rg": DILEMMA},
        {"agreement": "grim"},
    ):
        with pytest.raises(dt.DetenteError):
            best_reply_bounds(**{**ask, **bad})
    label = {(a, b): ["1/2", "1/2"] for a in (C, D) for b in (C, D)}
    with pytest.raises(dt.UnsupportedError, match="one state"):
        best_reply_bounds(**{**ask, "rg": rg.replace(monitoring=dt.public_signals(["x", "y"], label))})
    hurried = best_reply_bounds(**ask, width="1/10000000000", budget="1/1000")
    assert isinstance(hurried, BestReplyBounds)
    assert not hurried.complete
    assert hurried.lower < hurried.upper
    assert KEEPER not in hurried.prior
