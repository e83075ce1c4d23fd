"""Where a polynomial is non-negative, exactly.

The roots of a polynomial cut a domain into cells on each of which its sign is constant. The sign in the first cell
comes from one exact evaluation; it flips at every root of odd multiplicity. At the roots themselves the polynomial is
zero, which decides whether an end of the answer is closed: no sign is ever read off a float.
"""

from __future__ import annotations

from fractions import Fraction

from detente.exact.algebraic import Exact, real_roots_with_multiplicity, roots_between
from detente.exact.intervals import End, Interval, IntervalSet, between, from_cells
from detente.exact.polynomial import Poly, to_fmpq

NOWHERE = IntervalSet()


def where_nonnegative(p: Poly, domain: Interval) -> IntervalSet:
    """The points of ``domain`` at which ``p`` ≥ 0.

    >>> from fractions import Fraction
    >>> from detente.exact.polynomial import polynomial
    >>> where_nonnegative(polynomial([-1, 1, 1]), Interval(Fraction(0), Fraction(1), True, False))
    [(√5 − 1)/2 ≈ 0.618034, 1)
    """
    return _where(p, domain, zero=True)


def where_positive(p: Poly, domain: Interval) -> IntervalSet:
    """The points of ``domain`` at which ``p`` > 0."""
    return _where(p, domain, zero=False)


def _where(p: Poly, domain: Interval, *, zero: bool) -> IntervalSet:
    everything = IntervalSet((domain,))
    if p.degree() < 1:
        value = p[0]
        return everything if value > 0 or (zero and value == 0) else NOWHERE
    if domain.is_point:
        sign = p(to_fmpq(domain.lo))  # type: ignore[arg-type]
        return everything if sign > 0 or (zero and sign == 0) else NOWHERE
    roots, at_ends = _roots(p, domain)
    positive = p(to_fmpq(between(domain.lo, roots[0][0] if roots else domain.hi))) > 0
    cells = [positive]
    for _, multiplicity in roots:
        if multiplicity % 2:
            positive = not positive
        cells += [zero, positive]
    found = from_cells([root for root, _ in roots], cells) & everything
    # A root on a closed end of the domain goes by its own value, zero, whatever the sign in the cell beside it.
    if not at_ends:
        return found
    touching = IntervalSet.of(*(Interval(end, end) for end in at_ends))
    return found | touching if zero else found - touching


def _roots(p: Poly, domain: Interval) -> tuple[list[tuple[Exact, int]], list[End]]:
    """The roots inside the domain, in order, with their multiplicities, and those on its closed ends."""
    lo, hi = domain.lo, domain.hi
    closed = [end for end, is_closed in ((lo, domain.lo_closed), (hi, domain.hi_closed)) if is_closed]
    if isinstance(lo, Fraction) and isinstance(hi, Fraction):
        return roots_between(p.numer(), lo, hi), [end for end in closed if p(to_fmpq(end)) == 0]  # type: ignore[arg-type]
    roots = sorted(real_roots_with_multiplicity(p.numer()), key=lambda pair: pair[0])
    on_ends = [end for end in closed if any(root == end for root, _ in roots)]
    return [(root, m) for root, m in roots if lo < root < hi], on_ends
