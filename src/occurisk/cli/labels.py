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
    """Look at the hand labels that a model stands on."""


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
            f"{row['share_high_change']:+.1%}",
            f"{row['expected_change']:+.3f}",
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
