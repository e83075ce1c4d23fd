"""What becomes public about the acts of a period.

*Perfect monitoring*: the acts are seen. *Trembles*: each player's intended act is carried out with probability 1 − ε
and every other act with ε/(k − 1), independently; the acts carried out are public and payoffs accrue on them. *Public
signals*: the acts stay hidden and a label is drawn from a distribution that depends on them; payoffs are the expected
stage payoffs. A distribution may be built from named *levels*, such as the chance of a false alarm, each of which can
then vary as one parameter. Mailath and Samuelson (2006), *Repeated Games and Reputations*, chapters 2 and 7; Abreu,
Milgrom and Pearce (1991), *Econometrica* 59.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from types import EllipsisType, MappingProxyType
from typing import Any

from detente.errors import AgreementError, LabelError, ParameterError
from detente.exact.polynomial import ONE, ZERO, Poly, X, constant
from detente.exact.rational import to_distribution, to_probability
from detente.game.game import Game, as_game
from detente.game.labels import is_among


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


# A probability as written: a number, the name of a level, or ``...`` for what the others leave.
Chance = Fraction | str | EllipsisType


@dataclass(frozen=True)
class PublicSignals:
    """Hidden acts, and a public label whose distribution depends on them."""

    labels: tuple[str, ...]
    prob: Mapping[tuple[Any, ...], tuple[Fraction, ...]] = field(repr=False, hash=False)
    levels: Mapping[str, Fraction] = field(default_factory=dict, hash=False)
    pattern: Mapping[tuple[Any, ...], tuple[Chance, ...]] = field(default_factory=dict, repr=False, hash=False)

    def __post_init__(self) -> None:
        vars(self).update({name: MappingProxyType(dict(getattr(self, name))) for name in ("prob", "levels", "pattern")})

    def __reduce__(self) -> Any:
        return PublicSignals, (self.labels, dict(self.prob), dict(self.levels), dict(self.pattern))

    def distribution(self, game: Game, profile: tuple[int, ...]) -> tuple[Fraction, ...]:
        """The probabilities of the labels after a pure profile of indices."""
        return self.prob[self.key(game, profile)]

    def key(self, game: Game, profile: tuple[int, ...]) -> tuple[Any, ...]:
        """How ``prob`` names a pure profile of indices."""
        for key in (profile, game.profile_labels(profile)):
            if key in self.prob:
                return key
        for key in self.prob:
            if game.pure_profile(key) == profile:
                return key
        raise AgreementError("prob", game.profile_labels(profile), "a distribution over labels for every profile")

    def depend_on(self, level: str) -> dict[tuple[Any, ...], tuple[Poly, ...]]:
        """Every distribution that uses a level, its probabilities as polynomials in it."""
        if not is_among(level, self.levels):
            raise LabelError("level", level, self.levels)
        moving = {name: X if name == level else constant(value) for name, value in self.levels.items()}
        found = {}
        for key, chances in self.pattern.items():
            if level in chances:
                given = [moving[c] if isinstance(c, str) else ZERO if c is ... else constant(c) for c in chances]
                rest = ONE - sum(given, ZERO)
                found[key] = tuple(rest if c is ... else p for c, p in zip(chances, given, strict=True))
        return found

    def with_levels(self, **levels: Any) -> PublicSignals:
        """The same signals with some levels changed.

        >>> from detente.game.game import Game
        >>> late_shipments(Game.symmetric([[3, 0], [5, 1]]), "1/10", "1/2").with_levels(noise="1/5").levels["noise"]
        Fraction(1, 5)
        """
        unknown = set(levels) - set(self.levels)
        if unknown:
            raise LabelError("level", sorted(unknown)[0], self.levels)
        return public_signals(self.labels, self.pattern, {**self.levels, **levels})

    def __repr__(self) -> str:
        at = "".join(f", {name}={value}" for name, value in self.levels.items())
        return f"public_signals({list(self.labels)}{at})"


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


def public_signals(
    labels: Sequence[str], prob: Mapping[Any, Any], levels: Mapping[str, Any] | None = None
) -> PublicSignals:
    """A public signal with the given ``labels``.

    Parameters
    ----------
    prob
        Maps every action profile (labels or indices) to a distribution: a mapping label → probability, or a sequence
        of probabilities in the order of ``labels``. Unnamed labels have probability zero. The probability ``...`` of
        one label stands for what the others leave. Floats that add up to 1 within 1e-12 are divided by their total.
    levels
        Named numbers that may stand in for probabilities, so that one change moves every distribution that uses it;
        ``holds_where(…, over=("signal", name))`` lets one vary.

    Raises
    ------
    ParameterError
        For probabilities outside [0, 1] or whose total is not exactly 1, unknown labels, levels that no distribution
        uses, and distributions with a level but no ``...`` to make up the total.

    Examples
    --------
    >>> public_signals(["good", "bad"], {("C", "C"): {"good": "9/10", "bad": "1/10"}}).labels
    ('good', 'bad')
    >>> public_signals(["good", "bad"], {("C", "C"): {"good": ..., "bad": "slip"}}, {"slip": "1/10"}).prob["C", "C"]
    (Fraction(9, 10), Fraction(1, 10))
    """
    several = hasattr(labels, "__iter__") and not isinstance(labels, str)
    names = tuple(str(label) for label in labels) if several else ()
    if not names or len(set(names)) != len(names):
        raise ParameterError("labels", labels, "distinct names, at least one")
    if not isinstance(prob, Mapping) or not prob:
        raise ParameterError("prob", prob, "a mapping from action profiles to distributions over the labels")
    for profile in prob:
        if not isinstance(profile, tuple):
            raise ParameterError("prob", profile, "action profiles as keys: tuples, one action a player")
    if levels is not None and not isinstance(levels, Mapping):
        raise ParameterError("levels", levels, "a mapping from names to probabilities")
    known = {str(name): to_probability(value, f"levels[{name!r}]") for name, value in (levels or {}).items()}
    pattern = {tuple(profile): _pattern(names, given, profile, known) for profile, given in prob.items()}
    for name in known:
        if not any(name in chances for chances in pattern.values()):
            raise ParameterError("levels", name, "levels that some distribution uses")
    table = {profile: _distribution(chances, known, profile) for profile, chances in pattern.items()}
    return PublicSignals(names, table, known, pattern)


def late_shipments(game: Game, noise: Any, detection: Any) -> PublicSignals:
    """Shipments that arrive on time or late, the only public sign of what was done.

    They are late with probability ``noise`` if everyone plays their first action (relaxes) and ``detection`` otherwise.
    Both are levels: ``over="noise"`` and ``over=("signal", "detection")`` let them vary. Abreu, Milgrom and Pearce
    (1991) call such a signal bad news.

    >>> from detente.game.game import Game
    >>> late_shipments(Game.symmetric([[3, 0], [5, 1]]), noise="1/10", detection="1/2")
    public_signals(['on time', 'late'], noise=1/10, detection=1/2)
    """
    prob = {
        profile: {"on time": ..., "late": "detection" if any(profile) else "noise"}
        for profile in product(*map(range, as_game(game).shape))
    }
    return public_signals(["on time", "late"], prob, {"noise": noise, "detection": detection})


def _pattern(labels: tuple[str, ...], given: Any, profile: Any, levels: Mapping[str, Fraction]) -> tuple[Chance, ...]:
    """A distribution as written, in the order of the labels."""
    argument = f"prob[{profile!r}]"
    if isinstance(given, Mapping):
        unknown = [label for label in given if not is_among(label, labels)]
        if unknown:
            raise ParameterError(argument, unknown[0], f"labels among {list(labels)}")
        given = [given.get(label, 0) for label in labels]
    if isinstance(given, str) or not hasattr(given, "__len__") or len(given) != len(labels):
        raise ParameterError(argument, given, f"{len(labels)} probabilities, one for each label")
    chances = tuple(
        c if c is ... or (isinstance(c, str) and c in levels) else to_probability(c, argument) for c in given
    )
    rests = chances.count(...)
    if rests == 0 and not any(isinstance(c, str) for c in chances):
        return to_distribution(given, argument)
    if rests != 1:
        raise ParameterError(argument, given, "one '...' for what the others leave: at most one, and one with a level")
    return chances


def _distribution(chances: tuple[Chance, ...], levels: Mapping[str, Fraction], profile: Any) -> tuple[Fraction, ...]:
    given = [levels[c] if isinstance(c, str) else Fraction(0) if c is ... else Fraction(c) for c in chances]
    rest = 1 - sum(given, Fraction(0))
    weights = tuple(rest if c is ... else p for c, p in zip(chances, given, strict=True))
    if sum(weights) != 1 or rest < 0:
        total = "probabilities that add up to exactly 1"
        raise ParameterError(f"prob[{profile!r}]", [str(w) for w in weights], total)
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
