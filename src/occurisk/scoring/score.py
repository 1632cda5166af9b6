"""Score a registry of any size: each distinct code once, then a join on Arrow batches as they are read."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from occurisk.errors import RegistryError
from occurisk.registry.columns import IntakeOptions
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.formats.writers import SUFFIX
from occurisk.registry.opening import on_disk
from occurisk.registry.understanding import Understanding, open_for_intake, understand
from occurisk.result_sets import result_set
from occurisk.scoring.account import ScoredRegistry, summarise
from occurisk.scoring.account_report import REPORTS, write_reports
from occurisk.scoring.by_code import Progress, Stream
from occurisk.scoring.codebook import Scores

if TYPE_CHECKING:
    from occurisk.model.bundle import Bundle


def score_registry(
    model: Bundle,
    registry: Path | str,
    out: Path,
    *,
    options: IntakeOptions | None = None,
    scores: str = "model",
    weights: str = "employment",
    output: str | None = None,
    force: bool = False,
    column_prefix: str = "occurisk_",
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    attributes: str | None = None,
    attribute_scale: str = "onet",
    reasons: bool = False,
    progress: Progress | None = None,
    said: Callable[[RegistryFile, Understanding], None] | None = None,
) -> ScoredRegistry:
    """Score every row of a registry that can be scored, and keep every other.

    Parameters
    ----------
    model : Bundle
    registry : Path or str
        A file (see `open_registry`), or `-` for standard input.
    out : Path
        Folder for `scored.*`, `unscored.*`, `by_occupation.csv`, `lineage.csv`, `intake.json`, `intake.md`;
        `manifest.score.json` lists them. Files of the user's own in it stay; no input may lie in it.
    options : IntakeOptions, optional
        Columns, coding system, filters; found out by default.
    scores : {"model", "published"}
        The model's probabilities, or those that Frey & Osborne (2017) printed.
    weights : {"employment", "equal"}
        Of occupations within a code.
    output : {"parquet", "csv", "excel"}, optional
        The registry's own format by default.
    force : bool
        Replace earlier results.
    column_prefix : str
        Of the columns that are added.
    sheet, encoding, delimiter : str, optional
        Of the file.
    attributes : str, optional
        Score rows by their own attribute columns: `all`, or names separated by commas.
    attribute_scale : {"onet", "unit"}
        Whether these are on O*NET's scales or on [0, 1].
    reasons : bool
        Give such rows their three largest contributions too, at ten times the time. Rows scored by code
        have them anyway.
    progress : callable, optional
        `progress(rows_done, rows_in_all_or_None)`.
    said : callable, optional
        Told what was understood, before the rows are read.

    Returns
    -------
    ScoredRegistry

    Raises
    ------
    RegistryError, CrosswalkError, OutputError
        What the user can mend.
    """
    options = options or IntakeOptions()
    started = time.monotonic()
    inputs = [Path(registry)] if str(registry) != "-" else []
    inputs += [options.crosswalk] if options.crosswalk else []
    with (
        on_disk(registry) as (path, name),
        result_set(Path(out), "score", replace=force, inputs=inputs) as results,
    ):
        file = open_for_intake(path, options, name=name, sheet=sheet, encoding=encoding, delimiter=delimiter)
        taken = [n for n in file.schema.names if n.startswith(column_prefix)]
        if taken:
            raise RegistryError(
                f"{len(taken)} columns of the registry already begin with {column_prefix!r}.",
                first=taken[0],
                rule="The columns that are added need names of their own.",
                fix="Drop or rename them, or choose other names: --column-prefix new_",
            )
        kind, staging = output or file.kind, results.folder
        results.claim([f"scored{SUFFIX[kind]}", f"unscored{SUFFIX[kind]}", *REPORTS])
        if attributes is not None:
            from occurisk.scoring.by_attributes import score_rows

            return score_rows(
                model, file, staging, Path(out), options, kind, column_prefix, attributes, attribute_scale,
                reasons, progress, started,
            )  # fmt: skip
        understanding = understand(file, options)
        if said:
            said(file, understanding)
        table = scores_of(model, scores, weights)
        run = Stream(file, understanding, options, table, kind, staging, column_prefix, progress)
        book, tally, levels = run.complete()
        result = summarise(
            book, tally, levels, file, understanding, options, model.version, scores, weights, kind,
            Path(out), time.monotonic() - started,
        )  # fmt: skip
        write_reports(result, staging)
    return result


def scores_of(model: Bundle, scores: str, weights: str) -> Scores:
    """Return what codes are scored with: the model, or the published list and no stand-ins."""
    if scores == "model":
        return Scores(model.reference, model.replicas, model.bands, weights=weights)
    from occurisk.training_data.labels import load_labels

    published = load_labels().published_by_soc2010()
    return Scores(published.to_frame("probability"), None, model.bands, siblings=False, weights=weights)
