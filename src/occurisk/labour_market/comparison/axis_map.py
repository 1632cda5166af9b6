"""Jobs by two axes: who is high on both, on one, on neither. Two questions beside each other, no average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.breakdowns import MIN_CELL, cells_of, suppress
from occurisk.labour_market.market import Cells, Market
from occurisk.probabilities import ratio, share_interval

QUADRANTS = ("both", "first only", "second only", "neither")
BINS = 20


@dataclass(frozen=True)
class Scores:
    """One axis's scores of a market's occupations.

    Attributes
    ----------
    p : ndarray, shape (n,)
    replicas : ndarray, shape (n, B)
    high : float
        From here a score is high.
    """

    p: np.ndarray
    replicas: np.ndarray
    high: float

    @classmethod
    def of(cls, market: Market, reference: pd.DataFrame, replicas: pd.DataFrame, high: float) -> Scores:
        """Take a model's scores in the order of a market's occupations.

        Parameters
        ----------
        market : Market
        reference : DataFrame, index soc
            With `probability`.
        replicas : DataFrame, index soc
        high : float
        """
        p = reference["probability"].reindex(market.socs).to_numpy(dtype=float)
        return cls(p, replicas.reindex(market.socs).to_numpy(dtype=float), high)


@dataclass(frozen=True)
class AxisMap:
    """Jobs by two axes.

    Attributes
    ----------
    names : tuple of str
        Of the two axes.
    thresholds : tuple of float
    quadrants : DataFrame, index quadrant
        `share` of the jobs that both axes score, `lower`, `upper`.
    by : dict of DataFrame
        By name of the column: a row per cell, `jobs`, `share_both`, `share_first_only`,
        `share_second_only`, `share_neither`, `suppressed`.
    occupations : DataFrame, index soc
        `title`, `jobs`, `first`, `second`, `quadrant`; most jobs first.
    """

    names: tuple[str, str]
    thresholds: tuple[float, float]
    quadrants: pd.DataFrame
    by: dict[str, pd.DataFrame]
    occupations: pd.DataFrame

    def marginal(self, axis: str) -> pd.Series:
        """Return the share of jobs by score, in twentieths; `axis` is `first` or `second`."""
        edges = np.arange(BINS + 1) / BINS  # so that 0.6 lies in the bin that begins there
        jobs, _ = np.histogram(self.occupations[axis], edges, weights=self.occupations["jobs"])
        return pd.Series(jobs / jobs.sum(), index=edges[:-1].round(2), name=axis)

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk compare axes --json` writes."""
        return {
            "axes": list(self.names),
            "thresholds": list(self.thresholds),
            "quadrants": self.quadrants.to_dict(orient="index"),
            "by": {name: _records(table) for name, table in self.by.items()},
            "marginals": {axis: self.marginal(axis).tolist() for axis in ("first", "second")},
            "occupations": _records(self.occupations),
        }


def quadrant_shares(
    cells: Cells, first: Scores, second: Scores, nominal: float = 0.9
) -> dict[str, pd.DataFrame]:
    """Return the share of each cell's jobs in each quadrant, with intervals.

    Parameters
    ----------
    cells : Cells
        Jobs by occupation; jobs that one axis does not score are left out.
    first, second : Scores
        Of the same occupations. Replica b of one goes with replica b of the other: they are drawn apart, as
        the two panels were.
    nominal : float

    Returns
    -------
    dict of DataFrame, index the cells
        By quadrant: `share`, `lower`, `upper`.
    """
    known = ~np.isnan(first.p) & ~np.isnan(second.p)
    jobs = cells.jobs * known
    whole = jobs.sum(axis=1)
    count = min(first.replicas.shape[1], second.replicas.shape[1])
    points = _membership(first.p >= first.high, second.p >= second.high)
    drawn = _membership(first.replicas[:, :count] >= first.high, second.replicas[:, :count] >= second.high)
    found = {}
    for name in QUADRANTS:
        share = ratio(jobs @ points[name], whole)
        ends = share_interval(share, ratio(jobs @ drawn[name], whole[:, None]), nominal)
        found[name] = pd.DataFrame(
            {"share": share, "lower": ends[:, 0], "upper": ends[:, 1]}, index=cells.index
        )
    return found


def occupations_on(market: Market, first: Scores, second: Scores, titles: pd.Series) -> pd.DataFrame:
    """Return the occupations of a market by both axes, most jobs first; see `AxisMap`."""
    member = _membership(first.p >= first.high, second.p >= second.high)
    table = pd.DataFrame(
        {
            "title": titles.reindex(market.socs).fillna("").to_numpy(),
            "jobs": market.cells().jobs[0],
            "first": first.p,
            "second": second.p,
            "quadrant": np.select([member[name] > 0 for name in QUADRANTS], QUADRANTS, ""),
        },
        index=market.socs,
    )
    table = table.dropna(subset=["first", "second"])
    return table[table["jobs"] > 0].sort_values("jobs", ascending=False, kind="stable")


def axis_map(
    market: Market,
    first: Scores,
    second: Scores,
    names: tuple[str, str],
    titles: pd.Series,
    by: Sequence[str] = (),
    min_cell: float = MIN_CELL,
) -> AxisMap:
    """Lay out a market by two axes, whole and by columns.

    Parameters
    ----------
    market : Market
    first, second : Scores
        In the order of the market's occupations.
    names : tuple of str
        Of the axes.
    titles : Series
        By `soc`.
    by : sequence of str
        Columns of the market, or the built-in ones, each on its own.
    min_cell : float
        Fewest jobs of a cell that is shown.
    """
    whole = quadrant_shares(market.cells(), first, second)
    tables = {}
    for key in by:
        cells = cells_of(market, [key])
        shares = quadrant_shares(cells, first, second)
        columns = {f"share_{name.replace(' ', '_')}": shares[name]["share"] for name in QUADRANTS}
        table = pd.DataFrame({"jobs": cells.jobs.sum(axis=1) + cells.unscored, **columns}, index=cells.index)
        tables[key] = suppress(table, min_cell)
    return AxisMap(
        names,
        (first.high, second.high),
        pd.DataFrame({name: table.iloc[0] for name, table in whole.items()}).T.rename_axis("quadrant"),
        tables,
        occupations_on(market, first, second, titles),
    )


def _membership(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    parts = (first & second, first & ~second, ~first & second, ~first & ~second)
    return {name: part.astype(float) for name, part in zip(QUADRANTS, parts, strict=True)}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.reset_index().astype(object)
    return plain.where(plain.notna(), None).to_dict("records")
