"""Penal codes that use a public randomising device: harsh to the point where the punished are just willing.

Without randomisation a punishment is worth what some sequence of profiles happens to be worth. With it, the punished
player's continuation can be set exactly: after the first period of a punishment, a public lottery over paths decides
what follows. Such a code is subgame perfect iff every period of every path, and the first period of every punishment,
satisfies the same inequality as in :mod:`detente.repeated.patience.penal_code`, with the lottery's mean as the
continuation. Equilibrium payoffs with public randomisation grow with patience (Abreu, Pearce and Stacchetti 1990), so
a code at δ shows that its target can be sustained at every higher discount factor, too.

The search is the one for paths, with one step more: in front of the convex hull of the paths' values, the first profile
and the lottery that leave the punished player least, a linear programme. It proposes in floating point; the lottery is
then found again, and every inequality checked, in rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from detente.errors import CertificateError
from detente.exact.linear_programme import maximise
from detente.exact.rational import fraction_text
from detente.game.game import Game
from detente.repeated.patience.penal_code import TIE, CodeSearch, Floats, Path, PenalCode, Profile, StageTable

MAX_ROUNDS = 40
# The hull of the paths' values is taken from this many of its points, each extreme in some direction.
DIRECTIONS = 256
Values = tuple[Fraction, ...]


class RandomPath(NamedTuple):
    """One profile, then a public lottery over paths: probabilities and what they lead to."""

    first: Profile
    lottery: tuple[tuple[Fraction, Path], ...]


@dataclass(frozen=True)
class RandomizedCode:
    """``target`` for ever; a breach by player i is followed by ``punishments[i]``. Holds at ``discount``."""

    game: Game
    discount: Fraction
    target: Profile
    punishments: tuple[RandomPath, ...]

    @property
    def values(self) -> tuple[Values, ...]:
        """Every player's value at the start of each punishment: the punished player's own is ``values[i][i]``."""
        return tuple(self._start(q) for q in self.punishments)

    def verify(self) -> None:
        """Check all one-shot incentives, in rationals; :class:`~detente.errors.CertificateError` if one fails."""
        delta, u, n = self.discount, self.game.exact_payoffs, self.game.n_players
        worst = [self._start(q)[i] for i, q in enumerate(self.punishments)]
        steps: list[tuple[Profile, Values]] = [(self.target, self._worth(Path((), (self.target,))))]
        for q in self.punishments:
            if sum(p for p, _ in q.lottery) != 1 or min(p for p, _ in q.lottery) < 0:
                raise CertificateError("lottery", q.lottery, "probabilities")
            steps.append((q.first, self._start(q)))
            for _, path in q.lottery:
                rest, seen = path, set()
                while rest not in seen:
                    seen.add(rest)
                    steps.append((rest.first, self._worth(rest)))
                    rest = rest.after()
        for profile, value in steps:
            for i in range(n):
                best = max(u[(i, *profile[:i], a, *profile[i + 1 :])] for a in range(self.game.shape[i]))
                if value[i] < (1 - delta) * best + delta * worst[i]:
                    raise CertificateError("code", profile, f"a profile that {self.game.players[i]} keeps to")

    def _worth(self, path: Path) -> Values:
        delta, u = self.discount, self.game.exact_payoffs
        worth = []
        for i in range(self.game.n_players):
            cycle = sum((delta**t * u[(i, *a)] for t, a in enumerate(path.cycle)), Fraction(0))
            prefix = sum((delta**t * u[(i, *a)] for t, a in enumerate(path.prefix)), Fraction(0))
            ahead = delta ** len(path.prefix) * cycle / (1 - delta ** len(path.cycle))
            worth.append((1 - delta) * (prefix + ahead))
        return tuple(worth)

    def _start(self, q: RandomPath) -> Values:
        delta, u = self.discount, self.game.exact_payoffs
        worths = [(p, self._worth(path)) for p, path in q.lottery]
        return tuple(
            (1 - delta) * u[(i, *q.first)] + delta * sum((p * w[i] for p, w in worths), Fraction(0))
            for i in range(self.game.n_players)
        )

    def explain(self) -> str:
        """The code in words: what is played after whose breach, and by which lottery play goes on."""
        lines = []
        for player, q in zip(self.game.players, self.punishments, strict=True):
            parts = [f"{fraction_text(p)}: {self._words(path)}" for p, path in q.lottery]
            lines.append(f"After a breach by {player}: {self._names(q.first)}, then " + "; or ".join(parts) + ".")
        return "\n".join(lines)

    def _words(self, path: Path) -> str:
        once = [self._names(a) for a in path.prefix]
        return ", ".join([*once, " and ".join(map(self._names, path.cycle)) + " for ever"])

    def _names(self, profile: Profile) -> str:
        return f"({', '.join(map(str, self.game.profile_labels(profile)))})"

    def __repr__(self) -> str:
        return f"<RandomizedCode at δ = {fraction_text(self.discount)}: {self._names(self.target)} for ever>"


def find_randomized_code(game: Game, search: CodeSearch, discount: Fraction) -> RandomizedCode | None:
    """A code that supports the search's target at ``discount``, checked in rationals; None if none was found."""
    delta = float(discount)
    if delta == 0:
        return None
    v = search.m.min(axis=0)
    n = len(v)
    for _ in range(MAX_ROUNDS):
        floor = (1 - delta) * search.m + delta * v
        if (search.u[search.at] < floor[search.at] - TIE).any():
            return None
        layers = search.layers(delta, floor)
        if not layers:
            return None
        values = np.full(n, np.inf)
        for depth in range(len(layers)):  # shorter paths first: they read better
            points, paths = _extreme(search, layers[: depth + 1])
            found = [_harshest(search, i, delta, v, points) for i in range(n)]
            values = np.array([np.inf if f is None else f[0] for f in found])
            if (values <= v + TIE).all():
                starts = [(search.table.profiles[f[1]], [paths[k] for k in f[2]]) for f in found if f is not None]
                return _exactly(game, search, discount, v, starts)
        if np.isinf(values).any():
            return None
        v = np.maximum(v, values)
    return None


