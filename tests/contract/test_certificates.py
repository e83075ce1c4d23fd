"""A certificate is worth what it refuses: every part of an answer, changed by a little, is found out by ``verify``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction as F
from typing import Any

import pytest

import detente as dt
from detente.exact.intervals import IntervalSet
from detente.exact.polynomial import Polynomial
from detente.exact.region import Constraint

LITTLE = F(1, 10**9)
SOME = F(1, 1000)
ACTS = ["Relax", "Restrict"]


def symmetric(T: int, R: int, P: int, S: int) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], players=["US", "China"], actions=ACTS)


PD, STAG = symmetric(5, 3, 1, 0), symmetric(3, 4, 2, 0)
COURNOT = dt.Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
RG = dt.RepeatedGame(PD, "9/10")
GRIM, PARDON = dt.agreements.grim_trigger(PD), dt.agreements.limited_punishment(PD, 2)
NOISY = RG.replace(monitoring=dt.trembles("1/20"))
LATE = dt.late_shipments(PD, noise="1/10", detection="1/2")
TYPES = {"reciprocator": dt.machines.grim_trigger(*ACTS), "hawk": dt.machines.always("Restrict")}
TRUCE = dt.truce_game(PD, "1/10", "1/5", discount="9/10")

REGIONS: dict[str, Callable[[], dt.Region]] = {
    "patience": lambda: dt.holds_where(RG, GRIM),
    "patience, algebraic": lambda: dt.holds_where(RG, PARDON),
    "Nash": lambda: dt.holds_where(RG, GRIM, concept="nash"),
    "noise": lambda: dt.holds_where(RG, GRIM, over="noise"),
    "hazard": lambda: dt.holds_where(RG, GRIM, over="breakdown"),
    "lapse": lambda: dt.holds_where(TRUCE, dt.truce_terms(TRUCE), over="lapse"),
    "belief": lambda: dt.belief_threshold(STAG, "US"),
    "risk dominance": lambda: dt.risk_dominance_region(RG),
    "some symmetric agreement": lambda: dt.sustainable_where(RG, over="discount"),
    "trust": lambda: dt.trust_region(RG, GRIM, player="US"),
    "patience at given trust": lambda: dt.trust_region(RG, GRIM, player="US", over="discount", trust="1/2"),
    "trust under noise": lambda: dt.trust_region(NOISY, GRIM, player="US"),
    "linked issues": lambda: dt.linkage([PD, STAG]).pooled,
}


@pytest.mark.parametrize("name", REGIONS)
def test_regions(name: str) -> None:
    region = REGIONS[name]()
    region.verify()
    first, *rest = region.intervals
    lo, hi = (F(float(end)) for end in (first.lo, first.hi))
    third = lo + (hi - lo) / 3
    wrong = [
        [],
        [replace(first, lo=lo + SOME), *rest],
        [replace(first, hi=hi - SOME), *rest],
        [replace(first, hi=third, hi_closed=False), replace(first, lo=third, lo_closed=False), *rest],
    ]
    if lo - SOME in region.domain:
        wrong.append([replace(first, lo=lo - SOME), *rest])
    if isinstance(first.lo, F) and first.lo in region.domain:
        wrong.append([replace(first, lo_closed=not first.lo_closed), *rest])
    if rest:
        wrong.append([first])
    for intervals in wrong:
        with pytest.raises(dt.CertificateError):
            replace(region, set=IntervalSet.of(*intervals)).verify()


def payoff_set(change: Callable[[dt.Generation], dt.Generation], k: int = 0) -> dt.PayoffSet:
    found = dt.payoff_set(COURNOT, "1/2")
    generators = list(found.generators)
    generators[k] = change(generators[k])
    found.__dict__["generators"] = tuple(generators)
    return found


def proof(**changes: Callable[[Any], Any]) -> dt.PayoffSet:
    found = dt.payoff_set(COURNOT, "1/2")
    known = found._proof
    found.__dict__["_proof"] = known._replace(
        **{name: change(getattr(known, name)) for name, change in changes.items()}
    )
    return found


def nudged(point: Any, by: F = LITTLE) -> Any:
    return (point[0] + by, *point[1:])


def stepped(path: dt.TrustPath, **changes: Any) -> dt.TrustPath:
    return replace(path, steps=(replace(path.steps[0], **changes), *path.steps[1:]))


def needs(**changes: Any) -> dt.TrustNeeds:
    found = dt.trust_needs(RG, GRIM)
    rows = dict(found.items())
    return dt.TrustNeeds(RG, GRIM, {**rows, "US": replace(rows["US"], **changes)})


def rows(change: Callable[[Any], Any]) -> dt.Incentives:
    found = dt.incentives(RG, GRIM)
    return replace(found, table=(change(found.table[0]), *found.table[1:]))


def piece(**changes: Any) -> dt.Frontier:
    found = dt.trust_frontier(RG, GRIM, player="US")
    return replace(found, pieces=(replace(found.pieces[0], **changes), *found.pieces[1:]))


def twice(p: Any) -> Polynomial:
    return Polynomial(tuple(2 * c for c in p.coefficients))


def public(**changes: Any) -> dt.PublicValue:
    return replace(dt.best_public_value(RG.replace(monitoring=LATE)), **changes)


def level(**changes: Any) -> dt.TransferLevels:
    found = dt.transfer_levels(COURNOT)
    return replace(found, levels=(*found.levels[:-1], replace(found.levels[-1], **changes)))


def markov(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> dt.MarkovEquilibria:
    found = dt.markov_equilibria(TRUCE)
    return replace(found, equilibria=change(found.equilibria))


def length(**changes: Any) -> dt.PunishmentLength:
    game = symmetric(5, 3, 0, -1)
    monitoring = dt.late_shipments(game, noise="1/10", detection="1/2")
    return replace(dt.best_punishment_length(dt.RepeatedGame(game, "9/10", monitoring=monitoring)), **changes)


def least(**changes: Any) -> dt.LeastDiscount:
    return replace(dt.least_discount(PD, ("Relax", "Relax")), **changes)


def search(criterion: Any, **changes: Any) -> dt.LeastDemanding:
    return replace(dt.least_demanding(RG, 2, criterion), **changes)


def reply(**changes: Any) -> dt.BestReply:
    return replace(dt.best_reply(RG, "US", TYPES, {"reciprocator": "1/4", "hawk": "3/4"}), **changes)


def priors(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> dt.Polytope:
    found = dt.prior_region(RG, GRIM, player="US", types={**TYPES, "dove": dt.machines.always("Relax")})
    return replace(found, vertices=change(found.vertices))


def bounds(inside: tuple[Any, Any], possible: tuple[Any, Any]) -> dt.TrustBounds:
    found = dt.trust_bounds(NOISY, GRIM, player="US")
    sets = [IntervalSet.of(dt.Interval(F(lo), F(hi))) for lo, hi in (inside, possible)]
    return replace(found, inside=sets[0], possible=sets[1])


def history(change: Callable[[dt.TrustPath], dt.TrustPath]) -> dt.TrustPath:
    moves = [("Relax", "Relax"), ("Relax", "Restrict")]
    return change(dt.update_trust(NOISY, GRIM, "1/2", moves, player="US"))


def misnamed(name: str) -> dt.Region:
    """The right set, and a constraint that does not bind at its end."""
    found = REGIONS[name]()
    wrong = {end: (Constraint("China", "punishment", "Relax"),) for end in found.binding}
    return replace(found, binding=wrong)


def misnamed_beyond(name: str) -> dt.Region:
    found = REGIONS[name]()
    wrong = (Constraint("China", "punishment", "Relax"),)
    return replace(found, binding=dict.fromkeys(found.binding, wrong), beyond=dict.fromkeys(found.beyond, wrong))


CAUGHT: Mapping[str, Callable[[], Any]] = {
    "incentives: slack": lambda: rows(lambda row: row._replace(slack=row.slack + LITTLE)),
    "incentives: state": lambda: rows(lambda row: row._replace(state="punishment")),
    "incentives: a row dropped": lambda: replace(dt.incentives(RG, GRIM), table=dt.incentives(RG, GRIM).table[1:]),
    "incentives: a row twice": lambda: replace(dt.incentives(RG, GRIM), table=dt.incentives(RG, GRIM).table[:1] * 2),
    "incentives: values": lambda: replace(dt.incentives(RG, GRIM), values=dt.incentives(RG, PARDON).values),
    "region: another constraint binds": lambda: misnamed("patience"),
    "region: another constraint binds, algebraic": lambda: misnamed("patience, algebraic"),
    "region: another constraint binds, Nash": lambda: misnamed("Nash"),
    "region: another constraint binds, states": lambda: misnamed("lapse"),
    "region: another constraint fails beyond": lambda: misnamed_beyond("noise"),
    "region: no constraint binds": lambda: replace(REGIONS["patience"](), binding={}, beyond={}),
    "region: fails everywhere, wrongly": lambda: replace(
        dt.holds_where(RG, dt.agreements.tit_for_tat(PD)), failing=(Constraint("US", "relax, relax", "Restrict"),)
    ),
    "payoff set: value": lambda: payoff_set(lambda g: replace(g, value=nudged(g.value))),
    "payoff set: continuation": lambda: payoff_set(lambda g: replace(g, continuation=nudged(g.continuation))),
    "payoff set: lottery": lambda: payoff_set(lambda g: replace(g, lottery=((g.lottery[0][0], F(1, 2)),))),
    "payoff set: no lottery": lambda: payoff_set(lambda g: replace(g, lottery=())),
    "payoff set: outer too small": lambda: proof(outer=lambda ps: tuple((x * F(9, 10), y) for x, y in ps)),
    "payoff set: exact, and outer larger": lambda: proof(outer=lambda ps: tuple((2 * x, 2 * y) for x, y in ps)),
    "least patience: lower bound": lambda: least(lower=F(3, 5)),
    "least patience: out of reach": lambda: least(lower=F(1), discount=None, agreement=None),
    "least patience: attained too early": lambda: least(discount=F(2, 5)),
    "least patience: another agreement": lambda: least(agreement=dt.agreements.win_stay_lose_shift(PD)),
    "least patience: another profile": lambda: least(profile=("Relax", "Restrict")),
    "frontier: numerator": lambda: piece(numerator=twice(dt.trust_frontier(RG, GRIM, player="US").pieces[0].numerator)),
    "frontier: no pieces": lambda: replace(dt.trust_frontier(RG, GRIM, player="US"), pieces=()),
    "best reply: value": lambda: reply(value=F(57, 40) + LITTLE),
    "best reply: value too small": lambda: reply(value=F(57, 40) - LITTLE),
    "best reply: an act too many": lambda: reply(first_actions=("Relax", "Restrict")),
    "best reply: no act": lambda: reply(first_actions=()),
    "priors: a corner dropped": lambda: priors(lambda vs: vs[1:]),
    "priors: a corner moved": lambda: priors(lambda vs: ((F(9, 10), 0, F(1, 10), 0), *vs[1:])),
    "priors: none": lambda: priors(lambda _: ()),
    "trust bounds: too low": lambda: bounds(("1/100", 1), ("1/100", 1)),
    "trust bounds: too high": lambda: bounds(("1/2", 1), ("1/2", 1)),
    "search for trust: too high": lambda: search("trust", value=F(1, 10)),
    "search for trust: too low": lambda: search("trust", value=F(1, 100)),
    "search for trust: another agreement": lambda: search("trust", best=(PARDON,)),
    "search for trust: none": lambda: search("trust", value=None, best=()),
    "search for patience: too high": lambda: search("discount", value=F(3, 5)),
    "search for patience: too low": lambda: search("discount", value=F(2, 5)),
    "search for noise: too high": lambda: search("noise", value=F(1, 4)),
    "search for noise: too low": lambda: search("noise", value=F(1, 5)),
    "search: ties": lambda: search("trust", ties={1: 5}),
    "search: ties beyond the size": lambda: search("trust", ties={2: 50, 9: 1}),
    "public value: too high": lambda: public(value=F(5, 2) + LITTLE),
    "public value: too low": lambda: public(value=F(5, 2) - LITTLE),
    "public value: trigger": lambda: public(trigger=dict.fromkeys(("on time", "late"), F(1, 2))),
    "public value: none": lambda: public(value=None, worst=None),
    "length: longer": lambda: length(length=4),
    "length: shorter": lambda: length(length=2),
    "length: for ever": lambda: length(length=float("inf")),
    "length: values": lambda: length(values=(F(1), F(1))),
    "length: values for ever": lambda: length(grim_values=(F(1), F(1))),
    "length: none": lambda: length(length=None, values=None),
    "payments: joint payoff": lambda: level(U=F(21)),
    "payments: punishments": lambda: level(v=(F(1), F(1))),
    "payments: from too late": lambda: level(discount=F(1, 2)),
    "payments: from too early": lambda: level(discount=F(3, 10)),
    "Markov equilibria: one missing": lambda: markov(lambda es: es[1:]),
    "Markov equilibria: one twice": lambda: markov(lambda es: es + es[:1]),
    "Markov equilibria: values": lambda: markov(
        lambda es: (replace(es[0], values=dt.incentives(TRUCE.replace(discount=0), es[0].agreement).values), *es[1:])
    ),
    "trust path: last belief": lambda: history(
        lambda p: replace(p, beliefs=(*p.beliefs[:-1], dict.fromkeys(p.types, F(1, 3))))
    ),
    "region: another constraint binds, trust": lambda: misnamed("trust"),
    "payoff set: slack": lambda: payoff_set(lambda g: replace(g, slack=nudged(g.slack))),
    "payoff set: punishment out of range": lambda: payoff_set(lambda g: replace(g, punishments=(99, 0))),
    "payoff set: lottery out of range": lambda: payoff_set(lambda g: replace(g, lottery=((99, F(1)),))),
    "payoff set: unknown profile": lambda: payoff_set(lambda g: replace(g, profile=(0, "none"))),
    "payoff set: gap": lambda: proof(gap=lambda _: 0.5),
    "least patience: Nash reversion": lambda: least(grim=F(1, 3)),
    "least patience: late, and not at its region's end": lambda: least(discount=F(3, 5)),
    "frontier: begins too late": lambda: piece(interval=dt.Interval(F(501, 1000), F(1), True, False)),
    "needs: risk": lambda: needs(risk=F(9)),
    "needs: stake": lambda: needs(stake=F(9)),
    "trust path: a belief on the way": lambda: history(
        lambda p: replace(p, beliefs=(p.beliefs[0], dict.fromkeys(p.types, F(1, 2)), p.beliefs[2]))
    ),
    "trust path: a step's end": lambda: history(lambda p: stepped(p, after=F(1, 7))),
    "trust path: likelihoods and beliefs that agree": lambda: history(
        lambda p: replace(
            p,
            steps=tuple(replace(s, likelihoods=dict.fromkeys(p.types, F(1, 2))) for s in p.steps),
            beliefs=p.beliefs[:1] * 3,
        )
    ),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_tampering_is_found_out(name: str) -> None:
    tampered = CAUGHT[name]()
    with pytest.raises(dt.CertificateError):
        tampered.verify()
