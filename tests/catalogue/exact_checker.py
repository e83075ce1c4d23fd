"""An exact checker for the catalogue that knows nothing of the package: plain Fractions, brute force, no solver.

Extreme equilibria: every vertex of both best-response polytopes by trying all sets of tight constraints, then all pairs
whose labels cover every action. Agreements: one-shot deviations with values summed along the path and cycle that a
deterministic automaton runs into.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product
from typing import Any

Matrix = list[list[Fraction]]
Vector = tuple[Fraction, ...]


def fractions(rows: Any) -> Any:
    return [fractions(r) for r in rows] if isinstance(rows, list) else Fraction(str(rows))


def solve(matrix: Matrix, right: list[Fraction]) -> list[Fraction] | None:
    """The unique solution of a square system, or None."""
    n = len(matrix)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def polytope_vertices(matrix: Matrix) -> dict[Vector, frozenset[int]]:
    """Vertices but the origin of {z ≥ 0, matrix z ≤ 1} with tight constraints: z_i ≥ 0 is i, row j is d + j."""
    d = len(matrix[0])
    constraints = [([Fraction(int(i == k)) for i in range(d)], Fraction(0)) for k in range(d)]
    constraints += [(row, Fraction(1)) for row in matrix]
    found: dict[Vector, frozenset[int]] = {}
    for chosen in combinations(range(len(constraints)), d):
        point = solve([constraints[c][0] for c in chosen], [constraints[c][1] for c in chosen])
        if point is None or min(point) < 0 or not any(point):
            continue
        sums = [sum((a * z for a, z in zip(row, point, strict=True)), Fraction(0)) for row, _ in constraints]
        if any(sums[d + j] > 1 for j in range(len(matrix))):
            continue
        tight = frozenset(k for k, (_, b) in enumerate(constraints) if sums[k] == b)
        found[tuple(z / sum(point) for z in point)] = tight
    return found


def extreme_equilibria(A: Matrix, B: Matrix) -> set[tuple[Vector, Vector]]:
    """All extreme equilibria of a bimatrix game."""
    m, n = len(A), len(A[0])
    A, B = positive(A), positive(B)
    rows = polytope_vertices([list(column) for column in zip(*B, strict=True)])
    columns = polytope_vertices(A)
    found = set()
    for x, tight_x in rows.items():
        for y, tight_y in columns.items():
            labels = set(tight_x) | {m + k if k < n else k - n for k in tight_y}
            if len(labels) == m + n:
                found.add((x, y))
    return found


def positive(matrix: Matrix) -> Matrix:
    low = min(min(row) for row in matrix)
    return [[x - low + 1 for x in row] for row in matrix]


def regret(payoffs: list[Any], strategies: tuple[Vector, ...]) -> Fraction:
    """The largest gain from a unilateral deviation; any number of players."""
    n = len(strategies)
    worst = Fraction(0)
    for i in range(n):
        by_action = [Fraction(0)] * len(strategies[i])
        for profile in product(*(range(len(s)) for s in strategies)):
            weight = Fraction(1)
            for j in range(n):
                if j != i:
                    weight *= strategies[j][profile[j]]
            u = payoffs[i]
            for a in profile:
                u = u[a]
            by_action[profile[i]] += weight * u
        value = sum((p * u for p, u in zip(strategies[i], by_action, strict=True)), Fraction(0))
        worst = max(worst, max(by_action) - value)
    return worst


class Automaton:
    """A deterministic public automaton on action names."""

    def __init__(self, play: dict[str, tuple[str, str]], move: Any, start: str) -> None:
        self.play, self.move, self.start = play, move, start

    def reachable(self, actions: list[list[str]]) -> list[str]:
        states = [self.start]
        for s in states:
            for profile in product(*actions):
                target = self.move(s, profile)
                if target not in states:
                    states.append(target)
        return states

    def value(self, state: str, payoff: Any, delta: Fraction) -> Fraction:
        """Normalised discounted payoff along the prescribed play: a path into a cycle."""
        seen: dict[str, int] = {}
        flow: list[Fraction] = []
        while state not in seen:
            seen[state] = len(flow)
            flow.append(payoff(self.play[state]))
            state = self.move(state, self.play[state])
        first = seen[state]
        path = sum((delta**t * u for t, u in enumerate(flow[:first])), Fraction(0))
        cycle = flow[first:]
        once = sum((delta**t * u for t, u in enumerate(cycle)), Fraction(0))
        return (1 - delta) * (path + delta**first * once / (1 - delta ** len(cycle)))

    def is_subgame_perfect(self, payoffs: list[Any], actions: list[list[str]], delta: Fraction) -> bool:
        return all(not self._gains(s, payoffs, actions, delta) for s in self.reachable(actions))

    def _gains(self, state: str, payoffs: list[Any], actions: list[list[str]], delta: Fraction) -> bool:
        for i in (0, 1):
            here = self.value(state, payoffs[i], delta)
            for act in actions[i]:
                profile = tuple(act if j == i else a for j, a in enumerate(self.play[state]))
                ahead = self.value(self.move(state, profile), payoffs[i], delta)
                if (1 - delta) * payoffs[i](profile) + delta * ahead > here:
                    return True
        return False

    def is_nash(self, payoffs: list[Any], actions: list[list[str]], delta: Fraction) -> bool:
        """Against every stationary plan on the automaton's states, by trying them all."""
        states = self.reachable(actions)
        for i in (0, 1):
            here = self.value(self.start, payoffs[i], delta)
            for plan in product(actions[i], repeat=len(states)):
                acts = dict(zip(states, plan, strict=True))
                play = {s: tuple(acts[s] if j == i else a for j, a in enumerate(self.play[s])) for s in states}
                if Automaton(play, self.move, self.start).value(self.start, payoffs[i], delta) > here:  # type: ignore[arg-type]
                    return False
        return True


