"""Every claim in ``games/textbook`` against an exact checker that shares no code with the package."""

from __future__ import annotations

import tomllib
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue.exact_checker import extreme_equilibria, fractions, named_agreement, regret

FOLDER = Path(__file__).parents[2] / "games" / "textbook"
GAMES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
# Deviations are tried this close to an irrational end, on both sides.
NEAR = F(1, 10**6)


def payoffs_of(data: dict[str, Any]) -> list[Any]:
    return [fractions(data["payoffs"][p]) for p in data["players"]]


def trps(data: dict[str, Any], player: int) -> tuple[F, F, F, F]:
    u = payoffs_of(data)[player]
    if player == 1:
        u = [list(column) for column in zip(*u, strict=True)]
    return u[1][0], u[0][0], u[1][1], u[0][1]


CLAIMS = [(name, k, t) for name, data in GAMES.items() for k, t in enumerate(data.get("thresholds", []))]


def test_there_are_enough_games_and_all_say_where_they_come_from() -> None:
    assert len(GAMES) >= 25
    for name, data in GAMES.items():
        assert any(c.isdigit() for c in data["source"]), name
        assert set(data["payoffs"]) == set(data["players"]), name


@pytest.mark.parametrize("name", [n for n, d in GAMES.items() if "equilibria" in d])
def test_known_equilibria_are_equilibria(name: str) -> None:
    data = GAMES[name]
    extreme = [tuple(tuple(F(str(p)) for p in s) for s in e) for e in data["equilibria"]["extreme"]]
    assert extreme
    assert len(set(extreme)) == len(extreme)
    for profile in extreme:
        assert all(sum(s) == 1 and min(s) >= 0 for s in profile)
        assert regret(payoffs_of(data), profile) == 0


@pytest.mark.parametrize("name", [n for n, d in GAMES.items() if d.get("equilibria", {}).get("complete")])
def test_complete_lists_are_complete(name: str) -> None:
    data = GAMES[name]
    A, B = payoffs_of(data)
    known = {tuple(tuple(F(str(p)) for p in s) for s in e) for e in data["equilibria"]["extreme"]}
    assert extreme_equilibria(A, B) == known


@pytest.mark.parametrize("name", [n for n, d in GAMES.items() if d.get("equilibria", {}).get("components")])
def test_components_are_connected_unions_of_maximal_nash_subsets(name: str) -> None:
    data = GAMES[name]
    extreme = {tuple(tuple(F(str(p)) for p in s) for s in e) for e in data["equilibria"]["extreme"]}
    for component in data["equilibria"]["components"]:
        subsets = [
            tuple(frozenset(tuple(F(str(p)) for p in v) for v in side) for side in subset) for subset in component
        ]
        for xs, ys in subsets:
            assert all((x, y) in extreme for x in xs for y in ys)
            # Maximal: no further vertex goes with all of the other side.
            assert not any(all((x, y) in extreme for y in ys) for x in {e[0] for e in extreme} - xs)
            assert not any(all((x, y) in extreme for x in xs) for y in {e[1] for e in extreme} - ys)
        joined, left = {subsets[0]}, set(subsets[1:])
        while grown := {s for s in left if any(s[0] & t[0] and s[1] & t[1] for t in joined)}:
            joined |= grown
            left -= grown
        assert not left


@pytest.mark.parametrize("name", [n for n, d in GAMES.items() if "ordinal_class" in d])
def test_ordinal_classes(name: str) -> None:
    for player in (0, 1):
        T, R, P, S = trps(GAMES[name], player)
        holds = {
            "prisoners_dilemma": T > R > P > S,
            "stag_hunt": R > T and P > S,
            "chicken": T > R and S > P,
            "deadlock": T > R and P > S and P > R,
            "harmony": R > T and S > P,
        }
        assert holds[GAMES[name]["ordinal_class"]]


def end(value: Any) -> tuple[F, bool]:
    """An end as a rational (exactly, or to within NEAR) and whether it is rational."""
    if isinstance(value, dict):
        near = F(str(value["near"]))
        below, above = (
            sum(c * x**k for k, c in enumerate(value["polynomial"])) for x in (near - NEAR / 10, near + NEAR / 10)
        )
        assert below * above < 0, "the polynomial must change sign at the root"
        return near, False
    return F(str(value)), True


@pytest.mark.parametrize(
    ("name", "claim"),
    [(n, t) for n, _, t in CLAIMS if t["kind"] == "agreement"],
    ids=lambda x: x if isinstance(x, str) else x["agreement"],
)
def test_agreements_hold_exactly_where_they_are_said_to(name: str, claim: dict[str, Any]) -> None:
    data = GAMES[name]
    tables = payoffs_of(data)
    actions = data.get("actions", [list(map(str, range(len(tables[0])))), list(map(str, range(len(tables[0][0]))))])

    def payoff(i: int) -> Any:
        return lambda p: tables[i][actions[0].index(p[0])][actions[1].index(p[1])]

    automaton = named_agreement(claim, actions)

    def holds(delta: F) -> bool:
        check = automaton.is_nash if claim["concept"] == "nash" else automaton.is_subgame_perfect
        return check([payoff(0), payoff(1)], actions, delta)

    marks = [(F(0), True), (F(1), True)]
    for lo, lo_closed, hi, hi_closed in claim["set"]:
        for value, closed in ((lo, lo_closed), (hi, hi_closed)):
            mark, rational = end(value)
            if 0 <= mark < 1 and rational:
                assert holds(mark) == closed
            marks.append((mark, rational))
    inside = [(end(lo)[0], end(hi)[0]) for lo, _, hi, _ in claim["set"]]

    def expected(delta: F) -> bool:
        return any(lo < delta < hi for lo, hi in inside)

    ends = sorted({m for m, _ in marks})
    probes = {F(k, 41) for k in range(41)} - set(ends)
    for lo, hi in pairwise(ends):
        probes |= {lo + (hi - lo) * NEAR, (lo + hi) / 2, hi - (hi - lo) * NEAR}
    for delta in probes:
        assert holds(delta) == expected(delta), delta


