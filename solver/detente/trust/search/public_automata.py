"""Every small public automaton that keeps a two-player game on a given path: how they are enumerated, and why so few.

An automaton with n states of a 2×2 game is one of 4ⁿ prescriptions times n^(4n) moves: 34 million with three states,
10¹² with four. Four facts make the search short without losing any answer.

**Skeletons.** What is prescribed, and where keeping it leads, fix the path from every state, hence every state's value
when acts are seen. All other moves matter only as threats. A *skeleton* is the prescriptions and the moves after
nobody departed. Its states that the path visits are numbered in the order of the visit; the others are
interchangeable, so of all numberings of those the least is kept. The path from a state is a *word*: a finite prefix
and a cycle, both as short as possible. Two states with one word have the same value.

**Threats are separate.** When acts are seen, "player i departs to a in state s and play moves to t" is deterred iff
v_i(t) ≤ [v_i(s) − (1−β_i) u_i(a)] / β_i. Both sides depend on the skeleton alone. So the subgame-perfect automata of
one skeleton are a *product*: one free choice of a deterring state for every (s, i, a). They are described, counted and
searched without being listed (:class:`Family`), and a skeleton in which some departure is deterred by no state is
dropped together with all its automata.

**Both at once.** What follows when both players depart in the same period enters no one-shot deviation, and no plan of
a player who believes the other keeps the agreement. It can only make further states reachable, which add constraints.
So, while acts are seen, automata are compared by what they prescribe after every history in which no period saw both
depart. Under trembles both can err at once, and all moves count.

**Behaviour.** Two automata are the same agreement if they prescribe the same after every history. Each has a unique
form: states reachable and pairwise different (Moore 1956, by refining the partition), numbered by a breadth-first walk
(the canonical form of Almeida, Moreira and Reis 2007, *Theoretical Computer Science* 387). Relabelled, padded and
split states thus fall together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, permutations, product
from typing import NamedTuple

from detente.errors import ParameterError
from detente.game.agreement import Agreement, BoundAgreement
from detente.game.game import Game

Profile = tuple[int, int]
Coordinate = tuple[int, int]  # a state, and the number of an outcome in it
Word = tuple[tuple[int, ...], tuple[int, ...]]  # a path of profile numbers: prefix and cycle


class Automaton(NamedTuple):
    """An automaton by number: the profile prescribed in each state, and the next state after each outcome.

    ``move[s][0]`` follows when nobody departs; then come the departures of the first player, of the second, and, if
    the automaton is *full*, those of both at once. State 0 is the start.
    """

    play: tuple[int, ...]
    move: tuple[tuple[int, ...], ...]


class Outcomes:
    """The outcomes of one period as they look from a prescribed profile, in the order of an automaton's moves."""

    def __init__(self, shape: tuple[int, int]) -> None:
        rows, columns = shape
        self.shape = shape
        self.profiles: tuple[Profile, ...] = tuple(product(range(rows), range(columns)))
        self.number = {p: k for k, p in enumerate(self.profiles)}
        self.unilateral = rows + columns - 2
        self.owner: tuple[int, ...] = (*[0] * (rows - 1), *[1] * (columns - 1))  # of departures 1, 2, … in this order
        self.after: tuple[tuple[Profile, ...], ...] = tuple(self._outcomes(*p) for p in self.profiles)
        self.position = tuple({outcome: k for k, outcome in enumerate(row)} for row in self.after)

    def _outcomes(self, a: int, b: int) -> tuple[Profile, ...]:
        first = [x for x in range(self.shape[0]) if x != a]
        second = [y for y in range(self.shape[1]) if y != b]
        return ((a, b), *((x, b) for x in first), *((a, y) for y in second), *product(first, second))

    @property
    def count(self) -> int:
        return len(self.profiles)


@dataclass(frozen=True)
class Skeleton:
    """Prescriptions, the moves while nobody departs, and the word of every state."""

    play: tuple[int, ...]
    next: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.play)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return tuple(_word(self.play, self.next, s) for s in range(self.size))


@dataclass(frozen=True)
class Target:
    """The path to be sustained: a cycle of profile numbers, from the start on or, if ``eventually``, from some time."""

    cycle: tuple[int, ...]
    eventually: bool = False

    def admits(self, word: Word) -> bool:
        prefix, cycle = word
        if not self.eventually:
            return not prefix and cycle == self.cycle
        return len(cycle) == len(self.cycle) and any(
            cycle == self.cycle[k:] + self.cycle[:k] for k in range(len(cycle))
        )


