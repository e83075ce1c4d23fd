"""Which parameter of a repeated game varies, and how everything depends on it.

``over`` names one parameter; all others keep the repeated game's values:

* ``"discount"``: the discount factor common to all players, in [0, 1);
* ``("discount", player)``: one player's, in [0, 1);
* ``"breakdown"``: the hazard, in [0, 1];
* ``"noise"``: the probability of a tremble, in [0, 1];
* ``("payoff", player, profile)``: one stage payoff, on the whole line;
* a :class:`Component`: a number on which any stage payoffs depend polynomially, on its own domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from detente.errors import LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import Interval
from detente.exact.polynomial import ONE, Poly, X, constant, evaluate
from detente.game.game import Game
from detente.game.monitoring import Perfect, PublicSignals, Trembles, trembles
from detente.game.repeated import RepeatedGame

KINDS = ("discount", "breakdown", "noise", "payoff")
UNIT_INTERVAL = Interval(Fraction(0), Fraction(1))
HALF_OPEN = Interval(Fraction(0), Fraction(1), True, False)
LINE = Interval(-inf, inf, False, False)


@dataclass(frozen=True)
class Component:
    """A number that several stage payoffs are made of: each payoff as a polynomial in it, by (player, profile)."""

    name: str
    payoffs: Mapping[tuple[int, tuple[int, ...]], Poly]
    domain: Interval


@dataclass(frozen=True)
class Over:
    """A resolved choice of parameter: its kind, and the player and profile it concerns, by index."""

    kind: str
    player: int | None = None
    profile: tuple[int, ...] | None = None
    component: Component | None = None

    @property
    def domain(self) -> Interval:
        if self.component is not None:
            return self.component.domain
        return {"discount": HALF_OPEN, "payoff": LINE}.get(self.kind, UNIT_INTERVAL)

    def label(self, game: Game) -> str:
        """The parameter's name for a reader."""
        if self.component is not None:
            return self.component.name
        if self.kind == "payoff" and self.player is not None and self.profile is not None:
            profile = ", ".join(map(str, game.profile_labels(self.profile)))
            return f"payoff of {game.players[self.player]} at ({profile})"
        if self.player is not None:
            return f"discount factor of {game.players[self.player]}"
        return self.kind


def resolve_over(over: Any, rg: RepeatedGame) -> Over:
    """``over`` as the user writes it, checked against the game."""
    if isinstance(over, Component):
        return Over("component", component=over)
    kind, *rest = over if isinstance(over, tuple | list) and over else (over,)
    if kind not in KINDS:
        raise LabelError("over", over, [*KINDS, "('discount', player)", "('payoff', player, profile)"])
    if kind == "noise" and isinstance(rg.monitoring, PublicSignals):
        raise UnsupportedError("over", over, "perfect monitoring or trembles, whose noise is one number")
    if kind == "discount" and len(rest) == 1:
        return Over(kind, rg.game.player_index(rest[0]))
    if kind == "payoff":
        if len(rest) != 2:
            raise ParameterError("over", over, "('payoff', player, profile)")
        return Over(kind, rg.game.player_index(rest[0]), rg.game.pure_profile(rest[1]))
    if rest:
        raise ParameterError("over", over, f"{kind!r} alone")
    return Over(kind)


def with_parameter(rg: RepeatedGame, over: Over, x: Fraction) -> RepeatedGame:
    """The repeated game with the parameter set to ``x``."""
    if over.kind == "discount":
        chosen = [x if over.player in (None, i) else d for i, d in enumerate(rg.discount)]
        return rg.replace(discount=chosen)
    if over.kind == "breakdown":
        return rg.replace(breakdown=x)
    if over.kind == "noise":
        return rg.replace(monitoring=trembles(x))
    payoffs = rg.game.exact_payoffs.copy()
    if over.component is not None:
        for (player, profile), p in over.component.payoffs.items():
            payoffs[(player, *profile)] = evaluate(p, x)
    else:
        assert over.player is not None
        assert over.profile is not None
        payoffs[(over.player, *over.profile)] = x
    game = Game(payoffs, players=rg.game.players, actions=rg.game.actions, name=rg.game.name)  # type: ignore[arg-type]
    return rg.replace(game=game)


class Environment:
    """Every number of a repeated game as a polynomial in the parameter (constants, if nothing varies)."""

    def __init__(self, rg: RepeatedGame, over: Over | None = None) -> None:
        self.game = rg.game
        self.over = over
        self.domain = over.domain if over else UNIT_INTERVAL
        kind = over.kind if over else None
        varies = over.player if over else None
        survival = ONE - X if kind == "breakdown" else constant(1 - rg.breakdown)
        self.beta: tuple[Poly, ...] = tuple(
            (X if kind == "discount" and varies in (None, i) else constant(d)) * survival
            for i, d in enumerate(rg.discount)
        )
        self.monitoring = rg.monitoring
        self.eps: Poly | None = None
        if kind == "noise":
            self.eps = X
        elif isinstance(rg.monitoring, Trembles) and rg.monitoring.eps:
            self.eps = constant(rg.monitoring.eps)
        self.sees_acts = isinstance(rg.monitoring, Perfect | Trembles)
        self._moving: Mapping[tuple[int, tuple[int, ...]], Poly] = {}
        if over is not None and over.component is not None:
            self._moving = over.component.payoffs
        elif over is not None and over.player is not None and over.profile is not None:
            self._moving = {(over.player, over.profile): X}

    def payoff(self, player: int, profile: tuple[int, ...]) -> Poly:
        """A stage payoff at a pure profile."""
        if (player, profile) in self._moving:
            return self._moving[(player, profile)]
        return constant(self.game.exact_payoffs[(player, *profile)])
