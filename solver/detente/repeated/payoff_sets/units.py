"""A game in units in which each player's payoffs run from 0 to 1, in floats and exactly, and the way back.

A player who does not care gets the range 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.exact.number_field import FieldElement, NumberField
from detente.exact.polygon import Polygon
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.game.game import Game
from detente.repeated.payoff_sets.generation import Number, Point
from detente.repeated.payoff_sets.self_generation import Stage

Floats = NDArray[np.float64]

# Floats may be shifted and scaled to [0, 1] if that costs no more than this share of the range.
HARMLESS = 1e-14


def scaled_floats(game: Game) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Payoffs and deviation gains (2, profiles), pure minmax, and each player's least payoff and range."""
    u = game.payoffs.reshape(2, -1)
    low, spread = u.min(axis=1), np.ptp(u, axis=1)
    if (np.abs(u).max(axis=1) * 2.0**-52 < HARMLESS * spread).all():
        scaled = (u - low[:, None]) / spread[:, None]
    else:  # a large constant in all payoffs, or a player who does not care
        scaled = np.array([[float(x) for x in row] for row in _scaled_exactly(game)])
        scaled = scaled.reshape(2, -1)
    table = scaled.reshape(game.payoffs.shape)
    best = table[0].max(axis=0, keepdims=True), table[1].max(axis=1, keepdims=True)
    gains = np.stack([best[0] - table[0], best[1] - table[1]]).reshape(2, -1)
    return scaled, gains, np.array([best[0].min(), best[1].min()]), low, spread


def _scaled_exactly(game: Game) -> list[list[Fraction]]:
    rows = []
    for u in game.exact_payoffs.reshape(2, -1):
        low, spread = _range(u)
        rows.append([(x - low) / spread for x in u.tolist()])
    return rows


def _range(u: Any) -> tuple[Fraction, Fraction]:
    """Least payoff and range of a player, the range 1 for a player who does not care."""
    low, high = u.min(), u.max()
    return low, (high - low) or Fraction(1)


def scaled_stage(game: Game, discount: Fraction) -> Stage:
    tables = [np.array([to_fmpq(x) for x in row], dtype=object).reshape(game.shape) for row in _scaled_exactly(game)]
    best = tables[0].max(axis=0, keepdims=True), tables[1].max(axis=1, keepdims=True)
    ratio = to_fmpq((1 - discount) / discount)
    need = [((b - table) * ratio).ravel().tolist() for b, table in zip(best, tables, strict=True)]
    payoffs = [table.ravel().tolist() for table in tables]
    pairs = [list(zip(*two, strict=True)) for two in (payoffs, need)]
    return Stage(pairs[0], pairs[1], (best[0].min(), best[1].min()), to_fmpq(discount))


def in_payoffs(game: Game, corners: Polygon) -> tuple[Point, ...]:
    """Scaled corners in payoffs, flint rationals as Fractions."""
    elements = [x for p in corners for x in p if isinstance(x, FieldElement)]
    field = NumberField(elements[0].field.generator, from_fmpq) if elements else None

    def number(x: Any) -> Number:
        return FieldElement(field, x.polynomial) if isinstance(x, FieldElement) and field else from_fmpq(x)

    (low0, spread0), (low1, spread1) = (_range(u) for u in game.exact_payoffs)
    return tuple((low0 + number(x) * spread0, low1 + number(y) * spread1) for x, y in corners)
