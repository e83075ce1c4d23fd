"""Payoff sets: published and closed-form answers, an independent exact operator, properties, edge cases, refusals."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import detente as dt
from detente.exact.number_field import FieldElement, to_float
from detente.exact.polygon import contains, convex_hull
from detente.repeated.payoff_sets.outer_set import outer_bound
from detente.repeated.payoff_sets.payoff_set import PayoffSet, payoff_set
from detente.repeated.payoff_sets.rounded_outwards import _turn_sign, outward_rounds
from detente.repeated.payoff_sets.units import scaled_stage

# Abreu and Sannikov (2014), section 2: a duopoly game with payoffs (row, column).
DUOPOLY = [[(16, 9), (3, 13), (0, 3)], [(21, 1), (10, 4), (-1, 0)], [(9, 0), (5, -4), (-5, -15)]]


def from_pairs(table: Any) -> dt.Game:
    return dt.Game(np.moveaxis(np.array(table, dtype=object), -1, 0).tolist())


def dilemma(T: Any, R: Any, P: Any, S: Any) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], actions=["C", "D"])


def cournot(n: int) -> dt.Game:
    """Quantities 0 … n − 1, price n less the total, no cost."""
    q = np.arange(n)
    price = np.maximum(n - q[:, None] - q[None, :], 0)
    return dt.Game.bimatrix(price * q[:, None], price * q[None, :])


def random_game(seed: Any, shape: tuple[int, int], top: int) -> dt.Game:
    return dt.Game(np.random.default_rng(seed).integers(0, top, (2, *shape)))


def floats(points: Any) -> np.ndarray[Any, Any]:
    return np.array([[float(x) for x in p] for p in points]).reshape(-1, 2)


def hausdorff(first: Any, second: Any) -> float:
    """Between two polygons given by corners, up to the corners' own nearest points on the other's sides."""
    if len(first) == 0 or len(second) == 0:
        return 0.0 if len(first) == len(second) else np.inf

    def one_way(a: Any, b: Any) -> float:
        return max(distance(p, b) for p in a)

    return max(one_way(first, second), one_way(second, first))


def distance(p: Any, polygon: Any) -> float:
    best, inside = np.inf, len(polygon) > 2
    for k in range(len(polygon)):
        a, b = polygon[k - 1], polygon[k]
        d = b - a
        t = np.clip(np.dot(p - a, d) / (np.dot(d, d) or 1), 0, 1)
        best = min(best, float(np.linalg.norm(p - a - t * d)))
        inside = inside and d[0] * (p - a)[1] - d[1] * (p - a)[0] >= 0
    return 0.0 if inside else best


# --- known sets ----------------------------------------------------------------------------------------------------


def test_the_example_of_abreu_and_sannikov() -> None:
    ps = payoff_set(from_pairs(DUOPOLY), "3/10")
    expected = [
        (1.1256824, 2.8),
        (7.33770472, 0.0),
        (7.86308964, 0.0),
        (19.7917977, 2.8),
        (15.5630896, 9.1),
        (7.33770472, 10.9826253),
    ]
    assert floats(ps.vertices) == pytest.approx(np.array(expected), abs=1e-6)
    assert ps.is_exact
    assert ps.gap == 0
    assert isinstance(ps.threat[0], FieldElement)
    assert ps.threat[0].algebraic.polynomial.degree == 3  # the threat is a cubic irrational
    assert ps.threat[1] == 0
    assert float(ps.threat[0]) == pytest.approx(1.1256823955, abs=1e-9)
    ps.verify()


def test_abreus_cournot_game() -> None:
    """Abreu (1988): optimal penal codes hold both players to zero from δ = 1/3 on and sustain (low, low) there."""
    game = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
    at = payoff_set(game, "1/3")
    assert at.threat == (0, 0)
    assert (F(10), F(10)) in at
    below = payoff_set(game, "33/100")
    assert (F(10), F(10)) not in below
    for ps in (at, below):
        ps.verify()
    # Without discounting only the stage equilibrium (middle, middle) is left.
    assert payoff_set(game, 0).vertices == ((7, 7),)


def dilemma_set(g: float, l: float, d: float) -> list[tuple[float, float]]:  # noqa: E741
    """Closed forms in the spirit of Stahl (1991), for R = 1, P = 0, T = 1 + g, S = −l."""
    s, x = 1 + g - l, (1 + g + l) / (1 + l)
    if g >= 1 + l or (l < g and d < g / (1 + g)):
        return [(0, 0), (s, 0), (0, s)] if d >= l / (1 + g) else [(0, 0)]
    if d < g / (1 + g):
        return [(0, 0)]
    if d >= l / (1 + l):
        return [(0, 0), (x, 0), (1, 1), (0, x)]
    c = (1 - d) * l / d
    D = ((1 - d) * g) ** 2 - 4 * d * (c - 1)
    z = ((1 - d) * g + max(D, 0) ** 0.5) / 2
    return [(0, 0), (1 + z, 0), (1, 1), (0, 1 + z)] if D >= 0 and z >= c - 1 else [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("g", "l", "d", "corners"),
    [
        (3, 1, "1/4", 3),  # g ≥ 1 + l, exactly at δ = l/(1 + g)
        (3, 1, "6/25", 1),
        (1, 2, "2/3", 4),  # exactly at δ = l/(1 + l)
        (1, 1, "1/2", 4),  # exactly at δ = g/(1 + g) = l/(1 + l)
        (2, "3/2", "11/20", 3),  # l < g < 1 + l below g/(1 + g)
        (2, "3/2", "1/2", 3),  # exactly at δ = l/(1 + g)
        (2, "3/2", "49/100", 1),
        (3, 4, "3/4", 2),  # l ≥ g, exactly at δ = g/(1 + g): the segment
        (3, 4, "79/100", 4),
        (3, 4, "74/100", 1),
    ],
)
def test_dilemmas_in_every_case(g: Any, l: Any, d: Any, corners: int) -> None:  # noqa: E741
    G, L = F(g), F(l)
    ps = payoff_set(dilemma(1 + G, 1, 0, -L), d)
    assert len(ps.vertices) == corners
    expected = floats(dilemma_set(float(G), float(L), float(F(d))))
    assert hausdorff(floats(ps.vertices), expected) < 1e-9
    assert ps.gap < 1e-15
    ps.verify()


def test_irrational_vertex_of_a_dilemma() -> None:
    ps = payoff_set(dilemma(4, 1, 0, -4), "79/100")
    top = ps.vertices[1][0]
    assert float(top) == pytest.approx(1.5368670773, abs=1e-10)
    assert str(top) == "(263 + √1969)/200"
    # z = top − 1 solves z² − (1 − δ) g z + δ (c − 1) = 0 with c = (1 − δ) l / δ
    assert ps.is_exact
    z, delta = top - 1, F(79, 100)
    assert z * z - (1 - delta) * 3 * z + delta * ((1 - delta) * 4 / delta - 1) == 0


@pytest.mark.parametrize(("g", "l", "top"), [("4/5", "27/25", "6/5"), (1, "9/8", "5/4")])
def test_where_the_root_is_double(g: Any, l: Any, top: Any) -> None:  # noqa: E741
    """At D = 0 iteration closes in like 1/n; the set is found and proven all the same."""
    ps = payoff_set(dilemma(1 + F(g), 1, 0, -F(l)), "1/2")
    assert ps.vertices == ((0, 0), (F(top), 0), (1, 1), (0, F(top)))
    assert ps.is_exact
    assert ps.complete
    assert ps.gap == 0
    ps.verify(tolerance=1e-4)


def test_random_double_roots() -> None:
    """g and δ at random, l such that D = 0, in units of each player's own."""
    rng = random.Random(4)
    found = 0
    while found < 12:
        d, g = F(rng.randint(5, 60), rng.choice([61, 70, 100])), F(rng.randint(1, 40), 10)
        c = 1 + ((1 - d) * g) ** 2 / (4 * d)
        l, z = d * c / (1 - d), (1 - d) * g / 2  # noqa: E741
        if not (l >= g and z >= c - 1 and g / (1 + g) <= d < l / (1 + l)):
            continue
        found += 1
        ps = payoff_set(dilemma(1 + g, 1, 0, -l).affine(0, 3, 1).affine(1, F(1, 7), -2), d)
        assert ps.is_exact
        assert (1 + 3 * (1 + z), -2) in ps.vertices
        assert len(ps.vertices) == (3 if z == c - 1 else 4)


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 99))
def test_random_dilemmas(g: int, l: int, d: int) -> None:  # noqa: E741
    G, L, D = F(g, 10), F(l, 10), F(d, 100)
    ps = payoff_set(dilemma(1 + G, 1, 0, -L), D)
    thresholds = (L / (1 + G), G / (1 + G), L / (1 + L))
    if all(abs(D - t) > F(1, 10**6) for t in thresholds):
        assert hausdorff(floats(ps.vertices), floats(dilemma_set(float(G), float(L), float(D)))) < 1e-6
    ps.verify()


