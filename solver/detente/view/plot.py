"""Figures. Every function draws onto the Axes it is given (a new one if none) and returns it.

matplotlib is loaded when the first figure is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.exact.intervals import IntervalSet
from detente.exact.rational import to_fraction
from detente.exact.region import PARAMETER_NAMES, Region
from detente.scenario.uncertainty import Flip
from detente.trust.frontier import Frontier
from detente.trust.phase import PhaseDiagram
from detente.view.wording import class_name, decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that stay apart in print and for colour-blind readers (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
CLASS_COLOURS = {
    "harmony": "#009E73",
    "stag_hunt": "#56B4E9",
    "chicken": "#CC79A7",
    "prisoners_dilemma": "#E69F00",
    "deadlock": "#D55E00",
}
POINTS_PER_PIECE = 200
NARROW = 0.12  # share of the axis below which a label stands upright


def trust_frontier(
    frontiers: Sequence[Frontier],
    ax: Axes | None = None,
    *,
    at: tuple[Any, Mapping[Any, Any]] | None = None,
) -> Axes:
    """The least trust that each player needs, against that player's discount factor, from the exact pieces.

    ``at`` marks a discount factor and each player's trust there.
    """
    axes = _axes(ax)
    for frontier, colour in zip(frontiers, COLOURS, strict=False):
        for k, piece in enumerate(frontier.pieces):
            lo, hi = float(piece.interval.lo), float(piece.interval.hi)
            x = np.linspace(lo, hi, POINTS_PER_PIECE)
            top = np.polynomial.Polynomial(piece.numerator)(x)
            bottom = np.polynomial.Polynomial(piece.denominator)(x)
            with np.errstate(divide="ignore", invalid="ignore"):
                y = top / bottom
            axes.plot(x, y, color=colour, lw=2, label=str(frontier.player) if k == 0 else None)
            axes.fill_between(x, y, 1, color=colour, alpha=0.10, lw=0)
        if frontier.pieces and frontier.domain.intervals[0].lo not in (0,):
            edge = float(frontier.domain.intervals[0].lo)
            axes.axvline(edge, color=colour, lw=0.8, ls=":")
        if at is not None and frontier.player in at[1]:
            # Smaller dots lie on larger ones, so that players with the same prior can both be seen.
            size = 11 - 4 * list(at[1]).index(frontier.player)
            axes.plot(_value(at[0]), _value(at[1][frontier.player]), "o", color=colour, ms=size, mec="white")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="discount factor δ", ylabel="least trust μ*")
    if any(f.pieces for f in frontiers):
        axes.legend(frameon=False, loc="lower left")
    return _plain(axes)


def phase_diagram(diagram: PhaseDiagram, ax: Axes | None = None, *, at: Any = None, columns: int = 200) -> Axes:
    """Where claims hold in two parameters, with the exact boundary; ``at`` marks a point (x, y).

    Every claim's set is shaded between the exact ends of its slices; boundaries that do not belong to the set are
    dashed.
    """
    axes = _axes(ax)
    slices = diagram.slices(columns)
    x = np.array([float(v) for v, _ in slices])
    for k, (claim, colour) in enumerate(zip(diagram.claims, COLOURS, strict=False)):
        sets = [found[k] for _, found in slices]
        for layer in range(max(len(s.intervals) for s in sets)):
            ends = [s.intervals[layer] if layer < len(s.intervals) else None for s in sets]
            lo, hi = (np.array([np.nan if i is None else float(getattr(i, e)) for i in ends]) for e in ("lo", "hi"))
            axes.fill_between(x, lo, hi, color=colour, alpha=0.22, lw=0, label=claim if layer == 0 else None)
    for boundary in diagram.boundaries(columns):
        colour = COLOURS[diagram.claims.index(boundary.claim) % len(COLOURS)]
        axes.plot(boundary.x, boundary.y, color=colour, lw=1.8, ls="-" if boundary.closed else "--")
    if at is not None:
        axes.plot(_value(at[0]), _value(at[1]), "o", color="black", ms=6, mec="white")
    names = [PARAMETER_NAMES.get(name, name) for name in (diagram.x, diagram.y)]
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.set_xlim(float(diagram.x_range.lo), float(diagram.x_range.hi))
    axes.set_ylim(float(diagram.y_range.lo), float(diagram.y_range.hi))
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.09 * len(diagram.claims)))
    return _plain(axes)


def regions(
    rows: Mapping[str, Region], ax: Axes | None = None, *, at: Any = None, limits: tuple[float, float] = (0.0, 1.0)
) -> Axes:
    """One bar a region: where each holds. ``at`` marks a value, such as the scenario's own."""
    axes = _axes(ax)
    names = list(rows)
    for k, name in enumerate(names):
        _bar(axes, rows[name].set, len(names) - 1 - k, COLOURS[0], limits)
    if at is not None:
        axes.axvline(_value(at), color=COLOURS[1], lw=1.2)
        axes.text(
            _value(at),
            len(names) - 0.4,
            f"here {decimal(_value(at))}",
            color=COLOURS[1],
            ha="center",
            va="bottom",
            fontsize=8,
        )
    axes.set(xlim=limits, ylim=(-0.6, len(names) - 0.4))
    axes.set_yticks(range(len(names)), names[::-1])
    if names:
        axes.set_xlabel(PARAMETER_NAMES.get(rows[names[0]].parameter, rows[names[0]].parameter))
    return _plain(axes)


def class_flips(
    flips: Mapping[str, Sequence[Flip]], ax: Axes | None = None, *, at: Mapping[str, Any] | None = None
) -> Axes:
    """For each player, the class of the game as one component moves through its range; exact ends are labelled."""
    axes = _axes(ax)
    players = list(flips)
    for row, player in enumerate(reversed(players)):
        width = float(flips[player][-1].interval.hi) - float(flips[player][0].interval.lo)
        for k, flip in enumerate(flips[player]):
            lo, hi = float(flip.interval.lo), float(flip.interval.hi)
            axes.barh(row, hi - lo, left=lo, height=0.62, color=CLASS_COLOURS.get(flip.ordinal_class, "#999999"))
            name = class_name(flip.ordinal_class).removeprefix("a ")
            turned = 90 if hi - lo < NARROW * width else 0
            axes.text((lo + hi) / 2, row, name, ha="center", va="center", fontsize=7, rotation=turned)
            if k:
                axes.text(lo, row + 0.33, decimal(flip.interval.lo, 2), ha="center", va="bottom", fontsize=7)
        if at is not None and player in at:
            axes.plot([_value(at[player])] * 2, [row - 0.31, row + 0.31], color="black", lw=2)
    axes.set_yticks(range(len(players)), players[::-1])
    axes.set_ylim(-0.5, len(players) - 0.3)
    axes.margins(x=0)
    return _plain(axes)


def _bar(axes: Axes, found: IntervalSet, row: int, colour: str, limits: tuple[float, float]) -> None:
    for interval in found:
        lo, hi = max(float(interval.lo), limits[0]), min(float(interval.hi), limits[1])
        if interval.is_point:
            axes.plot(lo, row, "o", color=colour, ms=5)
            continue
        axes.barh(row, hi - lo, left=lo, height=0.45, color=colour, alpha=0.85)
        for end, closed in ((lo, interval.lo_closed), (hi, interval.hi_closed)):
            axes.plot(end, row, "o", color=colour, mfc=colour if closed else "white", ms=5, clip_on=False)


def _value(at: Any) -> float:
    return float(to_fraction(at, "at"))


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def _plain(axes: Axes) -> Axes:
    axes.spines[["top", "right"]].set_visible(False)
    return axes
