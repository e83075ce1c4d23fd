"""The trust frontier and phase diagrams under noise: in closed form, pointwise, and against a solver of its own."""

from __future__ import annotations

import random
from fractions import Fraction as F
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.exact.intervals import Interval
from detente.exact.polynomial import Polynomial
from detente.game.monitoring import late_shipments
from detente.repeated.parameters import resolve_over, with_parameter
from detente.trust.noise import one_parameter
from tests.trust.test_noisy import random_signals
from tests.trust.test_trust import C, D, pd, random_case

DILEMMA = pd(5, 3, 1, 0)
GRIM = dt.agreements.grim_trigger(DILEMMA)
TRIGGER = dt.Agreement(
    {"open": (C, C), "closed": (D, D)}, {"open": {"on time": "open", ...: "closed"}, "closed": {...: "closed"}}
)
UNIT = [F(k, 13) for k in range(13)]
Case = tuple[dt.RepeatedGame, dt.Agreement, dt.Machine, int]


def trembling_case(seed: int) -> Case:
    rng = random.Random(seed)
    rg, ag, machine = random_case(rng)
    eps = rng.choice(["1/50", "1/10", "1/4", "3/5"])
    return rg.replace(monitoring=dt.trembles(eps)), ag, machine, rng.randint(0, 1)


def signal_case(seed: int) -> Case:
    rng = random.Random(seed)
    rg, _, _ = random_case(rng)
    monitoring, ag = random_signals(rng)
    return rg.replace(monitoring=monitoring), ag, dt.machines.always(rng.choice((C, D))), rng.randint(0, 1)


def trigger_case(seed: int) -> Case:
    """A dilemma or a stag hunt in which good signals follow relaxation, and bad ones start a punishment."""
    rng = random.Random(seed)
    r, p, s = rng.randint(5, 9), rng.randint(2, 4), rng.randint(0, 1)
    game = pd(rng.randint(p, r + 3), r, p, s)
    good = sorted((F(rng.randint(1, 39), 40) for _ in range(4)), reverse=True)
    prob = dict(zip(((C, C), (D, C), (C, D), (D, D)), ([q, 1 - q] for q in good), strict=True))
    length = rng.randint(1, 2)
    states = ["on", *(f"off {k}" for k in range(length))]
    move: dict[str, dict[Any, str]] = {"on": {"good": "on", ...: "off 0"}}
    for k in range(length):
        move[f"off {k}"] = {...: states[(k + 2) % len(states)] if rng.random() < 0.5 else f"off {k}"}
    play = {s: (C, C) if s == "on" else (D, D) for s in states}
    ag = dt.Agreement(play, move, start="on")
    rg = dt.RepeatedGame(game, F(rng.randint(4, 19), 20), monitoring=dt.public_signals(["good", "bad"], prob))
    return rg, ag, dt.machines.always(D), rng.randint(0, 1)


def pointwise(case: Case, over: Any, points: list[F], within: Any = None) -> dt.Frontier:
    """At every point the frontier says what the priors at that value of the parameter are."""
    rg, ag, machine, player = case
    frontier = dt.trust_frontier(rg, ag, player=player, opportunist=machine, over=over, within=within, width="1/100")
    choice = resolve_over(("discount", player) if over == "discount" else over, rg)
    for x in points:
        there = dt.trust_bounds(
            with_parameter(rg, choice, x), ag, player=player, opportunist=machine, budget=0.5, width="1/100"
        )
        inside, possible = frontier.interval(x), frontier.possible(x)
        if there.exact and frontier.exact:
            assert inside == (there.inside.intervals[0] if there.inside else None)
        assert contains(possible, there.inside.intervals[0] if there.inside else None)
        assert contains(there.possible.intervals[0] if there.possible else None, inside)
    return frontier


def contains(outer: Interval | None, inner: Interval | None) -> bool:
    return inner is None or (outer is not None and outer.lo <= inner.lo and inner.hi <= outer.hi)


