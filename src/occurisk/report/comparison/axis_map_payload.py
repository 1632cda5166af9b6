"""Jobs by two axes as plain figures, for a page that draws them and moves the thresholds."""

from __future__ import annotations

from typing import Any

from occurisk.labour_market.comparison.axis_map import AxisMap
from occurisk.occupations.names import occupation_name


def map_payload(found: AxisMap, language: str) -> dict[str, Any]:
    """Return a map of two axes for the page: occupations, margins, and shares under every threshold."""
    table = found.occupations
    titles = [occupation_name(str(code), language, title) for code, title in table["title"].items()]
    keys = ("code", "title", "jobs", "first", "second")
    rows = zip(table.index, titles, table["jobs"], table["first"], table["second"], strict=True)
    return {
        "names": [axis.words(language).title for axis in found.axes],
        "thresholds": list(found.thresholds),
        "occupations": [
            dict(zip(keys, (code, title, *(round(float(value), 4) for value in figures)), strict=True))
            for code, title, *figures in rows
        ],
        "marginals": [found.marginal(axis).round(4).tolist() for axis in ("first", "second")],
        "grid": found.grid.round(4).tolist(),
        "caveats": list(found.caveats(language)),
    }
