"""The least demanding agreements: textbook answers, and enumerations that know nothing of the search."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction as F
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.repeated.check import is_subgame_perfect, next_state
from detente.trust.search.deterrence import Deterrence
from detente.trust.search.noise_demand import Level, NoiseSearch
from detente.trust.search.public_automata import Automaton, Outcomes, Target, minimal, skeletons, to_agreement

C, D = "Relax", "Restrict"
CAP = F(1, 2)


def pd(T: object = 5, R: object = 3, P: object = 1, S: object = 0) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=[C, D])


# Games of every kind and levels of patience at which some agreement of two states holds, or none does.
CASES = [
    dt.RepeatedGame(pd(), "9/10"),
    dt.RepeatedGame(pd(3, 2, 1, 0), "1/2"),
    dt.RepeatedGame(pd(), "1/4"),
    dt.RepeatedGame(dt.Game.symmetric([[6, 2], [7, 0]], actions=[C, D]), "4/5"),
    dt.RepeatedGame(dt.Game.symmetric([[4, 0], [3, 2]], actions=[C, D]), ["1/2", "2/3"], "1/10"),
    dt.RepeatedGame(dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], actions=[[C, D]] * 2), ["9/10", "4/5"]),
    dt.RepeatedGame(dt.Game.bimatrix([[5, 1], [6, 4]], [[5, 4], [2, 3]], actions=[[C, D]] * 2), "3/4"),
    dt.RepeatedGame(dt.Game.bimatrix([[2, 1], [3, 0]], [[2, 0], [1, 3]], actions=[[C, D]] * 2), "7/10"),
]


def on_path(ag: dt.Agreement, game: dt.Game) -> bool:
    rg, state = dt.RepeatedGame(game, 0), ag.start
    for _ in ag.states:
        if tuple(ag.play[state]) != (C, C):
            return False
        state = next_state(rg, ag, state, (0, 0))
    return True


@lru_cache
def small_automata(game: dt.Game) -> tuple[dt.Agreement, ...]:
    """Every agreement with one or two states that stays at mutual relaxation, each once."""
    found: dict[Any, dt.Agreement] = {}
    for n in (1, 2):
        names = [f"s{k}" for k in range(n)]
        for play in product(product((C, D), repeat=2), repeat=n):
            for move in product(names, repeat=4 * n):
                rows = {
                    s: dict(zip(product((C, D), repeat=2), move[4 * k : 4 * k + 4], strict=True))
                    for k, s in enumerate(names)
                }
                ag = dt.Agreement(dict(zip(names, play, strict=True)), rows)
                if on_path(ag, game):
                    found.setdefault(signature(ag, game, True), ag)
    return tuple(found.values())


def signature(ag: dt.Agreement, game: dt.Game, joint: bool, depth: int = 3) -> Any:
    """What is prescribed after every history of up to ``depth`` periods; without joint departures if so asked."""
    rg = dt.RepeatedGame(game, 0)

    def after(state: str, left: int) -> Any:
        play = tuple(game.action_index(i, a) for i, a in enumerate(ag.play[state]))
        if left == 0:
            return play
        outcomes = [p for p in product((0, 1), repeat=2) if joint or p[0] == play[0] or p[1] == play[1]]
        return play, tuple(after(next_state(rg, ag, state, p), left - 1) for p in outcomes)

    return after(ag.start, depth)


def noise_limit(rg: dt.RepeatedGame, ag: dt.Agreement) -> Any:
    region = dt.holds_where(rg, ag, "noise")
    return min(region.intervals[0].hi, CAP) if 0 in region else None


def demand(rg: dt.RepeatedGame, ag: dt.Agreement, criterion: str, players: tuple[int, ...] = (0, 1)) -> Any:
    """The demand by the exact regions; None if the agreement is not admissible."""
    if criterion == "discount":
        return dt.holds_where(rg, ag, "discount").least
    if not is_subgame_perfect(rg, ag):
        return None
    if criterion == "noise":
        return noise_limit(rg, ag)
    return max(dt.trust_region(rg, ag, player=i).least for i in players)


def test_the_textbook_dilemma() -> None:
    """Grim trigger needs the least patience, (T−R)/(T−P), and trust, in any prisoner's dilemma (Friedman 1971)."""
    rg = dt.RepeatedGame(pd(), "9/10")
    for states in (2, 3):
        patience = dt.least_demanding(rg, states, "discount")
        assert patience.value == F(1, 2)
        assert patience.best[0].name == "grim trigger"
        assert patience.ties[2] == 1
        trust = dt.least_demanding(rg, states)
        assert trust.value == F(1, 17)
        assert trust.best == (dt.agreements.grim_trigger(rg.game),)
        assert trust.complete
        assert trust.ties_complete
        trust.verify()


