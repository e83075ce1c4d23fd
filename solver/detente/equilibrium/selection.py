"""Which equilibrium: risk dominance, p-dominance, evolutionary stability.

Harsanyi and Selten (1988), *A General Theory of Equilibrium Selection in Games*, section 3.9; Morris, Rob and Shin
(1995), *Econometrica* 63; Maynard Smith and Price (1973), *Nature* 246; Abakuks (1980), *Journal of Mathematical
Biology* 9.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

from flint import fmpq_mat

from detente.equilibrium.pure import pure_equilibria
from detente.errors import ParameterError, UnsupportedError
from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.exact.rational import to_fraction
from detente.game.game import Game

Matrix = list[list[Fraction]]
# All subsets of best replies outside the support are tried.
MAX_OPEN = 14


def risk_dominant(game: Game) -> tuple[Any, ...] | None:
    """The risk-dominant of the two strict equilibria of a 2×2 game: the larger product of deviation losses.

    Returns the profile's action names, or None if the products tie.

    Raises
    ------
    UnsupportedError
        If the game is not 2×2 or does not have two strict equilibria.

    Examples
    --------
    >>> risk_dominant(Game.symmetric([[9, 0], [8, 7]], actions=["Relax", "Restrict"]))
    ('Restrict', 'Restrict')
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.shape != (2, 2):
        raise UnsupportedError("game", f"shape {game.shape}", "a 2×2 game")
    strict = [tuple(s[0] for s in e.support) for e in pure_equilibria(game) if e.is_strict]
    if len(strict) != 2:
        raise UnsupportedError("game", f"{len(strict)} strict equilibria", "a 2×2 game with two strict equilibria")
    u = game.exact_payoffs
    products = [(u[0][a, b] - u[0][1 - a, b]) * (u[1][a, b] - u[1][a, 1 - b]) for a, b in strict]
    if products[0] == products[1]:
        return None
    return game.profile_labels(strict[0] if products[0] > products[1] else strict[1])


def p_dominance(game: Game, profile: Any) -> tuple[Fraction, ...]:
    """The least (p₁, p₂) for which an equilibrium of a two-player game is p-dominant.

    Player i's action is a best reply to every belief that gives the partner's action in ``profile`` at least pᵢ. Every
    Nash equilibrium is (1, 1)-dominant, dominant actions are (0, 0)-dominant; in 2×2 games, both below 1/2 imply risk
    dominance.

    Raises
    ------
    UnsupportedError, ParameterError
        If there are not two players, or the profile is no pure Nash equilibrium.

    Examples
    --------
    >>> p_dominance(Game.symmetric([[9, 0], [8, 7]]), (0, 0))
    (Fraction(7, 8), Fraction(7, 8))
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "two players")
    chosen = game.pure_profile(profile)
    if game.regret(chosen) > 0:
        raise ParameterError("profile", profile, "a Nash equilibrium")
    least = []
    for i in (0, 1):
        u = game.exact_payoffs[i] if i == 0 else game.exact_payoffs[i].T
        own, other = chosen[i], chosen[1 - i]
        needed = Fraction(0)
        for rival in range(game.shape[i]):
            lead = [x - y for x, y in zip(u[own], u[rival], strict=True)]
            if min(lead) < 0:  # the rest of the belief may all sit where the lead is worst
                needed = max(needed, -min(lead) / (lead[other] - min(lead)))
        least.append(needed)
    return tuple(least)


def symmetric_payoffs(game: Game) -> list[list[Fraction]]:
    """The exact matrix A of a symmetric two-player game: what an action (row) receives against another (column).

    Raises
    ------
    UnsupportedError
        If the game is not symmetric with two players.

    Examples
    --------
    >>> symmetric_payoffs(Game.symmetric([[1, 0], ["1/2", 2]]))[1]
    [Fraction(1, 2), Fraction(2, 1)]
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players != 2 or game.shape[0] != game.shape[1]:
        raise UnsupportedError("game", f"shape {game.shape}", "a symmetric two-player game")
    A: list[list[Fraction]] = game.exact_payoffs[0].tolist()
    if game.exact_payoffs[1].T.tolist() != A:
        raise UnsupportedError("game", "unequal payoffs", "a symmetric game: each receives A[own, other]")
    return A


