"""Truces as stochastic games: one that can lapse and be renewed, one with a deadline, and leverage that erodes.

In the state *truce* the stage game is played and the truce goes on while all keep to ``path`` (everyone's first action,
unless said otherwise); any other profile ends it at once. In the state *dispute* the same stage game is played and
acts change nothing. The *terms* of a truce are the Markov profile that plays ``path`` while it lasts and ``dispute``
(everyone's last action) otherwise.

With T, R, P, S for restricting alone, both relaxing, both restricting and relaxing alone, lapse rate λ and renewal rate
ρ, keeping a truce that a breach turns into dispute for at least a period is optimal iff

    T − R ≤ δ (1 − λ) (R − P) / (1 − δ (1 − λ − ρ)),

that is for lapse rates up to λ* = 1 − δ* (1 + δρ) / δ with δ* = (T − R)/(T − P): a truce is easier to hold the harder
it is to renew. If renewal can strike at once, the numerator's 1 − λ becomes 1 − λ − ρ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from detente.errors import ParameterError
from detente.game.game import Game, as_game
from detente.game.labels import is_action
from detente.game.stochastic import MAX_STATES, StochasticGame
from detente.game.stochastic_agreement import StochasticAgreement

Profile = Sequence[Any]
DISPUTE = "dispute"


def truce_game(
    game: Game,
    lapse: Any,
    renewal: Any,
    *,
    discount: Any,
    breakdown: Any = 0,
    path: Profile | None = None,
    renewal_at_once: bool = False,
) -> StochasticGame:
    """A truce that lapses with probability ``lapse`` although kept; a dispute is settled with probability ``renewal``.

    Both rates are named parameters of the result, ``"lapse"`` and ``"renewal"``. After a breach the next period is
    dispute for sure; with ``renewal_at_once`` renewal can strike before that period: truce then follows a breach with
    probability ``renewal``.

    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> truce_game(pd, "1/10", "1/5", discount="9/10")
    <StochasticGame 'truce': states truce, dispute, starts in 'truce'; discount=9/10, lapse=1/10, renewal=1/5>
    """
    settled = {"truce": "renewal", DISPUTE: ...}
    return StochasticGame(
        {"truce": game, DISPUTE: game},
        {
            "truce": {
                _path(game, path): {DISPUTE: "lapse", "truce": ...},
                ...: settled if renewal_at_once else DISPUTE,
            },
            DISPUTE: settled,
        },
        discount,
        breakdown,
        start="truce",
        parameters={"lapse": lapse, "renewal": renewal},
        name="truce",
    )


def deadline_game(
    game: Game,
    length: int,
    extension: Any,
    *,
    discount: Any,
    breakdown: Any = 0,
    resumption: Any = 0,
    path: Profile | None = None,
) -> StochasticGame:
    """A truce that expires after ``length`` periods unless it is extended for as many, with probability ``extension``.

    A breach ends it at once; a dispute, however it began, turns into a new truce with probability ``resumption``. Both
    probabilities are named parameters. With a period of a day and ``length=90`` this is a ninety-day truce.

    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> deadline_game(pd, 3, "4/5", discount="9/10").states
    ('truce, 3 left', 'truce, 2 left', 'truce, 1 left', 'dispute')
    """
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length < MAX_STATES:
        raise ParameterError("length", length, f"a whole number of periods from 1 to {MAX_STATES - 1}")
    kept = _path(game, path)
    names = [f"truce, {k} left" for k in range(length, 0, -1)]
    transitions: dict[str, Any] = {name: {kept: after, ...: DISPUTE} for name, after in pairwise(names)}
    transitions[names[-1]] = {kept: {names[0]: "extension", DISPUTE: ...}, ...: DISPUTE}
    transitions[DISPUTE] = {names[0]: "resumption", DISPUTE: ...}
    return StochasticGame(
        dict.fromkeys([*names, DISPUTE], game),
        transitions,
        discount,
        breakdown,
        start=names[0],
        parameters={"extension": extension, "resumption": resumption},
        name=f"truce of {length}",
    )


def leverage_game(
    games: Mapping[str, Game],
    erosion: Any,
    *,
    discount: Any,
    breakdown: Any = 0,
    use: Any = None,
) -> StochasticGame:
    """Leverage that erodes: the stage games of successive levels, from the strongest to the last.

    Using the leverage lets the other side diversify: the level falls by one with probability ``erosion``, a named
    parameter. ``use`` is the profile that counts as use, with ``...`` for any action of a player, as in
    ``("Restrict", ...)``; by default any profile but everyone's first actions. With ``use=...`` the level falls
    whatever is done. The last level is for good.

    >>> strong = Game.bimatrix([[3, 0], [5, 1]], [[3, 5], [-1, 0]], actions=["Relax", "Restrict"])
    >>> spent = Game.bimatrix([[3, 0], [3, 0]], [[3, 5], [3, 5]], actions=["Relax", "Restrict"])
    >>> leverage_game({"strong": strong, "spent": spent}, "1/4", discount="9/10").distribution("strong", (1, 0))
    {'spent': Fraction(1, 4), 'strong': Fraction(3, 4)}
    """
    if not isinstance(games, Mapping) or len(games) < 2:
        raise ParameterError("games", games, "a mapping from two or more levels to stage games, strongest first")
    pattern = () if use is None or use is ... or isinstance(use, str) or not hasattr(use, "__iter__") else tuple(use)
    if use is not None and use is not ... and not (pattern and all(a is ... or is_action(a) for a in pattern)):
        raise ParameterError("use", use, "a profile with '...' for any action, '...' alone, or None")
    levels = list(games)
    transitions: dict[str, Any] = {levels[-1]: levels[-1]}
    for level, lower in pairwise(levels):
        falls = {lower: "erosion", level: ...}
        if use is None:
            transitions[level] = {_path(games[level], None): level, ...: falls}
        else:
            transitions[level] = falls if use is ... else {pattern: falls, ...: level}
    return StochasticGame(
        games,
        transitions,
        discount,
        breakdown,
        start=levels[0],
        parameters={"erosion": erosion},
        name="eroding leverage",
    )


def truce_terms(sg: StochasticGame, path: Profile | None = None, dispute: Profile | None = None) -> StochasticAgreement:
    """The terms of a truce: ``path`` in every state but *dispute*, in which ``dispute`` is played.

    By default these are everyone's first and everyone's last action.
    """
    if not isinstance(sg, StochasticGame) or DISPUTE not in sg.games:
        raise ParameterError("sg", sg, f"a game with a state {DISPUTE!r}")
    game = sg.games[DISPUTE]
    last = game.pure_profile([m - 1 for m in game.shape] if dispute is None else dispute)
    play: dict[Any, Any] = {DISPUTE: game.profile_labels(last)}
    for state in sg.states:
        if state != DISPUTE:
            play[state] = _path(sg.games[state], path)
    return StochasticAgreement.markov(play, name="the truce")


def _path(game: Game, path: Profile | None) -> tuple[Any, ...]:
    return as_game(game).profile_labels(game.pure_profile([0] * game.n_players if path is None else path))
