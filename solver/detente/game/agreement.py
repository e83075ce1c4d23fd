"""Agreements: finite public automata that say who plays what, and what follows each outcome.

In each state an agreement prescribes an action profile, pure or mixed; the public outcome of the period (the acts
carried out, or a signal) moves it to the next state. Grim trigger, limited punishment, a truce with an expiry and any
scheme of the user's own are the same kind of object. Mailath and Samuelson (2006), *Repeated Games and Reputations*,
section 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any

from detente.errors import AgreementError, LabelError, UnsupportedError
from detente.game.display import outcome_text, table_html
from detente.game.game import Game, as_game
from detente.game.immutable import Immutable
from detente.game.labels import is_among
from detente.game.machine import automaton, check_states, resolve_moves
from detente.game.monitoring import Monitoring, PublicSignals, as_monitoring
from detente.game.prescription import Lottery, freeze, is_certain, lottery, prescription_text

MAX_OUTCOMES = 1_000_000
# Exact elimination over polynomials takes seconds at this size, and grows with its cube.
MAX_STATES = 256


class Agreement(Immutable):
    """A public automaton; immutable, and not tied to one game until it is used on one.

    Parameters
    ----------
    play
        What is prescribed in each state: a profile with, for each player, an action (label or index), a vector of
        probabilities over the player's actions, or a mapping from actions to probabilities: ``"p/q"`` strings,
        Fractions and decimals that add up to exactly 1, or floats that do to within 1e-12. See
        :mod:`detente.game.prescription`.
    move
        For each state, the next state after each outcome: an action profile, or a signal's label. ``...`` in a
        profile stands for any action of that player, ``...`` alone for every outcome not named.
    start
        The first state; by default the first one in ``play``.

    Raises
    ------
    AgreementError, LabelError
        For states without moves, moves to or from unknown states and malformed probabilities; on use in a game, for
        acts that the game does not have and outcomes without a next state.

    Examples
    --------
    >>> Agreement(
    ...     play={"relaxed": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")},
    ...     move={"relaxed": {("Relax", "Relax"): "relaxed", ...: "dispute"}, "dispute": {...: "dispute"}},
    ...     name="grim trigger",
    ... )
    <Agreement 'grim trigger': states relaxed, dispute; starts in 'relaxed'>
    """

    play: Mapping[str, tuple[Any, ...]]
    move: Mapping[str, Mapping[Any, str]]
    start: str
    name: str

    def __init__(
        self,
        play: Mapping[str, Any],
        move: Mapping[str, Mapping[Any, str]],
        start: str | None = None,
        name: str = "",
    ) -> None:
        check_states(play, move, start)
        vars(self).update(automaton({s: _profile(s, p) for s, p in play.items()}, move, start, name))

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.play)

    @property
    def is_pure(self) -> bool:
        """Whether every state prescribes certain actions."""
        return all(is_certain(entry) for profile in self.play.values() for entry in profile)

    def renamed(self, name: str) -> Agreement:
        """The same agreement under another name."""
        return Agreement(self.play, self.move, self.start, name)

    def bind(self, game: Game, monitoring: Monitoring) -> BoundAgreement:
        """The agreement on a game: its states reachable from the start under any acts or signals, by index."""
        game, monitoring = as_game(game), as_monitoring(monitoring)
        if isinstance(monitoring, PublicSignals):
            labels = monitoring.labels
            outcomes: list[tuple[int, ...]] = [(k,) for k in range(len(labels))]
            index = partial(_signal_index, labels)
        else:
            if game.payoffs[0].size > MAX_OUTCOMES:
                raise AgreementError("game", f"{game.payoffs[0].size} profiles", f"at most {MAX_OUTCOMES}")
            outcomes = list(product(*map(range, game.shape)))
            index = partial(_action_index, game)
        order = [self.start]
        tables: list[dict[tuple[int, ...], str]] = []
        for state in order:  # grows as states are reached
            table = resolve_moves(self.move[state], outcomes, index, f"move[{state!r}]")
            tables.append(table)
            order += [t for t in dict.fromkeys(table.values()) if t not in order]
            if len(order) > MAX_STATES:
                raise AgreementError("play", f"more than {MAX_STATES} reachable states", f"at most {MAX_STATES}")
        position = {state: k for k, state in enumerate(order)}
        return BoundAgreement(
            states=tuple(order),
            strategies=tuple(self._prescribed(state, game) for state in order),
            move=tuple({outcome: position[t] for outcome, t in table.items()} for table in tables),
        )

    def _prescribed(self, state: str, game: Game) -> tuple[Lottery, ...]:
        argument, profile = f"play[{state!r}]", self.play[state]
        if len(profile) != game.n_players:
            raise AgreementError(argument, profile, f"{game.n_players} actions, one a player")
        return tuple(lottery(game, i, entry, argument) for i, entry in enumerate(profile))

    def __eq__(self, other: object) -> bool:
        """Same states, prescriptions, moves and start; names do not count."""
        if not isinstance(other, Agreement):
            return NotImplemented
        return (dict(self.play), self.move, self.start) == (dict(other.play), other.move, other.start)

    def __hash__(self) -> int:
        return hash((frozenset(self.play.items()), self.start))

    def __reduce__(self) -> Any:
        moves = {state: dict(moves) for state, moves in self.move.items()}
        return Agreement, (dict(self.play), moves, self.start, self.name)

    def __repr__(self) -> str:
        title = f" {self.name!r}" if self.name else ""
        return f"<Agreement{title}: states {', '.join(map(str, self.states))}; starts in {self.start!r}>"

    def _repr_html_(self) -> str:
        rows = []
        for state, profile in self.play.items():
            moves = "; ".join(f"{outcome_text(key)} → {target}" for key, target in self.move[state].items())
            mark = " (start)" if state == self.start else ""
            rows.append((state + mark, [", ".join(map(prescription_text, profile)), moves]))
        return table_html(self.name or "agreement", ["state", "play", "then"], rows)


def as_agreement(value: Any, argument: str = "ag") -> Agreement:
    """``value`` itself if it is an agreement; a typed error otherwise."""
    if isinstance(value, Agreement):
        return value
    raise AgreementError(argument, value, "a detente Agreement")


@dataclass(frozen=True)
class BoundAgreement:
    """An agreement on a game, by index; state 0 is the start and every state is reachable from it.

    ``strategies[s][i]`` maps the actions that player ``i`` is to play in state ``s`` to their probabilities;
    ``move[s][outcome]`` is the next state after an outcome, which is the tuple of actions carried out, or the
    one-element tuple of a signal's number.
    """

    states: tuple[str, ...]
    strategies: tuple[tuple[Lottery, ...], ...]
    move: tuple[dict[tuple[int, ...], int], ...]

    @property
    def is_pure(self) -> bool:
        """Whether every state prescribes one certain action to every player."""
        return all(len(chances) == 1 for profile in self.strategies for chances in profile)

    @cached_property
    def play(self) -> tuple[tuple[int, ...], ...]:
        """``play[s]``: the prescribed profile in state ``s``, if all are pure; an ``UnsupportedError`` otherwise."""
        if not self.is_pure:
            raise UnsupportedError("agreement", "a mixed prescription", "certain actions in every state")
        return tuple(tuple(next(iter(chances)) for chances in profile) for profile in self.strategies)


def _profile(state: str, profile: Any) -> tuple[Any, ...]:
    if isinstance(profile, str | Mapping) or not hasattr(profile, "__iter__"):
        raise AgreementError(f"play[{state!r}]", profile, "a tuple of actions, one a player")
    return tuple(freeze(entry, f"play[{state!r}]") for entry in profile)


def _action_index(game: Game, player: int, action: Any) -> int:
    return game.action_index(player, action)


def _signal_index(labels: tuple[str, ...], position: int, label: Any) -> int:
    del position
    if not is_among(label, labels):
        raise LabelError("signal", label, labels)
    return labels.index(label)
