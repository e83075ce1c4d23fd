"""Every public callable, one argument at a time, on values of the wrong kind: a typed refusal or a valid answer.

For each callable a good call is given by name; every argument of its signature is then replaced by each of some bad
values. Whatever comes back must be an answer (where the value happens to be valid) or a ``DetenteError`` that names an
argument, its value and what is valid; never another exception, and never more than two seconds of processor time.
"""

from __future__ import annotations

import inspect
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import detente as dt

SECONDS = 2.0
BAD: list[Any] = [
    None,
    "x",
    "",
    "nan",
    float("nan"),
    float("inf"),
    -1,
    1.5,
    10**30,
    True,
    [],
    {},
    set(),
    ["x", "y"],
    [[1, 2], [3]],
    ["nash"],
    {"x": 1},
    {1: [2]},
    (..., ...),
    ...,
    b"x",
    1j,
    object(),
    int,
    np.array([np.nan]),
    np.zeros((0, 2)),
    Path("/nowhere"),
]
NOTHING = object()

ACTIONS = ["Relax", "Restrict"]
PLAYERS = ["US", "China"]


@cache
def things() -> dict[str, Any]:
    """What the good calls are made of."""
    game = dt.Game.symmetric([[3, 0], [5, 1]], players=PLAYERS, actions=ACTIONS)
    truce = dt.truce_game(game, "1/10", "1/5", discount="9/10")
    tft = dt.machines.tit_for_tat()
    rg = dt.RepeatedGame(game, "9/10")
    noisy = rg.replace(monitoring=dt.late_shipments(game, "1/10", "1/2"))
    grim = dt.agreements.grim_trigger(game)
    return {
        "game": game,
        "rg": rg,
        "noisy": noisy,
        "ag": grim,
        "linkage": dt.linkage([game, game]),
        "levels": dt.transfer_levels(game),
        "length": dt.best_punishment_length(noisy),
        "slack": dt.incentive_slacks(rg, grim)[0],
        "incentives": dt.incentives(rg, grim),
        "region": dt.holds_where(rg, grim),
        "stag hunt": dt.textbook("stag-hunt").game,
        "truce": truce,
        "tft": tft,
        "types": {"keeper": tft, "opportunist": dt.machines.always("Restrict")},
        "scenario": dt.load_scenario("london-2025"),
    }


