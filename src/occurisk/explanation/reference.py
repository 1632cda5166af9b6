"""The reference occupations, explained: what every explained list of one model shares."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from occurisk.errors import OutputError
from occurisk.explanation.identifiability import Identifiability, identifiability
from occurisk.explanation.smallest_change import smallest_changes
from occurisk.explanation.tree_leaves import read_leaves
from occurisk.explanation.words import Phrases, load_phrases
from occurisk.files import whole_file
from occurisk.model.axes.declaration import Axis
from occurisk.model.contributions import INTERVAL_REPLICAS, Explanation, Model, explain
from occurisk.model.label_error import PanelLink
from occurisk.probabilities import Bands
from occurisk.training_data.catalogue import Catalogue

# Beside the models: what explaining all reference occupations found. Raise the number when that changes.
KEPT = "explained-1"
_ARRAYS, _CHANGES = "contributions.npz", "changes.parquet"


class BundleLike(Protocol):
    """What an explained list needs of a model bundle: `occurisk.model.bundles.bundle.Bundle` has it."""

    @property
    def path(self) -> Path: ...
    @property
    def digest(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def model(self) -> Model: ...
    @property
    def link(self) -> PanelLink: ...
    @property
    def axis(self) -> Axis: ...
    @property
    def bands(self) -> Bands: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def attributes(self) -> pd.DataFrame: ...
    @property
    def reference(self) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Reference:
    """The reference occupations, explained: what all explained lists of one model share.

    Attributes
    ----------
    version : str
        Of the model.
    catalogue : Catalogue
    attributes : DataFrame, shape (n_reference, n_attributes)
        All reference occupations, on [0, 1].
    occupations : DataFrame, index soc
        `title`, `status`, `probability`, … of all reference occupations.
    explanation : Explanation
        Of the reference occupations that are needed, or of rows with attributes of their own.
    changes : DataFrame
        Of the same.
    bands : Bands
    identifiability : Identifiability or None
    axis : Axis or None
        What the scores are about; the first axis where it is not said.
    """

    version: str
    catalogue: Catalogue
    attributes: pd.DataFrame
    occupations: pd.DataFrame
    explanation: Explanation
    changes: pd.DataFrame
    bands: Bands = field(default_factory=Bands)
    identifiability: Identifiability | None = None
    axis: Axis | None = None

    def phrases(self, language: str) -> Phrases:
        """Return the phrase table of a language, with what this axis says of its score."""
        return load_phrases(language).on(self.axis.words(language) if self.axis else None)


def explain_reference(
    bundle: BundleLike,
    only: Iterable[str] | None = None,
    *,
    labels: pd.Series | None = None,
    replicas: int = INTERVAL_REPLICAS,
) -> Reference:
    """Explain the reference occupations of a bundle.

    Parameters
    ----------
    bundle : BundleLike
    only : iterable of str, optional
        SOC codes that are needed; all by default.
    labels : Series, optional
        Hand labels (0/1) by code, for the identifiability note; those of the bundle by default.
    replicas : int
        At most so many bootstrap replicas for the spread.

    Returns
    -------
    Reference
    """
    X = bundle.attributes
    needed = X if only is None else X.loc[X.index.isin(set(only))]
    return explained_attributes(bundle, needed, labels, replicas)


def kept_reference(bundle: BundleLike) -> Reference:
    """Explain all reference occupations of a bundle, from what an earlier run kept of it if there is any.

    They are the same for every list that a model scores. What is kept lies beside the models under the
    bundle's digest; a folder that cannot be written or read costs time, and nothing else.
    """
    place = bundle.path.parent / KEPT / bundle.digest
    kept = _read(place, bundle.attributes, bundle.link)
    if kept is not None:
        return _reference(bundle, *kept, bundle.reference.get("label"))
    reference = explain_reference(bundle)
    with suppress(OutputError):
        _keep(place, reference)
    return reference


def _keep(place: Path, reference: Reference) -> None:
    explanation = reference.explanation
    with whole_file(place / _CHANGES) as path:
        reference.changes.to_parquet(path)
    with whole_file(place / _ARRAYS) as path, open(path, "wb") as stream:
        np.savez(
            stream,
            base=explanation.base,
            contributions=explanation.contributions,
            replicas=explanation.replicas,
        )


def _read(place: Path, X: pd.DataFrame, link: PanelLink) -> tuple[Explanation, pd.DataFrame] | None:
    """Return what is kept of these occupations, or None."""
    try:
        with open(place / _ARRAYS, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            values, replicas = arrays["contributions"], arrays["replicas"]
            base = float(arrays["base"])
        changes = pd.read_parquet(place / _CHANGES)
    except (OSError, ValueError, LookupError, BadZipFile):
        return None
    if values.shape != X.shape or replicas.shape[1:] != X.shape or not changes.index.equals(X.index):
        return None
    return Explanation(base, pd.DataFrame(values, X.index, X.columns), X, replicas, link), changes


def explained_attributes(
    bundle: BundleLike, X: pd.DataFrame, labels: pd.Series | None, replicas: int
) -> Reference:
    """Explain attributes on [0, 1], be they of reference occupations or of anyone's rows."""
    leaves = read_leaves(bundle.model.booster_)
    explanation = explain(bundle.model, X, replicas=replicas)
    changes = smallest_changes(leaves, X, bundle.attributes, bundle.catalogue, bundle.bands, link=bundle.link)
    if labels is None:
        labels = bundle.reference.get("label")
    return _reference(bundle, explanation, changes, labels)


def _reference(
    bundle: BundleLike, explanation: Explanation, changes: pd.DataFrame, labels: pd.Series | None
) -> Reference:
    return Reference(
        version=bundle.version,
        catalogue=bundle.catalogue,
        attributes=bundle.attributes,
        occupations=bundle.reference,
        explanation=explanation,
        changes=changes,
        bands=bundle.bands,
        identifiability=None
        if labels is None
        else identifiability(bundle.attributes, _as_bands(labels, bundle)),
        axis=bundle.axis,
    )


def _as_bands(labels: pd.Series, bundle: BundleLike) -> pd.Series:
    """Return labels as 0 and 1: a soft one counts by whether it lies in the high band."""
    return labels.astype(float).ge(bundle.bands.high).astype(float).where(labels.notna())
