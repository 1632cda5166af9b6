"""Jobs by two axes as plain figures, for a page that draws them and moves the thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from occurisk.labour_market.comparison.axis_map import AxisMap
from occurisk.occupations.names import occupation_name
from occurisk.report.comparison.cell_names import cell_name, column_name


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
        "by": [
            {
                "name": column_name(name, language),
                "cells": [
                    {"label": label, "shares": None if np.isnan(grid).any() else grid.round(3).tolist()}
                    for label, grid in zip(_labels(found.by[name], name, language), grids, strict=True)
                ],
            }
            for name, grids in found.grids.items()
        ],
        "caveats": list(found.caveats(language)),
    }


def _labels(table: pd.DataFrame, column: str, language: str) -> list[str]:
    return [cell_name(cell, language, column) for cell in table.index]
