"""`occurisk track`: results that were scored without tracking, recorded in MLflow afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from occurisk.cli.console import model_options, need_model, out, ui_hint
from occurisk.cli.options import language_option, packed

if TYPE_CHECKING:
    from rich.console import Console

    from occurisk.model.bundles.bundle import Bundle
    from occurisk.scoring.scored_registry import ScoredRegistry


class Asked(NamedTuple):
    """What is uploaded, and who is asked; see `TrackOptions`."""

    track_rows: bool
    track_min_cell: int
    queue: int
    reviewers: str
    by: tuple[str, ...]
    wage: str | None


LANGUAGE_OPTION = language_option("Write the explanations in MLflow in this language.")
tracking_options = packed(
    "asked",
    Asked,
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
    click.option(
        "--by", multiple=True, metavar="COL",
        help="Break the map of two axes in MLflow down by this column (sex, region …), too; repeatable. "
        "Built in: major_group, skill_level, education, wage_decile.",
    ),
    click.option("--wage", metavar="COL", help="Make the deciles of --by wage_decile of this column."),
)  # fmt: skip


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@tracking_options
@LANGUAGE_OPTION
@model_options
def track(
    folder: Path,
    asked: Asked,
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
    check_map(asked, tracked=bool(others))
    check_columns(result.account.registry.columns, asked)
    record(console, result, bundle, asked, lang, others)


def check_map(asked: Asked, tracked: bool) -> None:
    """Refuse to break down a map that there will not be: of two axes, in MLflow, of all codes."""
    if asked.by and (not tracked or asked.track_min_cell):
        raise click.UsageError(
            "--by is of the map of two axes in MLflow: add --axis all, not --no-track, --track-min-cell."
        )


def check_columns(names: Sequence[str], asked: Asked) -> None:
    """Refuse columns to break the map down by that a list does not have, before it is scored.

    Raises
    ------
    RegistryError
    """
    from occurisk.errors import RegistryError
    from occurisk.labour_market.breakdowns import BUILT_IN, WAGE_DECILE

    wanted = [name for name in asked.by if name not in BUILT_IN]
    wanted += [asked.wage] if asked.wage else []
    missing = [name for name in wanted if name not in names]
    if missing or (WAGE_DECILE in asked.by and not asked.wage):
        raise RegistryError(
            f"{len(missing) or 1} of the columns to break down by do not exist.",
            first=repr(missing[0]) if missing else f"{WAGE_DECILE}, without a column of wages",
            rule=f"Columns: {', '.join(map(str, names))}. Built in: {', '.join(BUILT_IN)}.",
            fix="Name some of these: --by sex --by wage_decile --wage pay",
        )


def record(
    console: Console,
    result: ScoredRegistry,
    bundle: Bundle,
    asked: Asked,
    lang: str,
    others: Sequence[Bundle] = (),
) -> None:
    """Track a scored registry; print what was uploaded, and where to look."""
    from occurisk.errors import TrackingError
    from occurisk.tracking.reviewing.queue import check_reviewers
    from occurisk.tracking.scoring_run import TrackOptions, track_scoring
    from occurisk.tracking.store import tracking_uri

    served = tracking_uri().startswith("http")  # then its pages are open already
    options = TrackOptions(
        lang, asked.track_rows, asked.track_min_cell, asked.queue, check_reviewers(asked.reviewers), asked.by,
        asked.wage,
    )  # fmt: skip
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
        *([] if asked.track_rows else ["          Your rows stayed here; --track-rows uploads them too."]),
        f"Look at it  {'' if served else f'{ui_hint()}, then '}{tracked.link}",
        *([f"Review it   {tracked.queue}"] if tracked.queue else []),
    ):
        console.print(text, soft_wrap=True, markup=False)
