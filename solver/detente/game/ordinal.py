"""The ordinal class of a 2×2 game: which dilemma, if any, each player faces.

The first action of each player is the cooperative one (*relax*), the second is *restrict*. A player's payoffs are
T (I restrict, you relax), R (both relax), P (both restrict), S (I relax, you restrict). Two comparisons fix the best
replies, a third tells whether the dominant action is collectively right:

===================  =========  =========  =====
class                T against R  P against S  R against P
===================  =========  =========  =====
prisoners_dilemma    T > R      P > S      R > P
deadlock             T > R      P > S      P > R
chicken              T > R      S > P
stag_hunt            R > T      P > S
harmony              R > T      S > P
===================  =========  =========  =====

A tie lies on the border between classes. Its class is written ``tied: a|b``, with the strict classes that breaking the
ties in all ways would give; the all-equal game borders on all five. Rapoport and Guyer (1966), *General Systems* 11,
203–214; Robinson and Goforth (2005), *The Topology of the 2×2 Games*.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from detente.errors import UnsupportedError

CLASSES = ("prisoners_dilemma", "stag_hunt", "chicken", "deadlock", "harmony")


class OrdinalClass(str):
    """The joint class of a 2×2 game: a string, with each player's own class in ``players``.

    The joint class is the common one if both players are in the same, otherwise ``"first/second"``.
    """

    __slots__ = ("players", "ranks")

    players: tuple[str, str]
    ranks: tuple[tuple[int, int, int, int], ...]

    def __new__(cls, players: tuple[str, str], ranks: tuple[tuple[int, int, int, int], ...]) -> OrdinalClass:
        text = players[0] if players[0] == players[1] else "/".join(players)
        self = super().__new__(cls, text)
        self.players = players
        self.ranks = ranks
        return self

    @property
    def is_strict(self) -> bool:
        """Whether neither player's class rests on a tie."""
        return not any(name.startswith("tied") for name in self.players)


def trps(payoffs: Any, player: int) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """(T, R, P, S) of one player, from the exact payoffs of a 2×2 game whose first actions are the cooperative ones."""
    if payoffs.shape != (2, 2, 2):
        raise UnsupportedError("game", f"shape {payoffs.shape[1:]}", "a 2×2 game")
    u = payoffs[0] if player == 0 else payoffs[1].T
    return u[1, 0], u[0, 0], u[1, 1], u[0, 1]


def player_class(T: Fraction, R: Fraction, P: Fraction, S: Fraction) -> str:
    """The class of one player's payoffs.

    >>> player_class(*map(Fraction, (5, 3, 1, 0)))
    'prisoners_dilemma'
    >>> player_class(*map(Fraction, (3, 3, 1, 0)))
    'tied: prisoners_dilemma|stag_hunt'
    """
    names = {
        _strict(*signs)
        # T–R, P–S and R–P form no cycle, so every way of breaking their ties is a strict order.
        for signs in product(_broken(T - R), _broken(P - S), _broken(R - P))
    }
    ordered = [name for name in CLASSES if name in names]
    return ordered[0] if len(ordered) == 1 else "tied: " + "|".join(ordered)


def ordinal_class(payoffs: Any) -> OrdinalClass:
    """The ordinal class of a 2×2 game from its exact payoffs, per player and jointly.

    Raises :class:`~detente.errors.UnsupportedError` for any other shape.
    """
    both = [trps(payoffs, player) for player in (0, 1)]
    first, second = (player_class(*p) for p in both)
    return OrdinalClass((first, second), tuple(_ranks(p) for p in both))


def _strict(restrict_gains: int, restrict_safer: int, relax_better: int) -> str:
    if restrict_gains > 0:
        if restrict_safer > 0:
            return "prisoners_dilemma" if relax_better > 0 else "deadlock"
        return "chicken"
    return "stag_hunt" if restrict_safer > 0 else "harmony"


def _broken(difference: Fraction) -> tuple[int, ...]:
    if difference == 0:
        return (-1, 1)
    return (1,) if difference > 0 else (-1,)


def _ranks(payoffs: tuple[Fraction, ...]) -> tuple[int, int, int, int]:
    order = sorted(set(payoffs))
    t, r, p, s = (order.index(x) + 1 for x in payoffs)
    return (t, r, p, s)
