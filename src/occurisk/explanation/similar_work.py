"""Similar work with less susceptibility: the nearest occupations in attribute space."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.probabilities import Bands

# Clearly less susceptible: lower by CLEAR, or in a lower band and lower by NOISE, below which a difference
# says nothing.
CLEAR, NOISE = 0.2, 0.1
# Near: within one standard deviation an attribute. Half of the occupations have their nearest such neighbour
# within 0.62, 97% within this.
NEAR = 1.0


def similar_work(
    X: pd.DataFrame,
    probability: pd.Series,
    reference: pd.DataFrame,
    reference_probability: pd.Series,
    *,
    bands: Bands | None = None,
    exclude: pd.DataFrame | None = None,
    count: int = 5,
) -> pd.DataFrame:
    """Find for each occupation the most similar ones with a clearly lower probability.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1]; a missing one is left out of the distance.
    probability : Series
        By the index of X.
    reference : DataFrame, shape (n_reference, n_attributes)
        Candidates; its standard deviations are the unit.
    reference_probability : Series
        By the index of `reference`.
    bands : Bands, optional
    exclude : DataFrame, optional
        `code`, `soc`: candidates that are part of the occupation itself.
    count : int
        At most so many per occupation.
    Returns
    -------
    DataFrame
        `code`, `neighbour`, `distance` (root mean square difference in standard deviations),
        `probability` (the neighbour's); nearest first. Occupations without such a neighbour within `NEAR`
        have no rows.
    """
    sd = reference.std(ddof=0)
    sd = sd.where(sd > 0, 1.0)
    A = (X[reference.columns] / sd).to_numpy(dtype=float)
    B = (reference / sd).to_numpy(dtype=float)
    distance = _distances(A, B)
    p = probability.loc[X.index].to_numpy(dtype=float)
    q = reference_probability.loc[reference.index].to_numpy(dtype=float)
    lower = q[None, :] <= p[:, None] - CLEAR
    lower |= (q[None, :] <= p[:, None] - NOISE) & (_rank(q, bands)[None, :] < _rank(p, bands)[:, None])
    barred = ~lower | (distance > NEAR)
    barred |= X.index.to_numpy()[:, None] == reference.index.to_numpy()[None, :]
    if exclude is not None and len(exclude):
        rows, columns = X.index.get_indexer(exclude["code"]), reference.index.get_indexer(exclude["soc"])
        known = (rows >= 0) & (columns >= 0)
        barred[rows[known], columns[known]] = True
    distance[barred] = np.inf
    count = min(count, len(reference))
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :count]
    distances = np.take_along_axis(distance, nearest, axis=1)
    row, place = np.nonzero(np.isfinite(distances))
    other = nearest[row, place]
    return pd.DataFrame(
        {
            "code": X.index[row],
            "neighbour": reference.index[other],
            "distance": distances[row, place],
            "probability": q[other],
        }
    )


def _rank(p: np.ndarray, bands: Bands | None) -> np.ndarray:
    """Number the bands: 0 low, 1 medium, 2 high."""
    bands = bands or Bands()
    return (p >= bands.low).astype(int) + (p >= bands.high)


def _distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Root mean square difference over the attributes that both points have; inf if none."""
    known_a, known_b = ~np.isnan(A), ~np.isnan(B)
    a, b = np.where(known_a, A, 0.0), np.where(known_b, B, 0.0)
    squares = (a**2) @ known_b.T + known_a @ (b**2).T - 2 * a @ b.T
    shared = known_a.astype(float) @ known_b.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(shared > 0, np.sqrt(np.maximum(squares, 0.0) / shared), np.inf)
