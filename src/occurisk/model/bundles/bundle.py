"""A trained model on disk: plain files, checksums that are verified before anything is loaded.

No pickle: the LightGBM text, the teacher as JSON, tables as CSV and Parquet.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from occurisk.errors import BundleError
from occurisk.files import sha256
from occurisk.model.bundles import manifest as manifests
from occurisk.model.bundles.manifest import MANIFEST, TRAIN_AGAIN, Manifest
from occurisk.probabilities import Bands
from occurisk.training_data.labels import load_labels, read_rows

if TYPE_CHECKING:
    from occurisk.model.axes.declaration import Axis
    from occurisk.model.label_error import PanelLink
    from occurisk.model.row_intervals import RowUncertainty
    from occurisk.training_data.catalogue import Catalogue

BOOSTER = "model.txt"
REPLICA_BOOSTERS = "replicas.txt.gz"
REPLICA_SCORES = "replicas.parquet"
TEACHER = "teacher.json"
X_TRAINED = "attributes.parquet"
ATTRIBUTES = "attributes.csv"  # on the scales of O*NET, for people; format 1 had nothing else
LABELS = "labels.csv"
RATING_ERRORS = "rating_errors.csv"  # only where the release of the attributes prints them
SCORES = "scores.csv"
CARD = "MODEL_CARD.md"
# Between two model texts in one file; LightGBM never writes it.
SEPARATOR = "\n==== next replica ====\n"
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
    rating_error : bool
        Whether intervals and replicas also carry the error of O*NET's ratings; see `rating_error`.
    """

    path: Path
    manifest: dict[str, Any]
    digest: str
    version: str
    reference: pd.DataFrame
    rating_error: bool = False

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
    def rating_errors(self) -> pd.DataFrame | None:
        """N and standard errors of its attributes, as the release prints them; None if it does not."""
        if RATING_ERRORS not in self.manifest["sha256"]:
            return None
        with self._readable("table of rating errors"):
            return pd.read_csv(self.path / RATING_ERRORS, dtype={"code": str})

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
    def label_remark(self) -> str:
        """What is not known of the labels that it was trained on, in words; empty if all of it is."""
        if self.keeps_labels:
            return ""
        return (
            f"{self.version} was written by an earlier occurisk and keeps no label file: using the "
            f"{len(self.labels[0])} labels of its scores. They have no confidence: each counts 1."
        )

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
            labels = load_labels(self.path / LABELS, soft=self.estimator_class.soft_labels)
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
        return float(self.manifest["model"]["parameters"]["nominal"])

    @cached_property
    def booster(self) -> Any:
        """The student, a `lightgbm.Booster` whose raw score is log-odds; read sooner than `model`."""
        from occurisk.model.student import read_booster

        with self._readable("booster"):
            return self._of_these_names(read_booster(_text(self.path / BOOSTER)))

    @property
    def axis(self) -> Axis:
        """What its scores are about; see `axis_of`."""
        from occurisk.model.axes.declaration import axis_of

        return axis_of(self.manifest["settings"]["name"], soft=self.estimator_class.soft_labels)

    @property
    def estimator_class(self) -> Any:
        """The class of its model: the format says which."""
        from occurisk.model.axes.regressor import ExposureRegressor
        from occurisk.model.classifier import AutomationClassifier

        known = (AutomationClassifier, ExposureRegressor)
        return next((e for e in known if e.bundle_format == self.manifest["format"]), AutomationClassifier)

    @cached_property
    def teacher(self) -> Any:
        """The teacher alone."""
        with self._readable("teacher"):
            return self.estimator_class.teacher_class.from_dict(json.loads(_text(self.path / TEACHER)))

    @cached_property
    def model(self) -> Any:
        """The estimator, ready to predict."""
        from occurisk.model.student import read_booster

        with self._readable("model"):
            texts = gzip.decompress((self.path / REPLICA_BOOSTERS).read_bytes()).decode()
            return self.estimator_class.restore(
                self.manifest["model"]["parameters"],
                classes=self.manifest["model"]["classes"],
                names=self.names,
                labelled=self.manifest["model"]["labelled"],
                teacher=self.teacher,
                booster=self.booster,
                replica_boosters=[
                    self._of_these_names(read_booster(text)) for text in texts.split(SEPARATOR)
                ],
                error_rate=self.manifest["model"]["error_rate"],
                replica_error_rates=self.manifest["model"]["replica_error_rates"],
            )

    @cached_property
    def link(self) -> PanelLink:
        """From its log-odds to the probabilities that it prints."""
        from occurisk.model.label_error import PanelLink

        kept = self.manifest["model"]
        return PanelLink.of(kept["error_rate"], kept["replica_error_rates"])

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
        from occurisk.model.row_intervals import RowUncertainty

        X = self.attributes[self.names]
        replicas = self.link.replica_log_odds(self.replicas.loc[X.index].to_numpy(dtype=float))
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


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
