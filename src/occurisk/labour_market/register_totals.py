"""Weights of a register of any size by its codes and columns: one streamed pass, the table is tiny."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.dataset import dataset

from occurisk.errors import RegistryError
from occurisk.occupations.facts import NOT_KNOWN
from occurisk.registry.numbers import NumberStyle, read_numbers
from occurisk.registry.opening import open_registry

# Up to this many cells they are counted in an array, which is several times faster than sorting keys.
_DENSE = 4_000_000
MOST_VALUES = 100_000
# Rows counted at a time: few enough that the passes over them stay in the processor's cache.
_BATCH = 65_536
WEIGHT, WAGE_TOTAL, WAGE_JOBS = "weight", "wage_total", "wage_jobs"


@dataclass
class _Values:
    """The distinct values of a key column, numbered as they appear."""

    name: str
    numbers: dict[object, int] = field(default_factory=dict)
    seen: pa.Array | None = None
    lookup: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    plain: bool = False

    def encode(self, column: pa.Array) -> np.ndarray:
        """Return the number of each row's value."""
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode(null_encoding="encode")
        if self.seen is None or not column.dictionary.equals(self.seen):
            self._learn(column.dictionary)
        index = column.indices
        if index.null_count:
            self.numbers.setdefault(NOT_KNOWN, len(self.numbers))
            index = index.fill_null(len(self.lookup))
            translated: np.ndarray = np.append(self.lookup, np.int32(self.numbers[NOT_KNOWN]))[index]
            return translated
        numbers = index.to_numpy(zero_copy_only=False)
        if self.plain:
            return numbers.astype(np.int32, copy=False)
        translated = self.lookup[numbers]
        return translated

    def _learn(self, dictionary: pa.Array) -> None:
        """Number the values of a dictionary; the batches of a row group share one."""
        local = [NOT_KNOWN if value in (None, "") else value for value in dictionary.to_pylist()]
        for value in local:
            self.numbers.setdefault(value, len(self.numbers))
        if len(self.numbers) > MOST_VALUES:
            raise RegistryError(
                f"Column {self.name!r} has more than {MOST_VALUES:,} distinct values.",
                rule="A breakdown is by groups of people or jobs.",
                fix="Band the column first, such as age in tens of years.",
            )
        self.seen = dictionary
        self.lookup = np.array([self.numbers[value] for value in local], dtype=np.int32)
        # Row groups of one file mostly share a dictionary; then there is nothing to translate.
        self.plain = np.array_equal(self.lookup, np.arange(len(local)))


def register_totals(
    path: Path,
    keys: Sequence[str],
    weight: str | None = None,
    wage: str | None = None,
    style: NumberStyle | None = None,
    most_dense: int = _DENSE,
) -> pd.DataFrame:
    """Add up weights by the values of some columns.

    Parameters
    ----------
    path : Path
        Parquet (only the columns that are needed are read), CSV or Excel.
    keys : sequence of str
        Columns to group by. A gap is `not known`.
    weight : str, optional
        Jobs of a row; one by default. Suppressed counts are zero.
    wage : str, optional
        Wage of a row; its job-weighted mean is kept.
    style : NumberStyle, optional
        How numbers are written where weight and wage are text.
    most_dense : int
        Cells that are kept as an array; more of them are kept one by one, as they occur.

    Returns
    -------
    DataFrame
        The keys; `weight`, above zero; with a wage `wage_total` (weight x wage) and `wage_jobs` (weight of
        the rows that have one).

    Raises
    ------
    RegistryError
        If a column is missing or has too many values.
    """
    style = style or NumberStyle()
    wanted = [*dict.fromkeys([*keys, *(c for c in (weight, wage) if c)])]
    values = [_Values(key) for key in keys]
    sums: dict[str, _Sum] = {}
    for batch in _batches(Path(path), wanted):
        codes = [v.encode(_flat(batch.column(v.name))) for v in values]
        jobs = _jobs(_flat(batch.column(weight)), style) if weight else None
        amounts = {WEIGHT: jobs}
        if wage:
            paid = read_numbers(_flat(batch.column(wage)), style)
            known = ~(paid.missing | paid.unusable) & (paid.value > 0)
            each = np.where(known, 1.0 if jobs is None else jobs, 0.0)
            amounts |= {WAGE_TOTAL: each * paid.value, WAGE_JOBS: each}
        sizes = [max(len(v.numbers), 1) for v in values]
        dense = np.prod(sizes, dtype=float) <= most_dense
        flat = _flatten(codes, sizes) if dense else None
        for name, amount in amounts.items():
            sums.setdefault(name, _Sum()).add(codes, sizes, flat, amount)
    return _table(values, sums, keys)


