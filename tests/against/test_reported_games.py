"""Games on which users of Nashpy, Gambit and GameTheory.jl reported lost, wrong or puzzling equilibria.

Payoffs and answers are facts taken from public issue threads; the right answers are derived here again, independently
of the package: by brute force over all vertices, by pygambit's exact enumeration, and in zero-sum games too large for
both from a pair of optimal strategies and the faces on which every other pair must lie.

Gambit 334 is missing: a 9×9 game with payoffs in [0, 1] whose one polytope takes 177 pivots, the other 10,227. Its
matrix ends a comment of which only the beginning could be read. Games of its kind are tried in its place.
"""

from __future__ import annotations

import json
from fractions import Fraction as F
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import detente as dt
from tests.catalogue.exact_checker import extreme_equilibria

Profile = tuple[tuple[F, ...], tuple[F, ...]]
ZERO_SUM = "zero-sum"


class Report(NamedTuple):
    """Matrices are written as rows separated by semicolons, equilibria as two strategies separated by a bar."""

    issue: str
    seen: str
    A: str
    B: str
    answer: tuple[str, ...]  # all extreme equilibria
    note: str


def third_of(h: str) -> tuple[str, str, tuple[str, ...]]:
    """Nashpy 76: F1 scores of the bit patterns 0–7, with 2/3 written as h.

    The row player must mix 0 and 7. Columns 1, 2 and 4 share 2/3, none above 1/3 (rows 1, 2, 4), and any two of them at
    most 1/(3h) (rows 3, 5, 6), so none below l = 2/3 - 1/(3h).
    """
    score = (
        "1 0 0 0 0 0 0 0; 0 1 0 h 0 h 0 .5; 0 0 1 h 0 0 h .5; 0 h h 1 0 .5 .5 .8;"
        "0 0 0 0 1 h h .5; 0 h 0 .5 h 1 .5 .8; 0 0 h .5 h .5 1 .8; 0 .5 .5 .8 .5 .8 .8 1"
    )
    low = F(2, 3) - 1 / (3 * F(h))
    shares = sorted(set(permutations((F(1, 3), low, F(1, 3) - low))))
    answer = tuple(f"1/3 0 0 0 0 0 0 2/3 | 1/3 {a} {b} 0 {c} 0 0 0" for a, b, c in shares)
    return score.replace("h", h), ZERO_SUM, answer


FRED = list(product(["fold", *product((1, 2), repeat=2)], repeat=2))  # with red, with black: fold, or what to do if met
ALICE = ["pass", *product((1, 2), repeat=2)]


def poker() -> tuple[str, str, tuple[str, ...]]:
    """Gambit 210: Fred sees red or black and folds (−1) or raises; Alice passes (Fred gets 1) or meets.

    If she meets, one of two events is shown to both. Fred's 2 then costs him 2. After his 1, Alice's 2 gives him 2, and
    her 1 gives him 3 if the event suits his colour (the first red, the second black), else −3.
    """

    def payoff(fred: Any, alice: Any) -> F:
        total = F(0)
        for red, plan in zip((True, False), fred, strict=True):
            for event in (0, 1):
                if plan == "fold":
                    total += -1
                elif alice == "pass":
                    total += 1
                elif plan[event] == 2:
                    total += -2
                else:
                    total += 2 if alice[event] == 2 else 3 if red == (event == 0) else -3
        return total / 4

    suits, always = ((1, 2), (2, 1)), ((1, 1), (1, 1))
    rows = [{suits: F(4, 5), always: F(1, 5)}, {suits: F(3, 5), ((1, 2), (1, 1)): F(1, 5), ((1, 1), (2, 1)): F(1, 5)}]
    columns: list[dict[Any, F]] = [
        {(1, 1): F(4, 5), (2, 2): F(1, 5)},
        {(1, 1): F(3, 5), (1, 2): F(1, 5), (2, 1): F(1, 5)},
    ]
    answer = tuple(
        " ".join(str(x.get(f, 0)) for f in FRED) + " | " + " ".join(str(y.get(a, 0)) for a in ALICE)
        for x, y in product(rows, columns)
    )
    return "; ".join(" ".join(str(payoff(f, a)) for a in ALICE) for f in FRED), ZERO_SUM, answer


