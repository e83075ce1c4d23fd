"""All equilibria of a two-player game by the vertices of both best-response polytopes, in integers.

Slow, and never in doubt: what the quicker ways leave open is decided here.
"""

from __future__ import annotations

from collections.abc import Callable

from detente.equilibrium.answers import in_arithmetic, paired_set
from detente.equilibrium.bimatrix.components import Labels, pairs_of
from detente.equilibrium.bimatrix.integer_payoffs import integer_payoffs, positive
from detente.equilibrium.bimatrix.vertices import enumerate_vertices
from detente.equilibrium.result import EquilibriumSet
from detente.game.game import Game

# A game with more payoffs than can be read in the time given is not begun with.
PAYOFFS_PER_SECOND = 2e5
# Where an enumeration was stopped, vertices are matched only if so many pairs are to be tried.
FEW_PAIRS = 1_000_000


def exactly(game: Game, as_fractions: bool, stop: Callable[[], bool], seconds: float) -> EquilibriumSet:
    """All equilibria of a two-player game, degenerate or not, by the vertices of both polytopes, in integers."""
    if game.shape[0] * game.shape[1] > seconds * PAYOFFS_PER_SECOND:
        return nothing_found(game, as_fractions)
    tables = [integer_payoffs(game, player) for player in range(2)]
    A, B = (positive(table) for table, _ in tables)
    rows = enumerate_vertices([list(column) for column in zip(*B, strict=True)], stop)
    columns = enumerate_vertices(A, stop)
    complete = rows.complete and columns.complete
    if not complete and len(rows.vertices) * len(columns.vertices) > FEW_PAIRS:
        return nothing_found(game, as_fractions)
    pairs = pairs_of(rows, columns, Labels(*game.shape))
    return paired_set(game, as_fractions, tables, pairs, (rows.coordinates, columns.coordinates), complete)


def nothing_found(game: Game, as_fractions: bool) -> EquilibriumSet:
    """No equilibrium, and no claim that there is none."""
    return EquilibriumSet(in_arithmetic(game, as_fractions), (), (), False, "vertex-enumeration")
