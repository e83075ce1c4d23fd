"""How much noise an agreement stands, and the automata that stand the most.

An agreement *stands* trembles up to ε̄ if it is subgame perfect at every ε in [0, ε̄]. It then is so at ε = 0, when acts
are seen, so only families of subgame-perfect automata need be searched; and it is so at any one ε below the best ε̄
found so far, so an automaton that provably fails there is discarded (:mod:`detente.trust.search.kernel`). Floating
point only ever discards, by a proof; whoever is left is measured exactly, by the region over noise.

Noise counts up to 1 − 1/k, k the number of actions of a player (the least such bound, ½ in a 2×2 game). There an act
says nothing about what was intended, and beyond it the opposite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from detente.exact.algebraic import Algebraic
from detente.exact.intervals import End
from detente.exact.polynomial import ONE, X, to_fmpq
from detente.game.monitoring import misfires, perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.thresholds import holds_where
from detente.trust.search.public_automata import Automaton, Family, Outcomes, minimal, to_agreement

ROOM = 100_000  # candidates held at once
STRIDE = 200_000  # steps of a walk between two looks at the clock
# An automaton that stands L holds at all these shares of L.
SHARES = [Fraction(k, 16) for k in range(1, 16)] + [1 - Fraction(1, 2**k) for k in (6, 10, 16, 24, 32)]
SIFTED = [Fraction(k, 16) for k in (15, 12, 8, 4, 2)]
HALVINGS = 24


class OutOfTimeError(Exception):
    """The budget was used up."""


class Level:
    """The compiled sieve's numbers at one level of noise."""

    def __init__(self, rg: RepeatedGame, outcomes: Outcomes, eps: Fraction) -> None:
        players = (0, 1)
        scaled = [_unit_range([rg.game.exact_payoffs[(i, *p)] for p in outcomes.profiles]) for i in players]
        known, m = 1 + outcomes.unilateral, outcomes.count
        self.chance = np.zeros((m, known, m))
        self.reward = np.zeros((m, known, 2))
        for p in range(m):
            for k in range(known):
                dealt = dict(misfires(rg.game, outcomes.after[p][k], eps, Fraction(1)))
                for o, outcome in enumerate(outcomes.after[p]):
                    self.chance[p, k, o] = dealt[outcome]
                for i in players:
                    self.reward[p, k, i] = sum(dealt[o] * scaled[i][outcomes.number[o]] for o in outcomes.profiles)
        self.beta = np.array([float(b) for b in rg.effective_discount])
        self.rest = np.array([float(1 - b) for b in rg.effective_discount])
        self.owner = np.array(outcomes.owner, np.int64)

    def may_hold(self, automaton: Automaton) -> bool:
        """False is proven."""
        return self.which_may_hold([automaton]) == [automaton]

    def which_may_hold(self, automata: Sequence[Automaton]) -> list[Automaton]:
        """Those that may hold, in their order; of the others it is proven that they do not."""
        from detente.trust.search.kernel import which_may_hold  # loads numba

        numbers = (self.chance, self.reward, self.beta, self.rest, self.owner)
        still = np.ones(len(automata), np.bool_)
        for size in {len(a.play) for a in automata}:
            place = [k for k, a in enumerate(automata) if len(a.play) == size]
            play = np.array([automata[k].play for k in place], np.int64)
            target = np.array([automata[k].move for k in place], np.int8)
            alive = np.ones(len(place), np.bool_)
            which_may_hold(play, target, *numbers, alive)
            still[place] = alive
        return [a for a, fine in zip(automata, still.tolist(), strict=True) if fine]


class Walk(NamedTuple):
    """The automata that may hold, how many were looked at and left out, and whether there was room for all."""

    kept: list[Automaton]
    seen: int
    skipped: int
    fits: bool


class Sieve:
    """The compiled sieve at several levels of noise, the first of them the highest."""

    def __init__(self, levels: list[Level]) -> None:
        self.chance = np.stack([level.chance for level in levels])
        self.reward = np.stack([level.reward for level in levels])
        self.numbers = levels[0].beta, levels[0].rest, levels[0].owner

    def walk(self, family: Family, room: NDArray[np.int8], check: Callable[[], None]) -> Walk:
        """All completions of a family that may hold; ``room`` is for as many as it has rows."""
        from detente.trust.search.kernel import sieve  # loads numba

        n, width, count = family.skeleton.size, len(self.numbers[2]), self.chance.shape[-1]
        choices = np.broadcast_to(np.arange(n, dtype=np.int8), (n, count - 1, n)).copy()
        counts = np.full((n, count - 1), n)
        for (s, k), targets in family.choices.items():
            choices[s, k - 1, : len(targets)] = targets
            counts[s, k - 1] = len(targets)
        # Departures of one player first, for most rests on them, and those with the fewest choices before the others.
        order = sorted(
            product(range(n), range(1, count)), key=lambda move: (move[1] > width, counts[move[0], move[1] - 1])
        )
        target = np.full((n, count), -1, np.int8)
        target[:, 0] = family.skeleton.next
        digit, tally = np.zeros(len(order) + 1, np.int64), np.zeros(4, np.int64)
        play = np.array(family.skeleton.play)
        numbers = (self.chance[:, play], self.reward[:, play], *self.numbers)
        moves = np.array(order, np.int64).reshape(-1, 2)
        while True:
            check()
            over = sieve(play, moves, choices, counts, *numbers, target, digit, tally, room, STRIDE)
            if over:
                break
        _, found, seen, skipped = map(int, tally)
        kept = [Automaton(family.skeleton.play, tuple(map(tuple, row))) for row in room[:found].tolist()]
        return Walk(kept, seen, skipped, found <= len(room))


