"""Probabilities as people read them, and as files hold them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def probability(p: float) -> str:
    """Write a probability with two decimals, never as 0 or 1; a gap as a dash."""
    if math.isnan(p):
        return "–"
    return "<0.01" if p < 0.005 else ">0.99" if p > 0.995 else f"{p:.2f}"


def six_digits(p: ArrayLike) -> np.ndarray:
    """Round probabilities for output: to six significant digits, and never to 1.

    Parameters
    ----------
    p : array-like of float, shape (n,)
        NaN stays NaN. One above 0.9999995 keeps as many digits as it takes to stay below 1.

    Returns
    -------
    ndarray of float, shape (n,)
    """
    exact = np.asarray(p, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Digits behind the point; a power of ten up to 1e22 is exact, and so is the division by it.
        scale = 10.0 ** np.clip(5 - np.floor(np.log10(np.abs(exact))), 0, 22)
        short = np.round(exact * scale) / scale
    short = np.where(np.isfinite(short), short, exact)
    certain = (short == 1) & (exact != 1)
    short[certain] = [_below_one(value) for value in exact[certain]]
    return short


def _below_one(value: float) -> float:
    digits = 6
    while (short := float(f"{value:.{digits}g}")) == 1:
        digits += 1
    return short
