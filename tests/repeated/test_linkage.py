"""Linked issues: closed forms, the product game by hand, false alarms as public signals."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.repeated.linkage import Linkage, linkage
from detente.repeated.product_game import product_game

NAMES = {"players": ["US", "China"], "actions": ["Relax", "Restrict"]}


def symmetric(T: int, R: int, P: int, S: int) -> dt.Game:
    return dt.Game.symmetric([[R, S], [T, P]], **NAMES)


DILEMMA, STAG_HUNT = symmetric(5, 3, 1, 0), symmetric(2, 3, 1, 0)


def least(link: Linkage) -> tuple[F | None, F | None]:
    return link.least_separate, link.least_linked


# --- Bernheim and Whinston's cases ------------------------------------------------------------------------------


def test_identical_issues_change_nothing() -> None:
    for count in (1, 2, 3):
        link = linkage([DILEMMA] * count)
        assert least(link) == (F(1, 2), F(1, 2))
        assert not link.helps
        assert not link.hurts_where
        link.verify()


def test_slack_of_a_stag_hunt_supports_a_dilemma() -> None:
    link = linkage({"chips": DILEMMA, "standards": STAG_HUNT})
    # A breach of all takes 2 on chips only: 2 / (2 + 2 + 2), not (2 - 1) / (4 + 1) from pooling T - R.
    assert least(link) == (F(1, 2), F(1, 3))
    assert link.helps_where == IntervalSet((Interval(F(1, 3), F(1, 2), True, False),))
    assert link.hurts_where == IntervalSet((Interval(F(0), F(1, 3), True, False),))
    us, china = link.slacks("2/5")
    assert us.by_issue == china.by_issue == {"chips": F(-2, 5), "standards": F(4, 5)}
    assert us.linked == F(2, 5)
    assert link.best_bundle("2/5") == ("chips", "standards")
    assert link.best_bundle("1/10") == ("standards",)
    assert "strictly helps" in link.explain()
    link.verify()
    link.pooled.verify()  # the checker of agreements, on the product game


def one_sided(owner: int) -> dt.Game:
    """Relaxing costs its owner 1 and brings the other side 3."""
    own, other = [-1, 0], [3, 0]
    payoffs = [own, other] if owner == 0 else [other, own]
    shape = (2, 1) if owner == 0 else (1, 2)
    actions = [["Relax", "Restrict"], ["Accept"]]
    return dt.Game(
        [np.reshape(p, shape) for p in payoffs],
        players=["US", "China"],
        actions=actions if owner == 0 else actions[::-1],
    )


def test_controls_in_opposite_hands() -> None:
    link = linkage({"chips": one_sided(0), "rare earths": one_sided(1)})
    assert least(link) == (None, F(1, 3))
    assert link.helps_where == link.pooled.set
    assert link.best_bundle("1/2") == ("chips", "rare earths")
    assert link.best_bundle("1/4") == ()
    link.verify()
    assert linkage([one_sided(0), one_sided(0)]).least_linked is None  # nothing in return


def test_issues_on_which_the_players_differ() -> None:
    # Each player is the tempted one on one issue; linked, the temptations average out.
    mine = dt.Game.bimatrix([[3, 0], [9, 1]], [[9, 10], [0, 1]], **NAMES)
    yours = dt.Game.bimatrix([[9, 0], [10, 1]], [[3, 9], [0, 1]], **NAMES)
    link = linkage([mine, yours])
    assert least(link) == (F(3, 4), F(7, 17))  # gains 6 + 1, losses 2 + 8
    link.verify()


# --- closed form and product game -------------------------------------------------------------------------------

payoffs = st.lists(st.integers(0, 20), min_size=4, max_size=4, unique=True)


@given(st.lists(st.tuples(payoffs, payoffs), min_size=1, max_size=3), st.booleans())
def test_closed_form(issues: list[tuple[list[int], list[int]]], dilemmas: bool) -> None:
    games, stakes = [], []
    for a, b in issues:
        if dilemmas:
            a, b = sorted(a, reverse=True), sorted(b, reverse=True)
        else:  # restricting against restriction is the better reply: an equilibrium to revert to
            a, b = ([*x[:2], max(x[2:]), min(x[2:])] for x in (a, b))
        games.append(dt.Game.bimatrix([[a[1], a[3]], [a[0], a[2]]], [[b[1], b[0]], [b[3], b[2]]], **NAMES))
        stakes.append((a, b))
    link = linkage(games)
    link.verify()
    if any(x[i][1] < x[i][2] for x in stakes for i in (0, 1)):
        return  # somebody prefers the punishment
    needed = F(0)
    for i in (0, 1):
        G = sum(max(x[i][0] - x[i][1], 0) for x in stakes)
        L = sum(x[i][1] - x[i][2] for x in stakes)
        needed = max(needed, F(G, G + L) if G else F(0))
    assert link.least_linked == (needed if needed < 1 else None)
    # Linking never costs an agreement all of whose parts hold.
    assert not (link.all_separate - link.pooled.set)


def test_linking_can_hurt_those_who_like_the_punishment() -> None:
    # Row would rather be at the punishment; a breach is costly alone, and cheap where it ends two such issues.
    game = dt.Game.bimatrix([[1, 2], [0, 3]], [[1, 0], [2, 3]], **NAMES)
    link = linkage([game, game])
    assert link.separate[0].set == IntervalSet((Interval(F(0), F(1, 3)),))
    assert link.pooled.set == IntervalSet((Interval(F(0), F(1, 5)),))
    assert link.hurts_where == IntervalSet((Interval(F(1, 5), F(1, 3), False, True),))
    link.verify()


def test_product_game_entry_by_entry() -> None:
    rng = random.Random(1)
    shapes = [(2, 3, 1), (2, 2, 2)]
    games = [
        dt.Game(np.array([[rng.randint(-9, 9) for _ in range(int(np.prod(s)))] for _ in s]).reshape(3, *s))
        for s in shapes
    ]
    joint = product_game(games)
    assert joint.shape == (4, 6, 2)
    for profile in product(*map(range, joint.shape)):
        first = tuple(a // m for a, m in zip(profile, shapes[1], strict=True))
        second = tuple(a % m for a, m in zip(profile, shapes[1], strict=True))
        expected = [x + y for x, y in zip(games[0].payoff(first), games[1].payoff(second), strict=True)]
        assert list(joint.payoff(profile)) == expected
        names = [f"{games[0].actions[i][first[i]]} & {games[1].actions[i][second[i]]}" for i in range(3)]
        assert list(joint.profile_labels(profile)) == names


def test_slacks_are_the_incentives_of_the_linked_agreement() -> None:
    issues = [[DILEMMA, STAG_HUNT, symmetric(10, 9, 3, 1)], [STAG_HUNT, symmetric(3, 9, 2, 0)]]
    for link, delta in product(map(linkage, issues), (F(1, 5), F(2, 5), F(4, 5))):
        inc = dt.incentives(dt.RepeatedGame(link.game, delta), link.agreement)
        for row in link.slacks(delta):
            assert row.linked == min(r.slack for r in inc.table if r.state == "path" and r.player == row.player)
            assert row.linked >= sum(row.by_issue.values())


def test_best_bundle_by_brute_force() -> None:
    rng = random.Random(2)
    for _ in range(20):
        games = []
        for _ in range(4):
            a, b = (sorted(rng.sample(range(20), 4), reverse=True) for _ in range(2))
            games.append(dt.Game.bimatrix([[a[1], a[3]], [a[0], a[2]]], [[b[1], b[0]], [b[3], b[2]]], **NAMES))
        link = linkage(games)
        delta = F(rng.randint(1, 19), 20)
        best = 0
        for size in range(1, 5):
            for some in combinations(range(4), size):
                if delta in linkage([games[k] for k in some]).pooled.set:
                    gain = sum(sum(games[k].payoff((0, 0))) - sum(games[k].payoff((1, 1))) for k in some)
                    best = max(best, gain)
        chosen = [int(name.split()[1]) - 1 for name in link.best_bundle(delta)]
        assert sum(sum(games[k].payoff((0, 0))) - sum(games[k].payoff((1, 1))) for k in chosen) == best


def test_breakdown_and_own_paths() -> None:
    rg = [dt.RepeatedGame(g, "1/2", breakdown="1/4") for g in (DILEMMA, STAG_HUNT)]
    link = linkage(rg)
    assert least(link) == (F(2, 3), F(4, 9))
    link.verify()
    odd = linkage([DILEMMA], paths=[("Restrict", "Restrict")], punishments=[("Relax", "Relax")])
    assert odd.pooled.is_empty  # (Relax, Relax) is no equilibrium to revert to
    odd.verify()
    assert odd.best_bundle("1/2") == ()


def test_optimal_punishments_of_the_product_game() -> None:
    link = linkage([DILEMMA, STAG_HUNT])
    path = link.agreement.play["path"]
    assert dt.least_discount(link.game, path).discount == F(1, 3)


# --- false alarms -------------------------------------------------------------------------------------------------


def with_signals(game: dt.Game, path: tuple[str, ...], eps: F) -> dt.RepeatedGame:
    prob = {p: ({"calm": 1 - eps, "alarm": eps} if p == path else {"alarm": 1}) for p in product(*game.actions)}
    return dt.RepeatedGame(game, "3/4", monitoring=dt.public_signals(["calm", "alarm"], prob))


def reverting(path: tuple[str, ...], punishment: tuple[str, ...]) -> dt.Agreement:
    return dt.Agreement(
        {"path": path, "punishment": punishment},
        {"path": {"calm": "path", "alarm": "punishment"}, "punishment": {...: "punishment"}},
    )


def test_false_alarms_against_public_signals() -> None:
    link = linkage({"chips": DILEMMA, "standards": STAG_HUNT})
    noise = link.false_alarms({"chips": "1/10", "standards": "1/20"}, "3/4")
    rates = (F(1, 10), F(1, 20))
    totals = [F(0), F(0)]
    for k, (issue, eps) in enumerate(zip(link.issues, rates, strict=True)):
        rg = with_signals(issue.game, issue.path, eps)
        ag = reverting(issue.path, issue.punishment)
        assert dt.holds_where(rg, ag).least == noise.separate[k]
        value = dt.incentives(rg, ag).values["path"]
        totals = [t + v for t, v in zip(totals, value, strict=True)]
    assert tuple(totals) == noise.separate_values
    eps = 1 - (1 - rates[0]) * (1 - rates[1])
    path, punishment = link.agreement.play["path"], link.agreement.play["punishment"]
    rg = with_signals(link.game, path, eps)
    ag = reverting(path, punishment)
    assert dt.holds_where(rg, ag).least == noise.linked
    assert tuple(dt.incentives(rg, ag).values["path"]) == noise.linked_values
    assert all(c > 0 for c in noise.cost)  # both issues hold alone at 3/4: linking only spreads the damage


def test_without_alarms_linking_costs_nothing_and_gains_where_issues_fail_alone() -> None:
    link = linkage([DILEMMA, STAG_HUNT])
    calm = link.false_alarms(0, "3/4")
    assert calm.cost == (0, 0)
    assert (calm.separate, calm.linked) == ((F(1, 2), F(0)), F(1, 3))
    gained = link.false_alarms(0, "2/5")
    assert gained.cost == (-2, -2)  # chips are kept only if linked
    assert link.false_alarms("9/10", "3/4").linked is None


# --- certificates and bad input -----------------------------------------------------------------------------------


def test_verify_refuses_wrong_regions() -> None:
    link = linkage([DILEMMA, STAG_HUNT])
    with pytest.raises(CertificateError):
        replace(link, pooled=link.separate[0]).verify()
    wrong = replace(link.separate[0], set=IntervalSet((Interval(F(1, 4), F(1), True, False),)))
    with pytest.raises(CertificateError):
        replace(link, separate=(wrong, link.separate[1])).verify()


def test_bad_input() -> None:
    other = dt.Game.symmetric([[3, 0], [5, 1]])
    for games in ([], [DILEMMA, other], [DILEMMA, 3], [DILEMMA] * 17):
        with pytest.raises(ParameterError):
            linkage(games)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError):
        linkage([DILEMMA] * 9)
    with pytest.raises(UnsupportedError):
        linkage([dt.RepeatedGame(DILEMMA, "1/2", monitoring=dt.trembles("1/20"))])
    with pytest.raises(ParameterError):
        linkage([dt.RepeatedGame(DILEMMA, 0, breakdown="1/2"), dt.RepeatedGame(DILEMMA, 0)])
    with pytest.raises(ParameterError):
        linkage([DILEMMA], paths=[("Relax", "Relax")] * 2)
    link = linkage([DILEMMA, STAG_HUNT])
    with pytest.raises(ParameterError):
        link.slacks(1)
    with pytest.raises(ParameterError):
        link.false_alarms([0.1], "1/2")
    with pytest.raises(ParameterError):
        link.false_alarms(2, "1/2")
    with pytest.raises(LabelError):
        link.false_alarms({"chips": 0.1}, "1/2")