def good_calls() -> dict[str, Callable[[], dict[str, Any]]]:
    """For every callable, the arguments of a good call, by name; a leading ``*`` marks a variable number of them."""
    t = things
    folder = Path(tempfile.mkdtemp())

    def game(**more: Any) -> Callable[[], dict[str, Any]]:
        return lambda: {"game": t()["game"], **more}

    def repeated(**more: Any) -> Callable[[], dict[str, Any]]:
        return lambda: {"rg": t()["rg"], **more}

    def noisy(**more: Any) -> Callable[[], dict[str, Any]]:
        return lambda: {"rg": t()["noisy"], **more}

    def kept(**more: Any) -> Callable[[], dict[str, Any]]:
        return lambda: {"rg": t()["rg"], "ag": t()["ag"], **more}

    def written() -> dict[str, Any]:
        path = folder / "game.nfg"
        dt.write_game(t()["game"], path)
        return {"path": path}

    play = {"a": ("Relax", "Relax")}
    matrices = {"A": np.array([[[3, 0], [5, 1]]]), "B": np.array([[[3, 5], [0, 1]]])}
    return {
        "Game": lambda: {"payoffs": [[[3, 0], [5, 1]], [[3, 5], [0, 1]]], "players": PLAYERS, "actions": ACTIONS},
        "Agreement": lambda: {"play": play, "move": {"a": {...: "a"}}, "start": "a"},
        "Machine": lambda: {"play": {"a": "Relax"}, "move": {"a": {...: "a"}}, "start": "a"},
        "RepeatedGame": game(discount="9/10", breakdown=0, monitoring=dt.perfect()),
        "StochasticAgreement": lambda: {"play": play, "move": {"a": {...: "a"}}, "start": "a"},
        "StochasticGame": lambda: {
            "games": {"s": t()["game"]},
            "transitions": {"s": "s"},
            "discount": "9/10",
            "breakdown": 0,
            "start": "s",
            "parameters": {"p": "1/2"},
        },
        "agreements.grim_trigger": game(path=("Relax", "Relax"), punishment=("Restrict", "Restrict")),
        "agreements.limited_punishment": game(length=2),
        "agreements.carrot_and_stick": game(),
        "agreements.nash_reversion": game(),
        "agreements.tit_for_tat": game(),
        "agreements.win_stay_lose_shift": game(),
        "agreements.contrite_tit_for_tat": game(),
        "agreements.unconditional": lambda: {"profile": ("Relax", "Relax")},
        "agreements.from_machines": lambda: {"*machines": t()["tft"]},
        "basin_of_distrust": repeated(player="US"),
        "belief_threshold": game(player="US"),
        "best_public_value": noisy(budget=5),
        "best_punishment_length": noisy(),
        "best_reply": lambda: {
            "rg": t()["rg"],
            "player": "US",
            "types": t()["types"],
            "prior": {"keeper": "1/2", "opportunist": "1/2"},
        },
        "best_reply_bounds": lambda: {
            "rg": t()["rg"],
            "player": "US",
            "types": t()["types"],
            "prior": {"keeper": "1/2", "opportunist": "1/2"},
            "width": "1/10",
            "budget": 1.0,
        },
        "best_reply_dynamics": game(start=("Relax", "Restrict")),
        "class_flips": lambda: {"scenario": t()["scenario"], "player": "US", "symbol": "g"},
        "class_shares": lambda: {"scenario": t()["scenario"], "draws": 100},
        "commitment": game(leader="US"),
        "conditional_offer": game(proposer="US"),
        "correlated_equilibrium": game(),
        "deadline_game": game(length=3, extension="1/2", discount="9/10"),
        "dominated": game(),
        "evolutionarily_stable": game(),
        "fictitious_play": game(start=("Relax", "Restrict"), rounds=5),
        "harsanyi_selten": game(),
        "holds_where": kept(),
        "incentive_slacks": kept(),
        "incentives": kept(),
        "incentives_batch": kept(discount=[0.5, 0.75]),
        "is_evolutionarily_stable": game(strategy="Restrict"),
        "iterated_elimination": game(),
        "late_shipments": game(noise="1/10", detection="1/2"),
        "least_demanding": repeated(max_states=2, budget=1),
        "least_discount": game(profile=("Relax", "Relax"), budget=1),
        "leverage_game": lambda: {
            "games": {"strong": t()["game"], "spent": t()["game"]},
            "erosion": "1/4",
            "discount": "9/10",
        },
        "linkage": lambda: {"games": [t()["game"], t()["game"]]},
        "load_scenario": lambda: {"name_or_path": "london-2025"},
        "logit_branch": game(max_precision=5),
        "logit_equilibrium": game(),
        "machines.always": lambda: {"action": "Relax"},
        "machines.tit_for_tat": dict,
        "machines.grim_trigger": dict,
        "machines.win_stay_lose_shift": dict,
        "markov_equilibria": lambda: {"game": t()["truce"]},
        "nash_equilibria": game(),
        "nash_equilibria_batch": lambda: dict(matrices),
        "p_dominance": game(profile=("Restrict", "Restrict")),
        "parse_game": lambda: {"text": 'NFG 1 R "pd" { "A" "B" } { 2 2 } 3 3 5 0 0 5 1 1'},
        "payoff_set": game(discount="9/10", budget=1),
        "payoff_set_with_transfers": game(discount="9/10"),
        "perfect": dict,
        "phase_diagram": kept(player="US"),
        "price_of_noise": noisy(),
        "prior_region": lambda: {"rg": t()["rg"], "ag": t()["ag"], "player": "US", "types": t()["types"]},
        "product_game": lambda: {"games": [t()["game"], t()["game"]]},
        "public_signals": lambda: {"labels": ["on time", "late"], "prob": {(0, 0): ["1/2", "1/2"]}},
        "pure_equilibria": game(),
        "quantal_response": game(precision=1),
        "rationalizable": game(),
        "read_game": written,
        "reduced_game": repeated(),
        "replicator": game(start=[[0.5, 0.5], [0.5, 0.5]], times=[0, 1]),
        "replicator_rest_point": game(point=[[0, 1], [0, 1]]),
        "risk_dominance_region": repeated(),
        "risk_dominant": lambda: {"game": t()["stag hunt"]},
        "scenarios": dict,
        "solve": lambda: {"scenario": "london-2025"},
        "solve_2x2_batch": lambda: dict(matrices),
        "solve_one": game(),
        "substitutes": kept(player="US"),
        "sustainable_where": noisy(),
        "textbook": lambda: {"name": "stag-hunt"},
        "to_nashpy": game(),
        "to_pygambit": game(),
        "to_quantecon": game(),
        "from_nashpy": lambda: {"game": dt.to_nashpy(t()["game"])},
        "from_pygambit": lambda: {"game": dt.to_pygambit(t()["game"])},
        "from_quantecon": lambda: {"game": dt.to_quantecon(t()["game"])},
        "transfer_levels": game(),
        "trembles": lambda: {"eps": "1/10"},
        "truce_game": game(lapse="1/10", renewal="1/5", discount="9/10"),
        "truce_terms": lambda: {"sg": t()["truce"]},
        "trust_bounds": kept(player="US", budget=1),
        "trust_frontier": kept(player="US"),
        "trust_needs": kept(),
        "trust_region": kept(player="US"),
        "update_trust": kept(prior="1/2", history=[("Relax", "Relax")]),
        "value_of_monitoring": noisy(better=dt.perfect()),
        "write_game": game(path=folder / "copy.nfg"),
        # Methods of a game
        "Game.bimatrix": lambda: {"A": [[3, 0], [5, 1]], "B": [[3, 5], [0, 1]]},
        "Game.symmetric": lambda: {"A": [[3, 0], [5, 1]]},
        "Game.from_profiles": lambda: {"payoffs": {("L",): (1,), ("R",): (2,)}},
        "game.payoff": lambda: {"profile": ("Relax", "Relax")},
        "game.deviation_payoffs": lambda: {"player": "US", "profile": ("Relax", "Relax")},
        "game.best_responses": lambda: {"player": "US", "others": "Relax"},
        "game.regret": lambda: {"profile": ("Relax", "Relax")},
        "game.minmax": lambda: {"player": "US"},
        "game.affine": lambda: {"player": "US", "scale": 2, "shift": 1},
        "game.relabel": lambda: {"players": ["A", "B"], "actions": {"US": ["C", "D"]}},
        "game.restrict": lambda: {"actions": {"US": ["Relax"]}},
        # Methods of what is made from games
        "ag.renamed": lambda: {"name": "other"},
        "ag.bind": lambda: {"game": t()["game"], "monitoring": dt.perfect()},
        "truce.distribution": lambda: {"state": "truce", "profile": ("Relax", "Relax")},
        "truce.state_index": lambda: {"state": "truce"},
        "linkage.slacks": lambda: {"discount": "1/2"},
        "linkage.best_bundle": lambda: {"discount": "1/2"},
        "linkage.false_alarms": lambda: {"rates": ["1/10", "1/5"], "discount": "9/10"},
        "levels.at": lambda: {"discount": "1/2"},
        "levels.critical_discount": lambda: {"profile": ("Relax", "Relax")},
        "levels.holds_where": lambda: {"profile": ("Relax", "Relax")},
        "length.with_length": lambda: {"length": 3},
        "slack.__call__": lambda: {"value": "1/2"},
        "incentives.values.__getitem__": lambda: {"state": "path"},
        "region.__contains__": lambda: {"x": "1/2"},
    }


