"""A certified upper bound on the best value as a function of belief.

The best value is convex in the belief, so interpolating it between the points of a grid can only raise it (Lovejoy
1991, *Operations Research* 39). On the grid, one act leads to the grid points around each possible next belief, with
the weights of the interpolation as probabilities: a finite decision problem, solved in floating point by policy
iteration. What floating point proposes is proven afterwards, in exact arithmetic: let U be numbers on the grid, and
suppose that no act, followed by the interpolation of U, is worth more than U at any grid point. If W, convex, is below
that interpolation, so is the best one act followed by W: at the grid points by monotonicity, between them because it is
convex too. Value iteration from a low constant keeps below it, and tends to the best value. If some point fails, U is
raised a little and tried again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from detente.errors import CertificateError
from detente.exact.polynomial import from_fmpq
from detente.trust.noise.envelope import one_step
from detente.trust.noise.model import NoisyEncounter

Array = NDArray[np.float64]
MOST_ROUNDS = 200
# How much the floating-point solution, for payoffs from 0 to 1, is raised until it is proven.
MARGINS = (1e-13, 1e-11, 1e-9, 1e-7)


class GridBound:
    """A piecewise linear function of the belief at one node, by its heights at the points of a grid."""

    def __init__(self, grid: Sequence[Any], heights: Sequence[Any]) -> None:
        self.grid, self.heights = grid, heights
        self.ends = grid[1:-1]

    def at(self, x: Any, y: Any) -> Any:
        """The height at odds x : y, times x + y."""
        total = x + y
        if not total:
            return total
        belief = x / total
        k = min(bisect_right(self.grid, belief), len(self.grid) - 1)
        lo, hi = self.grid[k - 1], self.grid[k]
        share = (belief - lo) / (hi - lo)
        return total * ((1 - share) * self.heights[k - 1] + share * self.heights[k])


def upper_bounds(meeting: NoisyEncounter, grid: Sequence[Any]) -> tuple[GridBound, ...]:
    """An upper bound on the best value at every node, piecewise linear on ``grid`` (from 0 to 1, increasing)."""
    rewards = [r for row in meeting.options for option in row for r in option.reward]
    base, span = min(rewards), (max(rewards) - min(rewards)) or fmpq(1)
    values = _solve(meeting, np.array([_float(b) for b in grid]), base, span)
    patience = 1 - _float(meeting.beta)
    for margin in MARGINS:
        raised = values + margin / patience
        bounds = tuple(
            GridBound(grid, [base + span * fmpq(*float(v).as_integer_ratio()) for v in row]) for row in raised
        )
        if all(
            one_step(meeting, bounds, n, a, b) <= height
            for n, row in enumerate(meeting.options)
            for b, height in zip(grid, bounds[n].heights, strict=True)
            for a in range(len(row))
        ):
            return bounds
    raise CertificateError("upper bound", MARGINS[-1], "floating-point values close enough to be proven")


def _float(x: Any) -> float:
    return float(from_fmpq(x))


def _solve(meeting: NoisyEncounter, grid: Array, base: Any, span: Any) -> Array:
    """Values of the grid's decision problem, (node, grid point), by policy iteration; payoffs from 0 to 1."""
    from scipy.sparse import csr_matrix, identity
    from scipy.sparse.linalg import spsolve

    beta = _float(meeting.beta)
    size = len(grid)
    total = len(meeting.nodes) * size
    own = len(meeting.options[0])
    rewards = np.empty((own, total))
    moves = []
    for a in range(own):
        rows: list[NDArray[Any]] = []
        columns: list[NDArray[Any]] = []
        weights: list[Array] = []
        for n, row in enumerate(meeting.options):
            here = np.arange(n * size, (n + 1) * size)
            r, q = (_float((v - base) / span) for v in row[a].reward)
            rewards[a, here] = (1 - beta) * (r * grid + q * (1 - grid))
            for o in row[a].outcomes:
                x, y = _float(o.keeper) * grid, _float(o.other) * (1 - grid)
                chance = x + y
                belief = np.divide(x, chance, out=np.zeros(size), where=chance > 0)
                k = np.clip(np.searchsorted(grid, belief, side="right"), 1, size - 1)
                share = (belief - grid[k - 1]) / (grid[k] - grid[k - 1])
                rows += [here, here]
                columns += [o.target * size + k - 1, o.target * size + k]
                weights += [chance * (1 - share), chance * share]
        entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
        moves.append(csr_matrix(entries, shape=(total, total)))
    policy = np.repeat(np.array(meeting.keep), size)
    every = np.arange(total)
    values = np.zeros(total)
    for _ in range(MOST_ROUNDS):
        chosen = sum(
            (csr_matrix((policy == a).astype(float)[:, None]).multiply(moves[a]) for a in range(own)),
            csr_matrix((total, total)),
        )
        values = spsolve((identity(total) - beta * chosen).tocsc(), rewards[policy, every])
        worths = np.array([rewards[a] + beta * (moves[a] @ values) for a in range(own)])
        gains = worths.max(axis=0) - values
        if gains.max() <= 1e-14:
            break
        policy = np.where(gains > 0, worths.argmax(axis=0), policy)
    return np.asarray(np.maximum(values, worths.max(axis=0)).reshape(len(meeting.nodes), size))
