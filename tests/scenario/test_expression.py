"""The formula language: exact values, and everything that is not in it."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.scenario.expression import Formula

VALUES = {"g": F(30), "tau": F(1, 10), "k": F(10), "w": F(1), "s": F(22), "p": F(2)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("g*(1 - tau) - k + w*s - p", F(37)),
        ("-g", F(-30)),
        ("--g", F(30)),
        ("2^3 - 2**3", F(0)),
        ("-2^2", F(-4)),
        ("g/k/3", F(1)),
        ("1 - 2 - 3", F(-4)),
        ("0.1 + 0.2", F(3, 10)),
        ("((g))", F(30)),
    ],
)
def test_values_are_exact(text: str, value: F) -> None:
    assert Formula.parse(text)(VALUES) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "g.__class__",
        "g[0]",
        "lambda: g",
        "g if g else k",
        "g; k",
        "g = 3",
        "9**9**9",
        "2^99",
        "2^-1",
        "g^k",
        "(" * 100 + "g" + ")" * 100,
        "1 +",
        "* 2",
        "(g",
        "g)",
        "g k",
        "",
        "   ",
        "g" * 1000,
        "ｇ + 1",
        "1e5",
        "0x10",
        "'g'",
        "g // k",
        "g % k",
        "g < k",
        "g and k",
        "exec('1')",
        "π",
        None,
        7,
    ],
)
def test_what_is_not_arithmetic_is_refused(text: object) -> None:
    with pytest.raises(dt.DetenteError) as caught:
        Formula.parse(text)(VALUES)
    assert "\n" not in str(caught.value)


def test_unknown_names_and_division_by_zero() -> None:
    with pytest.raises(dt.LabelError, match="'h'"):
        Formula.parse("g + h")(VALUES)
    with pytest.raises(dt.DetenteError, match="zero"):
        Formula.parse("g/(k - 10)")(VALUES)
    assert Formula.parse("g + tau*g").names == {"g", "tau"}


numbers = st.integers(0, 20).map(str)
expressions = st.recursive(
    numbers | st.sampled_from(["g", "k"]),
    lambda inner: st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from("+-*"), inner),
    max_leaves=12,
)


@given(expressions)
def test_arithmetic_agrees_with_pythons(text: str) -> None:
    """Only in this test: the generated text is known to be arithmetic, so Python may judge it."""
    assert Formula.parse(text)(VALUES) == eval(text, {"__builtins__": {}}, VALUES)
