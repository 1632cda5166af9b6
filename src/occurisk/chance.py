"""Probabilities as people read them."""

import math


def probability(p: float) -> str:
    """Write a probability with two decimals, never as 0 or 1; a gap as a dash."""
    if math.isnan(p):
        return "–"
    return "<0.01" if p < 0.005 else ">0.99" if p > 0.995 else f"{p:.2f}"
