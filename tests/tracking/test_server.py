"""A team's server: PostgreSQL behind it, files over HTTP; out of reach first, and a disk that is full."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.browsers import serving
from helpers.checkout import PROJECT
from helpers.stores import new_store
from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import TrackingError
from occurisk.tracking import store
from occurisk.tracking.reviewing.reviews import read_review

QUIET = pytest.mark.filterwarnings("ignore")
WRITTEN = {"scored.csv", "unscored.csv", "by_occupation.csv", "lineage.csv", "intake.json", "intake.md"}
HAS_POSTGRESQL = bool(shutil.which("pg_config") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    default_bundle()
    (tmp_path / "jobs.csv").write_text("isco,jobs\n2411,100\n4110,50\n5223,30\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(occurisk, [*arguments, "--models-dir", str(models_dir())])


@QUIET
@pytest.mark.slow
@pytest.mark.skipif(not HAS_POSTGRESQL, reason="needs Debian's postgresql")
def test_a_list_scored_while_the_server_was_away_is_tracked_later_and_judged(jobs, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    away = call("score", "jobs.csv", "--out", "out")
    assert isinstance(away.exception, TrackingError)
    assert "occurisk track out" in str(away.exception)
    assert {path.name for path in (jobs / "out").iterdir()} >= WRITTEN

    # PostgreSQL's own user must reach it, which pytest's folders do not allow.
    with tempfile.TemporaryDirectory(prefix="occurisk-server-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103
        script = PROJECT / "tools" / "tracking_server.sh"
        command = ["bash", str(script), f"{folder}/store"]
        with serving(jobs, command, {"PYTHON": sys.executable}, "health") as address:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            later = call("track", "out", "--queue", "2")
            assert later.exit_code == 0, later.output
            assert f"{address}/#/experiments/" in later.output

            mlflow = store.open_store()
            experiment = mlflow.get_experiment_by_name(store.SCORING)
            (run,) = mlflow.MlflowClient().search_runs([experiment.experiment_id])
            assert run.info.artifact_uri.startswith("mlflow-artifacts:")
            traces = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
            assert len(traces) == 2
            mlflow.log_feedback(
                trace_id=traces[0].info.trace_id,
                name="verdict",
                value="too low",
                rationale="Кассы уже сами считают",
                source=mlflow.entities.AssessmentSource("HUMAN", "aigerim"),
            )
            home = call("review", "latest", "--collect")
            assert home.exit_code == 0, home.output
            said = read_review(run.info.run_id).verdicts
            assert said[["verdict", "reviewer", "note"]].to_numpy().tolist() == [
                ["too low", "aigerim", "Кассы уже сами считают"]
            ]


def test_a_full_disk_leaves_the_scored_files_complete(jobs, monkeypatch):
    uri = new_store(jobs)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow = store.open_store()
    with store.run(store.SCORING, "earlier"):
        mlflow.log_metric("n", 1)
    # No file of this process may grow beyond the database as it is: to SQLite, a full disk.
    most = (jobs / "mlflow.db").stat().st_size
    done = subprocess.run(
        [
            *(sys.executable, "-m", "occurisk", "score", "jobs.csv", "--out", "out"),
            *("--models-dir", str(models_dir())),
        ],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        env={**os.environ, "MLFLOW_TRACKING_URI": uri},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 14, done.stderr
    assert "occurisk track out" in done.stderr and "Traceback" not in done.stderr
    assert {path.name for path in (jobs / "out").iterdir()} >= WRITTEN
