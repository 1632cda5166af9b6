"""People use the system, or the system uses people: a second axis beside p, never mixed into it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError

from occurisk.documents import Strict, load_yaml, rules_broken
from occurisk.errors import CatalogueError
from occurisk.labour_market.breakdowns import cells_of
from occurisk.labour_market.market import Market
from occurisk.paths import FEATURES
from occurisk.training_data.attribute_table import WIDE_TABLE, load_attributes, load_occupations
from occurisk.training_data.catalogue import WIDE_CATALOGUE, Catalogue, load_catalogue

WORKSHEET = FEATURES / "worksheet.yaml"
# What stays with people, and what a tool can take off them.
KEPT = ("creative_intelligence", "social_intelligence", "nonroutine_analytical", "nonroutine_interpersonal")
TAKEN = ("routine_cognitive", "routine_manual")
# O*NET's ratings of what can hurt a person at work (work context, one to five).
HAZARDS = (
    "contaminants",
    "radiation",
    "disease_infections",
    "high_places",
    "hazardous_conditions",
    "hazardous_equipment",
    "minor_injuries",
)
STRONG = 0.75
WEAK = 0.25
# An index that hazard raises by less is as it was; hazardous: more so than three quarters of occupations.
NOTICED, HAZARDOUS = 0.05, 0.5


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


def load_hazards() -> tuple[pd.DataFrame, Catalogue]:
    """Load the ratings of hazard of the reference occupations, from the wide set.

    Returns
    -------
    DataFrame, shape (n_occupations, 7)
        On [0, 1], index `soc`.
    Catalogue
        Of these seven.
    """
    wide = load_catalogue(WIDE_CATALOGUE)
    seven = Catalogue(attributes=tuple(wide[name] for name in HAZARDS))
    return load_attributes(WIDE_TABLE, seven), seven


def augmentation(X: pd.DataFrame, catalogue: Catalogue, hazards: pd.DataFrame) -> pd.DataFrame:
    """Return how much there is for a tool to take over while skills stay.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1].
    catalogue : Catalogue
    hazards : DataFrame
        See `load_hazards`; an occupation without a row counts by its routine alone.

    Returns
    -------
    DataFrame, index of X
        `kept`: mean of the percentiles of creative, social, analytical and interpersonal work;
        `taken`: the same of routine cognitive and routine manual work. The percentile of a group is that
        of the mean of its attributes' percentiles (an attribute whose sign is against its group's is
        reversed). `hazard` = max(0, 2 pct - 1), with pct the same of the ratings of hazard.
        `augmentation` = sqrt(kept x max(taken, hazard)): high only where there is both something to hand
        over, be it routine or hazard, and skill that remains; `without_hazard` = sqrt(kept x taken);
        `substitution` = sqrt((1 - kept) x taken). All in [0, 1]; percentiles are among the occupations of X,
        not weighted by jobs.
    """
    kept = pd.concat([_percentile(_group(X, catalogue, g, -1)) for g in KEPT], axis=1).mean(axis=1)
    taken = pd.concat([_percentile(_group(X, catalogue, g, 1)) for g in TAKEN], axis=1).mean(axis=1)
    rank = _percentile(hazards[list(HAZARDS)].reindex(X.index).apply(_percentile).mean(axis=1))
    hazard = (2 * rank - 1).clip(lower=0)  # as much hazard as the median occupation has is none to speak of
    return pd.DataFrame(
        {
            "kept": kept,
            "taken": taken,
            "hazard": hazard,
            "augmentation": np.sqrt(kept * np.fmax(taken, hazard)),
            "without_hazard": np.sqrt(kept * taken),
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


def two_axes(
    market: Market, X: pd.DataFrame, catalogue: Catalogue
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], pd.DataFrame]:
    """Return p and augmentation by major group, each group's worksheet, and the indices by occupation."""
    cells = cells_of(market, ["major_group"])
    ratings, rated = load_hazards()
    axis = augmentation(X, catalogue, ratings).reindex(market.socs)
    known = axis["augmentation"].notna().to_numpy()
    rows = {}
    for name, jobs in zip(cells.index, cells.jobs, strict=True):
        if jobs[known].sum() == 0:
            continue
        weight = jobs[known] / jobs[known].sum()
        rows[name] = {
            "jobs": jobs.sum(),
            "p": float(market.p[known] @ weight),
            "augmentation": float(axis["augmentation"].to_numpy()[known] @ weight),
            "substitution": float(axis["substitution"].to_numpy()[known] @ weight),
            "without_hazard": float(axis["without_hazard"].to_numpy()[known] @ weight),
        }
    held = pd.DataFrame(cells.jobs.T, index=market.socs, columns=cells.index)[list(rows)]
    both = Catalogue(attributes=(*catalogue, *(a for a in rated if a.name not in X)))
    sheets = worksheets(X.join(ratings[[name for name in ratings if name not in X]]), both, held)
    return pd.DataFrame(rows).T.rename_axis("major_group"), sheets, by_occupation(market, axis)


def by_occupation(market: Market, axis: pd.DataFrame) -> pd.DataFrame:
    """Return the indices of every occupation that has jobs, by how much hazard adds.

    Parameters
    ----------
    market : Market
    axis : DataFrame
        See `augmentation`; in the order of the market's occupations.

    Returns
    -------
    DataFrame, index soc
        `title`, `jobs`, and the columns of `augmentation`.
    """
    jobs = market.cells().jobs[0]
    titles = load_occupations()["title"].reindex(market.socs).to_numpy()
    table = axis.assign(title=titles, jobs=jobs)[["title", "jobs", *axis.columns]].rename_axis("soc")
    gain = (table["without_hazard"] - table["augmentation"])[jobs > 0].sort_values(kind="stable")
    return table.loc[gain.index]


def relieved(indices: pd.DataFrame, count: int = 20) -> pd.DataFrame:
    """Return the hazardous occupations where hazard adds most to the index, most jobs first.

    Parameters
    ----------
    indices : DataFrame
        See `by_occupation`.
    count : int
        At most so many.
    """
    gain = indices["augmentation"] - indices["without_hazard"]
    raised = indices[(gain > NOTICED) & (indices["hazard"] >= HAZARDOUS)]
    return raised.head(count).sort_values("jobs", ascending=False)


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
        raise rules_broken(
            problem,
            CatalogueError,
            "entry",
            f"the rules in {path}",
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