def test_the_worked_case() -> None:
    """(5, 3, 1, 0), δ = 9/10, ε = 1/20: μ* = 2997241/20105760, on the frontier over each parameter."""
    mu = F(2997241, 20105760)
    noisy = dt.RepeatedGame(DILEMMA, "9/10", monitoring=dt.trembles("1/20"))
    over = {"discount": "9/10", "breakdown": 0, "noise": "1/20", ("payoff", "US", (D, C)): 5}
    for name, value in over.items():
        frontier = dt.trust_frontier(noisy, GRIM, player="US", over=name)
        assert frontier.exact
        assert frontier(value) == mu
        frontier.verify()
    over_noise = dt.trust_frontier(noisy, GRIM, player="US", over="noise")
    assert over_noise(0) == F(1, 17)  # as without noise, and continuous there
    assert over_noise("1/2") == 0  # whatever is meant, either act is carried out with the same chance
    assert dt.trust_frontier(noisy, GRIM, player="US")("11/20") is None


def test_a_trigger_on_late_shipments_in_closed_form() -> None:
    """Late with probability ε if both relax and d otherwise. Let V be the worth of the trigger against a keeper, W
    that of restricting for ever, and p, w the same against an opportunist: μ* = (w − p)/((w − p) + (V − W))."""
    rg = dt.RepeatedGame(DILEMMA, "9/10", monitoring=late_shipments(DILEMMA, "1/20", "1/2"))
    frontiers = {
        over: dt.trust_frontier(rg, TRIGGER, player="US", over=over)
        for over in ("discount", "breakdown", "noise", ("signal", "detection"), ("payoff", "US", (D, C)))
    }
    for frontier in frontiers.values():
        assert frontier.exact
        frontier.verify()

    def least(delta: F, eps: F, d: F, tempt: F) -> F:
        v = ((1 - delta) * 3 + delta * eps) / (1 - delta * (1 - eps))
        w = ((1 - delta) * tempt + delta * d) / (1 - delta * (1 - d))
        p = delta * d / (1 - delta * (1 - d))
        return (1 - p) / ((1 - p) + (v - w))

    for x in (F(4, 5), F(9, 10), F(99, 100)):
        assert frontiers["discount"](x) == least(x, F(1, 20), F(1, 2), F(5))
        assert frontiers["breakdown"](1 - x) == least(F(9, 10) * x, F(1, 20), F(1, 2), F(5))
    for x in (F(0), F(1, 20), F(1, 10), F(7, 36)):
        assert frontiers["noise"](x) == least(F(9, 10), x, F(1, 2), F(5))
    for x in (F(1, 4), F(1, 2), F(1)):
        assert frontiers["signal", "detection"](x) == least(F(9, 10), F(1, 20), x, F(5))
    assert frontiers["payoff", "US", (D, C)](7) == least(F(9, 10), F(1, 20), F(1, 2), F(7))
    assert frontiers["noise"].breakpoints == (F(7, 36),)
    assert frontiers["noise"].pieces[0].numerator == Polynomial((1, 9))


@pytest.mark.parametrize("seed", range(10))
def test_random_trembles_pointwise(seed: int) -> None:
    case = trembling_case(6000 + seed)
    for over in ("discount", "breakdown", "noise"):
        assert pointwise(case, over, UNIT[:: 2 + seed % 2]).exact
    frontier = pointwise(case, ("payoff", case[3], (C, D)), [F(k) for k in range(-3, 12, 4)])
    assert frontier.exact
    frontier.verify()


def one_trigger(seed: int, points: list[F]) -> None:
    case = trigger_case(6100 + seed)
    for over in ("discount", "breakdown", ("signal", (C, C), "good"), ("signal", (C, D), "good")):
        pointwise(case, over, points)
    pointwise(case, ("payoff", case[3], (C, C)), [F(k) for k in range(1, 12, 3)], within=(0, 12))


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 7])
def test_random_triggers_pointwise(seed: int) -> None:
    one_trigger(seed, UNIT[1::5])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 60))
def test_many_random_triggers_pointwise(seed: int) -> None:
    one_trigger(seed, UNIT[1:])


