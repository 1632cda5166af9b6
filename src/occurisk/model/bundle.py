"""A trained model on disk: plain files, checksums that are verified before anything is loaded.

No pickle: the LightGBM text, the teacher as JSON, tables as CSV and Parquet.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from occurisk.errors import BundleError
from occurisk.files import digest, json_text, sha256, whole_folder, write_text
from occurisk.paths import default_models_dir
from occurisk.probabilities import Bands, six_digits
from occurisk.training_data.labels import DEFAULT_LABELS, load_labels, read_rows

if TYPE_CHECKING:
    from occurisk.model.classifier import AutomationClassifier
    from occurisk.model.row_intervals import Spread
    from occurisk.model.settings import Settings
    from occurisk.model.teacher import Teacher
    from occurisk.training_data.catalogue import Catalogue

FORMAT = 1
MANIFEST = "manifest.json"
BOOSTER = "model.txt"
REPLICA_BOOSTERS = "replicas.txt.gz"
REPLICA_SCORES = "replicas.parquet"
TEACHER = "teacher.json"
ATTRIBUTES = "attributes.csv"
SCORES = "scores.csv"
CARD = "MODEL_CARD.md"
CURRENT = "CURRENT"  # in the models folder: the version that commands use by default
# Between two model texts in one file; LightGBM never writes it.
_SEPARATOR = "\n==== next replica ====\n"
PACKAGES = ("occurisk", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Bundle:
    """A model version, as read from its folder. Tables load at once, LightGBM only when asked for.

    Attributes
    ----------
    path : Path
    manifest : dict
        Version, digests, data, settings, metrics, package versions.
    reference : DataFrame
        The reference occupations, index `soc`: title, status, probability, lower, upper, ranks, band,
        stability, published_probability, label, reasons (see `scores.py`).
    """

    path: Path
    manifest: dict[str, Any]
    reference: pd.DataFrame

    @property
    def version(self) -> str:
        """Name of this model version."""
        return str(self.manifest["version"])

    @property
    def bands(self) -> Bands:
        """Thresholds that the reference bands were cut at."""
        return Bands(**self.manifest["settings"]["bands"])

    @cached_property
    def catalogue(self) -> Catalogue:
        """The attributes that the model was trained on."""
        from occurisk.training_data.catalogue import Attribute, Catalogue

        return Catalogue(attributes=tuple(Attribute(**a) for a in self.manifest["catalogue"]))

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """X of the reference occupations, shape (n, p), each attribute on [0, 1]."""
        table = pd.read_csv(self.path / ATTRIBUTES, dtype={"code": str}).set_index("code")
        return self.catalogue.rescale(table.rename_axis("soc"))

    @cached_property
    def replicas(self) -> pd.DataFrame:
        """Replica probabilities of the reference occupations, shape (n, B), index `soc`."""
        return pd.read_parquet(self.path / REPLICA_SCORES).set_index("soc")

    @cached_property
    def label_file(self) -> Path | None:
        """The label file that it was trained on; None if it is gone or has changed since."""
        digest = self.manifest["data"]["sha256"]["labels"]
        for path in (Path(self.manifest["settings"]["labels"]), DEFAULT_LABELS):
            if path.is_file() and sha256(path) == digest:
                return path
        return None

    @cached_property
    def labels(self) -> tuple[pd.Series, pd.Series]:
        """y (0, 1) and confidence that it was trained on, index `soc`.

        Without `label_file`: the labels of `reference`, each with confidence 1, because a bundle keeps none.
        """
        if self.label_file:
            labels = load_labels(self.label_file)
            return labels.y, labels.weight
        y = self.reference["label"].dropna().astype(int)
        return y, pd.Series(1.0, y.index, name="weight")

    @cached_property
    def label_rows(self) -> pd.DataFrame:
        """The labels as a label file has them, all text: `label_file`, or what the bundle keeps."""
        if self.label_file:
            return read_rows(self.label_file)
        kept = self.reference[["label", "published_probability"]].dropna(how="all").rename_axis("code")
        return kept.map(lambda v: "" if pd.isna(v) else f"{v:g}").reset_index()

    @property
    def names(self) -> list[str]:
        """The attributes in the model's order."""
        return list(self.manifest["model"]["names"])

    @property
    def nominal(self) -> float:
        """Nominal level of its intervals."""
        return float(self.manifest["model"]["parameters"]["coverage"])

    @cached_property
    def booster(self) -> Any:
        """The student, a `lightgbm.Booster` whose raw score is log-odds; read sooner than `model`."""
        from occurisk.model.student import read_booster

        return read_booster(_text(self.path / BOOSTER))

    @cached_property
    def teacher(self) -> Teacher:
        """The teacher alone."""
        from occurisk.model.teacher import Teacher

        return Teacher.from_dict(json.loads(_text(self.path / TEACHER)))

    @cached_property
    def model(self) -> AutomationClassifier:
        """The classifier, ready to predict."""
        from occurisk.model.classifier import AutomationClassifier
        from occurisk.model.student import read_booster

        texts = gzip.decompress((self.path / REPLICA_BOOSTERS).read_bytes()).decode()
        return AutomationClassifier.restore(
            self.manifest["model"]["parameters"],
            classes=self.manifest["model"]["classes"],
            names=self.names,
            labelled=self.manifest["model"]["labelled"],
            teacher=self.teacher,
            booster=self.booster,
            replica_boosters=[read_booster(text) for text in texts.split(_SEPARATOR)],
        )

    def log_odds(self, X: np.ndarray, threads: int = 0) -> np.ndarray:
        """Return the model's log-odds of rows of attributes, shape (n,).

        Parameters
        ----------
        X : ndarray, shape (n, p)
            On [0, 1], columns in the order of `names`.
        threads : int
            Of LightGBM; 0 leaves it to OpenMP (all cores, or OMP_NUM_THREADS).
        """
        if not len(X):  # LightGBM refuses no rows at all
            return np.zeros(0)
        return np.asarray(self.booster.predict(X, raw_score=True, num_threads=threads))

    @cached_property
    def medians(self) -> np.ndarray:
        """What stands in for a gap: the medians of the reference occupations, in the order of `names`."""
        return self.attributes[self.names].median().to_numpy(dtype=float)

    @cached_property
    def spread(self) -> Spread:
        """How far replicas, and gaps filled with the median, move log-odds; X in the order of `names`."""
        from scipy.special import logit

        from occurisk.model.row_intervals import Spread

        X = self.attributes[self.names]
        replicas = logit(self.replicas.loc[X.index].to_numpy(dtype=float))
        return Spread.learn(self.teacher.features, X.to_numpy(), replicas, self.log_odds, self.medians)


