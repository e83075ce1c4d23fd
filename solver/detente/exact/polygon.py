"""Convex polygons in the plane, in exact arithmetic.

A polygon is the tuple of its corners, counter-clockwise from the lexicographically least one, no three on a line. A
single corner is a point, two are a segment, none is the empty set, so degenerate sets need no special type.
Coordinates are any exact ordered numbers: Fractions, flint rationals, ints.

The hull is Andrew's (1979) monotone chain, *Information Processing Letters* 9, 216–219.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

Point: TypeAlias = tuple[Any, Any]
Polygon: TypeAlias = tuple[Point, ...]


def turn(o: Point, a: Point, b: Point) -> Any:
    """Positive if o → a → b turns left: twice the signed area of the triangle."""
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def convex_hull(points: Iterable[Point]) -> Polygon:
    """The convex hull of finitely many points.

    >>> convex_hull([(0, 0), (2, 0), (1, 0), (1, 1), (0, 2)])
    ((0, 0), (2, 0), (0, 2))
    >>> convex_hull([(1, 1), (0, 0), (2, 2)])
    ((0, 0), (2, 2))
    """
    ordered = sorted(points)
    distinct = ordered[:1] + [q for p, q in pairwise(ordered) if p != q]
    if len(distinct) < 3:
        return tuple(distinct)
    return tuple(_chain(distinct) + _chain(distinct[::-1]))


def _chain(ordered: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for p in ordered:
        while len(chain) > 1 and turn(chain[-2], chain[-1], p) <= 0:
            chain.pop()
        chain.append(p)
    return chain[:-1]


def edges(polygon: Polygon) -> list[tuple[Point, Point]]:
    """The sides in order; a segment has one, a point none."""
    if len(polygon) < 3:
        return list(pairwise(polygon))
    return [*pairwise(polygon), (polygon[-1], polygon[0])]


def contains(polygon: Polygon, p: Point) -> bool:
    """Whether ``p`` is in the polygon or on its boundary.

    >>> contains(((0, 0), (2, 0), (0, 2)), (1, 1)), contains(((0, 0), (2, 2)), (1, 0))
    (True, False)
    """
    if len(polygon) < 3:
        if len(polygon) < 2:
            return p in polygon
        a, b = polygon
        between = min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
        return bool(between and turn(a, b, p) == 0)
    return all(turn(a, b, p) >= 0 for a, b in edges(polygon))


def section(polygon: Polygon, axis: int, at: Any) -> tuple[Any, Any] | None:
    """The least and greatest other coordinate on the line where coordinate ``axis`` equals ``at``; None if missed.

    >>> from fractions import Fraction
    >>> section(((0, 0), (2, 0), (0, 2)), 0, Fraction(1, 2))
    (Fraction(0, 1), Fraction(3, 2))
    """
    found = [p[1 - axis] for p in polygon if p[axis] == at]
    for p, q in edges(polygon):
        if (p[axis] < at < q[axis]) or (q[axis] < at < p[axis]):
            share = (at - p[axis]) / (q[axis] - p[axis])
            found.append(p[1 - axis] + share * (q[1 - axis] - p[1 - axis]))
    return (min(found), max(found)) if found else None


def clipped(polygon: Polygon, normal: Point, bound: Any) -> Polygon:
    """The part of the polygon where ``normal`` · x ≤ ``bound``.

    >>> from fractions import Fraction as F
    >>> clipped(((F(0), F(0)), (F(2), F(0)), (F(0), F(2))), (1, 0), F(1))[1:]
    ((Fraction(1, 1), Fraction(0, 1)), (Fraction(1, 1), Fraction(1, 1)), (Fraction(0, 1), Fraction(2, 1)))
    """
    excess = [normal[0] * p[0] + normal[1] * p[1] - bound for p in polygon]
    kept = [p for p, e in zip(polygon, excess, strict=True) if e <= 0]
    for k in range(len(polygon)):
        e, f = excess[k - 1], excess[k]
        if (e < 0 < f) or (f < 0 < e):
            (px, py), (qx, qy) = polygon[k - 1], polygon[k]
            share = e / (e - f)
            kept.append((px + share * (qx - px), py + share * (qy - py)))
    return convex_hull(kept)


def support(polygon: Polygon, normal: Point) -> Any:
    """The greatest value of ``normal`` · x on a non-empty polygon."""
    return max(normal[0] * p[0] + normal[1] * p[1] for p in polygon)


def lottery(polygon: Polygon, p: Point) -> list[tuple[int, Any]] | None:
    """``p`` as a lottery over at most three corners: (index, probability) pairs; None if ``p`` is outside.

    >>> from fractions import Fraction as F
    >>> lottery(((F(0), F(0)), (F(2), F(0)), (F(0), F(2))), (F(1), F(1, 2)))
    [(0, Fraction(1, 4)), (1, Fraction(1, 2)), (2, Fraction(1, 4))]
    """
    if not contains(polygon, p):
        return None
    if p in polygon:
        return [(polygon.index(p), p[0] * 0 + 1)]
    for k, (a, b) in enumerate(edges(polygon)):
        if turn(a, b, p) == 0:
            axis = 0 if a[0] != b[0] else 1
            share = (p[axis] - a[axis]) / (b[axis] - a[axis])
            return [(k, 1 - share), ((k + 1) % len(polygon), share)]
    a = polygon[0]
    for k in range(1, len(polygon) - 1):
        b, c = polygon[k], polygon[k + 1]
        parts = turn(p, b, c), turn(p, c, a), turn(p, a, b)
        if min(parts) >= 0:
            whole = turn(a, b, c)
            return [(j, part / whole) for j, part in zip((0, k, k + 1), parts, strict=True) if part != 0]
    raise AssertionError("a fan of triangles covers the polygon")


def area(polygon: Polygon) -> Any:
    """The area; 0 for a segment, a point and the empty set."""
    twice = [p[0] * q[1] - p[1] * q[0] for p, q in edges(polygon)] if len(polygon) > 2 else []
    return sum(twice[1:], twice[0]) / 2 if twice else 0


def squared_distance(polygon: Polygon, p: Point) -> Any:
    """The square of the Euclidean distance of ``p`` from a non-empty polygon."""
    if contains(polygon, p):
        return p[0] * 0
    return min(
        [(p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 for q in polygon] + [_from_line(a, b, p) for a, b in edges(polygon)]
    )


def _from_line(a: Point, b: Point, p: Point) -> Any:
    """The squared distance from segment ab if the foot of the perpendicular is on it, else from a."""
    d = (b[0] - a[0], b[1] - a[1])
    along = (p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]
    length = d[0] ** 2 + d[1] ** 2
    if 0 <= along <= length:
        return turn(a, b, p) ** 2 / length
    return (p[0] - a[0]) ** 2 + (p[1] - a[1]) ** 2


def translated_scaled(polygon: Polygon, scale: Point, shift: Point) -> Polygon:
    """Every corner times ``scale`` plus ``shift``, coordinate by coordinate; scales are positive."""
    return tuple((p[0] * scale[0] + shift[0], p[1] * scale[1] + shift[1]) for p in polygon)
