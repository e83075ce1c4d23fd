"""One equilibrium: published games, every label, games on which others loop or fail, sizes, and properties."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.equilibrium import one
from detente.equilibrium.bimatrix.exact_profile import certified_weights, exact_weights
from detente.equilibrium.bimatrix.integer_path import integer_path
from detente.equilibrium.bimatrix.integer_payoffs import integer_payoffs, positive
from detente.equilibrium.bimatrix.lemke_howson import float_path, shortest_float_path
from detente.equilibrium.bimatrix.zero_sum import zero_sum_bases, zero_sum_ratio, zero_sum_strategies
from detente.equilibrium.one import METHODS, solve_one, unit_payoffs

KNOWN = json.loads((Path(__file__).parents[1] / "data" / "known_equilibria.json").read_text())["games"]


def never() -> bool:
    return False


def labels(game: dt.Game) -> Iterator[int]:
    return iter(range(sum(game.shape)))


def is_listed(equilibrium: dt.Equilibrium, found: dt.EquilibriumSet) -> bool:
    """A lexicographic path ends at a vertex of both polytopes, so at an extreme equilibrium."""
    return equilibrium.strategies in {e.strategies for e in found}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow the floating-point path in small games too."""
    monkeypatch.setattr(one, "SMALL", 0)


# --- published games --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KNOWN, ids=lambda c: c["name"])
def test_published_games_from_every_label(case: dict[str, Any], compiled: None) -> None:
    game = dt.Game.bimatrix(case["A"], case["B"])
    extreme = {(tuple(map(F, x)), tuple(map(F, y))) for x, y in case["extreme"]}
    for label in labels(game):
        found = solve_one(game, "lemke-howson", initial_label=label)
        assert found.regret == 0
        assert found.strategies in extreme
    assert solve_one(game).strategies in extreme


def test_both_ends_of_the_paths_in_von_stengels_example() -> None:
    """Von Stengel 2007 (*Equilibrium computation for two-player games*, example 3.3): odd and even paths."""
    game = dt.textbook("von-stengel-2007").game
    ends = {solve_one(game, initial_label=label).strategies for label in labels(game)}
    assert ends <= set(dt.textbook("von-stengel-2007").known_equilibria)


def test_a_label_by_name_is_a_label_by_index() -> None:
    bos = dt.textbook("battle-of-the-sexes").game
    for player, name in enumerate(bos.players):
        for k, action in enumerate(bos.actions[player]):
            by_name = solve_one(bos, "lemke-howson", initial_label=(name, action))
            assert by_name == solve_one(bos, "lemke-howson", initial_label=2 * player + k)


def test_zero_sum_games_of_the_catalogue(compiled: None) -> None:
    """O'Neill 1987 has the value 2/5 of the stakes and the one equilibrium (2/5, 1/5, 1/5, 1/5) for both."""
    for name in ("matching-pennies", "rock-paper-scissors", "oneill-1987"):
        entry = dt.textbook(name)
        found = solve_one(entry.game, "zero-sum")
        assert found.strategies in set(entry.known_equilibria)
        assert found.regret == 0
        assert solve_one(entry.game) == found


def test_pure_equilibria() -> None:
    assert str(solve_one(dt.textbook("prisoners-dilemma").game, "pure")) == str(
        dt.pure_equilibria(dt.textbook("prisoners-dilemma").game)[0]
    )
    assert solve_one(dt.Game([[1, 3, 2]])).support == ((1,),)
    horse = solve_one(dt.textbook("seltens-horse").game, "pure", exact=False)
    assert horse.is_pure
    assert all(isinstance(p, float) for s in horse.strategies for p in s)
    with pytest.raises(dt.UnsupportedError, match="no"):
        solve_one(dt.textbook("matching-pennies").game, "pure")


# --- all labels, degeneracy -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(25))
def test_every_label_of_random_games_leads_to_a_listed_equilibrium(seed: int, compiled: None) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 7, 2)
    game = dt.Game(rng.integers(0, rng.choice([2, 4, 100]), (2, m, n)))
    everything = dt.nash_equilibria(game)
    for label in labels(game):
        found = solve_one(game, "lemke-howson", initial_label=label)
        assert found.regret == 0
        assert is_listed(found, everything)


