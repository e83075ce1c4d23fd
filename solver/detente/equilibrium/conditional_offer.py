"""Conditional offers: "I relax if you relax".

The proposer announces the condition, the partner acts, the proposer answers. Announced at the table and no more, it is
the sequential game in which the partner moves first and the proposer replies at will: in a prisoner's dilemma
the proposer restricts whatever the partner did, so the partner restricts too. With the announcement *binding* the
partner chooses between mutual relaxation and mutual restriction. In between, something makes keeping the word worth it:

* a *bond* b, forfeited if the proposer restricts after the partner relaxed (Williamson 1983, *American Economic Review*
  73; Raub and Keren 1993, *Journal of Economic Behavior and Organization* 21);
* a *sanction* f, applied to that breach with probability q, worth q f;
* a *side payment* t from the partner, made if both relaxed.

For each, the exact set of sizes at which some subgame-perfect equilibrium (Selten 1965) of the sequential game ends in
mutual relaxation. With the proposer's payoffs T, R, P, S and the partner's t, r, p, s (alone restricting, both
relaxing, both restricting, alone relaxing), that takes

* that the word is kept: R + b ≥ T, so b ≥ T − R (q f, or the payment, in place of b);
* that the offer is accepted: r ≥ what the proposer's reply to restriction leaves the partner, p, or t if S ≥ P; of
  equally good replies, the harsher one. A side payment lowers r by its size.

A harsher bond is forfeited on any restriction, whatever the partner did. It makes relaxing a dominant action if also
S + b ≥ P: b ≥ max(T − R, P − S), needed where moves are simultaneous and the partner may still restrict. Schelling
(1960), *The Strategy of Conflict*, chapters 2 and 5, has the commitments; backward induction does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf
from typing import Any, NamedTuple

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
Outcome = tuple[bool, bool]  # whether the partner relaxes, whether the proposer does


class SequentialEquilibrium(NamedTuple):
    """A pure subgame-perfect equilibrium of the sequential game.

    ``partner_plays`` is the partner's action, ``replies`` the proposer's reply to either, ``outcome`` the actions
    played, in the players' order, with their exact ``payoffs``.
    """

    partner_plays: Any
    replies: dict[Any, Any]
    outcome: Profile
    payoffs: tuple[Fraction, ...]


@dataclass(frozen=True)
class ConditionalOffer:
    """What a conditional offer by ``proposer`` achieves.

    Attributes
    ----------
    equilibria
        All pure subgame-perfect equilibria of the sequential game if the offer binds nobody.
    unbound
        Their outcomes (action names in the players' order).
    bound
        The outcomes if the proposer is committed to answering in kind.
    bond, sanction, side_payment
        The sizes at which mutual relaxation is an outcome; the sanction's is the fine itself, applied with
        ``sanction_probability``.
    dominant_bond, dominant_sanction
        The sizes at which relaxing is a dominant action for the proposer, if any restriction costs the bond, or the
        fine with that probability.
    """

    game: Game
    proposer: Any
    equilibria: tuple[SequentialEquilibrium, ...]
    unbound: tuple[Profile, ...]
    bound: tuple[Profile, ...]
    bond: Region
    sanction: Region
    side_payment: Region
    dominant_bond: Region
    dominant_sanction: Region
    sanction_probability: Fraction

    def verify(self) -> None:
        """Try all plans of both players in every subgame, also at sizes in and beside every region.

        Raises :class:`CertificateError` on a mismatch.
        """
        i, q = self.game.player_index(self.proposer), self.sanction_probability
        claimed = [(e.partner_plays, e.replies, e.outcome) for e in self.equilibria]
        found = [self._named(i, *plans) for plans in subgame_perfect(self.game, i, Fraction(0), Fraction(0))]
        if sorted(map(str, claimed)) != sorted(map(str, found)) or set(self.unbound) != {e[2] for e in found}:
            raise CertificateError("conditional offer", self.unbound, f"the equilibria {found}")
        for e in self.equilibria:
            a, b = self.game.pure_profile(e.outcome)
            if e.payoffs != tuple(self.game.exact_payoffs[:, a, b]):
                raise CertificateError("conditional offer", e, "the payoffs of its outcome")
        u = self.game.exact_payoffs[1 - i]
        if {(k, k) for k in (0, 1) if u[k, k] == max(u[0, 0], u[1, 1])} != set(map(self.game.pure_profile, self.bound)):
            raise CertificateError("conditional offer", self.bound, "the partner's choice between equal actions")
        for region, gain, paid in ((self.bond, 1, 0), (self.sanction, q, 0), (self.side_payment, 1, 1)):
            region.verify()
            for x in region.sample_points():
                plans = subgame_perfect(self.game, i, gain * x, paid * x)
                if any(a == replies[a] == 0 for a, replies in plans) != (x in region):
                    raise CertificateError(region.parameter, x, "mutual relaxation within the region and not outside")
        own = self.game.exact_payoffs[i] if i == 0 else self.game.exact_payoffs[i].T
        for region, gain in ((self.dominant_bond, Fraction(1)), (self.dominant_sanction, q)):
            region.verify()
            for x in region.sample_points():
                if all(own[0, k] >= own[1, k] - gain * x for k in (0, 1)) != (x in region):
                    raise CertificateError(region.parameter, x, "relaxing to be dominant within the region only")

    def _named(self, i: int, act: int, replies: tuple[int, int]) -> tuple[Any, dict[Any, Any], Profile]:
        own, other = self.game.actions[i], self.game.actions[1 - i]
        outcome = (replies[act], act) if i == 0 else (act, replies[act])
        return other[act], {other[a]: own[replies[a]] for a in (0, 1)}, self.game.profile_labels(outcome)


def conditional_offer(game: Game, proposer: Any, sanction_probability: Any = 1) -> ConditionalOffer:
    """The sequential game "I relax if you relax" of a 2×2 game whose first actions are the cooperative ones.

    Parameters
    ----------
    proposer
        Who makes the offer, and moves last: a player's name or index.
    sanction_probability
        The probability with which a sanction is applied to a breach.

    Raises
    ------
    UnsupportedError, LabelError, ParameterError
        For other shapes, an unknown proposer, and a probability of sanction outside (0, 1].

    Examples
    --------
    >>> pd = Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    >>> offer = conditional_offer(pd, "US", sanction_probability="1/4")
    >>> offer.unbound, offer.bound
    ((('Restrict', 'Restrict'),), (('Relax', 'Relax'),))
    >>> offer.bond.least, offer.sanction.least, offer.side_payment.intervals
    (Fraction(2, 1), Fraction(8, 1), ({2},))
    >>> offer.dominant_bond.least
    Fraction(2, 1)
    >>> offer.equilibria[0].replies
    {'Relax': 'Restrict', 'Restrict': 'Restrict'}
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.shape != (2, 2):
        raise UnsupportedError("game", f"shape {game.shape}", "a 2×2 game")
    i = game.player_index(proposer)
    q = to_probability(sanction_probability, "sanction_probability")
    if q == 0:
        raise ParameterError("sanction_probability", sanction_probability, "a number in (0, 1]")
    own, other = (trps(game.exact_payoffs, k) for k in (i, 1 - i))
    name, partner = game.players[i], game.players[1 - i]
    restrict, refuse = game.actions[i][1], game.actions[1 - i][1]

    def size_of(label: str, gain: Fraction, cost: int) -> Region:
        T, R, P, S = own
        refusal = min(u for value, u in ((S, other[0]), (P, other[2])) if value == max(S, P))
        keeps = polynomial([R - T, gain])
        accepts: Poly = polynomial([other[1] - refusal, -cost]) if cost else constant(other[1] - refusal)
        constraints = [
            (Constraint(name, "partner relaxed", restrict), _where(keeps)),
            (Constraint(partner, "offer made", refuse), _where(accepts)),
        ]
        claim = f"Mutual relaxation follows {name}'s conditional offer"
        return _region(label, claim, constraints, lambda x: (True, True) in sequential(own, other, gain * x, cost * x))

    def dominant(label: str, gain: Fraction) -> Region:
        T, R, P, S = own
        constraints = [
            (Constraint(name, "partner relaxes", restrict), _where(polynomial([R - T, gain]))),
            (Constraint(name, "partner restricts", restrict), _where(polynomial([S - P, gain]))),
        ]
        claim = f"Relaxing is dominant for {name}"
        return _region(label, claim, constraints, lambda x: min(R - (T - gain * x), S - (P - gain * x)) >= 0)

    equilibria = []
    for relaxes, replies in _equilibria(own, other, Fraction(0), Fraction(0)):
        act, answers = int(not relaxes), [int(not reply) for reply in replies]
        profile = (answers[act], act) if i == 0 else (act, answers[act])
        plan = {game.actions[1 - i][a]: game.actions[i][answers[a]] for a in (0, 1)}
        payoffs = tuple(u[profile] for u in game.exact_payoffs)
        equilibria.append(SequentialEquilibrium(game.actions[1 - i][act], plan, game.profile_labels(profile), payoffs))
    best = max(other[1], other[2])
    one = Fraction(1)
    return ConditionalOffer(
        game,
        name,
        tuple(equilibria),
        tuple(dict.fromkeys(e.outcome for e in equilibria)),
        tuple(game.profile_labels((k, k)) for k, value in enumerate((other[1], other[2])) if value == best),
        size_of("bond", one, 0),
        size_of("sanction", q, 0),
        size_of("side payment", one, 1),
        dominant("bond", one),
        dominant("sanction", q),
        q,
    )


def sequential(own: Sequence[Fraction], other: Sequence[Fraction], reward: Fraction, paid: Fraction) -> list[Outcome]:
    """Outcomes (partner relaxes, proposer relaxes) of pure equilibria by backward induction.

    By keeping the word after the partner relaxed, the proposer earns ``reward`` more and the partner ``paid`` less.
    ``own`` and ``other`` are (T, R, P, S).

    >>> pd = [Fraction(x) for x in (5, 3, 1, 0)]
    >>> sequential(pd, pd, Fraction(0), Fraction(0)), sequential(pd, pd, Fraction(2), Fraction(0))
    ([(False, False)], [(True, True), (False, False)])
    """
    found = [(relaxes, replies[int(not relaxes)]) for relaxes, replies in _equilibria(own, other, reward, paid)]
    return sorted(set(found), reverse=True)


def _equilibria(
    own: Sequence[Fraction], other: Sequence[Fraction], reward: Fraction, paid: Fraction
) -> list[tuple[bool, tuple[bool, bool]]]:
    """Whether the partner relaxes, and whether the proposer does after relaxation and after restriction."""
    T, R, P, S = own
    t, r, p, s = other
    after_relax = [x for x, value in ((True, R + reward), (False, T)) if value == max(R + reward, T)]
    after_restrict = [x for x, value in ((True, S), (False, P)) if value == max(S, P)]
    found = []
    for kind, hostile in product(after_relax, after_restrict):
        relaxing, restricting = (r - paid) if kind else s, t if hostile else p
        found += [(True, (kind, hostile))] if relaxing >= restricting else []
        found += [(False, (kind, hostile))] if restricting >= relaxing else []
    return found


def subgame_perfect(game: Game, proposer: int, reward: Fraction, paid: Fraction) -> list[tuple[int, tuple[int, int]]]:
    """Pure equilibria (partner's action, replies to either) by trying all plans: no deviation gains in any subgame.

    The checker's own way: from the game's payoffs, with no backward induction.
    """

    def payoff(player: int, act: int, reply: int) -> Fraction:
        at = (reply, act) if proposer == 0 else (act, reply)
        kept = act == reply == 0
        change = (reward if player == proposer else -paid) if kept else Fraction(0)
        return Fraction(game.exact_payoffs[(player, *at)]) + change

    found = []
    for act, first, second in product((0, 1), repeat=3):
        replies = (first, second)
        rational = all(payoff(proposer, a, replies[a]) >= payoff(proposer, a, 1 - replies[a]) for a in (0, 1))
        partner = 1 - proposer
        if rational and payoff(partner, act, replies[act]) >= payoff(partner, 1 - act, replies[1 - act]):
            found.append((act, replies))
    return found


def _where(slack: Poly) -> IntervalSet:
    return where_nonnegative(slack, SIZES)


def _region(
    label: str, claim: str, constraints: list[tuple[Constraint, IntervalSet]], check: Callable[[Fraction], bool]
) -> Region:
    return region_of(label, claim, SIZES, constraints, check)
