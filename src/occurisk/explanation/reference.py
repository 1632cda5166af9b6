"""The reference occupations, explained: what every explained list of one model shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from occurisk.explanation.identifiability import Identifiability, identifiability
from occurisk.explanation.smallest_change import smallest_changes
from occurisk.explanation.tree_leaves import read_leaves
from occurisk.model.contributions import INTERVAL_REPLICAS, Explanation, Model, explain
from occurisk.probabilities import Bands
from occurisk.training_data.catalogue import Catalogue


class BundleLike(Protocol):
    """What a explained needs of a model bundle: `occurisk.bundle.Bundle` has it."""

    @property
    def version(self) -> str: ...
    @property
    def model(self) -> Model: ...
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
    """The reference occupations, explained: what every explained of one model shares.

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
    """

    version: str
    catalogue: Catalogue
    attributes: pd.DataFrame
    occupations: pd.DataFrame
    explanation: Explanation
    changes: pd.DataFrame
    bands: Bands = field(default_factory=Bands)
    identifiability: Identifiability | None = None


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


def explained_attributes(
    bundle: BundleLike, X: pd.DataFrame, labels: pd.Series | None, replicas: int
) -> Reference:
    """Explain attributes on [0, 1], be they of reference occupations or of anyone's rows."""
    reference = bundle.attributes
    if labels is None and "label" in bundle.reference:
        labels = bundle.reference["label"]
    leaves = read_leaves(bundle.model.booster_)
    return Reference(
        version=bundle.version,
        catalogue=bundle.catalogue,
        attributes=reference,
        occupations=bundle.reference,
        explanation=explain(bundle.model, X, replicas=replicas),
        changes=smallest_changes(leaves, X, reference, bundle.catalogue, bundle.bands),
        bands=bundle.bands,
        identifiability=identifiability(reference, labels) if labels is not None else None,
    )
