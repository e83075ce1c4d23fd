"""The best value as a function of belief, exactly where it is piecewise linear, and from below everywhere.

A finite plan is worth a linear function of the belief, so the best of finitely many plans is a convex, piecewise linear
lower bound on the best value at each node. Policy iteration over finite plans (Hansen 1998, *Solving POMDPs by
searching in policy space*; Sondik 1978, *Operations Research* 26) improves it: wherever doing one act and then
following the best known plan does better than all known plans, that is a new plan; a plan that another one beats at
every belief gives its place to it; and for the beliefs at hand plans are tied together so that they may refer to
themselves. All is exact: with one belief the pieces are intervals with rational ends, and an improvement shows at one
of those ends. If none is left, the bound *is* the best value (Blackwell 1965). It need not come to that: the best value
can have infinitely many pieces.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

from flint import fmpq

from detente.trust.noise.model import Line, NoisyEncounter, Step, keeping, worth

MOST_STEPS = 120  # besides two a node
# Where the pieces are infinitely many, improvements go on for ever, ever smaller: below this share of the range of
# payoffs they are left, after some rounds in which plans could have come to refer to themselves.
LEAST_GAIN, FIRST_ROUNDS = fmpq(1, 10**9), 8
ZERO, ONE = fmpq(0), fmpq(1)


class Envelope:
    """The maximum of lines on [0, 1]: which of them is highest on which interval of beliefs."""

    def __init__(self, lines: Sequence[tuple[Line, int]]) -> None:
        """``lines`` with a label each."""
        hull: list[tuple[Line, int]] = []
        ends: list[Any] = []  # hull[k] gives way to hull[k + 1] at ends[k]
        for line, label in sorted(lines, key=lambda item: (item[0][0] - item[0][1], item[0][1])):
            keep = True
            while hull:
                (k, o), _ = hull[-1]
                rise = (line[0] - line[1]) - (k - o)
                if rise == 0:  # parallel: the later one is at least as high
                    hull.pop()
                    if ends:
                        ends.pop()
                    continue
                crossing = (o - line[1]) / rise
                if crossing >= 1:
                    keep = False
                    break
                if crossing > 0 and (not ends or crossing > ends[-1]):
                    ends.append(crossing)
                    break
                hull.pop()
                if ends:
                    ends.pop()
            if keep:
                hull.append((line, label))
        self.lines = [line for line, _ in hull]
        self.labels = [label for _, label in hull]
        self.ends = ends

    def at(self, x: Any, y: Any) -> Any:
        """The height at odds x : y, times x + y."""
        k, o = self.lines[self.piece(x, y)]
        return k * x + o * y

    def label(self, x: Any, y: Any) -> int:
        """Which line is highest there."""
        return self.labels[self.piece(x, y)]

    def piece(self, x: Any, y: Any) -> int:
        """The number of that line, from left to right."""
        total = x + y
        return bisect_right(self.ends, x / total) if total else 0


@dataclass(frozen=True)
class Plans:
    """Finite plans and the envelope of what they are worth at each node; ``exact`` if that is the best value."""

    steps: tuple[Step, ...]
    envelopes: tuple[Envelope, ...]
    exact: bool


def best_plans(meeting: NoisyEncounter, deadline: float, most_steps: int = MOST_STEPS) -> Plans:
    """Improve plans, starting from keeping the agreement, until nothing improves, or too many plans or time ran out."""
    steps = keeping(meeting)
    rewards = [r for row in meeting.options for option in row for r in option.reward]
    negligible = LEAST_GAIN * (max(rewards) - min(rewards))
    for rounds in count():
        lines = worth(meeting, steps)
        while len(fewer := _without_dominated(steps, lines)) < len(steps):
            steps = fewer
            lines = worth(meeting, steps)
        steps, lines = _used(meeting, steps, lines)
        envelopes = _envelopes(meeting, steps, lines)
        fresh, gain = _improvements(meeting, envelopes)
        slow = rounds >= FIRST_ROUNDS and gain <= negligible
        many = len(steps) + len(fresh) > most_steps + 2 * len(meeting.nodes)
        if not fresh or slow or many or monotonic() > deadline:
            break
        steps = [*steps, *fresh]
        lines = worth(meeting, steps)
        steps = [*steps, *_referring_to_themselves(meeting, steps, _envelopes(meeting, steps, lines))]
    return Plans(tuple(steps), tuple(envelopes), not fresh)


def _envelopes(meeting: NoisyEncounter, steps: Sequence[Step], lines: Sequence[Line]) -> list[Envelope]:
    own: list[list[tuple[Line, int]]] = [[] for _ in meeting.nodes]
    for k, step in enumerate(steps):
        own[step.node].append((lines[k], k))
    return [Envelope(lines) for lines in own]


def _improvements(meeting: NoisyEncounter, envelopes: Sequence[Envelope]) -> tuple[list[Step], Any]:
    """Every act, followed by the best known plans, that does better than the best known plan at some belief; and the
    most that any does."""
    fresh: dict[Step, None] = {}
    most = ZERO
    for n, row in enumerate(meeting.options):
        for action, option in enumerate(row):
            ordered = sorted({*pieces(meeting, envelopes, n, action), *envelopes[n].ends})
            gains = [one_step(meeting, envelopes, n, action, x) - envelopes[n].at(x, 1 - x) for x in ordered]
            most = max(most, *gains)
            for k in range(len(ordered) - 1):  # between these points everything is linear
                if gains[k] > 0 or gains[k + 1] > 0:
                    x = (ordered[k] + ordered[k + 1]) / 2
                    then = tuple(envelopes[o.target].label(o.keeper * x, o.other * (1 - x)) for o in option.outcomes)
                    fresh[Step(n, action, then)] = None
    return list(fresh), most


def one_step(meeting: NoisyEncounter, values: Sequence[Any], node: int, action: int, x: Any) -> Any:
    """The worth at belief ``x`` of one act, if what follows at each node is worth ``values[node].at(…)``."""
    option = meeting.options[node][action]
    now = option.reward[0] * x + option.reward[1] * (1 - x)
    ahead = sum((values[o.target].at(o.keeper * x, o.other * (1 - x)) for o in option.outcomes), ZERO)
    return (1 - meeting.beta) * now + meeting.beta * ahead


def is_best_between(
    meeting: NoisyEncounter, envelopes: Sequence[Envelope], hull: Mapping[int, tuple[Any, Any]]
) -> bool:
    """Whether no act followed by the best known plans does better than these, at any node and belief in ``hull``.

    If no acts lead out of ``hull``, the envelopes are then the best value there, whatever they are elsewhere.
    """
    for n, (lo, hi) in hull.items():
        for action in range(len(meeting.options[n])):
            marks = {*pieces(meeting, envelopes, n, action), *envelopes[n].ends}
            for x in {lo, hi, *(x for x in marks if lo < x < hi)}:
                if one_step(meeting, envelopes, n, action, x) > envelopes[n].at(x, 1 - x):
                    return False
    return True


def _referring_to_themselves(
    meeting: NoisyEncounter, steps: Sequence[Step], envelopes: Sequence[Envelope]
) -> list[Step]:
    """For every piece of the envelopes a new state of one common plan: at a belief within the piece it does what is
    best there, and goes on to the new state for the piece in which the next belief lies. (The ends 0 and 1 have states
    of their own, since a belief that is certain stays so.)"""
    place: dict[tuple[int, Any], int] = {}
    witnesses: list[tuple[int, Any]] = []
    for n, envelope in enumerate(envelopes):
        bounds = [ZERO, *envelope.ends, ONE]
        for key, belief in [
            ("0", ZERO),
            *((k, (bounds[k] + bounds[k + 1]) / 2) for k in range(len(bounds) - 1)),
            ("1", ONE),
        ]:
            place[n, key] = len(steps) + len(witnesses)
            witnesses.append((n, belief))

    def state(n: int, x: Any, y: Any) -> int:
        return place[n, ("0" if x == 0 else "1" if y == 0 else envelopes[n].piece(x, y))]

    fresh = []
    for n, belief in witnesses:
        action = steps[envelopes[n].label(belief, 1 - belief)].action
        outcomes = meeting.options[n][action].outcomes
        then = tuple(state(o.target, o.keeper * belief, o.other * (1 - belief)) for o in outcomes)
        fresh.append(Step(n, action, then))
    return fresh


def pieces(meeting: NoisyEncounter, values: Sequence[Any], node: int, action: int) -> list[Any]:
    """0, 1 and the beliefs between which the worth of one act, followed by ``values``, is linear."""
    points = {ZERO, ONE}
    for o in meeting.options[node][action].outcomes:
        if o.keeper and o.other:
            points |= {o.other * b / (o.other * b + o.keeper * (1 - b)) for b in values[o.target].ends}
    return sorted(points)


def _without_dominated(steps: list[Step], lines: Sequence[Line]) -> list[Step]:
    """Plans that another plan for the same node is as good as at every belief give their place to it."""
    place = list(range(len(steps)))
    best: dict[int, int] = {}  # by node: of the plans so far, the best against the opportunist
    for i in sorted(place, key=lambda k: (-lines[k][0], -lines[k][1], k)):
        j = best.get(steps[i].node)
        if j is not None and lines[j][1] >= lines[i][1]:
            place[i] = j
        else:
            best[steps[i].node] = i
    return _renumbered(steps, [i for i in range(len(steps)) if place[i] == i], place)


def _used(meeting: NoisyEncounter, steps: list[Step], lines: Sequence[Line]) -> tuple[list[Step], list[Line]]:
    """The plans that are best at some belief, and those that they refer to."""
    used = [label for envelope in _envelopes(meeting, steps, lines) for label in envelope.labels]
    for i in used:  # grows as plans are referred to
        used += [j for j in dict.fromkeys(steps[i].then) if j not in used]
    kept = sorted(used)
    return _renumbered(steps, kept, range(len(steps))), [lines[i] for i in kept]


def _renumbered(steps: Sequence[Step], kept: Sequence[int], place: Sequence[int]) -> list[Step]:
    number = {i: k for k, i in enumerate(kept)}
    return [Step(steps[i].node, steps[i].action, tuple(number[place[j]] for j in steps[i].then)) for i in kept]
