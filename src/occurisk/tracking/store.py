"""The tracking store: where it lies, how it is opened, and runs in it. Imports mlflow."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import OccuriskError, TrackingError
from occurisk.paths import home
from occurisk.tracking.reachable import check_reachable, locked, sqlite_file

TRAINING = "occurisk-training"
SCORING = "occurisk-scoring"
MODEL_NAME = "occurisk"
CHAMPION = "champion"
DESCRIPTION = "mlflow.note.content"
# The UI opens in its GenAI mode without this.
UI_MODE = "?workflowType=machine_learning"
UI_ADDRESS = "http://127.0.0.1:5000"
# What MLflow would otherwise find out by itself: who works here, from which path, from which clone.
_ANONYMOUS = {
    "mlflow.user": "occurisk",
    "mlflow.source.name": "occurisk",
    "mlflow.source.git.repoURL": "",
    "mlflow.source.git.branch": "",
}
# A server that answers slowly is given up in time; whoever has a slow one says so in the environment.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "30", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
# Seconds after which a run on a shared server is taken for dead.
_LONGEST_RUN = 24 * 3600
# The store that this process has open.
_OPENED: list[str] = []
# Seconds that a process waits while another one writes to the same SQLite file.
_SQLITE_WAIT = 60
_ABSOLUTE = re.compile(r"^(/|[A-Za-z]:[\\/]|\\\\)")


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
    uploaded : tuple of str
        What was uploaded, in words.
    queue : str
        Link to the review queue; empty where there is none.
    model_name : str
        Of the registered model; empty for a scoring run.
    """

    run_id: str
    experiment_id: str
    link: str
    model_version: str = ""
    uploaded: tuple[str, ...] = ()
    queue: str = ""
    model_name: str = ""


def tracking_uri() -> str:
    """Return MLFLOW_TRACKING_URI, else the SQLite store under `mlruns/`; a file is always absolute."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_own_store() / 'mlflow.db'}"
    path = sqlite_file(uri)
    return uri if path is None else f"sqlite:///{path}"


def artifact_root() -> str | None:
    """Return the folder of the artifacts as a URI; None where a tracking server decides.

    It belongs to the store, whatever the working directory: `artifacts/` beside an SQLite file. For
    another database without a server in front it is OCCURISK_ARTIFACTS, else `mlruns/artifacts`.
    """
    uri = tracking_uri()
    if uri.startswith(("http:", "https:", "databricks")):
        return None
    path = sqlite_file(uri)
    if path is not None:
        return (path.parent / "artifacts").as_uri()
    other = os.environ.get("OCCURISK_ARTIFACTS")
    if other and "://" in other:
        return other.rstrip("/")
    return (Path(other).absolute() if other else _own_store() / "artifacts").as_uri()


def link_to(experiment_id: str, run_id: str) -> str:
    """Return the deep link to a run in the UI."""
    return f"{ui_address()}/#/experiments/{experiment_id}/runs/{run_id}{UI_MODE}"


def ui_address() -> str:
    """Return where the UI answers: the tracking server, or the address of `occurisk ui`."""
    uri = tracking_uri()
    return uri.rstrip("/") if uri.startswith("http") else UI_ADDRESS


@contextmanager
def guarded(doing: str) -> Iterator[None]:
    """Turn whatever the store says into one clear error; a mistake of our own stays a traceback.

    Raises
    ------
    TrackingError
    """
    try:
        yield
    except OccuriskError:
        raise
    except Exception as problem:
        theirs = type(problem).__module__.split(".")[0] in _STORES
        if not theirs and not isinstance(problem, OSError):
            raise
        raise TrackingError(
            f"Cannot {doing} the tracking store {shown_uri()}: {first_line(problem)}.",
            rule="The store is a database that can be written and has room, or a server that answers.",
            fix="Set MLFLOW_TRACKING_URI, make room, mend the permissions; or --no-track.",
        ) from problem


# Packages whose errors are the store's, not ours.
_STORES = {
    "mlflow",
    "sqlalchemy",
    "sqlite3",
    "requests",
    "urllib3",
    "alembic",
    "psycopg2",
    "boto3",
    "botocore",
}


@contextmanager
def run(experiment: str, name: str, tags: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Open a run in an experiment, which is made on first use; yield the mlflow module.

    Raises
    ------
    TrackingError
        If the store cannot be opened or written.
    """
    mlflow = open_store()
    uri = tracking_uri()
    # One at a time writes to a file: it cannot be shared, and who shares it loses runs.
    alone = locked(uri) if sqlite_file(uri) else nullcontext(False)
    with guarded("write to"), alone as held:
        experiment_id = need_experiment(mlflow, experiment)
        _end_killed(mlflow, experiment_id, held)
        mlflow.set_experiment(experiment_id=experiment_id)
        with mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=dict(tags or {})):
            yield mlflow


