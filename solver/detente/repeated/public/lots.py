"""A symmetric public equilibrium that draws lots, as an ordinary automaton on a game whose signals carry them.

The chance of a transition is not part of an automaton. A lot drawn with every public outcome, uniform on [0, 1] and cut
where the lotteries of either state need it, makes of each outcome a few, after which transitions are certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from detente.exact.polynomial import evaluate
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.monitoring import PublicSignals, public_signals
from detente.game.repeated import RepeatedGame
from detente.repeated.parameters import Environment
from detente.repeated.public.programme import Outcome


def outcome_name(rg: RepeatedGame, outcome: Outcome) -> Any:
    """A public outcome as the user knows it: a signal's label, or the labels of the acts carried out."""
    if isinstance(rg.monitoring, PublicSignals):
        return rg.monitoring.labels[outcome[0]]
    return rg.game.profile_labels(outcome)


def named_outcome(rg: RepeatedGame, name: Any) -> Outcome:
    """The outcome with that name."""
    if isinstance(rg.monitoring, PublicSignals):
        return (rg.monitoring.labels.index(name),)
    return rg.game.pure_profile(name)


def with_lots(
    rg: RepeatedGame,
    path: tuple[Any, ...],
    punishment: tuple[Any, ...],
    trigger: Mapping[Any, Fraction],
    release: Mapping[Any, Fraction],
) -> tuple[RepeatedGame, Agreement]:
    """The game whose signals carry a public lot fine enough for both states' lotteries, and the automaton on it.

    ``trigger`` and ``release`` give, by outcome, the chance that punishment starts, and that it ends.
    """
    game, env = rg.game, Environment(rg)
    zero, one = Fraction(0), Fraction(1)
    chances = {
        profile: {outcome_name(rg, y): evaluate(p, zero) for y, p in env.outcomes(profile)}
        for profile in product(*map(range, game.shape))
    }
    # label → outcome, and the stretch of [0, 1] that the lot is in
    lots: dict[str, tuple[Any, Fraction, Fraction]] = {}
    for name in dict.fromkeys(name for odds in chances.values() for name in odds):
        ends = sorted({zero, one, trigger.get(name, zero), release.get(name, zero)})
        text = name if isinstance(name, str) else ", ".join(map(str, name))
        for k, (lo, hi) in enumerate(pairwise(ends)):
            lots[text if len(ends) == 2 else f"{text} (lot {k + 1})"] = (name, lo, hi)
    prob = {
        profile: [odds.get(name, zero) * (hi - lo) for name, lo, hi in lots.values()]
        for profile, odds in chances.items()
    }
    expected = game
    if not isinstance(rg.monitoring, PublicSignals):
        stage = [
            [
                sum(evaluate(p, zero) * game.exact_payoffs[(i, *done)] for done, p in env.outcomes(meant))
                for meant in prob
            ]
            for i in range(game.n_players)
        ]
        payoffs = [_shaped(row, game.shape) for row in stage]
        expected = Game(payoffs, players=game.players, actions=game.actions, name=game.name)  # type: ignore[arg-type]
    repeated = RepeatedGame(expected, rg.discount, rg.breakdown, public_signals(list(lots), prob))
    if not any(trigger.values()):
        return repeated, Agreement({"path": path}, {"path": {...: "path"}}, name="best public agreement")
    triggered = {label: "punishment" for label, (y, lo, _) in lots.items() if lo < trigger.get(y, zero)}
    released = {label: "path" for label, (y, lo, _) in lots.items() if lo < release.get(y, zero)}
    return repeated, Agreement(
        {"path": path, "punishment": punishment},
        {"path": {**triggered, ...: "path"}, "punishment": {**released, ...: "punishment"}},
        name="best public agreement",
    )


def _shaped(flat: list[Any], shape: tuple[int, ...]) -> Any:
    for width in reversed(shape[1:]):
        flat = [flat[k : k + width] for k in range(0, len(flat), width)]
    return flat
