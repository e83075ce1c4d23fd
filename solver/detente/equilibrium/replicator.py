"""Replicator dynamics, and the stability of their rest points.

*Replicator dynamics* (Taylor and Jonker 1978, *Mathematical Biosciences* 40): the share of an action grows at the rate
by which it earns more than the average, ẋ_k = x_k (u_k(x) − ū(x)). The shares may be those of one population that plays
a symmetric game, or of one population per player. The logarithms of the shares are integrated, ẏ_k = u_k − ū with x the
normalised exponentials of y: no share can become negative, unused actions stay unused, and an action that has become
as rare as 10⁻¹⁰⁰ can come back.

*Stability of a rest point*: eigenvalues of the Jacobian on the directions that keep the sum of shares. In the
coordinates e_k − e_a, with a an action in use, the Jacobian is block triangular: every unused action contributes its
growth rate, the used ones a smaller matrix, whose characteristic polynomial is exact and whose roots are enclosed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat
from numpy.typing import NDArray

from detente.equilibrium.selection import is_evolutionarily_stable, symmetric_payoffs
from detente.errors import ParameterError, UnsupportedError
from detente.exact.polynomial import to_fmpq
from detente.exact.rational import to_fraction
from detente.game.game import Game

# Rates may be computed this often before an integration is given up: some ten seconds.
MAX_EVALUATIONS = 500_000
# Error allowed per step in the logarithm of a share: relative error of the share.
ACCURACY = 1e-10
# A float point rests, and an eigenvalue at it has a real part of 0, up to this share of the payoff range.
FLOAT_REST = Fraction(1, 10**9)
# Payoffs may differ by this much at most where time is counted in floats.
LARGEST_RATE = 10**300
# Over a shorter time, in units of 1/payoff, no share changes by as much as a float shows.
STILL = 1e-30


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A solution of the replicator dynamics: for each population an array (time, action) of shares.

    ``residual`` is the largest speed |ẋ_k| at the last time, divided by the most that an action can lose against
    another: 0 at a rest point.
    """

    times: NDArray[np.float64]
    strategies: tuple[NDArray[np.float64], ...]
    residual: float

    def __post_init__(self) -> None:
        for values in (self.times, *self.strategies):
            values.flags.writeable = False

    @property
    def final(self) -> tuple[NDArray[np.float64], ...]:
        """Each population's shares at the last time."""
        return tuple(path[-1] for path in self.strategies)


@dataclass(frozen=True)
class RestPoint:
    """A rest point of the replicator dynamics: the eigenvalues of its linearisation, and what they say.

    ``kind`` is ``"attracting"`` (all real parts negative), ``"repelling"`` (all positive), ``"saddle"`` (both, none
    zero), ``"centre"`` (all on the imaginary axis, and a conserved quantity keeps nearby paths near), or
    ``"undecided"``: the real part of an eigenvalue is zero, or cannot be told from zero.
    """

    eigenvalues: tuple[complex, ...]
    kind: str


