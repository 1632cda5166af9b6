"""Arrow files (IPC, also called Feather), in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.formats.base import BATCH_ROWS, Ragged, RegistryFile, readable


def open_arrow(path: Path, name: str) -> RegistryFile:
    """Prepare to read an Arrow file.

    Raises
    ------
    RegistryError
        If it has no rows.
    """
    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        schema = file.schema
        rows = sum(file.get_batch(i).num_rows for i in range(file.num_record_batches))
    if rows == 0:
        raise RegistryError(
            f"The registry {name} has columns and no rows.",
            rule="A registry has a header and at least one row.",
        )
    plain = pa.schema([f.with_type(_written(f.type)) for f in schema], metadata=schema.metadata)

    def read(_: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
            for i in range(file.num_record_batches):
                whole = file.get_batch(i)
                whole.validate(full=True)  # offsets in a damaged file may lead anywhere
                for start in range(0, whole.num_rows, BATCH_ROWS):
                    yield readable(whole.slice(start, BATCH_ROWS))

    return RegistryFile(path, name, "arrow", plain, rows, ("Arrow",), read)


def _written(kind: pa.DataType) -> pa.DataType:
    """Return the type that a column is written in: an Arrow file cannot change a dictionary half-way."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


class ArrowOut:
    """An Arrow file, batch by batch, compressed as Feather is."""

    def __init__(self, path: Path, user: pa.Schema, added: list[pa.Field]) -> None:
        fields = [f.with_type(_written(f.type)) for f in (*user, *added)]
        self.schema = pa.schema(fields, metadata=user.metadata)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self.writer = pa.ipc.new_file(str(path), self.schema, options=options)

    @property
    def altered(self) -> int:
        """Always 0: nothing runs in an Arrow file."""
        return 0

    def write(self, user: list[pa.Array], added: list[pa.Array]) -> None:
        """Append rows."""
        columns = [c.cast(f.type) for c, f in zip([*user, *added], self.schema, strict=True)]
        self.writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self.schema))

    def close(self) -> None:
        """Finish the file."""
        self.writer.close()

    def abandon(self) -> None:
        """Let go of the file."""
        with suppress(OSError, pa.ArrowException):
            self.writer.close()
