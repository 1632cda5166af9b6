"""Write a model version: every part, its checksums and the manifest, whole or not at all."""

from __future__ import annotations

import gzip
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from occurisk.files import json_text, sha256
from occurisk.model.bundles import manifest as manifests
from occurisk.model.bundles.bundle import (
    ATTRIBUTES,
    BOOSTER,
    CARD,
    LABELS,
    RATING_ERRORS,
    REPLICA_BOOSTERS,
    REPLICA_SCORES,
    SCORES,
    SEPARATOR,
    TEACHER,
    X_TRAINED,
    Bundle,
    load_bundle,
)
from occurisk.model.bundles.manifest import MANIFEST
from occurisk.model.bundles.models_folder import put_in_place, staging
from occurisk.probabilities import six_digits
from occurisk.training_data.attribute_table import errors_beside

if TYPE_CHECKING:
    from occurisk.model.estimator import StudentEstimator
    from occurisk.model.settings import Settings
    from occurisk.training_data.catalogue import Catalogue

_PLACES = ("catalogue", "attributes", "labels")  # of settings: a manifest knows no absolute path


def save_bundle(
    models_dir: Path,
    model: StudentEstimator,
    reference: pd.DataFrame,
    replicas: np.ndarray,
    attributes: pd.DataFrame,
    catalogue: Catalogue,
    settings: Settings,
    data: dict[str, Any],
    metrics: dict[str, Any] | None = None,
    card: str = "",
) -> Bundle:
    """Write a bundle, whole or not at all, into a folder that is named after its content.

    Parameters
    ----------
    models_dir : Path
        Folder of versions. The same content is the same version: it is not written twice.
    model : StudentEstimator
        Fitted with replicas.
    reference : DataFrame
        Scores of the reference occupations, index `soc`.
    replicas : ndarray, shape (n, B)
        Their probabilities in every replica, in the order of `attributes`.
    attributes : DataFrame
        X of the reference occupations, each attribute on [0, 1].
    catalogue : Catalogue
    settings : Settings
        The label file that it names is kept in the bundle, byte for byte.
    data : dict
        Digests and counts of the training data.
    metrics : dict, optional
        Held-out figures.
    card : str
        The model card, Markdown.

    Returns
    -------
    Bundle

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    with staging(models_dir) as folder:
        _write_model(folder, model)
        _write_tables(folder, reference, replicas, attributes, catalogue)
        shutil.copyfile(settings.labels, folder / LABELS)
        if (errors := errors_beside(settings.attributes)).is_file():
            shutil.copyfile(errors, folder / RATING_ERRORS)
        (folder / CARD).write_text(card, encoding="utf-8")
        document = _document(model, catalogue, settings) | {
            "data": data,
            "metrics": metrics or {},
            "packages": manifests.package_versions(),
            "python": platform.python_version(),
            "sha256": {file.name: sha256(file) for file in sorted(folder.iterdir())},
        }
        (folder / MANIFEST).write_text(json_text(document) + "\n", encoding="utf-8")
        version = manifests.version_of(settings.name, sha256(folder / MANIFEST))
        put_in_place(folder, Path(models_dir) / version)
    return load_bundle(Path(models_dir) / version)


def _write_model(folder: Path, model: StudentEstimator) -> None:
    """Write the student, its replicas and the teacher as text."""
    (folder / BOOSTER).write_text(model.booster_.model_to_string(), encoding="utf-8")
    texts = [booster.model_to_string() for booster in model.replica_boosters_]
    # mtime=0: the same replicas are the same bytes.
    (folder / REPLICA_BOOSTERS).write_bytes(gzip.compress(SEPARATOR.join(texts).encode(), 6, mtime=0))
    teacher = json_text(model.teacher_.to_dict(), indent=None)
    (folder / TEACHER).write_text(teacher + "\n", encoding="utf-8")


def _write_tables(
    folder: Path,
    reference: pd.DataFrame,
    replicas: np.ndarray,
    attributes: pd.DataFrame,
    catalogue: Catalogue,
) -> None:
    """Write attributes, scores and replicas of the reference occupations."""
    attributes.rename_axis("soc").reset_index().to_parquet(folder / X_TRAINED, index=False)
    catalogue.unscale(attributes).rename_axis("code").to_csv(
        folder / ATTRIBUTES, lineterminator="\n", float_format="%.6g"
    )
    short = {name: six_digits(reference[name]) for name in ("probability", "lower", "upper")}
    reference.assign(**short).rename_axis("code").to_csv(folder / SCORES, lineterminator="\n")
    table = pd.DataFrame(replicas, index=attributes.index.rename("soc"))
    table.columns = pd.Index([f"r{i:03d}" for i in range(table.shape[1])])
    table.reset_index().to_parquet(folder / REPLICA_SCORES, index=False)


def _document(model: StudentEstimator, catalogue: Catalogue, settings: Settings) -> dict[str, Any]:
    """Return what a manifest says of the model itself."""
    from scipy.stats import norm

    places = {key: manifests.portable(getattr(settings, key)) for key in _PLACES}
    return {
        "format": model.bundle_format,
        "settings": settings.model_dump(mode="json") | places,
        "catalogue": [a.model_dump(mode="json") for a in catalogue],
        "model": {
            "parameters": model.get_params(),
            "classes": model.classes_.tolist(),
            "labelled": model.n_labelled_,
            "names": model.names_,
            "error_rate": model.error_rate_,
            "replica_error_rates": model.replica_error_rates_.tolist(),
        },
        # Standard deviations of the replicas' log-odds on either side of the score.
        "interval_reach": float(norm.ppf(0.5 + model.nominal / 2)),
    }
