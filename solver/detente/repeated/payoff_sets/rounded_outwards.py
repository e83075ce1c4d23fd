"""A proven outer bound in compiled floating point: rounds of Abreu and Sannikov's operator, rounded outwards.

By the claim of :mod:`detente.repeated.payoff_sets.outer_set`, V* stays inside W₀ ⊇ W₁ ⊇ … as long as every Wₙ₊₁
contains R(Wₙ, uₙ). That is an inclusion, and floats can prove it if their rounding errors are bounded:

* the corners of Wₙ and the threats are multiples of ``GRID``, so they, and differences of them, are exact floats;
* other numbers are at most 2 in size, and each operation on them errs by at most 2⁻⁵³ of its result. The line
  wᵢ = uᵢ + hᵢ(a) is off by less than ``LINE_ERROR``; so the boundary is looked up on the whole interval around it, and
  a point generated from there is off by less than ``ERROR``;
* every point is replaced by the corners of a box on the grid that contains it and its error;
* turns are decided by their exact signs (products as unevaluated sums of two floats, Dekker 1971, *Numerische
  Mathematik* 18), so the hull of the boxes is exactly that.

Comparisons that decide what is kept err towards keeping. A round costs microseconds where the same in rationals
costs a tenth of a second; what is left to the rationals are the digits beyond the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import fmpq

from detente.exact.number_field import to_float
from detente.exact.polygon import Point, Polygon, convex_hull
from detente.repeated.payoff_sets.float_polygon import compiled, extremes, from_left_to_right
from detente.repeated.payoff_sets.nearby_profiles import as_floats
from detente.repeated.payoff_sets.self_generation import Stage

GRID_BITS = 48
GRID = 2.0**-GRID_BITS
LINE_ERROR, ERROR = 2.0**-50, 2.0**-49
# Rounds are bounded by this over 1 − δ: a set that approaches its limit like δⁿ is at rest long before.
MOST_ROUNDS = 100.0
# Profile visits between two looks at the clock, and a turn that is clear without looking at its last digits.
SLICE = 300_000
CLEAR = 1e-14
# Splits a float into two of 26 bits each.
SPLITTER = 2.0**27 + 1.0


def outward_rounds(stage: Stage, stop: Callable[[], bool]) -> tuple[Polygon, Point]:
    """A set that contains V*, and threats that V* does not undercut; from the feasible set on, to rest as a rule."""
    payoffs, need = as_floats(stage.payoffs).T.copy(), as_floats(stage.need).T.copy()
    n = payoffs.shape[1]
    active = np.flatnonzero((need <= 1.0 + LINE_ERROR).all(axis=0))
    points = np.empty((12 * n + 4, 2))
    size = _add_boxes(payoffs, points)
    hull = exact_hull(points, size)
    threat = np.floor(as_floats([stage.minmax])[0] / GRID - 1.0) * GRID
    threat = np.maximum(threat, 0.0)
    discount = to_float(stage.discount)
    slices = 1 + int(MOST_ROUNDS / (1.0 - discount)) // max(1, SLICE // (n + 1))
    at_rest = False
    while len(hull) and not at_rest and slices and not stop():
        hull, count, at_rest = _advance(payoffs, need, discount, hull, threat, active, max(1, SLICE // (n + 1)), points)
        active = active[:count]
        slices -= 1
    corners = convex_hull((_on_grid(x), _on_grid(y)) for x, y in hull.tolist())
    # The pure minmax itself may be a threat, and is not on the grid.
    return corners, (max(stage.minmax[0], _on_grid(threat[0])), max(stage.minmax[1], _on_grid(threat[1])))


def _on_grid(x: float) -> Any:
    return fmpq(int(x * 2.0**GRID_BITS), 2**GRID_BITS)


@compiled
def _add_boxes(payoffs: Any, points: Any) -> int:
    size = 0
    for a in range(payoffs.shape[1]):
        x, y = payoffs[0, a], payoffs[1, a]
        size = _add_box(points, size, x, x, y, y)
    return size


@compiled
def _add_box(points: Any, size: int, x0: float, x1: float, y0: float, y1: float) -> int:
    """Append the corners of a box on the grid that contains all points with errors in [x0, x1] × [y0, y1]."""
    x0, y0 = np.floor((x0 - ERROR) / GRID) * GRID, np.floor((y0 - ERROR) / GRID) * GRID
    x1, y1 = np.ceil((x1 + ERROR) / GRID) * GRID, np.ceil((y1 + ERROR) / GRID) * GRID
    x0, y0, x1, y1 = max(x0, 0.0), max(y0, 0.0), min(x1, 1.0), min(y1, 1.0)  # no payoff is beyond
    for k in range(4):
        points[size, 0] = x0 if k < 2 else x1
        points[size, 1] = y0 if k % 2 == 0 else y1
        size += 1
    return size


@compiled
def _advance(
    payoffs: Any,
    need: Any,
    discount: float,
    hull: Any,
    threat: Any,
    active: Any,
    most_rounds: int,
    points: Any,
) -> Any:
    """Up to ``most_rounds`` rounds; ``threat`` and ``active`` are updated in place."""
    count = len(active)
    for _ in range(most_rounds):
        size, count = _generate(payoffs, need, discount, hull, threat, active, count, points)
        new = exact_hull(points, size)
        if len(new) == 0:
            return new, count, True
        at_rest = len(new) == len(hull) and np.abs(new - hull).max() <= GRID
        for i in range(2):
            least = new[:, i].min()
            if least > threat[i]:
                at_rest = at_rest and least <= threat[i] + GRID
                threat[i] = least
        hull = new
        if at_rest:
            return hull, count, True
    return hull, count, False


@compiled
def _generate(
    payoffs: Any, need: Any, discount: float, hull: Any, threat: Any, active: Any, count: int, points: Any
) -> Any:
    """Boxes around all that the active profiles generate; forgets profiles that W does not support."""
    top0, top1 = hull[:, 0].max(), hull[:, 1].max()
    size = k = 0
    while k < count:
        a = active[k]
        g0, g1 = payoffs[0, a], payoffs[1, a]
        c0, c1 = threat[0] + need[0, a], threat[1] + need[1, a]
        before = size
        if g0 >= c0 - LINE_ERROR and g1 >= c1 - LINE_ERROR:
            size = _add_box(points, size, g0, g0, g1, g1)
        if g0 >= c0 + LINE_ERROR and g1 >= c1 + LINE_ERROR:
            k += 1
            continue
        if c0 <= top0 + LINE_ERROR and c1 <= top1 + LINE_ERROR:
            for axis in range(2):
                line, other = (c0, c1) if axis == 0 else (c1, c0)
                low, high = _strip(hull, axis, line - LINE_ERROR, line + LINE_ERROR)
                low = max(low, other - LINE_ERROR)
                if not high + ERROR >= low:
                    continue
                x = (1.0 - discount) * payoffs[axis, a] + discount * line
                y = (1.0 - discount) * payoffs[1 - axis, a]
                y0, y1 = y + discount * low, y + discount * max(low, high)
                if axis == 0:
                    size = _add_box(points, size, x - LINE_ERROR, x + LINE_ERROR, y0, y1)
                else:
                    size = _add_box(points, size, y0, y1, x - LINE_ERROR, x + LINE_ERROR)
        if size > before or ((hull[:, 0] >= c0 - LINE_ERROR) & (hull[:, 1] >= c1 - LINE_ERROR)).any():
            k += 1
            continue
        count -= 1
        active[k], active[count] = active[count], a
    return size, count


@compiled
def _strip(hull: Any, axis: int, first: float, last: float) -> Any:
    """Bounds on the other coordinate where coordinate ``axis`` is between two values; (inf, -inf) if nowhere."""
    low, high = np.inf, -np.inf
    other = 1 - axis
    for k in range(len(hull)):
        p, q = hull[k - 1, axis], hull[k, axis]
        if first <= q <= last:
            low, high = min(low, hull[k, other]), max(high, hull[k, other])
        for line in (first, last):
            if p < line < q or q < line < p:
                start = hull[k - 1, other]
                height = start + (line - p) / (q - p) * (hull[k, other] - start)
                low, high = min(low, height), max(high, height)
    return low - ERROR, high + ERROR


@compiled
def exact_hull(points: Any, size: int) -> Any:
    """The corners of the hull of points on the grid, counter-clockwise from the least."""
    if size == 0:
        return np.empty((0, 2))
    kept = _outside_octagon(points, size)
    order = from_left_to_right(points, kept, 0.0)
    n = order.size
    chain = np.empty(2 * n + 1, dtype=np.int64)
    length = 0
    for sweep in range(2):
        base = length
        for j in range(n):
            k = order[j] if sweep == 0 else order[n - 1 - j]
            while length - base >= 2 and _turn_sign(points, chain[length - 2], chain[length - 1], k) <= 0:
                length -= 1
            chain[length] = k
            length += 1
        length -= 1
    return points[chain[: max(length, 1)]]


@compiled
def _outside_octagon(points: Any, size: int) -> Any:
    """The points that are not clearly inside the octagon of extreme points in eight directions."""
    best = extremes(points, size)
    kept = np.empty(size, dtype=np.int64)
    n = 0
    for k in range(size):
        inside = True
        for d in range(8):
            p, q = best[d - 1], best[d]
            if p == q:
                continue
            dx, dy = points[q, 0] - points[p, 0], points[q, 1] - points[p, 1]
            if not dx * (points[k, 1] - points[p, 1]) - dy * (points[k, 0] - points[p, 0]) > CLEAR:
                inside = False
                break
        if not inside:
            kept[n] = k
            n += 1
    return kept[:n] if n else np.arange(size)


@compiled
def _turn_sign(points: Any, o: int, a: int, b: int) -> int:
    """The exact sign of the turn o → a → b of points on the grid: differences are exact, products in two parts."""
    dx, dy = points[a, 0] - points[o, 0], points[a, 1] - points[o, 1]
    ex, ey = points[b, 0] - points[o, 0], points[b, 1] - points[o, 1]
    left, right = dx * ey, dy * ex
    if left == right:  # rounding keeps order, so that only the parts rounded off can tell
        left, right = _rounded_off(dx, ey), _rounded_off(dy, ex)
    return 1 if left > right else (-1 if left < right else 0)


@compiled
def _rounded_off(x: float, y: float) -> float:
    """x · y less its rounded value, exactly."""
    big = SPLITTER * x
    x1 = big - (big - x)
    x2 = x - x1
    big = SPLITTER * y
    y1 = big - (big - y)
    y2 = y - y1
    return x2 * y2 - (((x * y - x1 * y1) - x2 * y1) - x1 * y2)
