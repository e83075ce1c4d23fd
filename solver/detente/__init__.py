"""Détente: exact thresholds of patience, monitoring and trust at which agreements between rivals hold."""

from detente.errors import DetenteError
from detente.game.game import Game

__all__ = ["DetenteError", "Game"]
