"""The command from the shell: answers, data, exit codes, and one line for bad input."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction as F
from pathlib import Path

import pytest


def run(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "detente", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, cwd=cwd, check=False)


def test_solve_and_json() -> None:
    done = run("solve", "london-2025")
    assert done.returncode == 0
    assert "375/704" in done.stdout
    data = json.loads(run("solve", "london-2025", "--json").stdout)
    assert data["agreements"]["grim trigger"]["discount"]["least"]["exact"] == "375/704"
    assert run("solve", "stag-hunt").stdout.count("index") == 3
    piped = run("solve", "-", stdin='NFG 1 R "pd" { "A" "B" } { 2 2 } 3 3 5 0 0 5 1 1')
    assert piped.returncode == 0
    assert "prisoner's dilemma" in piped.stdout
    assert run("solve", "-", stdin='extends = "london-2025"\ntitle = "From a pipe"').stdout.startswith("From a pipe")


def test_thresholds() -> None:
    done = run("thresholds", "prisoners-dilemma", "--agreement", "limited_punishment", "--length", "2")
    assert done.stdout.startswith("[(√5 − 1)/2")
    everything = run("thresholds", "prisoners-dilemma", "--json")
    assert set(json.loads(everything.stdout)) >= {"grim_trigger", "tit_for_tat"}
    noisy = run("thresholds", "london-2025", "--over", "noise", "--agreement", "grim trigger", "--json")
    assert json.loads(noisy.stdout)["grim trigger"]["parameter"] == "noise"
    one = run("thresholds", "london-2025", "--over", "discount:US", "--agreement", "grim_trigger")
    assert one.returncode == 0


def test_trust() -> None:
    done = run("trust", "london-2025", "--agreement", "grim trigger")
    assert "36261/75517" in done.stdout
    data = json.loads(run("trust", "london-2025", "--agreement", "contrite tit for tat", "--json").stdout)
    us = data["contrite tit for tat"]["US"]
    assert us["needs"]["exact"] == "2125/3721"
    assert us["bond"]["exact"] == "1128357/781250"
    assert us["record"]["quarters"] == 28
    # SizeBAD at δ(1 − h) = 0.9: (1 − β)(P − S) / (R − P − (1 − β)(T + S − 2P)) = 1.02 / 21.74
    patient = run(
        "trust", "london-2025", "--agreement", "grim trigger", "--breakdown", "0", "--discount", "0.9", "--json"
    )
    assert json.loads(patient.stdout)["grim trigger"]["US"]["needs"]["exact"] == str(F("1.02") / F("21.74"))
    game = run("trust", "prisoners-dilemma", "--agreement", "grim_trigger", "--discount", "9/10", "--json")
    assert json.loads(game.stdout)["grim_trigger"]["Row"]["needs"]["exact"] == "1/17"


def test_payoffs() -> None:
    data = json.loads(run("payoffs", "prisoners-dilemma", "--discount", "3/5", "--json").stdout)
    assert [[x["exact"] for x in v] for v in data["vertices"]] == [["1", "1"], ["13/3", "1"], ["3", "3"], ["1", "13/3"]]
    assert "29.2" in run("payoffs", "london-2025").stdout
    paid = json.loads(run("payoffs", "london-2025", "--transfers", "--json").stdout)
    assert [v[0]["exact"] for v in paid["vertices"]] == ["31/5", "248/5", "31/5"]  # 55 − 5.4
    lasting = json.loads(run("payoffs", "london-2025", "--discount", "0.98", "--json").stdout)
    assert lasting["discount"]["exact"] == "49/50"


def test_search() -> None:
    data = json.loads(run("search", "london-2025", "--criterion", "discount", "--json").stdout)
    assert data["value"]["exact"] == "375/704"
    assert data["best"][0]["name"] == "grim trigger"
    assert "14931/30677" in run("search", "london-2025").stdout
    assert run("search", "us-hawkish", "--assert").returncode == 1


def test_the_pareto_set_of_a_search() -> None:
    data = json.loads(run("search", "london-2025", "--pareto", "--max-states", "3", "--json").stdout)
    assert data["pareto_complete"]
    assert [p["discount"]["exact"] for p in data["pareto"]] == ["375/704", "15/22"]
    assert "Unbeaten" in run("search", "prisoners-dilemma", "--pareto").stdout


def test_what_does_not_apply_is_left_out_unless_asked_for() -> None:
    """Nash reversion to a mixed equilibrium has no region of trust."""
    assert "grim_trigger" in run("trust", "inspection").stdout
    assert run("trust", "inspection", "--agreement", "nash_reversion").returncode == 2
    assert run("trust", "public-goods").returncode == 2


def test_asserting() -> None:
    base = ("thresholds", "london-2025", "--agreement", "grim_trigger", "--assert")
    assert run(*base, "--at", "0.9").returncode == 0
    assert run(*base, "--at", "0.1").returncode == 1
    assert run("thresholds", "london-2025", "--agreement", "tit_for_tat", "--assert").returncode == 1
    assert run("solve", "us-hawkish", "--assert").returncode == 1
    assert run("solve", "london-2025", "--assert").returncode == 0


def test_report(tmp_path: Path) -> None:
    done = run("report", "london-2025", "-o", "deep/out", cwd=tmp_path)
    assert done.returncode == 0
    assert [p.name for p in (tmp_path / "deep" / "out").iterdir()] == ["london-2025.html"]
    assert "deep/out/london-2025.html" in done.stdout.replace("\\", "/")


def test_games() -> None:
    listing = run("games").stdout
    for name in ("stag-hunt", "london-2025", "winkels-1979"):
        assert name in listing
    assert "Aumann" in run("games", "stag-hunt").stdout
    assert json.loads(run("games", "chicken", "--json").stdout)["players"] == ["Row", "Column"]
    assert "Restrict" in run("games", "london-2025").stdout


@pytest.mark.parametrize("command", ["solve", "thresholds", "trust", "payoffs", "search", "report", "games"])
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: detente {command}" in run(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["solve", "lndon-2025"], "london-2025"),
        (["solve", "nowhere/x.nfg"], "x.nfg"),
        (["solve"], "name"),
        (["frobnicate"], "frobnicate"),
        (["solve", "stag-hunt", "--budget", "-1"], "budget"),
        (["thresholds", "stag-hunt", "--over", "patience"], "patience"),
        (["thresholds", "stag-hunt", "--discount", "2"], "discount"),
        (["thresholds", "stag-hunt", "--noise", "x"], "eps"),
        (["thresholds", "stag-hunt", "--agreement", "grim"], "grim"),
        (["thresholds", "stag-hunt", "--concept", "perfect"], "concept"),
        (["thresholds", "stag-hunt", "--assert", "--at", "half"], "at"),
        (["thresholds", "stag-hunt", "--agreement", "limited_punishment", "--length", "0"], "length"),
        (["trust", "london-2025", "--agreement", "grim"], "grim trigger"),
        (["trust", "london-2025", "--noise", "2"], "noise"),
        (["trust", "stag-hunt", "--noise", "0.1"], "noise"),
        (["payoffs", "stag-hunt", "--discount", "1"], "discount"),
        (["payoffs", "stag-hunt", "--budget", "0"], "budget"),
        (["search", "stag-hunt", "--criterion", "hope"], "criterion"),
        (["search", "stag-hunt", "--max-states", "99"], "max_states"),
        (["search", "london-2025", "--player", "Mars"], "player"),
        (["report", "stag-hunt"], "scenario"),
        (["report", "london-2025", "-o", "/dev/null/x"], "folder"),
        (["games", "stag"], "stag-hunt"),
        (["games", "--tag", "zero"], "zero-sum"),
        (["solve", "london-2025", "--nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_two(arguments: list[str], word: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_malformed_standard_input() -> None:
    for text in ("", "garbage [", "NFG 1 R", "{", "9 9 9", "\x00\x01"):
        done = run("solve", "-", stdin=text)
        assert done.returncode == 2, text
        assert re.match(r"detente: .+", done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1
