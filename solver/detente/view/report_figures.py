"""The report's figures: inline SVG with text as text, a title for those who do not see it, the same bytes each time.

A figure that has nothing to show for a scenario is an empty string.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from detente.game.monitoring import perfect
from detente.repeated.payoff_sets.payoff_set import payoff_set
from detente.scenario.analysis import Analysis
from detente.scenario.proposal import DIAL
from detente.scenario.trust_answers import AgreementTrust
from detente.trust.frontier import Frontier
from detente.trust.phase import phase_diagram
from detente.view import plot
from detente.view.prose_proposal import discussed

WIDTH = 5.2  # inches: two side by side on a desk, and letters that can still be read when shrunk to a phone
COLUMNS = 60  # slices of a phase diagram, and more where its shape changes
MOST_NOISE = (0.0, 0.5)  # beyond it an act says the opposite of what was meant
ALMOST = "49/100"  # at one half every agreement holds, for want of anything to learn
PAYOFF_BUDGET = 3.0  # seconds for the set of equilibrium payoffs, and again for its proof

Draw = Callable[[Any], Any]


def figures(analysis: Analysis) -> dict[str, str]:
    """Every figure by the name that the page knows it by."""
    name = discussed(analysis)
    drawn = {
        "flips": _flips(analysis),
        "patience": _bars(analysis, "discount"),
        "noise": _bars(analysis, "noise"),
        "payoffs": _payoffs(analysis),
    }
    if name is None:
        return drawn
    trusts = analysis.trust_answers[name]
    return drawn | {
        "slack": _slack(analysis, name),
        "phase": _phase(analysis, name),
        "frontier": _frontier(analysis, name),
        "trust_noise": _trust_noise(analysis, name, trusts),
        "bond": _bond(analysis, name, trusts),
        "record": _record(analysis, name, trusts),
    }


def _flips(analysis: Analysis) -> str:
    if not analysis.flips:
        return ""
    dial = {player: analysis.scenario.components[player][DIAL].central for player in analysis.flips}

    def draw(ax: Any) -> None:
        plot.class_flips(analysis.flips, ax, at=dial)
        ax.set_xlabel("weight on security w")

    return svg(draw, (WIDTH, 2.4), "The class of the game for each side, against its weight on security")


def _bars(analysis: Analysis, over: str) -> str:
    """Where every agreement holds, over patience or noise."""
    rows = {name: getattr(a, over) for name, a in analysis.agreements.items()}
    setting = getattr(analysis.scenario.setting, over)
    limits = MOST_NOISE if over == "noise" else (0.0, 1.0)

    def draw(ax: Any) -> None:
        plot.regions(rows, ax, at=setting.central, limits=limits)
        ax.set_xlabel({"discount": f"discount factor δ a {analysis.scenario.setting.period}", "noise": "noise ε"}[over])

    title = {"discount": "Discount factors", "noise": "Levels of noise"}[over]
    return svg(draw, (WIDTH, 0.9 + 0.3 * len(rows)), f"{title} at which each agreement is subgame perfect")


def _slack(analysis: Analysis, name: str) -> str:
    scenario = analysis.scenario
    seen = scenario.repeated.replace(monitoring=perfect())

    def draw(ax: Any) -> None:
        plot.incentive_slack(seen, scenario.agreements[name], "discount", ax, at=scenario.setting.discount.central)
        ax.set(xlabel=f"discount factor δ a {scenario.setting.period}", ylabel=f"loss from departing, {scenario.unit}")

    return svg(draw, (WIDTH, 3.3), f"What each departure from {name} would lose, against patience")


def _phase(analysis: Analysis, name: str) -> str:
    scenario, setting = analysis.scenario, analysis.scenario.setting
    diagram = phase_diagram(scenario.repeated, scenario.agreements[name], x="breakdown", y="noise", y_range=(0, ALMOST))

    def draw(ax: Any) -> None:
        plot.phase_diagram(diagram, ax, at=(setting.breakdown.central, setting.noise.central), columns=COLUMNS)
        ax.set(xlabel=f"breakdown hazard a {setting.period}", ylabel="noise ε", ylim=MOST_NOISE)

    return svg(draw, (WIDTH, 3.3), f"Hazards and levels of noise at which {name} is subgame perfect")


def _payoffs(analysis: Analysis) -> str:
    """Equilibrium payoffs with acts seen, and what agreements are worth with noise."""
    scenario, rg = analysis.scenario, analysis.scenario.repeated
    if len(set(rg.effective_discount)) > 1:
        return ""
    found = payoff_set(scenario.game, rg.effective_discount[0], budget=PAYOFF_BUDGET)
    worth = {
        name: [analysis.noise.values(name)[player] for player in scenario.players]
        for name, inc in analysis.noise.here.items()
        if inc.holds
    }

    def draw(ax: Any) -> None:
        plot.payoff_set(found, ax, points=worth, numbers=False)
        first, second = scenario.players
        ax.set(title="", xlabel=f"payoff of {first}, {scenario.unit}", ylabel=f"payoff of {second}, {scenario.unit}")
        ax.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    return svg(
        draw, (WIDTH, 4.2), "Equilibrium payoffs of both sides, and what agreements that hold are worth with noise"
    )


def _frontier(analysis: Analysis, name: str) -> str:
    frontiers = list(analysis.agreements[name].frontier.values())
    setting = analysis.scenario.setting
    if not _has_lines(frontiers):
        return ""

    def draw(ax: Any) -> None:
        plot.trust_frontier(frontiers, ax, at=(setting.discount.central, analysis.scenario.trust))
        ax.set_xlabel(f"discount factor δ a {setting.period}")

    return svg(draw, (WIDTH, 3.3), f"The least trust that {name} needs of each side, against patience")


def _trust_noise(analysis: Analysis, name: str, trusts: AgreementTrust) -> str:
    """The least trust against the noise."""
    frontiers = [side.noise_frontier for side in trusts.values()]
    at = (analysis.scenario.setting.noise.central, analysis.scenario.trust)
    if not _has_lines(frontiers):
        return ""

    def draw(ax: Any) -> None:
        plot.trust_frontier(frontiers, ax, at=at, limits=MOST_NOISE)
        ax.set_xlabel("noise ε")

    return svg(draw, (WIDTH, 3.3), f"The least trust that {name} needs of each side, against the noise")


def _bond(analysis: Analysis, name: str, trusts: AgreementTrust) -> str:
    """The least trust against the size of a bond, up to where it is zero or trust is enough with noise."""
    frontiers = [side.substitutes["bond"].frontier for side in trusts.values()]
    ends = [float(x) for f in frontiers for x in f.breakpoints if float(x) < float("inf")]
    ends += [float(x) for side in trusts.values() for x in (side.least_here("bond"),) if x is not None]
    if not any(ends) or not _has_lines(frontiers):
        return ""

    def draw(ax: Any) -> None:
        plot.trust_frontier(frontiers, ax, at=(0, analysis.scenario.trust), limits=(0.0, 1.05 * max(ends)))
        for side, colour in zip(trusts.values(), plot.COLOURS, strict=False):
            size = side.least_here("bond")
            if size and analysis.scenario.setting.noise.central:
                ax.plot(
                    float(size),
                    float(side.prior),
                    "D",
                    color=colour,
                    ms=6,
                    mec="white",
                    label=f"{side.player}, with noise",
                )
        ax.set_xlabel(f"bond posted by the other side, {analysis.scenario.unit}")
        ax.legend(frameon=False, loc="upper right")

    return svg(draw, (WIDTH, 3.3), f"The least trust that {name} needs of each side, against the size of a bond")


def _record(analysis: Analysis, name: str, trusts: AgreementTrust) -> str:
    paths = {player: side.record for player, side in trusts.items() if side.record is not None}
    if not paths:
        return ""
    needed = {player: side.here.upper for player, side in trusts.items()}

    def draw(ax: Any) -> None:
        plot.trust_path(paths, ax, periods=[quarter.name for quarter in analysis.quarters], needed=needed)
        ax.set(xlabel="after the quarter")

    return svg(draw, (WIDTH, 3.3), f"Each side's trust along the record, read as play under {name}")


def _has_lines(frontiers: Sequence[Frontier]) -> bool:
    """Whether some trust is enough on more than single points."""
    return any(not piece.interval.is_point for frontier in frontiers for piece in frontier.pieces)


def svg(draw: Draw, size: tuple[float, float], title: str) -> str:
    """A figure as inline SVG. Its ids carry a prefix, so that several on one page do not clash."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "detente", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    prefix = re.sub(r"[^a-z]+", "-", title.lower()).strip("-")
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", text)
    return text.replace("<svg ", '<svg role="img" ', 1)
