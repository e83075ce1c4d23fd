"""Incentives of one agreement at many parameter values at once, in floating point with proven signs.

Payoffs are shifted and scaled to [0, 1] for each player, so no answer depends on their units. With effective discount
factor β, transition matrix P and rewards r the values solve (I − βP) v = (1 − β) r; all systems are solved in one call.
Since ‖(I − βP)⁻¹‖ = 1/(1 − β) in the maximum norm, a computed v̂ misses v by at most ‖residual‖/(1 − β) (Higham 2002,
*Accuracy and Stability of Numerical Algorithms*, section 7.1), where the residual is charged with its own rounding and
with that of the data. A slack beyond the bound that follows has a certain sign. Where the least slack is closer to zero
than that, floating point cannot decide: such points are settled in exact arithmetic, up to a limit, or reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from detente.errors import ParameterError
from detente.game.agreement import Agreement, BoundAgreement, as_agreement
from detente.game.monitoring import PublicSignals, Trembles
from detente.game.repeated import RepeatedGame, as_repeated_game
from detente.repeated.incentives import incentives
from detente.repeated.parameter_grid import Floats, Key, common_points, game_at, read_grid

UNIT = float(np.finfo(np.float64).eps)  # twice the unit roundoff: every bound below has that factor to spare
# Numbers held at once: chunks of points are cut so that no array is much larger.
MAX_NUMBERS = 4_000_000


def incentives_batch(
    rg: RepeatedGame,
    ag: Agreement,
    *,
    discount: Any = None,
    breakdown: Any = None,
    noise: Any = None,
    levels: Mapping[str, Any] | None = None,
    payoffs: Any = None,
    full: bool = False,
    settle: int = 1000,
) -> xr.Dataset:
    """Values and least slack of an agreement at every combination of arrays of parameters.

    Parameters that are not given keep ``rg``'s values. DataArrays are aligned by the names of their dimensions; plain
    arrays broadcast as in NumPy (a single one-dimensional array names its dimension after the parameter).

    Parameters
    ----------
    discount
        Discount factors in [0, 1), common to all; or a mapping from players to such arrays.
    breakdown, noise
        Hazards and noise levels in [0, 1]; noise is the probability of a tremble, or a public signal's level "noise".
    levels
        A public signal's levels by name.
    payoffs
        Stage payoffs with last axes ``(n_players, *game.shape)``.
    full
        Also return the value in every state and the slack of every action.
    settle
        At how many of the points that floating point cannot decide to decide in exact arithmetic, floats being read as
        the decimals they print as.

    Returns
    -------
    xarray.Dataset
        ``holds``: whether no slack is negative (subgame perfect, or public perfect); False where undecided.
        ``undecided``: where the least slack is within its error bound of zero and was not settled.
        ``least_slack``: the least slack, in payoff units, of all actions but those prescribed for certain; ``worst``:
        which that is, a number into ``attrs["constraints"]`` (player, state, deviation); ``error``: a bound on the
        error of ``least_slack``. ``value`` (by player): in the first state. With ``full`` also ``state_value`` (by
        state and player) and ``slack`` (by state, player and action; NaN where a player has fewer actions).

    Raises
    ------
    ParameterError, LabelError
        For parameters outside their range, unknown players or levels, and shapes that do not broadcast.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> grid = incentives_batch(RepeatedGame(pd, 0), agreements.grim_trigger(pd), discount=[0.25, 0.5, 0.75])
    >>> grid.holds.values.tolist(), grid.least_slack.values.round(9).tolist()
    ([False, True, True], [-1.0, 0.0, 0.25])
    >>> grid.attrs["constraints"][grid.worst.values[0]]
    ['US', 'path', 'Restrict']
    """
    if not isinstance(settle, int) or isinstance(settle, bool) or settle < 0:
        raise ParameterError("settle", settle, "a whole number from 0")
    given = read_grid(as_repeated_game(rg), discount, breakdown, noise, levels, payoffs)
    grid, dims, sizes = common_points(rg.game, given)
    points = int(np.prod(list(sizes), dtype=np.int64))
    bound = as_agreement(ag).bind(rg.game, rg.monitoring)
    stage = _Stage(rg, bound)
    chunk = max(1, MAX_NUMBERS // stage.numbers_a_point)
    parts = [
        stage.solve({name: values[k : k + chunk] for name, values in grid.items()}, min(chunk, points - k))
        for k in range(0, max(points, 1), chunk)  # a grid without points still has a shape
    ]
    whole = _Part(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(_Part)))
    answer = _Verdict(stage, whole)
    answer.settle(lambda k: game_at(rg, {name: values[k] for name, values in grid.items()}), ag, settle)
    return _dataset(stage, answer, whole, given, dims, sizes, full)


# --- the computation ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """Answers at some points: values by (point, state, player), and, with payoffs scaled to [0, 1], slacks by (point,
    state, player, action) and bounds on their errors by (point, player); ``span`` undoes the scaling."""

    value: Floats
    slack: Floats
    error: Floats
    span: Floats


class _Stage:
    """One period of a bound agreement as arrays; the leading axis of every array is the point, or has length one."""

    def __init__(self, rg: RepeatedGame, bound: BoundAgreement) -> None:
        self.rg, self.bound, self.game = rg, bound, rg.game
        game, states = rg.game, len(bound.states)
        self.signals = rg.monitoring if isinstance(rg.monitoring, PublicSignals) else None
        self.profiles = list(product(*map(range, game.shape)))
        outcomes = [(k,) for k in range(len(self.signals.labels))] if self.signals else self.profiles
        self.move = np.zeros((states, len(outcomes), states))
        for s, moves in enumerate(bound.move):
            for o, outcome in enumerate(outcomes):
                self.move[s, o, moves[outcome]] = 1
        self.mixtures = [
            [
                np.array([float(chances.get(a, 0)) for a in range(m)])
                for m, chances in zip(game.shape, profile, strict=True)
            ]
            for profile in bound.strategies
        ]
        self.most = max(game.shape)
        self.value_shape = (states, game.n_players)
        self.slack_shape = (states, game.n_players, self.most)
        sums = states + 8 * sum(game.shape) + len(self.profiles) + 4 * len(outcomes)
        self.rounding = UNIT * (sums + 16)  # of sums over states, acts and outcomes, and of the data
        wide = len(outcomes) if self.signals else 0
        self.numbers_a_point = (
            2 * states * (len(self.profiles) + self.most * (2 * states + wide)) + 2 * game.payoffs.size
        )
        # Which slacks count: those of all actions but one prescribed for certain
        self.counts = np.zeros(self.slack_shape, dtype=bool)
        for s, profile in enumerate(bound.strategies):
            for i, chances in enumerate(profile):
                self.counts[s, i, : game.shape[i]] = True
                if len(chances) == 1:
                    self.counts[s, i, next(iter(chances))] = False

    @property
    def constraints(self) -> list[tuple[str, str, str]]:
        """What each place of a flat slack array is called: player, state, deviation."""
        game = self.game
        return [
            (str(game.players[i]), str(state), str(game.actions[i][a]) if a < game.shape[i] else "")
            for state in self.bound.states
            for i in range(game.n_players)
            for a in range(self.most)
        ]

    def solve(self, given: Mapping[Key, Floats], points: int) -> _Part:
        """Values, slacks and error bounds at some points."""
        value = np.zeros((points, *self.value_shape))
        slack = np.full((points, *self.slack_shape), np.nan)
        error = np.zeros((points, self.game.n_players))
        spans = np.zeros((points, self.game.n_players))
        hazard = given.get(("breakdown", None), np.full(1, float(self.rg.breakdown)))
        for i in range(self.game.n_players):
            delta = given.get(("discount", i), given.get(("discount", None), np.full(1, float(self.rg.discount[i]))))
            beta, rest = delta * (1 - hazard), (1 - delta) + delta * hazard
            u, low, span, rough = self._payoffs(given, i)
            move, reward = self._period(given, i, u)
            v, gain, bound = _solve(self._own(i), beta, rest, move, reward, rough + self.rounding)
            value[:, :, i] = low[:, None] + span[:, None] * v
            slack[:, :, i, : self.game.shape[i]] = gain
            # All slacks of a player whose payoffs never differ are zero, and exactly so.
            error[:, i] = np.where(u.any(axis=1), bound, 0)
            spans[:, i] = span
        return _Part(value, slack, error, spans)

    def _own(self, i: int) -> Floats:
        """What player ``i`` is to do, by (state, action)."""
        return np.stack([mix[i] for mix in self.mixtures])

    def _payoffs(self, given: Mapping[Key, Floats], i: int) -> tuple[Floats, Floats, Floats, Floats]:
        """One player's payoffs scaled to [0, 1], by (point, profile), with their least, their span and rounding."""
        if ("payoffs", None) in given:
            u = given["payoffs", None].reshape(-1, self.game.n_players, len(self.profiles))[:, i]
            low, span = u.min(axis=1), np.ptp(u, axis=1)
            safe = np.where(span > 0, span, 1.0)
            rough = UNIT * (2 + 2 * np.abs(u).max(axis=1) / safe)
            return (u - low[:, None]) / safe[:, None], low, span, rough
        exact = self.game.exact_payoffs[i].ravel()
        least, most = min(exact), max(exact)
        scaled = np.array([[float((x - least) / (most - least)) if most > least else 0.0 for x in exact]])
        return scaled, np.full(1, float(least)), np.full(1, float(most - least)), np.full(1, UNIT)

    def _period(self, given: Mapping[Key, Floats], i: int, u: Floats) -> tuple[Floats, Floats]:
        """Transitions (point, state, action, next state) and rewards (point, state, action) of player ``i``."""
        eps = self._eps(given)
        others = self._others(i, eps)
        acts, by_own = _same_points(others, self._by_own(u, i))
        reward: Floats = np.einsum("bsr,bar->bsa", acts, by_own)
        if self.signals is not None:
            acts, table = _same_points(others, self._by_own(self._distributions(given), i))
            return np.einsum("bsr,barl->bsal", acts, table) @ self.move, reward
        own = self._by_own(self.move, i)
        ahead = others.swapaxes(0, 1) @ own.swapaxes(1, 2).reshape(*own.shape[:1], own.shape[2], -1)
        ahead = ahead.reshape(*ahead.shape[:2], own.shape[1], own.shape[3]).swapaxes(0, 1)
        if eps is not None:  # the player's own acts misfire too
            ahead, reward = _slipped(ahead, eps[:, None, None, None]), _slipped(reward, eps[:, None, None])
        return ahead, reward

    def _eps(self, given: Mapping[Key, Floats]) -> Floats | None:
        """Chances of a tremble, by point."""
        if ("noise", None) in given:
            return given["noise", None]
        return np.full(1, float(self.rg.monitoring.eps)) if isinstance(self.rg.monitoring, Trembles) else None

    def _others(self, i: int, eps: Floats | None) -> Floats:
        """Chances of what the others carry out (under signals: intend), by (point, state, their joint acts)."""
        joint = np.ones((1, len(self.mixtures), 1))
        for j, m in enumerate(self.game.shape):
            if j == i:
                continue
            drawn = np.stack([mix[j] for mix in self.mixtures])[None]
            if eps is not None and m > 1:
                e = eps[:, None, None]
                drawn = (1 - e) * drawn + e / (m - 1) * (1 - drawn)
            joint = joint[..., :, None] * drawn[..., None, :]
            joint = joint.reshape(*joint.shape[:2], joint.shape[2] * m)
        return joint

    def _by_own(self, array: Floats, i: int) -> Floats:
        """An array whose second axis runs over profiles, with that axis split into own act and others' joint acts."""
        shape, tail = self.game.shape, array.shape[2:]
        split = np.moveaxis(array.reshape(len(array), *shape, *tail), 1 + i, 1)
        return split.reshape(len(array), shape[i], len(self.profiles) // shape[i], *tail)

    def _distributions(self, given: Mapping[Key, Floats]) -> Floats:
        """Chances of every signal, by (point, profile)."""
        signals = self.signals
        assert signals is not None
        levels = {name: given.get(("level", name), np.full(1, float(x))) for name, x in signals.levels.items()}
        (points,) = np.broadcast_shapes((1,), *(x.shape for x in levels.values()))
        table = np.zeros((points, len(self.profiles), len(signals.labels)))
        for k, profile in enumerate(self.profiles):
            key = signals.key(self.game, profile)
            chances = signals.pattern.get(key, signals.prob[key])
            for j, c in enumerate(chances):
                if c is not ...:
                    table[:, k, j] = levels[c] if isinstance(c, str) else float(c)
            if ... in chances:
                rest = 1 - table[:, k].sum(axis=1)
                if (rest < -UNIT * len(chances)).any():
                    most = {name: float(x.max()) for name, x in levels.items()}
                    raise ParameterError("levels", most, "levels that add up to at most 1 in every distribution")
                table[:, k, chances.index(...)] = np.maximum(rest, 0)
        return table


def _slipped(by_act: Floats, eps: Floats) -> Floats:
    """By intended act (third axis), given what each act brings once carried out."""
    m = by_act.shape[2]
    if m == 1:
        return by_act
    slip = eps / (m - 1)
    mixed: Floats = (1 - eps - slip) * by_act + slip * by_act.sum(axis=2, keepdims=True)
    return mixed


def _same_points(*arrays: Floats) -> list[Floats]:
    """The arrays with leading axes of one length."""
    (points,) = np.broadcast_shapes(*(a.shape[:1] for a in arrays))
    return [np.broadcast_to(a, (points, *a.shape[1:])) for a in arrays]


def _solve(
    keep: Floats, beta: Floats, rest: Floats, move: Floats, reward: Floats, rough: Floats
) -> tuple[Floats, Floats, Floats]:
    """Values (point, state), slacks (point, state, action) and a bound on the error of every slack (point)."""
    P: Floats = np.einsum("sa,bsat->bst", keep, move)
    r: Floats = np.einsum("sa,bsa->bs", keep, reward)
    beta, rest, P, r, rough = _same_points(beta, rest, P, r, rough)
    known = rest > 8 * UNIT  # any closer to β = 1 and 1 − β has no digit left
    beta = np.where(known, beta, 0)
    matrix, right = np.eye(len(keep)) - beta[:, None, None] * P, rest[:, None] * r
    v: Floats = np.linalg.solve(matrix, right[..., None])[..., 0].astype(np.float64)
    moved, ends = _same_points(move, v)
    ahead = np.einsum("bsat,bt->bsa", moved, ends)
    gain: Floats = v[:, :, None] - rest[:, None, None] * reward - beta[:, None, None] * ahead
    residual = rest[:, None] * r + beta[:, None] * np.einsum("bst,bt->bs", P, v) - v
    own = rough * np.maximum(1, np.abs(v).max(axis=1))
    off = (np.abs(residual).max(axis=1) + own) / np.where(known, rest - 4 * UNIT, 1)
    return v, gain, np.where(known, 2 * off + own, np.inf)


# --- the answer -----------------------------------------------------------------------------------------------


class _Verdict:
    """Which points hold, which fail, and which floating point cannot tell."""

    def __init__(self, stage: _Stage, part: _Part) -> None:
        points = len(part.slack)
        self.constraints = stage.constraints
        scaled = np.where(stage.counts, part.slack, np.inf)
        bound = part.error[:, None, :, None]
        fails = (scaled < -bound).any(axis=(1, 2, 3))
        holds = ((scaled > bound) | (bound == 0)).all(axis=(1, 2, 3))
        self.holds, self.undecided = holds, ~fails & ~holds
        raw = np.where(stage.counts, part.slack * part.span[:, None, :, None], np.inf).reshape(
            points, stage.counts.size
        )
        self.worst = raw.argmin(axis=1)
        self.least = raw[np.arange(points), self.worst]
        self.error = (part.error * part.span)[np.arange(points), self.worst // stage.most % stage.game.n_players]

    def settle(self, at: Any, ag: Agreement, most: int) -> None:
        """Decide up to ``most`` of the undecided points exactly."""
        place = {constraint: k for k, constraint in reversed(list(enumerate(self.constraints)))}
        for k in np.flatnonzero(self.undecided)[:most]:
            exact = incentives(at(k), ag)
            self.holds[k], self.undecided[k], self.error[k] = exact.holds, False, 0
            worst = exact.worst
            if worst is not None:
                self.worst[k] = place[str(worst.player), str(worst.state), str(worst.deviation)]
                self.least[k] = float(worst.slack)


def _dataset(
    stage: _Stage,
    answer: _Verdict,
    part: _Part,
    given: Mapping[Key, xr.DataArray],
    dims: tuple[Any, ...],
    sizes: tuple[int, ...],
    full: bool,
) -> xr.Dataset:
    def grid(array: Any, *own: str) -> tuple[tuple[Any, ...], Any]:
        return (*dims, *own), array.reshape((*sizes, *array.shape[1:]))

    variables = {
        "holds": grid(answer.holds),
        "undecided": grid(answer.undecided),
        "least_slack": grid(answer.least),
        "error": grid(answer.error),
        "worst": grid(answer.worst),
        "value": grid(part.value[:, 0], "player"),
    }
    coords: dict[Any, Any] = {"player": [str(p) for p in stage.game.players]}
    if full:
        coords |= {"state": [str(s) for s in stage.bound.states], "action": list(range(stage.most))}
        variables["state_value"] = grid(part.value, "state", "player")
        variables["slack"] = grid(part.slack * part.span[:, None, :, None], "state", "player", "action")
    for array in given.values():
        coords |= dict(array.coords)
        if array.name not in (*coords, "payoffs") and array.ndim:
            coords[array.name] = array.variable
    return xr.Dataset(variables, coords, {"constraints": [list(c) for c in answer.constraints]})
