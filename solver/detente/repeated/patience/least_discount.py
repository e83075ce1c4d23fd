"""The least patience at which a profile can be played for ever: optimal penal codes against certified bounds.

A profile a is played for ever in some subgame-perfect equilibrium iff (1 − δ) m_i(a) + δ v_i(δ) ≤ u_i(a) for every
player i, where m_i(a) is what i's best deviation earns and v_i(δ) is i's worst equilibrium payoff (Abreu 1988). Worst
payoffs depend on δ. Two searches close in on the least δ:

* *from above*, penal codes: paths of bounded length that punish each player as hard as the others, and the player, can
  be made to accept (:mod:`detente.repeated.patience.penal_code`). One that supports a is a proof, and the exact set of
  δ at which it does is that of its automaton;
* *from below*, bounds on v_i that no equilibrium undercuts, pure with public randomisation or without it
  (:mod:`detente.repeated.patience.punishment_bound`), proven by dual weights.

Where the two meet the answer is exact. They need not: the codes are of bounded length and do not randomise, and the
bounds allow every promise that is feasible and above the worst payoffs. Then the answer is a bracket, and says so.

The set of δ that sustain a is [δ*, 1) if players can randomise publicly. Without a randomising device it may have
gaps; the region of the agreement found is the exact set for that agreement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, overload

import numpy as np

from detente.errors import CertificateError, ParameterError
from detente.exact.intervals import End, between, end_text
from detente.exact.rational import fraction_text
from detente.exact.region import Region
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_subgame_perfect
from detente.repeated.patience.penal_code import (
    CodeSearch,
    PenalCode,
    Profile,
    StageTable,
    nash_reversion_code,
    stage_table,
)
from detente.repeated.patience.punishment_bound import PunishmentBound, punishment_bound
from detente.repeated.patience.randomized_code import RandomizedCode, find_randomized_code
from detente.repeated.patience.target_discount import LeastDiscountOfPayoffs, least_discount_of_payoffs
from detente.repeated.thresholds import holds_where

# Where bounds and codes do not meet, each is located to this width.
WIDTH = Fraction(1, 2**16)
# Patience at which codes are looked for when the least conceivable patience does not do.
PROBES = tuple(1 - Fraction(1, 2**k) for k in range(1, 11))
MAX_PERIODS = 30


@dataclass(frozen=True)
class LeastDiscount:
    """The least discount factor that sustains a profile for ever.

    Attributes
    ----------
    discount
        The least discount factor at which an agreement was found to sustain it: rational or algebraic; None if none
        was found.
    lower
        No equilibrium sustains the profile below this, with or without public randomisation; 1 if none ever does.
    exact
        Whether the two coincide (or the profile is proven to be out of reach).
    agreement
        The best deterministic penal code found, as an automaton.
    region
        The exact set of discount factors at which that automaton is subgame perfect; ``discount`` is an end of it,
        unless ``code`` needs less patience.
    grim
        The least discount factor with reversion to each breaker's worst pure stage equilibrium; None if none does it.
    bound
        The proof of ``lower``.
    code
        With randomisation: a penal code with public lotteries that holds at ``discount`` (and hence supports the
        profile at every higher one), where it needs less patience than ``agreement``.
    """

    game: Game
    profile: tuple[Any, ...]
    discount: End | None
    lower: Fraction
    agreement: Agreement | None
    region: Region | None
    grim: Fraction | None
    bound: PunishmentBound | None
    code: RandomizedCode | None = None

    @property
    def exact(self) -> bool:
        return self.lower == (1 if self.discount is None else self.discount)

    @property
    def bounds(self) -> tuple[Fraction, End]:
        """The bracket: proven from below, attained from above (1 if no agreement was found)."""
        return self.lower, Fraction(1) if self.discount is None else self.discount

    @property
    def improves_on_grim(self) -> bool:
        """Whether the best agreement found needs less patience than Nash reversion."""
        return self.discount is not None and (self.grim is None or self.discount < self.grim)

    def explain(self) -> str:
        """One or two sentences: what is needed, and what it gains on grim trigger."""
        what = f"({', '.join(map(str, self.profile))})"
        if self.discount is None:
            if self.exact:
                return f"No subgame-perfect equilibrium in pure strategies sustains {what} at any discount factor."
            return f"No agreement was found that sustains {what}; none does below {fraction_text(self.lower)}."
        grim = "Nash reversion never does" if self.grim is None else f"Nash reversion needs {end_text(self.grim)}"
        if not self.improves_on_grim:
            grim = "Nash reversion is already the best agreement" if self.exact else "Nash reversion does as well"
        least = end_text(self.discount)
        if self.exact:
            return f"{what} can be sustained from {least} on and not below; {grim}."
        return f"{what} is sustained at {least} and at nothing below {fraction_text(self.lower)}; {grim}."

    def verify(self) -> None:
        """Check agreement and bound by code that shares nothing with the search; a :class:`CertificateError` if not."""
        if self.bound is not None:
            self.bound.verify()
        profile = self.game.pure_profile(self.profile)
        proven = Fraction(0) if self.bound is None else self.bound.needed(profile)
        if self.lower > proven:
            raise CertificateError("lower", self.lower, f"no more than the proven {proven}")
        reversion = _nash_reversion(self.game, profile)
        if self.grim != reversion:
            raise CertificateError("grim", self.grim, f"{reversion}, by the definition of Nash reversion")
        if self.code is not None:
            self.code.verify()
            if self.code.discount != self.discount or self.code.target != profile:
                raise CertificateError("code", self.code, f"one for {self.profile} at {self.discount}")
            return
        if self.agreement is None or self.discount is None:
            return
        at = self.discount if isinstance(self.discount, Fraction) else _just_inside(self)
        if not is_subgame_perfect(RepeatedGame(self.game, at), self.agreement):
            raise CertificateError("agreement", at, "a discount factor at which the agreement holds")
        ends = () if self.region is None else (interval.lo for interval in self.region.intervals)
        if self.discount not in ends:
            raise CertificateError("discount", self.discount, f"an end of {self.region}")
        state = self.agreement.start
        played = self.agreement.play[state]
        if played != self.profile or self.agreement.move[state][played] != state:
            raise CertificateError("agreement", played, f"{self.profile} in every period")

    def __repr__(self) -> str:
        what = ", ".join(map(str, self.profile))
        if self.discount is None:
            return f"<LeastDiscount of ({what}): {'never' if self.exact else 'not found'}>"
        more = "" if self.exact else f" (not below {fraction_text(self.lower)})"
        grim = "never" if self.grim is None else end_text(self.grim)
        return f"<LeastDiscount of ({what}): {end_text(self.discount)}{more}; Nash reversion {grim}>"

    def _repr_html_(self) -> str:
        from html import escape

        table = "" if self.agreement is None else self.agreement._repr_html_()
        return f"<p>{escape(self.explain())}</p>{table}"


def _nash_reversion(game: Game, profile: tuple[int, ...]) -> Fraction | None:
    """The least δ at which each player's worst pure stage equilibrium, for ever, outweighs the best deviation."""
    stage = np.ones(game.shape, dtype=bool)
    for i, u in enumerate(game.exact_payoffs):
        stage &= (u == u.max(axis=i, keepdims=True)).astype(bool)
    if not stage.any():
        return None
    needed = Fraction(0)
    for i, u in enumerate(game.exact_payoffs):
        kept, worst = Fraction(u[profile]), Fraction(min(u[stage]))
        best = max(Fraction(u[*profile[:i], a, *profile[i + 1 :]]) for a in range(game.shape[i]))
        if best > kept:
            if kept <= worst:
                return None
            needed = max(needed, (best - kept) / (best - worst))
    return needed


