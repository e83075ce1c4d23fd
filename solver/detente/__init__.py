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
from detente.game.monitoring import perfect, public_signals, trembles
from detente.game.repeated import RepeatedGame
from detente.repeated.incentives import Incentives, incentives
from detente.repeated.thresholds import holds_where
from detente.version import __version__

if TYPE_CHECKING:
    from detente.equilibrium.commitment import Commitment, commitment
    from detente.equilibrium.conditional_offer import ConditionalOffer, conditional_offer
    from detente.equilibrium.correlated import CorrelatedEquilibrium, correlated_equilibrium
    from detente.equilibrium.dominance import Domination, Elimination, dominated, iterated_elimination, rationalizable
    from detente.equilibrium.nash import nash_equilibria
    from detente.equilibrium.pure import pure_equilibria
    from detente.equilibrium.result import Component, Equilibrium, EquilibriumSet
    from detente.equilibrium.selection import is_evolutionarily_stable, p_dominance, risk_dominant
    from detente.game.formats.read_write import parse_game, read_game, write_game
    from detente.game.interop import from_nashpy, from_pygambit, from_quantecon, to_nashpy, to_pygambit, to_quantecon
    from detente.game.textbook import TextbookGame, textbook
    from detente.scenario.load import load_scenario, scenarios
    from detente.scenario.scenario import Scenario
    from detente.scenario.uncertainty import class_flips, class_shares
    from detente.trust.frontier import Frontier, trust_frontier
    from detente.trust.one_shot import basin_of_distrust, belief_threshold
    from detente.trust.region import trust_region
    from detente.view import plot
    from detente.view.solution import Solution, solve

# Loaded when first used: importing the package stays quick, and pydantic, jinja2 and matplotlib out of it.
_LATER = {
    "detente.equilibrium.commitment": ["Commitment", "commitment"],
    "detente.equilibrium.conditional_offer": ["ConditionalOffer", "conditional_offer"],
    "detente.equilibrium.correlated": ["CorrelatedEquilibrium", "correlated_equilibrium"],
    "detente.equilibrium.dominance": [
        "Domination",
        "Elimination",
        "dominated",
        "iterated_elimination",
        "rationalizable",
    ],
    "detente.equilibrium.nash": ["nash_equilibria"],
    "detente.equilibrium.pure": ["pure_equilibria"],
    "detente.equilibrium.result": ["Component", "Equilibrium", "EquilibriumSet"],
    "detente.equilibrium.selection": ["is_evolutionarily_stable", "p_dominance", "risk_dominant"],
    "detente.game.formats.read_write": ["parse_game", "read_game", "write_game"],
    "detente.game.interop": [
        "from_nashpy",
        "from_pygambit",
        "from_quantecon",
        "to_nashpy",
        "to_pygambit",
        "to_quantecon",
    ],
    "detente.game.textbook": ["TextbookGame", "textbook"],
    "detente.scenario.load": ["load_scenario", "scenarios"],
    "detente.scenario.scenario": ["Scenario"],
    "detente.scenario.uncertainty": ["class_flips", "class_shares"],
    "detente.trust.frontier": ["Frontier", "trust_frontier"],
    "detente.trust.one_shot": ["basin_of_distrust", "belief_threshold"],
    "detente.trust.region": ["trust_region"],
    "detente.view.solution": ["Solution", "solve"],
}
_HOME = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "Agreement",
    "AgreementError",
    "Algebraic",
    "CertificateError",
    "Commitment",
    "Component",
    "ConditionalOffer",
    "CorrelatedEquilibrium",
    "DetenteError",
    "Domination",
    "Elimination",
    "Equilibrium",
    "EquilibriumSet",
    "FormatError",
    "Frontier",
    "Game",
    "Incentives",
    "Interval",
    "LabelError",
    "Machine",
    "ParameterError",
    "PayoffError",
    "ProfileError",
    "Region",
    "RepeatedGame",
    "Scenario",
    "Solution",
    "TextbookGame",
    "UnsupportedError",
    "__version__",
    "agreements",
    "basin_of_distrust",
    "belief_threshold",
    "class_flips",
    "class_shares",
    "commitment",
    "conditional_offer",
    "correlated_equilibrium",
    "dominated",
    "from_nashpy",
    "from_pygambit",
    "from_quantecon",
    "holds_where",
    "incentives",
    "is_evolutionarily_stable",
    "iterated_elimination",
    "load_scenario",
    "machines",
    "nash_equilibria",
    "p_dominance",
    "parse_game",
    "perfect",
    "plot",
    "public_signals",
    "pure_equilibria",
    "rationalizable",
    "read_game",
    "risk_dominant",
    "scenarios",
    "solve",
    "textbook",
    "to_nashpy",
    "to_pygambit",
    "to_quantecon",
    "trembles",
    "trust_frontier",
    "trust_region",
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
