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

What is left out: mixed actions, and equilibria that treat players differently after some signals. The latter can do
better where signals tell who deviated (Fudenberg, Levine and Maskin 1994).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from detente.equilibrium.nash import deadline
from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.intervals import combine
from detente.exact.polynomial import constant, evaluate
from detente.exact.rational import fraction_text, to_fraction
from detente.exact.region import Region
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.monitoring import Monitoring, PublicSignals, as_monitoring, perfect, public_signals
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import Environment, resolve_over, with_parameter
from detente.repeated.public.check import bound, generates
from detente.repeated.public.parametric_programme import satisfiable_where
from detente.repeated.public.programme import SIDES, Outcome, Programme, RowName, SymmetricStage

ZERO_POINT = Fraction(0)


@dataclass(frozen=True)
class PublicValue:
    """The best strongly symmetric public-perfect value, and the equilibrium that attains it.

    Attributes
    ----------
    value
        The value to each player; None if no such equilibrium in pure actions exists.
    worst
        The value to which the equilibrium's punishment drops the players: the least that any such equilibrium gives.
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

    @property
    def efficient(self) -> Fraction:
        """The best payoff that all have from playing the same action, everyone's acts carried out as meant."""
        u = self.rg.game.exact_payoffs[0]
        return max((u[(a,) * self.rg.game.n_players] for a in range(self.rg.game.shape[0])), default=ZERO_POINT)

    @property
    def repeated(self) -> RepeatedGame:
        """The game with a public lot drawn with every signal, on which :attr:`agreement` is an ordinary automaton."""
        return _with_lots(self)[0]

    @property
    def agreement(self) -> Agreement:
        """The equilibrium as an agreement on :attr:`repeated`; ``incentives`` confirms it."""
        return _with_lots(self)[1]

    def verify(self) -> None:
        """Check by separate code that the value is sustained and that nothing higher is.

        Raises :class:`~detente.errors.CertificateError`.
        """
        rg = self.rg
        if self.value is not None and self.worst is not None:
            index = [rg.game.pure_profile(p)[0] for p in (self.path, self.punishment)]
            width = self.value - self.worst
            moves = [{_outcome(rg, y): q * width for y, q in odds.items()} for odds in (self.trigger, self.release)]
            if not generates(rg, index[0], index[1], self.value, self.worst, moves[0], moves[1]):
                raise CertificateError("value", self.value, "an interval of values whose ends are generated")
        actions = range(rg.game.shape[0] if self.complete else 0)
        for pair in ((a, b) for a in actions for b in actions):
            try:
                limit = bound(rg, pair[0], pair[1], self.multipliers[pair])
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
        whenever all play the same action; any monitoring.
    budget
        Seconds after which the search stops and returns what it found, with ``complete=False``.

    Raises
    ------
    UnsupportedError
        For games that are not symmetric in this sense.

    Examples
    --------
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2"))
    >>> found = best_public_value(rg)
    >>> found.value, found.trigger["late"]
    (Fraction(5, 2), Fraction(10, 27))
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
                multipliers[pair] = _weights(programme, programme.violation(ZERO_POINT).dual)
                continue
            multipliers[pair] = _weights(programme, found.dual)
            value = payoff[top] + found.value
            if best is None or value > best[0]:
                best = (value, top)
    if best is None:
        return PublicValue(rg, None, multipliers=multipliers, complete=complete)
    return replace(_answer(rg, stage, *best, multipliers), complete=complete)


def price_of_noise(rg: RepeatedGame) -> Fraction:
    """What is lost to imperfect monitoring: the best symmetric value if acts were seen, less the best as it is.

    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> price_of_noise(RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2")))
    Fraction(1, 2)
    """
    return value_of_monitoring(rg, perfect())


