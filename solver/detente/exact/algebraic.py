"""Real algebraic numbers, exactly.

An irrational end of an interval is a root of an irreducible integer polynomial. It is stored as that polynomial and a
rational interval that isolates it from the polynomial's other roots. Two such numbers are equal iff the polynomials
agree and change sign on the intersection of the intervals; unequal ones are told apart by refining the intervals until
they are disjoint, so every comparison is exact and ends. Refinement is bisection with exact signs.

Isolation is certified. Roots in a bounded interval: Descartes' rule of signs on the interval mapped to (0, ∞), with
bisection until each piece has one variation or none (Collins and Akritas 1976, *SYMSAC*, 272–275); most polynomials
have none to begin with and need no factorisation. All real roots: ball arithmetic (Johansson 2017, *Arb*, IEEE
Transactions on Computers 66) in python-flint.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, total_ordering
from itertools import pairwise
from math import gcd, isqrt
from numbers import Real
from typing import Any

from flint import fmpq_poly, fmpz_poly

from detente.exact.polynomial import Polynomial, to_fmpq


@total_ordering
class Algebraic:
    """An irrational real algebraic number; compares exactly with ints, Fractions, floats and others of its kind.

    Attributes
    ----------
    polynomial
        Its minimal polynomial with coprime integer coefficients and positive leading coefficient.
    index
        Which of the polynomial's real roots it is, in increasing order from 0.

    Examples
    --------
    >>> golden = real_roots(fmpz_poly([-1, 1, 1]))[1]
    >>> golden
    (√5 − 1)/2
    >>> float(golden), golden > Fraction(618, 1000)
    (0.6180339887498949, True)
    """

    __slots__ = ("_flint", "_hi", "_index", "_lo", "_polynomial", "_rising")

    def __init__(self, minimal: Any, index: int | None, lo: Fraction, hi: Fraction) -> None:
        self._flint = minimal
        self._polynomial = Polynomial(_coefficients(minimal))
        self._index = index
        self._lo, self._hi = lo, hi
        self._rising = _sign_at(minimal, hi) > 0

    @property
    def polynomial(self) -> Polynomial:
        return self._polynomial

    @property
    def index(self) -> int:
        if self._index is None:  # seldom asked for, and it takes all real roots to know
            self._index = _cached_roots(tuple(self.polynomial)).index(self)
        return self._index

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """Rational bounds between which it is the polynomial's only root (both ends excluded)."""
        return self._lo, self._hi

    def refine(self, width: Fraction) -> tuple[Fraction, Fraction]:
        """Rational bounds no further apart than ``width``."""
        while self._hi - self._lo > width:
            self._bisect()
        return self._lo, self._hi

    def _bisect(self) -> None:
        middle = (self._lo + self._hi) / 2
        if (_sign_at(self._flint, middle) > 0) == self._rising:
            self._hi = middle
        else:
            self._lo = middle

    def __float__(self) -> float:
        # 2⁻⁶⁰ of the number's own size decides all 53 bits but for a tie, which an irrational is not.
        while self._hi - self._lo > max(abs(self._lo), abs(self._hi)) / 2**60:
            self._bisect()
        return float((self._lo + self._hi) / 2)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Algebraic):
            return self is other or (self._polynomial == other._polynomial and self._meets(other))
        return False if isinstance(other, Real) else NotImplemented

    def _meets(self, other: Algebraic) -> bool:
        """Whether this is the same root of the same polynomial as ``other``."""
        lo, hi = max(self._lo, other._lo), min(self._hi, other._hi)
        if lo >= hi or _sign_at(self._flint, lo) == _sign_at(self._flint, hi):
            return False
        self._lo, self._hi = other._lo, other._hi = lo, hi
        return True

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, Algebraic):
            if self == other:
                return False
            while self._lo < other._hi and other._lo < self._hi:
                wider = self if self._hi - self._lo >= other._hi - other._lo else other
                wider._bisect()
            return self._hi <= other._lo
        if isinstance(other, float) and other in (float("inf"), float("-inf")):
            return other > 0
        if not isinstance(other, int | Fraction | float):
            return NotImplemented
        point = Fraction(other)
        while self._lo < point < self._hi:
            self._bisect()
        return self._hi <= point

    def __hash__(self) -> int:
        return hash(self._polynomial)

    def __reduce__(self) -> Any:
        return _restored, (tuple(self.polynomial), self._index, self._lo, self._hi)

    def __repr__(self) -> str:
        if self.polynomial.degree == 2:
            return self._radical()
        return f"root of {self.polynomial} near {float(self):.6g}"

    __str__ = __repr__

    def _radical(self) -> str:
        c, b, a = self.polynomial
        square, rest = _square_part(b * b - 4 * a * c)
        # (−b ± square √rest) / 2a in lowest terms
        plus = self.index == 1
        common = gcd(b, square, 2 * a)
        b, square, bottom = b // common, square // common, 2 * a // common
        root = f"{square if square != 1 else ''}√{rest}"
        if b == 0:
            top = root if plus else f"−{root}"
        elif plus:
            top = f"{root} − {b}" if b > 0 else f"{-b} + {root}"
        else:
            top = f"{-b} − {root}" if b < 0 else f"−{b} − {root}"
        if bottom == 1:
            return top
        return f"{top}/{bottom}" if b == 0 else f"({top})/{bottom}"


