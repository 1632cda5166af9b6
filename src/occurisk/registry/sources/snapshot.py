"""The rows of a query, once, as a Parquet file in a temporary folder: read twice, they are the same rows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from occurisk.errors import OutputError, RegistryError
from occurisk.registry.formats.base import as_text, readable
from occurisk.registry.sources.addresses import address_of, is_address
from occurisk.registry.sources.engines import duckdb_batches, postgresql_batches


@contextmanager
def snapshot(registry: Path | str, query: str | None) -> Iterator[tuple[Path, str]]:
    """Yield a Parquet file of a query's rows, and the database's name.

    Parameters
    ----------
    registry : Path or str
        `postgresql://HOST/DATABASE`, or a DuckDB file.
    query : str or None
        One SELECT. Of a DuckDB file with one table, that table by default.

    Raises
    ------
    RegistryError
        If the database cannot be reached, the query fails, or it has no rows.
    OutputError
        If there is no room for the copy.
    """
    if is_address(registry):
        address = address_of(str(registry))
        name, batches = address.name, postgresql_batches(address, query)
    else:
        name, batches = str(registry), duckdb_batches(Path(registry), query)
    folder = Path(tempfile.mkdtemp(prefix="occurisk-"))
    try:
        _write(batches, folder / "rows.parquet", name)
        yield folder / "rows.parquet", name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _storable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch in which what Parquet has no type for, such as intervals of time, is text."""
    columns = [as_text(c) if pa.types.is_interval(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _write(batches: Iterator[pa.RecordBatch], path: Path, name: str) -> None:
    writer, rows = None, 0
    try:
        for batch in map(_storable, map(readable, batches)):
            writer = writer or pq.ParquetWriter(path, batch.schema)
            writer.write_batch(batch)
            rows += batch.num_rows
    except OSError as problem:
        raise OutputError(
            f"Cannot keep a copy of the query's rows in {tempfile.gettempdir()}: {problem.strerror}.",
            rule="The rows of a query are read twice, so they are copied to the folder of temporary files.",
            fix="Make room there, name another folder with TMPDIR, or use occurisk lookup.",
        ) from problem
    finally:
        if writer:
            writer.close()
    if not rows:
        raise RegistryError(f"The query of {name} has no rows.", fix="Check its conditions.")
