"""Figures of rows that are scored one by one: of each row, and national ones, summed while rows pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.model.contributions import reasons as strongest
from occurisk.model.label_error import PanelLink
from occurisk.model.row_intervals import RowUncertainty, share_in_band
from occurisk.probabilities import (
    MODEL_DEPENDENT,
    ROBUST,
    ROBUST_SHARE,
    Bands,
    ratio,
    share_interval,
    six_digits,
)
from occurisk.registry.numbers import Numbers
from occurisk.scoring.accounting.account import HeadlineFigures
from occurisk.scoring.code_scores import REASON_COLUMNS
from occurisk.scoring.outcomes import NOTHING, OUTSIDE, ROW_OUTCOMES, UNUSABLE_WEIGHT

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle

LogOdds: TypeAlias = Callable[[np.ndarray], np.ndarray]
BANDS = ("low", "medium", "high")
STABILITY = (*(ROBUST + band for band in BANDS), MODEL_DEPENDENT)
ROW_COLUMNS = ("probability", "lower", "upper", "band", "stability", "gaps", *REASON_COLUMNS)
# Rows that the interval is measured on, taken evenly from all; more change it by less than a rounding.
MOST_SAMPLED = 1 << 13
_DRAWS = 200
_SEED = 20240607


@dataclass
class RowSample:
    """Every k-th row of a stream, k doubling whenever there are too many.

    Attributes
    ----------
    step : int
        k.
    seen : int
        Rows that have passed.
    parts : list of (X, missing, weight)
    """

    step: int = 1
    seen: int = 0
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)

    def add(self, X: np.ndarray, missing: np.ndarray, weight: np.ndarray) -> None:
        """Take what is due of a batch."""
        at = np.arange(-self.seen % self.step, len(X), self.step)
        self.seen += len(X)
        if not len(at):
            return
        self.parts.append((X[at], missing[at], weight[at]))
        while sum(len(part[2]) for part in self.parts) > MOST_SAMPLED:
            whole = self.rows()
            self.parts = [(whole[0][::2], whole[1][::2], whole[2][::2])]
            self.step *= 2

    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return X, missing and weight of the rows taken."""
        X, missing, weight = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        return X, missing, weight


@dataclass
class RowFigures:
    """What is summed up while rows pass: by band and in all."""

    rows: np.ndarray = field(default_factory=lambda: np.zeros(3, np.int64))
    weight: np.ndarray = field(default_factory=lambda: np.zeros(3))
    expected: float = 0.0
    gaps: int = 0
    sample: RowSample = field(default_factory=RowSample)

    def add(
        self, p: np.ndarray, band: np.ndarray, weight: np.ndarray, X: np.ndarray, missing: np.ndarray
    ) -> None:
        """Add scored rows."""
        self.weight += np.bincount(band, weights=weight, minlength=3)
        self.rows += np.bincount(band, minlength=3)
        self.expected += float(p @ weight)
        self.gaps += int(missing.any(axis=1).sum())
        self.sample.add(X, missing, weight)

    def national(
        self, counted: float, bands: Bands, uncertainty: RowUncertainty, model: LogOdds, link: PanelLink
    ) -> HeadlineFigures:
        """Return the national figures.

        Parameters
        ----------
        counted : float
            All weight, scored or not.
        bands : Bands
        uncertainty : RowUncertainty
            Of the rows' log-odds.
        model : callable
            X to log-odds.
        link : PanelLink
            From log-odds to probabilities.

        Returns
        -------
        HeadlineFigures
            The interval comes from labour markets that might have been: the coefficients behind the formula
            of the rows' own intervals are drawn anew, the same for all rows, and so is the rate at which
            experts err. Errors that rows share therefore do not cancel; what a gap hides is drawn for each
            row. Of a long registry it is measured on every k-th row.
        """
        jobs = float(self.weight.sum())
        low, medium, high = (float(v) for v in ratio(self.weight, np.array(jobs)))
        points = {"share_high": high, "share_medium": medium, "share_low": low}
        points["expected"] = float(ratio(np.array([self.expected]), np.array(jobs))[0])
        ends = dict.fromkeys(points, (np.nan, np.nan))
        if jobs and self.sample.rows()[2].sum() > 0:
            drawn = self._drawn(bands, uncertainty, model, link)
            for name, point in points.items():
                lower, upper = share_interval(np.array([point]), drawn[name][None, :], 0.9)[0]
                ends[name] = (float(lower), float(upper))
        flat = {
            f"{name}{end}": v
            for name in points
            for end, v in zip(("_lower", "_upper"), ends[name], strict=True)
        }
        coverage = jobs / counted if counted else np.nan
        return HeadlineFigures(**points, **flat, coverage=coverage, scored_weight=jobs)

    def _drawn(
        self, bands: Bands, uncertainty: RowUncertainty, model: LogOdds, link: PanelLink
    ) -> dict[str, np.ndarray]:
        """Return each figure in every labour market that might have been."""
        X, missing, weight = self.sample.rows()
        share = weight / weight.sum()
        log_odds = model(X)[:, None] + uncertainty.draws(X, missing, _DRAWS, _SEED)
        p = PanelLink(link.rate, link.even_rates(_DRAWS)).in_replicas(log_odds)
        high, low = share @ (p >= bands.high), share @ (p < bands.low)
        return {
            "share_high": high, "share_medium": 1 - high - low, "share_low": low,
            "expected": share @ p,
        }  # fmt: skip