def test_one_state_never_sustains_relaxation_in_a_dilemma() -> None:
    rg = dt.RepeatedGame(pd(), "9/10")
    for criterion in ("trust", "discount", "noise"):
        found = dt.least_demanding(rg, 1, criterion)
        assert found.value is None
        assert found.best == ()
        assert found.complete
        assert "none" in found.explain()
        found.verify()


def test_where_relaxing_is_dominant_nothing_is_needed() -> None:
    rg = dt.RepeatedGame(dt.Game.symmetric([[4, 3], [2, 1]], actions=[C, D]), "1/2")
    for criterion, value in (("trust", 0), ("discount", 0), ("noise", CAP)):
        found = dt.least_demanding(rg, 2, criterion)
        assert found.value == value
        assert found.best[0].name == "unconditional"
        found.verify()


@pytest.mark.parametrize("rg", CASES, ids=range(len(CASES)))
@pytest.mark.parametrize("criterion", ["trust", "discount", "noise"])
def test_all_automata_of_two_states(rg: dt.RepeatedGame, criterion: str) -> None:
    """Value and ties against the exact regions of every table with up to two states."""
    found = dt.least_demanding(rg, 2, criterion, max_ties=10_000)
    demands = [(demand(rg, ag, criterion), ag) for ag in small_automata(rg.game)]
    demands = [(x, ag) for x, ag in demands if x is not None]
    if not demands:
        assert found.value is None
        return
    best = (max if criterion == "noise" else min)(x for x, _ in demands)
    assert found.value == best
    joint = criterion == "noise"
    expected = {signature(ag, rg.game, joint) for x, ag in demands if x == best}
    listed = [signature(ag, rg.game, joint) for ag in found.best]
    assert len(set(listed)) == len(listed) == sum(found.ties.values())
    assert set(listed) == expected
    assert found.complete


@pytest.mark.parametrize("rg", CASES[:6], ids=range(6))
def test_pareto_set_of_two_states(rg: dt.RepeatedGame) -> None:
    """Against all triples of demands of all tables, compared pair by pair."""
    triples = set()
    for ag in small_automata(rg.game):
        noise = demand(rg, ag, "noise")
        if noise is not None:
            triples.add((demand(rg, ag, "trust"), demand(rg, ag, "discount"), noise))
    expected = {
        a for a in triples if not any(b != a and b[0] <= a[0] and b[1] <= a[1] and b[2] >= a[2] for b in triples)
    }
    found = dt.least_demanding(rg, 2)
    assert {(p.trust, p.discount, p.noise) for p in found.pareto} == expected
    assert len(found.pareto) == len(expected)
    assert found.pareto_complete
    for point in found.pareto:
        for ag in point.agreements[:2]:
            assert demand(rg, ag, "trust") == point.trust
            assert demand(rg, ag, "discount") == point.discount
            assert demand(rg, ag, "noise") == point.noise


def random_three_states(rng: random.Random) -> dt.Agreement:
    names = ["a", "b", "c"]
    on = rng.choice([["a"], ["a"], ["a", "b"]])
    play = {s: (C, C) if s in on else (rng.choice((C, D)), rng.choice((C, D))) for s in names}
    move = {s: {p: rng.choice(names) for p in product((C, D), repeat=2)} for s in names}
    for s in on:
        move[s][(C, C)] = rng.choice(on)
    return dt.Agreement(play, move)


@pytest.mark.parametrize("rg", CASES, ids=range(len(CASES)))
def test_no_random_automaton_of_three_states_does_better(rg: dt.RepeatedGame) -> None:
    rng = random.Random(repr(rg))
    criteria = ("trust", "discount", "noise") if rg is not CASES[1] else ("trust", "discount")
    found = {c: dt.least_demanding(rg, 3, c) for c in criteria}
    for _ in range(50):
        ag = random_three_states(rng)
        for criterion, answer in found.items():
            x = demand(rg, ag, criterion)
            if x is not None:
                assert answer.value is not None
                assert answer.value >= x if criterion == "noise" else answer.value <= x
    for criterion, answer in found.items():
        for ag in answer.best[:3]:
            assert on_path(ag, rg.game)
            assert demand(rg, ag, criterion) == answer.value


