"""Probabilities add up to exactly one; floats may miss that by rounding, and nothing else may."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.exact.rational import to_distribution

PD = dt.Game.symmetric([[3, 0], [5, 1]])
THREE = dt.Game.symmetric(np.arange(9).reshape(3, 3))
DRAWS = [list(map(float, row)) for row in np.random.default_rng(0).dirichlet([1.0] * 3, size=50)]
THIRD = [1 / 3] * 3


def test_floats_are_divided_by_their_total() -> None:
    assert to_distribution(THIRD, "p") == (F(1, 3),) * 3
    assert to_distribution([0.1] * 10, "p") == (F(1, 10),) * 10
    assert to_distribution(np.array([0.25, 0.75]), "p") == (F(1, 4), F(3, 4))
    for row in DRAWS:
        found = to_distribution(row, "p")
        assert sum(found) == 1
        assert max(abs(float(p) - x) for p, x in zip(found, row, strict=True)) < 1e-15


@pytest.mark.parametrize(
    "weights",
    [
        ["0.3333333333333333"] * 3,
        [Decimal("0.3333333333333333")] * 3,
        [F(1, 3), F(1, 3), F(1, 3) + F(1, 10**15)],
        [0.5, 0.5 + 1e-11],
        [0.3, 0.3],
        [-0.1, 1.1],
        [-1e-17, 1.0],
    ],
)
def test_what_does_not_add_up_is_refused(weights: list[Any]) -> None:
    with pytest.raises(dt.ParameterError, match=r"p: .*add up to exactly 1"):
        to_distribution(weights, "p")


@pytest.mark.parametrize("row", [THIRD, *DRAWS[:5]])
def test_signals_lotteries_and_transitions_take_them(row: list[float]) -> None:
    exact = to_distribution(row, "p")
    profiles = [(a, b) for a in range(2) for b in range(2)]
    assert dt.public_signals(["x", "y", "z"], dict.fromkeys(profiles, row)).prob[0, 1] == exact
    by_label = dict(zip("xyz", row, strict=True))
    assert dt.public_signals(["x", "y", "z"], dict.fromkeys(profiles, by_label)).prob[0, 1] == exact
    lots = dt.Agreement({"s": (row, dict(enumerate(row)))}, {"s": {...: "s"}})
    assert lots.play["s"][0] == exact
    assert tuple(lots.play["s"][1].values()) == exact
    dt.incentives(dt.RepeatedGame(THREE, "1/2"), lots).verify()
    games, by_state = dict.fromkeys("abc", PD), dict(zip("abc", row, strict=True))
    for given in (np.array([[row, row], [row, row]]), by_state, {...: by_state}):
        sg = dt.StochasticGame(games, dict.fromkeys("abc", given), "9/10")
        assert tuple(sg.distribution("b", (1, 0)).values()) == exact
        dt.incentives(sg, dict.fromkeys("abc", (1, 1))).verify()


def test_exact_entries_still_add_up_exactly() -> None:
    almost = ["0.3333333333333333"] * 3
    with pytest.raises(dt.ParameterError, match=r"prob.*exactly 1"):
        dt.public_signals(["x", "y", "z"], {(0, 0): almost})
    with pytest.raises(dt.AgreementError, match=r"play.*exactly 1"):
        dt.Agreement({"s": (almost, 0)}, {"s": {...: "s"}})
    with pytest.raises(dt.ParameterError, match=r"transitions.*exactly 1"):
        dt.StochasticGame(dict.fromkeys("abc", PD), {s: dict(zip("abc", almost, strict=True)) for s in "abc"}, 0)
