"""The best that two sides can sustain under noise if both always do the same: relax together, or restrict together.

Payoffs may differ: what matters to a player's incentives is T, R, P and S up to a positive affine map. Divide player
i's payoffs by R_i − P_i and measure them from what mutual restriction brings. Then under trembles both expect 1 − 2ε
from meaning to relax together and 0 from meaning to restrict together, whatever T and S are, and the game is symmetric
where :mod:`detente.repeated.public.best_value` needs it to be: its linear programmes give the best such agreement
exactly, with any memory and with public lots, and the noise beyond which there is none.

Agreements that treat the sides differently after a breach, as contrite tit for tat does, are not among these, and may
be worth more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from detente.exact.intervals import Interval
from detente.exact.polynomial import ONE, ZERO, Poly, X, constant, evaluate
from detente.exact.region import Region
from detente.game.game import Game
from detente.game.monitoring import misfires, public_signals
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import Component
from detente.repeated.public.best_value import PublicValue, best_public_value, sustainable_where

RELAX, RESTRICT = (0, 0), (1, 1)
# With noise of one half acts say nothing.
INFORMATIVE = Interval(Fraction(0), Fraction(1, 2), True, False)


@dataclass(frozen=True)
class JointAgreement:
    """The best agreement under which both sides always mean to do the same.

    Attributes
    ----------
    found
        The answer in normalised payoffs, with its proof: 0 for restricting together, 1 − 2ε for relaxing together.
    values
        What it is worth to each player, in the game's own payoffs.
    noise
        The noise at which some such agreement has both relax.
    """

    found: PublicValue
    values: Mapping[Any, Fraction]
    noise: Region

    @property
    def relaxes(self) -> bool:
        """Whether both relax at all at the game's own noise."""
        return self.found.value is not None and self.found.value > 0

    def verify(self) -> None:
        """Check the value and the region by their own certificates."""
        self.found.verify()
        self.noise.verify()


def joint_agreement(rg: RepeatedGame) -> JointAgreement | None:
    """The best joint agreement of a two-by-two game under trembles; None if a side does not prefer relaxing together.

    >>> from detente.scenario.load import load_scenario
    >>> best = joint_agreement(load_scenario("london-2025").repeated)
    >>> [round(float(v), 2) for v in best.values.values()], best.noise.set
    ([25.82, 21.58], [0, root of 54978x³ + 912963x² − 1681873x + 267682 near 0.176186])
    """
    game, u = rg.game, rg.game.exact_payoffs
    spread = [u[(i, *RELAX)] - u[(i, *RESTRICT)] for i in (0, 1)]
    noise = getattr(rg.monitoring, "eps", Fraction(0))
    if min(spread) <= 0 or noise not in INFORMATIVE:
        return None
    profiles = list(product(range(2), repeat=2))
    chances = {p: dict(misfires(game, p, X, ONE)) for p in profiles}
    expected = {
        (i, p): sum((q * constant(u[(i, *done)]) for done, q in chances[p].items()), ZERO)
        for i in (0, 1)
        for p in profiles
    }
    payoffs = {(i, p): (e - expected[i, RESTRICT]) * constant(1 / spread[i]) for (i, p), e in expected.items()}
    signals = {p: tuple(chances[p].get(done, ZERO) for done in profiles) for p in profiles}
    here = _at(rg, profiles, payoffs, signals, noise)
    found = best_public_value(here)
    level = found.value or Fraction(0)
    values = {
        player: evaluate(expected[i, RESTRICT], noise) + level * spread[i] for i, player in enumerate(game.players)
    }
    region = sustainable_where(here, over=Component("noise", payoffs, INFORMATIVE, signals))
    return JointAgreement(found, values, region)


def _at(
    rg: RepeatedGame,
    profiles: list[tuple[int, ...]],
    payoffs: Mapping[tuple[int, tuple[int, ...]], Poly],
    signals: Mapping[tuple[int, ...], tuple[Poly, ...]],
    noise: Fraction,
) -> RepeatedGame:
    """The normalised game at one level of noise; its public signal is the acts that were carried out."""
    game = rg.game
    table = [[[evaluate(payoffs[i, (a, b)], noise) for b in range(2)] for a in range(2)] for i in (0, 1)]
    normal = Game(table, players=game.players, actions=game.actions, name=game.name)  # type: ignore[arg-type]
    labels = [", ".join(map(str, game.profile_labels(p))) for p in profiles]
    odds = {game.profile_labels(p): [evaluate(q, noise) for q in signals[p]] for p in profiles}
    return RepeatedGame(normal, rg.discount, rg.breakdown, public_signals(labels, odds))
