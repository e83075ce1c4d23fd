"""Two-player games of the literature, of textbooks and of other packages, down to components and indices.

The answers in ``data/published_games.json`` were found without the package: extreme equilibria by pygambit and lrslib,
which agree, and by brute force in the smaller games; components and maximal Nash subsets by trying all sets of
strategies; indices by adding those of nearby equilibria in two random disturbances of the game, by determinants.
Payoffs given "as in Gambit" are those of the game files that come with Gambit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction as F
from itertools import combinations, pairwise, product
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import detente as dt
from tests.catalogue.exact_checker import Matrix, Vector, extreme_equilibria, regret, solve

DATA = json.loads((Path(__file__).parents[1] / "data" / "published_games.json").read_text())
Profile = tuple[Vector, Vector]
Subset = tuple[frozenset[Vector], frozenset[Vector]]

every_game = pytest.mark.parametrize("case", DATA["games"], ids=lambda c: c["name"])


def matrix(rows: list[list[str]]) -> Matrix:
    return [[F(x) for x in row] for row in rows]


def vertices(rows: list[list[str]]) -> frozenset[Vector]:
    return frozenset(tuple(row) for row in matrix(rows))


def published(case: dict[str, Any]) -> set[tuple[frozenset[Subset], int]]:
    """Components as sets of subsets, with their indices."""
    return {(frozenset((vertices(x), vertices(y)) for x, y in c["subsets"]), c["index"]) for c in case["components"]}


def pairs(subsets: frozenset[Subset]) -> set[Profile]:
    return {(x, y) for xs, ys in subsets for x in xs for y in ys}


def given(found: dt.EquilibriumSet) -> set[tuple[frozenset[Subset], int | None]]:
    return {
        (frozenset((frozenset(s.x_vertices), frozenset(s.y_vertices)) for s in c.subsets), c.index)
        for c in found.components
    }


@every_game
def test_components_and_indices(case: dict[str, Any]) -> None:
    game = dt.Game.bimatrix(case["A"], case["B"])
    for method in ("auto", "vertex-enumeration"):
        found = dt.nash_equilibria(game, method=method)
        assert found.complete
        assert {e.strategies for e in found} == set().union(*(pairs(subsets) for subsets, _ in published(case)))
        assert given(found) == published(case)
        for component in found.components:
            own = {found[k].strategies for k in component.extreme}
            assert own == {(x, y) for s in component.subsets for x in s.x_vertices for y in s.y_vertices}
            assert component.is_isolated == (len(own) == 1)
        found.verify()


@every_game
def test_floats_and_batches(case: dict[str, Any]) -> None:
    """The same equilibria rounded, in the same components."""
    exact = [matrix(case[k]) for k in "AB"]
    A, B = (np.array(M, dtype=float) for M in exact)
    if any(F(str(float(x))) != x for M in exact for row in M for x in row):
        pytest.skip("a third is no float: in floats this is another game")
    expected = sorted((x, y, i) for subsets, i in published(case) for x, y in pairs(subsets))
    batch = dt.nash_equilibria_batch(A[None], B[None])
    single = dt.nash_equilibria(dt.Game.bimatrix(A, B))
    for found in (batch[0], single, dt.nash_equilibria(dt.Game.bimatrix(A, B), exact=False)):
        index = {k: c.index for c in found.components for k in c.extreme}
        rounded = sorted((*e.strategies, index[k]) for k, e in enumerate(found))
        assert len(rounded) == len(expected) == batch.count[0]
        assert [i for _, _, i in rounded] == [i for _, _, i in expected]
        for one, other in zip(rounded, expected, strict=True):
            gaps = [
                abs(p - float(q)) for s, t in zip(one[:2], other[:2], strict=True) for p, q in zip(s, t, strict=True)
            ]
            assert max(gaps) < 1e-12
        found.verify()
    batch.verify()


TRANSFORMED: dict[str, Callable[[dt.Game], dt.Game]] = {
    "large": lambda g: g.affine(0, 10**9, 0).affine(1, 10**9, 0),
    "small": lambda g: g.affine(0, F(1, 10**9), 0).affine(1, F(1, 10**9), 0),
    "shifted": lambda g: g.affine(0, 1, 10**6).affine(1, 1, -(10**6)),
    "long denominators": lambda g: g.affine(0, F(1, 10**30 + 57), F(1, 3)).affine(1, F(7**40, 3), F(-1, 11**20)),
}


@pytest.mark.parametrize("how", TRANSFORMED)
@every_game
def test_positive_affine_maps(case: dict[str, Any], how: str) -> None:
    moved = dt.nash_equilibria(TRANSFORMED[how](dt.Game.bimatrix(case["A"], case["B"])))
    assert moved.complete
    assert given(moved) == published(case)


@every_game
def test_other_orders_of_actions_and_players(case: dict[str, Any]) -> None:
    A, B = np.array(matrix(case["A"])), np.array(matrix(case["B"]))
    turned = dt.nash_equilibria(dt.Game.bimatrix(A[::-1, ::-1], B[::-1, ::-1]))
    expected = {
        (frozenset((frozenset(x[::-1] for x in xs), frozenset(y[::-1] for y in ys)) for xs, ys in subsets), i)
        for subsets, i in published(case)
    }
    assert given(turned) == expected
    swapped = dt.nash_equilibria(dt.Game.bimatrix(B.T, A.T))
    assert given(swapped) == {(frozenset((ys, xs) for xs, ys in subsets), i) for subsets, i in published(case)}


# --- the answers themselves -------------------------------------------------------------------------------------------


@every_game
def test_the_answers_are_right(case: dict[str, Any]) -> None:
    """Brute force: every pair of a subset is an equilibrium, no subset can be enlarged, none is missing."""
    A, B = matrix(case["A"]), matrix(case["B"])
    answer = published(case)
    components = [pairs(subsets) for subsets, _ in answer]
    everything = set().union(*components)
    assert sum(i for _, i in answer) == 1
    for profile in everything:
        assert regret([A, B], profile) == 0
    if len(A) + len(A[0]) <= 8:
        assert extreme_equilibria(A, B) == everything
    for (subsets, _), component in zip(answer, components, strict=True):
        assert subsets == maximal_products(component)
        assert not any(e[k] == f[k] for e in component for f in everything - component for k in (0, 1))
        reached = {next(iter(component))}
        while more := {f for f in component - reached for e in reached if e[0] == f[0] or e[1] == f[1]}:
            reached |= more
        assert reached == component


def maximal_products(component: set[Profile]) -> set[Subset]:
    """All maximal X × Y within a component's extreme equilibria, by trying every set of row strategies."""
    rows = sorted({x for x, _ in component})
    replies = {x: frozenset(y for z, y in component if z == x) for x in rows}
    found = set()
    for size in range(1, len(rows) + 1):
        for chosen in combinations(rows, size):
            shared = frozenset.intersection(*(replies[x] for x in chosen))
            if shared:
                found.add((frozenset(x for x in rows if shared <= replies[x]), shared))
    return found


