"""Phase diagrams: where an agreement holds as two parameters vary, with the exact boundary.

At a fixed value of the first parameter the set of values of the second is exact, whichever two they are: an
:class:`~detente.exact.intervals.IntervalSet`. With trust as the second the ends of that set are known as functions, the
pieces of a :class:`~detente.trust.frontier.Frontier`, so a slice costs one evaluation of a rational function. Otherwise
a slice is one exact threshold computation (:func:`~detente.repeated.thresholds.holds_where`).

A raster asks every point of a grid, exactly, one slice a column. A boundary follows the ends of the slices: it is exact
at every point it names, and where the number of ends changes from one slice to the next, the change is bracketed by
bisection.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import Interval, IntervalSet, is_infinite
from detente.exact.rational import to_fraction
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import UNIT_INTERVAL, Over, resolve_over, with_parameter
from detente.repeated.thresholds import CONCEPTS, Concept, claim_text, holds_where
from detente.trust.frontier import Frontier, range_within, trust_frontier

MAX_CELLS = 100_000_000
MAX_COLUMNS = 100_000
# Where the number of ends changes between two slices, the change is bracketed to this share of the whole range.
BRACKET = Fraction(1, 2**20)


@dataclass(frozen=True)
class Boundary:
    """A stretch of the boundary: ``y`` is an exact end of the slice at every ``x`` (shown as floats).

    ``side`` is "least" or "greatest": which end of the set it is. ``closed`` tells whether the boundary belongs to it.
    """

    claim: str
    side: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    closed: bool


@dataclass(frozen=True)
class PhaseDiagram:
    """Where one or more claims hold in a rectangle of two parameters.

    Attributes
    ----------
    x, y
        What the two parameters are.
    x_range, y_range
        Their intervals.
    claims
        What may hold: one claim a player with trust on the second axis, one in all otherwise.
    frontiers
        With trust on the second axis, the exact frontier for each player.
    """

    x: str
    y: str
    x_range: Interval
    y_range: Interval
    claims: tuple[str, ...]
    frontiers: Mapping[Any, Frontier]
    _slice: Callable[[Fraction], tuple[IntervalSet, ...]] = field(repr=False, compare=False)
    _verify: Callable[[Fraction], None] = field(repr=False, compare=False)

    def slice(self, x: Any) -> dict[str, IntervalSet]:
        """For every claim, the exact set of values of the second parameter at which it holds, at ``x``."""
        return dict(zip(self.claims, self._slice(self._point(x)), strict=True))

    def holds(self, x: Any, y: Any) -> bool:
        """Whether all claims hold at a point, exactly."""
        return all(y in found for found in self.slice(x).values())

    def grid(self, nx: int, ny: int) -> tuple[list[Fraction], list[Fraction]]:
        """``nx`` and ``ny`` evenly spaced values of the parameters; an open end of a range is left out."""
        return _spaced(self.x_range, _whole("nx", nx)), _spaced(self.y_range, _whole("ny", ny))

    def raster(self, nx: int = 1000, ny: int = 1000) -> NDArray[np.uint8]:
        """Exact answers at all points of :meth:`grid`, shape (ny, nx): bit k is set iff claim k holds there."""
        _whole("nx", nx)
        _whole("ny", ny)
        if nx * ny > MAX_CELLS:
            raise ParameterError("nx * ny", nx * ny, f"at most {MAX_CELLS} points")
        xs, ys = self.grid(nx, ny)
        out = np.zeros((nx, ny), dtype=np.uint8)
        for column, x in zip(out, xs, strict=True):
            for k, found in enumerate(self._slice(x)):
                for interval in found:
                    lo, hi = _rows(interval, ys)
                    column[lo:hi] |= 1 << k
        return np.ascontiguousarray(out.T)

    def to_dataset(self, nx: int = 1000, ny: int = 1000) -> Any:
        """The raster as an ``xarray.Dataset`` with a Boolean variable ``holds`` (claim, y, x)."""
        import xarray as xr

        xs, ys = self.grid(nx, ny)
        codes = self.raster(nx, ny)
        layers = np.stack([(codes >> k & 1).astype(bool) for k in range(len(self.claims))])
        coords = {"claim": list(self.claims), "y": [float(v) for v in ys], "x": [float(v) for v in xs]}
        return xr.Dataset({"holds": (("claim", "y", "x"), layers)}, coords, {"x": self.x, "y": self.y})

    def boundaries(self, columns: int = 200) -> tuple[Boundary, ...]:
        """The boundary in stretches, from ``columns`` slices and more where the number of ends changes."""
        slices = self.slices(columns)
        out: list[Boundary] = []
        for k, claim in enumerate(self.claims):
            run: list[tuple[Fraction, IntervalSet]] = []
            for x, found in slices:
                if run and not _alike(run[-1][1], found[k]):
                    out += _stretches(claim, run, self.y_range)
                    run = []
                run.append((x, found[k]))
            out += _stretches(claim, run, self.y_range)
        return tuple(out)

    def slices(self, columns: int = 200) -> list[tuple[Fraction, tuple[IntervalSet, ...]]]:
        """Exact slices at ``columns`` values of the first parameter, and more where the number of ends changes."""
        marks = {b for f in self.frontiers.values() for b in f.breakpoints if isinstance(b, Fraction)}
        xs = sorted({*_spaced(self.x_range, _columns(columns)), *(b for b in marks if b in self.x_range)})
        shortest = (xs[-1] - xs[0]) * BRACKET
        ahead = [(x, self._slice(x)) for x in reversed(xs)]
        out = [ahead.pop()]
        while ahead:
            left, right = out[-1], ahead[-1]
            if _all_alike(left[1], right[1]) or right[0] - left[0] <= shortest:
                out.append(ahead.pop())
            else:
                middle = (left[0] + right[0]) / 2
                ahead.append((middle, self._slice(middle)))
        return out

    def verify(self, columns: int = 7) -> None:
        """Check slices by the independent test of each; raise :class:`CertificateError` where one fails."""
        for frontier in self.frontiers.values():
            frontier.verify()
        for x in _spaced(self.x_range, _columns(columns)):
            self._verify(x)

    def _point(self, x: Any) -> Fraction:
        value = to_fraction(x, self.x)
        if value not in self.x_range:
            raise ParameterError(self.x, x, f"a number in {self.x_range!r}")
        return value

    def __repr__(self) -> str:
        claims = " and ".join(self.claims)
        return f"<PhaseDiagram {self.x} {self.x_range!r} × {self.y} {self.y_range!r}: {claims}>"


def phase_diagram(
    rg: RepeatedGame,
    ag: Agreement,
    *,
    x: Any = "discount",
    y: Any = "trust",
    player: Any = None,
    opportunist: Machine | None = None,
    concept: Concept = "subgame-perfect",
    x_range: tuple[Any, Any] | None = None,
    y_range: tuple[Any, Any] | None = None,
    width: Any = "1/1000",
    budget: float = 30.0,
) -> PhaseDiagram:
    """Where an agreement holds as two parameters vary, the others keeping the repeated game's values.

    Parameters
    ----------
    x, y
        Parameters as in :func:`detente.holds_where`. ``y`` may also be ``"trust"``: keeping the agreement is then
        optimal for ``player``, or for each of both players if none is given, as in :func:`detente.trust_region`; with
        ``x="discount"`` each player's own patience varies. Otherwise the agreement is an equilibrium by ``concept``.
    x_range, y_range
        The ends of the rectangle; needed for parameters without natural bounds, such as payoffs.
    width, budget
        As in :func:`detente.trust_frontier`. Where it gives only bounds, there are two claims a player: that keeping is
        optimal, where that is proven, and that it may be, outside which it is proven not to be.

    Raises
    ------
    ParameterError
        If both parameters are the same, an unbounded one has no range, or a range leaves the parameter's domain.
    UnsupportedError
        For trust on the first axis, and as :func:`detente.trust_frontier`.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> grim = agreements.grim_trigger(pd)
    >>> diagram = phase_diagram(RepeatedGame(pd, 0), grim, player="US")
    >>> diagram.slice("9/10")
    {'Keeping grim trigger is optimal for US': [1/17, 1]}
    >>> diagram.raster(4, 5).tolist()
    [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 1, 1]]
    >>> phase_diagram(RepeatedGame(pd, 0), grim, x="discount", y="noise").holds("3/4", "1/20")
    True
    """
    if not isinstance(rg, RepeatedGame):
        raise ParameterError("rg", rg, "a RepeatedGame")
    if isinstance(x, str) and x == "trust":
        raise UnsupportedError("x", x, "trust on the second axis, y='trust'")
    first = resolve_over(x, rg)
    if not isinstance(concept, str) or concept not in CONCEPTS:
        raise LabelError("concept", concept, CONCEPTS)
    if isinstance(y, str) and y == "trust":
        return _with_trust(rg, ag, first, x, player, opportunist, x_range, y_range, width, budget)
    second = resolve_over(y, rg)
    if first == second:
        raise ParameterError("y", y, "another parameter than x")
    rows = _range("y_range", y_range, second.domain)

    def region(value: Fraction) -> Any:
        return holds_where(with_parameter(rg, first, value), ag, y, concept)

    return PhaseDiagram(
        x=first.label(rg.game),
        y=second.label(rg.game),
        x_range=_range("x_range", x_range, first.domain),
        y_range=rows,
        claims=(claim_text(ag, concept),),
        frontiers={},
        _slice=lambda value: (region(value).set & IntervalSet((rows,)),),
        _verify=lambda value: region(value).verify(),
    )


def _with_trust(
    rg: RepeatedGame,
    ag: Agreement,
    first: Over,
    x: Any,
    player: Any,
    opportunist: Machine | None,
    x_range: Any,
    y_range: Any,
    width: Any,
    budget: float,
) -> PhaseDiagram:
    players = rg.game.players if player is None else (rg.game.players[rg.game.player_index(player)],)
    if opportunist is not None and player is None:
        raise ParameterError("opportunist", opportunist, "a player to go with it: it is that player's partner")
    columns = _range("x_range", x_range, first.domain)
    frontiers = {
        p: trust_frontier(rg, ag, player=p, opportunist=opportunist, over=x, within=x_range, width=width, budget=budget)
        for p in players
    }
    rows = _range("y_range", y_range, UNIT_INTERVAL)
    title = ag.name or "the agreement"
    claims: dict[str, Callable[[Fraction], Interval | None]] = {}
    for p, frontier in frontiers.items():
        claims[f"Keeping {title} is optimal for {p}"] = frontier.interval
        if not frontier.exact:
            claims[f"Keeping {title} may be optimal for {p}"] = frontier.possible

    def found(value: Fraction) -> tuple[IntervalSet, ...]:
        intervals = (priors(value) for priors in claims.values())
        return tuple(IntervalSet(() if i is None else (i,)) & IntervalSet((rows,)) for i in intervals)

    def check(value: Fraction) -> None:
        for frontier in frontiers.values():
            inside, possible = frontier.interval(value), frontier.possible(value)
            for mu in (Fraction(k, 8) for k in range(9)):
                kept, may_be = (i is not None and mu in i for i in (inside, possible))
                if mu in rows and kept == may_be and frontier._check(value, mu) != kept:
                    raise CertificateError(frontier.parameter, value, f"the independent check to agree at trust {mu}")

    return PhaseDiagram(
        x=first.label(rg.game),
        y="trust",
        x_range=columns,
        y_range=rows,
        claims=tuple(claims),
        frontiers=frontiers,
        _slice=found,
        _verify=check,
    )


def _range(argument: str, given: tuple[Any, Any] | None, domain: Interval) -> Interval:
    if given is not None:
        return range_within(argument, given, domain)
    if is_infinite(domain.lo) or is_infinite(domain.hi):
        raise ParameterError(argument, None, f"two ends within {domain!r}, a parameter without natural bounds")
    return domain


def _whole(argument: str, n: Any) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 2:
        raise ParameterError(argument, n, "a whole number of at least 2")
    return n


def _columns(n: Any) -> int:
    if _whole("columns", n) > MAX_COLUMNS:
        raise ParameterError("columns", n, f"at most {MAX_COLUMNS}")
    return int(n)


def _spaced(over: Interval, n: int) -> list[Fraction]:
    lo, hi = Fraction(over.lo), Fraction(over.hi)  # type: ignore[arg-type]
    first, steps = (0 if over.lo_closed else 1), n - 1 + (not over.lo_closed) + (not over.hi_closed)
    return [lo + (hi - lo) * Fraction(first + k, steps) for k in range(n)]


def _rows(interval: Interval, ys: list[Fraction]) -> tuple[int, int]:
    """The slice of increasing ``ys`` that lies in the interval; all comparisons are exact."""
    first = (bisect_left if interval.lo_closed else bisect_right)(ys, interval.lo)
    last = (bisect_right if interval.hi_closed else bisect_left)(ys, interval.hi)
    return first, last


def _alike(one: IntervalSet, other: IntervalSet) -> bool:
    return [(i.lo_closed, i.hi_closed) for i in one] == [(i.lo_closed, i.hi_closed) for i in other]


def _all_alike(one: tuple[IntervalSet, ...], other: tuple[IntervalSet, ...]) -> bool:
    return all(_alike(a, b) for a, b in zip(one, other, strict=True))


def _stretches(claim: str, run: list[tuple[Fraction, IntervalSet]], rows: Interval) -> list[Boundary]:
    if not run:
        return []
    out = []
    x = np.array([float(v) for v, _ in run])
    for k in range(len(run[0][1].intervals)):
        for side, limit in (("least", rows.lo), ("greatest", rows.hi)):
            found = [s.intervals[k] for _, s in run]
            ends = [i.lo if side == "least" else i.hi for i in found]
            if all(end == limit for end in ends):
                continue  # the edge of the rectangle is no boundary
            closed = all(i.lo_closed if side == "least" else i.hi_closed for i in found)
            out.append(Boundary(claim, side, x, np.array([float(end) for end in ends]), closed))
    return out
