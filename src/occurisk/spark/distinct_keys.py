"""The distinct keys of a Spark table, with rows and exact weight: about a thousand rows for the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import texts
from occurisk.registry.formats.base import Ragged, RegistryFile
from occurisk.registry.numbers import MOST
from occurisk.registry.understanding import Understanding
from occurisk.scoring.codebook import SEPARATOR, TITLE_MARK, CodeBook
from occurisk.scoring.outcomes import MOST_BESIDE, Tally, exact_sums
from occurisk.spark.session import functions, named

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# As many first rows as a file is understood by.
_SAMPLE_ROWS = 200_000
# No coding system has as many; a column of titles may.
_MOST_KEYS = 1_000_000
_CODE, _LEVEL, _TITLE = "occurisk_key_code", "occurisk_key_level", "occurisk_key_title"
_BESIDE, _DIGITS = "occurisk_beside", 18


def first_rows(df: DataFrame, name: str, path: Path) -> RegistryFile:
    """Return a table's first rows as a registry, to be understood by.

    Parameters
    ----------
    df : DataFrame
    name : str
        For people.
    path : Path
        Where it lies; need not be a file.
    """
    # One task reads the partitions in their order, and stops as soon as it has enough.
    table = df.coalesce(1).limit(_SAMPLE_ROWS).toArrow()

    def read(_: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()

    return RegistryFile(path, name, "parquet", table.schema, None, ("Spark",), read)


@dataclass(frozen=True)
class Weight:
    """A column of weights as expressions, row by row, with the rules of `registry.numbers`.

    Attributes
    ----------
    exact : Column
        The weight as a decimal where it can be used, else NULL.
    missing, unusable : Column of bool
    """

    exact: Column
    missing: Column
    unusable: Column


def weight_of(df: DataFrame, name: str | None) -> Weight | None:
    """Return the weights of a table; None where every row counts as one.

    Raises
    ------
    RegistryError
        If the column is text.
    """
    if name is None:
        return None
    from pyspark.sql import types

    F, column, kind = functions(), named(name), df.schema[name].dataType
    if not isinstance(kind, types.NumericType):
        raise RegistryError(
            f"The weight column {name!r} is no column of numbers: Spark calls it {kind.simpleString()}.",
            rule="Spark adds up weights as decimals.",
            fix="Cast it first, such as df.withColumn(name, col(name).cast('decimal(18,2)')).",
        )
    missing = column.isNull()
    if isinstance(kind, types.FractionalType) and not isinstance(kind, types.DecimalType):
        column = column.cast("double")
        missing = missing | F.isnan(column)
    usable = ~missing & (column >= 0) & (column <= F.lit(MOST))
    digits = kind.scale if isinstance(kind, types.DecimalType) else 0
    digits = _DIGITS if isinstance(kind, types.FractionalType) and not digits else digits
    decimal = column.cast(f"decimal(38,{min(digits, _DIGITS)})")
    return Weight(F.when(usable, decimal), missing, ~missing & ~usable)


def condition_on(df: DataFrame, where: tuple[tuple[str, str], ...]) -> Column:
    """Return which rows satisfy every `--where`."""
    F = functions()
    known = {name.strip().lower(): name for name in df.columns} | {name: name for name in df.columns}
    found = F.lit(True)
    for name, value in where:
        column = named(known.get(name, known.get(name.strip().lower(), name)))
        found = found & F.coalesce(column.cast("string") == F.lit(value), F.lit(False))
    return found


@dataclass(frozen=True)
class Keys:
    """What rows are joined by, and every distinct value of it.

    Attributes
    ----------
    by : dict of str to Column
        Name of a key column -> its expression over the register.
    table : pyarrow.Table
        The key columns; `rows`, `missing`, `unusable`, `filtered`: numbers of rows; `weight`, exact.
    text : list of str or None
        The keys as a `CodeBook` has them.
    pairs : pyarrow.Table or None
        Where rows have a code and a title: both, with `rows` and `weight`; at most as many as on one machine.
    """

    by: dict[str, Column]
    table: pa.Table
    text: list[str | None]
    pairs: pa.Table | None = None

    def beside(self, book: CodeBook) -> dict[tuple[int, str], tuple[int, float]]:
        """Return which title stands beside which key; see `Tally`."""
        if self.pairs is None:
            return {}
        number = book.numbers(_texts(self.pairs)).tolist()
        rest = (self.pairs[name].to_pylist() for name in (_BESIDE, "rows", "weight"))
        return {
            (key, title): (rows, float(weight or 0))
            for key, title, rows, weight in zip(number, *rest, strict=True)
        }

    def tally(self, number: np.ndarray, keys: int) -> Tally:
        """Count the register's rows as if they had passed one by one; sums are exact until the last step."""
        columns = {name: self.table[name].to_numpy() for name in ("rows", "missing", "unusable", "filtered")}
        rows, unusable = np.zeros(keys, np.int64), np.zeros(keys, np.int64)
        np.add.at(rows, number, columns["rows"] - columns["unusable"])
        np.add.at(unusable, number, columns["unusable"])
        weights = [weight or Decimal(0) for weight in self.table["weight"].to_pylist()]
        return Tally(
            rows, exact_sums(number, weights, keys), unusable, int(columns["missing"].sum()),
            int(columns["rows"].sum()), int(columns["filtered"].sum()), [float(sum(weights, Decimal(0)))],
        )  # fmt: skip


