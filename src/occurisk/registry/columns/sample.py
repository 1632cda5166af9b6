"""The columns of a registry: find one by name, read it as text, tell weights and levels from the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.registry.columns.header_words import OCCUPATION, read_header
from occurisk.registry.formats.base import Ragged, RegistryFile
from occurisk.registry.group_rows import level_word

_DISTINCT = 3000
# As many first rows as a registry is understood by.
SAMPLE_ROWS, _SAMPLE_BYTES = 200_000, 1 << 26
TITLE_NAME = re.compile(
    r"title|occupation|job|profession|name|label|занят|професс|должност|мамандық|beruf", re.I
)


@dataclass(frozen=True)
class IntakeOptions:
    """What the user says about a registry; None and `auto` leave it to the evidence.

    `sample_rows` are the first rows that it is understood by.
    """

    code_column: str | None = None
    weight_column: str | None = None
    level_column: str | None = None
    taxonomy: str = "auto"
    prefix: int | None = None
    crosswalk: Path | None = None
    levels: str = "auto"
    where: tuple[tuple[str, str], ...] = ()
    title_column: str | None = None
    titles: str = "auto"
    sample_rows: int = SAMPLE_ROWS


def texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as text; whole floats without `.0` only where every one is whole."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        return texts(column.dictionary).take(column.indices)
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # lists, structs: no codes there
        return pa.nulls(len(column), pa.string())


def keep(batch: pa.RecordBatch, where: tuple[tuple[int, str], ...]) -> pa.Array | None:
    """Return which rows satisfy every `--where`; None if there is none."""
    mask = None
    for position, value in where:
        hit = pc.fill_null(pc.equal(texts(batch.column(position)), value), False)
        mask = hit if mask is None else pc.and_(mask, hit)
    return mask


def position_of(names: list[str], wanted: str, option: str) -> int:
    """Find a column by name.

    Raises
    ------
    RegistryError
        If there is none of that name, or several.
    """
    places = [i for i, n in enumerate(names) if n == wanted] or [
        i for i, n in enumerate(names) if n.strip().lower() == wanted.strip().lower()
    ]
    if len(places) == 1:
        return places[0]
    problem = "has no column" if not places else f"has {len(places)} columns"
    raise RegistryError(
        f"The registry {problem} {wanted!r}.",
        rule=f"Its columns: {', '.join(n or '(no name)' for n in names[:40])}.",
        fix=f"Name one of these with {option}." if not places else "Rename one of them.",
    )


def sample(file: RegistryFile, where: tuple[tuple[int, str], ...], most: int = SAMPLE_ROWS) -> pa.Table:
    """Return the first rows that count, to learn from: a whole small file, the start of a large one.

    Raises
    ------
    RegistryError
        If there are none.
    """
    parts, rows, size = [], 0, 0
    ragged: list[Ragged] = []
    for batch in file.batches(ragged.append):
        mask = keep(batch, where)
        part = batch if mask is None else batch.filter(mask)
        parts.append(part)
        rows += part.num_rows
        size += part.nbytes
        if rows >= most or size >= _SAMPLE_BYTES:
            break
    if not rows and ragged:
        number, expected, width, _ = ragged[0]
        raise RegistryError(
            f"None of the {len(ragged):,} rows of {file.name} has the header's number of fields.",
            first=f"row {number}: {width} fields instead of {expected}",
            fix="Check the delimiter (--delimiter) and the header.",
        )
    if not rows:
        raise RegistryError(
            f"The registry {file.name} has no rows" + (" that --where lets through." if where else "."),
            rule="A registry has a header and at least one row.",
            fix="Check the values of --where." if where else "Check that the export is complete.",
        )
    return pa.Table.from_batches(parts)


def is_whole(table: pa.Table, most: int = SAMPLE_ROWS) -> bool:
    """Return whether a sample holds every row that counts."""
    return table.num_rows < most and table.nbytes < _SAMPLE_BYTES


def distinct(column: pa.ChunkedArray, most: int | None = _DISTINCT) -> list[str]:
    """Return the first distinct values of a column, or all, as text; none of a column of lists or structs."""
    if pa.types.is_nested(column.type):
        return []
    unique = texts(pc.unique(column.slice(0, SAMPLE_ROWS)))
    return [v for v in unique.slice(0, most).to_pylist() if v is not None]


def counted(column: pa.ChunkedArray) -> dict[str, int]:
    """Return the first distinct values of a column, as text, with their rows; none of lists or structs."""
    if pa.types.is_nested(column.type):
        return {}
    table = pc.value_counts(texts(column)).flatten()
    counts = {}
    for value, rows in zip(table[0].slice(0, _DISTINCT).to_pylist(), table[1].to_pylist(), strict=False):
        if value is not None:
            counts[value] = rows
    return counts


def shown(name: str, position: int) -> str:
    """Return a column's name for messages; its place where it has none."""
    return repr(cut(name)) if name.strip() else f"column {position + 1} (no name)"


def cut(text: str, most: int = 60) -> str:
    """Return a text for messages: a cell may hold megabytes."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass(frozen=True)
class Sampled:
    """The first rows of a registry, to learn from.

    Attributes
    ----------
    file : RegistryFile
    names : list of str
    table : pyarrow.Table
    counts : list of dict
        By column: distinct values and their rows.
    """

    file: RegistryFile
    names: list[str]
    table: pa.Table
    counts: list[dict[str, int]] = field(default_factory=list)

    def values(self, position: int) -> list[str]:
        """Return the distinct values of a column."""
        return list(self.counts[position])


def speaks_of_titles(name: str) -> bool:
    """Tell whether a column's name is that of titles: `job title`, `должность`, `label`; not `area label`."""
    header = read_header(name)
    return TITLE_NAME.search(name) is not None and (header.worth >= OCCUPATION or not header.other)


def is_prose(values: list[str]) -> bool:
    wordy = sum(len(re.findall(r"[^\W\d_]{3,}", v)) > 0 for v in values)
    return bool(values) and wordy > 0.5 * len(values)


def level_column(
    names: list[str], columns: list[list[str]], options: IntakeOptions, code: int | None, weight: int | None
) -> int | None:
    if options.level_column is not None:
        return position_of(names, options.level_column, "--level-column")
    for i, values in enumerate(columns):
        words = {level_word(v) for v in values}
        named = re.search(r"group|level|grp|уровень", names[i], re.I) is not None
        if (
            i not in (code, weight)
            and named
            and None not in words
            and words & {"major", "minor", "broad", "total"}
        ):
            return i
    return None
