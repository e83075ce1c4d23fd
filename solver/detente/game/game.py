"""Games in strategic form.

A game is an array of payoffs ``u[i, a_1, …, a_n]``: what player ``i`` receives when the players choose the action
profile ``(a_1, …, a_n)``. Payoffs given as ints, Fractions, Decimals or ``"p/q"`` strings make an *exact* game, on
which every later computation can be rational; a single float makes it a *float* game, whose payoffs can still be read
as the decimals they print as.

Definitions follow Osborne and Rubinstein (1994), *A Course in Game Theory*, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from html import escape
from itertools import product
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import ParameterError, PayoffError, ProfileError
from detente.exact.rational import to_fraction
from detente.game.display import number_text, table_html
from detente.game.immutable import Immutable
from detente.game.labels import Label, index_of, make_labels
from detente.game.minmax import minmax
from detente.game.ordinal import OrdinalClass, ordinal_class
from detente.game.payoffs import as_fractions, read_payoffs

Number = Fraction | float
Strategy = tuple[Number, ...]

# A float strategy may miss a total of one by rounding; this is a few hundred ulps, independent of payoffs.
PROBABILITY_TOLERANCE = 1e-9
# Larger games are shown by their name only.
MAX_CELLS = 400


class Game(Immutable):
    """An ``n``-player game in strategic form; immutable.

    Parameters
    ----------
    payoffs
        Array-like of shape ``(n, m_1, …, m_n)``, or a sequence of ``n`` arrays of shape ``(m_1, …, m_n)``.
        Exact entries (int, Fraction, Decimal, ``"p/q"``) make an exact game; one float makes a float game. NumPy
        integers of any width are taken at their value. The input is copied.
    players, actions
        Names. ``actions`` is one sequence of names per player, or one sequence for all if they have equally many.
        Unnamed actions are called ``0, 1, …``. Everywhere an ``int`` is an index and a ``str`` a name.
    name, source
        A title, and where the game comes from.

    Raises
    ------
    PayoffError
        For NaN, infinite, complex, boolean, ragged, empty or non-numeric payoffs.
    ProfileError
        For names that do not fit.

    Examples
    --------
    >>> g = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> g.payoff(("Relax", "Restrict"))
    (Fraction(0, 1), Fraction(5, 1))
    >>> g.best_responses("US", "Relax")
    ('Restrict',)
    >>> str(g.ordinal_class())
    'prisoners_dilemma'
    """

    players: tuple[Label, ...]
    actions: tuple[tuple[Label, ...], ...]
    name: str
    source: str
    _raw: NDArray[Any]

    def __init__(
        self,
        payoffs: Any,
        *,
        players: Sequence[str] | None = None,
        actions: Any = None,
        name: str = "",
        source: str = "",
    ) -> None:
        raw = read_payoffs(payoffs)
        raw.flags.writeable = False
        n = raw.ndim - 1
        vars(self).update(
            _raw=raw,
            players=make_labels(players, n, "players", _numbered(n)),
            actions=_action_labels(actions, raw.shape[1:]),
            name=str(name),
            source=str(source),
        )

    # --- other ways to write a game -------------------------------------------------------------------------------

    @classmethod
    def bimatrix(cls, A: Any, B: Any, **names: Any) -> Game:
        """The two-player game with payoff matrices ``A`` (row) and ``B`` (column), both indexed [row, column].

        >>> Game.bimatrix([[1, -1]], [[-1, 1]]).shape
        (1, 2)
        """
        return cls([A, B], **names)

    @classmethod
    def symmetric(cls, A: Any, **names: Any) -> Game:
        """The symmetric two-player game in which each player receives ``A[own action, other's action]``."""
        both = read_payoffs([A, A])
        if both.shape[1] != both.shape[2]:
            raise PayoffError("A", both.shape[1:], "a square matrix, the same actions for both players")
        return cls([both[0], both[1].T], **names)

    @classmethod
    def from_profiles(cls, payoffs: Mapping[Sequence[str], Sequence[Any]], **names: Any) -> Game:
        """The game with the given payoffs for each profile of action names.

        Actions appear in the order of first mention. Every profile must be given.

        >>> Game.from_profiles({("L",): (1,), ("R",): ("1/2",)}).actions
        (('L', 'R'),)
        """
        if not isinstance(payoffs, Mapping) or not payoffs:
            raise PayoffError("payoffs", payoffs, "a mapping from profiles to payoffs, at least one")
        first = next(iter(payoffs))
        n = len(first) if isinstance(first, tuple) else 0
        labels: list[dict[str, int]] = [{} for _ in range(n)]
        for profile in payoffs:
            if not isinstance(profile, tuple) or len(profile) != n or n == 0:
                raise ProfileError("profile", profile, f"{n or 'some'} action names in a tuple, one a player")
            for player, action in enumerate(profile):
                labels[player].setdefault(str(action), len(labels[player]))
        array = np.empty((n, *map(len, labels)), dtype=object)
        for profile in product(*labels):
            if profile not in payoffs:
                raise PayoffError("payoffs", profile, "payoffs for every profile; this one is missing")
            values = payoffs[profile]
            if isinstance(values, str | Mapping) or not hasattr(values, "__len__") or len(values) != n:
                raise PayoffError(f"payoffs[{profile}]", values, f"{n} payoffs, one a player")
            for player in range(n):
                array[(player, *(labels[j][a] for j, a in enumerate(profile)))] = values[player]
        return cls(array, actions=[list(names_) for names_ in labels], **names)

    # --- shape and payoffs ----------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of actions of each player."""
        return tuple(self._raw.shape[1:])

    @property
    def n_players(self) -> int:
        return len(self.shape)

    @property
    def is_exact(self) -> bool:
        """Whether every payoff was given as an exact rational."""
        return self._raw.dtype != np.float64

    @cached_property
    def payoffs(self) -> NDArray[np.float64]:
        """Payoffs as floats, shape ``(n_players, *shape)``; read-only."""
        try:
            floats = self._raw.astype(np.float64)
        except OverflowError as error:
            raise PayoffError("payoffs", "a payoff beyond 1.8e308", "payoffs a float can hold") from error
        floats.flags.writeable = False
        return floats

    @cached_property
    def exact_payoffs(self) -> NDArray[np.object_]:
        """Payoffs as Fractions, same shape; a float is read as the decimal it prints as; read-only."""
        return as_fractions(self._raw)

    @property
    def best_payoffs(self) -> NDArray[Any]:
        """Payoffs in the arithmetic that the game was given in: Fractions if exact, floats otherwise."""
        return self.exact_payoffs if self.is_exact else self.payoffs

    def payoff(self, profile: Sequence[Any]) -> tuple[Number, ...]:
        """Every player's (expected) payoff at a profile.

        ``profile`` names one strategy a player: an action (label or index) or a vector of probabilities.
        """
        strategies = self.resolve(profile)
        if all(isinstance(s, int) for s in strategies):
            return tuple(_plain(self.best_payoffs[(i, *strategies)]) for i in range(self.n_players))
        return tuple(_plain(self._expected(i, strategies)) for i in range(self.n_players))

    def deviation_payoffs(self, player: Label, profile: Sequence[Any]) -> tuple[Number, ...]:
        """What each action of ``player`` would earn, the others keeping to ``profile`` (a full profile)."""
        i = self.player_index(player)
        strategies = self.resolve(profile)
        return tuple(_plain(x) for x in self._expected(i, [*strategies[:i], None, *strategies[i + 1 :]]))

    def best_responses(self, player: Label, others: Any) -> tuple[Label, ...]:
        """All actions of ``player`` that are best replies to the ``others``' strategies.

        ``others`` is one strategy for each other player in order, or, in a two-player game, the opponent's strategy
        itself. Exact in exact games; in float games payoffs within a relative 1e-12 of the range count as tied.
        """
        i = self.player_index(player)
        strategies = self._resolve_others(i, others)
        earned = self._expected(i, [*strategies[:i], None, *strategies[i:]])
        slack = 0 if earned.dtype == object else 1e-12 * self._range(i)
        return tuple(self.actions[i][k] for k in np.flatnonzero(earned >= earned.max() - slack))

    def regret(self, profile: Sequence[Any]) -> Number:
        """The most that any player could gain by a unilateral deviation from ``profile``; 0 at an equilibrium."""
        strategies = self.resolve(profile)
        here = self.payoff(strategies)
        gains = [max(self.deviation_payoffs(i, strategies)) - here[i] for i in range(self.n_players)]
        return max(gains)

    def minmax(self, player: Label, pure: bool = False, *, correlated: bool = False) -> Number:
        """The lowest payoff to which the others can hold ``player``: min over theirs of max over own.

        ``pure=True`` restricts the others to pure actions (the bound that matters for pure-strategy equilibria).
        With three and more players, independent mixing makes the problem non-convex: there, ask for ``pure=True`` or
        for ``correlated=True`` (the others share a randomising device). See :mod:`detente.game.minmax`.
        """
        i = self.player_index(player)
        value = minmax(self.exact_payoffs[i], i, pure=pure, correlated=correlated).value
        return value if self.is_exact else float(value)

    def ordinal_class(self) -> OrdinalClass:
        """The ordinal class of a 2×2 game, per player and jointly; see :mod:`detente.game.ordinal`."""
        return ordinal_class(self.exact_payoffs)

    # --- games made from this one ---------------------------------------------------------------------------------

    def affine(self, player: Label, scale: Any, shift: Any = 0) -> Game:
        """The game in which ``player`` receives ``scale * payoff + shift``; ``scale`` > 0, so no choice changes."""
        i = self.player_index(player)
        factor, constant = to_fraction(scale, "scale"), to_fraction(shift, "shift")
        if factor <= 0:
            raise ParameterError("scale", scale, "a positive number")
        changed = [self.best_payoffs[j] for j in range(self.n_players)]
        if self.is_exact and not (isinstance(scale, float) or isinstance(shift, float)):
            changed[i] = changed[i] * factor + constant
        else:
            changed = [np.asarray(c, dtype=np.float64) for c in changed]
            changed[i] = changed[i] * float(factor) + float(constant)
        return self._like(changed)

    def relabel(
        self,
        *,
        players: Any = None,
        actions: Mapping[Label, Any] | None = None,
        name: str | None = None,
    ) -> Game:
        """The same game under other names.

        ``players`` is a full sequence of names or a mapping old → new; ``actions`` maps a player to the like.
        """
        new_players = _renamed(self.players, players, "players")
        new_actions = list(self.actions)
        if actions is not None and not isinstance(actions, Mapping):
            raise ProfileError("actions", actions, "a mapping from players to names")
        for player, names in (actions or {}).items():
            i = self.player_index(player)
            new_actions[i] = _renamed(self.actions[i], names, f"actions[{player!r}]")
        return Game(
            self._raw,
            players=new_players,  # type: ignore[arg-type]
            actions=new_actions,
            name=self.name if name is None else name,
            source=self.source,
        )

    def restrict(self, actions: Mapping[Label, Sequence[Label]]) -> Game:
        """The game with only the given actions of the named players, in the given order.

        Listing all actions in another order permutes them.
        """
        if not isinstance(actions, Mapping):
            raise ProfileError("actions", actions, "a mapping from players to actions")
        raw = self._raw
        labels = list(self.actions)
        for player, kept in actions.items():
            i = self.player_index(player)
            if isinstance(kept, str) or not hasattr(kept, "__len__") or len(kept) == 0:
                raise ProfileError(f"actions[{player!r}]", kept, "a non-empty sequence of actions")
            chosen = [self.action_index(i, a) for a in kept]
            if len(set(chosen)) != len(chosen):
                raise ProfileError(f"actions[{player!r}]", kept, "distinct actions")
            raw = np.take(raw, chosen, axis=i + 1)
            if all(isinstance(a, str) for a in labels[i]):
                labels[i] = tuple(labels[i][k] for k in chosen)
            else:
                labels[i] = tuple(range(len(chosen)))
        return Game(raw, players=self.players, actions=labels, name=self.name, source=self.source)  # type: ignore[arg-type]

    # --- names ----------------------------------------------------------------------------------------------------

    def player_index(self, player: Any) -> int:
        """The index of a player given by label or index."""
        return index_of(player, self.players, "player")

    def action_index(self, player: Any, action: Any) -> int:
        """The index of an action given by label or index."""
        i = self.player_index(player)
        return index_of(action, self.actions[i], f"action of {self.players[i]}")

    def pure_profile(self, profile: Any) -> tuple[int, ...]:
        """A pure profile (labels or indices) as a tuple of indices."""
        if isinstance(profile, str) or not isinstance(profile, Sequence) or len(profile) != self.n_players:
            raise ProfileError("profile", profile, f"{self.n_players} actions, one a player")
        return tuple(self.action_index(i, a) for i, a in enumerate(profile))

    def profile_labels(self, profile: Sequence[int]) -> tuple[Label, ...]:
        """The labels of a pure profile of indices."""
        return tuple(self.actions[i][a] for i, a in enumerate(profile))

    def resolve(self, profile: Any) -> list[Any]:
        """Each player's strategy as an action index or a probability vector (object or float array)."""
        if isinstance(profile, str) or not hasattr(profile, "__len__") or len(profile) != self.n_players:
            raise ProfileError("profile", profile, f"{self.n_players} strategies, one a player")
        return [self._strategy(i, s) for i, s in enumerate(profile)]

    # --- internals ------------------------------------------------------------------------------------------------

    def _strategy(self, i: int, strategy: Any) -> Any:
        if isinstance(strategy, str | Integral):
            return self.action_index(i, strategy)
        argument = f"strategy of {self.players[i]}"
        if getattr(strategy, "shape", None) == () or not hasattr(strategy, "__len__") or len(strategy) != self.shape[i]:
            raise ProfileError(argument, strategy, f"an action, or {self.shape[i]} probabilities")
        entries = list(strategy)
        weights = [to_fraction(p, argument, ProfileError) for p in entries]
        exact = not any(isinstance(p, float | np.floating) for p in entries)
        tolerance = 0 if exact else PROBABILITY_TOLERANCE
        if min(weights) < -tolerance or abs(sum(weights, Fraction(0)) - 1) > tolerance:
            raise ProfileError(argument, strategy, "non-negative probabilities that add up to 1")
        return np.array(weights, dtype=object) if exact else np.array([float(p) for p in entries])

    def _resolve_others(self, i: int, others: Any) -> list[Any]:
        rest = [j for j in range(self.n_players) if j != i]
        if len(rest) == 1:
            j = rest[0]
            unwrapped = isinstance(others, Sequence | np.ndarray) and not isinstance(others, str) and len(others) == 1
            if unwrapped and not (self.shape[j] == 1 and isinstance(others[0], float | Fraction)):
                others = others[0]
            return [self._strategy(j, others)]
        if isinstance(others, str) or not hasattr(others, "__len__") or len(others) != len(rest):
            raise ProfileError("others", others, f"{len(rest)} strategies, one for each other player")
        return [self._strategy(j, s) for j, s in zip(rest, others, strict=True)]

    def _expected(self, i: int, strategies: Sequence[Any]) -> Any:
        """Expected payoff of ``i``; a player whose strategy is None keeps an axis."""
        exact = self.is_exact and not any(isinstance(s, np.ndarray) and s.dtype != object for s in strategies)
        u: Any = self.exact_payoffs[i] if exact else self.payoffs[i]
        for axis in reversed(range(self.n_players)):
            s = strategies[axis]
            if s is None:
                continue
            if isinstance(s, int):
                u = np.take(u, s, axis=axis)
            else:
                u = np.tensordot(u, s if exact else s.astype(np.float64), axes=([axis], [0]))
        return u

    def _range(self, i: int) -> float:
        u = self.payoffs[i]
        return float(u.max() - u.min())

    def _like(self, payoffs: Any) -> Game:
        return Game(payoffs, players=self.players, actions=self.actions, name=self.name, source=self.source)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        """Same payoffs and same names; titles and sources do not count."""
        if not isinstance(other, Game):
            return NotImplemented
        return (
            self.players == other.players
            and self.actions == other.actions
            and self.is_exact == other.is_exact
            and bool(np.array_equal(self.best_payoffs, other.best_payoffs))
        )

    def __hash__(self) -> int:
        return hash((self.players, self.actions, self.is_exact, tuple(self.best_payoffs.ravel().tolist())))

    def __reduce__(self) -> Any:  # through the constructor, which makes the payoffs read-only again
        names: dict[str, Any] = {"players": self.players, "actions": self.actions}
        return partial(Game, **names, name=self.name, source=self.source), (self._raw,)

    def __repr__(self) -> str:
        kind = "exact" if self.is_exact else "float"
        title = f" {self.name!r}" if self.name else ""
        size = "×".join(map(str, self.shape))
        return f"<Game{title}: {', '.join(map(str, self.players))}; {size}, {kind}>"

    def _repr_html_(self) -> str:
        if self.n_players > 2 or self.payoffs[0].size > MAX_CELLS:
            return f"<p>{escape(repr(self))}</p>"
        columns = self.actions[1] if self.n_players == 2 else ("",)
        profiles = [[(a, b)[: self.n_players] for b in range(len(columns))] for a in range(self.shape[0])]
        rows = [
            (label, [", ".join(map(number_text, self.payoff(p))) for p in row])
            for label, row in zip(self.actions[0], profiles, strict=True)
        ]
        return table_html(self.name or " × ".join(map(str, self.players)), ["", *columns], rows)


def as_game(value: Any, argument: str = "game") -> Game:
    """``value`` itself if it is a game; a typed error otherwise."""
    if isinstance(value, Game):
        return value
    raise ParameterError(argument, value, "a detente Game")


def _plain(value: Any) -> Number:
    if isinstance(value, np.ndarray):  # a full contraction leaves an array without axes
        value = value.item()
    return Fraction(value) if isinstance(value, Fraction | int) else float(value)


@lru_cache
def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"Player {i + 1}" for i in range(n))


