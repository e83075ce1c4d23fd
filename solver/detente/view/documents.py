"""Answers as plain data, for ``--json``: exact numbers as strings, with a decimal beside each."""

from __future__ import annotations

from typing import Any

from detente.equilibrium.result import EquilibriumSet
from detente.exact.intervals import is_infinite
from detente.exact.region import Region
from detente.scenario.analysis import Analysis
from detente.trust.frontier import Frontier
from detente.view.prose import answer


def number(value: Any) -> dict[str, Any] | None:
    """A number exactly and as a float; None for ±∞."""
    if is_infinite(value):
        return None
    return {"exact": str(value), "value": float(value)}


def region_document(region: Region) -> dict[str, Any]:
    """A region with its intervals, binding constraints and explanation."""
    return {
        "parameter": region.parameter,
        "claim": region.claim,
        "intervals": [
            {"lo": number(i.lo), "lo_closed": i.lo_closed, "hi": number(i.hi), "hi_closed": i.hi_closed}
            for i in region.intervals
        ],
        "least": None if region.least is None else number(region.least),
        "binding": [
            {"at": number(end), "constraints": [[str(part) for part in c] for c in constraints]}
            for end, constraints in region.binding.items()
        ],
        "explanation": region.explain(),
    }


def equilibria_document(equilibria: EquilibriumSet) -> dict[str, Any]:
    """Equilibria with payoffs and components."""
    return {
        "complete": equilibria.complete,
        "method": equilibria.method,
        "extreme": [
            {
                "strategies": [[str(p) for p in s] for s in e.strategies],
                "payoffs": [number(u) for u in e.payoffs],
                "regret": number(e.regret),
                "is_pure": e.is_pure,
                "is_strict": e.is_strict,
                "text": str(e),
            }
            for e in equilibria
        ],
        "components": [{"index": c.index, "extreme": list(c.extreme)} for c in equilibria.components],
    }


def frontier_document(frontier: Frontier) -> dict[str, Any]:
    """The pieces of a trust frontier: coefficients of numerator and denominator in δ, constant term first."""
    return {
        "player": str(frontier.player),
        "pieces": [
            {
                "from": number(p.interval.lo),
                "to": number(p.interval.hi),
                "numerator": list(p.numerator),
                "denominator": list(p.denominator),
            }
            for p in frontier.pieces
        ],
    }


def analysis_document(analysis: Analysis) -> dict[str, Any]:
    """Every answer to a scenario."""
    scenario = analysis.scenario
    setting = scenario.setting
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "question": scenario.question,
        "stylised": scenario.stylised,
        "answer": answer(analysis),
        "payoffs": {p: {k: number(v) for k, v in scenario.outcomes(p).items()} for p in scenario.players},
        "setting": {
            "discount": number(setting.discount.central),
            "breakdown": number(setting.breakdown.central),
            "noise": number(setting.noise.central),
            "trust": {p: number(q) for p, q in scenario.trust.items()},
        },
        "ordinal_class": dict(zip(scenario.players, analysis.ordinal_class.players, strict=True)),
        "equilibria": equilibria_document(analysis.equilibria),
        "agreements": {
            name: {
                "discount": region_document(a.discount),
                "discount_nash": region_document(a.discount_nash),
                "breakdown": region_document(a.breakdown),
                "noise": region_document(a.noise),
                "holds": {"acts seen": a.seen.holds, "at the scenario's noise": a.noisy.holds},
                "trust": {p: region_document(r) for p, r in a.trust.items()},
                "frontier": {p: frontier_document(f) for p, f in a.frontier.items()},
            }
            for name, a in analysis.agreements.items()
        },
        "best": analysis.best,
        "basin_of_distrust": {p: number(b) for p, b in analysis.basin.items()},
        "sensitivity": {name: region_document(r) for name, r in analysis.sensitivity.items()},
    }