UNIQUE_39, PAIR_39 = "1/3 1/3 0 1/3", "1/2 0 1/2 0"
REPORTS = [
    Report(
        "Nashpy 39",
        "support enumeration finds nothing",
        "0 1 0 -1; -1 0 1 1; 0 -1 0 1; 1 -1 -1 0",
        ZERO_SUM,
        tuple(f"{x} | {y}" for x, y in product((UNIQUE_39, PAIR_39), repeat=2)),
        "symmetric; two optimal strategies and their mixtures for each player",
    ),
    Report(
        "Nashpy 41",
        "support enumeration finds nothing",
        "0 -1 1 1; 1 0 -1 -1; -1 1 0 -1; -1 1 1 0",
        ZERO_SUM,
        (f"{UNIQUE_39} | {UNIQUE_39}",),
        "rock, paper, scissors with a dominated fourth action",
    ),
    Report(
        "Nashpy 60",
        "solved: the control for the next game",
        "-100 0 0 -100; 0 0 0 -100; -100 0 0 0; 0 0 0 -50",
        ZERO_SUM,
        ("0 0 1/3 2/3 | 1/3 0 0 2/3",),
        "published by the maintainer",
    ),
    Report(
        "Nashpy 60, second",
        "support enumeration finds nothing after one payoff is changed",
        "-100 0 0 -100; 0 0 0 -100; -100 0 0 0; 0 0 0 -33.3333333",
        ZERO_SUM,
        ("0 0 333333333/1333333333 1000000000/1333333333 | 333333333/1333333333 0 0 1000000000/1333333333",),
        "1/4 and 3/4, but for the cut decimal",
    ),
    Report(
        "Nashpy 60, both",
        "the maintainer takes both matrices for one game",
        "-100 0 0 -100; 0 0 0 -100; -100 0 0 0; 0 0 0 -50",
        "-100 0 0 -100; 0 0 0 -100; -100 0 0 0; 0 0 0 -33.3333333",
        tuple(
            " ".join("1" if k == i else "0" for k in range(4))
            + " | "
            + " ".join("1" if k == j else "0" for k in range(4))
            for i, columns in enumerate(((1, 2), (0, 1, 2), (1, 2, 3), (0, 1, 2)))
            for j in columns
        ),
        "the eleven cells in which nobody loses anything",
    ),
    Report(
        "Nashpy 67",
        "nothing found, or one equilibrium, depending on how numpy was built",
        "52.46337363 69.47195938 0 54.14372075; 77 88 84.85714286 92.4;"
        "77.78571429 87.35294118 93.5 91.38461538; 66.37100751 43.4530444 0 60.36191831",
        "23.52690518 17.35459006 88.209 20.8021711; 16.17165 0 14.00142857 6.46866;"
        "0 5.76529412 0 0; 15.68327304 40.68156322 84.00857143 11.06596804",
        ("0 144132353/548423603 404291250/548423603 0 | 64705882/143277311 78571429/143277311 0 0",),
        "published: 0.262812089, 0.737187911 and 0.4516129, 0.5483871",
    ),
    Report(
        "Nashpy 67, rounded",
        "the maintainers' workaround: five decimals",
        "52.46337 69.47196 0 54.14372; 77 88 84.85714 92.4;"
        "77.78571 87.35294 93.5 91.38462; 66.37101 43.45304 0 60.36192",
        "23.52691 17.35459 88.209 20.80217; 16.17165 0 14.00143 6.46866;"
        "0 5.76529 0 0; 15.68327 40.68156 84.00857 11.06597",
        ("0 576529/2193694 1617165/2193694 0 | 64706/143277 78571/143277 0 0",),
        "one equilibrium, as published",
    ),
    Report("Nashpy 76", "nothing found", *third_of("2/3"), "F1 scores as fractions"),
    Report(
        "Nashpy 76, decimals", "nothing found", *third_of("0.6666666666666666"), "F1 scores as printed in the issue"
    ),
    Report(
        "Nashpy 82",
        "five of eight equilibria, whatever the tolerance",
        "0 0 -6 0 0; 0 0 -3 -2 -1; -4 -3 0 0 -1",
        "-3 0 -2 -1 0; 0 -2 0 0 -4; -4 0 -2 -4 -4",
        (
            "1 0 0 | 0 1 0 0 0",
            "1 0 0 | 0 0 0 0 1",
            "2/3 1/3 0 | 0 1 0 0 0",
            "1/3 1/2 1/6 | 0 4/9 2/9 1/3 0",
            "0 1/2 1/2 | 0 1/2 1/2 0 0",
            "0 1 0 | 3/7 0 4/7 0 0",
            "0 1 0 | 1 0 0 0 0",
            "0 1 0 | 3/8 0 1/4 3/8 0",
        ),
        "published by the reporter, whose players minimize",
    ),
    Report(
        "Nashpy 88",
        "an even number of equilibria is said to mean degeneracy, and what then?",
        "3 0; 0 2",
        "2 0; 0 3",
        ("1 0 | 1 0", "0 1 | 0 1", "3/5 2/5 | 2/5 3/5"),
        "no payoffs given; the maintainer names the battle of the sexes, nondegenerate with three equilibria",
    ),
    Report(
        "Nashpy 222",
        "one end of a segment of equilibria",
        "-3 3; -3 5",
        "2 7; 4 2",
        ("0 1 | 1 0", "2/7 5/7 | 1 0"),
        "published by the reporter",
    ),
    Report(
        "Nashpy 231",
        "support enumeration finds nothing",
        "0 -1 -1 -1 1 -1; 1 0 1 -1 -1 -1; 1 -1 0 -1 -1 1; 1 1 1 0 -1 -1; -1 1 1 1 0 -1; 1 1 -1 1 1 0",
        ZERO_SUM,
        ("0 0 1/3 0 1/3 1/3 | 0 0 1/3 0 1/3 1/3",),
        "published by the reporter",
    ),
    Report(
        "Gambit 210", "'one equilibrium' and 'all equilibria' seem not to fit", *poker(), "one behaviour, four mixtures"
    ),
    # The same kinds of trouble in other threads, with the game in full.
    Report(
        "Nashpy 35",
        "Lemke–Howson returns strategies of wrong lengths, one probability negative",
        "-1 -1 -1; 0 0 0; -1 -1 -10000",
        "-1 -1 -1; 0 0 0; -1 -1 -10000",
        ("0 1 0 | 1 0 0", "0 1 0 | 0 1 0", "0 1 0 | 0 0 1"),
        "published by the maintainer",
    ),
    Report(
        "Nashpy 64",
        "Lemke–Howson from every label misses the second equilibrium",
        "3 3; 2 5; 0 6",
        "3 2; 2 6; 3 1",
        ("1 0 0 | 1 0", "4/5 1/5 0 | 2/3 1/3", "0 1/3 2/3 | 1/3 2/3"),
        "published by the reporter",
    ),
    Report(
        "Nashpy 66",
        "vertex enumeration returns a strategy of inf and nan",
        "-4.74849287 -1.41955836 -1.41955836 -2.46551608; -100 -.80877032 -.80877032 -1.42923881;"
        "-3.99960399 -1.41955836 -1.41955836 -1.42923881; -2.46551608 -.80877032 -.80877032 -2.46551608",
        ZERO_SUM,
        ("0 0 0 1 | 1 0 0 0", "0 0 0 1 | 103627727/257036518 0 0 153408791/257036518"),
        "a segment",
    ),
    Report(
        "Nashpy 83",
        "Lemke–Howson raises an exception for one label",
        "9.5 -7.8; -9.6 .3; -7.1 -1.4; 5.9 7.6; 9 .3; 7.5 6.9; -3.1 3.6; -8.4 -3.7",
        ".2 .6; .4 .1; .9 0; .4 .1; .1 .2; .2 .1; .8 1; .2 .4",
        ("0 0 0 0 1/2 1/2 0 0 | 22/27 5/27",),
        "published: one equilibrium, two actions each",
    ),
    Report(
        "Nashpy 207",
        "Lemke–Howson, lexicographic or not, fails from some labels",
        "0 .5 1 1 1 1 1 1 1; .711 0 0 .5 1 1 1 1 1; 1 .672 0 0 .5 1 1 1 1; 1 1 .667 0 0 .5 1 1 1;"
        "1 1 1 .579 0 0 .5 1 1; 1 1 1 1 .5 0 0 .5 1; 1 1 1 1 1 .5 0 0 1; 1 1 1 1 1 1 .333 0 .5; 1 1 1 1 1 1 1 1 0",
        "one minus A",
        (
            "170482/850205 215800/1530369 0 1096169/7651845 100000/1530369 0 1596169/7651845 0 1846169/7651845"
            " | 315800/1530369 534338/7651845 0 342200/1530369 0 270338/7651845 342200/1530369 0 1846169/7651845",
        ),
        "published: the value, 0.758729",
    ),
    Report(
        "GameTheory.jl 217",
        "an end of a segment taken for an error",
        "-2 2; 0 0",
        "-2 2; 0 0",
        ("1 0 | 0 1", "0 1 | 1 0", "0 1 | 1/2 1/2"),
        "published by the maintainer",
    ),
]
LARGE = {"Nashpy 76", "Nashpy 76, decimals", "Nashpy 207", "Gambit 210"}
SMALL = [r for r in REPORTS if r.issue not in LARGE]

