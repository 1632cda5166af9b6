"""Probabilities: bands, intervals from replicas, weighted shares, and how people read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

# A band is robust if so many of the replicas put the code into it.
ROBUST_SHARE = 0.9
ROBUST, MODEL_DEPENDENT = "robustly ", "model-dependent"
# Nothing is more certain than this, so that log-odds stay finite.
_LEAST = 1e-12
# A share this close to 0 or 1 has no usable log-odds.
_EDGE = 1e-6


@dataclass(frozen=True)
class Bands:
    """Risk bands of Frey & Osborne (2017, section 5): high p >= 0.7, low p < 0.3, else medium.

    Raises
    ------
    ValueError
        Unless 0 < low < high < 1.
    """

    # Read by pydantic where bands are part of a configuration.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    high: float = 0.7
    low: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < 1:
            raise ValueError(f"bands need 0 < low < high < 1, got low {self.low!r}, high {self.high!r}")

    def of(self, p: Any) -> np.ndarray:
        """Return the band (`low`, `medium`, `high`) of every probability."""
        p = np.asarray(p, dtype=float)
        return np.select([p >= self.high, p < self.low], ["high", "low"], "medium").astype(object)


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


def logit(p: ArrayLike) -> np.ndarray:
    """Return log-odds; 0 and 1 count as 1e-12 short of certain.

    Parameters
    ----------
    p : array-like of float, any shape
    """
    p = np.clip(p, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(p) - np.log1p(-p))


def expit(log_odds: Any) -> Any:
    """Map log-odds onto probabilities; arrays, Series and numbers alike."""
    return 1 / (1 + np.exp(-log_odds))


def interval(p: np.ndarray, replicas: np.ndarray, nominal: float) -> np.ndarray:
    """Return (lower, upper) of each probability: expit(logit p -+ z sd of the replicas' log-odds).

    Parameters
    ----------
    p : ndarray, shape (n,)
    replicas : ndarray, shape (n, B)
    nominal : float

    Returns
    -------
    ndarray, shape (n, 2)
        Coverage in simulation: docs/method.md. No scikit-learn here: scoring a short list starts quickly.
    """
    return ends(p, logit(replicas).std(axis=1, ddof=1), nominal)


def ends(p: np.ndarray, sd: np.ndarray, nominal: float) -> np.ndarray:
    """Return (lower, upper) of each probability: expit(logit p -+ z sd).

    Parameters
    ----------
    p : ndarray, shape (n,)
    sd : ndarray, shape (n,)
        Of the log-odds.
    nominal : float

    Returns
    -------
    ndarray, shape (n, 2)
        Never 0 or 1.
    """
    half = NormalDist().inv_cdf(0.5 + nominal / 2) * sd
    centre = logit(p)
    both = expit(np.column_stack([centre - half, centre + half]))
    return np.asarray(np.clip(both, _LEAST, 1 - _LEAST))


def stability(band: np.ndarray, replica_bands: np.ndarray) -> np.ndarray:
    """Tell whether a band stands in at least 90% of the replicas.

    Parameters
    ----------
    band : ndarray of str, shape (n,)
    replica_bands : ndarray of str, shape (n, B)

    Returns
    -------
    ndarray of str, shape (n,)
        `robustly high`, `robustly medium`, `robustly low`, or `model-dependent`.
    """
    agreed = (replica_bands == band[:, None]).mean(axis=1)
    return np.where(agreed >= ROBUST_SHARE, ROBUST + band.astype(object), MODEL_DEPENDENT)


def share_interval(point: np.ndarray, replicas: np.ndarray, nominal: float) -> np.ndarray:
    """Return the interval of shares or means from the same figure in every replica.

    Parameters
    ----------
    point : ndarray, shape (n,)
    replicas : ndarray, shape (n, B)
    nominal : float

    Returns
    -------
    ndarray, shape (n, 2)
        The rule of `interval` (log-odds of the figure -+ z standard deviations of the replicas'
        log-odds). Where the figure or a replica is 0 or 1, which has no log-odds: the replicas'
        quantiles, widened to hold the figure.
    """
    ends = np.full((len(point), 2), np.nan)
    known = ~np.isnan(point)
    both = np.column_stack([point, replicas])
    inner = known & (both > _EDGE).all(axis=1) & (both < 1 - _EDGE).all(axis=1)
    if inner.any():
        ends[inner] = interval(point[inner], replicas[inner], nominal)
    if (edge := known & ~inner).any():
        tails = np.quantile(replicas[edge], [(1 - nominal) / 2, (1 + nominal) / 2], axis=1).T
        ends[edge] = np.column_stack(
            [np.minimum(tails[:, 0], point[edge]), np.maximum(tails[:, 1], point[edge])]
        )
    return ends


def plain_interval(point: np.ndarray, replicas: np.ndarray, nominal: float = 0.9) -> np.ndarray:
    """Return point -+ z standard deviations of the replicas, for figures that are no shares.

    Parameters
    ----------
    point : ndarray, shape (n,)
    replicas : ndarray, shape (n, B)
    nominal : float

    Returns
    -------
    ndarray, shape (n, 2)
        A replica in which the figure does not exist (NaN) is left out.
    """
    half = NormalDist().inv_cdf(0.5 + nominal / 2) * np.nanstd(replicas, axis=1, ddof=1)
    return np.column_stack([point - half, point + half])


def weighted_shares(
    p: np.ndarray, weight: np.ndarray, bands: Bands | None = None, total: float | None = None
) -> dict[str, float]:
    """Sum up a labour market in the two statistics that people compare, always both.

    Parameters
    ----------
    p : ndarray, shape (n,)
        Probabilities; NaN where there is no score.
    weight : ndarray, shape (n,)
        Jobs.
    bands : Bands, optional
        Thresholds; 0.7 and 0.3 by default.
    total : float, optional
        All jobs, scored or not, if `weight` does not hold them all.

    Returns
    -------
    dict
        `share_high`, `share_medium`, `share_low` of the scored weight (Frey & Osborne 2017; Bonin,
        Gregory & Zierahn 2015); `expected`, the weighted mean of p (Brzeski & Burk 2015); `coverage`,
        scored weight over all weight; `scored_weight`. NaN where nothing is scored.
    """
    p, weight = np.asarray(p, dtype=float), np.asarray(weight, dtype=float)
    scored = ~np.isnan(p)
    total = float(weight.sum()) if total is None else total
    jobs = float(weight[scored].sum())
    band = (bands or Bands()).of(p)
    figures = {
        f"share_{name}": float(weight[scored & (band == name)].sum()) / jobs if jobs else float("nan")
        for name in ("high", "medium", "low")
    }
    expected = float((p[scored] * weight[scored]).sum()) / jobs if jobs else float("nan")
    return {
        **figures,
        "expected": expected,
        "coverage": jobs / total if total else float("nan"),
        "scored_weight": jobs,
    }


def market_shares(
    jobs: np.ndarray,
    unscored: np.ndarray,
    p: np.ndarray,
    bands: Bands | None = None,
    replicas: np.ndarray | None = None,
    nominal: float = 0.9,
) -> dict[str, np.ndarray]:
    """Sum up labour markets in both statistics, with intervals.

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
    dict of ndarray, shape (n_cells,)
        `jobs`, `scored_jobs`, `coverage`; `share_high`, `share_medium`, `share_low`, `expected`, of the
        scored jobs; each with `_lower` and `_upper` (NaN without replicas).
    """
    bands = bands or Bands()
    scored = jobs.sum(axis=1)
    whole = scored + unscored
    result = {"jobs": whole, "scored_jobs": scored, "coverage": ratio(scored, whole)}
    for name, values in _statistics(p, bands).items():
        point = ratio(jobs @ values, scored)
        result[name] = point
        ends = np.full((len(jobs), 2), np.nan)
        if replicas is not None:
            drawn = ratio(jobs @ _statistics(replicas, bands)[name], scored[:, None])
            ends = share_interval(point, drawn, nominal)
        result[f"{name}_lower"], result[f"{name}_upper"] = ends.T
    return result


def _statistics(p: np.ndarray, bands: Bands) -> dict[str, np.ndarray]:
    """Return what each statistic is the weighted mean of."""
    p = np.asarray(p, dtype=float)
    high, low = (p >= bands.high).astype(float), (p < bands.low).astype(float)
    return {"share_high": high, "share_medium": 1 - high - low, "share_low": low, "expected": p}


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, NaN where the whole is not above 0.

    Parameters
    ----------
    part : ndarray, any shape
    whole : ndarray
        Broadcast to the shape of `part`.
    """
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
