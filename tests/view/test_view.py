"""Solutions as prose, data, figures and a page; and the command line from the shell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction as F
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pytest

import detente as dt
from detente.view.prose import answers
from detente.view.report import render
from detente.view.wording import say

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


QUESTIONS = {
    "Can mutual relaxation be sustained?",
    "Which agreement should be proposed?",
    "Which agreement needs the least patience?",
    "How much trust does each side need?",
    "What does the record suggest?",
    "What would a bond or better monitoring buy?",
    "What does noise cost?",
    "What does breakdown cost?",
    "Does it help to link issues?",
    "What does a deadline do?",
}


@pytest.mark.parametrize("name", dt.scenarios())
def test_every_scenario_answers_every_question(name: str, tmp_path: Path) -> None:
    solution = dt.solve(name)
    document = json.loads(json.dumps(solution.as_dict(), allow_nan=False))
    assert {a["question"] for a in document["answers"]} == QUESTIONS
    for one in answers(solution):
        assert one.sentences
        for sentence in one.sentences:
            assert sentence.text.endswith(".")
            assert None not in sentence.parts, sentence
            assert not re.search(r"Fraction|\bnan\b|  |\.\.", sentence.text), sentence.text
            # The page says the same words; its numbers are rounded, and exact on hover.
            words = re.sub(r"<[^>]*>", "", sentence.html)
            assert re.sub(r"\W|\d", "", unescape(words))[:40] == re.sub(r"\W|\d", "", _bare(sentence.text))[:40]
            for exact, short in re.findall(r'<span title="([^"]*)">([^<]*)</span>', sentence.html):
                assert exact != short
    page = solution.report(tmp_path)
    text = page.read_text(encoding="utf-8")
    assert all(question in text for question in QUESTIONS)
    assert page.stat().st_size > 20_000


def _bare(text: str) -> str:
    """Plain text without the exact value that stands before a rounded one."""
    return re.sub(r"\d+/\d+ ≈ ", "", text)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(dt.scenarios()) - {"london-2025"}))
def test_every_scenario_verifies(name: str) -> None:
    dt.solve(name).verify()


def test_the_numbers_in_the_london_sentences(london: dt.Solution) -> None:
    said = {one.question: " ".join(s.text for s in one.sentences) for one in answers(london)}
    grim, beta, eps = london.trust_answers["grim trigger"], F("0.4312"), F(1, 10)
    assert said["Which agreement should be proposed?"].startswith("Propose grim trigger: of the 4 agreements")
    assert "375/704" in said["Which agreement needs the least patience?"]
    # 13 / (13 + 55 − 11.6) over 1 − h with side payments
    assert str(F(13) / (13 + 55 - F("11.6")) / F("0.44")) in said["Which agreement needs the least patience?"]
    for side in grim.values():
        assert str(side.need.least) in said["How much trust does each side need?"]
        assert f"{float(side.here.upper):.4f}".rstrip("0") in said["How much trust does each side need?"]  # type: ignore[arg-type]
    # What is left of 30 and 25 if a breakdown is final
    for R, P in ((F(30), F("6.2")), (F(25), F("5.4"))):
        assert f"{float(P + (R - P) * F('0.02') / (1 - beta)):.2f}" in said["What does breakdown cost?"]
    # Chips and tariffs linked stand hazards up to 1 − δ*/δ, δ* = 15/53.8
    assert str(1 - F(15) / F("53.8") / F("0.98")) in said["Does it help to link issues?"]
    # A truce of one quarter: δ*/δ
    assert str(F(15, 64) / F("0.98")) in said["What does a deadline do?"]
    assert str(F(15, 64) / beta) in said["What does a deadline do?"]
    assert eps in london.noise.joint.noise  # type: ignore[union-attr]
    assert "0.1762" in said["What does noise cost?"]


def test_sentences_round_and_keep_the_exact_value() -> None:
    said = say("{} & {} of {}.", F(1, 3), F(1, 2), "<b>")
    assert said.text == "0.333 & 0.5 of <b>."
    assert said.html == '<span title="1/3">0.333</span> &amp; 0.5 of &lt;b&gt;.'


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
