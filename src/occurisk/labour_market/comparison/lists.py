"""Two scored lists, over time or by two models: why the headline differs, code by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError
from occurisk.labour_market.comparison.shapley import shapley
from occurisk.labour_market.register_totals import WEIGHT, register_totals
from occurisk.labour_market.scored_market import ScoredFolder
from occurisk.registry.numbers import NumberStyle
from occurisk.scoring.outcomes import NOT_COUNTED

FACTORS = ("composition", "scores", "coverage", "codes")
# What a code's part of a statistic is called in by_occupation.csv.
STATISTICS = {"share_high": "share_high", "expected": "probability"}
_COLUMNS = ("title", "weight", "scored", "value")


@dataclass(frozen=True)
class ListComparison:
    """Why a headline differs between two lists.

    Attributes
    ----------
    statistic : {"share_high", "expected"}
    before, after : float
        The headline of either list: of its scored weight.
    names : tuple of str
        Of the two lists.
    codes : DataFrame, index code
        `title`, `weight_before`, `weight_after` (shares of the counted weight), `value_before`,
        `value_after`; a column for each factor, and `change`, their sum. All codes sum to the change.
    """

    statistic: str
    before: float
    after: float
    names: tuple[str, str]
    codes: pd.DataFrame

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def factors(self) -> dict[str, float]:
        """The part of each factor; they sum to the change."""
        return {name: float(self.codes[name].sum()) for name in FACTORS}

    def largest(self, count: int = 10) -> pd.DataFrame:
        """Return the codes that moved the headline most, either way."""
        order = self.codes["change"].abs().sort_values(ascending=False, kind="stable")
        return self.codes.loc[order.index[:count]]

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk compare lists --json` writes."""
        return {
            "statistic": self.statistic,
            "lists": list(self.names),
            "before": self.before,
            "after": self.after,
            "change": self.change,
            "factors": self.factors,
            "codes": self.codes.rename_axis("code").reset_index().to_dict("records"),
        }


def compare_lists(
    before: pd.DataFrame, after: pd.DataFrame, statistic: str, names: tuple[str, str] = ("before", "after")
) -> ListComparison:
    """Split the difference of a headline into four factors that add up exactly.

    *Composition*: the jobs of the codes that both lists have. *Scores*: the scores of codes that both score.
    *Coverage*: which of the common codes have a score. *Codes*: codes that one list alone has.

    Parameters
    ----------
    before, after : DataFrame, index code
        See `code_table`.
    statistic : {"share_high", "expected"}
    names : tuple of str

    Returns
    -------
    ListComparison

    Raises
    ------
    RegistryError
        If no code has a score in both.
    """
    old, new = (_shares(table) for table in (before, after))
    index = old.index.union(new.index)
    common = index.isin(old.index) & index.isin(new.index)
    old, new = old.reindex(index), new.reindex(index)
    weight_of = [table["weight"].fillna(0.0).to_numpy(dtype=float) for table in (old, new)]
    scored = {side: table["scored"].eq(True).to_numpy() for side, table in (("old", old), ("new", new))}
    both = scored["old"] & scored["new"] & (weight_of[0] > 0) & (weight_of[1] > 0)
    if not both.any():
        raise RegistryError(
            "No code has jobs and a score in both lists.",
            first=f"with a score: {scored['old'].sum()} codes here, {scored['new'].sum()} there",
            rule="A difference is split code by code: both lists need one coding system.",
            fix="Score both with the same --taxonomy, or with a --crosswalk to the same codes.",
        )
    values = [table["value"].to_numpy(dtype=float) for table in (old, new)]
    # A score that one list alone has stands in for the other: it is no change of scores.
    values = [np.where(np.isnan(a), b, a) for a, b in (values, values[::-1])]
    values = [np.nan_to_num(value) for value in values]
    only_new = np.isnan(old["weight"].to_numpy(dtype=float))

    def shares_of(changed: frozenset[str]) -> tuple[np.ndarray, np.ndarray]:
        by = {name: int(name in changed) for name in FACTORS}
        weight = np.where(common, weight_of[by["composition"]], weight_of[by["codes"]])
        has = [scored["old"], scored["new"]]
        own = np.where(only_new, scored["new"], scored["old"])
        kept = weight * np.where(common, has[by["coverage"]], own)
        return kept / kept.sum(), values[by["scores"]]

    def headline(changed: frozenset[str]) -> float:
        share, value = shares_of(changed)
        return float(share @ value)

    first, last = headline(frozenset()), headline(frozenset(FACTORS))
    middle = (
        first + last
    ) / 2  # a code counts by its distance from it; shares sum to one, so nothing is lost

    def terms(changed: frozenset[str]) -> np.ndarray:
        share, value = shares_of(changed)
        return share * (value - middle)

    parts = shapley(terms, FACTORS)
    table = pd.DataFrame(
        {
            "title": new["title"].fillna(old["title"]).fillna(""),
            "weight_before": weight_of[0],
            "weight_after": weight_of[1],
            "value_before": old["value"].astype(float),
            "value_after": new["value"].astype(float),
            **parts,
            "change": np.sum(list(parts.values()), axis=0),
        },
        index=index.rename("code"),
    )
    return ListComparison(statistic, first, last, names, table)


