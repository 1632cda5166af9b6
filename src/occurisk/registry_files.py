"""Open any registry file as a stream of Arrow record batches: Parquet, CSV in its many dialects, Excel.

Text files keep their text: every column of a CSV is a string, so that `007` and `1,50` survive.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from occurisk.csv_dialect import Dialect, sniff
from occurisk.errors import RegistryError

BATCH_ROWS = 1 << 19
CSV_BLOCK = 1 << 23
HEAD = 1 << 20
# (record number with the header as record 0, expected fields, found fields, text)
Ragged = tuple[int, int, int, str]
_MAGIC = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "excel",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
}
_OTHERS = {b"\x7fELF": "a program", b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture"}


@dataclass(frozen=True)
class RegistryFile:
    """A registry that can be read any number of times.

    Attributes
    ----------
    path : Path
    name : str
        For people.
    kind : str
        `csv`, `excel` or `parquet`.
    schema : pyarrow.Schema
        Columns as they will be written out; names may repeat.
    rows : int or None
        Where the file says so.
    notes : tuple of str
        What was decided about the file (encoding, delimiter, sheet …), for the intake report.
    read : callable
        `read(on_ragged) -> iterator of RecordBatch`. String columns of Parquet come dictionary-encoded.
    """

    path: Path
    name: str
    kind: str
    schema: pa.Schema
    rows: int | None
    notes: tuple[str, ...]
    read: Callable[[Callable[[Ragged], None]], Iterator[pa.RecordBatch]]
    dialect: Dialect | None = None
    compact: frozenset[str] = field(default_factory=frozenset)  # columns whose pages are dictionaries

    def batches(self, on_ragged: Callable[[Ragged], None] = lambda _: None) -> Iterator[pa.RecordBatch]:
        """Read from the start; a reader's own complaint becomes a `RegistryError`."""
        try:
            yield from self.read(on_ragged)
        except (
            pa.ArrowException,
            EOFError,
            OSError,
            UnicodeError,
            ValueError,
            zipfile.BadZipFile,
        ) as problem:
            raise unreadable(self.name, problem) from problem


def open_registry(
    path: Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> RegistryFile:
    """Look at a file and prepare to read it.

    Parameters
    ----------
    path : Path
        Parquet, CSV/TSV (plain, gz, zst, bz2 or the one table in a zip), xlsx, xls, xlsb or ods. The
        format is told by content, not by name.
    name : str, optional
        How to call it in messages.
    sheet : str, optional
        Excel sheet; the first by default.
    encoding, delimiter : str, optional
        Of a text file; found out by default.

    Returns
    -------
    RegistryFile

    Raises
    ------
    RegistryError
        If it is empty, binary, or unreadable.
    """
    path, name = Path(path), name or str(path)
    try:
        with open(path, "rb") as stream:
            start = stream.read(8)
    except OSError as problem:
        raise RegistryError(
            f"Cannot read the registry {name}: {problem.strerror}.", fix="Check the path and its permissions."
        ) from problem
    if not start:
        raise RegistryError(
            f"The registry {name} is empty.", rule="A registry has a header and at least one row."
        )
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "text")
    other = next((what for magic, what in _OTHERS.items() if start.startswith(magic)), None)
    if other:
        raise _binary(name, f"it is {other}")
    if kind == "zip" and _holds_workbook(path, name):
        kind = "excel"
    try:
        if kind == "parquet":
            from occurisk.registry_parquet import open_parquet

            return open_parquet(path, name)
        if kind == "excel":
            from occurisk.registry_excel import open_excel

            return open_excel(path, name, sheet)
        return _open_csv(path, name, kind, encoding, delimiter)
    except (pa.ArrowException, EOFError, OSError, UnicodeError, zipfile.BadZipFile) as problem:
        raise unreadable(name, problem) from problem


