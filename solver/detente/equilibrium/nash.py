"""All Nash equilibria of a two-player game, exactly.

A nondegenerate game is solved in floating point with proof (:mod:`detente.equilibrium.bimatrix.nondegenerate`). In any
other the vertices of both best-response polytopes are enumerated, in certified floating point
(:mod:`detente.equilibrium.bimatrix.certified_vertices`) or, where that does not decide, in integers
(:mod:`detente.equilibrium.bimatrix.vertices`), then paired and grouped
(:mod:`detente.equilibrium.bimatrix.components`). Degenerate games come out right: continua are returned as the extreme
equilibria that span them, with the maximal Nash subsets and components. For integers, payoffs are made positive player
by player, by a positive affine map, which changes no equilibrium; a float payoff is read as the decimal it prints as.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from math import inf, lcm
from typing import Any

import numpy as np
from flint import fmpz_mat

from detente.equilibrium.bimatrix.components import (
    Labels,
    component_indices,
    connected_components,
    extreme_pairs,
    maximal_bicliques,
)
from detente.equilibrium.bimatrix.vertices import IntegerMatrix, Polytope, enumerate_vertices
from detente.equilibrium.pure import pure_equilibria
from detente.equilibrium.result import (
    Component,
    Equilibrium,
    EquilibriumSet,
    Parts,
    Subset,
    TwoPlayerCertifier,
)
from detente.errors import LabelError, ParameterError, PayoffError, UnsupportedError
from detente.game.game import Game, Strategy

METHODS = ("auto", "vertex-enumeration", "pure", "nashpy")
# A component with more extreme equilibria than this keeps one subset per extreme equilibrium.
MAX_BICLIQUE_EDGES = 4096
# Up to this many actions in all, enumeration in integers takes less than loading the compiled kernel would.
SMALL = 4
# Bit masks of labels are 64-bit in compiled code.
MAX_LABELS = 62


def nash_equilibria(
    game: Game, *, exact: bool | None = None, method: str = "auto", budget: float | None = None
) -> EquilibriumSet:
    """Nash equilibria of a game, with components, indices and certificates.

    Parameters
    ----------
    exact
        None: strategies in the game's own arithmetic (Fractions for an exact game, floats for a float game; the
        computation is exact either way). True: Fractions. False: floats.
    method
        ``"vertex-enumeration"`` (two players; ``"auto"`` takes it): all equilibria. ``"pure"``: pure equilibria of any
        game (``"auto"`` takes it for other than two players). ``"nashpy"``: nashpy's support enumeration, every
        answer solved again exactly and checked, never proven complete.
    budget
        Seconds after which enumeration stops; what has been found by then is returned with ``complete=False``.

    Raises
    ------
    LabelError
        For an unknown method.
    ParameterError
        For a budget that is not a positive number, or ``exact`` other than None, True, False.
    UnsupportedError
        For a method that does not apply to the game.

    Examples
    --------
    >>> bos = Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]], actions=["Opera", "Boxing"])
    >>> eqs = nash_equilibria(bos)
    >>> eqs.complete, [str(e) for e in eqs], [c.index for c in eqs.components]
    (True, ['(Opera, Opera)', '(3/5 Opera + 2/5 Boxing, 2/5 Opera + 3/5 Boxing)', '(Boxing, Boxing)'], [1, -1, 1])
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if method not in METHODS:
        raise LabelError("method", method, METHODS)
    if exact not in (None, True, False):
        raise ParameterError("exact", exact, "None, True or False")
    stop = deadline(budget)
    seconds = inf if budget is None else float(budget)
    as_fractions = game.is_exact if exact is None else bool(exact)
    if method == "nashpy":
        from detente.equilibrium.nashpy_guard import guarded_support_enumeration

        return guarded_support_enumeration(_in_arithmetic(game, as_fractions), stop)
    if method == "pure" or (method == "auto" and game.n_players != 2):
        shown = _in_arithmetic(game, as_fractions)
        return EquilibriumSet(shown, pure_equilibria(shown), (), game.n_players == 1 and _one_best(game), "pure")
    if game.n_players != 2:
        raise UnsupportedError("method", method, "a two-player game, or method='pure'")
    if SMALL < sum(game.shape) <= MAX_LABELS:
        found = _nondegenerate(game, as_fractions, seconds)
        if found is not None:
            return found
    return exactly(game, as_fractions, stop, seconds)


