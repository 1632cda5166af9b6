"""Frey & Osborne's protocol, repeated: halves of the labels, all models on the same halves.

Nothing here sees a test label before the prediction is made. The halves overlap from split to split, so
the paired intervals widen the naive ones by Nadeau & Bengio's correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed
from scipy.stats import t as student_t
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit

from occurisk.background import Progress, in_processes
from occurisk.evaluation.baselines import LIGHTGBM, Contest
from occurisk.evaluation.calibration import Reliability, reliability
from occurisk.model.classifier import AutomationClassifier
from occurisk.model.settings import EvaluationSettings, Settings
from occurisk.model.training import TrainingData
from occurisk.training_data.catalogue import Catalogue
from occurisk.training_data.labels import Labels

METRICS = ("auc", "log_loss", "brier")
TEST_SHARE = 0.5


@dataclass(frozen=True)
class Evaluation:
    """Held-out quality of every model.

    Attributes
    ----------
    scores : DataFrame
        One row per split and model: `split`, `model`, `auc`, `log_loss`, `brier`.
    predictions : DataFrame
        One row per split and test occupation: `split`, `soc`, `y`, and a column per model.
    leave_one_out : DataFrame
        Index `soc`; `y` and a column per model: the probability when this one label is held out.
    leave_group_out : DataFrame
        The same, when all labels of the SOC major group are held out; with `group`.
    reliability : Reliability
        Of LightGBM's pooled held-out predictions.
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    leave_one_out: pd.DataFrame
    leave_group_out: pd.DataFrame
    reliability: Reliability

    @property
    def splits(self) -> int:
        """Number of random halves."""
        return int(self.scores["split"].nunique())

    @property
    def labelled(self) -> int:
        """Number of labels that the evaluation holds out in turn."""
        return len(self.leave_one_out)

    def summary(self) -> pd.DataFrame:
        """Return mean and standard deviation over the splits; index `model`, best log-loss first."""
        by_model = self.scores.groupby("model")[list(METRICS)]
        return by_model.mean().join(by_model.std().add_suffix("_sd")).sort_values("log_loss")

    def paired(self, against: str, nominal: float = 0.95) -> pd.DataFrame:
        """Return LightGBM minus another model, split by split.

        Parameters
        ----------
        against : str
            The other model.
        nominal : float
            Of the interval.

        Returns
        -------
        DataFrame
            Index metric; `difference`, `lower`, `upper` (variance corrected for overlapping halves:
            (1/J + n_test/n_train) s2, Nadeau & Bengio 2003, doi:10.1023/A:1024068626366),
            `naive_lower`, `naive_upper` (as if the splits were independent).
        """
        wide = self.scores.pivot(index="split", columns="model", values=list(METRICS))
        rows = {}
        for metric in METRICS:
            delta = wide[metric][LIGHTGBM] - wide[metric][against]
            reach = student_t.ppf(0.5 + nominal / 2, len(delta) - 1) * delta.std()
            # n_test = n_train: the halves are equal.
            corrected = reach * np.sqrt(1 / len(delta) + TEST_SHARE / (1 - TEST_SHARE))
            naive = reach / np.sqrt(len(delta))
            mean = delta.mean()
            rows[metric] = (mean, mean - corrected, mean + corrected, mean - naive, mean + naive)
        columns = ["difference", "lower", "upper", "naive_lower", "naive_upper"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def pooled(self, held_out: pd.DataFrame) -> pd.DataFrame:
        """Return the metrics of pooled predictions (leave-one-out or leave-group-out) by model."""
        models = [name for name in held_out.columns if name not in ("y", "group")]
        rows = {name: _metrics(held_out["y"].to_numpy(), held_out[name].to_numpy()) for name in models}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(METRICS)).sort_values("log_loss")

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk evaluate --json` writes."""
        return {
            "splits": self.splits,
            "models": self.summary().to_dict(orient="index"),
            "paired_differences": {
                name: self.paired(name).to_dict(orient="index")
                for name in self.summary().index.drop(LIGHTGBM)
            },
            "leave_one_out": self.pooled(self.leave_one_out).to_dict(orient="index"),
            "leave_major_group_out": self.pooled(self.leave_group_out).to_dict(orient="index"),
            "calibration": {
                "expected_calibration_error": self.reliability.error,
                "lower": self.reliability.error_lower,
                "upper": self.reliability.error_upper,
                "curve": self.reliability.curve.to_dict(orient="records"),
            },
        }


@dataclass(frozen=True)
class Trial:
    """One fit: rows whose labels are seen, rows that are predicted, baselines (None: all)."""

    train: np.ndarray
    test: np.ndarray
    baselines: tuple[str, ...] | None


def evaluate(
    X: pd.DataFrame,
    labels: Labels,
    settings: Settings,
    *,
    catalogue: Catalogue | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
) -> Evaluation:
    """Run the protocol of Frey & Osborne (2017, section 4.3), leave-one-out and leave-group-out.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
    labels : Labels
        Every labelled code must be in X.
    settings : Settings
        The model, the number of splits, their seed, the baselines.
    catalogue : Catalogue, optional
        Groups and signs of the attributes; the settings' own by default.
    progress : callable, optional
        Called with (done, total).
    jobs : int
        Processes; the figures do not depend on it.

    Returns
    -------
    Evaluation
    """
    y, weight = (series.to_numpy() for series in labels.on(X.index))
    rows = X.index.get_indexer(labels.y.index)
    classifier = AutomationClassifier.from_settings(settings, catalogue)
    protocol = settings.evaluation
    contest = Contest(X, y, weight, classifier, protocol.baselines)
    # The strongest simple baseline and Frey & Osborne's own are enough where one label or group is out.
    few = tuple(name for name in protocol.baselines if name in ("logistic", "gp_rbf_9"))
    groups = labels.y.index.astype(str).str[:2].to_numpy()
    names = np.unique(groups)
    halves = [Trial(rows[train], rows[test], None) for train, test in _halves(y[rows], protocol)]
    alone = [Trial(np.delete(rows, i), rows[[i]], few) for i in range(len(rows))]
    grouped = [Trial(rows[groups != name], rows[groups == name], few) for name in names]

    predictions = _run(contest, [*halves, *alone, *grouped], jobs, progress)
    in_halves, rest = predictions[: len(halves)], predictions[len(halves) :]
    scores = [
        (split, name, *_metrics(table["y"].to_numpy(), table[name].to_numpy()))
        for split, table in enumerate(in_halves)
        for name in table.columns.drop("y")
    ]
    pooled = pd.concat(
        [table.reset_index().assign(split=split) for split, table in enumerate(in_halves)],
        ignore_index=True,
    )
    return Evaluation(
        pd.DataFrame(scores, columns=["split", "model", *METRICS]),
        pooled,
        pd.concat(rest[: len(alone)]),
        pd.concat([t.assign(group=name) for name, t in zip(names, rest[len(alone) :], strict=True)]),
        reliability(pooled[LIGHTGBM].to_numpy(), pooled["y"].to_numpy(), pooled["soc"].to_numpy()),
    )


def evaluate_data(data: TrainingData, progress: Progress | None = None, jobs: int = 1) -> Evaluation:
    """Run `evaluate` on what a configuration points to."""
    return evaluate(
        data.X, data.labels, data.settings, catalogue=data.catalogue, progress=progress, jobs=jobs
    )


def _halves(y: np.ndarray, protocol: EvaluationSettings) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    splitter = StratifiedShuffleSplit(protocol.splits, test_size=TEST_SHARE, random_state=protocol.seed)
    return splitter.split(np.zeros((len(y), 1)), y)


def _run(contest: Contest, trials: list[Trial], jobs: int, progress: Progress | None) -> list[pd.DataFrame]:
    """Run every trial, in order, in `jobs` processes."""
    calls = [delayed(_held_out)(contest, trial) for trial in trials]
    return in_processes(calls, jobs, progress, batch_size=4)


def _held_out(contest: Contest, trial: Trial) -> pd.DataFrame:
    """Return `y` and a column of probabilities per model for the test occupations."""
    predictions = contest.predict(trial.train, trial.test, trial.baselines)
    return pd.DataFrame({"y": contest.y[trial.test], **predictions}, index=contest.X.index[trial.test])


def _metrics(y: np.ndarray, p: np.ndarray) -> tuple[float, float, float]:
    """AUC, log-loss and Brier score, in the order of METRICS."""
    return (
        float(roc_auc_score(y, p)),
        float(log_loss(y, p, labels=[0, 1])),
        float(brier_score_loss(y, p)),
    )
