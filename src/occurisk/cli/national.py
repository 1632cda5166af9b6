"""`occurisk national`: both statistics, with what every published figure leaves out."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import (
    JSON_OPTION,
    err,
    need_model,
    out,
    ui_hint,
)
from occurisk.cli.options import (
    SHARE,
    TAXONOMIES,
    axis_option,
    condition,
    further_models,
    language_option,
    min_cell_option,
    rated_options,
)
from occurisk.files import write_json

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from occurisk.labour_market.scored_market import ScoredFolder
    from occurisk.labour_market.summary import MarketSummary
    from occurisk.model.bundles.bundle import Bundle


@click.command()
@click.argument("registry", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--weight", metavar="COL", help="Take the jobs from this column.  [default: that of the scoring]"
)
@click.option(
    "--wage", metavar="COL", help="Take the wages from this column, for deciles and how risk goes with pay."
)
@click.option(
    "--by", "keys", multiple=True, metavar="COL[,COL]",
    help="Break down by a column (sex, age, region …) or by two; repeatable. Built in: major_group, "
    "skill_level, education, wage_decile.",
)  # fmt: skip
@min_cell_option
@click.option("--high", type=SHARE, help="Call a probability high from here.  [default: 0.7]")
@click.option("--low", type=SHARE, help="Call a probability low below this.  [default: 0.3]")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME|FILE",
    help="Assume adoption and wages as in a preset of configs/scenarios, or in a YAML file; repeatable.",
)  # fmt: skip
@click.option(
    "--vintage", "vintages", multiple=True, metavar="LABEL=TABLE.csv",
    help="Also show the figure of this attribute table (features build --soc2010) among the choices.",
)  # fmt: skip
@click.option(
    "--scores",
    type=click.Choice(["model", "published"]),
    default="model",
    help="Score a raw list by the model, or take the scores that Frey & Osborne printed.",
)
@click.option(
    "--taxonomy", type=click.Choice(TAXONOMIES), default="auto", help="Read a raw list by this coding system."
)
@click.option("--code-column", metavar="COL", help="Take the codes of a raw list from this column.")
@click.option(
    "--where", multiple=True, metavar="COLUMN=VALUE", help="Take only such rows of a raw list; repeatable."
)
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="Write national.html, national.json, tables and figures (PNG and SVG) into this folder.",
)  # fmt: skip
@axis_option("", "Also map the jobs by this further axis, or by all.  [default: those that have a model]")
@language_option("Write the page and the pictures in this language.")
@click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
@click.option(
    "--model",
    "version",
    metavar="VERSION",
    help="Score a raw list with this model version.  [default: the current one]",
)
@rated_options
@JSON_OPTION
def national(
    *,
    registry: Path,
    weight: str | None,
    wage: str | None,
    keys: tuple[str, ...],
    min_cell: float,
    high: float | None,
    low: float | None,
    scenarios: tuple[str, ...],
    vintages: tuple[str, ...],
    scores: str,
    taxonomy: str,
    code_column: str | None,
    where: tuple[str, ...],
    folder: Path | None,
    axis_name: str | None,
    lang: str,
    no_track: bool,
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Draw the national picture of REGISTRY: an occupation list, or the folder that `occurisk score` wrote.

    It has both statistics, with intervals, coverage and bounds; then who holds the risk, and how the
    headline moves with every choice.
    """
    from occurisk.cli.national_print import print_summary
    from occurisk.labour_market.scenarios import load_scenario
    from occurisk.labour_market.scored_market import find_folder, need_folder
    from occurisk.labour_market.summary import summary_of_folder
    from occurisk.model.axes.declaration import chosen_axes
    from occurisk.probabilities import Bands
    from occurisk.registry.columns.sample import IntakeOptions
    from occurisk.result_sets import refuse_inputs, refuse_overwriting

    if axis_name:
        chosen_axes(axis_name)  # an unknown one is said before the work
    console, remarks = out(), err()
    inputs = [registry] if registry.is_file() else []  # a folder of results may take this set, too
    refuse_inputs(folder, inputs)
    refuse_overwriting(json_path, inputs)
    chosen = [load_scenario(Path(name)) for name in scenarios]
    with ExitStack() as stack:
        scored_folder = find_folder(registry)
        if scored_folder is None:
            from occurisk.scoring.score import score_registry

            bundle = need_model(models_dir, version)
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="occurisk-national-")))
            conditions = tuple(condition(text) for text in where)
            options = IntakeOptions(
                code_column=code_column, weight_column=weight, taxonomy=taxonomy, where=conditions
            )
            remarks.print("Scoring the registry first …")
            score_registry(
                bundle, registry, scratch / "scored", options=options, scores=scores, output="parquet"
            )
            scored_folder = need_folder(scratch / "scored")
        else:
            bundle = need_model(models_dir, scored_folder.model_version)
        high, low = high or bundle.bands.high, low or bundle.bands.low
        if low >= high:
            raise click.BadParameter(f"{low:g} is not below --high {high:g}", param_hint="--low")
        bands = Bands(high=high, low=low)
        if vintages and (remark := bundle.label_remark):
            remarks.print(remark, soft_wrap=True, markup=False)
        others = [_refit(text, bundle, remarks) for text in vintages]
        remarks.print("Taking the picture …")
        summary = summary_of_folder(
            scored_folder, bundle, by=[_columns(key, scored_folder) for key in keys],
            weight=weight, wage=wage, bands=bands,
            min_cell=min_cell, scenarios=chosen, vintages=others,
            others=further_models(models_dir, bundle, axis_name),
        )  # fmt: skip
    written = _write(summary, folder, lang, json_path, inputs)
    print_summary(console, summary)
    for text in written:
        console.print(text, soft_wrap=True, markup=False)
    if not no_track:
        _track(console, summary, bundle, lang)
    if not (folder or json_path):
        console.print("Nothing was written here; --out DIR keeps page, figures and tables.")


