"""The protocol for soft labels: folds of the occupations, and one SOC major group out at a time.

Nothing here sees a held-out label before the prediction is made. Folds of one cut share most of their
training labels, so the paired intervals are widened by Nadeau & Bengio's correction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed
from scipy.stats import spearmanr
from scipy.stats import t as student_t
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold

from occurisk.background import Progress, in_processes
from occurisk.errors import SettingsError
from occurisk.evaluation.baselines import LIGHTGBM, TEACHER
from occurisk.model.axes.declaration import axis_of
from occurisk.model.axes.regressor import ExposureRegressor
from occurisk.model.training import TrainingData

METRICS = ("r2", "rho", "rho_within")
# Coverage is shown for major groups of at least so many labels, a rank correlation for half of that.
SHOWN_GROUP = 20
# Cuts into folds: the first carries the intervals, all of them the comparison with the baselines.
CUTS = 4
# A standard deviation of twenty replicas is known to 16%; the occupations' own part is most of an interval.
INTERVAL_REPLICAS = 20
TITLES = {
    LIGHTGBM: "occurisk (LightGBM)",
    TEACHER: "its Gaussian process alone",
    "ridge": "ridge regression",
    "lightgbm_direct": "LightGBM on the labels alone",
}


@dataclass(frozen=True)
class SoftEvaluation:
    """Held-out quality of every model of soft labels.

    Attributes
    ----------
    folds : DataFrame
        One row per cut, fold and labelled occupation: `cut`, `fold`, `soc`, `group`, `y`, a column per
        model, `lower` and `upper` (the first cut alone).
    group_out : DataFrame
        The same when the whole major group is held out; empty if that was not asked for.
    second_rater : Series
        Another rater's labels, index `soc`: what any model could reach. Empty if the file has none.
    """

    folds: pd.DataFrame
    group_out: pd.DataFrame
    second_rater: pd.Series

    @property
    def models(self) -> list[str]:
        """Columns that hold predictions."""
        return [name for name in TITLES if name in self.folds]

    @property
    def first_cut(self) -> pd.DataFrame:
        """Each occupation predicted once."""
        return self.folds[self.folds["cut"] == 0]

    def summary(self) -> pd.DataFrame:
        """Return R², ρ and ρ within groups, pooled over the first cut; index `model`, best first."""
        return self._pooled(self.first_cut)

    def by_group_out(self) -> pd.DataFrame:
        """Return the same where each major group was held out as a whole."""
        return self._pooled(self.group_out)

    def ceiling(self) -> dict[str, float]:
        """Return how well the second rater's labels tell the first's: R² of the best line, and ρ."""
        y = self.first_cut.set_index("soc")["y"]
        other = self.second_rater.reindex(y.index)
        if other.isna().all():
            return {}
        return {"r2": float(y.corr(other)) ** 2, "rho": float(y.corr(other, method="spearman"))}

    def labels_held(self) -> pd.Series:
        """Return the share of labels inside their interval: `all`, and by group of at least 20 labels."""
        table = self.first_cut
        inside = table["y"].between(table["lower"], table["upper"])
        by_group = inside.groupby(table["group"]).agg(["mean", "size"])
        shown = by_group.loc[by_group["size"] >= SHOWN_GROUP, "mean"]
        return pd.concat([pd.Series({"all": inside.mean()}), shown]).rename("held")

    def paired(self, against: str, nominal: float = 0.95) -> dict[str, float]:
        """Return LightGBM's R² minus another model's, fold by fold: `difference`, `lower`, `upper`.

        The variance over the folds of all cuts is widened to (1/J + n_test/n_train) s²
        (Nadeau & Bengio 2003, doi:10.1023/A:1024068626366).
        """
        by_fold = self.folds.groupby(["cut", "fold"])
        delta = np.array([r2_score(t["y"], t[LIGHTGBM]) - r2_score(t["y"], t[against]) for _, t in by_fold])
        folds = self.folds["fold"].nunique()
        reach = student_t.ppf(0.5 + nominal / 2, len(delta) - 1) * delta.std(ddof=1)
        reach *= np.sqrt(1 / len(delta) + 1 / (folds - 1))
        mean = float(delta.mean())
        return {"difference": mean, "lower": mean - reach, "upper": mean + reach}

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk evaluate --json` writes."""
        others = [name for name in self.models if name != LIGHTGBM]
        return {
            "labels": len(self.first_cut),
            "folds": int(self.folds["fold"].nunique()),
            "models": self.summary().to_dict(orient="index"),
            "leave_major_group_out": {}
            if self.group_out.empty
            else self.by_group_out().to_dict(orient="index"),
            "paired_r2": {name: self.paired(name) for name in others},
            "ceiling": self.ceiling(),
            "interval_coverage": self.labels_held().to_dict(),
        }

    def _pooled(self, table: pd.DataFrame) -> pd.DataFrame:
        rows = {name: _metrics(table, name) for name in self.models}
        found = pd.DataFrame.from_dict(rows, orient="index", columns=list(METRICS))
        return found.sort_values("r2", ascending=False).rename_axis("model")


