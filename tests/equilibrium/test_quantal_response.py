"""Logit equilibria: fixed points by bisection, all roots where the branch turns, Gambit, invariances, certificates."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from math import exp, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import detente as dt
from detente.equilibrium.quantal.response import logit_branch, logit_residual, quantal_response

# The row player has two actions, so equilibria are roots of one equation in one unknown.
TURNING = [
    ([[1, 8, 9], [12, 5, 4]], [[8, 7, 13], [7, 12, 1]]),
    ([[3, 14, 2], [5, 1, 11]], [[5, 7, 12], [12, 8, 1]]),
    ([[7, 13, 9, 13], [12, 1, 2, 13]], [[2, 6, 4, 10], [14, 6, 7, 10]]),
]


def softmax(x: Any) -> Any:
    weights = np.exp(x - np.max(x))
    return weights / weights.sum()


def all_roots(A: Any, B: Any, precision: float) -> list[float]:
    """Every probability of row 0 in a logit equilibrium of a 2×m game, from sign changes on a fine grid."""
    A, B = np.array(A), np.array(B)

    def excess(logit: float) -> float:
        p = 1 / (1 + exp(-logit))
        q = softmax(precision * (np.array([p, 1 - p]) @ B))
        return float(logit - precision * ((A[0] - A[1]) @ q))

    bound = precision * float(np.abs(A[0] - A[1]).max()) + 1
    grid = np.linspace(-bound, bound, 8001)
    values = [excess(x) for x in grid]
    pairs = [(grid[k], grid[k + 1]) for k in range(len(grid) - 1) if values[k] * values[k + 1] < 0]
    return [1 / (1 + exp(-brentq(excess, a, b, xtol=1e-14))) for a, b in pairs]


@pytest.mark.parametrize("precision", [0.1, 0.5, 1, 3, 10])
def test_matching_pennies_by_bisection(precision: float) -> None:
    """Asymmetric matching pennies (Ochs 1995): log(p/(1−p)) = λ(10q − 2), log(q/(1−q)) = λ(2 − 4p)."""
    A, B = [[9, -1], [0, 1]], [[-1, 1], [1, -1]]

    def excess(p: float) -> float:
        q = 1 / (1 + exp(-precision * (2 - 4 * p)))
        return p - 1 / (1 + exp(-precision * (11 * q - 2)))

    p = brentq(excess, 0, 1, xtol=1e-15)
    found = quantal_response(dt.Game.bimatrix(A, B), precision)
    assert len(found.points) == 1
    assert abs(found.strategies[0][0] - p) < 1e-12
    assert abs(found.strategies[1][0] - 1 / (1 + exp(-precision * (2 - 4 * p)))) < 1e-12
    found.verify()


def test_one_player_is_a_logit_choice() -> None:
    found = quantal_response(dt.Game([[1, 2, 4]]), F(1, 2))
    assert np.allclose(found.strategies[0], softmax(np.array([0.5, 1, 2])), atol=1e-14)
    found.verify()


def test_ends_of_the_branch() -> None:
    game = dt.Game.symmetric([[9, 0], [8, 7]])
    start, end = quantal_response(game, [0, inf])
    assert start.strategies == ((0.5, 0.5), (0.5, 0.5))
    assert end.strategies == ((0, 1), (0, 1))
    assert end.residual == 0
    assert start.complete
    for answer in (start, end):
        answer.verify()


def test_tiny_probabilities_keep_their_logarithms() -> None:
    found = quantal_response(dt.Game.symmetric([[1, 1], [0, 0]]), 1e6)
    assert found.strategies[0] == (1, 0)
    assert found.points[0].log_strategies[0][1] == pytest.approx(-1e6)
    found.verify()


@pytest.mark.parametrize(("A", "B"), TURNING)
def test_turning_points_and_all_crossings(A: list[list[int]], B: list[list[int]]) -> None:
    """Between the two turning points the branch passes three times, elsewhere once; no pass is missed or invented."""
    game = dt.Game.bimatrix(A, B)
    branch = logit_branch(game)
    branch.verify()
    assert len(branch.turning) == 2
    high, low = (float(branch.precision[k]) for k in branch.turning)
    assert low < high
    assert np.array_equal(np.sign(np.diff(branch.precision))[list(branch.turning)], [-1, 1])
    precisions = [*np.linspace(low, high, 5)[1:-1], low + 1e-6 * (high - low), high - 1e-6 * (high - low)]
    for answer in quantal_response(game, precisions):
        assert len(answer.points) == 3
        assert answer.complete
        answer.verify()
        roots = np.array(all_roots(A, B, answer.precision))
        met = [point.strategies[0][0] for point in answer.points]
        assert len(roots) >= 3 or answer.precision > high - 1e-5 or answer.precision < low + 1e-5
        if len(roots) >= 3:
            assert all(np.abs(roots - p).min() < 1e-9 for p in met)
        assert list(np.diff([point.arclength for point in answer.points]) > 0) == [True, True]
    for outside in (0.9 * low, 1.1 * high):
        answer = quantal_response(game, outside)
        assert len(answer.points) == 1
        assert np.abs(np.array(all_roots(A, B, outside)) - answer.strategies[0][0]).min() < 1e-10


def test_branch_arrays() -> None:
    game = dt.Game.bimatrix(*TURNING[0])
    branch = logit_branch(game, max_precision=0.6)
    assert branch.precision[0] == 0
    assert branch.precision[-1] == pytest.approx(0.6, rel=1e-14)
    assert [s.shape for s in branch.strategies] == [(len(branch), 2), (len(branch), 3)]
    assert all(np.allclose(s.sum(axis=1), 1) for s in branch.strategies)
    assert np.all(np.diff(branch.arclength) > 0)
    assert branch.limit is None
    whole = logit_branch(game)
    assert whole.limit is not None
    assert whole.limit.strategies == ((1, 0), (0, 0, 1))


def test_a_crossing_of_curves_is_passed_straight() -> None:
    """In a symmetric coordination game the branch stays at even mixing, though other curves start from it."""
    game = dt.Game.symmetric([[1, 0], [0, 1]])
    for answer in quantal_response(game, [1, 2, 3, 100]):
        assert np.allclose(answer.strategies, 0.5, atol=1e-12)
        assert len(answer.points) == 1


def test_almost_a_crossing_is_a_bend() -> None:
    """A slight preference turns the crossing into a bend, and decides which way the branch goes."""
    for much in (F(1, 100), F(1, 10_000), F(1, 10**6)):
        game = dt.Game.symmetric([[1 + much, 0], [0, 1]])
        assert logit_branch(game).limit is not None
        assert quantal_response(game, 100).strategies[0][0] > 0.99


payoffs = st.sampled_from([(2, 2), (2, 3), (2, 2, 2), (3, 2, 2)]).flatmap(
    lambda shape: st.integers(0, 10**6).map(
        lambda seed: np.random.default_rng(seed).integers(-20, 20, (len(shape), *shape))
    )
)


@settings(max_examples=25)
@given(payoffs, st.sampled_from([1e-9, 1e9, 1 / 3]), st.integers(-(10**6), 10**6))
def test_scale_and_shift(u: Any, scale: float, shift: int) -> None:
    """Payoffs times a number with precision divided by it, plus what a player cannot influence."""
    plain = quantal_response(dt.Game(u), 0.3)
    moved = quantal_response(dt.Game((u + shift).astype(float) * scale), 0.3 / scale)
    assert len(plain.points) == len(moved.points)
    for one, other in zip(plain.points, moved.points, strict=True):
        assert np.allclose(np.concatenate(one.strategies), np.concatenate(other.strategies), rtol=1e-7)
    plain.verify()
    moved.verify()


@settings(max_examples=25)
@given(payoffs, st.integers(0, 10**6))
def test_order_of_players_and_actions_does_not_matter(u: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, shape = len(u), u.shape[1:]
    players = rng.permutation(n)
    actions = [rng.permutation(m) for m in shape]
    moved = u[np.ix_(range(n), *actions)][players].transpose(0, *(1 + players))
    plain, other = quantal_response(dt.Game(u), 0.2), quantal_response(dt.Game(moved), 0.2)
    assert len(plain.points) == len(other.points)
    for k, i in enumerate(players):
        assert np.allclose(np.array(plain.strategies[i])[actions[i]], other.strategies[k], atol=1e-10)


def test_agrees_with_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    qre = pytest.importorskip("pygambit.qre")
    rng = np.random.default_rng(4)
    precisions = [0.01, 0.05, 0.2, 1.0]
    for shape in ((2, 2), (4, 4), (2, 2, 2), (3, 3, 3), (2, 2, 2, 2)):
        for _ in range(3):
            u = rng.integers(0, 100, (len(shape), *shape))
            other = gambit.Game.from_arrays(*[x.astype(object) for x in u])
            theirs = qre.logit_solve_lambda(other, precisions)
            for answer, point in zip(quantal_response(dt.Game(u), precisions), theirs, strict=True):
                expected = [float(point.profile[s]) for player in other.players for s in player.strategies]
                assert np.allclose(np.concatenate(answer.strategies), expected, atol=1e-6)
                assert answer.residual < 1e-12 * (1 + 100 * answer.precision)


def test_stakes_a_million_million_times_apart() -> None:
    """The second player decides where λ is 10¹⁸ times the first one's needs; every point until then verifies."""
    branch = logit_branch(dt.Game.bimatrix([[1e9, 0.0], [0.0, 1e9]], [[1e-9, 0.0], [0.0, 3e-9]]))
    branch.verify()
    assert str(branch.limit) == "(1, 1)"
    assert branch.precision[-1] > 1e9


