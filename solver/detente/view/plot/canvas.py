"""What all figures share: colours, an Axes to draw on, a plain frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from detente.errors import ParameterError
from detente.exact.rational import to_fraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Drawn = TypeVar("Drawn")
# Colours that stay apart in print and for colour-blind readers (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
# In grey the lines stay apart by these.
LINES = ("-", "--", "-.", ":")


def axes_or_new(ax: Axes | None) -> Axes:
    """The Axes given, or a new one; matplotlib is loaded only now."""
    if ax is not None:
        if not hasattr(ax, "add_artist"):
            raise ParameterError("ax", ax, "matplotlib Axes, or None for new ones")
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


def pair(given: Any, argument: str, what: str = "two numbers") -> tuple[float, float]:
    """A point, or the ends of an axis."""
    if isinstance(given, str) or not isinstance(given, Collection) or len(given) != 2:
        raise ParameterError(argument, given, what)
    first, second = (float(to_fraction(x, argument)) for x in given)
    return first, second


def by_name(given: Any, argument: str) -> Mapping[Any, Any]:
    """What is to be marked, by name; nothing, for None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterError(argument, given, "a mapping from names, or None")
    return given


def required(value: Any, kind: type[Drawn], argument: str) -> Drawn:
    """``value``, if it is what the figure is of."""
    if not isinstance(value, kind):
        raise ParameterError(argument, value, f"a {kind.__name__}")
    return value


def named(rows: Any, kind: type[Drawn], argument: str) -> Mapping[Any, Drawn]:
    """``rows``, if it is a mapping from names to what the figure is of."""
    if not isinstance(rows, Mapping):
        raise ParameterError(argument, rows, f"a mapping from names to {kind.__name__}")
    return {name: required(value, kind, f"{argument}[{name!r}]") for name, value in rows.items()}