@overload
def least_discount(
    game: Game,
    profile: Sequence[Any],
    *,
    randomization: bool = False,
    periods: int = 6,
    width: int = 3000,
    budget: float | None = 10.0,
) -> LeastDiscount: ...
@overload
def least_discount(game: Game, *, target: Sequence[Any], budget: float | None = 10.0) -> LeastDiscountOfPayoffs: ...
def least_discount(
    game: Game,
    profile: Sequence[Any] | None = None,
    *,
    target: Sequence[Any] | None = None,
    randomization: bool = False,
    periods: int = 6,
    width: int = 3000,
    budget: float | None = 10.0,
) -> LeastDiscount | LeastDiscountOfPayoffs:
    """The least discount factor at which ``profile`` is played for ever in some pure subgame-perfect equilibrium.

    Perfect monitoring, any number of players, one discount factor for all. Payoffs of a float game are read as the
    decimals they print as.

    Parameters
    ----------
    profile
        One action a player.
    target
        Instead of a profile, a pair of payoffs to be sustained, with public randomisation; two players. See
        :mod:`detente.repeated.patience.target_discount`.
    randomization
        Whether players can condition on a public randomising device. Then the set of discount factors that sustain the
        profile is [δ*, 1), punishments can be set exactly, and the answer is more often exact; it comes with a
        :class:`~detente.repeated.patience.randomized_code.RandomizedCode` where that needs less patience than any
        deterministic agreement found.
    periods
        Punishments are paths of at most this many periods before they settle into the profile itself, or any other
        cycle of one or two profiles.
    width
        How many paths of each length are kept. A larger number can only improve the agreement found.
    budget
        Seconds after which the bracket reached so far is returned; None for no limit.

    Raises
    ------
    ProfileError, LabelError
        For a profile that is not one action a player.
    ParameterError
        For ``periods``, ``width`` or ``budget`` out of range.

    Examples
    --------
    Abreu's (1988) Cournot game: reversion to the equilibrium of the stage game supports (Low, Low) from 5/8 on, one
    round of mutual flooding from 3/5, and the optimal penal code from 1/3.

    >>> cournot = Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]], actions=["Low", "Medium", "High"])
    >>> best = least_discount(cournot, ("Low", "Low"))
    >>> best.discount, best.grim, best.exact
    (Fraction(1, 3), Fraction(5, 8), True)
    >>> best.verify()

    In a prisoner's dilemma Nash reversion holds both to their minmax, and nothing improves on it.

    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> least_discount(pd, ("Relax", "Relax"))
    <LeastDiscount of (Relax, Relax): 1/2; Nash reversion 1/2>
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    for name, value, most in (("periods", periods, MAX_PERIODS), ("width", width, 10**6)):
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ParameterError(name, value, f"a whole number from 1 to {most}")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0):
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    if not isinstance(randomization, bool):
        raise ParameterError("randomization", randomization, "True or False")
    if (profile is None) == (target is None):
        raise ParameterError("target", target, "either a profile or a target")
    if target is not None:
        return least_discount_of_payoffs(game, target, budget=budget)
    bracket = _Bracket(game, stage_table(game), game.pure_profile(profile), periods, width, budget)
    return bracket.close(randomization)


class _Bracket:
    """The least discount factor between a proven lower end and an attained upper one."""

    def __init__(
        self, game: Game, table: StageTable, target: Profile, periods: int, width: int, budget: float | None
    ) -> None:
        self.game, self.table, self.target = game, table, target
        self.deadline = None if budget is None else time.monotonic() + budget
        self.search = CodeSearch(table, target, periods=periods, width=width)
        self.grim: Fraction | None = None
        self.upper: End | None = None
        self.agreement: Agreement | None = None
        self.region: Region | None = None
        self.code: RandomizedCode | None = None
        # With every promise allowed and δ → 1, the bound is the pure minmax: a proof that needs no step.
        self.bound = PunishmentBound(table, Fraction(1), table.minmax, table.profiles, ())
        self.lower = self.bound.needed(target)

    def out_of_time(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def close(self, randomization: bool) -> LeastDiscount:
        self._start_from_nash_reversion()
        self._try(self.lower)
        if not self._met() and self.lower < 1:
            self._tighten(Fraction(1) if self.upper is None else self.upper)
            self._try(self.lower)
            self._descend(self._try)
            self._ascend(self._try)
            if randomization and not self._met():
                self._try_lotteries(self.lower)
                self._descend(self._try_lotteries)
                self._ascend(self._try_lotteries)
        labels = self.game.profile_labels(self.target)
        return LeastDiscount(
            self.game, labels, self.upper, self.lower, self.agreement, self.region, self.grim, self.bound, self.code
        )

    def _met(self) -> bool:
        return self.upper is not None and self.upper == self.lower

    def _start_from_nash_reversion(self) -> None:
        code = nash_reversion_code(self.table, self.target)
        if code is None:
            return
        self._take(code, None, "Nash reversion")
        if isinstance(self.upper, Fraction):  # one inequality a player, linear in δ
            self.grim = self.upper

    def _try(self, x: Fraction) -> bool:
        """Look for a code at ``x``; take it if there is one."""
        if not 0 <= x < 1 or self._met():
            return False
        code = self.search.best_code(x)
        if code is None:
            return False
        self._take(code, x, "optimal penal code")
        return True

    def _try_lotteries(self, x: Fraction) -> bool:
        """The same with public lotteries; what holds at ``x`` then holds above it, too."""
        if not 0 < x < 1 or self._met():
            return False
        code = find_randomized_code(self.game, self.search, x)
        if code is None:
            return False
        if self.upper is None or x < self.upper:
            self.upper, self.code = x, code
        return True

    def _take(self, code: PenalCode, x: Fraction | None, name: str) -> None:
        """Keep a code if it holds for less patience than the best so far: next to ``x``, or anywhere."""
        agreement = code.agreement(self.game, name)
        region = holds_where(RepeatedGame(self.game, 0), agreement)
        least = region.least if x is None else next((i.lo for i in region.intervals if x in i), None)
        if least is not None and (self.upper is None or least < self.upper):
            self.upper, self.agreement, self.region = least, agreement, region

    def _tighten(self, at: End) -> bool:
        """The bound at ``at``; whether it rules out everything below."""
        point = at if isinstance(at, Fraction) else at.refine(WIDTH / 2**20)[1]  # type: ignore[union-attr]
        bound = punishment_bound(self.table, point, self.out_of_time)
        least = bound.needed(self.target)
        if least > self.lower:
            self.lower, self.bound = least, bound
        return least == point

    def _descend(self, attempt: Callable[[Fraction], bool]) -> None:
        """Bisect for the least patience at which a code is found."""
        if self.upper is None:
            for x in PROBES:
                if x > self.lower and not self.out_of_time() and attempt(x):
                    break
        low: End = self.lower
        while self.upper is not None and not self._met() and not self.out_of_time():
            if float(self.upper) - float(low) <= float(WIDTH):
                break
            x = between(low, self.upper)
            if not attempt(x):
                low = x
        if self.upper is not None and not self._met():
            self._tighten(self.upper)

    def _ascend(self, attempt: Callable[[Fraction], bool]) -> None:
        """Bisect for the greatest patience that is ruled out."""
        high = Fraction(1) if self.upper is None else self.upper
        while not self._met() and not self.out_of_time() and float(high) - float(self.lower) > float(WIDTH):
            x = between(self.lower, high)
            before = self.lower
            if self._tighten(x):
                continue
            high = x
            # What the bound at x needs may be the answer itself.
            if self.lower > before and attempt(self.lower):
                high = self.upper if self.upper is not None else high


def _just_inside(answer: LeastDiscount) -> Fraction:
    """A rational point of the region directly above its algebraic least element."""
    assert answer.region is not None
    interval = next(i for i in answer.region.intervals if i.lo == answer.discount)
    return between(interval.lo, interval.hi)
