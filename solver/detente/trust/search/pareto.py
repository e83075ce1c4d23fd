"""The agreements that cannot be improved on in trust, patience and noise at once.

Every automaton that is subgame perfect at the repeated game's own patience has three numbers: the least trust and the
least patience it needs, and the most noise it stands. Families are split by trust (their demand depends on few moves),
their members by patience. The groups are visited in the order of (trust, patience). Whoever is visited later needs
more of one of the two, so a member of a group belongs to the Pareto set iff it stands strictly more noise than every
earlier member that needs no more patience, and the most in its own group; the search for noise starts from there.

Patience is measured by bits: all ends of all sets of δ cut [0, 1) into points and gaps, a set is the integer whose bits
are the cells in it, and an automaton's least δ is the lowest bit that the sets of its constraints have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from detente.exact.intervals import End, IntervalSet, sorted_distinct
from detente.trust.search.deterrence import DeterrenceOverPatience, departures
from detente.trust.search.noise_demand import NoiseSearch
from detente.trust.search.public_automata import Automaton, Coordinate, Family
from detente.trust.search.trust_demand import Partial, TrustDemand, UnspecifiedMoveError


@dataclass(frozen=True)
class Demands:
    """What the automata of one Pareto point need: trust and patience at least, and noise at most."""

    trust: Fraction
    discount: End
    noise: End
    automata: tuple[Automaton, ...]


def pareto_set(
    families: list[Family],
    demands: list[TrustDemand],
    patience: DeterrenceOverPatience,
    noise: NoiseSearch,
    most: int,
    check: Callable[[], None],
    found: list[Demands],
) -> None:
    """Append every Pareto point to ``found``, with up to ``most`` automata each where all of them stand the cap."""
    cells = _Cells(patience, families, check)
    groups: dict[tuple[Fraction, int], list[Family]] = {}
    for family in families:
        for trust, part in _by_trust(family, Partial(), demands, 0, Fraction(0)):
            check()
            for cell, row in cells.members(part):
                groups.setdefault((trust, cell), []).append(row)
    seen: list[tuple[int, End]] = []
    for trust, cell in sorted(groups):
        floor = max((stood for other, stood in seen if other <= cell), default=None)
        value, automata = noise.best(groups[(trust, cell)], floor, most)
        if value is not None and (floor is None or value > floor):
            seen.append((cell, value))
            found.append(Demands(trust, cells.end(cell), value, tuple(automata)))


def _by_trust(
    family: Family, moves: Partial, demands: list[TrustDemand], player: int, needed: Fraction
) -> Iterator[tuple[Fraction, Family]]:
    """The family in parts within which all need the same trust."""
    while player < len(demands):
        try:
            needed = max(needed, demands[player].least(family.skeleton, moves))
        except UnspecifiedMoveError as missing:
            for target in family.choices[missing.coordinate]:
                more = Partial({**moves, missing.coordinate: target})
                yield from _by_trust(family, more, demands, player, needed)
            return
        player += 1
    yield needed, Family(family.skeleton, {**family.choices, **{c: (t,) for c, t in moves.items()}})


class _Cells:
    """Sets of discount factors as integers whose bits are cells; even cells are points, odd ones gaps."""

    def __init__(self, patience: DeterrenceOverPatience, families: Iterable[Family], check: Callable[[], None]) -> None:
        self.patience = patience
        sets: dict[IntervalSet, int] = {}
        for family in families:
            check()
            for sets_of_move in self._sets(family).values():
                sets.update(dict.fromkeys(sets_of_move.values(), 0))
        self.ends: list[End] = sorted_distinct([Fraction(0), *(e for s in sets for i in s for e in (i.lo, i.hi))])
        self._place = {end: k for k, end in enumerate(self.ends)}
        self._bits = {s: self._mask(s) for s in sets}

    def end(self, cell: int) -> End:
        return self.ends[cell // 2]

    def members(self, family: Family) -> Iterator[tuple[int, Family]]:
        """Every member, as a family of its own, with the cell of its least δ."""
        sets = self._sets(family)
        partial: list[tuple[int, dict[Coordinate, tuple[int, ...]]]] = [(-1, {})]
        for coordinate, targets in family.choices.items():
            bits = {t: self._bits[sets[coordinate][t]] for t in targets}
            partial = [(mask & bits[t], {**chosen, coordinate: (t,)}) for mask, chosen in partial for t in targets]
        for mask, chosen in partial:
            # Sets are closed within [0, 1), so the lowest cell is a point; the game's own δ is common to all.
            yield (mask & -mask).bit_length() - 1, Family(family.skeleton, chosen)

    def _sets(self, family: Family) -> dict[Coordinate, dict[int, IntervalSet]]:
        words = family.skeleton.words
        return {
            (s, k): {t: self.patience.where(player, words[s], departure, words[t]) for t in family.choices[(s, k)]}
            for s, k, player, departure in departures(family.skeleton, self.patience.outcomes)
        }

    def _mask(self, s: IntervalSet) -> int:
        mask = 0
        for i in s:
            first = 2 * self._place[i.lo] + (0 if i.lo_closed else 1)
            last = 2 * self._place[i.hi] - (0 if i.hi_closed else 1)
            mask |= (1 << (last + 1)) - (1 << first)
        return mask
