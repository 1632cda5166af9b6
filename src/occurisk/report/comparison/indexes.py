"""How indexes and labels go together, as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from occurisk.labour_market.comparison.indexes import IndexComparison
from occurisk.labour_market.comparison.label_sets import LabelComparison
from occurisk.report.chart_style import INK, LOW, PALE, caption, new_figure, title


def indexes_figure(found: IndexComparison) -> Any:
    """Draw the rank correlation of every pair of indexes."""
    names = list(found.table)
    matrix = np.eye(len(names))
    for row in found.correlations.itertuples():
        i, j = names.index(row.first), names.index(row.second)
        matrix[i, j] = matrix[j, i] = row.rho
    size = 2.5 + 0.55 * len(names)
    figure, axes = new_figure(size, size)
    axes.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
    for (i, j), rho in np.ndenumerate(matrix):
        colour = "white" if abs(rho) > 0.6 else INK
        axes.text(j, i, f"{rho:.2f}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    kept = int(found.axes["kept"].sum()) if len(found.axes) else 0
    title(axes, f"{len(names)} indexes, {kept} principal axes beyond chance")
    caption(figure, "occurisk; Spearman rank correlations over occupations of SOC 2010.")
    return figure


def labels_figure(found: LabelComparison) -> Any:
    """Draw one set of labels against the other."""
    figure, axes = new_figure(5, 5)
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    axes.plot(found.labels["first"], found.labels["second"], "o", color=LOW, markersize=3, alpha=0.5)
    axes.set(xlabel="first", ylabel="second", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    title(axes, f"{len(found.labels)} occupations labelled twice: rank correlation {found.rho:.2f}")
    caption(figure, "occurisk; on the line both say the same.")
    return figure
