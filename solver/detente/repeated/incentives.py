"""Values and incentives of an agreement at given parameters: who would gain by which breach, in which state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from detente.errors import CertificateError, LabelError
from detente.exact.polynomial import evaluate
from detente.exact.rational import fraction_text
from detente.game.agreement import Agreement
from detente.game.display import table_html
from detente.game.labels import ByLabel
from detente.game.repeated import RepeatedGame
from detente.repeated.check import is_subgame_perfect, slacks
from detente.repeated.kernel import player_problem, strategy
from detente.repeated.parameters import Environment

if TYPE_CHECKING:
    from detente.game.stochastic import StochasticGame


class Deviation(NamedTuple):
    """A one-shot deviation of ``player`` in ``state``; ``slack`` is the value lost by it (≥ 0: no gain)."""

    state: str
    player: Any
    deviation: Any
    slack: Fraction


class ByPlayer(tuple[Fraction, ...]):
    """One number a player, by index or by the player's name."""

    players: tuple[Any, ...]

    def __new__(cls, numbers: Any, players: tuple[Any, ...]) -> ByPlayer:
        self = super().__new__(cls, numbers)
        self.players = players
        return self

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key not in self.players:
                raise LabelError("player", key, self.players)
            key = self.players.index(key)
        return super().__getitem__(key)


class Values(ByLabel[str, ByPlayer]):
    """Normalised average values of an agreement: ``values[state]`` is one number a player."""

    def __init__(self, rows: Mapping[str, ByPlayer]) -> None:
        super().__init__(rows, "state")

    def __getitem__(self, state: Any) -> ByPlayer:
        if isinstance(state, tuple) and len(state) == 2:
            return self[state[0]][state[1]]  # type: ignore[no-any-return]
        return super().__getitem__(state)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{s!r}: ({', '.join(map(str, v))})" for s, v in self._rows.items()) + "}"


@dataclass(frozen=True)
class Incentives:
    """Values and one-shot-deviation slacks of an agreement, in every state reachable from its start.

    Attributes
    ----------
    values
        ``values[state][player]``: normalised average value from that state on.
    table
        Every :class:`Deviation`; its slack is the player's value minus that of deviating once. Where a lottery is
        prescribed, every action is listed: those in the support must have slack zero.
    """

    rg: RepeatedGame
    agreement: Agreement
    values: Values
    table: tuple[Deviation, ...]

    @property
    def holds(self) -> bool:
        """Whether the agreement is subgame perfect (public perfect): no slack is negative."""
        return all(row.slack >= 0 for row in self.table)

    @property
    def worst(self) -> Deviation | None:
        """The deviation with the least slack; None in a game where no one has a choice."""
        return min(self.table, key=lambda row: row.slack, default=None)

    def verify(self) -> None:
        """Check every slack and ``holds`` by code that shares nothing with the solver.

        Raises :class:`CertificateError` where it differs.
        """
        game = self.rg.game
        expected = slacks(self.rg, self.agreement)
        for row in self.table:
            i = game.player_index(row.player)
            if expected[row.state, i, game.action_index(i, row.deviation)] != row.slack:
                raise CertificateError("incentives", row, "the independent one-shot-deviation check to agree")
        if is_subgame_perfect(self.rg, self.agreement) != self.holds:
            raise CertificateError("incentives", self.holds, "the independent one-shot-deviation check to agree")

    def __repr__(self) -> str:
        name = self.agreement.name or "agreement"
        if self.worst is None:
            return f"<Incentives of {name}: holds>"
        w = self.worst
        verdict = "holds" if self.holds else "fails"
        slack = fraction_text(w.slack)
        return f"<Incentives of {name}: {verdict}; least slack {slack} ({w.player} to {w.deviation} in {w.state!r})>"

    def _repr_html_(self) -> str:
        rows = [
            (
                r.state,
                [str(r.player), str(r.deviation), *map(fraction_text, (self.values[r.state][r.player], r.slack))],
            )
            for r in self.table
        ]
        return table_html(repr(self), ["state", "player", "deviation", "value", "slack"], rows)


def incentives(rg: RepeatedGame | StochasticGame, ag: Any) -> Incentives:
    """Values and one-shot-deviation slacks of ``ag`` in every reachable state, exactly.

    By the one-shot-deviation principle (Blackwell 1965; Mailath and Samuelson 2006, proposition 2.2.1 and, for public
    strategies, 7.1.1) the agreement is subgame perfect, or public perfect under imperfect monitoring, iff no slack is
    negative. Payoffs of a float game are read as the decimals they print as.

    Raises
    ------
    AgreementError
        For acts that the game does not have and outcomes without a next state.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> inc = incentives(RepeatedGame(pd, "3/5"), agreements.grim_trigger(pd))
    >>> inc.values["path"]["US"], inc.holds, str(inc.worst.slack)
    (Fraction(3, 1), True, '2/5')
    """
    if not isinstance(rg, RepeatedGame):
        from detente.repeated.states.thresholds import stochastic_incentives  # it builds on this module

        return stochastic_incentives(rg, ag)
    bound = ag.bind(rg.game, rg.monitoring)
    env = Environment(rg)
    zero = Fraction(0)
    columns: list[list[Fraction]] = []
    rows: list[Deviation] = []
    for player, name in enumerate(rg.game.players):
        problem = player_problem(env, bound, player)
        plan = strategy(bound, player)
        value = problem.value(plan)
        numbers = [value.at(s, zero) for s in range(len(bound.states))]
        columns.append(numbers)
        scale = evaluate(value.denominator, zero)
        for s, state in enumerate(bound.states):
            for action, label in enumerate(rg.game.actions[player]):
                if action != plan[s]:
                    slack = evaluate(problem.slack(value, s, action), zero) / scale
                    rows.append(Deviation(state, name, label, slack))
    table = {
        state: ByPlayer([column[s] for column in columns], rg.game.players) for s, state in enumerate(bound.states)
    }
    order = {state: s for s, state in enumerate(bound.states)}
    return Incentives(rg, ag, Values(table), tuple(sorted(rows, key=lambda r: order[r.state])))
