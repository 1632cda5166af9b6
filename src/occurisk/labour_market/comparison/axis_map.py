"""Jobs by two axes: who is high on both, on one, on neither. Two questions beside each other, no average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from occurisk.labour_market.breakdowns import MIN_CELL, cells_of, suppress
from occurisk.labour_market.market import Cells, Market
from occurisk.model.axes.declaration import Axis
from occurisk.probabilities import Bands, ratio, share_interval

QUADRANTS = ("both", "first only", "second only", "neither")
BINS = 20
# Thresholds that a reader may choose among in a report.
GRID = np.arange(1, BINS).round(2) / BINS


class BundleLike(Protocol):
    """What a map needs of a model: `occurisk.model.bundles.bundle.Bundle` has it."""

    @property
    def axis(self) -> Axis: ...
    @property
    def bands(self) -> Bands: ...
    @property
    def reference(self) -> pd.DataFrame: ...
    @property
    def replicas(self) -> pd.DataFrame: ...


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
    def of(cls, socs: pd.Index, bundle: BundleLike, high: float | None = None) -> Scores:
        """Take a model's scores in the order of some occupations.

        Parameters
        ----------
        socs : Index
        bundle : BundleLike
        high : float, optional
            Where its bands begin by default.
        """
        p = bundle.reference["probability"].reindex(socs).to_numpy(dtype=float)
        drawn = bundle.replicas.reindex(socs).to_numpy(dtype=float)
        return cls(p, drawn, high or bundle.bands.high)


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
    axes : tuple of Axis
        With their names and warnings in three languages.
    grid : ndarray, shape (19, 19, 4, 3)
        By threshold of the first and of the second axis (`GRID`) and by quadrant: share, lower, upper.
    grids : dict of ndarray, shape (n_cells, 19, 19, 4)
        By name of the column, in the order of `by`: the shares of each cell; NaN where it is suppressed.
    """

    names: tuple[str, str]
    thresholds: tuple[float, float]
    quadrants: pd.DataFrame
    by: dict[str, pd.DataFrame]
    occupations: pd.DataFrame
    axes: tuple[Axis, Axis]
    grid: np.ndarray
    grids: dict[str, np.ndarray] = field(default_factory=dict)

    def caveats(self, language: str) -> tuple[str, ...]:
        """Return what must be said beside the map."""
        return tuple(text for axis in self.axes for text in axis.words(language).caveats)

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
            "caveats": {language: list(self.caveats(language)) for language in self.axes[0].phrases},
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


def quadrant_grid(jobs: np.ndarray, first: Scores, second: Scores, nominal: float = 0.9) -> np.ndarray:
    """Return the share of jobs in each quadrant under every pair of thresholds, with intervals.

    Parameters
    ----------
    jobs : ndarray, shape (n,)
    first, second : Scores
        Of the same occupations; their own thresholds do not matter.
    nominal : float

    Returns
    -------
    ndarray, shape (19, 19, 4, 3)
        See `AxisMap`.
    """
    known = (jobs > 0) & ~np.isnan(first.p) & ~np.isnan(second.p)
    weight = jobs[known] / max(jobs[known].sum(), np.finfo(float).tiny)
    count = min(first.replicas.shape[1], second.replicas.shape[1])
    pairs = [(first.p, second.p), *((first.replicas[:, b], second.replicas[:, b]) for b in range(count))]
    found = np.stack([_shares(one[known], two[known], weight) for one, two in pairs])
    points = np.clip(found, 0.0, 1.0).reshape(len(found), -1)  # a difference of sums may miss 0 by a rounding
    ends = share_interval(points[0], points[1:].T, nominal)
    return np.column_stack([points[0], ends]).reshape(*found.shape[1:], 3)


def occupations_on(
    socs: pd.Index, jobs: np.ndarray, first: Scores, second: Scores, titles: pd.Series
) -> pd.DataFrame:
    """Return occupations by both axes, most jobs first; see `AxisMap`."""
    member = _membership(first.p >= first.high, second.p >= second.high)
    table = pd.DataFrame(
        {
            "title": titles.reindex(socs).fillna("").to_numpy(),
            "jobs": jobs,
            "first": first.p,
            "second": second.p,
            "quadrant": np.select([member[name] > 0 for name in QUADRANTS], QUADRANTS, ""),
        },
        index=socs,
    )
    table = table.dropna(subset=["first", "second"])
    return table[table["jobs"] > 0].sort_values("jobs", ascending=False, kind="stable")


