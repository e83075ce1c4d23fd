"""Values and incentives of an agreement at given parameters: who would gain by which breach, in which state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, overload

from detente.errors import CertificateError, LabelError
from detente.exact.polynomial import evaluate
from detente.exact.rational import fraction_text
from detente.game.agreement import Agreement
from detente.game.display import table_html
from detente.game.immutable import Immutable
from detente.game.labels import ByLabel
from detente.game.repeated import RepeatedGame
from detente.game.stochastic import StochasticGame
from detente.game.stochastic_agreement import StochasticAgreement
from detente.repeated.check import OneShot, is_subgame_perfect, slacks
from detente.repeated.setting import setting_of
from detente.repeated.states.check import is_subgame_perfect_stochastic, stochastic_slacks


class Deviation(NamedTuple):
    """A one-shot deviation of ``player`` in ``state``; ``slack`` is the value lost by it (≥ 0: no gain)."""

    state: str
    player: Any
    deviation: Any
    slack: Fraction


class ByPlayer(Immutable, tuple[Fraction, ...]):
    """One number a player, by index or by the player's name."""

    players: tuple[Any, ...]

    def __new__(cls, numbers: Any, players: tuple[Any, ...]) -> ByPlayer:
        self = super().__new__(cls, numbers)
        vars(self).update(players=players)
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self), self.players

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
        """Check every value, every slack and ``holds`` by code that shares nothing with the solver.

        Raises :class:`CertificateError` where it differs.
        """
        expected, holds = self._checked()
        agrees = "the independent one-shot-deviation check to agree"
        rows = {(row.state, row.player, row.deviation): row for row in self.table}
        deviations = {key for key, found in expected.items() if not found.certain}
        if len(rows) != len(self.table) or rows.keys() != deviations:
            raise CertificateError("table", sorted(map(str, rows.keys() ^ deviations)), "every deviation, once")
        if set(self.values) != {state for state, _, _ in expected}:
            raise CertificateError("values", list(self.values), "a row for every state that can be reached")
        for (state, player, action), found in expected.items():
            if self.values[state][player] != found.value:
                raise CertificateError("values", (state, self.values[state]), agrees)
            if not found.certain and rows[state, player, action].slack != found.slack:
                raise CertificateError("table", rows[state, player, action], agrees)
        if holds != self.holds:
            raise CertificateError("incentives", self.holds, agrees)

    def _checked(self) -> tuple[dict[tuple[str, Any, Any], OneShot], bool]:
        """Values and slacks by state, player and action, and whether the agreement holds, as the check finds them."""
        return slacks(self.rg, self.agreement), is_subgame_perfect(self.rg, self.agreement)

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


@dataclass(frozen=True, repr=False)
class StochasticIncentives(Incentives):
    """The same of an agreement on a stochastic game: a state is a pair of automaton state and state of the world."""

    rg: StochasticGame  # type: ignore[assignment]
    agreement: StochasticAgreement  # type: ignore[assignment]

    def _checked(self) -> tuple[dict[tuple[str, Any, Any], OneShot], bool]:
        return stochastic_slacks(self.rg, self.agreement), is_subgame_perfect_stochastic(self.rg, self.agreement)


@overload
def incentives(rg: RepeatedGame, ag: Any) -> Incentives: ...
@overload
def incentives(rg: StochasticGame, ag: Any) -> StochasticIncentives: ...
def incentives(rg: RepeatedGame | StochasticGame, ag: Any) -> Incentives:
    """Values and one-shot-deviation slacks of ``ag`` in every reachable state, exactly.

    By the one-shot-deviation principle (Blackwell 1965; Mailath and Samuelson 2006, proposition 2.2.1 and, for public
    strategies, 7.1.1) the agreement is subgame perfect, or public perfect under imperfect monitoring, iff no slack is
    negative. Payoffs of a float game are read as the decimals they print as.

    Parameters
    ----------
    rg
        A repeated game, or a stochastic game.
    ag
        An :class:`~detente.game.agreement.Agreement`. On a stochastic game also a
        :class:`~detente.game.stochastic_agreement.StochasticAgreement`, or a mapping from states of the world to
        profiles (a Markov profile); an ordinary agreement plays alike in every state.

    Raises
    ------
    ParameterError
        For what is no game.
    AgreementError, LabelError
        For what is no agreement, acts that the game does not have and outcomes without a next state.

    Examples
    --------
    >>> from detente.game import agreements
    >>> from detente.game.game import Game
    >>> pd = Game.symmetric([[3, 0], [5, 1]], actions=["Relax", "Restrict"], players=["US", "China"])
    >>> inc = incentives(RepeatedGame(pd, "3/5"), agreements.grim_trigger(pd))
    >>> inc.values["path"]["US"], inc.holds, str(inc.worst.slack)
    (Fraction(3, 1), True, '2/5')

    >>> from detente.game.truce import truce_game
    >>> sg = truce_game(pd, lapse="1/10", renewal="1/5", discount="9/10")
    >>> incentives(sg, {"truce": ("Relax", "Relax"), "dispute": ("Restrict", "Restrict")}).values["truce"]["US"]
    Fraction(93, 37)
    """
    setting = setting_of(rg, ag)
    zero = Fraction(0)
    columns: list[list[Fraction]] = []
    rows: list[Deviation] = []
    for player in range(len(setting.players)):
        keeper = setting.keeper(player, None)
        columns.append([keeper.value.at(s, zero) for s in range(len(setting.states))])
        scale = evaluate(keeper.value.denominator, zero)
        rows += [Deviation(c.state, c.player, c.deviation, evaluate(p, zero) / scale) for c, p in keeper.slacks()]
    order = {state: s for s, state in enumerate(setting.states)}
    values = Values({state: ByPlayer([column[s] for column in columns], setting.players) for state, s in order.items()})
    answer: Any = StochasticIncentives if isinstance(rg, StochasticGame) else Incentives
    return answer(rg, setting.agreement, values, tuple(sorted(rows, key=lambda r: order[r.state])))  # type: ignore[no-any-return]
