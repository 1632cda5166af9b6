"""A labour market: jobs by code and whatever columns it has, tied to scored occupations by a lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError
from occurisk.occupations.crosswalk import Lineage
from occurisk.occupations.facts import NOT_KNOWN
from occurisk.probabilities import Bands, market_shares

MOST_CELLS = 20_000
# Of the unscored jobs: the figure's least and most possible value.
BOUNDED = ("share_high", "share_low", "expected")


@dataclass(frozen=True)
class Cells:
    """Jobs of the cells of a breakdown.

    Attributes
    ----------
    index : Index
        The cells; a MultiIndex if there are several keys.
    jobs : ndarray, shape (n_cells, n_occupations)
        Jobs with a score, by occupation.
    unscored : ndarray, shape (n_cells,)
    """

    index: pd.Index
    jobs: np.ndarray
    unscored: np.ndarray


@dataclass(frozen=True)
class Market:
    """Jobs, their lineage to scored occupations, and the scores.

    A code that stands for several occupations has its jobs spread over them: a two-digit ISCO group
    then has a part at high and a part at low risk, instead of one band for all of it.

    Attributes
    ----------
    table : DataFrame
        `code` (as in the lineage), `weight` (jobs), optionally `wage`, and the columns to break down by.
        Several rows may share a code.
    lineage : Lineage
    scores : DataFrame
        Index `soc`; `probability`.
    replicas : DataFrame or None
        Index `soc`, shape (n_occupations, B).
    bands : Bands
    source : str
        Where the scores come from: a model version, or `published`.
    doubt : mapping
        Ends of the whole market's intervals that hold what titles leave open, by name of the figure; empty
        where every row has a code.
    """

    table: pd.DataFrame
    lineage: Lineage
    scores: pd.DataFrame
    replicas: pd.DataFrame | None
    bands: Bands
    source: str = "model"
    doubt: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def socs(self) -> pd.Index:
        """Scored occupations that hold jobs, the columns of every jobs matrix."""
        present = self.lineage.members["soc"].unique()
        return self.scores.index[self.scores.index.isin(present)]

    @cached_property
    def p(self) -> np.ndarray:
        """Probabilities, in the order of `socs`."""
        return self.scores["probability"].reindex(self.socs).to_numpy(dtype=float)

    @cached_property
    def replica_p(self) -> np.ndarray | None:
        """Replica probabilities, shape (n_occupations, B), in the order of `socs`."""
        if self.replicas is None:
            return None
        return self.replicas.reindex(self.socs).to_numpy(dtype=float)

    @cached_property
    def codes(self) -> pd.Index:
        """Distinct codes, the rows of `content`."""
        return pd.Index(self.lineage.codes["code"], name="code")

    @cached_property
    def content(self) -> np.ndarray:
        """Share of each code's jobs in each occupation, shape (n_codes, n_occupations)."""
        content = np.zeros((len(self.codes), len(self.socs)))
        members = self.lineage.members
        rows, columns = self.codes.get_indexer(members["code"]), self.socs.get_indexer(members["soc"])
        content[rows[columns >= 0], columns[columns >= 0]] = members["weight"].to_numpy()[columns >= 0]
        total = content.sum(axis=1, keepdims=True)
        return np.divide(content, total, out=content, where=total > 0)

    @cached_property
    def code_p(self) -> pd.Series:
        """Weighted mean probability of each code; NaN where it has no score."""
        p = np.where(self.content.sum(axis=1) > 0, self.content @ self.p, np.nan)
        return pd.Series(p, index=self.codes, name="probability")

    def cells(self, keys: Sequence[str] = ()) -> Cells:
        """Return the jobs of every cell that the columns `keys` span; one cell without keys.

        Raises
        ------
        RegistryError
            If a column is not there, or the cells are too many to be read by anyone.
        """
        missing = [key for key in keys if key not in self.table]
        if missing:
            raise RegistryError(
                f"{len(missing)} of {len(keys)} columns to break down by do not exist.",
                first=repr(missing[0]),
                rule="A breakdown is by a column of the registry, or by a built-in one.",
                fix=f"Columns: {', '.join(str(c) for c in self.table.columns)}.",
            )
        by_code = self._jobs_by_code(keys)
        if len(by_code) > MOST_CELLS:
            raise RegistryError(
                f"The columns {', '.join(keys)} span {len(by_code):,} cells.",
                rule=f"At most {MOST_CELLS:,} cells.",
                fix="Break down by a column with fewer values, or band it first.",
            )
        jobs = by_code.to_numpy(dtype=float)
        scored = self.content.sum(axis=1) > 0
        return Cells(by_code.index, jobs @ self.content, jobs[:, ~scored].sum(axis=1))

    def _jobs_by_code(self, keys: Sequence[str]) -> pd.DataFrame:
        if not keys:
            totals = self.table.groupby("code", observed=True)["weight"].sum()
            return totals.reindex(self.codes, fill_value=0.0).to_frame("all").T
        table = self.table.assign(
            **{key: self.table[key].astype(object).where(self.table[key].notna(), NOT_KNOWN) for key in keys}
        )
        totals = table.groupby([*keys, "code"], observed=True)["weight"].sum()
        wide = totals.unstack("code", fill_value=0.0)
        return wide.reindex(columns=self.codes, fill_value=0.0)

    def figures(self, cells: Cells | None = None, nominal: float = 0.9) -> pd.DataFrame:
        """Return both statistics of every cell; see `figures_by_cell`. Without cells, of the whole market."""
        chosen = cells or self.cells()
        figures = figures_by_cell(
            chosen.jobs, chosen.unscored, self.p, self.bands, self.replica_p, nominal
        ).set_index(chosen.index)
        if cells is None:
            for name in self.doubt.keys() & set(figures.columns):
                end = np.fmin if name.endswith("_lower") else np.fmax
                figures[name] = end(figures[name], self.doubt[name])
        return figures

    def standing_in(self) -> float:
        """Return the share of scored jobs whose occupation has no score: others of their group stand in."""
        codes = self.lineage.codes.set_index("code")
        jobs = self.table.groupby("code", observed=True)["weight"].sum().reindex(codes.index, fill_value=0.0)
        scored = jobs[self.code_p.notna().to_numpy()]
        own = codes["covered"].reindex(scored.index).astype(float).clip(0, 1)
        return float((scored * (1 - own)).sum() / scored.sum()) if scored.sum() else float("nan")


