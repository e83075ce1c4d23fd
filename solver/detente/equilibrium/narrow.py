"""All equilibria of a two-player game in which one player has one or two actions, however many the other has.

Let the narrow player's second action have probability p. What each action of the wide player earns is a line over
[0, 1], and the best replies are the lines on the upper envelope, that is, the points (payoff against the first action,
payoff against the second) on the upper right convex hull, which sorting finds in O(n log n) operations (Andrew 1979,
*Information Processing Letters* 9, 216–219). Between two breakpoints the set J(p) of best replies does not change; at a
breakpoint it is that of both sides and whatever else passes through.

With dⱼ the advantage of the narrow player's first action over the second at the wide player's action j, (p, y) is an
equilibrium iff y is a mixture of J(p) with d·y = 0, or d·y ≥ 0 at p = 0, or d·y ≤ 0 at p = 1. So:

- The strategies p in extreme equilibria are 0, 1 and breakpoints, here called *stations*; with each goes the set of y
  whose vertices are the actions in J(p) that meet the condition, and the mixtures of two whose d have opposite signs
  that make d·y = 0.
- Between neighbouring stations all p are in equilibria iff some y is a mixture of the J there with d·y = 0. These y
  go with both stations: a maximal Nash subset. So does a station with all its y, if they are more.
- For each p the y form a polytope, so components are intervals of p: runs of stations joined in this way.
- The index of a component is half the sign of d·y just right of it less that just left of it, −1 counting as the sign
  left of 0 and +1 as that right of 1: the degree of the one-dimensional problem to which best replies of the wide
  player reduce the game (Shapley 1974; Demichelis and Ritzberger 2003). It is 1 at a strict equilibrium.

All is done in integers. Nothing is searched for, so the answer is complete, and degenerate games come out right.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from detente.equilibrium.answers import in_arithmetic
from detente.equilibrium.bimatrix.exact_profile import exact_block
from detente.equilibrium.result import Component, Equilibrium, EquilibriumSet, Subset
from detente.game.game import Game, Strategy

# An answer with more numbers than this in its strategies is not given: it would fill the memory.
MOST_NUMBERS = 50_000_000

# Positive integer weights, up to a factor, by action
Weights = tuple[tuple[int, int], ...]


class Station(NamedTuple):
    """A strategy of the narrow player, as weights, and the wide player's best replies to it."""

    weights: Weights
    replies: list[int]


class Run(NamedTuple):
    """A component: the numbers of its stations, the y that join each with the next, and its index."""

    stations: list[int]
    joints: list[list[Weights]]
    degree: int


def narrow_set(game: Game, as_fractions: bool) -> EquilibriumSet | None:
    """All equilibria of a game with a player of at most two actions; None if they are too many to be written down.

    >>> game = Game.bimatrix([[1, 4, 2], [3, 0, 1]], [[3, 0, 2], [0, 3, 2]])
    >>> found = narrow_set(game, True)
    >>> [str(e) for e in found], [c.index for c in found.components]
    (['(2/3 0 + 1/3 1, 1/3 0 + 2/3 2)'], [1])
    """
    answer = _Narrow(game, as_fractions)
    if answer.numbers > MOST_NUMBERS:
        return None
    return EquilibriumSet.when_asked(answer, True, "vertex-enumeration")


