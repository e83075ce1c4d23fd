"""A stage game played period after period, discounted, until the relationship breaks down.

Values are normalised averages, v = (1 − β) Σ βᵗ uₜ, with effective discount factor β = δ(1 − h): if the relationship
ends after each period with probability h whatever is done, players act as if their discount factor were β, and what
follows the breakdown cancels from every incentive constraint. Mailath and Samuelson (2006), section 2.1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from detente.errors import ParameterError
from detente.exact.rational import to_probability
from detente.game.game import Game, as_game
from detente.game.immutable import Immutable
from detente.game.monitoring import Monitoring, Perfect, as_monitoring


class RepeatedGame(Immutable):
    """An infinitely repeated game; immutable.

    Parameters
    ----------
    game
        The stage game.
    discount
        One discount factor in [0, 1) for all players, or one per player.
    breakdown
        Probability in [0, 1] that the relationship ends for good after a period.
    monitoring
        ``perfect()``, ``trembles(eps)`` or ``public_signals(labels, prob)``.

    Examples
    --------
    >>> from detente.game.monitoring import trembles
    >>> pd = Game.symmetric([[3, 0], [5, 1]])
    >>> RepeatedGame(pd, discount="9/10", breakdown="1/3", monitoring=trembles("1/20")).effective_discount
    (Fraction(3, 5), Fraction(3, 5))
    """

    game: Game
    discount: tuple[Fraction, ...]
    breakdown: Fraction
    monitoring: Monitoring

    def __init__(
        self,
        game: Game,
        discount: Any,
        breakdown: Any = 0,
        monitoring: Monitoring | None = None,
    ) -> None:
        vars(self).update(
            game=as_game(game),
            discount=discount_factors(discount, game.n_players),
            breakdown=to_probability(breakdown, "breakdown"),
            monitoring=Perfect() if monitoring is None else as_monitoring(monitoring),
        )

    @property
    def effective_discount(self) -> tuple[Fraction, ...]:
        """Each player's δ(1 − h)."""
        return tuple(d * (1 - self.breakdown) for d in self.discount)

    def replace(self, **changes: Any) -> RepeatedGame:
        """The same game with some of ``game``, ``discount``, ``breakdown``, ``monitoring`` changed."""
        kept = {k: getattr(self, k) for k in ("game", "discount", "breakdown", "monitoring")}
        unknown = set(changes) - set(kept)
        if unknown:
            raise ParameterError("changes", sorted(unknown), f"some of {list(kept)}")
        return RepeatedGame(**{**kept, **changes})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RepeatedGame):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key()[:3])

    def _key(self) -> tuple[Any, ...]:
        return (self.game, self.discount, self.breakdown, self.monitoring)

    def __repr__(self) -> str:
        common = len(set(self.discount)) == 1
        patience = self.discount[0] if common else "(" + ", ".join(map(str, self.discount)) + ")"
        return f"<RepeatedGame of {self.game!r}: discount={patience}, breakdown={self.breakdown}, {self.monitoring!r}>"


def as_repeated_game(value: Any, argument: str = "rg") -> RepeatedGame:
    """``value`` itself if it is a repeated game; a typed error otherwise."""
    if isinstance(value, RepeatedGame):
        return value
    raise ParameterError(argument, value, "a detente RepeatedGame")


def discount_factors(discount: Any, n: int) -> tuple[Fraction, ...]:
    """One discount factor a player: a number for all of ``n`` players, or a list, tuple or array of ``n``.

    >>> discount_factors("9/10", 2)
    (Fraction(9, 10), Fraction(9, 10))
    """
    if isinstance(discount, np.ndarray):
        discount = list(discount) if discount.ndim else discount[()]
    given = discount if isinstance(discount, list | tuple) else [discount] * n
    if len(given) != n:
        raise ParameterError("discount", discount, f"one number in [0, 1), or {n}, one per player")
    return tuple(to_probability(d, "discount", below_one=True) for d in given)
