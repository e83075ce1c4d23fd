"""All evolutionarily stable strategies: published games, an independent decision, patterns, and properties."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.equilibrium.evolution import MAX_SUPPORTS, evolutionarily_stable
from detente.equilibrium.selection import symmetric_payoffs
from tests.catalogue.exact_checker import extreme_equilibria

Vector = tuple[F, ...]


def square(low: int, high: int, size: int = 3) -> Any:
    return st.integers(low, high).flatmap(
        lambda n: st.lists(st.lists(st.integers(-size, size), min_size=n, max_size=n), min_size=n, max_size=n)
    )


def found_in(A: Any) -> tuple[dt.EvolutionarilyStable, ...]:
    found = evolutionarily_stable(dt.Game.symmetric(A))
    for e in found:
        e.verify()
    return found


def strategies(A: Any) -> set[Vector]:
    return {e.strategy for e in found_in(A)}


def supports(A: Any) -> set[tuple[int, ...]]:
    return {e.support for e in found_in(A)}


def u(A: Any, x: Vector, y: Vector) -> F:
    return sum((x[i] * A[i][j] * y[j] for i in range(len(A)) for j in range(len(A))), F(0))


def pure(n: int, k: int) -> Vector:
    return tuple(F(int(i == k)) for i in range(n))


def test_hawk_and_dove() -> None:
    """Maynard Smith (1982), chapter 2: hawks' share is V/C if fights cost more than the prize, and 1 if not."""
    for V, C in ((2, 4), (1, 3), (5, 7)):
        [found] = evolutionarily_stable(dt.Game.symmetric([[F(V - C, 2), V], [0, F(V, 2)]], actions=["Hawk", "Dove"]))
        assert found.strategy == (F(V, C), 1 - F(V, C))
        assert found.condition == "negative definite"
        assert found.payoff == F(V, 2) * (1 - F(V, C))
        assert found.minors == (F(C, 2),)
    [hawk] = evolutionarily_stable(dt.Game.symmetric([[F(1), 4], [0, 2]], actions=["Hawk", "Dove"]))
    assert (str(hawk), hawk.condition, hawk.best_replies) == ("Hawk", "strict", (0,))


def test_hawk_dove_and_bourgeois() -> None:
    """Maynard Smith (1982), chapter 2: with V < C, respecting ownership (bourgeois) is the only one, and is pure."""
    V, C = 2, 4
    A = [
        [F(V - C, 2), V, F(3 * V - C, 4)],
        [0, F(V, 2), F(V, 4)],
        [F(V - C, 4), F(3 * V, 4), F(V, 2)],
    ]
    assert strategies(A) == {(0, 0, 1)}


