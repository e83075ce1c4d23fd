"""Payoff sets against QuantEcon's ``equilibrium_payoffs``, run in a process of its own, which it may abort."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import detente as dt
from detente.repeated.payoff_sets.payoff_set import payoff_set
from tests.repeated.test_payoff_set import cournot, dilemma, floats, hausdorff

pytestmark = pytest.mark.skipif(find_spec("quantecon") is None, reason="quantecon is not installed")

# One line in, one line out, so that what was answered before an abort is not lost.
PEER = """
import json, sys, warnings
import numpy as np
from quantecon.game_theory import NormalFormGame, Player, RepeatedGame
warnings.simplefilter("ignore")
for line in sys.stdin:
    A, B, delta = json.loads(line)
    game = NormalFormGame((Player(np.array(A, float)), Player(np.array(B, float).T.copy())))
    try:
        hull = RepeatedGame(game, delta).equilibrium_payoffs()
        print(json.dumps(hull.points[hull.vertices].tolist()), flush=True)
    except Exception as error:
        print(json.dumps(type(error).__name__), flush=True)
"""


def theirs(cases: list[tuple[dt.Game, float]]) -> list[Any]:
    """Corners of the peer's set, the name of its exception, or "aborted"."""
    answers: list[Any] = []
    while len(answers) < len(cases):
        lines = [json.dumps([*g.payoffs.tolist(), d]) for g, d in cases[len(answers) :]]
        done = subprocess.run(
            [sys.executable, "-c", PEER], input="\n".join(lines), capture_output=True, text=True, timeout=300
        )
        answers += [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) < len(cases):
            answers.append("aborted")
    return answers


@pytest.mark.slow
def test_random_games() -> None:
    rng = random.Random(1)
    cases = []
    for seed in range(60):
        shape = rng.randint(2, 6), rng.randint(2, 6)
        game = dt.Game(np.random.default_rng(seed).integers(0, 100, (2, *shape)))
        cases.append((game, rng.choice([0.15, 0.3, 0.45, 0.6, 0.75, 0.9])))
    compared = 0
    for (game, delta), answer in zip(cases, theirs(cases), strict=True):
        ps = payoff_set(game, delta)
        ps.verify()
        if isinstance(answer, str):
            continue
        assert hausdorff(np.array(answer), floats(ps.vertices)) < 1e-6
        compared += 1
    assert compared > 20


def test_where_it_aborts_stops_early_or_raises() -> None:
    """QuantEcon 0.11.4; a later version may answer, and must then agree."""
    own_rows = np.array([[1, 9, 2], [6, 7, 4], [6, 6, 0]])
    cases = [
        (dt.Game.bimatrix([[5, 6, 0], [2, 0, 5], [9, 8, 5]], own_rows.T), 0.6),
        (cournot(20), 0.2),
        (dilemma(10, 9, 3, 1), 0.999),
        (dilemma(5, 3, 1, 0), 0.1),  # a point
        (dt.Game.symmetric([[2, 0], [0, 1]]), 0.1),  # a segment
    ]
    least = [(5, 4), None, (3, 3), (1, 1), (1, 1)]
    for (game, delta), answer, expected in zip(cases, theirs(cases), least, strict=True):
        ps = payoff_set(game, delta)
        ps.verify()
        assert ps.complete
        assert ps.gap < 1e-12
        assert expected is None or ps.threat == expected
        if not isinstance(answer, str) and delta < 0.999:
            assert hausdorff(np.array(answer), floats(ps.vertices)) < 1e-6
