"""An independent check that a set of payoffs generates itself, by one-shot deviations in rationals.

It knows nothing of polygons, operators or scaling: each vertex comes with the actions to play, a lottery over
vertices that follows, and for each player the vertex that follows a deviation. If every vertex's value is what these
give and no deviation pays, then following the lotteries from any vertex on is a subgame-perfect equilibrium with that
value (the one-shot-deviation principle; Mailath and Samuelson 2006, proposition 2.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from detente.errors import CertificateError, DetenteError
from detente.game.game import Game
from detente.repeated.payoff_sets.generation import Generation

Points = Sequence[tuple[Any, Any]]


def check_generations(
    game: Game, discount: Fraction, generations: Sequence[Generation], vertices: Points, outer: Points
) -> None:
    """Raise :class:`CertificateError` at the first vertex that its own strategy does not support."""
    if [g.value for g in generations] != list(vertices):
        raise CertificateError("generators", len(generations), f"one for each of {len(vertices)} vertices, in order")
    for number, generation in enumerate(generations):
        name = f"vertex {number}"
        profile = _known_profile(game, generation, name)
        followers = [k for k, _ in generation.lottery]
        if not all(k in range(len(vertices)) for k in (*followers, *generation.punishments)):
            raise CertificateError(name, (followers, generation.punishments), "numbers of vertices")
        if len(generation.punishments) != 2 or len(generation.slack) != 2:
            raise CertificateError(name, generation.punishments, "a punishment and a slack for each of two players")
        weights = [p for _, p in generation.lottery]
        if sum(weights, Fraction(0)) != 1 or min(weights) < 0:
            raise CertificateError(name, generation.lottery, "probabilities that add up to one")
        for player in range(2):
            expected = sum((p * vertices[k][player] for k, p in generation.lottery), Fraction(0))
            if expected != generation.continuation[player]:
                raise CertificateError(name, generation.continuation, "the lottery's expected payoffs")
            stage = game.exact_payoffs[player]
            value = (1 - discount) * stage[profile] + discount * expected
            if value != generation.value[player]:
                raise CertificateError(name, generation.value, "the value of acting so and continuing so")
            punished = vertices[generation.punishments[player]][player]
            best = None
            for action in range(game.shape[player]):
                deviation = (action, profile[1]) if player == 0 else (profile[0], action)
                gained = (1 - discount) * stage[deviation] + discount * punished
                best = gained if best is None or gained > best else best
                if gained > value:
                    label = game.actions[player][action]
                    raise CertificateError(name, generation.value, f"{game.players[player]} not to gain by {label}")
            if generation.slack[player] != value - best:
                raise CertificateError(name, generation.slack, f"{value - best} for {game.players[player]}")
    for vertex in vertices:
        if not _is_inside(vertex, outer):
            raise CertificateError("outer", vertex, "to contain every vertex")


def _known_profile(game: Game, generation: Generation, name: str) -> tuple[int, ...]:
    try:
        return game.pure_profile(generation.profile)
    except DetenteError as error:
        raise CertificateError(name, generation.profile, "a profile of the game") from error


def _is_inside(point: tuple[Any, Any], corners: Points) -> bool:
    """Whether no direction given by an edge separates a point from a convex polygon, or from a segment or point."""
    if len(corners) == 1:
        return point == corners[0]
    for k, q in enumerate(corners):
        p = corners[k - 1]
        if (q[0] - p[0]) * (point[1] - p[1]) < (q[1] - p[1]) * (point[0] - p[0]):
            return False
    low, high = min(corners), max(corners)
    return bool(corners) and low <= point <= high