# --- an independent operator ---------------------------------------------------------------------------------------


def generated_set(game: dt.Game, delta: F, corners: Any) -> Any:
    """B(W) of Abreu, Pearce and Stacchetti in Fractions: all extreme continuations, by half-plane clipping."""
    u = game.exact_payoffs
    threat = [min(p[i] for p in corners) for i in (0, 1)]
    made = []
    for i, j in product(*map(range, game.shape)):
        best = max(u[0][k][j] for k in range(game.shape[0])), max(u[1][i][k] for k in range(game.shape[1]))
        part = list(corners)
        for axis in (0, 1):
            least = threat[axis] + (1 - delta) / delta * (best[axis] - u[axis][i][j])
            part = clip(part, axis, least)
        made += [tuple((1 - delta) * u[k][i][j] + delta * w[k] for k in (0, 1)) for w in part]
    return convex_hull(made)


def clip(polygon: list[Any], axis: int, least: F) -> list[Any]:
    kept = []
    for k, q in enumerate(polygon):
        p = polygon[k - 1]
        if (p[axis] < least < q[axis]) or (q[axis] < least < p[axis]):
            t = (least - p[axis]) / (q[axis] - p[axis])
            kept.append(tuple(a + t * (b - a) for a, b in zip(p, q, strict=True)))
        if q[axis] >= least:
            kept.append(q)
    return kept


