"""Pictures of a labour market at risk. Titles state the finding, captions the source."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from occurisk.explanation.words import said
from occurisk.labour_market.breakdowns import MAJOR_GROUP
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
from occurisk.report.comparison.cell_names import cell_name, column_name

# What moves the headline, as the picture calls it.
_CHOICES = {
    "statistic": "statistic", "aggregation": "level of aggregation\n(*: unweighted)",
    "source": "score source", "repair": "code repair", "vintage": "O*NET vintage",
}  # fmt: skip


def figure_set(summary: MarketSummary, language: str = "en") -> dict[str, Any]:
    """Draw every picture that the figures allow, in a language.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        `employment`, `risk_by_wage_and_education`, `polarisation`, `multiverse`, `two_axes`, and
        `by_NAME` for each breakdown.
    """
    figures = {"employment": employment_figure(summary, language)}
    figures["risk_by_wage_and_education"] = gradient_figure(summary, language)
    if summary.polarisation is not None:
        figures["polarisation"] = polarisation_figure(summary, language)
    for name, table in summary.breakdowns.items():
        figures["by_" + name.replace(" x ", "_x_")] = breakdown_figure(table, name, summary, language)
    if len(summary.multiverse):
        figures["multiverse"] = multiverse_figure(summary, language)
    figures["two_axes"] = two_axes_figure(summary, language)
    return figures


def employment_figure(summary: MarketSummary, language: str = "en") -> Any:
    """Draw employment by probability, stacked by major group (Frey & Osborne 2017, figure III)."""
    t = partial(said, language=language)
    figure, axes = new_figure(9, 5)
    table = summary.histogram
    largest = table.sum().sort_values(ascending=False).index[: len(GROUP_COLOURS)]
    rest = table.columns.difference(largest, sort=False)
    columns = {cell_name(name, language, MAJOR_GROUP): table[name] for name in largest}
    if len(rest):
        columns[t("{n} other groups").format(n=len(rest))] = table[rest].sum(axis=1)
    unit, scale = _scale(float(table.to_numpy().sum()), language)
    bottom = np.zeros(len(table))
    for (name, jobs), colour in zip(columns.items(), [*GROUP_COLOURS, PALE], strict=False):
        height = jobs.to_numpy() / scale
        axes.bar(table.index + 0.025, height, 0.046, bottom=bottom, color=colour, label=_short(name, 46))
        bottom += height
    for threshold in (summary.bands.low, summary.bands.high):
        axes.axvline(threshold, color=SOFT, linewidth=1, linestyle="--")
    share = summary.figures["share_high"]
    axes.set(
        xlabel=t("probability of being automatable"),
        ylabel=f"{_weight(summary, language)}{unit}",
        xlim=(0, 1),
    )
    low = summary.figures["share_low"]
    parts = {"high": f"{share:.0%}", "low": f"{low:.0%}", "between": f"{1 - share - low:.0%}"}
    title(
        axes,
        t("{high} of employment is at high risk, {low} at low, {between} between").format(**parts),
    )
    axes.legend(frameon=False, fontsize=7, loc="upper center", ncols=2)
    axes.set_ylim(0, bottom.max() * 1.35)
    _source(figure, summary, language)
    return figure


def gradient_figure(summary: MarketSummary, language: str = "en") -> Any:
    """Draw wage and education by probability (Frey & Osborne 2017, figure IV)."""
    t = partial(said, language=language)
    slopes = [s for s in summary.gradients.values() if len(s.binned)]
    n = max(len(slopes), 1)
    figure, panels = new_panels(4.6 * n + 0.8, 4, n)
    for axes, slope in zip(panels, slopes, strict=False):
        middle = (slope.binned["low"] + slope.binned["high"]) / 2
        axes.plot(middle, slope.binned["mean"], "-", color=LOW, linewidth=1)
        size = 15 + 180 * slope.binned["jobs"] / slope.binned["jobs"].max()
        axes.scatter(middle, slope.binned["mean"], s=size, color=LOW, zorder=3)
        label = t("mean wage" if slope.name == "wage" else "job zone (1: no preparation, 5: extensive)")
        axes.set(xlabel=t("probability of being automatable"), ylabel=label, xlim=(0, 1))
        ends = ""
        if not np.isnan(slope.lower):
            ends = t(" ({lower} to {upper})").format(lower=f"{slope.lower:z.2f}", upper=f"{slope.upper:z.2f}")
        rho = t("rank correlation {rho}{ends}").format(rho=f"{slope.spearman:z.2f}", ends=ends)
        title(axes, f"{_direction(slope, language)}:\n{rho}")
    _source(figure, summary, language, t("Size: employment. Job zones: O*NET 18.1."))
    return figure


def polarisation_figure(summary: MarketSummary, language: str = "en") -> Any:
    """Draw the share at high risk along the wage distribution."""
    table = summary.polarisation
    if table is None:
        raise ValueError("The registry has no wages.")
    t = partial(said, language=language)
    figure, axes = new_figure(7.5, 4)
    percentile = (table.index.to_numpy(dtype=float) - 0.5) * 100 / len(table)
    if table["share_high_lower"].notna().any():
        axes.fill_between(
            percentile, table["share_high_lower"], table["share_high_upper"], color=HIGH, alpha=0.2,
            label=t("90% interval"), linewidth=0,
        )  # fmt: skip
    axes.plot(percentile, table["share_high"], "o-", color=HIGH, label=t("share at high risk"), markersize=4)
    axes.plot(percentile, table["expected"], "s--", color=LOW, label=t("expected value"), markersize=3)
    thirds = [part.mean() for part in np.array_split(table["share_high"].to_numpy(), 3)]
    where = ("lower", "middle", "upper")[int(np.argmax(thirds))]
    axes.set(xlabel=t("wage percentile"), xlim=(0, 100), ylim=(0, 1))
    finding = t(
        f"Risk is highest in the {where} third of wages: {{first}}, {{second}} and {{third}} at high risk"
    )
    shares = dict(zip(("first", "second", "third"), (f"{share:.0%}" for share in thirds), strict=True))
    title(axes, finding.format(**shares))
    axes.legend(frameon=False, fontsize=8)
    _source(figure, summary, language)
    return figure


def breakdown_figure(
    table: pd.DataFrame, name: str, summary: MarketSummary, language: str = "en", most: int = 30
) -> Any:
    """Draw both statistics of every cell, with intervals; the largest cells if there are many."""
    t = partial(said, language=language)
    shown = table[~table["suppressed"] & (table["scored_jobs"] > 0)]
    hidden = int(table["suppressed"].sum())
    cut = max(len(shown) - most, 0)
    # Ordinal breakdowns keep their order, the others go by risk.
    shown = shown.nlargest(most, "jobs") if cut else shown
    ordinal = name in ("skill_level", "education", "wage_decile")
    shown = shown.loc[shown.index[::-1]] if ordinal else shown.sort_values("share_high")
    figure, axes = new_figure(8, 0.28 * len(shown) + 1.7)
    place = np.arange(len(shown))
    axes.barh(place, shown["share_high"], color=HIGH, alpha=0.75, height=0.62, label=t("share at high risk"))
    if shown["share_high_lower"].notna().any():
        reach = np.abs(shown[["share_high_lower", "share_high_upper"]].sub(shown["share_high"], axis=0))
        axes.errorbar(
            shown["share_high"], place, xerr=reach.T, fmt="none", ecolor="black", linewidth=1, capsize=2
        )
    axes.plot(shown["expected"], place, "D", color=LOW, markersize=4, label=t("expected value (mean p)"))
    labels = [_short(cell_name(key, language, name), 44) for key in shown.index]
    axes.set_yticks(place, labels, fontsize=8)
    axes.set(xlim=(0, 1), xlabel=t("share of scored employment"))
    known = shown[[not _unknown(k) for k in shown.index]] if len(shown) > 1 else shown
    column = column_name(name, language)
    finding = t("Employment at risk by {column}").format(column=column)
    if len(known) > 1:
        top, low = known["share_high"].idxmax(), known["share_high"].idxmin()
        finding = t("By {column}: from {least} at high risk ({lowest}) to {most} ({highest})").format(
            column=column,
            least=f"{known['share_high'].min():.0%}", lowest=_short(cell_name(low, language, name), 34),
            most=f"{known['share_high'].max():.0%}", highest=_short(cell_name(top, language, name), 34),
        )  # fmt: skip
    title(axes, finding)
    axes.legend(frameon=False, fontsize=7, loc="lower right")
    left_out = t(" {n} small cells suppressed.").format(n=hidden) if hidden else ""
    left_out += t(" {n} smaller cells not drawn.").format(n=cut) if cut else ""
    _source(figure, summary, language, t("Bars: 90% interval from redrawn labels.") + left_out)
    return figure


def multiverse_figure(summary: MarketSummary, language: str = "en") -> Any:
    """Draw how the headline moves with each choice, and over thresholds."""
    t = partial(said, language=language)
    table, choice = summary.multiverse, summary.choice
    moved = one_at_a_time(table)
    own = table[table["chosen"]].iloc[0]
    rows: list[tuple[str, str, pd.DataFrame]] = []
    for dimension in ("statistic", "aggregation", "source", "repair", "vintage"):
        part = moved[moved["moved"] == dimension]
        if len(part):
            rows.append((dimension, t(_CHOICES[dimension]), part))
    figure, (left, right) = new_panels(11, 4.6, 2, width_ratios=(1.25, 1))
    thresholds = moved[(moved["moved"] == "threshold") | moved["chosen"]].sort_values("threshold")
    rows.insert(0, ("threshold", t("threshold 0.5 … 0.9"), thresholds))
    for place, (dimension, _, part) in enumerate(reversed(rows)):
        for nth, row in enumerate(part.sort_values("value").itertuples()):
            left.plot(row.value, place, "o", color=SOFT if row.chosen else LOW, markersize=5, alpha=0.8)
            text = t(_name_of(row, dimension))
            left.annotate(
                text, (row.value, place), xytext=(0, 5 + 6 * (nth % 3)), textcoords="offset points",
                fontsize=5.5, ha="center", color=INK,
            )  # fmt: skip
    left.axvline(own["value"], color=HIGH, linewidth=1.5)
    left.annotate(
        t("your choice: {value}").format(value=f"{own['value']:.1%}"),
        (own["value"], len(rows) - 0.45),
        color=HIGH,
        fontsize=8,
        ha="center",
    )
    left.set_yticks(range(len(rows)), [label for _, label, _ in reversed(rows)], fontsize=8)
    left.set_ylim(-0.5, len(rows) - 0.2)
    left.set_xlabel(t("headline when one choice is changed"))
    low, high = float(table["value"].min()), float(table["value"].max())
    found = t("From {least} to {most}: {n} possible headlines from one registry")
    title(left, found.format(least=f"{low:.0%}", most=f"{high:.0%}", n=len(table)))
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
    right.set(xlabel=t("threshold of high risk"), ylabel=t("share of scored employment"))
    least, most = thresholds["value"].min(), thresholds["value"].max()
    found = t("The threshold alone moves it from {least} to {most}")
    title(right, found.format(least=f"{least:.0%}", most=f"{most:.0%}"))
    right.legend(frameon=False, fontsize=7)
    _source(figure, summary, language, t("Band: 90% interval from redrawn labels. Diamond: your choice."))
    return figure


def two_axes_figure(summary: MarketSummary, language: str = "en") -> Any:
    """Draw risk against augmentation, by major group."""
    t = partial(said, language=language)
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
        xlim=(-0.05, 1.05), xlabel=t("mean probability of being automatable"),
        ylabel=t("augmentation index: what tools can take over while skills stay"),
    )  # fmt: skip
    finding = t(
        "{share} of jobs are in groups with a mean probability of 0.5 or more and more to augment than in "
        "the median group"
    )
    title(axes, finding.format(share=f"{most:.0%}"))
    note = t("Area: employment. The index is no part of p; its formula is in docs/national.md.")
    _source(figure, summary, language, note)
    settle(figure)
    rows = table.sort_values("jobs", ascending=False).itertuples()
    write_names(
        axes,
        [(_short(cell_name(row.Index, language, MAJOR_GROUP), 26), row.p, row.augmentation) for row in rows],
    )
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


def _direction(slope: Gradient, language: str = "en") -> str:
    """Say which way something runs with risk, or that its interval leaves both ways open."""
    what = said("Wages" if slope.name == "wage" else "Education needs", language)
    way = "{what} fall with risk" if slope.spearman < 0 else "{what} rise with risk"
    if np.isnan(slope.spearman) or slope.lower < 0 < slope.upper:
        way = "{what} neither clearly rise nor fall with risk"
    return said(way, language).format(what=what)


def _unknown(key: object) -> bool:
    """Tell whether a cell is of jobs whose group is not known."""
    return NOT_KNOWN in (key if isinstance(key, tuple) else (key,))


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _scale(total: float, language: str) -> tuple[str, float]:
    unit, scale = (", millions", 1e6) if total >= 2e7 else (", thousands", 1e3) if total >= 2e4 else ("", 1.0)
    return said(unit, language), scale


def _weight(summary: MarketSummary, language: str) -> str:
    jobs = said("employment", language)
    return jobs if summary.weight_name == "rows" else f"{jobs} ({summary.weight_name})"


def _source(figure: Any, summary: MarketSummary, language: str, more: str = "") -> None:
    t = partial(said, language=language)
    scores = t("model {version}").format(version=summary.source)
    if summary.source == "published":
        scores = t("published scores (Frey & Osborne 2017)")
    share = t("{share} of employment scored.").format(share=f"{summary.figures['coverage']:.1%}")
    caption(figure, f"occurisk; {summary.name}; {scores}; {share} {more}".strip())
