"""The payoffs that pure-strategy subgame-perfect equilibria of a two-player repeated game can give.

With perfect monitoring, a common discount factor δ and a public randomising device, the set V* of these payoffs is
convex and compact, and the largest set that generates itself (Abreu, Pearce and Stacchetti 1990). It is found in
floating point by the algorithm of Abreu and Sannikov (2014), see :mod:`detente.repeated.payoff_sets.abreu_sannikov`,
and then proven in rationals:

* ``outer`` contains V*, by a proof that allows for rounding (:mod:`detente.repeated.payoff_sets.outer_set`);
* ``inner`` generates itself, hence is inside V* (:mod:`detente.repeated.payoff_sets.inner_set`);
* ``gap`` bounds the distance between them.

Corners of V* can be irrational for rational payoffs. Where they have a closed form in a number field of low degree it
is found, and where the polygon of closed forms is proven to be all of V*
(:mod:`detente.repeated.payoff_sets.whole_set`, :mod:`detente.repeated.payoff_sets.moving_corners`) the set is exact. A
small gap is the answer in the other cases.

What restricting to pure actions leaves out: equilibria in which players mix privately. They can be punished harsher
(the mixed minmax may be below the pure one) and can carry payoffs outside V*; matching pennies has no pure
equilibrium at any δ and one payoff in mixed strategies. See Mailath and Samuelson (2006), sections 2.5 and 2.6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.equilibrium.nash import deadline
from detente.errors import LabelError, ParameterError, UnsupportedError
from detente.exact import polygon
from detente.exact.number_field import FieldElement, NumberField
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.exact.rational import fraction_text, to_fraction, to_probability
from detente.game.display import table_html
from detente.game.game import Game
from detente.repeated.payoff_sets.check import check_generations
from detente.repeated.payoff_sets.self_generation import Stage

Number = Fraction | FieldElement
Point = tuple[Number, Number]
Floats = NDArray[np.float64]

# Floats may be shifted and scaled to [0, 1] if that costs no more than this share of the range.
HARMLESS = 1e-14
# Seconds for the search, and again for the proof.
BUDGET = 30.0


@dataclass(frozen=True)
class Generation:
    """A vertex as a strategy: what to play now, what follows, and what follows a deviation.

    Attributes
    ----------
    value
        The vertex, as payoffs.
    profile
        The actions to play now.
    continuation
        The expected value from the next period on, if both do.
    lottery
        The continuation as public randomisation: (vertex number, probability) pairs.
    punishments
        For each player the number of the vertex that is played from the next period on if that player deviates.
    slack
        For each player the value lost by the best deviation; 0 where the constraint binds.
    """

    value: Point
    profile: tuple[Any, ...]
    continuation: Point
    lottery: tuple[tuple[int, Number], ...]
    punishments: tuple[int, ...]
    slack: tuple[Number, ...]
    players: tuple[Any, ...]

    def __str__(self) -> str:
        acts = "(" + ", ".join(map(str, self.profile)) + ")"
        then = " or ".join(f"V{k}" + ("" if p == 1 else f" with probability {_text(p)}") for k, p in self.lottery)
        breach = ", ".join(f"V{k} if {p} deviates" for p, k in zip(self.players, self.punishments, strict=True))
        return f"play {acts}, then {then}; {breach}"


class PayoffSet:
    """The set of payoffs of pure-strategy subgame-perfect equilibria; made by :func:`payoff_set`.

    Attributes
    ----------
    approximate
        The vertices in floating point, counter-clockwise, at once; all else is proven when first asked for.
    complete
        Whether search and proof came to rest within the budget; bounds hold in any case.
    """

    def __init__(
        self,
        game: Game,
        discount: Fraction,
        approximate: Floats,
        found: Any,
        budget: float | None,
        proof: _Proof | None,
        with_transfers: Any = None,
    ) -> None:
        self.game = game
        self.discount = discount
        self.transfers = with_transfers is not None
        self._with_transfers = with_transfers
        self.approximate = approximate
        self._found = found
        self._budget = budget
        if proof is not None:
            self.__dict__["_proof"] = proof

    # --- the set --------------------------------------------------------------------------------------------------

    @property
    def vertices(self) -> tuple[Point, ...]:
        """The corners counter-clockwise: of V* itself if ``is_exact``, otherwise of ``inner``."""
        return self._proof.inner

    @property
    def inner(self) -> tuple[Point, ...]:
        """Corners of a self-generating polygon: all its points are equilibrium payoffs."""
        return self._proof.inner

    @property
    def outer(self) -> tuple[Point, ...]:
        """Corners of a polygon that contains every equilibrium payoff."""
        return self._proof.outer

    @property
    def gap(self) -> float:
        """No point of ``outer`` is further from ``inner``, as a share of the players' payoff ranges; 0 if exact."""
        return self._proof.gap

    @property
    def is_exact(self) -> bool:
        """Whether ``inner`` is proven to be the whole set."""
        return self._proof.exact

    @property
    def is_empty(self) -> bool:
        """Whether it is proven that there is no pure-strategy subgame-perfect equilibrium."""
        return not self.outer

    @property
    def complete(self) -> bool:
        return (self._found is None or bool(self._found.converged)) and self._proof.settled

    @property
    def threat(self) -> Point | None:
        """Each player's least payoff in ``inner``, the worst punishment; None if it is empty."""
        corners = self.inner
        return (min(p[0] for p in corners), min(p[1] for p in corners)) if corners else None

    @property
    def area(self) -> Number:
        """The area of ``inner``; 0 for a segment, a point and the empty set."""
        found: Number = polygon.area(self.inner) or Fraction(0)
        return found

    def contains(self, point: Sequence[Any]) -> bool:
        """Whether ``point`` is proven to be in the set, boundary included: whether it is in ``inner``.

        Points between ``inner`` and ``outer`` are undecided and count as not contained; there are none if ``is_exact``.
        """
        if isinstance(point, str) or not hasattr(point, "__len__") or len(point) != 2:
            raise ParameterError("point", point, "two payoffs, one a player")
        return polygon.contains(self.inner, (to_fraction(point[0], "point"), to_fraction(point[1], "point")))

    __contains__ = contains

    # --- the certificate ------------------------------------------------------------------------------------------

    @cached_property
    def generators(self) -> tuple[Generation, ...]:
        """For every vertex how it is played: profile, continuation as a lottery over vertices, and punishments.

        Empty with transfers: there a vertex is a strategy with payments, see :mod:`detente.repeated.transfers`.
        """
        return tuple(
            _generation(self.game, self.discount, self.inner, k, profile)
            for k, profile in enumerate(self._proof.profiles)
        )

    def strategy(self, vertex: Any) -> Generation:
        """How a vertex, given by its number or its payoffs, is played.

        Follow the lottery from vertex to vertex: that is the equilibrium.
        """
        if isinstance(vertex, int) and not isinstance(vertex, bool):
            if not 0 <= vertex < len(self.inner):
                raise LabelError("vertex", vertex, range(len(self.inner)))
            return self.generators[vertex]
        if isinstance(vertex, str) or not hasattr(vertex, "__len__") or len(vertex) != 2:
            raise ParameterError("vertex", vertex, "the number of a vertex, or its two payoffs")
        point = to_fraction(vertex[0], "vertex"), to_fraction(vertex[1], "vertex")
        if point not in self.inner:
            raise LabelError("vertex", vertex, [f"({p[0]}, {p[1]})" for p in self.inner])
        return self.generators[self.inner.index(point)]

    def verify(self) -> None:
        """Check by one-shot deviations that every vertex is an equilibrium payoff; raise CertificateError if not.

        Works from the game's payoffs and ``generators`` alone, exactly, and shares no code with the finder. Also checks
        that ``outer`` contains ``inner``. With transfers the strategies with payments are checked instead.
        """
        if self._with_transfers is not None:
            self._with_transfers.verify()
            return
        check_generations(self.game, self.discount, self.generators, self.inner, self.outer)

    @cached_property
    def _proof(self) -> _Proof:
        return _prove(self.game, self.discount, self._found, deadline(self._budget))

    def __repr__(self) -> str:
        size = {0: "empty", 1: "a point", 2: "a segment"}
        count = len(self.vertices)
        shape = size.get(count, f"{count} vertices")
        status = "exact" if self.is_exact else f"within {self.gap:.1e} of the payoff ranges"
        title = f" of {self.game.name}" if self.game.name else ""
        return f"<PayoffSet{title} at discount {self.discount}: {shape}, {status}>"

    def _repr_html_(self) -> str:
        rows = [(f"V{k}", [_text(g.value[0]), _text(g.value[1]), str(g)]) for k, g in enumerate(self.generators)]
        return table_html(repr(self), ["vertex", *map(str, self.game.players), "strategy"], rows)


