"""`occurisk evaluate`: held-out quality beside every baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import JSON_OPTION, jobs, out, progress, show, table
from occurisk.files import write_json

if TYPE_CHECKING:
    from rich.table import Table

    from occurisk.evaluation.protocol import Evaluation

METRIC_TITLES = {"auc": "AUC", "log_loss": "log-loss", "brier": "Brier"}
OURS = "lightgbm"


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

    from occurisk.evaluation.in_words import verdict
    from occurisk.evaluation.protocol import evaluate_data
    from occurisk.model.training import load_data

    console = out()
    data = load_data(config, labels, attributes)
    if splits:
        protocol = data.settings.evaluation.model_copy(update={"splits": splits})
        data = replace(data, settings=data.settings.model_copy(update={"evaluation": protocol}))
    with progress("Evaluating on held-out labels") as tick:
        evaluation = evaluate_data(data, tick, jobs())
    show(console, quality_table(evaluation))
    show(console, paired_table(evaluation))
    show(console, held_out_table(evaluation))
    console.print(verdict(evaluation).replace("**", ""), soft_wrap=True)
    reliability = evaluation.reliability
    console.print(
        f"Expected calibration error {reliability.error:.3f} "
        f"({reliability.error_lower:.3f} to {reliability.error_upper:.3f})."
    )
    if json_path:
        write_json(json_path, evaluation.to_json())
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json PATH keeps the figures.")


def quality_table(evaluation: Evaluation) -> Table:
    """Mean and standard deviation of each metric over the halves, best log-loss first."""
    made = table(
        f"Held-out quality: mean ± sd over {evaluation.splits} random halves of the labels",
        ["model", *METRIC_TITLES.values()],
    )
    for name, row in evaluation.summary().iterrows():
        cells = [f"{row[m]:.3f} ±{row[m + '_sd']:.3f}" for m in METRIC_TITLES]
        made.add_row(_title(name), *cells, style="bold" if name == OURS else None)
    return made


def paired_table(evaluation: Evaluation) -> Table:
    """LightGBM minus each other model, half by half."""
    made = table(
        "LightGBM minus the other: 95% intervals, corrected for overlapping halves",
        ["model", *METRIC_TITLES.values()],
    )
    for name in evaluation.summary().index.drop(OURS):
        paired = evaluation.paired(str(name))
        cells = [
            f"{row['lower']:+.3f}, {row['upper']:+.3f}".replace("0.", ".")
            for _, row in paired.loc[list(METRIC_TITLES)].iterrows()
        ]
        made.add_row(_title(name), *cells)
    return made


def held_out_table(evaluation: Evaluation) -> Table:
    """Leave-one-out and leave-one-major-group-out, pooled."""
    columns = [f"{scheme} out\n{metric}" for scheme in ("label", "group") for metric in ("AUC", "log-loss")]
    made = table(
        "Pooled predictions when one label, or one SOC major group, is held out", ["model", *columns]
    )
    one, group = evaluation.pooled(evaluation.leave_one_out), evaluation.pooled(evaluation.leave_group_out)
    for name in one.index:
        cells = [f"{frame.loc[name, metric]:.3f}" for frame in (one, group) for metric in ("auc", "log_loss")]
        made.add_row(_title(name), *cells)
    return made


def _title(name: object) -> str:
    from occurisk.evaluation.baselines import TITLES

    return TITLES.get(str(name), str(name))