def test_certificates_can_fail() -> None:
    answer = quantal_response(dt.Game.symmetric([[9, 0], [8, 7]]), 0.5)
    answer.verify()
    point = answer.points[0]
    p = (0.4, 0.6)
    logs = tuple(map(float, np.log(p)))
    wrong = point._replace(strategies=(p, p), log_strategies=(logs, logs))
    assert logit_residual(answer.game, 0.5, wrong.log_strategies) > 0.1
    for points in ((wrong,), (point._replace(strategies=(p, p)),), (point._replace(precision=0.6),)):
        with pytest.raises(dt.CertificateError):
            replace(answer, points=points).verify()
    branch = logit_branch(answer.game)
    logs = tuple(x + 1e-6 * np.arange(2) for x in branch.log_strategies)
    for broken in (
        replace(branch, precision=branch.precision + 1e-6),
        replace(branch, log_strategies=logs),
        replace(branch, strategies=branch.strategies[::-1][:1] * 2, log_strategies=logs),
    ):
        with pytest.raises(dt.CertificateError):
            broken.verify()
    limit = quantal_response(answer.game, inf)
    with pytest.raises(dt.CertificateError):
        replace(limit, points=(wrong._replace(precision=inf),)).verify()


@pytest.mark.parametrize("precision", [-1, float("nan"), -inf, "high", 1j, True, None, [], [1, -1], [[1]]])
def test_bad_precisions(precision: Any) -> None:
    with pytest.raises(dt.ParameterError, match="precision"):
        quantal_response(dt.Game.symmetric([[9, 0], [8, 7]]), precision)


def test_refusals() -> None:
    game = dt.Game.bimatrix(*TURNING[0])
    with pytest.raises(dt.ParameterError, match="Game"):
        quantal_response([[1]], 1)  # type: ignore[call-overload]
    with pytest.raises(dt.ParameterError, match="budget"):
        quantal_response(game, 1, budget=0)
    with pytest.raises(dt.PayoffError, match="1e\\+300"):
        quantal_response(dt.Game.symmetric([[10**400, 0], [0, 1]]), 1)
    with pytest.raises(dt.ParameterError, match="max_precision"):
        logit_branch(game, max_precision=-1)
    with pytest.raises(dt.UnsupportedError, match="followed to precision"):
        quantal_response(game, 1, budget=1e-9)
    assert not quantal_response(game, 0, budget=1e-9).complete
