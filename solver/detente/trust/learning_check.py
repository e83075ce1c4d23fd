"""A path of trust checked from the definitions: the history is played again, and every belief follows by Bayes's rule.

What a type makes likely is read off the joint distribution of both players' acts (or of the signal) here, where
:mod:`detente.trust.learning` multiplies the partner's own misfires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError
from detente.game.agreement import BoundAgreement
from detente.game.machine import BoundMachine
from detente.game.monitoring import PublicSignals, Trembles, misfires
from detente.game.repeated import RepeatedGame


def check_path(
    rg: RepeatedGame,
    bound: BoundAgreement,
    player: int,
    machines: Sequence[BoundMachine],
    types: Sequence[str],
    beliefs: Sequence[Mapping[str, Fraction]],
    steps: Sequence[Any],
) -> None:
    """Raise ``CertificateError`` unless every step's likelihoods and every belief are what the moves imply."""
    _require(all(tuple(b) == tuple(types) and sum(b.values()) == 1 for b in beliefs), "beliefs", "a distribution")
    _require(len(beliefs) == len(steps) + 1, "beliefs", "one more than periods")
    state, modes = 0, [0] * len(machines)
    for k, step in enumerate(steps):
        _require(step.state == bound.states[state], f"steps[{k}].state", bound.states[state])
        acts = [bound.play[state][1 - player], *(m.play[mode] for m, mode in zip(machines, modes, strict=True))]
        own = bound.play[state][player]
        likely = [_likelihood(rg, player, own, act, step.outcome) for act in acts]
        _require(list(step.likelihoods.values()) == likely, f"steps[{k}].likelihoods", str(likely))
        joint = [p * q for p, q in zip(beliefs[k].values(), likely, strict=True)]
        after = beliefs[k + 1].values()
        # Proportional, without the division that found them
        _require(
            sum(joint) > 0 and all(p == q * sum(joint) for p, q in zip(joint, after, strict=True)),
            f"beliefs[{k + 1}]",
            "proportional to the beliefs before times the likelihoods",
        )
        before, later = beliefs[k][types[0]], beliefs[k + 1][types[0]]
        _require((step.before, step.after) == (before, later), f"steps[{k}]", f"trust from {before} to {later}")
        if step.ratio is not None:
            _require(
                step.ratio * before * (1 - later) == later * (1 - before), f"steps[{k}].ratio", "the change of odds"
            )
        if isinstance(rg.monitoring, PublicSignals):
            state = bound.move[state][rg.monitoring.labels.index(step.outcome),]
        else:
            done = rg.game.pure_profile(step.outcome)
            state = bound.move[state][done]
            modes = [m.move[mode][done[player]] for m, mode in zip(machines, modes, strict=True)]


def _likelihood(rg: RepeatedGame, player: int, own: int, act: int, outcome: Any) -> Fraction:
    """The probability of what was observed of the partner, who means to do ``act``."""
    intended = (own, act) if player == 0 else (act, own)
    if isinstance(rg.monitoring, PublicSignals):
        chances = rg.monitoring.distribution(rg.game, intended)
        return sum((p for p, label in zip(chances, rg.monitoring.labels, strict=True) if label == outcome), Fraction(0))
    eps = rg.monitoring.eps if isinstance(rg.monitoring, Trembles) else Fraction(0)
    done = rg.game.pure_profile(outcome)[1 - player]
    joint = misfires(rg.game, intended, eps, Fraction(1))
    return sum((p for profile, p in joint if profile[1 - player] == done), Fraction(0))


def _require(holds: bool, what: str, expected: str) -> None:
    if not holds:
        raise CertificateError(what, "something else", expected)
