"""Two years of official statistics, codes that changed linked, as the table that a back-test needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from occurisk.labour_market.history.official_statistics import Statistic
from occurisk.labour_market.market import Market
from occurisk.occupations.coding_systems import SOC2010, SOC2018, CodingSystem, level
from occurisk.occupations.concordances import Bag, load_tables
from occurisk.occupations.crosswalk import to_soc2010
from occurisk.probabilities import Bands

# OES May 2012-2018 splits SOC 2010 25-3099 in two codes of its own.
_PARTS = {"25-3097": "25-3099", "25-3098": "25-3099"}


@dataclass(frozen=True)
class Growth:
    """Occupations in two years, with what could have foretold their growth.

    Attributes
    ----------
    table : DataFrame, index `group`
        `before`, `after` (codes), `jobs_before`, `jobs_after`, `kind`, `p`, `routine`, `wage` (of the
        earlier year).
    report : dict
        Of `link`, and what was left out for want of a score, an attribute or a wage.
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


@dataclass(frozen=True)
class Linked:
    """Codes of two years in common groups.

    Attributes
    ----------
    groups : DataFrame, index `group` (its first code of the earlier year)
        `before`, `after`: codes of either year, space-separated; `jobs_before`, `jobs_after`;
        `kind`: `same code`, or `joined` where codes were split, merged or renamed in between.
    report : dict
        Counts and shares of jobs: same, joined, only before, only after.
    """

    groups: pd.DataFrame
    report: dict[str, float]


def link(
    before: pd.Series, after: pd.Series, system_before: CodingSystem, system_after: CodingSystem
) -> Linked:
    """Join the codes of two years into groups that hold the same occupations in both.

    Parameters
    ----------
    before, after : Series of float
        Jobs by code; index: detailed codes and hybrids. Missing counts are left out beforehand.
    system_before, system_after : CodingSystem
        SOC 2010 or SOC 2018. Where they differ, codes are compared by their SOC 2010 content.

    Returns
    -------
    Linked
        A code whose occupations appear in one year only has no growth and is counted in the report.
    """
    leaves: dict[str, set[tuple[str, str]]] = {}
    same_system = system_before is system_after
    sides = (("before", before, system_before), ("after", after, system_after))
    for side, jobs, system in sides:
        for code in jobs.index:
            for leaf in leaf_codes(code, system, to_2010=not same_system):
                leaves.setdefault(leaf, set()).add((side, code))
    parent: dict[tuple[str, str], tuple[str, str]] = {
        (side, code): (side, code) for side, jobs, _ in sides for code in jobs.index
    }

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for nodes in leaves.values():
        first, *others = sorted(nodes)
        for other in others:
            parent[root(other)] = root(first)
    members: dict[tuple[str, str], dict[str, list[str]]] = {}
    for side, code in sorted(parent):
        members.setdefault(root((side, code)), {"before": [], "after": []})[side].append(code)

    rows, lost = [], {"before": 0.0, "after": 0.0}
    for group in members.values():
        old, new = group["before"], group["after"]
        amounts = float(before[old].sum()), float(after[new].sum())
        if not old or not new:
            lost["before"] += amounts[0]
            lost["after"] += amounts[1]
            continue
        kind = "same code" if old == new and len(old) == 1 else "joined"
        rows.append((old[0], " ".join(old), " ".join(new), *amounts, kind))
    names = ["group", "before", "after", "jobs_before", "jobs_after", "kind"]
    groups = pd.DataFrame(rows, columns=names).set_index("group").sort_index()
    joined = groups["kind"] == "joined"
    total = float(before.sum())
    report = {
        "codes_before": len(before),
        "codes_after": len(after),
        "groups": len(groups),
        "same_code": int((~joined).sum()),
        "joined": int(joined.sum()),
        "codes_before_joined": int(groups.loc[joined, "before"].str.split().map(len).sum()),
        "share_of_jobs_joined": float(groups.loc[joined, "jobs_before"].sum()) / total,
        "share_of_jobs_only_before": lost["before"] / total,
        "share_of_jobs_only_after": lost["after"] / float(after.sum()),
    }
    return Linked(groups, report)


def leaf_codes(code: str, system: CodingSystem, *, to_2010: bool) -> Iterable[str]:
    """Return the detailed codes that a code stands for: its own system's, or those of SOC 2010."""
    tables = load_tables()
    if system is SOC2018:
        own = tables.hybrids2018.get(code) or [code]
        own = _group(code, tables.leaves(SOC2018, "equal")) if own == [code] else own
        if not to_2010:
            return own
        return sorted({soc for leaf in own for soc in tables.pairs["soc2018"].get(leaf, [])})
    code = _PARTS.get(code, code)
    own = tables.members.get(code) or tables.pairs["soc2000"].get(code) or [code]
    return _group(code, tables.leaves(SOC2010, "equal")) if own == [code] else own


def _group(code: str, leaves: dict[str, Bag]) -> list[str]:
    """Return the leaves under a broad code; the code itself if it is detailed."""
    if level(code, SOC2010) != "broad":
        return [code]
    return [leaf for leaf in leaves if leaf.startswith(code[:6])] or [code]