@pytest.mark.parametrize("seed", range(120))
def test_inner_generates_itself_and_outer_contains_every_iterate(seed: int) -> None:
    rng = random.Random(seed)
    shape = rng.randint(1, 4), rng.randint(2, 4)
    game = random_game(seed, shape, rng.choice([2, 4, 10, 100]))
    delta = F(rng.randint(1, 19), 20)
    ps = payoff_set(game, delta)
    ps.verify()
    if ps.inner:
        again = generated_set(game, delta, ps.inner)
        assert all(contains(again, v) for v in ps.inner)
        if ps.is_exact:
            assert all(contains(ps.inner, v) for v in again)
    # Iterating the larger operator from the feasible set can never lose a point of the set.
    hull = convex_hull([tuple(p) for p in game.exact_payoffs.reshape(2, -1).T.tolist()])
    for _ in range(4):
        assert all(contains(hull, v) for v in ps.vertices)
        hull = generated_set(game, delta, hull) if hull else ()
    assert ps.gap < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400))
def test_many_random_games(seed: int) -> None:
    rng = random.Random(1000 + seed)
    shape = rng.randint(2, 6), rng.randint(2, 6)
    ps = payoff_set(random_game(seed, shape, rng.choice([2, 3, 5, 20, 1000])), F(rng.randint(1, 99), 100))
    assert ps.complete
    assert ps.gap < 1e-12
    assert hausdorff(floats(ps.vertices), ps.approximate) < 1e-6 * 1000
    ps.verify()


