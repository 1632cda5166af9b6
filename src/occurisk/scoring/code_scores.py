"""Scores of occupations carried through a lineage to the codes of a registry, with intervals and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from occurisk.model.label_error import NO_ERRORS, PanelLink
from occurisk.occupations.crosswalk import Lineage, to_soc2010
from occurisk.occupations.own_crosswalk import through_map
from occurisk.probabilities import Bands, six_digits, stability

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle
    from occurisk.registry.understanding import Understanding

REASONS = 3
REASON_COLUMNS = tuple(f"reason_{i + 1}" for i in range(REASONS))
COLUMNS = [
    "probability", "lower", "upper", "band", "stability", "minimum", "maximum", "share_high", "mixed",
    "occupations", *REASON_COLUMNS,
]  # fmt: skip
# What another axis adds to a code, behind its prefix.
AXIS_COLUMNS = ("probability", "lower", "upper", "band", "stability", *REASON_COLUMNS)
_ROUNDED = ("probability", "lower", "upper", "minimum", "maximum", "share_high")


@dataclass(frozen=True)
class Reasons:
    """The strongest contributions of occupations or codes, as numbers.

    Attributes
    ----------
    attribute : ndarray of str, shape (n, 3)
        Strongest first; empty where there is none.
    log_odds : ndarray, shape (n, 3)
    """

    attribute: np.ndarray
    log_odds: np.ndarray

    @classmethod
    def read(cls, scores: pd.DataFrame) -> Reasons | None:
        """Read the reasons of a bundle's table, such as `originality -0.84`; None if it has none."""
        if not set(REASON_COLUMNS) <= set(scores.columns):
            return None
        cells = scores[list(REASON_COLUMNS)].fillna("").to_numpy(dtype=object)
        parts = [[str(cell).rpartition(" ")[::2] for cell in row] for row in cells]
        names = np.array([[name for name, _ in row] for row in parts], dtype=object).reshape(cells.shape)
        values = [[float(value.replace("−", "-")) if name else 0.0 for name, value in row] for row in parts]
        return cls(names, np.array(values, dtype=float).reshape(cells.shape))

    def mean(self, place: np.ndarray, weight: np.ndarray, starts: np.ndarray) -> Reasons:
        """Return the strongest weighted means of groups of occupations.

        Parameters
        ----------
        place : ndarray of int, shape (m,)
            The occupations, group after group.
        weight : ndarray, shape (m,)
            Sums to 1 within a group.
        starts : ndarray of int, shape (n_groups,)
            Where each group begins.

        Returns
        -------
        Reasons
            Of a single occupation its own. A reason outside an occupation's own top three counts as zero.
        """
        attribute = np.full((len(starts), REASONS), "", dtype=object)
        log_odds = np.zeros((len(starts), REASONS))
        ends = np.r_[starts[1:], len(place)]
        for group, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if end - start == 1:
                attribute[group], log_odds[group] = self.attribute[place[start]], self.log_odds[place[start]]
                continue
            total: dict[str, float] = {}
            for at, share in zip(place[start:end], weight[start:end], strict=True):
                for name, value in zip(self.attribute[at], self.log_odds[at], strict=True):
                    if name:
                        total[name] = total.get(name, 0.0) + share * value
            top = sorted(total.items(), key=lambda item: -abs(item[1]))[:REASONS]
            for rank, (name, value) in enumerate(top):
                attribute[group, rank], log_odds[group, rank] = name, value
        return Reasons(attribute, log_odds)

    def texts(self, rank: int) -> list[str]:
        """Write the reasons of one rank, from 0, such as `originality -0.84`."""
        pairs = zip(self.attribute[:, rank], self.log_odds[:, rank], strict=True)
        return [f"{name} {value:+z.2f}" if name else "" for name, value in pairs]


@dataclass(frozen=True)
class Scores:
    """What codes are scored with.

    Attributes
    ----------
    table : DataFrame
        Index `soc`; `probability` and, from a model, `lower`, `upper`, `stability`, reasons.
    replicas : DataFrame or None
        Index `soc`, shape (n_occupations, B).
    bands : Bands
    nominal : float
        Nominal level of the intervals.
    siblings : bool
        Whether unrated occupations take their siblings' scores.
    weights : str
        `employment` or `equal`.
    link : PanelLink
        From log-odds to probabilities.
    others : tuple of (str, Scores)
        Further axes: the prefix of their columns, and what the same codes are scored with there.
    """

    table: pd.DataFrame
    replicas: pd.DataFrame | None
    bands: Bands
    nominal: float = 0.9
    siblings: bool = True
    weights: str = "employment"
    link: PanelLink = NO_ERRORS
    others: tuple[tuple[str, Scores], ...] = ()

    @classmethod
    def of(cls, model: Bundle, scores: str = "model", weights: str = "employment") -> Scores:
        """Take the model's scores, or the published list, which has no stand-ins.

        Parameters
        ----------
        model : Bundle
        scores : {"model", "published"}
        weights : {"employment", "equal"}
        """
        if scores == "model":
            return cls(model.reference, model.replicas, model.bands, weights=weights, link=model.link)
        from occurisk.training_data.labels import load_labels

        published = load_labels().published_by_soc2010()
        return cls(published.to_frame("probability"), None, model.bands, siblings=False, weights=weights)

    def beside(self, others: Sequence[Bundle]) -> Scores:
        """Return these scores with those of further axes' models beside them."""
        further = tuple((b.axis.column_prefix, Scores.of(b, weights=self.weights)) for b in others)
        return replace(self, others=further)

    @property
    def axis_columns(self) -> tuple[str, ...]:
        """The columns that further axes add."""
        return tuple(prefix + name for prefix, _ in self.others for name in AXIS_COLUMNS)

    @cached_property
    def reasons(self) -> Reasons | None:
        """The strongest contributions of each occupation, in the order of `table`."""
        return Reasons.read(self.table)


