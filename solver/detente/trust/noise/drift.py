"""Where beliefs can drift while the agreement is kept, and hence the priors from which they never leave given bounds.

Each public outcome multiplies the odds of facing the keeper by a ratio of likelihoods. So the odds at a node, relative
to the prior's, lie between the least and the greatest product of ratios over all walks from the start to that node:
shortest walks (Bellman 1958; Ford 1956), multiplied instead of added. If some cycle lowers the odds, they can come as
close to zero as one likes at every node behind it. If keeping is optimal at node n exactly at the beliefs in
[lo_n, hi_n], the priors from which keeping stays optimal are those whose odds, times these extremes, keep within the
bounds at every node: again an interval, with rational ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flint import fmpq

from detente.trust.noise.model import NoisyEncounter, Outcome

Bounds = tuple[Any, Any] | None  # beliefs between which keeping is optimal at a node; None if at none


class Kept(NamedTuple):
    """The priors from which keeping is optimal throughout (None: from none), and the nodes that bound them."""

    priors: Bounds
    low_node: int | None = None
    high_node: int | None = None


def kept_throughout(meeting: NoisyEncounter, bounds: Sequence[Bounds]) -> Kept:
    """The priors from which the belief at every node that keeping leads to stays within that node's ``bounds``."""
    kept = [(n, o) for n, action in enumerate(meeting.keep) for o in meeting.options[n][action].outcomes]
    down = extremes(meeting, kept, lambda o: (o.keeper, o.other))
    up = extremes(meeting, kept, lambda o: (o.other, o.keeper))
    never = next((n for n in sorted(set(down) | set(up)) if bounds[n] is None), None)
    if never is None:
        low = _least_odds(down, {n: bounds[n][0] for n in down})  # type: ignore[index]
        high = _least_odds(up, {n: 1 - bounds[n][1] for n in up})  # type: ignore[index]
        if low.odds is not None and high.odds is not None and low.odds * high.odds <= 1:
            return Kept((low.odds / (1 + low.odds), 1 / (1 + high.odds)), low.node, high.node)
        at = (low.node, high.node)
    else:
        at = (never, never)
    for certain in (1, 0):
        sure = [bounds[n] for n in _possible(meeting, bool(certain))]
        if all(b is not None and b[0] <= certain <= b[1] for b in sure):
            return Kept((fmpq(certain), fmpq(certain)), *at)
    return Kept(None, *at)


class Need(NamedTuple):
    """The least odds that are enough (None: no odds are), and the node that asks for them."""

    odds: Any
    node: int | None


def _least_odds(extreme: dict[int, Any], least: dict[int, Any]) -> Need:
    """The least prior odds that stay above each node's least probability, and the node that asks for them."""
    need, at = fmpq(0), None
    for n, factor in extreme.items():
        if least[n] <= 0:
            continue
        if factor == 0 or least[n] >= 1:
            return Need(None, n)
        odds = least[n] / (1 - least[n]) / factor
        if odds > need:
            need, at = odds, n
    return Need(need, at)


def reachable_beliefs(meeting: NoisyEncounter, prior: Any) -> dict[int, tuple[Any, Any]]:
    """For every node that any acts can lead to from ``prior``: an interval that holds all beliefs there may be."""
    free = [(n, o) for n, row in enumerate(meeting.options) for option in row for o in option.outcomes]
    down = extremes(meeting, free, lambda o: (o.keeper, o.other))
    up = extremes(meeting, free, lambda o: (o.other, o.keeper))

    def shifted(weight: Any, against: Any, factor: Any) -> Any:
        return weight * factor / (weight * factor + against) if weight * factor + against else fmpq(0)

    found = {}
    for n in set(down) | set(up):
        lo = shifted(prior, 1 - prior, down[n]) if n in down else fmpq(1)
        hi = 1 - shifted(1 - prior, prior, up[n]) if n in up else fmpq(0)
        found[n] = (min(lo, hi), max(lo, hi))
    return found


def extremes(
    meeting: NoisyEncounter, walks: Sequence[tuple[int, Outcome]], likelihoods: Callable[[Outcome], tuple[Any, Any]]
) -> dict[int, Any]:
    """The least product of likelihood ratios over walks from the start to each node, by the outcomes in ``walks``.

    Zero if products come arbitrarily close to it. Outcomes whose second likelihood is zero make the first type certain
    and are left out: no later ratio can make it less so.
    """
    edges = [(n, o.target, top / bottom) for n, o in walks for top, bottom in [likelihoods(o)] if bottom]
    least = {0: fmpq(1)}
    rounds, changed = 0, True
    while changed:
        changed = False
        rounds += 1
        for n, target, factor in edges:
            if n in least and (target not in least or least[n] * factor < least[target]):
                # A walk that still gets shorter after as many rounds as there are nodes runs through a cycle.
                least[target] = least[n] * factor if rounds <= len(meeting.nodes) else fmpq(0)
                changed = True
    return least


def _possible(meeting: NoisyEncounter, keeper: bool) -> list[int]:
    """The nodes that keeping leads to when the partner's type is certain."""
    found = [0]
    for n in found:  # grows as nodes are reached
        for o in meeting.options[n][meeting.keep[n]].outcomes:
            if (o.keeper if keeper else o.other) and o.target not in found:
                found.append(o.target)
    return found
