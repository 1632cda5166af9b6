"""The store under strain: many at once, out of reach, in the way; and nothing private in it."""

import os
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from helpers.checkout import SCRIPTS
from occurisk.cli import occurisk
from occurisk.errors import OutputError, TrackingError
from occurisk.tracking import store
from occurisk.tracking.reachable import check_reachable, sqlite_file


def test_runs_that_start_at_once_on_a_new_store_all_land(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/new/mlflow.db"}
    done = subprocess.run(
        [sys.executable, SCRIPTS / "runs_at_once.py", "8"],
        env=environment,
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "new" / "mlflow.db") as database:
        assert database.execute("select count(*) from runs where status = 'FINISHED'").fetchone() == (8,)
        tags = database.execute("select key, value from tags").fetchall()
        queues = database.execute("select name from review_queues").fetchall()
        places = database.execute("select artifact_location from experiments ").fetchall()
    assert len(set(queues)) == 8
    assert not list(elsewhere.iterdir())
    # MLflow's own experiment too is not where the user works.
    assert {place for (place,) in places} == {
        f"{tmp_path.as_uri()}/new/artifacts/{name}" for name in ("0", store.SCORING)
    }
    assert len(list(tmp_path.glob("new/artifacts/*/*/artifacts/x.txt"))) == 8
    # No path, no user, no host.
    private = {str(tmp_path), socket.gethostname(), sys.executable, str(os.getcwd())}
    assert not [
        (k, v) for k, v in tags if any(p in v for p in private) or (k == "mlflow.user" and v != "occurisk")
    ]


def test_a_run_that_was_killed_is_marked_by_the_next(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    client = store.open_store().MlflowClient()
    experiment = store.need_experiment(store.open_store(), store.SCORING)
    killed = client.create_run(experiment).info.run_id
    with store.run(store.SCORING, "next") as mlflow:
        assert client.get_run(killed).info.status == "KILLED"
        active = mlflow.active_run().info.run_id
    assert client.get_run(active).info.status == "FINISHED"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "postgresql://u:secret@127.0.0.1:9/mlflow"])
def test_a_store_out_of_reach_is_one_error_at_once(monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match="Cannot open the tracking store") as found:
        store.open_store()
    assert "secret" not in str(found.value)
    assert found.value.exit_code == 14


def test_what_is_no_database_is_told_without_trying_for_minutes(monkeypatch, tmp_path):
    (tmp_path / "mlflow.db").write_text("no database" * 1000)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(TrackingError, match="not a database"):
        store.open_store()


def test_a_server_that_accepts_and_never_answers_is_given_up():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        before = time.monotonic()
        with pytest.raises(OSError, match="timed out"):
            check_reachable(f"http://127.0.0.1:{silent.getsockname()[1]}", patience=0.2)
        assert time.monotonic() - before < 60


def test_a_port_in_use_is_said_and_no_success(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = CliRunner().invoke(occurisk, ["ui", "--port", str(port)])
    assert isinstance(found.exception, OutputError)
    assert f"Port {port} cannot be used" in str(found.exception)


def test_accounts_need_a_first_password(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.delenv("MLFLOW_AUTH_ADMIN_PASSWORD", raising=False)
    found = CliRunner().invoke(occurisk, ["ui", "--auth", "--port", "5999"])
    assert isinstance(found.exception, TrackingError)
    assert "MLFLOW_AUTH_ADMIN_PASSWORD" in str(found.exception)
    assert (tmp_path / "auth.key").stat().st_mode & 0o077 == 0


def test_accounts_are_asked_of_a_server_that_has_them(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", "a long password")
    found = CliRunner().invoke(occurisk, ["ui", "--auth", "--reviewers", "ann"])
    assert isinstance(found.exception, TrackingError)
    assert "does not answer as an MLflow with accounts" in str(found.exception)
    assert "a long password" not in str(found.exception)
    monkeypatch.delenv("MLFLOW_AUTH_ADMIN_PASSWORD")
    found = CliRunner().invoke(occurisk, ["ui", "--auth", "--reviewers", "ann"])
    assert "MLFLOW_AUTH_ADMIN_PASSWORD" in str(found.exception)


def test_a_path_in_the_uri_is_absolute_and_keeps_its_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert sqlite_file("sqlite:///a.db") == tmp_path / "a.db"
    assert sqlite_file("sqlite:////b/a.db?timeout=60").as_posix() == "/b/a.db"
    assert sqlite_file("postgresql://h/d") is None
    assert store.without_path("/home/ann/jobs.csv") == "jobs.csv"
    assert store.without_path("C:\\ann\\jobs.csv") == "jobs.csv"
    assert store.without_path("configs/train.yaml") == "configs/train.yaml"
