"""Scores of occupations carried through a lineage to the codes of a registry, spread and all."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from occurisk.occupations.crosswalk import Lineage
from occurisk.probabilities import Bands, interval, stability

COLUMNS = [
    "probability", "lower", "upper", "band", "stability", "minimum", "maximum", "share_high", "mixed",
    "occupations", "reason_1", "reason_2", "reason_3",
]  # fmt: skip
_REASON = re.compile(r"(?P<what>.+?) (?P<value>[+−-][0-9.]+)")


def project(
    scores: pd.DataFrame,
    lineage: Lineage,
    *,
    replicas: pd.DataFrame | None = None,
    bands: Bands | None = None,
    coverage: float = 0.9,
) -> pd.DataFrame:
    """Give each code of a lineage the weighted mean of its occupations' scores, and their spread.

    Parameters
    ----------
    scores : DataFrame
        Index `soc`; `probability`; optionally `lower`, `upper`, `stability`, `reason_1`…`reason_3`.
    lineage : Lineage
    replicas : DataFrame, shape (n_occupations, B), optional
        Replica probabilities, index `soc`. They are averaged with the same weights before the interval
        is taken, so that errors of members that do not go together cancel.
    bands : Bands, optional
        Thresholds of high and low; 0.7 and 0.3 by default.
    coverage : float
        Nominal coverage of the interval.

    Returns
    -------
    DataFrame
        Index `code` (those with a score): `probability`; `lower`, `upper`; `band`; `stability` (of several
        members: empty without replicas);
        `minimum`, `maximum` over members; `share_high`, the share of weight at p >= high; `mixed`,
        whether members lie in both the low and the high band; `occupations`, how many members;
        `reason_1`…`reason_3`: a single member's own, else the strongest of the members' reasons after
        weighting (a reason outside a member's own top three counts as zero there).
    """
    bands = bands or Bands()
    members = lineage.members[lineage.members["soc"].isin(scores.index)]
    if members.empty:
        return pd.DataFrame(columns=COLUMNS, index=pd.Index([], name="code", dtype=object))
    socs = members["soc"].to_numpy()
    codes = members["code"].to_numpy()
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    counts = np.diff(np.r_[starts, len(codes)])
    weight = members["weight"].to_numpy()
    weight = weight / np.repeat(np.add.reduceat(weight, starts), counts)
    p = scores["probability"].reindex(socs).to_numpy(dtype=float)

    def mean(values: np.ndarray) -> np.ndarray:
        totals: np.ndarray = np.add.reduceat(weight * values, starts)
        return totals

    result = pd.DataFrame({"probability": mean(p)}, index=pd.Index(codes[starts], name="code"))
    result["lower"], result["upper"] = (
        mean(scores[end].reindex(socs).to_numpy(dtype=float)) if end in scores else np.nan
        for end in ("lower", "upper")
    )
    many = counts > 1
    own = scores["stability"].reindex(socs[starts]).to_numpy(dtype=object) if "stability" in scores else ""
    result["stability"] = np.where(many, "", own)
    result["band"] = bands.of(result["probability"])
    if replicas is not None and many.any():
        rows = np.repeat(many, counts)
        spread = _by_code(replicas.reindex(socs[rows]).to_numpy(dtype=float), weight[rows], counts[many])
        ends = interval(result["probability"].to_numpy()[many], spread, coverage)
        result.loc[many, ["lower", "upper"]] = ends
        result.loc[many, "stability"] = stability(result["band"].to_numpy()[many], bands.of(spread))
    result["minimum"] = np.minimum.reduceat(p, starts)
    result["maximum"] = np.maximum.reduceat(p, starts)
    result["share_high"] = np.clip(mean((p >= bands.high).astype(float)), 0.0, 1.0)
    result["mixed"] = (result["minimum"] < bands.low) & (result["maximum"] >= bands.high)
    result["occupations"] = counts
    reasons = _reasons(scores, socs, weight, starts, counts)
    for i in range(3):
        result[f"reason_{i + 1}"] = [r[i] for r in reasons]
    return result[COLUMNS]


def _by_code(values: np.ndarray, weight: np.ndarray, counts: np.ndarray) -> np.ndarray:
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    totals: np.ndarray = np.add.reduceat(weight[:, None] * values, starts, axis=0)
    return totals


def _reasons(
    scores: pd.DataFrame, socs: np.ndarray, weight: np.ndarray, starts: np.ndarray, counts: np.ndarray
) -> list[list[str]]:
    names = [f"reason_{i}" for i in (1, 2, 3)]
    if not set(names) <= set(scores.columns):
        return [["", "", ""]] * len(starts)
    table = scores[names].reindex(socs).fillna("").to_numpy(dtype=object)
    reasons = []
    for start, count in zip(starts, counts, strict=True):
        if count == 1:
            reasons.append(list(table[start]))
            continue
        total: dict[str, float] = {}
        for row in range(start, start + count):
            for reason in table[row]:
                if match := _REASON.fullmatch(reason):
                    value = float(match["value"].replace("−", "-"))
                    total[match["what"]] = total.get(match["what"], 0.0) + weight[row] * value
        top = sorted(total.items(), key=lambda item: -abs(item[1]))[:3]
        reasons.append([f"{what} {value:+.2f}" for what, value in top] + [""] * (3 - len(top)))
    return reasons
