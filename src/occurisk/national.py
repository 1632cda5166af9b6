"""National figures of a labour market: pure functions of probabilities and weights."""

from __future__ import annotations

import numpy as np

from occurisk.bands import Bands


def national(
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