def figures_by_cell(
    jobs: np.ndarray,
    unscored: np.ndarray,
    p: np.ndarray,
    bands: Bands | None = None,
    replicas: np.ndarray | None = None,
    nominal: float = 0.9,
) -> pd.DataFrame:
    """Sum up labour markets in both statistics, with intervals and bounds.

    Parameters
    ----------
    jobs : ndarray, shape (n_cells, n_occupations)
        Jobs of each cell in each occupation that has a score.
    unscored : ndarray, shape (n_cells,)
        Jobs of each cell without a score.
    p : ndarray, shape (n_occupations,)
    bands : Bands, optional
    replicas : ndarray, shape (n_occupations, B), optional
        Replica probabilities: each column is one national labour market, had the labels been drawn anew.
    nominal : float
        Nominal level of the intervals.

    Returns
    -------
    DataFrame, one row per cell
        `jobs`, `scored_jobs`, `coverage`; `share_high`, `share_medium`, `share_low`, `expected`, of the
        scored jobs; each with `_lower` and `_upper` (NaN without replicas); `share_high`, `share_low`
        and `expected` with `_least` and `_most`: of all jobs, if every unscored one were low or high.
    """
    jobs, unscored = np.atleast_2d(np.asarray(jobs, dtype=float)), np.asarray(unscored, dtype=float)
    result = pd.DataFrame(market_shares(jobs, unscored, p, bands, replicas, nominal))
    for name in BOUNDED:
        result[f"{name}_least"] = result[name].fillna(0) * result["coverage"]
        result[f"{name}_most"] = result[f"{name}_least"] + 1 - result["coverage"]
    return result
