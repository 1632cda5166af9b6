"""How much the scores hang on the O*NET release that describes the occupations."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from occurisk.settings import Bands


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
