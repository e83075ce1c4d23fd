"""``solve``: a scenario with all its answers, ready to be read, written and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente.errors import ParameterError
from detente.scenario.analysis import Analysis, analyse
from detente.scenario.load import load_scenario
from detente.scenario.scenario import Scenario
from detente.view.prose import answer
from detente.view.scenario_documents import analysis_document


class Solution(Analysis):
    """An :class:`~detente.scenario.analysis.Analysis` that can be read: in sentences, as data, and as a report."""

    def summary(self) -> str:
        """The answer in a few sentences."""
        return " ".join(answer(self))

    def as_dict(self) -> dict[str, Any]:
        """Every answer as plain data (what ``--json`` prints)."""
        return analysis_document(self)

    def report(self, folder: str | Path) -> Path:
        """Write one self-contained HTML page into ``folder``; returns its path."""
        from detente.view.report import write_report

        return write_report(self, folder)

    def __repr__(self) -> str:
        return f"<Solution of {self.scenario.name!r}: {self.summary()}>"


def solve(scenario: Scenario | str | Path) -> Solution:
    """Solve a scenario: which outcomes are equilibria, which agreements hold, and how patient and trusting to be.

    Accepts a :class:`~detente.scenario.scenario.Scenario`, or a name or path that
    :func:`~detente.scenario.load.load_scenario` takes.

    Examples
    --------
    >>> solution = solve("london-2025")
    >>> solution.equilibria.extreme
    ((Restrict, Restrict),)
    >>> solution.regions["grim trigger"]["discount"].least
    Fraction(375, 704)
    """
    if not isinstance(scenario, Scenario | str | Path):
        raise ParameterError("scenario", scenario, "a Scenario, a shipped name, or a path")
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    analysis = analyse(loaded)
    return Solution(**{name: getattr(analysis, name) for name in Analysis.__dataclass_fields__})