class _Proof(NamedTuple):
    """Inner and outer set in payoffs, the profile that generates each inner corner, and what is known of the gap."""

    inner: tuple[Point, ...]
    profiles: tuple[tuple[int, int], ...]
    outer: tuple[Point, ...]
    gap: float
    exact: bool
    settled: bool


def payoff_set(
    game: Game,
    discount: Any,
    *,
    transfers: bool = False,
    randomization: bool = True,
    budget: float | None = BUDGET,
) -> PayoffSet:
    """The set of payoffs of pure-strategy subgame-perfect equilibria with public randomisation, two players.

    Perfect monitoring; payoffs are normalised averages. The floating-point set is found at once, rational bounds when
    first asked for. Payoffs of a float game are read as the decimals they print as.

    Parameters
    ----------
    discount
        The common discount factor in [0, 1). With breakdown hazard h, give δ(1 − h).
    transfers
        True: players can also pay each other, before and after acting (Goldlücke and Kranz 2012); the set is then
        {Σu ≤ U, uᵢ ≥ vᵢ}.
    randomization
        Only True: without a public randomising device the set need not be convex.
    budget
        Seconds for the search, and again for the proof; None for no limit. Bounds found by then are valid.

    Raises
    ------
    UnsupportedError
        For other than two players, unequal discount factors, or ``randomization=False``.
    ParameterError
        For a discount factor outside [0, 1) and a budget that is not positive.

    Examples
    --------
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> ps = payoff_set(pd, "3/5")
    >>> [(str(x), str(y)) for x, y in ps.vertices]
    [('1', '1'), ('13/3', '1'), ('3', '3'), ('1', '13/3')]
    >>> print(ps.strategy(1))
    play (Restrict, Relax), then V1 with probability 2/3 or V2 with probability 1/3; V0 if US deviates,
    V0 if China deviates
    >>> ps.is_exact, ps.contains((2, 2)), str(ps.area)
    (True, True, '20/3')
    >>> ps.verify()
    """
    beta = _common_discount(game, discount)
    if transfers not in (True, False) or randomization not in (True, False):
        raise ParameterError("transfers, randomization", (transfers, randomization), "True or False")
    if not randomization:
        raise UnsupportedError("randomization", randomization, "True: the set with a public randomising device")
    deadline(budget)  # refuses what is not a positive number
    if transfers:
        return _with_transfers(game, beta)
    if beta == 0:
        proof = _static(game)
        return PayoffSet(game, beta, _as_floats(proof.inner), None, budget, proof)
    from detente.repeated.payoff_sets.abreu_sannikov import iterate

    payoffs, gains, minmax, low, spread = _scaled_floats(game)
    found = iterate(gains, payoffs, float(beta), minmax, inf if budget is None else float(budget))
    return PayoffSet(game, beta, found.corners * spread + low, found, budget, None)