Exact = Fraction | Algebraic


@lru_cache(maxsize=4096)
def _cached_roots(coefficients: tuple[int, ...]) -> tuple[Exact, ...]:
    minimal: Any = fmpz_poly(list(coefficients))
    if minimal.degree() == 1:
        return (Fraction(-coefficients[0], coefficients[1]),)
    # The roots come as isolating balls; those proven real have an imaginary part that is exactly zero.
    boxes = sorted(_ball_bounds(root.real) for root, _ in minimal.complex_roots() if root.imag == 0)
    return tuple(Algebraic(minimal, k, lo, hi) for k, (lo, hi) in enumerate(boxes))


def real_roots(p: Any) -> list[Exact]:
    """All distinct real roots of an integer polynomial, in increasing order."""
    return sorted(root for root, _ in real_roots_with_multiplicity(p))


def real_roots_with_multiplicity(p: Any) -> list[tuple[Exact, int]]:
    """All real roots of a non-zero integer polynomial with their multiplicities, in no particular order."""
    _, factors = p.factor()
    found: list[tuple[Exact, int]] = []
    for factor, multiplicity in factors:
        found += [(root, multiplicity) for root in _cached_roots(_coefficients(factor))]
    return found


def roots_between(p: Any, lo: Fraction, hi: Fraction) -> list[tuple[Exact, int]]:
    """The roots of a non-zero integer polynomial in the open interval (lo, hi), in order, with their multiplicities."""
    if _variations(p, lo, hi) == 0:
        return []
    _, factors = p.factor()
    found: list[tuple[Exact, int]] = []
    for factor, multiplicity in factors:
        found += [(root, multiplicity) for root in _cached_roots_between(_coefficients(factor), lo, hi)]
    return sorted(found, key=lambda pair: pair[0])


@lru_cache(maxsize=4096)
def _cached_roots_between(coefficients: tuple[int, ...], lo: Fraction, hi: Fraction) -> tuple[Exact, ...]:
    minimal: Any = fmpz_poly(list(coefficients))
    if minimal.degree() == 1:
        root = Fraction(-coefficients[0], coefficients[1])
        return (root,) if lo < root < hi else ()
    # Irreducible and of degree two or more: no rational point is a root, so pieces can be cut anywhere.
    pieces, found = [(lo, hi)], []
    while pieces:
        left, right = pieces.pop()
        variations = _variations(minimal, left, right)
        if variations == 1:
            found.append(Algebraic(minimal, None, left, right))
        elif variations > 1:
            middle = (left + right) / 2
            pieces += [(middle, right), (left, middle)]
    return tuple(found)


def _variations(p: Any, lo: Fraction, hi: Fraction) -> int:
    """Sign changes among the coefficients of (1 + x)ᵈ p((lo·x + hi)/(1 + x)): a bound on the roots in (lo, hi).

    By Descartes' rule the number of roots, counted with multiplicity, is that or less by an even number.
    """
    on_unit = fmpq_poly(p)(fmpq_poly([to_fmpq(lo), to_fmpq(hi - lo)])).numer().coeffs()
    shifted = fmpz_poly(on_unit[::-1])(fmpz_poly([1, 1])).coeffs()
    signs = [c > 0 for c in shifted if c]
    return sum(a != b for a, b in pairwise(signs))


def _restored(coefficients: tuple[int, ...], index: int | None, lo: Fraction, hi: Fraction) -> Algebraic:
    return Algebraic(fmpz_poly(list(coefficients)), index, lo, hi)


def _coefficients(p: Any) -> tuple[int, ...]:
    return tuple(int(c) for c in p.coeffs())


def _ball_bounds(ball: Any) -> tuple[Fraction, Fraction]:
    return _exact_float(ball.lower()), _exact_float(ball.upper())


def _exact_float(ball: Any) -> Fraction:
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _sign_at(p: Any, x: Fraction) -> int:
    value = p(to_fmpq(x))
    return int(value > 0) - int(value < 0)


def _square_part(n: int) -> tuple[int, int]:
    """``n`` = square² · rest with a square-free rest as far as small factors show."""
    square, k = 1, 2
    while k * k <= n and k < 10_000:
        while n % (k * k) == 0:
            n //= k * k
            square *= k
        k += 1
    if isqrt(n) ** 2 == n:
        square, n = square * isqrt(n), 1
    return square, n
