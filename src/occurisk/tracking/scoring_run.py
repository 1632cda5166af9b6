"""A scoring run in MLflow: what came in, what became of every row, figures, explanations, a queue."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from occurisk.explanation.explained_list import ExplainedList, explain_list, explain_rows
from occurisk.explanation.reference import kept_reference
from occurisk.explanation.words import load_phrases
from occurisk.files import json_text, size
from occurisk.labour_market.breakdowns import BUILT_IN
from occurisk.labour_market.comparison.axis_map import AxisMap, axis_map, map_of_jobs
from occurisk.labour_market.scored_market import find_folder, read_market
from occurisk.model.bundles.bundle import Bundle
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SYSTEMS, major_group
from occurisk.report.explanation_payload import About, Quality
from occurisk.scoring.accounting.account import Account, HeadlineFigures
from occurisk.scoring.accounting.other_axes import figures_on, jobs_by_occupation
from occurisk.scoring.code_scores import Scores
from occurisk.scoring.scored_registry import ScoredRegistry
from occurisk.tracking.descriptions import (
    NOTHING,
    axis_section,
    description,
    run_name,
    run_tags,
    short_headline,
    unexplained,
)
from occurisk.tracking.explanations import TABLE, artifact_links, as_table, tables_tag, write_explanations
from occurisk.tracking.reviewing.queue import make_queue
from occurisk.tracking.reviewing.reviews import collect_earlier, earlier_verdicts
from occurisk.tracking.serving.registered_model import model_name
from occurisk.tracking.store import (
    CHAMPION,
    DESCRIPTION,
    SCORING,
    TrackedRun,
    link_to,
    log_all,
    open_store,
    run,
)

# A larger scored file stays where it is: the run holds its digest.
LARGEST_ARTIFACT = 50_000_000
# Rows of a table that MLflow shows.
_SHOWN = 5000
BY_OCCUPATION = "by_occupation.json"


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
    by : sequence of str
        Columns of the list, or built-in ones, by which the map of two axes is also shown.
    wage : str, optional
        Column of wages, for `wage_decile`.
    """

    language: str = "en"
    rows: bool = False
    min_cell: int = 0
    queue: int = 40
    reviewers: Sequence[str] = ()
    by: Sequence[str] = ()
    wage: str | None = None


def track_scoring(
    scored: ScoredRegistry,
    bundle: Bundle,
    options: TrackOptions | None = None,
    others: Sequence[Bundle] = (),
) -> TrackedRun:
    """Track a scored registry.

    Parameters
    ----------
    scored : ScoredRegistry
    bundle : Bundle
        The model that scored it.
    options : TrackOptions, optional
    others : sequence of Bundle
        Models of further axes that scored it, too: the report maps the jobs by the first of them.

    Returns
    -------
    TrackedRun

    Raises
    ------
    TrackingError
        If the store cannot be opened or written. What was scored is complete in its folder.
    """
    options = options or TrackOptions()
    name = Path(scored.input_name).name
    collect_earlier(name)
    model, champion = _model_run(bundle)
    explained, why_not = _explained(scored, bundle, options)
    if explained is not None:
        explained = explained.with_verdicts(earlier_verdicts(name))
    figures = list_metrics(scored.account.national, scored.account)
    tags = {
        "headline": short_headline(figures),
        "champion": "yes" if champion else "no",
        "occurisk.stage": "scoring",
        "occurisk.model_version": bundle.version,
        "input.sha256": scored.input_sha256,
        **model,
    }
    with tempfile.TemporaryDirectory(prefix="occurisk-run-") as scratch:
        # All that can be made is made before the run begins, and goes in one piece.
        folder = Path(scratch)
        uploaded, more = _write_results(folder, scored, options)
        tags |= more
        if explained is not None:
            about = _about(scored, name, bundle, options.language)
            if others and not options.min_cell and scored.scores == "model":
                about = replace(about, axis_map=_map(scored, bundle, others[0], options))
            shown = write_explanations(folder, explained, about, pictures=False)
            tags |= shown | run_tags(about)
            tags |= tables_tag(*([BY_OCCUPATION] if (folder / BY_OCCUPATION).exists() else []), TABLE)
            uploaded.append("explanations of each code" if scored.own is None else "explanations of each row")
        with run(SCORING, run_name(name, datetime.now(UTC)), tags) as mlflow:
            active = mlflow.active_run().info
            if explained is None:
                phrases = load_phrases(options.language).on(bundle.axis.words(options.language))
                tags = {DESCRIPTION: unexplained(figures, why_not, phrases)}
            else:
                links = artifact_links(active.experiment_id, active.run_id, pictures=False)
                tags = {DESCRIPTION: description(explained, about, links, figures)}
            tags[DESCRIPTION] += "".join(
                axis_section(
                    other.axis,
                    other.bands,
                    list_metrics(figures_on(scored, Scores.of(other)), scored.account),
                    options.language,
                )
                for other in others
            )
            parameters = {"registry": name, "model_version": bundle.version, "scores": scored.scores}
            log_all(mlflow, figures, parameters, tags)
            mlflow.log_artifacts(scratch)
            queue = ""
            if explained is not None and options.queue:
                queue = make_queue(
                    mlflow, explained, active.run_id, options.queue, options.language, options.reviewers
                ).link
                uploaded.append(f"review queue of {min(options.queue, len(explained.rows))} occupations")
    link = link_to(active.experiment_id, active.run_id)
    return TrackedRun(active.run_id, active.experiment_id, link, "", tuple(uploaded), queue)


