"""The names that the literature has for agreements on a constant path, so that a search can recognise them."""

from __future__ import annotations

from detente.game import agreements
from detente.game.agreement import Agreement
from detente.game.game import Game
from detente.game.monitoring import Perfect
from detente.trust.search.public_automata import Automaton, Outcomes, Target, from_bound, minimal


def known_agreements(game: Game, target: Target, outcomes: Outcomes, size: int) -> list[tuple[Automaton, Agreement]]:
    """Named agreements with up to ``size`` states on the path, each with its canonical automaton."""
    if target.eventually or len(target.cycle) > 1:
        return []
    path = game.profile_labels(outcomes.profiles[target.cycle[0]])
    named = [agreements.unconditional(path)]
    for p in outcomes.profiles:
        profile = game.profile_labels(p)
        if profile != path:
            what = ", ".join(map(str, profile))
            named.append(_with(agreements.grim_trigger(game, path, profile), what, game))
            named.append(_with(agreements.carrot_and_stick(game, path, profile), what, game))
            for length in range(1, size):
                named.append(_with(agreements.limited_punishment(game, length, path, profile), what, game))
    if game.shape == (2, 2) and target.cycle == (0,):
        named += [
            agreements.win_stay_lose_shift(game),
            agreements.contrite_tit_for_tat(game),
            agreements.tit_for_tat(game),
        ]
    forms = [(minimal(from_bound(ag.bind(game, Perfect()), outcomes)), ag) for ag in named]
    return [(form, ag) for form, ag in forms if len(form.play) <= size]


def _with(ag: Agreement, punishment: str, game: Game) -> Agreement:
    """The name says the punishment where it is not everyone's last action."""
    last = ", ".join(str(labels[-1]) for labels in game.actions)
    return ag if punishment == last else ag.renamed(f"{ag.name} by ({punishment})")