def values_by_iteration(play: Any, move: Any, u: Any, beta: float) -> Any:
    """Values while nobody departs, by running the automaton for a long time."""
    rewards = u[play]
    v = np.zeros(play.shape)
    for _ in range(int(40 / (1 - beta))):
        v = (1 - beta) * rewards + beta * np.take_along_axis(v, move, axis=1)
    return v


def all_three_states(joint: bool) -> Iterator[tuple[Any, Any]]:
    """All tables of three states with mutual relaxation for ever, as arrays: prescriptions, and moves after the
    outcomes that differ from them in nobody's, the first's, the second's and, if asked, both acts."""
    targets = np.array(list(product(range(3), repeat=9)), np.int8)
    for plays in product(range(4), repeat=2):
        play = np.array([0, *plays])
        move = targets.reshape(-1, 3, 3)
        at, keeps = np.zeros(len(move), int), np.ones(len(move), bool)
        for _ in range(3):
            at = move[np.arange(len(move)), at, 0].astype(int)
            keeps &= play[at] == 0
        move = move[keeps]
        if joint:
            both = np.array(list(product(range(3), repeat=3)), np.int8)
            for row in both:
                more = np.broadcast_to(row[None, :, None], (len(move), 3, 1))
                yield np.broadcast_to(play, (len(move), 3)), np.concatenate([move, more], axis=2)
        else:
            yield np.broadcast_to(play, (len(move), 3)), move


def losses(play: Any, move: Any, rg: dt.RepeatedGame) -> Any:
    """The least loss by a one-shot departure, in floating point; acts are seen."""
    least = np.full(len(play), np.inf)
    for i in (0, 1):
        u = rg.game.payoffs[i].ravel()
        beta = float(rg.effective_discount[i])
        v = values_by_iteration(play, move[:, :, 0].astype(int), u, beta)
        departs = play ^ (2 if i == 0 else 1)
        after = np.take_along_axis(v, move[:, :, 1 + i].astype(int), axis=1)
        least = np.minimum(least, (v - (1 - beta) * u[departs] - beta * after).min(axis=1))
    return least


@pytest.mark.slow
@pytest.mark.parametrize("rg", CASES, ids=range(len(CASES)))
def test_all_automata_of_three_states_for_trust_and_patience(rg: dt.RepeatedGame) -> None:
    """Every table of three states: floating point to sort out the clear failures, exact regions for the rest."""
    outcomes = Outcomes((2, 2))
    trust, patience = dt.least_demanding(rg, 3), dt.least_demanding(rg, 3, "discount")
    assert patience.value is not None or trust.value is None
    admissible = []
    for play, move in all_three_states(joint=False):
        kept = np.flatnonzero(losses(play, move, rg) > -1e-9)
        admissible += [(play[k], move[k]) for k in kept]
        if patience.value:  # none is subgame perfect at sampled levels of less patience
            for share in (0.2, 0.5, 0.8, 0.99, 0.99999):
                less = rg.replace(discount=F(share * float(patience.value)).limit_denominator(10**9))
                assert (losses(play, move, less) < 0).all()
    best = None
    everything = len(admissible) <= 2500
    for play, move in admissible if everything else random.Random(3).sample(admissible, 2500):
        ag = to_agreement(Automaton(tuple(map(int, play)), tuple(map(tuple, move.tolist()))), outcomes, rg.game)
        x = demand(rg, ag, "trust")
        best = x if best is None else best if x is None else min(best, x)
    assert best == trust.value if everything else best >= trust.value


@pytest.mark.slow
@pytest.mark.parametrize("case", [0, 3, 5, 6])
def test_all_automata_of_three_states_for_noise(case: int) -> None:
    """No table of three states is subgame perfect all the way to a little more noise than the answer."""
    rg = CASES[case]
    answer = dt.least_demanding(rg, 3, "noise")
    assert answer.value is not None
    assert answer.value < CAP
    levels = [float(answer.value) * k for k in (1 + 1e-5, 0.999, 0.9, 0.7, 0.4)]
    for play, move in all_three_states(joint=True):
        standing = np.arange(len(play))
        for eps in levels:
            standing = standing[noisy_losses(play[standing], move[standing], rg, eps) > -1e-12]
        assert not len(standing)


