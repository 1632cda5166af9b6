"""A scoring run in MLflow: what came in, what became of every row, figures, explanations, a queue."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from occurisk.explanation.explained_list import ExplainedList, explain_list, explain_rows
from occurisk.explanation.reference import explain_reference
from occurisk.labour_market.breakdowns import MIN_CELL
from occurisk.labour_market.scored_market import market_of
from occurisk.labour_market.summary import MarketSummary, scored_with, summary_of_market
from occurisk.model.bundles.bundle import Bundle
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SYSTEMS, major_group
from occurisk.report.explanation_payload import About, Quality
from occurisk.report.labour_market_page import write_summary
from occurisk.scoring.accounting.account import Account
from occurisk.scoring.scored_registry import ScoredRegistry
from occurisk.tracking.descriptions import (
    headline,
    national_description,
    plain_metrics,
    run_name,
)
from occurisk.tracking.explanations import log_explanations
from occurisk.tracking.review_queue import make_queue
from occurisk.tracking.reviews import collect_earlier, earlier_verdicts
from occurisk.tracking.store import (
    CHAMPION,
    DESCRIPTION,
    MODEL_NAME,
    SCORING,
    UI_MODE,
    TrackedRun,
    link_to,
    log_input,
    open_store,
    run,
)

# A larger scored file stays where it is: the run holds its digest.
LARGEST_ARTIFACT = 50_000_000
# Rows of a table that MLflow shows.
_SHOWN = 5000


@dataclass(frozen=True)
class TrackOptions:
    """What a tracked scoring run uploads, and whom it asks.

    Attributes
    ----------
    language : {"en", "ru", "kk"}
        Of the explanations and the queue.
    rows : bool
        Also upload the user's own rows: the scored file, and explanations row by row.
    min_cell : int
        Leave out of what is uploaded every code with fewer rows than this.
    queue : int
        Occupations in the review queue; 0 makes none.
    reviewers : sequence of str
        A queue of their own for each.
    """

    language: str = "en"
    rows: bool = False
    min_cell: int = 0
    queue: int = 40
    reviewers: Sequence[str] = ()


def track_scoring(
    scored: ScoredRegistry, bundle: Bundle, language: str = "en", options: TrackOptions | None = None
) -> tuple[TrackedRun, MarketSummary | None]:
    """Track a scored registry.

    Parameters
    ----------
    scored : ScoredRegistry
    bundle : Bundle
        The model that scored it.
    language : {"en", "ru", "kk"}
        Of the explanations, where `options` are not given.
    options : TrackOptions, optional

    Returns
    -------
    TrackedRun
    MarketSummary or None
        The national picture with its intervals; None where there is nothing to add up.

    Raises
    ------
    TrackingError
        If the store cannot be opened or written. What was scored is complete in its folder.
    """
    options = options or TrackOptions(language)
    name = Path(scored.input_name).name
    collect_earlier(name)
    model, champion = _model_run(bundle.version)
    tags = {
        "occurisk.stage": "scoring",
        "occurisk.model_version": bundle.version,
        "input.sha256": scored.input_sha256,
        **model,
    }
    with run(SCORING, run_name(name, datetime.now(UTC)), tags) as mlflow:
        active = mlflow.active_run().info
        mlflow.log_params({"registry": name, "model_version": bundle.version, "scores": scored.scores})
        summary = scored_summary(scored, bundle, options)
        figures = account_metrics(scored.account)
        mlflow.log_metrics(figures)
        mlflow.set_tags({"headline": headline(figures, short=True), "champion": "yes" if champion else "no"})
        mlflow.log_dict(technical_facts(scored), "facts.json")
        uploaded = _log_results(mlflow, scored, options)
        if summary:
            _log_page(mlflow, summary)
            uploaded.append("national page and tables")
        explained, why_not = _explained(scored, bundle, options)
        queue = ""
        if explained is None:
            mlflow.set_tags({"occurisk.explanations": why_not} if why_not else {})
            mlflow.set_tag(DESCRIPTION, f"**{headline(figures)}** at high susceptibility. {why_not}")
        else:
            explained = explained.with_verdicts(earlier_verdicts(name))
            about = _about(scored, name, bundle, summary, options.language)
            log_explanations(mlflow, explained, about, figures=figures)
            uploaded.append("explanations of each code" if scored.own is None else "explanations of each row")
            if options.queue:
                queue = make_queue(
                    mlflow, explained, active.run_id, options.queue, options.language, options.reviewers
                ).link
                uploaded.append(f"review queue of {min(options.queue, len(explained.rows))} occupations")
    link = link_to(active.experiment_id, active.run_id)
    return TrackedRun(active.run_id, active.experiment_id, link, "", tuple(uploaded), queue), summary


def track_national(summary: MarketSummary, bundle: Bundle) -> TrackedRun:
    """Track a national picture as a run of its own, beside the run that scored its list.

    Parameters
    ----------
    summary : MarketSummary
    bundle : Bundle

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
        _log_page(mlflow, summary)
        here = f"#/experiments/{active.experiment_id}/runs/{active.run_id}"
        text = national_description(summary, {"page": f"{here}/artifacts/national/national.html{UI_MODE}"})
        mlflow.set_tags({"headline": headline(figures, short=True), DESCRIPTION: text})
    link = link_to(active.experiment_id, active.run_id)
    return TrackedRun(active.run_id, active.experiment_id, link, uploaded=("national page and tables",))


