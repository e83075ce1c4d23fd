"""Polynomials in one variable with rational coefficients, on python-flint.

The solver computes with :class:`flint.fmpq_poly` directly (here ``Poly``); users meet :class:`Polynomial`, a plain
immutable tuple of integer coefficients, as the certificate of an algebraic number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from flint import fmpq, fmpq_poly

Poly: TypeAlias = fmpq_poly

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def to_fmpq(value: Fraction | int) -> Any:
    """A Fraction as a flint rational."""
    return fmpq(value.numerator, value.denominator)


def from_fmpq(value: Any) -> Fraction:
    """A flint rational as a Fraction."""
    return Fraction(int(value.p), int(value.q))


def constant(value: Fraction | int) -> Poly:
    """The constant polynomial."""
    return fmpq_poly([to_fmpq(value)])


def polynomial(coefficients: Iterable[Fraction | int]) -> Poly:
    """The polynomial with the given coefficients, constant term first."""
    return fmpq_poly([to_fmpq(c) for c in coefficients])


def evaluate(p: Poly, x: Fraction) -> Fraction:
    """The exact value of ``p`` at a rational point."""
    return from_fmpq(p(to_fmpq(x)))


X = fmpq_poly([0, 1])
ONE = fmpq_poly([1])
ZERO = fmpq_poly([])


class Polynomial(tuple[int, ...]):
    """Integer coefficients of a polynomial, constant term first; callable, and readable when printed.

    >>> p = Polynomial((-1, 1, 1))
    >>> p
    x² + x − 1
    >>> p(Fraction(1, 2))
    Fraction(-1, 4)
    """

    __slots__ = ()

    @property
    def coefficients(self) -> tuple[int, ...]:
        return tuple(self)

    @property
    def degree(self) -> int:
        return len(self) - 1

    def __call__(self, x: Any) -> Any:
        total = 0 * x
        for c in reversed(self):
            total = total * x + c
        return total

    def __repr__(self) -> str:
        return polynomial_text(self)

    __str__ = __repr__


def polynomial_text(coefficients: Sequence[int], variable: str = "x") -> str:
    """The polynomial as a person writes it, highest power first."""
    terms = []
    for power in reversed(range(len(coefficients))):
        c = coefficients[power]
        if c == 0:
            continue
        sign = "− " if c < 0 else "+ "
        factor = "" if abs(c) == 1 and power else str(abs(c))
        name = "" if power == 0 else variable + (str(power).translate(SUPERSCRIPTS) if power > 1 else "")
        terms.append(f"{sign}{factor}{name}")
    text = " ".join(terms) or "0"
    return text.removeprefix("+ ") if text.startswith("+") else text.replace("− ", "−", 1) if text[0] == "−" else text


def integer_ratio(top: Poly, bottom: Poly) -> tuple[Polynomial, Polynomial]:
    """``top / bottom`` as a ratio of polynomials with coprime integer coefficients in all; common factors stay.

    >>> integer_ratio(polynomial([Fraction(1, 2), 1]), polynomial([3]))
    (2x + 1, 6)
    """
    if not top:
        return Polynomial((0,)), Polynomial((1,))
    ratio = (top.numer() * bottom.denom(), bottom.numer() * top.denom())
    content = ratio[0].content().gcd(ratio[1].content())
    first, second = (Polynomial(int(c) // int(content) for c in p.coeffs()) for p in ratio)
    return first, second
