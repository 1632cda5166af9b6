"""A national picture in MLflow: a run of its own, beside the run that scored its list."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from occurisk.labour_market.summary import MarketSummary
from occurisk.model.bundles.bundle import Bundle
from occurisk.report.labour_market_page import write_summary
from occurisk.tracking.descriptions import national_description, plain_metrics, run_name, short_headline
from occurisk.tracking.store import DESCRIPTION, SCORING, UI_MODE, TrackedRun, link_to, run


def track_national(summary: MarketSummary, bundle: Bundle, language: str = "en") -> TrackedRun:
    """Track a national picture as a run of its own, beside the run that scored its list.

    Parameters
    ----------
    summary : MarketSummary
    bundle : Bundle
    language : {"en", "ru", "kk"}
        Of the page.

    Returns
    -------
    TrackedRun
    """
    tags = {"occurisk.stage": "national", "occurisk.model_version": bundle.version}
    with run(SCORING, run_name(f"national: {summary.name}", datetime.now(UTC)), tags) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_params(
            {"registry": summary.name, "model_version": bundle.version, "scores": summary.source}
        )
        figures = plain_metrics(summary)
        mlflow.log_metrics(figures)
        with tempfile.TemporaryDirectory(prefix="occurisk-national-") as scratch:
            # The page holds its pictures; a second copy of each would cost as long as all the rest.
            write_summary(summary, Path(scratch), language, kinds=())
            mlflow.log_artifacts(scratch, "national")
        here = f"#/experiments/{active.experiment_id}/runs/{active.run_id}"
        text = national_description(summary, {"page": f"{here}/artifacts/national/national.html{UI_MODE}"})
        mlflow.set_tags({"headline": short_headline(figures), DESCRIPTION: text})
    link = link_to(active.experiment_id, active.run_id)
    return TrackedRun(active.run_id, active.experiment_id, link, uploaded=("national page and tables",))
