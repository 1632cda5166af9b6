"""Score registries that bring their own task attributes, row by row, in batches."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.intake import IntakeOptions, keep, position_of, weight_column
from occurisk.national import national
from occurisk.registry_files import RegistryFile
from occurisk.registry_writers import SUFFIX, open_writer
from occurisk.scored_codes import RAGGED, UNUSABLE_WEIGHT
from occurisk.scored_report import BY_OCCUPATION, ScoredRegistry, outcome_table, write_reports
from occurisk.scoring_stream import (
    Background,
    Progress,
    Tally,
    aside_columns,
    aside_fields,
    check_ragged,
    write_ragged,
)
from occurisk.weights import NumberStyle, Weights, read_weights

if TYPE_CHECKING:
    from occurisk.bundle import Bundle
    from occurisk.catalogue import Catalogue

OWN = "own attributes"
NOTHING = "no attributes"
OUTSIDE = "attribute outside its scale"
ROW_OUTCOMES = (OWN, NOTHING, OUTSIDE, UNUSABLE_WEIGHT, RAGGED)
BANDS = ("low", "medium", "high")


@dataclass(frozen=True)
class RowAttributes:
    """Which columns hold attributes, and how their figures become X.

    Attributes
    ----------
    position : list of int or None
        By attribute, in the model's order; None where the registry has no such column.
    low, high : ndarray, shape (p,)
        Range of each column's scale.
    fill : ndarray, shape (p,)
        What stands in for a gap: the median of the reference occupations, on [0, 1].
    """

    names: list[str]
    position: list[int | None]
    low: np.ndarray
    high: np.ndarray
    fill: np.ndarray


def find_attributes(
    catalogue: Catalogue, reference: pd.DataFrame, names: list[str], wanted: str, scale: str
) -> RowAttributes:
    """Find a registry's attribute columns by the catalogue's names.

    Parameters
    ----------
    catalogue : Catalogue
    reference : DataFrame
        X of the reference occupations.
    names : list of str
        Columns of the registry.
    wanted : str
        `all`, or names separated by commas.
    scale : {"onet", "unit"}

    Raises
    ------
    RegistryError
        If a name is not the catalogue's, or a column is missing.
    """
    asked = [n.strip() for n in wanted.split(",") if n.strip()]
    if wanted == "all":
        asked = [n for n in catalogue.names if n in names]
    foreign = [n for n in asked if n not in catalogue.names]
    if foreign or not asked:
        raise RegistryError(
            f"{len(foreign)} of {len(asked)} attributes are not the model's."
            if asked
            else "The registry has no column named like an attribute of the model.",
            first=foreign[0] if foreign else None,
            rule=f"The model knows: {', '.join(catalogue.names)}.",
            fix="Rename your columns, or name those to use: --attributes NAME,NAME",
        )
    low, high = (np.array([float(catalogue[n].range[i]) for n in catalogue.names]) for i in (0, 1))
    if scale == "unit":
        low, high = np.zeros_like(low), np.ones_like(high)
    return RowAttributes(
        catalogue.names,
        [position_of(names, n, "--attributes") if n in asked else None for n in catalogue.names],
        low,
        high,
        reference[catalogue.names].median().to_numpy(dtype=float),
    )


def row_matrix(
    batch: pa.RecordBatch, columns: RowAttributes, style: NumberStyle
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read X from a batch.

    Returns
    -------
    X : ndarray, shape (n, p)
        On [0, 1]; gaps filled with the reference median.
    gaps : ndarray of int, shape (n,)
        How many attributes of a row were filled.
    outside : ndarray of bool, shape (n,)
        Whether a figure is off its scale or no number.
    """
    n = batch.num_rows
    X = np.empty((n, len(columns.names)))
    gaps = np.zeros(n, dtype=np.int32)
    outside = np.zeros(n, dtype=bool)
    for j, position in enumerate(columns.position):
        if position is None:
            X[:, j] = columns.fill[j]
            gaps += 1
            continue
        figures = read_weights(batch.column(position), style)
        value = (figures.value - columns.low[j]) / (columns.high[j] - columns.low[j])
        outside |= figures.unusable | (~figures.missing & ((value < 0) | (value > 1)))
        if figures.missing.any():
            gaps += figures.missing
            value = np.where(figures.missing, columns.fill[j], value)
        X[:, j] = value
    return X, gaps, outside


