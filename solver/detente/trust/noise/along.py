"""A player's problem under noise along one parameter of the repeated game.

Rewards, probabilities and the weight of the future are polynomials in the parameter: patience, hazard, a payoff, the
noise itself or a level of the signal. At any value of it the numbers make a
:class:`~detente.trust.noise.model.NoisyEncounter`. What a finite plan is worth against each type is a rational
function, and so are the odds that walks of observations lead to (:mod:`detente.trust.noise.walks`).

At *special points* some probability becomes zero (no noise at all, say), or the future loses its weight; the question
is another one there, and is asked separately. They cut the domain into open parts, and these are cut further where the
extreme walks change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from detente.errors import UnsupportedError
from detente.exact.algebraic import Exact, real_roots
from detente.exact.intervals import Interval, IntervalSet, between
from detente.exact.linear import solve_m_matrix
from detente.exact.polynomial import ONE, ZERO, Poly, to_fmpq
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.machine import BoundMachine, Machine, bind_machine
from detente.game.monitoring import PublicSignals
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import Environment, Over, with_parameter
from detente.trust.belief import opportunist_or_default
from detente.trust.noise.bounds import TrustBounds, trust_bounds
from detente.trust.noise.check import Plan
from detente.trust.noise.constraints import LinearConstraint
from detente.trust.noise.model import NoisyEncounter, Option, Outcome, Step
from detente.trust.noise.ratio import Ratio, ratio, total
from detente.trust.noise.walks import Drift, Observation, least_factors
from detente.trust.types.partner_types import bound_agreement

Node = tuple[int, int]  # the agreement's state, the opportunist's
Line = tuple[Ratio, Ratio]  # what a plan is worth against the keeper, and against the opportunist
Odds = tuple[Poly, Poly]  # of the keeper : of the opportunist, not negative
VARIABLES = {"discount": "δ", "breakdown": "h", "noise": "ε"}


class Drifts(NamedTuple):
    """The least factors of the keeper's odds and of the opportunist's, by node."""

    lows: Drift
    highs: Drift

    @property
    def valid(self) -> IntervalSet:
        """The part of the domain on which both are what they are."""
        return self.lows.valid & self.highs.valid

    def low_odds(self, node: int, prior: Odds) -> Odds | None:
        """The least odds of the keeper at a node, from the ``prior``'s; None if the opportunist cannot lead there."""
        if node not in self.lows.factors:
            return None
        factor = self.lows.factors[node]
        return (ZERO, prior[1]) if factor is None else (prior[0] * factor[0], prior[1] * factor[1])

    def high_odds(self, node: int, prior: Odds) -> Odds | None:
        """The greatest odds of the keeper at a node; None if the keeper cannot lead there."""
        if node not in self.highs.factors:
            return None
        factor = self.highs.factors[node]
        return (prior[0], ZERO) if factor is None else (prior[0] * factor[1], prior[1] * factor[0])


class Cell(NamedTuple):
    """An interval of the parameter on which the extreme walks, while the agreement is kept, stay what they are."""

    interval: Interval
    drifts: Drifts


