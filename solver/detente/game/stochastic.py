"""Stochastic games: a few physical states, each with a stage game of its own, and acts that move the state.

A truce that can lapse, a dispute that can be settled, leverage that erodes as the other side diversifies: what the
players can do and earn depends on a state of the world, and what they do changes the odds of the next one. States and
acts are seen by all. After every period the relationship may also end for good, as in a repeated game. Shapley (1953),
*PNAS* 39, 1095–1100; Mailath and Samuelson (2006), *Repeated Games and Reputations*, section 5.5.

A transition probability is a number, ``...`` for the rest of the distribution, or the *name of a parameter* whose value
``parameters`` gives. Probabilities are then affine in each named parameter, and the exact set of its values at which an
agreement holds can be asked for by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

from detente.errors import DetenteError, LabelError, ParameterError
from detente.exact.rational import to_distribution, to_fraction, to_probability
from detente.game.game import Game
from detente.game.immutable import Immutable
from detente.game.labels import Label, is_among
from detente.game.machine import resolve_moves
from detente.game.repeated import discount_factors

MAX_STATES = 256
MAX_PROFILES = 100_000

Chance = Mapping[
    str, Fraction
]  # an affine function of the named parameters: coefficient by name, the constant under ""
Row = Mapping[int, Chance]  # the chance of each state that can come next, by index


class StochasticGame(Immutable):
    """A stochastic game with finitely many states, discounted, seen by all; immutable.

    Parameters
    ----------
    games
        The stage game of every state, by the state's name; the same players in all, actions may differ.
    transitions
        For every state, what comes next: a state (for sure), a distribution ``{state: probability}``, or a mapping
        from action profiles to either. ``...`` in a profile stands for any action of that player, ``...`` alone for
        every profile not named. An array of shape ``(m_1, …, m_n, states)`` is taken as well.
        A probability is a number, ``...`` (what is left), or the name of a parameter. Floats that add up to 1 within
        1e-12 are divided by their total.
    discount
        One discount factor in [0, 1) for all players, or one per player.
    breakdown
        Probability in [0, 1] that the relationship ends for good after a period.
    start
        The first state. None: any state may be the first, and what is claimed of an agreement is claimed from each.
    parameters
        Values of the parameters that transitions name.

    Raises
    ------
    ParameterError
        For distributions that do not add up to 1, probabilities outside [0, 1], games of different players.
    LabelError, AgreementError
        For unknown states, parameters and actions, and for profiles without a next state.

    Examples
    --------
    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> sg = StochasticGame(
    ...     games={"truce": pd, "dispute": pd},
    ...     transitions={
    ...         "truce": {("Relax", "Relax"): {"dispute": "lapse", "truce": ...}, ...: "dispute"},
    ...         "dispute": {"truce": "1/5", "dispute": "4/5"},
    ...     },
    ...     discount="9/10", start="truce", parameters={"lapse": "1/10"},
    ... )
    >>> sg.distribution("truce", ("Relax", "Relax"))
    {'dispute': Fraction(1, 10), 'truce': Fraction(9, 10)}
    """

    games: Mapping[str, Game]
    states: tuple[str, ...]
    players: tuple[Label, ...]
    n_players: int
    discount: tuple[Fraction, ...]
    breakdown: Fraction
    start: str | None
    parameters: Mapping[str, Fraction]
    name: str
    transitions: Mapping[str, Any]
    _rows: tuple[dict[tuple[int, ...], Row], ...]

    def __init__(
        self,
        games: Mapping[str, Game],
        transitions: Mapping[str, Any],
        discount: Any,
        breakdown: Any = 0,
        start: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        name: str = "",
    ) -> None:
        stages = _stage_games(games)
        states = tuple(stages)
        first = stages[states[0]]
        if start is not None and not is_among(start, stages):
            raise LabelError("start", start, states)
        if not isinstance(transitions, Mapping):
            raise ParameterError("transitions", transitions, "a mapping from every state to what comes next")
        for state in transitions:
            if state not in stages:
                raise LabelError("state in transitions", state, states)
        for state in states:
            if state not in transitions:
                raise ParameterError("transitions", sorted(transitions), f"every state; {state!r} is missing")
        vars(self).update(
            games=MappingProxyType(stages),
            states=states,
            players=first.players,
            n_players=first.n_players,
            discount=discount_factors(discount, first.n_players),
            breakdown=to_probability(breakdown, "breakdown"),
            start=start,
            parameters=MappingProxyType(_parameters(parameters)),
            name=str(name),
            transitions=_frozen(transitions),
        )
        vars(self).update(_rows=tuple(self._read_state(state) for state in states))

    def state_index(self, state: Any) -> int:
        """The index of a state given by name or index."""
        if isinstance(state, int) and not isinstance(state, bool) and 0 <= state < len(self.states):
            return state
        if isinstance(state, str) and state in self.games:
            return self.states.index(state)
        raise LabelError("state", state, self.states)

    def chances(self, state: int, profile: tuple[int, ...]) -> Row:
        """The chance of every state that can come next, as affine functions of the named parameters, by index.

        A state whose chance happens to be zero at the present value of a parameter is included.
        """
        return self._rows[state][profile]

    def distribution(self, state: Any, profile: Any) -> dict[str, Fraction]:
        """The probabilities of the next state after a pure profile (labels or indices) at the parameters' values."""
        s = self.state_index(state)
        row = self._rows[s][self.games[self.states[s]].pure_profile(profile)]
        return {self.states[t]: self._value(chance) for t, chance in row.items()}

    @property
    def effective_discount(self) -> tuple[Fraction, ...]:
        """Each player's δ(1 − h)."""
        return tuple(d * (1 - self.breakdown) for d in self.discount)

    def replace(self, **changes: Any) -> StochasticGame:
        """The same game with some of its arguments changed; ``parameters`` are merged with the present ones."""
        names = ("games", "transitions", "discount", "breakdown", "start", "parameters", "name")
        unknown = set(changes) - set(names)
        if unknown:
            raise ParameterError("changes", sorted(unknown), f"some of {list(names)}")
        if isinstance(changes.get("parameters"), Mapping):
            changes["parameters"] = {**self.parameters, **changes["parameters"]}
        return StochasticGame(**{**{k: getattr(self, k) for k in names}, **changes})

    def __eq__(self, other: object) -> bool:
        """Same games, probabilities, patience, hazard, start and parameters; names do not count."""
        if not isinstance(other, StochasticGame):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.states, self.discount, self.breakdown, self.start))

    def _key(self) -> tuple[Any, ...]:
        return (dict(self.games), self._rows, self.discount, self.breakdown, self.start, dict(self.parameters))

    def __reduce__(self) -> Any:
        given = (dict(self.games), _thawed(self.transitions), self.discount, self.breakdown, self.start)
        return StochasticGame, (*given, dict(self.parameters), self.name)

    def __repr__(self) -> str:
        title = f" {self.name!r}" if self.name else ""
        common = len(set(self.discount)) == 1
        patience = self.discount[0] if common else "(" + ", ".join(map(str, self.discount)) + ")"
        where = f", starts in {self.start!r}" if self.start is not None else ""
        values = "".join(f", {k}={v}" for k, v in self.parameters.items())
        return f"<StochasticGame{title}: states {', '.join(self.states)}{where}; discount={patience}{values}>"

    # --- reading transitions --------------------------------------------------------------------------------------

    def _read_state(self, state: str) -> dict[tuple[int, ...], Row]:
        game = self.games[state]
        profiles = list(product(*map(range, game.shape)))
        given = self.transitions[state]
        argument = f"transitions[{state!r}]"
        if not isinstance(given, str | Mapping):
            flat = _array(given, (*game.shape, len(self.states)), argument)
            return {p: self._row(dict(zip(self.states, flat[p], strict=True)), argument) for p in profiles}
        if isinstance(given, str) or (given and all(isinstance(key, str) for key in given)):
            row = self._row(given, argument)
            return dict.fromkeys(profiles, row)
        if not given:
            raise ParameterError(argument, given, "a state, a distribution over states, or a mapping from profiles")
        keys = {str(k): key for k, key in enumerate(given)}
        numbered = {key: number for number, key in keys.items()}
        chosen = resolve_moves(numbered, profiles, game.action_index, argument)
        rows = {number: self._row(given[key], f"{argument}[{key!r}]") for number, key in keys.items()}
        return {profile: rows[number] for profile, number in chosen.items()}

    def _row(self, given: Any, argument: str) -> Row:
        if isinstance(given, str):
            given = {given: 1}
        if not isinstance(given, Mapping) or not given:
            raise ParameterError(argument, given, "a state, or a mapping from states to probabilities")
        found: dict[int, dict[str, Fraction]] = {}
        rest = None
        for state, chance in given.items():
            if not is_among(state, self.games):
                raise LabelError(f"next state in {argument}", state, self.states)
            target = self.states.index(state)
            if chance is ...:
                if rest is not None:
                    raise ParameterError(argument, given, "at most one '...', for what is left")
                rest = target
                found[target] = {"": Fraction(1)}  # in its place among the others; reduced below
            else:
                found[target] = self._chance(chance, f"{argument}[{state!r}]")
        if rest is None and all(list(chance) == [""] for chance in found.values()):
            chances = to_distribution(given.values(), argument)
            found = {target: {"": p} for target, p in zip(found, chances, strict=True)}
        if rest is not None:
            left = {"": Fraction(1)}
            for target, chance in found.items():
                if target != rest:
                    for key, c in chance.items():
                        left[key] = left.get(key, Fraction(0)) - c
            found[rest] = {key: c for key, c in left.items() if c}
        row = {target: chance for target, chance in found.items() if any(chance.values())}
        values = [self._value(chance) for chance in row.values()]
        if any(v < 0 or v > 1 for v in values):
            raise ParameterError(argument, [str(v) for v in values], "probabilities in [0, 1]")
        if sum(values) != 1:
            raise ParameterError(argument, [str(v) for v in values], "probabilities that add up to exactly 1")
        total: dict[str, Fraction] = {}
        for chance in row.values():
            for key, c in chance.items():
                total[key] = total.get(key, Fraction(0)) + c
        moving = sorted(key for key, c in total.items() if key and c)
        if moving:
            raise ParameterError(
                argument, moving, "probabilities that add up to 1 at every value; use '...' for the rest"
            )
        return row

    def _chance(self, given: Any, argument: str) -> dict[str, Fraction]:
        if isinstance(given, str) and given in self.parameters:
            return {given: Fraction(1)}
        try:
            return {"": to_probability(given, argument)}
        except DetenteError:
            if isinstance(given, str) and not any(c.isdigit() for c in given):
                raise LabelError(f"parameter in {argument}", given, self.parameters) from None
            raise

    def _value(self, chance: Chance) -> Fraction:
        return sum((c * (self.parameters[key] if key else 1) for key, c in chance.items()), Fraction(0))


