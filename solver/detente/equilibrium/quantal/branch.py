"""Following the principal branch of the logit quantal response equilibria.

A profile p is a logit quantal response equilibrium at precision λ (McKelvey and Palfrey 1995, *Games and Economic
Behavior* 10) if every player chooses each action with probability proportional to exp(λ · its expected payoff):

    log p_ia − log p_ib = λ (u_ia(p) − u_ib(p))   for all actions a, b of every player i,   Σ_a p_ia = 1.

These are as many equations as probabilities, with one more unknown, λ. Their solutions are, in almost every game,
curves without crossings; the *principal branch* starts at λ = 0, where everyone mixes evenly, and its limit as λ grows
is a Nash equilibrium. It need not be a function of λ: it can turn and run towards lower precision for a while.

It is followed as a curve in w = (log p, λ) (Turocy 2005, *Games and Economic Behavior* 51). Logarithms keep
probabilities positive, and make the curve nearly straight where λ is large and unused actions die out. Each step goes
along the tangent and returns to the curve by Newton's method in the hyperplane across the tangent, so turning points
are nothing special (Allgower and Georg 1990, *Numerical Continuation Methods*, chapters 2, 6 and 8). The direction is
kept by continuity of the tangent. A change of orientation (the sign of the determinant of the extended Jacobian) means
that a step went over to another curve, and is repeated shorter; if it persists in the shortest steps, another curve
really crosses the branch there, which happens in symmetric games, and the branch is followed straight on.

Payoffs are first reduced: from each is subtracted the least that the player's other choices would give against the same
actions of the others, and all are divided by the largest gain from any deviation. That changes nothing but the unit of
λ, and removes what rounding does to payoffs such as 10⁹ + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.game.game import Game

Vector = NDArray[np.float64]

FIRST_STEP = 0.2
# Aims for one step: the share by which Newton's second correction falls short of the first, the change of any
# probability on the way back to the curve, and the angle between successive tangents. Each is allowed to be twice this.
CONTRACTION, CORRECTION, ANGLE = 0.05, 0.02, 0.15
# In steps shorter than this a change of orientation is a crossing of curves, and a second turning point is let go.
CROSSING_STEP = 1e-5
SHORTEST_STEP = 1e-11
# Squares of longer steps would come near the largest float.
LONGEST_STEP = 1e140
# Corrections of this size that no longer shrink are taken for rounding.
NOISE = 1e-5
# A bound on the error of one reduced payoff, some units in the last place.
ROUNDING = 32 * float(np.finfo(np.float64).eps)


class BranchPoint(NamedTuple):
    """A point of the branch: w = (log probabilities, scaled precision), the unit tangent, and the length so far."""

    w: Vector
    tangent: Vector
    arclength: float
    turning: bool = False

    @property
    def t(self) -> float:
        """The precision times the game's unit of payoff."""
        return float(self.w[-1])


