"""All equilibria: published games, every 2×2 tie pattern, games that other packages get wrong, and properties."""

from __future__ import annotations

import json
import random
from fractions import Fraction as F
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

import detente as dt
from tests.catalogue.exact_checker import extreme_equilibria

KNOWN = json.loads((Path(__file__).parents[1] / "data" / "known_equilibria.json").read_text())["games"]


def vector(entries: list[str]) -> tuple[F, ...]:
    return tuple(F(e) for e in entries)


@pytest.mark.parametrize("case", KNOWN, ids=lambda c: c["name"])
def test_published_games_and_their_components(case: dict[str, Any]) -> None:
    found = dt.nash_equilibria(dt.Game.bimatrix(case["A"], case["B"]))
    assert found.complete
    assert {e.strategies for e in found} == {(vector(x), vector(y)) for x, y in case["extreme"]}
    assert len(found.components) == case["n_components"]
    continua = {
        frozenset((frozenset(s.x_vertices), frozenset(s.y_vertices)) for s in c.subsets)
        for c in found.components
        if not c.is_isolated
    }
    assert continua == {
        frozenset((frozenset(map(vector, xs)), frozenset(map(vector, ys))) for xs, ys in c) for c in case["components"]
    }
    assert all(e.regret == 0 for e in found)
    found.verify()


def test_every_catalogue_game() -> None:
    for entry in dt.textbook():
        known = dt.textbook(entry.name)
        if known.game.n_players != 2 or not known.known_equilibria.complete:
            continue
        found = dt.nash_equilibria(known.game)
        assert {e.strategies for e in found} == set(known.known_equilibria), entry.name
        found.verify()


CELLS = [(a, b, c, d) for a, b, c, d in product(range(3), repeat=4) if min(a, b, c, d) == 0]


@pytest.mark.parametrize("first", CELLS)
def test_every_tie_pattern_of_2x2_games(first: tuple[int, ...]) -> None:
    """Only two differences a player matter; entries 0–2 give every combination of signs and ties."""
    A = [list(map(F, first[:2])), list(map(F, first[2:]))]
    seconds = {(s, t) for s, t in product((-1, 0, 1), repeat=2)}
    for s, t in seconds:
        B = [[F(0), F(s)], [F(0), F(2 * t)]]
        found = dt.nash_equilibria(dt.Game.bimatrix(A, B))
        assert {e.strategies for e in found} == extreme_equilibria(A, B)
        assert sum(c.index or 0 for c in found.components) == 1
        found.verify()


@pytest.mark.parametrize("seed", range(60))
def test_random_degenerate_games(seed: int) -> None:
    rng = random.Random(seed)
    m, n = rng.randint(1, 4), rng.randint(1, 4)
    A, B = ([[F(rng.randint(0, 2)) for _ in range(n)] for _ in range(m)] for _ in range(2))
    found = dt.nash_equilibria(dt.Game.bimatrix(A, B))
    assert {e.strategies for e in found} == extreme_equilibria(A, B)
    found.verify()


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_identity_games_have_all_supports(n: int) -> None:
    identity = np.eye(n, dtype=int)
    found = dt.nash_equilibria(dt.Game.bimatrix(identity, identity))
    assert len(found) == 2**n - 1
    assert sorted(e.support[0] for e in found) == sorted(e.support[1] for e in found)
    assert sum(c.index or 0 for c in found.components) == 1


small = st.integers(0, 3)
games = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda s: st.tuples(*[st.lists(st.lists(small, min_size=s[1], max_size=s[1]), min_size=s[0], max_size=s[0])] * 2)
)


def profiles(found: dt.EquilibriumSet) -> set[Any]:
    return {e.strategies for e in found}


@given(games, st.randoms(use_true_random=False))
def test_relabelling_permutes_equilibria(matrices: Any, rng: Any) -> None:
    game = dt.Game.bimatrix(*matrices)
    order = list(range(game.shape[0]))
    rng.shuffle(order)
    turned = dt.nash_equilibria(game.restrict({0: order}))
    assert profiles(turned) == {(tuple(x[k] for k in order), y) for x, y in profiles(dt.nash_equilibria(game))}