def _common_discount(game: Any, discount: Any) -> Fraction:
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "a game of two players")
    if hasattr(discount, "__len__") and not isinstance(discount, str):
        values = [to_probability(d, "discount", below_one=True) for d in discount]
        if len(values) != 2:
            raise ParameterError("discount", discount, "one number in [0, 1), common to both players")
        if values[0] != values[1]:
            raise UnsupportedError("discount", discount, "one discount factor, common to both players")
        return values[0]
    return to_probability(discount, "discount", below_one=True)


# --- into units in which each player's payoffs run from 0 to 1, and back --------------------------------------------


def _scaled_floats(game: Game) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Payoffs and deviation gains (2, profiles), pure minmax, and each player's least payoff and range."""
    u = game.payoffs.reshape(2, -1)
    low, spread = u.min(axis=1), np.ptp(u, axis=1)
    if (np.abs(u).max(axis=1) * 2.0**-52 < HARMLESS * spread).all():
        scaled = (u - low[:, None]) / spread[:, None]
    else:  # a large constant in all payoffs, or a player who does not care
        scaled = np.array([[float(x) for x in row] for row in _scaled_exactly(game)])
        scaled = scaled.reshape(2, -1)
    table = scaled.reshape(game.payoffs.shape)
    best = table[0].max(axis=0, keepdims=True), table[1].max(axis=1, keepdims=True)
    gains = np.stack([best[0] - table[0], best[1] - table[1]]).reshape(2, -1)
    return scaled, gains, np.array([best[0].min(), best[1].min()]), low, spread


def _scaled_exactly(game: Game) -> list[list[Fraction]]:
    rows = []
    for u in game.exact_payoffs.reshape(2, -1):
        low, spread = _range(u)
        rows.append([(x - low) / spread for x in u.tolist()])
    return rows


