"""An agreement written out as a person would read it to another: state by state, who does what, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.monitoring import Perfect


class Rule(NamedTuple):
    """One state of an agreement of a two-by-two game: what is to be done, and the states that may follow.

    ``after`` has the number of the next state if both keep to it, if the first departs, the second, and both.
    """

    state: int
    play: str
    after: tuple[int, int, int, int]


def rules(agreement: Agreement, game: Game) -> list[Rule]:
    """The states of an agreement in the order of their numbers; the first is the start.

    >>> from detente.game import agreements
    >>> game = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> for rule in rules(agreements.grim_trigger(game), game):
    ...     print(*rule)
    1 both Relax (1, 2, 2, 2)
    2 both Restrict (2, 2, 2, 2)
    """
    bound = agreement.bind(game, Perfect())
    found = []
    for s, profile in enumerate(bound.play):
        acts = [str(game.actions[i][a]) for i, a in enumerate(profile)]
        each = "; ".join(f"{player} {act}" for player, act in zip(game.players, acts, strict=True))
        play = f"both {acts[0]}" if acts[0] == acts[1] else each
        outcomes = [
            tuple(a if keeps else 1 - a for a, keeps in zip(profile, kept, strict=True))
            for kept in [(True, True), (False, True), (True, False), (False, False)]
        ]
        after = tuple(bound.move[s][outcome] + 1 for outcome in outcomes)
        found.append(Rule(s + 1, play, after))  # type: ignore[arg-type]
    return found


def outlined(agreement: Agreement, game: Game) -> str:
    """An agreement in one line.

    >>> from detente.game import agreements
    >>> game = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> outlined(agreements.grim_trigger(game), game)
    '1 both Relax: if kept 1, if US departs 2, if China departs 2, if both depart 2. 2 both Restrict: always 2.'
    """
    who = ["if kept", *(f"if {player} departs" for player in game.players), "if both depart"]
    lines = []
    for rule in rules(agreement, game):
        if len(set(rule.after)) == 1:
            then = f"always {rule.after[0]}"
        else:
            then = ", ".join(f"{when} {state}" for when, state in zip(who, rule.after, strict=True))
        lines.append(f"{rule.state} {rule.play}: {then}.")
    return " ".join(lines)


def short_names(agreements: Iterable[Agreement]) -> dict[str, str]:
    """By the agreements' names: that name, or "agreement A", "agreement B", … where it is only an automaton's code."""
    unnamed = dict.fromkeys(ag.name for ag in agreements)
    letters = ("".join(x) for n in (1, 2) for x in product("ABCDEFGHIJKLMNOPQRSTUVWXYZ", repeat=n))
    return {name: f"agreement {next(letters)}" if name.startswith("automaton ") else name for name in unnamed}
