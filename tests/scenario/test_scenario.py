"""Scenario files: shipped numbers, provenance, user files, and every kind of fault."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import pytest

import detente as dt
from detente.game.data import games_folder
from detente.scenario.facts import read_facts, read_moves, shipped_facts, shipped_moves
from detente.scenario.uncertainty import as_component, class_flips, class_shares

# T, R, P, S of both sides at the centre, worked out by hand from the formulas
CENTRES = {
    "london-2025": (["37", "30", "6.2", "-4"], ["31", "25", "5.4", "-3"]),
    "geneva-truce": (["35", "30", "2.2", "-4"], ["28.5", "25", "1.9", "-3"]),
    "truce-expired": (["38.5", "30", "14.2", "-4"], ["33", "25", "12.4", "-3"]),
    "april-2025-spiral": (["48", "30", "24.3", "-8"], ["38", "25", "18.1", "-6"]),
    "rare-earth-squeeze-2010": (["4.9", "6", "-1.35", "-2"], ["4.1", "4", "2.9", "-3"]),
    "security-first": (["67.8", "30", "40.08", "-4"], ["50.6", "25", "26.96", "-3"]),
    "us-hawkish": (["67.8", "30", "40.08", "-4"], ["31", "25", "5.4", "-3"]),
    "high-trust": (["24.5", "30", "6.2", "-4"], ["20.75", "25", "5.4", "-3"]),
    "free-trade-first": (["26", "30", "-5.9", "-4"], ["24", "25", "-2.3", "-3"]),
    "de-risked-us": (["19", "10", "6.2", "-4"], ["31", "25", "5.4", "-3"]),
    "self-reliant-china": (["31", "30", "-0.9", "-4"], ["15.7", "8", "5.4", "-3"]),
    "october-2025-extraterritorial": (["73", "70", "6.2", "-4"], ["35.5", "25", "14.5", "-3"]),
    "busan-one-year-truce": (["32", "30", "-1.8", "-4"], ["26", "25", "-1.6", "-3"]),
}
LONDON = (games_folder() / "us-china" / "london-2025.toml").read_text(encoding="utf-8")


def test_thirteen_scenarios_ship() -> None:
    assert set(dt.scenarios()) == set(CENTRES)


@pytest.mark.parametrize("name", sorted(CENTRES))
def test_payoffs_at_the_centre(name: str) -> None:
    scenario = dt.load_scenario(name)
    for player, expected in zip(scenario.players, CENTRES[name], strict=True):
        assert list(scenario.outcomes(player).values()) == [F(x) for x in expected]
    first, second = ([F(x) for x in row] for row in CENTRES[name])
    assert scenario.game.payoff(("Restrict", "Relax")) == (first[0], second[3])
    assert scenario.game.payoff(("Restrict", "Restrict")) == (first[2], second[2])


@pytest.mark.parametrize("name", sorted(CENTRES))
def test_every_number_has_a_fact_or_is_a_judgement(name: str) -> None:
    scenario = dt.load_scenario(name)
    setting = scenario.setting
    quantities = [q for row in scenario.components.values() for q in row.values()]
    for q in [*quantities, setting.discount, setting.breakdown, setting.noise, *setting.trust.values()]:
        assert q.low <= q.central <= q.high
        assert q.facts or q.judgement
        assert q.basis in ("sourced", "unverified", "judgement")
    assert all(f.source and f.as_of for f in scenario.facts.values())
    assert "stylised" in scenario.stylised
    if name != "london-2025":
        assert any(q.changed for q in quantities)


def test_facts_and_moves() -> None:
    facts, moves = shipped_facts(), shipped_moves()
    assert len(facts) >= 45
    assert len(moves) >= 50
    assert {f.basis for f in facts.values()} == {"sourced", "unverified"}
    assert facts["cn_magnet_exports_value"].value == F("2.86")
    assert [m.date for m in moves] == sorted(m.date for m in moves)
    assert {m.move for m in moves} == {"restrict", "license", "relax"}


def test_critical_weights_have_their_closed_form() -> None:
    """Restrict beats relax against a relaxing partner iff w > (k + τg + p)/s; against a restricting one iff
    w > (k + e − q)/(sφ); mutual restriction is preferred iff w > (g + k + e)/(sφ)."""
    scenario = dt.load_scenario("london-2025")
    for player in scenario.players:
        v = {s: q.central for s, q in scenario.components[player].items()}
        marks = sorted(
            [
                (v["k"] + v["tau"] * v["g"] + v["p"]) / v["s"],
                (v["k"] + v["e"] - v["q"]) / (v["s"] * v["phi"]),
                (v["g"] + v["k"] + v["e"]) / (v["s"] * v["phi"]),
            ]
        )
        flips = class_flips(scenario, player, "w")
        assert [f.interval.lo for f in flips[1:]] == marks
        assert [f.ordinal_class for f in flips] == ["harmony", "stag_hunt", "prisoners_dilemma", "deadlock"]


def test_class_shares_restate_the_ranges() -> None:
    scenario = dt.load_scenario("london-2025")
    shares = class_shares(scenario, 20_000, seed=1)
    assert shares.players == class_shares(scenario, 20_000, seed=1).players
    assert all(abs(sum(row.values()) - 1) < 1e-12 for row in shares.players.values())
    assert "not probabilities" in repr(shares)
    with pytest.raises(dt.ParameterError, match="draws"):
        class_shares(scenario, 0)


def test_a_component_as_a_parameter() -> None:
    scenario = dt.load_scenario("london-2025")
    rg = scenario.repeated.replace(monitoring=dt.perfect())
    region = dt.holds_where(rg, scenario.agreements["grim trigger"], as_component(scenario, "US", "w"))
    region.verify()
    for w in ("0.9", "1.2", "1.3", "2"):
        moved = scenario.with_values({"US.w": w})
        holds = dt.incentives(moved.repeated.replace(monitoring=dt.perfect()), moved.agreements["grim trigger"]).holds
        assert (F(w) in region) == holds


def test_changed_values() -> None:
    scenario = dt.load_scenario("london-2025").with_values({"US.w": "2.4"})
    assert scenario.outcomes("US") == dt.load_scenario("us-hawkish").outcomes("US")
    with pytest.raises(dt.LabelError, match=r"US\.g"):
        scenario.with_values({"US.gg": 1})
    with pytest.raises(dt.LabelError):
        scenario.with_values({"Japan.g": 1})


def test_a_users_own_file_by_path(tmp_path: Path) -> None:
    (tmp_path / "facts.toml").write_text(
        '[[fact]]\nid = "mine"\nvalue = 3\nunit = "$bn"\nlow = 2\nhigh = 4\nas_of = "2025"\nsource = "A source"\n'
        'confidence = "low"\nbasis = "unverified"\n'
    )
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "london-2025"\ntitle = "Mine"\n[changes]\n'
        '"US.g" = { central = 40, why = "more", facts = ["mine"] }\n'
    )
    scenario = dt.load_scenario(path)
    assert scenario.outcomes("US")["R"] == 40
    assert scenario.components["US"]["g"].basis == "unverified"
    assert scenario.ranges["US.g"] == (F(32, 3), F(40), F(120))
    nested = tmp_path / "nested.toml"
    nested.write_text('extends = "mine.toml"\n[changes]\n"US.k" = { central = 12, why = "dearer" }\n')
    assert dt.load_scenario(str(nested)).outcomes("US")["R"] == 40
    whole = tmp_path / "whole.toml"
    whole.write_text(LONDON)
    assert dt.load_scenario(whole).game == dt.load_scenario("london-2025").game


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('title = "London, June 2025"', "", "title"),
        ('title = "London, June 2025"', 'title = "x"\nsurprise = 1', "surprise"),
        ("central = 30", "central = 300", "components.US.g"),
        ("central = 30", 'central = "x"', "components.US.g"),
        ("central = 30", "central = nan", "components.US.g"),
        ("central = 30", "central = inf", "components.US.g"),
        ("central = 30", "central = true", "components.US.g"),
        ('"us_ree_import_share_cn"', '"no_such_fact"', "components.US.g"),
        ("central = 0.98", "central = 1.0", "environment.discount"),
        ("central = 0.56", "central = 1.56", "environment.breakdown"),
        ('R = "g"', 'R = "__import__(1)"', "formulas.R"),
        ('R = "g"', 'R = "unknown"', "formulas.R"),
        ('kind = "tit_for_tat"', 'kind = "tit_for_two_tats"', "agreements.6"),
        ("length = 1\n", "", "agreements.1"),
        ("length = 1\n", "length = 0\n", "agreements.1"),
        ('default = "relaxed"', 'default = "nowhere"', "agreements.8"),
        ('"Relax, Relax" = "relaxed"', '"Relax, Bluff" = "relaxed"', "agreements.8"),
        ('players = ["US", "China"]', 'players = ["US", "Japan"]', None),
        ('players = ["US", "China"]', 'players = ["US"]', "players"),
        ("[environment]", "[environment", None),
    ],
)
def test_faulty_files_name_the_file_and_the_key(tmp_path: Path, old: str, new: str, key: str | None) -> None:
    assert old in LONDON
    path = tmp_path / "bad.toml"
    path.write_text(LONDON.replace(old, new, 1))
    with pytest.raises(dt.FormatError) as caught:
        dt.load_scenario(path)
    assert "bad.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    if key is not None:
        assert key in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        'extends = "bad.toml"',
        'extends = "nowhere"',
        "extends = 3",
        'extends = "london-2025"\n[changes]\n"US.zz" = { central = 1, why = "x" }',
        'extends = "london-2025"\n[changes]\n"US.g" = { central = 1 }',
        'extends = "london-2025"\n[changes]\n"US.g" = { central = 1, low = 2, high = 3, why = "x" }',
        'extends = "london-2025"\nformulas = 3',
        "[changes]",
        "",
    ],
)
def test_faulty_extensions(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(dt.DetenteError):
        dt.load_scenario(path)


def test_names_that_do_not_ship() -> None:
    with pytest.raises(dt.LabelError, match="did you mean 'london-2025'"):
        dt.load_scenario("london-2024")
    with pytest.raises(dt.FormatError):
        dt.load_scenario("no/such/file.toml")
    with pytest.raises(dt.DetenteError):
        dt.load_scenario(3)  # type: ignore[arg-type]


FACT = """[[fact]]
id = "a"
value = 1
unit = "x"
low = 0
high = 2
as_of = "2025"
source = "s"
confidence = "high"
basis = "sourced"
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source = "s"\n', ""),
        ('source = "s"', 'source = ""'),
        ("low = 0", "low = 3"),
        ('"sourced"', '"memory"'),
        ("", FACT),
    ],
)
def test_faulty_facts(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(FACT.replace(old, new, 1) if old else FACT + new)
    with pytest.raises(dt.FormatError, match=r"facts\.toml"):
        read_facts(path)


def test_faulty_moves(tmp_path: Path) -> None:
    path = tmp_path / "moves.toml"
    path.write_text('[[move]]\ndate = "tomorrow"\n')
    with pytest.raises(dt.FormatError, match="date"):
        read_moves(path)
