"""`occurisk train`: the main job."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import (
    JSON_OPTION,
    MODELS_DIR_OPTION,
    err,
    jobs,
    out,
    progress,
    show,
    table,
    ui_hint,
)
from occurisk.cli.options import axis_option
from occurisk.files import check_place, write_json
from occurisk.probabilities import probability

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from occurisk.model.axes.declaration import Axis

ENDS = 5


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Train by this configuration.  [default: configs/train.yaml]",
)
@click.option(
    "--labels", type=click.Path(path_type=Path), help="Learn from your own label file (code, label, …)."
)
@click.option(
    "--attributes",
    type=click.Path(path_type=Path),
    help="Learn from your own attribute table (occurisk features build).",
)
@click.option(
    "--reviews",
    multiple=True,
    metavar="RUN",
    help="Also train on the verdicts of this reviewed run, or of `latest`; repeatable.",
)
@axis_option("all", "Train this axis, or all. Labels, attributes or a configuration of yours make one model.")
@MODELS_DIR_OPTION
@click.option("--no-evaluation", is_flag=True, help="Do not measure the quality on held-out labels.")
@click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
@JSON_OPTION
def train(
    config: Path | None,
    labels: Path | None,
    attributes: Path | None,
    reviews: tuple[str, ...],
    axis_name: str,
    models_dir: Path | None,
    no_evaluation: bool,
    no_track: bool,
    json_path: Path | None,
) -> None:
    """Train, evaluate and track a model for each axis; score and explain the reference occupations."""
    from occurisk.paths import default_models_dir

    own = config or labels or attributes or reviews
    scratch = click.get_current_context().with_resource(TemporaryDirectory(prefix="occurisk-labels-"))
    if reviews:
        labels = _with_reviews(reviews, config, labels, Path(scratch))
    check_place((models_dir or default_models_dir()) / "new")
    document = {}
    for axis in _axes(axis_name, config, bool(own)):
        made = _train_one(
            config or axis.training, labels, attributes, models_dir, no_evaluation, no_track, axis.pointer
        )
        document[axis.name] = made
    if json_path:
        # As before there were axes: the figures of one model stand at the top.
        first, *others = document.items()
        write_json(json_path, {**first[1], **({"axes": dict(others)} if others else {})})
        out().print(f"Figures     {json_path}", soft_wrap=True)


def _axes(name: str, config: Path | None, own: bool) -> tuple[Axis, ...]:
    """Return the axes to train a model of; each configuration bears the name of its axis."""
    from occurisk.model.axes.declaration import axis_of, check_configuration, chosen_axes
    from occurisk.model.settings import load_settings
    from occurisk.model.training import estimator_class

    if not own or name != "all":
        axes = chosen_axes(name)
        for axis in axes:
            check_configuration(axis, load_settings(config or axis.training).name)
        return axes
    settings = load_settings(config)
    return (axis_of(settings.name, soft=estimator_class(settings).soft_labels),)


def _train_one(
    config: Path,
    labels: Path | None,
    attributes: Path | None,
    models_dir: Path | None,
    no_evaluation: bool,
    no_track: bool,
    pointer: str,
) -> dict[str, Any]:
    """Train, evaluate, track and print one model; return what --json keeps of it."""
    from occurisk.cli.evaluate import quality_table_of
    from occurisk.evaluation.in_words import held_out, measure, scores_in_words
    from occurisk.model.bundles.bundle import CARD, SCORES
    from occurisk.model.training import estimator_class, load_data
    from occurisk.model.training import train as fit
    from occurisk.paths import default_models_dir

    console, remarks = out(), err()
    data = load_data(config, labels, attributes)
    remarks.print(
        f"{data.digests['occupations']} occupations, {data.digests['attributes']} attributes; "
        f"{data.digests['labelled']} labelled, {data.digests['labelled_automatable']} of them "
        f"{'high' if estimator_class(data.settings).soft_labels else 'automatable'}."
    )
    if data.labels.undecided:
        remarks.print(f"Not used, raters evenly divided: {', '.join(data.labels.undecided)}.")
    evaluation = None
    if not no_evaluation:
        with progress("Evaluating on held-out labels") as tick:
            evaluation = measure(data, tick, jobs(), quick=True)
    quality = held_out(evaluation) if evaluation else None
    training = fit(
        data, models_dir or default_models_dir(), quality, lambda s: remarks.print(f"{s} …"), pointer
    )
    tracked = None
    if not no_track:
        from occurisk.tracking.training_run import track_training

        remarks.print("Tracking the run in MLflow …")
        tracked = track_training(training, evaluation)

    scores = training.bundle.reference
    if evaluation:
        show(console, quality_table_of(evaluation))
    console.print(f"Axis {training.bundle.axis.name}: {training.bundle.axis.words('en').title}.")
    show(console, ends_table(scores))
    console.print(scores_in_words(scores))
    console.print()
    folder = training.bundle.path
    console.print(f"Model       {folder}", soft_wrap=True)
    console.print(f"Scores      {folder / SCORES}", soft_wrap=True)
    console.print(f"Model card  {folder / CARD}", soft_wrap=True)
    if tracked:
        console.print(f"Look at it  {ui_hint()}, then {tracked.link}", soft_wrap=True)
        if tracked.model_version:
            console.print(
                f"Registered  models:/{tracked.model_name}@champion, version {tracked.model_version}",
                soft_wrap=True,
            )
    return {"version": training.bundle.version, **(evaluation.to_json() if evaluation else {})}


def _with_reviews(runs: tuple[str, ...], config: Path | None, labels: Path | None, folder: Path) -> Path:
    """Write the labels with those of reviewers behind them, where this run alone sees them."""
    from occurisk.files import write_text
    from occurisk.model.settings import load_settings
    from occurisk.tracking.reviewing.labels import labels_with_reviews

    base = labels or load_settings(config).labels
    reviewed = labels_with_reviews(runs, base)
    err().print(
        f"{reviewed.added} labels of reviewers behind those of {base.name}; "
        f"{len(reviewed.left_out)} verdicts say nothing about one occupation.",
        soft_wrap=True,
        markup=False,
    )
    return write_text(folder / f"{base.stem}_reviewed.csv", reviewed.text)


def ends_table(scores: pd.DataFrame) -> Table:
    """The occupations with the five lowest and the five highest scores, with intervals."""
    # Retired and hybrid codes repeat occupations: show each once.
    current = scores[scores["status"].isin(["soc2010", "user"])]
    made = table(
        "Occupations with the lowest and the highest scores",
        ["code", "occupation", "p", "90% interval", "published"],
        flexible="occupation",
    )
    for part, section in ((current.head(ENDS), True), (current.tail(ENDS), False)):
        for code, row in part.iterrows():
            made.add_row(
                str(code),
                row["title"],
                probability(row["probability"]),
                f"{probability(row['lower'])} – {probability(row['upper'])}",
                probability(row["published_probability"]),
            )
        if section:
            made.add_section()
    return made
