"""From an agreement on a stochastic game to each player's decision problem, and which parameter of it varies.

When the others keep an agreement, a player faces a discounted decision problem whose states are pairs of automaton
state and state of the world, so everything known of repeated games carries over: values are rational functions of a
parameter, and each one-shot-deviation constraint is the sign of a polynomial (Blackwell 1965; Mailath and Samuelson
2006, section 5.5).

``over`` names one parameter; all others keep the game's values:

* ``"discount"`` (common to all), ``("discount", player)``, ``"breakdown"``;
* ``("payoff", state, player, profile)``: one stage payoff, on the whole line;
* the name of a transition parameter (a lapse rate, a renewal rate), on the values at which all probabilities that
  depend on it lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from detente.errors import LabelError, ParameterError
from detente.exact.intervals import Interval
from detente.exact.polynomial import ONE, Poly, X, constant, polynomial
from detente.game.game import Game
from detente.game.stochastic import Chance, StochasticGame
from detente.game.stochastic_agreement import BoundStochasticAgreement
from detente.repeated.decision import Choice, DecisionProblem, Policy
from detente.repeated.parameters import HALF_OPEN, LINE, UNIT_INTERVAL


@dataclass(frozen=True)
class StochasticOver:
    """A resolved choice of parameter: its kind (or its name), what it concerns by index, and its domain."""

    kind: str
    domain: Interval
    player: int | None = None
    state: int | None = None
    profile: tuple[int, ...] | None = None

    def label(self, sg: StochasticGame) -> str:
        """The parameter's name for a reader."""
        if self.kind == "payoff" and self.state is not None and self.player is not None and self.profile is not None:
            state = sg.states[self.state]
            acts = ", ".join(map(str, sg.games[state].profile_labels(self.profile)))
            return f"payoff of {sg.players[self.player]} at ({acts}) in {state}"
        if self.player is not None:
            return f"discount factor of {sg.players[self.player]}"
        return self.kind


def resolve_stochastic_over(over: Any, sg: StochasticGame) -> StochasticOver:
    """``over`` as the user writes it, checked against the game."""
    kind, *rest = over if isinstance(over, tuple | list) and over else (over,)
    known = ["discount", "breakdown", *sg.parameters, "('discount', player)", "('payoff', state, player, profile)"]
    if not isinstance(kind, str) or kind not in ("discount", "breakdown", "payoff", *sg.parameters):
        raise LabelError("over", over, known)
    if kind == "discount" and len(rest) == 1:
        return StochasticOver(kind, HALF_OPEN, player=_any_game(sg).player_index(rest[0]))
    if kind == "payoff":
        if len(rest) != 3:
            raise ParameterError("over", over, "('payoff', state, player, profile)")
        state = sg.state_index(rest[0])
        game = sg.games[sg.states[state]]
        return StochasticOver(kind, LINE, game.player_index(rest[1]), state, game.pure_profile(rest[2]))
    if rest:
        raise ParameterError("over", over, f"{kind!r} alone")
    if kind in sg.parameters:
        return StochasticOver(kind, _range_of(sg, kind))
    return StochasticOver(kind, HALF_OPEN if kind == "discount" else UNIT_INTERVAL)


def with_stochastic_parameter(sg: StochasticGame, over: StochasticOver, x: Fraction) -> StochasticGame:
    """The stochastic game with the parameter set to ``x``."""
    if over.kind == "discount":
        return sg.replace(discount=[x if over.player in (None, i) else d for i, d in enumerate(sg.discount)])
    if over.kind == "breakdown":
        return sg.replace(breakdown=x)
    if over.kind != "payoff":
        return sg.replace(parameters={over.kind: x})
    assert over.state is not None
    assert over.player is not None
    assert over.profile is not None
    state = sg.states[over.state]
    game = sg.games[state]
    payoffs = game.exact_payoffs.copy()
    payoffs[(over.player, *over.profile)] = x
    changed = Game(payoffs, players=game.players, actions=game.actions, name=game.name)  # type: ignore[arg-type]
    return sg.replace(games={**sg.games, state: changed})


class StochasticEnvironment:
    """Every number of a stochastic game as a polynomial in the parameter (constants, if nothing varies)."""

    def __init__(self, sg: StochasticGame, over: StochasticOver | None = None) -> None:
        self.sg = sg
        self.over = over
        self.domain = over.domain if over else UNIT_INTERVAL
        self._kind = over.kind if over else None
        survival = ONE - X if self._kind == "breakdown" else constant(1 - sg.breakdown)
        self.beta: tuple[Poly, ...] = tuple(
            (X if over and self._kind == "discount" and over.player in (None, i) else constant(d)) * survival
            for i, d in enumerate(sg.discount)
        )

    def payoff(self, state: int, player: int, profile: tuple[int, ...]) -> Poly:
        """A stage payoff at a pure profile."""
        over = self.over
        if over and over.kind == "payoff" and (over.state, over.player, over.profile) == (state, player, profile):
            return X
        return constant(self.sg.games[self.sg.states[state]].exact_payoffs[(player, *profile)])

    def chances(self, state: int, profile: tuple[int, ...]) -> dict[int, Poly]:
        """The chance of every next state."""
        return {t: self._chance(chance) for t, chance in self.sg.chances(state, profile).items()}

    def _chance(self, chance: Chance) -> Poly:
        slope, level = split(self.sg, chance, self._kind)
        return polynomial([level, slope])


def split(sg: StochasticGame, chance: Chance, name: str | None) -> tuple[Fraction, Fraction]:
    """A chance as slope and constant in one named parameter, the others at their values."""
    slope = chance.get(name, Fraction(0)) if name else Fraction(0)
    level = sum((c * (sg.parameters[k] if k else 1) for k, c in chance.items() if not k or k != name), Fraction(0))
    return slope, level


def stochastic_problem(
    env: StochasticEnvironment,
    bound: BoundStochasticAgreement,
    player: int,
    tick: Callable[[], None] | None = None,
) -> DecisionProblem:
    """The problem of ``player`` when all others keep the agreement: its states are the agreement's nodes."""
    choices = []
    for node, s in enumerate(bound.world):
        if tick is not None:
            tick()
        game = env.sg.games[env.sg.states[s]]
        row = []
        for action in range(game.shape[player]):
            kept = bound.play[node]
            profile = (*kept[:player], action, *kept[player + 1 :])
            after = bound.next[node][profile]
            ahead = {after[t]: p for t, p in env.chances(s, profile).items()}
            row.append(Choice(env.payoff(s, player, profile), ahead))
        choices.append(tuple(row))
    return DecisionProblem(tuple(choices), env.beta[player], env.domain, tick=tick)


def prescribed_actions(bound: BoundStochasticAgreement, player: int) -> Policy:
    """The policy of keeping the agreement."""
    return tuple(profile[player] for profile in bound.play)


def _range_of(sg: StochasticGame, name: str) -> Interval:
    """The values of a transition parameter at which every chance that depends on it is a probability."""
    lo, hi = Fraction(0), Fraction(1)
    rows = (
        sg.chances(s, profile)
        for s, state in enumerate(sg.states)
        for profile in product(*map(range, sg.games[state].shape))
    )
    for row in rows:
        for chance in row.values():
            slope, level = split(sg, chance, name)
            # Rows add up to one at every value, so chances that are not negative are probabilities.
            if slope > 0:
                lo = max(lo, -level / slope)
            elif slope < 0:
                hi = min(hi, -level / slope)
    return Interval(lo, hi)


def _any_game(sg: StochasticGame) -> Game:
    return sg.games[sg.states[0]]
