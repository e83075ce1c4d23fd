"""Scenarios: payoffs made of sourced components, and the questions that are asked of them."""
