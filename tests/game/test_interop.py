"""Games to and from the peers, in both directions."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

import detente as dt


def random_game(seed: int, shape: tuple[int, ...]) -> dt.Game:
    rng = np.random.default_rng(seed)
    return dt.Game(rng.integers(-9, 9, (len(shape), *shape)))


def test_nashpy() -> None:
    game = random_game(1, (3, 2))
    assert (dt.from_nashpy(dt.to_nashpy(game)).payoffs == game.payoffs).all()
    with pytest.raises(dt.UnsupportedError):
        dt.to_nashpy(random_game(1, (2, 2, 2)))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_quantecon(shape: tuple[int, ...]) -> None:
    pytest.importorskip("quantecon")
    game = random_game(2, shape)
    theirs = dt.to_quantecon(game)
    # A profile's payoffs, asked of QuantEcon's own indexing
    profile = tuple(m - 1 for m in shape)
    assert [float(x) for x in theirs[profile]] == [float(u) for u in game.payoff(profile)]
    assert (dt.from_quantecon(theirs).payoffs == game.payoffs).all()


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2)])
def test_pygambit(shape: tuple[int, ...]) -> None:
    pytest.importorskip("pygambit")
    game = random_game(3, shape).affine(0, F(1, 3), F(1, 7)).relabel(name="thirds")
    back = dt.from_pygambit(dt.to_pygambit(game))
    assert (back.exact_payoffs == game.exact_payoffs).all()
    assert back.players == game.players
    assert back.name == "thirds"


def test_quantecon_may_write_into_its_arrays() -> None:
    """QuantEcon's compiled routines refuse read-only arrays."""
    pytest.importorskip("quantecon")
    theirs = dt.to_quantecon(random_game(4, (3, 3)))
    assert all(player.payoff_array.flags.writeable for player in theirs.players)