def value_of_monitoring(rg: RepeatedGame, better: Monitoring) -> Fraction:
    """What another monitoring would add to the best symmetric value; negative if it would take away.

    A signal of which the present one is a garbled version never takes away (Kandori 1992, *Review of Economic Studies*
    59). Raises :class:`~detente.errors.UnsupportedError` if either has no symmetric equilibrium in pure actions.

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


def sustainable_where(rg: RepeatedGame, path: Any = None, over: Any = "noise", *, at_least: Any = None) -> Region:
    """The exact set of values of one parameter at which *some* symmetric public agreement sustains a profile.

    That is, at which a strongly symmetric public-perfect equilibrium with public randomisation plays ``path`` first.
    Beyond its ends cooperation is lost, whatever the agreement; ``holds_where`` answers for a given one.

    Parameters
    ----------
    path
        The profile, the same action for all; by default everyone's first.
    over
        As in ``holds_where``: ``"noise"``, ``("signal", level)``, ``"discount"``, ``"breakdown"``, ….
    at_least
        Require also that its value be at least this.

    Raises
    ------
    UnsupportedError
        For games that are not symmetric in the sense of :func:`best_public_value`, at any value of the parameter.

    Examples
    --------
    >>> from detente.game.monitoring import late_shipments
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=late_shipments(pd, noise="1/10", detection="1/2"))
    >>> sustainable_where(rg).intervals[0]
    [0, 7/36]
    """
    game = _checked(rg).game
    choice = resolve_over(over, rg)
    profile = game.pure_profile([0] * game.n_players if path is None else path)
    if len(set(profile)) != 1:
        raise UnsupportedError("path", path, "the same action for all players")
    floor = None if at_least is None else to_fraction(at_least, "at_least")
    stage = SymmetricStage(Environment(rg, choice))
    found = []
    for bottom in range(stage.m):
        programme = stage.programme(profile[0], bottom)
        position = {v: k for k, v in enumerate(programme.variables)}
        rows = [{position[v]: p for v, p in row.coefficients.items() if p} for row in programme.rows]
        right = [row.right for row in programme.rows]
        if floor is not None:
            rows.append({position[v]: p for v, p in programme.price.items() if v[0] == "top"})
            right.append(stage.payoff[profile[0]] - constant(floor))
        found.append(satisfiable_where(rows, right, len(position), choice.domain))

    def holds_at(x: Fraction) -> bool:
        return _is_sustained(with_parameter(rg, choice, x), profile[0], floor)

    claim = f"({', '.join(map(str, game.profile_labels(profile)))}) is sustained by some symmetric public agreement"
    if floor is not None:
        claim += f" worth at least {fraction_text(floor)}"
    return Region(choice.label(game), claim, choice.domain, combine(found, any), holds_at=holds_at)


# --- internals ---------------------------------------------------------------------------------------------------


def _checked(rg: Any) -> RepeatedGame:
    if not isinstance(rg, RepeatedGame):
        raise ParameterError("rg", rg, "a RepeatedGame")
    return rg


def _weights(programme: Programme, dual: tuple[Fraction, ...]) -> dict[RowName, Fraction]:
    return {row.name: y for row, y in zip(programme.rows, dual, strict=True) if y}


def _is_sustained(rg: RepeatedGame, top: int, floor: Fraction | None) -> bool:
    """Whether a profile is sustained at given parameters; either answer is proven by :mod:`~.public_check`."""
    stage = SymmetricStage(Environment(rg))
    beta = evaluate(stage.beta, ZERO_POINT)
    for bottom in range(stage.m):
        programme = stage.programme(top, bottom)
        found = programme.at(ZERO_POINT)
        if found.status != "optimal":
            if bound(rg, top, bottom, _weights(programme, programme.violation(ZERO_POINT).dual)) is not None:
                raise CertificateError("multipliers", (top, bottom), "a proof that nothing is sustained")
            continue
        value = evaluate(stage.payoff[top], ZERO_POINT) + found.value
        if floor is not None and value < floor:
            limit = bound(rg, top, bottom, _weights(programme, found.dual))
            if limit is None or limit >= floor:
                raise CertificateError("multipliers", (top, bottom), f"a proof that less than {floor} is sustained")
            continue
        moves = dict(zip(programme.variables, found.x, strict=True))
        worst = evaluate(stage.payoff[bottom], ZERO_POINT)
        worst += sum(
            (evaluate(p, ZERO_POINT) * moves["bottom", y] for y, p in stage.signal(bottom).items()), ZERO_POINT
        )
        if worst > value:  # only if β = 0, and then the pair of this action with itself tells
            continue
        ends = [{y: z * (1 - beta) / beta for (s, y), z in moves.items() if s == side and z} for side in SIDES]
        if not generates(rg, top, bottom, value, worst, ends[0], ends[1]):
            raise CertificateError("value", value, "an interval of values whose ends are generated")
        return True
    return False


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
    odds = {side: {_name(rg, y): z * scale for (s, y), z in moves.items() if s == side} for side in ("top", "bottom")}
    labels = [rg.game.profile_labels((a,) * stage.n) for a in (top, bottom)]
    return PublicValue(rg, value, worst, labels[0], labels[1], odds["top"], odds["bottom"], multipliers)


def _name(rg: RepeatedGame, outcome: Outcome) -> Any:
    if isinstance(rg.monitoring, PublicSignals):
        return rg.monitoring.labels[outcome[0]]
    return rg.game.profile_labels(outcome)


def _outcome(rg: RepeatedGame, name: Any) -> Outcome:
    if isinstance(rg.monitoring, PublicSignals):
        return (rg.monitoring.labels.index(name),)
    return rg.game.pure_profile(name)


def _with_lots(found: PublicValue) -> tuple[RepeatedGame, Agreement]:
    """The game whose signals carry a public lot fine enough for both states' lotteries, and the automaton on it."""
    if found.value is None:
        raise UnsupportedError("value", None, "a game with a symmetric public equilibrium in pure actions")
    rg, game = found.rg, found.rg.game
    env = Environment(rg)
    one = Fraction(1)
    chances = {
        profile: {_name(rg, y): evaluate(p, ZERO_POINT) for y, p in env.outcomes(profile)}
        for profile in product(*map(range, game.shape))
    }
    names = list(dict.fromkeys(name for odds in chances.values() for name in odds))
    lots: dict[
        str, tuple[Any, Fraction, Fraction]
    ] = {}  # label → outcome, and the stretch of [0, 1] that the lot is in
    for name in names:
        ends = sorted({ZERO_POINT, one, found.trigger.get(name, ZERO_POINT), found.release.get(name, ZERO_POINT)})
        text = name if isinstance(name, str) else ", ".join(map(str, name))
        for k, (lo, hi) in enumerate(pairwise(ends)):
            lots[text if len(ends) == 2 else f"{text} (lot {k + 1})"] = (name, lo, hi)
    prob = {
        profile: [odds.get(name, ZERO_POINT) * (hi - lo) for name, lo, hi in lots.values()]
        for profile, odds in chances.items()
    }
    expected = game
    if not isinstance(rg.monitoring, PublicSignals):
        stage = [
            [sum(p * game.exact_payoffs[(i, *done)] for done, p in _numbers(env, profile)) for profile in chances]
            for i in range(game.n_players)
        ]
        payoffs = [_shaped(row, game.shape) for row in stage]
        expected = Game(payoffs, players=game.players, actions=game.actions, name=game.name)  # type: ignore[arg-type]
    repeated = RepeatedGame(expected, rg.discount, rg.breakdown, public_signals(list(lots), prob))
    if found.value == found.worst:
        return repeated, Agreement({"path": found.path}, {"path": {...: "path"}}, name="best public agreement")
    triggered = {label: "punishment" for label, (y, lo, _) in lots.items() if lo < found.trigger.get(y, ZERO_POINT)}
    released = {label: "path" for label, (y, lo, _) in lots.items() if lo < found.release.get(y, ZERO_POINT)}
    return repeated, Agreement(
        {"path": found.path, "punishment": found.punishment},
        {"path": {**triggered, ...: "path"}, "punishment": {**released, ...: "punishment"}},
        name="best public agreement",
    )


def _numbers(env: Environment, profile: Outcome) -> list[tuple[Outcome, Fraction]]:
    return [(done, evaluate(p, ZERO_POINT)) for done, p in env.outcomes(profile)]


def _shaped(flat: list[Any], shape: tuple[int, ...]) -> Any:
    for width in reversed(shape[1:]):
        flat = [flat[k : k + width] for k in range(0, len(flat), width)]
    return flat
