"""Slow and simple solvers, written from the definitions alone: what the package's answers are compared with.

Nothing here calls the package. Payoffs are Fractions; automata, types and beliefs are plain tuples and dicts.

* :func:`best_plan` and :class:`Meeting`: a player who does not know the partner's type, by policy iteration over the
  types that have not been ruled out.
* :func:`equilibrium_payoffs`: the operator of Abreu, Pearce and Stacchetti (1990) on polygons, with a public lottery,
  iterated from the feasible set in floating point.
* :func:`is_supported`: whether a vertex is what its strategy gives, and no one-shot deviation pays, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as F
from typing import Any

Profile = tuple[int, int]
Machine = tuple[list[int], list[list[int]]]  # acts by state; next state by state and the player's act
Automaton = tuple[list[Profile], list[dict[Profile, int]]]  # (own, partner's) acts; next state by acts carried out
Point = tuple[float, float]
Rows = list[list[F]]
KEEPER = "keeper"
GONE = -1


def policy_value(rewards: list[F], moves: list[list[tuple[F, int]]], delta: F) -> list[F]:
    """Normalised values of a Markov chain: the linear system v = (1 − δ) r + δ P v, by elimination."""
    n = len(rewards)
    rows = []
    for s in range(n):
        row = [F(int(s == t)) for t in range(n)] + [(1 - delta) * rewards[s]]
        for p, t in moves[s]:
            row[t] -= delta * p
        rows.append(row)
    for c in range(n):
        pivot = next(r for r in range(c, n) if rows[r][c])
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [x / rows[c][c] for x in rows[c]]
        for r in range(n):
            if r != c and rows[r][c]:
                rows[r] = [a - rows[r][c] * b for a, b in zip(rows[r], rows[c], strict=True)]
    return [row[n] for row in rows]


def best_plan(rewards: list[list[F]], moves: list[list[list[tuple[F, int]]]], delta: F) -> list[F]:
    """Optimal values of a finite decision problem, by policy iteration."""
    n = len(rewards)
    policy = [0] * n
    while True:
        values = policy_value([rewards[s][policy[s]] for s in range(n)], [moves[s][policy[s]] for s in range(n)], delta)
        improved = list(policy)
        for s, row in enumerate(rewards):
            worth = [_q(rewards, moves, delta, values, s, a) for a in range(len(row))]
            if max(worth) > values[s]:
                improved[s] = worth.index(max(worth))
        if improved == policy:
            return values
        policy = improved


def _q(rewards: Any, moves: Any, delta: F, values: list[F], state: int, act: int) -> F:
    return (1 - delta) * rewards[state][act] + delta * sum(p * values[t] for p, t in moves[state][act])


class Meeting:
    """A player with payoffs ``u[own][partner's]`` who meets one of several types, perhaps the keeper of an agreement.

    A node is the agreement's state and the state of every type not yet ruled out by what it has done.
    ``pays(own departs, partner departs)`` is paid to the player on top; ``first`` scales the first period's payoffs.
    """

    def __init__(
        self,
        u: Rows,
        delta: F,
        agreement: Automaton | None,
        types: Sequence[Machine | str],
        prior: Sequence[F],
        pays: Callable[[bool, bool], F] | None = None,
        first: F = F(1),
    ) -> None:
        self.delta, acts = delta, range(len(u))
        play, move = agreement or ([(0, 0)], [])
        start = (0, tuple(0 if p else GONE for p in prior))
        nodes, self.rewards, self.moves, self.keep = [start], [], [], []
        for state, places in nodes:  # grows
            alive = [k for k, place in enumerate(places) if place != GONE]
            total = sum(prior[k] for k in alive)
            row, ahead = [], []
            for own in acts:
                groups: dict[int, list[int]] = {}
                for k in alive:
                    kind = types[k]
                    groups.setdefault(play[state][1] if isinstance(kind, str) else kind[0][places[k]], []).append(k)
                reward, onward = F(0), []
                for act, group in groups.items():
                    chance = sum((prior[k] for k in group), F(0)) / total
                    extra = pays(own != play[state][0], act != play[state][1]) if pays else F(0)
                    reward += chance * (u[own][act] + extra)
                    after = tuple(
                        GONE if k not in group else 0 if isinstance(t, str) else t[1][places[k]][own]
                        for k, t in enumerate(types)
                    )
                    node = (move[state][own, act] if agreement else 0, after)
                    if node not in nodes:
                        nodes.append(node)
                    onward.append((chance, nodes.index(node)))
                row.append(reward)
                ahead.append(onward)
            self.rewards.append(row)
            self.moves.append(ahead)
            self.keep.append(play[state][0])
        if first != 1:  # a first node of its own, that nothing leads back to
            shifted = [[[(p, t + 1) for p, t in onward] for onward in row] for row in self.moves]
            self.rewards = [[first * r for r in self.rewards[0]], *self.rewards]
            self.moves = [shifted[0], *shifted]
            self.keep = [self.keep[0], *self.keep]

    def best(self) -> tuple[F, set[int]]:
        """The value of the best plan, and all acts that can begin one."""
        values = best_plan(self.rewards, self.moves, self.delta)
        acts = range(len(self.rewards[0]))
        return values[0], {a for a in acts if _q(self.rewards, self.moves, self.delta, values, 0, a) == values[0]}

    def keeping_is_best(self) -> bool:
        rewards = [row[a] for row, a in zip(self.rewards, self.keep, strict=True)]
        moves = [row[a] for row, a in zip(self.moves, self.keep, strict=True)]
        return policy_value(rewards, moves, self.delta)[0] == self.best()[0]


# --- payoff sets -----------------------------------------------------------------------------------------------------


def hull(points: list[Point]) -> list[Point]:
    """Corners of a convex hull, counter-clockwise (Andrew 1979)."""
    points = sorted(set(points))
    if len(points) <= 2:
        return points

    def chain(ordered: list[Point]) -> list[Point]:
        out: list[Point] = []
        for p in ordered:
            while len(out) > 1 and _turn(out[-2], out[-1], p) <= 0:
                out.pop()
            out.append(p)
        return out[:-1]

    return chain(points) + chain(points[::-1])


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _at_least(corners: list[Point], axis: int, line: float) -> list[Point]:
    """The part of a polygon on which one coordinate is at least ``line``."""
    out = []
    for p, q in zip(corners, corners[1:] + corners[:1], strict=True):
        inside = [x[axis] >= line - 1e-12 for x in (p, q)]
        if inside[0]:
            out.append(p)
        if inside[0] != inside[1]:
            share = min(max((line - p[axis]) / (q[axis] - p[axis]), 0.0), 1.0)
            out.append(tuple(a + share * (b - a) for a, b in zip(p, q, strict=True)))
    return out  # type: ignore[return-value]


def equilibrium_payoffs(A: Rows, B: Rows, delta: float, rounds: int = 3000) -> list[Point]:
    """Corners of the set of pure-strategy equilibrium payoffs with a public lottery, both players' scaled to [0, 1]."""
    a, b = (_unit_range(m) for m in (A, B))
    rows, columns = range(len(a)), range(len(a[0]))
    best = [max(a[i][j] for i in rows) for j in columns], [max(b[i][j] for j in columns) for i in rows]
    minmax = min(best[0]), min(best[1])
    corners = hull([(a[i][j], b[i][j]) for i in rows for j in columns])
    for _ in range(rounds):
        if not corners:
            break
        threat = [max(minmax[k], min(p[k] for p in corners)) for k in (0, 1)]
        found: list[Point] = []
        for i in rows:
            for j in columns:
                gains = (best[0][j] - a[i][j], best[1][i] - b[i][j])
                onward = corners
                for k in (0, 1):
                    onward = _at_least(onward, k, threat[k] + gains[k] * (1 - delta) / delta) if onward else []
                found += [((1 - delta) * a[i][j] + delta * x, (1 - delta) * b[i][j] + delta * y) for x, y in onward]
        after = hull(found)
        moved = max((distance(p, after) for p in corners), default=0.0) if after else 1.0
        corners = after
        if moved < 1e-11:
            break
    return corners


def _unit_range(m: Rows) -> list[list[float]]:
    low, high = min(map(min, m)), max(map(max, m))
    return [[float((x - low) / ((high - low) or 1)) for x in row] for row in m]


def distance(point: Point, corners: list[Point]) -> float:
    """How far a point is from a polygon; 0 inside."""
    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    if len(corners) > 2 and all(_turn(p, q, point) >= -1e-13 for p, q in edges):
        return 0.0
    best = float("inf")
    for p, q in edges:
        d = (q[0] - p[0], q[1] - p[1])
        length = d[0] ** 2 + d[1] ** 2
        share = ((point[0] - p[0]) * d[0] + (point[1] - p[1]) * d[1]) / length if length else 0.0
        share = min(max(share, 0.0), 1.0)
        best = min(best, ((p[0] + share * d[0] - point[0]) ** 2 + (p[1] + share * d[1] - point[1]) ** 2) ** 0.5)
    return best


def is_supported(A: Rows, B: Rows, delta: F, vertices: Sequence[tuple[Any, Any]], k: int, generation: Any) -> bool:
    """Whether vertex ``k`` is the value of its strategy, and neither player gains by departing from it once."""
    i, j = generation.profile
    lottery = list(generation.lottery)
    if sum((p for _, p in lottery), F(0)) != 1 or min(p for _, p in lottery) < 0:
        return False
    for axis, (now, best) in enumerate(((A[i][j], max(row[j] for row in A)), (B[i][j], max(B[i])))):
        onward = sum((p * vertices[t][axis] for t, p in lottery), F(0))
        if (1 - delta) * now + delta * onward != vertices[k][axis]:
            return False
        if (1 - delta) * best + delta * vertices[generation.punishments[axis]][axis] > vertices[k][axis]:
            return False
    return True