class _Sum:
    """A running sum over cells, kept as an array while the cells are few, else as sorted keys."""

    def __init__(self) -> None:
        self.dense: np.ndarray | None = None
        self.sparse: list[pd.Series] = []

    def add(
        self, codes: list[np.ndarray], sizes: list[int], flat: np.ndarray | None, amount: np.ndarray | None
    ) -> None:
        if flat is None:
            frame = pd.DataFrame(dict(enumerate(codes)))
            frame["amount"] = 1.0 if amount is None else amount
            self.sparse.append(frame.groupby(list(range(len(codes))))["amount"].sum())
            return
        part = np.bincount(flat, weights=amount, minlength=int(np.prod(sizes))).reshape(sizes)
        if self.dense is None:
            self.dense = part.astype(float)
        else:
            if self.dense.shape != part.shape:
                grow = [(0, n - o) for n, o in zip(part.shape, self.dense.shape, strict=True)]
                self.dense = np.pad(self.dense, grow)
            self.dense += part

    def series(self, keys: int) -> pd.Series:
        """Return the sums by key numbers."""
        parts = list(self.sparse)
        if self.dense is not None:
            at = np.nonzero(self.dense)
            index = pd.MultiIndex.from_arrays(list(at), names=range(keys))
            parts.append(pd.Series(self.dense[at], index=index))
        if not parts:
            return pd.Series(dtype=float)
        whole = pd.concat(parts)
        return whole.groupby(level=list(range(keys))).sum() if len(parts) > 1 else whole


def _jobs(column: pa.Array, style: NumberStyle) -> np.ndarray:
    """Return the weights of rows; plain numbers without gaps are taken as they are."""
    if pa.types.is_float64(column.type) and not column.null_count and len(column):
        value: np.ndarray = column.to_numpy()
        # NaN fails the first comparison: `min` hands it on.
        if value.min() >= 0 and value.max() < np.inf:
            return value
    return read_numbers(column, style).value


def _flatten(codes: list[np.ndarray], sizes: list[int]) -> np.ndarray:
    """Return one number per row for the cell that it is in, counted row by row of the table of cells."""
    flat = codes[0]
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        flat = flat * np.int32(size)
        flat += code
    return flat


def _table(values: list[_Values], sums: dict[str, _Sum], keys: Sequence[str]) -> pd.DataFrame:
    if not sums:
        return pd.DataFrame(columns=[*keys, WEIGHT])
    table = pd.DataFrame({name: total.series(len(keys)) for name, total in sums.items()})
    table = table.fillna(0.0).reset_index()
    for number, value in enumerate(values):
        names = pd.Series(list(value.numbers))
        table[table.columns[number]] = names.reindex(table.iloc[:, number]).to_numpy()
    table.columns = pd.Index([*keys, *sums])
    return table


def _batches(path: Path, wanted: list[str]) -> Iterator[pa.Table | pa.RecordBatch]:
    if path.is_dir():  # as Spark writes it
        table = dataset(path, format="parquet", partitioning="hive")
        _check(wanted, table.schema.names, path)
        yield from table.to_batches(columns=wanted, batch_size=_BATCH)
        return
    if path.suffix == ".parquet":
        yield from _row_groups(path, wanted)
        return
    file = open_registry(path)
    names = list(file.schema.names)
    _check(wanted, names, path)
    # By place: a name may stand twice, and the first is meant.
    places = [names.index(name) for name in wanted]
    for batch in file.batches():
        yield batch.select(places)


def _row_groups(path: Path, wanted: list[str]) -> Iterator[pa.Table]:
    """Read row groups of the columns needed, the next one while this one is counted."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
    _check(wanted, schema.names, path)
    strings = [n for n in wanted if pa.types.is_string(schema.field(n).type)]
    with pq.ParquetFile(path, read_dictionary=strings) as file, ThreadPoolExecutor(1) as reader:
        groups = range(file.num_row_groups)
        ahead = None
        for group in groups:
            table = ahead.result() if ahead else file.read_row_group(group, columns=wanted)
            ahead = (
                reader.submit(file.read_row_group, group + 1, columns=wanted) if group + 1 in groups else None
            )
            yield from table.to_batches(max_chunksize=_BATCH)


def _check(wanted: list[str], names: list[str], path: Path) -> None:
    missing = [name for name in wanted if name not in names]
    if missing:
        raise RegistryError(
            f"{len(missing)} of {len(wanted)} columns that are needed are not in {path.name}.",
            first=repr(missing[0]),
            fix=f"Columns: {', '.join(str(n) for n in names[:40])}.",
        )


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
