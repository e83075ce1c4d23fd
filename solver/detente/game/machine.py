"""One player's strategy as a finite automaton: what to play in a state, and where a partner's act leads.

Rubinstein (1986), *Journal of Economic Theory* 39; Osborne and Rubinstein (1994), chapter 9. In a game of more than
two players a partner's "action" is the tuple of the others' actions in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from detente.errors import AgreementError, LabelError
from detente.game.game import Game
from detente.game.immutable import Immutable
from detente.game.labels import is_action, is_among
from detente.game.prescription import freeze


class Machine(Immutable):
    """A strategy automaton; immutable.

    Parameters
    ----------
    play
        The action (label or index) in each state, or a lottery over actions (see :mod:`detente.game.prescription`).
    move
        For each state, the next state after each action of the partner; the key ``...`` stands for all others.
    start
        The first state; by default the first one in ``play``.

    Examples
    --------
    >>> Machine({"nice": "Relax", "angry": "Restrict"},
    ...         {"nice": {"Relax": "nice", ...: "angry"}, "angry": {"Relax": "nice", ...: "angry"}})
    <Machine: 2 states, starts in 'nice'>
    """

    play: Mapping[str, Any]
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
        acts = {state: freeze(action, f"play[{state!r}]") for state, action in play.items()}
        for state, action in acts.items():
            if not is_action(action) and not hasattr(action, "__iter__"):
                raise AgreementError(f"play[{state!r}]", action, "an action (its label or its index), or a lottery")
        vars(self).update(automaton(acts, move, start, name))

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.play)

    def __eq__(self, other: object) -> bool:
        """Same states, acts, moves and start; names do not count."""
        if not isinstance(other, Machine):
            return NotImplemented
        return (self.play, self.move, self.start) == (other.play, other.move, other.start)

    def __hash__(self) -> int:
        return hash((self.states, self.start))

    def __reduce__(self) -> Any:
        return Machine, (dict(self.play), {s: dict(moves) for s, moves in self.move.items()}, self.start, self.name)

    def __repr__(self) -> str:
        title = f" {self.name!r}" if self.name else ""
        count = f"{len(self.play)} state{'s' if len(self.play) > 1 else ''}"
        return f"<Machine{title}: {count}, starts in {self.start!r}>"


def check_states(play: Any, move: Any, start: Any) -> None:
    """Refuse automata without states, and moves from, to or starting at states that ``play`` does not have."""
    if not isinstance(play, Mapping) or not play:
        raise AgreementError("play", play, "a non-empty mapping from states to what is played there")
    if not isinstance(move, Mapping):
        raise AgreementError("move", move, "a mapping from states to their moves")
    if start is not None and not is_among(start, play):
        raise LabelError("start", start, play)
    for state in play:
        if state not in move:
            raise AgreementError("move", sorted(map(str, move)), f"moves for every state; {state!r} has none")
    for state, moves in move.items():
        if state not in play:
            raise LabelError("state in move", state, play)
        if not isinstance(moves, Mapping) or not moves:
            raise AgreementError(f"move[{state!r}]", moves, "a mapping from acts or signals to states")
        for target in moves.values():
            if not is_among(target, play):
                raise LabelError(f"target in move[{state!r}]", target, play)


def automaton(play: Mapping[str, Any], move: Mapping[str, Any], start: str | None, name: Any) -> dict[str, Any]:
    """The attributes of any automaton: read-only tables, the first state unless told otherwise, and a name."""
    return {
        "play": MappingProxyType(dict(play)),
        "move": MappingProxyType({state: MappingProxyType(dict(moves)) for state, moves in move.items()}),
        "start": next(iter(play)) if start is None else start,
        "name": str(name),
    }


def resolve_moves(
    moves: Mapping[Any, str], outcomes: Sequence[tuple[int, ...]], index: Callable[[int, Any], int], argument: str
) -> dict[tuple[int, ...], str]:
    """The next state after each outcome (a tuple of action indices).

    Keys are tuples of actions, with ``...`` at a position for any action there, or ``...`` alone for anything else.
    The key with the fewest ``...`` that fits decides; two equally specific ones must agree.
    """
    patterns: list[tuple[int, tuple[int | None, ...] | None, str]] = []
    for key, target in moves.items():
        if key is ...:
            patterns.append((len(outcomes[0]) + 1, None, target))
            continue
        entries = key if isinstance(key, tuple | list) else (key,)
        if len(entries) != len(outcomes[0]):
            raise AgreementError(argument, key, f"keys of {len(outcomes[0])} actions, or ...")
        resolved = tuple(None if e is ... else index(k, e) for k, e in enumerate(entries))
        patterns.append((resolved.count(None), resolved, target))
    table: dict[tuple[int, ...], str] = {}
    for outcome in outcomes:
        fitting = [(wild, target) for wild, pattern, target in patterns if _fits(pattern, outcome)]
        if not fitting:
            raise AgreementError(argument, outcome, "a next state for every outcome, or a default '...'")
        least = min(wild for wild, _ in fitting)
        targets = {target for wild, target in fitting if wild == least}
        if len(targets) > 1:
            raise AgreementError(argument, outcome, f"one next state; equally specific keys give {sorted(targets)}")
        table[outcome] = targets.pop()
    return table


def _fits(pattern: tuple[int | None, ...] | None, outcome: tuple[int, ...]) -> bool:
    return pattern is None or all(p is None or p == o for p, o in zip(pattern, outcome, strict=True))


@dataclass(frozen=True)
class BoundMachine:
    """A machine on a two-player game, by index: ``play[s]``, and ``move[s][partner's action]``; it starts in 0."""

    states: tuple[str, ...]
    play: tuple[int, ...]
    move: tuple[tuple[int, ...], ...]


def bind_machine(machine: Machine, game: Game, player: int) -> BoundMachine:
    """The machine of ``player`` on a two-player game, with the states that can be reached from its start."""
    if not isinstance(machine, Machine):
        raise AgreementError("machine", machine, "a Machine")
    partner = 1 - player
    outcomes = [(a,) for a in range(game.shape[partner])]

    def index(position: int, action: Any) -> int:
        del position
        return game.action_index(partner, action)

    order = [machine.start]
    tables = []
    for state in order:  # grows as states are reached
        table = resolve_moves(machine.move[state], outcomes, index, f"move[{state!r}]")
        tables.append(table)
        order += [t for t in dict.fromkeys(table.values()) if t not in order]
    position = {state: k for k, state in enumerate(order)}
    return BoundMachine(
        tuple(order),
        tuple(game.action_index(player, machine.play[state]) for state in order),
        tuple(tuple(position[table[o]] for o in outcomes) for table in tables),
    )
