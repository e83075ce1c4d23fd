"""An independent check that nothing outside a polygon is an equilibrium payoff, up to a tolerance.

It iterates another operator than the finder, that of Abreu, Pearce and Stacchetti (1990, theorem 2 and section 5):

    B(K) = the hull of all (1 − δ) g(a) + δ w with w ∈ K and w ≥ u(K) + h(a),

u(K) the least payoffs in K. B is monotone, and the payoff set V* = B(V*) is feasible; so if K₀ is the feasible set and
B(Kₙ) ⊆ Kₙ₊₁, every Kₙ contains V*. The outer bound is confirmed when some Kₙ is in it, give or take a tolerance, a
share of the payoff ranges. What is claimed beyond that, the last digits of an outer bound and that an exact answer is
all of V*, rests on the finder's own proof (:mod:`detente.repeated.payoff_sets.whole_set`).

**In floats, rigorously.** Kₙ is kept as P + [−e, e]², P the hull of some points in floats. A continuation w ∈ Kₙ is
within e of a p ∈ P, so w ≥ c implies p ≥ c − e, and what is generated is within δ e of what P generates where every
constraint is relaxed by e. P is cut, mapped and hulled as floats happen to come out; then the distance of every
generated point from the new hull is *measured*, and added to the next e together with ``ROUNDING``, which bounds the
errors of the measurement, of a crossing point and of a generated point: a dozen operations on numbers of at most 2,
each of which errs by 2⁻⁵³ of its result. No sign that a float has decided is relied on.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from detente.budget import deadline
from detente.errors import CertificateError
from detente.game.game import Game

Floats = NDArray[np.float64]

ROUNDING = 2.0**-48
# Profiles visited between two looks at the clock.
SLICE = 100_000

_compiled = numba.njit(cache=True, nogil=True)


def check_outer(
    game: Game,
    discount: Fraction,
    outer: Any,
    tolerance: float,
    budget: float | None,
    profiles: Collection[tuple[int, int]] | None = None,
) -> None:
    """Rule out equilibrium payoffs further from ``outer`` than ``tolerance``, or raise :class:`CertificateError`.

    With ``profiles``, only payoffs of equilibria in which no others are ever played.
    """
    payoffs, low, spread = _in_units(game)
    claimed = np.array([[float((x - s) / r) for x, s, r in zip(p, low, spread, strict=True)] for p in outer])
    claimed = claimed.reshape(-1, 2)
    if discount == 0:
        u, v = game.exact_payoffs
        nash = (u == u.max(axis=0, keepdims=True)) & (v == v.max(axis=1, keepdims=True))
        _compare(_beyond(payoffs[nash], claimed), tolerance)
        return
    need = []
    for player, u in enumerate(game.exact_payoffs):
        gain = u.max(axis=player, keepdims=True) - u
        need.append([float(x * (1 - discount) / discount / spread[player]) for x in gain.ravel()])
    g, h, delta = payoffs.reshape(-1, 2), np.array(need).T, float(discount)
    able = (h <= 1 + 4 * ROUNDING).all(axis=1)
    if profiles is not None:
        able &= np.array([divmod(a, game.shape[1]) in profiles for a in range(len(g))])
    g, h = np.ascontiguousarray(g[able]), np.ascontiguousarray(h[able])
    hull, error = _hull(g.copy())
    is_over = deadline(budget)
    rounds = max(1, SLICE // (len(g) + 1))
    at_rest = False
    while not at_rest and _beyond(hull, claimed) + error > tolerance:
        if is_over():
            raise CertificateError("outer", f"{budget} seconds", "more time to rule out equilibrium payoffs beyond it")
        hull, error, at_rest = _rounds(g, h, delta, hull, error, rounds)
    _compare(_beyond(hull, claimed) + error, tolerance)


def _compare(beyond: float, tolerance: float) -> None:
    if beyond > tolerance:
        raise CertificateError("outer", f"{beyond:.1e} of the payoff ranges beyond it", "no equilibrium payoff there")


def _beyond(hull: Floats, claimed: Floats) -> Any:
    """How far from the claimed polygon a point of the hull may be; −1 if the hull is empty."""
    if not len(hull):
        return -1.0
    return _furthest(hull, claimed) if len(claimed) else np.inf


def _in_units(game: Game) -> tuple[Floats, list[Fraction], list[Fraction]]:
    """Payoffs (row, column, player) with each player's scaled to [0, 1]; the least payoffs and ranges."""
    tables, low, spread = [], [], []
    for u in game.exact_payoffs:
        low.append(u.min())
        spread.append(u.max() - u.min() or Fraction(1))
        tables.append([[float((x - low[-1]) / spread[-1]) for x in row] for row in u])
    return np.stack([np.array(t) for t in tables], axis=2), low, spread


@_compiled
def _rounds(g: Any, h: Any, delta: float, hull: Any, error: float, rounds: int) -> Any:
    """Up to so many rounds of B on P + [−e, e]²: the new P and e, and whether they have come to rest."""
    for _ in range(rounds):
        made = _generated(g, h, delta, hull, error)
        new, measured = _hull(made)
        grown = delta * error + measured + ROUNDING
        if len(new) == 0:
            return new, 0.0, True
        moved = max(_furthest(hull, new), _furthest(new, hull), abs(grown - error))
        hull, error = new, grown
        if moved <= ROUNDING:
            return hull, error, True
    return hull, error, False


