"""Extreme equilibria against the exact enumerations of pygambit and lrslib, on random and on degenerate games."""

from __future__ import annotations

import random
import shutil
import subprocess
from fractions import Fraction as F
from pathlib import Path

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


def by_lrsnash(game: dt.Game, folder: Path) -> set[tuple[tuple[F, ...], ...]]:
    """Lines that start with 2 are strategies of player 2, each an equilibrium with those of player 1 that follow."""
    blocks = ["\n".join(" ".join(map(str, row)) for row in u.tolist()) for u in game.exact_payoffs]
    path = folder / "game"
    path.write_text(f"{game.shape[0]} {game.shape[1]}\n\n" + "\n\n".join(blocks) + "\n")
    output = subprocess.run(["lrsnash", str(path)], capture_output=True, text=True, check=True).stdout
    found = set()
    columns: list[tuple[F, ...]] = []
    fresh = True
    for line in output.splitlines():
        fields = line.split()
        if not fields or fields[0] not in "12":
            fresh = True
            continue
        strategy = tuple(map(F, fields[1:-1]))  # the last entry is the opponent's payoff
        if fields[0] == "2":
            columns = [strategy] if fresh else [*columns, strategy]
        else:
            found |= {(strategy, y) for y in columns}
        fresh = False
    return found


def drawn(rng: random.Random, factor: int = 10**12) -> dt.Game:
    """A game of one of many kinds, most of them degenerate."""
    m, n = rng.randint(1, 6), rng.randint(2, 6)
    top = rng.choice([0, 1, 2, 3, 99, 10**6])
    A, B = ([[F(rng.randint(0, top)) for _ in range(n)] for _ in range(m)] for _ in range(2))
    kind = rng.randrange(8)
    if kind == 0:  # a duplicated action
        A[-1], B[-1] = A[0], B[0]
    elif kind == 1:
        A = [[F(3)] * n for _ in range(m)]
    elif kind == 2:
        A = [[factor * x for x in row] for row in A]
    elif kind == 3:
        B = [[x / 10**9 for x in row] for row in B]
    elif kind == 4:
        A = [[x + 10**9 for x in row] for row in A]
    return dt.Game.bimatrix(A, B)


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
@pytest.mark.parametrize("seed", range(40))
def test_many_random_games(seed: int) -> None:
    rng = random.Random(10_000 + seed)
    for _ in range(20):
        game = drawn(rng, factor=1000)  # pygambit 16 loses equilibria where payoffs exceed 2³¹
        found = dt.nash_equilibria(game)
        assert {e.strategies for e in found} == theirs(game)
        assert sum(c.index or 0 for c in found.components) == 1
        found.verify()


@pytest.mark.skipif(shutil.which("lrsnash") is None, reason="lrsnash is not on the path")
@pytest.mark.parametrize("seed", range(20))
def test_random_games_against_lrsnash(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    for _ in range(10):
        game = drawn(rng)
        assert {e.strategies for e in dt.nash_equilibria(game)} == by_lrsnash(game, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("lrsnash") is None, reason="lrsnash is not on the path")
@pytest.mark.parametrize("seed", range(40))
def test_many_random_games_against_lrsnash(seed: int, tmp_path: Path) -> None:
    rng = random.Random(20_000 + seed)
    for _ in range(60):
        game = drawn(rng)
        assert {e.strategies for e in dt.nash_equilibria(game)} == by_lrsnash(game, tmp_path)


def test_files_are_gambits_own(tmp_path: object) -> None:
    game = dt.Game.bimatrix([[1, "1/3"], [0, 2]], [[3, 0], ["-2/7", 1]], players=["A", "B"], actions=["x", "y"])
    path = dt.write_game(game, f"{tmp_path}/game.nfg")
    assert dt.from_pygambit(gambit.read_nfg(str(path))) == game
