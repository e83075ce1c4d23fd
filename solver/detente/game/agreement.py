"""Agreements: finite public automata that say who plays what, and what follows each outcome.

In each state an agreement prescribes an action profile; the public outcome of the period (the acts carried out, or a
signal) moves it to the next state. Grim trigger, limited punishment, a truce with an expiry and any scheme of the
user's own are the same kind of object. Mailath and Samuelson (2006), *Repeated Games and Reputations*, section 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

from detente.errors import AgreementError, LabelError, ProfileError
from detente.game.display import outcome_text, table_html
from detente.game.game import Game
from detente.game.machine import check_states, resolve_moves
from detente.game.monitoring import Monitoring, PublicSignals

MAX_OUTCOMES = 1_000_000
# Exact elimination over polynomials takes seconds at this size, and grows with its cube.
MAX_STATES = 256


class Agreement:
    """A public automaton; immutable, and not tied to one game until it is used on one.

    Parameters
    ----------
    play
        The prescribed action profile (labels or indices) in each state.
    move
        For each state, the next state after each outcome: an action profile, or a signal's label. ``...`` in a
        profile stands for any action of that player, ``...`` alone for every outcome not named.
    start
        The first state; by default the first one in ``play``.

    Raises
    ------
    AgreementError, LabelError
        For states without moves and moves to or from unknown states; on use in a game, for acts that the game does
        not have and outcomes without a next state.

    Examples
    --------
    >>> Agreement(
    ...     play={"relaxed": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")},
    ...     move={"relaxed": {("Relax", "Relax"): "relaxed", ...: "dispute"}, "dispute": {...: "dispute"}},
    ...     name="grim trigger",
    ... )
    <Agreement 'grim trigger': states relaxed, dispute; starts in 'relaxed'>
    """

    def __init__(
        self,
        play: Mapping[str, Any],
        move: Mapping[str, Mapping[Any, str]],
        start: str | None = None,
        name: str = "",
    ) -> None:
        check_states(play, move, start)
        self.play: Mapping[str, tuple[Any, ...]] = MappingProxyType({s: _profile(s, p) for s, p in play.items()})
        self.move: Mapping[str, Mapping[Any, str]] = MappingProxyType(
            {s: MappingProxyType(dict(moves)) for s, moves in move.items()}
        )
        self.start: str = next(iter(play)) if start is None else start
        self.name = str(name)

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.play)

    def renamed(self, name: str) -> Agreement:
        """The same agreement under another name."""
        return Agreement(self.play, self.move, self.start, name)

    def bind(self, game: Game, monitoring: Monitoring) -> BoundAgreement:
        """The agreement on a game: its states reachable from the start under any acts or signals, by index."""
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
            play=tuple(self._prescribed(state, game) for state in order),
            move=tuple({outcome: position[t] for outcome, t in table.items()} for table in tables),
        )

    def _prescribed(self, state: str, game: Game) -> tuple[int, ...]:
        try:
            return game.pure_profile(self.play[state])
        except ProfileError as error:
            expected = f"{game.n_players} actions, one a player"
            raise AgreementError(f"play[{state!r}]", self.play[state], expected) from error

    def __eq__(self, other: object) -> bool:
        """Same states, prescriptions, moves and start; names do not count."""
        if not isinstance(other, Agreement):
            return NotImplemented
        return (dict(self.play), self.move, self.start) == (dict(other.play), other.move, other.start)

    def __hash__(self) -> int:
        return hash((tuple(self.play.items()), self.start))

    def __repr__(self) -> str:
        title = f" {self.name!r}" if self.name else ""
        return f"<Agreement{title}: states {', '.join(map(str, self.states))}; starts in {self.start!r}>"

    def _repr_html_(self) -> str:
        rows = []
        for state, profile in self.play.items():
            moves = "; ".join(f"{outcome_text(key)} → {target}" for key, target in self.move[state].items())
            mark = " (start)" if state == self.start else ""
            rows.append((state + mark, [", ".join(map(str, profile)), moves]))
        return table_html(self.name or "agreement", ["state", "play", "then"], rows)


@dataclass(frozen=True)
class BoundAgreement:
    """An agreement on a game, by index; state 0 is the start and every state is reachable from it.

    ``play[s]`` is the prescribed profile in state ``s``; ``move[s][outcome]`` the next state after an outcome, which
    is the tuple of actions carried out, or the one-element tuple of a signal's number.
    """

    states: tuple[str, ...]
    play: tuple[tuple[int, ...], ...]
    move: tuple[dict[tuple[int, ...], int], ...]


def _profile(state: str, profile: Any) -> tuple[Any, ...]:
    if isinstance(profile, str) or not hasattr(profile, "__iter__"):
        raise AgreementError(f"play[{state!r}]", profile, "a tuple of actions, one a player")
    return tuple(profile)


def _action_index(game: Game, player: int, action: Any) -> int:
    return game.action_index(player, action)


def _signal_index(labels: tuple[str, ...], position: int, label: Any) -> int:
    del position
    if label not in labels:
        raise LabelError("signal", label, labels)
    return labels.index(label)