CALLS = good_calls()
# What the library hands out; users do not make these.
ANSWERS = set(
    """
    Algebraic BestReply BestReplyBounds Commitment Component ConditionalOffer CorrelatedEquilibrium Domination
    Elimination Equilibrium EquilibriumBatch EquilibriumSet EvolutionarilyStable FieldElement Frontier Generation
    Incentives Interval
    LeastDemanding LeastDiscount LeastDiscountOfPayoffs Linkage LogitBranch MarkovEquilibria MarkovEquilibrium PayoffSet
    PhaseDiagram Polytope PublicValue PunishmentLength QuantalResponse RandomizedCode Region Scenario
    SelectedEquilibrium SequentialEquilibrium Slack Solution Substitute Substitutes TextbookGame TransferLevels
    TransferPayoffs TrustBounds TrustNeed TrustNeeds TrustPath
    """.split()  # noqa: SIM905
)
# Arguments that only name something, for which anything will do that has a text.
FREE = {"name", "source", "title", "parse_game.path"}


def resolved(name: str) -> Callable[..., Any]:
    """A public function, or a method of one of the things."""
    first, *rest = name.split(".")
    found: Any = things()[first] if rest and first in things() else getattr(dt, first)
    for part in rest:
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt what takes more processor time."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    several = [value for key, value in arguments.items() if key.startswith("*")]
    return function(*several, *several, **{k: v for k, v in arguments.items() if not k.startswith("*")})


def test_every_public_callable_is_in_the_table() -> None:
    answers = {name for line in ANSWERS for name in line.split()}
    public = {name for name in dt.__all__ if callable(getattr(dt, name)) and name not in answers}
    public -= {
        name for name in public if isinstance(getattr(dt, name), type) and issubclass(getattr(dt, name), Exception)
    }
    for module in ("agreements", "machines"):
        owner = getattr(dt, module)
        public |= {
            f"{module}.{name}"
            for name, value in vars(owner).items()
            if inspect.isfunction(value) and not name.startswith("_") and value.__module__.startswith(owner.__name__)
        }
    assert public - set(CALLS) == set()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_bad_values_are_refused(name: str) -> None:
    function, good = resolved(name), CALLS[name]()
    for needed in ("pygambit", "quantecon"):
        if name.endswith(needed):
            pytest.importorskip(needed)
    call(function, good)  # compiles and caches what it needs
    wrong = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        key = f"*{parameter.name}" if parameter.kind is parameter.VAR_POSITIONAL else parameter.name
        flag = "bool" in str(parameter.annotation) or bool({parameter.name, f"{name}.{parameter.name}"} & FREE)
        for bad in BAD:
            if (flag and isinstance(bad, np.ndarray)) or (parameter.name == "progress" and callable(bad)):
                continue  # NumPy gives an array no truth value; a callback's errors are its own
            try:
                with limited(SECONDS):
                    call(function, {**good, key: bad})
                if type(bad) is object and not flag:
                    wrong.append(f"{parameter.name}={bad!r}: taken")
            except dt.DetenteError as error:
                if not (error.argument and error.expected):
                    wrong.append(f"{parameter.name}={bad!r}: {error!r} says too little")
            except Exception as error:  # the finding
                wrong.append(f"{parameter.name}={bad!r}: {type(error).__name__}: {error}"[:160])
    assert not wrong, "\n".join(wrong)
