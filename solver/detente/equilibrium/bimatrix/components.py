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

from flint import fmpz_mat

from detente.equilibrium.bimatrix.vertices import IntegerMatrix, Polytope

Edge = tuple[int, int]
# Above this many pairs of vertices, matching them is worth a compiled loop.
MANY_PAIRS = 1_000


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


def extreme_pairs(rows: Polytope, columns: Polytope, labels: Labels) -> list[Edge]:
    """All pairs (row vertex mask, column vertex mask), the latter in the column polytope's own numbering."""
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


def _covering(rows: list[int], columns: list[int], labels: Labels) -> list[Edge]:
    """All pairs of masks that cover all labels, by trying them all."""
    if len(rows) * len(columns) > MANY_PAIRS and labels.m + labels.n <= 62:
        from detente.equilibrium.bimatrix.certified_vertices import covering_pairs

        return covering_pairs(rows, columns, labels.all)
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

    The column sets of maximal bicliques are exactly the non-empty intersections of neighbourhoods of row vertices.
    """
    neighbours: dict[int, set[int]] = defaultdict(set)
    for x, y in edges:
        neighbours[x].add(y)
    closed: set[frozenset[int]] = set()
    for ys in neighbours.values():
        closed |= {frozenset(ys & known) for known in closed} | {frozenset(ys)}
    closed.discard(frozenset())
    found = []
    for shared in closed:
        found.append(([x for x, own in neighbours.items() if shared <= own], sorted(shared)))
    return found


def component_indices(
    A: IntegerMatrix, B: IntegerMatrix, rows: Polytope, columns: Polytope, labels: Labels, groups: list[list[Edge]]
) -> list[int]:
    """The index of each group of extreme equilibria."""
    group_of = {edge: k for k, group in enumerate(groups) for edge in group}
    totals = [0] * len(groups)
    by_label = {labels.of_column(nonbasic): nonbasic for nonbasic in columns.bases}
    for nonbasic_x, x in rows.bases.items():
        nonbasic_y = by_label.get(labels.all & ~nonbasic_x)
        if nonbasic_y is None:
            continue
        edge = (x, columns.bases[nonbasic_y])
        if edge not in group_of:
            continue  # the artificial pair at the origin
        support_x = [i for i in range(labels.m) if not nonbasic_x >> i & 1]
        support_y = [j for j in range(labels.n) if not nonbasic_y >> j & 1]
        sign = _sign_of_minor(A, support_x, support_y) * _sign_of_minor(B, support_x, support_y)
        totals[group_of[edge]] += sign if len(support_x) % 2 else -sign
    return totals


def _sign_of_minor(matrix: IntegerMatrix, rows: list[int], columns: list[int]) -> int:
    determinant = int(fmpz_mat([[matrix[i][j] for j in columns] for i in rows]).det())
    return (determinant > 0) - (determinant < 0)
