"""Simple penal codes: one path to follow, and one path a player that follows that player's breach of any of them.

A *path* is a finite sequence of action profiles that ends in a cycle. A simple strategy profile (Abreu 1988) follows
its initial path; whenever a single player departs from the path being played, play turns to the start of that player's
punishment path, whatever the breach was; departures by several players at once are ignored. It is subgame perfect if

    V_i(Q, t) ≥ (1 − δ) m_i(Q(t)) + δ V_i(Q^i, 0)        for every path Q, period t and player i,

where V_i(Q, t) is the normalised value of the rest of the path and m_i(a) = max over a_i' of u_i(a_i', a_-i); and only
if, as long as no rest of a path is worse for i than i's punishment. Every pure subgame-perfect outcome is the outcome
of such a profile, which is why it is enough to look for the worst punishments (Abreu 1988, *Econometrica* 56, 383–396;
Mailath and Samuelson 2006, section 2.5).

**Search.** Take punishment values v at or below what any code can reach. Paths all of whose periods satisfy the
constraints given v are built backwards: cycles first, then one profile in front of each path found so far. The least
value Φ_i(v) to player i among them rises with v, so v ← Φ(v) climbs to the least fixed point among paths of bounded
length, which is the harshest code of that length. This runs in floating point on payoffs scaled to [0, 1]; what it
finds is a proposal, and counts only after its constraints have been checked in rationals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.game.agreement import Agreement
from detente.game.game import Game

Profile = tuple[int, ...]
Floats = NDArray[np.float64]

# Proposals may miss a constraint by this much of a player's payoff range: ties come out as ties. Rationals decide.
TIE = 1e-9
MAX_ROUNDS = 60
MAX_PROFILES_FOR_PAIRS = 64
MAX_PAIRS = 2_000_000  # of a profile and a path that it is put in front of


class Path(NamedTuple):
    """Profiles of indices: ``prefix`` once, then ``cycle`` for ever."""

    prefix: tuple[Profile, ...]
    cycle: tuple[Profile, ...]

    def after(self) -> Path:
        """What is left of the path after its first period."""
        if self.prefix:
            return Path(self.prefix[1:], self.cycle)
        return Path((), (*self.cycle[1:], self.cycle[0]))

    @property
    def first(self) -> Profile:
        return self.prefix[0] if self.prefix else self.cycle[0]


@dataclass(frozen=True)
class StageTable:
    """Every pure profile of a game with its payoffs and best-deviation payoffs, exactly."""

    profiles: tuple[Profile, ...]
    payoffs: Mapping[Profile, tuple[Fraction, ...]]
    deviations: Mapping[Profile, tuple[Fraction, ...]]

    def gain(self, profile: Profile) -> tuple[Fraction, ...]:
        """What each player would gain in one period by the best unilateral deviation."""
        return tuple(m - u for m, u in zip(self.deviations[profile], self.payoffs[profile], strict=True))

    @property
    def minmax(self) -> tuple[Fraction, ...]:
        """The pure minmax payoffs."""
        n = len(self.profiles[0])
        return tuple(min(m[i] for m in self.deviations.values()) for i in range(n))

    @property
    def nash(self) -> tuple[Profile, ...]:
        """The pure equilibria of the stage game."""
        return tuple(b for b in self.profiles if self.deviations[b] == self.payoffs[b])


def stage_table(game: Game) -> StageTable:
    """Payoffs and best-deviation payoffs of every pure profile of ``game``."""
    u = game.exact_payoffs
    best = [np.broadcast_to(u[i].max(axis=i, keepdims=True), game.shape) for i in range(game.n_players)]
    profiles = tuple(product(*map(range, game.shape)))
    return StageTable(
        profiles,
        {b: tuple(u[(i, *b)] for i in range(game.n_players)) for b in profiles},
        {b: tuple(best[i][b] for i in range(game.n_players)) for b in profiles},
    )


@dataclass(frozen=True)
class PenalCode:
    """An initial path and one punishment path a player."""

    path: Path
    punishments: tuple[Path, ...]

    def value(self, path: Path, table: StageTable, discount: Fraction) -> tuple[Fraction, ...]:
        """Normalised values of a path."""
        n = len(path.first)
        ahead = [Fraction(0)] * n
        for profile in reversed(path.cycle):
            ahead = [u + discount * x for u, x in zip(table.payoffs[profile], ahead, strict=True)]
        whole = (1 - discount) / (1 - discount ** len(path.cycle))
        values = [whole * x for x in ahead]
        for profile in reversed(path.prefix):
            values = [(1 - discount) * u + discount * x for u, x in zip(table.payoffs[profile], values, strict=True)]
        return tuple(values)

    def holds_at(self, table: StageTable, discount: Fraction) -> bool:
        """Whether no one-shot deviation gains, in any period of any path."""
        worst = [self.value(q, table, discount)[i] for i, q in enumerate(self.punishments)]
        return all(
            here >= (1 - discount) * m + discount * v
            for q in self.suffixes()
            for here, m, v in zip(self.value(q, table, discount), table.deviations[q.first], worst, strict=True)
        )

    def suffixes(self) -> list[Path]:
        """Everything that may be left to play: the states of the automaton, the initial path first."""
        found: dict[Path, None] = {}
        for start in (self.path, *self.punishments):
            rest = start
            while rest not in found:
                found[rest] = None
                rest = rest.after()
        return list(found)

    def agreement(self, game: Game, name: str = "penal code") -> Agreement:
        """The code as a public automaton."""
        names: dict[Path, str] = {}
        titles = ["path", *(f"punish {p}" for p in game.players)]
        for title, start in zip(titles, (self.path, *self.punishments), strict=True):
            rest, period = start, 1
            while rest not in names:
                single = start.after() == start
                names[rest] = title if single else f"{title}, period {period}"
                rest, period = rest.after(), period + 1
        move: dict[str, dict[Any, str]] = {}
        for rest, state in names.items():
            labels = game.profile_labels(rest.first)
            move[state] = {labels: names[rest.after()]}
            for i, punishment in enumerate(self.punishments):
                if game.shape[i] > 1:
                    move[state][(*labels[:i], ..., *labels[i + 1 :])] = names[punishment]
            move[state][...] = names[rest.after()]
        play = {state: game.profile_labels(rest.first) for rest, state in names.items()}
        return Agreement(play, move, names[self.path], name)


def nash_reversion_code(table: StageTable, target: Profile) -> PenalCode | None:
    """The target for ever; a breach is followed by the breaker's worst pure stage equilibrium (Friedman 1971)."""
    if not table.nash:
        return None
    worst = [min(table.nash, key=lambda b: table.payoffs[b][i]) for i in range(len(target))]
    return PenalCode(Path((), (target,)), tuple(Path((), (b,)) for b in worst))


