"""How far observations can drive the odds before a node is reached, as one parameter varies.

Each observation multiplies the odds of facing the keeper by a ratio of likelihoods, here a ratio of polynomials in the
parameter. At one value of it the least product over all walks from the start to a node is a shortest walk (Bellman
1958; Ford 1956), multiplied instead of added; where some cycle's product is below one, the odds can come as close to
zero as one likes at every node behind it. That answer, found at a sample, stays valid as long as no observation
improves on the products found (they are feasible potentials) and the cycles found keep their products below one: a set
with exact ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import ONE, Poly, to_fmpq
from detente.exact.sign_sets import where_nonnegative, where_positive


class Observation(NamedTuple):
    """What may be seen at one node and leads to another; likelihoods of the type whose odds it moves and of the other.

    ``of`` may be the zero polynomial, ``against`` not.
    """

    source: int
    target: int
    of: Poly
    against: Poly


Factor = tuple[Poly, Poly] | None  # a ratio of polynomials, both positive where it is valid; None for zero


class Drift(NamedTuple):
    """The least product of likelihood ratios over walks to each node that can be reached, and where that is valid."""

    factors: dict[int, Factor]
    valid: IntervalSet


def least_factors(observations: Sequence[Observation], nodes: int, x: Fraction, domain: Interval) -> Drift:
    """The drift at ``x``, and the part of ``domain`` on which it is the same.

    All likelihoods that are not zero polynomials must be positive on ``domain``.
    """
    point = to_fmpq(x)
    ratios = [o.of(point) / o.against(point) for o in observations]
    vanishing = _behind(observations, {o.target for o in _from_start(observations) if not o.of})
    cycles: list[list[Observation]] = []
    while True:
        last, cycle = _shortest(observations, ratios, nodes, vanishing)
        if not cycle:
            break
        cycles.append(cycle)
        vanishing = _behind(observations, vanishing | {o.target for o in cycle})
    factors: dict[int, Factor] = dict.fromkeys(vanishing)
    for n in last:
        factors[n] = _product(n, last, point)
    valid = IntervalSet((domain,))
    for cycle in cycles:
        valid = valid & where_positive(prod((o.against for o in cycle), start=ONE) - _of(cycle), domain)
    for o in observations:
        before, after = factors.get(o.source), factors.get(o.target)
        if before is not None and after is not None:
            valid = valid & where_nonnegative(before[0] * o.of * after[1] - after[0] * before[1] * o.against, domain)
    return Drift(factors, valid)


def _of(walk: Sequence[Observation]) -> Poly:
    return prod((o.of for o in walk), start=ONE)


def _from_start(observations: Sequence[Observation]) -> list[Observation]:
    """Those that can be made at all."""
    reached = _behind(observations, {0})
    return [o for o in observations if o.source in reached]


def _behind(observations: Sequence[Observation], nodes: set[int]) -> set[int]:
    """The nodes and all that can follow them."""
    found = list(nodes)
    for n in found:  # grows as nodes are reached
        found += dict.fromkeys(o.target for o in observations if o.source == n and o.target not in found)
    return set(found)


def _shortest(
    observations: Sequence[Observation], ratios: Sequence[Any], nodes: int, vanishing: set[int]
) -> tuple[dict[int, Observation | None], list[Observation]]:
    """For every node outside ``vanishing`` the last observation of a least walk to it; or a cycle that lowers the
    odds for ever."""
    if 0 in vanishing:
        return {}, []
    least: dict[int, Any] = {0: to_fmpq(1)}
    last: dict[int, Observation | None] = {0: None}
    changed: int | None = 0
    for _ in range(nodes + 1):
        changed = None
        for o, ratio in zip(observations, ratios, strict=True):
            if o.source in least and o.target not in vanishing:
                through = least[o.source] * ratio
                if o.target not in least or through < least[o.target]:
                    least[o.target], last[o.target], changed = through, o, o.target
        if changed is None:
            return last, []
    # Still improving after as many rounds as there are nodes: some cycle lies behind the node that changed last.
    assert changed is not None
    at = changed
    for _ in range(nodes):
        at = _before(last, at)
    cycle: list[Observation] = []
    while not cycle or at != cycle[0].target:
        step = last[at]
        assert step is not None
        cycle.append(step)
        at = step.source
    return last, cycle


def _before(last: dict[int, Observation | None], node: int) -> int:
    step = last[node]
    assert step is not None
    return step.source


def _product(node: int, last: dict[int, Observation | None], point: Any) -> Factor:
    """The product of ratios along the least walk, in lowest terms and with positive parts."""
    top, bottom = ONE, ONE
    step = last[node]
    while step is not None:
        top, bottom = top * step.of, bottom * step.against
        step = last[step.source]
    common = top.gcd(bottom)
    top, bottom = top // common, bottom // common
    return (-top, -bottom) if top(point) < 0 else (top, bottom)
