"""Proving a payoff set from both sides: which proof to try in which order.

A floating-point approximation suggests a self-generating inner set. A few exact rounds from outside may meet it. If
not, and its corners have a closed form, they are compared with an outer bound from compiled rounds, and again after a
few exact ones; only if that does not close the gap does the exact iteration run to its end. If the approximation was
misled by a constraint that holds with equality, the outer bound's own last round, which is exact, makes the
suggestion; failing that, what can be built on pure stage equilibria is a poor but safe inner set.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq

from detente.exact.number_field import FieldElement, to_float
from detente.exact.polygon import Polygon, contains, convex_hull, squared_distance
from detente.repeated.payoff_sets.abreu_sannikov import Approximation
from detente.repeated.payoff_sets.inner_set import inner_set
from detente.repeated.payoff_sets.moving_corners import is_whole_set_with_fixed_corners
from detente.repeated.payoff_sets.nearby_profiles import as_floats
from detente.repeated.payoff_sets.outer_set import Bound, outer_bound
from detente.repeated.payoff_sets.rounded_outwards import outward_rounds
from detente.repeated.payoff_sets.self_generation import Stage, grown_from_nash
from detente.repeated.payoff_sets.whole_set import is_whole_set

# Irrational corners are replaced by rational ones this much further inside, as a power of two, in the outer bound.
INSIDE_BITS = 50
# Exact rounds from the feasible set, after which short numbers have often come to rest; from compiled rounds on, enough
# for corners that depend on no others to become exact; then without end.
ROUNDS = (4, 6, None)
# An inner set further than this from the outer bound is worth another try.
COARSE = 1e-9


class Sandwich(NamedTuple):
    """``inner`` ⊆ V* ⊆ ``outer``, scaled; ``gap`` bounds their distance; ``profiles`` generate the inner corners."""

    inner: Polygon
    profiles: tuple[int, ...]
    outer: Polygon
    gap: float
    exact: bool
    settled: bool


def sandwich(stage: Stage, found: Approximation, stop: Callable[[], bool]) -> Sandwich:
    """Inner and outer set of a stage game, by the time of ``stop``."""
    inner, profiles, closed = inner_set(stage, found, stop)
    rational = _rational(inner, profiles)
    hull, threat = convex_hull(stage.payoffs), stage.minmax
    for stretch, rounds in enumerate(ROUNDS):
        if stretch == 1:
            hull, threat = outward_rounds(stage, stop)
            if closed and _is_all(stage, inner, profiles, hull, stop):
                return Sandwich(inner, profiles, inner, 0.0, True, True)
        outer = outer_bound(stage, stop, hull, threat, *rational, most_rounds=rounds)
        if outer.exact:
            return Sandwich(outer.corners, tuple(g.profile for g in outer.generators), outer.corners, 0.0, True, True)
        if inner == outer.corners or (stretch and closed and _is_all(stage, inner, profiles, outer.corners, stop)):
            return Sandwich(inner, profiles, inner, 0.0, True, True)
        if stretch and outer.settled:
            break
        hull, threat = outer.corners, outer.threat
    candidates = [(inner, profiles)]
    if distance(inner, outer.corners) > COARSE:
        if outer.settled and all(g.kind >= 0 for g in outer.generators):
            candidates.append(inner_set(stage, _last_round(outer), stop)[:2])
        candidates.append(grown_from_nash(stage, stop))
    inner, profiles = min(candidates, key=lambda c: distance(c[0], outer.corners))
    gap = distance(inner, outer.corners)
    return Sandwich(inner, profiles, outer.corners, gap, False, outer.settled)


def _is_all(
    stage: Stage, corners: Polygon, profiles: tuple[int, ...], outer: Polygon, stop: Callable[[], bool]
) -> bool:
    """Whether V*, known to be between ``corners`` and ``outer``, is proven to be the hull of ``corners``."""
    if not outer:
        return False
    return is_whole_set(stage, corners, outer, stop) or is_whole_set_with_fixed_corners(
        stage, corners, profiles, outer, stop
    )


def _rational(corners: Polygon, profiles: tuple[int, ...]) -> tuple[Polygon, tuple[int, ...]]:
    """A polygon inside ``corners`` with rational corners, next to those that are irrational; profiles by corner."""
    if not any(isinstance(x, FieldElement) for p in corners for x in p):
        return corners, profiles
    middle = as_floats(corners).mean(axis=0)
    near = {}
    for v, a in zip(corners, profiles, strict=True):
        p = tuple(_towards(x, m) if isinstance(x, FieldElement) else x for x, m in zip(v, middle, strict=True))
        if contains(corners, (p[0], p[1])):
            near[p[0], p[1]] = a
    kept = convex_hull(near)
    return kept, tuple(near[p] for p in kept)


def _towards(x: FieldElement, middle: float) -> Any:
    return (
        x.bounds(INSIDE_BITS + 10)[0] * (2**INSIDE_BITS - 1) + fmpq(*float(middle).as_integer_ratio())
    ) / 2**INSIDE_BITS


def _last_round(outer: Bound) -> Approximation:
    profile, kind = (np.array([g[k] for g in outer.generators], dtype=np.int64) for k in (0, 1))
    corners = as_floats(outer.last)
    return Approximation(corners, profile, kind, corners.min(axis=0), 0, True)


def distance(inner: Polygon, outer: Polygon) -> float:
    """An upper bound on how far a point of ``outer`` can be from ``inner``; infinite if only the latter is empty."""
    if not outer:
        return 0.0
    if not inner:
        return inf
    square: Any = max(squared_distance(inner, p) for p in outer)
    # The root in floats errs by an ulp or two.
    return float(to_float(square) ** 0.5 * (1 + 2.0**-50))
