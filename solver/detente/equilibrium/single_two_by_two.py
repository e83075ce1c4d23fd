"""All equilibria of one 2×2 game, in plain Python: less work than calling compiled code, let alone loading it.

Who wants what rests on the signs of four differences: A₁₁ − A₂₁, A₁₂ − A₂₂, B₁₁ − B₁₂ and B₂₁ − B₂₂. A player's
strategy in an extreme equilibrium is the first action, the second, or the one mixture that holds the opponent
indifferent, with the absolute values of the opponent's two differences as weights, crosswise. Which of the nine pairs
of them are extreme equilibria, how they connect and with which indices is the same in all games with the same signs;
so each of the 81 patterns is solved once, with differences −1, 0 and 1, by the engine for integers.

Comparisons of floats are exact. A difference of floats is not, where the floats are close to each other: there, the
decimals that they print as are subtracted.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from detente.equilibrium.answers import in_arithmetic
from detente.equilibrium.bimatrix.integer_payoffs import integer_payoffs
from detente.equilibrium.result import ONE, ZERO, Component, Equilibrium, EquilibriumSet, Subset
from detente.equilibrium.vertex_enumeration import exactly
from detente.game.game import Game, Strategy

FIRST, SECOND, MIXED = 0, 1, 2
# Floats are subtracted if they differ by more than this share of them, or are integers below 2⁵³.
CLOSE = 2.0**-10
EXACT = 2.0**53
# Below the first, floats lose digits; beyond the second, their sums might overflow.
LEAST, MOST = 1e-290, 1e300

Signs = tuple[int, int, int, int]


class Pattern(NamedTuple):
    """What the signs decide: extreme equilibria as pairs of FIRST, SECOND, MIXED, and the components that they form."""

    extreme: tuple[tuple[int, int], ...]
    components: tuple[tuple[tuple[tuple[tuple[int, ...], ...], ...], int | None, tuple[int, ...]], ...]


def two_by_two_set(game: Game, as_fractions: bool) -> EquilibriumSet:
    """All equilibria of a 2×2 game.

    >>> two_by_two_set(Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]]), True)
    <EquilibriumSet, complete: (0, 0), (3/5 0 + 2/5 1, 2/5 0 + 3/5 1), (1, 1)>
    """
    return EquilibriumSet.when_asked(_Answer(game, as_fractions), True, "vertex-enumeration")


@lru_cache(maxsize=81)
def pattern_of(signs: Signs) -> Pattern:
    """The structure of the set of equilibria of all games with these signs."""
    at_first, at_second, in_first, in_second = signs
    like = Game.bimatrix([[at_first, at_second], [0, 0]], [[in_first, 0], [in_second, 0]])
    found = exactly(like, True, lambda: False, inf)
    kind = {(ONE, ZERO): FIRST, (ZERO, ONE): SECOND}

    def kinds(strategies: Any) -> tuple[int, ...]:
        return tuple(kind.get(s, MIXED) for s in strategies)

    return Pattern(
        tuple(kinds(e.strategies) for e in found),  # type: ignore[misc]
        tuple((tuple(tuple(map(kinds, s.vertices)) for s in c.subsets), c.index, c.extreme) for c in found.components),
    )


class _Answer:
    """The equilibria of a 2×2 game, made into objects when somebody looks at them."""

    def __init__(self, game: Game, as_fractions: bool) -> None:
        self._game, self._as_fractions = game, as_fractions
        self._tables: Any
        if game.is_exact or as_fractions:
            (A, scale), (B, other_scale) = integer_payoffs(game, 0), integer_payoffs(game, 1)
            self._tables, self._scales = (A, B), (scale, other_scale)
        else:
            self._tables = game.payoffs.tolist()
        ((a, b), (c, d)), ((e, f), (h, k)) = self._tables
        self._signs = (a > c) - (a < c), (b > d) - (b < d), (e > f) - (e < f), (h > k) - (h < k)
        self._pattern = pattern_of(self._signs)
        self._extreme: tuple[Equilibrium, ...] | None = None

    def __len__(self) -> int:
        return len(self._pattern.extreme)

    def game(self) -> Game:
        return in_arithmetic(self._game, self._as_fractions)

    def extreme(self) -> tuple[Equilibrium, ...]:
        if self._extreme is None:
            make = self._in_fractions if self._as_fractions else self._in_floats
            self._extreme = tuple([make(x, y) for x, y in self._pattern.extreme])
        return self._extreme

    def components(self) -> tuple[Component, ...]:
        strategies: tuple[dict[int, Strategy], ...] = {}, {}
        for equilibrium, kinds in zip(self.extreme(), self._pattern.extreme, strict=True):
            for known, kind, strategy in zip(strategies, kinds, equilibrium.strategies, strict=True):
                known[kind] = strategy
        return tuple(
            Component(tuple(Subset((_of(strategies[0], x), _of(strategies[1], y))) for x, y in subsets), index, extreme)
            for subsets, index, extreme in self._pattern.components
        )

    def _in_fractions(self, x: int, y: int) -> Equilibrium:
        A, B = self._tables
        own, other = self._weights(x, y)
        i, j = int(not own[0]), int(not other[0])
        payoffs = (
            Fraction(A[i][0] * other[0] + A[i][1] * other[1], sum(other) * self._scales[0]),
            Fraction(B[0][j] * own[0] + B[1][j] * own[1], sum(own) * self._scales[1]),
        )
        return Equilibrium((_shares(own), _shares(other)), payoffs, ZERO, self._is_strict(x, y), self._game.actions)

    def _in_floats(self, x: int, y: int) -> Equilibrium:
        A, B = self._game.payoffs.tolist()
        own, other = ((u / (u + v), v / (u + v)) for u, v in self._weights(x, y))
        rows = [A[i][0] * other[0] + A[i][1] * other[1] for i in (0, 1)]
        columns = [own[0] * B[0][j] + own[1] * B[1][j] for j in (0, 1)]
        payoffs = own[0] * rows[0] + own[1] * rows[1], other[0] * columns[0] + other[1] * columns[1]
        regret = max(max(rows) - payoffs[0], max(columns) - payoffs[1], 0.0)
        return Equilibrium((own, other), payoffs, regret, self._is_strict(x, y), self._game.actions)

    def _weights(self, x: int, y: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """The strategies up to a factor: integers, or floats where they are good enough."""
        own = self._indifference(1) if x == MIXED else (x == FIRST, x == SECOND)
        other = self._indifference(0) if y == MIXED else (y == FIRST, y == SECOND)
        return own, other

    def _indifference(self, player: int) -> tuple[Any, Any]:
        """The weights of the opponent's actions that hold a player indifferent."""
        (a, b), (c, d) = self._tables[player]
        if player == 1:
            b, c = c, b
        if isinstance(a, float) and not (_is_precise(a, c) and _is_precise(b, d)):
            (a, b), (c, d) = integer_payoffs(self._game, player)[0]
            if player == 1:
                b, c = c, b
        return abs(b - d), abs(a - c)

    def _is_strict(self, x: int, y: int) -> bool:
        return MIXED not in (x, y) and self._signs[y] == (-1) ** x and self._signs[2 + x] == (-1) ** y


def _is_precise(u: float, v: float) -> bool:
    """Whether u − v is next to the difference of the decimals, and of a size that leaves room."""
    size = abs(u - v)
    if not LEAST < size < MOST:
        return False
    return size > CLOSE * max(abs(u), abs(v)) or (u.is_integer() and v.is_integer() and max(abs(u), abs(v)) < EXACT)


def _shares(weights: tuple[int, int]) -> Strategy:
    first, second = weights
    if not (first and second):
        return (ONE, ZERO) if first else (ZERO, ONE)
    return Fraction(first, first + second), Fraction(second, first + second)


def _of(strategies: dict[int, Strategy], kinds: tuple[int, ...]) -> tuple[Strategy, ...]:
    return tuple([strategies[kind] for kind in kinds])
