"""Dominance, rationalizability, risk and p-dominance, evolutionary stability."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import detente as dt

square = st.integers(2, 3).flatmap(
    lambda n: st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=n, max_size=n)
)


def test_dominance_in_textbook_games() -> None:
    assert {(d.player, d.action) for d in dt.dominated(dt.textbook("prisoners-dilemma").game)} == {
        ("Row", "Relax"),
        ("Column", "Relax"),
    }
    travellers = dt.iterated_elimination(dt.textbook("travellers-dilemma").game, strict=False)
    assert travellers.is_solved
    assert travellers.game.actions == (("2",), ("2",))
    assert len(dt.dominated(dt.textbook("public-goods").game)) == 3
    assert dt.rationalizable(dt.textbook("cournot-grid").game)["First"] == ("Cournot: 4",)


def test_a_mixture_can_dominate_where_no_action_does() -> None:
    game = dt.Game.bimatrix([[4, 0], [0, 4], [1, 1]], [[0, 0]] * 3)
    [found] = [d for d in dt.dominated(game) if d.player == "Player 1"]
    assert found.action == 2
    assert found.by[2] == 0
    assert not [d for d in dt.dominated(game, mixed=False) if d.player == "Player 1"]
    level = dt.Game.bimatrix([[4, 0], [0, 4], [2, 2]], [[0, 0]] * 3)
    assert not [d for d in dt.dominated(level) if d.player == "Player 1"]


@settings(max_examples=60)
@given(square, st.booleans())
def test_dominations_are_dominations_and_none_is_missed(A: list[list[int]], strict: bool) -> None:
    game = dt.Game.symmetric(A)
    found = {d.action: d.by for d in dt.dominated(game, strict=strict) if d.player == "Player 1"}
    n = len(A)
    for a in range(n):
        others = [k for k in range(n) if k != a]
        gain = np.array([[A[k][c] - A[a][c] for k in others] for c in range(n)], dtype=float)
        if strict:  # the largest advantage that a mixture can secure, by an independent solver
            lp = linprog(
                [0] * len(others) + [-1],
                A_ub=np.hstack([-gain, np.ones((n, 1))]),
                b_ub=[0] * n,
                A_eq=[[1] * len(others) + [0]],
                b_eq=[1],
                bounds=[(0, None)] * len(others) + [(None, None)],
            )
            expected = -lp.fun > 1e-7
        else:
            lp = linprog(-gain.sum(axis=0), A_ub=-gain, b_ub=[0] * n, A_eq=[[1] * len(others)], b_eq=[1])
            expected = lp.status == 0 and -lp.fun > 1e-7
        assert (a in found) == expected
        if a in found:
            assert sum(found[a]) == 1
            leads = [sum(w * (A[k][c] - A[a][c]) for k, w in enumerate(found[a])) for c in range(n)]
            assert min(leads) > 0 if strict else (min(leads) >= 0 and max(leads) > 0)
    dt.iterated_elimination(game, strict=strict).verify()
    dt.iterated_elimination(game, strict=strict, mixed=False).verify()


def test_a_published_elimination() -> None:
    """Osborne and Rubinstein (1994), figure 61.1: B falls to half T and half M, then L to R, then T to M."""
    game = dt.Game.bimatrix([[3, 0], [0, 3], [1, 1]], [[0, 1], [0, 1], [1, 0]], actions=[["T", "M", "B"], ["L", "R"]])
    record = dt.iterated_elimination(game)
    record.verify()
    assert [[d.action for d in found] for found in record.rounds] == [["B"], ["L"], ["T"]]
    assert record.rounds[0][0].by == (F(1, 2), F(1, 2), 0)
    assert record.is_solved
    assert dt.rationalizable(game) == {"Player 1": ("M",), "Player 2": ("R",)}


def test_three_players_and_larger_games() -> None:
    rng = np.random.default_rng(1)
    u = rng.integers(0, 100, (3, 4, 3, 3))
    u[1, :, 2] = u[1, :, :2].min(axis=1) - 1  # dominated by either, so by their mixtures too
    found = dt.dominated(dt.Game(u))
    assert ("Player 2", 2) in {(d.player, d.action) for d in found}
    for d in found:
        d.verify()
    large = rng.integers(0, 1000, (2, 30, 30))
    large[0, 17] = large[0, :17].sum(axis=0) // 17 - 1
    [only] = [d for d in dt.dominated(dt.Game(large)) if d.player == "Player 1"]
    assert only.action == 17
    only.verify()


def test_certificates_of_dominance_can_fail() -> None:
    game = dt.Game.bimatrix([[4, 0], [0, 4], [1, 1]], [[0, 0]] * 3)
    record = dt.iterated_elimination(game)
    [[found]] = record.rounds
    found.verify()
    record.verify()
    for by in ((F(1), F(0), F(0)), (F(1), F(1), F(0)), (F(0), F(0), F(1)), (F(2), F(-1), F(0))):
        with pytest.raises(dt.CertificateError):
            replace(found, by=by).verify()
    with pytest.raises(dt.CertificateError):
        replace(found, action="1").verify()
    level = dt.iterated_elimination(dt.Game.bimatrix([[1, 0], [0, 1]], [[0, 0]] * 2))
    level.verify()
    sure = ((F(1), F(0)), (F(1), F(0)))
    for wrong in (
        replace(record, rounds=()),
        replace(record, game=game),
        replace(record, rounds=record.rounds * 2),
        replace(level, beliefs=(sure, level.beliefs[1])),
        replace(level, strict=False),
    ):
        with pytest.raises(dt.CertificateError):
            wrong.verify()


@given(square)
def test_equilibria_survive_elimination(A: list[list[int]]) -> None:
    game = dt.Game.symmetric(A)
    alive = dt.rationalizable(game)
    for e in dt.nash_equilibria(game):
        for player, support in zip(game.players, e.support, strict=True):
            assert {game.actions[0][k] for k in support} <= set(alive[player])


def test_risk_dominance() -> None:
    """Harsanyi and Selten: in Aumann's stag hunt the safe equilibrium risk-dominates the better one."""
    assert dt.risk_dominant(dt.textbook("stag-hunt").game) == ("Restrict", "Restrict")
    assert dt.risk_dominant(dt.Game.symmetric([[2, 0], [0, 1]])) == (0, 0)
    assert dt.risk_dominant(dt.textbook("chicken").game) is None
    with pytest.raises(dt.UnsupportedError):
        dt.risk_dominant(dt.textbook("prisoners-dilemma").game)
    with pytest.raises(dt.UnsupportedError):
        dt.risk_dominant(dt.textbook("shapley-1964").game)


