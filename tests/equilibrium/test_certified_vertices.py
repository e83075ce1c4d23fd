"""The compiled enumeration against the one in integers: same vertices, same bases' count, same refusals."""

from __future__ import annotations

import random
import time

import pytest

import detente as dt
from detente.equilibrium.bimatrix.certified_vertices import certified_bases
from detente.equilibrium.bimatrix.vertices import IntegerMatrix, enumerate_vertices, exact_coordinates


def normalised(point: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(x / sum(point) for x in point)


def same_vertices(matrix: IntegerMatrix) -> bool:
    """Whether both engines find the same vertices, at the same places; False if floating point proves nothing."""
    exact, found = enumerate_vertices(matrix, lambda: False), certified_bases(matrix)
    if found is None:
        return False
    vertex_of = dict(found.tolist())
    basis_of = {vertex: basis for basis, vertex in vertex_of.items()}
    origin = (1 << len(matrix[0])) - 1
    assert vertex_of.pop(origin) == origin
    assert all(vertex & basis == basis for basis, vertex in vertex_of.items())
    assert set(vertex_of.values()) == set(exact.vertices)
    for vertex in exact.vertices:
        point = normalised(exact_coordinates(matrix, basis_of[vertex]))
        assert point == pytest.approx(normalised(exact.coordinates(vertex)), abs=0)
    return True


@pytest.mark.parametrize("top", [2, 3, 9, 100, 10**9])
@pytest.mark.parametrize("seed", range(12))
def test_same_vertices_as_in_integers(top: int, seed: int) -> None:
    rng = random.Random(seed)
    k, d = rng.randint(1, 6), rng.randint(1, 6)
    matrix = [[rng.randint(1, top) for _ in range(d)] for _ in range(k)]
    assert same_vertices(matrix) or top == 10**9  # to prove nothing is allowed, but not for small entries


def test_what_floating_point_cannot_hold_is_left_to_integers() -> None:
    assert certified_bases([[10**400, 1], [1, 2]]) is None
    assert certified_bases([[1] * 40] * 40) is None
    huge = dt.Game.bimatrix([[10**30, 0, 1], [0, 10**30, 2]], [[1, 0, 3], [0, 1, 10**25]])
    found = dt.nash_equilibria(huge)
    assert found.complete
    found.verify()


def test_nearly_degenerate_games_are_decided_right() -> None:
    """Payoffs that differ by one part in 10⁹ are not tied, and payoffs that do not differ are."""
    for gap, count in ((0, 2), (1, 1), (-1, 1)):
        A = [[10**9, 10**9], [10**9 - gap, 10**9 - 1], [0, 0]]
        B = [[1, 0], [1, 0], [5, 7]]
        found = dt.nash_equilibria(dt.Game.bimatrix(A, B))
        found.verify()
        assert found.complete
        assert len(found) == count


def test_a_budget_is_kept_in_compiled_code_too() -> None:
    rng = random.Random(0)
    game = dt.Game([[[rng.randint(0, 99) for _ in range(20)] for _ in range(20)] for _ in range(2)])
    dt.nash_equilibria(dt.Game.bimatrix([[1, 2, 3]] * 3, [[1, 2, 3]] * 3))  # load the kernel
    start = time.monotonic()
    assert not dt.nash_equilibria(game, budget=1).complete
    assert time.monotonic() - start < 10


def test_signs_are_those_of_the_game_and_not_of_its_image() -> None:
    """Payoffs whose range is large beside the least of them: coordinates keep their signs under the affine map."""
    rng = random.Random(5)
    for _ in range(40):
        k, d = rng.randint(2, 5), rng.randint(2, 5)
        same_vertices([[rng.choice([1, 1, 2, 10**7, 10**7 + 1]) for _ in range(d)] for _ in range(k)])


def test_structured_games_do_not_defeat_the_perturbation() -> None:
    """Circulant and otherwise regular matrices make linear relations between the perturbations of their rows."""
    for n in range(3, 8):
        for matrix in (
            [[1 + (i - j) % n for j in range(n)] for i in range(n)],
            [[1 + (i == j) for j in range(n)] for i in range(n)],
            [[1 + min(i, j) for j in range(n)] for i in range(n)],
            [[1 + (i + j) % 2 for j in range(n)] for i in range(n)],
        ):
            assert same_vertices(matrix)
