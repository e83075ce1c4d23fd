"""From vertices to equilibria: extreme equilibria, maximal Nash subsets, connected components and their indices.

A pair of vertices (x, y) of the two best-response polytopes is an extreme equilibrium iff every action is either
unplayed or a best reply: iff the zero variables of both cover all labels (von Stengel 2002, section 2). Extreme
equilibria are the edges of a bipartite graph on vertices; its maximal bicliques are the maximal Nash subsets (Winkels
1979; Avis, Rosenberg, Savani and von Stengel 2010, *Economic Theory* 42, section 7), its connected components those of
the set of equilibria.

The index of a component is the sum of the indices of the equilibria into which it splits in a generic nearby game
(Shapley 1974; Demichelis and Ritzberger 2003). The lexicographic perturbation is such a game: its equilibria are the
complementary pairs of lexicographically feasible bases, and (−1)^(k+1) sgn(det A_IJ · det B_IJ) is the index of one
with supports I, J of size k when payoffs are positive. All indices add up to +1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from flint import fmpz_mat

from detente.equilibrium.bimatrix.vertices import IntegerMatrix, Polytope

Edge = tuple[int, int]
# A component with more maximal Nash subsets than this keeps one subset for each of its row strategies.
MOST_BICLIQUES = 1 << 14


class Pairs(NamedTuple):
    """What the vertices of both polytopes say of a game; masks are in each polytope's own numbering.

    Attributes
    ----------
    extreme
        The extreme equilibria: pairs (row vertex, column vertex).
    splits
        The equilibria of the infinitesimally perturbed game: each a pair of bases, and the extreme equilibrium that it
        tends to.
    """

    extreme: list[Edge]
    splits: list[tuple[Edge, Edge]]


@dataclass(frozen=True)
class Labels:
    """Bit masks for an m×n game: labels 0 … m−1 are the row player's actions, m … m+n−1 the column player's.

    The row polytope {x : Bᵀx ≤ 1} numbers its variables like the labels. The column polytope {y : A y ≤ 1} has its
    n coordinates first and its m slacks after them, so its masks must be turned round.
    """

    m: int
    n: int

    @property
    def all(self) -> int:
        return (1 << (self.m + self.n)) - 1

    def of_column(self, mask: int) -> int:
        """A mask of the column polytope in the common numbering."""
        return (mask >> self.n) | ((mask & ((1 << self.n) - 1)) << self.m)


def pairs_of(rows: Polytope, columns: Polytope, labels: Labels) -> Pairs:
    """The extreme equilibria, and the equilibria of the perturbed game, by the vertices and bases of both polytopes."""
    return Pairs(_extreme(rows, columns, labels), _splits(rows, columns, labels))


def _extreme(rows: Polytope, columns: Polytope, labels: Labels) -> list[Edge]:
    """All pairs of vertices that cover all labels."""
    own = {labels.of_column(mask): mask for mask in columns.vertices}
    # A simple vertex has no label to spare: it goes with the one that has exactly the missing labels, if that is simple
    # too, and else with vertices that have surplus labels, of which there are few unless the game is very degenerate.
    ample_rows = [x for x in rows.vertices if x.bit_count() > labels.m]
    ample_columns = [y for y in own if y.bit_count() > labels.n]
    simple_rows = [x for x in rows.vertices if x.bit_count() == labels.m]
    pairs = [(x, labels.all & ~x) for x in simple_rows if labels.all & ~x in own]
    pairs += _covering(simple_rows, ample_columns, labels)
    pairs += _covering(ample_rows, list(own), labels)
    return [(x, own[y]) for x, y in pairs]


def _splits(rows: Polytope, columns: Polytope, labels: Labels) -> list[tuple[Edge, Edge]]:
    """All pairs of bases that have every label once, but for the artificial pair at the origin."""
    by_label = {labels.of_column(nonbasic): nonbasic for nonbasic in columns.bases}
    found = []
    for nonbasic_x, x in rows.bases.items():
        nonbasic_y = by_label.get(labels.all & ~nonbasic_x)
        if nonbasic_y is not None and nonbasic_x != (1 << labels.m) - 1:
            found.append(((nonbasic_x, nonbasic_y), (x, columns.bases[nonbasic_y])))
    return found


def _covering(rows: list[int], columns: list[int], labels: Labels) -> list[Edge]:
    """All pairs of masks that cover all labels, by trying them all."""
    return [(x, y) for x in rows for y in columns if (labels.all & ~x) & ~y == 0]


def connected_components(pairs: Iterable[Edge]) -> list[list[Edge]]:
    """The edges grouped by connected component of the bipartite graph."""
    by_row, by_column = defaultdict(list), defaultdict(list)
    for edge in pairs:
        by_row[edge[0]].append(edge)
        by_column[edge[1]].append(edge)
    left = {edge for edges in by_row.values() for edge in edges}
    groups = []
    for first in [edge for edges in by_row.values() for edge in edges]:
        if first not in left:
            continue
        left.discard(first)
        group = [first]
        for x, y in group:  # grows as edges are reached
            for edge in (*by_row[x], *by_column[y]):
                if edge in left:
                    left.discard(edge)
                    group.append(edge)
        groups.append(group)
    return groups


def maximal_bicliques(edges: list[Edge]) -> list[tuple[list[int], list[int]]]:
    """All maximal complete bipartite subgraphs, as (row vertices, column vertices).

    The column sets of maximal bicliques are exactly the non-empty intersections of neighbourhoods of row vertices. They
    can be exponentially many: beyond :data:`MOST_BICLIQUES`, every row vertex with all its neighbours covers the graph.
    """
    columns = sorted({y for _, y in edges})
    bit = {y: 1 << k for k, y in enumerate(columns)}
    neighbours: dict[int, int] = defaultdict(int)
    for x, y in edges:
        neighbours[x] |= bit[y]
    closed: set[int] = set()
    for own in set(neighbours.values()):
        closed |= {own & known for known in closed} | {own}
        if len(closed) > MOST_BICLIQUES:
            return [([x], [y for y in columns if own & bit[y]]) for x, own in neighbours.items()]
    closed.discard(0)
    return [
        ([x for x, own in neighbours.items() if shared & ~own == 0], [y for y in columns if shared & bit[y]])
        for shared in closed
    ]


def indices_of(
    A: IntegerMatrix, B: IntegerMatrix, splits: list[tuple[Edge, Edge]], groups: list[list[Edge]]
) -> list[int]:
    """The index of each group of extreme equilibria, by the equilibria of the perturbed game.

    ``splits`` has the bases of each of these, and the extreme equilibrium that it tends to.
    """
    m, n = len(A), len(A[0])
    group_of = {edge: k for k, group in enumerate(groups) for edge in group}
    totals = [0] * len(groups)
    for (nonbasic_x, nonbasic_y), edge in splits:
        support_x = [i for i in range(m) if not nonbasic_x >> i & 1]
        support_y = [j for j in range(n) if not nonbasic_y >> j & 1]
        sign = _sign_of_minor(A, support_x, support_y) * _sign_of_minor(B, support_x, support_y)
        totals[group_of[edge]] += sign if len(support_x) % 2 else -sign
    return totals


def _sign_of_minor(matrix: IntegerMatrix, rows: list[int], columns: list[int]) -> int:
    determinant = int(fmpz_mat([[matrix[i][j] for j in columns] for i in rows]).det())
    return (determinant > 0) - (determinant < 0)
