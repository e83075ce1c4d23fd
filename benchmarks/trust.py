"""How long questions of trust take. Prints as it goes and writes ``benchmarks/results/trust.json``.

One function a part; each returns its figures by name.
"""

from __future__ import annotations

import json
import random
import time
from fractions import Fraction
from itertools import product
from pathlib import Path

import detente as dt
from detente.game.monitoring import late_shipments
from detente.repeated.parameters import resolve_over, with_parameter

ONE_BY_ONE = 200  # automata measured singly, to say what enumeration without pruning would take


def search() -> dict[str, object]:
    """The least demanding agreement among all public automata, against measuring one automaton after another."""
    dilemma = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    chicken = dt.Game.symmetric([[6, 2], [7, 0]], players=["US", "China"], actions=["Relax", "Restrict"])
    cases = {
        "dilemma": dt.RepeatedGame(dilemma, "9/10"),
        "chicken": dt.RepeatedGame(chicken, "9/10"),
        "london-2025": dt.load_scenario("london-2025").repeated,
    }
    dt.least_demanding(cases["dilemma"], 2, "noise")  # compile
    results: dict[str, object] = {}
    print(f"{'game':>12} {'criterion':>9} {'states':>6} {'automata':>18} {'seconds':>8} {'one by one':>12}  value")
    for name, rg in cases.items():
        for criterion in ("trust", "discount", "noise"):
            single = seconds_each(rg, criterion)
            for states in (2, 3, 4):
                start = time.perf_counter()
                found = dt.least_demanding(rg, states, criterion)
                taken = time.perf_counter() - start
                assert found.complete
                automata = found.searched["automata"]
                years = automata * single / (365.25 * 86400)
                value = float(found.value)  # type: ignore[arg-type]
                results[f"{name}, {criterion}, {states} states"] = {
                    "automata": automata,
                    "seconds": taken,
                    "one_by_one_seconds": automata * single,
                    "value": str(found.value),
                }
                singly = f"{years:9.3g} years"
                print(f"{name:>12} {criterion:>9} {states:>6} {automata:>18,} {taken:>8.2f} {singly}  {value:.6f}")
        start = time.perf_counter()
        found = dt.least_demanding(rg, 3)
        points = len(found.pareto)
        taken = time.perf_counter() - start
        assert found.pareto_complete
        results[f"{name}, Pareto set, 3 states"] = {"points": points, "seconds": taken}
        print(f"{name:>12} Pareto set of all three criteria, 3 states: {points} points in {taken:.2f} s")
    return results


def seconds_each(rg: dt.RepeatedGame, criterion: str) -> float:
    """The time that one random automaton of three states takes by the exact region."""
    rng = random.Random(1)
    names = ["a", "b", "c"]
    labels = list(product(*rg.game.actions))
    seen = rg.replace(monitoring=dt.perfect())
    automata = [
        dt.Agreement({s: rng.choice(labels) for s in names}, {s: {p: rng.choice(names) for p in labels} for s in names})
        for _ in range(ONE_BY_ONE)
    ]
    start = time.perf_counter()
    for ag in automata:
        if criterion == "trust":
            dt.trust_region(seen, ag, player=0)
        else:
            dt.holds_where(seen, ag, criterion)
    return (time.perf_counter() - start) / ONE_BY_ONE


def phase_diagram() -> dict[str, dict[str, float]]:
    """1000×1000 diagrams of trust and another parameter with their exact boundary, against asking point by point."""
    london = dt.load_scenario("london-2025")
    seen = london.repeated.replace(monitoring=dt.perfect())
    grim = london.agreements["grim trigger"]
    late = seen.replace(monitoring=late_shipments(seen.game, "1/20", "1/2"))
    relax, restrict = (tuple(acts[k] for acts in seen.game.actions) for k in (0, 1))
    trigger = dt.Agreement(
        {"open": relax, "closed": restrict},
        {"open": {"on time": "open", "late": "closed"}, "closed": {...: "closed"}},
        name="a trigger on late shipments",
    )
    cases = {
        "patience, acts seen": (seen, grim, "discount"),
        "noise": (seen, grim, "noise"),
        "patience, acts misfire": (london.repeated, grim, "discount"),
        "lateness": (late, trigger, "noise"),
        "patience, late shipments": (late, trigger, "discount"),
    }
    return {name: one_diagram(name, *case) for name, case in cases.items()}


def one_diagram(name: str, rg: dt.RepeatedGame, ag: dt.Agreement, over: str) -> dict[str, float]:
    """Both players' diagram in processor time, and a sample of its points asked one by one."""
    start = time.process_time()
    diagram = dt.phase_diagram(rg, ag, x=over)
    diagram.raster(1000, 1000)
    diagram.boundaries()
    taken = time.process_time() - start
    assert all(frontier.exact for frontier in diagram.frontiers.values())
    points = 50
    choice = resolve_over(over, rg)
    start = time.process_time()
    for k in range(points):
        here = with_parameter(rg, choice, Fraction(2 * k + 1, 2 * points))
        for player in rg.game.players:
            dt.trust_region(here, ag, player=player)
    singly = (time.process_time() - start) / points * 1_000_000
    print(f"{name:>25}, 1000×1000: {taken:.3f} s; point by point {singly:,.0f} s, {singly / taken:,.0f} ×")
    return {"seconds": taken, "point by point": singly, "ratio": singly / taken}


def main() -> None:
    """Run every part and write the results."""
    results: dict[str, object] = {"phase diagram": phase_diagram(), "search": search()}
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "trust.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
