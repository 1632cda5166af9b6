"""What it costs, and what it mends, to reckon with experts who err: held-out quality, printed figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed
from sklearn.base import clone
from sklearn.metrics import log_loss, roc_auc_score

from occurisk.background import Progress, in_processes
from occurisk.evaluation.baselines import AS_TRUE, LIGHTGBM, Contest
from occurisk.model.label_error import GREATEST_RATE, SURE, LabelError, most_errors
from occurisk.model.training import TrainingData
from occurisk.probabilities import expit


@dataclass(frozen=True)
class LabelErrorPrice:
    """The same model with labels taken as true, and with experts who may err.

    Attributes
    ----------
    error : LabelError
        What all labels say of the rate.
    held_out : DataFrame, index `soc`
        `label`; `before`, `after`: its probability from a model that saw all other labels.
    reference : DataFrame, index `soc`
        `before`, `after`: the probability of every reference occupation, all labels seen.
    moved : int
        Reference occupations whose band is another one.
    """

    error: LabelError
    held_out: pd.DataFrame
    reference: pd.DataFrame
    moved: int

    def quality(self) -> pd.DataFrame:
        """Return `log_loss` and `auc` of the held-out labels; index `before`, `after`."""
        label = self.held_out["label"]
        rows = {
            name: (log_loss(label, self.held_out[name]), roc_auc_score(label, self.held_out[name]))
            for name in ("before", "after")
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["log_loss", "auc"])

    def sure(self) -> tuple[int, int]:
        """Return how many held-out labels lie beyond 1% or 99% before, and how many of them are wrong."""
        return count_sure(self.held_out["before"], self.held_out["label"])

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk study label-error --json` writes."""
        sure, wrong = self.sure()
        return {
            "rate": {
                "mean": self.error.mean,
                "upper_90": self.error.quantile(0.9),
                "greatest": GREATEST_RATE,
            },
            "held_out": self.quality().to_dict(orient="index"),
            "beyond_1_percent": {
                "held_out_labels": sure,
                "wrong": wrong,
                "upper_bound_95": most_errors(sure) if not wrong else None,
                "reference_before": int(beyond_sure(self.reference["before"]).sum()),
                "reference_after": int(beyond_sure(self.reference["after"]).sum()),
            },
            "reference_occupations": len(self.reference),
            "bands_moved": self.moved,
        }


def label_error_price(data: TrainingData, progress: Progress | None = None, jobs: int = 1) -> LabelErrorPrice:
    """Fit the model both ways, hold out each label in turn, and score the reference occupations.

    Parameters
    ----------
    data : TrainingData
    progress, jobs
        As in `evaluate`.

    Returns
    -------
    LabelErrorPrice
    """
    y, weight = (series.to_numpy() for series in data.labels.on(data.X.index))
    rows = data.X.index.get_indexer(data.labels.y.index)
    classifier = data.classifier(replicas=0, label_error=GREATEST_RATE)
    contest = Contest(data.X, y, weight, classifier, ())
    prices = in_processes([delayed(_held_out)(contest, rows, i) for i in range(len(rows))], jobs, progress)
    held_out = pd.DataFrame(prices, columns=["before", "after"], index=data.labels.y.index)
    model = clone(classifier).fit(data.X, y, weight)
    before, after = expit(model.decision_function(data.X)), model.predict_proba(data.X)[:, 1]
    bands = data.settings.bands
    return LabelErrorPrice(
        model.label_error_,
        held_out.assign(label=data.labels.y),
        pd.DataFrame({"before": before, "after": after}, index=data.X.index),
        int((bands.of(before) != bands.of(after)).sum()),
    )


def _held_out(contest: Contest, rows: np.ndarray, i: int) -> list[float]:
    predictions = contest.predict(np.delete(rows, i), rows[[i]])
    return [float(predictions[name][0]) for name in (AS_TRUE, LIGHTGBM)]


def count_sure(p: pd.Series, label: pd.Series) -> tuple[int, int]:
    """Return how many held-out labels lie beyond 1% or 99%, and how many of them are wrong.

    Parameters
    ----------
    p, label : Series, shape (n,)
        Held-out probabilities, and the labels, 0 or 1.
    """
    beyond = beyond_sure(p)
    return int(beyond.sum()), int((beyond & ((p > 0.5) != (label > 0.5))).sum())


def beyond_sure(p: pd.Series) -> pd.Series:
    """Tell which probabilities lie beyond 1% or 99%."""
    return (p < SURE) | (p > 1 - SURE)