def _stage_games(games: Any) -> dict[str, Game]:
    if not isinstance(games, Mapping) or not games:
        raise ParameterError("games", games, "a non-empty mapping from states to stage games")
    if len(games) > MAX_STATES:
        raise ParameterError("games", f"{len(games)} states", f"at most {MAX_STATES}")
    players = None
    for state, game in games.items():
        if not isinstance(state, str) or not state:
            raise ParameterError("games", state, "states named by non-empty strings")
        if not isinstance(game, Game):
            raise ParameterError(f"games[{state!r}]", game, "a detente Game")
        if int(np.prod(game.shape, dtype=object)) > MAX_PROFILES:
            raise ParameterError(f"games[{state!r}]", game, f"at most {MAX_PROFILES} profiles")
        if players is not None and game.players != players:
            raise ParameterError(f"games[{state!r}]", game.players, f"the players of the other states, {players}")
        players = game.players
    return dict(games)


def _parameters(parameters: Any) -> dict[str, Fraction]:
    if parameters is None:
        return {}
    if not isinstance(parameters, Mapping):
        raise ParameterError("parameters", parameters, "a mapping from names to values")
    reserved = ("discount", "breakdown", "payoff", "noise")
    for name in parameters:
        if not isinstance(name, str) or not name.isidentifier() or name in reserved:
            raise ParameterError("parameters", name, f"names that are identifiers and none of {list(reserved)}")
    return {name: to_fraction(value, f"parameters[{name!r}]") for name, value in parameters.items()}


