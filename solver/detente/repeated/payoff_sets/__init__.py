"""Payoffs of subgame-perfect equilibria of two-player games: found, bounded and proven."""
