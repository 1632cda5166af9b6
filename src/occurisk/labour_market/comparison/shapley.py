"""A change split among the factors behind it; every order in which they could change counts alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np


def shapley(terms: Callable[[frozenset[str]], np.ndarray], factors: Sequence[str]) -> dict[str, np.ndarray]:
    """Split a change among factors, term by term (Shorrocks 2013, doi:10.1007/s10888-011-9214-z).

    Parameters
    ----------
    terms : callable
        The terms of a figure, shape (n,), when the named factors have changed and the others have not.
    factors : sequence of str

    Returns
    -------
    dict of ndarray, shape (n,)
        By factor; over the factors they sum to the terms when all have changed minus the terms when none
        has.
    """
    n = len(factors)
    known = {
        frozenset(some): terms(frozenset(some))
        for size in range(n + 1)
        for some in combinations(factors, size)
    }
    found = {}
    for factor in factors:
        others = [name for name in factors if name != factor]
        parts = []
        for size in range(n):
            share = factorial(size) * factorial(n - size - 1) / factorial(n)
            for some in combinations(others, size):
                without = frozenset(some)
                parts.append(share * (known[without | {factor}] - known[without]))
        found[factor] = np.sum(parts, axis=0)
    return found


def rounded_to_add_up(values: Sequence[float], total: float, digits: int) -> list[float]:
    """Round figures so that they add up to the rounded total: the largest remainders give way.

    Parameters
    ----------
    values : sequence of float
        Their sum is `total`, up to the last bits.
    total : float
    digits : int
        Behind the point.
    """
    unit = 10.0**-digits
    whole = np.floor(np.asarray(values) / unit)
    missing = round(total / unit) - int(whole.sum())
    order = np.argsort(-(np.asarray(values) / unit - whole), kind="stable")
    whole[order[:missing]] += 1
    return [round(float(value) * unit, digits) for value in whole]