def noisy_losses(play: Any, move: Any, rg: dt.RepeatedGame, eps: float) -> Any:
    n = len(play)
    least = np.full(n, np.inf)
    flips = np.array([0, 2, 1, 3])  # which acts differ from the prescribed ones, by the order of the moves
    chance = {0: (1 - eps) ** 2, 2: eps * (1 - eps), 1: eps * (1 - eps), 3: eps**2}
    rows = np.arange(n)[:, None]
    for i in (0, 1):
        u = rg.game.payoffs[i].ravel()
        beta = float(rg.effective_discount[i])

        def lottery(meant: int, u: Any = u) -> tuple[Any, Any]:
            """Expected payoff and transition when ``meant`` of the acts differ in intention."""
            reward, transition = np.zeros((n, 3)), np.zeros((n, 3, 3))
            for k, flip in enumerate(flips):
                q = chance[flip ^ meant]
                reward += q * u[play ^ flip]
                np.add.at(transition, (rows, np.arange(3)[None, :], move[:, :, k].astype(int)), q)
            return reward, transition

        reward, transition = lottery(0)
        v = np.linalg.solve(np.eye(3) - beta * transition, (1 - beta) * reward[..., None])
        other, onward = lottery(2 if i == 0 else 1)
        dev = (1 - beta) * other + beta * (onward @ v)[..., 0]
        least = np.minimum(least, (v[..., 0] - dev).min(axis=1))
    return least


def test_the_sieve_discards_only_what_fails() -> None:
    """At random levels of noise, against the exact one-shot check; and it discards all clear failures."""
    rng = random.Random(5)
    outcomes = Outcomes((2, 2))
    held = failed = 0
    for _ in range(300):
        rg = rng.choice(CASES).replace(monitoring=dt.perfect())
        n = rng.randint(1, 3)
        a = Automaton(
            tuple(rng.choice((0, 0, 3, 3, 1, 2)) for _ in range(n)),
            tuple(tuple(rng.randrange(n) for _ in range(4)) for _ in range(n)),
        )
        a = minimal(a)
        eps = F(rng.randint(0, 20), 40)
        noisy = rg.replace(monitoring=dt.trembles(eps))
        inc = dt.incentives(noisy, to_agreement(a, outcomes, rg.game))
        may = Level(rg, outcomes, eps).may_hold(a)
        assert inc.worst is not None
        if inc.worst.slack >= 0:
            held += 1
            assert may
        elif inc.worst.slack < F(-1, 10**6):
            failed += 1
            assert not may
    assert held > 20
    assert failed > 20


def test_completions_are_discarded_only_if_none_holds() -> None:
    """Whole families: the sieve finds every completion that the exact check accepts."""
    outcomes = Outcomes((2, 2))
    for rg, eps in ((CASES[0], F(1, 5)), (CASES[5], F(1, 8)), (CASES[3], F(1, 3))):
        families = [f for s in skeletons(outcomes, 2, Target((0,))) if (f := Deterrence(rg, outcomes).family(s))]
        search = NoiseSearch(rg, outcomes, lambda: None)
        found = set(search._candidates(families, eps) or ())
        assert search.seen + search.skipped == 4 * sum(len(list(f.rows())) for f in families)
        noisy = rg.replace(monitoring=dt.trembles(eps))
        for ag in small_automata(rg.game):
            bound = ag.bind(rg.game, dt.perfect())
            if len(bound.states) == 2 and is_subgame_perfect(rg, ag) and is_subgame_perfect(noisy, ag):
                names = {s: k for k, s in enumerate(bound.states)}
                play = tuple(outcomes.number[p] for p in bound.play)
                move = tuple(tuple(bound.move[s][o] for o in outcomes.after[p]) for s, p in enumerate(play))
                assert len(names) == 2
                assert minimal(Automaton(play, move)) in found


def test_just_enough_patience_stands_no_noise() -> None:
    """At the least patience itself every agreement gives way to the least noise."""
    rg = dt.RepeatedGame(pd(), "1/2")
    found = dt.least_demanding(rg, 2, "noise")
    assert (found.value, found.best[0].name, found.complete) == (0, "grim trigger", True)
    three = dt.least_demanding(rg, 3, "noise", max_ties=20)
    assert three.value == 0
    assert all(dt.holds_where(rg, ag, "noise").intervals[0].is_point for ag in three.best)


