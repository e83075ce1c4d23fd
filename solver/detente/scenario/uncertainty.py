"""What the ranges imply: where a game changes class, and how often over draws from the ranges.

*Flips* are exact: T, R, P and S are polynomials in one component, the others at their centres; the class changes where
a difference of two of them changes sign, and is on the border between two there. *Class shares* count draws with every
component drawn independently from its range. They restate the ranges that someone chose and are never probabilities of
anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import ParameterError, UnsupportedError
from detente.exact.algebraic import real_roots
from detente.exact.intervals import Interval, between, sorted_distinct
from detente.exact.polynomial import Poly, evaluate
from detente.game.ordinal import CLASSES, player_class
from detente.repeated.parameters import Component
from detente.scenario.scenario import OUTCOMES, Quantity, Scenario, as_scenario

MAX_DRAWS = 10_000_000
# Profiles at which a player receives each outcome: (own action, other's action) with 0 for relaxing
AT = {"T": (1, 0), "R": (0, 0), "P": (1, 1), "S": (0, 1)}


# Which pairs of outcomes fix the class
COMPARED = (("T", "R"), ("P", "S"), ("R", "P"))


@dataclass(frozen=True)
class Flip:
    """A class, of one player or joint, on an interval of one component."""

    interval: Interval
    ordinal_class: str


def class_flips(scenario: Scenario, player: str, symbol: str) -> tuple[Flip, ...]:
    """The player's ordinal class on each part of the component's range, with exact ends.

    Left out are the single values at which two payoffs tie and the player is on the border between two classes: the
    intervals on both sides are open there. A range that is one point gives no interval.

    Raises :class:`~detente.errors.LabelError` for an unknown player or component, and
    :class:`~detente.errors.UnsupportedError` where an outcome is no polynomial in the component.

    >>> from detente.scenario.load import load_scenario
    >>> class_flips(load_scenario("london-2025"), "US", "tau")
    (Flip(interval=[0, 1/3), ordinal_class='prisoners_dilemma'), Flip(interval=(1/3, 7/20], ordinal_class='stag_hunt'))
    """
    quantity = as_scenario(scenario).component(player, symbol)
    return _flips(quantity.low, quantity.high, [scenario.outcome_polynomials(player, symbol)])


def joint_class_flips(scenario: Scenario, symbol: str) -> tuple[Flip, ...]:
    """The joint class as one component takes the same value for both players, where their ranges overlap.

    Like :func:`class_flips`; empty where the ranges do not overlap in an interval.

    >>> from detente.scenario.load import load_scenario
    >>> [str(f.interval) for f in joint_class_flips(load_scenario("london-2025"), "w") if "/" not in f.ordinal_class]
    ['[3/10, 5/11)', '(15/22, 240/121)', '(25/11, 3]']
    """
    quantities = [scenario.component(player, symbol) for player in scenario.players]
    low, high = max(q.low for q in quantities), min(q.high for q in quantities)
    return _flips(low, high, [scenario.outcome_polynomials(player, symbol) for player in scenario.players])


def _flips(low: Fraction, high: Fraction, players: list[dict[str, Poly]]) -> tuple[Flip, ...]:
    """The class, "first/second" where they differ, on each part of [low, high] between changes of sign."""
    if low >= high:
        return ()
    differences = [outcomes[first] - outcomes[second] for outcomes in players for first, second in COMPARED]
    roots = [set(real_roots(d.numer())) if d.degree() > 0 else set() for d in differences]
    marks = sorted_distinct(root for found in roots for root in found if low < root < high)

    def name(x: Fraction, mark: Any = None) -> str:
        """The class at ``x``, or at a mark beside it: there a difference is zero or has the sign it has at ``x``."""
        signs = [Fraction(0) if mark in found else evaluate(d, x) for d, found in zip(differences, roots, strict=True)]
        # Payoffs with R = 0 and these differences: the class depends on nothing else.
        own = [player_class(*_payoffs(*signs[k : k + 3])) for k in range(0, len(signs), 3)]
        return "/".join(dict.fromkeys(own))

    flips: list[Flip] = []
    for lo, hi in pairwise([low, *marks, high]):
        middle = between(lo, hi)
        here = name(middle)
        lo_closed, hi_closed = name(middle, lo) == here, name(middle, hi) == here
        if flips and flips[-1].ordinal_class == here and lo_closed:
            before = flips.pop().interval
            lo, lo_closed = before.lo, before.lo_closed
        flips.append(Flip(Interval(lo, hi, lo_closed, hi_closed), here))
    return tuple(flips)


def _payoffs(gains: Fraction, safer: Fraction, better: Fraction) -> tuple[Fraction, ...]:
    """T, R, P and S with T − R, P − S and R − P as given, and R = 0."""
    return gains, Fraction(0), -better, -better - safer


def varying_components(scenario: Scenario) -> Iterator[tuple[Quantity, Component]]:
    """Every component with a range on which the payoffs depend polynomially, with itself as a parameter."""
    for player in scenario.players:
        for symbol, quantity in scenario.components[player].items():
            if quantity.low < quantity.high:
                with suppress(UnsupportedError):
                    yield quantity, as_component(scenario, player, symbol)


def as_component(scenario: Scenario, player: str, symbol: str) -> Component:
    """One component of one player as a parameter for :func:`detente.holds_where`, on its range."""
    outcomes = scenario.outcome_polynomials(player, symbol)
    quantity = scenario.components[player][symbol]
    i = scenario.players.index(player)
    payoffs: dict[tuple[int, tuple[int, ...]], Poly] = {}
    for outcome, (own, other) in AT.items():
        payoffs[i, (own, other) if i == 0 else (other, own)] = outcomes[outcome]
    return Component(f"{player}.{symbol}", payoffs, Interval(quantity.low, quantity.high))


@dataclass(frozen=True)
class ClassShares:
    """Shares of draws from the chosen ranges by class, per player and jointly. They are not probabilities."""

    players: Mapping[str, Mapping[str, float]]
    joint: Mapping[str, float]
    draws: int
    seed: int

    def __repr__(self) -> str:
        shares = "; ".join(
            f"{player}: " + ", ".join(f"{name} {share:.1%}" for name, share in row.items() if share)
            for player, row in self.players.items()
        )
        return f"<ClassShares of {self.draws} draws that restate the chosen ranges, not probabilities: {shares}>"


def class_shares(scenario: Scenario, draws: int = 100_000, seed: int = 0) -> ClassShares:
    """The share of draws in each class, every component drawn independently from its range.

    Positive components are log-triangular between low and high with mode at the centre, others triangular.
    Deterministic in ``seed``. Ties (which have measure zero) count as the class with the weaker inequality.

    Raises :class:`~detente.errors.ParameterError` for a bad number of draws or seed, and
    :class:`~detente.scenario.expression.FormulaError` if a draw divides by zero.
    """
    if not isinstance(draws, int) or isinstance(draws, bool) or not 1 <= draws <= MAX_DRAWS:
        raise ParameterError("draws", draws, f"a whole number from 1 to {MAX_DRAWS}")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ParameterError("seed", seed, "a whole number from 0")
    rng = np.random.default_rng(seed)
    classes = []
    for player in as_scenario(scenario).players:
        drawn = {symbol: _draw(q, draws, rng) for symbol, q in scenario.components[player].items()}
        T, R, P, S = (np.broadcast_to(scenario.formulas[k](drawn, float), draws) for k in OUTCOMES)
        classes.append(_class_numbers(T, R, P, S))
    players = {
        player: {name: float(np.mean(numbers == k)) for k, name in enumerate(CLASSES)}
        for player, numbers in zip(scenario.players, classes, strict=True)
    }
    pairs, counts = np.unique(np.stack(classes), axis=1, return_counts=True)
    joint = {
        f"{CLASSES[a]}/{CLASSES[b]}": n / draws for (a, b), n in zip(pairs.T.tolist(), counts.tolist(), strict=True)
    }
    return ClassShares(players, dict(sorted(joint.items(), key=lambda kv: -kv[1])), draws, seed)


def _draw(q: Quantity, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    low, centre, high = float(q.low), float(q.central), float(q.high)
    if low == high:
        return np.full(draws, low)
    if low > 0:
        return np.exp(rng.triangular(np.log(low), np.log(centre), np.log(high), draws))
    return rng.triangular(low, centre, high, draws)


def _class_numbers(T: Any, R: Any, P: Any, S: Any) -> NDArray[np.int64]:
    names = {name: k for k, name in enumerate(CLASSES)}
    tempted = np.where(P > S, np.where(R > P, names["prisoners_dilemma"], names["deadlock"]), names["chicken"])
    content = np.where(P > S, names["stag_hunt"], names["harmony"])
    return np.where(T > R, tempted, content)
