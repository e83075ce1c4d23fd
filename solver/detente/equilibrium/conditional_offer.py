"""Conditional offers: "I relax if you relax".

The proposer announces the condition, the partner acts, the proposer answers. Announced at the table and no more, it is
the sequential game in which the partner moves first and the proposer replies at will: in a prisoner's dilemma
the proposer restricts whatever the partner did, so the partner restricts too. With the announcement *binding* the
partner chooses between mutual relaxation and mutual restriction. In between, something makes keeping the word worth it:

* a *bond* b, forfeited if the proposer restricts after the partner relaxed (Williamson 1983, *American Economic Review*
  73; Raub and Keren 1993, *Journal of Economic Behavior and Organization* 21);
* a *sanction* f, applied to that breach with probability q, worth q f;
* a *side payment* t from the partner, made if both relaxed.

For each, the exact set of sizes at which some subgame-perfect equilibrium of the sequential game ends in mutual
relaxation. Schelling (1960), *The Strategy of Conflict*, chapters 2 and 5, has the commitments; backward induction does
the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.polynomial import Poly, constant, polynomial
from detente.exact.rational import to_probability
from detente.exact.region import Constraint, Region, region_of
from detente.exact.sign_sets import where_nonnegative
from detente.game.game import Game
from detente.game.ordinal import trps

SIZES = Interval(Fraction(0), inf, True, False)
Profile = tuple[Any, ...]


@dataclass(frozen=True)
class ConditionalOffer:
    """What a conditional offer by ``proposer`` achieves.

    Attributes
    ----------
    unbound
        Outcomes (action names in the players' order) of pure subgame-perfect equilibria if the offer binds nobody.
    bound
        The same if the proposer is committed to answering in kind.
    bond, sanction, side_payment
        The sizes at which mutual relaxation is an outcome; the sanction's is the fine itself, applied with
        ``sanction_probability``.
    """

    game: Game
    proposer: Any
    unbound: tuple[Profile, ...]
    bound: tuple[Profile, ...]
    bond: Region
    sanction: Region
    side_payment: Region
    sanction_probability: Fraction

    def verify(self) -> None:
        """Replay the game at sample sizes by backward induction; a :class:`CertificateError` on a mismatch."""
        for region in (self.bond, self.sanction, self.side_payment):
            region.verify()
        relaxed = self.game.profile_labels((0, 0))
        if (relaxed in self.unbound) != (Fraction(0) in self.bond):
            raise CertificateError("conditional offer", self.unbound, "the bond of size zero to be no bond")


def conditional_offer(game: Game, proposer: Any, sanction_probability: Any = 1) -> ConditionalOffer:
    """The sequential game "I relax if you relax" of a 2×2 game whose first actions are the cooperative ones.

    Raises
    ------
    UnsupportedError, ParameterError
        For other shapes, and a probability of sanction outside (0, 1].

    Examples
    --------
    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> offer = conditional_offer(pd, "US", sanction_probability="1/4")
    >>> offer.unbound, offer.bound
    ((('Restrict', 'Restrict'),), (('Relax', 'Relax'),))
    >>> offer.bond.least, offer.sanction.least, offer.side_payment.intervals
    (Fraction(2, 1), Fraction(8, 1), ({2},))
    """
    if game.shape != (2, 2):
        raise UnsupportedError("game", f"shape {game.shape}", "a 2×2 game")
    i = game.player_index(proposer)
    q = to_probability(sanction_probability, "sanction_probability")
    if q == 0:
        raise ParameterError("sanction_probability", sanction_probability, "a number in (0, 1]")
    own, other = (trps(game.exact_payoffs, k) for k in (i, 1 - i))
    kept, name, partner = own[1] - own[0], game.players[i], game.players[1 - i]  # R − T: what keeping the word earns

    refusal = min(partner_payoff for _, partner_payoff in _replies(own, other))
    regions = {}
    for label, gain, cost in (("bond", 1, 0), ("sanction", q, 0), ("side payment", 1, 1)):
        keeps = polynomial([kept, gain])
        accepts: Poly = polynomial([other[1] - refusal, -cost]) if cost else constant(other[1] - refusal)
        constraints: list[tuple[Constraint, IntervalSet]] = [
            (Constraint(name, "partner relaxed", game.actions[i][1]), where_nonnegative(keeps, SIZES)),
            (Constraint(partner, "offer made", game.actions[1 - i][1]), where_nonnegative(accepts, SIZES)),
        ]
        claim = f"Mutual relaxation follows {name}'s conditional offer"

        def check(x: Fraction, gain: Any = gain, cost: int = cost) -> bool:
            return (True, True) in sequential(own, other, gain * x, cost * x)

        regions[label] = region_of(label, claim, SIZES, constraints, check)

    def outcome(partner_relaxes: bool, proposer_relaxes: bool) -> Profile:
        acts = {i: 0 if proposer_relaxes else 1, 1 - i: 0 if partner_relaxes else 1}
        return game.profile_labels((acts[0], acts[1]))

    unbound = tuple(outcome(*o) for o in sequential(own, other, Fraction(0), Fraction(0)))
    best = max(other[1], other[2])
    bound = tuple(outcome(x, x) for x, value in ((True, other[1]), (False, other[2])) if value == best)
    return ConditionalOffer(
        game, name, unbound, bound, regions["bond"], regions["sanction"], regions["side payment"], q
    )


def sequential(own: Any, other: Any, reward: Fraction, paid: Fraction) -> list[tuple[bool, bool]]:
    """Outcomes (partner relaxes, proposer relaxes) of pure equilibria by backward induction.

    By keeping the word after the partner relaxed, the proposer earns ``reward`` more and the partner ``paid`` less.
    ``own`` and ``other`` are (T, R, P, S).
    """
    T, R, P, S = own
    t, r, p, s = other
    after_relax = [x for x, value in ((True, R + reward), (False, T)) if value == max(R + reward, T)]
    after_restrict = [x for x, value in ((True, S), (False, P)) if value == max(S, P)]
    found = set()
    for kind_reply in after_relax:
        for hostile_reply in after_restrict:
            relaxing = (r - paid) if kind_reply else s
            restricting = t if hostile_reply else p
            if relaxing >= restricting:
                found.add((True, kind_reply))
            if restricting >= relaxing:
                found.add((False, hostile_reply))
    return sorted(found, reverse=True)


def _replies(own: Any, other: Any) -> list[tuple[bool, Fraction]]:
    """The proposer's best replies to restriction (whether they relax), with what each leaves the partner."""
    _, _, P, S = own
    t, _, p, _ = other
    return [(relaxes, u) for relaxes, value, u in ((True, S, t), (False, P, p)) if value == max(S, P)]