def account_metrics(account: Account) -> dict[str, float]:
    """Return the ten figures of a scored list, as `plain_metrics` names them; what is unknown is left out."""
    national = asdict(account.national)
    ends = ("", "_lower", "_upper")
    found = {
        **{f"share_high{end}": national[f"share_high{end}"] for end in ends},
        **{f"mean_susceptibility{end}": national[f"expected{end}"] for end in ends},
        **{name: national[name] for name in ("share_medium", "share_low", "coverage")},
        "jobs": account.totals.weight_counted,
    }
    return {name: round(float(value), 4) for name, value in found.items() if math.isfinite(value)}


def technical_facts(scored: ScoredRegistry) -> dict[str, Any]:
    """Return the account of a run for machines: rows and weight of every outcome, totals, digests."""
    account = scored.account
    return {
        "scores": scored.scores,
        "crosswalk_weights": scored.weights,
        "totals": asdict(account.totals),
        "outcomes": [asdict(outcome) for outcome in account.outcomes],
        "sha256": {"input": scored.input_sha256, "scored": scored.scored_sha256},
    }


def _log_results(mlflow: Any, scored: ScoredRegistry, options: TrackOptions) -> list[str]:
    """Upload the aggregates of a run, and the rows if asked; return what was uploaded, in words."""
    name, uploaded = Path(scored.input_name).name, []
    table = scored.by_occupation
    kept = table[table["rows"] >= options.min_cell] if options.min_cell else table
    if options.min_cell:
        uploaded.append(f"{len(table) - len(kept)} codes of fewer than {options.min_cell} rows left out")
        mlflow.set_tag("occurisk.min_cell", str(options.min_cell))
    else:
        mlflow.log_artifact(scored.out / "intake.md")
        mlflow.log_artifact(scored.out / "lineage.csv")
        uploaded += ["account of rows and weight (intake.md)", "occupations behind each code (lineage.csv)"]
    if len(kept):
        mlflow.log_text(kept.to_csv(index=False, lineterminator="\n"), "by_occupation.csv")
        shown = kept.head(_SHOWN)
        mlflow.log_table(shown.astype(object).where(shown.notna(), None), "by_occupation.json")
        log_input(mlflow, shown[["code", "rows", "weight"]], name, name, "scoring")
        uploaded.append(f"jobs and scores of {len(kept):,} codes (by_occupation.csv)")
    if options.rows and scored.scored_path.stat().st_size <= LARGEST_ARTIFACT:
        mlflow.log_artifact(scored.scored_path)
        uploaded.append(f"your rows ({scored.scored_path.name})")
    elif options.rows:
        uploaded.append(f"not your rows: {scored.scored_path.name} exceeds {LARGEST_ARTIFACT:,} bytes")
    return uploaded


