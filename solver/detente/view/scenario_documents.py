"""A scenario's answers as plain data: exact numbers as strings, with a decimal beside each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detente.repeated.linkage import Linkage
from detente.scenario.analysis import Analysis
from detente.scenario.trust_answers import AgreementTrust, SideTrust
from detente.trust.frontier import Frontier
from detente.trust.needs import TrustNeeds
from detente.trust.noise.bounds import TrustBounds
from detente.view.documents import (
    agreement_document,
    equilibria_document,
    frontier_document,
    number,
    region_document,
    set_document,
)
from detente.view.prose import answer, answers


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
        "answers": [{"question": a.question, "sentences": [s.text for s in a.sentences]} for a in answers(analysis)],
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
        "proposal": proposal_document(analysis),
        "small_agreements": small_document(analysis),
        "patience": patience_document(analysis),
        "noise": noise_document(analysis),
        "linkage": linkage_document(analysis),
        "truce": truce_document(analysis),
        "trust": {name: trust_document(trusts) for name, trusts in analysis.trust_answers.items()},
        "basin_of_distrust": {p: number(b) for p, b in analysis.basin.items()},
        "sensitivity": {name: region_document(r) for name, r in analysis.sensitivity.items()},
    }


def patience_document(analysis: Analysis) -> dict[str, Any]:
    """The least patience of any agreement, of grim trigger, and with side payments; None where there is none."""
    found = analysis.patience
    return {
        "best": _maybe(found.needed),
        "grim_trigger": _maybe(found.needed_by_reversion),
        "with_side_payments": _maybe(found.needed_with_payments),
        "without_breakdown": {"best": _maybe(found.best.discount), "proven_bound": number(found.best.lower)},
        "exact": found.best.exact,
    }


def noise_document(analysis: Analysis) -> dict[str, Any]:
    """What noise costs."""
    found = analysis.noise
    length = None if found.length is None else found.length.length
    return {
        "noise": number(found.noise),
        "agreements": {
            name: {
                "holds": inc.holds,
                "values": _numbers(found.values(name)),
                "price_of_noise": _numbers(found.price(name)),
                "holds_at_half_the_noise": found.better[name].holds,
            }
            for name, inc in found.here.items()
        },
        "best": found.best,
        "best_at_half_the_noise": found.best_if_better,
        "worth_of_half_the_noise": _numbers(found.worth_of_better_monitoring or {}),
        "best_punishment_length": "for ever" if length == float("inf") else length,
        "joint_agreement": None if found.joint is None else _numbers(found.joint.values),
        "lost": set_document(found.lost),
        "greatest_noise": _maybe(found.most),
    }


def linkage_document(analysis: Analysis) -> dict[str, Any]:
    """Linking with other issues, and each side's controls as issues of their own."""
    issues = {}
    for found in analysis.linkages:
        issues[found.issue.name] = {
            "confidence": found.issue.confidence,
            "payoffs": {player: _numbers(row) for player, row in found.issue.outcomes.items()},
            "verdict": found.verdict,
            **_linkage(found.linkage),
            "greatest_hazard": {
                "separate": _maybe(found.greatest_hazard(False)),
                "linked": _maybe(found.greatest_hazard(True)),
            },
            "cost_under_false_alarms": _by_player(analysis, found.alarms.cost),
        }
    split = analysis.split
    return {
        "issues": issues,
        "split": {
            "exact": split.exact,
            "cost": _numbers(split.cost),
            "gain": _numbers(split.gain),
            "misfit": _numbers(split.misfit),
            **({} if split.linkage is None else _linkage(split.linkage)),
        },
    }


def truce_document(analysis: Analysis) -> dict[str, Any]:
    """Lapse, renewal and deadlines."""
    truce = analysis.truce
    return {
        "lapse": number(truce.rate),
        "cost_of_breakdown": _numbers(truce.cost_of_breakdown),
        "renewals": [
            {
                "renewal": number(row.rate),
                "lapse_rates": region_document(row.lapse),
                "holds": row.holds,
                "values": _numbers(row.values),
            }
            for row in truce.renewals
        ],
        "renewal_rates": region_document(truce.renewal),
        "deadlines": [
            {
                "periods": row.periods,
                "extension": region_document(row.bare),
                "extension_exposed_to_breakdown": region_document(row.exposed),
            }
            for row in truce.deadlines
        ],
    }


