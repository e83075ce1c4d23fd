"""Equilibria, the components they form, and their certificates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from operator import mul, truediv
from typing import Any, Protocol

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from detente.equilibrium.bimatrix.integer_payoffs import IntegerMatrix, integer_payoffs
from detente.errors import CertificateError
from detente.game.display import number_text, table_html
from detente.game.game import Game, Number, Strategy

# A float equilibrium is accepted if no deviation gains more than this share of the payoff range.
FLOAT_REGRET = 1e-9
ZERO, ONE = Fraction(0), Fraction(1)


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


class Answer(Protocol):
    """Equilibria that are known, and are made into objects when somebody looks at them."""

    def __len__(self) -> int: ...

    def game(self) -> Game:
        """The game in the arithmetic of the answer."""

    def extreme(self) -> tuple[Equilibrium, ...]: ...

    def components(self) -> tuple[Component, ...]: ...


class EquilibriumSet:
    """Equilibria of a game. ``complete`` is True only if every equilibrium is represented.

    Length, iteration and indexing run over ``extreme``: all extreme equilibria, which are all equilibria if none lies
    in a continuum. Every equilibrium is a convex combination within one of the components' subsets.
    """

    __slots__ = ("_answer", "_complete", "_components", "_extreme", "_game", "_method")

    def __init__(
        self,
        game: Game,
        extreme: tuple[Equilibrium, ...],
        components: tuple[Component, ...],
        complete: bool,
        method: str,
    ) -> None:
        self._game: Game | None = game
        self._extreme: tuple[Equilibrium, ...] | None = extreme
        self._components: tuple[Component, ...] | None = components
        self._answer: Answer | None = None
        self._complete, self._method = complete, method

    @classmethod
    def when_asked(cls, answer: Answer, complete: bool, method: str) -> EquilibriumSet:
        """A set whose equilibria are made into objects when somebody looks at them, and its components likewise."""
        made = cls.__new__(cls)
        made._answer, made._game, made._extreme, made._components = answer, None, None, None
        made._complete, made._method = complete, method
        return made

    @property
    def game(self) -> Game:
        if self._game is None:
            assert self._answer is not None
            self._game = self._answer.game()
        return self._game

    @property
    def extreme(self) -> tuple[Equilibrium, ...]:
        if self._extreme is None:
            assert self._answer is not None
            self._extreme = self._answer.extreme()
        return self._extreme

    @property
    def components(self) -> tuple[Component, ...]:
        if self._components is None:
            assert self._answer is not None
            self._components = self._answer.components()
        return self._components

    @property
    def complete(self) -> bool:
        return self._complete

    @property
    def method(self) -> str:
        return self._method

    def __reduce__(self) -> tuple[Any, ...]:
        return EquilibriumSet, (self.game, self.extreme, self.components, self._complete, self._method)

    def __len__(self) -> int:
        return len(self.extreme if self._answer is None else self._answer)

    def __iter__(self) -> Iterator[Equilibrium]:
        return iter(self.extreme)

    def __getitem__(self, position: int) -> Equilibrium:
        return self.extreme[position]

    def verify(self) -> None:
        """Check every claim from the payoffs alone; raise :class:`CertificateError` if one fails.

        Each extreme equilibrium must have zero regret (relative to the payoff range, in floats), every pair of
        vertices of a subset must be an equilibrium, and the indices of a complete two-player set must add up to 1.
        """
        losses = None if self.game.is_exact else _relative_losses(self.game)
        for equilibrium in self.extreme:
            self._check(equilibrium.strategies, losses)
        for component in self.components:
            for subset in component.subsets:
                for profile in product(*subset.vertices):
                    self._check(profile, losses)
        indices = [c.index for c in self.components]
        if self.complete and self.game.n_players == 2 and None not in indices:
            total = sum(i for i in indices if i is not None)
            if total != 1:
                raise CertificateError("components", indices, "indices that add up to +1")

    def _check(self, profile: tuple[Strategy, ...], losses: list[NDArray[np.float64]] | None) -> None:
        regret = self.game.regret(profile) if losses is None else _relative_regret(self.game.resolve(profile), losses)
        if regret > (0 if losses is None else FLOAT_REGRET):
            raise CertificateError("equilibrium", profile, f"no gain from deviating; regret is {float(regret):.3g}")

    def __repr__(self) -> str:
        state = "complete" if self.complete else "not proven complete"
        return f"<EquilibriumSet, {state}: {', '.join(map(str, self.extreme)) or 'none found'}>"

    def _repr_html_(self) -> str:
        state = "complete" if self.complete else "not proven complete"
        rows = [(str(e), [", ".join(map(number_text, e.payoffs)), "strict" if e.is_strict else ""]) for e in self]
        return table_html(f"Equilibria ({state})", ["equilibrium", "payoffs", ""], rows)


class TwoPlayerCertifier:
    """Payoffs and regrets of many profiles of one two-player game, in integers.

    ``tables`` are both players' payoffs as :func:`integer_payoffs` gives them, where they are at hand; they may be
    those of an exact game that ``game`` shows in floats.
    """

    def __init__(self, game: Game, tables: Sequence[tuple[IntegerMatrix, int]] | None = None) -> None:
        self.game = game
        tables = [integer_payoffs(game, player) for player in range(2)] if tables is None else tables
        self.matrices = [fmpz_mat(table) for table, _ in tables]
        self.scales = [scale for _, scale in tables]

    def equilibrium(self, x: Sequence[int], y: Sequence[int]) -> Equilibrium:
        """The profile with these weights (non-negative integers, up to a factor), with its certificate."""
        return self.equilibria([x], [y])[0]

    def equilibria(self, xs: Sequence[Sequence[int]], ys: Sequence[Sequence[int]]) -> list[Equilibrium]:
        """The profiles with these weights, in order."""
        if not xs:
            return []
        m, n = self.game.shape
        rows: Any = fmpz_mat(list(map(list, ys))) * self.matrices[0].transpose()
        columns: Any = fmpz_mat(list(map(list, xs))) * self.matrices[1]
        earned = list(map(int, rows.entries())), list(map(int, columns.entries()))
        strategies = [self._strategies(weights) for weights in (xs, ys)]
        regrets = None if self.game.is_exact else self._regrets(*strategies)
        share = Fraction if self.game.is_exact else truediv
        found = []
        for k, (x, y) in enumerate(zip(xs, ys, strict=True)):
            total = sum(x), sum(y)
            payoffs, regret, unique = [], ZERO, True
            for player, own, width in ((0, x, m), (1, y, n)):
                replies = earned[player][k * width : (k + 1) * width]
                best, value = max(replies), sum(map(mul, own, replies))
                size = total[0] * total[1] * self.scales[player]
                payoffs.append(share(value, size))
                if best * total[player] != value:
                    regret = max(regret, Fraction(best * total[player] - value, size))
                unique = unique and replies.count(best) == 1 and max(own) == total[player]
            profile = strategies[0][k], strategies[1][k]
            shown = regret if regrets is None else regrets[k]
            found.append(Equilibrium(profile, tuple(payoffs), shown, unique, self.game.actions))
        return found

    def _strategies(self, weights: Sequence[Sequence[int]]) -> list[Strategy]:
        """The probabilities, Fractions or correctly rounded floats."""
        if not self.game.is_exact:
            return [tuple([w / total for w in own]) for own in weights for total in (sum(own),)]
        shares: list[Strategy] = []
        for own in weights:
            total = sum(own)
            shares.append(tuple([(ONE if w == total else Fraction(w, total)) if w else ZERO for w in own]))
        return shares

    def _regrets(self, xs: list[Strategy], ys: list[Strategy]) -> list[float]:
        """What the best deviations from strategies in floats would gain, in floats."""
        first, second = self.game.payoffs
        x, y = np.array(xs), np.array(ys)
        rows, columns = y @ first.T, x @ second
        gains = rows.max(1) - (rows * x).sum(1), columns.max(1) - (columns * y).sum(1)
        return np.maximum(np.maximum(*gains), 0.0).tolist()  # type: ignore[no-any-return]


def _relative_losses(game: Game) -> list[NDArray[np.float64]]:
    """What each action loses against the best reply, as shares of the payoff range.

    The differences are exact, so that a large constant in the payoffs rounds nothing off.
    """
    u = game.exact_payoffs
    spread = (u.max() - u.min()) or ONE
    return [((v - v.max(axis=i, keepdims=True)) / spread).astype(np.float64) for i, v in enumerate(u)]


def _relative_regret(profile: Sequence[Any], losses: list[NDArray[np.float64]]) -> float:
    """The most that a deviation gains, as a share of the payoff range."""
    p = [np.array(s, dtype=np.float64) for s in profile]
    worst = 0.0
    for i, earned in enumerate(losses):
        for j in reversed([j for j in range(len(p)) if j != i]):
            earned = np.tensordot(earned, p[j], axes=([j], [0]))
        worst = max(worst, float(earned.max() - p[i] @ earned))
    return worst


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
