"""Answers as plain data, for ``--json``: exact numbers as strings, with a decimal beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detente.equilibrium.result import EquilibriumSet
from detente.exact.intervals import IntervalSet, is_infinite
from detente.exact.region import Region
from detente.game.agreement import Agreement
from detente.game.display import outcome_text
from detente.trust.frontier import Frontier

if TYPE_CHECKING:
    from detente.repeated.payoff_sets.payoff_set import PayoffSet
    from detente.trust.search.least_demanding import LeastDemanding


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
        "intervals": set_document(region.set),
        "least": None if region.least is None else number(region.least),
        "binding": [
            {"at": number(end), "constraints": [[str(part) for part in c] for c in constraints]}
            for end, constraints in region.binding.items()
        ],
        "explanation": region.explain(),
    }


def set_document(found: IntervalSet) -> list[dict[str, Any]]:
    """A set of numbers, interval by interval."""
    return [{"lo": number(i.lo), "lo_closed": i.lo_closed, "hi": number(i.hi), "hi_closed": i.hi_closed} for i in found]


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


def payoffs_document(found: PayoffSet) -> dict[str, Any]:
    """The equilibrium payoffs of a repeated game."""
    return {
        "discount": number(found.discount),
        "exact": found.is_exact,
        "vertices": [[number(x) for x in vertex] for vertex in found.vertices],
        "text": repr(found),
    }


def search_document(found: LeastDemanding, pareto: bool = False) -> dict[str, Any]:
    """The agreements that demand least; with ``pareto`` also those that cannot be improved on in all three demands."""
    document: dict[str, Any] = {
        "criterion": found.criterion,
        "max_states": found.max_states,
        "value": None if found.value is None else number(found.value),
        "complete": found.complete,
        "ties": {str(states): count for states, count in found.ties.items()},
        "best": [agreement_document(ag) for ag in found.best],
        "searched": dict(found.searched),
        "explanation": found.explain(),
    }
    if pareto:
        document["pareto_complete"] = found.pareto_complete
        document["pareto"] = [
            {
                "trust": number(point.trust),
                "discount": number(point.discount),
                "noise": number(point.noise),
                "agreements": [agreement_document(ag) for ag in point.agreements],
            }
            for point in found.pareto
        ]
    return document


def agreement_document(ag: Agreement) -> dict[str, Any]:
    """An agreement, state by state."""
    return {
        "name": ag.name,
        "start": ag.start,
        "play": {state: [str(a) for a in profile] for state, profile in ag.play.items()},
        "move": {
            state: {outcome_text(key): target for key, target in moves.items()} for state, moves in ag.move.items()
        },
    }
