"""Games played again and again: what an agreement is worth, who would break it, and where it holds."""
