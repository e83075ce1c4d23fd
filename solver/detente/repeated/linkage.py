"""Issues as one game or as several: what linking them does to incentives, and to the damage of a breach.

The same players meet on K issues, payoffs add up, and each issue k has a profile to be kept and an equilibrium of its
stage game to revert to. *Separately*, a breach on an issue ends that issue. *Linked*, it ends all. Who breaks a linked
agreement does best by breaking wherever that pays at once, so with gains g_k = m_k − R_k ≥ 0 (m_k the best deviation
payoff, R_k the payoff on the path, P_k the one after a breach) the two conditions on a player are

    separately, for every k:   (1 − δ) g_k ≤ δ (R_k − P_k)
    linked:                    (1 − δ) Σ g_k ≤ δ Σ (R_k − P_k),   that is δ ≥ Σ g_k / (Σ g_k + Σ (R_k − P_k)).

Linking adds constraints up: slack on one issue enforces another. As long as nobody prefers a punishment to its path, it
costs no agreement all of whose parts hold on their own, and it strictly helps iff a sum is non-negative of which some
term is negative (Bernheim and Whinston 1990, *RAND Journal of Economics* 21, 1–26: with identical issues and players,
nothing). It can cost a part that held on its own, if others drag the sum below zero. And under noise it spreads the
damage: if issue k raises a false alarm with probability ε_k a period, the linked agreement survives a period with
probability Π (1 − ε_k) only, and

    value = P + (1 − β)(R − P) / (1 − β s),    least patience δ*/s,    s the probability of survival, β = δ(1 − h),

with s = 1 − ε_k and issue k's payoffs separately, and s = Π (1 − ε_k) and the sums when linked: breaches are still seen
for sure, so a false alarm works like a smaller discount factor, β s, in every constraint.

The linked agreement is checked as what it is, grim trigger in the product game, by the same code as any agreement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.intervals import IntervalSet, combine
from detente.exact.rational import fraction_text, to_probability
from detente.exact.region import Region
from detente.game import agreements
from detente.game.agreement import Agreement
from detente.game.display import table_html
from detente.game.game import Game
from detente.game.monitoring import Perfect
from detente.game.repeated import RepeatedGame
from detente.repeated.product_game import joint_label, product_game
from detente.repeated.thresholds import holds_where

MAX_ISSUES = 16


class Stakes(NamedTuple):
    """A player's payoff on the ``path`` and after a breach, and the best ``gain`` from one (None without a choice)."""

    path: Fraction
    punishment: Fraction
    gain: Fraction | None

    @property
    def loss(self) -> Fraction:
        return self.path - self.punishment


class Issue(NamedTuple):
    """One issue: its stage game, the profile to be kept, and the one that follows a breach (labels)."""

    name: str
    game: Game
    path: tuple[Any, ...]
    punishment: tuple[Any, ...]

    def stakes(self, player: int) -> Stakes:
        """What ``player`` has to gain and to lose on this issue."""
        u = self.game.exact_payoffs[player]
        path, punishment = self.game.pure_profile(self.path), self.game.pure_profile(self.punishment)
        others = [a for a in range(self.game.shape[player]) if a != path[player]]
        gains = [u[(*path[:player], a, *path[player + 1 :])] - u[path] for a in others]
        return Stakes(u[path], u[punishment], max(gains, default=None))


class Slack(NamedTuple):
    """What a breach costs a player: what each issue adds to it (by name), and the least cost of a breach if linked.

    An issue adds β(R − P) − (1 − β)g. ``linked`` is the sum of these whenever some breach pays at once; otherwise it is
    more, since a breach then costs at once as well.
    """

    player: Any
    by_issue: dict[str, Fraction]
    linked: Fraction


class FalseAlarms(NamedTuple):
    """Separate and linked agreements when issues raise false alarms.

    ``separate`` and ``linked`` are the least discount factors (None: none); the values are sums over issues, one number
    a player, in which an issue that is not sustained counts with its punishment; ``cost`` is what linking loses.
    """

    separate: tuple[Fraction | None, ...]
    linked: Fraction | None
    separate_values: tuple[Fraction, ...]
    linked_values: tuple[Fraction, ...]

    @property
    def cost(self) -> tuple[Fraction, ...]:
        return tuple(s - t for s, t in zip(self.separate_values, self.linked_values, strict=True))


