"""From what the solvers of two-player games find to equilibria and components, made when somebody looks at them.

The proven floating-point solver finds isolated equilibria with their indices
(:mod:`detente.equilibrium.bimatrix.nondegenerate`), the enumeration of vertices finds the pairs of vertices that are
extreme equilibria, and those of bases that an infinitesimal perturbation makes equilibria
(:mod:`detente.equilibrium.bimatrix.certified_vertices`). In an exact game both are solved again in integers, from the
supports or the bases, which determine the strategies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, lcm

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.components import Edge, Pairs, connected_components, indices_of, maximal_bicliques
from detente.equilibrium.bimatrix.integer_payoffs import IntegerMatrix, integer_payoffs, positive
from detente.equilibrium.bimatrix.vertices import exact_coordinates, solve_for_ones
from detente.equilibrium.result import Component, Equilibrium, EquilibriumSet, Subset, TwoPlayerCertifier
from detente.game.game import Game, Strategy

# Both players' payoffs in integers, each with its scale
Tables = Sequence[tuple[IntegerMatrix, int]]
# Each polytope's vertices' coordinates, up to a positive factor, by their masks
Coordinates = tuple[Callable[[int], Sequence[int]], Callable[[int], Sequence[int]]]


def proven_set(game: Game, found: NDArray[np.float64], as_fractions: bool) -> EquilibriumSet:
    """The equilibria that :func:`detente.equilibrium.bimatrix.nondegenerate.solve_in` has proven to be all."""
    return EquilibriumSet.when_asked(_Isolated(game, found, as_fractions), True, "vertex-enumeration")


def degenerate_set(game: Game, as_fractions: bool, seconds: float = inf) -> EquilibriumSet | None:
    """All equilibria of a two-player game, degenerate or not; None if floating point cannot prove them in time."""
    from detente.equilibrium.bimatrix.certified_vertices import certified_pairs

    tables = [integer_payoffs(game, player) for player in range(2)]
    A, B = (positive(table) for table, _ in tables)
    found = certified_pairs(A, B, seconds)
    if found is None:
        return None
    pairs, (rows, columns) = found
    turned = list(zip(*B, strict=True))
    coordinates = (lambda x: exact_coordinates(turned, rows[x])), (lambda y: exact_coordinates(A, columns[y]))
    return paired_set(game, as_fractions, tables, pairs, coordinates, True)


def paired_set(
    game: Game, as_fractions: bool, tables: Tables, pairs: Pairs, coordinates: Coordinates, complete: bool
) -> EquilibriumSet:
    """The equilibria that are pairs of vertices of both best-response polytopes of the game in positive integers.

    ``tables`` are the payoffs, as :func:`integer_payoffs` gives them; ``coordinates`` are the two polytopes' vertices'.
    """
    answer = _Paired(game, as_fractions, tables, pairs, coordinates, complete)
    return EquilibriumSet.when_asked(answer, complete, "vertex-enumeration")


class _Isolated:
    """Equilibria of a game as good as nondegenerate, one a row."""

    def __init__(self, game: Game, found: NDArray[np.float64], as_fractions: bool) -> None:
        self._game, self._found, self._as_fractions = game, found, as_fractions
        self._extreme: tuple[Equilibrium, ...] | None = None
        self._indices: list[int] = []

    def __len__(self) -> int:
        return len(self._found)

    def game(self) -> Game:
        return in_arithmetic(self._game, self._as_fractions)

    def extreme(self) -> tuple[Equilibrium, ...]:
        if self._extreme is None:
            solve = in_fractions if self._as_fractions else in_floats
            found = solve(self._game, self._found)
            self._extreme, self._indices = tuple([e for e, _ in found]), [index for _, index in found]
        return self._extreme

    def components(self) -> tuple[Component, ...]:
        return tuple(
            Component((Subset(tuple((s,) for s in equilibrium.strategies)),), index, (k,))
            for k, (equilibrium, index) in enumerate(zip(self.extreme(), self._indices, strict=True))
        )


def in_floats(game: Game, found: NDArray[np.float64]) -> list[tuple[Equilibrium, int]]:
    """The equilibria with their indices. Pure ones are strict: here a pure strategy has one best reply."""
    from detente.equilibrium.bimatrix.digits import any_imprecise, imprecise

    m, n = game.shape
    actions, objects = game.actions, []
    for row in found.tolist():
        strategies = tuple(row[:m]), tuple(row[m : m + n])
        first, second, regret, index = row[m + n :]
        strict = strategies[0].count(0.0) == m - 1
        objects.append((Equilibrium(strategies, (first, second), regret, strict, actions), int(index)))
    if any_imprecise(game.payoffs, found):
        off = imprecise(game.payoffs[:1], game.payoffs[1:], np.zeros(len(found), dtype=np.int64), found)
        exact = solved_again(game, found[off], False)
        for k, equilibrium in zip(np.flatnonzero(off).tolist(), exact, strict=True):
            objects[k] = equilibrium, objects[k][1]
        objects.sort(key=lambda pair: pair[0].strategies, reverse=True)
    return objects


def in_fractions(game: Game, found: NDArray[np.float64]) -> list[tuple[Equilibrium, int]]:
    """The equilibria with these supports, exactly, with their indices."""
    objects = solved_again(game, found, True)
    indices = found[:, -1].astype(int).tolist()
    # They are in order already, unless floats that are close to each other are not in the order of what they stand for.
    return sorted(zip(objects, indices, strict=True), key=lambda pair: pair[0].strategies, reverse=True)


def solved_again(game: Game, found: NDArray[np.float64], as_fractions: bool) -> list[Equilibrium]:
    """The equilibria with these supports, which determine them, by exact arithmetic."""
    tables = [integer_payoffs(game, player) for player in range(2)]
    A, B = (positive(table) for table, _ in tables)
    m, n = game.shape
    xs, ys = [], []
    for row in found.tolist():
        rows = [i for i in range(m) if row[i]]
        columns = [j for j in range(n) if row[m + j]]
        xs.append(_weights([[B[i][j] for i in rows] for j in columns], rows, m))
        ys.append(_weights([[A[i][j] for j in columns] for i in rows], columns, n))
    return TwoPlayerCertifier(in_arithmetic(game, as_fractions), tables).equilibria(xs, ys)


def _weights(table: IntegerMatrix, support: list[int], width: int) -> list[int]:
    """The solution of ``table`` w = 1 on the support, up to a positive factor, in integers."""
    full = [0] * width
    for k, weight in zip(support, solve_for_ones(table)[0], strict=True):
        full[k] = weight
    return full


class _Paired:
    """Extreme equilibria as pairs of vertices. An incomplete answer knows no indices."""

    def __init__(
        self, game: Game, as_fractions: bool, tables: Tables, pairs: Pairs, coordinates: Coordinates, complete: bool
    ) -> None:
        self._game, self._as_fractions, self._tables = game, as_fractions, tables
        self._pairs, self._coordinates, self._complete = pairs, coordinates, complete
        self._order: list[Edge] = []
        self._extreme: tuple[Equilibrium, ...] | None = None

    def __len__(self) -> int:
        return len(self._pairs.extreme)

    def game(self) -> Game:
        return in_arithmetic(self._game, self._as_fractions)

    def extreme(self) -> tuple[Equilibrium, ...]:
        """In decreasing lexicographic order of the row, then the column strategy."""
        if self._extreme is None:
            pairs = self._pairs.extreme
            x, y = ({mask: find(mask) for mask in {e[k] for e in pairs}} for k, find in enumerate(self._coordinates))
            first, second = _comparable(x), _comparable(y)
            self._order = sorted(pairs, key=lambda e: (first[e[0]], second[e[1]]), reverse=True)
            certifier = TwoPlayerCertifier(self.game(), self._tables)
            self._extreme = tuple(certifier.equilibria([x[a] for a, _ in self._order], [y[b] for _, b in self._order]))
        return self._extreme

    def components(self) -> tuple[Component, ...]:
        strategies: tuple[dict[int, Strategy], ...] = {}, {}
        for equilibrium, edge in zip(self.extreme(), self._order, strict=True):
            for known, mask, strategy in zip(strategies, edge, equilibrium.strategies, strict=True):
                known[mask] = strategy
        groups = connected_components(self._order)
        A, B = (positive(table) for table, _ in self._tables)
        indices = indices_of(A, B, self._pairs.splits, groups) if self._complete else [None] * len(groups)
        position = {edge: k for k, edge in enumerate(self._order)}
        found = []
        for group, index in zip(groups, indices, strict=True):
            parts = maximal_bicliques(group)
            subsets = tuple(
                Subset((tuple(strategies[0][x] for x in xs), tuple(strategies[1][y] for y in ys))) for xs, ys in parts
            )
            found.append(Component(subsets, index, tuple(sorted(position[edge] for edge in group))))
        return tuple(found)


def _comparable(weights: dict[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """The weights with one total."""
    totals = {mask: sum(own) for mask, own in weights.items()}
    common = lcm(*totals.values())
    return {mask: tuple([w * (common // totals[mask]) for w in own]) for mask, own in weights.items()}


def in_arithmetic(game: Game, as_fractions: bool) -> Game:
    """The game in the arithmetic in which its equilibria are to be shown."""
    if game.is_exact == as_fractions:
        return game
    payoffs = game.exact_payoffs if as_fractions else game.payoffs
    return Game(payoffs, players=game.players, actions=game.actions, name=game.name, source=game.source)  # type: ignore[arg-type]
