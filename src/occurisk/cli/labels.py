"""`occurisk labels`: look at the labels themselves."""

from __future__ import annotations

from pathlib import Path

import click

from occurisk.cli.console import JSON_OPTION, jobs, out, progress, show, table, ui_hint
from occurisk.cli.options import NearestGroup
from occurisk.files import write_json
from occurisk.probabilities import probability


@click.group(cls=NearestGroup)
def labels() -> None:
    """Look at the labels that a model stands on, or make them of an index of your own."""


@labels.command("from-index")
@click.argument("index", metavar="FILE[:VALUE[:CODE]]")
@click.option(
    "--out", "out_path", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="Write the labels to this file: code and label.",
)  # fmt: skip
def from_index(index: str, out_path: Path) -> None:
    """Make labels of an index by occupation, for an axis of your own: docs/axes.md.

    FILE has codes of any system that score knows, and a column of figures. A label is the share of the
    occupations that the index ranks lower. What its licence allows is for you to check.
    """
    from occurisk.errors import LabelError
    from occurisk.files import write_text
    from occurisk.labour_market.comparison.index_files import read_index
    from occurisk.result_sets import refuse_overwriting
    from occurisk.training_data.labels import FEWEST_SHARES

    name, *columns = index.split(":")
    if not name or len(columns) > 2:
        raise click.BadParameter(f"write FILE[:VALUE[:CODE]], got {index!r}", param_hint="FILE")
    refuse_overwriting(out_path, [Path(name)])
    figures = read_index(Path(name), *(column or None for column in columns)).sort_index()
    if len(figures) < FEWEST_SHARES or figures.nunique() < 2:
        raise LabelError(
            f"{name} leads to {len(figures)} occupations, with {figures.nunique()} different figures.",
            rule=f"Labels of an axis are at least {FEWEST_SHARES}, and not all the same.",
            fix="Check its codes and its column of figures.",
        )
    share = (figures.rank() - 0.5) / len(figures)
    table = share.round(4).rename_axis("code").rename("label")
    write_text(out_path, table.to_csv(lineterminator="\n"))
    out().print(f"{len(table)} labels from {name}: {out_path}", soft_wrap=True, markup=False)


@labels.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Train by this configuration.  [default: configs/train.yaml]",
)
@click.option("--labels", "label_file", type=click.Path(path_type=Path), help="Use your own label file.")
@click.option("--top", type=click.IntRange(min=1), default=15, show_default=True, help="Print so many rows.")
@click.option(
    "--out",
    "out_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("label_audit.csv"),
    show_default=True,
    help="Write the whole table to this file.",
)
@click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
@JSON_OPTION
def audit(
    config: Path | None,
    label_file: Path | None,
    top: int,
    out_path: Path,
    no_track: bool,
    json_path: Path | None,
) -> None:
    """Rank the labels by how surprising each is when held out, and by what hangs on it."""
    from occurisk.evaluation.label_audit import label_audit
    from occurisk.files import write_text
    from occurisk.model.training import load_data
    from occurisk.training_data.attribute_table import load_occupations

    console = out()
    data = load_data(config, label_file)
    with progress("Holding out and flipping every label") as tick:
        audited = label_audit(data, tick, jobs())
    audited.insert(0, "title", load_occupations()["title"].reindex(audited.index).fillna(""))
    shown = table(
        f"The {min(top, len(audited))} most surprising of {len(audited)} labels",
        ["code", "occupation", "label", "held out", "published", "Δ high", "Δ mean"],
        flexible="occupation",
    )
    for code, row in audited.head(top).iterrows():
        shown.add_row(
            str(code),
            row["title"],
            str(row["label"]),
            probability(row["held_out"]),
            probability(row["published_probability"]),
            f"{row['share_high_change']:+z.1%}",
            f"{row['expected_change']:+z.3f}",
        )
    show(console, shown)
    console.print(
        "held out: probability when all other labels are known. Δ: what flipping this one label does to "
        "the share of US employment at high risk, and to its mean probability."
    )
    text = audited.rename_axis("code").to_csv(lineterminator="\n", float_format="%.6g")
    write_text(out_path, text)
    console.print(f"\nAll labels  {out_path.absolute()}", soft_wrap=True)
    if json_path:
        write_json(json_path, audited.reset_index().to_dict(orient="records"))
        console.print(f"Figures     {json_path}", soft_wrap=True)
    if not no_track:
        from occurisk.tracking.store import track_table

        run = track_table("label audit", audited.reset_index(), "label_audit")
        console.print(f"Look at it  {ui_hint()}, then {run.link}", soft_wrap=True)
