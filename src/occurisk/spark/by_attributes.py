"""Rows of a Spark table with attributes of their own: scored in Arrow batches by Python on the executors."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from occurisk.model.bundles.bundle import Bundle, load_bundle
from occurisk.registry.columns.attribute_columns import RowAttributes, row_matrix
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.numbers import NumberStyle, read_numbers
from occurisk.scoring.by_attributes import RowStream, row_stream, scored_by_rows
from occurisk.scoring.code_scores import REASON_COLUMNS
from occurisk.scoring.options import ScoreOptions
from occurisk.scoring.outcomes import ROW_OUTCOMES, Tally, exact_sums
from occurisk.scoring.row_figures import (
    BANDS,
    MOST_SAMPLED,
    RowFigures,
    RowSample,
    row_fields,
    row_outcomes,
    row_scores,
)
from occurisk.scoring.scored_registry import ScoredRegistry
from occurisk.spark.register import Weight, condition_on, weight_of
from occurisk.spark.session import functions, named

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_OUTCOME, _BAND = "occurisk_key_outcome", "occurisk_key_band"
_PROBABILITY, _GAPS = "occurisk_key_probability", "occurisk_key_gaps"
# Figures that the account is made from, whatever columns are asked for.
_KEYS = {_OUTCOME: pa.int32(), _BAND: pa.int32(), _PROBABILITY: pa.float64(), _GAPS: pa.bool_()}


@dataclass(frozen=True)
class RowScorer:
    """What an executor needs to score batches of rows; plain figures, and a model as the bytes of its files.

    Attributes
    ----------
    model : broadcast of dict of str to bytes
        The files of the bundle.
    version, digest : str
        Its name, and the digest of its manifest: what arrives is checked before it is loaded.
    columns : RowAttributes
    styles : list of NumberStyle
    weight : int or None
        Position of the weight column.
    style : NumberStyle
    added : tuple of str
    schema : pyarrow.Schema
        Of what it returns: the row's own columns, those added, `_KEYS`.
    """

    model: Any
    version: str
    digest: str
    columns: RowAttributes
    styles: list[NumberStyle]
    weight: int | None
    style: NumberStyle
    added: tuple[str, ...]
    schema: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Score batches, on one thread."""
        model = _unpacked(self.model, self.version, self.digest)
        for batch in batches:
            yield self._scored(model, batch)

    def _scored(self, model: Bundle, batch: pa.RecordBatch) -> pa.RecordBatch:
        X, missing, outside = row_matrix(batch, self.columns, self.styles)
        weight = None if self.weight is None else read_numbers(batch.column(self.weight), self.style)
        outcome = row_outcomes(missing, outside, weight)
        good = outcome == 0
        X, missing = X[good], missing[good]
        scores = row_scores(model, X, missing, reasons=bool(set(REASON_COLUMNS) & set(self.added)))
        # Rows that are set aside have empty cells here, and lose the columns later.
        place = np.cumsum(good) - 1
        at = pa.array(np.where(good, place, 0), mask=~good)
        gaps = pa.array(missing.any(axis=1))
        keys = [scores["band"].indices, scores["probability"], gaps]
        made = [_plain(scores[name]).take(at) for name in self.added]
        made += [pa.array(outcome), *(key.take(at) for key in keys)]
        return pa.RecordBatch.from_arrays([*batch.columns, *made], schema=self.schema)


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


# The models that this process has unpacked, by digest: batches come by the thousand.
_MODELS: dict[str, Bundle] = {}


def _unpacked(sent: Any, version: str, digest: str) -> Bundle:
    """Load the model that was sent, once in a process."""
    if digest not in _MODELS:
        _MODELS[digest] = _load(sent.value, version, digest)
    return _MODELS[digest]


def _load(files: dict[str, bytes], version: str, digest: str) -> Bundle:
    with tempfile.TemporaryDirectory(prefix="occurisk-model-") as place:
        folder = Path(place) / version  # a bundle's folder is called like it
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        model = load_bundle(folder, require_digest=digest)
        # Whatever scoring needs is read now: the folder does not stay.
        _ = model.booster, model.uncertainty, model.names, model.bands, model.nominal
    return model


