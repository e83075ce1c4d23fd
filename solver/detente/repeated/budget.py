"""Time limits for exact work that may take long: one call now and then that gives up once the time is over."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic

from detente.errors import ParameterError, UnsupportedError


def ticking(budget: float | None, work: str) -> Callable[[], None]:
    """A function that raises an ``UnsupportedError`` once the budget of seconds is used up; never, for None.

    ``work`` completes the error's sentence "more seconds for …".
    """
    if budget is None:
        return lambda: None
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < inf:
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    end = monotonic() + budget

    def tick() -> None:
        if monotonic() > end:
            raise UnsupportedError("budget", budget, f"more seconds for {work}")

    return tick
