"""The one look of every chart: colours, empty figures, title, caption, file.

The colours of the bands are those of the report's page, and tell apart for colour-blind readers. Titles
state the finding, captions the source.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from occurisk.files import whole_file

# Of the page's style sheet: what raises the susceptibility, what lies between, what lowers it.
HIGH, MEDIUM, LOW = "#b9441c", "#a87b12", "#17707f"
INK, SOFT, PALE = "#1a2230", "#8a92a0", "#d9d9d4"
BAND_COLOURS = {"low": LOW, "medium": MEDIUM, "high": HIGH}
# For many groups beside each other: Okabe & Ito 2008, without the yellow that vanishes on white.
GROUP_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_TITLE_SIZE, _LABEL_SIZE, _CAPTION_SIZE = 10, 9, 7
# Characters of a title that fit into an inch.
_TITLE_WIDTH = 11.5
_POINTS_AN_INCH = 72
# So many lines of names away from its point a name may stand.
_LINES = 60


def new_figure(width: float, height: float) -> tuple[Any, Any]:
    """Return an empty figure (size in inches) and its axes."""
    figure, panels = new_panels(width, height, 1)
    return figure, panels[0]


def new_panels(width: float, height: float, columns: int, rows: int = 1, **options: Any) -> tuple[Any, Any]:
    """Return an empty figure with panels side by side.

    Parameters
    ----------
    width, height : float
        Inches.
    columns, rows : int
    **options
        Of `Figure.subplots`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : ndarray of Axes, shape (rows * columns,)
    """
    # The object API: no pyplot, no global state, no window.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, columns, **options)).ravel()
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(SOFT)
        axes.tick_params(colors=INK, labelsize=_LABEL_SIZE)
    return figure, panels


def title(axes: Any, text: str) -> None:
    """Put the finding over a chart, on as many lines as its width asks for."""
    figure = axes.figure
    share = axes.get_subplotspec().get_gridspec()
    width = int(figure.get_figwidth() / share.ncols * _TITLE_WIDTH)
    lines = [line for part in text.split("\n") for line in textwrap.wrap(part, max(width, 30))]
    axes.set_title("\n".join(lines), fontsize=_TITLE_SIZE, loc="left")


def caption(figure: Any, text: str) -> None:
    """Put the source under a figure."""
    width = int(figure.get_figwidth() * _TITLE_WIDTH * _TITLE_SIZE / _CAPTION_SIZE)
    figure.supxlabel(
        "\n".join(textwrap.wrap(text, width)), fontsize=_CAPTION_SIZE, color="#555555", x=0.01, ha="left"
    )


def settle(figure: Any) -> None:
    """Lay a figure out for good: what is measured from now on stays where it is."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def write_names(axes: Any, names: Iterable[tuple[str, float, float]], size: float = 6.5) -> None:
    """Write names at their points, the first ones best: where one would lie on another it is moved.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Of a settled figure (`settle`).
    names : iterable of (name, x, y)
        In the order of their claim to the place itself; a thin line leads from a moved name to its point.
    size : float
        Of the letters, in points.
    """
    from matplotlib.text import Text

    edges, pixels = axes.get_window_extent(), axes.figure.dpi / _POINTS_AN_INCH
    taken: list[Any] = []
    for name, x, y in names:
        label = axes.annotate(
            name, (x, y), xytext=(0, 0), textcoords="offset points", fontsize=size, color=INK,
            ha="center", va="center", arrowprops={"arrowstyle": "-", "color": SOFT, "linewidth": 0.6},
        )  # fmt: skip
        label.get_window_extent()  # puts the text where it belongs; the box of the text alone is asked next
        box = Text.get_window_extent(label)
        aside = max(edges.x0 - box.x0, 0) - max(box.x1 - edges.x1, 0)
        height = box.height + 1
        # Beside its point, then line by line above and below: names are wide and low.
        steps = sorted(range(-_LINES, _LINES + 1), key=lambda step: (abs(step), -step))
        places = [box.translated(aside, step * height) for step in steps]
        within = [place for place in places if edges.y0 <= place.y0 and place.y1 <= edges.y1]
        free = (place for place in within if not any(place.overlaps(other) for other in taken))
        place = next(free, box)
        label.xyann = ((place.x0 - box.x0) / pixels, (place.y0 - box.y0) / pixels)
        taken.append(place)


def save(figure: Any, path: Path) -> None:
    """Write a figure, whole or not at all; the ending of the name says which kind."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, bbox_inches="tight")
