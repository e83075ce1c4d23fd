"""Games and agreements as HTML tables for notebooks."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any

from detente.exact.rational import fraction_text

if TYPE_CHECKING:
    from detente.game.agreement import Agreement
    from detente.game.game import Game

MAX_CELLS = 400


def number_text(value: Any) -> str:
    """A payoff for a reader: exact when short, a rounded decimal otherwise.

    >>> number_text(Fraction(1, 3)), number_text(0.5), number_text(2.0)
    ('1/3', '0.5', '2')
    """
    return fraction_text(value) if isinstance(value, Fraction) else f"{float(value):.6g}"


def game_html(game: Game) -> str:
    """A payoff table of a one- or two-player game; a line of text for others and for very large games."""
    if game.n_players > 2 or game.payoffs[0].size > MAX_CELLS:
        return f"<p>{escape(repr(game))}</p>"
    columns = game.actions[1] if game.n_players == 2 else ("",)
    head = "".join(f"<th>{escape(str(c))}</th>" for c in columns)
    rows = []
    for a, label in enumerate(game.actions[0]):
        profiles = [(a, b) for b in range(len(columns))] if game.n_players == 2 else [(a,)]
        cells = "".join(f"<td>{', '.join(number_text(u) for u in game.payoff(p))}</td>" for p in profiles)
        rows.append(f"<tr><th>{escape(str(label))}</th>{cells}</tr>")
    caption = escape(game.name or " × ".join(map(str, game.players)))
    return f"<table><caption>{caption}</caption><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def agreement_html(agreement: Agreement) -> str:
    """One row a state: what is played there and where each outcome leads."""
    rows = []
    for state, profile in agreement.play.items():
        moves = "; ".join(f"{outcome_text(key)} → {target}" for key, target in agreement.move[state].items())
        mark = " (start)" if state == agreement.start else ""
        played = ", ".join(map(str, profile))
        rows.append(f"<tr><th>{escape(state + mark)}</th><td>{escape(played)}</td><td>{escape(moves)}</td></tr>")
    head = "<tr><th>state</th><th>play</th><th>then</th></tr>"
    return f"<table><caption>{escape(agreement.name or 'agreement')}</caption>{head}{''.join(rows)}</table>"


def outcome_text(key: Any) -> str:
    """A key of an agreement's moves for a reader."""
    if key is ...:
        return "anything else"
    if isinstance(key, tuple):
        return "(" + ", ".join("any" if a is ... else str(a) for a in key) + ")"
    return str(key)
