"""Mixed prescriptions: textbook equilibria, exact indifference, an independent checker on random cases."""

from __future__ import annotations

import random
from fractions import Fraction as F
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.exact.intervals import Interval, IntervalSet
from detente.repeated.check import is_nash, is_subgame_perfect
from tests.repeated.cases import random_agreement, random_game, random_monitoring, summed_values, weights

EVERYWHERE = IntervalSet((Interval(F(0), F(1), True, False),))
HALF = ["1/2", "1/2"]
PENNIES = dt.Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], actions=["Heads", "Tails"])


def from_on(end: Any) -> IntervalSet:
    return IntervalSet((Interval(end, F(1), True, False),))


def point(x: Any) -> IntervalSet:
    return IntervalSet((Interval(x, x),))


def holds(game: dt.Game, ag: dt.Agreement, **options: Any) -> dt.Region:
    region = dt.holds_where(dt.RepeatedGame(game, "1/2"), ag, **options)
    region.verify()
    return region


# --- stage equilibria, unconditionally and as a punishment -----------------------------------------------------


@pytest.mark.parametrize(
    ("game", "mixed"),
    [
        (PENNIES, (HALF, HALF)),
        # Battle of the sexes (Luce and Raiffa 1957): each goes to the favourite with probability 2/3.
        (dt.Game.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]]), (["2/3", "1/3"], ["1/3", "2/3"])),
        # Rock, paper, scissors
        (dt.Game.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]), (["1/3"] * 3, ["1/3"] * 3)),
    ],
)
def test_a_mixed_stage_equilibrium_played_for_ever_needs_no_patience(game: dt.Game, mixed: Any) -> None:
    ag = dt.agreements.unconditional(mixed)
    for over in ("discount", "breakdown"):
        region = holds(game, ag, over=over)
        assert region.set == IntervalSet((region.domain,))
    inc = dt.incentives(dt.RepeatedGame(game, "9/10"), ag)
    inc.verify()
    assert inc.holds
    assert {row.slack for row in inc.table} == {F(0)}
    assert len(inc.table) == sum(game.shape)
    # Trembles leave a uniform lottery as it is; any other is no longer an equilibrium, until acts are sheer chance.
    noise = holds(game, ag, over="noise")
    uniform = len(set(mixed[0])) == 1
    assert repr(noise.set) == ("[0, 1]" if uniform else "{0} ∪ {1/2}")
    assert holds(game, ag, concept="nash").set == EVERYWHERE


def test_any_other_mixture_fails_at_every_discount_factor() -> None:
    off = dt.agreements.unconditional((HALF, ["1/3", "2/3"]))
    region = holds(PENNIES, off)
    assert region.is_empty
    assert region.failing
    assert "Player 1 would gain by" in region.explain()
    assert holds(PENNIES, off, concept="nash").is_empty
    inc = dt.incentives(dt.RepeatedGame(PENNIES, "1/2"), off)
    assert not inc.holds
    assert inc.worst == min(inc.table, key=lambda row: row.slack)
    inc.verify()


def test_reversion_to_a_mixed_stage_equilibrium() -> None:
    """Friedman (1971) where no stage equilibrium is pure. Mixed, the rows earn 10/3; the path pays 4, a deviation 5."""
    game = dt.Game.bimatrix([[4, 2], [5, 0]], [[4, 1], [0, 2]], actions=["a", "b"])
    assert len(dt.pure_equilibria(game)) == 0
    ag = dt.agreements.nash_reversion(game)
    assert ag.play["punishment"] == ((F(2, 5), F(3, 5)), (F(2, 3), F(1, 3)))
    region = holds(game, ag)
    assert region.set == from_on(F(5 - 4) / (5 - F(10, 3)))
    assert [tuple(c) for c in region.binding[F(3, 5)]] == [("Player 1", "path", "b")]
    chosen = dt.nash_equilibria(game).extreme[0].strategies
    assert dt.agreements.nash_reversion(game, equilibrium=chosen) == ag
    with pytest.raises(dt.AgreementError, match="Nash"):
        dt.agreements.nash_reversion(game, equilibrium=(HALF, ["1/3", "2/3"]))
    with pytest.raises(dt.AgreementError, match="nash_equilibria"):
        dt.agreements.nash_reversion(dt.Game.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]))


