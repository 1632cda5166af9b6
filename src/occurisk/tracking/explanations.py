"""Explanations of a run, stored in MLflow: report, table, pictures, everything in Parquet."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.explanation.explained_list import ExplainedList
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About
from occurisk.report.explanation_tables import CAP, full_table, table
from occurisk.tracking.descriptions import description, run_tags
from occurisk.tracking.store import DESCRIPTION, UI_MODE, link_to

FOLDER = "explanations"
REPORT = f"{FOLDER}/report.html"
TABLE = f"{FOLDER}/table.json"
PARQUET = f"{FOLDER}/explanations.parquet"


def write_explanations(
    folder: Path, explained: ExplainedList, about: About, pairs: pd.DataFrame | None = None, *, pictures: bool
) -> dict[str, str]:
    """Write everything that explains a list, as a run holds it.

    Parameters
    ----------
    folder : Path
        Of the run's files.
    explained : ExplainedList
    about : About
    pairs : DataFrame, optional
        Interactions of the top pairs, for a picture.
    pictures : bool
        Also as PNG; the report draws the same.

    Returns
    -------
    dict
        Tags: which of the files is a table, and how many codes it shows.
    """
    (folder / FOLDER).mkdir()
    full = full_table(explained, about.language)
    shown, total = table(explained, language=about.language), len(full)
    (folder / TABLE).write_text(as_table(shown), encoding="utf-8")
    (folder / REPORT).write_text(render(explained, about), encoding="utf-8")
    full.to_parquet(folder / PARQUET, index=False)
    if pictures:
        # Drawing takes seconds, its library included: only where pictures are wanted.
        from occurisk.report.explanation_charts import figure_set

        for name, figure in figure_set(explained, pairs, about.language).items():
            figure.savefig(folder / FOLDER / name, bbox_inches="tight")
    return {
        **tables_tag(TABLE),
        "occurisk.table": f"{len(shown):,} of {total:,} codes, by weight (cap {CAP:,})",
    }


def as_table(frame: pd.DataFrame) -> str:
    """Write a table as MLflow shows it; its own `log_table` cuts figures at ten decimals."""
    return str(frame.to_json(orient="split", index=False, double_precision=15))


def tables_tag(*paths: str) -> dict[str, str]:
    """Return the tag that tells MLflow which files of a run are tables."""
    return {"mlflow.loggedArtifacts": json.dumps([{"path": path, "type": "table"} for path in paths])}


def log_explanations(
    mlflow: Any,
    explained: ExplainedList,
    about: About,
    pairs: pd.DataFrame | None = None,
    *,
    describe: bool = True,
) -> None:
    """Log everything that explains a list under the active run, with pictures.

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
    """
    with tempfile.TemporaryDirectory() as folder:
        tags = write_explanations(Path(folder), explained, about, pairs, pictures=True)
        mlflow.log_artifacts(folder)
    if describe:
        info = mlflow.active_run().info
        links = artifact_links(info.experiment_id, info.run_id)
        tags |= {**run_tags(about), DESCRIPTION: description(explained, about, links)}
    mlflow.set_tags(tags)


def artifact_links(experiment_id: str, run_id: str, *, pictures: bool = True) -> dict[str, str]:
    """Return deep links to what the description names, relative to where the UI is open."""
    run = link_to(experiment_id, run_id).partition("#")[2].removesuffix(UI_MODE)
    places = {"report": REPORT, "table": TABLE} | ({"beeswarm": f"{FOLDER}/beeswarm.png"} if pictures else {})
    links = {key: f"#{run}/artifacts/{path}{UI_MODE}" for key, path in places.items()}
    return {**links, "queue": f"#/experiments/{experiment_id}/review-queue"}