@dataclass(frozen=True)
class Linkage:
    """Several issues, separately and linked; see :func:`linkage`.

    Attributes
    ----------
    issues
        The issues, each with its game, path and punishment.
    game, agreement
        The product game, and grim trigger on it.
    separate
        For each issue, the exact set of discount factors at which its own grim trigger is subgame perfect.
    pooled
        The same for the linked agreement.
    """

    issues: tuple[Issue, ...]
    game: Game
    agreement: Agreement
    separate: tuple[Region, ...]
    pooled: Region
    breakdown: Fraction = Fraction(0)

    @property
    def all_separate(self) -> IntervalSet:
        """Where every issue is sustained on its own."""
        return combine([r.set for r in self.separate], all)

    @property
    def helps_where(self) -> IntervalSet:
        """Where the linked agreement sustains every issue, and separate ones do not."""
        return self.pooled.set - self.all_separate

    @property
    def hurts_where(self) -> IntervalSet:
        """Where the linked agreement fails although some issue is sustained on its own: the others drag it down."""
        return combine([r.set for r in self.separate], any) - self.pooled.set

    @property
    def helps(self) -> bool:
        """Whether linking strictly helps at some discount factor."""
        return bool(self.helps_where)

    @property
    def least_separate(self) -> Fraction | None:
        """The least discount factor that sustains every issue on its own; None if there is none."""
        return _least(self.all_separate)

    @property
    def least_linked(self) -> Fraction | None:
        """The least discount factor that sustains the linked agreement; None if there is none."""
        return _least(self.pooled.set)

    def slacks(self, discount: Any) -> tuple[Slack, ...]:
        """Every player's slack by issue and linked, at a discount factor in [0, 1): negative means a breach pays."""
        beta = self._effective(discount)
        rows = []
        for i, player in enumerate(self.game.players):
            stakes = [x.stakes(i) for x in self.issues]
            by_issue = {x.name: _contribution(z, beta) for x, z in zip(self.issues, stakes, strict=True)}
            rows.append(Slack(player, by_issue, _slack(stakes, beta)))
        return tuple(rows)

    def best_bundle(self, discount: Any) -> tuple[str, ...]:
        """The issues worth linking at a discount factor: the sustained bundle of the largest joint gain.

        Issues outside the bundle are left to their punishment profiles; ties go to the smaller bundle.
        """
        beta = self._effective(discount)
        players = range(self.game.n_players)
        stakes = [[x.stakes(i) for i in players] for x in self.issues]
        gain = [sum((z.loss for z in row), Fraction(0)) for row in stakes]
        # An issue whose punishment is no equilibrium cannot be enforced by reverting to it.
        usable = [k for k, x in enumerate(self.issues) if x.game.regret(x.punishment) == 0]
        best: tuple[int, ...] = ()
        for size in range(1, len(usable) + 1):
            for bundle in combinations(usable, size):
                holds = all(_slack([stakes[k][i] for k in bundle], beta) >= 0 for i in players)
                if holds and sum(gain[k] for k in bundle) > sum(gain[k] for k in best):
                    best = bundle
        return tuple(self.issues[k].name for k in best)

    def false_alarms(self, rates: Any, discount: Any) -> FalseAlarms:
        """Thresholds and values when issues raise false alarms: what linking costs by spreading the damage.

        ``rates`` is one probability a period for all issues, or one an issue (a sequence, or a mapping by name). After
        an alarm, true or false, separate agreements revert on that issue and the linked one on all. Breaches always
        raise one.
        """
        beta = self._effective(discount)
        delta = to_probability(discount, "discount", below_one=True)
        alarms = self._rates(rates)
        players = range(self.game.n_players)
        separate, values = [], [Fraction(0)] * len(players)
        for issue, region, eps in zip(self.issues, self.separate, alarms, strict=True):
            separate.append(_least_with_noise(region, 1 - eps))
            for i in players:
                kept = delta * (1 - eps) in region
                values[i] += _value([issue.stakes(i)], beta, 1 - eps, kept)
        survival = prod((1 - eps for eps in alarms), start=Fraction(1))
        kept = delta * survival in self.pooled
        together = [_value([x.stakes(i) for x in self.issues], beta, survival, kept) for i in players]
        return FalseAlarms(tuple(separate), _least_with_noise(self.pooled, survival), tuple(values), tuple(together))

    def explain(self) -> str:
        """Two sentences: what linking changes, and where it costs."""
        each = ", ".join(
            f"{x.name} {'never' if _least(r.set) is None else 'from ' + str(_least(r.set))}"
            for x, r in zip(self.issues, self.separate, strict=True)
        )
        joint = "never" if self.least_linked is None else f"from {self.least_linked}"
        verdict = f"linking strictly helps at discount factors in {self.helps_where!r}" if self.helps else "no gain"
        text = f"Separately: {each}. Linked: all {joint}; {verdict}."
        if self.hurts_where:
            text += f" At discount factors in {self.hurts_where!r} it costs an issue that holds on its own."
        return text

    def verify(self) -> None:
        """Check all regions at sample points, and the linked one against the sums of the issues' stakes.

        Separate regions by the independent checker of agreements; the linked one by trying every joint breach in the
        product game, on the path and after a breach.
        """
        for region in self.separate:
            region.verify()
        for x in self.pooled.sample_points():
            if self._deters_every_breach(x) != (x in self.pooled):
                raise CertificateError("pooled", x, "the same answer from trying every joint breach")
        stakes = [[x.stakes(i) for x in self.issues] for i in range(self.game.n_players)]
        orderly = all(z.loss >= 0 for row in stakes for z in row)
        if not orderly or any(x.game.regret(x.punishment) != 0 for x in self.issues):
            return  # the closed form does not apply
        needed = Fraction(0)
        for row in stakes:
            gains = sum((z.gain for z in row if z.gain is not None and z.gain > 0), Fraction(0))
            losses = sum((z.loss for z in row), Fraction(0))
            needed = max(needed, gains / (gains + losses) if gains else Fraction(0))
        patience = 1 - self.breakdown
        expected = Fraction(0) if needed == 0 else needed / patience if needed < patience else None
        if self.least_linked != expected:
            raise CertificateError("pooled", self.least_linked, f"the least discount factor {expected}")

    def _deters_every_breach(self, delta: Fraction) -> bool:
        beta = delta * (1 - self.breakdown)
        path, punishment = (self.game.pure_profile(self.agreement.play[s]) for s in ("path", "punishment"))
        for i, u in enumerate(self.game.exact_payoffs):
            for kept in (path, punishment):
                for action in range(self.game.shape[i]):
                    breach = (*kept[:i], action, *kept[i + 1 :])
                    if action != kept[i] and (1 - beta) * u[breach] + beta * u[punishment] > u[kept]:
                        return False
        return True

    def _effective(self, discount: Any) -> Fraction:
        return to_probability(discount, "discount", below_one=True) * (1 - self.breakdown)

    def _rates(self, rates: Any) -> tuple[Fraction, ...]:
        names = [x.name for x in self.issues]
        if isinstance(rates, Mapping):
            unknown = [name for name in rates if name not in names]
            if unknown:
                raise LabelError("rates", unknown[0], names)
            rates = [rates.get(name, 0) for name in names]
        elif isinstance(rates, str) or not hasattr(rates, "__len__"):
            rates = [rates] * len(names)
        if len(rates) != len(names):
            raise ParameterError("rates", rates, f"one probability, or {len(names)}, one an issue")
        return tuple(to_probability(r, "rates") for r in rates)

    def __repr__(self) -> str:
        def text(least: Fraction | None) -> str:
            return "never" if least is None else fraction_text(least)

        each = ", ".join(f"{x.name} {text(_least(r.set))}" for x, r in zip(self.issues, self.separate, strict=True))
        return f"<Linkage: separately {each}; linked {text(self.least_linked)}>"

    def _repr_html_(self) -> str:
        rows = [(x.name, [repr(r.set)]) for x, r in zip(self.issues, self.separate, strict=True)]
        return table_html(self.explain(), ["issue", "holds where"], [*rows, ("linked", [repr(self.pooled.set)])])


