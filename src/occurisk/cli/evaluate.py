"""`occurisk evaluate`: held-out quality beside every baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import JSON_OPTION, jobs, out, progress, show, table
from occurisk.cli.options import axis_option
from occurisk.files import write_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from occurisk.evaluation.protocol import Evaluation
    from occurisk.evaluation.soft_protocol import SoftEvaluation

METRIC_TITLES = {"auc": "AUC", "log_loss": "log-loss", "brier": "Brier"}
OURS = "lightgbm"


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Take this configuration, such as configs/frey_osborne_2013.yaml.  [default: configs/train.yaml]",
)
@axis_option("", "Run the protocol of this axis.  [default: the first axis]", "NAME")
@click.option("--labels", type=click.Path(path_type=Path), help="Use your own label file.")
@click.option("--attributes", type=click.Path(path_type=Path), help="Use your own attribute table.")
@click.option(
    "--splits",
    type=click.IntRange(min=2),
    help="Draw so many random halves.  [default: the configuration's, 100]",
)
@click.option("--mean-rater", is_flag=True, help="Hold out the mean of both raters, of an axis with two.")
@JSON_OPTION
def evaluate(
    config: Path | None,
    axis_name: str | None,
    labels: Path | None,
    attributes: Path | None,
    splits: int | None,
    mean_rater: bool,
    json_path: Path | None,
) -> None:
    """Run Frey & Osborne's protocol: random halves of the labels, all models on the same halves.

    Soft labels, which run from 0 to 1, are held out in folds, and by SOC major group.
    """
    from dataclasses import replace

    from occurisk.evaluation.in_words import measure
    from occurisk.evaluation.soft_protocol import mean_of_raters
    from occurisk.model.axes.declaration import one_axis
    from occurisk.model.training import load_data

    console = out()
    axis = one_axis(axis_name) if axis_name else None
    data = load_data(config or (axis.training if axis else None), labels, attributes)
    if mean_rater:
        data = mean_of_raters(data)
    if splits:
        protocol = data.settings.evaluation.model_copy(update={"splits": splits})
        data = replace(data, settings=data.settings.model_copy(update={"evaluation": protocol}))
    with progress("Evaluating on held-out labels") as tick:
        evaluation = measure(data, tick, jobs())
    _print(console, evaluation)
    if json_path:
        write_json(json_path, evaluation.to_json())
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json PATH keeps the figures.")


def _print(console: Console, evaluation: Evaluation | SoftEvaluation) -> None:
    from occurisk.evaluation.in_words import labels_held, price, verdict, within_groups
    from occurisk.evaluation.protocol import Evaluation

    show(console, quality_table_of(evaluation))
    if not isinstance(evaluation, Evaluation):
        show(console, soft_paired_table(evaluation))
        console.print(within_groups(evaluation))
        console.print(labels_held(evaluation))
        return
    show(console, paired_table(evaluation))
    show(console, held_out_table(evaluation))
    console.print(verdict(evaluation).replace("**", ""))
    if said := price(evaluation):
        console.print(said)
    reliability = evaluation.reliability
    console.print(
        f"Expected calibration error {reliability.error:.3f} "
        f"({reliability.error_lower:.3f} to {reliability.error_upper:.3f})."
    )


def quality_table_of(evaluation: Evaluation | SoftEvaluation) -> Table:
    """The table of held-out quality that fits the labels."""
    from occurisk.evaluation.protocol import Evaluation

    return quality_table(evaluation) if isinstance(evaluation, Evaluation) else soft_table(evaluation)


def soft_table(evaluation: SoftEvaluation) -> Table:
    """R², ρ and ρ within groups, in folds and, if measured, with a major group held out."""
    from occurisk.evaluation.soft_protocol import TITLES

    grouped = None if evaluation.group_out.empty else evaluation.by_group_out()
    made = table(
        f"Held-out quality: {len(evaluation.first_cut)} labels, each predicted once",
        ["model", "R²", "ρ", "ρ within\ngroups", *([] if grouped is None else ["group out\nR²", "ρ"])],
    )
    for name, row in evaluation.summary().iterrows():
        out = [] if grouped is None else [f"{grouped.loc[name, metric]:.3f}" for metric in ("r2", "rho")]
        made.add_row(TITLES[str(name)], *(f"{value:.3f}" for value in row), *out)
    if ceiling := evaluation.ceiling():
        gaps = ["–"] * (1 if grouped is None else 3)
        made.add_row("ceiling: the other rater", f"{ceiling['r2']:.3f}", f"{ceiling['rho']:.3f}", *gaps)
    return made


def soft_paired_table(evaluation: SoftEvaluation) -> Table:
    """LightGBM's R² minus each other model's, fold by fold."""
    from occurisk.evaluation.soft_protocol import TITLES

    made = table(
        "LightGBM's R² minus the other's: 95% intervals, corrected for overlapping folds",
        ["model", "difference", "interval"],
    )
    for name in (name for name in evaluation.models if name != OURS):
        row = evaluation.paired(name)
        made.add_row(
            TITLES[name], f"{row['difference']:+z.3f}", f"{row['lower']:+z.3f}, {row['upper']:+z.3f}"
        )
    return made


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
            f"{row['lower']:+z.3f}, {row['upper']:+z.3f}".replace("0.", ".")
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
