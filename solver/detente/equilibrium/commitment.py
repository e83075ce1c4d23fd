"""Commitment: what a leader earns who moves first and is believed.

The follower sees the leader's action, or mixture, and best-responds; where several replies are best, the one that the
leader prefers (the strong Stackelberg equilibrium; von Stackelberg 1934; von Stengel and Zamir 2010, *Games and
Economic Behavior* 69). The best mixture is found by one linear programme for each reply of the follower (Conitzer and
Sandholm 2006, *EC'06*, section 3), here in exact arithmetic; a mixture never earns less than the best pure commitment
or the leader's best equilibrium.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError, UnsupportedError
from detente.exact.linear_programme import maximise
from detente.game.game import Game, Number, Strategy


@dataclass(frozen=True)
class Commitment:
    """The ``leader``'s optimal commitment, the follower's ``reply`` (an action's name), and both payoffs."""

    game: Game
    leader: Any
    strategy: Strategy
    reply: Any
    payoffs: tuple[Number, ...]

    def verify(self) -> None:
        """Check that the reply is a best one and that the payoffs are theirs; a :class:`CertificateError` if not."""
        i = self.game.player_index(self.leader)
        profile = [self.strategy, self.reply] if i == 0 else [self.reply, self.strategy]
        if self.reply not in self.game.best_responses(1 - i, self.strategy):
            raise CertificateError("commitment", self.reply, "a best reply to the commitment")
        spread = float(self.game.payoffs.max() - self.game.payoffs.min())
        off = [abs(float(a) - float(b)) for a, b in zip(self.payoffs, self.game.payoff(profile), strict=True)]
        if max(off) > 1e-9 * spread:
            raise CertificateError("commitment", self.payoffs, "the payoffs of the commitment and its reply")


def commitment(game: Game, leader: Any, mixed: bool = False) -> Commitment:
    """The leader's best commitment in a two-player game, pure or mixed; exact in an exact game.

    >>> chicken = Game.symmetric([[6, 2], [7, 0]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> first = commitment(chicken, "US")
    >>> first.strategy, first.reply, first.payoffs
    ((Fraction(0, 1), Fraction(1, 1)), 'Relax', (Fraction(7, 1), Fraction(2, 1)))
    """
    if game.n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "two players: a leader and a follower")
    i = game.player_index(leader)
    u = game.exact_payoffs if i == 0 else game.exact_payoffs.transpose(0, 2, 1)
    own, other = u[i], u[1 - i]  # rows: the leader's actions
    m, n = own.shape
    best: tuple[Fraction, tuple[Fraction, ...], int] | None = None
    for reply in range(n):
        if mixed:
            # The mixtures to which this reply is a best one, and among them the leader's favourite
            rows = [[other[a, k] - other[a, reply] for a in range(m)] for k in range(n) if k != reply]
            found = maximise(list(own[:, reply]), rows, [Fraction(0)] * len(rows), [[Fraction(1)] * m], [Fraction(1)])
            candidates = [(found.value, found.x)] if found.status == "optimal" else []
        else:
            candidates = [
                (own[a, reply], tuple(Fraction(int(a == k)) for k in range(m)))
                for a in range(m)
                if other[a, reply] == max(other[a])
            ]
        for value, strategy in candidates:
            if best is None or value > best[0]:
                best = (value, strategy, reply)
    assert best is not None  # every strategy has a best reply
    _, strategy, reply = best
    label = game.actions[1 - i][reply]
    payoffs = [sum((p * v[a, reply] for a, p in enumerate(strategy)), Fraction(0)) for v in (own, other)]
    both = tuple(payoffs if i == 0 else reversed(payoffs))
    if not game.is_exact:
        return Commitment(game, game.players[i], tuple(map(float, strategy)), label, tuple(map(float, both)))
    return Commitment(game, game.players[i], strategy, label, both)
