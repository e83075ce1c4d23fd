"""All equilibria of bimatrix games, in one run: time per game, and the ratio to each peer.

Sections: exact games (integer payoffs), float games, degenerate games (payoffs 0, 1, 2), batches of float games, 2×2
batches against memory bandwidth, and one equilibrium of a large game. Peers that are not installed are left out, and so
are sizes at which one game would take them too long. Ratios above 1 say how many times longer the peer takes; answers
are looked at, so that nothing is left unbuilt. Every cell is the best of several rounds, in turn for all solvers, so
that other work on the machine disturbs them alike. Writes ``equilibria.json`` and ``equilibria.png``.

    python benchmarks/equilibria.py [--quick] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import detente as dt

Solver = Callable[[dt.Game], Any]
SIZES = (2, 3, 4, 5, 6, 8, 10, 12, 14)
# A peer is not asked for a size if it took longer than this for a game of the last one.
PATIENCE = 0.5
# A round goes through the games until so many seconds are over.
ROUND = 0.02
# Seconds after which a solver that may never end is stopped
LIMIT = 10.0


def peers() -> dict[str, Solver]:
    """The solvers at hand, by name. A game's conversion is not part of the timing, where it can be kept out."""
    found: dict[str, Solver] = {}
    try:
        import nashpy

        nashpy_game = _converted(lambda g: nashpy.Game(*g.payoffs))
        found["nashpy support"] = lambda g: list(nashpy_game(g).support_enumeration())
        found["nashpy vertex"] = lambda g: list(nashpy_game(g).vertex_enumeration())
    except ImportError:
        pass
    try:
        import pygambit

        table = _converted(dt.to_pygambit)
        found["pygambit exact"] = lambda g: pygambit.nash.enummixed_solve(table(g), rational=True)
        found["pygambit float"] = lambda g: pygambit.nash.enummixed_solve(table(g), rational=False)
    except ImportError:
        pass
    try:
        import quantecon.game_theory as theory

        floats = _converted(lambda g: dt.to_quantecon(dt.Game(g.payoffs)))
        found["quantecon support"] = lambda g: theory.support_enumeration(floats(g))
        found["quantecon vertex"] = lambda g: theory.vertex_enumeration(floats(g))
    except ImportError:
        pass
    if shutil.which("lrsnash"):
        found["lrsnash, a process"] = _lrsnash
    return found


def _converted(convert: Callable[[dt.Game], Any]) -> Callable[[dt.Game], Any]:
    cache: dict[int, Any] = {}

    def get(game: dt.Game) -> Any:
        if id(game) not in cache:
            cache[id(game)] = game, convert(game)  # the game is kept, so that its id stays its own
        return cache[id(game)][1]

    return get


def _lrsnash(game: dt.Game) -> str:
    """Exact enumeration by lrslib; the time includes a process's start and a file of a few hundred bytes."""
    blocks = ["\n".join(" ".join(map(str, row)) for row in u.tolist()) for u in game.exact_payoffs]
    with tempfile.NamedTemporaryFile("w", suffix=".game") as file:
        file.write(f"{game.shape[0]} {game.shape[1]}\n\n" + "\n\n".join(blocks) + "\n")
        file.flush()
        return subprocess.run(["lrsnash", file.name], capture_output=True, text=True, check=True).stdout


def seconds_each(solvers: dict[str, Solver], games: list[dt.Game], seconds: float, rounds: int = 3) -> dict[str, float]:
    """The time a game of each solver, which has so many seconds for each round; NaN for one that raises an error."""
    best: dict[str, float] = {}
    few: dict[str, list[dt.Game]] = {}
    for name, solve in solvers.items():
        try:
            solve(games[0])
            start = time.perf_counter()
            solve(games[0])
            first = time.perf_counter() - start
            # A solver that one game shows to be slow gets fewer games.
            few[name] = games[: max(1, min(len(games), int(seconds / max(first, 1e-7))))]
            for game in few[name][1:]:
                solve(game)  # convert, and see whether it can
        except Exception:
            best[name] = np.nan
    for _ in range(rounds):
        for name in few:
            if name in best and np.isnan(best[name]):
                continue
            passes, taken = 0, 0.0
            while taken < ROUND:  # the first games after another solver's turn find cold caches
                start = time.perf_counter()
                for game in few[name]:
                    solvers[name](game)
                passes, taken = passes + 1, taken + time.perf_counter() - start
            best[name] = min(best.get(name, np.inf), taken / passes / len(few[name]))
    return best


