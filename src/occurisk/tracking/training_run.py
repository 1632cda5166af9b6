"""A training run in MLflow: configuration, digests, metrics, pictures, the served model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from occurisk.evaluation.protocol import Evaluation
from occurisk.evaluation.soft_protocol import SoftEvaluation
from occurisk.explanation.explained_list import ExplainedList, explain_list
from occurisk.explanation.interactions import interactions
from occurisk.explanation.reference import kept_reference
from occurisk.labour_market.market import figures_by_cell
from occurisk.model.bundles.bundle import CARD, SCORES, Bundle
from occurisk.model.bundles.manifest import MANIFEST, portable
from occurisk.model.training import Training, spearman_published
from occurisk.report import training_charts as figures
from occurisk.report.explanation_payload import About, Quality
from occurisk.tracking.explanations import artifact_links, log_explanations
from occurisk.tracking.serving.registered_model import model_name, register
from occurisk.tracking.store import (
    DESCRIPTION,
    TRAINING,
    TrackedRun,
    link_to,
    log_figure,
    log_input,
    run,
)

# Runs are compared by the names of their parameters: this one keeps its first name.
_LOGGED_AS = {"model.nominal": "model.coverage"}


def track_training(training: Training, evaluation: Evaluation | SoftEvaluation | None) -> TrackedRun:
    """Track a training run; its model is registered as the champion of its axis.

    Parameters
    ----------
    training : Training
    evaluation : Evaluation or None
        Held-out quality, if it was measured.

    Returns
    -------
    TrackedRun
    """
    bundle, data = training.bundle, training.data
    settings = data.settings
    tags = {
        "occurisk.stage": "training",
        "occurisk.model_version": bundle.version,
        "occurisk.axis": bundle.axis.name,
    }
    with run(TRAINING, bundle.version, tags) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_params({_LOGGED_AS.get(k, k): v for k, v in _flat(bundle.manifest["settings"]).items()})
        mlflow.log_dict(bundle.manifest["settings"], "config.yaml")
        for name, frame, source in (
            ("task_attributes", data.X.reset_index(), settings.attributes),
            ("labels", data.labels.y.astype(float).reset_index(), settings.labels),
        ):
            log_input(mlflow, frame, portable(source), name, "training")
        metrics = training_metrics(training, evaluation)
        mlflow.log_metrics(metrics)
        digests = {**data.digests["sha256"], "manifest": bundle.digest}
        mlflow.set_tags({f"sha256.{name}": value for name, value in digests.items()})
        mlflow.log_artifact(bundle.path / CARD)
        mlflow.log_artifact(bundle.path / SCORES)
        mlflow.log_artifact(bundle.path / MANIFEST)
        pictures = {"scores": figures.distribution_figure(bundle.reference, settings.bands)}
        if evaluation:
            mlflow.log_dict(evaluation.to_json(), "evaluation.json")
        if isinstance(evaluation, Evaluation):
            pictures["reliability"] = figures.reliability_figure(evaluation.reliability)
            pictures["held_out_quality"] = figures.quality_figure(evaluation)
        for name, figure in pictures.items():
            log_figure(mlflow, figure, f"figures/{name}.png")
        pairs = interactions(bundle.model, data.X)
        log_explanations(mlflow, explain_training(training), _about(training), pairs, describe=False)
        version = register(mlflow, bundle, metrics)
        links = artifact_links(active.experiment_id, active.run_id)
        mlflow.set_tag(DESCRIPTION, training_description(training, links, list(pictures)))
    return TrackedRun(
        active.run_id,
        active.experiment_id,
        link_to(active.experiment_id, active.run_id),
        model_version=version,
        model_name=model_name(bundle.axis),
    )


def training_metrics(training: Training, evaluation: Evaluation | SoftEvaluation | None) -> dict[str, float]:
    """Return the figures of a training run that the run list shows."""
    scores = training.bundle.reference
    metrics = {
        "reference.share_high": float((scores["band"] == "high").mean()),
        "reference.share_low": float((scores["band"] == "low").mean()),
        "reference.mean_p": float(scores["probability"].mean()),
        "reference.share_robust": float((scores["stability"] != "model-dependent").mean()),
        "reference.spearman_published": spearman_published(scores),
    }
    if evaluation:
        for model, row in evaluation.summary().iterrows():
            metrics |= {f"{model}.{name}": float(value) for name, value in row.items()}
    if isinstance(evaluation, Evaluation):
        metrics["calibration_error"] = evaluation.reliability.error
    return {name: value for name, value in metrics.items() if not math.isnan(value)}


def training_description(training: Training, links: Mapping[str, str], pictures: Sequence[str]) -> str:
    """Return the run's description, Markdown: what a reviewer should look at, and what must be said."""
    words = training.bundle.axis.words("en")
    drawn = {
        "held_out_quality": "how it does beside every baseline",
        "reliability": "whether its probabilities hold",
        "scores": "how its scores are spread",
    }
    things = [
        f"[`explanations/report.html`]({links['report']}): every occupation, to search and read",
        "`MODEL_CARD.md`: what the model is for and not for, and how good it is",
        *(f"`figures/{name}.png`: {what}" for name, what in drawn.items() if name in pictures),
        f"[`explanations/table.json`]({links['table']}), `scores.csv`: the same as a table; "
        "select two runs and compare",
    ]
    return "\n".join(
        [
            f"**{training.bundle.version}**: {words.title}, of {len(training.bundle.reference)} occupations.",
            "",
            *(f"- {caveat}" for caveat in words.caveats),
            "- Not for decisions about individual people.",
            "",
            *(f"{number}. {what}" for number, what in enumerate(things, 1)),
        ]
    )


def explain_training(training: Training) -> ExplainedList:
    """Explain the reference occupations."""
    return explain_list(training.bundle.reference, kept_reference(training.bundle))


def _about(training: Training) -> About:
    return About(
        name="reference occupations (SOC 2010)",
        kind="reference",
        model=training.bundle.version,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        figures=reference_figures(training.bundle),
        quality=Quality.of(training.bundle.manifest.get("metrics")),
    )


def reference_figures(bundle: Bundle) -> pd.Series:
    """Return the headline of the reference occupations, each counted once; see `Market.figures`."""
    p = bundle.reference["probability"].to_numpy()
    replicas = bundle.replicas.reindex(bundle.reference.index).to_numpy()
    return figures_by_cell(np.ones((1, len(p))), np.zeros(1), p, bundle.bands, replicas).iloc[0]


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"model": {"seed": 1}}` becomes `{"model.seed": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat
