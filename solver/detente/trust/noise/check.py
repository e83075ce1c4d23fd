"""An independent check of whether keeping an agreement is optimal when no act tells the partner's type for sure.

Beliefs are numbers, updated by Bayes' rule. Nothing here is shared with the solver. It looks only some periods ahead:
a gain that it finds is a proof, and that it finds none is evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.monitoring import PublicSignals
from detente.game.repeated import RepeatedGame
from detente.repeated.check import next_state
from detente.trust.check import chain_values, machine_next


def keeping_is_optimal_under_noise(
    rg: RepeatedGame, ag: Agreement, player: int, other: Machine, trembling: str, trust: Fraction, quiet: bool
) -> bool:
    """Whether no deviation of a few periods gains at any situation that keeping leads to from prior ``trust``.

    At each node the least and the greatest belief after each number of periods are tried: gains are convex in the
    belief. ``quiet``: deviations leave no mark, so those of one period are all that need be tried.
    """
    problem = _Noisy(rg, ag, player, other, trembling)
    start = (ag.start, other.start)
    if not problem.beta:  # only what is done first counts
        return problem.best(start, trust, 1) == problem.kept(start, trust)
    for depth, periods in ((1, 25),) if quiet else ((1, 30), (2, 6), (3, 3)):
        reached = {start: {trust}}
        for _ in range(periods):
            for at, beliefs in reached.items():
                for belief in {min(beliefs), max(beliefs)}:
                    if problem.best(at, belief, depth) > problem.kept(at, belief):
                        return False
            after: dict[tuple[str, str], set[Fraction]] = {}
            for at, beliefs in reached.items():
                for belief in {min(beliefs), max(beliefs)}:
                    for _, target, posterior in problem.outcomes(at, problem.prescribed(at), belief)[1]:
                        after.setdefault(target, set()).add(posterior)
            reached = after
    return True


def keeping_is_optimal_under_trembles(
    rg: RepeatedGame, ag: Agreement, player: int, other: Machine, trust: Fraction
) -> bool:
    """The same where both sides' acts misfire with a probability other than 0 and 1, without a limit on periods.

    Every outcome multiplies the odds by one ratio, its inverse or nothing. Where they can be multiplied more often than
    there are situations, some cycle does so for ever: then the limit, certainty, is tried.
    """
    problem = _Noisy(rg, ag, player, other, "both")
    most = len(problem.states)
    if not problem.beta:  # only what is done first counts
        return problem.best((ag.start, other.start), trust, 1) == problem.kept((ag.start, other.start), trust)
    reached = {((ag.start, other.start), 0): None}
    queue, ratio = list(reached), Fraction(1)
    for at, times in queue:  # grows as situations are reached
        (_, kept), (_, strayed) = (problem._against(at, problem.prescribed(at), side) for side in (False, True))
        for (_, p, target), (_, q, _) in zip(kept, strayed, strict=True):
            ratio = max(ratio, p / q)
            after = (target, max(-2 * most - 2, min(2 * most + 2, times + (p > q) - (p < q))))
            if after not in reached:
                reached[after] = None
                queue.append(after)
    for at in problem.states:
        extremes = {f(times for here, times in queue if here == at) for f in (min, max)}
        for times in extremes:
            odds = trust * ratio ** max(times, 0), (1 - trust) * ratio ** max(-times, 0)
            belief = odds[0] / sum(odds)
            if 0 < trust < 1 and abs(times) > most:
                belief = Fraction(int(times > 0))
            if problem.best(at, belief, 1) > problem.kept(at, belief):
                return False
    return True


class _Noisy:
    """Bayes' rule with numbers, and trees of deviations that end in keeping the agreement."""

    def __init__(self, rg: RepeatedGame, ag: Agreement, player: int, other: Machine, trembling: str) -> None:
        self.rg, self.ag, self.player, self.other, self.trembling = rg, ag, player, other, trembling
        self.beta = rg.discount[player] * (1 - rg.breakdown)
        start = (ag.start, other.start)
        self.states = {start: 0}
        todo = [start]
        while todo:
            at = todo.pop()
            for action in range(rg.game.shape[player]):
                for _, _, target in (x for side in (False, True) for x in self._against(at, action, side)[1]):
                    if target not in self.states:
                        self.states[target] = len(self.states)
                        todo.append(target)
        keep = {at: self.prescribed(at) for at in self.states}
        policies = [keep, self._best_reply(keep, False), self._best_reply(keep, True)]
        self.worths = [(self._worth(p, False), self._worth(p, True)) for p in policies]

    def prescribed(self, at: tuple[str, str]) -> int:
        return self.rg.game.action_index(self.player, self.ag.play[at[0]][self.player])

    def kept(self, at: tuple[str, str], belief: Fraction) -> Fraction:
        keeper, other = self.worths[0]
        return belief * keeper[at] + (1 - belief) * other[at]

    def best(self, at: tuple[str, str], belief: Fraction, depth: int) -> Fraction:
        """The best of all plans that do anything for ``depth`` periods and then keep the agreement, or play for ever
        what is best against one of the two types."""
        found = max(belief * keeper[at] + (1 - belief) * other[at] for keeper, other in self.worths)
        if depth:
            for action in range(self.rg.game.shape[self.player]):
                pay, ahead = self.outcomes(at, action, belief)
                later = sum((q * self.best(t, b, depth - 1) for q, t, b in ahead), Fraction(0))
                found = max(found, (1 - self.beta) * pay + self.beta * later)
        return found

    def _worth(self, policy: Mapping[Any, int], type_is_other: bool) -> dict[Any, Fraction]:
        chain = {}
        for at in self.states:
            pay, ahead = self._against(at, policy[at], type_is_other)
            chain[at] = [(q, pay, t) for _, q, t in ahead]
        return chain_values(self.beta, chain)

    def _best_reply(self, keep: Mapping[Any, int], type_is_other: bool) -> dict[Any, int]:
        """The best reply to a partner whose type is certain, by policy improvement."""
        policy = dict(keep)
        while True:
            values = self._worth(policy, type_is_other)
            better = {}
            for at in self.states:
                for action in range(self.rg.game.shape[self.player]):
                    pay, ahead = self._against(at, action, type_is_other)
                    if (1 - self.beta) * pay + self.beta * sum(q * values[t] for _, q, t in ahead) > values[at]:
                        better[at] = action
            if not better:
                return policy
            policy.update(better)

    def outcomes(
        self, at: tuple[str, str], action: int, belief: Fraction
    ) -> tuple[Fraction, list[tuple[Fraction, tuple[str, str], Fraction]]]:
        """Expected payoff, and each public outcome's probability, next situation and posterior belief."""
        (pay, kept), (other_pay, strayed) = (self._against(at, action, side) for side in (False, True))
        found = []
        for (_, p, target), (_, q, _) in zip(kept, strayed, strict=True):
            chance = belief * p + (1 - belief) * q
            if chance:
                found.append((chance, target, belief * p / chance))
        return belief * pay + (1 - belief) * other_pay, found

    def _against(
        self, at: tuple[str, str], action: int, type_is_other: bool
    ) -> tuple[Fraction, list[tuple[Any, Fraction, tuple[str, str]]]]:
        """Against one type: expected payoff, and every outcome with its probability and the next situation."""
        game, i = self.rg.game, self.player
        acts = self.other.play[at[1]] if type_is_other else self.ag.play[at[0]][1 - i]
        act = game.action_index(1 - i, acts)
        meant = (action, act) if i == 0 else (act, action)
        monitoring = self.rg.monitoring
        if isinstance(monitoring, PublicSignals):
            chances = zip(monitoring.labels, monitoring.distribution(game, meant), strict=True)
            out = [(label, q, (next_state(self.rg, self.ag, at[0], label), at[1])) for label, q in chances]
            return game.exact_payoffs[(i, *meant)], out
        eps = getattr(monitoring, "eps", Fraction(0))
        pay, seen = Fraction(0), []
        for done in ((a, b) for a in range(game.shape[0]) for b in range(game.shape[1])):
            q = Fraction(1)
            for j in (0, 1):
                noise = eps if (self.trembling == "both" or j != i) and game.shape[j] > 1 else Fraction(0)
                q *= 1 - noise if done[j] == meant[j] else noise / max(game.shape[j] - 1, 1)
            pay += q * game.exact_payoffs[(i, *done)]
            after = (
                next_state(self.rg, self.ag, at[0], done),
                machine_next(game, self.other, at[1], i, done[i]),
            )
            seen.append((done, q, after))
        return pay, seen
