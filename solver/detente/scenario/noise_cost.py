"""What noise costs: the worth of every agreement when acts miscarry, how long to punish, how much noise is too much.

An agreement that both keep is worth less than mutual relaxation (R) when acts miscarry, for two reasons: the acts
themselves go wrong, and punishments are carried out although nobody meant to breach. The *price of noise* of an
agreement is R less its worth. Better monitoring, here half the scenario's noise, is worth the difference between the
best agreement then and the best now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from detente.errors import CertificateError, UnsupportedError
from detente.exact.intervals import End, IntervalSet, combine
from detente.game.monitoring import trembles
from detente.game.repeated import RepeatedGame
from detente.repeated.incentives import Incentives, incentives
from detente.repeated.public.punishment_length import PunishmentLength, best_punishment_length
from detente.scenario.agreement_analysis import AgreementAnalysis
from detente.scenario.joint import INFORMATIVE, JointAgreement, joint_agreement

BETTER = Fraction(1, 2)  # better monitoring: this share of the noise


@dataclass(frozen=True)
class NoiseCost:
    """The cost of noise in one scenario.

    Attributes
    ----------
    here, better
        Values and slacks of each agreement that starts by relaxing: at the scenario's noise, and at half of it.
    length
        The best number of periods of mutual restriction after a breach or what looks like one; None if mutual
        restriction is no punishment.
    joint
        The best agreement under which both sides always do the same; None if somebody does not prefer relaxing.
    lost
        The noise at which none of the agreements examined holds, nor any joint one; noise of one half and more, at
        which acts say nothing or the opposite, is left out.
    """

    rg: RepeatedGame
    noise: Fraction
    here: Mapping[str, Incentives]
    better: Mapping[str, Incentives]
    length: PunishmentLength | None
    joint: JointAgreement | None
    lost: IntervalSet

    def values(self, name: str) -> Mapping[Any, Fraction]:
        """What an agreement is worth to each player if both keep it, at the scenario's noise; holding or not."""
        return _values(self.here[name])

    def price(self, name: str) -> Mapping[Any, Fraction]:
        """What noise takes from mutual relaxation under an agreement that both keep."""
        u = self.rg.game.exact_payoffs
        return {player: u[i, 0, 0] - v for i, (player, v) in enumerate(self.values(name).items())}

    @property
    def best(self) -> str | None:
        """The agreement that holds at the scenario's noise and is worth most to both together; None if none holds."""
        return _best(self.here)

    @property
    def best_if_better(self) -> str | None:
        """The same at half the noise."""
        return _best(self.better)

    @property
    def worth_of_better_monitoring(self) -> Mapping[Any, Fraction] | None:
        """What half the noise would add to each player's value, the best agreement being chosen at either level.

        Where none holds there is mutual restriction. None if none holds at half the noise either.
        """
        if self.best_if_better is None:
            return None
        then = _values(self.better[self.best_if_better])
        now = _restriction(self.rg) if self.best is None else self.values(self.best)
        return {player: then[player] - now[player] for player in then}

    @property
    def most(self) -> End | None:
        """The noise up to which cooperation is possible, starting from none; None if it is not even without noise."""
        able = IntervalSet((INFORMATIVE,)) - self.lost
        first = next(iter(able), None)
        return first.hi if first is not None and first.lo == 0 else None

    def verify(self) -> None:
        """Check slacks, the length and the joint agreement by their certificates, and all values by their recursion."""
        for table in (self.here, self.better):
            for inc in table.values():
                inc.verify()
                _check_values(inc)
        if self.length is not None:
            self.length.verify()
        if self.joint is not None:
            self.joint.verify()


def noise_cost(rg: RepeatedGame, agreements: Mapping[str, AgreementAnalysis]) -> NoiseCost:
    """What noise costs in a two-by-two game with trembles, given its agreements analysed; see the module."""
    noise = Fraction(getattr(rg.monitoring, "eps", 0))
    less = rg.replace(monitoring=trembles(noise * BETTER))
    relaxing = {name: a for name, a in agreements.items() if a.relaxes}
    try:
        length = best_punishment_length(rg)
    except UnsupportedError:  # somebody prefers mutual restriction
        length = None
    joint = joint_agreement(rg)
    able = [a.noise.set for a in relaxing.values()] + ([] if joint is None else [joint.noise.set])
    lost = IntervalSet((INFORMATIVE,)) - combine([IntervalSet(), *able], any)
    return NoiseCost(
        rg,
        noise,
        {name: a.noisy for name, a in relaxing.items()},
        {name: incentives(less, a.agreement) for name, a in relaxing.items()},
        length,
        joint,
        lost,
    )


def _values(inc: Incentives) -> dict[Any, Fraction]:
    row = inc.values[inc.agreement.start]
    return {player: row[i] for i, player in enumerate(inc.rg.game.players)}


def _best(table: Mapping[str, Incentives]) -> str | None:
    holding = {name: sum(_values(inc).values(), Fraction(0)) for name, inc in table.items() if inc.holds}
    return max(holding, key=holding.__getitem__, default=None)


def _restriction(rg: RepeatedGame) -> dict[Any, Fraction]:
    """What each side expects from both meaning to restrict for ever."""
    noise = Fraction(getattr(rg.monitoring, "eps", 0))
    last = tuple(m - 1 for m in rg.game.shape)
    return {player: _expected(rg, i, last, noise) for i, player in enumerate(rg.game.players)}


def _expected(rg: RepeatedGame, player: int, meant: tuple[int, ...], noise: Fraction) -> Fraction:
    return sum((p * rg.game.exact_payoffs[(player, *done)] for done, p in _outcomes(rg, meant, noise)), Fraction(0))


def _outcomes(rg: RepeatedGame, meant: tuple[int, ...], noise: Fraction) -> list[tuple[tuple[int, ...], Fraction]]:
    """What may happen in a two-by-two game when ``meant`` is meant, with its probability."""
    found = []
    for done in product(*map(range, rg.game.shape)):
        chance = Fraction(1)
        for want, act in zip(meant, done, strict=True):
            chance *= 1 - noise if want == act else noise
        found.append((done, chance))
    return found


def _check_values(inc: Incentives) -> None:
    """Every value must be what acts bring now and the next state's value later: a system with one solution."""
    rg, ag = inc.rg, inc.agreement
    bound = ag.bind(rg.game, rg.monitoring)
    noise = Fraction(getattr(rg.monitoring, "eps", 0))
    for i, beta in enumerate(rg.effective_discount):
        for s, state in enumerate(bound.states):
            value = Fraction(0)
            for done, chance in _outcomes(rg, bound.play[s], noise):
                if chance:
                    ahead = inc.values[bound.states[bound.move[s][done]]][i]
                    value += chance * ((1 - beta) * rg.game.exact_payoffs[(i, *done)] + beta * ahead)
            if value != inc.values[state][i]:
                raise CertificateError("values", inc.values[state][i], f"{value} in state {state!r}")
