"""National figures of rows that are scored one by one: summed while they pass, with an interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from scipy.special import expit, logit

from occurisk.model.row_intervals import RowUncertainty
from occurisk.probabilities import Bands, ratio, share_interval
from occurisk.scoring.accounting.account import HeadlineFigures

LogOdds: TypeAlias = Callable[[np.ndarray], np.ndarray]
BANDS = ("low", "medium", "high")
# Rows that the interval is measured on, taken evenly from all; more change it by less than a rounding.
_MOST_SAMPLED = 1 << 13
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
        while sum(len(part[2]) for part in self.parts) > _MOST_SAMPLED:
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
        self, counted: float, bands: Bands, uncertainty: RowUncertainty, model: LogOdds
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

        Returns
        -------
        HeadlineFigures
            The interval comes from labour markets that might have been: the coefficients behind the formula
            of the rows' own intervals are drawn anew, the same for all rows, so that errors which rows share
            do not cancel; what a gap hides is drawn for each row. Of a long registry it is measured on
            every k-th row.
        """
        jobs = float(self.weight.sum())
        low, medium, high = (float(v) for v in ratio(self.weight, np.array(jobs)))
        points = {"share_high": high, "share_medium": medium, "share_low": low}
        points["expected"] = float(ratio(np.array([self.expected]), np.array(jobs))[0])
        ends = dict.fromkeys(points, (np.nan, np.nan))
        if jobs and self.sample.rows()[2].sum() > 0:
            drawn = self._drawn(bands, uncertainty, model)
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

    def _drawn(self, bands: Bands, uncertainty: RowUncertainty, model: LogOdds) -> dict[str, np.ndarray]:
        """Return each figure in every labour market that might have been."""
        X, missing, weight = self.sample.rows()
        share = weight / weight.sum()
        log_odds = model(X)[:, None] + uncertainty.draws(X, missing, _DRAWS, _SEED)
        high, low = share @ (log_odds >= logit(bands.high)), share @ (log_odds < logit(bands.low))
        return {
            "share_high": high, "share_medium": 1 - high - low, "share_low": low,
            "expected": share @ expit(log_odds),
        }  # fmt: skip
