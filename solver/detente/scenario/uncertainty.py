"""What the ranges imply: where a game changes class, and how often over draws from the ranges.

*Flips* are exact: T, R, P and S are polynomials in one component, the others at their centres; the class changes where
a difference of two of them changes sign. *Class shares* count draws with every component drawn independently from its
range. They restate the ranges that someone chose and are never probabilities of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import ParameterError
from detente.exact.algebraic import real_roots
from detente.exact.intervals import Interval, between, sorted_distinct
from detente.exact.polynomial import Poly, evaluate
from detente.game.ordinal import CLASSES, player_class
from detente.repeated.parameters import Component
from detente.scenario.scenario import OUTCOMES, Quantity, Scenario

MAX_DRAWS = 10_000_000
# Profiles at which a player receives each outcome: (own action, other's action) with 0 for relaxing
AT = {"T": (1, 0), "R": (0, 0), "P": (1, 1), "S": (0, 1)}


@dataclass(frozen=True)
class Flip:
    """A player's class on an interval of one component."""

    interval: Interval
    ordinal_class: str


def class_flips(scenario: Scenario, player: str, symbol: str) -> tuple[Flip, ...]:
    """The player's ordinal class on each part of the component's range, with exact ends.

    Classes at single values where two payoffs tie are left out unless the tie persists.
    """
    outcomes = scenario.outcome_polynomials(player, symbol)
    quantity = scenario.components[player][symbol]
    low, high = quantity.low, quantity.high
    marks: set[Any] = set()
    for first, second in (("T", "R"), ("P", "S"), ("R", "P")):
        difference = outcomes[first] - outcomes[second]
        if difference.degree() > 0:
            marks |= {root for root in real_roots(difference.numer()) if low < root < high}
    ends = [low, *sorted_distinct(marks), high]
    flips: list[Flip] = []
    for lo, hi in pairwise(ends):
        if lo == hi:
            continue
        name = player_class(*(evaluate(outcomes[k], between(lo, hi)) for k in OUTCOMES))
        if flips and flips[-1].ordinal_class == name:
            flips[-1] = Flip(Interval(flips[-1].interval.lo, hi), name)
        else:
            flips.append(Flip(Interval(lo, hi), name))
    return tuple(flips)


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
    """
    if not isinstance(draws, int) or isinstance(draws, bool) or not 1 <= draws <= MAX_DRAWS:
        raise ParameterError("draws", draws, f"a whole number from 1 to {MAX_DRAWS}")
    rng = np.random.default_rng(seed)
    classes = []
    for player in scenario.players:
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
