"""All evolutionarily stable strategies of a symmetric two-player game, exactly.

With A the payoff matrix, x is evolutionarily stable (Maynard Smith and Price 1973, *Nature* 246) if it is a best reply
to itself and (x − y)ᵀA y > 0 for every other best reply y to x. Write S for the support of x, B ⊇ S for its best
replies, and z = y − x. The condition says that −zᵀA z > 0 for all z ≠ 0 with zero sum that vanish outside B and are
non-negative on B∖S. So

* on the zero-sum vectors of S the form must be positive definite (Haigh 1975, *Advances in Applied Probability* 7),
  which leaves one candidate a support, the solution of a linear system;
* if B = S (x is quasi-strict), that is also enough;
* if B is larger, what is left of the form on B∖S must be strictly copositive (Abakuks 1980, *Journal of Mathematical
  Biology* 9), decided by :func:`~detente.equilibrium.selection.is_evolutionarily_stable`.

With an anchor a in S, the zero-sum vectors e_k − e_a carry the form to a symmetric matrix, whose leading principal
minors must be positive. A set that fails makes every larger set fail, so the supports are searched depth first, and a
branch ends at the first negative minor. Two cuts more come from Bishop and Cannings (1976, *Advances in Applied
Probability* 8): the support of one evolutionarily stable strategy lies in no other's set of best replies.

Everything is done in integers, on A times a common denominator; a float payoff is read as the decimal it prints as.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from math import lcm
from typing import Any

from flint import fmpz_mat

from detente.equilibrium.selection import is_evolutionarily_stable, symmetric_payoffs
from detente.errors import CertificateError, UnsupportedError
from detente.exact.matrix_game import solve_matrix_game
from detente.exact.polynomial import from_fmpq
from detente.game.display import number_text
from detente.game.game import Game

# Sets of actions tried before the search is given up: at most some fifteen seconds.
MAX_SUPPORTS = 1 << 16


@dataclass(frozen=True)
class EvolutionarilyStable:
    """An evolutionarily stable strategy, and why it is one.

    ``condition`` is what proves it: ``"strict"`` (the only best reply to itself), ``"negative definite"`` (every best
    reply is in the support, and A is negative definite on its zero-sum vectors) or ``"copositive"`` (the former on the
    support, and strict copositivity towards the other best replies). ``minors`` are the leading principal minors of the
    form −zᵀ(A + Aᵀ)z/2 on the vectors e_k − e_a, where a is the first action of the support and k runs over the others.
    """

    strategy: tuple[Fraction, ...]
    payoff: Fraction
    condition: str
    minors: tuple[Fraction, ...]
    best_replies: tuple[int, ...]
    game: Game = field(repr=False, compare=False)

    @property
    def labels(self) -> tuple[Any, ...]:
        return self.game.actions[0]

    @property
    def support(self) -> tuple[int, ...]:
        """The indices of the actions played with positive probability."""
        return tuple(k for k, p in enumerate(self.strategy) if p)

    @property
    def is_quasi_strict(self) -> bool:
        """Whether every best reply is in the support."""
        return self.best_replies == self.support

    def verify(self) -> None:
        """Check both conditions from the payoffs; raise :class:`CertificateError` if one fails.

        With the form −zᵀA z written in the vectors e_k − e_a, pivots on the support must be positive (Sylvester), and
        what remains on the other best replies strictly copositive: every principal submatrix, as a matrix game, must
        have a positive value (Gaddum 1958, *Pacific Journal of Mathematics* 8).
        """
        A, x = symmetric_payoffs(self.game), self.strategy
        if len(x) != len(A) or min(x) < 0 or sum(x) != 1:
            raise CertificateError("strategy", x, "probabilities of all actions")
        earned = [sum((a * p for a, p in zip(row, x, strict=True)), Fraction(0)) for row in A]
        best = max(earned)
        replies = tuple(k for k, u in enumerate(earned) if u == best)
        if best != self.payoff or replies != self.best_replies or not set(self.support) <= set(replies):
            raise CertificateError("strategy", x, f"a best reply to itself, as are {self.best_replies}")
        anchor, *inside = self.support
        index = [*inside, *(k for k in replies if not x[k])]
        B = [[(A[i][j] + A[j][i]) / 2 for j in range(len(A))] for i in range(len(A))]
        form = [[B[i][anchor] + B[anchor][j] - B[i][j] - B[anchor][anchor] for j in index] for i in index]
        minor, minors = Fraction(1), []
        for _ in inside:
            pivot = form[0][0]
            if pivot <= 0:
                raise CertificateError("strategy", x, "a form that is positive definite on the support")
            minor *= pivot
            minors.append(minor)
            form = [[y - row[0] * z / pivot for y, z in zip(row[1:], form[0][1:], strict=True)] for row in form[1:]]
        if tuple(minors) != self.minors:
            raise CertificateError("minors", self.minors, f"{tuple(minors)}")
        for size in range(1, len(form) + 1):
            for chosen in combinations(range(len(form)), size):
                if solve_matrix_game([[form[i][j] for j in chosen] for i in chosen]).value <= 0:
                    raise CertificateError("strategy", x, "to do better than every other best reply against itself")

    def __str__(self) -> str:
        if len(self.support) == 1:
            return str(self.labels[self.support[0]])
        return " + ".join(f"{number_text(p)} {name}" for p, name in zip(self.strategy, self.labels, strict=True) if p)

    __repr__ = __str__


def evolutionarily_stable(game: Game) -> tuple[EvolutionarilyStable, ...]:
    """All evolutionarily stable strategies of a symmetric two-player game, in lexicographic order of supports.

    There may be none. Strategies are Fractions, also for a game of floats.

    Parameters
    ----------
    game
        A symmetric two-player game: both players have the same actions, and each receives A[own, other].

    Raises
    ------
    UnsupportedError
        If the game is not symmetric with two players, if the search would take too long (no game of up to 16 actions
        does), or if a candidate has too many unused best replies.

    Examples
    --------
    >>> hawk_dove = Game.symmetric([[-1, 2], [0, 1]], actions=["Hawk", "Dove"])
    >>> evolutionarily_stable(hawk_dove)
    (1/2 Hawk + 1/2 Dove,)
    >>> evolutionarily_stable(Game.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]))
    ()
    """
    return _Search(game).run()


class _Search:
    """Depth-first search over the supports on which −A is positive definite in the zero-sum directions."""

    def __init__(self, game: Game) -> None:
        A = symmetric_payoffs(game)
        self.game = game
        self.scale = lcm(*(a.denominator for row in A for a in row))
        self.A = [[int(a * self.scale) for a in row] for row in A]
        self.found: list[EvolutionarilyStable] = []
        self.patterns: list[tuple[set[int], set[int]]] = []  # supports and best replies of those found
        self.tried = 0

    def run(self) -> tuple[EvolutionarilyStable, ...]:
        n = len(self.A)
        for anchor in range(n):
            self._extend((anchor,), (), list(range(anchor + 1, n)))
        return tuple(sorted(self.found, key=lambda e: e.support))

    def _extend(self, support: tuple[int, ...], minors: tuple[int, ...], candidates: list[int]) -> None:
        """Test a support whose minors are positive, then its extensions by candidates that keep them so."""
        members = set(support)
        if any(known <= members or members.union(candidates) <= replies for known, replies in self.patterns):
            return  # Bishop and Cannings: no support here or further down can be another one's
        if not any(members <= replies for _, replies in self.patterns):
            self._test(support, minors)
        self.tried += len(candidates)
        if self.tried > MAX_SUPPORTS:
            raise UnsupportedError("game", f"more than {MAX_SUPPORTS} possible supports", "a smaller game")
        determinants = {k: self._determinant((*support, k)) for k in candidates}
        kept = [k for k in candidates if determinants[k] > 0]
        for position, k in enumerate(kept):
            self._extend((*support, k), (*minors, determinants[k]), kept[position + 1 :])

    def _test(self, support: tuple[int, ...], minors: tuple[int, ...]) -> None:
        weights = self._candidate(support)
        if weights is None:
            return
        n = len(self.A)
        x = [Fraction(0)] * n
        for k, p in zip(support, weights, strict=True):
            x[k] = p
        earned = [sum((self.A[i][k] * x[k] for k in support), Fraction(0)) for i in range(n)]
        best = max(earned)
        if earned[support[0]] < best:
            return
        replies = tuple(i for i in range(n) if earned[i] == best)
        if replies == support:
            condition = "strict" if len(support) == 1 else "negative definite"
        elif self._beats_each(support, replies) and is_evolutionarily_stable(self.game, x):
            condition = "copositive"
        else:
            return
        unscaled = tuple(Fraction(m, (2 * self.scale) ** (j + 1)) for j, m in enumerate(minors))
        self.found.append(EvolutionarilyStable(tuple(x), best / self.scale, condition, unscaled, replies, self.game))
        self.patterns.append((set(support), set(replies)))

    def _beats_each(self, support: tuple[int, ...], replies: tuple[int, ...]) -> bool:
        """Whether the form stays positive definite with any one unused best reply: necessary, and quickly told."""
        return all(self._determinant((*support, k)) > 0 for k in replies if k not in support)

    def _candidate(self, support: tuple[int, ...]) -> list[Fraction] | None:
        """The mixture under which all actions of the support earn the same, if all its weights are positive."""
        anchor, *others = support
        if not others:
            return [Fraction(1)]
        left = fmpz_mat([[self._second_difference(anchor, i, j) for j in others] for i in others])
        right = fmpz_mat([[self.A[i][anchor] - self.A[anchor][anchor]] for i in others])
        weights = [from_fmpq(p) for p in left.solve(right).entries()]  # regular: its symmetric part is definite
        weights.insert(0, 1 - sum(weights, Fraction(0)))
        return weights if min(weights) > 0 else None

    def _determinant(self, support: Sequence[int]) -> int:
        """The determinant of twice the form on the vectors e_k − e_a; the last of the leading principal minors."""
        anchor, *others = support
        d = self._second_difference
        return int(fmpz_mat([[d(anchor, i, j) + d(anchor, j, i) for j in others] for i in others]).det())

    def _second_difference(self, a: int, i: int, j: int) -> int:
        """−(e_i − e_a)ᵀA (e_j − e_a)."""
        A = self.A
        return A[i][a] + A[a][j] - A[i][j] - A[a][a]
