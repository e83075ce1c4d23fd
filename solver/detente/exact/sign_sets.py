"""Where a polynomial is non-negative, exactly.

The real roots of a polynomial cut a domain into cells on each of which its sign is constant. The sign in the first cell
comes from one exact evaluation; it flips at every root of odd multiplicity. At the roots themselves the polynomial is
zero, which decides whether an end of the answer is closed: no sign is ever read off a float.
"""

from __future__ import annotations

from detente.exact.algebraic import real_roots_with_multiplicity
from detente.exact.intervals import Interval, IntervalSet, between, from_cells
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
    roots = sorted(real_roots_with_multiplicity(p.numer()), key=lambda pair: pair[0])
    inside_domain = [(root, m) for root, m in roots if domain.lo < root < domain.hi]
    first = (
        between(domain.lo, inside_domain[0][0] if inside_domain else domain.hi) if not domain.is_point else domain.lo
    )
    positive = p(to_fmpq(first)) > 0  # type: ignore[arg-type]
    if domain.is_point:
        return everything if positive or (zero and p(to_fmpq(first)) == 0) else NOWHERE  # type: ignore[arg-type]
    cells = [positive]
    for _, multiplicity in inside_domain:
        if multiplicity % 2:
            positive = not positive
        cells += [zero, positive]
    found = from_cells([root for root, _ in inside_domain], cells) & everything
    # A root on a closed end of the domain goes by its own value, zero, whatever the sign in the cell beside it.
    ends = [end for end, closed in ((domain.lo, domain.lo_closed), (domain.hi, domain.hi_closed)) if closed]
    touching = IntervalSet.of(*(Interval(end, end) for end in ends if any(root == end for root, _ in roots)))
    if not touching:
        return found
    return found | touching if zero else found - touching
