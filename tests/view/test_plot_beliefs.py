"""Triangles of priors: what is drawn is where the exact vertices are."""

from __future__ import annotations

from fractions import Fraction as F

import matplotlib as mpl
import numpy as np
import pytest

import detente as dt
from detente.exact.polytope import Polytope
from detente.view.plot.beliefs import prior_triangle

mpl.use("Agg")
import matplotlib.pyplot as plt

NAMES = ["a", "b", "c"]


@pytest.fixture(autouse=True)
def _close() -> object:
    yield
    plt.close("all")


def test_a_polygon_has_its_vertices_in_the_triangle() -> None:
    region = Polytope.simplex(NAMES).cut([1, -1, 0])
    axes = prior_triangle(region)
    drawn = {tuple(np.round(xy, 9)) for patch in axes.patches for xy in patch.get_xy()}
    height = 3**0.5 / 2
    for x, y in ((0.5, height), (0.25, height / 2), (1.0, 0.0)):
        assert tuple(np.round((x, y), 9)) in drawn
    assert {t.get_text() for t in axes.texts} >= {"a", "b", "c", "(1/2, 1/2, 0)"}


def test_segments_points_empty_cells_and_marks() -> None:
    whole = Polytope.simplex(NAMES)
    edge = whole.cut([1, -1, 0]).cut([-1, 1, 0])
    point = edge.cut([1, 1, -1]).cut([-1, -1, 1])
    empty = whole.cut([-1, -1, -1])
    ax = plt.subplots()[1]
    assert prior_triangle({"edge": edge, "point": point, "none": empty}, ax, at=["1/3", "1/3", "1/3"]) is ax
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {"edge", "point", "none: nowhere"}


def test_a_best_reply_is_drawn_with_its_prior() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    types = {"grim": dt.machines.grim_trigger(), "hawk": dt.machines.always(1), "dove": dt.machines.always(0)}
    reply = dt.best_reply(dt.RepeatedGame(game, "4/5"), 0, types, {"grim": F(1, 2), "hawk": F(1, 2)})
    axes = prior_triangle(reply, title="a plan")
    assert any(len(line.get_xdata()) == 1 and line.get_color() == "black" for line in axes.lines)


def test_bad_input() -> None:
    two = Polytope.simplex(NAMES[:2])
    with pytest.raises(dt.UnsupportedError, match="three"):
        prior_triangle(two)
    for wrong in ({}, None, {"a": 3}):
        with pytest.raises(dt.ParameterError, match="cells"):
            prior_triangle(wrong)
    with pytest.raises(dt.ParameterError, match="same types"):
        prior_triangle({"x": Polytope.simplex(NAMES), "y": Polytope.simplex(["p", "q", "r"])})
    with pytest.raises(dt.LabelError):
        prior_triangle(Polytope.simplex(NAMES), at={"z": 1})
