"""Both national statistics with their intervals, for any number of cells at once: matrix products."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.probabilities import Bands, ratio, share_interval

# Of the unscored jobs: the figure's least and most possible value.
BOUNDED = ("share_high", "share_low", "expected")


def headline(
    jobs: np.ndarray,
    unscored: np.ndarray,
    p: np.ndarray,
    bands: Bands | None = None,
    replicas: np.ndarray | None = None,
    coverage: float = 0.9,
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
    coverage : float
        Nominal coverage of the intervals.

    Returns
    -------
    DataFrame, one row per cell
        `jobs`, `scored_jobs`, `coverage`; `share_high`, `share_medium`, `share_low`, `expected`, of the
        scored jobs; each with `_lower` and `_upper` (NaN without replicas); `share_high`, `share_low`
        and `expected` with `_least` and `_most`: of all jobs, if every unscored one were low or high.
    """
    bands = bands or Bands()
    jobs, unscored = np.atleast_2d(np.asarray(jobs, dtype=float)), np.asarray(unscored, dtype=float)
    scored = jobs.sum(axis=1)
    whole = scored + unscored
    result = pd.DataFrame({"jobs": whole, "scored_jobs": scored, "coverage": ratio(scored, whole)})
    for name, values in _values(p, bands).items():
        point = ratio(jobs @ values, scored)
        result[name] = point
        ends = np.full((len(jobs), 2), np.nan)
        if replicas is not None:
            drawn = ratio(jobs @ _values(replicas, bands)[name], scored[:, None])
            ends = share_interval(point, drawn, coverage)
        result[f"{name}_lower"], result[f"{name}_upper"] = ends.T
    for name in BOUNDED:
        result[f"{name}_least"] = result[name].fillna(0) * result["coverage"]
        result[f"{name}_most"] = result[f"{name}_least"] + 1 - result["coverage"]
    return result


def _values(p: np.ndarray, bands: Bands) -> dict[str, np.ndarray]:
    """Return what each statistic is the weighted mean of."""
    p = np.asarray(p, dtype=float)
    high, low = (p >= bands.high).astype(float), (p < bands.low).astype(float)
    return {"share_high": high, "share_medium": 1 - high - low, "share_low": low, "expected": p}