@given(square, st.integers(0, 2), st.integers(0, 2))
def test_p_dominance_is_the_least(A: list[list[int]], i: int, j: int) -> None:
    game = dt.Game.symmetric(A)
    n = len(A)
    if i >= n or j >= n or game.regret((i, j)) > 0:
        if i < n and j < n:
            with pytest.raises(dt.ParameterError):
                dt.p_dominance(game, (i, j))
        return
    p = dt.p_dominance(game, (i, j))[0]
    assert 0 <= p <= 1

    def holds(q: F) -> bool:
        """Against beliefs that give j exactly q and the rest to one column each (the extreme ones)."""
        beliefs = [[q * int(c == j) + (1 - q) * int(c == k) for c in range(n)] for k in range(n)]
        return all(i in game.best_responses(0, b) for b in beliefs)

    assert holds(p)
    if p > 0:
        assert not holds(p * F(999, 1000))


def test_evolutionary_stability_in_the_textbook() -> None:
    """Maynard Smith (1982): hawk–dove has one mixed ESS; rock–paper–scissors none; coordination its pure ones."""
    V, C = 2, 4
    hawk_dove = dt.Game.symmetric([[F(V - C, 2), V], [0, F(V, 2)]])
    assert dt.is_evolutionarily_stable(hawk_dove, [F(V, C), 1 - F(V, C)])
    assert not dt.is_evolutionarily_stable(hawk_dove, 0)
    rps = dt.textbook("rock-paper-scissors").game
    assert not dt.is_evolutionarily_stable(rps, ["1/3"] * 3)
    good = dt.Game.symmetric([[0, -1, 2], [2, 0, -1], [-1, 2, 0]])
    assert dt.is_evolutionarily_stable(good, ["1/3"] * 3)
    stag = dt.textbook("stag-hunt").game
    assert dt.is_evolutionarily_stable(stag, "Relax")
    assert not dt.is_evolutionarily_stable(stag, ["7/8", "1/8"])
    assert not dt.is_evolutionarily_stable(dt.Game.symmetric([[1, 1], [1, 1]]), 0)
    with pytest.raises(dt.UnsupportedError):
        dt.is_evolutionarily_stable(dt.textbook("matching-pennies").game, 0)


@settings(max_examples=80)
@given(square)
def test_evolutionary_stability_by_trying_invaders(A: list[list[int]]) -> None:
    """No grid mixture y ≠ x may be a best reply that does as well against itself as x does."""
    game = dt.Game.symmetric(A)
    n = len(A)
    grid = [tuple(F(k, 6) for k in p) for p in product(range(7), repeat=n) if sum(p) == 6]

    def u(x: tuple[F, ...], y: tuple[F, ...]) -> F:
        return sum((x[i] * A[i][j] * y[j] for i in range(n) for j in range(n)), F(0))

    for x in grid:
        stable = dt.is_evolutionarily_stable(game, x)
        invaded = any(u(y, x) > u(x, x) or (u(y, x) == u(x, x) and u(y, y) >= u(x, y)) for y in grid if y != x)
        assert not (stable and invaded)
        if n == 2:  # here a few invaders on the segment decide
            assert stable == (not invaded)
