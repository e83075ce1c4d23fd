"""Bounds on the best reply to a partner of any of several types, when no act tells for sure.

Types are machines, or a partner who keeps an agreement, whose prescriptions may be lotteries. Acts may misfire, or only
a signal of them is public. Everybody's states are public, and the belief over the types moves in a simplex with as many
corners as there are types: the value of a best reply is that of a partially observed decision problem, which has no
exact solution in general. Two bounds close in on it, by a search along the histories at which they are furthest apart
(Smith and Simmons 2004, "Heuristic search value iteration for POMDPs", *UAI*):

* below, finite plans: each is an act and a plan for every observation, worth at least a linear function of the belief;
* above, values at points of the simplex, interpolated between each and the corners (Hauskrecht 2000, "Value-function
  approximations for POMDPs", *Journal of AI Research* 13), where at a corner the type is certain and the value exact.

Both are sound at every step, rounding included, so the answer is an interval whatever the search has done. *Proof.* If
no linear function exceeds one act followed by the functions that its plan refers to, none exceeds its plan's worth. And
if, at each point and corner, no act followed by the interpolation is worth more than the value there, then value
iteration from a low constant, convex in the belief, stays below the interpolation. Both are finite lists of
inequalities, which :meth:`BestReplyBounds.verify` checks by code of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from time import monotonic
from typing import Any

from detente.exact.polynomial import from_fmpq, to_fmpq
from detente.exact.polytope import as_distribution
from detente.game.agreement import Agreement
from detente.game.machine import Machine
from detente.game.repeated import RepeatedGame
from detente.trust.noise.bounds import to_positive
from detente.trust.noise.check_types import BoundsCertificate, check_bounds
from detente.trust.noise.types_problem import TypesProblem
from detente.trust.noise.types_search import Search
from detente.trust.types.partner_types import require_two_players


@dataclass(frozen=True)
class BestReplyBounds:
    """Certified bounds on the value of a best reply under noise.

    Attributes
    ----------
    lower, upper
        The best normalised average payoff lies between them.
    keeping
        What keeping the agreement is worth, exactly, if there is one.
    first_actions
        The first acts that are not proven to be worse than another.
    complete
        Whether the bounds are as close as was asked for.
    """

    player: Any
    prior: Mapping[str, Fraction]
    lower: Fraction
    upper: Fraction
    keeping: Fraction | None
    first_actions: tuple[Any, ...]
    complete: bool
    _problem: TypesProblem = field(repr=False, compare=False)
    _certificate: BoundsCertificate = field(repr=False, compare=False)

    @property
    def gain(self) -> tuple[Fraction, Fraction] | None:
        """Bounds on what the best plan is worth more than keeping the agreement; None if there is no agreement."""
        if self.keeping is None:
            return None
        return max(self.lower - self.keeping, Fraction(0)), self.upper - self.keeping

    def verify(self) -> None:
        """Check every inequality of both bounds by code that shares nothing with the search, in Fractions."""
        p = self._problem
        prior = tuple(self.prior.values())
        check_bounds(
            p.rg, p.player, p.agreement, list(p.machines.values()), self._certificate, prior, self.lower, self.upper
        )

    def __repr__(self) -> str:
        acts = " or ".join(map(str, self.first_actions))
        between = f"between {float(self.lower):.9g} and {float(self.upper):.9g}"
        return f"<BestReplyBounds of {self.player}: {acts} first, worth {between}>"


def best_reply_bounds(
    rg: RepeatedGame,
    player: Any,
    types: Mapping[str, Machine],
    prior: Any,
    *,
    agreement: Agreement | None = None,
    width: Any = "1/1000",
    budget: float = 20.0,
) -> BestReplyBounds:
    """Bounds on the best value against a partner of any of several types, under any monitoring.

    Parameters
    ----------
    types
        A mapping from names to machines of the partner; may be empty if there is an ``agreement``.
    prior
        The probability of each type: a mapping by name, or a sequence in the order of ``types``. With an ``agreement``,
        the type "keeps the agreement" comes before the others.
    agreement
        An agreement that the partner may be keeping, and that the player is compared with keeping, too. Its
        prescriptions may be lotteries.
    width
        How close the bounds must be, as a share of the range of the player's payoffs.
    budget
        Seconds after which the bounds are returned as they are, with ``complete=False``.

    Raises
    ------
    UnsupportedError
        For more than two players, and for machines of several states, or with lotteries, whose acts stay hidden.

    Examples
    --------
    >>> from detente.game import agreements, machines
    >>> from detente.game.game import Game
    >>> from detente.game.monitoring import trembles
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> rg = RepeatedGame(pd, "3/4", monitoring=trembles("1/20"))
    >>> types = {"hawk": machines.always("Restrict"), "tit for tat": machines.tit_for_tat("Relax", "Restrict")}
    >>> grim = agreements.grim_trigger(pd)
    >>> found = best_reply_bounds(rg, "US", types, ["1/2", "1/4", "1/4"], agreement=grim)
    >>> found.first_actions, found.complete, found.lower <= found.keeping + found.gain[0] <= found.upper
    (('Relax',), True, True)
    """
    require_two_players(rg)
    i = rg.game.player_index(player)
    problem = TypesProblem(rg, i, types, agreement)
    shares = dict(zip(problem.names, as_distribution(prior, problem.names, "prior"), strict=True))
    goal = to_positive(width, "width")
    deadline = monotonic() + float(to_positive(budget, "budget"))
    search = Search(problem, [to_fmpq(p) for p in shares.values()], to_fmpq(goal))
    complete = search.run(deadline)
    labels = rg.game.actions[i]
    return BestReplyBounds(
        player=rg.game.players[i],
        prior=shares,
        lower=from_fmpq(search.low),
        upper=from_fmpq(search.high),
        keeping=None if agreement is None else from_fmpq(problem.keeping(search.prior)),
        first_actions=tuple(labels[a] for a in search.not_worse()),
        complete=complete,
        _problem=problem,
        _certificate=search.certificate(),
    )
