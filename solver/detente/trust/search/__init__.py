"""The search over all public automata for the agreement that asks least."""