# Gambit 1055: enumpoly hangs after 53 equilibria of von Stengel's 6×6 game, which has 75, in both of its versions.
KNOWN = json.loads((Path(__file__).parents[1] / "data" / "known_equilibria.json").read_text())["games"]
SEVENTY_FIVE = {
    "Gambit 1055": next((g["A"], g["B"]) for g in KNOWN if g["name"] == "vonstengel_6x6_75"),
    "Gambit 1055, small payoffs": (
        "-81 36 -126 126 -36 90; -180 72 -333 297 -153 270; 20 -3 42 -33 17 -30;"
        "-30 17 -33 42 -3 20; 270 -153 297 -333 72 -180; 90 -36 126 -126 36 -81",
        "72 36 17 -3 -36 -153; -180 -81 -30 20 90 270; 297 126 42 -33 -126 -333;"
        "-333 -126 -33 42 126 297; 270 90 20 -30 -81 -180; -153 -36 -3 17 36 72",
    ),
}


def table(text: str | list[list[str]]) -> list[list[F]]:
    rows = [row.split() for row in text.split(";")] if isinstance(text, str) else text
    return [[F(x) for x in row] for row in rows]


def matrices(A: Any, B: Any) -> tuple[list[list[F]], list[list[F]]]:
    first = table(A)
    if B == ZERO_SUM:
        return first, [[-x for x in row] for row in first]
    return first, [[1 - x for x in row] for row in first] if B == "one minus A" else table(B)


