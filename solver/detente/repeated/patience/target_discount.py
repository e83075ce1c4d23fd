"""The least patience at which a pair of payoffs is an equilibrium outcome, two players with public randomisation.

The payoff set V*(δ) grows with patience (Abreu, Pearce and Stacchetti 1990, *Econometrica* 58, theorem 6), so a target
is in it from some δ* on, if at all. The payoff set (:func:`~detente.repeated.payoff_sets.payoff_set.payoff_set`) comes
as a polygon inside V*(δ), proven to generate itself, and one that contains V*(δ). Where the inner one holds the
target, δ* is no larger; where the outer one does not, it is no smaller; bisection closes in from both sides, by simple
fractions, and often meets δ* itself. Where the set is exact there, it may prove that no δ below does
(:mod:`detente.repeated.patience.left_limit`); then the answer is exact. An irrational δ* is left in its bracket.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any

from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact import polygon
from detente.exact.intervals import between
from detente.exact.linear_programme import maximise
from detente.exact.rational import fraction_text, to_fraction
from detente.game.game import Game
from detente.repeated.patience.left_limit import LeftLimit, left_limit
from detente.repeated.payoff_sets.payoff_set import PayoffSet, payoff_set

WIDTH = Fraction(1, 2**20)
PROBES = tuple(1 - Fraction(1, 2**k) for k in range(1, 11))
Target = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class LeastDiscountOfPayoffs:
    """The least discount factor at which a pair of payoffs is sustained, between proven bounds.

    Attributes
    ----------
    discount
        A discount factor at which the target is proven to be an equilibrium payoff, and hence at all higher ones; None
        if none was found.
    lower
        At no discount factor below this is it one; 1 if it is infeasible, or less than a player's pure minmax.
    inside, outside
        The payoff sets at ``discount`` and at ``lower`` that prove it; ``inside.strategy`` describes how its corners,
        of which the target is a mean, are played.
    below
        Instead of ``outside``, where ``discount`` is exact: the proof that nothing below it does.
    """

    game: Game
    target: Target
    discount: Fraction | None
    lower: Fraction
    inside: PayoffSet | None
    outside: PayoffSet | None
    below: LeftLimit | None = None

    @property
    def exact(self) -> bool:
        """Whether both bounds coincide, or no patience is enough."""
        return self.lower == self.bounds[1]

    @property
    def bounds(self) -> tuple[Fraction, Fraction]:
        """The bracket; 1 from above if no set was found that has the target."""
        return self.lower, Fraction(1) if self.discount is None else self.discount

    def verify(self) -> None:
        """Check the payoff sets, and the target's place in them; :class:`CertificateError` if one fails."""
        if self.inside is not None:
            self.inside.verify()
            if self.inside.discount != self.discount or not _is_mean(self.target, self.inside.inner):
                raise CertificateError("target", self.target, f"a payoff of the set at {self.discount}")
        if self.lower == 1 and not _out_of_reach(self.game, self.target):
            raise CertificateError("target", self.target, "payoffs that are infeasible or below a pure minmax")
        if self.below is not None:
            self.below.verify()
            if self.below.discount != self.lower or self.below.target != self.target:
                raise CertificateError("below", self.below.discount, f"a proof for {self.target} at {self.lower}")
        elif self.outside is not None:
            self.outside.verify(tolerance=_clearance(self.game, self.target, self.outside.outer))
            if self.outside.discount != self.lower or _is_mean(self.target, self.outside.outer):
                raise CertificateError("target", self.target, f"no payoff of the set at {self.lower}")
        elif 0 < self.lower < 1:
            raise CertificateError("lower", self.lower, "a proof of it")

    def __repr__(self) -> str:
        target = ", ".join(map(fraction_text, self.target))
        missing = "never" if self.lower == 1 else "not found"
        found = missing if self.discount is None else fraction_text(self.discount)
        more = "" if self.exact else f" (not below {float(self.lower):.7g})"
        return f"<LeastDiscountOfPayoffs ({target}): {found}{more}>"


