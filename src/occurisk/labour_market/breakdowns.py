"""Who holds the jobs at risk: breakdowns with a guard for small cells, and concentration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError
from occurisk.labour_market.market import Cells, Market
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.facts import (
    NOT_KNOWN,
    education_by_soc,
    major_group_title,
    skill_level,
    skill_levels_by_soc,
    with_members,
)
from occurisk.probabilities import plain_interval, ratio

MAJOR_GROUP, WAGE_DECILE = "major_group", "wage_decile"
BUILT_IN = (MAJOR_GROUP, "skill_level", "education", WAGE_DECILE)
MIN_CELL = 10.0
_FIGURES = ("share_", "expected", "coverage", "scored_jobs")


def breakdown(market: Market, keys: Sequence[str], min_cell: float = MIN_CELL) -> pd.DataFrame:
    """Return both statistics for every cell of one or two columns.

    Parameters
    ----------
    market : Market
    keys : sequence of str
        Columns of the market's table, or built-in ones: `major_group`, `skill_level`, `education`,
        `wage_decile` (where the table has a wage).
    min_cell : float
        Cells of fewer jobs are suppressed; see `suppress`.

    Returns
    -------
    DataFrame
        Index: the keys. As `figures_by_cell`, and `suppressed`.
    """
    table = market.figures(cells_of(market, keys))
    return suppress(table, min_cell)


def cells_of(market: Market, keys: Sequence[str]) -> Cells:
    """Return the cells that columns, built-in ones among them, span.

    Raises
    ------
    RegistryError
        If more than one key is a property of occupations rather than of codes or rows.
    """
    isco = SYSTEMS[market.lineage.system].family == "isco"
    split = [k for k in keys if k == "education" or (k == "skill_level" and not isco)]
    if len(split) > 1:
        raise RegistryError(
            "Skill level and education cannot be crossed here.",
            rule="Both are shares within an occupation, and how they overlap is not known.",
            fix="Break down by one of them, and by a column of the registry.",
        )
    plain = [k for k in keys if k not in split]
    cells = with_built_in(market, plain).cells(plain)
    if not split:
        return _ordered(cells)
    facts = education_by_soc() if split[0] == "education" else skill_levels_by_soc()
    parted = _split(cells, with_members(facts, market.socs), split[0], plain)
    if len(keys) > 1:
        parted = replace(parted, index=parted.index.reorder_levels(list(keys)))
    return _ordered(parted)


def with_built_in(market: Market, keys: Sequence[str]) -> Market:
    """Return the market with the built-in columns of codes and rows added to its table."""
    added: dict[str, pd.Series] = {}
    system = SYSTEMS[market.lineage.system]
    matched = market.lineage.codes.set_index("code")["matched"].replace("", np.nan)
    for key in keys:
        if key in market.table:
            continue
        if key == "major_group":
            names = matched.map(lambda c: major_group_title(c, system), na_action="ignore")
            # A code of a user's own belongs to no group.
            added[key] = market.table["code"].map(names.replace("", np.nan))
        elif key == "skill_level":
            added[key] = market.table["code"].map(matched.map(skill_level, na_action="ignore"))
        elif key == WAGE_DECILE and "wage" in market.table:
            added[key] = wage_groups(market.table["wage"], market.table["weight"], 10)
    return replace(market, table=market.table.assign(**added)) if added else market


def wage_groups(wage: pd.Series, weight: pd.Series, groups: int) -> pd.Series:
    """Cut rows into wage groups of equal jobs, 1 the lowest paid; NaN where the wage is not known.

    Parameters
    ----------
    wage, weight : Series, shape (n,)
    groups : int

    Returns
    -------
    Series of float, shape (n,)
        A row goes where the middle of its jobs lies; equal wages go together.
    """
    known = wage.notna() & (weight > 0)
    jobs = weight[known].groupby(wage[known]).sum().sort_index()
    middle = (jobs.cumsum() - jobs / 2) / jobs.sum()
    group = np.minimum(np.floor(middle * groups) + 1, groups)
    return wage.where(known).map(group).astype("Int64")


def suppress(table: pd.DataFrame, min_cell: float) -> pd.DataFrame:
    """Blank the figures of small cells, and of one more where a single blank could be had by subtraction.

    Parameters
    ----------
    table : DataFrame
        As `figures_by_cell`; index: one or more keys.
    min_cell : float
        Fewest jobs of a cell that is shown; 0 shows all.

    Returns
    -------
    DataFrame
        With `suppressed`; the figures of such a cell are NaN.
    """
    jobs = table["jobs"]
    hidden = (jobs < min_cell) & (jobs > 0)
    if isinstance(table.index, pd.MultiIndex):
        slices = [table.index.droplevel(level) for level in range(table.index.nlevels)]
    else:
        slices = [pd.Index(np.zeros(len(table)))]
    changed = bool(hidden.any())
    while changed:
        changed = False
        for line in slices:
            count = hidden.groupby(line).sum()
            for key in count.index[count == 1]:
                open_cells = jobs[(line == key) & ~hidden.to_numpy() & (jobs > 0).to_numpy()]
                if len(open_cells):
                    hidden[open_cells.idxmin()] = True
                    changed = True
    result = table.copy()
    blank = [c for c in table.columns if c == "jobs" or c.startswith(_FIGURES)]
    result.loc[hidden, blank] = np.nan
    return result.assign(suppressed=hidden)


def concentration(market: Market, keys: Sequence[str], min_cell: float = MIN_CELL) -> pd.DataFrame:
    """Tell who holds the high-risk jobs.

    Parameters
    ----------
    market : Market
    keys : sequence of str
    min_cell : float

    Returns
    -------
    DataFrame
        Index: the keys. `share_of_jobs` (scored), `share_of_high` (of all jobs at high risk),
        `share_of_expected` (of the sum of jobs x p), `representation`: `share_of_high` over
        `share_of_jobs`, above 1 where a group holds more of the risk than of the work, with
        `_lower` and `_upper` from the replicas; `suppressed`.
    """
    cells = cells_of(market, keys)
    total = cells.jobs.sum()
    share = cells.jobs.sum(axis=1) / total
    high = _part(cells.jobs, (market.p >= market.bands.high).astype(float))
    result = pd.DataFrame(
        {
            "jobs": cells.jobs.sum(axis=1) + cells.unscored,
            "share_of_jobs": share,
            "share_of_high": high,
            "share_of_expected": _part(cells.jobs, market.p),
        },
        index=cells.index,
    )
    result["representation"] = ratio(high, share)
    ends = np.full((len(result), 2), np.nan)
    if market.replica_p is not None:
        replicas = _part(cells.jobs, (market.replica_p >= market.bands.high).astype(float))
        known = share > 0
        point = ratio(high, share)[known]
        ends[known] = plain_interval(point, replicas[known] / share[known, None]).clip(min=0)
    result["representation_lower"], result["representation_upper"] = ends.T
    hidden = suppress(result[["jobs"]], min_cell)["suppressed"]
    result.loc[hidden] = np.nan
    return result.drop(columns="jobs").assign(suppressed=hidden)


def largest_holders(market: Market, n: int = 10) -> pd.DataFrame:
    """Return the codes that hold the most high-risk jobs.

    Returns
    -------
    DataFrame, index `code`, at most n rows
        `title`, `jobs`, `probability`, `high_jobs`, `share_of_high`, `cumulated`.
    """
    codes = market.lineage.codes.set_index("code")
    jobs = market.table.groupby("code", observed=True)["weight"].sum().reindex(market.codes, fill_value=0.0)
    high = jobs.to_numpy() * (market.content @ (market.p >= market.bands.high))
    result = pd.DataFrame(
        {"title": codes["title"], "jobs": jobs, "probability": market.code_p, "high_jobs": high},
        index=market.codes,
    ).sort_values("high_jobs", ascending=False, kind="stable")
    result["share_of_high"] = result["high_jobs"] / high.sum() if high.sum() else np.nan
    result["cumulated"] = result["share_of_high"].cumsum()
    return result[result["high_jobs"] > 0].head(n)


def _split(cells: Cells, shares: pd.DataFrame, name: str, keys: Sequence[str]) -> Cells:
    """Part every cell by shares of its occupations; what they do not cover is not known."""
    rest = (1 - shares.sum(axis=1)).clip(lower=0).round(9)
    shares = shares.assign(**{NOT_KNOWN: rest})
    parts, labels, unscored = [], [], []
    for level in shares:
        for i, label in enumerate(cells.index):
            missing = cells.unscored[i] if level == NOT_KNOWN else 0.0
            part = cells.jobs[i] * shares[level].to_numpy()
            if part.sum() + missing == 0:
                continue
            parts.append(part)
            unscored.append(missing)
            base = (label if isinstance(label, tuple) else (label,)) if keys else ()
            labels.append((*base, level))
    names = [*keys, name]
    index = (
        pd.MultiIndex.from_tuples(labels, names=names)
        if len(names) > 1
        else pd.Index([label[0] for label in labels], name=name)
    )
    return Cells(index, np.array(parts), np.array(unscored))


def _ordered(cells: Cells) -> Cells:
    """Sort cells: numbers before words, what is not known last."""

    def place(label: object) -> tuple[tuple[bool, bool, object], ...]:
        values = label if isinstance(label, tuple) else (label,)
        return tuple((v == NOT_KNOWN, isinstance(v, str), v) for v in values)

    order = sorted(range(len(cells.index)), key=lambda i: place(cells.index[i]))
    return Cells(cells.index[order], cells.jobs[order], cells.unscored[order])


def _part(jobs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return each cell's share of all jobs weighted by `values`; shape (n_cells,) or (n_cells, B)."""
    held = jobs @ values
    return ratio(held, held.sum(axis=0))
