"""Formulas as data: a small arithmetic language, never Python.

A formula may hold decimal numbers, names, ``+ - * /``, unary minus, whole powers up to 8 (``^`` or ``**``),
parentheses, and ``min`` and ``max`` of two or more formulas. It is read by recursive descent into a tree that can be
evaluated over any ring: Fractions for payoffs, polynomials for thresholds, NumPy arrays for draws. A quotient, ``min``
or ``max`` is a polynomial only where the parts that decide it are constant; elsewhere polynomial evaluation refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from detente.errors import DetenteError, LabelError, UnsupportedError
from detente.exact.polynomial import Poly

MAX_LENGTH = 500
MAX_DEPTH = 30
MAX_POWER = 8
# Powers of powers multiply: without this bound a short formula denotes a number with more digits than memory holds.
MAX_DEGREE = 64
CHOICES = ("min", "max")
TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(\*\*|[-+*/^(),]))", re.ASCII)


class FormulaError(DetenteError):
    """A formula outside the language, or one that divides by zero."""


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    >>> Formula.parse("g*(1 - tau) - k")({"g": Fraction(30), "tau": Fraction(1, 10), "k": Fraction(10)})
    Fraction(17, 1)
    >>> Formula.parse("g.real")
    Traceback (most recent call last):
    ...
    detente.scenario.expression.FormulaError: formula "g.real", column 2: got '.'; expected numbers, names, ...
    """

    text: str
    names: frozenset[str]
    _tree: Any

    @classmethod
    def parse(cls, text: Any) -> Formula:
        """Read a formula; raises :class:`FormulaError` with the column at fault."""
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_LENGTH:
            raise FormulaError("formula", text, f"a formula of 1 to {MAX_LENGTH} characters")
        parser = _Parser(text)
        tree = parser.whole()
        if _degree(tree) > MAX_DEGREE:
            raise FormulaError("formula", text, f"products and powers of at most {MAX_DEGREE} factors in all")
        return cls(text, frozenset(parser.names), tree)

    def __call__(self, values: Mapping[str, Any], number: Callable[[Fraction], Any] = lambda x: x) -> Any:
        """The value with the given names; ``number`` turns the formula's own numbers into the ring's.

        Raises :class:`~detente.errors.LabelError` for a missing name, :class:`FormulaError` for a division by zero, and
        over polynomials :class:`~detente.errors.UnsupportedError` for a value that is not a polynomial.
        """
        missing = sorted(self.names - set(values))
        if missing:
            raise LabelError(f"name in formula {self.text!r}", missing[0], values)
        try:
            return _evaluate(self._tree, values, number)
        except ZeroDivisionError as error:
            raise FormulaError("formula", self.text, "no division by zero") from error

    def __repr__(self) -> str:
        return self.text


def _evaluate(tree: Any, values: Mapping[str, Any], number: Callable[[Fraction], Any]) -> Any:
    kind, *parts = tree
    if kind == "number":
        return number(parts[0])
    if kind == "name":
        return values[parts[0]]
    if kind == "power":
        base, result = _evaluate(parts[0], values, number), number(Fraction(1))
        for _ in range(parts[1]):
            result = result * base
        return result
    if kind in CHOICES:
        return reduce(lambda a, b: _chosen(kind, a, b), (_evaluate(part, values, number) for part in parts))
    left = _evaluate(parts[0], values, number)
    if kind == "negative":
        return -left
    right = _evaluate(parts[1], values, number)
    if kind == "+":
        return left + right
    if kind == "-":
        return left - right
    return left * right if kind == "*" else _quotient(left, right)


def _chosen(kind: str, left: Any, right: Any) -> Any:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return (np.minimum if kind == "min" else np.maximum)(left, right)
    if isinstance(left, Poly):
        difference = left - right
        if difference.degree() > 0:
            raise UnsupportedError("formula", f"{kind} of polynomials", f"{kind} of parts with a constant difference")
        return left if (difference[0] < 0) == (kind == "min") else right
    return min(left, right) if kind == "min" else max(left, right)


def _quotient(left: Any, right: Any) -> Any:
    if isinstance(right, Poly):
        if right.degree() > 0:
            raise UnsupportedError("formula", "division by a polynomial", "a constant divisor")
        if right.degree() < 0:
            raise ZeroDivisionError
    elif isinstance(right, np.ndarray | float) and not np.all(right):
        raise ZeroDivisionError
    return left / right


def _degree(tree: Any) -> int:
    """An upper bound on the number of factors in one term; numbers count, since their digits multiply too."""
    kind, *parts = tree
    if kind in ("number", "name"):
        return 1
    if kind == "power":
        return _degree(parts[0]) * max(int(parts[1]), 1)  # x^0 still evaluates x
    degrees = [_degree(part) for part in parts]
    return sum(degrees) if kind in ("*", "/") else max(degrees)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.tokens: list[tuple[str, int]] = []
        at = 0
        while at < len(text.rstrip()):
            match = TOKEN.match(text, at)
            if match is None:
                column = at + len(text[at:]) - len(text[at:].lstrip())
                raise self._error(text[column], "numbers, names, + - * / ^ and ( )", column + 1)
            self.tokens.append((match[match.lastindex or 0], match.start(match.lastindex or 0)))
            at = match.end()
        self.position = 0
        self.depth = 0

    def whole(self) -> Any:
        tree = self._sum()
        if self.position < len(self.tokens):
            raise self._error(self._peek(), "an operator, or the end")
        return tree

    def _sum(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._error(self._peek(), f"at most {MAX_DEPTH} nested parentheses")
        tree = self._product()
        while self._peek() in ("+", "-"):
            tree = (self._next(), tree, self._product())
        self.depth -= 1
        return tree

    def _product(self) -> Any:
        tree = self._signed()
        while self._peek() in ("*", "/"):
            tree = (self._next(), tree, self._signed())
        return tree

    def _signed(self) -> Any:
        negative = False
        while self._peek() in ("-", "+"):
            negative ^= self._next() == "-"
        tree = self._power()
        return ("negative", tree) if negative else tree

    def _power(self) -> Any:
        base = self._atom()
        if self._peek() not in ("^", "**"):
            return base
        self._next()
        exponent = self._peek()
        if not exponent.isdigit() or int(exponent) > MAX_POWER:
            raise self._error(exponent, f"a whole power from 0 to {MAX_POWER}")
        self._next()
        return ("power", base, int(exponent))

    def _atom(self) -> Any:
        token = self._peek()
        if token in ("", ")", ",", *"+-*/^", "**"):
            raise self._error(token, "a number, a name or a parenthesis")
        self._next()
        if token == "(":
            tree = self._sum()
            if self._peek() != ")":
                raise self._error(self._peek(), "a closing parenthesis")
            self._next()
            return tree
        if token[0].isdigit():
            return ("number", Fraction(token))
        if token in CHOICES:
            return (token, *self._arguments(token))
        self.names.add(token)
        return ("name", token)

    def _arguments(self, function: str) -> list[Any]:
        parts = []
        opening = "("
        while self._peek() == opening:
            self._next()
            parts.append(self._sum())
            opening = ","
        if len(parts) < 2 or self._peek() != ")":
            raise self._error(self._peek(), f"{function}(a, b, …) of two or more parts")
        self._next()
        return parts

    def _peek(self) -> str:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else ""

    def _next(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1][0]

    def _column(self) -> int:
        return self.tokens[self.position][1] + 1 if self.position < len(self.tokens) else len(self.text) + 1

    def _error(self, found: str, expected: str, column: int | None = None) -> FormulaError:
        return FormulaError(f'formula "{self.text[:60]}", column {column or self._column()}', found, expected)
