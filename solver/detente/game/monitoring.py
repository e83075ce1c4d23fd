"""What becomes public about the acts of a period.

*Perfect monitoring*: the acts are seen. *Trembles*: each player's intended act is carried out with probability 1 − ε
and every other act with ε/(k − 1), independently; the acts carried out are public and payoffs accrue on them. *Public
signals*: the acts stay hidden and a label is drawn from a distribution that depends on them; payoffs are the expected
stage payoffs. Mailath and Samuelson (2006), *Repeated Games and Reputations*, chapters 2 and 7; Abreu, Milgrom and
Pearce (1991), *Econometrica* 59.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from detente.errors import AgreementError, ParameterError
from detente.exact.rational import to_probability
from detente.game.game import Game


@dataclass(frozen=True)
class Perfect:
    """Acts are seen."""

    def __repr__(self) -> str:
        return "perfect()"


@dataclass(frozen=True)
class Trembles:
    """Intended acts misfire with probability ``eps``; acts carried out are public."""

    eps: Fraction

    def __repr__(self) -> str:
        return f"trembles({self.eps})"


@dataclass(frozen=True)
class PublicSignals:
    """Hidden acts, and a public label whose distribution depends on them."""

    labels: tuple[str, ...]
    prob: Mapping[tuple[Any, ...], tuple[Fraction, ...]] = field(repr=False)

    def distribution(self, game: Game, profile: tuple[int, ...]) -> tuple[Fraction, ...]:
        """The probabilities of the labels after a pure profile of indices."""
        for key in (profile, game.profile_labels(profile)):
            if key in self.prob:
                return self.prob[key]
        for key, probabilities in self.prob.items():
            if game.pure_profile(key) == profile:
                return probabilities
        raise AgreementError("prob", game.profile_labels(profile), "a distribution over labels for every profile")

    def __repr__(self) -> str:
        return f"public_signals({list(self.labels)})"


Monitoring = Perfect | Trembles | PublicSignals


def perfect() -> Perfect:
    """Perfect monitoring: every act is seen by all."""
    return Perfect()


def trembles(eps: Any) -> Trembles:
    """Public trembles with probability ``eps`` in [0, 1].

    >>> trembles("1/20")
    trembles(1/20)
    """
    return Trembles(to_probability(eps, "eps"))


def public_signals(labels: Sequence[str], prob: Mapping[Any, Any]) -> PublicSignals:
    """A public signal with the given ``labels``.

    ``prob`` maps every action profile (labels or indices) to a distribution: a mapping label → probability, or a
    sequence of probabilities in the order of ``labels``. Unnamed labels have probability zero.

    >>> public_signals(["good", "bad"], {("C", "C"): {"good": "9/10", "bad": "1/10"}}).labels
    ('good', 'bad')
    """
    names = tuple(str(label) for label in labels)
    if not names or len(set(names)) != len(names):
        raise ParameterError("labels", labels, "distinct names, at least one")
    if not isinstance(prob, Mapping) or not prob:
        raise ParameterError("prob", prob, "a mapping from action profiles to distributions over the labels")
    table = {tuple(profile): _distribution(names, given, profile) for profile, given in prob.items()}
    return PublicSignals(names, table)


def _distribution(labels: tuple[str, ...], given: Any, profile: Any) -> tuple[Fraction, ...]:
    argument = f"prob[{profile!r}]"
    if isinstance(given, Mapping):
        unknown = [label for label in given if label not in labels]
        if unknown:
            raise ParameterError(argument, unknown[0], f"labels among {list(labels)}")
        given = [given.get(label, 0) for label in labels]
    if len(given) != len(labels):
        raise ParameterError(argument, given, f"{len(labels)} probabilities, one for each label")
    weights = tuple(to_probability(p, argument) for p in given)
    # A float distribution may miss one by rounding of its decimals only if its author did: ask for an exact total.
    if sum(weights) != 1:
        raise ParameterError(argument, [str(w) for w in weights], "probabilities that add up to exactly 1")
    return weights


def misfires(game: Game, profile: tuple[int, ...], eps: Any, one: Any) -> list[tuple[tuple[int, ...], Any]]:
    """Every profile that may be carried out when ``profile`` is intended, with its probability.

    ``eps`` and ``one`` may be numbers or polynomials: the arithmetic is theirs. A player with one action cannot err.
    """
    outcomes = []
    for carried_out in product(*(range(m) for m in game.shape)):
        weight = one
        for intended, done, actions in zip(profile, carried_out, game.shape, strict=True):
            if actions > 1:
                weight = weight * (one - eps if intended == done else eps / (actions - 1))
        outcomes.append((carried_out, weight))
    return outcomes


def as_monitoring(value: Any) -> Monitoring:
    """``value`` itself if it is a monitoring structure; a typed error otherwise."""
    if isinstance(value, Perfect | Trembles | PublicSignals):
        return value
    raise ParameterError("monitoring", value, "perfect(), trembles(eps) or public_signals(labels, prob)")
