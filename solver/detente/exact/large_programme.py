"""Linear programmes of any size in exact arithmetic: floating point proposes, exact arithmetic proves.

Maximise c·x subject to A x ≤ b, E x = f, x ≥ 0. Small programmes go straight to the simplex method in Fractions
(:mod:`detente.exact.linear_programme`). Large ones are solved by HiGHS in floating point; of its answer only the
pattern is used: which unknowns are positive, which constraints bind, which prices are not zero. Both solutions are
vertices, so each is the only solution of the equations that hold at it, and these are solved in rational numbers
(Dhiflaoui and others 2003, *SODA*, 255–256; Applegate, Cook, Dash and Espinoza 2007, *Operations Research Letters*
35). In a degenerate programme more equations hold than there are unknowns: pivoted QR picks independent ones. The
result is returned only if both solutions are feasible and of equal value, exactly; by weak duality that proves it.

That a programme has no solution is proven in the same way (Farkas 1902): the least total violation, itself the value
of a linear programme, is positive. If floats do not lead to a proof, the simplex method in Fractions has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from flint import fmpq_mat
from numpy.typing import NDArray

from detente.exact.linear_programme import Optimum, Row, maximise
from detente.exact.polynomial import from_fmpq, to_fmpq

# Rows keep their non-zero coefficients by position.
SparseRow = Mapping[int, Fraction]

# Up to this many coefficients, the simplex method in Fractions takes less time than HiGHS and its overhead.
SMALL = 60
# HiGHS's unknowns and prices above this, and slacks and reduced costs below, count as positive and as zero. Rows and
# objective are scaled to 1, and HiGHS promises 1e-7.
POSITIVE, ZERO = 1e-9, 2e-7
# Equations that hold without having to are taken only if needed, and late.
RELUCTANCE = 1e-4
# Equations are dependent if pivoted QR ends with a diagonal entry below this share of the first.
DEPENDENT = 1e-11


def optimum(
    c: Row,
    A: Sequence[SparseRow] = (),
    b: Row = (),
    E: Sequence[SparseRow] = (),
    f: Row = (),
) -> Optimum:
    """The optimum of a linear programme, exactly; rows are mappings from positions to coefficients.

    >>> F = Fraction
    >>> optimum([F(3), F(2)], [{0: F(1), 1: F(1)}, {0: F(1), 1: F(3)}], [F(4), F(6)])
    Optimum(status='optimal', x=(Fraction(4, 1), Fraction(0, 1)), value=Fraction(12, 1), dual=(Fraction(3, 1), \
Fraction(0, 1)))
    """
    n = len(c)
    if n * (len(A) + len(E)) > SMALL:
        found = proposed_and_proven(c, A, b, E, f)
        if found is not None:
            return found
        if _least_violation(n, A, b, E, f) > 0:
            return Optimum("infeasible")
    return maximise(c, [_dense(row, n) for row in A], b, [_dense(row, n) for row in E], f)


def sparse(row: Iterable[Fraction]) -> dict[int, Fraction]:
    """The non-zero entries of a row by position."""
    return {j: x for j, x in enumerate(row) if x}


def _dense(row: SparseRow, n: int) -> list[Fraction]:
    full = [Fraction(0)] * n
    for j, x in row.items():
        full[j] = x
    return full


def proposed_and_proven(
    c: Row,
    A: Sequence[SparseRow] = (),
    b: Row = (),
    E: Sequence[SparseRow] = (),
    f: Row = (),
) -> Optimum | None:
    """As :func:`optimum`, but None if there is no optimum, or no proof from HiGHS's pattern."""
    rows, right = [*A, *E], [*b, *f]
    try:
        found = _highs(c, rows, right, len(A))
    except OverflowError:  # beyond the range of floats
        return None
    if found is None:
        return None
    matrix, x, slack, prices, reduced = found
    used = np.flatnonzero(x > POSITIVE)
    priced = np.flatnonzero(np.abs(prices) > POSITIVE)
    # The primal vertex: the unknowns in use, from the rows that bind; the dual one: prices, from the columns.
    primal = _vertex(matrix, rows, right, np.abs(prices) > POSITIVE, slack < ZERO, used)
    columns: list[dict[int, Fraction]] = [{} for _ in c]
    for i, row in enumerate(rows):
        for j, coefficient in row.items():
            columns[j][i] = coefficient
    dual = _vertex(matrix.T, columns, c, x > POSITIVE, reduced < ZERO, priced)
    if primal is None or dual is None:
        return None
    full_x, full_y = [Fraction(0)] * len(c), [Fraction(0)] * len(rows)
    for j, value in zip(used.tolist(), primal, strict=True):
        full_x[j] = value
    for i, value in zip(priced.tolist(), dual, strict=True):
        full_y[i] = value
    if not _proves(c, columns, rows, right, len(A), full_x, full_y):
        return None
    return Optimum("optimal", tuple(full_x), _along(sparse(c), full_x), tuple(full_y))


