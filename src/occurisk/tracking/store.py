"""What happened: runs, models and pictures in MLflow. The only module that imports it (with served_model)."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import OutputError
from occurisk.paths import home

TRAINING = "occurisk-training"
SCORING = "occurisk-scoring"
MODEL_NAME = "occurisk"
CHAMPION = "champion"
DESCRIPTION = "mlflow.note.content"
# The UI opens in its GenAI mode without this.
UI_MODE = "?workflowType=machine_learning"
UI_ADDRESS = "http://127.0.0.1:5000"


@dataclass(frozen=True)
class TrackedRun:
    """Where a run can be looked at.

    Attributes
    ----------
    run_id, experiment_id : str
    link : str
        Deep link into the MLflow UI, once it is open.
    model_version : str
        Version in MLflow's model registry; empty for a scoring run.
    """

    run_id: str
    experiment_id: str
    link: str
    model_version: str = ""


def tracking_uri() -> str:
    """Return MLFLOW_TRACKING_URI, else the SQLite store under `mlruns/`, absolute."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_own_store() / 'mlflow.db'}"


def artifact_root() -> str | None:
    """Return the folder of the artifacts as a URI; None where a tracking server decides."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    return (_own_store() / "artifacts").as_uri()


def link_to(experiment_id: str, run_id: str) -> str:
    """Return the deep link to a run in the UI."""
    uri = tracking_uri()
    address = uri.rstrip("/") if uri.startswith("http") else UI_ADDRESS
    return f"{address}/#/experiments/{experiment_id}/runs/{run_id}{UI_MODE}"


def ui_command(port: int) -> tuple[list[str], dict[str, str]]:
    """Return the arguments of the MLflow UI, and what to add to its environment."""
    arguments = ["-m", "mlflow", "server", "--backend-store-uri", tracking_uri()]
    if root := artifact_root():
        arguments += ["--default-artifact-root", root]
    arguments += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # The job runner starts seven more processes and doubles the time to start.
    return arguments, {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


@contextmanager
def run(experiment: str, name: str, tags: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Open a run in an experiment, which is made on first use; yield the mlflow module.

    Raises
    ------
    OutputError
        If the store cannot be written.
    """
    try:
        mlflow = open_store()
        found = mlflow.get_experiment_by_name(experiment)
        if found is None:
            mlflow.create_experiment(experiment, artifact_location=_artifacts_of(experiment))
        mlflow.set_experiment(experiment)
    except Exception as problem:  # MLflow wraps whatever the database says
        raise OutputError(
            f"Cannot open the tracking store {tracking_uri()}: {_first_line(problem)}.",
            rule="The store is a database that can be written, or a server that can be reached.",
            fix="Set MLFLOW_TRACKING_URI, mend the permissions, or leave tracking out with --no-track.",
        ) from problem
    with mlflow.start_run(run_name=name, tags=dict(tags or {})):
        yield mlflow


def track_table(name: str, frame: pd.DataFrame, artifact: str) -> TrackedRun:
    """Track a table as a run of its own in the training experiment."""
    with run(TRAINING, name, {"occurisk.stage": name}) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_table(frame, f"{artifact}.json")
    return TrackedRun(active.run_id, active.experiment_id, link_to(active.experiment_id, active.run_id))


def open_store() -> Any:
    """Return the mlflow module, pointed at the tracking store."""
    mlflow = _mlflow()
    mlflow.set_tracking_uri(tracking_uri())
    return mlflow


def log_input(mlflow: Any, frame: pd.DataFrame, source: Path, name: str, context: str) -> None:
    """Log a table that went into a run: its digest, shape and source, not its rows."""
    # MLflow's schema warns of integers, which could not hold a gap.
    whole = frame.select_dtypes("integer").columns
    frame = frame.astype(dict.fromkeys(whole, float))
    with warnings.catch_warnings():
        # A path matches two of MLflow's source types; either will do.
        warnings.filterwarnings("ignore", "The specified dataset source can be interpreted")
        dataset = mlflow.data.from_pandas(frame, source=str(source), name=name)
    mlflow.log_input(dataset, context=context)


def log_figure(mlflow: Any, figure: Any, name: str) -> None:
    """Log a matplotlib figure; `tight` keeps long labels from being cut."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        figure.savefig(path, bbox_inches="tight")
        mlflow.log_artifact(path, str(Path(name).parent))


def _own_store() -> Path:
    return (home() / "mlruns").absolute()


def _artifacts_of(experiment: str) -> str | None:
    root = artifact_root()
    if root is None:
        return None
    _own_store().mkdir(parents=True, exist_ok=True)
    return f"{root}/{experiment}"


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]


def _mlflow() -> Any:
    # Its database migrations and git look-ups talk at length.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow
