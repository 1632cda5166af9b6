"""Each distinct value of a register scored, or with the reason why not: the table that a join needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from occurisk.errors import RegistryError
from occurisk.files import sha256, write_json
from occurisk.registry.columns.sample import IntakeOptions, position_of
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.understanding import Understanding, understand
from occurisk.scoring.accounting.account import ScoredWith, Written
from occurisk.scoring.accounting.account_report import write_reports
from occurisk.scoring.by_code import group_rows
from occurisk.scoring.code_scores import Scores
from occurisk.scoring.codebook import SCORE_COLUMNS, TITLE_MARK, CodeBook, ScoreColumns
from occurisk.scoring.lookup import dialects
from occurisk.scoring.lookup.distinct_values import DistinctValues, read_distinct_values
from occurisk.scoring.options import ReadOptions, ScoreOptions
from occurisk.scoring.outcomes import Tally, exact_sums
from occurisk.scoring.score import opened
from occurisk.scoring.scored_registry import LOOKUP, ScoredRegistry, scored_by_code

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle

TABLE, MANIFEST = f"{LOOKUP}.parquet", "lookup.json"
# Rows of one INSERT: engines limit the length of a statement.
_INSERT = 500
_TYPES = {pa.string(): "TEXT", pa.float64(): "DOUBLE", pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}


@dataclass(frozen=True)
class ValueColumns:
    """Columns of the grouped table: the value, its rows and, if there is one, its weight."""

    value: str = "value"
    rows: str = "rows"
    weight: str | None = None


@dataclass(frozen=True)
class Lookup:
    """A lookup that was written.

    Attributes
    ----------
    scored : ScoredRegistry
        The account of the register's rows, and by occupation.
    table : pa.Table
        `key`, `outcome`, `scored`, `rows`, `weight`, and the columns of a score.
    notes : tuple of str
        What was merged, and what to beware of.
    """

    scored: ScoredRegistry
    table: pa.Table
    notes: tuple[str, ...]


def make_lookup(
    model: Bundle,
    values: Path | str,
    out: Path,
    register: dialects.Register,
    *,
    columns: ValueColumns | None = None,
    options: IntakeOptions | None = None,
    reading: ReadOptions | None = None,
    choices: ScoreOptions | None = None,
    force: bool = False,
) -> Lookup:
    """Score the distinct values of a register that stays where it is.

    Parameters
    ----------
    model : Bundle
    values : Path or str
        A table of `value,rows[,weight][,breakdowns]`: what `dialects.values_query` returns. Or the
        database itself, with that query in `reading`.
    out : Path
        Folder for `lookup.parquet`, `lookup.json`, SQL by dialect, and the reports of a scoring run.
    register : Register
        The table that the SQL speaks of.
    columns : ValueColumns, optional
    options, reading, choices
        As for `score_registry`.
    force : bool
        Replace an earlier lookup.

    Returns
    -------
    Lookup

    Raises
    ------
    RegistryError, CrosswalkError, OutputError
        What the user can mend.
    """
    options, reading = options or IntakeOptions(), reading or ReadOptions()
    choices, columns = choices or ScoreOptions(), columns or ValueColumns()
    with opened(values, Path(out), "lookup", options, reading, force) as (values_file, results):
        distinct = read_distinct_values(values_file, columns.value, columns.rows, columns.weight)
        # What the column is called in the register is evidence; `value` would say nothing.
        file = _as_in_register(values_file, columns.value, register.code)
        weight = columns.weight or columns.rows
        counted_by = replace(options, weight_column=weight)
        if options.titles == "only":
            counted_by = replace(counted_by, title_column=register.code)
        else:
            counted_by = replace(counted_by, code_column=register.code)
        understanding = _fitting(understand(file, counted_by), options)
        scores = Scores.of(model, choices.scores, choices.weights)
        book = CodeBook(understanding, scores, most_unknown=choices.most_unknown)
        number = book.numbers(_keys(distinct.value, understanding))
        tally = _tally(distinct, number, len(book.keys))
        groups = group_rows(book, tally, understanding, options.levels)
        book = book.with_repeats(groups.repeats)
        scored_with = ScoredWith(
            model.version, choices.scores, choices.weights, model.bands, model.rating_error
        )
        scored = scored_by_code(
            book, tally, groups, file, understanding, counted_by, scored_with,
            Written(LOOKUP, choices.column_prefix, SCORE_COLUMNS), Path(out), 0.0,
        )  # fmt: skip
        table = _table(distinct, book, number)
        write_reports(scored, results.folder)
        pq.write_table(table, results.folder / TABLE)
        _write_sql(table, register, choices.column_prefix, results.folder / "sql")
        write_json(results.folder / MANIFEST, _manifest(distinct, table, register, model, results.folder))
    return Lookup(scored, table, distinct.notes)


def _keys(values: list[str | None], understanding: Understanding) -> list[str | None]:
    """Return the values as keys of a book: codes as they are, titles with their mark."""
    if understanding.code is not None:
        return values
    return [TITLE_MARK + (value or "") for value in values]


def _as_in_register(file: RegistryFile, value: str, code: str) -> RegistryFile:
    names = [str(name) for name in file.schema.names]
    position = position_of(names, value, "--value-column")
    return replace(file, schema=file.schema.set(position, file.schema.field(position).with_name(code)))


def _fitting(known: Understanding, options: IntakeOptions) -> Understanding:
    """Refuse values that do not fit the coding system found; one that the user named is warned of."""
    if known.warnings and options.taxonomy == "auto" and not options.crosswalk:
        raise RegistryError(
            "The values of this register fit no coding system well enough to be scored unasked.",
            first=known.warnings[0],
            rule="At least 80% of the values must exist in a coding system.",
            fix="Name the system with --taxonomy, or map national codes to ISCO or SOC with --crosswalk.",
        )
    return known


def _tally(distinct: DistinctValues, number: np.ndarray, keys: int) -> Tally:
    """Count the register's rows as if they had passed one by one."""
    rows = np.zeros(keys, np.int64)
    np.add.at(rows, number, distinct.rows)
    each = [Decimal(n) for n in distinct.rows] if distinct.weight is None else distinct.weight
    weight = exact_sums(number, each, keys)
    total = distinct.total_weight
    return Tally(
        rows, weight, np.zeros(keys, np.int64), total_rows=distinct.total_rows,
        totals=[float(total if total is not None else distinct.total_rows)],
    )  # fmt: skip


