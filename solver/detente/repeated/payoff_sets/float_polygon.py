"""Hulls of points in floats, and distances between polygons, compiled.

Points come in an array of which the first few rows count, with a column of owners for each; a hull is the array of its
corners, counter-clockwise, with their owners. Corners that rounding has made, or could have, are left out.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

# A corner that stands out by less than this from its neighbours' chord is rounding.
FLAT = 2e-15

# A division by zero gives an infinity or NaN, which no comparison takes for a point of a set.
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def greatest_distance(polygon: Any, within: Any, worst: float) -> float:
    """The greatest distance of a corner of ``polygon`` from ``within``, up to a factor of √2; at least ``worst``."""
    m = len(within)
    for j, v in enumerate(polygon):
        like = within[min(j, m - 1)]  # most corners stay close to where they were
        if max(abs(like[0] - v[0]), abs(like[1] - v[1])) <= worst:
            continue
        nearest = np.inf
        inside = m > 2
        for k in range(m):
            p, q = within[k - 1], within[k]
            dx, dy = q[0] - p[0], q[1] - p[1]
            length = dx * dx + dy * dy
            if dx * (v[1] - p[1]) - dy * (v[0] - p[0]) < 0.0:
                inside = False
            share = 0.0
            if length > 0.0:
                share = min(1.0, max(0.0, ((v[0] - p[0]) * dx + (v[1] - p[1]) * dy) / length))
            nearest = min(nearest, max(abs(p[0] + share * dx - v[0]), abs(p[1] + share * dy - v[1])))
        if not inside:
            worst = max(worst, nearest)
    return worst


@compiled
def hull_of(points: Any, owners: Any, size: int) -> Any:
    """The corners of the hull, counter-clockwise, and who generates them."""
    if size == 0:
        return np.empty((0, 2)), np.empty((2, 0), dtype=np.int64)
    kept = _not_inside_octagon(points, size)
    # Rounding puts points beside a common vertical.
    order = from_left_to_right(points, kept, FLAT)
    n = order.size
    chain = np.empty(2 * n + 1, dtype=np.int64)
    length = 0
    for sweep in range(2):
        base = length
        for j in range(n):
            k = order[j] if sweep == 0 else order[n - 1 - j]
            while length - base >= 2 and not _turns_left(points, chain[length - 2], chain[length - 1], k):
                length -= 1
            if length > base and _same(points, chain[length - 1], k):
                continue
            chain[length] = k
            length += 1
        length -= 1  # the end of one sweep starts the other
    if length == 0:
        length = 1
    corners = chain[:length]
    return points[corners], owners[:, corners]


@compiled
def from_left_to_right(points: Any, kept: Any, flat: float) -> Any:
    """Those of ``kept`` that may be corners of the hull, from left to right and upwards.

    Points within ``flat`` of a common vertical are put on it; only the lowest and the highest of them stay.
    """
    order = kept[np.argsort(points[kept, 0])]
    n = first = 0
    for k in order:
        if n > 0 and points[k, 0] - points[order[first], 0] <= flat:
            points[k, 0] = points[order[first], 0]
            if points[k, 1] > points[order[n - 1], 1]:
                if n - 1 == first:
                    n += 1
                order[n - 1] = k
            elif points[k, 1] < points[order[first], 1]:
                if n - 1 == first:
                    order[n] = order[first]
                    n += 1
                order[first] = k
        else:
            first = n
            order[n] = k
            n += 1
    return order[:n]


@compiled
def extremes(points: Any, size: int) -> Any:
    """The first points to be extreme in each of eight directions, counter-clockwise."""
    best = np.zeros(8, dtype=np.int64)
    value = np.full(8, -np.inf)
    for k in range(size):
        x, y = points[k, 0], points[k, 1]
        for d, v in enumerate((x, x + y, y, y - x, -x, -x - y, -y, x - y)):
            if v > value[d]:
                value[d], best[d] = v, k
    return best


@compiled
def _not_inside_octagon(points: Any, size: int) -> Any:
    """The points that are not strictly inside the octagon of extreme points in eight directions."""
    best = extremes(points, size)
    kept = np.empty(size, dtype=np.int64)
    n = 0
    for k in range(size):
        sides = 0
        inside = True
        for d in range(8):
            p, q = best[d - 1], best[d]
            if p != q:
                sides += 1
                if not _turns_left(points, p, q, k):
                    inside = False
                    break
        if not (inside and sides > 0):
            kept[n] = k
            n += 1
    return kept[:n]


@compiled
def _turns_left(points: Any, o: int, a: int, b: int) -> bool:
    """Whether o → a → b turns left by more than rounding."""
    dx, dy = points[a, 0] - points[o, 0], points[a, 1] - points[o, 1]
    ex, ey = points[b, 0] - points[o, 0], points[b, 1] - points[o, 1]
    return bool(dx * ey - dy * ex > FLAT * max(abs(ex), abs(ey)))


@compiled
def _same(points: Any, a: int, b: int) -> bool:
    return bool(max(abs(points[a, 0] - points[b, 0]), abs(points[a, 1] - points[b, 1])) <= FLAT)
