"""Parquet registries as batches, with strings left in the dictionaries that the file keeps them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from occurisk.errors import RegistryError
from occurisk.registry.formats.base import BATCH_ROWS, Ragged, RegistryFile

# Bytes that a value takes outside a dictionary; of a text, at least.
_PLAIN_BYTES = {"BYTE_ARRAY": 5, "INT32": 4, "INT64": 8, "FLOAT": 4, "DOUBLE": 8}


def open_parquet(path: Path, name: str) -> RegistryFile:
    """Prepare to read a Parquet file.

    Raises
    ------
    RegistryError
        If it has no rows.
    """
    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        compact = _compact_columns(file)
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
        with pq.ParquetFile(path, read_dictionary=strings, pre_buffer=False) as file:
            yield from file.iter_batches(BATCH_ROWS)

    return RegistryFile(path, name, "parquet", schema, rows, ("Parquet",), read, compact=compact)


def _compact_columns(file: pq.ParquetFile) -> frozenset[str]:
    """Name the flat columns that dictionaries made small, as the first row group says.

    A writer that gives up on a dictionary half-way still reports one; the bytes per value tell.
    """
    if not file.num_row_groups:
        return frozenset()
    group = file.metadata.row_group(0)
    found = set()
    for i in range(group.num_columns):
        column = group.column(i)
        plain = _PLAIN_BYTES.get(column.physical_type, 0)
        small = column.total_uncompressed_size < 0.8 * plain * max(1, column.num_values)
        if column.has_dictionary_page and small and "." not in column.path_in_schema:
            found.add(column.path_in_schema)
    return frozenset(found)
