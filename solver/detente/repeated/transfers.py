"""Side payments under perfect monitoring: what promises and fines can enforce at every degree of patience.

Each period has a payment stage and an action stage; players value money like payoffs, may pay each other anything, and
may burn nothing. For a pure profile a write L(a) = Σ_i [m_i(a) − u_i(a)], where m_i(a) is what i's best unilateral
deviation earns: the *liquidity* that a needs. With transfers only sums matter. Let U be the largest joint payoff and
v_i the least best-deviation payoff m_i among profiles with L(a) ≤ L. If δ(U − Σ v_i) ≥ (1 − δ)L, payments can be
arranged so that all of them are enforced: the joint payoff U on the path, v_i after a breach by player i. So

    δ(L) = L / (L + U(L) − Σ_i v_i(L))

is the critical discount factor of the level L; the best joint payoff and the worst punishments at δ are those of the
highest level with δ(L) ≤ δ, and the set of equilibrium payoffs is {x : Σ x_i ≤ U, x_i ≥ v_i} (with equality, if money
cannot be burnt). All of it changes at finitely many discount factors, which are found exactly. Levin (2003), *American
Economic Review* 93, 835–857, for relational contracts; Goldlücke and Kranz (2012), *Journal of Economic Theory* 147,
1191–1221, for repeated games under perfect and imperfect monitoring. Pure strategies.

The certificate is the strategy itself (:class:`TransferAgreement`): after the prescribed acts play returns to the
equilibrium profile with payments that make everyone's continuation what it takes; refusing a payment or departing from
the acts is followed by the breaker's punishment profile and, once that is played, by a fine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from detente.errors import CertificateError, ParameterError, UnsupportedError
from detente.exact.intervals import Interval, IntervalSet
from detente.exact.rational import fraction_text, to_fraction, to_probability
from detente.game.display import table_html
from detente.game.game import Game
from detente.repeated.patience.penal_code import Profile, StageTable, stage_table

MAX_PROFILES = 250_000
Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class TransferLevel:
    """What is enforceable from ``discount`` on, until the next level takes over.

    Attributes
    ----------
    liquidity
        The most that any of the profiles needs: Σ of the players' one-period gains.
    U, v
        The best joint payoff, and every player's worst equilibrium payoff.
    equilibrium, punishments
        Profiles (labels) that attain them; ``punishments[i]`` is played after a breach by player i.
    """

    discount: Fraction
    liquidity: Fraction
    U: Fraction
    v: Vector
    equilibrium: tuple[Any, ...]
    punishments: tuple[tuple[Any, ...], ...]

    def __repr__(self) -> str:
        worst = ", ".join(map(fraction_text, self.v))
        return f"<TransferLevel from δ = {fraction_text(self.discount)}: U = {fraction_text(self.U)}, v = ({worst})>"


@dataclass(frozen=True)
class TransferLevels:
    """Best joint payoff and worst punishments with side payments, at every discount factor.

    ``levels`` are in increasing order of patience; each holds from its ``discount`` up to that of the next. Below the
    first there is no equilibrium in pure strategies.
    """

    game: Game
    levels: tuple[TransferLevel, ...]

    def at(self, discount: Any) -> TransferLevel | None:
        """The level at a discount factor in [0, 1); None if no pure equilibrium exists there."""
        delta = to_probability(discount, "discount", below_one=True)
        return next((level for level in reversed(self.levels) if level.discount <= delta), None)

    def critical_discount(self, profile: Sequence[Any]) -> Fraction | None:
        """The least discount factor at which ``profile`` is played for ever with payments; None if there is none.

        Without payments, see :func:`detente.least_discount`.
        """
        a = self.game.pure_profile(profile)
        table = stage_table(self.game)
        total, liquidity = sum(table.payoffs[a], Fraction(0)), sum(table.gain(a), Fraction(0))
        ends = [level.discount for level in self.levels[1:]] + [Fraction(1)]
        for level, end in zip(self.levels, ends, strict=False):
            surplus = total - sum(level.v)
            if surplus < 0 or (surplus == 0 and liquidity > 0):
                continue
            least = max(level.discount, liquidity / (liquidity + surplus) if liquidity else Fraction(0))
            if least < end:
                return least
        return None

    def holds_where(self, profile: Sequence[Any]) -> IntervalSet:
        """The discount factors at which ``profile`` is played for ever with payments: from the critical one on."""
        least = self.critical_discount(profile)
        return IntervalSet() if least is None else IntervalSet((Interval(least, Fraction(1), True, False),))

    def verify(self) -> None:
        """Check every level by plain enumeration: what it claims is enforced, and nothing better is.

        Raises :class:`~detente.errors.CertificateError` if a claim fails.
        """
        _check_levels(self.game, self.levels)
        for level in self.levels:
            _agreement(self.game, level, level.discount).verify()

    def __repr__(self) -> str:
        steps = "; ".join(
            f"U = {fraction_text(x.U)}, Σv = {fraction_text(sum(x.v, Fraction(0)))} from {fraction_text(x.discount)}"
            for x in self.levels
        )
        return f"<TransferLevels: {steps or 'no pure equilibrium at any discount factor'}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                fraction_text(x.discount),
                [fraction_text(x.U), ", ".join(map(fraction_text, x.v)), str(x.equilibrium), str(x.punishments)],
            )
            for x in self.levels
        ]
        return table_html("with side payments", ["from δ", "U", "v", "equilibrium", "punishments"], rows)


@dataclass(frozen=True)
class TransferPayoffs:
    """The equilibrium payoffs with side payments at one discount factor: {x : Σ x_i = U, x_i ≥ v_i}, and below.

    ``vertices`` are, for two players, those of the triangle {Σ x_i ≤ U, x_i ≥ v_i}, counter-clockwise from v; for more
    players, v and the n points at which one player takes the whole surplus.
    """

    game: Game
    discount: Fraction
    level: TransferLevel

    @property
    def U(self) -> Fraction:
        return self.level.U

    @property
    def v(self) -> Vector:
        return self.level.v

    @property
    def vertices(self) -> tuple[Vector, ...]:
        surplus = self.U - sum(self.v)
        corners = [tuple(w + surplus * (i == j) for j, w in enumerate(self.v)) for i in range(len(self.v))]
        return tuple(dict.fromkeys([self.v, *corners]))

    def contains(self, payoffs: Sequence[Any]) -> bool:
        """Whether a payoff vector is in {Σ x_i ≤ U, x_i ≥ v_i}, exactly."""
        if len(payoffs) != len(self.v):
            raise ParameterError("payoffs", payoffs, f"{len(self.v)} numbers, one a player")
        x = [to_fraction(p, "payoffs") for p in payoffs]
        return sum(x) <= self.U and all(a >= b for a, b in zip(x, self.v, strict=True))

    __contains__ = contains

    def agreement(self, target: Sequence[Any] | None = None) -> TransferAgreement:
        """The strategy that attains ``target`` (Σ x_i = U, x_i ≥ v_i; by default the surplus is shared equally)."""
        return _agreement(self.game, self.level, self.discount, target)

    def verify(self) -> None:
        """Check the enforcing strategy and that no level does better; :class:`CertificateError` if not."""
        transfer_levels(self.game).verify()
        for vertex in self.vertices[1:]:
            self.agreement(vertex).verify()

    def __repr__(self) -> str:
        worst = ", ".join(map(fraction_text, self.v))
        delta = fraction_text(self.discount)
        return f"<TransferPayoffs at δ = {delta}: joint payoff up to {fraction_text(self.U)}, at least ({worst}) each>"


@dataclass(frozen=True)
class TransferAgreement:
    """A simple strategy profile with payments.

    Attributes
    ----------
    profiles
        The equilibrium profile first, then one punishment profile a player (indices).
    promised
        ``promised[k][i]``: i's continuation value, before payments, once profile k has been played as prescribed.
    payments
        ``payments[k][i]``: what i then pays (negative: receives), in units of stage payoffs; they add up to zero.
    upfront
        Payments before the first period.
    """

    game: Game
    discount: Fraction
    profiles: tuple[Profile, ...]
    promised: tuple[Vector, ...]
    payments: tuple[Vector, ...]
    upfront: Vector
    target: Vector

    def verify(self) -> None:
        """Check values, budgets and all one-shot incentives of acting and paying; :class:`CertificateError` if not."""
        delta, u, n = self.discount, self.game.exact_payoffs, self.game.n_players
        path, punish = self.profiles[0], self.profiles[1:]
        # Values at the action stage; promises must be consistent with the payments and the path that follows.
        on_path = [(1 - delta) * u[(i, *path)] + delta * self.promised[0][i] for i in range(n)]
        fined = [(1 - delta) * u[(i, *punish[i])] + delta * self.promised[i + 1][i] for i in range(n)]
        for paid, value in zip((*self.payments, self.upfront), (*self.promised, self.target), strict=True):
            if sum(paid) != 0:
                raise CertificateError("payments", paid, "payments that add up to zero")
            for i in range(n):
                if on_path[i] - (1 - delta) * paid[i] != value[i]:
                    raise CertificateError("promised", value, "the value that payments and path amount to")
                if value[i] < fined[i]:
                    raise CertificateError("payments", paid, f"payments that {self.game.players[i]} does not refuse")
        for profile, ahead in zip(self.profiles, self.promised, strict=True):
            for i in range(n):
                kept = (1 - delta) * u[(i, *profile)] + delta * ahead[i]
                best = max(u[(i, *profile[:i], b, *profile[i + 1 :])] for b in range(self.game.shape[i]))
                if (1 - delta) * best + delta * fined[i] > kept:
                    raise CertificateError("profiles", profile, f"acts that {self.game.players[i]} keeps to")

    def __repr__(self) -> str:
        names = [self.game.profile_labels(p) for p in self.profiles]
        return f"<TransferAgreement at δ = {fraction_text(self.discount)}: {names[0]}, punished by {names[1:]}>"


def transfer_levels(game: Game) -> TransferLevels:
    """Best joint payoff and worst punishments with side payments, exactly and at every discount factor.

    Pure strategies, perfect monitoring, any number of players. Payoffs of a float game are read as the decimals they
    print as.

    Raises
    ------
    ParameterError
        For anything but a game.
    UnsupportedError
        For a game of one player, where there is no one to pay, and for more than 250,000 profiles.

    Examples
    --------
    Abreu's (1988) Cournot game; Goldlücke and Kranz (2012) use it as well.

    >>> levels = transfer_levels(Game.symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]]))
    >>> levels
    <TransferLevels: U = 14, Σv = 14 from 0; U = 18, Σv = 0 from 1/4; U = 20, Σv = 0 from 1/3>
    >>> levels.critical_discount((0, 0))
    Fraction(1, 3)
    >>> levels.verify()
    """
    if not isinstance(game, Game):
        raise ParameterError("game", game, "a detente Game")
    if game.n_players < 2:
        raise UnsupportedError("game", game, "two or more players")
    if game.payoffs[0].size > MAX_PROFILES:
        raise UnsupportedError("game", f"{game.payoffs[0].size} profiles", f"at most {MAX_PROFILES}")
    table = stage_table(game)
    best: list[TransferLevel] = []
    for level in _all_levels(game, table):  # by rising liquidity: joint payoffs rise and punishments fall with it
        if level.discount == 1:
            continue
        # A higher level that is enforced no later is at least as good.
        while best and best[-1].discount >= level.discount:
            best.pop()
        best.append(level)
    kept = [x for k, x in enumerate(best) if k == 0 or (x.U, x.v) != (best[k - 1].U, best[k - 1].v)]
    return TransferLevels(game, tuple(kept))


def payoff_set_with_transfers(game: Game, discount: Any) -> TransferPayoffs:
    """The set of pure-strategy equilibrium payoffs with side payments at one discount factor in [0, 1).

    Raises :class:`~detente.errors.UnsupportedError` where no pure equilibrium exists.

    >>> pd = Game.symmetric([[3, 0], [5, 1]])
    >>> payoff_set_with_transfers(pd, "1/2").vertices
    ((Fraction(1, 1), Fraction(1, 1)), (Fraction(5, 1), Fraction(1, 1)), (Fraction(1, 1), Fraction(5, 1)))
    """
    delta = to_probability(discount, "discount", below_one=True)
    level = transfer_levels(game).at(delta)
    if level is None:
        raise UnsupportedError("discount", discount, "a discount factor at which a pure equilibrium exists")
    return TransferPayoffs(game, delta, level)


def _all_levels(game: Game, table: StageTable) -> list[TransferLevel]:
    """One level for every amount of liquidity that some profile needs."""
    n = game.n_players
    rows = sorted((sum(table.gain(a), Fraction(0)), k, a) for k, a in enumerate(table.profiles))
    found: list[TransferLevel] = []
    best: Profile | None = None
    worst: list[Profile] = []
    for position, (liquidity, _, a) in enumerate(rows):
        if best is None:
            best, worst = a, [a] * n
        if sum(table.payoffs[a]) > sum(table.payoffs[best]):
            best = a
        worst = [a if table.deviations[a][i] < table.deviations[w][i] else w for i, w in enumerate(worst)]
        if position + 1 < len(rows) and rows[position + 1][0] == liquidity:
            continue
        U = sum(table.payoffs[best], Fraction(0))
        v = tuple(table.deviations[w][i] for i, w in enumerate(worst))
        found.append(
            TransferLevel(
                _critical(liquidity, U, v),
                liquidity,
                U,
                v,
                game.profile_labels(best),
                tuple(map(game.profile_labels, worst)),
            )
        )
    return found


def _critical(liquidity: Fraction, U: Fraction, v: Vector) -> Fraction:
    """δ(L), or 1 if no patience is enough."""
    if liquidity == 0:
        return Fraction(0)
    surplus = U - sum(v)
    return liquidity / (liquidity + surplus) if surplus > 0 else Fraction(1)


def _agreement(
    game: Game, level: TransferLevel, delta: Fraction, target: Sequence[Any] | None = None
) -> TransferAgreement:
    n, u, v = game.n_players, game.exact_payoffs, level.v
    surplus = level.U - sum(v)
    profiles = tuple(game.pure_profile(p) for p in (level.equilibrium, *level.punishments))
    promised: list[Vector] = []
    for k, a in enumerate(profiles):
        gains = [max(u[(i, *a[:i], b, *a[i + 1 :])] for b in range(game.shape[i])) - u[(i, *a)] for i in range(n)]
        if delta == 0:  # only equilibria of the stage game are played, and nothing needs promising
            needs = list(v)
        else:
            needs = [w + (1 - delta) / delta * g for w, g in zip(v, gains, strict=True)]
        # What is left is shared; after a punishment, the punished player has no part in it.
        sharers = [i for i in range(n) if i != k - 1]
        rest = (level.U - sum(needs)) / len(sharers)
        promised.append(tuple(x + rest * (i in sharers) for i, x in enumerate(needs)))
    aim = tuple(w + surplus / n for w in v) if target is None else tuple(to_fraction(x, "target") for x in target)
    if len(aim) != n or sum(aim) != level.U or any(x < w for x, w in zip(aim, v, strict=True)):
        raise ParameterError("target", target, f"{n} payoffs that add up to {level.U}, at least {tuple(map(str, v))}")
    on_path = [(1 - delta) * u[(i, *profiles[0])] + delta * promised[0][i] for i in range(n)]

    def paid(value: Vector) -> Vector:
        return tuple((x - y) / (1 - delta) for x, y in zip(on_path, value, strict=True))

    return TransferAgreement(game, delta, profiles, tuple(promised), tuple(map(paid, promised)), paid(aim), aim)


def _check_levels(game: Game, levels: tuple[TransferLevel, ...]) -> None:
    """Levels recomputed one amount of liquidity at a time, each from scratch."""
    u = game.exact_payoffs
    n = game.n_players
    joint, needs, tempt = {}, {}, {}
    for a in product(*map(range, game.shape)):
        joint[a] = sum((u[(i, *a)] for i in range(n)), Fraction(0))
        tempt[a] = [max(u[(i, *a[:i], b, *a[i + 1 :])] for b in range(game.shape[i])) for i in range(n)]
        needs[a] = sum(tempt[a]) - joint[a]
    for liquidity in set(needs.values()):
        allowed = [a for a in needs if needs[a] <= liquidity]
        U = max(joint[a] for a in allowed)
        v = [min(tempt[a][i] for a in allowed) for i in range(n)]
        ends = [level.discount for level in levels[1:]] + [Fraction(1)]
        for level, end in zip(levels, ends, strict=False):
            # Enforced before the next level takes over: then this level must be no worse.
            enforced = liquidity == 0 or end * (U - sum(v)) > (1 - end) * liquidity
            if enforced and (level.U < U or any(x > y for x, y in zip(level.v, v, strict=True))):
                raise CertificateError("levels", level, f"at least U = {U} and v ≤ {v} below {end}")
        first = levels[0].discount if levels else Fraction(1)
        if first > 0 and (liquidity == 0 or first * (U - sum(v)) > (1 - first) * liquidity):
            raise CertificateError("levels", first, f"a first level no later than the one with U = {U}")
