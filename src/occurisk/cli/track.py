"""`occurisk track`: results that were scored without tracking, recorded in MLflow afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import model_options, need_model, out, ui_hint

if TYPE_CHECKING:
    from rich.console import Console

    from occurisk.model.bundles.bundle import Bundle
    from occurisk.scoring.scored_registry import ScoredRegistry

_OPTIONS = (
    click.option(
        "--track-rows", is_flag=True, help="Also upload your own rows.  [default: totals by code only]"
    ),
    click.option(
        "--track-min-cell", type=click.IntRange(0), default=0, metavar="N",
        help="Leave codes of fewer than N rows out of MLflow.",
    ),
    click.option(
        "--queue", type=click.IntRange(0), default=40, show_default=True, metavar="N",
        help="Put N occupations into the review queue in MLflow; 0 makes none.",
    ),
    click.option(
        "--reviewers", default="", metavar="A,B", help="Make a review queue for each of these people."
    ),
)  # fmt: skip
LANGUAGE_OPTION = click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk"]),
    default="en",
    show_default=True,
    help="Write the explanations in MLflow in this language.",
)


def tracking_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is uploaded, and who is asked."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@tracking_options
@LANGUAGE_OPTION
@model_options
def track(
    folder: Path,
    track_rows: bool,
    track_min_cell: int,
    queue: int,
    reviewers: str,
    lang: str,
    models_dir: Path | None,
) -> None:
    """Record in MLflow what `occurisk score` wrote into FOLDER, where that could not be done at once."""
    from occurisk.model.axes.declaration import load_axes
    from occurisk.scoring.accounting.account_report import read_back

    result = read_back(folder)
    bundle = need_model(models_dir, result.model_version)
    console = out()
    others = [
        need_model(models_dir, axis=axis, pinned=False)
        for axis in load_axes()
        if axis.column_prefix and f"{axis.column_prefix}probability" in result.by_occupation
    ]
    record(console, result, bundle, track_rows, track_min_cell, queue, reviewers, lang, others)


def record(
    console: Console,
    result: ScoredRegistry,
    bundle: Bundle,
    track_rows: bool,
    track_min_cell: int,
    queue: int,
    reviewers: str,
    lang: str,
    others: Sequence[Bundle] = (),
) -> None:
    """Track a scored registry; print what was uploaded, and where to look."""
    from occurisk.errors import TrackingError
    from occurisk.tracking.reviewing.queue import check_reviewers
    from occurisk.tracking.scoring_run import TrackOptions, track_scoring
    from occurisk.tracking.store import tracking_uri

    served = tracking_uri().startswith("http")  # then its pages are open already
    options = TrackOptions(lang, track_rows, track_min_cell, queue, check_reviewers(reviewers))
    try:
        tracked = track_scoring(result, bundle, options, others)
    except TrackingError as problem:
        raise TrackingError(
            problem.what,
            first=f"The scored files in {result.out} are complete; only MLflow lacks them.",
            rule=problem.rule,
            fix=f"Mend the store, then: occurisk track {result.out}. Or leave tracking out: --no-track.",
        ) from problem
    for text in (
        f"Uploaded  {'; '.join(tracked.uploaded)}.",
        *([] if track_rows else ["          Your rows stayed here; --track-rows uploads them too."]),
        f"Look at it  {'' if served else f'{ui_hint()}, then '}{tracked.link}",
        *([f"Review it   {tracked.queue}"] if tracked.queue else []),
    ):
        console.print(text, soft_wrap=True, markup=False)
