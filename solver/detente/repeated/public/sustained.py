"""Where some symmetric public agreement sustains a profile, and which incentives rule out all of them elsewhere.

A profile is sustained with a given punishment where a linear programme can be satisfied (:mod:`.programme`), and with
any where one of them can. Beyond an end of that set each programme is refuted by a combination of its rows; those among
them that are incentives say what ends cooperation.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from detente.errors import CertificateError
from detente.exact.intervals import End, Interval, IntervalSet, combine
from detente.exact.polynomial import constant, evaluate
from detente.exact.region import Constraint, Side
from detente.game.game import Game
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import Environment
from detente.repeated.public.check import bound, common_units, generates
from detente.repeated.public.parametric_programme import Cell, cells
from detente.repeated.public.programme import SIDES, Programme, Row, RowName, SymmetricStage

Stops = dict[tuple[End, Side], tuple[Constraint, ...]]


def sustained_where(
    game: Game, stage: SymmetricStage, top: int, floor: Fraction | None, domain: Interval, tick: Callable[[], None]
) -> tuple[IntervalSet, Stops]:
    """Where everyone's action ``top`` is sustained, worth ``floor`` or more, and what stops it at every end."""
    covers: list[list[Cell]] = []
    names: list[tuple[tuple[Constraint, ...], ...]] = []  # for each bottom, what each row of its programme says
    for bottom in range(stage.m):
        programme = stage.programme(top, bottom)
        position = {v: k for k, v in enumerate(programme.variables)}
        rows = [{position[v]: p for v, p in row.coefficients.items() if p} for row in programme.rows]
        right = [row.right for row in programme.rows]
        if floor is not None:
            rows.append({position[v]: p for v, p in programme.price.items() if v[0] == "top"})
            right.append(stage.payoff[top] - constant(floor))
        covers.append(cells(rows, right, len(position), domain, tick))
        names.append((*(_incentives_of(game, row) for row in programme.rows), ()))
    whole = combine([cell.satisfied for cover in covers for cell in cover], any)
    return whole, _stops(whole, domain, covers, names)


def _incentives_of(game: Game, row: Row) -> tuple[Constraint, ...]:
    """The deviations that a row of a programme keeps players from; none, if it is about something else."""
    states = {"top": "path", "bottom": "punishment"}
    return tuple(
        Constraint(game.players[i], states[side], game.actions[i][d])
        for kind, side, i, d in (name for name in (row.name, *row.also) if len(name) == 4)
        if kind == "keep"
    )


def _stops(
    whole: IntervalSet, domain: Interval, covers: list[list[Cell]], names: list[tuple[tuple[Constraint, ...], ...]]
) -> Stops:
    """For every end of the set and side on which it stops, the incentives that refute what held up to it."""
    found: Stops = {}
    for interval in whole:
        for end, side in _sides(interval):
            if end == (domain.lo if side == "below" else domain.hi):
                continue
            why: dict[Constraint, None] = {}
            for cover, rows in zip(covers, names, strict=True):
                own = combine([cell.satisfied for cell in cover], any)
                if not any((end, side) in _sides(i) for i in own):
                    continue  # these prescriptions had failed before
                for cell in cover:
                    if any(i.lo < end <= i.hi if side == "below" else i.lo <= end < i.hi for i in cell.covered):
                        why |= dict.fromkeys(c for k in cell.tight for c in rows[k])
            found[end, side] = tuple(why)
    return found


def _sides(interval: Interval) -> tuple[tuple[End, Side], tuple[End, Side]]:
    """Both ends, each with the side on which the interval stops there."""
    return (interval.lo, "below"), (interval.hi, "above")


def is_sustained(rg: RepeatedGame, top: int, floor: Fraction | None) -> bool:
    """Whether a profile is sustained at given parameters; :mod:`detente.repeated.public.check` proves either answer."""
    stage = SymmetricStage(Environment(rg))
    units, zero = common_units(rg), Fraction(0)
    beta = evaluate(stage.beta, zero)
    for bottom in range(stage.m):
        programme = stage.programme(top, bottom)
        found = programme.at(zero)
        if found.status != "optimal":
            proof = weights(programme, programme.violation(zero).dual)
            if bound(rg, units, top, bottom, proof) is not None:
                raise CertificateError("multipliers", (top, bottom), "a proof that nothing is sustained")
            continue
        value = evaluate(stage.payoff[top], zero) + found.value
        if floor is not None and value < floor:
            limit = bound(rg, units, top, bottom, weights(programme, found.dual))
            if limit is None or limit >= floor:
                raise CertificateError("multipliers", (top, bottom), f"a proof that less than {floor} is sustained")
            continue
        moves = dict(zip(programme.variables, found.x, strict=True))
        worst = evaluate(stage.payoff[bottom], zero)
        worst += sum((evaluate(p, zero) * moves["bottom", y] for y, p in stage.signal(bottom).items()), zero)
        if worst > value:  # only if β = 0, and then the pair of this action with itself tells
            continue
        ends = [{y: z * (1 - beta) / beta for (s, y), z in moves.items() if s == side and z} for side in SIDES]
        if not generates(rg, units, top, bottom, value, worst, ends[0], ends[1]):
            raise CertificateError("value", value, "an interval of values whose ends are generated")
        return True
    return False


def weights(programme: Programme, dual: tuple[Fraction, ...]) -> dict[RowName, Fraction]:
    """Prices of a programme's rows as multipliers by name."""
    return {row.name: y for row, y in zip(programme.rows, dual, strict=True) if y}
