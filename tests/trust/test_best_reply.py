"""Best replies to a partner of unknown type: an independent solver with beliefs as numbers, and closed forms."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import pytest

import detente as dt
from detente.repeated.check import improvements, policy_value

C, D = "Relax", "Restrict"
NAMED = (
    dt.machines.tit_for_tat(C, D),
    dt.machines.grim_trigger(C, D),
    dt.machines.win_stay_lose_shift(C, D),
    dt.machines.always(C),
    dt.machines.always(D),
)


def dilemma(T: int = 5, R: int = 3, P: int = 1, S: int = 0) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=[C, D])


def random_machine(rng: random.Random) -> dt.Machine:
    if rng.random() < 0.5:
        return rng.choice(NAMED)
    names = [f"m{k}" for k in range(rng.randint(1, 3))]
    return dt.Machine(
        {m: rng.choice((C, D)) for m in names}, {m: {C: rng.choice(names), D: rng.choice(names)} for m in names}
    )


def random_types(rng: random.Random) -> dict[str, dt.Machine]:
    return {f"type {k}": random_machine(rng) for k in range(rng.randint(2, 4))}


def random_prior(rng: random.Random, names: list[str]) -> dict[str, F]:
    weights = [rng.choice((0, 1, 1, 2, 3, 5)) for _ in names]
    if not any(weights):
        weights[0] = 1
    return {name: F(w, sum(weights)) for name, w in zip(names, weights, strict=True)}


def random_repeated(rng: random.Random) -> dt.RepeatedGame:
    cells = [[[rng.randint(0, 9) for _ in range(2)] for _ in range(2)] for _ in range(2)]
    game = dt.Game.bimatrix(*cells, players=["US", "China"], actions=[C, D])
    return dt.RepeatedGame(game, [F(rng.randint(0, 19), 20) for _ in range(2)], F(rng.randint(0, 2), 10))


def value_by_bayes(
    rg: dt.RepeatedGame, player: int, types: dict[str, dt.Machine], prior: dict[str, F]
) -> tuple[F, set[int]]:
    """Policy improvement on situations (type, probability, state), with dense elimination; nothing of the solver."""

    def moved(name: str, state: str, action: int) -> str:
        moves = types[name].move[state]
        return moves.get(rg.game.actions[player][action], moves.get(...))  # type: ignore[return-value]

    start = frozenset((name, p, types[name].start) for name, p in prior.items() if p)
    lotteries: dict = {}
    todo = [start]
    while todo:
        at = todo.pop()
        if at in lotteries:
            continue
        lotteries[at] = []
        for action in range(2):
            lottery = []
            for act, label in enumerate(rg.game.actions[1 - player]):
                group = [(n, p, s) for n, p, s in at if types[n].play[s] == label]
                if group:
                    chance = sum(p for _, p, _ in group)
                    profile = (action, act) if player == 0 else (act, action)
                    after = frozenset((n, p / chance, moved(n, s, action)) for n, p, s in group)
                    lottery.append((chance, rg.game.exact_payoffs[(player, *profile)], after))
                    todo.append(after)
            lotteries[at].append(lottery)
    policy = dict.fromkeys(lotteries, 0)
    while better := improvements(rg, player, lotteries, values := policy_value(rg, player, lotteries, policy)):
        policy.update(better)
    beta = rg.effective_discount[player]
    worth = [sum(q * ((1 - beta) * pay + beta * values[t]) for q, pay, t in row) for row in lotteries[start]]
    return values[start], {a for a, w in enumerate(worth) if w == values[start]}


@pytest.mark.parametrize("seed", range(200))
def test_random_types_against_explicit_beliefs(seed: int) -> None:
    rng = random.Random(seed)
    rg, types, player = random_repeated(rng), random_types(rng), rng.randint(0, 1)
    prior = random_prior(rng, list(types))
    reply = dt.best_reply(rg, player, types, prior)
    value, first = value_by_bayes(rg, player, types, prior)
    assert reply.value == value
    assert set(reply.first_actions) == {rg.game.actions[player][a] for a in first}
    reply.verify()
    assert sum(prior[name] * reply.plan.payoffs[name] for name in types) == value


@pytest.mark.parametrize("seed", range(40))
def test_the_region_of_a_plan(seed: int) -> None:
    rng = random.Random(1000 + seed)
    rg, types, player = random_repeated(rng), random_types(rng), rng.randint(0, 1)
    prior = random_prior(rng, list(types))
    reply = dt.best_reply(rg, player, types, prior)
    assert prior in reply.region
    reply.region.verify()
    for _ in range(5):
        other = random_prior(rng, list(types))
        earned = sum(other[name] * reply.plan.payoffs[name] for name in types)
        assert (other in reply.region) == (earned == value_by_bayes(rg, player, types, other)[0])


def test_a_sure_type_gives_the_best_reply_to_a_machine() -> None:
    """Tit-for-tat: cooperate for ever, alternate, or restrict for ever, whichever of 3, (T + δS)/(1 + δ), … is most."""
    for k in range(1, 20):
        delta = F(k, 20)
        rg = dt.RepeatedGame(dilemma(), delta)
        reply = dt.best_reply(rg, "US", {"tft": NAMED[0]}, [1])
        always, alternate, never = F(3), F(5) / (1 + delta), (1 - delta) * 5 + delta
        assert reply.value == max(always, alternate, never)


def test_two_types_agree_with_the_trust_region() -> None:
    rg = dt.RepeatedGame(dilemma(), "9/10")
    types = {"grim": NAMED[1], "hawk": NAMED[4]}
    reply = dt.best_reply(rg, "US", types, ["1/2", "1/2"])
    assert reply.first_actions == (C,)
    least = dt.trust_region(rg, dt.agreements.grim_trigger(rg.game), player="US").least
    assert reply.region.range("grim") == (least, 1)
    tie = dt.best_reply(rg, "US", types, {"grim": least, "hawk": 1 - least})
    assert tie.first_actions == (C, D)


def test_information_is_worth_something_and_more_types_never_help() -> None:
    """The value is convex in the prior, so it never exceeds the mean of the values when the type is known."""
    rng = random.Random(5)
    for _ in range(30):
        rg, types = random_repeated(rng), random_types(rng)
        prior = random_prior(rng, list(types))
        known = sum(p * dt.best_reply(rg, 0, {n: types[n]}, [1]).value for n, p in prior.items() if p)
        assert dt.best_reply(rg, 0, types, prior).value <= known


def test_affine_payoffs_relabelling_and_swapped_players() -> None:
    rng = random.Random(6)
    for _ in range(30):
        rg, types = random_repeated(rng), random_types(rng)
        prior = random_prior(rng, list(types))
        reply = dt.best_reply(rg, 0, types, prior)
        scaled = rg.replace(game=rg.game.affine(0, 7, -3))
        assert dt.best_reply(scaled, 0, types, prior).value == 7 * reply.value - 3
        assert dt.best_reply(scaled, 0, types, prior).first_actions == reply.first_actions
        shuffled = {name: types[name] for name in reversed(types)}
        assert dt.best_reply(rg, 0, shuffled, prior).value == reply.value
        u = rg.game.exact_payoffs
        swapped = dt.Game([u[1].T, u[0].T], players=["China", "US"], actions=[C, D])
        other = dt.RepeatedGame(swapped, tuple(reversed(rg.discount)), rg.breakdown)
        assert dt.best_reply(other, 1, types, prior).value == reply.value


def test_more_than_two_actions() -> None:
    game = dt.Game.bimatrix(
        [[4, 0, 1], [6, 2, 0], [0, 1, 3]], [[4, 6, 0], [0, 2, 1], [1, 0, 3]], actions=["a", "b", "c"]
    )
    machine = dt.Machine({"x": "a", "y": "c"}, {"x": {"a": "x", ...: "y"}, "y": {"c": "x", ...: "y"}})
    rg = dt.RepeatedGame(game, "3/4")
    reply = dt.best_reply(rg, 0, {"m": machine, "b": dt.machines.always("b")}, ["2/3", "1/3"])
    reply.verify()
    reply.region.verify()


def test_the_plan_reads_as_a_decision_graph() -> None:
    types = {"grim": NAMED[1], "hawk": NAMED[4]}
    reply = dt.best_reply(dt.RepeatedGame(dilemma(), "9/10"), 0, types, ["1/2", "1/2"])
    first = reply.plan.nodes[0]
    assert dict(first.posterior) == {"grim": F(1, 2), "hawk": F(1, 2)}
    assert reply.plan.nodes[first.next[D]].survivors == {"hawk": "always"}
    assert reply.plan.nodes[first.next[D]].action == D
    assert "hawk" in str(reply.plan)
    assert "<table>" in reply._repr_html_()


def test_many_types_stay_quick_and_too_many_are_refused() -> None:
    """Sixteen types of 2 to 6 states make thousands of nodes."""
    rng = random.Random(1)
    states = [f"s{k}" for k in range(5)]

    def machine() -> dt.Machine:
        return dt.Machine(
            {s: rng.choice((C, D)) for s in states}, {s: {C: rng.choice(states), D: rng.choice(states)} for s in states}
        )

    rg = dt.RepeatedGame(dilemma(), "9/10")
    types = {f"t{k}": machine() for k in range(4)}
    dt.best_reply(rg, 0, types, [F(1, 4)] * 4).verify()
    clock = [f"{k}" for k in range(97)]

    def cycle(length: int) -> dt.Machine:
        names = clock[:length]
        after = dict(zip(names, [*names[1:], names[0]], strict=True))
        return dt.Machine(dict.fromkeys(names, C), {s: {C: after[s], D: s} for s in names})

    with pytest.raises(dt.UnsupportedError, match="types"):
        dt.best_reply(rg, 0, {"a": cycle(97), "b": cycle(89), "c": cycle(83)}, ["1/3", "1/3", "1/3"])


@pytest.mark.parametrize(
    ("prior", "error"),
    [
        (["1/2", "1/3"], dt.ParameterError),
        ([1], dt.ParameterError),
        ({"grim": "1/2", "hawks": "1/2"}, dt.LabelError),
        ({"grim": 2, "hawk": -1}, dt.ParameterError),
        ([float("nan"), 1], dt.ParameterError),
        ("1", dt.ParameterError),
        (0.5, dt.ParameterError),
    ],
)
def test_priors_that_are_none(prior: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        dt.best_reply(dt.RepeatedGame(dilemma(), "9/10"), 0, {"grim": NAMED[1], "hawk": NAMED[4]}, prior)


def test_other_bad_input() -> None:
    rg = dt.RepeatedGame(dilemma(), "9/10")
    with pytest.raises(dt.ParameterError, match="types"):
        dt.best_reply(rg, 0, {}, [])
    with pytest.raises(dt.AgreementError, match="Machine"):
        dt.best_reply(rg, 0, {"grim": dt.agreements.grim_trigger(rg.game)}, [1])  # type: ignore[dict-item]
    with pytest.raises(dt.LabelError):
        dt.best_reply(rg, "Japan", {"grim": NAMED[1]}, [1])
    with pytest.raises(dt.UnsupportedError, match="monitoring"):
        dt.best_reply(rg.replace(monitoring=dt.trembles("1/20")), 0, {"grim": NAMED[1]}, [1])
    three = dt.Game([[[[0, 1]] * 2] * 2] * 3)
    with pytest.raises(dt.UnsupportedError, match="two-player"):
        dt.best_reply(dt.RepeatedGame(three, "1/2"), 0, {"grim": NAMED[3]}, [1])


def test_a_plan_that_is_not_optimal_fails_verification() -> None:
    from dataclasses import replace

    rg = dt.RepeatedGame(dilemma(), "9/10")
    types = {"grim": NAMED[1], "hawk": NAMED[4]}
    good = dt.best_reply(rg, 0, types, ["1/2", "1/2"])
    poor = dt.best_reply(rg, 0, types, ["1/20", "19/20"])
    for wrong in (
        replace(good, value=good.value - 1),
        replace(good, first_actions=(C, D)),
        replace(good, plan=poor.plan),
    ):
        with pytest.raises(dt.CertificateError):
            wrong.verify()


def test_every_first_act_is_reported_on_a_grid_of_priors() -> None:
    types = {"tft": NAMED[0], "wsls": NAMED[2], "hawk": NAMED[4]}
    rg = dt.RepeatedGame(dilemma(), "4/5")
    for i, j in product(range(7), repeat=2):
        if i + j <= 6:
            prior = {"tft": F(i, 6), "wsls": F(j, 6), "hawk": F(6 - i - j, 6)}
            first = value_by_bayes(rg, 0, types, prior)[1]
            assert {(C, D).index(a) for a in dt.best_reply(rg, 0, types, prior).first_actions} == first
