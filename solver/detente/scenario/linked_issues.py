"""Whether it helps to link: the scenario's controls with another issue, and the two sides' controls with each other.

Two questions, both answered with :mod:`detente.repeated.linkage`:

* *Another issue* (tariffs, say): as two agreements, or as one in which a breach anywhere ends both?
* *One issue each*: each side controls one thing that the other needs. Are two one-sided agreements possible, or only
  one that links the controls? For this the scenario's game is split into what each side's own control costs its owner
  and brings the other. That is exact if payoffs are additive, T − R = P − S: restricting is worth as much against a
  side that relaxes as against one that restricts. If they nearly are, the split is the additive game closest to the
  scenario's (least squares; it misses every payoff by |T − R − P + S| / 4), and an approximation that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from detente.errors import CertificateError
from detente.game.game import Game
from detente.game.repeated import RepeatedGame
from detente.repeated.linkage import FalseAlarms, Linkage, linkage
from detente.scenario.scenario import OtherIssue, Scenario

# The split is shown if it misses no payoff by more than this share of the player's range of payoffs.
LARGEST_MISFIT = Fraction(1, 20)
CONTROLS = "controls"
Verdict = Literal["helps", "not needed", "hurts", "not enough"]


@dataclass(frozen=True)
class IssueLinkage:
    """The scenario's game and another issue, as two agreements and as one.

    Attributes
    ----------
    linkage
        The answer over all discount factors, at the scenario's hazard; acts seen.
    alarms
        What linking costs if compliance looks like a breach with the scenario's noise on either issue.
    """

    issue: OtherIssue
    rg: RepeatedGame
    linkage: Linkage
    alarms: FalseAlarms

    @property
    def separate(self) -> Mapping[str, bool]:
        """For each issue, whether its own grim trigger holds here."""
        here = self.rg.discount[0]
        return {x.name: here in region for x, region in zip(self.linkage.issues, self.linkage.separate, strict=True)}

    @property
    def linked(self) -> bool:
        """Whether the linked agreement holds here."""
        return self.rg.discount[0] in self.linkage.pooled

    @property
    def verdict(self) -> Verdict:
        """What linking does at the scenario's patience and hazard."""
        if self.linked:
            return "not needed" if all(self.separate.values()) else "helps"
        return "hurts" if any(self.separate.values()) else "not enough"

    def greatest_hazard(self, linked: bool) -> Fraction | None:
        """The greatest hazard at which both issues hold, linked or each on its own; None if at none.

        A hazard h works like the discount factor δ(1 − h).
        """
        plain = linkage({x.name: x.game for x in self.linkage.issues})
        least, here = plain.least_linked if linked else plain.least_separate, self.rg.discount[0]
        if least is None or least > here:
            return None
        return 1 - least / here if least else Fraction(1)

    def verify(self) -> None:
        """Check all regions, and the values under false alarms by recursion."""
        self.linkage.verify()
        beta = self.rg.effective_discount[0]
        noise = _noise(self.rg)
        for linked, values in ((True, self.alarms.linked_values), (False, self.alarms.separate_values)):
            for i, claimed in enumerate(values):
                bundles = [self.linkage.issues] if linked else [(x,) for x in self.linkage.issues]
                total = Fraction(0)
                for bundle in bundles:
                    path, after = (sum((getattr(x.stakes(i), k) for x in bundle), Fraction(0)) for k in _STAKES)
                    survival = (1 - noise) ** len(bundle)
                    least = self.alarms.linked if linked else self.alarms.separate[self.linkage.issues.index(bundle[0])]
                    kept = least is not None and self.rg.discount[0] >= least
                    value = path if kept else after
                    # One step of the recursion must give the value back: v = (1−β) R + β (s v + (1 − s) P).
                    if kept:
                        value = after + (path - after) * (1 - beta) / (1 - beta * survival)
                        if (1 - beta) * path + beta * (survival * value + (1 - survival) * after) != value:
                            raise CertificateError("values", value, "a solution of its recursion")
                    total += value
                if total != claimed:
                    raise CertificateError("values", claimed, f"{total}")


_STAKES = ("path", "punishment")


@dataclass(frozen=True)
class ControlSplit:
    """The scenario's game as two one-sided issues, each in its owner's hands.

    Attributes
    ----------
    cost, gain
        What relaxing costs its owner, and what the other side's relaxing brings, by player.
    misfit
        The most by which the split misses a payoff of the player's, as a share of the range of the player's payoffs.
    linkage
        The two issues separately and linked; None if the split misses too much.
    """

    cost: Mapping[str, Fraction]
    gain: Mapping[str, Fraction]
    misfit: Mapping[str, Fraction]
    linkage: Linkage | None

    @property
    def exact(self) -> bool:
        return not any(self.misfit.values())

    def verify(self) -> None:
        """Check the regions by their own certificates."""
        if self.linkage is not None:
            self.linkage.verify()


def issue_linkage(scenario: Scenario, issue: OtherIssue) -> IssueLinkage:
    """The scenario's game linked with another issue; see the module.

    >>> from detente.scenario.load import load_scenario
    >>> london = load_scenario("london-2025")
    >>> issue_linkage(london, london.issues[0]).linkage
    <Linkage: separately controls 375/704, tariffs 200/253; linked 1875/2959>
    """
    rg = scenario.repeated
    other = scenario.game_of(issue.outcomes, issue.name)
    games = {CONTROLS: scenario.game, issue.name: other}
    found = linkage({name: RepeatedGame(game, rg.discount, rg.breakdown) for name, game in games.items()})
    return IssueLinkage(issue, rg, found, found.false_alarms(_noise(rg), rg.discount[0]))


def control_split(scenario: Scenario) -> ControlSplit:
    """The scenario's game split into each side's own controls; see the module.

    >>> from detente.scenario.load import load_scenario
    >>> split = control_split(load_scenario("london-2025"))
    >>> {player: float(x) for player, x in split.cost.items()}, split.linkage.least_separate
    ({'US': 8.6, 'China': 7.2}, None)
    """
    cost, gain, misfit = {}, {}, {}
    for player in scenario.players:
        T, R, P, S = scenario.outcomes(player).values()
        cost[player] = ((T - R) + (P - S)) / 2
        gain[player] = ((R - S) + (T - P)) / 2
        spread = max(T, R, P, S) - min(T, R, P, S)
        misfit[player] = abs(T - R - P + S) / 4 / spread if spread else Fraction(0)
    if max(misfit.values()) > LARGEST_MISFIT:
        return ControlSplit(cost, gain, misfit, None)
    games = {}
    for i, owner in enumerate(scenario.players):
        partner = scenario.players[1 - i]
        if i == 0:
            table, actions = [[[-cost[owner]], [0]], [[gain[partner]], [0]]], [scenario.actions, ["Accept"]]
        else:
            table, actions = [[[gain[partner], 0]], [[-cost[owner], 0]]], [["Accept"], scenario.actions]
        game = Game(table, players=scenario.players, actions=actions, name=f"{owner}'s controls")
        games[game.name] = RepeatedGame(game, scenario.repeated.discount, scenario.repeated.breakdown)
    return ControlSplit(cost, gain, misfit, linkage(games))


def _noise(rg: RepeatedGame) -> Fraction:
    return Fraction(getattr(rg.monitoring, "eps", 0))
