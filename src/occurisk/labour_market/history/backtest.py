"""Did employment shrink where the scores said it could? Growth by band, against two benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.gradients import weighted_ranks, weighted_spearman
from occurisk.probabilities import Bands, ratio

DRAWS = 1000
BENCHMARKS = ("routine", "wage")
PREDICTORS = ("p", *BENCHMARKS)
REGRESSIONS = (("p",), ("routine",), ("wage",), BENCHMARKS, (*BENCHMARKS, "p"))
_COLUMNS = (*PREDICTORS, "growth")
_GROWTH = _COLUMNS.index("growth")


@dataclass(frozen=True)
class Backtest:
    """Realised growth against what the scores and the benchmarks say.

    Attributes
    ----------
    occupations : DataFrame
        What was used: `p`, `routine`, `wage`, `jobs_before`, `jobs_after`, `growth` (log), `band`.
    bands : DataFrame, index `band`
        `occupations`, `jobs_before`, `jobs_after`, `growth` (of the band's jobs), `lower`, `upper`.
    correlations : DataFrame, index (`predictor`, `weighting`)
        Spearman with growth: `rho`, `lower`, `upper`.
    partial : dict
        Job-weighted rank correlation of p with growth once routine intensity and wage are held:
        `rho`, `lower`, `upper`.
    r2 : DataFrame, index `predictors`
        `r2`, `lower`, `upper` of weighted regressions of ranked growth on ranked predictors.
    gain : dict
        R2 with p and both benchmarks minus R2 with the benchmarks alone: `r2`, `lower`, `upper`, and
        `chance`: the mean gain of a shuffled p, for a gain is never negative.
    verdict : str
        In words.
    """

    occupations: pd.DataFrame
    bands: pd.DataFrame
    correlations: pd.DataFrame
    partial: dict[str, float]
    r2: pd.DataFrame
    gain: dict[str, float]
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk backtest --json` writes."""
        return {
            "bands": self.bands.reset_index().to_dict("records"),
            "correlations": self.correlations.reset_index().to_dict("records"),
            "partial": self.partial,
            "r2": self.r2.reset_index().to_dict("records"),
            "gain": self.gain,
            "verdict": self.verdict,
        }


def backtest(
    occupations: pd.DataFrame, bands: Bands | None = None, draws: int = DRAWS, seed: int = 0
) -> Backtest:
    """Compare scores with realised growth.

    Parameters
    ----------
    occupations : DataFrame
        `p`, `routine`, `wage`, `jobs_before`, `jobs_after`; one row per occupation in both years. Rows
        with a gap, or without jobs in either year, are left out.
    bands : Bands, optional
    draws : int
        Bootstrap samples of occupations behind the 90% intervals.
    seed : int

    Returns
    -------
    Backtest
    """
    bands = bands or Bands()
    rows = occupations.dropna(subset=[*PREDICTORS, "jobs_before", "jobs_after"])
    rows = rows[(rows["jobs_before"] > 0) & (rows["jobs_after"] > 0)].copy()
    rows["growth"] = np.log(rows["jobs_after"] / rows["jobs_before"])
    rows["band"] = bands.of(rows["p"])
    rng = np.random.default_rng(seed)
    # A bootstrap sample is how often each occupation was drawn; the first row is the data themselves.
    counts = np.vstack(
        [np.ones(len(rows)), rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), draws)]
    )

    by_band = {}
    for band in ("high", "medium", "low"):
        part = (rows["band"] == band).to_numpy()
        before, after = (rows[c].to_numpy() * part for c in ("jobs_before", "jobs_after"))
        by_band[band] = {
            "occupations": int(part.sum()),
            "jobs_before": before.sum(),
            "jobs_after": after.sum(),
            **_ends("growth", ratio(counts @ after, counts @ before) - 1),
        }
    correlations = {}
    for name in PREDICTORS:
        for weighting in ("weighted", "unweighted"):
            weight = rows["jobs_before"].to_numpy() if weighting == "weighted" else np.ones(len(rows))
            x, y = rows[name].to_numpy(), rows["growth"].to_numpy()
            drawn = [weighted_spearman(x, y, weight * count) for count in counts]
            correlations[(name, weighting)] = _ends("rho", np.array(drawn))
    covariances = _rank_covariances(rows, counts)
    r2 = {
        " + ".join(names): _ends("r2", np.array([_r2(c, names) for c in covariances]))
        for names in REGRESSIONS
    }
    gain = _ends("r2", np.array([_r2(c, [*BENCHMARKS, "p"]) - _r2(c, BENCHMARKS) for c in covariances]))
    gain["chance"] = _chance(rows, rng)
    partial = _ends("rho", np.array([_partial(c) for c in covariances]))
    correlation_table = pd.DataFrame(correlations).T.rename_axis(["predictor", "weighting"])
    return Backtest(
        rows,
        pd.DataFrame(by_band).T.rename_axis("band"),
        correlation_table,
        partial,
        pd.DataFrame(r2).T.rename_axis("predictors"),
        gain,
        verdict(correlation_table.loc[("p", "weighted")], partial, gain),
    )


