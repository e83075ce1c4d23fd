"""The bond that makes trust enough although acts miscarry.

A bond of size x is forfeited to the player in every period in which the partner's act is seen to depart from what the
agreement prescribes and the player's is not, by intent or by mistake; the player's *own bond* is lost in the reverse
case. When both sides' acts miscarry, a deviation leads nowhere that keeping does not, so only single deviations count
(:mod:`detente.trust.noise.bounds`). What one loses, at a node n of the agreement's and the opportunist's states and a
belief b of facing the keeper, is linear in b and in x:

    b [A₁ + B₁ x] + (1 − b) [A₀ + B₀ x] ≥ 0,

for values solve linear equations whose right-hand side is linear in x, and the chances of all outcomes are not touched
by it. The beliefs that a prior can drift to at n fill an interval with known ends (:mod:`detente.trust.noise.drift`),
and it suffices to ask at these. So the sizes that do are an interval with rational ends, which may be empty.

Without noise there is more to a deviation than one period; then see :mod:`detente.trust.substitutes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import inf
from typing import Any, Literal

from flint import fmpq

from detente.errors import CertificateError, LabelError, UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.exact.rational import to_probability
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.monitoring import Trembles
from detente.game.repeated import RepeatedGame
from detente.repeated.check import next_state
from detente.trust.check import chain_values, machine_next
from detente.trust.noise.drift import reachable_beliefs
from detente.trust.noise.model import NoisyEncounter, keeping, noisy_encounter, worth

Instrument = Literal["bond", "own bond"]
INSTRUMENTS = ("bond", "own bond")
NEAR = Fraction(1, 10**4)
PERIODS = 60  # the check follows beliefs for so long
SIZES = Interval(Fraction(0), inf, True, False)


@dataclass(frozen=True)
class NoisyBond:
    """The sizes of a bond with which a prior is enough, under trembles.

    ``sizes`` is exact; ``least`` its least element, None if no size will do.
    """

    instrument: Instrument
    rg: RepeatedGame
    agreement: Agreement
    player: int
    opportunist: Machine
    trust: Fraction
    sizes: IntervalSet

    @property
    def least(self) -> Fraction | None:
        return Fraction(self.sizes.intervals[0].lo) if self.sizes else None  # type: ignore[arg-type]

    def verify(self) -> None:
        """Ask Bayes' rule with numbers: no deviation of one period gains at the ends of ``sizes``, one does outside."""
        asked = {Fraction(0): Fraction(0) in self.sizes}
        for i in self.sizes:
            lo = Fraction(i.lo)  # type: ignore[arg-type]
            asked[lo] = True
            if lo:
                asked[lo * (1 - NEAR)] = False
            if i.hi != inf:
                hi = Fraction(i.hi)  # type: ignore[arg-type]
                asked |= {hi: True, hi * (1 + NEAR) + NEAR: False}
        for size, enough in asked.items():
            if _Payments(self, size).keeping_is_optimal() != enough:
                said = "enough" if enough else "not enough"
                raise CertificateError(self.instrument, size, f"the independent check to agree that it is {said}")


def bond_under_noise(
    rg: RepeatedGame, ag: Agreement, *, player: Any, trust: Any, instrument: Instrument = "bond"
) -> NoisyBond:
    """The sizes of a bond with which a prior of ``trust`` is enough, against a partner who may restrict for ever.

    Raises :class:`UnsupportedError` without noise, and where the agreement leaves a deviation's mark on what is seen.

    >>> from detente.scenario.load import load_scenario
    >>> london = load_scenario("london-2025")
    >>> found = bond_under_noise(london.repeated, london.agreements["grim trigger"], player="US", trust="1/2")
    >>> round(float(found.least), 2)
    6.01
    """
    if instrument not in INSTRUMENTS:
        raise LabelError("instrument", instrument, INSTRUMENTS)
    if not isinstance(rg.monitoring, Trembles) or not 0 < rg.monitoring.eps < 1:
        raise UnsupportedError("monitoring", rg.monitoring, "trembles(eps) with eps above 0 and below 1")
    prior = to_probability(trust, "trust")
    meeting = noisy_encounter(rg, ag, player, None, "both")
    if not meeting.deviations_leave_no_mark():
        raise UnsupportedError("agreement", ag, "one under which all that follows a deviation can follow keeping")
    mu = to_fmpq(prior)
    reached = reachable_beliefs(meeting, mu) if meeting.beta else {0: (mu, mu)}  # without a future only now counts
    base, slope = _losses(meeting), _losses(_paying(meeting, instrument))
    lo, hi = fmpq(0), None
    for key, (a1, a0) in base.items():
        b1, b0 = slope[key]
        for belief in reached.get(key[0], ()):
            a, b = belief * a1 + (1 - belief) * a0, belief * b1 + (1 - belief) * b0
            if b > 0:
                lo = max(lo, -a / b)
            elif b < 0:
                hi = -a / b if hi is None else min(hi, -a / b)
            elif a < 0:
                hi = fmpq(-1)
    top = inf if hi is None else from_fmpq(hi)
    found = IntervalSet() if top < from_fmpq(lo) else IntervalSet((Interval(from_fmpq(lo), top, True, hi is not None),))
    return NoisyBond(instrument, rg, ag, meeting.player, meeting.opportunist, prior, found)


