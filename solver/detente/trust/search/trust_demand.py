"""The least trust that an automaton needs, from as little of the automaton as decides it.

A player believes with probability μ that the partner keeps the agreement, and otherwise follows an opportunist's
machine. Let the agreement be subgame perfect. As long as both types act alike the belief stays at μ; once they do not
it is certain. Against a known keeper the best value from state t is then v_i(t), that of keeping; against a known
opportunist in machine state m it is B(m), a decision problem without the agreement. So a plan is a choice at the nodes
(s, m) reached with the belief still open, it earns a pair (x, y) against the two types, and keeping, which earns
(v_i(0), o), is optimal iff μ x + (1 − μ) y ≤ μ v_i(0) + (1 − μ) o for all plans. By subgame perfection x ≤ v_i(0): the
set of priors is [μ*, 1], and Newton's method from μ = 0 (Dinkelbach 1967) reaches μ* through finitely many plans.

**What decides it.** The player's own departures at nodes with an open belief; and, for o, where the partner's
departures lead along the one path on which the player keeps and the partner is the opportunist. What follows when both
depart never enters: it happens only when the opportunist is known, and B does not depend on the agreement.

**The search** therefore fixes the moves of a family one at a time, in the order in which the demand asks for them,
and leaves a branch when one player alone needs more trust than the best agreement found: that player's demand depends
on fixed moves only, so every member of the branch needs as much. Moves never asked for stay free, and every member of
the family left over needs exactly the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from detente.errors import CertificateError
from detente.game.machine import BoundMachine
from detente.trust.search.deterrence import Deterrence
from detente.trust.search.public_automata import Coordinate, Family, Skeleton

Pair = tuple[Fraction, Fraction]  # worth against the keeper, and against the opportunist
Node = tuple[int, int]  # the agreement's state, and the opportunist's


class UnspecifiedMoveError(Exception):
    """The demand depends on a move that has not been fixed yet."""

    def __init__(self, coordinate: Coordinate) -> None:
        self.coordinate = coordinate


class Partial(dict[Coordinate, int]):
    """Moves fixed so far; asking for another one says which."""

    def __missing__(self, coordinate: Coordinate) -> int:
        raise UnspecifiedMoveError(coordinate)


class TrustDemand:
    """The least trust of one player, against one opportunist, at given patience."""

    def __init__(self, deterrence: Deterrence, player: int, machine: BoundMachine) -> None:
        self.deterrence = deterrence
        self.outcomes = deterrence.outcomes
        self.player = player
        self.machine = machine
        self.beta = deterrence.beta[player]
        self.actions = self.outcomes.shape[player]
        self.best = self._best_against_machine()

    def least(self, skeleton: Skeleton, moves: Mapping[Coordinate, int]) -> Fraction:
        """μ* of a subgame-perfect automaton; an :class:`UnspecifiedMoveError` names a move it needs and lacks."""
        options = self._open_nodes(skeleton, moves)
        kept: Pair = (
            self.deterrence.value(self.player, skeleton.words[0]),
            self._kept_against_machine(skeleton, moves),
        )
        plan = dict.fromkeys(options, 0)
        mu = Fraction(0)
        while True:
            x, y = _best_plan(options, plan, mu, self.beta)
            against_keeper, against_opportunist = x - kept[0], y - kept[1]
            if mu * against_keeper + (1 - mu) * against_opportunist <= 0:
                return mu
            if against_keeper > 0:
                raise CertificateError("agreement", skeleton.play, "an agreement that is subgame perfect")
            mu = against_opportunist / (against_opportunist - against_keeper)

    def _open_nodes(
        self, skeleton: Skeleton, moves: Mapping[Coordinate, int]
    ) -> dict[Node, list[tuple[Pair, Node | None]]]:
        """The nodes with an open belief; for each act what it earns now, and the next such node.

        Where the partner's act tells the types apart, the pair contains all that follows and there is no next node.
        """
        beta, found = self.beta, {}
        nodes: list[Node] = [(0, 0)]
        for s, m in nodes:  # grows as nodes are reached
            profile = self.outcomes.profiles[skeleton.play[s]]
            keeper, other = profile[1 - self.player], self.machine.play[m]
            options: list[tuple[Pair, Node | None]] = []
            for act in range(self.actions):
                after, then = self._after(skeleton, moves, s, act, keeper), self.machine.move[m][act]
                now = (1 - beta) * self._payoff(act, keeper)
                if keeper == other:
                    options.append(((now, now), (after, then)))
                    if (after, then) not in nodes:
                        nodes.append((after, then))
                else:
                    value = self.deterrence.value(self.player, skeleton.words[after])
                    rest = (1 - beta) * self._payoff(act, other) + beta * self.best[then]
                    options.append(((now + beta * value, rest), None))
            found[(s, m)] = options
        return found

    def _kept_against_machine(self, skeleton: Skeleton, moves: Mapping[Coordinate, int]) -> Fraction:
        """What keeping the agreement to the letter earns against the opportunist."""
        seen: dict[Node, int] = {}
        earned: list[Fraction] = []
        node: Node = (0, 0)
        while node not in seen:
            seen[node] = len(earned)
            s, m = node
            own, other = self.outcomes.profiles[skeleton.play[s]][self.player], self.machine.play[m]
            earned.append(self._payoff(own, other))
            node = (self._after(skeleton, moves, s, own, other), self.machine.move[m][own])
        first = seen[node]
        cycle = sum((self.beta**k * r for k, r in enumerate(earned[first:])), Fraction(0))
        value = cycle / sum((self.beta**k for k in range(len(earned) - first)), Fraction(0))
        for r in reversed(earned[:first]):
            value = (1 - self.beta) * r + self.beta * value
        return value

    def _after(self, skeleton: Skeleton, moves: Mapping[Coordinate, int], s: int, own: int, other: int) -> int:
        outcome = (own, other) if self.player == 0 else (other, own)
        k = self.outcomes.position[skeleton.play[s]][outcome]
        return skeleton.next[s] if k == 0 else moves[(s, k)]

    def _payoff(self, own: int, other: int) -> Fraction:
        outcome = (own, other) if self.player == 0 else (other, own)
        return self.deterrence.payoff[self.player][self.outcomes.number[outcome]]

    def _best_against_machine(self) -> tuple[Fraction, ...]:
        """B(m): the best value against the opportunist, by policy iteration."""
        options: dict[Node, list[tuple[Pair, Node | None]]] = {
            (0, m): [
                ((reward, reward), (0, self.machine.move[m][act]))
                for act in range(self.actions)
                for reward in [(1 - self.beta) * self._payoff(act, self.machine.play[m])]
            ]
            for m in range(len(self.machine.play))
        }
        plan = dict.fromkeys(options, 0)
        _best_plan(options, plan, Fraction(0), self.beta)
        values = _values(options, plan, self.beta)
        return tuple(values[(0, m)][1] for m in range(len(self.machine.play)))


def _best_plan(
    options: Mapping[Node, list[tuple[Pair, Node | None]]], plan: dict[Node, int], mu: Fraction, beta: Fraction
) -> Pair:
    """Improve ``plan`` until it is optimal at ``mu`` (Howard 1960); its worth from the first node."""

    def worth(pair: Pair) -> Fraction:
        return mu * pair[0] + (1 - mu) * pair[1]

    while True:
        values = _values(options, plan, beta)
        improved = False
        for node, row in options.items():
            best = worth(values[node])
            for act, (pair, after) in enumerate(row):
                total = worth(pair) + (beta * worth(values[after]) if after is not None else 0)
                if total > best:
                    best, plan[node], improved = total, act, True
        if not improved:
            return values[next(iter(options))]


def _values(
    options: Mapping[Node, list[tuple[Pair, Node | None]]], plan: Mapping[Node, int], beta: Fraction
) -> dict[Node, Pair]:
    """The worth of a plan from every node, by following it to its end or its cycle."""
    values: dict[Node, Pair] = {}
    for start in options:
        path: list[Node] = []
        node: Node | None = start
        while node is not None and node not in values and node not in path:
            path.append(node)
            node = options[node][plan[node]][1]
        if node is None:
            ahead: Pair = (Fraction(0), Fraction(0))
        elif node in values:
            ahead = values[node]
        else:  # a cycle closes at node
            cycle = [options[n][plan[n]][0] for n in path[path.index(node) :]]
            scale = 1 - beta ** len(cycle)
            ahead = (
                sum((beta**k * pair[0] for k, pair in enumerate(cycle)), Fraction(0)) / scale,
                sum((beta**k * pair[1] for k, pair in enumerate(cycle)), Fraction(0)) / scale,
            )
        for n in reversed(path):
            now = options[n][plan[n]][0]
            ahead = (now[0] + beta * ahead[0], now[1] + beta * ahead[1])
            values[n] = ahead
    return values


class TrustSearch:
    """The families of automata that need the least trust; grows as families of subgame-perfect ones are offered.

    ``check`` looks at the clock.
    """

    def __init__(self, demands: list[TrustDemand], check: Callable[[], None]) -> None:
        self.demands = demands
        self.check = check
        self.value: Fraction | None = None
        self.ties: list[Family] = []
        self.branches = 0
        self.left = 0

    def offer(self, family: Family) -> None:
        self._branch(family, Partial(), 0, Fraction(0))

    def _branch(self, family: Family, moves: Partial, player: int, needed: Fraction) -> None:
        self.branches += 1
        self.check()
        while player < len(self.demands):
            try:
                needed = max(needed, self.demands[player].least(family.skeleton, moves))
            except UnspecifiedMoveError as missing:
                for target in family.choices[missing.coordinate]:
                    self._branch(family, Partial({**moves, missing.coordinate: target}), player, needed)
                return
            player += 1
            if self.value is not None and needed > self.value:
                self.left += 1
                return
        if self.value is None or needed < self.value:
            self.value, self.ties = needed, []
        fixed = {c: (moves[c],) for c in moves}
        self.ties.append(Family(family.skeleton, {**family.choices, **fixed}))
