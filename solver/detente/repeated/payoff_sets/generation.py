"""A vertex of a payoff set as a strategy: the certificate that finder, answer and check have in common."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.exact.number_field import FieldElement
from detente.exact.rational import fraction_text

Number = Fraction | FieldElement
Point = tuple[Number, Number]


@dataclass(frozen=True)
class Generation:
    """A vertex as a strategy: what to play now, what follows, and what follows a deviation.

    Attributes
    ----------
    value
        The vertex, as payoffs.
    profile
        The actions to play now.
    continuation
        The expected value from the next period on, if both do.
    lottery
        The continuation as public randomisation: (vertex number, probability) pairs.
    punishments
        For each player the number of the vertex that is played from the next period on if that player deviates.
    slack
        For each player the value lost by the best deviation; 0 where the constraint binds.
    """

    value: Point
    profile: tuple[Any, ...]
    continuation: Point
    lottery: tuple[tuple[int, Number], ...]
    punishments: tuple[int, ...]
    slack: tuple[Number, ...]
    players: tuple[Any, ...]

    def __str__(self) -> str:
        acts = "(" + ", ".join(map(str, self.profile)) + ")"
        then = " or ".join(f"V{k}" + ("" if p == 1 else f" with probability {number_text(p)}") for k, p in self.lottery)
        breach = ", ".join(f"V{k} if {p} deviates" for p, k in zip(self.players, self.punishments, strict=True))
        return f"play {acts}, then {then}; {breach}"


def number_text(x: Number) -> str:
    """A number for a reader: exact when short, a decimal otherwise."""
    exact = fraction_text(x) if isinstance(x, Fraction) else str(x)
    return exact if len(exact) <= 24 else f"{float(x):.6g}"