def _losses(meeting: NoisyEncounter) -> dict[tuple[int, int], tuple[Any, Any]]:
    """By node and act that is not prescribed: what meaning it once loses, against the keeper and the opportunist."""
    kept = worth(meeting, keeping(meeting))
    found = {}
    for n, row in enumerate(meeting.options):
        for act, option in enumerate(row):
            if act == meeting.keep[n]:
                continue
            ahead = [
                sum(((o.other if side else o.keeper) * kept[o.target][side] for o in option.outcomes), fmpq(0))
                for side in (0, 1)
            ]
            keeper, other = (
                kept[n][side] - (1 - meeting.beta) * option.reward[side] - meeting.beta * ahead[side] for side in (0, 1)
            )
            found[n, act] = keeper, other
    return found


def _paying(meeting: NoisyEncounter, instrument: str) -> NoisyEncounter:
    """The same encounter with a bond of size 1 as the only payoff."""
    i, game = meeting.player, meeting.rg.game
    assert isinstance(meeting.rg.monitoring, Trembles)
    eps = to_fmpq(meeting.rg.monitoring.eps)

    def chance(meant: int, done: int, who: int) -> Any:
        """That ``done`` is carried out."""
        m = game.shape[who]
        return fmpq(1) if m == 1 else 1 - eps if meant == done else eps / (m - 1)

    bound = meeting.bound
    opportunist = [game.action_index(1 - i, a) for a in meeting.opportunist.play.values()]
    rows = []
    for n, row in enumerate(meeting.options):
        s, m = meeting.nodes[n]
        mine, theirs = bound.play[s][i], bound.play[s][1 - i]
        paid = []
        for act, option in enumerate(row):
            own = chance(act, mine, i)
            kept = [chance(meant, theirs, 1 - i) for meant in (theirs, opportunist[m])]
            pays = [own * (1 - p) if instrument == "bond" else -(1 - own) * p for p in kept]
            paid.append(replace(option, reward=(pays[0], pays[1])))
        rows.append(tuple(paid))
    return replace(meeting, options=tuple(rows))


class _Payments:
    """The check: beliefs as numbers, payments outcome by outcome, deviations of one period."""

    def __init__(self, bond: NoisyBond, size: Fraction) -> None:
        self.bond, self.size = bond, size
        self.game, self.ag, self.i = bond.rg.game, bond.agreement, bond.player
        self.beta = bond.rg.discount[self.i] * (1 - bond.rg.breakdown)
        self.eps = Fraction(bond.rg.monitoring.eps)  # type: ignore[union-attr]

    def keeping_is_optimal(self) -> bool:
        start = (self.ag.start, self.bond.opportunist.start)
        reached = {start: {self.bond.trust}}
        values = [self._values(start, other) for other in (False, True)]
        for _ in range(PERIODS if self.beta else 1):
            after: dict[tuple[str, str], set[Fraction]] = {}
            for at, beliefs in reached.items():
                prescribed = self._prescribed(at, self.i)
                rows = [self._outcomes(at, prescribed, other) for other in (False, True)]
                for b in {min(beliefs), max(beliefs)}:
                    for act in range(self.game.shape[self.i]):
                        if self._worth(at, act, b, values) > b * values[0][at] + (1 - b) * values[1][at]:
                            return False
                    for (p, _, target), (q, _, _) in zip(*rows, strict=True):
                        # Rounded inwards by less than the check can tell; long numerators would slow it down.
                        posterior = b * p / (b * p + (1 - b) * q)
                        after.setdefault(target, set()).add(posterior.limit_denominator(10**30))
            reached = after
        return True

    def _prescribed(self, at: tuple[str, str], j: int) -> int:
        return self.game.action_index(j, self.ag.play[at[0]][j])

    def _outcomes(self, at: tuple[str, str], act: int, other: bool) -> list[tuple[Fraction, Fraction, tuple[str, str]]]:
        """Probability, payoff with payments, and what follows, outcome by outcome."""
        i, game, opportunist = self.i, self.game, self.bond.opportunist
        agreed = [self._prescribed(at, j) for j in (0, 1)]
        meant = list(agreed)
        meant[i] = act
        if other:
            meant[1 - i] = game.action_index(1 - i, opportunist.play[at[1]])
        found = []
        for done in product(*map(range, game.shape)):
            chance = Fraction(1)
            for j in (0, 1):
                if game.shape[j] > 1:
                    chance *= 1 - self.eps if done[j] == meant[j] else self.eps / (game.shape[j] - 1)
            departed = [done[j] != agreed[j] for j in (0, 1)]
            pay = Fraction(game.exact_payoffs[(i, *done)])
            if self.bond.instrument == "bond" and departed[1 - i] and not departed[i]:
                pay += self.size
            if self.bond.instrument == "own bond" and departed[i] and not departed[1 - i]:
                pay -= self.size
            state = next_state(self.bond.rg, self.ag, at[0], done)
            found.append((chance, pay, (state, machine_next(game, opportunist, at[1], i, done[i]))))
        return found

    def _values(self, start: tuple[str, str], other: bool) -> dict[Any, Fraction]:
        chain: dict[Any, Any] = {}
        queue = [start]
        for at in queue:  # grows as situations are reached
            if at not in chain:
                chain[at] = self._outcomes(at, self._prescribed(at, self.i), other)
                queue += [t for _, _, t in chain[at]]
        return chain_values(self.beta, chain)

    def _worth(self, at: tuple[str, str], act: int, belief: Fraction, values: list[dict[Any, Fraction]]) -> Fraction:
        total = Fraction(0)
        for side, weight in ((0, belief), (1, 1 - belief)):
            for q, pay, t in self._outcomes(at, act, bool(side)):
                total += weight * q * ((1 - self.beta) * pay + self.beta * values[side][t])
        return total
