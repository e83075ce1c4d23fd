"""The agreements that the literature names, as public automata.

All take the game first, then the profile to be sustained (``path``) and the profile that follows a breach
(``punishment``). By default these are everyone's first and everyone's last action: mutual relaxation and mutual
restriction. Players watch the acts carried out; a state moves on what was done, whoever did it.

Profiles may be mixed (see :mod:`detente.game.prescription`). Where a lottery is prescribed no act in its support is a
departure: only acts are seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from detente.errors import AgreementError, ParameterError, ProfileError, UnsupportedError
from detente.game.agreement import MAX_STATES, Agreement
from detente.game.game import Game, as_game
from detente.game.machine import Machine
from detente.game.prescription import freeze, lottery

Profile = Sequence[Any]


def grim_trigger(game: Game, path: Profile | None = None, punishment: Profile | None = None) -> Agreement:
    """Play ``path``; after any departure from it, ``punishment`` for ever (Friedman 1971).

    >>> from detente.game.game import Game
    >>> grim_trigger(Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])).play["path"]
    ('Relax', 'Relax')
    """
    good, bad = _path(game, path), _punishment(game, punishment)
    return Agreement(
        {"path": good, "punishment": bad},
        {"path": {**_kept(game, good, "path"), ...: "punishment"}, "punishment": {...: "punishment"}},
        name="grim trigger",
    )


def limited_punishment(
    game: Game, length: int, path: Profile | None = None, punishment: Profile | None = None
) -> Agreement:
    """Play ``path``; after any departure, ``length`` periods of ``punishment`` whatever is done, then return."""
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length < MAX_STATES:
        raise ParameterError("length", length, f"a whole number of periods from 1 to {MAX_STATES - 1}")
    good, bad = _path(game, path), _punishment(game, punishment)
    names = [f"punishment {k}" for k in range(1, length + 1)]
    play = {"path": good, **dict.fromkeys(names, bad)}
    move: dict[str, dict[Any, str]] = {"path": {**_kept(game, good, "path"), ...: names[0]}}
    for state, after in zip(names, [*names[1:], "path"], strict=True):
        move[state] = {...: after}
    return Agreement(play, move, name=f"{length}-period punishment")


def carrot_and_stick(game: Game, path: Profile | None = None, stick: Profile | None = None) -> Agreement:
    """Play ``path``; after any departure one period of ``stick``, repeated until it is served (Abreu 1986)."""
    good, bad = _path(game, path), _punishment(game, stick)
    return Agreement(
        {"path": good, "stick": bad},
        {
            "path": {**_kept(game, good, "path"), ...: "stick"},
            "stick": {**_kept(game, bad, "path"), ...: "stick"},
        },
        name="carrot and stick",
    )


def nash_reversion(game: Game, path: Profile | None = None, equilibrium: Profile | None = None) -> Agreement:
    """Play ``path``; after any departure a stage-game Nash equilibrium for ever (Friedman 1971).

    Without ``equilibrium``, the pure equilibrium whose largest gain over ``path`` to any player is least is used; in a
    2×2 game without a pure one, its mixed equilibrium. Raises :class:`~detente.errors.AgreementError` if the profile
    is no equilibrium, or the game has no pure one: then name one of :func:`detente.nash_equilibria`.

    >>> from detente.game.game import Game
    >>> pennies = Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    >>> nash_reversion(pennies, path=(0, 0)).play["punishment"]
    ((Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 2), Fraction(1, 2)))
    """
    # On exact payoffs, whatever the game was given in: a repeated game reads floats as decimals too.
    stage = game if as_game(game).is_exact else Game(game.exact_payoffs, players=game.players, actions=game.actions)  # type: ignore[arg-type]
    good = _path(game, path)
    if equilibrium is None:
        chosen = _reversion(stage, good)
    else:
        chosen = _profile(game, equilibrium)
        if stage.regret(chosen) > 0:
            raise AgreementError("equilibrium", equilibrium, "a Nash equilibrium of the stage game")
    return grim_trigger(game, good, chosen).renamed("Nash reversion")


def tit_for_tat(game: Game) -> Agreement:
    """Both relax first, then each does what the other did (Axelrod and Hamilton 1981): four states, 2×2 games.

    Mutual tit-for-tat can be a Nash equilibrium but is subgame perfect at a single discount factor at most.
    """
    _require_2x2(game)
    (c1, d1), (c2, d2) = game.actions
    play = {"relax, relax": (c1, c2), "relax, restrict": (c1, d2), "restrict, relax": (d1, c2)}
    play["restrict, restrict"] = (d1, d2)
    after: dict[Any, str] = {
        (c1, c2): "relax, relax",
        (c1, d2): "restrict, relax",
        (d1, c2): "relax, restrict",
        (d1, d2): "restrict, restrict",
    }
    return Agreement(play, dict.fromkeys(play, after), name="tit for tat")


def win_stay_lose_shift(game: Game) -> Agreement:
    """Both relax after equal acts and restrict after unequal ones (Pavlov; Nowak and Sigmund 1993): 2×2 games."""
    _require_2x2(game)
    (c1, d1), (c2, d2) = game.actions
    after: dict[Any, str] = {(c1, c2): "relax", (d1, d2): "relax", ...: "restrict"}
    return Agreement(
        {"relax": (c1, c2), "restrict": (d1, d2)},
        {"relax": after, "restrict": after},
        name="win-stay-lose-shift",
    )


def contrite_tit_for_tat(game: Game) -> Agreement:
    """Tit-for-tat with standing (Sugden 1986; Boerlijst, Nowak and Sigmund 1997): three states, 2×2 games.

    A player who restricts without cause loses good standing and regains it by relaxing; restricting against a player
    in bad standing is with cause and costs no standing.
    """
    _require_2x2(game)
    (c1, d1), (c2, d2) = game.actions
    first = str(game.players[0])
    second = str(game.players[1])
    debt_1, debt_2 = f"{first} owes", f"{second} owes"
    return Agreement(
        {"good standing": (c1, c2), debt_1: (c1, d2), debt_2: (d1, c2)},
        {
            "good standing": {(d1, c2): debt_1, (c1, d2): debt_2, ...: "good standing"},
            debt_1: {(c1, ...): "good standing", (d1, ...): debt_1},
            debt_2: {(..., c2): "good standing", (..., d2): debt_2},
        },
        name="contrite tit for tat",
    )


def unconditional(profile: Profile) -> Agreement:
    """Play ``profile`` in every period, whatever happens.

    >>> unconditional(("Relax", "Relax")).states
    ('always',)
    """
    if isinstance(profile, str | Mapping) or not hasattr(profile, "__iter__"):
        raise ProfileError("profile", profile, "a tuple of actions, one a player")
    return Agreement({"always": tuple(profile)}, {"always": {...: "always"}}, name="unconditional")


def from_machines(*machines: Machine) -> Agreement:
    """The public automaton in which each player follows a machine of its own that watches only the others' acts.

    A state is the tuple of the machines' states. Two such machines may form a Nash but not a subgame-perfect pair
    where the public version of the same rule is subgame perfect (grim trigger is the standard example).
    """
    if len(machines) < 2 or not all(isinstance(m, Machine) for m in machines):
        raise AgreementError("machines", machines, "one Machine for each of two or more players")
    n = len(machines)
    start = tuple(m.start for m in machines)
    play: dict[str, tuple[Any, ...]] = {}
    move: dict[str, dict[Any, str]] = {}
    todo = [start]
    while todo:
        state = todo.pop(0)
        name = _joint_name(state)
        if name in play:
            continue
        play[name] = tuple(m.play[s] for m, s in zip(machines, state, strict=True))
        move[name] = {}
        # Every action that some machine's move names, and "any other", for each player
        mentioned: list[list[Any]] = [
            [
                *dict.fromkeys(
                    _action_of(key, j, i, n)
                    for i, (m, s) in enumerate(zip(machines, state, strict=True))
                    if i != j
                    for key in m.move[s]
                    if key is not ...
                ),
                ...,
            ]
            for j in range(n)
        ]
        for outcome in product(*mentioned):
            targets = [_partner_move(m, s, outcome, i) for i, (m, s) in enumerate(zip(machines, state, strict=True))]
            if None in targets:
                continue  # an outcome that some machine does not provide for: using it on a game will say so
            after = tuple(t for t in targets if t is not None)
            move[name][outcome if any(a is not ... for a in outcome) else ...] = _joint_name(after)
            todo.append(after)
    return Agreement(play, move, _joint_name(start), name=" / ".join(m.name or "machine" for m in machines))


def _joint_name(state: Sequence[str]) -> str:
    return " | ".join(state)


def _action_of(key: Any, player: int, watcher: int, n: int) -> Any:
    """The action of ``player`` in a key of ``watcher``'s machine, which lists the others' actions in order."""
    if n == 2:
        return key
    if not isinstance(key, tuple) or len(key) != n - 1:
        raise AgreementError("move", key, f"keys of {n - 1} actions, one for each other player")
    return key[player - (player > watcher)]


def _partner_move(machine: Machine, state: str, outcome: tuple[Any, ...], player: int) -> str | None:
    seen = outcome[:player] + outcome[player + 1 :]
    moves = machine.move[state]
    key = seen[0] if len(seen) == 1 else seen
    return moves.get(key, moves.get(...))


def _path(game: Game, path: Profile | None) -> tuple[Any, ...]:
    return _profile(game, [0] * as_game(game).n_players if path is None else path)


def _punishment(game: Game, punishment: Profile | None) -> tuple[Any, ...]:
    return _profile(game, [m - 1 for m in as_game(game).shape] if punishment is None else punishment)


def _profile(game: Game, profile: Any) -> tuple[Any, ...]:
    """A profile with labels for certain actions, and one probability an action for lotteries."""
    n = as_game(game).n_players
    if isinstance(profile, str | Mapping) or not hasattr(profile, "__len__") or len(profile) != n:
        raise ProfileError("profile", profile, f"{n} actions, one a player")
    lotteries = [lottery(game, i, freeze(entry, "profile"), "profile") for i, entry in enumerate(profile)]
    return tuple(
        game.actions[i][next(iter(chances))]
        if len(chances) == 1
        else tuple(chances.get(a, Fraction(0)) for a in range(game.shape[i]))
        for i, chances in enumerate(lotteries)
    )


def _kept(game: Game, profile: tuple[Any, ...], target: str) -> dict[Any, str]:
    """Moves to ``target`` for every outcome that is no departure from the profile."""
    supports = [lottery(game, i, entry, "profile") for i, entry in enumerate(profile)]
    return {game.profile_labels(outcome): target for outcome in product(*supports)}


def _reversion(game: Game, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """The equilibrium to revert to."""
    pure = [p for p in product(*map(range, game.shape)) if game.regret(p) == 0]
    if pure:
        here = game.payoff(path)
        least = min(pure, key=lambda p: max(x - y for x, y in zip(game.payoff(p), here, strict=True)))
        return game.profile_labels(least)
    if game.shape != (2, 2):
        raise AgreementError("equilibrium", None, "one of dt.nash_equilibria(game): the game has no pure equilibrium")
    # No pure equilibrium: each mixes so that the other is indifferent.
    A, B = game.exact_payoffs
    row = (B[1, 1] - B[1, 0]) / (B[0, 0] - B[0, 1] - B[1, 0] + B[1, 1])
    column = (A[1, 1] - A[0, 1]) / (A[0, 0] - A[0, 1] - A[1, 0] + A[1, 1])
    return (row, 1 - row), (column, 1 - column)


def _require_2x2(game: Game) -> None:
    if as_game(game).shape != (2, 2):
        raise UnsupportedError("game", f"shape {game.shape}", "a 2×2 game")