@pytest.mark.parametrize(("name", "claim"), [(n, t) for n, _, t in CLAIMS if t["kind"] == "belief"])
def test_belief_thresholds(name: str, claim: dict[str, Any]) -> None:
    T, R, P, S = trps(GAMES[name], GAMES[name]["players"].index(claim["player"]))
    [(lo, _, hi, _)] = claim["set"]
    for p in {F(k, 97) for k in range(98)} | {F(lo), F(hi)}:
        assert (p * R + (1 - p) * S >= p * T + (1 - p) * P) == (F(lo) <= p <= F(hi))


def reduced_game(data: dict[str, Any], delta: F, periods: int = 400) -> tuple[F, F, F, F]:
    """Row's values of grim and always-defect against each other, by adding up the periods and the tail."""
    T, R, P, S = trps(data, 0)

    def total(first: F, after: F) -> F:
        early = sum((delta**t * (first if t == 0 else after) for t in range(periods)), F(0))
        return (1 - delta) * early + delta**periods * after

    return total(R, R), total(S, P), total(T, P), total(P, P)


@pytest.mark.parametrize(("name", "claim"), [(n, t) for n, _, t in CLAIMS if t["kind"] == "size_bad"])
def test_size_of_the_basin_of_always_defect(name: str, claim: dict[str, Any]) -> None:
    gg, ga, ag, aa = reduced_game(GAMES[name], F(claim["discount"]))
    p = F(claim["value"])
    assert p * gg + (1 - p) * ga == p * ag + (1 - p) * aa


@pytest.mark.parametrize(("name", "claim"), [(n, t) for n, _, t in CLAIMS if t["kind"] == "risk_dominance"])
def test_risk_dominance_threshold(name: str, claim: dict[str, Any]) -> None:
    at = F(claim["value"])
    gg, ga, ag, aa = reduced_game(GAMES[name], at)
    assert gg - ag == aa - ga
    for delta, dominant in ((at - NEAR, False), (at + NEAR, True)):
        gg, ga, ag, aa = reduced_game(GAMES[name], delta)
        assert (gg - ag > aa - ga) == dominant


def stage(data: dict[str, Any]) -> tuple[list[tuple[int, int]], Any, Any]:
    """Profiles, payoffs, and what the best deviation earns, of a two-player game."""
    A, B = payoffs_of(data)
    profiles = [(a, b) for a in range(len(A)) for b in range(len(A[0]))]
    u = {(a, b): (A[a][b], B[a][b]) for a, b in profiles}
    m = {(a, b): (max(row[b] for row in A), max(B[a])) for a, b in profiles}
    return profiles, u, m


@pytest.mark.parametrize(("name", "claim"), [(n, t) for n, _, t in CLAIMS if t["kind"] == "least_discount"])
def test_least_patience(name: str, claim: dict[str, Any]) -> None:
    """No punishment is worse than the pure minmax, and an agreement of the same file attains what that allows."""
    data = GAMES[name]
    profiles, u, m = stage(data)
    at = tuple(names.index(a) for names, a in zip(data["actions"], claim["profile"], strict=True))
    floor = [min(m[a][i] for a in profiles) for i in (0, 1)]
    least = F(claim["value"])
    assert least == max((m[at][i] - u[at][i]) / (m[at][i] - floor[i]) for i in (0, 1))  # type: ignore[index]
    attained = [
        t
        for t in data["thresholds"]
        if t["kind"] == "agreement"
        and t["concept"] == "subgame-perfect"
        and t["set"]
        and end(t["set"][0][0])[0] == least
    ]
    paths = [named_agreement(t, data["actions"]) for t in attained]
    assert any(
        a.play[a.start] == tuple(claim["profile"]) and a.move(a.start, a.play[a.start]) == a.start for a in paths
    )


@pytest.mark.parametrize(("name", "claim"), [(n, t) for n, _, t in CLAIMS if t["kind"] == "transfers"])
def test_levels_with_side_payments(name: str, claim: dict[str, Any]) -> None:
    """By shrinking what can be promised until nothing changes, at and beside every step and on a grid."""
    profiles, u, m = stage(GAMES[name])

    def best(delta: F) -> tuple[F, list[F]]:
        playable = profiles
        while True:
            U, v = max(sum(u[a]) for a in playable), [min(m[a][i] for a in playable) for i in (0, 1)]
            left = [a for a in playable if (1 - delta) * (sum(m[a]) - sum(u[a])) <= delta * (U - sum(v))]
            if left == playable:
                return U, v
            playable = left

    levels = [(F(start), F(U), [F(x) for x in v]) for start, U, v in claim["levels"]]
    starts = [start for start, _, _ in levels]
    for delta in {F(k, 41) for k in range(41)} | set(starts) | {s - NEAR for s in starts if s > 0}:
        _, U, v = [level for level in levels if level[0] <= delta][-1]
        assert best(delta) == (U, v), delta


def test_kinds_are_known() -> None:
    kinds = {"agreement", "belief", "size_bad", "risk_dominance", "least_discount", "transfers"}
    assert {t["kind"] for _, _, t in CLAIMS} <= kinds
    assert all(t["source"] for _, _, t in CLAIMS)
