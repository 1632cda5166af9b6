"""Jobs by two axes, as a picture."""

from __future__ import annotations

from textwrap import shorten
from typing import Any

import pandas as pd

from occurisk.explanation.words import load_phrases
from occurisk.labour_market.comparison.axis_map import QUADRANTS, AxisMap
from occurisk.occupations.names import occupation_name
from occurisk.report.chart_style import HIGH, INK, LOW, MEDIUM, PALE, SOFT, caption, new_panels, settle, title

# What a quadrant is called in the phrase tables.
QUADRANT_PHRASES = dict(zip(QUADRANTS, ("map_both", "map_first", "map_second", "map_neither"), strict=True))


def axis_map_figure(found: AxisMap, language: str = "en", shown: int = 14) -> Any:
    """Draw occupations by both axes, with the jobs along each side and the shares of the quadrants."""
    phrases = load_phrases(language)
    figure, panels = new_panels(
        8, 8, 2, 2, gridspec_kw={"width_ratios": [5, 1], "height_ratios": [1, 5]}, sharex="col", sharey="row"
    )
    top, corner, axes, side = panels
    corner.axis("off")
    table = found.occupations
    size = 900 * table["jobs"] / table["jobs"].max()
    colours = table["quadrant"].map(dict(zip(QUADRANTS, (HIGH, MEDIUM, LOW, SOFT), strict=True)))
    axes.scatter(table["first"], table["second"], s=size, c=colours, alpha=0.5, linewidth=0)
    for place, draw in zip(found.thresholds, (axes.axvline, axes.axhline), strict=True):
        draw(place, color=INK, linewidth=0.8, linestyle=":")
    for name, (x, y) in zip(QUADRANTS, ((0.99, 0.97), (0.99, 0.03), (0.01, 0.97), (0.01, 0.03)), strict=True):
        row = found.quadrants.loc[name]
        figures = (round(100 * row[key]) for key in ("share", "lower", "upper"))
        share, *ends = (phrases.percent.format(n=figure) for figure in figures)
        text = f"{phrases.page[QUADRANT_PHRASES[name]]}: {share}\n({ends[0]} – {ends[1]})"
        axes.text(
            x, y, text, transform=axes.transAxes, ha="right" if x > 0.5 else "left",
            va="top" if y > 0.5 else "bottom", fontsize=8, color=INK, weight="bold",
        )  # fmt: skip
    # Below zero there is room for what the lower quadrants hold.
    axes.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.13, 1.02),
        xlabel=found.axes[0].words(language).title,
        ylabel=found.axes[1].words(language).title,
    )
    for panel, axis, draw in ((top, "first", top.bar), (side, "second", side.barh)):
        shares = found.marginal(axis)
        draw(shares.index + 0.025, shares.to_numpy(), 0.05, color=PALE)
        panel.tick_params(labelbottom=False, labelleft=False, length=0)
    both = phrases.percent.format(n=round(100 * found.quadrants.loc["both", "share"]))
    title(top, phrases.page["map_headline"].format(share=both))
    caption(figure, phrases.page["map_caption"])
    settle(figure)
    _name_largest(axes, table, shown, language)
    return figure


def _name_largest(axes: Any, table: pd.DataFrame, shown: int, language: str) -> None:
    """Name the largest occupations beside their circles, each where no other name stands."""
    taken = [text.get_window_extent() for text in axes.texts]
    for row in table.head(4 * shown).itertuples():
        left = row.first > 0.5
        label = axes.annotate(
            shorten(occupation_name(str(row.Index), language, row.title), 34, placeholder=" …"),
            (row.first, row.second),
            xytext=(-4 if left else 4, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=6.5, color=INK,
        )  # fmt: skip
        box = label.get_window_extent()
        if any(box.overlaps(other) for other in taken):
            label.remove()
            continue
        taken.append(box)
        if len(taken) == shown + len(QUADRANTS):
            return
