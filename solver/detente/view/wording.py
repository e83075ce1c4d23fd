"""Numbers and sets as people read them."""

from __future__ import annotations

from typing import Any

from detente.exact.algebraic import Algebraic
from detente.exact.intervals import IntervalSet, end_text, is_infinite
from detente.exact.region import Region

CLASS_NAMES = {
    "prisoners_dilemma": "a prisoner's dilemma",
    "stag_hunt": "a stag hunt",
    "chicken": "chicken",
    "deadlock": "deadlock",
    "harmony": "harmony",
}


def decimal(value: Any, digits: int = 3) -> str:
    """A number to a few decimals, without trailing zeros.

    >>> from fractions import Fraction
    >>> decimal(Fraction(375, 704)), decimal(Fraction(1, 2)), decimal(Fraction(0))
    ('0.533', '0.5', '0')
    """
    if is_infinite(value):
        return end_text(value)
    text = f"{float(value):.{digits}f}".rstrip("0").rstrip(".")
    return text.replace("-", "−") if text not in ("-0", "") else "0"


def approximate(found: IntervalSet, digits: int = 3) -> str:
    """A set with its ends as decimals.

    >>> from fractions import Fraction
    >>> from detente.exact.intervals import Interval
    >>> approximate(IntervalSet((Interval(Fraction(375, 704), Fraction(1), True, False),)))
    '[0.533, 1)'
    """
    parts = []
    for i in found:
        if i.is_point:
            parts.append(f"{{{decimal(i.lo, digits)}}}")
        else:
            left, right = "[" if i.lo_closed else "(", "]" if i.hi_closed else ")"
            parts.append(f"{left}{decimal(i.lo, digits)}, {decimal(i.hi, digits)}{right}")
    return " ∪ ".join(parts) or "never"


def least_text(region: Region) -> str:
    """The least value of a set, exactly and as a decimal; "none" if there is none."""
    if region.least is None:
        return "none"
    exact = end_text(region.least)
    short = isinstance(region.least, Algebraic) or len(exact) <= 4
    return exact if short else f"{exact} ≈ {decimal(region.least, 4)}"


def class_name(ordinal_class: str) -> str:
    """An ordinal class in words.

    >>> class_name("tied: prisoners_dilemma|stag_hunt")
    "the border of a prisoner's dilemma and a stag hunt"
    """
    if ordinal_class.startswith("tied: "):
        names = [CLASS_NAMES[n] for n in ordinal_class.removeprefix("tied: ").split("|")]
        return "the border of " + " and ".join(names)
    return CLASS_NAMES.get(ordinal_class, ordinal_class)
