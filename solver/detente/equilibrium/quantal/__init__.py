"""Logit quantal response equilibria, and the Nash equilibrium that they lead to."""
