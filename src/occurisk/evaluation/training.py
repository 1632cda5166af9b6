"""One configuration in, one bundle out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import LabelError
from occurisk.evaluation.model_card import model_card
from occurisk.evaluation.protocol import Evaluation, Progress, evaluate
from occurisk.files import sha256
from occurisk.model.bundle import Bundle, save_bundle, set_current, version_name
from occurisk.model.classifier import AutomationClassifier
from occurisk.model.contributions import Explanation, explain
from occurisk.model.reference_scores import reference_scores
from occurisk.settings import Settings, load_settings
from occurisk.training_data.attribute_table import load_occupations, read_table, with_aggregates
from occurisk.training_data.catalogue import Catalogue, load_catalogue
from occurisk.training_data.labels import Labels, load_labels

Say = Callable[[str], None]


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

    def evaluate(self, progress: Progress | None = None, jobs: int = 1) -> Evaluation:
        """Run the evaluation protocol of the configuration."""
        return evaluate(
            self.X, self.labels, self.settings, catalogue=self.catalogue, progress=progress, jobs=jobs
        )


@dataclass(frozen=True)
class Training:
    """What a training run leaves behind.

    Attributes
    ----------
    bundle : Bundle
    data : TrainingData
    evaluation : Evaluation or None
    explanation : Explanation
        Of the reference occupations.
    """

    bundle: Bundle
    data: TrainingData
    evaluation: Evaluation | None
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
    found = load_labels(settings.labels, X.index)
    digests = {
        "sha256": {
            "catalogue": sha256(settings.catalogue),
            "attributes": sha256(settings.attributes),
            "labels": found.digest,
        },
        "occupations": len(X),
        "attributes": X.shape[1],
        "gaps": int(X.isna().sum().sum()),
        "labelled": len(found.y),
        "labelled_automatable": int(found.y.sum()),
    }
    return TrainingData(settings, catalogue, X, found, digests)


def attributes_of(path: Path, catalogue: Catalogue) -> pd.DataFrame:
    """Read X from an attribute table, the hybrid codes of the labels added where they are missing."""
    table = with_aggregates(read_table(path, catalogue), load_occupations()["members"])
    return catalogue.rescale(table)


def train(
    data: TrainingData,
    models_dir: Path,
    evaluation: Evaluation | None = None,
    say: Say = lambda _: None,
) -> Training:
    """Fit the model, score and explain the reference occupations, write the bundle.

    Parameters
    ----------
    data : TrainingData
    models_dir : Path
        The bundle goes into a folder of its own in it and becomes the current one.
    evaluation : Evaluation, optional
        Held-out figures for the manifest and the model card.
    say : callable
        Called with what is being done.

    Returns
    -------
    Training
    """
    say("Fitting teacher, LightGBM and replicas")
    y, weight = data.labels.on(data.X.index)
    model = data.classifier().fit(data.X, y, weight)
    say("Explaining the reference occupations")
    explanation = explain(model, data.X, replicas=0)  # the spread is for who reads on: see dossier
    scores = reference_scores(
        load_occupations(),
        model.predict_interval(data.X),
        model.predict_replicas(data.X),
        explanation,
        data.labels,
        data.settings.bands,
    )
    metrics = evaluation.to_json() if evaluation else {}
    version = version_name(data.settings, data.digests)
    say("Writing the bundle")
    bundle = save_bundle(
        Path(models_dir) / version,
        model,
        scores,
        data.X,
        data.catalogue,
        data.settings,
        data.digests,
        metrics,
        model_card(version, data.settings, data.digests, scores, evaluation),
    )
    set_current(Path(models_dir), version)
    return Training(bundle, data, evaluation, explanation)


def train_default(models_dir: Path, say: Say = lambda _: None) -> Bundle:
    """Train the default configuration, without the evaluation: seconds, for a command that needs a model."""
    try:
        return train(load_data(), models_dir, say=say).bundle
    except LabelError as problem:  # our own files: not the user's to mend
        raise RuntimeError(f"The packaged labels are broken: {problem}") from problem
