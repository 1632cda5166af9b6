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
from scipy.special import expit
from threadpoolctl import threadpool_limits

from occurisk.background import finished
from occurisk.model.contributions import reasons as strongest
from occurisk.model.row_intervals import share_in_band
from occurisk.probabilities import MODEL_DEPENDENT, ROBUST, ROBUST_SHARE, ends, six_digits
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
    NOTHING,
    OUTSIDE,
    OWN,
    RAGGED,
    ROW_OUTCOMES,
    UNUSABLE_WEIGHT,
    Tally,
    account_of,
    aside_columns,
    aside_fields,
    check_ragged,
    record_numbers,
    write_ragged,
)
from occurisk.scoring.row_figures import BANDS, RowFigures
from occurisk.scoring.scored_registry import BY_OCCUPATION, OwnRows, ScoredRegistry, output_of, source_of

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle

STABILITY = (*(ROBUST + band for band in BANDS), MODEL_DEPENDENT)
# With more rows nobody reads them one by one, and explaining them takes minutes.
MOST_EXPLAINED = 1000
ROW_COLUMNS = ("probability", "lower", "upper", "band", "stability", "gaps", *REASON_COLUMNS)
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
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(cpu_count()))

    def run(self) -> None:
        """Score every row."""
        text = pa.dictionary(pa.int32(), pa.string())
        kinds = dict.fromkeys(("probability", "lower", "upper"), pa.float64())
        kinds |= {"band": text, "stability": text, "gaps": pa.int32()}
        fields = [pa.field(self.prefix + n, kinds.get(n, pa.string()), nullable=False) for n in self.added]
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
        weights = None if self.weight is None else read_numbers(batch.column(self.weight), self.style)
        outcome = _outcomes(np.asarray(missing.all(axis=1)), outside, weights)
        w = np.ones(batch.num_rows) if weights is None else weights.value
        nowhere = np.zeros(len(w), bool)
        self.tally.add(outcome, Numbers(w, nowhere, nowhere), len(ROW_OUTCOMES))
        self.tally.missing_weight += 0 if weights is None else int(weights.missing.sum())
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


def row_scores(model: Bundle, X: np.ndarray, missing: np.ndarray, *, reasons: bool) -> dict[str, pa.Array]:
    """Score rows of attributes, on one thread.

    Parameters
    ----------
    model : Bundle
    X : ndarray, shape (n, p)
        On [0, 1], in the order of `Bundle.names`, gaps filled with `Bundle.medians`.
    missing : ndarray of bool, shape (n, p)
        Which figures are fillings.
    reasons : bool
        Also name the strongest contributions.

    Returns
    -------
    dict
        The columns of `ROW_COLUMNS`, each of length n.
    """
    bands = model.bands
    log_odds = model.log_odds(X, threads=1)
    sd = model.uncertainty.sd(X, missing)
    p = expit(log_odds)
    lower, upper = ends(p, sd, model.nominal).T
    p, lower, upper = (six_digits(values) for values in (p, lower, upper))
    band = np.digitize(p, [bands.low, bands.high])
    robust = share_in_band(log_odds, sd, band, bands) >= ROBUST_SHARE
    columns = {
        "probability": pa.array(p),
        "lower": pa.array(lower),
        "upper": pa.array(upper),
        "band": _named(band, BANDS),
        "stability": _named(np.where(robust, band, len(BANDS)), STABILITY),
        "gaps": pa.array(missing.sum(axis=1, dtype=np.int32)),
    }
    return columns | (_reasons(model, X) if reasons else {})


def _reasons(model: Bundle, X: np.ndarray) -> dict[str, pa.Array]:
    parts = np.zeros((0, X.shape[1] + 1))
    if len(X):
        parts = model.booster.predict(X, pred_contrib=True, num_threads=1)
    named = strongest(pd.DataFrame(parts[:, :-1], columns=model.names))
    return {name: pa.array(named[name], pa.string()) for name in REASON_COLUMNS}


def _named(number: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(number.astype(np.int32)), pa.array(names))


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


def score_rows(
    model: Bundle,
    file: RegistryFile,
    staging: Path,
    kind: str,
    options: IntakeOptions,
    choices: ScoreOptions,
    out: Path,
    progress: Progress | None,
    elapsed: Callable[[], float],
) -> ScoredRegistry:
    """Stream a registry of rows with attributes through the model; see `score_registry`.

    Gaps take the median of the reference occupations and are counted in `occurisk_gaps`; a row without
    any attribute, or with a figure off its scale, is set aside. Intervals come from `Bundle.uncertainty`: the
    replicas themselves would cost a hundred times the prediction.
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
    table = sample(file, where)
    chosen = find_weight(file, table, names, options)
    weight, style, notes = chosen.position, chosen.style, list(chosen.notes)
    styles = [
        NumberStyle() if i is None else number_style(distinct(table.column(i)), file.delimiter)
        for i in columns.position
    ]
    added = choices.added(ROW_COLUMNS if choices.reasons else ROW_COLUMNS[: -len(REASON_COLUMNS)])
    stream = RowStream(
        model, file, staging, columns, kind, choices.column_prefix, where, weight, style,
        styles, progress, added,
    )  # fmt: skip
    stream.run()
    used = tuple(n for n, p in zip(columns.names, columns.position, strict=True) if p is not None)
    notes.append(
        f"{len(used)} of {len(columns.names)} attributes; {stream.figures.gaps:,} scored rows have gaps, "
        "filled with the median of the reference occupations, and their intervals are wider for it"
    )
    understood = Understood(
        code_column=None, weight_column=None if weight is None else names[weight], level_column=None,
        coding_system=OWN, taxonomy="attributes", notes=tuple(notes), decimal=style.decimal,
        where=tuple(f"{n}={v}" for n, v in options.where), attributes=used,
        attribute_scale=choices.attribute_scale,
    )  # fmt: skip
    account = _account(stream, understood, elapsed())
    figures = stream.figures
    by_band = pd.DataFrame({"code": BANDS, "rows": figures.rows, "weight": figures.weight, "band": BANDS})
    return ScoredRegistry(
        out, file.path, account, by_band.reindex(columns=BY_OCCUPATION), own=_together(stream.own)
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
        model=ScoredWith(model.version, "model", "", model.bands),
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
        national=stream.figures.national(counted, model.bands, model.uncertainty, model.log_odds),
        seconds=round(seconds, 3),
    )


def _outcomes(nothing: np.ndarray, outside: np.ndarray, weights: Numbers | None) -> np.ndarray:
    outcome = np.zeros(len(nothing), dtype=np.int32)
    outcome[nothing] = ROW_OUTCOMES.index(NOTHING)
    outcome[outside] = ROW_OUTCOMES.index(OUTSIDE)
    if weights is not None:
        outcome[weights.unusable] = ROW_OUTCOMES.index(UNUSABLE_WEIGHT)
    return outcome
