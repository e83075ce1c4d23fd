"""The check of a search: every table of up to three states, against exact one-shot and belief checks."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.game.machines import always
from detente.repeated.check import is_subgame_perfect
from detente.trust.check import keeping_is_optimal
from detente.trust.search.check import Claim, refute
from detente.trust.search.enumeration import Enumeration

C, D = "Relax", "Restrict"
PD = dt.RepeatedGame(dt.Game.symmetric([[3, 0], [5, 1]], actions=[C, D]), "9/10")
CHICKEN = dt.RepeatedGame(dt.Game.symmetric([[6, 2], [7, 0]], actions=[C, D]), "4/5")
ASYMMETRIC = dt.RepeatedGame(
    dt.Game.bimatrix([[3, 0], [5, 1]], [[4, 7], [0, 2]], actions=[[C, D]] * 2), ["9/10", "4/5"]
)
GAMES = [PD, CHICKEN, ASYMMETRIC]
TO_RELAX = [(0, 0)]


def claim(rg: dt.RepeatedGame, criterion: str, value: Any, states: int, best: tuple[dt.Agreement, ...] = ()) -> Claim:
    machines = {i: always(D) for i in (0, 1)}
    return Claim(rg, criterion, value, best, TO_RELAX, False, machines, states)


def test_the_tables_on_the_path() -> None:
    """With two states, those that stay at (C, C), whatever a second state off the path prescribes."""
    every = Enumeration(PD, 2, TO_RELAX, False)
    on_path = [
        (play, onward)
        for play in product(range(4), repeat=2)
        for onward in product(range(2), repeat=2)
        if play[0] == 0 and (onward[0] == 0 or (play[1] == 0))
    ]
    assert [(b.play, b.onward) for b in every.blocks()] == on_path
    assert len(every.moves) == 2**4
    alternating = Enumeration(PD, 2, [(0, 0), (1, 1)], False)
    assert [(b.play, b.onward) for b in alternating.blocks()] == [((0, 3), (1, 0))]
    late = Enumeration(PD, 2, TO_RELAX, True)
    assert {(b.play, b.onward) for b in late.blocks()} > set(on_path)


@pytest.mark.parametrize("rg", GAMES, ids=range(3))
@pytest.mark.parametrize("size", [1, 2, 3])
def test_which_rows_deter_every_departure(rg: dt.RepeatedGame, size: int) -> None:
    rng = random.Random(size)
    every = Enumeration(rg, size, TO_RELAX, False)
    blocks = list(every.blocks())
    kept = 0
    for block in blocks if size < 3 else rng.sample(blocks, 80):
        keeps, reached = every.perfect(block)
        rows = (
            range(len(keeps))
            if size < 3
            else [
                *rng.sample(range(len(keeps)), 2),
                *np.flatnonzero(keeps & reached.all(axis=1))[:2],
            ]
        )
        for row in rows:
            if reached[row].all():
                ag = every.agreement(block, every.moves[row])
                assert is_subgame_perfect(rg, ag) == keeps[row]
                kept += keeps[row]
    assert size == 1 or kept


@pytest.mark.parametrize("rg", GAMES, ids=range(3))
def test_rows_set_aside_need_more_trust(rg: dt.RepeatedGame) -> None:
    """Not one is set aside for which keeping is optimal at the prior; and those left are few more than these."""
    rng = random.Random(3)
    every = Enumeration(rg, 3, TO_RELAX, False)
    outcomes = set()
    for block in rng.sample(list(every.blocks()), 60):
        keeps, reached = every.perfect(block)
        rows = np.flatnonzero(keeps & reached.all(axis=1))
        rows = rng.sample(list(rows), min(4, len(rows)))
        for i, mu in product((0, 1), (F(1, 10), F(2, 3), F(1))):
            left = set(every.may_need_no_more_trust(block, np.array(rows, int), i, always(D), mu)) if rows else set()
            for row in rows:
                optimal = keeping_is_optimal(rg, every.agreement(block, every.moves[row]), i, always(D), mu)
                assert (row in left) == optimal
                outcomes.add(optimal)
    assert outcomes == {True, False}


@pytest.mark.parametrize("rg", GAMES, ids=range(3))
def test_tables_set_aside_do_not_hold_with_noise(rg: dt.RepeatedGame) -> None:
    rng = random.Random(4)
    every = Enumeration(rg, 2, TO_RELAX, False)
    for eps in (F(1, 50), F(1, 5)):
        noisy = rg.replace(monitoring=dt.trembles(eps))
        for block in every.blocks():
            rows = np.flatnonzero(every.perfect(block)[0])
            if not len(rows):
                continue
            left = {full.tobytes() for full in every.may_stand(block, rows, [eps])}
            for full in every.may_stand(block, rows, []):
                if rng.random() < 0.1:
                    assert is_subgame_perfect(noisy, every.agreement(block, full=full)) == (full.tobytes() in left)


def test_claims_that_only_three_states_refute() -> None:
    """In chicken three states need less patience and trust than two; nothing of one or two states tells."""
    two, three = (dt.least_demanding(CHICKEN, n, "discount") for n in (2, 3))
    assert three.value < two.value  # type: ignore[operator]
    refute(claim(CHICKEN, "discount", two.value, 2))
    with pytest.raises(dt.CertificateError, match="is better"):
        refute(claim(CHICKEN, "discount", two.value, 3))
    stands = [dt.least_demanding(PD, n, "noise") for n in (2, 3)]
    assert stands[1].value > stands[0].value  # type: ignore[operator]
    refute(claim(PD, "noise", stands[0].value, 2))
    with pytest.raises(dt.CertificateError, match="is better"):
        refute(claim(PD, "noise", stands[0].value, 3))
    with pytest.raises(dt.CertificateError, match="is better"):
        refute(claim(PD, "trust", F(1, 16), 2))
    with pytest.raises(dt.CertificateError, match="is better"):
        refute(claim(PD, "trust", None, 2))


@pytest.mark.parametrize("rg", GAMES, ids=range(3))
def test_searches_over_three_states_pass(rg: dt.RepeatedGame) -> None:
    for criterion in ("trust", "discount", "noise"):
        dt.least_demanding(rg, 3, criterion).verify()


def test_larger_games_are_checked_as_far_as_their_tables_can_be_held() -> None:
    assert Enumeration.fits((2, 2), 3)
    assert not Enumeration.fits((2, 2), 4)
    assert Enumeration.fits((3, 3), 2)
    assert not Enumeration.fits((3, 3), 3)
    cournot = dt.textbook("abreu-cournot").game
    found = dt.least_demanding(dt.RepeatedGame(cournot, "9/10"), 2, "discount")
    found.verify()
    with pytest.raises(dt.CertificateError):
        refute(claim(dt.RepeatedGame(cournot, "9/10"), "discount", F(99, 100), 2))


@pytest.mark.slow
def test_four_states_over_noise_are_searched_to_the_end() -> None:
    """A stag hunt in which no automaton of four states stands more than one of two; 3 billion tables are left out."""
    stag = dt.RepeatedGame(dt.Game.symmetric([[4, 0], [3, 2]], actions=[C, D]), "1/2")
    four = dt.least_demanding(stag, 4, "noise", budget=None)
    assert four.complete
    assert four.value == dt.least_demanding(stag, 3, "noise").value