def test_contrition_stands_most_noise() -> None:
    """With three states an agreement that forgives whoever serves a sentence stands more noise than grim trigger."""
    rg = dt.RepeatedGame(pd(), "9/10")
    two, three = dt.least_demanding(rg, 2, "noise"), dt.least_demanding(rg, 3, "noise")
    assert two.best[0].name == "grim trigger"
    assert two.value < three.value
    plays = set(three.best[0].play.values())
    assert plays == {(C, C), (C, D), (D, C)}
    assert noise_limit(rg, three.best[0]) == three.value
    three.verify()


@pytest.mark.slow
def test_four_states() -> None:
    rg = dt.RepeatedGame(pd(), "9/10")
    trust, patience = dt.least_demanding(rg, 4), dt.least_demanding(rg, 4, "discount")
    assert (trust.value, patience.value) == (F(1, 17), F(1, 2))
    noise = dt.least_demanding(rg, 4, "noise")
    assert noise.complete
    assert noise.value > dt.least_demanding(rg, 3, "noise").value
    assert noise_limit(rg, noise.best[0]) == noise.value
    rng = random.Random(4)
    for _ in range(200):  # neighbours of the best: one move or prescription changed
        best = noise.best[0]
        s = rng.choice(best.states)
        move = {t: dict(m) for t, m in best.move.items()}
        move[s][rng.choice(list(move[s]))] = rng.choice(best.states)
        changed = dt.Agreement(best.play, move, best.start)
        if on_path(changed, rg.game) and is_subgame_perfect(rg, changed):
            assert noise_limit(rg, changed) <= noise.value


def test_either_player_alone() -> None:
    rg = CASES[5]
    both = dt.least_demanding(rg, 2)
    alone = [dt.least_demanding(rg, 2, player=i) for i in (0, 1)]
    assert both.value == max(a.value for a in alone)  # grim trigger is best for both
    for i, answer in enumerate(alone):
        assert answer.players == (rg.game.players[i],)
        xs = [demand(rg, ag, "trust", (i,)) for ag in small_automata(rg.game)]
        assert answer.value == min(x for x in xs if x is not None)
        answer.verify()


def test_an_opportunist_of_ones_own() -> None:
    machines = [
        dt.machines.tit_for_tat(C, D),
        dt.Machine({"nice": C, "nasty": D}, {"nice": {...: "nasty"}, "nasty": {...: "nasty"}}),
        dt.Machine({"a": D, "b": C}, {"a": {C: "b", D: "a"}, "b": {C: "a", D: "b"}}),
    ]
    for rg in (CASES[0], CASES[5], CASES[3]):
        admissible = [ag for ag in small_automata(rg.game) if is_subgame_perfect(rg, ag)]
        for machine in machines:
            found = dt.least_demanding(rg, 2, opportunist=machine)
            needs = [
                max(dt.trust_region(rg, ag, player=i, opportunist=machine).least for i in (0, 1)) for ag in admissible
            ]
            assert found.value == min(needs)
            found.verify()


def test_coming_to_the_path_later_can_need_less_trust() -> None:
    """An agreement that first lets the US restrict while China relaxes costs the US nothing against an opportunist."""
    rg = dt.RepeatedGame(pd(), "9/10")
    found = dt.least_demanding(rg, 3, player="US", eventually=True)
    assert found.value == 0
    assert all(tuple(ag.play[ag.start]) != (C, C) for ag in found.best)
    for ag in found.best:
        assert is_subgame_perfect(rg, ag)
        assert dt.trust_region(rg, ag, player="US").least == 0
    assert dt.least_demanding(rg, 3, player="US").value == F(1, 17)
    found.verify()
    both = dt.least_demanding(rg, 3, eventually=True)
    assert both.value == F(1, 17)
    both.verify()  # tries every table with two states, whatever it starts with


def test_another_path() -> None:
    rg = dt.RepeatedGame(pd(), "9/10")
    restrict = dt.least_demanding(rg, 2, "discount", path=(D, D))
    assert (restrict.value, restrict.best[0].states) == (0, ("always",))
    turns = dt.least_demanding(rg, 3, "discount", path=[(C, D), (D, C)])
    for ag in turns.best[:5]:
        assert [tuple(ag.play[s]) for s in (ag.start, ag.move[ag.start][(C, D)])] == [(C, D), (D, C)]
        assert dt.holds_where(rg, ag).least == turns.value
    turns.verify()
    assert dt.least_demanding(rg, 3, "discount", path=[(C, D), (D, C), (C, D), (D, C)]).value == turns.value


