"""The stream from a registry to its results: read ahead, count, join, write behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.background import finished
from occurisk.files import GrowingDigest
from occurisk.registry.columns.sample import SAMPLE_ROWS, keep, position_of, texts
from occurisk.registry.formats.base import KeyedColumn, Ragged, RegistryFile, Rows, User, Writer, looked_up
from occurisk.registry.formats.csv_writer import CsvOut
from occurisk.registry.group_rows import GroupRows, find_repeats
from occurisk.registry.numbers import Numbers, read_numbers
from occurisk.registry.opening import SUFFIX, open_writer
from occurisk.registry.uncoded_rows import NEITHER, sums, without_jobs
from occurisk.registry.understanding import Understanding
from occurisk.scoring.code_scores import Scores
from occurisk.scoring.codebook import SEPARATOR, TITLE_MARK, CodeBook, ScoreColumns
from occurisk.scoring.options import MOST_UNKNOWN, Progress
from occurisk.scoring.outcomes import (
    OUTCOMES,
    TITLE_ONLY,
    TOTAL_ROW,
    UNUSABLE_WEIGHT,
    Tally,
    aside_columns,
    aside_fields,
    check_ragged,
    write_ragged,
)

# Formats whose files only grow: what has been written is not changed any more.
_APPENDED = ("csv", "parquet", "arrow")


def group_rows(book: CodeBook, tally: Tally, understanding: Understanding, groups: str) -> GroupRows:
    """Find the codes whose rows only add up listed detail.

    Parameters
    ----------
    book : CodeBook
    tally : Tally
    understanding : Understanding
    groups : {"auto", "totals", "separate"}
        See `find_repeats`.
    """
    known = pd.DataFrame(
        {"matched": book.matched, "word": book.words, "rows": tally.rows, "weight": tally.weight},
        index=book.keys,
    )
    totals = np.array([o == TOTAL_ROW for o in book.outcome], dtype=bool)
    known = known[~totals & (tally.rows > 0)]  # a dictionary may list codes that no row has
    return find_repeats(known, understanding.system, groups, understanding.weight is not None)


@dataclass
class Stream:
    """The stream from file to files.

    Attributes
    ----------
    file : RegistryFile
    understanding : Understanding
    where : tuple of (name, value)
        Only rows with these values.
    groups : {"auto", "totals", "separate"}
        See `find_repeats`.
    scores : Scores
    kind : str
        Of the files written.
    staging : Path
        Folder that they are written into.
    prefix : str
        Of the added columns.
    added : tuple of str
        Their names, without the prefix.
    progress : Progress or None
    sample_rows : int
        Rows after which the groups that add up listed detail are first told.
    most_unknown : int
        See `ScoreOptions`.
    digests : dict
        SHA-256 of the files written, by name; filled as they are.
    """

    file: RegistryFile
    understanding: Understanding
    where: tuple[tuple[str, str], ...]
    groups: str
    scores: Scores
    kind: str
    staging: Path
    prefix: str
    added: tuple[str, ...]
    progress: Progress | None
    sample_rows: int = SAMPLE_ROWS
    most_unknown: int = MOST_UNKNOWN
    digests: dict[str, str] = field(default_factory=dict)

    @cached_property
    def conditions(self) -> tuple[tuple[int, str], ...]:
        """Position and value of each condition on rows."""
        names = list(self.understanding.names)
        return tuple((position_of(names, name, "--where"), value) for name, value in self.where)

    def complete(self) -> tuple[CodeBook, Tally, GroupRows]:
        """Stream the rows; again, if what they hold as a whole contradicts what their beginning said.

        Which groups merely add up listed detail shows only when all codes are known. A sample decides
        first (all of a small file), so that one pass is enough for nearly every registry.
        """
        book, tally = self._count(self.sample_rows)
        grouped = group_rows(book, tally, self.understanding, self.groups)
        for _ in range(2):
            book = book.with_repeats(grouped.repeats)
            tally = self._stream(book)
            final = group_rows(book, tally, self.understanding, self.groups)
            if final.repeats == grouped.repeats:
                break
            grouped = final
        return book, tally, final

    def _count(self, most: int) -> tuple[CodeBook, Tally]:
        """Count keys without writing anything."""
        book = CodeBook(self.understanding, self.scores, most_unknown=self.most_unknown)
        tally = Tally()
        for read in self._rows(lambda _: None):
            rows = read if (mask := self._keep(read.batch)) is None else read.filter(mask)
            weight = self._weight_of(rows.batch)
            tally.add(self._numbers(book, rows, weight), weight, len(book.keys))
            if tally.total_rows >= most:
                break
        return book, tally

    def _keep(self, batch: pa.RecordBatch) -> pa.Array | None:
        return keep(batch, self.conditions)

    def _numbers(self, book: CodeBook, rows: Rows, weight: Numbers | None) -> np.ndarray:
        """Return the key number of each row."""
        if self.understanding.code is None:
            if self.understanding.title is None:
                return np.full(rows.batch.num_rows, book.numbers([""])[0], dtype=np.intp)
            by_row = np.zeros(rows.batch.num_rows, np.intp)
            missing = np.arange(rows.batch.num_rows)
        else:
            by_row = self._code_numbers(book, rows.batch)
            missing = np.flatnonzero(np.array([outcome == "missing" for outcome in book.outcome])[by_row])
        return self._without_code(book, rows, weight, by_row.copy(), missing) if len(missing) else by_row

    def _code_numbers(self, book: CodeBook, batch: pa.RecordBatch) -> np.ndarray:
        position, level = self.understanding.code, self.understanding.level
        column = batch.column(position)
        if level is not None:
            word = texts(batch.column(level)).fill_null("")
            column = pc.binary_join_element_wise(texts(column).fill_null(""), word, SEPARATOR)
        if not pa.types.is_dictionary(column.type):
            column = texts(column).dictionary_encode()
        numbers = book.numbers(texts(column.dictionary).to_pylist())
        if column.indices.null_count:
            gap = book.numbers([None])
            numbers = np.concatenate([numbers, gap])
            indices = column.indices.fill_null(len(numbers) - 1)
        else:
            indices = column.indices
        by_row: np.ndarray = pa.array(numbers).take(indices).to_numpy()
        return by_row

    def _without_code(
        self, book: CodeBook, rows: Rows, weight: Numbers | None, by_row: np.ndarray, missing: np.ndarray
    ) -> np.ndarray:
        """Tell sums and rows without jobs apart; for the others the title stands in, where there is one."""
        blank = np.array([not key.partition(SEPARATOR)[0].strip() for key in book.keys] or [True])
        no_code = missing if self.understanding.code is None else missing[blank[by_row[missing]]]
        words = sums(rows, no_code, self.understanding)
        if words:
            by_row[list(words)] = book.numbers(list(words.values()))
            missing = np.setdiff1d(missing, list(words))
        if self.understanding.title is not None:
            titles = rows.batch.column(self.understanding.title).take(pa.array(missing))
            by_row[missing] = _title_numbers(book, titles)
        nothing = without_jobs(rows, np.intersect1d(no_code, missing), weight)
        nothing = nothing[~book.scored[by_row[nothing]]]
        if len(nothing):
            by_row[nothing] = book.numbers([NEITHER])[0]
        return by_row

    def _weight_of(self, batch: pa.RecordBatch) -> Numbers | None:
        position = self.understanding.weight
        return None if position is None else read_numbers(batch.column(position), self.understanding.style)

    def _stream(self, book: CodeBook) -> Tally:
        tally = Tally()
        columns = ScoreColumns(book, self.prefix, self.added)
        suffix = SUFFIX[self.kind]
        user = self.file.schema
        aside = aside_fields(self.file, self.prefix)
        paths = [self.staging / f"{name}{suffix}" for name in ("scored", "unscored")]
        for path in paths:
            path.unlink(missing_ok=True)  # of an earlier pass, that its digest is not taken for this one's
        scored = open_writer(self.kind, paths[0], user, columns.fields, self.file)
        unscored = open_writer(self.kind, paths[1], user, aside, self.file)
        with closing(GrowingDigest(paths[0])) as digest:
            with finished(scored, unscored) as background:
                for rows in background.ahead(self._rows(tally.ragged.append)):
                    background.then(*self._batch(rows, book, columns, tally, scored, unscored))
                    if self.kind in _APPENDED:
                        background.look_on(digest.follow)
                    if self.progress:
                        self.progress(tally.total_rows, self.file.rows)
                background.wait()
                write_ragged(tally, self.file, unscored, OUTCOMES)
            self.digests[paths[0].name] = digest.finish()
        tally.altered = scored.altered + unscored.altered
        return tally

    def _rows(self, on_ragged: Callable[[Ragged], None]) -> Iterator[Rows]:
        """Read from the start; CSV to CSV, most of a row is copied and never parsed."""
        return self.file.read_rows(on_ragged, self._needed() if self.kind == "csv" else None)

    def _needed(self) -> frozenset[int]:
        known = self.understanding
        names = (
            known.code,
            known.level,
            known.weight,
            known.title,
            *(position for position, _ in self.conditions),
        )
        return frozenset(position for position in names if position is not None)

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
        weight = self._weight_of(batch)
        number = self._numbers(book, rows, weight)
        tally.add(number, weight, len(book.keys))
        if self.understanding.code is not None and self.understanding.title is not None:
            tally.add_titles(number, texts(batch.column(self.understanding.title)), weight)
        good = book.scored[number]
        if weight is not None and weight.unusable.any():
            good &= ~weight.unusable
        added = columns.columns()
        if good.all():
            return (_writing(scored, rows.user(), added, number),)
        at = np.flatnonzero(~good)
        reason = book.outcome_number[number[at]]
        if self.understanding.code is None and self.understanding.title is None:
            reason[:] = OUTCOMES.index(TITLE_ONLY)
        if weight is not None:
            reason = np.where(weight.unusable[at], OUTCOMES.index(UNUSABLE_WEIGHT), reason).astype(np.int32)
        position = first + (at if row is None else row[at])
        set_aside = rows.user(pa.array(~good))
        why = aside_columns(self.file, position, reason, OUTCOMES, tally)
        work: list[Callable[[], None]] = [lambda: unscored.write(set_aside, why)]
        if good.any():
            mask = pa.array(good)
            kept = rows.user(mask)
            keys = pa.array(number).filter(mask).to_numpy()
            work.append(_writing(scored, kept, added, keys))
        return tuple(work)


def _writing(scored: Writer, user: User, added: list[KeyedColumn], number: np.ndarray) -> Callable[[], None]:
    """Look up what is added to rows, beside the thread that writes; return the writing that is left to it."""
    if isinstance(scored, CsvOut):  # which turns each key into the end of a line, once
        return lambda: scored.write_keyed(user, added, number)
    columns = looked_up(added, number)
    return lambda: scored.write(user, columns)


def _title_numbers(book: CodeBook, titles: pa.Array) -> np.ndarray:
    """Return the key number of each title."""
    column = texts(titles).fill_null("").dictionary_encode()
    numbers = book.numbers([TITLE_MARK + title for title in column.dictionary.to_pylist()])
    by_row: np.ndarray = numbers[column.indices.to_numpy()]
    return by_row