def distinct_keys(
    df: DataFrame, understanding: Understanding, book: CodeBook, weight: Weight | None, kept: Column
) -> Keys:
    """Group a register by what its rows are scored by.

    Parameters
    ----------
    df : DataFrame
    understanding : Understanding
    book : CodeBook
        Says which values of the code column stand for no code, where a title takes its place.
    weight : Weight or None
    kept : Column of bool
        Rows that `--where` lets through.

    Raises
    ------
    RegistryError
        If there are more distinct keys than any coding system has.
    """
    F = functions()
    by: dict[str, Column] = {}
    gaps: list[object] | None = None
    if understanding.code is not None:
        code = named(understanding.names[understanding.code])
        by[_CODE] = code
        if understanding.level is not None:
            by[_LEVEL] = named(understanding.names[understanding.level])
    if understanding.title is not None:
        title = named(understanding.names[understanding.title])
        if understanding.code is None:
            by[_TITLE] = F.coalesce(title, F.lit(""))
        else:
            gaps = _without_code(_collected(df.groupBy(code.alias(_CODE)).agg(F.lit(1))), book)
            empty = code.isNull() | (code.isin([v for v in gaps if v is not None]) if gaps else F.lit(False))
            by[_TITLE] = F.when(empty, F.coalesce(title, F.lit("")))
    by = by or {_CODE: F.lit("")}
    titled = understanding.title is not None and understanding.code is not None
    one, none = F.when(kept, F.lit(1)), F.lit(0)
    exact = one.cast("decimal(38,0)") if weight is None else F.when(kept, weight.exact)
    sums = {
        "rows": F.count(one),
        "missing": F.sum(none) if weight is None else F.count_if(kept & weight.missing),
        "unusable": F.sum(none) if weight is None else F.count_if(kept & weight.unusable),
        "filtered": F.count_if(~kept),
        "weight": F.sum(exact),
    }
    grouped = df.groupBy(*(column.alias(name) for name, column in by.items()))
    found = _collected(grouped.agg(*(total.alias(name) for name, total in sums.items())))
    pairs = _pairs(df.where(kept), by, title, exact) if titled else None
    return Keys(by, found, _texts(found), pairs)


def _pairs(df: DataFrame, by: dict[str, Column], title: Column, exact: Column) -> pa.Table:
    """Count which titles stand beside which codes."""
    F = functions()
    beside = F.coalesce(title.cast("string"), F.lit(""))
    codes = {name: column for name, column in by.items() if name != _TITLE}
    groups = df.where(by[_TITLE].isNull()).groupBy(
        *(column.alias(name) for name, column in codes.items()), beside.alias(_BESIDE)
    )
    sums = (F.count(F.lit(1)).alias("rows"), F.sum(exact).alias("weight"))
    return groups.agg(*sums).limit(MOST_BESIDE).toArrow()


def _collected(groups: DataFrame) -> pa.Table:
    """Bring groups to the driver, in an order of their own."""
    found = groups.limit(_MOST_KEYS + 1).toArrow()
    if found.num_rows > _MOST_KEYS:
        raise RegistryError(
            f"The columns that rows are scored by hold more than {_MOST_KEYS:,} distinct values.",
            rule="Codes, or titles where there are none, are few; numbers of persons are not.",
            fix="Name the column of codes with --code-column (code=).",
        )
    order = pc.sort_indices(pa.array([repr(row) for row in zip(*_plain(found), strict=True)]))
    return found.take(order)


def _plain(table: pa.Table) -> list[list[str | None]]:
    keys = [name for name in (_CODE, _LEVEL, _TITLE) if name in table.column_names]
    return [texts(table[name]).to_pylist() for name in keys]


def _without_code(table: pa.Table, book: CodeBook) -> list[object]:
    """Return the values that stand for no code."""
    number = book.numbers(texts(table[_CODE]).to_pylist())
    values = table[_CODE].to_pylist()
    return [v for v, at in zip(values, number, strict=True) if book.outcome[at] == "missing"]


def _texts(table: pa.Table) -> list[str | None]:
    """Return keys as the stream of a file makes them: cell, cell and level word, or title."""
    names = table.column_names
    text: pa.Array = texts(table[_CODE]) if _CODE in names else pa.nulls(table.num_rows, pa.string())
    if _LEVEL in names:
        text = pc.binary_join_element_wise(text.fill_null(""), texts(table[_LEVEL]).fill_null(""), SEPARATOR)
    if _TITLE in names:
        title = texts(table[_TITLE])
        marked = pc.binary_join_element_wise(pa.scalar(TITLE_MARK), title, "")
        text = pc.if_else(title.is_valid(), marked, text)
    found: list[str | None] = text.to_pylist()
    return found
