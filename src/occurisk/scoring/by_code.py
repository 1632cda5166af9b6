"""The stream from a registry to its results: read ahead, count, join, write behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.registry.columns import IntakeOptions, keep, position_of, texts
from occurisk.registry.formats.base import Ragged, RegistryFile, Rows
from occurisk.registry.formats.writers import SUFFIX, Writer, open_writer
from occurisk.registry.group_rows import GroupRows, find_repeats
from occurisk.registry.numbers import Numbers, read_numbers
from occurisk.registry.understanding import Understanding
from occurisk.scoring.codebook import (
    OUTCOMES,
    RAGGED,
    SEPARATOR,
    TITLE_ONLY,
    UNUSABLE_WEIGHT,
    CodeBook,
    ScoreColumns,
    Scores,
)
from occurisk.scoring.outcomes import Tally

# progress(rows done, rows in all or None)
Progress = Callable[[int, int | None], None]
_SAMPLE_ROWS = 200_000
# Ragged rows are kept one by one; with this many, the delimiter is wrong or the file is no table.
_MOST_RAGGED = 100_000


@dataclass
class Stream:
    """The stream from file to files."""

    file: RegistryFile
    understanding: Understanding
    options: IntakeOptions
    scores: Scores
    kind: str
    staging: Path
    prefix: str
    progress: Progress | None

    def complete(self) -> tuple[CodeBook, Tally, GroupRows]:
        """Stream the rows; again, if what they hold as a whole contradicts what their beginning said.

        Which groups merely add up listed detail shows only when all codes are known. A sample decides
        first (all of a small file), so that one pass is enough for nearly every registry.
        """
        book, tally = self._count(_SAMPLE_ROWS)
        levels = self._levels(book, tally)
        for _ in range(2):
            tally = self._stream(book.repeating(levels.repeats))
            final = self._levels(book, tally)
            if final.repeats == levels.repeats:
                break
            levels = final
        return book, tally, final

    def _levels(self, book: CodeBook, tally: Tally) -> GroupRows:
        known = pd.DataFrame(
            {"matched": book.matched, "word": book.words, "rows": tally.rows, "weight": tally.weight},
            index=book.keys,
        )
        totals = np.array([o == "total row" for o in book.outcome], dtype=bool)
        weighted = self.understanding.weight is not None
        known = known[~totals & (tally.rows > 0)]  # a dictionary may list codes that no row has
        return find_repeats(known, self.understanding.system, self.options.levels, weighted)

    def _count(self, most: int) -> tuple[CodeBook, Tally]:
        """Count keys without writing anything."""
        book, tally = CodeBook(self.understanding, self.scores), Tally()
        for batch in self.file.batches():
            rows = batch if (mask := self._keep(batch)) is None else batch.filter(mask)
            tally.add(self._numbers(book, rows), self._weights(rows), len(book.keys))
            if tally.total_rows >= most:
                break
        return book, tally

    def _keep(self, batch: pa.RecordBatch) -> pa.Array | None:
        names = list(self.understanding.names)
        return keep(batch, tuple((position_of(names, n, "--where"), v) for n, v in self.options.where))

    def _numbers(self, book: CodeBook, batch: pa.RecordBatch) -> np.ndarray:
        """Return the key number of each row."""
        position, level = self.understanding.code, self.understanding.level
        if position is None:
            return np.full(batch.num_rows, book.numbers([""])[0], dtype=np.intp)
        column = batch.column(position)
        if level is not None:
            word = texts(batch.column(level)).fill_null("")
            column = pc.binary_join_element_wise(texts(column).fill_null(""), word, SEPARATOR)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        numbers = book.numbers(texts(column.dictionary).to_pylist())
        if column.indices.null_count:
            gap = book.numbers([None])
            numbers = np.concatenate([numbers, gap])
            indices = column.indices.fill_null(len(numbers) - 1)
        else:
            indices = column.indices
        found: np.ndarray = pa.array(numbers).take(indices).to_numpy()
        return found

    def _weights(self, batch: pa.RecordBatch) -> Numbers | None:
        position = self.understanding.weight
        return None if position is None else read_numbers(batch.column(position), self.understanding.style)

    def _stream(self, book: CodeBook) -> Tally:
        tally = Tally()
        columns = ScoreColumns(book, self.prefix)
        suffix = SUFFIX[self.kind]
        compact = self.file.compact if self.file.kind == "parquet" else None
        user = self.file.schema
        aside = aside_fields(self.file, self.prefix)
        scored = open_writer(self.kind, self.staging / f"scored{suffix}", user, columns.fields, compact)
        unscored = open_writer(self.kind, self.staging / f"unscored{suffix}", user, aside, compact)
        with finished(scored, unscored) as background:
            # CSV to CSV, most of a row is copied and never parsed.
            needed = self._needed() if self.kind == "csv" else None
            for rows in background.ahead(self.file.read_rows(tally.ragged.append, needed)):
                background.then(*self._batch(rows, book, columns, tally, scored, unscored))
                if self.progress:
                    self.progress(tally.total_rows, self.file.rows)
            background.wait()
            write_ragged(tally, self.file, unscored, OUTCOMES)
        tally.altered = scored.altered + unscored.altered
        return tally

    def _needed(self) -> frozenset[int]:
        names, known = list(self.understanding.names), self.understanding
        where = (position_of(names, name, "--where") for name, _ in self.options.where)
        found = (known.code, known.level, known.weight, *where)
        return frozenset(position for position in found if position is not None)

    def _batch(
        self,
        rows: Rows,
        book: CodeBook,
        columns: ScoreColumns,
        tally: Tally,
        scored: Writer,
        unscored: Writer,
    ) -> tuple[Callable[[], None], ...]:
        """Count a batch; return the writing that is left to do, for another thread."""
        check_ragged(tally, self.file)
        mask = self._keep(rows.batch)
        row = None
        first = tally.total_rows + tally.filtered
        if mask is not None:
            row = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
            tally.filtered += rows.batch.num_rows - len(row)
            rows = rows.filter(mask)
        batch = rows.batch
        if not batch.num_rows:
            return ()
        number, weights = self._numbers(book, batch), self._weights(batch)
        tally.add(number, weights, len(book.keys))
        good = book.scored[number]
        if weights is not None and weights.unusable.any():
            good &= ~weights.unusable
        added = columns.columns()
        if good.all():
            return (lambda: scored.write_looked_up(rows.user(), added, number),)
        at = np.flatnonzero(~good)
        reason = book.outcome_number[number[at]]
        if self.understanding.code is None:
            reason[:] = OUTCOMES.index(TITLE_ONLY)
        if weights is not None:
            reason = np.where(weights.unusable[at], OUTCOMES.index(UNUSABLE_WEIGHT), reason).astype(np.int32)
        position = first + (at if row is None else row[at])
        set_aside = rows.user(pa.array(~good))
        why = aside_columns(self.file, position, reason, OUTCOMES, tally)
        work: list[Callable[[], None]] = [lambda: unscored.write(set_aside, why)]
        if good.any():
            mask = pa.array(good)
            kept = rows.user(mask)
            keys = pa.array(number).filter(mask).to_numpy()
            work.append(lambda: scored.write_looked_up(kept, added, keys))
        return tuple(work)


def write_ragged(tally: Tally, file: RegistryFile, unscored: Writer, outcomes: tuple[str, ...]) -> None:
    """Keep rows that do not have the header's number of fields, as the lines that they are."""
    rows = tally.ragged
    if not rows:
        return
    n = len(rows)
    reason = np.full(n, outcomes.index(RAGGED), np.int32)
    added = [
        pa.array([r[0] for r in rows], pa.int64()),
        pa.DictionaryArray.from_arrays(pa.array(reason), pa.array(outcomes)),
        pa.array([text.rstrip("\r\n") for *_, text in rows], pa.string()),
    ]
    unscored.write([pa.nulls(n, f.type) for f in file.schema], added)