def test_nearly_all_are_exact() -> None:
    """The best value may have infinitely many pieces; where it matters it seldom has."""
    exact = [
        dt.trust_frontier(rg, ag, player=player, opportunist=machine, over=over, within=(0, F(9, 10))).exact
        for rg, ag, machine, player in map(signal_case, range(6200, 6215))
        for over in ("discount", "breakdown", ("payoff", player, (C, D)))
    ]
    assert len(exact) == 45
    assert sum(exact) >= 42


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 3, 4, 7, 8, 9, 10, 11))])
def test_bounds_hold_the_exact_frontier(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the exact frontier is known, the bounds that would have been given otherwise enclose it closely."""
    rg, ag, machine, player = trigger_case(6100 + seed)
    width = F(1, 100)
    for over in ("discount", ("signal", (C, C), "good"), ("payoff", player, (C, C))):
        within = (F(1, 10), F(9, 10)) if over != ("payoff", player, (C, C)) else (1, 11)
        ask: dict[str, Any] = {"player": player, "opportunist": machine, "over": over, "within": within, "width": width}
        exact = dt.trust_frontier(rg, ag, **ask)
        with monkeypatch.context() as patched:
            patched.setattr(one_parameter, "exact_family", lambda *given: None)
            bounds = dt.trust_frontier(rg, ag, **ask)
        assert exact.exact
        assert bounds.complete
        wide = 0
        points = [F(within[0]) + (F(within[1]) - F(within[0])) * F(k, 29) for k in range(30)]
        for x in points:
            inside, true, possible = bounds.interval(x), exact.interval(x), bounds.possible(x)
            assert contains(true, inside)
            assert contains(possible, true)
            if possible is not None:
                wide += inside is None or max(inside.lo - possible.lo, possible.hi - inside.hi) > width
        assert wide <= 1  # where the frontier jumps, or holds at a single value
    bounds.verify()


def test_bounds_where_nothing_else_is_known() -> None:
    rg, ag, machine, player = signal_case(351)
    over = ("signal", (C, C), "good")
    frontier = dt.trust_frontier(rg, ag, player=player, opportunist=machine, over=over, width="1/50")
    assert not frontier.exact
    assert frontier.complete
    assert frontier.limit is None
    assert "between bounds" in repr(frontier)
    frontier.verify()
    for x in UNIT[::5]:
        there = dt.trust_bounds(
            with_parameter(rg, resolve_over(over, rg), x), ag, player=player, opportunist=machine, budget=0.5
        )
        assert contains(frontier.possible(x), there.inside.intervals[0] if there.inside else None)
        assert contains(there.possible.intervals[0] if there.possible else None, frontier.interval(x))
    diagram = dt.phase_diagram(rg, ag, x=over, player=player, opportunist=machine, width="1/50")
    assert [claim.split(" is ")[0].split(" may ")[0] for claim in diagram.claims] == ["Keeping the agreement"] * 2
    raster = diagram.raster(20, 21)
    assert not (raster & 1 & ~(raster >> 1)).any()  # what is proven to hold may hold
    diagram.verify(columns=2)


def own_solver(case: Case, horizon: int) -> Any:
    """A solver of the problem on beliefs, in Fractions: for a prior, what keeping is worth, and bounds on the best
    value from trees of acts. After ``horizon`` periods the agreement is kept (a lower bound), or all is won (an upper
    one, which is too high by β to the power ``horizon`` times the range of payoffs at most)."""
    rg, ag, machine, i = case
    game, beta = rg.game, rg.effective_discount[i]
    eps = getattr(rg.monitoring, "eps", None)

    def follow(table: Any, seen: Any) -> str:
        fits = [k for k in table if k is ... or k == seen or (isinstance(k, tuple) and agrees(k, seen))]
        return table[min(fits, key=lambda k: k is ... or (isinstance(k, tuple) and k.count(...)))]

    def agrees(key: tuple[Any, ...], seen: Any) -> bool:
        return isinstance(seen, tuple) and all(k in (..., s) for k, s in zip(key, seen, strict=True))

    @cache
    def step(at: tuple[str, str], mine: Any, keeps: bool) -> tuple[F, dict[Any, tuple[F, tuple[str, str]]]]:
        theirs = ag.play[at[0]][1 - i] if keeps else machine.play[at[1]]
        meant = (mine, theirs) if i == 0 else (theirs, mine)
        if eps is None:
            chances = dict(zip(rg.monitoring.labels, rg.monitoring.prob[meant], strict=True))
            return game.payoff(meant)[i], {k: (q, (follow(ag.move[at[0]], k), at[1])) for k, q in chances.items()}
        seen = {}
        for done in product(*game.actions):
            q = F(1)
            for a, b in zip(done, meant, strict=True):
                q *= 1 - eps if a == b else eps
            seen[done] = (q, (follow(ag.move[at[0]], done), follow(machine.move[at[1]], done[i])))
        return sum((q * game.payoff(k)[i] for k, (q, _) in seen.items()), F(0)), seen

    start = (ag.start, machine.start)
    states = [start]
    for at in states:
        for a, keeps in product(game.actions[i], (True, False)):
            states += [t for t in dict.fromkeys(t for _, t in step(at, a, keeps)[1].values()) if t not in states]

    def kept_worth(keeps: bool) -> dict[tuple[str, str], F]:
        rows = []
        for at in states:
            pay, seen = step(at, ag.play[at[0]][i], keeps)
            row = [F(at == t) for t in states] + [(1 - beta) * pay]
            for q, t in seen.values():
                row[states.index(t)] -= beta * q
            rows.append(row)
        for k in range(len(rows)):
            rows[k] = [v / rows[k][k] for v in rows[k]]
            for j in range(len(rows)):
                if j != k:
                    rows[j] = [v - rows[j][k] * w for v, w in zip(rows[j], rows[k], strict=True)]
        return {at: row[-1] for at, row in zip(states, rows, strict=True)}

    mine, other = kept_worth(True), kept_worth(False)
    most = max(game.payoff(p)[i] for p in product(*game.actions))

    @cache
    def best(at: tuple[str, str], belief: F, left: int, hopeful: bool) -> F:
        if not left:
            return most if hopeful else belief * mine[at] + (1 - belief) * other[at]
        found = []
        for a in game.actions[i]:
            (pay, kept), (paid, strayed) = step(at, a, True), step(at, a, False)
            value = (1 - beta) * (belief * pay + (1 - belief) * paid)
            for k, (p, target) in kept.items():
                chance = belief * p + (1 - belief) * strayed[k][0]
                if chance:
                    value += beta * chance * best(target, belief * p / chance, left - 1, hopeful)
            found.append(value)
        return max(found)

    def solve(prior: F) -> tuple[F, F, F]:
        kept = prior * mine[start] + (1 - prior) * other[start]
        return kept, best(start, prior, horizon, False), best(start, prior, horizon, True)

    return solve


@pytest.mark.parametrize("kind", [trembling_case, signal_case, trigger_case])
def test_against_a_solver_of_its_own(kind: Any) -> None:
    """Hundreds of games, agreements, levels of noise, priors: inside nothing gains, outside something does."""
    found_gain = missed = 0
    for seed in range(7000, 7040):
        case = kind(seed)
        rg, ag, machine, player = case
        rng = random.Random(seed)
        x = F(rng.randint(3, 16), 20)
        discount = [x if j == player else d for j, d in enumerate(rg.discount)]
        frontier = dt.trust_frontier(rg, ag, player=player, opportunist=machine, within=(F(1, 20), F(9, 10)))
        inside = frontier.interval(x)
        solve = own_solver((rg.replace(discount=discount), ag, machine, player), 4)
        for prior in {F(0), F(1, 5), F(1, 2), F(4, 5), F(1), *(() if inside is None else (inside.lo, inside.hi))}:
            kept, low, high = solve(F(prior))  # type: ignore[arg-type]
            assert kept <= low <= high
            if inside is not None and prior in inside:
                assert low == kept
            elif frontier.exact:
                assert high > kept
                found_gain += low > kept
                missed += low == kept
    assert found_gain > 60
    assert missed < found_gain / 20  # gains that take longer than the solver looks ahead


def test_units_and_swapped_players() -> None:
    rg, ag, machine, player = trigger_case(6103)
    plain = dt.trust_frontier(rg, ag, player=player, opportunist=machine)
    for scale, shift in ((F(10) ** 9, -7), (F(1, 10**9), 10**6)):
        other = rg.replace(game=rg.game.affine(player, scale, shift))
        assert dt.trust_frontier(other, ag, player=player, opportunist=machine).pieces == plain.pieces
    noisy = dt.RepeatedGame(DILEMMA, "9/10", monitoring=dt.trembles("1/20"))
    pieces = [dt.trust_frontier(noisy, GRIM, player=p, over="noise").pieces for p in (0, 1)]
    assert pieces[0] == pieces[1]  # a symmetric game


def test_a_phase_diagram_over_noise_point_by_point() -> None:
    game = dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], players=["US", "China"], actions=[C, D])
    rg = dt.RepeatedGame(game, "9/10")
    grim = dt.agreements.grim_trigger(game)
    diagram = dt.phase_diagram(rg, grim, x="noise", x_range=(0, "1/4"))
    xs, ys = diagram.grid(9, 8)
    raster = diagram.raster(9, 8)
    for j, x in enumerate(xs):
        for k, player in enumerate(game.players):
            region = dt.trust_region(rg.replace(monitoring=dt.trembles(x)), grim, player=player)
            assert [bool(v >> k & 1) for v in raster[:, j]] == [y in region for y in ys]
    diagram.verify(columns=3)
    for boundary in diagram.boundaries(50):
        player = game.players[diagram.claims.index(boundary.claim)]
        piece = diagram.frontiers[player].pieces[0]
        top, bottom = (
            np.polynomial.Polynomial([float(c) for c in p])(boundary.x) for p in (piece.numerator, piece.denominator)
        )
        assert np.allclose(boundary.y, top / bottom)


def test_patience_and_trust_under_noise() -> None:
    noisy = dt.RepeatedGame(DILEMMA, "1/2", monitoring=dt.trembles("1/20"))
    diagram = dt.phase_diagram(noisy, GRIM, player="US")
    (column,) = diagram.slice("9/10").values()
    assert column.intervals == (Interval(F(2997241, 20105760), F(1)),)
    assert diagram.holds("9/10", "1/5")
    assert not diagram.holds("9/10", "1/8")


def test_within() -> None:
    rg = dt.RepeatedGame(DILEMMA, "9/10")
    for case in (rg, rg.replace(monitoring=dt.trembles("1/20"))):
        whole = dt.trust_frontier(case, GRIM, player="US")
        part = dt.trust_frontier(case, GRIM, player="US", within=("7/10", "4/5"))
        assert part.domain.intervals == (Interval(F(7, 10), F(4, 5)),)
        assert part("3/4") == whole("3/4")
        with pytest.raises(dt.ParameterError, match="discount"):
            part("9/10")
        for bad in ((1, 0), (0, 2), (0,), 3, ("a", "b"), (0, float("nan"))):
            with pytest.raises(dt.DetenteError):
                dt.trust_frontier(case, GRIM, player="US", within=bad)  # type: ignore[arg-type]


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    rg, ag, machine, player = trigger_case(6100)
    for bad in (
        {"width": 0},
        {"width": "x"},
        {"budget": -1},
        {"over": "patience"},
        {"player": "EU"},
        {"over": "noise"},
    ):
        with pytest.raises(dt.DetenteError):
            dt.trust_frontier(rg, ag, **{"player": player, "opportunist": machine, **bad})
    with pytest.raises(dt.UnsupportedError, match="opportunist"):
        dt.trust_frontier(rg, ag, player=player, opportunist=dt.machines.tit_for_tat(C, D))
    monkeypatch.setattr(one_parameter, "exact_family", lambda *given: None)
    with pytest.raises(dt.UnsupportedError, match="within"):
        dt.trust_frontier(rg, ag, player=player, opportunist=machine, over=("payoff", player, (C, C)))
    hurried = dt.trust_frontier(rg, ag, player=player, opportunist=machine, width="1/100000000", budget="1/1000")
    assert not hurried.complete


def test_verify_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    rg = dt.RepeatedGame(DILEMMA, "9/10", monitoring=late_shipments(DILEMMA, "1/20", "1/2"))
    frontier = dt.trust_frontier(rg, TRIGGER, player="US")
    monkeypatch.setattr(dt.Frontier, "__call__", lambda self, x: F(1, 100))
    with pytest.raises(dt.CertificateError):
        frontier.verify()
