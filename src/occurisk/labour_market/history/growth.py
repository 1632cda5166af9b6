"""From two years of official statistics to the table that a back-test needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from occurisk.bands import Bands
from occurisk.labour_market.history.code_breaks import link
from occurisk.labour_market.history.official_statistics import Statistic
from occurisk.labour_market.market import Market
from occurisk.occupations.crosswalk import to_soc2010


@dataclass(frozen=True)
class Growth:
    """Occupations in two years, with what could have foretold their growth.

    Attributes
    ----------
    table : DataFrame, index `group`
        `before`, `after` (codes), `jobs_before`, `jobs_after`, `kind`, `p`, `routine`, `wage` (of the
        earlier year).
    report : dict
        Of `code_breaks.link`, and what was left out for want of a score, an attribute or a wage.
    """

    table: pd.DataFrame
    report: dict[str, float]


def growth_table(
    before: Statistic, after: Statistic, scores: pd.DataFrame, routine: pd.Series, published: bool = False
) -> Growth:
    """Link two years and give every common group its score and benchmarks.

    Parameters
    ----------
    before, after : Statistic
    scores : DataFrame
        Index `soc`; `probability`.
    routine : Series
        Routine intensity, index `soc`.
    published : bool
        The scores are the printed list: no siblings stand in for what it leaves out.

    Returns
    -------
    Growth
        A group of several codes takes the means of its earlier codes, weighted by earlier jobs.
    """
    old, new = (s.table.set_index("code") for s in (before, after))
    linked = link(old["weight"], new["weight"], before.system, after.system)
    p = _code_means(before, scores["probability"], siblings=not published)
    known = pd.DataFrame(
        {
            "p": p,
            "routine": _code_means(before, routine, siblings=True),
            "wage": old["wage"],
            "jobs": old["weight"],
        }
    )
    pairs = linked.groups["before"].str.split().explode()
    members = known.reindex(pairs).set_index(pairs.index)
    values = {}
    for name in ("p", "routine", "wage"):
        have = members[members[name].notna()]
        total = (have[name] * have["jobs"]).groupby(level="group").sum()
        values[name] = total / have["jobs"].groupby(level="group").sum()
    table = linked.groups.assign(**values)
    report = dict(linked.report)
    usable = table[["p", "routine", "wage"]].notna().all(axis=1)
    for name in ("p", "routine", "wage"):
        report[f"groups_without_{name}"] = int(table[name].isna().sum())
    report["groups_used"] = int(usable.sum())
    report["share_of_jobs_used"] = float(table.loc[usable, "jobs_before"].sum() / old["weight"].sum())
    return Growth(table, report)


def _code_means(statistic: Statistic, values: pd.Series, *, siblings: bool) -> pd.Series:
    """Return the mean of a property of SOC 2010 occupations for every code of a statistic."""
    lineage = to_soc2010(statistic.table["code"], statistic.system, scored=values.index, siblings=siblings)
    scores = values.to_frame("probability")
    means = Market(statistic.table, lineage, scores, None, Bands()).code_p
    return means.replace([np.inf, -np.inf], np.nan)
