"""Pictures of explanations, for MLflow and for documents; figures in, `matplotlib.figure.Figure` out.

Orange raises the susceptibility, teal lowers it, as on the page.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from occurisk.explanation.explained_list import ExplainedList
from occurisk.explanation.words import load_phrases
from occurisk.report.chart_style import (
    BAND_COLOURS,
    HIGH,
    INK,
    LOW,
    MEDIUM,
    PALE,
    SOFT,
    new_figure,
    new_panels,
    title,
)
from occurisk.report.explanation_payload import summarise
from occurisk.training_data.catalogue import Catalogue

_VALUES = LinearSegmentedColormap.from_list("value", [LOW, PALE, HIGH])
_SIGNS = {1: "theory: raises", -1: "theory: lowers", 0: "theory: silent"}
# Waterfall steps and beeswarm rows that still can be read.
STEPS, ROWS, PANELS, WATERFALLS = 12, 15, 6, 5


def beeswarm(explained: ExplainedList, language: str = "en") -> Figure:
    """Every contribution of every occupation, by attribute; colour is the attribute's value."""
    explanation = explained.explanation
    names = explanation.contributions.abs().mean().nlargest(ROWS).index[::-1]
    figure, axes = new_figure(9, 0.42 * len(names) + 1.6)
    for height, name in enumerate(names):
        x = explanation.contributions[name].to_numpy()
        value = explanation.values[name].rank(pct=True).to_numpy()
        axes.scatter(
            x, height + _swarm(x), c=value, cmap=_VALUES, vmin=0, vmax=1, s=9, linewidths=0, alpha=0.8
        )
    axes.axvline(0, color=SOFT, linewidth=0.8)
    axes.set_yticks(range(len(names)), [_label(name, language) for name in names])
    axes.set_xlabel("contribution to the log-odds of susceptibility")
    title(axes, f"What moves {len(explanation.contributions):,} occupations")
    bar = figure.colorbar(axes.collections[0], ax=axes, ticks=[0, 1], pad=0.02, aspect=40)
    bar.ax.set_yticklabels(["little of it", "much of it"])
    bar.outline.set_visible(False)
    return figure


def importance(explained: ExplainedList, language: str = "en") -> Figure:
    """Mean absolute contribution by attribute, with the spread over the bootstrap replicas."""
    table = explained.explanation.importance(explained.reference.catalogue).head(ROWS)[::-1]
    figure, axes = new_figure(8, 0.36 * len(table) + 1.4)
    axes.barh(range(len(table)), table["importance"], color=INK, height=0.6, alpha=0.75)
    known = table["lower"].notna()
    axes.hlines(
        np.flatnonzero(known), table["lower"][known], table["upper"][known], color=MEDIUM, linewidth=2
    )
    arrows = {1: "▲", -1: "▼", 0: "◆"}
    labels = [
        f"{_label(name, language)} {arrows[sign]}"
        for name, sign in zip(table.index, table["sign"], strict=True)
    ]
    axes.set_yticks(range(len(table)), labels)
    axes.set_xlabel("mean absolute contribution, log-odds (line: 90% of the replicas; ▲▼◆ theory's sign)")
    title(axes, f"What the model looks at: {_label(str(table.index[-1]), language)} most of all")
    return figure


def dependence(explained: ExplainedList, language: str = "en", panels: int = PANELS) -> Figure:
    """Value against contribution for the most important attributes, theory's sign in each title."""
    catalogue = explained.reference.catalogue
    names = list(explained.explanation.contributions.abs().mean().nlargest(panels).index)
    rows = (len(names) + 2) // 3
    figure, grid = new_panels(10, 3.1 * rows, min(3, len(names)), rows)
    scaled = catalogue.unscale(explained.explanation.values.reindex(columns=catalogue.names))
    for axes, name in zip(grid, names, strict=False):
        y = explained.explanation.contributions[name]
        axes.scatter(scaled[name], y, s=8, c=np.where(y > 0, HIGH, LOW), linewidths=0, alpha=0.6)
        axes.axhline(0, color=SOFT, linewidth=0.8)
        axes.set_title(f"{_label(name, language)}\n{_SIGNS[catalogue[name].sign]}", fontsize=9, loc="left")
        axes.set_xlabel(_scale(catalogue, name), fontsize=8)
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    figure.supylabel("contribution, log-odds", fontsize=9)
    return figure


def interactions(pairs: pd.DataFrame, language: str = "en") -> Figure:
    """Strength of the strongest pairs of attributes, from `occurisk.explanation.interactions`."""
    pairs = pairs[::-1]
    figure, axes = new_figure(8, 0.4 * len(pairs) + 1.4)
    axes.barh(range(len(pairs)), pairs["interaction"], color=INK, alpha=0.75, height=0.6)
    labels = [
        f"{_label(a, language)} × {_label(b, language)}"
        for a, b in zip(pairs["first"], pairs["second"], strict=True)
    ]
    axes.set_yticks(range(len(pairs)), labels)
    axes.set_xlabel("mean absolute SHAP interaction, log-odds")
    title(axes, f"Attributes that act together: {labels[-1]} most of all")
    return figure


