"""Figures. Every function draws onto the Axes it is given (a new one if none) and returns it.

matplotlib is loaded when the first figure is drawn.
"""

from detente.view.plot.beliefs import prior_triangle
from detente.view.plot.canvas import COLOURS
from detente.view.plot.classes import class_flips
from detente.view.plot.payoffs import payoff_set, payoff_sets
from detente.view.plot.thresholds import incentive_slack, regions
from detente.view.plot.trust import phase_diagram, trust_frontier, trust_path

__all__ = [
    "COLOURS",
    "class_flips",
    "incentive_slack",
    "payoff_set",
    "payoff_sets",
    "phase_diagram",
    "prior_triangle",
    "regions",
    "trust_frontier",
    "trust_path",
]