@_compiled
def _generated(g: Any, h: Any, delta: float, hull: Any, error: float) -> Any:
    """All (1 − δ) g(a) + δ p for the corners p of P with every constraint relaxed by e."""
    slack = 2 * error + 4 * ROUNDING
    least0, least1 = hull[:, 0].min() - slack, hull[:, 1].min() - slack
    greatest0, greatest1 = hull[:, 0].max(), hull[:, 1].max()
    made = np.empty((len(g) * (len(hull) + 4), 2))
    size = 0
    for a in range(len(g)):
        c0, c1 = least0 + h[a, 0], least1 + h[a, 1]
        if c0 > greatest0 or c1 > greatest1:
            continue
        part = _cut(_cut(hull, 0, c0), 1, c1)
        if size + len(part) > len(made):
            made = np.concatenate((made, np.empty_like(made)))
        for k in range(len(part)):
            made[size, 0] = (1 - delta) * g[a, 0] + delta * part[k, 0]
            made[size, 1] = (1 - delta) * g[a, 1] + delta * part[k, 1]
            size += 1
    return made[:size]


@_compiled
def _cut(polygon: Any, axis: int, least: float) -> Any:
    """The part of a polygon where coordinate ``axis`` is at least ``least``."""
    m = len(polygon)
    if m == 0 or polygon[:, axis].min() >= least:
        return polygon
    kept = np.empty((2 * m, 2))
    other = 1 - axis
    n = 0
    p, height = polygon[m - 1, axis], polygon[m - 1, other]
    for k in range(m):
        q, next_height = polygon[k, axis], polygon[k, other]
        if (p < least) != (q < least):
            kept[n, axis], kept[n, other] = least, height + (least - p) / (q - p) * (next_height - height)
            n += 1
        if q >= least:
            kept[n, axis], kept[n, other] = q, next_height
            n += 1
        p, height = q, next_height
    return kept[:n]


@_compiled
def _hull(points: Any) -> Any:
    """Corners of the hull but for those that stand out by rounding, and how far any point is from their polygon."""
    if len(points) == 0:
        return points, 0.0
    points = _beyond_extremes(points)
    # Lowest and highest of the points on a common vertical, that is on one up to rounding
    order = np.argsort(points[:, 0])
    ends = np.empty((2 * len(order), 2))
    n = 0
    for k in order:
        x, y = points[k, 0], points[k, 1]
        if n and x - ends[n - 1, 0] <= ROUNDING / 2:
            ends[n - 2, 1], ends[n - 1, 1] = min(ends[n - 2, 1], y), max(ends[n - 1, 1], y)
        else:
            ends[n], ends[n + 1] = points[k], points[k]
            n += 2
    chain = np.empty((2 * n, 2))
    size = 0
    for base in range(2):
        start = size
        for j in range(n):
            p = ends[j] if base == 0 else ends[n - 1 - j]
            while (
                size - start > 1
                and _turn(chain[size - 2], chain[size - 1], p) <= ROUNDING / 8 * np.abs(p - chain[size - 2]).max()
            ):
                size -= 1
            chain[size] = p
            size += 1
        size -= 1
    corners = chain[: max(size, 1)].copy()
    return corners, _furthest(points, corners)


@_compiled
def _beyond_extremes(points: Any) -> Any:
    """The points that are not inside the octagon of those that are extreme in eight directions."""
    directions = np.array([[1.0, 1.0, 0.0, -1.0], [0.0, 1.0, 1.0, 1.0]])
    ends = np.empty((8, 2))
    for k in range(4):
        along = directions[0, k] * points[:, 0] + directions[1, k] * points[:, 1]
        ends[k], ends[k + 4] = points[along.argmax()], points[along.argmin()]
    sides = [(ends[j - 1, 0], ends[j - 1, 1], ends[j, 0], ends[j, 1]) for j in range(8)]
    sides = [(x0, y0, x1, y1) for x0, y0, x1, y1 in sides if x0 != x1 or y0 != y1]
    kept = np.zeros(len(points), dtype=np.bool_)
    for k in range(len(points)):
        x, y = points[k, 0], points[k, 1]
        kept[k] = len(sides) == 0
        for x0, y0, x1, y1 in sides:
            if not (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0:
                kept[k] = True
                break
    return points[kept]


@_compiled
def _turn(o: Any, a: Any, b: Any) -> Any:
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


@_compiled
def _furthest(points: Any, polygon: Any) -> Any:
    """The greatest distance, in the larger coordinate, of any of the points from a polygon."""
    worst = 0.0
    m = len(polygon)
    for j in range(len(points)):
        x, y = points[j, 0], points[j, 1]
        nearest = np.inf
        inside = m > 2
        x0, y0 = polygon[m - 1, 0], polygon[m - 1, 1]
        for k in range(m):
            x1, y1 = polygon[k, 0], polygon[k, 1]
            dx, dy = x1 - x0, y1 - y0
            inside = inside and dx * (y - y0) - dy * (x - x0) >= 0
            length = dx * dx + dy * dy
            share = 0.0
            if length > 0:
                share = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / length))
            nearest = min(nearest, max(abs(x0 + share * dx - x), abs(y0 + share * dy - y)))
            x0, y0 = x1, y1
        if not inside:
            worst = max(worst, nearest)
    return worst
