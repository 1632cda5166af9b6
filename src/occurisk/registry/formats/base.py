"""A registry file as a stream of Arrow batches, what is written of it, what to say when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

import numpy as np
import pyarrow as pa

from occurisk.errors import OccuriskError, RegistryError

_T = TypeVar("_T")
# A batch ends at whichever comes first.
BATCH_ROWS, BATCH_BYTES = 1 << 18, 1 << 25
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
class TextStyle:
    """How a text table is written for people: UTF-8, and what their spreadsheet expects.

    Attributes
    ----------
    delimiter : str
        Between cells.
    decimal : {".", ","}
        Decimal mark.
    bom : bool
        Whether it begins with the mark by which spreadsheets know UTF-8.
    """

    delimiter: str = ","
    decimal: str = "."
    bom: bool = False


@dataclass(frozen=True)
class RegistryFile:
    """A registry that can be read any number of times.

    Attributes
    ----------
    path : Path
    name : str
        For people.
    kind : str
        `csv`, `excel`, `parquet`, `arrow`, `stata`, `spss` or `sas`.
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
    style: TextStyle = TextStyle()  # of text that is written from it
    compact: frozenset[str] = field(default_factory=frozenset)  # columns whose pages are dictionaries
    # `lines(needed, on_ragged)`, of text that is written as ours is
    lines: Callable[[frozenset[int], Callable[[Ragged], None]], Iterator[Rows]] | None = None

    about: Any = None  # what a statistics package says of its columns

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
        with reading(self.name):
            yield from pieces


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever a reader raises into a `RegistryError`: decoders and parsers raise what they like."""
    try:
        yield
    except OccuriskError:
        raise
    except Exception as problem:
        raise unreadable(name, problem) from problem
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # what readers written in Rust raise
            raise
        raise unreadable(name, problem) from problem


# The user's columns; or, written as CSV, whole lines, each with the line feed before it.
User: TypeAlias = list[pa.Array] | pa.StringArray


class Writer(Protocol):
    """One output file."""

    @property
    def altered(self) -> int:
        """Cells that had to be made safe."""

    def write(self, user: User, added: list[pa.Array]) -> None:
        """Append rows: the user's columns and ours."""

    def close(self) -> None:
        """Finish the file."""

    def abandon(self) -> None:
        """Let go of a file that will not be finished."""


@dataclass(frozen=True)
class KeyedColumn:
    """A column whose row i holds `values[index[number[i]]]`, `number` being the rows' keys.

    Attributes
    ----------
    values : pyarrow.Array, shape (n_values,)
        Of text, each value once.
    index : ndarray of unsigned integers, shape (n_keys,)
    """

    values: pa.Array
    index: np.ndarray

    def rows(self, number: np.ndarray) -> pa.Array:
        """Return the column for rows with these keys; text stays in its dictionary."""
        return looked_up([self], number)[0]


def looked_up(columns: list[KeyedColumn], number: np.ndarray) -> list[pa.Array]:
    """Return columns for rows with these keys; those that share an index share the look-up.

    Parameters
    ----------
    columns : list of KeyedColumn
    number : ndarray of int, shape (n,)
        The key of each row.

    Returns
    -------
    list of pyarrow.Array
        Each of length n; text stays in its dictionary.
    """
    places: dict[int, pa.Array] = {}
    made = []
    for column in columns:
        place = places.get(id(column.index))
        if place is None:
            place = places[id(column.index)] = pa.array(column.index.astype(np.int32)[number])
        if pa.types.is_string(column.values.type):
            made.append(pa.DictionaryArray.from_arrays(place, column.values, safe=False))
        else:
            made.append(column.values.take(place))
    return made


def sliced(user: User, rows: slice) -> User:
    """Return some of the rows."""
    return [column[rows] for column in user] if isinstance(user, list) else user[rows]


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch in types that Arrow can filter: views as text, extensions as what they store."""
    columns = [_plain_type(c) for c in batch.columns]
    if all(new is old for new, old in zip(columns, batch.columns, strict=True)):
        return batch
    fields = [f.with_type(c.type) for f, c in zip(batch.schema, columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, metadata=batch.schema.metadata))


def _plain_type(column: pa.Array) -> pa.Array:
    if isinstance(column.type, pa.UuidType):
        texts = [None if v is None else str(UUID(bytes=v)) for v in column.storage.to_pylist()]
        return pa.array(texts, pa.string())
    if isinstance(column, pa.ExtensionArray):
        return _plain_type(column.storage)
    if pa.types.is_float16(column.type):
        return column.cast(pa.float32())
    if pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    return column.cast(pa.binary()) if pa.types.is_binary_view(column.type) else column


def as_text(column: pa.Array) -> pa.Array:
    """Return a column of any type as text; bytes that are no UTF-8 as hexadecimal digits."""
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # nested values, bytes
        return pa.array([None if v is None else value_as_text(v) for v in column.to_pylist()], pa.string())


def value_as_text(value: object) -> str:
    """Return a value as text; bytes that are no UTF-8 as hexadecimal digits."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return str(value)


def unreadable(name: str, problem: BaseException) -> RegistryError:
    """Say in one sentence why a reader gave up."""
    text = str(problem).split("\n", maxsplit=1)[0] or type(problem).__name__
    if "straddl" in text:
        return RegistryError(
            f"The registry {name} has a row longer than {CSV_BLOCK >> 20} MB.",
            rule="A row fits into one reading block.",
            fix="Look for a quotation mark that is never closed, or shorten the longest text.",
        )
    if "password" in text.lower():
        return protected(name)
    if "UTF" in text.upper() or isinstance(problem, UnicodeError):
        return RegistryError(
            f"The registry {name} holds text that its encoding cannot explain.",
            first=text,
            fix="Name the encoding: --encoding cp1251 (or utf-16, cp1252 …).",
        )
    return RegistryError(
        f"The registry {name} cannot be read.", first=text, fix="Check that the file is whole; save it again."
    )


def protected(name: str) -> RegistryError:
    return RegistryError(
        f"The workbook {name} is protected by a password.",
        rule="A registry can be opened without one.",
        fix="Open it in Excel, remove the password (File, Info, Protect Workbook, Encrypt) and save it.",
    )


def no_table(name: str, why: str) -> RegistryError:
    return RegistryError(
        f"The registry {name} is no table: {why}.",
        rule="Parquet, CSV/TSV (also gz, zst, bz2, zip), Excel, Arrow, Stata, SPSS, SAS.",
        fix="Export the list in one of these formats.",
    )