class _Narrow:
    """The equilibria as weights; made into objects when somebody looks at them."""

    def __init__(self, game: Game, as_fractions: bool) -> None:
        self._game, self._as_fractions = game, as_fractions
        self._strategies = _Strategies(as_fractions)
        # The narrow player comes first here, and has rows.
        self._turned = game.shape[0] > game.shape[1]
        (own, self._own_scale), (other, self._other_scale) = (
            exact_block(game, player, *map(range, game.shape)) for player in ((1, 0) if self._turned else (0, 1))
        )
        if self._turned:
            own, other = ([list(column) for column in zip(*table, strict=True)] for table in (own, other))
        self._own, self._other = own, other
        # With one action only, p = 0, and there is no second action to be better.
        self._advantage: list[int] = [a - b for a, b in zip(*own, strict=True)] if len(own) == 2 else [1] * len(own[0])
        self._stations, self._between = _stations(other)
        self._extreme: tuple[Equilibrium, ...] | None = None
        self._number = [self._count(k) for k in range(len(self._stations))]

    # --- how many -----------------------------------------------------------------------------------------------------

    def _signs(self, station: int) -> tuple[int, ...]:
        """The signs of d at which an action alone is enough at a station."""
        if station == 0:
            return 0, 1
        return (0, -1) if station == len(self._stations) - 1 else (0,)

    def _count(self, station: int) -> int:
        """The number of extreme equilibria at a station."""
        replies = self._stations[station].replies
        above = sum(self._advantage[j] > 0 for j in replies)
        below = sum(self._advantage[j] < 0 for j in replies)
        alone = {1: above, -1: below, 0: len(replies) - above - below}
        return above * below + sum(alone[sign] for sign in self._signs(station))

    def __len__(self) -> int:
        return sum(self._number)

    @property
    def numbers(self) -> int:
        """About how many numbers the answer has."""
        return sum(self._number) * (sum(self._game.shape) + 8)

    # --- which --------------------------------------------------------------------------------------------------------

    def _vertices(self, replies: list[int], signs: tuple[int, ...]) -> list[Weights]:
        """The vertices of the set of y on these replies."""
        d = self._advantage
        alone = [((j, 1),) for j in replies if _sign(d[j]) in signs]
        above, below = [j for j in replies if d[j] > 0], [j for j in replies if d[j] < 0]
        return alone + [_mixture(j, -d[k], k, d[j]) for j in above for k in below]

    def _runs(self) -> list[Run]:
        last = len(self._stations) - 1
        runs: list[Run] = []
        joint: list[Weights] = []
        left = -1  # the sign of d just left of the station
        for k in range(last + 1):
            joined = bool(joint)
            if joined:
                runs[-1].joints.append(joint)
                runs[-1].stations.append(k)
            joint = self._vertices(self._between[k], (0,)) if k < last else []
            right = _sign(self._advantage[self._between[k][0]]) if k < last else 1
            if not joined and self._number[k]:
                runs.append(Run([k], [], -left))
            if (joined or self._number[k]) and not joint:
                runs[-1] = runs[-1]._replace(degree=(runs[-1].degree + right) // 2)
            left = right
        return runs

    # --- as objects ---------------------------------------------------------------------------------------------------

    def game(self) -> Game:
        return in_arithmetic(self._game, self._as_fractions)

    def _profiles(self) -> list[tuple[int, Weights]]:
        """Station and y of every extreme equilibrium, in decreasing lexicographic order of the players' strategies."""
        found = [
            (k, y)
            for k, station in enumerate(self._stations)
            if self._number[k]
            for y in self._vertices(station.replies, self._signs(k))
        ]
        keys = {y: _descending(y) for _, y in found}
        return sorted(found, key=lambda e: (keys[e[1]], e[0]) if self._turned else (e[0], keys[e[1]]))

    def extreme(self) -> tuple[Equilibrium, ...]:
        if self._extreme is None:
            self._extreme = tuple([self._equilibrium(*profile) for profile in self._profiles()])
        return self._extreme

    def _strategy(self, wide: bool, weights: Weights) -> Strategy:
        return self._strategies.of(weights, len(self._own[0]) if wide else len(self._own))

    def _equilibrium(self, station: int, y: Weights) -> Equilibrium:
        x, replies = self._stations[station]
        sizes = sum(w for _, w in x) * sum(w for _, w in y)
        earned = [
            Fraction(sum(w * v * table[i][j] for i, w in x for j, v in y), sizes * scale)
            for table, scale in ((self._own, self._own_scale), (self._other, self._other_scale))
        ]
        strict = len(x) == len(y) == len(replies) == 1 and self._advantage[y[0][0]] != 0
        strategies, payoffs = self._in_order(self._strategy(False, x), self._strategy(True, y)), self._in_order(*earned)
        if self._as_fractions:
            return Equilibrium(strategies, payoffs, Fraction(0), strict, self._game.actions)
        regret = self._float_regret(strategies, *self._in_order(x, y))
        return Equilibrium(strategies, tuple(map(float, payoffs)), regret, strict, self._game.actions)

    def _in_order(self, narrow: Any, wide: Any) -> tuple[Any, Any]:
        return (wide, narrow) if self._turned else (narrow, wide)

    def _float_regret(self, strategies: tuple[Strategy, ...], x: Weights, y: Weights) -> float:
        """What the best deviation from strategies in floats would gain, in floats."""
        A, B = self._game.payoffs
        rows, columns = ([k for k, _ in weights] for weights in (x, y))
        p, q = (np.array([s[k] for k in used]) for s, used in zip(strategies, (rows, columns), strict=True))
        first, second = A[:, columns] @ q, p @ B[rows]
        return max(float(first.max() - p @ first[rows]), float(second.max() - second[columns] @ q), 0.0)

    def components(self) -> tuple[Component, ...]:
        position = {profile: k for k, profile in enumerate(self._profiles())}
        found = []
        for run in self._runs():
            parts = [([k, k + 1], joint) for k, joint in zip(run.stations, run.joints, strict=False)]
            members = []
            for k in run.stations:
                own = self._vertices(self._stations[k].replies, self._signs(k))
                members += [position[k, y] for y in own]
                if all(len(joint) < len(own) for (stations, joint) in parts if k in stations):
                    parts.append(([k], own))
            subsets = tuple(
                Subset(
                    self._in_order(
                        tuple(self._strategy(False, self._stations[k].weights) for k in stations),
                        tuple(self._strategy(True, y) for y in ys),
                    )
                )
                for stations, ys in parts
            )
            found.append(Component(subsets, run.degree, tuple(sorted(members))))
        return tuple(sorted(found, key=lambda c: c.extreme[0]))


class _Strategies:
    """Strategies by their weights, each made once."""

    def __init__(self, as_fractions: bool) -> None:
        self._as_fractions = as_fractions
        self._made: dict[tuple[Weights, int], Strategy] = {}

    def of(self, weights: Weights, width: int) -> Strategy:
        key = weights, width
        if key not in self._made:
            total = sum(w for _, w in weights)
            full: list[Any] = [Fraction(0) if self._as_fractions else 0.0] * width
            for k, w in weights:
                full[k] = Fraction(w, total) if self._as_fractions else w / total
            self._made[key] = tuple(full)
        return self._made[key]


def _stations(other: list[list[int]]) -> tuple[list[Station], list[list[int]]]:
    """The stations in order of p, and between each and the next the wide player's best replies."""
    if len(other) == 1:
        return [Station(((0, 1),), _best(other[0]))], []
    at: dict[tuple[int, int], list[int]] = defaultdict(list)
    for j, point in enumerate(zip(*other, strict=True)):
        at[point].append(j)
    # From the best against the first action to the best against the second; points on edges of the hull are kept.
    hull: list[tuple[int, int]] = []
    for point in sorted(at, reverse=True):
        if hull and point[1] <= hull[-1][1]:
            continue
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) < 0:
            hull.pop()
        hull.append(point)
    stations, between = [Station(((0, 1),), _best(other[0]))], [at[hull[0]]]
    for point, following in pairwise(hull):
        weights = _mixture(0, following[1] - point[1], 1, point[0] - following[0])
        if weights == stations[-1].weights:  # on the same edge
            stations[-1].replies.extend(at[following])
            between[-1] = at[following]
        else:
            stations.append(Station(weights, at[point] + at[following]))
            between.append(at[following])
    return [*stations, Station(((1, 1),), _best(other[1]))], between


def _best(payoffs: list[int]) -> list[int]:
    most = max(payoffs)
    return [j for j, u in enumerate(payoffs) if u == most]


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Positive if b lies above the line from a to c, for points that go up to the left; 0 if on it."""
    return (b[1] - a[1]) * (a[0] - c[0]) - (c[1] - a[1]) * (a[0] - b[0])


def _mixture(j: int, weight: int, k: int, other: int) -> Weights:
    """In lowest terms, the action with the lower number first."""
    common = gcd(weight, other)
    pair = (j, weight // common), (k, other // common)
    return pair if j < k else pair[::-1]


def _descending(weights: Weights) -> tuple[tuple[int, Fraction], ...]:
    """A key that puts strategies in decreasing lexicographic order."""
    total = sum(w for _, w in weights)
    return tuple((k, Fraction(-w, total)) for k, w in weights)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
