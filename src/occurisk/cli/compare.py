"""`occurisk compare`: lists, indexes and labels held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import (
    JSON_OPTION,
    figure_option,
    model_options,
    need_model,
    out,
    show,
    table,
    ui_hint,
)
from occurisk.cli.options import NearestGroup
from occurisk.files import write_json

if TYPE_CHECKING:
    from rich.console import Console

    from occurisk.labour_market.comparison.indexes import IndexComparison
    from occurisk.labour_market.comparison.lists import ListComparison

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
PNG_OPTION = figure_option("--png")
NO_TRACK_OPTION = click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
_AT_LEAST_ONE = click.IntRange(min=1)
TOP_OPTION = click.option(
    "--top", type=_AT_LEAST_ONE, default=10, show_default=True, help="Print so many rows."
)


@click.group(cls=NearestGroup)
def compare() -> None:
    """Say why two lists differ, and how the axes go with other indexes. Nothing is averaged into one risk."""


@compare.command()
@click.argument("before", type=click.Path(path_type=Path, exists=True))
@click.argument("after", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--statistic",
    type=click.Choice(["share_high", "expected"]),
    default="share_high",
    show_default=True,
    help="Split the change of the share at high risk, or of the expected value.",
)
@TOP_OPTION
@PNG_OPTION
@NO_TRACK_OPTION
@JSON_OPTION
def lists(
    before: Path,
    after: Path,
    statistic: str,
    top: int,
    png: Path | None,
    no_track: bool,
    json_path: Path | None,
) -> None:
    """Split the change of a headline between two folders that `occurisk score` wrote.

    They hold two years, or one list scored by two models. The parts of composition, scores, coverage and
    codes add up to the change, and so do the parts of the occupations.
    """
    from occurisk.labour_market.comparison.lists import code_table, compare_lists
    from occurisk.labour_market.scored_market import need_folder

    old, new = (code_table(need_folder(path), statistic) for path in (before, after))
    found = compare_lists(old, new, statistic, (before.name, after.name))
    console = out()
    _print_lists(console, found, top)
    from occurisk.report.comparison.lists import lists_figure

    _finish(console, "lists", found.to_json(), lists_figure(found), png, no_track, json_path)


@compare.command()
@click.option(
    "--index", "files", multiple=True, metavar="NAME=FILE[:VALUE[:CODE]]",
    help="Read another index: a file, its column of figures, its column of codes; repeatable.",
)  # fmt: skip
@TOP_OPTION
@PNG_OPTION
@NO_TRACK_OPTION
@model_options
@JSON_OPTION
def indexes(
    files: tuple[str, ...],
    top: int,
    png: Path | None,
    no_track: bool,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Show how our axes rank occupations beside published indexes, and how many axes there are among them.

    Embedded: the probabilities of Frey & Osborne, the ratings of Eloundou et al., Microsoft's scores of AI
    applicability, routine intensity. Other indexes are read from your own files.
    """
    from occurisk.labour_market.comparison.index_files import embedded_indexes, read_index, us_jobs
    from occurisk.labour_market.comparison.indexes import compare_indexes
    from occurisk.model.axes.declaration import load_axes
    from occurisk.report.comparison.indexes import indexes_figure

    bundles = [need_model(models_dir, axis=axis, pinned=axis.order == 1) for axis in load_axes()]
    known = embedded_indexes(bundles)
    for text in files:
        name, equals, rest = text.partition("=")
        path, *columns = rest.split(":")
        if not equals or not path or len(columns) > 2 or name in known:
            raise click.BadParameter(f"write NAME=FILE, each name once, got {text!r}", param_hint="--index")
        known[name] = read_index(Path(path), *(column or None for column in columns)).reindex(known.index)
    found = compare_indexes(known, us_jobs())
    console = out()
    first, second = (bundle.axis.name for bundle in bundles[:2])
    _print_indexes(console, found, first, second, top, bundles[0].reference["title"].to_dict())
    for caveat in bundles[1].axis.words("en").caveats:
        console.print(caveat)
    _finish(console, "indexes", found.to_json(), indexes_figure(found), png, no_track, json_path)


