"""Where keeping an agreement is optimal under trembles, at given trust, as one parameter varies: exactly.

Both players' acts misfire and the acts carried out are public. Then whatever a deviation may lead to, keeping may too,
so keeping is optimal at a prior iff no single deviation gains at any node and belief that can be reached (the one-shot
deviation principle). Where keeper and opportunist mean the same act, what is carried out says nothing; where they do
not, the odds are multiplied by R = (1 − ε)(m − 1)/ε, by 1/R or by 1, as the one's act is carried out, the other's, or
neither of them, among m. So the odds at a node are the prior's times Rᵏ, with k between a least and a greatest
exponent, each finite or infinite: shortest walks with steps −1, 0 and 1 (Bellman 1958; Ford 1956).

What a deviation loses is linear in the belief, so only the extreme exponents matter, and there it is a ratio of
polynomials in any parameter of the game, ε included: the answer is a finite union of intervals with exact ends.
An infinite exponent stands for certainty of the one type or the other, depending on whether R is above or below one; at
R = 1 acts carried out say nothing. At ε = 0 and ε = 1 there is no noise of this kind, and those two points are asked
separately.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from typing import Any

from detente.errors import UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import ONE, ZERO, Poly, constant, from_fmpq
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_nonnegative
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.machine import BoundMachine, Machine, bind_machine
from detente.game.monitoring import Perfect, Trembles, trembles
from detente.game.repeated import RepeatedGame
from detente.repeated.decision import Choice, DecisionProblem
from detente.repeated.parameters import Environment, Over, resolve_over, with_parameter
from detente.trust.belief import opportunist_or_default
from detente.trust.check import keeping_is_optimal
from detente.trust.noise.bounds import trust_bounds
from detente.trust.noise.check import keeping_is_optimal_under_noise, keeping_is_optimal_under_trembles
from detente.trust.types.partner_types import bound_agreement, is_noisy

Node = tuple[int, int]  # the agreement's state, the opportunist's


def region_under_trembles(
    rg: RepeatedGame, ag: Agreement, player: Any, opportunist: Machine | None, over: Any, trust: Fraction
) -> Region:
    """The values of ``over``, as in :func:`detente.holds_where`, at which keeping is optimal at the prior ``trust``.

    Raises
    ------
    UnsupportedError
        For monitoring other than trembles.
    """
    choice = resolve_over(over, rg)
    i = rg.game.player_index(player)
    name, labels = rg.game.players[i], rg.game.actions[i]
    machine = opportunist_or_default(rg, i, opportunist)
    bound = bound_agreement(ag, rg, rg.monitoring)
    model = _Model(_environment(rg, over, choice), bound, bind_machine(machine, rg.game, 1 - i), i)
    domain, ends = choice.domain, IntervalSet()
    if choice.kind == "noise":
        domain = Interval(Fraction(0), Fraction(1), False, False)
        quiet = [e for e in (Fraction(0), Fraction(1)) if _holds_at_end(rg, ag, i, machine, e, trust)]
        ends = IntervalSet.of(*(Interval(e, e) for e in quiet))
    constraints = []
    for node, action in model.deviations():
        state = bound.states[model.nodes[node][0]]
        constraints.append((Constraint(name, state, labels[action]), model.kept(node, action, trust, domain) | ends))

    def holds_at(x: Fraction) -> bool:
        here = with_parameter(rg, choice, x)
        if not is_noisy(here):
            return keeping_is_optimal(here, ag, i, machine, trust)
        if choice.kind == "noise" and x == 1:
            return keeping_is_optimal_under_noise(here, ag, i, machine, "both", trust, quiet=False)
        return keeping_is_optimal_under_trembles(here, ag, i, machine, trust)

    claim = f"Keeping {ag.name or 'the agreement'} is optimal for {name}"
    return region_of(choice.label(rg.game), claim, choice.domain, constraints, holds_at)


def _environment(rg: RepeatedGame, over: Any, choice: Over) -> Environment:
    env = Environment(rg, choice)
    if not isinstance(rg.monitoring, Perfect | Trembles):
        raise UnsupportedError("over", over, "'trust', under a public signal")
    if env.eps is None or (env.eps.degree() < 1 and env.eps[0] == 1):
        raise UnsupportedError("monitoring", rg.monitoring, "trembles(eps) with eps above 0 and below 1")
    return env


def _holds_at_end(
    rg: RepeatedGame, ag: Agreement, player: int, machine: Machine, eps: Fraction, trust: Fraction
) -> bool:
    """Whether keeping is optimal where acts never misfire, or always."""
    found = trust_bounds(rg.replace(monitoring=trembles(eps)), ag, player=player, opportunist=machine)
    if trust in found.inside or trust not in found.possible:
        return trust in found.inside
    raise UnsupportedError("over", "noise", f"an agreement for which the answer at noise {eps} is found exactly")


class _Model:
    """The player's problem against each type alone, and how far the odds drift before each node is reached."""

    def __init__(self, env: Environment, bound: BoundAgreement, opportunist: BoundMachine, player: int) -> None:
        assert env.eps is not None
        self.env, self.eps = env, env.eps
        self.bound, self.opportunist, self.player = bound, opportunist, player
        self.own, self.others = env.game.shape[player], env.game.shape[1 - player]
        self.nodes: list[Node] = [(0, 0)]
        for node in self.nodes:  # grows as nodes are reached
            self.nodes += [t for t in dict.fromkeys(t for t, _ in self._walks(node)) if t not in self.nodes]
        self.least = self._exponents(-1)
        self.greatest = [-k for k in self._exponents(1)]
        self.keep = tuple(bound.play[s][player] for s, _ in self.nodes)
        self.problems = [self._problem(kind) for kind in (0, 1)]
        self.values = [problem.value(self.keep) for problem in self.problems]

    def deviations(self) -> Iterator[tuple[int, int]]:
        for n in range(len(self.nodes)):
            yield from ((n, a) for a in range(self.own) if a != self.keep[n])

    def kept(self, node: int, action: int, trust: Fraction, domain: Interval) -> IntervalSet:
        """Where in ``domain`` a deviation does not gain at any belief that can be reached."""
        found = IntervalSet((domain,))
        for part, sign in self._parts(domain):
            fine = IntervalSet((part,))
            for slack in self._slacks(node, action, trust, sign):
                fine = fine & where_nonnegative(slack, part)
            found = found - (IntervalSet((part,)) - fine)
        # Without a future only what is done first counts, at the prior.
        idle = where_nonnegative(-self.env.beta[self.player], domain)
        now = where_nonnegative(self._slack(node, action, trust, 0), domain) if node == 0 else IntervalSet((domain,))
        return (found - idle) | (idle & now)

    def _parts(self, domain: Interval) -> list[tuple[Interval, int]]:
        """The domain cut where R = 1, and on which side of one R is in each part."""
        if self.others == 1:
            return [(domain, 0)]
        even = Fraction(self.others - 1, self.others)
        if self.eps.degree() < 1:
            level = from_fmpq(self.eps[0])
            return [(domain, (level < even) - (level > even))]
        return [
            (Interval(domain.lo, even, False, False), 1),
            (Interval(even, even), 0),
            (Interval(even, domain.hi, False, False), -1),
        ]

    def _slacks(self, node: int, action: int, trust: Fraction, sign: int) -> Iterator[Poly]:
        """Polynomials with the sign of what a deviation loses at each extreme belief."""
        for k in {self.least[node], self.greatest[node]} if sign else {0}:
            if k not in (inf, -inf):
                yield self._slack(node, action, trust, int(k))
            else:  # certainty in the limit; one who is certain from the start stays so
                limit = Fraction(int((k > 0) == (sign > 0)))
                yield self._slack(node, action, limit if 0 < trust < 1 else trust, 0)

    def _slack(self, node: int, action: int, trust: Fraction, power: int) -> Poly:
        """The same at the odds of ``trust`` times a power of R."""
        mine, theirs = (
            problem.slack(value, node, action) for problem, value in zip(self.problems, self.values, strict=True)
        )
        keeper, other = mine * self.values[1].denominator, theirs * self.values[0].denominator
        likely, unlikely = (ONE - self.eps) * constant(Fraction(self.others - 1)), self.eps  # R is their ratio
        top, bottom = (likely, unlikely) if power >= 0 else (unlikely, likely)
        return constant(trust) * top ** abs(power) * keeper + constant(1 - trust) * bottom ** abs(power) * other

    def _profile(self, mine: int, theirs: int) -> tuple[int, int]:
        return (mine, theirs) if self.player == 0 else (theirs, mine)

    def _target(self, node: Node, mine: int, theirs: int) -> Node:
        s, m = node
        return self.bound.move[s][self._profile(mine, theirs)], self.opportunist.move[m][mine]

    def _meant(self, node: Node, kind: int) -> int:
        """What the keeper (0) or the opportunist (1) means to do."""
        s, m = node
        return self.opportunist.play[m] if kind else self.bound.play[s][1 - self.player]

    def _walks(self, node: Node) -> Iterator[tuple[Node, int]]:
        """Everything that may be carried out at a node: where it leads, and the power of R that it brings."""
        keeper, other = self._meant(node, 0), self._meant(node, 1)
        for mine in range(self.own):
            for theirs in range(self.others):
                yield self._target(node, mine, theirs), (theirs == keeper) - (theirs == other)

    def _exponents(self, sign: int) -> list[float]:
        """The least exponent of all walks to each node (for ``sign`` 1, minus the greatest); −∞ if there is none."""
        position = {node: n for n, node in enumerate(self.nodes)}
        least: list[float] = [0.0] + [inf] * (len(self.nodes) - 1)
        rounds, changed = 0, True
        while changed:
            changed = False
            rounds += 1
            for n, node in enumerate(self.nodes):
                for target, power in self._walks(node):
                    through, t = least[n] - sign * power, position[target]
                    if through < least[t]:
                        # Still less after as many rounds as there are nodes: some cycle lowers it for ever.
                        least[t] = through if rounds <= len(self.nodes) else -inf
                        changed = True
        return least

    def _problem(self, kind: int) -> DecisionProblem:
        position = {node: n for n, node in enumerate(self.nodes)}
        rows = []
        for node in self.nodes:
            row = []
            for action in range(self.own):
                reward: Poly = ZERO
                ahead: dict[int, Poly] = {}
                for outcome, chance in self.env.outcomes(self._profile(action, self._meant(node, kind))):
                    reward = reward + chance * self.env.payoff(self.player, outcome)
                    t = position[self._target(node, outcome[self.player], outcome[1 - self.player])]
                    ahead[t] = ahead.get(t, ZERO) + chance
                row.append(Choice(reward, ahead))
            rows.append(tuple(row))
        return DecisionProblem(tuple(rows), self.env.beta[self.player], self.env.domain)
