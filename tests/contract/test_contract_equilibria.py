"""The public names of one-shot solution concepts, called as the design writes them: types, certificates, refusals."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt

ACTIONS = ["Relax", "Restrict"]
PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=ACTIONS)
STAG = dt.Game.symmetric([[9, 0], [8, 7]], players=["US", "China"], actions=ACTIONS)
CHICKEN = dt.Game.symmetric([[6, 2], [7, 0]], players=["US", "China"], actions=ACTIONS)
PENNIES = dt.Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
THREE = dt.Game(np.arange(24).reshape(3, 2, 2, 2))


@pytest.mark.parametrize("exact", [None, True, False])
@pytest.mark.parametrize("given", [int, float])
def test_nash_equilibria(exact: bool | None, given: type) -> None:
    game = dt.Game.bimatrix(np.array([[3, 0], [0, 2]], dtype=given), np.array([[2, 0], [0, 3]], dtype=given))
    eqs = dt.nash_equilibria(game, exact=exact, method="auto", budget=None)
    number = F if (given is int if exact is None else exact) else float
    assert isinstance(eqs, dt.EquilibriumSet)
    assert eqs.complete is True
    assert isinstance(eqs.extreme, tuple)
    assert isinstance(eqs.components, tuple)
    assert len(eqs) == len(list(eqs)) == 3
    assert eqs[0] is eqs.extreme[0]
    for eq in eqs:
        assert isinstance(eq, dt.Equilibrium)
        assert isinstance(eq.strategies, tuple)
        assert all(isinstance(s, tuple) and all(type(p) is number for p in s) for s in eq.strategies)
        assert all(type(x) is number for x in eq.payoffs)
        assert eq.regret <= (0 if number is F else 1e-15)
        assert eq.is_pure == (eq.support in (((0,), (0,)), ((1,), (1,))))
        assert eq.is_strict == eq.is_pure
        assert repr(eq)
    assert sorted(c.index for c in eqs.components if c.index is not None) == [-1, 1, 1]
    assert all(isinstance(c, dt.Component) and c.is_isolated for c in eqs.components)
    eqs.verify()
    assert "complete" in repr(eqs)
    assert "<table" in eqs._repr_html_()


def test_a_continuum() -> None:
    """The column player is indifferent at the first row: a segment of equilibria there, and nothing else."""
    eqs = dt.nash_equilibria(dt.Game.bimatrix([[1, 1], [0, 0]], [[1, 1], [0, 1]]))
    (component,) = eqs.components
    assert not component.is_isolated
    assert component.index == 1
    (subset,) = component.subsets
    x, y = subset.vertices
    assert x == ((1, 0),)
    assert set(y) == {(1, 0), (0, 1)}
    eqs.verify()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 3)])
def test_zero_games(shape: tuple[int, int]) -> None:
    """Everything is an equilibrium: all pairs of pure strategies are extreme, and there is one component."""
    eqs = dt.nash_equilibria(dt.Game(np.zeros((2, *shape), dtype=int)))
    assert len(eqs) == shape[0] * shape[1]
    assert [c.index for c in eqs.components] == [1]
    assert eqs.complete
    eqs.verify()


@pytest.mark.parametrize("factor", [F(10**9), F(1, 10**9)])
@pytest.mark.parametrize("shift", [0, 300_000])
@pytest.mark.parametrize("given", [F, float])
def test_scale_and_shift_change_nothing(factor: F, shift: int, given: type) -> None:
    if given is float and shift and factor < 1:
        pytest.skip("floats near 300,000 are further apart than such payoffs")
    A, B = np.array([[0, 6, 2], [4, 0, 5], [3, 3, 0]]), np.array([[1, 0, 5], [0, 3, 2], [4, 1, 0]])
    plain = dt.nash_equilibria(dt.Game.bimatrix(A, B))
    tables = [[[given(F(int(x)) * factor + shift) for x in row] for row in M] for M in (A, B)]
    moved = dt.nash_equilibria(dt.Game(tables))
    assert len(moved) == len(plain)
    expected = np.array([np.concatenate(e.strategies) for e in plain], dtype=float)
    assert np.allclose([np.concatenate(e.strategies).astype(float) for e in moved], expected, atol=1e-12)
    moved.verify()


def test_a_verdict_of_floats_is_that_of_their_decimals() -> None:
    """0.1 + 0.2 is not 0.3: the tie is broken, by 4e-17, and no tolerance hides it."""
    tied = dt.nash_equilibria(dt.Game.bimatrix([[0.3, 0.3], [0.0, 1.0]], [[0.3, 0.3], [0.0, 1.0]]))
    broken = dt.nash_equilibria(dt.Game.bimatrix([[0.3, 0.3], [0.0, 1.0]], [[0.1 + 0.2, 0.3], [0.0, 1.0]]))
    assert not all(c.is_isolated for c in tied.components)
    assert all(c.is_isolated for c in broken.components)
    assert len(broken) == 3


def test_methods_and_one_equilibrium() -> None:
    assert len(dt.nash_equilibria(STAG, method="vertex-enumeration")) == 3
    assert [e.support for e in dt.pure_equilibria(STAG)] == [((0,), (0,)), ((1,), (1,))]
    for method in ("auto", "lemke-howson"):
        assert STAG.regret(dt.solve_one(STAG, method=method).strategies) == 0
    assert dt.solve_one(PENNIES, method="zero-sum").strategies == ((F(1, 2), F(1, 2)),) * 2
    three = dt.solve_one(THREE)
    assert float(THREE.regret(three.strategies)) <= 1e-9 * 23


def test_solve_2x2_batch() -> None:
    xarray = pytest.importorskip("xarray")
    rng = np.random.default_rng(5)
    A, B = rng.integers(-1, 2, (2, 5, 4, 2, 2))
    found = dt.solve_2x2_batch(A, B)
    assert isinstance(found, xarray.Dataset)
    assert found.extreme.shape == (5, 4)
    for at in np.ndindex(5, 4):
        eqs = dt.nash_equilibria(dt.Game.bimatrix(A[at], B[at]))
        assert int(found.extreme.values[at]).bit_count() == len(eqs)
        assert int(found.components.values[at]) == len(eqs.components)
        assert bool(found.continuum.values[at]) == any(not c.is_isolated for c in eqs.components)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("objective", ["welfare", "US", 1, [[0, 1], [1, 0]]])
def test_correlated_equilibrium(coarse: bool, objective: Any) -> None:
    best = dt.correlated_equilibrium(CHICKEN, objective=objective, coarse=coarse)
    assert best.probabilities.shape == (2, 2)
    assert all(type(p) is F for p in best.probabilities.ravel())
    assert best.probabilities.sum() == 1
    assert type(best.value) is F
    assert best.regret == 0
    best.verify()


def test_quantal_response() -> None:
    answer = dt.quantal_response(CHICKEN, precision=2)
    p, q = (float(s[0]) for s in answer.strategies)
    assert p == pytest.approx(1 / (1 + np.exp(-2 * (2 - 3 * q))), abs=1e-9)
    answer.verify()


def test_dominance() -> None:
    assert {(d.player, d.action) for d in dt.dominated(PD)} == {("US", "Relax"), ("China", "Relax")}
    record = dt.iterated_elimination(PD, strict=True)
    assert record.game.shape == (1, 1)
    record.verify()
    weak = dt.iterated_elimination(dt.Game.bimatrix([[1, 1], [1, 0]], [[0, 0], [0, 0]]), strict=False)
    assert weak.game.shape == (1, 2)
    assert dt.rationalizable(PD) == {"US": ("Restrict",), "China": ("Restrict",)}
    assert dt.rationalizable(THREE)


def test_selection_and_stability() -> None:
    assert dt.risk_dominant(STAG) == ("Restrict", "Restrict")
    assert dt.p_dominance(STAG, ("Relax", "Relax")) == (F(7, 8), F(7, 8))
    assert dt.is_evolutionarily_stable(CHICKEN, ["2/3", "1/3"]) is True
    assert dt.is_evolutionarily_stable(CHICKEN, "Relax") is False


def test_commitment() -> None:
    pure = dt.commitment(CHICKEN, "US")
    assert pure.payoffs == (7, 2)
    mixed = dt.commitment(CHICKEN, leader="China", mixed=True)
    assert all(type(p) is F for p in mixed.strategy)
    assert mixed.payoffs[1] >= 7
    for found in (pure, mixed):
        found.verify()


def test_conditional_offer() -> None:
    offer = dt.conditional_offer(PD, "US")
    assert offer == dt.conditional_offer(PD, proposer="US") or offer.bond == dt.conditional_offer(PD, 0).bond
    assert offer.unbound == (("Restrict", "Restrict"),)
    assert offer.bound == (("Relax", "Relax"),)
    assert isinstance(offer.bond, dt.Region)
    assert offer.bond.least == 2
    assert F(2) in offer.bond
    assert F(19, 10) not in offer.bond
    offer.verify()


BAD: dict[str, Callable[[], object]] = {
    "nash_equilibria: game": lambda: dt.nash_equilibria([[1, 2], [3, 4]]),  # type: ignore[arg-type]
    "nash_equilibria: method": lambda: dt.nash_equilibria(PD, method="vertex"),
    "nash_equilibria: exact": lambda: dt.nash_equilibria(PD, exact="yes"),  # type: ignore[arg-type]
    "nash_equilibria: budget": lambda: dt.nash_equilibria(PD, budget=-1),
    "nash_equilibria: three players": lambda: dt.nash_equilibria(THREE, method="vertex-enumeration"),
    "solve_one: game": lambda: dt.solve_one("PD"),  # type: ignore[arg-type]
    "solve_one: method": lambda: dt.solve_one(PD, method="lemke"),
    "solve_one: not zero-sum": lambda: dt.solve_one(STAG, method="zero-sum"),
    "solve_one: label": lambda: dt.solve_one(PD, initial_label=4),
    "solve_2x2_batch: shape": lambda: dt.solve_2x2_batch(np.zeros((4, 3, 2)), np.zeros((4, 3, 2))),
    "solve_2x2_batch: NaN": lambda: dt.solve_2x2_batch(np.full((2, 2), np.nan), np.zeros((2, 2))),
    "solve_2x2_batch: broadcast": lambda: dt.solve_2x2_batch(np.zeros((4, 2, 2)), np.zeros((3, 2, 2))),
    "nash_equilibria_batch: NaN": lambda: dt.nash_equilibria_batch(np.full((1, 3, 3), np.nan), np.zeros((1, 3, 3))),
    "correlated_equilibrium: game": lambda: dt.correlated_equilibrium(None),  # type: ignore[arg-type]
    "correlated_equilibrium: objective": lambda: dt.correlated_equilibrium(PD, objective="welfair"),
    "correlated_equilibrium: weights": lambda: dt.correlated_equilibrium(PD, objective=[[1, float("nan")], [0, 0]]),
    "correlated_equilibrium: coarse": lambda: dt.correlated_equilibrium(PD, coarse=1),  # type: ignore[arg-type]
    "quantal_response: game": lambda: dt.quantal_response(None, precision=1),  # type: ignore[call-overload]
    "quantal_response: negative": lambda: dt.quantal_response(PD, precision=-1),
    "quantal_response: NaN": lambda: dt.quantal_response(PD, precision=float("nan")),
    "quantal_response: word": lambda: dt.quantal_response(PD, precision="much"),
    "dominated: game": lambda: dt.dominated(None),  # type: ignore[arg-type]
    "dominated: strict": lambda: dt.dominated(PD, strict="no"),  # type: ignore[arg-type]
    "iterated_elimination: game": lambda: dt.iterated_elimination("PD"),  # type: ignore[arg-type]
    "iterated_elimination: strict": lambda: dt.iterated_elimination(PD, strict=2),  # type: ignore[arg-type]
    "rationalizable": lambda: dt.rationalizable(7),  # type: ignore[arg-type]
    "risk_dominant: game": lambda: dt.risk_dominant(None),  # type: ignore[arg-type]
    "risk_dominant: one strict equilibrium": lambda: dt.risk_dominant(PD),
    "p_dominance: game": lambda: dt.p_dominance(None, (0, 0)),  # type: ignore[arg-type]
    "p_dominance: no equilibrium": lambda: dt.p_dominance(PD, ("Relax", "Relax")),
    "p_dominance: label": lambda: dt.p_dominance(STAG, ("Relax", "Relaxx")),
    "is_evolutionarily_stable: game": lambda: dt.is_evolutionarily_stable(None, 0),  # type: ignore[arg-type]
    "is_evolutionarily_stable: asymmetric": lambda: dt.is_evolutionarily_stable(PENNIES, 0),
    "is_evolutionarily_stable: strategy": lambda: dt.is_evolutionarily_stable(PD, ["1/2", "1/3"]),
    "evolutionarily_stable": lambda: dt.evolutionarily_stable(None),  # type: ignore[arg-type]
    "harsanyi_selten": lambda: dt.harsanyi_selten(None),  # type: ignore[arg-type]
    "replicator": lambda: dt.replicator(None, [0.5, 0.5], [0, 1]),  # type: ignore[arg-type]
    "best_reply_dynamics": lambda: dt.best_reply_dynamics(None, (0, 0)),  # type: ignore[arg-type]
    "fictitious_play": lambda: dt.fictitious_play(None, (0, 0), 10),  # type: ignore[arg-type]
    "logit_equilibrium": lambda: dt.logit_equilibrium(None),  # type: ignore[arg-type]
    "commitment: game": lambda: dt.commitment(None, 0),  # type: ignore[arg-type]
    "commitment: leader": lambda: dt.commitment(PD, "USA"),
    "commitment: mixed": lambda: dt.commitment(PD, "US", mixed=1),  # type: ignore[arg-type]
    "commitment: three players": lambda: dt.commitment(THREE, 0),
    "conditional_offer: game": lambda: dt.conditional_offer(None, 0),  # type: ignore[arg-type]
    "conditional_offer: proposer": lambda: dt.conditional_offer(PD, "USA"),
    "conditional_offer: shape": lambda: dt.conditional_offer(THREE, 0),
    "conditional_offer: probability": lambda: dt.conditional_offer(PD, 0, sanction_probability=2),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case: str) -> None:
    with pytest.raises(dt.DetenteError) as caught:
        BAD[case]()
    assert caught.value.argument
    assert caught.value.argument in str(caught.value)


def test_work_that_does_not_finish_says_so() -> None:
    rng = np.random.default_rng(0)
    game = dt.Game(rng.integers(0, 3, (2, 24, 24)))
    assert dt.nash_equilibria(game, budget=0.05).complete is False
