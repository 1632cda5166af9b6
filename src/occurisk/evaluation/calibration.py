"""Reliability of probabilities: do seven in ten of the 0.7s come true?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """A reliability curve with a bootstrap band.

    Attributes
    ----------
    curve : DataFrame, one row per bin
        `predicted` (mean p), `observed` (share of label 1), `lower`, `upper` (band of `observed`), `n`.
    error : float
        Expected calibration error: mean |predicted - observed|, weighted by n (Naeini, Cooper &
        Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602).
    error_lower, error_upper : float
        Its bootstrap interval. Drawing occupations anew adds noise, which can only raise the error; the
        bootstrap distribution is therefore shifted so that its median is the estimate.
    """

    curve: pd.DataFrame
    error: float
    error_lower: float
    error_upper: float


def reliability(
    p: np.ndarray,
    y: np.ndarray,
    cluster: np.ndarray,
    nominal: float = 0.9,
    draws: int = 500,
    seed: int = 0,
) -> Reliability:
    """Return the reliability curve of pooled held-out predictions.

    Parameters
    ----------
    p : ndarray, shape (n,)
        Held-out probabilities.
    y : ndarray, shape (n,)
        Labels, 0 or 1.
    cluster : ndarray, shape (n,)
        The occupation of each prediction. An occupation is predicted in many splits; the bootstrap draws
        occupations, so that its repetitions are not taken for independent evidence.
    nominal, draws, seed
        Of the bootstrap band.
    """
    p, y = np.asarray(p, dtype=float), np.asarray(y, dtype=float)
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.digitize(p, edges[1:-1]), 0, BINS - 1)
    names, member = np.unique(cluster, return_inverse=True)
    # Sums by occupation and bin: a bootstrap draw is then a weighted sum of rows.
    cell = member * BINS + place
    size = len(names) * BINS
    n, sum_p, sum_y = (
        np.bincount(cell, weights=values, minlength=size).reshape(len(names), BINS)
        for values in (np.ones_like(p), p, y)
    )
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    boot_n, boot_p, boot_y = times @ n, times @ sum_p, times @ sum_y
    errors = np.abs(boot_p - boot_y).sum(axis=1) / boot_n.sum(axis=1)
    with np.errstate(invalid="ignore"):
        share = boot_y / boot_n
    tail = (1 - nominal) / 2
    full = n.sum(axis=0) > 0
    total, low, high = n.sum(axis=0)[full], tail, 1 - tail
    curve = pd.DataFrame(
        {
            "predicted": sum_p.sum(axis=0)[full] / total,
            "observed": sum_y.sum(axis=0)[full] / total,
            "lower": np.nanquantile(share[:, full], low, axis=0),
            "upper": np.nanquantile(share[:, full], high, axis=0),
            "n": total.astype(int),
        }
    )
    error = float(np.abs(sum_p.sum(axis=0) - sum_y.sum(axis=0)).sum() / len(p))
    around = error + np.quantile(errors, [low, high]) - np.median(errors)
    return Reliability(curve, error, *(float(q) for q in np.clip(around, 0, 1)))
