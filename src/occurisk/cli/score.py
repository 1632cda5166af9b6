"""`occurisk score`: any occupation registry in, every row accounted for."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import JSON_OPTION, err, need_model, out
from occurisk.cli.options import (
    axis_option,
    further_models,
    intake_options,
    rated_options,
    read_options,
    score_options,
)
from occurisk.cli.track import LANGUAGE_OPTION, Asked, check_columns, check_map, record, tracking_options
from occurisk.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from occurisk.model.bundles.bundle import Bundle
    from occurisk.registry.columns.sample import IntakeOptions
    from occurisk.registry.formats.base import RegistryFile
    from occurisk.registry.understanding import Understanding
    from occurisk.scoring.accounting.account import Account
    from occurisk.scoring.options import ReadOptions, ScoreOptions
    from occurisk.scoring.scored_registry import ScoredRegistry


@click.command()
@click.argument("registry", nargs=-1, required=True)
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the results into this folder.",
)
@intake_options
@score_options
@axis_option("", "Also score on this further axis (another technology), or on all.  [default: the first]")
@read_options
@click.option("--query", metavar="SQL", help="Take the rows of this SELECT, of a database, as the list.")
@click.option(
    "--engine",
    type=click.Choice(["here", "spark"]),
    default="here",
    show_default=True,
    help="Score on this machine, or on Spark, which takes Parquet files as one table.",
)
@click.option(
    "--master",
    metavar="URL",
    help="Use this Spark cluster.  [default: as spark-submit says, else all cores here]",
)
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="End with exit code 13 if less of the weight is scored, or nothing.",
)
@click.option("--force", is_flag=True, help="Replace the results of an earlier run.")
@click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
@tracking_options
@LANGUAGE_OPTION
@click.option(
    "--model", "version", metavar="VERSION", help="Use this model version.  [default: the current one]"
)
@rated_options
@JSON_OPTION
def score(
    *,
    registry: tuple[str, ...],
    folder: Path,
    options: IntakeOptions,
    choices: ScoreOptions,
    axis_name: str | None,
    reading: ReadOptions,
    query: str | None,
    engine: str,
    master: str | None,
    min_coverage: float,
    force: bool,
    no_track: bool,
    asked: Asked,
    lang: str,
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Score REGISTRY: a list of occupations, jobs or people as Parquet, CSV, Excel, or - for standard input.

    It may also be a database, with --query: postgresql://HOST/DATABASE, or a DuckDB file.

    Rows that can be scored go to scored.*, every other row to unscored.* with its reason; intake.md says
    what was understood and what was lost.
    """
    from occurisk.result_sets import refuse_overwriting
    from occurisk.scoring.accounting.losses import too_little
    from occurisk.scoring.score import score_registry

    if engine == "here" and (len(registry) > 1 or master):
        raise click.UsageError("Several files, and --master, are for --engine spark.")
    refuse_overwriting(json_path, [*map(Path, registry), *([options.crosswalk] if options.crosswalk else [])])
    bundle, others, choices = _models(choices, axis_name, version, models_dir)
    check_map(asked, tracked=not no_track and bool(others))
    console = out()
    understood: list[tuple[RegistryFile, Understanding]] = []

    def said(file: RegistryFile, understanding: Understanding) -> None:
        check_columns(file.schema.names, asked)
        # Who looks on is told before the work begins; in a pipe nothing is printed before all is written.
        if console.is_terminal:
            _print_understood(console, file, understanding)
        else:
            understood.append((file, understanding))

    if engine == "spark":
        from occurisk.spark.parquet_job import score_parquet

        result = score_parquet(
            bundle, registry, folder, master=master, options=options, choices=choices, force=force,
            others=others,
        )  # fmt: skip
    else:
        with _Progress() as tick:
            result = score_registry(
                bundle, registry[0], folder, options=options, reading=replace(reading, query=query),
                choices=choices, force=force, progress=tick, said=said, others=others,
            )  # fmt: skip
    short = too_little(result.account, min_coverage)
    if json_path:
        ending = {
            "status": "too little scored" if short else "scored",
            "exit_code": short.exit_code if short else 0,
        }
        write_json(json_path, {**result.account.to_json(), **ending})
    for pair in understood:
        _print_understood(console, *pair)
    _print_result(console, result.account)
    for other in others:
        _print_axis(console, result, other)
    if axis_name or version:  # by default it is the first axis, whose caveats stand in the docs
        for caveat in bundle.axis.words("en").caveats if bundle.axis.column_prefix else ():
            console.print(caveat)
    _print_closing(console, result, json_path)
    if not no_track:
        record(console, result, bundle, asked, lang, others)
    if short:
        raise short


