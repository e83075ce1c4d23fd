"""All Nash equilibria of a two-player game, exactly.

A nondegenerate game is solved in floating point with proof (:mod:`detente.equilibrium.bimatrix.nondegenerate`). In any
other the vertices of both best-response polytopes are enumerated, in certified floating point
(:mod:`detente.equilibrium.bimatrix.certified_vertices`) or, where that does not decide, in integers
(:mod:`detente.equilibrium.bimatrix.vertices`), then paired and grouped
(:mod:`detente.equilibrium.bimatrix.components`). Degenerate games come out right: continua are returned as the extreme
equilibria that span them, with the maximal Nash subsets and components. For integers, payoffs are made positive player
by player, by a positive affine map, which changes no equilibrium; a float payoff is read as the decimal it prints as.

Where a player has two actions at most, nothing need be searched for (:mod:`detente.equilibrium.narrow`). Where there is
no time to find all equilibria, some are returned (:mod:`detente.equilibrium.incomplete`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

from detente.budget import deadline
from detente.equilibrium.answers import degenerate_set, in_arithmetic, proven_set
from detente.equilibrium.incomplete import incomplete_set
from detente.equilibrium.narrow import narrow_set
from detente.equilibrium.pure import pure_equilibria
from detente.equilibrium.result import EquilibriumSet
from detente.equilibrium.single_two_by_two import two_by_two_set
from detente.equilibrium.vertex_enumeration import exactly, nothing_found
from detente.errors import LabelError, ParameterError, PayoffError, UnsupportedError
from detente.game.game import Game

METHODS = ("auto", "vertex-enumeration", "pure", "nashpy")
# Up to this many actions in all, enumeration in integers takes less than loading the compiled kernel would.
SMALL = 4
# Bit masks of labels are 64-bit in compiled code.
MAX_LABELS = 62
# The share of a budget that enumeration may use up; the rest is for what can be said if it does.
ENUMERATION = 0.7
LEAST_SECONDS = 1e-3


def nash_equilibria(
    game: Game, *, exact: bool | None = None, method: str = "auto", budget: float | None = None
) -> EquilibriumSet:
    """Nash equilibria of a game, with components, indices and certificates.

    Parameters
    ----------
    exact
        None: strategies in the game's own arithmetic (Fractions for an exact game, floats for a float game; the
        computation is exact either way). True: Fractions. False: floats.
    method
        ``"vertex-enumeration"`` (two players; ``"auto"`` takes it): all equilibria. ``"pure"``: pure equilibria of any
        game (``"auto"`` takes it for other than two players). ``"nashpy"``: nashpy's support enumeration, every
        answer solved again exactly and checked, never proven complete.
    budget
        Seconds. When most are used up, enumeration stops; the answer, with ``complete=False``, has what was found by
        then, all pure equilibria, and one by :func:`~detente.equilibrium.one.solve_one`.

    Raises
    ------
    LabelError
        For an unknown method.
    ParameterError
        For a budget that is not a positive number, or ``exact`` other than None, True, False.
    UnsupportedError
        For a method that does not apply to the game.
    PayoffError
        For floats asked for with payoffs that they cannot hold.

    Examples
    --------
    >>> bos = Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]], actions=["Opera", "Boxing"])
    >>> eqs = nash_equilibria(bos)
    >>> eqs.complete, [str(e) for e in eqs], [c.index for c in eqs.components]
    (True, ['(Opera, Opera)', '(3/5 Opera + 2/5 Boxing, 2/5 Opera + 3/5 Boxing)', '(Boxing, Boxing)'], [1, -1, 1])
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if not isinstance(method, str) or method not in METHODS:
        raise LabelError("method", method, METHODS)
    if exact is not None and not isinstance(exact, bool):
        raise ParameterError("exact", exact, "None, True or False")
    stop = deadline(budget)
    seconds = inf if budget is None else float(budget)
    as_fractions = game.is_exact if exact is None else bool(exact)
    if not as_fractions:
        len(game.payoffs)  # a PayoffError, where floats cannot hold them, is due now and not when somebody looks
    if method == "nashpy":
        from detente.equilibrium.nashpy_guard import guarded_support_enumeration

        return guarded_support_enumeration(in_arithmetic(game, as_fractions), stop)
    if method == "pure" or (method == "auto" and game.n_players != 2):
        shown = in_arithmetic(game, as_fractions)
        return EquilibriumSet(shown, pure_equilibria(shown), (), game.n_players == 1 and _one_best(game), "pure")
    if game.n_players != 2:
        raise UnsupportedError("method", method, "a two-player game, or method='pure'")
    start = time.monotonic()
    # For a player of two actions there is a way as quick in Fractions, without compiled code to load.
    if SMALL < sum(game.shape) <= MAX_LABELS and not (as_fractions and min(game.shape) <= 2):
        found = _nondegenerate(game, as_fractions, ENUMERATION * seconds)
        if found is not None:
            return found
    end = None if budget is None else max(ENUMERATION * seconds - (time.monotonic() - start), LEAST_SECONDS)
    found = in_integers(game, as_fractions, deadline(end), inf if end is None else end)
    if found.complete:
        return found
    return incomplete_set(game, as_fractions, found.extreme, seconds - (time.monotonic() - start))


def in_integers(game: Game, as_fractions: bool, stop: Callable[[], bool], seconds: float) -> EquilibriumSet:
    """All equilibria of a two-player game, degenerate or not: what floats leave open, integers decide."""
    if game.shape == (2, 2):
        return two_by_two_set(game, as_fractions)
    if min(game.shape) <= 2:
        found = narrow_set(game, as_fractions)
        return nothing_found(game, as_fractions) if found is None else found
    found = None
    if SMALL < sum(game.shape) <= MAX_LABELS:
        found = degenerate_set(game, as_fractions, seconds / 2)
    return exactly(game, as_fractions, stop, seconds) if found is None else found


def _nondegenerate(game: Game, as_fractions: bool, seconds: float) -> EquilibriumSet | None:
    """All equilibria, if floating point can prove them and the game to be as good as nondegenerate."""
    from detente.equilibrium.bimatrix.nondegenerate import prove_all

    try:
        payoffs = game.payoffs
    except PayoffError:  # beyond the range of floats
        return None
    found = prove_all(payoffs, seconds)
    return None if found is None else proven_set(game, found, as_fractions)


def _one_best(game: Game) -> bool:
    """In a one-player game the pure equilibria are all there is iff the best action is unique."""
    return len(pure_equilibria(game)) == 1