def _table(distinct: DistinctValues, book: CodeBook, number: np.ndarray) -> pa.Table:
    """One row per value of the register; a value without a score has its reason and nothing else."""
    scored = book.scored[number]
    added = ScoreColumns(book, "")
    names = [field.name for field in added.fields]
    columns: dict[str, pa.Array] = {
        "key": pa.array(distinct.value, pa.string()),
        "outcome": pa.array(np.array(book.outcome, dtype=object)[number], pa.string()),
        "scored": pa.array(scored),
        "rows": pa.array(distinct.rows, pa.int64()),
    }
    if distinct.weight is not None:
        columns["weight"] = pa.array([round(w, 6) for w in distinct.weight], pa.decimal128(38, 6))
    mask = pa.array(scored)
    for name, column in zip(names, added.columns(), strict=True):
        if name != "match":  # it is the outcome
            values = column.rows(number)
            values = values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
            columns[name] = pc.if_else(mask, values, pa.scalar(None, values.type))
    table = pa.table(columns)
    # NULL joins with nothing, and the join says so itself.
    return table.filter(pc.is_valid(table["key"]))


def score_names(table: pa.Table) -> list[str]:
    """Return the columns of a lookup that a scored row gets."""
    return [n for n in table.column_names if n not in ("key", "outcome", "scored", "rows", "weight")]


def _write_sql(table: pa.Table, register: dialects.Register, prefix: str, folder: Path) -> None:
    names = score_names(table)
    types = {f.name: _TYPES.get(f.type, "DECIMAL(38, 6)") for f in table.schema}
    for dialect in dialects.DIALECTS:
        place = folder / dialect
        place.mkdir(parents=True)
        with open(place / "1_load.sql", "w", encoding="utf-8", newline="\n") as stream:
            stream.write(dialects.create_query(types, dialect))
            for piece in _pieces(table):
                stream.write(dialects.insert_query(table.column_names, piece, dialect))
        for name, query in (
            ("2_check.sql", dialects.check_query(register, dialect)),
            ("3_account.sql", dialects.account_query(register, dialect)),
            ("4_join.sql", dialects.join_query(register, names, prefix, dialect)),
        ):
            (place / name).write_text(query, encoding="utf-8", newline="\n")


def _pieces(table: pa.Table) -> Iterator[list[tuple[Any, ...]]]:
    for batch in table.to_batches(max_chunksize=_INSERT):
        rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        if rows:
            yield rows


def _manifest(
    distinct: DistinctValues, table: pa.Table, register: dialects.Register, model: Bundle, folder: Path
) -> dict[str, Any]:
    weight: Decimal | None = distinct.total_weight
    return {
        "table": TABLE,
        "sha256": sha256(folder / TABLE),
        "model": model.version,
        "register": register.table,
        "code_column": register.code,
        "weight_column": register.weight,
        "values": table.num_rows,
        "values_scored": int(pc.sum(table["scored"]).as_py() or 0),
        "rows": distinct.total_rows,
        "weight": None if weight is None else str(weight),
        "notes": list(distinct.notes),
    }
