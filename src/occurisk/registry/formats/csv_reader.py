"""Text registries as batches: plain or packed, any encoding and delimiter; every column stays text."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from occurisk.errors import RegistryError
from occurisk.registry.formats.base import CSV_BLOCK, Ragged, RegistryFile, Rows, no_table
from occurisk.registry.formats.csv_dialect import Dialect, sniff
from occurisk.registry.formats.csv_lines import Rest, plain_blocks

_HEAD = 1 << 20
_UTF8 = {"utf-8", "utf-8-sig", "ascii"}
_MARKUP = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta", b"<style")
_WHOLE = Rest(b"", 0, has_header=True)


def _member(archive: zipfile.ZipFile, name: str) -> str:
    tables = [
        i for i in archive.infolist() if not i.is_dir() and not Path(i.filename).name.startswith((".", "__"))
    ]
    if len(tables) != 1:
        raise RegistryError(
            f"The archive {name} holds {len(tables)} files.",
            first=tables[0].filename if tables else None,
            rule="A zip holds one CSV.",
            fix="Unpack it and name the file that you mean.",
        )
    return tables[0].filename


@contextmanager
def _bytes(path: Path, kind: str, name: str) -> Iterator[Any]:
    """Open the plain bytes of a text file, unpacked."""
    if kind == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_member(archive, name)) as stream:
            yield pa.PythonFile(stream, mode="r")
    elif kind == "gzip":
        with gzip.open(path) as stream:
            yield pa.PythonFile(stream, mode="r")
    elif kind == "bz2":
        with bz2.open(path) as stream:
            yield pa.PythonFile(stream, mode="r")
    elif kind == "zstd":
        with pa.OSFile(str(path)) as raw, pa.CompressedInputStream(raw, "zstd") as stream:
            yield stream
    else:
        with pa.OSFile(str(path)) as stream:
            yield stream


def open_csv(
    path: Path,
    name: str,
    kind: str,
    encoding: str | None,
    delimiter: str | None,
    *,
    line_block: int = CSV_BLOCK,
) -> RegistryFile:
    """Prepare to read a text table.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    kind : str
        `text`, or how it is packed: `gzip`, `zstd`, `bz2`, `zip`.
    encoding, delimiter : str, optional
        Found out by default.
    line_block : int
        Bytes that are read at a time where rows pass as lines.

    Raises
    ------
    RegistryError
        If it is empty or no text.
    """
    with _bytes(path, kind, name) as stream:
        head = bytes(stream.read(_HEAD))
        # A small file is looked at whole, so that its encoding is certain.
        whole = len(head) < _HEAD
        if not whole and kind == "text" and path.stat().st_size < 64 * _HEAD:
            head += bytes(stream.read(63 * _HEAD))
            whole = True
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_MARKUP):
        raise no_table(name, "it is a web page (HTML or XML), whatever its name says")
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise RegistryError(
            f"The registry {name} is empty.", rule="A registry has a header and at least one row."
        )
    try:
        dialect = sniff(head, whole=whole, encoding=encoding, delimiter=delimiter)
    except ValueError as problem:
        raise no_table(name, str(problem)) from problem
    except LookupError as problem:
        raise RegistryError(
            f"Unknown encoding {encoding!r}.", fix="utf-8, utf-16, cp1251, cp1252 …"
        ) from problem
    schema = pa.schema([pa.field(n, pa.string()) for n in dialect.header])

    def read(on_ragged: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        with _bytes(path, kind, name) as stream:
            yield from _csv_batches(stream, dialect, schema, on_ragged)

    def lines(needed: frozenset[int], on_ragged: Callable[[Ragged], None]) -> Iterator[Rows]:
        with _bytes(path, kind, name) as stream:
            rest = yield from plain_blocks(stream, schema, needed, on_ragged, line_block)
            if rest is not None:
                onward = pa.PythonFile(io.BufferedReader(_After(rest.text, stream)), mode="r")
                yield from map(Rows, _csv_batches(onward, dialect, schema, on_ragged, rest))

    as_ours = dialect.delimiter == "," and not dialect.skip and dialect.encoding in _UTF8
    notes = [f"{dialect.encoding} text, columns separated by {dialect.delimiter_name}"]
    if dialect.skip:
        notes.append(f"{dialect.skip} {'line' if dialect.skip == 1 else 'lines'} above the header skipped")
    return RegistryFile(
        path,
        name,
        "csv",
        schema,
        None,
        tuple(notes),
        read,
        dialect.delimiter,
        style=dialect.style,
        lines=lines if as_ours else None,
    )


class _After(io.RawIOBase):
    """A stream with bytes before it."""

    def __init__(self, before: bytes, stream: Any) -> None:
        self.before, self.stream = before, stream

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        size = len(buffer)
        content, self.before = self.before[:size], self.before[size:]
        content = content or bytes(self.stream.read(size))
        buffer[: len(content)] = content
        return len(content)


def _csv_batches(
    stream: Any,
    dialect: Dialect,
    schema: pa.Schema,
    on_ragged: Callable[[Ragged], None],
    rest: Rest = _WHOLE,
) -> Iterator[pa.RecordBatch]:
    skip_header = rest.has_header

    def ragged(row: Any) -> str:
        nonlocal skip_header
        if skip_header and row.number == 1:  # the header itself, narrower than its rows
            skip_header = False
            return "skip"
        number = rest.rows + int(row.number) - rest.has_header
        on_ragged((number, row.expected_columns, row.actual_columns, row.text))
        return "skip"

    encoding = "utf8" if dialect.encoding.startswith("utf-8") else dialect.encoding
    names = [f"c{i}" for i in range(len(schema))]  # unique, whatever the header says
    if dialect.skip:
        stream = pa.PythonFile(io.BufferedReader(_Decoded(stream, dialect.encoding, dialect.start)), mode="r")
        encoding = "utf8"
    elif encoding == "utf8":
        stream = pa.PythonFile(io.BufferedReader(_Checked(stream), CSV_BLOCK), mode="r")
    reader = pacsv.open_csv(
        stream,
        # One thread: only then does Arrow number ragged rows; the scoring loop runs beside it.
        read_options=pacsv.ReadOptions(
            use_threads=False, block_size=CSV_BLOCK, encoding=encoding, column_names=names
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=ragged
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    for batch in reader:
        rows = batch
        if skip_header and batch.num_rows:
            # The header is read as a row like any other, so that Arrow never sees its names.
            rows, skip_header = batch.slice(1), False
        if rows.num_rows:
            yield pa.RecordBatch.from_arrays(rows.columns, schema=schema)


class _Checked(io.RawIOBase):
    """A stream that is UTF-8: Arrow cannot say so itself where a ragged row is not."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.decoder = stream, codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        content = bytes(self.stream.read(len(buffer)))
        if not (content.isascii() and not self.decoder.getstate()[0]):
            self.decoder.decode(content, final=not content)
        buffer[: len(content)] = content
        return len(content)


class _Decoded(io.RawIOBase):
    """A text stream as UTF-8, without its first characters."""

    def __init__(self, stream: Any, encoding: str, drop: int) -> None:
        self.stream, self.drop, self.ready, self.done = stream, drop, b"", False
        self.decoder = codecs.getincrementaldecoder(encoding)()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        while not self.ready and not self.done:
            read = bytes(self.stream.read(1 << 18))
            self.done = not read
            text = self.decoder.decode(read, final=self.done)
            dropped = min(self.drop, len(text))
            self.drop -= dropped
            self.ready = text[dropped:].encode()
        content, self.ready = self.ready[: len(buffer)], self.ready[len(buffer) :]
        buffer[: len(content)] = content
        return len(content)
