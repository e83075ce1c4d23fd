"""Best replies, one after the other: best-reply dynamics and fictitious play, in exact arithmetic, so ties are decided.

In *best-reply dynamics* players answer the others' last actions. In *fictitious play* they answer all that the others
have done so far (Brown 1951, in Koopmans, ed., *Activity Analysis of Production and Allocation*); in zero-sum games
the values it bounds converge (Robinson 1951, *Annals of Mathematics* 54), in others it may cycle (Shapley 1964).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import lcm
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import CertificateError, ParameterError
from detente.game.game import Game, Number

MAX_ROUNDS = 10**7
# Cumulated payoffs up to this size are kept in machine integers.
MAX_INT64 = 1 << 62


@dataclass(frozen=True)
class BestReplyPath:
    """Pure profiles (labels), each made from the one before by best replies.

    ``cycle`` is empty if the last profile is an equilibrium; otherwise the profiles that repeat for ever.
    """

    profiles: tuple[tuple[Any, ...], ...]
    cycle: tuple[tuple[Any, ...], ...]
    game: Game = field(repr=False, compare=False)

    @property
    def converged(self) -> bool:
        """Whether the path ends in a Nash equilibrium."""
        return not self.cycle

    def verify(self) -> None:
        """Check that whoever moves goes to a best reply, and how the path ends; a :class:`CertificateError` if not."""
        path = [self.game.pure_profile(p) for p in (*self.profiles, *self.cycle[:1])]
        for before, after in pairwise(path):
            for i, action in enumerate(after):
                others = [a for j, a in enumerate(before) if j != i]
                if action != before[i] and action not in _best_replies(self.game, i, others):
                    raise CertificateError("path", (before, after), "moves to best replies")
        if self.converged and self.game.regret(path[-1]) != 0:
            raise CertificateError("path", self.profiles[-1], "an equilibrium at its end")
        if self.cycle and (self.cycle[0] not in self.profiles or len(self.cycle) < 2):
            raise CertificateError("path", self.cycle, "a cycle of profiles on the path")


@dataclass(frozen=True, eq=False)
class FictitiousPlay:
    """Empirical frequencies after the last round, their regret as a mixed profile, and every round's actions.

    ``value_bounds``, in a two-player game of constant sum, are the best bounds on the first player's value that the
    frequencies of any round secure; they close in on the value (Robinson 1951).
    """

    frequencies: tuple[tuple[Fraction, ...], ...]
    regret: Number
    value_bounds: tuple[Fraction, Fraction] | None
    history: NDArray[np.int64] = field(repr=False)
    game: Game = field(repr=False)

    def verify(self) -> None:
        """Check the frequencies, and that actions are best replies to the past, in up to 100 rounds spread evenly.

        Raises :class:`CertificateError` if a check fails.
        """
        rounds, n = self.history.shape
        for t in np.unique(np.linspace(1, rounds - 1, 100).astype(int)) if rounds > 1 else []:
            past, times = np.unique(self.history[:t], axis=0, return_counts=True)
            for i in range(n):
                earned = [Fraction(0)] * self.game.shape[i]
                for profile, count in zip(past.tolist(), times.tolist(), strict=True):
                    for a in range(len(earned)):
                        earned[a] += count * self.game.exact_payoffs[(i, *profile[:i], a, *profile[i + 1 :])]
                if earned[self.history[t, i]] != max(earned):
                    raise CertificateError("history", self.history[t].tolist(), f"best replies in round {t + 1}")
        for i, shares in enumerate(self.frequencies):
            if any(p != Fraction(int((self.history[:, i] == a).sum()), rounds) for a, p in enumerate(shares)):
                raise CertificateError("frequencies", shares, "the shares of actions in the history")
        if self.regret != self.game.regret(self.frequencies):
            raise CertificateError("regret", self.regret, "the regret of the frequencies")


def best_reply_dynamics(game: Game, start: Any, *, simultaneous: bool = False) -> BestReplyPath:
    """Myopic best replies from a pure profile, until an equilibrium is reached or a cycle closes.

    A player whose action is a best reply keeps it; any other goes to the best reply of lowest index.

    Parameters
    ----------
    start
        A pure profile.
    simultaneous
        All players move at once; otherwise they take turns, in their order.

    Raises
    ------
    ProfileError, LabelError, ParameterError
        For a start that is no pure profile, or ``simultaneous`` that is neither True nor False.

    Examples
    --------
    >>> bos = Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]], actions=["Opera", "Boxing"])
    >>> best_reply_dynamics(bos, ("Opera", "Boxing")).profiles
    (('Opera', 'Boxing'), ('Boxing', 'Boxing'))
    >>> best_reply_dynamics(bos, ("Opera", "Boxing"), simultaneous=True).cycle
    (('Opera', 'Boxing'), ('Boxing', 'Opera'))
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if not isinstance(simultaneous, bool):
        raise ParameterError("simultaneous", simultaneous, "True or False")
    profile = game.pure_profile(start)
    path, turn = [profile], 0
    seen: dict[tuple[tuple[int, ...], int], int] = {}
    cycle: list[tuple[int, ...]] = []
    while (replies := tuple(_reply(game, i, profile) for i in range(game.n_players))) != profile:
        if (profile, turn) in seen:
            cycle = path[seen[profile, turn] : -1]
            break
        seen[profile, turn] = len(path) - 1
        after = replies if simultaneous else (*profile[:turn], replies[turn], *profile[turn + 1 :])
        turn = 0 if simultaneous else (turn + 1) % game.n_players
        if after != profile:
            path.append(after)
        profile = after
    return BestReplyPath(tuple(map(game.profile_labels, path)), tuple(map(game.profile_labels, cycle)), game)


