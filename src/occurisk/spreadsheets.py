"""Texts that a spreadsheet would run as formulas, and how they are disarmed.

Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MARKS = "=+-@\t\r"
# What begins with a sign and is a number, or a lone dash, does not run.
NUMBER = r"^[+-]?[0-9][0-9.,\s]*(?:[eE][+-]?[0-9]+)?%?$|^-$"
_NUMBER = re.compile(NUMBER)


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet would run a text."""
    return text[:1] in MARKS and text != "" and not _NUMBER.match(text)


def disarm(cell: Any) -> Any:
    """Return a cell with an apostrophe before it if it is a text that a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def rearm(text: str) -> str:
    """Return a text as it was before `disarm`."""
    return text[1:] if text[:1] == "'" and is_formula(text[1:]) else text


def disarmed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts, column names and index are disarmed."""
    safe = table.rename(columns=disarm)
    for position, kind in enumerate(safe.dtypes):
        if kind.kind not in "ifb":
            safe.isetitem(position, safe.iloc[:, position].map(disarm))
    if safe.index.nlevels > 1 or safe.index.dtype.kind not in "ifb":
        safe.index = safe.index.map(
            lambda key: tuple(map(disarm, key)) if isinstance(key, tuple) else disarm(key)
        )
    return safe