def _models(
    choices: ScoreOptions, axis_name: str | None, version: str | None, models_dir: Path | None
) -> tuple[Bundle, list[Bundle], ScoreOptions]:
    """Load what the list is scored with: a model, those of further axes, and how their columns are called."""
    if axis_name:
        from occurisk.model.axes.declaration import chosen_axes

        axes = chosen_axes(axis_name)  # an unknown one is said before a model is trained for nothing
        if choices.attributes and axis_name != "all":
            # Rows with attributes of their own: the axis's catalogue names the columns.
            own = need_model(models_dir, version, axis=axes[0])
            return own, [], replace(choices, column_prefix=choices.column_prefix + own.axis.column_prefix)
    bundle = need_model(models_dir, version)
    return bundle, further_models(models_dir, bundle, axis_name) if axis_name else [], choices


def _print_axis(console: Console, result: ScoredRegistry, other: Bundle) -> None:
    """Print the headline on a further axis, and what must be said of it."""
    from occurisk.scoring.accounting.other_axes import figures_on
    from occurisk.scoring.code_scores import Scores

    words = other.axis.words("en")
    console.print(f"{words.title}: high from {other.bands.high:g}, low below {other.bands.low:g}.")
    for sentence in (*figures_on(result, Scores.of(other)).in_words(), *words.caveats):
        console.print(f"  {sentence}")


class _Progress:
    """A bar with rows per second on a terminal, nothing elsewhere (rich is not even imported)."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __enter__(self) -> Callable[[int, int | None], None]:
        if not sys.stderr.isatty():
            return lambda done, total: None
        started = time.monotonic()

        def tick(done: int, total: int | None) -> None:
            if self.bar is None:  # not before there is something to show: what is printed has its own lines
                self.bar = self._start()
            speed = done / max(time.monotonic() - started, 1e-6)
            self.bar.update(0, completed=done, total=total, rate=f"{done:,} rows, {speed:,.0f}/s")

        return tick

    def _start(self) -> Any:
        from rich import progress as bars

        bar = bars.Progress(
            bars.TextColumn("Scoring"), bars.BarColumn(), bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(), console=err(), transient=True,
        )  # fmt: skip
        bar.add_task("rows", total=None, rate="")
        bar.start()
        return bar

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


def _print_understood(console: Console, file: RegistryFile, understanding: Understanding) -> None:
    """Print what the registry was taken for."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Understood", title_justify="left", show_header=False, box=None, pad_edge=False)
    size = f", {file.rows:,} rows" if file.rows is not None else ""
    system = understanding.system.title
    shown = understanding.evidence[0] if understanding.evidence and understanding.code is not None else None
    proof = f" ({shown.exist:.1%} of {shown.distinct:,} distinct values exist)" if shown else ""
    for name, text in (
        ("Registry", f"{file.name}: {'; '.join(file.notes)}{size}"),
        (
            "Codes",
            "none" if understanding.code is None else f"column {understanding.name(understanding.code)!r}",
        ),
        (
            "Coding system",
            "–" if understanding.code is None and understanding.title is None else system + proof,
        ),
        (
            "Weights",
            "rows"
            if understanding.weight is None
            else f"column {understanding.name(understanding.weight)!r}",
        ),
        *(("Note", note) for note in understanding.notes),
    ):
        table.add_row(name, escape(text))
    console.print(table)
    rivals = [e for e in understanding.evidence[1:] if shown and e.column == shown.column and e.parse > 0]
    if rivals:
        console.print(
            "Other systems: " + ", ".join(f"{e.taxonomy} {e.exist:.1%}" for e in rivals[:4]), style="dim"
        )


