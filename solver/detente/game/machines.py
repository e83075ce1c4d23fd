"""The strategy automata that the literature names, for one player.

``relax`` and ``restrict`` default to the first and the second action.
"""

from __future__ import annotations

from typing import Any

from detente.errors import AgreementError
from detente.game.labels import is_action
from detente.game.machine import Machine


def always(action: Any) -> Machine:
    """Play ``action`` whatever happens."""
    return Machine({"always": action}, {"always": {...: "always"}}, name=f"always {action}")


def tit_for_tat(relax: Any = 0, restrict: Any = 1) -> Machine:
    """Start by relaxing, then do what the partner did (Axelrod and Hamilton 1981)."""
    relax = _action("relax", relax)
    after = {relax: "relax", ...: "restrict"}
    return Machine({"relax": relax, "restrict": restrict}, {"relax": after, "restrict": after}, name="tit for tat")


def grim_trigger(relax: Any = 0, restrict: Any = 1) -> Machine:
    """Relax until the partner once fails to, then restrict for ever (Friedman 1971)."""
    relax = _action("relax", relax)
    move = {"relax": {relax: "relax", ...: "restrict"}, "restrict": {...: "restrict"}}
    return Machine({"relax": relax, "restrict": restrict}, move, name="grim trigger")


def win_stay_lose_shift(relax: Any = 0, restrict: Any = 1) -> Machine:
    """Relax after equal acts, restrict after unequal ones (Nowak and Sigmund 1993)."""
    relax = _action("relax", relax)
    move = {"relax": {relax: "relax", ...: "restrict"}, "restrict": {relax: "restrict", ...: "relax"}}
    return Machine({"relax": relax, "restrict": restrict}, move, name="win-stay-lose-shift")


def _action(argument: str, action: Any) -> Any:
    if not is_action(action):
        raise AgreementError(argument, action, "an action: its label or its index")
    return action
