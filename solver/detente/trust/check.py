"""An independent check of whether keeping an agreement is optimal at a given level of trust.

Beliefs are numbers, updated by Bayes' rule after every observed act; the reachable situations (belief, state of the
agreement, state of the other type) are found by search. Nothing here is shared with the solver.
"""

from __future__ import annotations

from fractions import Fraction

from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.check import Lottery, attains_best_value, next_state

Situation = tuple[Fraction, str, str]


def keeping_is_optimal(rg: RepeatedGame, ag: Agreement, player: int, other: Machine, trust: Fraction) -> bool:
    """Whether keeping ``ag`` from the first period is a best reply of ``player`` at prior ``trust``."""
    start: Situation = (trust, ag.start, other.start)
    situations = [start]
    lotteries: dict[Situation, list[Lottery]] = {}
    for at in situations:  # grows as situations are reached
        lotteries[at] = [_lottery(rg, ag, player, other, at, a) for a in range(rg.game.shape[player])]
        for lottery in lotteries[at]:
            situations += [t for _, _, t in lottery if t not in situations]  # type: ignore[misc]
    keep = {at: rg.game.action_index(player, ag.play[at[1]][player]) for at in situations}
    return attains_best_value(rg, player, lotteries, keep, start)


def _lottery(rg: RepeatedGame, ag: Agreement, player: int, other: Machine, at: Situation, action: int) -> Lottery:
    game, partner = rg.game, 1 - player
    belief, s, m = at
    kept = game.action_index(partner, ag.play[s][partner])
    rival = game.action_index(partner, other.play[m])
    out: Lottery = []
    for act in sorted({kept, rival}):
        from_keeper = belief if act == kept else Fraction(0)
        from_other = 1 - belief if act == rival else Fraction(0)
        chance = from_keeper + from_other
        if chance:
            profile = (action, act) if player == 0 else (act, action)
            after = (
                from_keeper / chance,
                next_state(rg, ag, s, profile),
                _machine_next(game, other, m, player, action),
            )
            out.append((chance, game.exact_payoffs[(player, *profile)], after))
    return out


def _machine_next(game: Game, machine: Machine, state: str, watched: int, action: int) -> str:
    for key, target in machine.move[state].items():
        acts = key if isinstance(key, tuple) else (key,)
        if key is not ... and acts[0] is not ... and game.action_index(watched, acts[0]) == action:
            return target
    return machine.move[state][...]
