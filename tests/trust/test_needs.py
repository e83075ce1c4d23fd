"""Who needs more trust, and why."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

import detente as dt
from detente.trust.needs import TrustNeeds
from tests.trust.test_frontier import random_case

C, D = "Relax", "Restrict"


@pytest.mark.parametrize("seed", range(60))
def test_least_trust_is_risk_against_stake(seed: int) -> None:
    rg, ag, _, _ = random_case(500 + seed)
    needs = dt.trust_needs(rg, ag)
    needs.verify()
    for player in rg.game.players:
        row = needs[player]
        region = dt.trust_region(rg, ag, player=player)
        assert row.least == (region.intervals[0].lo if region.intervals else None)
        if row.least:
            assert row.least == row.risk / (row.risk + row.stake)
    assert isinstance(needs.explain(), str)


def test_asymmetric_dilemma_by_hand() -> None:
    """US (5,3,1,0), China (7,4,2,0) at δ = 9/10: risks (1 − δ)(P − S), stakes R − (1 − δ)T − δP."""
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], players=["US", "China"], actions=[C, D])
    needs = dt.trust_needs(dt.RepeatedGame(game, "9/10"), dt.agreements.grim_trigger(game))
    assert (needs["US"].risk, needs["US"].stake) == (F(1, 10), 3 - F(1, 2) - F(9, 10))
    assert (needs["China"].risk, needs["China"].stake) == (F(1, 5), 4 - F(7, 10) - F(9, 5))
    assert needs.more == "China"
    assert needs["US"].temptation == ("path", D)


def test_no_trust_suffices_and_none_is_needed() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=[C, D])
    impatient = dt.trust_needs(dt.RepeatedGame(game, "1/4"), dt.agreements.grim_trigger(game))
    assert impatient["US"].least is None
    assert impatient.more is None
    assert "whatever its trust" in impatient.explain()
    safe = dt.trust_needs(dt.RepeatedGame(game, "1/4"), dt.agreements.unconditional((D, D)))
    assert safe["US"].least == 0
    assert "whoever" in safe.explain()


def test_verify_can_fail() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=[C, D])
    rg, grim = dt.RepeatedGame(game, "9/10"), dt.agreements.grim_trigger(game)
    needs = dt.trust_needs(rg, grim)
    with pytest.raises(dt.CertificateError):
        TrustNeeds(rg.replace(discount="8/10"), grim, dict(needs)).verify()
    with pytest.raises(dt.LabelError):
        needs["EU"]