def _end_killed(mlflow: Any, experiment: str, alone: bool) -> None:
    """Mark the runs that nobody is writing any more: a process that is killed cannot say so itself.

    Who is alone with the store knows that every other run has ended. Else a day must have passed.
    """
    client = mlflow.MlflowClient()
    latest = int(1000 * (time.time() - (0 if alone else _LONGEST_RUN)))
    for other in client.search_runs([experiment], "attributes.status = 'RUNNING'"):
        if other.info.start_time <= latest:
            client.set_terminated(other.info.run_id, "KILLED")


def need_experiment(mlflow: Any, name: str) -> str:
    """Return an experiment's id; make it, with its description, where there is none."""
    from occurisk.tracking.descriptions import experiment_tags

    existing = mlflow.get_experiment_by_name(name)
    if existing is not None and existing.lifecycle_stage == "deleted":
        raise TrackingError(
            f"The experiment {name} was deleted in {shown_uri()}.",
            rule="A deleted experiment keeps its name.",
            fix="Restore it in the MLflow UI, or with: mlflow experiments restore",
        )
    if existing is None:
        made = mlflow.create_experiment(name, artifact_location=_artifacts_of(name))
        tags = experiment_tags(name, str(made))
    else:
        made = existing.experiment_id
        tags = {} if DESCRIPTION in existing.tags else experiment_tags(name, str(made))
    for key, value in tags.items():
        mlflow.MlflowClient().set_experiment_tag(made, key, value)
    return str(made)


def track_table(name: str, frame: pd.DataFrame, artifact: str) -> TrackedRun:
    """Track a table as a run of its own in the training experiment."""
    with run(TRAINING, name, {"occurisk.stage": name}) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_table(frame, f"{artifact}.json")
    return TrackedRun(active.run_id, active.experiment_id, link_to(active.experiment_id, active.run_id))


def open_store() -> Any:
    """Return the mlflow module, pointed at the tracking store, whose tables exist.

    Raises
    ------
    TrackingError
        If it cannot be reached or opened; said within ten seconds.
    """
    uri = tracking_uri()
    if uri in _OPENED:
        return _mlflow()
    with guarded("open"):
        check_reachable(uri)
        mlflow = _mlflow()
        path = sqlite_file(uri)
        if root := artifact_root():
            # Else MLflow's own experiment would have its files in whatever folder the user works in.
            os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = root
        mlflow.set_tracking_uri(uri if path is None else f"{uri}?timeout={_SQLITE_WAIT}")
        with locked(uri):
            # Makes the tables of a new store: alone, because MLflow's migrations do not bear company.
            mlflow.get_experiment_by_name(SCORING)
    _OPENED[:] = [uri]
    return mlflow


def log_all(
    mlflow: Any, metrics: Mapping[str, float], parameters: Mapping[str, Any], tags: Mapping[str, str]
) -> None:
    """Log figures, parameters and tags of the active run in one call."""
    at = int(time.time() * 1000)
    mlflow.MlflowClient().log_batch(
        mlflow.active_run().info.run_id,
        [mlflow.entities.Metric(name, value, at, 0) for name, value in metrics.items()],
        [mlflow.entities.Param(name, str(value)) for name, value in parameters.items()],
        [mlflow.entities.RunTag(name, value) for name, value in tags.items()],
    )


def log_input(mlflow: Any, frame: pd.DataFrame, source: str, name: str, context: str) -> None:
    """Log a table that went into a run: its digest, shape and file name, not its rows or its path."""
    # MLflow's schema warns of integers, which could not hold a gap.
    whole = frame.select_dtypes("integer").columns
    frame = frame.astype(dict.fromkeys(whole, float))
    with warnings.catch_warnings():
        # A path matches two of MLflow's source types; either will do.
        warnings.filterwarnings("ignore", "The specified dataset source can be interpreted")
        dataset = mlflow.data.from_pandas(frame, source=str(without_path(source)), name=name)
    mlflow.log_input(dataset, context=context)


def log_figure(mlflow: Any, figure: Any, name: str) -> None:
    """Log a matplotlib figure; `tight` keeps long labels from being cut."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        figure.savefig(path, bbox_inches="tight")
        mlflow.log_artifact(path, str(Path(name).parent))


def without_path(value: Any) -> Any:
    """Return a file's name for its absolute path; anything else as it is."""
    if isinstance(value, str | Path) and _ABSOLUTE.match(str(value)):
        return re.split(r"[\\/]", str(value).rstrip("\\/"))[-1]
    return value


def shown_uri() -> str:
    """Return the tracking URI without a password."""
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", tracking_uri())


def _own_store() -> Path:
    return (home() / "mlruns").absolute()


def _artifacts_of(experiment: str) -> str | None:
    root = artifact_root()
    return None if root is None else f"{root}/{experiment}"


def first_line(problem: Exception) -> str:
    """Return what a problem says first, without its full stop."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")


def _mlflow() -> Any:
    # Its database migrations and git look-ups talk at length.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # It would keep pyproject.toml and uv.lock of whatever folder the user works in beside a model.
    os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")
    os.environ.setdefault("MLFLOW_RUN_CONTEXT", json.dumps(_ANONYMOUS))
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # What fails is said in our own words; a traceback on the screen would not say more.
    for name in ("mlflow.tracing", "mlflow.store"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return mlflow
