"""Write scored rows as they come: Parquet, CSV, Excel; the user's columns first, unchanged, then ours."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from occurisk.errors import OutputError
from occurisk.registry.formats.csv_writer import CsvCells, sliced
from occurisk.registry.formats.excel import MIXED
from occurisk.registry.formats.looked_up import LookedUp
from occurisk.registry.formats.parquet import ParquetOut

SUFFIX = {"parquet": ".parquet", "csv": ".csv", "excel": ".xlsx"}
# Lines are put together this many at a time: buffers that fit the cache and are used again.
_SLICE = 1 << 14
EXCEL_ROWS = 1_048_575
_EXCEL_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


# The user's columns; or, written as CSV, whole lines, each with the line feed before it.
User: TypeAlias = list[pa.Array] | pa.StringArray


class Writer(Protocol):
    """One output file."""

    @property
    def altered(self) -> int:
        """Cells that had to be made safe."""

    def write(self, user: User, added: list[pa.Array]) -> None:
        """Append rows: the user's columns and ours."""

    def write_looked_up(self, user: User, added: list[LookedUp], number: np.ndarray) -> None:
        """Append rows whose added columns follow from their keys."""

    def close(self) -> None:
        """Finish the file."""

    def abandon(self) -> None:
        """Let go of a file that will not be finished."""


def open_writer(
    kind: str, path: Path, user: pa.Schema, added: list[pa.Field], compact: frozenset[str] | None = None
) -> Writer:
    """Open an output file.

    Parameters
    ----------
    kind : {"parquet", "csv", "excel"}
    path : Path
    user : pyarrow.Schema
        The registry's own columns, which keep name, order and type.
    added : list of pyarrow.Field
    compact : frozenset of str, optional
        The user's columns that were dictionary-encoded in a Parquet input; None if that is not known.
    """
    if kind == "parquet":
        return ParquetOut(path, user, added, compact)
    return CsvOut(path, user, added) if kind == "csv" else ExcelOut(path, user, added)


class CsvOut:
    """CSV: UTF-8, commas, line feeds; formulas are disarmed."""

    def __init__(self, path: Path, user: pa.Schema, added: list[pa.Field]) -> None:
        self.text = CsvCells()
        self.stream = open(path, "wb")  # noqa: SIM115
        # Every row brings the line feed before it, so that lines can come out of the middle of a file.
        self.stream.write(self.text.header([f.name for f in (*user, *added)]))
        self.rendered: tuple[list[LookedUp], pa.Array] | None = None

    @property
    def altered(self) -> int:
        """Cells that got an apostrophe."""
        return self.text.disarmed

    def write(self, user: User, added: list[pa.Array]) -> None:
        """Append rows."""
        self._write(user, self.text.endings(added))

    def write_looked_up(self, user: User, added: list[LookedUp], number: np.ndarray) -> None:
        """Append rows; what follows from a key is rendered once, as the end of a line."""
        if self.rendered is None or self.rendered[0] is not added:
            keys = np.arange(len(added[0].index))
            self.rendered = added, CsvCells().endings([column.rows(keys) for column in added])
        ending = self.rendered[1]
        for start in range(0, len(number), _SLICE):
            rows = slice(start, start + _SLICE)
            self._write(sliced(user, rows), ending.take(pa.array(number[rows])))

    def _write(self, user: User, endings: pa.Array) -> None:
        for piece in self.text.lines(user, endings):
            self.stream.write(piece.data)

    def close(self) -> None:
        """Finish the file."""
        self.stream.write(b"\n")
        self.stream.close()

    def abandon(self) -> None:
        """Let go of the file."""
        with suppress(OSError):
            self.stream.close()


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

    def write_looked_up(self, user: User, added: list[LookedUp], number: np.ndarray) -> None:
        """Append rows whose added columns follow from their keys."""
        self.write(user, [column.rows(number) for column in added])

    def _cell(self, value: Any, mixed: bool) -> Any:
        if isinstance(value, str):
            if mixed:
                try:
                    return float(value) if "." in value or "e" in value else int(value)
                except ValueError:
                    pass
            if _EXCEL_ILLEGAL.search(value):
                self._altered += 1
                value = _EXCEL_ILLEGAL.sub("", value)
            if value[:1] in ("=", "#"):  # openpyxl would make these formulas and errors
                cell = self.cell(self.sheet, value)
                cell.data_type = "s"
                return cell
            return value
        if isinstance(value, float) and not np.isfinite(value):
            return None
        return (
            value
            if isinstance(value, int | float | bool) or value is None or hasattr(value, "year")
            else str(value)
        )

    def close(self) -> None:
        """Finish the file."""
        self.book.save(self.path)

    def abandon(self) -> None:
        """Let go of the sheet's temporary file."""
        with suppress(Exception):
            self.sheet.close()
