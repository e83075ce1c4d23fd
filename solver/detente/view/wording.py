"""Numbers and sets as people read them, and sentences made of them.

A :class:`Sentence` keeps its numbers apart from its words, so that a page can round them and show the exact value on
hover, where plain text rounds them, or gives both where the exact value is the point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from detente.exact.algebraic import Algebraic
from detente.exact.intervals import IntervalSet, end_text, is_infinite
from detente.exact.region import Region

if TYPE_CHECKING:
    from markupsafe import Markup

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


@dataclass(frozen=True)
class Exact:
    """A number whose exact value plain text gives, too."""

    value: Any

    def __str__(self) -> str:
        text, short = end_text(self.value), decimal(self.value, 4)
        if isinstance(self.value, Algebraic):
            return text if len(text) <= 24 else f"≈ {short}"
        if _is_exact(short, self.value):
            return short
        return f"{text} ≈ {short}" if len(text) <= 14 else f"≈ {short}"


@dataclass(frozen=True)
class Sentence:
    """A sentence with numbers in it: ``words`` with ``{}`` where the ``parts`` go.

    >>> from fractions import Fraction
    >>> said = say("It needs {} at least, which is {}.", Exact(Fraction(375, 704)), Fraction(2, 3))
    >>> said.text
    'It needs 375/704 ≈ 0.5327 at least, which is 0.667.'
    >>> said.html
    Markup('It needs <span title="375/704">0.533</span> at least, which is <span title="2/3">0.667</span>.')
    """

    words: str
    parts: tuple[Any, ...] = ()

    @property
    def text(self) -> str:
        """As plain text."""
        return self.words.format(*map(_plain, self.parts))

    @property
    def html(self) -> Markup:
        """With rounded numbers and the exact value on hover."""
        from markupsafe import Markup

        return Markup(_escaped(self.words)).format(*map(hover, self.parts))

    def __str__(self) -> str:
        return self.text


def say(words: str, *parts: Any) -> Sentence:
    """A sentence: ``{}`` stands for a number, a set of numbers, or text."""
    return Sentence(words, parts)


def trust_level(trust: Fraction | None) -> Any:
    """An amount of trust that is needed, as a part of a sentence."""
    if trust is None:
        return "more trust than there is"
    return "certainty" if trust == 1 else Exact(trust)


def rounded(value: Any) -> str:
    """A number with about three significant digits, and with three decimals below one (four below 0.01).

    >>> from fractions import Fraction
    >>> rounded(Fraction(1, 3)), rounded(Fraction(20, 3)), rounded(Fraction(200, 3)), rounded(Fraction(-30))
    ('0.333', '6.67', '66.7', '−30')
    """
    size = abs(float(value))
    short = decimal(value, 4 if size < 0.01 else 3 if size < 1 else 2 if size < 10 else 1)
    if 0 < value < Fraction(1, 1000):
        return "<0.001"
    return ">0.999" if value < 1 and short == "1" else short


def hover(part: Any) -> Markup:
    """A number or a set, rounded, with its exact value on hover where that is different; text as it is."""
    from markupsafe import Markup, escape

    value = part.value if isinstance(part, Exact) else part
    if isinstance(value, IntervalSet):
        short, full = approximate(value), repr(value)
    elif isinstance(value, Fraction | Algebraic | float):
        short, full = rounded(value), end_text(value)
    else:
        return escape(str(value))
    if short == full or (isinstance(value, Fraction) and _is_exact(short, value)):
        return escape(short)
    return Markup('<span title="{}">{}</span>').format(full, short)


def _is_exact(short: str, value: Any) -> bool:
    """Whether a rounded number is the number itself."""
    return short[0] not in "<>" and Fraction(short.replace("−", "-")) == value


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names in a row.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return "".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _plain(part: Any) -> str:
    if isinstance(part, IntervalSet):
        return approximate(part)
    return rounded(part) if isinstance(part, Fraction | Algebraic | float) else str(part)


def _escaped(words: str) -> str:
    from markupsafe import escape

    return str(escape(words))
