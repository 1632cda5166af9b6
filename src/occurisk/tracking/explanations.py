"""Explanations of a run, stored in MLflow: report, table, pictures, everything in Parquet."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.explanation.explained_list import ExplainedList
from occurisk.report.explanation_charts import figure_set
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About
from occurisk.report.explanation_tables import CAP, full_table, table
from occurisk.tracking.descriptions import description, run_tags
from occurisk.tracking.store import DESCRIPTION, UI_MODE, link_to, log_figure

FOLDER = "explanations"
REPORT = f"{FOLDER}/report.html"
TABLE = f"{FOLDER}/table.json"
PARQUET = f"{FOLDER}/explanations.parquet"


def log_explanations(
    mlflow: Any,
    explained: ExplainedList,
    about: About,
    pairs: pd.DataFrame | None = None,
    *,
    describe: bool = True,
    figures: Mapping[str, float] | None = None,
) -> None:
    """Log everything that explains a list under the active run.

    Parameters
    ----------
    mlflow : module
        As `tracking.run` yields it; a run is active.
    explained : ExplainedList
    about : About
    pairs : DataFrame, optional
        Interactions of the top pairs, for a picture.
    describe : bool
        Also set the run's description and tags.
    figures : mapping of str to float, optional
        The headline, for the description.
    """
    shown = table(explained, language=about.language)
    total = shown.attrs.pop("total")
    mlflow.log_table(shown, TABLE)
    # MLflow marks the run as one with a table, but cuts figures at ten decimals.
    mlflow.log_text(shown.to_json(orient="split", index=False, double_precision=15), TABLE)
    mlflow.log_text(render(explained, about), REPORT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(PARQUET).name
        full_table(explained, about.language).to_parquet(path, index=False)
        mlflow.log_artifact(path, FOLDER)
    for name, figure in figure_set(explained, pairs, about.language).items():
        log_figure(mlflow, figure, f"{FOLDER}/{name}")
    mlflow.set_tag("occurisk.table", f"{len(shown):,} of {total:,} codes, by weight (cap {CAP:,})")
    if describe:
        info = mlflow.active_run().info
        links = artifact_links(info.experiment_id, info.run_id)
        links["queue"] = f"#/experiments/{info.experiment_id}/review-queue"
        text = description(explained, about, links, figures)
        mlflow.set_tags({**run_tags(explained, about), DESCRIPTION: text})


def artifact_links(experiment_id: str, run_id: str) -> dict[str, str]:
    """Return deep links to the artifacts that the description names, relative to where the UI is open."""
    run = link_to(experiment_id, run_id).partition("#")[2].removesuffix(UI_MODE)
    return {
        key: f"#{run}/artifacts/{path}{UI_MODE}"
        for key, path in (("report", REPORT), ("table", TABLE), ("beeswarm", f"{FOLDER}/beeswarm.png"))
    }
