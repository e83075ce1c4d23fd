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

The answer is exact and complete: no automaton is left out but by an argument that holds for it. The search is in
:mod:`~detente.trust.search.question`. The arguments are in the modules it uses: skeletons and independent threats
(:mod:`~detente.trust.search.public_automata`), exact sets of patience (:mod:`~detente.trust.search.deterrence`),
demands for trust that depend on few moves (:mod:`~detente.trust.search.trust_demand`), branch and bound over noise with
certified rounding (:mod:`~detente.trust.search.kernel`), and the Pareto set (:mod:`~detente.trust.search.pareto`).
Optimal penal codes (Abreu 1988; :func:`detente.least_discount`) answer the question of patience for threats of any
length; here they have few states, and trust and noise can be asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any, Literal

from detente.errors import CertificateError, LabelError, ParameterError
from detente.exact.intervals import End, end_text
from detente.game.agreement import Agreement
from detente.game.labels import is_among
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.trust.search.check import refute
from detente.trust.search.question import Equivalence, ParetoPoint, Progress, Question

__all__ = ["Equivalence", "LeastDemanding", "ParetoPoint", "least_demanding"]

Criterion = Literal["trust", "discount", "noise"]
CRITERIA = ("trust", "discount", "noise")
MAX_STATES = 6
CHECKED_STATES = 3


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
    question: Question = field(repr=False, compare=False)

    @cached_property
    def _pareto(self) -> tuple[tuple[ParetoPoint, ...], bool]:
        return self.question.pareto()

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
        """Check the best agreements, and that no automaton of up to three states beats them, by independent code.

        Raises a :class:`~detente.errors.CertificateError` on a mismatch. In games of more than four outcomes tables of
        three states are too many, and two are checked. Optimality over larger automata rests on the search itself.
        """
        size = min(self.max_states, CHECKED_STATES) if self.complete else 0
        refute(self.question.claim(self.criterion, self.value, self.best, size))
        if self.value is not None and not self.best:
            raise CertificateError("best", self.best, "an agreement that attains the value")
        listed = Counter(len(agreement.play) for agreement in self.best)
        if any(self.ties.get(states, 0) < count for states, count in listed.items()):
            raise CertificateError("ties", dict(self.ties), f"at least those listed, {dict(listed)}")
        if any(states > self.max_states or count < 1 for states, count in self.ties.items()):
            raise CertificateError("ties", dict(self.ties), f"counts by number of states, up to {self.max_states}")

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
    if not is_among(criterion, CRITERIA):
        raise LabelError("criterion", criterion, CRITERIA)
    if isinstance(max_states, bool) or not isinstance(max_states, int) or not 1 <= max_states <= MAX_STATES:
        raise ParameterError("max_states", max_states, f"a whole number from 1 to {MAX_STATES}")
    if progress is not None and not callable(progress):
        raise ParameterError("progress", progress, "a function of a stage's name and a number of states, or None")
    if isinstance(max_ties, bool) or not isinstance(max_ties, int) or max_ties < 1:
        raise ParameterError("max_ties", max_ties, "a whole number, at least 1")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0):
        raise ParameterError("budget", budget, "a positive number of seconds, or None")
    question = Question(rg, max_states, player, opportunist, path, bool(eventually), max_ties, budget, progress)
    players = tuple(question.game.players[i] for i in question.players)
    return LeastDemanding(rg, criterion, max_states, players, *question.answer(criterion), question)
