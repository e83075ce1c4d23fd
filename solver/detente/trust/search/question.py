"""The search itself: one question about a repeated game, resolved once and answered by any of the three criteria.

Sizes are searched from one state on. Families of subgame-perfect automata come from skeletons; for trust they are
split as far as the demand depends on them, for patience the sets over δ of all skeletons are compared, and for noise
they are walked by the compiled sieve. See :mod:`detente.trust.search.least_demanding` for what the criteria mean.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from heapq import nsmallest
from math import prod
from typing import Any, NamedTuple

from detente.errors import ParameterError, UnsupportedError
from detente.exact.intervals import End, end_text
from detente.game.agreement import Agreement
from detente.game.machine import Machine, bind_machine
from detente.game.machines import always
from detente.game.monitoring import Perfect, Trembles, perfect
from detente.game.repeated import RepeatedGame
from detente.trust.belief import worst_action
from detente.trust.search.check import Claim
from detente.trust.search.deterrence import Deterrence, DeterrenceOverPatience
from detente.trust.search.known_agreements import known_agreements
from detente.trust.search.noise_demand import NoiseSearch, OutOfTimeError
from detente.trust.search.pareto import Demands, pareto_set
from detente.trust.search.public_automata import (
    Automaton,
    Family,
    Outcomes,
    Skeleton,
    Target,
    code,
    mirrored,
    skeletons,
    target_of,
    to_agreement,
    without_joint,
)
from detente.trust.search.trust_demand import TrustDemand, TrustSearch

COUNTED_TIES = 200_000
ROWS_TRIED = 1_000_000  # to count them
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Equivalence:
    """What one of the best agreements stands for.

    Attributes
    ----------
    variants
        How many automata with these states differ only in what follows when both depart in one period, which makes no
        difference while acts are seen; 1 for noise, where it does.
    mirror
        The place in ``best`` of its image under an exchange of the players, where the game is symmetric and the image
        is listed; its own place if it is its own image.
    known_as
        Names in the literature for agreements that prescribe the same (while acts are seen, up to ``variants``).
    """

    variants: int
    mirror: int | None
    known_as: tuple[str, ...]


@dataclass(frozen=True)
class ParetoPoint:
    """Demands that cannot all be improved on, and the agreements that have them."""

    trust: Fraction
    discount: End
    noise: End
    agreements: tuple[Agreement, ...]

    def __repr__(self) -> str:
        names = ", ".join(ag.name or "unnamed" for ag in self.agreements)
        numbers = f"trust {end_text(self.trust)}, discount {end_text(self.discount)}, noise {end_text(self.noise)}"
        return f"<{numbers}: {names}>"


class Answer(NamedTuple):
    """What a search found; the names are those of :class:`~detente.trust.search.least_demanding.LeastDemanding`."""

    value: End | None
    best: tuple[Agreement, ...]
    ties: Mapping[int, int]
    ties_complete: bool
    equivalences: tuple[Equivalence, ...]
    searched: Mapping[str, int]
    complete: bool


class Question:
    """One question, resolved: the game with acts seen, the path, the opportunists, and the clock."""

    def __init__(
        self,
        rg: RepeatedGame,
        max_states: int,
        player: Any,
        opportunist: Machine | None,
        path: Any,
        eventually: bool,
        max_ties: int,
        budget: float | None,
        progress: Progress | None,
    ) -> None:
        if not isinstance(rg, RepeatedGame):
            raise ParameterError("rg", rg, "a RepeatedGame")
        if rg.game.n_players != 2:
            raise UnsupportedError("game", f"{rg.game.n_players} players", "a two-player game")
        if not isinstance(rg.monitoring, Perfect | Trembles):
            raise UnsupportedError("monitoring", rg.monitoring, "perfect() or trembles(eps): acts are public")
        self.rg = rg.replace(monitoring=perfect())
        self.game = rg.game
        self.max_states = max_states
        self.max_ties = max_ties
        self.budget = budget
        self.progress = progress
        self.outcomes = Outcomes((self.game.shape[0], self.game.shape[1]))
        self.target: Target = target_of(self.game, path, eventually)
        self.players = (0, 1) if player is None else (self.game.player_index(player),)
        self.machines = {
            i: always(self.game.actions[1 - i][worst_action(self.rg, i)]) if opportunist is None else opportunist
            for i in self.players
        }
        self.deterrence = Deterrence(self.rg, self.outcomes)
        self.demands = [
            TrustDemand(self.deterrence, i, bind_machine(self.machines[i], self.game, 1 - i)) for i in self.players
        ]
        self.patience = DeterrenceOverPatience(self.rg, self.outcomes)
        self.counts: dict[str, int] = {}
        self.start_clock()

    def start_clock(self) -> None:
        self.deadline = None if self.budget is None else time.monotonic() + self.budget

    def check(self) -> None:
        """Raise :class:`OutOfTimeError` once the budget is used up."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise OutOfTimeError

    def answer(self, criterion: str) -> Answer:
        """Look for the least demanding by one criterion, for as long as the budget lasts."""
        self.start_clock()
        m = self.outcomes.count
        self.counts = {"automata": sum(m**n * n ** (m * n) for n in range(1, self.max_states + 1))}
        finder = {"trust": self._trust, "discount": self._discount, "noise": self._noise}[criterion]
        state = _Found()
        complete = True
        try:
            finder(state)
        except OutOfTimeError:
            complete = False
        members, ties_complete = self._distinct(state)
        agreements, equivalences = self._present(members, criterion)
        return Answer(
            state.value,
            agreements,
            dict(sorted(Counter(len(a.play) for a in members).items())),
            ties_complete and complete,
            equivalences,
            dict(self.counts),
            complete,
        )

    def _skeletons(self, size: int, stage: str) -> Iterator[Skeleton]:
        if self.progress is not None:
            self.progress(stage, size)
        for skeleton in skeletons(self.outcomes, size, self.target):
            self.check()
            yield skeleton

    def _families(self, size: int, stage: str) -> Iterator[Family]:
        """The subgame-perfect automata of one size at the game's own patience."""
        for skeleton in self._skeletons(size, stage):
            family = self.deterrence.family(skeleton)
            self._count("skeletons on the path")
            if family is None:
                self._count("skeletons with a departure that no state deters")
            else:
                self._count("automata left", prod(len(c) for c in family.choices.values()))
                yield family

    def _trust(self, found: _Found) -> None:
        search = TrustSearch(self.demands, self.check)
        try:
            for size in range(1, self.max_states + 1):
                for family in self._families(size, "trust"):
                    search.offer(family)
        finally:
            found.value, found.families = search.value, search.ties
            self._count("branches looked at", search.branches)
            self._count("branches left because one player needs more trust", search.left)

    def _discount(self, found: _Found) -> None:
        below: End = Fraction(1)
        for size in range(1, self.max_states + 1):
            for skeleton in self._skeletons(size, "discount"):
                self._count("skeletons on the path")
                least = self.patience.least(skeleton, below)
                if least is None:
                    self._count("skeletons that need at least as much patience as the best before")
                else:
                    found.value = below = least
        if found.value is not None:
            for size in range(1, self.max_states + 1):
                for skeleton in self._skeletons(size, "ties"):
                    family = self.patience.family(skeleton, found.value)
                    if family is not None:
                        found.families.append(family)

    def _noise(self, found: _Found) -> None:
        noise = NoiseSearch(self.rg, self.outcomes, self.check)
        try:
            for size in range(1, self.max_states + 1):
                value, automata = noise.best(list(self._families(size, "noise")), found.value, self.max_ties)
                if value is not None:
                    kept = found.automata if value == found.value else []
                    found.value, found.automata = value, list(dict.fromkeys([*kept, *automata]))
                    if value == noise.cap:  # none stands more; larger ones that stand as much are not looked for
                        found.all = size == self.max_states and len(found.automata) < self.max_ties
                        return
        finally:
            self._count("automata measured in floating point", noise.seen)
            self._count("automata discarded before all their moves were fixed", noise.skipped)
            self._count("automata measured exactly", noise.measured)

    def _distinct(self, found: _Found) -> tuple[Collection[Automaton], bool]:
        """The different agreements that attain the value, and whether these are all."""
        if not found.families:
            return found.automata, found.all
        # In the order of size: every member of a family of the least size counts, or a smaller one would have.
        members: set[Automaton] = set()
        rows = 0
        for family in found.families:
            rows += prod(len(c) for c in family.choices.values())
            for member in family.members():
                members.add(member)
                if len(members) >= COUNTED_TIES:
                    return members, False
            if rows > ROWS_TRIED:
                return members, False
        return members, True

    def _present(
        self, automata: Collection[Automaton], criterion: str
    ) -> tuple[tuple[Agreement, ...], tuple[Equivalence, ...]]:
        """The first agreements, by size and known ones first, with names, and what each stands for."""
        known = known_agreements(self.game, self.target, self.outcomes, self.max_states)
        names: dict[Automaton, list[Agreement]] = {}
        for full, ag in known:
            names.setdefault(full if criterion == "noise" else without_joint(full, self.outcomes), []).append(ag)
        listed = nsmallest(self.max_ties, automata, key=lambda a: (len(a.play), a not in names, a))
        place = {a: k for k, a in enumerate(listed)}
        free = self.outcomes.count - 1 - self.outcomes.unilateral
        agreements, equivalences = [], []
        for a in listed:
            n = len(a.play)
            alike = names.get(a, [])
            agreements.append(alike[0] if alike else to_agreement(a, self.outcomes, self.game, code(a)))
            mirror = place.get(mirrored(a, self.outcomes)) if self._is_symmetric else None
            variants = 1 if criterion == "noise" else n ** (n * free)
            equivalences.append(Equivalence(variants, mirror, tuple(dict.fromkeys(ag.name for ag in alike))))
        return tuple(agreements), tuple(equivalences)

    @cached_property
    def _is_symmetric(self) -> bool:
        u = self.game.exact_payoffs
        square = self.game.shape[0] == self.game.shape[1]
        return square and bool((u[0] == u[1].T).all()) and len(set(self.rg.discount)) == 1

    def pareto(self) -> tuple[tuple[ParetoPoint, ...], bool]:
        """The Pareto set, and whether it was finished within a budget of its own."""
        self.start_clock()
        found: list[Demands] = []
        complete = True
        noise = NoiseSearch(self.rg, self.outcomes, self.check)
        try:
            families = [f for size in range(1, self.max_states + 1) for f in self._families(size, "Pareto set")]
            pareto_set(families, self.demands, self.patience, noise, self.max_ties, self.check, found)
        except OutOfTimeError:
            complete = False
        points = []
        for point in found:
            agreements, _ = self._present(point.automata, "noise")
            points.append(ParetoPoint(point.trust, point.discount, point.noise, agreements))
        return tuple(points), complete

    def claim(self, criterion: str, value: End | None, best: tuple[Agreement, ...], states: int) -> Claim:
        """What the independent check needs to know."""
        cycle = [self.outcomes.profiles[p] for p in self.target.cycle]
        machines = {i: self.machines[i] for i in self.players}
        return Claim(self.rg, criterion, value, best, cycle, self.target.eventually, machines, states)

    def _count(self, what: str, by: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + by


@dataclass
class _Found:
    """The best so far: its value, and the families, or the full automata, that attain it."""

    value: End | None = None
    families: list[Family] = field(default_factory=list)
    automata: list[Automaton] = field(default_factory=list)
    all: bool = True
