"""Excel registries: find the header, keep the types of the cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineWorkbook

from occurisk.errors import OutputError, RegistryError
from occurisk.registry.formats.base import (
    BATCH_ROWS,
    Ragged,
    RegistryFile,
    User,
    protected,
    value_as_text,
)
from occurisk.registry.formats.excel_extent import is_protected, refuse_wide_sheet

# In the field's metadata: cells were numbers and texts; numbers go back to being numbers in Excel.
MIXED = {b"occurisk": b"mixed cells"}
EXCEL_ROWS = 1_048_575
_LONGEST_TEXT = 32_767
_EXACT = 2**53  # larger whole numbers do not fit Excel's
_EXCEL_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
SHEET_COLUMN = "occupation_code"  # what the names of the sheets are


def open_excel(path: Path, name: str, sheet: str | None, stack: bool = False) -> RegistryFile:
    """Prepare to read a workbook.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    sheet : str, optional
        The first by default.
    stack : bool
        Put all sheets on top of each other, with the sheet's name in a first column `sheet`: for
        workbooks with a sheet per occupation (Eurostat).

    Raises
    ------
    RegistryError
        If there is no such sheet, or it has no rows.
    """
    if is_protected(path):
        raise protected(name)
    book = CalamineWorkbook.from_path(str(path))
    names = book.sheet_names
    if not names:
        raise RegistryError(f"The workbook {name} has no sheets.", fix="Open it in Excel and save it again.")
    if sheet is not None and sheet not in names:
        raise RegistryError(
            f"The workbook {name} has no sheet {sheet!r}.", rule=f"Its sheets: {', '.join(names)}."
        )
    for one in names if stack else [sheet or names[0]]:
        refuse_wide_sheet(path, name, one)
    if stack:
        table, notes = _stacked(book)
    else:
        sheet = sheet or names[0]
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        table, skipped = _table(rows)
        notes = [f"sheet {sheet!r} of {len(names)}"]
        if skipped:
            notes.append(f"{skipped} rows above the header skipped")
    if table is None or table.num_rows == 0:
        raise RegistryError(
            f"The sheet {sheet!r} of {name} has no rows.",
            rule="A registry has a header and at least one row.",
            fix=f"Name another with --sheet: {', '.join(names)}.",
        )

    def read(_: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        yield from table.to_batches(BATCH_ROWS)

    return RegistryFile(path, name, "excel", table.schema, table.num_rows, tuple(notes), read)


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets."""
    return list(CalamineWorkbook.from_path(str(path)).sheet_names)


def _stacked(book: CalamineWorkbook) -> tuple[pa.Table | None, list[str]]:
    header: list[str] | None = None
    rows: list[list[Any]] = []
    for name in book.sheet_names:
        cells = [
            r
            for r in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if any(c != "" for c in r)
        ]
        if not cells:
            continue
        own = [_text(c) for c in cells[0]]
        if header is None:
            header = own
        if own != header:
            raise RegistryError(
                f"The sheets of the workbook do not have the same columns ({name!r} differs from the first).",
                fix="Name one sheet with --sheet.",
            )
        rows += [[name, *r] for r in cells[1:]]
    if header is None:
        return None, []
    return _table([[SHEET_COLUMN, *header], *rows])[0], ["all sheets, one under the other"]


def _table(rows: list[list[Any]]) -> tuple[pa.Table | None, int]:
    """Turn cells into a table; the header is the first row with two filled cells, if any has two."""
    widths = [sum(cell != "" for cell in row) for row in rows]
    enough = min(2, max(widths, default=0))
    start = next((i for i, w in enumerate(widths) if w >= enough > 0), None)
    if start is None:
        return None, 0
    header = [_text(cell).strip() for cell in rows[start]]
    body = [row for row in rows[start + 1 :] if any(cell != "" for cell in row)]
    arrays, fields = [], []
    for j, name in enumerate(header):
        array, metadata = _column([row[j] if j < len(row) else "" for row in body])
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=metadata))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), start


def _column(cells: list[Any]) -> tuple[pa.Array, dict[bytes, bytes] | None]:
    values = [None if cell == "" else cell for cell in cells]
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float}:
        whole = all(float(v).is_integer() and abs(v) < 2**53 for v in values if v is not None)
        if whole and kinds:
            return pa.array([None if v is None else int(v) for v in values], pa.int64()), None
        return pa.array([None if v is None else float(v) for v in values], pa.float64()), None
    if len(kinds) == 1 and str not in kinds:
        return pa.array(values), None
    texts = [v for v in values if isinstance(v, str)]
    as_text = pa.array([None if v is None else _text(v) for v in values], pa.string())
    # Numbers among texts can go back to numbers unless one of the texts looks like a number itself.
    mixed = kinds <= {int, float, str} and len(kinds) > 1 and not any(_is_number(t) for t in texts)
    return as_text, MIXED if mixed else None


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class ExcelOut:
    """Excel: text is written as text, so that nothing in it runs."""

    def __init__(self, path: Path, user: pa.Schema, added: list[pa.Field]) -> None:
        from openpyxl import Workbook  # type: ignore[import-untyped]
        from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

        self.path, self.cell = path, WriteOnlyCell
        self.book = Workbook(write_only=True)
        self.sheet = self.book.create_sheet("occurisk")
        self.rows = 0
        self._altered = 0
        self.mixed = [f.metadata == MIXED for f in user] + [False] * len(added)
        self.sheet.append([self._cell(f.name, False) for f in (*user, *added)])

    @property
    def altered(self) -> int:
        """Cells that lost characters which Excel does not allow."""
        return self._altered

    def write(self, user: User, added: list[pa.Array]) -> None:
        """Append rows."""
        columns = [c.to_pylist() for c in (*user, *added)]
        self.rows += len(columns[0])
        if self.rows > EXCEL_ROWS:
            raise OutputError(
                f"An Excel sheet holds {EXCEL_ROWS:,} rows; there are more.",
                fix="Use --format parquet or csv.",
            )
        for row in zip(*columns, strict=True):
            self.sheet.append([self._cell(v, m) for v, m in zip(row, self.mixed, strict=True)])

    def _cell(self, value: Any, mixed: bool) -> Any:
        if isinstance(value, float) and not np.isfinite(value):
            return None
        if isinstance(value, str) and mixed:
            with suppress(ValueError):
                value = float(value) if "." in value or "e" in value else int(value)
        if value is None or (isinstance(value, int | float) and abs(value) <= _EXACT):
            return value
        if isinstance(value, float):
            return value
        # Excel knows no time zones, and no day before 1900.
        if isinstance(value, date) and getattr(value, "tzinfo", None) is None and value.year >= 1900:
            return value
        return self._text(value_as_text(value))

    def _text(self, value: str) -> Any:
        if _EXCEL_ILLEGAL.search(value):
            self._altered += 1
            value = _EXCEL_ILLEGAL.sub("", value)
        if len(value) > _LONGEST_TEXT:
            raise OutputError(
                f"A text has {len(value):,} characters; an Excel cell holds {_LONGEST_TEXT:,}.",
                first=f"{value[:60]} …",
                rule="No text is cut.",
                fix="Use --format parquet or csv.",
            )
        if value[:1] in ("=", "#"):  # openpyxl would make these formulas and errors
            cell = self.cell(self.sheet, value)
            cell.data_type = "s"
            return cell
        return value

    def close(self) -> None:
        """Finish the file."""
        self.book.save(self.path)

    def abandon(self) -> None:
        """Let go of the sheet's temporary file."""
        with suppress(Exception):
            self.sheet.close()
