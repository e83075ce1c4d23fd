"""Patience, noise, linkage and truces of a scenario, against closed forms and programmes written out again."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import detente as dt
from detente.repeated.check import is_subgame_perfect
from detente.scenario.analysis import Analysis, analyse
from detente.scenario.joint import joint_agreement
from detente.scenario.linked_issues import control_split, issue_linkage
from detente.scenario.patience import least_patience
from detente.scenario.truce import truce_answer

LONDON = dt.load_scenario("london-2025")
NAMES = {"players": ["US", "China"], "actions": ["Relax", "Restrict"]}


@pytest.fixture(scope="module")
def london() -> Analysis:
    return analyse(LONDON)


def dilemma(rng: random.Random) -> tuple[dt.Game, list[tuple[F, F, F, F]]]:
    rows = [tuple(sorted((F(rng.randint(-40, 40), rng.randint(1, 3)) for _ in range(4)), reverse=True)) for _ in "ab"]
    rows = [row if len(set(row)) == 4 else (F(5), F(3), F(1), F(0)) for row in rows]
    (T, R, P, S), (t, r, p, s) = rows
    return dt.Game.bimatrix([[R, S], [T, P]], [[r, t], [s, p]], **NAMES), [(T, R, P, S), (t, r, p, s)]


# --- patience


def test_patience_of_london_by_formula() -> None:
    found = least_patience(LONDON.repeated)
    survival = 1 - LONDON.repeated.breakdown
    rows = [tuple(LONDON.outcomes(p).values()) for p in LONDON.players]
    grim = max((T - R) / (T - P) for T, R, P, S in rows) / survival
    liquidity = sum(T - R for T, R, P, S in rows)
    payments = liquidity / (liquidity + sum(R - P for T, R, P, S in rows)) / survival
    assert (found.needed, found.needed_by_reversion, found.needed_with_payments) == (grim, grim, payments)
    found.verify()


def test_patience_on_random_dilemmas() -> None:
    rng = random.Random(4)
    for _ in range(60):
        game, rows = dilemma(rng)
        hazard = F(rng.randint(0, 9), 10)
        found = least_patience(dt.RepeatedGame(game, F(9, 10), hazard))
        bare = max((T - R) / (T - P) for T, R, P, S in rows)
        expected = None if bare >= 1 - hazard else bare / (1 - hazard)
        assert found.needed == found.needed_by_reversion == expected
        if found.needed is not None:
            assert found.needed_with_payments is None or found.needed_with_payments <= found.needed
        found.verify()


def test_patience_where_nothing_sustains_it() -> None:
    found = least_patience(dt.load_scenario("us-hawkish").repeated)
    assert found.needed is None
    assert found.best.exact
    found.verify()


# --- noise


def _best_joint(game: dt.Game, beta: float, eps: float) -> float | None:
    """The greatest value of relaxing at first, in units in which relaxing together is worth 1 − 2ε and restricting 0.

    Variables: the value v and, for every public outcome, what is lost after it: 0 ≤ c(y) ≤ v. Punishment, which is for
    ever and an equilibrium of a dilemma, is worth nothing.
    """
    u = game.payoffs.astype(float)
    cells = list(product(range(2), repeat=2))

    def odds(meant: tuple[int, int]) -> np.ndarray:
        return np.array(
            [np.prod([1 - eps if a == b else eps for a, b in zip(meant, done, strict=True)]) for done in cells]
        )

    def worth(i: int, meant: tuple[int, int]) -> float:
        return float(sum(q * u[(i, *done)] for q, done in zip(odds(meant), cells, strict=True)))

    kept = odds((0, 0))
    rows, right = [], []
    for i, breach in ((0, (1, 0)), (1, (0, 1))):
        spread = float(u[i, 0, 0] - u[i, 1, 1])
        gain = (worth(i, breach) - worth(i, (0, 0))) / spread
        rows.append([0, *(-beta * (odds(breach) - kept))])
        right.append(-(1 - beta) * gain)
    for k in range(4):  # c(y) ≤ v
        rows.append([-1, *(float(k == j) for j in range(4))])
        right.append(0)
    equal = [[1 - beta, *(beta * kept)]]
    found = linprog([-1, 0, 0, 0, 0], rows, right, equal, [(1 - beta) * (1 - 2 * eps)], bounds=[(0, None)] * 5)
    return None if found.status != 0 else float(found.x[0])


def test_the_best_joint_agreement_by_linear_programme() -> None:
    rng = random.Random(7)
    sustained = 0
    for _ in range(40):
        game, rows = dilemma(rng)
        if any(2 * R < T + S for T, R, P, S in rows):
            continue
        eps, delta = F(rng.randint(0, 12), 100), F(rng.randint(50, 99), 100)
        rg = dt.RepeatedGame(game, delta, monitoring=dt.trembles(eps))
        best = joint_agreement(rg)
        assert best is not None
        expected = _best_joint(game, float(delta), float(eps))
        assert best.relaxes == (expected is not None and expected > 1e-9)
        assert (eps in best.noise) == best.relaxes
        if best.relaxes:
            sustained += 1
            for i, player in enumerate(game.players):
                base = sum(p * game.exact_payoffs[(i, *d)] for d, p in _chances((1, 1), eps))
                spread = game.exact_payoffs[i, 0, 0] - game.exact_payoffs[i, 1, 1]
                assert float((best.values[player] - base) / spread) == pytest.approx(expected, abs=1e-7)
    assert sustained > 8


def _chances(meant: tuple[int, int], eps: F) -> list[tuple[tuple[int, int], F]]:
    return [
        (done, (1 - eps if meant[0] == done[0] else eps) * (1 - eps if meant[1] == done[1] else eps))
        for done in product(range(2), repeat=2)
    ]


def test_a_symmetric_game_is_solved_as_it_stands() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], **NAMES)
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/20"))
    best = joint_agreement(rg)
    assert best is not None
    best.verify()
    assert set(best.values.values()) == {dt.best_public_value(rg).value}
    end = best.noise.intervals[0].hi
    plain = dt.sustainable_where(rg).intervals[0].hi
    assert end == plain


def test_no_joint_agreement_where_restricting_together_is_better() -> None:
    assert joint_agreement(dt.load_scenario("us-hawkish").repeated) is None


def test_values_under_noise_by_a_linear_system(london: Analysis) -> None:
    found, eps = london.noise, 0.1
    beta = 0.98 * 0.44
    for name, inc in found.here.items():
        bound = LONDON.agreements[name].bind(LONDON.game, dt.trembles("1/10"))
        n = len(bound.states)
        matrix, right = np.eye(n), np.zeros((n, 2))
        for s in range(n):
            for done, p in _chances(bound.play[s], F(1, 10)):  # type: ignore[arg-type]
                matrix[s, bound.move[s][done]] -= beta * float(p)
                right[s] += (1 - beta) * float(p) * LONDON.game.payoffs[(slice(None), *done)].astype(float)
        value = np.linalg.solve(matrix, right)[0]
        for i, player in enumerate(LONDON.players):
            assert float(found.values(name)[player]) == pytest.approx(value[i])
            assert found.price(name)[player] == LONDON.outcomes(player)["R"] - found.values(name)[player]
        assert inc.holds == is_subgame_perfect(LONDON.repeated, LONDON.agreements[name])
    assert eps not in found.lost
    found.verify()


def test_the_best_under_noise_and_what_monitoring_is_worth(london: Analysis) -> None:
    found = london.noise
    holding = {n for n in found.here if is_subgame_perfect(LONDON.repeated, LONDON.agreements[n])}
    assert holding == {"grim trigger", "two quarters of restriction", "a year of restriction", "contrite tit for tat"}
    assert found.best == max(holding, key=lambda n: sum(found.values(n).values())) == "contrite tit for tat"
    assert found.length is not None
    assert found.length.length == 2
    better = LONDON.repeated.replace(monitoring=dt.trembles("1/20"))
    then = dt.incentives(better, LONDON.agreements["contrite tit for tat"]).values["good standing"]
    worth = found.worth_of_better_monitoring
    assert worth is not None
    assert worth["US"] == then["US"] - found.values("contrite tit for tat")["US"] > 0
    assert found.most is not None
    assert float(found.most) == pytest.approx(0.176186, abs=1e-6)
    for name, a in london.agreements.items():
        if a.relaxes:
            assert all(i.hi <= found.most for i in a.noise.intervals if i.hi < F(1, 2)), name


def test_without_noise_nothing_is_lost() -> None:
    calm = replace(LONDON, setting=replace(LONDON.setting, noise=LONDON.setting.noise.moved_to(F(0))))
    found = analyse(calm).noise
    assert all(not any(found.price(name).values()) for name in found.here)
    assert not any((found.worth_of_better_monitoring or {"": 1}).values())
    found.verify()


# --- linkage


def test_linking_tariffs_by_formula(london: Analysis) -> None:
    (found,) = london.linkages
    own = [tuple(LONDON.outcomes(p).values()) for p in LONDON.players]
    other = [tuple(LONDON.issues[0].outcomes[p][o] for o in "TRPS") for p in LONDON.players]
    survival, here = 1 - LONDON.repeated.breakdown, LONDON.repeated.discount[0]

    def least(*issues: list[tuple[F, ...]]) -> F:
        return max(
            sum(row[i][0] - row[i][1] for row in issues) / sum(row[i][0] - row[i][2] for row in issues) for i in (0, 1)
        )

    assert found.linkage.least_linked == least(own, other) / survival
    assert found.linkage.least_separate == max(least(own), least(other)) / survival
    assert found.greatest_hazard(True) == 1 - least(own, other) / here
    assert found.greatest_hazard(False) == 1 - max(least(own), least(other)) / here
    assert found.verdict == "not needed"
    beta, noise = LONDON.repeated.effective_discount[0], F(1, 10)
    for i in (0, 1):
        value = {}
        for s, issues in ((1 - noise, (own,)), (1 - noise, (other,)), ((1 - noise) ** 2, (own, other))):
            R, P = (sum(row[i][k] for row in issues) for k in (1, 2))
            value[len(value)] = P + (1 - beta) * (R - P) / (1 - beta * s)
        assert found.alarms.cost[i] == value[0] + value[1] - value[2] > 0
    found.verify()


def test_the_verdict_changes_with_the_scenario() -> None:
    verdicts = {
        name: issue_linkage(s, s.issues[0]).verdict
        for name in dt.scenarios()
        if (s := dt.load_scenario(name)).issues and s.game.regret((1, 1)) == 0
    }
    assert verdicts["october-2025-extraterritorial"] == "helps"
    assert verdicts["april-2025-spiral"] == "hurts"
    assert verdicts["geneva-truce"] == "not needed"


def test_a_split_is_exact_for_additive_payoffs() -> None:
    additive = LONDON.with_values({f"{p}.{s}": v for p, row in _ADDITIVE.items() for s, v in row.items()})
    split = control_split(additive)
    assert split.exact
    for player in additive.players:
        T, R, P, S = additive.outcomes(player).values()
        assert split.cost[player] == T - R == P - S
        assert split.gain[player] == R - S == T - P
    assert split.linkage is not None
    assert split.linkage.least_separate is None
    costs, gains = split.cost, split.gain
    expected = max(costs[p] / gains[p] for p in additive.players) / (1 - additive.repeated.breakdown)
    assert split.linkage.least_linked == expected == additive_grim(additive)
    split.verify()


# s is chosen so that T − R = P − S, that is −τg − k + ws − p = wsφ − k − e + q.
_ADDITIVE = {"US": {"tau": 0, "phi": 1, "e": 6, "q": 4, "p": 2}, "China": {"tau": 0, "phi": 1, "e": 5, "q": 3, "p": 2}}


def additive_grim(scenario: Any) -> F:
    rows = [tuple(scenario.outcomes(p).values()) for p in scenario.players]
    return max((T - R) / (T - P) for T, R, P, S in rows) / (1 - scenario.repeated.breakdown)


def test_a_split_of_london_is_the_closest_additive_game() -> None:
    split = control_split(LONDON)
    assert not split.exact
    for player in LONDON.players:
        T, R, P, S = map(float, LONDON.outcomes(player).values())
        # payoff = base + gain·[other relaxes] − cost·[I relax], by least squares over (T, R, P, S)
        design = np.array([[1, 1, 0], [1, 1, -1], [1, 0, 0], [1, 0, -1]])
        fitted, *_ = np.linalg.lstsq(design, np.array([T, R, P, S]), rcond=None)
        assert fitted[1:] == pytest.approx([float(split.gain[player]), float(split.cost[player])])
        miss = abs(design @ fitted - np.array([T, R, P, S])).max() / (max(T, R, P, S) - min(T, R, P, S))
        assert miss == pytest.approx(float(split.misfit[player]))


def test_no_split_where_payoffs_are_far_from_additive() -> None:
    split = control_split(dt.load_scenario("high-trust"))
    assert split.linkage is None
    assert max(split.misfit.values()) > F(1, 20)


# --- truces


def test_critical_lapse_rates_and_extensions_by_formula() -> None:
    rng = random.Random(11)
    for _ in range(25):
        game, rows = dilemma(rng)
        delta, hazard = F(rng.randint(40, 99), 100), F(rng.randint(0, 80), 100)
        found = truce_answer(dt.RepeatedGame(game, delta, hazard))
        grim = max((T - R) / (T - P) for T, R, P, S in rows)
        for row in found.renewals:
            critical = 1 - grim * (1 + delta * row.rate) / delta
            assert row.lapse.is_empty if critical < 0 else row.lapse.intervals[0].hi == critical
            assert row.holds == (hazard <= critical)
        for deadline in found.deadlines:
            for region, beta in ((deadline.bare, delta), (deadline.exposed, delta * (1 - hazard))):
                # In the last period: T − R ≤ β p W / (1 − β), with W the worth of a fresh truce over a dispute
                def slack(p: F, beta: F = beta, n: int = deadline.periods, rows: Any = rows) -> bool:
                    ahead = beta * p / (1 - beta**n * p) * (1 - beta**n)  # β p times W, over R − P
                    return all((1 - beta) * (T - R) <= ahead * (R - P) for T, R, P, S in rows)

                least = region.least
                assert slack(F(1)) == (least is not None)
                if least is not None:
                    assert slack(F(least))
                    assert least == 0 or not slack(F(least) * F(999_999, 10**6))


def test_the_worth_of_a_truce_and_the_cost_of_breakdown(london: Analysis) -> None:
    truce = london.truce
    truce.verify()
    delta, hazard = F("0.98"), F("0.56")
    for player in LONDON.players:
        _, R, P, _ = LONDON.outcomes(player).values()
        # Relaxing while the accord lasts, restricting ever after
        value = P + (R - P) * (1 - delta) / (1 - delta * (1 - hazard))
        assert truce.renewals[0].values[player] == value
        assert truce.cost_of_breakdown[player] == R - value
    assert [row.holds for row in truce.renewals] == [True, True, True, False]
