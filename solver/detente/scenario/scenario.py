"""A scenario: payoffs made of components with ranges and sources, an environment, and agreements to examine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from detente.errors import LabelError, ParameterError
from detente.exact.polynomial import Poly, X, constant
from detente.exact.rational import to_fraction
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.labels import is_among
from detente.game.monitoring import Perfect, trembles
from detente.game.repeated import RepeatedGame
from detente.scenario.expression import Formula
from detente.scenario.facts import Fact

OUTCOMES = ("T", "R", "P", "S")


@dataclass(frozen=True)
class Quantity:
    """A central value with a range, and what it rests on: facts, or a judgement."""

    central: Fraction
    low: Fraction
    high: Fraction
    label: str = ""
    unit: str = ""
    facts: tuple[Fact, ...] = ()
    judgement: str = ""
    changed: str = ""  # why it departs from the scenario that was extended
    was: Fraction | None = None  # the central value there

    @property
    def basis(self) -> str:
        """``"sourced"``, ``"unverified"`` (a fact not checked at its source) or ``"judgement"``."""
        if not self.facts or self.judgement or any(f.basis == "judgement" for f in self.facts):
            return "judgement"
        return "sourced" if all(f.basis == "sourced" for f in self.facts) else "unverified"

    def moved_to(self, central: Fraction) -> Quantity:
        """The quantity at another central value set by hand, which its facts no longer support; its range widened."""
        if central == self.central:
            return self
        return replace(
            self,
            central=central,
            low=min(self.low, central),
            high=max(self.high, central),
            facts=(),
            judgement="Set by hand.",
            changed="set by hand",
            was=self.central if self.was is None else self.was,
        )


@dataclass(frozen=True)
class Setting:
    """The environment: what a period is, patience, breakdown hazard, noise, and each side's trust in the other."""

    period: str
    discount: Quantity
    breakdown: Quantity
    noise: Quantity
    trust: Mapping[str, Quantity]


@dataclass(frozen=True)
class OtherIssue:
    """Another issue between the same players: ``outcomes[player]`` has T, R, P and S. Stylised, and a judgement."""

    name: str
    outcomes: Mapping[str, Mapping[str, Fraction]]
    judgement: str
    confidence: str


