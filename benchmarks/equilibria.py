"""All equilibria of random bimatrix games: time per game, and the ratio to each peer in the same run.

Peers that are not installed, or would take too long at a size, are left out. Writes
``benchmarks/results/equilibria.json``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import detente as dt

SIZES = (2, 3, 4, 5, 6, 8, 10, 12, 14)
SECONDS_PER_CELL = 2.0
# A peer is not asked for sizes at which one game takes it longer than this.
PATIENCE = 5.0


def peers() -> Iterator[tuple[str, Callable[[dt.Game], Any]]]:
    """Name and solver of every peer at hand; conversion is not part of the timing where it can be kept out."""
    import nashpy

    yield "nashpy support", lambda g: list(nashpy.Game(*g.payoffs).support_enumeration())
    yield "nashpy vertex", lambda g: list(nashpy.Game(*g.payoffs).vertex_enumeration())
    try:
        import pygambit

        tables: dict[int, Any] = {}
        yield "pygambit exact", lambda g: pygambit.nash.enummixed_solve(_once(tables, g, dt.to_pygambit), rational=True)
    except ImportError:
        pass
    try:
        import quantecon.game_theory as theory

        games: dict[int, Any] = {}
        yield "quantecon support", lambda g: theory.support_enumeration(_once(games, g, dt.to_quantecon))
        yield "quantecon vertex", lambda g: theory.vertex_enumeration(_once(games, g, dt.to_quantecon))
    except ImportError:
        pass

    if shutil.which("lrsnash"):
        yield "lrsnash (process)", _lrsnash


def _lrsnash(game: dt.Game) -> str:
    """Exact enumeration by lrslib; the time includes a process's start and a file of a few hundred bytes."""
    blocks = ["\n".join(" ".join(str(int(x)) for x in row) for row in u) for u in game.payoffs]
    with tempfile.NamedTemporaryFile("w", suffix=".game") as file:
        file.write(f"{game.shape[0]} {game.shape[1]}\n\n" + "\n\n".join(blocks) + "\n")
        file.flush()
        return subprocess.run(["lrsnash", file.name], capture_output=True, text=True, check=True).stdout


def _once(cache: dict[int, Any], game: dt.Game, convert: Callable[[dt.Game], Any]) -> Any:
    if id(game) not in cache:
        cache[id(game)] = convert(game)
    return cache[id(game)]


def seconds_per_game(solve: Callable[[dt.Game], Any], games: list[dt.Game]) -> float:
    """The mean over as many of the games as fit into the time for a cell; the first call warms up."""
    solve(games[0])
    start, done = time.perf_counter(), 0
    for game in games:
        solve(game)
        done += 1
        if time.perf_counter() - start > SECONDS_PER_CELL:
            break
    return (time.perf_counter() - start) / done


def main() -> None:
    """Run everything and write the results."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    everyone = dict(peers())
    tired: set[str] = set()
    results: dict[str, dict[str, float]] = {}
    print(f"{'n':>3} {'détente':>12}  " + "  ".join(f"{name:>20}" for name in everyone))
    for n in SIZES:
        games = [dt.Game(rng.integers(0, 100, (2, n, n))) for _ in range(20)]
        ours = seconds_per_game(dt.nash_equilibria, games)
        row = {"detente": ours}
        cells = []
        for name, solve in everyone.items():
            if name in tired:
                cells.append(f"{'–':>20}")
                continue
            row[name] = seconds_per_game(solve, games)
            if row[name] * 8 > PATIENCE:
                tired.add(name)
            cells.append(f"{1000 * row[name]:>9.2f} ms ({row[name] / ours:>5.1f}×)")
        results[str(n)] = row
        print(f"{n:>3} {1000 * ours:>9.2f} ms  " + "  ".join(cells), flush=True)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "equilibria.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
