"""The public names of games, called as the design writes them: types, labels, immutability, refusals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest

import detente as dt

ACTIONS = ["Relax", "Restrict"]
PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=ACTIONS, name="dilemma", source="nowhere")


def test_attributes() -> None:
    assert PD.players == ("US", "China")
    assert PD.actions == (("Relax", "Restrict"), ("Relax", "Restrict"))
    assert (PD.shape, PD.n_players, PD.name, PD.source, PD.is_exact) == ((2, 2), 2, "dilemma", "nowhere", True)
    assert PD.payoffs.dtype == np.float64
    assert PD.payoffs.shape == (2, 2, 2)
    assert PD.exact_payoffs.dtype == object
    assert all(type(x) is F for x in PD.exact_payoffs.ravel())
    assert repr(PD)
    assert "<table" in PD._repr_html_()


@pytest.mark.parametrize("entry", [1, F(1), Decimal("1"), "1", "3/3", np.uint8(1), np.int64(1)])
def test_exact_entries_make_an_exact_game(entry: object) -> None:
    game = dt.Game([[[entry, 2], [3, 4]], [[0, 1], [2, 3]]])
    assert game.is_exact
    assert game.exact_payoffs[0, 0, 0] == 1


def test_one_float_makes_a_float_game_read_as_the_decimal_it_prints_as() -> None:
    game = dt.Game([[[0.1, 2], [3, 4]], [[0, 1], [2, 3]]])
    assert not game.is_exact
    assert game.exact_payoffs[0, 0, 0] == F(1, 10)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64, np.int64])
def test_integer_arrays_do_not_wrap_around(dtype: type) -> None:
    info = np.iinfo(dtype)
    given = np.array([[info.max, info.min], [0, 1]], dtype=dtype)
    game = dt.Game.bimatrix(given, given)
    given[:] = 0  # copied, never aliased
    assert game.exact_payoffs[0, 0].tolist() == [info.max, info.min]
    assert game.payoff((0, 0))[0] - game.payoff((0, 1))[0] == int(info.max) - int(info.min)


def test_payoffs_are_read_only() -> None:
    for table in (PD.payoffs, PD.exact_payoffs):
        with pytest.raises(ValueError, match="read-only"):
            table[0, 0, 0] = 7


def test_other_ways_to_write_a_game() -> None:
    profiles = {(a, b): (PD.payoff((a, b))) for a in ACTIONS for b in ACTIONS}
    assert dt.Game.from_profiles(profiles, players=["US", "China"]) == PD
    assert (
        dt.Game.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], players=["US", "China"], actions=[ACTIONS, ACTIONS]) == PD
    )
    assert dt.Game(PD.payoffs.astype(int), players=["US", "China"], actions=ACTIONS) == PD
    assert dt.Game([PD.exact_payoffs[0], PD.exact_payoffs[1]], players=["US", "China"], actions=ACTIONS) == PD


def test_one_and_three_players() -> None:
    assert dt.Game([[1, 2, 3]]).shape == (3,)
    three = dt.Game(np.arange(24).reshape(3, 2, 2, 2))
    assert three.n_players == 3
    assert three.payoff((1, 0, 1)) == (5, 13, 21)


def test_payoff_regret_and_replies_by_label_and_by_index() -> None:
    assert PD.payoff(("Relax", "Restrict")) == PD.payoff((0, 1)) == (F(0), F(5))
    mixed = PD.payoff((["1/2", "1/2"], [F(1, 2), F(1, 2)]))
    assert mixed == (F(9, 4), F(9, 4))
    assert all(type(x) is F for x in mixed)
    assert PD.best_responses("US", "Relax") == PD.best_responses(0, [0]) == ("Restrict",)
    assert PD.best_responses(1, ["1/2", "1/2"]) == ("Restrict",)
    assert PD.regret(("Relax", "Relax")) == 2
    assert PD.regret((1, 1)) == 0


def test_minmax() -> None:
    pennies = dt.Game.bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    assert pennies.minmax(0) == 0
    assert pennies.minmax("Player 2", pure=True) == 1


def test_ordinal_class_jointly_and_per_player() -> None:
    assert PD.ordinal_class() == "prisoners_dilemma"
    assert PD.ordinal_class().players == ("prisoners_dilemma", "prisoners_dilemma")
    names = {"stag_hunt": [[4, 0], [3, 1]], "chicken": [[3, 1], [4, 0]], "deadlock": [[1, 0], [3, 2]]}
    for name, table in {**names, "harmony": [[4, 2], [3, 1]]}.items():
        assert dt.Game.symmetric(table).ordinal_class() == name


def test_games_made_from_a_game() -> None:
    assert PD.affine("US", 2, "1/2").payoff((0, 0)) == (F(13, 2), F(3))
    renamed = PD.relabel(players={"US": "A"}, actions={"China": ["C", "D"]})
    assert renamed.players == ("A", "China")
    assert renamed.actions == (("Relax", "Restrict"), ("C", "D"))
    assert PD.restrict({"US": ["Restrict"], 1: [1, 0]}).payoff((0, 1)) == (5, 0)


def test_catalogue() -> None:
    catalogue = dt.textbook()
    assert len(catalogue) > 20
    first = next(iter(catalogue))
    assert first.name
    assert first.title
    assert isinstance(first.tags, tuple)
    for entry in catalogue:
        known = dt.textbook(entry.name)
        assert isinstance(known.game, dt.Game)
        assert known.source
        for profile in known.known_equilibria:
            assert known.game.regret(profile) == 0
        assert isinstance(known.known_thresholds, tuple)


@pytest.mark.parametrize("ending", ["nfg", "gam", "toml", "json"])
def test_files(ending: str, tmp_path: Path) -> None:
    game = dt.Game([[["1/3", -2], [0, 5]], [[3, 0], [1, "7/2"]]], players=["A", "B"], actions=[["x", "y"], ["u", "v"]])
    dt.write_game(game, tmp_path / f"game.{ending}")
    again = dt.read_game(str(tmp_path / f"game.{ending}"))
    # .gam keeps decimals and no names
    close = np.allclose(again.payoffs, game.payoffs, rtol=1e-12)
    assert close if ending == "gam" else (again.exact_payoffs == game.exact_payoffs).all()


@pytest.mark.parametrize("peer", ["nashpy", "pygambit", "quantecon"])
def test_interop(peer: str) -> None:
    pytest.importorskip(peer)
    there = getattr(dt, f"to_{peer}")(PD)
    again = getattr(dt, f"from_{peer}")(there)
    assert (again.payoffs == PD.payoffs).all()


BAD: dict[str, Callable[[], object]] = {
    "NaN": lambda: dt.Game([[[float("nan"), 0], [0, 0]], [[0, 0], [0, 0]]]),
    "infinite": lambda: dt.Game([[[float("inf"), 0], [0, 0]], [[0, 0], [0, 0]]]),
    "complex": lambda: dt.Game([[[1j, 0], [0, 0]], [[0, 0], [0, 0]]]),
    "ragged": lambda: dt.Game([[[1, 2], [3]], [[1, 2], [3, 4]]]),
    "empty": lambda: dt.Game([]),
    "no actions": lambda: dt.Game(np.zeros((2, 0, 2))),
    "not numbers": lambda: dt.Game([[["a", "b"], ["c", "d"]]] * 2),
    "a string": lambda: dt.Game("payoffs"),
    "None": lambda: dt.Game(None),
    "division by zero": lambda: dt.Game([[["1/0", 0], [0, 0]], [[0, 0], [0, 0]]]),
    "wrong number of players": lambda: dt.Game(np.zeros((3, 2, 2))),
    "unequal shapes": lambda: dt.Game.bimatrix([[1, 2]], [[1], [2]]),
    "not square": lambda: dt.Game.symmetric([[1, 2, 3], [4, 5, 6]]),
    "missing profile": lambda: dt.Game.from_profiles({("a", "a"): (1, 1), ("b", "b"): (2, 2)}),
    "repeated names": lambda: dt.Game.symmetric([[1, 2], [3, 4]], actions=["a", "a"]),
    "too many names": lambda: dt.Game.symmetric([[1, 2], [3, 4]], players=["a", "b", "c"]),
    "unknown action": lambda: PD.payoff(("Relaxx", "Relax")),
    "unknown player": lambda: PD.minmax("USA"),
    "index out of range": lambda: PD.payoff((2, 0)),
    "probabilities": lambda: PD.payoff((["1/2", "1/3"], 0)),
    "too few strategies": lambda: PD.payoff((0,)),
    "negative scale": lambda: PD.affine("US", -1, 0),
    "nothing kept": lambda: PD.restrict({"US": []}),
    "textbook": lambda: dt.textbook("stag-hunter"),
    "no such file": lambda: dt.read_game("/nonexistent/game.nfg"),
    "unknown format": lambda: dt.write_game(PD, "/tmp/game.xyz"),
    "interop": lambda: dt.to_nashpy(dt.Game([[1, 2]])),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case: str) -> None:
    with pytest.raises(dt.DetenteError) as caught:
        BAD[case]()
    assert isinstance(caught.value, ValueError)
    assert caught.value.argument
    assert caught.value.argument in str(caught.value)


def test_the_closest_name_is_suggested() -> None:
    with pytest.raises(dt.LabelError, match="did you mean 'Relax'"):
        PD.payoff(("Relaxx", "Relax"))
