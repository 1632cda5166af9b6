"""Reviewers' verdicts in MLflow: stored under the run that they speak of, shown in its report."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import OccuriskError
from occurisk.explanation.verdicts import COLUMNS, empty_verdicts, merge_verdicts, read_verdicts, write_csv
from occurisk.report.explanation_payload import as_json
from occurisk.tracking.explanations import PARQUET, REPORT
from occurisk.tracking.store import SCORING, TRAINING, open_store

VERDICTS_FILE = "review/verdicts.csv"
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
        `code`, `verdict`, `note`, `reviewer`, `time`.
    """

    run_id: str
    experiment_id: str
    name: str
    model_version: str
    scored: pd.DataFrame
    verdicts: pd.DataFrame


def read_review(run: str = "latest") -> ReviewedRun:
    """Find a run and read its list and its verdicts.

    Parameters
    ----------
    run : str
        Run id, run name, or `latest`: the last scoring run, else the last training run.

    Raises
    ------
    OccuriskError
        If there is no such run, or it has no explanations.
    """
    mlflow = open_store()
    found = _find(mlflow, run)
    with tempfile.TemporaryDirectory() as folder:
        path = _fetch(mlflow, found.info.run_id, PARQUET, folder)
        if path is None:
            raise OccuriskError(
                f"Run {found.info.run_id} has no explanations.",
                rule=f"A reviewed run holds {PARQUET}.",
                fix="Score the list again with tracking on.",
            )
        scored = pd.read_parquet(path).set_index("code")
        said = _fetch(mlflow, found.info.run_id, VERDICTS_FILE, folder)
        verdicts = read_verdicts(said)[COLUMNS] if said else empty_verdicts()
    return ReviewedRun(
        found.info.run_id,
        found.info.experiment_id,
        found.info.run_name or "",
        found.data.tags.get(VERSION_TAG) or found.data.params.get("model_version", ""),
        scored,
        verdicts,
    )


def store_review(reviewed: ReviewedRun, new: pd.DataFrame) -> pd.DataFrame:
    """Store checked verdicts under the run: artifact, tags, and into its report.

    Returns
    -------
    DataFrame
        All verdicts on the run.
    """
    mlflow = open_store()
    client = mlflow.MlflowClient()
    verdicts = merge_verdicts(reviewed.verdicts, new)
    client.log_text(reviewed.run_id, write_csv(verdicts), VERDICTS_FILE)
    counts = verdicts["verdict"].value_counts()
    client.set_tag(reviewed.run_id, COUNT_TAG, str(len(verdicts)))
    for verdict in ("agree", "disagree", "unsure"):
        client.set_tag(reviewed.run_id, f"occurisk.review.{verdict}", str(counts.get(verdict, 0)))
    client.set_tag(reviewed.run_id, "occurisk.review.by", ", ".join(sorted(set(verdicts["reviewer"])))[:250])
    with tempfile.TemporaryDirectory() as folder:
        page = _fetch(mlflow, reviewed.run_id, REPORT, folder)
        if page is not None:
            text = with_verdicts(Path(page).read_text(encoding="utf-8"), verdicts)
            client.log_text(reviewed.run_id, text, REPORT)
    return verdicts


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
    for run in _runs(mlflow, SCORING if kind == "registry" else TRAINING):
        if COUNT_TAG in run.data.tags and run.data.params.get("registry", registry) == registry:
            with tempfile.TemporaryDirectory() as folder:
                said = _fetch(mlflow, run.info.run_id, VERDICTS_FILE, folder)
                if said is not None:
                    verdicts = merge_verdicts(verdicts, read_verdicts(said)[COLUMNS])
    return verdicts


def _runs(mlflow: Any, *experiments: str) -> list[Any]:
    """Runs of these experiments, newest first."""
    found = [mlflow.get_experiment_by_name(name) for name in experiments]
    ids = [experiment.experiment_id for experiment in found if experiment is not None]
    if not ids:
        return []
    return list(mlflow.MlflowClient().search_runs(ids, order_by=["attributes.start_time DESC"]))


def _find(mlflow: Any, run: str) -> Any:
    if run == "latest":
        for experiment in (SCORING, TRAINING):
            if found := _runs(mlflow, experiment):
                return found[0]
    else:
        for candidate in _runs(mlflow, SCORING, TRAINING):
            if run in (candidate.info.run_id, candidate.info.run_name):
                return candidate
    raise OccuriskError(
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
