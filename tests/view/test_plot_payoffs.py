"""Figures of payoff sets draw what they are given onto the Axes they are given."""

from __future__ import annotations

import matplotlib as mpl
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt

import detente as dt
from detente.view.plot.payoffs import payoff_set, payoff_sets

PD = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])


def test_one_set() -> None:
    _, given = plt.subplots()
    axes = payoff_set(dt.payoff_set(PD, "3/5"), given, point=(3, 3), label="grim trigger")
    assert axes is given
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["feasible", "equilibrium payoffs", "pure minmax", "grim trigger"]
    assert [t.get_text() for t in axes.texts] == ["V0", "V1", "V2", "V3"]
    assert axes.get_xlabel() == "payoff of US"
    with pytest.raises(dt.ParameterError):
        payoff_set(dt.payoff_set(PD, "3/5"), given, point=(3,))
    plt.close("all")


def test_points_segments_and_nothing() -> None:
    pennies = dt.Game([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    stag = dt.Game.symmetric([[2, 0], [0, 1]])
    titles = [payoff_set(dt.payoff_set(g, d)).get_title() for g, d in ((PD, 0), (stag, "1/9"), (pennies, "1/2"))]
    assert titles == ["δ = 0", "δ = 1/9", "δ = 1/2: no pure equilibrium"]
    plt.close("all")


def test_small_multiples() -> None:
    sets = [dt.payoff_set(PD, d) for d in ("1/10", "3/10", "1/2", "3/5", "9/10")]
    panels = payoff_sets(sets)
    assert [a.get_title() for a in panels] == [f"δ = {s.discount}" for s in sets]
    with pytest.raises(dt.ParameterError):
        payoff_sets([])
    with pytest.raises(dt.ParameterError):
        payoff_sets(sets, panels[:2])
    plt.close("all")
