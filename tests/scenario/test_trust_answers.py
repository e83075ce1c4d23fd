"""Each side's trust and what to propose, against closed forms and Bayes' rule and loops written out again."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from typing import Any

import pytest

import detente as dt
from detente.repeated.check import is_subgame_perfect
from detente.repeated.parameters import resolve_over, with_parameter
from detente.scenario.analysis import Analysis, analyse
from detente.scenario.proposal import BOTH_DIALS, Way
from detente.scenario.scenario import Scenario
from detente.scenario.trust_answers import agreement_trust
from detente.scenario.uncertainty import as_component

LONDON = dt.load_scenario("london-2025")


@pytest.fixture(scope="module")
def london() -> Analysis:
    return analyse(LONDON)


def trusting(scenario: Scenario, level: F) -> Scenario:
    trust = {player: q.moved_to(level) for player, q in scenario.setting.trust.items()}
    return replace(scenario, setting=replace(scenario.setting, trust=trust))


def grim_need(scenario: Scenario, player: str, bond: F = F(0)) -> F:
    """SizeBAD: (1 − β)(P − S) / [R − P − (1 − β)(T + S − 2P)], a bond being paid to whoever is exploited."""
    T, R, P, S = scenario.outcomes(player).values()
    beta = scenario.repeated.effective_discount[0]
    S += bond
    return (1 - beta) * (P - S) / (R - P - (1 - beta) * (T + S - 2 * P))


# --- trust


def test_needs_and_bonds_of_grim_trigger_by_formula() -> None:
    doubtful = trusting(LONDON, F(3, 10))
    found = agreement_trust(doubtful, doubtful.agreements["grim trigger"])
    for player, side in found.items():
        assert side.need.least == grim_need(LONDON, player)
        assert not side.enough_if_seen
        bond = side.least("bond")
        assert bond is not None
        assert grim_need(LONDON, player, bond) == F(3, 10)
        step = F(1, 10**6)
        slope = (grim_need(LONDON, player) - grim_need(LONDON, player, step)) / step
        assert float(side.substitutes["bond"].rate) == pytest.approx(float(slope), rel=1e-5)  # type: ignore[arg-type]
        assert side.enough_up_to is None
    found.verify()


def test_needs_with_noise(london: Analysis) -> None:
    grim = london.trust_answers["grim trigger"]
    # The belief at which keeping and restricting for ever tie when both tremble, from the two plans' values:
    # W(plan, type) solves W = (1 − β) u + β (1 − q) W + β q Z with q the chance that somebody restricts.
    eps, beta = F(1, 10), LONDON.repeated.effective_discount[0]

    def expected(player: str, mine: F, theirs: F) -> F:
        T, R, P, S = LONDON.outcomes(player).values()
        return (1 - mine) * (1 - theirs) * R + (1 - mine) * theirs * S + mine * (1 - theirs) * T + mine * theirs * P

    for player, side in grim.items():
        Z = expected(player, 1 - eps, 1 - eps)
        worth: dict[tuple[str, str], F] = {}
        for plan, mine in (("keep", eps), ("restrict", 1 - eps)):
            for kind, theirs in (("keeper", eps), ("opportunist", 1 - eps)):
                survives = (1 - mine) * (1 - theirs)
                now = expected(player, mine, theirs)
                if plan == "restrict":  # once, then as prescribed: after that act the path goes on only by mistake
                    on = worth["keep", kind]
                    worth[plan, kind] = (1 - beta) * now + beta * (survives * on + (1 - survives) * Z)
                else:
                    worth[plan, kind] = ((1 - beta) * now + beta * (1 - survives) * Z) / (1 - beta * survives)
        gain = {kind: worth["restrict", kind] - worth["keep", kind] for kind in ("keeper", "opportunist")}
        assert side.here.lower == side.here.upper == gain["opportunist"] / (gain["opportunist"] - gain["keeper"])
        assert side.better.lower is not None
        assert side.need.least < side.better.lower < side.here.lower  # type: ignore[operator]
    assert grim.most_needed == max(side.here.upper for side in grim.values())  # type: ignore[type-var]


def test_where_the_prior_becomes_enough(london: Analysis) -> None:
    for player, side in london.trust_answers["grim trigger"].items():
        assert side.enough_if_seen
        assert not side.enough
        end = side.enough_up_to
        assert end is not None
        assert side.noise_frontier("1/10") == side.here.lower
        for noise, enough in ((F(float(end)) * F(9999, 10000), True), (F(float(end)) * F(10001, 10000), False)):
            rg = LONDON.repeated.replace(monitoring=dt.trembles(noise))
            region = dt.trust_region(rg, LONDON.agreements["grim trigger"], player=player)
            assert (LONDON.trust[player] in region) == enough


def test_the_record_by_bayes_rule(london: Analysis) -> None:
    acts = [quarter.acts for quarter in london.quarters]
    eps = F(1, 10)
    for name in ("grim trigger", "tit for tat", "contrite tit for tat"):
        ag = LONDON.agreements[name]
        for i, player in enumerate(LONDON.players):
            odds, state = F(1), ag.start
            for outcome in acts:
                meant, done = ag.play[state][1 - i], outcome[1 - i]
                odds *= (1 - eps if done == meant else eps) / (1 - eps if done == "Restrict" else eps)
                state = ag.bind(LONDON.game, dt.perfect()).states[_next(ag, state, outcome)]
            record = london.trust_answers[name][player].record
            assert record is not None
            assert record.trust == odds / (1 + odds)
            assert record.state == state


def _next(ag: Any, state: str, outcome: tuple[str, ...]) -> int:
    bound = ag.bind(LONDON.game, dt.perfect())
    return int(bound.move[bound.states.index(state)][LONDON.game.pure_profile(outcome)])


def test_no_record_where_there_is_none() -> None:
    japan = dt.load_scenario("rare-earth-squeeze-2010")
    found = agreement_trust(japan, japan.agreements["grim trigger"])
    assert all(side.record is None for side in found.values())
    calm = replace(LONDON, setting=replace(LONDON.setting, noise=LONDON.setting.noise.moved_to(F(0))))
    # Without noise the first breach, by China, could have been neither the US's nor a keeper's.
    sides = agreement_trust(calm, calm.agreements["invitation"])
    assert any(side.record is None or side.record.trust in (0, 1) for side in sides.values())


# --- the proposal


def test_the_rule_by_plain_loops() -> None:
    for name in ("london-2025", "geneva-truce", "high-trust", "truce-expired"):
        analysis = analyse(dt.load_scenario(name))
        scenario, found = analysis.scenario, analysis.proposal
        best: tuple[F, F, str] | None = None
        for key, ag in scenario.agreements.items():
            if ag.play[ag.start] != ("Relax", "Relax") or not is_subgame_perfect(scenario.repeated, ag):
                continue
            needed = [dt.trust_bounds(scenario.repeated, ag, player=p).upper for p in scenario.players]
            trust = F(2) if None in needed else max(n for n in needed if n is not None)
            value = sum(dt.incentives(scenario.repeated, ag).values[ag.start], F(0))
            best = min(filter(None, (best, (trust, -value, key))))
        assert found.name == (None if best is None else best[2])
        found.verify()


def test_london_proposes_grim_trigger(london: Analysis) -> None:
    found = london.proposal
    assert found.name == "grim trigger"
    assert [c.name for c in found.candidates][1] == "contrite tit for tat"
    assert not found.ways
    assert not any(side.enough for side in london.trust_answers["grim trigger"].values())


def moved(scenario: Scenario, way: Way, x: F) -> dt.RepeatedGame:
    """The scenario's repeated game with one parameter moved."""
    if "." in way.parameter:
        over = resolve_over(as_component(scenario, *way.parameter.split(".")), scenario.repeated)
        return with_parameter(scenario.repeated, over, x)
    if way.parameter == BOTH_DIALS:
        changes = {f"{p}.w": scenario.components[p]["w"].central * x for p in scenario.players}
        return scenario.with_values(changes).repeated
    return with_parameter(scenario.repeated, resolve_over(way.parameter, scenario.repeated), x)


