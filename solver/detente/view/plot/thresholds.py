"""Figures of thresholds: where agreements hold, and the incentive slacks that say so."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.errors import ParameterError
from detente.exact.intervals import IntervalSet
from detente.exact.region import PARAMETER_NAMES, Region
from detente.game.agreement import Agreement
from detente.game.repeated import RepeatedGame
from detente.repeated.slacks import incentive_slacks
from detente.repeated.thresholds import holds_where
from detente.view.plot.canvas import COLOURS, LINES, axes_or_new, named, number, pair, plain
from detente.view.wording import decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAMPLES = 240
FAINT = "#9aa7b3"


def regions(
    rows: Mapping[str, Region], ax: Axes | None = None, *, at: Any = None, limits: tuple[float, float] = (0.0, 1.0)
) -> Axes:
    """One bar a region: where each holds. ``at`` marks a value, such as the scenario's own."""
    axes, limits = axes_or_new(ax), pair(limits, "limits", "two ends")
    rows = named(rows, Region, "rows")
    names = list(rows)
    for k, name in enumerate(names):
        _bar(axes, rows[name].set, len(names) - 1 - k, COLOURS[0], limits)
    if at is not None:
        _mark(axes, at, len(names) - 0.4)
    axes.set(xlim=limits, ylim=(-0.6, len(names) - 0.4))
    axes.set_yticks(range(len(names)), names[::-1])
    if names:
        axes.set_xlabel(PARAMETER_NAMES.get(rows[names[0]].parameter, rows[names[0]].parameter))
    return plain(axes)


def incentive_slack(
    rg: RepeatedGame,
    ag: Agreement,
    over: Any = "discount",
    ax: Axes | None = None,
    *,
    limits: Any = None,
    at: Any = None,
) -> Axes:
    """What each deviation would lose, against one parameter; the set on which the agreement holds is shaded.

    One line a constraint, labelled by those that bind at an end of the set. ``limits`` are the ends of the parameter's
    axis, needed for parameters without natural bounds; ``at`` marks a value.
    """
    axes = axes_or_new(ax)
    region = holds_where(rg, ag, over)
    ends = (float(region.domain.lo), float(region.domain.hi))
    lo, hi = ends if limits is None else pair(limits, "limits", "two ends")
    if not np.isfinite(hi - lo):
        raise ParameterError("limits", limits, f"two ends within {region.domain!r}, a parameter without natural bounds")
    x = np.linspace(lo, hi, SAMPLES + 1)
    x = x[[Fraction(float(v)) in region.domain for v in x]]
    binding = {c: None for constraints in region.binding.values() for c in constraints}
    styles = {c: {"color": k, "ls": s, "lw": 1.8} for c, k, s in zip(binding, COLOURS, cycle(LINES), strict=False)}
    for slack in incentive_slacks(rg, ag, over):
        named = slack.constraint in styles
        style: dict[str, Any] = styles.get(slack.constraint, {"color": FAINT, "lw": 0.9})
        axes.plot(x, slack.sample(x), label=str(slack.constraint) if named else None, **style)
    axes.axhline(0, color="black", lw=0.8)
    for interval in region.intervals:
        left, right = max(float(interval.lo), lo), min(float(interval.hi), hi)
        if left < right:
            axes.axvspan(left, right, color=COLOURS[2], alpha=0.12, lw=0)
        elif left == right:
            axes.axvline(left, color=COLOURS[2], lw=1.2)
    axes.set(xlim=(lo, hi), xlabel=PARAMETER_NAMES.get(region.parameter, region.parameter), ylabel="incentive slack")
    if at is not None:
        _mark(axes, at, axes.get_ylim()[1])
    if binding:
        axes.legend(frameon=False, fontsize=8)
    return plain(axes)


def _mark(axes: Axes, at: Any, height: float) -> None:
    """A vertical line at a value, with the value above it."""
    x = number(at)
    axes.axvline(x, color=COLOURS[1], lw=1.2)
    axes.text(x, height, f"here {decimal(x)}", color=COLOURS[1], ha="center", va="bottom", fontsize=8)


def _bar(axes: Axes, found: IntervalSet, row: int, colour: str, limits: tuple[float, float]) -> None:
    for interval in found:
        lo, hi = max(float(interval.lo), limits[0]), min(float(interval.hi), limits[1])
        if interval.is_point:
            axes.plot(lo, row, "o", color=colour, ms=5, clip_on=False)
            continue
        axes.barh(row, hi - lo, left=lo, height=0.45, color=colour, alpha=0.85)
        for end, closed in ((lo, interval.lo_closed), (hi, interval.hi_closed)):
            axes.plot(end, row, "o", color=colour, mfc=colour if closed else "white", ms=5, clip_on=False)