def linkage(
    games: Sequence[Game | RepeatedGame] | Mapping[str, Game | RepeatedGame],
    *,
    paths: Sequence[Any] | None = None,
    punishments: Sequence[Any] | None = None,
) -> Linkage:
    """Several issues between the same players, as separate agreements and as one.

    Parameters
    ----------
    games
        The stage games, in order or by name; they need the same players, not the same actions. Repeated games are
        taken with their breakdown hazard, which must be common; the discount factor is what the answer is about.
    paths, punishments
        For each issue, the profile to be kept and the profile that follows a breach for ever; by default everyone's
        first and everyone's last action. A punishment that is no equilibrium of its stage game enforces nothing.

    Raises
    ------
    ParameterError
        For fewer than one issue, other players, other hazards, or another number of paths or punishments than issues.
    UnsupportedError
        For noisy monitoring and for a product game of more than 100,000 profiles.

    Examples
    --------
    Relaxing costs its owner 1 and brings the other side 3. Alone, neither control has a reason to be relaxed; linked,
    they make a dilemma that repetition solves.

    >>> sides = {"players": ["US", "China"], "actions": [["Relax", "Restrict"], ["Accept"]]}
    >>> chips = Game([[[-1], [0]], [[3], [0]]], **sides)
    >>> other = {"players": ["US", "China"], "actions": [["Accept"], ["Relax", "Restrict"]]}
    >>> earths = Game([[[3, 0]], [[-1, 0]]], **other)
    >>> link = linkage({"chips": chips, "rare earths": earths})
    >>> link
    <Linkage: separately chips never, rare earths never; linked 1/3>
    >>> print(link.explain())
    Separately: chips never, rare earths never. Linked: all from 1/3; linking strictly helps at discount factors in
    [1/3, 1).
    """
    if isinstance(games, str) or not isinstance(games, Mapping | Sequence):
        raise ParameterError("games", games, "a sequence of games, or a mapping from names to games")
    named = dict(games) if isinstance(games, Mapping) else {f"issue {k + 1}": g for k, g in enumerate(games)}
    if not named or len(named) > MAX_ISSUES:
        raise ParameterError("games", games, f"one to {MAX_ISSUES} games")
    stage, hazard = _stage_games(named)
    paths = _profiles("paths", paths, list(stage.values()), 0)
    punishments = _profiles("punishments", punishments, list(stage.values()), -1)
    issues = tuple(Issue(str(name), g, p, q) for (name, g), p, q in zip(stage.items(), paths, punishments, strict=True))
    separate = tuple(
        holds_where(RepeatedGame(x.game, 0, hazard), agreements.grim_trigger(x.game, x.path, x.punishment))
        for x in issues
    )
    product = product_game([x.game for x in issues])
    joint = [
        tuple(joint_label([profile[i] for profile in profiles]) for i in range(product.n_players))
        for profiles in ([x.path for x in issues], [x.punishment for x in issues])
    ]
    agreement = agreements.grim_trigger(product, *joint).renamed("linked grim trigger")
    pooled = holds_where(RepeatedGame(product, 0, hazard), agreement)
    return Linkage(issues, product, agreement, separate, pooled, hazard)


