"""Numbers and tables for readers of games and agreements in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from html import escape
from typing import Any

from detente.exact.rational import fraction_text


def number_text(value: Any) -> str:
    """A payoff for a reader: exact when short, a rounded decimal otherwise.

    >>> number_text(Fraction(1, 3)), number_text(0.5), number_text(2.0)
    ('1/3', '0.5', '2')
    """
    return fraction_text(value) if isinstance(value, Fraction) else f"{float(value):.6g}"


def table_html(caption: str, head: Sequence[Any], rows: Iterable[tuple[Any, Sequence[str]]]) -> str:
    """An HTML table with a header row and a header cell in front of each row; everything is escaped."""
    top = "".join(f"<th>{escape(str(h))}</th>" for h in head)
    body = "".join(
        f"<tr><th>{escape(str(name))}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    )
    return f"<table><caption>{escape(caption)}</caption><tr>{top}</tr>{body}</table>"


def outcome_text(key: Any) -> str:
    """A key of an agreement's moves for a reader."""
    if key is ...:
        return "anything else"
    if isinstance(key, tuple):
        return "(" + ", ".join("any" if a is ... else str(a) for a in key) + ")"
    return str(key)
