"""The limit of the logit branch: published games, brute-force regrets, degenerate games, Gambit, and refusals."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.equilibrium.quantal.limit import logit_equilibrium


def regret(payoffs: Any, strategies: Any) -> Any:
    """The largest gain from a deviation, by adding up every profile; in the arithmetic of the strategies."""
    u = np.array(payoffs, dtype=object)
    best = None
    for i, s in enumerate(strategies):
        earned = [0 * s[0]] * len(s)
        for profile in product(*(range(len(x)) for x in strategies)):
            weight = 1 + 0 * s[0]
            for j, a in enumerate(profile):
                weight *= strategies[j][a] if j != i else 1
            earned[profile[i]] += weight * u[(i, *profile)]
        gain = max(earned) - sum(p * e for p, e in zip(s, earned, strict=True))
        best = gain if best is None else max(best, gain)
    return best


def mckelvey_mclennan() -> np.ndarray[Any, Any]:
    """A 2×2×2 game with nine equilibria, the most that a regular one can have."""
    u = np.zeros((3, 2, 2, 2), dtype=int)
    for profile, values in {
        (0, 0, 0): (9, 8, 12),
        (1, 1, 0): (9, 8, 2),
        (1, 0, 1): (3, 4, 6),
        (0, 1, 1): (3, 4, 6),
    }.items():
        u[(slice(None), *profile)] = values
    return u


def nau() -> np.ndarray[Any, Any]:
    """Nau, Gómez Canovas and Hansen (2004): integer payoffs, one equilibrium, irrational."""
    u = np.zeros((3, 2, 2, 2), dtype=int)
    first = {(0, 0): (3, 0, 2), (0, 1): (0, 2, 0), (1, 0): (0, 1, 0), (1, 1): (1, 0, 0)}
    second = {(0, 0): (1, 0, 0), (0, 1): (0, 1, 0), (1, 0): (0, 3, 0), (1, 1): (2, 0, 3)}
    for k, table in enumerate((first, second)):
        for (a, b), values in table.items():
            u[:, a, b, k] = values
    return u


def test_nine_equilibria() -> None:
    """The branch has a symmetry that another curve crosses; straight on it leads to an equilibrium all the same."""
    found = logit_equilibrium(dt.Game(mckelvey_mclennan()))
    assert found.strategies == ((F(1, 2), F(1, 2)), (F(1, 2), F(1, 2)), (1, 0))
    assert regret(mckelvey_mclennan(), found.strategies) == 0


def test_unique_irrational_equilibrium() -> None:
    found = logit_equilibrium(dt.Game(nau()))
    assert abs(float(found.strategies[1][0]) - (sqrt(601) - 13) / 24) < 1e-14
    assert isinstance(found.strategies[0][0], float)
    assert regret(nau(), found.strategies) < 3e-12
    with pytest.raises(dt.UnsupportedError, match="rational"):
        logit_equilibrium(dt.Game(nau()), exact=True)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3, 3), (2, 2, 2, 2), (2, 2, 2, 2, 2), (4, 2, 3), (3, 1, 2)])
@pytest.mark.parametrize("top", [100, 3])
def test_more_than_two_players(shape: tuple[int, ...], top: int) -> None:
    """Generic games, and games so full of ties that most are degenerate."""
    rng = np.random.default_rng([top, *shape])
    for _ in range(6):
        u = rng.integers(0, top, (len(shape), *shape))
        found = logit_equilibrium(dt.Game(u))
        exact = isinstance(found.strategies[0][0], F)
        assert regret(u, found.strategies) <= (0 if exact else 1e-12 * top)
        assert found.regret <= (0 if exact else 1e-12 * top)


@pytest.mark.parametrize("seed", range(8))
def test_two_players_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for size, top in ((10, 100), (4, 100), (4, 3), (6, 2)):
        game = dt.Game(rng.integers(0, top, (2, size, size)))
        found = logit_equilibrium(game)
        assert found.regret == 0
        assert regret(game.exact_payoffs, found.strategies) == 0
        if size == 4:
            everything = dt.nash_equilibria(game)
            assert found.strategies in {e.strategies for e in everything} or not all(
                c.is_isolated for c in everything.components
            )


def test_selection_in_small_games() -> None:
    """Risk dominance in stag hunts; the mixed equilibrium where players or actions are symmetric."""
    stag = dt.Game.symmetric([[9, 0], [8, 7]], actions=["Stag", "Hare"])
    assert str(logit_equilibrium(stag)) == "(Hare, Hare)"
    assert str(logit_equilibrium(dt.Game.symmetric([[9, 0], [5, 2]], actions=["Stag", "Hare"]))) == "(Stag, Stag)"
    sexes = dt.Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
    assert logit_equilibrium(sexes).strategies == ((F(3, 5), F(2, 5)), (F(2, 5), F(3, 5)))
    chicken = dt.Game.symmetric([[6, 2], [7, 0]])
    assert logit_equilibrium(chicken).strategies == ((F(2, 3), F(1, 3)),) * 2


def test_dominance_solvable_and_trivial_games() -> None:
    claims = range(2, 12)
    traveller = [[min(a, b) + 2 * ((a < b) - (a > b)) for b in claims] for a in claims]
    assert logit_equilibrium(dt.Game.symmetric(traveller)).strategies == ((1, *[0] * 9),) * 2
    assert logit_equilibrium(dt.Game([[1, 5, 3]])).strategies == ((0, 1, 0),)
    assert logit_equilibrium(dt.Game([[5, 5, 3]])).strategies == ((F(1, 2), F(1, 2), 0),)
    assert logit_equilibrium(dt.Game([[7]])).strategies == ((1,),)
    nothing_at_stake = dt.Game(np.ones((3, 2, 3, 1), dtype=int))
    assert logit_equilibrium(nothing_at_stake).strategies == ((F(1, 2),) * 2, (F(1, 3),) * 3, (1,))


def test_limit_within_a_continuum() -> None:
    """Column's reply ties at row 0, where row's payoffs tie too: the answer is an equilibrium, in Fractions."""
    game = dt.Game.bimatrix([[1, 1], [0, 1]], [[1, 1], [0, 1]])
    found = logit_equilibrium(game)
    assert found.regret == 0
    assert regret(game.exact_payoffs, found.strategies) == 0
    even = logit_equilibrium(dt.Game.bimatrix([[2, 2], [1, 0]], [[1, 1], [0, 1]]))
    assert even.strategies == ((1, 0), (F(1, 2), F(1, 2)))


@pytest.mark.parametrize("scale", [1e-9, 1e9, 1e-200])
@pytest.mark.parametrize("shift", [0, 1])
def test_scale_and_shift(scale: float, shift: int) -> None:
    rng = np.random.default_rng(3)
    for shape in ((3, 3), (2, 2, 2), (3, 2, 2)):
        u = rng.integers(0, 50, (len(shape), *shape))
        plain = logit_equilibrium(dt.Game(u))
        scaled = logit_equilibrium(dt.Game((u + shift * 10**6) * scale))
        assert np.allclose(np.concatenate(scaled.strategies), np.concatenate(plain.strategies).astype(float), atol=1e-8)
        assert scaled.regret <= 1e-12 * 50 * scale


def test_unequal_stakes() -> None:
    """One player's payoffs are a millionth of the other's: the branch leads on until both have decided."""
    A, B = np.array([[1, -1], [-1, 1]]), np.array([[-1, 1], [1, -1]])
    found = logit_equilibrium(dt.Game([A * 10**6, B]))
    assert found.strategies == ((F(1, 2), F(1, 2)),) * 2


def test_rounding_hides_the_end_of_a_degenerate_branch() -> None:
    """Small differences that count λ⁴ times: beyond λ = 40,000 floats no longer tell the branch from its neighbours."""
    first = (
        "1102220020 0000002222 2212002200 0222012210 1102012202 1112020112 2002221111 1002111010 2200200221 1002021122"
    )
    second = (
        "0001012012 1011200201 0000021010 1100101210 1112110111 0101221012 0110022010 1010022010 1002222000 0120102122"
    )
    A, B = ([[int(x) for x in row] for row in table.split()] for table in (first, second))
    found = logit_equilibrium(dt.Game.bimatrix(A, B))
    assert found.regret == 0


def test_rounding_stalls_the_steps_of_a_degenerate_branch() -> None:
    """Players 2 and 4 may mix in many ways; log probabilities of 10⁷ hide where the branch goes within them."""
    u = np.random.default_rng([416, 7]).integers(0, 2, (4, 3, 2, 3, 2))
    found = logit_equilibrium(dt.Game(u), budget=20)
    assert found.regret == 0
    assert found.strategies[0] == (0, F(1, 2), F(1, 2))


def test_arithmetic() -> None:
    floats = logit_equilibrium(dt.Game([[[3.0, 0], [0, 2]], [[2, 0], [0, 3]]]))
    assert isinstance(floats.strategies[0][0], float)
    game = dt.Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
    assert isinstance(logit_equilibrium(game, exact=False).strategies[0][0], float)
    exact = logit_equilibrium(dt.Game([[[3.0, 0], [0, 2]], [[2, 0], [0, 3]]]), exact=True)
    assert exact.strategies == logit_equilibrium(game).strategies


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([(2, 3), (3, 3), (2, 2, 2), (2, 3, 2)]))
def test_order_of_players_and_actions_does_not_matter(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    u = rng.integers(0, 1000, (len(shape), *shape))
    players = rng.permutation(len(shape))
    actions = [rng.permutation(m) for m in shape]
    moved = u[np.ix_(range(len(shape)), *actions)][players].transpose(0, *(1 + players))
    plain, other = logit_equilibrium(dt.Game(u)), logit_equilibrium(dt.Game(moved))
    for k, i in enumerate(players):
        expected = [float(plain.strategies[i][a]) for a in actions[i]]
        assert np.allclose([float(p) for p in other.strategies[k]], expected, atol=1e-9)


def test_agrees_with_gambit() -> None:
    gambit = pytest.importorskip("pygambit")
    rng = np.random.default_rng(8)
    for shape in ((2, 2), (4, 4), (2, 2, 2), (3, 3, 3), (2, 2, 2, 2)):
        for _ in range(4):
            u = rng.integers(0, 1000, (len(shape), *shape))
            other = gambit.Game.from_arrays(*[x.astype(object) for x in u])
            theirs = gambit.nash.logit_solve(other).equilibria[0]
            expected = [float(theirs[s]) for player in other.players for s in player.strategies]
            ours = [float(p) for s in logit_equilibrium(dt.Game(u)).strategies for p in s]
            assert np.allclose(ours, expected, atol=1e-3)


def test_refusals() -> None:
    game = dt.Game(nau())
    with pytest.raises(dt.ParameterError, match="Game"):
        logit_equilibrium([[1, 2], [3, 4]])  # type: ignore[arg-type]
    with pytest.raises(dt.ParameterError, match="exact"):
        logit_equilibrium(game, exact="yes")  # type: ignore[arg-type]
    with pytest.raises(dt.ParameterError, match="budget"):
        logit_equilibrium(game, budget=-1)
    with pytest.raises(dt.UnsupportedError, match=r"budget.*followed to precision"):
        logit_equilibrium(game, budget=1e-9)
    unequal = dt.Game.bimatrix([[1e308, -1e308], [0.0, 1e308]], [[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(dt.UnsupportedError, match=r"unequal size.*followed to precision"):
        logit_equilibrium(unequal)