def proposal_document(analysis: Analysis) -> dict[str, Any]:
    """Which agreement to propose, and the ways to one if none holds."""
    found = analysis.proposal
    return {
        "agreement": found.name,
        "candidates": [
            {"agreement": c.name, "trust": _maybe(c.trust), "joint_value": number(c.value)} for c in found.candidates
        ],
        "ways": [
            {
                "parameter": way.parameter,
                "agreement": way.agreement,
                "here": number(way.here),
                "there": number(way.there),
                "reached": way.reached,
            }
            for way in found.ways
        ],
    }


def small_document(analysis: Analysis) -> dict[str, Any]:
    """What the least demanding of all small agreements need; of several one for each criterion."""
    found = analysis.small
    return {
        "max_states": found.states,
        "complete": found.complete,
        "least_demanding": {
            criterion: {
                "value": _maybe(answer.value),
                "agreement": agreement_document(answer.best[0]) if answer.best else None,
                "ties": {str(states): count for states, count in answer.ties.items()},
                "explanation": answer.explain(),
            }
            for criterion, answer in found.by_criterion.items()
        },
        "unbeaten": [
            {
                "agreement": agreement_document(row.agreement),
                "trust": number(row.point.trust),
                "discount": number(row.point.discount),
                "noise": number(row.point.noise),
                "holds_at_the_scenario's_noise": row.here.holds,
                "joint_value": number(row.value),
                "trust_with_noise": _maybe(row.most_needed),
            }
            for row in found.unbeaten
        ],
    }


def trust_document(trusts: AgreementTrust) -> dict[str, Any]:
    """What one agreement needs of both sides, what the record suggests, and what stands in for trust."""
    return {str(player): _side(side) for player, side in trusts.items()}


def needs_document(rows: Mapping[str, tuple[TrustNeeds, list[Frontier]]]) -> dict[str, Any]:
    """What agreements need of each side of a game, with the frontiers over patience."""
    return {
        name: {
            str(need.player): {
                "needs": _maybe(need.least),
                "risk": number(need.risk),
                "stake": number(need.stake),
                "explanation": need.explain(),
                "frontier": frontier_document(frontier),
            }
            for need, frontier in zip(needs.values(), frontiers, strict=True)
        }
        for name, (needs, frontiers) in rows.items()
    }


def _side(side: SideTrust) -> dict[str, Any]:
    return {
        "prior": number(side.prior),
        "needs": _maybe(side.need.least),
        "risk": number(side.need.risk),
        "stake": number(side.need.stake),
        "explanation": side.need.explain(),
        "with_noise": _bounds(side.here),
        "with_half_the_noise": _bounds(side.better),
        "enough": {"acts seen": side.enough_if_seen, "at the scenario's noise": side.enough},
        "record": None
        if side.record is None
        else {"quarters": len(side.record), "trust": number(side.record.trust), "state": side.record.state},
        "bond": _maybe(side.least("bond")),
        "own_bond": _maybe(side.least("own bond")),
        "bond_with_noise": _maybe(side.least_here("bond")),
        "own_bond_with_noise": _maybe(side.least_here("own bond")),
        "exchange_rates": {name: _maybe(row.rate) for name, row in side.substitutes.items()},
    }


def _bounds(found: TrustBounds) -> dict[str, Any]:
    return {"lower": _maybe(found.lower), "upper": _maybe(found.upper), "exact": found.exact}


def _linkage(found: Linkage) -> dict[str, Any]:
    return {
        "separate": {x.name: region_document(r) for x, r in zip(found.issues, found.separate, strict=True)},
        "linked": region_document(found.pooled),
        "helps_where": set_document(found.helps_where),
        "hurts_where": set_document(found.hurts_where),
    }


def _numbers(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): number(value) for key, value in row.items()}


def _by_player(analysis: Analysis, row: tuple[Any, ...]) -> dict[str, Any]:
    return {player: number(value) for player, value in zip(analysis.scenario.players, row, strict=True)}


def _maybe(value: Any) -> dict[str, Any] | None:
    return None if value is None else number(value)
