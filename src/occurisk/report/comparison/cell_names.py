"""What columns that jobs are broken down by, and their cells, are called in the language of the reader."""

from __future__ import annotations

import re

from occurisk.explanation.words import load_phrases, said
from occurisk.labour_market.breakdowns import BUILT_IN, MAJOR_GROUP

# "43 Office and Administrative Support": the number of a major group, and its title.
_GROUP = re.compile(r"(\d{1,2}) \D")


def column_name(name: str, language: str) -> str:
    """Return what a column is called, or two that are crossed; a user's own by its own name."""
    return " × ".join(
        said(part.replace("_", " "), language) if part in BUILT_IN else part for part in name.split(" x ")
    )


def cell_name(label: object, language: str, column: str = "") -> str:
    """Return what a cell is called; of major groups by the number before their title.

    Parameters
    ----------
    label : str or tuple of str
        Of the cell; a tuple where two columns are crossed.
    language : {"en", "ru", "kk"}
    column : str
        Its column, or both.
    """
    parts = label if isinstance(label, tuple) else (label,)
    columns = column.split(" x ")
    return " / ".join(
        _major_group(str(part), language) if name == MAJOR_GROUP else said(str(part), language)
        for part, name in zip(parts, columns, strict=False)
    )


def _major_group(label: str, language: str) -> str:
    found = _GROUP.match(label)
    if language == "en" or not found:
        return said(label, language)
    number = found[1]
    system = "soc" if len(number) == 2 else "isco"
    title = load_phrases(language).majors[system].get(number, "")
    return f"{number} {title}" if title else label