def _action_labels(actions: Any, shape: tuple[int, ...]) -> tuple[tuple[Label, ...], ...]:
    if actions is None:
        return tuple(tuple(range(m)) for m in shape)
    if isinstance(actions, str) or not hasattr(actions, "__len__"):
        raise ProfileError("actions", actions, "one sequence of action names per player")
    per_player = list(actions)
    if per_player and all(isinstance(a, str) for a in per_player):
        if len(set(shape)) != 1:
            raise ProfileError("actions", actions, "one sequence of action names per player")
        per_player = [per_player] * len(shape)
    if len(per_player) != len(shape):
        raise ProfileError("actions", actions, f"{len(shape)} sequences of names, one per player")
    return tuple(
        make_labels(names, m, f"actions[{i}]", range(m))
        for i, (names, m) in enumerate(zip(per_player, shape, strict=True))
    )


def _renamed(old: tuple[Label, ...], names: Any, argument: str) -> tuple[Label, ...]:
    if names is None:
        return old
    if isinstance(names, Mapping):
        changed = list(old)
        for before, after in names.items():
            changed[index_of(before, old, argument)] = str(after)
        return tuple(changed)
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        raise ProfileError(argument, names, f"{len(old)} names, or a mapping from old names to new ones")
    return tuple(names)