def test_a_vertex_is_a_strategy_that_can_be_followed() -> None:
    """Walk every vertex's lottery: the discounted payoffs of the walk are the vertex."""
    ps = payoff_set(dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]]), "2/5")
    weights = np.eye(len(ps.vertices))
    step = np.zeros_like(weights)
    stage = np.zeros((len(ps.vertices), 2))
    for k, generation in enumerate(ps.generators):
        stage[k] = [float(x) for x in ps.game.payoff(generation.profile)]
        for j, p in generation.lottery:
            step[k, j] = float(p)
    values = np.linalg.solve(weights - 0.4 * step, 0.6 * stage)
    assert values == pytest.approx(floats(ps.vertices))
    assert all(min(g.slack) >= 0 for g in ps.generators)
    assert str(ps.strategy(0)).startswith("play (")
    assert ps.strategy(ps.vertices[1]) == ps.strategy(1)


def test_verify_notices_a_false_vertex() -> None:
    ps = payoff_set(dilemma(5, 3, 1, 0), "3/5")
    proof = ps._proof
    moved = ((F(1), F(1)), (F(9, 2), F(1)), *proof.inner[2:])
    false = PayoffSet(ps.game, ps.discount, ps.approximate, None, None, proof._replace(inner=moved, outer=moved))
    with pytest.raises(dt.CertificateError, match="vertex"):
        false.verify()
    impatient = PayoffSet(ps.game, F(2, 5), ps.approximate, None, None, proof)
    with pytest.raises(dt.CertificateError):
        impatient.verify()


def test_verify_notices_an_outer_bound_that_is_too_small() -> None:
    """Both restricting and both relaxing, and lotteries between them, generate themselves, and are not all there is."""
    ps = payoff_set(dilemma(5, 3, 1, 0), "3/5")
    ends = ((F(1), F(1)), (F(3), F(3)))
    proof = ps._proof._replace(inner=ends, outer=ends, profiles=((1, 1), (0, 0)))
    with pytest.raises(dt.CertificateError, match="outer"):
        PayoffSet(ps.game, ps.discount, ps.approximate, None, None, proof).verify()
    with pytest.raises(dt.ParameterError):
        ps.verify(tolerance=0)
    with pytest.raises(dt.ParameterError):
        ps.verify(budget=-1)
    with pytest.raises(dt.CertificateError, match="time"):
        payoff_set(cournot(20), "99/100").verify(budget=0.001)


# --- the compiled rounds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", ["1/5", "9/10"])
def test_fifty_actions(delta: str) -> None:
    ps = payoff_set(cournot(50), delta)
    assert ps.is_exact
    assert hausdorff(floats(ps.vertices), ps.approximate) < 1e-9 * 625
    ps.verify()


@pytest.mark.parametrize("seed", range(80))
def test_rounds_in_floats_bound_the_set_from_outside(seed: int) -> None:
    rng = random.Random(seed)
    game = random_game(seed, (rng.randint(1, 6), rng.randint(1, 6)), rng.choice([2, 3, 9, 1000]))
    delta = F(rng.randint(1, 19), 20)
    stage = scaled_stage(game, delta)
    hull, threat = outward_rounds(stage, lambda: False)
    exact = outer_bound(stage, lambda: False, convex_hull(stage.payoffs), stage.minmax)
    assert all(contains(hull, v) for v in exact.corners) or exact.corners == ()
    assert all(u <= min((v[i] for v in exact.corners), default=u) for i, u in enumerate(threat))
    assert hausdorff(floats(_as_floats(hull)), floats(_as_floats(exact.corners))) < 1e-10


def _as_floats(corners: Any) -> list[list[float]]:
    return [[to_float(x) for x in p] for p in corners]


