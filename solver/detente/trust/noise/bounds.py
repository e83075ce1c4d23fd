"""How much trust an agreement needs when no single act reveals the partner's type.

The partner keeps the agreement with probability μ and is an opportunist otherwise; acts misfire, or only a signal of
them is public. Keeping is optimal at a prior iff no deviation gains at any node and belief that keeping can lead to. At
each node, what deviating gains over keeping is convex in the belief, so it does not gain on one closed interval of
beliefs; and how far beliefs can drift before a node is reached is a matter of shortest walks
(:mod:`detente.trust.noise.drift`). Together: an interval of priors, bounded as well as the gains are known.

*Exactly.* If both players' acts misfire, or the signal says as much about the partner whatever the player does, a
deviation leads nowhere that keeping does not. Then only single deviations count (the one-shot-deviation principle),
their gains are linear in the belief, and the interval is rational. So it is, too, if the best value is piecewise linear
with few pieces at the beliefs that can be reached from its ends (:mod:`detente.trust.noise.envelope`), as against an
opportunist whom a trigger agreement punishes for ever.

*Otherwise* between bounds: plans bound the gain from below (:mod:`detente.trust.noise.envelope`), a grid of beliefs
from above (:mod:`detente.trust.noise.grid_bound`), both proven in exact arithmetic, and the grid is refined until the
threshold's interval is as narrow as asked for, or time is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from time import monotonic
from typing import Any

from flint import fmpq

from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.intervals import End, Interval, IntervalSet
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.exact.rational import fraction_text, to_fraction, to_probability
from detente.exact.region import Constraint, Region
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import UNIT_INTERVAL
from detente.trust.check import keeping_is_optimal
from detente.trust.noise.check import keeping_is_optimal_under_noise
from detente.trust.noise.drift import Bounds, reachable_beliefs
from detente.trust.noise.envelope import Envelope, Plans, best_plans, is_best_between
from detente.trust.noise.grid_bound import upper_bounds
from detente.trust.noise.kept_beliefs import belief_grid, critical_beliefs, priors_of_keeping
from detente.trust.noise.model import Line, NoisyEncounter, Trembling, keeping, noisy_encounter, worth
from detente.trust.types.partner_types import is_noisy

FIRST_GRID, LARGEST_GRID = 65, 4097
PLANNING_TIME = 3.0  # seconds; where the best value has few pieces, milliseconds are enough
# How far outside the possible priors, as a share of the way to 0 or 1, the independent check must find that keeping is
# not optimal.
NEAR = Fraction(1, 10**6)
NEAR_BOUNDS = Fraction(1, 10)  # where there are only bounds, since it looks but a few periods ahead


@dataclass(frozen=True)
class ValueBounds:
    """At one prior: what keeping the agreement is worth, and certified bounds on the best value of any plan."""

    keeping: Fraction
    lower: Fraction
    upper: Fraction

    def __repr__(self) -> str:
        best = str(self.lower) if self.lower == self.upper else f"{float(self.lower):.9g} to {float(self.upper):.9g}"
        return f"<keeping is worth {fraction_text(self.keeping)}, the best plan {best}>"


@dataclass(frozen=True)
class TrustBounds:
    """How much trust an agreement needs under noise: certified bounds, equal where the answer is exact.

    Attributes
    ----------
    lower, upper
        The least trust μ* lies between them. Both are None if no trust suffices; ``upper`` alone is None if it could
        not be proven that some does.
    exact
        Whether the set of sufficient priors is known exactly.
    inside
        Priors at which keeping is proven to be optimal; all of them, if ``exact``.
    possible
        Outside these, keeping is proven not to be optimal.
    binding, binding_above
        The deviations that bound trust from below, and from above if they do: where, and what the player would do.
    complete
        Whether the bounds are exact or as close as was asked for.
    """

    player: Any
    agreement: str
    inside: IntervalSet
    possible: IntervalSet
    exact: bool
    complete: bool
    binding: Constraint | None
    binding_above: Constraint | None
    _meeting: NoisyEncounter = field(repr=False, compare=False)

    @property
    def lower(self) -> Fraction | None:
        return _least(self.possible)

    @property
    def upper(self) -> Fraction | None:
        return _least(self.inside)

    @property
    def width(self) -> Fraction | None:
        """How far apart the bounds on the least trust are; None unless some trust is proven to suffice."""
        return None if self.lower is None or self.upper is None else self.upper - self.lower

    @property
    def region(self) -> Region:
        """The exact region of priors; :class:`UnsupportedError` if only bounds are known."""
        if not self.exact:
            expected = "an exact answer; use inside, possible, lower and upper"
            raise UnsupportedError("region", f"bounds {self.lower} and {self.upper}", expected)
        binding: dict[End, tuple[Constraint, ...]] = {}
        for interval in self.inside:
            for end, limit, made_by in ((interval.lo, 0, self.binding), (interval.hi, 1, self.binding_above)):
                if end != limit and made_by is not None:
                    binding[end] = (made_by,)
        failing = (self.binding,) if self.binding is not None and not self.inside else ()
        claim = f"Keeping {self.agreement} is optimal for {self.player}"
        return Region("trust", claim, UNIT_INTERVAL, self.inside, binding, failing, self._holds_at)

    def values(self, trust: Any, width: Any = "1/1000000") -> ValueBounds:
        """What keeping is worth at the prior ``trust``, and bounds on the best value.

        The bounds are refined until they differ by at most ``width`` times the range of the player's payoffs, or the
        grid of beliefs has reached its limit.
        """
        mu = to_fmpq(to_probability(trust, "trust"))
        goal = to_positive(width, "width")
        kept = self._kept[0]
        own = kept[0] * mu + kept[1] * (1 - mu)
        if from_fmpq(mu) in self.inside:
            return ValueBounds(from_fmpq(own), from_fmpq(own), from_fmpq(own))
        low = high = self._plans.envelopes[0].at(mu, 1 - mu)
        if not self._plans.exact:
            u = self._meeting.rg.game.exact_payoffs[self._meeting.player]
            goal *= Fraction(u.max() - u.min()) or 1
            size = FIRST_GRID
            while True:
                high = upper_bounds(self._meeting, belief_grid(size, [mu]))[0].at(mu, 1 - mu)
                size = 2 * size - 1
                if high - low <= to_fmpq(goal) or size > LARGEST_GRID:
                    break
        return ValueBounds(from_fmpq(own), from_fmpq(low), from_fmpq(high))

    def verify(self) -> None:
        """Ask an independent check: no deviation gains at the ends and the middle of ``inside``; one gains just
        outside ``possible``. It follows Bayes' rule with numbers along the extreme walks, and tries every way of
        deviating for a few periods."""
        expected = {x: True for i in self.inside for x in (i.lo, (i.lo + i.hi) / 2, i.hi)}  # type: ignore[operator]
        if not self.possible:
            expected |= {Fraction(k, 4): False for k in range(5)}
        near = NEAR if self.exact else NEAR_BOUNDS
        for i in self.possible:
            if i.is_point and i.lo in (0, 1):  # certainty, and nothing close to it
                expected[Fraction(1, 2)] = False
                continue
            for end, side in ((i.lo, Fraction(0)), (i.hi, Fraction(1))):
                if end != side:
                    expected[Fraction(end) + (side - Fraction(end)) * near] = False  # type: ignore[arg-type]
        for x, holds in expected.items():
            if self._holds_at(Fraction(x)) != holds:  # type: ignore[arg-type]
                said = "optimal" if holds else "not optimal"
                raise CertificateError("trust", x, f"the independent check to agree that keeping is {said}")

    def _holds_at(self, trust: Fraction) -> bool:
        m = self._meeting
        if not is_noisy(m.rg):
            return keeping_is_optimal(m.rg, m.agreement, m.player, m.opportunist, trust)
        quiet = m.deviations_leave_no_mark()
        return keeping_is_optimal_under_noise(m.rg, m.agreement, m.player, m.opportunist, m.trembling, trust, quiet)

    @cached_property
    def _kept(self) -> list[Any]:
        return worth(self._meeting, keeping(self._meeting))

    @cached_property
    def _plans(self) -> Plans:
        return best_plans(self._meeting, monotonic() + PLANNING_TIME)

    def __repr__(self) -> str:
        if not self.possible:
            need = "no trust suffices"
        elif self.exact:
            need = f"needs trust {fraction_text(self.lower)}" if self.lower is not None else ""
        elif self.upper is None:
            need = f"needs trust of at least {fraction_text(self.lower)}, and perhaps none suffices"  # type: ignore[arg-type]
        else:
            need = f"needs trust between {float(self.lower):.6g} and {float(self.upper):.6g}"  # type: ignore[arg-type]
        return f"<TrustBounds of {self.player} for {self.agreement}: {need}>"


def trust_bounds(
    rg: RepeatedGame,
    ag: Agreement,
    *,
    player: Any,
    opportunist: Machine | None = None,
    width: Any = "1/10000",
    trembling: Trembling = "both",
    budget: float = 30.0,
) -> TrustBounds:
    """The least trust at which keeping the agreement is optimal under noise: exactly, or between certified bounds.

    Parameters
    ----------
    rg
        With any monitoring. Under trembles the acts carried out are public, and so is what an opportunist with several
        states watches; under a public signal the opportunist must have a single state.
    player
        Whose trust in the partner it is.
    opportunist
        What the partner does when not keeping the agreement; by default always the act that is worst for ``player``.
    width
        How close the bounds must be, where the answer is not found exactly.
    trembling
        Whose acts misfire under trembles: ``"both"`` players', or only the ``"partner"``'s.
    budget
        Seconds after which the bounds are returned as they are, with ``complete=False``.

    Raises
    ------
    UnsupportedError
        For more than two players, and an opportunist of several states under a public signal.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import trembles
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=trembles("1/20"))
    >>> trust_bounds(rg, agreements.grim_trigger(pd), player="US").lower
    Fraction(2997241, 20105760)
    >>> trust_bounds(rg, agreements.grim_trigger(pd), player="US", trembling="partner").lower
    Fraction(5075, 40983)
    """
    goal, limit = to_positive(width, "width"), to_positive(budget, "budget")
    deadline = monotonic() + float(limit)
    meeting = noisy_encounter(rg, ag, player, opportunist, trembling)
    kept = worth(meeting, keeping(meeting))
    exact = meeting.deviations_leave_no_mark() or not meeting.beta
    if exact:
        values = tuple(Envelope([(line, n)]) for n, line in enumerate(kept))
    else:
        plans = best_plans(meeting, monotonic() + min(float(limit) / 3, PLANNING_TIME))
        values, exact = plans.envelopes, plans.exact
    priors = priors_of_keeping(meeting, kept, values)
    possible = priors.bounds
    exact = exact or (possible is not None and all(_is_kept(meeting, kept, values, end) for end in possible))
    inside = possible if exact else None
    size = FIRST_GRID
    goal = goal * 3 / 4  # the rest is for rounding
    while not (exact or possible is None or _close(inside, possible, goal)):
        began = monotonic()
        beliefs = critical_beliefs(meeting, kept, values)
        inside = priors_of_keeping(meeting, kept, upper_bounds(meeting, belief_grid(size, beliefs))).bounds or inside
        size = 2 * size - 1
        # The next round, on a grid twice as fine, takes about twice as long.
        if size > LARGEST_GRID or 3 * monotonic() - 2 * began > deadline:
            break
    exact = exact or inside == possible
    complete = exact or _close(inside, possible, goal)
    if not exact:
        inside, possible = _rounded_in(inside, goal), _rounded_out(possible, goal)
    name = rg.game.players[meeting.player]
    title = ag.name or "the agreement"
    return TrustBounds(name, title, _set(inside), _set(possible), exact, complete, priors.below, priors.above, meeting)


def _is_kept(meeting: NoisyEncounter, kept: Sequence[Line], values: Sequence[Envelope], prior: Any) -> bool:
    """Whether known plans are proven to be the best at every belief that any acts can lead to from ``prior``, and none
    of them does better than keeping there."""
    own = kept[0][0] * prior + kept[0][1] * (1 - prior)
    return bool(values[0].at(prior, 1 - prior) == own) and is_best_between(
        meeting, values, reachable_beliefs(meeting, prior)
    )


def _close(inside: Bounds, possible: Bounds, goal: Fraction) -> bool:
    if inside is None or possible is None:
        return False
    return bool(inside[0] - possible[0] <= to_fmpq(goal) and possible[1] - inside[1] <= to_fmpq(goal))


def _rounded_in(bounds: Bounds, goal: Fraction) -> Bounds:
    """A slightly smaller interval whose ends are short to write."""
    if bounds is None:
        return None
    unit = fmpq(_digits(goal))
    lo, hi = (bounds[0] * unit).ceil() / unit, (bounds[1] * unit).floor() / unit
    return (lo, hi) if lo <= hi else bounds


def _rounded_out(bounds: Bounds, goal: Fraction) -> Bounds:
    """A slightly larger interval whose ends are short to write."""
    if bounds is None:
        return None
    unit = fmpq(_digits(goal))
    return (bounds[0] * unit).floor() / unit, (bounds[1] * unit).ceil() / unit


def _digits(goal: Fraction) -> int:
    """A power of ten above 10/goal."""
    return int(10 ** (len(str(int(1 / goal))) + 1))


def _set(bounds: Bounds) -> IntervalSet:
    return IntervalSet() if bounds is None else IntervalSet((Interval(from_fmpq(bounds[0]), from_fmpq(bounds[1])),))


def _least(found: IntervalSet) -> Fraction | None:
    return Fraction(found.intervals[0].lo) if found else None  # type: ignore[arg-type]


def to_positive(value: Any, argument: str) -> Fraction:
    """A number above zero, as a user gives it."""
    number = to_fraction(value, argument)
    if number <= 0:
        raise ParameterError(argument, value, "a positive number")
    return number
