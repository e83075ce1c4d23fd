"""A self-generating polygon just inside a payoff set, from a floating-point approximation of it.

At rest each corner of Abreu and Sannikov's set is generated in one of four ways (see
:mod:`detente.repeated.payoff_sets.abreu_sannikov`): by its own stage payoff for ever, by the corner u + h(a), or by
the point where a line wᵢ = uᵢ + hᵢ(a) meets an edge of the set. So the corners solve a system of equations, one a
corner, which says what depends on what; in general its solution is algebraic of high degree. Asked instead for
continuations that lie a little (η) *inside* those edges, the system has a solution of a slightly smaller set, in which
every corner is generated with room to spare. Room to spare survives rounding: the solution is iterated to convergence
in rationals on a binary grid much finer than η, coordinates on which a constraint binds are then computed from the
others exactly, and whether the rational polygon is self-generating is decided by
:func:`detente.repeated.payoff_sets.self_generation.is_self_generating`. Nothing is assumed.

Corners that depend on no cycle of the system (stage payoffs, what one step builds on them) are exact from the start
and are not moved inside. With η = 0 the iteration converges to the corners themselves; where all of them turn out to
be short rationals, the exact check decides whether those are the closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat, fmpq_poly, fmpz_mat, fmpz_poly

from detente.exact.algebraic import Algebraic, real_roots
from detente.exact.number_field import NumberField, to_float
from detente.exact.polygon import Polygon, convex_hull
from detente.repeated.payoff_sets.abreu_sannikov import Approximation, Floats
from detente.repeated.payoff_sets.self_generation import BOTH_BIND, FIRST_BINDS, FOR_EVER, Stage, is_self_generating

# Corners of the approximation closer than this, and those that stand out by less, are one or none.
NEAR = 1e-10
# How far continuations are moved inside the edges, tried from the finest, as a power of two.
INSIDE = (60, 48, 38, 30, 22, 15)
GUARD_BITS = 10
# Bits of the solution in which closed forms are looked for, the greatest degree, and the share of the bits that the
# integers of a relation may have together: in one that is an accident they have all of them.
FINE_BITS, MAX_DEGREE, ACCIDENT = 900, 6, 0.7
# Bits that tell one root of a short equation from the next; were they too few, the exact check would fail.
SEPARATING_BITS = 100
NEWTON_STEPS = 30


class Rule(NamedTuple):
    """How a corner is generated. ``line`` is the axis on which the constraint binds (None: see ``kind``).

    The continuation's other coordinate is read off the edge between the corners ``edge``, ``inside`` (±1 or 0) being
    the direction into the set.
    """

    profile: int
    kind: int
    line: int | None = None
    edge: tuple[int, int] = (0, 0)
    inside: int = 0


class System(NamedTuple):
    """A rule a corner, and for each player the least payoff: a constant, or the corner whose payoff it is."""

    rules: list[Rule]
    least: list[Any | int]
    start: Floats


def inner_set(stage: Stage, found: Approximation, stop: Callable[[], bool]) -> tuple[Polygon, tuple[int, ...], bool]:
    """A self-generating polygon, its corners' profiles, and whether it is a closed form; empty if none is found."""
    system = _system(stage, found)
    if system is None:
        return (), (), False
    exact = _closed_form(stage, system, stop)
    if exact is not None:
        return (*exact, True)
    for bits in INSIDE:
        if stop():
            break
        attempt = _checked(stage, system, _solve(stage, system, bits, bits + GUARD_BITS, stop))
        if attempt is not None:
            return (*attempt, False)
    return (), (), False


def _checked(stage: Stage, system: System, points: list[Any] | None) -> tuple[Polygon, tuple[int, ...]] | None:
    if points is None:
        return None
    profile = {p: rule.profile for p, rule in zip(points, system.rules, strict=True)}
    corners = convex_hull(points)
    profiles = tuple(profile[p] for p in corners)
    return (corners, profiles) if is_self_generating(stage, corners, profiles) else None


# --- reading the system off the approximation ----------------------------------------------------------------------


def _system(stage: Stage, found: Approximation) -> System | None:
    keep = _distinct_corners(found.corners)
    corners = found.corners[keep]
    if len(corners) == 0:
        return None
    least: list[Any] = [_least(stage, found, keep, axis) for axis in (0, 1)]
    rules = []
    for k in keep:
        rule = _rule(stage, found, int(k), corners)
        if rule is None:
            return None
        rules.append(rule)
    return System(rules, least, corners)


