"""Which agreement needs the least trust, the least patience, or stands the most noise?

The search runs over *all* public automata with at most a given number of states that keep the two players on a given
path (by default both relaxing for ever) as long as nobody departs. Three demands:

* **trust**: the least prior μ that the partner keeps the agreement at which keeping it is optimal against every plan
  (:func:`detente.trust_region`), for one player, or the larger of both players'; the agreement must be subgame perfect
  at the repeated game's own patience;
* **discount**: the least common δ at which it is subgame perfect;
* **noise**: the most noise it stands: the largest ε̄ such that it is subgame perfect under trembles at every ε up to ε̄,
  at the repeated game's own patience.

Trust and patience are demands while acts are seen; only the last criterion lets acts miscarry. Hazard, payoffs and,
where it is not what is sought, patience keep the repeated game's values.

The answer is exact and complete: no automaton is left out but by an argument that holds for it. The arguments are in
the modules: skeletons and independent threats (:mod:`~detente.trust.search.public_automata`), exact sets of patience
(:mod:`~detente.trust.search.deterrence`), demands for trust that depend on few moves
(:mod:`~detente.trust.search.trust_demand`), a sieve for noise with certified rounding
(:mod:`~detente.trust.search.kernel`), and the Pareto set (:mod:`~detente.trust.search.pareto`). Optimal penal codes
(Abreu 1988; :func:`detente.least_discount`) answer the question of patience for threats of any length; here they have
few states, and trust and noise can be asked for.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from heapq import nsmallest
from html import escape
from math import prod
from typing import Any, Literal

from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import End, end_text
from detente.game.agreement import Agreement
from detente.game.machine import Machine, bind_machine
from detente.game.machines import always
from detente.game.monitoring import Perfect, Trembles, perfect
from detente.game.repeated import RepeatedGame
from detente.trust.belief import worst_action
from detente.trust.search.check import Claim, refute
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

Criterion = Literal["trust", "discount", "noise"]
CRITERIA = ("trust", "discount", "noise")
MAX_STATES = 6
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


@dataclass(frozen=True)
class LeastDemanding:
    """The agreements that demand least, by one criterion.

    Attributes
    ----------
    value
        The demand, exactly (for noise: what the agreement stands); None if no automaton of this size will do.
    best
        Agreements that attain it, fewest states first; all of them if ``ties`` add up to their number. For trust and
        patience one agreement stands for all that prescribe the same unless both depart in one period.
    ties
        How many different agreements attain it, by number of states.
    ties_complete
        Whether those numbers are exact; otherwise there are at least so many.
    equivalences
        For each of ``best`` what it stands for (:class:`Equivalence`).
    searched
        Counts: the automata with up to ``max_states`` states in all, the skeletons that keep to the path, those dropped
        because a departure cannot be deterred, the automata left, and what the criterion's own pruning did.
    complete
        Whether it is proven that no automaton with up to ``max_states`` states demands less.
    """

    rg: RepeatedGame
    criterion: str
    max_states: int
    players: tuple[Any, ...]
    value: End | None
    best: tuple[Agreement, ...]
    ties: Mapping[int, int]
    ties_complete: bool
    equivalences: tuple[Equivalence, ...]
    searched: Mapping[str, int]
    complete: bool
    search: _Search = field(repr=False, compare=False)

    @cached_property
    def _pareto(self) -> tuple[tuple[ParetoPoint, ...], bool]:
        return self.search.pareto()

    @property
    def pareto(self) -> tuple[ParetoPoint, ...]:
        """The Pareto set in trust, patience and noise of the agreements subgame perfect at ``rg``'s own patience.

        Computed when first asked for, within a budget of the same length as the search's.
        """
        return self._pareto[0]

    @property
    def pareto_complete(self) -> bool:
        """Whether the Pareto set was finished within the budget."""
        return self._pareto[1]

    def explain(self) -> str:
        """One sentence: what demands least, and how much."""
        size = f"up to {self.max_states} state{'s' if self.max_states > 1 else ''}"
        scope = f"Of all public automata with {size} that keep to the path"
        if self.value is None:
            return f"{scope}, none will do{'' if self.complete else ' as far as the budget went'}."
        more = sum(self.ties.values()) - 1
        others = f"; {'' if self.ties_complete else 'at least '}{more} more do as well" if more else ""
        name = self.best[0].name or "the one found"
        verb = {
            "trust": "needs the least trust",
            "discount": "needs the least patience",
            "noise": "stands the most noise",
        }[self.criterion]
        proviso = "" if self.complete else " (as far as the budget went)"
        return f"{scope}, {name} {verb}, {end_text(self.value)}{others}{proviso}."

    def verify(self) -> None:
        """Check the best agreements, and that no automaton of one or two states beats them, by independent code.

        Raises a :class:`~detente.errors.CertificateError` on a mismatch. The optimality over larger automata rests on
        the search itself.
        """
        refute(
            self.search.claim(self.criterion, self.value, self.best, min(self.max_states, 2) if self.complete else 0)
        )
        if self.value is not None and not self.best:
            raise CertificateError("best", self.best, "an agreement that attains the value")

    def __repr__(self) -> str:
        value = "none" if self.value is None else end_text(self.value)
        count = sum(self.ties.values())
        note = "" if self.complete else ", incomplete"
        return f"<LeastDemanding in {self.criterion}: {value}, {count} agreement{'s' if count != 1 else ''}{note}>"

    def _repr_html_(self) -> str:
        tables = "".join(ag._repr_html_() for ag in self.best[:3])
        return f"<p>{escape(self.explain())}</p>{tables}"


def least_demanding(
    rg: RepeatedGame,
    max_states: int = 3,
    criterion: Criterion = "trust",
    *,
    player: Any = None,
    opportunist: Machine | None = None,
    path: Any = None,
    eventually: bool = False,
    max_ties: int = 100,
    budget: float | None = 600.0,
    progress: Progress | None = None,
) -> LeastDemanding:
    """The agreements, among all public automata of up to ``max_states`` states, that demand least.

    Parameters
    ----------
    criterion
        ``"trust"``, ``"discount"`` or ``"noise"``; see the module for what each means. Acts are taken to be seen, but
        for ``"noise"``: trembles of ``rg``'s own are set aside.
    player
        Whose trust counts; by default the larger of both players'.
    opportunist
        The partner's other type, a :class:`~detente.Machine`; by default one who always plays the action that is worst
        for the player.
    path
        The profile to be played as long as nobody departs, or a sequence of profiles to be repeated; by default
        everyone's first action.
    eventually
        Whether the agreement may come to the path only after some periods.
    max_ties
        How many agreements are listed; all are counted, up to 200,000.
    budget
        Seconds; when they are used up the best found so far is returned with ``complete=False``. None for no limit.
    progress
        Called now and then with the stage of the search and the number of states it is at.

    Raises
    ------
    UnsupportedError
        For games of more than two players, and public signals.
    ParameterError, LabelError, ProfileError, AgreementError
        For arguments out of range, and labels that the game does not have.

    Examples
    --------
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> found = least_demanding(RepeatedGame(pd, "9/10"), max_states=2)
    >>> found.value, found.best[0].name, found.complete
    (Fraction(1, 17), 'grim trigger', True)
    >>> least_demanding(RepeatedGame(pd, "9/10"), max_states=2, criterion="discount").value
    Fraction(1, 2)
    """
    if criterion not in CRITERIA:
        raise LabelError("criterion", criterion, CRITERIA)
    if isinstance(max_states, bool) or not isinstance(max_states, int) or not 1 <= max_states <= MAX_STATES:
        raise ParameterError("max_states", max_states, f"a whole number from 1 to {MAX_STATES}")
    if isinstance(max_ties, bool) or not isinstance(max_ties, int) or max_ties < 1:
        raise ParameterError("max_ties", max_ties, "a whole number, at least 1")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0):
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    search = _Search(rg, max_states, player, opportunist, path, bool(eventually), max_ties, budget, progress)
    return search.run(criterion)


class _Search:
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
        self.given = rg
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

    def run(self, criterion: str) -> LeastDemanding:
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
        return LeastDemanding(
            self.given,
            criterion,
            self.max_states,
            tuple(self.game.players[i] for i in self.players),
            state.value,
            agreements,
            dict(sorted(Counter(len(a.play) for a in members).items())),
            ties_complete and complete,
            equivalences,
            dict(self.counts),
            complete,
            self,
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
        search = TrustSearch(self.demands)
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
            self._count("automata discarded before the moves after both depart", noise.skipped)
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
