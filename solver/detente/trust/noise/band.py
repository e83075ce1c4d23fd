"""Certified bounds on the priors at which keeping is optimal, along a parameter, where finite plans are not enough.

The domain is cut into short intervals [x₁, x₂]. At both ends the best value is bounded from above on a grid of beliefs
(:mod:`detente.trust.noise.grid_bound`), by U₁ and U₂, and from below by finite plans, worth ℓ₁ and ℓ₂. Between them, at
x = (1 − t) x₁ + t x₂, all that is needed is proven for U(t) = (1 − t) U₁ + t U₂ + E and ℓ(t) = (1 − t) ℓ₁ + t ℓ₂ − M:

Weighted probabilities and rewards are affine in t. So one act followed by a plan is worth a quadratic function of t, a
Bernstein polynomial with the coefficients T₁ℓ₁, (T₁ℓ₂ + T₂ℓ₁)/2 and T₂ℓ₂, where Tᵢ is one step at xᵢ. For U, convex in
the belief, the same polynomial is an upper bound, since x Ū(b) is convex in likelihoods. If the middle coefficient
exceeds (U₁ + U₂)/2 by v at most, one step followed by U exceeds U by v/2 at most, and E = v / (2(1 − β)) makes U an
upper bound on the best value throughout; M does the like for plans. Both are of the order of (x₂ − x₁)².

What a deviation loses is concave in the belief, hence between grid points at least its chord, which is linear: again
constraints linear in trust with coefficients that are ratios of polynomials, one set of them sufficient and one
necessary. Intervals are halved until the bounds on the priors are as close as asked for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from time import monotonic
from typing import Any, NamedTuple

from flint import fmpq

from detente.errors import UnsupportedError
from detente.exact.intervals import Interval, IntervalSet, is_infinite
from detente.exact.polynomial import ONE, Poly, constant, from_fmpq, polynomial, to_fmpq
from detente.trust.cover import climb, curves, turned
from detente.trust.noise.along import Cell, NoisyAlong, constraints_of
from detente.trust.noise.constraints import LinearConstraint, LinearFamily
from detente.trust.noise.envelope import Envelope, best_plans, one_step, pieces
from detente.trust.noise.grid_bound import GridBound, upper_bounds
from detente.trust.noise.kept_beliefs import belief_grid, beliefs_of_keeping, critical_beliefs
from detente.trust.noise.model import Line as Numbers
from detente.trust.noise.model import NoisyEncounter, Step, keeping, worth

GRID = 65
MOST_PLANS = 40
PLANNING_TIME = 1.0
SHORT, SHORTEST = Fraction(1, 256), Fraction(1, 4096)  # of a cell
SEEN = 8  # parts of an interval between which the bounds are compared
SIMPLE = 2**44  # bounds are rounded outwards to multiples of the range of payoffs divided by this
Coefficients = tuple[Any, Any, Any]  # of a Bernstein polynomial


class Band(NamedTuple):
    """On disjoint intervals: constraints that are sufficient, and constraints that are necessary."""

    inner: list[LinearFamily]
    outer: list[LinearFamily]
    complete: bool


@dataclass(frozen=True)
class _End:
    """One value of the parameter: what keeping is worth, and both bounds on the best value."""

    x: Fraction
    meeting: NoisyEncounter
    kept: list[Numbers]
    steps: tuple[Step, ...]
    lower: tuple[Envelope, ...]
    upper: tuple[GridBound, ...]


def band(along: NoisyAlong, cell: Cell, width: Fraction, deadline: float) -> Band:
    """Bounds on a cell, the priors' ends no further apart than ``width`` where they exist, if there is time.

    At the end of patience, where β is 1, and for an interval too short to be halved again they are further apart.
    """
    for row in along.options:
        for option in row:
            weighted = [along.beta * c for o in option.outcomes for c in (o.keeper, o.other)]
            if any(p.degree() > 1 for p in (*weighted, *((ONE - along.beta) * r for r in option.reward))):
                expected = "a parameter on which payoffs and probabilities depend linearly: only bounds can be given"
                raise UnsupportedError("over", along.parameter, expected)
    lo, hi = cell.interval.lo, cell.interval.hi
    if is_infinite(lo) or is_infinite(hi):
        expected = "two ends, by 'within': here only bounds can be given, and the parameter has no natural ones"
        raise UnsupportedError("over", along.parameter, expected)
    start, stop = Fraction(lo), Fraction(hi)  # type: ignore[arg-type]
    inner: list[LinearFamily] = []
    outer: list[LinearFamily] = []
    if along.beta(to_fmpq(stop)) == 1:  # nothing is known where the future is all
        cut = stop - (stop - start) * SHORTEST
        inner.append(LinearFamily(Interval(cut, stop, False, False), (LinearConstraint(0, 0, -ONE, -ONE),)))
        outer.append(LinearFamily(inner[0].domain, ()))
        stop = cut
    complete = True
    ahead = [_end_at(along, stop), _end_at(along, (start + stop) / 2)]
    left = _end_at(along, start)
    while ahead:
        right = ahead[-1]
        domain = _between(cell.interval, left.x, right.x, last=len(ahead) == 1)
        pair = [LinearFamily(domain, tuple(rows)) for rows in _Between(along, cell, left, right).constraints()]
        length, whole = right.x - left.x, stop - start
        if length > SHORTEST * whole and not _close(pair, width, None if length <= SHORT * whole else SHORTEST * whole):
            if monotonic() < deadline:
                ahead.append(_end_at(along, (left.x + right.x) / 2))
                continue
            complete = False
        inner.append(pair[0])
        outer.append(pair[1])
        left = ahead.pop()
    return Band(inner, outer, complete)


def _between(whole: Interval, lo: Fraction, hi: Fraction, last: bool) -> Interval:
    return Interval(lo, hi, lo != whole.lo or whole.lo_closed, last and (hi != whole.hi or whole.hi_closed))


def _close(pair: Sequence[LinearFamily], width: Fraction, shortest: Fraction | None) -> bool:
    """Whether the bounds are close at some values of the parameter, and whether the values at which some prior is
    possible, but none is proven, make up intervals that are no longer than ``shortest``, if that is given."""
    if shortest is not None:
        proven, possible = (
            IntervalSet.of(*(i for where, _, _ in curves(family, upper=False) for i in where)) for family in pair
        )
        if any(float(gap.hi) - float(gap.lo) > shortest for gap in possible - proven):
            return False
    lo, hi = Fraction(pair[0].domain.lo), Fraction(pair[0].domain.hi)  # type: ignore[arg-type]
    for x in (lo + (hi - lo) * Fraction(k, SEEN) for k in range(SEEN + 1)):
        (low, high), (least, greatest) = (_priors(family, x) for family in pair)
        if least is None or greatest is None:  # no prior is possible
            continue
        if low is None or high is None:
            low, high = greatest, least
        if low - least > width or greatest - high > width:
            return False
    return True


def _priors(family: LinearFamily, x: Fraction) -> tuple[Any, Any]:
    """The least and the greatest prior at which all constraints hold, None if there is none."""
    rival = family.best_rival(x)
    least, rest = climb(rival)[0], climb(turned(rival))[0]
    return least, None if rest is None else 1 - rest


def _end_at(along: NoisyAlong, x: Fraction) -> _End:
    meeting = along.encounter(x)
    kept = worth(meeting, keeping(meeting))
    plans = best_plans(meeting, monotonic() + PLANNING_TIME, MOST_PLANS)
    bounds = upper_bounds(meeting, belief_grid(GRID, critical_beliefs(meeting, kept, plans.envelopes)))
    return _End(x, meeting, kept, plans.steps, plans.envelopes, tuple(_convex(bound) for bound in bounds))


def _convex(bound: GridBound) -> GridBound:
    """The greatest convex function below it at the points of the grid: still an upper bound, as the best value is
    convex, and still no act followed by it is worth more than it."""
    hull: list[tuple[Any, Any]] = []
    for x, y in zip(bound.grid, bound.heights, strict=True):
        while len(hull) > 1 and _left_of(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    return GridBound([x for x, _ in hull], [y for _, y in hull])


def _left_of(a: tuple[Any, Any], b: tuple[Any, Any], c: tuple[Any, Any]) -> bool:
    """Whether the middle point is on or above the line through the other two."""
    return bool((b[1] - a[1]) * (c[0] - a[0]) >= (c[1] - a[1]) * (b[0] - a[0]))


class _Between:
    """Sufficient and necessary constraints on the interval between two ends."""

    def __init__(self, along: NoisyAlong, cell: Cell, left: _End, right: _End) -> None:
        self.along, self.cell, self.left, self.right = along, cell, left, right
        self.kept = along.worth(along.keeping())
        self.beta = max(left.meeting.beta, right.meeting.beta)
        rewards = [r for end in (left, right) for row in end.meeting.options for o in row for r in o.reward]
        self.unit = (max(rewards) - min(rewards) or fmpq(1)) / SIMPLE

    def constraints(self) -> tuple[list[LinearConstraint], list[LinearConstraint]]:
        return list(self._sufficient()), list(self._necessary())

    def _sufficient(self) -> Iterator[LinearConstraint]:
        raised = self.beta * self._raise()
        for n, a in self.along.deviations():
            beliefs = self._beliefs(n)
            heights = [self._one_step(n, a, b, raised) for b in beliefs]
            for (b, low), (c, high) in pairwise(zip(beliefs, heights, strict=True)):
                rises = tuple((q - p) / (c - b) for p, q in zip(low, high, strict=True))
                at_one = tuple(p + (1 - b) * r for p, r in zip(low, rises, strict=True))
                at_zero = tuple(p - b * r for p, r in zip(low, rises, strict=True))
                yield from self._constraints(n, a, at_one, at_zero)

    def _one_step(self, node: int, action: int, belief: Any, more: Any) -> Coefficients:
        """An upper bound on the worth of an act at a belief."""
        corner = [
            one_step(end.meeting, values, node, action, belief)
            for end in (self.left, self.right)
            for values in (self.left.upper, self.right.upper)
        ]
        found = corner[0], (corner[1] + corner[2]) / 2, corner[3]
        first, middle, last = (((c + more) / self.unit).ceil() * self.unit for c in found)
        return first, middle, last

    def _raise(self) -> Any:
        """E: how much the bounds between must be raised to be proven."""
        most = fmpq(0)
        for n, row in enumerate(self.along.options):
            first, second = self.left.upper[n], self.right.upper[n]
            for b in sorted({*first.grid, *second.grid}):
                height = (first.at(b, 1 - b) + second.at(b, 1 - b)) / 2
                for a in range(len(row)):
                    crossed = one_step(self.left.meeting, self.right.upper, n, a, b)
                    crossed += one_step(self.right.meeting, self.left.upper, n, a, b)
                    most = max(most, crossed / 2 - height)
        return most / (2 * (1 - self.beta))

    def _beliefs(self, node: int) -> list[Any]:
        """Beliefs around those at which an act just does not gain, at either end, and certainty."""
        marks: dict[int, list[Any]] = {0: [], 1: []}
        for end in (self.left, self.right):
            for values in (end.upper, end.lower):
                bounds = beliefs_of_keeping(end.meeting, end.kept, values, node).bounds
                for side, mark in enumerate(bounds or ()):
                    marks[side].append(mark)
        found = {fmpq(0), fmpq(1)}
        grid = sorted({*self.left.upper[node].grid, *self.right.upper[node].grid})
        for ends in marks.values():
            if ends:
                lo, hi = min(ends), max(ends)
                before, after = bisect_left(grid, lo) - 1, bisect_right(grid, hi)
                found |= {lo, hi, (lo + hi) / 2, grid[max(before, 0)], grid[min(after, len(grid) - 1)]}
        if len(found) == 2:
            found |= set(grid[:: max(1, len(grid) // 8)])
        return sorted(found)

    def _necessary(self) -> Iterator[LinearConstraint]:
        shift = len(self.left.steps)
        moved = (Step(s.node, s.action, tuple(shift + j for j in s.then)) for s in self.right.steps)
        steps = [*self.left.steps, *moved]
        lines = [worth(end.meeting, steps) for end in (self.left, self.right)]
        short = fmpq(0)
        for k, s in enumerate(steps):
            for side, (_, middle, _) in enumerate(self._act(s.node, s.action, s.then, lines)):
                short = max(short, (lines[0][k][side] + lines[1][k][side]) / 2 - middle)
        less = self.beta * short / (2 * (1 - self.beta))  # β M
        for n, a in self.along.deviations():
            ways = (*self._continuations(self.left, n, a, 0), *self._continuations(self.right, n, a, shift))
            for then in dict.fromkeys(ways):
                sides = (
                    tuple(((c - less) / self.unit).floor() * self.unit for c in side)
                    for side in self._act(n, a, then, lines)
                )
                yield from self._constraints(n, a, *sides)

    def _act(
        self, node: int, action: int, then: Sequence[int], lines: Sequence[Sequence[Numbers]]
    ) -> list[Coefficients]:
        """The worth of an act followed by plans, against each type."""
        found = []
        for side in (0, 1):
            corner = []
            for end in (self.left, self.right):
                option, beta = end.meeting.options[node][action], end.meeting.beta
                chances = [o.other if side else o.keeper for o in option.outcomes]
                for worths in lines:
                    ahead = sum((c * worths[j][side] for c, j in zip(chances, then, strict=True)), fmpq(0))
                    corner.append((1 - beta) * option.reward[side] + beta * ahead)
            found.append((corner[0], (corner[1] + corner[2]) / 2, corner[3]))
        return found

    def _continuations(self, end: _End, node: int, action: int, shift: int) -> Iterator[tuple[int, ...]]:
        """The plans that are best after an act, at the beliefs at which one gives way to another."""
        outcomes = end.meeting.options[node][action].outcomes
        marks = pieces(end.meeting, end.lower, node, action)
        for lo, hi in pairwise(marks):
            x = (lo + hi) / 2
            yield tuple(shift + end.lower[o.target].label(o.keeper * x, o.other * (1 - x)) for o in outcomes)

    def _constraints(self, node: int, action: int, at_one: Any, at_zero: Any) -> list[LinearConstraint]:
        """What keeping is worth more than a deviation whose worth against each type is a Bernstein polynomial."""
        keeper, other = self.kept[node]
        mine = (keeper.top - self._polynomial(at_one) * keeper.bottom) * other.bottom
        theirs = (other.top - self._polynomial(at_zero) * other.bottom) * keeper.bottom
        return constraints_of(self.cell, node, action, (mine, theirs))

    def _polynomial(self, coefficients: Coefficients) -> Poly:
        lo, hi = self.left.x, self.right.x
        t = polynomial([-lo / (hi - lo), 1 / (hi - lo)])
        first, middle, last = (constant(from_fmpq(c)) for c in coefficients)
        return first * (ONE - t) ** 2 + 2 * middle * t * (ONE - t) + last * t**2
