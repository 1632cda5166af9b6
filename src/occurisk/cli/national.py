"""`occurisk national`: both statistics, with what every published figure leaves out."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import JSON_OPTION, MODELS_DIR_OPTION, err, need_model, out, write_json

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from occurisk.bundle import Bundle
    from occurisk.picture import Picture
    from occurisk.scored_market import ScoredFolder

TAXONOMIES = ["auto", "soc2010", "soc2018", "onetsoc", "isco08", "isco88", "nkrk"]


@click.command()
@click.argument("registry", type=click.Path(path_type=Path, exists=True))
@click.option("--weight", metavar="COL", help="Column of jobs.  [default: the one found when scoring]")
@click.option("--wage", metavar="COL", help="Column of wages: deciles, gradient, polarisation.")
@click.option(
    "--by", "keys", multiple=True, metavar="COL[,COL]",
    help="Break down by a column (sex, age, region …) or by two; repeatable. Built in: major_group, "
    "skill_level, education, wage_decile.",
)  # fmt: skip
@click.option(
    "--min-cell", type=click.FloatRange(min=0), default=10, show_default=True, help="Smallest cell shown."
)
@click.option("--high", type=click.FloatRange(0, 1), help="Threshold of high risk.  [default: 0.7]")
@click.option("--low", type=click.FloatRange(0, 1), help="Threshold of low risk.  [default: 0.3]")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME|FILE",
    help="Assumptions of adoption and wages: a preset of configs/scenarios, or a YAML file; repeatable.",
)  # fmt: skip
@click.option(
    "--vintage", "vintages", multiple=True, metavar="LABEL=TABLE.csv",
    help="For the multiverse: refit on another attribute table (occurisk features build --soc2010).",
)  # fmt: skip
@click.option(
    "--scores", type=click.Choice(["model", "published"]), default="model", help="For a raw registry."
)
@click.option("--taxonomy", type=click.Choice(TAXONOMIES), default="auto", help="For a raw registry.")
@click.option("--code-column", metavar="COL", help="For a raw registry.")
@click.option(
    "--where", multiple=True, metavar="COLUMN=VALUE", help="For a raw registry: only these rows; repeatable."
)
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="Folder for national.html, national.json, tables and figures (PNG and SVG).",
)  # fmt: skip
@click.option("--model", "version", metavar="VERSION", help="For a raw registry.  [default: the current one]")
@MODELS_DIR_OPTION
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
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """The national picture of REGISTRY: an occupation list, or the folder that `occurisk score` wrote.

    Always both statistics, with intervals, coverage and bounds; then who holds the risk, and how the
    headline moves with every choice.
    """
    from occurisk.cli.national_print import print_picture
    from occurisk.intake_columns import IntakeOptions
    from occurisk.picture import take_picture
    from occurisk.scenarios import load_scenario
    from occurisk.scored_market import find_folder

    console, remarks = out(), err()
    chosen = [load_scenario(Path(name)) for name in scenarios]
    with ExitStack() as stack:
        found = find_folder(registry)
        if found is None:
            from occurisk.scoring import score_registry

            bundle = need_model(models_dir, version)
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="occurisk-national-")))
            conditions = tuple(_condition(text) for text in where)
            options = IntakeOptions(
                code_column=code_column, weight_column=weight, taxonomy=taxonomy, where=conditions
            )
            remarks.print("Scoring the registry first …")
            score_registry(
                bundle, registry, scratch / "scored", options=options, scores=scores, output="parquet"
            )
            found = find_folder(scratch / "scored")
        else:
            bundle = need_model(models_dir, found.model_version)
        if found is None:
            raise RuntimeError("Scoring left no results.")
        market, universes = _market(found, bundle, keys, weight, wage, high, low, vintages, remarks)
        remarks.print("Taking the picture …")
        picture = take_picture(
            market, universes, bundle.attributes, bundle.catalogue,
            name=found.name, weight_name=weight or found.weight_column or "",
            by=[_columns(key, found) for key in keys], min_cell=min_cell, scenarios=chosen,
        )  # fmt: skip
    print_picture(console, picture)
    if folder:
        write_picture(picture, folder)
        console.print(f"Page     {folder / 'national.html'}", soft_wrap=True)
        console.print(f"Figures  {folder / 'figures'}", soft_wrap=True)
        console.print(f"Tables   {folder / 'tables'} and {folder / 'national.json'}", soft_wrap=True)
    if json_path:
        write_json(json_path, picture.to_json())
        console.print(f"Figures  {json_path}", soft_wrap=True)
    if not folder and not json_path:
        console.print("Nothing was written; --out DIR keeps page, figures and tables.")


def _market(
    found: ScoredFolder,
    bundle: Bundle,
    keys: tuple[str, ...],
    weight: str | None,
    wage: str | None,
    high: float | None,
    low: float | None,
    vintages: tuple[str, ...],
    remarks: Console,
) -> tuple[Any, list[Any]]:
    from occurisk.breakdowns import BUILT_IN
    from occurisk.labels import load_labels
    from occurisk.picture import universes_of
    from occurisk.scored_market import read_market
    from occurisk.settings import Bands

    bands = Bands(high=high or bundle.bands.high, low=low if low is not None else bundle.bands.low)
    labels = load_labels()
    published = labels.published_by_soc2010()
    columns = [c for key in keys for c in _columns(key, found) if c not in BUILT_IN]
    if found.published:
        scores, replicas = published.to_frame("probability"), None
    else:
        scores, replicas = bundle.reference, bundle.replicas
    market = read_market(found, scores, replicas, bands, list(dict.fromkeys(columns)), wage, weight)
    others = [_refit(text, remarks) for text in vintages]
    universes = universes_of(market, (bundle.reference, bundle.replicas), published, labels.published, others)
    return market, universes


def _columns(key: str, found: ScoredFolder) -> list[str]:
    """Split `sex,region` into two columns, unless one column is called that."""
    if key in found.intake["registry"]["columns"] or "," not in key:
        return [key]
    return [part.strip() for part in key.split(",")]


def _refit(text: str, remarks: Console) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Refit the default model on another attribute table: (label, scores, replicas)."""
    from occurisk.vintages import refit

    label, equals, path = text.partition("=")
    if not equals:
        raise click.BadParameter(f"write LABEL=TABLE.csv, got {text!r}", param_hint="--vintage")
    remarks.print(f"Refitting on {path} …")
    return (label, *refit(Path(path)))


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"write COLUMN=VALUE, got {text!r}", param_hint="--where")
    return name, value


def write_picture(picture: Picture, folder: Path) -> None:
    """Write page, figures (PNG and SVG), tables (CSV) and figures as JSON; each whole or not at all."""
    from occurisk.figures import save
    from occurisk.files import write_text
    from occurisk.national_figures import figure_set
    from occurisk.national_page import render

    figures = figure_set(picture)
    for name, figure in figures.items():
        for kind in ("png", "svg"):
            save(figure, folder / "figures" / f"{_file_name(name)}.{kind}")
    tables = {
        **{f"by_{n}": t for n, t in picture.breakdowns.items()},
        **{f"concentration_{n}": t for n, t in picture.concentration.items()},
        "multiverse": picture.multiverse.set_index("statistic"),
        "largest_holders": picture.holders,
        "two_axes": picture.axes,
        **{f"scenario_{n}": t for n, (_, t) in picture.scenarios.items()},
    }
    for name, frame in tables.items():
        write_text(folder / "tables" / f"{_file_name(name)}.csv", frame.to_csv(lineterminator="\n"))
    write_json(folder / "national.json", picture.to_json())
    write_text(folder / "national.html", render(picture, figures))


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name.replace(" x ", "_x_"))
