"""How the headline moves with every choice that published figures leave unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.market import Market
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.crosswalk import Lineage, to_soc2010
from occurisk.occupations.facts import isco_groups
from occurisk.probabilities import share_interval

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
OCCUPATION = "occupation"
AS_CODED = "codes as given"
AGGREGATIONS = (OCCUPATION, AS_CODED, "ISCO-4", "ISCO-3", "ISCO-2", "ISCO-1")
WEIGHTINGS = ("weighted", "unweighted")
DIMENSIONS = ("threshold", "statistic", "aggregation", "weighting", "source", "repair", "vintage")
# Without crosswalks to hybrids, groups and siblings: what a plain join of two lists finds.
_PLAIN = ("exact", "crosswalk")
SHARE, EXPECTED = "share at high risk", "expected value"


@dataclass(frozen=True)
class Universe:
    """A market under one choice of score source, code repair and O*NET vintage.

    Attributes
    ----------
    market : Market
    source : str
        `model` or `published`.
    repair : str
        `on`: crosswalks, hybrids, siblings; `off`: a plain join of codes.
    vintage : str
        Of O*NET, such as `20.3`.
    """

    market: Market
    source: str
    repair: str
    vintage: str


@dataclass(frozen=True)
class Choice:
    """The reader's own choice in every dimension."""

    threshold: float = 0.7
    statistic: str = SHARE
    aggregation: str = OCCUPATION
    weighting: str = "weighted"
    source: str = "model"
    repair: str = "on"
    vintage: str = "20.3"


def multiverse(
    universes: Sequence[Universe], choice: Choice, thresholds: Sequence[float] = THRESHOLDS
) -> pd.DataFrame:
    """Compute the headline under every combination of choices.

    Parameters
    ----------
    universes : sequence of Universe
        All of one registry.
    choice : Choice
    thresholds : sequence of float
        The choice's own is added.

    Returns
    -------
    DataFrame
        `threshold` (NaN for the expected value, which needs none), `statistic`, `aggregation`,
        `weighting`, `source`, `repair`, `vintage`, `value`, `lower`, `upper`, `coverage`, `chosen`,
        `differs`: the dimensions in which it differs from the choice, comma-separated.
    """
    thresholds = sorted({*thresholds, choice.threshold})
    rows = []
    for universe in universes:
        whole = universe.market.cells()
        coverage = float(whole.jobs.sum() / (whole.jobs.sum() + whole.unscored.sum()))
        for aggregation in AGGREGATIONS:
            for weighting in WEIGHTINGS:
                if weighting == "unweighted" and aggregation == OCCUPATION:
                    continue
                jobs, p, replicas = aggregate(universe.market, aggregation, weighting)
                head = (aggregation, weighting, universe.source, universe.repair, universe.vintage)
                for threshold in thresholds:
                    share = jobs @ (p >= threshold)
                    sums = None if replicas is None else jobs @ (replicas >= threshold)
                    rows.append((threshold, SHARE, *head, *_with_ends(share, sums), coverage))
                sums = None if replicas is None else jobs @ replicas
                rows.append((np.nan, EXPECTED, *head, *_with_ends(jobs @ p, sums), coverage))
    table = pd.DataFrame(rows, columns=[*DIMENSIONS, "value", "lower", "upper", "coverage"])
    table["differs"] = [", ".join(_differences(row, choice)) for row in table.to_dict("records")]
    return table.assign(chosen=table["differs"] == "")


