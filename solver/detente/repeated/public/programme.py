"""Strongly symmetric public-perfect equilibria as linear programmes, one for each pair of prescriptions.

After every public history all players play the same pure action and have the same continuation value. With public
randomisation the set of such values is an interval [l, h] (Abreu, Pearce and Stacchetti 1990; Abreu, Milgrom and Pearce
1991). It is self-generating iff its ends are generated: some action a with continuations h − (1−β)/β · z(y) in [l, h]
gives at least h, some action b with continuations l + (1−β)/β · z'(y) in [l, h] at most l. Written out, with g the gain
from a deviation now, π the distribution of the signal and πᵈ the one after a deviation,

    h = u(a) − π(a)·z,            l = u(b) + π(b)·z',
    πᵈ(a)·z − π(a)·z ≥ gᵈ(a),     π(b)·z' − πᵈ(b)·z' ≥ gᵈ(b)        for every player and deviation d,
    0 ≤ (1−β) z(y), (1−β) z'(y) ≤ β (h − l)                          for every signal y:

for given a and b, everything is linear in (z, z'). The highest value of all equilibria is the largest optimum of these
programmes, since the union of self-generating intervals that contain a value is what sustains it.

All that this asks of payoffs is that continuation values be common. Incentives do not change if a player's payoffs are
multiplied by a positive number and shifted, so it is enough that positive affine maps make payoffs equal wherever all
play the same action: u_i(a) = s_i u_1(a) + t_i. Values are then in the first player's units, and player i's gains are
divided by s_i. Two players with two actions need only agree on which of the two is better to share.

Coefficients are polynomials in one parameter, constants if nothing varies.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from detente.errors import UnsupportedError
from detente.exact.large_programme import optimum
from detente.exact.linear_programme import Optimum
from detente.exact.polynomial import ONE, ZERO, Poly, constant, evaluate, from_fmpq
from detente.game.monitoring import PublicSignals
from detente.repeated.parameters import Environment

MAX_ACTIONS = 40
MAX_UNKNOWNS = 2000
Outcome = tuple[int, ...]
Variable = tuple[str, Outcome]  # ("top" or "bottom", outcome)
# ("cap", side, outcome): continuation within the interval; ("keep", side, player, action): no gain from a deviation
# ("spread",): what both ends cost together
RowName = tuple[Any, ...]
SIDES = ("top", "bottom")
SPREAD: Variable = ("spread", ())


class Row(NamedTuple):
    """Σ coefficients · variables ≤ right; ``also`` names rows that would read the same."""

    name: RowName
    coefficients: dict[Variable, Poly]
    right: Poly
    also: tuple[RowName, ...] = ()


class Moves(NamedTuple):
    """A solution: z and z' by side and outcome, and what π(b)·z' comes to."""

    cost: Fraction
    moves: dict[Variable, Fraction]


@dataclass(frozen=True)
class Programme:
    """Minimise the expected cost of incentives at the top, for one pair of prescriptions."""

    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    price: dict[Variable, Poly]  # π(a) and π(b), by variable

    def at(self, x: Fraction) -> Optimum:
        """The optimum at one value of the parameter, exactly; its value is −π(a)·z."""
        matrix, right = self.numbers(x)
        return optimum(self._price("top", x), matrix, right)

    def harshest(self, spent: Fraction, x: Fraction) -> Moves | None:
        """The least costly reward at the bottom among solutions that cost at most ``spent`` at the top."""
        matrix, right = self.numbers(x)
        limit = {k: -p for k, p in enumerate(self._price("top", x)) if p}
        found = optimum(self._price("bottom", x), [*matrix, limit], [*right, spent])
        if found.status != "optimal":
            return None
        return Moves(-found.value, dict(zip(self.variables, found.x, strict=True)))

    def violation(self, x: Fraction) -> Optimum:
        """The programme that relaxes every row by as little as possible; its value is minus that amount.

        Always feasible. If the value is negative, its prices prove that the programme itself is not (Farkas 1902).
        """
        matrix, right = self.numbers(x)
        n = len(self.variables)
        return optimum([Fraction(0)] * n + [Fraction(-1)], [{**row, n: Fraction(-1)} for row in matrix], right)

    def without_incentives(self, x: Fraction) -> dict[RowName, Fraction]:
        """Multipliers that refute the programme if all continuations must be alike; empty if no one gains by deviating.

        Then caps hold every unknown at zero, so the first deviation that gains something now breaks its row.
        """
        for row in self.rows:
            if row.name[0] == "keep" and evaluate(row.right, x) < 0:
                against = {v: -evaluate(p, x) for v, p in row.coefficients.items()}
                caps = {r.name: evaluate(r.coefficients[r.name[1:]], x) for r in self.rows if r.name[0] == "cap"}
                return {row.name: Fraction(1)} | {
                    name: against[name[1:]] / rest for name, rest in caps.items() if against.get(name[1:], 0) > 0
                }
        return {}

    def numbers(self, x: Fraction) -> tuple[list[dict[int, Fraction]], list[Fraction]]:
        """Coefficients by position of the variable, and right-hand sides, at one value of the parameter."""
        position = {v: k for k, v in enumerate(self.variables)}
        matrix = [{position[v]: evaluate(p, x) for v, p in row.coefficients.items() if p} for row in self.rows]
        return matrix, [evaluate(row.right, x) for row in self.rows]

    def _price(self, side: str, x: Fraction) -> list[Fraction]:
        return [-evaluate(self.price.get(v, ZERO), x) if v[0] == side else Fraction(0) for v in self.variables]


class SymmetricStage:
    """What the programmes need to know of a game: payoffs, gains and signal distributions on and beside the diagonal.

    ``payoff[a]`` is what the first player earns if all play ``a``, and ``scale[i]`` what the first player's unit is
    worth in those of player ``i``. Raises :class:`~detente.errors.UnsupportedError` unless all players have equally
    many actions, the same effective discount factor and, up to positive affine maps, the same payoffs whenever all play
    the same action.
    """

    def __init__(self, env: Environment) -> None:
        shape = env.game.shape
        self.n, self.m = len(shape), shape[0]
        if len(set(shape)) != 1 or self.m > MAX_ACTIONS:
            raise UnsupportedError(
                "rg", f"shape {shape}", f"equally many actions for all players, at most {MAX_ACTIONS}"
            )
        if any(beta != env.beta[0] for beta in env.beta):
            raise UnsupportedError("rg", "unequal discount factors", "one discount factor for all players")
        self.beta = env.beta[0]
        self._env = env
        self._hidden = isinstance(env.monitoring, PublicSignals)
        shared = [[self._expected(i, (a,) * self.n) for a in range(self.m)] for i in range(self.n)]
        self.payoff = shared[0]
        self._own = shared
        scales = [_scale(shared[0], own) for own in shared]
        self.scale = [s for s in scales if s is not None]
        if len(self.scale) < self.n:
            other = env.game.players[scales.index(None)]
            expected = "payoffs that positive affine maps make equal for all players whenever all play the same action"
            raise UnsupportedError("rg", f"payoffs of {other} where all play the same action", expected)

    def values(self, value: Fraction, x: Fraction) -> tuple[Fraction, ...]:
        """A value in the first player's units as one in the units of each."""
        above = value - evaluate(self.payoff[0], x)
        return tuple(evaluate(own[0], x) + s * above for own, s in zip(self._own, self.scale, strict=True))

    def profile(self, action: int, player: int = 0, deviation: int | None = None) -> Outcome:
        """Everyone's ``action``, but one player's ``deviation``."""
        return tuple(deviation if deviation is not None and j == player else action for j in range(self.n))

    def gain(self, action: int, player: int, deviation: int) -> Poly:
        """What a player's deviation adds to the payoff now, in the first player's units."""
        more = self._expected(player, self.profile(action, player, deviation)) - self._own[player][action]
        return more if self.scale[player] == 1 else more * constant(1 / self.scale[player])

    def signal(self, action: int, player: int = 0, deviation: int | None = None) -> dict[Outcome, Poly]:
        """The distribution of what becomes public."""
        return dict(self._env.outcomes(self.profile(action, player, deviation)))

    def deviations(self, action: int) -> list[tuple[int, int]]:
        """Every (player, other action)."""
        return [(i, d) for i, d in product(range(self.n), range(self.m)) if d != action]

    def programme(self, top: int, bottom: int) -> Programme:
        """The programme for two prescriptions."""
        patience, rest = self.beta, ONE - self.beta
        variables: list[Variable] = []
        keep: list[Row] = []
        price: dict[Variable, Poly] = {}
        for side, action, sign in (("top", top, 1), ("bottom", bottom, -1)):
            kept = self.signal(action)
            price |= {(side, y): p for y, p in kept.items()}
            seen: dict[Outcome, None] = dict.fromkeys(kept)
            for i, d in self.deviations(action):
                after = self.signal(action, i, d)
                seen |= dict.fromkeys(after)
                change = {
                    (side, y): (kept.get(y, ZERO) - after.get(y, ZERO)) * sign for y in dict.fromkeys([*kept, *after])
                }
                keep.append(Row(("keep", side, i, d), change, -self.gain(action, i, d)))
            variables += [(side, y) for y in seen]
        if len(variables) > MAX_UNKNOWNS:
            raise UnsupportedError("rg", f"{len(variables)} unknown continuations", f"at most {MAX_UNKNOWNS}")
        # The interval is shorter than u(a) − u(b) by π(a)·z + π(b)·z': one unknown, so that rows stay sparse.
        width = self.payoff[top] - self.payoff[bottom]
        spread = Row(("spread",), {**price, SPREAD: -ONE}, ZERO)
        caps = [Row(("cap", *v), {v: rest, SPREAD: patience}, patience * width) for v in variables]
        return Programme((*variables, SPREAD), (*_distinct(keep), spread, *caps), price)

    def _expected(self, player: int, profile: Outcome) -> Poly:
        if self._hidden:
            return self._env.payoff(player, profile)
        return sum((p * self._env.payoff(player, done) for done, p in self._env.outcomes(profile)), ZERO)


def _scale(first: list[Poly], own: list[Poly]) -> Fraction | None:
    """The positive s with own = s · first + t for some t, at every value of the parameter; None if there is none."""
    ups = [(x - first[0], y - own[0]) for x, y in zip(first, own, strict=True)]
    for up, mine in ups:
        if up and mine.degree() == up.degree():
            ratio = mine.coeffs()[-1] / up.coeffs()[-1]
            return from_fmpq(ratio) if ratio > 0 and all(y == x * ratio for x, y in ups) else None
        if up:
            return None
    return None if any(mine for _, mine in ups) else Fraction(1)


def _distinct(rows: list[Row]) -> list[Row]:
    """Rows that differ; symmetric players give the same ones."""
    found: list[Row] = []
    for row in rows:
        for k, other in enumerate(found):
            if row.coefficients == other.coefficients and row.right == other.right:
                found[k] = other._replace(also=(*other.also, row.name))
                break
        else:
            found.append(row)
    return found
