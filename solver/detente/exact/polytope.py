"""Polytopes of probability vectors, exactly: vertices and inequalities, kept together while half-spaces are cut away.

On the simplex {p ≥ 0, Σ p = 1} every linear inequality can be written c·p ≥ 0 (subtract the right-hand side from each
coefficient), so a polytope within the simplex is a pointed cone within the non-negative orthant, and its vertices are
the cone's extreme rays. The *double description method* (Motzkin, Raiffa, Thompson and Thrall 1953; Fukuda and Prodon
1996, *Double description method revisited*, section 3) keeps the rays while inequalities come one by one: rays on the
wrong side go, and each pair of *adjacent* rays on different sides leaves a new one where it crosses. Two rays are
adjacent iff no other ray is tight wherever both are, which holds in degenerate and lower-dimensional cones too.

Rays are primitive integer vectors. The number of vertices can grow exponentially with the dimension: beyond
``MAX_VERTICES`` the method refuses. It is meant for a handful of coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from html import escape
from itertools import combinations
from math import comb, gcd, lcm
from typing import Any

from flint import fmpz_mat

from detente.errors import CertificateError, LabelError, ParameterError, UnsupportedError
from detente.exact.rational import to_distribution, to_fraction

MAX_VERTICES = 2_000
# verify() tries every set of inequalities that could be tight together at a vertex.
MAX_VERIFIED_SETS = 200_000
# How far beyond an inequality the independent check must find that the claim fails.
NEAR = Fraction(1, 10**6)

Ray = tuple[int, ...]


@dataclass(frozen=True)
class HalfSpace:
    """The probability vectors p with ``Σ coefficients[k] p[k] ≥ 0``, and what makes this inequality."""

    coefficients: tuple[Fraction, ...]
    reason: Any = field(default=None, compare=False)

    def slack(self, point: Sequence[Fraction]) -> Fraction:
        """Non-negative inside."""
        return sum((c * x for c, x in zip(self.coefficients, point, strict=True)), Fraction(0))

    def text(self, names: Sequence[str]) -> str:
        """The inequality as a person writes it, in the smallest integers."""
        sides: tuple[list[str], list[str]] = ([], [])
        for c, name in zip(primitive(self.coefficients), names, strict=True):
            if c:
                sides[c < 0].append(f"{'' if abs(c) == 1 else f'{abs(c)}·'}[{name}]")
        return " ≥ ".join(" + ".join(side) or "0" for side in sides)


@dataclass(frozen=True)
class Polytope:
    """A polytope of probability vectors over ``names``; possibly lower-dimensional, possibly empty.

    Start from :meth:`simplex` and :meth:`cut`; every cut gives a new polytope.

    Attributes
    ----------
    names
        One name a coordinate.
    vertices
        All vertices, in decreasing lexicographic order.

    Examples
    --------
    >>> whole = Polytope.simplex(["friend", "rival", "stranger"])
    >>> likely = whole.cut([1, -1, 0])
    >>> [tuple(map(str, v)) for v in likely.vertices]
    [('1', '0', '0'), ('1/2', '1/2', '0'), ('0', '0', '1')]
    >>> {"friend": "1/2", "rival": "1/4", "stranger": "1/4"} in likely, likely.range("rival")
    (True, (Fraction(0, 1), Fraction(1, 2)))
    """

    names: tuple[str, ...]
    vertices: tuple[tuple[Fraction, ...], ...]
    _cuts: tuple[HalfSpace, ...] = field(default=(), repr=False, compare=False)
    # Every extreme ray, with the mask of the inequalities tight there: the coordinates first, then the cuts
    _rays: tuple[tuple[Ray, int], ...] = field(default=(), repr=False, compare=False)
    holds_at: Callable[[Mapping[str, Fraction]], bool] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def simplex(cls, names: Sequence[str]) -> Polytope:
        """All probability vectors over ``names``."""
        labels = tuple(str(name) for name in names)
        n = len(labels)
        if not labels or len(set(labels)) != n:
            raise ParameterError("names", names, "distinct names, at least one")
        everywhere = (1 << n) - 1
        units = [(tuple(int(j == k) for j in range(n)), everywhere ^ (1 << k)) for k in range(n)]
        return cls(labels, tuple(_point(ray) for ray, _ in units), (), tuple(units))

    def cut(self, coefficients: Sequence[Any], reason: Any = None) -> Polytope:
        """The part where ``Σ coefficients[k] p[k] ≥ 0``; itself, if that is everywhere."""
        half = HalfSpace(tuple(to_fraction(c, "coefficients") for c in coefficients), reason)
        normal = primitive(half.coefficients)
        if len(normal) != len(self.names):
            raise ParameterError("coefficients", coefficients, f"{len(self.names)} numbers")
        side = [sum(c * x for c, x in zip(normal, ray, strict=True)) for ray, _ in self._rays]
        if all(s >= 0 for s in side):
            return self
        bit = 1 << (len(self.names) + len(self._cuts))
        kept = [
            (ray, tight | (bit if s == 0 else 0)) for (ray, tight), s in zip(self._rays, side, strict=True) if s >= 0
        ]
        for i, j in self._crossings(side):
            (inside, a), (outside, b) = self._rays[i], self._rays[j]
            crossing = primitive([side[i] * y - side[j] * x for x, y in zip(inside, outside, strict=True)])
            kept.append((crossing, (a & b) | bit))
        if len(kept) > MAX_VERTICES:
            raise UnsupportedError(
                "polytope", f"more than {MAX_VERTICES} vertices", "fewer coordinates or inequalities"
            )
        vertices = tuple(sorted((_point(ray) for ray, _ in kept), reverse=True))
        return Polytope(self.names, vertices, (*self._cuts, half), tuple(kept))

    def _crossings(self, side: list[int]) -> list[tuple[int, int]]:
        """Adjacent pairs of rays, the first strictly inside and the second strictly outside."""
        tights = [tight for _, tight in self._rays]
        least = len(self.names) - 2  # as many independent inequalities are tight along an edge
        found = []
        for i in (k for k, s in enumerate(side) if s > 0):
            for j in (k for k, s in enumerate(side) if s < 0):
                common = tights[i] & tights[j]
                if common.bit_count() >= least and not any(
                    common & ~t == 0 for k, t in enumerate(tights) if k not in (i, j)
                ):
                    found.append((i, j))
        return found

    @property
    def is_empty(self) -> bool:
        return not self.vertices

    @property
    def dimension(self) -> int:
        """The dimension of the polytope; −1 if it is empty."""
        return _rank([ray for ray, _ in self._rays]) - 1

    @property
    def inequalities(self) -> tuple[HalfSpace, ...]:
        """The cuts that matter: with p ≥ 0 and Σ p = 1 they define the polytope, and none can be left out."""
        n = len(self.names)
        if self.dimension == n - 1:  # an inequality matters iff it is tight on a facet
            return tuple(
                half
                for k, half in enumerate(self._cuts)
                if _rank([ray for ray, tight in self._rays if tight >> (n + k) & 1]) == n - 1
            )
        needed = list(self._cuts)
        for half in self._cuts:
            rest = [other for other in needed if other is not half]
            if _intersection(self.names, rest).vertices == self.vertices:
                needed = rest
        return tuple(needed)

    def range(self, name: str) -> tuple[Fraction, Fraction] | None:
        """The least and the largest value of one coordinate; None if the polytope is empty."""
        if name not in self.names:
            raise LabelError("name", name, self.names)
        values = [v[self.names.index(name)] for v in self.vertices]
        return (min(values), max(values)) if values else None

    def __contains__(self, point: Any) -> bool:
        p = as_distribution(point, self.names, "point")
        return all(half.slack(p) >= 0 for half in self._cuts)

    def checked_by(self, holds_at: Callable[[Mapping[str, Fraction]], bool]) -> Polytope:
        """The same polytope with an independent test of what it claims to hold at its points."""
        return replace(self, holds_at=holds_at)

    def verify(self) -> None:
        """Check the polytope; :class:`CertificateError` on a mismatch.

        The vertices must be exactly those of the inequalities (every set of inequalities that could meet in a vertex
        is solved by elimination). An independent test, if there is one, must hold at every vertex, where several meet
        in the middle, and fail just beyond every inequality.
        """
        self._verify_vertices()
        if self.holds_at is None:
            return
        for point in self.sample_points():
            if self.holds_at(dict(zip(self.names, point, strict=True))) != (point in self):
                said = "inside" if point in self else "outside"
                raise CertificateError("prior", tuple(map(str, point)), f"the independent check to agree it is {said}")

    def sample_points(self) -> list[tuple[Fraction, ...]]:
        """The vertices, their mean, and a point just beyond each inequality."""
        n = len(self.names)
        units = [tuple(Fraction(int(j == k)) for j in range(n)) for k in range(n)]
        if self.is_empty:
            return [*units, _mean(units)]
        points = [*self.vertices, _mean(self.vertices)]
        for half in self.inequalities:
            facet = _mean([v for v in self.vertices if half.slack(v) == 0])
            beyond = min(units, key=half.slack)
            points.append(tuple((1 - NEAR) * x + NEAR * y for x, y in zip(facet, beyond, strict=True)))
        return points

    def _verify_vertices(self) -> None:
        n = len(self.names)
        units = [tuple(Fraction(int(j == k)) for j in range(n)) for k in range(n)]
        normals = [*units, *(half.coefficients for half in self.inequalities)]
        if comb(len(normals), n - 1) > MAX_VERIFIED_SETS:
            raise UnsupportedError("polytope", f"{len(normals)} inequalities in {n} coordinates", "a smaller polytope")
        found = set()
        for chosen in combinations(normals, n - 1):
            x = _common_zero(chosen, n)
            if x is not None and all(sum(c * y for c, y in zip(normal, x, strict=True)) >= 0 for normal in normals):
                found.add(x)
        if found != set(self.vertices):
            odd = sorted(found ^ set(self.vertices))[0]
            raise CertificateError("vertices", tuple(map(str, odd)), "exactly the vertices of the inequalities")

    def __repr__(self) -> str:
        if self.is_empty:
            return f"<Polytope of priors over {', '.join(self.names)}: empty>"
        conditions = "; ".join(half.text(self.names) for half in self.inequalities) or "every prior"
        count = f"{len(self.vertices)} vert{'ices' if len(self.vertices) > 1 else 'ex'}"
        return f"<Polytope of dimension {self.dimension}, {count}: {conditions}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.names)
        rows = "".join("<tr>" + "".join(f"<td>{x}</td>" for x in v) + "</tr>" for v in self.vertices)
        conditions = "".join(f"<li>{escape(half.text(self.names))}</li>" for half in self.inequalities)
        return f"<table><caption>vertices</caption><tr>{head}</tr>{rows}</table><ul>{conditions}</ul>"


def as_distribution(point: Any, names: Sequence[str], argument: str) -> tuple[Fraction, ...]:
    """Exact probabilities that sum to one, from a sequence or a mapping from names (those left out have none).

    Floats need to do so to within 1e-12; see :func:`~detente.exact.rational.to_distribution`.
    """
    if isinstance(point, Mapping):
        for name in point:
            if name not in names:
                raise LabelError(argument, name, names)
        given = [point.get(name, 0) for name in names]
    elif hasattr(point, "__len__") and not isinstance(point, str) and len(point) == len(names):
        given = list(point)
    else:
        raise ParameterError(argument, point, f"a probability for each of {', '.join(names)}")
    return to_distribution(given, argument)


def primitive(vector: Sequence[Fraction | int]) -> Ray:
    """The shortest integer vector in the same direction."""
    scale = lcm(*(Fraction(x).denominator for x in vector))
    whole = [int(x * scale) for x in vector]
    common = gcd(*whole) or 1
    return tuple(x // common for x in whole)


def _intersection(names: tuple[str, ...], cuts: Sequence[HalfSpace]) -> Polytope:
    found = Polytope.simplex(names)
    for half in cuts:
        found = found.cut(half.coefficients, half.reason)
    return found


def _point(ray: Ray) -> tuple[Fraction, ...]:
    total = sum(ray)
    return tuple(Fraction(x, total) for x in ray)


def _mean(points: Sequence[Sequence[Fraction]]) -> tuple[Fraction, ...]:
    return tuple(sum(column, Fraction(0)) / len(points) for column in zip(*points, strict=True))


def _rank(rays: list[Ray]) -> int:
    return int(fmpz_mat([list(ray) for ray in rays]).rank()) if rays else 0


def _common_zero(normals: Sequence[Sequence[Fraction]], n: int) -> tuple[Fraction, ...] | None:
    """The one probability vector (if there is exactly one, up to its signs) on which all ``normals`` vanish."""
    rows = [[*normal, Fraction(0)] for normal in normals] + [[Fraction(1)] * (n + 1)]
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return tuple(row[n] for row in rows)