@given(games, st.sampled_from([F(1, 7), 10**9, F(1, 10**9)]), st.integers(-300_000, 300_000))
def test_positive_affine_maps_change_nothing(matrices: Any, scale: Any, shift: int) -> None:
    game = dt.Game.bimatrix(*matrices)
    moved = game.affine(0, scale, shift).affine(1, 1, -shift)
    assert profiles(dt.nash_equilibria(moved)) == profiles(dt.nash_equilibria(game))


@given(games)
def test_duplicating_an_action_splits_its_weight(matrices: Any) -> None:
    A, B = matrices
    doubled = dt.nash_equilibria(dt.Game.bimatrix([*A, A[0]], [*B, B[0]]))
    merged = {((x[0] + x[-1], *x[1:-1]), y) for x, y in profiles(doubled)}
    assert merged == profiles(dt.nash_equilibria(dt.Game.bimatrix(A, B)))
    doubled.verify()


@pytest.mark.parametrize("unit", [1e12, 1e8, 1.0, 1e-9])
def test_scales_at_which_others_lose_equilibria(unit: float) -> None:
    found = dt.nash_equilibria(dt.Game.bimatrix([[unit, 0.0], [0.0, unit]], [[unit, 0.0], [0.0, unit]]))
    assert [e.support for e in found] == [((0,), (0,)), ((0, 1), (0, 1)), ((1,), (1,))]
    assert all(e.regret <= 1e-12 * unit for e in found)
    found.verify()


def distance(point: tuple[F, ...], vertices: tuple[tuple[F, ...], ...]) -> float:
    """From a point to a convex hull, up to a small factor."""
    corners = np.array(vertices, dtype=float).T
    weights = 100 * np.ones((1, corners.shape[1]))
    return float(nnls(np.vstack((corners, weights)), [*map(float, point), 100.0])[1])


@pytest.mark.parametrize("seed", range(80))
def test_indices_are_those_of_the_equilibria_nearby(seed: int) -> None:
    """A component's index is the sum of the indices of equilibria near it in a generic game nearby."""
    rng = random.Random(seed)
    m, n, top = rng.randint(2, 4), rng.randint(2, 4), rng.choice([1, 2])
    A, B = ([[F(rng.randint(0, top)) for _ in range(n)] for _ in range(m)] for _ in range(2))
    found = dt.nash_equilibria(dt.Game.bimatrix(A, B))
    noise = [[[F(rng.randint(-(10**6), 10**6), 10**13) for _ in range(n)] for _ in range(m)] for _ in range(2)]
    A, B = (
        [[x + e for x, e in zip(*rows, strict=True)] for rows in zip(u, v, strict=True)]
        for u, v in zip((A, B), noise, strict=True)
    )
    totals = [0] * len(found.components)
    for component in dt.nash_equilibria(dt.Game.bimatrix(A, B)).components:
        assert component.is_isolated
        x, y = (s[0] for s in component.subsets[0].vertices)
        far = [min(distance(x, s.x_vertices) + distance(y, s.y_vertices) for s in c.subsets) for c in found.components]
        assert min(far) < 1e-4
        totals[int(np.argmin(far))] += component.index or 0
    assert totals == [c.index for c in found.components]


def test_an_index_by_hand() -> None:
    """Row 1 is a best reply only to a tie: the continuum breaks up and vanishes, so its index is 0."""
    tied = dt.nash_equilibria(dt.Game.bimatrix([[1, 1], [0, 2]], [[1, 1], [0, 1]]))
    assert [(c.is_isolated, c.index) for c in tied.components] == [(False, 0), (True, 1)]


def test_the_6x6_game_with_75_equilibria() -> None:
    """Von Stengel (1999): more than the 2ⁿ − 1 = 63 once conjectured to be the most."""
    game = dt.textbook("von-stengel-1999").game
    for exact in (True, False):
        found = dt.nash_equilibria(game, exact=exact)
        assert len(found) == 75
        assert all(c.is_isolated and c.index in (-1, 1) for c in found.components)
        assert sum(c.index or 0 for c in found.components) == 1
        found.verify()


def test_strictly_dominated_actions_change_neither_equilibria_nor_indices() -> None:
    rng = np.random.default_rng(8)
    for top in (2, 50):
        for _ in range(20):
            A, B = rng.integers(0, top + 1, (2, 3, 3))
            plain = dt.nash_equilibria(dt.Game([A, B]))
            more = dt.nash_equilibria(dt.Game([[*A, A.min(0) - 1], [*B, rng.integers(0, top + 1, 3)]]))
            assert {((*x, F(0)), y) for x, y in profiles(plain)} == profiles(more)
            assert [c.index for c in plain.components] == [c.index for c in more.components]
            more.verify()