def table_of(title: str, sizes: tuple[int, ...], games: Callable[[int], list[dt.Game]], seconds: float) -> Any:
    """Print and return times for games of all sizes."""
    ours = {"détente": lambda g: list(dt.nash_equilibria(g))}
    peers_at_hand = peers()
    everyone = {**ours, **peers_at_hand}
    print(f"\n{title}: time a game, and how many times longer each peer takes")
    print(f"{'n':>3} {'détente':>12}" + "".join(f"{name:>27}" for name in everyone if name not in ours))
    results: dict[str, dict[str, float]] = {}
    for n in sizes:
        drawn = games(n)
        row = seconds_each(everyone, drawn, seconds)
        results[str(n)] = row
        cells = [_cell(row.get(name), row["détente"]) for name in peers_at_hand]
        print(f"{n:>3} {_time(row['détente']):>12}" + " ".join(cells), flush=True)
        everyone = {k: v for k, v in everyone.items() if not row.get(k, np.inf) > PATIENCE / 4}
    return results


def _cell(seconds: float | None, ours: float) -> str:
    if seconds is None:
        return f"{'–':>26}"
    if np.isnan(seconds):
        return f"{'raises an error':>26}"
    return f"{_time(seconds):>13} ({seconds / ours:>8.1f}×)"


def _time(seconds: float) -> str:
    for unit, size in (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)):
        if seconds < 1000 * size or unit == "s":
            return f"{seconds / size:.1f} {unit}"
    raise AssertionError


