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

from occurisk import figures
from occurisk.bundle import BOOSTER, CARD, MANIFEST, REPLICA_BOOSTERS, SCORES
from occurisk.errors import OutputError
from occurisk.settings import home
from occurisk.training import Training

TRAINING = "occurisk-training"
SCORING = "occurisk-scoring"
MODEL_NAME = "occurisk"
CHAMPION = "champion"
DESCRIPTION = "mlflow.note.content"
# The UI opens in its GenAI mode without this.
UI_MODE = "?workflowType=machine_learning"
UI_ADDRESS = "http://127.0.0.1:5000"
# Requirements of the served model: what `log_model` would spend ten seconds guessing.
SERVED_REQUIREMENTS = ("mlflow", "lightgbm", "numpy", "pandas")


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
    mlflow = _mlflow()
    try:
        mlflow.set_tracking_uri(tracking_uri())
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


def track_training(training: Training, config_text: str) -> TrackedRun:
    """Track a training run and register its model as the champion.

    Parameters
    ----------
    training : Training
    config_text : str
        The resolved configuration, YAML.

    Returns
    -------
    TrackedRun
    """
    bundle, data, evaluation = training.bundle, training.data, training.evaluation
    settings = data.settings
    tags = {"occurisk.stage": "training", "occurisk.model_version": bundle.version}
    with run(TRAINING, bundle.version, tags) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_params(_flat(settings.model_dump(mode="json")))
        mlflow.log_text(config_text, "config.yaml")
        for name, frame, source in (
            ("task_attributes", data.X.reset_index(), settings.attributes),
            ("labels", data.labels.y.astype(float).reset_index(), settings.labels),
        ):
            log_input(mlflow, frame, source, name, "training")
        mlflow.log_metrics(training_metrics(training))
        mlflow.set_tags({f"sha256.{name}": value for name, value in data.digests["sha256"].items()})
        mlflow.log_artifact(bundle.path / CARD)
        mlflow.log_artifact(bundle.path / SCORES)
        mlflow.log_artifact(bundle.path / MANIFEST)
        pictures = {"scores": figures.distribution_figure(bundle.reference, settings.bands)}
        if evaluation:
            pictures["reliability"] = figures.reliability_figure(evaluation.reliability)
            pictures["held_out_quality"] = figures.quality_figure(evaluation)
            mlflow.log_dict(evaluation.to_json(), "evaluation.json")
        for name, figure in pictures.items():
            log_figure(mlflow, figure, f"figures/{name}.png")
        version = _register(mlflow, training)
        mlflow.set_tag(DESCRIPTION, training_description(training))
    return TrackedRun(
        active.run_id, active.experiment_id, link_to(active.experiment_id, active.run_id), version
    )


def training_metrics(training: Training) -> dict[str, float]:
    """Return the figures of a training run that the run list shows."""
    scores = training.bundle.reference
    metrics = {
        "reference.share_high": float((scores["band"] == "high").mean()),
        "reference.share_low": float((scores["band"] == "low").mean()),
        "reference.mean_p": float(scores["probability"].mean()),
        "reference.share_robust": float((scores["stability"] != "model-dependent").mean()),
        "reference.spearman_published": spearman_published(scores),
    }
    if training.evaluation:
        for model, row in training.evaluation.summary().iterrows():
            metrics |= {f"{model}.{name}": float(value) for name, value in row.items()}
        metrics["calibration_error"] = training.evaluation.reliability.error
    return metrics


def spearman_published(scores: pd.DataFrame) -> float:
    """Return the rank correlation of our probabilities with the published ones."""
    return float(scores["probability"].corr(scores["published_probability"], method="spearman"))


def training_description(training: Training) -> str:
    """Return the run's description, Markdown: what a reviewer should look at."""
    scores = training.bundle.reference
    lines = [
        f"**{training.bundle.version}**: susceptibility of {len(scores)} occupations to automation.",
        "",
        "1. `MODEL_CARD.md`: what the model is for and not for",
        "2. `figures/held_out_quality.png`: how it does beside every baseline",
        "3. `figures/reliability.png`: whether its probabilities hold",
        "4. `scores.csv`: every reference occupation with interval, band, stability, reasons",
        "5. `explanations/report.html`: the same, to search and read",
    ]
    return "\n".join(lines)


def log_input(mlflow: Any, frame: pd.DataFrame, source: Path, name: str, context: str) -> None:
    """Log a table that went into a run: its digest, shape and source, not its rows."""
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


def _register(mlflow: Any, training: Training) -> str:
    """Log the served model, register it, and make it the champion; return the version."""
    import importlib.metadata

    from mlflow.models import infer_signature

    bundle, X = training.bundle, training.data.X
    example = X.head(3)
    output = bundle.reference.reindex(example.index)[["probability", "lower", "upper", "band"]]
    info = mlflow.pyfunc.log_model(
        name="model",
        python_model=served_model_path(),
        artifacts={
            "booster": str(bundle.path / BOOSTER),
            "replicas": str(bundle.path / REPLICA_BOOSTERS),
            "manifest": str(bundle.path / MANIFEST),
        },
        signature=infer_signature(example, output),
        input_example=example,
        pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in SERVED_REQUIREMENTS],
    )
    # Through the client: `registered_model_name` would print three lines of its own.
    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name = '{MODEL_NAME}'"):
        client.create_registered_model(MODEL_NAME, description="Susceptibility of occupations to automation.")
    version = client.create_model_version(
        MODEL_NAME,
        info.model_uri,
        run_id=info.run_id,
        model_id=info.model_id,
        tags={"occurisk.model_version": bundle.version},
    ).version
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, version)
    return str(version)


def served_model_path() -> str:
    """Return the file that MLflow logs as the model's code."""
    return str(Path(__file__).with_name("served_model.py"))


def _own_store() -> Path:
    return (home() / "mlruns").absolute()


def _artifacts_of(experiment: str) -> str | None:
    root = artifact_root()
    if root is None:
        return None
    _own_store().mkdir(parents=True, exist_ok=True)
    return f"{root}/{experiment}"


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"model": {"seed": 1}}` becomes `{"model.seed": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat


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