def _distinct_corners(corners: Floats) -> list[int]:
    """Indices of corners that are apart from each other and off the chord of their neighbours."""
    keep = [k for k in range(len(corners)) if k == 0 or np.abs(corners[k] - corners[k - 1]).max() > NEAR]
    while len(keep) > 1 and np.abs(corners[keep[-1]] - corners[keep[0]]).max() <= NEAR:
        keep.pop()
    k = 0
    while len(keep) > 2 and k < len(keep):
        p, v, q = (corners[keep[j % len(keep)]] for j in (k - 1, k, k + 1))
        d = q - p
        flat = d[0] * (v[1] - p[1]) - d[1] * (v[0] - p[0]) >= -NEAR * np.abs(d).max()
        if flat and np.dot(v - p, q - v) >= 0:
            keep.pop(k)
            k = max(0, k - 1)
        else:
            k += 1
    return keep


def _least(stage: Stage, found: Approximation, keep: list[int], axis: int) -> Any:
    """The threat: where its constraint binds on its own corner, u = (1 − δ) d + δ u, the deviation payoff d."""
    low = found.corners[keep, axis].min()
    lowest = [j for j, k in enumerate(keep) if found.corners[k, axis] <= low + NEAR]
    for j in lowest:
        a = int(found.profile[keep[j]])
        ratio = stage.discount / (1 - stage.discount)
        deviation = stage.payoffs[a][axis] + ratio * stage.need[a][axis]
        if found.kind[keep[j]] in (FOR_EVER, BOTH_BIND, FIRST_BINDS + axis) and abs(to_float(deviation) - low) <= NEAR:
            return deviation
    return lowest[0]


def _rule(stage: Stage, found: Approximation, k: int, corners: Floats) -> Rule | None:
    a, kind = int(found.profile[k]), int(found.kind[k])
    if kind in (FOR_EVER, BOTH_BIND):
        return Rule(a, kind)
    d = to_float(stage.discount)
    g = np.array([to_float(x) for x in stage.payoffs[a]])
    w = (found.corners[k] - (1 - d) * g) / d
    axis = kind - FIRST_BINDS
    best: tuple[float, Rule] | None = None
    ends = [e[1] for e in _crossings(corners, axis, w[axis])]
    for edge, height in _crossings(corners, axis, w[axis]):
        gap = abs(height - w[1 - axis])
        if best is None or gap < best[0]:
            spread = max(ends) - min(ends)
            inside = 0 if spread <= NEAR else (1 if height - min(ends) < spread / 2 else -1)
            best = gap, Rule(a, kind, axis, edge, inside)
    return None if best is None else best[1]


def _crossings(corners: Floats, axis: int, line: float) -> Iterator[tuple[tuple[int, int], float]]:
    """Edges that meet a line, with the other coordinate there; a corner on the line is an edge from it to itself."""
    m = len(corners)
    for j in range(m):
        p, q = corners[j], corners[(j + 1) % m]
        if abs(p[axis] - line) <= NEAR:
            yield (j, j), float(p[1 - axis])
        if min(p[axis], q[axis]) + NEAR < line < max(p[axis], q[axis]) - NEAR:
            share = (line - p[axis]) / (q[axis] - p[axis])
            yield (j, (j + 1) % m), float(p[1 - axis] + share * (q[1 - axis] - p[1 - axis]))


# --- solving it ----------------------------------------------------------------------------------------------------


def _solve(stage: Stage, system: System, inside: int | None, bits: int, stop: Callable[[], bool]) -> list[Any] | None:
    """The corners to 2^-bits, continuations moved inside by 2^-inside; None if Newton's method does not settle."""
    margin = fmpq(0) if inside is None else fmpq(1, 2**inside)
    points = [tuple(_rational(x) for x in p) for p in system.start.tolist()]
    fixed = _independent(system)
    for _ in range(len(fixed)):  # constants first, then what follows from them
        threat = _threat(system, points)
        points = [
            _apply(stage, rule, points, threat, fmpq(0)) if k in fixed else p
            for k, (rule, p) in enumerate(zip(system.rules, points, strict=True))
        ]
    free = [k for k in range(len(points)) if k not in fixed]
    # A double root wants steps of twice the length, and twice the digits.
    solved = _newton(stage, system, points, free, margin, bits, 1, stop) if free else points
    points = solved or _newton(stage, system, points, free, margin, bits, 2, stop) or []
    if not points:
        return None
    # Binding coordinates exactly from the free ones, those of the threats first
    threat = _threat(system, points)
    return [_bound(stage, rule, p, threat) for rule, p in zip(system.rules, points, strict=True)]