def unreadable(name: str, problem: Exception) -> RegistryError:
    """Say in one sentence why a reader gave up."""
    text = str(problem).split("\n", maxsplit=1)[0]
    if "straddl" in text:
        return RegistryError(
            f"The registry {name} has a row longer than {CSV_BLOCK >> 20} MB.",
            rule="A row fits into one reading block.",
            fix="Look for a quotation mark that is never closed, or a binary file under a wrong name.",
        )
    if "UTF" in text.upper() or isinstance(problem, UnicodeError):
        return RegistryError(
            f"The registry {name} holds text that its encoding cannot explain.",
            first=text,
            fix="Name the encoding: --encoding cp1251 (or utf-16, cp1252 …).",
        )
    return RegistryError(
        f"The registry {name} cannot be read.", first=text, fix="Check that the file is whole; save it again."
    )


def _binary(name: str, why: str) -> RegistryError:
    return RegistryError(
        f"The registry {name} is no table: {why}.",
        rule="Parquet, CSV/TSV (also gz, zst, bz2, zip), Excel.",
        fix="Export the list in one of these formats.",
    )


def _holds_workbook(path: Path, name: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(n in {"[Content_Types].xml", "mimetype"} for n in archive.namelist())
    except zipfile.BadZipFile as problem:
        raise unreadable(name, problem) from problem


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


def _open_csv(path: Path, name: str, kind: str, encoding: str | None, delimiter: str | None) -> RegistryFile:
    with _bytes(path, kind, name) as stream:
        head = bytes(stream.read(HEAD))
        # A small file is looked at whole, so that its encoding is certain.
        whole = len(head) < HEAD
        if not whole and kind == "text" and os.path.getsize(path) < 64 * HEAD:
            head += bytes(stream.read(63 * HEAD))
            whole = True
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise RegistryError(
            f"The registry {name} is empty.", rule="A registry has a header and at least one row."
        )
    try:
        dialect = sniff(head, whole=whole, encoding=encoding, delimiter=delimiter)
    except ValueError as problem:
        raise _binary(name, str(problem)) from problem
    except LookupError as problem:
        raise RegistryError(
            f"Unknown encoding {encoding!r}.", fix="utf-8, utf-16, cp1251, cp1252 …"
        ) from problem
    schema = pa.schema([pa.field(n, pa.string()) for n in dialect.header])

    def read(on_ragged: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        with _bytes(path, kind, name) as stream:
            yield from _csv_batches(stream, dialect, schema, on_ragged)

    notes = [f"{dialect.encoding} text, columns separated by {dialect.delimiter_name}"]
    if dialect.skip:
        notes.append(f"{dialect.skip} lines above the header skipped")
    return RegistryFile(path, name, "csv", schema, None, tuple(notes), read, dialect)


def _csv_batches(
    stream: Any, dialect: Dialect, schema: pa.Schema, on_ragged: Callable[[Ragged], None]
) -> Iterator[pa.RecordBatch]:
    header_is_ragged = False

    def ragged(row: Any) -> str:
        nonlocal header_is_ragged
        if row.number == 1:  # the header itself, narrower than its rows
            header_is_ragged = True
            return "skip"
        on_ragged((int(row.number) - 1, row.expected_columns, row.actual_columns, row.text))
        return "skip"

    encoding = "utf8" if dialect.encoding.startswith("utf-8") else dialect.encoding
    names = [f"c{i}" for i in range(len(schema))]  # unique, whatever the header says
    if dialect.skip:
        stream = _without_lines(stream, dialect)
        encoding = "utf8"
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
    first = True
    for batch in reader:
        # The header is read as a row like any other, so that Arrow never sees its names.
        rows = batch.slice(1) if first and not header_is_ragged else batch
        first = first and batch.num_rows == 0
        if rows.num_rows:
            yield pa.RecordBatch.from_arrays(rows.columns, schema=schema)


def _without_lines(stream: Any, dialect: Dialect) -> Any:
    """Drop the lines above the header; such files are small hand-made tables, so memory will do."""
    text = bytes(stream.read()).decode(dialect.encoding)
    return io.BytesIO("".join(text.splitlines(keepends=True)[dialect.skip :]).encode())
