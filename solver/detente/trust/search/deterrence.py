"""Which departures an automaton deters when acts are seen, exactly, at one discount factor and over all of them.

A state's value is that of its word, and a departure from state s is deterred by moving to state t iff

    v_i(s) ≥ (1 − β_i) u_i(departure) + β_i v_i(t),       β_i = δ_i (1 − h).

Over δ this is the sign of a polynomial: with L the length of a word's prefix and c that of its cycle,
v = (1 − β) Σ_{k<L} βᵏ u_k + β^L (Σ_{j<c} βʲ u_{L+j}) / (1 + β + … + β^{c−1}).

**The least δ of all automata.** For one skeleton the choices of threats are independent, so the δ at which *some*
automaton of it is subgame perfect are D = ∩_{(s, i, a)} ∪_t {δ : t deters}, a finite union of intervals with
algebraic ends. The least element over all skeletons is the answer; a skeleton is left as soon as its intersection has
nothing below the best one found. No automaton is lost: each belongs to one skeleton, and its own set is one of the
terms of that union of products.
"""

from __future__ import annotations

from fractions import Fraction

from detente.exact.intervals import End, Interval, IntervalSet, combine
from detente.exact.polynomial import ONE, ZERO, Poly, X, constant
from detente.exact.sign_sets import where_nonnegative
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import HALF_OPEN
from detente.trust.search.public_automata import Automaton, Coordinate, Family, Outcomes, Skeleton, Word


class Deterrence:
    """Values of paths and deterred departures at the repeated game's own discount factors."""

    def __init__(self, rg: RepeatedGame, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.beta = rg.effective_discount
        self.payoff: list[list[Fraction]] = [
            [rg.game.exact_payoffs[(i, *p)] for p in outcomes.profiles] for i in (0, 1)
        ]
        self._values: tuple[dict[Word, Fraction], dict[Word, Fraction]] = ({}, {})

    def value(self, player: int, word: Word) -> Fraction:
        """The normalised value of a path."""
        known = self._values[player]
        if word not in known:
            beta, u = self.beta[player], self.payoff[player]
            prefix, cycle = word
            total = sum((beta**k * u[p] for k, p in enumerate(cycle)), Fraction(0))
            value = total / sum((beta**k for k in range(len(cycle))), Fraction(0))
            for p in reversed(prefix):
                value = (1 - beta) * u[p] + beta * value
            known[word] = value
        return known[word]

    def family(self, skeleton: Skeleton) -> Family | None:
        """All subgame-perfect automata of the skeleton; None if there is none."""
        choices: dict[Coordinate, tuple[int, ...]] = {}
        for s, k, player, departure in departures(skeleton, self.outcomes):
            choices[(s, k)] = self._deterring(skeleton, s, player, departure)
            if not choices[(s, k)]:
                return None
        return Family(skeleton, choices)

    def _deterring(self, skeleton: Skeleton, s: int, player: int, departure: int) -> tuple[int, ...]:
        word, beta = skeleton.words[s], self.beta[player]
        gain = self.value(player, word) - (1 - beta) * self.payoff[player][departure]
        return tuple(t for t, w in enumerate(skeleton.words) if gain >= beta * self.value(player, w))


class DeterrenceOverPatience:
    """The sets of common discount factors at which departures are deterred; the hazard keeps its value."""

    def __init__(self, rg: RepeatedGame, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.beta = X * constant(1 - rg.breakdown)
        self.payoff = [[constant(rg.game.exact_payoffs[(i, *p)]) for p in outcomes.profiles] for i in (0, 1)]
        self._values: dict[tuple[int, Word], tuple[Poly, Poly]] = {}
        self._sets: dict[tuple[int, Word, int, Word], IntervalSet] = {}

    def where(self, player: int, word: Word, departure: int, threat: Word) -> IntervalSet:
        """The δ at which a move to a state with word ``threat`` deters ``departure`` from one with ``word``."""
        key = (player, word, departure, threat)
        if key not in self._sets:
            top, bottom = self._value(player, word)
            threat_top, threat_bottom = self._value(player, threat)
            now = (ONE - self.beta) * self.payoff[player][departure] * bottom * threat_bottom
            slack = top * threat_bottom - now - self.beta * threat_top * bottom
            self._sets[key] = where_nonnegative(slack, HALF_OPEN)
        return self._sets[key]

    def least(self, skeleton: Skeleton, below: End) -> End | None:
        """The least δ, below ``below``, at which some automaton of the skeleton is subgame perfect."""
        found = IntervalSet((Interval(Fraction(0), below, True, False),))
        for s, _, player, departure in departures(skeleton, self.outcomes):
            word = skeleton.words[s]
            deterred = [self.where(player, word, departure, threat) for threat in set(skeleton.words)]
            found = found & combine(deterred, any)
            if not found:
                return None
        return found.intervals[0].lo

    def family(self, skeleton: Skeleton, delta: End) -> Family | None:
        """All automata of the skeleton that are subgame perfect at ``delta``, rational or not."""
        choices: dict[Coordinate, tuple[int, ...]] = {}
        for s, k, player, departure in departures(skeleton, self.outcomes):
            word = skeleton.words[s]
            choices[(s, k)] = tuple(
                t for t, threat in enumerate(skeleton.words) if delta in self.where(player, word, departure, threat)
            )
            if not choices[(s, k)]:
                return None
        return Family(skeleton, choices)

    def demand(self, skeleton: Skeleton, row: Automaton) -> End | None:
        """The least δ at which one automaton of the skeleton is subgame perfect in all its states."""
        parts = {
            self.where(player, skeleton.words[s], departure, skeleton.words[row.move[s][k]])
            for s, k, player, departure in departures(skeleton, self.outcomes)
        }
        found = combine([IntervalSet((HALF_OPEN,)), *parts], all)
        return found.intervals[0].lo if found else None

    def _value(self, player: int, word: Word) -> tuple[Poly, Poly]:
        """Numerator and positive denominator of a path's value."""
        if (player, word) not in self._values:
            prefix, cycle = word
            u = self.payoff[player]
            around, ahead, bottom = ZERO, ZERO, ZERO
            power = ONE
            for p in cycle:
                around, bottom, power = around + power * u[p], bottom + power, power * self.beta
            power = ONE
            for p in prefix:
                ahead, power = ahead + power * u[p], power * self.beta
            self._values[(player, word)] = ((ONE - self.beta) * ahead * bottom + power * around, bottom)
        return self._values[(player, word)]


def departures(skeleton: Skeleton, outcomes: Outcomes) -> list[tuple[int, int, int, int]]:
    """Every departure: the state, its number among the moves, the player, and the profile that results."""
    return [
        (s, k, player, outcomes.number[outcomes.after[p][k]])
        for s, p in enumerate(skeleton.play)
        for k, player in enumerate(outcomes.owner, start=1)
    ]