def aggregate(
    market: Market, aggregation: str, weighting: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Average scores to the groups of a level before any threshold is applied.

    Parameters
    ----------
    market : Market
    aggregation : str
        One of AGGREGATIONS.
    weighting : {"weighted", "unweighted"}
        Members of a group count by their jobs, or equally.

    Returns
    -------
    jobs : ndarray, shape (n_groups,)
        Shares of the scored jobs; sum to 1.
    p : ndarray, shape (n_groups,)
    replicas : ndarray, shape (n_groups, B), or None
    """
    held = market.cells().jobs[0]
    replicas = market.replica_p
    if aggregation == OCCUPATION:
        return held / held.sum(), market.p, replicas
    if aggregation == AS_CODED:
        totals = market.table.groupby("code", observed=True)["weight"].sum()
        by_code = totals.reindex(market.codes, fill_value=0.0).to_numpy(dtype=float)
        members = market.content * by_code[:, None]
    else:
        shares = isco_groups(market.socs, int(aggregation[-1])).to_numpy()
        members = (held[:, None] * shares).T
    jobs = members.sum(axis=1)
    members, jobs = members[jobs > 0], jobs[jobs > 0]
    weight = members if weighting == "weighted" else (members > 0).astype(float)
    weight = weight / weight.sum(axis=1, keepdims=True)
    return jobs / jobs.sum(), weight @ market.p, None if replicas is None else weight @ replicas


def universes_of(
    market: Market,
    model: tuple[pd.DataFrame, pd.DataFrame | None],
    published: pd.Series,
    printed: pd.Series,
    others: Sequence[tuple[str, pd.DataFrame, pd.DataFrame | None]] = (),
    vintage: str = "20.3",
) -> list[Universe]:
    """Return a market under every choice of score source, code repair and vintage.

    Parameters
    ----------
    market : Market
    model : (DataFrame, DataFrame or None)
        Scores and replicas of the model.
    published : Series
        Printed probabilities by SOC 2010 code, the 17 hybrids resolved.
    printed : Series
        The same by the codes as printed.
    others : sequence of (vintage, scores, replicas)
        The model refitted on other O*NET releases.
    vintage : str
        Of the model.

    Returns
    -------
    list of Universe
        The market's own choice first; those that score nothing are left out. Code repair `off` keeps
        exact codes and the official crosswalk between editions, and drops hybrids, groups and
        siblings: what a plain join of two lists finds.
    """
    lists = [("model", vintage, *model)] + [("model", v, s, r) for v, s, r in others]
    universes: list[Universe] = []
    for source, version, scores, replicas in lists:
        on = _with_scores(market, scores, replicas, siblings=True)
        universes.append(Universe(on, source, "on", version))
        universes.append(Universe(_plain_join(on), source, "off", version))
    repaired = _with_scores(market, published.to_frame("probability"), None, siblings=False)
    as_printed = _with_scores(market, printed.to_frame("probability"), None, siblings=False)
    universes.append(Universe(repaired, "published", "on", vintage))
    universes.append(Universe(_plain_join(as_printed), "published", "off", vintage))
    universes = [u for u in universes if u.market.cells().jobs.sum() > 0]
    own = "published" if market.source == "published" else "model"
    universes.sort(key=lambda u: (u.source, u.repair, u.vintage) != (own, "on", vintage))
    # The market itself stands for the reader's choice: its lineage may know more, such as a user's map.
    return [replace(universes[0], market=market), *universes[1:]] if universes else []


def _with_scores(
    market: Market, scores: pd.DataFrame, replicas: pd.DataFrame | None, *, siblings: bool
) -> Market:
    old = market.lineage
    lineage = to_soc2010(
        old.codes["code"], SYSTEMS[old.system], weights=old.weights, scored=scores.index, siblings=siblings
    )
    return replace(market, lineage=lineage, scores=scores, replicas=replicas)


def _plain_join(market: Market) -> Market:
    lineage = market.lineage
    keep = lineage.codes.loc[lineage.codes["kind"].isin(_PLAIN), "code"]
    members = lineage.members[lineage.members["code"].isin(keep)]
    return replace(market, lineage=Lineage(lineage.codes, members, lineage.system, lineage.weights))


def one_at_a_time(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that differ from the choice in one dimension at most, which named `moved`.

    A change of level from weighted occupations to an unweighted mean of groups counts as one.
    """
    differs = table["differs"].astype(str).str.split(", ")
    moved = differs.map(lambda names: names[0] if names != [""] else "")
    level = table["differs"] == "aggregation, weighting"
    keep = (differs.map(len) == 1) | level
    return table[keep].assign(moved=moved[keep])


def _with_ends(value: Any, sums: np.ndarray | None) -> tuple[float, float, float]:
    if sums is None:
        return float(value), np.nan, np.nan
    low, high = share_interval(np.array([value]), sums[None, :], 0.9)[0]
    return float(value), float(low), float(high)


def _differences(row: dict[str, object], choice: Choice) -> list[str]:
    names = [n for n in DIMENSIONS if row[n] != getattr(choice, n)]
    # The expected value has no threshold to differ in.
    if row["statistic"] == EXPECTED:
        names.remove("threshold")
    return names