def _range(u: Any) -> tuple[Fraction, Fraction]:
    """Least payoff and range of a player, the range 1 for a player who does not care."""
    low, high = u.min(), u.max()
    return low, (high - low) or Fraction(1)


def _stage(game: Game, discount: Fraction) -> Stage:
    tables = [np.array([to_fmpq(x) for x in row], dtype=object).reshape(game.shape) for row in _scaled_exactly(game)]
    best = tables[0].max(axis=0, keepdims=True), tables[1].max(axis=1, keepdims=True)
    ratio = to_fmpq((1 - discount) / discount)
    need = [((b - table) * ratio).ravel().tolist() for b, table in zip(best, tables, strict=True)]
    payoffs = [table.ravel().tolist() for table in tables]
    pairs = [list(zip(*two, strict=True)) for two in (payoffs, need)]
    return Stage(pairs[0], pairs[1], (best[0].min(), best[1].min()), to_fmpq(discount))


def _in_payoffs(game: Game, corners: polygon.Polygon) -> tuple[Point, ...]:
    """Scaled corners in payoffs, flint rationals as Fractions."""
    elements = [x for p in corners for x in p if isinstance(x, FieldElement)]
    field = NumberField(elements[0].field.generator, from_fmpq) if elements else None

    def number(x: Any) -> Number:
        return FieldElement(field, x.polynomial) if isinstance(x, FieldElement) and field else from_fmpq(x)

    (low0, spread0), (low1, spread1) = (_range(u) for u in game.exact_payoffs)
    return tuple((low0 + number(x) * spread0, low1 + number(y) * spread1) for x, y in corners)


def _text(x: Number) -> str:
    """A number for a reader: exact when short, a decimal otherwise."""
    exact = fraction_text(x) if isinstance(x, Fraction) else str(x)
    return exact if len(exact) <= 24 else f"{float(x):.6g}"


def _as_floats(points: Sequence[Point]) -> Floats:
    return np.array([[float(x) for x in p] for p in points]).reshape(-1, 2)


# --- proofs --------------------------------------------------------------------------------------------------------


def _prove(game: Game, discount: Fraction, found: Any, stop: Callable[[], bool]) -> _Proof:
    from detente.repeated.payoff_sets.sandwich import sandwich

    stage = _stage(game, discount)
    inner, profiles, outer, gap, exact, settled = sandwich(stage, found, stop)
    columns = game.shape[1]
    pairs = tuple(divmod(a, columns) for a in profiles)
    corners = _in_payoffs(game, inner)
    return _Proof(corners, pairs, corners if exact else _in_payoffs(game, outer), gap, exact, settled)


def _static(game: Game) -> _Proof:
    """δ = 0: the hull of the payoffs of the pure equilibria of the stage game."""
    u, v = game.exact_payoffs
    nash = (u == u.max(axis=0, keepdims=True)) & (v == v.max(axis=1, keepdims=True))
    made = {(u[i, j], v[i, j]): (int(i), int(j)) for i, j in zip(*np.nonzero(nash), strict=True)}
    corners = polygon.convex_hull(made)
    return _Proof(corners, tuple(made[p] for p in corners), corners, 0.0, True, True)


def _generation(
    game: Game, discount: Fraction, corners: tuple[Point, ...], k: int, profile: tuple[int, int]
) -> Generation:
    value = corners[k]
    stage = [game.exact_payoffs[i][profile] for i in (0, 1)]
    w = value if discount == 0 else tuple((value[i] - (1 - discount) * stage[i]) / discount for i in (0, 1))
    punishments = tuple(min(range(len(corners)), key=lambda j: corners[j][i]) for i in (0, 1))
    best = game.exact_payoffs[0][:, profile[1]].max(), game.exact_payoffs[1][profile[0], :].max()
    slack = tuple(value[i] - (1 - discount) * best[i] - discount * corners[punishments[i]][i] for i in (0, 1))
    lottery = tuple(polygon.lottery(corners, w) or ())
    return Generation(value, game.profile_labels(profile), w, lottery, punishments, slack, game.players)


def _with_transfers(game: Game, discount: Fraction) -> PayoffSet:
    from detente.repeated.transfers import payoff_set_with_transfers, transfer_levels

    certificate: Any = transfer_levels(game)
    corners: tuple[Point, ...] = ()
    if certificate.at(discount) is not None:
        certificate = payoff_set_with_transfers(game, discount)
        corners = polygon.convex_hull(certificate.vertices)
    proof = _Proof(corners, (), corners, 0.0, True, True)
    return PayoffSet(game, discount, _as_floats(corners), None, None, proof, certificate)
