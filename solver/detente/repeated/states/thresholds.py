"""Stochastic games: incentives of agreements, the parameters at which they hold, and pure Markov-perfect equilibria.

When the others keep an agreement, a player faces a discounted decision problem whose states are pairs of automaton
state and state of the world, so everything known of repeated games carries over: values are rational functions of a
parameter, each one-shot-deviation constraint is the sign of a polynomial (Blackwell 1965; Mailath and Samuelson 2006,
section 5.5), and the set of values at which the agreement holds is a finite union of intervals with exact ends.

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

from detente.equilibrium.nash import deadline
from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import IntervalSet
from detente.exact.polynomial import evaluate
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_nonnegative
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import BoundStochasticAgreement, StochasticAgreement
from detente.repeated.decision import DecisionProblem, Policy
from detente.repeated.incentives import ByPlayer, Deviation, Incentives, Values
from detente.repeated.states.check import is_nash_stochastic, is_subgame_perfect_stochastic, stochastic_slacks
from detente.repeated.states.kernel import (
    StochasticEnvironment,
    prescribed_actions,
    resolve_stochastic_over,
    stochastic_problem,
    with_stochastic_parameter,
)
from detente.repeated.thresholds import CONCEPTS, claim_text

# Best replies are computed against at most this many Markov strategies of the others, for each player.
MAX_STRATEGIES = 100_000
# Up to this many profiles, verify() also confirms that no equilibrium is missing.
MAX_RECOUNT = 512


@dataclass(frozen=True, repr=False)
class StochasticIncentives(Incentives):
    """Values and one-shot-deviation slacks at every node (automaton state and state of the world) that is reachable."""

    rg: StochasticGame  # type: ignore[assignment]
    agreement: StochasticAgreement  # type: ignore[assignment]

    def verify(self) -> None:
        """Check every value, every slack and ``holds`` by code that shares nothing with the solver.

        Raises :class:`CertificateError` where it differs.
        """
        expected = stochastic_slacks(self.rg, self.agreement)
        for row in self.table:
            if expected[row.state, row.player, row.deviation] != (self.values[row.state][row.player], row.slack):
                raise CertificateError("incentives", row, "the independent one-shot-deviation check to agree")
        if is_subgame_perfect_stochastic(self.rg, self.agreement) != self.holds:
            raise CertificateError("incentives", self.holds, "the independent one-shot-deviation check to agree")


def stochastic_incentives(sg: StochasticGame, agreement: Any) -> StochasticIncentives:
    """Values and one-shot-deviation slacks of an agreement at every reachable node, exactly.

    ``agreement`` is a :class:`~detente.game.stochastic_agreement.StochasticAgreement`, a mapping from states of the
    world to profiles (a Markov profile), or an ordinary agreement that plays alike in every state.

    Raises
    ------
    AgreementError, LabelError
        For an agreement that does not fit the game.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> from detente.game.truce import truce_game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> sg = truce_game(pd, lapse="1/10", renewal="1/5", discount="9/10")
    >>> inc = stochastic_incentives(sg, {"truce": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")})
    >>> inc.values["truce"]["US"], inc.holds
    (Fraction(93, 37), True)
    """
    _check_game(sg)
    ag = StochasticAgreement.of(agreement)
    bound = ag.bind(sg)
    env = StochasticEnvironment(sg)
    zero = Fraction(0)
    columns: list[list[Fraction]] = []
    rows: list[tuple[int, Deviation]] = []
    for player, name in enumerate(sg.players):
        problem = stochastic_problem(env, bound, player)
        policy = prescribed_actions(bound, player)
        value = problem.value(policy)
        columns.append([value.at(k, zero) for k in range(len(bound.names))])
        scale = evaluate(value.denominator, zero)
        for node, action, label in _deviations(sg, bound, player):
            slack = evaluate(problem.slack(value, node, action), zero) / scale
            rows.append((node, Deviation(bound.names[node], name, label, slack)))
    table = {state: ByPlayer([column[k] for column in columns], sg.players) for k, state in enumerate(bound.names)}
    rows.sort(key=lambda row: row[0])
    return StochasticIncentives(sg, ag, Values(table), tuple(row for _, row in rows))


def stochastic_holds_where(
    sg: StochasticGame,
    agreement: Any,
    over: Any = "discount",
    concept: str = "subgame-perfect",
    *,
    player: Any = None,
) -> Region:
    """The exact set of values of one parameter at which an agreement holds; the others keep the game's values.

    Parameters
    ----------
    over
        ``"discount"`` (common to all), ``("discount", player)``, ``"breakdown"``,
        ``("payoff", state, player, profile)``, or the name of a transition parameter.
    concept
        ``"subgame-perfect"`` (optimal at every node that any acts can reach) or ``"nash"``. If the game's ``start`` is
        None, from whichever state is the first; for a Markov profile the former is then Markov perfection.
    player
        Count this player's incentives only.

    Raises
    ------
    LabelError
        For an unknown parameter, concept, player, state or action.
    AgreementError
        For an agreement that does not fit the game.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> from detente.game.truce import truce_game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> sg = truce_game(pd, lapse="1/10", renewal="1/5", discount="9/10")
    >>> kept = {"truce": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")}
    >>> stochastic_holds_where(sg, kept, "lapse").intervals
    ([0, 31/90],)
    """
    if concept not in CONCEPTS:
        raise LabelError("concept", concept, CONCEPTS)
    _check_game(sg)
    ag = StochasticAgreement.of(agreement)
    choice = resolve_stochastic_over(over, sg)
    bound = ag.bind(sg)
    env = StochasticEnvironment(sg, choice)
    constraints: list[tuple[Constraint, IntervalSet]] = []
    whose = range(sg.n_players) if player is None else [sg.games[sg.states[0]].player_index(player)]
    for i in whose:
        problem = stochastic_problem(env, bound, i)
        policy = prescribed_actions(bound, i)
        if concept == "nash":
            constraints += _nash_constraints(sg, problem, policy, bound, i)
            continue
        value = problem.value(policy)
        for node, action, label in _deviations(sg, bound, i):
            holds = where_nonnegative(problem.slack(value, node, action), problem.domain)
            constraints.append((Constraint(sg.players[i], bound.names[node], label), holds))
    check = is_nash_stochastic if concept == "nash" else is_subgame_perfect_stochastic

    def holds_at(x: Fraction) -> bool:
        return check(with_stochastic_parameter(sg, choice, x), ag, whose)

    who = None if player is None else sg.players[whose[0]]
    return region_of(choice.label(sg), claim_text(ag, concept, who), env.domain, constraints, holds_at)


# --- Markov-perfect equilibria -----------------------------------------------------------------------------------


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
        return stochastic_holds_where(self.game.replace(start=None), self.agreement, over)

    def verify(self) -> None:
        """Check by separate code that no one-shot deviation gains in any state."""
        if not is_subgame_perfect_stochastic(self.game.replace(start=None), self.agreement):
            raise CertificateError("Markov equilibrium", dict(self.play), "a profile without profitable deviations")


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
        for equilibrium in self.equilibria:
            equilibrium.verify()
        games = [self.game.games[state] for state in self.game.states]
        if not self.complete or prod(prod(g.shape) for g in games) > MAX_RECOUNT:
            return
        anywhere = self.game.replace(start=None)
        found = {tuple(e.play.values()) for e in self.equilibria}
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
                values = stochastic_incentives(anywhere, play).values
                found.append(MarkovEquilibrium(game, play, values))
    found.sort(key=lambda e: [game.games[state].pure_profile(p) for state, p in e.play.items()])
    return MarkovEquilibria(game, tuple(found), True)


def _check_game(game: Any) -> None:
    if not isinstance(game, StochasticGame):
        raise ParameterError("game", game, "a RepeatedGame or a StochasticGame")


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


def _deviations(sg: StochasticGame, bound: BoundStochasticAgreement, player: int) -> Iterator[tuple[int, int, Any]]:
    """Every node and action of the player that is not the prescribed one, with the action's label."""
    for node, s in enumerate(bound.world):
        for action, label in enumerate(sg.games[sg.states[s]].actions[player]):
            if action != bound.play[node][player]:
                yield node, action, label


def _nash_constraints(
    sg: StochasticGame, problem: DecisionProblem, policy: Policy, bound: BoundStochasticAgreement, player: int
) -> list[tuple[Constraint, IntervalSet]]:
    """One constraint a first node: the whole plan, named by the first node at which a better plan departs."""
    found = []
    for start in bound.starts:
        attained = problem.attained_set(policy, start)
        departures = (problem.first_departure(policy, rival, start) for rival, _ in attained.rivals)
        node, action = next((d for d in departures if d is not None), (start, policy[start]))
        label = sg.games[sg.states[bound.world[node]]].actions[player][action]
        found.append((Constraint(sg.players[player], bound.names[node], label), attained.set))
    return found