def _write(
    summary: MarketSummary, folder: Path | None, lang: str, json_path: Path | None, inputs: list[Path]
) -> list[str]:
    """Write what was asked for; return where it is, line by line."""
    from occurisk.report.labour_market_page import write_summary
    from occurisk.result_sets import result_set

    written = []
    if folder:
        with result_set(folder, "national", replace=True, inputs=inputs) as results:
            write_summary(summary, results.folder, lang)
        written += [
            f"Page     {folder / 'national.html'}",
            f"Figures  {folder / 'figures'}",
            f"Tables   {folder / 'tables'} and {folder / 'national.json'}",
        ]
    if json_path:
        write_json(json_path, summary.to_json())
        written.append(f"Figures  {json_path}")
    return written


def _track(console: Console, summary: MarketSummary, bundle: Bundle, lang: str) -> None:
    """Record the figures and the page as a run beside the one that scored the list."""
    from occurisk.tracking.national_run import track_national

    tracked = track_national(summary, bundle, lang)
    console.print(f"Tracked  {'; '.join(tracked.uploaded)}: {ui_hint()}, then {tracked.link}", soft_wrap=True)


def _columns(key: str, folder: ScoredFolder) -> list[str]:
    """Split `sex,region` into two columns, unless one column is called that."""
    if key in folder.account.registry.columns or "," not in key:
        return [key]
    return [part.strip() for part in key.split(",")]


def _refit(text: str, bundle: Bundle, remarks: Console) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Refit the model on another attribute table: (label, scores, replicas)."""
    from occurisk.evaluation.onet_vintage import refit_bundle

    label, equals, path = text.partition("=")
    if not equals:
        raise click.BadParameter(f"write LABEL=TABLE.csv, got {text!r}", param_hint="--vintage")
    remarks.print(f"Refitting {bundle.version} on {path} …", markup=False)
    return (label, *refit_bundle(bundle, Path(path)))
