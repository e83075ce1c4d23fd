"""Arrays of parameters on one common grid: the reading side of :mod:`detente.repeated.batch`.

DataArrays are aligned by the names and coordinates of their dimensions, plain arrays broadcast as in NumPy; both may be
mixed. Whatever the shapes, the computation sees one flat list of points.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detente.errors import LabelError, ParameterError, UnsupportedError
from detente.exact.rational import to_fraction
from detente.game.game import Game
from detente.game.monitoring import PublicSignals, trembles
from detente.game.repeated import RepeatedGame

Floats = NDArray[np.float64]
OWN = "_payoff"  # the axis of an array of payoffs that runs over players and profiles
# ("discount", player or None), ("breakdown", None), ("level", name), ("noise", None) or ("payoffs", None)
Key = tuple[str, Any]


def read_grid(
    rg: RepeatedGame, discount: Any, breakdown: Any, noise: Any, levels: Mapping[str, Any] | None, payoffs: Any
) -> dict[Key, xr.DataArray]:
    """Every parameter that was given, checked, as an array with named dimensions (payoffs' own axes come last)."""
    raw: dict[Key, Any] = {}
    if isinstance(discount, Mapping):
        raw |= {("discount", rg.game.player_index(player)): d for player, d in discount.items()}
    elif discount is not None:
        raw["discount", None] = discount
    if breakdown is not None:
        raw["breakdown", None] = breakdown
    if levels is not None and not isinstance(levels, Mapping):
        raise ParameterError("levels", levels, "a mapping from a signal's levels to arrays")
    known = rg.monitoring.levels if isinstance(rg.monitoring, PublicSignals) else {}
    if levels and not known:
        raise UnsupportedError("levels", sorted(levels), f"public signals with levels, not {rg.monitoring!r}")
    for name, value in (levels or {}).items():
        if name not in known:
            raise LabelError("level", name, known)
        raw["level", name] = value
    if noise is not None:
        if isinstance(rg.monitoring, PublicSignals) and ("noise" not in known or ("level", "noise") in raw):
            raise UnsupportedError("noise", rg.monitoring, "trembles, or a signal with one level called 'noise'")
        raw[("level", "noise") if known else ("noise", None)] = noise
    arrays = {key: _numbers(value, _name(rg.game, key), below_one=key[0] == "discount") for key, value in raw.items()}
    if payoffs is not None:
        arrays["payoffs", None] = _payoffs(rg.game, payoffs)
    return _named(rg.game, arrays)


def _name(game: Game, key: Key) -> str:
    kind, which = key
    return str(which) if kind == "level" else kind if which is None else f"discount of {game.players[which]}"


def _numbers(value: Any, name: str, *, below_one: bool) -> Any:
    """Checked floats: a DataArray as it came, or a plain array."""
    array = value.astype(np.float64) if isinstance(value, xr.DataArray) else _as_floats(value, name)
    plain = np.asarray(array)
    good = (plain >= 0) & ((plain < 1) if below_one else (plain <= 1))
    if not good.all():
        raise ParameterError(name, plain[~good].flat[0], f"numbers in [0, 1{')' if below_one else ']'}")
    return array


def _payoffs(game: Game, payoffs: Any) -> Any:
    """Checked payoffs with one last axis for all players and profiles."""
    own = (game.n_players, *game.shape)
    array = _as_floats(payoffs, "payoffs")
    if array.shape[-len(own) :] != own or not np.isfinite(array).all():
        raise ParameterError("payoffs", array.shape, f"finite numbers with last axes {own}")
    flat = array.reshape(*array.shape[: -len(own)], -1)
    return xr.DataArray(flat, dims=[*payoffs.dims[: -len(own)], OWN]) if isinstance(payoffs, xr.DataArray) else flat


def _named(game: Game, arrays: Mapping[Key, Any]) -> dict[Key, xr.DataArray]:
    """Plain arrays broadcast against each other, with names for their dimensions."""
    own = {key: 1 if key[0] == "payoffs" else 0 for key in arrays}
    plain = {key: array for key, array in arrays.items() if not isinstance(array, xr.DataArray)}
    try:
        lead = np.broadcast_shapes(*(array.shape[: array.ndim - own[key]] for key, array in plain.items()))
    except ValueError as error:
        shapes = {_name(game, key): array.shape for key, array in plain.items()}
        raise ParameterError("parameters", shapes, "arrays that broadcast against each other") from error
    varying = [key for key, array in plain.items() if array.ndim > own[key]]
    alone = len(varying) == 1 and len(lead) == 1 and not own[varying[0]]
    dims = [_name(game, varying[0])] if alone else [f"dim_{k}" for k in range(len(lead))]
    found = {}
    for key, array in arrays.items():
        if key in plain and array.ndim > own[key]:
            tail = array.shape[array.ndim - own[key] :]
            array = xr.DataArray(np.broadcast_to(array, (*lead, *tail)), dims=[*dims, *[OWN] * own[key]])
            if alone:
                array = array.assign_coords({dims[0]: array.values})
        elif key in plain:
            array = xr.DataArray(array, dims=[OWN] * own[key])
        found[key] = array.rename(_name(game, key))
    return found


def _as_floats(value: Any, name: str) -> Floats:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        exact = np.asarray(value, dtype=object)
        return np.array([float(to_fraction(x, name)) for x in exact.ravel()]).reshape(exact.shape)


def common_points(
    game: Game, given: Mapping[Key, xr.DataArray]
) -> tuple[dict[Key, Floats], tuple[Any, ...], tuple[int, ...]]:
    """All parameters on one flat list of points, with the dimensions and sizes of the grid."""
    try:
        aligned = xr.align(*given.values(), join="exact", exclude=[OWN])
        arrays = xr.broadcast(*aligned, exclude=[OWN])
    except ValueError as error:
        shapes = {array.name: dict(array.sizes) for array in given.values()}
        raise ParameterError("parameters", shapes, "arrays that agree in the dimensions that they share") from error
    dims = tuple(d for d in (arrays[0].dims if arrays else ()) if d != OWN)
    sizes = tuple(arrays[0].sizes[d] for d in dims)
    flat = {}
    for key, array in zip(given, arrays, strict=True):
        values = array.transpose(*dims, ...).values
        flat[key] = values.reshape(-1, game.payoffs.size) if key[0] == "payoffs" else values.ravel()
    return flat, dims, sizes


def game_at(rg: RepeatedGame, point: Mapping[Key, Any]) -> RepeatedGame:
    """The exact repeated game at one point; floats are the decimals they print as."""
    discount, monitoring, game, breakdown = list(rg.discount), rg.monitoring, rg.game, rg.breakdown
    levels = {}
    for (kind, which), value in point.items():
        if kind == "payoffs":
            exact = np.array([to_fraction(float(x)) for x in value], dtype=object).reshape(game.payoffs.shape)
            game = Game(exact, players=game.players, actions=game.actions)  # type: ignore[arg-type]
            continue
        number = to_fraction(float(value))
        if kind == "discount":
            discount = [number if which in (None, i) else d for i, d in enumerate(discount)]
        elif kind == "breakdown":
            breakdown = number
        elif kind == "noise":
            monitoring = trembles(number)
        else:
            levels[which] = number
    if isinstance(monitoring, PublicSignals) and levels:
        monitoring = monitoring.with_levels(**levels)
    return RepeatedGame(game, discount, breakdown, monitoring)
