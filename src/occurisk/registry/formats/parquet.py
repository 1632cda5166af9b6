"""Parquet registries, in and out: text stays in the dictionaries that the file keeps it in."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from occurisk.errors import RegistryError
from occurisk.registry.formats.base import (
    BATCH_BYTES,
    BATCH_ROWS,
    Ragged,
    RegistryFile,
    readable,
)

# Bytes that a value takes outside a dictionary; of a text, at least.
_PLAIN_BYTES = {"BYTE_ARRAY": 5, "INT32": 4, "INT64": 8, "FLOAT": 4, "DOUBLE": 8}

# Bytes of a column that are read at a time, however large its row group.
_BUFFER = 1 << 20


def open_parquet(path: Path, name: str) -> RegistryFile:
    """Prepare to read a Parquet file.

    Raises
    ------
    RegistryError
        If it has no rows.
    """
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        if rows:
            # Reading checks the footer; asking it for a column of a damaged file ends the process.
            next(file.iter_batches(1, row_groups=[0]), None)
        compact = _compact_columns(file)
        batch_rows = _batch_rows(file)
    if rows == 0:
        raise RegistryError(
            f"The registry {name} has columns and no rows.",
            rule="A registry has a header and at least one row.",
        )
    strings = [
        f.name
        for f in schema
        if f.name in compact and (pa.types.is_string(f.type) or pa.types.is_large_string(f.type))
    ]

    def read(_: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, read_dictionary=strings, pre_buffer=False, buffer_size=_BUFFER) as file:
            for batch in file.iter_batches(batch_rows):
                yield _sound(readable(batch), name)

    return RegistryFile(path, name, "parquet", schema, rows, ("Parquet",), read, compact=compact)


def _sound(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """Return a batch whose texts are UTF-8 and stand in their dictionaries: nobody has looked so far."""
    for field, column in zip(batch.schema, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except (pa.ArrowInvalid, pa.ArrowIndexError) as problem:
            raise RegistryError(
                f"The column {field.name!r} of {name} holds what it must not: {problem}.",
                rule="Text in Parquet is UTF-8, and a value's number is one of its dictionary.",
                fix="Write the file again with a tool that checks its texts.",
            ) from problem
    return batch


def _compact_columns(file: pq.ParquetFile) -> frozenset[str]:
    """Name the flat columns that dictionaries made small, as the first row group says.

    A writer that gives up on a dictionary half-way still reports one; the bytes per value tell.
    """
    if not file.num_row_groups:
        return frozenset()
    compact = set()
    for column in (file.metadata.row_group(0).column(i) for i in range(len(file.schema))):
        plain = _PLAIN_BYTES.get(column.physical_type, 0)
        small = column.total_uncompressed_size < 0.8 * plain * max(1, column.num_values)
        if column.has_dictionary_page and small and "." not in column.path_in_schema:
            compact.add(column.path_in_schema)
    return frozenset(compact)


def _batch_rows(file: pq.ParquetFile) -> int:
    """Return how many rows to read at a time, so that no batch is larger than `BATCH_BYTES`."""
    widest = 1.0
    for i in range(file.num_row_groups):
        group = file.metadata.row_group(i)
        if group.num_rows > 0:
            widest = max(widest, group.total_byte_size / group.num_rows)
    return int(max(1, min(BATCH_ROWS, BATCH_BYTES // widest)))


class ParquetOut:
    """Parquet by Arrow: the user's columns keep their declared types, and have statistics.

    Every write is a row group. What is a dictionary stays one on the way; the file declares text.
    """

    def __init__(
        self, path: Path, user: pa.Schema, added: list[pa.Field], compact: frozenset[str] | None
    ) -> None:
        self.path, self.user, self.added, self.compact = path, user, added, compact
        self.writer: pq.ParquetWriter | None = None

    @property
    def altered(self) -> int:
        """Always 0: nothing runs in Parquet."""
        return 0

    def write(self, user: list[pa.Array], added: list[pa.Array]) -> None:
        """Append rows."""
        columns = [*user, *added]
        fields = [*self.user, *self.added]
        if self.writer is None:
            self.writer = self._open(
                [_on_the_way(f.type, c.type) for f, c in zip(fields, columns, strict=True)]
            )
        declared = self.writer.schema
        arrays = [_as(c, f.type) for c, f in zip(columns, declared, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=declared)
        self.writer.write_table(table, row_group_size=max(1, len(table)))

    def _open(self, types: list[pa.DataType]) -> pq.ParquetWriter:
        fields = [*self.user, *self.added]
        declared = pa.schema(fields, metadata=self.user.metadata)
        schema = pa.schema(
            [f.with_type(kind) for f, kind in zip(fields, types, strict=True)], metadata=self.user.metadata
        )
        ours = [f.name for f in self.added]
        # A column that did not fit a dictionary on the way in does not fit one on the way out.
        kept = True if self.compact is None else [*self.compact, *ours]
        # Smallest and largest of text in dictionaries cost more than all the rest of the writing.
        own = [f.name for f, kind in zip(self.user, types, strict=False) if not pa.types.is_dictionary(kind)]
        writer = pq.ParquetWriter(
            self.path,
            schema,
            use_dictionary=kept,
            write_statistics=own or False,
            write_page_index=bool(own),
            store_schema=False,
        )
        # Arrow reads from here how the table is declared; its own note would say `dictionary`.
        note = base64.b64encode(declared.serialize().to_pybytes())
        writer.add_key_value_metadata({b"ARROW:schema": note})
        return writer

    def close(self) -> None:
        """Finish the file; one without rows still has its columns."""
        if self.writer is None:
            self.writer = self._open([f.type for f in (*self.user, *self.added)])
        self.writer.close()

    def abandon(self) -> None:
        """Let go of the file."""
        if self.writer is not None:
            with suppress(OSError, pa.ArrowException):
                self.writer.close()


def _on_the_way(declared: pa.DataType, stored: pa.DataType) -> pa.DataType:
    """Return the type that a column is handed to Arrow in."""
    if pa.types.is_dictionary(stored) and pa.types.is_large_string(stored.value_type):
        return pa.dictionary(pa.int32(), pa.large_string())
    return pa.dictionary(pa.int32(), stored.value_type) if pa.types.is_dictionary(stored) else declared


def _as(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    if isinstance(kind, pa.UuidType):
        column = pa.array([None if v is None else UUID(v).bytes for v in column.to_pylist()], pa.binary(16))
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, column.cast(kind.storage_type))
    if pa.types.is_dictionary(kind) and pa.types.is_dictionary(column.type):
        return pa.DictionaryArray.from_arrays(
            column.indices.cast(kind.index_type), column.dictionary.cast(kind.value_type), safe=False
        )
    return column.cast(kind, safe=not pa.types.is_float16(kind))
