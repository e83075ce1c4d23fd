"""Objects stay as they were built, and travel to other processes as what they are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest

import detente as dt

PD = dt.Game.symmetric([[3, 0], [5, 1]], players=["US", "China"], actions=["Relax", "Restrict"], name="PD", source="s")
FLOATS = dt.Game([[[0.1, 0.2]], [[0.3, 1e-30]]], actions=[["only"], ["left", "right"]])
GRIM = dt.agreements.grim_trigger(PD)
MIXED = dt.Agreement({"p": (["1/3", "2/3"], {"Relax": "1/4", "Restrict": "3/4"})}, {"p": {...: "p"}}, name="lots")
SIGNALS = dt.late_shipments(PD, noise="1/10", detection="1/2")
RG = dt.RepeatedGame(PD, ["9/10", "4/5"], "1/50")
HIDDEN = dt.RepeatedGame(PD, "9/10", monitoring=SIGNALS)
WAR = dt.best_punishment_length(HIDDEN).agreement
TRUCE = dt.truce_game(PD, "1/10", "1/5", discount="9/10")
MACHINE = dt.Machine({"a": "Relax", "b": ["1/2", "1/2"]}, {"a": {"Relax": "a", ...: "b"}, "b": {...: "b"}}, name="m")
PARDON = dt.holds_where(dt.RepeatedGame(PD, 0), dt.agreements.limited_punishment(PD, 2))

BUILT: dict[str, Any] = {
    "Game": PD,
    "float Game": FLOATS,
    "RepeatedGame": RG,
    "RepeatedGame, signals": HIDDEN,
    "StochasticGame": TRUCE,
    "Agreement": GRIM,
    "mixed Agreement": MIXED,
    "StochasticAgreement": dt.truce_terms(TRUCE),
    "Machine": MACHINE,
    "Values": dt.incentives(RG, GRIM).values,
    "ByPlayer": dt.incentives(RG, GRIM).values["path"],
    "Algebraic": PARDON.least,
    "PublicSignals": SIGNALS,
}


@pytest.mark.parametrize("name", BUILT)
def test_no_attribute_can_be_set_or_deleted(name: str) -> None:
    built = BUILT[name]
    public = [a for a in dir(built) if not a.startswith("_") and not callable(getattr(built, a))]
    before = {a: getattr(built, a) for a in public}
    for attribute in public:
        with pytest.raises(AttributeError):
            setattr(built, attribute, "else")
        with pytest.raises(AttributeError):
            delattr(built, attribute)
    with pytest.raises(AttributeError):
        built.unheard_of = 1
    for attribute in public:
        assert repr(getattr(built, attribute)) == repr(before[attribute]), attribute


def test_the_refusal_says_what_to_do() -> None:
    with pytest.raises(AttributeError, match="a Game is immutable: its 'name' cannot be set; build a new one"):
        PD.name = "another"


def test_what_is_computed_once_is_kept() -> None:
    game = dt.Game([[1, 2]])
    assert game.payoffs is game.payoffs
    assert game.exact_payoffs is game.exact_payoffs


def test_tables_are_read_only() -> None:
    tables: list[Any] = [SIGNALS.prob, SIGNALS.levels, GRIM.play, GRIM.move["path"], MACHINE.play, MACHINE.move["a"]]
    tables += [TRUCE.games, TRUCE.transitions, TRUCE.transitions["dispute"], TRUCE.parameters]
    tables += [dt.truce_terms(TRUCE).play, dt.incentives(RG, GRIM).values, dt.markov_equilibria(TRUCE)[0].play]
    for table in tables:
        with pytest.raises(TypeError):
            table[next(iter(table))] = "else"


def test_transitions_and_lotteries_are_copied() -> None:
    chances = np.array([[[0.5, 0.5]] * 2] * 2)
    dispute: dict[Any, Any] = {"truce": "1/5", "dispute": "4/5"}
    sg = dt.StochasticGame({"truce": PD, "dispute": PD}, {"truce": chances, "dispute": dispute}, "9/10")
    chances[:] = 0
    dispute.clear()
    again = sg.replace(discount="9/10")
    assert again == sg
    assert again.distribution("truce", (0, 0)) == {"truce": F(1, 2), "dispute": F(1, 2)}
    lottery = ["1/2", "1/2"]
    machine = dt.Machine({"a": lottery}, {"a": {...: "a"}})
    lottery[0] = "1"
    assert machine.play["a"] == (F(1, 2), F(1, 2))


ANSWERS: dict[str, Callable[[], Any]] = {
    "incentives": lambda: dt.incentives(RG, GRIM),
    "incentives, mixed": lambda: dt.incentives(RG, MIXED),
    "incentives, states": lambda: dt.incentives(TRUCE, dt.truce_terms(TRUCE)),
    "Markov equilibria": lambda: dt.markov_equilibria(TRUCE),
    "region": lambda: PARDON,
    "region, Nash": lambda: dt.holds_where(RG, GRIM, concept="nash"),
    "region, signals": lambda: dt.holds_where(HIDDEN, WAR, over="noise"),
    "region, payoff": lambda: dt.holds_where(RG, GRIM, over=("payoff", "US", ("Relax", "Relax"))),
    "region, states": lambda: dt.holds_where(TRUCE, dt.truce_terms(TRUCE), over="lapse"),
    "region, both": lambda: PARDON & dt.holds_where(dt.RepeatedGame(PD, 0), GRIM),
    "region, some agreement": lambda: dt.sustainable_where(HIDDEN),
    "public value": lambda: dt.best_public_value(HIDDEN),
    "length": lambda: dt.best_punishment_length(HIDDEN),
    "payments": lambda: dt.transfer_levels(PD),
}
COPIES: list[Callable[[Any], Any]] = [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy]


@pytest.mark.parametrize("copied", COPIES, ids=["pickle", "deepcopy", "copy"])
@pytest.mark.parametrize("name", [*BUILT, *ANSWERS, "interval set", "slacks"])
def test_round_trips(name: str, copied: Callable[[Any], Any]) -> None:
    more = {"interval set": lambda: PARDON.set, "slacks": lambda: dt.incentive_slacks(RG, GRIM)}
    built = BUILT[name] if name in BUILT else {**ANSWERS, **more}[name]()
    again = copied(built)
    assert type(again) is type(built)
    assert again == built
    assert repr(again) == repr(built)
    if name in ANSWERS:
        again.verify()


@pytest.mark.parametrize("copied", COPIES, ids=["pickle", "deepcopy", "copy"])
def test_a_copied_game_is_no_less_read_only(copied: Callable[[Any], Any]) -> None:
    for game in (PD, FLOATS):
        again = copied(game)
        assert (again.name, again.source, again.is_exact) == (game.name, game.source, game.is_exact)
        for payoffs in (again.payoffs, again.exact_payoffs, again.best_payoffs):
            with pytest.raises(ValueError, match="read-only"):
                payoffs[0] = 0


def test_machines_are_equal_iff_they_do_the_same() -> None:
    nice = dt.machines.tit_for_tat("Relax", "Restrict")
    assert nice == dt.Machine(nice.play, nice.move, nice.start, name="another name")
    assert hash(nice) == hash(dt.Machine(nice.play, nice.move, nice.start))
    assert nice != dt.machines.grim_trigger("Relax", "Restrict")
    assert nice != "tit for tat"


@pytest.mark.parametrize(
    "discount", [np.array(0.5), np.array("1/2"), np.float32(0.5), np.array([0.5, 0.5]), (0.5, "1/2")]
)
def test_discount_factors(discount: Any) -> None:
    assert dt.RepeatedGame(PD, discount).discount == (F(1, 2), F(1, 2))
    assert dt.StochasticGame({"s": PD}, {"s": "s"}, discount).discount == (F(1, 2), F(1, 2))


@pytest.mark.parametrize(
    "discount",
    [
        {0.5, 0.6},
        frozenset([0.5]),
        {"US": 0.5, "China": 0.6},
        [0.5],
        [0.5] * 3,
        np.array([[0.5, 0.5]]),
        [],
        None,
        "x",
        1,
    ],
)
def test_what_is_no_discount_factor(discount: Any) -> None:
    with pytest.raises(dt.ParameterError, match="discount"):
        dt.RepeatedGame(PD, discount)
    with pytest.raises(dt.ParameterError, match="discount"):
        dt.StochasticGame({"s": PD}, {"s": "s"}, discount)
