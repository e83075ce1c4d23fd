"""Trust along histories: Bayes' rule by hand, martingales, and all histories enumerated."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import Any

import pytest

import detente as dt
from tests.trust.test_frontier import random_case

C, D = "Relax", "Restrict"
PROFILES = list(product((C, D), repeat=2))


def dilemma() -> dt.Game:
    return dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=[C, D])


def test_odds_multiply_by_the_likelihood_ratio() -> None:
    """With ε = 1/20 a relaxing partner is 19 times as likely to be a keeper: odds 1 → 19 → 1 after a restriction."""
    game = dilemma()
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/20"))
    path = dt.update_trust(rg, dt.agreements.unconditional((C, C)), "1/2", [(C, C), (D, D), (C, D)], player="US")
    assert path.levels == (F(1, 2), F(19, 20), F(1, 2), F(1, 20))
    assert [s.ratio for s in path.steps] == [19, F(1, 19), F(1, 19)]
    other_side = dt.update_trust(rg, dt.agreements.unconditional((C, C)), "1/2", [(C, C), (D, D), (C, D)], player=1)
    assert other_side.levels == (F(1, 2), F(19, 20), F(1, 2), F(19, 20))
    path.verify()


def test_perfect_monitoring_reveals_at_once() -> None:
    game = dilemma()
    rg = dt.RepeatedGame(game, "9/10")
    grim = dt.agreements.grim_trigger(game)
    kept = dt.update_trust(rg, grim, "1/3", [(C, C), (C, C)])
    assert kept.levels == (F(1, 3), 1, 1)
    broken = dt.update_trust(rg, grim, "1/3", [(C, D), (D, D)])
    assert broken.levels == (F(1, 3), 0, 0)
    assert [s.period for s in broken.decisive] == [1]
    # The stopping level is that of the state reached: in punishment restricting is optimal whatever one believes.
    assert broken.stopping_levels == (F(1, 17), 0, 0)
    assert broken.stopped is None
    assert dt.update_trust(rg, grim, "1/20", []).stopped == 0
    with pytest.raises(dt.ProfileError):  # neither type restricts and then relaxes under punishment
        dt.update_trust(rg, grim, "1/3", [(C, D), (D, C)])


def test_restriction_as_prescribed_reveals_nothing() -> None:
    game = dilemma()
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/10"))
    path = dt.update_trust(rg, dt.agreements.grim_trigger(game), "1/2", [(D, C), (D, D), (D, D)], player="US")
    assert path.state == "punishment"
    assert [s.period for s in path.decisive] == [1]


@pytest.mark.parametrize("seed", range(25))
def test_beliefs_are_a_martingale_and_chances_add_up(seed: int) -> None:
    rg, ag, machine, player = random_case(400 + seed)
    rg = rg.replace(monitoring=dt.trembles(F(seed % 4, 10)))
    prior, level = F(2, 5), F(3, 10)
    empty = dt.update_trust(rg, ag, prior, [], player=player, opportunist=machine)
    periods = 3
    # Every history of three periods, with its probability if the partner is of either type and the player keeps.
    totals = {name: F(0) for name in empty.types}
    below = {name: F(0) for name in empty.types}
    expected = F(0)
    eps = F(seed % 4, 10)
    for history in product(PROFILES, repeat=periods):
        chances = {name: F(1) for name in empty.types}
        try:
            path = dt.update_trust(rg, ag, prior, list(history), player=player, opportunist=machine)
        except dt.ProfileError:
            continue  # impossible
        for step, profile in zip(path.steps, history, strict=True):
            meant = ag.play[step.state][player]
            own = 1 - eps if profile[player] == meant else eps
            for name in chances:
                chances[name] *= own * step.likelihoods[name]
        for name in chances:
            totals[name] += chances[name]
            if min(path.levels) < level:
                below[name] += chances[name]
        expected += (prior * chances[empty.types[0]] + (1 - prior) * chances[empty.types[1]]) * path.trust
        path.verify()
    assert set(totals.values()) == {1}
    assert expected == prior
    found = empty.chance_of_stopping(periods, level)
    assert dict(found.by_type) == below
    assert found.overall == prior * below[empty.types[0]] + (1 - prior) * below[empty.types[1]]


def test_chance_of_stopping_by_hand() -> None:
    """Trust 1/2, level 1/3, ε = 1/10: one observed restriction (odds 1/9) is below it, whoever did it."""
    game = dilemma()
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/10"))
    path = dt.update_trust(rg, dt.agreements.unconditional((C, C)), "1/2", [], player="US")
    assert path.chance_of_stopping(0, "1/3").overall == 0
    one = path.chance_of_stopping(1, "1/3")
    assert list(one.by_type.values()) == [F(1, 10), F(9, 10)]
    # After one relaxation odds are 9, after a restriction then 1: not below. So two in a row are needed from there.
    two = path.chance_of_stopping(2, "1/3")
    assert list(two.by_type.values()) == [F(1, 10), F(9, 10)]
    three = path.chance_of_stopping(3, "1/3")
    assert three.by_type["keeps the agreement"] == F(1, 10) + F(9, 10) * F(1, 100)


def test_public_signals_and_several_types() -> None:
    game = dilemma()
    late = {(C, C): ["9/10", "1/10"], (C, D): ["1/2", "1/2"], (D, C): ["1/2", "1/2"], (D, D): ["1/10", "9/10"]}
    signal = dt.public_signals(["on time", "late"], late)
    trust_on = dt.Agreement({"on": (C, C)}, {"on": {...: "on"}})
    path = dt.update_trust(dt.RepeatedGame(game, "9/10", monitoring=signal), trust_on, "1/2", ["late", "on time"])
    assert path.levels == (F(1, 2), F(1, 6), F(9, 34))
    rg = dt.RepeatedGame(game, "9/10")
    types = {"hawk": dt.machines.always(D), "reciprocator": dt.machines.tit_for_tat(C, D)}
    grim = dt.agreements.grim_trigger(game)
    several = dt.update_trust(rg, grim, {"hawk": "1/4", "reciprocator": "1/4"}, [(C, C), (D, C)], types=types)
    assert [dict(b) for b in several.beliefs][1] == {"keeps the agreement": F(2, 3), "hawk": 0, "reciprocator": F(1, 3)}
    with pytest.raises(dt.UnsupportedError):
        _ = several.stopping_levels


def test_shipped_record_is_usable() -> None:
    game = dt.load_scenario("london-2025").game
    rg = dt.RepeatedGame(game, "98/100", monitoring=dt.trembles("1/10"))
    path = dt.update_trust(rg, dt.agreements.contrite_tit_for_tat(game), "1/2", PROFILES, player="US")
    assert len(path) == 4
    assert "period" in path._repr_html_()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prior": "3/2"}, dt.ParameterError),
        ({"prior": {"hawk": 1}}, dt.LabelError),
        ({"prior": {"opportunist": "1/2", "keeps the agreement": "1/3"}}, dt.ParameterError),
        ({"history": [(C, "Relaxed")]}, dt.LabelError),
        ({"history": "CC"}, dt.ProfileError),
        ({"history": [(C,)]}, dt.ProfileError),
        ({"player": "EU"}, dt.LabelError),
    ],
)
def test_refusals(changes: dict[str, Any], error: type[Exception]) -> None:
    game = dilemma()
    asked = {"prior": "1/2", "history": [(C, C)]} | changes
    with pytest.raises(error):
        dt.update_trust(dt.RepeatedGame(game, "1/2"), dt.agreements.grim_trigger(game), **asked)
    path = dt.update_trust(dt.RepeatedGame(game, "1/2"), dt.agreements.grim_trigger(game), "1/2", [])
    with pytest.raises(dt.ParameterError):
        path.chance_of_stopping(-1)


def test_a_long_horizon_keeps_its_budget() -> None:
    game = dilemma()
    rg = dt.RepeatedGame(game, "9/10", monitoring=dt.trembles("1/7"))
    path = dt.update_trust(rg, dt.agreements.limited_punishment(game, 2), "1/2", [], player="US")
    with pytest.raises(dt.UnsupportedError, match="budget"):
        path.chance_of_stopping(10**6, "1/100", budget=0.3)
    with pytest.raises(dt.ParameterError, match="budget"):
        path.chance_of_stopping(3, "1/100", budget=-1)
    # Where nothing is left to be learned there is nothing to go through, however long it lasts.
    sure = dt.update_trust(rg.replace(monitoring=dt.perfect()), dt.agreements.grim_trigger(game), 0, [], player="US")
    assert sure.chance_of_stopping(10**9, "1/2").overall == 1


def test_of_actions_equally_bad_the_opportunist_takes_the_last() -> None:
    game = dt.Game.symmetric([[0, 0], [0, 0]], actions=[C, D], players=["US", "China"])
    rg, kept = dt.RepeatedGame(game, "1/2"), dt.agreements.unconditional((C, C))
    path = dt.update_trust(rg, kept, "1/2", [(C, D)], player="US")
    assert path.trust == 0
