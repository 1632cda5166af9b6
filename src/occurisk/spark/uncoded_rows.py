"""Rows of a Spark table that have no code: sums, titles that stand in, rows that name no jobs."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from occurisk.errors import RegistryError
from occurisk.occupations.uncoded import TOTAL_STEMS, is_total_words
from occurisk.registry.uncoded_rows import is_firm
from occurisk.registry.understanding import Understanding
from occurisk.spark.session import functions, named

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from occurisk.spark.register import Weight

# Key columns of rows without a code; NULL where they say nothing.
TITLE, WORD, JOBLESS = "occurisk_key_title", "occurisk_key_word", "occurisk_key_jobless"
# What Python takes for blank at the ends of a text.
_BLANK = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
# More different cells that look like words of sums than this are no words.
_MOST_WORDS = 100_000


def without_code(
    rows: DataFrame, known: Understanding, weight: Weight | None, lacks: Column, empty: Column
) -> dict[str, Column]:
    """Return what stands in for the code in rows that lack one, by the rules of `registry.uncoded_rows`.

    Parameters
    ----------
    rows : DataFrame
        The rows that lack a code; the words in them are looked at.
    known : Understanding
    weight : Weight or None
    lacks, empty : Column of bool
        Of the whole register: rows that lack a code, and those of them whose cell is blank.

    Returns
    -------
    dict of str to Column
        `TITLE`, `WORD` and `JOBLESS`, over the register's rows: the title that stands in; the words of a sum;
        whether the row names no jobs, unless its title is scored.

    Raises
    ------
    RegistryError
        If far too many different cells look like words of sums.
    """
    F = functions()
    cells = _texts_of(rows)
    words = _total_words(rows.where(empty), cells, known)
    by: dict[str, Column] = {}
    named_by_title = F.lit(False)
    if known.title is not None:
        title = F.coalesce(cells[known.title], F.lit(""))
        sums = words.get(known.title, [])
        named_by_title = (F.trim(title, F.lit(_BLANK)) != "") & ~_within(title, sums)
    apart = [
        F.when(_within(cells[i], found), cells[i])
        for i, found in sorted(words.items())
        if i not in known.totals_beside_codes and found
    ]
    word = F.when(empty & ~named_by_title, F.coalesce(*apart)) if apart else None
    rest = lacks if word is None else lacks & word.isNull()
    if known.title is not None:
        by[TITLE] = F.when(rest, title)
    if word is not None:
        by[WORD] = word
    if weight is not None:
        by[JOBLESS] = F.when(rest & empty, weight.missing)
    else:
        blank = [F.coalesce(F.trim(cell, F.lit(_BLANK)) == "", F.lit(True)) for cell in cells]
        by[JOBLESS] = F.when(rest & empty, reduce(and_, blank))
    return by


def _texts_of(df: DataFrame) -> list[Column]:
    return [named(name).cast("string") for name in df.columns]


def _within(cell: Column, words: list[str]) -> Column:
    F = functions()
    return F.coalesce(cell.isin(words), F.lit(False)) if words else F.lit(False)


def _total_words(rows: DataFrame, cells: list[Column], known: Understanding) -> dict[int, list[str]]:
    """Find the words of sums in each column of text."""
    from pyspark.sql import types

    F = functions()
    at = [i for i, field in enumerate(rows.schema) if isinstance(field.dataType, types.StringType)]
    if not at:
        return {}
    suspects = [F.struct(F.lit(i).alias("at"), cells[i].alias("cell")) for i in at]
    pairs = rows.select(F.explode(F.array(*suspects)).alias("pair")).select("pair.at", "pair.cell")
    found = (
        pairs.where(F.col("cell").rlike(f"(?iu){TOTAL_STEMS}")).distinct().limit(_MOST_WORDS + 1).collect()
    )
    if len(found) > _MOST_WORDS:
        raise RegistryError(
            f"More than {_MOST_WORDS:,} different cells beside empty codes look like words of sums.",
            first=str(found[0]["cell"])[:60],
            fix="Name the column of codes (code=, --code-column), or drop rows that have none.",
        )
    words: dict[int, list[str]] = {}
    for place, cell in sorted((row["at"], row["cell"]) for row in found):
        if is_total_words(cell) and not is_firm(known.names[place], cell):
            words.setdefault(place, []).append(cell)
    return words
