"""`occurisk score`: any occupation registry in, every row accounted for."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import JSON_OPTION, MODELS_DIR_OPTION, err, need_model, out, ui_hint
from occurisk.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from occurisk.registry.formats.base import RegistryFile
    from occurisk.registry.understanding import Understanding
    from occurisk.scoring.account import ScoredRegistry

TAXONOMIES = ["auto", "soc2010", "soc2018", "onetsoc", "isco08", "isco88", "nkrk"]


@click.command()
@click.argument("registry", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the results.",
)
@click.option(
    "--code-column", metavar="NAME", help="Column of occupation codes.  [default: found by its values]"
)
@click.option(
    "--weight-column", metavar="NAME", help="Column of jobs or weights.  [default: found by its name]"
)
@click.option(
    "--level-column", metavar="NAME", help="Column that says total, major … detailed, as OEWS has it."
)
@click.option(
    "--taxonomy",
    type=click.Choice(TAXONOMIES),
    default="auto",
    show_default=True,
    help="Coding system. nkrk: НК РК 01-2017 of Kazakhstan. With --crosswalk: that of its targets.",
)
@click.option(
    "--prefix", type=click.IntRange(1, 4), help="National codes built on ISCO: how many digits are ISCO's."
)
@click.option(
    "--crosswalk", type=click.Path(path_type=Path), metavar="MAP.csv", help="Your own map: from,to,weight."
)
@click.option(
    "--weights",
    type=click.Choice(["employment", "equal"]),
    default="employment",
    show_default=True,
    help="How occupations within a code count: by US jobs, or equally.",
)
@click.option(
    "--scores",
    type=click.Choice(["model", "published"]),
    default="model",
    show_default=True,
    help="The model's, or those that Frey & Osborne printed.",
)
@click.option(
    "--levels",
    type=click.Choice(["auto", "totals", "separate"]),
    default="auto",
    show_default=True,
    help="Groups listed beside their detail: add it up (leave them out), or stand for other rows.",
)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value; repeatable.")
@click.option(
    "--attributes",
    metavar="all|NAMES",
    help="Score each row by its own task attributes: all of the catalogue's columns, or these, by commas.",
)
@click.option(
    "--attribute-scale",
    type=click.Choice(["onet", "unit"]),
    default="onet",
    show_default=True,
    help="Attributes on O*NET's scales, or on 0 to 1.",
)
@click.option(
    "--reasons",
    is_flag=True,
    help="With --attributes: also the three strongest reasons of each row; takes ten times as long.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["parquet", "csv", "excel"]),
    help="Of the rows written.  [default: the registry's]",
)
@click.option("--sheet", metavar="NAME", help="Excel sheet.  [default: the first]")
@click.option("--encoding", metavar="NAME", help="Of a text file.  [default: found out]")
@click.option("--delimiter", metavar="CHAR", help="Of a text file.  [default: found out]")
@click.option(
    "--column-prefix", default="occurisk_", show_default=True, metavar="TEXT", help="Of the added columns."
)
@click.option("--force", is_flag=True, help="Replace the results of an earlier run.")
@click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
@click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk"]),
    default="en",
    show_default=True,
    help="Of the explanations in MLflow.",
)
@click.option("--model", "version", metavar="VERSION", help="Model version.  [default: the current one]")
@MODELS_DIR_OPTION
@JSON_OPTION
def score(
    *,
    registry: Path,
    folder: Path,
    code_column: str | None,
    weight_column: str | None,
    level_column: str | None,
    taxonomy: str,
    prefix: int | None,
    crosswalk: Path | None,
    weights: str,
    scores: str,
    levels: str,
    where: tuple[str, ...],
    attributes: str | None,
    attribute_scale: str,
    reasons: bool,
    output: str | None,
    sheet: str | None,
    encoding: str | None,
    delimiter: str | None,
    column_prefix: str,
    force: bool,
    no_track: bool,
    lang: str,
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Score REGISTRY: a list of occupations, jobs or people as Parquet, CSV, Excel, or - for standard input.

    Rows that can be scored go to scored.*, every other row to unscored.* with its reason; intake.md says
    what was understood and what was lost.
    """
    from occurisk.registry.columns import IntakeOptions
    from occurisk.result_sets import refuse_overwriting
    from occurisk.scoring.score import score_registry

    if delimiter in {"\\t", "tab"}:
        delimiter = "\t"
    if delimiter is not None and len(delimiter) != 1:
        raise click.BadParameter("a delimiter is one character (or: tab)", param_hint="--delimiter")
    options = IntakeOptions(
        code_column, weight_column, level_column, taxonomy, prefix, crosswalk, levels,
        tuple(_condition(text) for text in where),
    )  # fmt: skip
    refuse_overwriting(json_path, [registry, *([crosswalk] if crosswalk else [])])
    bundle = need_model(models_dir, version)
    console = out()
    with _Progress() as tick:
        result = score_registry(
            bundle, registry, folder,
            options=options, scores=scores, weights=weights, output=output, force=force,
            column_prefix=column_prefix, sheet=sheet, encoding=encoding, delimiter=delimiter,
            attributes=attributes, attribute_scale=attribute_scale, reasons=reasons, progress=tick,
            said=lambda file, understanding: _say(console, file, understanding),
        )  # fmt: skip
    _print_result(console, result)
    if json_path:
        write_json(json_path, result.intake)
    tracked = None
    if not no_track:
        from occurisk.tracking.scoring_run import track_scoring

        tracked, picture = track_scoring(result, bundle, lang)
        if picture is not None:
            from occurisk.cli.national_print import print_headline

            print_headline(console, picture)
    _print_closing(console, result, json_path, tracked)


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"write COLUMN=VALUE, got {text!r}", param_hint="--where")
    return name, value