def replicator(game: Game, start: Any, times: Any) -> Trajectory:
    """The replicator dynamics from a starting point.

    Parameters
    ----------
    start
        The shares at time 0: one vector for a single population that plays a symmetric two-player game, or one vector
        for each player, each player being a population of its own.
    times
        Increasing times, none negative, at which to report.

    Raises
    ------
    ProfileError, ParameterError
        For a start that is no distribution, or times that are negative, not finite, or not increasing.
    UnsupportedError
        For a single population in a game that is not symmetric, or times too long to follow.

    Examples
    --------
    >>> hawk_dove = Game.symmetric([[-1, 2], [0, 1]])
    >>> replicator(hawk_dove, [0.9, 0.1], [0, 50]).final[0].round(6).tolist()
    [0.5, 0.5]
    """
    from scipy.integrate import solve_ivp

    parts, single = _populations(game, start)
    at = _read_times(times)
    x0 = np.concatenate(parts).astype(np.float64)
    used = np.flatnonzero(x0)
    cuts = np.cumsum([len(p) for p in parts])[:-1]
    # What others' actions give to all own actions alike changes no path, and would cost digits.
    losses = [game.exact_payoffs[i].max(axis=i, keepdims=True) - game.exact_payoffs[i] for i in range(len(parts))]
    rate = max(loss.max() for loss in losses) or Fraction(1)
    u = [-(loss / rate).astype(np.float64) for loss in losses]
    with np.errstate(over="ignore"):
        span = at * float(min(rate, LARGEST_RATE))
    if rate > LARGEST_RATE or not np.isfinite(span).all():
        raise UnsupportedError("times", times, f"times that, times the payoff range, stay below {LARGEST_RATE:.0e}")
    evaluations = 0

    def shares(y: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        logs = np.full(len(x0), -np.inf)
        logs[used] = y
        raw = [np.exp(part - part.max()) for part in np.split(logs, cuts)]
        return [r / r.sum() for r in raw]

    def growth(_: float, y: NDArray[np.float64]) -> Any:
        nonlocal evaluations
        evaluations += 1
        if evaluations > MAX_EVALUATIONS:
            raise UnsupportedError("times", times, f"times that {MAX_EVALUATIONS} evaluations of the rates can reach")
        x = shares(y)
        rates = [u[0] @ x[0]] if single else [_expected(u[i], x, [i]) for i in range(len(x))]
        return np.concatenate([r - p @ r for r, p in zip(rates, x, strict=True)])[used]

    y = np.log(x0[used])[:, None]
    if span[-1] > STILL:
        done = solve_ivp(growth, (0, span[-1]), y[:, 0], "LSODA", span, rtol=ACCURACY, atol=ACCURACY)
        if not done.success or not np.isfinite(done.y).all():
            raise UnsupportedError("times", times, "times that can be followed within rounding")
        y = done.y
    else:
        y = np.repeat(y, len(at), axis=1)
    paths = [shares(column) for column in y.T]
    speed = np.concatenate(paths[-1])[used] * growth(0, y[:, -1])
    return Trajectory(at, tuple(map(np.array, zip(*paths, strict=True))), float(np.abs(speed).max()))


def replicator_rest_point(game: Game, point: Any) -> RestPoint:
    """Whether the replicator dynamics come back to a rest point after a small disturbance.

    Where eigenvalues do not decide, three theorems may: an evolutionarily stable strategy attracts a single population
    (Taylor and Jonker 1978); if all actions are used, imaginary eigenvalues mean a centre in zero-sum games (relative
    entropy is conserved) and wherever there are two dimensions (Hofbauer and Sigmund 1998, *Evolutionary Games and
    Population Dynamics*, chapters 4, 7 and 10).

    Parameters
    ----------
    point
        One strategy for a single population, or one for each player, as in :func:`replicator`.

    Raises
    ------
    ProfileError, ParameterError
        For a point that is no distribution, or no rest point: all actions in use must earn the same.
    UnsupportedError
        For a single population in a game that is not symmetric.

    Examples
    --------
    >>> rock_paper_scissors = Game.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    >>> replicator_rest_point(rock_paper_scissors, ["1/3", "1/3", "1/3"]).kind
    'centre'
    >>> replicator_rest_point(rock_paper_scissors, 0).kind
    'saddle'
    """
    parts, single = _populations(game, point)
    floats = any(p.dtype != object for p in parts)
    x = [_exact(p) for p in parts]
    u = game.exact_payoffs
    n = len(x)
    earned = [u[0] @ x[0]] if single else [_expected(u[i], x, [i]) for i in range(n)]
    gaps = [e - p @ e for e, p in zip(earned, x, strict=True)]
    speed = max(abs(p * g).max() for p, g in zip(x, gaps, strict=True))
    slack = FLOAT_REST * max(v.max() - v.min() for v in game.exact_payoffs) if floats and speed else Fraction(0)
    if speed > slack:
        raise ParameterError("point", point, "a rest point: all actions in use earn the same")
    anchors = [int(np.argmax(p)) for p in x]
    jacobian = _jacobian(u, x, anchors, single)
    transverse = np.concatenate([np.delete(g, a) for g, a in zip(gaps, anchors, strict=True)])
    shares = np.concatenate([np.delete(p, a) for p, a in zip(x, anchors, strict=True)])
    inside = np.flatnonzero(shares)
    rates = [g for g, p in zip(transverse, shares, strict=True) if not p]
    matrix = [to_fmpq(v) for v in jacobian[np.ix_(inside, inside)].ravel()]
    characteristic: Any = fmpq_mat(len(inside), len(inside), matrix).charpoly()
    roots = [root for root, multiplicity in characteristic.complex_roots() for _ in range(multiplicity)]
    signs = [0 if abs(g) <= slack else 1 if g > 0 else -1 for g in rates]
    margin = to_fmpq(slack)
    signs += [1 if r.real > margin else -1 if r.real < -margin else 0 for r in roots]
    eigenvalues = tuple(complex(v) for v in [*map(float, rates), *roots])
    if 0 not in signs:
        kind = "saddle" if 1 in signs and -1 in signs else "repelling" if 1 in signs else "attracting"
    elif single and is_evolutionarily_stable(game, x[0].tolist()):
        kind = "attracting"
    elif not rates and _turns(game, characteristic):
        kind = "centre"
    else:
        kind = "undecided"
    return RestPoint(eigenvalues, kind)


def _populations(game: Game, start: Any) -> tuple[list[Any], bool]:
    """The populations' shares as arrays, and whether there is a single population."""
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    listed = hasattr(start, "__len__") and not isinstance(start, str) and getattr(start, "shape", None) != ()
    single = not listed or all(isinstance(s, str) or not hasattr(s, "__len__") for s in start)
    if single:
        symmetric_payoffs(game)
    resolved = game.resolve([start, start])[:1] if single else game.resolve(start)
    shares = [
        np.array([Fraction(int(k == s)) for k in range(m)], dtype=object) if isinstance(s, int) else np.maximum(s, 0)
        for s, m in zip(resolved, game.shape, strict=False)  # np.maximum: a float share may miss zero by rounding
    ]
    return shares, single


def _exact(shares: NDArray[Any]) -> NDArray[Any]:
    """Shares as Fractions that add up to 1; floats are read as the decimals they print as, up to a factor."""
    fractions = [to_fraction(p) for p in shares.tolist()]
    return np.array([p / sum(fractions) for p in fractions], dtype=object)


def _read_times(times: Any) -> NDArray[np.float64]:
    expected = "increasing finite times, none negative"
    try:
        at = np.array(times, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError("times", times, expected) from error
    if at.ndim != 1 or at.size == 0 or not np.isfinite(at).all() or at[0] < 0 or (np.diff(at) <= 0).any():
        raise ParameterError("times", times, expected)
    return at


def _expected(u: Any, strategies: Sequence[Any], kept: Sequence[int]) -> Any:
    """Payoffs averaged over all players but those kept, whose axes come in the order given."""
    for axis in reversed(range(len(strategies))):
        if axis not in kept:
            u = np.tensordot(u, strategies[axis], axes=([axis], [0]))
    return u if list(kept) == sorted(kept) else u.T


def _jacobian(u: Any, x: list[Any], anchors: list[int], single: bool) -> Any:
    """Derivatives of the growth of all shares but the anchors', between actions in use, at a rest point."""
    rows = []
    for i, (shares, anchor) in enumerate(zip(x, anchors, strict=True)):
        blocks = []
        for j, other in enumerate(anchors):
            if i == j and not single:  # own shares do not change own payoffs
                slope = np.full((len(shares), len(shares)), Fraction(0), dtype=object)
            else:
                slope = u[0] if single else _expected(u[i], x, [i, j])
            relative = np.delete(slope - slope[:, [other]], other, axis=1)
            blocks.append(shares[:, None] * (relative - shares @ relative))
        rows.append(np.delete(np.hstack(blocks), anchor, axis=0))
    return np.vstack(rows)


def _turns(game: Game, characteristic: Any) -> bool:
    """Whether a theorem makes a rest point that uses all actions a centre."""
    coefficients = list(characteristic.coeffs())
    if coefficients[0] == 0:
        return False
    if len(coefficients) == 3:
        return bool(coefficients[1] == 0 and coefficients[0] > 0)
    return game.n_players == 2 and len(set((game.exact_payoffs[0] + game.exact_payoffs[1]).ravel())) == 1
