"""Reviewers' verdicts in MLflow: kept under the run that they speak of, collected, shown in its report."""

from __future__ import annotations

import json
import math
import re
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import ReviewError
from occurisk.explanation.explained_list import explain_list
from occurisk.explanation.reference import explain_reference
from occurisk.explanation.review_items import choose
from occurisk.explanation.verdicts import (
    COLUMNS,
    VERDICTS,
    agreement,
    all_verdicts,
    empty_verdicts,
    merge_verdicts,
    read_verdicts,
    write_csv,
)
from occurisk.model.bundles.bundle import Bundle
from occurisk.report.explanation_payload import as_json
from occurisk.tracking.explanations import PARQUET, REPORT
from occurisk.tracking.reviewing.answers import collect_verdicts
from occurisk.tracking.reviewing.queue import Queue, make_queue
from occurisk.tracking.store import SCORING, TRAINING, guarded, open_store

# What people read, made anew each time; nothing is lost with it.
VERDICTS_FILE = "review/verdicts.csv"
# What is kept: a file of its own for every time that somebody said something. Never changed, never removed.
GIVEN = "review/given"
VERSION_TAG = "occurisk.model_version"
COUNT_TAG = "occurisk.review.verdicts"
_DATA = re.compile(r'(<script type="application/json" id="data">)(.*?)(</script>)', re.DOTALL)


@dataclass(frozen=True)
class ReviewedRun:
    """A run with explanations, and what has been said of it.

    Attributes
    ----------
    run_id, experiment_id, name : str
    model_version : str
    scored : DataFrame, index code
        Its `explanations.parquet`.
    verdicts : DataFrame
        Each reviewer's last word on a code: `code`, `verdict`, `note`, `reviewer`, `time`.
    given : DataFrame
        Every verdict that was ever given, the same columns.
    asked : int
        Occupations that its queue asks about; 0 if it has none.
    """

    run_id: str
    experiment_id: str
    name: str
    model_version: str
    scored: pd.DataFrame
    verdicts: pd.DataFrame
    given: pd.DataFrame
    asked: int = 0

    @property
    def alpha(self) -> float:
        """Krippendorff's alpha between reviewers; NaN where no two judged the same code."""
        return agreement(self.verdicts)


def read_review(run: str = "latest") -> ReviewedRun:
    """Find a run and read its list and its verdicts.

    Parameters
    ----------
    run : str
        Run id, run name, or `latest`: the last scoring run, else the last training run.

    Raises
    ------
    ReviewError
        If there is no such run, or it has no explanations.
    """
    mlflow = open_store()
    with guarded("read"):
        tracked = _find(mlflow, run)
        with tempfile.TemporaryDirectory() as folder:
            path = _fetch(mlflow, tracked.info.run_id, PARQUET, folder)
            if path is None:
                raise ReviewError(
                    f"Run {tracked.info.run_id} has no explanations.",
                    rule=f"A reviewed run holds {PARQUET}.",
                    fix="Score the list again with tracking on.",
                )
            scored = pd.read_parquet(path).set_index("code")
        given = _given(mlflow, tracked.info.run_id)
    return ReviewedRun(
        tracked.info.run_id,
        tracked.info.experiment_id,
        tracked.info.run_name or "",
        tracked.data.tags.get(VERSION_TAG) or tracked.data.params.get("model_version", ""),
        scored,
        merge_verdicts(empty_verdicts(), given),
        given,
        int(tracked.data.tags.get("occurisk.queue", 0)),
    )


def store_review(reviewed: ReviewedRun, new: pd.DataFrame) -> pd.DataFrame:
    """Add checked verdicts to those under a run, and show them in its report and tags.

    They go into a file of their own, so that reviewers who write at the same moment lose nothing.

    Returns
    -------
    DataFrame
        Each reviewer's last word on each code of the run.
    """
    mlflow = open_store()
    with guarded("write to"):
        if len(new):
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}.csv"
            mlflow.MlflowClient().log_text(reviewed.run_id, write_csv(new[COLUMNS]), f"{GIVEN}/{name}")
        given = _given(mlflow, reviewed.run_id)
        while True:
            _show(mlflow, reviewed.run_id, merge_verdicts(empty_verdicts(), given))
            # Somebody else may have added a verdict meanwhile; the last who looks shows all of them.
            now = _given(mlflow, reviewed.run_id)
            if len(now) == len(given):
                return merge_verdicts(empty_verdicts(), given)
            given = now


