"""Exact arithmetic: fractions, algebraic numbers, polynomials, intervals and regions, polytopes, linear programmes."""
