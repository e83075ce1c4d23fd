"""Where the shipped numbers come from: dates behind the hazard, changes and their reasons, and the written schema."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date
from fractions import Fraction as F
from math import exp
from pathlib import Path

import pytest
from scipy.stats import chi2

import detente as dt
from detente.game.data import games_folder
from detente.scenario.facts import Move, read_facts, read_moves, select_moves, shipped_facts, shipped_moves

CASE = games_folder() / "us-china"
VARIANTS = sorted(set(dt.scenarios()) - {"london-2025"})
QUARTER = 91.25


def found(day: str, words: str) -> date:
    """The date of the one move on ``day`` whose instrument has ``words``."""
    assert len([m for m in shipped_moves() if m.date == day and words in m.instrument]) == 1
    return date.fromisoformat(day)


def test_the_hazard_is_the_exponential_fit_to_the_accords_on_record() -> None:
    ended = [
        (found("2018-12-01", "Buenos Aires"), found("2019-05-10", "List 3")),
        (found("2020-01-15", "Phase One"), found("2020-05-15", "foreign direct product")),
        (found("2025-05-12", "Geneva"), found("2025-05-23", "EDA")),
        (found("2025-06-10", "London"), found("2025-09-29", "Affiliates Rule")),
    ]
    lasting = (found("2025-10-30", "Busan"), found("2025-12-08", "H200"))
    lengths = [(end - start).days for start, end in [*ended, lasting]]
    assert lengths == [160, 121, 11, 111, 39]

    def hazard(events: float) -> float:
        return 1 - exp(-events / sum(lengths) * QUARTER)

    breakdown = dt.load_scenario("london-2025").setting.breakdown
    assert round(hazard(4), 2) == float(breakdown.central)
    assert round(hazard(chi2.ppf(0.025, 8) / 2), 2) == float(breakdown.low)
    assert round(hazard(chi2.ppf(0.975, 8) / 2), 2) == float(breakdown.high)
    for length in map(str, lengths):
        assert length in breakdown.judgement


def test_effective_patience_is_what_the_readme_says() -> None:
    setting = dt.load_scenario("london-2025").setting
    assert setting.discount.central * (1 - setting.breakdown.central) == F("0.4312")


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_says_what_it_changed_from_what_and_why(name: str) -> None:
    scenario, base = dt.load_scenario(name), dt.load_scenario("london-2025")
    renamed = dict(zip(scenario.players, base.players, strict=True))
    listed = tomllib.loads((CASE / f"{name}.toml").read_text(encoding="utf-8"))["changes"]
    assert set(scenario.changes) == set(listed)
    for player in scenario.players:
        for symbol, quantity in scenario.components[player].items():
            before = base.components[renamed[player]][symbol]
            if (key := f"{player}.{symbol}") not in listed:
                assert quantity == before
                continue
            was, now, why = scenario.changes[key]
            assert was == before.central
            assert now == quantity.central
            assert why == listed[key]["why"]
            assert quantity.basis == "judgement"
            assert not quantity.facts


def test_the_first_value_is_remembered_along_a_chain(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('extends = "us-hawkish"\n[changes]\n"US.w" = { central = 3, why = "more" }\n')
    scenario = dt.load_scenario(tmp_path / "one.toml")
    assert scenario.changes["US.w"] == (F(1), F(3), "more")
    assert scenario.with_values({"US.w": "1/2"}).changes["US.w"] == (F(1), F(1, 2), "set by hand")


def test_a_value_set_by_hand_loses_its_facts() -> None:
    moved = dt.load_scenario("london-2025").with_values({"US.g": 31, "US.k": 10})
    assert not moved.components["US"]["g"].facts
    assert moved.components["US"]["g"].basis == "judgement"
    assert moved.components["US"]["k"].facts, "a value that stays keeps its facts"
    assert set(moved.changes) == {"US.g"}


def test_what_is_unverified_is_said_and_used_by_no_scenario() -> None:
    unverified = {f.id for f in shipped_facts().values() if f.basis == "unverified"}
    readme = (CASE / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in unverified)
    assert all(not unverified & set(dt.load_scenario(name).facts) for name in dt.scenarios())
    assert [m for m in shipped_moves() if m.basis != "sourced"] == []


@pytest.mark.parametrize("file", ["facts.toml", "moves.toml"])
def test_no_source_is_memory_or_missing(file: str) -> None:
    for row in tomllib.loads((CASE / file).read_text(encoding="utf-8"))[file[:-6]]:
        assert row["source"].strip()
        assert not re.search(r"from memory|not found", f"{row['source']} {row.get('note', '')}")


def test_the_export_share_that_was_not_found_is_absent() -> None:
    assert "tw_ic_export_share_cn" not in shipped_facts()


def test_basis_of_a_number() -> None:
    sourced, unverified = shipped_facts()["cn_magnet_share"], shipped_facts()["asml_china_share"]
    g = dt.load_scenario("london-2025").components["US"]["g"]
    bare = replace(g, judgement="", facts=(sourced,))
    assert bare.basis == "sourced"
    assert replace(bare, facts=(sourced, unverified)).basis == "unverified"
    assert replace(bare, facts=(sourced, replace(sourced, basis="judgement"))).basis == "judgement"
    assert replace(bare, judgement="why").basis == "judgement"


def test_moves_are_within_the_period_covered() -> None:
    dates = [date.fromisoformat(m.date) for m in shipped_moves()]
    assert date(2018, 1, 1) <= min(dates)
    assert max(dates) <= date(2025, 12, 31)
    assert {m.actor for m in shipped_moves()} == {"US", "China", "both"}
    eased = {m.direction for m in shipped_moves() if m.move == "relax"}
    tightened = {m.direction for m in shipped_moves() if m.move == "restrict"}
    assert eased == {"ease"}
    assert tightened == {"tighten"}


def test_selected_moves() -> None:
    moves = shipped_moves()
    assert select_moves(moves) == moves
    china = select_moves(moves, actor="China")
    assert {m.actor for m in china} == {"China", "both"}
    assert len(select_moves(moves, actor="US")) + len(china) == len(moves) + sum(m.actor == "both" for m in moves)
    june = select_moves(moves, since="2025-06-10", until="2025-06-27")
    assert [m.date for m in june] == ["2025-06-10", "2025-06-12", "2025-06-27"]
    rare = {m.issue for m in select_moves(moves, issue="rare earths")}
    assert rare == {"rare earths", "chips and rare earths", "all"}
    assert all(m.move == "license" for m in select_moves(moves, move="license"))
    with pytest.raises(dt.LabelError, match="actor"):
        select_moves(moves, actor="Mars")
    with pytest.raises(dt.LabelError, match="move"):
        select_moves(moves, move="licence")


MOVE = Move("2025-02-28", "US", "restrict", "tighten", 2, "x", "chips", "s", "high", "sourced")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("date", '"2025-02-30"'),
        ("date", '"28 Feb 2025"'),
        ("actor", '"Japan"'),
        ("move", '"threaten"'),
        ("level", "3"),
        ("level", "true"),
        ("level", '"2"'),
        ("source", '"  "'),
        ("basis", '"memory"'),
        ("surprise", "1"),
    ],
)
def test_faults_in_a_move_name_the_key(tmp_path: Path, key: str, value: str) -> None:
    row = {k: repr(v).replace("'", '"') for k, v in vars(MOVE).items()}
    path = tmp_path / "moves.toml"
    path.write_text("[[move]]\n" + "".join(f"{k} = {v}\n" for k, v in row.items()))
    assert read_moves(path) == (MOVE,)
    path.write_text("[[move]]\n" + "".join(f"{k} = {v}\n" for k, v in {**row, key: value}.items()))
    with pytest.raises(dt.FormatError, match=rf"moves\.toml \[move\.0\.{key}\]"):
        read_moves(path)


@pytest.mark.parametrize("text", ["", "fact = 3", "[fact]\nid = 1", "[[fact]]\n[[other]]"])
def test_a_fact_file_holds_facts_and_nothing_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(text)
    with pytest.raises(dt.FormatError, match=r"facts\.toml"):
        read_facts(path)


def readme_examples() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (CASE / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_readmes_examples_are_scenarios(tmp_path: Path) -> None:
    automaton, variant = readme_examples()
    (tmp_path / "variant.toml").write_text(variant)
    assert dt.load_scenario(tmp_path / "variant.toml").game == dt.load_scenario("us-hawkish").game
    (tmp_path / "own.toml").write_text('extends = "london-2025"\n' + automaton)
    written, shipped = dt.load_scenario(tmp_path / "own.toml"), dt.load_scenario("london-2025")
    assert dict(written.agreements) == {"invitation": shipped.agreements["invitation"]}


def test_the_readme_explains_every_key_of_the_schema() -> None:
    from detente.scenario import schema

    readme = (CASE / "README.md").read_text(encoding="utf-8")
    models = (
        schema.FactModel,
        schema.MoveModel,
        schema.QuantityModel,
        schema.EnvironmentModel,
        schema.AgreementModel,
        schema.IssueModel,
        schema.OutcomesModel,
        schema.ScenarioModel,
        schema.ChangeModel,
    )
    for model in models:
        for key in model.model_fields:
            assert re.search(rf"\b{key}\b", readme), f"{model.__name__}.{key}"