def score_by_attributes(
    df: DataFrame, file: RegistryFile, model: Bundle, options: IntakeOptions, choices: ScoreOptions, out: Path
) -> tuple[DataFrame, DataFrame, ScoredRegistry, DataFrame]:
    """Score a Spark table by its rows' own attributes, through `mapInArrow`.

    The model goes over the rows once: what it says is kept on the executors' disks.

    Parameters
    ----------
    df : DataFrame
    file : RegistryFile
        Its first rows.
    model : Bundle
        Its files are sent to the executors, and checked there. They need occurisk in their Python.
    options, choices, out
        As for `occurisk.spark.score`.

    Returns
    -------
    scored, unscored : DataFrame
    result : ScoredRegistry
        The interval of the national figures is measured on rows drawn by their hash, since a table
        has no order; on one machine it is every k-th row.
    kept : DataFrame
        To be released once both are written.
    """
    from pyspark import StorageLevel
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    F, started = functions(), time.monotonic()
    stream = row_stream(model, file, out, "parquet", options, choices)
    weight = weight_of(df, None if stream.weight is None else str(file.schema.names[stream.weight]))
    kept = condition_on(df, options.where)
    schema = to_arrow_schema(df.schema)
    ours = [
        pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type)
        for f in row_fields(stream.added, choices.column_prefix)
    ]
    for one in (*ours, *(pa.field(name, kind) for name, kind in _KEYS.items())):
        schema = schema.append(one)
    files = {path.name: path.read_bytes() for path in model.path.iterdir() if path.is_file()}
    sent = df.sparkSession.sparkContext.broadcast(files)
    scorer = RowScorer(
        sent,
        model.version,
        model.digest,
        stream.columns,
        stream.styles,
        stream.weight,
        stream.style,
        stream.added,
        schema,
    )
    made = df.where(kept).mapInArrow(scorer, from_arrow_schema(schema)).persist(StorageLevel.DISK_ONLY)
    _count(stream, made, weight, df.where(~kept).count() if options.where else 0)
    result = scored_by_rows(stream, options, choices, out, time.monotonic() - started)
    own = [named(name) for name in df.columns]
    good = F.col(_OUTCOME) == 0
    words = F.array(*(F.lit(word) for word in ROW_OUTCOMES))
    reason = F.element_at(words, F.col(_OUTCOME) + 1).alias(f"{choices.column_prefix}reason")
    scored = made.where(good).select(*own, *(named(one.name) for one in ours))
    return scored, made.where(~good).select(*own, reason), result, made


def _count(stream: RowStream, made: DataFrame, weight: Weight | None, filtered: int) -> None:
    """Count rows and exact weight by outcome and band; draw the rows that the interval is measured on."""
    F = functions()
    one = F.lit(1).cast("decimal(38,0)") if weight is None else weight.exact
    number = F.coalesce(one.cast("double"), F.lit(0.0))
    table = made.groupBy(_OUTCOME, _BAND).agg(
        F.count(F.lit(1)).alias("rows"),
        F.sum(one).alias("weight"),
        F.sum(F.lit(0)).alias("missing") if weight is None else F.count_if(weight.missing).alias("missing"),
        F.count_if(F.coalesce(F.col(_GAPS), F.lit(False))).alias("gaps"),
        F.sum(F.col(_PROBABILITY) * number).alias("expected"),
    ).toArrow()  # fmt: skip
    outcome = table[_OUTCOME].to_numpy()
    band = table[_BAND].fill_null(0).to_numpy()
    rows = table["rows"].to_numpy()
    each = [value or Decimal(0) for value in table["weight"].to_pylist()]
    by_outcome = np.bincount(outcome, weights=rows, minlength=len(ROW_OUTCOMES)).astype(np.int64)
    good = outcome == 0
    scored = [value for value, yes in zip(each, good, strict=True) if yes]
    stream.tally = Tally(
        by_outcome, exact_sums(outcome, each, len(ROW_OUTCOMES)), np.zeros(len(ROW_OUTCOMES), np.int64),
        int(table["missing"].to_numpy().sum()), int(rows.sum()), filtered,
        [float(sum(each, Decimal(0)))],
    )  # fmt: skip
    stream.figures = RowFigures(
        np.bincount(band[good], weights=rows[good], minlength=len(BANDS)).astype(np.int64),
        exact_sums(band[good], scored, len(BANDS)),
        float(table["expected"].to_numpy(zero_copy_only=False)[good].sum()),
        int(table["gaps"].to_numpy().sum()),
        _drawn(stream, made),
    )
    stream.own = None  # their numbers would mean nothing


def _drawn(stream: RowStream, made: DataFrame) -> RowSample:
    """Draw rows by their hash: the same ones, however the table is cut."""
    F = functions()
    own = [named(str(name)) for name in stream.file.schema.names]
    good = made.where(F.col(_OUTCOME) == 0)
    table = good.orderBy(F.xxhash64(*own)).limit(MOST_SAMPLED).select(*own).toArrow()
    taken = RowSample()
    for batch in table.to_batches():
        X, missing, _ = row_matrix(batch, stream.columns, stream.styles)
        weight = None if stream.weight is None else read_numbers(batch.column(stream.weight), stream.style)
        taken.add(X, missing, np.ones(len(X)) if weight is None else weight.value)
    return taken