class LogitCurve:
    """The equations of a game's logit equilibria, their derivatives, and the branch from the centroid."""

    def __init__(self, game: Game) -> None:
        reduced, self.unit = reduced_payoffs(game)
        self.shape = game.shape
        ends = [0, *accumulate(game.shape)]
        self.size = ends[-1]
        self.slices = [slice(a, b) for a, b in pairwise(ends)]
        self.ranges = np.array([r.max() for r in reduced])
        self._alone = reduced[0] if len(self.shape) == 1 else None
        self._owner = np.repeat(range(len(self.shape)), self.shape)
        self._same = (self._owner[:, None] == self._owner).astype(np.float64)
        # Payoffs are linear in each other player's probabilities: any one other player gives them.
        self._other = np.where(self._owner == 0, 1, 0)
        self._at_other = (self._other[:, None] == self._owner).astype(np.float64)
        # For players i < j: both payoffs as one matrix, a row for each pair of their actions and a column for each
        # profile of the others, so that every derivative is a product with the others' joint probabilities.
        self._pairs: list[tuple[int, int, Any]] = []
        for j in range(len(self.shape)):
            for i in range(j):
                both = [
                    np.moveaxis(reduced[k], (i, j), (0, 1)).reshape(game.shape[i] * game.shape[j], -1) for k in (i, j)
                ]
                self._pairs.append((i, j, np.ascontiguousarray(np.vstack(both))))

    def start(self) -> BranchPoint:
        """The centroid: precision 0."""
        w = np.concatenate([*(np.full(m, -np.log(m)) for m in self.shape), [0.0]])
        ahead = np.zeros(self.size + 1)
        ahead[-1] = 1.0
        return BranchPoint(w, self.tangent(w, ahead)[0], 0.0)

    def payoffs(self, p: Vector) -> tuple[Vector, NDArray[np.float64]]:
        """Reduced payoffs of all actions of all players, one after the other, and their derivatives ∂u_ia/∂p_jb."""
        derivative = self._derivative(p)
        if self._alone is not None:
            return self._alone, derivative
        return np.asarray((derivative * self._at_other) @ p), derivative

    def equations(self, w: Vector, across: Vector) -> tuple[Vector, NDArray[np.float64], Callable[[Vector], Vector]]:
        """How far w is from the equations, their Jacobian with the row ``across`` below, and back to changes of w.

        The unknowns are the changes of λ and of all log p but each player's likeliest action's, whose change follows
        from the sum of probabilities. Differences of payoffs are taken against the likeliest actions, of all players,
        before anything is added up: where these tie, what the others do with small probabilities decides, and would
        be lost to rounding.
        """
        x, t = w[:-1], float(w[-1])
        p = np.exp(x)
        tops = np.array([s.start + int(x[s].argmax()) for s in self.slices])
        top = tops[self._owner]
        free = np.flatnonzero(np.arange(self.size) != top)
        top, k = top[free], len(free)
        ratio = p[free] / p[top]
        matrix = np.zeros((k + 1, k + 1))
        inner = matrix[:k, :k]
        inner += self._same[free[:, None], free] * ratio
        if self._alone is None:
            derivative = self._derivative(p)
            rows = derivative[free] - derivative[top]
            weighted = (rows - rows[:, tops[self._owner]]) * p
            lead = rows[range(k), tops[self._other[free]]] + (weighted * self._at_other[free]).sum(axis=1)
            inner -= t * weighted[:, free]
        else:
            lead = self._alone[free] - self._alone[top]
        inner[range(k), range(k)] += 1.0
        matrix[:k, k] = -lead
        matrix[k, :k], matrix[k, k] = across[free] - across[top] * ratio, across[-1]
        gap = np.append(x[free] - x[top] - t * lead, 0.0)

        def whole(change: Vector) -> Vector:
            full = np.zeros(self.size + 1)
            full[free], full[-1] = change[:-1], change[-1]
            full[tops] = -np.bincount(self._owner[free], ratio * change[:-1], len(tops))
            return full

        return gap, matrix, whole

    def _derivative(self, p: Vector) -> NDArray[np.float64]:
        derivative = np.zeros((self.size, self.size))
        parts = [p[s] for s in self.slices]
        for i, j, matrix in self._pairs:
            others = np.ones(1)
            for k, part in enumerate(parts):
                if k not in (i, j):
                    others = np.multiply.outer(others, part).ravel()
            own, other = (matrix @ others).reshape(2, self.shape[i], self.shape[j])
            derivative[self.slices[i], self.slices[j]] = own
            derivative[self.slices[j], self.slices[i]] = other.T
        return derivative

    def tangent(self, w: Vector, ahead: Vector) -> tuple[Vector, float]:
        """The unit tangent at w that points the same way as ``ahead``, and the orientation, ±1."""
        _, matrix, whole = self.equations(w, ahead)
        right = np.zeros(len(matrix))
        right[-1] = 1.0
        direction = whole(np.asarray(np.linalg.solve(matrix, right), dtype=np.float64))
        return direction / np.linalg.norm(direction), float(np.linalg.slogdet(matrix)[0])

    def correct(self, w: Vector, across: Vector, tolerance: float = 1e-8) -> tuple[Vector, float] | None:
        """Newton's method towards the curve, in the hyperplane through w across the given direction.

        Returns the point and the ratio of the second correction to the first; None if it does not converge.
        """
        sizes: list[float] = []
        accepted: tuple[Vector, float] | None = None
        for _ in range(8):
            gap, matrix, whole = self.equations(w, across)
            try:
                change = whole(np.asarray(np.linalg.solve(matrix, -gap), dtype=np.float64))
            except np.linalg.LinAlgError:
                return None
            size = float(np.max(np.abs(change) / (1.0 + np.abs(w))))
            if not size < 2.0:
                return None
            w = self._normalised(w + change)
            sizes.append(size)
            # Differences of payoffs are known to the last bit only, and count λ times in log p. In degenerate games
            # rounding can matter more: there corrections stop shrinking, and if they are small that is all one can do.
            stuck = len(sizes) > 1 and size > 0.5 * sizes[-2]
            if size <= max(tolerance, ROUNDING * abs(float(w[-1])), NOISE if stuck else 0.0):
                accepted = w, sizes[1] / sizes[0] if len(sizes) > 1 and sizes[1] > NOISE else 0.0
            if size <= tolerance or (len(sizes) > 1 and size > (0.5 if accepted else 0.9) * sizes[-2]):
                break
        return accepted

    def follow(self) -> Iterator[BranchPoint]:
        """Points along the branch from the centroid on, turning points among them, without end.

        It stops only if no step, however short, stays on the curve, or λ is beyond anything that floats can follow.
        """
        here, length = self.start(), FIRST_STEP
        orientation = self.tangent(here.w, here.tangent)[1]
        yield here
        while SHORTEST_STEP < length < LONGEST_STEP:
            step = self._step(here, length, orientation)
            if isinstance(step, float):
                length *= step
                continue
            after, orientation, factor = step
            if here.tangent[-1] * after.tangent[-1] < 0:
                yield self.between(here, after, lambda point: float(point.tangent[-1]))._replace(turning=True)
            yield after
            here, length = after, length * factor

    def _step(self, here: BranchPoint, length: float, orientation: float) -> tuple[BranchPoint, float, float] | float:
        """The next point, its orientation and the factor for the next length; or the factor for trying again."""
        guess = self._normalised(here.w + length * here.tangent)
        corrected = self.correct(guess, here.tangent)
        if corrected is None:
            return 0.5
        w, contraction = corrected
        try:
            tangent, turned = self.tangent(w, here.tangent)
        except np.linalg.LinAlgError:
            return 0.45
        chord = w - here.w
        back = float(np.abs(np.exp(w[:-1]) - np.exp(guess[:-1])).max())
        angle = float(np.arccos(np.clip(tangent @ here.tangent, -1.0, 1.0)))
        excess = max(np.sqrt(contraction / CONTRACTION), np.sqrt(back / CORRECTION), angle / ANGLE)
        if excess > 2 or chord @ here.tangent <= 0:
            return 0.5
        after = BranchPoint(w, tangent, here.arclength + float(np.linalg.norm(chord)))
        if length > CROSSING_STEP and (turned != orientation or _turns_twice(here, after)):
            return 0.4
        return after, turned, float(1 / max(excess, 0.4))

    def between(
        self, a: BranchPoint, b: BranchPoint, measure: Callable[[BranchPoint], float], tolerance: float = 1e-14
    ) -> BranchPoint:
        """The point between two neighbouring ones at which a measure with opposite signs there is zero."""
        chord = b.w - a.w
        span = float(np.linalg.norm(chord))
        across = chord / span
        low, high = (0.0, measure(a)), (1.0, measure(b))
        point = a if abs(low[1]) < abs(high[1]) else b
        for turn in range(100):
            # Regula falsi, in every third turn bisection, so that the bracket shrinks from both sides.
            s = (low[0] * high[1] - high[0] * low[1]) / (high[1] - low[1]) if turn % 3 < 2 else (low[0] + high[0]) / 2
            corrected = self.correct(self._normalised(_cubic(a, b, span, s)), across, 1e-11)
            if corrected is None:
                break
            w = corrected[0]
            point = BranchPoint(w, self.tangent(w, across)[0], a.arclength + float(np.linalg.norm(w - a.w)))
            value = measure(point)
            if value == 0 or high[0] - low[0] < 1e-15 or abs(value) < tolerance * max(1.0, abs(point.t)):
                break
            if (value > 0) == (high[1] > 0):
                high = (s, value)
            else:
                low = (s, value)
        return point

    def at(self, a: BranchPoint, b: BranchPoint, t: float) -> BranchPoint:
        """The point with scaled precision t between two neighbouring ones on either side of it."""
        fixed = np.zeros(self.size + 1)
        fixed[-1] = 1.0
        for tolerance, reach in ((1e-4, 1e-2), (1e-14, 1e-6)):
            found = self.between(a, b, lambda point: point.t - t, tolerance)
            w = np.append(found.w[:-1], t)
            polished = self.correct(w, fixed, 1e-13)
            # Where the branch turns, other solutions with this λ are near, and the Jacobian with λ fixed is singular.
            if polished is not None and float(np.abs(polished[0] - w).max()) < reach * abs(found.tangent[-1]):
                return found._replace(w=polished[0])
        return found._replace(w=w)

    def _normalised(self, w: Vector) -> Vector:
        """The same point with probabilities that add up to one."""
        x = w.copy()
        for s in self.slices:
            top = x[s].max()
            x[s] -= top + np.log(np.exp(x[s] - top).sum())
        return x


