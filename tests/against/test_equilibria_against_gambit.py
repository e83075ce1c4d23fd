"""Extreme equilibria against pygambit's exact enumeration, on random and on degenerate games."""

from __future__ import annotations

import random
from fractions import Fraction as F

import pytest

import detente as dt

gambit = pytest.importorskip("pygambit")


def theirs(game: dt.Game) -> set[tuple[tuple[F, ...], ...]]:
    table = dt.to_pygambit(game)
    found = set()
    for profile in gambit.nash.enummixed_solve(table, rational=True).equilibria:
        found.add(
            tuple(
                tuple(F(int(profile[s].numerator), int(profile[s].denominator)) for s in player.strategies)
                for player in table.players
            )
        )
    return found


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("top", [2, 60])
def test_random_games(seed: int, top: int) -> None:
    rng = random.Random(seed)
    m, n = rng.randint(2, 5), rng.randint(2, 5)
    game = dt.Game([[[rng.randint(0, top) for _ in range(n)] for _ in range(m)] for _ in range(2)])
    found = dt.nash_equilibria(game)
    assert {e.strategies for e in found} == theirs(game)
    found.verify()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400))
def test_many_random_games(seed: int) -> None:
    rng = random.Random(10_000 + seed)
    m, n = rng.randint(1, 6), rng.randint(2, 6)
    game = dt.Game(
        [[[rng.randint(0, rng.choice([1, 2, 3, 99])) for _ in range(n)] for _ in range(m)] for _ in range(2)]
    )
    found = dt.nash_equilibria(game)
    assert {e.strategies for e in found} == theirs(game)
    found.verify()


def test_files_are_gambits_own(tmp_path: object) -> None:
    game = dt.Game.bimatrix([[1, "1/3"], [0, 2]], [[3, 0], ["-2/7", 1]], players=["A", "B"], actions=["x", "y"])
    path = dt.write_game(game, f"{tmp_path}/game.nfg")
    assert dt.from_pygambit(gambit.read_nfg(str(path))) == game
