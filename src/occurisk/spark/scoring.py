"""A scored Spark table. By codes: distinct keys to the driver, a broadcast join, no Python elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.understanding import Understanding, understand
from occurisk.scoring.accounting.account import ScoredWith
from occurisk.scoring.by_code import group_rows
from occurisk.scoring.code_scores import Scores
from occurisk.scoring.codebook import SCORE_COLUMNS, CodeBook, ScoreColumns
from occurisk.scoring.options import ScoreOptions
from occurisk.scoring.outcomes import OUTCOMES, TITLE_ONLY, UNUSABLE_WEIGHT
from occurisk.scoring.score import check_axes
from occurisk.scoring.scored_registry import ScoredRegistry, output_of, scored_by_code
from occurisk.spark.by_attributes import score_by_attributes
from occurisk.spark.distinct_keys import Keys, distinct_keys
from occurisk.spark.register import Weight, condition_on, first_rows, weight_of
from occurisk.spark.session import functions, named, spark_errors

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from occurisk.model.bundles.bundle import Bundle
    from occurisk.registry.formats.base import RegistryFile

_GOOD, _REASON = "occurisk_key_scored", "occurisk_key_reason"


@dataclass(frozen=True)
class ScoredTable:
    """A scored Spark table; nothing of it has run yet but the sums.

    Attributes
    ----------
    scored : DataFrame
        The rows with a score: their own columns, then ours, partitioned as they came.
    unscored : DataFrame
        Every other row, with the column `occurisk_reason`.
    result : ScoredRegistry
        The account, by occupation and lineage, as on one machine.
    kept : DataFrame or None
        What executors keep on their disks, where rows were scored by attributes; see `release`.
    """

    scored: DataFrame
    unscored: DataFrame
    result: ScoredRegistry
    kept: DataFrame | None = None

    def release(self) -> None:
        """Free what the executors keep: once both tables are written."""
        if self.kept is not None:
            self.kept.unpersist()

    @property
    def account(self) -> Any:
        """What became of every row, and the national figures."""
        return self.result.account

    @property
    def by_occupation(self) -> pd.DataFrame:
        """One row per scored code, heaviest first."""
        return self.result.by_occupation


def score(
    df: DataFrame,
    code: str | None = None,
    weight: str | None = None,
    *,
    model: Bundle | None = None,
    options: IntakeOptions | None = None,
    choices: ScoreOptions | None = None,
    name: str = "Spark table",
    out: Path = Path(),
    source: Path = Path("spark"),
    others: Sequence[Bundle] = (),
) -> ScoredTable:
    """Score a Spark table by its occupation codes, or by its rows' own attributes (`choices`).

    Parameters
    ----------
    df : DataFrame
    code, weight : str, optional
        Columns of codes and of jobs; found by their values and names by default.
    model : Bundle, optional
        The current one by default.
    options, choices
        As for `score_registry`.
    name : str
        For people.
    out, source : Path
        Where results will stand, and where the table lies, for the account.
    others : sequence of Bundle
        Models of further axes; each adds a group of columns behind its axis's name.

    Returns
    -------
    ScoredTable

    Raises
    ------
    RegistryError, MachineError
        What the user can mend.
    """
    from occurisk.model.bundles.current import find_bundle

    options, choices = options or IntakeOptions(), choices or ScoreOptions()
    options = replace(
        options, code_column=code or options.code_column, weight_column=weight or options.weight_column
    )
    with spark_errors():
        return _scored(df, model or find_bundle(), options, choices, name, out, source, others)


def _scored(
    df: DataFrame,
    model: Bundle,
    options: IntakeOptions,
    choices: ScoreOptions,
    name: str,
    out: Path,
    source: Path,
    others: Sequence[Bundle],
) -> ScoredTable:
    started = time.monotonic()
    check_names(df, choices.column_prefix)
    file = first_rows(df, name, source, options.sample_rows)
    if choices.attributes is not None:
        check_axes(others)
        return ScoredTable(*score_by_attributes(df, file, model, options, choices, out))
    understanding = understand(file, options)
    scores = Scores.of(model, choices.scores, choices.weights).beside(others)
    book = CodeBook(understanding, scores, most_unknown=choices.most_unknown)
    kept = condition_on(df, options.where)
    weight = weight_of(df, understanding.name(understanding.weight))
    keys = distinct_keys(df, understanding, book, weight, kept)
    number = book.numbers(keys.text)
    beside = keys.beside(book)
    tally = replace(keys.tally(number, len(book.keys)), beside=beside)
    groups = group_rows(book, tally, understanding, options.levels)
    book = book.with_repeats(groups.repeats)
    added = choices.added((*SCORE_COLUMNS, *scores.axis_columns))
    scored_with = ScoredWith(model.version, choices.scores, choices.weights, model.bands, model.rating_error)
    result = scored_by_code(
        book, tally, groups, file, understanding, options, scored_with,
        output_of(file, "parquet", choices.column_prefix, added), out, time.monotonic() - started,
    )  # fmt: skip
    joined = _joined(df, keys, book, number, added, choices.column_prefix)
    return _parted(df, joined, weight, kept, understanding, file, choices.column_prefix, result)


def check_names(df: DataFrame, prefix: str) -> None:
    """Refuse columns that stand twice, or have the names of ours.

    Raises
    ------
    RegistryError
    """
    twice = [name for name in df.columns if df.columns.count(name) > 1]
    taken = [name for name in df.columns if name.startswith((prefix, "occurisk_key_"))]
    if twice or taken:
        raise RegistryError(
            f"{len(twice or taken)} columns of the table have names that it must not have twice.",
            first=(twice or taken)[0],
            rule=f"A name stands once; those that begin with {prefix!r} are of the columns to be added.",
            fix="Rename or drop them, or choose other names for ours: --column-prefix new_",
        )


def _joined(
    df: DataFrame, keys: Keys, book: CodeBook, number: np.ndarray, added: tuple[str, ...], prefix: str
) -> DataFrame:
    """Give each row the columns of its key; the register is not moved, sorted or counted."""
    F = functions()
    table = df.sparkSession.createDataFrame(_lookup(keys, book, number, added, prefix))
    same: Column = F.lit(True)
    for name, column in keys.by.items():
        same = same & column.eqNullSafe(table[name])
    return df.join(F.broadcast(table), same, "left")


def _lookup(keys: Keys, book: CodeBook, number: np.ndarray, added: tuple[str, ...], prefix: str) -> pa.Table:
    """Return the table that is broadcast: key columns, whether it is scored, reason, score."""
    columns = ScoreColumns(book, prefix, added)
    found = {name: keys.table[name] for name in keys.by}
    found[_GOOD] = pa.array(book.scored[number])
    only_titles = book.understanding.code is None and book.understanding.title is None
    reasons = np.array(OUTCOMES, dtype=object)[book.outcome_number[number]]
    found[_REASON] = pa.array([TITLE_ONLY] * len(number) if only_titles else reasons, pa.string())
    for field, column in zip(columns.fields, columns.columns(), strict=True):
        values = column.rows(number)
        found[field.name] = values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
    return pa.table(found)


def _parted(
    df: DataFrame,
    joined: DataFrame,
    weight: Weight | None,
    kept: Column,
    understanding: Understanding,
    file: RegistryFile,
    prefix: str,
    result: ScoredRegistry,
) -> ScoredTable:
    F = functions()
    ours = [name for name in joined.columns if name.startswith(prefix) and name not in df.columns]
    ours = [name for name in ours if not name.startswith("occurisk_key_")]
    unusable = F.lit(False) if weight is None else weight.unusable
    good = F.coalesce(F.col(_GOOD), F.lit(False)) & ~unusable
    reason = F.when(unusable, F.lit(UNUSABLE_WEIGHT)).otherwise(F.col(_REASON))
    own = [named(name) for name in df.columns]
    # Whatever joins with nothing is kept too: a row of a table that changed meanwhile.
    why = F.coalesce(reason, F.lit("unknown code")).alias(f"{prefix}reason")
    return ScoredTable(
        joined.where(kept & good).select(*own, *(named(name) for name in ours)),
        joined.where(kept & ~good).select(*own, why),
        result,
    )
