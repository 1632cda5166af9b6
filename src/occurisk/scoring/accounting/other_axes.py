"""The headline of a scored registry on a further axis: the same jobs, another model's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from occurisk.scoring.accounting.account import HeadlineFigures
from occurisk.scoring.code_scores import Scores

if TYPE_CHECKING:
    from occurisk.scoring.scored_registry import ScoredRegistry


def figures_on(result: ScoredRegistry, scores: Scores) -> HeadlineFigures:
    """Spread the jobs of each code over its occupations, and sum up on another axis.

    Parameters
    ----------
    result : ScoredRegistry
    scores : Scores
        Of the other axis.

    Returns
    -------
    HeadlineFigures
        Coverage is that of this axis: jobs of an occupation that it lacks count as not scored.
    """
    by_soc = jobs_by_occupation(result)
    by_soc = by_soc[by_soc.index.isin(scores.table.index)]
    p = scores.table["probability"].reindex(by_soc.index).to_numpy(dtype=float)
    drawn = scores.replicas
    replicas = None if drawn is None else drawn.reindex(by_soc.index).to_numpy(dtype=float)
    counted = float(sum(o.weight for o in result.account.outcomes if o.counted))
    return HeadlineFigures.of(by_soc.to_numpy(), counted, p, scores.bands, replicas, scores.nominal)


def jobs_by_occupation(result: ScoredRegistry) -> pd.Series:
    """Return the weight of a scored registry by SOC 2010 occupation, index `soc`."""
    weight = result.by_occupation.set_index("code")["weight"]
    lineage = result.lineage
    jobs = (lineage["weight"] * lineage["code"].map(weight)).astype(float)
    return jobs.groupby(lineage["soc"]).sum().rename("weight")