@pytest.mark.parametrize("criterion", ["trust", "discount", "noise"])
def test_units_and_names_do_not_matter(criterion: str) -> None:
    rg = CASES[5]
    answer = dt.least_demanding(rg, 3, criterion)
    u = rg.game.exact_payoffs
    scaled = dt.Game([u[0] * F(10**9) - 7, u[1] * F(1, 10**9) + 3], actions=[[C, D]] * 2)
    assert dt.least_demanding(rg.replace(game=scaled), 3, criterion).value == answer.value
    swapped = dt.Game([u[1].T, u[0].T], actions=[[C, D]] * 2)
    turned = dt.least_demanding(rg.replace(game=swapped, discount=rg.discount[::-1]), 3, criterion)
    assert (turned.value, turned.ties) == (answer.value, answer.ties)
    renumbered = dt.Game([u[0][::-1], u[1][::-1]], actions=[[D, C], [C, D]])
    relabelled = dt.least_demanding(rg.replace(game=renumbered), 3, criterion, path=(C, C))
    assert (relabelled.value, relabelled.ties) == (answer.value, answer.ties)


def test_mirror_images() -> None:
    found = dt.least_demanding(dt.RepeatedGame(pd(), "9/10"), 3, "discount")
    for k, (ag, note) in enumerate(zip(found.best, found.equivalences, strict=True)):
        assert note.mirror is not None
        assert found.equivalences[note.mirror].mirror == k
        assert note.variants == len(ag.states) ** len(ag.states)


def test_abreus_cournot_game() -> None:
    """Abreu (1988): reversion supports low output from 5/8, one round of stick from 3/5, an optimal code from 1/3."""
    game = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]], actions=["Low", "Medium", "High"])
    rg = dt.RepeatedGame(game, "3/4")
    two = dt.least_demanding(rg, 2, "discount")
    assert two.value == dt.holds_where(rg, two.best[0]).least
    assert two.value <= F(3, 5)
    three = dt.least_demanding(rg, 3, "discount", max_ties=5)
    assert F(1, 3) <= three.value <= two.value
    assert dt.holds_where(rg, three.best[0]).least == three.value


def test_a_game_with_more_actions() -> None:
    """Two by three actions: every table of two states, up to what follows when both depart; noise with all of those."""
    game = dt.Game.bimatrix([[4, 0, 1], [6, 1, 0]], [[4, 6, 2], [0, 1, 3]])
    rg, outcomes = dt.RepeatedGame(game, "4/5"), Outcomes((2, 3))
    patience, trust, noise = [], [], []
    for other in range(6):
        for moves in product((0, 1), repeat=8):
            rows = (moves[:4], moves[4:])
            if rows[0][0] == 1 and other != 0:
                continue  # leaves the path
            a = Automaton((0, other), rows)
            ag = to_agreement(a, outcomes, game)
            least = dt.holds_where(rg, ag).least
            patience += [least] if least is not None else []
            if is_subgame_perfect(rg, ag):
                trust.append(max(dt.trust_region(rg, ag, player=i).least for i in (0, 1)))
                for both in product((0, 1), repeat=4):
                    full = Automaton(a.play, ((*rows[0], *both[:2]), (*rows[1], *both[2:])))
                    full_ag = to_agreement(full, outcomes, game)
                    if is_subgame_perfect(rg, full_ag):
                        noise.append(noise_limit(rg, full_ag))
    assert dt.least_demanding(rg, 2, "discount").value == min(patience)
    assert dt.least_demanding(rg, 2, "trust").value == min(trust)
    assert dt.least_demanding(rg, 2, "noise").value == max(noise)


def test_the_scenarios_own_noise_is_set_aside() -> None:
    rg = CASES[0]
    noisy = rg.replace(monitoring=dt.trembles("1/10"))
    for criterion in ("trust", "discount", "noise"):
        assert dt.least_demanding(noisy, 2, criterion).value == dt.least_demanding(rg, 2, criterion).value


