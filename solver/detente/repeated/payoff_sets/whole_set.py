"""Proving that a self-generating polygon close to the payoff set *is* the payoff set.

The iteration from outside approaches V* without reaching it, so a gap would remain between an outer bound and a
polygon W whose corners are known in closed form. It is closed by a contraction. Let n_f · x ≤ b_f be the sides of W
(and the four axis directions), u its least payoffs, y_f > 0, and for η ≥ 0

    W(η) = {x : n_f · x ≤ b_f + η y_f for all f},

whose least payoffs are at least u − η z with zᵢ the y of direction −eᵢ. Suppose V* ⊆ W(η). Then u* is between u − η z
and u (as W ⊆ V*), and every extreme point v of V* is either g(a) with g(a) ≥ u* + h(a), or (1 − δ) g(a) + δ w for a w
∈ V* at which a constraint binds, wᵢ = uᵢ* + hᵢ(a): were none binding, w could move towards v, and v would be between
two points of V* (Abreu and Sannikov 2014). If g(a) ∈ W, v is g(a) for the same reason. Otherwise w is in

    S(η) = {w ∈ W(η) : w ≥ u − η z + h(a), wᵢ ≤ uᵢ + hᵢ(a)}.

If for one c < 1, and all η ≤ η₀, everything so generated is inside W(c η), then V* ⊆ W(η₀) implies V* ⊆ W(c η₀), V* ⊆
W(c² η₀) and so on: V* ⊆ W.

For given a, i and f that is a linear programme in w whose right-hand sides are affine in η. Any non-negative
multipliers that combine its rows to n_f bound it by an affine function of η, and two affine functions need only be
compared at 0 and η₀. S(η) grows with η, so programmes that are infeasible at η₀, or slack there, need no multipliers.
Good y come from iterating y = |n| + the bound's slope in y over the programmes that are tight at η = 0, in floats: y
is only a suggestion, and the comparisons are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq

from detente.exact.number_field import to_float
from detente.exact.polygon import Point, Polygon, clipped, contains, edges, support
from detente.repeated.payoff_sets.nearby_profiles import MARGIN, NearbyProfiles, as_floats
from detente.repeated.payoff_sets.self_generation import Stage, greatest_payoffs, least_payoffs

# The weights y are found by iteration; a contraction this weak is not attempted.
MAX_STEPS, LARGEST = 20_000, 1e7
Y_BITS = 24

ZERO, ONE = fmpq(0), fmpq(1)
LEFT, DOWN, RIGHT, UP = (-ONE, ZERO), (ZERO, -ONE), (ONE, ZERO), (ZERO, ONE)


class Row(NamedTuple):
    """normal · w ≤ bound + η y[of], or with no dependence on η if ``of`` is None."""

    normal: Point
    bound: Any
    of: int | None


def is_whole_set(stage: Stage, corners: Polygon, outer: Polygon, stop: Callable[[], bool]) -> bool:
    """Whether V*, known to be between ``corners`` and ``outer``, is proven to be the hull of ``corners``."""
    sides = _sides(corners)
    threat, top = least_payoffs(corners), greatest_payoffs(corners)
    profiles = [a for a, h in enumerate(stage.need) if max(h) <= 1]
    profiles = NearbyProfiles(stage).not_inside(corners, profiles, threat, top)
    profiles = [a for a in profiles if not contains(corners, stage.payoffs[a])]
    weights = _weights(stage, corners, sides, profiles, threat, stop)
    if weights is None:
        return False
    reach = max((support(outer, side.normal) - side.bound) / y for side, y in zip(sides, weights, strict=True))
    shrink = 1 - fmpq(1, 2) * min(_size(side) / y for side, y in zip(sides, weights, strict=True))
    larger = _expanded(sides, weights, reach)
    for a in profiles:
        if stop() or not _stays_inside(stage, a, sides, weights, threat, reach, shrink, larger):
            return False
    return True


def _sides(corners: Polygon) -> list[Row]:
    """The axis directions, those of the least payoffs first, and the sides (both of a segment)."""
    around = edges(corners)
    around += [(q, p) for p, q in around] if len(corners) == 2 else []
    normals: list[Point] = [LEFT, DOWN, RIGHT, UP]
    normals += [(q[1] - p[1], p[0] - q[0]) for p, q in around if p[0] != q[0] and p[1] != q[1]]
    return [Row(n, support(corners, n), f) for f, n in enumerate(normals)]


def _size(side: Row) -> Any:
    return abs(side.normal[0]) + abs(side.normal[1])


def _expanded(sides: list[Row], weights: list[Any], reach: Any) -> Polygon:
    """W(η)."""
    left, low, right, high = (s.bound + reach * y for s, y in zip(sides[:4], weights, strict=False))
    polygon: Polygon = ((-left, -low), (right, -low), (right, high), (-left, high))
    for side, y in zip(sides[4:], weights[4:], strict=True):
        polygon = clipped(polygon, side.normal, side.bound + reach * y)
    return polygon


def _rows(stage: Stage, a: int, binding: int, sides: list[Row], threat: Point) -> list[Row]:
    """The rows that define S(η)."""
    c = stage.floor(a, threat)
    return [*sides, Row(LEFT, -c[0], 0), Row(DOWN, -c[1], 1), Row((RIGHT, UP)[binding], c[binding], None)]


def _region(rows: list[Row], start: Polygon, weights: list[Any], reach: Any) -> Polygon:
    """S(η) as ``start``, which is W(η), cut by the last three rows."""
    for row in rows[len(weights) :]:
        start = clipped(start, row.normal, row.bound + (0 if row.of is None else reach * weights[row.of]))
        if not start:
            break
    return start


def _target(stage: Stage, a: int, side: Row) -> Any:
    """The bound on normal · w under which (1 − δ) g(a) + δ w is on the inner side of ``side``."""
    g, d = stage.payoffs[a], stage.discount
    return (side.bound - (1 - d) * (side.normal[0] * g[0] + side.normal[1] * g[1])) / d


def _close(stage: Stage, a: int, region: Polygon, sides: list[Row]) -> Iterator[tuple[int, Row]]:
    """The sides that some (1 − δ) g(a) + δ w with w in ``region`` comes close to, by floats with a wide margin."""
    d = to_float(stage.discount)
    points = (1 - d) * as_floats([stage.payoffs[a]]) + d * as_floats(region)
    normals = as_floats([side.normal for side in sides])
    bounds = np.array([to_float(side.bound) for side in sides])
    near = (points @ normals.T).max(axis=0) > bounds - MARGIN * np.abs(normals).sum(axis=1)
    yield from ((int(f), sides[f]) for f in np.flatnonzero(near))


def _multipliers(rows: list[Row], normal: Point) -> Iterator[list[tuple[Row, Any]]]:
    """All ways to write ``normal`` as a non-negative combination of one or two rows' normals."""
    for j, r in enumerate(rows):
        cross = r.normal[0] * normal[1] - r.normal[1] * normal[0]
        axis = 0 if r.normal[0] != 0 else 1
        if cross == 0 and normal[axis] / r.normal[axis] > 0:
            yield [(r, normal[axis] / r.normal[axis])]
        for s in rows[j + 1 :]:
            determinant = r.normal[0] * s.normal[1] - r.normal[1] * s.normal[0]
            if determinant != 0:
                x = (normal[0] * s.normal[1] - normal[1] * s.normal[0]) / determinant
                y = cross / determinant
                if x > 0 and y > 0:
                    yield [(r, x), (s, y)]