def named_agreement(entry: dict[str, Any], actions: list[list[str]]) -> Automaton:
    """The agreement of a catalogue entry, written out from its definition in the literature."""
    kind = entry["agreement"]
    good = tuple(entry.get("path", [actions[0][0], actions[1][0]]))
    bad = tuple(entry.get("punishment", [actions[0][-1], actions[1][-1]]))
    c, d = (actions[0][0], actions[1][0]), (actions[0][-1], actions[1][-1])
    if kind == "automaton":
        table = {s: {tuple(k.split(", ")): t for k, t in m.items()} for s, m in entry["move"].items()}
        return Automaton({s: tuple(p) for s, p in entry["play"].items()}, lambda s, p: table[s][p], entry["start"])
    if kind == "grim_trigger":
        return Automaton({"+": good, "-": bad}, lambda s, p: "+" if s == "+" and p == good else "-", "+")
    if kind == "carrot_and_stick":
        return Automaton({"+": good, "-": bad}, lambda s, p: "+" if p == (good if s == "+" else bad) else "-", "+")
    if kind == "win_stay_lose_shift":
        return Automaton({"+": c, "-": d}, lambda s, p: "+" if p in (c, d) else "-", "+")
    if kind == "limited_punishment":
        k = entry["length"]
        play = {"0": good, **{str(j): bad for j in range(1, k + 1)}}
        return Automaton(
            play, lambda s, p: ("0" if p == good else "1") if s == "0" else str((int(s) + 1) % (k + 1)), "0"
        )
    if kind == "tit_for_tat":
        states = {f"{x}{y}": (actions[0][x], actions[1][y]) for x in (0, 1) for y in (0, 1)}
        return Automaton(states, lambda s, p: f"{actions[1].index(p[1])}{actions[0].index(p[0])}", "00")
    if kind == "contrite_tit_for_tat":

        def move(s: str, p: tuple[str, str]) -> str:
            first, second = p[0] == c[0], p[1] == c[1]
            if s == "good":
                return "good" if first == second else ("second owes" if first else "first owes")
            owes = first if s == "first owes" else second
            return "good" if owes else s

        return Automaton({"good": c, "first owes": (c[0], d[1]), "second owes": (d[0], c[1])}, move, "good")
    raise AssertionError(f"no definition of {kind!r}")
