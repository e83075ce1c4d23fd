"""The least discount factor at which a profile or payoff can be sustained, with optimal penal codes."""
