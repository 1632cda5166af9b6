"""`occurisk study`: the studies behind docs/method.md, each printed by a command."""

from __future__ import annotations

import math
from pathlib import Path

import click

from occurisk.cli.console import (
    JSON_OPTION,
    figure_option,
    jobs,
    model_options,
    need_model,
    out,
    progress,
    show,
    table,
)
from occurisk.cli.options import NearestGroup
from occurisk.files import write_json
from occurisk.probabilities import probability


@click.group(cls=NearestGroup)
def study() -> None:
    """Repeat the studies that the documentation quotes."""


@study.command()
@click.option(
    "--panels",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Simulate so many panels of experts for each truth.",
)
@click.option(
    "--replicas", type=click.IntRange(min=20), default=60, show_default=True,
    help="Train so many replicas of the model for each panel.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Begin the random numbers here.")
@click.option(
    "--prior-share",
    type=click.FloatRange(0, 1),
    help="Take so much of the randomised prior; 0 is the plain bootstrap.  [default: the configuration's]",
)
@click.option(
    "--truths",
    type=click.Choice(["all", "no-errors", "label-errors", "heavy-tails"]),
    default="all",
    show_default=True,
    help="Choose the truths: experts never err, err at 2% and 5%, or a chance has heavy tails.",
)
@figure_option("--figure")
@JSON_OPTION
def coverage(
    panels: int,
    replicas: int,
    seed: int,
    prior_share: float | None,
    truths: str,
    figure: Path | None,
    json_path: Path | None,
) -> None:
    """Simulate expert panels from known truths: how often do the intervals hold the truth?"""
    from occurisk.evaluation.interval_coverage import BINS, KINDS, coverage_study
    from occurisk.model.training import load_data

    console = out()
    data = load_data()
    classifier = data.classifier(replicas=replicas)
    if prior_share is not None:
        classifier.set_params(prior_share=prior_share)
    with progress("Simulating expert panels") as tick:
        kinds = [kind for kind in KINDS if truths in ("all", kind.replace(" ", "-"))]
        studied = coverage_study(data.X, data.labels.y, classifier, panels, seed, tick, jobs(), kinds)
    nominal = data.settings.model.nominal
    shown = table(
        f"Coverage of nominal {nominal:.0%} intervals by true p, {panels} panels a row, {replicas} replicas",
        ["truth", "70", "all", *BINS, "width"],
        flexible="truth",
    )
    for (truth, labelled), row in studied.summary().iterrows():
        cells = [_share(row[name]) for name in ("covered", *(f"covered {one}" for one in BINS))]
        shown.add_row(truth, "ours" if labelled == "same" else "random", *cells, f"{row['width']:.2f}")
    by_bin = studied.by_bin()
    shown.add_section()
    for kind, row in studied.by_kind().iterrows():
        cells = [_share(row[name]) for name in ("covered", *(f"covered {one}" for one in BINS))]
        shown.add_row(f"over truths with {kind}", "", *cells, f"{row['width']:.2f}")
    shown.add_section()
    for name, title in (("covered", "over all truths"), ("as_true", "the same, labels taken as true")):
        overall = studied.summary()[name].mean()
        shown.add_row(title, "", _share(overall), *(_share(v) for v in by_bin[name]), "")
    show(console, shown)
    console.print(f"Over all truths: {studied.overall:.1%} of the true probabilities lie in their interval.")
    if figure:
        from occurisk.report.chart_style import save
        from occurisk.report.training_charts import coverage_figure

        save(coverage_figure(studied, nominal), figure)
        console.print(f"Figure   {figure}", soft_wrap=True)
    if json_path:
        write_json(json_path, studied.to_json())
        console.print(f"Figures  {json_path}", soft_wrap=True)
    if not figure and not json_path:
        console.print("Nothing was written; --figure and --json keep the result.")


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0%}"