def degenerate_games() -> Iterator[tuple[str, Any, Any]]:
    rng = np.random.default_rng(2)
    for n in (1, 2, 5, 9):
        yield f"zero {n}", np.zeros((n, n), int), np.zeros((n, n), int)
        yield f"identity {n}", np.eye(n, dtype=int), np.eye(n, dtype=int)
        yield f"permuted identity {n}", np.eye(n, dtype=int), np.eye(n, dtype=int)[rng.permutation(n)]
    A, B = rng.integers(0, 3, (2, 4, 5))
    yield "duplicated rows", np.repeat(A, 3, axis=0), np.repeat(B, 3, axis=0)
    yield "duplicated columns", np.repeat(A, 2, axis=1), np.repeat(B, 2, axis=1)
    yield "one row", A[:1], B[:1]
    yield "one column", A[:, :1], B[:, :1]
    for k in range(10):
        m, n = rng.integers(2, 9, 2)
        yield f"ties {k}", rng.integers(0, 2, (m, n)), rng.integers(0, 2, (m, n))


@pytest.mark.parametrize(("name", "A", "B"), list(degenerate_games()), ids=lambda x: x if isinstance(x, str) else "")
def test_degenerate_games_end_where_integers_end(name: str, A: Any, B: Any) -> None:
    game = dt.Game.bimatrix(A, B)
    integers = [positive(integer_payoffs(game, player)[0]) for player in range(2)]
    for label in labels(game):
        floats = float_path(*unit_payoffs(game), label, never)
        exact = integer_path(*integers, label, never)
        assert floats.pivots == exact.pivots
        assert floats.bases is not None
        assert exact.bases is not None
        for by_float, by_integer in zip(floats.bases, exact.bases, strict=True):
            assert tuple(map(sorted, by_float)) == tuple(map(sorted, by_integer))
        assert solve_one(game, "lemke-howson", initial_label=label).regret == 0


def test_a_large_degenerate_game() -> None:
    identity = np.eye(150, dtype=int)
    assert solve_one(dt.Game.bimatrix(identity, identity)).is_pure
    # The only equilibrium mixes everything evenly.
    cyclic = solve_one(dt.Game.bimatrix(identity, np.roll(identity, 1, axis=1)))
    assert set(cyclic.strategies) == {(F(1, 150),) * 150}
    zeros = solve_one(dt.Game.bimatrix(np.zeros((200, 90), int), np.zeros((200, 90), int)), "lemke-howson")
    assert zeros.regret == 0


# --- scale ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [1e12, 1e8, 1.0, 1e-9, 1e-300])
def test_scales_at_which_nashpy_fails(unit: float, compiled: None) -> None:
    game = dt.Game.bimatrix([[unit, 0.0], [0.0, unit]], [[unit, 0.0], [0.0, unit]])
    assert [solve_one(game, initial_label=k).support[0] for k in range(4)] == [(0,), (1,), (0,), (1,)]
    pennies = dt.Game.bimatrix([[unit, 0.0], [0.0, unit]], [[0.0, unit], [unit, 0.0]])
    for method in ("zero-sum", "lemke-howson"):
        assert solve_one(pennies, method).strategies == ((0.5, 0.5), (0.5, 0.5))


@pytest.mark.parametrize("seed", range(4))
def test_scale_and_shift_change_no_answer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, B = rng.integers(0, 30, (2, 25, 30))
    for label in (None, 3, 40):
        expected = solve_one(dt.Game([A, B]), "lemke-howson", initial_label=label).strategies
        for scale, shift in ((10**9, 0), (F(1, 10**9), 0), (1, 10**6), (3, -(10**6)), (1, 10**30)):
            moved = dt.Game([A, B]).affine(0, scale, shift).affine(1, scale, -shift)
            assert solve_one(moved, "lemke-howson", initial_label=label).strategies == expected
        for decimals in (A / 10, A * 1e9, A / 10 + 1e6):
            floats = dt.Game([decimals, B.astype(float)])
            assert solve_one(floats, "lemke-howson", initial_label=label, exact=True).strategies == expected


def test_payoffs_of_very_different_size_need_integers(compiled: None) -> None:
    game = dt.Game.bimatrix([[10**40, 0], [0, 1]], [[0, 1], [1, 0]])
    assert solve_one(game).strategies == ((F(1, 2), F(1, 2)), (F(1, 10**40 + 1), F(10**40, 10**40 + 1)))
    beyond_floats = dt.Game.bimatrix([[10**400, 0], [0, 10**400]], [[0, 1], [1, 0]])
    assert solve_one(beyond_floats).strategies == ((F(1, 2), F(1, 2)),) * 2


