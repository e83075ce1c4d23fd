"""All small agreements of a scenario: what is claimed of them, against regions found one by one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import pytest

import detente as dt
from detente.scenario.small_agreements import SmallAgreements, small_agreements

LONDON = dt.load_scenario("london-2025")
SEEN = LONDON.repeated.replace(monitoring=dt.perfect())


@pytest.fixture(scope="module")
def found() -> SmallAgreements:
    return small_agreements(LONDON.repeated)


def test_what_is_claimed_of_each(found: SmallAgreements) -> None:
    assert found.complete
    assert len(found.unbeaten) == 2
    for row in found.unbeaten:
        ag = row.agreement
        assert dt.incentives(SEEN, ag).holds
        assert dt.holds_where(SEEN, ag).least == row.point.discount
        assert dt.holds_where(LONDON.repeated, ag, "noise").intervals[0].hi == row.point.noise
        assert max(dt.trust_region(SEEN, ag, player=p).least for p in LONDON.players) == row.point.trust  # type: ignore[type-var]
        assert row.here.holds == dt.incentives(LONDON.repeated, ag).holds
        needs = [dt.trust_region(LONDON.repeated, ag, player=p).least for p in LONDON.players]
        assert row.most_needed == max(needs)  # type: ignore[type-var]
    found.verify()


def test_no_agreement_on_file_improves_on_them(found: SmallAgreements) -> None:
    grim = dt.agreements.grim_trigger(LONDON.game)
    assert found.trust.value == max(dt.trust_region(SEEN, grim, player=p).least for p in LONDON.players)  # type: ignore[type-var]
    for ag in LONDON.agreements.values():
        if len(ag.states) > found.states or not dt.incentives(SEEN, ag).holds:
            continue
        trust = [dt.trust_region(SEEN, ag, player=p).least for p in LONDON.players]
        mine = (max(trust), dt.holds_where(SEEN, ag).least, dt.holds_where(SEEN, ag, "noise").intervals[0].hi)  # type: ignore[type-var]
        for row in found.unbeaten:
            theirs = (row.point.trust, row.point.discount, row.point.noise)
            no_worse = mine[0] <= theirs[0] and mine[1] <= theirs[1] and mine[2] >= theirs[2]
            assert not no_worse or mine == theirs


def test_where_nothing_holds() -> None:
    found = small_agreements(dt.load_scenario("us-hawkish").repeated)
    assert found.unbeaten == ()
    assert all(answer.value is None and answer.complete for answer in found.by_criterion.values())
    found.verify()


def test_false_claims_are_found_out(found: SmallAgreements) -> None:
    with pytest.raises(dt.CertificateError):
        replace(found, trust=replace(found.trust, value=F(1, 4))).verify()
    with pytest.raises(dt.CertificateError):
        replace(found, unbeaten=found.unbeaten[:1]).verify()  # who stands the most noise is missing
    worse = replace(found.unbeaten[0].point, trust=F(2, 3))
    beaten = replace(found.unbeaten[1], point=worse)
    with pytest.raises(dt.CertificateError):
        replace(found, unbeaten=(found.unbeaten[1], beaten)).verify()
