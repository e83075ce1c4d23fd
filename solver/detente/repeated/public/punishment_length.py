"""How long to punish when punishments start by mistake.

On the path a bad outcome comes with probability q although all comply; then everyone plays the punishment for k
periods, or for ever, whatever happens, and returns. With L = u(path) − u(punishment) and x = 1 − βᵏ, a player's value
exceeds the punishment's payoff by v = (1−β) L / (1 − β + β q x), and a deviation that gains g now and raises the
probability of a bad outcome by Δ does not pay iff

    g (1 − β + β q x) ≤ β Δ L x :

the length enters through x alone, and linearly. So each deviation asks for at least, or at most, so many periods, and
the answer is a whole number found exactly. Values fall in k, so the shortest length that holds is best: long enough to
deter, no longer, for it will be served. Green and Porter (1984), *Econometrica* 52, 87–100; Mailath and Samuelson
(2006), *Repeated Games and Reputations*, section 11.1. What public lots would add by doing away with whole numbers,
:func:`~detente.repeated.public.best_value.best_public_value` tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import ceil, inf, isfinite, log
from typing import Any

from detente.budget import ticking
from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.polynomial import evaluate, to_fmpq
from detente.exact.rational import fraction_text
from detente.game.agreement import MAX_STATES, Agreement
from detente.game.labels import is_among
from detente.game.monitoring import PublicSignals
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_subgame_perfect
from detente.repeated.parameters import Environment
from detente.repeated.public.check import consequences

MAX_LENGTH = 100_000
# verify() checks automata of up to this length state by state; longer ones by their two values.
STATE_BY_STATE = 12
Profile = tuple[int, ...]


@dataclass(frozen=True)
class PunishmentLength:
    """The shortest punishment under which an agreement holds.

    Attributes
    ----------
    length
        Periods of punishment; ``math.inf`` if only punishment for ever deters; None if nothing does.
    values
        Every player's value on the path, at that length; None if nothing deters.
    grim_values
        The same with punishment for ever, whether or not that holds.
    """

    rg: RepeatedGame
    length: int | float | None
    values: tuple[Fraction, ...] | None
    grim_values: tuple[Fraction, ...]
    path: Profile = field(repr=False)
    punishment: Profile = field(repr=False)
    bad: frozenset[str] = field(repr=False)

    @property
    def agreement(self) -> Agreement:
        """The agreement, as an automaton."""
        if self.length is None:
            raise UnsupportedError("length", None, "a game in which some length of punishment deters")
        return self.with_length(self.length)

    def with_length(self, length: int | float) -> Agreement:
        """The same agreement with another length; ``math.inf`` punishes for ever."""
        game = self.rg.game
        good, punish = game.profile_labels(self.path), game.profile_labels(self.punishment)
        if isinstance(self.rg.monitoring, PublicSignals):
            onset: dict[Any, str] = {**dict.fromkeys(sorted(self.bad), "punishment 1"), ...: "path"}
        else:
            onset = {good: "path", ...: "punishment 1"}
        if isinstance(length, float) and length == inf:
            return Agreement(
                {"path": good, "punishment 1": punish},
                {"path": onset, "punishment 1": {...: "punishment 1"}},
                name="punishment for ever",
            )
        if not isinstance(length, int) or not 1 <= length < MAX_STATES:
            raise ParameterError("length", length, f"a whole number from 1 to {MAX_STATES - 1}, or math.inf")
        names = [f"punishment {k}" for k in range(1, length + 1)]
        move: dict[str, dict[Any, str]] = {"path": onset}
        move |= {name: {...: after} for name, after in zip(names, [*names[1:], "path"], strict=True)}
        return Agreement({"path": good, **dict.fromkeys(names, punish)}, move, name=f"{length}-period punishment")

    def verify(self) -> None:
        """Check by separate code that this length deters and that no shorter one does, and what it is worth.

        Raises :class:`~detente.errors.CertificateError`.
        """
        games = [_Incentives(self, i) for i in range(self.rg.game.n_players)]
        if self.length is None:
            right = any(game.strays for game in games) or not _some_length_deters(games)
        elif self.length == inf:
            # Shorter ones fail iff some deviation's slack is negative at first, and has risen to zero in the limit.
            only = any(early < 0 and late == 0 for game in games for early, late in game.extremes)
            right = self._deters(inf, games) and only
        else:
            # What fails one period earlier but not now is too short a punishment, so all shorter ones fail as well.
            right = self._deters(self.length, games) and not (self.length > 1 and self._deters(self.length - 1, games))
        if not right:
            raise CertificateError("length", self.length, "the shortest length that deters, by the independent check")
        for worth, length in ((self.values, self.length), (self.grim_values, inf)):
            expected = None if length is None else [game.value(length) for game in games]
            if expected != (None if worth is None else [to_fmpq(v) for v in worth]):
                raise CertificateError("values", worth, f"what the path is worth with punishment of length {length}")

    def _deters(self, length: int | float, games: list[_Incentives]) -> bool:
        """Short punishments are checked state by state as automata, long ones by their two values."""
        if length <= STATE_BY_STATE or length == inf:
            return is_subgame_perfect(self.rg, self.with_length(length))
        return not any(game.strays or min(game.gaps(length)) < 0 for game in games)

    def __repr__(self) -> str:
        if self.length is None or self.values is None:
            return "<PunishmentLength: none deters>"
        span = "for ever" if self.length == inf else f"{self.length} period{'s' if self.length > 1 else ''}"
        values, grim = (", ".join(map(fraction_text, row)) for row in (self.values, self.grim_values))
        return f"<PunishmentLength: {span}; values ({values}), for ever ({grim})>"


def best_punishment_length(
    rg: RepeatedGame,
    *,
    path: Any = None,
    punishment: Any = None,
    bad: Iterable[str] | None = None,
    budget: float | None = 300,
) -> PunishmentLength:
    """The best number of periods of punishment after a bad public outcome, exactly.

    Parameters
    ----------
    path, punishment
        The profiles to sustain and to punish with; by default everyone's first and everyone's last action.
    bad
        The labels of a public signal that set the punishment off; by default all but the first. Where acts are seen,
        any departure from ``path`` does.
    budget
        Seconds to spend; None for no limit.

    Raises
    ------
    UnsupportedError
        If someone prefers the punishment to the path, if more than 100,000 periods would be needed, and when the budget
        is used up.
    LabelError
        For an unknown label.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2"))
    >>> best_punishment_length(rg)
    <PunishmentLength: 5 periods; values (2.461, 2.461), for ever (39/19, 39/19)>
    """
    if not isinstance(rg, RepeatedGame):
        raise ParameterError("rg", rg, "a RepeatedGame")
    tick = ticking(budget, "a game of this size")
    game, n = rg.game, rg.game.n_players
    env = Environment(rg)
    good = game.pure_profile([0] * n if path is None else path)
    punish = game.pure_profile([m - 1 for m in game.shape] if punishment is None else punishment)
    alarms = _alarms(rg, bad)
    here = [_payoff(env, i, good) for i in range(n)]
    there = [_payoff(env, i, punish) for i in range(n)]
    if any(h <= t for h, t in zip(here, there, strict=True)):
        raise UnsupportedError("punishment", game.profile_labels(punish), "a profile that is worse than path for all")
    q = _alarm(env, good, good, alarms)
    betas = rg.effective_discount

    def values(length: int | float) -> tuple[Fraction, ...]:
        found = []
        for beta, h, t in zip(betas, here, there, strict=True):
            x = 1 - beta**length if isinstance(length, int) else Fraction(1)
            found.append(t + (1 - beta) * (h - t) / (1 - beta + beta * q * x))
        return tuple(found)

    def answer(length: int | float | None) -> PunishmentLength:
        worth = None if length is None else values(length)
        return PunishmentLength(rg, length, worth, values(inf), good, punish, alarms)

    # In the punishment nothing depends on acts, so they must be best replies.
    for i, worth in enumerate(there):
        for a in range(game.shape[i]):
            tick()
            if _payoff(env, i, (*punish[:i], a, *punish[i + 1 :])) > worth:
                return answer(None)
    shortest: int | float = 1
    longest: int | float = inf
    for i, beta in enumerate(betas):
        least, most = Fraction(0), Fraction(1)
        for a in range(game.shape[i]):
            tick()
            departure = (*good[:i], a, *good[i + 1 :])
            gain = _payoff(env, i, departure) - here[i]
            slope = beta * ((_alarm(env, departure, good, alarms) - q) * (here[i] - there[i]) - q * gain)
            level = gain * (1 - beta)  # the deviation does not pay iff slope · x ≥ level
            if slope > 0:
                least = max(least, level / slope)
            elif slope < 0:
                most = min(most, level / slope)
            elif level > 0:
                return answer(None)
        if least > most or least > 1:
            return answer(None)
        shortest = max(shortest, _periods(beta, least))
        longest = min(longest, _periods_at_most(beta, most))
    return answer(shortest if shortest <= longest else None)


def _periods(beta: Fraction, x: Fraction) -> int | float:
    """The least k ≥ 1 with 1 − βᵏ ≥ x; infinite for x = 1."""
    if x <= 1 - beta:
        return 1
    if x == 1:
        return inf
    k = max(1, ceil(_log(1 - x) / _log(beta)) - 1)
    if k > MAX_LENGTH:
        raise UnsupportedError("rg", f"a punishment of about {k} periods", f"at most {MAX_LENGTH}")
    power = beta**k
    while power > 1 - x:
        power, k = power * beta, k + 1
    while k > 1 and power / beta <= 1 - x:
        power, k = power / beta, k - 1
    return k


def _periods_at_most(beta: Fraction, x: Fraction) -> int | float:
    """The greatest k with 1 − βᵏ ≤ x: infinite for x = 1, zero if even one period is too long."""
    if x >= 1:
        return inf
    k = _periods(beta, x) if x > 0 else 1
    assert isinstance(k, int)
    return k if 1 - beta**k <= x else k - 1


def _log(x: Fraction) -> float:
    """log x without leaving the range of floats."""
    return log(x.numerator) - log(x.denominator)


def _alarms(rg: RepeatedGame, bad: Iterable[str] | None) -> frozenset[str]:
    if not isinstance(rg.monitoring, PublicSignals):
        if bad is not None:
            raise ParameterError("bad", bad, "None where acts are seen: any departure from path is bad")
        return frozenset()
    labels = rg.monitoring.labels
    if bad is None:
        return frozenset(labels[1:])
    if not hasattr(bad, "__iter__"):
        raise ParameterError("bad", bad, f"labels among {list(labels)}")
    chosen = [bad] if isinstance(bad, str) else list(bad)
    for label in chosen:
        if not is_among(label, labels):
            raise LabelError("bad", label, labels)
    return frozenset(chosen)


def _alarm(env: Environment, meant: Profile, path: Profile, alarms: frozenset[str]) -> Fraction:
    """The probability of a bad outcome if ``meant`` is what the players mean to play."""
    monitoring = env.monitoring
    if isinstance(monitoring, PublicSignals):
        chances = monitoring.distribution(env.game, meant)
        return sum((p for label, p in zip(monitoring.labels, chances, strict=True) if label in alarms), Fraction(0))
    return sum((evaluate(p, Fraction(0)) for done, p in env.outcomes(meant) if done != path), Fraction(0))


def _payoff(env: Environment, player: int, profile: Profile) -> Fraction:
    if isinstance(env.monitoring, PublicSignals):
        return evaluate(env.payoff(player, profile), Fraction(0))
    return sum((evaluate(p * env.payoff(player, done), Fraction(0)) for done, p in env.outcomes(profile)), Fraction(0))


class _Incentives:
    """One player's incentives on the path at any length, from the two values v and w that solve the recursion

    v = (1−β) u + β ((1−q) v + q w),  w = (1−βᵏ) p + βᵏ v.

    In flint's rationals: βᵏ may have a million digits.
    """

    def __init__(self, found: PunishmentLength, i: int) -> None:
        rg = found.rg
        labels = rg.monitoring.labels if isinstance(rg.monitoring, PublicSignals) else ()
        self.beta = to_fmpq(rg.effective_discount[i])
        self.acts = []  # for every action on the path, the payoff now and the chance of a bad outcome
        for a in range(rg.game.shape[i]):
            now, odds = consequences(rg, i, (*found.path[:i], a, *found.path[i + 1 :]))
            bad = sum(p for y, p in odds.items() if (labels[y[0]] in found.bad if labels else y != found.path))
            self.acts.append((to_fmpq(now), to_fmpq(Fraction(bad))))
        self.kept = self.acts[found.path[i]]
        away = [(*found.punishment[:i], a, *found.punishment[i + 1 :]) for a in range(rg.game.shape[i])]
        worths = [consequences(rg, i, meant)[0] for meant in away]
        self.low = to_fmpq(worths[found.punishment[i]])
        # While it is served nothing depends on acts, so the punishment must be a best reply.
        self.strays = max(worths) > worths[found.punishment[i]]

    def _end(self, length: int | float) -> Any:
        return self.beta ** int(length) if isfinite(length) else to_fmpq(0)

    def value(self, length: int | float) -> Any:
        """What the path is worth."""
        (u, q), beta, end = self.kept, self.beta, self._end(length)
        return ((1 - beta) * u + beta * q * (1 - end) * self.low) / (1 - beta * (1 - q) - beta * q * end)

    def gaps(self, length: int | float) -> list[Any]:
        """What every action on the path loses; each has the sign of a linear function of βᵏ."""
        v, end = self.value(length), self._end(length)
        w = (1 - end) * self.low + end * v
        return [v - (1 - self.beta) * now - self.beta * ((1 - bad) * v + bad * w) for now, bad in self.acts]

    @cached_property
    def extremes(self) -> list[tuple[Any, Any]]:
        """For every action, its gap with a single period of punishment, and with punishment for ever."""
        return list(zip(self.gaps(1), self.gaps(inf), strict=True))

    def faults(self, length: int) -> tuple[bool, bool]:
        """Whether a length is too short, and so are all shorter ones; and whether it is too long, and all longer ones.

        A gap that is negative here and at one extreme is so all the way, since its sign is that of a linear function.
        """
        failing = [ends for gap, ends in zip(self.gaps(length), self.extremes, strict=True) if gap < 0]
        return any(early < 0 for early, _ in failing), any(late < 0 for _, late in failing)


def _some_length_deters(games: list[_Incentives]) -> bool:
    """Whether some length is neither too short nor too long for anyone, by doubling and bisection."""
    if all(late >= 0 for game in games for _, late in game.extremes):
        return True  # punishment for ever does
    short, length, long = 0, 1, None
    while length != short:
        faults = [game.faults(length) for game in games]
        too_short, too_long = (any(column) for column in zip(*faults, strict=True))
        if too_short == too_long:
            return not too_short
        if too_short:
            short = length
        else:
            long = length
        length = 2 * short if long is None else (short + long) // 2
    return False
