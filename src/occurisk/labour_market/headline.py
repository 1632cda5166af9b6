"""Both national statistics with their intervals, for any number of cells at once: matrix products."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.probabilities import Bands, market_shares

# Of the unscored jobs: the figure's least and most possible value.
BOUNDED = ("share_high", "share_low", "expected")


def headline(
    jobs: np.ndarray,
    unscored: np.ndarray,
    p: np.ndarray,
    bands: Bands | None = None,
    replicas: np.ndarray | None = None,
    nominal: float = 0.9,
) -> pd.DataFrame:
    """Sum up labour markets in both statistics, with intervals and bounds.

    Parameters
    ----------
    jobs : ndarray, shape (n_cells, n_occupations)
        Jobs of each cell in each occupation that has a score.
    unscored : ndarray, shape (n_cells,)
        Jobs of each cell without a score.
    p : ndarray, shape (n_occupations,)
    bands : Bands, optional
    replicas : ndarray, shape (n_occupations, B), optional
        Replica probabilities: each column is one national labour market, had the labels been drawn anew.
    nominal : float
        Nominal level of the intervals.

    Returns
    -------
    DataFrame, one row per cell
        `jobs`, `scored_jobs`, `coverage`; `share_high`, `share_medium`, `share_low`, `expected`, of the
        scored jobs; each with `_lower` and `_upper` (NaN without replicas); `share_high`, `share_low`
        and `expected` with `_least` and `_most`: of all jobs, if every unscored one were low or high.
    """
    jobs, unscored = np.atleast_2d(np.asarray(jobs, dtype=float)), np.asarray(unscored, dtype=float)
    result = pd.DataFrame(market_shares(jobs, unscored, p, bands, replicas, nominal))
    for name in BOUNDED:
        result[f"{name}_least"] = result[name].fillna(0) * result["coverage"]
        result[f"{name}_most"] = result[f"{name}_least"] + 1 - result["coverage"]
    return result
