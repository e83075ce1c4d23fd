"""Figures refuse what they cannot draw by a typed error, whichever argument it is."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

import detente as dt

pytest.importorskip("matplotlib").use("Agg")

BAD = [None, "x", float("nan"), -1, [], ["a"], object(), 10**30, True, {"a": 1}, (1, 2, 3)]
FIGURES = [
    "class_flips",
    "incentive_slack",
    "payoff_set",
    "payoff_sets",
    "phase_diagram",
    "prior_triangle",
    "regions",
    "trust_frontier",
    "trust_path",
]


@cache
def good() -> Mapping[str, dict[str, Any]]:
    """One good call of every figure."""
    pd = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    rg, grim = dt.RepeatedGame(pd, "9/10"), dt.agreements.grim_trigger(pd)
    noisy = rg.replace(monitoring=dt.trembles("1/20"))
    types = {"hawk": dt.machines.always("Restrict"), "dove": dt.machines.always("Relax")}
    return {
        "class_flips": {"flips": {"US": dt.class_flips(dt.load_scenario("london-2025"), "US", "w")}},
        "incentive_slack": {"rg": rg, "ag": grim},
        "payoff_set": {"ps": dt.payoff_set(pd, "9/10")},
        "payoff_sets": {"sets": [dt.payoff_set(pd, delta) for delta in ("1/2", "9/10")]},
        "phase_diagram": {"diagram": dt.phase_diagram(rg, grim, x="discount", y="trust")},
        "prior_triangle": {"polytope_or_best_reply_cells": dt.prior_region(rg, grim, player="US", types=types)},
        "regions": {"rows": {"grim": dt.holds_where(rg, grim)}},
        "trust_frontier": {"frontiers": [dt.trust_frontier(rg, grim, player=p) for p in pd.players]},
        "trust_path": {"paths": {"US": dt.update_trust(noisy, grim, "1/2", [("Relax", "Relax")], player="US")}},
    }


def test_every_figure_is_listed() -> None:
    drawn = {name for name in dt.plot.__all__ if inspect.isfunction(getattr(dt.plot, name))}
    assert drawn == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_bad_input_is_refused(name: str) -> None:
    from matplotlib import pyplot

    figure = getattr(dt.plot, name)
    for argument in inspect.signature(figure).parameters:
        refused = 0
        for value in BAD:
            try:
                figure(**{**good()[name], argument: value})
            except dt.DetenteError:
                refused += 1
            pyplot.close("all")
        # Names and switches take nearly anything; all else is picky.
        assert refused or argument in ("label", "title", "numbers")
