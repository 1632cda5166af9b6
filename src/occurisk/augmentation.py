"""People use the system, or the system uses people: a second axis beside p, never mixed into it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError

from occurisk.catalogue import Catalogue
from occurisk.errors import CatalogueError
from occurisk.settings import FEATURES, Strict, load_yaml, validation_summary

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


def worksheet(X: pd.DataFrame, catalogue: Catalogue, jobs: pd.Series) -> pd.DataFrame:
    """Fill the five fields for a group of occupations.

    Parameters
    ----------
    X : DataFrame
        Attributes of the reference occupations, on [0, 1].
    catalogue : Catalogue
    jobs : Series
        Jobs of the group by occupation, index `soc`.

    Returns
    -------
    DataFrame
        `field`, `attribute`, `rating` (on O*NET's scale, job-weighted mean), `percentile` (the same
        mean of percentiles among the reference occupations), `speaks_for` (`augmentation`,
        `substitution`, or `` where the percentile is between 0.25 and 0.75), `why`.
    """
    weight = jobs.reindex(X.index).fillna(0.0)
    ratings = catalogue.unscale(X)
    percentiles = X.apply(_percentile)
    rows = []
    for field in load_worksheet():
        for item in field.items:
            if item.attribute not in X:
                continue
            share = _mean(percentiles[item.attribute], weight)
            other = {"augmentation": "substitution", "substitution": "augmentation"}[item.speaks_for]
            verdict = item.speaks_for if share >= STRONG else other if share <= WEAK else ""
            rating = _mean(ratings[item.attribute], weight)
            rows.append((field.field, item.attribute, rating, share, verdict, item.why))
    names = ["field", "attribute", "rating", "percentile", "speaks_for", "why"]
    return pd.DataFrame(rows, columns=names)


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


def _mean(values: pd.Series, weight: pd.Series) -> float:
    """Return the weighted mean of what O*NET rates."""
    known = weight.where(values.notna(), 0.0)
    return float(values.fillna(0.0) @ known / known.sum()) if known.sum() else float("nan")