def _highs(c: Row, rows: Sequence[SparseRow], right: Row, m: int) -> Any:
    """The matrix, HiGHS's solution, slacks, prices and reduced costs; None if it finds no optimum.

    Rows, right-hand sides and objective are scaled to 1, so all but the matrix is in other units.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    scales = [max(map(abs, row.values()), default=Fraction(1)) for row in rows]
    top = max(map(abs, c), default=Fraction(0)) or Fraction(1)
    entries = [(i, j, float(x / scales[i])) for i, row in enumerate(rows) for j, x in row.items()]
    at_row, at_column, values = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = csr_array((values, (at_row, at_column)), shape=(len(rows), len(c)))
    sides = [x / s for x, s in zip(right, scales, strict=True)]
    largest = max(map(abs, sides), default=Fraction(0)) or Fraction(1)
    bound = np.array([float(x / largest) for x in sides])
    cost = np.array([float(x / top) for x in c])
    found = linprog(
        -cost,
        A_ub=matrix[:m] if m else None,
        b_ub=bound[:m] if m else None,
        A_eq=matrix[m:] if m < len(rows) else None,
        b_eq=bound[m:] if m < len(rows) else None,
        method="highs-ds",
    )
    if found.status != 0:
        return None
    prices = -np.concatenate([found.ineqlin.marginals, found.eqlin.marginals])
    slack = np.abs(bound - matrix @ found.x)
    return matrix, found.x, slack, prices, matrix.T @ prices - cost


def _vertex(
    matrix: Any,
    rows: Sequence[SparseRow],
    right: Row,
    surely: NDArray[np.bool_],
    perhaps: NDArray[np.bool_],
    unknowns: NDArray[np.int64],
) -> list[Fraction] | None:
    """The unknowns from as many independent rows that hold with equality, exactly; None if floats find too few."""
    from scipy.linalg import qr

    if unknowns.size == 0:
        return []
    for candidates in (surely, surely | perhaps):
        equations = np.flatnonzero(candidates)
        if equations.size < unknowns.size:
            continue
        weights = np.where(surely[equations], 1.0, RELUCTANCE)
        block = matrix[equations][:, unknowns].toarray()
        factor, order = qr(block.T * weights, mode="r", pivoting=True)
        diagonal = np.abs(np.diag(factor))
        if diagonal[-1] > DEPENDENT * diagonal[0]:
            return _solved(rows, right, equations[order[: unknowns.size]].tolist(), unknowns.tolist())
    return None


def _solved(rows: Sequence[SparseRow], right: Row, equations: list[int], unknowns: list[int]) -> list[Fraction] | None:
    k = len(unknowns)
    entries = [to_fmpq(rows[i].get(j, Fraction(0))) for i in equations for j in unknowns]
    try:
        solution = fmpq_mat(k, k, entries).solve(fmpq_mat(k, 1, [to_fmpq(right[i]) for i in equations]))
    except ZeroDivisionError:
        return None
    return [from_fmpq(x) for x in solution.entries()]


def _proves(
    c: Row, columns: Sequence[SparseRow], rows: Sequence[SparseRow], right: Row, m: int, x: Row, y: Row
) -> bool:
    """Whether both solutions are feasible, in their first ``m`` rows with inequality, and of equal value."""
    return (
        min(x, default=Fraction(0)) >= 0
        and min(y[:m], default=Fraction(0)) >= 0
        and all(_along(row, x) <= r for row, r in zip(rows[:m], right, strict=False))
        and all(_along(row, x) == r for row, r in zip(rows[m:], right[m:], strict=True))
        and all(_along(column, y) >= cost for column, cost in zip(columns, c, strict=True))
        and _along(sparse(right), y) == _along(sparse(c), x)
    )


def _along(row: SparseRow, x: Row) -> Fraction:
    """Their product, over one denominator."""
    terms = [(coefficient, x[j]) for j, coefficient in row.items() if x[j]]
    scale = lcm(*(a.denominator * b.denominator for a, b in terms))
    total = sum(a.numerator * b.numerator * (scale // (a.denominator * b.denominator)) for a, b in terms)
    return Fraction(total, scale)


def _least_violation(n: int, A: Sequence[SparseRow], b: Row, E: Sequence[SparseRow], f: Row) -> Fraction:
    """The least sum of violations of the constraints by any x ≥ 0: positive if there is no solution.

    0 also if that could not be proven.
    """
    one = Fraction(1)
    slacks = n + len(A)
    above = [{**row, n + k: -one} for k, row in enumerate(A)]
    both = [{**row, slacks + 2 * k: one, slacks + 2 * k + 1: -one} for k, row in enumerate(E)]
    cost = [Fraction(0)] * n + [-one] * (len(A) + 2 * len(E))
    found = proposed_and_proven(cost, above, b, both, f)
    return Fraction(0) if found is None else -found.value
