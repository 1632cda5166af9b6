"""Text registries as lines: what scoring needs of a row is parsed, the rest passes as the bytes it is.

A block of text is *plain* if every line feed in it ends a row. That is proved, not assumed; the first block
that is not plain hands the rest of the file to the reader that understands everything.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from occurisk.registry.formats.base import CSV_BLOCK, Ragged, Rows
from occurisk.registry.formats.csv_writer import may_run

_BOM = b"\xef\xbb\xbf"
_FEED, _QUOTE, _COMMA = 10, 34, 44


@dataclass(frozen=True)
class Rest:
    """What plain blocks left over: the bytes read already, and the rows passed, ragged ones included."""

    text: bytes
    rows: int
    has_header: bool


def plain_blocks(
    stream: Any,
    schema: pa.Schema,
    needed: frozenset[int],
    on_ragged: Callable[[Ragged], None],
    block_size: int = CSV_BLOCK,
) -> Generator[Rows, None, Rest | None]:
    """Yield the rows of comma-separated UTF-8 for as long as blocks are plain.

    Parameters
    ----------
    stream : object with `read(n)`
        At the beginning of the file, whose first row is the header.
    schema : pyarrow.Schema
        All columns, text.
    needed : frozenset of int
        Positions of the columns that are parsed; the others come as gaps.
    on_ragged : callable
    block_size : int
        Bytes that are read at a time.

    Returns
    -------
    Rest or None
        None if all of the file was plain.
    """
    head, header, rows = b"", True, 0
    while True:
        read = bytes(stream.read(block_size))
        text = head + read
        if not text:
            return None
        # The last row may lack its line feed; the rest, if there is one, begins with the bytes as they are.
        ended = text if read or text.endswith(b"\n") else text + b"\n"
        cut = ended.rfind(b"\n") + 1
        block = _plain(ended[:cut], header)
        if block is None:
            return Rest(text, rows, header)
        if len(block) > 1:
            plain = _rows(block, schema, needed)
            if plain is None:
                return Rest(text, rows, header)
            passed, ragged = plain
            for row in ragged:
                on_ragged((rows + row[0], *row[1:]))
            yield passed
            rows += passed.batch.num_rows + len(ragged)
        head, header = text[cut:], False


def _plain(text: bytes, header: bool) -> bytes | None:
    """Return rows without the header, a line feed before the first, if it can be shown where they end."""
    if header:
        text = text.removeprefix(_BOM)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if not text or b"\r" in text or not _is_utf8(text):
        return None
    block = b"\n" + text
    # To find that there is none takes a tenth of finding all.
    if b'"' in block and not _quotes_enclose_cells(np.frombuffer(block, np.uint8)):
        return None
    if not header:
        return block
    end = block.find(b"\n", 1)
    return None if end == 1 else block[end:]


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _quotes_enclose_cells(block: np.ndarray) -> bool:
    """Tell whether every other quotation mark begins a cell and the next one ends it.

    Then, read from the beginning of a row, no mark has another meaning, and the block ends outside of quotes.
    """
    at = np.flatnonzero(block == _QUOTE)
    if len(at) % 2:
        return False
    before, after = block[at[0::2] - 1], block[at[1::2] + 1]
    begins = (before == _COMMA) | (before == _FEED)
    ends = (after == _COMMA) | (after == _FEED)
    return bool(begins.all() and ends.all())


def _rows(block: bytes, schema: pa.Schema, needed: frozenset[int]) -> tuple[Rows, list[Ragged]] | None:
    """Parse what is needed; None if some line is no row of its own."""
    raw = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(raw == _FEED)
    # A cell that a spreadsheet would run has to be changed: then all of the row's cells are needed.
    as_lines = not may_run(block)
    ragged: list[Ragged] = []
    wanted = needed if as_lines else frozenset(range(len(schema)))
    batch = _parsed(block, schema, wanted, ragged)
    if batch is None or batch.num_rows + len(ragged) != len(feeds) - 1:
        return None
    if not as_lines:
        return Rows(batch), ragged
    lines = pa.StringArray.from_buffers(
        len(feeds) - 1, pa.py_buffer(feeds.astype(np.int32)), pa.py_buffer(block)
    )
    if ragged:
        sound = np.ones(len(lines), dtype=bool)
        sound[[number - 1 for number, *_ in ragged]] = False
        lines = lines.filter(pa.array(sound))
    return Rows(batch, lines), ragged


def _parsed(
    block: bytes, schema: pa.Schema, wanted: frozenset[int], ragged: list[Ragged]
) -> pa.RecordBatch | None:
    names = [f"c{i}" for i in range(len(schema))]

    def aside(row: Any) -> str:
        ragged.append((int(row.number), row.expected_columns, row.actual_columns, row.text))
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(block).slice(1)),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=len(block), column_names=names),
            parse_options=pacsv.ParseOptions(invalid_row_handler=aside),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                include_columns=[names[i] for i in sorted(wanted)] or names[:1],
            ),
        )
    except pa.ArrowInvalid:
        return None
    gaps = pa.nulls(table.num_rows, pa.string())
    columns = [table[n].combine_chunks() if i in wanted else gaps for i, n in enumerate(names)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
