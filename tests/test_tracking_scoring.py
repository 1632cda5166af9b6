"""A scored registry in MLflow: counts, national figures with intervals, explanations, lineage."""

import json
import os
from pathlib import Path

import pytest

from occurisk import tracking
from occurisk.bundle import Bundle
from occurisk.scoring import score_registry
from occurisk.tracking import SCORING
from occurisk.tracking_scoring import track_scoring
from occurisk.training import train_default


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    return train_default(tmp_path_factory.mktemp("models"))


def write(folder: Path, text: str) -> Path:
    path = folder / "jobs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scoring_run_accounts_for_everything(store, bundle, tmp_path):
    rows = ["isco,jobs,name", "2411,100,accountants", "4110,50,clerks", "5223,30,<script>alert(1)</script>"]
    rows += ["0110,5,officers", "9999,1,nobody"]
    scored = score_registry(bundle, write(tmp_path, "\n".join(rows) + "\n"), tmp_path / "out")
    run, picture = track_scoring(scored, bundle)
    client = tracking.open_store().MlflowClient()
    found = client.get_run(run.run_id)
    metrics, tags = found.data.metrics, found.data.tags
    assert metrics["rows_in"] == metrics["rows_scored"] + metrics["rows_unscored"] == 5
    assert metrics["weight_in"] == metrics["weight_scored"] + metrics["weight_unscored"] == 186
    assert metrics["rows.military"] == metrics["rows.unknown_code"] == 1
    assert (
        metrics["national.expected_lower"]
        <= metrics["national.expected"]
        <= metrics["national.expected_upper"]
    )
    assert picture is not None
    assert picture.figures["expected"] == pytest.approx(metrics["national.expected"])
    assert tags["occurisk.model_version"] == bundle.version
    assert len(tags["input.sha256"]) == 64
    assert "Five things to look at" in tags["mlflow.note.content"]
    assert client.get_experiment(run.experiment_id).name == SCORING
    for path in (
        "intake.md", "intake.json", "by_occupation.csv", "by_occupation.json", "lineage.csv", "scored.csv",
        "explanations/report.html", "explanations/table.json", "national/national.html",
    ):  # fmt: skip
        assert os.path.getsize(client.download_artifacts(run.run_id, path, str(tmp_path))) > 50, path
    local = client.download_artifacts(run.run_id, "explanations/table.json", str(tmp_path))
    assert len(json.loads(Path(local).read_text())["data"]) == 3


def test_a_registry_without_a_score_is_tracked_too(store, bundle, tmp_path):
    path = write(
        tmp_path, "occupation,jobs\nRetail sales clerks,10\nPrimary school teachers,20\nHouse painters,5\n"
    )
    scored = score_registry(bundle, path, tmp_path / "out")
    run, picture = track_scoring(scored, bundle)
    metrics = tracking.open_store().MlflowClient().get_run(run.run_id).data.metrics
    assert picture is None
    assert metrics["rows_scored"] == 0
    assert metrics["rows_unscored"] == 3
