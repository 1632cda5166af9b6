"""Both national statistics with their intervals, for any number of cells at once: matrix products."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from occurisk.bands import Bands
from occurisk.occupations.projection import interval

# Of the unscored jobs: the figure's least and most possible value.
BOUNDED = ("share_high", "share_low", "expected")
# A share this close to 0 or 1 has no usable log-odds.
_EDGE = 1e-6


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
    result = pd.DataFrame({"jobs": whole, "scored_jobs": scored, "coverage": _ratio(scored, whole)})
    for name, values in _values(p, bands).items():
        point = _ratio(jobs @ values, scored)
        result[name] = point
        ends = np.full((len(jobs), 2), np.nan)
        if replicas is not None:
            spread = _ratio(jobs @ _values(replicas, bands)[name], scored[:, None])
            ends = spread_interval(point, spread, coverage)
        result[f"{name}_lower"], result[f"{name}_upper"] = ends.T
    for name in BOUNDED:
        result[f"{name}_least"] = result[name].fillna(0) * result["coverage"]
        result[f"{name}_most"] = result[f"{name}_least"] + 1 - result["coverage"]
    return result


def spread_interval(point: np.ndarray, spread: np.ndarray, coverage: float) -> np.ndarray:
    """Return the interval of shares or means from the same figure in every replica.

    Parameters
    ----------
    point : ndarray, shape (n,)
    spread : ndarray, shape (n, B)
    coverage : float

    Returns
    -------
    ndarray, shape (n, 2)
        The rule of `projection.interval` (log-odds of the figure -+ z standard deviations of the replicas'
        log-odds). Where the figure or a replica is 0 or 1, which has no log-odds: the replicas'
        quantiles, widened to hold the figure.
    """
    ends = np.full((len(point), 2), np.nan)
    known = ~np.isnan(point)
    both = np.column_stack([point, spread])
    inner = known & (both > _EDGE).all(axis=1) & (both < 1 - _EDGE).all(axis=1)
    if inner.any():
        ends[inner] = interval(point[inner], spread[inner], coverage)
    if (edge := known & ~inner).any():
        tails = np.quantile(spread[edge], [(1 - coverage) / 2, (1 + coverage) / 2], axis=1).T
        ends[edge] = np.column_stack(
            [np.minimum(tails[:, 0], point[edge]), np.maximum(tails[:, 1], point[edge])]
        )
    return ends


def plain_interval(point: np.ndarray, spread: np.ndarray, coverage: float = 0.9) -> np.ndarray:
    """Return point -+ z standard deviations of the replicas, for figures that are no shares.

    Parameters
    ----------
    point : ndarray, shape (n,)
    spread : ndarray, shape (n, B)
    coverage : float

    Returns
    -------
    ndarray, shape (n, 2)
        A replica in which the figure does not exist (NaN) is left out.
    """
    half = NormalDist().inv_cdf(0.5 + coverage / 2) * np.nanstd(spread, axis=1, ddof=1)
    return np.column_stack([point - half, point + half])


def _values(p: np.ndarray, bands: Bands) -> dict[str, np.ndarray]:
    """Return what each statistic is the weighted mean of."""
    p = np.asarray(p, dtype=float)
    high, low = (p >= bands.high).astype(float), (p < bands.low).astype(float)
    return {"share_high": high, "share_medium": 1 - high - low, "share_low": low, "expected": p}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