def axis_map(
    market: Market,
    first: BundleLike,
    second: BundleLike,
    by: Sequence[Sequence[str]] = (),
    min_cell: float = MIN_CELL,
    thresholds: tuple[float | None, float | None] = (None, None),
) -> AxisMap:
    """Lay out a market by two axes, whole and by columns.

    Parameters
    ----------
    market : Market
    first, second : BundleLike
        The models of the two axes.
    by : sequence of sequences of str
        Columns of the market, or the built-in ones; a table for each.
    min_cell : float
        Fewest jobs of a cell that is shown.
    thresholds : tuple of float or None
        From where each axis is high; where its bands begin by default.
    """
    models = zip((first, second), thresholds, strict=True)
    one, two = (Scores.of(market.socs, bundle, high) for bundle, high in models)
    tables, grids = {}, {}
    for keys in by:
        cells = cells_of(market, list(keys))
        shares = quadrant_shares(cells, one, two)
        columns = {f"share_{name.replace(' ', '_')}": shares[name]["share"] for name in QUADRANTS}
        table = pd.DataFrame({"jobs": cells.jobs.sum(axis=1) + cells.unscored, **columns}, index=cells.index)
        name = " x ".join(keys)
        tables[name] = suppress(table, min_cell)
        shown = ~tables[name]["suppressed"].to_numpy(dtype=bool)
        grids[name] = np.stack(
            [
                _shares_of(jobs if known else 0 * jobs, one, two)
                for jobs, known in zip(cells.jobs, shown, strict=True)
            ]
        )
    return _laid_out(market.socs, market.cells(), (first.axis, second.axis), one, two, first, tables, grids)


def map_of_jobs(jobs: pd.Series, first: BundleLike, second: BundleLike) -> AxisMap:
    """Lay out jobs by occupation (index `soc`) by two axes, without columns to break them down by."""
    cells = Cells(pd.Index(["all"]), jobs.to_numpy(dtype=float)[None, :], np.zeros(1))
    one, two = (Scores.of(jobs.index, bundle) for bundle in (first, second))
    return _laid_out(jobs.index, cells, (first.axis, second.axis), one, two, first, {}, {})


def _laid_out(
    socs: pd.Index,
    cells: Cells,
    axes: tuple[Axis, Axis],
    one: Scores,
    two: Scores,
    titles: BundleLike,
    tables: dict[str, pd.DataFrame],
    grids: dict[str, np.ndarray],
) -> AxisMap:
    whole = quadrant_shares(cells, one, two)
    return AxisMap(
        (axes[0].name, axes[1].name),
        (one.high, two.high),
        pd.DataFrame({name: table.iloc[0] for name, table in whole.items()}).T.rename_axis("quadrant"),
        tables,
        occupations_on(socs, cells.jobs[0], one, two, titles.reference["title"]),
        axes,
        quadrant_grid(cells.jobs[0], one, two),
        grids,
    )


def _shares_of(jobs: np.ndarray, first: Scores, second: Scores) -> np.ndarray:
    """Share of a cell's jobs in each quadrant under every pair of thresholds; NaN without jobs."""
    known = (jobs > 0) & ~np.isnan(first.p) & ~np.isnan(second.p)
    if not known.any():
        return np.full((len(GRID), len(GRID), len(QUADRANTS)), np.nan)
    shares = _shares(first.p[known], second.p[known], jobs[known] / jobs[known].sum())
    return np.clip(shares, 0.0, 1.0)


def _shares(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share of the weight in each quadrant under every pair of thresholds, shape (19, 19, 4)."""
    one, two = (np.asarray(p[None, :] >= GRID[:, None], dtype=float) for p in (first, second))
    both = (one * weight) @ two.T
    only_first = (one @ weight)[:, None] - both
    only_second = (two @ weight)[None, :] - both
    return np.stack([both, only_first, only_second, 1 - both - only_first - only_second], axis=-1)


def _membership(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    parts = (first & second, first & ~second, ~first & second, ~first & ~second)
    return {name: part.astype(float) for name, part in zip(QUADRANTS, parts, strict=True)}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.reset_index().astype(object)
    return plain.where(plain.notna(), None).to_dict("records")
