"""Selection after Harsanyi and Selten (1988) in 2×2 games."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.equilibrium.harsanyi_selten import harsanyi_selten

entries = st.lists(st.integers(-4, 4), min_size=8, max_size=8)


def game_of(values: list[int]) -> dt.Game:
    return dt.Game.bimatrix([values[:2], values[2:4]], [values[4:6], values[6:]])


def test_payoff_dominance_comes_first() -> None:
    """Aumann's stag hunt: the better equilibrium, although the other risk-dominates it."""
    game = dt.textbook("stag-hunt").game
    selected = harsanyi_selten(game)
    assert (str(selected.equilibrium), selected.criterion) == ("(Relax, Relax)", "payoff dominance")
    assert dt.risk_dominant(game) == ("Restrict", "Restrict")
    assert [e.is_strict for e in selected.others] == [False, True]


def test_risk_dominance_comes_second() -> None:
    """Each prefers another equilibrium; the product of the losses from deviating alone decides."""
    game = dt.Game.bimatrix([[4, 0], [0, 2]], [[2, 0], [0, 3]])  # 4·2 against 2·3
    selected = harsanyi_selten(game)
    assert (selected.equilibrium.support, selected.criterion) == (((0,), (0,)), "risk dominance")
    other = dt.Game.bimatrix([[3, 0], [0, 2]], [[1, 0], [0, 3]])
    assert harsanyi_selten(other).equilibrium.support == ((1,), (1,))


def test_an_equal_payoff_is_no_payoff_dominance() -> None:
    """Payoff dominance asks that both gain; here the first player receives 2 in either equilibrium."""
    game = dt.Game.bimatrix([[2, 0], [1, 2]], [[3, 0], [0, 2]])  # 1·3 against 2·2
    selected = harsanyi_selten(game)
    assert (selected.equilibrium.support, selected.criterion) == (((1,), (1,)), "risk dominance")


@pytest.mark.parametrize("name", ["battle-of-the-sexes", "chicken"])
def test_a_tie_selects_the_mixed_equilibrium(name: str) -> None:
    selected = harsanyi_selten(dt.textbook(name).game)
    assert selected.criterion == "tie"
    assert not selected.equilibrium.is_pure
    assert len(selected.others) == 2


def test_the_prior_of_a_tie_is_the_mixed_equilibrium() -> None:
    """What makes the tracing procedure stay where it starts: losses (3, 2) and (2, 3) give priors 3/5 and 2/5."""
    selected = harsanyi_selten(dt.Game.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]]))
    assert selected.equilibrium.strategies == ((F(3, 5), F(2, 5)), (F(2, 5), F(3, 5)))


def test_a_single_equilibrium() -> None:
    for name in ("prisoners-dilemma", "matching-pennies", "rock-paper-scissors"):
        selected = harsanyi_selten(dt.textbook(name).game)
        assert (selected.criterion, selected.others) == ("unique", ())


def test_floats_are_read_as_decimals() -> None:
    """0.1 + 0.2 against 0.3 would not tie in binary."""
    game = dt.Game.bimatrix([[0.3, 0], [0, 0.1]], [[0.1, 0], [0, 0.3]])
    assert harsanyi_selten(game).criterion == "tie"


@pytest.mark.parametrize(
    ("game", "got"),
    [
        (dt.Game.symmetric([[0, 0], [0, 0]]), "continuum"),
        (dt.Game.bimatrix([[1, 1], [0, 0]], [[0, 0], [0, 1]]), "continuum"),
        (dt.Game.symmetric([[1, 0], [0, 0]]), "two equilibria, 1 of them strict"),
        (dt.Game.symmetric([[2, 0, 0], [0, 1, 0], [0, 0, 1]]), "7 equilibria"),
        (dt.textbook("public-goods").game, "3 players"),
    ],
)
def test_what_is_refused(game: dt.Game, got: str) -> None:
    with pytest.raises(dt.UnsupportedError, match=got):
        harsanyi_selten(game)


@given(entries)
def test_criteria_are_what_they_say(values: list[int]) -> None:
    game = game_of(values)
    found = dt.nash_equilibria(game)
    if len(found) != 1 and sum(e.is_strict for e in found) != 2:
        with pytest.raises(dt.UnsupportedError):
            harsanyi_selten(game)
        return
    selected = harsanyi_selten(game)
    assert {e.strategies for e in (selected.equilibrium, *selected.others)} == {e.strategies for e in found}
    rivals = [e for e in selected.others if e.is_strict]
    better = [all(a > b for a, b in zip(selected.equilibrium.payoffs, r.payoffs, strict=True)) for r in rivals]
    if selected.criterion == "payoff dominance":
        assert better == [True]
    elif selected.criterion == "risk dominance":
        assert game.profile_labels([s[0] for s in selected.equilibrium.support]) == dt.risk_dominant(game)
        worse = [all(a < b for a, b in zip(selected.equilibrium.payoffs, r.payoffs, strict=True)) for r in rivals]
        assert not any(better + worse)
    else:
        assert len(rivals) == (2 if selected.criterion == "tie" else 0)


@given(entries, st.integers(1, 5), st.integers(-5, 5))
def test_scale_and_names_do_not_matter(values: list[int], scale: int, shift: int) -> None:
    """A positive affine map of a player's payoffs, and another order of actions or of players."""
    game = game_of(values)
    try:
        selected = harsanyi_selten(game)
    except dt.UnsupportedError:
        return
    x, y = selected.equilibrium.strategies
    scaled = harsanyi_selten(game.affine(0, scale, shift))
    assert (scaled.equilibrium.strategies, scaled.criterion) == ((x, y), selected.criterion)
    turned = harsanyi_selten(game.restrict({0: [1, 0]}))
    assert (turned.equilibrium.strategies, turned.criterion) == ((x[::-1], y), selected.criterion)
    u = game.exact_payoffs
    swapped = harsanyi_selten(dt.Game([u[1].T, u[0].T]))
    assert (swapped.equilibrium.strategies, swapped.criterion) == ((y, x), selected.criterion)


@given(entries)
def test_selections_verify(values: list[int]) -> None:
    try:
        selected = harsanyi_selten(game_of(values))
    except dt.UnsupportedError:
        return
    selected.verify()


def test_certificates_can_fail() -> None:
    stag = harsanyi_selten(dt.textbook("stag-hunt").game)
    risky = harsanyi_selten(dt.Game.bimatrix([[4, 0], [0, 2]], [[2, 0], [0, 3]]))
    tie = harsanyi_selten(dt.textbook("chicken").game)
    other = next(e for e in risky.others if e.is_pure)
    rest = (risky.equilibrium, *(e for e in risky.others if e is not other))
    for wrong in (
        replace(stag, criterion="risk dominance"),
        replace(stag, criterion="unique"),
        replace(risky, equilibrium=other, others=rest),
        replace(tie, criterion="risk dominance"),
        replace(stag, game=dt.textbook("prisoners-dilemma").game),
    ):
        with pytest.raises(dt.CertificateError):
            wrong.verify()
