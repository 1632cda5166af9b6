"""Score registries that bring their own task attributes, row by row, in batches."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from joblib import cpu_count
from threadpoolctl import threadpool_limits

from occurisk.background import finished
from occurisk.registry.columns.attribute_columns import RowAttributes, find_attributes, row_matrix
from occurisk.registry.columns.sample import (
    TITLE_NAME,
    IntakeOptions,
    distinct,
    keep,
    position_of,
    sample,
    texts,
)
from occurisk.registry.columns.weight_column import find_weight
from occurisk.registry.formats.base import RegistryFile, Writer
from occurisk.registry.numbers import Numbers, NumberStyle, number_style, read_numbers
from occurisk.registry.opening import SUFFIX, open_writer
from occurisk.scoring.accounting.account import Account, ScoredWith, Totals, Understood
from occurisk.scoring.code_scores import REASON_COLUMNS
from occurisk.scoring.options import Progress, ScoreOptions
from occurisk.scoring.outcomes import (
    OWN,
    RAGGED,
    ROW_OUTCOMES,
    Tally,
    account_of,
    aside_columns,
    aside_fields,
    check_ragged,
    record_numbers,
    write_ragged,
)
from occurisk.scoring.row_figures import BANDS, ROW_COLUMNS, RowFigures, row_fields, row_outcomes, row_scores
from occurisk.scoring.scored_registry import BY_OCCUPATION, OwnRows, ScoredRegistry, output_of, source_of

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle

# With more rows nobody reads them one by one, and explaining them takes minutes.
MOST_EXPLAINED = 1000
# Rows go to a core this many at a time.
_SLICE = 1 << 14


@dataclass
class RowStream:
    """The stream from a file of rows with attributes to the scored files."""

    model: Bundle
    file: RegistryFile
    staging: Path
    columns: RowAttributes
    kind: str
    prefix: str
    where: tuple[tuple[int, str], ...]
    weight: int | None
    style: NumberStyle
    styles: list[NumberStyle]  # of the attributes
    progress: Progress | None
    added: tuple[str, ...] = ROW_COLUMNS
    tally: Tally = field(default_factory=Tally)
    figures: RowFigures = field(default_factory=RowFigures)
    own: list[OwnRows] | None = field(default_factory=list)  # None: too many
    notes: tuple[str, ...] = ()
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(cpu_count()))

    def run(self) -> None:
        """Score every row."""
        fields = row_fields(self.added, self.prefix)
        suffix = SUFFIX[self.kind]
        aside = aside_fields(self.file, self.prefix)
        scored, unscored = (
            open_writer(self.kind, self.staging / f"{name}{suffix}", self.file.schema, added, self.file)
            for name, added in (("scored", fields), ("unscored", aside))
        )
        # Every core has a slice of rows: BLAS with threads of its own would only stand in their way.
        with self.pool, threadpool_limits(1, "blas"), finished(scored, unscored) as background:
            for batch in background.ahead(self.file.batches(self.tally.ragged.append)):
                check_ragged(self.tally, self.file)
                background.then(*self._batch(batch, scored, unscored))
                if self.progress:
                    self.progress(self.tally.total_rows, self.file.rows)
            background.wait()
            write_ragged(self.tally, self.file, unscored, ROW_OUTCOMES)
        self.tally.altered = scored.altered + unscored.altered

    def _batch(
        self, whole: pa.RecordBatch, scored: Writer, unscored: Writer
    ) -> tuple[Callable[[], None], ...]:
        first = self.tally.total_rows + self.tally.filtered
        position = np.arange(first, first + whole.num_rows)
        batch, mask = whole, keep(whole, self.where)
        if mask is not None:
            batch, position = whole.filter(mask), position[mask.to_numpy(zero_copy_only=False)]
            self.tally.filtered += whole.num_rows - batch.num_rows
        X, missing, outside = row_matrix(batch, self.columns, self.styles)
        weight = None if self.weight is None else read_numbers(batch.column(self.weight), self.style)
        outcome = row_outcomes(missing, outside, weight)
        w = np.ones(batch.num_rows) if weight is None else weight.value
        nowhere = np.zeros(len(w), bool)
        self.tally.add(outcome, Numbers(w, nowhere, nowhere), len(ROW_OUTCOMES))
        self.tally.missing_weight += 0 if weight is None else int(weight.missing.sum())
        good = outcome == 0
        every = bool(good.all())
        if not every:
            X, missing = X[good], missing[good]
        scores = self._scores(X, missing)
        p, band = scores["probability"], scores["band"].indices
        self.figures.add(p.to_numpy(), band.to_numpy(), w[good], X, missing)
        kept = batch if every else batch.filter(pa.array(good))
        self._remember(kept, position[good], w[good], scores, X, missing)
        added = [scores[name] for name in self.added]
        work = [lambda: scored.write(kept.columns, added)]
        if not every:
            aside = batch.filter(pa.array(~good))
            extra = aside_columns(self.file, position[~good], outcome[~good], ROW_OUTCOMES, self.tally)
            work.append(lambda: unscored.write(aside.columns, extra))
        return tuple(work)

    def _scores(self, X: np.ndarray, missing: np.ndarray) -> dict[str, pa.Array]:
        """Return the columns that are added, a slice on each core.

        LightGBM's own threads wait for each other, busily: reading and writing would stand in their way.
        """
        slices = [slice(start, start + _SLICE) for start in range(0, max(1, len(X)), _SLICE)]
        parts = list(self.pool.map(lambda rows: self._slice(X[rows], missing[rows]), slices))
        return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}

    def _slice(self, X: np.ndarray, missing: np.ndarray) -> dict[str, pa.Array]:
        return row_scores(self.model, X, missing, reasons=bool(set(REASON_COLUMNS) & set(self.added)))

    def _remember(
        self,
        kept: pa.RecordBatch,
        position: np.ndarray,
        weight: np.ndarray,
        scores: dict[str, pa.Array],
        X: np.ndarray,
        missing: np.ndarray,
    ) -> None:
        """Keep the rows of a short registry, to be explained one by one."""
        if self.own is None or sum(len(own.X) for own in self.own) + len(X) > MOST_EXPLAINED:
            self.own = None
            return
        codes = [f"row {number}" for number in record_numbers(position, self.tally.ragged)]
        title = _title_column(self.file, self.columns, self.weight)
        rows = pd.DataFrame(
            {
                "title": "" if title is None else texts(kept.column(title)).to_pandas().fillna("").to_numpy(),
                **{name: column.to_pandas().to_numpy() for name, column in scores.items()},
                "weight": weight if self.weight is not None else np.nan,
            },
            index=pd.Index(codes, name="code"),
        )
        self.own.append(OwnRows(rows, pd.DataFrame(X, index=rows.index, columns=self.model.names), missing))


def _title_column(file: RegistryFile, columns: RowAttributes, weight: int | None) -> int | None:
    """Return the column that names the rows: one that is called like a title, else the first other one."""
    used = {*columns.position, weight}
    other = [i for i in range(len(file.schema.names)) if i not in used]
    return next((i for i in other if TITLE_NAME.search(str(file.schema.names[i]))), next(iter(other), None))


def _together(parts: list[OwnRows] | None) -> OwnRows | None:
    parts = [own for own in parts or () if len(own.X)]
    if not parts:
        return None
    return OwnRows(
        pd.concat([own.rows for own in parts]),
        pd.concat([own.X for own in parts]),
        np.concatenate([own.missing for own in parts]),
    )


def row_stream(
    model: Bundle,
    file: RegistryFile,
    staging: Path,
    kind: str,
    options: IntakeOptions,
    choices: ScoreOptions,
    progress: Progress | None = None,
) -> RowStream:
    """Find a registry's columns of attributes and of weights; nothing is scored before `run`.

    Gaps take the median of the reference occupations and are counted in `occurisk_gaps`; a row without
    any attribute, or with a figure off its scale, is set aside. Intervals come from `Bundle.uncertainty`: the
    replicas themselves would cost a hundred times the prediction.

    Raises
    ------
    RegistryError
        If there is none, or a name is wrong.
    """
    names = [str(n) for n in file.schema.names]
    columns = find_attributes(
        model.catalogue,
        model.names,
        model.medians,
        names,
        choices.attributes or "all",
        choices.attribute_scale,
    )
    where = tuple((position_of(names, n, "--where"), v) for n, v in options.where)
    table = sample(file, where, options.sample_rows)
    chosen = find_weight(file, table, names, options)
    styles = [
        NumberStyle() if i is None else number_style(distinct(table.column(i)), file.delimiter)
        for i in columns.position
    ]
    added = choices.added(ROW_COLUMNS if choices.reasons else ROW_COLUMNS[: -len(REASON_COLUMNS)])
    return RowStream(
        model, file, staging, columns, kind, choices.column_prefix, where, chosen.position, chosen.style,
        styles, progress, added, notes=tuple(chosen.notes),
    )  # fmt: skip


def scored_by_rows(
    stream: RowStream, options: IntakeOptions, choices: ScoreOptions, out: Path, seconds: float
) -> ScoredRegistry:
    """Put together what was counted while the rows passed."""
    columns, figures = stream.columns, stream.figures
    names = [str(n) for n in stream.file.schema.names]
    used = tuple(n for n, p in zip(columns.names, columns.position, strict=True) if p is not None)
    gaps = (
        f"{len(used)} of {len(columns.names)} attributes; {figures.gaps:,} scored rows have gaps, "
        "filled with the median of the reference occupations, and their intervals are wider for it"
    )
    understood = Understood(
        code_column=None, weight_column=None if stream.weight is None else names[stream.weight],
        level_column=None, coding_system=OWN, taxonomy="attributes", notes=(*stream.notes, gaps),
        decimal=stream.style.decimal, where=tuple(f"{n}={v}" for n, v in options.where), attributes=used,
        attribute_scale=choices.attribute_scale,
    )  # fmt: skip
    account = _account(stream, understood, seconds)
    by_band = pd.DataFrame({"code": BANDS, "rows": figures.rows, "weight": figures.weight, "band": BANDS})
    return ScoredRegistry(
        out, stream.file.path, account, by_band.reindex(columns=BY_OCCUPATION), own=_together(stream.own)
    )


def _account(stream: RowStream, understood: Understood, seconds: float) -> Account:
    model, tally = stream.model, stream.tally
    sums_by_outcome = {
        name: (rows, weight)
        for name, rows, weight in zip(ROW_OUTCOMES, tally.rows, tally.weight, strict=True)
    }
    sums_by_outcome[RAGGED] = (len(tally.ragged), 0.0)
    outcomes = account_of(sums_by_outcome, ROW_OUTCOMES)
    counted = float(sum(o.weight for o in outcomes))
    return Account(
        registry=source_of(stream.file),
        understood=understood,
        evidence=(),
        model=ScoredWith(model.version, "model", "", model.bands, model.rating_error),
        output=output_of(stream.file, stream.kind, stream.prefix, stream.added),
        totals=Totals(
            rows_in=tally.total_rows + len(tally.ragged),
            rows_scored=int(tally.rows[0]),
            rows_unscored=sum(o.rows for o in outcomes if not o.scored),
            rows_filtered_out=tally.filtered,
            weight_in=tally.total_weight,
            weight_scored=float(tally.weight[0]),
            weight_unscored=float(tally.weight[1:].sum()),
            weight_counted=counted,
            rows_without_weight=tally.missing_weight,
            cells_disarmed=tally.altered,
            rows_with_gaps=stream.figures.gaps,
        ),
        outcomes=outcomes,
        national=stream.figures.national(counted, model.bands, model.uncertainty, model.log_odds, model.link),
        seconds=round(seconds, 3),
    )
