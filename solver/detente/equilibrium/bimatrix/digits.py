"""Which float strategies may have lost digits.

The strategies of an isolated equilibrium with supports S and J solve A_SJ y = v 1 and B_SJᵀ x = w 1, Σ = 1. Solved by
Gaussian elimination with payoffs mapped to an interval of about unit size, their error is about the unit roundoff times
‖A_SJ⁻¹‖, for A_SJ y has entries of about that size (Higham 2002, *Accuracy and Stability of Numerical Algorithms*,
section 7.2, with the componentwise condition number bounded by the norm of the inverse); reading a decimal as a float
adds to it where payoffs are large beside their range. Where differences of payoffs are tiny beside the range the error
is large, however small the residual: such systems are to be solved exactly.

This is an estimate, not a proof. It decides only in which arithmetic a system is solved whose solution is known to be
an equilibrium strategy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.basis_search import LEAST, UNIT, compiled

# Probabilities that may err by more than this are worth exact arithmetic.
TOLERANCE = 1e-12


@compiled
def any_imprecise(payoffs: NDArray[np.float64], found: NDArray[np.float64]) -> bool:
    """Whether a row of ``found`` may be off. Each holds strategies first; ``payoffs`` has both players' tables.

    >>> close = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1e-9, 1.0 - 1e-9]]])
    >>> any_imprecise(close, np.array([[0.5, 0.5, 0.5, 0.5]])), any_imprecise(close, np.array([[1.0, 0.0, 0.0, 1.0]]))
    (True, False)
    """
    _, m, n = payoffs.shape
    least = min(m, n)
    work, support = np.empty((least, 2 * least)), np.empty((2, m + n), dtype=np.int64)
    off = False
    for r in range(found.shape[0]):
        off = off or _is_imprecise(payoffs[0], payoffs[1], found[r], support, work)
    return off


@compiled
def imprecise(
    A: NDArray[np.float64], B: NDArray[np.float64], games: NDArray[np.int64], found: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which rows of ``found`` may be off; row r holds strategies of the game ``games[r]`` first.

    >>> close = np.array([[[0.0, 1.0], [1e-9, 1.0 - 1e-9]]])
    >>> rows = np.array([[0.5, 0.5, 0.5, 0.5], [1.0, 0.0, 0.0, 1.0]])
    >>> imprecise(np.eye(2)[None], close, np.array([0, 0]), rows).tolist()
    [True, False]
    """
    m, n = A.shape[1:]
    least = min(m, n)
    work, support = np.empty((least, 2 * least)), np.empty((2, m + n), dtype=np.int64)
    flags = np.empty(found.shape[0], dtype=np.bool_)
    for r in range(flags.size):
        flags[r] = _is_imprecise(A[games[r]], B[games[r]], found[r], support, work)
    return flags


@compiled
def _is_imprecise(
    A: NDArray[np.float64],
    B: NDArray[np.float64],
    row: NDArray[np.float64],
    support: NDArray[np.int64],
    work: NDArray[np.float64],
) -> bool:
    m, n = A.shape
    s = t = 0
    for i in range(m):
        support[0, s] = i
        s += row[i] > 0.0
    for j in range(n):
        support[1, t] = j
        t += row[m + j] > 0.0
    if s == 1 or s != t:
        return s != t
    return not (_error(A, support, s, work) < TOLERANCE and _error(B, support, s, work) < TOLERANCE)


@compiled
def _error(payoffs: NDArray[np.float64], support: NDArray[np.int64], s: int, work: NDArray[np.float64]) -> float:
    """About how far the solution of a system with these s rows and columns may be off."""
    low, high = np.inf, -np.inf
    for i in range(payoffs.shape[0]):
        for j in range(payoffs.shape[1]):
            low, high = min(low, payoffs[i, j]), max(high, payoffs[i, j])
    spread = high - low
    for a in range(s):
        for b in range(s):
            work[a, b] = (payoffs[support[0, a], support[1, b]] - low) / spread + LEAST
            work[a, s + b] = 1.0 if a == b else 0.0
    # Gauss and Jordan, with partial pivoting: an exchange of rows changes no row sum of the inverse but its place
    for c in range(s):
        pivot = c
        for a in range(c + 1, s):
            if abs(work[a, c]) > abs(work[pivot, c]):
                pivot = a
        for b in range(c, 2 * s):
            work[c, b], work[pivot, b] = work[pivot, b], work[c, b]
        for a in range(s):
            if a != c:
                factor = work[a, c] / work[c, c]
                for b in range(c, 2 * s):
                    work[a, b] -= factor * work[c, b]
    norm, transposed = 0.0, 0.0
    for a in range(s):
        row, column = 0.0, 0.0
        for b in range(s):
            row += abs(work[a, s + b] / work[a, a])
            column += abs(work[b, s + a] / work[b, b])
        norm, transposed = max(norm, row), max(transposed, column)
    size = 1.0 + max(abs(low), abs(high)) / spread
    total = norm + transposed  # a NaN survives a sum
    return (s + 6) * UNIT * size * total
