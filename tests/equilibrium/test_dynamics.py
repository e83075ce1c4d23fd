"""Replicator dynamics, rest points, best-reply paths and fictitious play, against theorems and against nashpy."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from typing import Any

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.equilibrium.best_reply_paths import best_reply_dynamics, fictitious_play
from detente.equilibrium.replicator import replicator, replicator_rest_point
from detente.exact.matrix_game import solve_matrix_game

HAWK_DOVE = dt.Game.symmetric([[-1, 2], [0, 1]])
PENNIES = dt.Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
OPERA_BOXING = dt.Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]], actions=["Opera", "Boxing"])
matrices = st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=3, max_size=3)
starts = st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any).map(lambda w: [F(k, sum(w)) for k in w])


def rock_paper_scissors(win: int, loss: int) -> dt.Game:
    return dt.Game.symmetric([[0, -loss, win], [win, 0, -loss], [-loss, win, 0]])


# --- replicator dynamics ----------------------------------------------------------------------------------------------


def test_a_constant_advantage_grows_logistically() -> None:
    """The log-odds of an action that always earns 2 more rise by 2 per unit of time."""
    times = np.linspace(0, 20, 41)
    path = replicator(dt.Game.symmetric([[2, 3], [0, 1]]), [0.001, 0.999], times)
    odds = np.exp(2 * times) / 999
    np.testing.assert_allclose(path.strategies[0], np.array([odds, 1 + 0 * odds]).T / (1 + odds)[:, None], rtol=1e-7)


def test_single_population_against_nashpy() -> None:
    A = np.array([[0, 6, -4], [-3, 0, 5], [-1, 3, 0]])
    times = np.linspace(0, 10, 101)
    start = np.array([0.5, 0.3, 0.2])
    peer = nashpy.Game(A).replicator_dynamics(y0=start, timepoints=times)
    path = replicator(dt.Game.symmetric(A), start, times)
    np.testing.assert_allclose(path.strategies[0], peer, atol=1e-5)


def test_two_populations_against_nashpy() -> None:
    rng = np.random.default_rng(2)
    A, B = rng.integers(-5, 6, (2, 3, 2))
    times = np.linspace(0, 5, 51)
    x, y = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.4])
    peer = nashpy.Game(A, B).asymmetric_replicator_dynamics(x0=x, y0=y, timepoints=times)
    path = replicator(dt.Game.bimatrix(A, B), [x, y], times)
    for ours, theirs in zip(path.strategies, peer, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_relative_entropy_is_conserved_in_zero_sum_games() -> None:
    """Rock–paper–scissors turns for ever on level sets of x₁x₂x₃ (Hofbauer and Sigmund 1998, section 7.7)."""
    path = replicator(rock_paper_scissors(1, 1), [0.5, 0.3, 0.2], np.linspace(0, 500, 101)).strategies[0]
    np.testing.assert_allclose(path.prod(axis=1), 0.03, rtol=1e-6)
    x, y = replicator(PENNIES, [[0.6, 0.4], [0.5, 0.5]], np.linspace(0, 200, 51)).strategies
    np.testing.assert_allclose(x.prod(axis=1) * y.prod(axis=1), 0.06, rtol=1e-6)


def test_actions_come_back_from_near_extinction() -> None:
    """If a loss costs more than a win gains, the path nears the corners in turn, and each share all but vanishes."""
    path = replicator(rock_paper_scissors(1, 2), [0.34, 0.33, 0.33], np.linspace(0, 300, 601)).strategies[0]
    assert path.min(axis=0).max() < 1e-30
    gone = (path[:, 0] < 1e-20).nonzero()[0][0]
    assert path[gone:, 0].max() > 0.99


def test_three_players_and_float_payoffs() -> None:
    """A majority game: the side that has more than half everywhere wins."""
    u = np.zeros((3, 2, 2, 2))
    for profile in product((0, 1), repeat=3):
        for i in range(3):
            u[(i, *profile)] = sum(a == profile[i] for a in profile) / 10
    final = replicator(dt.Game(u), [[0.6, 0.4], [0.7, 0.3], [0.55, 0.45]], [300]).final
    assert len(final) == 3
    assert all(x[0] > 0.999999 for x in final)


@settings(max_examples=40)
@given(matrices, starts, st.lists(st.integers(-1000, 1000), min_size=3, max_size=3))
def test_paths_stay_in_the_simplex(A: list[list[int]], start: list[F], shifts: list[int]) -> None:
    """Faces are invariant, and constants added to columns change no path."""
    times = [0, 0.5, 2, 20]
    path = replicator(dt.Game.symmetric(A), start, times)
    [x] = path.strategies
    np.testing.assert_allclose(x.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(x[0], [float(p) for p in start], rtol=1e-14)
    assert (x >= 0).all()
    assert ((x == 0) == (x[0] == 0)).all()
    assert path.residual >= 0
    shifted = dt.Game.symmetric([[a + s for a, s in zip(row, shifts, strict=True)] for row in A])
    np.testing.assert_allclose(replicator(shifted, start, times).strategies[0], x, atol=1e-9)


def test_a_stable_strategy_is_reached() -> None:
    path = replicator(HAWK_DOVE, ["9/10", "1/10"], [0, 100])
    np.testing.assert_allclose(path.final[0], [0.5, 0.5], atol=1e-9)
    assert path.residual < 1e-9
    large = dt.Game.symmetric([[-(10**9), 2 * 10**9], [0, 10**9]])
    np.testing.assert_allclose(replicator(large, [0.9, 0.1], [0, 100]).final[0], [0.5, 0.5], atol=1e-9)


def test_times() -> None:
    assert replicator(HAWK_DOVE, [0.9, 0.1], [0]).strategies[0].tolist() == pytest.approx(np.array([[0.9, 0.1]]))
    at_once = replicator(HAWK_DOVE, [0.9, 0.1], [1]).final[0]
    np.testing.assert_allclose(replicator(HAWK_DOVE, [0.9, 0.1], [0, 0.3, 1]).final[0], at_once, rtol=1e-8)
    constant = replicator(dt.Game.symmetric([[1, 1], [1, 1]]), [0.9, 0.1], [0, 5])
    assert constant.residual == 0


@pytest.mark.parametrize("times", [[], [-1, 1], [0, 0], [2, 1], [0, float("nan")], [0, float("inf")], 3, "soon", None])
def test_bad_times(times: Any) -> None:
    with pytest.raises(dt.ParameterError, match="times"):
        replicator(HAWK_DOVE, [0.5, 0.5], times)


BAD_STARTS = [[0.5, 0.6], [1.5, -0.5], [float("nan"), 0.5], [1], [[0.5, 0.5]], [[0.5, 0.5], [1, 1]], None, "Hawk", 7]


@pytest.mark.parametrize("start", BAD_STARTS)
def test_bad_starts(start: Any) -> None:
    for use in (lambda: replicator(HAWK_DOVE, start, [0, 1]), lambda: replicator_rest_point(HAWK_DOVE, start)):
        with pytest.raises((dt.ProfileError, dt.LabelError)):
            use()


def test_what_cannot_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(dt.UnsupportedError, match="symmetric"):
        replicator(PENNIES, [0.5, 0.5], [0, 1])
    with pytest.raises(dt.UnsupportedError, match="times"):
        replicator(dt.Game.symmetric([[1e200, 0], [0, 1]]), [0.5, 0.5], [0, 1e200])
    with pytest.raises(dt.UnsupportedError, match="times"):
        replicator(dt.Game.symmetric([[10**400, 0], [0, 1]]), [0.5, 0.5], [0, 1])
    monkeypatch.setattr("detente.equilibrium.replicator.MAX_EVALUATIONS", 100)
    with pytest.raises(dt.UnsupportedError, match="100 evaluations"):
        replicator(rock_paper_scissors(1, 1), [0.5, 0.3, 0.2], [0, 1e6])


# --- rest points ------------------------------------------------------------------------------------------------------


def test_kinds_of_rest_points() -> None:
    third = ["1/3"] * 3
    assert replicator_rest_point(rock_paper_scissors(2, 1), third).kind == "attracting"
    assert replicator_rest_point(rock_paper_scissors(1, 1), third).kind == "centre"
    assert replicator_rest_point(rock_paper_scissors(1, 2), third).kind == "repelling"
    assert replicator_rest_point(rock_paper_scissors(1, 1), 0).kind == "saddle"
    zeeman = dt.Game.symmetric([[0, 6, -4], [-3, 0, 5], [-1, 3, 0]])  # attracts, but is not evolutionarily stable
    assert replicator_rest_point(zeeman, third).kind == "attracting"
    assert not dt.is_evolutionarily_stable(zeeman, third)
    five = [[0 if i == j else 1 if (i - j) % 5 in (1, 2) else -1 for j in range(5)] for i in range(5)]
    assert replicator_rest_point(dt.Game.symmetric(five), ["1/5"] * 5).kind == "centre"


def test_hawk_dove_in_one_and_in_two_populations() -> None:
    """The mixture attracts one population; between two it is a saddle, and roles arise (Selten 1980)."""
    assert replicator_rest_point(HAWK_DOVE, ["1/2", "1/2"]).kind == "attracting"
    half = ["1/2", "1/2"]
    both = replicator_rest_point(HAWK_DOVE, [half, half])
    assert both.kind == "saddle"
    assert sorted(v.real for v in both.eigenvalues) == [-0.5, 0.5]
    assert replicator_rest_point(HAWK_DOVE, [["1", "0"], ["0", "1"]]).kind == "attracting"
    assert replicator_rest_point(PENNIES, [half, half]).kind == "centre"


def test_floats_count_as_rest_within_rounding() -> None:
    point = replicator_rest_point(
        rock_paper_scissors(2, 1), replicator(rock_paper_scissors(2, 1), [0.5, 0.3, 0.2], [200]).final[0]
    )
    assert point.kind == "attracting"
    assert replicator_rest_point(rock_paper_scissors(1, 1), [1 / 3] * 3).kind == "centre"
    with pytest.raises(dt.ParameterError, match="rest point"):
        replicator_rest_point(rock_paper_scissors(1, 1), [0.34, 0.33, 0.33])


def test_zero_eigenvalues() -> None:
    """Decided where the strategy is evolutionarily stable; a line of rest points stays undecided."""
    assert replicator_rest_point(dt.Game.symmetric([[1, 1], [1, 0]]), 0).kind == "attracting"
    assert replicator_rest_point(dt.Game.symmetric([[1, 1], [1, 2]]), 0).kind == "undecided"
    assert replicator_rest_point(dt.Game.symmetric([[1, 1], [1, 1]]), ["1/2", "1/2"]).kind == "undecided"
    assert replicator_rest_point(dt.Game.symmetric([[1]]), 0).kind == "attracting"


def flow(game: dt.Game, x: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """ẋ from the definition; ``sizes`` has one entry for a single population."""
    if len(sizes) == 1:
        earned = game.payoffs[0] @ x
        return x * (earned - x @ earned)
    p, q = x[: sizes[0]], x[sizes[0] :]
    a, b = game.payoffs[0] @ q, p @ game.payoffs[1]
    return np.concatenate([p * (a - p @ a), q * (b - q @ b)])


@settings(max_examples=60)
@given(matrices, st.booleans())
def test_eigenvalues_against_finite_differences(A: list[list[int]], single: bool) -> None:
    """At every extreme symmetric equilibrium and every corner, in the directions that keep the sums."""
    game = dt.Game.symmetric(A)
    points = [[F(int(i == k)) for i in range(3)] for k in range(3)]
    points += [list(e.strategies[0]) for e in dt.nash_equilibria(game) if e.strategies[0] == e.strategies[1]]
    for point in points:
        found = replicator_rest_point(game, point if single else [point, point])
        sizes = (3,) if single else (3, 3)
        x = np.tile([float(p) for p in point], len(sizes))
        basis = np.kron(np.eye(len(sizes)), np.array([[1, 1, -2], [1, -1, 0]]) / np.sqrt([[6], [2]]))
        h = 1e-5
        columns = [(flow(game, x + h * d, sizes) - flow(game, x - h * d, sizes)) / (2 * h) for d in basis]
        values = np.linalg.eigvals(basis @ np.array(columns).T)
        power = [1, 2, 3, 4][: 2 * len(sizes)]  # power sums: well-conditioned even where eigenvalues coincide
        for k in power:
            assert sum(values**k) == pytest.approx(sum(v**k for v in found.eigenvalues), abs=1e-4)


# --- best replies -----------------------------------------------------------------------------------------------------


def test_best_replies_in_textbook_games() -> None:
    pd = dt.textbook("prisoners-dilemma").game
    path = best_reply_dynamics(pd, ("Relax", "Relax"))
    assert path.profiles == (("Relax", "Relax"), ("Restrict", "Relax"), ("Restrict", "Restrict"))
    assert path.converged
    assert best_reply_dynamics(pd, (0, 0), simultaneous=True).profiles[1:] == (("Restrict", "Restrict"),)
    pennies = best_reply_dynamics(PENNIES, (0, 0))
    assert not pennies.converged
    assert pennies.cycle == ((0, 0), (0, 1), (1, 1), (1, 0))
    out_of_step = best_reply_dynamics(OPERA_BOXING, ("Opera", "Boxing"), simultaneous=True)
    assert out_of_step.cycle == (("Opera", "Boxing"), ("Boxing", "Opera"))


def test_shapleys_game_cycles_through_six_profiles() -> None:
    """Shapley (1964), *Some topics in two-person games*."""
    game = dt.textbook("shapley-1964").game
    cycle = best_reply_dynamics(game, (0, 0)).cycle
    assert len(cycle) == len(set(cycle)) == 6


def test_ties_keep_the_action_or_take_the_first() -> None:
    assert best_reply_dynamics(dt.Game.symmetric([[0, 0], [0, 0]]), (1, 1)).profiles == ((1, 1),)
    game = dt.Game.bimatrix([[0], [5], [5]], [[0], [0], [0]])
    assert best_reply_dynamics(game, (0, 0)).profiles == ((0, 0), (1, 0))


@given(st.integers(0, 10**6), st.booleans())
def test_paths_end_in_an_equilibrium_or_a_cycle(seed: int, simultaneous: bool) -> None:
    chance = random.Random(seed)
    n = chance.choice((2, 3))
    shape = [chance.randint(1, 4) for _ in range(n)]
    u = np.array([chance.randint(-2, 2) for _ in range(n * int(np.prod(shape)))]).reshape(n, *shape)
    game = dt.Game(u)
    path = best_reply_dynamics(game, [0] * n, simultaneous=simultaneous)
    path.verify()
    assert path.converged == (game.regret(path.profiles[-1]) == 0)
    assert all(game.regret(p) > 0 for p in path.profiles[:-1])
    for before, after in zip(path.profiles, path.profiles[1:], strict=False):
        moved = [i for i in range(n) if before[i] != after[i]]
        assert moved
        assert simultaneous or len(moved) == 1
        for i in moved:
            earned = game.deviation_payoffs(i, before)
            assert earned[after[i]] == max(earned) > earned[before[i]]
            assert earned.index(max(earned)) == after[i]
    if path.cycle:
        assert path.profiles[-1] == path.cycle[0]


@given(st.integers(0, 10**6))
def test_common_interests_converge_when_players_take_turns(seed: int) -> None:
    """Every move raises the potential (Monderer and Shapley 1996, *Games and Economic Behavior* 14)."""
    chance = random.Random(seed)
    common = [[[chance.randint(-3, 3) for _ in range(3)] for _ in range(3)] for _ in range(3)]
    assert best_reply_dynamics(dt.Game([common] * 3), (0, 1, 2)).converged


# --- fictitious play --------------------------------------------------------------------------------------------------


def test_every_round_replies_to_the_frequencies_so_far() -> None:
    rng = np.random.default_rng(5)
    game = dt.Game(rng.integers(-9, 10, (2, 4, 3)))
    played = fictitious_play(game, (3, 2), 60)
    played.verify()
    history = played.history
    assert history[0].tolist() == [3, 2]
    for t in range(1, 60):
        past = [[F(int(c), t) for c in np.bincount(history[:t, i], minlength=m)] for i, m in enumerate(game.shape)]
        for i in (0, 1):
            earned = game.deviation_payoffs(i, past)
            assert earned.index(max(earned)) == history[t, i]


@settings(max_examples=30)
@given(matrices)
def test_bounds_enclose_the_value(A: list[list[int]]) -> None:
    value = solve_matrix_game([[F(a) for a in row] for row in A]).value
    game = dt.Game.bimatrix(A, [[7 - a for a in row] for row in A])
    played = fictitious_play(game, (0, 0), 300)
    assert played.value_bounds is not None
    low, high = played.value_bounds
    assert low <= value <= high
    assert high - low < 1
    x, y = played.frequencies
    assert played.regret >= 0
    assert min(sum(p * row[j] for p, row in zip(x, A, strict=True)) for j in range(3)) <= low
    assert max(sum(q * a for q, a in zip(y, row, strict=True)) for row in A) >= high


def test_zero_sum_frequencies_against_nashpy() -> None:
    """Both come near the only equilibrium; nashpy breaks ties at random."""
    A = np.array([[2, -1], [-1, 1]])
    np.random.seed(0)
    *_, counts = nashpy.Game(A).fictitious_play(iterations=4000)
    ours = fictitious_play(dt.Game.bimatrix(A, -A), (0, 0), 4000).frequencies
    for mine, theirs, exact in zip(ours, counts, ((0.4, 0.6), (0.4, 0.6)), strict=True):
        np.testing.assert_allclose([float(p) for p in mine], exact, atol=0.03)
        np.testing.assert_allclose(np.array(theirs) / sum(theirs), exact, atol=0.03)


def test_shapleys_game_does_not_converge() -> None:
    """Shapley (1964): runs get longer and longer, and the frequencies keep turning."""
    game = dt.Game.bimatrix([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert game.regret([["1/3"] * 3] * 2) == 0
    for rounds in (100, 1000, 10000):
        played = fictitious_play(game, (0, 0), rounds)
        assert played.regret > F(1, 10)
        assert played.value_bounds is None


def test_coordination_is_learned_and_large_payoffs_stay_exact() -> None:
    assert fictitious_play(OPERA_BOXING, ("Opera", "Opera"), 50).frequencies == ((1, 0), (1, 0))
    plain = fictitious_play(PENNIES, (0, 0), 500)
    large = fictitious_play(PENNIES.affine(0, 10**20, 1).affine(1, F(1, 3)), (0, 0), 500)
    assert (large.history == plain.history).all()
    majority = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]])
    assert fictitious_play(dt.Game([majority] * 3), (1, 1, 1), 20).regret == 0
    assert not plain.history.flags.writeable


def test_certificates_can_fail() -> None:
    pd = dt.textbook("prisoners-dilemma").game
    path = best_reply_dynamics(pd, (0, 0))
    cycle = best_reply_dynamics(PENNIES, (0, 0))
    played = fictitious_play(PENNIES, (0, 0), 200)
    for fine in (path, cycle, played):
        fine.verify()
    history = played.history.copy()
    history[1:, 0] = 1 - history[1:, 0]
    for wrong in (
        replace(path, profiles=path.profiles[::-1]),
        replace(path, profiles=path.profiles[:-1]),
        replace(cycle, cycle=()),
        replace(cycle, cycle=cycle.cycle[::-1][:1]),
        replace(played, history=history),
        replace(played, frequencies=((F(1, 3), F(2, 3)),) * 2),
        replace(played, regret=F(0)),
    ):
        with pytest.raises(dt.CertificateError):
            wrong.verify()


@pytest.mark.parametrize("rounds", [0, -1, 2.5, True, "10", 10**9])
def test_bad_rounds(rounds: Any) -> None:
    with pytest.raises(dt.ParameterError, match="rounds"):
        fictitious_play(PENNIES, (0, 0), rounds)


def test_bad_profiles() -> None:
    for use in (best_reply_dynamics, lambda game, start: fictitious_play(game, start, 5)):
        with pytest.raises(dt.ProfileError):
            use(PENNIES, (0,))
        with pytest.raises(dt.LabelError):
            use(OPERA_BOXING, ("Opera", "Boxin"))
        with pytest.raises(dt.DetenteError):
            use(PENNIES, (0, float("nan")))
    with pytest.raises(dt.ParameterError):
        best_reply_dynamics(PENNIES, (0, 0), simultaneous=1)  # type: ignore[arg-type]
