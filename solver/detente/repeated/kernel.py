"""From an agreement on a repeated game to each player's decision problem.

The others' lotteries are drawn anew every period, independently and in private, so one action's reward and next states
are the average of those against every pure profile that the others may draw. What a player may do is pure; a mixed
prescription to the player is a plan that randomises over actions.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import prod

from detente.exact.polynomial import ONE, ZERO, Poly, constant
from detente.game.agreement import BoundAgreement
from detente.game.monitoring import PublicSignals
from detente.game.prescription import Lottery
from detente.repeated.decision import Choice, DecisionProblem, Plan, Policy
from detente.repeated.parameters import Environment

Profile = tuple[int, ...]


def deviate(profile: Profile, player: int, action: int) -> Profile:
    """``profile`` with ``player`` switching to ``action``."""
    return (*profile[:player], action, *profile[player + 1 :])


def player_problem(
    env: Environment, agreement: BoundAgreement, player: int, tick: Callable[[], None] | None = None
) -> DecisionProblem:
    """The problem of ``player`` when all others keep the agreement: its states are the agreement's."""
    row = _seen if env.sees_acts else _hidden
    choices = []
    for state in range(len(agreement.states)):
        if tick is not None:
            tick()
        choices.append(tuple(row(env, agreement, state, player)))
    return DecisionProblem(tuple(choices), env.beta[player], env.domain, tick=tick)


def _seen(env: Environment, agreement: BoundAgreement, state: int, player: int) -> list[Choice]:
    """Every action of ``player`` in ``state`` when the acts carried out are seen.

    First what each act of the player brings once carried out, then the misfires of the player's own.
    """
    lotteries, shape = agreement.strategies[state], env.game.shape
    others = [[(0, ONE)] if j == player else _carried_out(env, lotteries[j], shape[j]) for j in range(len(shape))]
    done: list[Choice] = []
    for act in range(shape[player]):
        others[player] = [(act, ONE)]
        reward: Poly = ZERO
        ahead: dict[int, Poly] = {}
        for drawn in product(*others):
            outcome = tuple(a for a, _ in drawn)
            chance = prod((p for _, p in drawn), start=ONE)
            reward = reward + chance * env.payoff(player, outcome)
            target = agreement.move[state][outcome]
            ahead[target] = ahead.get(target, ZERO) + chance
        done.append(Choice(reward, ahead))
    if env.eps is None or len(done) == 1:
        return done
    slip = env.eps / (len(done) - 1)
    anything = _average([(slip, one) for one in done])
    return [_average([(ONE - env.eps - slip, one), (ONE, anything)]) for one in done]


def _carried_out(env: Environment, lottery: Lottery, actions: int) -> list[tuple[int, Poly]]:
    """The acts that may be carried out when a lottery is intended, with their chances."""
    if env.eps is None or actions == 1:
        return [(action, constant(p)) for action, p in lottery.items()]
    slip = env.eps / (actions - 1)
    chances = [slip + constant(lottery.get(action, Fraction(0))) * (ONE - env.eps - slip) for action in range(actions)]
    return [(action, p) for action, p in enumerate(chances) if p]


def _hidden(env: Environment, agreement: BoundAgreement, state: int, player: int) -> list[Choice]:
    """Every action of ``player`` in ``state`` when only a signal of the acts is seen."""
    lotteries = list(agreement.strategies[state])
    found = []
    for action in range(env.game.shape[player]):
        lotteries[player] = {action: Fraction(1)}
        parts = []
        for drawn in product(*(chances.items() for chances in lotteries)):
            one = choice(env, agreement, state, tuple(a for a, _ in drawn), player)
            parts.append((constant(prod((p for _, p in drawn), start=Fraction(1))), one))
        found.append(_average(parts))
    return found


def _average(parts: list[tuple[Poly, Choice]]) -> Choice:
    """The weighted sum of rewards and chances; a single part has weight one."""
    if len(parts) == 1:
        return parts[0][1]
    reward: Poly = ZERO
    ahead: dict[int, Poly] = {}
    for weight, one in parts:
        if weight:
            reward = reward + weight * one.reward
            for target, p in one.next.items():
                ahead[target] = ahead.get(target, ZERO) + weight * p
    return Choice(reward, ahead)


def choice(env: Environment, agreement: BoundAgreement, state: int, intended: Profile, player: int) -> Choice:
    """Reward and next states when the pure profile ``intended`` is what the players mean to play in ``state``."""
    reward: Poly = ZERO
    ahead: dict[int, Poly] = {}
    hidden = isinstance(env.monitoring, PublicSignals)
    for outcome, probability in env.outcomes(intended):
        target = agreement.move[state][outcome]
        ahead[target] = ahead.get(target, ZERO) + probability
        if not hidden:
            reward = reward + probability * env.payoff(player, outcome)
    return Choice(env.payoff(player, intended) if hidden else reward, ahead)


def prescribed(agreement: BoundAgreement, player: int) -> Policy:
    """The policy of keeping an agreement whose prescriptions are all pure."""
    return tuple(profile[player] for profile in agreement.play)


def strategy(agreement: BoundAgreement, player: int) -> Plan:
    """The plan of keeping an agreement: an action in each state, or a lottery over actions."""
    return tuple(
        next(iter(chances)) if len(chances) == 1 else chances
        for chances in (profile[player] for profile in agreement.strategies)
    )
