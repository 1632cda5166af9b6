"""How much the scores hang on the O*NET release that describes the occupations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from occurisk.settings import Bands
from occurisk.training import load_data


@dataclass(frozen=True)
class VintageComparison:
    """Scores of the same labels and settings on two attribute tables.

    Attributes
    ----------
    common : int
        Occupations in both tables.
    spearman : float
        Rank correlation of their probabilities.
    mean_difference : float
        Mean absolute difference of the probabilities.
    moved : DataFrame
        Occupations whose band differs, largest difference first: `title`, `before`, `after` (probabilities),
        `band_before`, `band_after`.
    """

    common: int
    spearman: float
    mean_difference: float
    moved: pd.DataFrame


def refit(attributes: Path | None, config: Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the configuration on another attribute table.

    Parameters
    ----------
    attributes : Path or None
        As `occurisk features build --soc2010` writes it; None for the configuration's own.
    config : Path, optional
        The default one by default.

    Returns
    -------
    scores : DataFrame
        Index `soc`; `probability`.
    replicas : DataFrame, shape (n_occupations, B)
    """
    data = load_data(config, attributes=attributes)
    y, weight = data.labels.on(data.X.index)
    model = data.classifier().fit(data.X, y, weight)
    p = model.predict_proba(data.X)[:, 1]
    replicas = pd.DataFrame(model.predict_replicas(data.X), index=data.X.index)
    return pd.DataFrame({"probability": p}, index=data.X.index), replicas


def compare_vintages(
    before: pd.Series, after: pd.Series, titles: pd.Series, bands: Bands
) -> VintageComparison:
    """Compare the probabilities that two attribute tables lead to.

    Parameters
    ----------
    before, after : Series
        Probabilities, index `soc`.
    titles : Series
        Index `soc`.
    bands : Bands

    Returns
    -------
    VintageComparison
    """
    both = pd.concat([before.rename("before"), after.rename("after")], axis=1, join="inner")
    both.insert(0, "title", titles.reindex(both.index))
    both["band_before"], both["band_after"] = bands.of(both["before"]), bands.of(both["after"])
    distance = (both["after"] - both["before"]).abs()
    moved = both[both["band_before"] != both["band_after"]]
    return VintageComparison(
        len(both),
        float(both["before"].corr(both["after"], method="spearman")),
        float(distance.mean()),
        moved.loc[distance[moved.index].sort_values(ascending=False).index],
    )
