"""Figures of payoff sets. Every function draws onto the Axes it is given (new ones if none) and returns them.

matplotlib is loaded when the first figure is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import cos, radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import ParameterError
from detente.exact.polygon import convex_hull
from detente.repeated.payoff_sets.payoff_set import PayoffSet
from detente.view.plot.canvas import axes_or_new, by_name, pair, required

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that stay apart in print and for colour-blind readers (Okabe and Ito).
SET, FEASIBLE, MARK = "#0072B2", "#999999", "#D55E00"
MAX_LABELS = 9
FAN = 240  # degrees over which the numbers of points are spread


def payoff_set(
    ps: PayoffSet,
    ax: Axes | None = None,
    *,
    point: Sequence[Any] | None = None,
    label: str = "",
    points: Mapping[str, Sequence[Any]] | None = None,
    numbers: bool = True,
) -> Axes:
    """A payoff set inside the feasible set, with the pure minmax point.

    ``point`` marks payoffs of interest, such as an agreement's value, under the name ``label``; ``points`` marks
    several by number, with their names in the legend. With ``numbers`` the vertices, if few, carry those by which
    ``ps.strategy`` knows them.
    """
    axes = axes_or_new(ax)
    required(ps, PayoffSet, "ps")
    _feasible(axes, ps)
    corners = _floats(ps.vertices)
    name = "equilibrium payoffs"
    if len(corners) > 2:
        axes.fill(*corners.T, color=SET, alpha=0.30, lw=0)
        axes.plot(*np.vstack([corners, corners[:1]]).T, color=SET, lw=1.6, label=name)
    elif len(corners):
        axes.plot(*corners.T, color=SET, lw=2.5, marker="o", ms=6, label=name)
    if numbers and 2 < len(corners) <= MAX_LABELS:
        middle = corners.mean(axis=0)
        span = np.ptp(np.vstack([_stage(ps), corners]), axis=0)
        for k, corner in enumerate(corners):
            away = (corner - middle) / np.where(span > 0, span, 1)
            away = 9 * away / (np.hypot(*away) or 1)
            axes.plot(*corner, "o", color=SET, ms=3.5)
            axes.annotate(
                f"V{k}", corner, away, textcoords="offset points", ha="center", va="center", fontsize=7, color=SET
            )
    minmax = [float(ps.game.minmax(i, pure=True)) for i in (0, 1)]
    axes.plot(*minmax, "+", color="black", ms=9, mew=1.4, label="pure minmax")
    if point is not None:
        at = pair(point, "point", "two payoffs, one a player")
        axes.plot(*at, "*", color=MARK, ms=11, mec="white", label=label or "agreement")
    many = by_name(points, "points")
    for k, (name, each) in enumerate(many.items()):
        # The symbol is the number, which also tells points apart in grey; leaders part those that lie close together.
        at = pair(each, f"points[{name!r}]", "two payoffs, one a player")
        turn = radians(FAN * (k + 0.5) / len(many) - FAN / 2)
        axes.plot(*at, ".", color=MARK, ms=4)
        away = (22 * cos(turn), 22 * sin(turn))
        axes.annotate(
            str(k + 1),
            at,
            away,
            textcoords="offset points",
            fontsize=8,
            color=MARK,
            arrowprops={"arrowstyle": "-", "lw": 0.5},
        )
        axes.plot([], [], marker=f"${k + 1}$", ls="", color=MARK, ms=6, label=name)
    axes.set(xlabel=f"payoff of {ps.game.players[0]}", ylabel=f"payoff of {ps.game.players[1]}")
    axes.set_title(f"δ = {_discount(ps)}" + ("" if len(corners) else ": no pure equilibrium"), fontsize=10)
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def payoff_sets(sets: Iterable[PayoffSet], axes: Sequence[Axes] | None = None) -> NDArray[Any]:
    """Small multiples: one panel a payoff set on common scales, such as the set of one game as δ grows."""
    if isinstance(sets, str) or not isinstance(sets, Iterable):
        raise ParameterError("sets", sets, "payoff sets")
    every = [required(ps, PayoffSet, f"sets[{k}]") for k, ps in enumerate(sets)]
    if not every:
        raise ParameterError("sets", every, "at least one payoff set")
    if axes is None:
        import matplotlib.pyplot as plt

        columns = min(4, len(every))
        rows = -(-len(every) // columns)
        size = (2.3 * columns + 0.4, 2.3 * rows + 0.4)
        figure, grid = plt.subplots(
            rows, columns, sharex=True, sharey=True, squeeze=False, layout="constrained", figsize=size
        )
        panels = grid.ravel()
        for empty in panels[len(every) :]:
            empty.set_visible(False)
        figure.supxlabel(f"payoff of {every[0].game.players[0]}", fontsize=9)
        figure.supylabel(f"payoff of {every[0].game.players[1]}", fontsize=9)
    else:
        panels = np.asarray(axes, dtype=object).ravel()
        if len(panels) < len(every):
            raise ParameterError("axes", len(panels), f"{len(every)} Axes, one a set")
    for ps, panel in zip(every, panels, strict=False):
        payoff_set(ps, panel, numbers=False)
        panel.get_legend().remove()
        panel.set(xlabel="", ylabel="")
    return panels[: len(every)]


def _feasible(axes: Axes, ps: PayoffSet) -> None:
    stage = _stage(ps)
    hull = _floats(convex_hull((p[0], p[1]) for p in stage.tolist()))
    axes.fill(*hull.T, color=FEASIBLE, alpha=0.15, lw=0)
    axes.plot(*np.vstack([hull, hull[:1]]).T, color=FEASIBLE, lw=0.9, label="feasible")
    if len(stage) <= 400:
        axes.plot(*stage.T, "o", color=FEASIBLE, ms=2.5)


def _stage(ps: PayoffSet) -> NDArray[np.float64]:
    return ps.game.payoffs.reshape(2, -1).T


def _floats(points: Iterable[Any]) -> NDArray[np.float64]:
    return np.array([[float(x) for x in p] for p in points]).reshape(-1, 2)


def _discount(ps: PayoffSet) -> str:
    text = str(ps.discount)
    return text if len(text) <= 7 else f"{float(ps.discount):.4g}"