class NoiseSearch:
    """Exact noise limits of automata, and the search for the largest."""

    def __init__(self, rg: RepeatedGame, outcomes: Outcomes, check: Callable[[], None]) -> None:
        self.rg = rg.replace(monitoring=perfect())
        self.outcomes = outcomes
        self.check = check
        self.cap: Fraction = min((1 - Fraction(1, k) for k in outcomes.shape if k > 1), default=Fraction(1))
        self.seen = 0
        self.skipped = 0
        self.measured = 0
        self._limits: dict[Automaton, End | None] = {}
        self._levels: dict[Fraction, Level] = {}
        self._room: dict[int, NDArray[np.int8]] = {}

    def limit(self, automaton: Automaton) -> End | None:
        """ε̄ of a full automaton, exactly; None if it is not subgame perfect without noise."""
        form = minimal(automaton)
        if form not in self._limits:
            self.check()
            self.measured += 1
            if self._gives_way_at_once(form):
                self._limits[form] = Fraction(0)
                return Fraction(0)
            region = holds_where(self.rg, to_agreement(form, self.outcomes, self.rg.game), "noise")
            first = region.intervals[0] if Fraction(0) in region else None
            self._limits[form] = None if first is None else min(first.hi, self.cap)
        return self._limits[form]

    def _gives_way_at_once(self, form: Automaton) -> bool:
        """Whether a departure that costs nothing without noise gains from the least noise, to first order in ε.

        Exact, and much quicker than the region over noise; it decides most automata where patience is just enough.
        The values are v₀ + ε v₁ + …, with (I − βT₀) v₁ = (1 − β) r₁ + βT₁ v₀.
        """
        n = len(form.play)
        for i, beta in enumerate(map(to_fmpq, self.rg.effective_discount)):
            rows = [self._first_order[i][p] for p in form.play]
            values: list[Any] = []
            for order in (0, 1):
                matrix = fmpq_mat(
                    n, n, [fmpq(int(s == t)) - beta * (t == form.move[s][0]) for s in range(n) for t in range(n)]
                )
                right = []
                for s in range(n):
                    chance, reward = rows[s][0][order]
                    ahead = sum((q * values[0][form.move[s][o], 0] for o, q in chance if order), fmpq(0))
                    right.append((1 - beta) * reward + beta * ahead)
                values.append(matrix.solve(fmpq_mat(n, 1, right)))
            for s in range(n):
                for k, owner in enumerate(self.outcomes.owner, start=1):
                    if owner != i:
                        continue
                    (chance, reward), (change, gain) = rows[s][k]
                    moves = form.move[s]
                    if values[0][s, 0] == (1 - beta) * reward + beta * sum(
                        q * values[0][moves[o], 0] for o, q in chance
                    ):
                        onward = sum((q * values[1][moves[o], 0] for o, q in chance), fmpq(0))
                        onward += sum((q * values[0][moves[o], 0] for o, q in change), fmpq(0))
                        if values[1][s, 0] < (1 - beta) * gain + beta * onward:
                            return True
        return False

    @cached_property
    def _first_order(self) -> list[list[list[tuple[tuple[list[tuple[int, Any]], Any], ...]]]]:
        """Chances of outcomes and expected payoffs as ε → 0: ``[player][profile][departure][order]``."""
        game, outcomes = self.rg.game, self.outcomes

        def expansion(i: int, p: int, k: int) -> tuple[tuple[list[tuple[int, Any]], Any], ...]:
            dealt = misfires(game, outcomes.after[p][k], X, ONE)
            parts = []
            for order in (0, 1):
                chance = [(outcomes.position[p][o], q[order]) for o, q in dealt if q[order]]  # type: ignore[index]
                reward = sum((q[order] * to_fmpq(game.exact_payoffs[(i, *o)]) for o, q in dealt), fmpq(0))
                parts.append((chance, reward))
            return tuple(parts)

        departures = range(1 + outcomes.unilateral)
        return [[[expansion(i, p, k) for k in departures] for p in range(outcomes.count)] for i in (0, 1)]

    def best(self, families: list[Family], floor: End | None, most: int) -> tuple[End | None, list[Automaton]]:
        """The largest limit among all completions of the families, if at least ``floor``, and who attains it.

        The list is complete unless it has ``most`` entries or more and the limit is the cap, beyond which none goes.
        """
        low = floor
        while True:
            candidates = self._candidates(families, _just_below(low, self.cap))
            if candidates is not None:
                return self._measure(candidates, low, most)
            low = self._raised(families, low)

    def _raised(self, families: list[Family], low: End | None) -> End:
        """A limit that some automaton attains, higher than ``low`` if possible, found at levels with few candidates."""
        bottom, top = _just_below(low, self.cap), self.cap
        if self._candidates(families, bottom + (top - bottom) / 2**HALVINGS) == []:
            raise OutOfTimeError  # many stand as much as the best so far, and none perceptibly more
        for _ in range(HALVINGS):
            middle = (bottom + top) / 2
            candidates = self._candidates(families, middle)
            if candidates is None:
                bottom = middle
            elif not candidates:
                top = middle
            else:
                value, _ = self._measure(candidates, low, 1)
                if value is not None and (low is None or value > low):
                    return value
                top = middle
        raise OutOfTimeError  # more candidates than can be held, at every level that has any

    def _candidates(self, families: list[Family], eps: Fraction) -> list[Automaton] | None:
        """Every completion that may hold at ``eps``, in minimal form; None if there are too many."""
        levels = [eps, *(share * eps for share in SIFTED if eps)]
        compiled = Sieve([self._level(level) for level in levels])
        found: set[Automaton] = set()
        for family in families:
            size = family.skeleton.size
            if size not in self._room:
                self._room[size] = np.empty((ROOM, size, self.outcomes.count), np.int8)
            walk = compiled.walk(family, self._room[size], self.check)
            self.seen += walk.seen
            self.skipped += walk.skipped
            found.update(map(minimal, walk.kept))
            if not walk.fits or len(found) > ROOM:
                return None
        return sorted(found, key=lambda a: (len(a.play), a))

    def _measure(self, candidates: list[Automaton], floor: End | None, most: int) -> tuple[End | None, list[Automaton]]:
        """Exact limits of those candidates that may attain the largest."""
        best = floor
        for automaton in self._promising(candidates, best):
            limit = self.limit(automaton)
            if limit is not None and (best is None or limit > best):
                best = limit
        ties: list[Automaton] = []
        remaining = candidates
        while True:
            remaining = remaining if best is None else self._may_stand(remaining, best)
            for position, automaton in enumerate(remaining):
                limit = self.limit(automaton)
                if limit is None or (best is not None and limit < best):
                    continue
                if best is None or limit > best:
                    best, ties = limit, []
                    remaining = remaining[position:]  # those before it stand less
                    break
                ties.append(automaton)
                if best == self.cap and len(ties) >= most:
                    return best, ties
            else:
                return (best, ties) if ties else (None, [])

    def _promising(self, candidates: list[Automaton], low: End | None) -> list[Automaton]:
        """A few candidates that hold at high noise, by halving. Only a heuristic for where to look first."""
        alive, bottom, top = candidates, _just_below(low, self.cap), self.cap
        for _ in range(HALVINGS):
            if len(alive) <= 2:
                break
            middle = ((bottom + top) / 2).limit_denominator(2**40)
            level = self._level(middle)
            still = level.which_may_hold(alive)
            if still:
                alive, bottom = still, middle
            else:
                top = middle
        return alive[:4]

    def _may_stand(self, automata: list[Automaton], limit: End) -> list[Automaton]:
        """Those that may hold at sampled levels below ``limit``; of the others it is proven that they do not."""
        below = _just_below(limit, self.cap)
        for share in SHARES:
            automata = self._level(share * below).which_may_hold(automata)
        return automata

    def _level(self, eps: Fraction) -> Level:
        if eps not in self._levels:
            self._levels[eps] = Level(self.rg, self.outcomes, eps)
        return self._levels[eps]


def _just_below(limit: End | None, cap: Fraction) -> Fraction:
    """A rational level that whoever stands ``limit`` stands too."""
    if limit is None:
        return Fraction(0)
    if limit == cap:
        return cap * Fraction(63, 64)  # at the cap itself every departure costs nothing, and no sieve discards
    low = limit.refine(Fraction(1, 2**40))[0] if isinstance(limit, Algebraic) else Fraction(limit)
    return max(low, Fraction(0)).limit_denominator(2**40) * (1 - Fraction(1, 2**38))


def _unit_range(payoffs: list[Fraction]) -> list[Fraction]:
    low, high = min(payoffs), max(payoffs)
    return [(u - low) / (high - low) if high > low else Fraction(0) for u in payoffs]
