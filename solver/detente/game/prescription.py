"""What an agreement prescribes to one player in one state: an action, or a lottery over actions.

A lottery is written as a vector of probabilities, one for each action, or as a mapping from actions to probabilities;
actions left out of a mapping have probability zero. Players draw independently and in private: others see the act that
was drawn, or a signal of it, never the lottery. Probabilities add up to exactly one; floats that do so to within 1e-12
are divided by their total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from detente.errors import AgreementError
from detente.exact.rational import fraction_text, to_distribution
from detente.game.game import Game

# By index: every action with positive probability, in increasing order
Lottery = dict[int, Fraction]


class Mixed(Mapping[Any, Fraction]):
    """A lottery by action (label or index); immutable and hashable.

    >>> Mixed({"Relax": "1/3", "Restrict": "2/3"}, "play")
    {Relax: 1/3, Restrict: 2/3}
    """

    __slots__ = ("_weights",)

    def __init__(self, weights: Mapping[Any, Any], argument: str = "lottery") -> None:
        self._weights: dict[Any, Fraction] = dict(
            zip(weights, _probabilities(weights.values(), weights, argument), strict=True)
        )

    def __getitem__(self, action: Any) -> Fraction:
        return self._weights[action]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)

    def __hash__(self) -> int:
        return hash(frozenset(self._weights.items()))

    def __reduce__(self) -> Any:
        return Mixed, (self._weights,)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{action}: {p}" for action, p in self._weights.items()) + "}"


def freeze(prescription: Any, argument: str) -> Any:
    """A prescription in an immutable, hashable form: an action as it stands, a vector of Fractions or a ``Mixed``."""
    if isinstance(prescription, Mapping):
        return Mixed(prescription, argument)
    if isinstance(prescription, str) or not hasattr(prescription, "__iter__"):
        return prescription
    weights = list(prescription)
    return _probabilities(weights, weights, argument)


def lottery(game: Game, player: int, prescription: Any, argument: str) -> Lottery:
    """A frozen prescription on a game, by index; a certain action is a lottery with one entry."""
    if isinstance(prescription, Mixed):
        found: Lottery = {}
        for action, weight in prescription.items():
            index = game.action_index(player, action)
            found[index] = found.get(index, Fraction(0)) + weight
    elif isinstance(prescription, tuple):
        if len(prescription) != game.shape[player]:
            expected = f"an action of {game.players[player]}, or {game.shape[player]} probabilities"
            raise AgreementError(argument, [str(p) for p in prescription], expected)
        found = dict(enumerate(prescription))
    else:
        found = {game.action_index(player, prescription): Fraction(1)}
    return {action: found[action] for action in sorted(found) if found[action]}


def prescription_text(prescription: Any) -> str:
    """A frozen prescription for a reader.

    >>> prescription_text("Relax"), prescription_text(freeze(["1/4", "3/4"], "play"))
    ('Relax', '1/4 of 0 + 3/4 of 1')
    """
    if isinstance(prescription, tuple):
        prescription = dict(enumerate(prescription))
    if not isinstance(prescription, Mapping):
        return str(prescription)
    return " + ".join(f"{fraction_text(p)} of {action}" for action, p in prescription.items() if p)


def _probabilities(weights: Any, given: Any, argument: str) -> tuple[Fraction, ...]:
    found = list(weights)
    if not found:
        raise AgreementError(argument, given, "an action, or probabilities of actions")
    return to_distribution(found, argument, AgreementError)


def is_certain(prescription: Any) -> bool:
    """Whether a frozen prescription is one action for sure."""
    if isinstance(prescription, Mapping):
        return 1 in prescription.values()
    return not isinstance(prescription, tuple) or 1 in prescription
