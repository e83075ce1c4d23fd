"""Least patience: published cases, closed forms, an exhaustive search over short codes, and proofs that can fail."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.errors import CertificateError, LabelError, ParameterError, ProfileError
from detente.repeated.check import is_subgame_perfect
from detente.repeated.patience.least_discount import LeastDiscount, least_discount
from detente.repeated.patience.penal_code import Path, PenalCode, stage_table
from detente.repeated.patience.punishment_bound import Exclusion, Raise, punishment_bound

COURNOT = dt.textbook("abreu-cournot").game


def random_game(rng: random.Random, shape: tuple[int, ...], span: int = 9) -> dt.Game:
    size = int(np.prod(shape))
    return dt.Game(np.array([[rng.randint(-span, span) for _ in range(size)] for _ in shape]).reshape(-1, *shape))


def tempting(rng: random.Random, shape: tuple[int, ...]) -> tuple[dt.Game, tuple[int, ...]]:
    """A game and a profile above everyone's pure minmax that is no equilibrium of the stage game."""
    while True:
        game = random_game(rng, shape)
        floor = [game.minmax(i, pure=True) for i in range(len(shape))]
        for profile in product(*map(range, shape)):
            if game.regret(profile) > 0 and all(u > v for u, v in zip(game.payoff(profile), floor, strict=True)):
                return game, profile


# --- published and hand-computed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "least", "grim"),
    [
        # 5/8: reversion to (Medium, Medium) for ever, 10 >= (1-d) 15 + 7 d. 1/3: minmax 0 for both, 10 >= (1-d) 15.
        (("Low", "Low"), F(1, 3), F(5, 8)),
        # 3 >= (1-d) 7 for the first player.
        (("Low", "Medium"), F(4, 7), None),
        (("Low", "High"), F(8, 15), None),
        (("Medium", "Medium"), F(0), F(0)),
        (("High", "High"), None, None),  # -15 is below the minmax
        (("Medium", "High"), None, None),
    ],
)
def test_abreus_cournot_game(profile: tuple[str, str], least: F | None, grim: F | None) -> None:
    answer = least_discount(COURNOT, profile)
    assert answer.exact
    assert (answer.discount, answer.grim) == (least, grim)
    assert answer.bounds == (least or (F(0) if least == 0 else F(1)),) * 2
    answer.verify()


def test_the_optimal_penal_code_of_abreus_cournot_game() -> None:
    answer = least_discount(COURNOT, ("Low", "Low"))
    assert answer.agreement is not None
    assert answer.region is not None
    assert answer.region.least == F(1, 3)
    inc = dt.incentives(dt.RepeatedGame(COURNOT, F(1, 3)), answer.agreement)
    assert inc.holds
    # Each is held to the minmax payoff 0 right after a breach.
    for i, outcome in enumerate([("Medium", "Low"), ("Low", "Medium")]):
        after = dict(answer.agreement.move["path"])
        key = (..., "Low") if i == 0 else ("Low", ...)
        assert outcome not in after
        assert inc.values[after[key]][i] == 0
    assert not dt.incentives(dt.RepeatedGame(COURNOT, F(33, 100)), answer.agreement).holds


def test_abreu_and_sannikovs_example() -> None:
    game = dt.textbook("abreu-sannikov-2014").game
    assert least_discount(game, (0, 0)).discount == F(4, 13)  # minmax 0 for player 2: 9 >= (1-d) 13
    bracket = least_discount(game, (0, 1))
    assert not bracket.exact
    assert isinstance(bracket.discount, dt.Algebraic)
    assert bracket.lower == F(7, 10)
    assert bracket.discount > bracket.lower
    assert float(bracket.discount) < 0.701
    bracket.verify()
    assert "nothing below 7/10" in bracket.explain()


dilemmas = st.lists(st.integers(0, 30), min_size=8, max_size=8).filter(
    lambda v: len(set(v[:4])) == 4 and len(set(v[4:])) == 4
)


@given(dilemmas)
def test_grim_trigger_is_optimal_in_every_dilemma(numbers: list[int]) -> None:
    first, second = (sorted(part, reverse=True) for part in (numbers[:4], numbers[4:]))
    (T, R, P, S), (t, r, p, s) = first, second
    game = dt.Game.bimatrix([[R, S], [T, P]], [[r, t], [s, p]])
    answer = least_discount(game, (0, 0))
    assert answer.exact
    assert answer.discount == answer.grim == max(F(T - R, T - P), F(t - r, t - p))
    assert not answer.improves_on_grim