def test_london() -> None:
    """Grim trigger needs the least trust; agreements of three states stand more noise, and the scenario's own."""
    rg = dt.load_scenario("london-2025").repeated
    trust = dt.least_demanding(rg, 3)
    assert trust.best[0].name == "grim trigger"
    seen = rg.replace(monitoring=dt.perfect())
    assert trust.value == max(dt.trust_region(seen, trust.best[0], player=p).least for p in rg.game.players)
    noise = dt.least_demanding(rg, 3, "noise")
    assert noise.value > noise_limit(seen, dt.agreements.grim_trigger(rg.game))
    assert dt.incentives(rg, noise.best[0]).holds
    assert len(trust.pareto) > 1


def test_counts_and_progress() -> None:
    told: list[tuple[str, int]] = []
    found = dt.least_demanding(CASES[0], 3, progress=lambda stage, size: told.append((stage, size)))
    assert found.searched["automata"] == sum(4**n * n ** (4 * n) for n in (1, 2, 3))
    assert told == [("trust", 1), ("trust", 2), ("trust", 3)]


def test_a_spent_budget_is_admitted() -> None:
    found = dt.least_demanding(CASES[0], 4, "noise", budget=1e-9)
    assert not found.complete
    assert not found.ties_complete
    assert "budget" in found.explain()
    found.verify()
    assert found.pareto == ()
    assert not found.pareto_complete


def test_many_ties_are_listed_in_part() -> None:
    found = dt.least_demanding(CASES[0], 3, "discount", max_ties=3)
    assert len(found.best) == len(found.equivalences) == 3
    assert sum(found.ties.values()) == 40


def test_a_false_claim_is_found_out() -> None:
    from dataclasses import replace

    for criterion, wrong in (("trust", F(1, 18)), ("discount", F(2, 5)), ("noise", F(1, 4))):
        found = dt.least_demanding(CASES[0], 2, criterion)
        found.verify()
        with pytest.raises(dt.CertificateError):
            replace(found, value=wrong).verify()
    worse = dt.least_demanding(CASES[0], 2)
    forgiving = dt.agreements.carrot_and_stick(CASES[0].game)
    need = (
        max(dt.trust_region(CASES[0], forgiving, player=i).least for i in (0, 1))
        if is_subgame_perfect(CASES[0], forgiving)
        else F(1)
    )
    with pytest.raises(dt.CertificateError):
        replace(worse, value=need, best=()).verify()


def test_extremes() -> None:
    assert dt.least_demanding(dt.RepeatedGame(pd(), 0), 2).value is None
    assert dt.least_demanding(dt.RepeatedGame(pd(), "9/10", breakdown=1), 2, "discount").value is None
    one = dt.RepeatedGame(dt.Game([[[1]], [[2]]]), "1/2")
    assert [dt.least_demanding(one, 2, c).value for c in ("trust", "discount", "noise")] == [0, 0, 1]
    flat = dt.RepeatedGame(dt.Game([np.zeros((2, 2), int), np.zeros((2, 2), int)]), "1/2")
    assert [dt.least_demanding(flat, 2, c).value for c in ("trust", "discount", "noise")] == [0, 0, CAP]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"criterion": "patience"}, dt.LabelError),
        ({"max_states": 0}, dt.ParameterError),
        ({"max_states": 2.0}, dt.ParameterError),
        ({"max_states": True}, dt.ParameterError),
        ({"max_states": 99}, dt.ParameterError),
        ({"max_ties": 0}, dt.ParameterError),
        ({"budget": 0}, dt.ParameterError),
        ({"budget": float("nan")}, dt.ParameterError),
        ({"player": "France"}, dt.LabelError),
        ({"path": ()}, dt.ParameterError),
        ({"path": "Relax"}, dt.ParameterError),
        ({"path": ("Relax", "Relent")}, dt.DetenteError),
        ({"opportunist": "always"}, dt.AgreementError),
    ],
)
def test_bad_input(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        dt.least_demanding(dt.RepeatedGame(pd(), "9/10"), **arguments)


def test_games_and_monitoring_that_do_not_fit() -> None:
    three = dt.Game(np.zeros((3, 2, 2, 2), int))
    with pytest.raises(dt.UnsupportedError):
        dt.least_demanding(dt.RepeatedGame(three, "1/2"))
    signals = dt.public_signals(["good", "bad"], {p: {"good": "1/2", "bad": "1/2"} for p in product((C, D), repeat=2)})
    with pytest.raises(dt.UnsupportedError):
        dt.least_demanding(dt.RepeatedGame(pd(), "1/2", monitoring=signals))
    with pytest.raises(dt.ParameterError):
        dt.least_demanding(pd())  # type: ignore[arg-type]
