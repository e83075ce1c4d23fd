"""Stochastic games: closed forms, published cases, and an independent checker on random games and agreements."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import StochasticAgreement
from detente.game.truce import deadline_game, leverage_game, truce_game, truce_terms
from detente.repeated.states.check import is_nash_stochastic, is_subgame_perfect_stochastic
from detente.repeated.states.markov import markov_equilibria

RELAX, RESTRICT = ("Relax", "Relax"), ("Restrict", "Restrict")


def pd(T: Any, R: Any, P: Any, S: Any) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=["Relax", "Restrict"])


def from_zero_to(end: F) -> IntervalSet:
    return IntervalSet((Interval(F(0), end),)) if end >= 0 else IntervalSet()


# --- truce, lapse, renewal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_critical_lapse_rate_has_its_closed_form(seed: int) -> None:
    rng = random.Random(seed)
    T, R, P, S = (F(x) for x in sorted(rng.sample(range(20), 4), reverse=True))
    delta, rho = F(rng.randint(1, 19), 20), F(rng.randint(0, 10), 10)
    sg = truce_game(pd(T, R, P, S), 0, rho, discount=delta)
    need = (T - R) / (T - P)
    region = dt.holds_where(sg, truce_terms(sg), "lapse")
    assert region.set == from_zero_to(1 - need * (1 + delta * rho) / delta)
    if seed < 8:
        region.verify()
    # If renewal can strike at once a breach costs less: T − R ≤ δ(1 − λ − ρ)(R − P)/(1 − δ(1 − λ − ρ)).
    at_once = truce_game(pd(T, R, P, S), 0, rho, discount=delta, renewal_at_once=True)
    assert dt.holds_where(at_once, truce_terms(at_once), "lapse").set == from_zero_to(1 - rho - need / delta)


def test_critical_renewal_rate_and_discount() -> None:
    sg = truce_game(pd(5, 3, 1, 0), "1/10", "1/5", discount="9/10")
    terms = truce_terms(sg)
    renewal = dt.holds_where(sg, terms, "renewal")
    # 2(1 − δ(1 − λ − ρ)) ≤ 2δ(1 − λ) at δ = 9/10, λ = 1/10: 1 − 81/100 + 9ρ/10 ≤ 81/100
    assert renewal.set == from_zero_to(F(31, 45))
    renewal.verify()
    patience = dt.holds_where(sg, terms)
    patience.verify()
    assert patience.intervals == (Interval(F(5, 8), F(1), True, False),)
    assert "below 5/8, US would gain by Restrict in state 'truce'" in patience.explain()
    dt.holds_where(sg, terms, "breakdown").verify()
    payoff = dt.holds_where(sg, terms, ("payoff", "truce", "US", ("Restrict", "Relax")))
    payoff.verify()
    assert F(5) in payoff
    assert F(100) not in payoff


def test_one_players_incentives() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[3, 4], [0, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    sg = truce_game(game, "1/10", "1/5", discount="9/10")
    terms = truce_terms(sg)
    us, china = (dt.holds_where(sg, terms, "lapse", player=p) for p in ("US", "China"))
    us.verify()
    china.verify()
    assert dt.holds_where(sg, terms, "lapse").set == us.set & china.set
    assert us.set != china.set
    assert "for China" in china.claim
    nash = dt.holds_where(sg, terms, "lapse", "nash", player=0)
    nash.verify()
    assert nash.set == us.set


def test_two_lapse_rates_share_one_name_and_bound_its_domain() -> None:
    game = pd(5, 3, 1, 0)
    sg = StochasticGame(
        {"a": game, "b": game, "c": game},
        {"a": {"b": "rate", "c": "rate", "a": ...}, "b": "a", "c": "a"},
        "1/2",
        parameters={"rate": "1/4"},
    )
    region = dt.holds_where(sg, {...: RESTRICT}, "rate")
    assert region.domain == Interval(F(0), F(1, 2))
    assert region.set == IntervalSet((region.domain,))
    region.verify()


def test_a_deadline_without_extension_unravels_and_one_with_it_has_a_threshold() -> None:
    """With one period left a breach costs only the extension: T − R ≤ δ/(1−δ) · p (v − P) with v of a fresh truce."""
    game = pd(5, 3, 1, 0)
    T, R, P, delta = F(5), F(3), F(1), F(9, 10)
    for length in (1, 2, 5, 9):
        sg = deadline_game(game, length, "4/5", discount=delta)
        terms = truce_terms(sg)
        region = dt.holds_where(sg, terms, "extension")
        region.verify()
        # The value of a fresh truce over dispute is w = (1 − δⁿ)(R − P)/(1 − p δⁿ); hold iff (1−δ)(T−R) ≤ δ p w − …
        p = region.least
        assert isinstance(p, F)
        w = (1 - delta**length) * (R - P) / (1 - p * delta**length)
        assert (1 - delta) * (R - P) + delta * p * w == (1 - delta) * (T - P)
        assert str(region.binding[p][0].state) == "truce, 1 left"
        assert dt.holds_where(sg.replace(parameters={"extension": 0}), terms).is_empty


def test_leverage_that_erodes_deters_its_use() -> None:
    """A use gains 3 now and costs 2 for ever with probability e: (1 − δ) 3 ≤ δ e 2, e ≥ 1/2 at δ = 3/4."""
    names: dict[str, Any] = {"players": ["US", "China"], "actions": ["Relax", "Restrict"]}
    strong = dt.Game.bimatrix([[4, 1], [7, 2]], [[4, 3], [0, -1]], **names)
    spent = dt.Game.bimatrix([[4, 2], [4, 1]], [[4, 5], [4, 5]], **names)
    sg = leverage_game({"strong": strong, "spent": spent}, "1/4", discount="3/4", use=("Restrict", ...))
    region = dt.holds_where(sg, {"strong": RELAX, "spent": ("Relax", "Restrict")}, "erosion")
    assert region.set == IntervalSet((Interval(F(1, 2), F(1)),))
    region.verify()


def test_leverage_that_erodes() -> None:
    strong = dt.Game.bimatrix(
        [[3, 0], [5, 1]], [[3, 4], [-2, 0]], players=["US", "China"], actions=["Relax", "Restrict"]
    )
    spent = dt.Game.bimatrix([[3, 0], [4, 2]], [[3, 4], [1, 2]], players=["US", "China"], actions=["Relax", "Restrict"])
    sg = leverage_game({"strong": strong, "spent": spent}, "1/4", discount="9/10")
    grim = dt.agreements.grim_trigger(strong)
    region = dt.holds_where(sg, grim, "erosion")
    region.verify()
    assert region.domain == Interval(F(0), F(1))
    inc = dt.incentives(sg, grim)
    inc.verify()
    assert set(inc.values) == {"path | strong", "punishment | strong", "path | spent", "punishment | spent"} - {
        "path | spent"
    }
    always = leverage_game({"strong": strong, "spent": spent}, "1/4", discount="9/10", use=...)
    assert "path | spent" in dt.incentives(always, grim).values


# --- equivalences with repeated games ----------------------------------------------------------------------------


def test_one_state_is_a_repeated_game() -> None:
    rng = random.Random(5)
    for _ in range(25):
        A, B = ([[rng.randint(0, 9) for _ in range(2)] for _ in range(2)] for _ in range(2))
        game = dt.Game.bimatrix(A, B, actions=["C", "D"])
        states = [f"s{k}" for k in range(rng.randint(1, 4))]
        ag = dt.Agreement(
            {s: (rng.choice("CD"), rng.choice("CD")) for s in states},
            {s: {p: rng.choice(states) for p in product("CD", repeat=2)} for s in states},
        )
        discount, hazard = [F(rng.randint(1, 9), 10) for _ in range(2)], F(rng.randint(0, 3), 10)
        rg = dt.RepeatedGame(game, discount, hazard)
        sg = StochasticGame({"only": game}, {"only": "only"}, discount, hazard)
        assert dt.incentives(sg, ag).table == dt.incentives(rg, ag).table or len(states) == 1
        for over in ("discount", ("discount", 1), "breakdown"):
            for concept in ("subgame-perfect", "nash"):
                here = dt.holds_where(sg, ag, over, concept)
                assert here.set == dt.holds_where(rg, ag, over, concept).set  # type: ignore[arg-type]


def test_markov_equilibria_of_one_state_are_the_stage_equilibria() -> None:
    rng = random.Random(6)
    for _ in range(20):
        game = dt.Game([np.array([[rng.randint(0, 4) for _ in range(3)] for _ in range(3)]) for _ in range(2)])
        sg = StochasticGame({"only": game}, {"only": {"only": 1}}, "2/3")
        found = {e.play["only"] for e in markov_equilibria(sg)}
        assert found == {tuple(e) for e in product(range(3), repeat=2) if game.regret(e) == 0}


# --- a published two-state dilemma -------------------------------------------------------------------------------


def two_state_dilemma(discount: Any) -> StochasticGame:
    """Abreu, Brooks and Sannikov (2020), *Econometrica* 88: a dilemma in two states, the second 2 better for both."""
    one = dt.Game.symmetric([[2, -1], [3, 0]], actions=["C", "D"])
    two = dt.Game.symmetric([[4, 1], [5, 2]], actions=["C", "D"])
    unequal = {"one": "1/2", "two": "1/2"}
    return StochasticGame(
        {"one": one, "two": two},
        {
            "one": {("C", "D"): unequal, ("D", "C"): unequal, ...: {"one": "1/3", "two": "2/3"}},
            "two": {("C", "D"): unequal, ("D", "C"): unequal, ...: {"one": "2/3", "two": "1/3"}},
        },
        discount,
    )


@pytest.mark.parametrize("d", [F(1, 10), F(1, 2), F(7, 10), F(19, 20)])
def test_two_state_dilemma_values(d: F) -> None:
    sg = two_state_dilemma(d)
    found = markov_equilibria(sg)
    assert found.complete
    found.verify()
    defect = next(e for e in found if all(p == ("D", "D") for p in e.play.values()))
    assert [defect.values[s][0] for s in sg.states] == [4 * d / (3 + d), 2 * (3 - d) / (3 + d)]
    kept = dt.incentives(sg, {...: ("C", "C")}).values
    assert [kept[s][1] for s in sg.states] == [6 * (1 + d) / (3 + d), 12 / (3 + d)]


def test_two_state_dilemma_grim_region() -> None:
    """Grim trigger in both states: the slack in state one is δ(2 + …) − (1 − δ); checked from outside."""
    sg = two_state_dilemma("1/2")
    grim = dt.agreements.grim_trigger(sg.games["one"])
    region = dt.holds_where(sg, grim)
    region.verify()
    d = region.least
    assert d is not None

    # By hand: keep is worth v_C(s); breaching is worth (1−δ)(u + 1) + δ(v_D(1) + v_D(2))/2.
    def slack(x: F) -> F:
        breach = x * (4 * x + 2 * (3 - x)) / (3 + x) / 2
        one = 6 * (1 + x) / (3 + x) - (1 - x) * 3 - breach
        two = F(12) / (3 + x) - (1 - x) * 5 - breach
        return min(one, two)

    lo, hi = (d, d) if isinstance(d, F) else d.refine(F(1, 10**9))
    assert slack(F(lo) - F(1, 10**6)) < 0 <= slack(F(hi) + F(1, 10**9))


def test_commons_two_states_by_hand() -> None:
    """A stock that is high or low (Levhari and Mirman 1980 in miniature): extraction by anyone exhausts it for ever.

    Waiting pays 0 now and keeps the stock; grabbing alone takes 1, grabbing together 1/2 each; in the low state nothing
    is left. Keeping a stream of 1/4 each by waiting is an equilibrium iff 1/4 ≥ (1 − δ) · 1, and grabbing always is.
    """
    high = dt.Game.symmetric([[F(1, 4), 0], [1, F(1, 2)]], actions=["wait", "grab"])
    low = dt.Game.symmetric([[0]], actions=["nothing"])
    sg = StochasticGame(
        {"high": high, "low": low}, {"high": {("wait", "wait"): "high", ...: "low"}, "low": "low"}, "3/4"
    )
    at = {d: {e.play["high"] for e in markov_equilibria(sg.replace(discount=d))} for d in ("1/2", "3/4", "9/10")}
    grab, wait = ("grab", "grab"), ("wait", "wait")
    assert at == {"1/2": {grab}, "3/4": {grab, wait}, "9/10": {grab, wait}}
    waiting = next(e for e in markov_equilibria(sg) if e.play["high"] == wait)
    assert waiting.holds_where().intervals == (Interval(F(3, 4), F(1), True, False),)
    waiting.holds_where().verify()
    assert waiting.values["high"] == (F(1, 4), F(1, 4))


# --- random games against the independent checker ----------------------------------------------------------------


def random_game(rng: random.Random, players: int = 2) -> StochasticGame:
    states = [f"w{k}" for k in range(rng.randint(1, 3))]
    games, transitions = {}, {}
    for s in states:
        shape = tuple(rng.randint(1, 3) if players == 2 else 2 for _ in range(players))
        u = [np.array([rng.randint(0, 6) for _ in range(int(np.prod(shape)))]).reshape(shape) for _ in range(players)]
        games[s] = dt.Game(u)
        table: dict[Any, Any] = {}
        for p in product(*map(range, shape)):
            weights = [rng.randint(0, 3) for _ in states]
            weights[rng.randrange(len(states))] += 1
            table[p] = {t: F(w, sum(weights)) for t, w in zip(states, weights, strict=True)}
            if len(states) > 1 and rng.random() < 0.4:
                table[p] = {states[0]: "rate", states[-1]: ...}
        transitions[s] = table
    return StochasticGame(
        games,
        transitions,
        [F(rng.randint(0, 9), 10) for _ in range(players)],
        F(rng.randint(0, 2), 10),
        start=rng.choice([None, states[0]]),
        parameters={"rate": F(rng.randint(0, 4), 4)},
    )


def random_agreement(rng: random.Random, sg: StochasticGame) -> StochasticAgreement:
    memory = [f"m{k}" for k in range(rng.randint(1, 3))]
    acts = {s: list(product(*map(range, g.shape))) for s, g in sg.games.items()}
    play = {w: {s: rng.choice(acts[s]) for s in sg.states} for w in memory}
    move: dict[str, dict[Any, str]] = {w: {(s, p): rng.choice(memory) for s in acts for p in acts[s]} for w in memory}
    for w in memory:
        if rng.random() < 0.5:
            for key in rng.sample(sorted(move[w]), len(move[w]) // 2):
                del move[w][key]
            move[w][rng.choice(sg.states)] = rng.choice(memory)
            move[w][...] = rng.choice(memory)
    return StochasticAgreement(play, move)


@pytest.mark.parametrize("seed", range(40))
def test_random_agreements_against_the_checker(seed: int) -> None:
    rng = random.Random(seed)
    sg = random_game(rng, 3 if seed % 10 == 0 else 2)
    ag = random_agreement(rng, sg)
    inc = dt.incentives(sg, ag)
    inc.verify()
    assert inc.holds == is_subgame_perfect_stochastic(sg, ag)
    over: list[Any] = [
        "discount",
        ("discount", 1),
        "breakdown",
        "rate",
        ("payoff", sg.states[0], 0, (0,) * sg.n_players),
    ]
    for parameter in over:
        for concept in ("subgame-perfect", "nash"):
            region = dt.holds_where(sg, ag, parameter, concept)
            region.verify()
    assert not inc.holds or is_nash_stochastic(sg, ag)


@pytest.mark.parametrize("seed", range(40))
def test_random_markov_equilibria_by_brute_force(seed: int) -> None:
    rng = random.Random(900 + seed)
    sg = random_game(rng, 3 if seed % 8 == 0 else 2)
    anywhere = sg.replace(start=None)
    every = product(*(product(*g.actions) for g in sg.games.values()))
    plays = [dict(zip(sg.states, p, strict=True)) for p in every]
    expected = [p for p in plays if is_subgame_perfect_stochastic(anywhere, StochasticAgreement.markov(p))]
    found = markov_equilibria(sg)
    assert [dict(e.play) for e in found] == expected
    for e in found:
        region = e.holds_where(("discount", 0))
        assert sg.discount[0] in region
        region.verify()
        e.holds_where("rate").verify()


def test_a_missing_or_false_equilibrium_fails_verification() -> None:
    sg = two_state_dilemma("19/20")
    found = markov_equilibria(sg)
    missing = type(found)(sg, found.equilibria[1:], True)
    with pytest.raises(dt.CertificateError):
        missing.verify()
    false = type(found[0])(sg, dict.fromkeys(sg.states, ("C", "C")), found[0].values)
    with pytest.raises(dt.CertificateError):
        false.verify()


def test_false_incentives_fail_verification() -> None:
    sg = truce_game(pd(5, 3, 1, 0), "1/10", "1/5", discount="9/10")
    inc = dt.incentives(sg, truce_terms(sg))
    inc.verify()
    table = tuple(row._replace(slack=row.slack + 1) for row in inc.table)
    with pytest.raises(dt.CertificateError):
        replace(inc, table=table).verify()


def test_affine_maps_change_no_region() -> None:
    sg = truce_game(pd(5, 3, 1, 0), "1/10", "1/5", discount="9/10")
    moved = sg.replace(games={s: g.affine("US", 10**9, -7).affine("China", F(1, 10**9)) for s, g in sg.games.items()})
    for over in ("lapse", "renewal", "discount", "breakdown"):
        terms = truce_terms(sg)
        assert dt.holds_where(sg, terms, over).set == dt.holds_where(moved, terms, over).set


def test_equal_games_and_copies() -> None:
    one = truce_game(pd(5, 3, 1, 0), "1/10", "1/5", discount="9/10")
    two = truce_game(pd(5, 3, 1, 0), 0.1, F(1, 5), discount=F(9, 10))
    assert one == two == pickle.loads(pickle.dumps(one))
    assert hash(one) == hash(two)
    assert one != two.replace(parameters={"lapse": 0})
    assert one != 3
    assert two.replace(parameters={"lapse": 0}).parameters == {"lapse": 0, "renewal": F(1, 5)}
    terms = truce_terms(one)
    assert terms == truce_terms(two) == pickle.loads(pickle.dumps(terms)) == terms.renamed("other")
    assert len({terms, truce_terms(two)}) == 1
    assert terms != StochasticAgreement.markov({...: RELAX})
    with pytest.raises(dt.ParameterError, match="changes"):
        one.replace(patience=1)


# --- input -------------------------------------------------------------------------------------------------------


def test_arrays_mappings_and_sure_moves_are_the_same() -> None:
    game = pd(5, 3, 1, 0)
    array = [[["9/10", "1/10"], [0, 1]], [[0, 1], [0, 1]]]
    one = StochasticGame({"t": game, "d": game}, {"t": array, "d": {"d": 1}}, "1/2")
    two = StochasticGame({"t": game, "d": game}, {"t": {RELAX: {"t": ..., "d": "1/10"}, ...: "d"}, "d": "d"}, "1/2")
    for p in product((0, 1), repeat=2):
        assert {k: v for k, v in one.distribution("t", p).items() if v} == two.distribution(0, p)
    grim = {"t": RELAX, "d": RESTRICT}
    assert dt.holds_where(one, grim).set == dt.holds_where(two, grim).set
    dt.holds_where(one, grim).verify()
    floats = StochasticGame({"t": game}, {"t": np.ones((2, 2, 1))}, 0.5)
    assert floats.distribution("t", (0, 0)) == {"t": 1}


@pytest.mark.parametrize(
    ("transitions", "error"),
    [
        ({"t": {"t": "1/2", "d": "1/3"}, "d": "d"}, "add up"),
        ({"t": {"t": "3/2", "d": "-1/2"}, "d": "d"}, r"in \[0, 1\]"),
        ({"t": {"t": "lapse", "d": ...}, "d": "d"}, "parameter"),
        ({"t": {"t": float("nan"), "d": ...}, "d": "d"}, "finite"),
        ({"t": {"x": 1}, "d": "d"}, "next state"),
        ({"t": "x", "d": "d"}, "next state"),
        ({"t": "d"}, "missing"),
        ({"t": "d", "d": "d", "x": "d"}, "state"),
        ({"t": {RELAX: "t"}, "d": "d"}, "every outcome"),
        ({"t": {("Relaxx", "Relax"): "t", ...: "t"}, "d": "d"}, "Relaxx"),
        ({"t": {"t": ..., "d": ...}, "d": "d"}, "at most one"),
        ({"t": [[[1, 0], [1, 0]]], "d": "d"}, "shape"),
        ({"t": {}, "d": "d"}, "distribution"),
        ({"t": {"t": "rate", "d": "1/2"}, "d": "d"}, "at every value"),
        (3, "mapping"),
    ],
)
def test_bad_transitions(transitions: Any, error: str) -> None:
    game = pd(5, 3, 1, 0)
    with pytest.raises(dt.DetenteError, match=error):
        StochasticGame({"t": game, "d": game}, transitions, "1/2", parameters={"rate": "1/2"})


def test_bad_arguments() -> None:
    game = pd(5, 3, 1, 0)
    other = dt.Game.symmetric([[1, 2], [3, 4]])
    bad: list[dict[str, Any]] = [
        {"games": {}},
        {"games": {"t": game, "d": other}},
        {"games": {"t": 3, "d": game}},
        {"discount": 1},
        {"discount": "nan"},
        {"discount": [1, 2, 3]},
        {"breakdown": 2},
        {"start": "x"},
        {"parameters": {"discount": 1}},
        {"parameters": {"a b": 1}},
        {"parameters": 3},
    ]
    fine: dict[str, Any] = {"games": {"t": game, "d": game}, "transitions": {"t": "d", "d": "t"}, "discount": "1/2"}
    for change in bad:
        with pytest.raises(dt.DetenteError):
            StochasticGame(**{**fine, **change})
    sg = StochasticGame(**fine)
    for over in ("lapse", "noise", ("payoff", "US", RELAX), ("discount", "Japan"), ("breakdown", 1), None, ()):
        with pytest.raises(dt.DetenteError):
            dt.holds_where(sg, {...: RELAX}, over)
    for agreement in ({"t": RELAX}, {"t": "Relax", "d": RELAX}, {...: ("Relax",)}, 3, {...: ("Relax", "x")}, {}):
        with pytest.raises(dt.DetenteError):
            dt.incentives(sg, agreement)
    with pytest.raises(dt.ParameterError, match="StochasticGame"):
        dt.incentives(3, {})  # type: ignore[call-overload]
    with pytest.raises(dt.AgreementError, match="Agreement"):
        dt.incentives(dt.RepeatedGame(game, "1/2"), {})
    for use in ("Restrict", 3):
        with pytest.raises(dt.ParameterError, match="use"):
            leverage_game({"a": game, "b": game}, "1/2", discount="1/2", use=use)
    with pytest.raises(dt.UnsupportedError, match="more seconds"):
        dt.holds_where(sg, {...: RELAX}, budget=1e-9)
    with pytest.raises(dt.LabelError, match="concept"):
        dt.holds_where(sg, {...: RELAX}, concept="perfect")
    with pytest.raises(dt.LabelError, match="world"):
        dt.incentives(sg, StochasticAgreement({"a": RELAX}, {"a": {"nowhere": "a", ...: "a"}}))
    with pytest.raises(dt.AgreementError, match="every outcome"):
        dt.incentives(sg, StochasticAgreement({"a": RELAX}, {"a": {"t": "a"}}))
    for length in (0, True, 1.5, 10**6):
        with pytest.raises(dt.ParameterError, match="length"):
            deadline_game(game, length, 1, discount="1/2")  # type: ignore[arg-type]
    with pytest.raises(dt.ParameterError, match="budget"):
        markov_equilibria(sg, budget=-1)
    big = dt.Game.symmetric(np.arange(400).reshape(20, 20))
    with pytest.raises(dt.UnsupportedError):
        markov_equilibria(StochasticGame({f"s{k}": big for k in range(8)}, {f"s{k}": "s0" for k in range(8)}, "1/2"))


def test_a_budget_returns_what_was_found() -> None:
    big = dt.Game.symmetric(np.arange(36).reshape(6, 6))
    sg = StochasticGame({f"s{k}": big for k in range(5)}, {f"s{k}": f"s{(k + 1) % 5}" for k in range(5)}, "1/2")
    found = markov_equilibria(sg, budget=0.2)
    assert not found.complete