def _frozen(given: Any) -> Any:
    """Transitions as the user writes them, out of reach of later changes."""
    if isinstance(given, Mapping):
        return MappingProxyType({key: _frozen(value) for key, value in given.items()})
    if isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.ndim):
        return tuple(map(_frozen, given))
    return given


def _thawed(given: Any) -> Any:
    """The same in dictionaries, which can be pickled."""
    return {key: _thawed(value) for key, value in given.items()} if isinstance(given, Mapping) else given


def _array(given: Any, shape: tuple[int, ...], argument: str) -> dict[tuple[int, ...], list[Any]]:
    """An array of transition probabilities as one list a profile."""
    expected = f"an array of shape {shape}: actions of every player, then states"

    def leaves(part: Any, depth: int) -> Iterator[Any]:
        ok = isinstance(part, Sequence | np.ndarray) and not isinstance(part, str) and len(part) == shape[depth]
        if not ok:
            raise ParameterError(argument, given, expected)
        for entry in part:
            if depth + 1 == len(shape):
                yield entry.item() if isinstance(entry, np.generic) else entry
            else:
                yield from leaves(entry, depth + 1)

    flat = list(leaves(given, 0))
    width = shape[-1]
    return {p: flat[k * width : (k + 1) * width] for k, p in enumerate(product(*map(range, shape[:-1])))}