@dataclass(frozen=True)
class Family:
    """Automata of one skeleton: in every coordinate any of some states may follow."""

    skeleton: Skeleton
    choices: Mapping[Coordinate, tuple[int, ...]] = field(hash=False)

    def rows(self) -> Iterator[Automaton]:
        """Every member as it stands, in no canonical form; moves after both departed are left out."""
        n = self.skeleton.size
        coordinates = sorted(self.choices)
        width = len(coordinates) // n
        for chosen in product(*(self.choices[c] for c in coordinates)):
            move = tuple((self.skeleton.next[s], *chosen[s * width : (s + 1) * width]) for s in range(n))
            yield Automaton(self.skeleton.play, move)

    def members(self) -> Iterator[Automaton]:
        """The members whose states are all reachable and all different, in canonical form; repetitions are possible."""
        distinct = len(set(self.skeleton.words)) == self.skeleton.size
        for row in self.rows():
            form = relabelled(row)
            if len(form.play) == self.skeleton.size and (distinct or is_minimal(form)):
                yield form


def skeletons(outcomes: Outcomes, size: int, target: Target) -> Iterator[Skeleton]:
    """Every skeleton with ``size`` states whose path from state 0 is the target, once up to renumbering."""
    profiles = range(len(outcomes.profiles))
    for visited in range(1, size + 1):
        others = size - visited
        for back in range(visited):
            onward = (*range(1, visited), back)
            for on_path in _prescriptions(profiles, onward, target):
                for rest in product(profiles, repeat=others):
                    play = (*on_path, *rest)
                    for away in product(range(size), repeat=others):
                        if _is_least(rest, away, visited):
                            yield Skeleton(play, (*onward, *away))


def _prescriptions(profiles: range, onward: tuple[int, ...], target: Target) -> Iterator[tuple[int, ...]]:
    """What the states on the path may prescribe."""
    if target.eventually:
        candidates: Iterator[tuple[int, ...]] = product(profiles, repeat=len(onward))
    else:
        length = len(target.cycle)
        candidates = iter([tuple(target.cycle[k % length] for k in range(len(onward)))])
    for play in candidates:
        if target.admits(_word(play, onward, 0)):
            yield play


def _is_least(rest: tuple[int, ...], away: tuple[int, ...], visited: int) -> bool:
    """Whether no renumbering of the states off the path gives a smaller description."""
    if any(x > y for x, y in pairwise(rest)):
        return False
    for order in permutations(range(len(rest))):  # order[k]: which state becomes the k-th
        if tuple(rest[k] for k in order) != rest:
            continue
        place = {old: new for new, old in enumerate(order)}
        moved = tuple(t if t < visited else visited + place[t - visited] for t in (away[k] for k in order))
        if moved < away:
            return False
    return True


def _word(play: Sequence[int], onward: Sequence[int], state: int) -> Word:
    seen: dict[int, int] = {}
    path: list[int] = []
    while state not in seen:
        seen[state] = len(path)
        path.append(play[state])
        state = onward[state]
    prefix, cycle = path[: seen[state]], path[seen[state] :]
    cycle = list(primitive(cycle))
    while prefix and prefix[-1] == cycle[-1]:
        cycle = [prefix.pop(), *cycle[:-1]]
    return tuple(prefix), tuple(cycle)


