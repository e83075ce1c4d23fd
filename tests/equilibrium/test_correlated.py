"""Correlated equilibria and commitment: published values, brute force, dual certificates that can fail."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.equilibrium.correlated import disobedience


def test_aumanns_chicken() -> None:
    """Aumann (1974): the best correlated equilibrium of (6,6), (2,7), (7,2), (0,0) earns 21/4 each."""
    best = dt.correlated_equilibrium(dt.textbook("chicken").game)
    assert best.payoffs == (F(21, 4), F(21, 4))
    assert best.regret == 0
    best.verify()


def test_moulin_and_vials_game() -> None:
    """The off-diagonal distribution earns 3/2 each, the only Nash equilibrium 1."""
    game = dt.textbook("moulin-vial-1978").game
    best = dt.correlated_equilibrium(game, coarse=True)
    assert best.value == 3
    assert dt.nash_equilibria(game)[0].payoffs == (1, 1)
    best.verify()


def test_zero_sum_value_and_player_objectives() -> None:
    game = dt.textbook("oneill-1987").game
    value = dt.nash_equilibria(game)[0].payoffs[0]
    for coarse in (False, True):
        assert dt.correlated_equilibrium(game, game.players[0], coarse).value == value
    weights = np.zeros((4, 4), dtype=int)
    weights[0, 0] = 1
    assert dt.correlated_equilibrium(game, weights).value == F(4, 25)


games = st.integers(1, 3).flatmap(
    lambda m: st.integers(1, 3).flatmap(
        lambda n: st.lists(
            st.lists(st.lists(st.integers(-4, 4), min_size=n, max_size=n), min_size=m, max_size=m),
            min_size=2,
            max_size=2,
        )
    )
)


@settings(max_examples=60)
@given(games, st.booleans())
def test_exact_and_float_programmes_agree_and_nash_is_inside(payoffs: list[list[list[int]]], coarse: bool) -> None:
    game = dt.Game(payoffs)
    exact = dt.correlated_equilibrium(game, coarse=coarse)
    exact.verify()
    assert exact.regret == 0
    assert exact.bound == exact.value
    floats = dt.correlated_equilibrium(dt.Game(np.array(payoffs, dtype=float)), coarse=coarse)
    floats.verify()
    assert float(exact.value) == pytest.approx(floats.value, abs=1e-6)
    assert exact.value >= max(sum(e.payoffs) for e in dt.nash_equilibria(game))
    if coarse:
        assert exact.value >= dt.correlated_equilibrium(game).value


def test_three_players_and_scale() -> None:
    game = dt.textbook("public-goods").game
    only = dt.correlated_equilibrium(game)
    assert only.payoffs == (1, 1, 1)  # keeping is strictly dominant
    for unit in (1e9, 1e-9):
        chicken = dt.Game.symmetric([[6 * unit, 2 * unit], [7 * unit, 0.0]])
        best = dt.correlated_equilibrium(chicken)
        best.verify()
        assert best.value == pytest.approx(10.5 * unit, rel=1e-6)


def test_the_smallest_and_the_largest_games() -> None:
    for u in ([[[7]], [[3]]], [[[1, 2, 3]], [[3, 3, 1]]], [[1, 3, 3]], [[[10**400, 0], [0, 1]]] * 2):
        game = dt.Game(u)
        for coarse in (False, True):
            best = dt.correlated_equilibrium(game, coarse=coarse)
            best.verify()
            assert best.value == max(sum(e.payoffs) for e in dt.pure_equilibria(game))
        if game.n_players == 2:
            for mixed in (False, True):
                dt.commitment(game, 0, mixed).verify()
        for strict in (False, True):
            dt.iterated_elimination(game, strict).verify()
    with pytest.raises(dt.PayoffError, match="exact"):
        dt.correlated_equilibrium(dt.Game.symmetric([[1e308, -1e308], [0.0, 1.0]]))


def test_bad_objectives() -> None:
    game = dt.Game.symmetric([[6, 2], [7, 0]])
    for bad in ("wellfare", np.ones((3, 3)), [[1, float("nan")], [0, 0]], 5, [[1, 2], [3]], None, True):
        with pytest.raises(dt.DetenteError):
            dt.correlated_equilibrium(game, bad)
    with pytest.raises(dt.ParameterError, match="coarse"):
        dt.correlated_equilibrium(game, coarse=1)  # type: ignore[arg-type]


@given(st.integers(0, 10**6), st.sampled_from([(2, 2), (2, 3), (2, 2, 2), (3, 1, 2)]))
def test_disobedience_by_definition(seed: int, shape: tuple[int, ...]) -> None:
    """Every player, every action told and every other action, summed profile by profile."""
    rng = np.random.default_rng(seed)
    u = rng.integers(-9, 9, (len(shape), *shape))
    p = rng.integers(0, 5, shape)
    gains, coarse = [0], [0]
    for i, m in enumerate(shape):
        for other in range(m):
            table = np.zeros(m, dtype=int)
            for profile in product(*map(range, shape)):
                changed = (*profile[:i], other, *profile[i + 1 :])
                table[profile[i]] += p[profile] * (u[(i, *changed)] - u[(i, *profile)])
            gains += table.tolist()
            coarse.append(int(table.sum()))
    assert disobedience(u, p, False) == max(gains)
    assert disobedience(u, p, True) == max(coarse)


@pytest.mark.parametrize(("shape", "top"), [((20, 20), 1000), ((12, 14), 3), ((3, 4, 3), 50), ((2, 2, 2, 2), 9)])
def test_larger_games_are_exact_and_proven(shape: tuple[int, ...], top: int) -> None:
    game = dt.Game(np.random.default_rng(5).integers(0, top, (len(shape), *shape)))
    for coarse in (False, True):
        best = dt.correlated_equilibrium(game, coarse=coarse)
        assert isinstance(best.value, F)
        assert best.regret == 0
        assert best.bound == best.value
        best.verify()


def test_games_too_large_for_fractions_say_so_by_their_floats() -> None:
    game = dt.Game(np.random.default_rng(6).integers(0, 1000, (2, 45, 40)))
    best = dt.correlated_equilibrium(game)
    assert best.probabilities.dtype == float
    assert best.bound == pytest.approx(best.value, rel=1e-6)
    best.verify()
    with pytest.raises(dt.UnsupportedError, match="profiles"):
        dt.correlated_equilibrium(dt.Game(np.zeros((2, 200, 200))))
    with pytest.raises(dt.UnsupportedError, match="profiles"):
        dt.correlated_equilibrium(dt.Game(np.zeros((2, 3000, 2))))


def test_certificates_of_correlated_equilibria_can_fail() -> None:
    """A Nash equilibrium is a correlated one that is not the best; wrong prices prove nothing."""
    best = dt.correlated_equilibrium(dt.textbook("chicken").game)
    p = np.array([[0, 1], [0, 0]]) * F(1)
    nash = replace(best, probabilities=p, payoffs=(F(2), F(7)), value=F(9))
    none = tuple(0 * y for y in best.prices)
    for wrong, what in (
        (nash, "optimum"),
        (replace(best, probabilities=p.T[::-1]), "disobey"),
        (replace(best, probabilities=best.probabilities * 2), "disobey"),
        (replace(best, prices=none), "optimum"),
        (replace(best, prices=tuple(-y for y in best.prices)), "optimum"),
        (replace(best, payoffs=(F(5), F(5))), "payoffs"),
    ):
        with pytest.raises(dt.CertificateError, match=what):
            wrong.verify()


# --- commitment


def test_commitment_in_textbook_games() -> None:
    """Cournot's game on a grid: the leader commits to the Stackelberg quantity; matching pennies: nothing to gain."""
    cournot = dt.textbook("cournot-grid").game
    lead = dt.commitment(cournot, "First")
    assert lead.strategy == (0, 0, 1)
    assert lead.reply == "half monopoly: 3"
    assert lead.payoffs == (18, 9)
    lead.verify()
    pennies = dt.textbook("matching-pennies").game
    assert dt.commitment(pennies, "Row").payoffs[0] == -1
    assert dt.commitment(pennies, "Row", mixed=True).payoffs[0] == 0
    game = dt.Game.bimatrix([[2, 4], [1, 3]], [[1, 0], [0, 1]])  # von Stengel and Zamir (2010), their first example
    assert dt.commitment(game, 0).payoffs[0] == 3
    assert dt.commitment(game, 0, mixed=True).payoffs[0] == F(7, 2)


