"""What moves reveal: trust along a history, the moves that mattered, and the chance that trust runs out.

The partner keeps the agreement or is of another type. After every period each type is as likely as before times the
probability that it would have produced what was observed (Bayes 1763): acts under perfect monitoring, acts that may
have misfired under trembles, labels under public signals. With two types the odds are multiplied by a likelihood ratio,
so a move matters as far as its ratio is from one.

A player keeps an agreement only while trust is at least the *stopping level*, the least prior at which keeping it from
the present state on is optimal (:mod:`detente.trust.region`). A player below that level stops, and an agreement in
which nothing more is revealed is not resumed: the level absorbs. How likely that is within so many periods follows from
the tree of histories, with histories that lead to the same states and beliefs taken together.

All this describes what a Bayesian with these types would believe. It is no estimate of what anybody believes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from html import escape
from math import log
from typing import Any

from detente.budget import ticking
from detente.errors import LabelError, ParameterError, ProfileError, UnsupportedError
from detente.exact.rational import fraction_text, to_probability
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.display import table_html
from detente.game.machine import BoundMachine, Machine, bind_machine
from detente.game.monitoring import PublicSignals, Trembles
from detente.game.repeated import RepeatedGame
from detente.trust.belief import opportunist_or_default
from detente.trust.learning_check import check_path
from detente.trust.region import trust_region
from detente.trust.types.partner_types import KEEPER, bound_agreement, require_two_players

OPPORTUNIST = "opportunist"
# Histories are taken together where they lead to the same beliefs; this many such nodes a period, at the most.
MAX_NODES = 100_000
# Seconds after which the chance of stopping gives up
DEFAULT_BUDGET = 60.0

Beliefs = tuple[Fraction, ...]  # one probability a type, the keeper first
Place = tuple[int, tuple[int, ...]]  # the agreement's state, and every other type's


@dataclass(frozen=True)
class TrustStep:
    """One period of a history.

    ``likelihoods`` gives for each type the probability of what was observed; ``ratio`` is the factor by which the odds
    of a keeper against all others changed (None if they were, or became, certain).
    """

    period: int
    state: str
    outcome: Any
    likelihoods: Mapping[str, Fraction]
    before: Fraction
    after: Fraction
    ratio: Fraction | None

    @property
    def weight(self) -> float:
        """How much the period mattered: the absolute change of the logarithm of the odds."""
        if self.ratio is None:
            return float("inf") if self.after != self.before else 0.0
        return abs(log(self.ratio)) if self.ratio else float("inf")

    def __repr__(self) -> str:
        change = f"{fraction_text(self.before)} → {fraction_text(self.after)}"
        return f"<TrustStep {self.period}: {self.outcome} in {self.state!r}, trust {change}>"


@dataclass(frozen=True)
class StoppingChance:
    """The chance that trust falls below the stopping level within ``periods``: overall, and if the type were known."""

    periods: int
    overall: Fraction
    by_type: Mapping[str, Fraction]


@dataclass(frozen=True)
class TrustPath:
    """A player's trust along a history of observed moves.

    Attributes
    ----------
    levels
        The probability that the partner keeps the agreement: the prior, then after every period.
    beliefs
        The same for all types.
    steps
        What happened in every period; see :class:`TrustStep`.
    """

    rg: RepeatedGame
    agreement: Agreement
    player: Any
    types: tuple[str, ...]
    beliefs: tuple[Mapping[str, Fraction], ...]
    steps: tuple[TrustStep, ...]
    _learner: _Learner = field(repr=False, compare=False)
    _places: tuple[Place, ...] = field(repr=False, compare=False)

    @property
    def levels(self) -> tuple[Fraction, ...]:
        return tuple(b[KEEPER] for b in self.beliefs)

    @property
    def trust(self) -> Fraction:
        """Trust after the last period."""
        return self.levels[-1]

    @property
    def state(self) -> str:
        """The agreement's state after the last period."""
        return self._learner.bound.states[self._places[-1][0]]

    @property
    def decisive(self) -> tuple[TrustStep, ...]:
        """The periods that changed trust, those that mattered most first."""
        return tuple(sorted((s for s in self.steps if s.weight), key=lambda s: -s.weight))

    @cached_property
    def stopping_levels(self) -> tuple[Fraction | None, ...]:
        """The least trust at which keeping the agreement is optimal, before each period and after the last.

        None where no trust suffices. Two types only; see :func:`detente.trust_region`.
        """
        return tuple(self._learner.stopping_level(place) for place in self._places)

    @property
    def stopped(self) -> int | None:
        """After how many periods trust was first below the stopping level; None if it never was."""
        for k, (trust, level) in enumerate(zip(self.levels, self.stopping_levels, strict=True)):
            if level is None or trust < level:
                return k
        return None

    def chance_of_stopping(
        self, periods: int, level: Any = None, *, budget: float | None = DEFAULT_BUDGET
    ) -> StoppingChance:
        """The chance that trust falls below the stopping level, or a given one, within so many further periods.

        Both sides are taken to act by type, the player keeping the agreement; exact. Different histories lead to
        different beliefs, of which there may be many: after ``budget`` seconds an ``UnsupportedError`` is raised.
        """
        if not isinstance(periods, int) or isinstance(periods, bool) or periods < 0:
            raise ParameterError("periods", periods, "a whole number of periods, 0 or more")
        fixed = None if level is None else to_probability(level, "level")
        start = tuple(self.beliefs[-1].values())
        tick = ticking(budget, f"{periods} periods")
        chances = self._learner.chances(self._places[-1], start, periods, fixed, tick)
        overall = sum((p * c for p, c in zip(start, chances, strict=True)), Fraction(0))
        return StoppingChance(periods, overall, dict(zip(self.types, chances, strict=True)))

    def verify(self) -> None:
        """Play the history again from the definitions and compare every likelihood and every belief."""
        known = self._learner
        check_path(self.rg, known.bound, known.player, known.types, self.types, self.beliefs, self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        first, last = fraction_text(self.levels[0]), fraction_text(self.trust)
        return f"<TrustPath of {self.player} over {len(self)} periods: {first} → {last}>"

    def _repr_html_(self) -> str:
        rows = [
            (str(s.period), [escape(s.state), escape(str(s.outcome)), fraction_text(s.before), fraction_text(s.after)])
            for s in self.steps
        ]
        return table_html(repr(self), ["period", "state", "observed", "trust before", "trust after"], rows)


def update_trust(
    rg: RepeatedGame,
    ag: Agreement,
    prior: Any,
    history: Sequence[Any],
    *,
    player: Any = 0,
    opportunist: Machine | None = None,
    types: Mapping[str, Machine] | None = None,
) -> TrustPath:
    """The trust of ``player`` that the partner keeps an agreement, through a history of observed moves.

    Parameters
    ----------
    prior
        The probability that the partner keeps the agreement; with ``types``, a mapping from their names to
        probabilities, whose rest to 1 is the keeper's.
    history
        For every period what became public: the profile of acts carried out (labels or indices), or under public
        signals the label. There the player is taken to have kept the agreement, and other types must play one action.
    opportunist
        The partner's other type, a :class:`Machine`; by default always the stage action that is worst for ``player``.
    types
        Any number of other types by name, in place of ``opportunist``.

    Raises
    ------
    ProfileError
        For a history that no type could have produced, or that does not fit the game.
    ParameterError
        For priors that are no probabilities.
    UnsupportedError
        For more than two players.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import trembles
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> rg = RepeatedGame(pd, "9/10", monitoring=trembles("1/10"))
    >>> moves = [("Relax", "Relax"), ("Relax", "Restrict"), ("Restrict", "Restrict"), ("Relax", "Relax")]
    >>> path = update_trust(rg, agreements.limited_punishment(pd, 1), "1/2", moves, player="US")
    >>> [str(level) for level in path.levels]
    ['1/2', '9/10', '1/2', '1/2', '9/10']
    >>> [step.period for step in path.decisive]
    [1, 2, 4]
    """
    learner = _Learner(rg, ag, player, opportunist, types)
    here = learner.prior(prior)
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise ProfileError("history", history, "a sequence of profiles or labels, one a period")
    place: Place = (0, (0,) * (len(learner.names) - 1))
    beliefs, places, steps = [here], [place], []
    for period, seen in enumerate(history, 1):
        outcome = learner.outcome(seen, period)
        likelihoods = learner.likelihoods(place, outcome)
        total = sum((p * q for p, q in zip(here, likelihoods, strict=True)), Fraction(0))
        if not total:
            raise ProfileError(f"history[{period - 1}]", seen, "something that a type thought possible could have done")
        after = tuple(p * q / total for p, q in zip(here, likelihoods, strict=True))
        steps.append(
            TrustStep(
                period,
                learner.bound.states[place[0]],
                seen,
                dict(zip(learner.names, likelihoods, strict=True)),
                here[0],
                after[0],
                _ratio(here[0], after[0]),
            )
        )
        place, here = learner.move(place, outcome), after
        places.append(place)
        beliefs.append(here)
    named = tuple(dict(zip(learner.names, b, strict=True)) for b in beliefs)
    who = rg.game.players[learner.player]
    return TrustPath(rg, ag, who, learner.names, named, tuple(steps), learner, tuple(places))


class _Learner:
    """An agreement and the partner's types on a repeated game, and what each makes likely."""

    def __init__(
        self,
        rg: RepeatedGame,
        ag: Agreement,
        player: Any,
        opportunist: Machine | None,
        types: Mapping[str, Machine] | None,
    ) -> None:
        require_two_players(rg)
        if types is not None and opportunist is not None:
            raise ParameterError("opportunist", opportunist, "either an opportunist or types, not both")
        self.rg, self.ag = rg, ag
        self.player = rg.game.player_index(player)
        self.partner = 1 - self.player
        if types is None:
            types = {OPPORTUNIST: opportunist_or_default(rg, self.player, opportunist)}
        if not isinstance(types, Mapping) or not types or KEEPER in types:
            raise ParameterError("types", types, f"a mapping from names other than {KEEPER!r} to machines")
        self.machines = types
        self.names = (KEEPER, *map(str, types))
        self.bound: BoundAgreement = bound_agreement(ag, rg, rg.monitoring)
        self.types: list[BoundMachine] = [bind_machine(m, rg.game, self.partner) for m in types.values()]
        self.signals = isinstance(rg.monitoring, PublicSignals)
        if self.signals and any(len(t.states) > 1 for t in self.types):
            raise UnsupportedError("types", list(types), "types of one state: under public signals acts are not seen")
        self._levels: dict[Place, Fraction | None] = {}

    def prior(self, given: Any) -> Beliefs:
        if isinstance(given, Mapping):
            for name in given:
                if name not in self.names:
                    raise LabelError("type in prior", name, self.names)
            others = [to_probability(given.get(name, 0), f"prior[{name!r}]") for name in self.names[1:]]
            rest = 1 - sum(others, Fraction(0))
            keeper = to_probability(given[KEEPER], f"prior[{KEEPER!r}]") if KEEPER in given else rest
            if rest < 0 or keeper != rest:
                raise ParameterError("prior", dict(given), "probabilities that add up to 1")
            return (keeper, *others)
        if len(self.names) > 2:
            raise ParameterError("prior", given, f"a mapping from {list(self.names[1:])} to probabilities")
        trust = to_probability(given, "prior")
        return (trust, 1 - trust)

    def outcome(self, seen: Any, period: int) -> tuple[int, ...]:
        """What was observed, by index."""
        if self.signals:
            labels = self.rg.monitoring.labels  # type: ignore[union-attr]
            if seen not in labels:
                raise LabelError(f"history[{period - 1}]", seen, labels)
            return (labels.index(seen),)
        return self.rg.game.pure_profile(seen)

    def acts(self, place: Place) -> list[int]:
        """What each type means to do, the keeper first."""
        s, modes = place
        return [self.bound.play[s][self.partner], *(t.play[m] for t, m in zip(self.types, modes, strict=True))]

    def likelihoods(self, place: Place, outcome: tuple[int, ...]) -> Beliefs:
        """The probability of what was observed if the partner is of each type, given what the player did."""
        intended = self.acts(place)
        if self.signals:
            own = self.bound.play[place[0]][self.player]
            profiles = [(own, act) if self.player == 0 else (act, own) for act in intended]
            chances = [self.rg.monitoring.distribution(self.rg.game, p) for p in profiles]  # type: ignore[union-attr]
            return tuple(row[outcome[0]] for row in chances)
        return tuple(self._carried_out(act, outcome[self.partner], self.partner) for act in intended)

    def _carried_out(self, intended: int, done: int, who: int) -> Fraction:
        monitoring, actions = self.rg.monitoring, self.rg.game.shape[who]
        eps = monitoring.eps if isinstance(monitoring, Trembles) and actions > 1 else Fraction(0)
        return 1 - eps if intended == done else eps / (actions - 1)

    def move(self, place: Place, outcome: tuple[int, ...]) -> Place:
        s, modes = place
        if self.signals:
            return self.bound.move[s][outcome], modes
        own = outcome[self.player]
        return self.bound.move[s][outcome], tuple(t.move[m][own] for t, m in zip(self.types, modes, strict=True))

    def stopping_level(self, place: Place) -> Fraction | None:
        """The least trust at which keeping the agreement from here on is optimal."""
        if place not in self._levels:
            if len(self.types) != 1:
                raise UnsupportedError("types", list(self.names), "one other type, for which a stopping level exists")
            ag = Agreement(self.ag.play, self.ag.move, self.bound.states[place[0]], self.ag.name)
            (machine,) = self.machines.values()
            restarted = Machine(machine.play, machine.move, self.types[0].states[place[1][0]], machine.name)
            region = trust_region(self.rg, ag, player=self.player, opportunist=restarted)
            self._levels[place] = region.least  # type: ignore[assignment]
        return self._levels[place]

    def chances(
        self, place: Place, beliefs: Beliefs, periods: int, fixed: Fraction | None, tick: Callable[[], None]
    ) -> Beliefs:
        """For each type, the probability that trust falls below the level within so many periods."""
        stopped = [Fraction(0)] * len(self.names)
        alive: dict[tuple[Place, Beliefs], list[Fraction]] = {(place, beliefs): [Fraction(1)] * len(self.names)}
        for period in range(periods + 1):
            ahead: dict[tuple[Place, Beliefs], list[Fraction]] = {}
            for (here, belief), reached in alive.items():
                tick()
                level = self.stopping_level(here) if fixed is None else fixed
                if level is None or belief[0] < level:
                    stopped = [a + b for a, b in zip(stopped, reached, strict=True)]
                elif period < periods:
                    self._spread(here, belief, reached, ahead)
            if len(ahead) > MAX_NODES:
                raise ParameterError("periods", periods, f"fewer: more than {MAX_NODES} different beliefs arise")
            if not ahead:
                break
            alive = ahead
        return tuple(stopped)

    def _spread(self, here: Place, belief: Beliefs, reached: list[Fraction], ahead: dict[Any, list[Fraction]]) -> None:
        own = self.bound.play[here[0]][self.player]
        for outcome in self.bound.move[here[0]]:
            seen = self.likelihoods(here, outcome)
            chance = Fraction(1) if self.signals else self._carried_out(own, outcome[self.player], self.player)
            total = chance * sum((p * q for p, q in zip(belief, seen, strict=True)), Fraction(0))
            if total:
                after = tuple(p * q * chance / total for p, q in zip(belief, seen, strict=True))
                weights = ahead.setdefault((self.move(here, outcome), after), [Fraction(0)] * len(reached))
                for k, (r, q) in enumerate(zip(reached, seen, strict=True)):
                    weights[k] += r * q * chance


def _ratio(before: Fraction, after: Fraction) -> Fraction | None:
    if not 0 < before < 1 or after == 1:
        return None
    return after * (1 - before) / ((1 - after) * before)