@pytest.mark.parametrize("case", DATA["many"], ids=lambda c: c["name"])
def test_games_with_many_equilibria(case: dict[str, Any]) -> None:
    """The size of every component and its index."""
    found = dt.nash_equilibria(dt.Game.bimatrix(case["A"], case["B"]))
    assert found.complete
    assert len(found) == case["n_extreme"] == len({e.strategies for e in found})
    assert sorted([len(c.extreme), c.index] for c in found.components) == case["indices"]
    found.verify()


# --- games known by their structure -----------------------------------------------------------------------------------


def test_equilibria_along_a_closed_curve() -> None:
    """Kohlberg and Mertens (1986): six segments, each corner in two of them, around a hexagon."""
    case = next(c for c in DATA["games"] if c["name"] == "kohlberg_mertens_hexagon")
    (component,) = dt.nash_equilibria(dt.Game.bimatrix(case["A"], case["B"])).components
    sides = [set(product(s.x_vertices, s.y_vertices)) for s in component.subsets]
    corners = set().union(*sides)
    assert len(sides) == len(corners) == 6
    assert all(len(side) == 2 for side in sides)
    assert all(sum(corner in side for side in sides) == 2 for corner in corners)
    assert component.index == 1


def test_beer_and_quiche() -> None:
    """Cho and Kreps (1987): both types order beer, or both quiche; only the first component has an index of 1.

    One in ten is a wimp. The right breakfast is worth 1 to either, no duel 2; the other's only worry is to fight wimps
    and no others.
    """
    menus = list(product(("beer", "quiche"), repeat=2))  # surly, wimp
    answers = list(product((True, False), repeat=2))  # a duel after beer, after quiche

    def payoff(player: int, menu: tuple[str, str], answer: tuple[bool, bool]) -> F:
        total = F(0)
        for surly, ordered, weight in ((True, menu[0], F(9, 10)), (False, menu[1], F(1, 10))):
            duel = answer[0] if ordered == "beer" else answer[1]
            liked = (ordered == "beer") == surly
            total += weight * ((F(liked) + 2 * (not duel)) if player == 0 else F(duel != surly))
        return total

    tables = [[[payoff(player, m, a) for a in answers] for m in menus] for player in (0, 1)]
    found = dt.nash_equilibria(dt.Game(tables, actions=[list(map(str, menus)), list(map(str, answers))]))
    kinds = {}
    for component in found.components:
        (order,) = {found[k].support[0] for k in component.extreme}
        (payoffs,) = {found[k].payoffs for k in component.extreme}
        kinds[menus[order[0]]] = component.index, payoffs
        assert len(order) == 1
    assert kinds == {
        ("beer", "beer"): (1, (F(29, 10), F(9, 10))),
        ("quiche", "quiche"): (0, (F(21, 10), F(9, 10))),
    }
    found.verify()