@dataclass(frozen=True)
class Scenario:
    """A solved-for situation. Payoffs are stylised; ``stylised`` says how, and every view shows it.

    Attributes
    ----------
    components
        ``components[player][symbol]``: a :class:`Quantity`.
    formulas
        T (I restrict, you relax), R (both relax), P (both restrict), S (I relax, you restrict) in the components.
    agreements
        By name, in the order of the file.
    issues
        Other issues that could be linked with the scenario's own; see :mod:`detente.scenario.linked_issues`.
    facts
        Every fact that some component or setting rests on, by id.
    """

    name: str
    title: str
    question: str
    as_of: str
    stylised: str
    unit: str
    players: tuple[str, str]
    actions: tuple[str, str]
    formulas: Mapping[str, Formula]
    components: Mapping[str, Mapping[str, Quantity]]
    setting: Setting
    agreements: Mapping[str, Agreement]
    issues: tuple[OtherIssue, ...] = ()

    @cached_property
    def game(self) -> Game:
        """The one-shot game at the central values, exact."""
        return self.game_of({player: self.outcomes(player) for player in self.players}, self.title)

    def game_of(self, outcomes: Mapping[str, Mapping[str, Fraction]], name: str) -> Game:
        """The game between the scenario's players, with its actions, in which they get these T, R, P and S."""
        A, B = (outcomes[player] for player in self.players)
        first = [[A["R"], A["S"]], [A["T"], A["P"]]]
        second = [[B["R"], B["T"]], [B["S"], B["P"]]]
        return Game.bimatrix(first, second, players=self.players, actions=self.actions, name=name)

    @cached_property
    def repeated(self) -> RepeatedGame:
        """The repeated game at the central discount factor, hazard and noise (trembles)."""
        noise = self.setting.noise.central
        monitoring = trembles(noise) if noise else Perfect()
        return RepeatedGame(self.game, self.setting.discount.central, self.setting.breakdown.central, monitoring)

    @property
    def trust(self) -> Mapping[str, Fraction]:
        """Each player's prior that the other keeps the agreement."""
        return {player: q.central for player, q in self.setting.trust.items()}

    @property
    def ranges(self) -> Mapping[str, tuple[Fraction, Fraction, Fraction]]:
        """(low, central, high) of every component, by ``"player.symbol"``."""
        return {f"{p}.{s}": (q.low, q.central, q.high) for p, row in self.components.items() for s, q in row.items()}

    @property
    def changes(self) -> Mapping[str, tuple[Fraction, Fraction, str]]:
        """What differs from the scenario extended, by ``"player.symbol"``: the value there, the value here, and why."""
        return {
            f"{p}.{s}": (q.was, q.central, q.changed)
            for p, row in self.components.items()
            for s, q in row.items()
            if q.was is not None
        }

    @property
    def facts(self) -> Mapping[str, Fact]:
        quantities = [q for row in self.components.values() for q in row.values()]
        quantities += [self.setting.discount, self.setting.breakdown, self.setting.noise, *self.setting.trust.values()]
        return {fact.id: fact for q in quantities for fact in q.facts}

    def component(self, player: str, symbol: str) -> Quantity:
        """One component; :class:`~detente.errors.LabelError` if the player or the symbol is unknown."""
        row = self._row(player)
        if not is_among(symbol, row):
            raise LabelError(f"component of {player}", symbol, row)
        return row[symbol]

    def outcomes(self, player: str) -> dict[str, Fraction]:
        """The player's T, R, P and S at the central values."""
        values = {symbol: q.central for symbol, q in self._row(player).items()}
        return {outcome: self.formulas[outcome](values) for outcome in OUTCOMES}

    def outcome_polynomials(self, player: str, symbol: str) -> dict[str, Poly]:
        """The player's T, R, P and S as polynomials in one component, the others at their central values.

        Raises :class:`~detente.errors.UnsupportedError` if a formula divides by the component or takes a ``min`` or
        ``max`` that it decides, for then an outcome is no polynomial in it.
        """
        self.component(player, symbol)
        row = self._row(player)
        values = {s: X if s == symbol else constant(q.central) for s, q in row.items()}
        return {outcome: self.formulas[outcome](values, constant) for outcome in OUTCOMES}

    def with_values(self, changes: Mapping[str, Any]) -> Scenario:
        """The scenario with other central values, given by ``"player.symbol"``; ranges widen to include them.

        Raises :class:`~detente.errors.LabelError` for an unknown component.

        >>> from detente.scenario.load import load_scenario
        >>> load_scenario("london-2025").with_values({"US.w": "2.4"}).outcomes("US")["T"]
        Fraction(339, 5)
        """
        if not isinstance(changes, Mapping):
            raise ParameterError("changes", changes, "a mapping such as {'US.w': '2.4'}")
        components = {player: dict(row) for player, row in self.components.items()}
        for key, value in changes.items():
            player, _, symbol = str(key).partition(".")
            row = self._row(player)
            if symbol not in row:
                raise LabelError("component", key, [f"{player}.{s}" for s in row])
            components[player][symbol] = row[symbol].moved_to(to_fraction(value, key))
        return replace(self, components=components)

    def _row(self, player: str) -> Mapping[str, Quantity]:
        if not is_among(player, self.components):
            raise LabelError("player", player, self.components)
        return self.components[player]

    def __repr__(self) -> str:
        return f"<Scenario {self.name!r}: {self.title}; {self.game.ordinal_class()}>"


def as_scenario(value: Any) -> Scenario:
    """``value`` itself if it is a scenario; a typed error otherwise."""
    if isinstance(value, Scenario):
        return value
    raise ParameterError("scenario", value, "a Scenario; see load_scenario")