def _map(scored: ScoredRegistry, bundle: Bundle, other: Bundle, options: TrackOptions) -> AxisMap:
    """Lay out the jobs by two axes; by columns of the list, which only its scored rows know, if asked."""
    folder = find_folder(scored.out) if options.by else None
    if folder is None:
        return map_of_jobs(jobs_by_occupation(scored), bundle, other)
    columns = [name for name in options.by if name not in BUILT_IN]
    market = read_market(
        folder, bundle.reference, bundle.replicas, bundle.bands, columns, options.wage, folder.weight_column
    )
    return axis_map(market, bundle, other, [(name,) for name in options.by])


def list_metrics(figures: HeadlineFigures, account: Account) -> dict[str, float]:
    """Return the ten figures of a scored list, as `plain_metrics` names them; what is unknown is left out."""
    national = asdict(figures)
    ends = ("", "_lower", "_upper")
    metrics = {
        **{f"share_high{end}": national[f"share_high{end}"] for end in ends},
        **{f"mean_susceptibility{end}": national[f"expected{end}"] for end in ends},
        **{name: national[name] for name in ("share_medium", "share_low", "coverage")},
        "jobs": account.totals.weight_counted,
    }
    return {name: round(float(value), 4) for name, value in metrics.items() if math.isfinite(value)}


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


def _write_results(
    folder: Path, scored: ScoredRegistry, options: TrackOptions
) -> tuple[list[str], dict[str, str]]:
    """Write the aggregates of a run, and the rows if asked.

    Returns
    -------
    list of str
        What is uploaded, in words.
    dict
        Tags.
    """
    tags, uploaded = {}, []
    (folder / "facts.json").write_text(json_text(technical_facts(scored)) + "\n", encoding="utf-8")
    table = scored.by_occupation
    kept = table[table["rows"] >= options.min_cell] if options.min_cell else table
    if options.min_cell:
        uploaded.append(f"{len(table) - len(kept)} codes of fewer than {options.min_cell} rows left out")
        tags["occurisk.min_cell"] = str(options.min_cell)
    else:
        for file in ("intake.md", "lineage.csv"):
            shutil.copyfile(scored.out / file, folder / file)
        uploaded += ["account of rows and weight (intake.md)", "occupations behind each code (lineage.csv)"]
    if len(kept):
        kept.to_csv(folder / "by_occupation.csv", index=False, lineterminator="\n")
        (folder / BY_OCCUPATION).write_text(as_table(kept.head(_SHOWN)), encoding="utf-8")
        tags |= tables_tag(BY_OCCUPATION)
        uploaded.append(f"jobs and scores of {len(kept):,} codes (by_occupation.csv)")
    if options.rows and size(scored.scored_path) <= LARGEST_ARTIFACT:
        copy = shutil.copytree if scored.scored_path.is_dir() else shutil.copyfile
        copy(scored.scored_path, folder / scored.scored_path.name)
        uploaded.append(f"your rows ({scored.scored_path.name})")
    elif options.rows:
        uploaded.append(f"not your rows: {scored.scored_path.name} exceeds {LARGEST_ARTIFACT:,} bytes")
    return uploaded, tags


def _explained(
    scored: ScoredRegistry, bundle: Bundle, options: TrackOptions
) -> tuple[ExplainedList | None, str]:
    """Return what explains a list, or None and why there is nothing to show: a key of a run's phrases."""
    if scored.own is not None and not options.rows:
        return None, "rows_apart"
    if scored.own is None and not len(scored.lineage):
        many = len(scored.by_occupation) or scored.account.totals.rows_scored
        return None, "rows_many" if many else NOTHING
    return explain_scored(scored, bundle, options.min_cell), ""


def explain_scored(scored: ScoredRegistry, bundle: Bundle, min_cell: int = 0) -> ExplainedList | None:
    """Explain a scored registry: one entry per distinct code.

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
    return explain_list(rows, kept_reference(bundle), members, system="" if own else system.name)


def _about(scored: ScoredRegistry, name: str, bundle: Bundle, language: str) -> About:
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
        figures=scored.national,
        quality=Quality.of(bundle.manifest.get("metrics")),
    )


def _model_run(bundle: Bundle) -> tuple[dict[str, str], bool]:
    """Return tags of a model's training run and registered version, and whether it is the champion."""
    mlflow = open_store()
    client = mlflow.MlflowClient()
    name = model_name(bundle.axis)
    versions = client.search_model_versions(f"name = '{name}'")
    ours = [v for v in versions if v.tags.get("occurisk.model_version") == bundle.version]
    if not ours:
        return {}, False
    latest = max(ours, key=lambda v: int(v.version))
    # A search does not tell the aliases of what it finds.
    aliases = client.get_registered_model(name).aliases or {}
    return {
        "occurisk.training_run": str(latest.run_id),
        "occurisk.registered_model": f"models:/{name}/{latest.version}",
    }, str(aliases.get(CHAMPION, "")) in {str(v.version) for v in ours}
