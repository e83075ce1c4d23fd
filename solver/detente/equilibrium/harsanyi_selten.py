"""The equilibrium that Harsanyi and Selten select in a 2×2 game.

Harsanyi and Selten (1988), *A General Theory of Equilibrium Selection in Games*. Of two strict equilibria,

1. the one that gives both players more is selected (payoff dominance);
2. if there is none, the one with the larger product of the losses from deviating alone (risk dominance);
3. if the products tie, the mixed equilibrium.

The third follows from their tracing procedure. With losses (a₁, a₂) at one strict equilibrium and (b₁, b₂) at the
other, the prior belief is that player i plays the first with probability aᵢ / (aᵢ + bᵢ); in the mixed equilibrium i
does so with probability bⱼ / (aⱼ + bⱼ). If a₁a₂ = b₁b₂ the two are equal: the prior is an equilibrium already, and the
procedure stays there.

A game with a single equilibrium selects it. With a continuum of equilibria, or two of which only one is strict, the
answer rests on the theory's perturbed games, and is refused here. Harsanyi (1995), *Games and Economic Behavior* 8,
later dropped the first criterion: :func:`~detente.equilibrium.selection.risk_dominant` is the second alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from detente.equilibrium.nash import nash_equilibria
from detente.equilibrium.result import FLOAT_REGRET, Equilibrium
from detente.equilibrium.selection import risk_dominant
from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.game.game import Game


@dataclass(frozen=True)
class SelectedEquilibrium:
    """The selected equilibrium, the criterion that selects it, and the equilibria that were not.

    ``criterion`` is ``"unique"``, ``"payoff dominance"``, ``"risk dominance"`` or ``"tie"``: neither strict equilibrium
    dominates the other, so that the mixed one is selected.
    """

    equilibrium: Equilibrium
    criterion: str
    others: tuple[Equilibrium, ...]
    game: Game = field(repr=False, compare=False)

    def verify(self) -> None:
        """Check the equilibria and the criterion from the payoffs; raise :class:`CertificateError` if one fails.

        Gains from deviating are compared afresh. That a unique equilibrium is unique is not proven again.
        """
        u = self.game.exact_payoffs
        slack = Fraction(FLOAT_REGRET) * (u.max() - u.min())
        exact = Game(list(u))  # so that a constant in the payoffs rounds off no gain
        for e in (self.equilibrium, *self.others):
            shares = [[Fraction(p) for p in s] for s in e.strategies]
            if exact.regret([[p / sum(s) for p in s] for s in shares]) > slack:
                raise CertificateError("equilibrium", e, "no gain from deviating")
        if self.criterion == "unique":
            if self.others:
                raise CertificateError("others", self.others, "no other equilibrium")
            return
        strict = [e for e in (self.equilibrium, *self.others) if e.is_pure]
        at = [tuple(s[0] for s in e.support) for e in strict]
        leads = [u[(i, *at[0])] - u[(i, *at[1])] for i in (0, 1)]
        losses = [(u[0][a, b] - u[0][1 - a, b]) * (u[1][a, b] - u[1][a, 1 - b]) for a, b in at]
        if min(leads) > 0 or max(leads) < 0:
            expected, first = "payoff dominance", leads[0] > 0
        else:
            expected, first = ("tie" if losses[0] == losses[1] else "risk dominance"), losses[0] > losses[1]
        selected = None if expected == "tie" else strict[0 if first else 1]
        chosen = self.equilibrium if self.equilibrium.is_pure else None
        if self.criterion != expected or chosen is not selected:
            raise CertificateError("criterion", self.criterion, f"{expected}")

    def __repr__(self) -> str:
        return f"<SelectedEquilibrium {self.equilibrium}, by {self.criterion}>"


def harsanyi_selten(game: Game) -> SelectedEquilibrium:
    """The equilibrium that Harsanyi and Selten (1988) select.

    Parameters
    ----------
    game
        A 2×2 game with two strict equilibria, or a two-player game with one equilibrium.

    Raises
    ------
    UnsupportedError
        For any other game.

    Examples
    --------
    >>> harsanyi_selten(Game.symmetric([[9, 0], [8, 7]], actions=["Relax", "Restrict"]))
    <SelectedEquilibrium (Relax, Relax), by payoff dominance>
    >>> harsanyi_selten(Game.bimatrix([[4, 0], [0, 2]], [[2, 0], [0, 3]], actions=["Opera", "Boxing"]))
    <SelectedEquilibrium (Opera, Opera), by risk dominance>
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players != 2:
        raise UnsupportedError("game", f"{game.n_players} players", "two players")
    found = nash_equilibria(game)
    if len(found) == 1:
        return SelectedEquilibrium(found[0], "unique", (), game)
    if game.shape != (2, 2):
        raise UnsupportedError("game", f"{len(found)} equilibria", "a 2×2 game, or a game with one equilibrium")
    strict = [e for e in found if e.is_strict]
    if len(strict) != 2:
        continuum = any(not c.is_isolated for c in found.components)
        got = "a continuum of equilibria" if continuum else f"two equilibria, {len(strict)} of them strict"
        raise UnsupportedError("game", got, "two strict equilibria, or one equilibrium")
    selected, criterion = _dominant(game, *strict)
    if selected is None:
        [selected] = [e for e in found if not e.is_pure]
    return SelectedEquilibrium(selected, criterion, tuple(e for e in found if e is not selected), game)


def _dominant(game: Game, first: Equilibrium, second: Equilibrium) -> tuple[Equilibrium | None, str]:
    """The dominant of two strict equilibria, or None, with the criterion."""
    pure = [tuple(s[0] for s in e.support) for e in (first, second)]
    gains = [game.exact_payoffs[(i, *pure[0])] - game.exact_payoffs[(i, *pure[1])] for i in (0, 1)]
    if min(gains) > 0 or max(gains) < 0:
        return (first if gains[0] > 0 else second), "payoff dominance"
    safer = risk_dominant(game)
    if safer is None:
        return None, "tie"
    return (first if game.pure_profile(safer) == pure[0] else second), "risk dominance"