def test_a_mixed_path_is_left_only_outside_its_support() -> None:
    ag = dt.agreements.grim_trigger(PENNIES, path=(HALF, "Heads"), punishment=(HALF, HALF))
    bound = ag.bind(PENNIES, dt.perfect())
    assert {outcome: bound.states[t] for outcome, t in bound.move[0].items()} == {
        (0, 0): "path",
        (1, 0): "path",
        (0, 1): "punishment",
        (1, 1): "punishment",
    }


# --- indifference at isolated points -----------------------------------------------------------------------------


@pytest.mark.parametrize(("generosity", "delta"), [(F(1, 3), F(1, 2)), (F(1, 2), F(2, 3)), (F(1, 9), F(3, 8))])
def test_generous_tit_for_tat(generosity: F, delta: F) -> None:
    """Nowak and Sigmund (1992), *Nature* 355. Helping costs 1 and brings the other 3; defection is forgiven with
    probability q. The partner is indifferent iff 3δ(1 − q) = 1: subgame perfect at that point only. As a Nash
    equilibrium, on whose path no one defects, at every greater δ too."""
    game = dt.Game.symmetric([[2, -1], [3, 0]], actions=["C", "D"])
    forgive = {"C": generosity, "D": 1 - generosity}
    after = {"C": "good", "D": "bad"}
    one = dt.Machine({"good": "C", "bad": forgive}, {"good": after, "bad": after})
    both = dt.agreements.from_machines(one, one)
    region = holds(game, both)
    assert region.set == point(delta)
    assert {c.player for c in region.binding[delta]} == {"Player 1", "Player 2"}
    below, above = region.beyond[delta, "below"], region.beyond[delta, "above"]
    assert {c.deviation for c in below} == {"D"}
    assert {c.deviation for c in above} == {"C"}
    assert f"below {delta}, Player 1 would gain by D" in region.explain()
    assert f"above {delta}, Player 1 would gain by C" in region.explain()
    assert holds(game, both, concept="nash").set == from_on(delta)
    cost = holds(game, both, over=("payoff", 0, ("D", "C")))
    assert cost.set == (point(F(3)) if delta == F(1, 2) else IntervalSet())


