"""Payoff sets of repeated games: time per set with growth in the number of actions, and the ratio to QuantEcon.

The peer runs in a process of its own, since it aborts the interpreter on some games; it is given the same games in the
same run, and only games that it answers, with the same set to 1e-6 of the payoff range, enter the ratio. Both sides
warm up first. The times of the exact proof and of its check, which the peer does not offer, are listed apart. A second
table is the hardest game, Cournot competition with 50 actions each, in processor time. GameTheory.jl has the algorithm
of Abreu and Sannikov, too, but jlgametheory (0.3) hands on none of its repeated games, so it is no peer here. Writes
``benchmarks/results/repeated.json`` and ``repeated.png``.

    python benchmarks/repeated.py [--quick]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import detente as dt

SIZES = (2, 3, 5, 8, 10, 15, 20, 30, 50)
PEER_SIZES = (2, 3, 5, 8, 10, 15, 20)
DISCOUNTS = (0.3, 0.6, 0.9)
GAMES = 12
PEER_SECONDS = 300

PEER = """
import json, sys, time, warnings
import numpy as np
from quantecon.game_theory import NormalFormGame, Player, RepeatedGame
warnings.simplefilter("ignore")
RepeatedGame(NormalFormGame([[3, 0], [5, 1]]), 0.6).equilibrium_payoffs()
for line in sys.stdin:
    A, B, delta = json.loads(line)
    game = NormalFormGame((Player(np.array(A, float)), Player(np.array(B, float).T.copy())))
    start = time.perf_counter()
    try:
        hull = RepeatedGame(game, delta).equilibrium_payoffs()
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, hull.points[hull.vertices].tolist()]), flush=True)
    except Exception as error:
        print(json.dumps([None, type(error).__name__]), flush=True)
