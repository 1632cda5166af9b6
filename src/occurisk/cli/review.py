"""`occurisk review`: what a reviewer thinks of a scored list."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import JSON_OPTION, model_options, need_model, out
from occurisk.files import write_json
from occurisk.probabilities import probability

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from occurisk.model.bundles.bundle import Bundle

# Occupations in a queue, where nobody says how many.
_ASKED = 40


@click.command()
@click.argument("run", default="latest")
@click.option("--occupation", "code", help="Judge this code, as the run's report shows it.")
@click.option(
    "--verdict",
    type=click.Choice(["agree", "too-high", "too-low", "disagree", "unsure"]),
    help="Say what you think of its score.",
)
@click.option("--note", default="", help="Say why.")
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read many verdicts from this file: code, verdict, note.",
)
@click.option("--reviewer", help="Say who judges.  [default: your user name]")
@click.option("--collect", "fetch", is_flag=True, help="Take over first what was answered in the browser.")
@click.option(
    "--queue",
    "count",
    type=click.IntRange(0),
    is_flag=False,
    flag_value=_ASKED,
    help="Make a review queue of N occupations, to be filled in the browser.  [N: 40 if not given]",
)
@click.option(
    "--reviewers",
    default="",
    metavar="A,B",
    help="Make a queue for each of these people, without --queue as long as the list's own.",
)
@click.option(
    "--lang", "language", type=click.Choice(["en", "ru", "kk"]), default="en", help="Ask in this language."
)
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the verdicts as labels, behind the model's own, for: train --labels.",
)
@model_options
@JSON_OPTION
def review(
    run: str,
    code: str | None,
    verdict: str | None,
    note: str,
    csv_path: Path | None,
    reviewer: str | None,
    fetch: bool,
    count: int | None,
    reviewers: str,
    language: str,
    export: Path | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Record verdicts on a scored list, collect those of its queue, show them, export them as labels.

    RUN is a run id, a run name, or `latest`.
    """
    from datetime import UTC, datetime

    from occurisk.explanation.verdicts import check_verdicts
    from occurisk.tracking.reviewing.queue import check_reviewers
    from occurisk.tracking.reviewing.reviews import collect, read_review, store_review
    from occurisk.tracking.store import link_to

    if (code is None) != (verdict is None):
        raise click.UsageError("--occupation and --verdict go together.")
    console = out()
    names = check_reviewers(reviewers)
    reviewed, new = collect(run) if fetch else (read_review(run), 0)
    if names and count is None:
        count = reviewed.asked or _ASKED
    # Before anything is stored: an export or a queue without its model is an error.
    bundle = need_model(models_dir, reviewed.model_version, train=False) if export or count else None
    given = _given(code, verdict, note, csv_path)
    verdicts = reviewed.verdicts
    if len(given):
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        checked = check_verdicts(given, reviewed.scored.index, reviewer=reviewer or _user(), time=now)
        verdicts = store_review(reviewed, checked)
    if json_path:
        write_json(json_path, verdicts.to_dict("records"))
    if export and bundle:
        _export(export, verdicts, reviewed.scored, bundle)
    console.print(_table(verdicts, reviewed.scored))
    if json_path:
        console.print(f"Verdicts  {json_path}", soft_wrap=True)
    if fetch:
        console.print(f"{new} new verdicts came from the review queue.", soft_wrap=True)
    done = f"Stored {len(given)} of them now; the run's report shows them." if len(given) else "Nothing new."
    if new and not len(given):
        done = "The run's report shows them."
    console.print(f"Verdicts on run {reviewed.run_id}: {len(verdicts)}. {done}", soft_wrap=True)
    console.print(_agreement(verdicts), soft_wrap=True)
    if count and bundle:
        _make_queue(reviewed.run_id, bundle, count, names, language)
    console.print(f"Look at it  {link_to(reviewed.experiment_id, reviewed.run_id)}", soft_wrap=True)


def _agreement(verdicts: pd.DataFrame) -> str:
    from occurisk.explanation.verdicts import agreement

    alpha = agreement(verdicts)
    if math.isnan(alpha):
        return "Agreement between reviewers: not known; it needs codes that two of them judged."
    return f"Agreement between reviewers: Krippendorff's alpha {alpha:.2f} (1: always, 0: as by chance)."


def _make_queue(run_id: str, bundle: Bundle, count: int, names: list[str], language: str) -> None:
    from occurisk.tracking.reviewing.reviews import queue_for

    queue = queue_for(run_id, bundle, count, language, names)
    whose = f", one for each of {', '.join(names)}" if names else ""
    out().print(
        f"Review queue of {queue.items} occupations{whose}: {queue.link}\n"
        f"When it is filled in: occurisk review {run_id} --collect",
        soft_wrap=True,
        markup=False,
    )


def _given(code: str | None, verdict: str | None, note: str, csv_path: Path | None) -> pd.DataFrame:
    import pandas as pd

    from occurisk.explanation.verdicts import empty_verdicts, read_verdicts

    tables = [empty_verdicts()]
    if csv_path is not None:
        tables.append(read_verdicts(csv_path))
    if code is not None:
        tables.append(pd.DataFrame({"code": [code], "verdict": [verdict], "note": [note]}))
    return tables[-1] if len(tables) == 2 else pd.concat(tables, ignore_index=True)


def _export(path: Path, verdicts: pd.DataFrame, scored: pd.DataFrame, bundle: Bundle) -> None:
    from occurisk.explanation.verdicts import label_file, to_labels, write_csv
    from occurisk.files import write_text

    labels, left_out = to_labels(verdicts, scored, bands=bundle.bands)
    rater = bundle.label_name
    write_text(path, write_csv(label_file(labels, bundle.label_rows, rater)))
    console = out()
    console.print(
        f"Labels    {path}: {len(labels)} from reviews behind the labels of {len(bundle.labels[0])} "
        f"occupations that {bundle.version} was trained on.",
        soft_wrap=True,
        markup=False,
    )
    if remark := bundle.label_remark:
        console.print(remark, soft_wrap=True, markup=False)
    if len(left_out):
        console.print(f"Left out: {len(left_out)} verdicts that say nothing about one occupation.")
    for row in left_out.itertuples():
        console.print(
            f"  {row.code}  {row.verdict}  {row.reviewer}: {row.reason}", soft_wrap=True, markup=False
        )
    console.print(f"Train on them: occurisk train --labels {path}", soft_wrap=True)


def _table(verdicts: pd.DataFrame, scored: pd.DataFrame) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="Verdicts", title_justify="left")
    for name in ("code", "occupation", "p", "band", "verdict", "note", "reviewer", "time"):
        table.add_column(name, justify="right" if name == "p" else "left")
    for row in verdicts.itertuples():
        about = scored.loc[row.code]
        cells = [row.code, about["title"], probability(about["probability"]), about["band"], row.verdict]
        table.add_row(*(escape(str(cell)) for cell in [*cells, row.note, row.reviewer, row.time]))
    return table


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "unknown"
