"""What the command's arguments stand for: games and scenarios by name, path or pipe; settings; agreements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from detente.errors import AgreementError, DetenteError, LabelError, UnsupportedError
from detente.game.agreement import Agreement
from detente.game.game import Game

CONSTRUCTORS = (
    "grim_trigger",
    "limited_punishment",
    "carrot_and_stick",
    "nash_reversion",
    "tit_for_tat",
    "contrite_tit_for_tat",
    "win_stay_lose_shift",
)


def read(name: str) -> Any:
    """A scenario or a game, by shipped name, path or standard input."""
    from detente.game.data import parse_toml, read_toml
    from detente.game.formats.read_write import parse_game, read_game
    from detente.game.textbook import textbook
    from detente.scenario.load import build_scenario, load_scenario

    if name == "-":
        text = sys.stdin.read()
        looks_like_toml = not text.lstrip("\ufeff \t\r\n").startswith(("NFG", "{")) and not text.lstrip()[:1].isdigit()
        if looks_like_toml:
            data = parse_toml(text, "<stdin>")
            if "extends" in data or "formulas" in data:
                return build_scenario(data, Path("<stdin>"))
        return parse_game(text, None, "<stdin>")
    if name in scenario_names():
        return load_scenario(name)
    if name in textbook().names:
        return textbook(name).game
    path = Path(name)
    if not path.suffix and not path.exists():
        raise LabelError("game or scenario", name, (*scenario_names(), *textbook().names))
    if path.suffix == ".toml":
        data = read_toml(path)
        if "extends" in data or "formulas" in data:
            return load_scenario(path)
    return read_game(path)


def scenario_names() -> tuple[str, ...]:
    """The scenarios that ship."""
    from detente.scenario.load import scenarios

    return scenarios()


def repeated_game(subject: Any, discount: str | None, breakdown: str | None, noise: str | None) -> Any:
    """A game or a scenario's game, repeated; what is not given is the scenario's, or 1/2 and no noise.

    A scenario's own noise is set aside: its acts are seen unless ``noise`` is given.
    """
    from detente.game.monitoring import perfect, trembles
    from detente.game.repeated import RepeatedGame

    if isinstance(subject, Game):
        rg = RepeatedGame(subject, discount="1/2")
    else:
        rg = subject.repeated.replace(monitoring=perfect())
    changes: dict[str, Any] = {}
    if discount is not None:
        changes["discount"] = discount
    if breakdown is not None:
        changes["breakdown"] = breakdown
    if noise is not None:
        changes["monitoring"] = trembles(noise)
    return rg.replace(**changes)


def moved(scenario: Any, discount: str | None, breakdown: str | None, noise: str | None) -> Any:
    """A scenario with other settings, set by hand."""
    from dataclasses import replace

    from detente.exact.rational import to_probability

    changes = {}
    for key, value in (("discount", discount), ("breakdown", breakdown), ("noise", noise)):
        if value is not None:
            number = to_probability(value, key, below_one=key == "discount")
            changes[key] = getattr(scenario.setting, key).moved_to(number)
    return replace(scenario, setting=replace(scenario.setting, **changes))


def chosen_agreements(subject: Any, game: Game, names: list[str] | None, length: int) -> dict[str, Agreement]:
    """Agreements by name: a scenario's own, or those with a constructor."""
    from detente.game import agreements as named

    own = {} if isinstance(subject, Game) else dict(subject.agreements)
    if names is None and own:
        return own
    chosen: dict[str, Agreement] = {}
    for name in names or CONSTRUCTORS:
        if name in own:
            chosen[name] = own[name]
        elif name == "limited_punishment":
            chosen[name] = named.limited_punishment(game, length)
        elif name in CONSTRUCTORS:
            try:
                chosen[name] = getattr(named, name)(game)
            except DetenteError as error:
                # Asked for all, those that do not apply to this game are left out.
                if names is not None or not isinstance(error, UnsupportedError | AgreementError):
                    raise
        else:
            raise LabelError("agreement", name, (*own, *CONSTRUCTORS))
    return chosen


def parameter(text: str) -> Any:
    """What ``--over`` says, as :func:`detente.holds_where` takes it."""
    kind, *rest = text.split(":")
    if kind == "payoff" and len(rest) == 2:
        return (kind, rest[0], tuple(rest[1].split(",")))
    return (kind, *rest) if rest else kind