def test_trivial_shapes() -> None:
    zero = dt.nash_equilibria(dt.Game.bimatrix(np.zeros((2, 3), int), np.zeros((2, 3), int)))
    assert len(zero) == 6
    assert len(zero.components) == 1
    row = dt.nash_equilibria(dt.Game.bimatrix([[1, 2, 3]], [[3, 1, 3]]))
    assert profiles(row) == {((F(1),), (F(1), F(0), F(0))), ((F(1),), (F(0), F(0), F(1)))}
    assert dt.nash_equilibria(dt.Game.bimatrix([[5]], [[7]]))[0].is_strict


def test_arithmetic_of_the_answer() -> None:
    exact = dt.Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
    floats = dt.Game.bimatrix([[3.0, 0], [0, 2]], [[2, 0], [0, 3]])
    assert isinstance(dt.nash_equilibria(exact)[1].strategies[0][0], F)
    assert isinstance(dt.nash_equilibria(exact, exact=False)[1].strategies[0][0], float)
    assert isinstance(dt.nash_equilibria(floats)[1].strategies[0][0], float)
    assert dt.nash_equilibria(floats, exact=True)[1].strategies[0] == (F(3, 5), F(2, 5))


def test_a_budget_leaves_an_incomplete_answer() -> None:
    rng = np.random.default_rng(0)
    game = dt.Game(rng.integers(0, 100, (2, 30, 30)))
    found = dt.nash_equilibria(game, budget=0.3)
    assert not found.complete
    found.verify()


def test_nashpy_behind_its_guard() -> None:
    rng = np.random.default_rng(5)
    for _ in range(10):
        game = dt.Game(rng.integers(0, 9, (2, 3, 3)))
        guarded = dt.nash_equilibria(game, method="nashpy")
        assert not guarded.complete
        assert all(e.regret == 0 for e in guarded)
        assert profiles(guarded) <= profiles(dt.nash_equilibria(game)) or any(
            not c.is_isolated for c in dt.nash_equilibria(game).components
        )
    with pytest.raises(dt.UnsupportedError):
        dt.nash_equilibria(dt.Game(rng.integers(0, 9, (2, 9, 9))), method="nashpy")


def test_games_of_other_sizes() -> None:
    one = dt.Game([[1, 3, 2]])
    assert [e.support for e in dt.nash_equilibria(one)] == [((1,),)]
    assert dt.nash_equilibria(one).complete
    three = dt.textbook("seltens-horse").game
    found = dt.nash_equilibria(three)
    assert not found.complete
    assert {e.strategies for e in found} >= set(dt.textbook("seltens-horse").known_equilibria)
    found.verify()
    with pytest.raises(dt.UnsupportedError):
        dt.nash_equilibria(three, method="vertex-enumeration")


def test_pure_equilibria_by_hand() -> None:
    rng = np.random.default_rng(3)
    for shape in ((3, 3), (2, 3, 2), (2, 2, 2, 2)):
        game = dt.Game(rng.integers(0, 4, (len(shape), *shape)))
        expected = {p for p in np.ndindex(*shape) if game.regret(tuple(map(int, p))) == 0}
        assert {tuple(s[0] for s in e.support) for e in dt.pure_equilibria(game)} == expected


@pytest.mark.parametrize(
    "options", [{"method": "magic"}, {"budget": 0}, {"budget": "soon"}, {"budget": float("nan")}, {"exact": "yes"}]
)
def test_bad_options(options: dict[str, Any]) -> None:
    with pytest.raises(dt.DetenteError, match=next(iter(options))):
        dt.nash_equilibria(dt.Game.bimatrix([[1]], [[1]]), **options)


def test_a_false_equilibrium_fails_verification() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]])
    good = dt.nash_equilibria(game)
    wrong = dt.Equilibrium(((F(1), F(0)), (F(1), F(0))), (F(3), F(3)), F(0), False, game.actions)
    with pytest.raises(dt.CertificateError):
        dt.EquilibriumSet(game, (wrong,), (), False, "none").verify()
    with pytest.raises(dt.CertificateError, match=r"\+1"):
        dt.EquilibriumSet(game, good.extreme, good.components * 2, True, "none").verify()
