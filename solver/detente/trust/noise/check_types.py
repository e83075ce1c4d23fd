"""An independent check of bounds on the best reply to several types under noise: every inequality anew, in Fractions.

Situations are states by name: the agreement's, if the partner may be keeping one, and every machine's. Nothing here is
shared with the search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from detente.errors import CertificateError
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.monitoring import PublicSignals
from detente.game.repeated import RepeatedGame
from detente.repeated.check import next_state
from detente.trust.check import machine_next

Situation = tuple[str, ...]
Vector = tuple[Fraction, ...]  # one number a type


class BoundsCertificate(NamedTuple):
    """What proves both bounds.

    ``below`` has for each plan its situation, act, the next plan by what becomes public (acts, or a label, by index)
    and a lower bound on its worth against each type; ``corners`` an upper bound for each situation and certain type;
    ``above`` an upper bound at each of some situations and beliefs.
    """

    start: Situation
    below: Sequence[tuple[Situation, int, Mapping[Any, int], Vector]]
    corners: Mapping[Situation, Vector]
    above: Mapping[Situation, Sequence[tuple[Vector, Fraction]]]


def check_bounds(
    rg: RepeatedGame,
    player: int,
    agreement: Agreement | None,
    machines: Sequence[Machine],
    certificate: BoundsCertificate,
    prior: Vector,
    lower: Fraction,
    upper: Fraction,
) -> None:
    """Raise :class:`CertificateError` unless the certificate proves both bounds at the prior."""
    beta = rg.discount[player] * (1 - rg.breakdown)
    start, below, corners, above = certificate
    drops = {at: [(b, value - _dot(b, corners[at])) for b, value in points] for at, points in above.items()}

    @cache
    def after(at: Situation, action: int) -> tuple[Vector, dict[Any, tuple[Situation, Vector]]]:
        """Expected payoffs against each type; what may become public, the next situation, and its chances."""
        game = rg.game
        pays: list[Fraction] = []
        chances: dict[Any, list[Fraction]] = {}
        for k in range(len(at)):
            pay = Fraction(0)
            for act, share in _meant(rg, player, agreement, machines, at, k):
                meant = (action, act) if player == 0 else (act, action)
                for public, q, earned in _public(rg, player, meant):
                    chances.setdefault(public, [Fraction(0)] * len(at))[k] += share * q
                    pay += share * q * earned
            pays.append(pay)
        out = {}
        for public, row in chances.items():
            states = []
            for k, state in enumerate(at):
                if agreement is not None and k == 0:
                    label = rg.monitoring.labels[public[0]] if isinstance(rg.monitoring, PublicSignals) else public
                    states.append(next_state(rg, agreement, state, label))
                elif len(public) == 1:
                    states.append(state)
                else:
                    machine = machines[k - (agreement is not None)]
                    states.append(machine_next(game, machine, state, player, public[player]))
            out[public] = tuple(states), tuple(row)
        return tuple(pays), out

    def interpolated(at: Situation, weights: Vector) -> Fraction:
        """The upper bound at a belief, times the sum of the weights."""
        flat = best = _dot(weights, corners[at])
        for belief, drop in drops.get(at, ()):
            share = min(w / b for w, b in zip(weights, belief, strict=True) if b)
            best = min(best, flat + share * drop)
        return best

    def best_act(at: Situation, belief: Vector) -> Fraction:
        found = []
        for action in range(rg.game.shape[player]):
            pays, seen = after(at, action)
            ahead = (
                interpolated(t, tuple(b * c for b, c in zip(belief, row, strict=True))) for t, row in seen.values()
            )
            found.append((1 - beta) * _dot(belief, pays) + beta * sum(ahead, Fraction(0)))
        return max(found)

    for number, (at, action, then, worth) in enumerate(below):
        pays, seen = after(at, action)
        for k, claimed in enumerate(worth):
            ahead = Fraction(0)
            for public, (target, row) in seen.items():
                if row[k]:
                    follow = below[then[public]]
                    if follow[0] != target:
                        raise CertificateError("plan", number, f"a plan for {target} to follow {public}")
                    ahead += row[k] * follow[3][k]
            if claimed > (1 - beta) * pays[k] + beta * ahead:
                raise CertificateError("plan", number, "no more than its act and what follows are worth")
    for at, values in corners.items():
        for k, value in enumerate(values):
            sure = tuple(Fraction(int(j == k)) for j in range(len(values)))
            if value < best_act(at, sure):
                raise CertificateError("corner", at, "at least what any act followed by the bound is worth")
    for at, points in above.items():
        for belief, value in points:
            if value < best_act(at, belief):
                raise CertificateError("point", belief, "at least what any act followed by the bound is worth")
    if lower > max(_dot(prior, worth) for at, _, _, worth in below if at == start) or upper < interpolated(
        start, prior
    ):
        raise CertificateError("bounds", (lower, upper), "what the certificate proves at the prior")


def _dot(weights: Sequence[Fraction], values: Sequence[Fraction]) -> Fraction:
    return sum((w * v for w, v in zip(weights, values, strict=True)), Fraction(0))


def _meant(
    rg: RepeatedGame, player: int, agreement: Agreement | None, machines: Sequence[Machine], at: Situation, k: int
) -> list[tuple[int, Fraction]]:
    """What the partner means to do, if of type ``k``."""
    if agreement is not None and k == 0:
        entry = agreement.play[at[0]][1 - player]
        if isinstance(entry, Mapping):
            return [(rg.game.action_index(1 - player, a), p) for a, p in entry.items() if p]
        if isinstance(entry, tuple):
            return [(a, p) for a, p in enumerate(entry) if p]
        return [(rg.game.action_index(1 - player, entry), Fraction(1))]
    return [(rg.game.action_index(1 - player, machines[k - (agreement is not None)].play[at[k]]), Fraction(1))]


def _public(rg: RepeatedGame, player: int, meant: tuple[int, int]) -> list[tuple[tuple[int, ...], Fraction, Fraction]]:
    """What may become public when two acts are meant: by index, with its probability and the payoff."""
    game = rg.game
    if isinstance(rg.monitoring, PublicSignals):
        pay = game.exact_payoffs[(player, *meant)]
        return [((k,), q, pay) for k, q in enumerate(rg.monitoring.distribution(game, meant)) if q]
    eps = getattr(rg.monitoring, "eps", Fraction(0))
    out = []
    for done in product(*map(range, game.shape)):
        q = Fraction(1)
        for j in (0, 1):
            if game.shape[j] > 1:
                q *= 1 - eps if done[j] == meant[j] else eps / (game.shape[j] - 1)
        if q:
            out.append((done, q, game.exact_payoffs[(player, *done)]))
    return out
