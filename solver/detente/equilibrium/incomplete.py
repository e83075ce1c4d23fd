"""What can be said of the equilibria of a two-player game when there is no time to find all of them.

All pure equilibria cost one look at each payoff; a path of Lemke and Howson's, or a linear programme, ends at one
equilibrium more (:mod:`detente.equilibrium.one`); and what an enumeration has found before it was stopped are
equilibria as well. Each is proven exactly. Of components only those are claimed that are known: a strict equilibrium is
one by itself, and its index is +1 (its neighbourhood in strategies has no other best replies).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from heapq import merge
from time import monotonic
from typing import Any

import numpy as np

from detente.equilibrium.answers import in_arithmetic
from detente.equilibrium.result import Component, Equilibrium, EquilibriumSet, Subset
from detente.errors import UnsupportedError
from detente.exact.rational import to_fraction
from detente.game.game import Game, Number, Strategy

# The least time for another equilibrium than the pure ones, where a budget is used up
LEAST_SECONDS = 0.01
# The most, where there is no budget: some paths are longer than anybody waits.
MOST_SECONDS = 60.0


def incomplete_set(game: Game, as_fractions: bool, others: Sequence[Equilibrium], seconds: float) -> EquilibriumSet:
    """The ``others``, all pure equilibria and one by :func:`solve_one`, if it is found in so many seconds.

    >>> game = Game.bimatrix([[3, 0, 0], [0, 2, 0]], [[2, 0, 0], [0, 3, 0]])
    >>> incomplete_set(game, True, [], 1.0)
    <EquilibriumSet, not proven complete: (0, 0), (1, 1)>
    """
    from detente.equilibrium.one import solve_one

    start = monotonic()
    pure = _pure(game, as_fractions, start + max(seconds / 2, LEAST_SECONDS))
    left = min(max(start + seconds - monotonic(), LEAST_SECONDS), MOST_SECONDS)
    mixed = list(others)
    with suppress(UnsupportedError):  # not in time
        mixed.append(solve_one(game, exact=as_fractions, budget=left))
    by_strategies = {e.strategies: e for e in mixed if not e.is_pure}
    mixed = sorted(by_strategies.values(), key=_strategies, reverse=True)
    extreme = tuple(merge(pure, mixed, key=_strategies, reverse=True))
    components = [
        Component((Subset(tuple((s,) for s in e.strategies)),), 1, (k,)) for k, e in enumerate(extreme) if e.is_strict
    ]
    return EquilibriumSet(in_arithmetic(game, as_fractions), extreme, tuple(components), False, "vertex-enumeration")


def _strategies(equilibrium: Equilibrium) -> tuple[Strategy, ...]:
    return equilibrium.strategies


def _pure(game: Game, as_fractions: bool, end: float) -> list[Equilibrium]:
    """All pure equilibria, in decreasing lexicographic order of strategies, or those found by the ``end``.

    Payoffs are compared as they were given: floats are in the order of their decimals.
    """
    A, B = game._raw
    best = np.equal(A, A.max(axis=0)).astype(bool), np.equal(B, B.max(axis=1, keepdims=True)).astype(bool)
    strict = (best[0].sum(axis=0) == 1) & (best[1].sum(axis=1) == 1)[:, None]
    zero, one = (Fraction(0), Fraction(1)) if as_fractions else (0.0, 1.0)
    units = [[(zero,) * k + (one,) + (zero,) * (m - 1 - k) for k in range(m)] for m in game.shape]
    convert: Callable[[Any], Number] = to_fraction if as_fractions else float
    number = cache(convert)
    found = []
    for i, j in np.argwhere(best[0] & best[1]).tolist():
        payoffs = number(A.item(i, j)), number(B.item(i, j))
        found.append(Equilibrium((units[0][i], units[1][j]), payoffs, zero, bool(strict[i, j]), game.actions))
        if len(found) % 1000 == 0 and monotonic() > end:
            break
    return found
