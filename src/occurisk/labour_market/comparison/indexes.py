"""Indexes of occupations beside each other: rank correlations, principal axes, where they disagree most."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError

DRAWS, SHUFFLES = 500, 200
FEWEST = 30  # occupations that two indexes share; below this a rank correlation says little
_TAIL = 95  # per cent: an axis counts if its eigenvalue beats that of shuffled columns so often (Horn 1965)


@dataclass(frozen=True)
class IndexComparison:
    """How indexes of occupations go together.

    Attributes
    ----------
    table : DataFrame, index soc
        The indexes; NaN where one has no figure.
    correlations : DataFrame
        One row a pair: `first`, `second`, `occupations`, `rho`, `lower`, `upper`, and the same by jobs:
        `rho_jobs`, `lower_jobs`, `upper_jobs`.
    axes : DataFrame, index principal axis (1, 2, …)
        `eigenvalue`, `chance` (95% of shuffled columns stay below it), `kept`, and a loading per index;
        empty where too few occupations have every index.
    complete : int
        Occupations that have every index.
    """

    table: pd.DataFrame
    correlations: pd.DataFrame
    axes: pd.DataFrame
    complete: int

    def disagreements(self, first: str, second: str, count: int = 5) -> pd.DataFrame:
        """Return the occupations that two indexes rank furthest apart, either way.

        Returns
        -------
        DataFrame, index soc
            `first`, `second`: share of the occupations that are ranked below; `gap`, first minus second.
        """
        ranks = self.table[[first, second]].dropna().rank(pct=True).set_axis(["first", "second"], axis=1)
        ranks["gap"] = ranks["first"] - ranks["second"]
        ordered = ranks.sort_values("gap", kind="stable")
        return pd.concat([ordered.tail(count)[::-1], ordered.head(count)])

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk compare indexes --json` writes."""
        return {
            "indexes": {name: int(self.table[name].notna().sum()) for name in self.table},
            "correlations": self.correlations.to_dict("records"),
            "occupations_with_every_index": self.complete,
            "principal_axes": self.axes.reset_index().to_dict("records"),
        }


def compare_indexes(
    table: pd.DataFrame, jobs: pd.Series, draws: int = DRAWS, shuffles: int = SHUFFLES, seed: int = 0
) -> IndexComparison:
    """Correlate indexes of occupations by rank, and find their principal axes.

    Parameters
    ----------
    table : DataFrame, index soc
        An index per column; NaN where it has no figure.
    jobs : Series
        Weights by `soc`; an occupation without any counts as nothing in the figures by jobs.
    draws : int
        Of the bootstrap over occupations, for 90% intervals.
    shuffles : int
        Of the parallel analysis.
    seed : int

    Returns
    -------
    IndexComparison

    Raises
    ------
    RegistryError
        If there are fewer than two indexes, two share fewer than 30 occupations, or one has no ranks there.
    """
    if table.shape[1] < 2:
        raise RegistryError("There is one index alone.", fix="Add another: --index NAME=FILE.csv")
    rng = np.random.default_rng(seed)
    weight = jobs.reindex(table.index).fillna(0.0).to_numpy(dtype=float)
    rows = [_pair(table, weight, a, b, draws, rng) for a, b in combinations(table.columns, 2)]
    whole = table.dropna()
    enough = len(whole) >= max(FEWEST, 2 * table.shape[1])
    axes = principal_axes(whole, shuffles, rng) if enough else pd.DataFrame()
    return IndexComparison(table, pd.DataFrame(rows), axes, len(whole))


def principal_axes(whole: pd.DataFrame, shuffles: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the principal axes of ranked indexes, and which beat chance (Horn 1965, doi:10.1007/BF02289447).

    Parameters
    ----------
    whole : DataFrame, shape (n_occupations, n_indexes)
        Without gaps.
    shuffles : int
        How often each column is shuffled on its own.
    rng : Generator

    Returns
    -------
    DataFrame, index `axis`
        `eigenvalue`, `chance`, `kept`, a loading per index. An axis points to where its largest loading is
        positive. Axes after the first that does not beat chance are not kept.
    """
    ranks = whole.rank().to_numpy()
    values, vectors = np.linalg.eigh(np.corrcoef(ranks.T))
    values, vectors = values[::-1], vectors[:, ::-1]
    drawn = [
        np.linalg.eigvalsh(np.corrcoef([rng.permutation(column) for column in ranks.T]))[::-1]
        for _ in range(shuffles)
    ]
    chance = np.percentile(drawn, _TAIL, axis=0)
    loadings = vectors * np.sqrt(np.clip(values, 0, None))
    strongest = loadings[np.abs(loadings).argmax(axis=0), np.arange(len(values))]
    loadings = loadings * np.sign(strongest)
    found = pd.DataFrame(loadings.T, columns=whole.columns, index=np.arange(1, len(values) + 1))
    found.insert(0, "eigenvalue", values)
    found.insert(1, "chance", chance)
    found.insert(2, "kept", np.logical_and.accumulate(values > chance))
    return found.rename_axis("axis")


def _pair(
    table: pd.DataFrame, weight: np.ndarray, first: str, second: str, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Rank correlation of two indexes over the occupations that both have, plain and by jobs."""
    both = table[[first, second]].notna().all(axis=1).to_numpy()
    if both.sum() < FEWEST:
        raise RegistryError(
            f"{first} and {second} share {both.sum()} occupations.",
            rule=f"Two indexes are compared over at least {FEWEST}.",
            fix="Check the codes of these indexes.",
        )
    shared = table.loc[both, [first, second]]
    for name in (first, second):
        if shared[name].nunique() < 2:
            raise RegistryError(
                f"{name} says the same of every occupation: {shared[name].iloc[0]:g}.",
                rule="A rank correlation needs figures that differ.",
                fix="Check the column of figures.",
            )
    ranks = shared.rank().to_numpy()
    counts = rng.multinomial(len(ranks), np.full(len(ranks), 1 / len(ranks)), size=draws)
    row: dict[str, Any] = {"first": first, "second": second, "occupations": int(both.sum())}
    for suffix, w in (("", np.ones(len(ranks))), ("_jobs", weight[both])):
        known = w.sum() > 0
        drawn = _correlations(ranks, counts * w) if known else np.full(draws, np.nan)
        lower, upper = np.nanquantile(drawn, [0.05, 0.95]) if known else (np.nan, np.nan)
        row[f"rho{suffix}"] = float(_correlations(ranks, w[None, :])[0]) if known else float("nan")
        row[f"lower{suffix}"], row[f"upper{suffix}"] = float(lower), float(upper)
    return row


def _correlations(ranks: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Correlation of two columns of ranks under each row of `weight`, shape (len(weight),)."""
    share = weight / weight.sum(axis=1, keepdims=True)
    mean = share @ ranks
    square = share @ ranks**2 - mean**2
    joint = share @ ranks.prod(axis=1) - mean.prod(axis=1)
    # Of ranks that are each other's mirror, rounding would make more than 1.
    return np.clip(joint / np.sqrt(square.prod(axis=1)), -1, 1)
