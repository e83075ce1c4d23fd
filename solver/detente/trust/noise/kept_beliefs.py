"""The priors at which keeping the agreement is optimal, given what may follow a deviation.

At a node and a belief, an act gains over keeping if its payoff and what follows it are worth more. If what follows is
worth a piecewise linear function of the belief, so is the gain, and the beliefs at which no act gains form an interval
with rational ends. It is exact if the function is the best value, too large if it is a lower bound on that, too small
if it is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flint import fmpq

from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.exact.region import Constraint
from detente.trust.noise.drift import Bounds, Kept, kept_throughout
from detente.trust.noise.envelope import Envelope, one_step, pieces
from detente.trust.noise.grid_bound import GridBound
from detente.trust.noise.model import Line, NoisyEncounter

Values = Sequence[Envelope | GridBound]  # what may follow, one function of the belief a node


class Priors(NamedTuple):
    """Priors at which keeping is optimal (None: at none), and the deviations that bound them below and above."""

    bounds: Bounds
    below: Constraint | None
    above: Constraint | None


class Beliefs(NamedTuple):
    """Beliefs at one node at which no act gains (None: at none), and the acts that bound them below and above."""

    bounds: Bounds
    below: int | None = None
    above: int | None = None


def priors_of_keeping(meeting: NoisyEncounter, kept: Sequence[Line], values: Values) -> Priors:
    """The priors from which no deviation gains at any node and belief that keeping leads to.

    ``kept`` is what keeping is worth at each node, ``values`` what may follow a deviation.
    """
    if meeting.beta:
        found = [beliefs_of_keeping(meeting, kept, values, n) for n in range(len(meeting.nodes))]
        result = kept_throughout(meeting, [beliefs.bounds for beliefs in found])
    else:  # without a future only what is done first counts
        found = [beliefs_of_keeping(meeting, kept, values, 0)]
        result = Kept(found[0].bounds, 0, 0)
    game = meeting.rg.game

    def named(node: int | None, below: bool) -> Constraint | None:
        action = None if node is None else found[node].below if below else found[node].above
        if node is None or action is None:
            return None
        return Constraint(game.players[meeting.player], meeting.state(node), game.actions[meeting.player][action])

    return Priors(result.priors, named(result.low_node, True), named(result.high_node, False))


def beliefs_of_keeping(meeting: NoisyEncounter, kept: Sequence[Line], values: Values, node: int) -> Beliefs:
    """The beliefs at a node at which no act, followed by ``values``, gains over keeping.

    For each act they form an interval, since its gain is convex; between the points where a piece ends it is linear.
    """
    lo, hi = fmpq(0), fmpq(1)
    below, above = None, None
    for action in range(len(meeting.options[node])):
        if action == meeting.keep[node]:
            continue
        points = pieces(meeting, values, node, action)
        slack = [
            kept[node][0] * x + kept[node][1] * (1 - x) - one_step(meeting, values, node, action, x) for x in points
        ]
        fine = [k for k, s in enumerate(slack) if s >= 0]
        if not fine:
            return Beliefs(None, action, action)
        first, last = fine[0], fine[-1]
        left = points[first] if first == 0 else _zero(points, slack, first - 1)
        right = points[last] if last == len(points) - 1 else _zero(points, slack, last)
        if left > lo:
            lo, below = left, action
        if right < hi:
            hi, above = right, action
        if lo > hi:
            return Beliefs(None, below, above)
    return Beliefs((lo, hi), below, above)


def _zero(points: Sequence[Any], slack: Sequence[Any], k: int) -> Any:
    """Where the slack, linear between points k and k + 1, is zero."""
    return points[k] + (points[k + 1] - points[k]) * slack[k] / (slack[k] - slack[k + 1])


def critical_beliefs(meeting: NoisyEncounter, kept: Sequence[Line], values: Values) -> list[Any]:
    """Beliefs after a deviation where it just does not gain, and after two more acts: there a bound must be good."""
    found = set()
    for n in range(len(meeting.nodes)):
        bounds = beliefs_of_keeping(meeting, kept, values, n).bounds
        frontier = [(n, end) for end in bounds or () if 0 < end < 1]
        for _ in range(3):
            frontier = [
                (o.target, o.keeper * x / (o.keeper * x + o.other * (1 - x)))
                for node, x in frontier
                for option in meeting.options[node]
                for o in option.outcomes
                if o.keeper and o.other
            ][:100]
            found |= {_rounded(x) for _, x in frontier}
    return sorted(found)


def belief_grid(size: int, extra: Sequence[Any] = ()) -> list[Any]:
    """Beliefs from 0 to 1: evenly spaced, evenly spaced in the logarithm of the odds, and ``extra`` ones."""
    half = size // 2
    even = {fmpq(k, half) for k in range(half + 1)}
    # Eight points each time the odds double, thinned out to about as many as the even ones
    steps = [fmpq(int(1000 * 2 ** (f / 8)), 1000) for f in range(8)]
    odds = sorted(fmpq(2) ** j * step for j in range(-14, 14) for step in steps)
    skewed = {1 / (1 + o) for o in odds[:: max(1, len(odds) // half)]}
    return sorted(even | skewed | {_rounded(x) for x in extra if 0 < x < 1})


def _rounded(x: Any) -> Any:
    """A rational close to ``x`` in (0, ∞) with a short denominator."""
    return to_fmpq(from_fmpq(x).limit_denominator(10**9)) or x
