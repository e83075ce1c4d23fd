"""Arithmetic with real algebraic numbers of one field Q(α), exactly.

:class:`~detente.exact.algebraic.Algebraic` numbers can be compared but not added. The elements p(α) of a field, p a
polynomial with rational coefficients of degree below that of α, can be added, multiplied and divided, with each other
and with rationals, so that geometry with such coordinates stays exact. p(α) = 0 iff p = 0; otherwise its sign is
decided by evaluating p with rational bounds for α, tightened until they suffice (Cohen 1993, *A Course in
Computational Algebraic Number Theory*, section 4.2).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property, total_ordering
from typing import Any

from flint import fmpq, fmpq_mat, fmpq_poly

from detente.exact.algebraic import Algebraic, real_roots
from detente.exact.polynomial import from_fmpq, to_fmpq

START_BITS = 128


class NumberField:
    """Q(α) for an irrational algebraic number α. Results that are rational come as ``rational`` makes them."""

    def __init__(self, generator: Algebraic, rational: Callable[[Any], Any] = lambda x: x) -> None:
        self.generator = generator
        self.rational = rational
        self.modulus = fmpq_poly(list(generator.polynomial))
        self.degree = generator.polynomial.degree
        self._powers: dict[int, tuple[list[Any], list[Any]]] = {}

    def element(self, p: Any) -> Any:
        """p(α): a :class:`FieldElement`, or a rational if p is constant."""
        p = p % self.modulus
        return FieldElement(self, p) if p.degree() > 0 else self.rational(p[0])

    def powers(self, bits: int) -> tuple[list[Any], list[Any]]:
        """Rational approximations of 1, α, …, and bounds on their errors, the first about 2^-bits."""
        if bits not in self._powers:
            lo, hi = self.generator.refine(Fraction(1, 2**bits))
            middle, radius = to_fmpq((lo + hi) / 2), to_fmpq((hi - lo) / 2)
            size = abs(middle) + radius
            values = [middle**k for k in range(self.degree)]
            errors = [fmpq(0)] + [k * size ** (k - 1) * radius for k in range(1, self.degree)]
            self._powers[bits] = values, errors
        return self._powers[bits]


@total_ordering
class FieldElement:
    """An irrational element of a number field; arithmetic and comparison with rationals and others of its field.

    >>> from flint import fmpz_poly
    >>> root = NumberField(real_roots(fmpz_poly([-5, 0, 1]))[1])
    >>> golden = root.element(fmpq_poly([fmpq(-1, 2), fmpq(1, 2)]))
    >>> golden, golden * (golden + 1), golden < Fraction(618, 1000)
    ((√5 − 1)/2, 1, False)
    """

    def __init__(self, field: NumberField, p: Any) -> None:
        self.field, self.polynomial = field, p

    def _in_alpha(self, other: Any) -> Any | None:
        """``other`` as a polynomial in α; None if it is not in the field."""
        if isinstance(other, FieldElement):
            return other.polynomial if other.field is self.field else None
        return fmpq_poly([to_fmpq(other)]) if isinstance(other, int | Fraction) else _constant(other)

    def __add__(self, other: Any) -> Any:
        p = self._in_alpha(other)
        return NotImplemented if p is None else self.field.element(self.polynomial + p)

    __radd__ = __add__

    def __neg__(self) -> FieldElement:
        return FieldElement(self.field, -self.polynomial)

    def __sub__(self, other: Any) -> Any:
        p = self._in_alpha(other)
        return NotImplemented if p is None else self.field.element(self.polynomial - p)

    def __rsub__(self, other: Any) -> Any:
        p = self._in_alpha(other)
        return NotImplemented if p is None else self.field.element(p - self.polynomial)

    def __mul__(self, other: Any) -> Any:
        p = self._in_alpha(other)
        return NotImplemented if p is None else self.field.element(self.polynomial * p)

    __rmul__ = __mul__

    def _inverse(self) -> Any:
        return self.field.element(self.polynomial.xgcd(self.field.modulus)[1])

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, FieldElement):
            return self * other._inverse()
        p = self._in_alpha(other)
        return NotImplemented if p is None else self.field.element(self.polynomial / p[0])

    def __rtruediv__(self, other: Any) -> Any:
        return NotImplemented if self._in_alpha(other) is None else self._inverse() * other

    def __pow__(self, exponent: int) -> Any:
        power: Any = 1
        for _ in range(exponent):
            power = self * power
        return power

    def __abs__(self) -> FieldElement:
        return self if self.sign > 0 else -self

    def bounds(self, bits: int) -> tuple[Any, Any]:
        """A rational approximation and a bound on its error, about 2^-bits."""
        values, errors = self.field.powers(bits)
        coefficients = self.polynomial.coeffs()
        value, error = fmpq(0), fmpq(0)
        for c, v, e in zip(coefficients, values, errors, strict=False):
            value += c * v
            error += abs(c) * e
        return value, error

    @cached_property
    def sign(self) -> int:
        """1 or −1: the number is not 0."""
        bits = START_BITS
        while True:
            value, error = self.bounds(bits)
            if abs(value) > error:
                return 1 if value > 0 else -1
            bits *= 2

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FieldElement):
            return False
        if self.field is other.field:
            return bool(self.polynomial == other.polynomial)
        return self.algebraic == other.algebraic  # one number may be written in several fields

    def __lt__(self, other: Any) -> bool:
        difference = self - other
        if difference is NotImplemented:
            return NotImplemented
        return difference.sign < 0 if isinstance(difference, FieldElement) else bool(difference < 0)

    def __hash__(self) -> int:
        return hash(self.algebraic)

    def __float__(self) -> float:
        bits = START_BITS
        while True:
            value, error = self.bounds(bits)
            if error * 2**60 <= abs(value):
                return int(value.p) / int(value.q)
            bits *= 2

    @cached_property
    def algebraic(self) -> Algebraic:
        """The same number by its minimal polynomial."""
        d = self.field.degree
        times = fmpq_mat(d, d)  # multiplication by it, on the basis 1, α, …
        for k in range(d):
            column = (self.polynomial * fmpq_poly([0] * k + [1])) % self.field.modulus
            for j, c in enumerate(column.coeffs()):
                times[j, k] = c
        roots = [root for root in real_roots(times.minpoly().numer()) if isinstance(root, Algebraic)]
        bits = START_BITS
        while len(roots) > 1:
            value, error = (from_fmpq(x) for x in self.bounds(bits))
            roots = [r for r in roots if value - error <= r <= value + error]
            bits *= 2
        return roots[0]

    def __repr__(self) -> str:
        return repr(self.algebraic)

    __str__ = __repr__


def _constant(other: Any) -> Any | None:
    return fmpq_poly([other]) if isinstance(other, fmpq) else None


def to_float(x: Any) -> float:
    """The nearest float, or one next to it, of a flint rational, a field element, a Fraction or an int."""
    return int(x.p) / int(x.q) if isinstance(x, fmpq) else float(x)
