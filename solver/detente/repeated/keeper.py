"""One player whose rivals keep an agreement: the deviations there are, and what each of them costs.

Values, slacks and the sets on which an agreement holds, in repeated and in stochastic games, all come from the walk
over one-shot deviations in this module; what a game or an agreement is, it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from detente.exact.intervals import IntervalSet
from detente.exact.polynomial import Poly
from detente.exact.region import Constraint
from detente.exact.sign_sets import where_nonnegative
from detente.repeated.decision import DecisionProblem, Plan, PolicyValue


@dataclass(frozen=True)
class Keeper:
    """A player's decision problem when all others keep an agreement, and the plan of keeping it as well.

    ``states`` names the problem's states, ``actions[s]`` the player's actions in each.
    """

    player: Any
    problem: DecisionProblem
    plan: Plan
    states: tuple[str, ...]
    actions: tuple[tuple[Any, ...], ...]

    @cached_property
    def value(self) -> PolicyValue:
        """What keeping the agreement is worth in every state."""
        return self.problem.value(self.plan)

    def slacks(self) -> Iterator[tuple[Constraint, Poly]]:
        """Every one-shot deviation, state by state, and a polynomial: the slack times the value's denominator.

        Any action but one prescribed for certain is a deviation: those that a lottery draws must be worth as much as
        the lottery, and since it averages them, that is so wherever none is worth more.
        """
        for s, state in enumerate(self.states):
            for action, name in enumerate(self.actions[s]):
                if action != self.plan[s]:
                    yield Constraint(self.player, state, name), self.problem.slack(self.value, s, action)

    def one_shot_constraints(self) -> list[tuple[Constraint, IntervalSet]]:
        """Where each one-shot deviation gains nothing."""
        return [(deviation, where_nonnegative(slack, self.problem.domain)) for deviation, slack in self.slacks()]

    def best_reply_constraints(self, start: int) -> list[tuple[Constraint, IntervalSet]]:
        """Where keeping the agreement from ``start`` on is worth as much as each plan that is optimal somewhere.

        Such a plan is named by the first state in which it departs from the agreement.
        """
        found = []
        for rival, kept in self.problem.attained_set(self.plan, start).rivals:
            departure = self.problem.first_departure(self.plan, rival, start)
            if departure is not None:
                s, action = departure
                found.append((Constraint(self.player, self.states[s], self.actions[s][action]), kept))
        return found
