"""Figures of trust: the frontier, phase diagrams with their exact boundary, and trust along a record of moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import ParameterError
from detente.exact.region import PARAMETER_NAMES
from detente.trust.cover import Piece
from detente.trust.frontier import Frontier
from detente.trust.learning import TrustPath
from detente.trust.phase import PhaseDiagram
from detente.view.plot.canvas import COLOURS, LINES, axes_or_new, by_name, named, number, pair, plain, required

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS_PER_PIECE = 200


def trust_frontier(
    frontiers: Frontier | Sequence[Frontier],
    ax: Axes | None = None,
    *,
    at: tuple[Any, Mapping[Any, Any]] | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
) -> Axes:
    """The least trust that each player needs, against one parameter, from the exact pieces.

    >>> from detente import RepeatedGame, agreements, textbook, trust_frontier as exact_frontier
    >>> game = textbook("prisoners-dilemma").game
    >>> frontier = exact_frontier(RepeatedGame(game, "9/10"), agreements.grim_trigger(game), player=0)
    >>> trust_frontier(frontier).get_xlabel()
    'discount factor δ'

    Where a frontier has bounds only, the thin line is the trust that is proven to be needed, the thick one what is
    proven to be enough. ``at`` marks a value of the parameter and each player's trust there; ``limits`` are the ends of
    its axis.
    """
    axes, limits = axes_or_new(ax), pair(limits, "limits", "two ends")
    if isinstance(frontiers, Frontier):
        frontiers = [frontiers]
    if isinstance(frontiers, str) or not isinstance(frontiers, Sequence):
        raise ParameterError("frontiers", frontiers, "a frontier, or a sequence of them, one a player")
    for k, frontier in enumerate(frontiers):
        required(frontier, Frontier, f"frontiers[{k}]")
    here, trust = (0.0, {}) if at is None else _marked(at)
    for frontier, colour, style in zip(frontiers, COLOURS, cycle(LINES), strict=False):
        for k, piece in enumerate(frontier.pieces):
            x, y = _sampled(piece, limits)
            axes.plot(x, y, color=colour, lw=2, ls=style, label=str(frontier.player) if k == 0 else None)
            axes.fill_between(x, y, 1, color=colour, alpha=0.10, lw=0)
        for piece in () if frontier.exact else frontier.lower:
            axes.plot(*_sampled(piece, limits), color=colour, lw=0.8, ls=style)
        for interval in frontier.domain:
            for edge in (float(interval.lo), float(interval.hi)):
                if limits[0] < edge < limits[1]:
                    axes.axvline(edge, color=colour, lw=0.8, ls=":")
        if frontier.player in trust:
            # Smaller dots lie on larger ones, so that players with the same prior can both be seen.
            size = 11 - 4 * list(trust).index(frontier.player)
            axes.plot(here, number(trust[frontier.player]), "o", color=colour, ms=size, mec="white")
    name = frontiers[0].parameter if frontiers else "discount"
    xlabel = "discount factor δ" if name.startswith("discount") else PARAMETER_NAMES.get(name, name)
    axes.set(xlim=limits, ylim=(0, 1), xlabel=xlabel, ylabel="least trust μ*")
    if any(f.pieces for f in frontiers):
        axes.legend(frameon=False, loc="lower left")
    return plain(axes)


def _marked(at: Any) -> tuple[float, Mapping[Any, Any]]:
    if not isinstance(at, tuple) or len(at) != 2:
        raise ParameterError("at", at, "a value of the parameter, and a mapping from players to their trust")
    return number(at[0]), by_name(at[1], "at[1]")


def _sampled(piece: Piece, limits: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of a piece between the limits; none if it lies outside."""
    lo, hi = max(float(piece.interval.lo), limits[0]), min(float(piece.interval.hi), limits[1])
    x = np.linspace(lo, hi, POINTS_PER_PIECE if lo <= hi else 0)
    return x, np.array([float(piece(Fraction(float(value)))) for value in x])  # coefficients may exceed all floats


def phase_diagram(diagram: PhaseDiagram, ax: Axes | None = None, *, at: Any = None, columns: int = 200) -> Axes:
    """Where claims hold in two parameters, with the exact boundary; ``at`` marks a point (x, y).

    Every claim's set is shaded between the exact ends of its slices; boundaries that do not belong to the set are
    dashed.
    """
    axes = axes_or_new(ax)
    slices = required(diagram, PhaseDiagram, "diagram").slices(columns)
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
        axes.plot(*pair(at, "at", "a point (x, y)"), "o", color="black", ms=6, mec="white")
    names = [PARAMETER_NAMES.get(name, name) for name in (diagram.x, diagram.y)]
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.set_xlim(float(diagram.x_range.lo), float(diagram.x_range.hi))
    axes.set_ylim(float(diagram.y_range.lo), float(diagram.y_range.hi))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.09 * len(diagram.claims)))
    else:
        axes.text(0.5, 0.5, "nowhere", transform=axes.transAxes, ha="center", va="center")
    return plain(axes)


def trust_path(
    paths: Mapping[Any, TrustPath],
    ax: Axes | None = None,
    *,
    periods: Sequence[str] | None = None,
    needed: Mapping[Any, Any] | None = None,
) -> Axes:
    """Each player's trust along a record of moves, from the prior on; ``needed`` marks what an agreement asks of each.

    ``periods`` names the periods of the record.
    """
    axes, levels_needed = axes_or_new(ax), by_name(needed, "needed")
    if periods is not None and (isinstance(periods, str) or not isinstance(periods, Sequence)):
        raise ParameterError("periods", periods, "a sequence of names, one a period")
    paths = named(paths, TrustPath, "paths")
    last = 0
    for (player, path), colour, style in zip(paths.items(), COLOURS, cycle(LINES), strict=False):
        levels = [float(x) for x in path.levels]
        last = max(last, len(levels) - 1)
        axes.step(range(len(levels)), levels, where="post", color=colour, lw=2, ls=style, label=f"trust of {player}")
        if levels_needed.get(player) is not None:
            axes.axhline(number(levels_needed[player]), color=colour, lw=0.9, ls=":", label=f"needed by {player}")
    if periods is not None:
        names = ["prior", *map(str, periods)]
        every = max(1, -(-len(names) // 6))
        axes.set_xticks(range(0, len(names), every), names[::every])
    axes.set(xlim=(0, max(last, 1)), ylim=(-0.02, 1.02), xlabel="after the period", ylabel="trust μ")
    if paths:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return plain(axes)