def least_discount_of_payoffs(
    game: Game, target: Sequence[Any], *, budget: float | None = 10.0
) -> LeastDiscountOfPayoffs:
    """The least discount factor at which ``target`` is an equilibrium payoff: exact, or a bracket of width 10⁻⁶.

    Raises
    ------
    UnsupportedError
        For other than two players.
    ParameterError
        For a target that is not two numbers.

    Examples
    --------
    >>> pd = Game.symmetric([[3, 0], [5, 1]])
    >>> least_discount_of_payoffs(pd, (3, 3))
    <LeastDiscountOfPayoffs (3, 3): 1/2>
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "two players")
    if isinstance(target, str) or not hasattr(target, "__len__") or len(target) != 2:
        raise ParameterError("target", target, "two payoffs, one a player")
    point = (to_fraction(target[0], "target"), to_fraction(target[1], "target"))
    if _out_of_reach(game, point):
        return LeastDiscountOfPayoffs(game, point, None, Fraction(1), None, None)
    deadline = None if budget is None else time.monotonic() + budget

    def out_of_time() -> bool:
        return deadline is not None and time.monotonic() > deadline

    inside: PayoffSet | None = None
    outside: PayoffSet | None = None
    for x in (Fraction(0), *PROBES):
        found = payoff_set(game, x, budget=budget)
        if point in found:
            inside = found
            break
        if not _is_mean(point, found.outer):
            outside = found
        if out_of_time():
            break
    below: LeftLimit | None = None
    if inside is not None and inside.discount > 0:
        inside, outside, below = _close(game, point, inside, outside, budget, out_of_time)
    lower = below.discount if below else outside.discount if outside else Fraction(0)
    return LeastDiscountOfPayoffs(game, point, inside.discount if inside else None, lower, inside, outside, below)


def _close(
    game: Game, point: Target, inside: PayoffSet, outside: PayoffSet | None, budget: float | None, out_of_time: Any
) -> tuple[PayoffSet, PayoffSet | None, LeftLimit | None]:
    """Bisect on both sides; probes are simple fractions, so that a simple answer is met."""
    undecided = Fraction(0) if outside is None else outside.discount
    lower = undecided
    while inside.discount - undecided > WIDTH and not out_of_time():
        found = payoff_set(game, between(undecided, inside.discount), budget=budget)
        if point in found:
            inside = found
            continue
        undecided = found.discount
        if not _is_mean(point, found.outer):
            lower, outside = found.discount, found
    if inside.is_exact:
        below = left_limit(game, inside.discount, point, inside.vertices, out_of_time)
        if below is not None:
            return inside, None, below
    high = inside.discount
    while lower < undecided and high - lower > WIDTH and not out_of_time():
        found = payoff_set(game, between(lower, high), budget=budget)
        if _is_mean(point, found.outer):
            high = found.discount
        else:
            lower, outside = found.discount, found
    return inside, outside, None


def _out_of_reach(game: Game, point: Target) -> bool:
    first, second = game.exact_payoffs
    floor = (first.max(axis=0).min(), second.max(axis=1).min())
    feasible = _is_mean(point, list(zip(first.ravel().tolist(), second.ravel().tolist(), strict=True)))
    return not feasible or point[0] < floor[0] or point[1] < floor[1]


def _clearance(game: Game, point: Target, corners: Sequence[tuple[Any, Any]]) -> float:
    """Half the distance of a point from a polygon as a share of the payoff ranges, between 10⁻¹⁰ and 10⁻⁶."""
    spread = [(u.max() - u.min()) or Fraction(1) for u in game.exact_payoffs]
    scaled = tuple((p[0] / spread[0], p[1] / spread[1]) for p in corners)
    if not scaled:
        return 1e-6
    square = polygon.squared_distance(scaled, (point[0] / spread[0], point[1] / spread[1]))
    return min(1e-6, max(1e-10, 0.5 * sqrt(float(square))))


def _is_mean(point: Target, corners: Sequence[tuple[Any, Any]]) -> bool:
    """Whether ``point`` is a mean of ``corners``: all of them on no one side of any line through it."""
    if not corners:
        return False
    if all(isinstance(x, Fraction) for p in corners for x in p):
        rows = [[p[0] for p in corners], [p[1] for p in corners], [Fraction(1)] * len(corners)]
        return maximise([Fraction(0)] * len(corners), E=rows, f=[*point, Fraction(1)]).status == "optimal"
    x, y = point
    arms = [(p[0] - x, p[1] - y) for p in corners]
    if any(a == 0 and b == 0 for a, b in arms):
        return True
    count = len(arms)
    turns = [arms[k][0] * arms[(k + 1) % count][1] - arms[k][1] * arms[(k + 1) % count][0] for k in range(count)]
    if count > 2:
        return all(t >= 0 for t in turns)
    return count == 2 and turns[0] == 0 and arms[0][0] * arms[1][0] + arms[0][1] * arms[1][1] <= 0