def test_a_lottery_sets_a_punishment_exactly() -> None:
    # A dilemma with a third action that hurts both: minmax is 0 rather than the equilibrium's 1.
    game = dt.Game.symmetric([[3, 0, 0], [5, 1, 0], [0, 0, -1]], actions=["Relax", "Restrict", "Embargo"])
    plain = least_discount(game, ("Relax", "Relax"))
    assert plain.grim == F(1, 2)
    assert plain.lower == F(2, 5)  # (5 - 3) / (5 - 0)
    assert plain.improves_on_grim
    assert float(plain.discount) < 0.402  # type: ignore[arg-type]
    assert "Embargo" in {a for profile in plain.agreement.play.values() for a in profile}  # type: ignore[union-attr]
    plain.verify()
    lottery = least_discount(game, ("Relax", "Relax"), randomization=True)
    assert lottery.exact
    assert lottery.discount == F(2, 5)
    assert lottery.code is not None
    assert [v[i] for i, v in enumerate(lottery.code.values)] == [0, 0]
    assert "(Embargo, Embargo)" in lottery.code.explain()
    lottery.verify()
    with pytest.raises(CertificateError):
        replace(lottery.code, discount=F(39, 100)).verify()
    with pytest.raises(CertificateError):
        replace(lottery, code=replace(lottery.code, discount=F(1, 2))).verify()


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3)])
def test_randomization_never_needs_more_patience(shape: tuple[int, ...]) -> None:
    rng = random.Random(sum(shape) + 1)
    exact = 0
    for _ in range(8):
        game, target = tempting(rng, shape)
        plain = least_discount(game, target, periods=4, budget=None)
        lottery = least_discount(game, target, randomization=True, periods=4, budget=None)
        lottery.verify()
        assert not lottery.bounds[1] > plain.bounds[1]
        assert not lottery.lower > lottery.bounds[1]
        exact += lottery.exact
    assert exact >= 4


def test_a_game_without_pure_equilibrium_can_sustain_a_profile() -> None:
    # Matching pennies with a joint prize for both stopping: no pure equilibrium of the stage game to revert to.
    game = dt.Game([[[1, -1, 1], [-1, 1, 1], [-2, -2, 3]], [[-1, 1, -2], [1, -1, -2], [4, 4, 3]]])
    assert not dt.pure_equilibria(game)
    answer = least_discount(game, (2, 2))
    assert answer.grim is None
    answer.verify()


# --- an exhaustive search over short codes, in rationals ---------------------------------------------------------


def value(path: tuple[Any, ...], cycle: tuple[Any, ...], u: Any, delta: F) -> F:
    total = sum((delta**t * u[a] for t, a in enumerate(path)), F(0))
    once = sum((delta**t * u[a] for t, a in enumerate(cycle)), F(0))
    return (1 - delta) * (total + delta ** len(path) * once / (1 - delta ** len(cycle)))


