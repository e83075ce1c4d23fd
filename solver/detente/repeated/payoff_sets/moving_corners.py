"""A second proof that a self-generating polygon is the payoff set: its corners move, and some stay where they are.

As in :mod:`detente.repeated.payoff_sets.whole_set`, a family W(η) ⊇ W of larger polygons is shown to satisfy "V* ⊆
W(η) implies V* ⊆ W(c η)" for one c < 1 and all η in (0, η₀], so that V* ⊆ W(η₀) implies V* ⊆ W. There the sides of
W(η) are parallel to those of W; here its corners are V_k + η d_k, with d_k = 0 for corners that depend on no other.
That is finer where a side joins a corner that moves to one that does not, as in a prisoner's dilemma with l > g.

With V* ⊆ W(η), every extreme point of V* is g(a) or (1 − δ) g(a) + δ w for a w ∈ W(η) at which a constraint binds.
For given a the extreme w are where lines wᵢ = uᵢ + hᵢ(a), with threats from uᵢ(η), the least payoffs of W(η), to
those of W, meet sides of W(η) or each other: rational functions of η. That they generate points of W(c η), to the
left of each of its sides, is that some polynomials in η are not negative on (0, η₀], which is read off their first
coefficient that is not zero if it outweighs the rest. The directions come from solving the linearised equations for d
in floats, each corner pushed a little further out than the others move it; they are only a suggestion.

**Double roots.** At the edge of a range of δ two solutions of the equations for the corners may meet, as in a dilemma
at Stahl's (1991) boundary. No c < 1 will do then, and the iteration from outside closes in like 1/n. The homogeneous
linearised equations have a solution d, along which the next term decides. W(c η) is replaced by W(η − κ η²) with some
κ > 0: as η − κ η² < η has no fixed point but 0, V* ⊆ W(η₀) still implies V* ⊆ W. The first-order terms must cancel
exactly, so d is found in rationals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat

from detente.exact.number_field import to_float
from detente.exact.polygon import Point, Polygon, contains, convex_hull, edges, section, turn
from detente.repeated.payoff_sets.nearby_profiles import NearbyProfiles
from detente.repeated.payoff_sets.self_generation import Stage, greatest_payoffs, least_payoffs

# Values of η₀ to try, as powers of two, those of κ, and bits of the directions.
REACH = (56, 48, 40, 30, 20, 14, 10)
CURVATURES = (4, 8, 16)
DIRECTION_BITS = 24
LARGEST, SINGULAR = 1e6, 1e4

Poly = list[Any]
ZERO = fmpq(0)


class _Family(NamedTuple):
    """Corners of W(η) and of its image W(c η) or W(η − κ η²), and the threats, as polynomials in η.

    ``least`` are the threats at η = 0.
    """

    corners: list[tuple[Poly, Poly]]
    image: list[tuple[Poly, Poly]]
    threat: tuple[Poly, Poly]
    least: Point
    reach: Any


class _Linearised(NamedTuple):
    """(I − S') for the equations that make the corners of each other, by (row, column); corner k has rows 2k, 2k + 1.

    ``push`` is the direction outwards in each row, 0 where a coordinate depends on nothing. ``source`` is for each
    player the corner whose payoff the threat is; None if it is a deviation payoff, which does not move.
    """

    matrix: dict[tuple[int, int], Any]
    push: list[int]
    source: list[int | None]


def is_whole_set_with_fixed_corners(
    stage: Stage, corners: Polygon, profiles: tuple[int, ...], outer: Polygon, stop: Callable[[], bool]
) -> bool:
    """Whether V*, known to be between ``corners`` and ``outer``, is proven to be the hull of ``corners``."""
    if len(corners) < 3:
        return False
    equations = _linearise(stage, corners, profiles)
    if equations is None:
        return False
    threat, top = least_payoffs(corners), greatest_payoffs(corners)
    active = [a for a, h in enumerate(stage.need) if max(h) <= 1]
    active = NearbyProfiles(stage).not_inside(corners, active, threat, top)
    active = [a for a in active if not contains(corners, stage.payoffs[a])]
    for directions, image in _directions(equations):
        moves = [ZERO if s is None else directions[s][axis] for axis, s in enumerate(equations.source)]
        for bits in REACH:
            reach = fmpq(1, 2**bits)
            larger = convex_hull(_moved(corners, directions, reach))
            if not all(contains(larger, p) for p in outer):
                continue
            family = _Family(
                [([v[0], d[0]], [v[1], d[1]]) for v, d in zip(corners, directions, strict=True)],
                [
                    ([v[0], *(c * d[0] for c in image)], [v[1], *(c * d[1] for c in image)])
                    for v, d in zip(corners, directions, strict=True)
                ],
                ([threat[0], moves[0]], [threat[1], moves[1]]),
                threat,
                reach,
            )
            if _is_convex(family) and not any(stop() or not _stays_inside(stage, a, family) for a in active):
                return True
            break
    return False


def _moved(corners: Polygon, directions: list[Point], reach: Any) -> list[Point]:
    return [(v[0] + reach * d[0], v[1] + reach * d[1]) for v, d in zip(corners, directions, strict=True)]


# --- directions ----------------------------------------------------------------------------------------------------


def _directions(equations: _Linearised) -> Iterator[tuple[list[Point], list[Any]]]:
    """Suggestions of a direction for every corner, each with the η-coefficients of the image: c, or 1 and −κ."""
    entries, push, n = equations.matrix, equations.push, len(equations.push)
    matrix = np.zeros((n, n))
    for (j, k), x in entries.items():
        matrix[j, k] = to_float(x)
    try:
        solution = np.linalg.solve(matrix, np.array(push, dtype=float))
    except np.linalg.LinAlgError:
        solution = np.full(n, np.inf)
    largest = np.abs(solution).max()
    if 0 < largest < LARGEST and (solution * push >= 0).all():
        scale = 2**DIRECTION_BITS
        rounded = [fmpq(round(x * scale), scale) for x in solution.tolist()]
        yield _pairs(rounded), [1 - fmpq(1, 4 * int(largest + 1))]
    if largest > SINGULAR and all(isinstance(x, fmpq) for x in entries.values()):
        alone = _kernel(entries, n)
        turned = None if alone is None else [x if sum(map(_product_sign, alone, push)) > 0 else -x for x in alone]
        if turned is not None and all(_product_sign(x, p) >= 0 for x, p in zip(turned, push, strict=True)):
            for bits in CURVATURES:
                yield _pairs(turned), [fmpq(1), -fmpq(1, 2**bits)]


def _pairs(rows: list[Any]) -> list[Point]:
    return list(zip(rows[::2], rows[1::2], strict=True))


def _product_sign(x: Any, y: Any) -> int:
    return int(x * y > 0) - int(x * y < 0)


def _kernel(entries: dict[tuple[int, int], Any], n: int) -> list[Any] | None:
    """The solution of the homogeneous equations, its largest coordinate ±1; None if there is not exactly one."""
    matrix = fmpq_mat(n, n)
    for place, x in entries.items():
        matrix[place] = x
    reduced, rank = matrix.rref()
    if rank != n - 1:
        return None
    pivots = [next(k for k in range(n) if reduced[j, k] != 0) for j in range(rank)]
    free = next(k for k in range(n) if k not in pivots)
    solution = [ZERO] * n
    solution[free] = fmpq(1)
    for j, k in enumerate(pivots):
        solution[k] = -reduced[j, free]
    largest = max(abs(x) for x in solution)
    return [x / largest for x in solution]


def _linearise(stage: Stage, corners: Polygon, profiles: tuple[int, ...]) -> _Linearised | None:
    """None if it is not clear what a corner depends on."""
    m = len(corners)
    threat = least_payoffs(corners)
    source = [_threat_source(stage, corners, profiles, threat, axis) for axis in (0, 1)]
    matrix: dict[tuple[int, int], Any] = {(k, k): fmpq(1) for k in range(2 * m)}
    push = [0] * (2 * m)
    delta = stage.discount

    def less(row: int, column: int, x: Any) -> None:
        matrix[row, column] = matrix.get((row, column), ZERO) - x

    for k, (v, a) in enumerate(zip(corners, profiles, strict=True)):
        w, c = stage.continuation(a, v), stage.floor(a, threat)
        if w == v:
            continue
        binding = [axis for axis in (0, 1) if w[axis] == c[axis]]
        for axis in binding:
            if source[axis] is not None:
                less(2 * k + axis, 2 * source[axis] + axis, delta)
                push[2 * k + axis] = -1
        if len(binding) == 2:
            continue
        if not binding:
            return None
        axis, other = binding[0], 1 - binding[0]
        side = next((j for j, (p, q) in enumerate(edges(corners)) if turn(p, q, w) == 0), None)
        span = section(corners, axis, w[axis])
        if side is None or span is None or span[0] == span[1]:
            return None
        p, q = corners[side], corners[(side + 1) % m]
        if p[axis] == q[axis]:
            return None
        share = (w[axis] - p[axis]) / (q[axis] - p[axis])
        slope = (q[other] - p[other]) / (q[axis] - p[axis])
        row = 2 * k + other
        for j, weight in ((side, 1 - share), ((side + 1) % m, share)):
            less(row, 2 * j + other, delta * weight)
            less(row, 2 * j + axis, -delta * slope * weight)
        if source[axis] is not None:
            less(row, 2 * source[axis] + axis, delta * slope)
        push[row] = 1 if w[other] == span[1] else -1
    return _Linearised(matrix, push, source)


def _threat_source(stage: Stage, corners: Polygon, profiles: tuple[int, ...], threat: Point, axis: int) -> Any:
    """The corner whose payoff the threat is; None if it is a deviation payoff, which does not move."""
    lowest = [k for k, v in enumerate(corners) if v[axis] == threat[axis]]
    for k in lowest:
        w = stage.continuation(profiles[k], corners[k])
        if w == corners[k] or w[axis] == stage.floor(profiles[k], threat)[axis]:
            return None
    return lowest[0]


# --- polynomials on (0, η₀] ----------------------------------------------------------------------------------------


def _sum(p: Poly, q: Poly, factor: Any = 1) -> Poly:
    n = max(len(p), len(q))
    return [(p[k] if k < len(p) else ZERO) + (factor * q[k] if k < len(q) else ZERO) for k in range(n)]


def _product(p: Poly, q: Poly) -> Poly:
    total = [ZERO] * (len(p) + len(q) - 1)
    for j, x in enumerate(p):
        for k, y in enumerate(q):
            total[j + k] = total[j + k] + x * y
    return total


def _sign(p: Poly, reach: Any) -> int | None:
    """The sign on all of (0, reach], 0 for the zero polynomial; None if the first coefficient does not decide."""
    first = next((k for k, c in enumerate(p) if c != 0), None)
    if first is None:
        return 0
    rest = sum((abs(c) * reach ** (k - first) for k, c in enumerate(p) if k > first), ZERO)
    if abs(p[first]) <= rest:
        return None
    return 1 if p[first] > 0 else -1


def _turn(a: tuple[Poly, Poly], b: tuple[Poly, Poly], v: tuple[Poly, Poly], bottom: Poly) -> Poly:
    """``bottom`` times :func:`detente.exact.polygon.turn` at the point ``v`` / ``bottom``."""
    x, y = (_sum(v[i], _product(a[i], bottom), -1) for i in (0, 1))
    return _sum(_product(_sum(b[0], a[0], -1), y), _product(_sum(b[1], a[1], -1), x), -1)


ONE: Poly = [fmpq(1)]


def _is_convex(family: _Family) -> bool:
    """Whether the corners of W(η) and W(c η) are corners, in this order, for all η."""
    m = len(family.corners)
    return all(
        _sign(_turn(p[k - 2], p[k - 1], p[k], ONE), family.reach) == 1
        for p in (family.corners, family.image)
        for k in range(m)
    )


# --- one profile ---------------------------------------------------------------------------------------------------


def _stays_inside(stage: Stage, a: int, family: _Family) -> bool:
    """Whether all that profile ``a``, with g(a) outside W, may generate from W(η) is inside W(c η)."""
    g = stage.payoffs[a]
    if not _never_for_ever(stage, a, family):
        return False
    for axis in (0, 1):
        candidates = _continuations(stage, a, axis, family)
        if candidates is None:
            return False
        for top, bottom in candidates:
            d = stage.discount
            v = tuple(_sum([d * x for x in top[i]], [(1 - d) * g[i] * x for x in bottom]) for i in (0, 1))
            m = len(family.image)
            for k in range(m):
                bound = _turn(family.image[k - 1], family.image[k], (v[0], v[1]), bottom)
                if _sign(bound, family.reach) not in (0, 1):
                    return False
    return True


def _never_for_ever(stage: Stage, a: int, family: _Family) -> bool:
    """Whether g(a), outside W, is for every η outside W(η) or not incentive compatible."""
    g = [stage.payoffs[a][0]], [stage.payoffs[a][1]]
    slack = [_sum(_sum(g[i], family.threat[i], -1), [stage.need[a][i]], -1) for i in (0, 1)]
    outside = (_turn(family.corners[k - 1], family.corners[k], g, ONE) for k in range(len(family.corners)))
    return any(_sign(p, family.reach) == -1 for p in (*slack, *outside))


Rational = tuple[tuple[Poly, Poly], Poly]


def _continuations(stage: Stage, a: int, axis: int, family: _Family) -> list[Rational] | None:
    """Extreme continuations at which the constraint on ``axis`` may bind, as fractions; None if that is unclear."""
    h = stage.need[a]
    floor = [_sum(family.threat[i], [h[i]]) for i in (0, 1)]
    lines = [floor[axis]]
    if any(c != 0 for c in family.threat[axis][1:]):
        lines.append([family.least[axis] + h[axis]])
    found: list[Rational] = []
    for line in lines:
        below = above = False
        for w, bottom in _crossings(family, axis, line):
            if bottom is None:
                return None
            sign = _sign(_sum(w[1 - axis], _product(floor[1 - axis], bottom), -1), family.reach)
            if sign is None:
                return None
            below, above = below or sign < 0, above or sign >= 0
            if sign >= 0:
                found.append((w, bottom))
        if below and above:
            found.append((_ordered(axis, line, floor[1 - axis]), ONE))
    if len(lines) == 2:  # corners in the strip between the lines
        for corner in family.corners:
            tests = [
                _sum(corner[axis], lines[0], -1),
                _sum(lines[1], corner[axis], -1),
                _sum(corner[1 - axis], floor[1 - axis], -1),
            ]
            signs = [_sign(p, family.reach) for p in tests]
            if -1 in signs:
                continue
            if None in signs:
                return None
            found.append((corner, ONE))
    return found


def _crossings(family: _Family, axis: int, line: Poly) -> Iterator[tuple[tuple[Poly, Poly], Poly | None]]:
    """Where a line meets sides of W(η), as numerators and a positive denominator; (…, None) if that is unclear."""
    m = len(family.corners)
    for k in range(m):
        p, q = family.corners[k - 1], family.corners[k]
        before, here = _sum(p[axis], line, -1), _sum(q[axis], line, -1)
        first, second = _sign(before, family.reach), _sign(here, family.reach)
        if first is None or second is None:
            yield q, None
        elif second == 0:
            yield q, ONE
        elif first * second < 0:
            bottom = _sum(here, before, -1) if second > 0 else _sum(before, here, -1)
            # p + (line − p) / (q − p) · (q − p), the sign of both differences turned if need be
            share = [-x for x in before] if second > 0 else before
            other = 1 - axis
            height = _sum(_product(p[other], bottom), _product(share, _sum(q[other], p[other], -1)))
            yield _ordered(axis, _product(line, bottom), height), bottom


def _ordered(axis: int, on_axis: Poly, other: Poly) -> tuple[Poly, Poly]:
    return (on_axis, other) if axis == 0 else (other, on_axis)