# --- zero-sum ---------------------------------------------------------------------------------------------------------


def test_disguised_zero_sum_games_are_seen_exactly() -> None:
    rng = np.random.default_rng(0)
    A = rng.integers(0, 9, (4, 5))
    f, g = rng.integers(0, 9, (1, 5)), rng.integers(0, 9, (4, 1))
    assert zero_sum_ratio(dt.Game([A, 7 - A])) == 1
    assert zero_sum_ratio(dt.Game([A, 7 - 3 * A])) == 3
    assert zero_sum_ratio(dt.Game([A + f, 2 * (g - A)])) == 2
    assert zero_sum_ratio(dt.Game([A, 7 + A])) is None
    assert zero_sum_ratio(dt.Game([np.zeros((4, 5), int), A])) is None
    almost = [[F(int(7 - x)) for x in row] for row in A]
    almost[1][1] += F(1, 10**15)
    assert zero_sum_ratio(dt.Game.bimatrix(A, almost)) is None
    assert zero_sum_ratio(dt.Game([A + 0.1, 0.2 - A])) == 1
    assert zero_sum_ratio(dt.Game([A.astype(object) * 10**30, -A])) == F(1, 10**30)


@pytest.mark.parametrize("seed", range(12))
def test_zero_sum_games_and_their_disguises(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 7, 2)
    A = rng.integers(0, 3 if seed % 2 else 100, (m, n))
    value = solve_one(dt.Game([A, -A]), "zero-sum").payoffs[0]
    assert value == dt.Game([A, -A]).minmax(0)
    if seed % 3:
        monkeypatch.setattr(one, "SMALL", 0)  # by HiGHS
    disguised = dt.Game([A + rng.integers(0, 9, (1, n)), 5 * (rng.integers(0, 9, (m, 1)) - A)])
    found = solve_one(disguised, "zero-sum")
    assert found.regret == 0
    assert is_listed(found, dt.nash_equilibria(disguised))
    ratio = zero_sum_ratio(disguised)
    assert ratio is not None
    assert disguised.regret(zero_sum_strategies(disguised, ratio)) == 0


def test_zero_sum_without_highs(monkeypatch: pytest.MonkeyPatch, compiled: None) -> None:
    import detente.equilibrium.bimatrix.zero_sum as module

    monkeypatch.setattr(module, "zero_sum_bases", lambda *_: None)
    A = np.random.default_rng(0).integers(0, 50, (6, 5))
    assert solve_one(dt.Game([A, -A]), "zero-sum").payoffs[0] == dt.Game([A, -A]).minmax(0)
    monkeypatch.setattr(one, "FRACTIONS_SIMPLEX", 0)
    assert solve_one(dt.Game([A, -A]), "zero-sum").payoffs[0] == dt.Game([A, -A]).minmax(0)


def test_degenerate_programmes_get_a_regular_basis(compiled: None) -> None:
    A = np.ones((4, 6))
    assert zero_sum_bases(A, 3.0 - A) is not None
    doubled = np.repeat(np.random.default_rng(1).integers(0, 4, (5, 5)), 2, axis=0)
    assert solve_one(dt.Game([doubled, -doubled]), "zero-sum").regret == 0


# --- large games ------------------------------------------------------------------------------------------------------


def test_a_large_random_game_quickly() -> None:
    solve_one(dt.Game(np.random.default_rng(1).random((2, 20, 20))))  # loads the compiled kernel
    game = dt.Game(np.random.default_rng(0).random((2, 200, 200)))
    start = time.perf_counter()
    found = solve_one(game)
    assert time.perf_counter() - start < 2
    assert found.regret <= 1e-12
    exact = solve_one(game, exact=True)
    assert exact.regret == 0
    assert exact.support == found.support


@pytest.mark.parametrize("top", [10**6, 3])
def test_three_hundred_actions_each(top: int) -> None:
    """Generic, and so full of ties that a lexicographic rule is needed; all answers are exact."""
    game = dt.Game(np.random.default_rng(2).integers(0, top, (2, 300, 300)))
    for label in (None, 0, 450):
        found = solve_one(game, "lemke-howson", initial_label=label, budget=60)
        assert found.regret == 0
        x, y = (np.array(s, dtype=float) for s in found.strategies)
        A, B = game.payoffs / top
        assert (A @ y).max() - x @ A @ y < 1e-12
        assert (x @ B).max() - x @ B @ y < 1e-12


