"""People use the system, or the system uses people: a second axis beside p, never mixed into it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError

from occurisk.documents import Strict, load_yaml, validation_summary
from occurisk.errors import CatalogueError
from occurisk.paths import FEATURES
from occurisk.training_data.catalogue import Catalogue

WORKSHEET = FEATURES / "worksheet.yaml"
# What stays with people, and what a tool can take off them.
KEPT = ("creative_intelligence", "social_intelligence", "nonroutine_analytical", "nonroutine_interpersonal")
TAKEN = ("routine_cognitive", "routine_manual")
STRONG = 0.75
WEAK = 0.25


class Item(Strict):
    """One attribute of a worksheet field, and what a high value speaks for."""

    attribute: str
    speaks_for: Literal["augmentation", "substitution"]
    why: str


class WorksheetField(Strict):
    """One of IG Metall's five fields: what to ask, and which attributes bear on it."""

    field: str
    question: str
    people_use_the_system: str
    the_system_uses_people: str
    items: Annotated[tuple[Item, ...], Field(min_length=1)]


def augmentation(X: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return how much there is for a tool to take over while skills stay.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1].
    catalogue : Catalogue

    Returns
    -------
    DataFrame, index of X
        `kept`: mean of the percentiles of creative, social, analytical and interpersonal work;
        `taken`: the same of routine cognitive and routine manual work. The percentile of a group is that
        of the mean of its attributes' percentiles (an attribute whose sign is against its group's is
        reversed). `augmentation` = sqrt(kept x taken): high only where there is both
        something to hand over and skill that remains; `substitution` = sqrt((1 - kept) x taken). All
        in [0, 1]; percentiles are among the occupations of X, not weighted by jobs.
    """
    kept = pd.concat([_percentile(_group(X, catalogue, g, -1)) for g in KEPT], axis=1).mean(axis=1)
    taken = pd.concat([_percentile(_group(X, catalogue, g, 1)) for g in TAKEN], axis=1).mean(axis=1)
    return pd.DataFrame(
        {
            "kept": kept,
            "taken": taken,
            "augmentation": np.sqrt(kept * taken),
            "substitution": np.sqrt((1 - kept) * taken),
        }
    )


def worksheets(X: pd.DataFrame, catalogue: Catalogue, jobs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Fill the five fields for groups of occupations.

    Parameters
    ----------
    X : DataFrame
        Attributes of the reference occupations, on [0, 1].
    catalogue : Catalogue
    jobs : DataFrame, shape (n_occupations, n_groups)
        Jobs of each group by occupation, index `soc`.

    Returns
    -------
    dict of str to DataFrame
        By group: `field`, `attribute`, `rating` (on O*NET's scale, job-weighted mean), `percentile` (the
        same mean of percentiles among the reference occupations), `speaks_for` (`augmentation`,
        `substitution`, or empty where the percentile is between 0.25 and 0.75), `why`.
    """
    weight = jobs.reindex(X.index).fillna(0.0).to_numpy(dtype=float)
    ratings = pd.DataFrame(_means(catalogue.unscale(X), weight), columns=X.columns)
    percentiles = pd.DataFrame(_means(X.apply(_percentile), weight), columns=X.columns)
    items = [(field.field, item) for field in load_worksheet() for item in field.items if item.attribute in X]
    sheets = {}
    for row, name in enumerate(jobs.columns):
        rows = []
        for field, item in items:
            share = float(percentiles[item.attribute].iloc[row])
            other = {"augmentation": "substitution", "substitution": "augmentation"}[item.speaks_for]
            verdict = item.speaks_for if share >= STRONG else other if share <= WEAK else ""
            rating = float(ratings[item.attribute].iloc[row])
            rows.append((field, item.attribute, rating, share, verdict, item.why))
        sheets[str(name)] = pd.DataFrame(
            rows, columns=["field", "attribute", "rating", "percentile", "speaks_for", "why"]
        )
    return sheets


@lru_cache(maxsize=4)
def load_worksheet(path: Path = WORKSHEET) -> tuple[WorksheetField, ...]:
    """Read the worksheet's fields.

    Raises
    ------
    CatalogueError
        If the file breaks its rules.
    """
    try:
        return TypeAdapter(tuple[WorksheetField, ...]).validate_python(load_yaml(path, CatalogueError))
    except ValidationError as problem:
        count, first = validation_summary(problem)
        raise CatalogueError(
            f"{count} entries break the rules in {path}.",
            first=first,
            fix="Each field has a question, both readings and its attributes.",
        ) from problem


def _group(X: pd.DataFrame, catalogue: Catalogue, group: str, sign: int) -> pd.Series:
    """Return the mean of a group's attributes, as percentiles; those with the opposite sign are reversed."""
    columns = [
        _percentile(-X[a.name] if a.sign == -sign else X[a.name])
        for a in catalogue
        if a.group == group and a.name in X
    ]
    return pd.concat(columns, axis=1).mean(axis=1)


def _percentile(values: pd.Series) -> pd.Series:
    return (values.rank() - 0.5) / values.notna().sum()


def _means(values: pd.DataFrame, weight: np.ndarray) -> np.ndarray:
    """Return the weighted means of what O*NET rates, shape (n_groups, n_attributes)."""
    known = values.notna().to_numpy(dtype=float)
    total, jobs = weight.T @ values.fillna(0.0).to_numpy(dtype=float), weight.T @ known
    return np.divide(total, jobs, out=np.full(total.shape, np.nan), where=jobs > 0)
