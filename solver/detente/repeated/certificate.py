"""The independent check that a region of parameter values carries: of the whole claim, and of single constraints.

Its answers come from :mod:`.check` and :mod:`.states.check`, which share no code with the solver; it is an object
rather than a closure so that regions can be sent to other processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from detente.exact.region import Constraint
from detente.game.agreement import Agreement
from detente.game.repeated import RepeatedGame
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import StochasticAgreement
from detente.repeated import check
from detente.repeated.parameters import Over, with_parameter
from detente.repeated.states import check as states_check
from detente.repeated.states.kernel import StochasticOver, with_stochastic_parameter

Concept = Literal["subgame-perfect", "nash"]


@dataclass(frozen=True)
class AgreementCheck:
    """Whether an agreement on a repeated game holds for some players, at any value of one parameter."""

    game: RepeatedGame
    agreement: Agreement
    over: Over
    concept: Concept
    players: tuple[int, ...]

    def holds(self, x: Fraction) -> bool:
        """Whether it holds where the parameter is ``x``."""
        found = check.is_nash if self.concept == "nash" else check.is_subgame_perfect
        return found(with_parameter(self.game, self.over, x), self.agreement, self.players)

    def slack(self, constraint: Constraint, x: Fraction) -> Fraction | None:
        """What the constraint's deviation loses there; None if there is no such deviation.

        For the Nash concept: what the best of all strategies that deviate in this way loses.
        """
        names = self.game.game.players
        if constraint.player not in [names[i] for i in self.players]:
            return None
        there, who = with_parameter(self.game, self.over, x), names.index(constraint.player)
        if self.concept == "nash":
            return check.departure_slack(there, self.agreement, who, constraint.state, constraint.deviation)
        return _slack(check.slacks(there, self.agreement, [who]), constraint)


@dataclass(frozen=True)
class StochasticAgreementCheck:
    """The same of an agreement on a stochastic game."""

    game: StochasticGame
    agreement: StochasticAgreement
    over: StochasticOver
    concept: Concept
    players: tuple[int, ...]

    def holds(self, x: Fraction) -> bool:
        """Whether it holds where the parameter is ``x``."""
        nash = self.concept == "nash"
        found = states_check.is_nash_stochastic if nash else states_check.is_subgame_perfect_stochastic
        return found(with_stochastic_parameter(self.game, self.over, x), self.agreement, self.players)

    def slack(self, constraint: Constraint, x: Fraction) -> Fraction | None:
        """As :meth:`AgreementCheck.slack`; the Nash concept asks from every state in which play may begin."""
        names = self.game.players
        if constraint.player not in [names[i] for i in self.players]:
            return None
        there, who = with_stochastic_parameter(self.game, self.over, x), names.index(constraint.player)
        if self.concept == "nash":
            state, deviation = constraint.state, constraint.deviation
            return states_check.stochastic_departure_slack(there, self.agreement, who, state, deviation)
        return _slack(states_check.stochastic_slacks(there, self.agreement, [who]), constraint)


def _slack(table: dict[tuple[str, Any, Any], check.OneShot], constraint: Constraint) -> Fraction | None:
    row = table.get((constraint.state, constraint.player, constraint.deviation))
    return None if row is None or row.certain else row.slack