def test_commitment_that_needs_a_mixture_of_three() -> None:
    """A pursuer who can hide in three places, and an evader who must be kept from two of them at once."""
    game = dt.Game.bimatrix([[0, 0, 0, 3], [0, 0, 0, 2], [0, 0, 0, 1]], [[3, 0, 0, 1], [0, 3, 0, 1], [0, 0, 3, 1]])
    best = dt.commitment(game, 0, mixed=True)
    assert best.strategy == (F(1, 3),) * 3
    assert best.payoffs == (2, 1)
    best.verify()
    assert dt.commitment(game, 0).payoffs[0] == 0


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(-4, 4), min_size=4, max_size=4), min_size=4, max_size=4))
def test_commitment_of_a_leader_with_two_actions_by_trying_all_kinks(rows: list[list[int]]) -> None:
    """With two actions the leader's payoff is linear between the probabilities at which two replies tie."""
    own, other = rows[:2], rows[2:]
    ties = {F(0), F(1)}
    for j, k in product(range(4), repeat=2):
        slope = (other[0][j] - other[1][j]) - (other[0][k] - other[1][k])
        if slope:
            ties.add(F(other[1][k] - other[1][j], slope))
    best = None
    for p in (p for p in ties if 0 <= p <= 1):
        earned = [p * other[0][k] + (1 - p) * other[1][k] for k in range(4)]
        values = [p * own[0][k] + (1 - p) * own[1][k] for k in range(4) if earned[k] == max(earned)]
        best = max(values) if best is None else max(best, *values)
    assert dt.commitment(dt.Game.bimatrix(own, other), 0, mixed=True).payoffs[0] == best