def mean_of_raters(data: TrainingData) -> TrainingData:
    """Return the data with the mean of both raters as labels, which is less noisy than either.

    Raises
    ------
    SettingsError
        If the axis declares no second rater, or the label file has no column of that name.
    """
    rater = axis_of(data.settings.name).second_rater
    if rater is None or rater not in data.labels.table:
        raise SettingsError(
            f"The labels of {data.settings.name} have one rater.",
            rule="The axis's declaration names a `second_rater`, a column of the label file.",
            fix="Leave --mean-rater out.",
        )
    second = pd.to_numeric(data.labels.table[rater], errors="coerce").reindex(data.labels.y.index)
    mean = ((data.labels.y + second) / 2).fillna(data.labels.y)
    # Neither rater is a ceiling of a mean that holds it.
    alone = data.labels.table.drop(columns=rater)
    return replace(data, labels=replace(data.labels, y=mean, table=alone))


@dataclass(frozen=True)
class Fold:
    """One fit: labelled rows that are seen, labelled rows that are predicted, and what they are called."""

    train: np.ndarray
    test: np.ndarray
    cut: int
    name: str
    intervals: bool


def evaluate_soft(
    data: TrainingData,
    progress: Progress | None = None,
    jobs: int = 1,
    cuts: int = CUTS,
    groups: bool = True,
) -> SoftEvaluation:
    """Hold out folds of the labelled occupations, and each SOC major group, and predict them.

    Parameters
    ----------
    data : TrainingData
        With soft labels; `settings.evaluation.splits` is the number of folds.
    progress : callable, optional
        Called with (done, total).
    jobs : int
        Processes; the figures do not depend on it.
    cuts : int
        Into folds, each of another seed.
    groups : bool
        Whether the major groups are held out, too.

    Returns
    -------
    SoftEvaluation
    """
    y, _ = data.labels.on(data.X.index)
    rows = np.flatnonzero(y.notna())
    major = data.X.index.astype(str).str[:2].to_numpy()
    protocol = data.settings.evaluation
    for name in protocol.baselines:
        if name not in TITLES:
            raise SettingsError(
                f"The baseline {name!r} is unknown.", rule="Known for soft labels: ridge, lightgbm_direct."
            )
    work = [
        Fold(rows[train], rows[test], cut, f"{number}", cut == 0)
        for cut in range(cuts)
        for number, (train, test) in enumerate(
            KFold(protocol.splits, shuffle=True, random_state=protocol.seed + cut).split(rows)
        )
    ]
    if groups:
        names = np.unique(major[rows])
        work += [Fold(rows[major[rows] != g], rows[major[rows] == g], -1, str(g), False) for g in names]
    estimator = data.estimator(replicas=INTERVAL_REPLICAS)
    calls = [delayed(_held_out)(data.X, y.to_numpy(), estimator, protocol.baselines, fold) for fold in work]
    tables = in_processes(calls, jobs, progress)
    whole = pd.concat(tables, ignore_index=True)
    rater = axis_of(data.settings.name).second_rater
    second = data.labels.table.get(rater, pd.Series(dtype=float))
    return SoftEvaluation(
        whole[whole["cut"] >= 0],
        whole[whole["cut"] < 0],
        pd.to_numeric(second, errors="coerce"),
    )


def _held_out(
    X: pd.DataFrame, y: np.ndarray, estimator: Any, baselines: tuple[str, ...], fold: Fold
) -> pd.DataFrame:
    """Fit everything on the training rows' labels alone; return a row for each test occupation."""
    seen = np.full(len(y), np.nan)
    seen[fold.train] = y[fold.train]
    model: ExposureRegressor = clone(estimator)
    if not fold.intervals:
        model.set_params(replicas=0)
    model.fit(X, seen)
    at_test = X.iloc[fold.test]
    codes = at_test.index.astype(str)
    found = pd.DataFrame({"cut": fold.cut, "fold": fold.name, "soc": codes, "group": codes.str[:2]})
    Z = model.teacher_.features(X.to_numpy(dtype=float))
    found = found.assign(
        y=y[fold.test], **{LIGHTGBM: model.predict(at_test), TEACHER: model.teacher_scores(at_test)}
    )
    for name in baselines:
        found[name] = _baseline(name).fit(Z[fold.train], y[fold.train]).predict(Z[fold.test])
    ends = model.predict_interval(at_test) if fold.intervals else np.full((len(found), 2), np.nan)
    return found.assign(lower=ends[:, 0], upper=ends[:, 1])


def _baseline(name: str) -> Any:
    from sklearn.linear_model import RidgeCV

    from occurisk.model.student import lightgbm

    if name == "ridge":
        return RidgeCV(np.logspace(-2, 4, 25))
    # Set beforehand, as a careful user would: small trees, slow learning.
    return lightgbm().LGBMRegressor(
        n_estimators=300, num_leaves=7, learning_rate=0.05, min_child_samples=10, reg_lambda=1.0,
        colsample_bytree=0.5, random_state=0, n_jobs=1, verbosity=-1, deterministic=True,
        force_row_wise=True,
    )  # fmt: skip


def _metrics(table: pd.DataFrame, name: str) -> tuple[float, float, float]:
    """R², ρ, and the mean of ρ within major groups of ten labels and more, by their size."""
    groups = [g for _, g in table.groupby("group") if len(g) >= SHOWN_GROUP // 2]
    within = [spearmanr(g["y"], g[name]).statistic for g in groups]
    weighted = np.average(within, weights=[len(g) for g in groups]) if groups else np.nan
    return (
        float(r2_score(table["y"], table[name])),
        float(spearmanr(table["y"], table[name]).statistic),
        float(weighted),
    )
