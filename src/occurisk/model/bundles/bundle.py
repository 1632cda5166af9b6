"""A trained model on disk: plain files, checksums that are verified before anything is loaded.

No pickle: the LightGBM text, the teacher as JSON, tables as CSV and Parquet.
"""

from __future__ import annotations

import gzip
import json
import platform
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from occurisk.errors import BundleError
from occurisk.files import cannot_write, json_text, sha256, write_text
from occurisk.model.bundles import manifest as manifests
from occurisk.model.bundles.manifest import FORMAT, MANIFEST, TRAIN_AGAIN, Manifest
from occurisk.model.bundles.models_folder import CURRENT, put_in_place, staging
from occurisk.paths import default_models_dir
from occurisk.probabilities import Bands, six_digits
from occurisk.training_data.labels import load_labels, read_rows

if TYPE_CHECKING:
    from occurisk.model.classifier import AutomationClassifier
    from occurisk.model.row_intervals import RowUncertainty
    from occurisk.model.settings import Settings
    from occurisk.model.teacher import Teacher
    from occurisk.training_data.catalogue import Catalogue

BOOSTER = "model.txt"
REPLICA_BOOSTERS = "replicas.txt.gz"
REPLICA_SCORES = "replicas.parquet"
TEACHER = "teacher.json"
X_TRAINED = "attributes.parquet"
ATTRIBUTES = "attributes.csv"  # on the scales of O*NET, for people; format 1 had nothing else
LABELS = "labels.csv"
SCORES = "scores.csv"
CARD = "MODEL_CARD.md"
# Between two model texts in one file; LightGBM never writes it.
_SEPARATOR = "\n==== next replica ====\n"
# What reading a part that was written by somebody else may raise.
_UNUSABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    zlib.error,
)
_PLACES = ("catalogue", "attributes", "labels")  # of settings: a manifest knows no absolute path