def _print_result(console: Console, account: Account) -> None:
    from rich.markup import escape
    from rich.table import Table

    from occurisk.scoring.outcomes import NO_JOBS

    weight = account.understood.weight_column or "rows"
    table = Table(title="What became of the rows", title_justify="left")
    for header in ("Outcome", "Rows", escape(f"Weight ({weight})"), ""):
        table.add_column(header, justify="right" if header not in ("Outcome", "") else "left")
    for row in account.outcomes:
        aside = "names no job" if row.outcome == NO_JOBS else "adds up other rows"
        kind = "scored" if row.scored else "set aside" if row.counted else aside
        table.add_row(row.outcome, f"{row.rows:,}", f"{row.weight:,.10g}", kind)
    console.print(table)
    _print_losses(console, account)
    if account.repairs:
        mended = "; ".join(f"{r.repair} ({r.rows:,} rows)" for r in account.repairs[:4])
        console.print(f"Repairs: {escape(mended)}")
    if account.totals.cells_disarmed:
        console.print(
            f"{account.totals.cells_disarmed:,} cells could have run as formulas in a spreadsheet: disarmed.",
            style="yellow",
        )
    for note in account.understood.notes:
        if "group" in note:
            console.print(escape(note))
    from occurisk.scoring.accounting.account_report import titles_in_words

    for sentence in titles_in_words(account.titles) if account.titles else ():
        console.print(escape(sentence))
    for warning in account.understood.warnings:
        console.print(escape(f"Warning: {warning}"), style="yellow")
    if account.totals.rows_scored:
        for sentence in account.national.in_words():
            console.print(sentence)
    else:
        console.print(
            "Nothing could be scored: every row is in the unscored file, with its reason.", style="yellow"
        )


def _print_losses(console: Console, account: Account) -> None:
    from rich.markup import escape
    from rich.table import Table

    if account.unmatched:
        what = "code" if account.understood.code_column else "title"
        lost = Table(title=f"Largest {what}s without a score", title_justify="left")
        for header in (what.capitalize(), "Reason", "Rows", "Weight", "Near misses"):
            lost.add_column(header, justify="right" if header in ("Rows", "Weight") else "left")
        for code in account.unmatched[:8]:
            name = f"{code.code} {code.title}".strip() or "(empty)"
            lost.add_row(
                escape(name), code.reason, f"{code.rows:,}", f"{code.weight:,.10g}", escape(code.near)
            )
        console.print(lost)


def _print_closing(console: Console, result: ScoredRegistry, json_path: Path | None) -> None:
    totals, titles = result.account.totals, result.account.titles
    open_titles = titles and (
        titles["undecided_titles"] or any(m["match"] == "group" for m in titles["by_match"])
    )
    for text in (
        f"{totals.rows_in:,} rows in = {totals.rows_scored:,} scored + "
        f"{totals.rows_unscored:,} set aside, in {result.account.seconds:.1f} s.",
        f"Scored    {result.scored_path}",
        f"Set aside {result.unscored_path}",
        f"By code   {result.out / 'by_occupation.csv'} and {result.out / 'lineage.csv'}",
        f"Report    {result.out / 'intake.md'} and intake.json",
        *([f"Figures   {json_path}"] if json_path else []),
        *(
            [f"Titles    decide what was left open: occurisk titles review {result.out}"]
            if open_titles
            else []
        ),
        *(["For Excel: add --format excel."] if _for_excel(result) else []),
    ):
        console.print(text, soft_wrap=True, markup=False)


def _for_excel(result: ScoredRegistry) -> bool:
    return result.account.registry.format == "excel" and result.kind != "excel"