def test_product_choice_with_a_mixing_firm() -> None:
    """Mailath and Samuelson (2006), the product-choice game of sections 2.7 and 7.6: a firm and short-lived customers.

    The firm makes high quality with probability 1/2, which leaves a customer indifferent. Low quality is punished by
    two periods of low quality and customers who expect it. Indifference of the firm is 2δ − 1 = δ³, and of its roots
    only the golden section is inside (0, 1). The firm then earns 2, the most that it can in any equilibrium under
    perfect monitoring, for all its mixing (Fudenberg, Kreps and Maskin 1990)."""
    game = dt.Game.bimatrix(
        [[2, 0], [3, 1]], [[3, 2], [0, 1]], players=["firm", "customer"], actions=[["high", "low"], ["buy", "leave"]]
    )
    ag = dt.Agreement(
        {"trust": (HALF, "buy"), "first": ("low", "leave"), "second": ("low", "leave")},
        {"trust": {("high", ...): "trust", ...: "first"}, "first": {...: "second"}, "second": {...: "trust"}},
    )
    rg = dt.RepeatedGame(game, [F(1, 2), 0])
    region = dt.holds_where(rg, ag, ("discount", "firm"))
    region.verify()
    (found,) = region.intervals
    assert found.is_point
    assert str(found.lo) == "(√5 − 1)/2"
    assert [tuple(c)[::2] for c in region.beyond[found.lo, "below"]] == [("firm", "low")]
    assert [tuple(c)[::2] for c in region.beyond[found.lo, "above"]] == [("firm", "high")]
    golden = F(618034, 1000000)
    value = dt.incentives(rg.replace(discount=[golden, 0]), ag).values["trust", "firm"]
    assert float(value) == pytest.approx(2, abs=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_indifference_made_by_a_payoff(seed: int) -> None:
    """One payoff is chosen so that one player is indifferent in one state at δ₀; the set over δ must find δ₀."""
    rng = random.Random(seed)
    game = random_game(rng, (2, 2))
    mixture = weights(rng, 2, positive=True)
    names = list(game.actions[0])
    ag = dt.Agreement(
        {"a": (mixture, rng.choice(game.actions[1])), "b": (rng.choice(names), rng.choice(game.actions[1]))},
        {s: {(x, y): rng.choice("ab") for x in game.actions[0] for y in game.actions[1]} for s in "ab"},
    )
    rg = dt.RepeatedGame(game, F(rng.randint(1, 9), 10), F(rng.randint(0, 3), 10))
    if "a" not in ag.bind(game, dt.perfect()).states:
        return
    region = dt.holds_where(rg, ag, ("payoff", 0, (0, ag.play["a"][1])), player=0)
    region.verify()
    for interval in region.intervals:
        if not isinstance(interval.lo, F):
            continue
        payoffs = game.exact_payoffs.copy()
        payoffs[(0, 0, game.action_index(1, ag.play["a"][1]))] = interval.lo
        changed = rg.replace(game=dt.Game(payoffs, players=game.players, actions=game.actions))
        over = dt.holds_where(changed, ag, player=0)
        assert rg.discount[0] in over
        over.verify()
        inc = dt.incentives(changed, ag)
        own = [r.slack for r in inc.table if r.player == "Player 1" and r.state == "a"]
        assert own == [0, 0]


# --- random cases against the independent check --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["perfect", "trembles", "signals"])
@pytest.mark.parametrize("seed", range(20))
def test_random_mixed_agreements(kind: str, seed: int) -> None:
    rng = random.Random(f"{kind}{seed}")
    game = random_game(rng)
    monitoring = random_monitoring(rng, game, kind)
    ag = random_agreement(rng, game, monitoring, rng.randint(1, 3), mixed=0.5)
    delta = [F(rng.randint(0, 9), 10) for _ in range(game.n_players)]
    rg = dt.RepeatedGame(game, delta, F(rng.randint(0, 3), 10), monitoring)
    inc = dt.incentives(rg, ag)
    inc.verify()
    values = summed_values(rg, ag, 120)
    assert [float(v) for v in inc.values[ag.start]] == pytest.approx(values, abs=1e-4)
    profile = tuple(rng.randrange(m) for m in game.shape)
    for over in ("discount", ("discount", 0), "breakdown", ("payoff", rng.randrange(game.n_players), profile)):
        for player in (None, 0):
            spe = dt.holds_where(rg, ag, over, player=player)
            spe.verify()
            nash = dt.holds_where(rg, ag, over, "nash", player=player)
            nash.verify()
            assert not (spe.set - nash.set)
    assert is_nash(rg, ag) or not is_subgame_perfect(rg, ag)


@given(st.integers(0, 10**6), st.fractions(F(1, 9), 9), st.fractions(-9, 9))
def test_affine_maps_and_order_of_actions_change_nothing(seed: int, scale: F, shift: F) -> None:
    rng = random.Random(seed)
    game = random_game(rng, (2, 2))
    mixed = dt.nash_equilibria(game).extreme[-1].strategies
    ag = dt.agreements.grim_trigger(game, path=(0, 0), punishment=mixed)
    region = dt.holds_where(dt.RepeatedGame(game, 0), ag)
    assert dt.holds_where(dt.RepeatedGame(game.affine(0, scale, shift), 0), ag).set == region.set
    turned = game.restrict({0: ["a1", "a0"]})
    flipped = (tuple(reversed(mixed[0])), mixed[1])
    other = dt.agreements.grim_trigger(turned, path=("a0", "a0"), punishment=flipped)
    assert dt.holds_where(dt.RepeatedGame(turned, 0), other).set == region.set


def test_lotteries_in_either_form_mean_the_same() -> None:
    vector = dt.Agreement({"s": (["1/4", "3/4"], 0)}, {"s": {...: "s"}})
    mapping = dt.Agreement({"s": ({"Tails": "3/4", "Heads": "1/4"}, "Heads")}, {"s": {...: "s"}})
    certain = dt.Agreement({"s": ([1, 0], {1: 1, 0: 0})}, {"s": {...: "s"}})
    rg = dt.RepeatedGame(PENNIES, "1/2")
    assert dt.incentives(rg, vector).table == dt.incentives(rg, mapping).table
    pure = dt.Agreement({"s": ("Heads", "Tails")}, {"s": {...: "s"}})
    assert dt.incentives(rg, certain).table == dt.incentives(rg, pure).table
    assert certain.is_pure
    assert not vector.is_pure
    assert "1/4 of 0 + 3/4 of 1" in vector._repr_html_()


def test_what_needs_certain_actions_says_so() -> None:
    game = dt.Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    ag = dt.agreements.grim_trigger(game, punishment=(HALF, HALF))
    with pytest.raises(dt.UnsupportedError, match="mixed"):
        dt.trust_region(dt.RepeatedGame(game, "1/2"), ag, player="US")
