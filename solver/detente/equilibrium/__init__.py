"""Games played once: every equilibrium, one of a large game, and the other solution concepts."""
