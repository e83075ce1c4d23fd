"""An agreement on a repeated or a stochastic game, one parameter free: the same questions, one form for both.

A setting hands out each player's decision problem against others who keep the agreement (:mod:`.keeper`), and the
independent check of the agreement at any value of the parameter (:mod:`.certificate`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from detente.errors import ParameterError
from detente.exact.intervals import Interval
from detente.game.agreement import Agreement, as_agreement
from detente.game.labels import index_of
from detente.game.repeated import RepeatedGame
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import StochasticAgreement
from detente.repeated.certificate import AgreementCheck, Concept, StochasticAgreementCheck
from detente.repeated.keeper import Keeper
from detente.repeated.kernel import player_problem, strategy
from detente.repeated.parameters import Environment, resolve_over
from detente.repeated.states.kernel import (
    StochasticEnvironment,
    prescribed_actions,
    resolve_stochastic_over,
    stochastic_problem,
)

Tick = Callable[[], None]
FIXED: Any = object()  # what ``over`` is where no parameter is free


@dataclass(frozen=True)
class Setting:
    """An agreement on a game with one parameter free, or with none.

    Attributes
    ----------
    states, starts
        The names of the states that any acts or signals can reach, and the positions of those in which play may begin.
    parameter, domain
        The free parameter's name for a reader, and the values it may take.
    keeper
        A player's decision problem; a function of the player's index and of what is called now and then on the way.
    check
        The check, for a concept and the players who count, of the agreement at any value of the free parameter.
    """

    agreement: Agreement | StochasticAgreement
    players: tuple[Any, ...]
    states: tuple[str, ...]
    starts: tuple[int, ...]
    parameter: str
    domain: Interval
    keeper: Callable[[int, Tick | None], Keeper]
    check: Callable[[Concept, Sequence[int]], AgreementCheck | StochasticAgreementCheck]

    def whose(self, player: Any) -> Sequence[int]:
        """The players who count: all for None, or the one that is named."""
        return range(len(self.players)) if player is None else [index_of(player, self.players, "player")]


def setting_of(game: RepeatedGame | StochasticGame, agreement: Any, over: Any = FIXED) -> Setting:
    """The setting of an agreement on a game; ``over`` names the free parameter.

    Raises :class:`~detente.errors.ParameterError` for what is no game, :class:`~detente.errors.AgreementError` for an
    agreement that does not fit it, and what resolving ``over`` raises.
    """
    if isinstance(game, StochasticGame):
        return _stochastic(game, StochasticAgreement.of(agreement), over)
    if isinstance(game, RepeatedGame):
        return _repeated(game, as_agreement(agreement), over)
    raise ParameterError("rg", game, "a RepeatedGame or a StochasticGame")


def _repeated(rg: RepeatedGame, ag: Agreement, over: Any) -> Setting:
    choice = None if over is FIXED else resolve_over(over, rg)
    bound = ag.bind(rg.game, rg.monitoring)
    env = Environment(rg, choice)

    def keeper(i: int, tick: Tick | None) -> Keeper:
        problem = player_problem(env, bound, i, tick)
        actions = (rg.game.actions[i],) * len(bound.states)
        return Keeper(rg.game.players[i], problem, strategy(bound, i), bound.states, actions)

    def check(concept: Concept, players: Sequence[int]) -> AgreementCheck:
        assert choice is not None
        return AgreementCheck(rg, ag, choice, concept, tuple(players))

    label = "" if choice is None else choice.label(rg.game)
    return Setting(ag, rg.game.players, bound.states, (0,), label, env.domain, keeper, check)


def _stochastic(sg: StochasticGame, ag: StochasticAgreement, over: Any) -> Setting:
    choice = None if over is FIXED else resolve_stochastic_over(over, sg)
    bound = ag.bind(sg)
    env = StochasticEnvironment(sg, choice)

    def keeper(i: int, tick: Tick | None) -> Keeper:
        problem = stochastic_problem(env, bound, i, tick)
        actions = tuple(sg.games[sg.states[s]].actions[i] for s in bound.world)
        return Keeper(sg.players[i], problem, prescribed_actions(bound, i), bound.names, actions)

    def check(concept: Concept, players: Sequence[int]) -> StochasticAgreementCheck:
        assert choice is not None
        return StochasticAgreementCheck(sg, ag, choice, concept, tuple(players))

    label = "" if choice is None else choice.label(sg)
    return Setting(ag, sg.players, bound.names, bound.starts, label, env.domain, keeper, check)