def row_outcomes(missing: np.ndarray, outside: np.ndarray, weight: Numbers | None) -> np.ndarray:
    """Tell what becomes of each row.

    Parameters
    ----------
    missing : ndarray of bool, shape (n, p)
    outside : ndarray of bool, shape (n,)
        Whether a figure is off its scale.
    weight : Numbers or None

    Returns
    -------
    ndarray of int32, shape (n,)
        Positions in `ROW_OUTCOMES`; 0 is scored.
    """
    outcome = np.zeros(len(missing), dtype=np.int32)
    outcome[missing.all(axis=1)] = ROW_OUTCOMES.index(NOTHING)
    outcome[outside] = ROW_OUTCOMES.index(OUTSIDE)
    if weight is not None:
        outcome[weight.unusable] = ROW_OUTCOMES.index(UNUSABLE_WEIGHT)
    return outcome


def row_fields(added: tuple[str, ...], prefix: str) -> list[pa.Field]:
    """Return names and types of the columns that are added to a row."""
    text = pa.dictionary(pa.int32(), pa.string())
    kinds = dict.fromkeys(("probability", "lower", "upper"), pa.float64())
    kinds |= {"band": text, "stability": text, "gaps": pa.int32()}
    return [pa.field(prefix + n, kinds.get(n, pa.string()), nullable=False) for n in added]


def row_scores(model: Bundle, X: np.ndarray, missing: np.ndarray, *, reasons: bool) -> dict[str, pa.Array]:
    """Score rows of attributes, on one thread.

    Parameters
    ----------
    model : Bundle
    X : ndarray, shape (n, p)
        On [0, 1], in the order of `Bundle.names`, gaps filled with `Bundle.medians`.
    missing : ndarray of bool, shape (n, p)
        Which figures are fillings.
    reasons : bool
        Also name the strongest contributions.

    Returns
    -------
    dict
        The columns of `ROW_COLUMNS`, each of length n.
    """
    bands = model.bands
    log_odds = model.log_odds(X, threads=1)
    sd = model.uncertainty.sd(X, missing)
    p = model.link.probability(log_odds)
    lower, upper = model.link.interval(log_odds, sd, model.nominal).T
    p, lower, upper = (six_digits(values) for values in (p, lower, upper))
    band = np.digitize(p, [bands.low, bands.high])
    robust = share_in_band(log_odds, sd, band, bands, model.link) >= ROBUST_SHARE
    columns = {
        "probability": pa.array(p),
        "lower": pa.array(lower),
        "upper": pa.array(upper),
        "band": _named(band, BANDS),
        "stability": _named(np.where(robust, band, len(BANDS)), STABILITY),
        "gaps": pa.array(missing.sum(axis=1, dtype=np.int32)),
    }
    return columns | (_reasons(model, X) if reasons else {})


def _reasons(model: Bundle, X: np.ndarray) -> dict[str, pa.Array]:
    parts = np.zeros((0, X.shape[1] + 1))
    if len(X):
        parts = model.booster.predict(X, pred_contrib=True, num_threads=1)
    named = strongest(pd.DataFrame(parts[:, :-1], columns=model.names))
    return {name: pa.array(named[name], pa.string()) for name in REASON_COLUMNS}


def _named(number: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(number.astype(np.int32)), pa.array(names))
