"""Pictures of a labour market at risk. Titles state the finding, captions the source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.gradients import Gradient
from occurisk.labour_market.multiverse import EXPECTED, OCCUPATION, SHARE, one_at_a_time
from occurisk.labour_market.summary import MarketSummary
from occurisk.occupations.facts import NOT_KNOWN
from occurisk.report.chart_style import (
    GROUP_COLOURS,
    HIGH,
    INK,
    LOW,
    PALE,
    SOFT,
    caption,
    new_figure,
    new_panels,
    settle,
    title,
    write_names,
)

_INTERVAL = "bars: 90% interval from redrawn labels"


def figure_set(summary: MarketSummary) -> dict[str, Any]:
    """Draw every picture that the figures allow.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        `employment`, `risk_by_wage_and_education`, `polarisation`, `multiverse`, `two_axes`, and
        `by_NAME` for each breakdown.
    """
    figures = {"employment": employment_figure(summary)}
    figures["risk_by_wage_and_education"] = gradient_figure(summary)
    if summary.polarisation is not None:
        figures["polarisation"] = polarisation_figure(summary)
    for name, table in summary.breakdowns.items():
        figures["by_" + name.replace(" x ", "_x_")] = breakdown_figure(table, name, summary)
    if len(summary.multiverse):
        figures["multiverse"] = multiverse_figure(summary)
    figures["two_axes"] = two_axes_figure(summary)
    return figures


def employment_figure(summary: MarketSummary) -> Any:
    """Draw employment by probability, stacked by major group (Frey & Osborne 2017, figure III)."""
    figure, axes = new_figure(9, 5)
    table = summary.histogram
    largest = table.sum().sort_values(ascending=False).index[: len(GROUP_COLOURS)]
    rest = table.columns.difference(largest, sort=False)
    columns = {str(name): table[name] for name in largest}
    if len(rest):
        columns[f"{len(rest)} other groups"] = table[rest].sum(axis=1)
    unit, scale = _scale(float(table.to_numpy().sum()))
    bottom = np.zeros(len(table))
    for (name, jobs), colour in zip(columns.items(), [*GROUP_COLOURS, PALE], strict=False):
        height = jobs.to_numpy() / scale
        axes.bar(table.index + 0.025, height, 0.046, bottom=bottom, color=colour, label=_short(name, 46))
        bottom += height
    for threshold in (summary.bands.low, summary.bands.high):
        axes.axvline(threshold, color=SOFT, linewidth=1, linestyle="--")
    share = summary.figures["share_high"]
    axes.set(xlabel="probability of being automatable", ylabel=f"{_weight(summary)}{unit}", xlim=(0, 1))
    low = summary.figures["share_low"]
    title(axes, f"{share:.0%} of employment is at high risk, {low:.0%} at low, {1 - share - low:.0%} between")
    axes.legend(frameon=False, fontsize=7, loc="upper center", ncols=2)
    axes.set_ylim(0, bottom.max() * 1.35)
    _source(figure, summary)
    return figure


def gradient_figure(summary: MarketSummary) -> Any:
    """Draw wage and education by probability (Frey & Osborne 2017, figure IV)."""
    slopes = [s for s in summary.gradients.values() if len(s.binned)]
    n = max(len(slopes), 1)
    figure, panels = new_panels(4.6 * n + 0.8, 4, n)
    for axes, slope in zip(panels, slopes, strict=False):
        middle = (slope.binned["low"] + slope.binned["high"]) / 2
        axes.plot(middle, slope.binned["mean"], "-", color=LOW, linewidth=1)
        size = 15 + 180 * slope.binned["jobs"] / slope.binned["jobs"].max()
        axes.scatter(middle, slope.binned["mean"], s=size, color=LOW, zorder=3)
        label = "mean wage" if slope.name == "wage" else "job zone (1: no preparation, 5: extensive)"
        axes.set(xlabel="probability of being automatable", ylabel=label, xlim=(0, 1))
        ends = "" if np.isnan(slope.lower) else f" ({slope.lower:.2f} to {slope.upper:.2f})"
        title(axes, f"{_direction(slope)}:\nrank correlation {slope.spearman:.2f}{ends}")
    _source(figure, summary, "Size: employment. Job zones: O*NET 18.1.")
    return figure


def polarisation_figure(summary: MarketSummary) -> Any:
    """Draw the share at high risk along the wage distribution."""
    table = summary.polarisation
    if table is None:
        raise ValueError("The registry has no wages.")
    figure, axes = new_figure(7.5, 4)
    percentile = (table.index.to_numpy(dtype=float) - 0.5) * 100 / len(table)
    if table["share_high_lower"].notna().any():
        axes.fill_between(
            percentile, table["share_high_lower"], table["share_high_upper"], color=HIGH, alpha=0.2,
            label="90% interval", linewidth=0,
        )  # fmt: skip
    axes.plot(percentile, table["share_high"], "o-", color=HIGH, label="share at high risk", markersize=4)
    axes.plot(percentile, table["expected"], "s--", color=LOW, label="expected value", markersize=3)
    thirds = [part.mean() for part in np.array_split(table["share_high"].to_numpy(), 3)]
    where = ("lower", "middle", "upper")[int(np.argmax(thirds))]
    axes.set(xlabel="wage percentile", xlim=(0, 100), ylim=(0, 1))
    title(
        axes,
        f"Risk is highest in the {where} third of wages: "
        f"{thirds[0]:.0%}, {thirds[1]:.0%} and {thirds[2]:.0%} at high risk",
    )
    axes.legend(frameon=False, fontsize=8)
    _source(figure, summary)
    return figure


def breakdown_figure(table: pd.DataFrame, name: str, summary: MarketSummary, most: int = 30) -> Any:
    """Draw both statistics of every cell, with intervals; the largest cells if there are many."""
    shown = table[~table["suppressed"] & (table["scored_jobs"] > 0)]
    hidden = int(table["suppressed"].sum())
    cut = max(len(shown) - most, 0)
    # Ordinal breakdowns keep their order, the others go by risk.
    shown = shown.nlargest(most, "jobs") if cut else shown
    ordinal = name in ("skill_level", "education", "wage_decile")
    shown = shown.loc[shown.index[::-1]] if ordinal else shown.sort_values("share_high")
    figure, axes = new_figure(8, 0.28 * len(shown) + 1.7)
    place = np.arange(len(shown))
    axes.barh(place, shown["share_high"], color=HIGH, alpha=0.75, height=0.62, label="share at high risk")
    if shown["share_high_lower"].notna().any():
        reach = np.abs(shown[["share_high_lower", "share_high_upper"]].sub(shown["share_high"], axis=0))
        axes.errorbar(
            shown["share_high"], place, xerr=reach.T, fmt="none", ecolor="black", linewidth=1, capsize=2
        )
    axes.plot(shown["expected"], place, "D", color=LOW, markersize=4, label="expected value (mean p)")
    labels = [_short(" / ".join(map(str, k)) if isinstance(k, tuple) else str(k), 44) for k in shown.index]
    axes.set_yticks(place, labels, fontsize=8)
    axes.set(xlim=(0, 1), xlabel="share of scored employment")
    known = shown[[not _unknown(k) for k in shown.index]] if len(shown) > 1 else shown
    finding = f"Employment at risk by {name.replace('_', ' ')}"
    if len(known) > 1:
        top, low = known["share_high"].idxmax(), known["share_high"].idxmin()
        finding = (
            f"By {name.replace('_', ' ')}: from {known['share_high'].min():.0%} at high risk "
            f"({_label(low)}) to {known['share_high'].max():.0%} ({_label(top)})"
        )
    title(axes, finding)
    axes.legend(frameon=False, fontsize=7, loc="lower right")
    left_out = f" {hidden} small cells suppressed." * bool(
        hidden
    ) + f" {cut} smaller cells not drawn." * bool(cut)
    _source(figure, summary, f"{_INTERVAL.capitalize()}.{left_out}")
    return figure


def multiverse_figure(summary: MarketSummary) -> Any:
    """Draw how the headline moves with each choice, and over thresholds."""
    table, choice = summary.multiverse, summary.choice
    moved = one_at_a_time(table)
    own = table[table["chosen"]].iloc[0]
    rows: list[tuple[str, str, pd.DataFrame]] = []
    for dimension in ("statistic", "aggregation", "source", "repair", "vintage"):
        part = moved[moved["moved"] == dimension]
        if len(part):
            rows.append((dimension, _choices(dimension), part))
    figure, (left, right) = new_panels(11, 4.6, 2, width_ratios=(1.25, 1))
    thresholds = moved[(moved["moved"] == "threshold") | moved["chosen"]].sort_values("threshold")
    rows.insert(0, ("threshold", "threshold 0.5 … 0.9", thresholds))
    for place, (dimension, _, part) in enumerate(reversed(rows)):
        for nth, row in enumerate(part.sort_values("value").itertuples()):
            left.plot(row.value, place, "o", color=SOFT if row.chosen else LOW, markersize=5, alpha=0.8)
            text = _name_of(row, dimension)
            left.annotate(
                text, (row.value, place), xytext=(0, 5 + 6 * (nth % 3)), textcoords="offset points",
                fontsize=5.5, ha="center", color=INK,
            )  # fmt: skip
    left.axvline(own["value"], color=HIGH, linewidth=1.5)
    left.annotate(
        f"your choice: {own['value']:.1%}",
        (own["value"], len(rows) - 0.45),
        color=HIGH,
        fontsize=8,
        ha="center",
    )
    left.set_yticks(range(len(rows)), [label for _, label, _ in reversed(rows)], fontsize=8)
    left.set_ylim(-0.5, len(rows) - 0.2)
    left.set_xlabel("headline when one choice is changed")
    low, high = float(table["value"].min()), float(table["value"].max())
    title(left, f"From {low:.0%} to {high:.0%}: {len(table)} possible headlines from one registry")
    shares = table[(table["statistic"] == SHARE) & (table["aggregation"] == OCCUPATION)]
    lines = shares.groupby(["source", "repair", "vintage"], sort=False)
    for ((source, repair, vintage), line), colour in zip(lines, GROUP_COLOURS, strict=False):
        name = f"{source}, O*NET {vintage}" if source == "model" else source
        ordered = line.sort_values("threshold")
        right.plot(
            ordered["threshold"], ordered["value"], color=colour, label=f"{name}, repair {repair}",
            linestyle="-" if repair == "on" else "--",
        )  # fmt: skip
        if ordered["lower"].notna().all() and (source, repair) == (choice.source, "on"):
            right.fill_between(
                ordered["threshold"],
                ordered["lower"],
                ordered["upper"],
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
    right.plot(choice.threshold, own["value"], "D", color=HIGH, zorder=5)
    right.set(xlabel="threshold of high risk", ylabel="share of scored employment")
    least, most = thresholds["value"].min(), thresholds["value"].max()
    title(right, f"The threshold alone moves it from {least:.0%} to {most:.0%}")
    right.legend(frameon=False, fontsize=7)
    _source(figure, summary, "Band: 90% interval from redrawn labels. Diamond: your choice.")
    return figure


def two_axes_figure(summary: MarketSummary) -> Any:
    """Draw risk against augmentation, by major group."""
    figure, axes = new_figure(8.5, 6)
    table = summary.axes
    size = 20 + 600 * table["jobs"] / table["jobs"].max()
    axes.scatter(table["p"], table["augmentation"], s=size, color=LOW, alpha=0.35, edgecolor=LOW)
    middle = float(table["augmentation"].median())
    axes.axhline(middle, color=SOFT, linewidth=0.8, linestyle=":")
    axes.axvline(0.5, color=SOFT, linewidth=0.8, linestyle=":")
    both = table[(table["p"] >= 0.5) & (table["augmentation"] >= middle)]
    most = both["jobs"].sum() / table["jobs"].sum()
    axes.set(
        xlim=(-0.05, 1.05), xlabel="mean probability of being automatable",
        ylabel="augmentation index: what tools can take over while skills stay",
    )  # fmt: skip
    title(
        axes,
        f"{most:.0%} of jobs are in groups with a mean probability of 0.5 or more "
        "and more to augment than in the median group",
    )
    _source(
        figure, summary, "Area: employment. The index is no part of p; its formula is in docs/national.md."
    )
    settle(figure)
    rows = table.sort_values("jobs", ascending=False).itertuples()
    write_names(axes, [(_short(str(row.Index), 26), row.p, row.augmentation) for row in rows])
    return figure


def _name_of(row: Any, dimension: str) -> str:
    if dimension == "threshold":
        return f"{row.threshold:g}"
    if dimension == "aggregation":
        return str(row.aggregation).replace("codes as given", "codes") + (
            "*" if row.weighting == "unweighted" else ""
        )
    if dimension == "statistic":
        return "mean p" if row.statistic == EXPECTED else "share"
    return str(getattr(row, dimension))


def _choices(dimension: str) -> str:
    return {
        "statistic": "statistic", "aggregation": "level of aggregation\n(*: unweighted)",
        "source": "score source", "repair": "code repair", "vintage": "O*NET vintage",
    }[dimension]  # fmt: skip


def _direction(slope: Gradient) -> str:
    """Say which way something runs with risk, or that its interval leaves both ways open."""
    what = "Wages" if slope.name == "wage" else "Education needs"
    if np.isnan(slope.spearman) or slope.lower < 0 < slope.upper:
        return f"{what} neither clearly rise nor fall with risk"
    return f"{what} {'fall' if slope.spearman < 0 else 'rise'} with risk"


def _unknown(key: object) -> bool:
    """Tell whether a cell is of jobs whose group is not known."""
    return NOT_KNOWN in (key if isinstance(key, tuple) else (key,))


def _label(key: object) -> str:
    return _short(" / ".join(map(str, key)) if isinstance(key, tuple) else str(key), 34)


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _scale(total: float) -> tuple[str, float]:
    return (", millions", 1e6) if total >= 2e7 else (", thousands", 1e3) if total >= 2e4 else ("", 1.0)


def _weight(summary: MarketSummary) -> str:
    return "employment" if summary.weight_name == "rows" else f"employment ({summary.weight_name})"


def _source(figure: Any, summary: MarketSummary, more: str = "") -> None:
    scores = (
        "published scores (Frey & Osborne 2017)"
        if summary.source == "published"
        else f"model {summary.source}"
    )
    caption(
        figure,
        f"occurisk; {summary.name}; {scores}; "
        f"{summary.figures['coverage']:.1%} of employment scored. {more}".strip(),
    )