def primitive(cycle: Sequence[int]) -> tuple[int, ...]:
    """The shortest cycle that repeats to the same path."""
    whole = tuple(cycle)
    period = next(d for d in range(1, len(whole) + 1) if whole == whole[:d] * (len(whole) // d))
    return whole[:period]


def relabelled(automaton: Automaton) -> Automaton:
    """The reachable states, numbered by a breadth-first walk from the start."""
    order = [0]
    place = {0: 0}
    for s in order:  # grows as states are reached
        for t in automaton.move[s]:
            if t not in place:
                place[t] = len(order)
                order.append(t)
    return Automaton(
        tuple(automaton.play[s] for s in order),
        tuple(tuple(place[t] for t in automaton.move[s]) for s in order),
    )


def is_minimal(automaton: Automaton) -> bool:
    """Whether no two states prescribe the same after every history."""
    return len(set(_behaviours(automaton))) == len(automaton.play)


def minimal(automaton: Automaton) -> Automaton:
    """The canonical form: equivalent states merged, reachable ones numbered breadth first."""
    block = _behaviours(automaton)
    first = {b: s for s, b in reversed(list(enumerate(block)))}
    order = [block[0], *(b for b in first if b != block[0])]
    place = {b: k for k, b in enumerate(order)}
    return relabelled(
        Automaton(
            tuple(automaton.play[first[b]] for b in order),
            tuple(tuple(place[block[t]] for t in automaton.move[first[b]]) for b in order),
        )
    )


def _behaviours(automaton: Automaton) -> tuple[int, ...]:
    """For every state the number of its class of states that behave alike (Moore 1956)."""
    block: tuple[int, ...] = automaton.play
    count = len(set(block))
    while True:
        rows = [(block[s], *(block[t] for t in move)) for s, move in enumerate(automaton.move)]
        names = {row: k for k, row in enumerate(dict.fromkeys(rows))}
        block = tuple(names[row] for row in rows)
        if len(names) == count:
            return block
        count = len(names)


def without_joint(automaton: Automaton, outcomes: Outcomes) -> Automaton:
    """The canonical form when the moves after both departed do not count."""
    kept = 1 + outcomes.unilateral
    return minimal(Automaton(automaton.play, tuple(row[:kept] for row in automaton.move)))


def with_joint(automaton: Automaton, outcomes: Outcomes) -> Automaton:
    """A full automaton: when both depart, play moves as if the first player alone had."""
    rows = []
    for p, row in zip(automaton.play, automaton.move, strict=True):
        both = outcomes.after[p][1 + outcomes.unilateral :]
        rows.append((*row, *(row[outcomes.position[p][(x, outcomes.profiles[p][1])]] for x, _ in both)))
    return Automaton(automaton.play, tuple(rows))


def mirrored(automaton: Automaton, outcomes: Outcomes) -> Automaton:
    """The automaton with the players exchanged, in canonical form; the game must have a square shape."""
    swap = [outcomes.number[(b, a)] for a, b in outcomes.profiles]
    play = tuple(swap[p] for p in automaton.play)
    width = len(automaton.move[0])
    rows = []
    for p, q, row in zip(automaton.play, play, automaton.move, strict=True):
        rows.append(tuple(row[outcomes.position[p][(a, b)]] for b, a in outcomes.after[q][:width]))
    return minimal(Automaton(play, tuple(rows)))


def from_bound(bound: BoundAgreement, outcomes: Outcomes) -> Automaton:
    """An agreement on the game as a full automaton."""
    play = tuple(outcomes.number[p] for p in bound.play)  # type: ignore[index]
    return Automaton(play, tuple(tuple(bound.move[s][o] for o in outcomes.after[p]) for s, p in enumerate(play)))


def to_agreement(automaton: Automaton, outcomes: Outcomes, game: Game, name: str = "") -> Agreement:
    """The automaton as an :class:`Agreement`; one without joint moves gets them from :func:`with_joint`."""
    full = automaton if len(automaton.move[0]) == outcomes.count else with_joint(automaton, outcomes)
    labels = [game.profile_labels(outcomes.profiles[p]) for p in full.play]
    names = [f"{s}: {', '.join(map(str, label))}" for s, label in enumerate(labels)]
    move = {
        names[s]: {
            game.profile_labels(o): names[t] for o, t in zip(outcomes.after[full.play[s]], full.move[s], strict=True)
        }
        for s in range(len(names))
    }
    return Agreement(dict(zip(names, labels, strict=True)), move, names[0], name)


def code(automaton: Automaton) -> str:
    """A name that says all: for each state the number of its profile, and the next states.

    >>> code(Automaton((0, 3), ((0, 1, 1), (1, 1, 1))))
    'automaton 0:011 3:111'
    """
    rows = zip(automaton.play, automaton.move, strict=True)
    return "automaton " + " ".join(f"{p}:{''.join(map(str, row))}" for p, row in rows)


def target_of(game: Game, path: object, eventually: bool) -> Target:
    """The path as a user writes it: nothing, one profile, or a sequence of profiles to be repeated."""
    number = Outcomes((game.shape[0], game.shape[1])).number
    if path is None:
        return Target((number[(0, 0)],), eventually)
    if isinstance(path, str) or not isinstance(path, Sequence) or not path:
        raise ParameterError("path", path, "a profile to be played for ever, or a sequence of profiles to be repeated")
    is_cycle = all(isinstance(p, tuple | list) for p in path)
    cycle = [number[game.pure_profile(p)] for p in (path if is_cycle else [path])]  # type: ignore[index]
    return Target(primitive(cycle), eventually)
