"""The class of the game along a component of its payoffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detente.errors import ParameterError
from detente.scenario.uncertainty import Flip
from detente.view.plot.canvas import axes_or_new, by_name, number, plain
from detente.view.wording import class_name, decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASS_COLOURS = {
    "harmony": "#009E73",
    "stag_hunt": "#56B4E9",
    "chicken": "#CC79A7",
    "prisoners_dilemma": "#E69F00",
    "deadlock": "#D55E00",
}
NARROW = 0.12  # share of the axis below which a label stands upright


def class_flips(
    flips: Mapping[str, Sequence[Flip]], ax: Axes | None = None, *, at: Mapping[str, Any] | None = None
) -> Axes:
    """For each player, the class of the game as one component moves through its range; exact ends are labelled."""
    axes = axes_or_new(ax)
    if not isinstance(flips, Mapping) or not all(rows and isinstance(rows, Sequence) for rows in flips.values()):
        raise ParameterError("flips", flips, "a mapping from players to what class_flips returns")
    players, marked = list(flips), by_name(at, "at")
    for row, player in enumerate(reversed(players)):
        width = float(flips[player][-1].interval.hi) - float(flips[player][0].interval.lo)
        below = False
        for k, flip in enumerate(flips[player]):
            lo, hi = float(flip.interval.lo), float(flip.interval.hi)
            axes.barh(row, hi - lo, left=lo, height=0.62, color=CLASS_COLOURS.get(flip.ordinal_class, "#999999"))
            name = class_name(flip.ordinal_class).removeprefix("a ")
            turned = 90 if hi - lo < NARROW * width else 0
            axes.text((lo + hi) / 2, row, name, ha="center", va="center", fontsize=7, rotation=turned)
            if k:
                close = k > 1 and lo - float(flips[player][k - 1].interval.lo) < NARROW * width and not below
                below = close  # a number that would run into the one before it goes below the bar
                side, edge = ("top", row - 0.33) if below else ("bottom", row + 0.33)
                axes.text(lo, edge, decimal(flip.interval.lo, 2), ha="center", va=side, fontsize=7)
        if player in marked:
            axes.plot([number(marked[player])] * 2, [row - 0.31, row + 0.31], color="black", lw=2)
    axes.set_yticks(range(len(players)), players[::-1])
    axes.set_ylim(-0.5, len(players) - 0.3)
    axes.margins(x=0)
    return plain(axes)