def fictitious_play(game: Game, start: Any, rounds: int) -> FictitiousPlay:
    """Fictitious play: in every round each player best replies to how the others have played so far.

    All move at once; ties go to the lowest index. With three and more players, beliefs are about the others' joint
    actions.

    Parameters
    ----------
    start
        The pure profile of the first round.
    rounds
        The number of rounds, the first included.

    Raises
    ------
    ProfileError, LabelError, ParameterError
        For a start that is no pure profile, or rounds that are not a whole number from 1 to ten million.

    Examples
    --------
    >>> pennies = Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    >>> low, high = fictitious_play(pennies, (0, 0), 1000).value_bounds
    >>> low <= 0 <= high, float(high - low) < 0.1
    (True, True)
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    profile = game.pure_profile(start)
    if isinstance(rounds, bool) or not isinstance(rounds, Integral) or not 1 <= rounds <= MAX_ROUNDS:
        raise ParameterError("rounds", rounds, f"a whole number from 1 to {MAX_ROUNDS}")
    n, rounds = game.n_players, int(rounds)
    u = game.exact_payoffs
    scale = lcm(*(v.denominator for v in u.ravel()))
    scaled = u * scale
    fits = max(abs(v) for v in scaled.ravel()) * rounds < MAX_INT64
    whole = np.array([int(v) for v in scaled.ravel()], dtype=np.int64 if fits else object).reshape(u.shape)
    tables = [np.moveaxis(whole[i], i, 0) for i in range(n)]
    totals = [np.zeros(m, dtype=whole.dtype) for m in game.shape]
    sums = set((u[0] + u[1]).ravel()) if n == 2 else set()
    constant = int(sums.pop() * scale) if len(sums) == 1 else None
    lows, highs = [], []
    history = np.empty((rounds, n), dtype=np.int64)
    for t in range(rounds):
        history[t] = profile
        for i in range(n):
            totals[i] += tables[i][(slice(None), *profile[:i], *profile[i + 1 :])]
        profile = tuple(int(np.argmax(total)) for total in totals)
        if constant is not None:
            highs.append(Fraction(int(totals[0].max()), t + 1))
            lows.append(constant - Fraction(int(totals[1].max()), t + 1))
    history.flags.writeable = False
    counts = [np.bincount(history[:, i], minlength=m).tolist() for i, m in enumerate(game.shape)]
    frequencies = tuple(tuple(Fraction(c, rounds) for c in row) for row in counts)
    bounds = None if constant is None else (max(lows) / scale, min(highs) / scale)
    return FictitiousPlay(frequencies, game.regret(frequencies), bounds, history, game)


def _best_replies(game: Game, player: int, others: Sequence[int]) -> set[int]:
    here: tuple[Any, ...] = (player, *others[:player], slice(None), *others[player:])
    earned = game.exact_payoffs[here].tolist()
    return {a for a, u in enumerate(earned) if u == max(earned)}


def _reply(game: Game, player: int, profile: tuple[int, ...]) -> int:
    here: tuple[Any, ...] = (player, *profile[:player], slice(None), *profile[player + 1 :])
    earned = game.exact_payoffs[here].tolist()
    best = max(earned)
    return profile[player] if earned[profile[player]] == best else earned.index(best)