def profile(text: str) -> Profile:
    x, y = (tuple(F(p) for p in strategy.split()) for strategy in text.split("|"))
    return x, y


def profiles(found: dt.EquilibriumSet) -> set[Any]:
    return {e.strategies for e in found}


def check(A: list[list[F]], B: list[list[F]], within: float = 1e-12) -> set[Profile]:
    """What the package answers to exact payoffs; to the same payoffs as floats it must answer the same, rounded."""
    exact = verified(dt.Game.bimatrix(A, B))
    assert all(e.regret == 0 for e in exact)
    assert len(profiles(exact)) == len(exact)
    if all(F(str(float(x))) == x for row in (*A, *B) for x in row):
        game = dt.Game.bimatrix(np.array(A, dtype=float), np.array(B, dtype=float))
        assert profiles(verified(game, exact=True)) == profiles(exact)
        floats = verified(game)
        assert len(floats) == len(exact)
        given = np.array([[*e.strategies[0], *e.strategies[1]] for e in floats])
        for e in exact:
            expected = [float(p) for s in e.strategies for p in s]
            assert np.abs(given - expected).max(axis=1).min() < within
    return profiles(exact)


def verified(game: dt.Game, exact: bool | None = None) -> dt.EquilibriumSet:
    found = dt.nash_equilibria(game, exact=exact)
    assert found.complete
    assert sum(c.index or 0 for c in found.components) == 1
    found.verify()
    return found


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.issue)
def test_the_right_answer(report: Report) -> None:
    answer = {profile(text) for text in report.answer}
    assert check(*matrices(report.A, report.B)) == answer
    assert len(answer) == len(report.answer)


