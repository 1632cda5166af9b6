"""A Spark table as a register: its first rows, its weights as exact numbers, the rows that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.formats.base import Ragged, RegistryFile
from occurisk.registry.numbers import MOST
from occurisk.spark.session import functions, named

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_DIGITS = 18
# Most weights have few digits. Spark adds those up as whole numbers, in less than half the time of decimals.
# Below this bound nine billion rows of one key do not overflow.
PARTS, _MOST_SHORT = 10_000, 100_000


def first_rows(df: DataFrame, name: str, path: Path, most: int) -> RegistryFile:
    """Return a table's first rows as a registry, to be understood by.

    Parameters
    ----------
    df : DataFrame
    name : str
        For people.
    path : Path
        Where it lies; need not be a file.
    most : int
        Rows.
    """
    # One task reads the partitions in their order, and stops as soon as it has enough.
    table = df.coalesce(1).limit(most).toArrow()

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
    parts, rest : Column
        The same for sums: as a whole number of ten-thousandths where it is exactly one and small, else NULL;
        and as a decimal where `parts` is NULL.
    missing, unusable : Column of bool
    """

    exact: Column
    parts: Column
    rest: Column
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
    number = column.cast("double")
    parts = F.floor(number * PARTS + F.lit(0.5))
    # Division rounds correctly: if it gives the number back, this is the shortest decimal of the number.
    short = usable & (number <= F.lit(_MOST_SHORT)) & (parts.cast("double") / PARTS == number)
    if isinstance(kind, types.DecimalType):  # it may have digits that no float has
        short = F.lit(False)
    short = F.coalesce(short, F.lit(False))
    return Weight(
        F.when(usable, decimal), F.when(short, parts), F.when(usable & ~short, decimal),
        missing, ~missing & ~usable,
    )  # fmt: skip


def condition_on(df: DataFrame, where: tuple[tuple[str, str], ...]) -> Column:
    """Return which rows satisfy every `--where`."""
    F = functions()
    known = {name.strip().lower(): name for name in df.columns} | {name: name for name in df.columns}
    found = F.lit(True)
    for name, value in where:
        column = named(known.get(name, known.get(name.strip().lower(), name)))
        found = found & F.coalesce(column.cast("string") == F.lit(value), F.lit(False))
    return found
