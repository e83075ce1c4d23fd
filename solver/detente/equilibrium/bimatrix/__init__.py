"""What the equilibria of two-player games are computed with: polytopes, paths and programmes."""