def code_table(folder: ScoredFolder, statistic: str) -> pd.DataFrame:
    """Read the codes of a scored list: those with a score, and those without.

    Parameters
    ----------
    folder : ScoredFolder
    statistic : {"share_high", "expected"}

    Returns
    -------
    DataFrame, index code
        `title`, `weight`, `scored`, `value` (NaN without a score).

    Raises
    ------
    RegistryError
        If the table of codes is gone, or was changed.
    """
    column = STATISTICS[statistic]
    try:
        known = pd.read_csv(
            folder.path / "by_occupation.csv",
            dtype={"code": str, "title": str, "weight": float, column: float},
            keep_default_na=False,
            usecols=["code", "title", "weight", column],
        )
    except (OSError, ValueError) as problem:
        raise RegistryError(
            f"The codes of {folder.path} cannot be read: {problem}.",
            rule="by_occupation.csv stands beside the scored rows as occurisk score wrote it.",
            fix="Score the list again: occurisk score LIST --out DIR --force",
        ) from problem
    scored = known.rename(columns={column: "value"}).assign(scored=True)
    lost = _unscored(folder)
    lost = lost[~lost["code"].isin(scored["code"])]
    return pd.concat([scored, lost], ignore_index=True).set_index("code")[list(_COLUMNS)]


def _unscored(folder: ScoredFolder) -> pd.DataFrame:
    """Codes without a score, in the registry's own words; rows without a code under their reason."""
    empty = pd.DataFrame({"code": [], "title": [], "weight": [], "scored": [], "value": []})
    if folder.unscored is None:
        return empty
    reason, code = f"{folder.prefix}reason", folder.account.understood.code_column
    keys = [reason, *([code] if code else [])]
    style = NumberStyle(folder.account.understood.decimal)
    lost = register_totals(folder.unscored, keys, folder.weight_column, None, style)
    lost = lost[~lost[reason].isin(NOT_COUNTED) & (lost[WEIGHT] > 0)]
    if lost.empty:
        return empty
    named = lost[code].fillna("").astype(str).str.strip() if code else pd.Series("", lost.index)
    names = named.where(named != "", "(" + lost[reason].astype(str) + ")")
    weight = lost[WEIGHT].groupby(names).sum()
    return pd.DataFrame(
        {"code": weight.index, "title": "", "weight": weight.to_numpy(), "scored": False, "value": np.nan}
    )


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Weights as shares of the counted weight: two lists may count in persons and in thousands."""
    return table.assign(weight=table["weight"] / table["weight"].sum())
