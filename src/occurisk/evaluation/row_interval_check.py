"""Are the intervals of rows with attributes of their own what the replicas and the gaps make them?

The formula is learned from one half of the reference occupations and held against the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from occurisk.model.bundles.bundle import Bundle
from occurisk.model.row_intervals import RowUncertainty

NOISES = (0.0, 0.05, 0.1)
HIDDEN = (1, 3, 6, 12, 20)
HALVES = 20


def compare_intervals(model: Bundle, seed: int = 0, noises: Sequence[float] = NOISES) -> pd.DataFrame:
    """Compare the formula's intervals with those of the replicas.

    Parameters
    ----------
    model : Bundle
    seed : int
        Of the halves and of the noise.
    noises : sequence of float
        Deviations of the normal noise on the attributes.

    Returns
    -------
    DataFrame, index `noise`
        Deviation of the normal noise on the attributes, which run from 0 to 1. `ratio_low`, `ratio`,
        `ratio_high`: 5%, 50% and 95% quantiles of formula / replicas, of the log-odds' standard deviation;
        `apart`, `apart_high`: median and 95% quantile of the distance between the ends, in probability.
    """
    columns = {}
    for noise in noises:
        ratio, apart = [], []
        for learn, test, rng in _halves(model, seed, 4):
            X = np.clip(test + rng.normal(0, noise, test.shape), 0, 1)
            table = pd.DataFrame(X, columns=model.names)
            replicas = model.link.replica_log_odds(model.model.predict_replicas(table))
            exact, formula = replicas.std(axis=1, ddof=1), learn.sd(X)
            ratio.append(formula / exact)
            log_odds = model.log_odds(X)
            of_both = [model.link.interval(log_odds, sd, model.nominal) for sd in (exact, formula)]
            apart.append(np.abs(of_both[0] - of_both[1]).ravel())
        low, middle, high = np.quantile(np.concatenate(ratio), [0.05, 0.5, 0.95])
        distance = np.quantile(np.concatenate(apart), [0.5, 0.95])
        columns[noise] = [low, middle, high, *distance]
    return pd.DataFrame.from_dict(
        columns, orient="index", columns=["ratio_low", "ratio", "ratio_high", "apart", "apart_high"]
    ).rename_axis("noise")


def hide_attributes(model: Bundle, seed: int = 0, halves: int = HALVES) -> pd.DataFrame:
    """Hide attributes of occupations at random: how often does a gap's own interval hold the whole score?

    Parameters
    ----------
    model : Bundle
    seed : int
    halves : int
        Random halves of the reference occupations to average over.

    Returns
    -------
    DataFrame, index `hidden`
        How many attributes are hidden; `covered`, the share of occupations whose score with all attributes
        lies within what the gaps add to the interval; `sd`, what they add to the log-odds' deviation;
        `change`, root mean square of the actual change.
    """
    rows: dict[int, list[tuple[float, float, float]]] = {q: [] for q in HIDDEN}
    reach = NormalDist().inv_cdf(0.5 + model.nominal / 2)
    for learn, X, rng in _halves(model, seed, halves):
        whole = model.log_odds(X)
        for q in HIDDEN:
            missing = rng.random(X.shape).argsort(axis=1) < q
            filled = np.where(missing, model.medians, X)
            change = whole - model.log_odds(filled)
            variance = learn.sd(filled, missing) ** 2 - learn.sd(filled) ** 2
            covered = np.abs(change) <= reach * np.sqrt(variance)
            rows[q].append((covered.mean(), variance.mean(), (change**2).mean()))
    table = pd.DataFrame({q: np.mean(v, axis=0) for q, v in rows.items()}, ["covered", "sd", "change"]).T
    table[["sd", "change"]] **= 0.5
    return table.rename_axis("hidden")


def rows_json(formula: pd.DataFrame, gaps: pd.DataFrame) -> dict[str, Any]:
    """Return what both checks found in the form that `occurisk study rows --json` writes."""
    return {
        name: one.reset_index().to_dict("records") for name, one in (("formula", formula), ("gaps", gaps))
    }


def _halves(
    model: Bundle, seed: int, times: int
) -> list[tuple[RowUncertainty, np.ndarray, np.random.Generator]]:
    """Return, for random halves, what is learned from one and the attributes of the other."""
    table = model.attributes[model.names].dropna()
    replicas = model.link.replica_log_odds(model.replicas.loc[table.index].to_numpy(dtype=float))
    X = table.to_numpy()
    halves = []
    for i in range(times):
        rng = np.random.default_rng([seed, i])
        order = rng.permutation(len(X))
        one, other = order[: len(X) // 2], order[len(X) // 2 :]
        learned = RowUncertainty.learn(
            model.teacher.features,
            X[one],
            replicas[one],
            model.log_odds,
            model.medians,
        )
        halves.append((learned, X[other], rng))
    return halves
