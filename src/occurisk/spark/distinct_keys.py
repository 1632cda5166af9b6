"""The distinct keys of a Spark table, with rows and exact weight: about a thousand rows for the driver."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import texts
from occurisk.registry.uncoded_rows import NEITHER
from occurisk.registry.understanding import Understanding
from occurisk.scoring.codebook import SEPARATOR, TITLE_MARK, CodeBook
from occurisk.scoring.outcomes import MOST_BESIDE, Tally, exact_sums
from occurisk.spark.register import PARTS
from occurisk.spark.session import functions, named
from occurisk.spark.uncoded_rows import JOBLESS, TITLE, WORD, without_code

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from occurisk.spark.register import Weight

# No coding system has as many; a column of titles may.
_MOST_KEYS = 1_000_000
_CODE, _LEVEL = "occurisk_key_code", "occurisk_key_level"
_BESIDE = "occurisk_beside"
_EXACT = pa.decimal256(76, 18)


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
        number = book.numbers(_code_texts(self.pairs)).tolist()
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
        weight = [one or Decimal(0) for one in self.table["weight"].to_pylist()]
        return Tally(
            rows, exact_sums(number, weight, keys), unusable, int(columns["missing"].sum()),
            int(columns["rows"].sum()), int(columns["filtered"].sum()), [float(sum(weight, Decimal(0)))],
        )  # fmt: skip


def distinct_keys(
    df: DataFrame, understanding: Understanding, book: CodeBook, weight: Weight | None, kept: Column
) -> Keys:
    """Group a register by what its rows are scored by.

    One pass over the columns of codes and weights; where some rows lack a code, further passes over these.

    Parameters
    ----------
    df : DataFrame
    understanding : Understanding
    book : CodeBook
        Says which values of the code column stand for no code.
    weight : Weight or None
    kept : Column of bool
        Rows that `--where` lets through.

    Raises
    ------
    RegistryError
        If there are more distinct keys than any coding system has.
    """
    F = functions()
    exact = F.when(kept, F.lit(1).cast("decimal(38,0)") if weight is None else weight.exact)
    by = _codes(understanding)
    if not by:
        every = F.lit(True)
        neither = {_CODE: F.lit("")}
        titled = understanding.title is not None
        by = without_code(df.where(kept), understanding, weight, every, every) if titled else neither
        table = _grouped(df, by, weight, kept)
        return Keys(by, table, _key_texts(table, book))
    table = _grouped(df, by, weight, kept)
    lacking, blank = _without_code(table, book)
    if not lacking.any():
        pairs = _pairs(df.where(kept), by, understanding, exact)
        return Keys(by, table, _key_texts(table, book), pairs)
    values = table[_CODE].to_pylist()
    lacks = _among(by[_CODE], [v for v, one in zip(values, lacking, strict=True) if one])
    empty = _among(by[_CODE], [v for v, one in zip(values, blank, strict=True) if one])
    further = without_code(df.where(kept & lacks), understanding, weight, lacks, empty)
    regrouped = _grouped(df.where(lacks), by | further, weight, kept)
    rest = table.filter(pa.array(~lacking))
    for name in further:
        rest = rest.append_column(name, pa.nulls(rest.num_rows, regrouped.schema.field(name).type))
    table = pa.concat_tables([rest.select(regrouped.column_names), regrouped])
    pairs = _pairs(df.where(kept & ~lacks), by, understanding, exact)
    return Keys(by | further, table, _key_texts(table, book), pairs)


def _codes(understanding: Understanding) -> dict[str, Column]:
    """Return the key columns of every row: the code, and the word that tells its level."""
    places = {
        _CODE: understanding.code,
        _LEVEL: understanding.level if understanding.code is not None else None,
    }
    return {name: named(understanding.names[at]) for name, at in places.items() if at is not None}


def _grouped(df: DataFrame, by: dict[str, Column], weight: Weight | None, kept: Column) -> pa.Table:
    """Bring the groups to the driver, with rows and exact weight."""
    F = functions()
    one, none = F.when(kept, F.lit(1)), F.lit(0)
    sums = {
        "rows": F.count(one),
        "missing": F.sum(none) if weight is None else F.count_if(kept & weight.missing),
        "unusable": F.sum(none) if weight is None else F.count_if(kept & weight.unusable),
        "filtered": F.count_if(~kept),
        "parts": F.count(one) * PARTS if weight is None else F.sum(F.when(kept, weight.parts)),
        "rest": F.sum(none) if weight is None else F.sum(F.when(kept, weight.rest)),
    }
    grouped = df.groupBy(*(column.alias(name) for name, column in by.items()))
    table = _collected(grouped.agg(*(total.alias(name) for name, total in sums.items())))
    parts, rest = (table[name].to_pylist() for name in ("parts", "rest"))
    with localcontext(prec=_EXACT.precision):
        exact = [Decimal(a or 0) / PARTS + (b or 0) for a, b in zip(parts, rest, strict=True)]
    return table.drop_columns(["parts", "rest"]).append_column("weight", pa.array(exact, _EXACT))


def _pairs(
    df: DataFrame, codes: dict[str, Column], understanding: Understanding, exact: Column
) -> pa.Table | None:
    """Count which titles stand beside which codes; None where there are no titles."""
    if understanding.title is None:
        return None
    F = functions()
    title = named(understanding.names[understanding.title]).cast("string")
    by = (
        *(column.alias(name) for name, column in codes.items()),
        F.coalesce(title, F.lit("")).alias(_BESIDE),
    )
    sums = (F.count(F.lit(1)).alias("rows"), F.sum(exact).alias("weight"))
    return df.groupBy(*by).agg(*sums).limit(MOST_BESIDE).toArrow()


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
    names = [name for name in (_CODE, _LEVEL, TITLE, WORD, JOBLESS) if name in table.column_names]
    return [texts(table[name].cast(pa.string())).to_pylist() for name in names]


def _without_code(table: pa.Table, book: CodeBook) -> tuple[np.ndarray, np.ndarray]:
    """Tell which groups have no code, and of which the cell is blank."""
    cells = ["" if cell is None else cell for cell in texts(table[_CODE]).to_pylist()]
    number = book.numbers(_code_texts(table))
    lacking = np.array([book.outcome[at] == "missing" for at in number], dtype=bool)
    return lacking, lacking & np.array([not cell.strip() for cell in cells], dtype=bool)


def _among(column: Column, values: list[object]) -> Column:
    """Return whether a cell is one of these."""
    F = functions()
    some = [value for value in values if value is not None]
    inside = F.coalesce(column.isin(some), F.lit(False)) if some else F.lit(False)
    return inside | column.isNull() if None in values else inside


def _code_texts(table: pa.Table) -> list[str | None]:
    """Return the keys of codes as the stream of a file makes them: cell, or cell and level word."""
    if _CODE not in table.column_names:
        return [None] * table.num_rows
    text: pa.Array = texts(table[_CODE])
    if _LEVEL in table.column_names:
        word = texts(table[_LEVEL]).fill_null("")
        text = pc.binary_join_element_wise(text.fill_null(""), word, SEPARATOR)
    found: list[str | None] = text.to_pylist()
    return found


def _key_texts(table: pa.Table, book: CodeBook) -> list[str | None]:
    """Return all keys as the stream of a file makes them: words of sums and titles go before the code."""
    found = _code_texts(table)
    for name, mark in ((TITLE, TITLE_MARK), (WORD, "")):
        if name in table.column_names:
            beside = texts(table[name]).to_pylist()
            found = [old if new is None else mark + new for old, new in zip(found, beside, strict=True)]
    if JOBLESS in table.column_names:
        scored = [bool(book.scored[at]) for at in book.numbers(found)]
        jobless = table[JOBLESS].to_pylist()
        found = [
            NEITHER if no and not good else old for old, no, good in zip(found, jobless, scored, strict=True)
        ]
    return found