def batches(sizes: tuple[int, ...], seconds: float, rng: np.random.Generator) -> Any:
    """Whole batches of float games against QuantEcon's better enumeration, one game at a time."""
    others = {k: v for k, v in peers().items() if k.startswith("quantecon")}
    print("\nBatches of float games: time a game")
    results = {}
    for n in sizes:
        A, B = rng.random((2, max(32, 4_000_000 // 4**n // n), n, n))
        games = [dt.Game([a, b]) for a, b in zip(A[:200], B[:200], strict=True)]
        dt.nash_equilibria_batch(A[:2], B[:2])
        best = np.inf
        row: dict[str, float] = {}
        for _ in range(3):
            start = time.perf_counter()
            dt.nash_equilibria_batch(A, B)
            best = min(best, (time.perf_counter() - start) / len(A))
            for name, value in seconds_each(others, games, seconds / 3, rounds=1).items():
                row[name] = min(row.get(name, np.inf), value)
        results[str(n)] = {"détente": best, **row}
        least = min(row.values(), default=np.nan)
        print(f"{n:>3} {_time(best):>12}   quantecon's best {_time(least):>12} ({least / best:.1f}×)", flush=True)
    return results


def two_by_two(number: int, rng: np.random.Generator) -> Any:
    """2×2 games a second, and the bytes they move against copying a large array."""
    A, B = rng.random((2, number, 2, 2))
    copy = A.copy()
    found = dt.solve_2x2_batch(A, B)
    moved = A.nbytes + B.nbytes + sum(v.nbytes for v in found.data_vars.values())
    times = {"solve": np.inf, "copy into memory at hand": np.inf, "copy into new memory": np.inf}
    for _ in range(7):
        for name, work in (
            ("solve", lambda: dt.solve_2x2_batch(A, B)),
            ("copy into memory at hand", lambda: np.copyto(copy, A)),
            ("copy into new memory", lambda: A.copy()),
        ):
            start = time.perf_counter()
            work()
            times[name] = min(times[name], time.perf_counter() - start)
    speed = {name: (moved if name == "solve" else 2 * A.nbytes) / value for name, value in times.items()}
    print(f"\n2×2 batch, {number} games: {number / times['solve'] / 1e6:.0f} million games a second")
    for name, value in speed.items():
        print(f"  {name}: {value / 1e9:.1f} GB/s; the solver reaches {speed['solve'] / value:.0%} of it")
    return {"games": number, "seconds": times, "bytes_per_second": speed}


def large_game(n: int, rng: np.random.Generator) -> Any:
    """One equilibrium of one n×n game."""
    game = dt.Game(rng.random((2, n, n)))
    solvers: dict[str, Solver] = {"détente": dt.solve_one}
    try:
        import quantecon.game_theory as theory

        players = [theory.Player(u.copy()) for u in (game.payoffs[0], game.payoffs[1].T)]
        converted = theory.NormalFormGame(players)
        solvers["quantecon lemke_howson"] = lambda g: theory.lemke_howson(converted)
    except ImportError:
        pass
    row = seconds_each(solvers, [game], 1.0)
    print(f"\nOne equilibrium of a {n}×{n} game")
    row["nashpy lemke_howson"] = _nashpy_lemke_howson(game)
    for name, value in row.items():
        took = f"{_time(value)} ({value / row['détente']:.2f}×)" if value < np.inf else f"no answer in {LIMIT:.0f} s"
        print(f"  {name}: {took}")
    return {"n": n, **{name: value if value < np.inf else None for name, value in row.items()}}


def _nashpy_lemke_howson(game: dt.Game) -> float:
    """In a process of its own, because it may cycle for ever; infinite if it is not done in time, or not installed."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/game.npy", game.payoffs)
        program = (
            "import nashpy, numpy, time, warnings; warnings.simplefilter('ignore')\n"
            f"game = nashpy.Game(*numpy.load({folder + '/game.npy'!r})); start = time.perf_counter()\n"
            "game.lemke_howson(initial_dropped_label=0); print(time.perf_counter() - start)"
        )
        try:
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return np.inf
        return float(done.stdout) if done.returncode == 0 else np.inf


def plot(results: Any, path: Path) -> None:
    """Time against size for float and for exact games."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for axes, name in zip(panels, ("exact", "float"), strict=True):
        for solver in results[name]["2"]:
            points = [(int(n), row[solver]) for n, row in results[name].items() if solver in row]
            style = {"linewidth": 2.5, "color": "black"} if solver == "détente" else {"linewidth": 1}
            axes.semilogy(*zip(*points, strict=True), marker="o", markersize=3, label=solver, **style)
        axes.set(title=f"{name} n×n games", xlabel="n", ylabel="seconds a game")
        axes.grid(alpha=0.3)
    panels[1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main() -> None:
    """Run everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer games")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the JSON file and the plot")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    sizes = SIZES[:6] if options.quick else SIZES
    seconds = 0.1 if options.quick else 0.5

    def drawn(high: int, as_float: bool) -> Callable[[int], list[dt.Game]]:
        def games(n: int) -> list[dt.Game]:
            payoffs = [rng.integers(0, high, (2, n, n)) for _ in range(max(4, min(200, 8000 // n**2)))]
            return [dt.Game(p.astype(float) if as_float else p) for p in payoffs]

        return games

    results: dict[str, Any] = {}
    start = time.perf_counter()
    dt.nash_equilibria_batch(*rng.random((2, 1, 3, 3)))
    dt.nash_equilibria(dt.Game([[[1, 1, 0], [1, 1, 0]], [[1, 1, 0], [1, 1, 0]]]))
    dt.solve_2x2_batch(*rng.random((2, 1, 2, 2)))
    results["kernels"] = time.perf_counter() - start
    print(f"Compiling, or loading from the cache, took {_time(results['kernels'])}")
    results["exact"] = table_of("Exact games, payoffs 0 … 999", sizes, drawn(1000, False), seconds)
    results["float"] = table_of("Float games", sizes, drawn(1000, True), seconds)
    results["degenerate"] = table_of("Degenerate games, payoffs 0 … 2", sizes[:6], drawn(3, False), seconds)
    results["batch"] = batches(sizes[:6], seconds, rng)
    results["two_by_two"] = two_by_two(1_000_000 if options.quick else 8_000_000, rng)
    results["large"] = large_game(50 if options.quick else 200, rng)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "equilibria.json").write_text(json.dumps(results, indent=2).replace("NaN", "null") + "\n")
    plot(results, options.out / "equilibria.png")
    print(f"\nWritten to {options.out}")


if __name__ == "__main__":
    main()