def deadline(budget: float | None) -> Callable[[], bool]:
    """A function that tells whether the budget of seconds is used up."""
    if budget is None:
        return lambda: False
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < float("inf"):
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    end = time.monotonic() + budget
    return lambda: time.monotonic() > end


def positive_integers(matrix: Any) -> IntegerMatrix:
    """A matrix of Fractions as positive integers, by a positive affine map."""
    scale = lcm(*(x.denominator for row in matrix for x in row))
    integers = [[int(x * scale) for x in row] for row in matrix]
    low = min(min(row) for row in integers)
    return [[x - low + 1 for x in row] for row in integers]


def exactly(game: Game, as_fractions: bool, stop: Callable[[], bool], seconds: float) -> EquilibriumSet:
    """All equilibria of a two-player game, degenerate or not, by the vertices of both polytopes."""
    A = positive_integers(game.exact_payoffs[0].tolist())
    B = positive_integers(game.exact_payoffs[1].tolist())
    labels = Labels(*game.shape)
    rows, columns = _polytopes([list(column) for column in zip(*B, strict=True)], A, stop, seconds)
    complete = rows.complete and columns.complete
    strategies = _Strategies(rows), _Strategies(columns)
    # In decreasing lexicographic order of the row, then the column strategy
    pairs = sorted(
        extreme_pairs(rows, columns, labels), key=lambda e: (strategies[0][e[0]], strategies[1][e[1]]), reverse=True
    )
    groups = connected_components(pairs)
    indices = component_indices(A, B, rows, columns, labels, groups) if complete else None
    shown = _in_arithmetic(game, as_fractions)

    def shown_as(player: int, mask: int) -> Strategy:
        exact = strategies[player][mask]
        return exact if as_fractions else tuple(map(float, exact))

    position = {edge: k for k, edge in enumerate(pairs)}
    certifier = TwoPlayerCertifier(shown)
    extreme: list[Equilibrium] = [certifier.equilibrium(rows.coordinates(x), columns.coordinates(y)) for x, y in pairs]
    components = []
    for k, group in enumerate(groups):
        parts = maximal_bicliques(group) if len(group) <= MAX_BICLIQUE_EDGES else [([x], [y]) for x, y in group]
        subsets = tuple(
            Subset((tuple(shown_as(0, x) for x in xs), tuple(shown_as(1, y) for y in ys))) for xs, ys in parts
        )
        members = tuple(sorted(position[edge] for edge in group))
        components.append(Component(subsets, indices[k] if indices else None, members))
    return EquilibriumSet(shown, tuple(extreme), tuple(components), complete, "vertex-enumeration")


def _nondegenerate(game: Game, as_fractions: bool, seconds: float) -> EquilibriumSet | None:
    """All equilibria, if floating point can prove them and the game to be as good as nondegenerate."""
    from detente.equilibrium.bimatrix.nondegenerate import prove_all

    try:
        A, B = game.payoffs
    except PayoffError:  # beyond the range of floats
        return None
    found = prove_all(A, B, seconds)
    return None if found is None else proven_set(game, found, as_fractions)


def proven_set(game: Game, found: Any, as_fractions: bool) -> EquilibriumSet:
    """Equilibria proven by :mod:`detente.equilibrium.bimatrix.nondegenerate`, as objects when somebody looks."""
    if as_fractions:
        return EquilibriumSet.when_asked(lambda: _in_fractions(game, found), True, "vertex-enumeration")
    return EquilibriumSet.when_asked(lambda: _in_floats(game, found), True, "vertex-enumeration")


