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
    ui_hint,
)
from occurisk.cli.options import SHARE, NearestGroup, language_option, min_cell_option
from occurisk.files import write_json

if TYPE_CHECKING:
    from rich.console import Console

PNG_OPTION = figure_option("--png")
NO_TRACK_OPTION = click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
_AT_LEAST_ONE = click.IntRange(min=1)
TOP_OPTION = click.option(
    "--top", type=_AT_LEAST_ONE, default=10, show_default=True, help="Print so many rows."
)
LANGUAGE_OPTION = language_option("Write the sentences in this language.")
SAID = 3  # occupations from either end that sentences are about


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
@LANGUAGE_OPTION
@NO_TRACK_OPTION
@JSON_OPTION
def lists(
    before: Path,
    after: Path,
    statistic: str,
    top: int,
    png: Path | None,
    lang: str,
    no_track: bool,
    json_path: Path | None,
) -> None:
    """Split the change of a headline between two folders that `occurisk score` wrote.

    They hold two years, or one list scored by two models. The parts of composition, scores, coverage and
    codes add up to the change, and so do the parts of the occupations.
    """
    from occurisk.cli.compare_print import print_lists, print_sentences
    from occurisk.labour_market.comparison.in_words import in_languages, list_changes
    from occurisk.labour_market.comparison.lists import code_table, compare_lists
    from occurisk.labour_market.scored_market import need_folder
    from occurisk.report.comparison.lists import lists_figure

    folders = [need_folder(path) for path in (before, after)]
    old, new = (code_table(folder, statistic) for folder in folders)
    counted = [folder.weight_column or "rows, one each" for folder in folders]
    found = compare_lists(old, new, statistic, (before.name, after.name))
    console = out()
    if len({"rows" if weight.startswith("rows") else "jobs" for weight in counted}) > 1:
        console.print(
            f"Not alike: {before.name} counts {counted[0]}, {after.name} {counted[1]}.", markup=False
        )
    print_lists(console, found, top)
    words = in_languages(lambda language: list_changes(found, SAID, language))
    print_sentences(console, words[lang])
    _finish(console, "lists", found.to_json(), words, lists_figure(found), png, no_track, json_path)


@compare.command()
@click.option(
    "--index", "files", multiple=True, metavar="NAME=FILE[:VALUE[:CODE]]",
    help="Read another index: a file, its column of figures, its column of codes; repeatable.",
)  # fmt: skip
@TOP_OPTION
@PNG_OPTION
@LANGUAGE_OPTION
@NO_TRACK_OPTION
@model_options
@JSON_OPTION
def indexes(
    files: tuple[str, ...],
    top: int,
    png: Path | None,
    lang: str,
    no_track: bool,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Show how our axes rank occupations beside published indexes, and how many axes there are among them.

    Embedded: the probabilities of Frey & Osborne, the ratings of Eloundou et al., Microsoft's scores of AI
    applicability, DAIOE of 2023, routine intensity. Other indexes are read from your own files.
    """
    from occurisk.cli.compare_print import print_indexes, print_sentences
    from occurisk.labour_market.comparison.in_words import in_languages, index_gaps
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
    titles = bundles[0].reference["title"].to_dict()
    print_indexes(console, found, first, second, top, titles)
    models = {bundle.axis.name: bundle for bundle in bundles}
    words = in_languages(lambda language: index_gaps(found, first, second, titles, models, SAID, language))
    print_sentences(console, words[lang])
    for caveat in bundles[1].axis.words(lang).caveats:
        console.print(caveat)
    _finish(console, "indexes", found.to_json(), words, indexes_figure(found), png, no_track, json_path)


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
@min_cell_option
@PNG_OPTION
@LANGUAGE_OPTION
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
    lang: str,
    no_track: bool,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Lay out the jobs of a scored list by two axes: high on both, on one, on neither."""
    from occurisk.cli.axis_map_print import print_map
    from occurisk.cli.compare_print import print_sentences
    from occurisk.errors import RegistryError
    from occurisk.labour_market.breakdowns import BUILT_IN
    from occurisk.labour_market.comparison.axis_map import axis_map
    from occurisk.labour_market.comparison.in_words import in_languages, map_gaps
    from occurisk.labour_market.scored_market import need_folder, read_market
    from occurisk.model.axes.declaration import load_axes, one_axis
    from occurisk.report.comparison.axis_map import axis_map_figure

    second = one_axis(second_name) if second_name else load_axes()[1]
    if second.order == 1:
        raise RegistryError(
            f"{second.name} is the first axis.",
            rule="A map has two axes: the first, and another one.",
            fix=f"Name another: --second {load_axes()[1].name}",
        )
    known = need_folder(folder)
    one = need_model(models_dir, known.model_version)
    two = need_model(models_dir, axis=second, pinned=False)
    columns = [key for key in keys if key not in BUILT_IN]
    market = read_market(known, one.reference, one.replicas, one.bands, columns, wage, weight)
    found = axis_map(market, one, two, [(key,) for key in keys], min_cell, (high_first, high_second))
    console = out()
    print_map(console, found, lang)
    words = in_languages(lambda language: map_gaps(found, (one, two), SAID, language))
    print_sentences(console, words[lang])
    _finish(console, "axes", found.to_json(), words, axis_map_figure(found, lang), png, no_track, json_path)


@compare.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@TOP_OPTION
@PNG_OPTION
@LANGUAGE_OPTION
@NO_TRACK_OPTION
@JSON_OPTION
def labels(
    first: Path, second: Path, top: int, png: Path | None, lang: str, no_track: bool, json_path: Path | None
) -> None:
    """Say how far two label files agree: two panels, or two vintages of one."""
    from occurisk.cli.compare_print import print_labels, print_sentences
    from occurisk.labour_market.comparison.in_words import in_languages, label_gaps
    from occurisk.labour_market.comparison.label_sets import compare_labels
    from occurisk.report.comparison.indexes import labels_figure
    from occurisk.training_data.attribute_table import load_occupations
    from occurisk.training_data.labels import load_labels

    found = compare_labels(*(load_labels(path, soft=True).y for path in (first, second)))
    console, titles = out(), load_occupations()["title"].to_dict()
    print_labels(console, found, top, titles)
    words = in_languages(lambda language: label_gaps(found, titles, SAID, language))
    print_sentences(console, words[lang])
    _finish(console, "labels", found.to_json(), words, labels_figure(found), png, no_track, json_path)


def _finish(
    console: Console,
    name: str,
    figures: dict[str, Any],
    words: dict[str, list[str]],
    figure: Any,
    png: Path | None,
    no_track: bool,
    json_path: Path | None,
) -> None:
    """Write and track what was asked for, and say where it is."""
    from occurisk.report.chart_style import save

    document = {**figures, "in_words": words}

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
