"""Which parameter of a repeated game varies, and how everything depends on it.

``over`` names one parameter; all others keep the repeated game's values:

* ``"discount"``: the discount factor common to all players, in [0, 1);
* ``("discount", player)``: one player's, in [0, 1);
* ``"breakdown"``: the hazard, in [0, 1];
* ``"noise"``: the probability of a tremble, in [0, 1]; or the level called "noise" of a public signal;
* ``("signal", level)``: a named level of a public signal, where it leaves every probability in [0, 1];
* ``("signal", profile, label)``: one probability of a public signal, in [0, 1]; the other labels share the rest in the
  proportions that they have;
* ``("payoff", player, profile)``: one stage payoff, on the whole line;
* a :class:`Component`: a number on which stage payoffs and signal probabilities depend polynomially, on its own domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any

from detente.errors import LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import Interval
from detente.exact.polynomial import ONE, ZERO, Poly, X, constant, evaluate, from_fmpq, polynomial
from detente.exact.sign_sets import where_nonnegative
from detente.game.game import Game
from detente.game.labels import is_among
from detente.game.monitoring import Perfect, PublicSignals, Trembles, misfires, trembles
from detente.game.repeated import RepeatedGame

KINDS = ("discount", "breakdown", "noise", "signal", "payoff")
FORMS = ("('discount', player)", "('signal', level)", "('signal', profile, label)", "('payoff', player, profile)")
Profile = tuple[int, ...]
UNIT_INTERVAL = Interval(Fraction(0), Fraction(1))
HALF_OPEN = Interval(Fraction(0), Fraction(1), True, False)
LINE = Interval(-inf, inf, False, False)


@dataclass(frozen=True)
class Component:
    """A number that stage payoffs and signal probabilities are made of.

    ``payoffs`` gives each payoff that depends on it as a polynomial, by (player, profile); ``signals`` the whole
    distribution over a public signal's labels, by profile: on the domain, non-negative and adding up to 1.
    """

    name: str
    payoffs: Mapping[tuple[int, Profile], Poly]
    domain: Interval
    signals: Mapping[Profile, tuple[Poly, ...]] = field(default_factory=dict)

    def __reduce__(self) -> Any:  # polynomials do not pickle themselves, their coefficients do
        payoffs = {key: _numbers(p) for key, p in self.payoffs.items()}
        signals = {key: tuple(map(_numbers, chances)) for key, chances in self.signals.items()}
        return _component, (self.name, payoffs, self.domain, signals)


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
        if over.signals:
            _check_signals(over, rg)
        return Over("component", component=over)
    kind, *rest = over if isinstance(over, tuple | list) and over else (over,)
    if not isinstance(kind, str) or kind not in KINDS:
        raise LabelError("over", over, [*KINDS[:3], *FORMS])
    if kind == "discount" and len(rest) == 1:
        return Over(kind, rg.game.player_index(rest[0]))
    if kind == "payoff":
        if len(rest) != 2:
            raise ParameterError("over", over, FORMS[3])
        return Over(kind, rg.game.player_index(rest[0]), rg.game.pure_profile(rest[1]))
    if kind == "signal":
        if len(rest) not in (1, 2):
            raise ParameterError("over", over, f"{FORMS[1]} or {FORMS[2]}")
        return Over("component", component=_signal_component(rg, over, *rest))
    if rest:
        raise ParameterError("over", over, f"{kind!r} alone")
    if kind == "noise" and isinstance(rg.monitoring, PublicSignals):
        if "noise" not in rg.monitoring.levels:
            expected = "('signal', …), or a signal with a level called 'noise'; trembles have one number too"
            raise UnsupportedError("over", over, expected)
        return Over("component", component=_signal_component(rg, over, "noise"))
    return Over(kind)


def _numbers(p: Poly) -> tuple[Fraction, ...]:
    return tuple(map(from_fmpq, p.coeffs()))


def _component(name: str, payoffs: Any, domain: Interval, signals: Any) -> Component:
    chances = {key: tuple(map(polynomial, row)) for key, row in signals.items()}
    return Component(name, {key: polynomial(p) for key, p in payoffs.items()}, domain, chances)


def _signal_component(rg: RepeatedGame, over: Any, which: Any, label: Any = None) -> Component:
    """A level of a public signal, or the probability of one label after one profile, as a component."""
    signals = rg.monitoring
    if not isinstance(signals, PublicSignals):
        raise UnsupportedError("over", over, f"public signals; the monitoring is {signals!r}")
    if label is None:
        moving = signals.depend_on(which)
        table = {rg.game.pure_profile(key): chances for key, chances in moving.items()}
        name = which if which == "noise" else f"signal's level {which!r}"
    else:
        profile = rg.game.pure_profile(which)
        if not is_among(label, signals.labels):
            raise LabelError("label", label, signals.labels)
        k, now = signals.labels.index(label), signals.distribution(rg.game, profile)
        others = len(now) - 1
        if others == 0:
            raise UnsupportedError("over", over, "a signal with two or more labels")
        rest = 1 - now[k]
        shares = [p / rest if rest else Fraction(1, others) for p in now]
        table = {profile: tuple(X if j == k else (ONE - X) * constant(share) for j, share in enumerate(shares))}
        name = f"probability of {label!r} at ({', '.join(map(str, rg.game.profile_labels(profile)))})"
    domain = UNIT_INTERVAL
    for chances in table.values():
        for p in chances:
            # Each is linear and non-negative at the present value: what is left is one interval.
            (domain,) = where_nonnegative(p, domain).intervals
    return Component(name, {}, domain, table)


def _check_signals(component: Component, rg: RepeatedGame) -> None:
    signals = rg.monitoring
    if not isinstance(signals, PublicSignals):
        raise UnsupportedError("over", component.name, f"public signals; the monitoring is {signals!r}")
    for profile, chances in component.signals.items():
        key = rg.game.pure_profile(profile)
        good = len(chances) == len(signals.labels) and sum(chances, ZERO) == ONE
        if not good or any(where_nonnegative(p, component.domain).intervals != (component.domain,) for p in chances):
            expected = f"{len(signals.labels)} probabilities that add up to 1 on {component.domain!r}"
            raise ParameterError("over", f"signals of {component.name!r} at {key}", expected)


def with_parameter(rg: RepeatedGame, over: Over, x: Fraction) -> RepeatedGame:
    """The repeated game with the parameter set to ``x``."""
    if over.kind == "discount":
        chosen = [x if over.player in (None, i) else d for i, d in enumerate(rg.discount)]
        return rg.replace(discount=chosen)
    if over.kind == "breakdown":
        return rg.replace(breakdown=x)
    if over.kind == "noise":
        return rg.replace(monitoring=trembles(x))
    changes: dict[str, Any] = {}
    moving: Mapping[tuple[int, Profile], Poly] = {}
    if over.component is not None:
        moving = over.component.payoffs
        if over.component.signals:
            changes["monitoring"] = _with_signals(rg, over.component.signals, x)
    elif over.player is not None and over.profile is not None:
        moving = {(over.player, over.profile): X}
    if moving:
        payoffs = rg.game.exact_payoffs.copy()
        for (player, profile), p in moving.items():
            payoffs[(player, *profile)] = evaluate(p, x)
        names: dict[str, Any] = {"players": rg.game.players, "actions": rg.game.actions, "name": rg.game.name}
        changes["game"] = Game(payoffs, **names)
    return rg.replace(**changes)


def _with_signals(rg: RepeatedGame, moving: Mapping[Profile, tuple[Poly, ...]], x: Fraction) -> PublicSignals:
    signals = rg.monitoring
    assert isinstance(signals, PublicSignals)
    prob = dict(signals.prob)
    for profile, chances in moving.items():
        prob[signals.key(rg.game, profile)] = tuple(evaluate(p, x) for p in chances)
    return PublicSignals(signals.labels, prob)


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
        self._signals: Mapping[Profile, tuple[Poly, ...]] = {}
        self._moving: Mapping[tuple[int, Profile], Poly] = {}
        if over is not None and over.component is not None:
            self._moving, self._signals = over.component.payoffs, over.component.signals
        elif over is not None and over.player is not None and over.profile is not None:
            self._moving = {(over.player, over.profile): X}
        self._outcomes: dict[Profile, list[tuple[Profile, Poly]]] = {}

    def payoff(self, player: int, profile: Profile) -> Poly:
        """A stage payoff at a pure profile."""
        if (player, profile) in self._moving:
            return self._moving[(player, profile)]
        return constant(self.game.exact_payoffs[(player, *profile)])

    def outcomes(self, intended: Profile) -> list[tuple[Profile, Poly]]:
        """What may become public when a pure profile is intended, each with its probability where that is not zero.

        An outcome is the tuple of acts carried out, or the one-element tuple of a signal's number.
        """
        if intended not in self._outcomes:
            self._outcomes[intended] = [(outcome, p) for outcome, p in self._chances(intended) if p]
        return self._outcomes[intended]

    def _chances(self, intended: Profile) -> list[tuple[Profile, Poly]]:
        if isinstance(self.monitoring, PublicSignals):
            if intended in self._signals:
                return [((k,), p) for k, p in enumerate(self._signals[intended])]
            chances = self.monitoring.distribution(self.game, intended)
            return [((k,), constant(p)) for k, p in enumerate(chances)]
        if self.eps is None:
            return [(intended, ONE)]
        return misfires(self.game, intended, self.eps, ONE)