def scored_summary(scored: ScoredRegistry, bundle: Bundle, options: TrackOptions) -> MarketSummary | None:
    """Return the national picture; None if nothing was scored, or rows were scored one by one."""
    market = market_of(scored, *scored_with(bundle, scored.scores == "published"), bundle.bands)
    if market is None:
        return None
    weight = scored.account.understood.weight_column or ""
    least = float(options.min_cell or MIN_CELL)
    return summary_of_market(
        market, bundle, name=Path(scored.input_name).name, weight_name=weight, min_cell=least
    )


def _log_page(mlflow: Any, summary: MarketSummary) -> None:
    with tempfile.TemporaryDirectory(prefix="occurisk-national-") as scratch:
        # The page holds its pictures; a second copy of each would cost as long as all the rest.
        write_summary(summary, Path(scratch), kinds=())
        mlflow.log_artifacts(scratch, "national")


def _explained(
    scored: ScoredRegistry, bundle: Bundle, options: TrackOptions
) -> tuple[ExplainedList | None, str]:
    """Return what explains a list, or None and why there is nothing to show."""
    if scored.own is not None and not options.rows:
        return None, "Rows are explained one by one only if they are uploaded: score --track-rows"
    if scored.own is None and not len(scored.lineage):
        many = len(scored.by_occupation) or scored.account.totals.rows_scored
        return None, "Too many rows to explain one by one: score --reasons" if many else "Nothing was scored."
    return explain_scored(scored, bundle, options.min_cell), ""


def explain_scored(scored: ScoredRegistry, bundle: Bundle, min_cell: int = 0) -> ExplainedList | None:
    """Return the explained of a scored registry: one entry per distinct code.

    Rows with attributes of their own are entries themselves where they are few. None if there is no entry.
    """
    if scored.own is not None:
        return explain_rows(bundle, scored.own.rows, scored.own.X, scored.own.missing)
    if not len(scored.lineage):
        return None
    rows = scored.by_occupation.set_index("code")
    rows = rows[rows["rows"] >= min_cell]
    if rows.empty:
        return None
    system = SYSTEMS.get(scored.account.understood.taxonomy, ISCO08)
    known = bundle.reference[["published_probability", "label"]].reindex(rows.index)
    rows = rows.assign(published_probability=known["published_probability"], label=known["label"])
    members = scored.lineage.loc[scored.lineage["code"].isin(rows.index), ["code", "soc", "weight"]]
    # A user's own codes are of no system: their heaviest occupation's group, and no names but their own.
    own = bool(scored.account.understood.crosswalk)
    if own:
        heaviest = members.sort_values("weight").drop_duplicates("code", keep="last").set_index("code")["soc"]
        rows["major"] = [major_group(heaviest[code], SOC2010) for code in rows.index]
    else:
        rows["major"] = [major_group(str(code), system) for code in rows.index]
    reference = explain_reference(bundle, only=members["soc"].unique())
    return explain_list(rows, reference, members, system="" if own else system.name)


def _about(
    scored: ScoredRegistry, name: str, bundle: Bundle, summary: MarketSummary | None, language: str
) -> About:
    totals = scored.account.totals
    return About(
        name=name,
        kind="registry",
        model=scored.model_version,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        language=language,
        rows=totals.rows_in,
        unscored=totals.rows_unscored,
        warnings=scored.account.understood.warnings,
        weight_name=scored.account.understood.weight_column or "",
        figures=summary.figures if summary else None,
        quality=Quality.of(bundle.manifest.get("metrics")),
    )


def _model_run(version: str) -> tuple[dict[str, str], bool]:
    """Return tags of a model's training run and registered version, and whether it is the champion."""
    mlflow = open_store()
    client = mlflow.MlflowClient()
    found = client.search_model_versions(f"name = '{MODEL_NAME}'")
    ours = [v for v in found if v.tags.get("occurisk.model_version") == version]
    if not ours:
        return {}, False
    latest = max(ours, key=lambda v: int(v.version))
    # A search does not tell the aliases of what it finds.
    aliases = client.get_registered_model(MODEL_NAME).aliases or {}
    return {
        "occurisk.training_run": str(latest.run_id),
        "occurisk.registered_model": f"models:/{MODEL_NAME}/{latest.version}",
    }, str(aliases.get(CHAMPION, "")) in {str(v.version) for v in ours}
