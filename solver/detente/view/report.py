"""The report: one HTML page that opens offline, with every number's source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente.errors import ParameterError
from detente.exact.intervals import IntervalSet, end_text
from detente.game.formats.atomic import write_atomically
from detente.scenario.analysis import Analysis
from detente.scenario.facts import shipped_moves
from detente.scenario.proposal import DIAL, RULE
from detente.scenario.uncertainty import class_shares
from detente.version import __version__
from detente.view import report_tables
from detente.view.prose import answers
from detente.view.prose_proposal import discussed
from detente.view.report_figures import figures
from detente.view.wording import approximate, class_name, decimal

TEMPLATE = "report.html.j2"
DRAWS = 20_000


def write_report(analysis: Analysis, folder: str | Path) -> Path:
    """Write ``<folder>/<scenario>.html``, replacing it whole; returns its path. The folder is made if needed."""
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError("folder", str(folder), f"a folder that can be made ({error.strerror})") from error
    return write_atomically(target / f"{analysis.scenario.name}.html", render(analysis))


def render(analysis: Analysis) -> str:
    """The page as a string."""
    from jinja2 import Environment
    from markupsafe import Markup

    source = (Path(__file__).parent / TEMPLATE).read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    scenario = analysis.scenario

    def mark(holds: bool) -> Markup:
        return Markup('<span class="yes">yes</span>') if holds else Markup('<span class="no">no</span>')

    drawn = {name: svg and Markup(svg) for name, svg in figures(analysis).items()}
    return template.render(
        s=scenario,
        answers=answers(analysis),
        tables=_tables(analysis),
        rule=RULE,
        proposal=analysis.proposal,
        small=analysis.small,
        matrix=_matrix(analysis),
        classes=[(p, class_name(c)) for p, c in zip(scenario.players, analysis.ordinal_class.players, strict=True)],
        equilibria=analysis.equilibria,
        payoffs_text=lambda e: "(" + ", ".join(decimal(u, 2) for u in e.payoffs) + ")",
        beliefs=[region.explain() for region in analysis.beliefs.values()],
        outcomes={p: [(k, decimal(v, 2)) for k, v in scenario.outcomes(p).items()] for p in scenario.players},
        flips=_flip_sentences(analysis),
        shares=class_shares(scenario, DRAWS),
        class_name=class_name,
        agreements=analysis.agreements,
        trust=scenario.trust,
        best=analysis.best,
        basin=analysis.basin,
        frontier_lines=_frontier_lines(analysis),
        sensitivity=_sensitivity(analysis),
        facts=sorted(scenario.facts.values(), key=lambda f: f.id),
        environment=_environment(analysis),
        moves=shipped_moves(),
        version=__version__,
        num=lambda v: decimal(v, 4),
        approx=approximate,
        mark=mark,
        figures=drawn,
        discussed=discussed(analysis),
    )


def _tables(analysis: Analysis) -> dict[str, Any]:
    return {
        "candidates": report_tables.candidates(analysis),
        "ways": report_tables.ways(analysis),
        "noise": report_tables.noise(analysis),
        "trust": {player: report_tables.trust(analysis, player) for player in analysis.scenario.players},
        "renewals": report_tables.renewals(analysis),
        "deadlines": report_tables.deadlines(analysis),
        "small": report_tables.small(analysis),
        "automata": report_tables.automata(analysis),
        "linkages": report_tables.linkages(analysis),
    }


def _matrix(analysis: Analysis) -> list[dict[str, Any]]:
    game = analysis.scenario.game
    pure = {tuple(s[0] for s in e.support) for e in analysis.equilibria if e.is_pure}
    rows = []
    for a, action in enumerate(game.actions[0]):
        cells = []
        for b, other in enumerate(game.actions[1]):
            best = (action in game.best_responses(0, b), other in game.best_responses(1, a))
            payoffs = [decimal(u, 2) for u in game.payoff((a, b))]
            cells.append({"payoffs": payoffs, "best": best, "equilibrium": (a, b) in pure})
        rows.append({"action": action, "cells": cells})
    return rows


def _flip_sentences(analysis: Analysis) -> list[str]:
    sentences = []
    for player, flips in analysis.flips.items():
        here = analysis.scenario.components[player][DIAL].central
        parts = [
            f"{class_name(f.ordinal_class)} for w from {end_text(f.interval.lo)} to {end_text(f.interval.hi)}"
            for f in flips
        ]
        sentences.append(f"{player}: {'; '.join(parts)} (here {decimal(here)}).")
    return sentences


def _frontier_lines(analysis: Analysis) -> list[str]:
    name = discussed(analysis)
    if name is None:
        return []
    lines = []
    for player, frontier in analysis.agreements[name].frontier.items():
        if not frontier.pieces:
            lines.append(f"{player}: no trust suffices at any discount factor.")
            continue
        pieces = "; ".join(f"μ* = {piece}" for piece in frontier.pieces)
        limit = "" if frontier.limit is None else f" As δ → 1, μ* → {decimal(frontier.limit, 4)}."
        lines.append(f"{player}: {pieces}.{limit}")
    return lines


def _sensitivity(analysis: Analysis) -> list[dict[str, str]]:
    rows = []
    for name, region in analysis.sensitivity.items():
        player, _, symbol = name.partition(".")
        q = analysis.scenario.components[player][symbol]
        whole = region.set == IntervalSet((region.domain,))
        rows.append(
            {
                "name": name,
                "label": q.label,
                "here": decimal(q.central, 2),
                "range": f"{decimal(q.low, 2)} – {decimal(q.high, 2)}",
                "holds": "the whole range" if whole else approximate(region.set, 2),
                "exact": repr(region.set),
                "breaks": ""
                if whole
                else "; ".join(dict.fromkeys(str(c) for cs in region.binding.values() for c in cs)),
            }
        )
    return rows


def _environment(analysis: Analysis) -> list[tuple[str, Any]]:
    setting = analysis.scenario.setting
    named = [("discount", setting.discount), ("breakdown", setting.breakdown), ("noise", setting.noise)]
    return named + [(f"trust of {p}", q) for p, q in setting.trust.items()]
