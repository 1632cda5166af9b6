"""Jobs by two axes on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from occurisk.cli.console import show, table

if TYPE_CHECKING:
    from rich.console import Console

    from occurisk.labour_market.comparison.axis_map import AxisMap


def print_map(console: Console, found: AxisMap, language: str = "en") -> None:
    """Print the quadrants with intervals and their largest occupations, the cells, and the warnings."""
    from rich.markup import escape

    one, two = (f"{name} (from {high:g})" for name, high in zip(found.names, found.thresholds, strict=True))
    console.print(f"First axis: {one}. Second axis: {two}.")
    made = table("Jobs that are high on …", ["quadrant", "share", "90% interval", "largest occupations"])
    made.columns[-1].justify, made.columns[-1].ratio = "left", 1
    for name, row in found.quadrants.iterrows():
        part = found.occupations[found.occupations["quadrant"] == name].head(3)
        ends = f"{row['lower']:.1%} – {row['upper']:.1%}"
        made.add_row(str(name), f"{row['share']:.1%}", ends, "; ".join(escape(t) for t in part["title"]))
    show(console, made)
    for caveat in found.caveats(language):
        console.print(caveat)
    for key, cells in found.by.items():
        names = [name for name in cells if name.startswith("share_")]
        heads = [escape(key), "jobs", *(name[6:].replace("_", " ") for name in names)]
        made = table(f"By {escape(key)}", heads, heads[0])
        for cell, row in cells.iterrows():
            figures = ["–" if row["suppressed"] else f"{row[name]:.1%}" for name in names]
            jobs = "–" if row["suppressed"] else f"{row['jobs']:,.0f}"
            label = " / ".join(map(str, cell)) if isinstance(cell, tuple) else str(cell)
            made.add_row(escape(label), jobs, *figures)
        show(console, made)
