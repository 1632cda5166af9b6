"""Which reasons the data can tell apart: correlated attributes, and attributes that say nothing alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Attributes correlated at least this strongly share their contribution rather arbitrarily.
STRONG = 0.8
# An attribute whose AUC on the labels lies this near to 0.5 does not rank them by itself.
NEAR_HALF = 0.1


@dataclass(frozen=True)
class Identifiability:
    """What should keep a reader from trusting a single reason too far.

    Attributes
    ----------
    blocks : tuple of tuple of str
        Groups of attributes chained by correlations of at least 0.8, largest first.
    correlations : DataFrame
        `first`, `second`, `correlation`: the pairs of those blocks, strongest first.
    alone : DataFrame, index attribute
        `auc` of the attribute alone on the labels (above 0.5: more of it, more automatable), `near_half`,
        `n` labelled occupations that have it.
    """

    blocks: tuple[tuple[str, ...], ...]
    correlations: pd.DataFrame
    alone: pd.DataFrame


def identifiability(X: pd.DataFrame, labels: pd.Series, strong: float = STRONG) -> Identifiability:
    """Report strongly correlated attributes, and those that do not rank the labels by themselves.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1].
    labels : Series
        0/1 by code; codes that X does not have are ignored.
    strong : float
        Least absolute Pearson correlation of a block.

    Returns
    -------
    Identifiability
    """
    names = list(X.columns)
    # A constant attribute correlates with nothing; pandas leaves NaN there.
    r = X.corr().to_numpy()
    first, second = np.triu_indices(len(names), k=1)
    linked = np.abs(r[first, second]) >= strong
    pairs = pd.DataFrame(
        {
            "first": [names[i] for i in first[linked]],
            "second": [names[i] for i in second[linked]],
            "correlation": r[first, second][linked],
        }
    ).sort_values("correlation", key=np.abs, ascending=False, ignore_index=True)

    block_of = {name: frozenset([name]) for name in names}
    for a, b in zip(pairs["first"], pairs["second"], strict=True):
        merged = block_of[a] | block_of[b]
        block_of.update(dict.fromkeys(merged, merged))
    blocks = {tuple(sorted(block, key=names.index)) for block in block_of.values() if len(block) > 1}

    y = labels.dropna()
    y = y[y.index.isin(X.index)]
    rows = {name: _auc(X.loc[y.index, name], y) for name in names}
    alone = pd.DataFrame.from_dict(rows, orient="index", columns=["auc", "n"]).rename_axis("attribute")
    alone["near_half"] = (alone["auc"] - 0.5).abs() < NEAR_HALF
    return Identifiability(
        blocks=tuple(sorted(blocks, key=lambda block: (-len(block), names.index(block[0])))),
        correlations=pairs,
        alone=alone,
    )


def _auc(values: pd.Series, labels: pd.Series) -> tuple[float, int]:
    """Area under the ROC curve from ranks (Mann-Whitney), ties counted half; and the number of values."""
    known = values.notna()
    ranks, positive = values[known].rank(), labels[known] == 1
    n1, n0 = int(positive.sum()), int((~positive).sum())
    if not n1 or not n0:
        return float("nan"), n1 + n0
    return float((ranks[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)), n1 + n0
