"""GameTracer's format (.gam): the number of players, their numbers of actions, then all payoffs player by player.

Within a player's payoffs the first player's action varies fastest. The format has no names.
"""

from __future__ import annotations

import numpy as np

from detente.game.formats.tokens import Reader
from detente.game.game import Game


def parse_gam(text: str, path: str = "<text>") -> Game:
    """The game in a .gam text; raises :class:`~detente.errors.FormatError` with the line at fault."""
    lines = [line.split("#")[0] for line in text.splitlines()]
    reader = Reader("\n".join(lines), path)
    n = reader.whole("the number of players")
    reader.check_size([max(n, 0)], 1)
    shape = [reader.whole("a number of actions") for _ in range(min(n, 61))]
    reader.check_size(shape, n)
    payoffs = np.empty((n, *shape), dtype=object)
    for player in range(n):
        values = np.empty(int(np.prod(shape)), dtype=object)
        values[:] = [reader.number() for _ in range(values.size)]
        payoffs[player] = values.reshape(shape, order="F")
    reader.finish()
    return Game(payoffs)


def format_gam(game: Game) -> str:
    """The game as a .gam text; names are not kept."""
    head = f"{game.n_players}\n\n{' '.join(map(str, game.shape))}\n\n"
    blocks = [" ".join(map(str, u.ravel(order="F").tolist())) for u in game.exact_payoffs]
    return head + "\n".join(blocks) + "\n"
