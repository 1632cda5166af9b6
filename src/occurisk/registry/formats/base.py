"""A registry file as a stream of Arrow record batches, and what to say when it cannot be read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from occurisk.errors import RegistryError

_T = TypeVar("_T")
BATCH_ROWS = 1 << 18
CSV_BLOCK = 1 << 22
# (record number with the header as record 0, expected fields, found fields, text)
Ragged = tuple[int, int, int, str]


@dataclass(frozen=True)
class Rows:
    """Rows of a registry.

    Attributes
    ----------
    batch : pyarrow.RecordBatch
        All columns; if there are lines, those that were not asked for are gaps.
    lines : pyarrow.StringArray or None
        The rows as comma-separated lines, each with the line feed before it, that may be written as they are.
    """

    batch: pa.RecordBatch
    lines: pa.StringArray | None = None

    def filter(self, mask: pa.Array) -> Rows:
        """Return the rows where the mask is true."""
        return Rows(self.batch.filter(mask), None if self.lines is None else self.lines.filter(mask))

    def user(self, mask: pa.Array | None = None) -> list[pa.Array] | pa.StringArray:
        """Return what a writer passes on, of all rows or of those where the mask is true."""
        if self.lines is not None:
            return self.lines if mask is None else self.lines.filter(mask)
        # Column by column: a batch filters through positions, at five times the cost.
        return [c if mask is None else c.filter(mask) for c in self.batch.columns]


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
    # `lines(needed, on_ragged)`, of text that is written as ours is
    lines: Callable[[frozenset[int], Callable[[Ragged], None]], Iterator[Rows]] | None = None

    def batches(self, on_ragged: Callable[[Ragged], None] = lambda _: None) -> Iterator[pa.RecordBatch]:
        """Read from the start; a reader's own complaint becomes a `RegistryError`."""
        return self._readable(self.read(on_ragged))

    def read_rows(
        self, on_ragged: Callable[[Ragged], None], needed: frozenset[int] | None = None
    ) -> Iterator[Rows]:
        """Read from the start; where only some columns are needed, as lines if that can be done."""
        if needed is None or self.lines is None:
            return map(Rows, self.batches(on_ragged))
        return self._readable(self.lines(needed, on_ragged))

    def _readable(self, pieces: Iterator[_T]) -> Iterator[_T]:
        try:
            yield from pieces
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