@pytest.mark.slow
def test_a_thousand_actions_each() -> None:
    rng = np.random.default_rng(3)
    A = rng.random((1000, 1000))
    zero_sum = solve_one(dt.Game([A, -A]))
    assert zero_sum.regret <= 1e-12
    x, y = (np.array(s) for s in zero_sum.strategies)
    assert (A @ y).max() - (x @ A).min() <= 1e-9
    general = solve_one(dt.Game(rng.integers(0, 10**6, (2, 1000, 1000))))
    assert general.regret == 0


@pytest.mark.parametrize("n", [60, 150])
def test_large_degenerate_games_of_every_kind(n: int) -> None:
    rng = np.random.default_rng(n)
    doubled = np.repeat(np.repeat(rng.integers(0, 10**6, (2, n // 3, n // 3)), 3, axis=1), 3, axis=2)
    games = {
        "0, 1, 2": rng.integers(0, 3, (2, n, n)),
        "duplicates": doubled,
        "all equal": np.full((2, n, n), 7),
        "one player indifferent": np.array([np.full((n, n), 3), rng.integers(0, 10, (n, n))]),
        "sparse": (rng.random((2, n, n)) < 0.05) * rng.integers(1, 5, (2, n, n)),
        "large and alike": rng.integers(0, 3, (2, n, n)) + 10**9,
    }
    for name, payoffs in games.items():
        start = time.process_time()
        for scaled in (payoffs, payoffs * 1e9, payoffs * 1e-9):
            found = solve_one(dt.Game(scaled), exact=True, budget=20)
            assert found.regret == 0, name
            values, place = np.unique(scaled, return_inverse=True)
            A, B = np.array([F(str(v)) for v in values.tolist()])[place].reshape(scaled.shape)
            x, y = (np.array(s) for s in found.strategies)
            rows, columns = x > 0, y > 0
            earned, others = A[:, columns] @ y[columns], x[rows] @ B[rows]
            assert max(earned) == x[rows] @ earned[rows], name
            assert max(others) == others[columns] @ y[columns], name
        assert time.process_time() - start < 6, name


def test_where_ties_lead_astray_right_hand_sides_are_disturbed() -> None:
    """The later attempts alone, on games full of ties: their bases, too, are those of equilibria."""
    from detente.equilibrium.bimatrix.lemke_howson import ARRIVED, PERTURBATIONS, TIES, _attempts, _Path

    rng = np.random.default_rng(0)
    for _ in range(20):
        game = dt.Game(rng.integers(0, 3, (2, 12, 13)))
        attempts = list(_attempts(*unit_payoffs(game)))[len(TIES) :]
        assert len(attempts) == len(PERTURBATIONS)
        for columns, tie in attempts:
            path = _Path(columns, 5, tie)
            assert path.follow(10_000) == ARRIVED
            weights = exact_weights(game, path.bases)
            assert weights is not None
            assert certified_weights(game, *weights, True) is not None


def test_a_large_support_in_floats_and_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    A = np.random.default_rng(0).random((60, 60))
    monkeypatch.setattr(one, "LARGE_SUPPORT", 10)
    rounded = solve_one(dt.Game([A, -A]))
    assert len(rounded.support[0]) > 10
    assert rounded.regret <= 1e-12
    exact = solve_one(dt.Game([A, -A]), exact=True)
    assert exact.regret == 0
    assert exact.support == rounded.support
    np.testing.assert_allclose(np.array(exact.strategies, dtype=float), rounded.strategies, atol=1e-9)


def test_a_path_lost_in_floats_is_followed_in_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    import detente.equilibrium.bimatrix.lemke_howson as module

    game = dt.Game(np.random.default_rng(0).integers(0, 50, (2, 15, 15)))
    expected = solve_one(game, "lemke-howson", initial_label=4)
    wrong = module.Tracked((([0], [0]), ([1], [1])), 7)
    for lost in (wrong, module.Tracked(None, 7)):
        monkeypatch.setattr(module, "float_path", lambda *_, lost=lost: lost)
        assert solve_one(game, "lemke-howson", initial_label=4) == expected


def test_the_budget_is_kept_and_named() -> None:
    rng = np.random.default_rng(3)
    A, noise = rng.standard_normal((2, 300, 300))
    hard = dt.Game([A, -0.9 * A + 0.19**0.5 * noise])
    solve_one(dt.Game(A[:20, :20] * np.ones((2, 1, 1))))  # loads the compiled kernel
    start = time.perf_counter()
    with pytest.raises(dt.UnsupportedError, match=r"budget.*pivots"):
        solve_one(hard, budget=0.3)
    assert time.perf_counter() - start < 2


# --- arithmetic, options ----------------------------------------------------------------------------------------------


def test_arithmetic_of_the_answer() -> None:
    exact = dt.Game.bimatrix([[3, 0], [0, 2]], [[0, 3], [2, 0]])
    floats = dt.Game.bimatrix([[0.3, 0], [0, 0.2]], [[0, 0.3], [0.2, 0]])
    mixed = ((F(2, 5), F(3, 5)), (F(2, 5), F(3, 5)))
    assert solve_one(exact).strategies == mixed
    assert solve_one(floats, exact=True).strategies == mixed
    assert solve_one(floats, exact=True).payoffs == (F(3, 25), F(3, 25))
    for found in (solve_one(exact, exact=False), solve_one(floats)):
        assert found.strategies == ((0.4, 0.6), (0.4, 0.6))
        assert isinstance(found.regret, float)
    assert solve_one(dt.Game.symmetric([[3, 0], [5, 1]])).is_strict


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"method": "magic"}, dt.LabelError),
        ({"budget": 0}, dt.ParameterError),
        ({"budget": "soon"}, dt.ParameterError),
        ({"exact": 1}, dt.ParameterError),
        ({"initial_label": 4}, dt.ParameterError),
        ({"initial_label": -1}, dt.ParameterError),
        ({"initial_label": True}, dt.ParameterError),
        ({"initial_label": 1.0}, dt.ParameterError),
        ({"initial_label": "C"}, dt.ParameterError),
        ({"initial_label": ("Player 1", "Q")}, dt.DetenteError),
        ({"initial_label": ("Player 9", 0)}, dt.DetenteError),
        ({"method": "zero-sum"}, dt.UnsupportedError),
    ],
)
def test_bad_options(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        solve_one(dt.Game.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 2]]), **options)


