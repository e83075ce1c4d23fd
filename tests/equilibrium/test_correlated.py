"""Correlated equilibria and commitment: published values, an independent programme, and certificates."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import detente as dt
from detente.exact.linear_programme import maximise


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


def test_bad_objectives() -> None:
    game = dt.Game.symmetric([[6, 2], [7, 0]])
    for bad in ("wellfare", np.ones((3, 3)), [[1, float("nan")], [0, 0]], 5):
        with pytest.raises(dt.DetenteError):
            dt.correlated_equilibrium(game, bad)


# --- linear programmes


@settings(max_examples=80)
@given(
    st.lists(st.integers(-5, 5), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(-4, 4), min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.integers(-3, 6), min_size=4, max_size=4),
    st.booleans(),
)
def test_programmes_against_highs(c: list[int], A: list[list[int]], b: list[int], with_equality: bool) -> None:
    E, f = ([[1, 1, 1]], [2]) if with_equality else ([], [])

    def exact(rows: list[list[int]]) -> list[list[F]]:
        return [[F(x) for x in row] for row in rows]

    ours = maximise([F(x) for x in c], exact(A), [F(x) for x in b[: len(A)]], exact(E), [F(x) for x in f])
    theirs = linprog([-x for x in c], A_ub=A, b_ub=b[: len(A)], A_eq=E or None, b_eq=f or None, method="highs")
    assert ours.status == {0: "optimal", 2: "infeasible", 3: "unbounded"}.get(theirs.status, ours.status)
    if ours.status == "optimal":
        assert float(ours.value) == pytest.approx(-theirs.fun, abs=1e-7)


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
