"""One player's problem against others who follow automata, as a function of one parameter.

When all others follow finite automata, a player faces a discounted decision problem on finitely many states: choosing
action a in state s brings a reward r(s, a) and moves to s' with probability P(s' | s, a). Rewards, probabilities and
the discount factor β may be polynomials in one parameter x (patience, hazard, noise, trust, a payoff), so that a
policy's value is a rational function of x, found by exact elimination, and

* the set of x at which a policy is optimal is where all its one-shot gains are non-positive (Blackwell 1965; the
  one-shot-deviation principle), an intersection of sign sets of polynomials;
* the set of x at which a policy *attains* the optimal value from one state is found by covering the domain with the
  sets of policies that are optimal everywhere: each sample point not covered yet yields a new optimal policy, and there
  are finitely many. The sets are closed, so no isolated point escapes.

Values are normalised averages: v(s) = (1 − β) r + β Σ P v.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from detente.exact.intervals import Interval, IntervalSet, between, combine
from detente.exact.linear import solve_m_matrix
from detente.exact.polynomial import ONE, ZERO, Poly, constant, to_fmpq
from detente.exact.sign_sets import where_nonnegative

Policy = tuple[int, ...]
# A policy may also draw an action in some states: probabilities by action.
Plan = Sequence[int | Mapping[int, Fraction]]


@dataclass(frozen=True)
class Choice:
    """One action in one state: its expected reward, and where it leads with which probability."""

    reward: Poly
    next: dict[int, Poly]


@dataclass(frozen=True)
class PolicyValue:
    """A policy's value as a rational function: ``numerators[s] / denominator``, the denominator positive."""

    numerators: tuple[Poly, ...]
    denominator: Poly

    def at(self, state: int, x: Fraction) -> Fraction:
        value = self.numerators[state](to_fmpq(x)) / self.denominator(to_fmpq(x))
        return Fraction(int(value.p), int(value.q))