def short_codes_sustain(game: dt.Game, target: tuple[int, ...], delta: F, periods: int) -> bool:
    """Whether punishments of at most ``periods`` periods before a constant profile sustain ``target`` at ``delta``."""
    u, n = game.exact_payoffs, game.n_players
    profiles = list(product(*map(range, game.shape)))
    m = {a: [max(u[(i, *a[:i], b, *a[i + 1 :])] for b in range(game.shape[i])) for i in range(n)] for a in profiles}
    paths = [(p, (c,)) for k in range(periods + 1) for p in product(profiles, repeat=k) for c in profiles]
    values = {}
    for p, c in paths:
        values[p, c] = [value(p, c, u[i], delta) for i in range(n)]
    v = [min(m[a][i] for a in profiles) for i in range(n)]

    def fits(p: tuple[Any, ...], c: tuple[Any, ...]) -> bool:
        rests = [(p[t:], c) for t in range(len(p) + 1)]
        return all(
            values[q][i] >= (1 - delta) * m[(*q[0], *q[1])[0]][i] + delta * v[i] for q in rests for i in range(n)
        )

    left = paths
    while True:
        left = [q for q in left if fits(*q)]
        if ((), (target,)) not in left:
            return False
        higher = [min(values[q][i] for q in left) for i in range(n)]
        if higher == v:
            return True
        v = higher


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (2, 2, 2)])
def test_against_every_short_penal_code(shape: tuple[int, ...]) -> None:
    rng = random.Random(sum(shape))
    decided = 0
    for _ in range(12 if len(shape) == 2 else 5):
        game, target = tempting(rng, shape)
        answer = least_discount(game, target, periods=4, budget=None)
        answer.verify()
        if answer.lower > 0:
            below = answer.lower * F(999, 1000)
            assert not short_codes_sustain(game, target, below, 2)
        for k in range(1, 8):
            if short_codes_sustain(game, target, F(k, 8), 1):
                assert F(k, 8) >= answer.lower
                # What short constant-ended codes do, the search does as well.
                assert answer.discount is not None
                assert not answer.discount > F(k, 8)
                decided += 1
                break
    assert decided > 1


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (2, 2, 2)])
def test_random_games_are_proven_and_confirmed(shape: tuple[int, ...]) -> None:
    rng = random.Random(7 * len(shape) + shape[0])
    exact = 0
    for _ in range(8 if len(shape) > 2 else 20):
        game, target = tempting(rng, shape)
        answer = least_discount(game, target, periods=4, budget=None)
        answer.verify()
        lower, upper = answer.bounds
        assert not lower > upper
        assert answer.grim is None or not answer.discount > answer.grim  # type: ignore[operator]
        exact += answer.exact
        if answer.agreement is not None and answer.region is not None:
            answer.region.verify()
            inside = answer.region.sample_points()
            assert any(is_subgame_perfect(dt.RepeatedGame(game, x), answer.agreement) for x in inside if x < 1)
    assert exact >= 5


def test_units_names_and_order_of_players_do_not_matter() -> None:
    rng = random.Random(5)
    for _ in range(6):
        game, target = tempting(rng, (2, 3))
        answer = least_discount(game, target)
        scaled = least_discount(game.affine(0, F(10**9), -7).affine(1, F(1, 10**9), 3), target)
        swapped = dt.Game([game.exact_payoffs[1].T, game.exact_payoffs[0].T])
        turned = least_discount(swapped, target[::-1])
        assert answer.bounds == scaled.bounds
        assert answer.exact == turned.exact
        if answer.exact:
            assert answer.discount == turned.discount


# --- proofs that can fail ----------------------------------------------------------------------------------------


def bracketed() -> LeastDiscount:
    rng = random.Random(3)
    while True:
        answer = least_discount(*tempting(rng, (3, 3)))
        if answer.bound is not None and answer.bound.steps and answer.discount is not None:
            return answer


def test_verify_refuses_a_bound_that_is_not_proven() -> None:
    answer = bracketed()
    with pytest.raises(CertificateError):
        replace(answer, lower=answer.lower + F(1, 1000)).verify()
    bound = answer.bound
    assert bound is not None
    forged = tuple(
        Exclusion(s.profile, tuple(F(0) for _ in s.weights))
        if isinstance(s, Exclusion)
        else s._replace(value=s.value + 1)
        for s in bound.steps
    )
    with pytest.raises(CertificateError):
        replace(bound, steps=forged).verify()
    with pytest.raises(CertificateError):
        replace(bound, worst=tuple(w + 1 for w in bound.worst)).verify()


def test_verify_refuses_another_agreement_and_another_discount() -> None:
    answer = least_discount(COURNOT, ("Low", "Low"))
    forged = dt.agreements.grim_trigger(COURNOT, ("Low", "Low"), ("Medium", "Medium"))
    with pytest.raises(CertificateError):
        replace(answer, agreement=forged).verify()
    with pytest.raises(CertificateError):
        replace(answer, discount=F(3, 10), lower=F(3, 10)).verify()
    with pytest.raises(CertificateError):
        replace(answer, agreement=dt.agreements.unconditional(("Medium", "Medium"))).verify()


def test_bounds_hold_for_every_equilibrium_of_the_codes_found() -> None:
    rng = random.Random(11)
    for _ in range(10):
        game, target = tempting(rng, (3, 3))
        answer = least_discount(game, target, periods=4, budget=None)
        if answer.agreement is None or not isinstance(answer.discount, F) or answer.discount == 0:
            continue
        # The bound at d covers everything below d; take it a little above and compare all values of the code at d.
        bound = punishment_bound(stage_table(game), (answer.discount + 1) / 2, lambda: False)
        bound.verify()
        values = dt.incentives(dt.RepeatedGame(game, answer.discount), answer.agreement).values
        for state in values:
            assert all(x >= w for x, w in zip(values[state], bound.worst, strict=True))
            assert game.pure_profile(answer.agreement.play[state]) in bound.playable


