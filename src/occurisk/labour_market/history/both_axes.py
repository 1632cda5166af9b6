"""Growth of employment beside two axes: what each adds once wage, the other axis and routine are held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.gradients import weighted_ranks
from occurisk.labour_market.history.growth import growth_table
from occurisk.labour_market.history.official_statistics import Statistic

DRAWS = 1000
FEWEST = 30
# What is held while an axis is looked at: its label in tables, and the columns.
HELD = {
    "nothing": (),
    "wage": ("wage",),
    "wage, the other axis": ("wage", "other"),
    "wage, the other axis, routine": ("wage", "other", "routine"),
}


@dataclass(frozen=True)
class AxesHistory:
    """Rank correlations of two axes with growth.

    Attributes
    ----------
    correlations : DataFrame
        One row for each axis, weighting and set of what is held: `axis`, `weighting`, `held`, `rho`,
        `lower`, `upper` (90%, occupations drawn by SOC minor group).
    occupations, clusters : int
    """

    correlations: pd.DataFrame
    occupations: int
    clusters: int

    def row(self, axis: str, held: str, weighting: str = "weighted") -> pd.Series:
        """Return one correlation with its interval."""
        table = self.correlations.set_index(["axis", "weighting", "held"])
        return table.loc[(axis, weighting, held)]

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk backtest --json` writes."""
        return {
            "occupations": self.occupations,
            "minor_groups": self.clusters,
            "correlations": self.correlations.to_dict("records"),
        }


def axes_history(
    growth: pd.DataFrame, second: pd.Series, names: tuple[str, str], draws: int = DRAWS, seed: int = 0
) -> AxesHistory | None:
    """Correlate growth with two axes, plain and partial, weighted by earlier jobs and not.

    Parameters
    ----------
    growth : DataFrame
        As `growth_table` makes it: `before` (codes), `p`, `routine`, `wage`, `jobs_before`, `jobs_after`.
    second : Series
        The other axis's score of the same groups.
    names : tuple of str
        Of the two axes.
    draws : int
        Of the bootstrap over SOC minor groups: occupations of one group have shocks in common.
    seed : int

    Returns
    -------
    AxesHistory or None
        None if fewer than 30 groups have every figure.
    """
    rows = growth.assign(second=second).dropna(subset=["p", "second", "routine", "wage"])
    rows = rows[(rows["jobs_before"] > 0) & (rows["jobs_after"] > 0)]
    if len(rows) < FEWEST:
        return None
    rows = rows.assign(growth=np.log(rows["jobs_after"] / rows["jobs_before"]))
    minor = rows["before"].astype(str).str[:4].to_numpy()  # 15-1 of 15-1132: the minor group
    clusters, place = np.unique(minor, return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(clusters), np.full(len(clusters), 1 / len(clusters)), draws)[:, place]
    counts = np.vstack([np.ones(len(rows)), drawn])
    found = []
    for weighting, weight in (
        ("weighted", rows["jobs_before"].to_numpy(dtype=float)),
        ("unweighted", np.ones(len(rows))),
    ):
        for axis, own, other in ((names[0], "p", "second"), (names[1], "second", "p")):
            for held, columns in HELD.items():
                control = [other if name == "other" else name for name in columns]
                rho = partial_correlations(rows[["growth", own, *control]], weight, counts)
                low, high = np.nanquantile(rho[1:], [0.05, 0.95])
                found.append((axis, weighting, held, float(rho[0]), float(low), float(high)))
    table = pd.DataFrame(found, columns=["axis", "weighting", "held", "rho", "lower", "upper"])
    return AxesHistory(table, len(rows), len(clusters))


def history_beside(
    years: tuple[Statistic, Statistic],
    tables: tuple[pd.DataFrame, pd.DataFrame],
    names: tuple[str, str],
    routine: pd.Series,
    published: bool = False,
    draws: int = DRAWS,
) -> AxesHistory | None:
    """Hold the growth between two years against the scores of two axes; see `axes_history`.

    Parameters
    ----------
    years : tuple of Statistic
        The earlier and the later one.
    tables : tuple of DataFrame, index soc
        `probability` of either axis.
    names : tuple of str
    routine : Series
    published : bool
        Whether the first axis's are the published ones; see `growth_table`.
    draws : int
    """
    first = growth_table(*years, tables[0], routine, published).table
    second = growth_table(*years, tables[1], routine).table["p"]
    return axes_history(first, second, names, draws)


def partial_correlations(columns: pd.DataFrame, weight: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the partial rank correlation of the first two columns, the others held, in every draw.

    Parameters
    ----------
    columns : DataFrame, shape (n, 2 + k)
    weight : ndarray, shape (n,)
    counts : ndarray, shape (draws, n)
        How often each row was drawn.

    Returns
    -------
    ndarray, shape (draws,)
        From the inverse of the weighted covariance of the ranks (Kendall & Stuart 1973, chapter 27).
    """
    ranks = np.column_stack([weighted_ranks(columns[name].to_numpy(), weight) for name in columns])
    found = []
    for count in counts:
        share = weight * count / (weight @ count)
        centred = ranks - share @ ranks
        precision = np.linalg.pinv((centred * share[:, None]).T @ centred)
        found.append(-precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1]))
    return np.array(found)


def verdict(found: AxesHistory, names: tuple[str, str], placebo: AxesHistory | None) -> str:
    """Say what follows for either axis, and whether a placebo stands beside it.

    Parameters
    ----------
    found : AxesHistory
    names : tuple of str
        Of the two axes.
    placebo : AxesHistory or None
        The same for years before the technology of the second axis.
    """
    alone, held = (
        found.row(names[0], key) for key in ("wage, the other axis", "wage, the other axis, routine")
    )
    share = "most of it" if abs(held["rho"]) < abs(alone["rho"]) / 2 else "part of it"
    first = (
        f"{names[0]}: {alone['rho']:+z.2f} with wage and the other axis held, {held['rho']:+z.2f} "
        f"({held['lower']:+z.2f} to {held['upper']:+z.2f}) with routine intensity held, too, "
        f"which takes {share}."
    )
    second = found.row(names[1], "wage, the other axis, routine")
    words = f"{names[1]}: {second['rho']:+z.2f} ({second['lower']:+z.2f} to {second['upper']:+z.2f})"
    if placebo is None:
        return f"{first} {words}. Without a placebo of earlier years this is no effect of the technology."
    before = placebo.row(names[1], "wage, the other axis, routine")
    placebo_words = (
        f"in the placebo {before['rho']:+z.2f} ({before['lower']:+z.2f} to {before['upper']:+z.2f})"
    )
    apart = second["upper"] < before["lower"] or second["lower"] > before["upper"]
    end = "the two intervals lie apart" if apart else "no effect of the technology is shown"
    return f"{first} {words}, {placebo_words}: {end}."