def waterfall(explained: ExplainedList, code: str, language: str = "en") -> Figure:
    """From the base rate to one occupation, in log-odds; hatched where the sign is unstable."""
    explanation, row = explained.explanation, explained.rows.loc[code]
    steps = explanation.waterfall(code)
    lower, upper = (frame.loc[code] for frame in explanation.intervals())
    stable = explanation.stable().loc[code]
    first, rest = steps.iloc[:STEPS], steps.iloc[STEPS:]
    figure, axes = new_figure(9, 0.4 * (len(first) + 3) + 1.3)
    before = explanation.base
    labels = [f"base rate ({explanation.link.probability(before):.2f})"]
    axes.barh(0, before, color=SOFT, height=0.62)
    for place, (name, step) in enumerate(first.iterrows(), start=1):
        change = step["contribution"]
        axes.barh(
            place,
            change,
            left=before,
            color=HIGH if change > 0 else LOW,
            height=0.62,
            hatch=None if stable[name] else "////",
            edgecolor="white",
            linewidth=0,
        )
        if not np.isnan(lower[name]):
            axes.hlines(place, before + lower[name], before + upper[name], color=INK, linewidth=1)
        before += change
        value = explained.reference.catalogue[str(name)].range
        shown = value[0] + explanation.values.at[code, name] * (value[1] - value[0])
        labels.append(f"{_label(str(name), language)} ({shown:.1f})  {change:+z.2f}")
    if len(rest):
        change = float(rest["contribution"].sum())
        axes.barh(len(labels), change, left=before, color=HIGH if change > 0 else LOW, height=0.62, alpha=0.6)
        labels.append(f"{len(rest)} other attributes  {change:+z.2f}")
        before += change
    axes.barh(len(labels), before, color=INK, height=0.62)
    labels.append(f"this occupation ({explanation.link.probability(before):.2f})")
    axes.axvline(0, color=SOFT, linewidth=0.8)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("log-odds of susceptibility (line: 90% of the replicas; hatched: unstable sign)")
    interval = f"{row['lower']:.2f}–{row['upper']:.2f}"
    title(axes, f"{row['title']} ({code})\n{row['probability']:.2f}, interval {interval}")
    return figure


def scatter(explained: ExplainedList) -> Figure:
    """Our probability against the published one."""
    rows = explained.rows[["probability", "published_probability", "band"]].dropna()
    summary = summarise(explained.rows)
    figure, axes = new_figure(6, 6)
    colours = [BAND_COLOURS.get(band, SOFT) for band in rows["band"]]
    axes.scatter(
        rows["published_probability"], rows["probability"], s=16, c=colours, linewidths=0, alpha=0.55
    )
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1)
    for limit in (explained.reference.bands.low, explained.reference.bands.high):
        axes.axhline(limit, color=SOFT, linewidth=0.8, linestyle=":")
        axes.axvline(limit, color=SOFT, linewidth=0.8, linestyle=":")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel("published (Frey & Osborne 2017)")
    axes.set_ylabel("ours")
    title(axes, f"Rank correlation {summary.rank_correlation:.2f}, n = {summary.published}")
    return figure


def figure_set(
    explained: ExplainedList, pairs: pd.DataFrame | None = None, language: str = "en"
) -> dict[str, Figure]:
    """Draw all pictures of a run.

    Parameters
    ----------
    explained : ExplainedList
    pairs : DataFrame, optional
        As `occurisk.explanation.interactions` returns them.
    language : {"en", "ru", "kk"}
        Of the attributes' names.

    Returns
    -------
    dict of str to Figure
        By file name; waterfalls of the five occupations with the largest weight.
    """
    figures = {
        "beeswarm.png": beeswarm(explained, language),
        "importance.png": importance(explained, language),
        "dependence.png": dependence(explained, language),
    }
    if pairs is not None and len(pairs):
        figures["interactions.png"] = interactions(pairs, language)
    if explained.rows["published_probability"].notna().any():
        figures["scatter.png"] = scatter(explained)
    heaviest = explained.rows["weight"].astype(float).fillna(0).sort_values(ascending=False, kind="stable")
    for code in heaviest.index[:WATERFALLS]:
        figures[f"waterfall_{_file_name(code)}.png"] = waterfall(explained, code, language)
    return figures


def _file_name(code: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "_" for c in code)


def _label(name: str, language: str) -> str:
    return load_phrases(language).phrase(name).label


def _scale(catalogue: Catalogue, name: str) -> str:
    attribute = catalogue[name]
    return f"O*NET {attribute.scale}, {attribute.range[0]:g} to {attribute.range[1]:g}"


def _swarm(x: np.ndarray, bins: int = 60, half: float = 0.36) -> np.ndarray:
    """Offsets that spread points of similar x symmetrically: no randomness, so a picture is reproducible."""
    if not len(x) or x.min() == x.max():
        return np.linspace(-half, half, len(x)) if len(x) > 1 else np.zeros(len(x))
    cell = np.minimum(((x - x.min()) / (x.max() - x.min()) * bins).astype(int), bins - 1)
    counts = np.bincount(cell, minlength=bins)
    order = np.argsort(cell, kind="stable")
    place = np.empty(len(x))
    place[order] = np.concatenate([np.arange(n) for n in counts if n])
    side = np.where(place % 2, 1, -1) * np.ceil(place / 2)
    return half * side / max(counts.max() / 2, 1)
