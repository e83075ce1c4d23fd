"""Agreements, machines, monitoring, repeated games: construction and refusals."""

from __future__ import annotations

import pickle
from fractions import Fraction as F
from typing import Any

import pytest

import detente as dt

PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"])
C, D = "Relax", "Restrict"


def test_constructors_say_what_they_do() -> None:
    grim = dt.agreements.grim_trigger(PD)
    assert grim.play[grim.start] == (C, C)
    assert len(dt.agreements.limited_punishment(PD, 3).states) == 4
    assert dt.agreements.nash_reversion(PD).play["punishment"] == (D, D)
    assert dt.agreements.unconditional((C, D)).play["always"] == (C, D)
    with pytest.raises(dt.AgreementError, match="Nash"):
        dt.agreements.nash_reversion(PD, equilibrium=(C, C))
    for bad in (0, 256, True, 2.0):
        with pytest.raises(dt.ParameterError, match="length"):
            dt.agreements.limited_punishment(PD, bad)  # type: ignore[arg-type]
    names = [f"s{k}" for k in range(300)]
    chain = dt.Agreement(
        dict.fromkeys(names, (C, C)), {a: {...: b} for a, b in zip(names, [*names[1:], "s0"], strict=True)}
    )
    with pytest.raises(dt.AgreementError, match="256"):
        dt.incentives(dt.RepeatedGame(PD, "1/2"), chain)
    with pytest.raises(dt.UnsupportedError, match="2×2"):
        dt.agreements.tit_for_tat(dt.Game.bimatrix([[1, 2, 3]], [[1, 2, 3]]))


@pytest.mark.parametrize(
    ("play", "move", "error", "word"),
    [
        ({}, {}, dt.AgreementError, "play"),
        ({"a": (C, C)}, {}, dt.AgreementError, "move"),
        ({"a": (C, C)}, {"a": {...: "b"}}, dt.LabelError, "'b'"),
        ({"a": (C, C)}, {"a": {...: "a"}, "b": {...: "a"}}, dt.LabelError, "'b'"),
        ({"a": (C, C)}, {"a": {}}, dt.AgreementError, "move"),
        ({"a": "CC"}, {"a": {...: "a"}}, dt.AgreementError, "play"),
        ({"a": {"US": C, "China": C}}, {"a": {...: "a"}}, dt.AgreementError, "play"),
        ({"a": (["1/2", "1/3"], C)}, {"a": {...: "a"}}, dt.AgreementError, "exactly 1"),
        ({"a": ([0.3333, 0.6666], C)}, {"a": {...: "a"}}, dt.AgreementError, "exactly 1"),
        ({"a": (["3/2", "-1/2"], C)}, {"a": {...: "a"}}, dt.AgreementError, "non-negative"),
        ({"a": ({C: float("nan")}, C)}, {"a": {...: "a"}}, dt.AgreementError, "finite"),
        ({"a": ([], C)}, {"a": {...: "a"}}, dt.AgreementError, "probabilities"),
        ({"a": ({}, C)}, {"a": {...: "a"}}, dt.AgreementError, "probabilities"),
    ],
)
def test_malformed_automata(play: dict, move: dict, error: type[Exception], word: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(error, match=word):
        dt.Agreement(play, move)


@pytest.mark.parametrize(
    ("play", "move", "word"),
    [
        ({"a": (C, "Bluff")}, {"a": {...: "a"}}, "Bluff"),
        ({"a": (C,)}, {"a": {...: "a"}}, "2 actions"),
        ({"a": ({"Bluff": 1}, C)}, {"a": {...: "a"}}, "Bluff"),
        ({"a": (["1/3", "1/3", "1/3"], C)}, {"a": {...: "a"}}, "2 probabilities"),
        ({"a": (0.5, 0.5)}, {"a": {...: "a"}}, "action"),
        ({"a": (C, C)}, {"a": {(C, C): "a"}}, "outcome"),
        ({"a": (C, C)}, {"a": {(C, C, C): "a", ...: "a"}}, "2 actions"),
        ({"a": (C, C), "b": (D, D)}, {"a": {(C, ...): "a", (..., C): "b", ...: "a"}, "b": {...: "a"}}, "specific"),
    ],
)
def test_automata_that_do_not_fit_the_game(play: dict, move: dict, word: str) -> None:  # type: ignore[type-arg]
    rg = dt.RepeatedGame(PD, "1/2")
    with pytest.raises(dt.DetenteError, match=word):
        dt.incentives(rg, dt.Agreement(play, move))


def test_the_most_specific_key_decides_and_unreachable_states_do_not_matter() -> None:
    ag = dt.Agreement(
        {"a": (C, C), "b": (D, D), "never": (C, "Bluff")},
        {"a": {(C, C): "a", (C, ...): "b", ...: "a"}, "b": {...: "b"}, "never": {...: "never"}},
    )
    bound = ag.bind(PD, dt.perfect())
    assert bound.states == ("a", "b")
    assert bound.move[0] == {(0, 0): 0, (0, 1): 1, (1, 0): 0, (1, 1): 0}


@pytest.mark.parametrize("lottery", [C, ["1/2", "1/2"], {C: "1/3", D: "2/3"}])
def test_equal_agreements_have_equal_hashes_and_survive_pickling(lottery: Any) -> None:
    play = {"a": (lottery, C), "b": (D, D)}
    move: dict[str, Any] = {"a": {(C, C): "a", ...: "b"}, "b": {...: "b"}}
    one = dt.Agreement(play, move, "a", "one")
    backwards = dict(reversed(lottery.items())) if isinstance(lottery, dict) else lottery
    other = dt.Agreement({"b": (D, D), "a": (backwards, C)}, dict(reversed(move.items())), "a", "another")
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, one.renamed("third")}) == 1
    assert one != dt.Agreement(play, move, "b")
    assert one != dt.Agreement({**play, "b": (D, C)}, move)
    copy = pickle.loads(pickle.dumps(one))
    assert copy == one
    assert copy.name == "one"
    machine = dt.machines.tit_for_tat(C, D)
    assert pickle.loads(pickle.dumps(machine)).play == machine.play


