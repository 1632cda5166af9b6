"""What a caller may choose when a registry is read and scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# progress(rows done, rows in all or None)
Progress = Callable[[int, int | None], None]
PREFIX = "occurisk_"


@dataclass(frozen=True)
class ReadOptions:
    """How a registry file is read; what is None is found out.

    Attributes
    ----------
    sheet : str or None
        Of a workbook.
    encoding, delimiter : str or None
        Of a text file.
    """

    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class ScoreOptions:
    """How a registry is scored and written.

    Attributes
    ----------
    scores : {"model", "published"}
        The model's probabilities, or those that Frey & Osborne (2017) printed.
    weights : {"employment", "equal"}
        Of occupations within a code.
    attributes : str or None
        Score rows by their own attribute columns: `all`, or names separated by commas.
    attribute_scale : {"onet", "unit"}
        Whether these are on O*NET's scales or on [0, 1].
    reasons : bool
        Give such rows their three largest contributions too, at ten times the time. Rows scored by code
        have them anyway.
    output : {"parquet", "csv", "excel"} or None
        The registry's own format by default.
    column_prefix : str
        Of the columns that are added.
    """

    scores: str = "model"
    weights: str = "employment"
    attributes: str | None = None
    attribute_scale: str = "onet"
    reasons: bool = False
    output: str | None = None
    column_prefix: str = PREFIX