@pytest.mark.parametrize("scale", [1.0, 1e9, 1e-9])
def test_commitment_in_floats_and_larger_games(scale: float) -> None:
    u = np.random.default_rng(7).integers(0, 100, (2, 25, 20))
    exact = dt.commitment(dt.Game(u), 1, mixed=True)
    floats = dt.commitment(dt.Game(u * scale), 1, mixed=True)
    exact.verify()
    floats.verify()
    assert floats.reply == exact.reply
    assert floats.payoffs[1] == pytest.approx(float(exact.payoffs[1]) * scale, rel=1e-9)
    assert isinstance(floats.strategy[0], float)


def test_certificates_of_commitments_can_fail() -> None:
    game = dt.Game.bimatrix([[2, 4], [1, 3]], [[1, 0], [0, 1]])
    pure, mixed = dt.commitment(game, 0), dt.commitment(game, 0, mixed=True)
    zero = ((F(0), F(0)),) * 2
    wrong: list[tuple[Any, str]] = [
        (replace(pure, strategy=(F(1), F(0)), reply=0, payoffs=(F(2), F(1))), "best commitment"),
        (replace(mixed, strategy=pure.strategy, payoffs=pure.payoffs), "best commitment"),
        (replace(mixed, prices=zero), "best commitment"),
        (replace(mixed, prices=()), "price"),
        (replace(mixed, prices=(((F(-1), F(-1)),) * 2)), "price"),
        (replace(mixed, reply=0), "payoffs"),
        (replace(pure, reply=0), "best reply"),
        (replace(mixed, payoffs=(F(4), F(0))), "payoffs"),
    ]
    for commitment, what in wrong:
        with pytest.raises(dt.CertificateError, match=what):
            commitment.verify()
    with pytest.raises(dt.ParameterError, match="mixed"):
        dt.commitment(game, 0, mixed="yes")  # type: ignore[arg-type]
    with pytest.raises(dt.UnsupportedError, match="two players"):
        dt.commitment(dt.textbook("public-goods").game, 0)


@settings(max_examples=60)
@given(games, st.integers(0, 1))
def test_commitment_beats_every_equilibrium(payoffs: list[list[list[int]]], leader: int) -> None:
    game = dt.Game(payoffs)
    pure, mixed = dt.commitment(game, leader), dt.commitment(game, leader, mixed=True)
    pure.verify()
    mixed.verify()
    assert mixed.payoffs[leader] >= pure.payoffs[leader]
    assert mixed.payoffs[leader] >= max(e.payoffs[leader] for e in dt.nash_equilibria(game))
    # No pure commitment with its favourable best reply does better.
    m = game.shape[leader]
    by_hand = max(
        game.payoff((a, game.action_index(1, r)) if leader == 0 else (game.action_index(0, r), a))[leader]
        for a in range(m)
        for r in game.best_responses(1 - leader, a)
    )
    assert pure.payoffs[leader] == by_hand
