"""An independent check of whether keeping an agreement is optimal when no act tells the partner's type for sure.

Beliefs are numbers, updated by Bayes' rule. Nothing here is shared with the solver. It looks only some periods ahead:
a gain that it finds is a proof, and that it finds none is evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.monitoring import PublicSignals
from detente.game.repeated import RepeatedGame
from detente.repeated.check import next_state
from detente.trust.check import chain_values, machine_next

# A finite plan: for each of its states the situation it is for (the states of agreement and machine), the act, and the
# plan's next state by what becomes public: acts, or a label.
Plan = Sequence[tuple[tuple[str, str], int, Mapping[Any, int]]]


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


def keeping_is_optimal_at_every_belief(
    rg: RepeatedGame,
    ag: Agreement,
    player: int,
    other: Machine,
    trust: Fraction,
    plans: Sequence[Plan] = (),
    depth: int = 1,
) -> bool:
    """The same without a limit on periods, for given ways to go on after a deviation.

    Tried are all acts, for ``depth`` periods, followed by keeping, by what is best against one of the types, or by one
    of the ``plans``. Where deviations leave no mark, single acts followed by keeping are all that need be tried.

    Odds of one type against the other are multiplied along walks. A least product that still changes after as many
    observations as there are situations can be lowered for ever, as can all that follow; then the limit, certainty of
    the other type, is tried.
    """
    problem = _Noisy(rg, ag, player, other, "both")
    start = (ag.start, other.start)
    if not problem.beta:  # only what is done first counts
        return problem.best(start, trust, 1) == problem.kept(start, trust)
    problem.add(plans)
    for keeper in (True, False):  # the type whose odds are lowered
        share = trust if keeper else 1 - trust
        if share == 1:  # one who is certain stays so: at all that this type can lead to
            least = dict.fromkeys(_reached(problem, start, keeper), Fraction(1))
        else:
            least = _least_products(problem, start, keeper)
        for at, product in least.items():
            odds = share * product, 1 - share
            belief = odds[0] / sum(odds)
            belief = belief if keeper else 1 - belief
            if problem.best(at, belief, depth) > problem.kept(at, belief):
                return False
    return True


def _observations(problem: _Noisy, at: tuple[str, str]) -> list[tuple[tuple[str, str], Fraction, Fraction]]:
    (_, kept), (_, strayed) = (problem._against(at, problem.prescribed(at), side) for side in (False, True))
    return [(target, p, q) for (_, p, target), (_, q, _) in zip(kept, strayed, strict=True)]


def _reached(problem: _Noisy, start: tuple[str, str], keeper: bool) -> list[tuple[str, str]]:
    """The situations that keeping leads to against a partner whose type is certain."""
    found = [start]
    for at in found:  # grows as situations are reached
        for target, p, q in _observations(problem, at):
            if (p if keeper else q) and target not in found:
                found.append(target)
    return found


def _least_products(problem: _Noisy, start: tuple[str, str], keeper: bool) -> dict[tuple[str, str], Fraction]:
    """The least product of likelihood ratios, of the one type against the other, over walks to each situation."""
    least = {start: Fraction(1)}
    falling: list[tuple[str, str]] = []
    for periods in range(len(problem.states) + 1):
        shorter = dict(least)
        for at, product in least.items():
            for target, p, q in _observations(problem, at):
                of, against = (p, q) if keeper else (q, p)
                if against and (target not in shorter or product * of / against < shorter[target]):
                    shorter[target] = product * of / against
                    if periods >= len(problem.states):
                        falling.append(target)
        least = shorter
    for at in falling:  # grows as situations are reached
        least[at] = Fraction(0)
        for target, p, q in _observations(problem, at):
            if (q if keeper else p) and target not in falling:
                falling.append(target)
    return least


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
        self.lines: dict[tuple[str, str], list[tuple[Fraction, Fraction]]] = {
            at: [(keeper[at], stranger[at]) for keeper, stranger in self.worths] for at in self.states
        }

    def add(self, plans: Sequence[Plan]) -> None:
        """More ways to go on."""
        for plan in plans:
            sides = []
            for type_is_other in (False, True):
                chain = {}
                for k, (at, action, then) in enumerate(plan):
                    pay, ahead = self._against(at, action, type_is_other)
                    chain[k] = [(q, pay, then[public]) for public, q, _ in ahead if q]
                sides.append(chain_values(self.beta, chain))
            for k, (at, _, _) in enumerate(plan):
                self.lines[at].append((sides[0][k], sides[1][k]))

    def prescribed(self, at: tuple[str, str]) -> int:
        return self.rg.game.action_index(self.player, self.ag.play[at[0]][self.player])

    def kept(self, at: tuple[str, str], belief: Fraction) -> Fraction:
        keeper, other = self.worths[0]
        return belief * keeper[at] + (1 - belief) * other[at]

    def best(self, at: tuple[str, str], belief: Fraction, depth: int) -> Fraction:
        """The best of all plans that do anything for ``depth`` periods and then keep the agreement, play for ever what
        is best against one of the two types, or follow a plan that was added."""
        found = max(belief * keeper + (1 - belief) * other for keeper, other in self.lines[at])
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
