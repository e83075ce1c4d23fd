"""Class flips and class shares, against closed forms and against plain evaluation at many values."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction as F
from math import log, sqrt
from pathlib import Path

import pytest

import detente as dt
from detente.exact.algebraic import Algebraic
from detente.game.ordinal import player_class
from detente.scenario.analysis import analyse
from detente.scenario.facts import shipped_facts
from detente.scenario.scenario import Scenario
from detente.scenario.uncertainty import class_flips, class_shares, joint_class_flips
from tests.scenario.test_scenario import LONDON

LONDON_2025 = dt.load_scenario("london-2025")
SYMBOLS = sorted(LONDON_2025.components["US"])


def edited(folder: Path, *edits: tuple[str, str]) -> Scenario:
    text = LONDON
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = folder / "edited.toml"
    path.write_text(text)
    return dt.load_scenario(path)


@pytest.mark.parametrize("player", LONDON_2025.players)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_flips_agree_with_the_class_at_every_value(player: str, symbol: str) -> None:
    quantity = LONDON_2025.component(player, symbol)
    flips = class_flips(LONDON_2025, player, symbol)
    assert flips[0].interval.lo == quantity.low
    assert flips[-1].interval.hi == quantity.high
    ends = [end for flip in flips for end in (flip.interval.lo, flip.interval.hi)]
    grid = [quantity.low + (quantity.high - quantity.low) * F(k, 40) for k in range(41)]
    for x in {*grid, *ends}:
        here = player_class(*LONDON_2025.with_values({f"{player}.{symbol}": x}).outcomes(player).values())
        classes = [flip.ordinal_class for flip in flips if x in flip.interval]
        assert classes == ([] if here.startswith("tied") else [here]), f"at {x}"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_joint_flips_agree_with_the_game_at_every_value(symbol: str) -> None:
    flips = joint_class_flips(LONDON_2025, symbol)
    low, high = flips[0].interval.lo, flips[-1].interval.hi
    assert low == max(LONDON_2025.component(p, symbol).low for p in LONDON_2025.players)
    assert high == min(LONDON_2025.component(p, symbol).high for p in LONDON_2025.players)
    for x in {low + (high - low) * F(k, 30) for k in range(31)} | {f.interval.hi for f in flips}:
        moved = LONDON_2025.with_values({f"{p}.{symbol}": x for p in LONDON_2025.players})
        here = str(moved.game.ordinal_class())
        classes = [flip.ordinal_class for flip in flips if x in flip.interval]
        assert classes == ([] if "tied" in here else [here]), f"at {x}"


def test_joint_ranges_that_do_not_overlap(tmp_path: Path) -> None:
    change = 'extends = "london-2025"\n[changes]\n"US.w" = { central = 9, low = 8, high = 10, why = "x" }\n'
    (tmp_path / "apart.toml").write_text(change)
    assert joint_class_flips(dt.load_scenario(tmp_path / "apart.toml"), "w") == ()


def test_irrational_flips(tmp_path: Path) -> None:
    """T − R = w² s − (k + τg + p) and so on: flips at square roots, exactly."""
    scenario = edited(tmp_path, ("w*s - p", "w^2*s - p"), ("w*s*phi", "w^2*s*phi"))
    flips = class_flips(scenario, "US", "w")
    assert [f.ordinal_class for f in flips] == ["harmony", "stag_hunt", "prisoners_dilemma", "deadlock"]
    for flip, square in zip(flips[1:], (F(70, 121), F(15, 22), F(240, 121)), strict=True):
        assert isinstance(flip.interval.lo, Algebraic)
        assert float(flip.interval.lo) == pytest.approx(sqrt(square), rel=1e-15)
        assert flip.interval.lo.polynomial(F(0)) != 0
        low, high = F(float(flip.interval.lo)) - F(1, 10**12), F(float(flip.interval.lo)) + F(1, 10**12)
        assert low**2 < square < high**2


def test_a_tie_that_is_only_touched_divides_an_interval(tmp_path: Path) -> None:
    """T = R + (w − 1)²: tied at w = 1 alone, where the class is on the border although it is the same on both sides."""
    flips = class_flips(edited(tmp_path, ('T = "g*(1 - tau) - k + w*s - p"', 'T = "g + (w - 1)^2"')), "US", "w")
    tied = [(f.interval.lo, f.interval.hi) for f in flips if 1 in (f.interval.lo, f.interval.hi)]
    assert len(tied) == 2
    assert not any(F(1) in f.interval for f in flips)


def test_a_tie_everywhere(tmp_path: Path) -> None:
    flips = class_flips(edited(tmp_path, ('T = "g*(1 - tau) - k + w*s - p"', 'T = "g"')), "US", "g")
    assert [f.ordinal_class for f in flips] == ["tied: prisoners_dilemma|stag_hunt"]


def test_a_range_of_one_point_has_no_flips() -> None:
    assert class_flips(dt.load_scenario("truce-expired"), "US", "e") == ()


def test_flips_do_not_depend_on_the_unit_of_payoffs(tmp_path: Path) -> None:
    scaled = edited(
        tmp_path,
        ('R = "g"', 'R = "1000000000*g"'),
        ('T = "g*(1 - tau) - k + w*s - p"', 'T = "1000000000*(g*(1 - tau) - k + w*s - p)"'),
        ('P = "w*s*phi - k - e"', 'P = "1000000000*(w*s*phi - k - e)"'),
        ('S = "-q"', 'S = "-1000000000*q"'),
    )
    assert class_flips(scaled, "US", "w") == class_flips(LONDON_2025, "US", "w")
    assert class_shares(scaled, 5_000).players == class_shares(LONDON_2025, 5_000).players


def test_unknown_names() -> None:
    with pytest.raises(dt.LabelError, match="'ww'"):
        class_flips(LONDON_2025, "US", "ww")
    with pytest.raises(dt.LabelError, match="'Mars'"):
        class_flips(LONDON_2025, "Mars", "w")
    with pytest.raises(dt.LabelError, match="'ww'"):
        joint_class_flips(LONDON_2025, "ww")


@pytest.mark.parametrize("formula", ["g/w", "min(g, 30*w)", "max(w*w, g)"])
def test_components_without_polynomials_are_refused_and_left_out(tmp_path: Path, formula: str) -> None:
    scenario = edited(tmp_path, ('R = "g"', f'R = "{formula}"'))
    with pytest.raises(dt.UnsupportedError):
        class_flips(scenario, "US", "w")
    assert class_flips(scenario, "US", "k")
    assert sum(class_shares(scenario, 1_000).joint.values()) == pytest.approx(1)
    analysis = analyse(scenario)
    assert not analysis.flips
    assert "US.w" not in analysis.sensitivity
    assert "US.k" in analysis.sensitivity


def test_min_and_max_of_constants_and_shifts_are_polynomials(tmp_path: Path) -> None:
    scenario = edited(tmp_path, ('R = "g"', 'R = "min(max(g, k), g + 5)/max(1, 1/2)"'))
    assert scenario.outcomes("US") == LONDON_2025.outcomes("US")
    assert class_flips(scenario, "US", "w") == class_flips(LONDON_2025, "US", "w")


def test_a_share_with_a_closed_form(tmp_path: Path) -> None:
    """Only w varies: deadlock iff w > (g + k + e)/(sφ), whose log-triangular probability is elementary."""
    fixed = {f"{p}.{s}": q for p, row in LONDON_2025.components.items() for s, q in row.items() if s != "w"}
    changes = "".join(
        f'"{key}" = {{ central = "{q.central}", low = "{q.central}", high = "{q.central}", why = "fixed" }}\n'
        for key, q in fixed.items()
    )
    (tmp_path / "fixed.toml").write_text(f'extends = "london-2025"\n[changes]\n{changes}')
    draws = 200_000
    shares = class_shares(dt.load_scenario(tmp_path / "fixed.toml"), draws, seed=7)
    low, mode, high = log(0.3), 0.0, log(3)
    for player, mark in (("US", 240 / 121), ("China", 25 / 11)):
        expected = (high - log(mark)) ** 2 / ((high - low) * (high - mode))
        error = sqrt(expected * (1 - expected) / draws)
        assert abs(shares.players[player]["deadlock"] - expected) < 4.5 * error
    assert shares.joint["deadlock/deadlock"] == pytest.approx(
        shares.players["US"]["deadlock"] * shares.players["China"]["deadlock"], abs=0.004
    ), "the players' draws are independent"


def test_shares_add_up_and_repeat() -> None:
    shares = class_shares(LONDON_2025, 10_000, seed=3)
    assert shares == class_shares(LONDON_2025, 10_000, seed=3)
    assert shares != class_shares(LONDON_2025, 10_000, seed=4)
    for i, player in enumerate(LONDON_2025.players):
        for name, share in shares.players[player].items():
            joint = sum(v for pair, v in shares.joint.items() if pair.split("/")[i] == name)
            assert joint == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None, True])
def test_faulty_seeds(seed: object) -> None:
    with pytest.raises(dt.ParameterError, match="seed"):
        class_shares(LONDON_2025, 10, seed=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("draws", [0, -5, 1e3, "10", True, 10**9])
def test_faulty_draws(draws: object) -> None:
    with pytest.raises(dt.ParameterError, match="draws"):
        class_shares(LONDON_2025, draws)  # type: ignore[arg-type]


def test_a_draw_that_divides_by_zero(tmp_path: Path) -> None:
    with pytest.raises(dt.DetenteError, match="zero"):
        class_shares(edited(tmp_path, ('R = "g"', 'R = "g + k/max(tau - 0.05, 0)"')), 1_000)


def test_importing_detente_reads_no_file_and_loads_no_pydantic() -> None:
    code = "import sys, detente; print([m for m in ('pydantic', 'detente.scenario.schema') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len(shipped_facts()) == 49
