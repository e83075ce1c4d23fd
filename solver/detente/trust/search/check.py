"""An independent check of an agreement that is said to demand least.

Nothing here is shared with the search. The agreements themselves are tested at the value claimed and just beside it,
by the one-shot check and the check with explicit beliefs. That no automaton of up to three states demands less is
tested by going through every one of them, its tables as they stand (:mod:`detente.trust.search.enumeration`), a little
inside the value claimed; whoever is not set aside there is asked exactly. For patience, some levels below the value
are asked, not all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from detente.errors import CertificateError
from detente.exact.intervals import End, between
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.monitoring import perfect, trembles
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_subgame_perfect, next_state
from detente.trust.check import keeping_is_optimal
from detente.trust.search.enumeration import Enumeration

NEAR = Fraction(1, 10**6)
SAMPLES = 3


@dataclass(frozen=True)
class Claim:
    """By ``criterion``, ``value`` is the least demand (for noise: the most stood) and ``best`` attain it.

    ``cycle`` is the path to be kept, ``machines`` the opportunists of those whose trust counts, ``states`` the size up
    to which no automaton is to do better.
    """

    rg: RepeatedGame
    criterion: str
    value: End | None
    best: Sequence[Agreement]
    cycle: Sequence[tuple[int, int]]
    eventually: bool
    machines: Mapping[int, Machine]
    states: int


def refute(claim: Claim) -> None:
    """Raise a :class:`~detente.errors.CertificateError` if the claim is found false."""
    for ag in claim.best:
        if not _keeps_path(claim, ag):
            raise CertificateError("best", ag, "an agreement that keeps to the path")
        if claim.value is not None and not _attains(claim, ag, claim.value):
            raise CertificateError("best", ag, f"an agreement with the {claim.criterion} {claim.value}")
    for states in range(1, claim.states + 1):
        if Enumeration.fits(claim.rg.game.shape, states):
            for ag in _better(claim, states):
                if _keeps_path(claim, ag) and _beats(claim, ag):
                    raise CertificateError("value", claim.value, f"no better agreement, and {ag!r} is better")


def _attains(claim: Claim, ag: Agreement, value: End) -> bool:
    rg = claim.rg
    if claim.criterion == "trust":
        mu = Fraction(value)  # type: ignore[arg-type]
        if not is_subgame_perfect(rg, ag) or not _trusting_enough(claim, ag, mu):
            return False
        return mu == 0 or not _trusting_enough(claim, ag, mu * (1 - NEAR))
    if claim.criterion == "discount":
        if isinstance(value, Fraction) and not is_subgame_perfect(rg.replace(discount=value), ag):
            return False
        return value == 0 or not is_subgame_perfect(rg.replace(discount=_beside(value, Fraction(0))), ag)
    inside = _beside(value, Fraction(0)) if value != 0 else Fraction(0)
    stands = all(is_subgame_perfect(_noisy(rg, inside * Fraction(k, SAMPLES)), ag) for k in range(SAMPLES + 1))
    return stands and (value == _cap(rg) or not is_subgame_perfect(_noisy(rg, _beside(value, _cap(rg))), ag))


def _better(claim: Claim, states: int) -> Iterator[Agreement]:
    """Automata of ``states`` states that may demand less, one after the other; none if the claim is true."""
    rg, value = claim.rg.replace(monitoring=perfect()), claim.value
    if claim.criterion == "discount":
        if value == 0:
            return
        top = Fraction(1) if value is None else _beside(value, Fraction(0))
        levels = [top * Fraction(k, SAMPLES) for k in range(SAMPLES + (value is not None))]
        for level in levels:
            every = Enumeration(rg.replace(discount=level), states, claim.cycle, claim.eventually)
            for block in every.blocks():
                keeps, _ = every.perfect(block)
                yield from (every.agreement(block, every.moves[row]) for row in np.flatnonzero(keeps)[:1])
        return
    if value == (0 if claim.criterion == "trust" else _cap(rg)):
        return
    every = Enumeration(rg, states, claim.cycle, claim.eventually)
    for block in every.blocks():
        keeps, reached = every.perfect(block)
        if claim.criterion == "trust":
            rows = np.flatnonzero(keeps & reached.all(axis=1))  # others are smaller automata
            target = Fraction(1) if value is None else Fraction(value) * (1 - NEAR)  # type: ignore[arg-type]
            for i, machine in claim.machines.items():
                rows = every.may_need_no_more_trust(block, rows, i, machine, target)
            yield from (every.agreement(block, every.moves[row]) for row in rows)
        else:
            top = Fraction(0) if value is None else _beside(value, _cap(rg))
            levels = [top * Fraction(k, SAMPLES) for k in reversed(range(1, SAMPLES + 1))] if top else []
            for full in every.may_stand(block, np.flatnonzero(keeps), levels):
                yield every.agreement(block, full=full)


def _beats(claim: Claim, ag: Agreement) -> bool:
    rg, value = claim.rg, claim.value
    if claim.criterion == "trust":
        target = Fraction(1) if value is None else Fraction(value) * (1 - NEAR)  # type: ignore[arg-type]
        return value != 0 and is_subgame_perfect(rg, ag) and _trusting_enough(claim, ag, target)
    if claim.criterion == "discount":
        top = Fraction(1) if value is None else Fraction(0) if value == 0 else _beside(value, Fraction(0))
        levels = [top * Fraction(k, SAMPLES) for k in range(SAMPLES + (value is not None))]
        return value != 0 and any(is_subgame_perfect(rg.replace(discount=x), ag) for x in levels)
    if value is None:
        return is_subgame_perfect(rg, ag)
    if value == _cap(rg):
        return False
    top = _beside(value, _cap(rg))
    return is_subgame_perfect(rg, ag) and all(
        is_subgame_perfect(_noisy(rg, top * Fraction(k, SAMPLES)), ag) for k in reversed(range(SAMPLES + 1))
    )


def _trusting_enough(claim: Claim, ag: Agreement, mu: Fraction) -> bool:
    return all(keeping_is_optimal(claim.rg, ag, i, machine, mu) for i, machine in claim.machines.items())


def _noisy(rg: RepeatedGame, eps: Fraction) -> RepeatedGame:
    return rg.replace(monitoring=trembles(eps))


def _cap(rg: RepeatedGame) -> Fraction:
    return min((1 - Fraction(1, k) for k in rg.game.shape if k > 1), default=Fraction(1))


def _beside(value: End, other: Fraction) -> Fraction:
    """A rational number very close to ``value``, on the side of ``other``."""
    near = between(min(value, other), max(value, other))
    for _ in range(20):
        near = between(min(value, near), max(value, near))
    return near


def _keeps_path(claim: Claim, ag: Agreement) -> bool:
    """Whether the path without departures is the cycle, or comes to it."""
    game = claim.rg.game
    played: list[tuple[int, ...]] = []
    state = ag.start
    for _ in range(2 * len(ag.states) * len(claim.cycle) + 1):
        profile = tuple(game.action_index(i, a) for i, a in enumerate(ag.play[state]))
        played.append(profile)
        state = next_state(claim.rg, ag, state, profile)
    tail = played[len(ag.states) :] if claim.eventually else played
    shifts = range(len(claim.cycle)) if claim.eventually else range(1)
    return any(all(p == claim.cycle[(k + shift) % len(claim.cycle)] for k, p in enumerate(tail)) for shift in shifts)
