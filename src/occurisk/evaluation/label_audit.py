"""Which hand labels surprise the others, and how much hangs on each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from joblib import delayed
from sklearn.base import clone

from occurisk.background import Progress, in_processes
from occurisk.evaluation.baselines import LIGHTGBM, Contest
from occurisk.model.classifier import AutomationClassifier
from occurisk.model.training import TrainingData
from occurisk.occupations.concordances import load_tables
from occurisk.probabilities import weighted_shares


def label_audit(data: TrainingData, progress: Progress | None = None, jobs: int = 1) -> pd.DataFrame:
    """Rank the labels by how surprising each is when it is held out.

    Parameters
    ----------
    data : TrainingData
    progress, jobs
        As in `evaluate`.

    Returns
    -------
    DataFrame, index `soc`, most surprising first
        `label`; `held_out` (probability of LightGBM fitted on all other labels); `surprise`
        (-log2 of the probability that it gave to the label: bits; 1 is a coin toss); `published_probability`;
        `share_high_change`, `expected_change`: what flipping this label does to the share of US employment
        at high risk and to the employment-weighted mean probability (BLS OES weights, in shares).
    """
    y, weight = (series.to_numpy() for series in data.labels.on(data.X.index))
    rows = data.X.index.get_indexer(data.labels.y.index)
    contest = Contest(data.X, y, weight, data.classifier(), ())
    jobs_by_soc = pd.Series(load_tables().employment, dtype=float)
    employment = jobs_by_soc.reindex(data.X.index).fillna(0.0).to_numpy()
    bands = data.settings.bands

    def figures(labels: np.ndarray) -> tuple[float, float]:
        p = _probability(data.classifier(), data.X, labels, weight)
        shares = weighted_shares(p, employment, bands)
        return shares["share_high"], shares["expected"]

    share, expected = figures(y)
    audited = in_processes(
        [delayed(_one)(contest, rows, i, figures) for i in range(len(rows))], jobs, progress
    )
    table = pd.DataFrame(audited, index=data.labels.y.index)
    label = data.labels.y
    given = table["held_out"].where(label == 1, 1 - table["held_out"])
    return pd.DataFrame(
        {
            "label": label,
            "held_out": table["held_out"],
            "surprise": -np.log2(given),
            "published_probability": data.labels.published.reindex(label.index),
            "share_high_change": table["share_high"] - share,
            "expected_change": table["expected"] - expected,
        }
    ).sort_values("surprise", ascending=False)


def _one(contest: Contest, rows: np.ndarray, i: int, figures: object) -> dict[str, float]:
    """Hold one label out, then flip it."""
    held_out = contest.predict(np.delete(rows, i), rows[[i]])[LIGHTGBM][0]
    flipped = contest.y.copy()
    flipped[rows[i]] = 1 - flipped[rows[i]]
    share, expected = figures(flipped)  # type: ignore[operator]
    return {"held_out": held_out, "share_high": share, "expected": expected}


def _probability(
    classifier: AutomationClassifier, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    model = clone(classifier).set_params(replicas=0).fit(X, y, weight)
    return np.asarray(model.predict_proba(X)[:, 1])
