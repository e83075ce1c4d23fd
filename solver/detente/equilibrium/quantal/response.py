"""Logit quantal response equilibria.

Players who choose better actions more often, but not always the best: each action's probability is proportional to
exp(λ · its expected payoff against the others' probabilities), and these beliefs about the others are right (McKelvey
and Palfrey 1995, *Games and Economic Behavior* 10). The precision λ is in units of 1/payoff, so that only precision
times payoff counts. At λ = 0 everyone mixes evenly; from there a curve of equilibria, the principal branch, leads to a
Nash equilibrium as λ grows. It is followed by :mod:`detente.equilibrium.quantal.branch` (Turocy 2005, *Games and
Economic Behavior* 51). Where it turns back it meets some precisions several times, and all these points are
equilibria.

The certificate of a point is its residual, |log p_ia − log p_ib − λ (u_ia − u_ib)| at the worst pair of actions a, b of
a player. It is computed from the game's payoffs, by another route than the equations that were solved. In floating
point the payoff differences are known up to rounding, so the residual can only be small relative to 1 + λ · (largest
gain from any deviation): ``verify`` allows 10⁻¹⁰ times that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isinf
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from detente.budget import deadline
from detente.equilibrium.quantal.branch import BranchPoint, LogitCurve
from detente.equilibrium.quantal.limit import MAX_STEPS, LimitSearch, limit_equilibrium, unfinished
from detente.equilibrium.result import FLOAT_REGRET, Equilibrium
from detente.errors import CertificateError, ParameterError, PayoffError
from detente.exact.rational import to_fraction
from detente.game.display import number_text
from detente.game.game import Game, Number

RESIDUAL = 1e-10
# Precision is counted in floats, in units of 1/payoff.
LARGEST_UNIT = 10**300


class LogitPoint(NamedTuple):
    """An equilibrium on the principal branch.

    ``log_strategies`` has the logarithms, also of probabilities too small for a float. ``arclength`` is the length of
    the branch up to here, in log probabilities and precision times the largest gain from a deviation. ``residual`` is
    the certificate; at infinite precision it is the most that a deviation gains.
    """

    precision: float
    strategies: tuple[tuple[float, ...], ...]
    log_strategies: tuple[tuple[float, ...], ...]
    arclength: float
    residual: float


@dataclass(frozen=True, eq=False)
class QuantalResponse:
    """The equilibria with one precision on the principal branch, in the order in which the branch meets them.

    The first is the answer. ``complete`` is True if the branch was followed to its limit, so that no point of it is
    missing; there may be equilibria off the branch.
    """

    game: Game = field(repr=False)
    precision: float
    points: tuple[LogitPoint, ...]
    complete: bool

    @property
    def strategies(self) -> tuple[tuple[float, ...], ...]:
        return self.points[0].strategies

    @property
    def residual(self) -> float:
        """The largest residual of the points."""
        return max(point.residual for point in self.points)

    @property
    def payoffs(self) -> tuple[Number, ...]:
        """Expected payoffs at the first point."""
        return self.game.payoff(self.strategies)

    def verify(self) -> None:
        """Check every point from the payoffs alone; raise :class:`CertificateError` if one is no equilibrium."""
        for point in self.points:
            for p, x in zip(point.strategies, point.log_strategies, strict=True):
                if abs(sum(p) - 1) > RESIDUAL or not np.allclose(np.exp(x), p, rtol=RESIDUAL, atol=0):
                    raise CertificateError("strategies", p, "probabilities, and their logarithms")
            unit = _largest_gain(self.game)
            if isinf(point.precision):
                found, allowed = _regret(self.game, point.strategies), FLOAT_REGRET * unit
            else:
                found = logit_residual(self.game, point.precision, point.log_strategies)
                allowed = RESIDUAL * (1.0 + point.precision * unit)
            if not found <= allowed or point.precision != self.precision:
                raise CertificateError("quantal response", point.strategies, f"a residual of at most {allowed:.3g}")

    def __repr__(self) -> str:
        shown = ["(" + ", ".join(map(number_text, s)) + ")" for s in self.strategies]
        more = f", {len(self.points)} points" if len(self.points) > 1 else ""
        return f"<QuantalResponse, precision {self.precision:g}: {', '.join(shown)}{more}>"


@dataclass(frozen=True, eq=False)
class LogitBranch:
    """The principal branch as arrays over its points: ``strategies[i]`` has a row for each, a column for each action.

    ``log_strategies`` are the logarithms. ``turning`` has the positions of the turning points of the precision.
    ``limit`` is the Nash equilibrium at the end, None if the branch was not followed that far.
    """

    game: Game
    precision: NDArray[np.float64]
    strategies: tuple[NDArray[np.float64], ...]
    log_strategies: tuple[NDArray[np.float64], ...]
    arclength: NDArray[np.float64]
    turning: tuple[int, ...]
    limit: Equilibrium | None

    def __post_init__(self) -> None:
        for values in (self.precision, *self.strategies, *self.log_strategies, self.arclength):
            values.flags.writeable = False

    def __len__(self) -> int:
        return len(self.precision)

    def verify(self) -> None:
        """Check every point, and the limit, from the payoffs alone; raise :class:`CertificateError` if one fails."""
        unit = _largest_gain(self.game)
        for k, precision in enumerate(self.precision.tolist()):
            logs = [x[k].tolist() for x in self.log_strategies]
            allowed = RESIDUAL * (1.0 + precision * unit)
            if not logit_residual(self.game, precision, logs) <= allowed:
                raise CertificateError("branch", precision, f"a quantal response, up to a residual of {allowed:.3g}")
            pairs = zip(logs, self.strategies, strict=True)
            if any(not np.allclose(np.exp(x), p[k], rtol=RESIDUAL, atol=0) for x, p in pairs):
                raise CertificateError("branch", precision, "probabilities and their logarithms")
        if self.limit is not None and not _regret(self.game, self.limit.strategies) <= FLOAT_REGRET * unit:
            raise CertificateError("limit", self.limit, "a Nash equilibrium")

    def __repr__(self) -> str:
        return f"<LogitBranch: {len(self)} points, {len(self.turning)} turning, limit {self.limit}>"


@overload
def quantal_response(
    game: Game, precision: float | Fraction | str, *, budget: float | None = None
) -> QuantalResponse: ...


@overload
def quantal_response(
    game: Game, precision: Sequence[Any] | NDArray[Any], *, budget: float | None = None
) -> tuple[QuantalResponse, ...]: ...


def quantal_response(
    game: Game, precision: Any, *, budget: float | None = None
) -> QuantalResponse | tuple[QuantalResponse, ...]:
    """Logit quantal response equilibria on the principal branch.

    Parameters
    ----------
    precision
        λ ≥ 0, in units of 1/payoff; ``inf`` for the branch's limit, a Nash equilibrium. Or a sequence or array of such
        numbers.
    budget
        Seconds after which to stop following the branch. What was found by then is returned with ``complete=False``.

    Returns
    -------
    QuantalResponse
        Or a tuple of them, one for each precision.

    Raises
    ------
    ParameterError, PayoffError
        For precisions that are not non-negative numbers, a budget that is not a positive number, what is no Game, or
        payoffs beyond 1e300.
    UnsupportedError
        If the budget is used up before the branch first meets a precision asked for.

    Examples
    --------
    >>> pennies = Game.bimatrix([[9, -1], [-1, 1]], [[-1, 1], [1, -1]])
    >>> answer = quantal_response(pennies, 1)
    >>> [[round(p, 4) for p in s] for s in answer.strategies]
    [[0.7587, 0.2413], [0.2621, 0.7379]]
    >>> answer.verify()
    """
    many = not isinstance(precision, str) and hasattr(precision, "__len__") and getattr(precision, "shape", None) != ()
    wanted = [_read_precision(x) for x in (precision if many else [precision])]
    if not wanted:
        raise ParameterError("precision", precision, "at least one number")
    tracer = _Tracer(game, budget)
    targets = [tracer.scaled(x) for x in wanted]
    met: dict[float, list[BranchPoint]] = {t: [] for t in targets}
    finite = [t for t in met if not isinf(t)]
    before: BranchPoint | None = None
    for point in tracer.trace(max(finite, default=0.0), to_limit=True):
        for t in finite:
            if point.t == t:
                met[t].append(point)
            elif before is not None and min(before.t, point.t) < t < max(before.t, point.t):
                met[t].append(tracer.curve.at(before, point, t))
        before = point
    answers = []
    for x, t in zip(wanted, targets, strict=True):
        points = [tracer.point(float(x), found) for found in met[t]]
        if isinf(t) and tracer.limit is not None:
            points = [_limit_point(tracer.limit)]
        if not points:
            raise unfinished(tracer.curve, tracer.last.t, budget, f"precision {float(x):g}")
        answers.append(QuantalResponse(game, float(x), tuple(points), tracer.complete))
    return tuple(answers) if many else answers[0]


def logit_branch(game: Game, *, max_precision: Any = None, budget: float | None = None) -> LogitBranch:
    """The principal branch of logit quantal response equilibria as arrays, for plotting.

    Parameters
    ----------
    max_precision
        Where to stop; by default where the limit is known, or before, where rounding hides the branch.
    budget
        Seconds after which to stop.

    Raises
    ------
    ParameterError
        As :func:`quantal_response`.

    Examples
    --------
    >>> branch = logit_branch(Game.symmetric([[9, 0], [8, 7]]))
    >>> branch.strategies[0][0], len(branch.turning), str(branch.limit)
    (array([0.5, 0.5]), 0, '(1, 1)')
    """
    tracer = _Tracer(game, budget)
    if max_precision is None:
        points = list(tracer.trace(0.0, to_limit=True))
    else:
        end = tracer.scaled(_read_precision(max_precision, "max_precision"))
        points = list(tracer.trace(end, to_limit=False))
        if points[-1].t > end:
            points[-1] = tracer.curve.at(points[-2], points[-1], end)
    # Far out, where stakes are very unequal, floats may no longer tell the branch from its neighbours.
    unit = float(tracer.curve.unit)
    while len(points) > 1 and tracer.point(points[-1].t / unit, points[-1]).residual > RESIDUAL * (1 + points[-1].t):
        points.pop()
    logs = np.array([point.w[:-1] for point in points])
    return LogitBranch(
        game,
        np.array([point.t for point in points]) / unit,
        tuple(np.exp(logs[:, s]) for s in tracer.curve.slices),
        tuple(logs[:, s] for s in tracer.curve.slices),
        np.array([point.arclength for point in points]),
        tuple(k for k, point in enumerate(points) if point.turning),
        tracer.limit,
    )


def logit_residual(game: Game, precision: float, log_strategies: Sequence[Sequence[float]]) -> float:
    """How far a profile is from a quantal response equilibrium, from the game's payoffs alone.

    >>> logit_residual(Game.symmetric([[9, 0], [8, 7]]), 0.0, [[-1.0, -1.0], [-1.0, -1.0]])
    0.0
    """
    worst = 0.0
    logs = [np.asarray(x, dtype=np.float64) for x in log_strategies]
    for x, lead in zip(logs, _leads(game, [np.exp(x) for x in logs]), strict=True):
        misfit = x - x[0] - precision * lead
        worst = max(worst, float(misfit.max() - misfit.min()))
    return worst


def _leads(game: Game, strategies: Sequence[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    """For each player what every action earns above the first; no constant in the payoffs rounds it off."""
    for i, u in enumerate(game.exact_payoffs):
        lead: NDArray[np.float64] = (u - np.take(u, [0], axis=i)).astype(np.float64)
        for j in reversed([j for j in range(game.n_players) if j != i]):
            lead = np.tensordot(lead, strategies[j], axes=([j], [0]))
        yield lead


def _regret(game: Game, strategies: Sequence[Sequence[Number]]) -> float:
    """The most that a player gains by deviating."""
    p = [np.array(s, dtype=np.float64) for s in strategies]
    return max(float(lead.max() - s @ lead) for s, lead in zip(p, _leads(game, p), strict=True))


class _Tracer:
    """Follows a game's branch within a budget, and notes when its limit is known."""

    def __init__(self, game: Game, budget: float | None) -> None:
        if not isinstance(game, Game):
            raise ParameterError("game", game, "a detente Game")
        self.game, self.stop = game, deadline(budget)
        self.curve = LogitCurve(game)
        if self.curve.unit > LARGEST_UNIT:
            raise PayoffError("payoffs", f"a gain beyond {LARGEST_UNIT:.0e}", "gains from deviations that are smaller")
        self.search = LimitSearch(game, self.curve)
        self.last = self.curve.start()
        self.limit: Equilibrium | None = None
        self.complete = False

    def scaled(self, precision: Fraction | float) -> float:
        """A precision in the curve's units."""
        try:
            return inf if precision == inf else float(Fraction(precision) * self.curve.unit)
        except OverflowError as error:
            raise ParameterError("precision", precision, "a precision whose product with payoffs is a float") from error

    def trace(self, end: float, *, to_limit: bool) -> Iterator[BranchPoint]:
        """Points of the branch up to the scaled precision ``end`` and, if asked for, until the limit is known."""
        for steps, point in enumerate(self.curve.follow()):
            self.last = point
            if to_limit and self.limit is None:
                self._try(point, last=False)
                self.complete = self.limit is not None
            yield point
            if (point.t >= end and (self.complete or not to_limit)) or self.stop() or steps >= MAX_STEPS:
                return
        if to_limit and self.limit is None:
            self._try(self.last, last=True)

    def point(self, precision: float, at: BranchPoint) -> LogitPoint:
        """A point of the branch with its certificate."""
        logs = tuple(tuple(at.w[s].tolist()) for s in self.curve.slices)
        strategies = tuple(tuple(np.exp(at.w[s]).tolist()) for s in self.curve.slices)
        return LogitPoint(precision, strategies, logs, at.arclength, logit_residual(self.game, precision, logs))

    def _try(self, point: BranchPoint, last: bool) -> None:
        limit = self.search.attempt(point, last)
        if limit is not None:
            self.limit = limit_equilibrium(self.game, self.curve, limit, None)


def _limit_point(limit: Equilibrium) -> LogitPoint:
    strategies = tuple(tuple(float(p) for p in s) for s in limit.strategies)
    with np.errstate(divide="ignore"):
        logs = tuple(tuple(np.log(s).tolist()) for s in strategies)
    return LogitPoint(inf, strategies, logs, inf, float(limit.regret))


def _largest_gain(game: Game) -> float:
    u = game.exact_payoffs
    return max(float(np.max(u[i].max(axis=i) - u[i].min(axis=i))) for i in range(game.n_players))


def _read_precision(value: Any, argument: str = "precision") -> Fraction | float:
    if isinstance(value, float | np.floating) and value == inf:
        return inf
    number = to_fraction(value, argument)
    if number < 0:
        raise ParameterError(argument, value, "a non-negative number, or inf")
    return number
