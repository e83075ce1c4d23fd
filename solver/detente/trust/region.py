"""How much trust an agreement needs: the exact set of priors, or of another parameter at a given prior.

The partner keeps the agreement with probability μ and is an opportunist otherwise. The player weighs every strategy,
however it uses the history; the best of them is worth W(μ), convex and piecewise linear in μ. Keeping the agreement is
worth a linear function that never exceeds W, so the priors at which keeping is optimal form one closed interval,
possibly empty. Against an opportunist who always restricts and with grim trigger its lower end is the *basin of
attraction of always-restrict* of Dal Bó and Fréchette (2011), *American Economic Review* 101, table 1 and section I.

Where acts misfire, or only a signal is public, no act need tell the types apart: :mod:`detente.trust.noise.bounds`, and
:mod:`detente.trust.noise.one_parameter` for parameters other than trust.
"""

from __future__ import annotations

from typing import Any

from detente.errors import ParameterError, UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import X, constant
from detente.exact.rational import to_probability
from detente.exact.region import Constraint, Region, region_of
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.decision import DecisionProblem
from detente.repeated.parameters import UNIT_INTERVAL, resolve_over
from detente.trust.belief import Encounter, constant_trust, encounter, opportunist_or_default
from detente.trust.check import KeepingCheck
from detente.trust.noise.bounds import trust_bounds
from detente.trust.noise.one_parameter import region_under_noise
from detente.trust.types.partner_types import is_noisy, require_two_players


def trust_region(
    rg: RepeatedGame,
    ag: Agreement,
    *,
    player: Any,
    opportunist: Machine | None = None,
    over: Any = "trust",
    trust: Any = None,
) -> Region:
    """Where keeping the agreement from the first period on is optimal against every full-history deviation.

    Parameters
    ----------
    player
        Whose trust in the partner it is; the player's own payoffs and patience count.
    opportunist
        What the partner does when not keeping the agreement: a :class:`Machine`. By default the partner always plays
        the stage action that is worst for ``player``.
    over
        ``"trust"`` for the set of priors μ in [0, 1]; otherwise a parameter as in :func:`detente.holds_where`
        (``"discount"``, ``("discount", player)``, ``"breakdown"``, ``"noise"``, ``("signal", level)``,
        ``("payoff", player, profile)``) at the prior ``trust``.

    Raises
    ------
    UnsupportedError
        For more than two players; and under noise where deviations teach the player something that keeping would not,
        so that the region is not found exactly (:func:`detente.trust_bounds` and :func:`detente.trust_frontier` give
        bounds).

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> region = trust_region(RepeatedGame(pd, "9/10"), agreements.grim_trigger(pd), player="US")
    >>> region.intervals, region.least
    (([1/17, 1],), Fraction(1, 17))
    >>> impatient = RepeatedGame(pd, "1/2")
    >>> trust_region(impatient, agreements.grim_trigger(pd), player="US", over="discount", trust="1/4").set
    [5/7, 1)
    """
    require_two_players(rg)
    if isinstance(over, str) and over == "trust":
        if trust is not None:
            raise ParameterError("trust", trust, "no value while over='trust' lets it vary")
        return _under_noise(rg, ag, player, opportunist) if is_noisy(rg) else _over_trust(rg, ag, player, opportunist)
    choice = resolve_over(over, rg)
    if trust is None:
        raise ParameterError("trust", trust, "the prior at which the other parameter varies, a number in [0, 1]")
    level = to_probability(trust, "trust")
    if choice.kind == "noise" or is_noisy(rg):
        return region_under_noise(rg, ag, rg.game.player_index(player), opportunist, choice, level)
    meeting = encounter(rg, ag, player, opportunist)
    machine = opportunist_or_default(rg, meeting.player, opportunist)
    problem = meeting.problem(constant_trust(constant(level)), choice)
    check = KeepingCheck(rg, ag, meeting.player, machine, level, choice)
    return _region(choice.label(rg.game), choice.domain, meeting, problem, check)


def _over_trust(rg: RepeatedGame, ag: Agreement, player: Any, opportunist: Machine | None) -> Region:
    meeting = encounter(rg, ag, player, opportunist)
    machine = opportunist_or_default(rg, meeting.player, opportunist)
    problem = meeting.problem(constant_trust(X), None, UNIT_INTERVAL)
    return _region("trust", UNIT_INTERVAL, meeting, problem, KeepingCheck(rg, ag, meeting.player, machine))


def _under_noise(rg: RepeatedGame, ag: Agreement, player: Any, opportunist: Machine | None) -> Region:
    found = trust_bounds(rg, ag, player=player, opportunist=opportunist)
    if not found.exact:
        expected = "monitoring under which the region is found exactly; trust_bounds gives certified bounds"
        raise UnsupportedError("monitoring", rg.monitoring, expected)
    return found.region


def _region(
    parameter: str,
    domain: Interval,
    meeting: Encounter,
    problem: DecisionProblem,
    check: KeepingCheck,
) -> Region:
    name = meeting.rg.game.players[meeting.player]
    claim = f"Keeping {meeting.agreement.name or 'the agreement'} is optimal for {name}"
    return region_of(parameter, claim, domain, _plan_constraints(meeting, problem, name), check.holds, check.slack)


def _plan_constraints(
    meeting: Encounter, problem: DecisionProblem, player: Any
) -> list[tuple[Constraint, IntervalSet]]:
    """One constraint for each plan that is optimal somewhere, named by where it first departs."""
    keep, labels = meeting.keep, meeting.rg.game.actions[meeting.player]
    found = []
    for rival, kept in problem.attained_set(keep, 0).rivals:
        departure = problem.first_departure(keep, rival, 0)
        if departure is not None:
            node, action = departure
            state = meeting.bound.states[meeting.nodes[node][1]]
            found.append((Constraint(player, state, labels[action]), kept))
    return found
