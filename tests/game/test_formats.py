"""Game files: round trips, and every kind of malformed file."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.game.formats.atomic import write_atomically
from detente.game.formats.read_write import PARSERS, WRITERS

shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3)


@given(shapes, st.randoms(use_true_random=False), st.sampled_from(sorted(PARSERS)))
def test_round_trips_keep_everything(shape: list[int], random: object, form: str) -> None:
    payoffs = np.empty((len(shape), *shape), dtype=object)
    for index in np.ndindex(*payoffs.shape):
        payoffs[index] = F(random.randint(-9, 9), random.randint(1, 5))  # type: ignore[attr-defined]
    players = [f'p "{k}" \\' for k in range(len(shape))]
    game = dt.Game(
        payoffs, players=players, actions=[[f"a{k}{j}" for j in range(m)] for k, m in enumerate(shape)], name="ü"
    )
    back = dt.parse_game(WRITERS[form](game), form)
    if form == "gam":  # has no names
        assert (back.exact_payoffs == game.exact_payoffs).all()
    else:
        assert back == game
        assert back.name == "ü"


@pytest.mark.parametrize("suffix", ["nfg", "gam", "toml", "json"])
def test_files_by_suffix(tmp_path: Path, suffix: str) -> None:
    game = dt.Game.symmetric([[3, "1/3"], [5, 1]], actions=["C", "D"])
    path = dt.write_game(game, tmp_path / f"game.{suffix}")
    assert (dt.read_game(path).exact_payoffs == game.exact_payoffs).all()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_unlabelled_games_stay_unlabelled() -> None:
    game = dt.Game.bimatrix([[1, 2]], [[3, 4]])
    assert dt.parse_game(WRITERS["toml"](game), "toml").actions == game.actions


def test_float_games_stay_float() -> None:
    game = dt.Game.bimatrix([[0.5, 2]], [[3, 4]])
    for form in ("toml", "json"):
        assert dt.parse_game(WRITERS[form](game), form) == game


def test_gambits_outcome_version_with_comment_and_names() -> None:
    text = """NFG 1 R "Two ways" { "Ann" "Bob" }
{ { "U" "D" } { "L" "R" } }
"A comment with \\"quotes\\""
{
{ "first" 1, 2 }
{ "" 3/2 -0.5 }
}
1 2 0 1
"""
    game = dt.parse_game(text)
    assert game.payoff(("U", "L")) == (1, 2)
    assert game.payoff(("D", "L")) == (F(3, 2), F(-1, 2))
    assert game.payoff(("U", "R")) == (0, 0)
    assert game.payoff(("D", "R")) == (1, 2)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('NFG 1 R "x" { "a" "b" } { 2 2 }\n1 2 3', ":2"),
        ('NFG 1 R "x" { "a" "b" } { 1 1 } 1 nan', ":1"),
        ('NFG 1 R "x" { "a" "b" } { 1 1 } 1 1e999999999', ":1"),
        ('NFG 1 R "x" { "a" "b" } { 1 1 } 1 2 3', ":1"),
        ('NFG 1 R "x" { "a" "b" }\n{ 999999999 999999999 }', "999999999"),
        ('NFG 1 R "x" { "a" } { 2 2 } 1 2 3 4', "players"),
        ('NFG 1 R "x" { "a" "b" } { 0 2 }', "0"),
        ('NFG 2 R "x"', "'1'"),
        ('NFG 1 R "unclosed { "a"', "closed"),
        ('NFG 1 R "x" { "a" "b" } { 1 1 }\n{ { "o" 1 2 } } 7', ":2"),
        ('NFG 1 R "x" { "a" "b" } { 1 1 } { { "o" 1 } } 1', "2 payoffs"),
        ("2 2 2 1 2 3", ":1"),
        ("0", "0"),
        ('{"payoffs": [[1, NaN]]}', "finite"),
        ('{"payoffs": ', "JSON"),
        ("payoffs = [1, ", "TOML"),
        ("x = 1", "payoffs"),
        ('players = ["a"]\npayoffs = [[1, "x"]]', "payoffs"),
        ("players = [1]\npayoffs = [[1, 2]]", "players"),
        ("[payoffs]\nA = [[1]]", "payoffs"),
    ],
)
def test_malformed_files_name_the_place(text: str, where: str) -> None:
    with pytest.raises(dt.FormatError, match=where.replace("(", r"\(")):
        dt.parse_game(text, path="bad.file")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(dt.FormatError, match=r"nowhere\.nfg"):
        dt.read_game(tmp_path / "nowhere.nfg")
    binary = tmp_path / "b.nfg"
    binary.write_bytes(b"NFG \xff\xfe")
    with pytest.raises(dt.FormatError, match="UTF-8"):
        dt.read_game(binary)
    with pytest.raises(dt.LabelError, match=r"\.nfg"):
        dt.read_game(tmp_path / "game.xls")
    bom = tmp_path / "bom.nfg"
    bom.write_text('NFG 1 R "x" { "a" } { 1 } 5', encoding="utf-8-sig")
    assert dt.read_game(bom).payoff((0,)) == (5,)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(dt.FormatError):
        write_atomically(tmp_path / "no" / "folder", "x")
