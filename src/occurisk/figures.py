"""Pictures of a training run: how good, how calibrated, how the scores spread.

Titles state the finding, captions the source. Okabe-Ito colours tell apart for colour-blind readers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from occurisk.baselines import LIGHTGBM, TITLES
from occurisk.calibration import Reliability
from occurisk.evaluate import Evaluation
from occurisk.settings import Bands

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#999999"
BAND_COLOURS = {"low": "#0072B2", "medium": "#E69F00", "high": "#D55E00"}


def _figure(width: float, height: float) -> tuple[Any, Any]:
    # The object API: no pyplot, no global state, no window.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _caption(figure: Any, text: str) -> None:
    figure.supxlabel(text, fontsize=7, color="#555555", x=0.01, ha="left")


def reliability_figure(found: Reliability) -> Any:
    """Draw the reliability curve with its bootstrap band.

    Parameters
    ----------
    found : Reliability

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _figure(6, 5)
    curve = found.curve
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="perfectly calibrated")
    axes.fill_between(
        curve["predicted"], curve["lower"], curve["upper"], color=BLUE, alpha=0.2, label="90% bootstrap band"
    )
    axes.plot(curve["predicted"], curve["observed"], "o-", color=BLUE, label="held-out predictions")
    axes.set(xlabel="predicted probability", ylabel="share labelled automatable", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(
        f"Held-out probabilities are off by {found.error:.3f} on average\n"
        f"(expected calibration error, {found.error_lower:.3f} to {found.error_upper:.3f})",
        fontsize=10,
        loc="left",
    )
    axes.legend(frameon=False, loc="upper left", fontsize=8)
    _caption(figure, "occurisk; pooled test halves; the bootstrap draws occupations.")
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
    figure, axes = _figure(7, 4)
    p = scores["probability"].to_numpy()
    edges = np.linspace(0, 1, 21)
    for band, colour in BAND_COLOURS.items():
        axes.hist(p[bands.of(p) == band], bins=edges, color=colour, label=band, rwidth=0.92)
    for threshold in (bands.low, bands.high):
        axes.axvline(threshold, color=GREY, linewidth=1, linestyle="--")
    robust = (scores["stability"] != "model-dependent").mean()
    axes.set(xlabel="probability of being automatable", ylabel="occupations", xlim=(0, 1))
    axes.set_title(
        f"Most occupations lie at either end; the band of {robust:.0%} is robust", fontsize=10, loc="left"
    )
    axes.legend(frameon=False, title="susceptibility", fontsize=8)
    _caption(
        figure,
        f"occurisk; {len(scores)} reference occupations (SOC 2010, O*NET 20.3), not weighted by employment.",
    )
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
    figure, axes = _figure(8, 0.45 * len(order) + 1.6)
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
        box.set_facecolor(BLUE if name == LIGHTGBM else "#DDDDDD")
    axes.set_yticks(range(1, len(order) + 1), [TITLES.get(name, name) for name in order], fontsize=8)
    axes.set_xlabel("log-loss on the held-out half (less is better)")
    best = order[-1]
    axes.set_title(
        f"{'LightGBM' if best == LIGHTGBM else TITLES.get(best, best)} has the lowest held-out log-loss",
        fontsize=10,
        loc="left",
    )
    _caption(
        figure,
        f"occurisk; {evaluation.splits} stratified random halves of the labels, the same for every model.",
    )
    return figure
