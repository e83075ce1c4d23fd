"""Input that used to hang, to be coerced, or to raise an error without the file and the key."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import pytest

import detente as dt
from detente.scenario.expression import MAX_DEGREE, Formula
from tests.scenario.test_scenario import LONDON

HEAD = 'extends = "london-2025"\ntitle = "t"\n'


def tower(exponents: list[int]) -> str:
    text = "9"
    for exponent in exponents:
        text = f"({text})^{exponent}"
    return text


@pytest.mark.parametrize("text", [tower([8] * 12), tower([8] * 12 + [0]), "*".join(["g"] * (MAX_DEGREE + 1))])
def test_numbers_of_any_size_are_refused_before_they_are_computed(text: str) -> None:
    with pytest.raises(dt.DetenteError, match=str(MAX_DEGREE)):
        Formula.parse(text)


def test_formulas_within_the_bounds_are_exact() -> None:
    assert Formula.parse(tower([8, 8]))({}) == 9**64
    assert Formula.parse("*".join(["g"] * MAX_DEGREE))({"g": F(2, 3)}) == F(2, 3) ** MAX_DEGREE
    assert Formula.parse("+".join(["g"] * 200))({"g": F(1, 3)}) == F(200, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("min(g, k)", 2), ("max(g, k, 7/2)", F(7, 2)), ("-min(1, -g)", 3), ("min(max(g, k), 2.5)^2", F(25, 4))],
)
def test_min_and_max(text: str, value: F) -> None:
    formula = Formula.parse(text)
    assert formula({"g": F(3), "k": F(2)}) == value
    assert formula.names <= {"g", "k"}


@pytest.mark.parametrize(
    "text", ["min", "min()", "min(g)", "min(g,)", "min(,g)", "min(g, k", "max g, k", "abs(g, k)", "g, k"]
)
def test_faulty_calls(text: str) -> None:
    with pytest.raises(dt.DetenteError, match="column"):
        Formula.parse(text)


@pytest.mark.parametrize("text", ["٣", "g²", "²", "g\u00a0+ 1", "g − 1", "а + 1", "１"])
def test_only_ascii_is_arithmetic(text: str) -> None:
    with pytest.raises(dt.DetenteError, match="column"):
        Formula.parse(text)


def test_the_column_at_fault() -> None:
    with pytest.raises(dt.DetenteError, match=r"column 5: got '\$'"):
        Formula.parse("g + $k")
    with pytest.raises(dt.DetenteError, match="column 8: got ''"):
        Formula.parse("(g + k ")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("environment = 3", "environment"),
        ("[environment]\ntrust = 3", "environment.trust"),
        ("[environment.noise]\ncentral = 0.05", "environment.noise.low"),
        ('[environment.noise]\ncentral = 0.05\nlow = 0\nhigh = 0.1\njudgement = "  "', "environment.noise"),
        ('[environment.discount]\ncentral = 0.9\nlow = 0.5\nhigh = 1\njudgement = "x"', "environment.discount"),
        ("changes = 3", "changes"),
        ('[changes]\n"US.w" = 3', "changes.US.w"),
        ('[changes]\n"US.w" = { central = 1, why = "x", facts = ["nope"] }', "changes.US.w"),
        ('[changes]\n"US.w" = { central = 5, high = 4, why = "x" }', "changes.US.w"),
        ('[changes]\n"US.w" = { central = 1, why = "" }', "changes.US.w.why"),
        ('[changes]\n"US.w" = { central = true, why = "x" }', "changes.US.w.central"),
        ('[changes]\nw = { central = 1, why = "x" }', "changes.w"),
        ('players = ["US", "US"]', "players"),
        ('players = ["US", "China", "EU"]', "players"),
        ("players = 3", "players"),
        ('players = ["US", 3]', "players"),
        ("agreements = []", "agreements"),
        ('[[agreements]]\nkind = "limited_punishment"\nlength = true', "agreements.0.length"),
        ('[[agreements]]\nkind = "limited_punishment"\nlength = "2"', "agreements.0.length"),
        ('[[agreements]]\nkind = "limited_punishment"\nlength = 2.0', "agreements.0.length"),
        ('[[agreements]]\nkind = "automaton"', "agreements.0"),
        ('[[agreements]]\nkind = "unconditional"\nprofile = ["Relax"]', "agreements.0"),
        ('[[agreements]]\nkind = "grim_trigger"\n[[agreements]]\nkind = "grim_trigger"', "agreements.1"),
        ("[components.US.g]\ncentral = 3", "components"),
    ],
)
def test_faulty_variants_name_the_file_and_the_key(tmp_path: Path, body: str, key: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(HEAD + body)
    with pytest.raises(dt.FormatError) as caught:
        dt.load_scenario(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert key in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('R = "g"', 'R = "g/(k - k)"', "formulas"),
        ('R = "g"', "R = 3", "formulas.R"),
        ('actions = ["Relax", "Restrict"]', 'actions = ["Relax", "Relax"]', "actions"),
        ('actions = ["Relax", "Restrict"]', 'actions = ["Relax", "License", "Restrict"]', "actions"),
        ("low = 0.95\ncentral = 0.98", "low = -0.1\ncentral = 0.98", "environment.discount"),
    ],
)
def test_faulty_whole_files(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in LONDON
    path = tmp_path / "bad.toml"
    path.write_text(LONDON.replace(old, new, 1))
    with pytest.raises(dt.FormatError, match=key) as caught:
        dt.load_scenario(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path)), "a table is not quoted whole"


def test_malformed_toml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('title = "t"\nquestion = = "q"\n')
    with pytest.raises(dt.FormatError, match=r"bad\.toml:2: ") as caught:
        dt.load_scenario(path)
    assert caught.value.line == 2
    path.write_bytes(b"title = \xff")
    with pytest.raises(dt.FormatError, match="UTF-8"):
        dt.load_scenario(path)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_chains_that_close_are_refused(tmp_path: Path, length: int) -> None:
    for k in range(length):
        (tmp_path / f"{k}.toml").write_text(f'extends = "{(k + 1) % length}.toml"\n')
    with pytest.raises(dt.FormatError, match="extends itself"):
        dt.load_scenario(tmp_path / "0.toml")


def test_a_setting_is_replaced_whole_and_alone(tmp_path: Path) -> None:
    own = "low = 0.1\ncentral = 0.2\nhigh = 0.3\njudgement = 'mine'\n"
    (tmp_path / "own.toml").write_text(f"{HEAD}[environment.breakdown]\n{own}[environment.trust.US]\n{own}")
    scenario, base = dt.load_scenario(tmp_path / "own.toml"), dt.load_scenario("london-2025")
    assert scenario.repeated.breakdown == F(1, 5)
    assert scenario.trust == {"US": F(1, 5), "China": F(1, 2)}
    assert scenario.setting.breakdown.judgement == "mine"
    assert scenario.setting.discount == base.setting.discount
    assert scenario.setting.trust["China"] == base.setting.trust["China"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("central = 2", (F(3, 5), F(2), F(6))),
        ("central = 2, low = 1", (F(1), F(2), F(6))),
        ("central = 2, low = 1, high = 3", (F(1), F(2), F(3))),
        ("central = -1", (F(-3), F(-1), F(-3, 10))),
        ("central = 0", (F(0), F(0), F(0))),
        ('central = "1/3"', (F(1, 10), F(1, 3), F(1))),
    ],
)
def test_ranges_move_in_proportion(tmp_path: Path, change: str, expected: tuple[F, F, F]) -> None:
    (tmp_path / "own.toml").write_text(f'{HEAD}[changes]\n"US.w" = {{ {change}, why = "x" }}\n')
    assert dt.load_scenario(tmp_path / "own.toml").ranges["US.w"] == expected


@pytest.mark.parametrize("changes", ["US.w", 3, None, [("US.w", 1)]])
def test_with_values_needs_a_mapping(changes: object) -> None:
    with pytest.raises(dt.ParameterError, match="changes"):
        dt.load_scenario("london-2025").with_values(changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, "x", 1j])
def test_with_values_needs_numbers(value: object) -> None:
    with pytest.raises(dt.ParameterError, match=r"US\.w"):
        dt.load_scenario("london-2025").with_values({"US.w": value})


@pytest.mark.parametrize("name", [None, 3, "", b"london-2025", "facts", "moves", "README"])
def test_what_is_not_a_scenario(name: object) -> None:
    with pytest.raises(dt.LabelError, match="scenario"):
        dt.load_scenario(name)  # type: ignore[arg-type]


ISSUE = """
[[issues]]
name = "tariffs"
confidence = "low"
judgement = "because"
[issues.outcomes.US]
T = 4
R = 3
P = 1
S = 0
[issues.outcomes.China]
T = "9/2"
R = 3
P = 1
S = 0
"""


def test_issues_are_read_replaced_and_inherited(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(HEAD + ISSUE)
    (tmp_path / "next.toml").write_text('extends = "own.toml"\n')
    renamed = 'extends = "own.toml"\nplayers = ["Japan", "China"]\n'
    (tmp_path / "renamed.toml").write_text(renamed)
    for name in ("own", "next"):
        (issue,) = dt.load_scenario(tmp_path / f"{name}.toml").issues
        assert (issue.name, issue.confidence, issue.judgement) == ("tariffs", "low", "because")
        assert issue.outcomes["China"] == {"T": F(9, 2), "R": F(3), "P": F(1), "S": F(0)}
    assert dt.load_scenario(tmp_path / "renamed.toml").issues == ()
    assert dt.load_scenario("london-2025").issues[0].outcomes["US"]["P"] == -15
    assert dt.load_scenario("rare-earth-squeeze-2010").issues == ()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("T = 4", 'T = "x"', "issues.0.outcomes.US.T"),
        ("T = 4\n", "", "issues.0.outcomes.US.T"),
        ("[issues.outcomes.US]", "[issues.outcomes.Japan]", "issues.0.outcomes"),
        ('judgement = "because"', 'judgement = " "', "issues.0.judgement"),
        ('confidence = "low"', 'confidence = "none"', "issues.0.confidence"),
        ('name = "tariffs"', "", "issues.0.name"),
        ("", ISSUE, "different names"),
        ("", ISSUE.replace("tariffs", "a") + ISSUE.replace("tariffs", "b") * 3, "issues"),
    ],
)
def test_faulty_issues(tmp_path: Path, old: str, new: str, key: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(HEAD + (ISSUE.replace(old, new, 1) if old else ISSUE + new))
    with pytest.raises(dt.FormatError, match="bad") as caught:
        dt.load_scenario(path)
    assert key in str(caught.value)
