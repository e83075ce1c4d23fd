"""Every automaton of a few states, table by table, to see whether one demands less than is claimed.

For the check of a search, and written apart from it: no renumbering is left out, no threat is taken on its own, and no
order or bound prunes anything. Tables come in blocks: one for every choice of prescriptions and of moves while nobody
departs, with all moves after departures of one player as the rows of an array, and those after departures of both where
they count.

When acts are seen, states' values are found exactly, a block at a time, and so is which rows deter every departure.
What a row's demand for trust or noise is, arithmetic in floating point may only settle in one direction: a row is
set aside if somebody is shown to gain by more than the margin, which is far above the rounding of a few hundred sums
of numbers in [0, 1]. Rows that are not set aside are returned, to be asked exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.trust.check import chain_values, machine_next

MARGIN, ROUNDING = 1e-9, 1e-12  # of the range of a player's payoffs; the second times 1/(1 − β), as errors grow
STEPS = 200  # rounds of improving a plan against a partner of unknown type
MOST_ROWS = 100_000  # in one block
Array = NDArray[Any]


@dataclass(frozen=True)
class Block:
    """All automata with these prescriptions (profiles by number) and these moves while nobody departs."""

    play: tuple[int, ...]
    onward: tuple[int, ...]


class Enumeration:
    """The automata of ``size`` states that keep to a path, on one repeated game with acts seen."""

    def __init__(self, rg: RepeatedGame, size: int, cycle: Sequence[tuple[int, int]], eventually: bool) -> None:
        self.rg, self.size, self.eventually = rg, size, eventually
        self.profiles = list(product(*(range(m) for m in rg.game.shape)))
        self.cycle = [self.profiles.index(p) for p in cycle]
        self.beta = [rg.discount[i] * (1 - rg.breakdown) for i in (0, 1)]
        self.u = [[Fraction(rg.game.exact_payoffs[(i, *p)]) for p in self.profiles] for i in (0, 1)]
        # Acts that a player may choose in place of the prescribed one, in the order of the moves.
        self.owners = [i for i in (0, 1) for _ in range(rg.game.shape[i] - 1)]

    @classmethod
    def fits(cls, shape: tuple[int, ...], size: int) -> bool:
        """Whether a block, with moves after both departed, has no more rows than can be held."""
        return bool(size ** (size * (shape[0] * shape[1] - 1)) <= MOST_ROWS)

    def blocks(self) -> Iterator[Block]:
        """Every block on the path."""
        for play in product(range(len(self.profiles)), repeat=self.size):
            for onward in product(range(self.size), repeat=self.size):
                if self._on_path(play, onward):
                    yield Block(play, onward)

    @cached_property
    def moves(self) -> Array:
        """The rows of every block: the state after each departure of one player, ``[row, state, departure]``."""
        width = self.size * len(self.owners)
        return np.array(list(product(range(self.size), repeat=width)), np.int8).reshape(-1, self.size, len(self.owners))

    def departures(self, profile: int) -> list[int]:
        """The profiles that result from each departure."""
        a, b = self.profiles[profile]
        rows, columns = self.rg.game.shape
        found = [(x, b) for x in range(rows) if x != a] + [(a, y) for y in range(columns) if y != b]
        return [self.profiles.index(p) for p in found]

    def perfect(self, block: Block) -> tuple[Array, Array]:
        """Which rows deter every departure in all states that one player's departures can reach, and which states
        these are. Exact."""
        fine = np.zeros((self.size, len(self.owners), self.size), bool)
        for i in (0, 1):
            v = self.values(block, i)
            for s, p in enumerate(block.play):
                for k, done in enumerate(self.departures(p)):
                    if self.owners[k] == i:
                        now = (1 - self.beta[i]) * self.u[i][done]
                        fine[s, k] = [v[s] >= now + self.beta[i] * x for x in v]
        reached = self._reached(block, self.moves)
        keeps = np.ones(len(self.moves), bool)
        for s in range(self.size):
            for k in range(len(self.owners)):
                keeps &= fine[s, k][self.moves[:, s, k]] | ~reached[:, s]
        return keeps, reached

    def values(self, block: Block, player: int) -> list[Fraction]:
        """Exact values of all states while nobody departs."""
        u = self.u[player]
        chain = {s: [(Fraction(1), u[block.play[s]], t)] for s, t in enumerate(block.onward)}
        found = chain_values(self.beta[player], chain)
        return [found[s] for s in range(self.size)]

    def may_need_no_more_trust(self, block: Block, rows: Array, player: int, machine: Machine, mu: Fraction) -> Array:
        """Those of ``rows`` for which no plan is seen to beat keeping at the prior ``mu``; the rows are perfect."""
        game, i = self.rg.game, player
        beta, prior = float(self.beta[i]), float(mu)
        states = list(machine.play)
        acts = [game.action_index(1 - i, machine.play[m]) for m in states]
        then = [[states.index(machine_next(game, machine, m, i, a)) for a in range(game.shape[i])] for m in states]
        u = self._scaled(i)

        def at(own: int, other: int) -> int:
            return self.profiles.index((own, other) if i == 0 else (other, own))

        def after(s: int, done: int) -> Array:
            if done == block.play[s]:
                return np.full(len(rows), block.onward[s])
            moved: Array = self.moves[rows, s, self.departures(block.play[s]).index(done)]
            return moved

        # From below, so that every number is what some plan earns: against a known opportunist, by its state.
        known = np.full(len(states), min(u))
        for _ in range(STEPS):
            known = np.array(
                [
                    max((1 - beta) * u[at(a, acts[m])] + beta * known[then[m][a]] for a in range(game.shape[i]))
                    for m in range(len(states))
                ]
            )
        v = np.array([float(x) for x in self._scaled_values(block, i)])
        n, every = len(states), np.arange(len(rows))
        kept = self._kept(block, rows, i, acts, then, after, at)
        worth = prior * v[None, :, None] + (1 - prior) * kept
        goal = worth[:, 0, 0] + _margin(beta)
        for _ in range(STEPS):
            better = worth.copy()
            for s, p in enumerate(block.play):
                keeper = self.profiles[p][1 - i]
                for m in range(n):
                    for a in range(game.shape[i]):
                        t = after(s, at(a, keeper))
                        if keeper == acts[m]:
                            total = (1 - beta) * u[at(a, keeper)] + beta * worth[every, t, then[m][a]]
                        else:
                            total = prior * ((1 - beta) * u[at(a, keeper)] + beta * v[t]) + (1 - prior) * (
                                (1 - beta) * u[at(a, acts[m])] + beta * known[then[m][a]]
                            )
                        np.maximum(better[:, s, m], total, out=better[:, s, m])
            worth = better
            if (worth[:, 0, 0] > goal).all():
                break
        return rows[worth[:, 0, 0] <= goal]

    def may_stand(self, block: Block, rows: Array, levels: Sequence[Fraction]) -> Array:
        """Full tables (``[row, state, profile carried out]``) with every state reachable, built on ``rows``, at which
        nobody is seen to gain by departing at any of the levels of trembles."""
        n, count = self.size, len(self.profiles)
        target = np.zeros((len(rows), n, count), np.int8)
        joint: list[tuple[int, int]] = []
        for s, p in enumerate(block.play):
            target[:, s, p] = block.onward[s]
            known = self.departures(p)
            for k, done in enumerate(known):
                target[:, s, done] = self.moves[rows, s, k]
            joint += [(s, o) for o in range(count) if o != p and o not in known]
        every = list(product(range(n), repeat=len(joint)))
        full = np.repeat(target, len(every), axis=0)
        choices = np.tile(np.array(every, np.int8).reshape(len(every), len(joint)), (len(rows), 1))
        for column, (s, o) in enumerate(joint):
            full[:, s, o] = choices[:, column]
        full = full[self._reached(block, full).all(axis=1)]
        for eps in levels:
            full = full[self._no_gain_seen(block, full, eps)]
        return full

    def agreement(self, block: Block, row: Array | None = None, full: Array | None = None) -> Agreement:
        """A row as an agreement; after both departed it moves as after the first player's departure."""
        game = self.rg.game
        moves = {}
        for s, p in enumerate(block.play):
            known = dict(zip(self.departures(p), () if row is None else row[s].tolist(), strict=row is not None))
            targets = {}
            for o, outcome in enumerate(self.profiles):
                if full is not None:
                    to = int(full[s, o])
                elif o == p:
                    to = block.onward[s]
                else:
                    alone = o if o in known else self.profiles.index((outcome[0], self.profiles[p][1]))
                    to = known[alone]
                targets[game.profile_labels(outcome)] = f"{to}"
            moves[f"{s}"] = targets
        play = {f"{s}": game.profile_labels(self.profiles[p]) for s, p in enumerate(block.play)}
        return Agreement(play, moves, "0")

    def _on_path(self, play: Sequence[int], onward: Sequence[int]) -> bool:
        state, length = 0, len(self.cycle)
        played = []
        for _ in range(self.size + (self.size + 1) * length):
            played.append(play[state])
            state = onward[state]
        tail = played[self.size :] if self.eventually else played
        shifts = range(length) if self.eventually else range(1)
        return any(all(p == self.cycle[(k + by) % length] for k, p in enumerate(tail)) for by in shifts)

    def _reached(self, block: Block, moves: Array) -> Array:
        """Which states the moves of each row, or going onward, lead to from the start."""
        reached = np.zeros((len(moves), self.size), bool)
        reached[:, 0] = True
        every = np.arange(len(moves))
        for _ in range(self.size):
            for s in range(self.size):
                reached[:, block.onward[s]] |= reached[:, s]
                for k in range(moves.shape[2]):
                    reached[every, moves[:, s, k]] |= reached[:, s]
        return reached

    def _kept(
        self, block: Block, rows: Array, i: int, acts: list[int], then: list[list[int]], after: Any, at: Any
    ) -> Array:
        """What keeping to the letter earns against the opportunist, ``[row, state, machine state]``."""
        beta, u, n = float(self.beta[i]), self._scaled(i), len(acts)
        nodes = self.size * n
        system = np.zeros((len(rows), nodes, nodes))
        right = np.zeros(nodes)
        every = np.arange(len(rows))
        for s, p in enumerate(block.play):
            own = self.profiles[p][i]
            for m in range(n):
                done = at(own, acts[m])
                right[s * n + m] = (1 - beta) * u[done]
                system[:, s * n + m, s * n + m] += 1
                # When the opportunist's act is no departure play goes on, otherwise it moves as after that departure.
                system[every, s * n + m, after(s, done).astype(int) * n + then[m][own]] -= beta
        found: Array = np.linalg.solve(system, np.broadcast_to(right, (len(rows), nodes))[..., None])[..., 0]
        return found.reshape(len(rows), self.size, n)

    def _no_gain_seen(self, block: Block, full: Array, eps: Fraction) -> Array:
        """Whether no departure in intention is seen to gain at one level of trembles."""
        n, shape = self.size, self.rg.game.shape
        each = np.arange(len(full))
        fine = np.ones(len(full), bool)

        def chances(meant: int) -> Array:
            found = []
            for done in self.profiles:
                q = Fraction(1)
                for j in (0, 1):
                    if shape[j] > 1:
                        q *= 1 - eps if done[j] == self.profiles[meant][j] else eps / (shape[j] - 1)
                found.append(float(q))
            return np.array(found)

        for i in (0, 1):
            beta, u = float(self.beta[i]), np.array(self._scaled(i))
            system = np.broadcast_to(np.eye(n), (len(full), n, n)).copy()
            right = np.zeros(n)
            for s, p in enumerate(block.play):
                q = chances(p)
                right[s] = (1 - beta) * q @ u
                for o in range(len(self.profiles)):
                    system[each, s, full[:, s, o]] -= beta * q[o]
            v = np.linalg.solve(system, np.broadcast_to(right, (len(full), n))[..., None])[..., 0]
            for s, p in enumerate(block.play):
                for k, done in enumerate(self.departures(p)):
                    if self.owners[k] == i:
                        q = chances(done)
                        gain = (1 - beta) * q @ u - v[:, s]
                        for o in range(len(self.profiles)):
                            gain = gain + beta * q[o] * v[each, full[:, s, o]]
                        fine &= gain <= _margin(beta)
        return fine

    def _scaled(self, player: int) -> list[float]:
        """Payoffs by profile on the scale from 0 to 1."""
        low, spread = self._range(player)
        return [float((x - low) / spread) for x in self.u[player]]

    def _scaled_values(self, block: Block, player: int) -> list[Fraction]:
        low, spread = self._range(player)
        return [(x - low) / spread for x in self.values(block, player)]

    def _range(self, player: int) -> tuple[Fraction, Fraction]:
        u = self.u[player]
        return min(u), (max(u) - min(u)) or Fraction(1)


def _margin(beta: float) -> float:
    return MARGIN + ROUNDING / (1 - beta)