def test_bad_games() -> None:
    with pytest.raises(dt.ParameterError, match="game"):
        solve_one([[1]], "auto")  # type: ignore[arg-type]
    three = dt.textbook("seltens-horse").game
    for method in ("lemke-howson", "zero-sum"):
        with pytest.raises(dt.UnsupportedError, match="two-player"):
            solve_one(three, method)
    assert METHODS[0] == "auto"


# --- properties -------------------------------------------------------------------------------------------------------

entries = st.integers(-3, 3)
games = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda s: st.tuples(*[st.lists(st.lists(entries, min_size=s[1], max_size=s[1]), min_size=s[0], max_size=s[0])] * 2)
)


@given(games, st.integers(0, 9), st.randoms(use_true_random=False))
def test_relabelled_equilibria_are_equilibria(matrices: Any, label: int, rng: Any) -> None:
    game = dt.Game.bimatrix(*matrices)
    order = list(range(game.shape[0]))
    rng.shuffle(order)
    found = solve_one(game.restrict({0: order}), "lemke-howson", initial_label=label % sum(game.shape))
    x = [F(0)] * game.shape[0]
    for k, p in zip(order, found.strategies[0], strict=True):
        x[k] = F(p)
    assert game.regret([x, found.strategies[1]]) == 0


@given(games, st.integers(0, 9), st.sampled_from([F(1, 7), 10**9, F(1, 10**9)]), st.integers(-(10**6), 10**6))
@settings(deadline=None)
def test_positive_affine_maps_change_no_path(matrices: Any, label: int, scale: Any, shift: int) -> None:
    game = dt.Game.bimatrix(*matrices)
    moved = game.affine(0, scale, shift).affine(1, 1, -shift)
    paths = [float_path(*unit_payoffs(g), label % sum(game.shape), never) for g in (game, moved)]
    assert paths[0] == paths[1]


@given(games)
@settings(deadline=None)
def test_any_label_gives_some_equilibrium(matrices: Any) -> None:
    game = dt.Game.bimatrix(*matrices)
    bases = shortest_float_path(*unit_payoffs(game), never).bases
    assert bases is not None
    weights = exact_weights(game, bases)
    assert weights is not None
    assert certified_weights(game, *weights, True) is not None
