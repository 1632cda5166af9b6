"""The distinct values of a register's code column, with how many rows and how much weight each has."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import position_of, texts
from occurisk.registry.formats.base import Ragged, RegistryFile

# What ends a CHAR(n) value, and what a cast to text may or may not keep.
PADDING = " "


@dataclass(frozen=True)
class DistinctValues:
    """What a register's code column holds.

    Attributes
    ----------
    value : list of str or None
        As the register spells it, without blanks at the end; None for NULL. Each stands once.
    rows : list of int
    weight : list of Decimal or None
        None altogether where the table has no weight.
    notes : tuple of str
        What was merged.
    """

    value: list[str | None]
    rows: list[int]
    weight: list[Decimal] | None
    notes: tuple[str, ...] = ()

    @property
    def total_rows(self) -> int:
        """Rows of the register."""
        return sum(self.rows)

    @property
    def total_weight(self) -> Decimal | None:
        """Weight of the register, exact."""
        return None if self.weight is None else sum(self.weight, Decimal(0))


def read_distinct_values(file: RegistryFile, value: str, rows: str, weight: str | None) -> DistinctValues:
    """Read a grouped table; values that stand in several rows (breakdowns) are added up.

    Parameters
    ----------
    file : RegistryFile
    value, rows : str
        Columns of the value and of the number of rows.
    weight : str, optional
        Column of the summed weight.

    Returns
    -------
    DistinctValues

    Raises
    ------
    RegistryError
        If a column is missing, a count is no whole number from 0 up, a weight is no number, or a row is
        torn.
    """
    names = [str(name) for name in file.schema.names]
    places = [position_of(names, name, "--value-column, --rows-column, --weight-column")
              for name in (value, rows, *([weight] if weight else []))]  # fmt: skip
    ragged: list[Ragged] = []
    counted: dict[str | None, int] = defaultdict(int)
    weighed: dict[str | None, Decimal] = defaultdict(Decimal)
    spellings: dict[str | None, set[str]] = defaultdict(set)
    row = 0
    for batch in file.batches(ragged.append):
        columns = [_cells(batch.column(place)) for place in places]
        for cells in zip(*columns, strict=True):
            row += 1
            key = None if cells[0] is None else cells[0].rstrip(PADDING)
            counted[key] += _count(cells[1], row, rows)
            if weight:
                weighed[key] += _number(cells[2], row, weight)
            if cells[0] is not None:
                spellings[key].add(cells[0])
    if ragged:
        number, expected, width, _ = ragged[0]
        raise RegistryError(
            f"{len(ragged):,} rows of {file.name} do not have the header's number of fields.",
            first=f"row {number}: {width} fields instead of {expected}",
            fix="Export the table again, with values in quotation marks.",
        )
    padded = sum(len(width) > 1 for width in spellings.values())
    notes = (f"{padded} values differ only by blanks at their end: joined as one",) if padded else ()
    return DistinctValues(
        list(counted), list(counted.values()), list(weighed.values()) if weight else None,
        (*notes, *_case(counted)),
    )  # fmt: skip


def _cells(column: pa.Array) -> list[str | None]:
    cells: list[str | None] = texts(column).to_pylist()
    return cells


def _case(values: dict[str | None, int]) -> tuple[str, ...]:
    """Warn of values that a collation without case would take for one another."""
    folded: dict[str, int] = defaultdict(int)
    for value in values:
        if value is not None:
            folded[value.casefold()] += 1
    same = sum(count > 1 for count in folded.values())
    return (
        (f"{same} values differ only by case: join with a collation that tells case apart",) if same else ()
    )


def _count(cell: str | None, row: int, column: str) -> int:
    number = _number(cell, row, column)
    if number < 0 or number != number.to_integral_value():
        raise _wrong(cell, row, column, "The number of rows is a whole number from 0 up.")
    return int(number)


def _number(cell: str | None, row: int, column: str) -> Decimal:
    if cell is None or not cell.strip():
        return Decimal(0)
    try:
        number = Decimal(cell.strip())
    except InvalidOperation as problem:
        raise _wrong(cell, row, column, "A weight is a number with a decimal point.") from problem
    if not number.is_finite() or math.isinf(float(number)):
        raise _wrong(cell, row, column, "A weight is a finite number.")
    return number


def _wrong(cell: str | None, row: int, column: str, rule: str) -> RegistryError:
    return RegistryError(
        f"Row {row} holds {str(cell)[:40]!r} in column {column!r}.",
        rule=rule,
        fix="Make the table with the query that `occurisk lookup --query` prints.",
    )
