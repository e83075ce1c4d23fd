"""Reading numbers as exact rationals.

Payoffs and probabilities arrive as ints, :class:`~fractions.Fraction`, :class:`~decimal.Decimal`, ``"p/q"`` strings,
NumPy scalars or floats. All but floats are exact as they stand. A float is read as the shortest decimal that prints
as it (0.1 is 1/10, not 3602879701896397/36028797018963968), because that is what its author wrote.

>>> to_fraction("3/4"), to_fraction(0.1), to_fraction(2)
(Fraction(3, 4), Fraction(1, 10), Fraction(2, 1))
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from detente.errors import DetenteError, ParameterError

# "1e999999999" is a short string and a number with a billion digits: refuse what no one means.
MAX_DECIMAL_EXPONENT = 5000
MAX_NUMBER_LENGTH = 10_000
# A few thousand probabilities in floating point miss a total of one by less.
ROUNDING = Fraction(1, 10**12)

REAL_NUMBER = "a finite real number: int, Fraction, Decimal, float or a string such as '3/4' or '0.25'"


def is_exact_number(value: object) -> bool:
    """Whether ``value`` denotes a rational exactly as written: anything but a float."""
    return isinstance(value, Integral | Rational | Decimal | str)


def to_fraction(value: Any, argument: str = "value", error: type[DetenteError] = ParameterError) -> Fraction:
    """``value`` as an exact rational.

    Raises ``error`` (a :class:`~detente.errors.DetenteError`) that names ``argument`` for NaN, infinities, complex
    numbers, booleans, malformed strings and anything that is not a real number.
    """
    number: Fraction | None = None
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        raise error(argument, value, REAL_NUMBER)
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, Decimal):
        number = _from_decimal(value)
    elif isinstance(value, str):
        number = _from_string(value)
    elif isinstance(value, Real):  # float and every NumPy floating scalar
        # repr of a NumPy float32 scalar's own type keeps its short decimal: float32(0.1) is 1/10 too.
        number = _from_decimal(Decimal(str(value))) if math.isfinite(value) else None
    elif type(value).__name__ == "fmpq" or type(value).__name__ == "fmpz":
        return Fraction(int(value.numerator), int(value.denominator))
    if number is None:
        raise error(argument, value, REAL_NUMBER)
    return number


def to_probability(value: Any, argument: str, *, below_one: bool = False) -> Fraction:
    """``value`` as an exact rational in [0, 1], or in [0, 1) if ``below_one``."""
    allowed = "a number in [0, 1)" if below_one else "a number in [0, 1]"
    number = to_fraction(value, argument)
    if number < 0 or number > 1 or (below_one and number == 1):
        raise ParameterError(argument, value, allowed)
    return number


def to_distribution(
    values: Iterable[Any], argument: str, error: type[DetenteError] = ParameterError
) -> tuple[Fraction, ...]:
    """``values`` as exact probabilities that add up to exactly 1.

    Floats cannot say 1/3: if one of the values is a float and their total is within 1e-12 of 1, all are divided by it.

    >>> to_distribution([1 / 3] * 3, "chances")
    (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3))
    """
    given = list(values)
    found = [to_fraction(p, argument, error) for p in given]
    total = sum(found, Fraction(0))
    if abs(total - 1) <= ROUNDING and any(isinstance(p, Real) and not is_exact_number(p) for p in given):
        found = [p / total for p in found]
        total = Fraction(1)
    if total != 1 or min(found) < 0:
        shown = [str(p) for p in found]
        raise error(argument, shown, "non-negative probabilities that add up to exactly 1 (floats: to within 1e-12)")
    return tuple(found)


def fraction_text(value: Fraction, digits: int = 4) -> str:
    """A fraction for a reader: exact when short, with its decimal otherwise.

    >>> fraction_text(Fraction(1, 2)), fraction_text(Fraction(700, 3080))
    ('1/2', '5/22')
    >>> fraction_text(Fraction(123456789, 987654321))
    '0.125'
    """
    text = str(value)
    return text if len(text) <= 11 else f"{float(value):.{digits}g}"


def _from_decimal(value: Decimal) -> Fraction | None:
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(value.adjusted()) > MAX_DECIMAL_EXPONENT:
        return None
    return Fraction(value)


def _from_string(text: str) -> Fraction | None:
    if len(text) > MAX_NUMBER_LENGTH:
        return None
    numerator, slash, denominator = text.strip().partition("/")
    try:
        top = _from_decimal(Decimal(numerator.strip()))
        bottom = _from_decimal(Decimal(denominator.strip())) if slash else Fraction(1)
    except ArithmeticError:
        return None
    if top is None or bottom is None or bottom == 0:
        return None
    return top / bottom
