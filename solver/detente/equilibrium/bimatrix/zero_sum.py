"""Zero-sum games, also in disguise, by linear programming.

If a·A + B = f(column) + g(row) for some a > 0, then the row player's best replies are those in C = a·A − f, and the
column player's those in −C = B − g: the equilibria are those of the zero-sum game C (Moulin and Vial 1978,
*International Journal of Game Theory* 7, 201–221). Constant-sum games, also after a positive affine map of either
player's payoffs, are the case of constant f + g. Such an a exists iff the interaction parts cᵢⱼ − cᵢ₀ − c₀ⱼ + c₀₀ of B
and A are in the ratio −a.

With C positive, the column player's programme is: maximise Σy subject to C y ≤ 1, y ≥ 0; its dual gives the row
player's strategy (Dantzig 1951; Chvátal 1983, chapter 15). HiGHS solves it in floating point; of its answer only the
bases are used, so that they can be solved again exactly. In a degenerate programme more constraints bind than there are
unknowns: pivoted QR picks independent ones.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.exact_profile import exact_block
from detente.errors import PayoffError
from detente.exact.matrix_game import solve_matrix_game
from detente.game.game import Game

# In units of payoffs in [1, 2] and a sum of unknowns between 1/2 and 1; HiGHS lets constraints be violated by 1e-7.
POSITIVE = 1e-10
BINDING = 2e-7
# Constraints that bind though the opponent does not use the action are taken only if needed, and late.
RELUCTANCE = 1e-4
# Constraints are dependent if pivoted QR ends with a diagonal entry below this share of the first.
DEPENDENT = 1e-11
# Interaction parts that differ by more than this share of the largest are not in proportion exactly either ...
DIFFERENT = 1e-6
# ... unless rounding is to blame, which is less than this share of the payoffs.
ROUNDING = 1e-14


def zero_sum_ratio(game: Game) -> Fraction | None:
    """The a > 0 for which a·A + B is a function of the column plus one of the row, exactly; None if there is none.

    >>> zero_sum_ratio(Game.bimatrix([[2, 0], [0, 2]], [[5, 6], [6, 5]]))
    Fraction(1, 2)
    >>> zero_sum_ratio(Game.bimatrix([[2, 0], [0, 2]], [[2, 0], [0, 2]])) is None
    True
    """
    if not game.is_exact:
        A, B = game.payoffs
        if np.array_equal(A, -B):
            return Fraction(1)
    return _ratio(game) if _may_be_zero_sum(game) else None


def equivalent_matrix(game: Game, ratio: Fraction) -> list[list[Fraction]]:
    """The matrix of the zero-sum game with the same equilibria."""
    A, B = game.exact_payoffs
    C = ratio * (A - A[:1]) - B[:1]
    return C.tolist()  # type: ignore[no-any-return]


def zero_sum_bases(A: NDArray[np.float64], B: NDArray[np.float64], seconds: float = inf) -> Any:
    """Bases of optimal strategies, in floating point: to be checked. None if HiGHS finds none in so many seconds.

    ``A``, ``B`` are payoffs in [1, 2] of a game for which :func:`zero_sum_ratio` is not None. The answer is, for the
    row and then for the column player, the actions in use and as many actions of the other that are best replies.

    >>> zero_sum_bases(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 2.0], [2.0, 1.0]]))
    (([0, 1], [0, 1]), ([0, 1], [0, 1]))
    """
    from scipy.optimize import linprog

    partA, partB = _interaction(A), _interaction(B)
    largest = np.unravel_index(np.abs(partA).argmax(), partA.shape)
    ratio = -partB[largest] / partA[largest] if partA[largest] else 1.0
    C = ratio * (A - A[:1]) - B[:1]
    C = (C - C.min()) / (np.ptp(C) or 1.0) + 1.0
    m, n = C.shape
    limit = {} if seconds == inf else {"time_limit": seconds}
    found = linprog(-np.ones(n), A_ub=C, b_ub=np.ones(m), method="highs-ds", options=limit)
    if found.status != 0:
        return None
    y, x = found.x, -found.ineqlin.marginals
    rows, columns = _basis(C.T, x, y), _basis(C, y, x)
    return None if rows is None or columns is None else (rows, columns)


def zero_sum_strategies(game: Game, ratio: Fraction) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Optimal strategies by the simplex method in Fractions: slow, and always right.

    >>> zero_sum_strategies(Game.bimatrix([[2, 0], [0, 1]], [[0, 2], [2, 1]]), Fraction(1))[0]
    (Fraction(1, 3), Fraction(2, 3))
    """
    found = solve_matrix_game(equivalent_matrix(game, ratio))
    return found.row, found.column


def _interaction(matrix: Any) -> Any:
    return matrix - matrix[:, :1] - matrix[:1] + matrix[0, 0]


def _may_be_zero_sum(game: Game) -> bool:
    """A quick look in floating point; False only if the game is surely not zero-sum."""
    try:
        payoffs = game.payoffs
    except PayoffError:  # beyond the range of floats
        return True
    A, B = (_interaction(u / (np.abs(u).max() or 1.0)) for u in payoffs)
    a, b = (float(np.abs(part).max()) for part in (A, B))
    if min(a, b) < ROUNDING:  # too flat beside the payoffs to tell
        return True
    return bool(np.abs(A / a + B / b).max() <= DIFFERENT + ROUNDING / min(a, b))


def _ratio(game: Game) -> Fraction | None:
    (first, scale), (second, other_scale) = (exact_block(game, player, *map(range, game.shape)) for player in range(2))
    # Machine integers where products of two interaction parts are such
    small = max(max(map(abs, row)) for row in first + second) < 2**28
    partA, partB = (
        _interaction(np.array(integers, dtype=np.int64 if small else object)) for integers in (first, second)
    )
    places = np.argwhere(partA != 0)
    if places.size == 0:
        return None if np.any(partB != 0) else Fraction(1)
    a, b = (int(part[tuple(places[0])]) for part in (partA, partB))
    if a * b >= 0 or np.any(a * partB != b * partA):
        return None
    return Fraction(-b * scale, a * other_scale)


def _basis(
    matrix: NDArray[np.float64], own: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[list[int], list[int]] | None:
    """Indices of the positive entries of ``own``, and as many independent constraints that bind there."""
    from scipy.linalg import qr

    used = np.flatnonzero(own > POSITIVE)
    if used.size == 0:
        return None
    surely = other > POSITIVE  # by complementary slackness
    for candidates in (surely, surely | (np.abs(1.0 - matrix @ own) < BINDING)):
        binding = np.flatnonzero(candidates)
        if binding.size >= used.size:
            weights = np.where(surely[binding], 1.0, RELUCTANCE)
            factor, order = qr(matrix[np.ix_(binding, used)].T * weights, mode="r", pivoting=True)
            diagonal = np.abs(np.diag(factor))
            if diagonal[-1] > DEPENDENT * diagonal[0]:
                return used.tolist(), np.sort(binding[order[: used.size]]).tolist()
    return None
