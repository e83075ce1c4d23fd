"""Where keeping an agreement is optimal under noise, as one parameter varies: at given trust, and at any trust.

Each deviation gives constraints linear in trust, with coefficients that are polynomials in the parameter
(:mod:`detente.trust.noise.planned`). At given trust these are sign sets of polynomials, so the answer is a finite union
of intervals with exact ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from time import monotonic
from typing import NamedTuple

from detente.errors import UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.region import Constraint, Region, region_of
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import Over, with_parameter
from detente.trust.check import keeping_is_optimal
from detente.trust.noise.along import NoisyAlong
from detente.trust.noise.band import band
from detente.trust.noise.check import Plan, keeping_is_optimal_at_every_belief
from detente.trust.noise.constraints import LinearConstraint, LinearFamily, LinearParts, at_a_point
from detente.trust.noise.model import noisy_encounter
from detente.trust.noise.planned import exact_family
from detente.trust.types.partner_types import is_noisy

BUDGET = 20.0  # seconds for proofs


def region_under_noise(
    rg: RepeatedGame, ag: Agreement, player: int, opportunist: Machine | None, over: Over, trust: Fraction
) -> Region:
    """The values of the parameter ``over`` at which keeping is optimal at the prior ``trust``.

    Raises
    ------
    UnsupportedError
        Where the answer is not found exactly: the value of a deviation is not made of finitely many plans.
    """
    along = NoisyAlong(rg, ag, player, opportunist, over)
    name, labels = rg.game.players[player], rg.game.actions[player]
    parts = LinearParts(along.domain, along.variable, tuple(exact_families(along)))
    points = [x for x in along.special_points() if _holds_at_point(along, x, trust)]
    apart = [IntervalSet((Interval(x, x),)) for x in points]
    constraints = []
    for node, action in along.deviations():
        sets = [*(family.holds_where(node, action, trust) for family in parts.families), *apart]
        kept = IntervalSet.of(*(interval for found in sets for interval in found))
        constraints.append((Constraint(name, along.state(node), labels[action]), kept))
    claim = f"Keeping {ag.name or 'the agreement'} is optimal for {name}"

    def holds_at(x: Fraction) -> bool:
        return check_at(along, x, trust, parts.plans_at(x))

    return region_of(along.parameter, claim, along.domain, constraints, holds_at)


class Priors(NamedTuple):
    """Constraints on the whole domain of a parameter: sufficient ones, and necessary ones; the same, if exact."""

    inner: LinearParts
    outer: LinearParts
    complete: bool

    @property
    def exact(self) -> bool:
        return self.inner is self.outer


def exact_families(along: NoisyAlong) -> list[LinearFamily]:
    """The constraints on the domain without its special points."""
    if along.idle():
        return _idle_families(along)
    deadline = monotonic() + BUDGET
    found = []
    for cell in along.cells():
        family = exact_family(along, cell, deadline)
        if family is None:
            expected = "monitoring for which the answer is found exactly; trust_frontier and trust_bounds give bounds"
            raise UnsupportedError("monitoring", along.rg.monitoring, expected)
        found.append(family)
    return found


def priors_along(along: NoisyAlong, width: Fraction, budget: float) -> Priors:
    """The priors at which keeping is optimal, exactly, or between bounds no further apart than ``width``.

    Half of the ``budget``, in seconds, is for proofs that finitely many plans are enough, the rest for bounds.
    """
    began = monotonic()
    inner: list[LinearFamily] = []
    outer: list[LinearFamily] = []
    exact = complete = True
    points = along.special_points()
    if along.idle():
        inner = _idle_families(along)
        outer = list(inner)
    else:
        for cell in along.cells():
            family = exact_family(along, cell, began + budget / 2)
            if family is not None:
                inner.append(family)
                outer.append(family)
                continue
            if cell.interval.is_point:
                points.append(Fraction(cell.interval.lo))  # type: ignore[arg-type]
                continue
            exact = False
            found = band(along, cell, width, began + budget)
            inner += found.inner
            outer += found.outer
            complete = complete and found.complete
    for x in points:
        there = along.answer_at(x, width, max(began + budget - monotonic(), budget / 10))
        exact = exact and there.exact
        complete = complete and there.complete
        inner.append(at_a_point(x, there.inside))
        outer.append(at_a_point(x, there.possible))
    sufficient = LinearParts(along.domain, along.variable, tuple(inner))
    necessary = sufficient if exact else LinearParts(along.domain, along.variable, tuple(outer))
    return Priors(sufficient, necessary, complete)


def _idle_families(along: NoisyAlong) -> list[LinearFamily]:
    return [LinearFamily(part, tuple(_first_act(along))) for part in along.open_parts()]


def check_at(along: NoisyAlong, x: Fraction, trust: Fraction, plans: Sequence[Plan] = ()) -> bool:
    """The independent check at one value of the parameter: whether nothing gains, the ``plans`` included."""
    here = with_parameter(along.rg, along.over, x)
    case = here, along.agreement, along.player, along.machine
    if not is_noisy(here):
        return keeping_is_optimal(*case, trust)
    quiet = noisy_encounter(*case, "both").deviations_leave_no_mark()
    return keeping_is_optimal_at_every_belief(*case, trust, plans, depth=1 if quiet else 2)


def _first_act(along: NoisyAlong) -> list[LinearConstraint]:
    """Without a future only what is done first counts, at the prior."""
    kept = along.options[0][along.keep[0]].reward
    return [
        LinearConstraint(0, a, kept[0] - option.reward[0], kept[1] - option.reward[1])
        for a, option in enumerate(along.options[0])
        if a != along.keep[0]
    ]


def _holds_at_point(along: NoisyAlong, x: Fraction, trust: Fraction) -> bool:
    found = along.answer_at(x)
    if trust in found.inside or trust not in found.possible:
        return trust in found.inside
    raise UnsupportedError("over", along.parameter, f"an answer at {x} that is found exactly")
