"""Incentive slacks as functions of a parameter: what each deviation would lose, exactly, at every value.

The slack of a one-shot deviation is a rational function of the parameter (see :mod:`detente.repeated.decision`). Where
all are non-negative is :func:`~detente.repeated.thresholds.holds_where`; this module gives the functions themselves, to
be evaluated, drawn or differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.exact.polynomial import Poly, Polynomial, integer_ratio, to_fmpq
from detente.exact.rational import to_fraction
from detente.exact.region import Constraint
from detente.game.agreement import Agreement
from detente.game.repeated import RepeatedGame
from detente.repeated.kernel import player_problem, strategy
from detente.repeated.parameters import Environment, resolve_over


@dataclass(frozen=True)
class Slack:
    """What ``constraint.player`` loses by deviating once, in normalised average value, as a function of a parameter.

    ``numerator(x) / denominator(x)``, the denominator positive on the parameter's domain.
    """

    constraint: Constraint
    parameter: str
    numerator: Polynomial
    denominator: Polynomial
    _top: Poly = field(repr=False, compare=False)
    _bottom: Poly = field(repr=False, compare=False)

    def __call__(self, value: Any) -> Fraction:
        """The exact slack at a rational value of the parameter."""
        x = to_fmpq(to_fraction(value, self.parameter))
        found = self._top(x) / self._bottom(x)
        return Fraction(int(found.p), int(found.q))

    def sample(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slacks at many values, as floats: for drawing, not for deciding a sign."""
        return np.array([float(self(Fraction(float(x)))) for x in values])


def incentive_slacks(rg: RepeatedGame, ag: Agreement, over: Any = "discount") -> tuple[Slack, ...]:
    """The slack of every one-shot deviation in every reachable state, as a function of one parameter.

    Parameters as for :func:`detente.holds_where`. In a mixed prescription the actions played have slack too: the
    agreement holds where theirs are zero and no other is negative.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> slack = incentive_slacks(RepeatedGame(pd, 0), agreements.grim_trigger(pd))[0]
    >>> str(slack.constraint), slack.numerator, slack("3/4")
    ("US would gain by Restrict in state 'path'", 4x − 2, Fraction(1, 1))
    """
    choice = resolve_over(over, rg)
    bound = ag.bind(rg.game, rg.monitoring)
    env = Environment(rg, choice)
    label = choice.label(rg.game)
    found = []
    for i, player in enumerate(rg.game.players):
        problem = player_problem(env, bound, i)
        plan = strategy(bound, i)
        value = problem.value(plan)
        for s, state in enumerate(bound.states):
            for action, name in enumerate(rg.game.actions[i]):
                if action != plan[s]:
                    top, bottom = problem.slack(value, s, action), value.denominator
                    common = top.gcd(bottom) if top else bottom
                    top, bottom = top // common, bottom // common
                    found.append(
                        Slack(Constraint(player, state, name), label, *integer_ratio(top, bottom), top, bottom)
                    )
    return tuple(found)
