"""An independent check of whether keeping an agreement is optimal when breaches cost, or the first step is smaller.

As :mod:`detente.trust.check`: beliefs are numbers, updated by Bayes' rule; nothing is shared with the solver.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.check import Lottery, attains_best_value, next_state

Situation = tuple[bool, Fraction, str, str]  # whether it is the first period; belief; states of agreement and machine


def keeping_is_optimal_with(
    rg: RepeatedGame,
    ag: Agreement,
    player: int,
    other: Machine,
    trust: Fraction,
    payment: Callable[[bool, bool], Fraction] = lambda own, their: Fraction(0),
    first_step: Fraction = Fraction(1),
) -> bool:
    """Whether keeping ``ag`` from the first period is a best reply of ``player`` at prior ``trust``.

    ``payment(own, their)`` is added in a period in which the player, the partner, or both depart from the agreement;
    the first period's payoffs are multiplied by ``first_step``.
    """
    game, partner = rg.game, 1 - player

    def lottery(at: Situation, action: int) -> Lottery:
        first, belief, s, m = at
        prescribed = [game.action_index(j, a) for j, a in enumerate(ag.play[s])]
        chances: dict[int, list[Fraction]] = {}
        chances.setdefault(prescribed[partner], [Fraction(0), Fraction(0)])[0] += belief
        chances.setdefault(game.action_index(partner, other.play[m]), [Fraction(0), Fraction(0)])[1] += 1 - belief
        out: Lottery = []
        for act, (keeps, not_keeps) in chances.items():
            if keeps + not_keeps:
                profile = (action, act) if player == 0 else (act, action)
                pay = game.exact_payoffs[(player, *profile)]
                pay += payment(action != prescribed[player], act != prescribed[partner])
                after = (False, keeps / (keeps + not_keeps), next_state(rg, ag, s, profile), moved(m, action))
                out.append((keeps + not_keeps, pay * first_step if first else pay, after))
        return out

    def moved(m: str, action: int) -> str:
        for key, target in other.move[m].items():
            act = key[0] if isinstance(key, tuple) else key
            if act is not ... and game.action_index(player, act) == action:
                return target
        return other.move[m][...]

    start: Situation = (True, trust, ag.start, other.start)
    situations = [start]
    lotteries: dict[Situation, list[Lottery]] = {}
    for at in situations:  # grows as situations are reached
        lotteries[at] = [lottery(at, a) for a in range(game.shape[player])]
        for row in lotteries[at]:
            situations += [t for _, _, t in row if t not in situations]  # type: ignore[misc]
    keep = {at: game.action_index(player, ag.play[at[2]][player]) for at in situations}
    return attains_best_value(rg, player, lotteries, keep, start)