def is_evolutionarily_stable(game: Game, strategy: Any) -> bool:
    """Whether a strategy (an action, or probabilities) of a symmetric two-player game is evolutionarily stable.

    It must be a best reply to itself, and do better than any other best reply y against y. With A the payoff matrix and
    z = y − x, the second condition says that −zᵀA z > 0 for all directions z towards best replies: strict copositivity,
    free in the directions within the support, decided exactly (Abakuks 1980).

    Raises
    ------
    UnsupportedError
        If the game is not symmetric with two players.

    Examples
    --------
    >>> hawk_dove = Game.symmetric([[2, 1], [3, 0]])
    >>> is_evolutionarily_stable(hawk_dove, ["1/2", "1/2"]), is_evolutionarily_stable(hawk_dove, 0)
    (True, False)
    """
    A: Matrix = symmetric_payoffs(game)
    resolved = game.resolve([strategy, strategy])[0]
    n = len(A)
    x = [Fraction(int(k == resolved)) for k in range(n)] if isinstance(resolved, int) else _fractions(resolved)
    earned = [sum((a * p for a, p in zip(row, x, strict=True)), Fraction(0)) for row in A]
    best = max(earned)
    support = [k for k in range(n) if x[k] > 0]
    if any(earned[k] < best for k in support):
        return False
    anchor = support[0]
    free = support[1:]
    others = [k for k in range(n) if earned[k] == best and x[k] == 0]
    index = free + others

    def entry(i: int, j: int) -> Fraction:
        # −zᵀA z with z at the anchor equal to minus the sum of the others, made symmetric
        one_way = A[anchor][j] + A[i][anchor] - A[i][j] - A[anchor][anchor]
        other_way = A[anchor][i] + A[j][anchor] - A[j][i] - A[anchor][anchor]
        return (one_way + other_way) / 2

    Q = [[entry(i, j) for j in index] for i in index]
    for _ in free:  # eliminate a free direction: its square must be positive, the rest is the Schur complement
        pivot = Q[0][0]
        if pivot <= 0:
            return False
        Q = [[Q[i][j] - Q[i][0] * Q[0][j] / pivot for j in range(1, len(Q))] for i in range(1, len(Q))]
    return _strictly_copositive(Q)


def _strictly_copositive(Q: Matrix) -> bool:
    """Whether zᵀQ z > 0 for all z ≥ 0 but 0.

    By Keller's theorem (Hadeler 1983, *Linear Algebra and its Applications* 49, theorem 2): every principal submatrix
    whose last row has positive cofactors only must have a positive determinant.
    """
    if len(Q) > MAX_OPEN:
        raise UnsupportedError("strategy", f"{len(Q)} unused best replies", f"at most {MAX_OPEN}")
    for size in range(1, len(Q) + 1):
        for chosen in combinations(range(len(Q)), size):
            rows = [[Q[i][j] for j in chosen] for i in chosen]
            cofactors = [
                (-1) ** (size - 1 + j) * _determinant([row[:j] + row[j + 1 :] for row in rows[:-1]])
                for j in range(size)
            ]
            if min(cofactors) > 0 and _determinant(rows) <= 0:
                return False
    return True


def _determinant(rows: Matrix) -> Fraction:
    n = len(rows)
    if n == 0:
        return Fraction(1)
    return from_fmpq(fmpq_mat(n, n, [to_fmpq(x) for row in rows for x in row]).det())


def _fractions(strategy: Any) -> list[Fraction]:
    return [to_fraction(p, "strategy") for p in strategy]