def _weights(
    stage: Stage, corners: Polygon, sides: list[Row], profiles: list[int], threat: Point, stop: Callable[[], bool]
) -> list[Any] | None:
    """Weights y that the operator shrinks, if the iteration for them converges."""
    tight: list[tuple[int, np.ndarray[Any, Any]]] = []
    for a in profiles:
        for binding in (0, 1):
            if stop():
                return None
            rows = _rows(stage, a, binding, sides, threat)
            region = _region(rows, corners, [ONE] * len(sides), 0)
            if not region:
                continue
            for f, side in _close(stage, a, region, sides):
                target = _target(stage, a, side)
                if support(region, side.normal) == target:
                    choices = [
                        _slope(pairs, len(sides), stage.discount)
                        for pairs in _multipliers(rows, side.normal)
                        if sum(x * r.bound for r, x in pairs) == target
                    ]
                    tight.append((f, np.array(choices)))
    size = np.array([to_float(_size(side)) for side in sides])
    y = size.copy()
    for _ in range(MAX_STEPS):
        new = size.copy()
        for f, slopes in tight:
            new[f] = max(new[f], size[f] + (slopes @ y).min())
        if (new <= y * (1 + 1e-3)).all():
            step = 2**Y_BITS
            return [fmpq(int(np.ceil(x * 1.002 * step)), step) for x in new]
        if new.max() > LARGEST:
            return None
        y = new
    return None


def _slope(pairs: list[tuple[Row, Any]], n: int, discount: Any) -> list[float]:
    slope = [0.0] * n
    for row, x in pairs:
        if row.of is not None:
            slope[row.of] += to_float(discount) * to_float(x)
    return slope


def _stays_inside(
    stage: Stage,
    a: int,
    sides: list[Row],
    weights: list[Any],
    threat: Point,
    reach: Any,
    shrink: Any,
    larger: Polygon,
) -> bool:
    """Whether all that profile ``a``, with g(a) outside W, may generate is inside W(c η) for all η up to ``reach``."""
    g, c = stage.payoffs[a], stage.floor(a, threat)
    if all(g[i] >= c[i] - reach * weights[i] for i in (0, 1)) and contains(larger, g):
        return False
    for binding in (0, 1):
        rows = _rows(stage, a, binding, sides, threat)
        region = _region(rows, larger, weights, reach)
        if not region:
            continue
        for f, side in _close(stage, a, region, sides):
            target = _target(stage, a, side)
            if support(region, side.normal) <= target:
                continue
            allowed = target + reach * shrink * weights[f] / stage.discount
            if not any(
                sum(x * r.bound for r, x in pairs) <= target
                and sum(x * (r.bound + (0 if r.of is None else reach * weights[r.of])) for r, x in pairs) <= allowed
                for pairs in _multipliers(rows, side.normal)
            ):
                return False
    return True