def _newton(
    stage: Stage,
    system: System,
    points: list[Any],
    free: list[int],
    margin: Any,
    bits: int,
    multiplicity: int,
    stop: Callable[[], bool],
) -> list[Any] | None:
    """Newton's method on the corners ``free``; None if it does not settle."""
    points = list(points)
    for count in range(NEWTON_STEPS):
        if stop():
            return None
        # Every other step is plain, for the directions in which the root is simple.
        length = multiplicity if count % 2 else 1
        step = _newton_step(stage, system, points, free, margin)
        if step is None:
            return None
        for k, move in zip(free, step, strict=True):
            x, y = (u - length * v for u, v in zip(points[k], move, strict=True))
            points[k] = _rounded(x, multiplicity * bits + GUARD_BITS), _rounded(y, multiplicity * bits + GUARD_BITS)
        if max(abs(x) for move in step for x in move) <= fmpq(4, 2**bits):
            return points
    return None


def _newton_step(stage: Stage, system: System, points: list[Any], free: list[int], margin: Any) -> list[Any] | None:
    """The solution of (I − S') step = x − S(x) for the corners ``free``; None if it is singular."""
    column = {(k, axis): 2 * j + axis for j, k in enumerate(free) for axis in (0, 1)}
    n = 2 * len(free)
    matrix, right = fmpq_mat(n, n), fmpq_mat(n, 1)
    threat = _threat(system, points)
    for j, k in enumerate(free):
        image = _apply(stage, system.rules[k], points, threat, margin)
        for axis in (0, 1):
            right[2 * j + axis, 0] = points[k][axis] - image[axis]
            matrix[2 * j + axis, 2 * j + axis] = fmpq(1)
        for (axis, variable), slope in _slopes(stage, system, system.rules[k], points, threat):
            if variable in column:
                matrix[2 * j + axis, column[variable]] -= slope
    try:
        solution = matrix.solve(right)
    except ZeroDivisionError:
        return None
    return [(solution[2 * j, 0], solution[2 * j + 1, 0]) for j in range(len(free))]


Slope = tuple[tuple[int, tuple[int, int]], Any]


def _slopes(stage: Stage, system: System, rule: Rule, points: list[Any], threat: Any) -> Iterator[Slope]:
    """The non-zero partial derivatives of :func:`_apply`: ((axis, (corner, its axis)), derivative)."""
    if rule.kind == FOR_EVER:
        return
    d = stage.discount
    source = [(u, axis) if isinstance(u, int) else (-1, axis) for axis, u in enumerate(system.least)]
    if rule.line is None:
        yield from (((axis, source[axis]), d) for axis in (0, 1))
        return
    axis, other = rule.line, 1 - rule.line
    yield (axis, source[axis]), d
    j, k = rule.edge
    p, q = points[j], points[k]
    if p[axis] == q[axis]:
        yield (other, (j, other)), d
        return
    share = (stage.floor(rule.profile, threat)[axis] - p[axis]) / (q[axis] - p[axis])
    slope = (q[other] - p[other]) / (q[axis] - p[axis])
    yield (other, source[axis]), d * slope
    yield (other, (j, other)), d * (1 - share)
    yield (other, (k, other)), d * share
    yield (other, (j, axis)), -d * slope * (1 - share)
    yield (other, (k, axis)), -d * slope * share


def _threat(system: System, points: list[Any]) -> Any:
    return tuple(points[u][axis] if isinstance(u, int) else u for axis, u in enumerate(system.least))


def _apply(stage: Stage, rule: Rule, points: list[Any], threat: Any, margin: Any) -> Any:
    """The corner that its rule makes of the others."""
    if rule.kind == FOR_EVER:
        return stage.payoffs[rule.profile]
    floor = stage.floor(rule.profile, threat)
    if rule.line is None:
        return stage.generated(rule.profile, floor)
    axis = rule.line
    p, q = points[rule.edge[0]], points[rule.edge[1]]
    other = p[1 - axis]
    if p[axis] != q[axis]:
        other += (floor[axis] - p[axis]) / (q[axis] - p[axis]) * (q[1 - axis] - p[1 - axis])
    other += rule.inside * margin
    w = (floor[0], other) if axis == 0 else (other, floor[1])
    return stage.generated(rule.profile, w)