@pytest.mark.parametrize("report", SMALL, ids=lambda r: r.issue)
def test_brute_force_agrees(report: Report) -> None:
    assert extreme_equilibria(*matrices(report.A, report.B)) == {profile(text) for text in report.answer}


@pytest.mark.parametrize("report", SMALL, ids=lambda r: r.issue)
def test_gambit_agrees(report: Report) -> None:
    assert by_gambit(*matrices(report.A, report.B)) == {profile(text) for text in report.answer}


@pytest.mark.parametrize("issue", SEVENTY_FIVE)
def test_all_75(issue: str) -> None:
    A, B = (table(m) for m in SEVENTY_FIVE[issue])
    found = check(A, B, within=1e-9)  # the large payoffs are ill-conditioned: 1.4e-10 is lost in floats
    assert len(found) == 75
    assert found == extreme_equilibria(A, B)


def by_gambit(A: list[list[F]], B: list[list[F]]) -> set[Any]:
    gambit = pytest.importorskip("pygambit")
    game = dt.to_pygambit(dt.Game.bimatrix(A, B))
    return {
        tuple(tuple(F(str(e[s])) for s in player.strategies) for player in game.players)
        for e in gambit.nash.enummixed_solve(game, rational=True).equilibria
    }


# --- zero-sum games that are too large for both -----------------------------------------------------------------------


@pytest.mark.parametrize("report", [r for r in REPORTS if r.issue in LARGE], ids=lambda r: r.issue)
def test_nothing_else_is_optimal(report: Report) -> None:
    A, _ = matrices(report.A, report.B)
    answer = {profile(text) for text in report.answer}
    x, y = (tuple(sum(s) / len(answer) for s in zip(*side, strict=True)) for side in zip(*answer, strict=True))
    columns = [list(c) for c in zip(*A, strict=True)]
    by_row, by_column = ([sum(a * p for a, p in zip(v, s, strict=True)) for v in m] for m, s in ((A, y), (columns, x)))
    value = max(by_row)
    assert value == min(by_column)  # both are optimal, and all optimal strategies are best replies to them
    row_replies = [k for k, r in enumerate(by_row) if r == value]
    column_replies = [k for k, r in enumerate(by_column) if r == value]
    rows = optimal([[-a for a in c] for c in columns], -value, row_replies, y)
    assert {(p, q) for p in rows for q in optimal(A, value, column_replies, x)} == answer


def optimal(M: list[list[F]], value: F, replies: list[int], other: tuple[F, ...]) -> set[tuple[F, ...]]:
    """Vertices of the optimal strategies, those with M p ≤ value, given an optimal strategy of the opponent.

    Only best replies to that strategy are played, and rows it plays hold with equality.
    """
    n = len(replies)
    cut = [[row[k] for k in replies] for row in M]
    equal = [([F(1)] * n, F(1)), *((row, value) for row, q in zip(cut, other, strict=True) if q)]
    bounds = [(row, value) for row, q in zip(cut, other, strict=True) if not q]
    bounds += [([F(-int(i == k)) for i in range(n)], F(0)) for k in range(n)]
    found = set()
    for tight in combinations(bounds, n - len(reduced(equal))):
        system = reduced([*equal, *tight])
        point = [b for _, b in system]
        if len(system) == n and all(sum(a * p for a, p in zip(row, point, strict=True)) <= b for row, b in bounds):
            weights = dict(zip(replies, point, strict=True))
            found.add(tuple(weights.get(k, F(0)) for k in range(len(M[0]))))
    return found


def reduced(system: list[tuple[list[F], F]]) -> list[tuple[list[F], F]]:
    """The non-zero rows of the reduced row echelon form of consistent equations; [] if they are not consistent."""
    rows = [[*row, b] for row, b in system]
    width, rank = len(rows[0]) - 1, 0
    for k in range(width):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][k]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [a / rows[rank][k] for a in rows[rank]]
        for i, row in enumerate(rows):
            if i != rank and row[k]:
                rows[i] = [a - row[k] * b for a, b in zip(row, rows[rank], strict=True)]
        rank += 1
    if any(row[-1] for row in rows[rank:]):
        return []
    return [(row[:-1], row[-1]) for row in rows[:rank]]


