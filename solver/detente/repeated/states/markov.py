"""Pure Markov-perfect equilibria of stochastic games.

A *Markov-perfect* equilibrium prescribes acts that depend on the state of the world alone and are optimal from every
state (Maskin and Tirole 2001, *Journal of Economic Theory* 100). All pure ones are found through best replies: against
each Markov strategy of the others a player's optimal strategies are the product, over states, of the optimal acts in
the decision problem that they leave (Howard 1960), and a profile is an equilibrium iff each player's is among them.
With two players that is a decision problem per Markov strategy instead of one per profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, overload

from detente.budget import deadline
from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.polynomial import evaluate
from detente.exact.region import Region
from detente.game.labels import ByLabel
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import BoundStochasticAgreement, StochasticAgreement
from detente.repeated.decision import Policy
from detente.repeated.incentives import Values, incentives
from detente.repeated.states.check import is_subgame_perfect_stochastic, stochastic_slacks
from detente.repeated.states.kernel import StochasticEnvironment, stochastic_problem
from detente.repeated.thresholds import holds_where

# Best replies are computed against at most this many Markov strategies of the others, for each player.
MAX_STRATEGIES = 100_000
# Up to this many profiles, verify() also confirms that no equilibrium is missing.
MAX_RECOUNT = 512


@dataclass(frozen=True)
class MarkovEquilibrium:
    """A pure Markov-perfect equilibrium: ``play[state]`` is the profile played, ``values[state][player]`` its worth."""

    game: StochasticGame = field(repr=False)
    play: Mapping[str, tuple[Any, ...]]
    values: Values = field(compare=False)

    @property
    def agreement(self) -> StochasticAgreement:
        """The equilibrium as an agreement without memory."""
        return StochasticAgreement.markov(self.play, name="the Markov profile")

    def holds_where(self, over: Any = "discount") -> Region:
        """The values of one parameter at which this profile is a Markov-perfect equilibrium."""
        return holds_where(self.game.replace(start=None), self.agreement, over)

    def verify(self) -> None:
        """Check by separate code that no one-shot deviation gains in any state, and what each state is worth."""
        found = stochastic_slacks(self.game.replace(start=None), self.agreement)
        if any(row.slack < 0 for row in found.values()):
            raise CertificateError("Markov equilibrium", dict(self.play), "a profile without profitable deviations")
        if set(self.values) != set(self.game.states) or any(
            self.values[state][player] != row.value for (state, player, _), row in found.items()
        ):
            raise CertificateError("values", self.values, "the values that the independent check finds")


@dataclass(frozen=True)
class MarkovEquilibria(Sequence[MarkovEquilibrium]):
    """All pure Markov-perfect equilibria of a game, if ``complete``; a sequence, possibly empty."""

    game: StochasticGame
    equilibria: tuple[MarkovEquilibrium, ...]
    complete: bool

    @overload
    def __getitem__(self, k: int) -> MarkovEquilibrium: ...
    @overload
    def __getitem__(self, k: slice) -> tuple[MarkovEquilibrium, ...]: ...
    def __getitem__(self, k: int | slice) -> MarkovEquilibrium | tuple[MarkovEquilibrium, ...]:
        return self.equilibria[k]

    def __len__(self) -> int:
        return len(self.equilibria)

    def __iter__(self) -> Iterator[MarkovEquilibrium]:
        return iter(self.equilibria)

    def verify(self) -> None:
        """Check every equilibrium by separate code and, in games of few profiles, that none is missing."""
        found = {tuple(e.play[state] for state in self.game.states) for e in self.equilibria}
        if len(found) != len(self) or any(e.game != self.game for e in self.equilibria):
            raise CertificateError("Markov equilibria", f"{len(self)}", "different equilibria of the same game")
        for equilibrium in self.equilibria:
            equilibrium.verify()
        games = [self.game.games[state] for state in self.game.states]
        if not self.complete or prod(prod(g.shape) for g in games) > MAX_RECOUNT:
            return
        anywhere = self.game.replace(start=None)
        for profiles in product(*(product(*g.actions) for g in games)):
            play = dict(zip(self.game.states, profiles, strict=True))
            if is_subgame_perfect_stochastic(anywhere, StochasticAgreement.markov(play)) != (profiles in found):
                raise CertificateError("Markov equilibria", play, "a profile to be listed iff it is an equilibrium")

    def __repr__(self) -> str:
        kind = "all" if self.complete else "some"
        return f"<MarkovEquilibria: {kind} {len(self)} pure Markov-perfect equilibria of {self.game!r}>"


def markov_equilibria(game: StochasticGame, *, budget: float | None = None) -> MarkovEquilibria:
    """All pure Markov-perfect equilibria of a stochastic game, exactly.

    Parameters
    ----------
    budget
        Seconds after which the search stops and returns what it found, with ``complete=False``.

    Raises
    ------
    UnsupportedError
        If there are more than 100,000 Markov strategies of the other players to reply to.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> from detente.game.truce import truce_game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> found = markov_equilibria(truce_game(pd, lapse="1/10", renewal="1/5", discount="9/10"))
    >>> [e.play["truce"] for e in found]
    [('Relax', 'Relax'), ('Restrict', 'Restrict')]
    """
    _check_game(game)
    stop = deadline(budget)
    shapes = [game.games[state].shape for state in game.states]
    n = game.n_players
    replies_to = [prod(prod(shape) // shape[i] for shape in shapes) for i in range(n)]
    if max(replies_to) > MAX_STRATEGIES:
        raise UnsupportedError("game", f"{max(replies_to)} strategies of the others", f"at most {MAX_STRATEGIES}")
    env = StochasticEnvironment(game)
    anywhere = game.replace(start=None)
    known: dict[tuple[int, tuple[Policy, ...]], tuple[frozenset[int], ...]] = {}

    def optimal_acts(player: int, others: tuple[Policy, ...]) -> tuple[frozenset[int], ...]:
        if (player, others) not in known:
            known[player, others] = _optimal_acts(env, player, others)
        return known[player, others]

    found: list[MarkovEquilibrium] = []
    leader = min(range(n), key=replies_to.__getitem__)
    for others in product(*(_strategies(shapes, j) for j in range(n) if j != leader)):
        for own in product(*map(sorted, optimal_acts(leader, others))):
            if stop():
                return MarkovEquilibria(game, tuple(found), False)
            profile = (*others[:leader], own, *others[leader:])
            rest = (
                all(a in acts for a, acts in zip(profile[j], optimal_acts(j, _without(profile, j)), strict=True))
                for j in range(n)
                if j != leader
            )
            if all(rest):
                play = {
                    state: game.games[state].profile_labels([strategy[s] for strategy in profile])
                    for s, state in enumerate(game.states)
                }
                values = incentives(anywhere, play).values
                found.append(MarkovEquilibrium(game, ByLabel(play, "state"), values))
    found.sort(key=lambda e: [game.games[state].pure_profile(p) for state, p in e.play.items()])
    return MarkovEquilibria(game, tuple(found), True)


def _check_game(game: Any) -> None:
    if not isinstance(game, StochasticGame):
        raise ParameterError("game", game, "a StochasticGame")


def _optimal_acts(env: StochasticEnvironment, player: int, others: tuple[Policy, ...]) -> tuple[frozenset[int], ...]:
    """The acts that are optimal in each state against Markov strategies of the others, all ties included."""
    sg = env.sg
    profiles = tuple(
        (*(o[s] for o in others[:player]), 0, *(o[s] for o in others[player:])) for s in range(len(sg.states))
    )
    bound = _markov_bound(sg, profiles)
    problem = stochastic_problem(env, bound, player)
    zero = Fraction(0)
    policy = problem.best_policy(zero)
    value = problem.value(policy)
    return tuple(
        frozenset(a for a in range(len(row)) if evaluate(problem.slack(value, s, a), zero) == 0)
        for s, row in enumerate(problem.choices)
    )


def _markov_bound(sg: StochasticGame, profiles: tuple[tuple[int, ...], ...]) -> BoundStochasticAgreement:
    states = range(len(sg.states))
    every = [product(*map(range, sg.games[state].shape)) for state in sg.states]
    following = tuple({p: {t: t for t in sg.chances(s, p)} for p in every[s]} for s in states)
    return BoundStochasticAgreement(sg.states, tuple(states), profiles, following, tuple(states))


def _strategies(shapes: Sequence[tuple[int, ...]], player: int) -> Iterator[Policy]:
    return product(*(range(shape[player]) for shape in shapes))


def _without(profile: tuple[Policy, ...], player: int) -> tuple[Policy, ...]:
    return profile[:player] + profile[player + 1 :]