class _Progress:
    """A bar with rows per second on a terminal, nothing elsewhere (rich is not even imported)."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __enter__(self) -> Callable[[int, int | None], None]:
        if not sys.stderr.isatty():
            return lambda done, total: None
        from rich import progress as bars

        self.bar = bars.Progress(
            bars.TextColumn("Scoring"), bars.BarColumn(), bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(), console=err(), transient=True,
        )  # fmt: skip
        task, started = self.bar.add_task("rows", total=None, rate=""), time.monotonic()
        self.bar.start()

        def tick(done: int, total: int | None) -> None:
            speed = done / max(time.monotonic() - started, 1e-6)
            self.bar.update(task, completed=done, total=total, rate=f"{done:,} rows, {speed:,.0f}/s")

        return tick

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


def _say(console: Console, file: RegistryFile, understanding: Understanding) -> None:
    """Say what was understood, before the work begins."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Understood", title_justify="left", show_header=False, box=None, pad_edge=False)
    size = f", {file.rows:,} rows" if file.rows is not None else ""
    system = understanding.system.title
    shown = understanding.evidence[0] if understanding.evidence else None
    proof = f" ({shown.exist:.1%} of {shown.distinct:,} distinct values exist)" if shown else ""
    for name, text in (
        ("Registry", f"{file.name}: {'; '.join(file.notes)}{size}"),
        (
            "Codes",
            "none" if understanding.code is None else f"column {understanding.name(understanding.code)!r}",
        ),
        ("Coding system", f"{system}{proof}" if understanding.code is not None else "–"),
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


def _print_result(console: Console, result: ScoredRegistry) -> None:
    from rich.markup import escape
    from rich.table import Table

    weight = result.intake["understood"]["weight_column"] or "rows"
    table = Table(title="What became of the rows", title_justify="left")
    for header in ("Outcome", "Rows", escape(f"Weight ({weight})"), ""):
        table.add_column(header, justify="right" if header not in ("Outcome", "") else "left")
    for outcome, row in result.outcomes.iterrows():
        kind = "scored" if row["scored"] else "set aside" if row["counted"] else "adds up other rows"
        table.add_row(str(outcome), f"{int(row['rows']):,}", f"{row['weight']:,.10g}", kind)
    console.print(table)
    if len(result.losses):
        lost = Table(title="Largest codes without a score", title_justify="left")
        for header in ("Code", "Reason", "Rows", "Weight", "Near misses"):
            lost.add_column(header, justify="right" if header in ("Rows", "Weight") else "left")
        for row in result.losses.head(8).itertuples():
            name = f"{row.code} {row.title}".strip() or "(empty)"
            lost.add_row(escape(name), row.reason, f"{row.rows:,}", f"{row.weight:,.10g}", escape(row.near))
        console.print(lost)
    if len(result.repairs):
        mended = "; ".join(f"{r.repair} ({r.rows:,} rows)" for r in result.repairs.head(4).itertuples())
        console.print(f"Repairs: {escape(mended)}")
    totals = result.intake["totals"]
    if totals["cells_disarmed"]:
        console.print(
            f"{totals['cells_disarmed']:,} cells could have run as formulas in a spreadsheet: disarmed.",
            style="yellow",
        )
    for note in result.intake["understood"]["notes"]:
        if "group" in note:
            console.print(escape(note))
    figures = result.national
    if totals["rows_scored"]:
        console.print(
            f"High {figures['share_high']:.1%}, medium {figures['share_medium']:.1%}, "
            f"low {figures['share_low']:.1%} of the scored weight; "
            f"expected value {figures['expected']:.3f}; coverage {figures['coverage']:.1%}."
        )
    else:
        console.print(
            "Nothing could be scored: every row is in the unscored file, with its reason.", style="yellow"
        )


def _print_closing(console: Console, result: ScoredRegistry, json_path: Path | None, tracked: Any) -> None:
    totals = result.intake["totals"]
    for text in (
        f"{totals['rows_in']:,} rows in = {totals['rows_scored']:,} scored + "
        f"{totals['rows_unscored']:,} set aside, in {result.intake['seconds']:.1f} s.",
        f"Scored    {result.scored_path}",
        f"Set aside {result.unscored_path}",
        f"By code   {result.out / 'by_occupation.csv'} and {result.out / 'lineage.csv'}",
        f"Report    {result.out / 'intake.md'}",
        *([f"Figures   {json_path}"] if json_path else []),
        *([f"Look at it  {ui_hint()}, then {tracked.link}"] if tracked else []),
    ):
        console.print(text, soft_wrap=True, markup=False)