@dataclass(frozen=True)
class DecisionProblem:
    """A discounted decision problem whose data are polynomials in one parameter on ``domain``.

    ``choices[s][a]`` describes action ``a`` in state ``s``. ``unit`` is a polynomial, positive on the domain, by which
    rewards and probabilities have been multiplied to clear denominators; ordinarily 1. ``tick`` is called every now and
    then, and may raise to give up.
    """

    choices: tuple[tuple[Choice, ...], ...]
    beta: Poly
    domain: Interval
    unit: Poly = field(default_factory=lambda: ONE)
    tick: Callable[[], None] | None = field(default=None, compare=False)

    def value(self, policy: Plan) -> PolicyValue:
        """The value of a policy, pure or mixed, in every state."""
        n = len(self.choices)
        matrix = []
        right = []
        for s in range(n):
            choice = self._drawn(s, policy[s])
            row = [ZERO] * n
            row[s] = self.unit
            for t, p in choice.next.items():
                row[t] = row[t] - self.beta * p
            matrix.append(row)
            right.append([(ONE - self.beta) * choice.reward])
        denominator, columns = solve_m_matrix(matrix, right, self.tick)
        return PolicyValue(tuple(c[0] for c in columns), denominator)

    def _drawn(self, state: int, entry: int | Mapping[int, Fraction]) -> Choice:
        """An action, or the average over a lottery."""
        if not isinstance(entry, Mapping):
            return self.choices[state][entry]
        reward: Poly = ZERO
        ahead: dict[int, Poly] = {}
        for action, chance in entry.items():
            one, weight = self.choices[state][action], constant(chance)
            reward = reward + weight * one.reward
            for t, p in one.next.items():
                ahead[t] = ahead.get(t, ZERO) + weight * p
        return Choice(reward, ahead)

    def slack(self, value: PolicyValue, state: int, action: int) -> Poly:
        """A polynomial with the sign of: the policy's value in ``state`` minus that of one deviation to ``action``."""
        if self.tick is not None:
            self.tick()
        choice = self.choices[state][action]
        ahead = sum((p * value.numerators[t] for t, p in choice.next.items()), ZERO)
        now = (ONE - self.beta) * choice.reward * value.denominator
        return self.unit * value.numerators[state] - now - self.beta * ahead

    def optimal_set(self, policy: Policy) -> IntervalSet:
        """Where no one-shot deviation from ``policy`` gains in any state."""
        value = self.value(policy)
        found = IntervalSet((self.domain,))
        for s, choices in enumerate(self.choices):
            for a in range(len(choices)):
                if a != policy[s] and found:
                    found = found & where_nonnegative(self.slack(value, s, a), self.domain)
        return found

    def best_policy(self, x: Fraction, start: Policy | None = None) -> Policy:
        """A policy that is optimal in every state at the rational parameter ``x`` (Howard 1960), exactly."""
        point = to_fmpq(x)
        beta, unit = self.beta(point), self.unit(point)
        rewards = [[(1 - beta) * c.reward(point) for c in row] for row in self.choices]
        moves = [[[(t, beta * p(point)) for t, p in c.next.items()] for c in row] for row in self.choices]
        policy = list(start) if start is not None else [0] * len(self.choices)
        while True:
            values = _solve(policy, rewards, moves, unit)
            improved = False
            for s, row in enumerate(rewards):
                best = unit * values[s]
                for a, reward in enumerate(row):
                    worth = reward + sum((p * values[t] for t, p in moves[s][a]), fmpq(0))
                    if worth > best:
                        best, policy[s], improved = worth, a, True
            if not improved:
                return tuple(policy)

    def attained_set(self, policy: Plan, state: int) -> Attainment:
        """Where ``policy``, pure or mixed, followed from ``state`` on, does as well as any strategy whatever."""
        own = self.value(policy)
        start = tuple(_support(entry)[0] for entry in policy)
        everything = IntervalSet((self.domain,))
        remaining = everything
        rivals: list[tuple[Policy, IntervalSet]] = []
        while remaining:
            gap = remaining.intervals[0]
            x = gap.lo if gap.is_point and isinstance(gap.lo, Fraction) else between(gap.lo, gap.hi)
            best = self.best_policy(x, start)
            value = self.value(best)
            lead = own.numerators[state] * value.denominator - value.numerators[state] * own.denominator
            rivals.append((best, where_nonnegative(lead, self.domain)))
            remaining = remaining - self.optimal_set(best)
        return Attainment(combine([everything, *(kept for _, kept in rivals)], all), tuple(rivals))

    def first_departure(self, policy: Plan, rival: Policy, start: int) -> tuple[int, int] | None:
        """The first state, among those that ``policy`` visits from ``start``, where ``rival`` acts differently.

        An action in the support of a lottery counts as a difference only if there is no other.
        """
        seen, within = [start], None
        for s in seen:  # grows as states are visited
            support = _support(policy[s])
            if rival[s] not in support:
                return s, rival[s]
            if len(support) > 1 and within is None:
                within = s, rival[s]
            for a in support:
                seen += [t for t, p in self.choices[s][a].next.items() if p and t not in seen]
        return within


@dataclass(frozen=True)
class Attainment:
    """Where a policy attains the optimum: where it does as well as each of some rivals, one of them optimal anywhere.

    Each rival comes with the set, over the whole domain, on which the policy does at least as well from the start;
    ``set`` is the intersection of these.
    """

    set: IntervalSet
    rivals: tuple[tuple[Policy, IntervalSet], ...]


def _support(entry: int | Mapping[int, Fraction]) -> tuple[int, ...]:
    return tuple(entry) if isinstance(entry, Mapping) else (entry,)


def _solve(policy: Sequence[int], rewards: list[Any], moves: list[Any], unit: Any) -> list[Any]:
    n = len(policy)
    matrix = [[fmpq(0)] * n for _ in range(n)]
    for s, a in enumerate(policy):
        matrix[s][s] = matrix[s][s] + unit
        for t, p in moves[s][a]:
            matrix[s][t] = matrix[s][t] - p
    right = fmpq_mat(n, 1, [rewards[s][a] for s, a in enumerate(policy)])
    solution = fmpq_mat(n, n, [entry for row in matrix for entry in row]).solve(right)
    return [solution[s, 0] for s in range(n)]
