"""The one look of every chart: colours, empty figures, title, caption, file.

The colours of the bands are those of the report's page, and tell apart for colour-blind readers. Titles
state the finding, captions the source.
"""

from __future__ import annotations

import textwrap
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


def save(figure: Any, path: Path) -> None:
    """Write a figure, whole or not at all; the ending of the name says which kind."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, bbox_inches="tight")
