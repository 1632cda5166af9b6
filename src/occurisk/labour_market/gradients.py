"""Risk along wages and education: rank correlation, binned curve, polarisation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from occurisk.labour_market.breakdowns import wage_groups
from occurisk.labour_market.market import Market
from occurisk.occupations.facts import education_by_soc, with_members
from occurisk.probabilities import plain_interval


@dataclass(frozen=True)
class Gradient:
    """How risk runs along something that occupations have.

    Attributes
    ----------
    name : str
        `wage` (as in the registry) or `education` (1 to 5, O*NET job zone).
    spearman, lower, upper : float
        Job-weighted rank correlation of p with it over codes, 90% interval from the replicas.
    codes : int
        How many codes it rests on.
    binned : DataFrame, index `bin`
        By probability in tenths: `low`, `high` (the bin's ends), `jobs`, `mean` (job-weighted).
    """

    name: str
    spearman: float
    lower: float
    upper: float
    codes: int
    binned: pd.DataFrame


def weighted_ranks(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Rank values along the last axis by the jobs below them; ties share the middle.

    Parameters
    ----------
    values : ndarray, shape (n,) or (n, B)
        Ranked down the first axis.
    weight : ndarray, shape (n,)

    Returns
    -------
    ndarray, same shape
        In [0, 1].
    """
    values = np.asarray(values, dtype=float)
    if values.ndim == 2:
        return np.column_stack([weighted_ranks(column, weight) for column in values.T])
    distinct, place = np.unique(values, return_inverse=True)
    jobs = np.bincount(place, weights=weight, minlength=len(distinct))
    middle = (np.cumsum(jobs) - jobs / 2) / jobs.sum()
    return middle[place]


def weighted_spearman(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> float:
    """Return the job-weighted Spearman correlation: Pearson's of the weighted ranks."""
    x, y = weighted_ranks(a, weight), weighted_ranks(b, weight)
    return _pearson(x, y, weight)


def gradient(market: Market, name: str) -> Gradient:
    """Correlate risk with wage or education over the codes of a market.

    Parameters
    ----------
    market : Market
    name : {"wage", "education"}

    Returns
    -------
    Gradient
    """
    values, jobs = _property(market, name)
    p = market.code_p.to_numpy()
    have = ~np.isnan(values) & ~np.isnan(p) & (jobs > 0)
    if have.sum() < 3:
        return Gradient(name, np.nan, np.nan, np.nan, int(have.sum()), pd.DataFrame())
    value, weight = values[have], jobs[have]
    rho = weighted_spearman(p[have], value, weight)
    ends = np.full((1, 2), np.nan)
    if market.replica_p is not None:
        replicas = (market.content @ market.replica_p)[have]
        ranks, target = weighted_ranks(replicas, weight), weighted_ranks(value, weight)
        drawn = np.array([_pearson(column, target, weight) for column in ranks.T])
        ends = plain_interval(np.array([rho]), drawn[None, :]).clip(-1, 1)
    return Gradient(
        name, rho, float(ends[0, 0]), float(ends[0, 1]), int(have.sum()), _binned(p[have], value, weight)
    )


def polarisation(market: Market, groups: int = 20) -> pd.DataFrame:
    """Return both statistics along the wage distribution.

    Parameters
    ----------
    market : Market
        Its table has `wage`.
    groups : int
        Groups of equal jobs: 20 are steps of five percentiles.

    Returns
    -------
    DataFrame, index `wage_group` (1: the lowest paid)
        As `figures_by_cell`, and `wage`, the mean wage of the group.
    """
    table = market.table.assign(
        wage_group=wage_groups(market.table["wage"], market.table["weight"], groups)
    ).dropna(subset=["wage_group"])
    part = replace(market, table=table)
    cells = part.cells(["wage_group"])
    result = part.figures(cells)
    by = table.assign(total=table["wage"] * table["weight"]).groupby("wage_group")
    return result.assign(wage=by["total"].sum() / by["weight"].sum())


def _property(market: Market, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the wage or education of every code, NaN where unknown, and its jobs."""
    table = market.table
    jobs = table.groupby("code", observed=True)["weight"].sum().reindex(market.codes, fill_value=0.0)
    if name == "wage":
        paid = table[table["wage"].notna()]
        by = paid.assign(total=paid["wage"] * paid["weight"]).groupby("code", observed=True)
        mean = by["total"].sum() / by["weight"].sum().where(lambda w: w > 0)
        return mean.reindex(market.codes).to_numpy(dtype=float), jobs.to_numpy(dtype=float)
    shares = with_members(education_by_soc(), market.socs)
    known = shares.sum(axis=1).to_numpy()
    level = shares.to_numpy() @ np.arange(1, shares.shape[1] + 1)
    covered = market.content @ known
    mean_level = np.divide(
        market.content @ level, covered, out=np.full(len(covered), np.nan), where=covered > 0.5
    )
    return mean_level, jobs.to_numpy(dtype=float)


def _binned(p: np.ndarray, value: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    # Frey & Osborne 2017, figure IV: wage and education by probability.
    place = np.minimum((p * 10).astype(int), 9)
    jobs = np.bincount(place, weights=weight, minlength=10)
    total = np.bincount(place, weights=weight * value, minlength=10)
    mean = np.divide(total, jobs, out=np.full(10, np.nan), where=jobs > 0)
    return pd.DataFrame(
        {"low": np.arange(10) / 10, "high": np.arange(1, 11) / 10, "jobs": jobs, "mean": mean},
        index=pd.RangeIndex(1, 11, name="bin"),
    )


def _pearson(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    weight = weight / weight.sum()
    x, y = x - weight @ x, y - weight @ y
    scale = np.sqrt((weight @ (x * x)) * (weight @ (y * y)))
    return float(weight @ (x * y) / scale) if scale > 0 else float("nan")