def test_three_finger_morra() -> None:
    """Dresher (1961), *Games of Strategy*: the value is 0, and there are four extreme optimal strategies.

    Show one to three fingers and guess the other's; who alone guesses right wins the sum.
    """
    plans = list(product((1, 2, 3), repeat=2))

    def won(mine: tuple[int, int], other: tuple[int, int]) -> int:
        return (mine[0] + other[0]) * ((mine[1] == other[0]) - (other[1] == mine[0]))

    A = [[won(p, q) for q in plans] for p in plans]
    found = dt.nash_equilibria(dt.Game.bimatrix(A, [[-x for x in row] for row in A]))
    optimal = {
        tuple(F(weights.get(p, 0), sum(weights.values())) for p in plans)
        for weights in (
            {(1, 3): a, (2, 2): b, (3, 1): c} for a, b, c in ((5, 4, 3), (16, 12, 9), (20, 15, 12), (25, 20, 16))
        )
    }
    assert {e.strategies for e in found} == set(product(optimal, optimal))
    assert {e.payoffs for e in found} == {(0, 0)}
    (component,) = found.components
    assert len(component.subsets) == component.index == 1
    found.verify()


def dual_cyclic(labels: list[int]) -> Matrix:
    """M such that {z ≥ 0, M z ≤ 1} is the dual of the cyclic polytope on points 1 … 2d of the moment curve.

    ``labels[t]`` numbers the facet of point t + 1: the first d are z ≥ 0, the others the rows of M.
    """
    d = len(labels) // 2
    points = [[F(t) ** k for k in range(1, d + 1)] for t in range(1, 2 * d + 1)]
    centre = [sum(column) / (2 * d) for column in zip(*points, strict=True)]
    facet = {label: [x - c for x, c in zip(p, centre, strict=True)] for label, p in zip(labels, points, strict=True)}
    basis = [list(row) for row in zip(*(facet[k] for k in range(d)), strict=True)]
    rows = []
    for label in range(d, 2 * d):  # in coordinates that vanish on the first d facets
        weights = solve(basis, facet[label])
        assert weights is not None
        rows.append([w / (sum(weights) - 1) for w in weights])
    return rows


@pytest.mark.parametrize("d", [2, 4, 6, 8, pytest.param(10, marks=pytest.mark.slow)])
def test_dual_cyclic_games(d: int) -> None:
    """Von Stengel (1999), *Discrete and Computational Geometry* 21: σ(d/2) + σ(d/2 − 1) − 1 equilibria in a d×d game.

    σ are the central Delannoy numbers; 3, 15, 75, 383, 2003 in all. Neighbouring labels are exchanged in one polytope.
    """

    def delannoy(n: int) -> int:
        return sum(comb(n + k, k) * comb(n, k) for k in range(n + 1))

    columns = dual_cyclic(list(range(2 * d)))
    rows = dual_cyclic([((t ^ 1) + d) % (2 * d) for t in range(2 * d)])
    found = dt.nash_equilibria(dt.Game.bimatrix(rows, [list(row) for row in zip(*columns, strict=True)]))
    assert found.complete
    assert len(found) == delannoy(d // 2) + delannoy(d // 2 - 1) - 1
    assert all(c.is_isolated and c.index in (-1, 1) for c in found.components)
    assert sum(c.index or 0 for c in found.components) == 1
    assert all(e.strategies > f.strategies for e, f in pairwise(found))
    if d <= 6:
        found.verify()
