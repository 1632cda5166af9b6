"""A scoring run in MLflow: what came in, what became of every row, national figures, explanations."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime

from occurisk.explanation.dossier import Dossier, explain_list, explain_reference, explain_rows
from occurisk.labour_market.picture import Picture
from occurisk.model.bundle import Bundle
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SYSTEMS, major_group
from occurisk.report.explanation_payload import About
from occurisk.scoring.scored_registry import ScoredRegistry
from occurisk.tracking.explanations import log_explanations
from occurisk.tracking.national import log_national
from occurisk.tracking.reviews import earlier_verdicts
from occurisk.tracking.store import (
    CHAMPION,
    MODEL_NAME,
    SCORING,
    TrackedRun,
    link_to,
    log_input,
    open_store,
    run,
)

# A larger scored file stays where it is: the run holds its path and digest.
LARGEST_ARTIFACT = 50_000_000


def track_scoring(
    scored: ScoredRegistry, bundle: Bundle, language: str = "en"
) -> tuple[TrackedRun, Picture | None]:
    """Track a scored registry.

    Parameters
    ----------
    scored : ScoredRegistry
    bundle : Bundle
        The model that scored it.
    language : {"en", "ru", "kk"}
        Of the explanations.

    Returns
    -------
    TrackedRun
    Picture or None
        The national picture with its intervals; None where there is nothing to add up.
    """
    tags = {
        "occurisk.stage": "scoring",
        "occurisk.model_version": bundle.version,
        "occurisk.scores": scored.scores,
        "input.sha256": scored.input_sha256,
        **_model_run(bundle.version),
    }
    with run(SCORING, scored.input_name, tags) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_params({"scores": scored.scores, "crosswalk_weights": scored.weights})
        mlflow.log_metrics(scoring_metrics(scored))
        picture = log_national(mlflow, scored, bundle)
        for name in ("intake.md", "intake.json", "by_occupation.csv", "lineage.csv"):
            mlflow.log_artifact(scored.out / name)
        shown = scored.by_occupation.head(5000)
        if len(shown):
            mlflow.log_table(shown.astype(object).where(shown.notna(), None), "by_occupation.json")
            log_input(
                mlflow, shown[["code", "rows", "weight"]], scored.input_path, scored.input_name, "scoring"
            )
        if scored.scored_path.stat().st_size <= LARGEST_ARTIFACT:
            mlflow.log_artifact(scored.scored_path)
        else:
            mlflow.set_tags({"scored.path": str(scored.scored_path), "scored.sha256": scored.scored_sha256})
        dossier = explain_scored(scored, bundle)
        if dossier is not None:
            dossier = dossier.with_verdicts(earlier_verdicts(scored.input_name))
            log_explanations(mlflow, dossier, _about(scored, language))
        elif not len(scored.lineage) and len(shown):
            mlflow.set_tag("occurisk.explanations", "too many rows to explain one by one; score --reasons")
    link = link_to(active.experiment_id, active.run_id)
    return TrackedRun(active.run_id, active.experiment_id, link), picture


def scoring_metrics(scored: ScoredRegistry) -> dict[str, float]:
    """Return rows and weight per outcome, totals and national figures; what is unknown is left out."""
    metrics = {f"national.{name}": value for name, value in scored.national.items()}
    metrics |= {n: float(v) for n, v in asdict(scored.account.totals).items() if v is not None}
    for row in scored.account.outcomes:
        metrics[f"rows.{row.outcome}".replace(" ", "_")] = float(row.rows)
        metrics[f"weight.{row.outcome}".replace(" ", "_")] = row.weight
    return {_metric_name(name): value for name, value in metrics.items() if math.isfinite(value)}


def explain_scored(scored: ScoredRegistry, bundle: Bundle) -> Dossier | None:
    """Return the dossier of a scored registry: one entry per distinct code.

    Rows with attributes of their own are entries themselves where they are few. None if there is no entry.
    """
    if scored.own is not None:
        return explain_rows(bundle, scored.own.rows, scored.own.X, scored.own.missing)
    if not len(scored.lineage):
        return None
    rows = scored.by_occupation.set_index("code")
    system = SYSTEMS.get(scored.account.understood.taxonomy, ISCO08)
    reference = bundle.reference
    rows["published_probability"] = reference["published_probability"].reindex(rows.index)
    rows["label"] = reference["label"].reindex(rows.index)
    members = scored.lineage[["code", "soc", "weight"]]
    if (
        scored.account.understood.crosswalk
    ):  # a user's own codes are of no system: their heaviest occupation's
        heaviest = members.sort_values("weight").drop_duplicates("code", keep="last").set_index("code")["soc"]
        rows["major"] = [major_group(heaviest[code], SOC2010) for code in rows.index]
    else:
        rows["major"] = [major_group(str(code), system) for code in rows.index]
    return explain_list(rows, explain_reference(bundle, only=members["soc"].unique()), members)


def _about(scored: ScoredRegistry, language: str) -> About:
    totals = scored.account.totals
    return About(
        name=scored.input_name,
        kind="registry",
        model=scored.model_version,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        language=language,
        rows=totals.rows_in,
        unscored=totals.rows_unscored,
        warnings=scored.account.understood.warnings,
        weight_name=scored.account.understood.weight_column or "",
    )


def _model_run(version: str) -> dict[str, str]:
    """Link to the training run and the registered version of a model, where the store knows them."""
    mlflow = open_store()
    client = mlflow.MlflowClient()
    found = client.search_model_versions(f"name = '{MODEL_NAME}'")
    ours = [v for v in found if v.tags.get("occurisk.model_version") == version]
    if not ours:
        return {}
    latest = max(ours, key=lambda v: int(v.version))
    return {
        "occurisk.training_run": str(latest.run_id),
        "occurisk.registered_model": f"models:/{MODEL_NAME}/{latest.version}",
        "occurisk.is_champion": str(CHAMPION in (latest.aliases or [])).lower(),
    }


def _metric_name(name: str) -> str:
    """MLflow takes letters, digits, `_`, `-`, `.`, space, `:` and `/` in names."""
    return "".join(c if c.isalnum() or c in "_-./: " else "_" for c in name)
