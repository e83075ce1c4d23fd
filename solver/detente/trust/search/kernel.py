"""A compiled sieve: which automata may be subgame perfect at one level of trembles; the others provably are not.

With payoffs scaled to [0, 1], the values of an automaton solve (I − βT) v = (1 − β) r, and a departure k in state s
loses  (1 − β)(r₀ − r_k) + β Σ_o [p₀(o) − p_k(o)] v(t_o),  with p₀ and p_k the chances of the outcomes o when nobody,
and when the owner of k, departs in intention, and t_o the state that follows o.

**Rounding.** With unit roundoff u, M outcomes and n states, entries of T, r and p are correctly rounded values of exact
rationals, so that the exact equations hold for the computed v̂ up to a residual of at most ρ = |computed residual| +
(4M + 4n + 40) u. As ‖(I − βT)⁻¹‖∞ = 1/(1 − β), v̂ is within e = ρ/(1 − β) of v, and the loss, whose coefficients add
up to at most 2 in size, within 2e + (8M + 40) u. An automaton is discarded only if a loss is below minus that: it
then is a gain, and the automaton is not subgame perfect at this level.

**Before the moves after both departed are known** the values lie between two bounds. Sending both-depart outcomes to a
constant c in place of a state gives v = x + c y with two solutions x, y of one system. (I − βT)⁻¹ ≥ 0, so if c is at
least (at most) every value, x + c y is too, and c may be replaced by its largest (least) entry. The loss is bounded
above outcome by outcome. If the bound is negative, all nⁿ automata that share the other moves are discarded.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")

UNIT = 2.0**-53
ROUNDS = 4  # replacements of the constant c


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
def _may_be_completed(target: Any, chance: Any, reward: Any, beta: Any, rest: Any, owner: Any, work: Any) -> bool:
    """Whether moves after both departed may exist that make the automaton subgame perfect; False is proven."""
    n, m = target.shape
    known = 1 + owner.size
    transition, matrix, right = work[0], work[1], work[2, 0]
    x, y, high, low = work[2, 1], work[3, 0], work[3, 1], work[4, 0]
    for s in range(n):
        for t in range(n):
            transition[s, t] = 0.0
        for o in range(known):
            transition[s, target[s, o]] += chance[s, 0, o]
    for i in range(2):
        for s in range(n):
            right[s] = rest[i] * reward[s, 0, i]
        residual = _solve_within(transition, right, beta[i], matrix, x, n)
        for s in range(n):
            right[s] = 0.0
            for o in range(known, m):
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
        margin = (8 * m + 40) * UNIT
        for s in range(n):
            for k in range(1, known):
                if owner[k - 1] == i:
                    loss = rest[i] * (reward[s, 0, i] - reward[s, k, i])
                    for t in range(n):
                        weight = 0.0
                        for o in range(known):
                            if target[s, o] == t:
                                weight += chance[s, 0, o] - chance[s, k, o]
                        loss += beta[i] * weight * (high[t] if weight > 0.0 else low[t])
                    for o in range(known, m):
                        weight = chance[s, 0, o] - chance[s, k, o]
                        loss += beta[i] * weight * (top if weight > 0.0 else bottom)
                    if loss < -margin:
                        return False
    return True


@compiled
def may_hold(target: Any, chance: Any, reward: Any, beta: Any, rest: Any, owner: Any) -> bool:
    """:func:`_may_hold` with its own working space."""
    n = target.shape[0]
    return _may_hold(target, chance, reward, beta, rest, owner, np.empty((5, max(n, 2), max(n, 2))))


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
    onward: Any,
    choices: Any,
    counts: Any,
    chance: Any,
    reward: Any,
    beta: Any,
    rest: Any,
    owner: Any,
    out: Any,
) -> tuple[int, int, int]:
    """The lean full automata of a family that may hold, into ``out``: how many, how many looked at, how many left out.

    ``chance`` and ``reward`` have a first axis for the levels at which an automaton must hold.
    ``choices[s, k − 1, :counts[s, k − 1]]`` are the states that may follow departure k in state s. A first number
    greater than ``len(out)`` says that ``out`` was too small and the rest was not looked at.
    """
    n, known, m = onward.size, 1 + owner.size, chance.shape[3]
    free = n * (m - known)
    completions = n**free
    work = np.empty((5, max(n, 2), max(n, 2)))
    target = np.zeros((n, m), np.int8)
    digit = np.zeros((n, owner.size), np.int64)
    for s in range(n):
        target[s, 0] = onward[s]
    found, seen, skipped = 0, 0, 0
    while True:
        for s in range(n):
            for k in range(owner.size):
                target[s, 1 + k] = choices[s, k, digit[s, k]]
        if free > 0 and not _may_be_completed(target, chance[0], reward[0], beta, rest, owner, work):
            skipped += completions
        else:
            for s in range(n):
                for o in range(known, m):
                    target[s, o] = 0
            while True:
                seen += 1
                if _may_hold_at_all(target, chance, reward, beta, rest, owner, work) and _is_lean(play, target):
                    if found == out.shape[0]:
                        return found + 1, seen, skipped
                    out[found] = target
                    found += 1
                place = 0  # the next completion, as a number in base n
                while place < free:
                    s, o = place // (m - known), known + place % (m - known)
                    target[s, o] += 1
                    if target[s, o] < n:
                        break
                    target[s, o] = 0
                    place += 1
                if place == free:
                    break
        place = 0
        while place < n * owner.size:
            s, k = place // owner.size, place % owner.size
            digit[s, k] += 1
            if digit[s, k] < counts[s, k]:
                break
            digit[s, k] = 0
            place += 1
        if place == n * owner.size:
            return found, seen, skipped