class NoisyAlong:
    """The player's problem, everything a polynomial in one parameter; an option's numbers are polynomials too."""

    def __init__(
        self,
        rg: RepeatedGame,
        ag: Agreement,
        player: int,
        opportunist: Machine | None,
        over: Over,
        domain: Interval | None = None,
    ) -> None:
        self.rg, self.agreement, self.player, self.over = rg, ag, player, over
        self.domain = domain or over.domain
        self.inside = _middle(self.domain)
        self.machine = opportunist_or_default(rg, player, opportunist)
        self.env = Environment(rg, over)
        self.beta = self.env.beta[player]
        self.bound: BoundAgreement = bound_agreement(ag, rg, rg.monitoring)
        self.opportunist: BoundMachine = bind_machine(self.machine, rg.game, 1 - player)
        if isinstance(rg.monitoring, PublicSignals) and len(self.opportunist.states) > 1:
            expected = "one state: under a public signal no act of the player is seen"
            raise UnsupportedError("opportunist", self.machine, expected)
        self.nodes: list[Node] = [(0, 0)]
        self.options: list[tuple[Option, ...]] = []
        self.public: dict[tuple[int, int], dict[Any, int]] = {}  # by node and act: what may be seen, as which outcome
        for node in self.nodes:  # grows as nodes are reached
            self.options.append(tuple(self._option(node, a) for a in range(rg.game.shape[player])))
        self.keep = tuple(self.bound.play[s][player] for s, _ in self.nodes)

    @property
    def parameter(self) -> str:
        """What varies, for a reader."""
        return self.over.label(self.rg.game)

    @property
    def variable(self) -> str:
        return VARIABLES.get(self.over.kind, "x")

    def state(self, node: int) -> str:
        """The agreement's state at a node, by name."""
        return self.bound.states[self.nodes[node][0]]

    def keeping(self) -> list[Step]:
        """Keeping the agreement, as a plan with one state a node."""
        return [Step(n, a, tuple(o.target for o in self.options[n][a].outcomes)) for n, a in enumerate(self.keep)]

    def deviations(self) -> Iterator[tuple[int, int]]:
        """Every node and every act there that the agreement does not prescribe."""
        for n, options in enumerate(self.options):
            yield from ((n, a) for a in range(len(options)) if a != self.keep[n])

    def idle(self) -> bool:
        """Whether the future has no weight at any value of the parameter."""
        return not self.beta

    def deviations_leave_no_mark(self) -> bool:
        """Whether all that can follow a deviation can follow keeping, with the same belief."""
        return all(
            {(o.target, *_likelihoods(o)) for option in row for o in option.outcomes}
            == {(o.target, *_likelihoods(o)) for o in row[kept].outcomes}
            for row, kept in zip(self.options, self.keep, strict=True)
        )

    def answer_at(self, x: Fraction, width: Fraction = Fraction(1, 10**4), budget: float = 30.0) -> TrustBounds:
        """The same question at one value of the parameter."""
        here = with_parameter(self.rg, self.over, x)
        return trust_bounds(
            here, self.agreement, player=self.player, opportunist=self.machine, width=width, budget=budget
        )

    def encounter(self, x: Fraction) -> NoisyEncounter:
        """The problem at one value of the parameter, with the same outcomes in the same order whatever the value."""
        point = to_fmpq(x)
        options = tuple(
            tuple(
                Option(
                    (option.reward[0](point), option.reward[1](point)),
                    tuple(Outcome(o.target, o.keeper(point), o.other(point)) for o in option.outcomes),
                )
                for option in row
            )
            for row in self.options
        )
        return NoisyEncounter(
            self.rg,  # for its labels: the numbers are in the options
            self.agreement,
            self.bound,
            self.player,
            self.machine,
            "both",
            tuple(self.nodes),
            options,
            self.keep,
            self.beta(point),
        )

    def worth(self, steps: Sequence[Step]) -> list[Line]:
        """What finite plans are worth against each type, as rational functions."""
        sides = []
        for side in (0, 1):
            matrix, right = [], []
            for i, step in enumerate(steps):
                option = self.options[step.node][step.action]
                row = [ONE if i == j else ZERO for j in range(len(steps))]
                for o, j in zip(option.outcomes, step.then, strict=True):
                    row[j] = row[j] - self.beta * (o.other if side else o.keeper)
                matrix.append(row)
                right.append([(ONE - self.beta) * option.reward[side]])
            denominator, columns = solve_m_matrix(matrix, right)
            sides.append([ratio(c[0], denominator, self.inside) for c in columns])
        return list(zip(*sides, strict=True))

    def written(self, steps: Sequence[Step]) -> Plan:
        """A plan in the words of the agreement, the opportunist and what becomes public."""
        monitoring = self.rg.monitoring
        out = []
        for step in steps:
            s, m = self.nodes[step.node]
            seen = self.public[step.node, step.action]
            named = {
                monitoring.labels[k[0]] if isinstance(monitoring, PublicSignals) else k: step.then[o]
                for k, o in seen.items()
            }
            out.append(((self.bound.states[s], self.opportunist.states[m]), step.action, named))
        return out

    def loss(self, kept: Line, lines: Sequence[Line], node: int, action: int, then: Sequence[int]) -> tuple[Poly, Poly]:
        """What keeping at a node is worth more than an act followed by given plans: against each type, as polynomials
        times one positive function."""
        option = self.options[node][action]
        found = []
        for side in (0, 1):
            ahead = [
                (-self.beta * (o.other if side else o.keeper), lines[j][side])
                for o, j in zip(option.outcomes, then, strict=True)
            ]
            now = (-(ONE - self.beta) * option.reward[side], Ratio(ONE, ONE))
            found.append(total([(ONE, kept[side]), now, *ahead], self.inside))
        mine, theirs = found
        return mine.top * theirs.bottom, theirs.top * mine.bottom

    def special_points(self) -> list[Fraction]:
        """Where some probability, or the weight of the future, becomes zero without being zero throughout.

        :class:`UnsupportedError` if one of them is irrational.
        """
        outcomes = [o for row in self.options for option in row for o in option.outcomes]
        found: set[Exact] = set()
        for p in (self.beta, *(c for o in outcomes for c in (o.keeper, o.other))):
            if p.degree() > 0:
                found |= {root for root in real_roots(p.numer()) if root in self.domain}
        return [self._rational(x) for x in sorted(found)]

    def open_parts(self) -> IntervalSet:
        """The domain without its special points."""
        return IntervalSet((self.domain,)) - IntervalSet.of(*(Interval(x, x) for x in self.special_points()))

    def cells(self) -> Iterator[Cell]:
        """The open parts, cut where the extreme walks change while the agreement is kept."""
        for part in self.open_parts():
            remaining = IntervalSet((part,))
            while remaining:
                gap = remaining.intervals[0]
                x = self._rational(gap.lo if gap.is_point else between(gap.lo, gap.hi))
                drifts = self.drift(x, part, free=False)
                found = drifts.valid & remaining
                yield from (Cell(interval, drifts) for interval in found)
                remaining = remaining - found

    def drift(self, x: Fraction, part: Interval, *, free: bool) -> Drifts:
        """The least factors of the keeper's odds and of the opportunist's, by ``free`` acts or while keeping."""
        down, up = [], []
        for n, row in enumerate(self.options):
            for option in row if free else (row[self.keep[n]],):
                for o in option.outcomes:
                    if o.other:
                        down.append(Observation(n, o.target, o.keeper, o.other))
                    if o.keeper:
                        up.append(Observation(n, o.target, o.other, o.keeper))
        size = len(self.nodes)
        return Drifts(least_factors(down, size, x, part), least_factors(up, size, x, part))

    def _rational(self, x: Any) -> Fraction:
        if not isinstance(x, Fraction):
            expected = f"a parameter that changes what can be observed at rational values, not at {x}"
            raise UnsupportedError("over", self.parameter, expected)
        return x

    def _option(self, node: Node, action: int) -> Option:
        """One act at a node: expected payoffs, and what may become public, with new nodes added."""
        s, m = node
        meant = [self._profile(action, act) for act in (self.bound.play[s][1 - self.player], self.opportunist.play[m])]
        keeper, other = (dict(self.env.outcomes(profile)) for profile in meant)
        merged: dict[Any, Outcome] = {}
        numbers = self.public.setdefault((self.nodes.index(node), action), {})
        for public in {**keeper, **other}:
            watched = m if len(public) == 1 else self.opportunist.move[m][public[self.player]]
            target = (self.bound.move[s][public], watched)
            if target not in self.nodes:
                self.nodes.append(target)
            outcome = Outcome(self.nodes.index(target), keeper.get(public, ZERO), other.get(public, ZERO))
            key = (outcome.target, *_likelihoods(outcome))
            if key in merged:
                same = merged[key]
                outcome = Outcome(outcome.target, outcome.keeper + same.keeper, outcome.other + same.other)
            merged[key] = outcome
            numbers[public] = list(merged).index(key)
        return Option((self._reward(meant[0]), self._reward(meant[1])), tuple(merged.values()))

    def _profile(self, mine: int, theirs: int) -> tuple[int, int]:
        return (mine, theirs) if self.player == 0 else (theirs, mine)

    def _reward(self, meant: tuple[int, int]) -> Poly:
        """The expected payoff: of the acts carried out if they are seen, and of those meant if they stay hidden."""
        if not self.env.sees_acts:
            return self.env.payoff(self.player, meant)
        return sum((chance * self.env.payoff(self.player, o) for o, chance in self.env.outcomes(meant)), ZERO)


def constraints_of(cell: Cell, node: int, action: int, loss: tuple[Poly, Poly]) -> list[LinearConstraint]:
    """Two constraints on the prior, from what a deviation at a node loses against each type."""
    rows = []
    for odds in (cell.drifts.low_odds(node, (ONE, ONE)), cell.drifts.high_odds(node, (ONE, ONE))):
        if odds is not None:
            rows.append(LinearConstraint(node, action, odds[0] * loss[0], odds[1] * loss[1]))
    return rows


def _middle(interval: Interval) -> Fraction:
    return Fraction(interval.lo) if interval.is_point else between(interval.lo, interval.hi)  # type: ignore[arg-type]


def _likelihoods(outcome: Outcome) -> tuple[Any, ...]:
    """Its likelihoods' ratio in a form in which equal ratios are equal."""
    common = outcome.keeper.gcd(outcome.other)
    sides = [outcome.keeper // common, outcome.other // common]
    lead = next(side for side in sides if side).leading_coefficient()
    return tuple(tuple(c / lead for c in side.coeffs()) for side in sides)
