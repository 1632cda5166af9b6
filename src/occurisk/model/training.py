"""One configuration in, one bundle out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import LabelError
from occurisk.files import sha256
from occurisk.model.axes.declaration import Axis, check_configuration, load_axes
from occurisk.model.axes.regressor import ExposureRegressor
from occurisk.model.bundles.bundle import Bundle
from occurisk.model.bundles.current import set_current
from occurisk.model.bundles.model_card import HeldOut, model_card
from occurisk.model.bundles.models_folder import CURRENT
from occurisk.model.bundles.writing import save_bundle
from occurisk.model.classifier import AutomationClassifier
from occurisk.model.contributions import Explanation, explain, reasons
from occurisk.model.settings import GaussianProcessSettings, Settings, TeacherSettings, load_settings
from occurisk.paths import CONFIGS
from occurisk.probabilities import Bands, stability
from occurisk.training_data.attribute_table import load_occupations, read_table, with_aggregates
from occurisk.training_data.catalogue import Catalogue, load_catalogue
from occurisk.training_data.labels import Labels, load_labels

Say = Callable[[str], None]
Estimator = AutomationClassifier | ExposureRegressor
# The teacher that a configuration describes says which estimator it is.
ESTIMATORS: dict[type, type[Estimator]] = {
    TeacherSettings: AutomationClassifier,
    GaussianProcessSettings: ExposureRegressor,
}


@dataclass(frozen=True)
class TrainingData:
    """Everything that a configuration points to, read and checked.

    Attributes
    ----------
    settings : Settings
    catalogue : Catalogue
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1], index `soc`.
    labels : Labels
    digests : dict
        SHA-256 of each file, counts.
    """

    settings: Settings
    catalogue: Catalogue
    X: pd.DataFrame
    labels: Labels
    digests: dict[str, Any]

    def classifier(self, **overrides: Any) -> AutomationClassifier:
        """Return the unfitted classifier of the configuration."""
        return AutomationClassifier.from_settings(self.settings, self.catalogue, **overrides)

    def estimator(self, **overrides: Any) -> Estimator:
        """Return the unfitted estimator of the configuration, whichever it is."""
        return estimator_class(self.settings).from_settings(self.settings, self.catalogue, **overrides)


@dataclass(frozen=True)
class Training:
    """What a training run leaves behind.

    Attributes
    ----------
    bundle : Bundle
    data : TrainingData
    explanation : Explanation
        Of the reference occupations.
    """

    bundle: Bundle
    data: TrainingData
    explanation: Explanation


def load_data(
    config: Path | None = None, labels: Path | None = None, attributes: Path | None = None
) -> TrainingData:
    """Read a configuration and the files that it names.

    Parameters
    ----------
    config : Path, optional
        `configs/train.yaml` by default.
    labels, attributes : Path, optional
        Instead of the configuration's own.

    Raises
    ------
    OccuriskError
        Of the kind that fits the file that is wrong.
    """
    settings = load_settings(config)
    changed = {"labels": labels, "attributes": attributes}
    settings = settings.model_copy(update={k: Path(v).resolve() for k, v in changed.items() if v})
    catalogue = load_catalogue(settings.catalogue)
    X = attributes_of(settings.attributes, catalogue)
    label_file = load_labels(settings.labels, X.index, soft=estimator_class(settings).soft_labels)
    digests = {
        "sha256": {
            "catalogue": sha256(settings.catalogue),
            "attributes": sha256(settings.attributes),
            "labels": label_file.digest,
        },
        "occupations": len(X),
        "attributes": X.shape[1],
        "gaps": int(X.isna().sum().sum()),
        "labelled": len(label_file.y),
        "labelled_automatable": int((label_file.y >= settings.bands.high).sum()),
    }
    return TrainingData(settings, catalogue, X, label_file, digests)


def estimator_class(settings: Settings) -> type[Estimator]:
    """Return the estimator that a configuration describes."""
    return ESTIMATORS[type(settings.model.teacher)]


def attributes_of(path: Path, catalogue: Catalogue) -> pd.DataFrame:
    """Read X from an attribute table, the hybrid codes of the labels added where they are missing."""
    table = with_aggregates(read_table(path, catalogue), load_occupations()["members"])
    return catalogue.rescale(table)


def train(
    data: TrainingData,
    models_dir: Path,
    held_out: HeldOut | None = None,
    say: Say = lambda _: None,
    pointer: str = CURRENT,
) -> Training:
    """Fit the model, score and explain the reference occupations, write the bundle.

    Parameters
    ----------
    data : TrainingData
    models_dir : Path
        The bundle goes into a folder of its own in it and becomes the current one.
    held_out : HeldOut, optional
        Held-out quality for the manifest and the model card.
    say : callable
        Called with what is being done.
    pointer : str
        The file of the folder that names the current version of this axis.

    Returns
    -------
    Training
    """
    say("Fitting teacher, LightGBM and replicas")
    y, weight = data.labels.on(data.X.index)
    model = data.estimator().fit(data.X, y, weight)
    say("Explaining the reference occupations")
    explanation = explain(model, data.X, replicas=0)  # intervals are for who reads on: see explained_list
    replicas = model.predict_replicas(data.X)
    scores = reference_scores(
        load_occupations(),
        model.predict_interval(data.X),
        replicas,
        explanation,
        data.labels,
        data.settings.bands,
    )
    say("Writing the bundle")
    bundle = save_bundle(
        Path(models_dir),
        model,
        scores,
        replicas,
        data.X,
        data.catalogue,
        data.settings,
        data.digests,
        dict(held_out.metrics) if held_out else {},
        model_card(data.settings, data.digests, scores, held_out, model.link),
    )
    set_current(Path(models_dir), bundle.version, pointer)
    return Training(bundle, data, explanation)


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
            "label": labels.y.reindex(soc).convert_dtypes(),  # whole numbers stay whole beside gaps
        },
        index=soc,
    )
    return scores.join(reasons(explanation.contributions)).sort_values("rank")


def spearman_published(scores: pd.DataFrame) -> float:
    """Return the rank correlation of our probabilities with the published ones."""
    return float(scores["probability"].corr(scores["published_probability"], method="spearman"))


def train_default(models_dir: Path, say: Say = lambda _: None, axis: Axis | None = None) -> Bundle:
    """Train the model of an axis, by default the first, for a command that needs one: no evaluation."""
    axis = axis or load_axes()[0]
    try:
        data = load_data(axis.training)
        check_configuration(axis, data.settings.name)
        return train(data, models_dir, say=say, pointer=axis.pointer).bundle
    except LabelError as problem:
        if not axis.training.is_relative_to(CONFIGS):
            raise
        # Our own files: not the user's to mend.
        raise RuntimeError(f"The packaged labels are broken: {problem}") from problem
