"""Ratios of polynomials in lowest terms, with a denominator that is positive where it matters."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from detente.exact.polynomial import ONE, ZERO, Poly, to_fmpq


class Ratio(NamedTuple):
    """``top / bottom``."""

    top: Poly
    bottom: Poly


def ratio(top: Poly, bottom: Poly, inside: Fraction) -> Ratio:
    """In lowest terms. ``bottom`` must not vanish on the domain, of which ``inside`` is some point."""
    common = top.gcd(bottom)
    top, bottom = top // common, bottom // common
    return Ratio(-top, -bottom) if bottom(to_fmpq(inside)) < 0 else Ratio(top, bottom)


def total(terms: Sequence[tuple[Poly, Ratio]], inside: Fraction) -> Ratio:
    """The sum of polynomials times ratios."""
    bottom = ONE
    for factor, term in terms:
        if factor:
            bottom = bottom * (term.bottom // bottom.gcd(term.bottom))
    top = sum((factor * term.top * (bottom // term.bottom) for factor, term in terms if factor), ZERO)
    return ratio(top, bottom, inside)