@pytest.mark.parametrize("name", ["truce-expired", "us-hawkish", "security-first", "rare-earth-squeeze-2010"])
def test_ways_out_hold_there_and_nowhere_closer(name: str) -> None:
    analysis = analyse(dt.load_scenario(name))
    scenario = analysis.scenario
    relaxing = [a.agreement for a in analysis.agreements.values() if a.relaxes]
    assert analysis.proposal.name is None
    assert analysis.proposal.ways
    for way in analysis.proposal.ways:
        edge = F(float(way.there))
        span = edge - way.here
        inside = moved(scenario, way, edge + span / 10**6)
        assert is_subgame_perfect(inside, scenario.agreements[way.agreement])
        for k in range(11):
            x = way.here + span * F(k, 10) * F(999_999, 10**6)
            assert not any(is_subgame_perfect(moved(scenario, way, x), ag) for ag in relaxing), (way.parameter, x)
    analysis.proposal.verify()


def test_hawks_in_washington_must_care_less_about_security() -> None:
    analysis = analyse(dt.load_scenario("us-hawkish"))
    assert {way.parameter for way in analysis.proposal.ways} == {"US.s", "US.w"}
    both = {w.parameter: w for w in analyse(dt.load_scenario("security-first")).proposal.ways}
    assert set(both) == {BOTH_DIALS}
    assert both[BOTH_DIALS].there < 1


def test_a_scenario_without_agreements_that_relax(tmp_path: Any) -> None:
    path = tmp_path / "cold.toml"
    path.write_text(
        'extends = "london-2025"\n[[agreements]]\nkind = "unconditional"\nprofile = ["Restrict", "Restrict"]\n'
    )
    solution = dt.solve(path)
    solution.verify()
    assert solution.proposal.name is None
    assert solution.as_dict()["proposal"]["ways"] == []
    assert "Nothing: no agreement" in solution.summary()
