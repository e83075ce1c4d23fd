"""Solutions as prose, data, figures and a page; and the command line from the shell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction as F
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pytest

import detente as dt
from detente.view.report import render

mpl.use("Agg")


@pytest.fixture(scope="module")
def london() -> dt.Solution:
    return dt.solve("london-2025")


def run(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "detente", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, cwd=cwd, check=False)


def test_the_london_answer(london: dt.Solution) -> None:
    london.verify()
    assert [str(e) for e in london.equilibria] == ["(Restrict, Restrict)"]
    assert london.best == "grim trigger"
    # (T − R)/(T − P), over 1 − h = 11/25, for the side that needs more patience: China, 6/25.6
    assert london.regions["grim trigger"]["discount"].least == F(6) / F("25.6") / F("0.44") == F(375, 704)
    assert london.regions["tit for tat"]["discount"].is_empty
    assert not london.regions["tit for tat"]["discount (nash)"].is_empty
    beta = F("0.98") * F("0.44")
    for player, (T, R, P, S) in {"US": ("37", "30", "6.2", "-4"), "China": ("31", "25", "5.4", "-3")}.items():
        t, r, p, s = F(T), F(R), F(P), F(S)
        least = (1 - beta) * (p - s) / (r - p - (1 - beta) * (t + s - 2 * p))
        assert london.trust["grim trigger"][player].least == least == london.basin[player]
    assert "375/704" in london.summary()


@pytest.mark.parametrize("name", dt.scenarios())
def test_every_scenario_solves_verifies_and_reports(name: str, tmp_path: Path) -> None:
    solution = dt.solve(name)
    solution.verify()
    json.dumps(solution.as_dict(), allow_nan=False)
    page = solution.report(tmp_path)
    assert page.stat().st_size > 20_000


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.targets: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key == "id" and value:
                self.ids.add(value)
            if key in ("src", "href", "xlink:href") and value:
                (self.targets.add(value[1:]) if value.startswith("#") else self.outside.append(value))


def test_the_page_is_self_contained_and_traces_every_number(london: dt.Solution) -> None:
    page = render(london)
    assert page == render(dt.solve("london-2025"))
    parser = Links()
    parser.feed(page)
    assert not parser.outside
    assert parser.targets <= parser.ids
    assert set(london.scenario.facts) <= parser.ids
    assert "<script" not in page
    assert page.count("<svg") == 3
    for phrase in ("Stylised payoffs", "restate the ranges", "unverified", "judgement", "sourced", "proven complete"):
        assert phrase in page
    assert "probabilit" not in page[page.index("restate the ranges") : page.index("Which agreements sustain it")]
    for quantity in london.scenario.components["US"].values():
        assert quantity.label in page


def test_names_in_files_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('extends = "london-2025"\ntitle = "<script>alert(1)</script>"\n')
    assert "<script>" not in render(dt.solve(path))


def test_figures_draw_onto_the_axes_given(london: dt.Solution) -> None:
    from matplotlib.figure import Figure

    best = london.agreements["grim trigger"]
    axes = Figure().subplots(1, 3)
    assert dt.plot.trust_frontier(list(best.frontier.values()), axes[0], at=("0.98", london.scenario.trust)) is axes[0]
    lines = [line for line in axes[0].lines if len(line.get_xdata()) > 100]
    assert len(lines) == 2
    x, y = lines[0].get_data()
    assert float(best.frontier["US"](F(9, 10))) == pytest.approx(float(__import__("numpy").interp(0.9, x, y)), abs=1e-3)
    assert dt.plot.regions({"grim": best.discount}, axes[1], at="0.98") is axes[1]
    assert dt.plot.class_flips(london.flips, axes[2]) is axes[2]
    assert dt.plot.regions({}) is not None


# --- the command line


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


@pytest.mark.parametrize("command", ["solve", "thresholds", "report", "games"])
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