def test_poker_mixtures_are_one_behaviour() -> None:
    """Gambit 210: Fred always raises and, once the event does not suit him, plays 1 with 1/5; Alice, 4/5 at each."""
    report = next(r for r in REPORTS if r.issue == "Gambit 210")
    found = dt.nash_equilibria(dt.Game.bimatrix(*matrices(report.A, report.B)))
    assert {e.payoffs for e in found} == {(F(2, 5), F(-2, 5))}
    for e in found:
        fred, alice = (dict(zip(n, s, strict=True)) for n, s in zip((FRED, ALICE), e.strategies, strict=True))
        assert not any(p for plans, p in fred.items() if "fold" in plans)
        assert alice["pass"] == 0
        ones = [[sum(p for f, p in fred.items() if f[c][k] == 1) for k in (0, 1)] for c in (0, 1)]
        assert ones == [[1, F(1, 5)], [F(1, 5), 1]]
        assert [sum(p for a, p in alice.items() if a[k] == 1) for k in (0, 1)] == [F(4, 5)] * 2


def test_published_decimals() -> None:
    game = next(r for r in REPORTS if r.issue == "Nashpy 67")
    (found,) = dt.nash_equilibria(dt.Game.bimatrix(*matrices(game.A, game.B)))
    assert [float(p) for p in found.strategies[0]] == pytest.approx([0, 0.262812089, 0.737187911, 0], abs=1e-9)
    assert [float(p) for p in found.strategies[1]] == pytest.approx([0.4516129, 0.5483871, 0, 0], abs=1e-7)
    loop = next(r for r in REPORTS if r.issue == "Nashpy 207")
    (found,) = dt.nash_equilibria(dt.Game.bimatrix(*matrices(loop.A, loop.B)))
    assert float(found.payoffs[0]) == pytest.approx(0.75872890672, abs=1e-7)  # as close as it is published


# --- sizes of payoffs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["1e12", "1e-9", "1e-300", "1e300"])
def test_large_and_small_payoffs(unit: str) -> None:
    ends, middle = ("1 0 | 1 0", "0 1 | 0 1"), "1/2 1/2 | 1/2 1/2"
    diagonal = f"{unit} 0; 0 {unit}"
    assert check(*matrices(diagonal, diagonal)) == {profile(p) for p in (*ends, middle)}
    assert check(*matrices(diagonal, ZERO_SUM)) == {profile(middle)}


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 4)])
def test_zero_payoffs(shape: tuple[int, int]) -> None:
    zeros = [[F(0)] * shape[1]] * shape[0]
    found = check(zeros, zeros)
    assert found == extreme_equilibria(zeros, zeros)
    assert len(found) == shape[0] * shape[1]
    assert len(dt.nash_equilibria(dt.Game.bimatrix(zeros, zeros)).components) == 1


@pytest.mark.parametrize("seed", range(6))
def test_neither_order_of_the_players_blows_up(seed: int) -> None:
    """Gambit 334's symptom, on games of its kind: 9×9, not constant-sum, payoffs of few digits in [0, 1].

    There the second player's polytope took 58 times the pivots of the first's. Here either order has ten seconds, and
    both find the same.
    """
    rng = np.random.default_rng(334 + seed)
    A, B = ([[F(int(v), 64) for v in row] for row in payoffs] for payoffs in rng.integers(0, 65, (2, 9, 9)))
    game, swapped = dt.Game.bimatrix(A, B), dt.Game.bimatrix(np.transpose(B).tolist(), np.transpose(A).tolist())
    found, turned = (dt.nash_equilibria(g, budget=10) for g in (game, swapped))
    assert found.complete
    assert turned.complete
    assert {e.strategies for e in found} == {e.strategies[::-1] for e in turned}
    assert sum(c.index for c in found.components) == 1
    found.verify()