@pytest.mark.parametrize("n", [3, 5, 7])
def test_cyclic_games(n: int) -> None:
    """Each action beats the next (n−1)/2: stable in the middle iff a win gains more than a loss costs (Zeeman 1980)."""

    def cyclic(win: int, loss: int) -> list[list[int]]:
        return [[0 if i == j else win if (i - j) % n <= n // 2 else -loss for j in range(n)] for i in range(n)]

    assert strategies(cyclic(1, 1)) == set()
    assert strategies(cyclic(1, 2)) == set()
    assert strategies(cyclic(2, 1)) == {tuple([F(1, n)] * n)}


def test_zeemans_game_has_one_though_two_points_attract() -> None:
    """Zeeman (1980), *Lecture Notes in Mathematics* 819: the interior point attracts, and is not stable against all."""
    assert strategies([[0, 6, -4], [-3, 0, 5], [-1, 3, 0]]) == {(1, 0, 0)}


def test_coordination_and_its_mirror() -> None:
    for n in (1, 2, 5, 12):
        one = [[int(i == j) for j in range(n)] for i in range(n)]
        assert strategies(one) == {pure(n, k) for k in range(n)}
        if n > 1:
            [middle] = evolutionarily_stable(dt.Game.symmetric([[-a for a in row] for row in one]))
            assert middle.strategy == tuple([F(1, n)] * n)
            assert all(m > 0 for m in middle.minors)
            assert len(middle.minors) == n - 1


def test_unused_best_replies_need_copositivity() -> None:
    """Not quasi-strict, yet stable (Abakuks 1980); the same with a stronger invader, or two that help each other."""
    [found] = evolutionarily_stable(dt.Game.symmetric([[1, 1], [1, 0]]))
    assert (found.strategy, found.condition, found.is_quasi_strict) == ((1, 0), "copositive", False)
    assert found.best_replies == (0, 1)
    assert strategies([[1, 1], [1, 1]]) == set()
    assert strategies([[1, 1], [1, 2]]) == {(0, 1)}
    # −zᵀA z is w₁² + w₂² − c·w₁w₂ in the invaders' shares: positive on w ≥ 0 iff c < 2, whatever its sign.
    for c, stable in ((F(3, 2), True), (2, False), (3, False), (-5, True)):
        A = [[0, 0, 0], [0, -1, c], [0, 0, -1]]
        assert ((1, 0, 0) in strategies(A)) is stable


@pytest.mark.parametrize("n", [4, 6, 8])
def test_cliques(n: int) -> None:
    """Payoff 1 across an edge, −1 otherwise, 0 against oneself: the uniform mixtures on the maximal cliques.

    Cannings and Vickers (1988), *Journal of Theoretical Biology* 132.
    """
    chance = random.Random(n)
    for density in (0.3, 0.5, 0.8):
        edges = {pair for pair in combinations(range(n), 2) if chance.random() < density}
        cliques = [
            set(c)
            for size in range(1, n + 1)
            for c in combinations(range(n), size)
            if all(p in edges for p in combinations(c, 2))
        ]
        maximal = {tuple(sorted(c)) for c in cliques if not any(c < d for d in cliques)}
        A = [[0 if i == j else 1 if (min(i, j), max(i, j)) in edges else -1 for j in range(n)] for i in range(n)]
        assert strategies(A) == {tuple(F(int(k in c), len(c)) for k in range(n)) for c in maximal}


def test_twelve_actions() -> None:
    """Moon and Moser (1965): 3⁴ maximal cliques. And a game in which all 4,095 supports must be tried."""
    threes = [[0 if i == j else -1 if i // 3 == j // 3 else 1 for j in range(12)] for i in range(12)]
    assert len(strategies(threes)) == 81
    dominant = [[100 * int(i == 11) - int(i == j) for j in range(12)] for i in range(12)]
    assert strategies(dominant) == {pure(12, 11)}


def test_patterns_of_three() -> None:
    """No support lies in another; {12, 13} occurs, {12, 13, 23} never (Cannings and Vickers 1988)."""
    seen = set()
    for a, b, c, d, e, f in product((-1, 0, 1), repeat=6):
        pattern = supports([[0, a, b], [c, 0, d], [e, f, 0]])
        assert not any(set(s) < set(t) for s in pattern for t in pattern)
        seen.add(frozenset(pattern))
    assert frozenset({(0, 1), (0, 2)}) in seen
    assert frozenset() in seen
    assert frozenset({(0, 1), (0, 2), (1, 2)}) not in seen


def resists(A: Any, x: Vector) -> bool:
    """Stability with up to three actions, straight from the definition.

    Every best reply but x lies on a ray from x to the boundary of the best replies' simplex, and the advantage of x is
    a square times its value there. On an edge it is a quadratic in one variable.
    """
    n = len(A)
    earned = [u(A, pure(n, k), x) for k in range(n)]
    replies = [k for k in range(n) if earned[k] == max(earned)]
    if any(x[k] and k not in replies for k in range(n)):
        return False
    for k, m in combinations(replies, 2):

        def lead(t: F, k: int = k, m: int = m) -> F:
            y = tuple((1 - t) * p + t * q for p, q in zip(pure(n, k), pure(n, m), strict=True))
            return u(A, x, y) - u(A, y, y)

        low, middle, high = lead(F(0)), lead(F(1, 2)), lead(F(1))
        square, slope = 2 * (low + high - 2 * middle), 4 * middle - 3 * low - high
        if x[k] + x[m] == 1:  # the edge contains x, where the quadratic has a double root
            if square <= 0:
                return False
            continue
        turning = -slope / (2 * square) if square > 0 else F(0)
        if min(low, high) <= 0 or (0 < turning < 1 and lead(turning) <= 0):
            return False
    return True


@settings(max_examples=150)
@given(square(2, 3, 2))
def test_all_are_found_by_another_way(A: list[list[int]]) -> None:
    """A stable strategy makes a symmetric extreme equilibrium; test each of those from the definition."""
    columns = [list(c) for c in zip(*A, strict=True)]
    fractions = [[F(a) for a in row] for row in A], [[F(a) for a in row] for row in columns]
    expected = {tuple(x) for x, y in extreme_equilibria(*fractions) if tuple(x) == tuple(y) and resists(A, tuple(x))}
    assert strategies(A) == expected


@settings(max_examples=60)
@given(square(4, 5, 2))
def test_all_are_found_among_the_equilibria(A: list[list[int]]) -> None:
    game = dt.Game.symmetric(A)
    symmetric = {e.strategies[0] for e in dt.nash_equilibria(game) if e.strategies[0] == e.strategies[1]}
    assert strategies(A) == {x for x in symmetric if dt.is_evolutionarily_stable(game, x)}


@settings(max_examples=60)
@given(square(2, 4))
def test_rare_mutants_are_driven_out(A: list[list[int]]) -> None:
    """Against y = x + ε(z − x), x earns more than y (Hofbauer, Schuster and Sigmund 1979), for z on a grid."""
    n = len(A)
    for found in evolutionarily_stable(dt.Game.symmetric(A)):
        x = found.strategy
        assert (sum(x), u(A, x, x)) == (1, found.payoff)
        for z in (tuple(F(k, 4) for k in p) for p in product(range(5), repeat=n) if sum(p) == 4):
            if z == x:
                continue
            y = tuple(p + F(1, 10**6) * (q - p) for p, q in zip(x, z, strict=True))
            assert u(A, x, y) > u(A, y, y)


@settings(max_examples=60)
@given(square(2, 4), st.data())
def test_invariances(A: list[list[int]], data: st.DataObject) -> None:
    """New names, constants added to columns, and a positive scale change nothing."""
    n = len(A)
    here = strategies(A)
    order = data.draw(st.permutations(range(n)))
    assert strategies([[A[i][j] for j in order] for i in order]) == {tuple(x[k] for k in order) for x in here}
    shifts = data.draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n))
    assert strategies([[a + s for a, s in zip(row, shifts, strict=True)] for row in A]) == here
    scale = data.draw(st.fractions(F(1, 9), 9))
    assert strategies([[a * scale for a in row] for row in A]) == here
    assert strategies([[a / 8 for a in row] for row in A]) == here  # floats


@given(square(2, 4))
def test_certificates(A: list[list[int]]) -> None:
    for found in evolutionarily_stable(dt.Game.symmetric(A)):
        assert len(found.minors) == len(found.support) - 1
        assert all(m > 0 for m in found.minors)
        assert set(found.support) <= set(found.best_replies)
        assert (found.condition == "copositive") is not found.is_quasi_strict
        if len(found.minors) == 1:
            i, j = found.support
            assert found.minors[0] == A[i][j] + A[j][i] - A[i][i] - A[j][j]


def test_what_is_refused() -> None:
    with pytest.raises(dt.UnsupportedError, match="unequal payoffs"):
        evolutionarily_stable(dt.textbook("matching-pennies").game)
    with pytest.raises(dt.UnsupportedError, match="shape"):
        evolutionarily_stable(dt.Game.bimatrix([[1, 2]], [[1, 2]]))
    with pytest.raises(dt.UnsupportedError, match="shape"):
        symmetric_payoffs(dt.Game([[1, 2]]))
    assert evolutionarily_stable(dt.Game.symmetric([[0] * 20] * 20)) == ()


def test_a_search_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_SUPPORTS >= 2**16
    monkeypatch.setattr("detente.equilibrium.evolution.MAX_SUPPORTS", 100)
    dominant = [[100 * int(i == 11) - int(i == j) for j in range(12)] for i in range(12)]
    with pytest.raises(dt.UnsupportedError, match="supports"):
        evolutionarily_stable(dt.Game.symmetric(dominant))


def test_certificates_can_fail() -> None:
    hawk_dove, rps = dt.Game.symmetric([[-1, 2], [0, 1]]), dt.Game.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    [stable] = evolutionarily_stable(hawk_dove)
    even, third = (F(1, 2),) * 2, (F(1, 3),) * 3
    assert stable.strategy == even
    wrong: list[dict[str, Any]] = [
        {"strategy": (F(1), F(0)), "best_replies": (0,), "payoff": F(-1)},
        {"strategy": (F(1, 2), F(1))},
        {"payoff": F(1)},
        {"minors": (F(3),)},
        {"best_replies": (0,)},
        {"game": rps, "strategy": third, "payoff": F(0), "best_replies": (0, 1, 2)},
        {"game": dt.Game.symmetric([[2, 0], [0, 1]]), "strategy": (F(1, 3), F(2, 3)), "payoff": F(2, 3)},
    ]
    for change in wrong:
        with pytest.raises(dt.CertificateError):
            replace(stable, **change).verify()
    # An unused best reply that does as well: x = first action, A[0] = A[1] at x, and A[1][1] = A[0][1].
    [strict] = evolutionarily_stable(dt.Game.symmetric([[1, 0], [0, 0]]))
    same = replace(strict, game=dt.Game.symmetric([[1, 0], [1, 0]]), best_replies=(0, 1))
    with pytest.raises(dt.CertificateError, match="every other best reply"):
        same.verify()