def test_penal_codes_as_automata() -> None:
    table = stage_table(COURNOT)
    L, M, H = 0, 1, 2
    stick = Path(((H, H),), ((L, L),))
    code = PenalCode(Path((), ((L, L),)), (stick, stick))
    ag = code.agreement(COURNOT)
    assert len(ag.states) == 2
    assert dt.holds_where(dt.RepeatedGame(COURNOT, 0), ag).least == F(3, 5)
    assert [code.holds_at(table, x) for x in (F(59, 100), F(3, 5))] == [False, True]
    alternating = Path(((M, H),), ((L, M), (M, L)))
    assert code.value(alternating, table, F(1, 2))[0] == F(1, 2) * -4 + F(1, 2) * (3 + F(1, 2) * 15) / F(3, 2)
    both = PenalCode(alternating, (stick, alternating)).agreement(COURNOT)
    # A departure by both at once is ignored.
    assert both.move[both.start][...] == both.move[both.start][COURNOT.profile_labels(alternating.first)]


def test_one_player_and_trivial_games() -> None:
    alone = dt.Game([[3, 5, 1]])
    assert least_discount(alone, (1,)).discount == 0
    assert least_discount(alone, (0,)).discount is None
    flat = dt.Game(np.zeros((2, 2, 2), dtype=int))
    assert least_discount(flat, (0, 1)).discount == 0


def test_time_is_kept() -> None:
    game = dt.Game(np.random.default_rng(20).integers(-50, 50, (2, 12, 12)))
    profile = np.unravel_index(int(game.payoffs.sum(axis=0).argmax()), game.shape)
    start = time.perf_counter()
    answer = least_discount(game, [int(a) for a in profile], budget=0.5)
    assert time.perf_counter() - start < 15
    answer.verify()


def test_proofs_use_both_kinds_of_steps() -> None:
    rng = random.Random(2)
    kinds: set[type] = set()
    for _ in range(60):
        game, target = tempting(rng, (2, 3))
        answer = least_discount(game, target)
        if answer.bound is not None:
            kinds |= {type(step) for step in answer.bound.steps}
        if kinds == {Exclusion, Raise}:
            break
    assert kinds == {Exclusion, Raise}


def test_bad_input() -> None:
    with pytest.raises(ParameterError):
        least_discount([[1]], (0, 0))  # type: ignore[arg-type]
    with pytest.raises(ProfileError):
        least_discount(COURNOT, ("Low",))
    with pytest.raises(LabelError):
        least_discount(COURNOT, ("Low", "Lo"))
    for options in (
        {"periods": 0},
        {"periods": True},
        {"width": 0},
        {"budget": 0},
        {"budget": float("nan")},
        {"randomization": 1},
    ):
        with pytest.raises(ParameterError):
            least_discount(COURNOT, ("Low", "Low"), **options)  # type: ignore[arg-type]


CLAIMS = [
    (name, t)
    for name in dt.textbook().tagged("repeated").names
    for t in dt.textbook(name).known_thresholds
    if t.kind == "least_discount"
]


@pytest.mark.parametrize(("name", "claim"), CLAIMS)
def test_the_catalogue(name: str, claim: Any) -> None:
    answer = least_discount(dt.textbook(name).game, claim.data["profile"])
    assert answer.exact
    assert answer.discount == F(claim.data["value"])
    answer.verify()


def test_the_catalogue_has_claims() -> None:
    assert len(CLAIMS) >= 4


# --- payoffs as targets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "target", "least"),
    [
        ("prisoners-dilemma", (3, 3), F(1, 2)),
        ("prisoners-dilemma", (1, 1), F(0)),
        ("prisoners-dilemma", (2, 2), F(1, 4)),  # T > 1 + l, so that alternating needs less: the triangle from l/(1+g)
        ("abreu-cournot", (10, 10), F(1, 3)),
        ("abreu-cournot", (3, 15), F(4, 7)),
        ("abreu-cournot", (0, 0), F(3, 5)),
        ("prisoners-dilemma", (5, 0), None),  # below the minmax
        ("prisoners-dilemma", (4, 4), None),  # infeasible
    ],
)
def test_payoff_targets(name: str, target: tuple[int, int], least: F | None) -> None:
    game = dt.textbook(name).game
    answer = least_discount(game, target=target, budget=60)
    answer.verify()
    assert answer.discount == least
    assert answer.exact


