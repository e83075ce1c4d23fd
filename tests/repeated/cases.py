"""Random rational games, monitoring structures and public automata, and a value by summing periods."""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product
from typing import Any

import detente as dt
from detente.game.monitoring import Monitoring, PublicSignals, misfires

SHAPES = [(2, 2), (2, 3), (3, 3), (2, 2, 2), (3, 2, 2)]


def weights(rng: random.Random, count: int, positive: bool = False) -> list[F]:
    """A random exact distribution."""
    parts = [rng.randint(int(positive), 4) for _ in range(count)]
    if not any(parts):
        parts[rng.randrange(count)] = 1
    return [F(part, sum(parts)) for part in parts]


def random_game(rng: random.Random, shape: tuple[int, ...] | None = None) -> dt.Game:
    shape = shape or rng.choice(SHAPES)
    entries = {
        tuple(f"a{a}" for a in profile): [F(rng.randint(-9, 9), rng.choice((1, 1, 2, 3))) for _ in shape]
        for profile in product(*map(range, shape))
    }
    return dt.Game.from_profiles(entries)  # type: ignore[arg-type]


def random_monitoring(rng: random.Random, game: dt.Game, kind: str) -> Monitoring:
    if kind == "perfect":
        return dt.perfect()
    if kind == "trembles":
        return dt.trembles(F(rng.randint(0, 5), 20))
    labels = ["x", "y", "z"][: rng.randint(2, 3)]
    return dt.public_signals(labels, {p: weights(rng, len(labels)) for p in product(*map(range, game.shape))})


def random_agreement(
    rng: random.Random, game: dt.Game, monitoring: Monitoring, states: int, mixed: float = 0.0
) -> dt.Agreement:
    """A random automaton; each prescription is a lottery with probability ``mixed``."""
    names = [f"s{k}" for k in range(states)]

    def prescription(i: int) -> Any:
        if rng.random() >= mixed:
            return rng.choice(game.actions[i])
        chances = weights(rng, game.shape[i])
        return chances if rng.random() < 0.5 else dict(zip(game.actions[i], map(str, chances), strict=True))

    signals = isinstance(monitoring, PublicSignals)
    outcomes = monitoring.labels if signals else list(product(*game.actions))  # type: ignore[union-attr]
    return dt.Agreement(
        {s: tuple(prescription(i) for i in range(game.n_players)) for s in names},
        {s: {o: rng.choice(names) for o in outcomes} for s in names},
    )


def summed_values(rg: dt.RepeatedGame, ag: dt.Agreement, periods: int) -> list[float]:
    """Each player's value from the start, by adding up the periods of one long path of distributions over states."""
    game, monitoring = rg.game, rg.monitoring
    bound = ag.bind(game, monitoring)
    signals = isinstance(monitoring, PublicSignals)
    eps = getattr(monitoring, "eps", F(0))
    chances = [0.0] * len(bound.states)
    chances[0] = 1.0
    betas = [float(b) for b in rg.effective_discount]
    totals = [0.0] * game.n_players
    for t in range(periods):
        after = [0.0] * len(chances)
        for s, here in enumerate(chances):
            if not here:
                continue
            for drawn in product(*(lottery.items() for lottery in bound.strategies[s])):
                weight = here
                for _, p in drawn:
                    weight *= float(p)
                intended = tuple(a for a, _ in drawn)
                if signals:
                    lots = monitoring.distribution(game, intended)  # type: ignore[union-attr]
                    happen = [(intended, (k,), float(q)) for k, q in enumerate(lots)]
                else:
                    happen = [(done, done, float(q)) for done, q in misfires(game, intended, eps, F(1))]
                for done, outcome, q in happen:
                    after[bound.move[s][outcome]] += weight * q
                    for i in range(game.n_players):
                        totals[i] += (1 - betas[i]) * betas[i] ** t * weight * q * game.payoffs[(i, *done)]
        chances = after
    return totals
