"""The Game class: reading payoffs, names, best replies, minmax, classes, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import detente as dt
from detente.game.ordinal import player_class

PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])


def test_exact_payoffs_of_every_kind_stay_exact() -> None:
    game = dt.Game([[[1, F(1, 3)], [Decimal("0.1"), "2/7"]], np.array([[1, 2], [3, 4]], dtype=np.uint8)])
    assert game.is_exact
    assert game.exact_payoffs[0].tolist() == [[1, F(1, 3)], [F(1, 10), F(2, 7)]]
    assert game.payoffs.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        game.payoffs[0, 0, 0] = 1


def test_one_float_makes_a_float_game_that_reads_as_decimals() -> None:
    game = dt.Game.bimatrix([[0.1, 1]], [[1, 2]])
    assert not game.is_exact
    assert game.exact_payoffs[0, 0, 0] == F(1, 10)
    assert isinstance(game.payoff((0, 0))[0], float)


def test_unsigned_integers_do_not_wrap_and_input_is_copied() -> None:
    raw = np.array([[[250, 3], [5, 1]], [[250, 5], [3, 1]]], dtype=np.uint8)
    game = dt.Game(raw)
    raw[:] = 0
    assert game.affine(0, 2, 1).exact_payoffs[0, 0, 0] == 501
    assert dt.Game(np.array([[2**64 - 1]], dtype=np.uint64)).exact_payoffs[0, 0] == 2**64 - 1


@pytest.mark.parametrize(
    "bad",
    [
        [[[1, float("nan")]], [[1, 2]]],
        [[[1, float("inf")]], [[1, 2]]],
        np.array([[[1, np.nan]], [[1, 2]]]),
        [[[1, 2], [3]], [[1, 2], [3, 4]]],
        [[[1, 2]], [[1], [2]]],
        np.ones((2, 2, 2), dtype=complex),
        [[[1, 1j]], [[1, 2]]],
        [[[True, False]], [[1, 2]]],
        [[["x", 1]], [[1, 2]]],
        np.ones((3, 2, 2)),
        np.ones((2, 0, 2)),
        [],
        None,
        7,
        "payoffs",
        [[[None, 1]], [[1, 2]]],
    ],
)
def test_payoffs_that_are_no_game_are_refused(bad: object) -> None:
    with pytest.raises(dt.PayoffError, match="payoffs"):
        dt.Game(bad)


def test_names_and_indices_address_the_same() -> None:
    assert PD.payoff(("Restrict", "Relax")) == PD.payoff((1, 0)) == (5, 0)
    assert PD.minmax("China") == PD.minmax(1) == 1
    with pytest.raises(dt.LabelError, match="did you mean 'Relax'"):
        PD.payoff(("Relaxx", "Relax"))
    with pytest.raises(dt.LabelError, match="player"):
        PD.minmax("Japan")
    with pytest.raises(dt.LabelError):
        PD.payoff((0, 2))
    with pytest.raises(dt.ProfileError, match="distinct"):
        dt.Game.bimatrix([[1, 2]], [[1, 2]], actions=[["a"], ["b", "b"]])
    with pytest.raises(dt.ProfileError, match="add up to 1"):
        PD.payoff(([F(1, 2), F(1, 3)], 0))
    with pytest.raises(dt.ProfileError):
        PD.payoff((0,))


def test_constructors_agree() -> None:
    profiles = {("C", "C"): (3, 3), ("C", "D"): (0, 5), ("D", "C"): (5, 0), ("D", "D"): (1, 1)}
    assert dt.Game.from_profiles(profiles) == dt.Game.symmetric([[3, 0], [5, 1]], actions=["C", "D"])
    with pytest.raises(dt.PayoffError, match="missing"):
        dt.Game.from_profiles({("C", "C"): (3, 3), ("D", "D"): (1, 1)})
    with pytest.raises(dt.PayoffError, match="square"):
        dt.Game.symmetric([[1, 2, 3]])


small = st.integers(-5, 5)
bimatrix = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda s: st.lists(
        st.lists(st.lists(small, min_size=s[1], max_size=s[1]), min_size=s[0], max_size=s[0]), min_size=2, max_size=2
    )
)


@given(bimatrix)
def test_best_replies_and_regret_by_hand(payoffs: list[list[list[int]]]) -> None:
    game = dt.Game(payoffs)
    A, B = payoffs
    m, n = game.shape
    for i, j in product(range(m), range(n)):
        column = [A[k][j] for k in range(m)]
        assert game.best_responses(0, j) == tuple(k for k in range(m) if column[k] == max(column))
        assert game.regret((i, j)) == max(max(column) - A[i][j], max(B[i]) - B[i][j])
    assert game.minmax(0, pure=True) == min(max(A[k][j] for k in range(m)) for j in range(n))


@given(bimatrix, st.fractions(F(1, 9), 9), st.fractions(-9, 9))
def test_positive_affine_maps_change_no_choice(payoffs: list[list[list[int]]], scale: F, shift: F) -> None:
    game = dt.Game(payoffs)
    moved = game.affine(0, scale, shift)
    assert moved.minmax(0) == scale * game.minmax(0) + shift
    for j in range(game.shape[1]):
        assert moved.best_responses(0, j) == game.best_responses(0, j)
    assert moved.payoff((0, 0))[1] == game.payoff((0, 0))[1]


@given(bimatrix)
def test_mixed_minmax_is_the_linear_programme(payoffs: list[list[list[int]]]) -> None:
    """min v subject to A y ≤ v, by an independent solver."""
    A = np.array(payoffs[0], dtype=float)
    m, n = A.shape
    found = linprog(
        [0] * n + [1],
        A_ub=np.hstack([A, -np.ones((m, 1))]),
        b_ub=[0] * m,
        A_eq=[[1] * n + [0]],
        b_eq=[1],
        bounds=[(0, None)] * n + [(None, None)],
    )
    assert float(dt.Game(payoffs).minmax(0)) == pytest.approx(found.fun, abs=1e-7)


def test_minmax_with_three_players() -> None:
    u = np.arange(24).reshape(3, 2, 2, 2)
    game = dt.Game(u)
    assert game.minmax(0, pure=True) == game.minmax(0, correlated=True) == 4
    with pytest.raises(dt.UnsupportedError, match="pure"):
        game.minmax(0)
    with pytest.raises(dt.DetenteError):
        game.affine(0, 0)


@pytest.mark.parametrize("values", list(product(range(4), repeat=4)))
def test_every_strict_and_tied_class(values: tuple[int, ...]) -> None:
    """Break ties in all ways by brute force: the class names exactly the strict classes that come out."""
    T, R, P, S = (F(v) for v in values)
    strict = set()
    for bump in product(range(4), repeat=4):
        t, r, p, s = (v + F(b, 10) for v, b in zip((T, R, P, S), bump, strict=True))
        if t == r or p == s or (t > r and p > s and r == p):
            continue
        if t > r:
            strict.add(("prisoners_dilemma" if r > p else "deadlock") if p > s else "chicken")
        else:
            strict.add("stag_hunt" if p > s else "harmony")
    name = player_class(T, R, P, S)
    assert set(name.removeprefix("tied: ").split("|")) == strict
    assert name.startswith("tied") == (len(strict) > 1)


def test_classes_per_player_and_jointly() -> None:
    assert PD.ordinal_class() == "prisoners_dilemma"
    mixed = dt.Game.bimatrix([[3, 0], [5, 1]], [[3, 1], [0, 2]])
    assert mixed.ordinal_class().players == ("prisoners_dilemma", "stag_hunt")
    assert PD.ordinal_class().ranks == ((4, 3, 2, 1), (4, 3, 2, 1))
    with pytest.raises(dt.UnsupportedError, match="2×2"):
        dt.Game.bimatrix([[1, 2, 3]], [[1, 2, 3]]).ordinal_class()


def test_restrict_permutes_and_relabel_renames() -> None:
    turned = PD.restrict({"US": ["Restrict", "Relax"]})
    assert turned.payoff(("Restrict", "Relax")) == PD.payoff(("Restrict", "Relax"))
    assert turned.actions[0] == ("Restrict", "Relax")
    renamed = PD.relabel(players={"US": "America"}, actions={"China": ["Offen", "Zu"]})
    assert renamed.players == ("America", "China")
    assert renamed.payoff(("Relax", "Zu")) == (0, 5)
    with pytest.raises(dt.ProfileError):
        PD.restrict({"US": []})


def test_it_shows_itself() -> None:
    assert repr(PD) == "<Game: US, China; 2×2, exact>"
    assert "<table>" in PD._repr_html_()
    assert dt.Game(PD.exact_payoffs, players=PD.players, actions=PD.actions) == PD
    assert hash(PD) == hash(dt.Game(PD.exact_payoffs, players=PD.players, actions=PD.actions))
