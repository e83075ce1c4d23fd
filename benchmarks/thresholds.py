"""How long exact thresholds take, and how that compares with scanning a grid by an exact one-point check.

Caches of roots are cleared before every run. The last table is the numeric path for sweeps against exact incentives one
point at a time. Prints medians over random cases and writes ``benchmarks/results/thresholds.json``.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction as F
from itertools import product
from pathlib import Path

import numpy as np

import detente as dt
from detente.exact import algebraic
from detente.repeated.check import is_subgame_perfect

CASES = 40
GRID = 199


def median_ms(work: Callable[[], object], repeat: int = 3) -> float:
    """The least of a few runs, in milliseconds."""
    times = []
    for _ in range(repeat):
        algebraic._cached_roots.cache_clear()
        algebraic._cached_roots_between.cache_clear()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def random_case(rng: random.Random, states: int) -> tuple[dt.RepeatedGame, dt.Agreement]:
    """A random dilemma and a random automaton of the given size."""
    T, R, P, S = sorted(rng.sample(range(20), 4), reverse=True)
    game = dt.Game.symmetric([[R, S], [T, P]], actions=["C", "D"])
    names = [f"s{k}" for k in range(states)]
    while True:
        ag = dt.Agreement(
            {s: (rng.choice("CD"), rng.choice("CD")) for s in names},
            {s: {p: rng.choice(names) for p in product("CD", repeat=2)} for s in names},
        )
        if len(ag.bind(game, dt.perfect()).states) == states:
            return dt.RepeatedGame(game, "9/10", "1/10", dt.trembles("1/20")), ag


def whole_process(code: str) -> float:
    """Seconds of a fresh interpreter that runs ``code``; the least of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def sweep(results: dict[str, object]) -> None:
    """Microseconds a point of a sweep over patience and noise, and of exact incentives at single points."""
    rng = np.random.default_rng(0)
    print(f"{'states':>6} {'batch':>12} {'undecided':>10} {'exact':>12} {'ratio':>8}")
    for length in (1, 3, 5, 11):
        game = dt.Game.symmetric([[3, 0], [5, 1]])
        ag = dt.agreements.limited_punishment(game, length)
        rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/20"))
        discount, noise = rng.uniform(0, 0.99, 20_000), rng.uniform(0, 0.2, 20_000)
        found = dt.incentives_batch(rg, ag, discount=discount, noise=noise, settle=0)
        ours = median_ms(lambda: dt.incentives_batch(rg, ag, discount=discount, noise=noise, settle=0)) / 20  # noqa: B023
        some = [
            rg.replace(discount=round(d, 4), monitoring=dt.trembles(round(e, 4)))
            for d, e in zip(discount[:50], noise, strict=False)
        ]
        exact = median_ms(lambda: [dt.incentives(one, ag) for one in some]) * 20  # noqa: B023
        doubtful = int(found.undecided.sum())
        results[f"batch of {length + 1} states"] = {"batch_us": ours, "exact_us": exact, "undecided": doubtful}
        print(f"{length + 1:>6} {ours:>9.2f} µs {doubtful:>10} {exact:>9.1f} µs {exact / ours:>8.0f}")


def main() -> None:
    """Run everything and write the results."""
    results: dict[str, object] = {}
    print(f"{'states':>6} {'over':>10} {'exact set':>12} {'grid of ' + str(GRID):>14} {'ratio':>8}")
    for states in (2, 4, 6, 8, 12, 16, 20):
        rng = random.Random(states)
        cases = [random_case(rng, states) for _ in range(CASES if states <= 8 else 5)]
        for over in ("discount", "noise"):
            ours = statistics.median(median_ms(lambda c=c, o=over: dt.holds_where(*c, o)) for c in cases)
            points = [F(k, GRID + 1) for k in range(GRID)]
            scan = statistics.median(
                median_ms(lambda c=c: is_subgame_perfect(*c), 1) * len(points)
                for c in cases[: 10 if states <= 8 else 2]
            )
            results[f"{states} states over {over}"] = {"exact_ms": ours, "grid_ms": scan}
            print(f"{states:>6} {over:>10} {ours:>9.2f} ms {scan:>11.1f} ms {scan / ours:>8.0f}")
    sweep(results)
    rg, _ = cases[0]
    seen = rg.replace(monitoring=dt.perfect())
    grim = dt.agreements.grim_trigger(rg.game)
    results["trust_region_ms"] = median_ms(lambda: dt.trust_region(seen, grim, player=0))
    results["trust_frontier_ms"] = median_ms(lambda: dt.trust_frontier(seen, grim, player=0))
    results["solve_london_ms"] = median_ms(lambda: dt.solve("london-2025"))
    numpy, ours = whole_process("import numpy"), whole_process("import detente")
    results["import_seconds"] = {"numpy": numpy, "detente": ours}
    print(f"trust region {results['trust_region_ms']:.2f} ms, frontier {results['trust_frontier_ms']:.2f} ms,")
    print(f"solve london-2025 {results['solve_london_ms']:.0f} ms")
    print(f"import detente {ours:.3f} s, import numpy {numpy:.3f} s")
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "thresholds.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
