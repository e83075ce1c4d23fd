"""The dated record of moves read as a history of play, period by period.

A side's act in a quarter is its last word: *restrict* if its latest move by the quarter's end tightened controls,
*relax* if it eased them. A quarter without a move continues what was said before. This is one reading of the record
among many; what is computed from it describes what a Bayesian with given types would conclude, and no payoff rests on
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from detente.errors import ParameterError
from detente.scenario.facts import Move, shipped_moves
from detente.scenario.scenario import Scenario

SIDES = ("US", "China")


@dataclass(frozen=True)
class Quarter:
    """One quarter: ``acts`` has each player's act by name, ``moves`` what was done in it."""

    name: str
    acts: tuple[str, str]
    moves: tuple[Move, ...]


def recorded_quarters(
    scenario: Scenario, *, until: str | None = None, moves: Iterable[Move] | None = None
) -> tuple[Quarter, ...]:
    """The quarters by whose end both sides have moved, up to ``until`` (default: the scenario's date).

    The last is that of the last move up to ``until``: the record says nothing of what came later. Empty if the
    scenario is not about the two sides of the record.

    Raises
    ------
    ParameterError
        If ``until`` is no date such as ``"2025-06-27"``.

    Examples
    --------
    >>> from detente.scenario.load import load_scenario
    >>> quarters = recorded_quarters(load_scenario("london-2025"))
    >>> quarters[0].name, quarters[-1].name, quarters[-1].acts
    ('2018 Q3', '2025 Q2', ('Relax', 'Relax'))
    """
    if set(scenario.players) != set(SIDES):
        return ()
    last_day = scenario.as_of if until is None else until
    if not _is_date(last_day):
        raise ParameterError("until", last_day, "a date such as '2025-06-27'")
    record = shipped_moves() if moves is None else moves
    known = sorted((m for m in record if m.date <= last_day), key=lambda m: m.date)
    if not known:
        return ()
    word: dict[str, str] = {}
    out = []
    by_quarter: dict[int, list[Move]] = {}
    for move in known:
        by_quarter.setdefault(_quarter(move.date), []).append(move)
    for quarter in range(_quarter(known[0].date), _quarter(known[-1].date) + 1):
        here = tuple(by_quarter.get(quarter, ()))
        for move in here:
            act = scenario.actions[1 if move.direction == "tighten" else 0]
            word.update({side: act for side in SIDES if move.actor in (side, "both")})
        if len(word) == len(SIDES):
            first, second = (word[player] for player in scenario.players)
            out.append(Quarter(f"{quarter // 4} Q{quarter % 4 + 1}", (first, second), here))
    return tuple(out)


def _quarter(day: str) -> int:
    return 4 * int(day[:4]) + (int(day[5:7]) - 1) // 3


def _is_date(text: object) -> bool:
    from datetime import date

    try:
        return isinstance(text, str) and bool(date.fromisoformat(text))
    except ValueError:
        return False
