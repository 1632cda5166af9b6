"""Pictures that compare: countries with each other, scores with what happened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.history.backtest import Backtest
from occurisk.report.chart_style import (
    BAND_COLOURS,
    HIGH,
    INK,
    LOW,
    PALE,
    SOFT,
    caption,
    new_figure,
    new_panels,
    title,
)


def countries_figure(table: pd.DataFrame) -> Any:
    """Draw both statistics of many countries.

    Parameters
    ----------
    table : DataFrame
        Index: country; `year`, `share_high`, `expected` (published scores), `model_share_high`,
        `model_share_high_lower`, `model_share_high_upper`, `model_expected`.
    """
    rows = table.sort_values("share_high")
    figure, axes = new_figure(8, 0.32 * len(rows) + 1.6)
    place = np.arange(len(rows))
    axes.hlines(place, rows["share_high"], rows["expected"], color=PALE, linewidth=3, zorder=1)
    axes.plot(rows["share_high"], place, "o", color=HIGH, label="share at high risk, published scores")
    axes.plot(rows["expected"], place, "D", color=LOW, label="expected value, published scores", markersize=5)
    model = rows["model_share_high"]
    reach = np.abs(rows[["model_share_high_lower", "model_share_high_upper"]].sub(model, axis=0))
    axes.errorbar(
        model, place - 0.25, xerr=reach.T, fmt="o", color=INK, markersize=3, linewidth=0.8,
        label="share at high risk, our model, 90%",
    )  # fmt: skip
    axes.set_yticks(place, [f"{name} {int(row['year'])}" for name, row in rows.iterrows()], fontsize=8)
    axes.set(xlabel="share of scored employment, and mean probability")
    gap = (rows["expected"] - rows["share_high"]).mean()
    title(
        axes,
        f"From {rows['share_high'].min():.0%} ({rows.index[0]}) to {rows['share_high'].max():.0%} "
        f"({rows.index[-1]}); "
        f"the choice of statistic alone is worth {100 * gap:.0f} points",
    )
    axes.legend(frameon=False, fontsize=7, loc="lower right")
    caption(
        figure,
        "occurisk; ILOSTAT employment by two-digit ISCO (CC BY 4.0); Frey & Osborne 2017; "
        "ISCO-SOC crosswalk of BLS.",
    )
    return figure


def backtest_figure(comparison: Backtest, name: str) -> Any:
    """Draw realised growth by risk band, and the rank correlations beside the benchmarks."""
    figure, (left, right) = new_panels(9, 3.6, 2)
    for axes in (left, right):
        axes.axhline(0, color=SOFT, linewidth=0.8)
    for place, (band, row) in enumerate(comparison.bands.iterrows()):
        reach = [[row["growth"] - row["lower"]], [row["upper"] - row["growth"]]]
        left.bar(place, row["growth"], color=BAND_COLOURS[str(band)], yerr=reach, capsize=4)
    left.set_xticks(range(3), [f"{b} risk" for b in comparison.bands.index])
    left.set_ylabel("growth of employment")
    gap = comparison.bands.loc["low", "growth"] - comparison.bands.loc["high", "growth"]
    word = "slower than" if gap > 0 else "faster than"
    title(left, f"High-risk jobs grew {100 * abs(gap):.1f} points {word} low-risk ones")
    weighted = comparison.correlations.xs("weighted", level="weighting")
    rows = [(n, weighted.loc[n]) for n in ("p", "routine", "wage")] + [
        ("p, others held", pd.Series(comparison.partial))
    ]
    for place, (_, row) in enumerate(rows):
        reach = [[row["rho"] - row["lower"]], [row["upper"] - row["rho"]]]
        right.errorbar(
            place, row["rho"], yerr=reach, fmt="o", color=HIGH if place in (0, 3) else LOW, capsize=4
        )
    right.set_xticks(range(4), [n for n, _ in rows], fontsize=8)
    right.set_ylabel("rank correlation with growth")
    adds = "adds to" if comparison.partial["upper"] < 0 else "adds nothing detectable to"
    title(right, f"p {adds} routine intensity and wage")
    caption(
        figure, f"occurisk; {name}; BLS OES. Bars: 90%, bootstrap over occupations; weighted by earlier jobs."
    )
    return figure