def _in_floats(game: Game, found: Any) -> Parts:
    """The equilibria as objects. Pure ones are strict: in a nondegenerate game a pure strategy has one best reply."""
    m, n = game.shape
    objects = []
    for row in found.tolist():
        strategies = tuple(row[:m]), tuple(row[m : m + n])
        first, second, regret, index = row[m + n :]
        strict = strategies[0].count(0.0) == m - 1
        objects.append((Equilibrium(strategies, (first, second), regret, strict, game.actions), int(index)))
    return _isolated(_in_arithmetic(game, False), objects)


def _in_fractions(game: Game, found: Any) -> Parts:
    """The equilibria with these supports, exactly: in a nondegenerate game supports determine the strategies."""
    A, B = game.exact_payoffs.tolist()
    A, B = positive_integers(A), positive_integers(B)
    shown = _in_arithmetic(game, True)
    certifier = TwoPlayerCertifier(shown)
    m, n = game.shape
    objects = []
    for row in found:
        used = np.flatnonzero(row[:m]).tolist(), np.flatnonzero(row[m : m + n]).tolist()
        weights = [[0] * m for m in game.shape]
        tables = [[B[i][j] for i in used[0]] for j in used[1]], [[A[i][j] for j in used[1]] for i in used[0]]
        for table, support, full in zip(tables, used, weights, strict=True):
            solved: Any = fmpz_mat(table).solve(fmpz_mat([[1]] * len(support)))
            solution = solved.numer_denom()[0]
            for k, weight in zip(support, solution.entries(), strict=True):
                full[k] = int(weight)
        objects.append((certifier.equilibrium(*weights), int(row[-1])))
    objects.sort(key=lambda pair: tuple(-p for s in pair[0].strategies for p in s))
    return _isolated(shown, objects)


def _isolated(game: Game, found: list[tuple[Equilibrium, int]]) -> Parts:
    """Isolated equilibria with their indices."""
    components = [
        Component((Subset(tuple((s,) for s in equilibrium.strategies)),), index, (k,))
        for k, (equilibrium, index) in enumerate(found)
    ]
    return game, tuple(equilibrium for equilibrium, _ in found), tuple(components)


def _polytopes(
    rows: IntegerMatrix, columns: IntegerMatrix, stop: Callable[[], bool], seconds: float
) -> tuple[Polytope, Polytope]:
    """Both best-response polytopes: in certified floating point where that pays and succeeds, in integers otherwise."""
    if len(rows) + len(columns) > SMALL:
        from detente.equilibrium.bimatrix.certified_vertices import enumerate_certified

        first = enumerate_certified(rows, seconds / 4)
        second = None if first is None else enumerate_certified(columns, seconds / 4)
        if first is not None and second is not None:
            return first, second
    return enumerate_vertices(rows, stop), enumerate_vertices(columns, stop)


class _Strategies(dict[int, tuple[Fraction, ...]]):
    """The strategy at each vertex of a polytope, computed when first asked for."""

    def __init__(self, polytope: Polytope) -> None:
        super().__init__()
        self.polytope = polytope

    def __missing__(self, mask: int) -> tuple[Fraction, ...]:
        point = self.polytope.coordinates(mask)
        total = sum(point)
        self[mask] = tuple(Fraction(p, total) for p in point)
        return self[mask]


def _in_arithmetic(game: Game, as_fractions: bool) -> Game:
    """The game in the arithmetic in which its equilibria are to be shown."""
    if game.is_exact == as_fractions:
        return game
    payoffs = game.exact_payoffs if as_fractions else game.payoffs
    return Game(payoffs, players=game.players, actions=game.actions, name=game.name, source=game.source)  # type: ignore[arg-type]


def _one_best(game: Game) -> bool:
    """In a one-player game the pure equilibria are all there is iff the best action is unique."""
    return len(pure_equilibria(game)) == 1
