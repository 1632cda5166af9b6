"""A comparison in MLflow: its numbers, its figures as JSON, its drawing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from occurisk.tracking.descriptions import run_name
from occurisk.tracking.store import SCORING, TrackedRun, link_to, log_figure, run


def track_comparison(name: str, document: Mapping[str, Any], figure: Any) -> TrackedRun:
    """Track a comparison as a run: its numbers, its figures as JSON, its drawing.

    Parameters
    ----------
    name : str
        What was compared, such as `lists`.
    document : mapping
        As `--json` writes it.
    figure : matplotlib Figure

    Returns
    -------
    TrackedRun
    """
    with run(
        SCORING, run_name(f"compare: {name}", datetime.now(UTC)), {"occurisk.stage": "compare"}
    ) as mlflow:
        active = mlflow.active_run().info
        numbers = {key: value for key, value in document.items() if isinstance(value, int | float)}
        numbers |= {f"factor.{key}": value for key, value in document.get("factors", {}).items()}
        mlflow.log_metrics(numbers)
        mlflow.log_dict(dict(document), f"compare_{name}.json")
        log_figure(mlflow, figure, f"figures/compare_{name}.png")
    link = link_to(active.experiment_id, active.run_id)
    return TrackedRun(active.run_id, active.experiment_id, link, uploaded=("comparison",))
