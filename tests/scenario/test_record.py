"""The record of moves as a history of play."""

from __future__ import annotations

import pytest

import detente as dt
from detente.scenario.facts import Move
from detente.scenario.record import recorded_quarters


def move(day: str, actor: str, direction: str) -> Move:
    kind, level = ("restrict", 2) if direction == "tighten" else ("relax", 0)
    return Move(day, actor, kind, direction, level, "test", "chips", "test", "high", "sourced")


def test_the_last_word_counts_and_carries_over() -> None:
    london = dt.load_scenario("london-2025")
    moves = [
        move("2020-01-10", "US", "tighten"),
        move("2020-05-01", "China", "tighten"),
        move("2020-06-30", "China", "ease"),
        move("2020-10-01", "both", "ease"),
        move("2020-12-31", "US", "tighten"),
        move("2021-01-01", "China", "tighten"),
    ]
    quarters = recorded_quarters(london, until="2020-12-31", moves=reversed(moves))
    assert [(q.name, q.acts) for q in quarters] == [
        ("2020 Q2", ("Restrict", "Relax")),
        ("2020 Q3", ("Restrict", "Relax")),
        ("2020 Q4", ("Restrict", "Relax")),
    ]
    assert [len(q.moves) for q in quarters] == [2, 0, 2]
    before = recorded_quarters(london, until="2020-12-30", moves=moves)
    assert before[-1].acts == ("Relax", "Relax")


def test_the_shipped_record() -> None:
    london = dt.load_scenario("london-2025")
    quarters = recorded_quarters(london)
    assert {name for q in quarters for name in q.acts} == {"Relax", "Restrict"}
    assert len(quarters) == 28  # every quarter from 2018 Q3 to 2025 Q2
    path = dt.update_trust(
        london.repeated, london.agreements["grim trigger"], "1/2", [q.acts for q in quarters], player="US"
    )
    assert len(path) == len(quarters)
    assert path.state == "punishment"


def test_other_sides_and_no_moves() -> None:
    assert recorded_quarters(dt.load_scenario("rare-earth-squeeze-2010")) == ()
    assert recorded_quarters(dt.load_scenario("london-2025"), until="2017-01-01") == ()
    assert recorded_quarters(dt.load_scenario("de-risked-us"))[-1].name == "2025 Q4"


@pytest.mark.parametrize("bad", ["June 2025", "", "2025-13-01", 2025])
def test_refusals(bad: object) -> None:
    with pytest.raises(dt.ParameterError):
        recorded_quarters(dt.load_scenario("london-2025"), until=bad)  # type: ignore[arg-type]
