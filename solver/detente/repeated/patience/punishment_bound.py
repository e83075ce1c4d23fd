"""What no punishment can undercut: certified lower bounds on the worst equilibrium payoff of every player.

Fix δ* and let V(δ) be the set of pure-strategy subgame-perfect payoffs with public randomisation. It contains the set
without, and grows with δ (Abreu, Pearce and Stacchetti 1990, *Econometrica* 58, theorem 6). Given a list E of profiles
that can be played at all, and lower bounds w on every player's equilibrium payoffs, the payoffs that can be promised
for later lie in W = conv u(E) ∩ {x ≥ w}. Hence, for every δ < δ*:

* *Exclusion.* A profile b can be played only if some x ∈ W leaves nobody willing to deviate, which needs
  x_j ≥ θ_j(b) := w_j + (1 − δ*)/δ* · g_j(b), strictly where the one-period gain g_j(b) = m_j(b) − u_j(b) is positive.
  Weights p ≥ 0 prove that there is none if max_e∈E p·u(e) < p·θ(b), or = and p_j > 0 for some j with g_j(b) > 0.
* *Raising.* Player i's worst payoff begins with some b ∈ E, and is at least m_i(b), and at least the minimum of
  (1 − δ*) u_i(b) + δ* x_i over x ∈ W with x ≥ θ(b). Weights p ≥ 0 prove that the latter is no less than
  (1 − δ*) u_i(b) + min_e∈E [δ* u_i(e) − p·u(e)] + p·θ(b).

That these bounds, computed at δ*, hold below it is the argument by which V grows: a payoff y generated at δ by b and x
is generated at δ* by b and a mixture of x and y, both of which lie in W. The weights are the dual solutions of exact
linear programmes; checking them takes maxima and minima over E only.

If the bound leaves g_i(a) ≥ δ*/(1 − δ*) (u_i(a) − w_i) for some i with g_i(a) > 0, then a is not sustained for ever by
any subgame-perfect equilibrium at any δ < δ*, with or without public randomisation. Without that, it still follows
that a needs δ ≥ g_i(a) / (m_i(a) − w_i).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np

from detente.errors import CertificateError
from detente.exact.linear_programme import maximise
from detente.repeated.patience.penal_code import Profile, StageTable

Weights = tuple[Fraction, ...]
# Each round tightens the bound a little further; it is valid after any number of them.
MAX_ROUNDS = 40


class Exclusion(NamedTuple):
    """``profile`` is never played: ``weights`` separate what it would need from what can be promised."""

    profile: Profile
    weights: Weights


class Raise(NamedTuple):
    """``player`` gets at least ``value`` in every equilibrium; ``weights`` for each profile that needs them."""

    player: int
    value: Fraction
    weights: Mapping[Profile, Weights]


@dataclass(frozen=True)
class PunishmentBound:
    """Lower bounds ``worst`` on equilibrium payoffs at every discount factor below ``discount``, with their proof.

    ``playable`` are the profiles that the bound does not exclude; ``steps`` is the proof, in order, starting from all
    profiles and the pure minmax payoffs.
    """

    table: StageTable
    discount: Fraction
    worst: tuple[Fraction, ...]
    playable: tuple[Profile, ...]
    steps: tuple[Exclusion | Raise, ...]

    def needed(self, target: Profile) -> Fraction:
        """A discount factor below which ``target`` for ever is in no equilibrium; at most ``discount``."""
        if target not in self.playable:
            return self.discount
        return needed(self.table, target, self.worst, self.discount)

    def verify(self) -> None:
        """Replay the proof from the weights alone; a :class:`CertificateError` at the first step that fails."""
        u, m = self.table.payoffs, self.table.deviations
        n = len(self.worst)
        delta = self.discount
        playable = list(self.table.profiles)
        worst = [min(m[b][i] for b in playable) for i in range(n)]
        for step in self.steps:
            if isinstance(step, Exclusion):
                b, p = step
                theta = [worst[j] + (1 - delta) / delta * (m[b][j] - u[b][j]) for j in range(n)]
                most = max(sum(p[j] * u[e][j] for j in range(n)) for e in playable)
                need = sum(p[j] * theta[j] for j in range(n))
                strict = any(p[j] > 0 and m[b][j] > u[b][j] for j in range(n))
                if min(p) < 0 or most > need or (most == need and not strict):
                    raise CertificateError("exclusion", b, "weights that separate it from what can be promised")
                playable.remove(b)
                continue
            i = step.player
            for b in playable:
                if m[b][i] >= step.value:
                    continue
                p = step.weights.get(b, (Fraction(-1),))
                theta = [worst[j] + (1 - delta) / delta * (m[b][j] - u[b][j]) for j in range(n)]
                least = min(delta * u[e][i] - sum(p[j] * u[e][j] for j in range(len(p))) for e in playable)
                if min(p) < 0 or (1 - delta) * u[b][i] + least + sum(map(_times, p, theta)) < step.value:
                    raise CertificateError("bound", step.value, f"weights that prove it for {b}")
            worst[i] = max(worst[i], step.value)
        if (tuple(worst), tuple(playable)) != (self.worst, self.playable):
            raise CertificateError("bound", self.worst, "the bound that its steps prove")


def punishment_bound(table: StageTable, discount: Fraction, out_of_time: Callable[[], bool]) -> PunishmentBound:
    """The bound at ``discount`` in (0, 1], tightened until nothing changes or time is up."""
    search = _Search(table, discount)
    for _ in range(MAX_ROUNDS):
        changed = search.exclude(out_of_time)
        changed = search.raise_all(out_of_time) or changed
        if not changed or out_of_time():
            break
    return PunishmentBound(table, discount, tuple(search.worst), tuple(search.playable), tuple(search.steps))


class _Search:
    def __init__(self, table: StageTable, discount: Fraction) -> None:
        self.table, self.delta = table, discount
        self.u, self.m = table.payoffs, table.deviations
        self.playable = list(table.profiles)
        self.worst = list(table.minmax)
        self.n = len(self.worst)
        self.steps: list[Exclusion | Raise] = []
        # Payoffs as integers, each player's in a unit of its own: pricing in Fractions would take most of the time.
        self.units = [lcm(*(u[j].denominator for u in self.u.values())) for j in range(self.n)]
        whole = [[int(x * k) for x, k in zip(self.u[b], self.units, strict=True)] for b in self.playable]
        self.whole = np.array(whole, dtype=object)

    def best(self, weights: Sequence[Fraction]) -> tuple[Fraction, Profile]:
        """The largest weighted sum of payoffs over playable profiles, and where it is."""
        per_unit = [w / k for w, k in zip(weights, self.units, strict=True)]
        common = lcm(*(w.denominator for w in per_unit))
        sums = self.whole @ np.array([int(w * common) for w in per_unit], dtype=object)
        k = int(sums.argmax())
        return Fraction(sums[k], common), self.playable[k]

    def remove(self, b: Profile) -> None:
        self.whole = np.delete(self.whole, self.playable.index(b), axis=0)
        self.playable.remove(b)

    def theta(self, b: Profile) -> list[Fraction]:
        factor = (1 - self.delta) / self.delta
        return [w + factor * g for w, g in zip(self.worst, self.table.gain(b), strict=True)]

    def exclude(self, out_of_time: Callable[[], bool]) -> bool:
        changed = False
        for b in list(self.playable):
            gain = self.table.gain(b)
            if not any(gain) or out_of_time():
                continue
            theta = self.theta(b)
            if any(all(map(_above, self.u[e], theta)) for e in self.playable):
                continue
            weights = self._separate(theta, gain)
            if weights is not None:
                self.steps.append(Exclusion(b, weights))
                self.remove(b)
                changed = True
        return changed

    def _separate(self, theta: list[Fraction], gain: tuple[Fraction, ...]) -> Weights | None:
        """Weights that prove that no promise is above ``theta``, strictly where there is a gain; None if one is."""
        lead, weights, _ = self._lead(theta)
        if lead > 0 or (lead == 0 and not any(p > 0 and g > 0 for p, g in zip(weights, gain, strict=True))):
            return None
        return weights

    def _lead(self, theta: list[Fraction]) -> tuple[Fraction, Weights, list[Profile]]:
        """The largest t with some promise at least ``theta`` + t, its dual, and the profiles that attain it.

        Columns are generated: profiles enter the programme as the dual of the smaller one calls for them. A positive
        t is returned as soon as it is found.
        """
        columns = list({self.best([Fraction(int(j == k)) for k in range(self.n)])[1] for j in range(self.n)})
        while True:
            rows = [[-self.u[e][j] for e in columns] + [Fraction(1), Fraction(-1)] for j in range(self.n)]
            total = [Fraction(1)] * len(columns) + [Fraction(0)] * 2
            cost = [Fraction(0)] * len(columns) + [Fraction(1), Fraction(-1)]
            best = maximise(cost, rows, [-t for t in theta], [total], [Fraction(1)])
            weights = best.dual[: self.n]
            most, entering = self.best(weights)
            if best.value > 0 or most <= best.value + _dot(weights, theta):
                return best.value, weights, columns
            columns.append(entering)

    def raise_all(self, out_of_time: Callable[[], bool]) -> bool:
        changed = False
        for i in range(self.n):
            step = self._raise(i, out_of_time)
            if step is not None:
                self.steps.append(step)
                self.worst[i] = step.value
                changed = True
        return changed

    def _raise(self, i: int, out_of_time: Callable[[], bool]) -> Raise | None:
        if not self.playable:
            return None
        value: Fraction | None = None
        weights: dict[Profile, Weights] = {}
        for b in sorted(self.playable, key=lambda b: self.m[b][i]):
            if value is not None and self.m[b][i] >= value:
                break
            if out_of_time():
                return None
            floor = self.m[b][i]
            promise = self._least_promise(i, self.theta(b), (floor - (1 - self.delta) * self.u[b][i]) / self.delta)
            if promise is not None:
                weights[b] = promise[1]
                floor = max(floor, (1 - self.delta) * self.u[b][i] + self.delta * promise[0])
            value = floor if value is None else min(value, floor)
            if value <= self.worst[i]:
                return None
        assert value is not None
        return Raise(i, value, weights)

    def _least_promise(self, i: int, theta: list[Fraction], enough: Fraction) -> tuple[Fraction, Weights] | None:
        """The least payoff to ``i`` among promises above ``theta``, and its dual; None if no more than ``enough``."""
        if any(self.u[e][i] <= enough and all(map(_at_least, self.u[e], theta)) for e in self.playable):
            return None
        lead, _, columns = self._lead(theta)
        if lead < 0:  # no promise at all: the next round excludes the profile
            return None
        while True:
            rows = [[-self.u[e][j] for e in columns] for j in range(self.n)]
            cost = [-self.u[e][i] for e in columns]
            best = maximise(cost, rows, [-t for t in theta], [[Fraction(1)] * len(cost)], [Fraction(1)])
            weights = best.dual[: self.n]
            most, entering = self.best([p - (i == j) for j, p in enumerate(weights)])
            if most <= best.value + _dot(weights, theta):
                return -best.value, tuple(self.delta * p for p in weights)
            columns.append(entering)


def needed(table: StageTable, target: Profile, worst: tuple[Fraction, ...], discount: Fraction) -> Fraction:
    """The least δ with (1 − δ) m_i + δ w_i ≤ u_i for all players with something to gain; at most ``discount``."""
    least = Fraction(0)
    for u, m, w in zip(table.payoffs[target], table.deviations[target], worst, strict=True):
        if u < w or (u == w and m > u):
            return discount
        if m > u:
            least = max(least, (m - u) / (m - w))
    return min(least, discount)


def _above(x: Fraction, y: Fraction) -> bool:
    return x > y


def _at_least(x: Fraction, y: Fraction) -> bool:
    return x >= y


def _times(x: Fraction, y: Fraction) -> Fraction:
    return x * y


def _dot(p: Sequence[Fraction], q: Sequence[Fraction]) -> Fraction:
    return sum(map(_times, p, q), Fraction(0))
