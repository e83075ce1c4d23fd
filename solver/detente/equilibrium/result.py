"""Equilibria, the components they form, and their certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import lcm
from typing import Any

import numpy as np
from flint import fmpz_mat

from detente.errors import CertificateError
from detente.game.display import number_text, table_html
from detente.game.game import Game, Number, Strategy

# A float equilibrium is accepted if no deviation gains more than this share of the payoff range.
FLOAT_REGRET = 1e-9


@dataclass(frozen=True)
class Equilibrium:
    """One Nash equilibrium with its certificate, the regret (0 in exact arithmetic)."""

    strategies: tuple[Strategy, ...]
    payoffs: tuple[Number, ...]
    regret: Number
    is_strict: bool
    labels: tuple[tuple[Any, ...], ...] = field(repr=False)

    @property
    def support(self) -> tuple[tuple[int, ...], ...]:
        """For each player the indices of the actions played with positive probability."""
        return tuple(tuple(k for k, p in enumerate(s) if p) for s in self.strategies)

    @property
    def is_pure(self) -> bool:
        return all(len(s) == 1 for s in self.support)

    def __str__(self) -> str:
        if self.is_pure:
            return "(" + ", ".join(str(names[s[0]]) for names, s in zip(self.labels, self.support, strict=True)) + ")"
        return "(" + ", ".join(_mixture(s, n) for s, n in zip(self.strategies, self.labels, strict=True)) + ")"

    __repr__ = __str__


@dataclass(frozen=True)
class Subset:
    """A maximal Nash subset: every pair from the convex hulls of its two vertex lists is an equilibrium."""

    vertices: tuple[tuple[Strategy, ...], ...]

    @property
    def x_vertices(self) -> tuple[Strategy, ...]:
        return self.vertices[0]

    @property
    def y_vertices(self) -> tuple[Strategy, ...]:
        return self.vertices[1]


@dataclass(frozen=True)
class Component:
    """A connected component of the set of equilibria: a union of maximal Nash subsets.

    ``index`` is the sum of the indices (Shapley 1974) of the equilibria near it of any generic nearby game; ``extreme``
    are the positions of its extreme equilibria in the set.
    """

    subsets: tuple[Subset, ...]
    index: int | None
    extreme: tuple[int, ...]

    @property
    def is_isolated(self) -> bool:
        """Whether the component is a single equilibrium."""
        return len(self.extreme) == 1


Parts = tuple[Game, tuple[Equilibrium, ...], tuple[Component, ...]]


class EquilibriumSet:
    """Equilibria of a game. ``complete`` is True only if every equilibrium is represented.

    Length, iteration and indexing run over ``extreme``: all extreme equilibria, which are all equilibria if none lies
    in a continuum. Every equilibrium is a convex combination within one of the components' subsets.
    """

    __slots__ = ("_build", "_complete", "_method", "_parts")

    def __init__(
        self,
        game: Game,
        extreme: tuple[Equilibrium, ...],
        components: tuple[Component, ...],
        complete: bool,
        method: str,
    ) -> None:
        self._parts: Parts | None = (game, extreme, components)
        self._complete, self._method = complete, method
        self._build: Callable[[], Parts] | None = None

    @classmethod
    def when_asked(cls, build: Callable[[], Parts], complete: bool, method: str) -> EquilibriumSet:
        """A set whose equilibria are known, and made into objects by ``build`` when somebody looks at them."""
        made = cls.__new__(cls)
        made._parts, made._build, made._complete, made._method = None, build, complete, method
        return made

    def _resolved(self) -> Parts:
        if self._parts is None:
            assert self._build is not None
            self._parts, self._build = self._build(), None
        return self._parts

    @property
    def game(self) -> Game:
        return self._resolved()[0]

    @property
    def extreme(self) -> tuple[Equilibrium, ...]:
        return self._resolved()[1]

    @property
    def components(self) -> tuple[Component, ...]:
        return self._resolved()[2]

    @property
    def complete(self) -> bool:
        return self._complete

    @property
    def method(self) -> str:
        return self._method

    def __reduce__(self) -> tuple[Any, ...]:
        return EquilibriumSet, (*self._resolved(), self._complete, self._method)

    def __len__(self) -> int:
        return len(self.extreme)

    def __iter__(self) -> Iterator[Equilibrium]:
        return iter(self.extreme)

    def __getitem__(self, position: int) -> Equilibrium:
        return self.extreme[position]

    def verify(self) -> None:
        """Check every claim from the payoffs alone; raise :class:`CertificateError` if one fails.

        Each extreme equilibrium must have zero regret (relative to the payoff range, in floats), every pair of
        vertices of a subset must be an equilibrium, and the indices of a complete two-player set must add up to 1.
        """
        for equilibrium in self.extreme:
            self._check(equilibrium.strategies)
        for component in self.components:
            for subset in component.subsets:
                for profile in product(*subset.vertices):
                    self._check(profile)
        indices = [c.index for c in self.components]
        if self.complete and self.game.n_players == 2 and None not in indices:
            total = sum(i for i in indices if i is not None)
            if total != 1:
                raise CertificateError("components", indices, "indices that add up to +1")

    def _check(self, profile: tuple[Strategy, ...]) -> None:
        regret = self.game.regret(profile)
        spread = float(self.game.payoffs.max() - self.game.payoffs.min())
        allowed = 0 if isinstance(regret, Fraction) else FLOAT_REGRET * spread
        if regret > allowed:
            raise CertificateError("equilibrium", profile, f"no gain from deviating; regret is {regret}")

    def __repr__(self) -> str:
        state = "complete" if self.complete else "not proven complete"
        return f"<EquilibriumSet, {state}: {', '.join(map(str, self.extreme)) or 'none found'}>"

    def _repr_html_(self) -> str:
        state = "complete" if self.complete else "not proven complete"
        rows = [(str(e), [", ".join(map(number_text, e.payoffs)), "strict" if e.is_strict else ""]) for e in self]
        return table_html(f"Equilibria ({state})", ["equilibrium", "payoffs", ""], rows)


class TwoPlayerCertifier:
    """Payoffs and regrets of many profiles of one two-player game, in integers."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.matrices = []
        for u in game.exact_payoffs:
            scale = lcm(*(x.denominator for x in u.ravel()))
            self.matrices.append((fmpz_mat([[int(x * scale) for x in row] for row in u.tolist()]), scale))

    def equilibrium(self, x: Sequence[int], y: Sequence[int]) -> Equilibrium:
        """The profile with these weights (non-negative integers, up to a factor), with its certificate."""
        total = sum(x) * sum(y)
        payoffs, gaps, unique = [], [], True
        for player, (matrix, scale) in enumerate(self.matrices):
            own, other = (x, y) if player == 0 else (y, x)
            table: Any = (matrix if player == 0 else matrix.transpose()) * fmpz_mat([[w] for w in other])
            earned = [int(e) for e in table.entries()]
            value = sum(w * e for w, e in zip(own, earned, strict=True))
            payoffs.append(Fraction(value, total * scale))
            gaps.append(Fraction(max(earned) * sum(own) - value, total * scale))
            unique = unique and earned.count(max(earned)) == 1 and sum(map(bool, own)) == 1
        exact = tuple(tuple(Fraction(w, sum(s)) for w in s) for s in (x, y))
        if self.game.is_exact:
            return Equilibrium(exact, tuple(payoffs), max(gaps), unique, self.game.actions)
        strategies = tuple(tuple(map(float, s)) for s in exact)
        return Equilibrium(strategies, tuple(map(float, payoffs)), self._regret(strategies), unique, self.game.actions)

    def _regret(self, strategies: tuple[tuple[float, ...], ...]) -> float:
        """What the best deviation from strategies in floats would gain, in floats."""
        first, second = self.game.payoffs
        x, y = map(np.array, strategies)
        rows, columns = first @ y, x @ second
        return max(float(rows.max() - x @ rows), float(columns.max() - columns @ y), 0.0)


def certified(game: Game, strategies: tuple[Strategy, ...]) -> Equilibrium:
    """An equilibrium with payoffs and regret computed from the game."""
    profile = [list(s) for s in strategies]
    return Equilibrium(
        strategies=strategies,
        payoffs=game.payoff(profile),
        regret=game.regret(profile),
        is_strict=_is_strict(game, strategies),
        labels=game.actions,
    )


def _is_strict(game: Game, strategies: tuple[Strategy, ...]) -> bool:
    """Every player's action is the only best reply; only pure equilibria can be strict."""
    pure = [[k for k, p in enumerate(s) if p] for s in strategies]
    if any(len(s) != 1 for s in pure):
        return False
    profile = [s[0] for s in pure]
    u = game.exact_payoffs
    for i in range(game.n_players):
        own = u[(i, *profile)]
        others = [u[(i, *profile[:i], a, *profile[i + 1 :])] for a in range(game.shape[i]) if a != profile[i]]
        if any(x >= own for x in others):
            return False
    return True


def _mixture(strategy: Strategy, names: tuple[Any, ...]) -> str:
    return " + ".join(f"{number_text(p)} {name}" for p, name in zip(strategy, names, strict=True) if p)
