"""Détente: exact thresholds of patience, monitoring and trust at which agreements between rivals hold.

>>> import detente as dt
>>> pd = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
>>> rg = dt.RepeatedGame(pd, discount="9/10")
>>> dt.holds_where(rg, dt.agreements.limited_punishment(pd, 2)).intervals
([(√5 − 1)/2 ≈ 0.618034, 1),)
>>> dt.trust_region(rg, dt.agreements.grim_trigger(pd), player="US").least
Fraction(1, 17)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from detente.errors import (
    AgreementError,
    CertificateError,
    DetenteError,
    FormatError,
    LabelError,
    ParameterError,
    PayoffError,
    ProfileError,
    UnsupportedError,
)
from detente.exact.algebraic import Algebraic
from detente.exact.intervals import Interval
from detente.exact.region import Region
from detente.game import agreements, machines
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.machine import Machine
from detente.game.monitoring import late_shipments, perfect, public_signals, trembles
from detente.game.repeated import RepeatedGame
from detente.repeated.incentives import Incentives, incentives
from detente.repeated.thresholds import holds_where
from detente.version import __version__

if TYPE_CHECKING:
    from detente.equilibrium.batch import EquilibriumBatch, nash_equilibria_batch
    from detente.equilibrium.best_reply_paths import best_reply_dynamics, fictitious_play
    from detente.equilibrium.commitment import Commitment, commitment
    from detente.equilibrium.conditional_offer import ConditionalOffer, SequentialEquilibrium, conditional_offer
    from detente.equilibrium.correlated import CorrelatedEquilibrium, correlated_equilibrium
    from detente.equilibrium.dominance import Domination, Elimination, dominated, iterated_elimination, rationalizable
    from detente.equilibrium.evolution import EvolutionarilyStable, evolutionarily_stable
    from detente.equilibrium.harsanyi_selten import SelectedEquilibrium, harsanyi_selten
    from detente.equilibrium.nash import nash_equilibria
    from detente.equilibrium.one import solve_one
    from detente.equilibrium.pure import pure_equilibria
    from detente.equilibrium.quantal.limit import logit_equilibrium
    from detente.equilibrium.quantal.response import LogitBranch, QuantalResponse, logit_branch, quantal_response
    from detente.equilibrium.replicator import replicator, replicator_rest_point
    from detente.equilibrium.result import Component, Equilibrium, EquilibriumSet
    from detente.equilibrium.selection import is_evolutionarily_stable, p_dominance, risk_dominant
    from detente.equilibrium.two_by_two import solve_2x2_batch
    from detente.exact.number_field import FieldElement
    from detente.exact.polytope import Polytope
    from detente.game.formats.read_write import parse_game, read_game, write_game
    from detente.game.interop import from_nashpy, from_pygambit, from_quantecon, to_nashpy, to_pygambit, to_quantecon
    from detente.game.stochastic import StochasticGame
    from detente.game.stochastic_agreement import StochasticAgreement
    from detente.game.textbook import TextbookGame, textbook
    from detente.game.truce import deadline_game, leverage_game, truce_game, truce_terms
    from detente.repeated.batch import incentives_batch
    from detente.repeated.linkage import Linkage, linkage
    from detente.repeated.patience.least_discount import LeastDiscount, least_discount
    from detente.repeated.patience.randomized_code import RandomizedCode
    from detente.repeated.patience.target_discount import LeastDiscountOfPayoffs
    from detente.repeated.payoff_sets.payoff_set import Generation, PayoffSet, payoff_set
    from detente.repeated.product_game import product_game
    from detente.repeated.public.best_value import (
        PublicValue,
        best_public_value,
        price_of_noise,
        sustainable_where,
        value_of_monitoring,
    )
    from detente.repeated.public.punishment_length import PunishmentLength, best_punishment_length
    from detente.repeated.slacks import Slack, incentive_slacks
    from detente.repeated.states.markov import MarkovEquilibria, MarkovEquilibrium, markov_equilibria
    from detente.repeated.transfers import TransferLevels, TransferPayoffs, payoff_set_with_transfers, transfer_levels
    from detente.scenario.load import load_scenario, scenarios
    from detente.scenario.scenario import Scenario
    from detente.scenario.uncertainty import class_flips, class_shares
    from detente.trust.frontier import Frontier, trust_frontier
    from detente.trust.learning import TrustPath, update_trust
    from detente.trust.needs import TrustNeed, TrustNeeds, trust_needs
    from detente.trust.noise.bounds import TrustBounds, trust_bounds
    from detente.trust.noise.several_types import BestReplyBounds, best_reply_bounds
    from detente.trust.one_shot import basin_of_distrust, belief_threshold
    from detente.trust.phase import PhaseDiagram, phase_diagram
    from detente.trust.reduced_game import reduced_game, risk_dominance_region
    from detente.trust.region import trust_region
    from detente.trust.search.least_demanding import LeastDemanding, least_demanding
    from detente.trust.substitutes import Substitute, Substitutes, substitutes
    from detente.trust.types.best_reply import BestReply, best_reply
    from detente.trust.types.prior_region import prior_region
    from detente.view import plot
    from detente.view.solution import Solution, solve

# Loaded when first used: importing the package stays quick, and pydantic, jinja2 and matplotlib out of it.
_LATER = {
    "detente.exact.number_field": ["FieldElement"],
    "detente.exact.polytope": ["Polytope"],
    "detente.game.formats.read_write": ["parse_game", "read_game", "write_game"],
    "detente.game.interop": [
        "from_nashpy",
        "from_pygambit",
        "from_quantecon",
        "to_nashpy",
        "to_pygambit",
        "to_quantecon",
    ],
    "detente.game.stochastic": ["StochasticGame"],
    "detente.game.stochastic_agreement": ["StochasticAgreement"],
    "detente.game.textbook": ["TextbookGame", "textbook"],
    "detente.game.truce": ["deadline_game", "leverage_game", "truce_game", "truce_terms"],
    "detente.equilibrium.batch": ["EquilibriumBatch", "nash_equilibria_batch"],
    "detente.equilibrium.best_reply_paths": ["best_reply_dynamics", "fictitious_play"],
    "detente.equilibrium.commitment": ["Commitment", "commitment"],
    "detente.equilibrium.conditional_offer": ["ConditionalOffer", "SequentialEquilibrium", "conditional_offer"],
    "detente.equilibrium.correlated": ["CorrelatedEquilibrium", "correlated_equilibrium"],
    "detente.equilibrium.dominance": [
        "Domination",
        "Elimination",
        "dominated",
        "iterated_elimination",
        "rationalizable",
    ],
    "detente.equilibrium.evolution": ["EvolutionarilyStable", "evolutionarily_stable"],
    "detente.equilibrium.harsanyi_selten": ["SelectedEquilibrium", "harsanyi_selten"],
    "detente.equilibrium.nash": ["nash_equilibria"],
    "detente.equilibrium.one": ["solve_one"],
    "detente.equilibrium.pure": ["pure_equilibria"],
    "detente.equilibrium.quantal.limit": ["logit_equilibrium"],
    "detente.equilibrium.quantal.response": ["LogitBranch", "QuantalResponse", "logit_branch", "quantal_response"],
    "detente.equilibrium.replicator": ["replicator", "replicator_rest_point"],
    "detente.equilibrium.result": ["Component", "Equilibrium", "EquilibriumSet"],
    "detente.equilibrium.selection": ["is_evolutionarily_stable", "p_dominance", "risk_dominant"],
    "detente.equilibrium.two_by_two": ["solve_2x2_batch"],
    "detente.repeated.batch": ["incentives_batch"],
    "detente.repeated.linkage": ["Linkage", "linkage"],
    "detente.repeated.patience.least_discount": ["LeastDiscount", "least_discount"],
    "detente.repeated.patience.randomized_code": ["RandomizedCode"],
    "detente.repeated.patience.target_discount": ["LeastDiscountOfPayoffs"],
    "detente.repeated.payoff_sets.payoff_set": ["Generation", "PayoffSet", "payoff_set"],
    "detente.repeated.product_game": ["product_game"],
    "detente.repeated.public.best_value": [
        "PublicValue",
        "best_public_value",
        "price_of_noise",
        "sustainable_where",
        "value_of_monitoring",
    ],
    "detente.repeated.public.punishment_length": ["PunishmentLength", "best_punishment_length"],
    "detente.repeated.slacks": ["Slack", "incentive_slacks"],
    "detente.repeated.states.markov": ["MarkovEquilibria", "MarkovEquilibrium", "markov_equilibria"],
    "detente.repeated.transfers": ["TransferLevels", "TransferPayoffs", "payoff_set_with_transfers", "transfer_levels"],
    "detente.trust.frontier": ["Frontier", "trust_frontier"],
    "detente.trust.learning": ["TrustPath", "update_trust"],
    "detente.trust.needs": ["TrustNeed", "TrustNeeds", "trust_needs"],
    "detente.trust.noise.bounds": ["TrustBounds", "trust_bounds"],
    "detente.trust.noise.several_types": ["BestReplyBounds", "best_reply_bounds"],
    "detente.trust.one_shot": ["basin_of_distrust", "belief_threshold"],
    "detente.trust.phase": ["PhaseDiagram", "phase_diagram"],
    "detente.trust.reduced_game": ["reduced_game", "risk_dominance_region"],
    "detente.trust.region": ["trust_region"],
    "detente.trust.search.least_demanding": ["LeastDemanding", "least_demanding"],
    "detente.trust.substitutes": ["Substitute", "Substitutes", "substitutes"],
    "detente.trust.types.best_reply": ["BestReply", "best_reply"],
    "detente.trust.types.prior_region": ["prior_region"],
    "detente.scenario.load": ["load_scenario", "scenarios"],
    "detente.scenario.scenario": ["Scenario"],
    "detente.scenario.uncertainty": ["class_flips", "class_shares"],
    "detente.view.solution": ["Solution", "solve"],
}
_HOME = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "Agreement",
    "AgreementError",
    "Algebraic",
    "BestReply",
    "BestReplyBounds",
    "CertificateError",
    "Commitment",
    "Component",
    "ConditionalOffer",
    "CorrelatedEquilibrium",
    "DetenteError",
    "Domination",
    "Elimination",
    "Equilibrium",
    "EquilibriumBatch",
    "EquilibriumSet",
    "EvolutionarilyStable",
    "FieldElement",
    "FormatError",
    "Frontier",
    "Game",
    "Generation",
    "Incentives",
    "Interval",
    "LabelError",
    "LeastDemanding",
    "LeastDiscount",
    "LeastDiscountOfPayoffs",
    "Linkage",
    "LogitBranch",
    "Machine",
    "MarkovEquilibria",
    "MarkovEquilibrium",
    "ParameterError",
    "PayoffError",
    "PayoffSet",
    "PhaseDiagram",
    "Polytope",
    "ProfileError",
    "PublicValue",
    "PunishmentLength",
    "QuantalResponse",
    "RandomizedCode",
    "Region",
    "RepeatedGame",
    "Scenario",
    "SelectedEquilibrium",
    "SequentialEquilibrium",
    "Slack",
    "Solution",
    "StochasticAgreement",
    "StochasticGame",
    "Substitute",
    "Substitutes",
    "TextbookGame",
    "TransferLevels",
    "TransferPayoffs",
    "TrustBounds",
    "TrustNeed",
    "TrustNeeds",
    "TrustPath",
    "UnsupportedError",
    "__version__",
    "agreements",
    "basin_of_distrust",
    "belief_threshold",
    "best_public_value",
    "best_punishment_length",
    "best_reply",
    "best_reply_bounds",
    "best_reply_dynamics",
    "class_flips",
    "class_shares",
    "commitment",
    "conditional_offer",
    "correlated_equilibrium",
    "deadline_game",
    "dominated",
    "evolutionarily_stable",
    "fictitious_play",
    "from_nashpy",
    "from_pygambit",
    "from_quantecon",
    "harsanyi_selten",
    "holds_where",
    "incentive_slacks",
    "incentives",
    "incentives_batch",
    "is_evolutionarily_stable",
    "iterated_elimination",
    "late_shipments",
    "least_demanding",
    "least_discount",
    "leverage_game",
    "linkage",
    "load_scenario",
    "logit_branch",
    "logit_equilibrium",
    "machines",
    "markov_equilibria",
    "nash_equilibria",
    "nash_equilibria_batch",
    "p_dominance",
    "parse_game",
    "payoff_set",
    "payoff_set_with_transfers",
    "perfect",
    "phase_diagram",
    "plot",
    "price_of_noise",
    "prior_region",
    "product_game",
    "public_signals",
    "pure_equilibria",
    "quantal_response",
    "rationalizable",
    "read_game",
    "reduced_game",
    "replicator",
    "replicator_rest_point",
    "risk_dominance_region",
    "risk_dominant",
    "scenarios",
    "solve",
    "solve_2x2_batch",
    "solve_one",
    "substitutes",
    "sustainable_where",
    "textbook",
    "to_nashpy",
    "to_pygambit",
    "to_quantecon",
    "transfer_levels",
    "trembles",
    "truce_game",
    "truce_terms",
    "trust_bounds",
    "trust_frontier",
    "trust_needs",
    "trust_region",
    "update_trust",
    "value_of_monitoring",
    "write_game",
]


def __getattr__(name: str) -> Any:
    if name == "plot":
        value: Any = import_module("detente.view.plot")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'detente' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
