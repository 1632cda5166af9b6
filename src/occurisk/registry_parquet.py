"""Parquet registries as batches, with strings left in the dictionaries that the file keeps them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from occurisk.errors import RegistryError
from occurisk.registry_files import BATCH_ROWS, Ragged, RegistryFile


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
    """Name the flat columns whose pages are all dictionary-encoded, as the first row group says."""
    group = file.metadata.row_group(0) if file.num_row_groups else None
    found = set()
    for i in range(group.num_columns if group else 0):
        column = group.column(i)
        # A second PLAIN entry, or one beside RLE_DICTIONARY pages, means that the writer gave up.
        if (
            column.has_dictionary_page
            and column.encodings.count("PLAIN") <= 1
            and "." not in column.path_in_schema
        ):
            found.add(column.path_in_schema)
    return frozenset(found)
