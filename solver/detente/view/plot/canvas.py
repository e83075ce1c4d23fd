"""What all figures share: colours, an Axes to draw on, a plain frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detente.exact.rational import to_fraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that stay apart in print and for colour-blind readers (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
# In grey the lines stay apart by these.
LINES = ("-", "--", "-.", ":")


def axes_or_new(ax: Axes | None) -> Axes:
    """The Axes given, or a new one; matplotlib is loaded only now."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def plain(axes: Axes) -> Axes:
    """The Axes without its upper and right edge."""
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def number(at: Any) -> float:
    """A value to be marked, in any form that numbers take elsewhere."""
    return float(to_fraction(at, "at"))