def collect(run: str = "latest") -> tuple[ReviewedRun, int]:
    """Bring home what was answered in the queues of a run.

    Parameters
    ----------
    run : str
        As for `read_review`.

    Returns
    -------
    ReviewedRun
        With the verdicts.
    int
        How many were new.
    """
    mlflow = open_store()
    with guarded("read"):
        tracked = _find(mlflow, run)
    new = _collect(mlflow, tracked)
    return read_review(tracked.info.run_id), new


def collect_earlier(registry: str) -> int:
    """Bring home what was answered in the queues of earlier runs of a list; return how many were new."""
    mlflow = open_store()
    with guarded("read"):
        runs = [
            run
            for run in _runs(mlflow, SCORING)
            if run.data.params.get("registry") == registry and "occurisk.queue" in run.data.tags
        ]
    return sum(_collect(mlflow, run) for run in runs)


def queue_for(run_id: str, bundle: Bundle, count: int, language: str, reviewers: Sequence[str]) -> Queue:
    """Make a review queue for a run that was tracked earlier, from what it keeps and its model."""
    mlflow = open_store()
    with guarded("write to"), tempfile.TemporaryDirectory() as folder:
        path = _fetch(mlflow, run_id, PARQUET, folder)
        if path is None:
            raise ReviewError(f"Run {run_id} has no explanations.", fix="Score the list again.")
        scored = pd.read_parquet(path).set_index("code")
        rows = scored[scored["members"].fillna("") != ""]
        if rows.empty:
            raise ReviewError(
                f"Run {run_id} scored rows by their own attributes; no occupation stands behind them.",
                rule="A queue made later asks about occupations.",
                fix="Score the list again with --track-rows: its own queue asks about its rows.",
            )
        parts = [
            (code, soc, float(share))
            for code, text in rows["members"].items()
            for soc, share in (member.split(":") for member in text.split())
        ]
        members = pd.DataFrame(parts, columns=["code", "soc", "weight"])
        chosen = choose(rows, count, bundle.bands.high, bundle.bands.low)
        members = members[members["code"].isin(chosen)]
        rows = rows.loc[chosen]
        explained = explain_list(rows, explain_reference(bundle, members["soc"].unique()), members)
        total = float(scored["weight"].astype(float).sum())
        return make_queue(mlflow, explained, run_id, count, language, reviewers, total)


def _collect(mlflow: Any, run: Any) -> int:
    """Store the answers that are not yet stored; return how many they were."""
    with guarded("read"):
        answers = collect_verdicts(mlflow, run.info.experiment_id, run.info.run_id)
        if answers.empty:
            return 0
        known = _given(mlflow, run.info.run_id)
    both = all_verdicts(known, answers)
    new = both.merge(known, how="left", on=COLUMNS, indicator=True).query("_merge == 'left_only'")[COLUMNS]
    if len(new):
        store_review(read_review(run.info.run_id), new)
    return len(new)


def _given(mlflow: Any, run_id: str) -> pd.DataFrame:
    """Read every verdict that was ever given on a run."""
    client = mlflow.MlflowClient()
    files = [VERDICTS_FILE, *(item.path for item in client.list_artifacts(run_id, GIVEN))]
    tables: list[pd.DataFrame] = []
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            if file != VERDICTS_FILE or not tables:
                path = _fetch(mlflow, run_id, file, folder)
                if path is not None:
                    tables.append(read_verdicts(path).reindex(columns=COLUMNS, fill_value=""))
    return all_verdicts(*tables)