def _bound(stage: Stage, rule: Rule, point: Any, threat: Any) -> Any:
    """``point`` with the coordinates on which constraints bind recomputed exactly."""
    if rule.kind == FOR_EVER:
        return point
    exact = stage.generated(rule.profile, stage.floor(rule.profile, threat))
    if rule.line is None:
        return exact
    return (exact[0], point[1]) if rule.line == 0 else (point[0], exact[1])


def _independent(system: System) -> set[int]:
    """Corners that depend on no cycle: constants, and what follows from constants."""
    known: set[int] = set()
    while True:
        fixed_threat = [not isinstance(u, int) or u in known for u in system.least]
        more = {
            k
            for k, rule in enumerate(system.rules)
            if rule.kind == FOR_EVER
            or (rule.line is None and all(fixed_threat))
            or (rule.line is not None and fixed_threat[rule.line] and set(rule.edge) <= known)
        }
        if more == known:
            return known
        known = more


# --- closed forms --------------------------------------------------------------------------------------------------


def _closed_form(stage: Stage, system: System, stop: Callable[[], bool]) -> tuple[Polygon, tuple[int, ...]] | None:
    """The corners as elements of one number field of low degree, if the exact check agrees."""
    points = _solve(stage, system, None, FINE_BITS, stop)
    if points is None:
        return None
    roots: list[tuple[Algebraic, Any]] = []
    for x in {x for p in points for x in p}:
        root = _root(x)
        if root is None:
            return None
        if isinstance(root, Algebraic):
            roots.append((root, x))
    generator, alpha = max(roots, key=lambda r: r[0].polynomial.degree, default=(None, None))
    field = None if generator is None else NumberField(generator)
    recognised = []
    for p in points:
        numbers = [_in_field(x, field, alpha) for x in p]
        if None in numbers:
            return None
        recognised.append(tuple(numbers))
    return _checked(stage, system, recognised)


def _root(x: Any) -> Any | None:
    """The algebraic number of lowest degree that ``x`` approximates beyond chance; None if there is none."""
    if x.q.bit_length() <= FINE_BITS // 4:
        return x
    powers = [fmpq(1)]
    for _ in range(MAX_DEGREE):
        powers.append(powers[-1] * x)
        relation = _relation(powers)
        if relation is not None:
            roots = real_roots(fmpz_poly(relation))
            return min(roots, key=lambda r: abs(_near(r) - x))
    return None


def _near(root: Any) -> Any:
    lo, hi = root.refine(Fraction(1, 2**SEPARATING_BITS)) if isinstance(root, Algebraic) else (root, root)
    middle = (lo + hi) / 2
    return fmpq(middle.numerator, middle.denominator)


def _in_field(x: Any, field: NumberField | None, alpha: Any) -> Any | None:
    """``x`` as a rational or as an element of the field, whose generator is close to ``alpha``."""
    relation = [0, 0] if x.q.bit_length() <= FINE_BITS // 4 else _relation([x, fmpq(1)])
    if relation is not None:
        return fmpq(-relation[1], relation[0]) if relation[0] else x
    if field is None:
        return None
    relation = _relation([x, *(alpha**k for k in range(field.degree))])
    if relation is None or relation[0] == 0:
        return None
    return field.element(fmpq_poly([fmpq(-c, relation[0]) for c in relation[1:]]))


def _relation(numbers: list[Any]) -> list[int] | None:
    """Integers with which the numbers add up to nothing as far as their bits tell, if that is no accident."""
    n = len(numbers)
    bits = FINE_BITS - 60
    images = [int((x * 2**bits).p // (x * 2**bits).q) for x in numbers]
    rows = [[int(j == k) for j in range(n)] + [images[k]] for k in range(n)]
    first = [int(x) for x in fmpz_mat(rows).lll().entries()[: n + 1]]
    return first[:n] if n * max(abs(c) for c in first).bit_length() <= ACCIDENT * bits else None


def _rounded(x: Any, bits: int) -> Any:
    return fmpq((x.p << bits) // x.q, 2**bits) if x.q.bit_length() > bits else x


def _rational(x: float) -> Any:
    return fmpq(*x.as_integer_ratio())