def _stage_games(named: Mapping[Any, Any]) -> tuple[dict[Any, Game], Fraction]:
    stage: dict[Any, Game] = {}
    hazards: dict[Fraction, None] = {}
    for name, g in named.items():
        if isinstance(g, RepeatedGame):
            if not isinstance(g.monitoring, Perfect):
                raise UnsupportedError(f"games[{name!r}]", g.monitoring, "perfect monitoring; see false_alarms")
            hazards[g.breakdown] = None
            g = g.game
        elif not isinstance(g, Game):
            raise ParameterError(f"games[{name!r}]", g, "a Game or a RepeatedGame")
        stage[name] = g
    if len(hazards) > 1:
        raise ParameterError("games", list(map(str, hazards)), "one breakdown hazard, common to all issues")
    return stage, next(iter(hazards), Fraction(0))


def _profiles(argument: str, given: Sequence[Any] | None, games: list[Game], default: int) -> list[tuple[Any, ...]]:
    if given is None:
        return [tuple(names[default] for names in g.actions) for g in games]
    if isinstance(given, str) or not hasattr(given, "__len__") or len(given) != len(games):
        raise ParameterError(argument, given, f"{len(games)} profiles, one an issue")
    return [g.profile_labels(g.pure_profile(p)) for g, p in zip(games, given, strict=True)]


def _contribution(z: Stakes, beta: Fraction) -> Fraction:
    return beta * z.loss - (1 - beta) * max(z.gain or Fraction(0), Fraction(0))


def _slack(stakes: Sequence[Stakes], beta: Fraction) -> Fraction:
    """The least that a breach of a linked agreement costs, over all ways of breaking it somewhere."""
    gains = [z.gain for z in stakes if z.gain is not None]
    best = sum((g for g in gains if g > 0), Fraction(0)) or max(gains, default=Fraction(0))
    return beta * sum((z.loss for z in stakes), Fraction(0)) - (1 - beta) * best


def _least(found: IntervalSet) -> Fraction | None:
    """The least element: grim trigger's constraints are linear in δ, so its ends are rational."""
    if not found:
        return None
    lo = found.intervals[0].lo
    assert isinstance(lo, Fraction)
    return lo


def _least_with_noise(region: Region, survival: Fraction) -> Fraction | None:
    """The least δ with δ·survival in the region; None if it would have to be 1 or more."""
    least = _least(region.set)
    if least is None or least == 0:
        return least
    return least / survival if least < survival else None


def _value(stakes: Sequence[Stakes], beta: Fraction, survival: Fraction, kept: bool) -> Fraction:
    """The value of an agreement that survives a period with the given probability, or of its punishment."""
    after = sum((z.punishment for z in stakes), Fraction(0))
    surplus = sum((z.loss for z in stakes), Fraction(0))
    return after + (1 - beta) * surplus / (1 - beta * survival) if kept else after
