"""Linear programmes in exact arithmetic, with a certificate of optimality.

Maximise c·x subject to A x ≤ b, E x = f, x ≥ 0, by the two-phase simplex method in Fractions with Bland's (1977) rule,
which never cycles (Chvátal 1983, *Linear Programming*, chapters 3 and 8). The final tableau gives the dual solution;
the answer is returned only after both have been checked to be feasible and of equal value.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from detente.errors import CertificateError

Row = Sequence[Fraction]


class Optimum(NamedTuple):
    """``status`` is "optimal", "infeasible" or "unbounded"; the rest is empty unless it is optimal."""

    status: str
    x: tuple[Fraction, ...] = ()
    value: Fraction = Fraction(0)
    dual: tuple[Fraction, ...] = ()  # one price a row, those of A first


def maximise(c: Row, A: Sequence[Row] = (), b: Row = (), E: Sequence[Row] = (), f: Row = ()) -> Optimum:
    """The optimum of a linear programme, exactly.

    >>> F = Fraction
    >>> maximise([F(3), F(2)], [[F(1), F(1)], [F(1), F(3)]], [F(4), F(6)]).x
    (Fraction(4, 1), Fraction(0, 1))
    """
    n, m, e = len(c), len(A), len(E)
    # Columns: x, slacks of A, one artificial variable a row, right-hand side; every right-hand side non-negative.
    rows: list[list[Fraction]] = []
    for k, (row, right) in enumerate(zip((*A, *E), (*b, *f), strict=True)):
        slack = [Fraction(int(k == j)) for j in range(m)]
        full = [*row, *slack]
        if right < 0:
            full, right = [-x for x in full], -right
        rows.append([*full, *(Fraction(int(k == j)) for j in range(m + e)), right])
    basis = [n + m + k for k in range(m + e)]
    width = n + m + m + e
    first = [Fraction(0)] * (n + m) + [Fraction(1)] * (m + e) + [Fraction(0)]
    for row in rows:
        first = [x - y for x, y in zip(first, row, strict=True)]
    _pivot_to_optimum(rows, first, basis, n + m)
    if first[-1] != 0:
        return Optimum("infeasible")
    for k, variable in enumerate(basis):  # drive artificial variables out where a pivot exists
        if variable >= n + m:
            column = next((j for j in range(n + m) if rows[k][j] != 0), None)
            if column is not None:
                _pivot(rows, first, basis, k, column)
    second = [-x for x in c] + [Fraction(0)] * (width - n + 1)
    for row, variable in zip(rows, basis, strict=True):
        factor = second[variable]
        if factor:
            second = [x - factor * y for x, y in zip(second, row, strict=True)]
    if not _pivot_to_optimum(rows, second, basis, n + m):
        return Optimum("unbounded")
    x = [Fraction(0)] * n
    for row, variable in zip(rows, basis, strict=True):
        if variable < n:
            x[variable] = row[-1]
    signs = [1 if right >= 0 else -1 for right in (*b, *f)]
    dual = tuple(sign * second[n + m + k] for k, sign in enumerate(signs))
    _check(c, A, b, E, f, x, dual)
    return Optimum("optimal", tuple(x), _dot(c, x), dual)


def _pivot_to_optimum(rows: list[list[Fraction]], cost: list[Fraction], basis: list[int], columns: int) -> bool:
    """Bland's rule until no entering column is left; False if the programme is unbounded."""
    while (entering := next((j for j in range(columns) if cost[j] < 0), None)) is not None:
        candidates = [k for k, row in enumerate(rows) if row[entering] > 0]
        if not candidates:
            return False
        leaving = min(candidates, key=lambda k: (rows[k][-1] / rows[k][entering], basis[k]))
        _pivot(rows, cost, basis, leaving, entering)
    return True


def _pivot(rows: list[list[Fraction]], cost: list[Fraction], basis: list[int], leaving: int, entering: int) -> None:
    pivot = rows[leaving][entering]
    rows[leaving] = source = [x / pivot if x else x for x in rows[leaving]]
    nonzero = [j for j, x in enumerate(source) if x]
    for target in (*(r for k, r in enumerate(rows) if k != leaving), cost):
        factor = target[entering]
        if factor:
            for j in nonzero:
                target[j] -= factor * source[j]
    basis[leaving] = entering


def _check(c: Row, A: Sequence[Row], b: Row, E: Sequence[Row], f: Row, x: Row, dual: Row) -> None:
    """Primal and dual feasible with equal values, or a :class:`CertificateError`."""
    fine = (
        min(x, default=Fraction(0)) >= 0
        and all(_dot(row, x) <= right for row, right in zip(A, b, strict=True))
        and all(_dot(row, x) == right for row, right in zip(E, f, strict=True))
        and all(y >= 0 for y in dual[: len(A)])
        and all(_dot([row[j] for row in (*A, *E)], dual) >= c[j] for j in range(len(c)))
        and _dot((*b, *f), dual) == _dot(c, x)
    )
    if not fine:
        raise CertificateError("linear programme", x, "primal and dual solutions of equal value")


def _dot(p: Row, q: Row) -> Fraction:
    return sum((s * t for s, t in zip(p, q, strict=True)), Fraction(0))