def test_random_payoff_targets() -> None:
    """Exact where δ* is a simple fraction; a little below, the target is outside, by the payoff set there."""
    exact = bracketed = 0
    for seed in range(36):
        rng = random.Random(seed)
        shape = rng.choice([(2, 2), (2, 3), (3, 3)])
        game = dt.Game(np.random.default_rng(seed).integers(-9, 9, (2, *shape)))
        ends = [tuple(rng.randrange(k) for k in shape) for _ in range(rng.randint(1, 2))]
        target = [sum((game.exact_payoffs[(i, *a)] for a in ends), F(0)) / len(ends) for i in (0, 1)]
        answer = least_discount(game, target=target)
        answer.verify()
        if answer.discount is None or answer.discount == 0:
            continue
        bracketed += not answer.exact
        exact += answer.exact
        assert tuple(target) in dt.payoff_set(game, answer.discount)
        if answer.exact:
            for less in (F(1, 10**3), F(1, 10**6)):
                assert tuple(target) not in dt.payoff_set(game, answer.discount * (1 - less))
        else:
            assert answer.discount - answer.lower < F(1, 10**5)
    assert exact > bracketed


def test_forged_proofs_that_nothing_below_does() -> None:
    answer = least_discount(COURNOT, target=(9, 9))
    below = answer.below
    assert below is not None
    assert len(below.steps) > 1
    for forged in (
        replace(below, discount=F(3, 10)),  # V* is another set there
        replace(below, steps=below.steps[:1]),  # the payoff set itself has the target
        replace(below, steps=(below.steps[0], ((), ()))),  # profiles that are not excluded
        replace(below, steps=((below.steps[0][0], below.steps[1][1]),)),  # a polygon that is too small
        replace(below, target=(F(8), F(8))),
    ):
        with pytest.raises(CertificateError):
            replace(answer, below=forged).verify()
    with pytest.raises(CertificateError):
        replace(answer, below=None).verify()


def test_profile_and_payoff_targets_agree() -> None:
    rng = random.Random(21)
    for _ in range(6):
        game, profile = tempting(rng, (2, 2))
        by_profile = least_discount(game, profile, randomization=True)
        if len({game.payoff(p) for p in product(range(2), range(2))}) == 4:
            # Sustaining the payoffs can only be easier than playing the profile for ever.
            by_payoffs = least_discount(game, target=game.payoff(profile), budget=5)
            by_payoffs.verify()
            assert not by_payoffs.lower > by_profile.bounds[1]


def test_against_payoff_sets() -> None:
    """Where both are exact: a profile is sustained iff the worst payoffs of the payoff set deter every deviation."""
    rng = random.Random(31)
    compared = 0
    for _ in range(14):
        game, profile = tempting(rng, rng.choice([(2, 2), (2, 3)]))
        answer = least_discount(game, profile, randomization=True, periods=4, budget=None)
        if not answer.exact or not isinstance(answer.discount, F) or answer.discount == 0:
            continue
        for delta, sustained in ((answer.discount, True), (answer.discount * F(999, 1000), False)):
            found = dt.payoff_set(game, delta, budget=20)
            if not found.is_exact:
                continue
            threat = found.threat
            deterred = threat is not None and all(
                (1 - delta) * max(game.deviation_payoffs(i, profile)) + delta * threat[i] <= game.payoff(profile)[i]
                for i in (0, 1)
            )
            assert deterred == sustained
            compared += 1
    assert compared >= 8


def test_targets_that_are_refused() -> None:
    with pytest.raises(ParameterError):
        least_discount(COURNOT)  # type: ignore[call-overload]
    with pytest.raises(ParameterError):
        least_discount(COURNOT, ("Low", "Low"), target=(1, 1))  # type: ignore[call-overload]
    with pytest.raises(ParameterError):
        least_discount(COURNOT, target=(1, 2, 3))
    with pytest.raises(dt.UnsupportedError):
        least_discount(dt.Game(np.zeros((3, 2, 2, 2), dtype=int)), target=(1, 1))
    answer = least_discount(COURNOT, target=(10, 10), budget=60)
    with pytest.raises(CertificateError):
        replace(answer, target=(F(10), F(11))).verify()
    with pytest.raises(CertificateError):
        replace(answer, below=None, outside=answer.inside, lower=answer.discount).verify()
