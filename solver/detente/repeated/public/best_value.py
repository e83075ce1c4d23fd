"""The best that players can sustain under noise: strongly symmetric public equilibria, exactly.

When shipments can be late although no one restricts, punishments are carried out by mistake, and some value is lost
even to the patient. The best symmetric value loses just enough: for payoffs T, R, P, S and a shipment that is late with
probability ε if both relax and d > ε if one restricts, it is

    V = R − (T − R) ε / (d − ε)     if δ ≥ (T − R) / [(d − ε)(R − P) + (1 − ε)(T − R)] and V > P, and P otherwise

(if a late shipment is likelier still when both restrict): patience beyond the threshold buys nothing. The price of
noise is what perfect monitoring would add, and better monitoring is worth the difference of two such values. Green and
Porter (1984), *Econometrica* 52, 87–100; Abreu, Milgrom and Pearce (1991), *Econometrica* 59, 1713–1733; Mailath and
Samuelson (2006), *Repeated Games and Reputations*, chapter 7. The solver knows no formula: see
:mod:`detente.repeated.public.programme` for the linear programmes it solves, for any finite public signal.

Players need not have the same payoffs: if those from all playing the same action differ by positive affine maps only,
everyone's can be put in the first player's units (:mod:`detente.repeated.public.programme`).

What is left out: mixed actions, and equilibria that treat players differently after some signals. The latter can do
better where signals tell who deviated (Fudenberg, Levine and Maskin 1994).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from detente.budget import deadline, ticking
from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.polynomial import evaluate
from detente.exact.rational import fraction_text, to_fraction
from detente.exact.region import Region
from detente.game.agreement import Agreement
from detente.game.monitoring import Monitoring, as_monitoring, perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.incentives import ByPlayer
from detente.repeated.parameters import Environment, Over, resolve_over, with_parameter
from detente.repeated.public.check import bound, common_units, generates
from detente.repeated.public.lots import named_outcome, outcome_name, with_lots
from detente.repeated.public.programme import RowName, SymmetricStage
from detente.repeated.public.sustained import is_sustained, sustained_where, weights

ZERO_POINT = Fraction(0)


@dataclass(frozen=True)
class PublicValue:
    """The best strongly symmetric public-perfect value, and the equilibrium that attains it.

    Attributes
    ----------
    value
        The value to each player, in the first player's units if they differ; None if no such equilibrium in pure
        actions exists.
    worst
        The value to which the equilibrium's punishment drops the players: the least that any such equilibrium gives.
    values
        The value to each player in their own units, by player.
    path, punishment
        The profiles played at the two values.
    trigger
        For every public outcome on the path, the probability that punishment follows.
    release
        For every public outcome under punishment, the probability that the path is resumed.
    multipliers
        For every pair of prescriptions, what proves that it sustains no more.
    complete
        False if the budget ran out: the value is sustained, and a higher one may be.
    """

    rg: RepeatedGame
    value: Fraction | None
    worst: Fraction | None = None
    path: tuple[Any, ...] = ()
    punishment: tuple[Any, ...] = ()
    trigger: Mapping[Any, Fraction] = field(default_factory=dict)
    release: Mapping[Any, Fraction] = field(default_factory=dict)
    multipliers: Mapping[tuple[int, int], Mapping[RowName, Fraction]] = field(default_factory=dict, repr=False)
    complete: bool = True

    @cached_property
    def values(self) -> ByPlayer | None:
        """What the equilibrium is worth to each player, by index or name."""
        if self.value is None:
            return None
        return ByPlayer(SymmetricStage(Environment(self.rg)).values(self.value, ZERO_POINT), self.rg.game.players)

    @property
    def efficient(self) -> Fraction:
        """The best payoff (in the first player's units) from all playing the same action, carried out as meant."""
        u = self.rg.game.exact_payoffs[0]
        return max((u[(a,) * self.rg.game.n_players] for a in range(self.rg.game.shape[0])), default=ZERO_POINT)

    @property
    def repeated(self) -> RepeatedGame:
        """The game with a public lot drawn with every signal, on which :attr:`agreement` is an ordinary automaton."""
        return self._with_lots()[0]

    @property
    def agreement(self) -> Agreement:
        """The equilibrium as an agreement on :attr:`repeated`; ``incentives`` confirms it."""
        return self._with_lots()[1]

    def _with_lots(self) -> tuple[RepeatedGame, Agreement]:
        if self.value is None:
            raise UnsupportedError("value", None, "a game with a symmetric public equilibrium in pure actions")
        return with_lots(self.rg, self.path, self.punishment, self.trigger, self.release)

    def verify(self) -> None:
        """Check by separate code that the value is sustained and that nothing higher is.

        Raises :class:`~detente.errors.CertificateError`.
        """
        rg = self.rg
        try:
            units = common_units(rg)
        except ValueError as error:
            raise CertificateError("rg", rg, "payoffs that can be put in common units") from error
        if self.value is not None and self.worst is not None:
            index = [rg.game.pure_profile(p)[0] for p in (self.path, self.punishment)]
            width = self.value - self.worst
            moves = [
                {named_outcome(rg, y): q * width for y, q in odds.items()} for odds in (self.trigger, self.release)
            ]
            if not generates(rg, units, index[0], index[1], self.value, self.worst, moves[0], moves[1]):
                raise CertificateError("value", self.value, "an interval of values whose ends are generated")
        actions = range(rg.game.shape[0] if self.complete else 0)
        for pair in ((a, b) for a in actions for b in actions):
            try:
                limit = bound(rg, units, pair[0], pair[1], self.multipliers[pair])
            except (KeyError, ValueError) as error:
                raise CertificateError("multipliers", pair, "a proof that this pair sustains no more") from error
            if limit is not None and (self.value is None or limit > self.value):
                raise CertificateError("value", self.value, f"at least what {pair} may sustain, {limit}")

    def __repr__(self) -> str:
        if self.value is None:
            return f"<PublicValue: no symmetric public equilibrium in pure actions{'' if self.complete else ' found'}>"
        least = "" if self.complete else "at least "
        return f"<PublicValue {least}{fraction_text(self.value)} of at most {fraction_text(self.efficient)}>"


def best_public_value(rg: RepeatedGame, *, budget: float | None = None) -> PublicValue:
    """The best strongly symmetric public-perfect value with public randomisation, exactly.

    Parameters
    ----------
    rg
        A repeated game with equally many actions and equal discount factors for all players, in which all earn the same
        whenever all play the same action, up to a positive affine map of each player's payoffs; any monitoring. (Two
        players with two actions need only agree on which of the two is better to share.)
    budget
        Seconds after which the search stops and returns what it found, with ``complete=False``.

    Raises
    ------
    UnsupportedError
        For games that are not symmetric in this sense.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2"))
    >>> found = best_public_value(rg)
    >>> found.value, found.trigger["late"]
    (Fraction(5, 2), Fraction(10, 27))
    >>> best_public_value(rg.replace(game=pd.affine(1, 10, -7))).values
    (Fraction(5, 2), Fraction(18, 1))
    """
    stop = deadline(budget)
    stage = SymmetricStage(Environment(_checked(rg)))
    payoff = [evaluate(u, ZERO_POINT) for u in stage.payoff]
    best: tuple[Fraction, int] | None = None
    multipliers: dict[tuple[int, int], Mapping[RowName, Fraction]] = {}
    complete = True
    for top in sorted(range(stage.m), key=payoff.__getitem__, reverse=True):
        for bottom in sorted(range(stage.m), key=payoff.__getitem__):
            pair = top, bottom
            if best is not None and payoff[top] <= best[0]:
                multipliers[pair] = {}  # the payoff of the first action is bound enough
                continue
            if payoff[bottom] > payoff[top] and stage.beta:
                # The interval would be of negative length: one of its caps alone says so.
                multipliers[pair] = {("cap", "top", next(iter(stage.signal(top)))): Fraction(1)}
                continue
            if complete and stop():
                complete = False
            if not complete:
                continue
            programme = stage.programme(top, bottom)
            if payoff[bottom] == payoff[top] or not stage.beta:
                # An interval without length: both must be equilibria of the stage game.
                multipliers[pair] = programme.without_incentives(ZERO_POINT)
                if not multipliers[pair] and (best is None or payoff[top] > best[0]):
                    best = (payoff[top], top)
                continue
            found = programme.at(ZERO_POINT)
            if found.status != "optimal":
                multipliers[pair] = weights(programme, programme.violation(ZERO_POINT).dual)
                continue
            multipliers[pair] = weights(programme, found.dual)
            value = payoff[top] + found.value
            if best is None or value > best[0]:
                best = (value, top)
    if best is None:
        return PublicValue(rg, None, multipliers=multipliers, complete=complete)
    return replace(_answer(rg, stage, *best, multipliers), complete=complete)


def price_of_noise(rg: RepeatedGame) -> Fraction:
    """What is lost to imperfect monitoring: the best symmetric value if acts were seen, less the best as it is.

    In the first player's units, if players' payoffs differ by positive affine maps.

    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> price_of_noise(RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2")))
    Fraction(1, 2)
    """
    return value_of_monitoring(rg, perfect())


def value_of_monitoring(rg: RepeatedGame, better: Monitoring) -> Fraction:
    """What another monitoring would add to the best symmetric value; negative if it would take away.

    In the first player's units, if players' payoffs differ by positive affine maps.
    A signal of which the present one is a garbled version never takes away (Kandori 1992, *Review of Economic Studies*
    59). Raises :class:`~detente.errors.UnsupportedError` if either has no symmetric equilibrium in pure actions.

    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2"))
    >>> value_of_monitoring(rg, late_shipments(pd, noise="1/20", detection="1/2"))
    Fraction(5, 18)
    """
    here = best_public_value(rg).value
    there = best_public_value(rg.replace(monitoring=as_monitoring(better))).value
    if here is None or there is None:
        raise UnsupportedError("rg", rg, "a game with a symmetric public equilibrium in pure actions")
    return there - here


def sustainable_where(
    rg: RepeatedGame, path: Any = None, over: Any = "noise", *, at_least: Any = None, budget: float | None = 300
) -> Region:
    """The exact set of values of one parameter at which *some* symmetric public agreement sustains a profile.

    That is, at which a strongly symmetric public-perfect equilibrium with public randomisation plays ``path`` first.
    Beyond its ends cooperation is lost, whatever the agreement; ``holds_where`` answers for a given one. What binds at
    an end, the region names: the deviations, on the path or under punishment, that together refute every agreement.

    Parameters
    ----------
    path
        The profile, the same action for all; by default everyone's first.
    over
        As in ``holds_where``: ``"noise"``, ``("signal", level)``, ``"discount"``, ``"breakdown"``, ….
    at_least
        Require also that its value be at least this, in the first player's units.
    budget
        Seconds to spend; None for no limit.

    Raises
    ------
    UnsupportedError
        For games that are not symmetric in the sense of :func:`best_public_value`, at any value of the parameter, and
        when the budget is used up.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2"))
    >>> found = sustainable_where(rg)
    >>> found.intervals[0], str(found.beyond[Fraction(7, 36), "above"][0])
    ([0, 7/36], "US would gain by Restrict in state 'path'")
    """
    game = _checked(rg).game
    choice = resolve_over(over, rg)
    profile = game.pure_profile([0] * game.n_players if path is None else path)
    if len(set(profile)) != 1:
        raise UnsupportedError("path", path, "the same action for all players")
    floor = None if at_least is None else to_fraction(at_least, "at_least")
    tick = ticking(budget, "a game of this size")
    stage = SymmetricStage(Environment(rg, choice))
    whole, beyond = sustained_where(game, stage, profile[0], floor, choice.domain, tick)
    binding = {
        end: tuple(dict.fromkeys(c for side in ("below", "above") for c in beyond.get((end, side), ())))
        for end, _ in beyond
    }
    holds_at = partial(_is_sustained_at, rg, choice, profile[0], floor)
    claim = f"({', '.join(map(str, game.profile_labels(profile)))}) is sustained by some symmetric public agreement"
    if floor is not None:
        claim += f" worth at least {fraction_text(floor)}"
    return Region(choice.label(game), claim, choice.domain, whole, binding, (), holds_at, beyond)


# --- internals ---------------------------------------------------------------------------------------------------


def _checked(rg: Any) -> RepeatedGame:
    if not isinstance(rg, RepeatedGame):
        raise ParameterError("rg", rg, "a RepeatedGame")
    return rg


def _is_sustained_at(rg: RepeatedGame, over: Over, action: int, floor: Fraction | None, x: Fraction) -> bool:
    return is_sustained(with_parameter(rg, over, x), action, floor)


def _answer(
    rg: RepeatedGame,
    stage: SymmetricStage,
    value: Fraction,
    top: int,
    multipliers: Mapping[tuple[int, int], Mapping[RowName, Fraction]],
) -> PublicValue:
    """The equilibrium that attains the value with the harshest punishment, so that it triggers as rarely as can be."""
    payoff = [evaluate(u, ZERO_POINT) for u in stage.payoff]
    harshest: tuple[Fraction, int, dict[Any, Fraction]] | None = None
    for bottom in sorted(range(stage.m), key=payoff.__getitem__):
        if harshest is not None and payoff[bottom] >= harshest[0]:
            continue
        found = stage.programme(top, bottom).harshest(payoff[top] - value, ZERO_POINT)
        if found is not None and (harshest is None or payoff[bottom] + found.cost < harshest[0]):
            harshest = (payoff[bottom] + found.cost, bottom, found.moves)
    assert harshest is not None
    worst, bottom, moves = harshest
    beta = evaluate(stage.beta, ZERO_POINT)
    scale = (1 - beta) / (beta * (value - worst)) if beta and value > worst else ZERO_POINT
    odds = {
        side: {outcome_name(rg, y): z * scale for (s, y), z in moves.items() if s == side} for side in ("top", "bottom")
    }
    labels = [rg.game.profile_labels((a,) * stage.n) for a in (top, bottom)]
    return PublicValue(rg, value, worst, labels[0], labels[1], odds["top"], odds["bottom"], multipliers)
