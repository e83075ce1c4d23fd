"""Incentive slacks as functions of a parameter: what each deviation would lose, exactly, at every value.

The slack of a one-shot deviation is a rational function of the parameter (see :mod:`detente.repeated.decision`). Where
all are non-negative is :func:`~detente.repeated.thresholds.holds_where`; this module gives the functions themselves, to
be evaluated, drawn or differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.exact.polynomial import Polynomial, integer_ratio
from detente.exact.rational import to_fraction
from detente.exact.region import Constraint
from detente.game.repeated import RepeatedGame
from detente.game.stochastic import StochasticGame
from detente.repeated.setting import setting_of


@dataclass(frozen=True)
class Slack:
    """What ``constraint.player`` loses by deviating once, in normalised average value, as a function of a parameter.

    ``numerator(x) / denominator(x)``, the denominator positive on the parameter's domain.
    """

    constraint: Constraint
    parameter: str
    numerator: Polynomial
    denominator: Polynomial

    def __call__(self, value: Any) -> Fraction:
        """The exact slack at a rational value of the parameter."""
        x = to_fraction(value, self.parameter)
        return Fraction(self.numerator(x) / self.denominator(x))

    def sample(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slacks at many values, as floats: for drawing, not for deciding a sign."""
        return np.array([float(self(Fraction(float(x)))) for x in values])


def incentive_slacks(rg: RepeatedGame | StochasticGame, ag: Any, over: Any = "discount") -> tuple[Slack, ...]:
    """The slack of every one-shot deviation in every reachable state, as a function of one parameter.

    Parameters and errors as for :func:`detente.holds_where`. In a mixed prescription the actions played have slack too:
    the agreement holds where theirs are zero and no other is negative.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> slack = incentive_slacks(RepeatedGame(pd, 0), agreements.grim_trigger(pd))[0]
    >>> str(slack.constraint), slack.numerator, slack("3/4")
    ("US would gain by Restrict in state 'path'", 4x − 2, Fraction(1, 1))
    """
    setting = setting_of(rg, ag, over)
    found = []
    for i in range(len(setting.players)):
        keeper = setting.keeper(i, None)
        for constraint, top in keeper.slacks():
            bottom = keeper.value.denominator
            common = top.gcd(bottom) if top else bottom
            top, bottom = top // common, bottom // common
            found.append(Slack(constraint, setting.parameter, *integer_ratio(top, bottom)))
    return tuple(found)
