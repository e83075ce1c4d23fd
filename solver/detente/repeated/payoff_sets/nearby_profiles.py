"""Which action profiles can matter to the boundary of a payoff set, decided in floats where floats are sure.

Exact rounds cost microseconds per number, and most profiles generate points deep inside the set. A profile is passed
over only if all it generates is inside by ``MARGIN``, in units in which payoffs run from 0 to 1, and every comparison
on the way was clear by ``CLOSE``. Edges crossed by a constraint line then extend beyond it by CLOSE on both sides, so
that the intersection errs by no more than about 10⁻¹⁵ / CLOSE = 10⁻⁸.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.exact.number_field import to_float
from detente.exact.polygon import Point, Polygon, edges
from detente.repeated.payoff_sets.float_polygon import compiled, hull_of
from detente.repeated.payoff_sets.self_generation import Stage

MARGIN = 1e-6
CLOSE = 1e-7


class NearbyProfiles:
    """The stage game in floats."""

    def __init__(self, stage: Stage) -> None:
        self.discount = to_float(stage.discount)
        self.payoffs = as_floats(stage.payoffs)
        self.need = as_floats(stage.need)

    def not_inside(self, inner: Polygon, active: list[int], threat: Point, top: Point) -> list[int]:
        """Those of ``active`` that may yet generate a point outside ``inner``: whose box of points is not inside."""
        if len(inner) < 3 or not active:
            return active
        low = np.array([to_float(x) for x in threat]) + self.need[active]
        high = np.array([to_float(x) for x in top])
        base = (1 - self.discount) * self.payoffs[active]
        inside = np.ones(len(active), dtype=bool)
        for p, q in edges(inner):
            (px, py), (qx, qy) = as_floats([p, q])
            dx, dy = qx - px, qy - py
            # The corner of the box that is furthest out on this side
            x = base[:, 0] + self.discount * np.where(dy > 0, high[0], low[:, 0])
            y = base[:, 1] + self.discount * np.where(dx > 0, low[:, 1], high[1])
            inside &= dx * (y - py) - dy * (x - px) > MARGIN * np.hypot(dx, dy)
        return [a for a, known in zip(active, inside, strict=True) if not known]

    def at_boundary(self, hull: Polygon, active: list[int], threat: Point) -> list[int]:
        """Those of ``active`` that may generate a corner in this round, or have no continuation left."""
        if len(hull) < 3 or not active:
            return active
        index = np.array(active, dtype=np.int64)
        u = np.array([to_float(x) for x in threat])
        wanted = _at_boundary(self.payoffs[index], self.need[index], self.discount, as_floats(hull), u)
        return index[wanted].tolist()  # type: ignore[no-any-return]


def as_floats(points: Any) -> NDArray[np.float64]:
    """Points in exact numbers as an array of floats."""
    return np.array([[to_float(x) for x in p] for p in points]).reshape(-1, 2)


@compiled
def _at_boundary(payoffs: Any, need: Any, discount: float, hull: Any, threat: Any) -> Any:
    n = len(payoffs)
    wanted = np.zeros(n, dtype=np.bool_)
    points = np.empty((4 * n, 2))
    owners = np.empty((2, 4 * n), dtype=np.int64)
    size = 0
    for a in range(n):
        before = size
        size, clear = _points(payoffs[a], need[a] + threat, discount, hull, points, size)
        owners[:, before:size] = a
        wanted[a] = not clear or size == before
    corners, _ = hull_of(points, owners, size)
    m = len(corners)
    for k in range(size):
        a = owners[0, k]
        if wanted[a]:
            continue
        deep = m > 2
        for j in range(m):
            px, py = corners[j - 1, 0], corners[j - 1, 1]
            dx, dy = corners[j, 0] - px, corners[j, 1] - py
            if not dx * (points[k, 1] - py) - dy * (points[k, 0] - px) > MARGIN * np.hypot(dx, dy):
                deep = False
                break
        wanted[a] = not deep
    return wanted


@compiled
def _points(g: Any, c: Any, discount: float, hull: Any, points: Any, size: int) -> Any:
    """Append what a profile generates; whether every comparison was clear."""
    first, second = g[0] - c[0], g[1] - c[1]
    if abs(first) <= CLOSE or abs(second) <= CLOSE:
        return size, False
    if first > 0.0 and second > 0.0:
        points[size, 0], points[size, 1] = g[0], g[1]
        return size + 1, True
    for axis in range(2):
        other = 1 - axis
        low, high = np.inf, -np.inf
        before = hull[len(hull) - 1, axis] - c[axis]
        for k in range(len(hull)):
            here = hull[k, axis] - c[axis]
            if abs(here) <= CLOSE:
                return size, False
            if (before < 0.0) != (here < 0.0):
                start = hull[k - 1, other]
                height = start + before / (before - here) * (hull[k, other] - start)
                low, high = min(low, height), max(high, height)
            before = here
        if abs(low - c[other]) <= CLOSE or abs(high - c[other]) <= CLOSE:
            return size, False
        if high > c[other]:
            for end in range(2):
                points[size, axis] = (1.0 - discount) * g[axis] + discount * c[axis]
                w = high if end == 0 else max(low, c[other])
                points[size, other] = (1.0 - discount) * g[other] + discount * w
                size += 1
    return size, True
