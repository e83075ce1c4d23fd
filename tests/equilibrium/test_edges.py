"""The edges of what one-shot concepts accept: payoffs at the ends of the floats, odd types, read-only answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import detente as dt

CHICKEN = dt.Game.symmetric([[6, 2], [7, 0]])
CYCLE = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])


@pytest.mark.parametrize("scale", [1e-20, 1e-100, 1e-300, 5e-324])
def test_replicator_with_next_to_no_stakes_stands_still(scale: float) -> None:
    path = dt.replicator(dt.Game.symmetric(CYCLE * scale), [0.5, 0.3, 0.2], [0, 0.5, 1])
    assert path.strategies[0] == pytest.approx(np.array([[0.5, 0.3, 0.2]] * 3), rel=1e-15)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300, 1.7e308])
def test_logit_limit_at_the_ends_of_the_floats(scale: float) -> None:
    """Battle of the sexes with payoffs of both signs: their range may be beyond the largest float."""
    game = dt.Game.bimatrix([[scale, -scale], [-scale, 0.0]], [[0.0, -scale], [-scale, scale]])
    found = dt.logit_equilibrium(game)
    assert found.regret <= 1e-12 * scale
    assert sum(found.strategies[0]) == pytest.approx(1)


@pytest.mark.parametrize(("scale", "constant"), [(1e-9, 0.0), (1e-300, 0.0), (1e-3, 1e6), (1e-7, 1e9), (1e200, 0.0)])
def test_certificates_of_floats_at_any_scale(scale: float, constant: float) -> None:
    """What a deviation gains must not be lost in the rounding of large payoffs, nor small payoffs in a tolerance."""
    rng = np.random.default_rng(7)
    for _ in range(8):
        game = dt.Game(rng.integers(-9, 10, (2, 3, 3)) * scale + constant)
        for coarse in (False, True):
            best = dt.correlated_equilibrium(game, coarse=coarse)
            best.verify()
            exact = dt.correlated_equilibrium(dt.Game(list(game.exact_payoffs)), coarse=coarse)
            assert float(best.value) == pytest.approx(float(exact.value), rel=1e-12, abs=1e-5 * scale)
        for mixed in (False, True):
            dt.commitment(game, 0, mixed=mixed).verify()
        branch = dt.logit_branch(game)
        branch.verify()
        assert branch.limit is not None
        dt.quantal_response(game, float("inf")).verify()
    hunt = np.array([[9, 0], [8, 7]]) * scale + constant
    dt.harsanyi_selten(dt.Game.symmetric(hunt)).verify()
    dt.harsanyi_selten(dt.Game.bimatrix(hunt, -hunt)).verify()


def test_a_wrong_commitment_fails_at_small_payoffs() -> None:
    game = dt.Game.symmetric(np.array([[6, 2], [7, 0]]) * 1e-9)
    found = dt.commitment(game, 0, mixed=True)
    for strategy in ((0.5, 0.4), (0.5, 0.5), (1.5, -0.5)):
        wrong = dt.Commitment(game, found.leader, strategy, found.reply, found.payoffs, True, found.prices)
        with pytest.raises(dt.CertificateError):
            wrong.verify()


@pytest.mark.parametrize("precision", [[[0.5, 0.5], [0.5]], [[1, 2]], np.eye(2), np.array(0.5), [None], {}])
def test_precisions_that_are_no_list_of_numbers(precision: Any) -> None:
    with pytest.raises(dt.ParameterError, match="precision"):
        dt.quantal_response(CHICKEN, precision)


@pytest.mark.parametrize("exact", [0, 1, "yes", np.array([True, False]), np.array([])])
def test_exact_is_a_bool_or_none(exact: Any) -> None:
    with pytest.raises(dt.ParameterError, match="exact"):
        dt.logit_equilibrium(CHICKEN, exact=exact)


def test_arrays_of_answers_are_read_only() -> None:
    best = dt.correlated_equilibrium(CHICKEN)
    branch = dt.logit_branch(CHICKEN)
    path = dt.replicator(CHICKEN, [0.5, 0.5], [0, 1])
    play = dt.fictitious_play(CHICKEN, (0, 0), 5)
    arrays = [best.probabilities, best.weights, *best.prices, play.history, path.times, *path.strategies, *path.final]
    arrays += [branch.precision, branch.arclength, *branch.strategies, *branch.log_strategies]
    for values in arrays:
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 0
    best.verify()
    branch.verify()
