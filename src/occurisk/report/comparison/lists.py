"""What moved a headline, as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from occurisk.labour_market.comparison.lists import ListComparison
from occurisk.report.chart_style import HIGH, INK, LOW, caption, new_figure, title


def lists_figure(found: ListComparison) -> Any:
    """Draw the parts of each factor between the two headlines."""
    figure, axes = new_figure(7, 3)
    names = list(found.factors)
    parts = np.array([found.factors[name] for name in names])
    starts = found.before + np.r_[0.0, np.cumsum(parts)[:-1]]
    place = np.arange(1, len(names) + 1)
    axes.barh(place, parts, left=starts, color=[HIGH if part > 0 else LOW for part in parts], height=0.5)
    # Points, not bars: the axis does not begin at zero.
    axes.plot([found.before, found.after], [0, len(names) + 1], "o", color=INK)
    axes.set_yticks(np.arange(len(names) + 2), [found.names[0], *names, found.names[1]])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.2%}")
    ends = [found.before, found.after, *starts, *(starts + parts)]
    room = max(max(ends) - min(ends), 1e-3)
    axes.set_xlim(max(min(ends) - room, 0), max(ends) + room / 2)
    largest = max(names, key=lambda name: abs(found.factors[name]))
    title(axes, f"{100 * found.change:+z.1f} points; most of it through {largest}")
    caption(figure, "occurisk; Shapley decomposition: every order of the four changes counts alike.")
    return figure