def _show(mlflow: Any, run_id: str, verdicts: pd.DataFrame) -> None:
    """Put the last words under a run: a table for people, tags, and into its report."""
    client = mlflow.MlflowClient()
    client.log_text(run_id, write_csv(verdicts), VERDICTS_FILE)
    counts = verdicts["verdict"].value_counts()
    asked = client.get_run(run_id).data.tags.get("occurisk.queue")
    judged = verdicts["code"].nunique()
    tags = {
        COUNT_TAG: str(len(verdicts)),
        "reviewed": f"{judged} of {asked}" if asked else str(judged),
        "occurisk.review.by": ", ".join(sorted(set(verdicts["reviewer"])))[:250],
        **{f"occurisk.review.{v.replace(' ', '_')}": str(counts[v]) for v in VERDICTS if v in counts},
    }
    alpha = agreement(verdicts)
    if not math.isnan(alpha):
        tags["occurisk.review.alpha"] = f"{alpha:.2f}"
    for name, value in tags.items():
        client.set_tag(run_id, name, value)
    with tempfile.TemporaryDirectory() as folder:
        page = _fetch(mlflow, run_id, REPORT, folder)
        if page is not None:
            text = with_verdicts(Path(page).read_text(encoding="utf-8"), verdicts)
            client.log_text(run_id, text, REPORT)


def with_verdicts(page: str, verdicts: pd.DataFrame) -> str:
    """Return a report with these verdicts in it; the rest of the page stays as it is."""
    by_code: dict[str, list[list[str]]] = {}
    for code, *said in verdicts[COLUMNS].itertuples(index=False, name=None):
        by_code.setdefault(code, []).append(said)

    def renew(match: re.Match[str]) -> str:
        document = json.loads(match[2])
        for row in document["rows"]:
            row["verdicts"] = by_code.get(row["code"], [])
        return match[1] + as_json(document) + match[3]

    return _DATA.sub(renew, page, count=1)


def earlier_verdicts(registry: str, kind: str = "registry") -> pd.DataFrame:
    """Collect the verdicts on earlier runs of the same list, so that a new report shows them.

    Parameters
    ----------
    registry : str
        Name of the list, as the parameter `registry` of its runs has it.
    kind : {"registry", "reference"}

    Returns
    -------
    DataFrame
        A reviewer's last word on each code.
    """
    mlflow = open_store()
    verdicts = empty_verdicts()
    with guarded("read"):
        for run in _runs(mlflow, SCORING if kind == "registry" else TRAINING):
            if COUNT_TAG in run.data.tags and run.data.params.get("registry", registry) == registry:
                verdicts = all_verdicts(verdicts, _given(mlflow, run.info.run_id))
    return merge_verdicts(empty_verdicts(), verdicts)


def _runs(mlflow: Any, *experiments: str) -> list[Any]:
    """Runs of these experiments, newest first."""
    folders = [mlflow.get_experiment_by_name(name) for name in experiments]
    ids = [experiment.experiment_id for experiment in folders if experiment is not None]
    if not ids:
        return []
    return list(mlflow.MlflowClient().search_runs(ids, order_by=["attributes.start_time DESC"]))


def _find(mlflow: Any, run: str) -> Any:
    if run == "latest":
        for experiment in (SCORING, TRAINING):
            matching = [
                r for r in _runs(mlflow, experiment) if r.data.tags.get("occurisk.stage") != "national"
            ]
            if matching:
                return matching[0]
    else:
        for candidate in _runs(mlflow, SCORING, TRAINING):
            if run in (candidate.info.run_id, candidate.info.run_name):
                return candidate
    raise ReviewError(
        f"There is no run {run!r} in {mlflow.get_tracking_uri()}.",
        rule="A run id, a run name, or latest.",
        fix="Copy the run id from the MLflow UI: occurisk ui",
    )


def _fetch(mlflow: Any, run_id: str, artifact: str, folder: str) -> Path | None:
    """Download an artifact; None if the run does not have it."""
    parent = str(Path(artifact).parent)
    if artifact not in {item.path for item in mlflow.MlflowClient().list_artifacts(run_id, parent)}:
        return None
    return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=artifact, dst_path=folder))
