"""Reading payoff arrays: int64 where all entries are machine integers, Fractions where exact, float64 otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.errors import PayoffError
from detente.exact.rational import is_exact_number, to_fraction

# NumPy arrays have at most 64 axes, one of which numbers the players.
MAX_PLAYERS = 63
MAX_ENTRIES = 10**9


def read_payoffs(payoffs: Any) -> NDArray[Any]:
    """``payoffs`` as a fresh array of shape ``(n, m_1, …, m_n)``.

    dtype int64 or object (Fractions) for exact payoffs, float64 otherwise. Raises :class:`PayoffError` for NaN,
    infinite, complex, boolean, ragged, empty and non-numeric payoffs, and for shapes that are not a game's.
    """
    if isinstance(payoffs, Sequence) and not isinstance(payoffs, str) and len(payoffs) > 0:
        parts = [_read(part, f"payoffs[{i}]") for i, part in enumerate(payoffs)]
        shapes = {part.shape for part in parts}
        if len(shapes) != 1:
            raise PayoffError("payoffs", sorted(shapes), "arrays of one shape, one per player")
        # One float anywhere makes a float game; otherwise machine integers or, failing that, Fractions.
        kinds = {part.dtype.kind for part in parts}
        if "f" in kinds:
            array = np.stack([_floats(part) for part in parts])
        elif "O" in kinds:
            array = np.stack([as_fractions(part) if part.dtype != object else part for part in parts])
        else:
            array = np.stack(parts)
    else:
        array = _read(payoffs, "payoffs")
    n = array.ndim - 1
    if n < 1 or n > MAX_PLAYERS or array.shape[0] != n:
        expected = "an array of shape (n, m_1, …, m_n): one array per player, with one axis per player"
        raise PayoffError("payoffs", f"shape {array.shape}", expected)
    if 0 in array.shape:
        raise PayoffError("payoffs", f"shape {array.shape}", "at least one action for every player")
    return array


def as_fractions(array: NDArray[Any]) -> NDArray[np.object_]:
    """A read-only object array of Fractions; a float is read as the decimal that it prints as."""
    out: NDArray[Any] = np.empty(array.size, dtype=object)
    out[:] = [to_fraction(x, "payoffs", PayoffError) for x in array.ravel().tolist()]
    out = out.reshape(array.shape)
    out.flags.writeable = False
    return out


def _read(part: Any, argument: str) -> NDArray[Any]:
    if isinstance(part, np.ndarray) and part.dtype != object:
        return _read_typed(part, argument)
    if hasattr(part, "__array__") and not isinstance(part, np.ndarray):
        return _read(np.asarray(part), argument)
    shape = _shape(part, argument)
    if int(np.prod(shape, dtype=object)) > MAX_ENTRIES:
        raise PayoffError(argument, f"shape {shape}", f"at most {MAX_ENTRIES} entries")
    flat: list[Any] = []
    _flatten(part, flat)
    exact = [to_fraction(x, argument, PayoffError) for x in flat]
    if not all(is_exact_number(x) for x in flat):
        floats = [float(q) if is_exact_number(x) else float(x) for x, q in zip(flat, exact, strict=True)]
        return np.array(floats, dtype=np.float64).reshape(shape)
    return _compact(exact, shape)


def _read_typed(array: NDArray[Any], argument: str) -> NDArray[Any]:
    kind = array.dtype.kind
    if kind == "f":
        if array.dtype.itemsize < 8:  # float32(0.1) means 1/10: widen through its own shortest decimal
            widened = [float(str(x)) for x in array.ravel()]
            array = np.array(widened, dtype=np.float64).reshape(array.shape)
        if not np.isfinite(array).all():
            bad = array[~np.isfinite(array)].ravel()[0]
            raise PayoffError(argument, float(bad), "finite payoffs")
        return array.astype(np.float64)
    if kind in "iu":
        if kind == "u" and array.dtype.itemsize == 8 and array.size and int(array.max()) > 2**63 - 1:
            return _compact([Fraction(int(x)) for x in array.ravel()], array.shape)
        return array.astype(np.int64)
    if kind in "US":
        texts = [str(x) for x in array.ravel().tolist()]
        return _compact([to_fraction(x, argument, PayoffError) for x in texts], array.shape)
    raise PayoffError(argument, f"dtype {array.dtype}", "real, finite numbers")


def _compact(values: list[Fraction], shape: tuple[int, ...]) -> NDArray[Any]:
    if all(v.denominator == 1 and -(2**63) <= v.numerator < 2**63 for v in values):
        return np.array([v.numerator for v in values], dtype=np.int64).reshape(shape)
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out.reshape(shape)


def _floats(part: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return part.astype(np.float64)
    except OverflowError as error:
        raise PayoffError("payoffs", "a payoff beyond 1.8e308", "payoffs a float can hold") from error


def _is_nested(part: Any) -> bool:
    if isinstance(part, np.ndarray):
        return part.ndim > 0
    return isinstance(part, Sequence) and not isinstance(part, str | bytes)


def _shape(part: Any, argument: str, depth: int = 0) -> tuple[int, ...]:
    if not _is_nested(part):
        return ()
    if depth > MAX_PLAYERS:
        raise PayoffError(argument, f"nesting deeper than {MAX_PLAYERS}", "one level of nesting per player")
    inner = {_shape(x, argument, depth + 1) for x in part}
    if len(inner) > 1:
        raise PayoffError(argument, f"rows of shapes {sorted(inner)}", "a rectangular array; this one is ragged")
    return (len(part), *(inner.pop() if inner else ()))


def _flatten(part: Any, out: list[Any]) -> None:
    if _is_nested(part):
        for x in part:
            _flatten(x, out)
    else:
        out.append(part.item() if isinstance(part, np.ndarray) else part)
