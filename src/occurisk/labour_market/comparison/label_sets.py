"""Two sets of labels, or two vintages of one: how far they agree, and where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import LabelError
from occurisk.labour_market.comparison.indexes import FEWEST

HALF = 0.5  # from here a soft label counts as a yes


@dataclass(frozen=True)
class LabelComparison:
    """How far two sets of labels agree.

    Attributes
    ----------
    labels : DataFrame, index soc
        `first`, `second`: of the occupations that both label.
    only_first, only_second : int
        Occupations that one of them labels alone.
    """

    labels: pd.DataFrame
    only_first: int
    only_second: int

    @property
    def rho(self) -> float:
        """Spearman rank correlation."""
        return float(self.labels["first"].corr(self.labels["second"], method="spearman"))

    @property
    def difference(self) -> float:
        """Mean of the second minus mean of the first."""
        return float((self.labels["second"] - self.labels["first"]).mean())

    @property
    def agreement(self) -> float:
        """Share of occupations on one side of a half in both."""
        yes = self.labels >= HALF
        return float((yes["first"] == yes["second"]).mean())

    @property
    def kappa(self) -> float:
        """Agreement beyond chance (Cohen 1960); NaN if chance explains all of it."""
        first, second = (self.labels[name].ge(HALF).mean() for name in ("first", "second"))
        chance = first * second + (1 - first) * (1 - second)
        return float((self.agreement - chance) / (1 - chance)) if chance < 1 else float("nan")

    def largest(self, count: int = 10) -> pd.DataFrame:
        """Return the occupations whose labels differ most: `first`, `second`, `difference`."""
        table = self.labels.assign(difference=self.labels["second"] - self.labels["first"])
        return table.loc[table["difference"].abs().sort_values(ascending=False, kind="stable").index[:count]]

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk compare labels --json` writes."""
        return {
            "occupations": len(self.labels),
            "only_first": self.only_first,
            "only_second": self.only_second,
            "rho": None if np.isnan(self.rho) else self.rho,
            "mean_difference": self.difference,
            "agreement_at_half": self.agreement,
            "kappa": None if np.isnan(self.kappa) else self.kappa,
            "labels": self.labels.rename_axis("code").reset_index().to_dict("records"),
        }


def compare_labels(first: pd.Series, second: pd.Series) -> LabelComparison:
    """Compare two sets of labels over the occupations that both label.

    Parameters
    ----------
    first, second : Series of float, index soc
        0 and 1, or shares between them.

    Returns
    -------
    LabelComparison

    Raises
    ------
    LabelError
        If they share fewer than 30 occupations.
    """
    common = first.index.intersection(second.index)
    if len(common) < FEWEST:
        raise LabelError(
            f"The two sets of labels share {len(common)} occupations.",
            rule=f"Two sets are compared over at least {FEWEST}.",
            fix="Check that both use SOC 2010 codes.",
        )
    labels = pd.DataFrame({"first": first.loc[common], "second": second.loc[common]}).astype(float)
    return LabelComparison(labels, len(first) - len(common), len(second) - len(common))