def test_agreements_do_not_alias_their_input() -> None:
    lottery = {C: "1/3", D: "2/3"}
    play: dict[str, Any] = {"a": (lottery, C)}
    ag = dt.Agreement(play, {"a": {...: "a"}})
    lottery[C] = "1"
    play["a"] = (D, D)
    assert ag.play["a"] == ({C: F(1, 3), D: F(2, 3)}, C)
    with pytest.raises(TypeError):
        ag.play["a"] = (C, C)  # type: ignore[index]


def test_machines_make_a_public_automaton() -> None:
    tft = dt.machines.tit_for_tat(C, D)
    both = dt.agreements.from_machines(tft, tft)
    rg = dt.RepeatedGame(PD, "9/10")
    ours = dt.agreements.tit_for_tat(PD)
    assert dt.holds_where(rg, both, concept="nash").set == dt.holds_where(rg, ours, concept="nash").set
    assert dt.incentives(rg, both).values[both.start] == dt.incentives(rg, ours).values[ours.start]
    with pytest.raises(dt.AgreementError):
        dt.agreements.from_machines(tft)


def test_three_machines() -> None:
    u = [[[[F(a + b + c) for c in (0, 1)] for b in (0, 1)] for a in (0, 1)] for _ in range(3)]
    game = dt.Game(u)
    watch = dt.Machine({"x": 0, "y": 1}, {"x": {(0, 0): "x", ...: "y"}, "y": {...: "y"}})
    ag = dt.agreements.from_machines(watch, watch, dt.machines.always(0))
    bound = ag.bind(game, dt.perfect())
    assert bound.play[0] == (0, 0, 0)
    after_third_deviates = bound.move[0][(0, 0, 1)]
    assert bound.play[after_third_deviates] == (1, 1, 0)


@pytest.mark.parametrize("bad", [1, -0.1, "x", float("nan"), [0.5], [0.5, 0.5, 0.5], None, "1"])
def test_discount_factors_have_a_range(bad: object) -> None:
    with pytest.raises(dt.ParameterError, match="discount"):
        dt.RepeatedGame(PD, bad)


def test_other_parameters_have_ranges() -> None:
    for bad in (-1, 2, "q"):
        with pytest.raises(dt.ParameterError, match="breakdown"):
            dt.RepeatedGame(PD, "1/2", breakdown=bad)
        with pytest.raises(dt.ParameterError, match="eps"):
            dt.trembles(bad)
    with pytest.raises(dt.ParameterError, match="monitoring"):
        dt.RepeatedGame(PD, "1/2", monitoring="perfect")  # type: ignore[arg-type]
    with pytest.raises(dt.ParameterError, match="exactly 1"):
        dt.public_signals(["a", "b"], {(0, 0): ["1/2", "1/3"]})
    with pytest.raises(dt.ParameterError, match="labels"):
        dt.public_signals(["a", "a"], {(0, 0): [1, 0]})
    with pytest.raises(dt.ParameterError, match="prob"):
        dt.public_signals(["a"], {(0, 0): {"b": 1}})


def test_floats_in_parameters_are_decimals() -> None:
    rg = dt.RepeatedGame(PD, 0.9, 0.1, dt.trembles(0.05))
    assert rg.effective_discount == (F(81, 100),) * 2
    assert rg.monitoring == dt.trembles("1/20")