def reduced_payoffs(game: Game) -> tuple[list[Any], Fraction]:
    """Each player's payoffs above the least against the same actions of the others, and the largest of all: the unit.

    Player i's array is returned divided by the unit (1 if nobody's choice matters to themselves).
    """
    exact = game.exact_payoffs
    gains = [exact[i] - exact[i].min(axis=i, keepdims=True) for i in range(game.n_players)]
    unit = max(g.max() for g in gains) or Fraction(1)
    return [(g / unit).astype(np.float64) for g in gains], Fraction(unit)


def _cubic(a: BranchPoint, b: BranchPoint, span: float, s: float) -> Vector:
    """Hermite's cubic from a to b, at the share s of the way."""
    rest = 1.0 - s
    value = a.w * (1 + 2 * s) * rest**2 + b.w * (1 + 2 * rest) * s**2
    slopes = a.tangent * s * rest**2 - b.tangent * rest * s**2
    return np.asarray(value + span * slopes)


def _turns_twice(a: BranchPoint, b: BranchPoint) -> bool:
    """Whether the cubic through two points that run the same way in λ runs the other way in between."""
    span = float(np.linalg.norm(b.w - a.w))
    first, last, rise = span * a.tangent[-1], span * b.tangent[-1], b.t - a.t
    if first * last <= 0:
        return False
    bend = 3 * (first + last) - 6 * rise
    where = -(6 * rise - 4 * first - 2 * last) / (2 * bend) if bend else -1.0
    return bool(0 < where < 1 and (first + where * (6 * rise - 4 * first - 2 * last) + where**2 * bend) * first < 0)
