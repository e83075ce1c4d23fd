"""From an agreement on a repeated game to each player's decision problem."""

from __future__ import annotations

from detente.exact.polynomial import ONE, ZERO, Poly, constant
from detente.game.agreement import BoundAgreement
from detente.game.monitoring import PublicSignals, misfires
from detente.repeated.decision import Choice, DecisionProblem, Policy
from detente.repeated.parameters import Environment

Profile = tuple[int, ...]


def deviate(profile: Profile, player: int, action: int) -> Profile:
    """``profile`` with ``player`` switching to ``action``."""
    return (*profile[:player], action, *profile[player + 1 :])


def player_problem(env: Environment, agreement: BoundAgreement, player: int) -> DecisionProblem:
    """The problem of ``player`` when all others keep the agreement: its states are the agreement's."""
    choices = tuple(
        tuple(
            choice(env, agreement, state, deviate(agreement.play[state], player, action), player)
            for action in range(env.game.shape[player])
        )
        for state in range(len(agreement.states))
    )
    return DecisionProblem(choices, env.beta[player], env.domain)


def choice(env: Environment, agreement: BoundAgreement, state: int, intended: Profile, player: int) -> Choice:
    """Reward and next states when ``intended`` is what the players mean to play in ``state``."""
    reward: Poly = ZERO
    ahead: dict[int, Poly] = {}
    move = agreement.move[state]
    if isinstance(env.monitoring, PublicSignals):
        reward = env.payoff(player, intended)
        for label, chance in enumerate(env.monitoring.distribution(env.game, intended)):
            if chance:
                target = move[(label,)]
                ahead[target] = ahead.get(target, ZERO) + constant(chance)
        return Choice(reward, ahead)
    outcomes = [(intended, ONE)] if env.eps is None else misfires(env.game, intended, env.eps, ONE)
    for carried_out, probability in outcomes:
        if probability:
            target = move[carried_out]
            reward = reward + probability * env.payoff(player, carried_out)
            ahead[target] = ahead.get(target, ZERO) + probability
    return Choice(reward, ahead)


def prescribed(agreement: BoundAgreement, player: int) -> Policy:
    """The policy of keeping the agreement."""
    return tuple(profile[player] for profile in agreement.play)
