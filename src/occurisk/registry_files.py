"""A registry file as a stream of Arrow record batches, and what to say when it cannot be read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from occurisk.errors import RegistryError

BATCH_ROWS = 1 << 19
CSV_BLOCK = 1 << 22
# (record number with the header as record 0, expected fields, found fields, text)
Ragged = tuple[int, int, int, str]


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
    delimiter: str | None = None  # of a text file
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


def no_table(name: str, why: str) -> RegistryError:
    return RegistryError(
        f"The registry {name} is no table: {why}.",
        rule="Parquet, CSV/TSV (also gz, zst, bz2, zip), Excel.",
        fix="Export the list in one of these formats.",
    )
