"""Game files: Gambit's .nfg, GameTracer's .gam, and this project's own .toml and .json."""