def score_codes(scores: Scores, lineage: Lineage) -> pd.DataFrame:
    """Give each code of a lineage the weighted mean of its occupations' scores, and what it hides.

    Parameters
    ----------
    scores : Scores
        Replicas are averaged with the same weights before the interval is taken, so that errors of members
        that do not go together cancel.
    lineage : Lineage

    Returns
    -------
    DataFrame
        Index `code` (those with a score): `probability`; `lower`, `upper`; `band`; `stability` (of several
        members: empty without replicas); `minimum`, `maximum` over members; `share_high`, the share of
        weight at p >= high; `mixed`, whether members lie in both the low and the high band; `occupations`,
        how many members; `reason_1` … `reason_3`, see `Reasons.mean`.
    """
    table, bands = scores.table, scores.bands
    members = lineage.members[lineage.members["soc"].isin(table.index)]
    if members.empty:
        return pd.DataFrame(columns=COLUMNS, index=pd.Index([], name="code", dtype=object))
    socs = members["soc"].to_numpy()
    codes = members["code"].to_numpy()
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    counts = np.diff(np.r_[starts, len(codes)])
    weight = members["weight"].to_numpy()
    weight = weight / np.repeat(np.add.reduceat(weight, starts), counts)
    place = table.index.get_indexer(socs)
    p = table["probability"].to_numpy(dtype=float)[place]

    def mean(values: np.ndarray) -> np.ndarray:
        totals: np.ndarray = np.add.reduceat(weight * values, starts)
        return totals

    result = pd.DataFrame({"probability": mean(p)}, index=pd.Index(codes[starts], name="code"))
    for end in ("lower", "upper"):
        result[end] = mean(table[end].to_numpy(dtype=float)[place]) if end in table else np.nan
    many = counts > 1
    own = table["stability"].to_numpy(dtype=object)[place[starts]] if "stability" in table else ""
    result["stability"] = np.where(many, "", own)
    result["band"] = bands.of(result["probability"])
    if scores.replicas is not None and many.any():
        rows = np.repeat(many, counts)
        drawn = scores.replicas.reindex(socs[rows]).to_numpy(dtype=float)
        drawn = _by_code(drawn, weight[rows], counts[many])
        result.loc[many, ["lower", "upper"]] = scores.link.mean_interval(
            result["probability"].to_numpy()[many], drawn, scores.nominal
        )
        result.loc[many, "stability"] = stability(result["band"].to_numpy()[many], bands.of(drawn))
    result["minimum"] = np.minimum.reduceat(p, starts)
    result["maximum"] = np.maximum.reduceat(p, starts)
    result["share_high"] = np.clip(mean((p >= bands.high).astype(float)), 0.0, 1.0)
    result["mixed"] = (result["minimum"] < bands.low) & (result["maximum"] >= bands.high)
    result["occupations"] = counts
    reasons = scores.reasons and scores.reasons.mean(place, weight, starts)
    for rank, name in enumerate(REASON_COLUMNS):
        result[name] = reasons.texts(rank) if reasons else ""
    return result[COLUMNS]


def _by_code(values: np.ndarray, weight: np.ndarray, counts: np.ndarray) -> np.ndarray:
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    totals: np.ndarray = np.add.reduceat(weight[:, None] * values, starts, axis=0)
    return totals


def score_occupations(
    codes: Iterable[str], understanding: Understanding, scores: Scores
) -> tuple[pd.DataFrame, Lineage]:
    """Score distinct codes.

    Parameters
    ----------
    codes : iterable of str
        As the registry has them.
    understanding : Understanding
        For the coding system, prefix and user's map.
    scores : Scores

    Returns
    -------
    DataFrame
        One row per code: the columns of `Lineage.codes` and, where scored, those of `score_codes` and
        `axis_columns`.
    Lineage
    """
    scored, siblings = scores.table.index, scores.siblings
    if understanding.user_map:
        lineage = through_map(
            codes, understanding.user_map, weights=scores.weights, scored=scored, siblings=siblings
        )
    else:
        lineage = to_soc2010(
            codes, understanding.system, weights=scores.weights, scored=scored, siblings=siblings,
            prefix=understanding.prefix,
        )  # fmt: skip
    by_code = _rounded(score_codes(scores, lineage))
    for prefix, other in scores.others:
        by_axis = _rounded(score_codes(other, lineage))[list(AXIS_COLUMNS)]
        by_code = by_code.join(by_axis.add_prefix(prefix))
    return lineage.codes.join(by_code, on="code"), lineage


def _rounded(by_code: pd.DataFrame) -> pd.DataFrame:
    return by_code.assign(**{name: six_digits(by_code[name]) for name in _ROUNDED})