@study.command()
@click.option(
    "--attributes",
    required=True,
    type=click.Path(path_type=Path),
    help="Train on this attribute table (occurisk features build --onet RELEASE).",
)
@click.option("--top", type=click.IntRange(min=1), default=15, show_default=True, help="Print so many rows.")
@JSON_OPTION
def vintage(attributes: Path, top: int, json_path: Path | None) -> None:
    """Train on another O*NET release: rank correlation, occupations whose band changes."""
    from occurisk.evaluation.onet_vintage import vintage_study
    from occurisk.model.training import load_data

    console = out()
    comparison = vintage_study(load_data(), load_data(attributes=attributes))
    shown = table(
        f"{len(comparison.moved)} of {comparison.common} occupations change their band; "
        f"the {top} largest changes",
        ["code", "occupation", "embedded", "band", "other", "band "],
        flexible="occupation",
    )
    for code, row in comparison.moved.head(top).iterrows():
        shown.add_row(
            str(code), row["title"], probability(row["before"]), row["band_before"],
            probability(row["after"]), row["band_after"],
        )  # fmt: skip
    show(console, shown)
    console.print(
        f"Spearman correlation {comparison.spearman:.3f}, "
        f"mean absolute difference {comparison.mean_difference:.3f}; "
        f"{comparison.leaps} occupations move between low and high. "
        f"{comparison.within:.1%} of the other scores lie within the embedded ones' intervals, "
        f"{comparison.within_with_error:.1%} if these also carry the error of O*NET's ratings. "
        f"Of the {comparison.outside} others, {comparison.outside_moved} are in another band."
    )
    if json_path:
        write_json(json_path, comparison.to_json())
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json PATH keeps the figures.")


@study.command()
@click.option("--seed", type=int, default=0, show_default=True, help="Begin the random numbers here.")
@model_options
@JSON_OPTION
def rows(seed: int, models_dir: Path | None, json_path: Path | None) -> None:
    """Check the intervals of rows with attributes of their own (score --attributes)."""
    from occurisk.evaluation.row_interval_check import compare_intervals, hide_attributes, rows_json

    console = out()
    bundle = need_model(models_dir, None)
    formula, gaps = compare_intervals(bundle, seed), hide_attributes(bundle, seed)
    shown = table(
        "Formula against replicas, other half of the occupations",
        ["noise", "5%", "sd ratio", "95%", "ends apart", "95%"],
        flexible="noise",
    )
    for noise, row in formula.iterrows():
        cells = [f"{row[name]:.2f}" for name in ("ratio_low", "ratio", "ratio_high")]
        shown.add_row(f"{noise:g}", *cells, f"{row['apart']:.3f}", f"{row['apart_high']:.3f}")
    show(console, shown)
    nominal = bundle.nominal
    shown = table(
        f"Attributes hidden: is the whole score within the gaps' own {nominal:.0%}?",
        ["hidden", "covered", "sd expected", "change found"],
        flexible="hidden",
    )
    for hidden, row in gaps.iterrows():
        shown.add_row(str(hidden), f"{row['covered']:.1%}", f"{row['sd']:.2f}", f"{row['change']:.2f}")
    show(console, shown)
    if json_path:
        write_json(json_path, rows_json(formula, gaps))
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json PATH keeps the figures.")


@study.command("label-error")
@JSON_OPTION
def label_error(json_path: Path | None) -> None:
    """Ask how often experts err, and what a score is worth then."""
    from occurisk.evaluation.label_error_price import label_error_price
    from occurisk.model.label_error import most_errors
    from occurisk.model.training import load_data

    console = out()
    with progress("Holding out each label") as tick:
        price = label_error_price(load_data(), tick, jobs())
    document = price.to_json()
    if json_path:
        write_json(json_path, document)
    rate, beyond = document["rate"], document["beyond_1_percent"]
    console.print(
        f"Rate at which experts err: {rate['mean']:.1%} (posterior mean), below {rate['upper_90']:.1%} "
        f"with 90% probability; prior flat from 0 to {rate['greatest']:.0%}."
    )
    quality = price.quality()
    shown = table(
        f"{len(price.held_out)} labels, each held out in turn", ["labels are", "log-loss", "AUC"],
        flexible="labels are",
    )  # fmt: skip
    for name, title in (("before", "taken as true"), ("after", "wrong at that rate")):
        shown.add_row(title, *(f"{quality.loc[name, metric]:.3f}" for metric in ("log_loss", "auc")))
    show(console, shown)
    sure, wrong = price.sure()
    bound = "" if wrong else f" Their rate of error may be {most_errors(sure):.1%} (95% upper bound)."
    console.print(
        f"Held-out labels given less than 1% or more than 99%: {sure}, of them wrong: {wrong}.{bound}\n"
        f"Reference occupations there: {beyond['reference_before']} of {len(price.reference)}; "
        f"{beyond['reference_after']} once experts may err. {price.moved} change their band."
    )
    if json_path:
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json PATH keeps the figures.")