class CodeSearch:
    """Looks for the harshest penal code of bounded length that supports one target profile."""

    def __init__(self, table: StageTable, target: Profile, *, periods: int, width: int) -> None:
        self.table, self.target, self.periods, self.width = table, target, periods, width
        u, m = (_floats(table, rows) for rows in (table.payoffs, table.deviations))
        low = u.min(axis=0)
        scale = np.where(np.ptp(u, axis=0) > 0, np.ptp(u, axis=0), 1.0)
        self.u, self.m = (u - low) / scale, (m - low) / scale
        self.at = table.profiles.index(target)

    def best_code(self, discount: Fraction) -> PenalCode | None:
        """A code that supports the target at ``discount``, checked in rationals; None if none was found."""
        delta = float(discount)
        v = self.m.min(axis=0)
        for _ in range(MAX_ROUNDS):
            floor = (1 - delta) * self.m + delta * v
            if (self.u[self.at] < floor[self.at] - TIE).any():
                return None
            found = self._harshest(delta, floor)
            if found is None:
                return None
            values, paths = found
            if (values <= v + TIE).all():
                code = PenalCode(Path((), (self.target,)), paths)
                return code if code.holds_at(self.table, discount) else None
            v = np.maximum(v, values)
        return None

    def _harshest(self, delta: float, floor: Floats) -> tuple[Floats, tuple[Path, ...]] | None:
        """The least value to each player of a path that keeps to ``floor``, and such a path, as short as possible."""
        layers = self.layers(delta, floor)
        if not layers:
            return None
        n = self.u.shape[1]
        best = np.full(n, np.inf)
        where = [(0, 0)] * n
        for depth, (layer, _) in enumerate(layers):
            for i in range(n):
                row = int(layer[:, i].argmin())
                if layer[row, i] < best[i] - TIE:
                    best[i], where[i] = layer[row, i], (depth, row)
        return best, tuple(self.path(layers, *w) for w in where)

    def layers(self, delta: float, floor: Floats) -> list[tuple[Floats, Any]]:
        """Values of the paths that keep to ``floor``, by length before the cycle, and what each is made of."""
        values, origins = self._cycles(delta, floor)
        if not len(values):
            return []
        layers = [(values, origins)]
        for _ in range(self.periods):
            ahead = layers[-1][0]
            rows = _spread(ahead, min(self.width, max(MAX_PAIRS // len(self.u), 2 * self.u.shape[1])))
            # profile k in front of path j, for all k and j at once
            fresh = (1 - delta) * self.u[:, None, :] + delta * ahead[None, rows, :]
            kept = np.argwhere((fresh >= floor[:, None, :] - TIE).all(axis=2))
            if not len(kept):
                break
            fresh = fresh[kept[:, 0], kept[:, 1]]
            kept[:, 1] = rows[kept[:, 1]]
            chosen = _spread(fresh, self.width)
            layers.append((fresh[chosen], kept[chosen]))
        return layers

    def _cycles(self, delta: float, floor: Floats) -> tuple[Floats, Any]:
        """Values of cycles of one or two profiles that keep to ``floor`` throughout, and the profiles' numbers."""
        single = np.flatnonzero((self.u >= floor - TIE).all(axis=1))
        values, members = self.u[single], np.stack([single, single], axis=1)
        count = len(self.u)
        if count <= MAX_PROFILES_FOR_PAIRS:
            first, second = np.nonzero(~np.eye(count, dtype=bool))
            here = (self.u[first] + delta * self.u[second]) / (1 + delta)
            next_ = (self.u[second] + delta * self.u[first]) / (1 + delta)
            fits = ((here >= floor[first] - TIE) & (next_ >= floor[second] - TIE)).all(axis=1)
            values = np.concatenate([values, here[fits]])
            members = np.concatenate([members, np.stack([first[fits], second[fits]], axis=1)])
        chosen = _spread(values, self.width)
        return values[chosen], members[chosen]

    def path(self, layers: list[tuple[Floats, Any]], depth: int, row: int) -> Path:
        """The path whose value is a row of ``layers``."""
        prefix = []
        while depth:
            k, row = layers[depth][1][row]
            prefix.append(self.table.profiles[k])
            depth -= 1
        a, b = (self.table.profiles[k] for k in layers[0][1][row])
        return Path(tuple(prefix), (a,) if a == b else (a, b))


def _floats(table: StageTable, rows: Mapping[Profile, tuple[Fraction, ...]]) -> Floats:
    """Rows of exact payoffs as floats, each player's shifted and scaled to [0, 1] beforehand so that none overflows."""
    n = len(table.profiles[0])
    low = [min(table.payoffs[b][i] for b in table.profiles) for i in range(n)]
    span = [max(table.payoffs[b][i] for b in table.profiles) - low[i] or Fraction(1) for i in range(n)]
    return np.array([[float((rows[b][i] - low[i]) / span[i]) for i in range(n)] for b in table.profiles])


def _spread(values: Floats, width: int) -> NDArray[np.intp]:
    """At most ``width`` different rows: those that are worst for each player, and an even sample of the others."""
    if not len(values):
        return np.arange(0)
    _, index = np.unique(np.round(values / TIE).astype(np.int64), axis=0, return_index=True)
    if len(index) <= width:
        return index
    n = values.shape[1]
    quota = width // (2 * n)
    worst = np.concatenate([index[np.argsort(values[index, i], kind="stable")[:quota]] for i in range(n)])
    sample = index[np.linspace(0, len(index) - 1, width - n * quota).astype(np.intp)]
    return np.unique(np.concatenate([worst, sample]))
