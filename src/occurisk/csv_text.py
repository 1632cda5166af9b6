"""Arrow columns as CSV text, at the speed of copying; cells that a spreadsheet would run are disarmed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_RISKY = np.zeros(256, dtype=bool)
_RISKY[list(b"=+-@\t\r")] = True
_NUMBER = r"^[+-]?[0-9][0-9.,\s]*(?:[eE][+-]?[0-9]+)?%?$|^-$"
_LARGEST = 1 << 28  # bytes of a batch that are joined in one piece; Arrow's limit is 2 GiB


class CsvCells:
    """Turn columns into quoted cells; counts the cells that were disarmed."""

    def __init__(self) -> None:
        self.disarmed = 0

    def cells(self, column: pa.Array) -> pa.Array:
        """Return a column as CSV cells, without gaps.

        A text that begins with `=`, `+`, `-`, `@`, tab or return, and is no number, gets an apostrophe in
        front (OWASP, CSV injection), so that a spreadsheet shows it and does not run it.
        """
        if pa.types.is_dictionary(column.type):
            values, hit = _cells(column.dictionary)
            if hit is not None:  # count rows, not entries
                self.disarmed += int(pc.sum(pa.array(hit).take(column.indices)).as_py() or 0)
            cells = values.take(column.indices)
            return cells.fill_null("") if cells.null_count else cells
        cells, hit = _cells(column)
        self.disarmed += 0 if hit is None else int(hit.sum())
        return cells

    def lines(self, columns: list[pa.Array], ending: pa.Array | None = None) -> list[Any]:
        """Join columns to lines.

        Parameters
        ----------
        columns : list of pyarrow.Array
        ending : pyarrow.Array of str, optional
            The last cells of each line with their commas and line feed, already rendered.

        Returns
        -------
        list of ndarray of uint8
            UTF-8 bytes, ready to be written.
        """
        rows = len(columns[0]) if columns else len(ending or [])
        if not rows:
            return []
        size = sum(c.nbytes for c in columns) + (ending.nbytes if ending is not None else 0)
        if size > _LARGEST and rows > 1:
            half = rows // 2
            return [
                piece
                for start, length in ((0, half), (half, rows - half))
                for piece in self.lines(
                    [c.slice(start, length) for c in columns],
                    None if ending is None else ending.slice(start, length),
                )
            ]
        cells = [self.cells(c) for c in columns]
        if ending is None:
            if len(cells) == 1:  # an empty only cell would be an empty line, which readers skip
                cells[0] = pc.if_else(pc.equal(cells[0], ""), '""', cells[0])
            cells[-1] = pc.binary_join_element_wise(cells[-1], "\n", "")
            joined = pc.binary_join_element_wise(*cells, ",") if len(cells) > 1 else cells[0]
        else:
            joined = pc.binary_join_element_wise(*cells, ending, ",")
        data, offsets = _buffers(joined)
        return [data[offsets[0] : offsets[-1]]]

    def endings(self, columns: list[pa.Array]) -> pa.Array:
        """Render columns to the ends of lines, line feed included: an array of text."""
        cells = [self.cells(c) for c in columns]
        cells[-1] = pc.binary_join_element_wise(cells[-1], "\n", "")
        return pc.binary_join_element_wise(*cells, ",")

    def header(self, names: list[str]) -> bytes:
        """Return the header line."""
        cells = self.cells(pa.array(names, pa.string())).to_pylist()
        return (",".join(cells) + "\n").encode()


def _cells(column: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    """Return cells, and which were disarmed (None: none)."""
    if pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    is_text = pa.types.is_string(column.type)
    if not is_text:
        column = _plain(column)
    if column.null_count:
        column = column.fill_null("")
    hit = None
    if is_text:
        column, hit = _disarm(column)
    return _quote(column), hit


def _disarm(column: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    data, offsets = _buffers(column)
    if not len(data):
        return column, None
    filled = offsets[1:] > offsets[:-1]
    first = np.zeros(len(column), dtype=np.uint8)
    first[filled] = data[offsets[:-1][filled]]
    at = np.flatnonzero(_RISKY[first])
    if len(at):
        sound = pc.match_substring_regex(column.take(pa.array(at)), _NUMBER)
        at = at[~sound.to_numpy(zero_copy_only=False)]
    if not len(at):
        return column, None
    hit = np.zeros(len(column), dtype=bool)
    hit[at] = True
    return pc.if_else(pa.array(hit), pc.binary_join_element_wise("'", column, ""), column), hit


def _plain(column: pa.Array) -> pa.Array:
    """Return a column of any type as text."""
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # nested values
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())


def _buffers(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes and offsets of a string array."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8), ends


def _quote(column: pa.Array) -> pa.Array:
    data, offsets = _buffers(column)
    if not len(column) or not _has_special(data[offsets[0] : offsets[-1]]):
        return column
    special = pc.match_substring_regex(column, r'[",\r\n]')
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), column)


def _has_special(data: np.ndarray) -> bool:
    # bytes.find is memchr: faster than any comparison of arrays.
    text: Any = data.tobytes()
    return any(text.find(mark) >= 0 for mark in (b",", b'"', b"\n", b"\r"))