@dataclass(frozen=True)
class Bundle:
    """A model version, as read from its folder. Tables load at once, LightGBM only when asked for.

    Attributes
    ----------
    path : Path
    manifest : dict
        Digests, data, settings, metrics, package versions.
    digest : str
        SHA-256 of the manifest: it stands for every byte of the bundle.
    version : str
        Name of this model version.
    reference : DataFrame
        The reference occupations, index `soc`: title, status, probability, lower, upper, ranks, band,
        stability, published_probability, label, reasons (see `training.reference_scores`).
    """

    path: Path
    manifest: dict[str, Any]
    digest: str
    version: str
    reference: pd.DataFrame

    @property
    def bands(self) -> Bands:
        """Thresholds that the reference bands were cut at."""
        return Bands(**self.manifest["settings"]["bands"])

    @cached_property
    def catalogue(self) -> Catalogue:
        """The attributes that the model was trained on."""
        from occurisk.training_data.catalogue import Attribute, Catalogue

        with self._readable("catalogue"):
            return Catalogue(attributes=tuple(Attribute(**a) for a in self.manifest["catalogue"]))

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """X of the reference occupations as trained, shape (n, p), each attribute on [0, 1]."""
        with self._readable("table of attributes"):
            if self.manifest["format"] > 1:
                return pd.read_parquet(self.path / X_TRAINED).set_index("soc")[self.names]
            table = pd.read_csv(self.path / ATTRIBUTES, dtype={"code": str}).set_index("code")
            return self.catalogue.rescale(table.rename_axis("soc"))

    @cached_property
    def replicas(self) -> pd.DataFrame:
        """Replica probabilities of the reference occupations, shape (n, B), index `soc`."""
        with self._readable("table of replicas"):
            return pd.read_parquet(self.path / REPLICA_SCORES).set_index("soc")

    @property
    def keeps_labels(self) -> bool:
        """Whether it holds the label file that it was trained on: not in bundles of format 1."""
        return LABELS in self.manifest["sha256"]

    @property
    def label_name(self) -> str:
        """The name of the label file that it was trained on, without the ending."""
        return Path(self.manifest["settings"]["labels"]).stem

    @cached_property
    def labels(self) -> tuple[pd.Series, pd.Series]:
        """y (0, 1) and confidence that it was trained on, index `soc`.

        Format 1 keeps no confidence: the labels of `reference`, each with confidence 1.
        """
        if self.keeps_labels:
            labels = load_labels(self.path / LABELS)
            return labels.y, labels.weight
        y = self.reference["label"].dropna().astype(int)
        return y, pd.Series(1.0, y.index, name="weight")

    @cached_property
    def label_rows(self) -> pd.DataFrame:
        """The labels as a label file has them, all text."""
        if self.keeps_labels:
            return read_rows(self.path / LABELS)
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

        with self._readable("booster"):
            return self._of_these_names(read_booster(_text(self.path / BOOSTER)))

    @cached_property
    def teacher(self) -> Teacher:
        """The teacher alone."""
        from occurisk.model.teacher import Teacher

        with self._readable("teacher"):
            return Teacher.from_dict(json.loads(_text(self.path / TEACHER)))

    @cached_property
    def model(self) -> AutomationClassifier:
        """The classifier, ready to predict."""
        from occurisk.model.classifier import AutomationClassifier
        from occurisk.model.student import read_booster

        with self._readable("model"):
            texts = gzip.decompress((self.path / REPLICA_BOOSTERS).read_bytes()).decode()
            return AutomationClassifier.restore(
                self.manifest["model"]["parameters"],
                classes=self.manifest["model"]["classes"],
                names=self.names,
                labelled=self.manifest["model"]["labelled"],
                teacher=self.teacher,
                booster=self.booster,
                replica_boosters=[
                    self._of_these_names(read_booster(text)) for text in texts.split(_SEPARATOR)
                ],
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
    def uncertainty(self) -> RowUncertainty:
        """How far replicas, and gaps filled with the median, move log-odds; X in the order of `names`."""
        from scipy.special import logit

        from occurisk.model.row_intervals import RowUncertainty

        X = self.attributes[self.names]
        replicas = logit(self.replicas.loc[X.index].to_numpy(dtype=float))
        return RowUncertainty.learn(
            self.teacher.features, X.to_numpy(), replicas, self.log_odds, self.medians
        )

    def _of_these_names(self, booster: Any) -> Any:
        """Return a booster if it knows the attributes in the manifest's order; else raise ValueError."""
        if booster.feature_name() != self.names:
            raise ValueError("it was trained on other attributes, or on these in another order")
        return booster

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        """Turn whatever a part that cannot be used raises into one clear error."""
        try:
            yield
        except _UNUSABLE as problem:
            said = (str(problem) or type(problem).__name__).splitlines()[0]
            raise BundleError(
                f"The {what} of the bundle {self.path} cannot be used: {said}.",
                rule="A bundle is used as it was written.",
                fix=TRAIN_AGAIN,
            ) from problem


def save_bundle(
    models_dir: Path,
    model: AutomationClassifier,
    reference: pd.DataFrame,
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
    model : AutomationClassifier
        Fitted with replicas.
    reference : DataFrame
        Scores of the reference occupations, index `soc`.
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
    from scipy.stats import norm

    replicas = pd.DataFrame(model.predict_replicas(attributes), index=attributes.index.rename("soc"))
    replicas.columns = pd.Index([f"r{i:03d}" for i in range(replicas.shape[1])])
    with staging(models_dir) as folder:
        (folder / BOOSTER).write_text(model.booster_.model_to_string(), encoding="utf-8")
        texts = [booster.model_to_string() for booster in model.replica_boosters_]
        # mtime=0: the same replicas are the same bytes.
        packed = gzip.compress(_SEPARATOR.join(texts).encode(), mtime=0)
        (folder / REPLICA_BOOSTERS).write_bytes(packed)
        (folder / TEACHER).write_text(
            json_text(model.teacher_.to_dict(), indent=None) + "\n", encoding="utf-8"
        )
        attributes.rename_axis("soc").reset_index().to_parquet(folder / X_TRAINED, index=False)
        catalogue.unscale(attributes).rename_axis("code").to_csv(
            folder / ATTRIBUTES, lineterminator="\n", float_format="%.6g"
        )
        shutil.copyfile(settings.labels, folder / LABELS)
        short = {name: six_digits(reference[name]) for name in ("probability", "lower", "upper")}
        reference.assign(**short).rename_axis("code").to_csv(folder / SCORES, lineterminator="\n")
        replicas.reset_index().to_parquet(folder / REPLICA_SCORES, index=False)
        (folder / CARD).write_text(card, encoding="utf-8")
        places = {key: manifests.portable(getattr(settings, key)) for key in _PLACES}
        document = {
            "format": FORMAT,
            "settings": settings.model_dump(mode="json") | places,
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
            "packages": manifests.package_versions(),
            "python": platform.python_version(),
            "sha256": {file.name: sha256(file) for file in sorted(folder.iterdir())},
        }
        (folder / MANIFEST).write_text(json_text(document) + "\n", encoding="utf-8")
        version = manifests.version_of(settings.name, sha256(folder / MANIFEST))
        put_in_place(folder, Path(models_dir) / version)
    return load_bundle(Path(models_dir) / version)


def load_bundle(path: Path, require_digest: str | None = None) -> Bundle:
    """Read a bundle after verifying every checksum.

    Parameters
    ----------
    path : Path
        The version's folder.
    require_digest : str, optional
        The SHA-256 that its manifest must have, for those who pin a model.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If it is not a bundle, not the one that is required, or a file is missing, truncated or altered.
        LightGBM has not seen a byte then.
    """
    path = Path(path).absolute()
    manifest = manifests.read_manifest(path)
    manifests.check_digest(manifest, require_digest)
    _check_files(path, manifest)
    try:
        reference = pd.read_csv(
            path / SCORES,
            dtype={"code": str},
            keep_default_na=False,
            na_values={"published_probability": [""], "label": [""]},
        ).set_index("code")
    except (OSError, ValueError, KeyError) as problem:
        raise BundleError(f"Cannot read {path / SCORES}: {problem}.", fix=TRAIN_AGAIN) from problem
    return Bundle(path, manifest.document, manifest.digest, manifest.version, reference.rename_axis("soc"))


def _check_files(path: Path, manifest: Manifest) -> None:
    """Raise BundleError if a file is missing, altered, or needed but not listed."""
    expected = manifest.document["sha256"]
    broken = []
    for name, checksum in expected.items():
        file = path / name
        # A name is a plain file of this folder: a manifest cannot point elsewhere.
        if Path(name).name != name or not file.is_file():
            broken.append(f"{name} is missing")
        elif sha256(file) != checksum:
            broken.append(f"{name} is not the file that was written")
    needed = {BOOSTER, REPLICA_BOOSTERS, TEACHER, ATTRIBUTES, SCORES, REPLICA_SCORES}
    if manifest.document["format"] > 1:
        needed |= {X_TRAINED, LABELS}
    broken += [f"{name} is not listed" for name in sorted(needed - set(expected))]
    if broken:
        raise BundleError(
            f"{len(broken)} of {len(expected)} files of the bundle {path} are missing or altered.",
            first=broken[0],
            rule=f"Every file matches its SHA-256 in {MANIFEST}.",
            fix=TRAIN_AGAIN,
        )


def set_current(models_dir: Path, version: str) -> None:
    """Make a version the one that commands use by default; its digest is recorded beside its name."""
    try:
        digest = sha256(models_dir / version / MANIFEST)
    except OSError as problem:
        raise cannot_write(models_dir / CURRENT, problem) from problem
    write_text(models_dir / CURRENT, f"{version}\n{digest}\n")


def find_bundle(
    models_dir: Path | None = None,
    version: str | None = None,
    train: Callable[[Path], Bundle] | None = None,
    require_digest: str | None = None,
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
    require_digest : str, optional
        The SHA-256 that the manifest must have.

    Raises
    ------
    BundleError
        If the version does not exist, is not the one that CURRENT or `require_digest` means, or there is no
        model and no way to train one.
    """
    models_dir = Path(models_dir or default_models_dir())
    recorded = None
    if version is None and (models_dir / CURRENT).is_file():
        version, recorded = _read_current(models_dir / CURRENT)
    if version is not None:
        if Path(version).name != version or not (models_dir / version).is_dir():
            found = sorted(p.parent.name for p in models_dir.glob(f"*/{MANIFEST}"))
            raise BundleError(
                f"There is no model {version!r} in {models_dir}.",
                rule=f"Models there: {', '.join(found) or 'none'}.",
                fix="Name one of these, or train with: occurisk train",
            )
        bundle = load_bundle(models_dir / version, require_digest)
        if recorded is not None and recorded != bundle.digest:
            raise BundleError(
                f"{version} is not the version that was made current.",
                first=f"its digest is {bundle.digest}, recorded is {recorded}",
                rule=f"{CURRENT} records the SHA-256 of the version's {MANIFEST}.",
                fix=TRAIN_AGAIN,
            )
        return bundle
    if train is None:
        raise BundleError(f"There is no model in {models_dir}.", fix="Train one with: occurisk train")
    bundle = train(models_dir)
    return load_bundle(bundle.path, require_digest) if require_digest else bundle


def _read_current(path: Path) -> tuple[str, str | None]:
    """Return the current version and its digest (None: written by an earlier occurisk)."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise BundleError(f"Cannot read {path}: {problem}.", fix=TRAIN_AGAIN) from problem
    return lines[0].strip(), lines[1].strip() if len(lines) > 1 and lines[1].strip() else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
