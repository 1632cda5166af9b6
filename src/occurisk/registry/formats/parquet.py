"""Write Parquet as rows come: Arrow encodes what is new; of dictionary columns only numbers are packed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from occurisk.registry.formats.looked_up import LookedUp
from occurisk.registry.formats.parquet_encoding import (
    MOST_VALUES,
    Chunk,
    Page,
    bit_chunk,
    bit_page,
    copied,
    dictionary_chunk,
    number_page,
)
from occurisk.registry.formats.thrift_compact import I16, I64, LIST, MAGIC, STRUCT, Struct, encode, footer


class ParquetOut:
    """Parquet; text stays in its dictionaries on the way, and keeps its declared type in the file.

    Every `write` is a row group.
    """

    def __init__(
        self, path: Path, user: pa.Schema, added: list[pa.Field], compact: frozenset[str] | None
    ) -> None:
        self.user, self.added = list(user), added
        # A column that did not fit a dictionary on the way in does not fit one on the way out.
        self.compact = compact
        self.groups: list[Struct] = []
        self.rows = 0
        # Arrow says how such a table is declared: in a file without rows.
        declared = pa.schema([*user, *added], metadata=user.metadata)
        self.footer = footer(_file(declared.empty_table()))
        self.stream = open(path, "wb")  # noqa: SIM115
        self.stream.write(MAGIC)
        self.pool = ThreadPoolExecutor(2)  # each column on its own
        self.end = len(MAGIC)

    @property
    def altered(self) -> int:
        """Always 0: nothing runs in Parquet."""
        return 0

    def write(self, user: list[pa.Array], added: list[pa.Array]) -> None:
        """Append rows."""
        work = self._user(user)
        for field, column in zip(self.added, added, strict=True):
            work.append(partial(_chunks, field, column, compact=True, statistics=False))
        self._append(work, len(user[0]) if user else len(added[0]))

    def write_looked_up(self, user: list[pa.Array], added: list[LookedUp], number: np.ndarray) -> None:
        """Append rows whose added columns follow from their keys."""
        work = self._user(user)
        pages: dict[int, Future[Page]] = {}
        for field, column in zip(self.added, added, strict=True):
            if field.nullable or len(column.values) > MOST_VALUES:
                work.append(partial(_chunks, field, column.rows(number), compact=True, statistics=False))
            elif pa.types.is_boolean(field.type):
                work.append(partial(_bits, field.name, column, number))
            else:
                key = id(column.index)
                if key not in pages:
                    pages[key] = self.pool.submit(_numbers, column, number)
                work.append(partial(_dictionary, field.name, column, pages[key]))
        self._append(work, len(number))

    def _user(self, columns: list[pa.Array]) -> list[Callable[[], list[Chunk]]]:
        work: list[Callable[[], list[Chunk]]] = []
        for field, column in zip(self.user, columns, strict=True):
            compact = self.compact is None or field.name in self.compact
            # Minimum and maximum of dictionary-encoded text cost more than all the rest of the writing.
            statistics = self.compact is None or not compact
            work.append(partial(_chunks, field, column, compact, statistics))
        return work

    def _append(self, work: list[Callable[[], list[Chunk]]], rows: int) -> None:
        chunks = [chunk for some in [self.pool.submit(w) for w in work] for chunk in some.result()]
        start, columns = self.end, []
        for chunk in chunks:
            columns.append(chunk.at(self.end))
            for page in chunk.pages:
                self.stream.write(page)
                self.end += len(page)
        group: Struct = {
            1: (LIST, (STRUCT, columns)),
            2: (I64, sum(chunk.plain_size for chunk in chunks)),
            3: (I64, rows),
            5: (I64, start),
            6: (I64, self.end - start),
        }
        if len(self.groups) <= np.iinfo(np.int16).max:
            group[7] = (I16, len(self.groups))
        self.groups.append(group)
        self.rows += rows

    def close(self) -> None:
        """Finish the file; one without rows still has its columns."""
        self.pool.shutdown()
        found = {**self.footer, 3: (I64, self.rows), 4: (LIST, (STRUCT, self.groups))}
        encoded = encode(found)
        self.stream.write(encoded + len(encoded).to_bytes(4, "little") + MAGIC)
        self.stream.close()

    def abandon(self) -> None:
        """Let go of the file."""
        self.pool.shutdown()
        with suppress(OSError):
            self.stream.close()


def _numbers(column: LookedUp, number: np.ndarray) -> Page:
    return number_page(column.index[number], len(column.values))


def _dictionary(name: str, column: LookedUp, page: Future[Page]) -> list[Chunk]:
    return [dictionary_chunk(name, column.values, page.result())]


def _bits(name: str, column: LookedUp, number: np.ndarray) -> list[Chunk]:
    truth = column.values.to_numpy(zero_copy_only=False).astype(np.uint8)[column.index]
    return [bit_chunk(name, bit_page(truth[number]))]


def _chunks(field: pa.Field, column: pa.Array, compact: bool, statistics: bool) -> list[Chunk]:
    """Encode a column: one chunk, or one per leaf if it is nested."""
    if pa.types.is_dictionary(column.type) and _is_plain_text(column):
        index = column.indices.to_numpy()
        page = number_page(index, len(column.dictionary), field.nullable)
        return [dictionary_chunk(field.name, column.dictionary, page)]
    table = pa.Table.from_arrays([column], schema=pa.schema([field.with_type(column.type)]))
    file = _file(table, use_dictionary=compact, write_statistics=statistics)
    [group] = footer(file)[4][1][1]
    return [copied(file, column) for column in group[1][1][1]]


def _is_plain_text(column: pa.DictionaryArray) -> bool:
    kind, n = column.dictionary.type, len(column.dictionary)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return text and 0 < n <= MOST_VALUES and not column.null_count and not column.dictionary.null_count


def _file(table: pa.Table, **options: bool) -> memoryview:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table, row_group_size=max(1, len(table)))
    return memoryview(sink.getvalue())
