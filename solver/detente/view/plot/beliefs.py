"""Triangles of priors over three types: where keeping an agreement, or following a plan, is optimal.

Each corner is one type for sure; the distance from the side opposite is the type's probability. matplotlib is loaded
when the first figure is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import atan2, sqrt
from typing import TYPE_CHECKING, Any

from detente.errors import ParameterError, UnsupportedError
from detente.exact.polytope import Polytope, as_distribution
from detente.exact.rational import fraction_text
from detente.trust.types.best_reply import BestReply
from detente.view.plot.canvas import COLOURS, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = sqrt(3) / 2
# Where the corners are, and how their names are set: the first type on top
CORNERS = ((0.5, HEIGHT), (0.0, 0.0), (1.0, 0.0))
ALIGNMENT = (("center", "bottom", (0, 6)), ("center", "top", (0, -14)), ("center", "top", (0, -14)))


def prior_triangle(
    polytope_or_best_reply_cells: Any, ax: Axes | None = None, *, at: Any = None, title: str = ""
) -> Axes:
    """Draw polytopes of priors over three types in the triangle of all priors.

    Parameters
    ----------
    polytope_or_best_reply_cells
        A :class:`~detente.Polytope`, as from :func:`detente.prior_region`; a :class:`~detente.BestReply`, whose region
        is drawn and prior marked; or a mapping from labels to either, one colour each.
    at
        A prior to mark.

    Raises
    ------
    ParameterError, UnsupportedError
        For something else, polytopes over other than three types, and cells over different types.
    """
    cells = _cells(polytope_or_best_reply_cells)
    names = next(iter(cells.values())).names
    for cell in cells.values():
        if len(cell.names) != 3:
            raise UnsupportedError("types", cell.names, "three types: a triangle has three corners")
        if cell.names != names:
            raise ParameterError("cells", cell.names, f"the same types for all: {', '.join(names)}")
    axes = axes_or_new(ax)
    axes.fill(*zip(*CORNERS, strict=True), facecolor="#f4f4f4", edgecolor="black", lw=1)
    for (label, cell), colour in zip(cells.items(), _colours(), strict=False):
        _draw(axes, cell, colour, label, marked=len(cells) == 1)
    marks = [at] if at is not None else []
    if isinstance(polytope_or_best_reply_cells, BestReply) and at is None:
        marks.append(polytope_or_best_reply_cells.prior)
    for mark in marks:
        x, y = _place(as_distribution(mark, names, "at"))
        axes.plot(x, y, "o", color="black", ms=6, mec="white", zorder=4)
    for name, corner, (ha, va, offset) in zip(names, CORNERS, ALIGNMENT, strict=True):
        axes.annotate(name, corner, xytext=offset, textcoords="offset points", ha=ha, va=va)
    if any(cells):
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 0.05), fontsize=8)
    axes.set(xlim=(-0.12, 1.12), ylim=(-0.12, HEIGHT + 0.14), aspect="equal", title=title)
    axes.axis("off")
    return axes


def _cells(given: Any) -> Mapping[str, Polytope]:
    if isinstance(given, Polytope | BestReply):
        given = {"": given}
    if not isinstance(given, Mapping) or not given:
        raise ParameterError("cells", given, "a Polytope, a BestReply, or a non-empty mapping from labels to them")
    cells = {str(label): cell.region if isinstance(cell, BestReply) else cell for label, cell in given.items()}
    for cell in cells.values():
        if not isinstance(cell, Polytope):
            raise ParameterError("cells", cell, "a Polytope or a BestReply")
    return cells


def _draw(axes: Axes, cell: Polytope, colour: str, label: str, *, marked: bool) -> None:
    """A polygon, a segment or a point; with ``marked``, its corners inside the triangle carry their exact priors."""
    if cell.is_empty:
        axes.plot([], [], "s", color=colour, mfc="none", label=f"{label}: nowhere" if label else None)
        return
    corners = [_place(v) for v in cell.vertices]
    middle = (sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners))
    corners.sort(key=lambda c: atan2(c[1] - middle[1], c[0] - middle[0]))
    style: dict[str, Any] = {"color": colour, "label": label or None}
    if cell.dimension == 2:
        axes.fill(*zip(*corners, strict=True), alpha=0.45, lw=0, **style)
        axes.fill(*zip(*corners, strict=True), facecolor="none", edgecolor=colour, lw=1.4)
    else:
        axes.plot(*zip(*corners, strict=True), "-o", lw=3, ms=5, **style)
    if marked:
        _name_vertices(axes, cell, colour, middle)


def _name_vertices(axes: Axes, cell: Polytope, colour: str, middle: tuple[float, float]) -> None:
    """The exact priors at the vertices, but for the triangle's own corners and those too close to one named already."""
    named: list[tuple[float, float]] = []
    for vertex, (x, y) in sorted(
        zip(cell.vertices, map(_place, cell.vertices), strict=True), key=lambda v: len(str(v))
    ):
        if 1 in vertex:
            continue
        axes.plot(x, y, "o", color=colour, ms=3.5, zorder=3)
        if any(abs(x - a) < 0.3 and abs(y - b) < 0.06 for a, b in named):
            continue
        named.append((x, y))
        right = x >= middle[0]
        axes.annotate(
            f"({', '.join(fraction_text(p) for p in vertex)})",
            (x, y),
            xytext=(7 if right else -7, 5 if y >= middle[1] else -6),
            textcoords="offset points",
            fontsize=7,
            ha="left" if right else "right",
            va="center",
        )


def _place(prior: Any) -> tuple[float, float]:
    x = sum(float(p) * corner[0] for p, corner in zip(prior, CORNERS, strict=True))
    y = sum(float(p) * corner[1] for p, corner in zip(prior, CORNERS, strict=True))
    return x, y


def _colours() -> list[str]:
    return [*COLOURS, "#56B4E9", "#F0E442", "#999999"] * 8
