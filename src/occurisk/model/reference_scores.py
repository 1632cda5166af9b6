"""Scores of the reference occupations: probability, interval, rank, band, stability, reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.bands import Bands
from occurisk.model.contributions import Explanation
from occurisk.occupations.projection import stability
from occurisk.training_data.labels import Labels

REASONS = 3


def reference_scores(
    occupations: pd.DataFrame,
    interval: np.ndarray,
    replicas: np.ndarray,
    explanation: Explanation,
    labels: Labels,
    bands: Bands,
) -> pd.DataFrame:
    """Put together what is known of every reference occupation.

    Parameters
    ----------
    occupations : DataFrame
        `title` and `status`, index `soc`.
    interval : ndarray, shape (n, 2)
        Lower and upper end, in the order of the explanation.
    replicas : ndarray, shape (n, B)
        Replica probabilities.
    explanation : Explanation
        Of the same occupations.
    labels : Labels
        For the hand labels and the published probabilities.
    bands : Bands

    Returns
    -------
    DataFrame, index `soc`, least susceptible first
        `title`, `status`, `probability`, `lower`, `upper`, `rank` (1: least susceptible), `rank_lower`,
        `rank_upper` (90% of the replicas), `band`, `stability`, `published_probability`, `label`,
        `reason_1` … `reason_3` (largest contributions of either sign), `raises`, `lowers` (the three that
        push up and down most); a contribution is in log-odds.
    """
    p = explanation.probability
    soc = p.index
    band = bands.of(p)
    ranks = replicas.argsort(axis=0).argsort(axis=0) + 1
    known = occupations.reindex(soc)
    scores = pd.DataFrame(
        {
            "title": known["title"].fillna(""),
            "status": known["status"].fillna("user"),
            "probability": p,
            "lower": interval[:, 0],
            "upper": interval[:, 1],
            "rank": p.rank(method="first").astype(int),
            "rank_lower": np.quantile(ranks, 0.05, axis=1).round().astype(int),
            "rank_upper": np.quantile(ranks, 0.95, axis=1).round().astype(int),
            "band": band,
            "stability": stability(band, bands.of(replicas)),
            "published_probability": labels.published_by_soc2010().reindex(soc),
            "label": labels.y.reindex(soc).astype("Int64"),
        },
        index=soc,
    )
    return scores.join(reasons(explanation.contributions)).sort_values("rank")


def spearman_published(scores: pd.DataFrame) -> float:
    """Return the rank correlation of our probabilities with the published ones."""
    return float(scores["probability"].corr(scores["published_probability"], method="spearman"))


def reasons(contributions: pd.DataFrame) -> pd.DataFrame:
    """Name the largest contributions, such as `repeating_same_tasks +0.84`.

    Parameters
    ----------
    contributions : DataFrame, shape (n, p)
        Log-odds.

    Returns
    -------
    DataFrame
        `reason_1` … `reason_3`, `raises`, `lowers`.
    """
    values, names = contributions.to_numpy(), contributions.columns.to_numpy()
    rows = []
    for row in values:
        order = np.argsort(-np.abs(row), kind="stable")
        up = [i for i in np.argsort(-row, kind="stable")[:REASONS] if row[i] > 0]
        down = [i for i in np.argsort(row, kind="stable")[:REASONS] if row[i] < 0]
        text = [f"{names[i]} {row[i]:+.2f}" for i in order[:REASONS]]
        text += [""] * (REASONS - len(text))
        rows.append([*text, *("; ".join(f"{names[i]} {row[i]:+.2f}" for i in side) for side in (up, down))])
    columns = [f"reason_{i + 1}" for i in range(REASONS)] + ["raises", "lowers"]
    return pd.DataFrame(rows, index=contributions.index, columns=columns)
