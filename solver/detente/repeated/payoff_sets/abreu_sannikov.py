"""The payoff set of a two-player repeated game in floating point: the algorithm of Abreu and Sannikov.

Let g(a) be the stage payoffs of action profile a, hᵢ(a) = (1 − δ)/δ · (best deviation payoff − gᵢ(a)) what a player
must be promised on top of the threat uᵢ, and W a convex set of continuation payoffs. Abreu, Pearce and Stacchetti
(1990, Econometrica 58) iterate W ← the hull of all (1 − δ) g(a) + δ w with w ∈ Q(a) = {w ∈ W : w ≥ u + h(a)}. Abreu
and Sannikov (2014, *Theoretical Economics* 9, 313–338) keep only the few w that can matter at the end:

* if g(a) ≥ u + h(a), playing a for ever is incentive compatible, and w = g(a) alone is kept;
* otherwise w must make a constraint bind: the ends of the sections of Q(a) along the two lines wᵢ = uᵢ + hᵢ(a), that
  is at most three, or four if the corner u + h(a) is outside W.

The set of feasible payoffs and the pure minmax threat are the start, and u follows the least payoffs of W upwards.
Sets shrink and threats rise, so a profile whose constraints leave W once can be forgotten for good.

Payoffs are scaled to [0, 1]; constraints count as met within ``TOLERANCE`` of that range. Iteration ends when neither
the set (Hausdorff distance) nor a threat moves by more than ``TOLERANCE``, never after a number of rounds and never
because the number of corners stays the same; a caller with a deadline runs it in slices. Time and memory are linear
in the number of action profiles per round.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from detente.repeated.payoff_sets.self_generation import BOTH_BIND, FIRST_BINDS, FOR_EVER, SECOND_BINDS

Floats = NDArray[np.float64]

# Share of a player's payoff range within which a constraint is met and the iteration has come to rest.
TOLERANCE = 1e-13
# A corner that stands out by less than this from its neighbours' chord is rounding.
FLAT = 2e-15
# Profile visits between two looks at the clock.
SLICE = 1_000_000

# A division by zero gives an infinity or NaN, which no comparison below takes for a point of a set.
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


class Approximation(NamedTuple):
    """Where the iteration came to rest, in payoffs scaled to [0, 1].

    ``corners`` are counter-clockwise; ``profile`` (row · columns + column) and ``kind`` tell how each is generated.
    """

    corners: Floats
    profile: NDArray[np.int64]
    kind: NDArray[np.int64]
    threat: Floats
    rounds: int
    converged: bool


def iterate(gains: Floats, payoffs: Floats, discount: float, threat: Floats, seconds: float) -> Approximation:
    """Iterate from the feasible set and ``threat`` until at rest, or until the time is up.

    ``payoffs`` and ``gains`` (by the best deviation) have shape (2, profiles), scaled to [0, 1]; 0 < ``discount`` < 1.
    """
    end = time.monotonic() + seconds
    n = payoffs.shape[1]
    need = (1.0 - discount) / discount * gains
    space = np.empty((4 * n + 4, 2)), np.empty((2, 4 * n + 4), dtype=np.int64)
    active = np.flatnonzero((need <= 1.0 + TOLERANCE).all(axis=0))
    hull = _start(payoffs)
    own = np.zeros((2, len(hull)), dtype=np.int64)
    threat = threat.astype(np.float64)
    per_slice = max(1, SLICE // (n + 1))
    rounds = 0
    while True:
        hull, own, count, done, at_rest = _advance(
            payoffs, need, discount, hull, own, threat, active, per_slice, *space
        )
        active = active[:count]
        rounds += done
        if at_rest or time.monotonic() > end:
            return Approximation(hull, own[0], own[1], threat, rounds, at_rest)


@compiled
def _start(payoffs: Any) -> Any:
    points = np.ascontiguousarray(payoffs.T)
    own = np.zeros((2, len(points)), dtype=np.int64)
    return hull_of(points, own, len(points))[0]


@compiled
def _advance(
    payoffs: Any,
    need: Any,
    discount: float,
    hull: Any,
    own: Any,
    threat: Any,
    active: Any,
    most_rounds: int,
    points: Any,
    owners: Any,
) -> Any:
    """Up to ``most_rounds`` rounds; ``threat`` and ``active`` are updated in place."""
    count = len(active)
    for rounds in range(1, most_rounds + 1):
        size, count = _generate(payoffs, need, discount, hull, threat, active, count, points, owners)
        new, own = hull_of(points, owners, size)
        if len(new) == 0:
            return new, own, count, rounds, True
        moved = _greatest_distance(hull, new)
        for i in range(2):
            least = new[:, i].min()
            if least > threat[i]:
                moved = max(moved, least - threat[i])
                threat[i] = least
        hull = new
        if moved <= TOLERANCE:
            return hull, own, count, rounds, True
    return hull, own, count, most_rounds, False


@compiled
def _generate(
    payoffs: Any,
    need: Any,
    discount: float,
    hull: Any,
    threat: Any,
    active: Any,
    count: int,
    points: Any,
    owners: Any,
) -> Any:
    """All points (1 − δ) g(a) + δ w of one round; forgets profiles that W can no longer support."""
    top0, top1 = hull[:, 0].max(), hull[:, 1].max()
    size = 0
    k = 0
    while k < count:
        a = active[k]
        g0, g1 = payoffs[0, a], payoffs[1, a]
        c0, c1 = threat[0] + need[0, a], threat[1] + need[1, a]
        if g0 >= c0 - TOLERANCE and g1 >= c1 - TOLERANCE:
            points[size, 0], points[size, 1] = g0, g1
            owners[0, size], owners[1, size] = a, FOR_EVER
            size += 1
            k += 1
            continue
        before = size
        if c0 <= top0 + TOLERANCE and c1 <= top1 + TOLERANCE:
            corner = False
            for axis in range(2):
                if axis == 0:
                    line, other = min(c0, top0), c1
                else:
                    line, other = min(c1, top1), c0
                low, high = _section(hull, axis, line)
                if not high >= other - TOLERANCE:
                    continue
                ends = 2 if low > other and high > low else 1
                corner = corner or low <= other
                for end in range(ends):
                    w = max(high, other) if end == 0 else low
                    kind = FIRST_BINDS if axis == 0 else SECOND_BINDS
                    points[size, axis] = (1.0 - discount) * payoffs[axis, a] + discount * line
                    points[size, 1 - axis] = (1.0 - discount) * payoffs[1 - axis, a] + discount * w
                    owners[0, size], owners[1, size] = a, kind
                    size += 1
            if corner:
                points[size, 0] = (1.0 - discount) * g0 + discount * min(c0, top0)
                points[size, 1] = (1.0 - discount) * g1 + discount * min(c1, top1)
                owners[0, size], owners[1, size] = a, BOTH_BIND
                size += 1
            # A section may be missed although Q(a) is not empty: then no constraint binds now, but one may later.
            if size > before or _has_point_above(hull, c0, c1):
                k += 1
                continue
        count -= 1
        active[k], active[count] = active[count], a
    return size, count


@compiled
def _has_point_above(hull: Any, c0: float, c1: float) -> bool:
    """Whether W has a corner with both constraints met (if no constraint line meets Q(a), Q(a) is W or empty)."""
    return bool(((hull[:, 0] >= c0 - TOLERANCE) & (hull[:, 1] >= c1 - TOLERANCE)).any())


@compiled
def _section(hull: Any, axis: int, line: float) -> Any:
    """The range of the other coordinate where coordinate ``axis`` equals ``line``; (inf, -inf) if missed."""
    # By scalars: a view of each corner would take most of the time.
    low, high = np.inf, -np.inf
    other = 1 - axis
    before = hull[len(hull) - 1, axis]
    for k in range(len(hull)):
        here = hull[k, axis]
        if abs(here - line) <= TOLERANCE:
            low, high = min(low, hull[k, other]), max(high, hull[k, other])
        if (before < line and line < here) or (here < line and line < before):
            share = (line - before) / (here - before)
            start = hull[k - 1, other]
            height = start + share * (hull[k, other] - start)
            low, high = min(low, height), max(high, height)
        before = here
    return low, high


@compiled
def _greatest_distance(polygon: Any, within: Any) -> float:
    """The greatest distance of a corner of ``polygon`` from the polygon ``within``, up to a factor of √2."""
    worst = 0.0
    m = len(within)
    for v in polygon:
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
    # Points that rounding has put beside a common vertical are put on it, or their order along it would be arbitrary.
    sideways = kept[np.argsort(points[kept, 0])]
    for j in range(1, len(sideways)):
        before = points[sideways[j - 1], 0]
        if points[sideways[j], 0] - before <= FLAT:
            points[sideways[j], 0] = before
    by_second = kept[np.argsort(points[kept, 1], kind="mergesort")]
    order = by_second[np.argsort(points[by_second, 0], kind="mergesort")]
    n = len(order)
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
def _not_inside_octagon(points: Any, size: int) -> Any:
    """The points that are not strictly inside the octagon of extreme points in eight directions."""
    best = np.zeros(8, dtype=np.int64)
    value = np.full(8, -np.inf)
    for k in range(size):
        x, y = points[k, 0], points[k, 1]
        for d, v in enumerate((x, x + y, y, y - x, -x, -x - y, -y, x - y)):
            if v > value[d]:
                value[d], best[d] = v, k
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
