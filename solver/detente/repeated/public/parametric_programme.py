"""Where a linear programme whose coefficients are polynomials in one parameter can be satisfied, exactly.

A x ≤ b, x ≥ 0 has a solution iff the least violation, min s subject to A x − s ≤ b, is zero. At a sample value of the
parameter an optimal basis of that programme is found in rational numbers. On the set of values on which the *same*
basis stays primal and dual feasible, an intersection of sign sets of polynomials, the least violation is one rational
function, found by exact elimination. That set is removed and the next sample taken from what is left; there are
finitely many bases (Gal and Nedoma 1972, *Management Science* 18, on parametric bases). The least violation is assumed
to be continuous, as it is where solutions of bounded violation are bounded; so the sets are closed, and no isolated
point escapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from detente.errors import CertificateError
from detente.exact.algebraic import Algebraic
from detente.exact.intervals import Interval, IntervalSet, between, combine
from detente.exact.large_programme import optimum
from detente.exact.linear_programme import Optimum
from detente.exact.polynomial import ONE, ZERO, Poly, evaluate, to_fmpq
from detente.exact.sign_sets import where_nonnegative

PolyRow = Mapping[int, Poly]


class Cell(NamedTuple):
    """A set of parameter values on which one basis is optimal, and where within it the programme can be satisfied.

    Elsewhere in ``covered`` the rows called ``tight`` refute it: no solution meets all of them.
    """

    covered: IntervalSet
    satisfied: IntervalSet
    tight: tuple[int, ...]


def cells(
    rows: Sequence[PolyRow],
    right: Sequence[Poly],
    n: int,
    domain: Interval,
    tick: Callable[[], None] | None = None,
) -> list[Cell]:
    """Cells that cover ``domain``, for the programme ``rows`` · x ≤ ``right``, x ≥ 0 in n unknowns.

    ``tick`` is called before each, and may raise to give up.
    """
    relaxed = [{**row, n: -ONE} for row in rows]
    remaining = IntervalSet((domain,))
    found: list[Cell] = []
    while remaining:
        if tick is not None:
            tick()
        gap = remaining.intervals[0]
        x = gap.lo if gap.is_point else between(gap.lo, gap.hi)
        if not isinstance(x, Fraction):
            raise CertificateError("parameter", x, "a rational sample: closed sets leave no irrational point out")
        covered, violation, scale, tight = _basis_set(relaxed, right, n, x, domain)
        if x not in covered:
            raise CertificateError("parameter", x, "a basis that is optimal where it was found")
        # The violation is never negative, so where it is at most zero it is zero.
        found.append(Cell(covered, covered & where_nonnegative(-violation * scale, domain), tight))
        remaining = remaining - covered
    return found


def satisfiable_where(rows: Sequence[PolyRow], right: Sequence[Poly], n: int, domain: Interval) -> IntervalSet:
    """The values of the parameter in ``domain`` at which ``rows`` · x ≤ ``right``, x ≥ 0 has a solution in n unknowns.

    >>> from detente.exact.polynomial import X, constant
    >>> satisfiable_where([{0: constant(-1)}, {0: constant(2)}], [-X, ONE], 1, Interval(Fraction(0), Fraction(1)))
    [0, 1/2]
    """
    return combine([cell.satisfied for cell in cells(rows, right, n, domain)], any)


def _basis_set(
    rows: Sequence[PolyRow], right: Sequence[Poly], last: int, x: Fraction, domain: Interval
) -> tuple[IntervalSet, Poly, Poly, tuple[int, ...]]:
    """Where an optimal basis at ``x`` stays optimal, the least violation there as a fraction in lowest terms, and the
    rows that have a price."""
    numbers = [{j: evaluate(p, x) for j, p in row.items()} for row in rows]
    found = optimum([Fraction(0)] * last + [Fraction(-1)], numbers, [evaluate(b, x) for b in right])
    basic, tight = _basis(numbers, [evaluate(b, x) for b in right], found, last)
    core = [[rows[i].get(j, ZERO) for j in basic] for i in tight]
    primal_scale, primal = _solve(core, [right[i] for i in tight])
    transposed = [[row[k] for row in core] for k in range(len(basic))]
    dual_scale, dual = _solve(transposed, [-ONE if j == last else ZERO for j in basic])
    at = dict(zip(basic, primal, strict=True))
    signs = [p * primal_scale for p in primal] + [p * dual_scale for p in dual]
    for i, row in enumerate(rows):
        if i not in tight:
            used = sum((p * at[j] for j, p in row.items() if j in at), ZERO)
            signs.append((right[i] * primal_scale - used) * primal_scale)
    for j in range(last + 1):
        if j not in at:
            worth = sum((rows[i].get(j, ZERO) * y for i, y in zip(tight, dual, strict=True)), ZERO)
            signs.append((worth + (dual_scale if j == last else ZERO)) * dual_scale)
    covered = IntervalSet((domain,))
    for p in dict.fromkeys(map(tuple, (q.coeffs() for q in signs))):
        covered = covered & where_nonnegative(Poly(list(p)), domain)
    # A point at which the basis is singular says nothing, unless it closes an interval on which the basis is optimal.
    singular = primal_scale * dual_scale
    covered = IntervalSet(tuple(i for i in covered if not (i.is_point and _vanishes(singular, i.lo))))
    violation = at.get(last, ZERO)
    common = primal_scale.gcd(violation)
    priced = tuple(i for i, y in zip(tight, dual, strict=True) if y)
    return covered, violation // common, primal_scale // common, priced


def _basis(
    rows: Sequence[Mapping[int, Fraction]], right: Sequence[Fraction], found: Optimum, last: int
) -> tuple[list[int], list[int]]:
    """The basic unknowns and the rows without basic slack, of a basis that both solutions of ``found`` belong to."""
    m, n = len(rows), last + 1
    slack = [b - sum(p * found.x[j] for j, p in row.items()) for row, b in zip(rows, right, strict=True)]
    reduced = [-Fraction(0)] * n
    reduced[last] = Fraction(1)
    for row, y in zip(rows, found.dual, strict=True):
        for j, p in row.items():
            reduced[j] += p * y
    # Columns whose price is zero; those in use must be in the basis, others complete it.
    must = [j for j in range(n) if found.x[j]] + [n + i for i in range(m) if slack[i]]
    may = [j for j in range(n) if not found.x[j] and not reduced[j]]
    may += [n + i for i in range(m) if not slack[i] and not found.dual[i]]
    chosen: list[int] = []
    echelon: list[tuple[int, list[Any]]] = []
    for column in (*must, *may):
        if len(chosen) == m:
            break
        vector = [to_fmpq(row.get(column, Fraction(0))) for row in rows] if column < n else [to_fmpq(0)] * m
        if column >= n:
            vector[column - n] = to_fmpq(1)
        for lead, known in echelon:
            if vector[lead]:
                factor = vector[lead] / known[lead]
                vector = [v - factor * k for v, k in zip(vector, known, strict=True)]
        lead = next((k for k, v in enumerate(vector) if v), -1)
        if lead >= 0:
            echelon.append((lead, vector))
            chosen.append(column)
    kept = set(chosen)
    return [j for j in range(n) if j in kept], [i for i in range(m) if n + i not in kept]


def _solve(matrix: list[list[Poly]], right: list[Poly]) -> tuple[Poly, list[Poly]]:
    """``(d, y)`` with matrix · y = d · right, by fraction-free elimination with exchange of rows (Bareiss 1968)."""
    n = len(matrix)
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    previous = ONE
    for k in range(n):
        swap = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[swap] = rows[swap], rows[k]
        pivot = rows[k]
        for i in range(k + 1, n):
            row, factor = rows[i], rows[i][k]
            for j in range(k + 1, n + 1):
                row[j] = (pivot[k] * row[j] - factor * pivot[j]) // previous
            row[k] = ZERO
        previous = pivot[k]
    scale = rows[n - 1][n - 1] if n else ONE
    solution = [ZERO] * n
    for i in reversed(range(n)):
        total = rows[i][n] * scale
        for j in range(i + 1, n):
            total -= rows[i][j] * solution[j]
        solution[i] = total // rows[i][i]
    return scale, solution


def _vanishes(p: Poly, point: Any) -> bool:
    if isinstance(point, Algebraic):
        return not p % Poly(list(point.polynomial))
    return evaluate(p, Fraction(point)) == 0