def check_ragged(tally: Tally, file: RegistryFile) -> None:
    """Stop where so many rows are ragged that the file was misread."""
    if len(tally.ragged) > _MOST_RAGGED:
        number, expected, found, _ = tally.ragged[0]
        raise RegistryError(
            f"More than {_MOST_RAGGED:,} rows of {file.name} do not have the header's number of fields.",
            first=f"row {number}: {found} fields instead of {expected}",
            fix="Check the delimiter (--delimiter) and the quotation marks of the file.",
        )


def aside_fields(file: RegistryFile, prefix: str) -> list[pa.Field]:
    """Name the columns that rows without a score get: row number, reason and, of ragged rows, the line."""
    fields = [
        pa.field(f"{prefix}row", pa.int64()),
        pa.field(f"{prefix}reason", pa.dictionary(pa.int32(), pa.string())),
    ]
    return [*fields, pa.field(f"{prefix}line", pa.string())] if file.kind == "csv" else fields


def aside_columns(
    file: RegistryFile, position: np.ndarray, reason: np.ndarray, outcomes: tuple[str, ...], tally: Tally
) -> list[pa.Array]:
    """Return those columns for rows at these positions (from 0, among sound rows)."""
    added = [
        pa.array(record_numbers(position, tally.ragged)),
        pa.DictionaryArray.from_arrays(pa.array(reason.astype(np.int32)), pa.array(outcomes)),
    ]
    return [*added, pa.nulls(len(position), pa.string())] if file.kind == "csv" else added


def record_numbers(position: np.ndarray, ragged: list[Ragged]) -> np.ndarray:
    """Turn positions among sound rows (from 0) into row numbers of the file (from 1), ragged rows counted."""
    if not ragged:
        return position + 1
    record = np.array([r[0] for r in ragged])
    sound_before = record - 1 - np.arange(len(record))  # sound rows before each ragged one
    return position + 1 + np.searchsorted(sound_before, position, side="right")


@contextmanager
def finished(*writers: Writer) -> Iterator[Background]:
    """Yield a background; close the files when it is done, let go of them if something goes wrong."""
    try:
        with Background() as background:
            yield background
            background.wait()
            for writer in writers:
                background.then(writer.close)
    except BaseException:
        for writer in writers:
            writer.abandon()
        raise


class Background:
    """One thread that reads ahead and one that writes behind, each with a short queue."""

    def __init__(self, depth: int = 2) -> None:
        self.depth = depth
        self.reader, self.writer = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self.pending: list[Future[None]] = []

    def __enter__(self) -> Background:
        return self

    def ahead(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield batches while the next are being read."""
        end = object()

        def step() -> Any:
            return next(batches, end)

        waiting = [self.reader.submit(step) for _ in range(self.depth)]
        while (batch := waiting.pop(0).result()) is not end:
            waiting.append(self.reader.submit(step))
            yield batch

    def then(self, *work: Callable[[], None]) -> None:
        """Do this after what was asked before; wait if too much is pending."""
        self.pending += [self.writer.submit(w) for w in work]
        while len(self.pending) > 2 * self.depth:
            self.pending.pop(0).result()

    def wait(self) -> None:
        """Wait until everything is written."""
        while self.pending:
            self.pending.pop(0).result()

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            for pool in (self.reader, self.writer):
                pool.shutdown(wait=True, cancel_futures=True)
