"""Time limits: a budget of seconds as a question, "is it used up?", or as a call now and then that gives up."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic

from detente.errors import ParameterError, UnsupportedError


def deadline(budget: float | None) -> Callable[[], bool]:
    """A function that tells whether the budget of seconds is used up; never, for None.

    >>> deadline(None)(), deadline(1000)()
    (False, False)
    """
    if budget is None:
        return lambda: False
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < inf:
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    end = monotonic() + budget
    return lambda: monotonic() > end


def ticking(budget: float | None, work: str) -> Callable[[], None]:
    """A function that raises an ``UnsupportedError`` once the budget of seconds is used up; never, for None.

    ``work`` completes the error's sentence "more seconds for …".
    """
    over = deadline(budget)

    def tick() -> None:
        if over():
            raise UnsupportedError("budget", budget, f"more seconds for {work}")

    return tick
