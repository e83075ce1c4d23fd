"""Incentive slacks as functions: equal to the table of incentives at every value, positive exactly where it holds."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

import detente as dt
from tests.trust.test_frontier import random_case


@pytest.mark.parametrize("seed", range(20))
def test_functions_agree_with_the_table(seed: int) -> None:
    rg, ag, _, _ = random_case(700 + seed)
    for over, points in (("discount", [F(0), F(1, 3), F(9, 10)]), ("noise", [F(0), F(1, 7), F(1)])):
        slacks = dt.incentive_slacks(rg, ag, over)
        for x in points:
            changed = rg.replace(discount=x) if over == "discount" else rg.replace(monitoring=dt.trembles(x))
            table = {(r.player, r.state, r.deviation): r.slack for r in dt.incentives(changed, ag).table}
            assert {tuple(s.constraint): s(x) for s in slacks} == table
            for s in slacks:
                assert s(x) == F(s.numerator(x)) / F(s.denominator(x))
            assert (min(s(x) for s in slacks) >= 0) == (x in dt.holds_where(rg, ag, over))


def test_payoff_scale() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]])
    one = dt.incentive_slacks(dt.RepeatedGame(game, 0), dt.agreements.grim_trigger(game))
    scaled = game.affine(0, 7, 3)
    other = dt.incentive_slacks(dt.RepeatedGame(scaled, 0), dt.agreements.grim_trigger(scaled))
    assert [7 * s(F(2, 3)) for s in one if s.constraint.player == game.players[0]] == [
        s(F(2, 3)) for s in other if s.constraint.player == game.players[0]
    ]


@pytest.mark.parametrize("over", ["discount", "lapse", "renewal", "breakdown"])
def test_stochastic_games_have_slacks_too(over: str) -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
    sg = dt.truce_game(game, "1/10", "1/5", discount="9/10")
    slacks = dt.incentive_slacks(sg, dt.truce_terms(sg), over)
    assert len(slacks) == 4
    for x in (F(0), F(1, 7), F(1, 2)):
        changed = sg.replace(**({over: x} if over in ("discount", "breakdown") else {"parameters": {over: x}}))
        table = {(r.player, r.state, r.deviation): r.slack for r in dt.incentives(changed, dt.truce_terms(sg)).table}
        assert {tuple(s.constraint): s(x) for s in slacks} == table
        assert (min(table.values()) >= 0) == (x in dt.holds_where(sg, dt.truce_terms(sg), over))
