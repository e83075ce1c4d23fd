"""The payoff set of a two-player repeated game in floating point: the algorithm of Abreu and Sannikov.

Let g(a) be the stage payoffs of action profile a, hᵢ(a) = (1 − δ)/δ · (best deviation payoff − gᵢ(a)) what a player
must be promised on top of the threat uᵢ, and W a convex set of continuation payoffs. Abreu, Pearce and Stacchetti
(1990, Econometrica 58) iterate W ← the hull of all (1 − δ) g(a) + δ w with w ∈ Q(a) = {w ∈ W : w ≥ u + h(a)}. Abreu
and Sannikov (2014, *Theoretical Economics* 9, 313–338) keep only the few w that can matter at the end:

* if g(a) ≥ u + h(a), playing a for ever is incentive compatible, and w = g(a) alone is kept;
* otherwise w must make a constraint bind: the ends of the sections of Q(a) along the two lines wᵢ = uᵢ + hᵢ(a), that
  is at most three, or four if the corner u + h(a) is outside W.

The set of feasible payoffs and the pure minmax threat are the start, and u follows the least payoffs of W upwards.
Sets shrink and threats rise, so a profile whose constraints leave W once can be forgotten for good. Most others are
left asleep: if all that a profile can generate from sets near W is inside the new set by some depth, it makes no corner
until the sets have moved by that depth in total, see :func:`_depth`. Rounds then visit the profiles near the boundary
only; a round that turns out to have moved too far for that is repeated with all of them awake.

Payoffs are scaled to [0, 1]; constraints count as met within ``TOLERANCE`` of that range. Iteration ends when neither
the set (Hausdorff distance) nor a threat moves by more than ``TOLERANCE``, never because the number of corners stays
the same, and after a number of rounds only if movements are seen not to fall like any geometric series
(``PATIENCE``); a caller with a deadline runs it in slices. Memory is linear in the number of action profiles, and so
is the time of a round, with a small factor for the profiles asleep.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.repeated.payoff_sets.float_polygon import compiled, greatest_distance, hull_of
from detente.repeated.payoff_sets.self_generation import BOTH_BIND, FIRST_BINDS, FOR_EVER, SECOND_BINDS

Floats = NDArray[np.float64]

# Share of a player's payoff range within which a constraint is met and the iteration has come to rest.
TOLERANCE = 1e-13
# A profile wakes up this much before it could make a corner.
EARLY = 1e-12
# Rounds between two looks at who may sleep.
NAP = 4
# Profile visits between two looks at the clock.
SLICE = 1_000_000
# After this many rounds, and at least this much over 1 − δ, movements that have fallen to no less than a share of SLOW
# since half as many rounds are those of a double root, 1/n² in round n: it would be at rest after millions of rounds.
PATIENCE, PATIENCE_OVER = 2**16, 64.0
SLOW = 1 / 8


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
    wake = np.zeros(n)  # the total movement at which each profile is looked at again
    movement = np.array([0.0, np.inf])  # so far, and in the last round
    per_slice = max(1, SLICE // (n + 1))
    rounds, halfway = 0, 0.0
    checkpoint = int(max(PATIENCE, PATIENCE_OVER / (1.0 - discount))) // 2
    while True:
        hull, own, count, done, at_rest = _advance(
            payoffs,
            need,
            discount,
            hull,
            own,
            threat,
            active,
            wake,
            movement,
            min(per_slice, checkpoint - rounds),
            *space,
        )
        active = active[:count]
        rounds += done
        slow = False
        if rounds == checkpoint:
            slow = 0.0 < SLOW * halfway < movement[1]
            halfway, checkpoint = movement[1], 2 * checkpoint
        if at_rest or slow or time.monotonic() > end:
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
    wake: Any,
    movement: Any,
    most_rounds: int,
    points: Any,
    owners: Any,
) -> Any:
    """Up to ``most_rounds`` rounds; the state from ``threat`` to ``movement`` is updated in place."""
    count = len(active)
    for rounds in range(1, most_rounds + 1):
        until = movement[0] + movement[1]  # rounds seldom move further than the last
        while True:
            size, count, earliest = _generate(
                payoffs, need, discount, hull, threat, active, count, wake, until, points, owners
            )
            new, own = hull_of(points, owners, size)
            moved = greatest_distance(hull, new, 0.0) if len(new) else np.inf
            apart = 1.5 * greatest_distance(new, hull, moved)
            if movement[0] + apart <= earliest:
                break
            until = np.inf
        if len(new) == 0:
            return new, own, count, rounds, True
        if rounds % NAP == 1:
            _put_to_sleep(payoffs, need, discount, hull, new, threat, active, count, wake, until, movement[0], apart)
        movement[0], movement[1] = movement[0] + apart, apart
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
    wake: Any,
    until: float,
    points: Any,
    owners: Any,
) -> Any:
    """All points (1 − δ) g(a) + δ w of one round, without the profiles that sleep beyond ``until``.

    Forgets profiles that W can no longer support. Returns the number of points, that of the profiles that remain, and
    the earliest time at which one of those left asleep is to wake up.
    """
    top0, top1 = hull[:, 0].max(), hull[:, 1].max()
    ends_of, ring = _ends(hull), np.concatenate((hull, hull))
    earliest = np.inf
    size = 0
    k = 0
    while k < count:
        a = active[k]
        if wake[a] > until:
            earliest = min(earliest, wake[a])
            k += 1
            continue
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
                low, high = _section(ring, ends_of, axis, line)
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
    return size, count, earliest


@compiled
def _put_to_sleep(
    payoffs: Any,
    need: Any,
    discount: float,
    hull: Any,
    new: Any,
    threat: Any,
    active: Any,
    count: int,
    wake: Any,
    until: float,
    total: float,
    moved: float,
) -> None:
    """Let the profiles just visited sleep until the sets have moved by half their depth.

    All that a profile generates from a set W' is in (1 − δ) g(a) + δ Q(a), or is g(a) itself if that is kept now. If W'
    is no further than ε from the new set, and nor is what W' generates, then Q(a) extends at most ε beyond what
    :func:`_depth` takes it to be, and a point inside the new set by ε is inside the other as well.
    """
    m = len(new)
    if m < 3:
        return
    normals = np.empty((m, 3))
    for j in range(m):
        dx, dy = new[j, 0] - new[j - 1, 0], new[j, 1] - new[j - 1, 1]
        length = np.hypot(dx, dy)
        normals[j, 0], normals[j, 1] = dy / length, -dx / length
        normals[j, 2] = normals[j, 0] * new[j, 0] + normals[j, 1] * new[j, 1]
    top0, top1 = hull[:, 0].max(), hull[:, 1].max()
    for k in range(count):
        a = active[k]
        if wake[a] <= until:
            g0, g1 = payoffs[0, a], payoffs[1, a]
            c0, c1 = threat[0] + need[0, a], threat[1] + need[1, a]
            depth = _depth(g0, g1, c0, c1, top0, top1, discount, normals, moved)
            wake[a] = total + moved + 0.5 * depth - EARLY


@compiled
def _depth(
    g0: float, g1: float, c0: float, c1: float, top0: float, top1: float, discount: float, normals: Any, moved: float
) -> float:
    """How deep inside the new set G is at least; negative if it may not be inside.

    Beyond a side n · x ≤ b of the new set, W reaches no further than b + ``moved``; nor is n · w, for w ∈ Q(a), greater
    than at a corner of the box between u + h(a) and the greatest payoffs.
    """
    for_ever = g0 >= c0 - TOLERANCE and g1 >= c1 - TOLERANCE
    depth = np.inf
    for j in range(len(normals)):
        n0, n1, bound = normals[j, 0], normals[j, 1], normals[j, 2]
        furthest = bound + moved
        if not for_ever:
            box = n0 * (top0 if n0 > 0.0 else c0) + n1 * (top1 if n1 > 0.0 else c1)
            furthest = min(furthest, box)
        depth = min(depth, bound - (1.0 - discount) * (n0 * g0 + n1 * g1) - discount * furthest)
        if depth <= 0.0:
            break
    return depth


@compiled
def _has_point_above(hull: Any, c0: float, c1: float) -> bool:
    """Whether W has a corner with both constraints met (if no constraint line meets Q(a), Q(a) is W or empty)."""
    return bool(((hull[:, 0] >= c0 - TOLERANCE) & (hull[:, 1] >= c1 - TOLERANCE)).any())


@compiled
def _ends(hull: Any) -> Any:
    """For each axis the corner that is least in it, and how many corners on the greatest is."""
    m = len(hull)
    ends = np.empty((2, 2), dtype=np.int64)
    for axis in range(2):
        least = greatest = 0
        for k in range(m):
            if hull[k, axis] < hull[least, axis]:
                least = k
            if hull[k, axis] > hull[greatest, axis]:
                greatest = k
        ends[axis, 0], ends[axis, 1] = least, (greatest - least) % m
    return ends


@compiled
def _section(ring: Any, ends: Any, axis: int, line: float) -> Any:
    """The range of the other coordinate where coordinate ``axis`` equals ``line``; (inf, -inf) if missed.

    By bisection: the coordinate rises from the least corner on to the greatest, and falls from there. ``ring`` is the
    list of corners, twice over.
    """
    low, high = np.inf, -np.inf
    other = 1 - axis
    for falls in range(2):
        sign = -1.0 if falls else 1.0
        aim = sign * line
        first = ends[axis, 0] + falls * ends[axis, 1]
        last = ends[axis, 0] + (len(ring) // 2 if falls else ends[axis, 1])
        if sign * ring[last, axis] < aim - TOLERANCE or sign * ring[first, axis] > aim + TOLERANCE:
            continue
        start, stop = first, last
        while first < last:  # the first corner that is not clearly before the line
            middle = (first + last) // 2
            if sign * ring[middle, axis] < aim - TOLERANCE:
                first = middle + 1
            else:
                last = middle
        before = sign * ring[first - 1, axis] if first > start else np.inf
        for k in range(first, stop + 1):
            here = sign * ring[k, axis]
            if here <= aim + TOLERANCE:
                low, high = min(low, ring[k, other]), max(high, ring[k, other])
            if before < aim and aim < here:
                height = ring[k - 1, other] + (aim - before) / (here - before) * (ring[k, other] - ring[k - 1, other])
                low, high = min(low, height), max(high, height)
            if here > aim + TOLERANCE:
                break
            before = here
    return low, high
