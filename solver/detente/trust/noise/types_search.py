"""The search that closes in on the value of a best reply to several types, from below and from above.

See :mod:`detente.trust.noise.several_types`. Where to look, and which plan or point to use, is decided in floating
point; what is claimed is computed exactly, and rounded in its own direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from detente.exact.polynomial import from_fmpq
from detente.trust.noise.check_types import BoundsCertificate
from detente.trust.noise.types_problem import Act, TypesProblem

SIMPLE = 2**40  # values are rounded, each in its direction, to multiples of the range of payoffs divided by this
COARSE, NEGLIGIBLE = 2**12, 1e-9  # and beliefs at which to look to so many parts; smaller ones are left out
Array = NDArray[np.float64]


class LowerPlan(NamedTuple):
    """At ``node``: an act, the number of the plan that follows each observation, and a lower bound on what that is
    worth against each type."""

    node: int
    action: int
    then: tuple[int, ...]
    worth: tuple[Any, ...]


class UpperPoint(NamedTuple):
    """At ``node`` and a belief: an upper bound on the best value."""

    node: int
    belief: tuple[Any, ...]
    value: Any


class Search:
    """Both bounds, and the search that closes in on the value at the prior.

    Where to look, and which plan or point to use, is decided in floating point; what is claimed is computed exactly.
    """

    def __init__(self, problem: TypesProblem, prior: list[Any], width: Any) -> None:
        self.problem, self.prior = problem, prior
        rewards = [r for row in problem.acts for act in row for r in act.reward]
        span = (max(rewards) - min(rewards)) or fmpq(1)
        self.goal, self.unit = width * span, span / SIMPLE
        types, size = range(len(problem.names)), len(problem.nodes)
        best = [problem.best_against(k) for k in types]
        self.corners = [tuple(best[k][n] for k in types) for n in range(size)]
        self.points: list[UpperPoint] = []
        self.plans: list[LowerPlan] = []
        self.sketches = [_Sketch(problem.acts[n], self.corners[n]) for n in range(size)]
        for a in range(len(problem.acts[0])):  # one act for ever
            worths = [problem.worth([{a: fmpq(1)}] * size, k) for k in types]
            shift = len(self.plans)
            for n in range(size):
                then = tuple(shift + o.target for o in problem.acts[n][a].seen)
                self._add_plan(LowerPlan(n, a, then, tuple(worths[k][n] for k in types)))
        self.low, self.high = self._below(0, prior)[0], self._above(0, prior)

    def run(self, deadline: float) -> bool:
        """Look along the widest histories until the bounds are close; whether they are."""
        while self.high - self.low > self.goal:
            if monotonic() > deadline:
                return False
            self._look(deadline)
            self.low, self.high = self._below(0, self.prior)[0], self._above(0, self.prior)
        return True

    def not_worse(self) -> list[int]:
        """The first acts whose upper bound is not below the lower bound of the best."""
        acts = range(len(self.problem.acts[0]))
        return [a for a in acts if self._one_act(0, self.prior, a) >= self.low]

    def certificate(self) -> BoundsCertificate:
        """Both bounds in names and Fractions."""
        problem = self.problem
        names = [problem.situation(n) for n in range(len(problem.nodes))]
        below = []
        for plan in self.plans:
            seen = problem.acts[plan.node][plan.action].seen
            then = {o.public: j for o, j in zip(seen, plan.then, strict=True)}
            below.append((names[plan.node], plan.action, then, _fractions(plan.worth)))
        above: dict[tuple[str, ...], list[tuple[tuple[Fraction, ...], Fraction]]] = {name: [] for name in names}
        for point in self.points:
            above[names[point.node]].append((_fractions(point.belief), from_fmpq(point.value)))
        corners = {name: _fractions(self.corners[n]) for n, name in enumerate(names)}
        return BoundsCertificate(names[0], below, corners, above)

    def _look(self, deadline: float) -> None:
        """One history, and both bounds improved along it, from its end."""
        beta = _float(self.problem.beta)
        allowed = _float(self.goal) / 2
        node, belief = 0, np.array([_float(p) for p in self.prior])
        path: list[tuple[int, Array]] = []
        while beta and monotonic() < deadline:
            allowed /= beta
            sketches = self.sketches
            act = max(sketches[node].acts, key=lambda act: act.value(belief, beta, sketches))
            widest, then = 0.0, None
            for target, chances in act.seen:
                reached = belief * chances
                chance = reached.sum()
                if not chance:
                    continue
                parts = _short(reached / chance)
                after = parts / parts.sum()
                gap = sketches[target].above(after)[0] - sketches[target].below(after)[0]
                if chance * (gap - allowed) > widest:
                    widest, then = chance * (gap - allowed), (target, parts)
            if then is None:
                break
            node, belief = then[0], then[1] / then[1].sum()
            path.append(then)
        for node, parts in reversed(path):
            shares = [fmpq(*float(part).as_integer_ratio()) for part in parts]
            self._improve(node, [share / sum(shares, fmpq(0)) for share in shares])
        self._improve(0, self.prior)

    def _improve(self, node: int, belief: list[Any]) -> None:
        acts = self.problem.acts[node]
        value = max(self._one_act(node, belief, a) for a in range(len(acts)))
        value = (value / self.unit).ceil() * self.unit
        if value < self._above(node, belief):
            self.points.append(UpperPoint(node, tuple(belief), value))
            self.sketches[node].add_point(len(self.points) - 1, belief, value - _dot(belief, self.corners[node]))
        best, most = None, self._below(node, belief)[0]
        for a, act in enumerate(acts):
            then = tuple(self._below(o.target, _times(belief, o.chances))[1] for o in act.seen)
            worth = []
            for k, reward in enumerate(act.reward):
                follow = zip(act.seen, then, strict=True)
                ahead = sum((o.chances[k] * self.plans[j].worth[k] for o, j in follow), fmpq(0))
                exact = (1 - self.problem.beta) * reward + self.problem.beta * ahead
                worth.append((exact / self.unit).floor() * self.unit)
            if _dot(belief, worth) > most:
                best, most = LowerPlan(node, a, then, tuple(worth)), _dot(belief, worth)
        if best is not None:
            self._add_plan(best)

    def _add_plan(self, plan: LowerPlan) -> None:
        self.sketches[plan.node].add_plan(len(self.plans), plan.worth)
        self.plans.append(plan)

    def _below(self, node: int, belief: Sequence[Any]) -> tuple[Any, int]:
        """The worth of a good plan at a belief (or a multiple of one), and its number."""
        j = self.sketches[node].below(np.array([_float(b) for b in belief]))[1]
        return _dot(belief, self.plans[j].worth), j

    def _above(self, node: int, belief: Sequence[Any]) -> Any:
        """The interpolation between a good point and the corners at a belief (or a multiple of one)."""
        corners = self.corners[node]
        plain = _dot(belief, corners)
        j = self.sketches[node].above(np.array([_float(b) for b in belief]))[1]
        if j is None:
            return plain
        point = self.points[j]
        share = min(b / p for b, p in zip(belief, point.belief, strict=True) if p)
        return plain + share * min(point.value - _dot(point.belief, corners), fmpq(0))

    def _one_act(self, node: int, belief: Sequence[Any], action: int) -> Any:
        act, beta = self.problem.acts[node][action], self.problem.beta
        ahead = sum((self._above(o.target, _times(belief, o.chances)) for o in act.seen), fmpq(0))
        return (1 - beta) * _dot(belief, act.reward) + beta * ahead


class _ActSketch:
    """An act in floating point."""

    def __init__(self, act: Act) -> None:
        self.reward = np.array([_float(r) for r in act.reward])
        self.seen = [(o.target, np.array([_float(c) for c in o.chances])) for o in act.seen]

    def value(self, belief: Array, beta: float, sketches: Sequence[_Sketch]) -> float:
        ahead = sum(sketches[target].above(belief * chances)[0] for target, chances in self.seen)
        return float((1 - beta) * (belief @ self.reward) + beta * ahead)


class _Sketch:
    """What is known at one node, in floating point."""

    def __init__(self, acts: Sequence[Act], corners: Sequence[Any]) -> None:
        self.acts = [_ActSketch(act) for act in acts]
        self.corners = np.array([_float(c) for c in corners])
        self.plans: list[int] = []
        self.points: list[int] = []
        self.worths = np.empty((0, len(corners)))
        self.inverse = np.empty((0, len(corners)))  # of beliefs; infinite where a type is impossible
        self.drops = np.empty(0)

    def add_plan(self, number: int, worth: Sequence[Any]) -> None:
        self.plans.append(number)
        self.worths = np.vstack([self.worths, [_float(w) for w in worth]])

    def add_point(self, number: int, belief: Sequence[Any], drop: Any) -> None:
        self.points.append(number)
        self.inverse = np.vstack([self.inverse, [1 / _float(b) if b else np.inf for b in belief]])
        self.drops = np.append(self.drops, _float(drop))

    def below(self, belief: Array) -> tuple[float, int]:
        values = self.worths @ belief
        k = int(values.argmax())
        return float(values[k]), self.plans[k]

    def above(self, belief: Array) -> tuple[float, int | None]:
        plain = float(self.corners @ belief)
        if not self.points:
            return plain, None
        with np.errstate(invalid="ignore"):
            shares = np.nanmin(np.where(np.isinf(self.inverse), np.nan, self.inverse * belief), axis=1)
        values = shares * self.drops
        k = int(values.argmin())
        return plain + float(values[k]), self.points[k]


def _dot(weights: Sequence[Any], values: Sequence[Any]) -> Any:
    return sum((w * v for w, v in zip(weights, values, strict=True)), fmpq(0))


def _times(belief: Sequence[Any], chances: Sequence[Any]) -> list[Any]:
    return [b * c for b, c in zip(belief, chances, strict=True)]


def _float(x: Any) -> float:
    return float(from_fmpq(x))


def _short(belief: Array) -> Array:
    """A belief close by, up to a factor, that is short to write. Each share is close *relative* to its size, as the
    interpolation needs it, and what is all but impossible becomes so."""
    mantissa, exponent = np.frexp(np.where(belief < NEGLIGIBLE, 0, belief))
    return np.asarray(np.ldexp(np.floor(mantissa * COARSE) / COARSE, exponent))


def _fractions(numbers: Sequence[Any]) -> tuple[Fraction, ...]:
    return tuple(from_fmpq(x) for x in numbers)