def _extreme(search: CodeSearch, layers: list[tuple[Floats, Any]]) -> tuple[Floats, list[Path]]:
    """Values that are extreme in some of many directions, and their paths."""
    values = np.concatenate([layer for layer, _ in layers])
    rows = [(depth, row) for depth, (layer, _) in enumerate(layers) for row in range(len(layer))]
    n = values.shape[1]
    spread = np.random.default_rng(0).standard_normal((DIRECTIONS, n))  # a fixed sample: the same code every time
    directions = np.concatenate([spread, np.eye(n), -np.eye(n)])
    chosen = np.unique((values @ directions.T).argmax(axis=0))
    return values[chosen], [search.path(layers, *rows[k]) for k in chosen]


def _harshest(
    search: CodeSearch, i: int, delta: float, v: Floats, points: Floats
) -> tuple[float, int, list[int]] | None:
    """The least value to ``i`` of a first profile and a lottery over ``points``: value, profile, support."""
    from scipy.optimize import linprog

    best: tuple[float, int, list[int]] | None = None
    for b in np.argsort(search.m[:, i], kind="stable"):
        if best is not None and search.m[b, i] >= best[0] - TIE:
            break
        need = v + (1 - delta) / delta * (search.m[b] - search.u[b])
        if (points.max(axis=0) < need - TIE).any():
            continue
        solved = linprog(
            points[:, i], A_ub=-points.T, b_ub=-(need - TIE), A_eq=np.ones((1, len(points))), b_eq=[1.0], method="highs"
        )
        if solved.status != 0:
            continue
        value = (1 - delta) * search.u[b, i] + delta * solved.fun
        if best is None or value < best[0] - TIE:
            best = (float(value), int(b), [int(k) for k in np.flatnonzero(solved.x > TIE)])
    return best


def _exactly(
    game: Game, search: CodeSearch, discount: Fraction, v: Floats, starts: list[tuple[Profile, list[Path]]]
) -> RandomizedCode | None:
    """The proposal with its lotteries in rationals, if it stands."""
    table = search.table
    n = len(v)
    bounds = [_punishment_value(table, i, first, float(v[i])) for i, (first, _) in enumerate(starts)]
    punishments = []
    for i, (first, paths) in enumerate(starts):
        worths = [PenalCode(p, ()).value(p, table, discount) for p in paths]
        gain = table.gain(first)
        need = [w + (1 - discount) / discount * g for w, g in zip(bounds, gain, strict=True)]
        rows = [[-w[j] for w in worths] for j in range(n)]
        ones = [Fraction(1)] * len(paths)
        best = maximise([-w[i] for w in worths], rows, [-x for x in need], [ones], [Fraction(1)])
        if best.status != "optimal":
            return None
        lottery = tuple((p, path) for p, path in zip(best.x, paths, strict=True) if p > 0)
        punishments.append(RandomPath(first, lottery))
    code = RandomizedCode(game, discount, search.target, tuple(punishments))
    try:
        code.verify()
    except CertificateError:
        return None
    return code


def _punishment_value(table: StageTable, i: int, first: Profile, scaled: float) -> Fraction:
    """Player ``i``'s punishment value: what the first profile's best deviation earns, or a little above the float."""
    payoffs = [u[i] for u in table.payoffs.values()]
    low, span = min(payoffs), max(payoffs) - min(payoffs) or Fraction(1)
    floor = table.deviations[first][i]
    exact = low + span * Fraction(scaled)
    return floor if abs(exact - floor) <= span * Fraction(4 * TIE) else exact + span * Fraction(4 * TIE)