"""


def cases(n: int) -> list[tuple[dt.Game, float]]:
    """Random games and one Cournot game of n actions a player, at every discount factor."""
    games = [dt.Game(np.random.default_rng([n, k]).integers(0, 100, (2, n, n))) for k in range(GAMES)]
    return [(g, d) for d in DISCOUNTS for g in (*games, cournot(n))]


def cournot(n: int) -> dt.Game:
    """Quantities 0 … n − 1, price n less the total, no cost."""
    q = np.arange(n)
    price = np.maximum(n - q[:, None] - q[None, :], 0)
    return dt.Game.bimatrix(price * q[:, None], price * q[None, :])


def peer_answers(every: list[tuple[dt.Game, float]]) -> list[Any]:
    """[seconds, corners], or [None, what went wrong], for each case."""
    answers: list[Any] = []
    while len(answers) < len(every):
        lines = "\n".join(json.dumps([*g.payoffs.tolist(), d]) for g, d in every[len(answers) :])
        done = subprocess.run(
            [sys.executable, "-c", PEER], input=lines, capture_output=True, text=True, timeout=PEER_SECONDS
        )
        answers += [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) < len(every):
            answers.append([None, "aborted"])
    return answers


def same(game: dt.Game, first: Any, second: Any) -> bool:
    """Whether every corner of either polygon is within 1e-6 of the payoff ranges of the other polygon."""
    scale = np.ptp(game.payoffs.reshape(2, -1), axis=1)
    one, two = np.array(first) / scale, np.array(second) / scale
    return bool(len(one) and len(two)) and max(_apart(one, two), _apart(two, one)) < 1e-6


def _apart(points: Any, corners: Any) -> float:
    worst = 0.0
    for p in points:
        best, inside = np.inf, len(corners) > 2
        for a, b in zip(np.roll(corners, 1, axis=0), corners, strict=True):
            d = b - a
            t = np.clip(np.dot(p - a, d) / (np.dot(d, d) or 1), 0, 1)
            best = min(best, float(np.linalg.norm(p - a - t * d)))
            inside = inside and d[0] * (p - a)[1] - d[1] * (p - a)[0] >= 0
        worst = max(worst, 0.0 if inside else best)
    return worst


def timed(game: dt.Game, delta: float) -> tuple[float, dt.PayoffSet]:
    """The least of three runs, each on a fresh Game so that nothing is remembered."""
    times = []
    for _ in range(3):
        fresh = dt.Game(game.payoffs)
        start = time.perf_counter()
        ps = dt.payoff_set(fresh, delta)
        times.append(time.perf_counter() - start)
    return min(times), ps


def payoff_sets(quick: bool) -> dict[str, Any]:
    """The table, one row a number of actions."""
    rows: dict[str, Any] = {}
    dt.payoff_set(cournot(3), 0.5).verify()  # compiles
    with_peer = find_spec("quantecon") is not None
    titles = f"{'n':>3} {'search':>11} {'slowest':>11} {'proof':>11} {'check':>11} {'exact':>7}"
    print(f"{titles}  {'QuantEcon':>11} {'ratio':>7}  fails")
    for n in SIZES if not quick else (2, 5, 10):
        every = cases(n)
        ours = [timed(g, d) for g, d in every]
        search = [seconds for seconds, _ in ours]
        proofs, checks, exact = [], [], 0
        for _, ps in ours:
            start = time.perf_counter()
            exact += ps.is_exact
            proofs.append(time.perf_counter() - start)
            ps.verify()
            checks.append(time.perf_counter() - start - proofs[-1])
        row = {"search": statistics.median(search), "slowest": max(search)}
        row |= {"proof": statistics.median(proofs), "check": statistics.median(checks)}
        row["exact_share"] = exact / len(ours)
        text = f"{n:>3} {1e3 * row['search']:>8.2f} ms {1e3 * row['slowest']:>8.2f} ms {1e3 * row['proof']:>8.1f} ms"
        text += f" {1e3 * row['check']:>8.1f} ms {row['exact_share']:>7.0%}"
        if with_peer and n in PEER_SIZES:
            answers = peer_answers(every)
            pairs = [
                (answer[0], seconds)
                for (g, _), answer, (seconds, ps) in zip(every, answers, ours, strict=True)
                if answer[0] is not None and same(g, answer[1], ps.approximate)
            ]
            failed = [a[1] for a in answers if a[0] is None]
            differ = len(answers) - len(pairs) - len(failed)
            row["quantecon"] = statistics.median(t for t, _ in pairs)
            row["ratio"] = statistics.median(t / s for t, s in pairs)
            row["quantecon_failures"] = {name: failed.count(name) for name in sorted(set(failed))}
            row["differ"] = differ
            text += f"  {1e3 * row['quantecon']:>8.2f} ms {row['ratio']:>6.0f}×  {row['quantecon_failures']}"
            text += f", {differ} differ" if differ else ""
        rows[str(n)] = row
        print(text, flush=True)
    return rows


def hardest() -> dict[str, dict[str, float]]:
    """Seconds of processor time for the Cournot game with 50 actions each, by discount factor."""
    rows = {}
    for delta in ("1/5", "1/2", "9/10", "99/100"):
        search = []
        for _ in range(3):
            start = time.process_time()
            ps = dt.payoff_set(cournot(50), delta)
            search.append(time.process_time() - start)
        start = time.process_time()
        exact = ps.is_exact
        proven = time.process_time()
        ps.verify()
        row = {"search": min(search), "proof": proven - start, "check": time.process_time() - proven, "exact": exact}
        rows[delta] = row
        print(f"50 actions, δ = {delta:<6} search {1e3 * row['search']:5.1f} ms, ", end="")
        print(f"proof {row['proof']:.2f} s, check {row['check']:.2f} s, exact: {exact}", flush=True)
    return rows


def memory(n: int) -> float:
    """Bytes per action profile that a search allocates at its peak."""
    game = dt.Game(np.random.default_rng(n).integers(0, 100, (2, n, n)))
    _ = game.payoffs
    tracemalloc.start()
    dt.payoff_set(game, 0.6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / n**2


def figure(rows: dict[str, Any], path: Path) -> None:
    """Time against the number of actions, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(layout="constrained")
    for key, label in (("search", "détente, search"), ("proof", "détente, proof"), ("quantecon", "QuantEcon")):
        points = [(int(n), 1e3 * row[key]) for n, row in rows.items() if key in row]
        if points:
            axes.loglog(*zip(*points, strict=True), "o-", label=label)
    axes.set(xlabel="actions of each player", ylabel="milliseconds per payoff set")
    axes.legend(frameon=False)
    axes.figure.savefig(path, dpi=120)


def main() -> None:
    """Run everything and write the results."""
    quick = "--quick" in sys.argv
    rows = payoff_sets(quick)
    results: dict[str, Any] = {"payoff_sets": rows, "cournot_50": hardest()}
    results["bytes_per_profile"] = {str(n): memory(n) for n in (20, 50, 100, 200)}
    print("bytes per profile at the peak:", {n: round(b) for n, b in results["bytes_per_profile"].items()})
    seconds, ps = timed(dt.Game(np.random.default_rng(200).integers(0, 100, (2, 200, 200))), 0.6)
    results["search_200"] = seconds
    print(f"200 actions each: {1e3 * seconds:.0f} ms, {len(ps.approximate)} corners")
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "repeated.json").write_text(json.dumps(results, indent=2) + "\n")
    figure(rows, folder / "repeated.png")


if __name__ == "__main__":
    main()