def verdict(rho: pd.Series, partial: dict[str, float], gain: dict[str, float]) -> str:
    """Say whether p is related to growth at all, and whether it adds to the benchmarks."""
    alone = f"p and growth correlate at {rho['rho']:+z.2f} ({rho['lower']:+z.2f} to {rho['upper']:+z.2f})"
    held = f"{partial['rho']:+z.2f} ({partial['lower']:+z.2f} to {partial['upper']:+z.2f})"
    if rho["lower"] <= 0 <= rho["upper"]:
        first = f"{alone}: no relation that the data can tell from none."
    else:
        size = "modest" if abs(rho["rho"]) < 0.5 else "strong"
        first = f"{alone}: a {size} {'negative' if rho['rho'] < 0 else 'positive'} relation."
    added = f"adding p to them raises R² by {gain['r2']:.3f} (a shuffled p: {gain['chance']:.3f})"
    if partial["lower"] <= 0 <= partial["upper"]:
        second = f"With routine intensity and wage held it is {held}: p adds nothing detectable; {added}."
    elif partial["rho"] < 0:
        second = f"With routine intensity and wage held it is {held}: p adds something; {added}."
    else:
        second = (
            f"With routine intensity and wage held it is {held}: the sign is not the expected one; {added}."
        )
    return f"{first} {second}"


def _ends(name: str, values: np.ndarray) -> dict[str, float]:
    """Return the figure, which comes first, and the 90% interval of its bootstrap samples."""
    if np.isnan(values[0]):
        return {name: float("nan"), "lower": float("nan"), "upper": float("nan")}
    low, high = np.nanquantile(values[1:], [0.05, 0.95])
    return {name: float(values[0]), "lower": float(low), "upper": float(high)}


def _rank_covariances(rows: pd.DataFrame, counts: np.ndarray) -> np.ndarray:
    """Return the job-weighted covariances of the ranked columns, shape (draws, 4, 4): _COLUMNS."""
    jobs = rows["jobs_before"].to_numpy()
    ranks = np.column_stack([weighted_ranks(rows[name].to_numpy(), jobs) for name in _COLUMNS])
    covariances = []
    for count in counts:
        weight = jobs * count / (jobs @ count)
        centred = ranks - weight @ ranks
        covariances.append((centred * weight[:, None]).T @ centred)
    return np.array(covariances)


def _r2(covariance: np.ndarray, names: Sequence[str]) -> float:
    """Return R2 of the weighted regression of ranked growth on ranked predictors."""
    at = [_COLUMNS.index(name) for name in names]
    with_growth = covariance[at, _GROWTH]
    explained = with_growth @ np.linalg.lstsq(covariance[np.ix_(at, at)], with_growth, rcond=None)[0]
    return float(explained / covariance[_GROWTH, _GROWTH])


def _partial(covariance: np.ndarray) -> float:
    """Return the correlation of p and growth with the benchmarks held: from the precision matrix."""
    precision = np.linalg.pinv(covariance)
    p = _COLUMNS.index("p")
    return float(-precision[p, _GROWTH] / np.sqrt(precision[p, p] * precision[_GROWTH, _GROWTH]))


def _chance(rows: pd.DataFrame, rng: np.random.Generator, times: int = 200) -> float:
    """Return the mean gain in R2 of a shuffled p."""
    once = np.ones((1, len(rows)))
    gains = []
    for _ in range(times):
        covariance = _rank_covariances(rows.assign(p=rng.permutation(rows["p"].to_numpy())), once)[0]
        gains.append(_r2(covariance, [*BENCHMARKS, "p"]) - _r2(covariance, BENCHMARKS))
    return float(np.mean(gains))