def score_rows(
    model: Bundle,
    file: RegistryFile,
    staging: Path,
    out: Path,
    options: IntakeOptions,
    kind: str,
    prefix: str,
    wanted: str,
    scale: str,
    progress: Progress | None,
    started: float,
) -> ScoredRegistry:
    """Stream a registry of rows with attributes through the model; see `scoring.score_registry`.

    Gaps take the median of the reference occupations and are counted in `occurisk_gaps`; a row without
    any attribute, or with a figure off its scale, is set aside. There is no interval: the replicas would
    cost a hundred times the prediction.
    """
    names = [str(n) for n in file.schema.names]
    columns = find_attributes(model.catalogue, model.attributes, names, wanted, scale)
    weight, style, notes = weight_column(file, options)
    where = tuple((position_of(names, n, "--where"), v) for n, v in options.where)
    predict = model.model.booster_.predict
    order = [columns.names.index(n) for n in model.model.names_]
    in_order = order == list(range(len(order)))
    fields = [
        pa.field(f"{prefix}probability", pa.float64()),
        pa.field(f"{prefix}band", pa.dictionary(pa.int32(), pa.string())),
        pa.field(f"{prefix}gaps", pa.int32()),
    ]
    tally = Tally()
    rows, weighed = (np.zeros(len(ROW_OUTCOMES)) for _ in range(2))
    by_band, by_band_rows, expected, gap_counts = np.zeros(3), np.zeros(3, np.int64), 0.0, 0
    suffix, compact = SUFFIX[kind], file.compact if file.kind == "parquet" else None
    scored = open_writer(kind, staging / f"scored{suffix}", file.schema, fields, compact)
    unscored = open_writer(
        kind, staging / f"unscored{suffix}", file.schema, aside_fields(file, prefix), compact
    )
    with Background() as background:
        for whole in background.ahead(file.batches(tally.ragged.append)):
            check_ragged(tally, file)
            first = tally.total_rows + tally.filtered
            position = np.arange(first, first + whole.num_rows)
            batch, mask = whole, keep(whole, where)
            if mask is not None:
                batch, position = whole.filter(mask), position[mask.to_numpy(zero_copy_only=False)]
                tally.filtered += whole.num_rows - batch.num_rows
            X, gaps, outside = row_matrix(batch, columns, NumberStyle())
            weights = None if weight is None else read_weights(batch.column(weight), style)
            w = np.ones(batch.num_rows) if weights is None else weights.value
            outcome = _outcomes(gaps == len(columns.names), outside, weights)
            tally.add(outcome, Weights(w, *(np.zeros(len(w), bool),) * 2), len(ROW_OUTCOMES))
            tally.missing_weight += 0 if weights is None else int(weights.missing.sum())
            good = outcome == 0
            X = X if good.all() else X[good]
            p = _sigmoid(predict(X if in_order else X[:, order], raw_score=True)) if len(X) else np.zeros(0)
            band = np.digitize(p, [model.bands.low, model.bands.high])
            by_band += np.bincount(band, weights=w[good], minlength=3)
            by_band_rows += np.bincount(band, minlength=3)
            expected += float(p @ w[good])
            gap_counts += int((gaps[good] > 0).sum())
            added = [
                pa.array(p),
                pa.DictionaryArray.from_arrays(pa.array(band.astype(np.int32)), pa.array(BANDS)),
                pa.array(gaps[good]),
            ]
            kept = batch if good.all() else batch.filter(pa.array(good))
            background.then(lambda kept=kept, added=added: scored.write(kept.columns, added))  # type: ignore[misc]
            if not good.all():
                aside = batch.filter(pa.array(~good))
                extra = aside_columns(file, position[~good], outcome[~good], ROW_OUTCOMES, tally)
                background.then(lambda aside=aside, extra=extra: unscored.write(aside.columns, extra))  # type: ignore[misc]
            if progress:
                progress(tally.total_rows, file.rows)
        background.wait()
        write_ragged(tally, file, unscored, ROW_OUTCOMES)
        background.then(scored.close, unscored.close)
    tally.altered = scored.altered + unscored.altered
    rows, weighed = tally.rows, tally.weight
    table = pd.DataFrame({"rows": rows, "weight": weighed}, index=list(ROW_OUTCOMES))
    table.loc[RAGGED, "rows"] = len(tally.ragged)
    outcomes = outcome_table(table, (OWN,))
    counted = float(outcomes["weight"].sum())
    figures = national(np.array([np.nan]), np.array([0.0]), model.bands, counted)
    if by_band.sum():
        jobs = float(by_band.sum())
        figures |= {f"share_{b}": float(v) / jobs for b, v in zip(BANDS, by_band, strict=True)}
        figures |= {"expected": expected / jobs, "coverage": jobs / counted, "scored_weight": jobs}
    used = [n for n, p in zip(columns.names, columns.position, strict=True) if p is not None]
    note = f"{len(used)} of {len(columns.names)} attributes; {gap_counts:,} scored rows have gaps, filled with the median"
    by_occupation = pd.DataFrame(
        {"code": BANDS, "rows": by_band_rows, "weight": by_band, "band": BANDS}
    ).reindex(columns=BY_OCCUPATION)
    intake = {
        "registry": {"name": file.name, "format": file.kind, "bytes": file.path.stat().st_size,
                     "columns": names, "notes": list(file.notes)},
        "understood": {"code_column": None, "weight_column": None if weight is None else names[weight],
                       "level_column": None, "coding_system": "own attributes", "taxonomy": "attributes",
                       "attributes": used, "attribute_scale": scale, "notes": [*notes, note]},
        "evidence": [],
        "model": {"version": model.version, "scores": "model", "weights": "", "bands": model.bands.model_dump()},
        "totals": {
            "rows_in": tally.total_rows + len(tally.ragged),
            "rows_scored": int(rows[0]), "rows_unscored": int(outcomes["rows"].sum() - rows[0]),
            "rows_filtered_out": tally.filtered, "weight_in": tally.total_weight,
            "weight_scored": float(weighed[0]), "weight_unscored": float(weighed[1:].sum()),
            "weight_counted": counted, "rows_without_weight": tally.missing_weight,
            "cells_disarmed": tally.altered, "rows_with_gaps": gap_counts,
        },
        "outcomes": outcomes.reset_index().to_dict("records"),
        "national": {k: None if np.isnan(v) else v for k, v in figures.items()},
        "repairs": [], "unmatched": [], "mixed": {"codes": 0, "weight": 0.0},
        "seconds": round(time.monotonic() - started, 3),
    }  # fmt: skip
    empty = pd.DataFrame()
    result = ScoredRegistry(
        out, kind, file.path, file.name, model.version, "model", "", outcomes, by_occupation, empty, empty,
        empty, figures, intake,
    )  # fmt: skip
    write_reports(result, staging)
    return result


def _sigmoid(log_odds: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _outcomes(nothing: np.ndarray, outside: np.ndarray, weights: Weights | None) -> np.ndarray:
    outcome = np.zeros(len(nothing), dtype=np.int32)
    outcome[nothing] = ROW_OUTCOMES.index(NOTHING)
    outcome[outside] = ROW_OUTCOMES.index(OUTSIDE)
    if weights is not None:
        outcome[weights.unusable] = ROW_OUTCOMES.index(UNUSABLE_WEIGHT)
    return outcome
