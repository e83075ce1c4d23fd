"""Agreements on stochastic games: public automata whose prescriptions also depend on the state of the world.

The automaton remembers (a breach, how long a truce has run); the world is what it is. What is to be done depends on
both, and the automaton moves on the state of the world and the acts seen in it. Moving on the *next* state of the world
as well would add nothing: prescriptions and the following move see that state anyway. An agreement with a single
automaton state is a *Markov* profile. Mailath and Samuelson (2006), section 5.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

from detente.errors import AgreementError, LabelError, ProfileError
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.immutable import Immutable
from detente.game.machine import automaton, check_states, resolve_moves
from detente.game.stochastic import StochasticGame

MAX_NODES = 256
Profile = tuple[int, ...]


class StochasticAgreement(Immutable):
    """A public automaton for a stochastic game; immutable.

    Parameters
    ----------
    play
        For each automaton state, the profile to be played in each state of the world; ``...`` stands for all states
        not named. A single profile is played in all of them.
    move
        For each automaton state, the next one after each outcome. An outcome is a pair ``(state of the world,
        profile)``; ``...`` stands for any state, any profile, or any action within a profile, and ``...`` alone for
        every outcome not named. A state of the world alone stands for every profile in it.
    start
        The first automaton state; by default the first one in ``play``.

    Examples
    --------
    >>> StochasticAgreement(
    ...     play={"kept": {"truce": ("Relax", "Relax"), ...: ("Restrict", "Restrict")},
    ...           "broken": ("Restrict", "Restrict")},
    ...     move={"kept": {("truce", ("Relax", "Relax")): "kept", "truce": "broken", ...: "kept"},
    ...           "broken": {...: "broken"}},
    ... )
    <StochasticAgreement: states kept, broken; starts in 'kept'>
    """

    play: Mapping[str, Mapping[Any, tuple[Any, ...]]]
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
        prescribed = {w: MappingProxyType(_prescriptions(w, given)) for w, given in play.items()}
        vars(self).update(automaton(prescribed, move, start, name))

    @classmethod
    def markov(cls, play: Mapping[Any, Any], name: str = "") -> StochasticAgreement:
        """The agreement without memory: a profile for every state of the world.

        >>> StochasticAgreement.markov({"truce": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")}).states
        ('always',)
        """
        return cls({"always": dict(play)}, {"always": {...: "always"}}, name=name)

    @classmethod
    def of(cls, agreement: Any) -> StochasticAgreement:
        """``agreement`` as one on a stochastic game.

        A mapping from states of the world to profiles is a Markov profile; an ordinary
        :class:`~detente.game.agreement.Agreement` plays and moves alike in every state of the world.
        """
        if isinstance(agreement, StochasticAgreement):
            return agreement
        if isinstance(agreement, Mapping):
            return cls.markov(agreement)
        if isinstance(agreement, Agreement):
            move = {
                w: {key if key is ... else (..., key): target for key, target in moves.items()}
                for w, moves in agreement.move.items()
            }
            return cls(agreement.play, move, agreement.start, agreement.name)
        expected = "a StochasticAgreement, an Agreement, or a mapping from states to profiles"
        raise AgreementError("agreement", agreement, expected)

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.play)

    def renamed(self, name: str) -> StochasticAgreement:
        """The same agreement under another name."""
        return StochasticAgreement(self.play, self.move, self.start, name)

    def bind(self, sg: StochasticGame) -> BoundStochasticAgreement:
        """The agreement on a game: every pair of automaton state and state of the world that acts can reach."""
        first = range(len(sg.states)) if sg.start is None else [sg.states.index(sg.start)]
        order = [(self.start, s) for s in first]
        seen = set(order)
        play: list[Profile] = []
        move: list[dict[Profile, str]] = []
        for w, s in order:  # grows as pairs are reached
            game = sg.games[sg.states[s]]
            play.append(self._prescribed(w, sg.states[s], game))
            table = self._moves(w, s, sg, game)
            move.append(table)
            for profile, target in table.items():
                for after in sg.chances(s, profile):
                    if (target, after) not in seen:
                        seen.add((target, after))
                        order.append((target, after))
            if len(order) > MAX_NODES:
                raise AgreementError("agreement", f"more than {MAX_NODES} reachable states", f"at most {MAX_NODES}")
        position = {pair: k for k, pair in enumerate(order)}
        return BoundStochasticAgreement(
            names=tuple(self._name(w, s, sg) for w, s in order),
            world=tuple(s for _, s in order),
            play=tuple(play),
            next=tuple(
                {p: {after: position[target, after] for after in sg.chances(s, p)} for p, target in table.items()}
                for (_, s), table in zip(order, move, strict=True)
            ),
            starts=tuple(range(len(first))),
        )

    def _name(self, w: str, s: int, sg: StochasticGame) -> str:
        if len(self.play) == 1:
            return sg.states[s]
        return w if len(sg.states) == 1 else f"{w} | {sg.states[s]}"

    def _prescribed(self, w: str, state: str, game: Game) -> Profile:
        rules = self.play[w]
        profile = rules.get(state, rules.get(...))
        argument = f"play[{w!r}][{state!r}]"
        if profile is None:
            raise AgreementError(argument, sorted(map(str, rules)), "a profile for every state, or a default '...'")
        try:
            return game.pure_profile(profile)
        except ProfileError as error:
            raise AgreementError(argument, profile, f"{game.n_players} actions, one a player") from error

    def _moves(self, w: str, s: int, sg: StochasticGame, game: Game) -> dict[Profile, str]:
        """The next automaton state after every profile in one state of the world: keys that name the state go first."""
        state, argument = sg.states[s], f"move[{w!r}]"
        named: dict[Any, str] = {}
        general: dict[Any, str] = {}
        for key, target in self.move[w].items():
            where, profile = _outcome(key, sg, argument)
            if where == state:
                named[profile] = target
            elif where is ...:
                general[profile] = target
        profiles = list(product(*map(range, game.shape)))
        covered: dict[Profile, str] = {}
        if named:
            # A default of its own marks the profiles that no key for this state covers.
            table = resolve_moves({**{...: ""}, **named}, profiles, game.action_index, argument)
            covered = {p: target for p, target in table.items() if target}
        rest = [p for p in profiles if p not in covered]
        if rest:
            if not general:
                raise AgreementError(argument, (state, rest[0]), "a next state for every outcome, or a default '...'")
            covered |= resolve_moves(general, rest, game.action_index, argument)
        return covered

    def __eq__(self, other: object) -> bool:
        """Same states, prescriptions, moves and start; names do not count."""
        if not isinstance(other, StochasticAgreement):
            return NotImplemented
        return (self.play, self.move, self.start) == (other.play, other.move, other.start)

    def __hash__(self) -> int:
        return hash((self.states, self.start))

    def __reduce__(self) -> Any:
        play, move = ({w: dict(table) for w, table in tables.items()} for tables in (self.play, self.move))
        return StochasticAgreement, (play, move, self.start, self.name)

    def __repr__(self) -> str:
        title = f" {self.name!r}" if self.name else ""
        return f"<StochasticAgreement{title}: states {', '.join(map(str, self.states))}; starts in {self.start!r}>"


@dataclass(frozen=True)
class BoundStochasticAgreement:
    """An agreement on a stochastic game, by index.

    A node is a pair of automaton state and state of the world: ``world[k]`` is the latter, ``play[k]`` the prescribed
    profile, and ``next[k][profile][s]`` the node that follows if the world moves to state ``s``. Play may begin in
    any of ``starts``.
    """

    names: tuple[str, ...]
    world: tuple[int, ...]
    play: tuple[Profile, ...]
    next: tuple[dict[Profile, dict[int, int]], ...]
    starts: tuple[int, ...]


def _prescriptions(w: str, given: Any) -> dict[Any, tuple[Any, ...]]:
    if not isinstance(given, Mapping):
        given = {...: given}
    for state, profile in given.items():
        if isinstance(profile, str) or not hasattr(profile, "__iter__"):
            raise AgreementError(f"play[{w!r}][{state!r}]", profile, "a tuple of actions, one a player")
    return {state: tuple(profile) for state, profile in given.items()}


def _outcome(key: Any, sg: StochasticGame, argument: str) -> tuple[Any, Any]:
    """A key of ``move`` as a pair (state of the world or ``...``, profile pattern)."""
    if key is ...:
        return ..., ...
    where, profile = key if isinstance(key, tuple) and len(key) == 2 else (key, ...)
    if where is not ... and (not isinstance(where, str) or where not in sg.games):
        raise LabelError(f"state of the world in {argument}", where, sg.states)
    return where, profile
