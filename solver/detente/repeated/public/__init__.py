"""Public noise: the best value it leaves, what it costs, and how long to punish."""
