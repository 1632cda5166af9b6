"""Why an occupation gets its probability: SHAP contributions in log-odds, exact and additive.

A contribution is the Shapley value of an attribute in the game that TreeSHAP defines on a tree ensemble:
what an attribute's value adds, averaged over every order in which the attributes could be revealed, where
attributes not yet revealed follow the training shares down each tree (Lundberg et al. 2020,
doi:10.1038/s42256-019-0138-9). LightGBM computes it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from occurisk.model.label_error import NO_ERRORS, PanelLink
from occurisk.training_data.catalogue import Catalogue

# The interval of a contribution needs no more: with 60 replicas a standard deviation is known to 9%.
INTERVAL_REPLICAS = 60
# A reason is stable if at least this share of the replicas gives it the same sign.
SAME_SIGN = 0.9
# A row of the reference scores names so many contributions of each kind.
REASONS = 3
# Below this many log-odds from the base rate, a share of the distance means nothing.
NO_DISTANCE = 0.05


class Model(Protocol):
    """What `explain` needs of a fitted model: both estimators have it."""

    booster_: Any
    replica_boosters_: Any

    @property
    def link(self) -> PanelLink:
        """From its log-odds to its probabilities."""


@dataclass(frozen=True)
class Explanation:
    """Contributions of every attribute to every occupation's log-odds.

    Attributes
    ----------
    base : float
        Log-odds before any attribute is known: the ensemble's expected score.
    contributions : DataFrame, shape (n_occupations, n_attributes)
        Log-odds; a row's sum plus `base` is its `log_odds`.
    values : DataFrame, shape (n_occupations, n_attributes)
        The attributes themselves, on [0, 1].
    replicas : ndarray, shape (n_replicas, n_occupations, n_attributes), float32
        The same contributions in bootstrap replicas of the model; empty if there are none.
    link : PanelLink
        From log-odds to the probabilities that are printed.
    """

    base: float
    contributions: pd.DataFrame
    values: pd.DataFrame
    replicas: np.ndarray
    link: PanelLink = NO_ERRORS

    @property
    def log_odds(self) -> pd.Series:
        """Score of each occupation in log-odds: `base` plus its contributions."""
        return (self.base + self.contributions.sum(axis=1)).rename("log_odds")

    @property
    def probability(self) -> pd.Series:
        """The same score as a probability."""
        chance: pd.Series = self.link.probability(self.log_odds)
        return chance.rename("probability")

    def by_group(self, catalogue: Catalogue) -> pd.DataFrame:
        """Sum the contributions over the catalogue's task groups.

        Returns
        -------
        DataFrame, shape (n_occupations, n_groups)
            Log-odds; additive like the contributions themselves.
        """
        return pd.DataFrame(
            {group: self.contributions[names].sum(axis=1) for group, names in catalogue.groups.items()}
        )

    def shares(self) -> pd.DataFrame:
        """Each contribution as a share of the distance between the log-odds and the base rate.

        Returns
        -------
        DataFrame, shape (n_occupations, n_attributes)
            A row sums to 1. Negative where an attribute pulls against the outcome, so others may exceed 1.
            NaN where the occupation lies within 0.05 log-odds of the base rate.
        """
        distance = self.log_odds - self.base
        return self.contributions.div(distance.where(distance.abs() > NO_DISTANCE), axis=0)

    def waterfall(self, code: str) -> pd.DataFrame:
        """Walk from the base rate to one occupation, largest contribution first.

        Returns
        -------
        DataFrame, shape (n_attributes, 5), index attribute
            `contribution` and `log_odds` (after the step), `probability` (after the step),
            `probability_change` (of the step; it depends on the order), `share` of the distance.
        """
        steps = self.contributions.loc[code].sort_values(key=np.abs, ascending=False, kind="stable")
        log_odds = self.base + steps.cumsum()
        probability = self.link.probability(log_odds)
        before = np.concatenate([[self.link.probability(self.base)], probability.to_numpy()[:-1]])
        return pd.DataFrame(
            {
                "contribution": steps,
                "log_odds": log_odds,
                "probability": probability,
                "probability_change": probability - before,
                "share": self.shares().loc[code, steps.index],
            }
        ).rename_axis("attribute")

    def intervals(self, level: float = 0.9) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Bounds of each contribution over the bootstrap replicas.

        Parameters
        ----------
        level : float
            Share of the replicas between the bounds.

        Returns
        -------
        lower, upper : DataFrame, shape (n_occupations, n_attributes)
            Log-odds; NaN without replicas.
        """
        if not len(self.replicas):
            nothing = self.contributions * np.nan
            return nothing, nothing
        tail = (1 - level) / 2
        lower, upper = np.quantile(self.replicas, [tail, 1 - tail], axis=0)
        return self._frame(lower), self._frame(upper)

    def sd(self) -> pd.DataFrame:
        """Standard deviation of each contribution over the replicas, in log-odds; NaN without replicas."""
        if len(self.replicas) < 2:
            return self.contributions * np.nan
        return self._frame(self.replicas.std(axis=0, ddof=1))

    def stable(self) -> pd.DataFrame:
        """Tell which contributions keep their sign in at least 90% of the replicas.

        Returns
        -------
        DataFrame of bool, shape (n_occupations, n_attributes)
            All True without replicas: nothing speaks against them.
        """
        if not len(self.replicas):
            return self.contributions.notna()
        same = np.sign(self.replicas) == np.sign(self.contributions.to_numpy(dtype=np.float32))
        return self._frame(same.mean(axis=0)) >= SAME_SIGN

    def importance(self, catalogue: Catalogue) -> pd.DataFrame:
        """Rank the attributes by their mean absolute contribution.

        Returns
        -------
        DataFrame, index attribute, largest first
            `importance` (mean |contribution|, log-odds), `lower` and `upper` (90% of the replicas), `group`,
            `sign` (theory's), `slope` (Spearman correlation of value and contribution).
        """
        means = np.abs(self.replicas).mean(axis=1) if len(self.replicas) else np.empty((0, 0))
        lower, upper = np.quantile(means, [0.05, 0.95], axis=0) if len(means) else (np.nan, np.nan)
        return (
            pd.DataFrame(
                {
                    "importance": self.contributions.abs().mean(),
                    "lower": lower,
                    "upper": upper,
                    "group": [catalogue[name].group for name in self.contributions],
                    "sign": [catalogue[name].sign for name in self.contributions],
                    "slope": _rank_correlation(self.values, self.contributions),
                },
                index=self.contributions.columns.rename("attribute"),
            )
            .sort_values("importance", ascending=False)
            .rename_axis("attribute")
        )

    def mix(self, members: pd.DataFrame) -> Explanation:
        """Explain codes that stand for several occupations: the weighted mean of their members.

        Parameters
        ----------
        members : DataFrame
            `code` (the new code), `soc` (an occupation explained here), `weight` (positive; any scale).

        Returns
        -------
        Explanation
            Index: the new codes. Everything is averaged in log-odds, so it stays additive; its
            `probability` is that of the mean log-odds, which is not the mean of the members'
            probabilities.
        """
        weights = members.pivot_table(index="code", columns="soc", values="weight", aggfunc="sum")
        weights = weights.reindex(columns=self.contributions.index).fillna(0.0)
        weights = weights.div(weights.sum(axis=1), axis=0)
        W = weights.to_numpy()
        columns = self.contributions.columns

        def frame(values: np.ndarray) -> pd.DataFrame:
            return pd.DataFrame(values, index=weights.index, columns=columns)

        known = self.values.notna().to_numpy()
        with np.errstate(invalid="ignore"):
            values = (W @ np.where(known, self.values, 0.0)) / (W @ known)
        return Explanation(
            base=self.base,
            contributions=frame(W @ self.contributions.to_numpy()),
            values=frame(values),
            replicas=np.einsum("ms,bsp->bmp", W.astype(np.float32), self.replicas, optimize=True)
            if len(self.replicas)
            else self.replicas,
            link=self.link,
        )

    def select(self, codes: pd.Index) -> Explanation:
        """Return the same explanation for some of the codes, in the order given."""
        places = self.contributions.index.get_indexer(codes)
        if (places < 0).any():
            raise KeyError(f"not explained: {codes[places < 0][0]}")
        return Explanation(
            base=self.base,
            contributions=self.contributions.iloc[places],
            values=self.values.iloc[places],
            replicas=self.replicas[:, places] if len(self.replicas) else self.replicas,
            link=self.link,
        )

    def _frame(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(
            values, index=self.contributions.index, columns=self.contributions.columns, dtype=float
        )


def explain(
    model: Model, X: pd.DataFrame, *, replicas: int = INTERVAL_REPLICAS, threads: int = 0
) -> Explanation:
    """Explain a fitted model's score of every occupation.

    Parameters
    ----------
    model : Model
        With `booster_` and `replica_boosters_`: LightGBM boosters whose raw score is log-odds.
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1]; columns by name, in any order.
    replicas : int
        At most so many replicas, evenly spaced; 0 for none.
    threads : int
        Threads of LightGBM; 0 leaves it to OpenMP (all cores, or OMP_NUM_THREADS).

    Returns
    -------
    Explanation
    """
    booster = model.booster_
    X = X[booster.feature_name()]
    matrix = X.to_numpy(dtype=float)
    raw = booster.predict(matrix, pred_contrib=True, num_threads=threads)
    boosters = list(model.replica_boosters_ or ())
    if len(boosters) > replicas:
        boosters = [boosters[i] for i in np.linspace(0, len(boosters) - 1, replicas).astype(int)]
    contributions = np.empty((len(boosters), *matrix.shape), dtype=np.float32)
    for place, replica in enumerate(boosters):
        # A replica may list the same attributes in another order: the columns are matched by name.
        order = X.columns.get_indexer(replica.feature_name())
        values = replica.predict(matrix[:, order], pred_contrib=True, num_threads=threads)
        contributions[place][:, order] = values[:, :-1]
    return Explanation(
        base=float(raw[0, -1]) if len(raw) else float("nan"),
        contributions=pd.DataFrame(raw[:, :-1], index=X.index, columns=X.columns),
        values=X,
        replicas=contributions,
        link=model.link,
    )


def reasons(contributions: pd.DataFrame) -> pd.DataFrame:
    """Name the largest contributions, such as `repeating_same_tasks +0.84`.

    Parameters
    ----------
    contributions : DataFrame, shape (n, p)
        Log-odds.

    Returns
    -------
    DataFrame
        `reason_1` … `reason_3`, `raises`, `lowers`.
    """
    values, names = contributions.to_numpy(), contributions.columns.to_numpy()
    rows = []
    for row in values:
        order = np.argsort(-np.abs(row), kind="stable")
        up = [i for i in np.argsort(-row, kind="stable")[:REASONS] if row[i] > 0]
        down = [i for i in np.argsort(row, kind="stable")[:REASONS] if row[i] < 0]
        text = [f"{names[i]} {row[i]:+z.2f}" for i in order[:REASONS]]
        text += [""] * (REASONS - len(text))
        rows.append([*text, *("; ".join(f"{names[i]} {row[i]:+z.2f}" for i in side) for side in (up, down))])
    columns = [f"reason_{i + 1}" for i in range(REASONS)] + ["raises", "lowers"]
    return pd.DataFrame(rows, index=contributions.index, columns=columns)


def _rank_correlation(values: pd.DataFrame, contributions: pd.DataFrame) -> pd.Series:
    """Spearman correlation column by column; NaN for a constant column."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return values.rank().corrwith(contributions.rank())