def save_bundle(
    path: Path,
    model: AutomationClassifier,
    reference: pd.DataFrame,
    attributes: pd.DataFrame,
    catalogue: Catalogue,
    settings: Settings,
    data: dict[str, Any],
    metrics: dict[str, Any] | None = None,
    card: str = "",
) -> Bundle:
    """Write a bundle, whole or not at all.

    Parameters
    ----------
    path : Path
        Folder to make; its name is the version. An older one of that name is replaced.
    model : AutomationClassifier
        Fitted with replicas.
    reference : DataFrame
        Scores of the reference occupations, index `soc`.
    attributes : DataFrame
        X of the reference occupations, each attribute on [0, 1].
    catalogue : Catalogue
    settings : Settings
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
    from scipy.stats import norm

    path = Path(path)
    replicas = pd.DataFrame(model.predict_replicas(attributes), index=attributes.index)
    replicas.columns = pd.Index([f"r{i:03d}" for i in range(replicas.shape[1])])
    with whole_folder(path) as folder:
        (folder / BOOSTER).write_text(model.booster_.model_to_string(), encoding="utf-8")
        texts = [booster.model_to_string() for booster in model.replica_boosters_]
        # mtime=0: the same replicas are the same bytes.
        packed = gzip.compress(_SEPARATOR.join(texts).encode(), mtime=0)
        (folder / REPLICA_BOOSTERS).write_bytes(packed)
        (folder / TEACHER).write_text(
            json_text(model.teacher_.to_dict(), indent=None) + "\n", encoding="utf-8"
        )
        catalogue.unscale(attributes).rename_axis("code").to_csv(
            folder / ATTRIBUTES, lineterminator="\n", float_format="%.6g"
        )
        short = {name: six_digits(reference[name]) for name in ("probability", "lower", "upper")}
        reference.assign(**short).rename_axis("code").to_csv(folder / SCORES, lineterminator="\n")
        replicas.reset_index().to_parquet(folder / REPLICA_SCORES, index=False)
        (folder / CARD).write_text(card, encoding="utf-8")
        manifest = {
            "format": FORMAT,
            "version": path.name,
            "settings": settings.model_dump(mode="json"),
            "catalogue": [a.model_dump(mode="json") for a in catalogue],
            "model": {
                "parameters": model.get_params(),
                "classes": model.classes_.tolist(),
                "labelled": model.n_labelled_,
                "names": model.names_,
            },
            # Standard deviations of the replicas' log-odds on either side of the score.
            "interval_reach": float(norm.ppf(0.5 + model.coverage / 2)),
            "data": data,
            "metrics": metrics or {},
            "packages": {name: _package_version(name) for name in PACKAGES},
            "python": platform.python_version(),
            "sha256": {file.name: sha256(file) for file in sorted(folder.iterdir())},
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return load_bundle(path)


def load_bundle(path: Path) -> Bundle:
    """Read a bundle after verifying every checksum.

    Parameters
    ----------
    path : Path
        The version's folder.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If it is not a bundle, or a file is missing, truncated or altered. LightGBM has not seen a byte then.
    """
    path = Path(path)
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        expected = dict(manifest["sha256"])
        if manifest["format"] != FORMAT:
            raise BundleError(
                f"{path} is a bundle of format {manifest['format']}.",
                rule=f"This version of occurisk reads format {FORMAT}.",
                fix="Train again with: occurisk train",
            )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BundleError(
            f"{path} is not a model bundle: {problem!r}.",
            rule=f"A bundle is a folder that holds {MANIFEST} and the files that it lists.",
            fix="Train again with: occurisk train",
        ) from problem
    broken = []
    for name, checksum in expected.items():
        file = path / name
        # A name is a plain file of this folder: a manifest cannot point elsewhere.
        if Path(name).name != name or not file.is_file():
            broken.append(f"{name} is missing")
        elif sha256(file) != checksum:
            broken.append(f"{name} is not the file that was written")
    needed = {BOOSTER, REPLICA_BOOSTERS, TEACHER, ATTRIBUTES, SCORES, REPLICA_SCORES} - set(expected)
    broken += [f"{name} is not listed" for name in sorted(needed)]
    if broken:
        raise BundleError(
            f"{len(broken)} of {len(expected)} files of the bundle {path} are missing or altered.",
            first=broken[0],
            rule=f"Every file matches its SHA-256 in {MANIFEST}.",
            fix="Restore the folder, or train again with: occurisk train",
        )
    reference = pd.read_csv(
        path / SCORES,
        dtype={"code": str},
        keep_default_na=False,
        na_values={"published_probability": [""], "label": [""]},
    )
    return Bundle(path, manifest, reference.set_index("code").rename_axis("soc"))


def version_name(settings: Settings, data: dict[str, Any]) -> str:
    """Return the version that this configuration and these data make: `name-8 hex digits`.

    The same inputs give the same version on every machine.
    """
    choices = settings.model_dump(mode="json", exclude={"catalogue", "attributes", "labels", "evaluation"})
    packages = {name: _package_version(name) for name in ("occurisk", "lightgbm")}
    key = json.dumps([choices, data["sha256"], packages], sort_keys=True)
    return f"{settings.name}-{digest(key)[:8]}"


def set_current(models_dir: Path, version: str) -> None:
    """Make a version the one that commands use by default."""
    write_text(models_dir / CURRENT, version + "\n")


def find_bundle(
    models_dir: Path | None = None,
    version: str | None = None,
    train: Callable[[Path], Bundle] | None = None,
) -> Bundle:
    """Load the current version of a models folder; train the default one if there is none.

    Parameters
    ----------
    models_dir : Path, optional
        `models/` of the project, or of the working directory, by default.
    version : str, optional
        Another version of that folder.
    train : callable, optional
        Called with the models folder when it holds no model.

    Raises
    ------
    BundleError
        If the version does not exist, or there is no model and no way to train one.
    """
    models_dir = Path(models_dir or default_models_dir())
    current = models_dir / CURRENT
    if version is None and current.is_file():
        version = current.read_text(encoding="utf-8").strip()
    if version is not None:
        if Path(version).name != version or not (models_dir / version).is_dir():
            found = sorted(p.parent.name for p in models_dir.glob(f"*/{MANIFEST}"))
            raise BundleError(
                f"There is no model {version!r} in {models_dir}.",
                rule=f"Models there: {', '.join(found) or 'none'}.",
                fix="Name one of these, or train with: occurisk train",
            )
        return load_bundle(models_dir / version)
    if train is None:
        raise BundleError(f"There is no model in {models_dir}.", fix="Train one with: occurisk train")
    return train(models_dir)


def _package_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
