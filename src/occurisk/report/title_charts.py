"""How sure the matching of titles is, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from occurisk.report.chart_style import GROUP_COLOURS, SOFT, caption, new_figure, title


def calibration_figure(tables: Mapping[str, pd.DataFrame]) -> Any:
    """Draw how often titles of a stated confidence are right, a line a list.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name of the list -> a row a class of confidence: `stated`, its mean; `right`, share of titles whose
        first code is right; `n`, titles.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = new_figure(6, 5)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--", label="as stated")
    for colour, (name, table) in zip(GROUP_COLOURS, tables.items(), strict=False):
        off = float((table["stated"] - table["right"]).abs() @ table["n"] / table["n"].sum())
        label = f"{name}: off by {off:.3f} on average"
        axes.plot(table["stated"], table["right"], "o-", color=colour, label=label)
        axes.scatter(table["stated"], table["right"], s=table["n"] / 5, color=colour, alpha=0.25)
    axes.set(xlabel="stated confidence", ylabel="share with the right code", xlim=(0, 1), ylim=(0, 1))
    title(axes, "Where a title's confidence was learned on titles of its own list, it holds")
    axes.legend(frameon=False, loc="upper left", fontsize=8)
    caption(figure, "occurisk; learned on one half of the titles, shown on the other. Area: titles.")
    return figure
