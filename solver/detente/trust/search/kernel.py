"""A compiled sieve: which automata may be subgame perfect at one level of trembles; the others provably are not.

With payoffs scaled to [0, 1], the values of an automaton solve (I − βT) v = (1 − β) r, and a departure k in state s
loses  (1 − β)(r₀ − r_k) + β Σ_o [p₀(o) − p_k(o)] v(t_o),  with p₀ and p_k the chances of the outcomes o when nobody,
and when the owner of k, departs in intention, and t_o the state that follows o.

**Rounding.** With unit roundoff u, M outcomes and n states, entries of T, r and p are correctly rounded values of exact
rationals, so that the exact equations hold for the computed v̂ up to a residual of at most ρ = |computed residual| +
(4M + 4n + 40) u. As ‖(I − βT)⁻¹‖∞ = 1/(1 − β), v̂ is within e = ρ/(1 − β) of v, and the loss, whose coefficients add
up to at most 2 in size, within 2e + (8M + 40) u. An automaton is discarded only if a loss is below minus that: it
then is a gain, and the automaton is not subgame perfect at this level.

**Before all moves are fixed** the values lie between two bounds. Sending the outcomes whose moves are open to a
constant c in place of a state gives v = x + c y with two solutions x, y of one system. (I − βT)⁻¹ ≥ 0, so if c is at
least (at most) every value, x + c y is too, and c may be replaced by its largest (least) entry. One more round of the
equations, with the best (worst) of the states that may follow each open move, tightens the bounds. The loss is bounded
above outcome by outcome. If the bound is negative, all automata that share the moves fixed so far are discarded (branch
and bound; Land and Doig 1960).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")

UNIT = 2.0**-53
ROUNDS = 4  # replacements of the constant c
MOST_COUNTED = 2**50  # of the automata that one bound discards, lest their number overflow


@compiled
def _solve(a: Any, b: Any, n: int) -> None:
    """Gaussian elimination without exchanges, in place; ``b`` becomes the solution."""
    for k in range(n):
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            if factor != 0.0:
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
                b[i] -= factor * b[k]
    for k in range(n - 1, -1, -1):
        total = b[k]
        for j in range(k + 1, n):
            total -= a[k, j] * b[j]
        b[k] = total / a[k, k]


@compiled
def _solve_within(transition: Any, right: Any, beta: float, matrix: Any, out: Any, n: int) -> float:
    """Solve (I − βT) out = right; the largest computed residual."""
    for s in range(n):
        out[s] = right[s]
        for t in range(n):
            matrix[s, t] = -beta * transition[s, t]
        matrix[s, s] += 1.0
    _solve(matrix, out, n)
    worst = 0.0
    for s in range(n):
        total = right[s] - out[s]
        for t in range(n):
            total += beta * transition[s, t] * out[t]
        worst = max(worst, abs(total))
    return worst


@compiled
def _may_hold(target: Any, chance: Any, reward: Any, beta: Any, rest: Any, owner: Any, work: Any) -> bool:
    """Whether the full automaton ``target[s, o]`` may be subgame perfect; False is proven.

    ``chance[s, k, o]`` is the chance of outcome o when departure k is intended in state s (0: none), ``reward[s, k,
    i]`` the expected payoff of i; ``rest`` is 1 − β.
    """
    n, m = target.shape
    transition, matrix, right, v = work[0], work[1], work[2, 0], work[2, 1]
    for s in range(n):
        for t in range(n):
            transition[s, t] = 0.0
        for o in range(m):
            transition[s, target[s, o]] += chance[s, 0, o]
    for i in range(2):
        for s in range(n):
            right[s] = rest[i] * reward[s, 0, i]
        residual = _solve_within(transition, right, beta[i], matrix, v, n)
        margin = 2.0 * (residual + (4 * m + 4 * n + 40) * UNIT) / rest[i] + (8 * m + 40) * UNIT
        for s in range(n):
            for k in range(1, owner.size + 1):
                if owner[k - 1] == i:
                    loss = rest[i] * (reward[s, 0, i] - reward[s, k, i])
                    for o in range(m):
                        loss += beta[i] * (chance[s, 0, o] - chance[s, k, o]) * v[target[s, o]]
                    if loss < -margin:
                        return False
    return True


@compiled
def _may_be_completed(
    target: Any, choices: Any, counts: Any, chance: Any, reward: Any, beta: Any, rest: Any, owner: Any, work: Any
) -> bool:
    """Whether moves that are not fixed yet (−1) may be chosen such that the automaton is subgame perfect; False is
    proven."""
    n, m = target.shape
    transition, matrix, right = work[0], work[1], work[2, 0]
    x, y, high, low = work[2, 1], work[3, 0], work[3, 1], work[4, 0]
    for s in range(n):
        for t in range(n):
            transition[s, t] = 0.0
        for o in range(m):
            if target[s, o] >= 0:
                transition[s, target[s, o]] += chance[s, 0, o]
    slip = (8 * m + 40) * UNIT
    for i in range(2):
        for s in range(n):
            right[s] = rest[i] * reward[s, 0, i]
        residual = _solve_within(transition, right, beta[i], matrix, x, n)
        for s in range(n):
            right[s] = 0.0
            for o in range(1, m):
                if target[s, o] < 0:
                    right[s] += beta[i] * chance[s, 0, o]
        residual += _solve_within(transition, right, beta[i], matrix, y, n)
        error = (residual + 2 * (4 * m + 4 * n + 40) * UNIT) / rest[i]
        top, bottom = 1.0, 0.0
        for _ in range(ROUNDS):
            new_top, new_bottom = 0.0, 1.0
            for s in range(n):
                high[s] = x[s] + top * y[s] + error
                low[s] = x[s] + bottom * y[s] - error
                new_top = max(new_top, high[s])
                new_bottom = min(new_bottom, low[s])
            top, bottom = min(top, new_top), max(bottom, new_bottom)
        for s in range(n):  # what may follow a move is one of its choices, not the best or worst of all states
            above, below = rest[i] * reward[s, 0, i] + slip, rest[i] * reward[s, 0, i] - slip
            for o in range(m):
                most, least = _extremes(target, choices, counts, high, low, s, o)
                above += beta[i] * chance[s, 0, o] * most
                below += beta[i] * chance[s, 0, o] * least
            high[s], low[s] = min(high[s], above), max(low[s], below)
        for s in range(n):
            for k in range(1, owner.size + 1):
                if owner[k - 1] == i:
                    loss = rest[i] * (reward[s, 0, i] - reward[s, k, i])
                    for t in range(n):
                        weight = 0.0
                        for o in range(m):
                            if target[s, o] == t:
                                weight += chance[s, 0, o] - chance[s, k, o]
                        loss += beta[i] * weight * (high[t] if weight > 0.0 else low[t])
                    for o in range(1, m):
                        if target[s, o] < 0:
                            weight = chance[s, 0, o] - chance[s, k, o]
                            most, least = _extremes(target, choices, counts, high, low, s, o)
                            loss += beta[i] * weight * (most if weight > 0.0 else least)
                    if loss < -slip:
                        return False
    return True


@compiled
def _extremes(target: Any, choices: Any, counts: Any, high: Any, low: Any, s: int, o: int) -> tuple[float, float]:
    """The most and the least that may be worth having after outcome o in state s."""
    if target[s, o] >= 0:
        return high[target[s, o]], low[target[s, o]]
    most, least = high[choices[s, o - 1, 0]], low[choices[s, o - 1, 0]]
    for c in range(1, counts[s, o - 1]):
        most = max(most, high[choices[s, o - 1, c]])
        least = min(least, low[choices[s, o - 1, c]])
    return most, least


@compiled
def which_may_hold(
    play: Any, target: Any, chance: Any, reward: Any, beta: Any, rest: Any, owner: Any, still: Any
) -> None:
    """:func:`_may_hold` for every automaton ``play[a], target[a]`` of ``still``, which is updated.

    ``chance`` and ``reward`` are by profile here, not by state.
    """
    count, n, m = target.shape
    work = np.empty((5, max(n, 2), max(n, 2)))
    odds, pay = np.empty((n, chance.shape[1], m)), np.empty((n, reward.shape[1], 2))
    for a in range(count):
        if still[a]:
            for s in range(n):
                odds[s], pay[s] = chance[play[a, s]], reward[play[a, s]]
            still[a] = _may_hold(target[a], odds, pay, beta, rest, owner, work)


@compiled
def _is_lean(play: Any, target: Any) -> bool:
    """Whether all states are reachable and no two behave alike: otherwise a smaller automaton is the same agreement."""
    n, m = target.shape
    reached = np.zeros(n, np.bool_)
    reached[0] = True
    for _ in range(n):
        for s in range(n):
            if reached[s]:
                for o in range(m):
                    reached[target[s, o]] = True
    if not reached.all():
        return False
    block, finer = play.copy(), np.empty(n, play.dtype)  # classes of states, each named by its first member
    for _ in range(n):
        for s in range(n):
            finer[s] = s
            for t in range(s):
                alike = block[s] == block[t]
                for o in range(m):
                    alike = alike and block[target[s, o]] == block[target[t, o]]
                if alike:
                    finer[s] = finer[t]
                    break
        block, finer = finer, block
    for s in range(n):  # noqa: SIM110 (a generator would not compile)
        if block[s] != s:
            return False
    return True


@compiled
def _may_hold_at_all(target: Any, chance: Any, reward: Any, beta: Any, rest: Any, owner: Any, work: Any) -> bool:
    """:func:`_may_hold` at each of several levels of noise."""
    for level in range(chance.shape[0]):
        if not _may_hold(target, chance[level], reward[level], beta, rest, owner, work):
            return False
    return True


@compiled
def sieve(
    play: Any,
    order: Any,
    choices: Any,
    counts: Any,
    chance: Any,
    reward: Any,
    beta: Any,
    rest: Any,
    owner: Any,
    target: Any,
    digit: Any,
    tally: Any,
    out: Any,
    most: int,
) -> bool:
    """Lean full automata of a family that may hold, into ``out``: a walk that fixes one move after the other.

    ``order`` lists the moves (s, o) to be fixed, ``choices[s, o − 1, :counts[s, o − 1]]`` the states that may follow
    each. ``chance`` and ``reward`` have a first axis for the levels at which an automaton must hold. Before a move is
    fixed the branch is left if no completion can hold at the first level.

    The walk stops after ``most`` steps and is taken up where it stopped when called again with the same ``target``,
    ``digit`` and ``tally``: its depth, the automata found, and how many were looked at and left out. True once it is
    over; more automata found than ``out`` has room for say that it was not finished for want of room.
    """
    n, depth = target.shape[0], tally[0]
    work = np.empty((5, max(n, 2), max(n, 2)))
    last = order.shape[0]
    for _ in range(most):
        if depth < 0:
            break
        back = False
        if depth == last:
            tally[2] += 1
            if _may_hold_at_all(target, chance, reward, beta, rest, owner, work) and _is_lean(play, target):
                if tally[1] == out.shape[0]:
                    tally[1] += 1
                    return True
                out[tally[1]] = target
                tally[1] += 1
            back = True
        elif digit[depth] == 0 and not _may_be_completed(
            target, choices, counts, chance[0], reward[0], beta, rest, owner, work
        ):
            left = 1
            for d in range(depth, last):
                if left < MOST_COUNTED:
                    left *= counts[order[d, 0], order[d, 1] - 1]
            tally[3] += left
            back = True
        if not back and digit[depth] < counts[order[depth, 0], order[depth, 1] - 1]:
            s, o = order[depth]
            target[s, o] = choices[s, o - 1, digit[depth]]
            digit[depth] += 1
            depth += 1
            if depth < last:
                digit[depth] = 0
        else:  # back to the move fixed before
            if not back:
                target[order[depth, 0], order[depth, 1]] = -1
            depth -= 1
            if depth >= 0:
                target[order[depth, 0], order[depth, 1]] = -1
    tally[0] = depth
    return bool(depth < 0)
