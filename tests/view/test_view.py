"""Solutions as prose, data, figures and a page."""

from __future__ import annotations

import json
import re
from fractions import Fraction as F
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pytest

import detente as dt
from detente.view.automata import outlined, rules, short_names
from detente.view.prose import answers
from detente.view.report import render
from detente.view.wording import say

mpl.use("Agg")


@pytest.fixture(scope="module")
def london() -> dt.Solution:
    return dt.solve("london-2025")


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
    "Would any other agreement demand less?",
    "How much trust does each side need?",
    "What does the record suggest?",
    "What would a bond or better monitoring buy?",
    "What does noise cost?",
    "What does breakdown cost?",
    "Does it help to link issues?",
    "What does a deadline do?",
}


# A dilemma, deadlock, and other players without a record of moves; the rest take as long again each.
QUICK = {"london-2025", "us-hawkish", "rare-earth-squeeze-2010"}


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in dt.scenarios()])
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
        self.all_ids: list[str] = []

    @property
    def ids(self) -> set[str]:
        return set(self.all_ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key == "id" and value:
                self.all_ids.append(value)
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
    figures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(figures) == 10
    assert len(parser.all_ids) == len(parser.ids)
    for figure in figures:
        assert figure.startswith('<svg role="img"')
        assert re.search(r"<title>[^<]{20,}</title>", figure)
        for name in re.findall(r"""(?:href="|url\()#([^")]+)""", figure):
            assert f'id="{name}"' in figure, name
    assert len(page) < 1_500_000
    assert "<image" not in page
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


def test_all_small_agreements_on_the_page_and_in_the_data(london: dt.Solution) -> None:
    data = london.as_dict()["small_agreements"]
    least = {criterion: row["value"]["exact"] for criterion, row in data["least_demanding"].items()}
    assert least["trust"] == "14931/30677"  # the trust that China needs under grim trigger
    assert least["discount"] == "375/704"
    # What the data spells out is an agreement that can be built again and holds as said.
    for row in data["unbeaten"]:
        written = row["agreement"]
        move = {s: {tuple(o.strip("()").split(", ")): t for o, t in m.items()} for s, m in written["move"].items()}
        ag = dt.Agreement(written["play"], move, written["start"])
        rg = london.scenario.repeated
        assert str(dt.holds_where(rg.replace(monitoring=dt.perfect()), ag).least) == row["discount"]["exact"]
        noise = dt.holds_where(rg, ag, "noise").intervals[0].hi
        assert float(noise) == row["noise"]["value"]
        assert dt.incentives(rg, ag).holds == row["holds_at_the_scenario's_noise"]
    page = render(london)
    assert "34,016,324 tables" in page
    assert "agreement A" in page


def test_an_agreement_written_out() -> None:
    pd = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    contrite = dt.agreements.contrite_tit_for_tat(pd)
    table = {rule.state: rule for rule in rules(contrite, pd)}
    assert table[1].play == "both Relax"
    # A side that departs alone then relaxes while the other restricts, and departing from that starts it again.
    sentence = {"US Relax; China Restrict", "US Restrict; China Relax"}
    assert {table[k].play for k in table[1].after[1:3]} == sentence
    for k in table[1].after[1:3]:
        assert table[k].after[0] == 1
    assert outlined(dt.agreements.unconditional((0, 0)), pd) == "1 both Relax: always 1."
    named = [dt.agreements.grim_trigger(pd), *(contrite.renamed(f"automaton {k}") for k in range(2))]
    assert list(short_names(named).values()) == ["grim trigger", "agreement A", "agreement B"]


def test_marked_points_and_paths(london: dt.Solution) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 2)
    found = dt.payoff_set(london.scenario.game, "1/2")
    dt.plot.payoff_set(found, axes[0], points={"grim": (20, 18), "other": ("41/2", 18)})
    assert [t.get_text() for t in axes[0].get_legend().get_texts()][-2:] == ["grim", "other"]
    with pytest.raises(dt.ParameterError):
        dt.plot.payoff_set(found, axes[0], points={"grim": (20,)})
    record = london.trust_answers["grim trigger"]["US"].record
    assert record is not None
    assert dt.plot.trust_path({"US": record}, axes[1], periods=["q"] * 28, needed={"US": "1/2"}) is axes[1]
    x, y = axes[1].lines[0].get_data()
    assert list(y) == [float(level) for level in record.levels]
    assert len(x) == 29