def test_turns_on_the_grid_are_decided_exactly() -> None:
    rng = random.Random(8)
    signs = set()
    for _ in range(3000):
        o, d = [[rng.getrandbits(47) for _ in range(2)] for _ in range(2)]
        k = rng.choice([1, 2, 3, 5])
        b = [x // 8 + k * (y // 64) + rng.choice([-1, 0, 0, 1]) for x, y in zip(o, d, strict=True)]
        a = [x // 8 + y // 64 for x, y in zip(o, d, strict=True)]
        o = [x // 8 for x in o]
        exact = (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])
        sign = (exact > 0) - (exact < 0)
        signs.add(sign)
        assert _turn_sign(np.array([o, a, b], dtype=float) / 2.0**48, 0, 1, 2) == sign
    assert signs == {-1, 0, 1}


# --- properties ----------------------------------------------------------------------------------------------------

games = st.tuples(st.integers(0, 10**6), st.integers(1, 3), st.integers(2, 4), st.sampled_from([3, 10, 50]))
discounts = st.fractions(F(1, 20), F(19, 20), max_denominator=20)


@settings(max_examples=25)
@example((2, 2, 4, 10), F(3, 4))  # the same corner comes out in two number fields
@given(games, discounts)
def test_invariance(case: Any, delta: F) -> None:
    seed, m, n, top = case
    game = random_game(seed, (m, n), top)
    ps = payoff_set(game, delta)
    swapped = payoff_set(dt.Game([game.exact_payoffs[1].T, game.exact_payoffs[0].T]), delta)
    assert set(swapped.vertices) == {(y, x) for x, y in ps.vertices} or not (ps.is_exact and swapped.is_exact)
    permuted = payoff_set(game.restrict({0: range(m)[::-1], 1: range(n)[::-1]}), delta)
    assert hausdorff(floats(permuted.vertices), floats(ps.vertices)) < 1e-9 * top
    scaled = payoff_set(game.affine(0, 10**9, -7).affine(1, F(1, 10**9), 3), delta)
    image = floats((x * 10**9 - 7, y / F(10**9) + 3) for x, y in ps.vertices)
    assert hausdorff(floats(scaled.vertices) / [1e9, 1e-9], image / [1e9, 1e-9]) < 1e-6 * top
    doubled = payoff_set(game.restrict({0: range(m)}), delta)
    rows = [*range(m), 0]
    doubled = payoff_set(dt.Game(game.exact_payoffs[:, rows, :]), delta)
    assert hausdorff(floats(doubled.vertices), floats(ps.vertices)) < 1e-9 * top


@settings(max_examples=20)
@given(games, discounts, discounts)
def test_patience_never_shrinks_the_set(case: Any, first: F, second: F) -> None:
    """With public randomisation the set grows with δ (Abreu, Pearce and Stacchetti 1990, theorem 6)."""
    seed, m, n, top = case
    low, high = sorted([first, second])
    game = random_game(seed, (m, n), top)
    small, large = payoff_set(game, low), payoff_set(game, high)
    assert all(distance(p, floats(large.outer)) < 1e-9 * top for p in floats(small.vertices))


def test_float_games_are_read_as_decimals() -> None:
    exact = payoff_set(dt.Game([[["0.1", "0.7"], ["0.3", "0.2"]], [["0.4", "0.1"], ["0.9", "0.2"]]]), "0.6")
    binary = payoff_set(dt.Game([[[0.1, 0.7], [0.3, 0.2]], [[0.4, 0.1], [0.9, 0.2]]]), 0.6)
    assert exact.vertices == binary.vertices


def test_large_and_small_payoffs() -> None:
    base = payoff_set(dilemma(5, 3, 1, 0), "3/5")
    for scale, shift in ((10**12, 0), (F(1, 10**12), 0), (1, 10**20)):
        game = dilemma(*(x * scale + shift for x in (5, 3, 1, 0)))
        ps = payoff_set(game, "3/5")
        assert ps.vertices == tuple((x * scale + shift, y * scale + shift) for x, y in base.vertices)


# --- degenerate sets -----------------------------------------------------------------------------------------------


def test_point_segment_and_empty_set() -> None:
    point = payoff_set(dilemma(5, 3, 1, 0), "1/10")
    assert point.vertices == ((1, 1),)
    assert point.area == 0
    segment = payoff_set(dt.Game.symmetric([[2, 0], [0, 1]]), "1/10")
    assert segment.vertices == ((1, 1), (2, 2))
    assert (F(3, 2), F(3, 2)) in segment
    assert (F(3, 2), F(1)) not in segment
    nothing = payoff_set(dt.Game([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]), "9/10")
    assert nothing.vertices == ()
    assert nothing.is_empty
    assert nothing.is_exact
    assert nothing.threat is None
    assert nothing.area == 0
    for ps in (point, segment, nothing):
        ps.verify()
        assert ps.complete
        assert "PayoffSet" in repr(ps)
        assert "<table" in ps._repr_html_()


def test_trivial_games() -> None:
    assert payoff_set(dt.Game([[[1]], [[2]]]), "1/2").vertices == ((1, 2),)
    assert payoff_set(dt.Game([[[1, 1], [1, 1]], [[3, 3], [3, 3]]]), "1/2").vertices == ((1, 3),)
    ps = payoff_set(dt.Game([[[0, 0], [0, 0]], [[0, 1], [2, 3]]]), "1/2")
    assert ps.vertices == ((0, 1), (0, 3))
    ps.verify()


# --- games on which another program fails: see tests/against ---------------------------------------------------------


def test_games_that_abort_or_mislead_elsewhere() -> None:
    game = dt.Game.bimatrix([[5, 6, 0], [2, 0, 5], [9, 8, 5]], np.array([[1, 9, 2], [6, 7, 4], [6, 6, 0]]).T)
    ps = payoff_set(game, "3/5")
    assert ps.vertices == ((5, 6), (7, 4), (8, 4), (F(31, 5), F(29, 5)))
    ps.verify()
    ps = payoff_set(cournot(20), "1/5")
    assert ps.gap < 1e-12
    assert ps.threat is not None
    assert ps.threat[0] == ps.threat[1]
    ps.verify()
    ps = payoff_set(dilemma(10, 9, 3, 1), "999/1000")
    assert ps.threat == (3, 3)
    assert ps.vertices == ((3, 3), (F(39, 4), 3), (9, 9), (3, F(39, 4)))


# --- side payments -------------------------------------------------------------------------------------------------


def test_with_transfers() -> None:
    game = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
    for delta, joint, least in ((0, 14, 7), ("1/4", 18, 0), ("1/3", 20, 0)):
        ps = payoff_set(game, delta, transfers=True)
        corners = {(least, least), (joint - least, least), (least, joint - least)}
        assert set(ps.vertices) == corners
        assert ps.is_exact
        ps.verify()
    without = payoff_set(game, "1/3")
    assert all(v in ps for v in without.vertices)
    assert payoff_set(dt.Game([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]), "9/10", transfers=True).is_empty


# --- bad input -----------------------------------------------------------------------------------------------------


def test_refusals() -> None:
    pd = dilemma(5, 3, 1, 0)
    three = dt.Game(np.zeros((3, 2, 2, 2), dtype=int))
    for game, discount, options, error in (
        (three, "1/2", {}, dt.UnsupportedError),
        (pd, ("1/2", "1/3"), {}, dt.UnsupportedError),
        (pd, "1/2", {"randomization": False}, dt.UnsupportedError),
        (pd, 1, {}, dt.ParameterError),
        (pd, -0.1, {}, dt.ParameterError),
        (pd, float("nan"), {}, dt.ParameterError),
        (pd, "x", {}, dt.ParameterError),
        (pd, ("1/2", "1/2", "1/2"), {}, dt.ParameterError),
        ([[1]], "1/2", {}, dt.ParameterError),
        (pd, "1/2", {"budget": 0}, dt.ParameterError),
        (pd, "1/2", {"transfers": "yes"}, dt.ParameterError),
    ):
        with pytest.raises(error):
            payoff_set(game, discount, **options)
    assert payoff_set(pd, ("1/2", "1/2")).vertices == payoff_set(pd, "1/2").vertices
    ps = payoff_set(pd, "1/2")
    for bad in ("ab", (1,), (1, float("inf")), 3):
        with pytest.raises(dt.ParameterError):
            ps.contains(bad)
    with pytest.raises(dt.LabelError):
        ps.strategy(17)
    with pytest.raises(dt.LabelError):
        ps.strategy((0, 0))


def test_a_budget_too_small_gives_valid_bounds() -> None:
    ps = payoff_set(cournot(30), "9/10", budget=0.005)
    assert not ps.complete
    assert all(distance(p, floats(ps.outer)) < 1e-9 for p in floats(ps.inner))
    ps.verify()
