"""`occurisk evaluate`: held-out quality beside every baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import JSON_OPTION, out, progress, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from occurisk.evaluate import Evaluation


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Configuration, such as configs/frey_osborne_2013.yaml.  [default: configs/train.yaml]",
)
@click.option("--labels", type=click.Path(path_type=Path), help="Your own label file.")
@click.option("--attributes", type=click.Path(path_type=Path), help="Your own attribute table.")
@click.option(
    "--splits", type=click.IntRange(min=2), help="Random halves.  [default: the configuration's, 100]"
)
@JSON_OPTION
def evaluate(
    config: Path | None,
    labels: Path | None,
    attributes: Path | None,
    splits: int | None,
    json_path: Path | None,
) -> None:
    """Run Frey & Osborne's protocol: random halves of the labels, all models on the same halves."""
    from dataclasses import replace

    from occurisk.card import verdict
    from occurisk.training import load_data

    console = out()
    data = load_data(config, labels, attributes)
    if splits:
        protocol = data.settings.evaluation.model_copy(update={"splits": splits})
        data = replace(data, settings=data.settings.model_copy(update={"evaluation": protocol}))
    with progress("Evaluating on held-out labels") as tick:
        evaluation = data.evaluate(tick)
    console.print(quality_table(evaluation))
    console.print(held_out_table(evaluation))
    console.print(verdict(evaluation).replace("**", ""), soft_wrap=True)
    found = evaluation.reliability
    console.print(
        f"Expected calibration error {found.error:.3f} ({found.error_lower:.3f} to {found.error_upper:.3f})."
    )
    if json_path:
        write_json(json_path, evaluation.to_json())
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json PATH keeps the figures.")


def quality_table(evaluation: Evaluation) -> Table:
    """Mean and standard deviation over the halves, and the paired difference in log-loss."""
    from rich.table import Table

    from occurisk.baselines import LIGHTGBM, TITLES

    table = Table(
        title=f"Held-out quality: mean ± sd over {evaluation.splits} random halves of the labels",
        title_justify="left",
    )
    table.add_column("model")
    for column in ("AUC", "log-loss", "Brier"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("LightGBM's log-loss minus this one's\n(95%, corrected for overlap)", justify="right")
    for name, row in evaluation.summary().iterrows():
        difference = "–"
        if name != LIGHTGBM:
            paired = evaluation.paired(str(name)).loc["log_loss"]
            difference = f"{paired['difference']:+.3f} ({paired['lower']:+.3f} to {paired['upper']:+.3f})"
        cells = [f"{row[m]:.3f} ± {row[m + '_sd']:.3f}" for m in ("auc", "log_loss", "brier")]
        table.add_row(
            TITLES.get(str(name), str(name)),
            *cells,
            difference,
            style="bold" if name == LIGHTGBM else None,
        )
    return table


def held_out_table(evaluation: Evaluation) -> Table:
    """Leave-one-out and leave-one-major-group-out, pooled."""
    from rich.table import Table

    from occurisk.baselines import TITLES

    table = Table(title="Pooled predictions when more is held out", title_justify="left")
    table.add_column("model")
    for scheme in ("one label out", "one SOC major group out"):
        for metric in ("AUC", "log-loss"):
            table.add_column(f"{scheme}\n{metric}", justify="right")
    one, group = evaluation.pooled(evaluation.leave_one_out), evaluation.pooled(evaluation.leave_group_out)
    for name in one.index:
        cells = [f"{frame.loc[name, metric]:.3f}" for frame in (one, group) for metric in ("auc", "log_loss")]
        table.add_row(TITLES.get(str(name), str(name)), *cells)
    return table
