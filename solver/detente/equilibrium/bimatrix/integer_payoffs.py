"""Payoffs as integers over a common denominator, quickly.

Games in integers are at hand as such. A float is read as the decimal that it prints as, which is found without
printing: if 10ᵏ u rounds to an integer w below 10¹⁵ and w / 10ᵏ rounds to u, then w / 10ᵏ is the decimal, because no
two decimals of up to 15 digits round to one float.
"""

from __future__ import annotations

from math import lcm
from typing import Any

import numpy as np

from detente.game.game import Game

IntegerMatrix = list[list[int]]
# Decimals tried before payoffs are read one by one
MOST_DECIMALS = 6
# Integers below this have at most 15 digits.
FIFTEEN_DIGITS = 10.0**15


def integer_payoffs(game: Game, player: int) -> tuple[IntegerMatrix, int]:
    """The player's exact payoffs times a positive integer, and that integer.

    >>> integer_payoffs(Game.bimatrix([[1, "1/2"]], [[0.5, 0.25]]), 0)
    ([[10, 5]], 10)
    """
    raw: Any = game._raw[player]  # the only place that holds machine integers as such
    if raw.dtype == np.int64:
        return raw.tolist(), 1
    if raw.dtype == np.float64:
        for decimals in range(MOST_DECIMALS + 1):
            scale = 10**decimals
            whole = np.rint(raw * float(scale))
            if not np.abs(whole).max() < FIFTEEN_DIGITS:
                break
            if (whole / float(scale) == raw).all():
                return whole.astype(np.int64).tolist(), scale
    rows = game.exact_payoffs[player].tolist()
    denominator = lcm(*(x.denominator for row in rows for x in row))
    return [[x.numerator * (denominator // x.denominator) for x in row] for row in rows], denominator


def positive(integers: IntegerMatrix) -> IntegerMatrix:
    """The integers moved up or down until the least is 1: a positive affine map, which changes no equilibrium."""
    shift = 1 - min(map(min, integers))
    return [[x + shift for x in row] for row in integers]
