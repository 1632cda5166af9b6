"""Arrow columns as CSV text, at the speed of copying; cells that a spreadsheet would run are disarmed."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.registry.formats.base import KeyedColumn, TextStyle, User, as_text, sliced
from occurisk.spreadsheets import MARKS, NUMBER

_RUNNING = MARKS.encode()
_RISKY = np.zeros(256, dtype=bool)
_RISKY[list(_RUNNING)] = True
_BEFORE_CELL = np.zeros(256, dtype=bool)
_BEFORE_CELL[list(b',"\n')] = True
# Lines are put together this many at a time: buffers that fit the cache and are used again.
_SLICE = 1 << 14
_PIECE = 1 << 18  # bytes that fit the cache
_LARGEST = 1 << 28  # bytes of a batch that are joined in one piece; Arrow's limit is 2 GiB


class CsvCells:
    """Turn columns into quoted cells; counts the cells that were disarmed."""

    def __init__(self, style: TextStyle | None = None) -> None:
        self.disarmed = 0
        self.style = style or TextStyle()
        ours = re.escape(self.style.delimiter)
        # Elsewhere a comma may separate cells: what could begin a cell there is quoted, a decimal is not.
        self.special = f'[{ours}"\\r\\n]' + ("" if ours == "," else r"|,(?:\D|$)")
        self.marks = [mark.encode() for mark in {",", self.style.delimiter, '"', "\n", "\r"}]

    def cells(self, column: pa.Array) -> pa.Array:
        """Return a column as CSV cells, without gaps.

        A text that begins with `=`, `+`, `-`, `@`, tab or return, and is no number, gets an apostrophe in
        front (OWASP, CSV injection), so that a spreadsheet shows it and does not run it.
        """
        if pa.types.is_dictionary(column.type):
            values, hit = self._cells(column.dictionary)
            if hit is not None:  # count rows, not entries
                self.disarmed += int(pc.sum(pa.array(hit).take(column.indices)).as_py() or 0)
            cells = values.take(column.indices)
            return cells.fill_null("") if cells.null_count else cells
        cells, hit = self._cells(column)
        self.disarmed += 0 if hit is None else int(hit.sum())
        return cells

    def lines(self, user: list[pa.Array] | pa.StringArray, endings: pa.Array) -> list[np.ndarray]:
        """Join rows and their endings to lines, each with the line feed before it.

        Parameters
        ----------
        user : list of pyarrow.Array, or pyarrow.StringArray
            Columns; or lines that are whole already, each with the line feed before it.
        endings : pyarrow.StringArray
            The last cells of each line, as `endings` renders them.

        Returns
        -------
        list of ndarray of uint8
            UTF-8 bytes, ready to be written.
        """
        rows = len(endings)
        if not rows:
            return []
        columns = user if isinstance(user, list) else [user]
        if rows > 1 and sum(c.nbytes for c in columns) + endings.nbytes > _LARGEST:
            half = rows // 2
            return [
                piece
                for part in (slice(0, half), slice(half, rows))
                for piece in self.lines(sliced(user, part), endings[part])
            ]
        if isinstance(user, list):
            columns = [self.cells(c) for c in user]
            columns[0] = pc.binary_join_element_wise("\n", columns[0], "")
        data, offsets = _buffers(pc.binary_join_element_wise(*columns, endings, self.style.delimiter))
        return [data[offsets[0] : offsets[-1]]]

    def endings(self, columns: list[pa.Array]) -> pa.Array:
        """Render columns to the ends of lines, without line feed: an array of text."""
        cells = [self.cells(c) for c in columns]
        return pc.binary_join_element_wise(*cells, self.style.delimiter) if len(cells) > 1 else cells[0]

    def header(self, names: list[str]) -> bytes:
        """Return the header line, without line feed."""
        cells = self.cells(pa.array(names, pa.string())).to_pylist()
        return self.style.delimiter.join(cells).encode()

    def _cells(self, column: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
        """Return cells, and which were disarmed (None: none)."""
        if pa.types.is_large_string(column.type):
            column = column.cast(pa.string())
        kind = column.type
        is_text = not (pa.types.is_primitive(kind) or pa.types.is_decimal(kind))
        if not pa.types.is_string(kind):
            column = as_text(column)
        if self.style.decimal == "," and (pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            column = pc.replace_substring(column, ".", ",")
        if column.null_count:
            column = column.fill_null("")
        hit = None
        if is_text:
            column, hit = _disarm(column)
        return self._quote(column), hit

    def _quote(self, column: pa.Array) -> pa.Array:
        data, offsets = _buffers(column)
        if not len(column) or not self._has_special(data[offsets[0] : offsets[-1]]):
            return column
        special = pc.match_substring_regex(column, self.special)
        doubled = pc.replace_substring(column, '"', '""')
        return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), column)

    def _has_special(self, data: np.ndarray) -> bool:
        # bytes.find is memchr: faster than any comparison of arrays.
        text: Any = data.tobytes()
        return any(text.find(mark) >= 0 for mark in self.marks)


class CsvOut:
    """CSV: UTF-8 and line feeds, in the style of the text that it comes from; formulas are disarmed."""

    def __init__(
        self, path: Path, user: pa.Schema, added: list[pa.Field], style: TextStyle | None = None
    ) -> None:
        self.text = CsvCells(style)
        self.stream = open(path, "wb")  # noqa: SIM115
        if self.text.style.bom:
            self.stream.write(codecs.BOM_UTF8)
        # Every row brings the line feed before it, so that lines can come out of the middle of a file.
        self.stream.write(self.text.header([f.name for f in (*user, *added)]))
        self.rendered: tuple[list[KeyedColumn], pa.Array] | None = None

    @property
    def altered(self) -> int:
        """Cells that got an apostrophe."""
        return self.text.disarmed

    def write(self, user: User, added: list[pa.Array]) -> None:
        """Append rows."""
        self._write(user, self.text.endings(added))

    def write_keyed(self, user: User, added: list[KeyedColumn], number: np.ndarray) -> None:
        """Append rows; what follows from a key is rendered once, as the end of a line."""
        if self.rendered is None or self.rendered[0] is not added:
            keys = np.arange(len(added[0].index))
            self.rendered = added, CsvCells(self.text.style).endings([column.rows(keys) for column in added])
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


def may_run(text: bytes) -> bool:
    """Tell whether a cell of comma-separated lines begins as a formula does (a negative number does, too).

    Parameters
    ----------
    text : bytes
        Lines, each with the line feed before it.
    """
    present, raw = [mark for mark in _RUNNING if mark in text], np.frombuffer(text, np.uint8)
    for start in range(0, len(text), _PIECE):
        piece = raw[max(0, start - 1) : start + _PIECE]
        for mark in present:
            at = np.flatnonzero(piece[1:] == mark)
            if _BEFORE_CELL[piece[at]].any():
                return True
    return False


def _disarm(column: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    data, offsets = _buffers(column)
    if not len(data):
        return column, None
    filled = offsets[1:] > offsets[:-1]
    first = np.zeros(len(column), dtype=np.uint8)
    first[filled] = data[offsets[:-1][filled]]
    at = np.flatnonzero(_RISKY[first])
    if len(at):
        sound = pc.match_substring_regex(column.take(pa.array(at)), NUMBER)
        at = at[~sound.to_numpy(zero_copy_only=False)]
    if not len(at):
        return column, None
    hit = np.zeros(len(column), dtype=bool)
    hit[at] = True
    return pc.if_else(pa.array(hit), pc.binary_join_element_wise("'", column, ""), column), hit


def _buffers(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes and offsets of a string array."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8), ends
