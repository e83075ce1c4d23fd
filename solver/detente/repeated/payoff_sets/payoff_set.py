"""The payoffs that pure-strategy subgame-perfect equilibria of a two-player repeated game can give.

With perfect monitoring, a common discount factor δ and a public randomising device, the set V* of these payoffs is
convex and compact, and the largest set that generates itself (Abreu, Pearce and Stacchetti 1990). It is found in
floating point by the algorithm of Abreu and Sannikov (2014), see :mod:`detente.repeated.payoff_sets.abreu_sannikov`,
and then proven in rationals:

* ``outer`` contains V*, by a proof that allows for rounding (:mod:`detente.repeated.payoff_sets.outer_set`), most of
  it in compiled floats (:mod:`detente.repeated.payoff_sets.rounded_outwards`);
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
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.budget import deadline
from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact import polygon
from detente.exact.rational import to_fraction, to_probability
from detente.game.display import table_html
from detente.game.game import Game
from detente.repeated.payoff_sets.check import check_generations
from detente.repeated.payoff_sets.generation import Generation, Number, Point, number_text
from detente.repeated.payoff_sets.units import in_payoffs, scaled_floats, scaled_stage

Floats = NDArray[np.float64]

__all__ = ["Generation", "PayoffSet", "payoff_set"]

# Seconds for the search, and again for the proof; and for the check of the outer bound, how close it is to come.
BUDGET = 30.0
SECONDS, TOLERANCE = 60.0, 1e-6


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
        return self.is_exact or (bool(self._found.converged) and self._proof.settled)

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

    def verify(self, *, tolerance: float = TOLERANCE, budget: float | None = SECONDS) -> None:
        """Check both bounds by code that the finder does not use; a :class:`~detente.errors.CertificateError` if not.

        That every vertex is an equilibrium payoff: by one-shot deviations, exactly, from the game's payoffs and
        ``generators`` alone. That there are none beyond ``outer``: by iterating another operator from the feasible set
        until it rules out all payoffs further from ``outer`` than ``tolerance``, a share of the players' payoff ranges
        (:mod:`detente.repeated.payoff_sets.check_outer`). With transfers the strategies with payments are checked
        instead.

        Parameters
        ----------
        tolerance
            From 10⁻¹² up.
        budget
            Seconds after which the check of ``outer`` gives up with an error; None for no limit.
        """
        deadline(budget)  # refuses what is not a positive number
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 1e-12 <= tolerance < 1:
            raise ParameterError("tolerance", tolerance, "a number from 1e-12 up and below 1")
        if self._with_transfers is not None:
            self._with_transfers.verify()
            return
        from detente.repeated.payoff_sets.check_outer import check_outer

        check_generations(self.game, self.discount, self.generators, self.inner, self.outer)
        if self.is_exact and (self.gap != 0 or self.outer != self.inner):
            raise CertificateError("gap", self.gap, "0, with both bounds alike, in an exact answer")
        check_outer(self.game, self.discount, self.outer, tolerance, budget)

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
        rows = [
            (f"V{k}", [number_text(g.value[0]), number_text(g.value[1]), str(g)]) for k, g in enumerate(self.generators)
        ]
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

    Perfect monitoring; payoffs are normalised averages. Payoffs of a float game are read as the decimals they print as.

    The call itself is the *search*: it leaves ``approximate``, corners good to about 10⁻¹¹ of the payoff ranges, in
    milliseconds for games of up to 50 actions each. The *proof*, bounds in rationals and closed forms, runs when
    anything exact is first asked for, and takes a hundred times as long. ``verify()`` is a third computation, which
    checks both.

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

    payoffs, gains, minmax, low, spread = scaled_floats(game)
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


def _as_floats(points: Sequence[Point]) -> Floats:
    return np.array([[float(x) for x in p] for p in points]).reshape(-1, 2)


# --- proofs --------------------------------------------------------------------------------------------------------


def _prove(game: Game, discount: Fraction, found: Any, stop: Callable[[], bool]) -> _Proof:
    from detente.repeated.payoff_sets.sandwich import sandwich

    stage = scaled_stage(game, discount)
    inner, profiles, outer, gap, exact, settled = sandwich(stage, found, stop)
    columns = game.shape[1]
    pairs = tuple(divmod(a, columns) for a in profiles)
    corners = in_payoffs(game, inner)
    return _Proof(corners, pairs, corners if exact else in_payoffs(game, outer), gap, exact, settled)


def restricted_set(
    game: Game, discount: Fraction, profiles: Sequence[tuple[int, int]], stop: Callable[[], bool]
) -> tuple[Point, ...]:
    """Corners of the set of payoffs of equilibria in which only ``profiles`` are ever played, or of one around it.

    Deviations may be to any action. 0 < ``discount`` < 1.
    """
    from detente.repeated.payoff_sets.abreu_sannikov import iterate
    from detente.repeated.payoff_sets.sandwich import sandwich

    if not profiles:
        return ()
    kept = [i * game.shape[1] + j for i, j in profiles]
    payoffs, gains, minmax, _, _ = scaled_floats(game)
    found = iterate(gains[:, kept], payoffs[:, kept], float(discount), minmax, BUDGET)
    stage = scaled_stage(game, discount)
    part = stage._replace(payoffs=[stage.payoffs[a] for a in kept], need=[stage.need[a] for a in kept])
    return in_payoffs(game, sandwich(part, found, stop).outer)


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
