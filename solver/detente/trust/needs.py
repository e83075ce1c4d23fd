"""Who needs more trust to keep an agreement, and why.

At a player's least trust μ* some other plan does as well as keeping. It gains b > 0 against an opportunist and −a > 0
is what it forgoes against a keeper, so μ* = b / (b − a): trust is needed as far as what keeping *risks*, b, is large
beside what is at *stake*, −a. Both are normalised average values, in units of the stage payoffs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError
from detente.exact.polynomial import ONE, X
from detente.exact.rational import fraction_text
from detente.game.agreement import Agreement
from detente.game.labels import ByLabel
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import UNIT_INTERVAL
from detente.trust.belief import Trust, encounter, opportunist_or_default
from detente.trust.check import best_against_types, keeping_is_optimal, keeping_payoff
from detente.trust.cover import best_reply_rival, climb
from detente.trust.types.partner_types import require_two_players

BELOW = Fraction(999_999_999, 10**9)


@dataclass(frozen=True)
class TrustNeed:
    """What one player needs.

    Attributes
    ----------
    least
        The least trust at which keeping is optimal; None if no trust suffices.
    risk
        What keeping loses, against an opportunist, to the plan that does as well at the least trust.
    stake
        What keeping gains against a keeper over that plan; negative if even a sure keeper would be exploited.
    temptation
        The state and act in which that plan first departs from the agreement; None if keeping is optimal at any trust.
    """

    player: Any
    least: Fraction | None
    risk: Fraction
    stake: Fraction
    temptation: tuple[str, Any] | None
    opportunist: Machine

    def explain(self) -> str:
        """One sentence: how much trust, and why."""
        if self.temptation is None:
            return f"{self.player} keeps it whoever the other side may be."
        state, act = self.temptation
        departure = f"{act} in state '{state}'"
        risk, stake = fraction_text(self.risk), fraction_text(self.stake)
        if self.least is None:
            return f"{self.player} would choose {departure} whatever its trust: against a keeper that gains, too."
        return (
            f"{self.player} needs trust of at least {fraction_text(self.least)}: rather than {departure}, keeping it "
            f"risks {risk} a period against an opportunist for {stake} a period with a keeper."
        )


class TrustNeeds(ByLabel[Any, TrustNeed]):
    """What each player needs to keep one agreement, by player."""

    rg: RepeatedGame
    agreement: Agreement

    def __init__(self, rg: RepeatedGame, agreement: Agreement, rows: Mapping[Any, TrustNeed]) -> None:
        super().__init__(rows, "player")
        vars(self).update(rg=rg, agreement=agreement)

    @property
    def more(self) -> Any:
        """The player who needs more trust; None if both need the same."""
        first, second = self._rows.values()
        levels = [Fraction(2) if row.least is None else row.least for row in (first, second)]
        if levels[0] == levels[1]:
            return None
        return first.player if levels[0] > levels[1] else second.player

    def explain(self) -> str:
        """Who needs more trust, and why: the larger risk, the smaller stake, or both, relative to the other's."""
        sentences = [row.explain() for row in self._rows.values()]
        if self.more is not None and all(row.least for row in self._rows.values()):
            more = self._rows[self.more]
            less = next(row for row in self._rows.values() if row is not more)
            sentences.append(
                f"{more.player} needs more: {fraction_text(more.risk / more.stake)} is risked for each unit at stake, "
                f"against {fraction_text(less.risk / less.stake)} for {less.player}."
            )
        return " ".join(sentences)

    def verify(self) -> None:
        """Check by the independent test that keeping is optimal at the least trust, and not below it, and by an
        independent solver that just below it the best plan gains what risk and stake say."""
        for i, row in enumerate(self._rows.values()):
            probes = [(row.least, True)] if row.least is not None else [(Fraction(k, 4), False) for k in range(5)]
            if row.least:
                probes.append((row.least * BELOW, False))
            for mu, expected in probes:
                if keeping_is_optimal(self.rg, self.agreement, i, row.opportunist, mu) != expected:
                    raise CertificateError("trust", mu, f"the independent check to agree for {row.player}")
            for mu in [row.least, row.least * BELOW] if row.least else [Fraction(k, 4) for k in range(5)]:
                claimed, best = (1 - mu) * row.risk - mu * row.stake, self._best_gain(i, row, mu)
                if claimed > best or (row.least and claimed != best):
                    raise CertificateError("risk and stake", (row.risk, row.stake), f"a gain of {best} at trust {mu}")

    def _best_gain(self, player: int, row: TrustNeed, mu: Fraction) -> Fraction:
        """What the best plan is worth more than keeping at trust ``mu``."""
        case = self.rg, player, {"opportunist": row.opportunist}, {"keeper": mu, "opportunist": 1 - mu}
        best, _ = best_against_types(*case, self.agreement)
        return best - keeping_payoff(self.rg, self.agreement, *case[1:])

    def __repr__(self) -> str:
        levels = ", ".join(f"{row.player}: {row.least}" for row in self._rows.values())
        return f"<TrustNeeds of {self.agreement.name or 'the agreement'}: {levels}>"


def trust_needs(rg: RepeatedGame, ag: Agreement) -> TrustNeeds:
    """How much trust each of two players needs to keep an agreement, what it is set against, and who needs more.

    Opportunists always play the stage action that is worst for the other side, as in :func:`detente.trust_region`.

    Raises
    ------
    UnsupportedError
        For more than two players and for noisy monitoring.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> game = Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> needs = trust_needs(RepeatedGame(game, "9/10"), agreements.grim_trigger(game))
    >>> print(needs.explain())
    US needs trust of at least 1/17: rather than Restrict in state 'path', keeping it risks 1/10 a period against an
    opportunist for 8/5 a period with a keeper. China needs trust of at least 2/17: rather than Restrict in state
    'path', keeping it risks 1/5 a period against an opportunist for 3/2 a period with a keeper. China needs more: 2/15
    is risked for each unit at stake, against 1/16 for US.
    """
    require_two_players(rg)
    return TrustNeeds(rg, ag, {name: _need(rg, ag, name) for name in rg.game.players})


def _need(rg: RepeatedGame, ag: Agreement, player: Any) -> TrustNeed:
    meeting = encounter(rg, ag, player)
    opportunist = opportunist_or_default(rg, meeting.player, None)
    problem = meeting.problem(Trust(X, ONE), None, UNIT_INTERVAL)
    least, met = climb(best_reply_rival(problem, meeting.keep))
    risk, stake, temptation = Fraction(0), Fraction(0), None
    if met:
        plan, a, risk = met[-1]
        stake = -a
        departure = problem.first_departure(meeting.keep, plan, 0)
        assert departure is not None
        node, action = departure
        temptation = (meeting.bound.states[meeting.nodes[node][1]], rg.game.actions[meeting.player][action])
    return TrustNeed(rg.game.players[meeting.player], least, risk, stake, temptation, opportunist)