@compare.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--by",
    "keys",
    multiple=True,
    metavar="COL",
    help="Break down by this column, too: sex, region …; repeatable.",
)
@click.option("--wage", metavar="COL", help="Make the deciles of --by wage_decile of this column.")
@click.option(
    "--weight", metavar="COL", help="Take the jobs from this column.  [default: that of the scoring]"
)
@click.option(
    "--second", "second_name", metavar="NAME", help="Set this axis beside the first.  [default: the second]"
)
@click.option("--high-first", type=SHARE, help="Call the first axis high from here.  [default: as its bands]")
@click.option(
    "--high-second", type=SHARE, help="Call the second axis high from here.  [default: as its bands]"
)
@click.option(
    "--min-cell",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    help="Hide cells of fewer jobs.",
)
@PNG_OPTION
@NO_TRACK_OPTION
@model_options
@JSON_OPTION
def axes(
    folder: Path,
    keys: tuple[str, ...],
    wage: str | None,
    weight: str | None,
    second_name: str | None,
    high_first: float | None,
    high_second: float | None,
    min_cell: float,
    png: Path | None,
    no_track: bool,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Lay out the jobs of a scored list by two axes: high on both, on one, on neither."""
    from occurisk.cli.axis_map_print import print_map
    from occurisk.labour_market.breakdowns import BUILT_IN
    from occurisk.labour_market.comparison.axis_map import axis_map
    from occurisk.labour_market.scored_market import need_folder, read_market
    from occurisk.model.axes.declaration import chosen_axes, load_axes
    from occurisk.report.comparison.axis_map import axis_map_figure

    known = need_folder(folder)
    one = need_model(models_dir, known.model_version)
    second = chosen_axes(second_name)[0] if second_name else load_axes()[1]
    two = need_model(models_dir, axis=second, pinned=False)
    columns = [key for key in keys if key not in BUILT_IN]
    market = read_market(known, one.reference, one.replicas, one.bands, columns, wage, weight)
    found = axis_map(market, one, two, [(key,) for key in keys], min_cell, (high_first, high_second))
    console = out()
    print_map(console, found)
    _finish(console, "axes", found.to_json(), axis_map_figure(found), png, no_track, json_path)


@compare.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@TOP_OPTION
@PNG_OPTION
@NO_TRACK_OPTION
@JSON_OPTION
def labels(
    first: Path, second: Path, top: int, png: Path | None, no_track: bool, json_path: Path | None
) -> None:
    """Say how far two label files agree: two panels, or two vintages of one."""
    from occurisk.labour_market.comparison.label_sets import compare_labels
    from occurisk.report.comparison.indexes import labels_figure
    from occurisk.training_data.attribute_table import load_occupations
    from occurisk.training_data.labels import load_labels

    found = compare_labels(*(load_labels(path, soft=True).y for path in (first, second)))
    console = out()
    console.print(
        f"{len(found.labels)} occupations have both labels; "
        f"{found.only_first} and {found.only_second} have one."
    )
    console.print(
        f"Rank correlation {found.rho:.2f}; mean difference {found.difference:+.3f}; "
        f"on the same side of a half {found.agreement:.0%}, kappa {found.kappa:.2f}."
    )
    titles = load_occupations()["title"]
    rows = found.largest(top)
    made = table(
        f"The {len(rows)} largest differences",
        ["code", "occupation", "first", "second"],
        flexible="occupation",
    )
    for code, row in rows.iterrows():
        made.add_row(str(code), titles.get(str(code), ""), f"{row['first']:.2f}", f"{row['second']:.2f}")
    show(console, made)
    _finish(console, "labels", found.to_json(), labels_figure(found), png, no_track, json_path)


def _print_lists(console: Console, found: ListComparison, top: int) -> None:
    from rich.markup import escape

    from occurisk.labour_market.comparison.shapley import rounded_to_add_up

    names = {"share_high": "Share at high risk", "expected": "Expected value"}
    console.print(
        f"{names[found.statistic]}: {found.before:.2%} in {escape(found.names[0])}, "
        f"{found.after:.2%} in {escape(found.names[1])}."
    )
    parts = rounded_to_add_up([100 * v for v in found.factors.values()], 100 * found.change, 2)
    made = table("What moved it, in points", ["factor", "points"])
    for name, points in zip(found.factors, parts, strict=True):
        made.add_row(name, f"{points:+.2f}")
    made.add_section()
    made.add_row("change", f"{round(100 * found.change, 2):+.2f}")
    show(console, made)
    rows = found.largest(top)
    made = table(
        f"The {len(rows)} of {len(found.codes)} codes that moved it most, in points",
        ["code", "occupation", *found.factors, "change"],
        flexible="occupation",
    )
    for code, row in rows.iterrows():
        cells = [f"{100 * row[name]:+.2f}" for name in (*found.factors, "change")]
        made.add_row(escape(str(code)), escape(str(row["title"])), *cells)
    show(console, made)


def _print_indexes(
    console: Console, found: IndexComparison, first: str, second: str, top: int, titles: dict[str, str]
) -> None:
    for axis in (first, second):
        made = table(
            f"{axis}: rank correlations, 90% intervals, and by US jobs",
            ["index", "codes", "ρ", "90%", "ρ by jobs"],
        )
        for row in found.correlations.itertuples():
            if axis in (row.first, row.second):
                other = row.second if row.first == axis else row.first
                ends = f"{row.lower:+.2f}, {row.upper:+.2f}"
                made.add_row(other, f"{row.occupations}", f"{row.rho:+.2f}", ends, f"{row.rho_jobs:+.2f}")
        show(console, made)
    console.print("An axis has seen the ratings that it learned from: its correlation with them is no test.")
    if len(found.axes):
        kept = found.axes[found.axes["kept"]]
        made = table(
            f"{len(kept)} principal axes beat chance; {found.complete} occupations",
            ["index", *(f"axis {number}" for number in kept.index)],
        )
        for name in found.table:
            made.add_row(name, *(f"{value:+.2f}" for value in kept[name]))
        show(console, made)
    gaps = found.disagreements(first, second, max(top // 2, 1))
    made = table(
        f"Where {first} (1) and {second} (2) disagree most",
        ["code", "occupation", "ranked above, 1", "ranked above, 2"],
        flexible="occupation",
    )
    for code, gap in gaps.iterrows():
        made.add_row(str(code), titles.get(str(code), ""), f"{gap['first']:.0%}", f"{gap['second']:.0%}")
    show(console, made)


def _finish(
    console: Console,
    name: str,
    document: dict[str, Any],
    figure: Any,
    png: Path | None,
    no_track: bool,
    json_path: Path | None,
) -> None:
    """Write and track what was asked for, and say where it is."""
    from occurisk.report.chart_style import save

    if png:
        save(figure, png)
        console.print(f"Drawing  {png}", soft_wrap=True)
    if json_path:
        write_json(json_path, document)
        console.print(f"Figures  {json_path}", soft_wrap=True)
    if not no_track:
        from occurisk.tracking.comparison_run import track_comparison

        tracked = track_comparison(name, document, figure)
        console.print(f"Tracked  {ui_hint()}, then {tracked.link}", soft_wrap=True)
