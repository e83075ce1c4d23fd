"""The best that two sides can sustain under noise if both always do the same: relax together, or restrict together.

Payoffs may differ: under trembles both expect 1 − 2ε times R_i − P_i more from meaning to relax together than from
meaning to restrict together, so in units of R_i − P_i the game is symmetric where
:mod:`detente.repeated.public.best_value` needs it to be. Its linear programmes give the best such agreement exactly,
with any memory and with public lots, and the noise beyond which there is none.

Agreements that treat the sides differently after a breach, as contrite tit for tat does, are not among these, and may
be worth more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from detente.exact.intervals import Interval, IntervalSet
from detente.exact.region import Region
from detente.game.repeated import RepeatedGame
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
        The answer, with its proof.
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
        return self.found.path == self.found.rg.game.profile_labels(RELAX)

    def verify(self) -> None:
        """Check the value and the region by their own certificates."""
        self.found.verify()
        self.noise.verify()


def joint_agreement(rg: RepeatedGame) -> JointAgreement | None:
    """The best joint agreement of a two-by-two game under trembles.

    None if a side does not prefer relaxing together, and if not even restricting together can be sustained.

    >>> from detente.scenario.load import load_scenario
    >>> best = joint_agreement(load_scenario("london-2025").repeated)
    >>> [round(float(v), 2) for v in best.values.values()], best.noise.set
    ([25.82, 21.58], [0, root of 54978x³ + 912963x² − 1681873x + 267682 near 0.176186])
    """
    u = rg.game.exact_payoffs
    noise = getattr(rg.monitoring, "eps", Fraction(0))
    if any(u[(i, *RELAX)] <= u[(i, *RESTRICT)] for i in (0, 1)) or noise not in INFORMATIVE:
        return None
    found = best_public_value(rg)
    if found.values is None:
        return None
    return JointAgreement(found, dict(zip(rg.game.players, found.values, strict=True)), _informative(rg))


def _informative(rg: RepeatedGame) -> Region:
    """Where relaxing together can be sustained, short of the noise at which relaxing becomes a way to restrict."""
    everywhere = sustainable_where(rg)
    return replace(
        everywhere,
        domain=INFORMATIVE,
        set=everywhere.set & IntervalSet((INFORMATIVE,)),
        binding={end: why for end, why in everywhere.binding.items() if end in INFORMATIVE},
        beyond={(end, side): why for (end, side), why in everywhere.beyond.items() if end in INFORMATIVE},
    )
