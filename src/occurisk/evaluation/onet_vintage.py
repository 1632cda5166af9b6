"""How much the scores hang on the O*NET release that describes the occupations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import LabelError
from occurisk.model.bundles.bundle import Bundle
from occurisk.model.bundles.rating_error import drawn_with_rating_error
from occurisk.model.classifier import AutomationClassifier
from occurisk.model.training import TrainingData, attributes_of
from occurisk.probabilities import Bands
from occurisk.training_data.attribute_table import load_occupations, load_rating_errors
from occurisk.training_data.catalogue import Catalogue


@dataclass(frozen=True)
class VintageComparison:
    """Scores of the same labels and settings on two attribute tables.

    Attributes
    ----------
    common : int
        Occupations in both tables.
    spearman : float
        Rank correlation of their probabilities.
    mean_difference : float
        Mean absolute difference of the probabilities.
    within : float
        Share of the other table's probabilities that lie within the interval of the first table's.
    within_with_error : float
        The same, where the intervals also carry the error of O*NET's ratings.
    outside, outside_moved : int
        Those that do not lie within the plain interval, and how many of them are in another band.
    moved : DataFrame
        Occupations whose band differs, largest difference first: `title`, `before`, `after` (probabilities),
        `band_before`, `band_after`.
    """

    common: int
    spearman: float
    mean_difference: float
    within: float
    within_with_error: float
    outside: int
    outside_moved: int
    moved: pd.DataFrame

    @property
    def leaps(self) -> int:
        """Occupations that move between low and high, past the medium band."""
        return int((~self.moved[["band_before", "band_after"]].eq("medium").any(axis=1)).sum())

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk study vintage --json` writes."""
        moved = self.moved.rename_axis("soc").reset_index().to_dict(orient="records")
        return {
            "common": self.common,
            "spearman": self.spearman,
            "mean_difference": self.mean_difference,
            "within_intervals": self.within,
            "within_intervals_with_rating_error": self.within_with_error,
            "outside_intervals": {"occupations": self.outside, "in_another_band": self.outside_moved},
            "moved": moved,
        }


def refit(
    classifier: AutomationClassifier, X: pd.DataFrame, y: pd.Series, weight: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit a classifier and score the occupations that it was fitted on.

    Parameters
    ----------
    classifier : AutomationClassifier
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1], index `soc`.
    y, weight : Series
        Labels and confidence, index `soc`; every labelled occupation is in X.

    Returns
    -------
    scores : DataFrame
        Index `soc`; `probability`, `lower`, `upper`.
    replicas : DataFrame, shape (n_occupations, B)

    Raises
    ------
    LabelError
        If a labelled occupation has no attributes.
    """
    lost = y.index.difference(X.index)
    if len(lost):
        raise LabelError(
            f"{len(lost)} of {len(y)} labelled codes have no task attributes in this table.",
            first=lost[0],
            rule="A labelled code is one of the attribute table's (SOC 2010, such as 43-9021).",
            fix="Build the table in SOC 2010: occurisk features build --onet PATH --soc2010",
        )
    model = classifier.fit(X, y.reindex(X.index).astype(float), weight.reindex(X.index).fillna(1.0))
    scores = pd.DataFrame({"probability": model.predict_proba(X)[:, 1]}, index=X.index)
    scores["lower"], scores["upper"] = model.predict_interval(X).T
    return scores, pd.DataFrame(model.predict_replicas(X), index=X.index)


def wider_intervals(model: AutomationClassifier, X: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the intervals of a fitted model that also carry the error of O*NET's ratings.

    Parameters
    ----------
    model : AutomationClassifier
        Fitted with replicas.
    X : DataFrame, shape (n_occupations, n_attributes)
    catalogue : Catalogue

    Returns
    -------
    DataFrame, index as X
        `lower`, `upper`.
    """
    errors = load_rating_errors(catalogue, X.index)[list(X.columns)].to_numpy()
    plain = model.link.replica_log_odds(model.predict_replicas(X))

    def predict(matrix: np.ndarray) -> np.ndarray:
        return model.decision_function(pd.DataFrame(matrix, columns=X.columns))

    drawn = drawn_with_rating_error(predict, X.to_numpy(dtype=float), errors, plain)
    ends = model.link.interval(model.decision_function(X), drawn.std(axis=1, ddof=1), model.nominal)
    return pd.DataFrame(ends, index=X.index, columns=["lower", "upper"])


def refit_bundle(bundle: Bundle, attributes: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit a model again on another attribute table: its own parameters, catalogue and labels.

    Parameters
    ----------
    bundle : Bundle
        If its label file is gone, its labels count alike; see `Bundle.labels`.
    attributes : Path
        As `occurisk features build --soc2010` writes it.

    Returns
    -------
    scores, replicas : DataFrame
        As `refit` returns them.

    Raises
    ------
    OccuriskError
        If the table lacks an attribute of the model, or an occupation of its labels.
    """
    classifier = AutomationClassifier(**bundle.manifest["model"]["parameters"])
    return refit(classifier, attributes_of(attributes, bundle.catalogue), *bundle.labels)


def vintage_study(here: TrainingData, there: TrainingData) -> VintageComparison:
    """Train on two attribute tables with the same labels and settings, and compare the scores.

    Parameters
    ----------
    here, there : TrainingData

    Raises
    ------
    LabelError
        As `refit`.
    """
    models = [one.classifier() for one in (here, there)]
    first, other = (
        refit(model, one.X, one.labels.y, one.labels.weight)[0]
        for model, one in zip(models, (here, there), strict=True)
    )
    wider = wider_intervals(models[0], here.X, here.catalogue)
    return compare_vintages(first, other, wider, load_occupations()["title"], here.settings.bands)


def compare_vintages(
    first: pd.DataFrame, other: pd.DataFrame, wider: pd.DataFrame, titles: pd.Series, bands: Bands
) -> VintageComparison:
    """Compare the probabilities that two attribute tables lead to.

    Parameters
    ----------
    first, other : DataFrame
        Scores as `refit` returns them; of the other table only `probability` is used.
    wider : DataFrame
        `lower`, `upper` of the first table with the error of O*NET's ratings.
    titles : Series
        Index `soc`.
    bands : Bands

    Returns
    -------
    VintageComparison
    """
    before, after = first["probability"], other["probability"]
    both = pd.concat([before.rename("before"), after.rename("after")], axis=1, join="inner")
    inside, inside_with_error = (
        both["after"].between(ends["lower"], ends["upper"])
        for ends in (first.loc[both.index], wider.loc[both.index])
    )
    both.insert(0, "title", titles.reindex(both.index).fillna(""))
    both["band_before"], both["band_after"] = bands.of(both["before"]), bands.of(both["after"])
    distance = (both["after"] - both["before"]).abs()
    moved = both[both["band_before"] != both["band_after"]]
    outside = both.index[~inside]
    return VintageComparison(
        len(both),
        float(both["before"].corr(both["after"], method="spearman")),
        float(distance.mean()),
        float(inside.mean()),
        float(inside_with_error.mean()),
        len(outside),
        int(outside.isin(moved.index).sum()),
        moved.loc[distance[moved.index].sort_values(ascending=False).index],
    )
