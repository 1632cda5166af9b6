"""Pictures of a training run: how good, how calibrated, how the scores spread.

Titles state the finding, captions the source; see `chart_style`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from occurisk.evaluation.baselines import LIGHTGBM, TITLES
from occurisk.evaluation.calibration import Reliability
from occurisk.evaluation.interval_coverage import Coverage
from occurisk.evaluation.protocol import Evaluation
from occurisk.probabilities import Bands
from occurisk.report.chart_style import BAND_COLOURS, HIGH, LOW, PALE, SOFT, caption, new_figure, title


def reliability_figure(reliability: Reliability) -> Any:
    """Draw the reliability curve with its bootstrap band.

    Parameters
    ----------
    reliability : Reliability

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = new_figure(6, 5)
    curve = reliability.curve
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--", label="perfectly calibrated")
    axes.fill_between(
        curve["predicted"], curve["lower"], curve["upper"], color=LOW, alpha=0.2, label="90% bootstrap band"
    )
    axes.plot(curve["predicted"], curve["observed"], "o-", color=LOW, label="held-out predictions")
    axes.set(xlabel="predicted probability", ylabel="share labelled automatable", xlim=(0, 1), ylim=(0, 1))
    title(
        axes,
        f"Held-out probabilities are off by {reliability.error:.3f} on average\n"
        f"(expected calibration error, {reliability.error_lower:.3f} to {reliability.error_upper:.3f})",
    )
    axes.legend(frameon=False, loc="upper left", fontsize=8)
    caption(figure, "occurisk; pooled test halves; the bootstrap draws occupations.")
    return figure


def distribution_figure(scores: pd.DataFrame, bands: Bands) -> Any:
    """Draw how many occupations have which probability, by risk band.

    Parameters
    ----------
    scores : DataFrame
        `probability` and `stability` of the reference occupations.
    bands : Bands

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = new_figure(7, 4)
    p = scores["probability"].to_numpy()
    edges = np.linspace(0, 1, 21)
    for band, colour in BAND_COLOURS.items():
        axes.hist(p[bands.of(p) == band], bins=edges, color=colour, label=band, rwidth=0.92)
    for threshold in (bands.low, bands.high):
        axes.axvline(threshold, color=SOFT, linewidth=1, linestyle="--")
    robust = (scores["stability"] != "model-dependent").mean()
    axes.set(xlabel="probability of being automatable", ylabel="occupations", xlim=(0, 1))
    at_ends = (bands.of(p) != "medium").mean()
    title(
        axes,
        f"{at_ends:.0%} of occupations lie below {bands.low:g} or from {bands.high:g} up; "
        f"the band of {robust:.0%} is robust",
    )
    axes.legend(frameon=False, title="susceptibility", fontsize=8)
    caption(figure, f"occurisk; {len(scores)} reference occupations, not weighted by employment.")
    return figure


def quality_figure(evaluation: Evaluation) -> Any:
    """Draw the held-out log-loss of every model, split by split.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    matplotlib.figure.Figure
    """
    order = list(evaluation.summary().index)[::-1]
    figure, axes = new_figure(8, 0.45 * len(order) + 1.6)
    by_model = {name: rows["log_loss"].to_numpy() for name, rows in evaluation.scores.groupby("model")}
    boxes = axes.boxplot(
        [by_model[name] for name in order],
        orientation="horizontal",
        patch_artist=True,
        widths=0.6,
        showfliers=False,
        medianprops={"color": "black"},
    )
    for name, box in zip(order, boxes["boxes"], strict=True):
        box.set_facecolor(LOW if name == LIGHTGBM else PALE)
    axes.set_yticks(range(1, len(order) + 1), [TITLES.get(name, name) for name in order], fontsize=8)
    axes.set_xlabel("log-loss on the held-out half (less is better)")
    best = order[-1]
    title(
        axes, f"{'LightGBM' if best == LIGHTGBM else TITLES.get(best, best)} has the lowest held-out log-loss"
    )
    caption(
        figure,
        f"occurisk; {evaluation.splits} stratified random halves of the labels, the same for every model.",
    )
    return figure


def coverage_figure(studied: Coverage, nominal: float) -> Any:
    """Draw how often the intervals hold a known truth, one dot per simulated panel.

    Parameters
    ----------
    studied : Coverage
    nominal : float
        What the intervals promise.

    Returns
    -------
    matplotlib.figure.Figure
    """
    groups = list(studied.trials.groupby(["truth", "labelled"], sort=False))[::-1]
    figure, axes = new_figure(8, 0.4 * len(groups) + 1.6)
    low, high = nominal - 0.05, min(nominal + 0.05, 1.0)
    axes.axvspan(low, high, color=LOW, alpha=0.12)
    axes.axvline(nominal, color=SOFT, linewidth=1, linestyle="--")
    for place, (_, rows) in enumerate(groups):
        axes.plot(rows["covered"], [place] * len(rows), "o", color=LOW, alpha=0.35, markersize=4)
        axes.plot(rows["covered"].mean(), place, "D", color=HIGH, markersize=6)
    chosen = {"same": "the labelled 70", "random": "70 at random"}
    names = [f"{truth}; {chosen[labelled]}" for (truth, labelled), _ in groups]
    axes.set_yticks(range(len(groups)), names, fontsize=8)
    axes.set(xlabel="share of occupations whose true probability lies in its interval", xlim=(0.4, 1))
    title(
        axes,
        f"On average {studied.overall:.0%} of the true probabilities lie in their {nominal:.0%} interval",
    )
    caption(
        figure,
        "occurisk study coverage; dots: simulated expert panels, diamonds: their mean, "
        f"band: {low:.0%} to {high:.0%}.",
    )
    return figure
