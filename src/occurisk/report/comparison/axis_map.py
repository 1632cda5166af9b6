"""Jobs by two axes, as a picture."""

from __future__ import annotations

from typing import Any

import pandas as pd

from occurisk.labour_market.comparison.axis_map import QUADRANTS, AxisMap
from occurisk.report.chart_style import HIGH, INK, LOW, MEDIUM, PALE, SOFT, caption, new_panels, title


def axis_map_figure(found: AxisMap, shown: int = 14) -> Any:
    """Draw occupations by both axes, with the jobs along each side and the shares of the quadrants."""
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
        text = f"{name}: {row['share']:.0%}\n({row['lower']:.0%} to {row['upper']:.0%})"
        axes.text(
            x, y, text, transform=axes.transAxes, ha="right" if x > 0.5 else "left",
            va="top" if y > 0.5 else "bottom", fontsize=8, color=INK, weight="bold",
        )  # fmt: skip
    _name_largest(axes, table, shown)
    # Below zero there is room for what the lower quadrants hold.
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.13, 1.02), xlabel=found.names[0], ylabel=found.names[1])
    for panel, axis, draw in ((top, "first", top.bar), (side, "second", side.barh)):
        shares = found.marginal(axis)
        draw(shares.index + 0.025, shares.to_numpy(), 0.05, color=PALE)
        panel.tick_params(labelbottom=False, labelleft=False, length=0)
    title(top, f"{found.quadrants.loc['both', 'share']:.0%} of jobs are high on both axes")
    caption(
        figure,
        "occurisk; a circle is an occupation, its area the jobs; 90% intervals.",
    )
    return figure


def _name_largest(axes: Any, table: pd.DataFrame, shown: int) -> None:
    """Name the largest occupations where no other name stands."""
    taken: list[tuple[float, float]] = []
    for row in table.head(3 * shown).itertuples():
        x, y = min(row.first, 0.72), row.second
        if any(abs(x - other) < 0.3 and abs(y - height) < 0.028 for other, height in taken):
            continue
        if len(taken) == shown:
            return
        taken.append((x, y))
        axes.text(x, y, row.title[:34], fontsize=6.5, color=INK, va="center")
