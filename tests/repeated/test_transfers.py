"""Side payments: published values, the largest fixed point by iteration, and strategies that can be refused."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.repeated.transfers import payoff_set_with_transfers, transfer_levels

COURNOT = dt.textbook("abreu-cournot").game


def random_game(rng: random.Random, shape: tuple[int, ...]) -> dt.Game:
    size = int(np.prod(shape))
    return dt.Game(np.array([[rng.randint(-9, 9) for _ in range(size)] for _ in shape]).reshape(-1, *shape))


def by_iteration(game: dt.Game, delta: F) -> tuple[F, list[F]] | None:
    """The best joint payoff and worst payoffs, by shrinking what can be promised until nothing changes."""
    u, n = game.exact_payoffs, game.n_players
    profiles = list(product(*map(range, game.shape)))
    m = {a: [max(u[(i, *a[:i], b, *a[i + 1 :])] for b in range(game.shape[i])) for i in range(n)] for a in profiles}
    total = {a: sum(u[(i, *a)] for i in range(n)) for a in profiles}
    playable = profiles
    while playable:
        U = max(total[a] for a in playable)
        v = [min(m[a][i] for a in playable) for i in range(n)]
        left = [a for a in playable if (1 - delta) * (sum(m[a]) - total[a]) <= delta * (U - sum(v))]
        if left == playable:
            return U, v
        playable = left
    return None


def test_abreus_cournot_game() -> None:
    # The values of Goldlücke and Kranz's solver for this game.
    levels = transfer_levels(COURNOT)
    assert [(x.discount, x.U, sum(x.v)) for x in levels.levels] == [(0, 14, 14), (F(1, 4), 18, 0), (F(1, 3), 20, 0)]
    assert levels.levels[1].liquidity == 6
    assert levels.critical_discount(("Low", "Low")) == F(1, 3)
    assert levels.critical_discount(("High", "High")) is None
    levels.verify()
    triangle = payoff_set_with_transfers(COURNOT, "2/5")
    assert set(triangle.vertices) == {(0, 0), (20, 0), (0, 20)}
    assert (0, 20) in triangle
    assert (F(1, 1000), 20) not in triangle
    assert (-1, 5) not in triangle
    triangle.verify()
    assert payoff_set_with_transfers(COURNOT, 0).vertices == ((7, 7),)


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4, unique=True), st.integers(0, 96))
def test_a_dilemma_in_closed_form(numbers: list[int], k: int) -> None:
    T, R, P, S = sorted(numbers, reverse=True)
    game = dt.Game.symmetric([[R, S], [T, P]])
    delta = F(k, 97)
    # Both relax: each gains T - R and the pair stands to lose 2 (R - P). One relaxes: P - S against T + S - 2P.
    both, one = F(T - R, T - P), (F(P - S, T - P) if T + S > 2 * P else F(1))
    expected = max([2 * P] + [2 * R] * (delta >= both) + [T + S] * (delta >= one))
    set_ = payoff_set_with_transfers(game, delta)
    assert expected == set_.U
    assert set_.v == (P, P)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (2, 2, 2), (2, 3, 2)])
def test_against_set_iteration(shape: tuple[int, ...]) -> None:
    rng = random.Random(sum(shape))
    steps = 0
    for _ in range(40):
        game = random_game(rng, shape)
        levels = transfer_levels(game)
        levels.verify()
        steps += len(levels.levels)
        ends = [x.discount for x in levels.levels if x.discount > 0]
        near = [e + s * F(1, 10**9) for e in ends for s in (-1, 0, 1)]
        for delta in [F(k, 12) for k in range(12)] + near:
            level = levels.at(delta)
            assert (None if level is None else (level.U, list(level.v))) == by_iteration(game, delta)
    assert steps > 40


def test_every_point_of_the_frontier_is_attained() -> None:
    rng = random.Random(9)
    for _ in range(60):
        game = random_game(rng, rng.choice([(2, 2), (3, 2), (2, 2, 2)]))
        levels = transfer_levels(game)
        for level in levels.levels:
            set_ = payoff_set_with_transfers(game, level.discount)
            for vertex in set_.vertices:
                if sum(vertex) == set_.U:
                    agreement = set_.agreement(vertex)
                    agreement.verify()
                    assert agreement.target == vertex
            with pytest.raises(ParameterError):
                set_.agreement([set_.U + 1] * game.n_players)


def test_critical_discount_of_a_profile() -> None:
    rng = random.Random(4)
    for _ in range(80):
        game = random_game(rng, rng.choice([(2, 2), (3, 3)]))
        levels = transfer_levels(game)
        u = game.exact_payoffs
        for profile in product(*map(range, game.shape)):
            liquidity = sum(max(game.deviation_payoffs(i, profile)) - u[(i, *profile)] for i in (0, 1))
            total = sum(u[(i, *profile)] for i in (0, 1))

            def sustained(delta: F, liquidity: F = liquidity, total: F = total, game: dt.Game = game) -> bool:
                best = by_iteration(game, delta)
                return best is not None and (1 - delta) * liquidity <= delta * (total - sum(best[1]))

            least = levels.critical_discount(profile)
            if least is None:
                assert not any(sustained(F(k, 11)) for k in range(11))
                assert not sustained(1 - F(1, 10**6))
            else:
                assert sustained(least)
                assert least == 0 or not sustained(least * (1 - F(1, 10**9)))
                assert least in levels.holds_where(profile)


def test_payments_never_need_more_patience() -> None:
    rng = random.Random(6)
    for _ in range(25):
        game = random_game(rng, (2, 2))
        levels = transfer_levels(game)
        for profile in product(range(2), range(2)):
            paid, unpaid = levels.critical_discount(profile), dt.least_discount(game, profile, budget=2).discount
            if unpaid is not None:
                assert paid is not None
                assert not paid > unpaid


def test_payments_rescue_a_lopsided_dilemma() -> None:
    # The first player would gain a lot by restricting; the second can pay for it.
    game = dt.Game.bimatrix([[3, 0], [9, 1]], [[9, 10], [0, 1]], actions=["Relax", "Restrict"])
    levels = transfer_levels(game)
    assert dt.least_discount(game, (0, 0)).discount == F(3, 4)
    assert levels.critical_discount((0, 0)) == F(7, 17)  # gains 6 + 1 against 12 - 2


def test_units_and_names_do_not_matter() -> None:
    rng = random.Random(8)
    for _ in range(30):
        game = random_game(rng, (2, 3))
        scale = F(10**9)
        scaled = game.affine(0, scale, 5).affine(1, scale, -3)  # money has one unit: a common scale
        turned = dt.Game([game.exact_payoffs[1].T, game.exact_payoffs[0].T])
        base = transfer_levels(game).levels
        assert [x.discount for x in transfer_levels(scaled).levels] == [x.discount for x in base]
        assert [(x.discount, x.U, x.v[::-1]) for x in transfer_levels(turned).levels] == [
            (x.discount, x.U, x.v) for x in base
        ]


def test_games_without_any_pure_equilibrium() -> None:
    pennies = dt.textbook("matching-pennies").game
    levels = transfer_levels(pennies)
    assert levels.levels == ()
    assert levels.at("99/100") is None
    assert levels.critical_discount((0, 0)) is None
    levels.verify()
    with pytest.raises(UnsupportedError):
        payoff_set_with_transfers(pennies, "1/2")


def test_verify_refuses_what_is_not_enforced() -> None:
    levels = transfer_levels(COURNOT)
    first, middle, last = levels.levels
    for forged in (
        replace(middle, discount=F(1, 5)),  # too early
        replace(middle, U=F(19)),
        replace(middle, v=(F(0), F(1))),
        replace(middle, equilibrium=("Medium", "Medium")),
    ):
        with pytest.raises(CertificateError):
            replace(levels, levels=(first, forged, last)).verify()
    with pytest.raises(CertificateError):
        replace(levels, levels=(first, last)).verify()  # a missing step
    agreement = payoff_set_with_transfers(COURNOT, "1/3").agreement()
    agreement.verify()
    with pytest.raises(CertificateError):
        replace(agreement, discount=F(3, 10)).verify()
    unfair = (agreement.payments[0], tuple(p + 1 for p in agreement.payments[1]), agreement.payments[2])
    with pytest.raises(CertificateError):
        replace(agreement, payments=unfair).verify()


def test_bad_input() -> None:
    with pytest.raises(ParameterError):
        transfer_levels([[1, 2]])  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError):
        transfer_levels(dt.Game([[1, 2]]))
    for bad in (1, -0.1, float("nan"), "one"):
        with pytest.raises(ParameterError):
            payoff_set_with_transfers(COURNOT, bad)
    with pytest.raises(ParameterError):
        payoff_set_with_transfers(COURNOT, 0).contains((1, 2, 3))


@pytest.mark.parametrize("name", dt.textbook().tagged("repeated").names)
def test_the_catalogue(name: str) -> None:
    for claim in dt.textbook(name).known_thresholds:
        if claim.kind == "transfers":
            found = [[x.discount, x.U, list(x.v)] for x in transfer_levels(dt.textbook(name).game).levels]
            assert found == [[F(d), F(U), [F(x) for x in v]] for d, U, v in claim.data["levels"]]
