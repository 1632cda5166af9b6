"""Score a registry of any size: each distinct code once, then a join on Arrow batches as they are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.opening import SUFFIX, WRITTEN, on_disk
from occurisk.registry.sources.addresses import is_address
from occurisk.registry.understanding import Understanding, open_for_intake, understand
from occurisk.result_sets import Staging, result_set
from occurisk.scoring.accounting.account import ScoredWith
from occurisk.scoring.accounting.account_report import REPORTS, write_reports
from occurisk.scoring.by_code import Stream
from occurisk.scoring.code_scores import Scores
from occurisk.scoring.codebook import SCORE_COLUMNS
from occurisk.scoring.options import Progress, ReadOptions, ScoreOptions
from occurisk.scoring.scored_registry import ScoredRegistry, output_of, scored_by_code

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle


def score_registry(
    model: Bundle,
    registry: Path | str,
    out: Path,
    *,
    options: IntakeOptions | None = None,
    reading: ReadOptions | None = None,
    choices: ScoreOptions | None = None,
    force: bool = False,
    progress: Progress | None = None,
    said: Callable[[RegistryFile, Understanding], None] | None = None,
    others: Sequence[Bundle] = (),
    **named: Any,
) -> ScoredRegistry:
    """Score every row of a registry that can be scored, and keep every other.

    Parameters
    ----------
    model : Bundle
    registry : Path or str
        A file (see `open_registry`), a database (see `on_disk`), or `-` for standard input.
    out : Path
        Folder for `scored.*`, `unscored.*`, `by_occupation.csv`, `lineage.csv`, `intake.json`, `intake.md`;
        `manifest.score.json` lists them. Files of the user's own in it stay; no input may lie in it.
    options : IntakeOptions, optional
        Columns, coding system, filters; found out by default.
    reading : ReadOptions, optional
        How the file is read; found out by default.
    choices : ScoreOptions, optional
        What it is scored with, and what is written.
    force : bool
        Replace earlier results.
    progress : callable, optional
        `progress(rows_done, rows_in_all_or_None)`.
    said : callable, optional
        Told what was understood, before the rows are read.
    others : sequence of Bundle
        Models of further axes; each adds a group of columns behind its axis's name.
    **named
        Fields of `ReadOptions` and `ScoreOptions` by their own names, such as `scores="published"`.

    Returns
    -------
    ScoredRegistry

    Raises
    ------
    RegistryError, CrosswalkError, OutputError
        What the user can mend.
    """
    options = options or IntakeOptions()
    reading, choices = _merged(reading or ReadOptions(), choices or ScoreOptions(), named)
    started = time.monotonic()
    with opened(registry, Path(out), "score", options, reading, force) as (file, results):
        _check_names(file, choices.column_prefix)
        kind, staging = choices.output or WRITTEN.get(file.kind, file.kind), results.folder
        results.claim([f"scored{SUFFIX[kind]}", f"unscored{SUFFIX[kind]}", *REPORTS])
        if choices.attributes is not None:
            check_axes(others)
            from occurisk.scoring.by_attributes import row_stream, scored_by_rows

            rows = row_stream(model, file, staging, kind, options, choices, progress)
            rows.run()
            result = scored_by_rows(rows, options, choices, Path(out), time.monotonic() - started)
        else:
            understanding = understand(file, options)
            if said:
                said(file, understanding)
            scores = Scores.of(model, choices.scores, choices.weights).beside(others)
            added = choices.added((*SCORE_COLUMNS, *scores.axis_columns))
            run = Stream(
                file, understanding, options.where, options.levels, scores, kind, staging,
                choices.column_prefix, added, progress, options.sample_rows, choices.most_unknown,
            )  # fmt: skip
            book, tally, groups = run.complete()
            results.digests.update(run.digests)
            scored_with = ScoredWith(
                model.version, choices.scores, choices.weights, model.bands, model.rating_error
            )
            result = scored_by_code(
                book, tally, groups, file, understanding, options, scored_with,
                output_of(file, kind, choices.column_prefix, added), Path(out),
                time.monotonic() - started,
            )  # fmt: skip
        write_reports(result, staging)
    return result


@contextmanager
def opened(
    registry: Path | str, out: Path, kind: str, options: IntakeOptions, reading: ReadOptions, force: bool
) -> Iterator[tuple[RegistryFile, Staging]]:
    """Open a registry, and the set of results that comes of it; no file that is read may lie in `out`.

    Parameters
    ----------
    registry, out, options, reading, force
        As for `score_registry`.
    kind : str
        Of the results; see `result_set`.
    """
    inputs = [Path(registry)] if str(registry) != "-" and not is_address(registry) else []
    inputs += [options.crosswalk] if options.crosswalk else []
    with (
        on_disk(registry, reading.query) as (path, name),
        result_set(out, kind, replace=force, inputs=inputs) as results,
    ):
        file = open_for_intake(
            path, options, name=name, sheet=reading.sheet, encoding=reading.encoding,
            delimiter=reading.delimiter,
        )  # fmt: skip
        yield file, results


def check_axes(others: Sequence[Bundle]) -> None:
    """Refuse further axes for rows with attributes of their own.

    Raises
    ------
    RegistryError
    """
    if others:
        raise RegistryError(
            "Rows with attributes of their own are scored on one axis at a time.",
            rule="Each axis has a catalogue of its own, and so columns of its own.",
            fix=f"Name it: --axis {others[0].axis.name}. Or leave out --attributes.",
        )


def _merged(
    reading: ReadOptions, choices: ScoreOptions, named: dict[str, Any]
) -> tuple[ReadOptions, ScoreOptions]:
    """Put fields that are given by name into their records."""
    mine = {name: named.pop(name) for name in [f.name for f in fields(reading)] if name in named}
    theirs = {name: named.pop(name) for name in [f.name for f in fields(choices)] if name in named}
    if named:
        raise TypeError(f"score_registry() got an unexpected keyword argument {next(iter(named))!r}")
    return replace(reading, **mine), replace(choices, **theirs)


def _check_names(file: RegistryFile, prefix: str) -> None:
    taken = [n for n in file.schema.names if n.startswith(prefix)]
    if taken:
        raise RegistryError(
            f"{len(taken)} columns of the registry already begin with {prefix!r}.",
            first=taken[0],
            rule="The columns that are added need names of their own.",
            fix="Drop or rename them, or choose other names (column_prefix): --column-prefix new_",
        )
